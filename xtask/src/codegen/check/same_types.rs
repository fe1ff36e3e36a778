//! Objects and enums that several files define identically and that belong in one type of `spec/shared`.

use super::{
    names_of_types::{Local, Names},
    rules::Rules,
};
use crate::codegen::{
    load::{LoadedEndpoint, LoadedShared, LoadedWebhook, Source, Spec},
    spec::At,
};
use std::collections::BTreeMap;

/// A type: its file, its name, and its whole definition except for positions and its own sentence.
type Defined<'s> = (&'s Source, &'s At<String>, String);

impl Rules<'_> {
    pub(super) fn same_types(&mut self, shared: &Names) {
        let mut seen: BTreeMap<String, String> = BTreeMap::new();
        for (source, name, said) in definitions(self.spec, shared) {
            if let Some(first) = seen.get(&said) {
                let message = format!("`{}` repeats {first}", name.value);
                self.at(source, name, message, "one type of spec/shared for both");
            } else {
                let first = format!("`{}` of {}", name.value, source.place(name.span.start));
                seen.insert(said, first);
            }
        }
    }
}

fn definitions<'s>(spec: &'s Spec, shared: &Names) -> Vec<Defined<'s>> {
    let mut all = Vec::new();
    for LoadedShared { source, file, .. } in &spec.shared {
        add(&mut all, source, file.into(), shared);
    }
    for LoadedEndpoint { source, file, .. } in &spec.endpoints {
        add(&mut all, source, file.into(), shared);
    }
    let webhooks = spec.webhooks.iter().flat_map(|webhooks| &webhooks.events);
    for LoadedWebhook { source, file, .. } in webhooks {
        add(&mut all, source, file.into(), shared);
    }
    all
}

fn add<'s>(all: &mut Vec<Defined<'s>>, source: &'s Source, local: Local<'s>, shared: &Names) {
    // A file-local type means something different in every file.
    let objects = local.types.iter().filter(|(_, def)| {
        let mut fields = def.fields.iter();
        !def.fields.is_empty() && fields.all(|(_, field)| shared.know(&field.ty))
    });
    all.extend(objects.map(|(name, def)| (source, name, format!("{:?}", def.fields))));
    let enums = local.enums.iter().map(|(name, def)| {
        let said = format!("{:?}", (def.wire, &def.values, &def.prefixes));
        (source, name, said)
    });
    all.extend(enums);
}
