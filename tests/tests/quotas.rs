//! What the limiter lets out and what the service refuses above its quotas, together and over HTTP.
//!
//! Minutes pass at once: client and simulator share a paused clock, which stands still while a call is under
//! way. So the times are exact, however busy the machine is.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test may panic, and prints its figures"
)]

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};
use tencent_chat_client::{
    Client, ErrorKind, ItemResult, LimitFuture, Limiter, LocalLimiter, Observer, PartOutcome,
    Tried, Turn,
};
use tencent_chat_simulator::{JournalEntry, Simulator};
use tencent_chat_tests::{
    still::Still,
    world::{APP, text},
};
use tencent_chat_types::{
    Edition, Endpoint, ErrorCode, QuotaUnit,
    account::ImportAccounts,
    message::{GetC2cHistory, GetC2cHistoryRequired, SendMsgToMany},
};
use tokio::time::{Instant, sleep};

/// The client's own limiter, with time that stands still from each turn to its reply.
#[derive(Debug, Default)]
struct Paced {
    limiter: LocalLimiter,
    under_way: Mutex<Vec<Still>>,
}

impl Limiter for Paced {
    fn acquire<'a>(&'a self, turn: Turn<'a>) -> LimitFuture<'a> {
        Box::pin(async move {
            self.limiter.acquire(turn).await?;
            self.under_way.lock().unwrap().push(Still::new());
            Ok(())
        })
    }

    fn back_off(&self, command: &str, pause: Duration) {
        self.limiter.back_off(command, pause);
    }
}

/// One limiter for the client and for its observer.
#[derive(Debug, Default)]
struct Shared(Arc<Paced>);

impl Observer for Shared {
    fn tried(&self, _: &Tried<'_>) {
        self.0.under_way.lock().unwrap().pop();
    }
}

/// A simulator that enforces all quotas, a client with default settings, and this many users.
async fn world(users: usize) -> (Simulator, Client, Vec<String>) {
    let simulator = Simulator::builder(APP, "key")
        .quotas(Edition::Paid)
        .start()
        .await
        .unwrap();
    let paced = Arc::new(Paced::default());
    let client = Client::builder(APP, "administrator", "key")
        .base_url(simulator.base_url())
        .limiter(paced.clone())
        .observer(Arc::new(Shared(paced)))
        .build()
        .unwrap();
    let users: Vec<String> = (0..users).map(|number| format!("u{number}")).collect();
    let imported = client.batch(ImportAccounts::new(&users)).await;
    assert!(imported.is_complete(), "{imported:?}");
    (simulator, client, users)
}

/// The calls of a command that the simulator has seen.
fn asked<E: Endpoint>(simulator: &Simulator) -> Vec<JournalEntry> {
    let mut journal = simulator.journal();
    journal.retain(|entry| entry.path == E::META.path);
    journal
}

/// A message to this many users by one batch: nothing is refused, nobody is left out or reached twice, and it
/// takes at most 5 % longer than the quota requires.
async fn everybody_is_told(users: usize) {
    let (simulator, client, users) = world(users).await;
    let quota = (SendMsgToMany::META.quotas.iter())
        .find(|quota| quota.unit == QuotaUnit::Items)
        .unwrap();
    let (amount, minute) = (quota.amount as usize, quota.seconds);
    let full = u32::try_from((users.len() - 1) / amount).unwrap();
    let shortest = Duration::from_secs(minute.into()) * full;
    let message = SendMsgToMany::new(&users, text("Doors open")).with_from_account("u0");
    let begin = Instant::now();
    let outcome = client.batch(message).await;
    let took = begin.elapsed();
    println!(
        "{} recipients: {took:?}, shortest {shortest:?}, {:.2} % above",
        users.len(),
        (took.as_secs_f64() / shortest.as_secs_f64() - 1.0) * 100.0
    );
    assert!(outcome.is_complete(), "{outcome:?}");
    assert_eq!(outcome.items(), users);
    let calls = asked::<SendMsgToMany>(&simulator);
    assert_eq!(calls.len(), users.len().div_ceil(500));
    for call in &calls {
        assert_eq!((call.code, call.applied), (ErrorCode::OK, 1), "{call:?}");
    }
    assert!(simulator.journal().iter().all(|entry| entry.code.is_ok()));
    assert!(took >= shortest, "{took:?} is less than {shortest:?}");
    assert!(took <= shortest.mul_f64(1.05), "{took:?}, not {shortest:?}");
    // In between, as the simulator has it.
    for user in users.iter().skip(1).step_by(users.len() / 40) {
        let history = GetC2cHistory::new(GetC2cHistoryRequired {
            operator_account: user.as_str().into(),
            peer_account: "u0".into(),
            max_cnt: 10,
            min_time: 0,
            max_time: u32::MAX.into(),
        });
        let history = client.send(&history).await.unwrap();
        assert_eq!(history.msg_list.len(), 1, "{user}");
    }
}

#[tokio::test(start_paused = true)]
async fn more_messages_than_a_minute_holds_reach_everybody_in_the_time_that_the_quota_takes() {
    everybody_is_told(25_000).await;
}

/// `cargo test -p tencent-chat-tests --test quotas --release -- --ignored --nocapture`
#[tokio::test(start_paused = true)]
#[ignore = "imports 200,000 users"]
async fn messages_to_200_000_reach_everybody_in_the_time_that_the_quota_takes() {
    everybody_is_told(200_000).await;
}

/// With less time for the quota than needed, the rest fails at once. A signal to stop need not wait for the
/// quota. Either way it was not sent, and can be sent later.
#[tokio::test(start_paused = true)]
async fn what_does_not_wait_for_the_quota_is_unsent_and_can_be_sent_later() {
    let (simulator, client, users) = world(13_500).await;
    let message = SendMsgToMany::new(&users, text("Doors open"));
    let begin = Instant::now();
    let batch = client.batch(message).quota_wait(Duration::ZERO);
    let outcome = batch.await;
    assert!(begin.elapsed() < Duration::from_secs(1));
    assert_eq!(outcome.succeeded().count(), 12_000);
    for (_, outcome) in outcome.failed() {
        let ItemResult::CallFailed(error) = outcome.result() else {
            panic!("{outcome:?}");
        };
        assert_eq!(error.kind(), ErrorKind::Limited);
    }
    let later = outcome.retry_request().unwrap();
    assert_eq!(later.to_account, users[12_000..]);

    let stop = sleep(Duration::from_secs(10));
    let outcome = client.batch(later).until(stop).await;
    assert_eq!(begin.elapsed().as_secs(), 10);
    let parts: Vec<_> = outcome.parts().collect();
    assert!(
        matches!(&*parts, [(range, PartOutcome::NotSent)] if *range == (0..1_500)),
        "{parts:?}"
    );
    let later = outcome.retry_request().unwrap();
    assert_eq!(later.to_account, users[12_000..]);
    assert_eq!(asked::<SendMsgToMany>(&simulator).len(), 24);

    // An abandoned call blocks nobody.
    let outcome = client.batch(later).await;
    assert!(outcome.is_complete(), "{outcome:?}");
    assert_eq!(begin.elapsed().as_secs(), 60);
    let calls = asked::<SendMsgToMany>(&simulator);
    assert_eq!(calls.len(), 27);
    assert!(calls.iter().all(|call| call.code.is_ok()), "{calls:?}");
}
