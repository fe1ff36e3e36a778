//! The groups of commands.

use super::rules::Rules;
use std::collections::BTreeMap;

/// Modules of the crates and methods of the client that a family must not shadow.
const RESERVED_FAMILIES: &[&str] = &[
    "answer",
    "batch",
    "builder",
    "call",
    "catalogue",
    "client",
    "clock",
    "credentials",
    "endpoint",
    "environment",
    "envelope_ext",
    "error",
    "error_code",
    "error_codes",
    "from_env",
    "generated",
    "identifier",
    "items",
    "model",
    "pages",
    "paging",
    "protocol",
    "region",
    "regions",
    "sdk_app_id",
    "sent",
    "shared",
    "transport",
    "types",
    "validate",
    "wire",
];
impl Rules<'_> {
    pub(super) fn families(&mut self) {
        let loaded = &self.spec.families;
        let mut seen = BTreeMap::new();
        for family in &loaded.file.families {
            self.snake(&loaded.source, &family.name, "family");
            if RESERVED_FAMILIES.contains(&family.name.as_str()) {
                let message = format!("`{}` is taken by the crates themselves", family.name.value);
                self.at(&loaded.source, &family.name, message, "another name");
            }
            self.unique(
                &mut seen,
                family.name.value.clone(),
                &loaded.source,
                &family.name,
                "this family's name",
            );
        }
    }
}
