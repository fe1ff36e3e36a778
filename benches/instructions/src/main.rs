//! One operation, done so often: `CASE COUNT`. `cargo xtask instructions` runs each case with two counts under
//! valgrind. The difference of the two is what the operations take, without start and preparation.
//!
//! `--time CASE` prints a signature, then reads counts and prints the seconds that so many operations took, for
//! `benches/usersig_peers.py`.
#![allow(clippy::print_stdout, reason = "prints cases, an address, times")]
#![allow(
    clippy::unwrap_used,
    reason = "an operation that fails makes the figures void"
)]

mod server;

use std::{
    env,
    hint::black_box,
    process::ExitCode,
    sync::Arc,
    time::{Duration, Instant},
};
use tencent_chat_benches::samples;
use tencent_chat_client::{Client, LocalLimiter, SecretKey};
use tencent_chat_types::{
    Endpoint, from_slice,
    message::{GetC2cHistoryReply, SendMsg},
    model::TextElem,
    to_vec,
    webhook::{C2cBeforeSendMsg, C2cBeforeSendMsgAnswer},
};
use tencent_chat_usersig::{Compression, FixedClock, Signer};
use tencent_chat_webhook::{Received, Receiver, Token, Webhooks};
use tokio::runtime::{Builder, Runtime};

const APP: u64 = 1_400_000_000;
const ADMIN: &str = "administrator";
const KEY: &str = "5bd2850fff3ecb11d7c805251c51ee463a25727bddc2385f3fa8bfee1bb93b5e";
const WEEK: Duration = Duration::from_secs(7 * 86_400);
const NOW: u64 = 1_764_000_000;
const TOKEN: &str = "a token of the benchmarks";

type Case = (&'static str, fn(u64));

/// What is counted. Reading and writing take a page of 20 messages.
const CASES: &[Case] = &[
    ("codec_read", codec_read),
    ("codec_write", codec_write),
    ("usersig_sign_stored", |count| {
        sign(
            Signer::new(APP, KEY).with_compression(Compression::Stored),
            count,
        );
    }),
    ("usersig_sign_compressed", |count| {
        sign(Signer::new(APP, KEY), count);
    }),
    ("usersig_verify", usersig_verify),
    ("webhook_handle", webhook_handle),
    ("client_call", client_call),
];

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let case = |name| CASES.iter().find(|case| case.0 == name);
    match arguments[..] {
        ["--list"] => {
            for (name, _) in CASES {
                println!("{name}");
            }
        }
        ["--serve"] => server::run(),
        ["--time", name] if case(name).is_some() => time(case(name).unwrap().1),
        [name, count] if case(name).is_some() => {
            let (_, run) = case(name).unwrap();
            run(count.parse().unwrap());
        }
        _ => return ExitCode::from(2),
    }
    ExitCode::SUCCESS
}

fn time(run: fn(u64)) {
    println!(
        "{}",
        Signer::new(APP, KEY).sign(ADMIN, WEEK).unwrap().expose()
    );
    for count in std::io::stdin().lines() {
        let count = count.unwrap().parse().unwrap();
        let began = Instant::now();
        run(count);
        println!("{}", began.elapsed().as_secs_f64());
    }
}

fn page() -> GetC2cHistoryReply {
    serde_json::from_value(samples::page(20)).unwrap()
}

fn codec_read(count: u64) {
    let text = to_vec(&page()).unwrap();
    for _ in 0..count {
        black_box(from_slice::<GetC2cHistoryReply>(black_box(&text)).unwrap());
    }
}

fn codec_write(count: u64) {
    let page = page();
    for _ in 0..count {
        black_box(to_vec(black_box(&page)).unwrap());
    }
}

/// Signs at one fixed time after another: how a signature is compressed depends on its bytes, and only a mean over
/// many, the same in every run, can be compared.
fn sign(signer: Signer, count: u64) {
    let clock = Arc::new(FixedClock::new(NOW));
    let signer = signer.with_clock(Arc::clone(&clock));
    for _ in 0..count {
        clock.advance(1);
        black_box(signer.sign(black_box(ADMIN), WEEK).unwrap());
    }
}

fn usersig_verify(count: u64) {
    let signer = Signer::new(APP, KEY).with_clock(FixedClock::new(NOW));
    let sig = signer.sign(ADMIN, WEEK).unwrap();
    for _ in 0..count {
        black_box(signer.verify(black_box(sig.expose())).unwrap());
    }
}

fn webhook_handle(count: u64) {
    let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
    let query = samples::webhook_query(APP, &Token::new(TOKEN).sign(&now.to_string()), now);
    let receiver = Receiver::new(APP, TOKEN).window(Duration::from_secs(3_600));
    let webhooks = Webhooks::new(receiver).on(|event: Received<C2cBeforeSendMsg>| async move {
        match event.from_account.as_str() {
            "mallory" => C2cBeforeSendMsgAnswer::Refuse,
            _ => C2cBeforeSendMsgAnswer::Allow,
        }
    });
    let body = samples::WEBHOOK.as_bytes();
    runtime().block_on(async {
        for _ in 0..count {
            let answer = webhooks.handle(black_box(&query), black_box(body)).await;
            assert_eq!(answer.status, 200);
        }
    });
}

/// The server is another process, whose instructions are not counted.
fn client_call(count: u64) {
    let server = server::Server::start();
    let limiter = LocalLimiter::new().command(SendMsg::META.path, u32::MAX, 1);
    let client = Client::builder(APP, ADMIN, SecretKey::new(KEY))
        .base_url(format!("http://{}", server.address))
        .limiter(Arc::new(limiter))
        .build()
        .unwrap();
    runtime().block_on(async {
        for _ in 0..count {
            let message = SendMsg::new("mei", [TextElem::new("Dinner at seven?")])
                .with_msg_random(7)
                .with_msg_seq(8_u32);
            black_box(client.send(&message).await.unwrap());
        }
    });
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}
