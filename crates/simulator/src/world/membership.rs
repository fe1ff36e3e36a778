//! Members of groups: joining, adding, importing, changing, muting, leaving.

use super::{
    context::Context,
    group::Group,
    groups::{allow, group, kind, set_custom_field},
    state::{Peer, State},
    step::{Step, ask},
    users::mute_end,
};
use crate::refusal::{Because, Refusal};
use tencent_chat_types::{
    ErrorCode,
    model::{AddMemberOutcome, ApplyJoinOption, CustomField, MemberAccount, MemberRole, MsgFlag},
    webhook::{
        GroupAfterGroupFull, GroupAfterMemberExit, GroupAfterMemberExitRequired,
        GroupAfterMemberFieldChanged, GroupAfterMemberFieldChangedRequired,
        GroupAfterNewMemberJoin, GroupAfterNewMemberJoinRequired, GroupBeforeApplyJoinGroup,
        GroupBeforeApplyJoinGroupAnswer, GroupBeforeApplyJoinGroupRequired,
        GroupBeforeInviteJoinGroup, GroupBeforeInviteJoinGroupAnswer,
        GroupBeforeInviteJoinGroupRequired, GroupOnMemberStateChange,
        group::{
            group_after_member_exit::GroupExitType,
            group_after_new_member_join::GroupJoinType,
            group_on_member_state_change::{LiveMemberCause, LiveMemberState},
        },
    },
};

/// What became of users who were to become members, in the order of being named.
pub(crate) type Outcomes = Vec<(String, AddMemberOutcome)>;

/// Who of the users can be added.
fn addable(state: &mut State, id: &str, users: &[String]) -> Result<Vec<String>, Refusal> {
    let known = users
        .iter()
        .filter(|user| state.accounts.contains_key(*user));
    let known: Vec<String> = known.cloned().collect();
    let group = group(state, id)?;
    allow(!group.is_live(), "users join an AVChatRoom by themselves")?;
    let new = |user: &String| !group.members.contains_key(user);
    Ok(known.into_iter().filter(new).collect())
}

/// Whether the group has no place for more members.
fn is_full(state: &State, id: &str, more: usize) -> bool {
    state.groups.get(id).is_some_and(|group| {
        let most = group.info.max_member_num.unwrap_or(u64::MAX);
        !group.is_live() && (group.members.len() + more) as u64 > most
    })
}

/// Tells the app that the group is full, if it is.
fn tell_if_full(context: &mut Context<'_>, id: &str) {
    if is_full(context.state, id, 1) {
        context
            .events
            .tell(|time| GroupAfterGroupFull::new(id, time));
    }
}

fn check_room(context: &mut Context<'_>, id: &str, more: usize) -> Result<(), Refusal> {
    if is_full(context.state, id, more) {
        tell_if_full(context, id);
        return Err(ErrorCode::GROUP_FULL.because("MaxMemberNum would be exceeded"));
    }
    Ok(())
}

/// Adds users to a group. The app is asked and told.
pub(crate) fn add(
    context: &mut Context<'_>,
    id: String,
    users: Vec<String>,
) -> Result<Step<Outcomes>, Refusal> {
    let new = addable(context.state, &id, &users)?;
    check_room(context, &id, new.len())?;
    if new.is_empty() {
        return add_allowed(context, &id, users, &[]).map(Step::Done);
    }
    let kind = kind(group(context.state, &id)?);
    let event = move |context: &Context<'_>, (id, _): &(String, Vec<String>), time| {
        GroupBeforeInviteJoinGroup::new(GroupBeforeInviteJoinGroupRequired {
            group_id: id.clone(),
            r#type: kind,
            operator_account: context.operator.into(),
            destination_members: new.into_iter().map(MemberAccount::new).collect(),
            event_time: time,
        })
    };
    ask(
        context,
        None,
        (id, users),
        event,
        |context, (id, users), answer| {
            let refused = match answer {
                Some(GroupBeforeInviteJoinGroupAnswer::Allow) => Vec::new(),
                Some(GroupBeforeInviteJoinGroupAnswer::Change(changes)) => {
                    changes.refused_members_account.unwrap_or_default()
                }
                Some(GroupBeforeInviteJoinGroupAnswer::RefuseWith(refusal)) => {
                    return Err(refusal.into());
                }
                _ => return Err(ErrorCode::GROUP_REFUSED_BY_WEBHOOK.because("the app refused")),
            };
            add_allowed(context, &id, users, &refused).map(Step::Done)
        },
    )
}

/// Adds all but those whom the app refused.
fn add_allowed(
    context: &mut Context<'_>,
    id: &str,
    users: Vec<String>,
    refused: &[String],
) -> Result<Outcomes, Refusal> {
    let now = context.now;
    // Things may be different since.
    let mut new = addable(context.state, id, &users)?;
    new.retain(|user| !refused.contains(user));
    check_room(context, id, new.len())?;
    let group = group(context.state, id)?;
    let (mut outcomes, mut joined) = (Vec::new(), Vec::new());
    for user in users {
        let outcome = match (new.contains(&user), group.members.contains_key(&user)) {
            (_, true) => AddMemberOutcome::ALREADY_MEMBER,
            (false, _) => AddMemberOutcome::FAILED,
            (true, false) => {
                group.join(&user, MemberRole::MEMBER, now);
                joined.push(MemberAccount::new(user.as_str()));
                AddMemberOutcome::ADDED
            }
        };
        outcomes.push((user, outcome));
    }
    if !joined.is_empty() {
        let (kind, operator) = (kind(group), context.operator);
        context.events.tell(|time| {
            let how = GroupJoinType::INVITED;
            GroupAfterNewMemberJoin::new(GroupAfterNewMemberJoinRequired {
                group_id: id.into(),
                r#type: kind,
                join_type: how,
                operator_account: operator.into(),
                new_member_list: joined,
                event_time: time,
            })
        });
        tell_if_full(context, id);
    }
    Ok(outcomes)
}

/// A member of another system's group.
pub(crate) struct ImportedMember {
    pub(crate) user: String,
    pub(crate) role: Option<MemberRole>,
    /// Seconds since 1970; now unless set.
    pub(crate) joined: Option<u64>,
    /// Messages that the member has not read; none unless set.
    pub(crate) unread: Option<u64>,
}

/// Brings members of another system's group in.
pub(crate) fn import(
    context: &mut Context<'_>,
    id: &str,
    members: Vec<ImportedMember>,
) -> Result<Outcomes, Refusal> {
    let now = context.now;
    let known: Vec<bool> = (members.iter())
        .map(|member| context.state.accounts.contains_key(&member.user))
        .collect();
    let group = group(context.state, id)?;
    allow(!group.is_live(), "an AVChatRoom takes no members")?;
    let mut outcomes = Vec::new();
    for (member, known) in members.into_iter().zip(known) {
        let outcome = match (known, group.members.contains_key(&member.user)) {
            (_, true) => AddMemberOutcome::ALREADY_MEMBER,
            (false, _) => AddMemberOutcome::FAILED,
            (true, false) => {
                let role = member.role.unwrap_or(MemberRole::MEMBER);
                let last = group.messages.last_seq();
                let entry = group.join(&member.user, role, member.joined.unwrap_or(now));
                if let Some(unread) = member.unread {
                    // More than there are messages counts as all of them.
                    entry.msg_seq = Some(last.saturating_sub(unread));
                }
                AddMemberOutcome::ADDED
            }
        };
        outcomes.push((member.user, outcome));
    }
    Ok(outcomes)
}

/// Takes a user out of a group, who keeps the conversation as it stands; says whether the user was a
/// member.
fn take_out(state: &mut State, id: &str, user: &str) -> bool {
    let Some(group) = state.groups.get_mut(id) else {
        return false;
    };
    let moved_up = group.moved_up_for(user);
    let was_member = group.leave(user);
    if let Some(time) = moved_up {
        state.touch(user, Peer::Group(id.to_owned()), time);
    }
    was_member
}

/// Takes users out of a group. The app is notified of those who were members.
pub(crate) fn remove(context: &mut Context<'_>, id: &str, users: &[String]) -> Result<(), Refusal> {
    let group = group(context.state, id)?;
    if group.is_live() {
        return Err(ErrorCode::GROUP_PARAMETER_INVALID.because("not for an AVChatRoom"));
    }
    let left = users.iter().filter(|user| group.leave(user));
    let left: Vec<MemberAccount> = left.map(|user| MemberAccount::new(user.as_str())).collect();
    if !left.is_empty() {
        let (kind, operator) = (kind(group), context.operator);
        context.events.tell(|time| {
            let how = GroupExitType::KICKED;
            GroupAfterMemberExit::new(GroupAfterMemberExitRequired {
                group_id: id.into(),
                r#type: kind,
                exit_type: how,
                operator_account: operator.into(),
                exit_member_list: left,
                event_time: time,
            })
        });
    }
    Ok(())
}

/// What speaks against the acting user's joining.
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
        tell_if_full(context, id);
        return Err(ErrorCode::GROUP_FULL.because("the group is full"));
    }
    Ok(())
}

/// Lets the acting user join a group. The app is told.
pub(crate) fn join(context: &mut Context<'_>, id: &str) -> Result<(), Refusal> {
    check_joining(context, id)?;
    let (user, now) = (context.operator, context.now);
    let group = group(context.state, id)?;
    group.join(user, MemberRole::MEMBER, now);
    let (kind, is_live) = (kind(group), group.is_live());
    context.events.tell(|time| {
        let new = [MemberAccount::new(user)];
        GroupAfterNewMemberJoin::new(GroupAfterNewMemberJoinRequired {
            group_id: id.into(),
            r#type: kind,
            join_type: GroupJoinType::APPLY,
            operator_account: user.into(),
            new_member_list: new.into(),
            event_time: time,
        })
    });
    if is_live {
        tell_presence(context, id, LiveMemberState::ONLINE, LiveMemberCause::JOIN);
    }
    tell_if_full(context, id);
    Ok(())
}

/// Tells the app that the acting user is or is not there in a live group.
pub(crate) fn tell_presence(
    context: &mut Context<'_>,
    id: &str,
    now: LiveMemberState,
    cause: LiveMemberCause,
) {
    let user = context.operator;
    context.events.tell(|_| {
        GroupOnMemberStateChange::new(id, now, [MemberAccount::new(user)]).with_event_cause(cause)
    });
}

/// Lets the acting user apply to join a group, and join it where the app has nothing against it;
/// nobody else decides. The app is asked and told.
pub(crate) fn apply(context: &mut Context<'_>, id: String) -> Result<Step<()>, Refusal> {
    check_joining(context, &id)?;
    let kind = kind(group(context.state, &id)?);
    let event = |context: &Context<'_>, id: &String, time| {
        GroupBeforeApplyJoinGroup::new(GroupBeforeApplyJoinGroupRequired {
            group_id: id.clone(),
            r#type: kind,
            requestor_account: context.operator.into(),
            event_time: time,
        })
    };
    ask(context, None, id, event, |context, id, answer| {
        match answer {
            Some(GroupBeforeApplyJoinGroupAnswer::Allow) => {}
            Some(GroupBeforeApplyJoinGroupAnswer::RefuseWith(refusal)) => {
                return Err(refusal.into());
            }
            _ => return Err(ErrorCode::GROUP_REFUSED_BY_WEBHOOK.because("the app refused")),
        }
        join(context, &id).map(Step::Done)
    })
}

/// Lets the acting user leave a group. The app is told.
pub(crate) fn leave(context: &mut Context<'_>, id: &str) -> Result<(), Refusal> {
    let user = context.operator;
    let group = group(context.state, id)?;
    let (kind, is_live) = (kind(group), group.is_live());
    if !take_out(context.state, id, user) {
        return Err(ErrorCode::GROUP_PERMISSION_DENIED.because("the user is not a member"));
    }
    context.events.tell(|time| {
        let gone = [MemberAccount::new(user)];
        GroupAfterMemberExit::new(GroupAfterMemberExitRequired {
            group_id: id.into(),
            r#type: kind,
            exit_type: GroupExitType::QUIT,
            operator_account: user.into(),
            exit_member_list: gone.into(),
            event_time: time,
        })
    });
    if is_live {
        tell_presence(context, id, LiveMemberState::OFFLINE, LiveMemberCause::QUIT);
    }
    Ok(())
}

/// What is to be different about a member; what is not set stays.
pub(crate) struct MemberChanges {
    pub(crate) role: Option<MemberRole>,
    pub(crate) flag: Option<MsgFlag>,
    pub(crate) name_card: Option<String>,
    /// Seconds from now.
    pub(crate) mute: Option<u32>,
    pub(crate) data: Vec<CustomField>,
}

/// Changes a member. The app is notified of role and name.
pub(crate) fn modify(
    context: &mut Context<'_>,
    id: &str,
    user: &str,
    changes: MemberChanges,
) -> Result<(), Refusal> {
    let now = context.now;
    let group = group(context.state, id)?;
    allow(!group.is_live(), "an AVChatRoom stores no members")?;
    if changes.mute.is_some() {
        check_mutable(group)?;
    }
    let kind = kind(group);
    let Some(member) = group.members.get_mut(user) else {
        return Err(ErrorCode::GROUP_PARAMETER_INVALID.because("Member_Account is not a member"));
    };
    let before = (member.role.clone(), member.name_card.clone());
    if let Some(role) = changes.role {
        if ![MemberRole::ADMIN, MemberRole::MEMBER].contains(&role) {
            return Err(ErrorCode::GROUP_PARAMETER_INVALID.because("Role is Admin or Member"));
        }
        let is_owner = member.role == Some(MemberRole::OWNER);
        allow(!is_owner, "the owner's role cannot change")?;
        member.role = Some(role);
    }
    if let Some(flag) = changes.flag {
        member.msg_flag = Some(flag);
    }
    if let Some(name) = changes.name_card {
        member.name_card = Some(name);
    }
    if let Some(seconds) = changes.mute {
        member.mute_until = Some(mute_end(now, seconds));
    }
    for new in changes.data {
        set_custom_field(member.app_member_defined_data.get_or_insert_default(), new);
    }
    let role = member.role.clone().filter(|_| member.role != before.0);
    let name = (member.name_card.clone()).filter(|_| member.name_card != before.1);
    if role.is_some() || name.is_some() {
        let operator = context.operator;
        context.events.tell(|time| {
            let event = GroupAfterMemberFieldChanged::new(GroupAfterMemberFieldChangedRequired {
                group_id: id.into(),
                r#type: kind,
                operator_account: operator.into(),
                event_time: time,
            });
            let mut event = event.with_modified_account(user);
            event.role = role;
            event.name_card = name;
            event
        });
    }
    Ok(())
}

fn check_mutable(group: &Group) -> Result<(), Refusal> {
    let text = "members of a work group cannot be muted";
    allow(!group.is_private(), text)
}

/// Mutes members in a group or in one of its topics, for seconds from now.
pub(crate) fn mute(
    context: &mut Context<'_>,
    id: &str,
    topic: Option<&String>,
    users: Vec<String>,
    seconds: u32,
) -> Result<(), Refusal> {
    let until = mute_end(context.now, seconds);
    let group = group(context.state, id)?;
    check_mutable(group)?;
    if let Some(topic) = topic {
        let Some(topic) = group.topics.get_mut(topic) else {
            return Err(ErrorCode::GROUP_PARAMETER_INVALID.because("there is no such topic"));
        };
        for user in users {
            topic.muted.insert(user, until);
        }
        return Ok(());
    }
    for user in &users {
        if let Some(member) = group.members.get_mut(user) {
            member.mute_until = Some(until);
        }
    }
    Ok(())
}
