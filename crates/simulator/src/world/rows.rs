//! What the world is made of, row by row: so it is stored, and so a snapshot holds it.

use super::{
    stamp::Stamp,
    table::{Entry, Table},
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

macro_rules! kinds {
    ($( $(#[$docs:meta])* $kind:ident = $number:literal $name:literal, )*) => {
        /// What a row is about. Rows are read in this order: what others are a part of comes first.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub(crate) enum Kind {
            $( $(#[$docs])* $kind = $number, )*
        }

        impl Kind {
            /// All of them.
            pub(crate) const ALL: &[Self] = &[$(Self::$kind),*];

            /// Its name in a snapshot.
            pub(crate) fn name(self) -> &'static str {
                match self {
                    $( Self::$kind => $name, )*
                }
            }
        }
    };
}

kinds! {
    /// Counters, and which users are chatbots; one row.
    App = 1 "app",
    /// What pushing remembers; one row.
    Push = 2 "push",
    /// A push that was made, by its id.
    MadePush = 3 "made_push",
    /// A scheduled push, by its number.
    ScheduledPush = 4 "scheduled_push",
    /// A message whose duplicates are dropped, by its place in the order of sending.
    Duplicate = 5 "duplicate",
    /// A user.
    Account = 10 "account",
    /// A conversation on a user's list: user, `u` or `g`, the other user or the group.
    Conversation = 11 "conversation",
    /// Marks on a conversation, by the same.
    Marks = 12 "marks",
    /// What a user has not read: user, the other user.
    Unread = 13 "unread",
    /// A user's friend: user, friend.
    Friend = 14 "friend",
    /// A user whom another blocks: who blocks, who is blocked.
    Blocked = 15 "blocked",
    /// A group.
    Group = 20 "group",
    /// Attributes of a group.
    Attributes = 21 "attributes",
    /// A member: group, user.
    Member = 22 "member",
    /// From where on a member has the group on the list of conversations: group, user.
    Unlisted = 23 "unlisted",
    /// A banned user: group, user.
    Banned = 24 "banned",
    /// Marks of a member of a live group: group, user.
    LiveMarks = 25 "live_marks",
    /// A topic: group, topic.
    Topic = 26 "topic",
    /// A member who is muted in a topic: group, topic, user.
    TopicMute = 27 "topic_mute",
    /// A permission group: group, permission group.
    Permission = 28 "permission_group",
    /// A member of a permission group: group, permission group, user.
    PermissionMember = 29 "permission_group_member",
    /// A list of messages: group, topic or nothing.
    List = 30 "list",
    /// A message: group, topic or nothing, number.
    Message = 31 "message",
    /// What has become of a message since, by the same.
    Fate = 32 "fate",
    /// How far a user has read: group, topic or nothing, user.
    Read = 33 "read",
    /// A message between two users: the users in order, serial number.
    C2cMessage = 40 "c2c_message",
    /// What has become of such a message since, by the same.
    C2cFate = 41 "c2c_fate",
}

/// A part of a row's key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum Part {
    Number(u64),
    Text(String),
}

/// Where a row belongs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Key {
    pub(crate) kind: Kind,
    pub(crate) parts: Vec<Part>,
}

/// Longest text that stands in a stored key as it is.
const MAX_TEXT_BYTES: usize = 200;

impl Key {
    pub(crate) fn of(kind: Kind) -> Self {
        Self {
            kind,
            parts: Vec::new(),
        }
    }

    pub(crate) fn text(mut self, text: &str) -> Self {
        self.parts.push(Part::Text(text.to_owned()));
        self
    }

    pub(crate) fn number(mut self, number: u64) -> Self {
        self.parts.push(Part::Number(number));
        self
    }

    /// The same for rows of another kind.
    pub(crate) fn with(&self, kind: Kind) -> Self {
        Self {
            kind,
            parts: self.parts.clone(),
        }
    }

    /// Its form in the store: bounded, in the order of numbers, and with the form of a shorter key at
    /// its beginning where it begins with the same parts.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut bytes = vec![self.kind as u8];
        for part in &self.parts {
            match part {
                Part::Number(number) => bytes.extend_from_slice(&number.to_be_bytes()),
                Part::Text(text) if text.len() <= MAX_TEXT_BYTES => {
                    // Not above 200, as is checked.
                    bytes.push(text.len() as u8);
                    bytes.extend_from_slice(text.as_bytes());
                }
                Part::Text(text) => {
                    bytes.push(u8::MAX);
                    bytes.extend_from_slice(&Sha256::digest(text.as_bytes()));
                }
            }
        }
        bytes
    }
}

/// One row.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) key: Key,
    /// JSON.
    pub(crate) value: Box<RawValue>,
}

/// What a row holds in the store: its key, which may be shortened otherwise, and its value.
#[derive(Deserialize)]
struct Stored(Vec<Part>, Box<RawValue>);

impl Row {
    /// Reads a stored row.
    pub(crate) fn read(key: &[u8], value: &[u8]) -> Result<Self, BadRow> {
        let kind = key.first().copied().unwrap_or_default();
        let kind = Kind::ALL.iter().find(|known| **known as u8 == kind);
        Self::of(*kind.ok_or(BadRow::Kind)?, value)
    }

    /// Reads a stored row of a kind.
    pub(crate) fn of(kind: Kind, value: &[u8]) -> Result<Self, BadRow> {
        let Stored(parts, value) = serde_json::from_slice(value).map_err(BadRow::Value)?;
        let key = Key { kind, parts };
        Ok(Self { key, value })
    }

    pub(crate) fn value<T: DeserializeOwned>(&self) -> Result<T, BadRow> {
        serde_json::from_str(self.value.get()).map_err(BadRow::Value)
    }

    /// A part of its key.
    pub(crate) fn part(&self, at: usize) -> Result<&str, BadRow> {
        match self.key.parts.get(at) {
            Some(Part::Text(text)) => Ok(text),
            _ => Err(BadRow::Key),
        }
    }

    /// A part of its key that is a number.
    pub(crate) fn part_number(&self, at: usize) -> Result<u64, BadRow> {
        match self.key.parts.get(at) {
            Some(Part::Number(number)) => Ok(*number),
            _ => Err(BadRow::Key),
        }
    }
}

/// Why a row cannot be read.
#[derive(Debug)]
pub(crate) enum BadRow {
    /// There is no such kind of row.
    Kind,
    /// Its key is not one of its kind.
    Key,
    /// It belongs to something that there is not.
    Owner,
    /// Its value is not one of its kind.
    Value(serde_json::Error),
}

impl std::fmt::Display for BadRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Kind => f.write_str("a row of an unknown kind"),
            Self::Key => f.write_str("a row with a key of another kind"),
            Self::Owner => f.write_str("a row that belongs to nothing"),
            // The error itself can quote the value.
            Self::Value(error) => write!(
                f,
                "a row that doesn't fit its kind: {:?} at line {} column {}",
                error.classify(),
                error.line(),
                error.column()
            ),
        }
    }
}

impl std::error::Error for BadRow {}

/// What a change did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    Created,
    Changed,
    Deleted,
}

/// One change of a row.
#[derive(Debug)]
pub(crate) struct Change {
    pub(crate) key: Key,
    pub(crate) action: Action,
    /// The row as it is now; none where it has gone, or nobody stores it.
    pub(crate) row: Option<Vec<u8>>,
}

/// What an act has changed, in an order in which it can be stored.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    /// Beginnings of the keys of all rows that go first.
    pub(crate) gone: Vec<Key>,
    pub(crate) list: Vec<Change>,
    /// Whether somebody stores rows.
    stores: bool,
    /// A value could not be written as JSON.
    pub(crate) failed: bool,
}

impl Changes {
    pub(crate) fn new(stores: bool) -> Self {
        Self {
            stores,
            ..Self::default()
        }
    }

    /// A row that was written.
    pub(crate) fn put(&mut self, key: Key, is_new: bool, value: &impl Serialize) {
        let row = match self.stores {
            true => serde_json::to_vec(&(&key.parts, value)).ok(),
            false => None,
        };
        self.failed |= self.stores && row.is_none();
        let action = match is_new {
            true => Action::Created,
            false => Action::Changed,
        };
        self.list.push(Change { key, action, row });
    }

    /// A row that may have been written: it counts unless it is what `saved` stands for. Answers what
    /// stands for it now.
    pub(super) fn put_if_changed(
        &mut self,
        key: Key,
        saved: Option<Stamp>,
        value: &impl Serialize,
    ) -> Option<Stamp> {
        let stamp = Stamp::of(value);
        self.failed |= stamp.is_none();
        if stamp != saved {
            self.put(key, saved.is_none(), value);
        }
        stamp
    }

    /// A row that has gone.
    pub(crate) fn delete(&mut self, key: Key) {
        let action = Action::Deleted;
        let row = None;
        self.list.push(Change { key, action, row });
    }

    /// All rows of these kinds whose keys begin like this one have gone.
    pub(crate) fn delete_all(&mut self, key: &Key, kinds: &[Kind]) {
        self.gone.extend(kinds.iter().map(|kind| key.with(*kind)));
    }

    /// The rows of a table whose keys are texts.
    pub(super) fn table<V: Entry + Serialize>(&mut self, key: &Key, table: &mut Table<String, V>) {
        self.rows(table, |name| key.clone().text(name));
    }

    /// The rows of a table. An entry that was touched and is what it was has none.
    pub(super) fn rows<K: Ord + Clone, V: Entry + Serialize>(
        &mut self,
        table: &mut Table<K, V>,
        key: impl Fn(&K) -> Key,
    ) {
        table.drain(|name, note, value| match value {
            Some(value) if note.before.is_some() && note.before == value.stamp() => {}
            Some(value) => self.put(key(name), note.is_new, value),
            // What came and went in one act was never there.
            None if note.is_new => {}
            None => self.delete(key(name)),
        });
    }
}
