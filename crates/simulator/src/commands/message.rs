//! One-to-one messages.

use super::registry::{BadBody, Commands};
use crate::{
    refusal::{Because, Refusal},
    world::{Aged, C2cMessage, Chat, Content, Context, Mark, MsgKey, Peer, State, Step, ask},
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
        SendMsg, SendMsgReply, SendMsgToMany, SendMsgToManyReply, get_c2c_history::C2cMsg,
        import_c2c_msg::ImportMode, send_msg_to_many::RecipientFailure,
    },
    model::{ForbidCallbackControl, MsgElement, SendMsgControl, SyncOtherMachine},
    validate::Limit,
    webhook::{
        BotOnC2cMessage, C2cAfterMsgReport, C2cAfterMsgWithDraw, C2cAfterSendMsg, C2cBeforeSendMsg,
        C2cBeforeSendMsgAnswer,
    },
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

/// Largest body of a message.
const MAX_MESSAGE_BYTES: usize = 12 * 1024;

/// For how many seconds the numbers and the content of a message mark its duplicates.
const DUPLICATE_SECONDS: u64 = 120;

/// Without a sequence number, duplicates are told within the same second only.
const UNNUMBERED_DUPLICATE_SECONDS: u64 = 1;

/// Largest history that one reply holds.
const MAX_HISTORY_BYTES: usize = 13 * 1024;

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

/// One message on its way.
#[derive(Clone)]
struct Outgoing {
    from: String,
    to: String,
    random: u32,
    seq: Option<u32>,
    body: Vec<MsgElement>,
    cloud_custom_data: Option<String>,
    time: u64,
    /// For online devices only unless stored.
    stored: bool,
    /// Moves the conversation up.
    listed: bool,
    /// Counts as unread.
    counted: bool,
    for_sender: bool,
    extensible: bool,
    /// The app is told that it was sent.
    told: bool,
}

impl Outgoing {
    /// What duplicates have in common: within a conversation, since one call may send the same to many.
    fn mark(&self, state: &State) -> Mark {
        let place = (&self.from, &self.to);
        (state.duplicates).mark(place, self.seq, self.random, &self.body)
    }

    /// The key of the message that this one is a duplicate of.
    fn duplicate(&self, state: &State) -> Option<MsgKey> {
        let first = (state.duplicates).first(&self.mark(state), self.time)?;
        Some(MsgKey {
            seq: u32::try_from(first.seq).ok()?,
            random: self.random,
            time: first.time,
        })
    }

    fn number(&self, state: &mut State) -> MsgKey {
        state.messages_sent = state.messages_sent.wrapping_add(1);
        MsgKey {
            seq: self.seq.unwrap_or(state.messages_sent),
            random: self.random,
            time: self.time,
        }
    }

    /// Lets the message count as sent, so that duplicates are dropped.
    fn remember(&self, state: &mut State, numbers: MsgKey) {
        let seconds = match self.seq {
            Some(_) => DUPLICATE_SECONDS,
            None => UNNUMBERED_DUPLICATE_SECONDS,
        };
        let mark = self.mark(state);
        (state.duplicates).remember(mark, numbers.seq.into(), numbers.time, seconds);
    }

    fn deliver(self, context: &mut Context<'_>, numbers: MsgKey) {
        let state = &mut *context.state;
        let to_self = self.from == self.to;
        let (pair, from) = State::pair(&self.from, &self.to);
        let to = if to_self { from } else { 1 - from };
        let sides = [
            (&self.to, &self.from, to, !to_self || self.for_sender),
            (&self.from, &self.to, from, !to_self && self.for_sender),
        ];
        let mut held = [false; 2];
        for (owner, peer, side, gets_it) in sides {
            if !gets_it || !self.stored {
                continue;
            }
            if let Some(account) = state.accounts.get_mut(owner) {
                if let Some(held) = held.get_mut(side) {
                    *held = true;
                }
                if self.counted && owner == &self.to && !to_self {
                    *account.unread.entry(peer.clone()).or_default() += 1;
                }
            }
            if self.listed {
                state.touch(owner, Peer::User(peer.clone()), self.time);
            }
        }
        if held.contains(&true) {
            let content = Content::new(&self.body, self.cloud_custom_data.as_deref());
            let message = C2cMessage {
                serial: state.next_serial(),
                numbers,
                content: content.extensible(self.extensible),
                from_first: from == 0,
                held,
                read: false,
                recalled: false,
            };
            context.stored += message.bytes();
            state.chats.entry(pair).or_default().insert(message);
        }
    }
}

/// Whether a request switches a webhook off for its message.
pub(super) fn forbids(
    control: Option<&Vec<ForbidCallbackControl>>,
    webhook: &ForbidCallbackControl,
) -> bool {
    control.is_some_and(|control| control.contains(webhook))
}

/// That both users are there.
fn check_users(state: &State, from: &str, to: &str) -> Result<(), Refusal> {
    if !state.accounts.contains_key(from) {
        return Err(ErrorCode::C2C_ACCOUNT_NOT_FOUND.because("From_Account is not imported"));
    }
    if !state.accounts.contains_key(to) {
        return Err(ErrorCode::MESSAGE_RECIPIENT_NOT_FOUND.because("To_Account is not imported"));
    }
    Ok(())
}

/// What a user has not read, in all conversations.
fn unread(state: &State, user: &str) -> Option<i64> {
    let unread = state.accounts.get(user)?.unread.values().sum::<u64>();
    i64::try_from(unread).ok()
}

fn check_body(body: &[MsgElement]) -> Result<(), Refusal> {
    if body.is_empty() {
        return Err(ErrorCode::MESSAGE_BODY_INVALID.because("MsgBody has no element"));
    }
    let customs = body
        .iter()
        .filter(|element| matches!(element, MsgElement::Custom(_)))
        .count();
    let unknown = |element: &MsgElement| matches!(element, MsgElement::Unknown(_));
    if customs > 1 || body.iter().any(unknown) {
        return Err(
            ErrorCode::MESSAGE_FORMAT_INVALID.because("an unknown element, or two custom ones")
        );
    }
    Ok(())
}

pub(crate) fn send_msg(
    context: &mut Context<'_>,
    request: SendMsg,
) -> Result<Step<SendMsgReply>, Refusal> {
    if context.body_bytes > MAX_MESSAGE_BYTES {
        return Err(ErrorCode::MESSAGE_TOO_LARGE.because("the request is larger than 12 KB"));
    }
    if request.to_account.is_empty() {
        return Err(ErrorCode::MESSAGE_RECIPIENT_INVALID.because("To_Account is missing"));
    }
    check_body(&request.msg_body)?;
    let has = |wanted: SendMsgControl| {
        let mut controls = request.send_msg_control.iter().flatten();
        controls.any(|control| *control == wanted)
    };
    let (listed, counted) = (
        !has(SendMsgControl::NO_LAST_MSG),
        !has(SendMsgControl::NO_UNREAD),
    );
    let (from, forbidden) = (request.from_account, request.forbid_callback_control);
    let outgoing = Outgoing {
        from: from.unwrap_or_else(|| context.operator.to_owned()),
        to: request.to_account,
        random: request.msg_random,
        seq: request.msg_seq,
        time: context.now,
        stored: request.msg_life_time != Some(0),
        listed,
        counted,
        for_sender: request.sync_other_machine != Some(SyncOtherMachine::NO_SYNC),
        extensible: request
            .support_message_extension
            .is_some_and(|flag| flag.is_on()),
        told: !forbids(forbidden.as_ref(), &ForbidCallbackControl::AFTER_SEND),
        body: request.msg_body,
        cloud_custom_data: request.cloud_custom_data,
    };
    let asked = !forbids(forbidden.as_ref(), &ForbidCallbackControl::BEFORE_SEND);
    check_users(context.state, &outgoing.from, &outgoing.to)?;
    if let Some(first) = outgoing.duplicate(context.state) {
        context.is_duplicate = true;
        return Ok(Step::Done(sent(first)));
    }
    let numbers = outgoing.number(context.state);
    if !asked {
        let allow = Some(C2cBeforeSendMsgAnswer::Allow);
        return send_as_answered(context, outgoing, numbers, allow).map(Step::Done);
    }
    let asked = outgoing.clone();
    let event = move |_| {
        let mut event = C2cBeforeSendMsg::new(
            asked.from,
            asked.to,
            numbers.seq,
            asked.random,
            asked.time,
            numbers.to_string(),
            asked.body,
        )
        .with_online_only_flag(!asked.stored);
        event.cloud_custom_data = asked.cloud_custom_data;
        event
    };
    let same = format!("{:?}", outgoing.mark(context.state));
    ask(context, Some(same), event, move |context, answer| {
        send_as_answered(context, outgoing, numbers, answer).map(Step::Done)
    })
}

/// Sends a message as the app would have it.
fn send_as_answered(
    context: &mut Context<'_>,
    mut outgoing: Outgoing,
    numbers: MsgKey,
    answer: Option<C2cBeforeSendMsgAnswer>,
) -> Result<SendMsgReply, Refusal> {
    // Of what was sent, before the app changes it: duplicates are compared as they arrive.
    let mark = outgoing.clone();
    match answer {
        Some(C2cBeforeSendMsgAnswer::RefuseWith(refusal)) => {
            return Err(ErrorCode(refusal.code()).because(refusal.text()));
        }
        Some(C2cBeforeSendMsgAnswer::Drop) => {
            outgoing.remember(context.state, numbers);
            return Ok(sent(numbers));
        }
        Some(C2cBeforeSendMsgAnswer::Change(changes)) => {
            if let Some(body) = changes.msg_body {
                check_body(&body)?;
                outgoing.body = body;
            }
            if let Some(data) = changes.cloud_custom_data {
                outgoing.cloud_custom_data = Some(data);
            }
        }
        Some(C2cBeforeSendMsgAnswer::Allow) => {}
        _ => return Err(ErrorCode::C2C_REFUSED_BY_WEBHOOK.because("the app refused")),
    }
    // A user may be gone since.
    check_users(context.state, &outgoing.from, &outgoing.to)?;
    let (told, is_bot) = (
        outgoing.clone(),
        context.state.chatbots.contains(&outgoing.to),
    );
    let (seq, time) = (numbers.seq, numbers.time);
    mark.remember(context.state, numbers);
    outgoing.deliver(context, numbers);
    let left = unread(context.state, &told.to);
    macro_rules! tell {
        ($event:ident) => {{
            let (told, key) = (told.clone(), numbers.to_string());
            context.events.tell(move |_| {
                let ok = "send msg succeed";
                let Outgoing { from, to, body, .. } = told;
                let mut event = $event::new(
                    from,
                    to,
                    seq,
                    told.random,
                    time,
                    key,
                    ErrorCode::OK,
                    ok,
                    body,
                );
                event.online_only_flag = Some((!told.stored).into());
                event.unread_msg_num = left;
                event.cloud_custom_data = told.cloud_custom_data;
                event
            });
        }};
    }
    if told.told {
        tell!(C2cAfterSendMsg);
    }
    if is_bot {
        tell!(BotOnC2cMessage);
    }
    Ok(sent(numbers))
}

fn sent(numbers: MsgKey) -> SendMsgReply {
    let mut reply = SendMsgReply::default();
    reply.msg_time = Some(numbers.time);
    reply.msg_key = Some(numbers.to_string());
    reply
}

fn send_msg_to_many(
    context: &mut Context<'_>,
    request: SendMsgToMany,
) -> Result<SendMsgToManyReply, Refusal> {
    if context.body_bytes > MAX_MESSAGE_BYTES {
        return Err(ErrorCode::MESSAGE_TOO_LARGE.because("the request is larger than 12 KB"));
    }
    if request.to_account.is_empty() {
        return Err(ErrorCode::MESSAGE_RECIPIENTS_INVALID.because("To_Account is empty"));
    }
    check_body(&request.msg_body)?;
    let from = request
        .from_account
        .unwrap_or_else(|| context.operator.to_owned());
    let now = context.now;
    if !context.state.accounts.contains_key(&from) {
        return Err(ErrorCode::MESSAGE_SENDER_INVALID.because("From_Account is not imported"));
    }
    let has = |wanted: SendMsgControl| {
        let mut controls = request.send_msg_control.iter().flatten();
        controls.any(|control| *control == wanted)
    };
    let (listed, counted) = (
        !has(SendMsgControl::NO_LAST_MSG),
        !has(SendMsgControl::NO_UNREAD),
    );
    let mut reply = SendMsgToManyReply::default();
    context.is_duplicate = true;
    let mut failures = Vec::new();
    for to in request.to_account {
        if !context.state.accounts.contains_key(&to) {
            let code = ErrorCode::ACCOUNT_NOT_FOUND;
            failures.push(RecipientFailure::new(to, code));
            continue;
        }
        let outgoing = Outgoing {
            from: from.clone(),
            to,
            random: request.msg_random,
            seq: request.msg_seq,
            time: now,
            stored: request.msg_life_time != Some(0),
            listed,
            counted,
            for_sender: request.sync_other_machine != Some(SyncOtherMachine::NO_SYNC),
            extensible: false,
            told: false,
            body: request.msg_body.clone(),
            cloud_custom_data: request.cloud_custom_data.clone(),
        };
        let numbers = outgoing.duplicate(context.state).unwrap_or_else(|| {
            let numbers = outgoing.number(context.state);
            outgoing.remember(context.state, numbers);
            outgoing.deliver(context, numbers);
            context.is_duplicate = false;
            numbers
        });
        reply.msg_key = Some(numbers.to_string());
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
    if context.body_bytes > MAX_MESSAGE_BYTES {
        return Err(ErrorCode::MESSAGE_TOO_LARGE.because("the request is larger than 12 KB"));
    }
    check_body(&request.msg_body)?;
    let counted = match request.sync_from_old_system {
        ImportMode::REAL_TIME => true,
        ImportMode::HISTORY => false,
        _ => return Err(ErrorCode::MESSAGE_SYNC_SOURCE_INVALID.because("neither 2 nor 5")),
    };
    let state = &*context.state;
    if !state.accounts.contains_key(&request.from_account) {
        return Err(ErrorCode::MESSAGE_SENDER_INVALID.because("From_Account is not imported"));
    }
    if !state.accounts.contains_key(&request.to_account) {
        return Err(ErrorCode::MESSAGE_RECIPIENT_NOT_FOUND.because("To_Account is not imported"));
    }
    let outgoing = Outgoing {
        from: request.from_account,
        to: request.to_account,
        random: request.msg_random,
        seq: request.msg_seq,
        time: request.msg_time_stamp,
        stored: true,
        listed: true,
        counted,
        for_sender: true,
        extensible: false,
        told: false,
        body: request.msg_body,
        cloud_custom_data: request.cloud_custom_data,
    };
    // Duplicates of an imported message have its numbers and its time, whatever they say and whoever of
    // the two is the sender.
    let (pair, _) = State::pair(&outgoing.from, &outgoing.to);
    let chat = context.state.chats.get(&pair);
    context.is_duplicate =
        chat.is_some_and(|chat| chat.has(outgoing.seq, outgoing.random, outgoing.time));
    if !context.is_duplicate {
        let numbers = outgoing.number(context.state);
        outgoing.deliver(context, numbers);
    }
    Ok(ImportC2cMsgReply::default())
}

/// A message between two users.
pub(super) fn held<'a>(
    state: &'a mut State,
    user: &str,
    other: &str,
    key: &str,
) -> Option<&'a mut C2cMessage> {
    let (pair, _) = State::pair(user, other);
    state.chats.get_mut(&pair)?.get_mut(MsgKey::parse(key)?)
}

fn modify_c2c_msg(
    context: &mut Context<'_>,
    request: ModifyC2cMsg,
) -> Result<ModifyC2cMsgReply, Refusal> {
    if let Some(body) = &request.msg_body {
        check_body(body)?;
    }
    for user in [&request.from_account, &request.to_account] {
        if !context.state.accounts.contains_key(user) {
            return Err(ErrorCode::C2C_ACCOUNT_NOT_FOUND.because(format!("{user} is not imported")));
        }
    }
    let (from, to) = (&request.from_account, &request.to_account);
    let Some(message) = held(context.state, from, to, &request.msg_key) else {
        return Err(ErrorCode::C2C_REQUEST_INVALID.because("there is no such message"));
    };
    if let Some(body) = &request.msg_body {
        message.content.set_body(body);
    }
    if let Some(data) = &request.cloud_custom_data {
        message.content.set_data(data);
    }
    context.stored += message.bytes();
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
    if !context.state.accounts.contains_key(&request.from_account) {
        return Err(ErrorCode::MESSAGE_SENDER_INVALID.because("From_Account is not imported"));
    }
    let (from, to) = (&request.from_account, &request.to_account);
    let Some(message) = held(context.state, from, to, &request.msg_key) else {
        return Err(ErrorCode::C2C_MESSAGE_NOT_FOUND.because("there is no such message"));
    };
    if std::mem::replace(&mut message.recalled, true) {
        return Err(ErrorCode::C2C_MESSAGE_RECALLED.because("recalled before"));
    }
    let left = unread(context.state, to);
    context.events.tell(|time| {
        let event = C2cAfterMsgWithDraw::new(from.as_str(), to.as_str(), request.msg_key);
        let mut event = event.with_event_time(time);
        event.unread_msg_num = left;
        event
    });
    Ok(RecallC2cMsgReply::default())
}

pub(crate) fn mark_c2c_msgs_read(
    context: &mut Context<'_>,
    request: MarkC2cMsgsRead,
) -> Result<MarkC2cMsgsReadReply, Refusal> {
    let until = request.msg_read_time.unwrap_or(u64::MAX);
    let (reader, peer) = (&request.report_account, &request.peer_account);
    let state = &mut *context.state;
    let Some(account) = state.accounts.get_mut(reader) else {
        return Err(ErrorCode::MESSAGE_SENDER_INVALID.because("Report_Account is not imported"));
    };
    let (pair, side) = State::pair(reader, peer);
    let by_first = pair.0 == *peer;
    let chat = state.chats.get_mut(&pair);
    let left = chat.map_or(0, |chat| chat.read(by_first, side, until));
    if let Some(unread) = account.unread.get_mut(peer) {
        *unread = (*unread).min(left);
    }
    let (now, left) = (context.now, unread(context.state, reader));
    context.events.tell(|time| {
        let up_to = request.msg_read_time.unwrap_or(now);
        let event = C2cAfterMsgReport::new(reader.as_str(), peer.as_str(), up_to);
        let mut event = event.with_event_time(time);
        event.unread_msg_num = left;
        event
    });
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
