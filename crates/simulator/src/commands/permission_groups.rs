//! Permission groups of communities.

use super::{group::BAD_BODY, registry::Commands};
use crate::{
    refusal::Refusal,
    world::{
        Context, PermissionGroup,
        permissions::{self, community, held, missing},
    },
};
use std::collections::BTreeMap;
use tencent_chat_types::{
    ErrorCode,
    group::{
        AddPermissionGroupMembers, AddPermissionGroupMembersReply, AddTopicPermissions,
        AddTopicPermissionsReply, CreatePermissionGroup, CreatePermissionGroupReply,
        DeletePermissionGroupMembers, DeletePermissionGroupMembersReply, DeleteTopicPermissions,
        DeleteTopicPermissionsReply, DestroyPermissionGroups, DestroyPermissionGroupsReply,
        GetPermissionGroupMembers, GetPermissionGroupMembersReply, GetPermissionGroups,
        GetPermissionGroupsReply, GetTopicPermissions, GetTopicPermissionsReply,
        ModifyPermissionGroup, ModifyPermissionGroupReply, ModifyTopicPermissions,
        ModifyTopicPermissionsReply, add_permission_group_members::PermissionGroupMemberResult,
        destroy_permission_groups::PermissionGroupResult,
        get_permission_groups::PermissionGroupInfo, get_topic_permissions::TopicPermissionEntry,
    },
    model::{TopicPermission, TopicPermissionResult},
};

/// Most permission groups of a page.
const MAX_GROUPS: u64 = GetPermissionGroups::MAX_GROUPS as u64;
/// Most members of a page.
const MAX_MEMBERS: u64 = 50;

pub(super) fn register(commands: &mut Commands) {
    commands.add(BAD_BODY, create_permission_group);
    commands.add(BAD_BODY, destroy_permission_groups);
    commands.add(BAD_BODY, modify_permission_group);
    commands.add(BAD_BODY, get_permission_groups);
    commands.add(BAD_BODY, add_topic_permissions);
    commands.add(BAD_BODY, modify_topic_permissions);
    commands.add(BAD_BODY, delete_topic_permissions);
    commands.add(BAD_BODY, get_topic_permissions);
    commands.add(BAD_BODY, add_permission_group_members);
    commands.add(BAD_BODY, delete_permission_group_members);
    commands.add(BAD_BODY, get_permission_group_members);
}

fn create_permission_group(
    context: &mut Context<'_>,
    request: CreatePermissionGroup,
) -> Result<CreatePermissionGroupReply, Refusal> {
    let custom = request.custom_string.unwrap_or_default();
    let new = PermissionGroup::new(request.permission_group_name, request.permission, custom);
    let (group, own_id) = (&request.group_id, request.permission_group_id);
    let mut reply = CreatePermissionGroupReply::default();
    reply.permission_group_id = Some(permissions::create(context.state, group, own_id, new)?);
    Ok(reply)
}

fn destroy_permission_groups(
    context: &mut Context<'_>,
    request: DestroyPermissionGroups,
) -> Result<DestroyPermissionGroupsReply, Refusal> {
    let group = community(context.state, &request.group_id)?;
    let mut reply = DestroyPermissionGroupsReply::default();
    for id in request.permission_group_id_list {
        let (code, text) = match group.permission_groups.remove(&id) {
            Some(_) => (ErrorCode::OK, String::new()),
            None => (missing().code, missing().text),
        };
        let result = PermissionGroupResult::new(id, code).with_error_info(text);
        reply.permission_group_result_list.push(result);
    }
    Ok(reply)
}

fn modify_permission_group(
    context: &mut Context<'_>,
    request: ModifyPermissionGroup,
) -> Result<ModifyPermissionGroupReply, Refusal> {
    let id = &request.permission_group_id;
    let held = held(context.state, &request.group_id, id)?;
    if let Some(name) = request.permission_group_name {
        held.name = name;
    }
    if let Some(permission) = request.permission {
        held.permission = permission;
    }
    if let Some(custom) = request.custom_string {
        held.custom = custom;
    }
    Ok(ModifyPermissionGroupReply::default())
}

/// A page of a map after a key, and the key to go on after; that is empty after the last page.
fn page<'a, T>(
    all: &'a BTreeMap<String, T>,
    after: Option<&String>,
    most: u64,
) -> (Vec<(&'a String, &'a T)>, String) {
    let mut rest = (all.iter())
        .filter(|(key, _)| after.is_none_or(|after| *key > after))
        .peekable();
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    let page: Vec<_> = rest.by_ref().take(most).collect();
    let next = match (rest.peek(), page.last()) {
        (Some(_), Some((last, _))) => (*last).clone(),
        _ => String::new(),
    };
    (page, next)
}

fn get_permission_groups(
    context: &mut Context<'_>,
    request: GetPermissionGroups,
) -> Result<GetPermissionGroupsReply, Refusal> {
    let most = (context.settings.page_size as u64).min(request.limit.unwrap_or(MAX_GROUPS));
    let group = community(context.state, &request.group_id)?;
    let mut reply = GetPermissionGroupsReply::default();
    let info = |(id, held): (&String, &PermissionGroup)| {
        PermissionGroupInfo::default()
            .with_permission_group_id(id.as_str())
            .with_permission_group_name(held.name.as_str())
            .with_permission(held.permission)
            .with_custom_string(held.custom.as_str())
    };
    match request.permission_group_id_list {
        Some(ids) if !ids.is_empty() => {
            let held = ids
                .iter()
                .filter_map(|id| group.permission_groups.get_key_value(id));
            reply.permission_group_info_list = held.map(info).collect();
        }
        _ => {
            let after = request.next.filter(|next| !next.is_empty());
            let (held, next) = page(&group.permission_groups, after.as_ref(), most);
            reply.permission_group_info_list = held.into_iter().map(info).collect();
            reply.next = Some(next);
        }
    }
    Ok(reply)
}

/// Sets permissions in topics, and says what became of each.
fn set_topics(
    context: &mut Context<'_>,
    group: &str,
    id: &str,
    list: Vec<TopicPermission>,
) -> Result<Option<Vec<TopicPermissionResult>>, Refusal> {
    let list = list.into_iter();
    let list = list.map(|item| (item.topic_id, item.permission));
    let set = permissions::set_topics(context.state, group, id, list)?;
    let results = set.into_iter().map(|(topic, known)| result(topic, known));
    Ok(Some(results.collect()))
}

fn result(topic: String, known: bool) -> TopicPermissionResult {
    let (code, text) = match known {
        true => (ErrorCode::OK, ""),
        false => (ErrorCode::TOPIC_NOT_FOUND, "there is no such topic"),
    };
    TopicPermissionResult::new(topic, code).with_error_info(text)
}

fn add_topic_permissions(
    context: &mut Context<'_>,
    request: AddTopicPermissions,
) -> Result<AddTopicPermissionsReply, Refusal> {
    let (group, id) = (&request.group_id, &request.permission_group_id);
    let mut reply = AddTopicPermissionsReply::default();
    reply.topic_permission_result_list =
        set_topics(context, group, id, request.topic_permission_list)?;
    Ok(reply)
}

fn modify_topic_permissions(
    context: &mut Context<'_>,
    request: ModifyTopicPermissions,
) -> Result<ModifyTopicPermissionsReply, Refusal> {
    let (group, id) = (&request.group_id, &request.permission_group_id);
    let mut reply = ModifyTopicPermissionsReply::default();
    reply.topic_permission_result_list =
        set_topics(context, group, id, request.topic_permission_list)?;
    Ok(reply)
}

fn delete_topic_permissions(
    context: &mut Context<'_>,
    request: DeleteTopicPermissions,
) -> Result<DeleteTopicPermissionsReply, Refusal> {
    let id = &request.permission_group_id;
    let held = held(context.state, &request.group_id, id)?;
    let mut reply = DeleteTopicPermissionsReply::default();
    for topic in request.topic_id_list {
        let known = held.topics.remove(&topic).is_some();
        reply
            .topic_permission_result_list
            .push(result(topic, known));
    }
    Ok(reply)
}

fn get_topic_permissions(
    context: &mut Context<'_>,
    request: GetTopicPermissions,
) -> Result<GetTopicPermissionsReply, Refusal> {
    let id = &request.permission_group_id;
    let held = held(context.state, &request.group_id, id)?;
    let topics = match request.topic_id_list {
        Some(topics) if !topics.is_empty() => topics,
        _ => held.topics.keys().cloned().collect(),
    };
    let mut reply = GetTopicPermissionsReply::default();
    for topic in topics {
        let permission = held.topics.get(&topic).copied();
        let code = match permission {
            Some(_) => ErrorCode::OK,
            None => ErrorCode::TOPIC_NOT_FOUND,
        };
        let mut entry = TopicPermissionEntry::new(topic, code);
        entry.permission = permission;
        reply.topic_permission_result_list.push(entry);
    }
    Ok(reply)
}

fn add_permission_group_members(
    context: &mut Context<'_>,
    request: AddPermissionGroupMembers,
) -> Result<AddPermissionGroupMembersReply, Refusal> {
    let (group, id) = (&request.group_id, &request.permission_group_id);
    let users = request.member_list.iter().map(|user| &user.member_account);
    permissions::add_members(context.state, group, id, users)?;
    let users = request.member_list.into_iter();
    let users = users.map(|user| PermissionGroupMemberResult::new(user.member_account));
    let mut reply = AddPermissionGroupMembersReply::default();
    reply.member_list = Some(users.collect());
    Ok(reply)
}

fn delete_permission_group_members(
    context: &mut Context<'_>,
    request: DeletePermissionGroupMembers,
) -> Result<DeletePermissionGroupMembersReply, Refusal> {
    let id = &request.permission_group_id;
    let held = held(context.state, &request.group_id, id)?;
    for user in request.member_list {
        held.members.remove(&user.member_account);
    }
    Ok(DeletePermissionGroupMembersReply::default())
}

fn get_permission_group_members(
    context: &mut Context<'_>,
    request: GetPermissionGroupMembers,
) -> Result<GetPermissionGroupMembersReply, Refusal> {
    let most = (context.settings.page_size as u64).min(request.limit.unwrap_or(MAX_MEMBERS));
    let group = community(context.state, &request.group_id)?;
    let id = &request.permission_group_id;
    let held = group.permission_groups.get(id).ok_or_else(missing)?;
    let members: Vec<String> = held.members.keys().cloned().collect();
    let members: BTreeMap<_, _> = (members.into_iter())
        .filter_map(|user| Some((user.clone(), group.members.get(&user)?.clone())))
        .collect();
    let after = request.next.filter(|next| !next.is_empty());
    let (shown, next) = page(&members, after.as_ref(), most);
    let mut reply = GetPermissionGroupMembersReply::default();
    reply.member_list = shown
        .into_iter()
        .map(|(_, member)| member.clone())
        .collect();
    reply.next = Some(next);
    Ok(reply)
}
