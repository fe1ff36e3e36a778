//! The types that a file can name.

use crate::codegen::{
    spec::{At, EndpointFile, EnumType, ObjectType, Ordered, SharedFile, UnionType, WebhookFile},
    type_expr,
};
use std::collections::{BTreeMap, BTreeSet};

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
pub(super) struct Names {
    types: BTreeMap<String, What>,
    /// Derived from unions and enums and named by no field: builders for lists of elements, traits that read by tags.
    others: BTreeSet<String>,
}

impl Names {
    pub(super) fn add<'a>(&mut self, what: What, names: impl Iterator<Item = &'a At<String>>) {
        self.types
            .extend(names.map(|name| (name.value.clone(), what)));
    }

    /// Names that no other type can have, although no field names them.
    pub(super) fn take<'a>(&mut self, names: impl Iterator<Item = &'a At<String>>) {
        self.others.extend(names.map(|name| name.value.clone()));
    }

    pub(super) fn extend(&mut self, other: Self) {
        self.types.extend(other.types);
        self.others.extend(other.others);
    }

    pub(super) fn get(&self, name: &str) -> Option<What> {
        self.types.get(name).copied()
    }

    /// Whether another type cannot have a name.
    pub(super) fn is_taken(&self, name: &str) -> bool {
        self.types.contains_key(name) || self.others.contains(name)
    }

    /// Whether a type, as a field writes it, is built in or made of these names.
    pub(super) fn know(&self, ty: &str) -> bool {
        type_expr::parse(ty)
            .is_ok_and(|expr| expr.named().is_none_or(|name| self.get(name).is_some()))
    }

    /// Names of object types.
    pub(super) fn objects(&self) -> impl Iterator<Item = &str> {
        self.types
            .iter()
            .filter(|(_, what)| **what == What::Object)
            .map(|(name, _)| name.as_str())
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &str> {
        self.types.keys().map(String::as_str)
    }
}

/// The types that a file defines for itself.
#[derive(Clone, Copy)]
pub(super) struct Local<'a> {
    pub(super) types: &'a Ordered<ObjectType>,
    pub(super) enums: &'a Ordered<EnumType>,
    pub(super) unions: &'a Ordered<UnionType>,
}

/// Every kind of file that defines types has these three tables.
macro_rules! local_from {
    ($($File:ty),*) => {$(
        impl<'a> From<&'a $File> for Local<'a> {
            fn from(file: &'a $File) -> Self {
                Self {
                    types: &file.types,
                    enums: &file.enums,
                    unions: &file.unions,
                }
            }
        }
    )*};
}
local_from!(EndpointFile, SharedFile, WebhookFile);

impl<'a> Local<'a> {
    pub(super) fn iter(self) -> impl Iterator<Item = &'a At<String>> {
        let types = self.types.iter().map(|(name, _)| name);
        let enums = self.enums.iter().map(|(name, _)| name);
        let unions = self.unions.iter().map(|(name, _)| name);
        enums.chain(types).chain(unions)
    }

    /// Derived from unions and enums and named by no field: builders for lists of elements, traits that read by tags.
    pub(super) fn others(self) -> impl Iterator<Item = &'a At<String>> {
        let lists = (self.unions.iter()).filter_map(|(_, def)| def.list.as_ref());
        lists.chain((self.enums.iter()).filter_map(|(_, def)| def.fields.as_ref()))
    }

    pub(super) fn names(self) -> Names {
        let mut names = Names::default();
        names.add(What::Object, self.types.iter().map(|(name, _)| name));
        names.add(What::Enum, self.enums.iter().map(|(name, _)| name));
        names.add(What::Union, self.unions.iter().map(|(name, _)| name));
        names
            .others
            .extend(self.others().map(|name| name.value.clone()));
        names
    }
}
