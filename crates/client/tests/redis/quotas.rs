//! What all processes share, however they call.

use super::leaked;
use super::{AT_ONCE, PATIENT, server::Redis, turn};
use proptest::{
    strategy::{Strategy, ValueTree},
    test_runner::TestRunner,
};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};
use tencent_chat_client::{Limiter, RedisLimiter, Turn};
use tencent_chat_types::{Edition, Quota, QuotaUnit};
use tokio::{task::JoinSet, time::Instant};

/// Two clients with their own connections, like two processes, never have more turns in a
/// second than the quota allows. That is a matter of counting, not of timing: the last of
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
async fn a_refusal_delays_all_processes() {
    let redis = Redis::start().await;
    let (one, two) = (redis.limiter(), redis.limiter());
    one.acquire(turn(100, PATIENT)).await.unwrap();
    one.back_off("v4/a/b", Duration::from_secs(30));
    // It takes a moment until it is stored in Redis.
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

/// The caller's time applies to both quotas together.
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

/// A daily quota of one turn is not used up by a call that exceeds the app's quota.
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

/// Even if a long window was used up at once: nothing is available before its first call has left it.
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

/// A caller that waits for a command's turn does not delay other commands of the app.
#[tokio::test]
async fn a_slow_command_does_not_hold_up_the_app() {
    let redis = Redis::start().await;
    let limiter = RedisLimiter::new(&redis.address(), "app").unwrap();
    let limiter = limiter.app(100, 1);
    limiter.acquire(turn(1, PATIENT)).await.unwrap();
    // They share one connection, so they run one after the other.
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

/// A raw call has no quota, and must not lift the command's.
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

/// As after an adjustment, or when a node with a different clock takes over. Neither a per-second quota nor a
/// daily one blocks, and nobody exceeds it.
#[tokio::test]
async fn a_clock_that_jumps_back_blocks_nobody_and_frees_nothing() {
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
    // Forward again: at most as many calls as before, since an hour has passed for everyone.
    redis.jump(3_600).await;
    let limited = limiter.acquire(daily(PATIENT)).await.unwrap_err();
    assert!(
        limited.wait < day && limited.wait > day * 9 / 10,
        "{limited}"
    );
    limiter.acquire(turn(10, patience)).await.unwrap();
}

/// An hour later windows start again, and no more than that: evenly spread calls stay spread.
#[tokio::test]
async fn a_clock_that_jumps_forward_blocks_nobody() {
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

/// Turns by the total of what was used up to and including them, as stored in Redis: in microseconds.
type Turns = BTreeMap<String, BTreeMap<u64, u64>>;

/// Records the turns in all logs of a command. The last of them are kept, as many as a window holds.
async fn note(redis: &Redis, command: &str, turns: &Mutex<Turns>) {
    for kind in ["items", "turns"] {
        let keys: Vec<String> = redis.ask(&format!("KEYS *{command}:*:{kind}")).await;
        for key in keys {
            let entries: Vec<String> = redis.ask(&format!("ZRANGE {key} 0 -1")).await;
            let mut turns = turns.lock().unwrap();
            let turns = turns.entry(key).or_default();
            for entry in entries {
                let (total, turn) = entry.split_once(':').unwrap();
                turns.insert(total.parse().unwrap(), turn.parse().unwrap());
            }
        }
    }
}

/// The most that was admitted in any window, and the total.
fn most(turns: &BTreeMap<u64, u64>, window: Duration) -> (u64, u64) {
    let mut before = 0;
    let units: Vec<(u64, u64)> = (turns.iter())
        .map(|(total, turn)| (*turn, total - std::mem::replace(&mut before, *total)))
        .collect();
    let windows = units.iter().enumerate().map(|(from, (begin, _))| {
        let within = (units[from..].iter())
            .take_while(|(turn, _)| Duration::from_micros(turn - begin) < window);
        within.map(|(_, units)| units).sum()
    });
    (windows.max().unwrap_or(0), before)
}

/// As in the local limiter: several windows at once, of calls and of items, by two processes, and
/// every call is admitted in the end. Seconds are shortened to 10 ms. Measured by the turns that Redis gave, so
/// that it does not matter how late anyone learns about one.
#[tokio::test]
async fn no_window_is_exceeded_by_weighted_loads_at_random() {
    const SCALE: f64 = 0.01;
    let redis = Arc::new(Redis::start().await);
    let limiter = || {
        let limiter = RedisLimiter::new(&redis.address(), "app").unwrap();
        Arc::new(limiter.time_scale(SCALE))
    };
    let limiters = [limiter(), limiter()];
    let loads = proptest::collection::vec((1_u32..=60, 0_u64..20), 1..12);
    let cases = (
        proptest::collection::vec(loads, 1..6),
        // More than all tasks wait for at once, so that no turn is removed before it is recorded.
        301_u32..500,
        2_u32..20,
        20_u32..60,
    );
    let mut runner = TestRunner::deterministic();
    for case in 0..8 {
        let (loads, items, calls, long) = cases.new_tree(&mut runner).unwrap().current();
        let quotas: &'static [Quota] = Vec::leak(vec![
            Quota::calls(calls, 1),
            Quota::items(items, 7),
            Quota::items(items * 2, 30),
            Quota::calls(long, 40),
        ]);
        let asked: Vec<u32> = loads.iter().flatten().map(|(items, _)| *items).collect();
        let told = format!("{loads:?} with {quotas:?}");
        let command = format!("v4/a/case{case}");
        let turns = Arc::new(Mutex::new(Turns::new()));
        let begin = Instant::now();
        let mut set = JoinSet::new();
        for (number, load) in loads.into_iter().enumerate() {
            let limiter = Arc::clone(&limiters[number % 2]);
            let (redis, turns) = (Arc::clone(&redis), Arc::clone(&turns));
            let command = command.clone();
            set.spawn(async move {
                for (items, pause) in load {
                    let turn = Turn::new(&command, quotas, PATIENT).with_items(items);
                    limiter.acquire(turn).await.unwrap();
                    note(&redis, &command, &turns).await;
                    tokio::time::sleep(Duration::from_millis(pause)).await;
                }
            });
        }
        set.join_all().await;
        let took = begin.elapsed();
        let turns = turns.lock().unwrap();
        assert_eq!(turns.len(), 3, "{turns:?}");
        for quota in quotas {
            let window = Duration::from_secs(quota.seconds.into()).mul_f64(SCALE);
            let kind = match quota.unit {
                QuotaUnit::Items => "items",
                _ => "turns",
            };
            let all: u64 = match quota.unit {
                QuotaUnit::Items => asked.iter().map(|items| u64::from(*items)).sum(),
                _ => asked.len() as u64,
            };
            let amount = u64::from(quota.amount);
            // Evenly spread calls have no log, but take their time.
            if quota.seconds > 1 {
                let key = format!("{command}:{}ms:{kind}", window.as_millis());
                let (_, turns) = turns.iter().find(|(name, _)| name.ends_with(&key)).unwrap();
                let (most, counted) = most(turns, window);
                assert!(most <= amount, "{most} of {quota:?}: {told}");
                assert_eq!(counted, all, "{quota:?}: {told}");
            }
            let full = u32::try_from((all - 1) / amount).unwrap();
            assert!(took >= window * full, "{took:?}, {quota:?}: {told}");
        }
    }
}

/// A minute's messages are used up by large calls, from any process, and no call is split.
#[tokio::test]
async fn items_are_counted_together() {
    const BOTH: &[Quota] = &[Quota::calls(200, 1), Quota::items(12_000, 86_400)];
    let redis = Redis::start().await;
    let (one, two) = (redis.limiter(), redis.limiter());
    let turn = Turn::new("v4/a/many", BOTH, PATIENT);
    for limiter in [&one, &two].into_iter().cycle().take(23) {
        limiter.acquire(turn.with_items(500)).await.unwrap();
    }
    let limited = one.acquire(turn.with_items(501)).await.unwrap_err();
    assert!(limited.wait > Duration::from_secs(3_600), "{limited}");
    // None of it was counted, and a smaller one fits.
    two.acquire(turn.with_items(499)).await.unwrap();
    one.acquire(turn.with_items(1)).await.unwrap();
    two.acquire(turn.with_items(1)).await.unwrap_err();
    one.acquire(turn.with_items(0)).await.unwrap();
    let never = one.acquire(turn.with_items(12_001)).await.unwrap_err();
    assert!(never.wait > Duration::from_secs(3_600), "{never}");
}

#[tokio::test]
async fn the_edition_determines_which_quotas_apply() {
    const DAILY: &[Quota] = &[
        Quota::calls(3, 86_400).in_edition(Edition::Paid),
        Quota::calls(1, 86_400).in_edition(Edition::Free),
    ];
    for (edition, calls) in [(Edition::Free, 1), (Edition::Paid, 3)] {
        let redis = Redis::start().await;
        let limiter = redis.limiter();
        let turn = Turn::new("v4/a/daily", DAILY, PATIENT).with_edition(edition);
        for _ in 0..calls {
            limiter.acquire(turn).await.unwrap();
        }
        let limited = limiter.acquire(turn).await.unwrap_err();
        assert!(limited.wait > Duration::from_secs(3_600), "{limited}");
    }
}
