//! Messages in groups and topics: sending, importing, changing, recalling, reading.

use super::{
    context::Context,
    duplicates::{Duplicates, Mark, duplicate_seconds},
    group::Group,
    groups::{allow, group, kind},
    messages::{Aged, Content, Fate, GroupMessage, Messages},
    step::{Step, ask},
};
use crate::refusal::{Because, Refusal};
use tencent_chat_types::{
    Endpoint as _, ErrorCode,
    message::{SendBroadcastMsg, SendGroupMsg},
    model::{
        CustomElem, GroupAt, GroupType, MemberAccount, MsgElement, MsgPriority, MuteAllMember,
    },
    webhook::{
        BotOnGroupMessage, BotOnGroupMessageRequired, GroupAfterReadReceipt,
        GroupAfterReadReceiptRequired, GroupAfterRecallMsg, GroupAfterRecallMsgRequired,
        GroupAfterSendMsg, GroupAfterSendMsgRequired, GroupBeforeSendMsg, GroupBeforeSendMsgAnswer,
        GroupBeforeSendMsgChanges, GroupBeforeSendMsgRequired, GroupSendMsgException,
        GroupSendMsgExceptionRequired,
        group::{
            group_after_read_receipt::{GroupMsgReading, GroupMsgReadingRequired},
            group_after_recall_msg::RecalledGroupMsg,
        },
    },
};

/// For how many seconds a random number and the content mark the duplicates of a message.
const DUPLICATE_SECONDS: u64 = duplicate_seconds(SendGroupMsg::META);

/// The same of a message to everybody.
const BROADCAST_DUPLICATE_SECONDS: u64 = duplicate_seconds(SendBroadcastMsg::META);

/// A message that somebody means to send to a group.
pub(crate) struct GroupDraft {
    pub(crate) group: String,
    pub(crate) topic: Option<String>,
    pub(crate) from: String,
    pub(crate) random: u32,
    pub(crate) body: Vec<MsgElement>,
    pub(crate) data: Option<String>,
    pub(crate) priority: Option<MsgPriority>,
    /// For members who are online, and not stored.
    pub(crate) online_only: bool,
    /// Pairs can be attached to it.
    pub(crate) extensible: bool,
    /// Moves the conversation up.
    pub(crate) listed: bool,
    /// Counts as unread.
    pub(crate) counted: bool,
    pub(crate) mentions: Vec<GroupAt>,
    /// The app is asked before it is sent.
    pub(crate) asked: bool,
    /// The app is told that it was sent.
    pub(crate) told: bool,
    /// Why it is refused as it is, but for who sends it and where.
    pub(crate) too_large: bool,
}

/// The number and the time of a message that was sent.
#[derive(Clone, Copy)]
pub(crate) struct SentToGroup {
    pub(crate) seq: u64,
    pub(crate) time: u64,
}

/// Where a message goes, as webhooks say it.
struct Place {
    kind: GroupType,
    online_only: bool,
}

impl GroupDraft {
    /// A message like any other.
    pub(crate) fn new(group: String, from: String, random: u32, body: Vec<MsgElement>) -> Self {
        Self {
            group,
            topic: None,
            from,
            random,
            body,
            data: None,
            priority: None,
            online_only: false,
            extensible: false,
            listed: true,
            counted: true,
            mentions: Vec::new(),
            asked: true,
            told: true,
            too_large: false,
        }
    }

    /// What duplicates have in common.
    fn mark(&self) -> Mark {
        let topic = self.topic.as_deref().unwrap_or_default();
        let place = [self.group.as_str(), topic, self.from.as_str()];
        Duplicates::mark(&place, None, self.random, &self.body)
    }

    /// Whether it is for devices that are online only, as webhooks say it.
    fn is_online_only(&self, group: &Group) -> bool {
        !group.is_live() && self.online_only
    }

    /// What speaks against sending it, or the message that it is a duplicate of by its mark.
    fn check(
        &self,
        context: &mut Context<'_>,
        mark: &Mark,
    ) -> Result<Option<SentToGroup>, Refusal> {
        if self.too_large {
            return Err(ErrorCode::CONTENT_TOO_LONG.because("the request is larger than 12 KB"));
        }
        check_body(&self.body)?;
        let now = context.now;
        let is_admin = context.settings.admins.contains(&self.from);
        let account = context.state.accounts.get(&self.from);
        let muted_everywhere = account.map(|account| account.muted.1 > now);
        let group = group(context.state, &self.group)?;
        let Some(muted_everywhere) = muted_everywhere else {
            return Err(ErrorCode::GROUP_PARAMETER_INVALID.because("From_Account is not imported"));
        };
        if !is_admin {
            self.check_sender(group, muted_everywhere, now)?;
        }
        messages(group, self.topic.as_ref())?;
        let first = context.state.duplicates.first(mark, now);
        context.is_duplicate = first.is_some();
        Ok(first.map(|first| SentToGroup {
            seq: first.seq,
            time: first.time,
        }))
    }

    /// That the sender is one of the group's and may speak.
    fn check_sender(&self, group: &Group, muted_everywhere: bool, now: u64) -> Result<(), Refusal> {
        let member = group.members.get(&self.from);
        let belongs = member.is_some() || group.is_live();
        allow(belongs, "From_Account is not a member")?;
        let until = member.and_then(|member| member.mute_until).unwrap_or(0);
        let here = (self.topic.as_ref())
            .and_then(|id| group.topics.get(id)?.muted.get(&self.from).copied());
        let all = group.info.mute_all_member == Some(MuteAllMember::ON);
        let muted = until > now || here.is_some_and(|until| until > now);
        if muted_everywhere || muted || (all && !group.is_manager(&self.from)) {
            return Err(ErrorCode::GROUP_SENDER_MUTED.because("From_Account is muted"));
        }
        Ok(())
    }

    /// Tells the app that it was not sent.
    fn tell_refused(self, context: &mut Context<'_>, refusal: &Refusal) {
        let operator = context.operator;
        let group = context.state.groups.get(&self.group);
        let online_only = group.is_some_and(|group| self.is_online_only(group));
        let kind = group.map(kind);
        context.events.tell(|time| {
            let (id, from, random, body) = (self.group, self.from, self.random, self.body);
            let (code, text) = (refusal.code, refusal.text.as_str());
            let event = GroupSendMsgException::new(GroupSendMsgExceptionRequired {
                group_id: id,
                from_account: from,
                operator_account: operator.into(),
                random,
                msg_body: body,
                error_code: code,
                error_info: text.into(),
                event_time: time,
            });
            let mut event = event.with_online_only_flag(online_only);
            event.r#type = kind;
            event.cloud_custom_data = self.data;
            event
        });
    }

    /// Tells the app, and chatbots that are mentioned, that it was sent.
    fn tell_sent(self, context: &mut Context<'_>, sent: SentToGroup, place: &Place) {
        let (operator, SentToGroup { seq, time: at }) = (context.operator, sent);
        let (kind, online_only) = (&place.kind, place.online_only);
        let bots = self.mentions.iter();
        let bots: Vec<String> = bots
            .filter(|mention| !mention.group_at_all_flag.is_on())
            .filter_map(|mention| mention.group_at_account.clone())
            .filter(|user| context.state.app.chatbots.contains(user))
            .collect();
        let GroupDraft { group, from, .. } = &self;
        let (random, told) = (self.random, self.told);
        if told {
            let (kind, body) = (kind.clone(), self.body.clone());
            context.events.tell(|time| {
                let (id, from) = (group.as_str(), from.as_str());
                let event = GroupAfterSendMsg::new(GroupAfterSendMsgRequired {
                    group_id: id.into(),
                    r#type: kind,
                    from_account: from.into(),
                    operator_account: operator.into(),
                    random,
                    msg_seq: seq,
                    msg_time: at,
                    msg_body: body,
                    event_time: time,
                });
                let mut event = event.with_online_only_flag(online_only);
                event.cloud_custom_data.clone_from(&self.data);
                event.topic_id.clone_from(&self.topic);
                let mentions = self.mentions.iter().map(|mention| {
                    let mut shown = GroupAt::new(mention.group_at_all_flag);
                    shown.group_at_account.clone_from(&mention.group_at_account);
                    shown
                });
                event.group_at_info =
                    (!self.mentions.is_empty()).then(|| mentions.collect::<Vec<_>>());
                event
            });
        }
        if !bots.is_empty() {
            let kind = kind.clone();
            context.events.tell(|time| {
                let (id, from, body) = (self.group, self.from, self.body);
                let event = BotOnGroupMessage::new(BotOnGroupMessageRequired {
                    group_id: id,
                    r#type: kind,
                    from_account: from,
                    operator_account: operator.into(),
                    random,
                    msg_seq: seq,
                    msg_time: at,
                    msg_body: body,
                    at_robots_account: bots,
                    event_time: time,
                });
                let mut event = event.with_online_only_flag(online_only);
                event.cloud_custom_data = self.data;
                event.topic_id = self.topic;
                event
            });
        }
    }

    /// Puts the message into the group, under a number.
    fn deliver(&self, context: &mut Context<'_>, stores: bool) -> Result<u64, Refusal> {
        let now = context.now;
        let serial = context.state.next_serial();
        let group = group(context.state, &self.group)?;
        let list = messages(group, self.topic.as_ref())?;
        let seq = if stores {
            let content = Content::new(&self.body, self.data.as_deref());
            let content = content.extensible(self.extensible);
            let mut sent = message(serial, &self.from, self.random, now, content);
            sent.priority.clone_from(&self.priority);
            context.stored += sent.bytes();
            list.push(sent)
        } else {
            list.skip()
        };
        if stores && self.topic.is_none() {
            if let Some(member) = group.members.get_mut(&self.from) {
                member.msg_seq = Some(seq);
                member.last_send_msg_time = Some(now);
            }
            if !self.counted {
                group.skip_unread(seq);
            }
        }
        if stores && self.listed {
            group.messages.move_up(now);
        }
        Ok(seq)
    }
}

/// Messages of the group, or of a topic.
pub(crate) fn messages<'a>(
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

/// Sends a message to a group. A duplicate is dropped: what is answered is the first one's. The app is
/// asked and told, also of what is refused.
pub(crate) fn send(
    context: &mut Context<'_>,
    draft: GroupDraft,
) -> Result<Step<SentToGroup>, Refusal> {
    let mark = draft.mark();
    match draft.check(context, &mark) {
        Ok(None) => {}
        Ok(Some(first)) => return Ok(Step::Done(first)),
        Err(refusal) => {
            draft.tell_refused(context, &refusal);
            return Err(refusal);
        }
    }
    if !draft.asked {
        let allow = Some(GroupBeforeSendMsgAnswer::Allow);
        return send_as_answered(context, draft, mark, allow).map(Step::Done);
    }
    let group = group(context.state, &draft.group)?;
    let (kind, online_only) = (kind(group), draft.is_online_only(group));
    let event = move |context: &Context<'_>, draft: &GroupDraft, time| {
        let event = GroupBeforeSendMsg::new(GroupBeforeSendMsgRequired {
            group_id: draft.group.clone(),
            r#type: kind,
            from_account: draft.from.clone(),
            operator_account: context.operator.to_owned(),
            random: draft.random,
            msg_body: draft.body.clone(),
            event_time: time,
        });
        let mut event = event.with_online_only_flag(online_only);
        event.cloud_custom_data.clone_from(&draft.data);
        event.topic_id.clone_from(&draft.topic);
        event
    };
    ask(
        context,
        Some(mark),
        draft,
        event,
        move |context, draft, answer| {
            send_as_answered(context, draft, mark, answer).map(Step::Done)
        },
    )
}

/// Sends a message as the app would have it.
fn send_as_answered(
    context: &mut Context<'_>,
    mut draft: GroupDraft,
    mark: Mark,
    answer: Option<GroupBeforeSendMsgAnswer>,
) -> Result<SentToGroup, Refusal> {
    let mut changes = GroupBeforeSendMsgChanges::new();
    let mut drop = false;
    match answer {
        Some(GroupBeforeSendMsgAnswer::Allow) => {}
        Some(GroupBeforeSendMsgAnswer::Drop) => drop = true,
        Some(GroupBeforeSendMsgAnswer::Change(wanted)) => changes = wanted,
        Some(GroupBeforeSendMsgAnswer::RefuseWith(refusal)) => {
            return Err(refusal.into());
        }
        _ => return Err(ErrorCode::GROUP_REFUSED_BY_WEBHOOK.because("the app refused")),
    }
    // Things may be different since.
    if let Some(first) = draft.check(context, &mark)? {
        return Ok(first);
    }
    if let Some(body) = &changes.msg_body {
        check_body(body)?;
    }
    let time = context.now;
    let group = group(context.state, &draft.group)?;
    let told = Place {
        kind: kind(group),
        online_only: draft.is_online_only(group),
    };
    let stores = !group.is_live() && !draft.online_only;
    if drop {
        // The number is one that the message would have had.
        let seq = messages(group, draft.topic.as_ref())?.last_seq() + 1;
        (context.state.duplicates).remember(mark, seq, time, DUPLICATE_SECONDS);
        return Ok(SentToGroup { seq, time });
    }
    draft.body = changes.msg_body.unwrap_or(draft.body);
    draft.data = changes.cloud_custom_data.or(draft.data);
    let seq = draft.deliver(context, stores)?;
    (context.state.duplicates).remember(mark, seq, time, DUPLICATE_SECONDS);
    let sent = SentToGroup { seq, time };
    draft.tell_sent(context, sent, &told);
    Ok(sent)
}

/// Notifies a group, or some of its members. Who is notified alone finds nothing in the history.
pub(crate) fn notify(
    context: &mut Context<'_>,
    id: &str,
    topic: Option<&String>,
    to_all: bool,
    text: String,
) -> Result<(), Refusal> {
    let now = context.now;
    let serial = context.state.next_serial();
    let group = group(context.state, id)?;
    let stores = to_all && !group.is_live();
    let list = messages(group, topic)?;
    if stores {
        // A notification is kept as a message of the system that carries its text.
        let body = [CustomElem::default().with_data(text).into()];
        let mut sent = message(serial, "", 0, now, Content::new(&body, None));
        sent.is_system = true;
        context.stored += sent.bytes();
        list.push(sent);
    }
    Ok(())
}

/// Sends a message to all live groups, and answers its number. Nothing is stored.
pub(crate) fn broadcast(
    context: &mut Context<'_>,
    from: &str,
    random: u32,
    body: &[MsgElement],
) -> Result<u64, Refusal> {
    check_body(body)?;
    let (state, now) = (&mut *context.state, context.now);
    let mark = Duplicates::mark(&["broadcast", from], None, random, body);
    if let Some(first) = state.duplicates.first(&mark, now) {
        context.is_duplicate = true;
        return Ok(first.seq);
    }
    state.app.broadcasts += 1;
    let seq = state.app.broadcasts;
    (state.duplicates).remember(mark, seq, now, BROADCAST_DUPLICATE_SECONDS);
    Ok(seq)
}

/// A message of another system's group.
pub(crate) struct ImportedMessage {
    pub(crate) from: String,
    pub(crate) random: u32,
    /// Seconds since 1970.
    pub(crate) time: u64,
    pub(crate) body: Vec<MsgElement>,
    /// Why it is refused as it is.
    pub(crate) too_long: bool,
}

/// Brings messages of another system's group in, which all members have read; answers the number of
/// each, or the code that says why it has none.
pub(crate) fn import(
    context: &mut Context<'_>,
    id: &str,
    topic: Option<&String>,
    new: Vec<ImportedMessage>,
    listed: bool,
) -> Result<Vec<Result<SentToGroup, ErrorCode>>, Refusal> {
    let now = context.now;
    let mut serials = Vec::new();
    serials.resize_with(new.len(), || context.state.next_serial());
    let group = group(context.state, id)?;
    allow(!group.is_live(), "an AVChatRoom stores no messages")?;
    let created = group.info.create_time.unwrap_or(0);
    let list = messages(group, topic)?;
    let mut results = Vec::new();
    for (new, serial) in new.into_iter().zip(serials) {
        let fits = new.time >= created
            && new.time >= list.last_time()
            && new.time <= now
            && check_body(&new.body).is_ok();
        results.push(match (fits, new.too_long) {
            (_, true) => Err(ErrorCode::GROUP_MESSAGE_TOO_LONG),
            (false, _) => Err(ErrorCode::GROUP_PARAMETER_INVALID),
            (true, _) => {
                let (content, time) = (Content::new(&new.body, None), new.time);
                let message = message(serial, &new.from, new.random, time, content);
                context.stored += message.bytes();
                let seq = list.push(message);
                Ok(SentToGroup { seq, time })
            }
        });
    }
    group.read_all();
    if listed {
        group.messages.move_up(now);
    }
    Ok(results)
}

/// Changes what a message says.
pub(crate) fn modify(
    context: &mut Context<'_>,
    id: &str,
    topic: Option<&String>,
    seq: u64,
    body: Option<&[MsgElement]>,
    data: Option<&str>,
) -> Result<(), Refusal> {
    let invalid = |text: &str| ErrorCode::C2C_REQUEST_INVALID.because(text);
    let Some(group) = context.state.groups.get_mut(id) else {
        return Err(invalid("there is no such group"));
    };
    if group.is_live() {
        return Err(invalid("an AVChatRoom stores no messages"));
    }
    let list = messages(group, topic)?;
    let held = list.get_mut(seq);
    let Some(held) = held.filter(|held| held.fate == Fate::Present) else {
        return Err(invalid("there is no such message"));
    };
    if let Some(body) = body {
        held.content.set_body(body);
    }
    if let Some(data) = data {
        held.content.set_data(data);
    }
    context.stored += held.bytes();
    Ok(())
}

/// Deletes all messages of a sender.
pub(crate) fn delete_of(
    context: &mut Context<'_>,
    id: &str,
    topic: Option<&String>,
    sender: &str,
) -> Result<(), Refusal> {
    let group = group(context.state, id)?;
    messages(group, topic)?.delete_of(sender);
    Ok(())
}

/// Takes messages back; answers what became of each. The app is told.
pub(crate) fn recall(
    context: &mut Context<'_>,
    id: String,
    topic: Option<String>,
    seqs: Vec<u64>,
) -> Result<Vec<(u64, ErrorCode)>, Refusal> {
    let group = group(context.state, &id)?;
    if group.is_live() {
        return Err(ErrorCode::GROUP_TYPE_WITHOUT_RECALL.because("an AVChatRoom stores nothing"));
    }
    let kind = kind(group);
    let list = messages(group, topic.as_ref())?;
    let (mut results, mut recalled) = (Vec::new(), Vec::new());
    for seq in seqs {
        let code = match list.recall(seq) {
            Some(Fate::Present) => ErrorCode::OK,
            Some(Fate::Recalled) => ErrorCode::GROUP_MESSAGE_NOT_RECALLABLE,
            Some(Fate::Deleted) | None => ErrorCode::GROUP_MESSAGE_NOT_FOUND,
        };
        if code == ErrorCode::OK {
            recalled.push(RecalledGroupMsg::new(seq));
        }
        results.push((seq, code));
    }
    if !recalled.is_empty() {
        let operator = context.operator;
        context.events.tell(|time| {
            let mut event = GroupAfterRecallMsg::new(GroupAfterRecallMsgRequired {
                operator_account: operator.into(),
                r#type: kind,
                group_id: id,
                msg_seq_list: recalled,
                event_time: time,
            });
            event.topic_id = topic;
            event
        });
    }
    Ok(results)
}

/// Whether messages of the group have receipts. Here all have that can; with the service, those
/// whose senders asked for them.
pub(crate) fn has_receipts(group: &Group) -> bool {
    !group.is_live() && !group.is_community()
}

/// Lets the acting user see messages up to a number. The app is told.
pub(crate) fn mark_read(context: &mut Context<'_>, id: &str, up_to: u64) {
    let user = context.operator;
    let Some(group) = context.state.groups.get_mut(id) else {
        return;
    };
    let (kind, with_receipts) = (kind(group), has_receipts(group));
    let Some(member) = group.members.get_mut(user) else {
        return;
    };
    let last = group.messages.last_seq().min(up_to);
    member.msg_seq = member.msg_seq.max(Some(last));
    let new: Vec<(u64, Box<str>)> = (group.messages.read(user, up_to).into_iter())
        .map(|message| (message.seq, message.from.clone()))
        .collect();
    let mut read = Vec::new();
    for (seq, from) in new {
        let (readers, rest) = group.readers(seq, &from);
        let reading = GroupMsgReading::new(GroupMsgReadingRequired {
            msg_seq: seq,
            read_num: readers,
            unread_num: rest,
        });
        // Who has read it just now.
        read.push(reading.with_read_receipt_members([MemberAccount::new(user)]));
    }
    if with_receipts && !read.is_empty() {
        context.events.tell(|time| {
            GroupAfterReadReceipt::new(GroupAfterReadReceiptRequired {
                group_id: id.into(),
                r#type: kind,
                group_msg_receipt_list: read,
                event_time: time,
            })
        });
    }
}

/// Lets so many messages count as unread by a member.
pub(crate) fn set_unread(
    context: &mut Context<'_>,
    id: &str,
    user: &str,
    unread: u64,
) -> Result<(), Refusal> {
    let group = group(context.state, id)?;
    let counts = !group.is_live() && !group.is_meeting();
    allow(counts, "this kind of group counts nothing")?;
    let last = group.messages.last_seq();
    let Some(member) = group.members.get_mut(user) else {
        return Err(ErrorCode::GROUP_PARAMETER_INVALID.because("Member_Account is not a member"));
    };
    member.msg_seq = Some(last.saturating_sub(unread));
    Ok(())
}
