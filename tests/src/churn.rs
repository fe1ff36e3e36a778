//! Calls that are given up at random points, and what is left of them.
#![allow(
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    reason = "for tests and a tool, which may panic"
)]

use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};
use tencent_chat_client::{Client, LocalLimiter, RetryPolicy};
use tencent_chat_simulator::{Fault, Simulator};
use tencent_chat_types::{Endpoint, moderation::GetGlobalMute};
use tokio::{runtime::Handle, task::JoinSet};

/// What a process holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    /// Calls that wait for the limiter.
    pub waiting: usize,
    /// Tasks of the runtime.
    pub tasks: usize,
    /// Memory in use, in KiB, where the system tells.
    pub memory_kib: Option<u64>,
}

/// How a run went.
#[derive(Clone, Copy, Debug)]
pub struct Churn {
    /// After a first part of the calls, when pools and tables have grown.
    pub before: Held,
    /// After all of them.
    pub after: Held,
    /// Calls that were answered.
    pub answered: u64,
    /// Calls that were dropped at some point.
    pub dropped: u64,
    /// Calls that failed.
    pub failed: u64,
}

/// Polls a future so many times at most, then drops it.
struct Polls<F> {
    future: Pin<Box<F>>,
    left: u32,
}

impl<F: Future> Future for Polls<F> {
    type Output = Option<F::Output>;
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if self.left == 0 {
            return Poll::Ready(None);
        }
        self.left -= 1;
        match self.future.as_mut().poll(context) {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            // A place to give up even where nothing would wake the task.
            Poll::Pending if self.left == 0 => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    }
}

fn memory_kib() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

/// Makes so many calls from 64 tasks, each given up at a random point or not at all.
pub async fn churn(calls: u64) -> Churn {
    let simulator = Simulator::builder(1_400_000_000, "key")
        .start()
        .await
        .unwrap();
    // Fast enough not to be what is measured, and still with a queue.
    let limiter = Arc::new(LocalLimiter::new().command(GetGlobalMute::META.path, 1_000_000, 1));
    let client = Client::builder(1_400_000_000, "administrator", "key")
        .base_url(simulator.base_url())
        .limiter(limiter.clone())
        .retry(RetryPolicy::new().first_pause(Duration::from_micros(100)))
        .build()
        .unwrap();
    let warm_up = calls / 5;
    let (mut answered, mut dropped, mut failed) = (0, 0, 0);
    let mut held = Vec::new();
    for part in [warm_up, calls - warm_up] {
        let mut set = JoinSet::new();
        for task in 0..64 {
            let share = part / 64 + u64::from(task < part % 64);
            set.spawn(some_calls(client.clone(), share, task));
        }
        // Some go wrong on the way, so that repeats are given up as well.
        simulator
            .inject("*", (0..part / 50).map(|_| Fault::ResetBefore))
            .unwrap();
        for (a, d, f) in set.join_all().await {
            answered += a;
            dropped += d;
            failed += f;
        }
        simulator.clear_faults();
        held.push(settled(&limiter).await);
    }
    Churn {
        before: held[0],
        after: held[1],
        answered,
        dropped,
        failed,
    }
}

async fn some_calls(client: Client, calls: u64, seed: u64) -> (u64, u64, u64) {
    let request = GetGlobalMute::new("administrator");
    let (mut answered, mut dropped, mut failed) = (0, 0, 0);
    // A simple generator: the points need to differ, nothing more.
    let mut random = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    for _ in 0..calls {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        let left = match random % 8 {
            0..=3 => u32::MAX,
            polls => u32::try_from(polls - 3).unwrap_or(1),
        };
        let call = Polls {
            future: Box::pin(client.send(&request)),
            left,
        };
        match call.await {
            Some(Ok(_)) => answered += 1,
            Some(Err(_)) => failed += 1,
            None => dropped += 1,
        }
    }
    (answered, dropped, failed)
}

/// What is held once connections that were given up have been noticed on both sides.
async fn settled(limiter: &LocalLimiter) -> Held {
    let mut held = None;
    for _ in 0..100 {
        tokio::time::sleep(Duration::from_millis(50)).await;
        let now = Held {
            waiting: limiter.waiting(),
            tasks: Handle::current().metrics().num_alive_tasks(),
            memory_kib: memory_kib(),
        };
        if held == Some(now) {
            break;
        }
        held = Some(now);
    }
    held.unwrap()
}
