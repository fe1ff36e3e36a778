//! What the service remembers of messages in order to drop duplicates.

use std::{
    collections::{HashMap, VecDeque, hash_map::RandomState},
    hash::{BuildHasher, Hash},
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

/// What makes two messages the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Mark {
    /// Stands for sender and conversation.
    place: u64,
    seq: Option<u32>,
    random: u32,
    /// CRC-32 of the elements.
    content: u32,
}

/// The first of several that are the same.
#[derive(Clone, Copy, Debug)]
pub(crate) struct First {
    /// Its number.
    pub(crate) seq: u64,
    pub(crate) time: u64,
    /// From then on it is forgotten.
    until: u64,
}

#[derive(Debug, Default)]
pub(crate) struct Duplicates {
    /// Keyed, so that nobody can choose names of one hash.
    hasher: RandomState,
    seen: HashMap<Mark, First>,
    order: VecDeque<(u64, Mark)>,
}

impl Duplicates {
    /// The mark of a message: sender and conversation, its numbers, its content.
    pub(crate) fn mark(
        &self,
        place: impl Hash,
        seq: Option<u32>,
        random: u32,
        body: &[MsgElement],
    ) -> Mark {
        let mut crc = flate2::Crc::new();
        // Elements always become JSON.
        crc.update(&serde_json::to_vec(body).unwrap_or_default());
        Mark {
            place: self.hasher.hash_one(place),
            seq,
            random,
            content: crc.sum(),
        }
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[test]
    fn what_is_remembered_is_bounded_while_the_clock_stands() {
        let mut duplicates = Duplicates::default();
        let mark = |duplicates: &Duplicates, random| duplicates.mark("lin", None, random, &[]);
        for random in 0..MAX_REMEMBERED as u32 + 10 {
            let mark = mark(&duplicates, random);
            duplicates.remember(mark, 1, 1000, 120);
        }
        assert_eq!(duplicates.seen.len(), MAX_REMEMBERED);
        assert_eq!(duplicates.order.len(), MAX_REMEMBERED);
        assert!(duplicates.first(&mark(&duplicates, 9), 1000).is_none());
        assert!(duplicates.first(&mark(&duplicates, 10), 1119).is_some());
        assert!(duplicates.first(&mark(&duplicates, 10), 1120).is_none());
        // Later they all go.
        let late = mark(&duplicates, 1);
        duplicates.remember(late, 1, 2000, 120);
        assert_eq!((duplicates.seen.len(), duplicates.order.len()), (1, 1));
    }
}
