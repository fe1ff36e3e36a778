//! Handlers: one typed function for each event.

use crate::{Delivery, EventKey, Origin, ReceiveError, Receiver};
use bytes::Bytes;
use futures_util::{FutureExt, TryFutureExt};
use std::{
    any::Any,
    collections::HashMap,
    error::Error as StdError,
    fmt,
    future::Future,
    marker::PhantomData,
    ops::Deref,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    sync::Arc,
    time::Duration,
};
use tencent_chat_types::{
    text::{quoted, with_causes},
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
        let whole = || tencent_chat_types::to_vec(&*self.event).unwrap_or_default();
        EventKey::of(E::META.command, self.event.identity(), whole)
    }
}

/// Why a handler failed.
pub type HandlerError = Box<dyn StdError + Send + Sync>;

/// What a handler may return where its webhook takes the answer `A`: whatever becomes one (nothing, where
/// the service only tells), or a [`Result`] of that. `Kind` tells the two apart and is always inferred.
///
/// A handler that fails counts as one that panics, and its error is logged: to an event that the service
/// tells the answer is HTTP status 500, so that the sender sees it; to one that it asks about the late
/// answer.
pub trait HandlerOutput<A, Kind> {
    /// The answer, or why there is none.
    ///
    /// # Errors
    ///
    /// The handler's own.
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

/// A webhook whose query is in order but whose body cannot be read: it is not JSON, or not an object, or
/// names another webhook than the query.
#[derive(Clone)]
#[non_exhaustive]
pub struct Unreadable {
    /// What the query says of it.
    pub origin: Origin,
    /// The body as it came.
    pub body: Bytes,
    /// Why it cannot be read.
    pub error: ReceiveError,
    /// Whether the service asks or tells; none for a webhook that this version does not know.
    pub when: Option<When>,
}

impl fmt::Debug for Unreadable {
    /// Without the body, which can hold what users wrote.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unreadable")
            .field("origin", &self.origin)
            .field("body_bytes", &self.body.len())
            .field("error", &self.error)
            .field("when", &self.when)
            .finish()
    }
}

/// What to answer when a handler has no answer in time, fails or panics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
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

impl HttpAnswer {
    /// An answer of the app's own making, for [`Webhooks::on_unreadable`].
    pub fn new(status: u16, body: impl Into<Vec<u8>>) -> Self {
        let body = body.into();
        Self { status, body }
    }

    /// The answer to an event that the service only tells, once the app has it: HTTP status 200.
    pub fn acknowledged() -> Self {
        ok(acknowledgement())
    }

    /// An answer that the service takes for a failure. It says nothing of the cause.
    pub fn failed(status: u16) -> Self {
        failed(status)
    }
}

/// Why [`Webhooks::dispatch`] counts an event as not handled.
#[derive(Debug)]
#[non_exhaustive]
pub enum DispatchError {
    /// The body cannot be read, and nothing is set for that. Trying again changes nothing.
    Unreadable(ReceiveError),
    /// The hook for what cannot be read answered with this HTTP status.
    Refused {
        /// Any but 200.
        status: u16,
    },
    /// The handler returned this error.
    Failed(HandlerError),
    /// The handler panicked.
    Panicked,
    /// The handler had not ended in time, and was dropped.
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
                    "the handler did not end within {} s",
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
/// Events that nobody handles are acknowledged, those too that this version does not know: they must
/// not hold up what they are about.
///
/// Handlers of events that the service tells go on in the background when they take longer than the
/// service waits, for as long as [`background_deadline`](Self::background_deadline) says; those of events
/// that it asks about are given up, since nobody waits for their answer any more. The two never take each
/// other's places: see [`max_in_flight`](Self::max_in_flight) and
/// [`max_in_background`](Self::max_in_background).
#[derive(Clone)]
pub struct Webhooks(Arc<Inner>);

#[derive(Clone)]
struct Inner {
    receiver: Receiver,
    handlers: HashMap<&'static str, Arc<dyn Handle>>,
    others: Option<Arc<Others>>,
    unreadable: Option<Arc<OnUnreadable>>,
    deadline: Duration,
    background_deadline: Duration,
    late: Late,
    /// Places of those whose answer is waited for.
    in_flight: Arc<Semaphore>,
    /// Places of those that may go on in the background.
    in_background: Arc<Semaphore>,
    tasks: TaskTracker,
}

type Others = dyn Fn(Delivery) -> Boxed<Result<(), HandlerError>> + Send + Sync;
type OnUnreadable = dyn Fn(Unreadable) -> Boxed<Option<HttpAnswer>> + Send + Sync;

/// An event that could not be read, with what the query says of it.
type NotRead = Box<(Origin, ReceiveError)>;

/// One handler, whatever its types.
trait Handle: Send + Sync {
    fn begin(&self, receiver: &Receiver, origin: Origin, body: &[u8]) -> Result<Begun, NotRead>;
    /// The same with another late answer.
    fn with_late(&self, late: Box<dyn Any + Send>) -> Option<Arc<dyn Handle>>;
}

/// An event on its way through its handler.
struct Begun {
    when: When,
    /// Whether the handler goes on when nobody waits for its answer any more.
    in_background: bool,
    answer: Boxed<Result<HttpAnswer, HandlerError>>,
    /// The body of the answer for when the handler is late, where there is one of its own.
    late: Box<dyn FnOnce(Late) -> Option<Vec<u8>> + Send>,
}

type LateAnswer<E> = Arc<dyn Fn(&E) -> <E as Webhook>::Answer + Send + Sync>;

/// How a handler ended.
enum Ended {
    Answered(HttpAnswer),
    Failed(HandlerError),
    Panicked,
    GivenUp,
}

struct Typed<E: Webhook, F, Kind> {
    handler: Arc<F>,
    late: Option<LateAnswer<E>>,
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
        let received = Received {
            event: Arc::new(event),
            origin: Arc::new(origin),
        };
        let (kept, late) = (received.clone(), self.late.clone());
        let handler = Arc::clone(&self.handler);
        let event = Arc::clone(&received.event);
        Ok(Begun {
            when: E::META.when,
            in_background: E::META.when == When::After,
            answer: Box::pin(async move {
                let answer: E::Answer = handler(received).await.into_answer()?;
                Ok(ok(encode(answer, &event)))
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
            kind: PhantomData,
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

    /// How many events that the service asks about are handled at once unless set otherwise.
    pub const DEFAULT_MAX_IN_FLIGHT: usize = 4_096;

    /// How many events that the service tells are handled at once unless set otherwise.
    pub const DEFAULT_MAX_IN_BACKGROUND: usize = 4_096;

    /// How long a handler may take in the background unless set otherwise.
    pub const DEFAULT_BACKGROUND_DEADLINE: Duration = Duration::from_secs(60);

    /// Without handlers: everything is verified and acknowledged.
    pub fn new(receiver: Receiver) -> Self {
        Self(Arc::new(Inner {
            receiver,
            handlers: HashMap::new(),
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

    /// Handles an event; its type chooses which. A handler of an event that the service tells answers
    /// nothing, one of an event that it asks about answers what that webhook allows. Either may return a
    /// [`Result`] of that; see [`HandlerOutput`]. The last handler of an event counts.
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

    /// The answer to an event whose handler is late, fails or panics, in place of [`late`](Self::late). An
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
    /// It decides nothing: what the service asks about is let happen, even when the handler panics, is late
    /// or finds no place, and it may go on in the background. What has happened is acknowledged, unless the
    /// handler panics.
    #[must_use]
    pub fn on_others<F, Fut>(self, handler: F) -> Self
    where
        F: Fn(Delivery) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        self.try_on_others(move |delivery| handler(delivery).map(Ok::<(), HandlerError>))
    }

    /// As [`on_others`](Self::on_others), for a handler that can fail, which counts as a panic.
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

    /// Hands over what comes from the service and cannot be read, so that nothing is lost: a body that is
    /// not JSON, for example. Its answer is the app's; none stands for what is answered when there is no
    /// handler's answer: to what the service asks about what [`late`](Self::late) says, to what it tells
    /// the acknowledgement.
    ///
    /// Without this, the answer is HTTP status 400, to which the service does what is set in the console.
    /// Bodies above the receiver's limit and those that did not arrive whole are refused in any case.
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

    /// How long a handler may take. The service waits two seconds in all.
    #[must_use]
    pub fn deadline(self, deadline: Duration) -> Self {
        let most = Duration::from_secs(TIMEOUT_SECONDS.into());
        self.change(|inner| inner.deadline = deadline.min(most))
    }

    /// How long a handler may take that goes on in the background, counted from its start; then it is
    /// dropped where it awaits something, and that is logged. One that blocks its thread cannot be stopped.
    #[must_use]
    pub fn background_deadline(self, deadline: Duration) -> Self {
        self.change(|inner| inner.background_deadline = deadline)
    }

    /// What to answer when a handler is late, fails or panics, to events that the service asks about.
    /// Those that it tells are acknowledged when their handler is late, and answered with HTTP status 500
    /// when it fails or panics.
    #[must_use]
    pub fn late(self, late: Late) -> Self {
        self.change(|inner| inner.late = late)
    }

    /// How many events that the service asks about are handled at once. More are answered with HTTP
    /// status 503.
    #[must_use]
    pub fn max_in_flight(self, events: usize) -> Self {
        let events = events.min(Semaphore::MAX_PERMITS);
        self.change(|inner| inner.in_flight = Arc::new(Semaphore::new(events)))
    }

    /// How many events are handled at once whose handlers may go on in the background: those that the
    /// service tells, and all that have no handler of their own. More of those that it tells are answered
    /// with HTTP status 503, and may come again.
    #[must_use]
    pub fn max_in_background(self, events: usize) -> Self {
        let events = events.min(Semaphore::MAX_PERMITS);
        self.change(|inner| inner.in_background = Arc::new(Semaphore::new(events)))
    }

    /// Waits until no handler runs any more, in the background either: before the process ends.
    /// Stop receiving first. It takes no longer than
    /// [`background_deadline`](Self::background_deadline), unless a handler blocks its thread.
    pub async fn idle(&self) {
        // Closed means that waiting can end; it takes further handlers all the same. Opened again, it
        // would never wake those who still wait.
        self.0.tasks.close();
        self.0.tasks.wait().await;
    }

    /// What verifies the requests.
    pub fn receiver(&self) -> &Receiver {
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
        match self.verify(query) {
            Ok(origin) => self.handle_verified(origin, body, until).await,
            Err(answer) => answer,
        }
    }

    /// What the query says, or what to answer to a wrong one.
    pub(crate) fn verify(&self, query: &str) -> Result<Origin, HttpAnswer> {
        // The app's clock is asked in there, and may panic.
        let verify = AssertUnwindSafe(|| self.0.receiver.verify(query));
        match catch_unwind(verify) {
            Ok(Ok(origin)) => Ok(origin),
            Ok(Err(error)) => Err(self.refuse(&error)),
            Err(_) => {
                trace("", "panicked", 500, Duration::ZERO);
                Err(failed(500))
            }
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
        let (outcome, answer) = match self.begin(origin, body) {
            Ok(begun) => self.run(command.as_str(), begun, until).await,
            Err(not_read) => {
                let (origin, error) = *not_read;
                let name = error.name();
                match self.0.unreadable(origin, body, error) {
                    Ok(begun) => {
                        let (outcome, answer) = self.run(command.as_str(), begun, until).await;
                        // Unless something went wrong there too.
                        let outcome = if outcome == ANSWERED { name } else { outcome };
                        (outcome, answer)
                    }
                    Err(error) => (name, refused(&error)),
                }
            }
        };
        trace(command.as_str(), outcome, answer.status, began.elapsed());
        answer
    }

    /// Calls the handler of an event that was verified and acknowledged earlier, such as one from a queue,
    /// and waits for its end. Nobody is answered: what the handler answers to an event that the service asks
    /// about is dropped.
    ///
    /// None of the limits of [`handle`](Self::handle) apply, neither deadlines nor places: the handler has as
    /// long as `deadline` says, and how many run at once is up to the caller. What cannot be read goes to
    /// [`on_unreadable`](Self::on_unreadable), where that is set. Must run within tokio.
    ///
    /// # Errors
    ///
    /// Why the event counts as not handled.
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
            // Only the hook for what cannot be read chooses a status.
            Ended::Answered(answer) => Err(DispatchError::Refused {
                status: answer.status,
            }),
            Ended::Failed(error) => Err(DispatchError::Failed(error)),
            Ended::Panicked => Err(DispatchError::Panicked),
            Ended::GivenUp => Err(DispatchError::TimedOut { deadline }),
        }
    }

    /// What became of an event, and its answer.
    async fn run(&self, command: &str, begun: Begun, until: Instant) -> (&'static str, HttpAnswer) {
        let inner = &self.0;
        let slots = match begun.in_background {
            true => &inner.in_background,
            false => &inner.in_flight,
        };
        let Ok(slot) = Arc::clone(slots).try_acquire_owned() else {
            let answer = match (begun.in_background, begun.when) {
                // Whoever asks needs no handler for the answer.
                (true, When::Before) => (begun.late)(Late::Allow).map(ok),
                _ => None,
            };
            return ("overloaded", answer.unwrap_or_else(|| failed(503)));
        };
        let handler = handled(begun.answer);
        let ended = match begun.in_background {
            false => {
                let ended = timeout_at(until, handler).await;
                drop(slot);
                ended.ok()
            }
            true => {
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
                    // A task that says nothing has been dropped with its runtime.
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
            // It goes on, and what has happened or may happen is not up to it.
            None if begun.in_background => {
                let answer = (begun.late)(Late::Allow).unwrap_or_else(acknowledgement);
                return ("in_background", ok(answer));
            }
            None => "late",
            Some(Ended::Failed(_)) => "failed",
            Some(Ended::Panicked) => "panicked",
            Some(Ended::GivenUp) => "given_up",
        };
        let answer = match begun.when {
            // Told as failed, the service may send the event again.
            When::After => failed(500),
            _ => (begun.late)(inner.late).map_or_else(|| failed(503), ok),
        };
        (outcome, answer)
    }

    /// Decodes the event and calls its handler. What nobody handles must be a proper event all the
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

/// A handler that panics must not take the connection with it.
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
            late: Box::new(move |_| Some(late)),
        }
    }

    /// Calls the hook for what cannot be read, where there is one and the body is whole.
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
            late: Box::new(|policy| match policy {
                Late::Allow => Some(acknowledgement()),
                Late::Fail => None,
            }),
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

/// The outcome of an event that its handler answered.
const ANSWERED: &str = "answered";

/// Names are part of the interface: target `tencent_chat_webhook`, fields `command`, `outcome`,
/// `status`, `took_ms`. Bodies, tokens and signatures are no part of it.
fn trace(command: &str, outcome: &'static str, status: u16, took: Duration) {
    let took_ms = took.as_secs_f64() * 1e3;
    // As text: a string is escaped by the subscriber, and this one is already.
    let command = quoted(command);
    match outcome {
        ANSWERED => tracing::debug!(
            target: "tencent_chat_webhook", %command, outcome, status, took_ms, "event"
        ),
        _ => tracing::warn!(
            target: "tencent_chat_webhook", %command, outcome, status, took_ms, "event"
        ),
    }
}

/// What became of an event that was answered before its handler ended. The same names, without a
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

/// The app's own error, with its causes. It can quote what somebody else wrote.
fn trace_failure(command: &str, error: &HandlerError) {
    let (command, error) = (quoted(command), with_causes(error.as_ref()));
    tracing::warn!(target: "tencent_chat_webhook", %command, %error, "handler failed");
}

impl fmt::Debug for Webhooks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut handled: Vec<_> = self.0.handlers.keys().collect();
        handled.sort_unstable();
        f.debug_struct("Webhooks")
            .field("receiver", &self.0.receiver)
            .field("handled", &handled)
            .field("deadline", &self.0.deadline)
            .field("background_deadline", &self.0.background_deadline)
            .field("late", &self.0.late)
            .finish_non_exhaustive()
    }
}
