//! One attempt: to the host in use, within the time of a try.

use super::{command::Command, exchange::Received, tries::Time};
use crate::{
    credentials::Signed,
    error::{Cause, Error, Sent},
    transport::Transport,
};
use bytes::Bytes;

impl Transport {
    /// Not generic, so that it is compiled once.
    pub(super) async fn attempt(
        &self,
        command: Command<'_>,
        signed: &Signed,
        body: Bytes,
        time: Time,
    ) -> Result<Received, Error> {
        let host = self.host();
        // The index is always one of these.
        let address = signed.address(&self.bases, host, command.path);
        let address = address.ok_or_else(|| command.error(Cause::BadPath, Sent::No))?;
        // One timeout for connecting, sending and reading. Dropping the future drops the request.
        let exchange = self.exchange(command, address, body);
        match tokio::time::timeout(time.limit, exchange).await {
            Ok(Ok(received)) => Ok(received),
            Ok(Err(error)) => {
                if error.sent() == Sent::No {
                    self.leave_host(host);
                }
                Err(error)
            }
            Err(_) => Err(command.error(Cause::Timeout(time.named), Sent::Maybe)),
        }
    }
}
