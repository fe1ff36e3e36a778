//! Stored messages of groups, topics and pairs of users, and the pairs that are attached to messages.

use super::{
    stamp::Stamp,
    table::{Entry, Table, of_several_rows},
};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, VecDeque},
    mem,
};
use tencent_chat_types::{
    ErrorCode,
    message::{
        SetC2cMsgExtensions,
        get_c2c_history::{C2cMsg, C2cMsgRequired, MsgFlagBits},
    },
    model::{ExtensionOperation, MsgElement, MsgExtension, MsgExtensionResult, MsgPriority},
    wire::Flag,
};

/// Most pairs of a message.
const MAX_EXTENSIONS: usize = SetC2cMsgExtensions::MAX_PAIRS as usize;

/// What the allocator and the lists add to each message, roughly.
const OVERHEAD_BYTES: usize = 64;

/// What users see of a message. Elements are kept as JSON, which takes a tenth of what they take
/// when they are decoded.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Content {
    #[serde(with = "raw")]
    body: Box<str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    data: Option<Box<str>>,
    /// The pairs, for a message that was sent with support for them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    extensions: Option<Box<Extensions>>,
}

impl Content {
    pub(crate) fn new(body: &[MsgElement], data: Option<&str>) -> Self {
        Self {
            body: write(body),
            data: data.map(Into::into),
            extensions: None,
        }
    }

    /// Lets the message have pairs.
    pub(crate) fn extensible(mut self, extensible: bool) -> Self {
        self.extensions = extensible.then(Box::default);
        self
    }

    pub(crate) fn body(&self) -> Vec<MsgElement> {
        // It was written from elements.
        serde_json::from_str(&self.body).unwrap_or_default()
    }

    pub(crate) fn set_body(&mut self, body: &[MsgElement]) {
        self.body = write(body);
    }

    pub(crate) fn data(&self) -> Option<&str> {
        self.data.as_deref()
    }

    pub(crate) fn set_data(&mut self, data: &str) {
        self.data = Some(data.into());
    }

    pub(crate) fn extensions_mut(&mut self) -> Option<&mut Extensions> {
        self.extensions.as_deref_mut()
    }

    fn bytes(&self) -> usize {
        let data = self.data.as_ref().map_or(0, |data| data.len());
        let pairs = self.extensions.as_ref().map_or(0, |pairs| pairs.bytes());
        self.body.len() + data + pairs
    }
}

/// JSON that is embedded in a row as it is, not as a string.
mod raw {
    use serde::{Deserialize, Deserializer, Serialize, Serializer, ser::Error};
    use serde_json::value::RawValue;

    pub(super) fn serialize<S: Serializer>(json: &str, serializer: S) -> Result<S::Ok, S::Error> {
        let json: &RawValue = serde_json::from_str(json).map_err(S::Error::custom)?;
        json.serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Box<str>, D::Error> {
        Ok(Box::<RawValue>::deserialize(deserializer)?.into())
    }
}

fn write(body: &[MsgElement]) -> Box<str> {
    // Elements always become JSON.
    serde_json::to_string(body).unwrap_or_default().into()
}

/// A message of some list, so that the oldest of all lists can go.
pub(crate) trait Aged {
    /// Grows with every message of the app.
    fn serial(&self) -> u64;
    /// What it takes in memory.
    fn bytes(&self) -> usize;
}

/// Messages of a group or a topic, oldest first.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Messages {
    #[serde(skip)]
    pub(super) stored: VecDeque<GroupMessage>,
    /// Numbers that were given out.
    given: u64,
    /// Up to which number users have seen them.
    #[serde(skip)]
    pub(super) read: Table<String, u64>,
    /// Some of the oldest have gone.
    forgotten: bool,
    /// Messages that are pinned, the latest pin last.
    pub(crate) pins: Vec<Pin>,
    /// How many messages moved the group to the top of its members' lists, and when the last did.
    pub(crate) moved_up: u64,
    pub(crate) moved_up_at: u64,
    /// Numbers of those that are new or say something else.
    #[serde(skip)]
    pub(super) touched: Touched<u64>,
    /// Stands for its row as it was stored last.
    #[serde(skip)]
    pub(super) saved: Option<Stamp>,
}

/// Messages that were touched since they were stored.
#[derive(Debug)]
pub(crate) struct Touched<K> {
    /// New ones.
    pub(super) new: Vec<K>,
    /// Those that may say something else, with what stands for what they said before.
    pub(super) changed: Vec<(K, Option<Stamp>)>,
    /// Those whose state changed but not their content.
    pub(super) fates: Vec<K>,
    pub(super) gone: Vec<K>,
}

impl<K> Default for Touched<K> {
    fn default() -> Self {
        Self {
            new: Vec::new(),
            changed: Vec::new(),
            fates: Vec::new(),
            gone: Vec::new(),
        }
    }
}

impl<K> Touched<K> {
    pub(super) fn is_empty(&self) -> bool {
        let Self {
            new,
            changed,
            fates,
            gone,
        } = self;
        changed.is_empty() && [new, fates, gone].iter().all(|list| list.is_empty())
    }
}

/// That a message is pinned.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Pin {
    pub(crate) seq: u64,
    /// Who pinned it.
    pub(crate) by: String,
}

/// A group message.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct GroupMessage {
    pub(crate) serial: u64,
    pub(crate) seq: u64,
    pub(crate) from: Box<str>,
    pub(crate) random: u32,
    pub(crate) time: u64,
    pub(crate) content: Content,
    pub(crate) priority: Option<MsgPriority>,
    pub(crate) is_system: bool,
    pub(crate) fate: Fate,
}

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Fate {
    Present,
    Deleted,
    Recalled,
}

impl Aged for GroupMessage {
    fn serial(&self) -> u64 {
        self.serial
    }

    fn bytes(&self) -> usize {
        mem::size_of::<Self>() + OVERHEAD_BYTES + self.from.len() + self.content.bytes()
    }
}

impl Messages {
    /// The number of the latest message; 0 before the first.
    pub(crate) fn last_seq(&self) -> u64 {
        self.given
    }

    pub(crate) fn last_time(&self) -> u64 {
        self.stored.back().map_or(0, |message| message.time)
    }

    /// Stores a message under the next number.
    pub(crate) fn push(&mut self, mut message: GroupMessage) -> u64 {
        self.given += 1;
        message.seq = self.given;
        self.touched.new.push(self.given);
        self.stored.push_back(message);
        self.given
    }

    /// Moves the group to the top of its members' lists of conversations.
    pub(crate) fn move_up(&mut self, now: u64) {
        self.moved_up += 1;
        self.moved_up_at = now;
    }

    /// Gives a number to a message that is not stored.
    pub(crate) fn skip(&mut self) -> u64 {
        self.given += 1;
        self.given
    }

    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = &GroupMessage> {
        self.stored.iter()
    }

    /// Deletes all messages of a sender.
    pub(crate) fn delete_of(&mut self, sender: &str) {
        for message in &mut self.stored {
            if *message.from == *sender && message.fate == Fate::Present {
                message.fate = Fate::Deleted;
                self.touched.fates.push(message.seq);
            }
        }
    }

    /// Recalls a message that is there; answers what it was before.
    pub(crate) fn recall(&mut self, seq: u64) -> Option<Fate> {
        let at = self.position(seq)?;
        let message = self.stored.get_mut(at)?;
        let before = message.fate;
        if before == Fate::Present {
            message.fate = Fate::Recalled;
            self.touched.fates.push(seq);
        }
        Some(before)
    }

    /// Messages up to a number, newest first.
    pub(crate) fn up_to(&self, seq: u64) -> impl Iterator<Item = &GroupMessage> {
        let end = self.stored.partition_point(|message| message.seq <= seq);
        self.stored.range(..end).rev()
    }

    /// Whether messages have gone that were older than this one.
    pub(crate) fn forgot_before(&self, seq: u64) -> bool {
        self.forgotten && self.stored.front().is_none_or(|first| seq <= first.seq)
    }

    fn position(&self, seq: u64) -> Option<usize> {
        let messages = &self.stored;
        (messages.binary_search_by_key(&seq, |message| message.seq)).ok()
    }

    pub(crate) fn get(&self, seq: u64) -> Option<&GroupMessage> {
        self.stored.get(self.position(seq)?)
    }

    /// A message, for it to say something else.
    pub(crate) fn get_mut(&mut self, seq: u64) -> Option<&mut GroupMessage> {
        let at = self.position(seq)?;
        let message = self.stored.get_mut(at)?;
        self.touched.changed.push((seq, Stamp::of(message)));
        Some(message)
    }

    /// Puts a message in as it is known to be stored already.
    pub(super) fn load(&mut self, message: GroupMessage) {
        self.stored.push_back(message);
    }

    pub(super) fn loading(&mut self, seq: u64) -> Option<&mut GroupMessage> {
        let at = self.position(seq)?;
        self.stored.get_mut(at)
    }

    /// Whether a user has seen a message; senders have seen theirs.
    pub(crate) fn is_read(&self, seq: u64, from: &str, user: &str) -> bool {
        from == user || self.read.get(user).is_some_and(|up_to| seq <= *up_to)
    }

    /// Lets a user see the messages up to a number; answers those that are new to the user.
    pub(crate) fn read(&mut self, user: &str, up_to: u64) -> Vec<&GroupMessage> {
        let up_to = up_to.min(self.given);
        let read = self.read.or_default(user.to_owned());
        let before = mem::replace(read, (*read).max(up_to));
        let new = self.stored.iter().rev();
        let mut new: Vec<&GroupMessage> = new
            .skip_while(|message| message.seq > up_to)
            .take_while(|message| message.seq > before)
            .filter(|message| *message.from != *user)
            .collect();
        new.reverse();
        new
    }

    /// Forgets messages up to a serial number; says whether there were any.
    pub(crate) fn forget(&mut self, up_to_serial: u64) -> bool {
        let gone = &mut self.touched.gone;
        let before = gone.len();
        self.stored.retain(|message| {
            let kept = message.serial > up_to_serial;
            if !kept {
                gone.push(message.seq);
            }
            kept
        });
        let some = gone.len() > before;
        self.forgotten |= some;
        shrink(&mut self.stored);
        some
    }
}

/// Gives back memory that a list has used before.
fn shrink<T>(list: &mut VecDeque<T>) {
    if list.capacity() > 2 * list.len() + 16 {
        list.shrink_to_fit();
    }
}

/// Messages between two users, oldest first. Each is stored once; either user can lose it.
#[derive(Debug, Default)]
pub(crate) struct Chat {
    pub(super) messages: VecDeque<C2cMessage>,
    /// Times and serial numbers of messages that were touched.
    pub(super) touched: Touched<(u64, u64)>,
}

/// A message between two users.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct C2cMessage {
    pub(crate) serial: u64,
    pub(crate) numbers: MsgKey,
    pub(crate) content: Content,
    /// Sent by the first of the two.
    pub(crate) from_first: bool,
    /// In whose history it is.
    pub(crate) held: [bool; 2],
    pub(crate) read: bool,
    pub(crate) recalled: bool,
}

/// What identifies a message. As a string it is `seq_random_time`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct MsgKey {
    pub(crate) seq: u32,
    pub(crate) random: u32,
    pub(crate) time: u64,
}

impl MsgKey {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('_');
        let key = Self {
            seq: parts.next()?.parse().ok()?,
            random: parts.next()?.parse().ok()?,
            time: parts.next()?.parse().ok()?,
        };
        parts.next().is_none().then_some(key)
    }
}

impl std::fmt::Display for MsgKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}_{}_{}", self.seq, self.random, self.time)
    }
}

impl Aged for C2cMessage {
    fn serial(&self) -> u64 {
        self.serial
    }

    fn bytes(&self) -> usize {
        mem::size_of::<Self>() + OVERHEAD_BYTES + self.content.bytes()
    }
}

impl C2cMessage {
    /// By what it is found again.
    fn place(&self) -> (u64, u64) {
        (self.numbers.time, self.serial)
    }

    /// As a history shows it.
    pub(crate) fn shown(&self, users: &(String, String)) -> C2cMsg {
        let (from, to) = match self.from_first {
            true => (&users.0, &users.1),
            false => (&users.1, &users.0),
        };
        let MsgKey { seq, random, time } = self.numbers;
        let flags = match self.recalled {
            true => MsgFlagBits::RECALLED,
            false => MsgFlagBits::NORMAL,
        };
        let mut shown = C2cMsg::new(C2cMsgRequired {
            from_account: from.as_str().into(),
            to_account: to.as_str().into(),
            msg_body: self.content.body(),
        })
        .with_msg_seq(u64::from(seq))
        .with_msg_random(u64::from(random))
        .with_msg_time_stamp(time)
        .with_msg_flag_bits(flags)
        .with_is_peer_read(Flag::from(self.read))
        .with_msg_key(self.numbers.to_string());
        shown.cloud_custom_data = self.content.data().map(str::to_owned);
        shown
    }
}

of_several_rows! { Chat }

impl Chat {
    /// Stores a message; an imported one may be older than what is there.
    pub(crate) fn insert(&mut self, message: C2cMessage) {
        self.touched.new.push(message.place());
        self.load(message);
    }

    /// Puts a message in as it is known to be stored already.
    pub(super) fn load(&mut self, message: C2cMessage) {
        let time = message.numbers.time;
        let at = match self.messages.back() {
            Some(last) if last.numbers.time > time => self.after(time),
            _ => self.messages.len(),
        };
        self.messages.insert(at, message);
    }

    /// Where messages begin that are newer.
    fn after(&self, time: u64) -> usize {
        (self.messages).partition_point(|message| message.numbers.time <= time)
    }

    /// Where messages begin that are not older.
    fn from(&self, time: u64) -> usize {
        (self.messages).partition_point(|message| message.numbers.time < time)
    }

    fn position(&self, key: MsgKey) -> Option<usize> {
        let start = self.from(key.time);
        let mut same = self.messages.range(start..);
        let same_time = |message: &&C2cMessage| message.numbers.time == key.time;
        let at = same
            .by_ref()
            .take_while(same_time)
            .position(|message| message.numbers == key)?;
        Some(start + at)
    }

    /// A message, for it to say something else.
    pub(crate) fn get_mut(&mut self, key: MsgKey) -> Option<&mut C2cMessage> {
        let at = self.position(key)?;
        let message = self.messages.get_mut(at)?;
        let change = (message.place(), Stamp::of(message));
        self.touched.changed.push(change);
        Some(message)
    }

    /// Recalls a message; says whether it was there to be recalled, if there is one.
    pub(crate) fn recall(&mut self, key: MsgKey) -> Option<bool> {
        let at = self.position(key)?;
        let message = self.messages.get_mut(at)?;
        let was_there = !mem::replace(&mut message.recalled, true);
        if was_there {
            self.touched.fates.push(message.place());
        }
        Some(was_there)
    }

    /// A message by its time and serial number.
    pub(super) fn at(&self, (time, serial): (u64, u64)) -> Option<&C2cMessage> {
        let mut same_time = self.messages.range(self.from(time)..self.after(time));
        same_time.find(|message| message.serial == serial)
    }

    pub(super) fn loading(&mut self, (time, serial): (u64, u64)) -> Option<&mut C2cMessage> {
        let (from, after) = (self.from(time), self.after(time));
        let mut same_time = self.messages.range_mut(from..after);
        same_time.find(|message| message.serial == serial)
    }

    /// Whether a message has these numbers; without a sequence number the others decide.
    pub(crate) fn has(&self, seq: Option<u32>, random: u32, time: u64) -> bool {
        let same_time = self.messages.range(self.from(time)..self.after(time));
        let mut numbers = same_time.map(|message| message.numbers);
        numbers.any(|held| held.random == random && seq.is_none_or(|seq| held.seq == seq))
    }

    /// Messages in a user's history from one time to another, newest first, and before the message
    /// with this key, if it is there.
    pub(crate) fn page(
        &self,
        side: usize,
        from: u64,
        to: u64,
        before: Option<MsgKey>,
    ) -> impl Iterator<Item = &C2cMessage> {
        let end = before.and_then(|key| self.position(key));
        let end = end.unwrap_or(self.messages.len()).min(self.after(to));
        let start = self.from(from).min(end);
        let range = self.messages.range(start..end).rev();
        range.filter(move |message| message.held.get(side) == Some(&true))
    }

    /// Lets one user's messages up to a time be read by the other; answers how many are left in the
    /// reader's history.
    pub(crate) fn read(&mut self, by_first: bool, reader: usize, until: u64) -> u64 {
        let end = self.after(until);
        let mut left = 0;
        for (at, message) in self.messages.iter_mut().enumerate() {
            if message.from_first != by_first {
                continue;
            }
            if at < end {
                if !mem::replace(&mut message.read, true) {
                    self.touched.fates.push(message.place());
                }
            } else if message.held.get(reader) == Some(&true) {
                left += 1;
            }
        }
        left
    }

    /// Takes all messages out of a user's history.
    pub(crate) fn clear(&mut self, side: usize) {
        for message in &mut self.messages {
            if let Some(held) = message.held.get_mut(side)
                && mem::replace(held, false)
            {
                self.touched.fates.push(message.place());
            }
        }
        self.keep(|message| message.held.contains(&true));
    }

    /// Lets messages go that are not wanted; says whether there were any.
    fn keep(&mut self, wanted: impl Fn(&C2cMessage) -> bool) -> bool {
        let gone = &mut self.touched.gone;
        let before = gone.len();
        self.messages.retain(|message| {
            let kept = wanted(message);
            if !kept {
                gone.push(message.place());
            }
            kept
        });
        let some = gone.len() > before;
        shrink(&mut self.messages);
        some
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &C2cMessage> {
        self.messages.iter()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }

    /// Forgets messages up to a serial number; says whether there were any.
    pub(crate) fn forget(&mut self, up_to_serial: u64) -> bool {
        self.keep(|message| message.serial > up_to_serial)
    }
}

/// Pairs that are attached to a message.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Extensions {
    /// Value and version by key.
    pairs: BTreeMap<String, (String, u64)>,
    latest: u64,
    cleared: u64,
}

/// A page of pairs.
#[derive(Debug)]
pub(crate) struct ExtensionPage {
    pub(crate) pairs: Vec<MsgExtension>,
    pub(crate) complete: bool,
    pub(crate) latest: u64,
    pub(crate) cleared: u64,
}

impl Extensions {
    fn bytes(&self) -> usize {
        let pairs = self.pairs.iter();
        let pairs = pairs.map(|(key, (value, _))| OVERHEAD_BYTES + key.len() + value.len());
        mem::size_of::<Self>() + pairs.sum::<usize>()
    }

    /// Sets, deletes or clears pairs; none for an operation that is not known.
    pub(crate) fn change(
        &mut self,
        operation: ExtensionOperation,
        pairs: Vec<MsgExtension>,
    ) -> Option<Vec<MsgExtensionResult>> {
        match operation {
            ExtensionOperation::CLEAR => {
                self.latest += 1;
                self.cleared = self.latest;
                self.pairs.clear();
                Some(Vec::new())
            }
            ExtensionOperation::SET | ExtensionOperation::DELETE => {
                let delete = operation == ExtensionOperation::DELETE;
                Some(
                    pairs
                        .into_iter()
                        .map(|pair| self.write(pair, delete))
                        .collect(),
                )
            }
            _ => None,
        }
    }

    fn write(&mut self, pair: MsgExtension, delete: bool) -> MsgExtensionResult {
        let held = self.pairs.get(&pair.key);
        let version = held.map_or(0, |(_, seq)| *seq);
        let full = held.is_none() && !delete && self.pairs.len() >= MAX_EXTENSIONS;
        if full || pair.seq.is_some_and(|seq| seq != version) {
            let mut now = MsgExtension::new(pair.key).with_seq(version);
            now.value = held.map(|(value, _)| value.clone());
            let code = if full {
                ErrorCode::GROUP_PARAMETER_INVALID
            } else {
                ErrorCode::EXTENSION_CONFLICT
            };
            return MsgExtensionResult::new(code, now);
        }
        self.latest += 1;
        let mut now = MsgExtension::new(pair.key.clone()).with_seq(self.latest);
        if delete {
            self.pairs.remove(&pair.key);
        } else {
            let value = pair.value.unwrap_or_default();
            now.value = Some(value.clone());
            self.pairs.insert(pair.key, (value, self.latest));
        }
        MsgExtensionResult::new(ErrorCode::OK, now)
    }

    /// Pairs from a version on, in the order of their versions.
    pub(crate) fn page(&self, from: u64, most: usize) -> ExtensionPage {
        let mut pairs: Vec<(&String, &(String, u64))> = self
            .pairs
            .iter()
            .filter(|(_, (_, seq))| *seq >= from)
            .collect();
        pairs.sort_by_key(|(_, (_, seq))| *seq);
        let complete = pairs.len() <= most;
        pairs.truncate(most);
        let shown = pairs.into_iter().map(|(key, (value, seq))| {
            MsgExtension::new(key.as_str())
                .with_value(value.as_str())
                .with_seq(*seq)
        });
        ExtensionPage {
            pairs: shown.collect(),
            complete,
            latest: self.latest,
            cleared: self.cleared,
        }
    }
}
