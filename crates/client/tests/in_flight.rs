//! The bound to requests on the way: calls beyond it wait, within their deadline.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use axum::Router;
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use support::builder;
use tencent_chat_client::{Client, ErrorKind, Sent};
use tencent_chat_types::conversation::GetContactGroup;
use tokio::{net::TcpListener, sync::Semaphore, task::JoinSet, time::sleep};

/// A server that holds requests back until it may answer them.
struct Gate {
    base: String,
    /// Answers that may be given.
    open: Arc<Semaphore>,
    here: Arc<AtomicUsize>,
    most: Arc<AtomicUsize>,
}

impl Gate {
    async fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let gate = Self {
            base: format!("http://{}", listener.local_addr().unwrap()),
            open: Arc::new(Semaphore::new(0)),
            here: Arc::default(),
            most: Arc::default(),
        };
        let (open, here, most) = (gate.open.clone(), gate.here.clone(), gate.most.clone());
        let app = Router::new().fallback(move || {
            let (open, here, most) = (open.clone(), here.clone(), most.clone());
            async move {
                most.fetch_max(here.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                open.acquire().await.unwrap().forget();
                here.fetch_sub(1, Ordering::SeqCst);
                r#"{"ActionStatus":"OK","ErrorCode":0,"ErrorInfo":"","CompleteFlag":1,"NextStartIndex":0}"#
            }
        });
        tokio::spawn(async move { axum::serve(listener, app).await });
        gate
    }

    async fn until_here(&self, requests: usize) {
        while self.here.load(Ordering::SeqCst) < requests {
            sleep(Duration::from_millis(1)).await;
        }
    }
}

async fn call(client: Client, deadline: Duration) -> Result<(), tencent_chat_client::Error> {
    let call = client.call(GetContactGroup::new("lin")).deadline(deadline);
    call.await.map(drop)
}

const LONG: Duration = Duration::from_secs(60);

#[tokio::test]
async fn no_more_requests_are_on_the_way_than_the_bound() {
    let gate = Gate::new().await;
    let client = builder(&gate.base)
        .max_in_flight(3)
        .try_timeout(LONG)
        .build()
        .unwrap();
    let mut calls = JoinSet::new();
    for _ in 0..20 {
        calls.spawn(call(client.clone(), LONG));
    }
    gate.until_here(3).await;
    // Time for a fourth, if one could leave.
    sleep(Duration::from_millis(50)).await;
    gate.open.add_permits(20);
    while let Some(outcome) = calls.join_next().await {
        outcome.unwrap().unwrap();
    }
    assert_eq!(gate.most.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn waiting_for_others_counts_toward_the_deadline() {
    let gate = Gate::new().await;
    let client = builder(&gate.base)
        .max_in_flight(1)
        .try_timeout(LONG)
        .build()
        .unwrap();
    let first = tokio::spawn(call(client.clone(), LONG));
    gate.until_here(1).await;
    let error = call(client.clone(), Duration::from_millis(20))
        .await
        .unwrap_err();
    assert_eq!((error.kind(), error.sent()), (ErrorKind::Timeout, Sent::No));
    gate.open.add_permits(1);
    first.await.unwrap().unwrap();
    assert_eq!(gate.most.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_call_that_is_dropped_makes_room_for_the_next() {
    let gate = Gate::new().await;
    let client = builder(&gate.base)
        .max_in_flight(1)
        .try_timeout(LONG)
        .build()
        .unwrap();
    let on_the_way = tokio::spawn(call(client.clone(), LONG));
    gate.until_here(1).await;
    let waiting = tokio::spawn(call(client.clone(), LONG));
    let next = tokio::spawn(call(client.clone(), LONG));
    tokio::task::yield_now().await;
    waiting.abort();
    on_the_way.abort();
    gate.open.add_permits(2);
    next.await.unwrap().unwrap();
}
