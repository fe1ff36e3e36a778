//! A queue in memory, for tests.

use crate::{
    event::{ClaimId, Claimed, DeadLetter, EventId, QueueStats, QueuedEvent, Stored, now_ms},
    queue::{Queue, QueueError, QueueFuture, QueueSettings},
};
use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    future::ready,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tencent_chat_webhook::EventKey;
use tokio::{
    sync::Notify,
    time::{Instant, timeout},
};

/// A queue in memory, for tests of handlers. It behaves like the real ones but is lost with the process. Clones share
/// the same queue. Delays and leases follow tokio's clock, which tests can pause.
#[derive(Clone, Debug)]
pub struct MemoryQueue {
    settings: QueueSettings,
    state: Arc<Mutex<State>>,
    changed: Arc<Notify>,
}

#[derive(Debug, Default)]
struct State {
    last: u64,
    events: BTreeMap<u64, Entry>,
    dead: BTreeMap<u64, DeadLetter>,
    keys: HashMap<EventKey, Instant>,
    oldest_keys: VecDeque<(EventKey, Instant)>,
}

#[derive(Debug)]
struct Entry {
    event: QueuedEvent,
    attempts: u32,
    /// `None`: available now, for the first time.
    due: Option<Instant>,
    is_claimed: bool,
}

impl Entry {
    const fn new(event: QueuedEvent) -> Self {
        Self {
            event,
            attempts: 0,
            due: None,
            is_claimed: false,
        }
    }
}

impl MemoryQueue {
    /// Creates an empty queue.
    pub fn new(settings: QueueSettings) -> Self {
        Self {
            settings,
            state: Arc::default(),
            changed: Arc::default(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn next(&mut self) -> u64 {
        self.last += 1;
        self.last
    }

    /// The event of a claim that has not run out.
    fn claimed(&mut self, claim: &ClaimId) -> Option<(u64, &mut Entry)> {
        let id = number(&claim.event).ok()?;
        let entry = self.events.get_mut(&id)?;
        (entry.is_claimed && entry.attempts == claim.attempt).then_some((id, entry))
    }

    fn forget_keys(&mut self, settings: &QueueSettings, now: Instant) {
        while let Some((key, since)) = self.oldest_keys.front() {
            let is_over = self.oldest_keys.len() as u64 > settings.max_keys;
            if !is_over && now.duration_since(*since) < settings.retention {
                break;
            }
            self.keys.remove(key);
            self.oldest_keys.pop_front();
        }
    }
}

fn number(id: &EventId) -> Result<u64, QueueError> {
    let expected = "a number";
    (id.as_str().parse()).map_err(|_| QueueError::UnknownId { expected })
}

fn id(number: u64) -> EventId {
    EventId::new(number.to_string())
}

fn done<T: Send + 'static>(value: Result<T, QueueError>) -> QueueFuture<'static, T> {
    Box::pin(ready(value))
}

impl Queue for MemoryQueue {
    fn store(&self, event: QueuedEvent) -> QueueFuture<'_, Stored> {
        let (mut state, now) = (self.state(), Instant::now());
        state.forget_keys(&self.settings, now);
        if state.keys.contains_key(&event.key) {
            return done(Ok(Stored::Duplicate));
        }
        let max_events = self.settings.max_events;
        if (state.events.len() + state.dead.len()) as u64 >= max_events {
            return done(Err(QueueError::Full { max_events }));
        }
        state.keys.insert(event.key.clone(), now);
        state.oldest_keys.push_back((event.key.clone(), now));
        let number = state.next();
        state.events.insert(number, Entry::new(event));
        self.changed.notify_one();
        done(Ok(Stored::New))
    }

    fn claim(&self, at_most: usize) -> QueueFuture<'_, Vec<Claimed>> {
        let (mut state, now) = (self.state(), Instant::now());
        let until = now + self.settings.lease;
        let mut due: Vec<_> = (state.events.iter())
            .filter(|(_, entry)| entry.due.is_none_or(|due| due <= now))
            .map(|(number, entry)| (entry.due.is_none(), entry.due, *number))
            .collect();
        // Failed events come first.
        due.sort_unstable();
        let mut claimed = Vec::new();
        for (_, _, number) in due.into_iter().take(at_most) {
            if let Some(entry) = state.events.get_mut(&number) {
                entry.attempts += 1;
                entry.due = Some(until);
                entry.is_claimed = true;
                let claim = ClaimId::new(id(number), entry.attempts);
                claimed.push(Claimed::new(claim, entry.event.clone()));
            }
        }
        done(Ok(claimed))
    }

    fn wait(&self, at_most: Duration) -> QueueFuture<'_, ()> {
        Box::pin(async move {
            let now = Instant::now();
            let next = {
                let state = self.state();
                let dues = state.events.values().map(|entry| entry.due.unwrap_or(now));
                dues.min().map(|due| due.saturating_duration_since(now))
            };
            let time = next.map_or(at_most, |next| next.min(at_most));
            let _ = timeout(time, self.changed.notified()).await;
            Ok(())
        })
    }

    fn lease(&self) -> Duration {
        self.settings.lease
    }

    fn finish(&self, claims: Vec<ClaimId>) -> QueueFuture<'_, ()> {
        let mut state = self.state();
        for claim in claims {
            match number(&claim.event) {
                Ok(number) => state.events.remove(&number),
                Err(error) => return done(Err(error)),
            };
        }
        done(Ok(()))
    }

    fn retry(&self, claim: ClaimId, delay: Duration) -> QueueFuture<'_, ()> {
        if let Some((_, entry)) = self.state().claimed(&claim) {
            entry.is_claimed = false;
            entry.due = Some(Instant::now() + delay);
            self.changed.notify_one();
        }
        done(Ok(()))
    }

    fn bury(&self, claim: ClaimId, reason: String) -> QueueFuture<'_, ()> {
        let mut state = self.state();
        if let Some((number, _)) = state.claimed(&claim)
            && let Some(entry) = state.events.remove(&number)
        {
            let number = state.next();
            let letter = DeadLetter::new(id(number), entry.event, entry.attempts, now_ms(), reason);
            state.dead.insert(number, letter);
        }
        done(Ok(()))
    }

    fn stats(&self) -> QueueFuture<'_, QueueStats> {
        let (state, now) = (self.state(), Instant::now());
        let mut stats = QueueStats {
            dead: state.dead.len() as u64,
            ..QueueStats::default()
        };
        for entry in state.events.values() {
            match entry.due {
                Some(due) if due > now && entry.is_claimed => stats.claimed += 1,
                Some(due) if due > now => stats.delayed += 1,
                _ => stats.waiting += 1,
            }
            let came = entry.event.received_ms;
            let oldest = stats.oldest_received_ms.get_or_insert(came);
            *oldest = came.min(*oldest);
        }
        done(Ok(stats))
    }

    fn dead_letters(
        &self,
        behind: Option<EventId>,
        at_most: usize,
    ) -> QueueFuture<'_, Vec<DeadLetter>> {
        let behind = match behind.as_ref().map(number).transpose() {
            Ok(behind) => behind.unwrap_or(0),
            Err(error) => return done(Err(error)),
        };
        let state = self.state();
        let letters = state.dead.range(behind.saturating_add(1)..).take(at_most);
        done(Ok(letters.map(|(_, letter)| letter.clone()).collect()))
    }

    fn requeue(&self, ids: Vec<EventId>) -> QueueFuture<'_, usize> {
        let mut state = self.state();
        let mut found = 0;
        for id in ids {
            let letter = match number(&id) {
                Ok(number) => state.dead.remove(&number),
                Err(error) => return done(Err(error)),
            };
            if let Some(letter) = letter {
                let number = state.next();
                state.events.insert(number, Entry::new(letter.event));
                found += 1;
            }
        }
        self.changed.notify_one();
        done(Ok(found))
    }

    fn discard(&self, ids: Vec<EventId>) -> QueueFuture<'_, usize> {
        let mut state = self.state();
        let mut found = 0;
        for id in ids {
            match number(&id) {
                Ok(number) => found += usize::from(state.dead.remove(&number).is_some()),
                Err(error) => return done(Err(error)),
            }
        }
        done(Ok(found))
    }
}
