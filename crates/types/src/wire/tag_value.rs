//! The value of a tag: a text, a number or a list.

use super::{Form, WireValue};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

/// The value beside a `Tag` or `Key` whose kind depends on the tag.
///
/// ```
/// use tencent_chat_types::wire::TagValue;
/// assert_eq!(TagValue::from("Ann").as_text(), Some("Ann"));
/// assert_eq!(TagValue::from(20240131).as_integer(), Some(20240131));
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum TagValue {
    /// A text.
    Text(String),
    /// A whole number.
    Integer(i64),
    /// A list of texts.
    List(Vec<String>),
    /// Anything else, as it is.
    Other(Value),
}

impl TagValue {
    /// The text, if it is one.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }
    /// The number, if it is one that fits.
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
            Value::Number(ref number) => number.as_i64().map_or(Self::Other(value), Self::Integer),
            Value::Array(ref items) if items.iter().all(Value::is_string) => {
                let Value::Array(items) = value else {
                    return Self::Other(Value::Null);
                };
                let text = |item| {
                    if let Value::String(text) = item {
                        Some(text)
                    } else {
                        None
                    }
                };
                Self::List(items.into_iter().filter_map(text).collect())
            }
            other => Self::Other(other),
        }
    }
}

impl Serialize for TagValue {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => text.serialize(serializer),
            Self::Integer(number) => number.serialize(serializer),
            Self::List(list) => list.serialize(serializer),
            Self::Other(value) => value.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for TagValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Value::deserialize(deserializer).map(Self::from)
    }
}

impl WireValue for TagValue {
    fn read<'de, D: Deserializer<'de>>(deserializer: D, _: &mut Form) -> Result<Self, D::Error> {
        Self::deserialize(deserializer)
    }
    fn write<S: Serializer>(&self, _: Form, serializer: S) -> Result<S::Ok, S::Error> {
        self.serialize(serializer)
    }
}
