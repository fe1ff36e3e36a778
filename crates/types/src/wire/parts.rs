//! Entries of an object kept as text, which uses no more memory than on the wire.

use super::{
    canonical::same_json,
    encode::{RawJson, RawKey},
    reader::{Key, Reader},
};
use serde::ser::SerializeMap;

/// Entries in their original form and order, each followed by a comma: `"a":1,"b":[2],`.
#[derive(Clone, Default)]
pub(crate) struct Parts(Vec<u8>);

impl Parts {
    /// Adds an entry; `key` includes its quotes.
    pub(crate) fn push(&mut self, key: &[u8], value: &[u8]) {
        for part in [key, b":", value, b","] {
            self.0.extend_from_slice(part);
        }
    }

    /// Adds an entry with a name that needs no escapes.
    pub(crate) fn push_named(&mut self, name: &str, value: &[u8]) {
        for part in [b"\"", name.as_bytes(), b"\":", value, b","] {
            self.0.extend_from_slice(part);
        }
    }

    /// Adds the item of a list at this distance from the previous one. An adjacent item
    /// is stored without a position.
    pub(crate) fn push_item(&mut self, gap: usize, value: &[u8]) {
        match gap {
            0 => self.push_named("", value),
            gap => self.push_named(&gap.to_string(), value),
        }
    }

    /// Releases reserved memory.
    pub(crate) fn shrink(&mut self) {
        self.0.shrink_to_fit();
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (Key<'_>, &[u8])> {
        let mut reader = Reader::new(&self.0);
        let mut first = true;
        std::iter::from_fn(move || {
            // There is no key after the last comma, which ends it.
            let key = reader.key(&mut first).ok()??;
            let value = reader.slice().ok()?;
            Some((key, value.json))
        })
    }

    /// The first value with this name.
    pub(crate) fn get(&self, name: &str) -> Option<&[u8]> {
        let mut entries = self.iter();
        let (_, value) = entries.find(|(key, _)| key.name() == name.as_bytes())?;
        Some(value)
    }

    /// The items of a list with their indices.
    pub(crate) fn items(&self) -> impl Iterator<Item = (usize, &[u8])> {
        let mut next = 0;
        self.iter().map(move |(key, value)| {
            let index = next + key.text().parse().unwrap_or(0);
            next = index + 1;
            (index, value)
        })
    }

    /// Removes all entries with this name; returns the first.
    pub(crate) fn remove(&mut self, name: &str) -> Option<Vec<u8>> {
        let removed = self.get(name)?.to_vec();
        let mut left = Self::default();
        for (key, value) in self.iter() {
            if key.name() != name.as_bytes() {
                left.push(key.raw, value);
            }
        }
        *self = left;
        Some(removed)
    }

    pub(crate) fn write<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        for (key, value) in self.iter() {
            map.serialize_entry(&RawKey(&key), &RawJson(value))?;
        }
        Ok(())
    }
}

/// The order of keys is not significant, except among those with the same name.
impl PartialEq for Parts {
    fn eq(&self, other: &Self) -> bool {
        fn sorted(parts: &Parts) -> Vec<(Key<'_>, &[u8])> {
            let mut sorted: Vec<_> = parts.iter().collect();
            sorted.sort_by(|(a, _), (b, _)| a.name().cmp(b.name()));
            sorted
        }
        if self.0 == other.0 {
            return true;
        }
        let (ours, theirs) = (sorted(self), sorted(other));
        ours.len() == theirs.len()
            && (ours.iter().zip(&theirs)).all(|(ours, theirs)| {
                ours.0.name() == theirs.0.name() && same_json(ours.1, theirs.1)
            })
    }
}
