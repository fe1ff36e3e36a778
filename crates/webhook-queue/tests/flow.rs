//! From the request to the handler: layer, queue and consumer, over real connections.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod inner;

use axum::Router;
use inner::pass_on;
use std::{
    future::pending,
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};
use tencent_chat_webhook::{
    EventKey, HttpAnswer, Received, Receiver, Token, Webhooks,
    types::webhook::{C2cAfterSendMsg, C2cBeforeSendMsg, C2cBeforeSendMsgAnswer},
};
use tencent_chat_webhook_queue::{
    ClaimId, Claimed, Consumer, DeadLetter, EventId, Intake, MemoryQueue, Queue, QueueError,
    QueueFuture, QueueLayer, QueueSettings, QueueStats, QueuedEvent, Stored,
};
use tokio::{
    net::TcpListener,
    sync::{Semaphore, oneshot},
    time::{sleep, timeout},
};
use tower_layer::Layer;

const APP: u64 = 1_400_000_000;
const TOKEN: &str = "a token of the tests";
const BEFORE: &str = "C2C.CallbackBeforeSendMsg";
const AFTER: &str = "C2C.CallbackAfterSendMsg";
const LONG: Duration = Duration::from_secs(60);

fn receiver() -> Receiver {
    Receiver::new(APP, TOKEN).max_body_bytes(10_000)
}

fn body(command: &str, number: u64) -> String {
    // With white space and an unknown field, which must be preserved.
    format!(
        r#"{{ "CallbackCommand": "{command}", "From_Account": "mei",  "To_Account": "lin",
        "MsgSeq": 1, "MsgRandom": 2, "MsgTime": 1764150123, "MsgKey": "{number}", "New": [1.50] }}"#
    )
}

fn query(command: &str) -> String {
    let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
    let sign = Token::new(TOKEN).sign(&now.to_string());
    format!(
        "SdkAppid={APP}&CallbackCommand={command}&contenttype=json&ClientIP=127.0.0.1&OptPlatform=RESTAPI&own=%20&Sign={sign}&RequestTime={now}"
    )
}

/// An app behind a layer.
async fn serve<Q: Queue + Clone>(webhooks: &Webhooks, layer: QueueLayer<Q>) -> SocketAddr {
    let service = layer.layer(webhooks.clone().into_service());
    let router = Router::new().route_service("/webhook", service);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    address
}

async fn post(address: SocketAddr, query: &str, body: impl Into<reqwest::Body>) -> (u16, String) {
    let url = format!("http://{address}/webhook?{query}");
    let answer = reqwest::Client::new()
        .post(url)
        .body(body)
        .send()
        .await
        .unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

/// Polls until the values are equal.
async fn until<T: PartialEq + std::fmt::Debug>(wanted: T, mut ask: impl AsyncFnMut() -> T) {
    let asked = timeout(LONG, async {
        while ask().await != wanted {
            sleep(Duration::from_millis(5)).await;
        }
    });
    assert!(
        asked.await.is_ok(),
        "{:?} instead of {wanted:?}",
        ask().await
    );
}

/// A queue that can be made unavailable.
#[derive(Clone)]
struct Flaky {
    queue: MemoryQueue,
    is_on: Arc<AtomicBool>,
    stores: Arc<AtomicUsize>,
}

impl Flaky {
    fn new() -> Self {
        Self {
            queue: MemoryQueue::new(QueueSettings::default()),
            is_on: Arc::default(),
            stores: Arc::default(),
        }
    }

    fn ask<'a, T: Send + 'a>(&'a self, asked: QueueFuture<'a, T>) -> QueueFuture<'a, T> {
        match self.is_on.load(Ordering::SeqCst) {
            true => asked,
            false => Box::pin(async { Err(QueueError::unavailable("switched off")) }),
        }
    }
}

impl Queue for Flaky {
    fn store(&self, event: QueuedEvent) -> QueueFuture<'_, Stored> {
        self.stores.fetch_add(1, Ordering::SeqCst);
        if !self.is_on.load(Ordering::SeqCst) {
            return Box::pin(async { Err(QueueError::unavailable("switched off")) });
        }
        self.queue.store(event)
    }
    fn claim(&self, at_most: usize) -> QueueFuture<'_, Vec<Claimed>> {
        let at_most = if self.is_on.load(Ordering::SeqCst) {
            at_most
        } else {
            0
        };
        self.ask(self.queue.claim(at_most))
    }
    pass_on!();
}

#[tokio::test]
async fn after_events_are_stored_unchanged_and_before_events_are_answered() {
    let queue = MemoryQueue::new(QueueSettings::default());
    let webhooks = Webhooks::new(receiver())
        .on(|_: Received<C2cBeforeSendMsg>| async { C2cBeforeSendMsgAnswer::Refuse })
        .on(|_: Received<C2cAfterSendMsg>| panics("not while the service waits"));
    let address = serve(&webhooks, QueueLayer::new(receiver(), queue.clone())).await;

    let asked = query(AFTER);
    let (status, answer) = post(address, &asked, body(AFTER, 1)).await;
    assert_eq!(status, 200);
    assert!(answer.contains(r#""ErrorCode":0"#), "{answer}");
    let (status, answer) = post(address, &query(BEFORE), body(BEFORE, 2)).await;
    assert_eq!(status, 200);
    assert!(answer.contains(r#""ErrorCode":1"#), "{answer}");

    let claimed = queue.claim(10).await.unwrap();
    assert_eq!(claimed.len(), 1);
    let event = &claimed[0].event;
    assert_eq!(event.body, body(AFTER, 1));
    let origin = receiver().verify(&asked).unwrap();
    assert_eq!(
        event.key,
        receiver().receive(&asked, &event.body).unwrap().key()
    );
    assert_eq!(event.key, EventKey::of_body(&origin, &event.body));
    // What could be replayed is not kept; everything else is.
    assert!(!event.query.contains("Sign"), "{}", event.query);
    let (before, rest) = asked.split_once("&Sign=").unwrap();
    let after = rest.split_once('&').unwrap().1;
    assert_eq!(*event.query, format!("{before}&{after}"));
    assert_eq!(receiver().parse_verified(&event.query).unwrap(), origin);
}

#[tokio::test]
async fn invalid_requests_are_refused_and_not_stored() {
    let queue = MemoryQueue::new(QueueSettings::default());
    let webhooks = Webhooks::new(receiver());
    let address = serve(&webhooks, QueueLayer::new(receiver(), queue.clone())).await;
    let signed = query(AFTER);
    let forged = signed.replace("&Sign=", "&Sign=0");
    let unsigned = signed.split("&Sign=").next().unwrap();
    for (query, status) in [(&*forged, 401), (unsigned, 401), ("", 401)] {
        assert_eq!(
            post(address, query, body(AFTER, 1)).await.0,
            status,
            "{query}"
        );
    }
    assert_eq!(post(address, &signed, "x".repeat(10_001)).await.0, 413);
    let url = format!("http://{address}/webhook?{signed}");
    let got = reqwest::get(url).await.unwrap();
    assert_eq!(got.status().as_u16(), 405);
    assert_eq!(queue.stats().await.unwrap().unfinished(), 0);
}

#[tokio::test]
async fn events_that_are_not_stored_are_not_acknowledged() {
    let queue = Flaky::new();
    let intake = Intake::new(receiver(), queue.clone()).patience(Duration::from_millis(200));
    let webhooks = Webhooks::new(receiver());
    let address = serve(&webhooks, intake.into()).await;
    assert_eq!(post(address, &query(AFTER), body(AFTER, 1)).await.0, 503);
    assert!(
        queue.stores.load(Ordering::SeqCst) > 1,
        "storing is tried more than once"
    );
    queue.is_on.store(true, Ordering::SeqCst);
    assert_eq!(post(address, &query(AFTER), body(AFTER, 1)).await.0, 200);
    assert_eq!(queue.stats().await.unwrap().waiting, 1);
}

#[tokio::test]
async fn a_queue_that_comes_back_in_time_costs_nothing() {
    let queue = Flaky::new();
    let intake = Intake::new(receiver(), queue.clone()).patience(LONG);
    let address = serve(&Webhooks::new(receiver()), intake.into()).await;
    let on = queue.clone();
    tokio::spawn(async move {
        while on.stores.load(Ordering::SeqCst) < 3 {
            sleep(Duration::from_millis(2)).await;
        }
        on.is_on.store(true, Ordering::SeqCst);
    });
    assert_eq!(post(address, &query(AFTER), body(AFTER, 1)).await.0, 200);
    assert_eq!(queue.stats().await.unwrap().waiting, 1);
}

/// The service then sees a timeout, and according to its documentation it only repeats after timeouts.
#[tokio::test(start_paused = true)]
async fn the_failure_comes_after_the_service_stops_waiting() {
    let intake = Intake::new(receiver(), Flaky::new());
    let began = tokio::time::Instant::now();
    let answer = intake
        .take(&query(AFTER), body(AFTER, 1).into())
        .await
        .unwrap();
    assert_eq!(answer.status, 503);
    assert_eq!(began.elapsed(), Duration::from_millis(2_500));
}

#[tokio::test]
async fn a_full_queue_and_too_many_requests_are_failures() {
    let queue = MemoryQueue::new(QueueSettings::default().max_events(1));
    let intake = Intake::new(receiver(), queue).patience(Duration::from_millis(50));
    let take = async |intake: &Intake<_>, number| {
        intake
            .take(&query(AFTER), body(AFTER, number).into())
            .await
            .unwrap()
            .status
    };
    assert_eq!(take(&intake, 1).await, 200);
    assert_eq!(take(&intake, 1).await, 200, "this event is in the queue");
    assert_eq!(take(&intake, 2).await, 503);
    let intake = intake.max_in_flight(0);
    assert_eq!(take(&intake, 1).await, 503);
}

#[tokio::test]
async fn intake_takes_only_after_events() {
    let queue = MemoryQueue::new(QueueSettings::default());
    let intake = Intake::new(receiver(), queue.clone());
    assert!(
        intake
            .take(&query(BEFORE), body(BEFORE, 1).into())
            .await
            .is_none()
    );
    assert!(intake.take("", body(AFTER, 1).into()).await.is_none());
    let unknown = "Future.CallbackAfterSomething";
    let taken = intake.take(&query(unknown), body(unknown, 1).into()).await;
    assert_eq!(taken, Some(HttpAnswer::acknowledged()));
    assert_eq!(queue.stats().await.unwrap().waiting, 1);
}

async fn panics(why: &str) {
    panic!("{why}");
}

/// A running consumer, and what stops it.
struct Working {
    stop: oneshot::Sender<()>,
    task: tokio::task::JoinHandle<()>,
}

impl Working {
    fn start<Q: Queue + Clone>(consumer: Consumer<Q>) -> Self {
        let (stop, stopped) = oneshot::channel();
        let shutdown = async move { drop(stopped.await) };
        Self {
            stop,
            task: tokio::spawn(consumer.run(shutdown)),
        }
    }

    async fn stop(self) {
        self.stop.send(()).unwrap();
        timeout(LONG, self.task).await.unwrap().unwrap();
    }
}

fn quick<Q: Queue + Clone>(queue: Q, webhooks: Webhooks) -> Consumer<Q> {
    Consumer::new(queue, webhooks)
        .delays(Duration::ZERO, Duration::ZERO)
        .max_attempts(3)
}

async fn store(queue: &MemoryQueue, number: u64, body: impl Into<Vec<u8>>) {
    let key = EventKey::from(format!("key-{number}"));
    let event = QueuedEvent::new(key, query(AFTER), body.into(), 1);
    assert_eq!(queue.store(event).await.unwrap(), Stored::New);
}

#[tokio::test]
async fn handlers_get_the_original_event_and_are_called_until_they_succeed() {
    let queue = MemoryQueue::new(QueueSettings::default());
    let seen = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&seen);
    let webhooks = Webhooks::new(receiver()).on(move |event: Received<C2cAfterSendMsg>| {
        let log = Arc::clone(&log);
        async move {
            assert_eq!(event.origin().client_ip.as_deref(), Some("127.0.0.1"));
            let times = {
                let mut log = log.lock().unwrap();
                log.push(event.msg_key.clone());
                log.iter().filter(|key| **key == event.msg_key).count()
            };
            match (event.msg_key.as_str(), times) {
                ("1", 1) => panic!("the first time"),
                ("1", 2) => Err("the second time"),
                _ => Ok(()),
            }
        }
    });
    let working = Working::start(quick(queue.clone(), webhooks));
    for number in 0..3 {
        store(&queue, number, body(AFTER, number)).await;
    }
    until(0, async || queue.stats().await.unwrap().unfinished()).await;
    working.stop().await;
    let mut seen = seen.lock().unwrap().clone();
    seen.sort_unstable();
    assert_eq!(seen, ["0", "1", "1", "1", "2"]);
    assert_eq!(queue.stats().await.unwrap().dead, 0);
}

#[tokio::test]
async fn events_that_keep_failing_become_dead_letters_with_the_reason() {
    let queue = MemoryQueue::new(QueueSettings::default());
    let tries = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&tries);
    let is_fixed = Arc::new(AtomicBool::new(false));
    let fixed = Arc::clone(&is_fixed);
    let webhooks = Webhooks::new(receiver()).on(move |event: Received<C2cAfterSendMsg>| {
        count.fetch_add(1, Ordering::SeqCst);
        let is_fixed = fixed.load(Ordering::SeqCst);
        async move {
            match event.msg_key.as_str() {
                _ if is_fixed => Ok(()),
                "1" => Err(std::io::Error::other(
                    "no \u{1b}[31msuch\n table".repeat(100),
                )),
                "2" => panic!("with what users wrote"),
                _ => pending().await,
            }
        }
    });
    let consumer = quick(queue.clone(), webhooks).deadline(Duration::from_millis(20));
    let working = Working::start(consumer);
    for number in 1..4 {
        store(&queue, number, body(AFTER, number)).await;
    }
    until(3, async || queue.stats().await.unwrap().dead).await;
    assert_eq!(tries.load(Ordering::SeqCst), 9);
    let letters = queue.dead_letters(None, 10).await.unwrap();
    for letter in &letters {
        assert_eq!(letter.attempts, 3);
        let reason = letter.reason.as_str();
        match letter.event.key.as_str() {
            "key-1" => {
                assert!(
                    reason.starts_with(r"the handler failed: no \u{1b}[31msuch\n table"),
                    "{reason}"
                );
                assert!(reason.len() <= 200, "{reason}");
            }
            "key-2" => assert_eq!(reason, "the handler panicked"),
            _ => assert_eq!(reason, "the handler did not finish within 0.02 s"),
        }
    }
    is_fixed.store(true, Ordering::SeqCst);
    let ids = letters.into_iter().map(|letter| letter.id).collect();
    assert_eq!(queue.requeue(ids).await.unwrap(), 3);
    until(0, async || queue.stats().await.unwrap().unfinished()).await;
    assert_eq!(queue.stats().await.unwrap().dead, 0);
    working.stop().await;
}

/// A retry would fail in the same way.
#[tokio::test]
async fn unreadable_events_become_dead_letters_at_once() {
    let queue = MemoryQueue::new(QueueSettings::default());
    let working = Working::start(quick(queue.clone(), Webhooks::new(receiver())));
    let other_app = QueuedEvent::new("key-9".to_owned().into(), "SdkAppid=7", "{}", 1);
    queue.store(other_app).await.unwrap();
    store(&queue, 1, b"\xff not JSON".to_vec()).await;
    store(&queue, 2, body(BEFORE, 1)).await;
    until(3, async || queue.stats().await.unwrap().dead).await;
    for letter in queue.dead_letters(None, 10).await.unwrap() {
        assert_eq!(letter.attempts, 1);
        let expected = match letter.event.key.as_str() {
            "key-1" => "the event cannot be read: the body is ",
            "key-2" => "the event cannot be read: the query names the webhook ",
            _ => "the event belongs to a different app: 7",
        };
        assert!(letter.reason.starts_with(expected), "{}", letter.reason);
    }
    working.stop().await;
}

#[tokio::test]
async fn the_hook_for_unreadable_events_gets_them() {
    let queue = MemoryQueue::new(QueueSettings::default());
    let refuses = Arc::new(AtomicBool::new(true));
    let hook = Arc::clone(&refuses);
    let webhooks = Webhooks::new(receiver()).on_unreadable(move |unreadable| {
        assert_eq!(&unreadable.body[..], b"not JSON");
        let answer = hook
            .swap(false, Ordering::SeqCst)
            .then(|| HttpAnswer::new(500, ""));
        async { answer }
    });
    store(&queue, 1, "not JSON").await;
    let working = Working::start(quick(queue.clone(), webhooks));
    until(0, async || queue.stats().await.unwrap().unfinished()).await;
    assert_eq!(queue.stats().await.unwrap().dead, 0);
    assert!(!refuses.load(Ordering::SeqCst));
    working.stop().await;
}

/// Such as an event that makes the process run out of memory: nobody is left to report the failure.
#[tokio::test]
async fn events_that_crash_the_process_become_dead_letters() {
    let queue = MemoryQueue::new(QueueSettings::default().lease(Duration::from_millis(1)));
    store(&queue, 1, body(AFTER, 1)).await;
    for attempt in 1..=3 {
        until(vec![attempt], async || {
            let claimed = queue.claim(1).await.unwrap();
            claimed.iter().map(|one| one.id.attempt).collect::<Vec<_>>()
        })
        .await;
    }
    let calls = |_: Received<C2cAfterSendMsg>| panics("must not be called any more");
    let queue_of_many = queue.clone();
    let working = Working::start(quick(queue_of_many, Webhooks::new(receiver()).on(calls)));
    until(1, async || queue.stats().await.unwrap().dead).await;
    let letters = queue.dead_letters(None, 10).await.unwrap();
    assert!(
        letters[0].reason.starts_with("gave up after 3 attempts"),
        "{}",
        letters[0].reason
    );
    working.stop().await;
}

#[tokio::test]
async fn concurrency_is_limited() {
    let queue = MemoryQueue::new(QueueSettings::default());
    let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let counts = (Arc::clone(&running), Arc::clone(&most));
    let webhooks = Webhooks::new(receiver()).on(move |_: Received<C2cAfterSendMsg>| {
        let (running, most) = (Arc::clone(&counts.0), Arc::clone(&counts.1));
        async move {
            most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            sleep(Duration::from_millis(5)).await;
            running.fetch_sub(1, Ordering::SeqCst);
        }
    });
    for number in 0..50 {
        store(&queue, number, body(AFTER, number)).await;
    }
    let working = Working::start(quick(queue.clone(), webhooks).concurrency(4));
    until(0, async || queue.stats().await.unwrap().unfinished()).await;
    assert_eq!(most.load(Ordering::SeqCst), 4);
    working.stop().await;
}

#[tokio::test]
async fn a_shutdown_waits_for_handlers_and_claims_no_more_events() {
    let queue = MemoryQueue::new(QueueSettings::default());
    let (begun, go_on) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
    let gates = (Arc::clone(&begun), Arc::clone(&go_on));
    let webhooks = Webhooks::new(receiver()).on(move |_: Received<C2cAfterSendMsg>| {
        let (begun, go_on) = (Arc::clone(&gates.0), Arc::clone(&gates.1));
        async move {
            begun.add_permits(1);
            go_on.acquire().await.unwrap().forget();
        }
    });
    for number in 0..5 {
        store(&queue, number, body(AFTER, number)).await;
    }
    let working = Working::start(quick(queue.clone(), webhooks).concurrency(2));
    begun.acquire_many(2).await.unwrap().forget();
    let stopped = tokio::spawn(working.stop());
    // Both slots become free while it stops.
    sleep(Duration::from_millis(20)).await;
    assert!(!stopped.is_finished());
    go_on.add_permits(2);
    stopped.await.unwrap();
    let stats = queue.stats().await.unwrap();
    assert_eq!((stats.waiting, stats.claimed), (3, 0));
}

#[tokio::test]
async fn a_consumer_waits_for_a_queue_that_is_not_available() {
    let queue = Flaky::new();
    let count = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&count);
    let webhooks = Webhooks::new(receiver()).on(move |_: Received<C2cAfterSendMsg>| {
        counter.fetch_add(1, Ordering::SeqCst);
        async {}
    });
    store(&queue.queue, 1, body(AFTER, 1)).await;
    let working = Working::start(quick(queue.clone(), webhooks));
    sleep(Duration::from_millis(50)).await;
    assert_eq!(count.load(Ordering::SeqCst), 0);
    queue.is_on.store(true, Ordering::SeqCst);
    until(1, async || count.load(Ordering::SeqCst)).await;
    working.stop().await;
}
