//! Members of groups: adding, removing, reading, roles, mutes.

use super::{
    group::{
        BAD_BODY, allow, group, keep_custom_fields, keep_member_fields, kind, set_custom_field,
    },
    moderation::mute_end,
    registry::Commands,
};
use crate::{
    refusal::{Because, Refusal},
    world::{Context, State, Step, ask},
};
use tencent_chat_types::{
    ErrorCode,
    group::{
        AddGroupMembers, AddGroupMembersReply, DeleteGroupMembers, DeleteGroupMembersReply,
        GetGroupMemberRoles, GetGroupMemberRolesReply, GetGroupMembers, GetGroupMembersReply,
        GetMutedGroupMembers, GetMutedGroupMembersReply, ImportGroupMembers,
        ImportGroupMembersReply, ModifyGroupMember, ModifyGroupMemberReply, MuteGroupMembers,
        MuteGroupMembersReply, add_group_members::AddMemberResult,
        get_group_member_roles::UserRole, get_muted_group_members::MutedMember,
        import_group_members::ImportMemberResult,
    },
    model::{AddMemberOutcome, GroupMember, MemberRole},
    webhook::{
        GroupAfterGroupFull, GroupAfterMemberExit, GroupAfterMemberFieldChanged,
        GroupAfterNewMemberJoin, GroupBeforeInviteJoinGroup, GroupBeforeInviteJoinGroupAnswer,
        group::group_after_member_exit::{GroupExitType, LeftGroupMember},
        group::group_after_new_member_join::{GroupJoinType, JoinedGroupMember},
        group::group_before_invite_join_group::InvitedGroupMember,
    },
};

/// Most members that a page of a community holds.
const MAX_COMMUNITY_PAGE: u64 = 100;

pub(super) fn register(commands: &mut Commands) {
    commands.add_asking(BAD_BODY, add_group_members);
    commands.add(BAD_BODY, delete_group_members);
    commands.add(BAD_BODY, import_group_members);
    commands.add(BAD_BODY, get_group_members);
    commands.add(BAD_BODY, modify_group_member);
    commands.add(BAD_BODY, get_group_member_roles);
    commands.add(BAD_BODY, mute_group_members);
    commands.add(BAD_BODY, get_muted_group_members);
}

/// Who of the users can be added.
fn check_adding(state: &mut State, request: &AddGroupMembers) -> Result<Vec<String>, Refusal> {
    let users = request
        .member_list
        .iter()
        .map(|member| &member.member_account);
    let known: Vec<String> = users
        .filter(|user| state.accounts.contains_key(*user))
        .cloned()
        .collect();
    let group = group(state, &request.group_id)?;
    allow(!group.is_live(), "users join an AVChatRoom by themselves")?;
    let new = |user: &String| !group.members.contains_key(user);
    Ok(known.into_iter().filter(new).collect())
}

/// Whether the group has no place for more members.
fn is_full(state: &mut State, id: &str, more: usize) -> bool {
    state.groups.get(id).is_some_and(|group| {
        let most = group.info.max_member_num.unwrap_or(u64::MAX);
        !group.is_live() && (group.members.len() + more) as u64 > most
    })
}

/// Tells the app that the group is full, if it is.
pub(crate) fn tell_if_full(context: &mut Context<'_>, id: &str) {
    if is_full(context.state, id, 1) {
        context
            .events
            .tell(|time| GroupAfterGroupFull::new(id, time));
    }
}

fn add_group_members(
    context: &mut Context<'_>,
    request: AddGroupMembers,
) -> Result<Step<AddGroupMembersReply>, Refusal> {
    let new = check_adding(context.state, &request)?;
    if is_full(context.state, &request.group_id, new.len()) {
        tell_if_full(context, &request.group_id);
        return Err(ErrorCode::GROUP_FULL.because("MaxMemberNum would be exceeded"));
    }
    if new.is_empty() {
        return add_allowed_members(context, request, &[]).map(Step::Done);
    }
    let kind = kind(group(context.state, &request.group_id)?);
    let (id, operator) = (request.group_id.clone(), context.operator.to_owned());
    let event = move |time| {
        let new = new.into_iter().map(InvitedGroupMember::new);
        GroupBeforeInviteJoinGroup::new(id, kind, operator, new, time)
    };
    ask(context, None, event, |context, answer| {
        let refused = match answer {
            Some(GroupBeforeInviteJoinGroupAnswer::Allow) => Vec::new(),
            Some(GroupBeforeInviteJoinGroupAnswer::Change(changes)) => {
                changes.refused_members_account.unwrap_or_default()
            }
            Some(GroupBeforeInviteJoinGroupAnswer::RefuseWith(refusal)) => {
                return Err(ErrorCode(refusal.code()).because(refusal.text()));
            }
            _ => return Err(ErrorCode::GROUP_REFUSED_BY_WEBHOOK.because("the app refused")),
        };
        add_allowed_members(context, request, &refused).map(Step::Done)
    })
}

/// Adds all but those whom the app refused.
fn add_allowed_members(
    context: &mut Context<'_>,
    request: AddGroupMembers,
    refused: &[String],
) -> Result<AddGroupMembersReply, Refusal> {
    let now = context.now;
    // Things may be different since.
    let mut new = check_adding(context.state, &request)?;
    new.retain(|user| !refused.contains(user));
    if is_full(context.state, &request.group_id, new.len()) {
        tell_if_full(context, &request.group_id);
        return Err(ErrorCode::GROUP_FULL.because("MaxMemberNum would be exceeded"));
    }
    let group = group(context.state, &request.group_id)?;
    let mut reply = AddGroupMembersReply::default();
    let mut joined = Vec::new();
    for member in request.member_list {
        let user = member.member_account;
        let outcome = match (new.contains(&user), group.members.contains_key(&user)) {
            (_, true) => AddMemberOutcome::ALREADY_MEMBER,
            (false, _) => AddMemberOutcome::FAILED,
            (true, false) => {
                group.join(&user, MemberRole::MEMBER, now);
                joined.push(JoinedGroupMember::new(user.as_str()));
                AddMemberOutcome::ADDED
            }
        };
        reply.member_list.push(AddMemberResult::new(user, outcome));
    }
    if !joined.is_empty() {
        let (id, kind) = (request.group_id.as_str(), kind(group));
        let operator = context.operator;
        context.events.tell(|time| {
            let how = GroupJoinType::INVITED;
            GroupAfterNewMemberJoin::new(id, kind, how, operator, joined, time)
        });
        tell_if_full(context, id);
    }
    Ok(reply)
}

fn delete_group_members(
    context: &mut Context<'_>,
    request: DeleteGroupMembers,
) -> Result<DeleteGroupMembersReply, Refusal> {
    let group = group(context.state, &request.group_id)?;
    if group.is_live() {
        return Err(ErrorCode::GROUP_PARAMETER_INVALID.because("not for an AVChatRoom"));
    }
    let mut left = Vec::new();
    for user in &request.member_to_del_account {
        if group.leave(user) {
            left.push(LeftGroupMember::new(user.as_str()));
        }
    }
    if !left.is_empty() {
        let kind = kind(group);
        let (id, operator) = (request.group_id, context.operator);
        context.events.tell(|time| {
            let how = GroupExitType::KICKED;
            GroupAfterMemberExit::new(id, kind, how, operator, left, time)
        });
    }
    Ok(DeleteGroupMembersReply::default())
}

fn import_group_members(
    context: &mut Context<'_>,
    request: ImportGroupMembers,
) -> Result<ImportGroupMembersReply, Refusal> {
    let now = context.now;
    let known: Vec<bool> = (request.member_list.iter())
        .map(|member| context.state.accounts.contains_key(&member.member_account))
        .collect();
    let group = group(context.state, &request.group_id)?;
    allow(!group.is_live(), "an AVChatRoom takes no members")?;
    let mut reply = ImportGroupMembersReply::default();
    for (member, known) in request.member_list.into_iter().zip(known) {
        let user = member.member_account;
        let outcome = match (known, group.members.contains_key(&user)) {
            (_, true) => AddMemberOutcome::ALREADY_MEMBER,
            (false, _) => AddMemberOutcome::FAILED,
            (true, false) => {
                let role = member.role.unwrap_or(MemberRole::MEMBER);
                let last = group.messages.last_seq();
                let entry = group.join(&user, role, member.join_time.unwrap_or(now));
                if let Some(unread) = member.unread_msg_num {
                    // More than there are messages counts as all of them.
                    entry.msg_seq = Some(last.saturating_sub(unread));
                }
                AddMemberOutcome::ADDED
            }
        };
        reply
            .member_list
            .push(ImportMemberResult::new(user, outcome));
    }
    Ok(reply)
}

fn get_group_members(
    context: &mut Context<'_>,
    request: GetGroupMembers,
) -> Result<GetGroupMembersReply, Refusal> {
    let group = group(context.state, &request.group_id)?;
    allow(!group.is_live(), "an AVChatRoom stores no members")?;
    let community = group.is_community();
    let roles = request.member_role_filter.filter(|roles| !roles.is_empty());
    let wanted = |member: &&GroupMember| match (&roles, &member.role) {
        (Some(roles), Some(role)) => roles.contains(role),
        (Some(_), None) => false,
        (None, _) => true,
    };
    let start = match (community, request.next.as_deref()) {
        (true, Some("")) => 0,
        (true, Some(next)) => next.parse().map_err(|_| {
            ErrorCode::GROUP_PARAMETER_INVALID.because("Next is none of this server's")
        })?,
        (true, None) => {
            let text = "a community needs Next: empty first";
            return Err(ErrorCode::GROUP_PARAMETER_INVALID.because(text));
        }
        (false, _) => request.offset.unwrap_or(0),
    };
    let most = match community {
        true => request
            .limit
            .unwrap_or(MAX_COMMUNITY_PAGE)
            .min(MAX_COMMUNITY_PAGE),
        false => request.limit.unwrap_or(u64::MAX),
    };
    let at = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
    let all: Vec<&GroupMember> = group.members.values().filter(wanted).collect();
    let page = all.iter().skip(at(start)).take(at(most));
    let mut reply = GetGroupMembersReply::default();
    reply.member_num = group.members.len() as u64;
    reply.member_list = page.map(|member| (*member).clone()).collect();
    let end = start.saturating_add(reply.member_list.len() as u64);
    if community {
        let more = at(end) < all.len();
        reply.next = Some(if more { end.to_string() } else { String::new() });
    }
    for member in &mut reply.member_list {
        if let Some(names) = &request.member_info_filter {
            keep_member_fields(member, names);
        }
        let keys = request.app_defined_data_filter_group_member.as_ref();
        keep_custom_fields(&mut member.app_member_defined_data, keys);
    }
    Ok(reply)
}

fn modify_group_member(
    context: &mut Context<'_>,
    request: ModifyGroupMember,
) -> Result<ModifyGroupMemberReply, Refusal> {
    let now = context.now;
    let group = group(context.state, &request.group_id)?;
    allow(!group.is_live(), "an AVChatRoom stores no members")?;
    if request.mute_time.is_some() {
        allow(
            !group.is_private(),
            "members of a work group cannot be muted",
        )?;
    }
    let kind = kind(group);
    let Some(member) = group.members.get_mut(&request.member_account) else {
        return Err(ErrorCode::GROUP_PARAMETER_INVALID.because("Member_Account is no member"));
    };
    let before = (member.role.clone(), member.name_card.clone());
    if let Some(role) = request.role {
        if ![MemberRole::ADMIN, MemberRole::MEMBER].contains(&role) {
            return Err(ErrorCode::GROUP_PARAMETER_INVALID.because("Role is Admin or Member"));
        }
        allow(
            member.role != Some(MemberRole::OWNER),
            "the owner's role cannot change",
        )?;
        member.role = Some(role);
    }
    if let Some(flag) = request.msg_flag {
        member.msg_flag = Some(flag);
    }
    if let Some(name) = request.name_card {
        member.name_card = Some(name);
    }
    if let Some(seconds) = request.mute_time {
        member.mute_until = Some(mute_end(now, seconds));
    }
    for new in request.app_member_defined_data.into_iter().flatten() {
        set_custom_field(member.app_member_defined_data.get_or_insert_default(), new);
    }
    let role = member.role.clone().filter(|_| member.role != before.0);
    let name = (member.name_card.clone()).filter(|_| member.name_card != before.1);
    if role.is_some() || name.is_some() {
        let operator = context.operator;
        context.events.tell(|time| {
            let event = GroupAfterMemberFieldChanged::new(request.group_id, kind, operator, time);
            let mut event = event.with_modified_account(request.member_account);
            event.role = role;
            event.name_card = name;
            event
        });
    }
    Ok(ModifyGroupMemberReply::default())
}

fn get_group_member_roles(
    context: &mut Context<'_>,
    request: GetGroupMemberRoles,
) -> Result<GetGroupMemberRolesReply, Refusal> {
    let group = group(context.state, &request.group_id)?;
    allow(!group.is_live(), "an AVChatRoom stores no members")?;
    let mut reply = GetGroupMemberRolesReply::default();
    for user in request.user_account {
        let role = match group.members.get(&user) {
            Some(member) => member.role.clone().unwrap_or(MemberRole::MEMBER),
            None => MemberRole::NOT_MEMBER,
        };
        reply.user_id_list.push(UserRole::new(user, role));
    }
    Ok(reply)
}

fn mute_group_members(
    context: &mut Context<'_>,
    request: MuteGroupMembers,
) -> Result<MuteGroupMembersReply, Refusal> {
    let until = mute_end(context.now, request.mute_time);
    let group = group(context.state, &request.group_id)?;
    allow(
        !group.is_private(),
        "members of a work group cannot be muted",
    )?;
    if let Some(topic) = &request.topic_id {
        let Some(topic) = group.topics.get_mut(topic) else {
            return Err(ErrorCode::GROUP_PARAMETER_INVALID.because("there is no such topic"));
        };
        for user in request.members_account {
            topic.muted.insert(user, until);
        }
        return Ok(MuteGroupMembersReply::default());
    }
    for user in &request.members_account {
        if let Some(member) = group.members.get_mut(user) {
            member.mute_until = Some(until);
        }
    }
    Ok(MuteGroupMembersReply::default())
}

fn get_muted_group_members(
    context: &mut Context<'_>,
    request: GetMutedGroupMembers,
) -> Result<GetMutedGroupMembersReply, Refusal> {
    let now = context.now;
    let group = group(context.state, &request.group_id)?;
    let mut reply = GetMutedGroupMembersReply::default();
    reply.muted_account_list = match &request.topic_id {
        Some(topic) => {
            let Some(topic) = group.topics.get(topic) else {
                return Err(ErrorCode::GROUP_PARAMETER_INVALID.because("there is no such topic"));
            };
            (topic.muted.iter())
                .filter(|(_, until)| **until > now)
                .map(|(user, until)| MutedMember::new(user.as_str(), *until))
                .collect()
        }
        None => (group.members.iter())
            .map(|(user, member)| (user, member.mute_until.unwrap_or(0)))
            .filter(|(_, until)| *until > now)
            .map(|(user, until)| MutedMember::new(user.as_str(), until))
            .collect(),
    };
    reply.group_id = Some(request.group_id);
    Ok(reply)
}
