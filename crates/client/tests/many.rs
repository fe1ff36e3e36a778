//! Batches and many calls: progress, parts as they end, limits of items, and laziness.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use axum::{Router, body::Bytes, http::Uri, routing::post};
use futures_util::StreamExt as _;
use serde_json::{Value, json};
use std::{
    cell::Cell,
    future,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tencent_chat_client::{Client, ErrorKind, LocalLimiter, Progress, RetryPolicy, Sent};
use tencent_chat_simulator::{Fault, Simulator};
use tencent_chat_types::{
    Endpoint as _, ErrorCode, Quota,
    account::{ImportAccount, ImportAccounts},
    moderation::{ContentToModerate, ModerateContents, ModerationContentType, ModerationScene},
};
use tokio::net::TcpListener;

const APP: u64 = 1_400_000_000;

async fn world() -> (Simulator, Client) {
    let simulator = Simulator::builder(APP, "key").start().await.unwrap();
    let builder = Client::builder(APP, "administrator", "key").base_url(simulator.base_url());
    let builder = builder.unlimited().retry(RetryPolicy::none());
    (simulator, builder.build().unwrap())
}

fn users(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("u{number}")).collect()
}

/// A server that answers what a function makes of path and body.
async fn server(answer: impl Fn(&str, Value) -> Value + Clone + Send + Sync + 'static) -> Client {
    let handler = move |uri: Uri, body: Bytes| {
        let answer = answer.clone();
        async move { answer(uri.path(), serde_json::from_slice(&body).unwrap()).to_string() }
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let app = Router::new().fallback(post(handler));
    tokio::spawn(async move { axum::serve(listener, app).await });
    let builder =
        Client::builder(APP, "administrator", "key").base_url(format!("http://{address}"));
    builder
        .unlimited()
        .retry(RetryPolicy::none())
        .build()
        .unwrap()
}

#[tokio::test]
async fn a_batch_reports_progress() {
    let (simulator, client) = world().await;
    let refuse = Fault::Refuse(ErrorCode(40006));
    simulator
        .inject_at(ImportAccounts::META.path, [refuse])
        .unwrap();
    let mut seen = Vec::new();
    let batch = client.batch(ImportAccounts::new(users(250))).concurrency(1);
    let outcome = batch.on_progress(|progress| seen.push(progress)).await;
    let shown: Vec<String> = seen.iter().map(Progress::to_string).collect();
    let expected = [
        "0 of 250 done, 100 failed",
        "100 of 250 done, 100 failed",
        "150 of 250 done, 100 failed",
    ];
    assert_eq!(shown, expected);
    let left: Vec<_> = seen.iter().map(Progress::left).collect();
    assert_eq!(left, [Some(150), Some(50), Some(0)]);
    assert!(!outcome.was_stopped());
    assert!(outcome.all_done().is_err());
    client
        .batch(ImportAccounts::new(users(3)))
        .await
        .all_done()
        .unwrap();
}

#[tokio::test]
async fn parts_come_as_they_end() {
    let (simulator, client) = world().await;
    let mut parts = client
        .batch(ImportAccounts::new(users(450)))
        .concurrency(2)
        .parts();
    let mut imported = 0;
    while let Some(part) = parts.next_part().await {
        assert_eq!(part.parts().count(), 1);
        imported += part.succeeded().count();
        assert_eq!(parts.progress().done, imported);
    }
    assert_eq!(imported, 450);
    assert!(parts.next_part().await.is_none());

    // What was stopped comes last, in one part and in its order.
    let mut parts = client
        .batch(ImportAccounts::new(users(450)))
        .concurrency(1)
        .parts();
    let first = parts.next_part().await.unwrap();
    assert!(first.is_complete() && !first.was_stopped());
    parts.stop();
    let rest = parts.next_part().await.unwrap();
    assert!(rest.was_stopped());
    let names: Vec<&str> = rest
        .items()
        .iter()
        .map(|item| item.user_id.as_str())
        .collect();
    assert_eq!(names, users(450)[100..]);
    assert!(parts.next_part().await.is_none());
    assert_eq!(parts.progress().left(), Some(350));

    let calls = simulator.journal().len();
    let batch = client.batch(ImportAccounts::new(users(450)));
    let sizes: Vec<usize> = batch
        .parts()
        .into_stream()
        .map(|part| part.len())
        .collect()
        .await;
    assert_eq!(sizes.iter().sum::<usize>(), 450);
    assert_eq!(simulator.journal().len(), calls + 5);
}

/// Calls go on while nobody asks for the next part, so that a slow reader holds nobody up.
#[tokio::test]
async fn parts_do_not_wait_for_their_reader() {
    let arrived = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&arrived);
    let client = server(move |_, _| {
        seen.fetch_add(1, Ordering::SeqCst);
        json!({ "ActionStatus": "OK", "ErrorCode": 0, "FailAccounts": [] })
    });
    let client = client.await;
    let mut parts = client
        .batch(ImportAccounts::new(users(400)))
        .concurrency(4)
        .parts();
    assert!(parts.next_part().await.is_some());
    while arrived.load(Ordering::SeqCst) < 4 {
        tokio::task::yield_now().await;
    }
    assert!(parts.next_part().await.is_some());
}

fn contents(lengths: &[usize]) -> ModerateContents {
    let contents = lengths.iter().zip(1..).map(|(length, number)| {
        ContentToModerate::new(number, ModerationContentType::TEXT, "x".repeat(*length))
    });
    ModerateContents::new(ModerationScene::C2C, contents)
}

/// A server that finds nothing wrong, and how many contents it got in each call.
async fn moderator() -> (Client, Arc<Mutex<Vec<usize>>>) {
    let calls = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&calls);
    let client = server(move |_, body| {
        let contents = body["Contents"].as_array().unwrap();
        seen.lock().unwrap().push(contents.len());
        let results = contents
            .iter()
            .map(|content| json!({ "ContentId": content["ContentId"], "ErrorCode": 0 }));
        json!({ "ActionStatus": "OK", "ErrorCode": 0, "AuditResults": results.collect::<Vec<_>>() })
    });
    (client.await, calls)
}

#[tokio::test]
async fn items_that_exceed_a_limit_fail_alone() {
    let (client, calls) = moderator().await;
    let request = contents(&[10, 8_193, 10, 10, 8_193]);
    let mut seen = Vec::new();
    let batch = client.batch(&request).concurrency(1);
    let outcome = batch
        .on_progress(|progress| seen.push(progress.to_string()))
        .await;
    let done: Vec<bool> = outcome
        .iter()
        .map(|(_, outcome)| outcome.is_done())
        .collect();
    assert_eq!(done, [true, false, true, true, false]);
    assert_eq!(*calls.lock().unwrap(), [1, 2]);
    assert_eq!(seen.last().unwrap(), "3 of 5 done, 2 failed");
    for (_, why) in outcome.failed() {
        assert_eq!(why.sent(), Sent::No);
        assert!(
            why.to_string().contains("at most 8192 are allowed"),
            "{why}"
        );
    }
    assert!(
        outcome
            .errors()
            .all(|error| error.kind() == ErrorKind::Invalid)
    );
    assert!(outcome.retry_request().is_none(), "it would fail again");

    // Known before anything is sent.
    calls.lock().unwrap().clear();
    let outcome = client.batch(&request).stop_at_failure().await;
    assert!(outcome.was_stopped() && calls.lock().unwrap().is_empty());
    assert_eq!(outcome.failed().count(), 5);
    let again = outcome.retry_request().unwrap();
    assert_eq!(again.contents.len(), 3);

    let outcome = client.batch(&request).unchecked().await;
    assert!(outcome.is_complete());
    assert_eq!(*calls.lock().unwrap(), [5]);
}

#[tokio::test]
async fn each_request_has_its_outcome() {
    let (simulator, client) = world().await;
    let refuse = Fault::Refuse(ErrorCode(40006));
    simulator
        .inject_at(ImportAccount::META.path, [refuse])
        .unwrap();
    let names = users(20);
    let requests = || names.iter().map(ImportAccount::new);
    let mut seen = Vec::new();
    let each = client.each(requests()).concurrency(1);
    let outcome = each.on_progress(|progress| seen.push(progress)).await;
    assert_eq!((outcome.len(), outcome.succeeded().count()), (20, 19));
    assert_eq!(seen.len(), 20);
    assert_eq!((seen[0].failed, seen[0].left()), (1, Some(19)));
    // In the order of the requests.
    let asked: Vec<&str> = outcome
        .iter()
        .map(|(request, _)| request.user_id.as_str())
        .collect();
    assert_eq!(asked, names);
    let (request, why) = outcome.failed().next().unwrap();
    assert_eq!(
        (request.user_id.as_str(), why.code()),
        ("u0", Some(ErrorCode(40006)))
    );
    assert!(
        outcome
            .outcome(0)
            .is_some_and(|outcome| outcome.reply().is_none())
    );
    assert!(outcome.outcome(19).is_some_and(|outcome| outcome.is_done()));
    assert!(!outcome.was_stopped());
    let again: Vec<_> = outcome.retry_requests().cloned().collect();
    assert_eq!(
        again.len(),
        usize::from(why.repeat() != Some(tencent_chat_types::ErrorRepeat::Never))
    );
    let error = outcome.all_done().unwrap_err();
    let text = error.to_string();
    assert!(
        text.contains("1 of 20 requests failed, the first: "),
        "{text}"
    );
    assert!(std::error::Error::source(&error).is_some());
    // By reference too, and many at once.
    let owned: Vec<ImportAccount> = requests().collect();
    let outcome = client.each(&owned).concurrency(8).await;
    assert_eq!(outcome.into_result().unwrap().into_replies().len(), 20);
}

#[tokio::test]
async fn requests_are_taken_when_they_can_begin() {
    let (_simulator, client) = world().await;
    let taken = Cell::new(0);
    let requests = users(50).into_iter().map(|name| {
        taken.set(taken.get() + 1);
        ImportAccount::new(name)
    });
    let mut results = client.each(requests).concurrency(3).results();
    let mut ended = 0;
    while let Some(result) = results.next_result().await {
        ended += result.len();
        assert!(
            taken.get() <= ended + 3,
            "{} taken, {ended} ended",
            taken.get()
        );
    }
    assert_eq!((ended, taken.get()), (50, 50));
}

#[tokio::test]
async fn what_is_stopped_leaves_the_rest_of_the_iterator() {
    let (simulator, client) = world().await;
    let mut names = users(50).into_iter();
    let refuse = Fault::Refuse(ErrorCode(40006));
    simulator
        .inject_at(ImportAccount::META.path, [Fault::None, refuse])
        .unwrap();
    let requests = names.by_ref().map(ImportAccount::new);
    let outcome = client.each(requests).concurrency(1).stop_at_failure().await;
    assert!(outcome.was_stopped());
    assert_eq!((outcome.len(), outcome.succeeded().count()), (2, 1));
    assert_eq!(names.next().as_deref(), Some("u2"));

    let outcome = client
        .each(names.by_ref().map(ImportAccount::new))
        .until(future::ready(()))
        .await;
    assert!(outcome.is_empty() && outcome.was_stopped());
    let error = outcome.all_done().unwrap_err().to_string();
    assert!(error.contains("stopped after 0 requests"), "{error}");
    assert_eq!(names.next().as_deref(), Some("u3"));

    // Nothing was left when it stopped.
    let outcome = client.each(names.map(ImportAccount::new)).await;
    assert!(outcome.is_complete() && !outcome.was_stopped());
    assert_eq!(outcome.len(), 46);
}

#[tokio::test]
async fn the_quota_holds_for_all_of_them() {
    let (simulator, _) = world().await;
    let path = ImportAccount::META.path;
    let build = || {
        let limiter = LocalLimiter::new().quotas(path, &[Quota::calls(2, 86_400)]);
        let builder = Client::builder(APP, "administrator", "key").base_url(simulator.base_url());
        builder.limiter(Arc::new(limiter)).build().unwrap()
    };
    let (client, names) = (build(), users(5));
    let requests = || names.iter().map(ImportAccount::new);
    let outcome = client.each(requests()).quota_wait(Duration::ZERO).await;
    assert_eq!(outcome.succeeded().count(), 2);
    assert!(
        outcome
            .errors()
            .all(|error| error.kind() == ErrorKind::Limited)
    );
    assert_eq!(outcome.errors().count(), 3);
    assert_eq!(outcome.retry_requests().count(), 3);

    // A day would be too long.
    let client = build();
    let week = Duration::from_secs(7 * 86_400);
    let each = client
        .each(requests())
        .quota_wait(week)
        .stop_after(Duration::from_millis(300));
    let outcome = each.await;
    assert!(outcome.was_stopped());
    assert_eq!(outcome.succeeded().count(), 2);
    assert!(
        outcome
            .failed()
            .all(|(_, why)| why.error().is_none() && why.sent() == Sent::No)
    );
    let (_, why) = outcome.failed().next().unwrap();
    assert_eq!(why.to_string(), "not sent: it was stopped");
}

#[tokio::test]
async fn each_call_has_a_deadline() {
    let (simulator, client) = world().await;
    let slow = Fault::Delay(Duration::from_secs(60));
    simulator
        .inject_at(ImportAccount::META.path, [slow])
        .unwrap();
    let names = users(3);
    let each = client
        .each(names.iter().map(ImportAccount::new))
        .concurrency(1);
    let outcome = each.deadline(Duration::from_millis(100)).await;
    let kinds: Vec<_> = outcome
        .iter()
        .map(|(_, outcome)| outcome.error().map(|error| error.kind()))
        .collect();
    assert_eq!(kinds, [Some(ErrorKind::Timeout), None, None]);
}
