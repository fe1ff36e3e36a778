//! The tower service in axum, over real connections.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use axum::{Router, routing::get};
use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tencent_chat_webhook::{
    Received, Receiver, Token, Webhooks,
    types::webhook::{C2cBeforeSendMsg, C2cBeforeSendMsgAnswer},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

const APP: u64 = 1_400_000_000;
const TOKEN: &str = "a token of the tests";
const COMMAND: &str = "C2C.CallbackBeforeSendMsg";

const BODY: &str = r#"{
    "CallbackCommand": "C2C.CallbackBeforeSendMsg", "From_Account": "mei", "To_Account": "lin",
    "MsgSeq": 1, "MsgRandom": 2, "MsgTime": 1764150123, "MsgKey": "1_2_1764150123",
    "MsgBody": [{ "MsgType": "TIMTextElem", "MsgContent": { "Text": "hello" } }]
}"#;

/// An app that counts the events its handler receives.
async fn app(deadline: Duration) -> (SocketAddr, Arc<AtomicUsize>) {
    let seen = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&seen);
    let webhooks = Webhooks::new(Receiver::new(APP, TOKEN).max_body_bytes(10_000))
        .deadline(deadline)
        .on(move |_: Received<C2cBeforeSendMsg>| {
            counter.fetch_add(1, Ordering::SeqCst);
            async { C2cBeforeSendMsgAnswer::Refuse }
        });
    let router = Router::new()
        .route("/health", get(|| async { "fine" }))
        .route_service("/webhook", webhooks.into_service());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    (address, seen)
}

fn query() -> String {
    let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
    let sign = Token::new(TOKEN).sign(&now.to_string());
    format!("SdkAppid={APP}&CallbackCommand={COMMAND}&Sign={sign}&RequestTime={now}")
}

/// Writes these bytes and reads the head and body of the response.
async fn raw(address: SocketAddr, parts: &[&[u8]]) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    for part in parts {
        // A server that has already responded may have closed the connection.
        if stream.write_all(part).await.is_err() {
            break;
        }
    }
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8(answer).unwrap()
}

fn head(method: &str, query: &str, length: &str) -> String {
    format!(
        "{method} /webhook?{query} HTTP/1.1\r\nhost: app\r\nconnection: close\r\n{length}\r\n\r\n"
    )
}

async fn post(address: SocketAddr, query: &str, body: &str) -> String {
    let length = format!("content-length: {}", body.len());
    raw(
        address,
        &[head("POST", query, &length).as_bytes(), body.as_bytes()],
    )
    .await
}

#[track_caller]
fn assert_status(answer: &str, status: u16) {
    assert!(
        answer.starts_with(&format!("HTTP/1.1 {status} ")),
        "{answer}"
    );
}

#[tokio::test]
async fn an_event_reaches_its_handler() {
    let (address, seen) = app(Duration::from_secs(1)).await;
    let answer = post(address, &query(), BODY).await;
    assert_status(&answer, 200);
    assert!(
        answer.contains("content-type: application/json"),
        "{answer}"
    );
    assert!(
        answer.ends_with(r#""ErrorCode":1,"ErrorInfo":""}"#),
        "{answer}"
    );
    assert_eq!(seen.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn refused_requests_never_reach_the_handler() {
    let (address, seen) = app(Duration::from_secs(1)).await;
    let other = query().replace("1400000000", "1400000001");
    let forged = query().replace("Sign=", "Sign=0");
    for (query, body, status) in [
        ("", BODY, 401),
        (&*forged, BODY, 401),
        (&*other, BODY, 403),
        (&*query(), "{", 400),
        (&*query(), "", 400),
        (&*query(), "[]", 400),
    ] {
        let answer = post(address, query, body).await;
        assert_status(&answer, status);
        assert!(
            !answer.contains("panic") && !answer.contains(TOKEN),
            "{answer}"
        );
    }
    let answer = raw(address, &[head("GET", &query(), "").as_bytes()]).await;
    assert_status(&answer, 405);
    assert!(answer.to_lowercase().contains("allow: post"), "{answer}");
    assert_eq!(seen.load(Ordering::SeqCst), 0);
}

/// The parts of a chunked body arrive one by one.
#[tokio::test]
async fn a_body_in_many_parts_is_one_event() {
    let (address, seen) = app(Duration::from_secs(1)).await;
    let chunks: Vec<String> = (BODY.as_bytes().chunks(7))
        .map(|chunk| {
            format!(
                "{:x}\r\n{}\r\n",
                chunk.len(),
                str::from_utf8(chunk).unwrap()
            )
        })
        .collect();
    let head = head("POST", &query(), "transfer-encoding: chunked");
    let answer = raw(
        address,
        &[head.as_bytes(), chunks.concat().as_bytes(), b"0\r\n\r\n"],
    )
    .await;
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
    assert_eq!(seen.load(Ordering::SeqCst), 1);
}

/// The body is not read beyond the limit, whether or not its length is announced.
#[tokio::test]
async fn large_bodies_are_cut_off() {
    let (address, seen) = app(Duration::from_secs(1)).await;
    let announced = head("POST", &query(), "content-length: 9000000000000");
    assert_status(&raw(address, &[announced.as_bytes()]).await, 413);
    let chunk = format!("{:x}\r\n{}\r\n", 4_000, " ".repeat(4_000));
    let chunked = head("POST", &query(), "transfer-encoding: chunked");
    let mut parts = vec![chunked.as_bytes()];
    parts.extend(std::iter::repeat_n(chunk.as_bytes(), 1_000));
    assert_status(&raw(address, &parts).await, 413);
    // The body of an unauthenticated request is not read at all.
    let forged = head("POST", "SdkAppid=1", "content-length: 9000000000000");
    assert_status(&raw(address, &[forged.as_bytes()]).await, 401);
    assert_eq!(seen.load(Ordering::SeqCst), 0);
}

/// A body that arrives too slowly is abandoned within the deadline, and others are served meanwhile.
#[tokio::test]
async fn slow_bodies_are_abandoned() {
    let (address, seen) = app(Duration::from_millis(200)).await;
    let length = format!("content-length: {}", BODY.len());
    let slow = head("POST", &query(), &length);
    let begun: Vec<_> = (0..20)
        .map(|_| {
            let slow = slow.clone();
            tokio::spawn(async move { raw(address, &[slow.as_bytes(), b"{"]).await })
        })
        .collect();
    assert_status(&post(address, &query(), BODY).await, 200);
    for slow in begun {
        assert_status(&slow.await.unwrap(), 400);
    }
    assert_eq!(seen.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_truncated_body_is_not_an_event() {
    let (address, seen) = app(Duration::from_secs(1)).await;
    let length = format!("content-length: {}", BODY.len());
    let mut stream = TcpStream::connect(address).await.unwrap();
    let head = head("POST", &query(), &length);
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(&BODY.as_bytes()[..50]).await.unwrap();
    stream.shutdown().await.unwrap();
    let mut answer = String::new();
    let _ = stream.read_to_string(&mut answer).await;
    assert!(
        answer.is_empty() || answer.starts_with("HTTP/1.1 400"),
        "{answer}"
    );
    assert_status(&post(address, &query(), BODY).await, 200);
    assert_eq!(seen.load(Ordering::SeqCst), 1);
}
