//! Groups.

use super::{BadBody, Commands, Context, Refusal};
use crate::{gate::Because, state::Group};
use tencent_chat_types::{
    ErrorCode,
    group::{
        CreateGroup, CreateGroupReply, GetGroupInfo, GetGroupInfoReply, ListGroups,
        ListGroupsReply,
        get_group_info::{GroupInfo, GroupInfoFilter},
        list_groups::GroupIdItem,
    },
    model::{
        ApplyJoinOption, CustomField, GroupMember, GroupType, MemberRole, MsgFlag, MuteAllMember,
    },
    wire::Flag,
};

const BAD_BODY: BadBody = BadBody {
    unparsable: |_| ErrorCode::GROUP_PARAMETER_INVALID,
    invalid: |violation| match violation.path.as_str() {
        "MemberList" => ErrorCode::GROUP_TOO_MANY_ACCOUNTS,
        _ => ErrorCode::GROUP_PARAMETER_INVALID,
    },
};

/// Beginning of the ids that the service makes.
const SERVICE_ID: &str = "@TGS#";

/// Where the cursor of the list of groups begins. Beyond 32 bits, like the service's own, so that a
/// client that cuts it off fails here and not in production.
const CURSOR_BASE: u64 = 1 << 33;

/// Most groups of one reply.
const MAX_GROUPS: u64 = 10_000;

/// Most members where neither the request nor a plan says otherwise.
const DEFAULT_MAX_MEMBERS: u64 = 2_000;

pub(super) fn register(commands: &mut Commands) {
    commands.add(BAD_BODY, create_group);
    commands.add(BAD_BODY, get_group_info);
    commands.add(BAD_BODY, list_groups);
}

fn create_group(
    context: &mut Context<'_>,
    request: CreateGroup,
) -> Result<CreateGroupReply, Refusal> {
    let now = context.now;
    let state = &mut *context.state;
    if !request.r#type.is_known() {
        return Err(ErrorCode::GROUP_PARAMETER_INVALID
            .because(format!("{} is no kind of group", request.r#type)));
    }
    if request.name.is_empty() {
        return Err(ErrorCode::GROUP_PARAMETER_INVALID.because("Name is empty"));
    }
    let is_community = request.r#type == GroupType::COMMUNITY;
    let members = request.member_list.unwrap_or_default();
    if request.r#type == GroupType::AV_CHAT_ROOM && !members.is_empty() {
        return Err(ErrorCode::GROUP_PERMISSION_DENIED.because("an AVChatRoom takes no members"));
    }
    let named = request
        .owner_account
        .iter()
        .chain(members.iter().map(|member| &member.member_account));
    for user in named {
        if !state.accounts.contains_key(user) {
            return Err(
                ErrorCode::GROUP_PARAMETER_INVALID.because(format!("{user} is not imported"))
            );
        }
    }
    let id = match request.group_id {
        Some(id) => {
            let readable = id.chars().all(|c| (' '..='~').contains(&c));
            if id.is_empty() || !readable || (id.starts_with(SERVICE_ID) && !is_community) {
                return Err(ErrorCode::GROUP_PARAMETER_INVALID.because("GroupId is not allowed"));
            }
            if let Some(taken) = state.groups.get(&id) {
                let own = request.owner_account.is_some()
                    && taken.info.owner_account == request.owner_account;
                let code = if own {
                    ErrorCode::GROUP_ID_OWN
                } else {
                    ErrorCode::GROUP_ID_TAKEN
                };
                return Err(code.because("GroupId is taken"));
            }
            id
        }
        None => {
            let prefix = if is_community {
                "@TGS#_@TGS#c"
            } else {
                SERVICE_ID
            };
            loop {
                state.groups_created += 1;
                let id = format!("{prefix}{:08}", state.groups_created);
                if !state.groups.contains_key(&id) {
                    break id;
                }
            }
        }
    };
    let mut info = GroupInfo::new(id.clone(), ErrorCode::OK)
        .with_type(request.r#type.clone())
        .with_name(request.name)
        .with_appid(context.settings.sdk_app_id)
        .with_introduction(request.introduction.unwrap_or_default())
        .with_notification(request.notification.unwrap_or_default())
        .with_face_url(request.face_url.unwrap_or_default())
        .with_create_time(now)
        .with_last_info_time(now)
        .with_info_seq(1)
        .with_next_msg_seq(1)
        .with_max_member_num(request.max_member_count.unwrap_or(DEFAULT_MAX_MEMBERS))
        .with_apply_join_option(
            request
                .apply_join_option
                .unwrap_or(ApplyJoinOption::NEED_PERMISSION),
        )
        .with_mute_all_member(MuteAllMember::OFF);
    info.owner_account.clone_from(&request.owner_account);
    info.invite_join_option = request.invite_join_option;
    info.support_topic = request.support_topic;
    info.app_defined_data = request.app_defined_data;
    let mut group = Group {
        info,
        members: Default::default(),
    };
    let joined = |user: &str, role| {
        GroupMember::new(user)
            .with_role(role)
            .with_join_time(now)
            .with_msg_seq(0)
            .with_msg_flag(MsgFlag::ACCEPT_AND_NOTIFY)
            .with_last_send_msg_time(0)
            .with_mute_until(0)
    };
    for member in members {
        let role = member.role.unwrap_or(MemberRole::MEMBER);
        let mut entry = joined(&member.member_account, role);
        entry.app_member_defined_data = member.app_member_defined_data;
        group.members.insert(member.member_account, entry);
    }
    if let Some(owner) = request.owner_account {
        group
            .members
            .insert(owner.clone(), joined(&owner, MemberRole::OWNER));
    }
    state.groups.insert(id.clone(), group);
    let mut reply = CreateGroupReply::default();
    reply.group_id = id;
    if is_community {
        reply.r#type = Some(request.r#type);
        reply.huge_group_flag = Some(Flag::OFF);
    }
    Ok(reply)
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

/// A group as a filter lets it through.
fn shown(group: &Group, filter: Option<&GroupInfoFilter>) -> GroupInfo {
    let mut info = group.info.clone();
    let mut members: Vec<GroupMember> = group.members.values().cloned().collect();
    info.member_num = Some(members.len() as u64);
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

fn keep_custom_fields(fields: &mut Option<Vec<CustomField>>, keys: Option<&Vec<String>>) {
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

fn keep_member_fields(member: &mut GroupMember, names: &[String]) {
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
