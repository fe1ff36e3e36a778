//! Messages between two users: sending, importing, changing, recalling, reading.

use super::{
    context::Context,
    duplicates::{Duplicates, Mark, duplicate_seconds},
    messages::{Aged, C2cMessage, Content, MsgKey},
    state::{Peer, State},
    step::{Step, ask},
};
use crate::refusal::{Because, Refusal};
use tencent_chat_types::{
    Endpoint as _, ErrorCode,
    message::SendMsg,
    model::MsgElement,
    webhook::{
        BotOnC2cMessage, BotOnC2cMessageRequired, C2cAfterMsgReport, C2cAfterMsgReportRequired,
        C2cAfterMsgWithDraw, C2cAfterMsgWithDrawRequired, C2cAfterSendMsg, C2cAfterSendMsgRequired,
        C2cBeforeSendMsg, C2cBeforeSendMsgAnswer, C2cBeforeSendMsgRequired,
    },
};

/// For how many seconds the numbers and the content of a message mark its duplicates.
const DUPLICATE_SECONDS: u64 = duplicate_seconds(SendMsg::META);

/// Without a sequence number, duplicates are told within the same second only.
const UNNUMBERED_DUPLICATE_SECONDS: u64 = 1;

/// A message that a user means to send to another.
pub(crate) struct C2cDraft {
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) random: u32,
    /// Without one, the service numbers the message.
    pub(crate) seq: Option<u32>,
    pub(crate) body: Vec<MsgElement>,
    pub(crate) data: Option<String>,
    /// Seconds since 1970.
    pub(crate) time: u64,
    /// For online devices only unless stored.
    pub(crate) stored: bool,
    /// Moves the conversation up.
    pub(crate) listed: bool,
    /// Counts as unread.
    pub(crate) counted: bool,
    /// The sender's own devices get it as well.
    pub(crate) for_sender: bool,
    /// Pairs can be attached to it.
    pub(crate) extensible: bool,
    /// The app is asked before it is sent.
    pub(crate) asked: bool,
    /// The app is told that it was sent.
    pub(crate) told: bool,
}

impl C2cDraft {
    /// A message like any other.
    pub(crate) fn new(
        from: String,
        to: String,
        random: u32,
        body: Vec<MsgElement>,
        time: u64,
    ) -> Self {
        Self {
            from,
            to,
            random,
            seq: None,
            body,
            data: None,
            time,
            stored: true,
            listed: true,
            counted: true,
            for_sender: true,
            extensible: false,
            asked: true,
            told: true,
        }
    }

    /// What duplicates have in common: within a conversation, since one call may send the same to many.
    fn mark(&self) -> Mark {
        let place = [self.from.as_str(), self.to.as_str()];
        Duplicates::mark(&place, self.seq, self.random, &self.body)
    }

    /// The key of the message that this one is a duplicate of, by its mark.
    fn duplicate(&self, mark: &Mark, state: &State) -> Option<MsgKey> {
        let first = state.duplicates.first(mark, self.time)?;
        Some(MsgKey {
            seq: u32::try_from(first.seq).ok()?,
            random: self.random,
            time: first.time,
        })
    }

    fn number(&self, state: &mut State) -> MsgKey {
        let sent = &mut state.app.messages_sent;
        *sent = sent.wrapping_add(1);
        MsgKey {
            seq: self.seq.unwrap_or(state.app.messages_sent),
            random: self.random,
            time: self.time,
        }
    }

    /// Lets the message count as sent, so that duplicates of what came are dropped, whatever the app makes
    /// of it.
    fn remember(&self, state: &mut State, mark: Mark, numbers: MsgKey) {
        let seconds = match self.seq {
            Some(_) => DUPLICATE_SECONDS,
            None => UNNUMBERED_DUPLICATE_SECONDS,
        };
        (state.duplicates).remember(mark, numbers.seq.into(), numbers.time, seconds);
    }

    /// Puts the message into the histories of those who get it.
    fn deliver(&self, context: &mut Context<'_>, numbers: MsgKey) {
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
                    *account.unread.or_default(peer.clone()) += 1;
                }
            }
            if self.listed {
                state.touch(owner, Peer::User(peer.clone()), self.time);
            }
        }
        if held.contains(&true) {
            let content = Content::new(&self.body, self.data.as_deref());
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
            state.chats.or_default(pair).insert(message);
        }
    }
}

/// What speaks against the elements of a message.
pub(crate) fn check_body(body: &[MsgElement]) -> Result<(), Refusal> {
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

/// Sends a message, and answers its key: the first one's for a duplicate. The app is asked and told.
pub(crate) fn send(context: &mut Context<'_>, draft: C2cDraft) -> Result<Step<MsgKey>, Refusal> {
    if draft.to.is_empty() {
        return Err(ErrorCode::MESSAGE_RECIPIENT_INVALID.because("To_Account is missing"));
    }
    check_body(&draft.body)?;
    check_users(context.state, &draft.from, &draft.to)?;
    let mark = draft.mark();
    if let Some(first) = draft.duplicate(&mark, context.state) {
        context.is_duplicate = true;
        return Ok(Step::Done(first));
    }
    let key = draft.number(context.state);
    if !draft.asked {
        let allow = Some(C2cBeforeSendMsgAnswer::Allow);
        return send_as_answered(context, draft, mark, key, allow).map(Step::Done);
    }
    let event = |_: &Context<'_>, draft: &C2cDraft, _| {
        let event = C2cBeforeSendMsg::new(C2cBeforeSendMsgRequired {
            from_account: draft.from.clone(),
            to_account: draft.to.clone(),
            msg_seq: key.seq,
            msg_random: draft.random,
            msg_time: draft.time,
            msg_key: key.to_string(),
            msg_body: draft.body.clone(),
        });
        let mut event = event.with_online_only_flag(!draft.stored);
        event.cloud_custom_data.clone_from(&draft.data);
        event
    };
    ask(
        context,
        Some(mark),
        draft,
        event,
        move |context, draft, answer| {
            send_as_answered(context, draft, mark, key, answer).map(Step::Done)
        },
    )
}

/// Sends a message as the app would have it.
fn send_as_answered(
    context: &mut Context<'_>,
    mut draft: C2cDraft,
    mark: Mark,
    key: MsgKey,
    answer: Option<C2cBeforeSendMsgAnswer>,
) -> Result<MsgKey, Refusal> {
    match answer {
        Some(C2cBeforeSendMsgAnswer::RefuseWith(refusal)) => {
            return Err(refusal.into());
        }
        Some(C2cBeforeSendMsgAnswer::Drop) => {
            draft.remember(context.state, mark, key);
            return Ok(key);
        }
        Some(C2cBeforeSendMsgAnswer::Change(changes)) => {
            if let Some(body) = changes.msg_body {
                check_body(&body)?;
                draft.body = body;
            }
            if let Some(data) = changes.cloud_custom_data {
                draft.data = Some(data);
            }
        }
        Some(C2cBeforeSendMsgAnswer::Allow) => {}
        _ => return Err(ErrorCode::C2C_REFUSED_BY_WEBHOOK.because("the app refused")),
    }
    // A user may be gone since.
    check_users(context.state, &draft.from, &draft.to)?;
    draft.remember(context.state, mark, key);
    draft.deliver(context, key);
    tell_sent(context, &draft, key);
    Ok(key)
}

/// Tells the app, and a chatbot's, that a message was sent.
fn tell_sent(context: &mut Context<'_>, draft: &C2cDraft, key: MsgKey) {
    let is_bot = context.state.app.chatbots.contains(&draft.to);
    let left = unread(context.state, &draft.to);
    macro_rules! tell {
        ($event:ident, $required:ident) => {{
            context.events.tell(|_| {
                let mut event = $event::new($required {
                    from_account: draft.from.clone(),
                    to_account: draft.to.clone(),
                    msg_seq: key.seq,
                    msg_random: draft.random,
                    msg_time: key.time,
                    msg_key: key.to_string(),
                    send_msg_result: ErrorCode::OK,
                    error_info: "send msg succeed".to_owned(),
                    msg_body: draft.body.clone(),
                });
                event.online_only_flag = Some((!draft.stored).into());
                event.unread_msg_num = left;
                event.cloud_custom_data.clone_from(&draft.data);
                event
            });
        }};
    }
    if draft.told {
        tell!(C2cAfterSendMsg, C2cAfterSendMsgRequired);
    }
    if is_bot {
        tell!(BotOnC2cMessage, BotOnC2cMessageRequired);
    }
}

/// Sends one message of several that are the same but for the recipient, without asking or telling
/// the app; answers its key and whether it is a new one.
pub(crate) fn send_one_of_many(
    context: &mut Context<'_>,
    draft: &C2cDraft,
) -> Result<(MsgKey, bool), Refusal> {
    if !context.state.accounts.contains_key(&draft.to) {
        return Err(ErrorCode::ACCOUNT_NOT_FOUND.because("the user is not imported"));
    }
    let mark = draft.mark();
    if let Some(first) = draft.duplicate(&mark, context.state) {
        return Ok((first, false));
    }
    let key = draft.number(context.state);
    draft.remember(context.state, mark, key);
    draft.deliver(context, key);
    Ok((key, true))
}

/// Stores a message of another system's. Duplicates have its numbers and its time, whatever they say
/// and whoever of the two is the sender.
pub(crate) fn import(context: &mut Context<'_>, draft: C2cDraft) -> Result<(), Refusal> {
    let state = &*context.state;
    if !state.accounts.contains_key(&draft.from) {
        return Err(ErrorCode::MESSAGE_SENDER_INVALID.because("From_Account is not imported"));
    }
    if !state.accounts.contains_key(&draft.to) {
        return Err(ErrorCode::MESSAGE_RECIPIENT_NOT_FOUND.because("To_Account is not imported"));
    }
    let (pair, _) = State::pair(&draft.from, &draft.to);
    let chat = state.chats.get(&pair);
    context.is_duplicate = chat.is_some_and(|chat| chat.has(draft.seq, draft.random, draft.time));
    if !context.is_duplicate {
        let key = draft.number(context.state);
        draft.deliver(context, key);
    }
    Ok(())
}

/// A message between two users, by the text of its key.
pub(crate) fn held<'a>(
    state: &'a mut State,
    user: &str,
    other: &str,
    key: &str,
) -> Option<&'a mut C2cMessage> {
    let (pair, _) = State::pair(user, other);
    state.chats.get_mut(&pair)?.get_mut(MsgKey::parse(key)?)
}

/// Changes what a message says.
pub(crate) fn modify(
    context: &mut Context<'_>,
    from: &str,
    to: &str,
    key: &str,
    body: Option<&[MsgElement]>,
    data: Option<&str>,
) -> Result<(), Refusal> {
    if let Some(body) = body {
        check_body(body)?;
    }
    for user in [from, to] {
        if !context.state.accounts.contains_key(user) {
            return Err(ErrorCode::C2C_ACCOUNT_NOT_FOUND.because(format!("{user} is not imported")));
        }
    }
    let Some(message) = held(context.state, from, to, key) else {
        return Err(ErrorCode::C2C_REQUEST_INVALID.because("there is no such message"));
    };
    if let Some(body) = body {
        message.content.set_body(body);
    }
    if let Some(data) = data {
        message.content.set_data(data);
    }
    context.stored += message.bytes();
    Ok(())
}

/// Takes a message back. The app is told.
pub(crate) fn recall(
    context: &mut Context<'_>,
    from: &str,
    to: &str,
    key: String,
) -> Result<(), Refusal> {
    if !context.state.accounts.contains_key(from) {
        return Err(ErrorCode::MESSAGE_SENDER_INVALID.because("From_Account is not imported"));
    }
    let (pair, _) = State::pair(from, to);
    let chat = context.state.chats.get_mut(&pair);
    match chat.and_then(|chat| chat.recall(MsgKey::parse(&key)?)) {
        Some(true) => {}
        Some(false) => return Err(ErrorCode::C2C_MESSAGE_RECALLED.because("recalled before")),
        None => {
            return Err(ErrorCode::C2C_MESSAGE_NOT_FOUND.because("there is no such message"));
        }
    }
    let left = unread(context.state, to);
    context.events.tell(|time| {
        let event = C2cAfterMsgWithDraw::new(C2cAfterMsgWithDrawRequired {
            from_account: from.into(),
            to_account: to.into(),
            msg_key: key,
        });
        let mut event = event.with_event_time(time);
        event.unread_msg_num = left;
        event
    });
    Ok(())
}

/// Lets a user read what another has sent, up to a time; everything without one. The app is told.
pub(crate) fn mark_read(
    context: &mut Context<'_>,
    reader: &str,
    peer: &str,
    up_to: Option<u64>,
) -> Result<(), Refusal> {
    let state = &mut *context.state;
    let Some(account) = state.accounts.get_mut(reader) else {
        return Err(ErrorCode::MESSAGE_SENDER_INVALID.because("Report_Account is not imported"));
    };
    let (pair, side) = State::pair(reader, peer);
    let by_first = pair.0 == *peer;
    let chat = state.chats.get_mut(&pair);
    let left = chat.map_or(0, |chat| {
        chat.read(by_first, side, up_to.unwrap_or(u64::MAX))
    });
    if account
        .unread
        .get(peer)
        .is_some_and(|unread| *unread > left)
    {
        account.unread.insert(peer.to_owned(), left);
    }
    let (now, left) = (context.now, unread(context.state, reader));
    context.events.tell(|time| {
        let event = C2cAfterMsgReport::new(C2cAfterMsgReportRequired {
            report_account: reader.into(),
            peer_account: peer.into(),
            last_read_time: up_to.unwrap_or(now),
        });
        let mut event = event.with_event_time(time);
        event.unread_msg_num = left;
        event
    });
    Ok(())
}

/// What a user has not read, in all conversations.
fn unread(state: &State, user: &str) -> Option<i64> {
    let unread = state.accounts.get(user)?.unread.values().sum::<u64>();
    i64::try_from(unread).ok()
}
