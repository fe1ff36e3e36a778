//! One attempt: a request goes out, and bytes come back or it is known what happened instead.

use crate::{
    credentials::{Credentials, Signed},
    error::{Cause, Error, Sent, quoted, without_text},
    http::Http,
    limit::{FAR, Limiter, Turn},
    observe::{CallSpan, Observer, Tried},
    pages::OUTSIDE,
    retry::{Next, RetryPolicy, Tries},
};
use bytes::{Bytes, BytesMut};
use reqwest::{
    StatusCode, Url,
    header::{self, HeaderValue},
};
use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant, UNIX_EPOCH},
};
use tencent_chat_types::{ErrorClass, ErrorRepeat, Meta, RawReply, Reply};
use tokio::runtime::Handle;
use tracing::Instrument as _;

/// Everything that calls share.
pub(crate) struct Transport {
    pub(crate) http: Http,
    /// Scheme, host and path prefix, with a slash at the end; standby hosts after the first.
    pub(crate) bases: Vec<Url>,
    /// Which of them is in use.
    pub(crate) base: AtomicUsize,
    pub(crate) observer: Option<Arc<dyn Observer>>,
    pub(crate) credentials: Credentials,
    pub(crate) deadline: Duration,
    pub(crate) try_timeout: Duration,
    pub(crate) retry: RetryPolicy,
    pub(crate) limiter: Option<Arc<dyn Limiter>>,
    pub(crate) max_reply_bytes: usize,
}

/// How a call goes about it.
pub(crate) struct Options {
    /// For all tries and pauses together.
    deadline: Duration,
    retry: RetryPolicy,
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
    date: Option<HeaderValue>,
}

/// A difference of clocks that matters, in seconds.
const CLOCK_DIFFERENCE: u64 = 60;

impl Transport {
    /// The client's own options, but for those that the call has.
    pub(crate) fn options(
        &self,
        deadline: Option<Duration>,
        retry: Option<RetryPolicy>,
    ) -> Options {
        Options {
            deadline: deadline.unwrap_or(self.deadline),
            retry: retry.unwrap_or_else(|| self.retry.clone()),
        }
    }

    /// One call, in its span. A body that could not be made ends it at once.
    pub(crate) async fn call<R: Reply>(
        &self,
        command: Command<'_>,
        body: Result<Vec<u8>, Error>,
        options: Options,
    ) -> Result<(R, Bytes), Error> {
        let mut span = CallSpan::new(command.path);
        let result = match body {
            Ok(body) => {
                let within = span.span();
                let call = self.repeatedly(command, body.into(), options, &mut span);
                call.instrument(within).await
            }
            Err(error) => Err(error),
        };
        span.over(result.as_ref().err());
        result
    }

    /// Sends a body until it gets its reply, or until another try would not help or do harm.
    async fn repeatedly<R: Reply>(
        &self,
        command: Command<'_>,
        body: Bytes,
        options: Options,
        span: &mut CallSpan,
    ) -> Result<(R, Bytes), Error> {
        // Timers and connections need one.
        if Handle::try_current().is_err() {
            return Err(command.error(Cause::Runtime(OUTSIDE), Sent::No));
        }
        let begun = Instant::now();
        let until = begun.checked_add(options.deadline).unwrap_or(begun + FAR);
        let mut last = None;
        let mut tries = Tries::new(&options.retry, until);
        loop {
            let asked = Instant::now();
            if let Some(limiter) = &self.limiter {
                let patience = until.saturating_duration_since(asked);
                let quota = command.meta.and_then(|meta| meta.quota);
                let turn = Turn::new(command.path, quota, patience);
                let turn = limiter.acquire(turn).await;
                span.waited += asked.elapsed();
                if let Err(limited) = turn {
                    let error = command.error(Cause::Limited(limited), Sent::No);
                    return Err(tries.give_up(error));
                }
            }
            let began = Instant::now();
            let left = until.saturating_duration_since(began);
            if left.is_zero() {
                // Too late to send anything: what went wrong before tells more.
                let late = || command.error(Cause::Timeout(options.deadline), Sent::No);
                return Err(tries.give_up(last.unwrap_or_else(late)));
            }
            let timeout = match left < self.try_timeout {
                true => (left, options.deadline),
                false => (self.try_timeout, self.try_timeout),
            };
            span.tries += 1;
            let mut signed = None;
            let outcome = self.attempt(command, body.clone(), timeout).await;
            let outcome = outcome.and_then(|received| {
                let reply = decode::<R>(command, &received);
                let reply = reply.map_err(|error| self.look_at_the_clock(error, &received));
                signed = Some(received.signed);
                reply.map(|reply| (reply, received.body))
            });
            let took = began.elapsed();
            let mut tried = Tried {
                endpoint: command.path,
                number: tries.made() + 1,
                error: None,
                waited: began.duration_since(asked),
                took,
                repeats: false,
            };
            let error = match outcome {
                Ok(reply) => {
                    self.observe(&tried);
                    return Ok(reply);
                }
                Err(error) => error,
            };
            let next = tries.failed(&error, &body, took);
            tried.error = Some(&error);
            tried.repeats = next != Next::GiveUp;
            self.observe(&tried);
            if let (Some(limiter), true) = (&self.limiter, error.is_rate_refusal()) {
                let pause = match next {
                    Next::Again(pause) => pause,
                    _ => options.retry.quota_pause,
                };
                limiter.back_off(command.path, pause);
            }
            // Also where this call is over: the next one must not go out with a stale UserSig again.
            if error.repeat() == Some(ErrorRepeat::RenewUserSig)
                && let Some(Err(problem)) = signed.map(|stale| self.credentials.renew(&stale))
            {
                return Err(tries.give_up(command.error(Cause::Sign(problem), Sent::No)));
            }
            match next {
                Next::GiveUp => return Err(tries.give_up(error)),
                Next::Again(pause) => tokio::time::sleep(pause).await,
                Next::Renew => {}
            }
            last = Some(error);
        }
    }

    fn observe(&self, tried: &Tried<'_>) {
        tried.trace();
        if let Some(observer) = &self.observer {
            observer.tried(tried);
        }
    }

    /// The host in use cannot be reached: on to the next, unless somebody has changed it already.
    fn leave_host(&self, index: usize) {
        let next = (index + 1) % self.bases.len();
        // Whoever is first wins; the others find the new host.
        let _ = (self.base).compare_exchange(index, next, Ordering::Relaxed, Ordering::Relaxed);
    }

    /// A UserSig that is refused for its time may be so because of a wrong clock on this machine.
    fn look_at_the_clock(&self, error: Error, received: &Received) -> Error {
        if error.class() != Some(ErrorClass::Credential) {
            return error;
        }
        let date = received.date.as_ref().and_then(|date| date.to_str().ok());
        let theirs = date
            .and_then(|date| httpdate::parse_http_date(date).ok())
            .and_then(|date| date.duration_since(UNIX_EPOCH).ok());
        let ahead = theirs.and_then(|theirs| {
            let (ours, theirs) = (self.credentials.now(), theirs.as_secs());
            let differs = ours.abs_diff(theirs) > CLOCK_DIFFERENCE;
            differs
                .then(|| i64::try_from(i128::from(ours) - i128::from(theirs)).unwrap_or(i64::MAX))
        });
        error.with_clock_ahead(ahead)
    }

    /// One try, with its timeout and the time to name when that passes. Not generic, so that it is
    /// compiled once.
    async fn attempt(
        &self,
        command: Command<'_>,
        body: Bytes,
        (timeout, named): (Duration, Duration),
    ) -> Result<Received, Error> {
        let signed = self
            .credentials
            .current()
            .map_err(|e| command.error(Cause::Sign(e), Sent::No))?;
        let index = self.base.load(Ordering::Relaxed);
        // The index is always one of these.
        let address = signed.address(&self.bases, index, command.path);
        let address = address.ok_or_else(|| command.error(Cause::BadPath, Sent::No))?;
        let request = self
            .http
            .post(address)
            .map_err(|cause| command.error(cause, Sent::No))?
            .header(
                header::CONTENT_TYPE,
                HeaderValue::from_static("application/json"),
            )
            .body(body);
        // One timeout for connecting, sending and reading. Dropping the future drops the request.
        match tokio::time::timeout(timeout, self.exchange(command, request)).await {
            Ok(Ok((body, date))) => Ok(Received { body, signed, date }),
            Ok(Err(error)) => {
                if error.sent() == Sent::No {
                    self.leave_host(index);
                }
                Err(error)
            }
            Err(_) => Err(command.error(Cause::Timeout(named), Sent::Maybe)),
        }
    }

    async fn exchange(
        &self,
        command: Command<'_>,
        request: reqwest::RequestBuilder,
    ) -> Result<(Bytes, Option<HeaderValue>), Error> {
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
                    return Ok((chunk, date));
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
            Ok((body, date))
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
    let message = quoted(&received.signed.redact(without_text(&error.to_string())));
    let field = received.signed.redact(quoted(&field));
    let is_json = serde_json::from_slice::<serde::de::IgnoredAny>(&received.body).is_ok();
    let cause = Cause::Decode {
        field,
        message,
        is_json,
    };
    command
        .error(cause, Sent::Yes)
        .with_body(received.body.clone())
}

impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transport")
            .field(
                "bases",
                &self.bases.iter().map(Url::as_str).collect::<Vec<_>>(),
            )
            .field("credentials", &self.credentials)
            .field("deadline", &self.deadline)
            .finish_non_exhaustive()
    }
}
