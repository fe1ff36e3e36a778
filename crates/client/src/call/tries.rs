//! The attempts of one call: how many, how long, and whether another follows.

use super::command::{Command, Options};
use crate::{
    error::{Cause, Error, FailedTry, Sent},
    limit::FAR,
    retry::RetryPolicy,
};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};
use tencent_chat_types::{ErrorClass, ErrorRepeat};

/// What to do after a failed attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Give up: another attempt would not help, or is not safe.
    GiveUp,
    /// Try again after this pause.
    Again(Duration),
    /// Try again at once, with a new UserSig.
    Renew,
}

/// How long an attempt may take.
#[derive(Clone, Copy, Debug)]
pub(super) struct Time {
    pub(super) limit: Duration,
    /// What set the limit: the timeout of an attempt, or the deadline of the call.
    pub(super) named: Duration,
    /// How much of it may pass without a connection.
    pub(super) connect: Duration,
}

/// The attempts of one call.
pub(super) struct Tries<'a> {
    command: Command<'a>,
    policy: Arc<RetryPolicy>,
    deadline: Duration,
    /// When the deadline passes; `None` until the call starts.
    until: Option<Instant>,
    quota_wait: Duration,
    /// Set when the first turn has come.
    begun: Option<Arc<AtomicBool>>,
    renewed: bool,
    /// Whether the service may have acted on one of them.
    maybe_acted: bool,
    failed: Vec<FailedTry>,
    last: Option<Error>,
}

impl<'a> Tries<'a> {
    pub(super) fn new(command: Command<'a>, options: Options) -> Self {
        Self {
            command,
            policy: options.retry,
            deadline: options.deadline,
            until: None,
            quota_wait: options.quota_wait,
            begun: options.begun,
            renewed: false,
            maybe_acted: false,
            failed: Vec::new(),
            last: None,
        }
    }

    /// The command being called.
    pub(super) fn command(&self) -> Command<'a> {
        self.command
    }

    /// Starts the clock of the deadline.
    pub(super) fn start(&mut self, now: Instant) {
        self.until = Some(now.checked_add(self.deadline).unwrap_or(now + FAR));
    }

    /// The number of failed attempts.
    pub(super) fn made(&self) -> u32 {
        u32::try_from(self.failed.len()).unwrap_or(u32::MAX)
    }

    /// The time from now until the deadline.
    pub(super) fn left(&self, now: Instant) -> Duration {
        let left = |until: Instant| until.saturating_duration_since(now);
        self.until.map_or(self.deadline, left)
    }

    /// How long the call can wait for a turn from now on.
    pub(super) fn patience(&self, now: Instant) -> Duration {
        self.left(now).saturating_add(self.quota_wait)
    }

    /// Records a wait for a turn, which counts towards the deadline only beyond what is allowed.
    pub(super) fn waited(&mut self, time: Duration) {
        let granted = time.min(self.quota_wait);
        self.quota_wait -= granted;
        let later = |until: Instant| until.checked_add(granted).unwrap_or(until);
        self.until = self.until.map(later);
    }

    /// Records that the turn has come.
    pub(super) fn admitted(&self) {
        if let Some(begun) = &self.begun {
            begun.store(true, Ordering::Relaxed);
        }
    }

    /// The time for another attempt; `None` if the deadline has passed.
    pub(super) fn time(&self, now: Instant, try_timeout: Duration, hosts: usize) -> Option<Time> {
        let left = self.left(now);
        if left.is_zero() {
            return None;
        }
        let (limit, named) = match left < try_timeout {
            true => (left, self.deadline),
            false => (try_timeout, try_timeout),
        };
        // Leaves time for the next host if this one does not respond.
        let another = hosts > 1 && self.made() + 1 < self.policy.max_tries;
        let connect = match another {
            true => limit.min(left / 2),
            false => limit,
        };
        Some(Time {
            limit,
            named,
            connect,
        })
    }

    /// What to do about the error of another attempt.
    pub(super) fn failed(&mut self, error: &Error, took: Duration) -> Next {
        self.maybe_acted |= !error.was_not_acted_upon();
        self.failed.push(FailedTry::new(error, took));
        if self.made() >= self.policy.max_tries {
            return Next::GiveUp;
        }
        match error.repeat() {
            Some(ErrorRepeat::RenewUserSig) if !self.renewed => {
                self.renewed = true;
                Next::Renew
            }
            Some(ErrorRepeat::Later) if error.is_repeat_safe() => {
                let quota = error.class() == Some(ErrorClass::Quota);
                let pause = self.policy.pause(self.made(), quota);
                // A retry can't help before that time, and the pause spreads the callers.
                let pause = pause.saturating_add(error.retry_after().unwrap_or_default());
                match pause < self.left(Instant::now()) {
                    true => Next::Again(pause),
                    false => Next::GiveUp,
                }
            }
            _ => Next::GiveUp,
        }
    }

    /// How long a refusal because of the rate delays the others.
    pub(super) fn quota_pause(&self, next: Next) -> Duration {
        match next {
            Next::Again(pause) => pause,
            _ => self.policy.quota_pause,
        }
    }

    /// Records why the attempt failed, since another one follows.
    pub(super) fn keep(&mut self, error: Error) {
        self.last = Some(error);
    }

    /// This error, with the previous attempts.
    pub(super) fn give_up(&mut self, error: Error) -> Error {
        error.after(std::mem::take(&mut self.failed), self.maybe_acted)
    }

    /// The deadline has passed before another attempt: the previous error says more than that.
    pub(super) fn too_late(&mut self) -> Error {
        let late = || (self.command).error(Cause::Timeout(self.deadline), Sent::No);
        let error = self.last.take().unwrap_or_else(late);
        self.give_up(error)
    }
}
