//! The folder that keeps a world through restarts.
//!
//! It holds `simulator.json`, which says what it is, and `rows`, an embedded store with the world's
//! rows. What an act changes is one batch, written to the store's journal before the act is answered.
//! It has reached the system then, which keeps it when the process is killed; when the machine loses
//! its power, what the system had not brought to the disk yet is lost, the latest batches first.

use crate::{
    refusal::{Because, Refusal},
    world::{Action, Changes, Row, State},
};
use fjall::{Database, Error, Keyspace, KeyspaceCreateOptions, PersistMode};
use serde::{Deserialize, Serialize};
use std::{
    fmt,
    fs::{self, File, TryLockError},
    io,
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
};
use tencent_chat_types::ErrorCode;

/// What the form of rows is called. A form that this version cannot read has another number.
pub(crate) const FORMAT: u32 = 1;

/// The file that says what a folder is.
const MARKER: &str = "simulator.json";

/// The part of the folder that the store has for itself.
const ROWS: &str = "rows";

/// Most bytes that the journals may have, which bounds how much is read again after a kill.
const JOURNAL_BYTES: u64 = 64 << 20;

/// Bytes in memory that are written to a table at once; journals go when that is done.
const MEMTABLE_BYTES: u64 = 16 << 20;

/// What a folder says of itself.
#[derive(Debug, Serialize, Deserialize)]
struct Marker {
    /// Whose folder it is.
    kind: String,
    format: u32,
    sdk_app_id: u64,
}

/// What the marker's kind is.
const KIND: &str = "tencent-chat-simulator";

/// The file whose lock says that a process has the folder.
const LOCK: &str = "simulator.lock";

/// A folder that is open, for this process alone.
pub(crate) struct Store {
    database: Database,
    rows: Keyspace,
    /// Something could not be written, so that what is in memory is ahead of what is stored.
    failed: AtomicBool,
    /// Lets tests see what becomes of a write that fails.
    #[cfg(test)]
    pub(crate) broken: AtomicBool,
    /// Held as long as the folder is open.
    _lock: File,
}

/// A write to the folder has failed, and no more are tried: the state in memory is ahead of it.
#[derive(Debug)]
pub(crate) struct NotWritable;

impl fmt::Display for NotWritable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the data folder cannot be written")
    }
}

impl std::error::Error for NotWritable {}

impl From<NotWritable> for io::Error {
    fn from(error: NotWritable) -> Self {
        Self::other(error)
    }
}

impl From<NotWritable> for Refusal {
    fn from(error: NotWritable) -> Self {
        ErrorCode::ACCOUNT_SERVER_ERROR.because(error.to_string())
    }
}

impl Store {
    /// Opens a folder, or makes it one.
    ///
    /// # Errors
    ///
    /// The folder holds something else, the state of another app, or that of a newer version; another
    /// process has it open; or the system refuses.
    pub(crate) fn open(folder: &Path, sdk_app_id: u64) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        check_marker(folder, sdk_app_id)?;
        let lock = lock(folder)?;
        let path = folder.join(ROWS);
        if !path.exists() {
            // A store that is killed while it is made does not open again, so it is made elsewhere.
            let part = folder.join(format!("{ROWS}.part"));
            if part.exists() {
                fs::remove_dir_all(&part)?;
            }
            drop(open(&part).map_err(|error| told(folder, error))?);
            fs::rename(part, &path)?;
        }
        let (database, rows) = open(&path).map_err(|error| told(folder, error))?;
        Ok(Self {
            database,
            rows,
            failed: AtomicBool::new(false),
            #[cfg(test)]
            broken: AtomicBool::new(false),
            _lock: lock,
        })
    }

    /// Everything that is stored.
    ///
    /// # Errors
    ///
    /// The system refuses, or something is stored that the simulator doesn't store.
    pub(crate) fn load(&self) -> io::Result<State> {
        let mut state = State::default();
        for row in self.rows.iter() {
            let (key, value) = row.into_inner().map_err(io::Error::other)?;
            let row = Row::read(&key, &value);
            let loaded = row.and_then(|row| state.load(&row));
            loaded.map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
        }
        state.loaded();
        Ok(state)
    }

    /// Writes what an act has changed, all of it or nothing.
    ///
    /// # Errors
    ///
    /// As of [`replace`](Self::replace).
    pub(crate) fn write(&self, changes: &Changes) -> Result<(), NotWritable> {
        match changes.list.is_empty() && changes.gone.is_empty() {
            true => self.check(),
            false => self.commit(changes, false),
        }
    }

    /// Writes a world in place of the one that is stored, all of it or nothing.
    ///
    /// # Errors
    ///
    /// It could not be written, or something before it could not.
    pub(crate) fn replace(&self, everything: &Changes) -> Result<(), NotWritable> {
        self.commit(everything, true)
    }

    /// That everything so far could be written.
    pub(crate) fn check(&self) -> Result<(), NotWritable> {
        match self.failed.load(Ordering::Relaxed) {
            true => Err(NotWritable),
            false => Ok(()),
        }
    }

    fn commit(&self, changes: &Changes, all: bool) -> Result<(), NotWritable> {
        self.check()?;
        let written = match changes.failed {
            true => Err("a row could not be written as JSON".to_owned()),
            false => (self.put(changes, all)).map_err(|error| error.to_string()),
        };
        written.map_err(|error| {
            self.failed.store(true, Ordering::Relaxed);
            tracing::error!(
                target: "tencent_chat_simulator::store",
                error,
                "the data folder cannot be written, so nothing is acknowledged from now on"
            );
            NotWritable
        })
    }

    fn put(&self, changes: &Changes, all: bool) -> Result<(), Error> {
        #[cfg(test)]
        if self.broken.load(Ordering::Relaxed) {
            return Err(Error::Io(io::ErrorKind::StorageFull.into()));
        }
        let mut batch = self.database.batch().durability(Some(PersistMode::Buffer));
        if all {
            for row in self.rows.iter() {
                batch.remove(&self.rows, row.key()?);
            }
        }
        for key in &changes.gone {
            for row in self.rows.prefix(key.bytes()) {
                batch.remove(&self.rows, row.key()?);
            }
        }
        for change in &changes.list {
            let key = change.key.bytes();
            match (change.action, &change.row) {
                (Action::Created | Action::Changed, Some(row)) => {
                    batch.insert(&self.rows, key, row.as_slice());
                }
                _ => batch.remove(&self.rows, key),
            }
        }
        batch.commit()
    }
}

fn open(path: &Path) -> Result<(Database, Keyspace), Error> {
    let database = Database::builder(path)
        .max_journaling_size(JOURNAL_BYTES)
        .open()?;
    let options = || KeyspaceCreateOptions::default().max_memtable_size(MEMTABLE_BYTES);
    let rows = database.keyspace(ROWS, options)?;
    Ok((database, rows))
}

/// Keeps other processes out for as long as the file is open.
fn lock(folder: &Path) -> io::Result<File> {
    let file = File::create(folder.join(LOCK))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            let text = format!("{} is in use by another simulator", folder.display());
            Err(io::Error::new(io::ErrorKind::AddrInUse, text))
        }
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// That a folder is one of ours; an empty one becomes one.
fn check_marker(folder: &Path, sdk_app_id: u64) -> io::Result<()> {
    let wrong = |text: String| Err(io::Error::new(io::ErrorKind::InvalidInput, text));
    let shown = folder.display();
    let path = folder.join(MARKER);
    let text = match fs::read(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            // What a run left that was killed while it wrote its marker does not count.
            let part = folder.join(format!("{MARKER}.part"));
            let mut held = fs::read_dir(folder)?;
            if held.any(|entry| entry.is_ok_and(|entry| entry.path() != part)) {
                return wrong(format!(
                    "{shown} holds something other than a simulator's state"
                ));
            }
            let marker = Marker {
                kind: KIND.to_owned(),
                format: FORMAT,
                sdk_app_id,
            };
            fs::write(&part, serde_json::to_vec(&marker)?)?;
            return fs::rename(part, path);
        }
        Err(error) => return Err(error),
    };
    let marker: Option<Marker> = serde_json::from_slice(&text).ok();
    match marker.filter(|marker| marker.kind == KIND) {
        None => wrong(format!(
            "{shown} holds something other than a simulator's state"
        )),
        Some(marker) if marker.format != FORMAT => wrong(format!(
            "{shown} has format {}, and this version knows format {FORMAT}",
            marker.format
        )),
        Some(marker) if marker.sdk_app_id != sdk_app_id => wrong(format!(
            "{shown} holds the state of app {}, not of app {sdk_app_id}",
            marker.sdk_app_id
        )),
        Some(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests;

/// What the store says of itself, in words.
fn told(folder: &Path, error: Error) -> io::Error {
    let shown = folder.display();
    match error {
        Error::Io(error) => error,
        Error::InvalidVersion(_) => {
            let text = format!("{shown} was written by a version of the store that is not known");
            io::Error::new(io::ErrorKind::InvalidData, text)
        }
        error => io::Error::other(format!("{shown}: {error}")),
    }
}
