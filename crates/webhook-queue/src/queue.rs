//! The interface of queues.

use crate::event::{ClaimId, Claimed, DeadLetter, EventId, QueueStats, QueuedEvent, Stored};
use std::{error::Error as StdError, fmt, future::Future, pin::Pin, sync::Arc, time::Duration};

/// The return type of the methods of a [`Queue`].
pub type QueueFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, QueueError>> + Send + 'a>>;

/// A durable queue.
///
/// Its futures may be dropped at any time: the operation is then either done or not done, never partly. After an
/// error the outcome is unknown; repeating the operation is safe.
pub trait Queue: Send + Sync + 'static {
    /// Stores an event durably, unless its key is remembered.
    ///
    /// # Errors
    ///
    /// [`QueueError::Full`], or why it may not have been stored.
    fn store(&self, event: QueuedEvent) -> QueueFuture<'_, Stored>;

    /// Claims up to this many events, for the duration of [`lease`](Self::lease). Returns at once, with an empty list
    /// if there are none. An event whose lease has run out can be claimed again.
    ///
    /// # Errors
    ///
    /// Why nothing could be claimed.
    fn claim(&self, at_most: usize) -> QueueFuture<'_, Vec<Claimed>>;

    /// Waits until there may be something to claim, up to this time.
    ///
    /// # Errors
    ///
    /// Why it cannot wait.
    fn wait(&self, at_most: Duration) -> QueueFuture<'_, ()>;

    /// How long a claim lasts.
    fn lease(&self) -> Duration;

    /// Removes events that have been handled. An event that is already gone is not an error.
    ///
    /// # Errors
    ///
    /// Returns why they may be delivered again.
    fn finish(&self, claims: Vec<ClaimId>) -> QueueFuture<'_, ()>;

    /// Makes a failed event claimable again after a delay. Does nothing if the claim has run out.
    ///
    /// # Errors
    ///
    /// Returns why it may be retried after the lease instead of after the delay.
    fn retry(&self, claim: ClaimId, delay: Duration) -> QueueFuture<'_, ()>;

    /// Moves an event that cannot be handled to the dead letters. Does nothing if the claim has run out.
    /// `reason` is one line that is suitable for logs.
    ///
    /// # Errors
    ///
    /// Returns why it may be delivered again.
    fn bury(&self, claim: ClaimId, reason: String) -> QueueFuture<'_, ()>;

    /// How full the queue is.
    ///
    /// # Errors
    ///
    /// Returns why that could not be determined.
    fn stats(&self) -> QueueFuture<'_, QueueStats>;

    /// Lists dead letters, oldest first: up to this many that follow the given one.
    ///
    /// # Errors
    ///
    /// Returns why they cannot be listed, such as an identifier that doesn't belong to this queue.
    fn dead_letters(
        &self,
        behind: Option<EventId>,
        at_most: usize,
    ) -> QueueFuture<'_, Vec<DeadLetter>>;

    /// Puts dead letters back, as if they had just arrived. Returns how many of them existed.
    ///
    /// # Errors
    ///
    /// Returns why they may not be back.
    fn requeue(&self, ids: Vec<EventId>) -> QueueFuture<'_, usize>;

    /// Drops dead letters permanently. Returns how many of them existed.
    ///
    /// # Errors
    ///
    /// Returns why they may still be there.
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

/// Settings that all queues share. All processes that use one queue should have the same settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueueSettings {
    pub(crate) max_events: u64,
    pub(crate) max_keys: u64,
    pub(crate) retention: Duration,
    pub(crate) lease: Duration,
}

impl Default for QueueSettings {
    /// A million events and keys, one hour, two minutes.
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
    /// Sets how many events the queue holds, including dead letters. A full queue refuses events, so that the
    /// service knows that they were not accepted. Nothing is ever dropped to make room.
    #[must_use]
    pub const fn max_events(mut self, events: u64) -> Self {
        self.max_events = events;
        self
    }

    /// Sets how long an event's key is remembered, counted from when it was stored. The vendor does not say how late
    /// a repeat can arrive.
    #[must_use]
    pub const fn retention(mut self, time: Duration) -> Self {
        self.retention = time;
        self
    }

    /// Sets how many keys are remembered. Beyond that the oldest are forgotten early. Each key takes about
    /// 150 bytes.
    #[must_use]
    pub const fn max_keys(mut self, keys: u64) -> Self {
        self.max_keys = keys;
        self
    }

    /// Sets how long a claim lasts: if a process dies, its events become available to others after this time. A
    /// [`Consumer`](crate::Consumer) lets handlers take at most half of it.
    #[must_use]
    pub const fn lease(mut self, time: Duration) -> Self {
        self.lease = time;
        self
    }
}

/// Why an operation on a queue failed.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum QueueError {
    /// The queue is full: either handlers are too slow, or there are too many dead letters.
    Full {
        /// Maximum number of events.
        max_events: u64,
    },
    /// An identifier that doesn't belong to this queue.
    UnknownId {
        /// The format of this queue's identifiers.
        expected: &'static str,
    },
    /// An invalid name for a queue.
    InvalidName {
        /// What is expected.
        expected: &'static str,
    },
    /// The file is a different kind of database.
    NotAQueue,
    /// The file was written by a newer version of this crate.
    NewerVersion {
        /// The version of its tables.
        found: i64,
        /// The newest version that this crate supports.
        known: i64,
    },
    /// The file or the server returned an error or did not respond.
    Unavailable(Arc<dyn StdError + Send + Sync>),
}

impl QueueError {
    /// Wraps an error from the queue's backend.
    pub fn unavailable(error: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::Unavailable(Arc::from(error.into()))
    }
}

impl fmt::Display for QueueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full { max_events } => {
                write!(f, "the queue is full: it holds at most {max_events} events")
            }
            Self::UnknownId { expected } => {
                write!(f, "invalid identifier for this queue; expected {expected}")
            }
            Self::InvalidName { expected } => {
                write!(f, "invalid queue name; expected {expected}")
            }
            Self::NotAQueue => f.write_str("the file is a database, but not a queue of this crate"),
            Self::NewerVersion { found, known } => write!(
                f,
                "the queue was written by a newer version: its tables have version {found}, and this version supports up to \
                 {known}"
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
