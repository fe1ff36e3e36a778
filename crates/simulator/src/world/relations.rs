//! Friends, friend lists and blocked users of one user.

use std::collections::{BTreeMap, BTreeSet};
use tencent_chat_types::{
    model::{RelationItem, RelationTag},
    wire::TagValue,
};

/// What a user has to do with others.
#[derive(Debug, Default)]
pub(crate) struct Relations {
    pub(crate) friends: BTreeMap<String, Friend>,
    /// Names of the friend lists.
    pub(crate) lists: BTreeSet<String>,
    /// Blocked users in the order of being blocked, with the time.
    pub(crate) blocked: Vec<(String, u64)>,
    /// Grows with every change.
    pub(crate) sequence: u64,
}

/// A friend.
#[derive(Clone, Debug, Default)]
pub(crate) struct Friend {
    /// Fields by tag, but for the lists.
    pub(crate) items: BTreeMap<String, TagValue>,
    pub(crate) lists: BTreeSet<String>,
}

impl Relations {
    pub(crate) fn has_blocked(&self, user: &str) -> bool {
        self.blocked.iter().any(|(blocked, _)| blocked == user)
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
            .map(|(tag, value)| RelationItem::new(tag.as_str(), value.clone()))
            .collect();
        if let (false, Some(lists)) = (self.lists.is_empty(), self.get(&RelationTag::GROUP)) {
            shown.push(RelationItem::new(RelationTag::GROUP, lists));
        }
        shown
    }
}
