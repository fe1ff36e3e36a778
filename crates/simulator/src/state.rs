//! What the simulator remembers.

mod group;
mod messages;
mod relations;

pub(crate) use self::{
    group::{Group, Topic},
    messages::{Extensions, Fate, GroupMessage, Messages},
    relations::{Friend, Relations},
};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use tencent_chat_types::{
    ErrorCode,
    message::get_c2c_history::C2cMsg,
    model::{ApplyJoinOption, Contact, ContactType, MemberRole},
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

    pub(crate) fn set_online(&mut self, user: &str, platform: &str, status: &str) {
        let account = self.accounts.entry(user.to_owned()).or_default();
        account
            .platforms
            .insert(platform.to_owned(), status.to_owned());
    }

    pub(crate) fn pin(&mut self, user: &str, with: &str, pinned: bool) {
        let account = self.accounts.entry(user.to_owned()).or_default();
        account
            .conversations
            .entry(Peer::User(with.to_owned()))
            .or_default()
            .pinned = pinned;
    }

    pub(crate) fn join_group(
        &mut self,
        group: &str,
        user: &str,
        now: u64,
    ) -> Result<(), ErrorCode> {
        if !self.accounts.contains_key(user) {
            return Err(ErrorCode::GROUP_USER_NOT_FOUND);
        }
        let group = self.groups.get_mut(group);
        let group = group.ok_or(ErrorCode::GROUP_NOT_FOUND)?;
        let banned = group.banned.get(user).is_some_and(|until| *until > now);
        if banned || group.info.apply_join_option == Some(ApplyJoinOption::DISABLE_APPLY) {
            return Err(ErrorCode::GROUP_PERMISSION_DENIED);
        }
        if group.members.contains_key(user) {
            return Err(ErrorCode::GROUP_ALREADY_MEMBER);
        }
        let most = group.info.max_member_num.unwrap_or(u64::MAX);
        if !group.is_live() && group.members.len() as u64 >= most {
            return Err(ErrorCode::GROUP_FULL);
        }
        group.join(user, MemberRole::MEMBER, now);
        Ok(())
    }

    pub(crate) fn read_group_msgs(&mut self, group: &str, user: &str, up_to: u64) {
        let Some(group) = self.groups.get_mut(group) else {
            return;
        };
        let Some(member) = group.members.get_mut(user) else {
            return;
        };
        let last = group.messages.last_seq().min(up_to);
        member.msg_seq = member.msg_seq.max(Some(last));
        for message in group.messages.iter_mut() {
            if message.seq <= up_to {
                message.read_by.insert(user.to_owned());
            }
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
