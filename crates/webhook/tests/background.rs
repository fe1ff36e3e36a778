//! Handlers that hang, fail or continue in the background, and events that cannot be read.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use serde_json::{Value, json};
use std::{
    io,
    sync::{
        Arc, Mutex, Once,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};
use tencent_chat_webhook::{
    Clock, HttpAnswer, Late, ReceiveError, Received, Receiver, SystemClock, Token, Webhooks,
    types::webhook::{C2cAfterSendMsg, C2cBeforeSendMsg, C2cBeforeSendMsgAnswer, When},
};
use tokio::time::{Instant, sleep};

const APP: u64 = 1_400_000_000;
const BEFORE: &str = "C2C.CallbackBeforeSendMsg";
const AFTER: &str = "C2C.CallbackAfterSendMsg";

fn webhooks() -> Webhooks {
    Webhooks::new(Receiver::unauthenticated(APP))
}

async fn send_bytes(webhooks: &Webhooks, command: &str, body: &[u8]) -> HttpAnswer {
    let query = format!("SdkAppid={APP}&CallbackCommand={command}");
    webhooks.handle(&query, body).await
}

async fn send(webhooks: &Webhooks, command: &str) -> HttpAnswer {
    let body = json!({ "CallbackCommand": command, "From_Account": "mei", "To_Account": "lin" });
    send_bytes(webhooks, command, body.to_string().as_bytes()).await
}

fn code(answer: &HttpAnswer) -> i64 {
    let body: Value = serde_json::from_slice(&answer.body).unwrap();
    body["ErrorCode"].as_i64().unwrap()
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Log {
    fn start() -> (Self, tracing::subscriber::DefaultGuard) {
        let log = Self::default();
        let writer = log.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(tracing::level_filters::LevelFilter::TRACE)
            .with_ansi(false)
            .with_writer(move || writer.clone())
            .finish();
        // Threads without a subscriber would disable the events for all.
        static EVERYWHERE: Once = Once::new();
        EVERYWHERE.call_once(|| {
            let nowhere = tracing_subscriber::fmt()
                .with_max_level(tracing::level_filters::LevelFilter::TRACE)
                .with_writer(io::sink);
            tracing::subscriber::set_global_default(nowhere.finish()).unwrap();
        });
        (log, tracing::subscriber::set_default(subscriber))
    }

    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

#[tokio::test(start_paused = true)]
async fn after_handlers_that_hang_use_no_slots_of_before_handlers() {
    let webhooks = webhooks()
        .max_in_flight(2)
        .max_in_background(3)
        .on(|_: Received<C2cBeforeSendMsg>| async { C2cBeforeSendMsgAnswer::Refuse })
        .on(|_: Received<C2cAfterSendMsg>| std::future::pending::<()>());
    for _ in 0..3 {
        assert_eq!(send(&webhooks, AFTER).await.status, 200);
    }
    assert_eq!(send(&webhooks, AFTER).await.status, 503, "no slot is free");
    for _ in 0..10 {
        assert_eq!(code(&send(&webhooks, BEFORE).await), 1);
    }
    webhooks.idle().await;
    assert_eq!(
        send(&webhooks, AFTER).await.status,
        200,
        "the slots are free again"
    );
}

/// "Before" events without a handler of their own are allowed even then.
#[tokio::test(start_paused = true)]
async fn a_before_event_without_a_handler_needs_no_slot() {
    let webhooks = webhooks()
        .max_in_background(1)
        .on_others(|_| std::future::pending::<()>());
    for command in [AFTER, BEFORE, BEFORE] {
        assert_eq!(send(&webhooks, command).await.status, 200);
    }
    assert_eq!(send(&webhooks, AFTER).await.status, 503);
}

#[tokio::test(start_paused = true)]
async fn background_handlers_end_in_bounded_time_and_idle_waits_for_them() {
    let (log, _guard) = Log::start();
    let ended = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&ended);
    let webhooks = webhooks().background_deadline(Duration::from_secs(7)).on(
        move |_: Received<C2cAfterSendMsg>| {
            struct Ends(Arc<AtomicUsize>);
            impl Drop for Ends {
                fn drop(&mut self) {
                    self.0.fetch_add(1, Ordering::SeqCst);
                }
            }
            let ends = Ends(Arc::clone(&count));
            async move {
                let _ends = ends;
                std::future::pending::<()>().await;
            }
        },
    );
    let begin = Instant::now();
    assert_eq!(send(&webhooks, AFTER).await.status, 200);
    assert_eq!(ended.load(Ordering::SeqCst), 0);
    webhooks.idle().await;
    assert_eq!(ended.load(Ordering::SeqCst), 1);
    assert!(
        begin.elapsed() < Duration::from_secs(8),
        "{:?}",
        begin.elapsed()
    );
    let text = log.text();
    assert!(
        text.contains(r#"outcome="in_background" status=200"#),
        "{text}"
    );
    assert!(text.contains(r#"outcome="given_up""#), "{text}");
}

#[tokio::test(start_paused = true)]
async fn an_after_handler_that_fails_is_logged_and_the_sender_can_tell() {
    let (log, _guard) = Log::start();
    let webhooks = webhooks().on(|event: Received<C2cAfterSendMsg>| async move {
        if event.msg_seq > 0 {
            sleep(Duration::from_secs(5)).await;
        }
        Err::<(), _>(io::Error::other(format!(
            "no\r\nroom {}",
            "x".repeat(10_000)
        )))
    });
    let answer = send(&webhooks, AFTER).await;
    assert_eq!(answer.status, 500);
    let body: Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!(body["ActionStatus"], "FAIL");
    let text = log.text();
    assert!(
        text.contains(r"no\r\nroom xxx") && text.contains(r#"outcome="failed""#),
        "{text}"
    );
    assert!(text.lines().all(|line| line.len() < 600), "{text}");

    // A failure after the response is at least logged.
    let body = json!({ "CallbackCommand": AFTER, "MsgSeq": 1 }).to_string();
    assert_eq!(
        send_bytes(&webhooks, AFTER, body.as_bytes()).await.status,
        200
    );
    webhooks.idle().await;
    assert_eq!(log.text().matches("handler failed").count(), 2);
}

#[tokio::test]
async fn a_before_handler_that_fails_counts_as_late() {
    let webhooks = webhooks().on(|event: Received<C2cBeforeSendMsg>| async move {
        match event.from_account.as_str() {
            "mei" => Err("the database is down"),
            _ => Ok(C2cBeforeSendMsgAnswer::Refuse),
        }
    });
    assert_eq!(code(&send(&webhooks, BEFORE).await), 0);
    let strict = webhooks.late_answer(|_: &C2cBeforeSendMsg| C2cBeforeSendMsgAnswer::Drop);
    assert_eq!(code(&send(&strict, BEFORE).await), 2);
}

#[tokio::test]
async fn a_handler_of_all_others_can_fail() {
    let webhooks = webhooks().try_on_others(|_| async { Err("no room") });
    assert_eq!(send(&webhooks, AFTER).await.status, 500);
    assert_eq!(code(&send(&webhooks, BEFORE).await), 0);
}

const UNREADABLE: [&[u8]; 5] = [
    b"",
    b"\xff\xfe",
    b"{",
    b"<html>",
    br#"{"CallbackCommand":"Other"}"#,
];

#[tokio::test]
async fn unreadable_events_reach_the_app_unchanged() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&seen);
    let hooked = webhooks()
        .on(|_: Received<C2cBeforeSendMsg>| async { C2cBeforeSendMsgAnswer::Refuse })
        .on_unreadable(move |unreadable| {
            assert!(!format!("{unreadable:?}").contains("html>\""));
            let kept = Arc::clone(&kept);
            async move {
                kept.lock()
                    .unwrap()
                    .push((unreadable.body.to_vec(), unreadable.when));
                None
            }
        });
    let mut expected = Vec::new();
    for body in UNREADABLE {
        for (command, when) in [
            (BEFORE, Some(When::Before)),
            (AFTER, Some(When::After)),
            ("Next.Year", None),
        ] {
            // By the policy: allowed by default, and "after" events are acknowledged.
            let answer = send_bytes(&hooked, command, body).await;
            assert_eq!((answer.status, code(&answer)), (200, 0));
            expected.push((body.to_vec(), when));
        }
    }
    assert_eq!(*seen.lock().unwrap(), expected);

    let failing = hooked.clone().late(Late::Fail);
    assert_eq!(send_bytes(&failing, BEFORE, b"{").await.status, 503);
    assert_eq!(send_bytes(&failing, AFTER, b"{").await.status, 200);
    let own = hooked.clone().on_unreadable(|_| async {
        Some(HttpAnswer::new(
            200,
            r#"{"ActionStatus":"OK","ErrorCode":1}"#,
        ))
    });
    assert_eq!(code(&send_bytes(&own, BEFORE, b"{").await), 1);
    // Without the hook, the sender learns that the event was not read.
    assert_eq!(send_bytes(&webhooks(), BEFORE, b"{").await.status, 400);
    // The limit applies to it, too.
    let receiver = Receiver::unauthenticated(APP).max_body_bytes(10);
    let bounded = Webhooks::new(receiver).on_unreadable(|_| async { panic!("not this one") });
    assert_eq!(send_bytes(&bounded, BEFORE, &[b' '; 11]).await.status, 413);
}

#[tokio::test(start_paused = true)]
async fn a_hook_that_hangs_or_panics_falls_back_to_the_policy() {
    let hanging = webhooks().on_unreadable(|_| std::future::pending());
    let panicking = webhooks().on_unreadable(|_| async { panic!("on purpose") });
    for (hooked, told) in [(hanging, 200), (panicking, 500)] {
        assert_eq!(send_bytes(&hooked, BEFORE, b"{").await.status, 200);
        assert_eq!(send_bytes(&hooked, AFTER, b"{").await.status, told);
        assert_eq!(
            send_bytes(&hooked.clone().late(Late::Fail), BEFORE, b"{")
                .await
                .status,
            503
        );
        hooked.idle().await;
    }
}

/// Panics once.
struct Broken(AtomicBool);

impl Clock for Broken {
    fn unix_seconds(&self) -> u64 {
        assert!(self.0.swap(true, Ordering::SeqCst), "on purpose");
        SystemClock.unix_seconds()
    }
}

#[tokio::test]
async fn a_clock_that_panics_fails_one_response() {
    let receiver = Receiver::new(APP, "token").clock(Broken(AtomicBool::new(false)));
    let webhooks = Webhooks::new(receiver);
    let now = SystemClock.unix_seconds();
    let sign = Token::new("token").sign(&now.to_string());
    let command = format!("{AFTER}&Sign={sign}&RequestTime={now}");
    let body = format!(r#"{{"CallbackCommand":"{AFTER}"}}"#);
    for status in [500, 200] {
        let answer = send_bytes(&webhooks, &command, body.as_bytes()).await;
        assert_eq!(answer.status, status);
    }
}

#[tokio::test]
async fn text_from_outside_is_cut_and_escaped_in_errors_and_logs() {
    let (log, _guard) = Log::start();
    let evil = format!("\r\n\u{1b}[31mfake\u{202e}{}", "y".repeat(2_000));
    let in_query: String = evil.bytes().map(|byte| format!("%{byte:02x}")).collect();
    let body = json!({ "CallbackCommand": evil }).to_string();
    let receiver = Receiver::unauthenticated(APP);
    for (query, body) in [
        (BEFORE, &*body),
        (&*in_query, r#"{"CallbackCommand":"x"}"#),
        (&*in_query, &*body),
        (&*in_query, "{"),
    ] {
        let whole = format!("SdkAppid={APP}&CallbackCommand={query}");
        send_bytes(&webhooks(), query, body.as_bytes()).await;
        match receiver.receive(&whole, body.as_bytes()) {
            Ok(delivery) => assert_eq!(delivery.event.command(), evil),
            Err(error) => {
                let texts = format!("{error}{error:?}");
                assert!(
                    texts.len() < 2_000 && !texts.contains(char::is_control),
                    "{texts}"
                );
                assert!(!texts.contains('\u{202e}'), "{texts}");
                if let ReceiveError::CommandMismatch { query, body } = error {
                    assert!(query.len() <= 200 && body.unwrap_or_default().len() <= 200);
                }
            }
        }
    }
    let text = log.text();
    assert!(text.contains(r"[31mfake\u{202e}"), "{text}");
    assert!(!text.contains(['\u{1b}', '\u{202e}', '\r']), "{text}");
    assert!(text.lines().all(|line| line.len() < 1_000), "{text}");
    // Each line belongs to the log itself.
    assert!(
        text.lines()
            .all(|line| line.contains("tencent_chat_webhook")),
        "{text}"
    );
}

/// No signature would match, and the log gives the reason.
#[test]
fn a_token_with_white_space_around_it_is_reported() {
    let now = SystemClock.unix_seconds();
    let sign = Token::new("token").sign(&now.to_string());
    let query = format!("SdkAppid={APP}&CallbackCommand={AFTER}&Sign={sign}&RequestTime={now}");
    for token in ["token\n", " token", "\ttoken\r\n"] {
        let error = Receiver::new(APP, token).verify(&query).unwrap_err();
        assert_eq!(
            (&error, error.status()),
            (&ReceiveError::UnusableToken, 500)
        );
    }
    assert!(Receiver::new(APP, "token").verify(&query).is_ok());
}
