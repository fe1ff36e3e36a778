//! Objects: reading and writing the fields of a generated struct.

use super::{
    Broken, Extra, Form, Reader, Shape, Slot, WireValue,
    encode::Name,
    extra::misfit_json,
    value::{Shaped, Usual},
};
use serde::ser::{SerializeMap, Serializer};
use std::fmt;

/// A struct with a table of its fields. `wire_object!` implements it; what the codec does with the
/// fields is written once, below, so that a struct more costs little compile time.
pub(crate) trait Object: Sized {
    /// The facts that are the same for every value.
    const TABLE: Table;
    /// The struct before any of its fields has been read.
    fn blank() -> Self;
    /// Reads the value of the field with the index of `entry`. False if there is no such field.
    fn read_field(&mut self, entry: &mut Entry<'_, '_>) -> Result<bool, Broken>;
    /// Visits the fields in the order of the table, until the visitor has seen enough.
    fn visit<V: Visit>(&self, visitor: &mut V) -> bool;
    /// What the object contained beyond its fields.
    fn extra(&self) -> &Extra;
    /// The same, to be changed.
    fn extra_mut(&mut self) -> &mut Extra;
}

impl<T: Object> WireValue for T {
    const EXPECTED: &'static str = T::TABLE.expected;

    #[inline]
    fn read(reader: &mut Reader<'_>, _: &mut Slot) -> Result<Option<Self>, Broken> {
        read_object(reader)
    }

    fn write<S: Serializer>(&self, _: Shape<'_>, serializer: S) -> Result<S::Ok, S::Error> {
        write_object(self, serializer)
    }
}

/// The facts about a struct that are the same for every value.
pub(crate) struct Table {
    /// The Rust name of the struct.
    pub(crate) name: &'static str,
    /// What a value should have been, for errors.
    pub(crate) expected: &'static str,
    /// Each key as it looks after a comma, `,"From_Account":`.
    pub(crate) keys: &'static [&'static str],
    /// The required fields, one bit each. A struct with more fields than bits doesn't compile.
    pub(crate) required: u64,
}

/// Whether an object must have a field, spelled as in the rows of `wire_object!`.
#[allow(non_camel_case_types, reason = "the rows are in lower case")]
pub(crate) enum Presence {
    required,
    optional,
}

impl Presence {
    /// A bit for each row, set if it is required.
    pub(crate) const fn bits(mut rows: &[Self]) -> u64 {
        assert!(
            rows.len() <= u64::BITS as usize,
            "an object has at most 64 fields"
        );
        let (mut bits, mut index) = (0, 0);
        while let [first, rest @ ..] = rows {
            bits |= (matches!(first, Self::required) as u64) << index;
            index += 1;
            rows = rest;
        }
        bits
    }
}

impl Table {
    /// The wire name of a field.
    fn wire_name(&self, index: usize) -> &'static str {
        let key = self.keys.get(index).copied().unwrap_or_default();
        key.strip_prefix(",\"")
            .and_then(|key| key.strip_suffix("\":"))
            .unwrap_or_default()
    }
}

/// What is done with each field of an object. Returns whether to go on.
pub(crate) trait Visit {
    fn required<T>(&mut self, wire: &'static str, rust: &'static str, value: &T) -> bool
    where
        T: WireValue + Default + PartialEq + fmt::Debug;
    fn optional<T>(&mut self, wire: &'static str, rust: &'static str, value: &Option<T>) -> bool
    where
        T: WireValue + fmt::Debug;
    /// Fields that are flattened into the object.
    fn common<C: Common>(&mut self, rust: &'static str, value: &C) -> bool;
}

/// A struct whose fields are flattened into other objects. `wire_common!` implements it.
pub(crate) trait Common: fmt::Debug {
    /// Writes the fields into the object that contains them.
    fn write_fields<M: SerializeMap>(&self, extra: &Extra, map: &mut M) -> Result<(), M::Error>;
}

/// An entry of an object whose key has been read.
pub(crate) struct Entry<'r, 'de> {
    pub(crate) reader: &'r mut Reader<'de>,
    /// The field, or an index past all fields.
    pub(crate) index: usize,
    table: &'static Table,
    /// The fields that were read before, one bit each.
    seen: u64,
}

impl Entry<'_, '_> {
    /// Reads the value of a required field. After `null` and values that don't fit, it still has the value
    /// that stands for a missing one.
    #[inline]
    pub(crate) fn required<T: WireValue>(
        &mut self,
        field: &mut T,
        extra: &mut Extra,
    ) -> Result<bool, Broken> {
        if let Some(value) = self.value(extra)? {
            *field = value;
        }
        Ok(true)
    }

    /// Reads the value of an optional field. After `null` and values that don't fit, it is still `None`.
    #[inline]
    pub(crate) fn optional<T: WireValue>(
        &mut self,
        field: &mut Option<T>,
        extra: &mut Extra,
    ) -> Result<bool, Broken> {
        if let Some(value) = self.value(extra)? {
            *field = Some(value);
        }
        Ok(true)
    }

    #[inline]
    fn value<T: WireValue>(&mut self, extra: &mut Extra) -> Result<Option<T>, Broken> {
        let bit = 1 << self.index;
        if self.seen & bit != 0 {
            return extra.keep_again(self.reader).map(|()| None);
        }
        self.seen |= bit;
        read_value(self.reader, || self.table.wire_name(self.index), extra)
    }
}

/// Reads an object.
pub(crate) fn read_object<T: Object>(reader: &mut Reader<'_>) -> Result<Option<T>, Broken> {
    if !reader.open(b'{')? {
        return Ok(None);
    }
    let mut object = T::blank();
    let (mut next, mut first) = (0, true);
    let mut entry = Entry {
        reader,
        index: 0,
        table: &T::TABLE,
        seen: 0,
    };
    while let Some(index) = entry.reader.field(T::TABLE.keys, &mut next, &mut first)? {
        entry.index = index;
        if !object.read_field(&mut entry)? {
            object.extra_mut().keep_unknown(entry.reader)?;
        }
    }
    let missing = T::TABLE.required & !entry.seen;
    let extra = object.extra_mut();
    if missing != 0 {
        keep_absent(&T::TABLE, missing, extra);
    }
    extra.settle();
    Ok(Some(object))
}

/// Records the required fields that did not come. A `null` and a value that did not fit are recorded already.
#[cold]
fn keep_absent(table: &Table, missing: u64, extra: &mut Extra) {
    for index in (0..u64::BITS).filter(|index| missing >> index & 1 != 0) {
        extra.set_form(table.wire_name(index as usize), Form::Absent);
    }
}

/// Reads the value of a known key. Returns `None` for `null` and values that don't fit.
#[inline]
fn read_value<T: WireValue>(
    reader: &mut Reader<'_>,
    name: impl Fn() -> &'static str,
    extra: &mut Extra,
) -> Result<Option<T>, Broken> {
    let mark = reader.mark();
    if reader.peek()? == b'n' {
        extra.set_form(name(), Form::Null);
        reader.null()?;
        return Ok(None);
    }
    let mut slot = Slot::default();
    let value = T::read(reader, &mut slot)?;
    if value.is_none() {
        extra.keep_misfit(name(), reader, mark)?;
    } else if slot.form != Form::Usual || slot.items.is_some() {
        extra.keep_shape(name(), slot, reader, mark);
    }
    Ok(value)
}

/// Reads the value of a flattened field, unless it has one.
#[inline]
pub(crate) fn read_common<T: WireValue>(
    reader: &mut Reader<'_>,
    name: &'static str,
    field: &mut Option<T>,
    extra: &mut Extra,
) -> Result<(), Broken> {
    if field.is_some() || extra.form(name) != Form::Usual {
        return extra.keep_again(reader);
    }
    *field = read_value(reader, || name, extra)?;
    Ok(())
}

/// Writes an object as it was read.
#[inline]
pub(crate) fn write_object<T: Object, S: Serializer>(
    object: &T,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let mut writer = Writer {
        map: serializer.serialize_map(None)?,
        extra: object.extra(),
        error: None,
    };
    object.visit(&mut writer);
    if let Some(error) = writer.error {
        return Err(error);
    }
    object.extra().write_unknown(&mut writer.map)?;
    writer.map.end()
}

/// Writes fields until one fails.
struct Writer<'a, M: SerializeMap> {
    map: M,
    extra: &'a Extra,
    error: Option<M::Error>,
}

impl<M: SerializeMap> Writer<'_, M> {
    #[inline(always)]
    fn written(&mut self, result: Result<(), M::Error>) -> bool {
        match result {
            Ok(()) => true,
            Err(error) => {
                self.error = Some(error);
                false
            }
        }
    }
}

// Always inlined: left to itself, the compiler makes a call of every field, and writing takes 4 % more instructions.
impl<M: SerializeMap> Visit for Writer<'_, M> {
    #[inline(always)]
    fn required<T>(&mut self, wire: &'static str, _: &'static str, value: &T) -> bool
    where
        T: WireValue + Default + PartialEq + fmt::Debug,
    {
        let result = write_required(&mut self.map, wire, value, self.extra);
        self.written(result)
    }

    #[inline(always)]
    fn optional<T>(&mut self, wire: &'static str, _: &'static str, value: &Option<T>) -> bool
    where
        T: WireValue + fmt::Debug,
    {
        let result = write_optional(&mut self.map, wire, value.as_ref(), self.extra);
        self.written(result)
    }

    #[inline(always)]
    fn common<C: Common>(&mut self, _: &'static str, value: &C) -> bool {
        let result = value.write_fields(self.extra, &mut self.map);
        self.written(result)
    }
}

/// Whether a field still has the value that stands for a missing one.
pub(crate) fn is_initial<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// Writes a required field in its original form.
#[inline]
fn write_required<T: WireValue + Default + PartialEq, M: SerializeMap>(
    map: &mut M,
    name: &'static str,
    value: &T,
    extra: &Extra,
) -> Result<(), M::Error> {
    if extra.is_empty() {
        return map.serialize_entry(&Name(name), &Usual(value));
    }
    match extra.form(name) {
        Form::Absent | Form::Null | Form::Misfit if is_initial(value) => {
            write_nothing(map, name, extra)
        }
        _ => write_value(map, name, value, extra),
    }
}

/// Writes an optional field in its original form.
#[inline]
pub(crate) fn write_optional<T: WireValue, M: SerializeMap>(
    map: &mut M,
    name: &'static str,
    value: Option<&T>,
    extra: &Extra,
) -> Result<(), M::Error> {
    match value {
        Some(value) if extra.is_empty() => map.serialize_entry(&Name(name), &Usual(value)),
        Some(value) => write_value(map, name, value, extra),
        None if extra.is_empty() => Ok(()),
        None => write_nothing(map, name, extra),
    }
}

fn write_value<T: WireValue, M: SerializeMap>(
    map: &mut M,
    name: &'static str,
    value: &T,
    extra: &Extra,
) -> Result<(), M::Error> {
    let (name, shape) = (extra.spelling(name), extra.shape(name));
    map.serialize_entry(name, &Shaped { value, shape })
}

/// Writes what was received instead of a value.
fn write_nothing<M: SerializeMap>(
    map: &mut M,
    name: &'static str,
    extra: &Extra,
) -> Result<(), M::Error> {
    let shape = extra.shape(name);
    match (shape.form, misfit_json(shape)) {
        (Form::Null, _) => map.serialize_entry(extra.spelling(name), &()),
        (_, Some(misfit)) => map.serialize_entry(extra.spelling(name), &misfit),
        _ => Ok(()),
    }
}

/// Shows the fields that are present.
pub(crate) fn show_object<T: Object>(object: &T, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let mut shown = Shown(f.debug_struct(T::TABLE.name));
    object.visit(&mut shown);
    if !object.extra().is_empty() {
        shown.0.field("extra", object.extra());
    }
    shown.0.finish()
}

/// Shows fields under their Rust names.
struct Shown<'a, 'b>(fmt::DebugStruct<'a, 'b>);

impl Visit for Shown<'_, '_> {
    fn required<T>(&mut self, _: &'static str, rust: &'static str, value: &T) -> bool
    where
        T: WireValue + Default + PartialEq + fmt::Debug,
    {
        self.0.field(rust, value);
        true
    }

    fn optional<T>(&mut self, _: &'static str, rust: &'static str, value: &Option<T>) -> bool
    where
        T: WireValue + fmt::Debug,
    {
        if let Some(value) = value {
            self.0.field(rust, value);
        }
        true
    }

    fn common<C: Common>(&mut self, rust: &'static str, value: &C) -> bool {
        self.0.field(rust, value);
        true
    }
}

/// Implements the wire format of a generated struct.
///
/// Each row has the number of the field, whether it is `required` or `optional`, its wire name and its Rust name.
/// `+ envelope: Envelope` reads the fields that all replies share into a separate field.
macro_rules! wire_object {
    ($name:ident $(+ $common:ident: $common_type:ident)? {
        $($index:literal: $kind:ident $wire:literal => $field:ident,)*
    }) => {
        #[allow(deprecated, reason = "deprecated fields travel like the others")]
        impl crate::wire::Object for $name {
            const TABLE: crate::wire::Table = crate::wire::Table {
                name: stringify!($name),
                expected: concat!("an object (", stringify!($name), ")"),
                keys: &[$( concat!(",\"", $wire, "\":"), )*],
                required: crate::wire::Presence::bits(&[$( crate::wire::Presence::$kind, )*]),
            };

            #[inline]
            fn blank() -> Self {
                Self {
                    $( $field: Default::default(), )*
                    $( $common: Default::default(), )?
                    extra: Default::default(),
                }
            }

            #[inline]
            fn read_field(
                &mut self,
                entry: &mut crate::wire::Entry<'_, '_>,
            ) -> Result<bool, crate::wire::Broken> {
                match entry.index {
                    $( $index => entry.$kind(&mut self.$field, &mut self.extra), )*
                    _ => crate::wire::wire_object!(@rest self, entry $(, $common)?),
                }
            }

            #[inline]
            #[allow(unused_variables, reason = "not every object has fields")]
            fn visit<V: crate::wire::Visit>(&self, visitor: &mut V) -> bool {
                $( visitor.$kind($wire, stringify!($field), &self.$field) && )*
                $( visitor.common(stringify!($common), &self.$common) && )?
                true
            }

            #[inline]
            fn extra(&self) -> &crate::wire::Extra {
                &self.extra
            }

            #[inline]
            fn extra_mut(&mut self) -> &mut crate::wire::Extra {
                &mut self.extra
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                crate::wire::write_object(self, serializer)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                crate::wire::deserialize(deserializer)
            }
        }

        impl std::fmt::Debug for $name {
            /// Shows the fields that are present.
            #[inline]
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                crate::wire::show_object(self, f)
            }
        }
    };

    (@rest $self:ident, $entry:ident) => { Ok(false) };
    (@rest $self:ident, $entry:ident, $common:ident) => {
        $self.$common.read_field($entry.reader, &mut $self.extra)
    };
}
pub(crate) use wire_object;

/// Lets a struct be flattened into another object.
macro_rules! wire_common {
    ($name:ident { $(optional $wire:literal => $field:ident,)* }) => {
        impl $name {
            /// Reads the value of the last key if that is one of these fields, in any case.
            pub(crate) fn read_field(
                &mut self,
                reader: &mut crate::wire::Reader<'_>,
                extra: &mut crate::wire::Extra,
            ) -> Result<bool, crate::wire::Broken> {
                let key = reader.last_key();
                let name = key.name();
                $( if name.eq_ignore_ascii_case($wire.as_bytes()) {
                    if name != $wire.as_bytes() && extra.form($wire) == crate::wire::Form::Usual && self.$field.is_none() {
                        extra.keep_spelling($wire, &key);
                    }
                    crate::wire::read_common(reader, $wire, &mut self.$field, extra)?;
                    return Ok(true);
                } )*
                Ok(false)
            }
        }

        impl crate::wire::Common for $name {
            fn write_fields<M: serde::ser::SerializeMap>(
                &self,
                extra: &crate::wire::Extra,
                map: &mut M,
            ) -> Result<(), M::Error> {
                $( crate::wire::write_optional(map, $wire, self.$field.as_ref(), extra)?; )*
                Ok(())
            }
        }

        impl std::fmt::Debug for $name {
            /// Shows the fields that are present.
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                let mut shown = f.debug_struct(stringify!($name));
                $( if let Some(value) = &self.$field {
                    shown.field(stringify!($field), value);
                } )*
                shown.finish()
            }
        }
    };
}
pub(crate) use wire_common;
