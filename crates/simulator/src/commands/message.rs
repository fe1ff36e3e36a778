//! One-to-one messages.

use super::{BadBody, Commands, Context, Refusal};
use crate::{
    gate::Because,
    state::{MessageMark, Peer},
};
use tencent_chat_types::{
    ErrorCode,
    message::{
        GetC2cHistory, GetC2cHistoryReply, SendMsg, SendMsgReply,
        get_c2c_history::{C2cMsg, MsgFlagBits},
    },
    model::{MsgElement, SendMsgControl, SyncOtherMachine},
    wire::Flag,
};

const BAD_BODY: BadBody = BadBody {
    unparsable: |path| match path {
        "To_Account" | "Peer_Account" => ErrorCode::MESSAGE_RECIPIENT_INVALID,
        "From_Account" | "Operator_Account" => ErrorCode::MESSAGE_SENDER_INVALID,
        "MsgRandom" => ErrorCode::MESSAGE_RANDOM_INVALID,
        "MsgBody" => ErrorCode::MESSAGE_BODY_NO_LIST,
        "SyncOtherMachine" => ErrorCode::MESSAGE_SYNC_FLAG_INVALID,
        "MsgLifeTime" => ErrorCode::MESSAGE_LIFE_TIME_INVALID,
        path if path.starts_with("MsgBody") => ErrorCode::MESSAGE_FORMAT_INVALID,
        _ => ErrorCode::MESSAGE_JSON_UNPARSABLE,
    },
    invalid: |violation| match violation.path.as_str() {
        "To_Account" | "Peer_Account" => ErrorCode::MESSAGE_RECIPIENT_INVALID,
        "From_Account" | "Operator_Account" => ErrorCode::MESSAGE_SENDER_INVALID,
        "MsgRandom" => ErrorCode::MESSAGE_RANDOM_INVALID,
        "MsgBody" => ErrorCode::MESSAGE_BODY_INVALID,
        _ => ErrorCode::MESSAGE_FORMAT_INVALID,
    },
};

/// Largest body of a message.
const MAX_MESSAGE_BYTES: usize = 12 * 1024;

/// Largest history that one reply holds.
const MAX_HISTORY_BYTES: usize = 13 * 1024;

pub(super) fn register(commands: &mut Commands) {
    commands.add(BAD_BODY, send_msg);
    commands.add(BAD_BODY, get_c2c_history);
}

fn send_msg(context: &mut Context<'_>, request: SendMsg) -> Result<SendMsgReply, Refusal> {
    if context.body_bytes > MAX_MESSAGE_BYTES {
        return Err(ErrorCode::MESSAGE_TOO_LARGE.because("the request is larger than 12 KB"));
    }
    if request.to_account.is_empty() {
        return Err(ErrorCode::MESSAGE_RECIPIENT_INVALID.because("To_Account is missing"));
    }
    if request.msg_body.is_empty() {
        return Err(ErrorCode::MESSAGE_BODY_INVALID.because("MsgBody has no element"));
    }
    let customs = request
        .msg_body
        .iter()
        .filter(|element| matches!(element, MsgElement::Custom(_)))
        .count();
    if customs > 1
        || request
            .msg_body
            .iter()
            .any(|element| matches!(element, MsgElement::Unknown(_)))
    {
        return Err(
            ErrorCode::MESSAGE_FORMAT_INVALID.because("an unknown element, or two custom ones")
        );
    }
    let from = request
        .from_account
        .unwrap_or_else(|| context.caller.identifier.clone());
    let to = request.to_account;
    let now = context.now;
    let state = &mut *context.state;
    if !state.accounts.contains_key(&from) {
        return Err(ErrorCode::C2C_ACCOUNT_NOT_FOUND.because("From_Account is not imported"));
    }
    if !state.accounts.contains_key(&to) {
        return Err(ErrorCode::MESSAGE_RECIPIENT_NOT_FOUND.because("To_Account is not imported"));
    }
    let mark = MessageMark {
        from: from.clone(),
        to: to.clone(),
        random: request.msg_random,
        seq: request.msg_seq,
    };
    if let Some((time, key)) = state.sent.get(&mark) {
        // With a sequence number a double is one for ever, without it within the same second.
        if mark.seq.is_some() || *time == now {
            let mut reply = SendMsgReply::default();
            reply.msg_time = Some(*time);
            reply.msg_key = Some(key.clone());
            return Ok(reply);
        }
    }
    state.messages_sent = state.messages_sent.wrapping_add(1);
    let seq = request.msg_seq.unwrap_or(state.messages_sent);
    let key = format!("{seq}_{}_{now}", request.msg_random);
    state.sent.insert(mark, (now, key.clone()));
    let mut message = C2cMsg::new(from.clone(), to.clone(), request.msg_body)
        .with_msg_seq(u64::from(seq))
        .with_msg_random(u64::from(request.msg_random))
        .with_msg_time_stamp(now)
        .with_msg_flag_bits(MsgFlagBits::NORMAL)
        .with_is_peer_read(Flag::OFF)
        .with_msg_key(key.clone());
    message.cloud_custom_data = request.cloud_custom_data;
    // A message without life time goes to online devices only.
    let stored = request.msg_life_time != Some(0);
    let listed = !request
        .send_msg_control
        .iter()
        .flatten()
        .any(|control| *control == SendMsgControl::NO_LAST_MSG);
    let for_sender = request.sync_other_machine != Some(SyncOtherMachine::NO_SYNC);
    for (owner, peer, gets_it) in [(&to, &from, true), (&from, &to, for_sender)] {
        if !gets_it || !stored || (owner == peer && owner == &from && !for_sender) {
            continue;
        }
        if let Some(account) = state.accounts.get_mut(owner) {
            account
                .history
                .entry(peer.clone())
                .or_default()
                .push(message.clone());
        }
        if listed {
            state.touch(owner, Peer::User(peer.clone()), now);
        }
    }
    let mut reply = SendMsgReply::default();
    reply.msg_time = Some(now);
    reply.msg_key = Some(key);
    Ok(reply)
}

fn get_c2c_history(
    context: &mut Context<'_>,
    request: GetC2cHistory,
) -> Result<GetC2cHistoryReply, Refusal> {
    let account = context
        .state
        .accounts
        .get(&request.operator_account)
        .ok_or_else(|| {
            ErrorCode::MESSAGE_SENDER_INVALID.because("Operator_Account is not imported")
        })?;
    let all = account
        .history
        .get(&request.peer_account)
        .map(Vec::as_slice)
        .unwrap_or_default();
    let in_range = |message: &&C2cMsg| {
        (request.min_time..=request.max_time).contains(&message.msg_time_stamp.unwrap_or_default())
    };
    // Going on means: everything before the message that was last.
    let last = request.last_msg_key.as_ref().filter(|key| !key.is_empty());
    let end = last.and_then(|key| {
        all.iter()
            .position(|message| message.msg_key.as_ref() == Some(key))
    });
    let candidates: Vec<&C2cMsg> = all
        .iter()
        .take(end.unwrap_or(all.len()))
        .filter(in_range)
        .collect();
    // A page reaches back from the newest message, and lists its messages oldest first.
    let mut bytes = 0;
    let most = usize::try_from(request.max_cnt)
        .unwrap_or(usize::MAX)
        .max(1);
    let page: Vec<&C2cMsg> = candidates
        .iter()
        .rev()
        .take(most)
        .take_while(|message| {
            let first = bytes == 0;
            bytes += serde_json::to_vec(message).map_or(0, |json| json.len());
            first || bytes <= MAX_HISTORY_BYTES
        })
        .copied()
        .collect();
    let mut reply = GetC2cHistoryReply::default();
    reply.complete = (page.len() == candidates.len()).into();
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
    reply.msg_list = page.into_iter().rev().cloned().collect();
    Ok(reply)
}
