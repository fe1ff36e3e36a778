//! Objects: reading and writing the fields of a generated struct.

use super::{Extra, Form, WireValue, value::Shaped};
use serde::{
    Deserialize, Deserializer,
    de::{self, DeserializeSeed, MapAccess, Visitor},
    ser::SerializeMap,
};
use std::{borrow::Cow, fmt, marker::PhantomData};

/// A key, borrowed from the input where it holds no escapes.
pub(crate) struct Key<'de>(pub(crate) Cow<'de, str>);

impl<'de> Deserialize<'de> for Key<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct KeyVisitor;
        impl<'de> Visitor<'de> for KeyVisitor {
            type Value = Key<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a field name")
            }
            fn visit_borrowed_str<E>(self, name: &'de str) -> Result<Self::Value, E> {
                Ok(Key(Cow::Borrowed(name)))
            }
            fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
                Ok(Key(Cow::Owned(name.to_owned())))
            }
            fn visit_string<E>(self, name: String) -> Result<Self::Value, E> {
                Ok(Key(Cow::Owned(name)))
            }
        }
        deserializer.deserialize_str(KeyVisitor)
    }
}

/// Reads the value of a known key. `None` is `null`.
pub(crate) fn read_field<'de, T: WireValue, A: MapAccess<'de>>(
    map: &mut A,
    name: &'static str,
    before: Option<T>,
    extra: &mut Extra,
) -> Result<Option<T>, A::Error> {
    if before.is_some() {
        return Err(de::Error::duplicate_field(name));
    }
    let mut form = Form::Usual;
    let value = map.next_value_seed(FieldSeed::<T> {
        form: &mut form,
        of: PhantomData,
    })?;
    if form != Form::Usual {
        extra.set_form(name, form);
    }
    Ok(value)
}

struct FieldSeed<'a, T> {
    form: &'a mut Form,
    of: PhantomData<T>,
}

impl<'de, T: WireValue> DeserializeSeed<'de> for FieldSeed<'_, T> {
    type Value = Option<T>;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_option(self)
    }
}

impl<'de, T: WireValue> Visitor<'de> for FieldSeed<'_, T> {
    type Value = Option<T>;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value or null")
    }
    fn visit_none<E>(self) -> Result<Self::Value, E> {
        *self.form = Form::Null;
        Ok(None)
    }
    fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
        self.visit_none()
    }
    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        T::read(deserializer, self.form).map(Some)
    }
}

/// Whether a field still has the value that stands for "missing".
pub(crate) fn is_initial<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// Writes a field in the form in which it came.
pub(crate) fn write_field<T: WireValue, M: SerializeMap>(
    map: &mut M,
    name: &'static str,
    value: Option<&T>,
    form: Form,
) -> Result<(), M::Error> {
    match (value, form) {
        (Some(value), form) => map.serialize_entry(name, &Shaped { value, form }),
        (None, Form::Null) => map.serialize_entry(name, &()),
        (None, _) => Ok(()),
    }
}

/// Gives a generated struct its wire format.
///
/// Each row says whether the field is `required` or `optional`, its wire name and its Rust name.
/// `+ envelope: Envelope` reads the fields that all replies share into a field of their own.
macro_rules! wire_object {
    ($name:ident $(+ $common:ident: $common_type:ident)? { $($kind:ident $wire:literal => $field:ident,)* }) => {
        #[allow(deprecated, reason = "deprecated fields travel like the others")]
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                use serde::ser::SerializeMap as _;
                let mut map = serializer.serialize_map(None)?;
                $( crate::wire::wire_object!(@write $kind map, $wire, &self.$field, &self.extra); )*
                $( self.$common.write_fields(&self.extra, &mut map)?; )?
                self.extra.write_unknown(&mut map)?;
                map.end()
            }
        }

        #[allow(deprecated, reason = "deprecated fields travel like the others")]
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Fields;
                impl<'de> serde::de::Visitor<'de> for Fields {
                    type Value = $name;
                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str(concat!("an object (", stringify!($name), ")"))
                    }
                    fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<$name, A::Error> {
                        #[allow(unused_mut, reason = "a type may have no fields")]
                        let mut extra = crate::wire::Extra::default();
                        $( let mut $common = $common_type::default(); )?
                        $( let mut $field = None; )*
                        while let Some(crate::wire::Key(key)) = map.next_key()? {
                            match &*key {
                                $( $wire => $field = crate::wire::read_field(&mut map, $wire, $field, &mut extra)?, )*
                                _ => {
                                    $( if $common.read_field(&key, &mut map, &mut extra)? { continue; } )?
                                    extra.insert(key, map.next_value::<serde_json::Value>()?);
                                }
                            }
                        }
                        Ok($name {
                            $( $common, )?
                            $( $field: crate::wire::wire_object!(@take $kind $wire, $field, extra), )*
                            extra,
                        })
                    }
                }
                deserializer.deserialize_map(Fields)
            }
        }

        #[allow(deprecated, reason = "deprecated fields are shown like the others")]
        impl std::fmt::Debug for $name {
            /// Shows what is there: absent fields are left out.
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

        crate::wire::wire_object!(@value $name);
    };

    (@value $name:ident) => {
        impl crate::wire::WireValue for $name {
            fn read<'de, D: serde::Deserializer<'de>>(
                deserializer: D,
                _: &mut crate::wire::Form,
            ) -> Result<Self, D::Error> {
                serde::Deserialize::deserialize(deserializer)
            }
            fn write<S: serde::Serializer>(
                &self,
                _: crate::wire::Form,
                serializer: S,
            ) -> Result<S::Ok, S::Error> {
                serde::Serialize::serialize(self, serializer)
            }
        }
    };

    (@take required $wire:literal, $value:expr, $extra:ident) => {
        match $value {
            Some(value) => value,
            None => {
                // A `null` has left its own mark.
                if $extra.form($wire) == crate::wire::Form::Usual {
                    $extra.set_form($wire, crate::wire::Form::Absent);
                }
                Default::default()
            }
        }
    };
    (@take optional $wire:literal, $value:expr, $extra:ident) => { $value };

    (@write required $map:ident, $wire:literal, $value:expr, $extra:expr) => {
        match $extra.form($wire) {
            form @ (crate::wire::Form::Absent | crate::wire::Form::Null) if crate::wire::is_initial($value) => {
                if form == crate::wire::Form::Null {
                    $map.serialize_entry($wire, &())?;
                }
            }
            form => crate::wire::write_field(&mut $map, $wire, Some($value), form)?,
        }
    };
    (@write optional $map:ident, $wire:literal, $value:expr, $extra:expr) => {
        crate::wire::write_field(&mut $map, $wire, $value.as_ref(), $extra.form($wire))?
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

/// Lets a struct read and write its fields as part of another object.
macro_rules! wire_common {
    ($name:ident { $(optional $wire:literal => $field:ident,)* }) => {
        impl $name {
            /// Reads the value of `key` when that is one of these fields.
            pub(crate) fn read_field<'de, A: serde::de::MapAccess<'de>>(
                &mut self,
                key: &str,
                map: &mut A,
                extra: &mut crate::wire::Extra,
            ) -> Result<bool, A::Error> {
                match key {
                    $( $wire => self.$field = crate::wire::read_field(map, $wire, self.$field.take(), extra)?, )*
                    _ => return Ok(false),
                }
                Ok(true)
            }

            /// Writes these fields into the object that holds them.
            pub(crate) fn write_fields<M: serde::ser::SerializeMap>(
                &self,
                extra: &crate::wire::Extra,
                map: &mut M,
            ) -> Result<(), M::Error> {
                $( crate::wire::write_field(map, $wire, self.$field.as_ref(), extra.form($wire))?; )*
                Ok(())
            }
        }

        impl std::fmt::Debug for $name {
            /// Shows what is there: absent fields are left out.
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
