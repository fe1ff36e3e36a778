//! Group messages: sending, importing, reading back, recalling, receipts.

use super::{
    group::BAD_BODY,
    message::{MAX_MESSAGE_BYTES, forbids},
    registry::{BadBody, Commands},
};
use crate::{
    refusal::{Because, Refusal},
    world::{
        Context, Fate, Group, GroupDraft, ImportedMessage, Step, allow, group, group_chat, messages,
    },
};
use std::collections::BTreeSet;
use tencent_chat_types::{
    ErrorCode,
    conversation::{SetGroupUnreadCount, SetGroupUnreadCountReply},
    message::{
        DeleteGroupMsgsBySender, DeleteGroupMsgsBySenderReply, GetGroupHistory,
        GetGroupHistoryReply, GetGroupMsgReaders, GetGroupMsgReadersReply, GetGroupMsgReceipts,
        GetGroupMsgReceiptsReply, ImportGroupMsgs, ImportGroupMsgsReply, ModifyGroupMsg,
        ModifyGroupMsgReply, RecallGroupMsgs, RecallGroupMsgsReply, SendBroadcastMsg,
        SendBroadcastMsgReply, SendGroupMsg, SendGroupMsgReply, SendGroupSystemNotification,
        SendGroupSystemNotificationReply,
        get_group_history::{GroupMsg, HistoryEnd, PlaceMark},
        get_group_msg_readers::{NonReader, ReadFilter, Reader},
        get_group_msg_receipts::GroupMsgReceipt,
        import_group_msgs::ImportedGroupMsgResult,
        recall_group_msgs::RecallResult,
    },
    model::{ForbidCallbackControl, MsgElement, MsgPriority, SendMsgControl},
    wire::Flag,
};

const BAD_MODIFY_BODY: BadBody = BadBody {
    unparsable: |path| match path {
        "MsgBody" => ErrorCode::MESSAGE_BODY_NO_LIST,
        path if path.starts_with("MsgBody") => ErrorCode::MESSAGE_FORMAT_INVALID,
        "." => ErrorCode::MESSAGE_JSON_UNPARSABLE,
        _ => ErrorCode::MESSAGE_RECIPIENT_INVALID,
    },
    invalid: |_| ErrorCode::MESSAGE_FORMAT_INVALID,
};

/// Most messages of one reply.
const MAX_HISTORY: usize = GetGroupHistory::MAX_MSGS as usize;

pub(super) fn register(commands: &mut Commands) {
    commands.add_asking(BAD_BODY, send_group_msg);
    commands.add(BAD_BODY, send_group_system_notification);
    commands.add(BAD_BODY, send_broadcast_msg);
    commands.add(BAD_BODY, import_group_msgs);
    commands.add(BAD_MODIFY_BODY, modify_group_msg);
    commands.add(BAD_BODY, get_group_history);
    commands.add(BAD_BODY, delete_group_msgs_by_sender);
    commands.add(BAD_BODY, recall_group_msgs);
    commands.add(BAD_BODY, get_group_msg_receipts);
    commands.add(BAD_BODY, get_group_msg_readers);
    commands.add(BAD_BODY, set_group_unread_count);
}

fn send_group_msg(
    context: &mut Context<'_>,
    request: SendGroupMsg,
) -> Result<Step<SendGroupMsgReply>, Refusal> {
    let controls = request.send_msg_control.unwrap_or_default();
    let forbidden = request.forbid_callback_control;
    let forbids = |webhook| forbids(forbidden.as_ref(), webhook);
    let is_on = |flag: Option<Flag>| flag.is_some_and(|flag| flag.is_on());
    let from = request.from_account;
    let draft = GroupDraft {
        group: request.group_id,
        topic: request.topic_id,
        from: from.unwrap_or_else(|| context.operator.to_owned()),
        random: request.random,
        body: request.msg_body,
        data: request.cloud_custom_data,
        priority: request.msg_priority,
        online_only: is_on(request.online_only_flag),
        extensible: is_on(request.support_message_extension),
        listed: !controls.contains(&SendMsgControl::NO_LAST_MSG),
        counted: !controls.contains(&SendMsgControl::NO_UNREAD),
        mentions: request.group_at_info.unwrap_or_default(),
        asked: !forbids(&ForbidCallbackControl::BEFORE_SEND),
        told: !forbids(&ForbidCallbackControl::AFTER_SEND),
        too_large: context.body_bytes > MAX_MESSAGE_BYTES,
    };
    group_chat::send(context, draft)?.then(|sent| {
        let mut reply = SendGroupMsgReply::default();
        reply.msg_time = Some(sent.time);
        reply.msg_seq = Some(sent.seq);
        Ok(reply)
    })
}

fn send_group_system_notification(
    context: &mut Context<'_>,
    request: SendGroupSystemNotification,
) -> Result<SendGroupSystemNotificationReply, Refusal> {
    let named = request.to_members_account.as_ref();
    let to_all = named.is_none_or(Vec::is_empty);
    let (id, topic) = (&request.group_id, request.topic_id.as_ref());
    group_chat::notify(context, id, topic, to_all, request.content)?;
    Ok(SendGroupSystemNotificationReply::default())
}

fn send_broadcast_msg(
    context: &mut Context<'_>,
    request: SendBroadcastMsg,
) -> Result<SendBroadcastMsgReply, Refusal> {
    let from = request.from_account.as_deref().unwrap_or(context.operator);
    let seq = group_chat::broadcast(context, from, request.random, &request.msg_body)?;
    let mut reply = SendBroadcastMsgReply::default();
    reply.msg_seq = Some(seq);
    Ok(reply)
}

fn import_group_msgs(
    context: &mut Context<'_>,
    request: ImportGroupMsgs,
) -> Result<ImportGroupMsgsReply, Refusal> {
    let listed = request.recent_contact_flag.is_some_and(|flag| flag.is_on());
    let bytes = |body: &Vec<MsgElement>| serde_json::to_vec(body).map_or(0, |json| json.len());
    let new = request.msg_list.into_iter().map(|new| ImportedMessage {
        from: new.from_account,
        random: new.random.unwrap_or_default(),
        time: new.send_time,
        too_long: bytes(&new.msg_body) > MAX_MESSAGE_BYTES,
        body: new.msg_body,
    });
    let (id, topic, new) = (&request.group_id, request.topic_id.as_ref(), new.collect());
    let results = group_chat::import(context, id, topic, new, listed)?.into_iter();
    let mut reply = ImportGroupMsgsReply::default();
    let results = results.map(|result| match result {
        Ok(sent) => ImportedGroupMsgResult::new(ErrorCode::OK)
            .with_msg_seq(sent.seq)
            .with_msg_time(sent.time),
        Err(code) => ImportedGroupMsgResult::new(code),
    });
    reply.import_msg_result = results.collect();
    Ok(reply)
}

fn modify_group_msg(
    context: &mut Context<'_>,
    request: ModifyGroupMsg,
) -> Result<ModifyGroupMsgReply, Refusal> {
    group_chat::modify(
        context,
        &request.group_id,
        request.topic_id.as_ref(),
        request.msg_seq,
        request.msg_body.as_deref(),
        request.cloud_custom_data.as_deref(),
    )?;
    Ok(ModifyGroupMsgReply::default())
}

fn priority(priority: Option<&MsgPriority>) -> u64 {
    match priority {
        Some(&MsgPriority::HIGH) => 1,
        Some(&MsgPriority::LOW) => 3,
        Some(&MsgPriority::LOWEST) => 4,
        _ => 2,
    }
}

fn get_group_history(
    context: &mut Context<'_>,
    request: GetGroupHistory,
) -> Result<GetGroupHistoryReply, Refusal> {
    let group = group(context.state, &request.group_id)?;
    if group.is_live() {
        return Err(ErrorCode::GROUP_TYPE_WITHOUT_HISTORY.because("an AVChatRoom stores nothing"));
    }
    let list = messages(group, request.topic_id.as_ref())?;
    let from = request
        .req_msg_seq
        .filter(|seq| *seq > 0)
        .unwrap_or(u64::MAX);
    let wanted = usize::try_from(request.req_msg_number).unwrap_or(usize::MAX);
    let with_recalled = request.with_recalled_msg.is_some_and(|flag| flag.is_on());
    let shown: Vec<GroupMsg> = (list.up_to(from))
        .take(wanted.min(MAX_HISTORY))
        .map(|message| {
            let mut shown = GroupMsg::new(message.seq);
            let mark = match message.fate {
                Fate::Present => PlaceMark::PRESENT,
                Fate::Recalled if with_recalled => PlaceMark::RECALLED,
                Fate::Recalled | Fate::Deleted => PlaceMark::GONE,
            };
            shown.is_place_msg = Some(mark);
            // Only the elements are missing from what is no longer there.
            shown.msg_body = Some(match mark {
                PlaceMark::GONE => Vec::new(),
                _ => message.content.body(),
            });
            shown.from_account = Some(message.from.to_string());
            shown.msg_random = Some(u64::from(message.random));
            shown.msg_time_stamp = Some(message.time);
            shown.msg_priority = Some(priority(message.priority.as_ref()));
            shown.is_system_msg = message.is_system.then_some(Flag::ON);
            shown
        })
        .collect();
    let all = shown.len() == wanted || shown.last().is_none_or(|message| message.msg_seq == 1);
    let oldest = shown.last().map_or(from, |message| message.msg_seq);
    let expired = shown.len() < wanted && list.forgot_before(oldest);
    let mut reply = GetGroupHistoryReply::default();
    reply.group_id = request.group_id;
    reply.is_finished = match all {
        _ if expired => HistoryEnd::REST_EXPIRED,
        true => HistoryEnd::ALL,
        false => HistoryEnd::MORE,
    };
    reply.rsp_msg_list = shown;
    Ok(reply)
}

fn delete_group_msgs_by_sender(
    context: &mut Context<'_>,
    request: DeleteGroupMsgsBySender,
) -> Result<DeleteGroupMsgsBySenderReply, Refusal> {
    let (id, topic) = (&request.group_id, request.topic_id.as_ref());
    group_chat::delete_of(context, id, topic, &request.sender_account)?;
    Ok(DeleteGroupMsgsBySenderReply::default())
}

fn recall_group_msgs(
    context: &mut Context<'_>,
    request: RecallGroupMsgs,
) -> Result<RecallGroupMsgsReply, Refusal> {
    let seqs = request.msg_seq_list.into_iter().map(|item| item.msg_seq);
    let (id, topic) = (request.group_id, request.topic_id);
    let results = group_chat::recall(context, id, topic, seqs.collect())?.into_iter();
    let mut reply = RecallGroupMsgsReply::default();
    reply.recall_ret_list = results
        .map(|(seq, code)| RecallResult::new(seq, code))
        .collect();
    Ok(reply)
}

fn with_receipts(group: &Group) -> Result<(), Refusal> {
    let text = "this kind of group has no read receipts";
    allow(group_chat::has_receipts(group), text)
}

fn get_group_msg_receipts(
    context: &mut Context<'_>,
    request: GetGroupMsgReceipts,
) -> Result<GetGroupMsgReceiptsReply, Refusal> {
    let group = group(context.state, &request.group_id)?;
    with_receipts(group)?;
    let mut reply = GetGroupMsgReceiptsReply::default();
    for item in request.msg_seq_list {
        let held = group.messages.get(item.msg_seq);
        let receipt = match held {
            Some(message) if message.fate == Fate::Present => {
                let (read, unread) = group.readers(message.seq, &message.from);
                GroupMsgReceipt::new(ErrorCode::OK, item.msg_seq)
                    .with_read_num(read)
                    .with_unread_num(unread)
            }
            _ => GroupMsgReceipt::new(ErrorCode::GROUP_RECEIPT_NOT_FOUND, item.msg_seq),
        };
        reply.group_msg_receipt_list.push(receipt);
    }
    Ok(reply)
}

fn get_group_msg_readers(
    context: &mut Context<'_>,
    request: GetGroupMsgReaders,
) -> Result<GetGroupMsgReadersReply, Refusal> {
    let group = group(context.state, &request.group_id)?;
    with_receipts(group)?;
    let members: BTreeSet<String> = group.members.keys().cloned().collect();
    let message = group.messages.get(request.msg_seq);
    let Some(message) = message.filter(|message| message.fate == Fate::Present) else {
        return Err(ErrorCode::GROUP_RECEIPT_NOT_FOUND.because("there is no such message"));
    };
    let want_read = match request.filter {
        ReadFilter::READ => true,
        ReadFilter::UNREAD => false,
        _ => return Err(ErrorCode::GROUP_PARAMETER_INVALID.because("Filter is 0 or 1")),
    };
    let chosen: Vec<&String> = (members.iter())
        .filter(|member| **member != *message.from)
        .filter(|member| group.messages.is_read(message.seq, &message.from, member) == want_read)
        .collect();
    // The cursor is the last member of the page before.
    let start = chosen.partition_point(|member| **member <= request.cursor);
    let most = usize::try_from(request.count).unwrap_or(usize::MAX);
    let page: Vec<&String> = chosen.iter().skip(start).take(most).copied().collect();
    let mut reply = GetGroupMsgReadersReply::default();
    reply.msg_seq = request.msg_seq;
    reply.is_finish = (start + page.len() >= chosen.len()).into();
    reply.cursor = page.last().map_or(request.cursor, |last| (*last).clone());
    if want_read {
        reply.read_list = Some(
            page.into_iter()
                .map(|user| Reader::new(user.as_str()))
                .collect(),
        );
    } else {
        let list = page.into_iter().map(|user| NonReader::new(user.as_str()));
        reply.unread_list = Some(list.collect());
    }
    Ok(reply)
}

fn set_group_unread_count(
    context: &mut Context<'_>,
    request: SetGroupUnreadCount,
) -> Result<SetGroupUnreadCountReply, Refusal> {
    let (id, user) = (&request.group_id, &request.member_account);
    group_chat::set_unread(context, id, user, request.unread_msg_num)?;
    Ok(SetGroupUnreadCountReply::default())
}
