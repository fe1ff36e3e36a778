//! The handling side: claims events and calls their handlers.

use crate::{
    event::{ClaimId, Claimed},
    queue::{Queue, QueueError},
};
use futures_util::{
    FutureExt,
    future::{Either, select},
    pin_mut,
};
use std::{future::Future, sync::Arc, time::Duration};
use tencent_chat_webhook::{
    DispatchError, Webhooks,
    types::text::{quoted, with_causes},
};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    task::JoinSet,
    time::{Instant, sleep},
};

/// Maximum time to wait for events before asking the queue again.
const WAIT: Duration = Duration::from_secs(5);

/// Pauses between attempts to reach a queue that is not available: the first, and the longest.
const PAUSES: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(5));

/// How often to try to record an event's outcome before the lease runs out.
const NOTES: u32 = 8;

/// Calls the handlers of [`Webhooks`] for the events of a queue. Any number of consumers can share one queue, in any
/// number of processes.
///
/// An event whose handler succeeds is removed. One whose handler fails, panics or doesn't finish in time
/// is retried after a growing delay, and becomes a dead letter after [`max_attempts`](Self::max_attempts); so does
/// one that keeps crashing the process. An event that cannot be read becomes a dead letter at once, unless
/// [`Webhooks::on_unreadable`] handles it.
#[derive(Clone, Debug)]
pub struct Consumer<Q> {
    queue: Q,
    webhooks: Webhooks,
    concurrency: usize,
    max_attempts: u32,
    delays: (Duration, Duration),
    deadline: Option<Duration>,
}

impl<Q: Queue + Clone> Consumer<Q> {
    /// Default number of handlers that run concurrently.
    pub const DEFAULT_CONCURRENCY: usize = 64;

    /// Default number of attempts per event.
    pub const DEFAULT_MAX_ATTEMPTS: u32 = 10;

    /// Default delays after a failure: the first, and the longest.
    pub const DEFAULT_DELAYS: (Duration, Duration) =
        (Duration::from_secs(1), Duration::from_secs(600));

    /// Creates a consumer that calls these handlers for the events of that queue.
    pub fn new(queue: Q, webhooks: Webhooks) -> Self {
        Self {
            queue,
            webhooks,
            concurrency: Self::DEFAULT_CONCURRENCY,
            max_attempts: Self::DEFAULT_MAX_ATTEMPTS,
            delays: Self::DEFAULT_DELAYS,
            deadline: None,
        }
    }

    /// Sets how many handlers run concurrently, at least one.
    #[must_use]
    pub fn concurrency(mut self, handlers: usize) -> Self {
        self.concurrency = handlers.clamp(1, Semaphore::MAX_PERMITS);
        self
    }

    /// Sets how often an event is tried before it becomes a dead letter, at least once.
    #[must_use]
    pub fn max_attempts(mut self, attempts: u32) -> Self {
        self.max_attempts = attempts.max(1);
        self
    }

    /// Sets the delay after the first failure, which doubles with each further failure up to the maximum. Up to a
    /// quarter more or less is random, so that events that failed together are not retried together.
    #[must_use]
    pub const fn delays(mut self, first: Duration, longest: Duration) -> Self {
        self.delays = (first, longest);
        self
    }

    /// Sets how long a handler may take. After that it is dropped at its next await point, which counts as a failure. A
    /// handler that blocks its thread cannot be stopped. The default and the maximum are half of the queue's lease: the
    /// rest is for recording the outcome before others can claim the event.
    #[must_use]
    pub const fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// Runs until `shutdown` completes. It then claims nothing more and waits for the running handlers, which takes at
    /// most their deadline unless one blocks its thread. Must run within tokio.
    ///
    /// If the queue is not available, it retries until it is. When this future is dropped, so are the handlers;
    /// their events are retried once the lease has run out.
    pub async fn run(self, shutdown: impl Future<Output = ()>) {
        let shutdown = shutdown.fuse();
        pin_mut!(shutdown);
        let slots = Arc::new(Semaphore::new(self.concurrency));
        let worker = Arc::new(Worker {
            deadline: {
                let most = self.queue.lease() / 2;
                self.deadline.map_or(most, |deadline| deadline.min(most))
            },
            consumer: self,
        });
        let mut handlers = JoinSet::new();
        let mut pause = PAUSES.0;
        loop {
            let places = places(&slots);
            pin_mut!(places);
            let mut places = match select(&mut shutdown, places).await {
                Either::Left(_) => break,
                Either::Right((places, _)) => places,
            };
            while handlers.try_join_next().is_some() {}
            // Not cancelled by the shutdown: claimed events would otherwise be stuck until their lease ends.
            let rest = match worker.consumer.queue.claim(places.len()).await {
                Ok(claimed) if claimed.is_empty() => {
                    pause = PAUSES.0;
                    drop(places);
                    let wait = worker.consumer.queue.wait(WAIT);
                    match select(&mut shutdown, wait).await {
                        Either::Left(_) => break,
                        Either::Right((Ok(()), _)) => continue,
                        Either::Right((Err(error), _)) => Err(error),
                    }
                }
                Ok(claimed) => {
                    pause = PAUSES.0;
                    for claimed in claimed {
                        let (worker, place) = (Arc::clone(&worker), places.pop());
                        handlers.spawn(async move {
                            worker.handle(claimed).await;
                            drop(place);
                        });
                    }
                    Ok(())
                }
                Err(error) => Err(error),
            };
            if let Err(error) = rest {
                let error = with_causes(&error);
                tracing::warn!(target: "tencent_chat_webhook", %error, "queue not available");
                let rest = sleep(pause.mul_f64(0.5 + fastrand::f64() / 2.0));
                pin_mut!(rest);
                if let Either::Left(_) = select(&mut shutdown, rest).await {
                    break;
                }
                pause = PAUSES.1.min(pause * 2);
            }
        }
        while handlers.join_next().await.is_some() {}
    }
}

/// All free slots, at least one.
async fn places(slots: &Arc<Semaphore>) -> Vec<OwnedSemaphorePermit> {
    let first = Arc::clone(slots).acquire_owned().await;
    // Never closed, so there is one.
    let mut places: Vec<_> = first.into_iter().collect();
    while let Ok(place) = Arc::clone(slots).try_acquire_owned() {
        places.push(place);
    }
    places
}

/// A running consumer.
struct Worker<Q> {
    consumer: Consumer<Q>,
    deadline: Duration,
}

/// The outcome to record for an event.
enum Note {
    Done,
    Again(Duration),
    Dead(String),
}

impl<Q: Queue + Clone> Worker<Q> {
    async fn handle(&self, claimed: Claimed) {
        let Claimed { id, event } = claimed;
        let note = self.try_to_handle(&id, &event).await;
        self.write_down(id, note).await;
    }

    async fn try_to_handle(&self, id: &ClaimId, event: &crate::QueuedEvent) -> Note {
        let most = self.consumer.max_attempts;
        if id.attempt > most {
            let text = format!(
                "gave up after {most} attempts; in the last one the process ended or the lease ran out"
            );
            return self.dead(event, text);
        }
        let webhooks = &self.consumer.webhooks;
        let origin = match webhooks.receiver().parse_verified(&event.query) {
            Ok(origin) => origin,
            Err(error) => return self.dead(event, with_causes(&error)),
        };
        match webhooks.dispatch(origin, &event.body, self.deadline).await {
            Ok(()) => Note::Done,
            Err(error @ DispatchError::Unreadable(_)) => self.dead(event, with_causes(&error)),
            Err(error) if id.attempt >= most => self.dead(event, with_causes(&error)),
            Err(_) => Note::Again(self.delay(id.attempt)),
        }
    }

    fn dead(&self, event: &crate::QueuedEvent, reason: String) -> Note {
        let key = event.key.as_str();
        tracing::error!(target: "tencent_chat_webhook", key, %reason, "dead letter");
        Note::Dead(reason)
    }

    /// The delay between this attempt and the next.
    fn delay(&self, attempt: u32) -> Duration {
        let (first, longest) = self.consumer.delays;
        let doubled = 2_u32.saturating_pow(attempt.saturating_sub(1));
        let delay = first.saturating_mul(doubled).min(longest);
        delay.mul_f64(0.75 + fastrand::f64() / 2.0)
    }

    /// Tries to record an event's outcome while nobody else can claim it.
    async fn write_down(&self, id: ClaimId, note: Note) {
        let began = Instant::now();
        let left = self.consumer.queue.lease() / 2;
        let mut pause = PAUSES.0;
        let mut last: Option<QueueError> = None;
        for _ in 0..NOTES {
            let queue = &self.consumer.queue;
            let noted = match &note {
                Note::Done => queue.finish(vec![id.clone()]),
                Note::Again(delay) => queue.retry(id.clone(), *delay),
                Note::Dead(reason) => queue.bury(id.clone(), reason.clone()),
            };
            match noted.await {
                Ok(()) => return,
                Err(error) => last = Some(error),
            }
            if began.elapsed() + pause > left {
                break;
            }
            sleep(pause).await;
            pause = PAUSES.1.min(pause * 2);
        }
        let error = last.map_or_else(String::new, |error| with_causes(&error));
        let event = id.event.as_str();
        tracing::warn!(
            target: "tencent_chat_webhook", event = %quoted(event), %error,
            "the outcome of an event was not recorded: it will be handled again"
        );
    }
}
