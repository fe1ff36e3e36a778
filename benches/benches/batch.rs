//! A batch of 200,000 accounts, compared with a loop written by hand over reqwest: the same requests to the same
//! server, as many at once, with the same settings. No quota is kept. The batch does its usual work: it checks
//! every account, signs, is ready to repeat, reads leniently, and reports the result of each account. With
//! `--growth`, batches of 100 to 200,000 accounts.

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde::{Deserialize, Serialize};
use std::{error::Error, time::Duration};
use tencent_chat_benches::{
    Contender, Goal, Harness,
    loopback::{self, Bare},
};
use tencent_chat_client::{Client, SecretKey};
use tencent_chat_types::{Endpoint, account::ImportAccounts};
use tencent_chat_usersig::Signer;
use tokio::runtime;

const APP: u64 = 1_400_000_000;
const ADMIN: &str = "administrator";
const KEY: &str = "5bd2850fff3ecb11d7c805251c51ee463a25727bddc2385f3fa8bfee1bb93b5e";
const REPLY: &str = r#"{"ActionStatus":"OK","ErrorInfo":"","ErrorCode":0,"FailAccounts":[]}"#;
/// Accounts of one call, the most that the service takes.
const PART: usize = 100;
/// Calls at once, as a batch has them unless told otherwise.
const AT_ONCE: usize = 4;

/// Code as written without this SDK.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct BareImport<'a> {
    account_list: Vec<BareAccount<'a>>,
}

#[derive(Serialize)]
struct BareAccount<'a> {
    #[serde(rename = "UserID")]
    user_id: &'a str,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct BareReply {
    action_status: String,
    #[allow(dead_code, reason = "read like the others")]
    error_info: String,
    error_code: i64,
    fail_accounts: Vec<String>,
}

/// The accounts that could not be imported.
async fn import(bare: &Bare, users: &[String]) -> Result<Vec<String>, Box<dyn Error>> {
    let failed = stream::iter(users.chunks(PART))
        .map(|part| import_part(bare, part))
        .buffer_unordered(AT_ONCE);
    failed.try_concat().await
}

async fn import_part(bare: &Bare, users: &[String]) -> Result<Vec<String>, Box<dyn Error>> {
    let users = users.iter().map(|user_id| BareAccount { user_id });
    let request = BareImport {
        account_list: users.collect(),
    };
    let reply: BareReply = bare.call(&request).await?;
    if reply.action_status != "OK" || reply.error_code != 0 {
        return Err(reply.error_code.to_string().into());
    }
    Ok(reply.fail_accounts)
}

#[allow(
    clippy::unwrap_used,
    reason = "a call that fails makes the figures void"
)]
fn main() -> Result<(), Box<dyn Error>> {
    let harness = Harness::from_args().rounds(31);
    let server = loopback::serve(REPLY)?;
    let client = Client::builder(APP, ADMIN, SecretKey::new(KEY))
        .base_url(format!("http://{server}"))
        .unlimited()
        .build()?;
    let sig = Signer::new(APP, KEY).sign(ADMIN, Duration::from_secs(7 * 86_400))?;
    let bare = Bare::new(server, ImportAccounts::META.path, APP, ADMIN, sig.expose())?;
    let count: usize = if harness.measures() { 200_000 } else { 2_000 };
    let users: Vec<String> = (0..count).map(|number| format!("user-{number}")).collect();

    // One thread for both, so that its processor time is theirs. Both get names of their own, which a batch keeps.
    let runtime = runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let mut by_hand = |count: u64| {
        for _ in 0..count {
            let users = users.to_vec();
            let failed = runtime.block_on(import(&bare, &users)).unwrap();
            assert!(failed.is_empty());
        }
    };
    let ours = |count: u64, users: &[String]| {
        for _ in 0..count {
            let batch = client.batch(ImportAccounts::new(users.iter().cloned()));
            let outcome = runtime.block_on(batch.concurrency(AT_ONCE).into_future());
            assert!(outcome.is_complete());
        }
    };
    if harness.is_growth() {
        let sizes = [100, 1_000, 10_000, 50_000, 200_000].map(|size| size.min(count as u64));
        harness.grow("batches", &sizes, |size| {
            let users = &users[..*size as usize];
            Box::new(move |count| ours(count, users))
        });
        return Ok(());
    }
    harness.compare(
        &format!("Batch of {count} accounts, calls in flight: {AT_ONCE}"),
        &mut [
            Contender {
                name: "a loop over bare reqwest",
                goals: &[],
                work: &mut by_hand,
            },
            Contender {
                name: "a batch of this client",
                goals: &[Goal::Speed(0.95), Goal::Cpu(1.0 / 0.95)],
                work: &mut |count| ours(count, &users),
            },
        ],
    );
    Ok(())
}
