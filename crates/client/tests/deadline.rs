//! Deadlines, and what is known after several attempts.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use axum::{http::StatusCode, response::IntoResponse};
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use support::{Server, builder, read_request};
use tencent_chat_client::{ErrorKind, LimitFuture, Limiter, LocalLimiter, RetryPolicy, Sent, Turn};
use tencent_chat_types::{
    Endpoint, ErrorCode, Meta, RawReply, Repeat,
    conversation::GetContactGroup,
    operations::{GetMessageArchive, get_message_archive::ArchiveChatType},
    validate::{Checker, Validate},
};
use tencent_chat_usersig::FixedClock;
use tokio::net::TcpListener;

fn quick() -> RetryPolicy {
    RetryPolicy::new().first_pause(Duration::from_millis(1))
}

fn request() -> GetContactGroup {
    GetContactGroup::new("lin")
}

/// Oversleeps every turn after the first few.
#[derive(Debug)]
struct Late {
    in_time: usize,
    asked: AtomicUsize,
}

impl Limiter for Late {
    fn acquire<'a>(&'a self, turn: Turn<'a>) -> LimitFuture<'a> {
        Box::pin(async move {
            if self.asked.fetch_add(1, Ordering::SeqCst) >= self.in_time {
                tokio::time::sleep(turn.patience + Duration::from_millis(5)).await;
            }
            Ok(())
        })
    }
    fn back_off(&self, _: &str, _: Duration) {}
}

/// A limiter that returns too late must not make the client send a request that nobody waits for.
#[tokio::test]
async fn nothing_is_sent_after_the_deadline() {
    let case = |in_time| async move {
        let server = Server::new(|_| StatusCode::BAD_GATEWAY.into_response()).await;
        let asked = AtomicUsize::new(0);
        let client = server
            .builder()
            .retry(quick())
            .limiter(Arc::new(Late { in_time, asked }))
            .build()
            .unwrap();
        let call = client.call(request()).deadline(Duration::from_secs(3));
        let error = call.await.unwrap_err();
        assert_eq!(
            (server.seen().len(), error.tries().len()),
            (in_time, in_time)
        );
        // The earlier error says more than that the time ran out.
        let expected = match in_time {
            0 => (ErrorKind::Timeout, Sent::No),
            _ => (ErrorKind::Http, Sent::Maybe),
        };
        assert_eq!((error.kind(), error.sent()), expected);
    };
    tokio::join!(case(0), case(1), case(2));
}

#[tokio::test]
async fn the_longest_duration_is_a_valid_deadline() {
    let server = Server::replying(r#"{"ErrorCode":0}"#).await;
    let client = server
        .builder()
        .retry(quick())
        .limiter(Arc::new(LocalLimiter::new()))
        .deadline(Duration::MAX)
        .try_timeout(Duration::MAX)
        .build()
        .unwrap();
    client.send(request()).await.unwrap();
    client
        .call(request())
        .deadline(Duration::MAX)
        .await
        .unwrap();
}

/// The last attempt was not sent, but an earlier one may have arrived.
#[tokio::test]
async fn an_earlier_attempt_may_have_been_acted_upon() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (mut connection, _) = listener.accept().await.unwrap();
        drop(listener);
        read_request(&mut connection).await;
    });
    let client = builder(&base).retry(quick()).build().unwrap();
    let error = client.send(request()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connect);
    assert_eq!(error.tries()[0].kind, ErrorKind::Transport);
    assert_eq!(error.sent(), Sent::Maybe);
}

/// A call with a single attempt renews an expired UserSig for the next call.
#[tokio::test]
async fn the_next_call_does_not_send_an_expired_user_sig() {
    let expired = format!(
        r#"{{"ActionStatus":"FAIL","ErrorCode":{}}}"#,
        ErrorCode::USER_SIG_EXPIRED.0
    );
    let server = Server::replying(expired).await;
    let clock = Arc::new(FixedClock::new(1_700_000_000));
    let client = server.builder().clock(clock.clone()).build().unwrap();
    for time in [1_700_000_000, 1_700_000_060, 1_700_000_120] {
        clock.set(time);
        let error = client.send(request()).await.unwrap_err();
        assert_eq!(error.tries().len(), 1);
    }
    let seen = server.seen();
    // A signature from the second of the refusal would be the same again.
    assert_ne!(seen[1].query["usersig"], seen[2].query["usersig"]);
}

/// A command of the app's own, whose counter becomes free after a second.
#[derive(serde::Serialize, serde::Deserialize)]
struct Counter {}

impl Validate for Counter {
    fn check(&self, _: &mut Checker) {}
}

impl Endpoint for Counter {
    type Reply = RawReply;
    const META: &'static Meta = &Meta::new("test", "counter", "v4/test/counter", Repeat::Read)
        .with_retry_after(&[(ErrorCode(60008), 1)]);
}

#[tokio::test]
async fn a_retry_that_cannot_help_before_the_deadline_is_not_tried() {
    let refusing =
        |code| Server::replying(format!(r#"{{"ActionStatus":"FAIL","ErrorCode":{code}}}"#));
    let hour = Duration::from_secs(3_600);
    // The time of one command does not apply to another.
    let archive = GetMessageArchive::new(ArchiveChatType::C2C, "2026112607");
    let server = refusing(1004).await;
    let client = server.builder().retry(quick()).build().unwrap();
    let error = client.send(&archive).await.unwrap_err();
    assert_eq!((error.retry_after(), server.seen().len()), (Some(hour), 1));
    let error = client.send(request()).await.unwrap_err();
    assert_eq!((error.retry_after(), server.seen().len()), (None, 5));
    // The time of a code applies to all.
    let server = refusing(70050).await;
    let client = server.builder().retry(quick()).build().unwrap();
    let error = client.send(request()).await.unwrap_err();
    assert_eq!(error.retry_after(), Some(Duration::from_secs(60)));
    assert_eq!(server.seen().len(), 1);
    let error = client.send_raw("v4/a/b", ()).await.unwrap_err();
    assert_eq!(error.retry_after(), Some(Duration::from_secs(60)));
    // If there is enough time, the client waits.
    let asked = AtomicUsize::new(0);
    let server = Server::new(move |_| match asked.fetch_add(1, Ordering::SeqCst) {
        0 => r#"{"ErrorCode":60008}"#.into_response(),
        _ => r#"{"ErrorCode":0}"#.into_response(),
    });
    let server = server.await;
    let client = server.builder().retry(quick()).build().unwrap();
    let begun = std::time::Instant::now();
    client.send(Counter {}).await.unwrap();
    assert!(begun.elapsed() >= Duration::from_secs(1));
    assert_eq!(server.seen().len(), 2);
}

/// A gateway names a time with 429 and 503: nothing is sent before that, and if it is after the
/// deadline, the client doesn't wait.
#[tokio::test]
async fn a_gateways_retry_after_is_waited_for_within_the_deadline() {
    let gateway = |status: u16, after: &'static str| {
        Server::new(move |_| {
            let status = StatusCode::from_u16(status).unwrap();
            (status, [("retry-after", after)]).into_response()
        })
    };
    for status in [429, 503] {
        let server = gateway(status, "60").await;
        let client = server.builder().retry(quick()).build().unwrap();
        let error = client.send(request()).await.unwrap_err();
        assert_eq!(error.retry_after(), Some(Duration::from_secs(60)));
        assert_eq!(server.seen().len(), 1, "{status}");
    }
    // No time, too long a time, and a status without one.
    for (status, after) in [(503, "soon"), (503, "86400"), (502, "60")] {
        let server = gateway(status, after).await;
        let client = server.builder().retry(quick()).build().unwrap();
        let error = client.send(request()).await.unwrap_err();
        assert_eq!(error.retry_after(), None, "{after}");
        assert_eq!(server.seen().len(), 4, "{status} {after}");
    }
    // Within the deadline.
    let asked = AtomicUsize::new(0);
    let server = Server::new(move |_| match asked.fetch_add(1, Ordering::SeqCst) {
        0 => (StatusCode::SERVICE_UNAVAILABLE, [("retry-after", "1")]).into_response(),
        _ => r#"{"ErrorCode":0}"#.into_response(),
    })
    .await;
    let client = server.builder().retry(quick()).build().unwrap();
    let begun = std::time::Instant::now();
    client.send(request()).await.unwrap();
    assert!(begun.elapsed() >= Duration::from_secs(1));
    assert_eq!(server.seen().len(), 2);
}
