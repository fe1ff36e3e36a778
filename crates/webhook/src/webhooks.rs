//! Handlers: one typed function per event.

use crate::{Delivery, EventKey, Origin, ReceiveError, Receiver};
use bytes::Bytes;
use futures_util::{FutureExt, TryFutureExt};
use std::{
    any::Any,
    collections::BTreeMap,
    error::Error as StdError,
    fmt,
    future::Future,
    marker::PhantomData,
    ops::Deref,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    sync::{Arc, LazyLock},
    time::Duration,
};
use tencent_chat_types::{
    text::{quoted, with_causes},
    to_vec,
    webhook::{
        Acknowledged, Answer, Event, TIMEOUT_SECONDS, Webhook, WebhookVisitor, When, visit_webhook,
    },
};
use tokio::{
    sync::{Semaphore, oneshot},
    time::{Instant, timeout, timeout_at},
};
use tokio_util::task::TaskTracker;

type Boxed<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// A verified event of one type, as passed to a handler. Cheap to clone.
pub struct Received<E>(Arc<Content<E>>);

/// What a handler receives, and its own late answer, in one allocation.
struct Content<E> {
    event: E,
    origin: Origin,
    late: Option<LateBody<E>>,
}

/// The body of a handler's own late answer. A panic in it leaves nothing behind.
type LateBody<E> = AssertUnwindSafe<Arc<dyn Fn(&E) -> Vec<u8> + Send + Sync>>;

impl<E> Clone for Received<E> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<E> Deref for Received<E> {
    type Target = E;
    fn deref(&self) -> &E {
        &self.0.event
    }
}

impl<E: fmt::Debug> fmt::Debug for Received<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Received")
            .field("event", &self.0.event)
            .field("origin", &self.0.origin)
            .finish()
    }
}

impl<E: Webhook> Received<E> {
    /// Information from the query.
    pub fn origin(&self) -> &Origin {
        &self.0.origin
    }

    /// Identifies the event: the key is the same when the service sends it again, as it may
    /// for "after" events. If no field identifies an event
    /// ([`Webhook::identity`] is `None`), two with the same content have the same key.
    pub fn key(&self) -> EventKey {
        let whole = || to_vec(&**self).unwrap_or_default();
        EventKey::of(E::META.command, self.identity(), whole)
    }
}

/// Why a handler failed.
pub type HandlerError = Box<dyn StdError + Send + Sync>;

/// What a handler may return if its webhook takes the answer `A`: anything that converts into it (nothing, for
/// "after" events), or a [`Result`] of that. `Kind` distinguishes the two and is always inferred.
///
/// A handler that fails is treated like one that panics, and its error is logged. For an "after"
/// event the response is HTTP status 500, so that the sender notices; for a "before" event it is the late
/// answer.
pub trait HandlerOutput<A, Kind> {
    /// The answer, or why there is none.
    ///
    /// # Errors
    ///
    /// The handler's own error.
    fn into_answer(self) -> Result<A, HandlerError>;
}

/// The kind of a [`HandlerOutput`] that is an answer.
#[derive(Debug)]
pub enum Plain {}

/// The kind of a [`HandlerOutput`] that is a [`Result`].
#[derive(Debug)]
pub enum Fallible {}

impl<A, T: Into<A>> HandlerOutput<A, Plain> for T {
    fn into_answer(self) -> Result<A, HandlerError> {
        Ok(self.into())
    }
}

impl<A, T: Into<A>, E: Into<HandlerError>> HandlerOutput<A, Fallible> for Result<T, E> {
    fn into_answer(self) -> Result<A, HandlerError> {
        self.map(Into::into).map_err(Into::into)
    }
}

/// A webhook whose query is valid but whose body cannot be read: it is not JSON, or not an object, or
/// names a different webhook than the query.
#[derive(Clone)]
#[non_exhaustive]
pub struct Unreadable {
    /// Information from the query.
    pub origin: Origin,
    /// The body as it arrived.
    pub body: Bytes,
    /// Why it cannot be read.
    pub error: ReceiveError,
    /// Whether the service waits for a decision or only notifies; `None` for a webhook that this version doesn't know.
    pub when: Option<When>,
}

impl fmt::Debug for Unreadable {
    /// Omits the body, which may hold users' text.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unreadable")
            .field("origin", &self.origin)
            .field("body_bytes", &self.body.len())
            .field("error", &self.error)
            .field("when", &self.when)
            .finish()
    }
}

/// The answer when a handler is late, fails or panics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Late {
    /// Allow it, as the service does by default when it gets no answer.
    #[default]
    Allow,
    /// HTTP status 503: the service does what the console specifies for this case.
    Fail,
}

/// A response, for any web framework: its content type is `application/json`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HttpAnswer {
    /// HTTP status; the service treats any status other than 200 as a failure.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
}

impl HttpAnswer {
    /// A response of the app's own, for [`Webhooks::on_unreadable`].
    pub fn new(status: u16, body: impl Into<Vec<u8>>) -> Self {
        let body = body.into();
        Self { status, body }
    }

    /// The response that acknowledges an "after" event: HTTP status 200.
    pub fn acknowledged() -> Self {
        ok(acknowledgement())
    }

    /// A response that the service treats as a failure. It doesn't reveal the cause.
    pub fn failed(status: u16) -> Self {
        failed(status)
    }
}

/// Why [`Webhooks::dispatch`] counts an event as not handled.
#[derive(Debug)]
#[non_exhaustive]
pub enum DispatchError {
    /// The body cannot be read, and there is no hook for that. A retry would fail again.
    Unreadable(ReceiveError),
    /// The hook for unreadable bodies answered with this HTTP status.
    Refused {
        /// Any status other than 200.
        status: u16,
    },
    /// The handler returned this error.
    Failed(HandlerError),
    /// The handler panicked.
    Panicked,
    /// The handler did not finish in time, and was dropped.
    TimedOut {
        /// How long it had.
        deadline: Duration,
    },
}

impl fmt::Display for DispatchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(_) => f.write_str("the event cannot be read"),
            Self::Refused { status } => {
                write!(
                    f,
                    "the event cannot be read, and was refused with HTTP status {status}"
                )
            }
            Self::Failed(_) => f.write_str("the handler failed"),
            Self::Panicked => f.write_str("the handler panicked"),
            Self::TimedOut { deadline } => {
                write!(
                    f,
                    "the handler did not finish within {} s",
                    deadline.as_secs_f64()
                )
            }
        }
    }
}

impl StdError for DispatchError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::Unreadable(error) => Some(error),
            Self::Failed(error) => Some(&**error),
            _ => None,
        }
    }
}

/// Receives events and calls a handler for each. Cheap to clone.
///
/// Events without a handler are acknowledged, including those that this version doesn't know, so that they
/// don't block what they are about.
///
/// Handlers of "after" events continue in the background when they take longer than the
/// service waits, for up to [`background_deadline`](Self::background_deadline). Handlers of "before" events
/// are dropped, since nobody waits for their answer any more. The two never use each
/// other's slots: see [`max_in_flight`](Self::max_in_flight) and
/// [`max_in_background`](Self::max_in_background).
#[derive(Clone)]
pub struct Webhooks(Arc<Inner>);

#[derive(Clone)]
struct Inner {
    receiver: Receiver,
    handlers: BTreeMap<&'static str, Arc<dyn Handle>>,
    others: Option<Arc<Others>>,
    unreadable: Option<Arc<OnUnreadable>>,
    deadline: Duration,
    background_deadline: Duration,
    late: Late,
    /// Slots for handlers whose answer is awaited.
    in_flight: Arc<Semaphore>,
    /// Slots for handlers that may continue in the background.
    in_background: Arc<Semaphore>,
    tasks: TaskTracker,
}

type Others = dyn Fn(Delivery) -> Boxed<Result<(), HandlerError>> + Send + Sync;
type OnUnreadable = dyn Fn(Unreadable) -> Boxed<Option<HttpAnswer>> + Send + Sync;

/// An event that could not be read, with the information from its query.
type NotRead = Box<(Origin, ReceiveError)>;

/// A handler with its types erased.
trait Handle: Send + Sync {
    fn begin(&self, receiver: &Receiver, origin: Origin, body: &[u8]) -> Result<Begun, NotRead>;
    /// The same handler with a different late answer.
    fn with_late(&self, late: Box<dyn Any + Send>) -> Option<Arc<dyn Handle>>;
}

/// An event being handled.
struct Begun {
    when: When,
    /// Whether the handler continues when nobody waits for its answer any more.
    in_background: bool,
    answer: Boxed<Result<HttpAnswer, HandlerError>>,
    late: LateAnswer,
}

/// The answer if the handler gives none.
enum LateAnswer {
    /// That of a typed handler.
    Typed(Arc<dyn AnswerLate>),
    /// Always the same body.
    Body(Vec<u8>),
    /// The acknowledgement, if events are allowed in this case.
    Acknowledgement,
}

impl LateAnswer {
    /// The body; `None` if there is nothing to answer.
    fn body(self, policy: Late) -> Option<Vec<u8>> {
        match (self, policy) {
            (Self::Typed(content), _) => content.late_body(policy),
            (Self::Body(body), _) => Some(body),
            (Self::Acknowledgement, Late::Allow) => Some(acknowledgement()),
            (Self::Acknowledgement, Late::Fail) => None,
        }
    }
}

/// The content of a [`Received`] with its types erased.
trait AnswerLate: Send + Sync {
    /// The body of the handler's own late answer, or what the policy says.
    fn late_body(&self, policy: Late) -> Option<Vec<u8>>;
}

impl<E: Webhook> AnswerLate for Content<E> {
    fn late_body(&self, policy: Late) -> Option<Vec<u8>> {
        let own = self.late.as_ref().and_then(|late| {
            // This is the app's code, too, so it may panic.
            catch_unwind(AssertUnwindSafe(|| late(&self.event))).ok()
        });
        match (own, policy) {
            (Some(own), _) => Some(own),
            (None, Late::Allow) => Some(encode(E::Answer::allow(), &self.event)),
            (None, Late::Fail) => None,
        }
    }
}

/// How a handler ended.
enum Ended {
    Answered(HttpAnswer),
    Failed(HandlerError),
    Panicked,
    GivenUp,
}

struct Typed<E: Webhook, F, Kind> {
    handler: Arc<F>,
    late: Option<LateBody<E>>,
    kind: PhantomData<fn() -> Kind>,
}

impl<E, F, Fut, A, Kind> Handle for Typed<E, F, Kind>
where
    E: Webhook,
    F: Fn(Received<E>) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = A> + Send + 'static,
    A: HandlerOutput<E::Answer, Kind>,
    Kind: 'static,
{
    fn begin(&self, receiver: &Receiver, origin: Origin, body: &[u8]) -> Result<Begun, NotRead> {
        let event: E = match receiver.decode(&origin, body) {
            Ok(event) => event,
            Err(error) => return Err(Box::new((origin, error))),
        };
        let late = self
            .late
            .as_ref()
            .map(|late| AssertUnwindSafe(Arc::clone(late)));
        let content = Arc::new(Content {
            event,
            origin,
            late,
        });
        let handler = Arc::clone(&self.handler);
        let received = Received(Arc::clone(&content));
        Ok(Begun {
            when: E::META.when,
            in_background: E::META.when == When::After,
            answer: Box::pin(async move {
                let event = received.clone();
                let answer: E::Answer = handler(received).await.into_answer()?;
                Ok(ok(encode(answer, &*event)))
            }),
            late: LateAnswer::Typed(content),
        })
    }

    fn with_late(&self, late: Box<dyn Any + Send>) -> Option<Arc<dyn Handle>> {
        let late = late.downcast::<LateBody<E>>().ok()?;
        Some(Arc::new(Self {
            handler: Arc::clone(&self.handler),
            late: Some(*late),
            kind: PhantomData,
        }))
    }
}

/// The body of an answer. A struct of strings and numbers always serializes.
fn encode<E, A: Answer<E>>(answer: A, event: &E) -> Vec<u8> {
    match answer.is_acknowledgement() {
        true => acknowledgement(),
        false => to_vec(&answer.into_reply(event)).unwrap_or_default(),
    }
}

impl Webhooks {
    /// Default time for a handler. The service waits two seconds, part of which
    /// is spent on the network.
    pub const DEFAULT_DEADLINE: Duration = Duration::from_millis(1_500);

    /// Default number of "before" events that are handled concurrently.
    pub const DEFAULT_MAX_IN_FLIGHT: usize = 4_096;

    /// Default number of "after" events that are handled concurrently.
    pub const DEFAULT_MAX_IN_BACKGROUND: usize = 4_096;

    /// Default time for a handler in the background.
    pub const DEFAULT_BACKGROUND_DEADLINE: Duration = Duration::from_secs(60);

    /// Without handlers: everything is verified and acknowledged.
    pub fn new(receiver: Receiver) -> Self {
        Self(Arc::new(Inner {
            receiver,
            handlers: BTreeMap::new(),
            others: None,
            unreadable: None,
            deadline: Self::DEFAULT_DEADLINE,
            background_deadline: Self::DEFAULT_BACKGROUND_DEADLINE,
            late: Late::default(),
            in_flight: Arc::new(Semaphore::new(Self::DEFAULT_MAX_IN_FLIGHT)),
            in_background: Arc::new(Semaphore::new(Self::DEFAULT_MAX_IN_BACKGROUND)),
            tasks: TaskTracker::new(),
        }))
    }

    fn change(mut self, change: impl FnOnce(&mut Inner)) -> Self {
        change(Arc::make_mut(&mut self.0));
        self
    }

    /// Registers a handler; its event type selects the webhook. A handler of an "after" event answers
    /// nothing, and one of a "before" event gives an answer that the webhook allows. Either may return a
    /// [`Result`] of that; see [`HandlerOutput`]. If an event has several handlers, the last one registered is used.
    ///
    /// ```
    /// # use tencent_chat_webhook::{Received, Receiver, Webhooks, types::webhook::C2cAfterSendMsg};
    /// # async fn store(_: &C2cAfterSendMsg) -> Result<(), std::io::Error> { Ok(()) }
    /// let webhooks = Webhooks::new(Receiver::new(1400000000, "token"))
    ///     .on(|event: Received<C2cAfterSendMsg>| async move { store(&event).await });
    /// ```
    #[must_use]
    pub fn on<E, F, Fut, A, Kind>(self, handler: F) -> Self
    where
        E: Webhook,
        F: Fn(Received<E>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = A> + Send + 'static,
        A: HandlerOutput<E::Answer, Kind> + 'static,
        Kind: 'static,
    {
        let handler = Typed::<E, F, Kind> {
            handler: Arc::new(handler),
            late: None,
            kind: PhantomData,
        };
        self.change(|inner| {
            inner.handlers.insert(E::META.command, Arc::new(handler));
        })
    }

    /// Sets the answer to an event whose handler is late, fails or panics, instead of [`late`](Self::late). An
    /// event without a handler is never late.
    #[must_use]
    pub fn late_answer<E: Webhook>(
        self,
        answer: impl Fn(&E) -> E::Answer + Send + Sync + 'static,
    ) -> Self {
        let answer: LateBody<E> =
            AssertUnwindSafe(Arc::new(move |event| encode(answer(event), event)));
        self.change(|inner| {
            let handler = inner.handlers.get_mut(E::META.command);
            if let Some(handler) = handler
                && let Some(changed) = handler.with_late(Box::new(answer))
            {
                *handler = changed;
            }
        })
    }

    /// Registers a handler for all events without a handler of their own, including those unknown to this version.
    /// It decides nothing: "before" events are allowed even if the handler panics, is late
    /// or finds no free slot, and it may continue in the background. "After" events are acknowledged, unless the
    /// handler panics.
    #[must_use]
    pub fn on_others<F, Fut>(self, handler: F) -> Self
    where
        F: Fn(Delivery) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        self.try_on_others(move |delivery| handler(delivery).map(Ok::<(), HandlerError>))
    }

    /// Like [`on_others`](Self::on_others), for a handler that can fail. A failure is treated like a panic.
    #[must_use]
    pub fn try_on_others<F, Fut, E>(self, handler: F) -> Self
    where
        F: Fn(Delivery) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), E>> + Send + 'static,
        E: Into<HandlerError> + 'static,
    {
        self.change(|inner| {
            let handler =
                move |delivery| -> Boxed<_> { Box::pin(handler(delivery).map_err(Into::into)) };
            inner.others = Some(Arc::new(handler));
        })
    }

    /// Registers a hook for requests from the service that cannot be read, such as a body that is
    /// not JSON, so that nothing is lost. The hook chooses the response; `None` stands for the default when there is no
    /// handler's answer: what [`late`](Self::late) says for "before" events, and
    /// the acknowledgement for "after" events.
    ///
    /// Without a hook, the response is HTTP status 400, and the service does what the console specifies for failures.
    /// Bodies above the receiver's limit and those that did not arrive completely are always refused.
    #[must_use]
    pub fn on_unreadable<F, Fut>(self, handler: F) -> Self
    where
        F: Fn(Unreadable) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Option<HttpAnswer>> + Send + 'static,
    {
        self.change(|inner| {
            inner.unreadable = Some(Arc::new(move |unreadable| Box::pin(handler(unreadable))));
        })
    }

    /// Sets how long a handler may take. The service waits two seconds in total.
    #[must_use]
    pub fn deadline(self, deadline: Duration) -> Self {
        let most = Duration::from_secs(TIMEOUT_SECONDS.into());
        self.change(|inner| inner.deadline = deadline.min(most))
    }

    /// Sets how long a handler may take in the background, counted from its start. After that it is
    /// dropped at its next await point, which is logged. A handler that blocks its thread cannot be stopped.
    #[must_use]
    pub fn background_deadline(self, deadline: Duration) -> Self {
        self.change(|inner| inner.background_deadline = deadline)
    }

    /// Sets the answer to "before" events when a handler is late, fails or panics.
    /// "After" events are acknowledged when their handler is late, and answered with HTTP status 500
    /// when it fails or panics.
    #[must_use]
    pub fn late(self, late: Late) -> Self {
        self.change(|inner| inner.late = late)
    }

    /// Sets how many "before" events are handled concurrently. Further ones are answered with HTTP
    /// status 503.
    #[must_use]
    pub fn max_in_flight(self, events: usize) -> Self {
        let events = events.min(Semaphore::MAX_PERMITS);
        self.change(|inner| inner.in_flight = Arc::new(Semaphore::new(events)))
    }

    /// Sets how many events are handled concurrently whose handlers may continue in the background: "after" events, and
    /// all events without a handler of their own. Further "after" events are answered
    /// with HTTP status 503, and the service may send them again.
    #[must_use]
    pub fn max_in_background(self, events: usize) -> Self {
        let events = events.min(Semaphore::MAX_PERMITS);
        self.change(|inner| inner.in_background = Arc::new(Semaphore::new(events)))
    }

    /// Waits until no handler is running, including those in the background. Call it before the process exits,
    /// after you have stopped receiving. It takes at most
    /// [`background_deadline`](Self::background_deadline), unless a handler blocks its thread.
    pub async fn idle(&self) {
        // A closed tracker ends the wait but still accepts further handlers. If it were reopened, those
        // who still wait would never be woken.
        self.0.tasks.close();
        self.0.tasks.wait().await;
    }

    /// The receiver that verifies the requests.
    pub fn receiver(&self) -> &Receiver {
        &self.0.receiver
    }

    #[cfg(feature = "tower")]
    pub(crate) fn time(&self) -> Duration {
        self.0.deadline
    }

    /// Verifies a request, calls the handler and responds; never fails. `query` is the part of the address after the
    /// question mark. Must run within tokio.
    pub async fn handle(&self, query: &str, body: &[u8]) -> HttpAnswer {
        let began = Instant::now();
        match self.verify(query) {
            Ok(origin) => {
                let until = began + self.0.deadline;
                self.handle_verified(origin, body, began, until).await
            }
            Err(answer) => answer,
        }
    }

    /// The information from the query, or the response to an invalid one.
    pub(crate) fn verify(&self, query: &str) -> Result<Origin, HttpAnswer> {
        // This calls the app's clock, which may panic.
        let verify = AssertUnwindSafe(|| self.0.receiver.verify(query));
        match catch_unwind(verify) {
            Ok(Ok(origin)) => Ok(origin),
            Ok(Err(error)) => Err(self.refuse(&error)),
            Err(_) => {
                trace("", "panicked", 500, None);
                Err(failed(500))
            }
        }
    }

    /// The response to a rejected request.
    pub(crate) fn refuse(&self, error: &ReceiveError) -> HttpAnswer {
        let answer = refused(error);
        trace("", error.name(), answer.status, None);
        answer
    }

    /// Calls the handler of an event whose query has been verified.
    pub(crate) async fn handle_verified(
        &self,
        origin: Origin,
        body: &[u8],
        began: Instant,
        until: Instant,
    ) -> HttpAnswer {
        let command = origin.command.clone();
        let (outcome, answer) = match self.begin(origin, body) {
            Ok(begun) => self.run(command.as_str(), begun, until).await,
            Err(not_read) => {
                let (origin, error) = *not_read;
                let name = error.name();
                match self.0.unreadable(origin, body, error) {
                    Ok(begun) => {
                        let (outcome, answer) = self.run(command.as_str(), begun, until).await;
                        // Unless something went wrong there, too.
                        let outcome = if outcome == ANSWERED { name } else { outcome };
                        (outcome, answer)
                    }
                    Err(error) => (name, refused(&error)),
                }
            }
        };
        trace(command.as_str(), outcome, answer.status, Some(began));
        answer
    }

    /// Calls the handler of an event that was verified and acknowledged earlier, such as one from a queue,
    /// and waits until it ends. There is no one to respond to: the answer to a "before" event
    /// is dropped.
    ///
    /// None of the limits of [`handle`](Self::handle) apply, neither deadlines nor slots: the handler may take
    /// up to `deadline`, and the caller limits concurrency. Events that cannot be read go to
    /// [`on_unreadable`](Self::on_unreadable), if there is such a hook. Must run within tokio.
    ///
    /// # Errors
    ///
    /// Returns why the event counts as not handled.
    pub async fn dispatch(
        &self,
        origin: Origin,
        body: &[u8],
        deadline: Duration,
    ) -> Result<(), DispatchError> {
        let began = Instant::now();
        let command = origin.command.clone();
        let begun = match self.begin(origin, body) {
            Ok(begun) => begun,
            Err(not_read) => {
                let (origin, error) = *not_read;
                let begun = self.0.unreadable(origin, body, error);
                begun.map_err(DispatchError::Unreadable)?
            }
        };
        let ended = timeout(deadline, handled(begun.answer)).await;
        let ended = ended.unwrap_or(Ended::GivenUp);
        trace_background(command.as_str(), &ended, began.elapsed());
        match ended {
            Ended::Answered(answer) if answer.status == 200 => Ok(()),
            // Only the hook for unreadable bodies chooses a status.
            Ended::Answered(answer) => Err(DispatchError::Refused {
                status: answer.status,
            }),
            Ended::Failed(error) => Err(DispatchError::Failed(error)),
            Ended::Panicked => Err(DispatchError::Panicked),
            Ended::GivenUp => Err(DispatchError::TimedOut { deadline }),
        }
    }

    /// The outcome of an event, and the response.
    async fn run(&self, command: &str, begun: Begun, until: Instant) -> (&'static str, HttpAnswer) {
        const OVERLOADED: &str = "overloaded";
        let inner = &self.0;
        let handler = handled(begun.answer);
        let ended = match begun.in_background {
            false => {
                let Ok(_slot) = inner.in_flight.try_acquire() else {
                    return (OVERLOADED, failed(503));
                };
                timeout_at(until, handler).await.ok()
            }
            true => {
                let Ok(slot) = Arc::clone(&inner.in_background).try_acquire_owned() else {
                    let answer = match begun.when {
                        // A "before" event can be answered without the handler.
                        When::Before => begun.late.body(Late::Allow).map(ok),
                        _ => None,
                    };
                    return (OVERLOADED, answer.unwrap_or_else(|| failed(503)));
                };
                let (tell, mut told) = oneshot::channel();
                let (command, limit) = (command.to_owned(), inner.background_deadline);
                inner.tasks.spawn(async move {
                    let began = Instant::now();
                    let ended = timeout(limit, handler).await;
                    drop(slot);
                    let ended = ended.unwrap_or(Ended::GivenUp);
                    if let Err(ended) = tell.send(ended) {
                        trace_background(&command, &ended, began.elapsed());
                    }
                });
                match timeout_at(until, &mut told).await {
                    // A task without a result was dropped with its runtime.
                    Ok(ended) => Some(ended.unwrap_or(Ended::GivenUp)),
                    Err(_) => {
                        told.close();
                        told.try_recv().ok()
                    }
                }
            }
        };
        if let Some(Ended::Failed(error)) = &ended {
            trace_failure(command, error);
        }
        let outcome = match ended {
            Some(Ended::Answered(answer)) => return (ANSWERED, answer),
            // It continues, and the outcome doesn't depend on it.
            None if begun.in_background => {
                let answer = (begun.late.body(Late::Allow)).unwrap_or_else(acknowledgement);
                return ("in_background", ok(answer));
            }
            None => "late",
            Some(Ended::Failed(_)) => "failed",
            Some(Ended::Panicked) => "panicked",
            Some(Ended::GivenUp) => "given_up",
        };
        let answer = match begun.when {
            // Reported as failed, so that the service may send the event again.
            When::After => failed(500),
            _ => (begun.late.body(inner.late)).map_or_else(|| failed(503), ok),
        };
        (outcome, answer)
    }

    /// Decodes the event and calls its handler. Events without a handler must be valid, too.
    /// same.
    fn begin(&self, origin: Origin, body: &[u8]) -> Result<Begun, NotRead> {
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
            None => match inner.receiver.unknown(&origin, body) {
                Ok(event) => {
                    let event = Event::Unknown(event);
                    Ok(inner.other(event, origin, When::After, acknowledgement()))
                }
                Err(error) => Err(Box::new((origin, error))),
            },
        }
    }
}

/// Runs a handler so that its panic doesn't take down the connection.
async fn handled(answer: Boxed<Result<HttpAnswer, HandlerError>>) -> Ended {
    match AssertUnwindSafe(answer).catch_unwind().await {
        Ok(Ok(answer)) => Ended::Answered(answer),
        Ok(Err(error)) => Ended::Failed(error),
        Err(_) => Ended::Panicked,
    }
}

impl Inner {
    fn other(&self, event: Event, origin: Origin, when: When, allow: Vec<u8>) -> Begun {
        let others = self.others.clone();
        let late = allow.clone();
        Begun {
            when,
            in_background: others.is_some(),
            answer: Box::pin(async move {
                if let Some(others) = others {
                    others(Delivery { event, origin }).await?;
                }
                Ok(ok(allow))
            }),
            late: LateAnswer::Body(late),
        }
    }

    /// Calls the hook for unreadable bodies, if there is one and the body is complete.
    fn unreadable(
        &self,
        origin: Origin,
        body: &[u8],
        error: ReceiveError,
    ) -> Result<Begun, ReceiveError> {
        let Some(hook) = &self.unreadable else {
            return Err(error);
        };
        if matches!(error, ReceiveError::BodyTooLarge { .. }) {
            return Err(error);
        }
        let hook = Arc::clone(hook);
        let when = origin.when();
        let policy = self.late;
        let unreadable = Unreadable {
            origin,
            body: Bytes::copy_from_slice(body),
            error,
            when,
        };
        let when = when.unwrap_or(When::After);
        Ok(Begun {
            when,
            in_background: when == When::After,
            answer: Box::pin(async move {
                let own = hook(unreadable).await;
                Ok(own.unwrap_or_else(|| match (when, policy) {
                    (When::Before, Late::Fail) => failed(503),
                    _ => ok(acknowledgement()),
                }))
            }),
            late: LateAnswer::Acknowledgement,
        })
    }
}

/// An event without a handler of its own.
struct Other<'a> {
    inner: &'a Inner,
    origin: Origin,
    body: &'a [u8],
}

impl WebhookVisitor for Other<'_> {
    type Output = Result<Begun, NotRead>;
    fn visit<E: Webhook>(self) -> Self::Output {
        let event: E = match self.inner.receiver.decode(&self.origin, self.body) {
            Ok(event) => event,
            Err(error) => return Err(Box::new((self.origin, error))),
        };
        let allow = encode(E::Answer::allow(), &event);
        let inner = self.inner;
        Ok(inner.other(event.into(), self.origin, E::META.when, allow))
    }
}

/// The body of most answers.
fn acknowledgement() -> Vec<u8> {
    static JSON: LazyLock<Vec<u8>> =
        LazyLock::new(|| to_vec(&Acknowledged.into_reply(&())).unwrap_or_default());
    JSON.clone()
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

/// The reason is only logged: the sender may be anyone.
fn refused(error: &ReceiveError) -> HttpAnswer {
    tracing::debug!(target: "tencent_chat_webhook", %error, "refused");
    failed(error.status())
}

/// Logs the outcome of an event that its handler answered.
const ANSWERED: &str = "answered";

/// These names are part of the public interface: target `tencent_chat_webhook`, fields `command`, `outcome`,
/// `status`, `took_ms`. Bodies, tokens and signatures are never logged.
fn trace(command: &str, outcome: &'static str, status: u16, began: Option<Instant>) {
    // Only if somebody listens: reading the clock takes as long as reading the query.
    let took_ms = || began.map_or(0.0, |began| began.elapsed().as_secs_f64() * 1e3);
    // As text: the subscriber escapes a string, and this one is escaped already.
    let command = || quoted(command);
    match outcome {
        ANSWERED => tracing::debug!(
            target: "tencent_chat_webhook",
            command = %command(), outcome, status, took_ms = took_ms(), "event"
        ),
        _ => tracing::warn!(
            target: "tencent_chat_webhook",
            command = %command(), outcome, status, took_ms = took_ms(), "event"
        ),
    }
}

/// Logs the outcome of an event that was answered before its handler ended. The same names, without a
/// status.
fn trace_background(command: &str, ended: &Ended, took: Duration) {
    let took_ms = took.as_secs_f64() * 1e3;
    let outcome = match ended {
        Ended::Answered(_) => {
            let (command, outcome) = (quoted(command), "done");
            tracing::debug!(
                target: "tencent_chat_webhook", %command, outcome, took_ms, "background"
            );
            return;
        }
        Ended::Failed(error) => {
            trace_failure(command, error);
            "failed"
        }
        Ended::Panicked => "panicked",
        Ended::GivenUp => "given_up",
    };
    let command = quoted(command);
    tracing::warn!(target: "tencent_chat_webhook", %command, outcome, took_ms, "background");
}

/// Logs the app's own error, with its causes. It can quote text from outside.
fn trace_failure(command: &str, error: &HandlerError) {
    let (command, error) = (quoted(command), with_causes(error.as_ref()));
    tracing::warn!(target: "tencent_chat_webhook", %command, %error, "handler failed");
}

impl fmt::Debug for Webhooks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let handled: Vec<_> = self.0.handlers.keys().collect();
        f.debug_struct("Webhooks")
            .field("receiver", &self.0.receiver)
            .field("handled", &handled)
            .field("deadline", &self.0.deadline)
            .field("background_deadline", &self.0.background_deadline)
            .field("late", &self.0.late)
            .finish_non_exhaustive()
    }
}
