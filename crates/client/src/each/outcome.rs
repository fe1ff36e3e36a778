//! The outcome of many calls.

use crate::{
    Error,
    error::Sent,
    fan_out::{Ended, State},
};
use std::{fmt, time::Duration};
use tencent_chat_types::{Endpoint, ErrorCode, ErrorRepeat};

/// The outcome of every request of [`Client::each`](crate::Client::each), in the order of the requests.
#[must_use = "it may hold failures; `all_done()?` makes them an error"]
pub struct EachOutcome<E: Endpoint> {
    calls: Vec<Ended<E>>,
    stopped: bool,
}

impl<E: Endpoint> EachOutcome<E> {
    pub(super) fn new(calls: Vec<Ended<E>>, stopped: bool) -> Self {
        Self { calls, stopped }
    }

    /// Number of requests.
    pub fn len(&self) -> usize {
        self.calls.len()
    }

    /// Whether there were no requests.
    pub fn is_empty(&self) -> bool {
        self.calls.is_empty()
    }

    /// Whether every request succeeded.
    pub fn is_complete(&self) -> bool {
        self.failed().next().is_none()
    }

    /// Whether it was stopped before everything was sent. Requests that were not taken from the iterator are not
    /// included.
    pub fn was_stopped(&self) -> bool {
        self.stopped
    }

    /// Each request with its outcome.
    pub fn iter(&self) -> impl Iterator<Item = (&E, CallOutcome<'_, E>)> {
        self.calls
            .iter()
            .map(|call| (&call.request, CallOutcome(call)))
    }

    /// The outcome of the request at this index.
    pub fn outcome(&self, index: usize) -> Option<CallOutcome<'_, E>> {
        self.calls.get(index).map(CallOutcome)
    }

    /// The requests that succeeded, with their replies.
    pub fn succeeded(&self) -> impl Iterator<Item = (&E, &E::Reply)> {
        self.calls.iter().filter_map(|call| match &call.state {
            State::Answered(reply) => Some((&call.request, reply)),
            _ => None,
        })
    }

    /// The requests that failed or were not sent, each with the reason.
    pub fn failed(&self) -> impl Iterator<Item = (&E, CallOutcome<'_, E>)> {
        self.iter().filter(|(_, outcome)| !outcome.is_done())
    }

    /// The errors of the calls that failed.
    pub fn errors(&self) -> impl Iterator<Item = &Error> {
        self.calls.iter().filter_map(|call| match &call.state {
            State::Failed(error) => Some(error),
            _ => None,
        })
    }

    /// The requests that did not succeed, can succeed later and are safe to send again, to pass them to
    /// [`each`](crate::Client::each) again.
    pub fn retry_requests(&self) -> impl Iterator<Item = &E> {
        let again = self.failed().filter(|(_, outcome)| {
            outcome.repeat() != Some(ErrorRepeat::Never) && outcome.is_repeat_safe()
        });
        again.map(|(request, _)| request)
    }

    /// Returns `Ok` if every request succeeded.
    ///
    /// # Errors
    ///
    /// The outcome as an error whose message says how many requests failed and why the first one did.
    pub fn all_done(self) -> Result<(), EachIncomplete<E>> {
        self.into_result().map(drop)
    }

    /// Returns this outcome if every request succeeded.
    ///
    /// # Errors
    ///
    /// The same as for [`all_done`](Self::all_done).
    pub fn into_result(self) -> Result<Self, EachIncomplete<E>> {
        if self.is_complete() && !self.stopped {
            Ok(self)
        } else {
            Err(EachIncomplete(Box::new(self)))
        }
    }

    /// Only the replies, in the order of the requests.
    pub fn into_replies(self) -> Vec<E::Reply> {
        let replies = self.calls.into_iter().filter_map(|call| match call.state {
            State::Answered(reply) => Some(reply),
            _ => None,
        });
        replies.collect()
    }
}

impl<E: Endpoint> fmt::Debug for EachOutcome<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EachOutcome")
            .field("endpoint", &E::META.path)
            .field("requests", &self.calls.len())
            .field("failed", &self.failed().count())
            .field("stopped", &self.stopped)
            .field("errors", &self.errors().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

/// The outcome of one request.
pub struct CallOutcome<'a, E: Endpoint>(&'a Ended<E>);

impl<'a, E: Endpoint> CallOutcome<'a, E> {
    /// Whether it succeeded.
    pub fn is_done(&self) -> bool {
        matches!(self.0.state, State::Answered(_))
    }

    /// The reply, if it succeeded.
    pub fn reply(&self) -> Option<&'a E::Reply> {
        match &self.0.state {
            State::Answered(reply) => Some(reply),
            _ => None,
        }
    }

    /// The error, if the call failed. A request that was not sent because the calls were stopped has neither reply nor
    /// error.
    pub fn error(&self) -> Option<&'a Error> {
        match &self.0.state {
            State::Failed(error) => Some(error),
            _ => None,
        }
    }

    /// The service's error code; see [`Error::code`].
    pub fn code(&self) -> Option<ErrorCode> {
        self.error()?.code()
    }

    /// Whether the request reached the service.
    pub fn sent(&self) -> Sent {
        match &self.0.state {
            State::Answered(_) => Sent::Yes,
            State::Failed(error) => error.sent(),
            State::NotSent => Sent::No,
        }
    }

    /// Whether it can succeed when it is sent again; see [`Error::repeat`].
    pub fn repeat(&self) -> Option<ErrorRepeat> {
        match &self.0.state {
            State::Answered(_) => Some(ErrorRepeat::Never),
            State::Failed(error) => error.repeat(),
            State::NotSent => Some(ErrorRepeat::Later),
        }
    }

    /// How long a retry can't help; see [`Error::retry_after`].
    pub fn retry_after(&self) -> Option<Duration> {
        self.error()?.retry_after()
    }

    /// Whether it is safe to send it again; see [`Error::is_repeat_safe`].
    pub fn is_repeat_safe(&self) -> bool {
        match &self.0.state {
            State::Answered(_) => self.0.repeat_safe,
            State::Failed(error) => error.is_repeat_safe(),
            State::NotSent => true,
        }
    }
}

// Derived implementations would require more of `E` than they need.
impl<E: Endpoint> Clone for CallOutcome<'_, E> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<E: Endpoint> Copy for CallOutcome<'_, E> {}

impl<E: Endpoint> fmt::Debug for CallOutcome<'_, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0.state {
            State::Answered(_) => f.write_str("Done"),
            State::Failed(error) => f.debug_tuple("Failed").field(error).finish(),
            State::NotSent => f.write_str("NotSent"),
        }
    }
}

impl<E: Endpoint> fmt::Display for CallOutcome<'_, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0.state {
            State::Answered(_) => f.write_str("done"),
            State::Failed(error) => error.fmt(f),
            State::NotSent => f.write_str("not sent: it was stopped"),
        }
    }
}

/// Calls that did not all succeed, or that were stopped.
pub struct EachIncomplete<E: Endpoint>(Box<EachOutcome<E>>);

impl<E: Endpoint> EachIncomplete<E> {
    /// The outcome of every request.
    pub fn outcome(&self) -> &EachOutcome<E> {
        &self.0
    }

    /// The same, by value.
    pub fn into_outcome(self) -> EachOutcome<E> {
        *self.0
    }
}

impl<E: Endpoint> fmt::Display for EachIncomplete<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (path, all) = (E::META.path, self.0.len());
        let mut failed = self.0.failed();
        let Some((_, first)) = failed.next() else {
            return write!(
                f,
                "{path}: stopped after {all} requests, all of which succeeded"
            );
        };
        let more = failed.count();
        write!(
            f,
            "{path}: {} of {all} requests failed, the first: {first}",
            more + 1
        )
    }
}

impl<E: Endpoint> fmt::Debug for EachIncomplete<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("EachIncomplete").field(&self.0).finish()
    }
}

impl<E: Endpoint> std::error::Error for EachIncomplete<E> {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        let error = self.0.errors().next()?;
        Some(error)
    }
}
