//! The cost of the client compared with bare reqwest: the same request to the same server, with the same
//! settings, one at a time and 64 at once. The client does its usual work: it checks, keeps a quota (one that
//! is never reached), signs, is ready to repeat, and reads leniently.

use serde::{Deserialize, Serialize};
use std::{
    error::Error,
    io::{ErrorKind, Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::Arc,
    thread,
    time::Duration,
};
use tencent_chat_benches::{Contender, Goal, Harness};
use tencent_chat_client::{Client, LocalLimiter, SecretKey};
use tencent_chat_types::{Endpoint, message::SendMsg, model::TextElem};
use tencent_chat_usersig::Signer;
use tokio::runtime;

const APP: u64 = 1_400_000_000;
const ADMIN: &str = "administrator";
const KEY: &str = "5bd2850fff3ecb11d7c805251c51ee463a25727bddc2385f3fa8bfee1bb93b5e";
const TEXT: &str = "Dinner at seven?";
const REPLY: &str = r#"{"ActionStatus":"OK","ErrorInfo":"","ErrorCode":0,"MsgTime":1700000100,"MsgKey":"7_2837_1700000100"}"#;

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

/// A reqwest client with a prepared address.
struct Bare {
    http: reqwest::Client,
    address: String,
}

impl Bare {
    async fn send(&self) -> Result<String, Box<dyn Error>> {
        let message = BareMsg {
            to_account: "mei",
            msg_random: 7,
            msg_seq: 8,
            msg_body: [BareElem {
                msg_type: "TIMTextElem",
                msg_content: BareText { text: TEXT },
            }],
        };
        let address = format!("{}{}", self.address, fastrand::u32(..));
        let response = self
            .http
            .post(address)
            .header(reqwest::header::CONTENT_TYPE, "application/json")
            .body(serde_json::to_vec(&message)?)
            .send()
            .await?
            .error_for_status()?;
        let reply: BareReply = serde_json::from_slice(&response.bytes().await?)?;
        if reply.action_status != "OK" || reply.error_code != 0 {
            return Err(reply.error_code.to_string().into());
        }
        Ok(reply.msg_key)
    }
}

fn message() -> SendMsg {
    SendMsg::new("mei", [TextElem::new(TEXT)])
        .with_msg_random(7)
        .with_msg_seq(8_u32)
}

/// A server that always sends the same reply, on its own thread. It never sleeps: the time to wake it would
/// count as the client's, and more often the longer the client takes.
fn serve() -> Result<SocketAddr, Box<dyn Error>> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    let reply = format!(
        "HTTP/1.1 200 OK\r\nServer: loopback\r\nDate: Thu, 01 Jan 2026 00:00:00 GMT\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{REPLY}",
        REPLY.len()
    );
    thread::spawn(move || {
        let mut connections: Vec<(TcpStream, Vec<u8>)> = Vec::new();
        loop {
            if let Ok((stream, _)) = listener.accept()
                && stream.set_nonblocking(true).is_ok()
                && stream.set_nodelay(true).is_ok()
            {
                connections.push((stream, Vec::new()));
            }
            connections.retain_mut(|(stream, request)| answer(stream, request, &reply));
        }
    });
    Ok(address)
}

/// Reads the available bytes, and replies once they are a whole request. False when the connection is closed.
fn answer(stream: &mut TcpStream, request: &mut Vec<u8>, reply: &str) -> bool {
    let mut read = [0; 4096];
    match stream.read(&mut read) {
        Ok(0) => return false,
        Ok(count) => request.extend(&read[..count]),
        Err(error) => return error.kind() == ErrorKind::WouldBlock,
    }
    let text = String::from_utf8_lossy(request);
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        return true;
    };
    let length = head
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .and_then(|(_, length)| length.trim().parse().ok());
    if length.is_some_and(|length: usize| body.len() < length) {
        return true;
    }
    request.clear();
    stream.write_all(reply.as_bytes()).is_ok()
}

/// Runs so many calls, spread over the tasks.
async fn spread<F: Future<Output = ()> + 'static>(count: u64, tasks: u64, call: impl Fn(u64) -> F) {
    let set = tokio::task::LocalSet::new();
    for task in 0..tasks {
        let share = count / tasks + u64::from(task < count % tasks);
        set.spawn_local(call(share));
    }
    set.await;
}

#[allow(
    clippy::unwrap_used,
    reason = "a call that fails makes the figures void"
)]
fn main() -> Result<(), Box<dyn Error>> {
    let harness = Harness::from_args();
    let server = serve()?;
    let command = SendMsg::META.path;

    let limiter = LocalLimiter::new().command(command, u32::MAX, 1);
    let client = Client::builder(APP, ADMIN, SecretKey::new(KEY))
        .base_url(format!("http://{server}"))
        .limiter(Arc::new(limiter))
        .build()?;
    let client = Arc::new(client);

    let sig = Signer::new(APP, KEY).sign(ADMIN, Duration::from_secs(7 * 86_400))?;
    let bare = Bare {
        // The settings of the client's builder.
        http: reqwest::Client::builder()
            .user_agent(concat!("tencent-chat-rust/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(Duration::from_secs(3))
            .pool_idle_timeout(Duration::from_secs(60))
            .tcp_nodelay(true)
            .no_proxy()
            .build()?,
        address: format!(
            "http://{server}/{command}?sdkappid={APP}&identifier={ADMIN}&usersig={}&contenttype=json&random=",
            sig.expose(),
        ),
    };
    let bare = Arc::new(bare);

    // One thread for both, so that its processor time is theirs.
    let runtime = runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    for in_flight in [1, 64] {
        let mut by_hand = |count: u64| {
            runtime.block_on(spread(count, in_flight, |share| {
                let bare = Arc::clone(&bare);
                async move {
                    for _ in 0..share {
                        bare.send().await.unwrap();
                    }
                }
            }));
        };
        let mut ours = |count: u64| {
            runtime.block_on(spread(count, in_flight, |share| {
                let client = Arc::clone(&client);
                async move {
                    for _ in 0..share {
                        client.send(message()).await.unwrap();
                    }
                }
            }));
        };
        let mut contenders = [
            Contender {
                name: "bare reqwest",
                goal: Goal::None,
                work: &mut by_hand,
            },
            Contender {
                name: "this client",
                goal: Goal::Speed(0.95),
                work: &mut ours,
            },
        ];
        let title = format!("Client overhead, calls in flight: {in_flight}");
        harness.compare(&title, &mut contenders);
    }
    Ok(())
}
