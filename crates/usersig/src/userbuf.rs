//! The binary block that a private map key carries: a room, and what may be done in it.

use crate::{
    UserbufError,
    generated::params::{ACCOUNT_TYPE, INTEGER_ROOM_VERSION, STRING_ROOM_VERSION},
};
use std::{
    fmt,
    ops::{BitOr, BitOrAssign},
};

/// Rights in a room, as bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Privileges(pub u32);

impl Privileges {
    /// No right.
    pub const NONE: Self = Self(0);

    /// Whether every right of `other` is among these.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

impl BitOr for Privileges {
    type Output = Self;
    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl BitOrAssign for Privileges {
    fn bitor_assign(&mut self, other: Self) {
        self.0 |= other.0;
    }
}

/// A room, by number or by name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Room {
    /// By number.
    Number(u32),
    /// By name.
    Name(String),
}

impl fmt::Display for Room {
    /// The number or the name.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Name(name) => f.write_str(name),
        }
    }
}

/// What a private map key says beyond who the user is. All numbers travel big-endian, lengths
/// count bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Userbuf {
    /// The user.
    pub account: String,
    /// The app.
    pub sdk_app_id: u32,
    /// The room.
    pub room: Room,
    /// When the rights end, in seconds since 1970.
    pub expires_at: u32,
    /// The rights.
    pub privileges: Privileges,
    /// Kind of account; 0 in all that is documented.
    pub account_type: u32,
}

impl Userbuf {
    /// Rights of a user in a room. A room with an empty name becomes [`Room::Number`] 0: the official
    /// implementations in C++, C#, Go, Java, PHP and Python write the layout without a name for it.
    /// The one in Node writes the layout with an empty name, which [`decode`](Self::decode) reads and
    /// [`encode`](Self::encode) writes again.
    ///
    /// # Errors
    ///
    /// An app or a time that does not fit into the layout.
    pub fn new(
        account: impl Into<String>,
        sdk_app_id: u64,
        room: Room,
        expires_at: u64,
        privileges: Privileges,
    ) -> Result<Self, UserbufError> {
        let narrow = |number: u64, field| {
            u32::try_from(number).map_err(|_| UserbufError::NumberTooLarge { field })
        };
        Ok(Self {
            account: account.into(),
            sdk_app_id: narrow(sdk_app_id, "sdk_app_id")?,
            room: match room {
                Room::Name(name) if name.is_empty() => Room::Number(0),
                room => room,
            },
            expires_at: narrow(expires_at, "expires_at")?,
            privileges,
            account_type: ACCOUNT_TYPE,
        })
    }

    /// The bytes.
    ///
    /// # Errors
    ///
    /// An account or a room name longer than the layout can say.
    pub fn encode(&self) -> Result<Vec<u8>, UserbufError> {
        let length = |text: &str, field| {
            u16::try_from(text.len()).map_err(|_| UserbufError::TextTooLong { field })
        };
        let (version, number, name) = match &self.room {
            Room::Number(number) => (INTEGER_ROOM_VERSION, *number, None),
            Room::Name(name) => (STRING_ROOM_VERSION, 0, Some(name)),
        };
        let mut bytes = Vec::with_capacity(25 + self.account.len() + name.map_or(0, String::len));
        bytes.push(version);
        bytes.extend(length(&self.account, "account")?.to_be_bytes());
        bytes.extend(self.account.as_bytes());
        for number in [
            self.sdk_app_id,
            number,
            self.expires_at,
            self.privileges.0,
            self.account_type,
        ] {
            bytes.extend(number.to_be_bytes());
        }
        if let Some(name) = name {
            bytes.extend(length(name, "room name")?.to_be_bytes());
            bytes.extend(name.as_bytes());
        }
        Ok(bytes)
    }

    /// Reads the bytes.
    ///
    /// # Errors
    ///
    /// Any other layout.
    pub fn decode(bytes: &[u8]) -> Result<Self, UserbufError> {
        let mut rest = bytes;
        let [version] = take::<1>(&mut rest)?;
        if version != INTEGER_ROOM_VERSION && version != STRING_ROOM_VERSION {
            return Err(UserbufError::UnknownVersion(version));
        }
        let account = take_text(&mut rest)?;
        let mut number = || take::<4>(&mut rest).map(u32::from_be_bytes);
        let (sdk_app_id, room, expires_at) = (number()?, number()?, number()?);
        let (privileges, account_type) = (Privileges(number()?), number()?);
        let room = if version == STRING_ROOM_VERSION {
            Room::Name(take_text(&mut rest)?)
        } else {
            Room::Number(room)
        };
        if !rest.is_empty() {
            return Err(UserbufError::Malformed);
        }
        Ok(Self {
            account,
            sdk_app_id,
            room,
            expires_at,
            privileges,
            account_type,
        })
    }
}

fn take<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N], UserbufError> {
    let (head, tail) = rest
        .split_first_chunk::<N>()
        .ok_or(UserbufError::Malformed)?;
    *rest = tail;
    Ok(*head)
}

fn take_text(rest: &mut &[u8]) -> Result<String, UserbufError> {
    let length = usize::from(u16::from_be_bytes(take(rest)?));
    let (head, tail) = rest
        .split_at_checked(length)
        .ok_or(UserbufError::Malformed)?;
    *rest = tail;
    String::from_utf8(head.to_vec()).map_err(|_| UserbufError::Malformed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn lengths_count_bytes() {
        let userbuf = Userbuf::new(
            "林",
            1400000000,
            Room::Name("房间".into()),
            1,
            Privileges::ALL,
        )
        .unwrap();
        let bytes = userbuf.encode().unwrap();
        assert_eq!(&bytes[..6], &[1, 0, 3, 0xe6, 0x9e, 0x97]);
        assert_eq!(bytes.len(), 3 + 3 + 20 + 2 + 6);
        assert_eq!(Userbuf::decode(&bytes).unwrap(), userbuf);
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let long = "x".repeat(65_536);
        let userbuf = Userbuf::new(&long, 1, Room::Number(1), 1, Privileges::NONE).unwrap();
        assert_eq!(
            userbuf.encode(),
            Err(UserbufError::TextTooLong { field: "account" })
        );
        let userbuf = Userbuf::new("a", 1, Room::Name(long), 1, Privileges::NONE).unwrap();
        assert_eq!(
            userbuf.encode(),
            Err(UserbufError::TextTooLong { field: "room name" })
        );
        let big = Userbuf::new("a", 1 << 32, Room::Number(1), 1, Privileges::NONE);
        assert_eq!(
            big,
            Err(UserbufError::NumberTooLarge {
                field: "sdk_app_id"
            })
        );
    }

    proptest! {
        #[test]
        fn anything_is_survived(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
            if let Ok(userbuf) = Userbuf::decode(&bytes) {
                prop_assert_eq!(userbuf.encode().unwrap(), bytes);
            }
        }

        #[test]
        fn what_is_written_is_read(account in ".{0,40}", room in ".{0,40}", bits: u32, at: u32, number: u32, named: bool) {
            let room = if named { Room::Name(room) } else { Room::Number(number) };
            let mut userbuf = Userbuf::new(account, 7, room.clone(), at.into(), Privileges(bits)).unwrap();
            prop_assert_eq!(Userbuf::decode(&userbuf.encode().unwrap()).unwrap(), userbuf.clone());
            userbuf.room = room;
            prop_assert_eq!(Userbuf::decode(&userbuf.encode().unwrap()).unwrap(), userbuf);
        }
    }
}
