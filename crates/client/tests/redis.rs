//! One quota for many: against a real Redis server, which the test starts on loopback.
//!
//! Needs `redis-server` on the path: `cargo test -p tencent-chat-client --features redis --test redis`.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::{
    net::TcpListener,
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tencent_chat_client::{Limiter, RedisLimiter, Turn};
use tencent_chat_types::Quota;
use tokio::{task::JoinSet, time::Instant};

/// A server of its own, without files.
struct Redis {
    server: Child,
    address: String,
}

impl Redis {
    async fn start() -> Self {
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let server = Command::new("redis-server")
            .args(["--port", &port.to_string(), "--bind", "127.0.0.1"])
            .args(["--save", "", "--appendonly", "no"])
            .stdout(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("redis-server must be on the path: {error}"));
        for _ in 0..200 {
            if tokio::net::TcpStream::connect(("127.0.0.1", port))
                .await
                .is_ok()
            {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let address = format!("redis://127.0.0.1:{port}/");
        Self { server, address }
    }

    fn limiter(&self) -> Arc<RedisLimiter> {
        let limiter = RedisLimiter::new(&self.address, "app").unwrap();
        Arc::new(limiter.on_failure(|error| panic!("{error}")))
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

const PATIENT: Duration = Duration::from_secs(60);

fn turn(calls: u32, patience: Duration) -> Turn<'static> {
    Turn::new("v4/a/b", Some(Quota { calls, seconds: 1 }), patience)
}

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
        let quota = Quota {
            calls: 5,
            seconds: 86_400,
        };
        Turn::new("v4/a/daily", Some(quota), patience)
    };
    for limiter in [&one, &two, &one, &two, &one] {
        limiter.acquire(daily(Duration::ZERO)).await.unwrap();
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
    let limiter = RedisLimiter::new(&redis.address, "app").unwrap().app(1, 1);
    limiter.acquire(turn(1, PATIENT)).await.unwrap();
    let other = Turn::new("v4/a/c", None, PATIENT);
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
    let limiter = RedisLimiter::new(&redis.address, "app").unwrap().app(1, 5);
    let daily = |patience| {
        let quota = Quota {
            calls: 1,
            seconds: 86_400,
        };
        Turn::new("v4/a/daily", Some(quota), patience)
    };
    let other = Turn::new("v4/a/c", None, PATIENT);
    limiter.acquire(other).await.unwrap();
    // The app has none left for five seconds.
    limiter.acquire(daily(Duration::ZERO)).await.unwrap_err();
    limiter.acquire(daily(PATIENT)).await.unwrap();
    let limited = limiter.acquire(daily(PATIENT)).await.unwrap_err();
    assert!(limited.wait > Duration::from_secs(3_600), "{limited}");
}

/// Also when a long window was used up at once: nothing comes back before its first call has left it.
#[tokio::test]
async fn a_long_window_holds_no_more_than_its_quota() {
    let redis = Redis::start().await;
    let limiter = redis.limiter();
    let quota = Quota {
        calls: 2,
        seconds: 2,
    };
    let turn = Turn::new("v4/a/two", Some(quota), PATIENT);
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
    let limiter = RedisLimiter::new(&redis.address, "app").unwrap();
    let limiter = limiter.app(100, 1);
    limiter.acquire(turn(1, PATIENT)).await.unwrap();
    // On one connection, so these ask one after the other.
    let other = Turn::new("v4/a/c", None, Duration::from_millis(900));
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

/// Without Redis, calls go out, and somebody is told.
#[tokio::test]
async fn calls_go_out_without_redis() {
    let told = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&told);
    let limiter = RedisLimiter::new("redis://127.0.0.1:1/", "app").unwrap();
    let limiter = limiter.on_failure(move |_| {
        count.fetch_add(1, Ordering::SeqCst);
    });
    limiter.acquire(turn(1, PATIENT)).await.unwrap();
    limiter.acquire(turn(1, PATIENT)).await.unwrap();
    assert_eq!(told.load(Ordering::SeqCst), 2);
    let shown = format!(
        "{:?}",
        RedisLimiter::new("redis://:secret@127.0.0.1:1/", "app").unwrap()
    );
    assert!(!shown.contains("secret"), "{shown}");
}
