//! What an object on the wire contained beyond the fields of its Rust type.

use super::{
    Form, Misfit, Raw, Shape, Slot,
    clean::{clean, parse},
    encode::RawJson,
    items::Items,
    parts::Parts,
    reader::{Broken, Key, Mark, Reader},
};
use serde::ser::SerializeMap;
use serde_json::Value;
use std::{borrow::Cow, fmt};

/// Unknown fields, values that did not fit, and the odd forms of those that did.
///
/// Filled by decoding and written back by encoding, so that a value that is only passed on
/// loses nothing. Empty in values that you construct; use [`insert`](Self::insert) to send a
/// field that this version doesn't know.
///
/// The content is kept as text and uses as much memory as that; an empty `Extra` allocates
/// nothing.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Extra(Option<Box<Kept>>);

#[derive(Clone, Default)]
struct Kept {
    unknown: Parts,
    /// Keys next to the tag and the content of a union, kept by the content.
    siblings: Parts,
    /// Second values of known keys. The first one is used.
    again: Parts,
    /// By wire name: values that did not fit, and strings of which a part had to be replaced.
    raw: Parts,
    forms: Vec<(&'static str, Form)>,
    items: Vec<(&'static str, Box<Items>)>,
    /// Keys that were written in a different case than ours.
    spelled: Vec<(&'static str, Box<str>)>,
}

impl Items {
    /// Items of a list that don't fit, with their positions among all items.
    fn misfits(&self, name: &str) -> Vec<Misfit> {
        let at = |index: usize, held| Misfit::new(&[name, &index.to_string()], held);
        let apart: Vec<_> = self.apart.items().collect();
        let mut misfits: Vec<_> = (apart.iter())
            .map(|(index, held)| at(*index, held))
            .collect();
        let mut before = apart.iter().peekable();
        let mut shift = 0;
        for (index, held) in self.raw.items() {
            while before
                .next_if(|(place, _)| *place <= index + shift)
                .is_some()
            {
                shift += 1;
            }
            misfits.push(at(index + shift, held));
        }
        misfits
    }
}

impl Extra {
    /// A field that this version doesn't know, parsed. The first with its name is used.
    ///
    /// `None` also for a field that is nested too deeply to be parsed: see [`get_raw`](Self::get_raw).
    pub fn get(&self, name: &str) -> Option<Value> {
        parse(self.0.as_ref()?.unknown.get(name)?).ok()
    }

    /// A field that this version doesn't know, unchanged.
    pub fn get_raw(&self, name: &str) -> Option<Raw> {
        self.0.as_ref()?.unknown.get(name).map(Raw::new)
    }

    /// Adds a field that this version doesn't know, to be sent. Returns the previous value.
    pub fn insert(&mut self, name: impl AsRef<str>, value: impl Into<Value>) -> Option<Value> {
        let unknown = &mut self.kept().unknown;
        let before = unknown.remove(name.as_ref());
        let key = Value::from(name.as_ref()).to_string();
        unknown.push(key.as_bytes(), value.into().to_string().as_bytes());
        parse(&before?).ok()
    }

    /// The fields that this version doesn't know, in their original order.
    pub fn iter(&self) -> impl Iterator<Item = (Cow<'_, str>, Raw)> {
        let entries = self.0.iter().flat_map(|kept| kept.unknown.iter());
        entries.map(|(key, value)| (Cow::Owned(key.text().into_owned()), Raw::new(value)))
    }

    /// Whether everything was as documented.
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

    /// The values in this object that did not fit, and strings with invalid parts, each with its path within this
    /// object. What did not fit further down is reported by the objects there.
    ///
    /// A field that did not fit reads as missing, and an item that did not fit is not in its list; both are written
    /// back.
    pub fn misfits(&self) -> Vec<Misfit> {
        let Some(kept) = &self.0 else {
            return Vec::new();
        };
        let at = |path: &[&str], held: &[u8]| Misfit::new(path, held);
        let mut misfits = Vec::new();
        for (key, value) in kept.raw.iter().chain(kept.again.iter()) {
            misfits.push(at(&[&key.text()], value));
        }
        for (name, items) in &kept.items {
            if !items.keyed {
                misfits.extend(items.misfits(name));
                continue;
            }
            for (key, value) in items.apart.iter() {
                misfits.push(at(&[name, &key.text()], value));
            }
            for (key, value) in items.raw.iter() {
                // Other forms are not misfits.
                if clean(value).as_bytes() != value {
                    misfits.push(at(&[name, &key.text()], value));
                }
            }
        }
        for (key, value) in kept.unknown.iter().chain(kept.siblings.iter()) {
            if key.is_odd() || Reader::new(value).slice().is_ok_and(|slice| slice.odd) {
                misfits.push(at(&[&key.text()], value));
            }
        }
        misfits
    }

    /// Whether the field with this wire name lacks something that it would need to identify the object.
    pub(crate) fn lacks(&self, name: &str) -> bool {
        let lost = matches!(
            self.form(name),
            Form::Absent | Form::Null | Form::Raw | Form::Misfit
        );
        lost || self.shape(name).items.is_some()
    }

    fn kept(&mut self) -> &mut Kept {
        self.0.get_or_insert_default()
    }

    #[inline]
    pub(crate) fn form(&self, name: &str) -> Form {
        match &self.0 {
            Some(kept) => kept.form(name),
            None => Form::Usual,
        }
    }

    /// Everything that is known about the original form of the field with this wire name.
    #[cold]
    pub(crate) fn shape(&self, name: &str) -> Shape<'_> {
        let Some(kept) = &self.0 else {
            return Shape::default();
        };
        let form = self.form(name);
        let raw = match form {
            Form::Raw | Form::Misfit => kept.raw.get(name),
            _ => None,
        };
        let items = kept.items.iter().find(|(n, _)| *n == name);
        let items = items.map(|(_, items)| &**items);
        Shape { form, raw, items }
    }

    pub(crate) fn set_form(&mut self, name: &'static str, form: Form) {
        self.kept().forms.push((name, form));
    }

    /// Keeps what a decoded value doesn't show.
    #[cold]
    pub(crate) fn keep_shape(
        &mut self,
        name: &'static str,
        slot: Slot,
        reader: &mut Reader<'_>,
        mark: Mark,
    ) {
        if slot.form != Form::Usual {
            self.set_form(name, slot.form);
        }
        if slot.form == Form::Raw {
            reader.note(mark);
            self.kept().raw.push_named(name, reader.since(mark));
        }
        if let Some(items) = slot.items {
            self.kept().items.push((name, items));
        }
    }

    /// Keeps a value that doesn't fit.
    #[cold]
    pub(crate) fn keep_misfit(
        &mut self,
        name: &'static str,
        reader: &mut Reader<'_>,
        mark: Mark,
    ) -> Result<(), Broken> {
        let value = reader.misfit(mark)?;
        self.set_form(name, Form::Misfit);
        self.kept().raw.push_named(name, value);
        Ok(())
    }

    /// Keeps the second value of a known key.
    #[cold]
    pub(crate) fn keep_again(&mut self, reader: &mut Reader<'_>) -> Result<(), Broken> {
        let key = reader.last_key();
        let value = reader.misfit(reader.mark())?;
        self.kept().again.push(key.raw, value);
        Ok(())
    }

    /// Keeps a field that this version doesn't know.
    #[cold]
    pub(crate) fn keep_unknown(&mut self, reader: &mut Reader<'_>) -> Result<(), Broken> {
        keep(&mut self.kept().unknown, reader)
    }

    /// Remembers the case in which a key was written.
    #[cold]
    pub(crate) fn keep_spelling(&mut self, name: &'static str, key: &Key<'_>) {
        self.kept().spelled.push((name, key.text().into()));
    }

    /// The original case of the key with this wire name.
    pub(crate) fn spelling(&self, name: &'static str) -> &str {
        let spelled = self.0.iter().flat_map(|kept| &kept.spelled);
        let found = { spelled }.find(|(n, _)| *n == name);
        found.map_or(name, |(_, key)| key)
    }

    pub(crate) fn set_siblings(&mut self, siblings: Parts) {
        self.kept().siblings = siblings;
    }

    pub(crate) fn write_beside<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        self.0.iter().try_for_each(|kept| kept.siblings.write(map))
    }

    pub(crate) fn write_unknown<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        match &self.0 {
            Some(kept) => {
                kept.again.write(map)?;
                kept.unknown.write(map)
            }
            None => Ok(()),
        }
    }

    /// Releases reserved memory.
    #[inline]
    pub(crate) fn settle(&mut self) {
        if let Some(kept) = &mut self.0 {
            kept.shrink();
        }
    }
}

/// Keeps an entry unchanged, and records whether it contains invalid text.
pub(crate) fn keep(parts: &mut Parts, reader: &mut Reader<'_>) -> Result<(), Broken> {
    let key = reader.last_key();
    let mark = reader.mark();
    let value = reader.unknown()?;
    if key.is_odd() {
        reader.note(mark);
    }
    parts.push(key.raw, value);
    Ok(())
}

impl Kept {
    fn form(&self, name: &str) -> Form {
        let mut forms = self.forms.iter();
        let form = forms.find(|(n, _)| *n == name);
        form.map_or(Form::Usual, |(_, form)| *form)
    }

    #[cold]
    fn shrink(&mut self) {
        for parts in [
            &mut self.unknown,
            &mut self.siblings,
            &mut self.again,
            &mut self.raw,
        ] {
            parts.shrink();
        }
    }
}

/// The order of fields is not significant.
impl Eq for Kept {}

impl PartialEq for Kept {
    fn eq(&self, other: &Self) -> bool {
        fn same<T: PartialEq>(ours: &[T], theirs: &[T]) -> bool {
            ours.len() == theirs.len() && ours.iter().all(|one| theirs.contains(one))
        }
        self.unknown == other.unknown
            && self.siblings == other.siblings
            && self.again == other.again
            && self.raw == other.raw
            && same(&self.forms, &other.forms)
            && same(&self.items, &other.items)
            && same(&self.spelled, &other.spelled)
    }
}

impl fmt::Debug for Extra {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut map = f.debug_map();
        if let Some(kept) = &self.0 {
            let items = kept.items.iter().flat_map(|(_, items)| items.apart.iter());
            let parts = [&kept.unknown, &kept.siblings, &kept.again, &kept.raw];
            for (key, value) in parts.into_iter().flat_map(Parts::iter).chain(items) {
                map.entry(&key.text(), &Raw::new(value));
            }
            map.entries(kept.forms.iter().map(|(name, form)| (name, form)));
        }
        map.finish()
    }
}

/// Writes a value that doesn't fit at its position.
pub(crate) fn misfit_json(shape: Shape<'_>) -> Option<RawJson<'_>> {
    match shape.form {
        Form::Misfit => shape.raw.map(RawJson),
        _ => None,
    }
}
