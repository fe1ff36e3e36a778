//! One-to-one messages.

use super::registry::{BadBody, Commands};
use crate::{
    refusal::{Because, Refusal},
    world::{C2cDraft, Chat, Context, MsgKey, State, Step, c2c},
};
use tencent_chat_types::{
    ActionStatus, ErrorCode,
    conversation::{
        GetC2cUnreadCount, GetC2cUnreadCountReply,
        get_c2c_unread_count::{C2cUnread, C2cUnreadFailure},
    },
    message::{
        GetC2cHistory, GetC2cHistoryReply, ImportC2cMsg, ImportC2cMsgReply, MarkC2cMsgsRead,
        MarkC2cMsgsReadReply, ModifyC2cMsg, ModifyC2cMsgReply, RecallC2cMsg, RecallC2cMsgReply,
        SendGroupMsg, SendMsg, SendMsgReply, SendMsgToMany, SendMsgToManyReply,
        get_c2c_history::C2cMsg, import_c2c_msg::ImportMode,
    },
    model::{ForbidCallbackControl, SendMsgControl, SyncOtherMachine, UserFailure},
    validate::Limit,
};

const BAD_BODY: BadBody = BadBody {
    unparsable: |path| match path {
        "To_Account" | "Peer_Account" => ErrorCode::MESSAGE_RECIPIENT_INVALID,
        "From_Account" | "Operator_Account" => ErrorCode::MESSAGE_SENDER_INVALID,
        "MsgRandom" => ErrorCode::MESSAGE_RANDOM_INVALID,
        "MsgBody" => ErrorCode::MESSAGE_BODY_NO_LIST,
        "SyncOtherMachine" => ErrorCode::MESSAGE_SYNC_FLAG_INVALID,
        "MsgLifeTime" => ErrorCode::MESSAGE_LIFE_TIME_INVALID,
        "SyncFromOldSystem" => ErrorCode::MESSAGE_SYNC_SOURCE_INVALID,
        "MsgTimeStamp" => ErrorCode::MESSAGE_TIME_INVALID,
        "Report_Account" => ErrorCode::MESSAGE_SENDER_INVALID,
        path if path.starts_with("MsgBody") => ErrorCode::MESSAGE_FORMAT_INVALID,
        _ => ErrorCode::MESSAGE_JSON_UNPARSABLE,
    },
    invalid: |violation| match violation.path.as_str() {
        "To_Account" | "Peer_Account" if matches!(violation.limit, Limit::MaxItems(_)) => {
            ErrorCode::MESSAGE_TOO_MANY_RECIPIENTS
        }
        "MsgLifeTime" => ErrorCode::MESSAGE_LIFE_TIME_TOO_LONG,
        "To_Account" | "Peer_Account" => ErrorCode::MESSAGE_RECIPIENT_INVALID,
        "From_Account" | "Operator_Account" => ErrorCode::MESSAGE_SENDER_INVALID,
        "MsgRandom" => ErrorCode::MESSAGE_RANDOM_INVALID,
        "MsgBody" => ErrorCode::MESSAGE_BODY_INVALID,
        _ => ErrorCode::MESSAGE_FORMAT_INVALID,
    },
};

const BAD_BODY_TO_MANY: BadBody = BadBody {
    unparsable: |path| match path {
        path if path.starts_with("To_Account") => ErrorCode::MESSAGE_RECIPIENTS_INVALID,
        path => (BAD_BODY.unparsable)(path),
    },
    invalid: |violation| match (violation.path.as_str(), violation.limit) {
        ("To_Account", Limit::MinItems(_)) => ErrorCode::MESSAGE_RECIPIENTS_INVALID,
        _ => (BAD_BODY.invalid)(violation),
    },
};

/// Largest message in bytes.
pub(super) const MAX_MESSAGE_BYTES: usize = SendGroupMsg::MAX_BYTES as usize;

/// Largest history that one reply holds.
const MAX_HISTORY_BYTES: usize = GetC2cHistory::MAX_BYTES as usize;

pub(super) fn register(commands: &mut Commands) {
    commands.add_asking(BAD_BODY, send_msg);
    commands.add(BAD_BODY_TO_MANY, send_msg_to_many);
    commands.add(BAD_BODY, import_c2c_msg);
    commands.add(BAD_BODY, get_c2c_history);
    commands.add(BAD_BODY, modify_c2c_msg);
    commands.add(BAD_BODY, recall_c2c_msg);
    commands.add(BAD_BODY, mark_c2c_msgs_read);
    commands.add(BAD_BODY, get_c2c_unread_count);
}

/// Whether a request switches a webhook off for its message.
pub(super) fn forbids(
    control: Option<&Vec<ForbidCallbackControl>>,
    webhook: &ForbidCallbackControl,
) -> bool {
    control.is_some_and(|control| control.contains(webhook))
}

fn check_size(context: &Context<'_>) -> Result<(), Refusal> {
    match context.body_bytes > MAX_MESSAGE_BYTES {
        true => Err(ErrorCode::MESSAGE_TOO_LARGE.because("the request is larger than 12 KB")),
        false => Ok(()),
    }
}

/// Whether a list of controls has one of them.
fn has(controls: &Option<Vec<SendMsgControl>>, wanted: &SendMsgControl) -> bool {
    controls.iter().flatten().any(|control| control == wanted)
}

fn send_msg(context: &mut Context<'_>, request: SendMsg) -> Result<Step<SendMsgReply>, Refusal> {
    check_size(context)?;
    let (controls, forbidden) = (request.send_msg_control, request.forbid_callback_control);
    let forbids = |webhook| forbids(forbidden.as_ref(), webhook);
    let from = request.from_account;
    let extensible = request.support_message_extension;
    let draft = C2cDraft {
        from: from.unwrap_or_else(|| context.operator.to_owned()),
        to: request.to_account,
        random: request.msg_random,
        seq: request.msg_seq,
        time: context.now,
        stored: request.msg_life_time != Some(0),
        listed: !has(&controls, &SendMsgControl::NO_LAST_MSG),
        counted: !has(&controls, &SendMsgControl::NO_UNREAD),
        for_sender: request.sync_other_machine != Some(SyncOtherMachine::NO_SYNC),
        extensible: extensible.is_some_and(|flag| flag.is_on()),
        asked: !forbids(&ForbidCallbackControl::BEFORE_SEND),
        told: !forbids(&ForbidCallbackControl::AFTER_SEND),
        body: request.msg_body,
        data: request.cloud_custom_data,
    };
    c2c::send(context, draft)?.then(|key| {
        let mut reply = SendMsgReply::default();
        reply.msg_time = Some(key.time);
        reply.msg_key = Some(key.to_string());
        Ok(reply)
    })
}

fn send_msg_to_many(
    context: &mut Context<'_>,
    request: SendMsgToMany,
) -> Result<SendMsgToManyReply, Refusal> {
    check_size(context)?;
    if request.to_account.is_empty() {
        return Err(ErrorCode::MESSAGE_RECIPIENTS_INVALID.because("To_Account is empty"));
    }
    c2c::check_body(&request.msg_body)?;
    let from = request
        .from_account
        .unwrap_or_else(|| context.operator.to_owned());
    if !context.state.accounts.contains_key(&from) {
        return Err(ErrorCode::MESSAGE_SENDER_INVALID.because("From_Account is not imported"));
    }
    let controls = request.send_msg_control;
    let mut draft = C2cDraft {
        from,
        to: String::new(),
        random: request.msg_random,
        seq: request.msg_seq,
        time: context.now,
        stored: request.msg_life_time != Some(0),
        listed: !has(&controls, &SendMsgControl::NO_LAST_MSG),
        counted: !has(&controls, &SendMsgControl::NO_UNREAD),
        for_sender: request.sync_other_machine != Some(SyncOtherMachine::NO_SYNC),
        extensible: false,
        asked: false,
        told: false,
        body: request.msg_body,
        data: request.cloud_custom_data,
    };
    let mut reply = SendMsgToManyReply::default();
    context.is_duplicate = true;
    let mut failures = Vec::new();
    for to in request.to_account {
        draft.to = to;
        match c2c::send_one_of_many(context, &draft) {
            Ok((key, is_new)) => {
                context.is_duplicate &= !is_new;
                reply.msg_key = Some(key.to_string());
            }
            Err(refusal) => failures.push(UserFailure::new(draft.to.as_str(), refusal.code)),
        }
    }
    if reply.msg_key.is_none() {
        return Err(ErrorCode::MESSAGE_RECIPIENT_NOT_FOUND.because("none of the users exists"));
    }
    if !failures.is_empty() {
        reply.envelope.action_status = Some(ActionStatus::SOME_ERROR);
        reply.envelope.error_code = Some(ErrorCode::OK);
        reply.envelope.error_info = Some(String::new());
        reply.error_list = Some(failures);
    }
    Ok(reply)
}

fn import_c2c_msg(
    context: &mut Context<'_>,
    request: ImportC2cMsg,
) -> Result<ImportC2cMsgReply, Refusal> {
    check_size(context)?;
    c2c::check_body(&request.msg_body)?;
    let counted = match request.sync_from_old_system {
        ImportMode::REAL_TIME => true,
        ImportMode::HISTORY => false,
        _ => return Err(ErrorCode::MESSAGE_SYNC_SOURCE_INVALID.because("neither 2 nor 5")),
    };
    let (from, to) = (request.from_account, request.to_account);
    let (random, time) = (request.msg_random, request.msg_time_stamp);
    let draft = C2cDraft {
        seq: request.msg_seq,
        data: request.cloud_custom_data,
        counted,
        ..C2cDraft::new(from, to, random, request.msg_body, time)
    };
    c2c::import(context, draft)?;
    Ok(ImportC2cMsgReply::default())
}

fn modify_c2c_msg(
    context: &mut Context<'_>,
    request: ModifyC2cMsg,
) -> Result<ModifyC2cMsgReply, Refusal> {
    c2c::modify(
        context,
        &request.from_account,
        &request.to_account,
        &request.msg_key,
        request.msg_body.as_deref(),
        request.cloud_custom_data.as_deref(),
    )?;
    Ok(ModifyC2cMsgReply::default())
}

/// `seq_random_time`
fn is_key(key: &str) -> bool {
    let parts: Vec<&str> = key.split('_').collect();
    parts.len() == 3 && parts.iter().all(|part| part.parse::<u64>().is_ok())
}

fn recall_c2c_msg(
    context: &mut Context<'_>,
    request: RecallC2cMsg,
) -> Result<RecallC2cMsgReply, Refusal> {
    if !is_key(&request.msg_key) {
        return Err(ErrorCode::MESSAGE_KEY_INVALID.because("MsgKey is malformed"));
    }
    let (from, to) = (&request.from_account, &request.to_account);
    c2c::recall(context, from, to, request.msg_key)?;
    Ok(RecallC2cMsgReply::default())
}

fn mark_c2c_msgs_read(
    context: &mut Context<'_>,
    request: MarkC2cMsgsRead,
) -> Result<MarkC2cMsgsReadReply, Refusal> {
    let (reader, peer) = (&request.report_account, &request.peer_account);
    c2c::mark_read(context, reader, peer, request.msg_read_time)?;
    Ok(MarkC2cMsgsReadReply::default())
}

fn get_c2c_unread_count(
    context: &mut Context<'_>,
    request: GetC2cUnreadCount,
) -> Result<GetC2cUnreadCountReply, Refusal> {
    let state = &*context.state;
    let Some(account) = state.accounts.get(&request.to_account) else {
        return Err(ErrorCode::MESSAGE_SENDER_INVALID.because("To_Account is not imported"));
    };
    let mut reply = GetC2cUnreadCountReply::default();
    let Some(peers) = request.peer_account.filter(|peers| !peers.is_empty()) else {
        reply.all_c2c_unread_msg_num = Some(account.unread.values().sum());
        return Ok(reply);
    };
    let mut counts = Vec::new();
    let mut failures = Vec::new();
    for peer in peers {
        if state.accounts.contains_key(&peer) {
            let count = account.unread.get(&peer).copied().unwrap_or_default();
            counts.push(C2cUnread::new(peer, count));
        } else {
            failures.push(C2cUnreadFailure::new(peer, ErrorCode::ACCOUNT_NOT_FOUND));
        }
    }
    reply.c2c_unread_msg_num_list = Some(counts);
    reply.error_list = (!failures.is_empty()).then_some(failures);
    Ok(reply)
}

fn get_c2c_history(
    context: &mut Context<'_>,
    request: GetC2cHistory,
) -> Result<GetC2cHistoryReply, Refusal> {
    let state = &*context.state;
    if !state.accounts.contains_key(&request.operator_account) {
        return Err(ErrorCode::MESSAGE_SENDER_INVALID.because("Operator_Account is not imported"));
    }
    let (pair, side) = State::pair(&request.operator_account, &request.peer_account);
    // Going on means: everything before the message that was last.
    let last = request.last_msg_key.as_deref().and_then(MsgKey::parse);
    let nothing = Chat::default();
    let chat = state.chats.get(&pair).unwrap_or(&nothing);
    let mut candidates = (chat.page(side, request.min_time, request.max_time, last))
        .map(|message| message.shown(&pair))
        .peekable();
    // A page reaches back from the newest message, and lists its messages oldest first.
    let most = usize::try_from(request.max_cnt)
        .unwrap_or(usize::MAX)
        .max(1);
    let mut bytes = 0;
    let mut page = Vec::new();
    while page.len() < most {
        let fits = |message: &C2cMsg| {
            bytes += serde_json::to_vec(message).map_or(0, |json| json.len());
            page.is_empty() || bytes <= MAX_HISTORY_BYTES
        };
        match candidates.next_if(fits) {
            Some(message) => page.push(message),
            None => break,
        }
    }
    let mut reply = GetC2cHistoryReply::default();
    reply.complete = candidates.peek().is_none().into();
    reply.msg_cnt = page.len() as u64;
    reply.last_msg_time = page
        .last()
        .and_then(|message| message.msg_time_stamp)
        .unwrap_or_default();
    reply.last_msg_key = Some(
        page.last()
            .and_then(|message| message.msg_key.clone())
            .unwrap_or_default(),
    );
    page.reverse();
    reply.msg_list = page;
    Ok(reply)
}
