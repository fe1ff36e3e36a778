//! What OpenTelemetry makes of the span of a call.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use axum::{http::StatusCode, response::IntoResponse};
use opentelemetry::trace::{SpanKind, Status, TracerProvider as _};
use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider, SpanData};
use support::{Server, builder};
use tencent_chat_client::{ErrorKind, types::conversation::GetContactGroup};
use tracing_subscriber::layer::SubscriberExt as _;

/// The attribute of a span, as text.
fn attribute(span: &SpanData, name: &str) -> Option<String> {
    let found = span
        .attributes
        .iter()
        .find(|pair| pair.key.as_str() == name);
    found.map(|pair| pair.value.to_string())
}

#[tokio::test]
async fn a_call_is_a_client_span_by_the_semantic_conventions() {
    let exporter = InMemorySpanExporter::default();
    let provider = SdkTracerProvider::builder()
        .with_simple_exporter(exporter.clone())
        .build();
    let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("test"));
    // The runtime of this test has no other thread.
    let _guard = tracing::subscriber::set_default(tracing_subscriber::registry().with(layer));
    let last = || {
        let spans = exporter.get_finished_spans().unwrap();
        exporter.reset();
        assert_eq!(spans.len(), 1);
        spans.into_iter().next().unwrap()
    };

    let server = Server::replying(r#"{"ActionStatus":"OK","ErrorCode":0,"CompleteFlag":1}"#).await;
    let port = server.base.rsplit_once(':').unwrap().1.to_owned();
    server
        .client()
        .send(GetContactGroup::new("lin"))
        .await
        .unwrap();
    let span = last();
    assert_eq!(span.name, "recentcontact/get_contact_group");
    assert_eq!(
        (&span.span_kind, &span.status),
        (&SpanKind::Client, &Status::Unset)
    );
    let random = &server.seen()[0].query["random"];
    for (name, value) in [
        ("rpc.system", "tencent_chat"),
        ("rpc.service", "recentcontact"),
        ("rpc.method", "get_contact_group"),
        ("http.request.method", "POST"),
        ("http.response.status_code", "200"),
        ("server.address", "127.0.0.1"),
        ("server.port", &port),
        ("endpoint", "v4/recentcontact/get_contact_group"),
        ("outcome", "ok"),
        ("tries", "1"),
        ("random", random),
    ] {
        assert_eq!(attribute(&span, name).as_deref(), Some(value), "{name}");
    }
    assert_eq!(attribute(&span, "error.type"), None);

    for (status, body, of_type, response) in [
        (
            200,
            r#"{"ActionStatus":"FAIL","ErrorCode":60010}"#,
            "60010",
            "200",
        ),
        // Codes of apps, and those that nobody knows, are not types of their own: there could be any number.
        (
            200,
            r#"{"ActionStatus":"FAIL","ErrorCode":123456}"#,
            "api",
            "200",
        ),
        (
            200,
            r#"{"ActionStatus":"FAIL","ErrorCode":-999}"#,
            "api",
            "200",
        ),
        (502, "<html>", "502", "502"),
        (200, "<html>", "decode", "200"),
    ] {
        let status = StatusCode::from_u16(status).unwrap();
        let server = Server::new(move |_| (status, body).into_response()).await;
        let error = server.client().send(GetContactGroup::new("lin")).await;
        error.unwrap_err();
        let span = last();
        assert!(
            matches!(span.status, Status::Error { .. }),
            "{:?}",
            span.status
        );
        assert_eq!(attribute(&span, "error.type").as_deref(), Some(of_type));
        let code = attribute(&span, "http.response.status_code");
        assert_eq!(code.as_deref(), Some(response));
        // The address is an attribute, and its query never is.
        let sig = &server.seen()[0].query["usersig"];
        assert!(!format!("{span:?}").contains(&sig[..24]));
    }

    let nowhere = builder("http://127.0.0.1:1").build().unwrap();
    let error = nowhere.send(GetContactGroup::new("lin")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connect);
    let span = last();
    assert_eq!(attribute(&span, "error.type").as_deref(), Some("connect"));
    assert_eq!(attribute(&span, "http.response.status_code"), None);
    assert_eq!(attribute(&span, "server.port").as_deref(), Some("1"));
}
