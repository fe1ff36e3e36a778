//! Which types a file can name.

use crate::codegen::spec::At;
use std::collections::BTreeMap;

/// What a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// An object type.
    Object,
    /// An enum.
    Enum,
    /// A union.
    Union,
}

/// The types of one scope.
#[derive(Clone, Debug, Default)]
pub(super) struct Names(BTreeMap<String, What>);

impl Names {
    pub(super) fn add<'a>(&mut self, what: What, names: impl Iterator<Item = &'a At<String>>) {
        self.0.extend(names.map(|name| (name.value.clone(), what)));
    }

    pub(super) fn get(&self, name: &str) -> Option<What> {
        self.0.get(name).copied()
    }

    /// Names of object types.
    pub(super) fn objects(&self) -> impl Iterator<Item = &str> {
        self.0
            .iter()
            .filter(|(_, what)| **what == What::Object)
            .map(|(name, _)| name.as_str())
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}
