//! One attempt: a request to the current host, within the timeout of an attempt.

use super::{
    body::Departure,
    command::Command,
    exchange::{Received, Request},
    tries::Time,
};
use crate::{
    credentials::Signed,
    error::{Cause, Error, Sent},
    transport::Transport,
};
use bytes::Bytes;
use std::pin::pin;
use tokio::time::{Instant, timeout_at};

/// Where an attempt goes.
#[derive(Clone, Copy, Debug)]
pub(super) struct To {
    /// Index of the host.
    pub(super) host: usize,
    /// Identifies the request.
    pub(super) random: u32,
}

impl Transport {
    /// Not generic, so that it is compiled once.
    pub(super) async fn attempt(
        &self,
        command: Command<'_>,
        signed: &Signed,
        to: To,
        body: Bytes,
        time: Time,
    ) -> Result<Received, Error> {
        let To { host, random } = to;
        // The index is always in range.
        let address = signed.address(&self.bases, host, command.path, random);
        let address = address.ok_or_else(|| command.error(Cause::BadPath, Sent::No))?;
        let (departure, body) = Departure::of(body);
        let request = Request { address, body };
        let outcome = self.in_time(command, request, &departure, time).await;
        outcome.map_err(|error| {
            if error.sent() == Sent::No {
                self.leave_host(host);
            }
            error
                .on_the_way_to(self.whereabouts(host))
                .with_random(random)
        })
    }

    /// One exchange, with a timeout for connecting and one for everything. Dropping it drops the request.
    async fn in_time(
        &self,
        command: Command<'_>,
        request: Request,
        departure: &Departure,
        time: Time,
    ) -> Result<Received, Error> {
        let begun = Instant::now();
        let until = |limit| {
            begun
                .checked_add(limit)
                .unwrap_or(begun + crate::limit::FAR)
        };
        let mut exchange = pin!(self.exchange(command, request, departure));
        if let Ok(outcome) = timeout_at(until(time.connect), &mut exchange).await {
            return outcome;
        }
        if departure.call_off() {
            return Err(command.error(Cause::NoConnection(time.connect), Sent::No));
        }
        match timeout_at(until(time.limit), exchange).await {
            Ok(outcome) => outcome,
            Err(_) => Err(command.error(Cause::Timeout(time.named), Sent::Maybe)),
        }
    }
}
