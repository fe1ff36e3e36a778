//! Calls that are given up at random points leave nothing behind.
//!
//! ```text
//! cargo run --release -p tencent-chat-tests --bin churn [calls]
//! ```
//!
//! One million calls unless set. Prints one JSON object.
#![allow(clippy::print_stdout, reason = "a command line tool prints")]

use std::{env, error::Error};
use tencent_chat_tests::churn::{Held, churn};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let calls = match env::args().nth(1) {
        Some(calls) => calls
            .parse()
            .map_err(|_| format!("{calls:?} is not a number of calls"))?,
        None => 1_000_000,
    };
    let churn = churn(calls).await;
    let held = |held: Held| {
        serde_json::json!({
            "waiting": held.waiting, "tasks": held.tasks, "memory_kib": held.memory_kib,
        })
    };
    let report = serde_json::json!({
        "calls": calls, "answered": churn.answered, "dropped": churn.dropped,
        "failed": churn.failed, "odd": churn.odd, "before": held(churn.before), "after": held(churn.after),
    });
    println!("{report}");
    Ok(())
}
