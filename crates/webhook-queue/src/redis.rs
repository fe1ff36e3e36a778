//! A queue in Redis Streams, for a fleet.

mod link;
mod script;

use self::{link::Link, script::Script};
use crate::{
    event::{ClaimId, Claimed, DeadLetter, EventId, QueueStats, QueuedEvent, Stored, as_ms},
    queue::{Queue, QueueError, QueueFuture, QueueSettings},
};
use redis::{Client, FromRedisValue, cluster::ClusterClient};
use std::{fmt, sync::Arc, time::Duration};
use tencent_chat_webhook::EventKey;

pub use redis;

/// The consumer group.
const GROUP: &str = "handlers";

/// Default name of a consumer.
const CONSUMER: &str = "consumer";

/// A [`Queue`] in Redis Streams, for any number of receiving and handling processes. Clones share the same queue. Needs
/// Redis 7 or later, either one server or a cluster, where all keys of a queue are on one node.
///
/// # What a stored event survives
///
/// That depends on what Redis has written to disk when it responds, which its settings determine:
///
/// * **`appendonly yes` and `appendfsync always`**: Redis responds after the write is on disk. Use this: an
///   acknowledged event then survives `kill -9`, a system crash, and a power failure. Writes that arrive
///   together share one wait for the disk.
/// * `appendfsync everysec`, the default of the append-only file: a system crash or a power failure loses up to two
///   seconds of acknowledged events; `kill -9` of Redis alone loses what it had not yet handed to the system.
/// * Snapshots alone (`save`): everything since the last snapshot is lost.
/// * `maxmemory-policy` must be `noeviction`, which is the default: the other policies evict arbitrary keys.
///
/// Replicas receive writes after Redis has responded: when a replica takes over, acknowledged events that had not
/// reached it are lost. This queue does not wait for replicas; `min-replicas-to-write` and `min-replicas-max-lag` make
/// Redis refuse writes while replicas lag, which bounds the loss but does not exclude it.
///
/// # Keys
///
/// A queue named `chat` uses `{chat}:events` (a stream with the consumer group `handlers`), `{chat}:later` (a sorted
/// set: when failed events are due), `{chat}:keys` (a sorted set: keys of events and when they arrived) and
/// `{chat}:dead` (a stream of dead letters). Events are removed once they are handled, so the length of the stream is
/// the number of unfinished events.
#[derive(Clone)]
pub struct RedisQueue {
    inner: Arc<Inner>,
    consumer: Arc<str>,
}

struct Inner {
    link: Link,
    settings: QueueSettings,
    keys: Keys,
}

struct Keys {
    events: String,
    later: String,
    keys: String,
    dead: String,
}

impl RedisQueue {
    /// A queue with this name on one server. It connects on first use, and reconnects when a connection breaks.
    ///
    /// # Errors
    ///
    /// The name is empty or contains braces.
    pub fn new(client: Client, name: &str, settings: QueueSettings) -> Result<Self, QueueError> {
        Self::on(Link::one(client), name, settings)
    }

    /// A queue with this name on a cluster. It connects on first use. It polls for events ten times per
    /// second.
    ///
    /// # Errors
    ///
    /// The name is empty or contains braces.
    pub fn cluster(
        client: ClusterClient,
        name: &str,
        settings: QueueSettings,
    ) -> Result<Self, QueueError> {
        Self::on(Link::cluster(client), name, settings)
    }

    fn on(link: Link, name: &str, settings: QueueSettings) -> Result<Self, QueueError> {
        if name.is_empty() || name.contains(['{', '}']) {
            let expected = "at least one character, without braces";
            return Err(QueueError::InvalidName { expected });
        }
        // One hash tag, so that all of them are on one node, as scripts require.
        let key = |what: &str| format!("{{{name}}}:{what}");
        let inner = Inner {
            link,
            settings,
            keys: Keys {
                events: key("events"),
                later: key("later"),
                keys: key("keys"),
                dead: key("dead"),
            },
        };
        Ok(Self {
            inner: Arc::new(inner),
            consumer: CONSUMER.into(),
        })
    }

    /// Sets the name under which Redis lists the claims of this process (`XINFO CONSUMERS`, `XPENDING`), such as the
    /// machine's name. It is only informational: any consumer can take over claims that have run out. Redis remembers
    /// every name, so don't use a new one with each start.
    #[must_use]
    pub fn consumer(mut self, name: impl Into<Arc<str>>) -> Self {
        self.consumer = name.into();
        self
    }

    async fn run<T: FromRedisValue>(&self, script: &Script<'_>) -> Result<T, QueueError> {
        let inner = &*self.inner;
        match inner.link.run(script).await {
            Err(error) if error.code() == Some("NOGROUP") => {
                // The first time, or after Redis has lost everything.
                let made = inner.link.make_group(&inner.keys.events, GROUP).await;
                made.map_err(QueueError::unavailable)?;
                inner.link.run(script).await
            }
            ran => ran,
        }
        .map_err(QueueError::unavailable)
    }
}

/// Parses an identifier from Redis.
fn known(id: &EventId) -> Result<&str, QueueError> {
    let is_number = |part: &str| part.parse::<u64>().is_ok();
    match id.as_str().split_once('-') {
        Some((time, number)) if is_number(time) && is_number(number) => Ok(id.as_str()),
        _ => Err(QueueError::UnknownId {
            expected: "two numbers such as 1764150123456-0",
        }),
    }
}

fn all_known(ids: &[EventId]) -> Result<(), QueueError> {
    ids.iter().try_for_each(|id| known(id).map(drop))
}

/// Names and values, alternating.
type Fields = Vec<Vec<u8>>;

/// A field of an entry in a stream; empty if it is missing.
fn field(fields: &mut Fields, name: &str) -> Vec<u8> {
    let mut places = fields.chunks_exact_mut(2);
    let place = places.find(|pair| pair[0] == name.as_bytes());
    place
        .map(|pair| std::mem::take(&mut pair[1]))
        .unwrap_or_default()
}

fn text(fields: &mut Fields, name: &str) -> String {
    let bytes = field(fields, name);
    String::from_utf8(bytes)
        .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

fn event(fields: &mut Fields) -> QueuedEvent {
    let key = EventKey::from(text(fields, "key"));
    let (query, body) = (text(fields, "query"), field(fields, "body"));
    let received_ms = text(fields, "received").parse().unwrap_or(0);
    QueuedEvent::new(key, query, body, received_ms)
}

impl Queue for RedisQueue {
    fn store(&self, event: QueuedEvent) -> QueueFuture<'_, Stored> {
        Box::pin(async move {
            let inner = &*self.inner;
            let (keys, settings) = (&inner.keys, &inner.settings);
            let mut script = Script::store(&[&keys.events, &keys.keys, &keys.dead]);
            script
                .arg(event.key.as_str())
                .arg(&*event.query)
                .arg(&event.body[..])
                .arg(event.received_ms)
                .arg(as_ms(settings.retention))
                .arg(settings.max_keys)
                .arg(settings.max_events);
            let stored = match self.run::<i64>(&script).await? {
                1 => Stored::New,
                0 => Stored::Duplicate,
                _ => {
                    let max_events = settings.max_events;
                    return Err(QueueError::Full { max_events });
                }
            };
            Ok(stored)
        })
    }

    fn claim(&self, at_most: usize) -> QueueFuture<'_, Vec<Claimed>> {
        Box::pin(async move {
            let inner = &*self.inner;
            let mut script = Script::claim(&[&inner.keys.events, &inner.keys.later]);
            script
                .arg(GROUP)
                .arg(&*self.consumer)
                .arg(at_most)
                .arg(as_ms(inner.settings.lease));
            let claimed: Vec<(String, Fields, u32)> = self.run(&script).await?;
            let claimed = claimed.into_iter().map(|(id, mut fields, attempt)| {
                Claimed::new(ClaimId::new(EventId::new(id), attempt), event(&mut fields))
            });
            Ok(claimed.collect())
        })
    }

    fn wait(&self, at_most: Duration) -> QueueFuture<'_, ()> {
        Box::pin(async move {
            let inner = &*self.inner;
            let mut script = Script::next(&[&inner.keys.events, &inner.keys.later]);
            script.arg(GROUP).arg(as_ms(inner.settings.lease));
            let (last, due): (String, u64) = self.run(&script).await?;
            let at_most = at_most.min(Duration::from_millis(due));
            let waited = inner.link.wait(&inner.keys.events, &last, at_most).await;
            waited.map_err(QueueError::unavailable)
        })
    }

    fn lease(&self) -> Duration {
        self.inner.settings.lease
    }

    fn finish(&self, claims: Vec<ClaimId>) -> QueueFuture<'_, ()> {
        Box::pin(async move {
            // Lua's `unpack` is limited to a few thousand values.
            for claims in claims.chunks(1_000) {
                let mut script = Script::finish(&[&self.inner.keys.events]);
                script.arg(GROUP);
                for claim in claims {
                    script.arg(known(&claim.event)?);
                }
                self.run::<()>(&script).await?;
            }
            Ok(())
        })
    }

    fn retry(&self, claim: ClaimId, delay: Duration) -> QueueFuture<'_, ()> {
        Box::pin(async move {
            let mut script = Script::retry(&[&self.inner.keys.events, &self.inner.keys.later]);
            script
                .arg(GROUP)
                .arg(known(&claim.event)?)
                .arg(claim.attempt)
                .arg(as_ms(delay));
            self.run(&script).await
        })
    }

    fn bury(&self, claim: ClaimId, reason: String) -> QueueFuture<'_, ()> {
        Box::pin(async move {
            let mut script = Script::bury(&[&self.inner.keys.events, &self.inner.keys.dead]);
            script
                .arg(GROUP)
                .arg(known(&claim.event)?)
                .arg(claim.attempt)
                .arg(reason);
            self.run(&script).await
        })
    }

    fn stats(&self) -> QueueFuture<'_, QueueStats> {
        Box::pin(async move {
            let keys = &self.inner.keys;
            let mut script = Script::stats(&[&keys.events, &keys.later, &keys.dead]);
            script.arg(GROUP);
            let (all, claimed, delayed, dead, oldest): (u64, u64, u64, u64, Option<u64>) =
                self.run(&script).await?;
            Ok(QueueStats {
                waiting: all.saturating_sub(claimed + delayed),
                delayed,
                claimed,
                dead,
                oldest_received_ms: oldest,
            })
        })
    }

    fn dead_letters(
        &self,
        behind: Option<EventId>,
        at_most: usize,
    ) -> QueueFuture<'_, Vec<DeadLetter>> {
        Box::pin(async move {
            let from = match &behind {
                Some(id) => format!("({}", known(id)?),
                None => "-".to_owned(),
            };
            let mut script = Script::list(&[&self.inner.keys.dead]);
            script.arg(from).arg(at_most);
            let letters: Vec<(String, Fields)> = self.run(&script).await?;
            let letters = letters.into_iter().map(|(id, mut fields)| {
                let buried_ms = text(&mut fields, "buried").parse().unwrap_or(0);
                let attempts = text(&mut fields, "attempts").parse().unwrap_or(0);
                let reason = text(&mut fields, "reason");
                DeadLetter::new(
                    EventId::new(id),
                    event(&mut fields),
                    attempts,
                    buried_ms,
                    reason,
                )
            });
            Ok(letters.collect())
        })
    }

    fn requeue(&self, ids: Vec<EventId>) -> QueueFuture<'_, usize> {
        Box::pin(async move {
            all_known(&ids)?;
            let mut script = Script::requeue(&[&self.inner.keys.events, &self.inner.keys.dead]);
            ids.iter().for_each(|id| {
                script.arg(id.as_str());
            });
            self.run(&script).await
        })
    }

    fn discard(&self, ids: Vec<EventId>) -> QueueFuture<'_, usize> {
        Box::pin(async move {
            all_known(&ids)?;
            let mut script = Script::discard(&[&self.inner.keys.dead]);
            ids.iter().for_each(|id| {
                script.arg(id.as_str());
            });
            self.run(&script).await
        })
    }
}

impl fmt::Debug for RedisQueue {
    /// Omits the address, which can hold a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisQueue")
            .field("events", &self.inner.keys.events)
            .field("settings", &self.inner.settings)
            .finish_non_exhaustive()
    }
}
