//! A queue in a file, for one machine.

mod store;
mod worker;

use self::worker::{Reply, Request, Worker};
use crate::{
    event::{ClaimId, Claimed, DeadLetter, EventId, QueueStats, QueuedEvent, Stored},
    queue::{Queue, QueueError, QueueFuture, QueueSettings},
};
use std::{fmt, path::Path, sync::Arc, time::Duration};
use tokio::{
    sync::{Notify, mpsc, oneshot},
    time::timeout,
};

/// Maximum number of requests that wait for the thread.
const WAITING: usize = 1_024;

/// How often to check whether another process has stored an event, or an event is due.
const LOOK: Duration = Duration::from_millis(100);

/// A [`Queue`] in an SQLite file, for one machine. Clones share the same queue. Several processes may have the same
/// file open, so that one can receive events and another handle them. Not for network file systems: SQLite
/// needs locks and shared memory.
///
/// # What a stored event survives
///
/// The file is in WAL mode with `synchronous=FULL`: a transaction is on disk before it is reported as committed.
/// With `NORMAL`, which is common in WAL mode, a power failure could undo the latest transactions, and with them
/// acknowledged events. A stored event therefore survives `kill -9`, a system crash, and, if the disk keeps what it
/// has reported as written, a power failure.
///
/// # Speed
///
/// Most of the time is spent waiting for the disk. One thread performs all operations: those that arrive while it
/// waits for the disk form the next transaction, and so share one wait.
///
/// # The file
///
/// It contains users' text, so only its owner can read it; the same holds for the files `-wal` and `-shm`
/// next to it. It does not shrink, but free space is reused. Its tables have a version
/// (`user_version`), and files of a newer version are refused.
#[derive(Clone)]
pub struct SqliteQueue {
    requests: mpsc::Sender<Request>,
    settings: QueueSettings,
    changed: Arc<Notify>,
}

impl SqliteQueue {
    /// Opens a queue, and creates it if it doesn't exist. Blocks the thread meanwhile.
    ///
    /// # Errors
    ///
    /// The file cannot be opened, is something else, or was written by a newer version of this crate.
    pub fn open(path: impl AsRef<Path>, settings: QueueSettings) -> Result<Self, QueueError> {
        let store = store::Store::open(path.as_ref(), settings)?;
        let (requests, waiting) = mpsc::channel(WAITING);
        let changed = Arc::new(Notify::new());
        let worker = Worker::new(store, waiting, Arc::clone(&changed));
        std::thread::Builder::new()
            .name("webhook-queue".into())
            .spawn(move || worker.run())
            .map_err(QueueError::unavailable)?;
        Ok(Self {
            requests,
            settings,
            changed,
        })
    }

    fn ask<T: Reply>(
        &self,
        request: impl FnOnce(oneshot::Sender<Result<T, QueueError>>) -> Request + Send + 'static,
    ) -> QueueFuture<'_, T> {
        Box::pin(async move {
            let gone = || QueueError::unavailable("the thread of the queue has ended");
            let (tell, told) = oneshot::channel();
            let sent = self.requests.send(request(tell)).await;
            sent.map_err(|_| gone())?;
            told.await.map_err(|_| gone())?
        })
    }
}

impl Queue for SqliteQueue {
    fn store(&self, event: QueuedEvent) -> QueueFuture<'_, Stored> {
        self.ask(|tell| Request::Store(event, tell))
    }

    fn claim(&self, at_most: usize) -> QueueFuture<'_, Vec<Claimed>> {
        Box::pin(async move {
            let handed = self.ask(move |tell| Request::Claim(at_most, tell)).await?;
            Ok(handed.arrived())
        })
    }

    fn wait(&self, at_most: Duration) -> QueueFuture<'_, ()> {
        Box::pin(async move {
            let _ = timeout(at_most.min(LOOK), self.changed.notified()).await;
            Ok(())
        })
    }

    fn lease(&self) -> Duration {
        self.settings.lease
    }

    fn finish(&self, claims: Vec<ClaimId>) -> QueueFuture<'_, ()> {
        self.ask(|tell| Request::Finish(claims, tell))
    }

    fn retry(&self, claim: ClaimId, delay: Duration) -> QueueFuture<'_, ()> {
        self.ask(move |tell| Request::Retry(claim, delay, tell))
    }

    fn bury(&self, claim: ClaimId, reason: String) -> QueueFuture<'_, ()> {
        self.ask(|tell| Request::Bury(claim, reason, tell))
    }

    fn stats(&self) -> QueueFuture<'_, QueueStats> {
        self.ask(Request::Stats)
    }

    fn dead_letters(
        &self,
        behind: Option<EventId>,
        at_most: usize,
    ) -> QueueFuture<'_, Vec<DeadLetter>> {
        self.ask(move |tell| Request::DeadLetters(behind, at_most, tell))
    }

    fn requeue(&self, ids: Vec<EventId>) -> QueueFuture<'_, usize> {
        self.ask(|tell| Request::Requeue(ids, tell))
    }

    fn discard(&self, ids: Vec<EventId>) -> QueueFuture<'_, usize> {
        self.ask(|tell| Request::Discard(ids, tell))
    }
}

impl fmt::Debug for SqliteQueue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteQueue")
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}
