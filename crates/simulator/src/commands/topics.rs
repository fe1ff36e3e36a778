//! Topics of communities.

use super::{group::BAD_BODY, registry::Commands};
use crate::{
    refusal::Refusal,
    world::{
        Context, Step,
        topics::{self, NewTopic},
    },
};
use tencent_chat_types::{
    ErrorCode,
    group::{
        CreateTopic, CreateTopicReply, DestroyTopics, DestroyTopicsReply, GetTopics,
        GetTopicsReply, ImportTopic, ImportTopicReply, ModifyTopic, ModifyTopicReply,
        destroy_topics::DestroyTopicResult,
        get_topics::{TopicInfo, TopicMembership, TopicResult},
    },
    model::MsgFlag,
};

pub(super) fn register(commands: &mut Commands) {
    commands.add_asking(BAD_BODY, create_topic);
    commands.add(BAD_BODY, import_topic);
    commands.add(BAD_BODY, get_topics);
    commands.add(BAD_BODY, modify_topic);
    commands.add(BAD_BODY, destroy_topics);
}

/// Topics are created and imported with the same fields.
macro_rules! new_topic {
    ($request:ident) => {
        NewTopic {
            group: $request.group_id,
            id: $request.topic_id,
            name: $request.topic_name,
            custom: $request.custom_string,
            face_url: $request.face_url,
            notification: $request.notification,
            introduction: $request.introduction,
        }
    };
}

fn create_topic(
    context: &mut Context<'_>,
    request: CreateTopic,
) -> Result<Step<CreateTopicReply>, Refusal> {
    topics::create(context, new_topic!(request))?.then(|id| {
        let mut reply = CreateTopicReply::default();
        reply.topic_id = id;
        Ok(reply)
    })
}

fn import_topic(
    context: &mut Context<'_>,
    request: ImportTopic,
) -> Result<ImportTopicReply, Refusal> {
    let created = request.create_time;
    let mut reply = ImportTopicReply::default();
    reply.topic_id = topics::import(context, new_topic!(request), created)?;
    Ok(reply)
}

fn get_topics(context: &mut Context<'_>, request: GetTopics) -> Result<GetTopicsReply, Refusal> {
    let now = context.now;
    let group = topics::community(context.state, &request.group_id)?;
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
    topics::modify(context, request.group_id, &request.topic_id, |info| {
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
    })?;
    Ok(ModifyTopicReply::default())
}

fn destroy_topics(
    context: &mut Context<'_>,
    request: DestroyTopics,
) -> Result<DestroyTopicsReply, Refusal> {
    let outcomes = topics::destroy(context, request.group_id, request.topic_id_list)?;
    let mut reply = DestroyTopicsReply::default();
    for (id, was_there) in outcomes {
        let (code, text) = match was_there {
            true => (ErrorCode::OK, "ok"),
            false => (ErrorCode::TOPIC_NOT_FOUND, "there is no such topic"),
        };
        let result = DestroyTopicResult::new(id, code);
        reply.destroy_result_item.push(result.with_error_info(text));
    }
    Ok(reply)
}
