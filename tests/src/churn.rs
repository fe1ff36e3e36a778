//! Calls abandoned at random points, and what remains of them.
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
use tencent_chat_simulator::{Fault, Odd, Simulator};
use tencent_chat_types::{
    Endpoint, Reply,
    account::ImportAccounts,
    message::{GetC2cHistory, GetC2cHistoryRequired, SendMsg},
    misfits,
    model::TextElem,
    moderation::GetGlobalMute,
};
use tencent_chat_usersig::{Clock, SystemClock};
use tokio::{runtime::Handle, task::JoinSet};

/// What a process holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    /// Calls that wait for the limiter.
    pub waiting: usize,
    /// Tasks of the runtime.
    pub tasks: usize,
    /// Memory in use, in KiB, if the system reports it.
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
    /// Calls dropped at some point.
    pub dropped: u64,
    /// Calls that failed.
    pub failed: u64,
    /// Replies in which some value did not fit.
    pub odd: u64,
}

/// Polls a future at most this many times, then drops it.
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
            // A point at which to give up even if nothing would wake the task.
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

/// Makes this many calls from 64 tasks, each abandoned at a random point or not at all.
pub async fn churn(calls: u64) -> Churn {
    let simulator = Simulator::builder(1_400_000_000, "key")
        .start()
        .await
        .unwrap();
    // Too fast to be the bottleneck, but still with a queue.
    let limiter = Arc::new(
        LocalLimiter::new()
            .command(GetGlobalMute::META.path, 1_000_000, 1)
            .command(GetC2cHistory::META.path, 1_000_000, 1),
    );
    let client = Client::builder(1_400_000_000, "administrator", "key")
        .base_url(simulator.base_url())
        .limiter(limiter.clone())
        .retry(RetryPolicy::new().first_pause(Duration::from_micros(100)))
        .build()
        .unwrap();
    let started = imported(&client).await;
    let warm_up = calls / 5;
    let mut all = Counts::default();
    let mut held = Vec::new();
    for part in [warm_up, calls - warm_up] {
        let mut left = part;
        while left > 0 {
            let round = left.min(ROUND);
            left -= round;
            simulator.inject_at("*", script(round)).unwrap();
            let mut set = JoinSet::new();
            for task in 0..64 {
                let share = round / 64 + u64::from(task < round % 64);
                set.spawn(some_calls(client.clone(), share, left + task, started));
            }
            for counts in set.join_all().await {
                all.answered += counts.answered;
                all.dropped += counts.dropped;
                all.failed += counts.failed;
                all.odd += counts.odd;
            }
            simulator.clear_faults();
        }
        held.push(settled(&limiter).await);
    }
    Churn {
        before: held[0],
        after: held[1],
        answered: all.answered,
        dropped: all.dropped,
        failed: all.failed,
        odd: all.odd,
    }
}

#[derive(Default)]
struct Counts {
    answered: u64,
    dropped: u64,
    failed: u64,
    odd: u64,
}

/// Number of calls per script.
const ROUND: u64 = 10_000;

/// One reply in twenty is odd, and one connection in fifty breaks, so that repeats are abandoned as well.
fn script(calls: u64) -> impl Iterator<Item = Fault> {
    let mut odd = Odd::ALL.into_iter().cycle();
    (0..calls).map(move |number| match number % 100 {
        7 | 27 | 47 | 67 | 87 => odd.next().map_or(Fault::None, Fault::Odd),
        20 | 70 => Fault::ResetBefore,
        _ => Fault::None,
    })
}

/// Two users with a history, and the time at which it began.
async fn imported(client: &Client) -> u64 {
    let now = SystemClock.unix_seconds();
    client
        .send(ImportAccounts::new(["lin", "mei"]))
        .await
        .unwrap();
    for number in 0..5 {
        let message =
            SendMsg::new("mei", [TextElem::new("Dinner at seven?")]).with_msg_random(number);
        client
            .send(&message.with_from_account("lin"))
            .await
            .unwrap();
    }
    now
}

async fn some_calls(client: Client, calls: u64, seed: u64, started: u64) -> Counts {
    let mute = GetGlobalMute::new("administrator");
    let history = GetC2cHistory::new(GetC2cHistoryRequired {
        operator_account: "mei".into(),
        peer_account: "lin".into(),
        max_cnt: 100,
        min_time: started - 3_600,
        max_time: started + 3_600,
    });
    let mut counts = Counts::default();
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
            future: Box::pin(async {
                match random & 8 {
                    0 => client.send(&mute).await.map(|reply| is_odd(&reply)),
                    _ => client.send(&history).await.map(|reply| is_odd(&reply)),
                }
            }),
            left,
        };
        match call.await {
            Some(Ok(odd)) => {
                counts.answered += 1;
                counts.odd += u64::from(odd);
            }
            Some(Err(_)) => counts.failed += 1,
            None => counts.dropped += 1,
        }
    }
    counts
}

fn is_odd(reply: &impl Reply) -> bool {
    !misfits(reply).unwrap().is_empty()
}

/// What is held once both sides have noticed the abandoned connections.
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
