//! What the simulator remembers.

mod group;
mod messages;
mod relations;

pub(crate) use self::{
    group::{Group, Topic},
    messages::{Dropped, Extensions, Fate, GroupMessage, Messages},
    relations::{Friend, Relations},
};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use tencent_chat_types::{
    message::get_c2c_history::C2cMsg,
    model::{Contact, ContactType},
    wire::TagValue,
};

/// Everything about one app.
#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) accounts: BTreeMap<String, Account>,
    pub(crate) groups: BTreeMap<String, Group>,
    pub(crate) groups_created: u64,
    pub(crate) messages_sent: u32,
    /// Messages by what marks a double: time and key of the first.
    pub(crate) sent: HashMap<MessageMark, (u64, String)>,
    /// Pairs attached to one-to-one messages that support them, by the message's key.
    pub(crate) extensions: HashMap<String, Extensions>,
    pub(crate) broadcasts: u64,
    pub(crate) chatbots: BTreeSet<String>,
    pub(crate) push: Push,
}

/// Pushing to all users.
#[derive(Debug, Default)]
pub(crate) struct Push {
    /// Names of the attributes by their numbers.
    pub(crate) attribute_names: BTreeMap<String, String>,
    /// When pushes were made, in seconds.
    pub(crate) times: Vec<u64>,
}

/// What makes two messages the same to the server.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct MessageMark {
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) random: u32,
    pub(crate) seq: Option<u32>,
}

/// One user.
#[derive(Debug, Default)]
pub(crate) struct Account {
    /// Profile fields by tag.
    pub(crate) profile: BTreeMap<String, TagValue>,
    /// Status by platform.
    pub(crate) platforms: BTreeMap<String, String>,
    pub(crate) conversations: BTreeMap<Peer, Recent>,
    /// Messages as this user has them, oldest first, by the other user.
    pub(crate) history: BTreeMap<String, Vec<C2cMsg>>,
    /// Conversation groups by name.
    pub(crate) contact_groups: BTreeMap<String, u64>,
    pub(crate) contact_groups_created: u64,
    /// Conversations with marks or groups.
    pub(crate) marks: BTreeMap<Peer, Marks>,
    /// Messages not read yet, by the other user.
    pub(crate) unread: BTreeMap<String, u64>,
    pub(crate) relations: Relations,
    /// Until when the user is muted everywhere: in one-to-one chats, in groups.
    pub(crate) muted: (u64, u64),
    pub(crate) push_attributes: BTreeMap<String, String>,
    pub(crate) push_tags: BTreeSet<String>,
}

/// The other side of a conversation.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Peer {
    User(String),
    Group(String),
}

/// A recent conversation.
#[derive(Debug, Default)]
pub(crate) struct Recent {
    pub(crate) last_time: u64,
    pub(crate) pinned: bool,
}

/// Marks on a conversation.
#[derive(Debug, Default)]
pub(crate) struct Marks {
    /// Standard marks, bit by bit.
    pub(crate) standard: u64,
    pub(crate) custom: Option<String>,
    /// Conversation groups that it belongs to.
    pub(crate) groups: BTreeSet<u64>,
    pub(crate) changed: u64,
}

impl Marks {
    /// Whether there is nothing left to remember.
    pub(crate) fn is_empty(&self) -> bool {
        self.standard == 0 && self.custom.is_none() && self.groups.is_empty()
    }
}

impl State {
    /// A new app: only its administrators have accounts.
    pub(crate) fn new(admins: &[String]) -> Self {
        let accounts = admins
            .iter()
            .map(|admin| (admin.clone(), Account::default()))
            .collect();
        Self {
            accounts,
            ..Self::default()
        }
    }

    /// Moves a conversation to the top of a user's list.
    pub(crate) fn touch(&mut self, user: &str, peer: Peer, now: u64) {
        if let Some(account) = self.accounts.get_mut(user) {
            account.conversations.entry(peer).or_default().last_time = now;
        }
    }
}

impl Peer {
    /// The conversation that a request names, when it names one.
    pub(crate) fn of(contact: &Contact) -> Option<Self> {
        match contact.r#type {
            ContactType::C2C => contact.to_account.clone().map(Self::User),
            ContactType::GROUP => contact.to_group_id.clone().map(Self::Group),
            _ => None,
        }
    }
}
