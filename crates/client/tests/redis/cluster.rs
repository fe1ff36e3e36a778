//! A Redis Cluster with three nodes.

use super::leaked;
use super::{AT_ONCE, PATIENT, server::Cluster};
use std::time::Duration;
use tencent_chat_client::{Limiter, RedisLimiter, Turn};
use tencent_chat_types::Quota;

/// The keys of a command and of the app are on one node, which may change: not a turn too many or too
/// few, on connections from before or after the change.
#[tokio::test]
async fn a_slot_that_moves_is_followed_with_all_that_was_counted() {
    let cluster = Cluster::start().await;
    let limiter = || {
        let limiter = cluster.limiter().app(6, 86_400);
        limiter.on_failure(|error| panic!("{error}"))
    };
    let quota = Quota::calls(4, 86_400);
    let daily = |patience| Turn::new("v4/a/daily", leaked(quota), patience);
    let before = limiter();
    for _ in 0..2 {
        before.acquire(daily(AT_ONCE)).await.unwrap();
    }
    cluster.move_slot().await;
    let after = limiter();
    before.acquire(daily(AT_ONCE)).await.unwrap();
    after.acquire(daily(AT_ONCE)).await.unwrap();
    for limiter in [&before, &after] {
        let limited = limiter.acquire(daily(PATIENT)).await.unwrap_err();
        assert!(limited.wait > Duration::from_secs(3_600), "{limited}");
    }
    let other = Turn::new("v4/a/c", &[], AT_ONCE);
    before.acquire(other).await.unwrap();
    after.acquire(other).await.unwrap();
    before.acquire(other).await.unwrap_err();
    cluster.move_slot().await;
    after.acquire(other).await.unwrap_err();
}

#[test]
fn a_cluster_has_nodes() {
    RedisLimiter::cluster([], "app").unwrap_err();
    RedisLimiter::cluster(["redis://127.0.0.1:1/", "nonsense"], "app").unwrap_err();
}
