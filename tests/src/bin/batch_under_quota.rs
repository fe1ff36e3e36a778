//! Shows what a batch under the quota of a minute takes: a message to 200,000 users, against a simulator that
//! refuses what is above the quotas, with a clock that runs as fast as asked for.
//!
//! ```text
//! cargo run --release -p tencent-chat-tests --bin batch_under_quota -- [RECIPIENTS] [SCALE]
//! ```
//!
//! Windows are SCALE times as long as the service's, 0.05 unless given, and those of the client 2 % longer
//! than that, since what the machine does in between is not scaled. Ends with status 1 when a call was
//! refused, an item failed or it took more than 5 % above the shortest possible time.
#![allow(clippy::print_stdout, reason = "a command line tool prints")]

use std::{
    env,
    error::Error,
    process::ExitCode,
    sync::Arc,
    time::{Duration, Instant},
};
use tencent_chat_client::{Client, LocalLimiter};
use tencent_chat_simulator::Simulator;
use tencent_chat_types::{
    Edition, Endpoint, QuotaUnit, account::ImportAccounts, message::SendMsgToMany, model::TextElem,
};

const APP: u64 = 1_400_000_000;

#[tokio::main]
async fn main() -> Result<ExitCode, Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let recipients: usize = arguments
        .next()
        .map_or(Ok(200_000), |count| count.parse())?;
    let scale: f64 = arguments.next().map_or(Ok(0.05), |scale| scale.parse())?;
    let simulator = Simulator::builder(APP, "key")
        .quotas(Edition::Paid)
        .quota_time_scale(scale)
        .start()
        .await?;
    let limiter = LocalLimiter::new().time_scale(scale * 1.02);
    let client = Client::builder(APP, "administrator", "key")
        .base_url(simulator.base_url())
        .limiter(Arc::new(limiter))
        .build()?;
    let users: Vec<String> = (0..recipients).map(|number| format!("u{number}")).collect();
    let imported = client.batch(ImportAccounts::new(&users)).await;
    drop(imported.into_result()?);

    let quota = (SendMsgToMany::META.quotas.iter())
        .find(|quota| quota.unit == QuotaUnit::Items)
        .ok_or("batchsendmsg has no quota of items")?;
    let window = Duration::from_secs(quota.seconds.into()).mul_f64(scale);
    // The last part may go when this many windows are full.
    let full = recipients.saturating_sub(1) / quota.amount as usize;
    let shortest = window * u32::try_from(full)?;
    let message = SendMsgToMany::new(users, [TextElem::new("Doors open").into()]);
    let begin = Instant::now();
    let outcome = client.batch(message).await;
    let took = begin.elapsed();

    let journal = simulator.journal();
    let calls = journal
        .iter()
        .filter(|entry| entry.path == SendMsgToMany::META.path);
    let refused = calls.clone().filter(|entry| !entry.code.is_ok()).count();
    let (calls, failed) = (calls.count(), outcome.failed().count());
    println!(
        "{recipients} recipients, {} in {window:?}: {calls} calls, {refused} refused, {failed} items failed",
        quota.amount
    );
    let above = match shortest.is_zero() {
        true => 0.0,
        false => took.as_secs_f64() / shortest.as_secs_f64() - 1.0,
    };
    println!(
        "took {took:.3?}; shortest {shortest:.3?}, {full} full windows; {:.2} % above",
        above * 100.0
    );
    Ok(match refused == 0 && failed == 0 && above <= 0.05 {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}
