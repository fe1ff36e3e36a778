//! JSON text, kept unchanged.

use super::{
    canonical::same_json,
    clean::{clean, parse},
    deserialize::deserialize,
    encode::RawJson,
    reader::{Broken, Reader},
    value::{Shape, Slot, WireValue},
};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::DeserializeOwned};
use serde_json::Value;
use std::{borrow::Cow, fmt};

/// A value that this version doesn't interpret, or that didn't fit its field: its original
/// text.
///
/// It uses as much memory as its text, and is parsed on demand.
///
/// ```
/// use tencent_chat_types::wire::Raw;
/// let raw = Raw::from(serde_json::json!({ "OpType": 2 }));
/// assert_eq!(raw.get("OpType").unwrap(), 2);
/// ```
#[derive(Clone)]
pub struct Raw(Box<[u8]>);

impl Raw {
    pub(crate) fn new(json: &[u8]) -> Self {
        Self(json.into())
    }

    /// The original bytes, which need not be valid UTF-8.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The text as valid JSON, with replacement characters for invalid UTF-8.
    pub fn text(&self) -> Cow<'_, str> {
        clean(&self.0)
    }

    /// Parses it, with replacement characters for invalid text.
    ///
    /// # Errors
    ///
    /// The JSON is not a `T`; or it is nested deeper, or contains a larger number, than serde_json accepts.
    pub fn parse<T: DeserializeOwned>(&self) -> serde_json::Result<T> {
        parse(&self.0)
    }

    /// The value of a key, if this is an object that has it. The first one is used.
    pub fn get(&self, name: &str) -> Option<Value> {
        parse(self.member(name)?).ok()
    }

    /// Like [`get`](Self::get), but unparsed.
    pub fn get_raw(&self, name: &str) -> Option<Self> {
        self.member(name).map(Self::new)
    }

    pub(crate) fn member(&self, name: &str) -> Option<&[u8]> {
        let mut reader = Reader::new(&self.0);
        if !reader.open(b'{').ok()? {
            return None;
        }
        let mut first = true;
        while let Some(key) = reader.key(&mut first).ok()? {
            let value = reader.slice().ok()?;
            if key.name() == name.as_bytes() {
                return Some(value.json);
            }
        }
        None
    }
}

impl Default for Raw {
    /// `null`.
    fn default() -> Self {
        Self::new(b"null")
    }
}

impl<T: Into<Value>> From<T> for Raw {
    fn from(value: T) -> Self {
        Self(value.into().to_string().into_bytes().into())
    }
}

/// Compares as JSON: white space and the order of keys are not significant.
impl Eq for Raw {}

impl PartialEq for Raw {
    fn eq(&self, other: &Self) -> bool {
        same_json(&self.0, &other.0)
    }
}

impl PartialEq<Value> for Raw {
    fn eq(&self, other: &Value) -> bool {
        self.parse::<Value>().is_ok_and(|value| value == *other)
    }
}

impl fmt::Debug for Raw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text())
    }
}

impl Serialize for Raw {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        RawJson(&self.0).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserialize(deserializer)
    }
}

impl WireValue for Raw {
    const EXPECTED: &'static str = "a value of JSON";
    fn read(reader: &mut Reader<'_>, _: &mut Slot) -> Result<Option<Self>, Broken> {
        reader.unknown().map(|json| Some(Self::new(json)))
    }
    fn write<S: Serializer>(&self, _: Shape<'_>, serializer: S) -> Result<S::Ok, S::Error> {
        self.serialize(serializer)
    }
}
