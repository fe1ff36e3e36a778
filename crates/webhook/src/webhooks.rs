//! Handlers: one typed function for each event.

use crate::{Delivery, EventKey, Origin, ReceiveError, Receiver};
use futures_util::FutureExt;
use std::{
    any::Any,
    collections::HashMap,
    fmt,
    future::Future,
    ops::Deref,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    sync::Arc,
    time::{Duration, Instant},
};
use tencent_chat_types::webhook::{
    Acknowledged, Answer, Event, TIMEOUT_SECONDS, Webhook, WebhookVisitor, When, visit_webhook,
};
use tokio::sync::Semaphore;
use tokio_util::task::TaskTracker;

type Boxed<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// A verified event of one type, as a handler gets it. Cheap to clone.
#[derive(Debug)]
pub struct Received<E> {
    event: Arc<E>,
    origin: Arc<Origin>,
}

impl<E> Clone for Received<E> {
    fn clone(&self) -> Self {
        Self {
            event: Arc::clone(&self.event),
            origin: Arc::clone(&self.origin),
        }
    }
}

impl<E> Deref for Received<E> {
    type Target = E;
    fn deref(&self) -> &E {
        &self.event
    }
}

impl<E: Webhook> Received<E> {
    /// What the query says of the event.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// What tells this event from every other: the same when the service sends it again, as it may
    /// with events that it only tells. Of events that no field identifies
    /// ([`Webhook::identity`] is none) two that hold the same have the same key.
    pub fn key(&self) -> EventKey {
        let whole = || serde_json::to_vec(&*self.event).unwrap_or_default();
        EventKey::of(E::META.command, self.event.identity(), whole)
    }
}

/// What to answer when a handler has no answer in time, or panics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Late {
    /// Let it happen, as the service does by default when it has no answer.
    #[default]
    Allow,
    /// HTTP status 503: the service does what is set in the console for this case.
    Fail,
}

/// What to answer, for any web framework: `application/json`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HttpAnswer {
    /// HTTP status; the service takes any other than 200 for a failure.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
}

/// Receives events and calls a handler for each. Cheap to clone.
///
/// Events that nobody handles are acknowledged, those too that this version does not know: they must
/// not hold up what they are about.
///
/// Handlers of events that the service tells run to their end in the background when they take longer
/// than the service waits; those of events that it asks about are given up, since nobody waits for
/// their answer any more.
#[derive(Clone)]
pub struct Webhooks(Arc<Inner>);

#[derive(Clone)]
struct Inner {
    receiver: Receiver,
    handlers: HashMap<&'static str, Arc<dyn Handle>>,
    others: Option<Arc<Others>>,
    deadline: Duration,
    late: Late,
    slots: Arc<Semaphore>,
    tasks: TaskTracker,
}

type Others = dyn Fn(Delivery) -> Boxed<()> + Send + Sync;

/// One handler, whatever its types.
trait Handle: Send + Sync {
    fn begin(
        &self,
        receiver: &Receiver,
        origin: Origin,
        body: &[u8],
    ) -> Result<Begun, ReceiveError>;
    /// The same with another late answer.
    fn with_late(&self, late: Box<dyn Any + Send>) -> Option<Arc<dyn Handle>>;
}

/// An event on its way through its handler.
struct Begun {
    when: When,
    /// Whether the handler runs to its end even when nobody waits for its answer any more.
    to_the_end: bool,
    /// The body of the answer.
    answer: Boxed<Vec<u8>>,
    /// The body of the answer for when the handler is late, where there is one of its own.
    late: Box<dyn FnOnce(Late) -> Option<Vec<u8>> + Send>,
}

type LateAnswer<E> = Arc<dyn Fn(&E) -> <E as Webhook>::Answer + Send + Sync>;

struct Typed<E: Webhook, F> {
    handler: Arc<F>,
    late: Option<LateAnswer<E>>,
}

impl<E, F, Fut, A> Handle for Typed<E, F>
where
    E: Webhook,
    F: Fn(Received<E>) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = A> + Send + 'static,
    A: Into<E::Answer>,
{
    fn begin(
        &self,
        receiver: &Receiver,
        origin: Origin,
        body: &[u8],
    ) -> Result<Begun, ReceiveError> {
        let event: E = receiver.decode(&origin, body)?;
        let received = Received {
            event: Arc::new(event),
            origin: Arc::new(origin),
        };
        let (kept, late) = (received.clone(), self.late.clone());
        let handler = Arc::clone(&self.handler);
        let event = Arc::clone(&received.event);
        Ok(Begun {
            when: E::META.when,
            to_the_end: E::META.when == When::After,
            answer: Box::pin(async move {
                let answer: E::Answer = handler(received).await.into();
                encode(answer, &event)
            }),
            late: Box::new(move |policy| {
                let own = late.and_then(|late| {
                    // The app's code too, so it may panic.
                    let answer = || encode(late(&kept), &kept);
                    catch_unwind(AssertUnwindSafe(answer)).ok()
                });
                match (own, policy) {
                    (Some(own), _) => Some(own),
                    (None, Late::Allow) => Some(encode(E::Answer::allow(), &kept)),
                    (None, Late::Fail) => None,
                }
            }),
        })
    }

    fn with_late(&self, late: Box<dyn Any + Send>) -> Option<Arc<dyn Handle>> {
        let late = late.downcast::<LateAnswer<E>>().ok()?;
        Some(Arc::new(Self {
            handler: Arc::clone(&self.handler),
            late: Some(*late),
        }))
    }
}

/// The body of an answer. A struct of texts and numbers always becomes JSON.
fn encode<E, A: Answer<E>>(answer: A, event: &E) -> Vec<u8> {
    serde_json::to_vec(&answer.into_reply(event)).unwrap_or_default()
}

impl Webhooks {
    /// How long a handler may take unless set otherwise. The service waits two seconds, of which the
    /// way there and back takes its share.
    pub const DEFAULT_DEADLINE: Duration = Duration::from_millis(1_500);

    /// How many events are handled at once unless set otherwise.
    pub const DEFAULT_MAX_IN_FLIGHT: usize = 4_096;

    /// Without handlers: everything is verified and acknowledged.
    pub fn new(receiver: Receiver) -> Self {
        Self(Arc::new(Inner {
            receiver,
            handlers: HashMap::new(),
            others: None,
            deadline: Self::DEFAULT_DEADLINE,
            late: Late::default(),
            slots: Arc::new(Semaphore::new(Self::DEFAULT_MAX_IN_FLIGHT)),
            tasks: TaskTracker::new(),
        }))
    }

    fn change(mut self, change: impl FnOnce(&mut Inner)) -> Self {
        change(Arc::make_mut(&mut self.0));
        self
    }

    /// Handles an event; its type chooses which. A handler of an event that the service tells answers
    /// nothing, one of an event that it asks about answers what that webhook allows. The last handler
    /// of an event counts.
    #[must_use]
    pub fn on<E, F, Fut, A>(self, handler: F) -> Self
    where
        E: Webhook,
        F: Fn(Received<E>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = A> + Send + 'static,
        A: Into<E::Answer> + 'static,
    {
        let handler = Typed::<E, F> {
            handler: Arc::new(handler),
            late: None,
        };
        self.change(|inner| {
            inner.handlers.insert(E::META.command, Arc::new(handler));
        })
    }

    /// The answer to an event whose handler is late or panics, in place of [`late`](Self::late). An
    /// event that nobody handles is never late.
    #[must_use]
    pub fn late_answer<E: Webhook>(
        self,
        answer: impl Fn(&E) -> E::Answer + Send + Sync + 'static,
    ) -> Self {
        let answer: LateAnswer<E> = Arc::new(answer);
        self.change(|inner| {
            let handler = inner.handlers.get_mut(E::META.command);
            if let Some(handler) = handler
                && let Some(changed) = handler.with_late(Box::new(answer))
            {
                *handler = changed;
            }
        })
    }

    /// Handles every event that has no handler of its own, also those that this version does not know.
    /// It decides nothing: what the service asks about is let happen, even when the handler panics or is
    /// late, and runs to its end in the background. What has happened is acknowledged, unless the handler
    /// panics.
    #[must_use]
    pub fn on_others<F, Fut>(self, handler: F) -> Self
    where
        F: Fn(Delivery) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        self.change(|inner| {
            inner.others = Some(Arc::new(move |delivery| Box::pin(handler(delivery))));
        })
    }

    /// How long a handler may take. The service waits two seconds in all.
    #[must_use]
    pub fn deadline(self, deadline: Duration) -> Self {
        let most = Duration::from_secs(TIMEOUT_SECONDS.into());
        self.change(|inner| inner.deadline = deadline.min(most))
    }

    /// What to answer when a handler is late or panics, to events that the service asks about. Those that
    /// it tells are acknowledged when their handler is late, and answered with HTTP status 500 when it
    /// panics.
    #[must_use]
    pub fn late(self, late: Late) -> Self {
        self.change(|inner| inner.late = late)
    }

    /// How many events are handled at once, those in the background included. More are answered with
    /// HTTP status 503.
    #[must_use]
    pub fn max_in_flight(self, events: usize) -> Self {
        let events = events.min(Semaphore::MAX_PERMITS);
        self.change(|inner| inner.slots = Arc::new(Semaphore::new(events)))
    }

    /// Waits until no handler runs any more, in the background either: before the process ends.
    /// Stop receiving first.
    pub async fn idle(&self) {
        // Closed means that waiting can end; it takes further handlers all the same. Opened again, it
        // would never wake those who still wait.
        self.0.tasks.close();
        self.0.tasks.wait().await;
    }

    #[cfg(feature = "tower")]
    pub(crate) fn receiver(&self) -> &Receiver {
        &self.0.receiver
    }

    #[cfg(feature = "tower")]
    pub(crate) fn time(&self) -> Duration {
        self.0.deadline
    }

    /// Verifies a request, calls the handler and answers; never fails. `query` is what follows the
    /// question mark of the address. Must run within tokio.
    pub async fn handle(&self, query: &str, body: &[u8]) -> HttpAnswer {
        let until = Instant::now() + self.0.deadline;
        match self.0.receiver.verify(query) {
            Ok(origin) => self.handle_verified(origin, body, until).await,
            Err(error) => self.refuse(&error),
        }
    }

    /// Answers a request that is not taken for an event.
    pub(crate) fn refuse(&self, error: &ReceiveError) -> HttpAnswer {
        let answer = refused(error);
        trace("", error.name(), answer.status, Duration::ZERO);
        answer
    }

    /// Calls the handler of an event whose query has been verified.
    pub(crate) async fn handle_verified(
        &self,
        origin: Origin,
        body: &[u8],
        until: Instant,
    ) -> HttpAnswer {
        let began = Instant::now();
        let command = origin.command.clone();
        let (outcome, answer) = match self.run(origin, body, until).await {
            Ok(done) => done,
            Err(error) => (error.name(), refused(&error)),
        };
        trace(command.as_str(), outcome, answer.status, began.elapsed());
        answer
    }

    /// What became of an event, and its answer.
    async fn run(
        &self,
        origin: Origin,
        body: &[u8],
        until: Instant,
    ) -> Result<(&'static str, HttpAnswer), ReceiveError> {
        let inner = &self.0;
        let begun = self.begin(origin, body)?;
        let Ok(slot) = Arc::clone(&inner.slots).try_acquire_owned() else {
            return Ok(("overloaded", failed(503)));
        };
        // A handler that panics must not take the connection with it.
        let answer = AssertUnwindSafe(begun.answer).catch_unwind();
        let finished = match begun.to_the_end {
            false => {
                let finished = tokio::time::timeout_at(until.into(), answer).await;
                drop(slot);
                finished.map(|answer| answer.ok())
            }
            true => {
                let task = inner.tasks.spawn(async move {
                    let answer = answer.await;
                    drop(slot);
                    answer
                });
                let finished = tokio::time::timeout_at(until.into(), task).await;
                finished.map(|answer| answer.ok().and_then(Result::ok))
            }
        };
        Ok(match (finished, begun.when) {
            (Ok(Some(body)), _) => ("answered", ok(body)),
            // It goes on, and what has happened or may happen is not up to it.
            (Err(_), _) if begun.to_the_end => {
                let answer = (begun.late)(Late::Allow).unwrap_or_else(acknowledgement);
                ("in_background", ok(answer))
            }
            // Told as failed, the service may send the event again.
            (Ok(None), When::After) => ("panicked", failed(500)),
            (late, _) => {
                let outcome = if late.is_ok() { "panicked" } else { "late" };
                match (begun.late)(inner.late) {
                    Some(body) => (outcome, ok(body)),
                    None => (outcome, failed(503)),
                }
            }
        })
    }

    /// Decodes the event and calls its handler. What nobody handles must be a proper event all the
    /// same.
    fn begin(&self, origin: Origin, body: &[u8]) -> Result<Begun, ReceiveError> {
        let inner = &self.0;
        if let Some(handler) = inner.handlers.get(origin.command.as_str()) {
            return handler.begin(&inner.receiver, origin, body);
        }
        let command = origin.command.clone();
        let other = Other {
            inner,
            origin: origin.clone(),
            body,
        };
        match visit_webhook(command.as_str(), other) {
            Some(begun) => begun,
            None => {
                let event = Event::Unknown(inner.receiver.unknown(&origin, body)?);
                Ok(inner.other(event, origin, When::After, acknowledgement()))
            }
        }
    }
}

impl Inner {
    fn other(&self, event: Event, origin: Origin, when: When, allow: Vec<u8>) -> Begun {
        let others = self.others.clone();
        let late = allow.clone();
        Begun {
            when,
            to_the_end: others.is_some(),
            answer: Box::pin(async move {
                if let Some(others) = others {
                    others(Delivery { event, origin }).await;
                }
                allow
            }),
            late: Box::new(move |_| Some(late)),
        }
    }
}

/// An event without a handler of its own.
struct Other<'a> {
    inner: &'a Inner,
    origin: Origin,
    body: &'a [u8],
}

impl WebhookVisitor for Other<'_> {
    type Output = Result<Begun, ReceiveError>;
    fn visit<E: Webhook>(self) -> Self::Output {
        let event: E = self.inner.receiver.decode(&self.origin, self.body)?;
        let allow = encode(E::Answer::allow(), &event);
        let inner = self.inner;
        Ok(inner.other(event.into(), self.origin, E::META.when, allow))
    }
}

fn acknowledgement() -> Vec<u8> {
    serde_json::to_vec(&Acknowledged.into_reply(&())).unwrap_or_default()
}

const fn ok(body: Vec<u8>) -> HttpAnswer {
    HttpAnswer { status: 200, body }
}

fn failed(status: u16) -> HttpAnswer {
    HttpAnswer {
        status,
        body: br#"{"ActionStatus":"FAIL","ErrorCode":1,"ErrorInfo":""}"#.to_vec(),
    }
}

/// The reason stays in the log: who sent this is a stranger.
fn refused(error: &ReceiveError) -> HttpAnswer {
    tracing::debug!(target: "tencent_chat_webhook", %error, "refused");
    failed(error.status())
}

/// Names are part of the interface: target `tencent_chat_webhook`, fields `command`, `outcome`,
/// `status`, `took_ms`. Bodies, tokens and signatures are no part of it.
fn trace(command: &str, outcome: &'static str, status: u16, took: Duration) {
    let took_ms = took.as_secs_f64() * 1e3;
    match outcome {
        "answered" => tracing::debug!(
            target: "tencent_chat_webhook", command, outcome, status, took_ms, "event"
        ),
        _ => tracing::warn!(
            target: "tencent_chat_webhook", command, outcome, status, took_ms, "event"
        ),
    }
}

impl fmt::Debug for Webhooks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut handled: Vec<_> = self.0.handlers.keys().collect();
        handled.sort_unstable();
        f.debug_struct("Webhooks")
            .field("receiver", &self.0.receiver)
            .field("handled", &handled)
            .field("deadline", &self.0.deadline)
            .field("late", &self.0.late)
            .finish_non_exhaustive()
    }
}
