//! What calls cost that wait for a host which does not answer: 10,000 of them at once, to one that takes
//! connections and stays silent, and to one that takes no connections. Linux only.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark")]

use std::{
    collections::BTreeMap,
    env, fs,
    net::SocketAddr,
    process::Command,
    sync::Arc,
    time::{Duration, Instant},
};
use tencent_chat_benches::{Harness, Verdict};
use tencent_chat_client::{Client, LocalLimiter, RetryPolicy, SecretKey};
use tencent_chat_types::{Endpoint, message::SendMsg, model::TextElem};
use tokio::{
    net::{TcpListener, TcpSocket},
    runtime::Builder,
    task::JoinSet,
};

/// Memory of one call at most.
const GOAL_BYTES: f64 = 2_048.0;
/// Sockets at most, as the client's documentation says.
const GOAL_SOCKETS: f64 = 256.0;
const DEADLINE: Duration = Duration::from_secs(10);

/// What the host does, and how many connections the kernel completes for it.
const HOSTS: [(&str, u32); 2] = [
    ("takes connections, never answers", 4_096),
    ("takes no connections", 1),
];

fn main() {
    if !cfg!(target_os = "linux") {
        println!("skipped: memory and sockets are read from /proc");
        return;
    }
    // Each host has a process of its own: memory that was freed would be used again.
    let Some(case) =
        env::args().find_map(|word| word.strip_prefix("--host=")?.parse::<usize>().ok())
    else {
        for host in 0..HOSTS.len() {
            let mut again = Command::new(env::current_exe().unwrap());
            again
                .args(env::args_os().skip(1))
                .arg(format!("--host={host}"));
            assert!(again.status().unwrap().success());
        }
        return;
    };
    let (name, backlog) = HOSTS[case];
    let harness = Harness::from_args();
    let calls = if harness.measures() { 10_000 } else { 100 };
    let (_listener, address) = listen(backlog);
    measure(&harness, name, address, calls);
}

/// A host that accepts nothing itself.
fn listen(backlog: u32) -> (TcpListener, SocketAddr) {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let _inside = runtime.enter();
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(backlog).unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

fn measure(harness: &Harness, name: &str, address: SocketAddr, calls: usize) {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let limiter = LocalLimiter::new().command(SendMsg::META.path, u32::MAX, 1);
    let client = Client::builder(1_400_000_000, "administrator", SecretKey::new("key"))
        .base_url(format!("http://{address}"))
        .limiter(Arc::new(limiter))
        .retry(RetryPolicy::none())
        .deadline(DEADLINE)
        .build()
        .unwrap();
    // Whatever is set up for the first call is not counted.
    let _ = runtime.block_on(
        client
            .call(SendMsg::new("mei", ["x"]))
            .deadline(Duration::from_millis(3_100))
            .into_future(),
    );
    runtime.block_on(async {
        let (memory, sockets) = (resident(), open_sockets());
        let began = Instant::now();
        let mut tasks = JoinSet::new();
        for _ in 0..calls {
            let client = client.clone();
            tasks.spawn(async move {
                let message = SendMsg::new("mei", [TextElem::new("Dinner at seven?")]);
                client.send(message).await.err().map(|error| error.kind())
            });
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
        let bytes = (resident() as f64 - memory as f64) / calls as f64;
        let sockets = open_sockets() - sockets;
        let mut outcomes = BTreeMap::new();
        while let Some(outcome) = tasks.join_next().await {
            *outcomes.entry(format!("{:?}", outcome.unwrap())).or_insert(0) += 1;
        }
        let last = began.elapsed();
        let goals = [
            Verdict::at_most("bytes per call", GOAL_BYTES, bytes),
            Verdict::at_most("sockets", GOAL_SOCKETS, sockets as f64),
        ];
        if harness.is_json() {
            let line = serde_json::json!({
                "title": "calls in flight to a dead host", "name": name, "calls": calls, "bytes_per_call": bytes,
                "sockets": sockets, "seconds_until_the_last": last.as_secs_f64(), "outcomes": outcomes, "goals": goals,
            });
            println!("{line}");
        } else {
            println!(
                "{calls} calls to a host that {name}: the last ended after {:.1} s, {outcomes:?}; {}; {}",
                last.as_secs_f64(), goals[0], goals[1],
            );
        }
    });
}

/// Bytes of this process that are in memory.
fn resident() -> usize {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kibibytes = line.unwrap().trim().trim_end_matches(" kB");
    kibibytes.parse::<usize>().unwrap() * 1_024
}

fn open_sockets() -> usize {
    let files = fs::read_dir("/proc/self/fd").unwrap();
    let targets = files.filter_map(|file| fs::read_link(file.unwrap().path()).ok());
    targets
        .filter(|target| target.to_string_lossy().starts_with("socket:"))
        .count()
}
