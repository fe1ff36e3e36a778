//! What the observer for the crate `metrics` reports, against the simulator.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use metrics::Unit;
use metrics_util::{
    MetricKind,
    debugging::{DebugValue, DebuggingRecorder},
};
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use tencent_chat_client::{
    Client, ErrorKind, LocalLimiter, MetricsObserver, RetryPolicy,
    types::{
        Endpoint as _, ErrorCode,
        account::ImportAccounts,
        message::{GetGroupHistory, SendMsg},
    },
};
use tencent_chat_simulator::{Fault, Simulator};

const APP: u64 = 1_400_000_000;

/// A counter's value, or a histogram's values.
#[derive(Debug, PartialEq)]
enum Value {
    Count(u64),
    Seen(Vec<f64>),
}

#[tokio::test]
async fn calls_tries_and_waits_are_reported_by_command_and_outcome() {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    // The runtime of this test has no other thread.
    let _guard = metrics::set_default_local_recorder(&recorder);
    let simulator = Simulator::builder(APP, "key").start().await.unwrap();
    let limiter = LocalLimiter::new().command(SendMsg::META.path, 1, 60);
    let client = Client::builder(APP, "administrator", "key")
        .base_url(simulator.base_url())
        .retry(RetryPolicy::new().quota_pause(Duration::from_millis(1)))
        .limiter(Arc::new(limiter))
        .observer(Arc::new(MetricsObserver::new()))
        .build()
        .unwrap();

    // A call with a second try, a refusal, one that the limiter holds back, one that never leaves, one that its
    // caller drops, and one of a command that nobody knows.
    let overloaded = Fault::Refuse(ErrorCode::APP_RATE_LIMITED);
    simulator.inject::<ImportAccounts>([overloaded]).unwrap();
    client.send(ImportAccounts::new(["lin"])).await.unwrap();
    let message = SendMsg::new("nobody", ["hello"]);
    let error = client.send(&message).await.unwrap_err();
    assert_eq!(error.code(), Some(ErrorCode::MESSAGE_RECIPIENT_NOT_FOUND));
    let error = client.send(&message).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Limited);
    let error = client.send(GetGroupHistory::new("g", 21)).await;
    assert_eq!(error.unwrap_err().kind(), ErrorKind::Invalid);
    simulator.inject_at("*", [Fault::Silence]).unwrap();
    let silent = client.call(GetGroupHistory::new("g", 1)).into_future();
    let dropped = tokio::time::timeout(Duration::from_millis(200), silent).await;
    assert!(dropped.is_err());
    let error = client.send_raw("v4/a/b", ()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Api);

    let mut seen = BTreeMap::new();
    for (key, unit, description, value) in snapshotter.snapshot().into_vec() {
        let (kind, key) = key.into_parts();
        let expected = match key.name().ends_with("_seconds") {
            true => Unit::Seconds,
            false => Unit::Count,
        };
        assert_eq!(unit, Some(expected), "{key}");
        assert!(description.is_some(), "{key}");
        let labels: Vec<&str> = key.labels().map(|label| label.value()).collect();
        let names: Vec<&str> = key.labels().map(|label| label.key()).collect();
        let all = ["endpoint", "outcome", "error_type", "error_class"];
        assert_eq!(names, all[..names.len()]);
        let value = match (kind, value) {
            (MetricKind::Counter, DebugValue::Counter(count)) => Value::Count(count),
            (MetricKind::Histogram, DebugValue::Histogram(values)) => {
                Value::Seen(values.into_iter().map(|value| value.0).collect())
            }
            other => panic!("{other:?}"),
        };
        let name = key.name().strip_prefix("tencent_chat_").unwrap();
        seen.insert(format!("{name} {}", labels.join(" ")), value);
    }
    let (import, send) = (ImportAccounts::META.path, SendMsg::META.path);
    let history = GetGroupHistory::META.path;
    let count = |name: String| (name, Value::Count(1));
    let mut expected: BTreeMap<String, Value> = [
        count(format!("calls_total {import} ok  ")),
        count(format!("calls_total {send} api 90012 not_found")),
        count(format!("calls_total {send} limited limited quota")),
        count(format!("calls_total {history} invalid invalid caller")),
        count(format!("calls_total {history} given_up  ")),
        count("calls_total other api 60009 caller".to_owned()),
        count(format!("tries_total {import} api 60011 quota")),
        count(format!("tries_total {import} ok  ")),
        count(format!("tries_total {send} api 90012 not_found")),
        count("tries_total other api 60009 caller".to_owned()),
    ]
    .into();
    for (call, tries) in [
        (format!("{import} ok"), 2.0),
        (format!("{send} api"), 1.0),
        (format!("{send} limited"), 0.0),
        (format!("{history} invalid"), 0.0),
        (format!("{history} given_up"), 1.0),
        ("other api".to_owned(), 1.0),
    ] {
        expected.insert(format!("call_tries {call}"), Value::Seen(vec![tries]));
    }
    // Times differ from run to run.
    let is_time = |name: &str| name.split(' ').next().unwrap().ends_with("_seconds");
    let (times, rest): (BTreeMap<_, _>, BTreeMap<_, _>) =
        seen.into_iter().partition(|(name, _)| is_time(name));
    assert_eq!(rest, expected);
    // Each call has a duration and a time for which it waited, and each try has a duration.
    for (metric, series) in [
        ("call_duration_seconds", 6),
        ("quota_wait_seconds", 6),
        ("try_duration_seconds", 4),
    ] {
        let of_metric = times.iter().filter(|(name, _)| name.starts_with(metric));
        assert_eq!(of_metric.count(), series, "{metric}: {times:#?}");
    }
    let dropped = &times[&format!("call_duration_seconds {history} given_up")];
    assert!(
        matches!(dropped, Value::Seen(took) if took[0] >= 0.2),
        "{dropped:?}"
    );
}
