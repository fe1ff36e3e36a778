//! Friends, friend lists and blocked users of one user.

use super::{
    stamp::Stamp,
    table::{Entry, Table, of_one_row},
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use tencent_chat_types::{
    model::{RelationItem, RelationTag},
    wire::TagValue,
};

/// What a user has to do with others.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Relations {
    #[serde(skip)]
    pub(crate) friends: Table<String, Friend>,
    /// Names of the friend lists.
    pub(crate) lists: BTreeSet<String>,
    /// Blocked users.
    #[serde(skip)]
    pub(crate) blocked: Table<String, Blocked>,
    /// Grows with every change.
    pub(crate) sequence: u64,
}

/// That a user is blocked.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Blocked {
    /// Seconds since 1970.
    pub(crate) time: u64,
    /// Grows with everybody who is blocked.
    pub(crate) order: u64,
}

/// A friend.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Friend {
    /// Fields by tag, but for the lists.
    pub(crate) items: BTreeMap<String, TagValue>,
    pub(crate) lists: BTreeSet<String>,
}

of_one_row! { Blocked, Friend }

impl Relations {
    pub(crate) fn has_blocked(&self, user: &str) -> bool {
        self.blocked.contains_key(user)
    }

    /// Blocks a user.
    pub(crate) fn block(&mut self, user: &str, time: u64) {
        self.sequence += 1;
        let order = self.sequence;
        self.blocked
            .insert(user.to_owned(), Blocked { time, order });
    }

    /// Blocks a user no longer; says whether the user was blocked.
    pub(crate) fn unblock(&mut self, user: &str) -> bool {
        self.blocked.remove(user).is_some()
    }

    /// Blocked users in the order of being blocked, with the time.
    pub(crate) fn block_list(&self) -> Vec<(&String, u64)> {
        let mut list: Vec<(&String, &Blocked)> = self.blocked.iter().collect();
        list.sort_by_key(|(_, blocked)| blocked.order);
        let list = list.into_iter();
        list.map(|(user, blocked)| (user, blocked.time)).collect()
    }
}

impl Friend {
    pub(crate) fn set(&mut self, tag: RelationTag, value: impl Into<TagValue>) {
        self.items.insert(tag.as_str().to_owned(), value.into());
    }

    /// A field by its tag.
    pub(crate) fn get(&self, tag: &RelationTag) -> Option<TagValue> {
        if *tag == RelationTag::GROUP {
            return Some(self.lists.iter().cloned().collect::<Vec<_>>().into());
        }
        self.items.get(tag.as_str()).cloned()
    }

    /// All fields that are set.
    pub(crate) fn shown(&self) -> Vec<RelationItem> {
        let mut shown: Vec<RelationItem> = (self.items.iter())
            .map(|(tag, value)| RelationItem::new(tag.as_str().into(), value.clone()))
            .collect();
        if let (false, Some(lists)) = (self.lists.is_empty(), self.get(&RelationTag::GROUP)) {
            shown.push(RelationItem::new(RelationTag::GROUP, lists));
        }
        shown
    }
}
