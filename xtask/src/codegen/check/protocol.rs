//! What all calls share.

use super::{
    errata::Scope,
    names_of_types::{Names, What},
    rules::Rules,
};
use crate::codegen::{
    load::Source,
    spec::{Field, Ordered},
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
