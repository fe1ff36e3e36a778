//! The file and its tables.

use crate::{
    event::{
        ClaimId, Claimed, DeadLetter, EventId, QueueStats, QueuedEvent, Stored, as_ms, now_ms,
    },
    queue::{QueueError, QueueSettings},
};
use rusqlite::{Connection, OptionalExtension, Row, TransactionBehavior, params};
use std::{
    path::Path,
    time::{Duration, Instant},
};
use tencent_chat_webhook::EventKey;

/// Marks the file as a queue: "TCwq".
const APPLICATION: i64 = 0x5443_7771;

/// The version of the tables.
const VERSION: i64 = 1;

/// `due_ms` is zero until the event is first claimed, so that a clock change cannot delay it; after that it is
/// when the lease or the delay ends.
const TABLES: &str = "
CREATE TABLE events (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  due_ms INTEGER NOT NULL DEFAULT 0,
  attempts INTEGER NOT NULL DEFAULT 0,
  claimed INTEGER NOT NULL DEFAULT 0,
  buried_ms INTEGER,
  received_ms INTEGER NOT NULL,
  key TEXT NOT NULL,
  query TEXT NOT NULL,
  reason TEXT,
  body BLOB NOT NULL
) STRICT;
CREATE INDEX events_due ON events (due_ms, id) WHERE buried_ms IS NULL;
CREATE INDEX events_dead ON events (id) WHERE buried_ms IS NOT NULL;
CREATE TABLE keys (
  key TEXT PRIMARY KEY,
  seen_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX keys_seen ON keys (seen_ms);
";

/// How long to wait for another process's lock on the file.
const BUSY: Duration = Duration::from_secs(5);

/// How often events and keys are recounted, since other processes may have changed them.
const COUNT_EVERY: Duration = Duration::from_secs(30);

/// Maximum number of keys that are removed for each added key.
const FORGET: i64 = 4;

impl From<rusqlite::Error> for QueueError {
    fn from(error: rusqlite::Error) -> Self {
        Self::unavailable(error)
    }
}

/// Converts a number to SQLite's type.
fn int(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn nat(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

fn number(id: &EventId) -> Result<i64, QueueError> {
    let expected = "a number";
    (id.as_str().parse()).map_err(|_| QueueError::UnknownId { expected })
}

/// The open file.
pub(super) struct Store {
    connection: Connection,
    settings: QueueSettings,
    counts: Counts,
}

/// The counts in the file, as far as this process knows.
#[derive(Clone, Copy)]
struct Counts {
    events: i64,
    keys: i64,
    at: Instant,
}

impl Counts {
    fn read(connection: &Connection) -> rusqlite::Result<Self> {
        let count = |query| {
            let mut statement = connection.prepare_cached(query)?;
            statement.query_row([], |row| row.get(0))
        };
        Ok(Self {
            events: count("SELECT count(*) FROM events")?,
            keys: count("SELECT count(*) FROM keys")?,
            at: Instant::now(),
        })
    }
}

impl Store {
    pub(super) fn open(path: &Path, settings: QueueSettings) -> Result<Self, QueueError> {
        make_private(path).map_err(QueueError::unavailable)?;
        let mut connection = Connection::open(path)?;
        connection.busy_timeout(BUSY)?;
        connection.pragma_update(None, "journal_mode", "wal")?;
        // With a weaker setting, a commit is reported before it is on disk.
        connection.pragma_update(None, "synchronous", "full")?;
        // Keeps the log small again after a busy hour.
        connection.pragma_update(None, "journal_size_limit", 64 << 20)?;
        // In KiB. Keys arrive in no particular order, so their pages should be cached.
        connection.pragma_update(None, "cache_size", -(64 << 10))?;
        prepare(&mut connection)?;
        let counts = Counts::read(&connection)?;
        Ok(Self {
            connection,
            settings,
            counts,
        })
    }

    pub(super) fn begin(&mut self) -> Result<Transaction<'_>, QueueError> {
        let behavior = TransactionBehavior::Immediate;
        let inner = self.connection.transaction_with_behavior(behavior)?;
        let mut counts = self.counts;
        if counts.at.elapsed() > COUNT_EVERY {
            counts = Counts::read(&inner)?;
        }
        Ok(Transaction {
            inner,
            settings: self.settings,
            counts,
            kept: &mut self.counts,
            now_ms: int(now_ms()),
        })
    }
}

/// Creates the file so that others cannot read it; SQLite gives the files next to it the same mode.
fn make_private(path: &Path) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}

/// Creates the tables if there are none.
fn prepare(connection: &mut Connection) -> Result<(), QueueError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let pragma = |name| transaction.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let (application, version) = (pragma("application_id")?, pragma("user_version")?);
    let query = "SELECT count(*) FROM sqlite_schema";
    let tables: i64 = transaction.query_row(query, [], |row| row.get(0))?;
    match (application, version) {
        (0, 0) if tables == 0 => {
            transaction.execute_batch(TABLES)?;
            transaction.pragma_update(None, "application_id", APPLICATION)?;
            transaction.pragma_update(None, "user_version", VERSION)?;
        }
        (APPLICATION, VERSION) => {}
        (APPLICATION, found) if found > VERSION => {
            let known = VERSION;
            return Err(QueueError::NewerVersion { found, known });
        }
        _ => return Err(QueueError::NotAQueue),
    }
    transaction.commit()?;
    Ok(())
}

/// The operations within one transaction.
pub(super) struct Transaction<'a> {
    inner: rusqlite::Transaction<'a>,
    settings: QueueSettings,
    counts: Counts,
    kept: &'a mut Counts,
    now_ms: i64,
}

impl Transaction<'_> {
    pub(super) fn commit(self) -> Result<(), QueueError> {
        self.inner.commit()?;
        *self.kept = self.counts;
        Ok(())
    }

    fn execute(&self, statement: &str, values: impl rusqlite::Params) -> rusqlite::Result<i64> {
        let changed = self.inner.prepare_cached(statement)?.execute(values)?;
        Ok(i64::try_from(changed).unwrap_or(i64::MAX))
    }

    pub(super) fn store(&mut self, event: &QueuedEvent) -> Result<Stored, QueueError> {
        let oldest = self
            .now_ms
            .saturating_sub(int(as_ms(self.settings.retention)));
        let key = event.key.as_str();
        let query = "SELECT seen_ms FROM keys WHERE key = ?1";
        let seen: Option<i64> = (self.inner.prepare_cached(query)?)
            .query_row([key], |row| row.get(0))
            .optional()?;
        if seen.is_some_and(|seen| seen > oldest) {
            return Ok(Stored::Duplicate);
        }
        let max_events = self.settings.max_events;
        if self.counts.events >= int(max_events) {
            return Err(QueueError::Full { max_events });
        }
        self.execute(
            "INSERT INTO keys (key, seen_ms) VALUES (?1, ?2)
             ON CONFLICT (key) DO UPDATE SET seen_ms = excluded.seen_ms",
            params![key, self.now_ms],
        )?;
        self.counts.keys += i64::from(seen.is_none());
        self.execute(
            "INSERT INTO events (received_ms, key, query, body) VALUES (?1, ?2, ?3, ?4)",
            params![int(event.received_ms), key, &*event.query, &event.body[..]],
        )?;
        self.counts.events += 1;
        self.forget_keys(oldest)?;
        Ok(Stored::New)
    }

    /// Removes some expired keys, and the oldest ones if there are too many.
    fn forget_keys(&mut self, oldest: i64) -> Result<(), QueueError> {
        let over = self.counts.keys - int(self.settings.max_keys);
        let (up_to, at_most) = match over > 0 {
            true => (i64::MAX, over.min(FORGET)),
            false => (oldest, FORGET),
        };
        self.counts.keys -= self.execute(
            "DELETE FROM keys WHERE key IN (
               SELECT key FROM keys WHERE seen_ms <= ?1 ORDER BY seen_ms LIMIT ?2)",
            [up_to, at_most],
        )?;
        Ok(())
    }

    pub(super) fn claim(&mut self, at_most: usize) -> Result<Vec<Claimed>, QueueError> {
        let until = self.now_ms.saturating_add(int(as_ms(self.settings.lease)));
        let mut claimed = Vec::new();
        // Failed events and those whose lease has run out come first; otherwise new events could delay them forever.
        for (from, to) in [(1, self.now_ms), (0, 0)] {
            let rest = at_most.saturating_sub(claimed.len());
            if rest == 0 {
                break;
            }
            let statement = "
                UPDATE events SET due_ms = ?1, attempts = attempts + 1, claimed = 1
                WHERE id IN (
                  SELECT id FROM events WHERE buried_ms IS NULL AND due_ms BETWEEN ?2 AND ?3
                  ORDER BY due_ms, id LIMIT ?4)
                RETURNING id, attempts, received_ms, key, query, body";
            let mut statement = self.inner.prepare_cached(statement)?;
            let rest = i64::try_from(rest).unwrap_or(i64::MAX);
            let mut rows = statement.query([until, from, to, rest])?;
            let start = claimed.len();
            while let Some(row) = rows.next()? {
                let id: i64 = row.get("id")?;
                let claim = ClaimId::new(EventId::new(id.to_string()), row.get("attempts")?);
                claimed.push((id, Claimed::new(claim, event(row)?)));
            }
            // They are returned in arbitrary order.
            claimed[start..].sort_unstable_by_key(|(id, _)| *id);
        }
        Ok(claimed.into_iter().map(|(_, claimed)| claimed).collect())
    }

    pub(super) fn finish(&mut self, claims: &[ClaimId]) -> Result<(), QueueError> {
        for claim in claims {
            self.counts.events -= self.execute(
                "DELETE FROM events WHERE id = ?1 AND buried_ms IS NULL",
                [number(&claim.event)?],
            )?;
        }
        Ok(())
    }

    pub(super) fn retry(&mut self, claim: &ClaimId, delay: Duration) -> Result<(), QueueError> {
        let due = self.now_ms.saturating_add(int(as_ms(delay)));
        self.execute(
            "UPDATE events SET claimed = 0, due_ms = ?1
             WHERE id = ?2 AND attempts = ?3 AND claimed = 1 AND buried_ms IS NULL",
            params![due.max(1), number(&claim.event)?, claim.attempt],
        )?;
        Ok(())
    }

    /// Undoes a claim that never reached its caller.
    pub(super) fn give_back(&mut self, claim: &ClaimId) -> Result<(), QueueError> {
        self.execute(
            "UPDATE events SET claimed = 0, due_ms = 0, attempts = attempts - 1
             WHERE id = ?1 AND attempts = ?2 AND claimed = 1 AND buried_ms IS NULL",
            params![number(&claim.event)?, claim.attempt],
        )?;
        Ok(())
    }

    pub(super) fn bury(&mut self, claim: &ClaimId, reason: &str) -> Result<(), QueueError> {
        self.execute(
            "UPDATE events SET claimed = 0, buried_ms = ?1, reason = ?2
             WHERE id = ?3 AND attempts = ?4 AND claimed = 1 AND buried_ms IS NULL",
            params![self.now_ms, reason, number(&claim.event)?, claim.attempt],
        )?;
        Ok(())
    }

    pub(super) fn stats(&mut self) -> Result<QueueStats, QueueError> {
        let one = |query: &str| -> Result<i64, QueueError> {
            let mut statement = self.inner.prepare_cached(query)?;
            let values = match statement.parameter_count() {
                0 => vec![],
                _ => vec![self.now_ms],
            };
            let found = statement.query_row(rusqlite::params_from_iter(values), |row| row.get(0));
            Ok(found.optional()?.unwrap_or(0))
        };
        const OPEN: &str = "FROM events WHERE buried_ms IS NULL";
        let later = format!("{OPEN} AND due_ms > ?1");
        let delayed = nat(one(&format!("SELECT count(*) {later} AND claimed = 0"))?);
        let claimed = nat(one(&format!("SELECT count(*) {later} AND claimed = 1"))?);
        let waiting = nat(one(&format!("SELECT count(*) {OPEN} AND due_ms <= ?1"))?);
        let dead = nat(one(
            "SELECT count(*) FROM events WHERE buried_ms IS NOT NULL",
        )?);
        // The first stored event is the oldest, apart from those that were put back.
        let oldest = nat(one(&format!(
            "SELECT received_ms {OPEN} ORDER BY id LIMIT 1"
        ))?);
        Ok(QueueStats {
            waiting,
            delayed,
            claimed,
            dead,
            oldest_received_ms: (waiting + delayed + claimed > 0).then_some(oldest),
        })
    }

    pub(super) fn dead_letters(
        &mut self,
        behind: Option<&EventId>,
        at_most: usize,
    ) -> Result<Vec<DeadLetter>, QueueError> {
        let behind = behind.map(number).transpose()?.unwrap_or(0);
        let query = "
            SELECT id, attempts, buried_ms, reason, received_ms, key, query, body
            FROM events WHERE buried_ms IS NOT NULL AND id > ?1 ORDER BY id LIMIT ?2";
        let mut statement = self.inner.prepare_cached(query)?;
        let at_most = i64::try_from(at_most).unwrap_or(i64::MAX);
        let mut rows = statement.query([behind, at_most])?;
        let mut letters = Vec::new();
        while let Some(row) = rows.next()? {
            let id: i64 = row.get("id")?;
            letters.push(DeadLetter::new(
                EventId::new(id.to_string()),
                event(row)?,
                row.get("attempts")?,
                nat(row.get("buried_ms")?),
                row.get::<_, Option<String>>("reason")?.unwrap_or_default(),
            ));
        }
        Ok(letters)
    }

    pub(super) fn requeue(&mut self, ids: &[EventId]) -> Result<usize, QueueError> {
        self.each(
            ids,
            "UPDATE events SET buried_ms = NULL, reason = NULL, due_ms = 0, attempts = 0
             WHERE id = ?1 AND buried_ms IS NOT NULL",
        )
    }

    pub(super) fn discard(&mut self, ids: &[EventId]) -> Result<usize, QueueError> {
        let statement = "DELETE FROM events WHERE id = ?1 AND buried_ms IS NOT NULL";
        let dropped = self.each(ids, statement)?;
        self.counts.events -= i64::try_from(dropped).unwrap_or(0);
        Ok(dropped)
    }

    fn each(&self, ids: &[EventId], statement: &str) -> Result<usize, QueueError> {
        // All of them, or none if one is invalid.
        let numbers = ids.iter().map(number).collect::<Result<Vec<_>, _>>()?;
        let mut found = 0;
        for id in numbers {
            found += self.inner.prepare_cached(statement)?.execute([id])?;
        }
        Ok(found)
    }
}

fn event(row: &Row<'_>) -> rusqlite::Result<QueuedEvent> {
    let key = EventKey::from(row.get::<_, String>("key")?);
    let query: String = row.get("query")?;
    let body: Vec<u8> = row.get("body")?;
    Ok(QueuedEvent::new(
        key,
        query,
        body,
        nat(row.get("received_ms")?),
    ))
}
