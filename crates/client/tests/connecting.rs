//! Hosts to which no connection can be established: nothing was sent, so the next host is tried,
//! whatever the command does.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::time::Duration;
use support::{Server, builder, raw, read_request};
use tencent_chat_client::{ErrorKind, RetryPolicy, Sent};
use tencent_chat_simulator::Unreachable;
use tencent_chat_types::{ErrorRepeat, group::CreateGroup, model::GroupType};

/// A command that is never safe to repeat.
fn unsafe_request() -> CreateGroup {
    CreateGroup::new(GroupType::PUBLIC, "x")
}

fn quick() -> RetryPolicy {
    RetryPolicy::new().first_pause(Duration::from_millis(1))
}

#[tokio::test]
async fn a_timeout_while_connecting_has_sent_nothing() {
    let down = Unreachable::new().await.unwrap();
    let error = builder(&down.base_url())
        .try_timeout(Duration::from_millis(100))
        .build()
        .unwrap()
        .send(unsafe_request())
        .await
        .unwrap_err();
    assert_eq!((error.kind(), error.sent()), (ErrorKind::Connect, Sent::No));
    assert_eq!(
        (error.is_repeat_safe(), error.repeat()),
        (true, Some(ErrorRepeat::Later))
    );
    assert!(error.to_string().contains("within 100ms"), "{error}");
}

/// The default connect timeout is three seconds, and both of these are shorter.
#[tokio::test]
async fn the_standby_host_is_reached_within_timeout_and_deadline() {
    let down = Unreachable::new().await.unwrap();
    for (try_timeout, deadline) in [(200, 20_000), (20_000, 1_000)] {
        let standby = Server::replying(r#"{"ErrorCode":0}"#).await;
        let client = builder(&down.base_url())
            .standby_urls([standby.base.clone()])
            .failover()
            .try_timeout(Duration::from_millis(try_timeout))
            .retry(quick())
            .build()
            .unwrap();
        for _ in 0..2 {
            let call = client.call(unsafe_request());
            call.deadline(Duration::from_millis(deadline))
                .await
                .unwrap();
        }
        assert_eq!(standby.seen().len(), 2, "each call once");
    }
}

/// A connection that opens and then does not become ready, as for TLS, is not a connection.
#[cfg(feature = "rustls")]
#[tokio::test]
async fn a_timeout_during_the_tls_handshake_has_sent_nothing() {
    let base = raw(|connection| async move {
        tokio::time::sleep(Duration::from_secs(60)).await;
        drop(connection);
    })
    .await;
    let error = builder(&base.replace("http://", "https://"))
        .try_timeout(Duration::from_millis(200))
        .build()
        .unwrap()
        .send(unsafe_request())
        .await
        .unwrap_err();
    assert_eq!((error.kind(), error.sent()), (ErrorKind::Connect, Sent::No));
    assert!(error.is_repeat_safe());
}

/// Once the request is on its way the outcome is unknown, and the host stays in use: it can be reached.
#[tokio::test]
async fn a_timeout_after_connecting_may_have_been_acted_upon() {
    let silent = raw(|mut connection| async move {
        read_request(&mut connection).await;
        tokio::time::sleep(Duration::from_secs(60)).await;
    })
    .await;
    let standby = Server::replying(r#"{"ErrorCode":0}"#).await;
    let client = builder(&silent)
        .standby_urls([standby.base.clone()])
        .failover()
        .try_timeout(Duration::from_millis(300))
        .retry(quick())
        .build()
        .unwrap();
    let error = client.send(unsafe_request()).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.sent(), error.is_repeat_safe()),
        (ErrorKind::Timeout, Sent::Maybe, false)
    );
    assert!(standby.seen().is_empty());
}
