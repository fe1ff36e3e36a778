//! Groups.

use super::registry::{BadBody, Commands};
use crate::{
    refusal::{Because, Refusal},
    world::{Context, Group, Peer, State, Step, ask},
};
use tencent_chat_types::{
    ErrorCode,
    group::{
        ChangeGroupOwner, ChangeGroupOwnerReply, CreateGroup, CreateGroupReply, DestroyGroup,
        DestroyGroupReply, GetGroupInfo, GetGroupInfoReply, GetJoinedGroups, GetJoinedGroupsReply,
        ImportGroup, ImportGroupReply, ListGroups, ListGroupsReply, ModifyGroup, ModifyGroupReply,
        create_group::NewMember,
        get_group_info::{GroupInfo, GroupInfoFilter},
        get_joined_groups::{JoinedGroup, Membership},
        list_groups::GroupIdItem,
    },
    model::{ApplyJoinOption, CustomField, GroupMember, GroupType, MemberRole, MuteAllMember},
    validate::Limit,
    webhook::{
        GroupAfterChangeGroupOwner, GroupAfterCreateGroup, GroupAfterGroupDestroyed,
        GroupAfterGroupInfoChanged, GroupBeforeCreateGroup, GroupBeforeCreateGroupAnswer,
        group::group_after_create_group::FirstGroupMember,
        group::group_after_group_destroyed::FormerGroupMember,
        group::group_before_create_group::InitialGroupMember,
    },
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
    commands.add_asking(BAD_BODY, create_group);
    commands.add(BAD_BODY, get_group_info);
    commands.add(BAD_BODY, list_groups);
    commands.add(BAD_BODY, get_joined_groups);
    commands.add(BAD_BODY, modify_group);
    commands.add(BAD_BODY, import_group);
    commands.add(BAD_BODY, destroy_group);
    commands.add(BAD_BODY, change_group_owner);
}

/// The group that a request names.
pub(crate) fn group<'a>(state: &'a mut State, id: &str) -> Result<&'a mut Group, Refusal> {
    if id.is_empty() {
        return Err(ErrorCode::GROUP_ID_INVALID.because("GroupId is empty"));
    }
    let group = state.groups.get_mut(id);
    group.ok_or_else(|| ErrorCode::GROUP_NOT_FOUND.because(format!("there is no group {id}")))
}

/// The kind of a group, as webhooks name it.
pub(crate) fn kind(group: &Group) -> GroupType {
    group.info.r#type.clone().unwrap_or_default()
}

/// That the kind of group allows what is asked.
pub(super) fn allow(allowed: bool, text: &str) -> Result<(), Refusal> {
    match allowed {
        true => Ok(()),
        false => Err(ErrorCode::GROUP_PERMISSION_DENIED.because(text)),
    }
}

/// An id of the app's own for a new group.
fn check_own_id(
    state: &State,
    id: &str,
    owner: Option<&String>,
    community: bool,
) -> Result<(), Refusal> {
    let readable = id.chars().all(|c| (' '..='~').contains(&c));
    if id.is_empty() || !readable || (id.starts_with(SERVICE_ID) && !community) {
        return Err(ErrorCode::GROUP_PARAMETER_INVALID.because("GroupId is not allowed"));
    }
    let Some(taken) = state.groups.get(id) else {
        return Ok(());
    };
    let own = owner.is_some() && taken.info.owner_account.as_ref() == owner;
    let code = if own {
        ErrorCode::GROUP_ID_OWN
    } else {
        ErrorCode::GROUP_ID_TAKEN
    };
    Err(code.because("GroupId is taken"))
}

/// An id of the service's making.
fn new_id(state: &mut State, community: bool) -> String {
    let prefix = if community {
        "@TGS#_@TGS#c"
    } else {
        SERVICE_ID
    };
    loop {
        state.groups_created += 1;
        let id = format!("{prefix}{:08}", state.groups_created);
        if !state.groups.contains_key(&id) {
            return id;
        }
    }
}

fn check_new_group(state: &State, request: &CreateGroup) -> Result<(), Refusal> {
    if !request.r#type.is_known() {
        return Err(ErrorCode::GROUP_PARAMETER_INVALID
            .because(format!("{} is no kind of group", request.r#type)));
    }
    if request.name.is_empty() {
        return Err(ErrorCode::GROUP_PARAMETER_INVALID.because("Name is empty"));
    }
    let members = || request.member_list.iter().flatten();
    if request.r#type == GroupType::AV_CHAT_ROOM && members().next().is_some() {
        return Err(ErrorCode::GROUP_PERMISSION_DENIED.because("an AVChatRoom takes no members"));
    }
    let named = (request.owner_account.iter()).chain(members().map(|m| &m.member_account));
    for user in named {
        if !state.accounts.contains_key(user) {
            return Err(
                ErrorCode::GROUP_PARAMETER_INVALID.because(format!("{user} is not imported"))
            );
        }
    }
    if let Some(id) = &request.group_id {
        let is_community = request.r#type == GroupType::COMMUNITY;
        check_own_id(state, id, request.owner_account.as_ref(), is_community)?;
    }
    Ok(())
}

fn create_group(
    context: &mut Context<'_>,
    request: CreateGroup,
) -> Result<Step<CreateGroupReply>, Refusal> {
    check_new_group(context.state, &request)?;
    let owner = request.owner_account.clone().unwrap_or_default();
    let (kind, name) = (request.r#type.clone(), request.name.clone());
    let others = context.state.groups.values().filter(|group| {
        group.info.owner_account.as_ref() == Some(&owner)
            && group.info.r#type.as_ref() == Some(&kind)
    });
    let others = others.count() as u64;
    let members = request.member_list.iter().flatten();
    let members: Vec<InitialGroupMember> = members
        .map(|member| InitialGroupMember::new(member.member_account.as_str()))
        .collect();
    let operator = context.operator.to_owned();
    let event = move |time| {
        GroupBeforeCreateGroup::new(operator, owner, kind, name, time)
            .with_create_group_num(others)
            .with_member_list(members)
    };
    ask(context, None, event, |context, answer| {
        match answer {
            Some(GroupBeforeCreateGroupAnswer::Allow) => {}
            Some(GroupBeforeCreateGroupAnswer::RefuseWith(refusal)) => {
                return Err(ErrorCode(refusal.code()).because(refusal.text()));
            }
            _ => return Err(ErrorCode::GROUP_REFUSED_BY_WEBHOOK.because("the app refused")),
        }
        // Things may be different since.
        check_new_group(context.state, &request)?;
        Ok(Step::Done(create_checked_group(context, request)))
    })
}

fn create_checked_group(context: &mut Context<'_>, request: CreateGroup) -> CreateGroupReply {
    let now = context.now;
    let state = &mut *context.state;
    let is_community = request.r#type == GroupType::COMMUNITY;
    let members = request.member_list.unwrap_or_default();
    let id = match request.group_id {
        Some(id) => id,
        None => new_id(state, is_community),
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
    let named = |member: &NewMember| FirstGroupMember::new(member.member_account.as_str());
    let first: Vec<FirstGroupMember> = members.iter().map(named).collect();
    let mut group = Group::new(info);
    for member in members {
        let role = member.role.unwrap_or(MemberRole::MEMBER);
        group
            .join(&member.member_account, role, now)
            .app_member_defined_data = member.app_member_defined_data;
    }
    if let Some(owner) = &request.owner_account {
        group.join(owner, MemberRole::OWNER, now).role = Some(MemberRole::OWNER);
    }
    let created = group.info.clone();
    state.groups.insert(id.clone(), group);
    let operator = context.operator;
    context.events.tell(|time| {
        let (owner, name) = (created.owner_account, created.name);
        let (owner, name) = (owner.unwrap_or_default(), name.unwrap_or_default());
        let (id, kind) = (id.as_str(), request.r#type.clone());
        let mut event = GroupAfterCreateGroup::new(id, operator, owner, kind, name, time)
            .with_member_list(first);
        event.user_defined_data_list = created.app_defined_data;
        event
    });
    let mut reply = CreateGroupReply::default();
    reply.group_id = id;
    if is_community {
        reply.r#type = Some(request.r#type);
        reply.huge_group_flag = Some(Flag::OFF);
    }
    reply
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
    let now = context.now;
    let group = group(context.state, &request.group_id)?;
    if request.name.as_ref().is_some_and(String::is_empty) {
        return Err(ErrorCode::GROUP_PARAMETER_INVALID.because("Name is empty"));
    }
    let kind = kind(group);
    let info = &mut group.info;
    let before = info.clone();
    macro_rules! set {
        ($($field:ident = $new:expr),* $(,)?) => {
            $( if let Some(new) = $new { info.$field = Some(new); } )*
        };
    }
    set!(
        name = request.name,
        introduction = request.introduction,
        notification = request.notification,
        face_url = request.face_url,
        max_member_num = request.max_member_num,
        apply_join_option = request.apply_join_option,
        invite_join_option = request.invite_join_option,
        mute_all_member = request.mute_all_member,
        enable_permission = request.enable_permission,
        default_permission = request.default_permission,
    );
    let fields = info.app_defined_data.get_or_insert_default();
    for new in request.app_defined_data.into_iter().flatten() {
        set_custom_field(fields, new);
    }
    if fields.is_empty() {
        info.app_defined_data = None;
    }
    let after = info.clone();
    group.touch(now);
    // Other fields do not count.
    let mut event = GroupAfterGroupInfoChanged::new(request.group_id, kind, context.operator, 0);
    event.name = changed(&before.name, &after.name);
    event.introduction = changed(&before.introduction, &after.introduction);
    event.notification = changed(&before.notification, &after.notification);
    event.face_url = changed(&before.face_url, &after.face_url);
    let texts = [
        &event.name,
        &event.introduction,
        &event.notification,
        &event.face_url,
    ];
    if texts.iter().any(|text| text.is_some()) {
        context.events.tell(|time| {
            event.event_time = time;
            event
        });
    }
    Ok(ModifyGroupReply::default())
}

/// A field's new value, where it is another.
pub(super) fn changed<T: Clone + PartialEq>(before: &Option<T>, after: &Option<T>) -> Option<T> {
    after.clone().filter(|_| after != before)
}

/// Sets a custom field, or adds it.
pub(super) fn set_custom_field(fields: &mut Vec<CustomField>, new: CustomField) {
    match fields.iter_mut().find(|field| field.key == new.key) {
        Some(field) => *field = new,
        None => fields.push(new),
    }
}

fn import_group(
    context: &mut Context<'_>,
    request: ImportGroup,
) -> Result<ImportGroupReply, Refusal> {
    let now = context.now;
    let state = &mut *context.state;
    allow(
        request.r#type != GroupType::AV_CHAT_ROOM,
        "an AVChatRoom cannot be imported",
    )?;
    if !request.r#type.is_known() || request.name.is_empty() {
        return Err(ErrorCode::GROUP_PARAMETER_INVALID.because("Type or Name is not allowed"));
    }
    let owner = request.owner_account.as_ref();
    if owner.is_some_and(|owner| !state.accounts.contains_key(owner)) {
        return Err(ErrorCode::GROUP_PARAMETER_INVALID.because("Owner_Account is not imported"));
    }
    let is_community = request.r#type == GroupType::COMMUNITY;
    let id = match &request.group_id {
        Some(id) => {
            check_own_id(state, id, None, is_community)?;
            id.clone()
        }
        None => new_id(state, is_community),
    };
    let created = request.create_time.unwrap_or(now);
    let mut info = GroupInfo::new(id.as_str(), ErrorCode::OK)
        .with_type(request.r#type)
        .with_name(request.name)
        .with_appid(context.settings.sdk_app_id)
        .with_introduction(request.introduction.unwrap_or_default())
        .with_notification(request.notification.unwrap_or_default())
        .with_face_url(request.face_url.unwrap_or_default())
        .with_create_time(created)
        .with_last_info_time(created)
        .with_info_seq(1)
        .with_max_member_num(request.max_member_count.unwrap_or(DEFAULT_MAX_MEMBERS))
        .with_mute_all_member(MuteAllMember::OFF);
    let option = request.apply_join_option;
    info.apply_join_option = Some(option.unwrap_or(ApplyJoinOption::NEED_PERMISSION));
    info.support_topic = request.support_topic;
    info.app_defined_data = request.app_defined_data;
    info.owner_account.clone_from(&request.owner_account);
    let mut group = Group::new(info);
    if let Some(owner) = &request.owner_account {
        group.join(owner, MemberRole::OWNER, created);
    }
    state.groups.insert(id.clone(), group);
    let mut reply = ImportGroupReply::default();
    reply.group_id = id;
    Ok(reply)
}

fn destroy_group(
    context: &mut Context<'_>,
    request: DestroyGroup,
) -> Result<DestroyGroupReply, Refusal> {
    let gone = group(context.state, &request.group_id)?;
    let members = gone.members.keys().map(FormerGroupMember::new);
    let members = (!gone.is_community()).then(|| members.collect());
    let (kind, info) = (kind(gone), gone.info.clone());
    let operator = context.operator;
    context.events.tell(|time| {
        let owner = info.owner_account.unwrap_or_default();
        let event = GroupAfterGroupDestroyed::new(info.group_id, kind, owner, time);
        let mut event = event.with_operator_account(operator);
        event.name = info.name;
        event.member_list = members;
        event
    });
    context.state.groups.remove(&request.group_id);
    let peer = Peer::Group(request.group_id);
    for account in context.state.accounts.values_mut() {
        account.conversations.remove(&peer);
        account.marks.remove(&peer);
    }
    Ok(DestroyGroupReply::default())
}

fn change_group_owner(
    context: &mut Context<'_>,
    request: ChangeGroupOwner,
) -> Result<ChangeGroupOwnerReply, Refusal> {
    let group = group(context.state, &request.group_id)?;
    allow(!group.is_live(), "an AVChatRoom keeps its owner")?;
    if !group.members.contains_key(&request.new_owner_account) {
        return Err(ErrorCode::GROUP_PARAMETER_INVALID.because("NewOwner_Account is no member"));
    }
    let (kind, old) = (kind(group), group.info.owner_account.clone());
    for (user, member) in &mut group.members {
        if *user == request.new_owner_account {
            member.role = Some(MemberRole::OWNER);
        } else if member.role == Some(MemberRole::OWNER) {
            member.role = Some(MemberRole::MEMBER);
        }
    }
    group.info.owner_account = Some(request.new_owner_account.clone());
    let operator = context.operator;
    context.events.tell(|time| {
        let (id, old, new) = (
            request.group_id,
            old.unwrap_or_default(),
            request.new_owner_account,
        );
        GroupAfterChangeGroupOwner::new(id, kind, operator, old, new, time)
    });
    Ok(ChangeGroupOwnerReply::default())
}
