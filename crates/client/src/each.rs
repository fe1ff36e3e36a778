//! One call for each of many requests.

mod outcome;

pub use self::outcome::{CallOutcome, EachIncomplete, EachOutcome};
use crate::{
    Caller, Client, IntoRequest, Progress,
    fan_out::{CONCURRENCY, Ended, FanOut, Settings, State, Steps, all, keep_as, next, options},
    request::sealed::Convert as _,
    task::Place,
};
#[cfg(feature = "blocking")]
use crate::{Error, call::Command};
use futures_core::Stream;
use futures_util::stream::unfold;
use std::{
    fmt,
    future::{Future, IntoFuture},
    marker::PhantomData,
    pin::Pin,
    task::{Context, Poll, ready},
};
use tencent_chat_types::Endpoint;

/// One call for each request of an iterator, sent when it is awaited.
///
/// Created by [`Client::each`]. Awaiting it gives an [`EachOutcome`] and never an error: failures are in the outcome,
/// request by request.
///
/// A request is taken from the iterator when a call can begin, so an iterator may be long, or create its requests as it
/// goes. Calls run concurrently within the quota, and the service may see them in any order; with a
/// [`concurrency`](Self::concurrency) of one they keep the order of the requests. They run in the task that awaits:
/// dropping the future abandons them and leaves nothing behind.
///
/// Once it is stopped, no request is taken any more. Pass `requests.by_ref()` to keep the rest of the iterator.
///
/// The outcome holds every request with its reply. If they don't all fit in memory, use [`results`](Self::results).
#[must_use = "nothing is sent until this is awaited, or sent by the blocking client"]
pub struct Each<'a, E, I, C = Client> {
    pub(crate) client: &'a C,
    requests: I,
    settings: Settings<'a>,
    endpoint: PhantomData<fn() -> E>,
}

impl Client {
    /// Builds one call for each of many requests; set options on it, then await it.
    ///
    /// Use it for commands that take one user, group or message; for those that take lists there is
    /// [`batch`](Self::batch).
    ///
    /// ```no_run
    /// # use tencent_chat_client::Client;
    /// # use tencent_chat_types::account::ImportAccount;
    /// # async fn run(client: &Client, users: Vec<(String, String)>) -> Result<(), Box<dyn std::error::Error>> {
    /// let requests = users.iter().map(|(id, nick)| ImportAccount::new(id).with_nick(nick));
    /// let outcome = client.each(requests).concurrency(16).await;
    /// for (request, why) in outcome.failed() {
    ///     println!("{}: {why}", request.user_id);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn each<'a, 'r, E, I>(&'a self, requests: I) -> Each<'a, E, I::IntoIter>
    where
        E: Endpoint + Clone,
        I: IntoIterator<Item: IntoRequest<'r, E>>,
    {
        Each::new(self, requests.into_iter())
    }
}

impl<'a, 'r, E, I, C> Each<'a, E, I, C>
where
    E: Endpoint + Clone,
    I: Iterator<Item: IntoRequest<'r, E>>,
    C: Caller,
{
    pub(crate) fn new(client: &'a C, requests: I) -> Self {
        Self {
            client,
            requests,
            settings: Settings::new(CONCURRENCY),
            endpoint: PhantomData,
        }
    }

    options!();

    pub(crate) fn start(self, place: Place) -> Running<'a, E, I> {
        let total = match self.requests.size_hint() {
            (least, Some(most)) if least == most => Some(most),
            _ => None,
        };
        Running {
            fan: FanOut::new(self.client.asynchronous(), place, self.settings, total),
            requests: Some(self.requests),
            begun: 0,
            last: None,
            kept: Vec::new(),
        }
    }
}

impl<'a, 'r, E, I> Each<'a, E, I>
where
    E: Endpoint + Clone,
    I: Iterator<Item: IntoRequest<'r, E>>,
{
    /// Sends the requests, and returns each result as soon as it is available, in any order. Nothing is kept.
    ///
    /// ```no_run
    /// # use tencent_chat_client::Client;
    /// # use tencent_chat_types::account::ImportAccount;
    /// # async fn run(client: &Client, users: Vec<String>) {
    /// let mut results = client.each(users.iter().map(ImportAccount::new)).results();
    /// while let Some(result) = results.next_result().await {
    ///     for (request, why) in result.failed() {
    ///         println!("{}: {why}", request.user_id);
    ///     }
    /// }
    /// # }
    /// ```
    pub fn results(self) -> EachResults<'a, E, I> {
        EachResults {
            running: self.start(Place::tasks()),
        }
    }
}

impl<'a, 'r, E, I> IntoFuture for Each<'a, E, I>
where
    E: Endpoint + Clone,
    I: Iterator<Item: IntoRequest<'r, E>> + Send + 'a,
{
    type Output = EachOutcome<E>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send + 'a>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(all(self.start(Place::Here)))
    }
}

impl<E: Endpoint, I, C> fmt::Debug for Each<'_, E, I, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Each")
            .field("endpoint", &E::META.path)
            .field("concurrency", &self.settings.concurrency)
            .finish_non_exhaustive()
    }
}

/// Calls in progress.
pub(crate) struct Running<'a, E: Endpoint, I> {
    fan: FanOut<'a, E>,
    /// `None` once it has ended.
    requests: Option<I>,
    begun: usize,
    last: Option<Ended<E>>,
    /// Those that ended before, by number.
    kept: Vec<Option<Ended<E>>>,
}

impl<'a, 'r, E, I> Steps for Running<'a, E, I>
where
    E: Endpoint + Clone,
    I: Iterator<Item: IntoRequest<'r, E>>,
{
    type Outcome = EachOutcome<E>;

    fn poll_stop(&mut self, context: &mut Context<'_>) {
        self.fan.poll_stop(context);
    }

    fn report(&mut self) {
        self.fan.report();
    }

    fn fill(&mut self) {
        while self.fan.has_room()
            && let Some(requests) = &mut self.requests
        {
            match requests.next() {
                Some(request) => {
                    let number = self.begun;
                    self.begun += 1;
                    self.fan.begin(number, request.convert().into_owned());
                }
                None => self.requests = None,
            }
        }
    }

    fn poll_ended(&mut self, context: &mut Context<'_>) -> Poll<bool> {
        self.last = ready!(self.fan.poll_ended(context));
        match self.last.as_ref().map(|ended| &ended.state) {
            Some(State::Answered(_)) => self.fan.count(1, 0),
            Some(State::Failed(_)) => {
                self.fan.count(0, 1);
                if self.fan.settings.stop_at_failure {
                    self.fan.stop();
                }
            }
            Some(State::NotSent) | None => {}
        }
        Poll::Ready(self.last.is_some())
    }

    fn keep(&mut self) {
        if let Some(ended) = self.last.take() {
            keep_as(&mut self.kept, ended.number, ended);
        }
    }

    fn finish(self) -> EachOutcome<E> {
        let calls: Vec<_> = self.kept.into_iter().flatten().collect();
        let not_sent = calls
            .iter()
            .any(|call| matches!(call.state, State::NotSent));
        let stopped = not_sent || (self.fan.is_stopped() && self.requests.is_some());
        EachOutcome::new(calls, stopped)
    }

    /// Takes one request, which fails.
    #[cfg(feature = "blocking")]
    fn fail_if(
        &mut self,
        check: impl FnOnce(Command<'static>) -> Result<(), Error>,
    ) -> Option<EachOutcome<E>> {
        let why = check(Command::about::<E>()).err()?;
        let request = self
            .requests
            .take()
            .and_then(|mut requests| requests.next());
        let ended = request.map(|request| Ended {
            number: 0,
            request: request.convert().into_owned(),
            repeat_safe: true,
            state: State::Failed(why),
        });
        Some(EachOutcome::new(ended.into_iter().collect(), true))
    }
}

impl<E: Endpoint, I> Running<'_, E, I> {
    /// The outcome of the call that ended last.
    pub(crate) fn take(&mut self) -> Option<EachOutcome<E>> {
        let ended = self.last.take()?;
        let stopped = matches!(ended.state, State::NotSent);
        Some(EachOutcome::new(vec![ended], stopped))
    }

    pub(crate) fn progress(&self) -> Progress {
        self.fan.progress()
    }

    pub(crate) fn stop(&self) {
        self.fan.stop();
    }
}

/// The results of many calls as they arrive. Created by [`Each::results`].
///
/// Each is an [`EachOutcome`] of one request. They come in the order in which they end. Calls continue while nobody
/// asks for the next result. Dropping this abandons the calls in progress.
#[must_use = "nothing is sent until the first result is asked for"]
pub struct EachResults<'a, E: Endpoint, I> {
    running: Running<'a, E, I>,
}

impl<'a, 'r, E, I> EachResults<'a, E, I>
where
    E: Endpoint + Clone,
    I: Iterator<Item: IntoRequest<'r, E>>,
{
    /// The next result; `None` after the last. Dropping the future loses nothing.
    pub async fn next_result(&mut self) -> Option<EachOutcome<E>> {
        next(&mut self.running).await;
        self.running.take()
    }

    /// The progress so far.
    pub fn progress(&self) -> Progress {
        self.running.progress()
    }

    /// Sends nothing more. Calls in progress are waited for, and those that wait for the quota are abandoned.
    pub fn stop(&self) {
        self.running.stop();
    }

    /// The results as a [`Stream`].
    pub fn into_stream(self) -> impl Stream<Item = EachOutcome<E>> + Send + 'a
    where
        I: Send + 'a,
        'r: 'a,
    {
        unfold(self, |mut results| async move {
            let result = results.next_result().await?;
            Some((result, results))
        })
    }
}

impl<E: Endpoint, I> fmt::Debug for EachResults<'_, E, I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EachResults")
            .field("endpoint", &E::META.path)
            .field("progress", &self.running.fan.progress())
            .finish_non_exhaustive()
    }
}
