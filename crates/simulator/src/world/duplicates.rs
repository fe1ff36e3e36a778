//! What the service remembers of messages in order to drop duplicates.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::{
    collections::{HashMap, VecDeque},
    num::ParseIntError,
};
use tencent_chat_types::{Meta, model::MsgElement};

/// Most messages that are remembered. The quotas let about a third of that be sent within the longest
/// time; then the oldest are forgotten.
const MAX_REMEMBERED: usize = 200_000;

/// For how many seconds the duplicates of a command's messages are dropped, by the spec.
pub(crate) const fn duplicate_seconds(meta: &Meta) -> u64 {
    match meta.duplicate_seconds {
        Some(seconds) => seconds as u64,
        None => 0,
    }
}

/// What makes two messages the same: half a SHA-256 of sender and conversation, the numbers and the
/// elements. It is the same after a restart, and nobody can choose two messages that share one.
///
/// In a row it is a string, since most programs that read JSON round numbers beyond 53 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub(crate) struct Mark(u128);

impl From<Mark> for String {
    fn from(mark: Mark) -> Self {
        format!("{:032x}", mark.0)
    }
}

impl TryFrom<String> for Mark {
    type Error = ParseIntError;

    fn try_from(text: String) -> Result<Self, ParseIntError> {
        u128::from_str_radix(&text, 16).map(Self)
    }
}

/// The first of several that are the same.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct First {
    /// Its number.
    pub(crate) seq: u64,
    pub(crate) time: u64,
    /// From then on it is forgotten.
    until: u64,
}

#[derive(Debug, Default)]
pub(crate) struct Duplicates {
    seen: HashMap<Mark, First>,
    order: VecDeque<(u64, Mark)>,
    /// How many were forgotten, which is the place of the first in the order of sending.
    forgotten: u64,
    /// Places up to which rows are stored: of those that are forgotten, of those that are known.
    stored: (u64, u64),
}

impl Duplicates {
    /// The mark of a message: sender and conversation, its numbers, its content.
    pub(crate) fn mark(place: &[&str], seq: Option<u32>, random: u32, body: &[MsgElement]) -> Mark {
        let mut hash = Sha256::new();
        let number = |number: u64| number.to_be_bytes();
        for part in place {
            hash.update(number(part.len() as u64));
            hash.update(part);
        }
        hash.update(number(seq.map_or(u64::MAX, u64::from)));
        hash.update(number(random.into()));
        // Elements always become JSON.
        hash.update(serde_json::to_vec(body).unwrap_or_default());
        let hash: [u8; 32] = hash.finalize().into();
        let half = hash.as_chunks().0.first().copied().unwrap_or_default();
        Mark(u128::from_be_bytes(half))
    }

    /// The message that one with this mark is a duplicate of.
    pub(crate) fn first(&self, mark: &Mark, now: u64) -> Option<First> {
        self.seen
            .get(mark)
            .filter(|first| now < first.until)
            .copied()
    }

    /// Lets duplicates of a message be dropped for some seconds.
    pub(crate) fn remember(&mut self, mark: Mark, seq: u64, time: u64, seconds: u64) {
        let until = time.saturating_add(seconds);
        self.seen.insert(mark, First { seq, time, until });
        self.order.push_back((until, mark));
        while let Some((until, mark)) = self.order.front().copied() {
            if until > time && self.order.len() <= MAX_REMEMBERED {
                break;
            }
            self.order.pop_front();
            self.forgotten += 1;
            if self
                .seen
                .get(&mark)
                .is_some_and(|first| first.until == until)
            {
                self.seen.remove(&mark);
            }
        }
    }
}

/// One that is remembered, as a row: until when, and what is known of the first. That is nothing where
/// another with the same mark has come since.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Remembered {
    mark: Mark,
    until: u64,
    first: Option<First>,
}

impl Duplicates {
    /// Hands over the places of those that were forgotten, and those that are new, with their places.
    pub(super) fn drain(&mut self, gone: impl FnMut(u64), mut new: impl FnMut(u64, Remembered)) {
        let (forgotten, known) = self.stored;
        (forgotten..self.forgotten.min(known)).for_each(gone);
        let end = self.forgotten + self.order.len() as u64;
        let from = known.max(self.forgotten);
        let skip = usize::try_from(from - self.forgotten).unwrap_or(usize::MAX);
        let rest = self.order.range(skip.min(self.order.len())..);
        for (place, (until, mark)) in (from..).zip(rest) {
            let first = self.seen.get(mark).copied();
            new(
                place,
                Remembered {
                    mark: *mark,
                    until: *until,
                    first: first.filter(|first| first.until == *until),
                },
            );
        }
        self.stored = (self.forgotten, end);
    }

    /// Lets all of them be new.
    pub(super) fn touch_all(&mut self) {
        self.stored = (self.forgotten, self.forgotten);
    }

    /// Puts one in as it is known to be stored already, in the order of places.
    pub(super) fn load(&mut self, place: u64, remembered: Remembered) {
        if self.order.is_empty() {
            self.forgotten = place;
        }
        let Remembered { mark, until, first } = remembered;
        if let Some(first) = first {
            self.seen.insert(mark, first);
        }
        self.order.push_back((until, mark));
        self.stored = (self.forgotten, place + 1);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[test]
    fn what_is_remembered_is_bounded_while_the_clock_stands() {
        let mut duplicates = Duplicates::default();
        let mark = |random| Duplicates::mark(&["lin"], None, random, &[]);
        for random in 0..MAX_REMEMBERED as u32 + 10 {
            duplicates.remember(mark(random), 1, 1000, 120);
        }
        assert_eq!(duplicates.seen.len(), MAX_REMEMBERED);
        assert_eq!(duplicates.order.len(), MAX_REMEMBERED);
        assert!(duplicates.first(&mark(9), 1000).is_none());
        assert!(duplicates.first(&mark(10), 1119).is_some());
        assert!(duplicates.first(&mark(10), 1120).is_none());
        // Later they all go.
        duplicates.remember(mark(1), 1, 2000, 120);
        assert_eq!((duplicates.seen.len(), duplicates.order.len()), (1, 1));
    }
}
