//! Tests for every implementation of the queue.
#![allow(dead_code, reason = "not every test file uses all of it")]

use proptest::{prelude::*, test_runner::TestRunner};
use std::{collections::BTreeSet, future::Future, sync::Arc, time::Duration};
use tencent_chat_webhook::EventKey;
use tencent_chat_webhook_queue::{
    ClaimId, Claimed, EventId, Queue, QueueError, QueueSettings, QueuedEvent, Stored,
};

/// A queue, and what it needs to live.
pub(crate) type Made = (Arc<dyn Queue>, Box<dyn Send + Sync>);

/// Long enough for anything on a busy machine.
pub(crate) const LONG: Duration = Duration::from_secs(60);

const NO_DELAY: Duration = Duration::ZERO;

/// Tests for a queue that `$make` creates, a new one for each.
macro_rules! queue_tests {
    ($make:path: $($name:ident)*) => {
        $(
            #[tokio::test]
            async fn $name() {
                suite::$name(|settings| $make(settings)).await;
            }
        )*

        #[test]
        fn events_are_stored_unchanged() {
            suite::events_are_stored_unchanged(|settings| $make(settings));
        }
    };
    ($make:path) => {
        $crate::suite::queue_tests! { $make:
            events_are_claimed_once_and_in_order
            a_repeated_event_is_a_duplicate
            one_of_many_concurrent_duplicates_is_new
            keys_are_forgotten_after_a_time
            the_oldest_keys_are_forgotten_first
            a_full_queue_refuses
            a_claim_that_ran_out_can_be_claimed_again
            failed_events_are_retried_after_their_delay
            failed_events_come_before_new_ones
            dead_letters_are_listed_put_back_and_dropped
            foreign_identifiers_are_refused
            a_wait_ends_with_an_event
            claimers_get_different_events
            nothing_is_nothing
        }
    };
}
pub(crate) use queue_tests;

pub(crate) fn key(number: u64) -> EventKey {
    EventKey::from(format!("C2CCallbackAfterSendMsg-{number:032x}"))
}

pub(crate) fn event(number: u64) -> QueuedEvent {
    let query = "SdkAppid=1400000000&CallbackCommand=C2C.CallbackAfterSendMsg";
    let body = format!("{{\"MsgKey\":\"{number}\"}}");
    QueuedEvent::new(key(number), query, body, 1_764_150_000_000 + number)
}

pub(crate) async fn fill(queue: &dyn Queue, numbers: std::ops::Range<u64>) {
    for number in numbers {
        assert_eq!(queue.store(event(number)).await.unwrap(), Stored::New);
    }
}

fn events(claimed: &[Claimed]) -> Vec<QueuedEvent> {
    claimed.iter().map(|one| one.event.clone()).collect()
}

fn ids(claimed: Vec<Claimed>) -> Vec<ClaimId> {
    claimed.into_iter().map(|one| one.id).collect()
}

/// Polls until there is something to claim.
async fn claim(queue: &dyn Queue, at_most: usize) -> Vec<Claimed> {
    loop {
        let claimed = queue.claim(at_most).await.unwrap();
        if !claimed.is_empty() {
            return claimed;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

pub(crate) async fn events_are_claimed_once_and_in_order<F: Future<Output = Made>>(
    make: impl Fn(QueueSettings) -> F,
) {
    let (queue, _guard) = make(QueueSettings::default()).await;
    fill(&queue, 0..10).await;
    let first = queue.claim(4).await.unwrap();
    let second = queue.claim(100).await.unwrap();
    assert_eq!(events(&first), (0..4).map(event).collect::<Vec<_>>());
    assert_eq!(events(&second), (4..10).map(event).collect::<Vec<_>>());
    assert!(first.iter().chain(&second).all(|one| one.id.attempt == 1));
    assert!(queue.claim(100).await.unwrap().is_empty());
    let stats = queue.stats().await.unwrap();
    assert_eq!(
        (stats.waiting, stats.claimed, stats.unfinished()),
        (0, 10, 10)
    );
    assert_eq!(stats.oldest_received_ms, Some(event(0).received_ms));
    assert_eq!(
        stats.lag(event(3).received_ms),
        Some(Duration::from_millis(3))
    );

    queue.finish(ids(first)).await.unwrap();
    let stats = queue.stats().await.unwrap();
    assert_eq!((stats.waiting, stats.claimed), (0, 6));
    assert_eq!(stats.oldest_received_ms, Some(event(4).received_ms));
    // Once more is not an error, since a response can get lost.
    let second = ids(second);
    queue.finish(second.clone()).await.unwrap();
    queue.finish(second).await.unwrap();
    let stats = queue.stats().await.unwrap();
    assert_eq!((stats.unfinished(), stats.oldest_received_ms), (0, None));
}

pub(crate) fn events_are_stored_unchanged<F: Future<Output = Made>>(
    make: impl Fn(QueueSettings) -> F,
) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let (queue, _guard) = runtime.block_on(make(QueueSettings::default()));
    let body = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..2_000),
        prop::collection::vec(Just(0_u8), 0..100_000),
    ];
    let case = (
        "[A-Za-z0-9]{0,63}-[0-9a-f]{32}",
        ".*",
        body,
        0..=i64::MAX as u64,
        "\\PC{0,200}",
    );
    let mut runner = TestRunner::new(ProptestConfig::with_cases(150));
    let ran = runner.run(&case, |(key, query, body, received_ms, reason)| {
        let event = QueuedEvent::new(EventKey::from(key), query, body, received_ms);
        runtime.block_on(async {
            if queue.store(event.clone()).await.unwrap() == Stored::Duplicate {
                return Ok(());
            }
            let claimed = queue.claim(10).await.unwrap();
            prop_assert_eq!(events(&claimed), [event.clone()]);
            let id = claimed[0].id.clone();
            queue.bury(id, reason.clone()).await.unwrap();
            let letters = queue.dead_letters(None, 10).await.unwrap();
            prop_assert_eq!(letters.len(), 1);
            prop_assert_eq!(&letters[0].event, &event);
            prop_assert_eq!(&letters[0].reason, &reason);
            prop_assert_eq!(queue.requeue(vec![letters[0].id.clone()]).await.unwrap(), 1);
            let claimed = queue.claim(10).await.unwrap();
            prop_assert_eq!(events(&claimed), [event]);
            prop_assert_eq!(claimed[0].id.attempt, 1);
            queue.finish(ids(claimed)).await.unwrap();
            Ok(())
        })
    });
    ran.unwrap();
}

pub(crate) async fn a_repeated_event_is_a_duplicate<F: Future<Output = Made>>(
    make: impl Fn(QueueSettings) -> F,
) {
    let (queue, _guard) = make(QueueSettings::default()).await;
    fill(&queue, 0..2).await;
    for _ in 0..2 {
        assert_eq!(queue.store(event(0)).await.unwrap(), Stored::Duplicate);
    }
    // Only the key matters.
    let other = QueuedEvent::new(key(1), "another", "query and body", 7);
    assert_eq!(queue.store(other).await.unwrap(), Stored::Duplicate);
    let claimed = queue.claim(10).await.unwrap();
    assert_eq!(events(&claimed), [event(0), event(1)]);
    queue.finish(ids(claimed)).await.unwrap();
    // It is still remembered after the event has been handled.
    assert_eq!(queue.store(event(0)).await.unwrap(), Stored::Duplicate);
    assert!(queue.claim(10).await.unwrap().is_empty());
}

pub(crate) async fn one_of_many_concurrent_duplicates_is_new<F: Future<Output = Made>>(
    make: impl Fn(QueueSettings) -> F,
) {
    let (queue, _guard) = make(QueueSettings::default()).await;
    let tasks: Vec<_> = (0..200)
        .map(|number| {
            let queue = Arc::clone(&queue);
            tokio::spawn(async move { queue.store(event(number % 20)).await.unwrap() })
        })
        .collect();
    let mut new = 0;
    for task in tasks {
        new += usize::from(task.await.unwrap() == Stored::New);
    }
    assert_eq!(new, 20);
    assert_eq!(queue.claim(100).await.unwrap().len(), 20);
}

pub(crate) async fn keys_are_forgotten_after_a_time<F: Future<Output = Made>>(
    make: impl Fn(QueueSettings) -> F,
) {
    let retention = Duration::from_millis(50);
    let (queue, _guard) = make(QueueSettings::default().retention(retention)).await;
    fill(&queue, 0..3).await;
    tokio::time::sleep(retention * 2).await;
    assert_eq!(queue.store(event(0)).await.unwrap(), Stored::New);
    assert_eq!(queue.claim(10).await.unwrap().len(), 4);
}

pub(crate) async fn the_oldest_keys_are_forgotten_first<F: Future<Output = Made>>(
    make: impl Fn(QueueSettings) -> F,
) {
    let (queue, _guard) = make(QueueSettings::default().max_keys(10)).await;
    for number in 0..30 {
        fill(&queue, number..number + 1).await;
        // So that one is older than the other.
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    for number in 21..30 {
        assert_eq!(
            queue.store(event(number)).await.unwrap(),
            Stored::Duplicate,
            "{number}"
        );
    }
    assert_eq!(queue.store(event(0)).await.unwrap(), Stored::New);
}

pub(crate) async fn a_full_queue_refuses<F: Future<Output = Made>>(
    make: impl Fn(QueueSettings) -> F,
) {
    let is_full = |stored| matches!(stored, Err(QueueError::Full { max_events: 3 }));
    let (queue, _guard) = make(QueueSettings::default().max_events(3)).await;
    fill(&queue, 0..3).await;
    assert!(is_full(queue.store(event(3)).await));
    // This event is in the queue, so it may be acknowledged.
    assert_eq!(queue.store(event(0)).await.unwrap(), Stored::Duplicate);
    let mut claimed = ids(queue.claim(10).await.unwrap());
    assert!(
        is_full(queue.store(event(3)).await),
        "claimed is not finished"
    );
    queue
        .bury(claimed.remove(0), "because".into())
        .await
        .unwrap();
    queue.retry(claimed.remove(0), LONG).await.unwrap();
    assert!(
        is_full(queue.store(event(3)).await),
        "neither is dead or delayed"
    );
    queue.finish(claimed).await.unwrap();
    // A refused event is not a duplicate of itself.
    assert_eq!(queue.store(event(3)).await.unwrap(), Stored::New);
    assert!(is_full(queue.store(event(4)).await));
    let dead = queue.dead_letters(None, 10).await.unwrap();
    assert_eq!(queue.discard(vec![dead[0].id.clone()]).await.unwrap(), 1);
    assert_eq!(queue.store(event(4)).await.unwrap(), Stored::New);
}

pub(crate) async fn a_claim_that_ran_out_can_be_claimed_again<F: Future<Output = Made>>(
    make: impl Fn(QueueSettings) -> F,
) {
    let lease = Duration::from_millis(300);
    let (queue, _guard) = make(QueueSettings::default().lease(lease)).await;
    assert_eq!(queue.lease(), lease);
    fill(&queue, 0..1).await;
    let stale = claim(&queue, 1).await.remove(0).id;
    let again = claim(&queue, 1).await.remove(0);
    assert_eq!((stale.attempt, again.id.attempt), (1, 2));
    assert_eq!(again.event, event(0));

    // The first claim no longer decides what happens next…
    queue.bury(stale.clone(), "late".into()).await.unwrap();
    queue.retry(stale.clone(), LONG).await.unwrap();
    assert!(queue.dead_letters(None, 10).await.unwrap().is_empty());
    let third = claim(&queue, 1).await.remove(0).id;
    assert_eq!(third.attempt, 3);
    // …but it can still complete the event.
    queue.finish(vec![stale]).await.unwrap();
    assert_eq!(queue.stats().await.unwrap().unfinished(), 0);
    queue.retry(third.clone(), NO_DELAY).await.unwrap();
    queue.bury(third, "gone".into()).await.unwrap();
    tokio::time::sleep(lease * 2).await;
    assert!(queue.claim(10).await.unwrap().is_empty());
    assert!(queue.dead_letters(None, 10).await.unwrap().is_empty());
}

pub(crate) async fn failed_events_are_retried_after_their_delay<F: Future<Output = Made>>(
    make: impl Fn(QueueSettings) -> F,
) {
    let (queue, _guard) = make(QueueSettings::default()).await;
    fill(&queue, 0..2).await;
    for attempt in 1..5 {
        let claimed = claim(&queue, 1).await.remove(0);
        assert_eq!((claimed.id.attempt, &claimed.event), (attempt, &event(0)));
        queue.retry(claimed.id, NO_DELAY).await.unwrap();
    }
    let claimed = claim(&queue, 1).await.remove(0);
    queue.retry(claimed.id.clone(), LONG).await.unwrap();
    // Its claim is over.
    queue.bury(claimed.id, "late".into()).await.unwrap();
    assert_eq!(events(&queue.claim(10).await.unwrap()), [event(1)]);
    let stats = queue.stats().await.unwrap();
    assert_eq!(
        (stats.delayed, stats.claimed, stats.waiting, stats.dead),
        (1, 1, 0, 0)
    );
    assert_eq!(stats.oldest_received_ms, Some(event(0).received_ms));
}

pub(crate) async fn failed_events_come_before_new_ones<F: Future<Output = Made>>(
    make: impl Fn(QueueSettings) -> F,
) {
    let (queue, _guard) = make(QueueSettings::default()).await;
    fill(&queue, 0..10).await;
    for one in queue.claim(3).await.unwrap() {
        queue.retry(one.id, NO_DELAY).await.unwrap();
    }
    tokio::time::sleep(Duration::from_millis(10)).await;
    let claimed = queue.claim(5).await.unwrap();
    let numbers: BTreeSet<_> = claimed
        .iter()
        .map(|one| one.event.received_ms % 100)
        .collect();
    assert_eq!(numbers, BTreeSet::from([0, 1, 2, 3, 4]));
    let attempts: Vec<_> = claimed.iter().map(|one| one.id.attempt).collect();
    assert_eq!(attempts, [2, 2, 2, 1, 1]);
}

pub(crate) async fn dead_letters_are_listed_put_back_and_dropped<F: Future<Output = Made>>(
    make: impl Fn(QueueSettings) -> F,
) {
    let (queue, _guard) = make(QueueSettings::default()).await;
    fill(&queue, 0..5).await;
    for one in queue.claim(5).await.unwrap() {
        let reason = format!("because of {}", one.event.key);
        queue.bury(one.id, reason).await.unwrap();
    }
    let stats = queue.stats().await.unwrap();
    assert_eq!(
        (stats.dead, stats.unfinished(), stats.oldest_received_ms),
        (5, 0, None)
    );
    assert!(queue.claim(10).await.unwrap().is_empty());
    assert_eq!(queue.store(event(0)).await.unwrap(), Stored::Duplicate);

    let first = queue.dead_letters(None, 2).await.unwrap();
    let rest = queue
        .dead_letters(Some(first[1].id.clone()), 10)
        .await
        .unwrap();
    let all: Vec<_> = first.into_iter().chain(rest).collect();
    assert_eq!(all.len(), 5);
    for (number, letter) in (0..).zip(&all) {
        assert_eq!(letter.event, event(number));
        assert_eq!(letter.reason, format!("because of {}", key(number)));
        assert_eq!(letter.attempts, 1);
        assert!(letter.buried_ms > 1_764_000_000_000, "{}", letter.buried_ms);
    }
    let id = |number: usize| all[number].id.clone();
    assert_eq!(queue.requeue(vec![id(3), id(1)]).await.unwrap(), 2);
    assert_eq!(
        queue.requeue(vec![id(1)]).await.unwrap(),
        0,
        "it is back already"
    );
    assert_eq!(queue.discard(vec![id(1), id(0), id(0)]).await.unwrap(), 1);
    let left = queue.dead_letters(None, 10).await.unwrap();
    assert_eq!(left, [all[2].clone(), all[4].clone()]);
    let back = queue.claim(10).await.unwrap();
    let keys: BTreeSet<_> = back.iter().map(|one| one.event.key.clone()).collect();
    assert_eq!(keys, BTreeSet::from([key(1), key(3)]));
    assert!(back.iter().all(|one| one.id.attempt == 1));
    queue.finish(ids(back)).await.unwrap();
    assert_eq!(queue.stats().await.unwrap().dead, 2);
}

pub(crate) async fn foreign_identifiers_are_refused<F: Future<Output = Made>>(
    make: impl Fn(QueueSettings) -> F,
) {
    let (queue, _guard) = make(QueueSettings::default()).await;
    fill(&queue, 0..1).await;
    let id = EventId::new("no such thing");
    let is_unknown = |error| matches!(error, QueueError::UnknownId { .. });
    assert!(is_unknown(
        queue.dead_letters(Some(id.clone()), 1).await.unwrap_err()
    ));
    assert!(is_unknown(
        queue.requeue(vec![id.clone()]).await.unwrap_err()
    ));
    assert!(is_unknown(
        queue.discard(vec![id.clone()]).await.unwrap_err()
    ));
    let claim = ClaimId::new(id, 1);
    assert!(is_unknown(queue.finish(vec![claim]).await.unwrap_err()));
    assert_eq!(queue.stats().await.unwrap().waiting, 1);
}

pub(crate) async fn a_wait_ends_with_an_event<F: Future<Output = Made>>(
    make: impl Fn(QueueSettings) -> F,
) {
    let (queue, _guard) = make(QueueSettings::default()).await;
    for number in 0..3 {
        let waiter = Arc::clone(&queue);
        let waited = tokio::spawn(async move {
            loop {
                let claimed = waiter.claim(1).await.unwrap();
                if !claimed.is_empty() {
                    return claimed;
                }
                waiter.wait(LONG).await.unwrap();
            }
        });
        tokio::time::sleep(Duration::from_millis(30)).await;
        fill(&queue, number..number + 1).await;
        let claimed = tokio::time::timeout(LONG / 2, waited).await;
        assert_eq!(events(&claimed.unwrap().unwrap()), [event(number)]);
    }
}

pub(crate) async fn claimers_get_different_events<F: Future<Output = Made>>(
    make: impl Fn(QueueSettings) -> F,
) {
    let (queue, _guard) = make(QueueSettings::default()).await;
    fill(&queue, 0..300).await;
    let tasks: Vec<_> = (0..8)
        .map(|_| {
            let queue = Arc::clone(&queue);
            tokio::spawn(async move {
                let mut all = Vec::new();
                loop {
                    let claimed = queue.claim(7).await.unwrap();
                    if claimed.is_empty() {
                        return all;
                    }
                    all.extend(claimed.iter().map(|one| one.event.key.clone()));
                    queue.finish(ids(claimed)).await.unwrap();
                }
            })
        })
        .collect();
    let mut all = Vec::new();
    for task in tasks {
        all.extend(task.await.unwrap());
    }
    assert_eq!(all.len(), 300);
    all.sort_unstable();
    assert_eq!(all, (0..300).map(key).collect::<Vec<_>>());
}

pub(crate) async fn nothing_is_nothing<F: Future<Output = Made>>(
    make: impl Fn(QueueSettings) -> F,
) {
    let (queue, _guard) = make(QueueSettings::default()).await;
    assert_eq!(queue.stats().await.unwrap(), Default::default());
    assert!(queue.dead_letters(None, 10).await.unwrap().is_empty());
    queue.finish(Vec::new()).await.unwrap();
    assert_eq!(queue.requeue(Vec::new()).await.unwrap(), 0);
    assert_eq!(queue.discard(Vec::new()).await.unwrap(), 0);
    queue.wait(Duration::from_millis(1)).await.unwrap();
    assert!(queue.claim(0).await.unwrap().is_empty());
    fill(&queue, 0..1).await;
    assert!(queue.claim(0).await.unwrap().is_empty());
    assert_eq!(queue.claim(1).await.unwrap().len(), 1);
}
