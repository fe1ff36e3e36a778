//! Objects: reading and writing the fields of a generated struct.

use super::{
    Broken, Extra, Form, Reader, Slot, WireValue,
    encode::Name,
    extra::misfit_json,
    value::{Shaped, Usual},
};
use serde::ser::SerializeMap;

/// Reads the value of a known key. Returns `None` for `null` and values that don't fit.
#[inline]
pub(crate) fn read_field<T: WireValue>(
    reader: &mut Reader<'_>,
    name: &'static str,
    field: &mut Option<T>,
    extra: &mut Extra,
) -> Result<(), Broken> {
    if field.is_some() || extra.form(name) != Form::Usual {
        return extra.keep_again(reader);
    }
    let mark = reader.mark();
    if reader.peek()? == b'n' {
        extra.set_form(name, Form::Null);
        return reader.null();
    }
    let mut slot = Slot::default();
    match T::read(reader, &mut slot)? {
        None => return extra.keep_misfit(name, reader, mark),
        value => *field = value,
    }
    if slot.form != Form::Usual || slot.items.is_some() {
        extra.keep_shape(name, slot, reader, mark);
    }
    Ok(())
}

/// The value of a required field, or the value that stands for a missing one.
#[inline]
pub(crate) fn required<T: Default>(name: &'static str, field: Option<T>, extra: &mut Extra) -> T {
    field.unwrap_or_else(|| {
        // A `null` and a value that did not fit are recorded already.
        if extra.form(name) == Form::Usual {
            extra.set_form(name, Form::Absent);
        }
        T::default()
    })
}

/// Whether a field still has the value that stands for a missing one.
pub(crate) fn is_initial<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// Writes a required field in its original form.
#[inline]
pub(crate) fn write_required<T: WireValue + Default + PartialEq, M: SerializeMap>(
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

/// Implements the wire format of a generated struct.
///
/// Each row says whether the field is `required` or `optional`, its wire name and its Rust name.
/// `+ envelope: Envelope` reads the fields that all replies share into a separate field.
macro_rules! wire_object {
    ($name:ident $(+ $common:ident: $common_type:ident)? { $($kind:ident $wire:literal => $field:ident,)* }) => {
        #[allow(deprecated, reason = "deprecated fields travel like the others")]
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                use serde::ser::SerializeMap as _;
                let mut map = serializer.serialize_map(None)?;
                $( crate::wire::wire_object!(@write $kind &mut map, $wire, self.$field, &self.extra)?; )*
                $( self.$common.write_fields(&self.extra, &mut map)?; )?
                self.extra.write_unknown(&mut map)?;
                map.end()
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                crate::wire::deserialize(deserializer)
            }
        }

        #[allow(deprecated, reason = "deprecated fields travel like the others")]
        impl crate::wire::WireValue for $name {
            const EXPECTED: &'static str = concat!("an object (", stringify!($name), ")");

            // Inlined into its callers' crates: compiling the decoding of everything takes seconds.
            #[inline]
            fn read(
                reader: &mut crate::wire::Reader<'_>,
                _: &mut crate::wire::Slot,
            ) -> Result<Option<Self>, crate::wire::Broken> {
                if !reader.open(b'{')? {
                    return Ok(None);
                }
                let mut extra = crate::wire::Extra::default();
                $( let mut $common = $common_type::default(); )?
                $( let mut $field = None; )*
                #[allow(non_camel_case_types, reason = "called like the fields")]
                enum Field { $( $field, )* }
                const FIELDS: &[Field] = &[$( Field::$field, )*];
                const KEYS: &[&str] = &[$( concat!(",\"", $wire, "\":"), )*];
                let (mut next, mut first) = (0, true);
                while let Some(field) = reader.field(KEYS, &mut next, &mut first)? {
                    match FIELDS.get(field) {
                        $( Some(Field::$field) => {
                            crate::wire::read_field(reader, $wire, &mut $field, &mut extra)?;
                        } )*
                        _ => {
                            $( if $common.read_field(reader, &mut extra)? { continue; } )?
                            extra.keep_unknown(reader)?;
                        }
                    }
                }
                extra.settle();
                let value = $name {
                    $( $common, )?
                    $( $field: crate::wire::wire_object!(@take $kind $wire, $field, extra), )*
                    extra,
                };
                Ok(Some(value))
            }

            fn write<S: serde::Serializer>(
                &self,
                _: crate::wire::Shape<'_>,
                serializer: S,
            ) -> Result<S::Ok, S::Error> {
                serde::Serialize::serialize(self, serializer)
            }
        }

        #[allow(deprecated, reason = "deprecated fields are shown like the others")]
        impl std::fmt::Debug for $name {
            /// Shows the fields that are present.
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                let mut shown = f.debug_struct(stringify!($name));
                $( crate::wire::wire_object!(@show $kind shown, $field, &self.$field); )*
                $( shown.field(stringify!($common), &self.$common); )?
                if !self.extra.is_empty() {
                    shown.field("extra", &self.extra);
                }
                shown.finish()
            }
        }

        #[allow(deprecated, reason = "deprecated fields can be required, too")]
        impl $name {
            /// Reports required fields that were missing on the wire and have not been set since.
            #[allow(dead_code, unused_variables, reason = "only what is sent is checked, and it may require nothing")]
            pub(crate) fn check_required(&self, checker: &mut crate::validate::Checker) {
                $( crate::wire::wire_object!(@check $kind checker, $wire, &self.$field, &self.extra); )*
                checker.misfits(&self.extra);
            }
        }

        impl crate::wire::Content for $name {
            fn extra(&self) -> &crate::wire::Extra {
                &self.extra
            }
            fn extra_mut(&mut self) -> &mut crate::wire::Extra {
                &mut self.extra
            }
        }
    };

    (@take required $wire:literal, $value:expr, $extra:ident) => {
        crate::wire::required($wire, $value, &mut $extra)
    };
    (@take optional $wire:literal, $value:expr, $extra:ident) => { $value };

    (@write required $map:expr, $wire:literal, $value:expr, $extra:expr) => {
        crate::wire::write_required($map, $wire, &$value, $extra)
    };
    (@write optional $map:expr, $wire:literal, $value:expr, $extra:expr) => {
        crate::wire::write_optional($map, $wire, $value.as_ref(), $extra)
    };

    (@check required $checker:ident, $wire:literal, $value:expr, $extra:expr) => {
        if matches!($extra.form($wire), crate::wire::Form::Absent | crate::wire::Form::Null) {
            $checker.required($wire, crate::wire::is_initial($value));
        }
    };
    (@check optional $checker:ident, $wire:literal, $value:expr, $extra:expr) => {};

    (@show required $shown:ident, $field:ident, $value:expr) => {
        $shown.field(stringify!($field), $value);
    };
    (@show optional $shown:ident, $field:ident, $value:expr) => {
        if let Some(value) = $value {
            $shown.field(stringify!($field), value);
        }
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
                    crate::wire::read_field(reader, $wire, &mut self.$field, extra)?;
                    return Ok(true);
                } )*
                Ok(false)
            }

            /// Writes these fields into the object that contains them.
            pub(crate) fn write_fields<M: serde::ser::SerializeMap>(
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
