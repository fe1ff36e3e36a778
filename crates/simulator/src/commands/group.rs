//! Groups.

use super::registry::{BadBody, Commands};
use crate::{
    refusal::{Because, Refusal},
    world::{Context, FirstMember, Group, GroupChanges, NewGroup, Step, groups},
};
use tencent_chat_types::{
    ErrorCode,
    group::{
        ChangeGroupOwner, ChangeGroupOwnerReply, CreateGroup, CreateGroupReply, DestroyGroup,
        DestroyGroupReply, GetGroupInfo, GetGroupInfoReply, GetJoinedGroups, GetJoinedGroupsReply,
        ImportGroup, ImportGroupReply, ListGroups, ListGroupsReply, ModifyGroup, ModifyGroupReply,
        get_group_info::{GroupInfo, GroupInfoFilter},
        get_joined_groups::{JoinedGroup, Membership},
        list_groups::GroupIdItem,
    },
    model::{CustomField, GroupMember, GroupType},
    validate::Limit,
    wire::Flag,
};

/// For all commands of groups.
pub(super) const BAD_BODY: BadBody = BadBody {
    unparsable: |_| ErrorCode::GROUP_PARAMETER_INVALID,
    invalid: |violation| match (violation.path.as_str(), violation.limit) {
        ("MemberList" | "MemberToDel_Account" | "Members_Account", Limit::MaxItems(_)) => {
            ErrorCode::GROUP_TOO_MANY_ACCOUNTS
        }
        ("GroupAttr", Limit::MaxItems(_)) => ErrorCode::GROUP_ATTRIBUTE_TOO_MANY,
        (path, _) if path.starts_with("GroupAttr") && path.ends_with("key") => {
            ErrorCode::GROUP_ATTRIBUTE_KEY_TOO_LONG
        }
        (path, _) if path.starts_with("GroupAttr") => ErrorCode::GROUP_ATTRIBUTE_VALUE_TOO_LONG,
        ("GroupCounter", Limit::MaxItems(_)) => ErrorCode::GROUP_COUNTER_TOO_MANY,
        _ => ErrorCode::GROUP_PARAMETER_INVALID,
    },
};

/// Where the cursor of the list of groups begins. Beyond 32 bits, like the service's own, so that a
/// client that cuts it off fails here and not in production.
const CURSOR_BASE: u64 = 1 << 33;

/// Most groups of one reply.
const MAX_GROUPS: u64 = 10_000;

pub(super) fn register(commands: &mut Commands) {
    commands.add_asking(BAD_BODY, create_group);
    commands.add(BAD_BODY, get_group_info);
    commands.add(BAD_BODY, list_groups);
    commands.add(BAD_BODY, get_joined_groups);
    commands.add(BAD_BODY, modify_group);
    commands.add(BAD_BODY, import_group);
    commands.add(BAD_BODY, destroy_group);
    commands.add(BAD_BODY, change_group_owner);
}

fn create_group(
    context: &mut Context<'_>,
    request: CreateGroup,
) -> Result<Step<CreateGroupReply>, Refusal> {
    let members = request.member_list.unwrap_or_default().into_iter();
    let members = members.map(|member| FirstMember {
        user: member.member_account,
        role: member.role,
        data: member.app_member_defined_data,
    });
    let kind = request.r#type.clone();
    let new = NewGroup {
        id: request.group_id,
        kind: request.r#type,
        name: request.name,
        owner: request.owner_account,
        introduction: request.introduction,
        notification: request.notification,
        face_url: request.face_url,
        most_members: request.max_member_count,
        apply_join: request.apply_join_option,
        invite_join: request.invite_join_option,
        topics: request.support_topic,
        data: request.app_defined_data,
        created: None,
        members: members.collect(),
    };
    groups::create(context, new)?.then(|id| {
        let mut reply = CreateGroupReply::default();
        reply.group_id = id;
        if kind == GroupType::COMMUNITY {
            reply.r#type = Some(kind);
            reply.huge_group_flag = Some(Flag::OFF);
        }
        Ok(reply)
    })
}

fn get_group_info(
    context: &mut Context<'_>,
    request: GetGroupInfo,
) -> Result<GetGroupInfoReply, Refusal> {
    let mut reply = GetGroupInfoReply::default();
    for id in request.group_id_list {
        reply.group_info.push(match context.state.groups.get(&id) {
            Some(group) => shown(group, request.response_filter.as_ref()),
            None => GroupInfo::new(id, ErrorCode::GROUP_NOT_FOUND)
                .with_error_info("there is no such group"),
        });
    }
    Ok(reply)
}

/// The profile of a group, with what follows from its members and messages.
fn profile(group: &Group) -> GroupInfo {
    let mut info = group.info.clone();
    info.member_num = Some(group.members.len() as u64);
    info.next_msg_seq = Some(group.messages.last_seq() + 1);
    info.last_msg_time = Some(group.messages.last_time());
    info
}

/// A group as a filter lets it through.
fn shown(group: &Group, filter: Option<&GroupInfoFilter>) -> GroupInfo {
    let mut info = profile(group);
    let mut members: Vec<GroupMember> = match group.is_live() {
        true => Vec::new(),
        false => group.members.values().cloned().collect(),
    };
    if let Some(filter) = filter {
        if let Some(fields) = &filter.group_base_info_filter {
            keep_info_fields(&mut info, fields);
        }
        for member in &mut members {
            if let Some(fields) = &filter.member_info_filter {
                keep_member_fields(member, fields);
            }
            keep_custom_fields(
                &mut member.app_member_defined_data,
                filter.app_defined_data_filter_group_member.as_ref(),
            );
        }
        keep_custom_fields(
            &mut info.app_defined_data,
            filter.app_defined_data_filter_group.as_ref(),
        );
    }
    info.with_error_info("").with_member_list(members)
}

pub(super) fn keep_custom_fields(
    fields: &mut Option<Vec<CustomField>>,
    keys: Option<&Vec<String>>,
) {
    if let (Some(fields), Some(keys)) = (fields, keys) {
        fields.retain(|field| keys.contains(&field.key));
    }
}

/// Empties every field that is not named.
macro_rules! keep {
    ($object:ident, $names:ident, { $($wire:literal => $field:ident,)* }) => { $(
        if !$names.iter().any(|name| name == $wire) {
            $object.$field = None;
        }
    )* };
}

fn keep_info_fields(info: &mut GroupInfo, names: &[String]) {
    keep!(info, names, {
        "Type" => r#type,
        "Name" => name,
        "Appid" => appid,
        "Introduction" => introduction,
        "Notification" => notification,
        "FaceUrl" => face_url,
        "Owner_Account" => owner_account,
        "CreateTime" => create_time,
        "InfoSeq" => info_seq,
        "LastInfoTime" => last_info_time,
        "LastMsgTime" => last_msg_time,
        "NextMsgSeq" => next_msg_seq,
        "MemberNum" => member_num,
        "MaxMemberNum" => max_member_num,
        "ApplyJoinOption" => apply_join_option,
        "InviteJoinOption" => invite_join_option,
        "MuteAllMember" => mute_all_member,
        "SupportTopic" => support_topic,
    });
}

pub(super) fn keep_member_fields(member: &mut GroupMember, names: &[String]) {
    keep!(member, names, {
        "Role" => role,
        "JoinTime" => join_time,
        "MsgSeq" => msg_seq,
        "MsgFlag" => msg_flag,
        "LastSendMsgTime" => last_send_msg_time,
        "NameCard" => name_card,
        "MuteUntil" => mute_until,
    });
}

fn list_groups(context: &mut Context<'_>, request: ListGroups) -> Result<ListGroupsReply, Refusal> {
    let offset = match request.next.unwrap_or_default() {
        0 => 0,
        next => next.checked_sub(CURSOR_BASE).ok_or_else(|| {
            ErrorCode::GROUP_PARAMETER_INVALID.because("Next is none of this server's")
        })?,
    };
    let wanted =
        |group: &&Group| request.group_type.is_none() || group.info.r#type == request.group_type;
    let groups: Vec<&Group> = context.state.groups.values().filter(wanted).collect();
    let total = groups.len() as u64;
    let limit = request.limit.unwrap_or(MAX_GROUPS).max(1);
    let end = offset.saturating_add(limit).min(total);
    let page =
        usize::try_from(offset).unwrap_or(usize::MAX)..usize::try_from(end).unwrap_or(usize::MAX);
    let mut reply = ListGroupsReply::default();
    reply.total_count = total;
    reply.group_id_list = groups
        .get(page)
        .unwrap_or_default()
        .iter()
        .map(|group| GroupIdItem::new(group.info.group_id.clone()))
        .collect();
    reply.next = Some(if end < total { CURSOR_BASE + end } else { 0 });
    Ok(reply)
}

fn get_joined_groups(
    context: &mut Context<'_>,
    request: GetJoinedGroups,
) -> Result<GetJoinedGroupsReply, Refusal> {
    let user = &request.member_account;
    if !context.state.accounts.contains_key(user) {
        return Err(ErrorCode::GROUP_PARAMETER_INVALID.because("Member_Account is not imported"));
    }
    let with_live = request.with_huge_groups.is_some_and(|flag| flag.is_on());
    let with_topics = request.support_topic.is_some_and(|flag| flag.is_on());
    let wanted = |group: &&Group| {
        group.members.contains_key(user)
            && (with_live || !group.is_live())
            && (request.group_type.is_none() || group.info.r#type == request.group_type)
            && (!with_topics || group.has_topics())
    };
    let groups: Vec<&Group> = context.state.groups.values().filter(wanted).collect();
    let at = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
    let mut reply = GetJoinedGroupsReply::default();
    reply.total_count = groups.len() as u64;
    reply.group_id_list = groups
        .iter()
        .skip(at(request.offset.unwrap_or(0)))
        .take(request.limit.map_or(usize::MAX, at))
        .map(|group| joined(group, user, request.response_filter.as_ref()))
        .collect();
    Ok(reply)
}

/// A group as a filter lets one of its members see it; without a filter, only its id.
fn joined(
    group: &Group,
    user: &str,
    filter: Option<&tencent_chat_types::group::get_joined_groups::JoinedGroupFilter>,
) -> JoinedGroup {
    let mut shown = JoinedGroup::new(group.info.group_id.as_str());
    let Some(filter) = filter else {
        return shown;
    };
    if let Some(names) = &filter.group_base_info_filter {
        let info = profile(group);
        shown.r#type = info.r#type;
        shown.name = info.name;
        shown.introduction = info.introduction;
        shown.notification = info.notification;
        shown.face_url = info.face_url;
        shown.owner_account = info.owner_account;
        shown.create_time = info.create_time;
        shown.info_seq = info.info_seq;
        shown.last_info_time = info.last_info_time;
        shown.last_msg_time = info.last_msg_time;
        shown.next_msg_seq = info.next_msg_seq;
        shown.member_num = info.member_num;
        shown.max_member_num = info.max_member_num;
        shown.apply_join_option = info.apply_join_option;
        shown.mute_all_member = info.mute_all_member;
        shown.support_topic = info.support_topic;
        keep!(shown, names, {
            "Type" => r#type,
            "Name" => name,
            "Introduction" => introduction,
            "Notification" => notification,
            "FaceUrl" => face_url,
            "Owner_Account" => owner_account,
            "CreateTime" => create_time,
            "InfoSeq" => info_seq,
            "LastInfoTime" => last_info_time,
            "LastMsgTime" => last_msg_time,
            "NextMsgSeq" => next_msg_seq,
            "MemberNum" => member_num,
            "MaxMemberNum" => max_member_num,
            "ApplyJoinOption" => apply_join_option,
            "MuteAllMember" => mute_all_member,
            "SupportTopic" => support_topic,
        });
    }
    if let (Some(names), Some(member)) = (&filter.self_info_filter, group.members.get(user)) {
        let mut own = Membership::default();
        own.role.clone_from(&member.role);
        own.join_time = member.join_time;
        own.msg_flag.clone_from(&member.msg_flag);
        own.msg_seq = member.msg_seq;
        keep!(own, names, {
            "Role" => role,
            "JoinTime" => join_time,
            "MsgFlag" => msg_flag,
            "MsgSeq" => msg_seq,
        });
        shown.self_info = Some(own);
    }
    shown
}

fn modify_group(
    context: &mut Context<'_>,
    request: ModifyGroup,
) -> Result<ModifyGroupReply, Refusal> {
    let changes = GroupChanges {
        name: request.name,
        introduction: request.introduction,
        notification: request.notification,
        face_url: request.face_url,
        most_members: request.max_member_num,
        apply_join: request.apply_join_option,
        invite_join: request.invite_join_option,
        mute_all: request.mute_all_member,
        permissions: request.enable_permission,
        default_permission: request.default_permission,
        data: request.app_defined_data.unwrap_or_default(),
    };
    groups::modify(context, request.group_id, changes)?;
    Ok(ModifyGroupReply::default())
}

fn import_group(
    context: &mut Context<'_>,
    request: ImportGroup,
) -> Result<ImportGroupReply, Refusal> {
    let new = NewGroup {
        id: request.group_id,
        kind: request.r#type,
        name: request.name,
        owner: request.owner_account,
        introduction: request.introduction,
        notification: request.notification,
        face_url: request.face_url,
        most_members: request.max_member_count,
        apply_join: request.apply_join_option,
        invite_join: None,
        topics: request.support_topic,
        data: request.app_defined_data,
        created: request.create_time,
        members: Vec::new(),
    };
    let mut reply = ImportGroupReply::default();
    reply.group_id = groups::import(context, new)?;
    Ok(reply)
}

fn destroy_group(
    context: &mut Context<'_>,
    request: DestroyGroup,
) -> Result<DestroyGroupReply, Refusal> {
    groups::destroy(context, request.group_id)?;
    Ok(DestroyGroupReply::default())
}

fn change_group_owner(
    context: &mut Context<'_>,
    request: ChangeGroupOwner,
) -> Result<ChangeGroupOwnerReply, Refusal> {
    groups::change_owner(context, request.group_id, request.new_owner_account)?;
    Ok(ChangeGroupOwnerReply::default())
}
