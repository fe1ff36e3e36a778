//! Batches and many calls, driven by the calling thread.

use super::client::{Batch, Client, Each};
use crate::{
    BatchOutcome, EachOutcome, IntoRequest, Progress,
    batch::Running as Parts,
    each::Running as Calls,
    fan_out::{Steps, check, wait},
};
use std::fmt;
use tencent_chat_types::{Batched, Endpoint};

impl<'a, E: Batched> Batch<'a, E> {
    /// Sends it and waits until every part has ended. Progress is reported on this thread.
    ///
    /// Within async code, every item fails with an error of kind [`Runtime`](crate::ErrorKind::Runtime).
    pub fn send(self) -> BatchOutcome<E> {
        let client = self.client;
        client.all(self.start(client.background.place()))
    }

    /// Sends it, and returns the outcome of each part as soon as it has ended, in any order.
    pub fn parts(self) -> BatchParts<'a, E> {
        let client = self.client;
        BatchParts {
            client,
            running: self.start(client.background.place()),
        }
    }
}

/// The result of a step.
enum Step<O> {
    /// A call has ended.
    Ended,
    /// There is none left.
    Over,
    /// This is async code, which must not block.
    Refused(O),
}

impl Client {
    /// Waits on this thread for the next call that ends. Only calls and their timers run in the background.
    fn step<S: Steps>(&self, steps: &mut S) -> Step<S::Outcome> {
        let background = &self.background;
        if let Some(refused) = steps.fail_if(|command| background.check(command)) {
            return Step::Refused(refused);
        }
        background.drive(check(steps));
        // Outside the runtime: the iterator of requests and the report may use this client.
        steps.fill();
        if !background.drive(wait(steps)) {
            return Step::Over;
        }
        steps.report();
        Step::Ended
    }

    /// Waits on this thread until every call has ended.
    fn all<S: Steps>(&self, mut steps: S) -> S::Outcome {
        match self.step(&mut steps) {
            Step::Refused(outcome) => return outcome,
            Step::Over => {}
            Step::Ended => loop {
                steps.keep();
                match self.step(&mut steps) {
                    Step::Ended => {}
                    // The same thread was outside async code a moment ago.
                    Step::Over | Step::Refused(_) => break,
                }
            },
        }
        steps.finish()
    }
}

/// The parts of a batch as they end; like [`crate::BatchParts`].
#[must_use = "nothing is sent until the first part is asked for"]
pub struct BatchParts<'a, E: Batched> {
    client: &'a Client,
    running: Parts<'a, E>,
}

impl<E: Batched> BatchParts<'_, E> {
    /// The progress so far.
    pub fn progress(&self) -> Progress {
        self.running.progress()
    }

    /// Sends nothing more. Calls in progress are waited for, and those that wait for the quota are abandoned.
    pub fn stop(&self) {
        self.running.stop();
    }
}

impl<E: Batched> Iterator for BatchParts<'_, E> {
    type Item = BatchOutcome<E>;

    fn next(&mut self) -> Option<Self::Item> {
        match self.client.step(&mut self.running) {
            Step::Ended => self.running.take(),
            Step::Over => self.running.take_rest(),
            Step::Refused(outcome) => (!outcome.is_empty()).then_some(outcome),
        }
    }
}

impl<E: Batched> fmt::Debug for BatchParts<'_, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BatchParts")
            .field("endpoint", &E::META.path)
            .field("progress", &self.progress())
            .finish_non_exhaustive()
    }
}

impl<'a, 'r, E, I> Each<'a, E, I>
where
    E: Endpoint + Clone,
    I: Iterator<Item: IntoRequest<'r, E>>,
{
    /// Sends and waits until every call has ended. Requests are taken, and progress is reported, on this thread.
    ///
    /// Within async code, the first request fails with an error of kind [`Runtime`](crate::ErrorKind::Runtime), and no
    /// other is taken.
    pub fn send(self) -> EachOutcome<E> {
        let client = self.client;
        client.all(self.start(client.background.place()))
    }

    /// Sends the requests, and returns each result as soon as it is available, in any order. Nothing is kept.
    pub fn results(self) -> EachResults<'a, E, I> {
        let client = self.client;
        EachResults {
            client,
            running: self.start(client.background.place()),
        }
    }
}

/// The results of many calls as they arrive; like [`crate::EachResults`].
#[must_use = "nothing is sent until the first result is asked for"]
pub struct EachResults<'a, E: Endpoint, I> {
    client: &'a Client,
    running: Calls<'a, E, I>,
}

impl<E: Endpoint, I> EachResults<'_, E, I> {
    /// The progress so far.
    pub fn progress(&self) -> Progress {
        self.running.progress()
    }

    /// Sends nothing more. Calls in progress are waited for, and those that wait for the quota are abandoned.
    pub fn stop(&self) {
        self.running.stop();
    }
}

impl<'r, E, I> Iterator for EachResults<'_, E, I>
where
    E: Endpoint + Clone,
    I: Iterator<Item: IntoRequest<'r, E>>,
{
    type Item = EachOutcome<E>;

    fn next(&mut self) -> Option<Self::Item> {
        match self.client.step(&mut self.running) {
            Step::Ended => self.running.take(),
            Step::Over => None,
            Step::Refused(outcome) => (!outcome.is_empty()).then_some(outcome),
        }
    }
}

impl<E: Endpoint, I> fmt::Debug for EachResults<'_, E, I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EachResults")
            .field("endpoint", &E::META.path)
            .finish_non_exhaustive()
    }
}
