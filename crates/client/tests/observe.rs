//! What operators use: the hook for metrics, limits, standby hosts.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use axum::response::IntoResponse;
use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use support::{ADMIN, APP, KEY, Server, builder, raw, read_request};
use tencent_chat_client::{
    Client, ErrorKind, LimitFuture, Limited, Limiter, Observer, RetryPolicy, Sent, Tried, Turn,
};
use tencent_chat_types::{
    Edition, Endpoint,
    conversation::GetContactGroup,
    group::{CreateGroup, ListGroups},
    message::SendMsgToMany,
    model::{GroupType, MsgElement, TextElem},
};
use tokio::{net::TcpListener, task::JoinHandle};

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
async fn the_hook_is_called_for_every_attempt() {
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
    client.send(GetContactGroup::new("lin")).await.unwrap();
    let path = "v4/recentcontact/get_contact_group";
    assert_eq!(
        *seen.0.lock().unwrap(),
        [
            format!("{path} #1 Some((Api, Some(91000))) repeats true"),
            format!("{path} #2 None repeats false"),
        ]
    );
}

/// A limiter that records calls, and admits a few.
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
                turn.quotas.first().map(|quota| quota.amount)
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
async fn the_limiter_is_asked_for_every_attempt_and_learns_of_refusals() {
    let server =
        Server::new(|_| r#"{"ActionStatus":"FAIL","ErrorCode":60011}"#.into_response()).await;
    let limiter = Arc::new(Strict::default());
    let client = server
        .builder()
        .retry(quick())
        .limiter(limiter.clone())
        .build()
        .unwrap();
    let error = client.send(ListGroups::new()).await.unwrap_err();
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

/// The quota belongs to the command, however it is called.
#[tokio::test]
async fn a_raw_call_has_the_quota_of_its_command() {
    let server = Server::new(|_| r#"{"ActionStatus":"OK","ErrorCode":0}"#.into_response()).await;
    let limiter = Arc::new(Strict::default());
    let client = server.builder().limiter(limiter.clone());
    let client = client.build().unwrap();
    let path = "v4/group_open_http_svc/get_appid_group_list";
    for path in [path, "v4/group_open_http_svc/not_known_here"] {
        client.send_raw(path, ()).await.unwrap();
    }
    let asked = limiter.asked.lock().unwrap();
    assert_eq!(asked[0], format!("{path} Some(1)"));
    assert!(asked[1].ends_with("None"), "{asked:?}");
}

/// Records how many items calls count for, and in which edition.
#[derive(Debug, Default)]
struct Counting(Mutex<Vec<(u32, Edition)>>);

impl Limiter for Counting {
    fn acquire<'a>(&'a self, turn: Turn<'a>) -> LimitFuture<'a> {
        self.0.lock().unwrap().push((turn.items, turn.edition));
        Box::pin(async { Ok(()) })
    }
    fn back_off(&self, _: &str, _: Duration) {}
}

/// Quotas of items count what is in the body, regardless of how the command is called.
#[tokio::test]
async fn typed_and_raw_calls_count_as_many_items_as_they_have() {
    let server = Server::new(|_| r#"{"ActionStatus":"OK","ErrorCode":0}"#.into_response()).await;
    let limiter = Arc::new(Counting::default());
    let client = server.builder().limiter(limiter.clone());
    let client = client.edition(Edition::Free).build().unwrap();
    let body = [MsgElement::from(TextElem::new("Doors open"))];
    let path = SendMsgToMany::META.path;
    let mut expected = Vec::new();
    for count in [0, 1, 3, 500] {
        let users: Vec<String> = (0..count).map(|number| format!("u{number}")).collect();
        let request = SendMsgToMany::new(&users, body.clone());
        client.call(request.clone()).unchecked().await.unwrap();
        client.send_raw(path, &request).await.unwrap();
        expected.extend([(count, Edition::Free); 2]);
    }
    // A body without such a list, or with something else in its place, counts as one.
    let more = r#"{"To_Account":"u1","More":[1,2,3]}"#;
    let more: serde_json::Value = serde_json::from_str(more).unwrap();
    client.send_raw(path, &more).await.unwrap();
    client.send_raw("v4/openim/sendmsg", &more).await.unwrap();
    client
        .send_raw("v4/openim/not_known_here", &more)
        .await
        .unwrap();
    expected.extend([(1, Edition::Free); 3]);
    assert_eq!(*limiter.0.lock().unwrap(), expected);
    // The paid one by default.
    let limiter = Arc::new(Counting::default());
    let client = server.builder().limiter(limiter.clone()).build().unwrap();
    client.send_raw(path, &more).await.unwrap();
    assert_eq!(*limiter.0.lock().unwrap(), [(1, Edition::Paid)]);
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
        client.send(GetContactGroup::new("lin")).await.unwrap();
    }
    assert_eq!(server.seen().len(), 3);
    // Only on request.
    let alone = builder("http://127.0.0.1:1")
        .standby_urls([server.base.clone()])
        .build()
        .unwrap();
    let error = alone.send(GetContactGroup::new("lin")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connect);
    let error = builder(&server.base).failover().build().unwrap_err();
    assert_eq!(error.setting(), "failover");
}

/// A host that can go down and come up again: no connection outlives a call.
async fn host(address: SocketAddr) -> JoinHandle<()> {
    let listener = TcpListener::bind(address).await.unwrap();
    tokio::spawn(async move {
        while let Ok((mut connection, _)) = listener.accept().await {
            read_request(&mut connection).await;
            let reply = "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 15\r\n\r\n{\"ErrorCode\":0}";
            support::write(&mut connection, reply).await;
        }
    })
}

async fn free_address() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    listener.local_addr().unwrap()
}

#[tokio::test]
async fn it_goes_back_when_the_standby_host_fails_in_turn() {
    let (main, standby) = (free_address().await, free_address().await);
    let client = builder(&format!("http://{main}"))
        .standby_urls([format!("http://{standby}")])
        .failover()
        .retry(quick())
        .build()
        .unwrap();
    let request = GetContactGroup::new("lin");
    let call = || client.send(&request);
    let running = host(standby).await;
    call().await.unwrap();
    call().await.unwrap();
    running.abort();
    let _ = running.await;
    let running = host(main).await;
    call().await.unwrap();
    running.abort();
    let _ = running.await;
    let error = call().await.unwrap_err();
    assert_eq!((error.kind(), error.tries().len()), (ErrorKind::Connect, 4));
    let _running = host(standby).await;
    call().await.unwrap();
}

/// It switches only after a connection failure: any other request may have arrived.
#[tokio::test]
async fn what_may_have_arrived_stays_with_its_host() {
    let standby = Server::replying(r#"{"ErrorCode":0}"#).await;
    let count = Arc::new(AtomicUsize::new(0));
    let (silent, broken) = (Arc::clone(&count), Arc::clone(&count));
    let silent = raw(move |mut connection| {
        let silent = Arc::clone(&silent);
        async move {
            read_request(&mut connection).await;
            silent.fetch_add(1, Ordering::SeqCst);
            tokio::time::sleep(Duration::from_secs(600)).await;
        }
    })
    .await;
    let broken = raw(move |mut connection| {
        let broken = Arc::clone(&broken);
        async move {
            read_request(&mut connection).await;
            broken.fetch_add(1, Ordering::SeqCst);
        }
    })
    .await;
    for (main, kind) in [(silent, ErrorKind::Timeout), (broken, ErrorKind::Transport)] {
        let client = builder(&main)
            .standby_urls([standby.base.clone()])
            .failover()
            .retry(quick())
            .try_timeout(Duration::from_millis(300))
            .build()
            .unwrap();
        count.store(0, Ordering::SeqCst);
        let error = client
            .send(CreateGroup::new(GroupType::PUBLIC, "x"))
            .await
            .unwrap_err();
        assert_eq!((error.kind(), error.sent()), (kind, Sent::Maybe));
        assert_eq!((error.tries().len(), count.load(Ordering::SeqCst)), (1, 1));
        let error = client.send(GetContactGroup::new("lin")).await.unwrap_err();
        assert_eq!((error.kind(), error.tries().len()), (kind, 4));
    }
    assert!(standby.seen().is_empty());
}

#[tokio::test]
async fn a_command_that_was_not_sent_is_done_once_by_the_standby_host() {
    let standby = Server::replying(r#"{"ErrorCode":0}"#).await;
    let client = builder("http://127.0.0.1:1")
        .standby_urls([standby.base.clone()])
        .failover()
        .retry(quick())
        .build()
        .unwrap();
    client
        .send(CreateGroup::new(GroupType::PUBLIC, "x"))
        .await
        .unwrap();
    assert_eq!(standby.seen().len(), 1);
}
