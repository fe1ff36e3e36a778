//! The exchange of bytes: a request goes out, and a reply comes back or it is known what happened
//! instead.

use super::{
    body::{Departure, RequestBody},
    command::Command,
};
use crate::{
    error::{Cause, Error, Sent},
    transport::Transport,
};
use bytes::{Bytes, BytesMut};
use reqwest::{
    Body, StatusCode, Url,
    header::{self, HeaderValue},
};

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// What goes out.
pub(super) struct Request {
    pub(super) address: Url,
    pub(super) body: RequestBody,
}

/// A reply as bytes.
pub(super) struct Received {
    pub(super) body: Bytes,
    /// When the service sent it, by its own clock.
    pub(super) date: Option<HeaderValue>,
}

impl Transport {
    pub(super) async fn exchange(
        &self,
        command: Command<'_>,
        request: Request,
        departure: &Departure,
    ) -> Result<Received, Error> {
        let request = (self.http)
            .post(request.address)
            .map_err(|cause| command.error(cause, Sent::No))?
            .header(header::CONTENT_TYPE, JSON)
            .body(Body::wrap(request.body));
        let mut response = request.send().await.map_err(|error| {
            // reqwest's errors carry the address, and with it the signature.
            let error = error.without_url();
            if departure.call_off() {
                command.error(Cause::Connect(error), Sent::No)
            } else {
                command.error(Cause::Transport(error), Sent::Maybe)
            }
        })?;
        let status = response.status();
        let date = response.headers_mut().remove(header::DATE);
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
                    return Ok(Received { body: chunk, date });
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
            Ok(Received { body, date })
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
