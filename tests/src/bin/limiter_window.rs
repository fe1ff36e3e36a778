//! Shows that the limiter keeps the quota: 64 tasks call as fast as they may for ten seconds, and
//! the simulator counts what arrives in each second.
//!
//! ```text
//! cargo run --release -p tencent-chat-tests --bin limiter_window
//! cargo run --release -p tencent-chat-tests --features redis --bin limiter_window -- --redis redis://127.0.0.1/
//! ```
//!
//! With `--redis`, two processes share the quota. Ends with status 1 when a second, wherever it
//! begins, holds more calls than the quota, or less than 99 % of it. With `--json`, prints one JSON object a second.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command line tool prints"
)]

use std::{env, error::Error, process::ExitCode, sync::Arc, time::Duration};
use tencent_chat_client::{Client, Limiter, LocalLimiter};
use tencent_chat_simulator::Simulator;
use tencent_chat_types::{Endpoint, moderation::GetGlobalMute};
use tokio::{process::Command, task::JoinSet, time::Instant};

const APP: u64 = 1_400_000_000;
const QUOTA: usize = 200;
const TASKS: usize = 64;
const SECONDS: usize = 10;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

#[cfg(feature = "redis")]
fn shared(address: &str) -> Result<Arc<dyn Limiter>> {
    let limiter = tencent_chat_client::RedisLimiter::new(address, "limiter-window")?;
    Ok(Arc::new(
        limiter.on_failure(|error| eprintln!("redis: {error}")),
    ))
}

#[cfg(not(feature = "redis"))]
fn shared(_: &str) -> Result<Arc<dyn Limiter>> {
    Err("build with --features redis".into())
}

/// Calls as fast as the limiter permits, from this many tasks.
async fn load(base: &str, limiter: Arc<dyn Limiter>, tasks: usize) -> Result<()> {
    let client = Client::builder(APP, "administrator", "key")
        .base_url(base)
        .limiter(limiter)
        .build()?;
    let end = Instant::now() + Duration::from_secs(SECONDS as u64 + 1);
    let mut set = JoinSet::new();
    for _ in 0..tasks {
        let client = client.clone();
        set.spawn(async move {
            let request = GetGlobalMute::new("administrator");
            while Instant::now() < end {
                client.send(&request).await?;
            }
            Ok::<_, tencent_chat_client::Error>(())
        });
    }
    while let Some(done) = set.join_next().await {
        done??;
    }
    Ok(())
}

#[tokio::main]
async fn main() -> Result<ExitCode> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let after = |name: &str| {
        let at = arguments.iter().position(|argument| argument == name)?;
        arguments.get(at + 1).cloned()
    };
    let redis = after("--redis");
    if let (Some(base), Some(redis)) = (after("--child"), &redis) {
        load(&base, shared(redis)?, TASKS / 2).await?;
        return Ok(ExitCode::SUCCESS);
    }
    let simulator = Simulator::builder(APP, "key").start().await?;
    let base = simulator.base_url();
    match &redis {
        None => load(&base, Arc::new(LocalLimiter::new()), TASKS).await?,
        Some(redis) => {
            let child = || {
                Command::new(env::current_exe()?)
                    .args(["--child", &base, "--redis", redis])
                    .spawn()
            };
            let (mut one, mut two) = (child()?, child()?);
            let (one, two) = tokio::try_join!(one.wait(), two.wait())?;
            if !one.success() || !two.success() {
                return Err("a process failed".into());
            }
        }
    }
    let path = GetGlobalMute::META.path;
    let arrivals: Vec<Duration> = (simulator.journal().into_iter())
        .filter(|entry| entry.path == path)
        .map(|entry| entry.arrived)
        .collect();
    Ok(report(
        &arrivals,
        arguments.iter().any(|argument| argument == "--json"),
    ))
}

/// Counts the calls of each second from the first one on.
fn report(arrivals: &[Duration], json: bool) -> ExitCode {
    let Some(first) = arrivals.iter().min() else {
        eprintln!("error: nothing arrived");
        return ExitCode::FAILURE;
    };
    let mut counts = [0_usize; SECONDS];
    for arrival in arrivals {
        let second = (*arrival - *first).as_secs() as usize;
        if let Some(count) = counts.get_mut(second) {
            *count += 1;
        }
    }
    let mut kept = report_windows(arrivals, json);
    for (second, count) in counts.iter().enumerate() {
        let fits = (QUOTA * 99 / 100..=QUOTA).contains(count);
        kept &= fits;
        if json {
            println!(r#"{{"second":{second},"calls":{count},"quota":{QUOTA},"ok":{fits}}}"#);
        } else {
            let mark = if fits { "" } else { "  <-" };
            println!("second {second:2}  {count:4} of {QUOTA}{mark}");
        }
    }
    if kept {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Counts the calls of every second that begins with one, wherever that is: whether none has more
/// than the quota and none less than 99 % of it.
fn report_windows(arrivals: &[Duration], json: bool) -> bool {
    const WINDOW: Duration = Duration::from_secs(1);
    let mut sorted = arrivals.to_vec();
    sorted.sort_unstable();
    let Some(last) = sorted.last().copied() else {
        return false;
    };
    let windows = sorted.iter().enumerate().filter_map(|(index, begin)| {
        let end = *begin + WINDOW;
        let rest = sorted.get(index..)?;
        // The last second is not over.
        (end <= last).then(|| rest.partition_point(|arrival| *arrival < end))
    });
    let (mut count, mut least, mut most) = (0, usize::MAX, 0);
    for calls in windows {
        count += 1;
        least = least.min(calls);
        most = most.max(calls);
    }
    let fits = count > 0 && QUOTA * 99 / 100 <= least && most <= QUOTA;
    if json {
        println!(
            r#"{{"windows":{count},"least":{least},"most":{most},"quota":{QUOTA},"ok":{fits}}}"#
        );
    } else {
        let mark = if fits { "" } else { "  <-" };
        println!(
            "{count} windows of a second, one from each call on: {least} to {most} of {QUOTA}{mark}"
        );
    }
    fits
}
