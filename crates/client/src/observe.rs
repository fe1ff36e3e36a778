//! Observability: spans and events for `tracing`, and a hook for metrics.

use crate::{Error, ErrorKind};
use std::{
    fmt,
    time::{Duration, Instant},
};
use tencent_chat_types::Misfits;
use tracing::{Span, field::Empty};

/// Is notified of every attempt of every call, for metrics. It runs on the path of the call, so it must be
/// quick.
pub trait Observer: fmt::Debug + Send + Sync + 'static {
    /// An attempt is over.
    fn tried(&self, tried: &Tried<'_>);
}

/// One attempt of a call.
#[derive(Debug)]
#[non_exhaustive]
pub struct Tried<'a> {
    /// The command: `v4/openim/sendmsg`.
    pub endpoint: &'a str,
    /// 1 for the first attempt of the call.
    pub number: u32,
    /// What went wrong; `None` for a success.
    pub error: Option<&'a Error>,
    /// How long the limiter delayed it.
    pub waited: Duration,
    /// How long it took after that.
    pub took: Duration,
    /// Whether another attempt follows.
    pub repeats: bool,
}

impl<'a> Tried<'a> {
    /// A success, until an error is added.
    pub(crate) fn new(endpoint: &'a str, number: u32, waited: Duration, took: Duration) -> Self {
        Self {
            endpoint,
            number,
            error: None,
            waited,
            took,
            repeats: false,
        }
    }

    /// Logs the event. These names are part of the public interface: target `tencent_chat`, fields
    /// `endpoint`, `number`, `outcome`, `code` (if the service sent one), `waited_ms`, `took_ms`,
    /// `repeats`. Bodies, addresses and signatures are never logged.
    pub(crate) fn trace(&self) {
        let waited_ms = self.waited.as_secs_f64() * 1e3;
        let took_ms = self.took.as_secs_f64() * 1e3;
        let outcome = self.error.map_or("ok", |error| outcome(error.kind()));
        let code = self.error.and_then(Error::code).map(|code| code.0);
        let (endpoint, number, repeats) = (self.endpoint, self.number, self.repeats);
        if self.error.is_none() {
            tracing::debug!(
                target: "tencent_chat",
                endpoint, number, outcome, code, waited_ms, took_ms, repeats, "call"
            );
        } else {
            tracing::warn!(
                target: "tencent_chat",
                endpoint, number, outcome, code, waited_ms, took_ms, repeats, "call"
            );
        }
    }
}

/// Logs which parts of a reply did not fit and were kept unchanged, but not their content.
pub(crate) fn trace_misfits(endpoint: &str, misfits: &Misfits<'_>) {
    if !misfits.is_empty() {
        let count = misfits.len();
        tracing::warn!(target: "tencent_chat", endpoint, count, fields = %misfits, "misfit");
    }
}

/// The span of one call, with all its attempts. These names are part of the public interface: target
/// `tencent_chat`, name `call`, fields `endpoint`, and at the end `tries`, `outcome`, `code`,
/// `waited_ms`, `took_ms`. Without a subscriber it costs a check and no allocation.
#[derive(Debug)]
pub(crate) struct CallSpan {
    span: Span,
    begun: Instant,
    /// How many attempts were sent.
    pub(crate) tries: u32,
    /// How long the limiter delayed the call in total.
    pub(crate) waited: Duration,
    /// `None` until it is over.
    result: Option<(&'static str, Option<i64>)>,
}

impl CallSpan {
    pub(crate) fn new(endpoint: &str) -> Self {
        Self {
            span: tracing::info_span!(
                target: "tencent_chat",
                "call",
                endpoint,
                tries = Empty,
                outcome = Empty,
                code = Empty,
                waited_ms = Empty,
                took_ms = Empty
            ),
            begun: Instant::now(),
            tries: 0,
            waited: Duration::ZERO,
            result: None,
        }
    }

    pub(crate) fn span(&self) -> Span {
        self.span.clone()
    }

    /// The call is over, with this error or none.
    pub(crate) fn over(mut self, error: Option<&Error>) {
        let outcome = error.map_or("ok", |error| outcome(error.kind()));
        let code = error.and_then(Error::code).map(|code| code.0);
        self.result = Some((outcome, code));
    }
}

impl Drop for CallSpan {
    fn drop(&mut self) {
        if self.span.is_disabled() {
            return;
        }
        // The caller has dropped the future of the call.
        let (outcome, code) = self.result.unwrap_or(("given_up", None));
        self.span
            .record("tries", self.tries)
            .record("outcome", outcome)
            .record("code", code)
            .record("waited_ms", self.waited.as_secs_f64() * 1e3)
            .record("took_ms", self.begun.elapsed().as_secs_f64() * 1e3);
    }
}

const fn outcome(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::BadPath => "bad_path",
        ErrorKind::Invalid => "invalid",
        ErrorKind::Region => "region",
        ErrorKind::Sign => "sign",
        ErrorKind::Encode => "encode",
        ErrorKind::Connect => "connect",
        ErrorKind::Timeout => "timeout",
        ErrorKind::Transport => "transport",
        ErrorKind::TooLarge => "too_large",
        ErrorKind::Http => "http",
        ErrorKind::Decode => "decode",
        ErrorKind::Api => "api",
        ErrorKind::Stuck => "stuck",
        ErrorKind::Limited => "limited",
        ErrorKind::Runtime => "runtime",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_subscriber_there_is_no_span() {
        assert!(CallSpan::new("v4/a/b").span().is_none());
    }
}
