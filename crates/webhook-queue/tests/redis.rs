//! The queue in Redis, on real servers that the tests start on loopback.
//!
//! Needs `redis-server` on the path: `cargo test -p tencent-chat-webhook-queue --features redis --test redis`.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod server;
mod suite;

use redis::{Client, cluster::ClusterClient};
use server::Redis;
use std::{sync::Arc, time::Duration};
use suite::{LONG, event, fill};
use tencent_chat_webhook_queue::{Queue, QueueError, QueueSettings, RedisQueue, Stored};

fn queue(redis: &Redis, settings: QueueSettings) -> RedisQueue {
    let client = Client::open(redis.address()).unwrap();
    RedisQueue::new(client, "chat", settings).unwrap()
}

async fn make(settings: QueueSettings) -> suite::Made {
    let redis = Redis::start(&[]);
    (Arc::new(queue(&redis, settings)), Box::new(redis))
}

suite::queue_tests!(make);

/// One node with all slots: it also refuses requests for a different node, or for keys of several slots.
mod cluster {
    use super::*;

    async fn make(settings: QueueSettings) -> suite::Made {
        let redis = Redis::start(&["--cluster-enabled", "yes"]);
        let _: String = redis.ask("CLUSTER ADDSLOTSRANGE 0 16383").await;
        loop {
            let info: String = redis.ask("CLUSTER INFO").await;
            if info.contains("cluster_state:ok") {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let client = ClusterClient::new([redis.address()]).unwrap();
        let queue = RedisQueue::cluster(client, "chat", settings).unwrap();
        (Arc::new(queue), Box::new(redis))
    }

    suite::queue_tests! { make:
        events_are_claimed_once_and_in_order
        a_repeated_event_is_a_duplicate
        failed_events_are_retried_after_their_delay
        dead_letters_are_listed_put_back_and_dropped
        a_wait_ends_with_an_event
        claimers_get_different_events
    }
}

#[tokio::test]
async fn stored_events_survive_a_kill() {
    let mut redis = Redis::start(Redis::DURABLE);
    let queue = queue(&redis, QueueSettings::default());
    fill(&queue, 0..50).await;
    let mut claimed = queue.claim(3).await.unwrap();
    queue.finish(vec![claimed.remove(0).id]).await.unwrap();
    queue
        .bury(claimed.remove(0).id, "because".into())
        .await
        .unwrap();
    queue.retry(claimed.remove(0).id, LONG).await.unwrap();
    let before = queue.stats().await.unwrap();
    redis.kill();
    let store = tokio::time::timeout(LONG, queue.store(event(50)))
        .await
        .unwrap();
    assert!(
        matches!(store, Err(QueueError::Unavailable(_))),
        "{store:?}"
    );
    redis.go_on();
    // The queue reconnects by itself.
    let after = loop {
        match queue.stats().await {
            Ok(stats) => break stats,
            Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    };
    assert_eq!(after, before);
    assert_eq!(queue.store(event(0)).await.unwrap(), Stored::Duplicate);
    assert_eq!(queue.claim(100).await.unwrap().len(), 47);
}

#[tokio::test]
async fn a_redis_that_has_lost_everything_is_used_again() {
    let redis = Redis::start(&[]);
    let queue = queue(&redis, QueueSettings::default());
    fill(&queue, 0..2).await;
    assert_eq!(queue.claim(1).await.unwrap().len(), 1);
    let _: String = redis.ask("FLUSHALL").await;
    assert!(queue.claim(1).await.unwrap().is_empty());
    let _: String = redis.ask("FLUSHALL").await;
    fill(&queue, 0..2).await;
    assert_eq!(queue.claim(10).await.unwrap().len(), 2);
    let _: String = redis.ask("SCRIPT FLUSH").await;
    fill(&queue, 2..3).await;
}

#[tokio::test]
async fn consumers_have_names() {
    let redis = Redis::start(&[]);
    let queue = queue(&redis, QueueSettings::default());
    fill(&queue, 0..2).await;
    queue.clone().consumer("one").claim(1).await.unwrap();
    queue.consumer("two").claim(1).await.unwrap();
    let pending: Vec<(String, String, u64, u64)> =
        redis.ask("XPENDING {chat}:events handlers - + 10").await;
    let names: Vec<_> = pending.into_iter().map(|(_, name, ..)| name).collect();
    assert_eq!(names, ["one", "two"]);
}

#[tokio::test]
async fn nothing_is_left_of_finished_events() {
    let redis = Redis::start(&[]);
    let queue = queue(&redis, QueueSettings::default().max_keys(0));
    fill(&queue, 0..100).await;
    for one in queue.claim(100).await.unwrap() {
        queue.finish(vec![one.id]).await.unwrap();
    }
    let keys: Vec<String> = redis.ask("KEYS *").await;
    assert_eq!(keys, ["{chat}:events"], "it has the group");
    let length: u64 = redis.ask("XLEN {chat}:events").await;
    let pending: (u64, redis::Value, redis::Value, redis::Value) =
        redis.ask("XPENDING {chat}:events handlers").await;
    assert_eq!((length, pending.0), (0, 0));
}

#[tokio::test]
async fn invalid_names_are_refused() {
    let client = Client::open("redis://127.0.0.1:1/").unwrap();
    for name in ["", "a{b", "}"] {
        let queue = RedisQueue::new(client.clone(), name, QueueSettings::default());
        assert!(
            matches!(queue, Err(QueueError::InvalidName { .. })),
            "{name}"
        );
    }
}

#[tokio::test]
async fn errors_do_not_contain_the_password() {
    let client = Client::open("redis://:hush-hush@127.0.0.1:1/").unwrap();
    let queue = RedisQueue::new(client, "chat", QueueSettings::default()).unwrap();
    let error = queue.store(event(0)).await.unwrap_err();
    let texts = format!(
        "{queue:?} {error:?} {error} {:?}",
        std::error::Error::source(&error)
    );
    assert!(!texts.contains("hush"), "{texts}");
}
