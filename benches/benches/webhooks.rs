//! The cost of receiving a webhook: over HTTP, compared with a bare axum handler that only reads the body, with
//! 64 connections that each send the next event when the last was answered; and within the process, compared
//! with only reading the body as JSON.
#![allow(clippy::unwrap_used, reason = "a benchmark may panic")]

use axum::{
    Router,
    body::Bytes,
    http::header,
    response::{IntoResponse, Response},
    routing::post,
};
use futures_util::future::join_all;
use std::{
    cell::{Cell, RefCell},
    hint::black_box,
    net::SocketAddr,
    rc::Rc,
    thread,
    time::{Duration, Instant},
};
use tencent_chat_benches::{
    Contender, Goal, Harness,
    samples::{self, WEBHOOK},
};
use tencent_chat_types::webhook::{C2cBeforeSendMsg, C2cBeforeSendMsgAnswer};
use tencent_chat_webhook::{Received, Receiver, Token, Webhooks};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    runtime::{Builder, Runtime},
};

const APP: u64 = 1_400_000_000;
const TOKEN: &str = "a token of the benchmarks";
const CONNECTIONS: usize = 64;
const OVER_HTTP: &str = "webhooks over HTTP, 64 connections";
const BARE: &str = "axum, reads the body";
const TYPED: &str = "verified, decoded, dispatched";
const ANSWER: &str = r#"{"ActionStatus":"OK","ErrorCode":0,"ErrorInfo":""}"#;

fn query() -> String {
    let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
    let sign = Token::new(TOKEN).sign(&now.to_string());
    samples::webhook_query(APP, &sign, now)
}

fn webhooks() -> Webhooks {
    // The same signature serves the whole run.
    let receiver = Receiver::new(APP, TOKEN).window(Duration::from_secs(3_600));
    Webhooks::new(receiver).on(|event: Received<C2cBeforeSendMsg>| async move {
        match event.from_account.as_str() {
            "mallory" => C2cBeforeSendMsgAnswer::Refuse,
            _ => C2cBeforeSendMsgAnswer::Allow,
        }
    })
}

async fn bare(body: Bytes) -> Response {
    black_box(&body);
    ([(header::CONTENT_TYPE, "application/json")], ANSWER).into_response()
}

/// Both servers on a thread of their own.
fn serve() -> SocketAddr {
    let (tell, told) = std::sync::mpsc::channel();
    thread::spawn(move || {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let app = Router::new()
                .route("/bare", post(bare))
                .route_service("/webhook", webhooks().into_service());
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            tell.send(listener.local_addr().unwrap()).unwrap();
            axum::serve(listener, app).await.unwrap();
        });
    });
    told.recv().unwrap()
}

/// Connections to one of the servers.
struct Load {
    runtime: Rc<Runtime>,
    connections: Vec<TcpStream>,
    request: Vec<u8>,
    /// Microseconds of every request.
    latencies: RefCell<Vec<u32>>,
}

impl Load {
    fn new(runtime: &Rc<Runtime>, address: SocketAddr, path: &str) -> Self {
        let connections = runtime.block_on(join_all((0..CONNECTIONS).map(|_| async {
            let stream = TcpStream::connect(address).await.unwrap();
            stream.set_nodelay(true).unwrap();
            stream
        })));
        let request = format!(
            "POST {path}?{} HTTP/1.1\r\nhost: app\r\ncontent-type: application/json\r\n\
             content-length: {}\r\n\r\n{WEBHOOK}",
            query(),
            WEBHOOK.len()
        );
        Self {
            runtime: Rc::clone(runtime),
            connections,
            request: request.into_bytes(),
            latencies: RefCell::default(),
        }
    }

    fn run(&mut self, count: u64) {
        let left = Cell::new(count);
        let (request, latencies) = (&self.request, &self.latencies);
        let runtime = Rc::clone(&self.runtime);
        let senders = self.connections.iter_mut().map(|stream| async {
            let mut answer = Vec::with_capacity(1_024);
            while let Some(next) = left.get().checked_sub(1) {
                left.set(next);
                let began = Instant::now();
                stream.write_all(request).await.unwrap();
                read_answer(stream, &mut answer).await;
                let took = began.elapsed().as_micros();
                latencies.borrow_mut().push(took.try_into().unwrap());
            }
        });
        runtime.block_on(join_all(senders));
    }
}

/// Reads one answer, which must be a success that allows.
async fn read_answer(stream: &mut TcpStream, answer: &mut Vec<u8>) {
    answer.clear();
    loop {
        let read = stream.read_buf(answer).await.unwrap();
        assert!(read > 0, "the server hung up");
        if answer.ends_with(ANSWER.as_bytes()) {
            assert!(answer.starts_with(b"HTTP/1.1 200 "));
            return;
        }
    }
}

fn main() {
    let harness = Harness::from_args();
    let address = serve();
    let runtime = Rc::new(Builder::new_current_thread().enable_all().build().unwrap());
    let mut bare = Load::new(&runtime, address, "/bare");
    let mut typed = Load::new(&runtime, address, "/webhook");
    harness.compare(
        OVER_HTTP,
        &mut [
            Contender {
                name: BARE,
                goals: &[],
                work: &mut |count| bare.run(count),
            },
            Contender {
                name: TYPED,
                goals: &[Goal::Speed(0.85)],
                work: &mut |count| typed.run(count),
            },
        ],
    );
    let latencies = [&bare, &typed].map(|load| load.latencies.borrow());
    let [of_bare, of_typed] = &latencies;
    harness.latencies(OVER_HTTP, 1.3, &[(BARE, of_bare), (TYPED, of_typed)]);

    let (query, webhooks) = (query(), webhooks());
    let receiver = Receiver::new(APP, TOKEN).window(Duration::from_secs(3_600));
    harness.compare(
        "webhooks within the process",
        &mut [
            Contender {
                name: "the body as JSON",
                goals: &[],
                work: &mut |count| {
                    for _ in 0..count {
                        let json = serde_json::from_str::<serde_json::Value>(black_box(WEBHOOK));
                        black_box(json.unwrap());
                    }
                },
            },
            Contender {
                name: "query verified",
                goals: &[],
                work: &mut |count| {
                    for _ in 0..count {
                        black_box(receiver.verify(black_box(&query)).unwrap());
                    }
                },
            },
            Contender {
                name: "verified, decoded",
                goals: &[],
                work: &mut |count| {
                    for _ in 0..count {
                        let delivery = receiver.receive(black_box(&query), WEBHOOK.as_bytes());
                        black_box(delivery.unwrap());
                    }
                },
            },
            Contender {
                name: TYPED,
                goals: &[Goal::Speed(1.2)],
                work: &mut |count| {
                    runtime.block_on(async {
                        for _ in 0..count {
                            let answer =
                                webhooks.handle(black_box(&query), WEBHOOK.as_bytes()).await;
                            assert_eq!(answer.status, 200);
                        }
                    });
                },
            },
        ],
    );
}
