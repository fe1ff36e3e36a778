//! The observer for the crate `metrics`.

use crate::{
    Finished, Observer, Tried,
    observe::{error_type, outcome},
};
use metrics::{
    Label, SharedString, Unit, counter, describe_counter, describe_histogram, histogram,
};
use tencent_chat_types::Meta;

const CALLS: &str = "tencent_chat_calls_total";
const CALL_DURATION: &str = "tencent_chat_call_duration_seconds";
const CALL_TRIES: &str = "tencent_chat_call_tries";
const QUOTA_WAIT: &str = "tencent_chat_quota_wait_seconds";
const TRIES: &str = "tencent_chat_tries_total";
const TRY_DURATION: &str = "tencent_chat_try_duration_seconds";

/// An [`Observer`] that reports to the recorder of the crate [`metrics`], such as one for Prometheus.
///
/// | metric | kind | labels |
/// |---|---|---|
/// | `tencent_chat_calls_total` | counter: calls that have ended | `endpoint`, `outcome`, `error_type`, `error_class` |
/// | `tencent_chat_call_duration_seconds` | histogram: from the call until its outcome, waiting and retries included | `endpoint`, `outcome` |
/// | `tencent_chat_call_tries` | histogram: attempts of a call, 0 if nothing was sent | `endpoint`, `outcome` |
/// | `tencent_chat_quota_wait_seconds` | histogram: how long the limiter delayed a call | `endpoint`, `outcome` |
/// | `tencent_chat_tries_total` | counter: requests that were sent | `endpoint`, `outcome`, `error_type`, `error_class` |
/// | `tencent_chat_try_duration_seconds` | histogram: from sending until the outcome of the attempt | `endpoint`, `outcome` |
///
/// | label | values |
/// |---|---|
/// | `endpoint` | `v4/openim/sendmsg`; `other` for commands that the spec does not describe |
/// | `outcome` | `ok`, a kind of error ([`ErrorKind::as_str`](crate::ErrorKind::as_str)), `given_up` if the caller dropped the call |
/// | `error_type` | the service's code or the HTTP status, otherwise the same as `outcome`; empty for a success. Codes that the spec does not list, or that an app chooses, are `api` |
/// | `error_class` | who must act ([`ErrorClass::as_str`](crate::types::ErrorClass::as_str)), `unknown`, or empty for a success |
///
/// The number of time series is bounded: no label has text from a user or a server.
///
/// ```no_run
/// # use std::sync::Arc;
/// use tencent_chat_client::{Client, MetricsObserver, Region};
///
/// # fn run() -> Result<(), Box<dyn std::error::Error>> {
/// // After the program has installed its recorder.
/// let client = Client::builder(1400000000, "administrator", "the key from the console")
///     .region(Region::SINGAPORE)
///     .observer(Arc::new(MetricsObserver::new()))
///     .build()?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct MetricsObserver {}

impl MetricsObserver {
    /// Describes the metrics to the recorder, which must be installed by now to know their units.
    pub fn new() -> Self {
        describe_counter!(CALLS, Unit::Count, "Calls that have ended.");
        describe_histogram!(CALL_DURATION, Unit::Seconds, "Time of a call.");
        describe_histogram!(CALL_TRIES, Unit::Count, "Attempts of a call.");
        describe_histogram!(
            QUOTA_WAIT,
            Unit::Seconds,
            "Time that a call waits for its quota."
        );
        describe_counter!(TRIES, Unit::Count, "Requests that were sent.");
        describe_histogram!(TRY_DURATION, Unit::Seconds, "Time of a request.");
        Self {}
    }
}

impl Default for MetricsObserver {
    fn default() -> Self {
        Self::new()
    }
}

impl Observer for MetricsObserver {
    fn tried(&self, tried: &Tried<'_>) {
        let outcome = outcome(tried.error);
        let timed = timed(tried.meta, outcome);
        counter!(TRIES, counted(&timed, tried.error)).increment(1);
        histogram!(TRY_DURATION, timed).record(tried.took);
    }

    fn finished(&self, finished: &Finished<'_>) {
        let outcome = match finished.abandoned {
            true => "given_up",
            false => outcome(finished.error),
        };
        let timed = timed(finished.meta, outcome);
        counter!(CALLS, counted(&timed, finished.error)).increment(1);
        histogram!(CALL_DURATION, timed.clone()).record(finished.took);
        histogram!(CALL_TRIES, timed.clone()).record(finished.tries);
        histogram!(QUOTA_WAIT, timed).record(finished.waited);
    }
}

/// The labels of histograms, which are kept few.
fn timed(meta: Option<&'static Meta>, outcome: &'static str) -> Vec<Label> {
    let endpoint = meta.map_or("other", |meta| meta.path);
    vec![
        Label::from_static_parts("endpoint", endpoint),
        Label::from_static_parts("outcome", outcome),
    ]
}

/// The labels of counters.
fn counted(timed: &[Label], error: Option<&crate::Error>) -> Vec<Label> {
    let (of_type, class) = match error {
        None => (SharedString::const_str(""), ""),
        Some(error) => {
            let class = error.class().map_or("unknown", |class| class.as_str());
            (SharedString::from(error_type(error)), class)
        }
    };
    let mut labels = timed.to_vec();
    labels.push(Label::new("error_type", of_type));
    labels.push(Label::from_static_parts("error_class", class));
    labels
}
