//! Unions: one key names the variant, another holds it.

use super::Extra;
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{self, Visitor, value::MapAccessDeserializer, value::SeqAccessDeserializer},
};
use serde_json::{Map, Value};
use std::{borrow::Cow, fmt};

/// The object inside a union. It also keeps what the union's object held beside tag and content.
pub(crate) trait Content {
    fn extra(&self) -> &Extra;
    fn extra_mut(&mut self) -> &mut Extra;
}

/// A variant that this version does not know, kept as it came.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Unknown(Map<String, Value>);

impl Unknown {
    /// A variant of your own: the whole object with its tag and content.
    pub fn new(object: Map<String, Value>) -> Self {
        Self(object)
    }

    /// The whole object.
    pub fn object(&self) -> &Map<String, Value> {
        &self.0
    }

    /// Takes the object out.
    pub fn into_object(self) -> Map<String, Value> {
        self.0
    }
}

impl Serialize for Unknown {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Unknown {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Map::deserialize(deserializer).map(Self)
    }
}

/// The value under the tag's key: a text, or something that names no variant.
pub(crate) enum Tag<'de> {
    Text(Cow<'de, str>),
    Other(Value),
}

impl Tag<'_> {
    pub(crate) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Other(_) => None,
        }
    }

    pub(crate) fn into_value(self) -> Value {
        match self {
            Self::Text(text) => Value::String(text.into_owned()),
            Self::Other(value) => value,
        }
    }
}

impl<'de> Deserialize<'de> for Tag<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TagVisitor;
        impl<'de> Visitor<'de> for TagVisitor {
            type Value = Tag<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the name of a variant")
            }
            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Tag::Text(Cow::Borrowed(text)))
            }
            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Tag::Text(Cow::Owned(text.to_owned())))
            }
            fn visit_string<E>(self, text: String) -> Result<Self::Value, E> {
                Ok(Tag::Text(Cow::Owned(text)))
            }
            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(Tag::Other(Value::Null))
            }
            fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
                Ok(Tag::Other(value.into()))
            }
            fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
                Ok(Tag::Other(value.into()))
            }
            fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
                Ok(Tag::Other(value.into()))
            }
            fn visit_f64<E>(self, value: f64) -> Result<Self::Value, E> {
                Ok(Tag::Other(value.into()))
            }
            fn visit_seq<A: de::SeqAccess<'de>>(self, list: A) -> Result<Self::Value, A::Error> {
                Value::deserialize(SeqAccessDeserializer::new(list)).map(Tag::Other)
            }
            fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                Value::deserialize(MapAccessDeserializer::new(map)).map(Tag::Other)
            }
        }
        deserializer.deserialize_any(TagVisitor)
    }
}

/// Gives a generated union its wire format.
///
/// The tag nearly always comes first; then the content is read straight into its type. A content
/// that comes before the tag waits as a [`Value`]. A known variant whose content does not decode
/// is an error; an unknown tag, a missing tag and a missing content are not.
macro_rules! wire_union {
    ($name:ident, $tag:literal, $content:literal { $($wire:literal => $variant:ident($type:ty),)* }) => {
        impl $name {
            /// The text that names this variant on the wire; empty when an unknown one has none.
            pub fn tag(&self) -> &str {
                match self {
                    $( Self::$variant(_) => $wire, )*
                    Self::Unknown(unknown) => {
                        unknown.object().get($tag).and_then(serde_json::Value::as_str).unwrap_or_default()
                    }
                }
            }
        }

        $(
            impl From<$type> for $name {
                fn from(content: $type) -> Self {
                    Self::$variant(content)
                }
            }
        )*

        impl Default for $name {
            /// An empty object, which stands for a missing value.
            fn default() -> Self {
                Self::Unknown(crate::wire::Unknown::default())
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                use serde::ser::SerializeMap as _;
                match self {
                    $(
                        Self::$variant(content) => {
                            let mut map = serializer.serialize_map(None)?;
                            map.serialize_entry($tag, $wire)?;
                            map.serialize_entry($content, content)?;
                            for (key, value) in crate::wire::Content::extra(content).beside() {
                                map.serialize_entry(key, value)?;
                            }
                            map.end()
                        }
                    )*
                    Self::Unknown(unknown) => unknown.serialize(serializer),
                }
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct TagFirst;
                impl<'de> serde::de::Visitor<'de> for TagFirst {
                    type Value = $name;
                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str(concat!("an object with ", $tag, " (", stringify!($name), ")"))
                    }
                    fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<$name, A::Error> {
                        let mut read: Option<$name> = None;
                        let mut tag: Option<crate::wire::Tag<'de>> = None;
                        let mut waiting: Option<serde_json::Value> = None;
                        let mut beside = serde_json::Map::new();
                        while let Some(crate::wire::Key(key)) = map.next_key()? {
                            match &*key {
                                $tag if tag.is_none() => tag = Some(map.next_value()?),
                                $content if read.is_none() && waiting.is_none() => {
                                    match tag.as_ref().and_then(crate::wire::Tag::text) {
                                        $( Some($wire) => match map.next_value::<Option<$type>>()? {
                                            Some(content) => read = Some($name::$variant(content)),
                                            None => waiting = Some(serde_json::Value::Null),
                                        }, )*
                                        _ => waiting = Some(map.next_value()?),
                                    }
                                }
                                _ => {
                                    beside.insert(key.into_owned(), map.next_value()?);
                                }
                            }
                        }
                        match tag.as_ref().and_then(crate::wire::Tag::text) {
                            $( Some($wire) => if let Some(content) = waiting.take_if(|content| !content.is_null()) {
                                let content = <$type as serde::Deserialize>::deserialize(content)
                                    .map_err(serde::de::Error::custom)?;
                                read = Some($name::$variant(content));
                            }, )*
                            _ => {}
                        }
                        match read {
                            $( Some($name::$variant(mut content)) => {
                                if !beside.is_empty() {
                                    crate::wire::Content::extra_mut(&mut content).set_beside(beside);
                                }
                                Ok($name::$variant(content))
                            } )*
                            _ => {
                                beside.extend(tag.map(|tag| ($tag.to_owned(), tag.into_value())));
                                beside.extend(waiting.map(|content| ($content.to_owned(), content)));
                                Ok($name::Unknown(crate::wire::Unknown::new(beside)))
                            }
                        }
                    }
                }
                deserializer.deserialize_map(TagFirst)
            }
        }

        crate::wire::wire_object!(@value $name);
    };
}
pub(crate) use wire_union;
