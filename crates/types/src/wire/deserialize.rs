//! serde's `Deserialize` for the types of this crate.

use super::{
    reader::{Broken, Reader},
    value::{Slot, WireValue},
};
use serde::{
    Deserializer, Serialize,
    de::{self, DeserializeSeed, MapAccess, SeqAccess, Visitor},
    forward_to_deserialize_any,
};
use std::{borrow::Cow, cell::Cell, fmt, marker::PhantomData};

/// The name with which a type of this crate requests bytes; only [`Whole`] knows it.
const TEXT: &str = "$tencent_chat_types::text";

/// The name with which serde_json's `RawValue` requests text. A deserializer that doesn't know it, or no
/// longer does, behaves as it would without it, so only speed depends on it.
const RAW_VALUE: &str = "$serde_json::private::RawValue";

thread_local! {
    /// Where the value that is being decoded by [`decode`](super::decode()) doesn't fit. Serde's traits have no way
    /// to return this along with the value.
    pub(super) static FOUND: Cell<Vec<u32>> = const { Cell::new(Vec::new()) };
}

/// JSON text that passes itself to the types of this crate, and serde_json's deserialization to
/// all others.
pub(super) struct Whole<'de>(pub(super) &'de [u8]);

impl<'de> Whole<'de> {
    fn with_serde_json<T>(
        self,
        read: impl FnOnce(
            &mut serde_json::Deserializer<serde_json::de::SliceRead<'de>>,
        ) -> serde_json::Result<T>,
    ) -> serde_json::Result<T> {
        let mut json = serde_json::Deserializer::from_slice(self.0);
        let value = read(&mut json)?;
        json.end()?;
        Ok(value)
    }
}

impl<'de> Deserializer<'de> for Whole<'de> {
    type Error = serde_json::Error;

    /// Tells the types of this crate that they can request bytes.
    fn is_human_readable(&self) -> bool {
        false
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> serde_json::Result<V::Value> {
        self.with_serde_json(|json| json.deserialize_any(visitor))
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> serde_json::Result<V::Value> {
        match name == TEXT {
            true => visitor.visit_borrowed_bytes(self.0),
            false => self.with_serde_json(|json| json.deserialize_newtype_struct(name, visitor)),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> serde_json::Result<V::Value> {
        self.with_serde_json(|json| json.deserialize_struct(name, fields, visitor))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> serde_json::Result<V::Value> {
        self.with_serde_json(|json| json.deserialize_enum(name, variants, visitor))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> serde_json::Result<V::Value> {
        self.with_serde_json(|json| json.deserialize_option(visitor))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct seq tuple tuple_struct map identifier ignored_any
    }
}

/// Reads a value of this crate, from bytes or from the output of another deserializer.
pub(crate) fn deserialize<'de, T: WireValue, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    struct AsText<T>(PhantomData<T>);
    impl<'de, T: WireValue> Visitor<'de> for AsText<T> {
        type Value = T;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(T::EXPECTED)
        }
        fn visit_borrowed_bytes<E: de::Error>(self, json: &'de [u8]) -> Result<T, E> {
            read_whole(json, |misfits| FOUND.set(misfits))
        }
        fn visit_newtype_struct<D: Deserializer<'de>>(
            self,
            deserializer: D,
        ) -> Result<T, D::Error> {
            let mut json = Vec::new();
            deserializer.deserialize_any(Transcribe(&mut json))?;
            read_whole(&json, drop)
        }
        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<T, A::Error> {
            let mut json = Vec::new();
            let key = map.next_key::<Cow<'de, str>>()?;
            if key.as_deref() == Some(RAW_VALUE) {
                let text = map.next_value_seed(Text)?;
                return read_whole(text.as_bytes(), drop);
            }
            transcribe_map(&mut json, key, map)?;
            read_whole(&json, drop)
        }
    }
    let name = match deserializer.is_human_readable() {
        true => RAW_VALUE,
        false => TEXT,
    };
    deserializer.deserialize_newtype_struct(name, AsText(PhantomData))
}

/// Reads a value. Calls `report` with where values did not fit, if any did not.
fn read_whole<T: WireValue, E: de::Error>(
    json: &[u8],
    report: impl FnOnce(Vec<u32>),
) -> Result<T, E> {
    let mut reader = Reader::new(json);
    let begin = reader.begin();
    let value = begin.and_then(|_| T::read(&mut reader, &mut Slot::default()));
    // A large value is copied whenever it goes from one type to another, so only `value` holds it.
    let end = match (begin, &value) {
        (_, Ok(Some(_))) => reader.end(),
        (Ok(mark), Ok(None)) => {
            reader.back(mark);
            reader.slice().and_then(|_| reader.end())
        }
        _ => Err(Broken),
    };
    if end.is_err() {
        return Err(E::custom("invalid JSON"));
    }
    match value {
        Ok(Some(value)) => {
            let misfits = reader.into_misfits();
            if !misfits.is_empty() {
                report(misfits);
            }
            Ok(value)
        }
        _ => {
            let found = kind(json);
            Err(E::custom(format_args!(
                "invalid type: {found}, expected {}",
                T::EXPECTED
            )))
        }
    }
}

/// The type of the value in a text.
fn kind(json: &[u8]) -> &'static str {
    match Reader::new(json).peek() {
        Ok(b'{') => "map",
        Ok(b'[') => "sequence",
        Ok(b'"') => "string",
        Ok(b'n') => "null",
        Ok(b't' | b'f') => "boolean",
        Ok(_) => "number",
        Err(Broken) => "nothing",
    }
}

/// Writes whatever a deserializer yields as JSON.
struct Transcribe<'a>(&'a mut Vec<u8>);

impl Transcribe<'_> {
    fn put<E: de::Error>(self, value: impl Serialize) -> Result<(), E> {
        serde_json::to_writer(self.0, &value).map_err(E::custom)
    }
}

impl<'de> DeserializeSeed<'de> for Transcribe<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Transcribe<'_> {
    type Value = ();
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value of JSON")
    }
    fn visit_bool<E: de::Error>(self, value: bool) -> Result<(), E> {
        self.put(value)
    }
    fn visit_i64<E: de::Error>(self, value: i64) -> Result<(), E> {
        self.put(value)
    }
    fn visit_u64<E: de::Error>(self, value: u64) -> Result<(), E> {
        self.put(value)
    }
    fn visit_f64<E: de::Error>(self, value: f64) -> Result<(), E> {
        self.put(value)
    }
    fn visit_str<E: de::Error>(self, value: &str) -> Result<(), E> {
        self.put(value)
    }
    fn visit_unit<E: de::Error>(self) -> Result<(), E> {
        self.put(())
    }
    fn visit_none<E: de::Error>(self) -> Result<(), E> {
        self.put(())
    }
    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        self.0.push(b'[');
        let begin = self.0.len();
        loop {
            let before = self.0.len();
            if before > begin {
                self.0.push(b',');
            }
            if list.next_element_seed(Transcribe(self.0))?.is_none() {
                self.0.truncate(before);
                self.0.push(b']');
                return Ok(());
            }
        }
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let first = map.next_key::<Cow<'de, str>>()?;
        transcribe_map(self.0, first, map)
    }
}

fn transcribe_map<'de, A: MapAccess<'de>>(
    json: &mut Vec<u8>,
    mut next: Option<Cow<'de, str>>,
    mut map: A,
) -> Result<(), A::Error> {
    json.push(b'{');
    let begin = json.len();
    while let Some(key) = next {
        if json.len() > begin {
            json.push(b',');
        }
        Transcribe(json).put::<A::Error>(key)?;
        json.push(b':');
        map.next_value_seed(Transcribe(json))?;
        next = map.next_key()?;
    }
    json.push(b'}');
    Ok(())
}

/// A string, borrowed if possible.
struct Text;

impl<'de> DeserializeSeed<'de> for Text {
    type Value = Cow<'de, str>;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Text {
    type Value = Cow<'de, str>;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text")
    }
    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(text))
    }
    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(text.to_owned()))
    }
    fn visit_string<E>(self, text: String) -> Result<Self::Value, E> {
        Ok(Cow::Owned(text))
    }
}
