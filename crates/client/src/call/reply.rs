//! The reply: its type, or what the service says went wrong.

use super::{command::Command, exchange::Received};
use crate::{
    credentials::Signed,
    error::{Cause, Error, Sent},
    observe::trace_misfits,
    redact::Redactor,
    transport::Transport,
};
use bytes::Bytes;
use tencent_chat_types::{
    Envelope, RawReply, Reply, from_slice, text::without_value, wire::broken_at,
};

impl Transport {
    /// What the service answered to a request that carried this signature.
    pub(super) fn read<R: Reply>(
        &self,
        command: Command<'_>,
        signed: &Signed,
        received: Received,
    ) -> Result<(R, Bytes), Error> {
        let redactor = || self.credentials.redactor(signed);
        match decode(command, redactor, &received.body) {
            Ok(reply) => Ok((reply, received.body)),
            Err(error) => Err(self.look_at_the_clock(error, received.date.as_ref())),
        }
    }
}

/// Turns the bytes of a reply into its type, or into what the service says went wrong.
fn decode<R: Reply>(
    command: Command<'_>,
    redactor: impl FnOnce() -> Redactor,
    body: &Bytes,
) -> Result<R, Error> {
    let bare = command.meta.is_some_and(|meta| meta.bare_reply);
    let is_success = |envelope: &Envelope| match envelope.is_answer() {
        true => envelope.is_success(),
        false => bare,
    };
    let (envelope, problem) = match tencent_chat_types::decode::<R>(body) {
        Ok(decoded) if is_success(decoded.value.envelope()) => {
            trace_misfits(command.path, &decoded.misfits);
            return Ok(decoded.value);
        }
        Ok(decoded) => (decoded.value.envelope().clone(), None),
        // A reply that refuses need not look like one that grants.
        Err(problem) => match from_slice::<RawReply>(body) {
            Ok(raw) => (raw.envelope, Some(problem)),
            Err(_) => return Err(undecodable::<R>(command, &redactor(), body, &problem)),
        },
    };
    if !envelope.is_answer() && !bare {
        return Err(foreign(command, body));
    }
    match problem {
        Some(problem) if is_success(&envelope) => {
            Err(undecodable::<R>(command, &redactor(), body, &problem))
        }
        _ => Err(refused(command, &redactor(), body, envelope)),
    }
}

/// The service said that the call failed.
fn refused(
    command: Command<'_>,
    redactor: &Redactor,
    body: &Bytes,
    mut envelope: Envelope,
) -> Error {
    envelope.error_info = envelope.error_info.map(|text| redactor.shown(&text));
    command
        .error(Cause::Api { envelope }, Sent::Yes)
        .with_body(body.clone())
}

/// Something in between answered, as a gateway does whose service is away: whether the request got
/// through is not known.
fn foreign(command: Command<'_>, body: &Bytes) -> Error {
    let cause = Cause::Decode {
        field: String::new(),
        message: "it has neither ActionStatus nor ErrorCode".to_owned(),
        foreign: true,
    };
    command.error(cause, Sent::Maybe).with_body(body.clone())
}

/// Looks once more, this time keeping track of where in the reply it is.
fn undecodable<R: Reply>(
    command: Command<'_>,
    redactor: &Redactor,
    body: &Bytes,
    problem: &serde_json::Error,
) -> Error {
    let field = broken_at(body).unwrap_or_else(|| {
        // JSON that does not fit a type that is not read by this project's codec.
        let mut json = serde_json::Deserializer::from_slice(body);
        match serde_path_to_error::deserialize::<_, R>(&mut json) {
            Err(error) => error.path().to_string(),
            Ok(_) => String::new(),
        }
    });
    // The service answers with an object; anything else was cut off or comes from something in between.
    let foreign = from_slice::<RawReply>(body).is_err();
    let cause = Cause::Decode {
        field: redactor.shown(&field),
        message: redactor.shown(&without_value(&problem.to_string())),
        foreign,
    };
    let sent = if foreign { Sent::Maybe } else { Sent::Yes };
    command.error(cause, sent).with_body(body.clone())
}
