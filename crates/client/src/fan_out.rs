//! Concurrent calls: what batches and `each` share.

#[cfg(feature = "blocking")]
use crate::call::Command;
use crate::{
    Client, Error, RetryPolicy,
    call::Call,
    task::{Place, Spawned},
};
use futures_util::{
    future::{Either, select},
    stream::{FuturesUnordered, StreamExt},
};
use std::{
    fmt,
    future::{Future, poll_fn},
    num::NonZeroUsize,
    pin::{Pin, pin},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};
use tencent_chat_types::Endpoint;
use tokio::{
    runtime::Handle,
    sync::watch,
    time::{Sleep, sleep},
};

/// Default number of concurrent calls.
pub(crate) const CONCURRENCY: NonZeroUsize = NonZeroUsize::new(4).unwrap();

/// Default time that each call waits for the quota: long enough for anything that a per-minute quota delays,
/// and too short for a daily quota.
const QUOTA_WAIT: Duration = Duration::from_secs(3_600);

/// The progress of a batch or of many calls.
///
/// Its `Display` is `300 of 1000 done, 2 failed`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// Items that succeeded so far; requests, for [`Client::each`].
    pub done: usize,
    /// Items that failed so far, or whose outcome is unknown.
    pub failed: usize,
    /// Total number of items. `None` if the requests come from an iterator of unknown length.
    pub total: Option<usize>,
}

impl Progress {
    pub(crate) fn of(total: Option<usize>) -> Self {
        Self {
            done: 0,
            failed: 0,
            total,
        }
    }

    /// Items without a result yet.
    pub fn left(&self) -> Option<usize> {
        let ended = self.done.saturating_add(self.failed);
        self.total.map(|total| total.saturating_sub(ended))
    }
}

impl fmt::Display for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            done,
            failed,
            total,
        } = self;
        match total {
            Some(total) => write!(f, "{done} of {total} done, {failed} failed"),
            None => write!(f, "{done} done, {failed} failed"),
        }
    }
}

/// A future that completes when the calls should stop.
type Until<'a> = Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

/// The settings for the calls.
pub(crate) struct Settings<'a> {
    pub(crate) concurrency: NonZeroUsize,
    pub(crate) deadline: Option<Duration>,
    pub(crate) quota_wait: Duration,
    pub(crate) retry: Option<RetryPolicy>,
    pub(crate) checked: bool,
    pub(crate) stop_at_failure: bool,
    pub(crate) stop_after: Option<Duration>,
    pub(crate) until: Option<Until<'a>>,
    pub(crate) on_progress: Option<Box<dyn FnMut(Progress) + Send + 'a>>,
}

impl Settings<'_> {
    pub(crate) fn new(concurrency: NonZeroUsize) -> Self {
        Self {
            concurrency,
            deadline: None,
            quota_wait: QUOTA_WAIT,
            retry: None,
            checked: true,
            stop_at_failure: false,
            stop_after: None,
            until: None,
            on_progress: None,
        }
    }
}

/// The options of batches and of `each`.
macro_rules! options {
    () => {
        /// Sets the maximum number of concurrent calls. The default is 4, or 1 for commands whose calls interfere with
        /// each other. Zero counts as one.
        pub fn concurrency(mut self, calls: usize) -> Self {
            self.settings.concurrency =
                std::num::NonZeroUsize::new(calls).unwrap_or(std::num::NonZeroUsize::MIN);
            self
        }

        /// Limits the time of each call, retries and pauses included, instead of the client's
        /// [`deadline`](crate::ClientBuilder::deadline). Waiting for the quota does not count; see
        /// [`quota_wait`](Self::quota_wait).
        pub fn deadline(mut self, deadline: std::time::Duration) -> Self {
            self.settings.deadline = Some(deadline);
            self
        }

        /// Sets how long the client's limiter may delay each call, in addition to its deadline; an hour by
        /// default. A call that would have to wait longer than both fails at once with an error of kind
        /// [`Limited`](crate::ErrorKind::Limited).
        pub fn quota_wait(mut self, time: std::time::Duration) -> Self {
            self.settings.quota_wait = time;
            self
        }

        /// Retries each call by this policy instead of the client's.
        pub fn retry(mut self, policy: crate::RetryPolicy) -> Self {
            self.settings.retry = Some(policy);
            self
        }

        /// Sends without checking documented limits and regions, for apps with increased limits.
        pub fn unchecked(mut self) -> Self {
            self.settings.checked = false;
            self
        }

        /// Sends nothing more once a call has failed. Calls in progress are waited for, and those that wait for the
        /// quota are abandoned.
        pub fn stop_at_failure(mut self) -> Self {
            self.settings.stop_at_failure = true;
            self
        }

        /// Sends nothing more after this time. Calls in progress are waited for, and those that wait for the quota are
        /// abandoned.
        pub fn stop_after(mut self, time: std::time::Duration) -> Self {
            self.settings.stop_after = Some(time);
            self
        }

        /// Sends nothing more once a future completes, such as a signal to stop. Calls in progress are waited for, and
        /// those that wait for the quota are abandoned.
        pub fn until(mut self, stop: impl Future<Output = ()> + Send + 'a) -> Self {
            self.settings.until = Some(Box::pin(stop));
            self
        }

        /// Sets a callback for each time a call has ended.
        pub fn on_progress(mut self, report: impl FnMut(crate::Progress) + Send + 'a) -> Self {
            self.settings.on_progress = Some(Box::new(report));
            self
        }
    };
}
pub(crate) use options;

/// The outcome of a call.
pub(crate) enum State<R> {
    Answered(R),
    Failed(Error),
    NotSent,
}

/// A call that has ended, or was abandoned.
pub(crate) struct Ended<E: Endpoint> {
    /// Its index among all calls.
    pub(crate) number: usize,
    pub(crate) request: E,
    /// Whether it is safe to repeat its request.
    pub(crate) repeat_safe: bool,
    pub(crate) state: State<E::Reply>,
}

/// Calls in progress, and the state that determines whether another one may start.
pub(crate) struct FanOut<'a, E: Endpoint> {
    client: Client,
    place: Place,
    pub(crate) settings: Settings<'a>,
    progress: Progress,
    stop: watch::Sender<bool>,
    timer: Option<Pin<Box<Sleep>>>,
    running: FuturesUnordered<Pin<Box<dyn Future<Output = Ended<E>> + Send>>>,
}

impl<'a, E: Endpoint> FanOut<'a, E> {
    pub(crate) fn new(
        client: &Client,
        place: Place,
        settings: Settings<'a>,
        total: Option<usize>,
    ) -> Self {
        Self {
            client: client.clone(),
            place,
            settings,
            progress: Progress::of(total),
            stop: watch::channel(false).0,
            timer: None,
            running: FuturesUnordered::new(),
        }
    }

    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    pub(crate) fn progress(&self) -> Progress {
        self.progress
    }

    /// Counts items with results.
    pub(crate) fn count(&mut self, done: usize, failed: usize) {
        self.progress.done += done;
        self.progress.failed += failed;
    }

    /// Reports the progress.
    pub(crate) fn report(&mut self) {
        let progress = self.progress;
        if let Some(report) = &mut self.settings.on_progress {
            report(progress);
        }
    }

    /// Stops sending.
    pub(crate) fn stop(&self) {
        self.stop.send_replace(true);
    }

    pub(crate) fn is_stopped(&self) -> bool {
        *self.stop.borrow()
    }

    /// Whether another call may start.
    pub(crate) fn has_room(&self) -> bool {
        !self.is_stopped() && self.running.len() < self.settings.concurrency.get()
    }

    /// Starts a call.
    pub(crate) fn begin(&mut self, number: usize, request: E) {
        let begun = Arc::new(AtomicBool::new(false));
        let call: Call<'_, E> = self.client.call(&request);
        let mut call = call.in_batch(self.settings.quota_wait, Arc::clone(&begun));
        if let Some(deadline) = self.settings.deadline {
            call = call.deadline(deadline);
        }
        if let Some(retry) = &self.settings.retry {
            call = call.retry(retry.clone());
        }
        if !self.settings.checked {
            call = call.unchecked();
        }
        let command = call.command();
        let answer = call.detached();
        let mut stopping = self.stop.subscribe();
        // Boxed at once: what follows would otherwise copy a large future several times.
        let call = Box::pin(async move {
            let stopping = async { stopping.wait_for(|stopping| *stopping).await.map(drop) };
            match select(pin!(answer), pin!(stopping)).await {
                Either::Left((result, _)) => result.map(Some),
                Either::Right((_, answer)) if begun.load(Ordering::Relaxed) => {
                    answer.await.map(Some)
                }
                // A part that waits for its turn has sent nothing.
                Either::Right(_) => Ok(None),
            }
        });
        let ended = move |result: Result<Option<crate::Answer<E::Reply>>, Error>| Ended {
            number,
            request,
            repeat_safe: command.repeat_safe,
            state: match result {
                Ok(Some(answer)) => State::Answered(answer.reply),
                Ok(None) => State::NotSent,
                Err(error) => State::Failed(error),
            },
        };
        self.running.push(match &self.place {
            Place::Here => Box::pin(async move { ended(call.await) }),
            Place::Tasks(runtime) => {
                let call = Spawned::new(runtime, command, call);
                Box::pin(async move { ended(call.await) })
            }
            #[cfg(feature = "blocking")]
            Place::Background(runtime) => {
                let call = Spawned::new(runtime, command, call).contained();
                Box::pin(async move { ended(call.await) })
            }
        });
    }

    /// Stops if it should.
    pub(crate) fn poll_stop(&mut self, context: &mut Context<'_>) {
        if self.is_stopped() {
            return;
        }
        if let Some(time) = self.settings.stop_after
            && Handle::try_current().is_ok()
        {
            let timer = self.timer.get_or_insert_with(|| Box::pin(sleep(time)));
            if timer.as_mut().poll(context).is_ready() {
                self.stop();
            }
        }
        if let Some(until) = &mut self.settings.until
            && until.as_mut().poll(context).is_ready()
        {
            self.settings.until = None;
            self.stop();
        }
    }

    /// The next call that has ended; `None` if none is in progress.
    pub(crate) fn poll_ended(&mut self, context: &mut Context<'_>) -> Poll<Option<Ended<E>>> {
        self.running.poll_next_unpin(context)
    }
}

/// Calls in progress whose outcomes come one at a time: the parts of a batch, or one call for each request.
pub(crate) trait Steps: Sized {
    type Outcome;

    /// Stops if it should.
    fn poll_stop(&mut self, context: &mut Context<'_>);

    /// Starts as many calls as may be in progress.
    fn fill(&mut self);

    /// Whether a call has ended; false if there is none left.
    fn poll_ended(&mut self, context: &mut Context<'_>) -> Poll<bool>;

    /// Reports the progress.
    fn report(&mut self);

    /// Keeps what ended last, for the outcome of all.
    fn keep(&mut self);

    /// The outcome of all.
    fn finish(self) -> Self::Outcome;

    /// If calls are impossible, makes those fail that have not begun.
    #[cfg(feature = "blocking")]
    fn fail_if(
        &mut self,
        check: impl FnOnce(Command<'static>) -> Result<(), Error>,
    ) -> Option<Self::Outcome>;
}

/// The first step to the next call that ends, which never waits: stops if it should.
pub(crate) async fn check(steps: &mut impl Steps) {
    poll_fn(|context| {
        steps.poll_stop(context);
        Poll::Ready(())
    })
    .await;
}

/// The last step: waits for a call to end. False if there is none left.
pub(crate) async fn wait(steps: &mut impl Steps) -> bool {
    poll_fn(|context| {
        steps.poll_stop(context);
        steps.poll_ended(context)
    })
    .await
}

/// Waits for the next call that ends, and reports progress. False if there is none left.
pub(crate) async fn next(steps: &mut impl Steps) -> bool {
    check(steps).await;
    steps.fill();
    let ended = wait(steps).await;
    if ended {
        steps.report();
    }
    ended
}

/// Waits until every call has ended.
pub(crate) async fn all<S: Steps>(mut steps: S) -> S::Outcome {
    while next(&mut steps).await {
        steps.keep();
    }
    steps.finish()
}

/// Puts a result at its number in a list that grows as needed.
pub(crate) fn keep_as<T>(kept: &mut Vec<Option<T>>, number: usize, result: T) {
    if kept.len() <= number {
        kept.resize_with(number + 1, || None);
    }
    // The list is long enough.
    if let Some(place) = kept.get_mut(number) {
        *place = Some(result);
    }
}
