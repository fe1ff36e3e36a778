//! An app whose events survive it: what has happened is stored before it is acknowledged, and handled from there.
//!
//! ```console
//! TOKEN=... cargo run -p tencent-chat-webhook-queue --features sqlite --example queue -- 1400000000 127.0.0.1:8080 events.db
//! ```
//!
//! For a fleet, put `RedisQueue::new(client, "chat", settings)` in place of the file, and run the consumer in the same
//! processes or in others. Put it behind a proxy that ends TLS.

use axum::{Json, Router, extract::State, http::StatusCode, routing::get};
use std::{env, error::Error, net::TcpListener, time::Duration};
use tencent_chat_webhook::{
    Received, Receiver, Token, Webhooks,
    types::webhook::{C2cAfterSendMsg, C2cBeforeSendMsg, C2cBeforeSendMsgAnswer},
};
use tencent_chat_webhook_queue::{Consumer, Queue, QueueLayer, QueueSettings, SqliteQueue};
use tower_layer::Layer;

/// How long the head of a request may take.
const HEAD: Duration = Duration::from_secs(5);

/// An alarm should ring when the oldest event has been waiting for longer.
const LAG: Duration = Duration::from_secs(300);

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [app_id, address, file] = arguments.as_slice() else {
        return Err("expected: SDKAppID, address, file".into());
    };
    let receiver = Receiver::new(app_id.parse()?, Token::new(env::var("TOKEN")?));
    let queue = SqliteQueue::open(file, QueueSettings::default())?;

    let webhooks = Webhooks::new(receiver.clone())
        // The service waits for this one, so that it is not stored.
        .on(|event: Received<C2cBeforeSendMsg>| async move {
            match event.from_account.as_str() {
                "mallory" => C2cBeforeSendMsgAnswer::Refuse,
                _ => C2cBeforeSendMsgAnswer::Allow,
            }
        })
        // This one comes from the queue. An error, a panic or a crash means that it comes again.
        .on(|event: Received<C2cAfterSendMsg>| async move {
            // What must not be done twice: in one transaction with `event.key()` under a unique index.
            archive(&event).await
        });

    let service = QueueLayer::new(receiver, queue.clone()).layer(webhooks.clone().into_service());
    let app = Router::new()
        .route_service("/webhook", service)
        .route("/health", get(health))
        .with_state(queue.clone());

    // The handling side. It ends with the signal, after the handlers that run.
    let consumer = Consumer::new(queue, webhooks).concurrency(32);
    let consumer = tokio::spawn(consumer.run(async {
        let _ = tokio::signal::ctrl_c().await;
    }));

    // `axum::serve` would wait for a request's head for ever.
    let handle = axum_server::Handle::new();
    let mut server = axum_server::from_tcp(TcpListener::bind(address)?)?
        .http1_only()
        .first_request_timeout(HEAD)
        .handle(handle.clone());
    server.http_builder().http1().header_read_timeout(HEAD);
    tokio::spawn(async move {
        let _ = tokio::signal::ctrl_c().await;
        // Events that are being stored get their answer.
        handle.graceful_shutdown(Some(Duration::from_secs(5)));
    });
    server.serve(app.into_make_service()).await?;
    consumer.await?;
    Ok(())
}

async fn archive(_: &C2cAfterSendMsg) -> Result<(), std::io::Error> {
    Ok(())
}

/// Numbers for a monitor; status 503 when handlers are behind, or something lies among the dead letters.
async fn health(State(queue): State<SqliteQueue>) -> (StatusCode, Json<[u64; 4]>) {
    let Ok(stats) = queue.stats().await else {
        return (StatusCode::SERVICE_UNAVAILABLE, Json([0; 4]));
    };
    let now = std::time::UNIX_EPOCH.elapsed().unwrap_or_default();
    let now_ms = u64::try_from(now.as_millis()).unwrap_or(u64::MAX);
    let is_behind = stats.lag(now_ms).is_some_and(|lag| lag > LAG);
    let status = match is_behind || stats.dead > 0 {
        true => StatusCode::SERVICE_UNAVAILABLE,
        false => StatusCode::OK,
    };
    let numbers = [stats.waiting, stats.delayed, stats.claimed, stats.dead];
    (status, Json(numbers))
}
