//! The cost of the client compared with bare reqwest: the same request to the same server, with the same
//! settings, one at a time and 64 at once. The client does its usual work: it checks, keeps a quota (one that
//! is never reached), signs, is ready to repeat, and reads leniently. With `--growth`, with 1 to 1,024 tasks.

use serde::{Deserialize, Serialize};
use std::{error::Error, sync::Arc, time::Duration};
use tencent_chat_benches::{
    Contender, Goal, Harness,
    loopback::{self, Bare, SENT, spread},
};
use tencent_chat_client::{Client, LocalLimiter, SecretKey};
use tencent_chat_types::{Endpoint, message::SendMsg, model::TextElem};
use tencent_chat_usersig::Signer;
use tokio::runtime;

const APP: u64 = 1_400_000_000;
const ADMIN: &str = "administrator";
const KEY: &str = "5bd2850fff3ecb11d7c805251c51ee463a25727bddc2385f3fa8bfee1bb93b5e";
/// Calls of one step with `--growth`.
const CALLS: u64 = 2_048;
const TEXT: &str = "Dinner at seven?";

/// Code as written without this SDK.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct BareMsg<'a> {
    #[serde(rename = "To_Account")]
    to_account: &'a str,
    msg_random: u32,
    msg_seq: u32,
    msg_body: [BareElem<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct BareElem<'a> {
    msg_type: &'a str,
    msg_content: BareText<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct BareText<'a> {
    text: &'a str,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct BareReply {
    action_status: String,
    #[allow(dead_code, reason = "read like the others")]
    error_info: String,
    error_code: i64,
    #[allow(dead_code, reason = "read like the others")]
    msg_time: u64,
    msg_key: String,
}

async fn send(bare: &Bare) -> Result<String, Box<dyn Error>> {
    let message = BareMsg {
        to_account: "mei",
        msg_random: 7,
        msg_seq: 8,
        msg_body: [BareElem {
            msg_type: "TIMTextElem",
            msg_content: BareText { text: TEXT },
        }],
    };
    let reply: BareReply = bare.call(&message).await?;
    if reply.action_status != "OK" || reply.error_code != 0 {
        return Err(reply.error_code.to_string().into());
    }
    Ok(reply.msg_key)
}

fn message() -> SendMsg {
    SendMsg::new("mei", [TextElem::new(TEXT)])
        .with_msg_random(7)
        .with_msg_seq(8_u32)
}

#[allow(
    clippy::unwrap_used,
    reason = "a call that fails makes the figures void"
)]
fn main() -> Result<(), Box<dyn Error>> {
    let harness = Harness::from_args();
    let server = loopback::serve(SENT)?;
    let command = SendMsg::META.path;

    let limiter = LocalLimiter::new().command(command, u32::MAX, 1);
    let client = Client::builder(APP, ADMIN, SecretKey::new(KEY))
        .base_url(format!("http://{server}"))
        .limiter(Arc::new(limiter))
        .build()?;
    let client = Arc::new(client);

    let sig = Signer::new(APP, KEY).sign(ADMIN, Duration::from_secs(7 * 86_400))?;
    let bare = Arc::new(Bare::new(server, command, APP, ADMIN, sig.expose())?);

    // One thread for both, so that its processor time is theirs.
    let runtime = runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let ours = |count: u64, in_flight: u64| {
        runtime.block_on(spread(count, in_flight, |share| {
            let client = Arc::clone(&client);
            async move {
                for _ in 0..share {
                    client.send(message()).await.unwrap();
                }
            }
        }));
    };
    if harness.is_growth() {
        let sizes = [1, 4, 16, 64, 256, 1_024];
        let ours = &ours;
        // All tasks have calls to make, and all sizes make as many.
        let calls = if harness.measures() { CALLS } else { 1 };
        harness.grow("2,048 calls by tasks", &sizes, |size| {
            let size = *size;
            Box::new(move |count| ours(count * calls, size))
        });
        return Ok(());
    }
    for in_flight in [1, 64] {
        let mut by_hand = |count: u64| {
            runtime.block_on(spread(count, in_flight, |share| {
                let bare = Arc::clone(&bare);
                async move {
                    for _ in 0..share {
                        send(&bare).await.unwrap();
                    }
                }
            }));
        };
        let mut contenders = [
            Contender {
                name: "bare reqwest",
                goals: &[],
                work: &mut by_hand,
            },
            Contender {
                name: "this client",
                goals: &[Goal::Speed(0.97), Goal::Cpu(1.0 / 0.97)],
                work: &mut |count| ours(count, in_flight),
            },
        ];
        let title = format!("Client overhead, calls in flight: {in_flight}");
        harness.compare(&title, &mut contenders);
    }
    Ok(())
}
