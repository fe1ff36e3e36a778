//! The HTTP client can be configured further, and stays safe.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use axum::{
    http::{StatusCode, header},
    response::IntoResponse,
};
use std::{
    error::Error as _,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use support::{ADMIN, APP, KEY, Server, builder, raw, tls::tls_server, write};
use tencent_chat_client::{Client, ErrorKind, Sent, reqwest};
use tencent_chat_types::conversation::GetContactGroup;
use tokio::io::AsyncReadExt;

const DONE: &str = r#"{"ActionStatus":"OK","ErrorCode":0,"CompleteFlag":1}"#;

fn request() -> GetContactGroup {
    GetContactGroup::new("lin")
}

#[tokio::test]
async fn a_certificate_of_ones_own() {
    let server = tls_server(DONE).await;
    let ca = reqwest::Certificate::from_pem(server.ca_pem.as_bytes()).unwrap();
    let trusting = builder(&server.base)
        .http(|http| http.tls_certs_merge([ca]))
        .build()
        .unwrap();
    trusting.send(request()).await.unwrap();

    let error = builder(&server.base)
        .build()
        .unwrap()
        .send(request())
        .await
        .unwrap_err();
    assert_eq!((error.kind(), error.sent()), (ErrorKind::Connect, Sent::No));
    let text = error.to_string();
    // The platform's verifier has its own message for it.
    assert!(text.to_lowercase().contains("certificate"), "{text}");
    let mut texts = format!("{text} {error:?}");
    let mut source = error.source();
    while let Some(inner) = source {
        texts += &format!(" {inner} {inner:?}");
        source = inner.source();
    }
    for secret in [KEY, "usersig", "sdkappid", "eJ"] {
        assert!(!texts.contains(secret), "{texts}");
    }
}

/// A proxy that answers for a host that does not exist.
#[tokio::test]
async fn a_proxy_sees_the_requests() {
    let seen: Arc<Mutex<Vec<String>>> = Arc::default();
    let log = Arc::clone(&seen);
    let proxy = raw(move |mut connection| {
        let log = Arc::clone(&log);
        async move {
            let mut buffer = [0; 4096];
            while let Ok(length @ 1..) = connection.read(&mut buffer).await {
                let head = String::from_utf8_lossy(&buffer[..length]);
                let line = head.lines().next().unwrap_or_default();
                let address = line.split('?').next().unwrap_or_default();
                log.lock().unwrap().push(address.to_owned());
                let reply = format!(
                    "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{DONE}",
                    DONE.len()
                );
                write(&mut connection, &reply).await;
            }
        }
    })
    .await;
    // Even for an address on this machine, for which proxies from the environment are not used.
    for base in ["http://chat.invalid", "http://127.0.0.1:1"] {
        let proxy = reqwest::Proxy::http(&proxy).unwrap();
        let client = builder(base)
            .allow_plain_http()
            .http(|http| http.proxy(proxy))
            .build()
            .unwrap();
        client.send(request()).await.unwrap();
        let path = "v4/recentcontact/get_contact_group";
        assert_eq!(
            seen.lock().unwrap().pop().unwrap(),
            format!("POST {base}/{path}")
        );
    }
}

/// A redirect would send the UserSig to its target.
#[tokio::test]
async fn redirects_are_not_followed_whatever_is_set() {
    let elsewhere = Server::replying(DONE).await;
    let target = elsewhere.base.clone();
    for status in [301, 302, 303, 307, 308] {
        let (status, target) = (StatusCode::from_u16(status).unwrap(), target.clone());
        let server = Server::new(move |seen| {
            let to = format!("{target}{}?usersig={}", seen.path, seen.query["usersig"]);
            (status, [(header::LOCATION, to)]).into_response()
        })
        .await;
        let client = server
            .builder()
            .http(|http| {
                let following = reqwest::redirect::Policy::limited(5);
                http.redirect(following).referer(true)
            })
            .build()
            .unwrap();
        let error = client.send(request()).await.unwrap_err();
        assert_eq!(error.http_status(), Some(status.as_u16()));
        assert_eq!(server.seen().len(), 1);
    }
    assert!(elsewhere.seen().is_empty());
}

/// Only the spec decides what may be repeated.
#[tokio::test]
async fn requests_are_not_retried_behind_the_policys_back() {
    let server = Server::new(|_| StatusCode::BAD_GATEWAY.into_response()).await;
    let client = server
        .builder()
        .http(|http| {
            let always = reqwest::retry::for_host("127.0.0.1")
                .no_budget()
                .classify_fn(|answer| answer.retryable());
            http.retry(always)
        })
        .build()
        .unwrap();
    client.send(request()).await.unwrap_err();
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn settings_add_up() {
    let server = Server::replying(DONE).await;
    let order = Arc::new(AtomicUsize::new(0));
    let second = Arc::clone(&order);
    let first = Arc::clone(&order);
    let client = server
        .builder()
        .http(move |http| {
            assert_eq!(first.fetch_add(1, Ordering::SeqCst), 0);
            http.user_agent("mine")
        })
        .http(move |http| {
            assert_eq!(second.fetch_add(1, Ordering::SeqCst), 1);
            http.pool_idle_timeout(Duration::from_secs(1))
        })
        .build()
        .unwrap();
    client.send(request()).await.unwrap();
    assert_eq!(server.seen()[0].headers["user-agent"], "mine");
    assert_eq!(order.load(Ordering::SeqCst), 2);
}

#[test]
fn one_of_the_two() {
    let error = Client::builder(APP, ADMIN, KEY)
        .base_url("http://127.0.0.1:1")
        .http_client(reqwest::Client::new())
        .http(|http| http)
        .build()
        .unwrap_err();
    assert_eq!(error.setting(), "http");
    // Invalid settings are an error and not a panic.
    let error = builder("http://127.0.0.1:1")
        .http(|http| http.user_agent("a\nb"))
        .build()
        .unwrap_err();
    assert_eq!(error.setting(), "http");
}
