//! Seeing what happens: events for `tracing`, and a hook for metrics.

use crate::{Error, ErrorKind};
use std::{fmt, time::Duration};

/// Is told of every try of every call. For metrics: it runs on the way of the call, so it must be
/// quick.
pub trait Observer: fmt::Debug + Send + Sync + 'static {
    /// A try is over.
    fn tried(&self, tried: &Tried<'_>);
}

/// One try of a call.
#[derive(Debug)]
#[non_exhaustive]
pub struct Tried<'a> {
    /// The command: `v4/openim/sendmsg`.
    pub endpoint: &'a str,
    /// 1 for the first try of the call.
    pub number: u32,
    /// What went wrong; none for a success.
    pub error: Option<&'a Error>,
    /// How long the limiter held it up.
    pub waited: Duration,
    /// How long it took from then on.
    pub took: Duration,
    /// Whether another try follows.
    pub repeats: bool,
}

impl Tried<'_> {
    /// Writes the event. Its names are part of the interface: target `tencent_chat`, fields
    /// `endpoint`, `number`, `outcome`, `code`, `waited_ms`, `took_ms`, `repeats`. Bodies, addresses
    /// and signatures are no part of it.
    pub(crate) fn trace(&self) {
        let waited_ms = self.waited.as_secs_f64() * 1e3;
        let took_ms = self.took.as_secs_f64() * 1e3;
        let outcome = self.error.map_or("ok", |error| outcome(error.kind()));
        let code = self.error.and_then(Error::code).map_or(0, |code| code.0);
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

const fn outcome(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::BadPath => "bad_path",
        ErrorKind::Invalid => "invalid",
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
