//! One attempt: a request goes out, and bytes come back or it is known what happened instead.

use crate::{
    credentials::{Credentials, Signed},
    error::{Cause, Error, Sent, quoted},
};
use bytes::{Bytes, BytesMut};
use reqwest::{StatusCode, header};
use std::{fmt, sync::Arc, time::Duration};
use tencent_chat_types::{Meta, RawReply, Reply};

/// Everything that calls share.
pub(crate) struct Transport {
    pub(crate) http: reqwest::Client,
    /// Scheme, host and path prefix, with a slash at the end.
    pub(crate) base: String,
    pub(crate) credentials: Credentials,
    pub(crate) deadline: Duration,
    pub(crate) max_reply_bytes: usize,
}

/// A command, known by its spec or only by path.
#[derive(Clone, Copy)]
pub(crate) struct Command<'a> {
    pub(crate) path: &'a str,
    pub(crate) meta: Option<&'static Meta>,
}

impl Command<'_> {
    pub(crate) fn error(self, cause: Cause, sent: Sent) -> Error {
        match self.meta {
            Some(meta) => Error::new(meta.path, Some(meta), cause, sent),
            None => Error::new(self.path.to_owned(), None, cause, sent),
        }
    }
}

/// A reply as bytes, with the signature that the request carried.
pub(crate) struct Received {
    pub(crate) body: Bytes,
    pub(crate) signed: Arc<Signed>,
}

impl Transport {
    /// Sends a body and reads the reply. Not generic, so that it is compiled once.
    pub(crate) async fn attempt(
        &self,
        command: Command<'_>,
        body: Vec<u8>,
        deadline: Duration,
    ) -> Result<Received, Error> {
        let signed = self
            .credentials
            .current()
            .map_err(|e| command.error(Cause::Sign(e), Sent::No))?;
        let random = fastrand::u32(..);
        let mut url =
            String::with_capacity(self.base.len() + command.path.len() + signed.query().len() + 11);
        url.push_str(&self.base);
        url.push_str(command.path);
        url.push('?');
        url.push_str(signed.query());
        url.push_str(&random.to_string());
        let request = self
            .http
            .post(url)
            .header(header::CONTENT_TYPE, "application/json")
            .body(body);
        // One deadline for connecting, sending and reading. Dropping the future drops the request.
        match tokio::time::timeout(deadline, self.exchange(command, request)).await {
            Ok(Ok(body)) => Ok(Received { body, signed }),
            Ok(Err(error)) => Err(error),
            Err(_) => Err(command.error(Cause::Timeout(deadline), Sent::Maybe)),
        }
    }

    async fn exchange(
        &self,
        command: Command<'_>,
        request: reqwest::RequestBuilder,
    ) -> Result<Bytes, Error> {
        let mut response = request.send().await.map_err(|error| {
            // reqwest's errors carry the address, and with it the signature.
            let error = error.without_url();
            if error.is_connect() || error.is_builder() {
                command.error(Cause::Connect(error), Sent::No)
            } else {
                command.error(Cause::Transport(error), Sent::Maybe)
            }
        })?;
        let status = response.status();
        let limit = self.max_reply_bytes;
        let too_large = || command.error(Cause::TooLarge { limit }, Sent::Yes);
        let announced = response
            .content_length()
            .and_then(|length| usize::try_from(length).ok());
        if status == StatusCode::OK && announced.is_some_and(|length| length > limit) {
            return Err(too_large());
        }
        let mut body = BytesMut::new();
        loop {
            match response.chunk().await {
                Ok(Some(chunk)) if body.len() + chunk.len() > limit => {
                    // What stands in an error page is not worth another error.
                    if status == StatusCode::OK {
                        return Err(too_large());
                    }
                    break;
                }
                // The usual reply is one chunk, which needs no copy.
                Ok(Some(chunk))
                    if body.is_empty()
                        && announced == Some(chunk.len())
                        && status == StatusCode::OK =>
                {
                    return Ok(chunk);
                }
                Ok(Some(chunk)) => body.extend_from_slice(&chunk),
                Ok(None) => break,
                Err(_) if status != StatusCode::OK => break,
                Err(error) => {
                    return Err(command.error(Cause::Transport(error.without_url()), Sent::Maybe));
                }
            }
        }
        let body = body.freeze();
        if status == StatusCode::OK {
            Ok(body)
        } else {
            Err(command
                .error(
                    Cause::Http {
                        status: status.as_u16(),
                    },
                    Sent::Maybe,
                )
                .with_body(body))
        }
    }
}

/// Turns the bytes of a reply into its type, or into what the service says went wrong.
pub(crate) fn decode<R: Reply>(command: Command<'_>, received: &Received) -> Result<R, Error> {
    let body = &received.body;
    let mut envelope = match serde_json::from_slice::<R>(body) {
        Ok(reply) if reply.envelope().is_success() => return Ok(reply),
        Ok(reply) => reply.envelope().clone(),
        // A reply that refuses need not look like one that grants.
        Err(error) => match serde_json::from_slice::<RawReply>(body) {
            Ok(raw) if !raw.envelope.is_success() => raw.envelope,
            _ => return Err(undecodable::<R>(command, received, &error)),
        },
    };
    envelope.error_info = envelope.error_info.map(|text| received.signed.redact(text));
    Err(command
        .error(Cause::Api { envelope }, Sent::Yes)
        .with_body(body.clone()))
}

/// Decodes once more, this time keeping track of where in the reply it is.
fn undecodable<R: Reply>(
    command: Command<'_>,
    received: &Received,
    error: &serde_json::Error,
) -> Error {
    let mut json = serde_json::Deserializer::from_slice(&received.body);
    let field = match serde_path_to_error::deserialize::<_, R>(&mut json) {
        Err(error) => error.path().to_string(),
        Ok(_) => String::new(),
    };
    let message = quoted(&received.signed.redact(error.to_string()));
    let field = received.signed.redact(quoted(&field));
    command
        .error(Cause::Decode { field, message }, Sent::Yes)
        .with_body(received.body.clone())
}

impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transport")
            .field("base", &self.base)
            .field("credentials", &self.credentials)
            .field("deadline", &self.deadline)
            .finish_non_exhaustive()
    }
}
