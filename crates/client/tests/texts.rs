//! Error messages: short, on one line, with the right host and with who must act.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use axum::{http::StatusCode, response::IntoResponse};
use serde_json::json;
use support::{Server, builder, raw, read_request, write};
use tencent_chat_client::{Error, ErrorKind, Sent, reqwest};
use tencent_chat_types::{
    ErrorClass, ErrorCode, account::DeleteAccounts, conversation::GetContactGroup,
    model::AccountId, text::QUOTED_BYTES,
};

/// Megabytes, line breaks, a terminal's escape character and a change of direction.
fn hostile() -> String {
    "no\r\n\u{1b}[31msuch\u{202e}user\0".repeat(20_000)
}

fn request() -> GetContactGroup {
    GetContactGroup::new("lin")
}

#[track_caller]
fn assert_fit_to_show(text: &str) {
    assert!(text.len() < 2_000, "{} bytes", text.len());
    let odd = |c: char| c.is_control() || c == '\u{202e}';
    assert!(!text.contains(odd), "{text:?}");
}

#[tokio::test]
async fn the_services_text_is_truncated_and_escaped_in_errors_of_calls() {
    let text = hostile();
    let reply = json!({ "ActionStatus": "FAIL", "ErrorCode": 51000, "ErrorInfo": text });
    let server = Server::replying(reply.to_string()).await;
    let error = server.client().send(request()).await.unwrap_err();
    assert_eq!(error.code(), Some(ErrorCode(51000)));
    assert_fit_to_show(&error.to_string());
    assert_fit_to_show(&format!("{error:?}"));
    let shown = error.server_text().unwrap();
    assert!(shown.len() <= QUOTED_BYTES && shown.starts_with(r"no\r\n\u{1b}[31msuch\u{202e}user"));
    // The whole text is available on request.
    assert_eq!(error.raw_body().unwrap().len(), reply.to_string().len());
}

#[tokio::test]
async fn the_services_text_is_truncated_and_escaped_in_errors_of_batch_items() {
    let reply = json!({
        "ActionStatus": "OK", "ErrorCode": 0, "ErrorInfo": "",
        "ResultItem": [{ "UserID": "mei", "ResultCode": 70107, "ResultInfo": hostile() }],
    });
    let server = Server::replying(reply.to_string()).await;
    let client = server.client();
    let outcome = client
        .batch(DeleteAccounts::new([AccountId::new("mei")]))
        .await;
    let (_, why) = outcome.failed().next().unwrap();
    assert_fit_to_show(&why.to_string());
    assert_fit_to_show(&format!("{why:?}"));
    assert!(why.to_string().contains(r"no\r\n\u{1b}[31msuch"), "{why}");
    assert_fit_to_show(&format!("{:?}", outcome));
}

#[tokio::test]
async fn invalid_replies_are_truncated_and_escaped() {
    for body in [hostile(), format!("{{\"{}\":", hostile().escape_default())] {
        let server = Server::replying(body).await;
        let error = server.client().send(request()).await.unwrap_err();
        assert_fit_to_show(&error.to_string());
        assert_fit_to_show(&format!("{error:?}"));
    }
}

#[tokio::test]
async fn an_invalid_path_is_truncated_and_escaped() {
    let server = Server::replying("{}").await;
    let error = server.client().send_raw(&hostile(), json!({})).await;
    let error = error.unwrap_err();
    assert_eq!((error.kind(), error.sent()), (ErrorKind::BadPath, Sent::No));
    assert_fit_to_show(&error.to_string());
}

#[tokio::test]
async fn a_refusal_without_a_code_names_none() {
    let server = Server::replying(r#"{"ActionStatus":"FAIL","ErrorInfo":"no"}"#).await;
    let text = server
        .client()
        .send(request())
        .await
        .unwrap_err()
        .to_string();
    assert!(text.contains("failed without an error code"), "{text}");
    assert!(!text.contains("with 0"), "{text}");
}

async fn nobody() -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    listener.local_addr().unwrap().to_string()
}

async fn refused(client: tencent_chat_client::Client) -> Error {
    let error = client.send(request()).await.unwrap_err();
    assert_eq!((error.kind(), error.sent()), (ErrorKind::Connect, Sent::No));
    error
}

#[tokio::test]
async fn a_connection_failure_names_the_host_and_no_query() {
    let address = nobody().await;
    let error = refused(builder(&format!("http://{address}")).build().unwrap()).await;
    let text = format!("{error} {error:?}");
    assert!(error.to_string().contains(&address), "{text}");
    assert!(!text.contains("usersig") && !text.contains('?'), "{text}");
}

#[tokio::test]
async fn a_connection_failure_names_the_proxy_and_not_its_password() {
    let address = nobody().await;
    let proxy = format!("http://someone:hidden-word@{address}");
    let client = builder("http://service.example/")
        .allow_plain_http()
        .http(move |http| http.proxy(reqwest::Proxy::all(proxy).unwrap()));
    let error = refused(client.build().unwrap()).await;
    let text = format!("{error} {error:?}");
    assert!(error.to_string().contains("service.example"), "{text}");
    assert!(error.to_string().contains(&address), "{text}");
    assert!(!text.contains("hidden-word"), "{text}");
}

/// A proxy that refuses the call, with a response that looks like the service's.
#[tokio::test]
async fn a_proxys_refusal_is_never_the_services_reply_and_is_not_shown_raw() {
    let reply = r#"{"ActionStatus":"OK","ErrorCode":0,"ErrorInfo":"from-the-proxy"}"#;
    let page = format!("\u{1b}[31mfrom-the-proxy{}", hostile());
    for (head, body) in [
        ("HTTP/1.1 403 from-the-proxy \u{1b}[31m", reply),
        ("HTTP/1.1 407 from-the-proxy", reply),
        ("HTTP/1.1 502 Bad Gateway\r\nX-Words: from-the-proxy", &page),
        (
            "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1/from-the-proxy",
            "",
        ),
        ("from-the-proxy\u{1b}[31m", &page),
        // It accepts, and then answers itself instead of the service.
        ("HTTP/1.1 200 OK", reply),
    ] {
        let length = body.len();
        let answer = format!("{head}\r\nContent-Length: {length}\r\n\r\n{body}");
        let proxy = raw(move |mut connection| {
            let answer = answer.clone();
            async move {
                read_request(&mut connection).await;
                write(&mut connection, &answer).await;
            }
        })
        .await;
        let address = proxy.trim_start_matches("http://").to_owned();
        let client = builder("https://service.example/")
            .http(move |http| http.proxy(reqwest::Proxy::all(proxy).unwrap()));
        let error = refused(client.build().unwrap()).await;
        let mut texts = format!("{error}\n{error:?}");
        assert!(
            texts.contains("service.example") && texts.contains(&address),
            "{texts}"
        );
        let mut source = std::error::Error::source(&error);
        while let Some(inner) = source {
            texts += &format!("\n{inner}\n{inner:?}");
            source = inner.source();
        }
        assert!(
            !texts.contains("from-the-proxy") && !texts.contains("usersig"),
            "{texts}"
        );
        assert_eq!((error.code(), error.server_text()), (None, None), "{head}");
        assert!(error.is_repeat_safe(), "{head}");
        assert_fit_to_show(&error.to_string());
        assert_fit_to_show(&format!("{error:?}"));
    }
}

#[tokio::test]
async fn a_status_has_the_class_of_who_must_act() {
    use ErrorClass::{Caller, Configuration, Quota, Transient};
    for (status, class) in [
        (302, Configuration),
        (400, Caller),
        (401, Configuration),
        (403, Configuration),
        (404, Configuration),
        (407, Configuration),
        (408, Transient),
        (413, Caller),
        (429, Quota),
        (500, Transient),
        (502, Transient),
        (503, Transient),
    ] {
        let status = StatusCode::from_u16(status).unwrap();
        let server = Server::new(move |_| status.into_response()).await;
        let error = server.client().send(request()).await.unwrap_err();
        assert_eq!(error.http_status(), Some(status.as_u16()));
        assert_eq!(error.class(), Some(class), "{status}");
    }
}
