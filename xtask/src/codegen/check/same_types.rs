//! Objects that several files define alike: one type of `spec/shared` is what they mean.

use super::{names_of_types::Names, rules::Rules};
use crate::codegen::{
    diagnostic::Diagnostic,
    load::Source,
    spec::{At, ObjectType, Ordered},
};
use std::collections::BTreeMap;

impl Rules<'_> {
    pub(super) fn same_types(&mut self, shared: &Names) {
        let spec = self.spec;
        let of_shared = spec.shared.iter().map(|l| (&*l.source, &l.file.types));
        let of_commands = spec.endpoints.iter().map(|l| (&*l.source, &l.file.types));
        let events = spec.webhooks.iter().flat_map(|webhooks| &webhooks.events);
        let of_webhooks = events.map(|l| (&*l.source, &l.file.types));
        let files = of_shared.chain(of_commands).chain(of_webhooks);
        let mut seen: BTreeMap<String, (&At<String>, Diagnostic)> = BTreeMap::new();
        for (source, name, def) in files.flat_map(types_of) {
            // A type of the file's own means something else in every file.
            let known = def.fields.iter().all(|(_, field)| shared.know(&field.ty));
            if def.fields.is_empty() || !known {
                continue;
            }
            // All that is written there, but for the places.
            let said = format!("{:?}", def.fields);
            let place = Diagnostic::new(source, name.span.clone(), "");
            if let Some((first, its_place)) = seen.get(&said) {
                let message = format!(
                    "`{}` has just the fields of `{}`, {}:{}",
                    name.value, first.value, its_place.file, its_place.line
                );
                self.at(source, name, message, "one type of spec/shared for both");
            } else {
                seen.insert(said, (name, place));
            }
        }
    }
}

fn types_of<'s>(
    (source, types): (&'s Source, &'s Ordered<ObjectType>),
) -> impl Iterator<Item = (&'s Source, &'s At<String>, &'s ObjectType)> {
    types.iter().map(move |(name, def)| (source, name, def))
}
