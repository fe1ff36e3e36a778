//! Errors: what went wrong, and what can be done about it.

use crate::{Limited, Region, response::Head};
use bytes::Bytes;
use reqwest::header::HeaderMap;
use std::{borrow::Cow, error::Error as StdError, fmt, net::SocketAddr, time::Duration};
use tencent_chat_types::{
    ActionStatus, Envelope, ErrorClass, ErrorCode, ErrorCodeInfo, ErrorRepeat, Meta, Setting,
    text::quoted,
    validate::{Violation, Violations},
};
use tencent_chat_usersig::SignError;

/// A call that failed.
///
/// Its messages never contain the key, a UserSig or the address with its query, and quote text from outside only
/// in part, on one line and escaped ([`quoted`]).
pub struct Error(Box<Inner>);

pub(crate) struct Inner {
    pub(crate) path: Cow<'static, str>,
    pub(crate) meta: Option<&'static Meta>,
    pub(crate) cause: Cause,
    pub(crate) sent: Sent,
    /// Whether it is safe to repeat the request, as the call decided.
    repeat_safe: bool,
    /// Whether the service may have acted on the request, in any of the attempts.
    maybe_acted: bool,
    /// The destination of the request, for failed connections.
    whereabouts: Option<String>,
    pub(crate) body: Option<Bytes>,
    /// Identifies the request of the last attempt.
    random: Option<u32>,
    /// From the response to it.
    head: Option<Head>,
    pub(crate) tries: Vec<FailedTry>,
    /// How far this machine's clock is ahead of the service's, in seconds.
    pub(crate) clock_ahead: Option<i64>,
}

/// A failed attempt.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct FailedTry {
    /// What went wrong.
    pub kind: ErrorKind,
    /// The service's error code, if it sent one.
    pub code: Option<ErrorCode>,
    /// The query parameter `random` of the request; see [`Error::random`].
    pub random: Option<u32>,
    /// The HTTP status of the response, if there was one.
    pub http_status: Option<u16>,
    /// How long the attempt took.
    pub took: Duration,
}

impl FailedTry {
    pub(crate) fn new(error: &Error, took: Duration) -> Self {
        Self {
            kind: error.kind(),
            code: error.code(),
            random: error.random(),
            http_status: error.http_status(),
            took,
        }
    }
}

pub(crate) enum Cause {
    BadPath,
    Invalid(Violations),
    Region {
        here: Region,
        served: &'static [&'static str],
    },
    Sign(SignError),
    Encode(serde_json::Error),
    Connect(reqwest::Error),
    NoConnection(Duration),
    Timeout(Duration),
    Transport(reqwest::Error),
    TooLarge {
        limit: usize,
    },
    Http {
        status: u16,
        /// When the gateway or proxy accepts requests again, if it said so.
        retry_after: Option<Duration>,
    },
    Decode {
        field: String,
        message: String,
        /// Whether the reply is not even the service's.
        foreign: bool,
    },
    Api {
        envelope: Envelope,
    },
    Stuck,
    Limited(Limited),
    Runtime(&'static str),
}

/// What went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The command's path is malformed; only for raw calls.
    BadPath,
    /// Fields of the request violate documented limits.
    Invalid,
    /// According to the documentation, the region of the app does not serve the command.
    Region,
    /// The UserSig could not be signed.
    Sign,
    /// The request could not be encoded as JSON.
    Encode,
    /// The connection could not be established.
    Connect,
    /// The deadline passed.
    Timeout,
    /// The connection broke.
    Transport,
    /// The reply is larger than the client's limit.
    TooLarge,
    /// The HTTP status of the reply is not 200, so it comes from a proxy or gateway.
    Http,
    /// The reply is not the command's reply, or not the service's at all: not a JSON object, or one
    /// with neither `ActionStatus` nor `ErrorCode`.
    Decode,
    /// The service refused or failed; see [`Error::code`].
    Api,
    /// A page promises more but leads back to itself.
    Stuck,
    /// The limiter can't admit the call within its deadline; nothing was sent.
    Limited,
    /// There is no runtime to run the call, or it ended during the call; or a blocking call was made within
    /// async code.
    Runtime,
}

impl ErrorKind {
    /// A word for metrics and logs: `timeout`. It does not change.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BadPath => "bad_path",
            Self::Invalid => "invalid",
            Self::Region => "region",
            Self::Sign => "sign",
            Self::Encode => "encode",
            Self::Connect => "connect",
            Self::Timeout => "timeout",
            Self::Transport => "transport",
            Self::TooLarge => "too_large",
            Self::Http => "http",
            Self::Decode => "decode",
            Self::Api => "api",
            Self::Stuck => "stuck",
            Self::Limited => "limited",
            Self::Runtime => "runtime",
        }
    }
}

impl AsRef<str> for ErrorKind {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Display for ErrorKind {
    /// What went wrong, as a phrase.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::BadPath => "malformed path",
            Self::Invalid => "invalid request",
            Self::Region => "not available in the region",
            Self::Sign => "UserSig could not be made",
            Self::Encode => "request could not be encoded",
            Self::Connect => "no connection",
            Self::Timeout => "timed out",
            Self::Transport => "connection broke",
            Self::TooLarge => "reply too large",
            Self::Http => "unexpected HTTP status",
            Self::Decode => "reply could not be decoded",
            Self::Api => "refused by the service",
            Self::Stuck => "paging went in circles",
            Self::Limited => "held back by the limiter",
            Self::Runtime => "no runtime to run on",
        })
    }
}

/// Whether a request reached the service, in any of its attempts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Sent {
    /// It was not sent; nothing has happened.
    No,
    /// It may have: the connection broke or timed out during the call.
    Maybe,
    /// It did: there is a reply.
    Yes,
}

impl Sent {
    /// A word for metrics and logs: `maybe`. It does not change.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::No => "no",
            Self::Maybe => "maybe",
            Self::Yes => "yes",
        }
    }
}

impl AsRef<str> for Sent {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Display for Sent {
    /// Whether it was sent, as a phrase.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::No => "not sent",
            Self::Maybe => "possibly sent",
            Self::Yes => "sent",
        })
    }
}

/// The command that an error is about.
pub(crate) struct Called<'a> {
    pub(crate) path: &'a str,
    pub(crate) meta: Option<&'static Meta>,
    pub(crate) repeat_safe: bool,
}

impl Error {
    pub(crate) fn new(called: Called<'_>, cause: Cause, sent: Sent) -> Self {
        let path = match called.meta {
            Some(meta) => Cow::Borrowed(meta.path),
            None => Cow::Owned(called.path.to_owned()),
        };
        let mut error = Self(Box::new(Inner {
            path,
            meta: called.meta,
            cause,
            sent,
            repeat_safe: called.repeat_safe,
            maybe_acted: false,
            whereabouts: None,
            body: None,
            random: None,
            head: None,
            tries: Vec::new(),
            clock_ahead: None,
        }));
        // Only the service's own refusal counts: a proxy or gateway may have forwarded the request.
        let refused =
            matches!(error.0.cause, Cause::Api { .. }) && is_refusal_at_the_gate(error.class());
        error.0.maybe_acted = sent != Sent::No && !refused;
        error
    }

    /// Adds the attempts, and whether the service may have acted on one of them.
    pub(crate) fn after(mut self, tries: Vec<FailedTry>, maybe_acted: bool) -> Self {
        self.0.tries = tries;
        self.0.maybe_acted |= maybe_acted;
        if maybe_acted && self.0.sent == Sent::No {
            self.0.sent = Sent::Maybe;
        }
        self
    }

    /// Adds the destination, if it is not clear from a reply.
    pub(crate) fn on_the_way_to(mut self, whereabouts: String) -> Self {
        self.0.whereabouts = Some(whereabouts);
        self
    }

    pub(crate) fn with_clock_ahead(mut self, seconds: Option<i64>) -> Self {
        self.0.clock_ahead = seconds;
        self
    }

    /// Whether the service has certainly not acted on the request in any of the attempts.
    pub(crate) fn was_not_acted_upon(&self) -> bool {
        !self.0.maybe_acted
    }

    /// Whether the service refused the call because of its rate.
    pub(crate) fn is_rate_refusal(&self) -> bool {
        // Used-up amounts stay used up, however long one waits.
        self.info().is_some_and(|info| {
            info.class == ErrorClass::Quota && info.repeat == ErrorRepeat::Later
        })
    }

    /// The attempts, the one with this error last. Empty if nothing was sent, or for an error
    /// that is not about sending.
    pub fn tries(&self) -> &[FailedTry] {
        &self.0.tries
    }

    /// By how many seconds this machine's clock is ahead of the service's (behind, if negative). Present if
    /// the service found the UserSig expired or not yet valid and the two clocks differ by
    /// more than a minute.
    pub fn clock_ahead(&self) -> Option<i64> {
        self.0.clock_ahead
    }

    pub(crate) fn with_body(mut self, body: Bytes) -> Self {
        self.0.body = Some(body);
        self
    }

    pub(crate) fn with_random(mut self, random: u32) -> Self {
        self.0.random = Some(random);
        self
    }

    pub(crate) fn with_head(mut self, head: Head) -> Self {
        self.0.head = Some(head);
        self
    }

    /// The command: `v4/openim/sendmsg`.
    pub fn endpoint(&self) -> &str {
        &self.0.path
    }

    /// What went wrong.
    pub fn kind(&self) -> ErrorKind {
        match self.0.cause {
            Cause::BadPath => ErrorKind::BadPath,
            Cause::Invalid(_) => ErrorKind::Invalid,
            Cause::Region { .. } => ErrorKind::Region,
            Cause::Sign(_) => ErrorKind::Sign,
            Cause::Encode(_) => ErrorKind::Encode,
            Cause::Connect(_) | Cause::NoConnection(_) => ErrorKind::Connect,
            Cause::Timeout(_) => ErrorKind::Timeout,
            Cause::Transport(_) => ErrorKind::Transport,
            Cause::TooLarge { .. } => ErrorKind::TooLarge,
            Cause::Http { .. } => ErrorKind::Http,
            Cause::Decode { .. } => ErrorKind::Decode,
            Cause::Api { .. } => ErrorKind::Api,
            Cause::Stuck => ErrorKind::Stuck,
            Cause::Limited(_) => ErrorKind::Limited,
            Cause::Runtime(_) => ErrorKind::Runtime,
        }
    }

    fn envelope(&self) -> Option<&Envelope> {
        match &self.0.cause {
            Cause::Api { envelope } => Some(envelope),
            _ => None,
        }
    }

    /// The service's error code. `None` or zero if only `ActionStatus` says that the call failed.
    pub fn code(&self) -> Option<ErrorCode> {
        self.envelope()?.error_code
    }

    /// The service's `ActionStatus`, unchanged.
    pub fn action_status(&self) -> Option<&ActionStatus> {
        self.envelope()?.action_status.as_ref()
    }

    /// The service's message, for logs: the beginning, on one line, escaped and without secrets
    /// ([`quoted`]). The full text is in [`raw_body`](Self::raw_body).
    pub fn server_text(&self) -> Option<&str> {
        self.envelope()?
            .error_info
            .as_deref()
            .filter(|text| !text.is_empty())
    }

    /// The entry of the public table for the code. Its meaning can depend on the service, which the path
    /// of a raw call also names.
    pub(crate) fn info(&self) -> Option<&'static ErrorCodeInfo> {
        let service = self.0.path.split('/').nth(1).unwrap_or_default();
        self.code()?.info_in(service)
    }

    /// What the code means for this command.
    pub fn meaning(&self) -> Option<&'static str> {
        let code = self.code()?;
        let own = self.0.meta.and_then(|meta| meta.meaning_of(code));
        own.or_else(|| self.info().map(|info| info.meaning))
    }

    /// What to do about it.
    pub fn advice(&self) -> Option<&'static str> {
        self.info()?.advice
    }

    /// Who must act. Errors of requests that never reached the service are the caller's, or temporary.
    pub fn class(&self) -> Option<ErrorClass> {
        match &self.0.cause {
            Cause::BadPath
            | Cause::Invalid(_)
            | Cause::Encode(_)
            | Cause::Stuck
            | Cause::Runtime(_) => Some(ErrorClass::Caller),
            Cause::Sign(_) | Cause::Region { .. } => Some(ErrorClass::Configuration),
            Cause::Limited(_) => Some(ErrorClass::Quota),
            Cause::Connect(_)
            | Cause::NoConnection(_)
            | Cause::Timeout(_)
            | Cause::Transport(_)
            | Cause::Decode { foreign: true, .. } => Some(ErrorClass::Transient),
            Cause::Http { status, .. } => Some(class_of_status(*status)),
            Cause::TooLarge { .. } | Cause::Decode { .. } => None,
            Cause::Api { .. } => self.info().map(|info| info.class),
        }
    }

    /// The settings of the client that may be wrong, judging by the failure. Empty if it does not point to any.
    ///
    /// A clock that is off by more than a minute is reported as [`Setting::Clock`], since it makes the service
    /// refuse every UserSig.
    pub fn settings(&self) -> &'static [Setting] {
        match &self.0.cause {
            _ if self.0.clock_ahead.is_some() => &[Setting::Clock],
            Cause::Sign(SignError::NoClock) => &[Setting::Clock],
            Cause::Api { .. } => self.info().map_or(&[], |info| info.settings),
            _ => &[],
        }
    }

    /// Whether the same request can succeed when it is sent again, as far as is known. That says
    /// nothing about whether it is safe to send it again: see [`is_repeat_safe`](Self::is_repeat_safe).
    pub fn repeat(&self) -> Option<ErrorRepeat> {
        match &self.0.cause {
            Cause::BadPath
            | Cause::Invalid(_)
            | Cause::Encode(_)
            | Cause::Sign(_)
            | Cause::Region { .. }
            | Cause::Stuck
            | Cause::Runtime(_) => Some(ErrorRepeat::Never),
            Cause::Connect(_)
            | Cause::NoConnection(_)
            | Cause::Timeout(_)
            | Cause::Transport(_)
            | Cause::Limited(_) => Some(ErrorRepeat::Later),
            // With these, gateways report that the service behind them did not respond.
            Cause::Http {
                status: 408 | 429 | 500..,
                ..
            } => Some(ErrorRepeat::Later),
            Cause::Http { .. } => Some(ErrorRepeat::Never),
            // It was truncated or comes from a proxy or gateway.
            Cause::Decode { foreign: true, .. } => Some(ErrorRepeat::Later),
            Cause::TooLarge { .. } | Cause::Decode { .. } => None,
            Cause::Api { .. } => self.info().map(|info| info.repeat),
        }
    }

    /// How long a retry can't help, if a source documents it (an archive that is created once an
    /// hour, a lock) or a gateway says so (`Retry-After` with HTTP status 429 or 503, up to an hour). The client
    /// does not retry if that can't help before the deadline.
    pub fn retry_after(&self) -> Option<Duration> {
        if let Cause::Http { retry_after, .. } = self.0.cause {
            return retry_after;
        }
        let code = self.code()?;
        self.0
            .meta
            .map_or_else(|| self.info()?.retry_after(), |meta| meta.retry_after(code))
    }

    /// Whether it is safe to send the same request again: it was not sent, the service refused it
    /// before acting, or repeating this request has no further effect. A message must have all
    /// the numbers by which the service recognizes duplicates; a raw call is never considered safe.
    pub fn is_repeat_safe(&self) -> bool {
        self.was_not_acted_upon() || self.0.repeat_safe
    }

    /// Whether the request reached the service.
    pub fn sent(&self) -> Sent {
        self.0.sent
    }

    /// The query parameter `random` of the last attempt, which identifies the request to the vendor's support.
    /// `None` if nothing was sent. Those of earlier attempts are in [`tries`](Self::tries).
    pub fn random(&self) -> Option<u32> {
        self.0.random
    }

    /// The HTTP status of the last response: 200 if the service itself refused. `None` without a response.
    pub fn http_status(&self) -> Option<u16> {
        self.0.head.as_ref().map(|head| head.status)
    }

    /// The headers of the last response, up to 16 KiB of them. Not part of any text, and marked as sensitive,
    /// since a server can repeat the address in them.
    pub fn headers(&self) -> Option<&HeaderMap> {
        self.0.head.as_ref().map(|head| &head.headers)
    }

    /// The fields that violate documented limits.
    pub fn violations(&self) -> impl Iterator<Item = &Violation> {
        let violations = if let Cause::Invalid(violations) = &self.0.cause {
            Some(violations)
        } else {
            None
        };
        violations.into_iter().flat_map(Violations::iter)
    }

    /// The original reply, if there is one. Not part of any message, since it can contain
    /// users' text.
    pub fn raw_body(&self) -> Option<&[u8]> {
        self.0.body.as_deref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = &self.0.path;
        let to = self.0.whereabouts.as_deref().unwrap_or("the service");
        match &self.0.cause {
            Cause::BadPath => write!(
                f,
                "\"{}\" is not a command; expected v4/<service>/<command>",
                quoted(path)
            ),
            Cause::Invalid(violations) => write!(f, "{path} was not sent: {violations}"),
            Cause::Region { here, served } => write!(
                f,
                "{path} was not sent: region {here} does not serve it, only {}",
                served.join(", ")
            ),
            Cause::Sign(error) => write!(f, "{path} was not sent: {error}"),
            Cause::Encode(error) => write!(f, "{path} was not sent: {error}"),
            Cause::Connect(error) => {
                write!(f, "{path} was not sent: cannot connect to {to}")?;
                write_root(f, error)
            }
            Cause::NoConnection(within) => write!(
                f,
                "{path} was not sent: cannot connect to {to} within {within:?}"
            ),
            Cause::Timeout(after) => {
                write!(f, "{path} got no reply within {after:?}")?;
                self.0
                    .whereabouts
                    .as_ref()
                    .map_or(Ok(()), |to| write!(f, " from {to}"))
            }
            Cause::Transport(error) => {
                write!(f, "{path} got no reply: the connection to {to} broke")?;
                write_root(f, error)
            }
            Cause::TooLarge { limit } => write!(f, "{path}: the reply has more than {limit} bytes"),
            Cause::Http { status, .. } => {
                write!(
                    f,
                    "{path}: the reply has HTTP status {status}, which is not from the service itself"
                )
            }
            Cause::Decode { field, message, .. } => {
                write!(f, "{path}: the reply is not valid for this command")?;
                if !field.is_empty() && field != "." {
                    write!(f, ", at {field}")?;
                }
                write!(f, ": {message}")
            }
            Cause::Api { envelope } if envelope.code().is_ok() => {
                write!(f, "{path} failed without an error code")?;
                if let Some(text) = self.server_text() {
                    write!(f, " (server: {text})")?;
                }
                Ok(())
            }
            Cause::Api { envelope } => {
                match envelope.code() {
                    code if code.is_ok() => write!(f, "{path} failed without an error code")?,
                    code => write!(f, "{path} failed with {code}")?,
                }
                if let Some(meaning) = self.meaning() {
                    write!(f, ": {}", meaning.trim_end_matches('.'))?;
                }
                if let Some(text) = self.server_text() {
                    write!(f, " (server: {text})")?;
                }
                if let Some(advice) = self.advice() {
                    write!(f, ". {advice}")?;
                }
                Ok(())
            }
            Cause::Limited(limited) => write!(f, "{path} was not sent: {limited}"),
            Cause::Runtime(problem) => write!(f, "{path} could not run: {problem}"),
            Cause::Stuck => write!(
                f,
                "{path} promised another page but its cursor did not move"
            ),
        }?;
        if self.0.tries.len() > 1 {
            write!(f, "; {} attempts were made", self.0.tries.len())?;
        }
        match self.0.clock_ahead {
            Some(seconds) if seconds > 0 => {
                write!(
                    f,
                    "; this machine's clock is {seconds} s ahead of the service's"
                )
            }
            Some(seconds) => {
                write!(
                    f,
                    "; this machine's clock is {} s behind the service's",
                    seconds.unsigned_abs()
                )
            }
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Error");
        shown
            .field("endpoint", &quoted(self.endpoint()))
            .field("kind", &self.kind())
            .field("sent", &self.0.sent);
        if let Some(code) = self.code() {
            shown.field("code", &code);
        }
        if let Some(random) = self.random() {
            shown.field("random", &random);
        }
        shown.field("message", &self.to_string());
        if let Some(source) = self.source() {
            shown.field("source", &quoted(&source.to_string()));
        }
        shown.finish_non_exhaustive()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match &self.0.cause {
            Cause::Connect(error) | Cause::Transport(error) => Some(error),
            Cause::Encode(error) => Some(error),
            Cause::Sign(error) => Some(error),
            Cause::Invalid(violations) => Some(violations),
            Cause::Limited(limited) => Some(limited),
            _ => None,
        }
    }
}

/// Whether the service refuses with a code of this class before it acts: the caller's rate or signature
/// was wrong, not the content of the request.
pub(crate) const fn is_refusal_at_the_gate(class: Option<ErrorClass>) -> bool {
    matches!(class, Some(ErrorClass::Quota | ErrorClass::Credential))
}

/// Who must act on an HTTP status, which is not the service's own: the proxy or gateway refused the
/// caller, doesn't know the address, is overloaded, or is broken.
const fn class_of_status(status: u16) -> ErrorClass {
    match status {
        // A redirect leads to a different address than the configured one.
        300..=399 | 401 | 403..=405 | 407 | 410 | 421 | 451 => ErrorClass::Configuration,
        429 => ErrorClass::Quota,
        408 | 425 => ErrorClass::Transient,
        400..=499 => ErrorClass::Caller,
        _ => ErrorClass::Transient,
    }
}

/// The innermost cause, which the outer ones only wrap (a refused connection, an unknown certificate
/// issuer), and the address that was tried, which is the proxy's if there is one.
fn write_root(f: &mut fmt::Formatter<'_>, error: &reqwest::Error) -> fmt::Result {
    let Some(mut cause) = error.source() else {
        return Ok(());
    };
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    f.write_str(" (")?;
    if let Some(address) = dialed(error) {
        write!(f, "{address}: ")?;
    }
    write!(f, "{})", quoted(&cause.to_string()))
}

/// The address of a failed connection. hyper provides it in no other way.
fn dialed(error: &reqwest::Error) -> Option<SocketAddr> {
    let mut cause = error.source();
    while let Some(error) = cause {
        let shown = format!("{error:?}");
        if let Some(rest) = shown.strip_prefix("ConnectError(") {
            let mut parts = rest.split([',', ')']).map(str::trim);
            return parts.find_map(|part| part.parse().ok());
        }
        cause = error.source();
    }
    None
}
