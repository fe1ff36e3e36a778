//! The reply: its type, or what the service says went wrong.

use super::{command::Command, exchange::Received};
use crate::{
    credentials::Signed,
    error::{Cause, Error, Sent, quoted, without_text},
    transport::Transport,
};
use bytes::Bytes;
use tencent_chat_types::{RawReply, Reply};

impl Transport {
    /// What the service answered to a request that carried this signature.
    pub(super) fn read<R: Reply>(
        &self,
        command: Command<'_>,
        signed: &Signed,
        received: Received,
    ) -> Result<(R, Bytes), Error> {
        match decode(command, signed, &received.body) {
            Ok(reply) => Ok((reply, received.body)),
            Err(error) => Err(self.look_at_the_clock(error, received.date.as_ref())),
        }
    }
}

/// Turns the bytes of a reply into its type, or into what the service says went wrong.
fn decode<R: Reply>(command: Command<'_>, signed: &Signed, body: &Bytes) -> Result<R, Error> {
    let mut envelope = match serde_json::from_slice::<R>(body) {
        Ok(reply) if reply.envelope().is_success() => return Ok(reply),
        Ok(reply) => reply.envelope().clone(),
        // A reply that refuses need not look like one that grants.
        Err(error) => match serde_json::from_slice::<RawReply>(body) {
            Ok(raw) if !raw.envelope.is_success() => raw.envelope,
            _ => return Err(undecodable::<R>(command, signed, body, &error)),
        },
    };
    envelope.error_info = envelope.error_info.map(|text| signed.redact(text));
    Err(command
        .error(Cause::Api { envelope }, Sent::Yes)
        .with_body(body.clone()))
}

/// Decodes once more, this time keeping track of where in the reply it is.
fn undecodable<R: Reply>(
    command: Command<'_>,
    signed: &Signed,
    body: &Bytes,
    error: &serde_json::Error,
) -> Error {
    let mut json = serde_json::Deserializer::from_slice(body);
    let field = match serde_path_to_error::deserialize::<_, R>(&mut json) {
        Err(error) => error.path().to_string(),
        Ok(_) => String::new(),
    };
    let message = quoted(&signed.redact(without_text(&error.to_string())));
    let field = signed.redact(quoted(&field));
    let is_json = serde_json::from_slice::<serde::de::IgnoredAny>(body).is_ok();
    let cause = Cause::Decode {
        field,
        message,
        is_json,
    };
    command.error(cause, Sent::Yes).with_body(body.clone())
}
