//! What all calls share.

use super::{
    errata::Scope,
    names_of_types::{Names, What},
    rules::Rules,
};
use crate::codegen::{
    diagnostic::Diagnostic,
    load::Source,
    spec::{At, Field, Ordered, Repeat},
};
use std::collections::BTreeMap;

impl Rules<'_> {
    pub(super) fn protocol(&mut self) {
        let loaded = &self.spec.protocol;
        let (source, file) = (&loaded.source, &loaded.file);
        self.page(source, &file.page);
        self.errata(source, &file.errata, &Scope::protocol(self.spec));
        let mut constants = BTreeMap::new();
        for (_, parameter) in file.query.iter() {
            self.constant(source, &parameter.rust);
            self.unique(
                &mut constants,
                parameter.rust.value.clone(),
                source,
                &parameter.rust,
                "this constant",
            );
        }
        if let Some(path) = &file.credentials_check {
            self.credentials_check(source, path);
        }
        let mut names = Names::default();
        names.add(What::Enum, file.enums.iter().map(|(name, _)| name));
        self.enums(source, &file.enums);
        self.fields(source, &file.reply, &names, &Names::default());
        for (wire, field) in file.reply.iter().filter(|(_, field)| field.required) {
            let message = format!(
                "`{}` is required, but some commands leave it out",
                wire.value
            );
            self.at(
                source,
                &field.ty,
                message,
                "common fields without `required`",
            );
        }
    }

    /// The command that checks credentials: one that every client can send for nothing.
    fn credentials_check(&mut self, source: &Source, path: &At<String>) {
        let endpoints = || self.spec.endpoints.iter().map(|loaded| &loaded.file);
        let Some(endpoint) = endpoints().find(|file| file.path.value == path.value) else {
            let known: Vec<&str> = endpoints().map(|file| &*file.path.value).collect();
            let message = format!("no command has the path `{}`", path.value);
            let diagnostic = Diagnostic::new(source, path.span.clone(), message)
                .expected("the path of a file in spec/endpoints")
                .suggest(path, known);
            self.push(diagnostic);
            return;
        };
        if !matches!(endpoint.repeat.value, Repeat::Read) {
            let message = format!("`{}` changes something", path.value);
            self.at(source, path, message, "a command with `repeat = \"read\"`");
        }
    }

    pub(super) fn common_fields(&mut self, source: &Source, reply: &Ordered<Field>) {
        for (wire, _) in reply.iter() {
            if self.spec.protocol.file.reply.get(wire).is_some() {
                let message = format!("`{}` is a common field of all replies", wire.value);
                self.at(
                    source,
                    wire,
                    message,
                    "only what spec/protocol.toml does not declare",
                );
            }
        }
    }
}
