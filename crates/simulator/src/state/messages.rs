//! Stored messages of groups and topics, and the pairs that are attached to messages.

use std::collections::{BTreeMap, BTreeSet};
use tencent_chat_types::{
    ErrorCode,
    model::{ExtensionOperation, MsgElement, MsgExtension, MsgExtensionResult, MsgPriority},
};

/// Most pairs of a message.
const MAX_EXTENSIONS: usize = 300;

/// Messages of a group or a topic, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Messages {
    stored: Vec<GroupMessage>,
    /// Numbers that were given out.
    given: u64,
    /// Messages that the app dropped.
    pub(crate) dropped: Vec<Dropped>,
}

/// A group message that the app dropped: its double is dropped too.
#[derive(Debug)]
pub(crate) struct Dropped {
    pub(crate) from: String,
    pub(crate) random: u32,
    pub(crate) body: Vec<MsgElement>,
    pub(crate) time: u64,
    /// The number that the sender was told.
    pub(crate) told_seq: u64,
}

/// A group message.
#[derive(Clone, Debug)]
pub(crate) struct GroupMessage {
    pub(crate) seq: u64,
    pub(crate) from: String,
    pub(crate) random: u32,
    pub(crate) time: u64,
    pub(crate) body: Vec<MsgElement>,
    /// What the sender sent, where the app changed it.
    pub(crate) asked_for: Option<Vec<MsgElement>>,
    pub(crate) cloud_custom_data: Option<String>,
    pub(crate) priority: Option<MsgPriority>,
    pub(crate) is_system: bool,
    pub(crate) fate: Fate,
    /// The pairs, for a message that was sent with support for them.
    pub(crate) extensions: Option<Extensions>,
    pub(crate) read_by: BTreeSet<String>,
}

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Present,
    Deleted,
    Recalled,
}

impl Messages {
    /// The number of the latest message; 0 before the first.
    pub(crate) fn last_seq(&self) -> u64 {
        self.given
    }

    pub(crate) fn last_time(&self) -> u64 {
        self.stored.last().map_or(0, |message| message.time)
    }

    /// Stores a message under the next number.
    pub(crate) fn push(&mut self, mut message: GroupMessage) -> u64 {
        self.given += 1;
        message.seq = self.given;
        self.stored.push(message);
        self.given
    }

    /// Gives a number to a message that is not stored.
    pub(crate) fn skip(&mut self) -> u64 {
        self.given += 1;
        self.given
    }

    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = &GroupMessage> {
        self.stored.iter()
    }

    pub(crate) fn iter_mut(&mut self) -> impl DoubleEndedIterator<Item = &mut GroupMessage> {
        self.stored.iter_mut()
    }

    pub(crate) fn get_mut(&mut self, seq: u64) -> Option<&mut GroupMessage> {
        self.stored.iter_mut().find(|message| message.seq == seq)
    }
}

/// Pairs that are attached to a message.
#[derive(Clone, Debug, Default)]
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
