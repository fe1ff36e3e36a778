//! A shared quota, with real Redis servers that the tests start on loopback.
//!
//! Needs `redis-server` on the path: `cargo test -p tencent-chat-client --features redis --test redis`.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test may panic, and prints its table"
)]

mod cluster;
mod outages;
mod quotas;
mod server;
mod table;
#[cfg(feature = "rustls")]
mod tls;

use std::time::Duration;
use tencent_chat_client::Turn;
use tencent_chat_types::Quota;

const PATIENT: Duration = Duration::from_secs(60);

/// Long enough for Redis on a busy machine, and shorter than any wait for a turn in these tests.
const AT_ONCE: Duration = Duration::from_millis(500);

fn turn(calls: u32, patience: Duration) -> Turn<'static> {
    Turn::new("v4/a/b", leaked(Quota::calls(calls, 1)), patience)
}

/// Quotas with the lifetime of those in the spec.
fn leaked(quota: Quota) -> &'static [Quota] {
    Vec::leak(vec![quota])
}
