//! Observability: spans and events for `tracing`, and a hook for metrics.

use crate::{Error, ErrorKind};
use reqwest::Url;
use std::{
    borrow::Cow,
    fmt,
    time::{Duration, Instant},
};
use tencent_chat_types::{Meta, Misfits};
use tracing::{Span, field::Empty};

/// Is notified of every attempt of every call, for metrics. It runs on the path of the call, so it must be
/// quick.
///
/// With the feature `metrics`, `MetricsObserver` is a ready one.
pub trait Observer: fmt::Debug + Send + Sync + 'static {
    /// An attempt is over.
    fn tried(&self, tried: &Tried<'_>);

    /// A call has ended, after any number of attempts. Not called for a call that ends because of a panic.
    fn finished(&self, _finished: &Finished<'_>) {}
}

/// One attempt of a call.
#[derive(Debug)]
#[non_exhaustive]
pub struct Tried<'a> {
    /// The command: `v4/openim/sendmsg`.
    pub endpoint: &'a str,
    /// What the spec says about the command; `None` for a raw call to a command it does not describe.
    pub meta: Option<&'static Meta>,
    /// 1 for the first attempt of the call.
    pub number: u32,
    /// The query parameter `random` of the request, which identifies it to the vendor's support.
    pub random: u32,
    /// The HTTP status of the response, if there was one.
    pub http_status: Option<u16>,
    /// What went wrong; `None` for a success.
    pub error: Option<&'a Error>,
    /// How long the limiter delayed it.
    pub waited: Duration,
    /// How long it took after that.
    pub took: Duration,
    /// Whether another attempt follows.
    pub repeats: bool,
}

/// A call with all its attempts.
#[derive(Debug)]
#[non_exhaustive]
pub struct Finished<'a> {
    /// The command: `v4/openim/sendmsg`.
    pub endpoint: &'a str,
    /// What the spec says about the command; `None` for a raw call to a command it does not describe.
    pub meta: Option<&'static Meta>,
    /// How many attempts were sent; 0 for a call that was not sent at all.
    pub tries: u32,
    /// What went wrong; `None` for a success or an abandoned call.
    pub error: Option<&'a Error>,
    /// Whether the caller dropped the call's future before it was over.
    pub abandoned: bool,
    /// How long the limiter delayed it in total.
    pub waited: Duration,
    /// How long it took in total, waiting included.
    pub took: Duration,
}

impl Tried<'_> {
    /// Logs the event. These names are part of the public interface: target `tencent_chat`, fields
    /// `endpoint`, `number`, `random`, `outcome`, `status` (if there was a response), `code` (if the service
    /// sent one), `waited_ms`, `took_ms`, `repeats`. Bodies, addresses and signatures are never logged.
    pub(crate) fn trace(&self) {
        let waited_ms = self.waited.as_secs_f64() * 1e3;
        let took_ms = self.took.as_secs_f64() * 1e3;
        let outcome = outcome(self.error);
        let code = self.error.and_then(Error::code).map(|code| code.0);
        let (endpoint, number, random) = (self.endpoint, self.number, self.random);
        let (status, repeats) = (self.http_status, self.repeats);
        if self.error.is_none() {
            tracing::debug!(
                target: "tencent_chat",
                endpoint, number, random, outcome, status, code, waited_ms, took_ms, repeats, "call"
            );
        } else {
            tracing::warn!(
                target: "tencent_chat",
                endpoint, number, random, outcome, status, code, waited_ms, took_ms, repeats, "call"
            );
        }
    }
}

/// `ok`, or what kind of error it is.
pub(crate) fn outcome(error: Option<&Error>) -> &'static str {
    error.map_or("ok", |error| error.kind().as_str())
}

/// The `error.type` of OpenTelemetry: the service's code, the HTTP status of something in between, or the kind of
/// error. There is a bounded number of them: not codes that nobody knows or that an app can choose.
pub(crate) fn error_type(error: &Error) -> Cow<'static, str> {
    let known = error.info().filter(|info| info.from == info.to);
    match (error.kind(), known, error.http_status()) {
        (ErrorKind::Api, Some(info), _) => info.from.to_string().into(),
        (ErrorKind::Http, _, Some(status)) => status.to_string().into(),
        (kind, ..) => kind.as_str().into(),
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
/// `tencent_chat`, name `call`, field `endpoint`, at the end `tries`, `random`, `outcome`, `code`, `waited_ms`,
/// `took_ms`, and the attributes of OpenTelemetry. Without a subscriber it costs a check and no allocation.
#[derive(Debug)]
pub(crate) struct CallSpan<'c> {
    span: Span,
    observer: Option<&'c dyn Observer>,
    endpoint: &'c str,
    meta: Option<&'static Meta>,
    begun: Instant,
    /// How many attempts were sent.
    tries: u32,
    /// Identifies the last of them.
    random: Option<u32>,
    /// Where it went.
    host: Option<&'c Url>,
    /// Of the response to it.
    pub(crate) http_status: Option<u16>,
    /// How long the limiter delayed the call in total.
    pub(crate) waited: Duration,
    is_over: bool,
}

impl<'c> CallSpan<'c> {
    pub(crate) fn new(
        endpoint: &'c str,
        meta: Option<&'static Meta>,
        observer: Option<&'c dyn Observer>,
    ) -> Self {
        // `v4/<service>/<command>`. Called only for a span that somebody listens to.
        let name = || endpoint.split_once('/').map(|(_, name)| name);
        let parts = || name()?.split_once('/');
        Self {
            span: tracing::info_span!(
                target: "tencent_chat",
                "call",
                endpoint,
                tries = Empty,
                random = Empty,
                outcome = Empty,
                code = Empty,
                waited_ms = Empty,
                took_ms = Empty,
                otel.kind = "client",
                otel.name = name(),
                otel.status_code = Empty,
                rpc.system = RPC_SYSTEM,
                rpc.service = parts().map(|(service, _)| service),
                rpc.method = parts().map(|(_, method)| method),
                http.request.method = "POST",
                http.response.status_code = Empty,
                server.address = Empty,
                server.port = Empty,
                "error.type" = Empty,
            ),
            observer,
            endpoint,
            meta,
            begun: Instant::now(),
            tries: 0,
            random: None,
            host: None,
            http_status: None,
            waited: Duration::ZERO,
            is_over: false,
        }
    }

    pub(crate) fn span(&self) -> Span {
        self.span.clone()
    }

    /// When the call started.
    pub(crate) fn begun(&self) -> Instant {
        self.begun
    }

    /// An attempt is about to be sent.
    pub(crate) fn trying(&mut self, random: u32, host: Option<&'c Url>) {
        self.tries += 1;
        self.random = Some(random);
        self.host = host;
        self.http_status = None;
    }

    /// The call is over, with this error or none.
    pub(crate) fn over(mut self, error: Option<&Error>) {
        self.is_over = true;
        self.end(outcome(error), error);
    }

    fn end(&self, outcome: &'static str, error: Option<&Error>) {
        let took = self.begun.elapsed();
        if !self.span.is_disabled() {
            self.record(outcome, error, took);
        }
        if let Some(observer) = self.observer {
            observer.finished(&Finished {
                endpoint: self.endpoint,
                meta: self.meta,
                tries: self.tries,
                error,
                abandoned: !self.is_over,
                waited: self.waited,
                took,
            });
        }
    }

    fn record(&self, outcome: &'static str, error: Option<&Error>, took: Duration) {
        let host = |url: &'c Url| url.host_str();
        let port = |url: &Url| url.port_or_known_default();
        let code = error.and_then(Error::code).map(|code| code.0);
        self.span
            .record("tries", self.tries)
            .record("random", self.random)
            .record("outcome", outcome)
            .record("code", code)
            .record("waited_ms", self.waited.as_secs_f64() * 1e3)
            .record("took_ms", took.as_secs_f64() * 1e3)
            .record("http.response.status_code", self.http_status)
            .record("server.address", self.host.and_then(host))
            .record("server.port", self.host.and_then(port));
        if let Some(error) = error {
            self.span
                .record("otel.status_code", "ERROR")
                .record("error.type", &*error_type(error));
        }
    }
}

impl Drop for CallSpan<'_> {
    fn drop(&mut self) {
        // Otherwise the caller has dropped the future of the call, or something that it runs has panicked: an
        // observer that panics once more would end the process.
        if self.is_over {
            return;
        }
        if std::thread::panicking() {
            self.observer = None;
        }
        self.end("given_up", None);
    }
}

/// The value of `rpc.system`.
const RPC_SYSTEM: &str = "tencent_chat";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_that_nobody_listens_to_is_none() {
        assert!(CallSpan::new("v4/a/b", None, None).span().is_none());
    }
}
