//! An app whose events survive a restart: "after" events are stored before they are acknowledged, and handled from
//! the queue.
//! ```console
//! TOKEN=... cargo run -p tencent-chat-webhook-queue --features sqlite --example queue -- 1400000000 127.0.0.1:8080
//! events.db
//! ```
//!
//! For a fleet, use `RedisQueue::new(client, "chat", settings)` instead of the file, and run the consumer in the same
//! processes or in others. Put it behind a proxy that terminates TLS.

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

/// Alert when the oldest event has been waiting for longer.
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
        // The service waits for this one, so it is not stored.
        .on(|event: Received<C2cBeforeSendMsg>| async move {
            match event.from_account.as_str() {
                "mallory" => C2cBeforeSendMsgAnswer::Refuse,
                _ => C2cBeforeSendMsgAnswer::Allow,
            }
        })
        // This one comes from the queue. After an error, a panic or a crash it is retried.
        .on(|event: Received<C2cAfterSendMsg>| async move {
            // What must not be done twice: in one transaction with `event.key()` under a unique index.
            archive(&event).await
        });

    let service = QueueLayer::new(receiver, queue.clone()).layer(webhooks.clone().into_service());
    let app = Router::new()
        .route_service("/webhook", service)
        .route("/health", get(health))
        .with_state(queue.clone());

    // The handling side. It ends with the signal, after the running handlers.
    let consumer = Consumer::new(queue, webhooks).concurrency(32);
    let consumer = tokio::spawn(consumer.run(async {
        let _ = tokio::signal::ctrl_c().await;
    }));

    // `axum::serve` would wait forever for a request's head.
    let handle = axum_server::Handle::new();
    let mut server = axum_server::from_tcp(TcpListener::bind(address)?)?
        .http1_only()
        .first_request_timeout(HEAD)
        .handle(handle.clone());
    server.http_builder().http1().header_read_timeout(HEAD);
    tokio::spawn(async move {
        let _ = tokio::signal::ctrl_c().await;
        // Events that are being stored get their response.
        handle.graceful_shutdown(Some(Duration::from_secs(5)));
    });
    server.serve(app.into_make_service()).await?;
    consumer.await?;
    Ok(())
}

async fn archive(_: &C2cAfterSendMsg) -> Result<(), std::io::Error> {
    Ok(())
}

/// Figures for monitoring; status 503 if handlers are behind, or there are dead letters.
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
