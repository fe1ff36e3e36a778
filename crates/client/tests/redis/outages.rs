//! Redis is down, hangs, refuses or returns nonsense.

use super::leaked;
use super::{AT_ONCE, PATIENT, server::Redis, turn};
use std::{
    error::Error as _,
    io,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tencent_chat_client::{Client, ErrorKind, Limiter, RedisLimiter, Turn};
use tencent_chat_types::{Quota, moderation::GetGlobalMute};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
    task::JoinSet,
    time::{Instant, sleep},
};

/// What was reported, and what was logged on this thread.
#[derive(Clone, Default)]
struct Told {
    failures: Arc<Mutex<Vec<String>>>,
    log: Arc<Mutex<Vec<u8>>>,
}

impl Told {
    fn by(&self, limiter: RedisLimiter) -> RedisLimiter {
        let failures = Arc::clone(&self.failures);
        limiter.on_failure(move |error| failures.lock().unwrap().push(error.to_string()))
    }

    fn failures(&self) -> Vec<String> {
        self.failures.lock().unwrap().clone()
    }

    fn listen(&self) -> tracing::subscriber::DefaultGuard {
        let log = self.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_ansi(false)
            .with_writer(move || log.clone());
        tracing::subscriber::set_default(subscriber.finish())
    }

    fn log(&self) -> String {
        String::from_utf8(self.log.lock().unwrap().clone()).unwrap()
    }
}

impl io::Write for Told {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.log.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Until Redis is used again: then one turn a day is one.
async fn until_asked_again(limiter: &RedisLimiter) {
    let daily = Quota::calls(1, 86_400);
    for attempt in 0..1_000 {
        let command = format!("v4/a/daily{attempt}");
        let daily = Turn::new(&command, leaked(daily), AT_ONCE);
        let both = [limiter.acquire(daily).await, limiter.acquire(daily).await];
        if let [Ok(()), Err(limited)] = &both
            && !limited.wait.is_zero()
        {
            return;
        }
        sleep(Duration::from_millis(10)).await;
    }
    panic!("Redis is not asked any more");
}

/// Time only advances through waits here, so that it measures what calls waited for. Of a hundred
/// calls to a Redis that hangs, the first ones wait for half a second, all at once, and nobody after.
#[tokio::test]
async fn an_outage_costs_one_wait_and_no_more() {
    let redis = Redis::start().await;
    let told = Told::default();
    let limiter = Arc::new(told.by(RedisLimiter::new(&redis.address(), "app").unwrap()));
    limiter.acquire(turn(1_000, PATIENT)).await.unwrap();
    redis.hang();
    tokio::time::pause();
    let begin = Instant::now();
    let mut set = JoinSet::new();
    for _ in 0..50 {
        let limiter = Arc::clone(&limiter);
        set.spawn(async move { limiter.acquire(turn(1, PATIENT)).await.unwrap() });
    }
    set.join_all().await;
    assert!(
        begin.elapsed() <= Duration::from_millis(510),
        "{:?}",
        begin.elapsed()
    );
    for _ in 0..50 {
        let begin = Instant::now();
        limiter.acquire(turn(1, PATIENT)).await.unwrap();
        assert_eq!(begin.elapsed(), Duration::ZERO);
    }
    assert!(
        told.failures()[0].contains("in time"),
        "{:?}",
        told.failures()
    );
    tokio::time::resume();
    redis.wake();
    until_asked_again(&limiter).await;
}

/// Even if nobody has found out yet that Redis hangs.
#[tokio::test]
async fn a_redis_that_hangs_takes_no_longer_than_the_caller_has() {
    let redis = Redis::start().await;
    let limiter = RedisLimiter::new(&redis.address(), "app").unwrap();
    limiter.acquire(turn(1_000, PATIENT)).await.unwrap();
    redis.hang();
    tokio::time::pause();
    let begin = Instant::now();
    let patience = Duration::from_millis(120);
    limiter.acquire(turn(1_000, patience)).await.unwrap();
    assert!(
        begin.elapsed() <= patience + Duration::from_millis(2),
        "{:?}",
        begin.elapsed()
    );
    redis.wake();
}

/// Killed and restarted: calls are sent meanwhile, each failure is reported, both ends are logged, and
/// the quota applies again.
#[tokio::test]
async fn without_redis_calls_go_out_until_it_is_back() {
    let mut redis = Redis::start().await;
    let told = Told::default();
    let _listening = told.listen();
    let limiter = told.by(RedisLimiter::new(&redis.address(), "app").unwrap());
    limiter.acquire(turn(1, PATIENT)).await.unwrap();
    redis.kill();
    for _ in 0..100 {
        limiter.acquire(turn(1, AT_ONCE)).await.unwrap();
    }
    assert!(
        told.failures()[0].contains("refused"),
        "{:?}",
        told.failures()
    );
    assert!(
        told.log().contains("calls are sent without its quota"),
        "{}",
        told.log()
    );
    assert!(redis.go_on().await);
    until_asked_again(&limiter).await;
    let log = told.log();
    assert_eq!(log.matches("Redis is not available").count(), 1, "{log}");
    assert_eq!(log.matches("Redis is available again").count(), 1, "{log}");
    assert!(
        log.contains("calls=100 ") || log.contains("calls=1"),
        "{log}"
    );
}

/// For an app that must never exceed its quota: an error with the cause, different from the one
/// for a quota that is used up.
#[tokio::test]
async fn failing_closed_refuses_with_the_cause() {
    let mut redis = Redis::start().await;
    let told = Told::default();
    let _listening = told.listen();
    let limiter = RedisLimiter::new(&redis.address(), "app").unwrap();
    let limiter = Arc::new(told.by(limiter).fail_closed());
    limiter.acquire(turn(1, PATIENT)).await.unwrap();
    redis.kill();
    let client = Client::builder(1_400_000_000, "administrator", "key")
        .base_url("http://127.0.0.1:1")
        .limiter(Arc::clone(&limiter) as Arc<dyn Limiter>)
        .build()
        .unwrap();
    for _ in 0..3 {
        let error = client
            .send(GetGlobalMute::new("administrator"))
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Limited, "{error}");
        let limited = error.source().unwrap();
        assert!(limited.to_string().contains("refused"), "{limited}");
        assert!(limited.source().unwrap().to_string().contains("refused"));
    }
    assert!(told.log().contains("calls are refused"), "{}", told.log());
    assert!(redis.go_on().await);
    until_asked_again(&limiter).await;
    assert!(told.log().contains("calls were refused"), "{}", told.log());
}

#[tokio::test]
async fn a_wrong_password_is_reported_as_such() {
    let redis = Redis::with("--requirepass right").await;
    for is_cluster in [false, true] {
        let told = Told::default();
        let address = format!("redis://:hunter2@127.0.0.1:{}/", redis.port);
        let limiter = match is_cluster {
            false => RedisLimiter::new(&address, "app"),
            true => RedisLimiter::cluster([address.as_str()], "app"),
        };
        let limiter = told.by(limiter.unwrap()).fail_closed();
        let limited = limiter.acquire(turn(1, PATIENT)).await.unwrap_err();
        let failures = told.failures();
        assert!(failures[0].contains("uthentication"), "{failures:?}");
        assert!(limited.to_string().contains("uthentication"), "{limited}");
        let shown = format!("{limiter:?} {limited:?} {limited} {failures:?}");
        assert!(!shown.contains("hunter2"), "{shown}");
    }
}

/// A closed idle connection, or a restarted Redis, is not an outage.
#[tokio::test]
async fn a_restart_between_two_calls_is_not_an_outage() {
    let mut redis = Redis::start().await;
    let limiter = redis.limiter();
    for _ in 0..3 {
        limiter.acquire(turn(1_000, PATIENT)).await.unwrap();
        redis.kill();
        assert!(redis.go_on().await);
    }
    limiter.acquire(turn(1_000, PATIENT)).await.unwrap();
}

/// The task that checks whether Redis is back runs on some call's runtime, which may end.
#[test]
fn an_outage_ends_although_its_runtime_did() {
    let runtime = || {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        runtime.enable_all().build().unwrap()
    };
    let first = runtime();
    let mut redis = first.block_on(Redis::start());
    let limiter = RedisLimiter::new(&redis.address(), "app").unwrap();
    redis.kill();
    first.block_on(limiter.acquire(turn(1, PATIENT))).unwrap();
    drop(first);
    let second = runtime();
    second.block_on(async {
        assert!(redis.go_on().await);
        until_asked_again(&limiter).await;
    });
}

/// The value of one key is not what it should be: everything else works as usual.
#[tokio::test]
async fn one_broken_key_is_not_an_outage() {
    let redis = Redis::start().await;
    let told = Told::default();
    let limiter = told.by(RedisLimiter::new(&redis.address(), "app").unwrap());
    let _: i64 = redis.ask("LPUSH {app}:v4/a/broken:1000ms:next 1").await;
    let quota = turn(1, PATIENT).quotas;
    let broken = Turn::new("v4/a/broken", quota, AT_ONCE);
    for _ in 0..2 {
        limiter.acquire(broken).await.unwrap();
    }
    assert_eq!(told.failures().len(), 2, "{:?}", told.failures());
    limiter.acquire(turn(1, AT_ONCE)).await.unwrap();
    limiter.acquire(turn(1, AT_ONCE)).await.unwrap_err();
}

/// A server that answers every script with an hour to wait, reserved.
async fn liar(asked: Arc<AtomicUsize>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("redis://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let asked = Arc::clone(&asked);
            tokio::spawn(async move {
                let mut bytes = [0; 65_536];
                while let Ok(count @ 1..) = stream.read(&mut bytes).await {
                    let text = String::from_utf8_lossy(&bytes[..count]).into_owned();
                    // Each command begins with the number of its parts.
                    for line in text.split("\r\n") {
                        let answer: &[u8] = match line {
                            "EVALSHA" => b"*2\r\n:3600000000\r\n:1\r\n",
                            "CLIENT" => b"+OK\r\n",
                            _ => continue,
                        };
                        asked.fetch_add(usize::from(line == "EVALSHA"), Ordering::SeqCst);
                        stream.write_all(answer).await.unwrap();
                    }
                }
            });
        }
    });
    address
}

/// Regardless of Redis's response, nobody waits longer than they have time.
#[tokio::test]
async fn a_wait_from_redis_is_bounded_by_patience() {
    let asked = Arc::new(AtomicUsize::new(0));
    let limiter = RedisLimiter::new(&liar(Arc::clone(&asked)).await, "app").unwrap();
    let limiter = limiter.on_failure(|error| panic!("{error}"));
    // An hour would be longer than any test.
    let limited = limiter.acquire(turn(1, PATIENT)).await.unwrap_err();
    assert_eq!(limited.wait, Duration::from_secs(3_600));
    assert_eq!(asked.load(Ordering::SeqCst), 1);
}
