//! The loop over attempts.

use super::{
    answer::Answer,
    attempt::To,
    command::{Command, Options},
    tries::{Next, Tries},
};
use crate::{
    credentials::Signed,
    error::{Cause, Error, Sent},
    limit::Turn,
    observe::{CallSpan, Tried},
    task::OUTSIDE,
    transport::Transport,
};
use bytes::Bytes;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tencent_chat_types::{ErrorRepeat, Reply};
use tencent_chat_usersig::SignError;
use tokio::runtime::Handle;
use tracing::Instrument as _;

impl Transport {
    /// One call, within its span. A body that could not be encoded ends it at once.
    ///
    /// Not an `async fn`, which would keep the arguments as well as what is made of them.
    pub(crate) fn call<R: Reply>(
        self: Arc<Self>,
        command: Command<'_>,
        body: Result<Vec<u8>, Error>,
        options: Options,
    ) -> impl Future<Output = Result<Answer<R>, Error>> + Send {
        let body = body.map(Bytes::from);
        let mut tries = Tries::new(command, options);
        async move {
            let command = tries.command();
            let observer = self.observer.as_deref();
            let mut span = CallSpan::new(command.path, command.known(), observer);
            let result = match body {
                Ok(ref body) => {
                    let within = span.span();
                    let call = self.attempts(body, &mut tries, &mut span);
                    call.instrument(within).await
                }
                Err(error) => Err(error),
            };
            span.over(result.as_ref().err());
            result
        }
    }

    /// Sends a body until there is a reply, or until another attempt would not help or do harm.
    async fn attempts<'c, R: Reply>(
        &'c self,
        body: &Bytes,
        tries: &mut Tries<'_>,
        span: &mut CallSpan<'c>,
    ) -> Result<Answer<R>, Error> {
        // Timers and connections need a runtime.
        if Handle::try_current().is_err() {
            let cause = Cause::Runtime(OUTSIDE);
            return Err(tries.command().error(cause, Sent::No));
        }
        let mut now = span.begun();
        tries.start(now);
        loop {
            let waited = match self.turn(tries, now, span).await {
                Ok(waited) => waited,
                Err(limited) => return Err(tries.give_up(limited)),
            };
            now += waited;
            tries.waited(waited);
            // A block, so that nothing of it takes memory during the pause.
            let pause = {
                let slot = match self.in_flight.try_acquire() {
                    Ok(slot) => slot,
                    Err(_) => {
                        let Ok(Ok(slot)) = self.slot(tries.left(now)).await else {
                            return Err(tries.too_late());
                        };
                        now = Instant::now();
                        slot
                    }
                };
                tries.admitted();
                let Some(time) = tries.time(now, self.try_timeout, self.bases.len()) else {
                    return Err(tries.too_late());
                };
                let signed = match self.credentials.current() {
                    Ok(signed) => signed,
                    Err(problem) => return Err(unsigned(tries, problem)),
                };
                let to = To {
                    host: self.host(),
                    random: fastrand::u32(..),
                };
                span.trying(to.random, self.bases.get(to.host));
                let command = tries.command();
                // In a box, so that calls which wait take no memory for it.
                let attempt = self.attempt(command, &signed, to, body.clone(), time);
                let received = Box::pin(attempt).await;
                drop(slot);
                let reply = match received {
                    Ok(received) => self.read::<R>(command, &signed, to.random, received),
                    Err(error) => Err(error),
                };
                span.http_status = match &reply {
                    Ok(answer) => Some(answer.http_status),
                    Err(error) => error.http_status(),
                };
                let tried = Tried {
                    endpoint: command.path,
                    meta: command.known(),
                    number: tries.made() + 1,
                    random: to.random,
                    http_status: span.http_status,
                    error: None,
                    waited,
                    took: now.elapsed(),
                    repeats: false,
                };
                match reply {
                    Ok(answer) => {
                        self.observe(&tried);
                        return Ok(answer);
                    }
                    Err(error) => self.failed(tries, &signed, tried, error)?,
                }
            };
            if let Some(pause) = pause {
                tokio::time::sleep(pause).await;
            }
            now = Instant::now();
        }
    }

    /// Decides what follows a failed attempt: another one after this pause, or the error of the call.
    fn failed(
        &self,
        tries: &mut Tries<'_>,
        signed: &Arc<Signed>,
        tried: Tried<'_>,
        error: Error,
    ) -> Result<Option<Duration>, Error> {
        let next = tries.failed(&error, tried.took);
        self.observe(&Tried {
            error: Some(&error),
            repeats: next != Next::GiveUp,
            ..tried
        });
        if error.is_rate_refusal() {
            self.hold_up(tries.command(), tries.quota_pause(next));
        }
        // Even if this call is over: the next one must not use the expired UserSig again.
        if error.repeat() == Some(ErrorRepeat::RenewUserSig)
            && let Err(problem) = self.credentials.renew(signed)
        {
            return Err(unsigned(tries, problem));
        }
        let pause = match next {
            Next::GiveUp => return Err(tries.give_up(error)),
            Next::Again(pause) => Some(pause),
            Next::Renew => None,
        };
        tries.keep(error);
        Ok(pause)
    }

    /// Waits for the limiter from now on, and returns how long it took.
    async fn turn(
        &self,
        tries: &Tries<'_>,
        now: Instant,
        span: &mut CallSpan<'_>,
    ) -> Result<Duration, Error> {
        let Some(limiter) = &self.limiter else {
            return Ok(Duration::ZERO);
        };
        let turn = {
            let command = tries.command();
            let quotas = command.known().map_or(&[][..], |meta| meta.quotas);
            let turn = Turn::new(command.path, quotas, tries.patience(now))
                .with_items(command.items)
                .with_edition(self.edition);
            limiter.acquire(turn)
        };
        let turn = turn.await;
        let waited = now.elapsed();
        span.waited += waited;
        match turn {
            Ok(()) => Ok(waited),
            Err(limited) => {
                let cause = Cause::Limited(limited);
                Err(tries.command().error(cause, Sent::No))
            }
        }
    }

    /// The service refused a call because of its rate: other calls wait as well.
    fn hold_up(&self, command: Command<'_>, pause: Duration) {
        if let Some(limiter) = &self.limiter {
            limiter.back_off(command.path, pause);
        }
    }
}

/// There is no UserSig for another attempt.
fn unsigned(tries: &mut Tries<'_>, problem: SignError) -> Error {
    let error = tries.command().error(Cause::Sign(problem), Sent::No);
    tries.give_up(error)
}
