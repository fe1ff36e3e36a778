//! The queue in a file.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod suite;

use std::{fs, sync::Arc, time::Duration};
use suite::{LONG, event, fill};
use tempfile::TempDir;
use tencent_chat_webhook_queue::{Queue, QueueError, QueueSettings, SqliteQueue, Stored};

async fn make(settings: QueueSettings) -> suite::Made {
    let folder = TempDir::new().unwrap();
    let queue = open(&folder, settings);
    (Arc::new(queue), Box::new(folder))
}

fn open(folder: &TempDir, settings: QueueSettings) -> SqliteQueue {
    SqliteQueue::open(folder.path().join("events.db"), settings).unwrap()
}

suite::queue_tests!(make);

#[tokio::test]
async fn everything_is_in_the_file() {
    let folder = TempDir::new().unwrap();
    let settings = QueueSettings::default().max_events(4);
    let queue = open(&folder, settings);
    fill(&queue, 0..4).await;
    let mut claimed = queue.claim(3).await.unwrap();
    queue.finish(vec![claimed.remove(0).id]).await.unwrap();
    queue
        .bury(claimed.remove(0).id, "because".into())
        .await
        .unwrap();
    queue.retry(claimed.remove(0).id, LONG).await.unwrap();
    let before = queue.stats().await.unwrap();
    drop(queue);

    let queue = open(&folder, settings);
    assert_eq!(queue.stats().await.unwrap(), before);
    assert_eq!((before.waiting, before.delayed, before.dead), (1, 1, 1));
    assert_eq!(queue.store(event(0)).await.unwrap(), Stored::Duplicate);
    assert_eq!(queue.store(event(4)).await.unwrap(), Stored::New);
    assert!(matches!(
        queue.store(event(5)).await,
        Err(QueueError::Full { .. })
    ));
    assert_eq!(
        queue.dead_letters(None, 10).await.unwrap()[0].reason,
        "because"
    );
}

/// As with one process that receives and one that handles.
#[tokio::test]
async fn a_file_may_be_open_twice() {
    let folder = TempDir::new().unwrap();
    let (one, other) = (
        open(&folder, QueueSettings::default()),
        open(&folder, QueueSettings::default()),
    );
    let claimer = tokio::spawn(async move {
        let mut claimed = Vec::new();
        while claimed.len() < 200 {
            for event in other.claim(50).await.unwrap() {
                claimed.push(event.event.key);
                other.finish(vec![event.id]).await.unwrap();
            }
            other.wait(Duration::from_millis(5)).await.unwrap();
        }
        claimed
    });
    fill(&one, 0..200).await;
    let claimed = tokio::time::timeout(LONG, claimer).await.unwrap().unwrap();
    assert_eq!(claimed, (0..200).map(suite::key).collect::<Vec<_>>());
    assert_eq!(one.stats().await.unwrap().unfinished(), 0);
}

/// Otherwise nobody would handle them before their lease ends.
#[tokio::test]
async fn claims_of_a_caller_that_is_gone_are_given_back() {
    let (queue, _folder) = make(QueueSettings::default().lease(LONG * 60)).await;
    fill(&queue, 0..20).await;
    let mut claimed = 0;
    for _ in 0..50 {
        // Requested, and cancelled before or after the result is there.
        let claim = queue.claim(5);
        if let Ok(events) = tokio::time::timeout(Duration::ZERO, claim).await {
            claimed += events.unwrap().len();
        }
    }
    let rest = tokio::time::timeout(LONG, async {
        while claimed < 20 {
            let events = queue.claim(20).await.unwrap();
            assert!(events.iter().all(|one| one.id.attempt == 1));
            claimed += events.len();
        }
    });
    assert!(rest.await.is_ok(), "they were not given back");
    assert_eq!(claimed, 20);
}

#[tokio::test]
async fn files_of_others_are_refused() {
    let folder = TempDir::new().unwrap();
    let open = |name: &str| {
        SqliteQueue::open(folder.path().join(name), QueueSettings::default()).map(drop)
    };
    let database = |name: &str, statement: &str| {
        let connection = rusqlite::Connection::open(folder.path().join(name)).unwrap();
        connection.execute_batch(statement).unwrap();
    };
    fs::write(
        folder.path().join("text"),
        "something else, and long enough ".repeat(40),
    )
    .unwrap();
    assert!(matches!(open("text"), Err(QueueError::Unavailable(_))));
    database("other", "CREATE TABLE things (id)");
    assert!(matches!(open("other"), Err(QueueError::NotAQueue)));
    database("marked", "PRAGMA application_id = 7");
    assert!(matches!(open("marked"), Err(QueueError::NotAQueue)));
    open("ours").unwrap();
    open("ours").unwrap();
    database("ours", "PRAGMA user_version = 2");
    let newer = open("ours").unwrap_err();
    assert!(
        matches!(newer, QueueError::NewerVersion { found: 2, known: 1 }),
        "{newer}"
    );
    assert!(open("no/such/folder").is_err());
}

#[cfg(unix)]
#[tokio::test]
async fn others_cannot_read_the_file() {
    use std::os::unix::fs::PermissionsExt;
    let folder = TempDir::new().unwrap();
    let queue = open(&folder, QueueSettings::default());
    fill(&queue, 0..1).await;
    let mut files = 0;
    for file in fs::read_dir(folder.path()).unwrap() {
        let file = file.unwrap();
        let mode = file.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{:?} {mode:o}", file.file_name());
        files += 1;
    }
    assert_eq!(files, 3, "the file, its log and its index");
}

/// The log is written ahead and synced; the latter can't be seen from outside.
#[tokio::test]
async fn the_file_is_in_wal_mode() {
    let folder = TempDir::new().unwrap();
    let _queue = open(&folder, QueueSettings::default());
    let connection = rusqlite::Connection::open(folder.path().join("events.db")).unwrap();
    let mode: String = connection
        .pragma_query_value(None, "journal_mode", |row| row.get(0))
        .unwrap();
    assert_eq!(mode, "wal");
}
