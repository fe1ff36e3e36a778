//! Group messages: sending, importing, reading back, recalling, receipts.

use super::{
    group::{self, BAD_BODY, allow, group, kind},
    message::forbids,
    registry::{BadBody, Commands},
};
use crate::{
    refusal::{Because, Refusal},
    world::{
        Aged, Content, Context, Fate, Group, GroupMessage, Mark, Messages, Peer, State, Step, ask,
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
    model::{
        CustomElem, ForbidCallbackControl, MsgElement, MsgPriority, MuteAllMember, SendMsgControl,
    },
    webhook::{
        BotOnGroupMessage, GroupAfterRecallMsg, GroupAfterSendMsg, GroupBeforeSendMsg,
        GroupBeforeSendMsgAnswer, GroupBeforeSendMsgChanges, GroupSendMsgException,
        group::{group_after_recall_msg::RecalledGroupMsg, group_after_send_msg::GroupMsgMention},
    },
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

/// Largest message in bytes.
const MAX_MESSAGE_BYTES: usize = 12 * 1024;
/// For how many seconds a random number and the content mark the duplicates of a message.
const DUPLICATE_SECONDS: u64 = 300;
/// Most messages of one reply.
const MAX_HISTORY: usize = 20;

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

/// Messages of the group, or of a topic.
pub(super) fn messages<'a>(
    group: &'a mut Group,
    topic: Option<&String>,
) -> Result<&'a mut Messages, Refusal> {
    match topic {
        None => Ok(&mut group.messages),
        Some(id) => match group.topics.get_mut(id) {
            Some(topic) => Ok(&mut topic.messages),
            None => Err(ErrorCode::GROUP_PARAMETER_INVALID.because("there is no such topic")),
        },
    }
}

fn check_body(body: &[MsgElement]) -> Result<(), Refusal> {
    let unknown = |element: &MsgElement| matches!(element, MsgElement::Unknown(_));
    match body.is_empty() || body.iter().any(unknown) {
        true => Err(ErrorCode::GROUP_PARAMETER_INVALID.because("no element, or an unknown one")),
        false => Ok(()),
    }
}

fn message(serial: u64, from: &str, random: u32, time: u64, content: Content) -> GroupMessage {
    GroupMessage {
        serial,
        seq: 0,
        from: from.into(),
        random,
        time,
        content,
        priority: None,
        is_system: false,
        fate: Fate::Present,
    }
}

/// What duplicates of a message have in common.
fn mark(state: &State, request: &SendGroupMsg, from: &str) -> Mark {
    let place = (&request.group_id, &request.topic_id, from);
    (state.duplicates).mark(place, None, request.random, &request.msg_body)
}

pub(crate) fn send_group_msg(
    context: &mut Context<'_>,
    request: SendGroupMsg,
) -> Result<Step<SendGroupMsgReply>, Refusal> {
    let admin = context.operator.to_owned();
    let from = request.from_account.clone().unwrap_or(admin);
    let double = match check_sending(context, &request, &from) {
        Ok(double) => double,
        Err(refusal) => {
            tell_exception(context, request, from, &refusal);
            return Err(refusal);
        }
    };
    if let Some(double) = double {
        return Ok(Step::Done(double));
    }
    let forbidden = ForbidCallbackControl::BEFORE_SEND;
    if forbids(request.forbid_callback_control.as_ref(), &forbidden) {
        let allow = Some(GroupBeforeSendMsgAnswer::Allow);
        return send_as_answered(context, request, from, allow).map(Step::Done);
    }
    let same = format!("{:?}", mark(context.state, &request, &from));
    let group = group(context.state, &request.group_id)?;
    let (kind, online_only) = (kind(group), online_only(group, &request));
    let (asked, sender, random) = (request.clone(), from.clone(), request.random);
    let operator = context.operator.to_owned();
    let event = move |time| {
        let (id, body) = (asked.group_id, asked.msg_body);
        let event = GroupBeforeSendMsg::new(id, kind, sender, operator, random, body, time);
        let mut event = event.with_online_only_flag(online_only);
        event.cloud_custom_data = asked.cloud_custom_data;
        event.topic_id = asked.topic_id;
        event
    };
    ask(context, Some(same), event, move |context, answer| {
        send_as_answered(context, request, from, answer).map(Step::Done)
    })
}

/// Whether a message is for devices that are online only, as webhooks say it.
fn online_only(group: &Group, request: &SendGroupMsg) -> bool {
    !group.is_live() && request.online_only_flag.is_some_and(|flag| flag.is_on())
}

/// What speaks against sending, or the reply to the message that this one is a duplicate of.
fn check_sending(
    context: &mut Context<'_>,
    request: &SendGroupMsg,
    from: &String,
) -> Result<Option<SendGroupMsgReply>, Refusal> {
    if context.body_bytes > MAX_MESSAGE_BYTES {
        return Err(ErrorCode::CONTENT_TOO_LONG.because("the request is larger than 12 KB"));
    }
    check_body(&request.msg_body)?;
    let now = context.now;
    let is_admin = context.settings.admins.contains(from);
    let muted_everywhere = (context.state.accounts.get(from)).map(|account| account.muted.1 > now);
    let group = group(context.state, &request.group_id)?;
    let Some(muted_everywhere) = muted_everywhere else {
        return Err(ErrorCode::GROUP_PARAMETER_INVALID.because("From_Account is not imported"));
    };
    if !is_admin {
        let member = group.members.get(from);
        allow(
            member.is_some() || group.is_live(),
            "From_Account is no member",
        )?;
        let until = member.and_then(|member| member.mute_until).unwrap_or(0);
        let here = (request.topic_id.as_ref())
            .and_then(|id| group.topics.get(id)?.muted.get(from).copied());
        let all = group.info.mute_all_member == Some(MuteAllMember::ON);
        let muted = until > now || here.is_some_and(|until| until > now);
        if muted_everywhere || muted || (all && !group.is_manager(from)) {
            return Err(ErrorCode::GROUP_SENDER_MUTED.because("From_Account is muted"));
        }
    }
    messages(group, request.topic_id.as_ref())?;
    let mark = mark(context.state, request, from);
    let first = context.state.duplicates.first(&mark, now);
    context.is_duplicate = first.is_some();
    Ok(first.map(|first| sent(first.seq, first.time)))
}

fn sent(seq: u64, time: u64) -> SendGroupMsgReply {
    let mut reply = SendGroupMsgReply::default();
    reply.msg_time = Some(time);
    reply.msg_seq = Some(seq);
    reply
}

/// Tells the app that a message was not sent.
fn tell_exception(
    context: &mut Context<'_>,
    request: SendGroupMsg,
    from: String,
    refusal: &Refusal,
) {
    let operator = context.operator.to_owned();
    let group = context.state.groups.get(&request.group_id);
    let online_only = group.is_some_and(|group| online_only(group, &request));
    let kind = group.map(kind);
    context.events.tell(|time| {
        let (id, random, body) = (request.group_id, request.random, request.msg_body);
        let (code, text) = (refusal.code, refusal.text.as_str());
        let event = GroupSendMsgException::new(id, from, operator, random, body, code, text, time);
        let mut event = event.with_online_only_flag(online_only);
        event.r#type = kind;
        event.cloud_custom_data = request.cloud_custom_data;
        event
    });
}

/// Sends a message as the app would have it.
fn send_as_answered(
    context: &mut Context<'_>,
    request: SendGroupMsg,
    from: String,
    answer: Option<GroupBeforeSendMsgAnswer>,
) -> Result<SendGroupMsgReply, Refusal> {
    let mut changes = GroupBeforeSendMsgChanges::new();
    let mut drop = false;
    match answer {
        Some(GroupBeforeSendMsgAnswer::Allow) => {}
        Some(GroupBeforeSendMsgAnswer::Drop) => drop = true,
        Some(GroupBeforeSendMsgAnswer::Change(wanted)) => changes = wanted,
        Some(GroupBeforeSendMsgAnswer::RefuseWith(refusal)) => {
            return Err(ErrorCode(refusal.code()).because(refusal.text()));
        }
        _ => return Err(ErrorCode::GROUP_REFUSED_BY_WEBHOOK.because("the app refused")),
    }
    // Things may be different since.
    if let Some(double) = check_sending(context, &request, &from)? {
        return Ok(double);
    }
    if let Some(body) = &changes.msg_body {
        check_body(body)?;
    }
    let now = context.now;
    let mark = mark(context.state, &request, &from);
    let serial = context.state.next_serial();
    let group = group(context.state, &request.group_id)?;
    let (kind, online_only) = (kind(group), online_only(group, &request));
    let stores = !group.is_live() && !request.online_only_flag.is_some_and(|flag| flag.is_on());
    let list = messages(group, request.topic_id.as_ref())?;
    if drop {
        // The number is one that the message would have had.
        let told_seq = list.last_seq() + 1;
        (context.state.duplicates).remember(mark, told_seq, now, DUPLICATE_SECONDS);
        return Ok(sent(told_seq, now));
    }
    let body = changes.msg_body.unwrap_or(request.msg_body);
    let data = changes.cloud_custom_data.or(request.cloud_custom_data);
    let seq = if stores {
        let extensible = request.support_message_extension;
        let content = Content::new(&body, data.as_deref())
            .extensible(extensible.is_some_and(|flag| flag.is_on()));
        let mut sent = message(serial, &from, request.random, now, content);
        sent.priority = request.msg_priority;
        context.stored += sent.bytes();
        list.push(sent)
    } else {
        list.skip()
    };
    let controls = || request.send_msg_control.iter().flatten();
    let counts = !controls().any(|control| *control == SendMsgControl::NO_UNREAD);
    let listed = !controls().any(|control| *control == SendMsgControl::NO_LAST_MSG);
    let in_group = stores && request.topic_id.is_none();
    if let (true, Some(member)) = (in_group, group.members.get_mut(&from)) {
        member.msg_seq = Some(seq);
        member.last_send_msg_time = Some(now);
    }
    if in_group && !counts {
        // Who had read everything still has.
        for member in group.members.values_mut() {
            if member.msg_seq == Some(seq - 1) {
                member.msg_seq = Some(seq);
            }
        }
    }
    context
        .state
        .duplicates
        .remember(mark, seq, now, DUPLICATE_SECONDS);
    let group = group::group(context.state, &request.group_id)?;
    if stores && listed {
        let members: Vec<String> = group.members.keys().cloned().collect();
        for member in members {
            context
                .state
                .touch(&member, Peer::Group(request.group_id.clone()), now);
        }
    }
    let forbidden = ForbidCallbackControl::AFTER_SEND;
    let told = !forbids(request.forbid_callback_control.as_ref(), &forbidden);
    let (id, random, operator) = (request.group_id, request.random, context.operator);
    let mentions = request.group_at_info.unwrap_or_default();
    let bots: Vec<String> = (mentions.iter())
        .filter(|mention| !mention.group_at_all_flag.is_on())
        .filter_map(|mention| mention.group_at_account.clone())
        .filter(|user| context.state.chatbots.contains(user))
        .collect();
    if told {
        let (id, kind, from) = (id.clone(), kind.clone(), from.clone());
        let (body, data, topic) = (body.clone(), data.clone(), request.topic_id.clone());
        context.events.tell(|time| {
            let event =
                GroupAfterSendMsg::new(id, kind, from, operator, random, seq, now, body, time);
            let mut event = event.with_online_only_flag(online_only);
            event.cloud_custom_data = data;
            event.topic_id = topic;
            event.group_at_info = (!mentions.is_empty()).then(|| {
                let mentions = mentions.into_iter().map(|mention| {
                    let mut shown = GroupMsgMention::new(mention.group_at_all_flag);
                    shown.group_at_account = mention.group_at_account;
                    shown
                });
                mentions.collect()
            });
            event
        });
    }
    if !bots.is_empty() {
        context.events.tell(|time| {
            let event = BotOnGroupMessage::new(
                id, kind, from, operator, random, seq, now, body, bots, time,
            );
            let mut event = event.with_online_only_flag(online_only);
            event.cloud_custom_data = data;
            event.topic_id = request.topic_id;
            event
        });
    }
    Ok(sent(seq, now))
}

fn send_group_system_notification(
    context: &mut Context<'_>,
    request: SendGroupSystemNotification,
) -> Result<SendGroupSystemNotificationReply, Refusal> {
    let now = context.now;
    let serial = context.state.next_serial();
    let group = group(context.state, &request.group_id)?;
    let to_all = request
        .to_members_account
        .as_ref()
        .is_none_or(Vec::is_empty);
    let stores = to_all && !group.is_live();
    let list = messages(group, request.topic_id.as_ref())?;
    if stores {
        // A notification is kept as a message of the system that carries its text.
        let body = [CustomElem::default().with_data(request.content).into()];
        let mut sent = message(serial, "", 0, now, Content::new(&body, None));
        sent.is_system = true;
        context.stored += sent.bytes();
        list.push(sent);
    }
    Ok(SendGroupSystemNotificationReply::default())
}

fn send_broadcast_msg(
    context: &mut Context<'_>,
    request: SendBroadcastMsg,
) -> Result<SendBroadcastMsgReply, Refusal> {
    check_body(&request.msg_body)?;
    let (state, now) = (&mut *context.state, context.now);
    let from = request.from_account.as_deref().unwrap_or(context.operator);
    let place = ("broadcast", from);
    let mark = (state.duplicates).mark(place, None, request.random, &request.msg_body);
    let seq = match state.duplicates.first(&mark, now) {
        Some(first) => {
            context.is_duplicate = true;
            first.seq
        }
        None => {
            state.broadcasts += 1;
            (state.duplicates).remember(mark, state.broadcasts, now, DUPLICATE_SECONDS);
            state.broadcasts
        }
    };
    let mut reply = SendBroadcastMsgReply::default();
    reply.msg_seq = Some(seq);
    Ok(reply)
}

fn import_group_msgs(
    context: &mut Context<'_>,
    request: ImportGroupMsgs,
) -> Result<ImportGroupMsgsReply, Refusal> {
    let now = context.now;
    let group_id = request.group_id.clone();
    let mut serials = Vec::new();
    serials.resize_with(request.msg_list.len(), || context.state.next_serial());
    let group = group(context.state, &request.group_id)?;
    allow(!group.is_live(), "an AVChatRoom stores no messages")?;
    let created = group.info.create_time.unwrap_or(0);
    let list = messages(group, request.topic_id.as_ref())?;
    let mut reply = ImportGroupMsgsReply::default();
    for (new, serial) in request.msg_list.into_iter().zip(serials) {
        let fits = new.send_time >= created
            && new.send_time >= list.last_time()
            && new.send_time <= now
            && check_body(&new.msg_body).is_ok();
        let bytes = serde_json::to_vec(&new.msg_body).map_or(0, |json| json.len());
        let code = match (fits, bytes > MAX_MESSAGE_BYTES) {
            (_, true) => ErrorCode::GROUP_MESSAGE_TOO_LONG,
            (false, _) => ErrorCode::GROUP_PARAMETER_INVALID,
            (true, _) => ErrorCode::OK,
        };
        let mut result = ImportedGroupMsgResult::new(code);
        if code == ErrorCode::OK {
            let random = new.random.unwrap_or_default();
            let time = new.send_time;
            let content = Content::new(&new.msg_body, None);
            let message = message(serial, &new.from_account, random, time, content);
            context.stored += message.bytes();
            let seq = list.push(message);
            result = result.with_msg_seq(seq).with_msg_time(time);
        }
        reply.import_msg_result.push(result);
    }
    let last = group.messages.last_seq();
    for member in group.members.values_mut() {
        member.msg_seq = Some(last);
    }
    if request.recent_contact_flag.is_some_and(|flag| flag.is_on()) {
        let members: Vec<String> = group.members.keys().cloned().collect();
        for member in members {
            context
                .state
                .touch(&member, Peer::Group(group_id.clone()), now);
        }
    }
    Ok(reply)
}

fn modify_group_msg(
    context: &mut Context<'_>,
    request: ModifyGroupMsg,
) -> Result<ModifyGroupMsgReply, Refusal> {
    let invalid = |text: &str| ErrorCode::C2C_REQUEST_INVALID.because(text);
    let Some(group) = context.state.groups.get_mut(&request.group_id) else {
        return Err(invalid("there is no such group"));
    };
    if group.is_live() {
        return Err(invalid("an AVChatRoom stores no messages"));
    }
    let list = messages(group, request.topic_id.as_ref())?;
    let held = list.get_mut(request.msg_seq);
    let Some(held) = held.filter(|held| held.fate == Fate::Present) else {
        return Err(invalid("there is no such message"));
    };
    if let Some(body) = &request.msg_body {
        held.content.set_body(body);
    }
    if let Some(data) = &request.cloud_custom_data {
        held.content.set_data(data);
    }
    context.stored += held.bytes();
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
    let group = group(context.state, &request.group_id)?;
    let list = messages(group, request.topic_id.as_ref())?;
    for message in list.iter_mut() {
        if *message.from == *request.sender_account && message.fate == Fate::Present {
            message.fate = Fate::Deleted;
        }
    }
    Ok(DeleteGroupMsgsBySenderReply::default())
}

fn recall_group_msgs(
    context: &mut Context<'_>,
    request: RecallGroupMsgs,
) -> Result<RecallGroupMsgsReply, Refusal> {
    let group = group(context.state, &request.group_id)?;
    if group.is_live() {
        return Err(ErrorCode::GROUP_TYPE_WITHOUT_RECALL.because("an AVChatRoom stores nothing"));
    }
    let kind = kind(group);
    let list = messages(group, request.topic_id.as_ref())?;
    let mut reply = RecallGroupMsgsReply::default();
    let mut recalled = Vec::new();
    for item in request.msg_seq_list {
        let code = match list.get_mut(item.msg_seq) {
            Some(message) if message.fate == Fate::Present => {
                message.fate = Fate::Recalled;
                recalled.push(RecalledGroupMsg::new(item.msg_seq));
                ErrorCode::OK
            }
            Some(message) if message.fate == Fate::Recalled => {
                ErrorCode::GROUP_MESSAGE_NOT_RECALLABLE
            }
            _ => ErrorCode::GROUP_MESSAGE_NOT_FOUND,
        };
        reply
            .recall_ret_list
            .push(RecallResult::new(item.msg_seq, code));
    }
    if !recalled.is_empty() {
        let (id, operator) = (request.group_id, context.operator);
        context.events.tell(|time| {
            let mut event = GroupAfterRecallMsg::new(operator, kind, id, recalled, time);
            event.topic_id = request.topic_id;
            event
        });
    }
    Ok(reply)
}

/// Whether messages of the group have receipts. Here all have that can; with the service, those
/// whose senders asked for them.
fn with_receipts(group: &Group) -> Result<(), Refusal> {
    allow(
        !group.is_live() && !group.is_community(),
        "this kind of group has no read receipts",
    )
}

fn get_group_msg_receipts(
    context: &mut Context<'_>,
    request: GetGroupMsgReceipts,
) -> Result<GetGroupMsgReceiptsReply, Refusal> {
    let group = group(context.state, &request.group_id)?;
    with_receipts(group)?;
    let members: BTreeSet<String> = group.members.keys().cloned().collect();
    let mut reply = GetGroupMsgReceiptsReply::default();
    for item in request.msg_seq_list {
        let held = group.messages.get(item.msg_seq);
        let receipt = match held {
            Some(message) if message.fate == Fate::Present => {
                let (seq, from) = (message.seq, &*message.from);
                let others = members.iter().filter(|member| *member != from);
                let (read, unread): (Vec<_>, Vec<_>) =
                    others.partition(|member| group.messages.is_read(seq, from, member));
                GroupMsgReceipt::new(ErrorCode::OK, item.msg_seq)
                    .with_read_num(read.len() as u64)
                    .with_unread_num(unread.len() as u64)
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
    let group = group(context.state, &request.group_id)?;
    allow(
        !group.is_live() && !group.is_meeting(),
        "this kind of group counts nothing",
    )?;
    let last = group.messages.last_seq();
    let Some(member) = group.members.get_mut(&request.member_account) else {
        return Err(ErrorCode::GROUP_PARAMETER_INVALID.because("Member_Account is no member"));
    };
    member.msg_seq = Some(last.saturating_sub(request.unread_msg_num));
    Ok(SetGroupUnreadCountReply::default())
}
