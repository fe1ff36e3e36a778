//! What devices do: users come online, send, join, read. The server API cannot, but its app is asked
//! and told of it.

use crate::{
    Simulator,
    commands::{group, group_members, group_messages, message, relationship},
    refusal::{Because, Refusal},
    server::Actor,
    world::{Context, Peer, Step, ask},
};
use std::fmt;
use tencent_chat_types::{
    ErrorCode,
    account::set_do_not_disturb::DoNotDisturbLevel,
    message::{MarkC2cMsgsRead, SendGroupMsg, SendMsg},
    model::{ApplyJoinOption, MemberRole, MsgElement},
    relationship::add_friends::NewFriend,
    webhook::{
        GroupAfterMemberExit, GroupAfterNewMemberJoin, GroupAfterReadReceipt,
        GroupBeforeApplyJoinGroup, GroupBeforeApplyJoinGroupAnswer, GroupOnMemberStateChange,
        OptPlatform, StateChange,
        group::{
            group_after_member_exit::{GroupExitType, LeftGroupMember},
            group_after_new_member_join::{GroupJoinType, JoinedGroupMember},
            group_after_read_receipt::{GroupMsgReader, GroupMsgReading},
            group_on_member_state_change::{LiveMember, LiveMemberCause, LiveMemberState},
        },
        state::state_change::{StateAction, StateReason, UserState},
    },
};

/// What a device is told when something is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Refused {
    /// The code: the service's, or the one that the app chose.
    pub code: ErrorCode,
    /// The words with it.
    pub text: String,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { code, text } = self;
        write!(f, "refused with code {code}: {text}")
    }
}

impl std::error::Error for Refused {}

impl From<Refusal> for Refused {
    fn from(Refusal { code, text }: Refusal) -> Self {
        Self { code, text }
    }
}

/// Where devices are not told apart, they are browsers.
fn browser(user: &str) -> Actor {
    Actor {
        user: user.to_owned(),
        platform: OptPlatform::WEB,
        bytes: 0,
    }
}

/// How webhooks call a platform.
fn platform(seen: &str) -> OptPlatform {
    match seen {
        "iPhone" => OptPlatform::IOS,
        "PC" => OptPlatform::WINDOWS,
        "Mac" => OptPlatform::MAC_OS,
        other => {
            let platform = OptPlatform::from(other);
            match platform.is_known() {
                true => platform,
                false => OptPlatform::UNKNOWN,
            }
        }
    }
}

/// What devices do.
impl Simulator {
    /// Lets a user be seen on a platform, with a status such as `Online` or `PushOnline`: a login, a
    /// broken connection, or with any other status a logout.
    pub fn set_online(&self, user: &str, platform: &str, status: &str) {
        let actor = Actor {
            platform: self::platform(platform),
            ..browser(user)
        };
        self.shared
            .act(&actor, |context| set_online(context, platform, status));
    }

    /// Pins a conversation of a user with another user to the top, or takes it off.
    pub fn pin(&self, user: &str, with: &str, pinned: bool) {
        self.shared.act(&browser(user), |context| {
            let account = context.state.accounts.entry(user.to_owned()).or_default();
            let peer = Peer::User(with.to_owned());
            account.conversations.entry(peer).or_default().pinned = pinned;
        });
    }

    /// Whether a user is not disturbed at this time, and how far messages stay away.
    pub fn do_not_disturb(&self, user: &str) -> Option<DoNotDisturbLevel> {
        self.shared.act(&browser(user), |context| {
            let held = context.state.accounts.get(user)?.do_not_disturb?;
            held.holds(context.now).then_some(held.level)
        })
    }

    /// Lets a user send a one-to-one message, and answers its key. The app is asked and told.
    ///
    /// # Errors
    ///
    /// What the device is told: one of the users does not exist, the body is empty, or the app
    /// refuses.
    pub async fn send_as(
        &self,
        user: &str,
        to: &str,
        body: impl IntoIterator<Item = impl Into<MsgElement>>,
    ) -> Result<String, Refused> {
        let mut request = SendMsg::new(to, body)
            .with_msg_random(self.shared.device_random())
            .with_from_account(user);
        request.msg_seq = None;
        let begin = |context: &mut Context<'_>| message::send_msg(context, request.clone());
        let reply = self.shared.act_asking(&browser(user), begin).await?;
        Ok(reply.msg_key.unwrap_or_default())
    }

    /// Lets a user send a group message, and answers its number. The app is asked and told.
    ///
    /// # Errors
    ///
    /// What the device is told: no such group or user, no member, muted, or the app refuses.
    pub async fn send_group_msg_as(
        &self,
        user: &str,
        group: &str,
        body: impl IntoIterator<Item = impl Into<MsgElement>>,
    ) -> Result<u64, Refused> {
        let random = self.shared.device_random();
        let request = SendGroupMsg::new(group, body)
            .with_random(random)
            .with_from_account(user);
        let begin =
            |context: &mut Context<'_>| group_messages::send_group_msg(context, request.clone());
        let reply = self.shared.act_asking(&browser(user), begin).await?;
        Ok(reply.msg_seq.unwrap_or_default())
    }

    /// Lets a user join a group: the server API cannot, an `AVChatRoom` is joined by its users. The
    /// app is told, and not asked; see [`apply_to_join`](Self::apply_to_join).
    ///
    /// # Errors
    ///
    /// The code that the device gets: no such group or user, banned, or the group is full.
    pub fn join_group(&self, user: &str, group: &str) -> Result<(), ErrorCode> {
        let join = |context: &mut Context<'_>| join_group(context, group);
        let joined = self.shared.act(&browser(user), join);
        joined.map_err(|refusal| refusal.code)
    }

    /// Lets a user apply to join a group, and join it where the app has nothing against it; nobody
    /// else decides. The app is asked and told.
    ///
    /// # Errors
    ///
    /// What the device is told: as of [`join_group`](Self::join_group), or the app refuses.
    pub async fn apply_to_join(&self, user: &str, group: &str) -> Result<(), Refused> {
        let begin = |context: &mut Context<'_>| apply_to_join(context, group);
        Ok(self.shared.act_asking(&browser(user), begin).await?)
    }

    /// Lets a user leave a group. The app is told.
    ///
    /// # Errors
    ///
    /// The code that the device gets: no such group, or no member of it.
    pub fn leave_group(&self, user: &str, group: &str) -> Result<(), ErrorCode> {
        let leave = |context: &mut Context<'_>| leave_group(context, group);
        let left = self.shared.act(&browser(user), leave);
        left.map_err(|refusal| refusal.code)
    }

    /// Lets a user see group messages: they are read up to this number. The app is told.
    pub fn read_group_msgs(&self, user: &str, group: &str, up_to: u64) {
        self.shared.act(&browser(user), |context| {
            read_group_msgs(context, group, up_to);
        });
    }

    /// Lets a user see all messages of a conversation with another user. The app is told.
    ///
    /// # Errors
    ///
    /// The code that the device gets: there is no such user.
    pub fn read_msgs(&self, user: &str, from: &str) -> Result<(), ErrorCode> {
        let read = |context: &mut Context<'_>| {
            message::mark_c2c_msgs_read(context, MarkC2cMsgsRead::new(user, from))
        };
        let read = self.shared.act(&browser(user), read);
        read.map(drop).map_err(|refusal| refusal.code)
    }

    /// Lets a user ask another one to become a friend, who becomes one at once unless the profile
    /// says otherwise. The app is asked and told.
    ///
    /// # Errors
    ///
    /// What the device is told: there is no such user, one of the two blocks the other, the other one
    /// must confirm or takes no friends, or the app refuses.
    pub async fn add_friend_as(&self, user: &str, friend: &str) -> Result<(), Refused> {
        let item = NewFriend::new(friend, "AddSource_Type_Web");
        let begin = |context: &mut Context<'_>| relationship::request_friend(context, item.clone());
        Ok(self.shared.act_asking(&browser(user), begin).await?)
    }
}

fn set_online(context: &mut Context<'_>, platform: &str, status: &str) {
    let user = context.operator;
    let account = context.state.accounts.entry(user.to_owned()).or_default();
    let online = |platforms: &std::collections::BTreeMap<String, String>| {
        platforms.values().any(|seen| seen == "Online")
    };
    let was = online(&account.platforms);
    let before = (account.platforms).insert(platform.to_owned(), status.to_owned());
    let is = online(&account.platforms);
    if before.as_deref() != Some(status) {
        let (action, reason) = match status {
            "Online" => (StateAction::LOGIN, StateReason::REGISTER),
            "PushOnline" => (StateAction::DISCONNECT, StateReason::LINK_CLOSE),
            _ => (StateAction::LOGOUT, StateReason::UNREGISTER),
        };
        let info = UserState::new(action, user, reason);
        context.events.tell(|time| StateChange::new(info, time));
    }
    if was == is {
        return;
    }
    let (now, cause) = match is {
        true => (LiveMemberState::ONLINE, LiveMemberCause::HEARTBEAT_RECOVER),
        false => (
            LiveMemberState::OFFLINE,
            LiveMemberCause::HEARTBEAT_INTERRUPT,
        ),
    };
    let groups = context.state.groups.iter();
    let live = groups.filter(|(_, group)| group.is_live() && group.members.contains_key(user));
    for (id, _) in live {
        let (now, cause) = (now.clone(), cause.clone());
        context.events.tell(|_| {
            GroupOnMemberStateChange::new(id.as_str(), now, [LiveMember::new(user)])
                .with_event_cause(cause)
        });
    }
}

/// What speaks against joining.
fn check_joining(context: &mut Context<'_>, id: &str) -> Result<(), Refusal> {
    let user = context.operator;
    if !context.state.accounts.contains_key(user) {
        return Err(ErrorCode::GROUP_USER_NOT_FOUND.because("there is no such user"));
    }
    let group = context.state.groups.get(id);
    let group =
        group.ok_or_else(|| ErrorCode::GROUP_NOT_FOUND.because("there is no such group"))?;
    let banned = group
        .banned
        .get(user)
        .is_some_and(|until| *until > context.now);
    if banned || group.info.apply_join_option == Some(ApplyJoinOption::DISABLE_APPLY) {
        return Err(ErrorCode::GROUP_PERMISSION_DENIED.because("users cannot join by themselves"));
    }
    if group.members.contains_key(user) {
        return Err(ErrorCode::GROUP_ALREADY_MEMBER.because("the user is a member"));
    }
    let most = group.info.max_member_num.unwrap_or(u64::MAX);
    if !group.is_live() && group.members.len() as u64 >= most {
        group_members::tell_if_full(context, id);
        return Err(ErrorCode::GROUP_FULL.because("the group is full"));
    }
    Ok(())
}

fn join_group(context: &mut Context<'_>, id: &str) -> Result<(), Refusal> {
    check_joining(context, id)?;
    let (user, now) = (context.operator, context.now);
    let group = group::group(context.state, id)?;
    group.join(user, MemberRole::MEMBER, now);
    let (kind, live) = (group::kind(group), group.is_live());
    context.events.tell(|time| {
        let new = [JoinedGroupMember::new(user)];
        GroupAfterNewMemberJoin::new(id, kind, GroupJoinType::APPLY, user, new, time)
    });
    if live {
        context.events.tell(|_| {
            GroupOnMemberStateChange::new(id, LiveMemberState::ONLINE, [LiveMember::new(user)])
                .with_event_cause(LiveMemberCause::JOIN)
        });
    }
    group_members::tell_if_full(context, id);
    Ok(())
}

fn apply_to_join(context: &mut Context<'_>, id: &str) -> Result<Step<()>, Refusal> {
    check_joining(context, id)?;
    let kind = group::kind(group::group(context.state, id)?);
    let (user, id) = (context.operator.to_owned(), id.to_owned());
    let asked = id.clone();
    let event = |time| GroupBeforeApplyJoinGroup::new(asked, kind, user, time);
    ask(context, None, event, move |context, answer| {
        match answer {
            Some(GroupBeforeApplyJoinGroupAnswer::Allow) => {}
            Some(GroupBeforeApplyJoinGroupAnswer::RefuseWith(refusal)) => {
                return Err(ErrorCode(refusal.code()).because(refusal.text()));
            }
            _ => return Err(ErrorCode::GROUP_REFUSED_BY_WEBHOOK.because("the app refused")),
        }
        join_group(context, &id).map(Step::Done)
    })
}

fn leave_group(context: &mut Context<'_>, id: &str) -> Result<(), Refusal> {
    let user = context.operator;
    let group = group::group(context.state, id)?;
    if !group.leave(user) {
        return Err(ErrorCode::GROUP_PERMISSION_DENIED.because("the user is no member"));
    }
    let (kind, live) = (group::kind(group), group.is_live());
    context.events.tell(|time| {
        let gone = [LeftGroupMember::new(user)];
        GroupAfterMemberExit::new(id, kind, GroupExitType::QUIT, user, gone, time)
    });
    if live {
        context.events.tell(|_| {
            GroupOnMemberStateChange::new(id, LiveMemberState::OFFLINE, [LiveMember::new(user)])
                .with_event_cause(LiveMemberCause::QUIT)
        });
    }
    Ok(())
}

fn read_group_msgs(context: &mut Context<'_>, id: &str, up_to: u64) {
    let user = context.operator;
    let Some(group) = context.state.groups.get_mut(id) else {
        return;
    };
    let (kind, with_receipts) = (
        group::kind(group),
        !group.is_live() && !group.is_community(),
    );
    let members: Vec<String> = group.members.keys().cloned().collect();
    let Some(member) = group.members.get_mut(user) else {
        return;
    };
    let last = group.messages.last_seq().min(up_to);
    member.msg_seq = member.msg_seq.max(Some(last));
    let new: Vec<(u64, Box<str>)> = (group.messages.read(user, up_to).into_iter())
        .map(|message| (message.seq, message.from.clone()))
        .collect();
    let mut read = Vec::new();
    for (seq, from) in new {
        let others = members.iter().filter(|member| ***member != *from);
        let (readers, rest): (Vec<_>, Vec<_>) =
            others.partition(|member| group.messages.is_read(seq, &from, member));
        let reading = GroupMsgReading::new(seq, readers.len() as u64, rest.len() as u64);
        // Who has read it just now.
        read.push(reading.with_read_receipt_members([GroupMsgReader::new(user)]));
    }
    if with_receipts && !read.is_empty() {
        context
            .events
            .tell(|time| GroupAfterReadReceipt::new(id, kind, read, time));
    }
}
