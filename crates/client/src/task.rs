//! Runs calls in their own tasks.

use crate::{
    Error,
    call::Command,
    error::{Cause, Sent},
};
use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};
use tokio::{runtime::Handle, task::JoinHandle};
use tracing::Instrument as _;

/// Why a call can't even begin.
pub(crate) const OUTSIDE: &str = "it was called outside a tokio runtime";
/// Why a call ended early.
pub(crate) const ENDED: &str =
    "its task ended early: something that it called panicked, or the runtime was shut down";

/// Where calls run.
#[derive(Clone)]
pub(crate) enum Place {
    /// In the task that waits for them.
    Here,
    /// In their own tasks, so that they continue while nobody waits for them.
    Tasks(Handle),
    /// In tasks of the blocking client's runtime, where a panic ends a call and nothing else.
    #[cfg(feature = "blocking")]
    Background(Handle),
}

impl Place {
    /// In tasks if there is a runtime; otherwise each call will return an error.
    pub(crate) fn tasks() -> Self {
        Handle::try_current().map_or(Self::Here, Self::Tasks)
    }
}

/// A call in its own task, which is aborted when this is dropped.
pub(crate) struct Spawned<T> {
    task: JoinHandle<Result<T, Error>>,
    command: Command<'static>,
    /// Whether a panic is propagated to the caller.
    panics: bool,
}

impl<T: Send + 'static> Spawned<T> {
    pub(crate) fn new(
        runtime: &Handle,
        command: Command<'static>,
        call: impl Future<Output = Result<T, Error>> + Send + 'static,
    ) -> Self {
        let task = runtime.spawn(call.in_current_span());
        Self {
            task,
            command,
            panics: true,
        }
    }

    /// A panic is an error.
    #[cfg(feature = "blocking")]
    pub(crate) fn contained(mut self) -> Self {
        self.panics = false;
        self
    }
}

impl<T> Future for Spawned<T> {
    type Output = Result<T, Error>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let done = ready!(Pin::new(&mut self.task).poll(context));
        Poll::Ready(match done {
            Ok(result) => result,
            Err(ended) => match ended.try_into_panic() {
                // An observer's or a limiter's: as if there were no task in between.
                Ok(panic) if self.panics => std::panic::resume_unwind(panic),
                _ => {
                    let cause = Cause::Runtime(ENDED);
                    Err(self.command.error(cause, Sent::Maybe))
                }
            },
        })
    }
}

impl<T> Drop for Spawned<T> {
    fn drop(&mut self) {
        self.task.abort();
    }
}
