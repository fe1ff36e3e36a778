//! What an object on the wire held beyond the fields of its Rust type.

use serde::ser::SerializeMap;
use serde_json::{Map, Value};
use std::fmt;

/// Fields that this version does not know, and the odd forms of those that it knows.
///
/// Filled by decoding and written back by encoding, so that a value that only passes through
/// loses nothing. Empty in values that you make yourself; use [`insert`](Self::insert) to send a
/// field that this version does not know.
///
/// It takes no memory of its own until there is something to keep.
#[derive(Clone, Default, PartialEq)]
pub struct Extra(Option<Box<Kept>>);

#[derive(Clone, Default, PartialEq)]
struct Kept {
    unknown: Map<String, Value>,
    /// Keys beside the tag and the content of a union, kept by the content.
    beside: Map<String, Value>,
    forms: Vec<(&'static str, Form)>,
}

/// How a field came, where that is not the usual way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Form {
    /// As documented.
    #[default]
    Usual,
    /// A required field that was missing.
    Absent,
    /// `null`.
    Null,
    /// A number or truth value written as a text.
    Text,
    /// A text or truth value written as a number, or a fraction written as an integer.
    Integer,
    /// A flag written as true or false.
    Bool,
    /// An empty list written as an empty object, or the other way round.
    EmptyOther,
}

impl Extra {
    /// A field that this version does not know.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.as_ref()?.unknown.get(name)
    }

    /// Adds a field that this version does not know; it is sent along. Returns what was there.
    pub fn insert(&mut self, name: impl Into<String>, value: impl Into<Value>) -> Option<Value> {
        self.kept().unknown.insert(name.into(), value.into())
    }

    /// The fields that this version does not know.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().flat_map(|kept| {
            kept.unknown
                .iter()
                .map(|(name, value)| (name.as_str(), value))
        })
    }

    /// Whether everything came as documented.
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// Whether the required field of this wire name was missing when the object was decoded.
    pub fn was_absent(&self, name: &str) -> bool {
        self.form(name) == Form::Absent
    }

    /// Whether the field of this wire name was `null` when the object was decoded.
    pub fn was_null(&self, name: &str) -> bool {
        self.form(name) == Form::Null
    }

    fn kept(&mut self) -> &mut Kept {
        self.0.get_or_insert_default()
    }

    pub(crate) fn form(&self, name: &str) -> Form {
        let Some(kept) = &self.0 else {
            return Form::Usual;
        };
        kept.forms
            .iter()
            .find(|(n, _)| *n == name)
            .map_or(Form::Usual, |(_, form)| *form)
    }

    pub(crate) fn set_form(&mut self, name: &'static str, form: Form) {
        self.kept().forms.push((name, form));
    }

    pub(crate) fn set_beside(&mut self, fields: Map<String, Value>) {
        self.kept().beside = fields;
    }

    pub(crate) fn beside(&self) -> impl Iterator<Item = (&String, &Value)> {
        self.0.iter().flat_map(|kept| kept.beside.iter())
    }

    pub(crate) fn write_unknown<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        if let Some(kept) = &self.0 {
            for (name, value) in &kept.unknown {
                map.serialize_entry(name, value)?;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Extra {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut map = f.debug_map();
        if let Some(kept) = &self.0 {
            map.entries(&kept.unknown).entries(&kept.beside);
            map.entries(kept.forms.iter().map(|(name, form)| (name, form)));
        }
        map.finish()
    }
}
