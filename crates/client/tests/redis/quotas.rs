//! What all processes have together, however they ask.

use super::leaked;
use super::{AT_ONCE, PATIENT, server::Redis, turn};
use std::{sync::Arc, time::Duration};
use tencent_chat_client::{Limiter, RedisLimiter, Turn};
use tencent_chat_types::Quota;
use tokio::{task::JoinSet, time::Instant};

/// Two clients with connections of their own, as two processes have, never have more turns in a
/// second than the quota says. What is given out is a matter of counting, not of timing: the last of
/// `n` turns comes no sooner than `n - 1` spacings after the first.
#[tokio::test]
async fn two_share_one_quota() {
    let redis = Redis::start().await;
    let limiters = [redis.limiter(), redis.limiter()];
    let begin = Instant::now();
    let mut set = JoinSet::new();
    for limiter in &limiters {
        for _ in 0..16 {
            let limiter = Arc::clone(limiter);
            set.spawn(async move {
                for _ in 0..4 {
                    limiter.acquire(turn(100, PATIENT)).await.unwrap();
                }
            });
        }
    }
    set.join_all().await;
    assert!(
        begin.elapsed() >= Duration::from_millis(10) * 127,
        "{:?}",
        begin.elapsed()
    );
}

#[tokio::test]
async fn long_windows_are_used_up_together() {
    let redis = Redis::start().await;
    let (one, two) = (redis.limiter(), redis.limiter());
    let daily = |patience| {
        let quota = Quota::calls(5, 86_400);
        Turn::new("v4/a/daily", leaked(quota), patience)
    };
    for limiter in [&one, &two, &one, &two, &one] {
        limiter.acquire(daily(AT_ONCE)).await.unwrap();
    }
    let limited = two.acquire(daily(PATIENT)).await.unwrap_err();
    assert!(limited.wait > Duration::from_secs(3_600), "{limited}");
}

#[tokio::test]
async fn a_refusal_holds_all_processes_up() {
    let redis = Redis::start().await;
    let (one, two) = (redis.limiter(), redis.limiter());
    one.acquire(turn(100, PATIENT)).await.unwrap();
    one.back_off("v4/a/b", Duration::from_secs(30));
    // It takes a moment until it stands in Redis.
    for _ in 0..200 {
        if two
            .acquire(turn(100, Duration::from_secs(1)))
            .await
            .is_err()
        {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the other one was never held up");
}

/// The time that a caller has is for both quotas together.
#[tokio::test]
async fn patience_is_for_both_quotas() {
    let redis = Redis::start().await;
    let limiter = RedisLimiter::new(&redis.address(), "app")
        .unwrap()
        .app(1, 1);
    limiter.acquire(turn(1, PATIENT)).await.unwrap();
    let other = Turn::new("v4/a/c", &[], PATIENT);
    let (other, both) = tokio::join!(
        limiter.acquire(other),
        limiter.acquire(turn(1, Duration::from_millis(1_500)))
    );
    // The command has its turn after one second, the app after two.
    other.unwrap();
    both.unwrap_err();
}

/// A day's only turn is not used up by a call that the app's quota has no room for.
#[tokio::test]
async fn no_quota_loses_a_turn_to_another() {
    let redis = Redis::start().await;
    let limiter = RedisLimiter::new(&redis.address(), "app")
        .unwrap()
        .app(1, 5);
    let daily = |patience| {
        let quota = Quota::calls(1, 86_400);
        Turn::new("v4/a/daily", leaked(quota), patience)
    };
    let other = Turn::new("v4/a/c", &[], PATIENT);
    limiter.acquire(other).await.unwrap();
    // The app has none left for five seconds.
    limiter.acquire(daily(AT_ONCE)).await.unwrap_err();
    limiter.acquire(daily(PATIENT)).await.unwrap();
    let limited = limiter.acquire(daily(PATIENT)).await.unwrap_err();
    assert!(limited.wait > Duration::from_secs(3_600), "{limited}");
}

/// Also when a long window was used up at once: nothing comes back before its first call has left it.
#[tokio::test]
async fn a_long_window_holds_no_more_than_its_quota() {
    let redis = Redis::start().await;
    let limiter = redis.limiter();
    let quota = Quota::calls(2, 2);
    let turn = Turn::new("v4/a/two", leaked(quota), PATIENT);
    let begin = Instant::now();
    for _ in 0..3 {
        limiter.acquire(turn).await.unwrap();
    }
    assert!(begin.elapsed() >= Duration::from_secs(2));
    limiter.acquire(turn).await.unwrap();
    limiter.acquire(turn).await.unwrap();
    assert!(begin.elapsed() >= Duration::from_secs(4));
}

/// Who waits for a command's turn does not hold up other commands of the app.
#[tokio::test]
async fn a_slow_command_does_not_hold_up_the_app() {
    let redis = Redis::start().await;
    let limiter = RedisLimiter::new(&redis.address(), "app").unwrap();
    let limiter = limiter.app(100, 1);
    limiter.acquire(turn(1, PATIENT)).await.unwrap();
    // On one connection, so these ask one after the other.
    let other = Turn::new("v4/a/c", &[], Duration::from_millis(900));
    let (second, third, other) = tokio::join!(
        biased;
        limiter.acquire(turn(1, PATIENT)),
        limiter.acquire(turn(1, PATIENT)),
        limiter.acquire(other),
    );
    second.unwrap();
    third.unwrap();
    other.unwrap();
}

/// A raw call knows no quota, which must not lift that of the command.
#[tokio::test]
async fn a_raw_call_keeps_the_quota_of_a_known_command() {
    let redis = Redis::start().await;
    let limiter = redis.limiter();
    let daily = Quota::calls(2, 86_400);
    let known = Turn::new("v4/a/daily", leaked(daily), PATIENT);
    let raw = Turn::new("v4/a/daily", &[], PATIENT);
    limiter.acquire(raw).await.unwrap();
    limiter.acquire(known).await.unwrap();
    limiter.acquire(raw).await.unwrap();
    let limited = limiter.acquire(raw).await.unwrap_err();
    assert!(limited.wait > Duration::from_secs(3_600), "{limited}");
    limiter.acquire(known).await.unwrap_err();
}

/// As after an adjustment, or when a node with another clock takes over. Neither a second's quota nor a
/// day's stands still, and nobody gets more than it.
#[tokio::test]
async fn a_clock_that_jumps_back_stops_nobody_and_frees_nothing() {
    let redis = Redis::start().await;
    let limiter = redis.limiter();
    let quota = Quota::calls(3, 86_400);
    let daily = |patience| Turn::new("v4/a/daily", leaked(quota), patience);
    limiter.acquire(turn(10, PATIENT)).await.unwrap();
    limiter.acquire(daily(AT_ONCE)).await.unwrap();
    limiter.acquire(daily(AT_ONCE)).await.unwrap();
    redis.jump(-3_600).await;
    let patience = Duration::from_secs(1);
    limiter.acquire(turn(10, patience)).await.unwrap();
    limiter.acquire(daily(AT_ONCE)).await.unwrap();
    let limited = limiter.acquire(daily(PATIENT)).await.unwrap_err();
    let day = Duration::from_secs(86_400);
    assert!(
        limited.wait > day * 9 / 10 && limited.wait < day * 11 / 10,
        "{limited}"
    );
    // Forward again: as many calls as before at the most, since an hour has passed for all to see.
    redis.jump(3_600).await;
    let limited = limiter.acquire(daily(PATIENT)).await.unwrap_err();
    assert!(
        limited.wait < day && limited.wait > day * 9 / 10,
        "{limited}"
    );
    limiter.acquire(turn(10, patience)).await.unwrap();
}

/// Another hour begins windows anew, and no more than that: evenly spread calls stay so.
#[tokio::test]
async fn a_clock_that_jumps_forward_stops_nobody() {
    let redis = Redis::start().await;
    let limiter = redis.limiter();
    let quota = Quota::calls(3, 60);
    let minute = Turn::new("v4/a/minute", leaked(quota), AT_ONCE);
    for _ in 0..2 {
        for _ in 0..3 {
            limiter.acquire(minute).await.unwrap();
        }
        limiter.acquire(minute).await.unwrap_err();
        redis.jump(3_600).await;
    }
    let second = turn(2, AT_ONCE);
    limiter.acquire(second).await.unwrap();
    limiter.acquire(second).await.unwrap_err();
    redis.jump(3_600).await;
    limiter.acquire(second).await.unwrap();
    limiter.acquire(second).await.unwrap_err();
}
