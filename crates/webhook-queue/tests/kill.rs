//! No acknowledged event is lost, whichever process is killed at any moment.
//!
//! The test starts itself again as the app, a receiver with a consumer, and sends it events as the service does:
//! unacknowledged events are sent again, and so are some acknowledged ones. Meanwhile it kills the app, or Redis, with
//! `SIGKILL`, and restarts it. Handlers record the handled events in a file.
//!
//! Larger runs print their results:
//!
//! ```console
//! TENCENT_CHAT_TEST_EVENTS=1000000 TENCENT_CHAT_TEST_KILLS=20 cargo test --release \
//!   -p tencent-chat-webhook-queue --all-features --test kill -- --nocapture --test-threads 1
//! ```
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test may panic, and prints its figures"
)]

mod inner;
mod server;

use axum::Router;
use inner::pass_on;
use reqwest::Client;
use server::Redis;
use std::{
    collections::HashMap,
    env,
    fs::{self, File},
    io::Write,
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use tempfile::TempDir;
use tencent_chat_webhook::{Received, Receiver, Token, Webhooks, types::webhook::C2cAfterSendMsg};
use tencent_chat_webhook_queue::{
    ClaimId, Claimed, Consumer, DeadLetter, EventId, Queue, QueueFuture, QueueLayer, QueueSettings,
    QueueStats, QueuedEvent, RedisQueue, SqliteQueue, Stored,
};
use tower_layer::Layer;

const APP: u64 = 1_400_000_000;
const TOKEN: &str = "a token of the tests";
const AFTER: &str = "C2C.CallbackAfterSendMsg";

/// One in this many events is sent again although it was acknowledged.
const SENT_AGAIN: u64 = 20;

/// Number of concurrent requests.
const SENDERS: u64 = 64;

/// Short, so that events claimed by a killed app become available soon.
const LEASE: Duration = Duration::from_secs(4);

fn setting(name: &str, otherwise: u64) -> u64 {
    let set = env::var(name).ok();
    set.map_or(otherwise, |set| set.parse().unwrap())
}

fn settings() -> QueueSettings {
    let most = 10_000_000;
    QueueSettings::default()
        .lease(LEASE)
        .max_events(most)
        .max_keys(most)
}

/// A queue that records duplicates.
#[derive(Clone)]
struct Noting<Q> {
    queue: Q,
    file: Arc<File>,
}

/// A line is written with one call, and stays there when the process is killed.
fn note(mut file: &File, line: &str) {
    file.write_all(format!("{line}\n").as_bytes()).unwrap();
}

impl<Q: Queue> Queue for Noting<Q> {
    fn store(&self, event: QueuedEvent) -> QueueFuture<'_, Stored> {
        Box::pin(async move {
            let stored = self.queue.store(event).await;
            if let Ok(Stored::Duplicate) = stored {
                note(&self.file, "duplicate");
            }
            stored
        })
    }
    fn claim(&self, at_most: usize) -> QueueFuture<'_, Vec<Claimed>> {
        self.queue.claim(at_most)
    }
    pass_on!();
}

/// The app in its own process: another test of this file starts it.
#[test]
#[ignore = "the process that the other tests kill"]
fn app() {
    let Ok(port) = env::var("QUEUE_TEST_PORT") else {
        return;
    };
    let folder = PathBuf::from(env::var("QUEUE_TEST_FOLDER").unwrap());
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let port = port.parse().unwrap();
        match env::var("QUEUE_TEST_REDIS") {
            Ok(address) => {
                let client = redis::Client::open(address).unwrap();
                let queue = RedisQueue::new(client, "chat", settings()).unwrap();
                run_app(port, &folder, queue).await;
            }
            Err(_) => {
                let queue = SqliteQueue::open(folder.join("events.db"), settings()).unwrap();
                run_app(port, &folder, queue).await;
            }
        }
    });
}

async fn run_app<Q: Queue + Clone>(port: u16, folder: &Path, queue: Q) {
    let open = |name: &str| {
        let file = File::options()
            .append(true)
            .create(true)
            .open(folder.join(name));
        Arc::new(file.unwrap())
    };
    let (handled, file) = (open("handled"), open("duplicates"));
    let queue = Noting { queue, file };
    let receiver = Receiver::new(APP, TOKEN);
    let webhooks = Webhooks::new(receiver.clone()).on(move |event: Received<C2cAfterSendMsg>| {
        note(&handled, &event.msg_key);
        async {}
    });
    let service = QueueLayer::new(receiver, queue.clone()).layer(webhooks.clone().into_service());
    let router = Router::new().route_service("/webhook", service);
    // The port of the killed process.
    let listener = loop {
        match tokio::net::TcpListener::bind(("127.0.0.1", port)).await {
            Ok(listener) => break listener,
            Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    };
    let consumer = Consumer::new(queue, webhooks).concurrency(256);
    tokio::spawn(consumer.run(std::future::pending()));
    axum::serve(listener, router).await.unwrap();
}

/// An app that can be killed.
struct App {
    process: Child,
    port: u16,
    folder: PathBuf,
    redis: Option<String>,
}

impl App {
    fn start(folder: &Path, redis: Option<String>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        Self {
            process: Self::process(port, folder, redis.as_deref()),
            port,
            folder: folder.to_owned(),
            redis,
        }
    }

    fn process(port: u16, folder: &Path, redis: Option<&str>) -> Child {
        let mut command = Command::new(env::current_exe().unwrap());
        command
            .args([
                "--exact",
                "app",
                "--ignored",
                "--nocapture",
                "--test-threads",
                "1",
            ])
            .env("QUEUE_TEST_PORT", port.to_string())
            .env("QUEUE_TEST_FOLDER", folder)
            .env_remove("QUEUE_TEST_REDIS")
            .stdout(Stdio::null());
        if let Some(redis) = redis {
            command.env("QUEUE_TEST_REDIS", redis);
        }
        command.spawn().unwrap()
    }

    fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    fn kill_and_start(&mut self) {
        self.kill();
        self.process = Self::process(self.port, &self.folder, self.redis.as_deref());
    }
}

impl Drop for App {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Events sent and acknowledged.
#[derive(Default)]
struct Sent {
    next: AtomicU64,
    acknowledged: AtomicU64,
    acknowledged_again: AtomicU64,
    not_acknowledged: AtomicU64,
}

fn query() -> String {
    let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
    let sign = Token::new(TOKEN).sign(&now.to_string());
    format!(
        "SdkAppid={APP}&CallbackCommand={AFTER}&contenttype=json&ClientIP=127.0.0.1&OptPlatform=RESTAPI&Sign={sign}&RequestTime={now}"
    )
}

fn body(number: u64) -> String {
    format!(
        r#"{{"CallbackCommand":"{AFTER}","From_Account":"jared","To_Account":"Jonh","MsgSeq":48374,"MsgRandom":2837546,"MsgTime":1557481126,"MsgKey":"{number}","MsgId":"144115233775727695","OnlineOnlyFlag":1,"SendMsgResult":0,"ErrorInfo":"send msg succeed","UnreadMsgNum":7,"MsgBody":[{{"MsgType":"TIMTextElem","MsgContent":{{"Text":"red packet {number}"}}}}],"CloudCustomData":"your cloud custom data","EventTime":1670574414123}}"#
    )
}

/// Sends events until all have been acknowledged, as the service does with repeats enabled.
async fn send(client: Client, port: u16, count: u64, sent: Arc<Sent>) {
    loop {
        let number = sent.next.fetch_add(1, Ordering::Relaxed);
        if number >= count {
            return;
        }
        let times = if number.is_multiple_of(SENT_AGAIN) {
            2
        } else {
            1
        };
        for time in 0..times {
            loop {
                let url = format!("http://127.0.0.1:{port}/webhook?{}", query());
                let answer = client.post(url).body(body(number)).send().await;
                if answer.is_ok_and(|answer| answer.status() == 200) {
                    let count = [&sent.acknowledged, &sent.acknowledged_again][time];
                    count.fetch_add(1, Ordering::Relaxed);
                    break;
                }
                sent.not_acknowledged.fetch_add(1, Ordering::Relaxed);
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
    }
}

/// Sends all events while `kill` keeps killing, and checks what was handled.
async fn nothing_is_lost(
    name: &str,
    folder: &Path,
    mut app: App,
    queue: Arc<dyn Queue>,
    mut kill: impl FnMut(u64, &mut App),
) {
    let count = setting("TENCENT_CHAT_TEST_EVENTS", 3_000);
    let kills = setting("TENCENT_CHAT_TEST_KILLS", 4);
    let (sent, began) = (Arc::new(Sent::default()), Instant::now());
    let client = Client::builder()
        .timeout(Duration::from_secs(10))
        .build()
        .unwrap();
    let senders: Vec<_> = (0..SENDERS)
        .map(|_| tokio::spawn(send(client.clone(), app.port, count, Arc::clone(&sent))))
        .collect();
    let mut killed = 0;
    while !senders.iter().all(tokio::task::JoinHandle::is_finished) {
        let at = (killed + 1) * count / (kills + 1);
        if killed < kills && sent.acknowledged.load(Ordering::Relaxed) >= at {
            kill(killed, &mut app);
            killed += 1;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    for sender in senders {
        sender.await.unwrap();
    }
    let sending = began.elapsed();
    let stats = loop {
        // There are no more kills, but Redis may still be starting.
        match queue.stats().await {
            Ok(stats) if stats.unfinished() == 0 => break stats,
            _ => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    };
    let took = began.elapsed();
    app.kill();

    let read = |name| fs::read_to_string(folder.join(name)).unwrap_or_default();
    let mut handled: HashMap<u64, u64> = HashMap::new();
    for line in read("handled").lines() {
        *handled.entry(line.parse().unwrap()).or_default() += 1;
    }
    let lost: Vec<_> = (0..count)
        .filter(|number| !handled.contains_key(number))
        .collect();
    let more_than_once = handled.values().filter(|times| **times > 1).count();
    let duplicates = read("duplicates").lines().count() as u64;
    let acknowledged = sent.acknowledged.load(Ordering::Relaxed);
    let again = sent.acknowledged_again.load(Ordering::Relaxed);
    println!(
        "{name}: {acknowledged} events acknowledged in {:.1} s ({:.0}/s), handled after {:.1} s; {killed} kills; \
         {} requests without an acknowledgement; {again} sent again on purpose, {duplicates} duplicates recognized; \
         {} handled, {} of them more than once; {} lost; {} dead letters",
        sending.as_secs_f64(),
        acknowledged as f64 / sending.as_secs_f64(),
        took.as_secs_f64(),
        sent.not_acknowledged.load(Ordering::Relaxed),
        handled.len(),
        more_than_once,
        lost.len(),
        stats.dead,
    );
    assert_eq!(killed, kills);
    assert_eq!(acknowledged, count);
    assert_eq!(lost, Vec::<u64>::new(), "acknowledged and never handled");
    assert_eq!(handled.len() as u64, count);
    assert_eq!(stats.dead, 0);
    // All that were resent after their acknowledgement, and those resent because it was lost.
    assert!(duplicates >= again, "{duplicates} of {again}");
    // Handled, but killed before that was recorded: each time no more than the number of slots.
    assert!(more_than_once as u64 <= kills * 256, "{more_than_once}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_receiver_is_killed_with_sqlite() {
    let folder = TempDir::new().unwrap();
    let app = App::start(folder.path(), None);
    let queue = SqliteQueue::open(folder.path().join("events.db"), settings()).unwrap();
    nothing_is_lost(
        "SQLite, app killed",
        folder.path(),
        app,
        Arc::new(queue),
        |_, app| {
            app.kill_and_start();
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn redis_and_the_receiver_are_killed() {
    let folder = TempDir::new().unwrap();
    let mut redis = Redis::start(Redis::DURABLE);
    let app = App::start(folder.path(), Some(redis.address()));
    let client = redis::Client::open(redis.address()).unwrap();
    let queue = RedisQueue::new(client, "chat", settings()).unwrap();
    let queue = Arc::new(queue);
    nothing_is_lost(
        "Redis, Redis and app killed in turns",
        folder.path(),
        app,
        queue,
        |number, app| match number % 2 {
            0 => {
                redis.kill();
                redis.go_on();
            }
            _ => app.kill_and_start(),
        },
    )
    .await;
}
