//! 0 or 1.

use super::{Broken, Form, Reader, Shape, Slot, WireValue};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// A Boolean that is 1 or 0 on the wire.
///
/// Any other number is kept; [`is_on`](Self::is_on) treats it as true.
///
/// ```
/// use tencent_chat_types::wire::Flag;
/// assert_eq!(Flag::from(true), Flag::ON);
/// assert!(Flag(2).is_on());
/// assert!(bool::from(Flag::ON) && Flag::OFF == false);
/// ```
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Flag(pub i64);

impl Flag {
    /// False: 0.
    pub const OFF: Self = Self(0);
    /// True: 1.
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

impl From<Flag> for bool {
    fn from(flag: Flag) -> Self {
        flag.is_on()
    }
}

impl PartialEq<bool> for Flag {
    fn eq(&self, on: &bool) -> bool {
        self.is_on() == *on
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
    const EXPECTED: &'static str = "0 or 1";
    #[inline]
    fn read(reader: &mut Reader<'_>, slot: &mut Slot) -> Result<Option<Self>, Broken> {
        if let b't' | b'f' = reader.peek()? {
            slot.form = Form::Bool;
            return reader.boolean().map(|on| Some(on.into()));
        }
        Ok(i64::read(reader, slot)?.map(Self))
    }

    #[inline]
    fn write<S: Serializer>(&self, shape: Shape<'_>, serializer: S) -> Result<S::Ok, S::Error> {
        match (shape.form, self.0) {
            (Form::Bool, 0 | 1) => serializer.serialize_bool(self.is_on()),
            (_, number) => number.write(shape, serializer),
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
        super::deserialize(deserializer)
    }
}
