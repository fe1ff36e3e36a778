//! Groups: members, messages, topics, attributes, counters.

use super::{
    messages::Messages,
    stamp::Stamp,
    table::{Entry, Table, of_one_row, of_several_rows},
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use tencent_chat_types::{
    group::{get_group_info::GroupInfo, get_topics::TopicInfo},
    model::{GroupMember, GroupType, MemberRole, MsgFlag},
};

/// One group.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Group {
    pub(crate) info: GroupInfo,
    #[serde(skip)]
    pub(crate) members: Table<String, GroupMember>,
    /// How many messages had moved the group up when a member began to have it on the list of
    /// conversations; none means from the first on.
    #[serde(skip)]
    pub(super) unlisted: Table<String, u64>,
    #[serde(skip)]
    pub(crate) messages: Messages,
    #[serde(skip)]
    pub(crate) topics: Table<String, Topic>,
    pub(crate) topics_created: u64,
    #[serde(skip)]
    pub(crate) attributes: Attributes,
    pub(crate) counters: BTreeMap<String, i64>,
    /// Until when users are banned.
    #[serde(skip)]
    pub(crate) banned: Table<String, u64>,
    /// Marks of members of a live group.
    #[serde(skip)]
    pub(crate) marks: Table<String, BTreeSet<u64>>,
    /// Permission groups of a community by their ids.
    #[serde(skip)]
    pub(crate) permission_groups: Table<String, PermissionGroup>,
    pub(crate) permission_groups_created: u64,
    /// Stands for its row as it was stored last.
    #[serde(skip)]
    pub(super) saved: Option<Stamp>,
}

/// Attributes of a group.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Attributes {
    pub(crate) pairs: BTreeMap<String, String>,
    /// The second in which they were last written, and how often in that second.
    pub(crate) writes: (u64, u32),
    /// Stands for their row as it was stored last.
    #[serde(skip)]
    pub(super) saved: Option<Stamp>,
}

/// A permission group of a community.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct PermissionGroup {
    pub(crate) name: String,
    /// Permissions in the community, bit by bit.
    pub(crate) permission: u64,
    pub(crate) custom: String,
    /// Permissions in topics, bit by bit.
    pub(crate) topics: BTreeMap<String, u64>,
    #[serde(skip)]
    pub(crate) members: Table<String, ()>,
    /// Stands for its row as it was stored last.
    #[serde(skip)]
    pub(super) saved: Option<Stamp>,
}

of_one_row! { GroupMember }
of_several_rows! { Group, PermissionGroup, Topic }

impl PermissionGroup {
    /// One without members and topics.
    pub(crate) fn new(name: String, permission: u64, custom: String) -> Self {
        Self {
            name,
            permission,
            custom,
            topics: BTreeMap::new(),
            members: Table::default(),
            saved: None,
        }
    }
}

/// A topic of a community.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Topic {
    pub(crate) info: TopicInfo,
    #[serde(skip)]
    pub(crate) messages: Messages,
    /// Until when members are muted here.
    #[serde(skip)]
    pub(crate) muted: Table<String, u64>,
    /// Stands for its row as it was stored last.
    #[serde(skip)]
    pub(super) saved: Option<Stamp>,
}

impl Topic {
    pub(crate) fn new(info: TopicInfo) -> Self {
        Self {
            info,
            messages: Messages::default(),
            muted: Table::default(),
            saved: None,
        }
    }
}

impl Group {
    pub(crate) fn new(info: GroupInfo) -> Self {
        Self {
            info,
            members: Table::default(),
            unlisted: Table::default(),
            messages: Messages::default(),
            topics: Table::default(),
            topics_created: 0,
            attributes: Attributes::default(),
            counters: BTreeMap::new(),
            banned: Table::default(),
            marks: Table::default(),
            permission_groups: Table::default(),
            permission_groups_created: 0,
            saved: None,
        }
    }

    fn is(&self, kinds: &[GroupType]) -> bool {
        (self.info.r#type.as_ref()).is_some_and(|kind| kinds.contains(kind))
    }

    /// Live broadcast: members join by themselves, nothing is stored.
    pub(crate) fn is_live(&self) -> bool {
        self.is(&[GroupType::AV_CHAT_ROOM])
    }

    pub(crate) fn is_community(&self) -> bool {
        self.is(&[GroupType::COMMUNITY])
    }

    /// A work group, by its new or its old name.
    pub(crate) fn is_private(&self) -> bool {
        self.is(&[GroupType::PRIVATE, GroupType::WORK])
    }

    /// A meeting group, by its new or its old name.
    pub(crate) fn is_meeting(&self) -> bool {
        self.is(&[GroupType::CHAT_ROOM, GroupType::MEETING])
    }

    pub(crate) fn has_topics(&self) -> bool {
        self.is_community() && self.info.support_topic.is_some_and(|flag| flag.is_on())
    }

    pub(crate) fn join(&mut self, user: &str, role: MemberRole, now: u64) -> &mut GroupMember {
        let read = if self.is_live() {
            0
        } else {
            self.messages.last_seq()
        };
        let member = GroupMember::new(user)
            .with_role(role)
            .with_join_time(now)
            .with_msg_seq(read)
            .with_msg_flag(MsgFlag::ACCEPT_AND_NOTIFY)
            .with_last_send_msg_time(0)
            .with_mute_until(0);
        if !self.members.contains_key(user) && self.messages.moved_up > 0 {
            let moved_up = self.messages.moved_up;
            self.unlisted.insert(user.to_owned(), moved_up);
        }
        self.members.or_insert(user.to_owned(), member)
    }

    pub(crate) fn leave(&mut self, user: &str) -> bool {
        self.marks.remove(user);
        self.unlisted.remove(user);
        self.permission_groups
            .update(|_, held| held.members.remove(user).is_some());
        if self.info.owner_account.as_deref() == Some(user) {
            self.info.owner_account = None;
        }
        self.members.remove(user).is_some()
    }

    /// Whether a user is part of the group, as a member or otherwise.
    pub(crate) fn involves(&self, user: &str) -> bool {
        self.members.contains_key(user)
            || self.marks.contains_key(user)
            || self.info.owner_account.as_deref() == Some(user)
    }

    /// When the group was last moved to the top of a member's list of conversations; none for who is
    /// no member, or has seen no such message.
    pub(crate) fn moved_up_for(&self, user: &str) -> Option<u64> {
        let from = self.unlisted.get(user).copied().unwrap_or_default();
        let moved = self.members.contains_key(user) && self.messages.moved_up > from;
        moved.then_some(self.messages.moved_up_at)
    }

    /// Takes the group off a member's list of conversations, until the next message.
    pub(crate) fn unlist(&mut self, user: &str) {
        if self.members.contains_key(user) {
            let moved_up = self.messages.moved_up;
            self.unlisted.insert(user.to_owned(), moved_up);
        }
    }

    /// A message does not count as unread: who had read everything still has.
    pub(crate) fn skip_unread(&mut self, seq: u64) {
        self.members.update(|_, member| {
            let had_read_all = member.msg_seq == Some(seq - 1);
            if had_read_all {
                member.msg_seq = Some(seq);
            }
            had_read_all
        });
    }

    /// All members have read everything.
    pub(crate) fn read_all(&mut self) {
        let last = self.messages.last_seq();
        self.members.update(|_, member| {
            let before = member.msg_seq.replace(last);
            before != Some(last)
        });
    }

    /// How many members but the sender have seen a message, and how many have not.
    pub(crate) fn readers(&self, seq: u64, from: &str) -> (u64, u64) {
        let others = self.members.keys().filter(|member| *member != from);
        let (mut read, mut unread) = (0, 0);
        for member in others {
            match self.messages.is_read(seq, from, member) {
                true => read += 1,
                false => unread += 1,
            }
        }
        (read, unread)
    }

    /// The messages of the group and of its topics.
    pub(crate) fn lists(&self) -> impl Iterator<Item = &Messages> {
        let topics = self.topics.values().map(|topic| &topic.messages);
        std::iter::once(&self.messages).chain(topics)
    }

    /// Forgets messages up to a serial number; says whether there were any.
    pub(crate) fn forget(&mut self, up_to_serial: u64) -> bool {
        let mut some = self.messages.forget(up_to_serial);
        self.topics.update(|_, topic| {
            let forgot = topic.messages.forget(up_to_serial);
            some |= forgot;
            forgot
        });
        some
    }

    /// The profile changed.
    pub(crate) fn touch(&mut self, now: u64) {
        self.info.last_info_time = Some(now);
        self.info.info_seq = Some(self.info.info_seq.unwrap_or_default() + 1);
    }

    /// Whether the user helps to run the group.
    pub(crate) fn is_manager(&self, user: &str) -> bool {
        let role = self
            .members
            .get(user)
            .and_then(|member| member.role.as_ref());
        role.is_some_and(|role| [MemberRole::OWNER, MemberRole::ADMIN].contains(role))
    }
}
