//! Moderates messages, one-to-one and in groups, and counts each message once however often it is reported.
//!
//! ```console
//! WEBHOOK_TOKEN=… cargo run -p tencent-chat-examples --bin moderation -- 127.0.0.1:8080 moderation.sqlite
//! ```

use rusqlite::Connection;
use std::{
    error::Error,
    sync::{Arc, Mutex, PoisonError},
};
use tencent_chat_types::{
    model::MsgElement,
    webhook::{
        C2cAfterSendMsg, C2cBeforeSendMsg, C2cBeforeSendMsgAnswer, GroupAfterSendMsg,
        GroupBeforeSendMsg, GroupBeforeSendMsgAnswer,
    },
};
use tencent_chat_webhook::{EventKey, Received, Receiver, Token, Webhooks};

/// Whether a message may be sent.
fn is_allowed(body: &[MsgElement]) -> bool {
    let mut texts = body.iter().filter_map(MsgElement::as_text);
    texts.all(|text| !text.text.contains("gold"))
}

/// What was sent, each message once.
#[derive(Clone)]
struct Sent(Arc<Mutex<Connection>>);

impl Sent {
    fn open(path: &str) -> rusqlite::Result<Self> {
        let connection = Connection::open(path)?;
        connection.execute_batch(
            "CREATE TABLE IF NOT EXISTS sent (key TEXT PRIMARY KEY, sender TEXT NOT NULL)",
        )?;
        Ok(Self(Arc::new(Mutex::new(connection))))
    }

    /// Stored before the event is acknowledged; the second report of a message has the same key.
    async fn note(self, key: EventKey, sender: String) -> Result<(), Box<dyn Error + Send + Sync>> {
        let stored = tokio::task::spawn_blocking(move || {
            let connection = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let row = (key.as_str(), sender);
            connection.execute("INSERT OR IGNORE INTO sent VALUES (?1, ?2)", row)
        });
        stored.await??;
        Ok(())
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [address, database] = arguments.as_slice() else {
        return Err("expected: ADDRESS DATABASE".into());
    };
    let app = std::env::var("TENCENT_CHAT_SDK_APP_ID")?.parse()?;
    let receiver = Receiver::new(app, Token::new(std::env::var("WEBHOOK_TOKEN")?));
    let (sent, sent_in_groups) = (Sent::open(database)?, Sent::open(database)?);
    let webhooks = Webhooks::new(receiver)
        .on(|event: Received<C2cBeforeSendMsg>| async move {
            match is_allowed(&event.msg_body) {
                true => C2cBeforeSendMsgAnswer::Allow,
                false => C2cBeforeSendMsgAnswer::Refuse,
            }
        })
        .on(|event: Received<GroupBeforeSendMsg>| async move {
            match is_allowed(&event.msg_body) {
                true => GroupBeforeSendMsgAnswer::Allow,
                false => GroupBeforeSendMsgAnswer::Refuse,
            }
        })
        .on(move |event: Received<C2cAfterSendMsg>| {
            sent.clone().note(event.key(), event.from_account.clone())
        })
        .on(move |event: Received<GroupAfterSendMsg>| {
            sent_in_groups
                .clone()
                .note(event.key(), event.from_account.clone())
        });
    let router = axum::Router::new().route_service("/webhook", webhooks.into_service());
    let listener = tokio::net::TcpListener::bind(address).await?;
    println!("listening on {}", listener.local_addr()?);
    axum::serve(listener, router).await?;
    Ok(())
}
