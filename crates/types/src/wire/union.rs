//! Unions: one key names the variant, another holds its content.

use super::{Broken, Mark, Object, Raw, Reader, Shape, Slot, WireValue, reader::Decoded};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};
use std::borrow::Cow;

/// A variant that this version doesn't know, or whose content doesn't fit: the whole object,
/// unchanged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unknown(Raw);

impl Unknown {
    /// Creates a variant of your own: the whole object with its tag and content.
    pub fn new(object: Map<String, Value>) -> Self {
        Self(Raw::from(object))
    }

    /// Keeps an object unchanged.
    pub(crate) fn of(object: &[u8]) -> Self {
        Self(Raw::new(object))
    }

    /// The whole object, parsed. Empty if it is nested more deeply than serde_json accepts.
    pub fn object(&self) -> Map<String, Value> {
        self.0.parse().unwrap_or_default()
    }

    /// The whole object, unparsed.
    pub fn raw(&self) -> &Raw {
        &self.0
    }

    /// The string value of a key, as written: nobody escapes letters in the name of a variant.
    pub(crate) fn text(&self, name: &str) -> &str {
        let text = self.0.member(name).and_then(|json| {
            let text = json.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
            std::str::from_utf8(text).ok()
        });
        text.unwrap_or_default()
    }
}

impl Default for Unknown {
    /// An empty object.
    fn default() -> Self {
        Self::of(b"{}")
    }
}

impl Serialize for Unknown {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Unknown {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        super::deserialize(deserializer)
    }
}

impl WireValue for Unknown {
    const EXPECTED: &'static str = "an object";
    fn read(reader: &mut Reader<'_>, _: &mut Slot) -> Result<Option<Self>, Broken> {
        match reader.peek()? {
            b'{' => reader.unknown().map(|object| Some(Self::of(object))),
            _ => Ok(None),
        }
    }
    fn write<S: Serializer>(&self, _: Shape<'_>, serializer: S) -> Result<S::Ok, S::Error> {
        self.serialize(serializer)
    }
}

/// An object with a tag, while it is being read.
pub(crate) struct Tagged<'de> {
    begin: Mark,
    pub(crate) tag: Option<Option<Cow<'de, str>>>,
    /// Where the content is.
    pub(crate) content: Option<Mark>,
    pub(crate) siblings: super::Parts,
}

impl<'de> Tagged<'de> {
    /// Enters the object; `None` if it is something else.
    pub(crate) fn open(reader: &mut Reader<'de>) -> Result<Option<Self>, Broken> {
        reader.peek()?;
        let begin = reader.mark();
        Ok(reader.open(b'{')?.then(|| Self {
            begin,
            tag: None,
            content: None,
            siblings: super::Parts::default(),
        }))
    }

    /// The tag, once it has been read and if it is a string.
    pub(crate) fn tag(&self) -> Option<&str> {
        self.tag.as_ref()?.as_deref()
    }

    /// Reads the value of the tag's key, which may have any type.
    pub(crate) fn read_tag(&mut self, reader: &mut Reader<'de>) -> Result<(), Broken> {
        self.tag = Some(match reader.peek()? {
            b'"' => {
                let mark = reader.mark();
                let Decoded { text, odd } = reader.decoded()?;
                if odd {
                    reader.note(mark);
                }
                Some(text).filter(|_| !odd)
            }
            b'n' => {
                reader.null()?;
                None
            }
            _ => {
                let mark = reader.mark();
                reader.misfit(mark)?;
                None
            }
        });
        Ok(())
    }

    /// Keeps a key besides tag and content.
    pub(crate) fn keep(&mut self, reader: &mut Reader<'de>) -> Result<(), Broken> {
        super::keep(&mut self.siblings, reader)
    }

    /// The whole object, once it has been read.
    pub(crate) fn unknown(&self, reader: &Reader<'de>) -> Unknown {
        Unknown::of(reader.since(self.begin))
    }

    /// Passes the additional keys to a content.
    pub(crate) fn finish(mut self, content: &mut impl Object) {
        if !self.siblings.is_empty() {
            self.siblings.shrink();
            content.extra_mut().set_siblings(self.siblings);
        }
    }
}

/// Reads the content of a known variant. `None` for `null` and values that don't fit.
#[inline]
pub(crate) fn read_content<T: WireValue>(reader: &mut Reader<'_>) -> Result<Option<T>, Broken> {
    if reader.peek()? == b'n' {
        reader.null()?;
        return Ok(None);
    }
    let mark = reader.mark();
    let content = T::read(reader, &mut Slot::default())?;
    if content.is_none() {
        reader.misfit(mark)?;
    }
    Ok(content)
}

/// Implements the wire format of a generated union.
///
/// The tag nearly always comes first; the content is then read directly into its type. If the content
/// precedes the tag, it is read once the tag is known. A known variant whose content doesn't
/// fit is kept whole, like an unknown one.
macro_rules! wire_union {
    ($name:ident, $tag:literal, $content:literal { $($wire:literal => $variant:ident($type:ty),)* }) => {
        impl $name {
            /// The string that names this variant on the wire; empty if an unknown variant has none.
            pub fn tag(&self) -> &str {
                match self {
                    $( Self::$variant(_) => $wire, )*
                    Self::Unknown(unknown) => unknown.text($tag),
                }
            }

            /// Reads the union, unless the value is something other than an object.
            #[inline]
            fn read_union(
                read: &mut Option<Self>,
                reader: &mut crate::wire::Reader<'_>,
            ) -> Result<(), crate::wire::Broken> {
                let Some(mut object) = crate::wire::Tagged::open(reader)? else {
                    return Ok(());
                };
                const KEYS: &[&str] = &[
                    concat!(",\"", $tag, "\":"),
                    concat!(",\"", $content, "\":"),
                ];
                let (mut next, mut first) = (0, true);
                while let Some(field) = reader.field(KEYS, &mut next, &mut first)? {
                    if field == 0 && object.tag.is_none() {
                        object.read_tag(reader)?;
                        if let Some(content) = object.content {
                            reader.again(content, |reader| {
                                Self::read_content(read, object.tag(), reader)
                            })?;
                        }
                    } else if field == 1 && object.content.is_none() {
                        object.content = Some(reader.mark());
                        match &object.tag {
                            Some(_) => Self::read_content(read, object.tag(), reader)?,
                            None => {
                                reader.slice()?;
                            }
                        }
                    } else {
                        object.keep(reader)?;
                    }
                }
                match read {
                    $( Some(Self::$variant(content)) => object.finish(content), )*
                    _ => *read = Some(Self::Unknown(object.unknown(reader))),
                }
                Ok(())
            }

            /// Reads the content of the variant with this tag.
            // Written directly to where it stays: a large content is copied whenever it is returned.
            #[inline]
            fn read_content(
                read: &mut Option<Self>,
                tag: Option<&str>,
                reader: &mut crate::wire::Reader<'_>,
            ) -> Result<(), crate::wire::Broken> {
                match tag {
                    $( Some($wire) => {
                        if let Some(content) = crate::wire::read_content(reader)? {
                            *read = Some(Self::$variant(content));
                        }
                    } )*
                    _ => {
                        reader.unknown()?;
                    }
                }
                Ok(())
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
                            map.serialize_entry(&crate::wire::Name($tag), &crate::wire::Name($wire))?;
                            map.serialize_entry(&crate::wire::Name($content), content)?;
                            crate::wire::Object::extra(content).write_beside(&mut map)?;
                            map.end()
                        }
                    )*
                    Self::Unknown(unknown) => unknown.serialize(serializer),
                }
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                crate::wire::deserialize(deserializer)
            }
        }

        impl crate::wire::WireValue for $name {
            const EXPECTED: &'static str =
                concat!("an object with ", $tag, " (", stringify!($name), ")");

            #[inline]
            fn read(
                reader: &mut crate::wire::Reader<'_>,
                _: &mut crate::wire::Slot,
            ) -> Result<Option<Self>, crate::wire::Broken> {
                let mut read = Ok(None);
                if let Ok(union) = &mut read
                    && Self::read_union(union, reader).is_err()
                {
                    read = Err(crate::wire::Broken);
                }
                read
            }

            fn write<S: serde::Serializer>(
                &self,
                _: crate::wire::Shape<'_>,
                serializer: S,
            ) -> Result<S::Ok, S::Error> {
                serde::Serialize::serialize(self, serializer)
            }
        }
    };
}
pub(crate) use wire_union;
