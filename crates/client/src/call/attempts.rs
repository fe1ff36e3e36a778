//! The loop over attempts.

use super::{
    answer::Answer,
    attempt::To,
    command::{Command, Options},
    tries::{Next, Tries},
};
use crate::{
    error::{Cause, Error, Sent},
    limit::Turn,
    observe::{CallSpan, Tried},
    task::OUTSIDE,
    transport::Transport,
};
use bytes::Bytes;
use std::{
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};
use tencent_chat_types::{ErrorRepeat, Reply};
use tokio::runtime::Handle;
use tracing::Instrument as _;

impl Transport {
    /// One call, within its span. A body that could not be encoded ends it at once.
    pub(crate) async fn call<R: Reply>(
        self: Arc<Self>,
        command: Command<'_>,
        body: Result<Vec<u8>, Error>,
        options: Options,
    ) -> Result<Answer<R>, Error> {
        let observer = self.observer.as_deref();
        let mut span = CallSpan::new(command.path, command.known(), observer);
        let result = match body {
            Ok(body) => {
                let within = span.span();
                let call = self.attempts(command, body.into(), options, &mut span);
                call.instrument(within).await
            }
            Err(error) => Err(error),
        };
        span.over(result.as_ref().err());
        result
    }

    /// Sends a body until there is a reply, or until another attempt would not help or do harm.
    async fn attempts<'c, R: Reply>(
        &'c self,
        command: Command<'c>,
        body: Bytes,
        options: Options,
        span: &mut CallSpan<'c>,
    ) -> Result<Answer<R>, Error> {
        // Timers and connections need a runtime.
        if Handle::try_current().is_err() {
            return Err(command.error(Cause::Runtime(OUTSIDE), Sent::No));
        }
        let begun = options.begun.clone();
        let mut tries = Tries::new(command, options);
        loop {
            let waited = match self.turn(command, tries.patience(), span).await {
                Ok(waited) => waited,
                Err(limited) => return Err(tries.give_up(limited)),
            };
            tries.waited(waited);
            let Some(slot) = self.slot(tries.left()).await else {
                return Err(tries.too_late());
            };
            if let Some(begun) = &begun {
                begun.store(true, Ordering::Relaxed);
            }
            let Some(time) = tries.time(self.try_timeout, self.bases.len()) else {
                return Err(tries.too_late());
            };
            let signed = match self.credentials.current() {
                Ok(signed) => signed,
                Err(problem) => {
                    return Err(tries.give_up(command.error(Cause::Sign(problem), Sent::No)));
                }
            };
            let to = To {
                host: self.host(),
                random: fastrand::u32(..),
            };
            span.trying(to.random, self.bases.get(to.host));
            let begun = Instant::now();
            // In a box, so that calls which wait take no memory for it.
            let attempt = Box::pin(self.attempt(command, &signed, to, body.clone(), time));
            let received = attempt.await;
            drop(slot);
            let reply = match received {
                Ok(received) => self.read::<R>(command, &signed, to.random, received),
                Err(error) => Err(error),
            };
            let took = begun.elapsed();
            span.http_status = match &reply {
                Ok(answer) => Some(answer.http_status),
                Err(error) => error.http_status(),
            };
            let mut tried = Tried {
                endpoint: command.path,
                meta: command.known(),
                number: tries.made() + 1,
                random: to.random,
                http_status: span.http_status,
                error: None,
                waited,
                took,
                repeats: false,
            };
            let error = match reply {
                Ok(answer) => {
                    self.observe(&tried);
                    return Ok(answer);
                }
                Err(error) => error,
            };
            let next = tries.failed(&error, took);
            tried.error = Some(&error);
            tried.repeats = next != Next::GiveUp;
            self.observe(&tried);
            if error.is_rate_refusal() {
                self.hold_up(command, tries.quota_pause(next));
            }
            // Even if this call is over: the next one must not use the expired UserSig again.
            if error.repeat() == Some(ErrorRepeat::RenewUserSig)
                && let Err(problem) = self.credentials.renew(&signed)
            {
                return Err(tries.give_up(command.error(Cause::Sign(problem), Sent::No)));
            }
            match next {
                Next::GiveUp => return Err(tries.give_up(error)),
                Next::Again(pause) => tokio::time::sleep(pause).await,
                Next::Renew => {}
            }
            tries.keep(error);
        }
    }

    /// Waits for the limiter, and returns how long it took.
    async fn turn(
        &self,
        command: Command<'_>,
        patience: Duration,
        span: &mut CallSpan<'_>,
    ) -> Result<Duration, Error> {
        let Some(limiter) = &self.limiter else {
            return Ok(Duration::ZERO);
        };
        let asked = Instant::now();
        let quotas = command.known().map_or(&[][..], |meta| meta.quotas);
        let turn = Turn::new(command.path, quotas, patience)
            .with_items(command.items)
            .with_edition(self.edition);
        let turn = limiter.acquire(turn).await;
        let waited = asked.elapsed();
        span.waited += waited;
        match turn {
            Ok(()) => Ok(waited),
            Err(limited) => Err(command.error(Cause::Limited(limited), Sent::No)),
        }
    }

    /// The service refused a call because of its rate: other calls wait as well.
    fn hold_up(&self, command: Command<'_>, pause: Duration) {
        if let Some(limiter) = &self.limiter {
            limiter.back_off(command.path, pause);
        }
    }
}
