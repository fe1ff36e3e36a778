//! Topics of communities.

use super::{group::BAD_BODY, registry::Commands};
use crate::{
    refusal::{Because, Refusal},
    world::{Context, Group, Step, Topic, allow, ask, changed, group, kind},
};
use tencent_chat_types::{
    ErrorCode,
    group::{
        CreateTopic, CreateTopicReply, DestroyTopics, DestroyTopicsReply, GetTopics,
        GetTopicsReply, ImportTopic, ImportTopicReply, ModifyTopic, ModifyTopicReply,
        destroy_topics::DestroyTopicResult,
        get_topics::{TopicInfo, TopicMembership, TopicResult},
    },
    model::{MsgFlag, MuteAllMember},
    webhook::{
        GroupAfterCreateTopic, GroupAfterCreateTopicRequired, GroupAfterTopicDestroyed,
        GroupAfterTopicInfoChanged, GroupBeforeCreateTopic, GroupBeforeCreateTopicAnswer,
    },
};

/// What stands between the id of the group and the topic's own part.
const MARK: &str = "@TOPIC#_";

pub(super) fn register(commands: &mut Commands) {
    commands.add_asking(BAD_BODY, create_topic);
    commands.add(BAD_BODY, import_topic);
    commands.add(BAD_BODY, get_topics);
    commands.add(BAD_BODY, modify_topic);
    commands.add(BAD_BODY, destroy_topics);
}

/// What speaks against a topic with an id of the app's own, or a new one.
fn check_new(
    group: &Group,
    own_id: Option<&String>,
    name: &str,
    taken: ErrorCode,
) -> Result<(), Refusal> {
    allow(group.has_topics(), "the group has no topics")?;
    if name.is_empty() {
        return Err(ErrorCode::GROUP_PARAMETER_INVALID.because("TopicName is empty"));
    }
    let prefix = format!("{}{MARK}", group.info.group_id);
    match own_id {
        Some(id) if id.len() <= prefix.len() || !id.starts_with(&prefix) => {
            let text = format!("TopicId must begin with {prefix}");
            Err(ErrorCode::GROUP_PARAMETER_INVALID.because(text))
        }
        Some(id) if group.topics.contains_key(id) => Err(taken.because("TopicId is taken")),
        _ => Ok(()),
    }
}

/// Adds a topic.
fn add(
    group: &mut Group,
    own_id: Option<String>,
    name: String,
    created: u64,
    taken: ErrorCode,
) -> Result<&mut Topic, Refusal> {
    check_new(group, own_id.as_ref(), &name, taken)?;
    let id = own_id.unwrap_or_else(|| {
        group.topics_created += 1;
        let id = &group.info.group_id;
        format!("{id}{MARK}@TOPIC#c{:08}", group.topics_created)
    });
    let info = TopicInfo::new(id.as_str())
        .with_group_id(group.info.group_id.as_str())
        .with_topic_name(name)
        .with_create_time(created)
        .with_mute_all_member(MuteAllMember::OFF);
    Ok(group.topics.or_insert(id, Topic::new(info)))
}

fn create_topic(
    context: &mut Context<'_>,
    request: CreateTopic,
) -> Result<Step<CreateTopicReply>, Refusal> {
    let taken = ErrorCode::GROUP_ID_OWN;
    let group = group(context.state, &request.group_id)?;
    check_new(group, request.topic_id.as_ref(), &request.topic_name, taken)?;
    let kind = kind(group);
    let event = |context: &Context<'_>, request: &CreateTopic, _| {
        GroupBeforeCreateTopic::new(context.operator, kind, request.topic_name.as_str())
    };
    ask(context, None, request, event, |context, request, answer| {
        match answer {
            Some(GroupBeforeCreateTopicAnswer::Allow) => {}
            Some(GroupBeforeCreateTopicAnswer::RefuseWith(refusal)) => {
                return Err(refusal.into());
            }
            _ => return Err(ErrorCode::GROUP_REFUSED_BY_WEBHOOK.because("the app refused")),
        }
        create_allowed_topic(context, request).map(Step::Done)
    })
}

fn create_allowed_topic(
    context: &mut Context<'_>,
    request: CreateTopic,
) -> Result<CreateTopicReply, Refusal> {
    let now = context.now;
    let group = group(context.state, &request.group_id)?;
    let (kind, owner) = (kind(group), group.info.owner_account.clone());
    let taken = ErrorCode::GROUP_ID_OWN;
    let name = request.topic_name.clone();
    let info = &mut add(group, request.topic_id, request.topic_name, now, taken)?.info;
    info.custom_string = request.custom_string;
    info.face_url = Some(request.face_url.unwrap_or_default());
    info.notification = Some(request.notification.unwrap_or_default());
    info.introduction = Some(request.introduction.unwrap_or_default());
    let mut reply = CreateTopicReply::default();
    reply.topic_id.clone_from(&info.topic_id);
    let operator = context.operator;
    context.events.tell(|_| {
        let (id, owner) = (reply.topic_id.as_str(), owner.unwrap_or_default());
        GroupAfterCreateTopic::new(GroupAfterCreateTopicRequired {
            group_id: request.group_id,
            topic_id: id.into(),
            operator_account: operator.into(),
            owner_account: owner,
            r#type: kind,
            name,
        })
    });
    Ok(reply)
}

fn import_topic(
    context: &mut Context<'_>,
    request: ImportTopic,
) -> Result<ImportTopicReply, Refusal> {
    let created = request.create_time.unwrap_or(context.now);
    let group = group(context.state, &request.group_id)?;
    let taken = ErrorCode::GROUP_ID_TAKEN;
    let info = &mut add(group, request.topic_id, request.topic_name, created, taken)?.info;
    info.custom_string = request.custom_string;
    info.face_url = Some(request.face_url.unwrap_or_default());
    info.notification = Some(request.notification.unwrap_or_default());
    info.introduction = Some(request.introduction.unwrap_or_default());
    let mut reply = ImportTopicReply::default();
    reply.topic_id.clone_from(&info.topic_id);
    Ok(reply)
}

fn get_topics(context: &mut Context<'_>, request: GetTopics) -> Result<GetTopicsReply, Refusal> {
    let now = context.now;
    let group = group(context.state, &request.group_id)?;
    allow(group.has_topics(), "the group has no topics")?;
    let all = || group.topics.keys().cloned().collect();
    let ids: Vec<String> = match request.topic_id_list {
        Some(ids) if !ids.is_empty() => ids,
        _ => all(),
    };
    let flag = (group.members.get(&request.from_account))
        .and_then(|member| member.msg_flag.clone())
        .unwrap_or(MsgFlag::ACCEPT_AND_NOTIFY);
    let mut reply = GetTopicsReply::default();
    for id in ids {
        let Some(topic) = group.topics.get(&id) else {
            let result = TopicResult::new(ErrorCode::TOPIC_NOT_FOUND);
            let result = result.with_error_info("there is no such topic");
            reply
                .topic_and_self_info
                .push(result.with_topic_info(TopicInfo::new(id)));
            continue;
        };
        let mut info = topic.info.clone();
        info.next_msg_seq = Some(topic.messages.last_seq() + 1);
        info.last_msg_time = Some(topic.messages.last_time());
        if let Some(names) = &request.response_filter {
            keep_fields(&mut info, names);
        }
        let until = topic.muted.get(&request.from_account).copied();
        let own = TopicMembership::default()
            .with_shut_up_time(until.unwrap_or(0).saturating_sub(now))
            .with_msg_seq(0)
            .with_msg_flag(flag.clone());
        let result = TopicResult::new(ErrorCode::OK).with_error_info("ok");
        reply
            .topic_and_self_info
            .push(result.with_self_info(own).with_topic_info(info));
    }
    Ok(reply)
}

fn keep_fields(info: &mut TopicInfo, names: &[String]) {
    macro_rules! keep {
        ($($wire:literal => $field:ident,)*) => { $(
            if !names.iter().any(|name| name == $wire) {
                info.$field = None;
            }
        )* };
    }
    keep!(
        "GroupID" => group_id,
        "TopicName" => topic_name,
        "FaceUrl" => face_url,
        "Notification" => notification,
        "Introduction" => introduction,
        "CustomString" => custom_string,
        "CreateTime" => create_time,
        "LastMsgTime" => last_msg_time,
        "NextMsgSeq" => next_msg_seq,
        "MuteAllMember" => mute_all_member,
    );
}

fn modify_topic(
    context: &mut Context<'_>,
    request: ModifyTopic,
) -> Result<ModifyTopicReply, Refusal> {
    let group = group(context.state, &request.group_id)?;
    allow(group.has_topics(), "the group has no topics")?;
    let kind = kind(group);
    let Some(topic) = group.topics.get_mut(&request.topic_id) else {
        return Err(ErrorCode::GROUP_NOT_FOUND.because("there is no such topic"));
    };
    let info = &mut topic.info;
    let before = info.clone();
    macro_rules! set {
        ($($field:ident),*) => { $(
            if let Some(new) = request.$field { info.$field = Some(new); }
        )* };
    }
    set!(
        topic_name,
        custom_string,
        face_url,
        notification,
        introduction,
        mute_all_member
    );
    // Other fields do not count.
    let mut event = GroupAfterTopicInfoChanged::new(request.group_id, kind, context.operator);
    event.name = changed(&before.topic_name, &info.topic_name);
    event.introduction = changed(&before.introduction, &info.introduction);
    event.notification = changed(&before.notification, &info.notification);
    event.face_url = changed(&before.face_url, &info.face_url);
    let texts = [
        &event.name,
        &event.introduction,
        &event.notification,
        &event.face_url,
    ];
    if texts.iter().any(|text| text.is_some()) {
        context.events.tell(|_| event);
    }
    Ok(ModifyTopicReply::default())
}

fn destroy_topics(
    context: &mut Context<'_>,
    request: DestroyTopics,
) -> Result<DestroyTopicsReply, Refusal> {
    let group = group(context.state, &request.group_id)?;
    allow(group.has_topics(), "the group has no topics")?;
    let kind = kind(group);
    let mut gone = Vec::new();
    let mut reply = DestroyTopicsReply::default();
    for id in request.topic_id_list {
        let (code, text) = match group.topics.remove(&id) {
            Some(_) => {
                group
                    .permission_groups
                    .update(|_, held| held.topics.remove(&id).is_some());
                gone.push(id.clone());
                (ErrorCode::OK, "ok")
            }
            None => (ErrorCode::TOPIC_NOT_FOUND, "there is no such topic"),
        };
        let result = DestroyTopicResult::new(id, code);
        reply.destroy_result_item.push(result.with_error_info(text));
    }
    if !gone.is_empty() {
        let event = |_| GroupAfterTopicDestroyed::new(request.group_id, kind, gone);
        context.events.tell(event);
    }
    Ok(reply)
}
