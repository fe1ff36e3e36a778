//! Receives webhooks with axum, on a server that closes connections whose request doesn't arrive.
//!
//! ```console
//! TOKEN=... cargo run -p tencent-chat-webhook --features tower --example serve -- 1400000000 127.0.0.1:8080
//! ```
//!
//! Put it behind a proxy that terminates TLS; the example `mutual_tls` does that itself.

use axum::Router;
use axum_server::Server;
use std::{
    error::Error,
    io,
    net::{SocketAddr, TcpListener},
    time::Duration,
};
use tencent_chat_webhook::{
    Received, Receiver, Token, Webhooks,
    types::webhook::{C2cBeforeSendMsg, C2cBeforeSendMsgAnswer},
};

/// How long the head of a request may take, unless the app needs more.
pub(crate) const HEAD: Duration = Duration::from_secs(5);

/// A server that closes connections whose request head doesn't arrive within that time: `axum::serve`
/// keeps them forever. What follows the head is bounded by the webhooks.
pub(crate) fn server(listener: TcpListener, head: Duration) -> io::Result<Server<SocketAddr>> {
    let server = axum_server::from_tcp(listener)?;
    // The service speaks HTTP/1.1; detecting HTTP/2 would wait forever, too.
    let mut server = server.http1_only().first_request_timeout(head);
    server.http_builder().http1().header_read_timeout(head);
    Ok(server)
}

/// The app: refuses messages from mallory.
pub(crate) fn app(receiver: Receiver) -> Router {
    let webhooks = Webhooks::new(receiver).on(|event: Received<C2cBeforeSendMsg>| async move {
        match event.from_account.as_str() {
            "mallory" => C2cBeforeSendMsgAnswer::Refuse,
            _ => C2cBeforeSendMsgAnswer::Allow,
        }
    });
    Router::new().route_service("/webhook", webhooks.into_service())
}

#[tokio::main]
#[allow(dead_code, reason = "a test takes the functions above")]
async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [app_id, address] = arguments.as_slice() else {
        return Err("expected: SDKAppID, address".into());
    };
    let receiver = Receiver::new(app_id.parse()?, Token::new(std::env::var("TOKEN")?));
    let server = server(TcpListener::bind(address)?, HEAD)?;
    server.serve(app(receiver).into_make_service()).await?;
    Ok(())
}
