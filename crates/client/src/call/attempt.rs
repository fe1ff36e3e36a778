//! One attempt: a request to the current host, within the timeout of an attempt.

use super::{
    body::Departure,
    command::Command,
    exchange::{Received, request},
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
    /// A request, with a timeout for connecting and one for everything. Not generic, so that it is compiled once.
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
        let address = signed.address(&self.bases, host, command.path, command.meta, random);
        let address = address.ok_or_else(|| command.error(Cause::BadPath, Sent::No))?;
        let (departure, body) = Departure::of(body);
        let begun = Instant::now();
        let until = |limit| {
            begun
                .checked_add(limit)
                .unwrap_or(begun + crate::limit::FAR)
        };
        let http = self.http.client();
        let sent = http.map(|http| http.execute(request(address, body)));
        let sent = sent.map_err(|cause| command.error(cause, Sent::No));
        let outcome = {
            // Dropping it drops the request.
            let mut exchange = pin!(self.exchange(command, sent, &departure));
            match timeout_at(until(time.connect), &mut exchange).await {
                Ok(outcome) => outcome,
                Err(_) if departure.call_off() => {
                    Err(command.error(Cause::NoConnection(time.connect), Sent::No))
                }
                Err(_) => match timeout_at(until(time.limit), exchange).await {
                    Ok(outcome) => outcome,
                    Err(_) => Err(command.error(Cause::Timeout(time.named), Sent::Maybe)),
                },
            }
        };
        outcome.map_err(|error| {
            if error.sent() == Sent::No {
                self.leave_host(host);
            }
            error
                .on_the_way_to(self.whereabouts(host))
                .with_random(random)
        })
    }
}
