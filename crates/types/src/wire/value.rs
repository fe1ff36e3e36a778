//! Single values: numbers, texts, lists. Each is read leniently and written back as it came.

use super::Form;
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{self, DeserializeSeed, SeqAccess, Unexpected, Visitor},
    ser::{SerializeMap, SerializeSeq},
};
use serde_json::Value;
use std::{collections::BTreeMap, fmt, marker::PhantomData};

/// The value of a field.
pub(crate) trait WireValue: Sized {
    /// Reads a value that is not `null`; notes in `form` when it came in another form.
    fn read<'de, D: Deserializer<'de>>(deserializer: D, form: &mut Form) -> Result<Self, D::Error>;
    /// Writes the value in the form in which it came.
    fn write<S: Serializer>(&self, form: Form, serializer: S) -> Result<S::Ok, S::Error>;
}

/// A value with the form to write it in.
pub(crate) struct Shaped<'a, T> {
    pub(crate) value: &'a T,
    pub(crate) form: Form,
}

impl<T: WireValue> Serialize for Shaped<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.value.write(self.form, serializer)
    }
}

/// Reads a list element or map value, with its form.
struct Element<'a, T> {
    form: &'a mut Form,
    of: PhantomData<T>,
}

impl<'de, T: WireValue> DeserializeSeed<'de> for Element<'_, T> {
    type Value = T;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<T, D::Error> {
        T::read(deserializer, self.form)
    }
}

macro_rules! integers {
    ($($int:ident)*) => { $(
        impl WireValue for $int {
            fn read<'de, D: Deserializer<'de>>(deserializer: D, form: &mut Form) -> Result<Self, D::Error> {
                struct IntegerVisitor<'a>(&'a mut Form);
                impl Visitor<'_> for IntegerVisitor<'_> {
                    type Value = $int;
                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str(concat!("an integer (", stringify!($int), ")"))
                    }
                    fn visit_u64<E: de::Error>(self, number: u64) -> Result<$int, E> {
                        $int::try_from(number).map_err(|_| E::invalid_value(Unexpected::Unsigned(number), &self))
                    }
                    fn visit_i64<E: de::Error>(self, number: i64) -> Result<$int, E> {
                        $int::try_from(number).map_err(|_| E::invalid_value(Unexpected::Signed(number), &self))
                    }
                    fn visit_str<E: de::Error>(self, text: &str) -> Result<$int, E> {
                        match text.parse::<$int>() {
                            // `007` and `+7` would be written back as `7`.
                            Ok(number) if number.to_string() == text => {
                                *self.0 = Form::Text;
                                Ok(number)
                            }
                            _ => Err(E::invalid_value(Unexpected::Str(text), &self)),
                        }
                    }
                }
                deserializer.deserialize_any(IntegerVisitor(form))
            }
            fn write<S: Serializer>(&self, form: Form, serializer: S) -> Result<S::Ok, S::Error> {
                match form {
                    Form::Text => serializer.collect_str(self),
                    _ => self.serialize(serializer),
                }
            }
        }
    )* };
}
integers!(u32 u64 i32 i64);

impl WireValue for f64 {
    fn read<'de, D: Deserializer<'de>>(deserializer: D, form: &mut Form) -> Result<Self, D::Error> {
        /// Integers up to here have a fraction-free double of the same value.
        const EXACT: u64 = 1 << 53;
        struct FloatVisitor<'a>(&'a mut Form);
        impl Visitor<'_> for FloatVisitor<'_> {
            type Value = f64;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number")
            }
            fn visit_f64<E>(self, number: f64) -> Result<f64, E> {
                Ok(number)
            }
            fn visit_u64<E: de::Error>(self, number: u64) -> Result<f64, E> {
                if number > EXACT {
                    return Err(E::invalid_value(Unexpected::Unsigned(number), &self));
                }
                *self.0 = Form::Integer;
                Ok(number as f64)
            }
            fn visit_i64<E: de::Error>(self, number: i64) -> Result<f64, E> {
                if number.unsigned_abs() > EXACT {
                    return Err(E::invalid_value(Unexpected::Signed(number), &self));
                }
                *self.0 = Form::Integer;
                Ok(number as f64)
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<f64, E> {
                match text.parse::<f64>() {
                    Ok(number) if number.is_finite() && number.to_string() == text => {
                        *self.0 = Form::Text;
                        Ok(number)
                    }
                    _ => Err(E::invalid_value(Unexpected::Str(text), &self)),
                }
            }
        }
        deserializer.deserialize_any(FloatVisitor(form))
    }

    fn write<S: Serializer>(&self, form: Form, serializer: S) -> Result<S::Ok, S::Error> {
        match form {
            Form::Text => serializer.collect_str(self),
            Form::Integer if self.fract() == 0.0 && self.abs() <= 9_007_199_254_740_992.0 => {
                serializer.serialize_i64(*self as i64)
            }
            _ => serializer.serialize_f64(*self),
        }
    }
}

impl WireValue for bool {
    fn read<'de, D: Deserializer<'de>>(deserializer: D, form: &mut Form) -> Result<Self, D::Error> {
        struct BoolVisitor<'a>(&'a mut Form);
        impl Visitor<'_> for BoolVisitor<'_> {
            type Value = bool;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("true or false")
            }
            fn visit_bool<E>(self, value: bool) -> Result<bool, E> {
                Ok(value)
            }
            fn visit_u64<E: de::Error>(self, number: u64) -> Result<bool, E> {
                *self.0 = Form::Integer;
                match number {
                    0 => Ok(false),
                    1 => Ok(true),
                    _ => Err(E::invalid_value(Unexpected::Unsigned(number), &self)),
                }
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<bool, E> {
                *self.0 = Form::Text;
                text.parse()
                    .map_err(|_| E::invalid_value(Unexpected::Str(text), &self))
            }
        }
        deserializer.deserialize_any(BoolVisitor(form))
    }

    fn write<S: Serializer>(&self, form: Form, serializer: S) -> Result<S::Ok, S::Error> {
        match form {
            Form::Integer => serializer.serialize_u64(u64::from(*self)),
            Form::Text => serializer.collect_str(self),
            _ => serializer.serialize_bool(*self),
        }
    }
}

impl WireValue for String {
    fn read<'de, D: Deserializer<'de>>(deserializer: D, form: &mut Form) -> Result<Self, D::Error> {
        struct TextVisitor<'a>(&'a mut Form);
        impl Visitor<'_> for TextVisitor<'_> {
            type Value = String;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }
            fn visit_str<E>(self, text: &str) -> Result<String, E> {
                Ok(text.to_owned())
            }
            fn visit_string<E>(self, text: String) -> Result<String, E> {
                Ok(text)
            }
            fn visit_u64<E>(self, number: u64) -> Result<String, E> {
                *self.0 = Form::Integer;
                Ok(number.to_string())
            }
            fn visit_i64<E>(self, number: i64) -> Result<String, E> {
                *self.0 = Form::Integer;
                Ok(number.to_string())
            }
        }
        deserializer.deserialize_any(TextVisitor(form))
    }

    fn write<S: Serializer>(&self, form: Form, serializer: S) -> Result<S::Ok, S::Error> {
        write_text(self, form, serializer)
    }
}

/// Writes a text, as a number where it came as one.
pub(crate) fn write_text<S: Serializer>(
    text: &str,
    form: Form,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    if form == Form::Integer {
        if let Ok(number) = text.parse::<u64>() {
            return serializer.serialize_u64(number);
        }
        if let Ok(number) = text.parse::<i64>() {
            return serializer.serialize_i64(number);
        }
    }
    serializer.serialize_str(text)
}

impl WireValue for Value {
    fn read<'de, D: Deserializer<'de>>(deserializer: D, _: &mut Form) -> Result<Self, D::Error> {
        Self::deserialize(deserializer)
    }
    fn write<S: Serializer>(&self, _: Form, serializer: S) -> Result<S::Ok, S::Error> {
        self.serialize(serializer)
    }
}

impl<T: WireValue> WireValue for Box<T> {
    fn read<'de, D: Deserializer<'de>>(deserializer: D, form: &mut Form) -> Result<Self, D::Error> {
        T::read(deserializer, form).map(Self::new)
    }
    fn write<S: Serializer>(&self, form: Form, serializer: S) -> Result<S::Ok, S::Error> {
        T::write(self, form, serializer)
    }
}

impl<T: WireValue> WireValue for Vec<T> {
    fn read<'de, D: Deserializer<'de>>(deserializer: D, form: &mut Form) -> Result<Self, D::Error> {
        struct ListVisitor<'a, T>(&'a mut Form, PhantomData<T>);
        impl<'de, T: WireValue> Visitor<'de> for ListVisitor<'_, T> {
            type Value = Vec<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list")
            }
            /// Some back ends write an empty list as an empty object.
            fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<Vec<T>, A::Error> {
                if map.next_key::<de::IgnoredAny>()?.is_some() {
                    return Err(de::Error::invalid_type(Unexpected::Map, &self));
                }
                *self.0 = Form::EmptyOther;
                Ok(Vec::new())
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Vec<T>, A::Error> {
                // The hint comes from the sender in some formats: never reserve much on its word.
                let mut items = Vec::with_capacity(list.size_hint().unwrap_or(0).min(64));
                while let Some(item) = list.next_element_seed(Element {
                    form: self.0,
                    of: PhantomData,
                })? {
                    items.push(item);
                }
                Ok(items)
            }
        }
        deserializer.deserialize_any(ListVisitor(form, PhantomData))
    }

    fn write<S: Serializer>(&self, form: Form, serializer: S) -> Result<S::Ok, S::Error> {
        if form == Form::EmptyOther && self.is_empty() {
            return serializer.serialize_map(Some(0))?.end();
        }
        let mut list = serializer.serialize_seq(Some(self.len()))?;
        for value in self {
            list.serialize_element(&Shaped { value, form })?;
        }
        list.end()
    }
}

impl<T: WireValue> WireValue for BTreeMap<String, T> {
    fn read<'de, D: Deserializer<'de>>(deserializer: D, form: &mut Form) -> Result<Self, D::Error> {
        struct MapVisitor<'a, T>(&'a mut Form, PhantomData<T>);
        impl<'de, T: WireValue> Visitor<'de> for MapVisitor<'_, T> {
            type Value = BTreeMap<String, T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            /// Some back ends write an empty object as an empty list.
            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
                if list.next_element::<de::IgnoredAny>()?.is_some() {
                    return Err(de::Error::invalid_type(Unexpected::Seq, &self));
                }
                *self.0 = Form::EmptyOther;
                Ok(BTreeMap::new())
            }
            fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut items = BTreeMap::new();
                while let Some(key) = map.next_key()? {
                    items.insert(
                        key,
                        map.next_value_seed(Element {
                            form: self.0,
                            of: PhantomData,
                        })?,
                    );
                }
                Ok(items)
            }
        }
        deserializer.deserialize_any(MapVisitor(form, PhantomData))
    }

    fn write<S: Serializer>(&self, form: Form, serializer: S) -> Result<S::Ok, S::Error> {
        if form == Form::EmptyOther && self.is_empty() {
            return serializer.serialize_seq(Some(0))?.end();
        }
        let mut map = serializer.serialize_map(Some(self.len()))?;
        for (key, value) in self {
            map.serialize_entry(key, &Shaped { value, form })?;
        }
        map.end()
    }
}

/// Gives a newtype over `i64` the wire format of an integer.
macro_rules! delegate_to_i64 {
    ($name:ty) => {
        impl crate::wire::WireValue for $name {
            fn read<'de, D: serde::Deserializer<'de>>(
                deserializer: D,
                form: &mut crate::wire::Form,
            ) -> Result<Self, D::Error> {
                <i64 as crate::wire::WireValue>::read(deserializer, form).map(Self)
            }
            fn write<S: serde::Serializer>(
                &self,
                form: crate::wire::Form,
                serializer: S,
            ) -> Result<S::Ok, S::Error> {
                crate::wire::WireValue::write(&self.0, form, serializer)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_i64(self.0)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                crate::wire::WireValue::read(deserializer, &mut crate::wire::Form::Usual)
            }
        }
    };
}
pub(crate) use delegate_to_i64;
