//! One HTTP exchange: sends a request, and returns the reply or what happened
//! instead.

use super::{
    body::{Departure, RequestBody},
    command::Command,
};
use crate::{
    error::{Cause, Error, Sent},
    response::Head,
    transport::Transport,
};
use bytes::{Bytes, BytesMut};
use reqwest::{
    Body, Method, Request, Response, StatusCode, Url,
    header::{self, HeaderValue},
};
use std::time::Duration;

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// What goes out.
pub(super) fn request(address: Url, body: RequestBody) -> Request {
    let mut request = Request::new(Method::POST, address);
    request.headers_mut().insert(header::CONTENT_TYPE, JSON);
    *request.body_mut() = Some(Body::wrap(body));
    request
}

/// A response as bytes.
pub(super) struct Received {
    pub(super) head: Head,
    pub(super) body: Bytes,
}

impl Transport {
    pub(super) async fn exchange(
        &self,
        command: Command<'_>,
        response: Result<impl Future<Output = Result<Response, reqwest::Error>> + Send, Error>,
        departure: &Departure,
    ) -> Result<Received, Error> {
        let mut response = response?.await.map_err(|error| {
            // reqwest's errors contain the address, and with it the signature.
            let error = error.without_url();
            if departure.call_off() {
                command.error(Cause::Connect(error), Sent::No)
            } else {
                command.error(Cause::Transport(error), Sent::Maybe)
            }
        })?;
        let status = response.status();
        let head = Head::of(&mut response);
        let limit = self.max_reply_bytes;
        let too_large = |head| {
            command
                .error(Cause::TooLarge { limit }, Sent::Yes)
                .with_head(head)
        };
        let announced = response
            .content_length()
            .and_then(|length| usize::try_from(length).ok());
        if status == StatusCode::OK && announced.is_some_and(|length| length > limit) {
            return Err(too_large(head));
        }
        let mut body = BytesMut::new();
        loop {
            match response.chunk().await {
                Ok(Some(chunk)) if body.len() + chunk.len() > limit => {
                    // The content of an error page is not worth another error.
                    if status == StatusCode::OK {
                        return Err(too_large(head));
                    }
                    break;
                }
                // Usually the reply is one chunk, which needs no copy.
                Ok(Some(chunk))
                    if body.is_empty()
                        && announced == Some(chunk.len())
                        && status == StatusCode::OK =>
                {
                    return Ok(Received { head, body: chunk });
                }
                Ok(Some(chunk)) => body.extend_from_slice(&chunk),
                Ok(None) => break,
                Err(_) if status != StatusCode::OK => break,
                Err(error) => {
                    let cause = Cause::Transport(error.without_url());
                    return Err(command.error(cause, Sent::Maybe).with_head(head));
                }
            }
        }
        let body = body.freeze();
        if status == StatusCode::OK {
            return Ok(Received { head, body });
        }
        let retry_after = match status {
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
                let said = head.headers.get(header::RETRY_AFTER);
                said.and_then(|said| retry_after(said, head.headers.get(header::DATE)))
            }
            _ => None,
        };
        let cause = Cause::Http {
            status: status.as_u16(),
            retry_after,
        };
        let error = command.error(cause, Sent::Maybe);
        Err(error.with_head(head).with_body(body))
    }
}

/// Longer values are treated as mistakes.
const LONGEST_HINT: Duration = Duration::from_secs(3_600);

/// When the gateway or proxy accepts requests again, by its own clock.
fn retry_after(said: &HeaderValue, date: Option<&HeaderValue>) -> Option<Duration> {
    let said = said.to_str().ok()?.trim();
    let after = match said.parse() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => {
            let now = httpdate::parse_http_date(date?.to_str().ok()?).ok()?;
            let then = httpdate::parse_http_date(said).ok()?;
            then.duration_since(now).unwrap_or_default()
        }
    };
    (after <= LONGEST_HINT).then_some(after)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_seconds_or_a_date_within_an_hour() {
        let date = HeaderValue::from_static("Thu, 26 Nov 2026 20:00:00 GMT");
        for (said, seconds) in [
            ("0", Some(0)),
            (" 7 ", Some(7)),
            ("3600", Some(3_600)),
            ("3601", None),
            ("99999999999999999999999", None),
            ("-1", None),
            ("1.5", None),
            ("soon", None),
            ("", None),
            ("Thu, 26 Nov 2026 20:00:09 GMT", Some(9)),
            ("Thu, 26 Nov 2026 19:00:00 GMT", Some(0)),
            ("Thu, 26 Nov 2099 20:00:00 GMT", None),
        ] {
            let value = HeaderValue::from_str(said).unwrap();
            let expected = seconds.map(Duration::from_secs);
            assert_eq!(retry_after(&value, Some(&date)), expected, "{said}");
        }
        let odd = HeaderValue::from_bytes(b"\xff").unwrap();
        assert_eq!(retry_after(&odd, Some(&date)), None);
        assert_eq!(retry_after(&date, None), None);
    }
}
