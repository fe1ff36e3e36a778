//! Groups: members, messages, topics, attributes, counters.

use super::messages::Messages;
use std::collections::{BTreeMap, BTreeSet};
use tencent_chat_types::{
    group::{get_group_info::GroupInfo, get_topics::TopicInfo},
    model::{GroupMember, GroupType, MemberRole, MsgFlag},
};

/// One group.
#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) info: GroupInfo,
    pub(crate) members: BTreeMap<String, GroupMember>,
    pub(crate) messages: Messages,
    pub(crate) topics: BTreeMap<String, Topic>,
    pub(crate) topics_created: u64,
    pub(crate) attributes: BTreeMap<String, String>,
    /// The second in which attributes were last written, and how often in that second.
    pub(crate) attribute_writes: (u64, u32),
    pub(crate) counters: BTreeMap<String, i64>,
    /// Until when users are banned.
    pub(crate) banned: BTreeMap<String, u64>,
    /// Marks of members of a live group.
    pub(crate) marks: BTreeMap<String, BTreeSet<u64>>,
    /// Permission groups of a community by their ids.
    pub(crate) permission_groups: BTreeMap<String, PermissionGroup>,
    pub(crate) permission_groups_created: u64,
}

/// A permission group of a community.
#[derive(Debug, Default)]
pub(crate) struct PermissionGroup {
    pub(crate) name: String,
    /// Permissions in the community, bit by bit.
    pub(crate) permission: u64,
    pub(crate) custom: String,
    /// Permissions in topics, bit by bit.
    pub(crate) topics: BTreeMap<String, u64>,
    pub(crate) members: BTreeSet<String>,
}

/// A topic of a community.
#[derive(Debug)]
pub(crate) struct Topic {
    pub(crate) info: TopicInfo,
    pub(crate) messages: Messages,
    /// Until when members are muted here.
    pub(crate) muted: BTreeMap<String, u64>,
}

impl Group {
    pub(crate) fn new(info: GroupInfo) -> Self {
        Self {
            info,
            members: BTreeMap::new(),
            messages: Messages::default(),
            topics: BTreeMap::new(),
            topics_created: 0,
            attributes: BTreeMap::new(),
            attribute_writes: (0, 0),
            counters: BTreeMap::new(),
            banned: BTreeMap::new(),
            marks: BTreeMap::new(),
            permission_groups: BTreeMap::new(),
            permission_groups_created: 0,
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
        self.members.entry(user.to_owned()).or_insert(member)
    }

    pub(crate) fn leave(&mut self, user: &str) -> bool {
        self.marks.remove(user);
        for held in self.permission_groups.values_mut() {
            held.members.remove(user);
        }
        if self.info.owner_account.as_deref() == Some(user) {
            self.info.owner_account = None;
        }
        self.members.remove(user).is_some()
    }

    /// A message does not count as unread: who had read everything still has.
    pub(crate) fn skip_unread(&mut self, seq: u64) {
        for member in self.members.values_mut() {
            if member.msg_seq == Some(seq - 1) {
                member.msg_seq = Some(seq);
            }
        }
    }

    /// All members have read everything.
    pub(crate) fn read_all(&mut self) {
        let last = self.messages.last_seq();
        for member in self.members.values_mut() {
            member.msg_seq = Some(last);
        }
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

    pub(crate) fn lists_mut(&mut self) -> impl Iterator<Item = &mut Messages> {
        let topics = self.topics.values_mut().map(|topic| &mut topic.messages);
        std::iter::once(&mut self.messages).chain(topics)
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
