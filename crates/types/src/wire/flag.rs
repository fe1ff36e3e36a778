//! 0 or 1.

use super::{Form, WireValue};
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{self, Unexpected, Visitor},
};
use std::fmt;

/// A yes or no that travels as 1 or 0.
///
/// Any other number is kept; [`is_on`](Self::is_on) takes it for a yes.
///
/// ```
/// use tencent_chat_types::wire::Flag;
/// assert_eq!(Flag::from(true), Flag::ON);
/// assert!(Flag(2).is_on());
/// ```
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Flag(pub i64);

impl Flag {
    /// No: 0.
    pub const OFF: Self = Self(0);
    /// Yes: 1.
    pub const ON: Self = Self(1);

    /// Whether the flag is anything but 0.
    pub const fn is_on(self) -> bool {
        self.0 != 0
    }
}

impl From<bool> for Flag {
    fn from(on: bool) -> Self {
        Self(i64::from(on))
    }
}

impl fmt::Debug for Flag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            0 => f.write_str("OFF"),
            1 => f.write_str("ON"),
            other => write!(f, "Flag({other})"),
        }
    }
}

impl WireValue for Flag {
    fn read<'de, D: Deserializer<'de>>(deserializer: D, form: &mut Form) -> Result<Self, D::Error> {
        struct FlagVisitor<'a>(&'a mut Form);
        impl Visitor<'_> for FlagVisitor<'_> {
            type Value = Flag;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("0 or 1")
            }
            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Flag, E> {
                i64::try_from(number)
                    .map(Flag)
                    .map_err(|_| E::invalid_value(Unexpected::Unsigned(number), &self))
            }
            fn visit_i64<E>(self, number: i64) -> Result<Flag, E> {
                Ok(Flag(number))
            }
            fn visit_bool<E>(self, on: bool) -> Result<Flag, E> {
                *self.0 = Form::Bool;
                Ok(on.into())
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Flag, E> {
                match text.parse::<i64>() {
                    Ok(number) if number.to_string() == text => {
                        *self.0 = Form::Text;
                        Ok(Flag(number))
                    }
                    _ => Err(E::invalid_value(Unexpected::Str(text), &self)),
                }
            }
        }
        deserializer.deserialize_any(FlagVisitor(form))
    }

    fn write<S: Serializer>(&self, form: Form, serializer: S) -> Result<S::Ok, S::Error> {
        match (form, self.0) {
            (Form::Bool, 0 | 1) => serializer.serialize_bool(self.is_on()),
            (Form::Text, number) => serializer.collect_str(&number),
            (_, number) => serializer.serialize_i64(number),
        }
    }
}

impl Serialize for Flag {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(self.0)
    }
}

impl<'de> Deserialize<'de> for Flag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::read(deserializer, &mut Form::Usual)
    }
}
