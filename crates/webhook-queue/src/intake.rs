//! The receiving side: stores events, and acknowledges them once they are stored.

use crate::{
    event::{QueuedEvent, Stored, now_ms},
    queue::{Queue, QueueError},
};
use bytes::Bytes;
use std::{sync::Arc, time::Duration};
use tencent_chat_webhook::{
    EventKey, HttpAnswer, Origin, Receiver,
    types::{
        text::{quoted, with_causes},
        webhook::{TIMEOUT_SECONDS, When, query},
    },
};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, sleep_until, timeout_at},
};

/// Pauses between attempts to store an event: the first, and the longest.
const PAUSES: (Duration, Duration) = (Duration::from_millis(20), Duration::from_millis(300));

/// Stores "after" events. Cheap to clone. For tower there is
/// [`QueueLayer`](crate::QueueLayer); with any other framework:
///
/// ```
/// # use tencent_chat_webhook_queue::{Intake, MemoryQueue, QueueSettings};
/// # use tencent_chat_webhook::{HttpAnswer, Receiver, Webhooks};
/// # async fn answer(intake: Intake<MemoryQueue>, webhooks: Webhooks, query: &str, body: Vec<u8>) -> HttpAnswer {
/// match intake.take(query, body.clone().into()).await {
///     Some(answer) => answer,
///     // A "before" event, or a request to refuse.
///     None => webhooks.handle(query, &body).await,
/// }
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Intake<Q> {
    receiver: Receiver,
    queue: Q,
    patience: Duration,
    places: Arc<Semaphore>,
}

impl<Q: Queue> Intake<Q> {
    /// Default for how long to keep trying to store an event: half a second longer than the service waits, so
    /// that the service treats the failure as a timeout.
    pub const DEFAULT_PATIENCE: Duration =
        Duration::from_millis(TIMEOUT_SECONDS as u64 * 1_000 + 500);

    /// Default number of events that are stored concurrently.
    pub const DEFAULT_MAX_IN_FLIGHT: usize = 1_024;

    /// Stores the events that this receiver verifies in that queue.
    pub fn new(receiver: Receiver, queue: Q) -> Self {
        Self {
            receiver,
            queue,
            patience: Self::DEFAULT_PATIENCE,
            places: Arc::new(Semaphore::new(Self::DEFAULT_MAX_IN_FLIGHT)),
        }
    }

    /// Sets how long to keep trying to store an event before the response is HTTP status 503. According to its
    /// documentation, the service only repeats events that timed out, and it waits two seconds: after an earlier
    /// response, the event may never be sent again.
    #[must_use]
    pub const fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Sets how many events are stored concurrently. Further ones are answered with HTTP status 503 at once, before
    /// their bodies are read. Each one holds its body in memory.
    #[must_use]
    pub fn max_in_flight(mut self, events: usize) -> Self {
        self.places = Arc::new(Semaphore::new(events.min(Semaphore::MAX_PERMITS)));
        self
    }

    /// The receiver that verifies the requests.
    pub(crate) const fn receiver(&self) -> &Receiver {
        &self.receiver
    }

    /// The information from the query, if it is valid and the event is to be stored.
    pub(crate) fn verify(&self, query: &str) -> Option<Origin> {
        let origin = self.receiver.verify(query).ok()?;
        // The service waits for the answer to a "before" event. Events unknown to this version count as "after" events.
        (origin.when() != Some(When::Before)).then_some(origin)
    }

    /// A slot for an event, or the response if there is none.
    pub(crate) fn place(&self, origin: &Origin) -> Result<OwnedSemaphorePermit, HttpAnswer> {
        Arc::clone(&self.places).try_acquire_owned().map_err(|_| {
            let command = quoted(origin.command.as_str());
            tracing::warn!(
                target: "tencent_chat_webhook", %command, outcome = "overloaded", "queue"
            );
            HttpAnswer::failed(503)
        })
    }

    /// Verifies a request and stores its event. Returns `None` if the event is not to be stored, or the request is
    /// invalid: [`Webhooks::handle`](tencent_chat_webhook::Webhooks::handle) then responds. `query` is the part of the
    /// address after the question mark. Must run within tokio.
    pub async fn take(&self, query: &str, body: Bytes) -> Option<HttpAnswer> {
        let origin = self.verify(query)?;
        Some(match self.place(&origin) {
            Ok(_place) => self.store(&origin, query, body).await,
            Err(answer) => answer,
        })
    }

    /// Stores a verified event: status 200 once it is stored, 503 if that failed or took too long.
    pub(crate) async fn store(&self, origin: &Origin, query: &str, body: Bytes) -> HttpAnswer {
        let began = Instant::now();
        let until = began + self.patience;
        let key = EventKey::of_body(origin, &body);
        let event = QueuedEvent::new(key, without_sign(query), body, now_ms());
        let mut pause = PAUSES.0;
        let mut error = loop {
            let error = match timeout_at(until, self.queue.store(event.clone())).await {
                Ok(Ok(stored)) => return acknowledge(origin, stored, began.elapsed()),
                Ok(Err(error)) => Some(error),
                Err(_) => break None,
            };
            let next = Instant::now() + pause.mul_f64(0.5 + fastrand::f64() / 2.0);
            if next >= until {
                sleep_until(until).await;
                break error;
            }
            sleep_until(next).await;
            pause = PAUSES.1.min(pause * 2);
        };
        let command = quoted(origin.command.as_str());
        let error = error.take().unwrap_or_else(timed_out);
        let (error, took_ms) = (with_causes(&error), began.elapsed().as_secs_f64() * 1e3);
        tracing::warn!(
            target: "tencent_chat_webhook",
            %command, outcome = "not_stored", status = 503, took_ms, %error, "queue"
        );
        HttpAnswer::failed(503)
    }
}

fn timed_out() -> QueueError {
    QueueError::unavailable("it did not answer in time")
}

/// These names are part of the public interface: target `tencent_chat_webhook`, fields `command`, `outcome`, `status`,
/// `took_ms`.
fn acknowledge(origin: &Origin, stored: Stored, took: Duration) -> HttpAnswer {
    let outcome = match stored {
        Stored::New => "stored",
        Stored::Duplicate => "duplicate",
    };
    let (command, took_ms) = (quoted(origin.command.as_str()), took.as_secs_f64() * 1e3);
    tracing::debug!(
        target: "tencent_chat_webhook", %command, outcome, status = 200, took_ms, "queue"
    );
    HttpAnswer::acknowledged()
}

/// A query without its signature, which could sign any other request for a minute.
fn without_sign(query: &str) -> String {
    let is_sign = |pair: &&str| pair.split('=').next() == Some(query::SIGN);
    let mut kept = String::with_capacity(query.len());
    for (number, pair) in query.split('&').filter(|pair| !is_sign(pair)).enumerate() {
        if number > 0 {
            kept.push('&');
        }
        kept.push_str(pair);
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_signature_is_removed() {
        for (query, kept) in [
            ("", ""),
            ("Sign=ab", ""),
            ("a=1&Sign=ab&b=%20&&Signed=c&=d", "a=1&b=%20&&Signed=c&=d"),
            ("Sign&a=Sign=&sign=x", "a=Sign=&sign=x"),
            ("&Sign=1&", "&"),
        ] {
            assert_eq!(without_sign(query), kept, "{query}");
        }
    }
}
