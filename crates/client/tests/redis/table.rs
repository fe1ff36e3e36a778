//! The cost of Redis faults: a table of added latency and of calls beyond the quota.
//!
//! `cargo test -p tencent-chat-client --features redis --test redis -- --nocapture table`

use super::leaked;
use super::server::{Cluster, Redis};
use futures_util::future::BoxFuture;
use std::{
    collections::VecDeque,
    error::Error as _,
    sync::{Arc, Mutex},
    time::Duration,
};
use tencent_chat_client::{Limiter, RedisLimiter, Turn};
use tencent_chat_types::Quota;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep};

/// A command with a larger quota than it needs: whatever it waits for, it waits for Redis.
const LIGHT: Quota = Quota::calls(1_000, 1);
/// Two that are called more often than their quota allows.
const HEAVY: Quota = Quota::calls(50, 1);
const MINUTE: Quota = Quota::calls(40, 60);

/// Calls of each command: their interval and total time, with the fault after the first part.
const EVERY: Duration = Duration::from_millis(10);
const BEFORE: Duration = Duration::from_millis(500);
const DURING: Duration = Duration::from_millis(700);
const AFTER: Duration = Duration::from_millis(600);

/// The outcome of a call.
struct Done {
    asked: Duration,
    took: Duration,
    went_out: bool,
    /// Not because of the quota.
    was_refused: bool,
}

/// Calls a command evenly for a while, regardless of the outcomes.
async fn load(
    limiter: Arc<RedisLimiter>,
    command: &'static str,
    quota: Quota,
    patience: Duration,
) -> Vec<Done> {
    let begin = Instant::now();
    let all = Arc::new(Mutex::new(Vec::new()));
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let mut calls = Vec::new();
    while begin.elapsed() < BEFORE + DURING + AFTER {
        ticks.tick().await;
        let (limiter, all) = (Arc::clone(&limiter), Arc::clone(&all));
        calls.push(tokio::spawn(async move {
            let asked = begin.elapsed();
            let limited = limiter
                .acquire(Turn::new(command, leaked(quota), patience))
                .await;
            let limited = limited.err();
            all.lock().unwrap().push(Done {
                asked,
                took: begin.elapsed() - asked,
                went_out: limited.is_none(),
                was_refused: limited.is_some_and(|limited| limited.source().is_some()),
            });
        }));
    }
    for call in calls {
        call.await.unwrap();
    }
    Arc::into_inner(all).unwrap().into_inner().unwrap()
}

/// How many calls would have to be removed so that no window exceeds the quota.
fn beyond(calls: &[Done], quota: Quota) -> usize {
    let mut times: Vec<_> = calls.iter().filter(|call| call.went_out).collect();
    times.sort_by_key(|call| call.asked + call.took);
    let window = Duration::from_secs(quota.seconds.into());
    let (mut within, mut beyond) = (VecDeque::new(), 0);
    for call in times {
        let time = call.asked + call.took;
        while within.front().is_some_and(|first| time - *first >= window) {
            within.pop_front();
        }
        match within.len() < quota.amount as usize {
            true => within.push_back(time),
            false => beyond += 1,
        }
    }
    beyond
}

struct Row {
    fault: &'static str,
    fails: &'static str,
    /// Median before the fault, then the additional time of calls from the fault on, in milliseconds.
    usual: f64,
    added: [f64; 3],
    calls: usize,
    refused: usize,
    beyond_second: usize,
    beyond_minute: usize,
    /// Why attempts to reach Redis failed.
    failures: Vec<String>,
}

async fn row(
    fault: &'static str,
    limiter: RedisLimiter,
    fails_closed: bool,
    happens: BoxFuture<'_, ()>,
) -> Row {
    let failures = Arc::new(Mutex::new(Vec::new()));
    let tell = Arc::clone(&failures);
    let limiter = limiter.on_failure(move |error| tell.lock().unwrap().push(error.to_string()));
    let limiter = Arc::new(match fails_closed {
        true => limiter.fail_closed(),
        false => limiter,
    });
    let light = load(
        Arc::clone(&limiter),
        "v4/a/light",
        LIGHT,
        Duration::from_secs(30),
    );
    let heavy = load(
        Arc::clone(&limiter),
        "v4/a/heavy",
        HEAVY,
        Duration::from_millis(100),
    );
    let minute = load(Arc::clone(&limiter), "v4/a/minute", MINUTE, Duration::ZERO);
    let (light, heavy, minute, ()) = tokio::join!(light, heavy, minute, happens);
    let times = |since: bool| {
        let calls = light.iter().filter(|call| (call.asked >= BEFORE) == since);
        let mut times: Vec<f64> = calls.map(|call| call.took.as_secs_f64() * 1e3).collect();
        times.sort_by(f64::total_cmp);
        times
    };
    let (usual, since) = (times(false), times(true));
    let usual = usual[usual.len() / 2];
    let at = |part: f64| (since[((since.len() - 1) as f64 * part) as usize] - usual).max(0.0);
    let failures = failures.lock().unwrap();
    let all = light.iter().chain(&heavy).chain(&minute);
    Row {
        fault,
        fails: if fails_closed { "closed" } else { "open" },
        usual,
        added: [at(0.5), at(0.99), at(1.0)],
        calls: all.clone().count(),
        refused: all.filter(|call| call.was_refused).count(),
        beyond_second: beyond(&heavy, HEAVY),
        beyond_minute: beyond(&minute, MINUTE),
        failures: failures.clone(),
    }
}

async fn killed(fails_closed: bool) -> Row {
    let mut redis = Redis::start().await;
    let limiter = RedisLimiter::new(&redis.address(), "app").unwrap();
    row(
        "kill",
        limiter,
        fails_closed,
        Box::pin(async {
            sleep(BEFORE).await;
            redis.kill();
        }),
    )
    .await
}

async fn restarted(fails_closed: bool) -> Row {
    let mut redis = Redis::start().await;
    let limiter = RedisLimiter::new(&redis.address(), "app").unwrap();
    row(
        "restart after 0.2 s",
        limiter,
        fails_closed,
        Box::pin(async {
            sleep(BEFORE).await;
            redis.kill();
            sleep(Duration::from_millis(200)).await;
            assert!(redis.go_on().await);
        }),
    )
    .await
}

async fn hung(fails_closed: bool) -> Row {
    let redis = Redis::start().await;
    let limiter = RedisLimiter::new(&redis.address(), "app").unwrap();
    row(
        "hang for 0.7 s",
        limiter,
        fails_closed,
        Box::pin(async {
            sleep(BEFORE).await;
            redis.hang();
            sleep(DURING).await;
            redis.wake();
        }),
    )
    .await
}

async fn password(fails_closed: bool) -> Row {
    let mut redis = Redis::with("--requirepass right").await;
    redis.password = "right".to_owned();
    let limiter = RedisLimiter::new(&redis.address(), "app").unwrap();
    row(
        "wrong password for 0.7 s",
        limiter,
        fails_closed,
        Box::pin(async {
            sleep(BEFORE).await;
            let _: String = redis.ask("CONFIG SET requirepass other").await;
            redis.password = "other".to_owned();
            let _: i64 = redis.ask("CLIENT KILL TYPE normal SKIPME yes").await;
            sleep(DURING).await;
            let _: String = redis.ask("CONFIG SET requirepass right").await;
        }),
    )
    .await
}

async fn moved() -> Row {
    let cluster = Cluster::start().await;
    let limiter = cluster.limiter();
    row(
        "slot moved, cluster of 3",
        limiter,
        true,
        Box::pin(async {
            sleep(BEFORE).await;
            cluster.move_slot().await;
        }),
    )
    .await
}

async fn jumped(fault: &'static str, seconds: i64) -> Row {
    let redis = Redis::start().await;
    let limiter = RedisLimiter::new(&redis.address(), "app").unwrap();
    row(
        fault,
        limiter,
        true,
        Box::pin(async {
            sleep(BEFORE).await;
            redis.jump(seconds).await;
        }),
    )
    .await
}

fn print(rows: &[Row]) {
    println!(
        "{:26} {:7} {:>8} {:>26} {:>6} {:>8} {:>22}",
        "",
        "fails",
        "usual ms",
        "added ms (50 %, 99 %, max)",
        "calls",
        "refused",
        "beyond 50/s   40/min"
    );
    for row in rows {
        let [half, most, all] = row.added;
        println!(
            "{:26} {:7} {:8.2} {half:8.2} {most:8.2} {all:8.2} {:6} {:8} {:13} {:8}",
            row.fault,
            row.fails,
            row.usual,
            row.calls,
            row.refused,
            row.beyond_second,
            row.beyond_minute
        );
    }
    for row in rows {
        let json = serde_json::json!({
            "fault": row.fault, "fails": row.fails, "usual_ms": row.usual,
            "added_ms": { "p50": row.added[0], "p99": row.added[1], "max": row.added[2] },
            "calls": row.calls, "refused": row.refused,
            "failures": row.failures.len(), "first_failure": row.failures.first(),
            "beyond_quota": { "50 a second": row.beyond_second, "40 a minute": row.beyond_minute },
        });
        println!("{json}");
    }
}

/// The test asserts counts; the times are for readers of the table.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn table_of_what_faults_cost() {
    // One after the other: other load on the machine would be in the figures.
    let rows = [
        killed(false).await,
        killed(true).await,
        restarted(false).await,
        restarted(true).await,
        hung(false).await,
        hung(true).await,
        password(false).await,
        password(true).await,
        moved().await,
        jumped("clock back by an hour", -3_600).await,
        jumped("clock on by an hour", 3_600).await,
    ];
    print(&rows);
    for row in &rows {
        let fault = row.fault;
        if row.fails == "open" {
            assert_eq!(row.refused, 0, "{fault}: calls must go out");
            continue;
        }
        // State that is lost with the server, and a minute that has passed, start a new window.
        let anew = ["restart after 0.2 s", "clock on by an hour"].contains(&fault);
        let most = if anew { MINUTE.amount as usize } else { 0 };
        assert!(
            row.beyond_minute <= most,
            "{fault}: {} beyond the quota",
            row.beyond_minute
        );
        let causes = match fault {
            "kill" | "restart after 0.2 s" => Some("refused"),
            "hang for 0.7 s" => Some("in time"),
            "wrong password for 0.7 s" => Some("uthentication"),
            _ => None,
        };
        let failures = &row.failures;
        match causes {
            Some(cause) => assert!(
                failures.iter().any(|failure| failure.contains(cause)),
                "{fault}: {failures:?}"
            ),
            // Unless the machine is overloaded.
            None => assert!(
                failures.iter().all(|failure| failure.contains("time")),
                "{fault}: {failures:?}"
            ),
        }
    }
}
