//! What went back and forth: requests with their replies, webhooks with their answers, faults, resets.
//! All of it has numbers of one sequence, given in the order in which it was over.

mod cause;
mod changed;
mod delivery;
mod entry;
mod failure;
mod meaning;
mod outcome;
mod report;
mod shelf;

use self::shelf::{Numbered, Shelf};
pub(crate) use self::{
    cause::Cause,
    delivery::Delivery,
    meaning::Meaning,
    report::{RequestReport, WebhookReport, shown},
    shelf::Page,
};
pub use self::{
    changed::{Changed, ChangedAction, ChangedKind},
    delivery::WebhookDelivery,
    entry::{JournalEntry, Seen},
    failure::WebhookFailure,
    outcome::WebhookOutcome,
};
use crate::{fault::Rule, settings::lock};
use std::{
    pin::pin,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{sync::watch, time::sleep};

/// Most bytes of the bodies of requests that are remembered, and of webhooks.
const MAX_BYTES: usize = 32 << 20;

/// Most faults and resets that are remembered for those who listen.
const MAX_NOTES: usize = 1_000;

/// Something else that those who listen are told.
#[derive(Clone, Debug)]
pub(crate) enum Note {
    /// A fault was switched on, happened, or is over.
    Fault(Box<Rule>),
    /// Everything is as in the beginning.
    Reset,
}

/// One of all of them.
#[derive(Clone, Debug)]
pub(crate) enum Record {
    Request(Arc<JournalEntry>),
    Webhook(Arc<Delivery>),
    Note(u64, Note),
}

impl Record {
    pub(crate) fn id(&self) -> u64 {
        match self {
            Self::Request(entry) => entry.id,
            Self::Webhook(delivery) => delivery.id,
            Self::Note(id, _) => *id,
        }
    }
}

#[derive(Debug)]
struct Records {
    last: u64,
    requests: Shelf<Arc<JournalEntry>>,
    webhooks: Shelf<Arc<Delivery>>,
    notes: Shelf<(u64, Note)>,
}

/// Remembers what went back and forth, within bounds.
#[derive(Debug)]
pub(crate) struct Traffic {
    records: Mutex<Records>,
    /// The last number, for those who wait.
    latest: watch::Sender<u64>,
    closed: watch::Sender<bool>,
}

impl Traffic {
    /// Remembers so many requests, and so many webhooks.
    pub(crate) fn new(most: usize) -> Self {
        Self {
            records: Mutex::new(Records {
                last: 0,
                requests: Shelf::new(most, MAX_BYTES),
                webhooks: Shelf::new(most, MAX_BYTES),
                notes: Shelf::new(MAX_NOTES, MAX_BYTES),
            }),
            latest: watch::channel(0).0,
            closed: watch::channel(false).0,
        }
    }

    /// Gives the next number to something that is remembered from now on.
    fn add<T>(&self, add: impl FnOnce(&mut Records, u64) -> T) -> T {
        let mut records = lock(&self.records);
        records.last += 1;
        let id = records.last;
        let added = add(&mut records, id);
        // While the lock is held, so that nobody sees a number before what has it.
        self.latest.send_replace(id);
        added
    }

    pub(crate) fn add_request(&self, mut entry: JournalEntry) -> Arc<JournalEntry> {
        self.add(|records, id| {
            entry.id = id;
            entry.cause.is_request(id);
            let entry = Arc::new(entry);
            records.requests.push(Arc::clone(&entry));
            entry
        })
    }

    pub(crate) fn add_webhook(&self, mut delivery: Delivery) -> Arc<Delivery> {
        self.add(|records, id| {
            delivery.id = id;
            if let Some(cause) = &delivery.cause {
                cause.add_webhook(id);
            }
            let delivery = Arc::new(delivery);
            records.webhooks.push(Arc::clone(&delivery));
            delivery
        })
    }

    pub(crate) fn add_note(&self, note: Note) {
        self.add(|records, id| records.notes.push((id, note)));
    }

    /// Forgets everything. Numbers go on.
    pub(crate) fn clear(&self) {
        let mut records = lock(&self.records);
        records.requests.clear();
        records.webhooks.clear();
        records.notes.clear();
    }

    /// The last number that was given.
    pub(crate) fn last(&self) -> u64 {
        lock(&self.records).last
    }

    /// The number after which somebody goes on who has seen everything up to `seen`. A number that was
    /// not given yet is one of an earlier run: then nothing of this one was seen.
    pub(crate) fn resume(&self, seen: u64) -> u64 {
        match seen <= self.last() {
            true => seen,
            false => 0,
        }
    }

    /// Requests that are wanted, oldest first, and the number after which to go on.
    pub(crate) fn requests(
        &self,
        page: &Page,
        wanted: impl Fn(&JournalEntry) -> bool,
    ) -> (Vec<Arc<JournalEntry>>, u64) {
        let records = lock(&self.records);
        (records.requests).page(page, records.last, |entry| wanted(entry))
    }

    pub(crate) fn request(&self, id: u64) -> Option<Arc<JournalEntry>> {
        lock(&self.records).requests.get(id).cloned()
    }

    /// Webhooks that are wanted, oldest first, and the number after which to go on.
    pub(crate) fn webhooks(
        &self,
        page: &Page,
        wanted: impl Fn(&Delivery) -> bool,
    ) -> (Vec<Arc<Delivery>>, u64) {
        let records = lock(&self.records);
        (records.webhooks).page(page, records.last, |delivery| wanted(delivery))
    }

    pub(crate) fn webhook(&self, id: u64) -> Option<Arc<Delivery>> {
        lock(&self.records).webhooks.get(id).cloned()
    }

    /// Everything after a number, in order, but no more than so many of each kind.
    pub(crate) fn after(&self, id: u64, most: usize) -> Vec<Record> {
        let records = lock(&self.records);
        let requests = records.requests.after(id).take(most).cloned();
        let webhooks = records.webhooks.after(id).take(most).cloned();
        let notes = records.notes.after(id).take(most).cloned();
        let mut all: Vec<Record> = requests.map(Record::Request).collect();
        all.extend(webhooks.map(Record::Webhook));
        all.extend(notes.map(|(id, note)| Record::Note(id, note)));
        all.sort_unstable_by_key(Record::id);
        all.truncate(most);
        all
    }

    /// Looks now and after everything that is added, until something is found, the time is over or the
    /// server stops.
    pub(crate) async fn wait_for<T>(
        &self,
        wait: Duration,
        mut look: impl FnMut() -> Option<T>,
    ) -> Option<T> {
        let mut latest = self.latest.subscribe();
        let mut over = pin!(sleep(wait));
        let mut closed = pin!(self.closed());
        loop {
            if let Some(found) = look() {
                return Some(found);
            }
            tokio::select! {
                changed = latest.changed() => changed.ok()?,
                () = &mut over => return look(),
                () = &mut closed => return None,
            }
        }
    }

    /// Lets nobody wait any longer.
    pub(crate) fn close(&self) {
        self.closed.send_replace(true);
    }

    pub(crate) fn is_closed(&self) -> bool {
        *self.closed.borrow()
    }

    async fn closed(&self) {
        // The sender is here, so this ends with the condition.
        let _ = self.closed.subscribe().wait_for(|closed| *closed).await;
    }
}

impl Numbered for Arc<JournalEntry> {
    fn id(&self) -> u64 {
        self.id
    }

    fn bytes(&self) -> usize {
        self.body.len() + self.reply.len() + self.fault.bytes() + self.cause.bytes()
    }
}

impl Numbered for Arc<Delivery> {
    fn id(&self) -> u64 {
        self.id
    }

    fn bytes(&self) -> usize {
        self.event.len() + self.answer.as_ref().map_or(0, |answer| answer.len())
    }
}

impl Numbered for (u64, Note) {
    fn id(&self) -> u64 {
        self.0
    }

    fn bytes(&self) -> usize {
        match &self.1 {
            Note::Fault(rule) => rule.fault.bytes(),
            Note::Reset => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::{Fault, Injection, Script};

    #[test]
    fn faults_with_large_bodies_are_bounded_wherever_they_are_remembered() {
        let large = || Fault::Instead("x".repeat(2 << 20));
        let traffic = Traffic::new(1_000);
        let mut script = Script::new(0);
        let mut waiting = 0;
        while script.has_room_for(&large()) {
            let rule = script.add("*", Injection::from(large()));
            traffic.add_note(Note::Fault(Box::new(rule)));
            waiting += 1;
        }
        assert_eq!(waiting, 16);
        for _ in 0..waiting {
            let happened = script.next("v4/openim/sendmsg");
            assert!(happened.is_some());
            traffic.add_note(Note::Fault(Box::new(
                happened.unwrap_or_else(|| unreachable!()),
            )));
        }
        let bytes = |rule: &Rule| rule.fault.bytes();
        let spent: usize = script.rules().iter().map(bytes).sum();
        assert_eq!(spent, 8 << 20);
        let notes = traffic.after(0, usize::MAX);
        let noted = notes.iter().map(|record| match record {
            Record::Note(_, Note::Fault(rule)) => bytes(rule),
            _ => 0,
        });
        assert_eq!(noted.sum::<usize>(), MAX_BYTES);
    }
}
