//! Small servers on loopback, well-behaved and not.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    reason = "not every test uses every helper, and a test may panic"
)]

#[cfg(any(feature = "rustls", feature = "rustls-ring"))]
pub mod tls;

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{HeaderMap, Method, Request},
    response::{IntoResponse, Response},
};
use std::{
    collections::HashMap,
    future::Future,
    sync::{Arc, Mutex},
};
use tencent_chat_client::{Client, ClientBuilder, RetryPolicy};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

pub const APP: u64 = 1_400_000_000;
pub const KEY: &str = "a-very-secret-key";
pub const ADMIN: &str = "administrator";

/// A request as received by the server.
#[derive(Clone, Debug)]
pub struct Seen {
    pub method: Method,
    pub path: String,
    pub query: HashMap<String, String>,
    pub headers: HeaderMap,
    pub body: String,
}

/// A server that answers with a function, and records requests.
pub struct Server {
    pub base: String,
    pub seen: Arc<Mutex<Vec<Seen>>>,
}

impl Server {
    pub async fn new<F: Fn(&Seen) -> Response + Send + Sync + 'static>(answer: F) -> Self {
        let seen: Arc<Mutex<Vec<Seen>>> = Arc::default();
        let (log, answer) = (Arc::clone(&seen), Arc::new(answer));
        let app = Router::new().fallback(move |request: Request<Body>| {
            let (log, answer) = (Arc::clone(&log), Arc::clone(&answer));
            async move {
                let (parts, body) = request.into_parts();
                let body = to_bytes(body, 1 << 20).await.unwrap();
                let query = parts
                    .uri
                    .query()
                    .unwrap_or_default()
                    .split('&')
                    .filter_map(|pair| pair.split_once('='));
                let decoded = |text: &str| decode(text);
                let seen = Seen {
                    method: parts.method,
                    path: parts.uri.path().to_owned(),
                    query: query
                        .map(|(name, value)| (name.to_owned(), decoded(value)))
                        .collect(),
                    headers: parts.headers,
                    body: String::from_utf8(body.to_vec()).unwrap(),
                };
                let response = answer(&seen);
                log.lock().unwrap().push(seen);
                response
            }
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { base, seen }
    }

    /// Always the same body.
    pub async fn replying(body: impl Into<String>) -> Self {
        let body = body.into();
        Self::new(move |_| body.clone().into_response()).await
    }

    pub fn client(&self) -> Client {
        self.builder().build().unwrap()
    }

    pub fn builder(&self) -> ClientBuilder {
        builder(&self.base)
    }

    pub fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }
}

pub fn builder(base: &str) -> ClientBuilder {
    // One request per call, unless a test is about retries.
    Client::builder(APP, ADMIN, KEY)
        .base_url(base)
        .retry(RetryPolicy::none())
        .unlimited()
}

/// Percent-decoding of a query value.
fn decode(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digits = [rest.next().unwrap(), rest.next().unwrap()];
            bytes.push(u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap());
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).unwrap()
}

/// A server that handles each connection with a function, for faults that a
/// well-behaved server can't produce. Returns its address.
pub async fn raw<F, R>(serve: F) -> String
where
    F: Fn(TcpStream) -> R + Send + Sync + 'static,
    R: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((connection, _)) = listener.accept().await {
            tokio::spawn(serve(connection));
        }
    });
    base
}

/// Reads until the request's head and most of its body must have arrived.
pub async fn read_request(connection: &mut (impl AsyncRead + Unpin)) {
    let mut buffer = [0; 4096];
    let _ = connection.read(&mut buffer).await;
}

/// Writes and keeps the connection open.
pub async fn write(connection: &mut (impl AsyncWrite + Unpin), text: &str) {
    let _ = connection.write_all(text.as_bytes()).await;
    let _ = connection.flush().await;
}
