//! Decodes the reply, or the service's error.

use super::{answer::Answer, command::Command, exchange::Received};
use crate::{
    credentials::Signed,
    error::{Cause, Error, Sent},
    observe::trace_misfits,
    redact::Redactor,
    transport::Transport,
};
use bytes::Bytes;
use reqwest::header;
use tencent_chat_types::{
    Envelope, RawReply, Reply, from_slice, text::without_value, wire::broken_at,
};

impl Transport {
    /// The service's response to a request with this signature.
    pub(super) fn read<R: Reply>(
        &self,
        command: Command<'_>,
        signed: &Signed,
        random: u32,
        received: Received,
    ) -> Result<Answer<R>, Error> {
        let redactor = || self.credentials.redactor(signed);
        let Received { head, body } = received;
        match decode(command, redactor, &body) {
            Ok(reply) => Ok(Answer {
                reply,
                body,
                random,
                http_status: head.status,
                headers: head.headers,
            }),
            Err(error) => {
                let error = self.look_at_the_clock(error, head.headers.get(header::DATE));
                Err(error.with_random(random).with_head(head))
            }
        }
    }
}

/// Decodes the bytes of a reply into its type, or into the error that the service reported.
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
        // A refusal need not have the form of a successful reply.
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

/// The service reported that the call failed.
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

/// A proxy or gateway answered, as when the service behind it is down: whether the request reached the
/// service is unknown.
fn foreign(command: Command<'_>, body: &Bytes) -> Error {
    let cause = Cause::Decode {
        field: String::new(),
        message: "it has neither ActionStatus nor ErrorCode".to_owned(),
        foreign: true,
    };
    command.error(cause, Sent::Maybe).with_body(body.clone())
}

/// Decodes again, this time tracking the position in the reply.
fn undecodable<R: Reply>(
    command: Command<'_>,
    redactor: &Redactor,
    body: &Bytes,
    problem: &serde_json::Error,
) -> Error {
    let field = broken_at(body).unwrap_or_else(|| {
        // JSON that doesn't fit a type outside this project's codec.
        let mut json = serde_json::Deserializer::from_slice(body);
        match serde_path_to_error::deserialize::<_, R>(&mut json) {
            Err(error) => error.path().to_string(),
            Ok(_) => String::new(),
        }
    });
    // The service replies with an object; anything else was truncated or comes from a proxy or gateway.
    let foreign = from_slice::<RawReply>(body).is_err();
    let cause = Cause::Decode {
        field: redactor.shown(&field),
        message: redactor.shown(&without_value(&problem.to_string())),
        foreign,
    };
    let sent = if foreign { Sent::Maybe } else { Sent::Yes };
    command.error(cause, sent).with_body(body.clone())
}
