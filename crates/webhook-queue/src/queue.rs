//! What a queue must be able to do.

use crate::event::{ClaimId, Claimed, DeadLetter, EventId, QueueStats, QueuedEvent, Stored};
use std::{error::Error as StdError, fmt, future::Future, pin::Pin, sync::Arc, time::Duration};

/// What the methods of a [`Queue`] return.
pub type QueueFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, QueueError>> + Send + 'a>>;

/// A queue that outlives the process.
///
/// Its futures may be dropped at any time: then what they were about is done or not done, never half done. Their
/// errors mean that nobody knows; whoever repeats does no harm.
pub trait Queue: Send + Sync + 'static {
    /// Stores an event durably, unless its key is remembered.
    ///
    /// # Errors
    ///
    /// [`QueueError::Full`], or why it may not be stored.
    fn store(&self, event: QueuedEvent) -> QueueFuture<'_, Stored>;

    /// Claims up to so many events, for as long as [`lease`](Self::lease) says; comes back at once, with none if
    /// there are none. An event whose lease ran out can be claimed again.
    ///
    /// # Errors
    ///
    /// Why nothing could be claimed.
    fn claim(&self, at_most: usize) -> QueueFuture<'_, Vec<Claimed>>;

    /// Waits until there may be something to claim, at most for so long.
    ///
    /// # Errors
    ///
    /// Why it cannot wait.
    fn wait(&self, at_most: Duration) -> QueueFuture<'_, ()>;

    /// How long a claim holds.
    fn lease(&self) -> Duration;

    /// These have been handled: removes them. One that is gone already is not an error.
    ///
    /// # Errors
    ///
    /// Why they may come again.
    fn finish(&self, claims: Vec<ClaimId>) -> QueueFuture<'_, ()>;

    /// This one failed: it can be claimed again after a delay. Nothing happens when the claim has run out.
    ///
    /// # Errors
    ///
    /// Why it may come again after the lease and not after the delay.
    fn retry(&self, claim: ClaimId, delay: Duration) -> QueueFuture<'_, ()>;

    /// This one cannot be handled: moves it to the dead letters. Nothing happens when the claim has run out.
    /// `reason` is one line that fits into a log.
    ///
    /// # Errors
    ///
    /// Why it may come again.
    fn bury(&self, claim: ClaimId, reason: String) -> QueueFuture<'_, ()>;

    /// How full it is.
    ///
    /// # Errors
    ///
    /// Why that is not known.
    fn stats(&self) -> QueueFuture<'_, QueueStats>;

    /// Lists dead letters, oldest first: up to so many that come behind this one.
    ///
    /// # Errors
    ///
    /// Why they cannot be listed, such as an identifier that is not one of this queue.
    fn dead_letters(
        &self,
        behind: Option<EventId>,
        at_most: usize,
    ) -> QueueFuture<'_, Vec<DeadLetter>>;

    /// Puts dead letters back, as if they had just come: how many there were of them.
    ///
    /// # Errors
    ///
    /// Why they may not be back.
    fn requeue(&self, ids: Vec<EventId>) -> QueueFuture<'_, usize>;

    /// Drops dead letters for good: how many there were of them.
    ///
    /// # Errors
    ///
    /// Why they may still be there.
    fn discard(&self, ids: Vec<EventId>) -> QueueFuture<'_, usize>;
}

impl<Q: Queue + ?Sized> Queue for Arc<Q> {
    fn store(&self, event: QueuedEvent) -> QueueFuture<'_, Stored> {
        (**self).store(event)
    }
    fn claim(&self, at_most: usize) -> QueueFuture<'_, Vec<Claimed>> {
        (**self).claim(at_most)
    }
    fn wait(&self, at_most: Duration) -> QueueFuture<'_, ()> {
        (**self).wait(at_most)
    }
    fn lease(&self) -> Duration {
        (**self).lease()
    }
    fn finish(&self, claims: Vec<ClaimId>) -> QueueFuture<'_, ()> {
        (**self).finish(claims)
    }
    fn retry(&self, claim: ClaimId, delay: Duration) -> QueueFuture<'_, ()> {
        (**self).retry(claim, delay)
    }
    fn bury(&self, claim: ClaimId, reason: String) -> QueueFuture<'_, ()> {
        (**self).bury(claim, reason)
    }
    fn stats(&self) -> QueueFuture<'_, QueueStats> {
        (**self).stats()
    }
    fn dead_letters(
        &self,
        behind: Option<EventId>,
        at_most: usize,
    ) -> QueueFuture<'_, Vec<DeadLetter>> {
        (**self).dead_letters(behind, at_most)
    }
    fn requeue(&self, ids: Vec<EventId>) -> QueueFuture<'_, usize> {
        (**self).requeue(ids)
    }
    fn discard(&self, ids: Vec<EventId>) -> QueueFuture<'_, usize> {
        (**self).discard(ids)
    }
}

/// What all queues have settings for. All processes that use one queue should have the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueueSettings {
    pub(crate) max_events: u64,
    pub(crate) max_keys: u64,
    pub(crate) retention: Duration,
    pub(crate) lease: Duration,
}

impl Default for QueueSettings {
    /// A million events and keys, an hour, two minutes.
    fn default() -> Self {
        Self {
            max_events: 1_000_000,
            max_keys: 1_000_000,
            retention: Duration::from_secs(3_600),
            lease: Duration::from_secs(120),
        }
    }
}

impl QueueSettings {
    /// How many events the queue holds, dead letters included. When it is full it refuses events, so that the
    /// service knows that they were not taken. Nothing is ever dropped to make room.
    #[must_use]
    pub const fn max_events(mut self, events: u64) -> Self {
        self.max_events = events;
        self
    }

    /// For how long an event's key is remembered, counted from when it was stored. The vendor does not say how late
    /// a repeat can come.
    #[must_use]
    pub const fn retention(mut self, time: Duration) -> Self {
        self.retention = time;
        self
    }

    /// How many keys are remembered; beyond that the oldest are forgotten before their time. It takes some 150 bytes
    /// each.
    #[must_use]
    pub const fn max_keys(mut self, keys: u64) -> Self {
        self.max_keys = keys;
        self
    }

    /// How long a claim holds: when a process dies, others get its events so much later. A
    /// [`Consumer`](crate::Consumer) lets handlers take half of it at most.
    #[must_use]
    pub const fn lease(mut self, time: Duration) -> Self {
        self.lease = time;
        self
    }
}

/// Why a queue could not do something.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum QueueError {
    /// It holds as much as it may: either handlers are too slow, or there are too many dead letters.
    Full {
        /// How many events it may hold.
        max_events: u64,
    },
    /// An identifier that is not one of this queue.
    UnknownId {
        /// What this queue's identifiers look like.
        expected: &'static str,
    },
    /// The name of a queue that cannot be one.
    InvalidName {
        /// What is expected.
        expected: &'static str,
    },
    /// The file is a database of something else.
    NotAQueue,
    /// The file was written by a newer version of this crate.
    NewerVersion {
        /// The version of its tables.
        found: i64,
        /// The newest that this version knows.
        known: i64,
    },
    /// The file or the server refused or did not answer.
    Unavailable(Arc<dyn StdError + Send + Sync>),
}

impl QueueError {
    /// An error of what the queue is made of.
    pub fn unavailable(error: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::Unavailable(Arc::from(error.into()))
    }
}

impl fmt::Display for QueueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full { max_events } => {
                write!(f, "the queue is full: it may hold {max_events} events")
            }
            Self::UnknownId { expected } => {
                write!(f, "not an identifier of this queue; expected {expected}")
            }
            Self::InvalidName { expected } => {
                write!(f, "not a valid name of a queue; expected {expected}")
            }
            Self::NotAQueue => f.write_str("the file is a database, but not a queue of this crate"),
            Self::NewerVersion { found, known } => write!(
                f,
                "the queue was written by a newer version: its tables are version {found}, this one knows {known}"
            ),
            Self::Unavailable(_) => f.write_str("the queue is not available"),
        }
    }
}

impl StdError for QueueError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::Unavailable(error) => Some(&**error),
            _ => None,
        }
    }
}
