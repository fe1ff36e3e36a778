//! Members of groups: adding, removing, reading, roles, mutes.

use super::{
    group::{BAD_BODY, keep_custom_fields, keep_member_fields},
    registry::Commands,
};
use crate::{
    refusal::{Because, Refusal},
    world::{Context, ImportedMember, MemberChanges, Step, allow, group, membership},
};
use tencent_chat_types::{
    ErrorCode,
    group::{
        AddGroupMembers, AddGroupMembersReply, DeleteGroupMembers, DeleteGroupMembersReply,
        GetGroupMemberRoles, GetGroupMemberRolesReply, GetGroupMembers, GetGroupMembersReply,
        GetMutedGroupMembers, GetMutedGroupMembersReply, ImportGroupMembers,
        ImportGroupMembersReply, ModifyGroupMember, ModifyGroupMemberReply, MuteGroupMembers,
        MuteGroupMembersReply, get_group_member_roles::UserRole,
        get_muted_group_members::MutedMember,
    },
    model::{AddMemberResult, GroupMember, MemberRole},
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

fn add_group_members(
    context: &mut Context<'_>,
    request: AddGroupMembers,
) -> Result<Step<AddGroupMembersReply>, Refusal> {
    let users = request.member_list.into_iter();
    let users = users.map(|member| member.member_account).collect();
    membership::add(context, request.group_id, users)?.then(|outcomes| {
        let mut reply = AddGroupMembersReply::default();
        let results = outcomes.into_iter();
        let result = |(user, outcome): (String, _)| AddMemberResult::new(user, outcome);
        reply.member_list = results.map(result).collect();
        Ok(reply)
    })
}

fn delete_group_members(
    context: &mut Context<'_>,
    request: DeleteGroupMembers,
) -> Result<DeleteGroupMembersReply, Refusal> {
    membership::remove(context, &request.group_id, &request.member_to_del_account)?;
    Ok(DeleteGroupMembersReply::default())
}

fn import_group_members(
    context: &mut Context<'_>,
    request: ImportGroupMembers,
) -> Result<ImportGroupMembersReply, Refusal> {
    let members = request.member_list.into_iter();
    let members = members.map(|member| ImportedMember {
        user: member.member_account,
        role: member.role,
        joined: member.join_time,
        unread: member.unread_msg_num,
    });
    let outcomes = membership::import(context, &request.group_id, members.collect())?;
    let mut reply = ImportGroupMembersReply::default();
    let results = outcomes.into_iter();
    let results = results.map(|(user, outcome)| AddMemberResult::new(user, outcome));
    reply.member_list = results.collect();
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
    let changes = MemberChanges {
        role: request.role,
        flag: request.msg_flag,
        name_card: request.name_card,
        mute: request.mute_time,
        data: request.app_member_defined_data.unwrap_or_default(),
    };
    let (id, user) = (&request.group_id, &request.member_account);
    membership::modify(context, id, user, changes)?;
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
    let (id, topic, seconds) = (&request.group_id, request.topic_id, request.mute_time);
    membership::mute(
        context,
        id,
        topic.as_ref(),
        request.members_account,
        seconds,
    )?;
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
