//! What operators work with: the hook for metrics, limits, standby hosts.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use axum::response::IntoResponse;
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};
use support::{ADMIN, APP, KEY, Server, builder};
use tencent_chat_client::{
    Client, ErrorKind, LimitFuture, Limited, Limiter, Observer, RetryPolicy, Tried, Turn,
};
use tencent_chat_types::{conversation::GetContactGroup, group::ListGroups};

#[derive(Debug, Default)]
struct Seen(Mutex<Vec<String>>);

impl Observer for Seen {
    fn tried(&self, tried: &Tried<'_>) {
        let line = format!(
            "{} #{} {:?} repeats {}",
            tried.endpoint,
            tried.number,
            tried
                .error
                .map(|error| (error.kind(), error.code().map(|code| code.0))),
            tried.repeats
        );
        self.0.lock().unwrap().push(line);
    }
}

fn quick() -> RetryPolicy {
    RetryPolicy::new()
        .first_pause(Duration::from_millis(1))
        .quota_pause(Duration::from_millis(1))
}

#[tokio::test]
async fn the_hook_is_told_of_every_try() {
    let tries = Arc::new(Mutex::new(0));
    let server = Server::new(move |_| {
        let mut tries = tries.lock().unwrap();
        *tries += 1;
        match *tries {
            1 => r#"{"ActionStatus":"FAIL","ErrorCode":91000}"#,
            _ => r#"{"ActionStatus":"OK","ErrorCode":0,"CompleteFlag":1}"#,
        }
        .into_response()
    })
    .await;
    let seen = Arc::new(Seen::default());
    let client = server
        .builder()
        .retry(quick())
        .observer(seen.clone())
        .build()
        .unwrap();
    client.send(&GetContactGroup::new("lin")).await.unwrap();
    let path = "v4/recentcontact/get_contact_group";
    assert_eq!(
        *seen.0.lock().unwrap(),
        [
            format!("{path} #1 Some((Api, Some(91000))) repeats true"),
            format!("{path} #2 None repeats false"),
        ]
    );
}

/// A limiter that remembers, and lets a few through.
#[derive(Debug, Default)]
struct Strict {
    asked: Mutex<Vec<String>>,
    told: Mutex<Vec<String>>,
}

impl Limiter for Strict {
    fn acquire<'a>(&'a self, turn: Turn<'a>) -> LimitFuture<'a> {
        Box::pin(async move {
            let mut asked = self.asked.lock().unwrap();
            asked.push(format!(
                "{} {:?}",
                turn.command,
                turn.quota.map(|quota| quota.calls)
            ));
            if asked.len() > 3 {
                return Err(Limited::new(Duration::from_secs(7)));
            }
            Ok(())
        })
    }
    fn back_off(&self, command: &str, pause: Duration) {
        assert!(pause > Duration::ZERO);
        self.told.lock().unwrap().push(command.to_owned());
    }
}

#[tokio::test]
async fn the_limiter_is_asked_for_every_try_and_told_of_refusals() {
    let server =
        Server::new(|_| r#"{"ActionStatus":"FAIL","ErrorCode":60011}"#.into_response()).await;
    let limiter = Arc::new(Strict::default());
    let client = server
        .builder()
        .retry(quick())
        .limiter(limiter.clone())
        .build()
        .unwrap();
    let error = client.send(&ListGroups::new()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Limited);
    assert!(error.to_string().contains("7s"), "{error}");
    assert_eq!((error.tries().len(), server.seen().len()), (3, 3));
    let path = "v4/group_open_http_svc/get_appid_group_list";
    assert_eq!(
        *limiter.asked.lock().unwrap(),
        vec![format!("{path} Some(1)"); 4]
    );
    assert_eq!(*limiter.told.lock().unwrap(), vec![path; 3]);
}

#[tokio::test]
async fn a_standby_host_takes_over() {
    let server =
        Server::new(|_| r#"{"ActionStatus":"OK","ErrorCode":0,"CompleteFlag":1}"#.into_response())
            .await;
    let client = Client::builder(APP, ADMIN, KEY)
        .base_url("http://127.0.0.1:1")
        .standby_urls([server.base.clone()])
        .failover()
        .unlimited()
        .retry(quick())
        .build()
        .unwrap();
    for _ in 0..3 {
        client.send(&GetContactGroup::new("lin")).await.unwrap();
    }
    assert_eq!(server.seen().len(), 3);
    // Not asked for, not done.
    let alone = builder("http://127.0.0.1:1")
        .standby_urls([server.base.clone()])
        .build()
        .unwrap();
    let error = alone.send(&GetContactGroup::new("lin")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connect);
    let error = builder(&server.base).failover().build().unwrap_err();
    assert_eq!(error.setting(), "failover");
}
