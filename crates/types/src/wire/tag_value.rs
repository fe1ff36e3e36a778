//! The value of a tag: a string, a number or a list.

use super::{Broken, Form, Raw, Reader, Shape, Slot, WireValue, reader::Number, write_text};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

/// The value next to a `Tag` or `Key`, whose type depends on the tag.
///
/// ```
/// use tencent_chat_types::wire::TagValue;
/// assert_eq!(TagValue::from("Ann").as_text(), Some("Ann"));
/// assert_eq!(TagValue::from(20240131).as_integer(), Some(20240131));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TagValue {
    /// A string.
    Text(String),
    /// An integer.
    Integer(i64),
    /// A list of strings.
    List(Vec<String>),
    /// Anything else, unchanged.
    Other(Raw),
}

impl TagValue {
    /// The string, if it is one.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }
    /// The number, if it is an integer in range.
    pub fn as_integer(&self) -> Option<i64> {
        match self {
            Self::Integer(number) => Some(*number),
            _ => None,
        }
    }
    /// The list, if it is one.
    pub fn as_list(&self) -> Option<&[String]> {
        match self {
            Self::List(list) => Some(list),
            _ => None,
        }
    }
}

impl Default for TagValue {
    fn default() -> Self {
        Self::Text(String::new())
    }
}

impl From<&str> for TagValue {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}
impl From<String> for TagValue {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}
impl From<i64> for TagValue {
    fn from(number: i64) -> Self {
        Self::Integer(number)
    }
}
impl From<Vec<String>> for TagValue {
    fn from(list: Vec<String>) -> Self {
        Self::List(list)
    }
}

impl From<Value> for TagValue {
    fn from(value: Value) -> Self {
        match value {
            Value::String(text) => Self::Text(text),
            value => Self::of(value.to_string().as_bytes()),
        }
    }
}

impl TagValue {
    /// The value of a JSON text, unless it is a string.
    fn of(json: &[u8]) -> Self {
        let value = match json.first() {
            Some(b'[') => Self::list_of(json).map(Self::List),
            _ => Self::integer_of(json).map(Self::Integer),
        };
        value.unwrap_or_else(|| Self::Other(Raw::new(json)))
    }

    fn integer_of(json: &[u8]) -> Option<i64> {
        match Reader::new(json).number().ok()?? {
            Number::Unsigned(number) => i64::try_from(number).ok(),
            Number::Negative(number) => Some(number),
            Number::Other(_) => None,
        }
    }

    /// A list in which all items are strings without invalid parts.
    fn list_of(json: &[u8]) -> Option<Vec<String>> {
        let mut reader = Reader::new(json);
        reader.open(b'[').ok()?;
        let (mut list, mut first) = (Vec::new(), true);
        while reader.item(&mut first).ok()? {
            let mut form = Form::Usual;
            let text = reader.text(&mut form).ok()??;
            if form != Form::Usual {
                return None;
            }
            list.push(text.into_owned());
        }
        Some(list)
    }
}

impl Serialize for TagValue {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.write(Shape::default(), serializer)
    }
}

impl<'de> Deserialize<'de> for TagValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        super::deserialize(deserializer)
    }
}

impl WireValue for TagValue {
    const EXPECTED: &'static str = "a value of JSON";
    fn read(reader: &mut Reader<'_>, slot: &mut Slot) -> Result<Option<Self>, Broken> {
        if let Some(text) = reader.text(&mut slot.form)? {
            return Ok(Some(Self::Text(text.into_owned())));
        }
        reader.unknown().map(|json| Some(Self::of(json)))
    }
    fn write<S: Serializer>(&self, shape: Shape<'_>, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => write_text(text, shape, serializer),
            Self::Integer(number) => number.serialize(serializer),
            Self::List(list) => list.serialize(serializer),
            Self::Other(value) => value.serialize(serializer),
        }
    }
}
