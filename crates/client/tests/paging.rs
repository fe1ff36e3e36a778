//! Pages end where the command says so, and never loop.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use futures_util::{FutureExt, StreamExt};
use serde_json::{Value, json};
use std::{
    panic::AssertUnwindSafe,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};
use support::{Seen, Server};
use tencent_chat_client::{ErrorKind, Observer, Tried};
use tencent_chat_types::conversation::GetContactGroup;

fn page(seen: &Seen) -> Response {
    let request: Value = serde_json::from_str(&seen.body).unwrap();
    let start = request["StartIndex"].as_u64().unwrap();
    // Cursors beyond 32 bits, and an empty page in the middle.
    let (users, next) = match start {
        0 => (vec!["a", "b"], 9_040_992_949_u64),
        9_040_992_949 => (vec![], 9_040_992_950),
        _ => (vec!["c"], 0),
    };
    let items: Vec<Value> = users
        .iter()
        .map(|user| json!({ "Type": 1, "To_Account": user }))
        .collect();
    let last = u8::from(next == 0);
    json!({ "ContactItem": items, "GroupItem": [], "CompleteFlag": last, "NextStartIndex": next, "ErrorCode": 0 })
        .to_string()
        .into_response()
}

#[tokio::test]
async fn each_item_once_and_in_order() {
    let server = Server::new(page).await;
    let mut items = server.client().items(GetContactGroup::new("lin"));
    let mut seen = Vec::new();
    while let Some(item) = items.next_item().await {
        seen.push(item.unwrap().to_account.unwrap());
    }
    assert_eq!(seen, ["a", "b", "c"]);
    assert!(items.next_item().await.is_none());
    assert_eq!(server.seen().len(), 3);
}

#[tokio::test]
async fn a_page_that_leads_back_to_itself_is_an_error() {
    let stuck =
        r#"{"ContactItem":[],"GroupItem":[],"CompleteFlag":0,"NextStartIndex":0,"ErrorCode":0}"#;
    let server = Server::replying(stuck).await;
    let mut pages = server.client().pages(GetContactGroup::new("lin"));
    assert_eq!(
        pages.next_page().await.unwrap().unwrap_err().kind(),
        ErrorKind::Stuck
    );
    assert!(pages.next_page().await.is_none());
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn a_failed_page_can_be_requested_again() {
    let calls = AtomicUsize::new(0);
    let server = Server::new(move |seen| {
        if calls.fetch_add(1, Ordering::SeqCst) == 1 {
            StatusCode::BAD_GATEWAY.into_response()
        } else {
            page(seen)
        }
    })
    .await;
    let mut pages = server.client().pages(GetContactGroup::new("lin"));
    assert_eq!(
        pages.next_page().await.unwrap().unwrap().contact_item.len(),
        2
    );
    assert_eq!(
        pages.next_page().await.unwrap().unwrap_err().kind(),
        ErrorKind::Http
    );
    assert_eq!(
        pages.next_page().await.unwrap().unwrap().contact_item.len(),
        0
    );
    assert_eq!(
        pages.next_page().await.unwrap().unwrap().contact_item.len(),
        1
    );
    assert!(pages.next_page().await.is_none());
}

/// Panics at the second attempt of all.
#[derive(Debug, Default)]
struct PanicsOnce(AtomicUsize);

impl Observer for PanicsOnce {
    fn tried(&self, _: &Tried<'_>) {
        let number = self.0.fetch_add(1, Ordering::SeqCst);
        assert_ne!(number, 1, "an observer's own fault");
    }
}

#[tokio::test]
async fn after_a_caught_panic_a_stream_requests_the_same_page_again() {
    let server = Server::new(page).await;
    let client = server.builder().observer(Arc::new(PanicsOnce::default()));
    let mut items = client.build().unwrap().items(GetContactGroup::new("lin"));
    let mut seen = Vec::new();
    let mut panics = 0;
    loop {
        match AssertUnwindSafe(items.next()).catch_unwind().await {
            Ok(Some(item)) => seen.push(item.unwrap().to_account.unwrap()),
            Ok(None) => break,
            Err(_) => panics += 1,
        }
    }
    assert_eq!(
        (seen, panics),
        (["a", "b", "c"].map(str::to_owned).to_vec(), 1)
    );
    let starts = server.seen().into_iter().map(|seen| {
        let request: Value = serde_json::from_str(&seen.body).unwrap();
        request["StartIndex"].as_u64().unwrap()
    });
    let second = 9_040_992_949;
    assert_eq!(starts.collect::<Vec<_>>(), [0, second, second, second + 1]);
}
