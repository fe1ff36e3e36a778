//! Types that several files use.

use super::{
    errata::Scope,
    names_of_types::{Local, Names},
    rules::Rules,
};
use crate::codegen::{diagnostic::Diagnostic, names, spec::At};
use std::collections::BTreeMap;

impl Rules<'_> {
    pub(super) fn shared(&mut self, shared: &Names) {
        for loaded in &self.spec.shared {
            let (source, file) = (&*loaded.source, &loaded.file);
            let doc = At {
                value: file.doc.clone(),
                span: 0..0,
            };
            self.doc(source, &doc);
            self.page(source, &file.page);
            self.errata(source, &file.errata, &Scope::shared(self.spec, file));
            self.definitions(source, Local::from(&loaded.file), shared);
        }
    }

    /// The names of all shared types.
    pub(super) fn shared_names(&mut self) -> Names {
        let mut names = Names::default();
        let mut seen = BTreeMap::new();
        for loaded in &self.spec.shared {
            if names::field_name(&loaded.name) != loaded.name {
                let message = format!("`{}` is not a module name", loaded.name);
                self.push(
                    Diagnostic::of_file(&loaded.source.path, message)
                        .expected("snake_case, and no Rust keyword"),
                );
            }
            let local = Local::from(&loaded.file);
            for name in local.iter().chain(local.others()) {
                let key = name.value.clone();
                self.unique(&mut seen, key, &loaded.source, name, "this type's name");
            }
            names.extend(Local::from(&loaded.file).names());
        }
        names
    }

    pub(super) fn unused_shared(&mut self) {
        for loaded in &self.spec.shared {
            for name in Local::from(&loaded.file).iter() {
                if !self.used.contains(&name.value) {
                    let message = format!("nothing uses `{}`", name.value);
                    self.at(&loaded.source, name, message, "a use, or no definition");
                }
            }
        }
    }
}
