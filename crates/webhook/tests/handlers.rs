//! Handlers: which one is called, what is answered, and what happens when they are late.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use serde_json::{Value, json};
use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tencent_chat_webhook::{
    HttpAnswer, Late, Received, Receiver, Webhooks,
    types::{
        model::TextElem,
        webhook::{
            C2cAfterSendMsg, C2cBeforeSendMsg, C2cBeforeSendMsgAnswer, C2cBeforeSendMsgChanges,
            Event, Refusal, SnsPrevFriendAdd, SnsPrevFriendAddAnswer,
        },
    },
};

const APP: u64 = 1_400_000_000;
const BEFORE: &str = "C2C.CallbackBeforeSendMsg";
const AFTER: &str = "C2C.CallbackAfterSendMsg";

fn webhooks() -> Webhooks {
    Webhooks::new(Receiver::unauthenticated(APP))
}

fn message(command: &str, text: &str) -> Value {
    json!({
        "CallbackCommand": command,
        "From_Account": "mei",
        "To_Account": "lin",
        "MsgSeq": 1,
        "MsgRandom": 2,
        "MsgTime": 1_764_150_123,
        "MsgKey": "1_2_1764150123",
        "MsgBody": [{ "MsgType": "TIMTextElem", "MsgContent": { "Text": text } }],
    })
}

async fn send(webhooks: &Webhooks, body: &Value) -> HttpAnswer {
    let command = body["CallbackCommand"].as_str().unwrap();
    let query = format!("SdkAppid={APP}&CallbackCommand={command}");
    webhooks.handle(&query, body.to_string().as_bytes()).await
}

fn json(answer: &HttpAnswer) -> Value {
    assert_eq!(answer.status, 200);
    serde_json::from_slice(&answer.body).unwrap()
}

const OK: &str = r#"{"ActionStatus":"OK","ErrorCode":0,"ErrorInfo":""}"#;

fn ok() -> Value {
    serde_json::from_str(OK).unwrap()
}

fn moderated() -> Webhooks {
    webhooks().on(|event: Received<C2cBeforeSendMsg>| async move {
        let tencent_chat_webhook::types::model::MsgElement::Text(text) = &event.msg_body[0] else {
            return C2cBeforeSendMsgAnswer::Allow;
        };
        match text.text.as_str() {
            "no" => C2cBeforeSendMsgAnswer::Refuse,
            "why not" => {
                C2cBeforeSendMsgAnswer::RefuseWith(Refusal::new(120_017, "not here").unwrap())
            }
            "drop" => C2cBeforeSendMsgAnswer::Drop,
            "damn" => C2cBeforeSendMsgAnswer::Change(
                C2cBeforeSendMsgChanges::new().with_msg_body([TextElem::new("****")]),
            ),
            _ => C2cBeforeSendMsgAnswer::Allow,
        }
    })
}

#[tokio::test]
async fn answers_on_the_wire() {
    let webhooks = moderated();
    for (text, expected) in [
        ("hello", ok()),
        (
            "no",
            json!({ "ActionStatus": "OK", "ErrorCode": 1, "ErrorInfo": "" }),
        ),
        (
            "why not",
            json!({ "ActionStatus": "OK", "ErrorCode": 120017, "ErrorInfo": "not here" }),
        ),
        (
            "drop",
            json!({ "ActionStatus": "OK", "ErrorCode": 2, "ErrorInfo": "" }),
        ),
        (
            "damn",
            json!({
                "ActionStatus": "OK",
                "ErrorCode": 0,
                "ErrorInfo": "",
                "MsgBody": [{ "MsgType": "TIMTextElem", "MsgContent": { "Text": "****" } }],
            }),
        ),
    ] {
        let answer = send(&webhooks, &message(BEFORE, text)).await;
        assert_eq!(json(&answer), expected, "{text}");
    }
}

#[tokio::test]
async fn each_item_gets_its_result() {
    let webhooks = webhooks().on(|_: Received<SnsPrevFriendAdd>| async {
        let refusal = Refusal::new(38_021, "bo takes no requests").unwrap();
        SnsPrevFriendAddAnswer::RefuseSome([("bo".to_owned(), refusal)].into())
    });
    let body = json!({
        "CallbackCommand": "Sns.CallbackPrevFriendAdd",
        "Requester_Account": "mei",
        "From_Account": "mei",
        "FriendItem": [{ "To_Account": "lin" }, { "To_Account": "bo" }],
        "EventTime": 1_764_150_123_456_u64,
    });
    let results = &json(&send(&webhooks, &body).await)["ResultItem"];
    assert_eq!(
        *results,
        json!([
            { "To_Account": "lin", "ResultCode": 0, "ResultInfo": "" },
            { "To_Account": "bo", "ResultCode": 38021, "ResultInfo": "bo takes no requests" },
        ])
    );
}

#[test]
fn only_documented_codes_refuse() {
    for code in [0, 1, 2, 120_000, 130_001, -120_017, i64::MAX] {
        let error = Refusal::<120_001, 130_000>::new(code, "").unwrap_err();
        assert!(
            error.to_string().contains("from 120001 to 130000"),
            "{error}"
        );
    }
    for code in [120_001, 130_000] {
        assert_eq!(
            Refusal::<120_001, 130_000>::new(code, "").unwrap().code(),
            code
        );
    }
}

#[tokio::test]
async fn events_without_a_handler_are_acknowledged() {
    let webhooks = moderated();
    assert_eq!(json(&send(&webhooks, &message(AFTER, "x")).await), ok());
    let unknown = json!({ "CallbackCommand": "Next.CallbackOfNextYear", "A": [1] });
    assert_eq!(json(&send(&webhooks, &unknown).await), ok());
    // The body must be a valid event, too.
    let query = format!("SdkAppid={APP}&CallbackCommand={AFTER}");
    assert_eq!(webhooks.handle(&query, b"[]").await.status, 400);
}

#[tokio::test]
async fn other_events_go_to_one_handler() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&seen);
    let webhooks = moderated().on_others(move |delivery| {
        let kept = Arc::clone(&kept);
        async move {
            let known = !matches!(delivery.event, Event::Unknown(_));
            let command = delivery.event.command().to_owned();
            kept.lock().unwrap().push((command, known));
        }
    });
    send(&webhooks, &message(BEFORE, "x")).await;
    send(&webhooks, &message(AFTER, "x")).await;
    send(&webhooks, &json!({ "CallbackCommand": "Next.Year" })).await;
    assert_eq!(
        *seen.lock().unwrap(),
        [(AFTER.to_owned(), true), ("Next.Year".to_owned(), false)]
    );
}

fn sleepy() -> Webhooks {
    webhooks().on(|_: Received<C2cBeforeSendMsg>| async {
        tokio::time::sleep(Duration::from_secs(60)).await;
        C2cBeforeSendMsgAnswer::Refuse
    })
}

#[tokio::test(start_paused = true)]
async fn late_answers() {
    let begin = tokio::time::Instant::now();
    let body = message(BEFORE, "x");
    let answer = send(&sleepy(), &body).await;
    assert_eq!(json(&answer), ok());
    let took = begin.elapsed();
    assert!(
        took >= Webhooks::DEFAULT_DEADLINE && took < Duration::from_secs(2),
        "{took:?}"
    );

    let failing = sleepy().late(Late::Fail);
    assert_eq!(send(&failing, &body).await.status, 503);

    let strict = sleepy().late_answer(|event: &C2cBeforeSendMsg| {
        assert_eq!(event.from_account, "mei");
        C2cBeforeSendMsgAnswer::Drop
    });
    assert_eq!(json(&send(&strict, &body).await)["ErrorCode"], 2);
    let strict = strict.late(Late::Fail).deadline(Duration::from_millis(10));
    assert_eq!(json(&send(&strict, &body).await)["ErrorCode"], 2);
}

#[tokio::test(start_paused = true)]
async fn handlers_of_after_events_run_to_completion() {
    let done = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&done);
    let webhooks =
        webhooks()
            .deadline(Duration::from_millis(100))
            .on(move |_: Received<C2cAfterSendMsg>| {
                let counter = Arc::clone(&counter);
                async move {
                    tokio::time::sleep(Duration::from_secs(5)).await;
                    counter.fetch_add(1, Ordering::SeqCst);
                }
            });
    assert_eq!(json(&send(&webhooks, &message(AFTER, "x")).await), ok());
    assert_eq!(done.load(Ordering::SeqCst), 0);
    webhooks.idle().await;
    assert_eq!(done.load(Ordering::SeqCst), 1);
    // It still works afterwards.
    send(&webhooks, &message(AFTER, "y")).await;
    webhooks.idle().await;
    assert_eq!(done.load(Ordering::SeqCst), 2);
}

#[tokio::test(start_paused = true)]
async fn too_many_concurrent_events_are_refused() {
    let webhooks = sleepy().max_in_flight(2);
    let body = message(BEFORE, "x");
    let (a, b, c) = tokio::join!(
        send(&webhooks, &body),
        send(&webhooks, &body),
        send(&webhooks, &body)
    );
    let mut statuses = [a.status, b.status, c.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 200, 503]);
    assert_eq!(
        send(&webhooks, &body).await.status,
        200,
        "the slots are free again"
    );
}

#[tokio::test]
async fn a_panic_counts_as_a_late_answer() {
    let webhooks = webhooks()
        .on(|event: Received<C2cBeforeSendMsg>| async move {
            assert!(event.from_account != "mei", "on purpose");
            C2cBeforeSendMsgAnswer::Refuse
        })
        .on(|event: Received<C2cAfterSendMsg>| async move {
            assert!(event.from_account != "mei", "on purpose");
        });
    assert_eq!(json(&send(&webhooks, &message(BEFORE, "x")).await), ok());
    assert_eq!(send(&webhooks, &message(AFTER, "x")).await.status, 500);
    webhooks.idle().await;
}

/// The late answer can panic, too; then the policy applies.
#[tokio::test(start_paused = true)]
async fn a_late_answer_that_panics_falls_back_to_the_policy() {
    let webhooks = sleepy().late_answer(|_: &C2cBeforeSendMsg| panic!("on purpose"));
    let body = message(BEFORE, "x");
    assert_eq!(json(&send(&webhooks, &body).await), ok());
    assert_eq!(send(&webhooks.late(Late::Fail), &body).await.status, 503);
}

/// "Before" events are always allowed, regardless of what the handler for
/// all other events does.
#[tokio::test(start_paused = true)]
async fn before_events_without_a_handler_are_answered() {
    let question = json!({
        "CallbackCommand": "Sns.CallbackPrevFriendAdd",
        "Requester_Account": "mei",
        "From_Account": "mei",
        "FriendItem": [{ "To_Account": "lin" }],
        "AddType": "Add_Type_Both",
        "ForceAddFlags": 0,
    });
    let allowed = json(&send(&webhooks(), &question).await);
    assert_eq!(allowed["ResultItem"][0]["To_Account"], "lin");
    let broken = webhooks().on_others(|_| async { panic!("on purpose") });
    assert_eq!(json(&send(&broken, &question).await), allowed);
    // The service may send "after" events again.
    assert_eq!(send(&broken, &message(AFTER, "x")).await.status, 500);
    let slow = webhooks().on_others(|_| tokio::time::sleep(Duration::from_secs(60)));
    assert_eq!(json(&send(&slow, &question).await), allowed);
    slow.idle().await;
}

/// Even if two callers wait, and events arrive in between.
#[tokio::test(start_paused = true)]
async fn all_callers_of_idle_return() {
    let webhooks =
        webhooks()
            .deadline(Duration::ZERO)
            .on(|event: Received<C2cAfterSendMsg>| async move {
                tokio::time::sleep(Duration::from_secs(event.msg_seq.into())).await;
            });
    let told = |seconds: u32| {
        let mut body = message(AFTER, "x");
        body["MsgSeq"] = seconds.into();
        body
    };
    send(&webhooks, &told(1)).await;
    let mut first = Box::pin(webhooks.idle());
    assert!(futures_util::poll!(&mut first).is_pending());
    tokio::time::sleep(Duration::from_secs(2)).await;
    send(&webhooks, &told(1)).await;
    let second = webhooks.idle();
    let both = async { tokio::join!(second, first) };
    tokio::time::timeout(Duration::from_secs(60), both)
        .await
        .unwrap();
}

#[tokio::test]
async fn a_repeated_event_has_the_key_of_the_first() {
    let keys = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&keys);
    let webhooks = webhooks().on(move |event: Received<C2cAfterSendMsg>| {
        kept.lock().unwrap().push(event.key());
        async {}
    });
    let first = message(AFTER, "x");
    // Fields that vary between deliveries don't matter; those that identify the message do.
    let mut again = first.clone();
    again["EventTime"] = json!(1_764_150_125_000_u64);
    let mut other = first.clone();
    other["MsgKey"] = json!("9_2_1764150123");
    for body in [&first, &again, &other] {
        send(&webhooks, body).await;
    }
    let keys = keys.lock().unwrap();
    assert_eq!(keys[0], keys[1]);
    assert_ne!(keys[0], keys[2]);
}
