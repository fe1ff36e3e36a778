//! What is in a queue.

use bytes::Bytes;
use std::{fmt, sync::Arc, time::Duration};
use tencent_chat_webhook::EventKey;

/// A verified event as it is stored. Cheap to clone.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct QueuedEvent {
    /// What tells it from every other event; the same when the service sends it again.
    pub key: EventKey,
    /// The query as it came, without `Sign`: that parameter has done its work, and would be good for a replay.
    pub query: Arc<str>,
    /// The body, byte for byte as it came.
    pub body: Bytes,
    /// When it came, in milliseconds since 1970, by the receiving machine's clock.
    pub received_ms: u64,
}

impl QueuedEvent {
    /// An event.
    pub fn new(
        key: EventKey,
        query: impl Into<Arc<str>>,
        body: impl Into<Bytes>,
        received_ms: u64,
    ) -> Self {
        Self {
            key,
            query: query.into(),
            body: body.into(),
            received_ms,
        }
    }
}

impl fmt::Debug for QueuedEvent {
    /// Without query and body, which can hold what users wrote.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("QueuedEvent")
            .field("key", &self.key)
            .field("query_bytes", &self.query.len())
            .field("body_bytes", &self.body.len())
            .field("received_ms", &self.received_ms)
            .finish()
    }
}

/// What became of an event that was to be stored. Either way the queue has it, so that it may be acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stored {
    /// It is in the queue now.
    New,
    /// It came earlier: its key is remembered. Nothing was added.
    Duplicate,
}

/// Where an event is in its queue. Its text is the queue's own, and different for one that was put back.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct EventId(String);

impl EventId {
    /// An identifier from its text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Its text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One claim of one event. A claim whose lease ran out, so that somebody else has the event now, can still finish
/// it, but neither delay nor bury it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct ClaimId {
    /// The event.
    pub event: EventId,
    /// Which attempt at it this is, from 1.
    pub attempt: u32,
}

impl ClaimId {
    /// The claim of this attempt.
    pub const fn new(event: EventId, attempt: u32) -> Self {
        Self { event, attempt }
    }
}

/// An event that was claimed: nobody else gets it while the lease lasts.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Claimed {
    /// To say what became of it.
    pub id: ClaimId,
    /// The event.
    pub event: QueuedEvent,
}

impl Claimed {
    /// An event that was claimed.
    pub const fn new(id: ClaimId, event: QueuedEvent) -> Self {
        Self { id, event }
    }
}

/// An event that was put aside because it could not be handled.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeadLetter {
    /// Where it is.
    pub id: EventId,
    /// The event, as it came.
    pub event: QueuedEvent,
    /// How often it was claimed.
    pub attempts: u32,
    /// When it was put aside, in milliseconds since 1970.
    pub buried_ms: u64,
    /// Why: one line, cut and escaped.
    pub reason: String,
}

impl DeadLetter {
    /// An event that was put aside.
    pub const fn new(
        id: EventId,
        event: QueuedEvent,
        attempts: u32,
        buried_ms: u64,
        reason: String,
    ) -> Self {
        Self {
            id,
            event,
            attempts,
            buried_ms,
            reason,
        }
    }
}

/// How full a queue is, for metrics and health checks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct QueueStats {
    /// Events that can be claimed at once.
    pub waiting: u64,
    /// Events that failed and wait for their next attempt.
    pub delayed: u64,
    /// Events that are claimed.
    pub claimed: u64,
    /// Dead letters.
    pub dead: u64,
    /// When the oldest event came that is not handled yet, in milliseconds since 1970; dead letters do not count.
    pub oldest_received_ms: Option<u64>,
}

impl QueueStats {
    /// Events that are not handled yet, without dead letters.
    pub const fn unfinished(&self) -> u64 {
        self.waiting + self.delayed + self.claimed
    }

    /// How long the oldest unfinished event has been waiting, at this time in milliseconds since 1970: what an
    /// alarm should watch.
    pub fn lag(&self, now_ms: u64) -> Option<Duration> {
        let since = self.oldest_received_ms?;
        Some(Duration::from_millis(now_ms.saturating_sub(since)))
    }
}

/// Milliseconds since 1970.
pub(crate) fn now_ms() -> u64 {
    let now = std::time::UNIX_EPOCH.elapsed().unwrap_or_default();
    u64::try_from(now.as_millis()).unwrap_or(u64::MAX)
}

/// A length of time in milliseconds.
#[cfg(any(feature = "redis", feature = "sqlite"))]
pub(crate) fn as_ms(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
