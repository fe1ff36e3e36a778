//! Open enums: named values that can be matched on, which can also hold any other value.

use super::{Broken, Reader, Slot, value::read_number_as_text};

/// The string in an open string enum.
///
/// A value that this version knows needs no allocation, and its constant can be used in a
/// `match` pattern.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Text(Repr);

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Repr {
    Known(&'static str),
    Other(Box<str>),
}

impl Text {
    pub(crate) const fn known(text: &'static str) -> Self {
        Self(Repr::Known(text))
    }

    /// Known values must always be `Known`, or they would not match their constants.
    pub(crate) fn new(text: &str, known: &[&'static str]) -> Self {
        match known.iter().find(|k| **k == text) {
            Some(known) => Self::known(known),
            None if text.is_empty() => Self::known(""),
            None => Self(Repr::Other(text.into())),
        }
    }

    pub(crate) fn read(
        reader: &mut Reader<'_>,
        slot: &mut Slot,
        known: &[&'static str],
    ) -> Result<Option<Self>, Broken> {
        Ok(match reader.text(&mut slot.form)? {
            Some(text) => Some(Self::new(&text, known)),
            None => read_number_as_text(reader, slot)?.map(|text| Self::new(&text, known)),
        })
    }

    pub(crate) fn as_str(&self) -> &str {
        match &self.0 {
            Repr::Known(text) => text,
            Repr::Other(text) => text,
        }
    }
}

impl std::fmt::Debug for Text {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.as_str().fmt(f)
    }
}

/// Implements the wire format and conversions of a newtype over [`Text`].
macro_rules! wire_string_enum {
    ($name:ident { $($wire:literal,)* }) => {
        impl $name {
            const KNOWN: &[&'static str] = &[$($wire),*];

            /// The value on the wire.
            pub fn as_str(&self) -> &str {
                self.0.as_str()
            }

            /// Whether this version has a name for the value.
            pub fn is_known(&self) -> bool {
                Self::KNOWN.contains(&self.as_str())
            }
        }

        impl Default for $name {
            /// The empty string, which stands for a missing value.
            fn default() -> Self {
                Self(crate::wire::Text::known(""))
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(crate::wire::Text::new(text, Self::KNOWN))
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                text.as_str().into()
            }
        }

        impl std::str::FromStr for $name {
            type Err = std::convert::Infallible;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Ok(text.into())
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                self.as_str()
            }
        }

        impl PartialEq<str> for $name {
            fn eq(&self, text: &str) -> bool {
                self.as_str() == text
            }
        }

        impl PartialEq<&str> for $name {
            fn eq(&self, text: &&str) -> bool {
                self.as_str() == *text
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "{}({:?})", stringify!($name), self.as_str())
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl crate::wire::WireValue for $name {
            const EXPECTED: &'static str = concat!("a string (", stringify!($name), ")");
            fn read(
                reader: &mut crate::wire::Reader<'_>,
                slot: &mut crate::wire::Slot,
            ) -> Result<Option<Self>, crate::wire::Broken> {
                let text = crate::wire::Text::read(reader, slot, Self::KNOWN)?;
                Ok(text.map(Self))
            }
            fn write<S: serde::Serializer>(
                &self,
                shape: crate::wire::Shape<'_>,
                serializer: S,
            ) -> Result<S::Ok, S::Error> {
                crate::wire::write_text(self.as_str(), shape, serializer)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                crate::wire::deserialize(deserializer)
            }
        }
    };
}
pub(crate) use wire_string_enum;

/// Implements the wire format and conversions of a newtype over `i64`.
macro_rules! wire_integer_enum {
    ($name:ident { $($wire:literal => $constant:ident,)* }) => {
        impl $name {
            /// Name of the constant, if this version has one for the value.
            pub const fn name(self) -> Option<&'static str> {
                match self.0 {
                    $( $wire => Some(stringify!($constant)), )*
                    _ => None,
                }
            }
        }

        impl From<i64> for $name {
            fn from(number: i64) -> Self {
                Self(number)
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                match self.name() {
                    Some(name) => write!(f, "{}({} {})", stringify!($name), self.0, name),
                    None => write!(f, "{}({})", stringify!($name), self.0),
                }
            }
        }

        crate::wire::delegate_to_i64!($name);
    };
}
pub(crate) use wire_integer_enum;
