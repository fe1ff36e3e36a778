//! How a call can be identified afterwards, and errors that tests make themselves.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use axum::{
    http::StatusCode,
    response::{AppendHeaders, IntoResponse},
};
use std::{
    collections::HashSet,
    sync::{Arc, Mutex},
    time::Duration,
};
use support::{Server, builder};
use tencent_chat_client::{
    Error, ErrorKind, Finished, Observer, RetryPolicy, Sent, Tried,
    types::{
        ErrorClass, ErrorCode, ErrorRepeat, conversation::GetContactGroup, group::CreateGroup,
        message::SendMsg, model::GroupType,
    },
};

const DONE: &str = r#"{"ActionStatus":"OK","ErrorCode":0,"CompleteFlag":1}"#;

/// The parameter `random` of each request that a server got.
fn randoms(server: &Server) -> Vec<u32> {
    let seen = server.seen();
    let random = |seen: &support::Seen| seen.query["random"].parse().unwrap();
    seen.iter().map(random).collect()
}

#[tokio::test]
async fn an_answer_has_random_status_and_headers() {
    let server = Server::new(|_| (AppendHeaders([("x-trace", "a b")]), DONE).into_response()).await;
    let call = server.client();
    let call = call.call(GetContactGroup::new("lin"));
    let answer = call.answer().await.unwrap();
    assert_eq!([answer.random], *randoms(&server));
    assert_eq!(answer.http_status, 200);
    assert_eq!(answer.headers["x-trace"], "a b");
    assert!(!format!("{answer:?}").contains("a b"));
}

#[tokio::test]
async fn an_error_has_those_of_its_last_try_and_each_try_has_its_own() {
    let replies = Mutex::new(vec![
        (
            StatusCode::OK,
            r#"{"ActionStatus":"FAIL","ErrorCode":10002}"#,
        ),
        (StatusCode::BAD_GATEWAY, "<html>"),
    ]);
    let server = Server::new(move |seen| {
        let (status, body) = replies.lock().unwrap().pop().unwrap();
        // As a proxy does that sends the caller elsewhere.
        let echoed = format!("https://elsewhere/?usersig={}", seen.query["usersig"]);
        (status, AppendHeaders([("location", echoed)]), body).into_response()
    })
    .await;
    let quick = RetryPolicy::new()
        .max_tries(2)
        .first_pause(Duration::from_millis(1));
    let client = server.builder().retry(quick).build().unwrap();
    let error = client.send(GetContactGroup::new("lin")).await.unwrap_err();
    let sent = randoms(&server);
    assert_eq!(sent.iter().collect::<HashSet<_>>().len(), 2);
    assert_eq!(error.random(), Some(sent[1]));
    assert_eq!(
        (error.kind(), error.http_status()),
        (ErrorKind::Api, Some(200))
    );
    let tries: Vec<_> = (error.tries().iter())
        .map(|tried| (tried.kind, tried.http_status, tried.random))
        .collect();
    assert_eq!(
        tries,
        [
            (ErrorKind::Http, Some(502), Some(sent[0])),
            (ErrorKind::Api, Some(200), Some(sent[1])),
        ]
    );
    // Its headers are there for whoever asks, and in no text.
    let sig = &server.seen()[1].query["usersig"];
    let header = &error.headers().unwrap()["location"];
    assert!(header.to_str().unwrap().contains(sig));
    let shown = format!(
        "{error} {error:?} {:?} {:?}",
        error.headers(),
        error.tries()
    );
    assert!(!shown.contains(&sig[..24]), "{shown}");
    assert!(shown.contains(&sent[1].to_string()), "{shown}");
}

#[tokio::test]
async fn what_got_no_response_still_has_its_random() {
    let client = builder("http://127.0.0.1:1").build().unwrap();
    let error = client.send(GetContactGroup::new("lin")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connect);
    assert!(error.random().is_some() && error.random() == error.tries()[0].random);
    assert!(error.http_status().is_none() && error.headers().is_none());
    let invalid = client.send(GetContactGroup::new("x".repeat(100_000))).await;
    assert!(invalid.unwrap_err().random().is_some());
}

/// Notes what it is told.
#[derive(Debug, Default)]
struct Notes(Mutex<Vec<String>>);

impl Observer for Notes {
    fn tried(&self, tried: &Tried<'_>) {
        let note = format!("try {:?} {:?}", tried.random, tried.http_status);
        self.0.lock().unwrap().push(note);
    }

    fn finished(&self, finished: &Finished<'_>) {
        let note = format!(
            "call {} {:?} {}",
            finished.tries,
            finished.error.map(Error::kind),
            finished.abandoned
        );
        self.0.lock().unwrap().push(note);
    }
}

#[tokio::test]
async fn observers_are_told_of_tries_and_calls() {
    let server = Server::replying(DONE).await;
    let notes = Arc::new(Notes::default());
    let observed = |base: &str| builder(base).observer(notes.clone()).build().unwrap();
    let client = observed(&server.base);
    client.send(GetContactGroup::new("lin")).await.unwrap();
    let nowhere = observed("http://127.0.0.1:1");
    nowhere.send(GetContactGroup::new("lin")).await.unwrap_err();
    let random = randoms(&server)[0];
    let notes_now = std::mem::take(&mut *notes.0.lock().unwrap());
    assert_eq!(notes_now[0], format!("try {random} Some(200)"));
    assert_eq!(notes_now[1], "call 1 None false");
    assert!(notes_now[2].starts_with("try ") && notes_now[2].ends_with(" None"));
    assert_eq!(notes_now[3], "call 1 Some(Connect) false");
    // Dropped before it is over.
    let silent = support::raw(|mut connection| async move {
        support::read_request(&mut connection).await;
        tokio::time::sleep(Duration::from_secs(600)).await;
    });
    let silent = observed(&silent.await);
    let call = silent.send(GetContactGroup::new("lin"));
    let dropped = tokio::time::timeout(Duration::from_millis(200), call).await;
    assert!(dropped.is_err());
    assert_eq!(*notes.0.lock().unwrap(), ["call 1 None true"]);
}

#[test]
fn tests_can_make_errors_that_classify_like_real_ones() {
    let message = SendMsg::new("mei", ["hello"]);
    let error = Error::service(&message, ErrorCode::APP_RATE_LIMITED, "too\nfast");
    assert_eq!((error.kind(), error.sent()), (ErrorKind::Api, Sent::Yes));
    assert_eq!(error.code(), Some(ErrorCode::APP_RATE_LIMITED));
    assert_eq!(error.class(), Some(ErrorClass::Quota));
    assert_eq!(error.repeat(), Some(ErrorRepeat::Later));
    assert!(error.is_repeat_safe() && error.meaning().is_some());
    assert_eq!(error.server_text(), Some(r"too\nfast"));
    assert_eq!(error.endpoint(), "v4/openim/sendmsg");
    assert_eq!(error.tries().len(), 1);

    let group = CreateGroup::new(GroupType::PUBLIC, "chess");
    let error = Error::timed_out(&group);
    assert_eq!(
        (error.kind(), error.sent()),
        (ErrorKind::Timeout, Sent::Maybe)
    );
    assert!(!error.is_repeat_safe());
    // All numbers are set by which the service drops a duplicate.
    assert!(Error::timed_out(message).is_repeat_safe());
    let error = Error::unreachable(group);
    assert_eq!((error.kind(), error.sent()), (ErrorKind::Connect, Sent::No));
    assert!(error.is_repeat_safe());
    assert_eq!(error.class(), Some(ErrorClass::Transient));
}

#[test]
fn kinds_have_words_and_phrases() {
    assert_eq!(ErrorKind::TooLarge.as_str(), "too_large");
    assert_eq!(ErrorKind::TooLarge.to_string(), "reply too large");
    assert_eq!(Sent::Maybe.as_str(), "maybe");
    assert_eq!(Sent::Maybe.to_string(), "possibly sent");
}
