//! Names in a spec must be valid in Rust and not taken.

use super::{
    names_of_types::{Local, Names},
    rules::Rules,
};
use crate::codegen::{load::Source, names, spec::At};
use std::collections::BTreeMap;

/// Names that every generated file uses; a type of the spec must not shadow them.
const RESERVED_TYPES: &[&str] = &[
    "Advance",
    "Batched",
    "Box",
    "BTreeMap",
    "Checker",
    "Date",
    "Edition",
    "Default",
    "DuplicateNumber",
    "Endpoint",
    "Envelope",
    "Err",
    "ErrorCode",
    "Extra",
    "Flag",
    "From",
    "Into",
    "IntoIterator",
    "ItemReport",
    "KeyValue",
    "KeyValues",
    "Listed",
    "Meta",
    "None",
    "Ok",
    "Option",
    "Paged",
    "Repeat",
    "Reply",
    "Result",
    "Self",
    "Some",
    "String",
    "TagValue",
    "TaggedFields",
    "Text",
    "Unknown",
    "Unlisted",
    "Validate",
    "Value",
    "Vec",
    "Verdict",
    "Quota",
];

/// More names that a command's request must not have: the client's files import them.
pub(super) const RESERVED_COMMANDS: &[&str] =
    &["C", "Call", "Caller", "Client", "IntoRequest", "ItemCall"];

/// Endings with which generated files derive other names from a type's name.
pub(super) fn reserved_for(name: &str) -> Option<&'static str> {
    if RESERVED_TYPES.contains(&name) {
        Some("the runtime")
    } else if name.ends_with(names::REQUIRED) {
        Some("the structs that constructors take")
    } else {
        None
    }
}

impl Rules<'_> {
    pub(super) fn snake(&mut self, source: &Source, name: &At<String>, what: &str) {
        if names::field_name(name) != name.value {
            self.at(
                source,
                name,
                format!("`{}` is not a name of a {what}", name.value),
                "snake_case, and no Rust keyword",
            );
        }
    }

    pub(super) fn constant(&mut self, source: &Source, name: &At<String>) {
        let fits = name.starts_with(|c: char| c.is_ascii_uppercase())
            && name
                .chars()
                .all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_');
        if !fits {
            self.at(
                source,
                name,
                format!("`{}` is not a constant's name", name.value),
                "UPPER_SNAKE_CASE",
            );
        }
    }

    pub(super) fn type_name(&mut self, source: &Source, name: &At<String>) {
        if !is_camel(name) {
            self.at(
                source,
                name,
                format!("`{}` is not a type name", name.value),
                "UpperCamelCase",
            );
        } else if let Some(owner) = reserved_for(name) {
            self.at(
                source,
                name,
                format!("`{}` is taken by {owner}", name.value),
                "another name",
            );
        }
    }

    /// Checks the names of a file's own types: each must be unique, also among the types of other scopes.
    pub(super) fn local_names(
        &mut self,
        source: &Source,
        local: Local<'_>,
        shared: &Names,
        taken: &[&str],
    ) {
        let mut seen = BTreeMap::new();
        for name in local.iter().chain(local.others()) {
            if shared.is_taken(name) || taken.contains(&name.as_str()) {
                let message = format!(
                    "`{}` is taken by a shared type or by the command itself",
                    name.value
                );
                self.at(source, name, message, "a name of its own");
            }
            let key = name.value.clone();
            self.unique(&mut seen, key, source, name, "this type's name");
        }
    }

    pub(super) fn sample_names<'s>(
        &mut self,
        source: &Source,
        names: impl Iterator<Item = &'s At<String>>,
    ) {
        let mut seen = BTreeMap::new();
        for name in names {
            self.snake(source, name, "sample");
            let key = name.value.clone();
            self.unique(&mut seen, key, source, name, "this sample's name");
        }
    }
}

/// UpperCamelCase, as far as the letters show.
pub(super) fn is_camel(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_uppercase())
        && name.chars().all(|c| c.is_ascii_alphanumeric())
}
