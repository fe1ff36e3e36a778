//! The content of a queue.

use bytes::Bytes;
use std::{fmt, sync::Arc, time::Duration};
use tencent_chat_webhook::EventKey;

/// A verified event as it is stored. Cheap to clone.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct QueuedEvent {
    /// Identifies the event; the same when the service sends it again.
    pub key: EventKey,
    /// The original query, without `Sign`: that parameter is no longer needed, and could be used for a replay.
    pub query: Arc<str>,
    /// The original body, byte for byte.
    pub body: Bytes,
    /// When it arrived, in milliseconds since 1970, by the receiving machine's clock.
    pub received_ms: u64,
}

impl QueuedEvent {
    /// Creates an event.
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
    /// Omits query and body, which may hold users' text.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("QueuedEvent")
            .field("key", &self.key)
            .field("query_bytes", &self.query.len())
            .field("body_bytes", &self.body.len())
            .field("received_ms", &self.received_ms)
            .finish()
    }
}

/// The result of storing an event. In both cases the queue has it, so it may be acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stored {
    /// It was added to the queue.
    New,
    /// It arrived before: its key is remembered. Nothing was added.
    Duplicate,
}

/// The identifier of an event in its queue. Its text is specific to the queue, and changes when a dead letter is put
/// back.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct EventId(String);

impl EventId {
    /// Creates an identifier from its text.
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

/// One claim of one event. If the lease has run out and someone else has the event, this claim can still complete
/// it, but neither delay nor bury it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct ClaimId {
    /// The event.
    pub event: EventId,
    /// The number of this attempt, from 1.
    pub attempt: u32,
}

impl ClaimId {
    /// The claim of this attempt.
    pub const fn new(event: EventId, attempt: u32) -> Self {
        Self { event, attempt }
    }
}

/// A claimed event: nobody else gets it while the lease lasts.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Claimed {
    /// The claim, to report the outcome with.
    pub id: ClaimId,
    /// The event.
    pub event: QueuedEvent,
}

impl Claimed {
    /// Creates a claimed event.
    pub const fn new(id: ClaimId, event: QueuedEvent) -> Self {
        Self { id, event }
    }
}

/// An event that was set aside because it could not be handled.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeadLetter {
    /// Its identifier.
    pub id: EventId,
    /// The original event.
    pub event: QueuedEvent,
    /// How often it was claimed.
    pub attempts: u32,
    /// When it was set aside, in milliseconds since 1970.
    pub buried_ms: u64,
    /// The reason: one line, truncated and escaped.
    pub reason: String,
}

impl DeadLetter {
    /// Creates a dead letter.
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
    /// Events that can be claimed now.
    pub waiting: u64,
    /// Events that failed and are waiting for their next attempt.
    pub delayed: u64,
    /// Events that are currently claimed.
    pub claimed: u64,
    /// Dead letters.
    pub dead: u64,
    /// When the oldest unfinished event arrived, in milliseconds since 1970; dead letters do not count.
    pub oldest_received_ms: Option<u64>,
}

impl QueueStats {
    /// Number of unfinished events, without dead letters.
    pub const fn unfinished(&self) -> u64 {
        self.waiting + self.delayed + self.claimed
    }

    /// How long the oldest unfinished event has been waiting, at this time in milliseconds since 1970. This is the
    /// value to alert on.
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

/// A duration in milliseconds.
#[cfg(any(feature = "redis", feature = "sqlite"))]
pub(crate) fn as_ms(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
