//! Constructing items from their contents, and looking them up by key: building blocks of generated code.

use crate::wire::TagValue;

/// An item that assigns a value to a key: a custom field, an attribute, a counter, a field of a profile.
///
/// Such items can be constructed from tuples, and found in a list by [`KeyValues::value_of`]:
///
/// ```
/// use tencent_chat_types::prelude::*;
///
/// let reset = group::ResetGroupAttributes::new("chess", [("opening", "Caro-Kann"), ("round", "2")]);
/// assert_eq!(reset.group_attr.value_of("round").map(String::as_str), Some("2"));
/// assert_eq!(reset.group_attr.value_of("clock"), None);
/// ```
pub trait KeyValue {
    /// The type of the value.
    type Value;
    /// The key, as it is on the wire.
    fn key(&self) -> &str;
    /// The value. `None` if the item has none.
    fn value(&self) -> Option<&Self::Value>;
}

/// A list of [`KeyValue`] items.
pub trait KeyValues<T: KeyValue> {
    /// The value of the first item with this key.
    fn value_of(&self, key: impl AsRef<str>) -> Option<&T::Value>;
}

impl<T: KeyValue> KeyValues<T> for [T] {
    fn value_of(&self, key: impl AsRef<str>) -> Option<&T::Value> {
        let key = key.as_ref();
        self.iter().find(|item| item.key() == key)?.value()
    }
}

/// Anything with fields by tag, each with its own type of value: a profile, a friend, or a list of their items.
///
/// The traits generated for each kind of tag, such as `ProfileFields`, read these values by their types. A value of
/// an unexpected type reads as missing there, and is available here.
pub trait TaggedFields {
    /// The value of the first item with this tag, unchanged.
    fn tagged(&self, tag: &str) -> Option<&TagValue>;
}

impl<T: KeyValue<Value = TagValue>> TaggedFields for [T] {
    fn tagged(&self, tag: &str) -> Option<&TagValue> {
        self.value_of(tag)
    }
}

/// Implements construction of a type from the one string that its constructor takes.
macro_rules! from_text {
    ($name:ident) => {
        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self::new(text)
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self::new(text)
            }
        }

        impl From<&String> for $name {
            fn from(text: &String) -> Self {
                Self::new(text.as_str())
            }
        }

        // The items of `&[&str]`.
        impl From<&&str> for $name {
            fn from(text: &&str) -> Self {
                Self::new(*text)
            }
        }
    };
}
pub(crate) use from_text;

/// Implements construction of a union from what one of its variants is constructed from.
macro_rules! union_from_text {
    ($name:ident::$variant:ident($content:ident)) => {
        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self::$variant($content::new(text))
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self::$variant($content::new(text))
            }
        }

        impl From<&String> for $name {
            fn from(text: &String) -> Self {
                Self::$variant($content::new(text.as_str()))
            }
        }

        impl From<&&str> for $name {
            fn from(text: &&str) -> Self {
                Self::$variant($content::new(*text))
            }
        }
    };
}
pub(crate) use union_from_text;

/// Implements construction of a type from a tuple: key and value. Its other fields are optional.
macro_rules! from_pair {
    ($name:ident { $key:ident: $key_type:ty, $kind:ident $value:ident: $value_type:ty $(, $other:ident)* }) => {
        impl<K: Into<$key_type>, V: Into<$value_type>> From<(K, V)> for $name {
            fn from((key, value): (K, V)) -> Self {
                Self {
                    $key: key.into(),
                    $value: crate::conversions::from_pair!(@ $kind value.into()),
                    $( $other: None, )*
                    extra: crate::wire::Extra::default(),
                }
            }
        }
    };
    (@ required $value:expr) => { $value };
    (@ optional $value:expr) => { Some($value) };
}
pub(crate) use from_pair;

/// Implements [`KeyValue`] for a type.
macro_rules! key_value {
    ($name:ident { $key:ident, $kind:ident $value:ident: $value_type:ty }) => {
        impl crate::KeyValue for $name {
            type Value = $value_type;
            fn key(&self) -> &str {
                self.$key.as_ref()
            }
            fn value(&self) -> Option<&$value_type> {
                crate::conversions::key_value!(@ $kind self.$value)
            }
        }
    };
    (@ required $value:expr) => { Some(&$value) };
    (@ optional $value:expr) => { $value.as_ref() };
}
pub(crate) use key_value;

/// Implements a builder for the elements of a union. Each row is a method for one kind.
macro_rules! union_list {
    ($name:ident of $union:ident { $($method:ident($content:ident),)* }) => {
        impl $name {
            /// Creates a list without elements.
            pub fn new() -> Self {
                Self::default()
            }

            /// Adds an element, or anything that converts into one.
            #[must_use]
            pub fn with(mut self, element: impl Into<$union>) -> Self {
                self.0.push(element.into());
                self
            }

            $(
                #[doc = concat!("Adds a [`", stringify!($content), "`], or anything that converts into one.")]
                #[must_use]
                pub fn $method(self, element: impl Into<$content>) -> Self {
                    self.with(element.into())
                }
            )*
        }

        impl<T: Into<$union>> FromIterator<T> for $name {
            fn from_iter<I: IntoIterator<Item = T>>(elements: I) -> Self {
                Self(elements.into_iter().map(Into::into).collect())
            }
        }

        impl<T: Into<$union>> Extend<T> for $name {
            fn extend<I: IntoIterator<Item = T>>(&mut self, elements: I) {
                self.0.extend(elements.into_iter().map(Into::into));
            }
        }

        impl IntoIterator for $name {
            type Item = $union;
            type IntoIter = std::vec::IntoIter<$union>;
            fn into_iter(self) -> Self::IntoIter {
                self.0.into_iter()
            }
        }

        impl From<$name> for Vec<$union> {
            fn from(list: $name) -> Self {
                list.0
            }
        }

        impl From<Vec<$union>> for $name {
            fn from(elements: Vec<$union>) -> Self {
                Self(elements)
            }
        }

        impl AsRef<[$union]> for $name {
            fn as_ref(&self) -> &[$union] {
                &self.0
            }
        }
    };
}
pub(crate) use union_list;
