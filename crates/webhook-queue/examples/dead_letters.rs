//! Manages dead letters: lists them, puts them back, drops them.
//!
//! ```console
//! cargo run -p tencent-chat-webhook-queue --all-features --example dead_letters -- events.db list
//! cargo run -p tencent-chat-webhook-queue --all-features --example dead_letters -- redis://127.0.0.1/ requeue
//! 1764150123456-0 cargo run -p tencent-chat-webhook-queue --all-features --example dead_letters -- events.db drop 17
//! 18
//! ```
//!
//! `list` prints identifier, attempts, key and reason; `show` prints query and body of one, which contain users' text.

use std::{error::Error, io::Write, path::Path, sync::Arc};
use tencent_chat_webhook_queue::{EventId, Queue, QueueSettings, RedisQueue, SqliteQueue};

/// Number of dead letters per page.
const PAGE: usize = 100;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(place), Some(what)) = (arguments.next(), arguments.next()) else {
        return Err(
            "expected: a file or an address of Redis, then list, show, requeue or drop".into(),
        );
    };
    let ids: Vec<EventId> = arguments.map(EventId::new).collect();
    let queue = open(&place)?;
    let mut out = std::io::stdout().lock();
    match what.as_str() {
        "list" | "show" => {
            let mut behind = None;
            loop {
                let letters = queue.dead_letters(behind, PAGE).await?;
                let Some(last) = letters.last() else {
                    return Ok(());
                };
                behind = Some(last.id.clone());
                for letter in &letters {
                    let (id, event) = (&letter.id, &letter.event);
                    if what == "list" {
                        writeln!(
                            out,
                            "{id}\t{}\t{}\t{}",
                            letter.attempts, event.key, letter.reason
                        )?;
                    } else if ids.contains(id) {
                        writeln!(out, "{}\n{}", event.query, event.body.escape_ascii())?;
                    }
                }
            }
        }
        "requeue" => writeln!(out, "{} put back", queue.requeue(ids).await?)?,
        "drop" => writeln!(out, "{} dropped", queue.discard(ids).await?)?,
        other => return Err(format!("{other:?} is not list, show, requeue or drop").into()),
    }
    Ok(())
}

fn open(place: &str) -> Result<Arc<dyn Queue>, Box<dyn Error + Send + Sync>> {
    let settings = QueueSettings::default();
    if place.starts_with("redis://") || place.starts_with("rediss://") {
        let client = redis::Client::open(place)?;
        return Ok(Arc::new(RedisQueue::new(client, "chat", settings)?));
    }
    // A misspelled name would create an empty queue.
    if !Path::new(place).exists() {
        return Err(format!("there is no file {place:?}").into());
    }
    Ok(Arc::new(SqliteQueue::open(place, settings)?))
}
