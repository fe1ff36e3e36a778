//! What is written to the log, and what never is. One test, because a process has one log.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use axum::response::IntoResponse;
use std::{
    io,
    sync::{Arc, Mutex},
    time::Duration,
};
use support::{KEY, Server, builder};
use tencent_chat_client::RetryPolicy;
use tencent_chat_types::{conversation::GetContactGroup, group::ListGroups};
use tracing_subscriber::fmt::MakeWriter;

/// Keeps what is written.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;
    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

fn quick() -> RetryPolicy {
    RetryPolicy::new()
        .first_pause(Duration::from_millis(1))
        .quota_pause(Duration::from_millis(1))
}

/// One log of everything that any library writes while calls go well and badly: every try is in it
/// under the documented names, and neither key nor UserSig is.
#[tokio::test]
async fn the_log_tells_every_try_and_no_secret() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(log.clone())
        .finish();
    tracing::subscriber::set_global_default(subscriber).unwrap();

    let server = Server::new(|seen| {
        // Echoes the address, as a careless gateway would.
        let sig = seen.query.get("usersig").cloned().unwrap_or_default();
        format!(r#"{{"ActionStatus":"FAIL","ErrorCode":60007,"ErrorInfo":"{sig}"}}"#)
            .into_response()
    })
    .await;
    let client = server.builder().retry(quick()).build().unwrap();
    let error = client.send(&GetContactGroup::new("lin")).await.unwrap_err();
    let gone = builder("http://127.0.0.1:1")
        .retry(quick())
        .build()
        .unwrap();
    let gone = gone.send(&ListGroups::new()).await.unwrap_err();

    let sigs: Vec<String> = server
        .seen()
        .iter()
        .map(|seen| seen.query["usersig"].clone())
        .collect();
    assert_eq!(sigs.len(), 4);
    let mut texts = vec![String::from_utf8(log.0.lock().unwrap().clone()).unwrap()];
    for error in [&error, &gone] {
        texts.push(format!("{error} {error:?} {client:?}"));
        let mut source = std::error::Error::source(error);
        while let Some(inner) = source {
            texts.push(format!("{inner} {inner:?}"));
            source = inner.source();
        }
    }
    for text in &texts {
        assert!(!text.contains(KEY), "{text}");
        assert!(
            sigs.iter().all(|sig| !text.contains(sig.as_str())),
            "{text}"
        );
    }
    let events: Vec<&str> = texts[0]
        .lines()
        .filter(|line| line.contains(" tencent_chat: "))
        .collect();
    assert_eq!(events.len(), 8, "{events:#?}");
    for part in [
        r#"endpoint="v4/recentcontact/get_contact_group""#,
        "number=1",
        r#"outcome="api""#,
        "code=60007",
        "waited_ms=",
        "took_ms=",
        "repeats=true",
    ] {
        assert!(events[0].contains(part), "{part} in {}", events[0]);
    }
    assert!(events[3].contains("repeats=false"), "{}", events[3]);
    assert!(events[4].contains(r#"outcome="connect""#), "{}", events[4]);
}
