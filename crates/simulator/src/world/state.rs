//! What the simulator remembers.

use super::{
    duplicates::Duplicates,
    group::Group,
    messages::{Aged, Chat, Messages},
    relations::Relations,
    stamp::Stamp,
    table::{Entry, Table, of_one_row, of_several_rows},
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use tencent_chat_types::{
    account::set_do_not_disturb::DoNotDisturbLevel,
    model::{Contact, ContactType, PushAccountType, ScheduledPush},
    wire::TagValue,
};

/// Everything about one app.
#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) accounts: Table<String, Account>,
    pub(crate) groups: Table<String, Group>,
    pub(crate) app: AppState,
    /// What stored messages take, at most; counted when it is too much.
    pub(super) stored_bytes: usize,
    pub(crate) duplicates: Duplicates,
    /// Messages between two users by both, the smaller name first.
    pub(crate) chats: Table<(String, String), Chat>,
    pub(crate) push: Push,
    /// Stands for the rows of the app and of pushing as they were stored last.
    pub(super) saved: (Option<Stamp>, Option<Stamp>),
}

/// Counters of an app, and which of its users are chatbots.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct AppState {
    pub(crate) groups_created: u64,
    pub(crate) messages_sent: u32,
    /// Messages that were stored.
    pub(super) serial: u64,
    pub(crate) broadcasts: u64,
    /// Messages that devices have sent.
    pub(super) device_messages: u32,
    pub(crate) chatbots: BTreeSet<String>,
}

/// Pushing to all users.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Push {
    /// Names of the attributes by their numbers.
    pub(crate) attribute_names: BTreeMap<String, String>,
    /// What the attributes belong to by their numbers; users where nothing is said.
    pub(crate) attribute_types: BTreeMap<String, PushAccountType>,
    /// When pushes were made, in seconds.
    pub(crate) times: Vec<u64>,
    /// When pushes of the push service were made, in seconds.
    pub(crate) service_times: Vec<u64>,
    /// Pushes of the push service by their ids.
    #[serde(skip)]
    pub(crate) made: Table<String, MadePush>,
    pub(crate) batches_made: u64,
    /// When a push was last recalled.
    pub(crate) recalled: Option<u64>,
    /// Scheduled pushes by their ids.
    #[serde(skip)]
    pub(crate) scheduled: Table<u64, ScheduledPush>,
    pub(crate) scheduled_created: u64,
}

/// A push that was made.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct MadePush {
    pub(crate) time: u64,
    pub(crate) recalled: bool,
}

/// A time during which a user is not disturbed.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct DoNotDisturb {
    pub(crate) from: u64,
    pub(crate) to: u64,
    pub(crate) daily: bool,
    pub(crate) level: DoNotDisturbLevel,
}

impl DoNotDisturb {
    /// Whether the time is within. Days have the same length everywhere, so that hours in Beijing
    /// are as good as any.
    pub(crate) fn holds(&self, now: u64) -> bool {
        const DAY: u64 = 86_400;
        if now < self.from {
            return false;
        }
        let since = now - self.from;
        let since = if self.daily { since % DAY } else { since };
        since < self.to.saturating_sub(self.from)
    }
}

/// One user.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Account {
    /// Profile fields by tag.
    pub(crate) profile: BTreeMap<String, TagValue>,
    /// Status by platform.
    pub(crate) platforms: BTreeMap<String, String>,
    #[serde(skip)]
    pub(crate) conversations: Table<Peer, Recent>,
    /// Conversation groups by name.
    pub(crate) contact_groups: BTreeMap<String, u64>,
    pub(crate) contact_groups_created: u64,
    /// Conversations with marks or groups.
    #[serde(skip)]
    pub(crate) marks: Table<Peer, Marks>,
    /// Messages not read yet, by the other user.
    #[serde(skip)]
    pub(crate) unread: Table<String, u64>,
    pub(crate) relations: Relations,
    /// Until when the user is muted everywhere: in one-to-one chats, in groups.
    pub(crate) muted: (u64, u64),
    pub(crate) push_attributes: BTreeMap<String, String>,
    pub(crate) push_tags: BTreeSet<String>,
    pub(crate) do_not_disturb: Option<DoNotDisturb>,
    /// Stands for its row as it was stored last.
    #[serde(skip)]
    pub(super) saved: Option<Stamp>,
}

/// The other side of a conversation.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Peer {
    User(String),
    Group(String),
}

/// A recent conversation.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Recent {
    pub(crate) last_time: u64,
    pub(crate) pinned: bool,
}

/// Marks on a conversation.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Marks {
    /// Standard marks, bit by bit.
    pub(crate) standard: u64,
    pub(crate) custom: Option<String>,
    /// Conversation groups that it belongs to.
    pub(crate) groups: BTreeSet<u64>,
    pub(crate) changed: u64,
}

of_one_row! { Recent, Marks, MadePush, ScheduledPush }
of_several_rows! { Account }

impl Marks {
    /// Whether there is nothing left to remember.
    pub(crate) fn is_empty(&self) -> bool {
        self.standard == 0 && self.custom.is_none() && self.groups.is_empty()
    }
}

impl State {
    /// Gives administrators accounts who have none.
    pub(crate) fn welcome(&mut self, admins: &[String]) {
        for admin in admins {
            self.accounts.or_default(admin.clone());
        }
    }

    /// A number for the next message that is stored.
    pub(crate) fn next_serial(&mut self) -> u64 {
        self.app.serial += 1;
        self.app.serial
    }

    /// A random number for a device's message; counted down, so that it is not one of a test's.
    pub(crate) fn next_device_random(&mut self) -> u32 {
        let random = u32::MAX - self.app.device_messages;
        self.app.device_messages = self.app.device_messages.wrapping_add(1);
        random
    }

    /// Counts what a command has stored. Above the bound the oldest messages of the app go, a tenth of
    /// it at once; says whether there were any.
    pub(crate) fn stored(&mut self, bytes: usize, most: usize) -> bool {
        self.stored_bytes = self.stored_bytes.saturating_add(bytes);
        if self.stored_bytes <= most {
            return false;
        }
        let mut sizes = self.sizes();
        self.stored_bytes = sizes.iter().map(|(_, bytes)| bytes).sum();
        let kept = most / 10 * 9;
        sizes.sort_unstable();
        let mut gone = None;
        for (serial, bytes) in sizes {
            if self.stored_bytes <= kept {
                break;
            }
            self.stored_bytes -= bytes;
            gone = Some(serial);
        }
        let Some(gone) = gone else { return false };
        self.groups.update(|_, group| group.forget(gone));
        self.chats.update(|_, chat| chat.forget(gone));
        self.chats.retain(|_, chat| !chat.is_empty());
        true
    }

    /// Counts what stored messages take.
    pub(super) fn count_stored(&mut self) {
        self.stored_bytes = self.sizes().iter().map(|(_, bytes)| bytes).sum();
    }

    /// Serial numbers and sizes of all stored messages.
    fn sizes(&self) -> Vec<(u64, usize)> {
        let size = |message: &dyn Aged| (message.serial(), message.bytes());
        let lists = self.groups.values().flat_map(Group::lists);
        let in_groups = lists.flat_map(Messages::iter).map(|m| size(m));
        let between_users = self.chats.values().flat_map(Chat::iter).map(|m| size(m));
        in_groups.chain(between_users).collect()
    }

    /// The two users as messages between them are found, and which of them the first argument is.
    pub(crate) fn pair(user: &str, other: &str) -> ((String, String), usize) {
        let (user, other) = (user.to_owned(), other.to_owned());
        match user <= other {
            true => ((user, other), 0),
            false => ((other, user), 1),
        }
    }

    /// Takes a conversation out of a user's history.
    pub(crate) fn clear_history(&mut self, user: &str, other: &str) {
        let (pair, side) = Self::pair(user, other);
        if let Some(chat) = self.chats.get_mut(&pair) {
            chat.clear(side);
            if chat.is_empty() {
                self.chats.remove(&pair);
            }
        }
    }

    /// Takes everything out of a user's history.
    pub(crate) fn clear_all_history(&mut self, user: &str) {
        self.chats.update(|(first, second), chat| {
            if first == user {
                chat.clear(0);
            } else if second == user {
                chat.clear(1);
            }
            first == user || second == user
        });
        self.chats.retain(|_, chat| !chat.is_empty());
    }

    /// Moves a conversation to the top of a user's list.
    pub(crate) fn touch(&mut self, user: &str, peer: Peer, now: u64) {
        if let Some(account) = self.accounts.get_mut(user) {
            account.conversations.or_default(peer).last_time = now;
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
