//! Sends the lines of a file, call by call, and writes down what becomes of them.

use super::{
    job::{Answer, Fate, Job, Outgoing, Unit},
    journal::{Begun, Journal, Open, Past, Tally},
    rejects::{Rejects, Why},
    units::Units,
};
use crate::{failure::Failure, progress::Progress, signals::Signals};
use futures_util::stream::{FuturesUnordered, StreamExt};
use std::{
    collections::VecDeque,
    future::Future,
    pin::Pin,
    time::{Duration, SystemTime, UNIX_EPOCH},
};
use tencent_chat_client::{Client, ClientBuilder};
use tencent_chat_types::{Meta, Repeat};
use tokio::sync::watch;

/// So many calls that the service failed, one after the other, are an outage: what is left would fail, too.
const OUTAGE: u32 = 10;

/// Why a line isn't sent again.
const UNCERTAIN: &str =
    "the run ended before an answer came, and the service would no longer notice a duplicate";

/// Why a line may have been sent, where there is no journal.
const UNANSWERED: &str = "no answer came; it may have been sent";

/// A run that sends.
pub(super) struct Run<'a> {
    job: &'a dyn Job,
    client: &'a Client,
    hash: &'a str,
    units: Units<'a>,
    journal: Option<Journal>,
    rejects: Rejects<'a>,
    progress: Progress<'a>,
    tally: Tally,
    /// Calls of runs before that have no end.
    again: VecDeque<(Open, Unit)>,
    next_call: u64,
    /// Most calls at once.
    concurrency: usize,
    ended: u64,
    failed_in_a_row: u32,
}

/// How a run ended.
pub(super) struct Ended<'a> {
    pub(super) tally: Tally,
    /// How many calls were answered.
    pub(super) calls: u64,
    pub(super) rejects: Rejects<'a>,
    /// Why it ended early.
    pub(super) early: Option<Early>,
}

/// Why a run ends before its file does.
pub(super) enum Early {
    /// Somebody said so.
    Told,
    Failed(Failure),
}

/// A call that goes out.
struct Next {
    call: u64,
    unit: Unit,
}

type Calling<'a> = Pin<Box<dyn Future<Output = (Next, Answer)> + 'a>>;

/// What a run is made of.
pub(super) struct Parts<'a> {
    pub(super) job: &'a dyn Job,
    pub(super) client: &'a Client,
    /// Of the file, as hexadecimal digits.
    pub(super) hash: &'a str,
    pub(super) units: Units<'a>,
    /// None where nothing can go on.
    pub(super) journal: Option<Journal>,
    pub(super) rejects: Rejects<'a>,
    pub(super) progress: Progress<'a>,
    /// Most calls at once.
    pub(super) concurrency: usize,
}

impl<'a> Run<'a> {
    /// Goes on where a run before has ended.
    pub(super) fn new(parts: Parts<'a>, past: &Past) -> Result<Self, Failure> {
        let mut run = Self {
            job: parts.job,
            client: parts.client,
            hash: parts.hash,
            units: parts.units,
            journal: parts.journal,
            rejects: parts.rejects,
            progress: parts.progress,
            tally: past.tally,
            again: VecDeque::new(),
            next_call: 0,
            concurrency: parts.concurrency.max(1),
            ended: 0,
            failed_in_a_row: 0,
        };
        for open in past.open.values() {
            let unit = run.unit_of(&open.begun)?;
            run.again.push_back((*open, unit));
        }
        if let Some(last) = &past.last {
            run.unit_of(last)?;
            run.next_call = last.call + 1;
        }
        Ok(run)
    }

    fn unit_of(&mut self, begun: &Begun) -> Result<Unit, Failure> {
        self.units.seek(begun.place)?;
        let unit = self.units.next()?;
        unit.filter(|unit| unit.rows.len() as u64 == begun.rows)
            .ok_or_else(|| Failure::usage("the journal names lines that the file doesn't have"))
    }

    /// Sends everything, until there is no more or the run has to stop. Calls under way are waited for.
    pub(super) async fn run(mut self, mut signals: Signals) -> Ended<'a> {
        let (stop, stopping) = watch::channel(false);
        let mut running = FuturesUnordered::new();
        let mut early = None;
        loop {
            if early.is_none()
                && let Err(failure) = self.fill(&mut running, &stopping)
            {
                early = Some(Early::Failed(failure));
            }
            let ended = tokio::select! {
                ended = running.next() => ended,
                () = signals.next() => {
                    // Told twice, it doesn't wait any more: the journal knows which calls are open.
                    if stop.send_replace(true) {
                        break;
                    }
                    self.progress.note("stopping, once the calls under way are answered");
                    early.get_or_insert(Early::Told);
                    continue;
                }
            };
            let Some((next, answer)) = ended else { break };
            if let Err(failure) = self.settle(next, answer) {
                stop.send_replace(true);
                if !matches!(early, Some(Early::Failed(_))) {
                    early = Some(Early::Failed(failure));
                }
            }
            let bad = match self.tally.failed + self.tally.uncertain {
                0 => String::new(),
                bad => format!(", {bad} failed"),
            };
            self.progress.show(self.tally.all(), &bad);
        }
        drop(running);
        self.progress.end();
        Ended {
            tally: self.tally,
            calls: self.ended,
            rejects: self.rejects,
            early,
        }
    }

    /// Begins as many calls as may be under way.
    fn fill(
        &mut self,
        running: &mut FuturesUnordered<Calling<'a>>,
        stopping: &watch::Receiver<bool>,
    ) -> Result<(), Failure> {
        let mut begun = Vec::new();
        while running.len() + begun.len() < self.concurrency {
            let Some(next) = self.next()? else { break };
            begun.push(next);
        }
        if begun.is_empty() {
            return Ok(());
        }
        if let Some(journal) = &mut self.journal {
            journal.sync()?;
        }
        for next in begun {
            let (job, client, hash) = (self.job, self.client, self.hash);
            let stop = stopping.clone();
            running.push(Box::pin(async move {
                let outgoing = Outgoing {
                    client,
                    unit: &next.unit,
                    hash,
                    stop,
                };
                let answer = job.call(outgoing).await;
                (next, answer)
            }));
        }
        Ok(())
    }

    /// The next call, which the journal knows of.
    fn next(&mut self) -> Result<Option<Next>, Failure> {
        while let Some((open, unit)) = self.again.pop_front() {
            let call = open.begun.call;
            match may_be_sent(self.job, &open) {
                true => return self.begin(call, unit).map(Some),
                false => self.reject(call, &unit, Why::Uncertain, None, UNCERTAIN)?,
            }
        }
        let Some(unit) = self.units.next()? else {
            return Ok(None);
        };
        let call = self.next_call;
        self.next_call += 1;
        self.begin(call, unit).map(Some)
    }

    fn begin(&mut self, call: u64, unit: Unit) -> Result<Next, Failure> {
        if let (Some(journal), Some(place)) = (&mut self.journal, unit.place()) {
            journal.begin(Begun {
                call,
                place,
                rows: unit.rows.len() as u64,
                at: now(),
            })?;
        }
        Ok(Next { call, unit })
    }

    /// Writes down what became of a call.
    fn settle(&mut self, next: Next, answer: Answer) -> Result<(), Failure> {
        let Next { call, unit } = next;
        match answer {
            Answer::Settled(fates) => {
                self.failed_in_a_row = 0;
                let mut lines = Tally::default();
                for (row, fate) in unit.rows.iter().zip(fates) {
                    match fate {
                        Fate::Done => lines.done += 1,
                        Fate::Failed { code, reason } => {
                            lines.failed += 1;
                            self.rejects.add(Why::Failed, row, code, &reason)?;
                        }
                    }
                }
                self.end(call, lines)
            }
            Answer::Refused {
                code,
                reason,
                is_outage,
            } => {
                // Run again from another file, a message would have other numbers: it could come twice.
                let why = match is_outage && is_harmful(self.job.meta()) {
                    true => Why::Uncertain,
                    false => Why::Failed,
                };
                self.reject(call, &unit, why, code, &reason)?;
                self.failed_in_a_row = match is_outage {
                    true => self.failed_in_a_row + 1,
                    false => 0,
                };
                match self.failed_in_a_row {
                    OUTAGE.. => Err(Failure::unanswered(format!(
                        "the service failed {OUTAGE} calls in a row, the last one with: {reason}"
                    ))),
                    _ => Ok(()),
                }
            }
            Answer::NotSent => self.undo(call),
            Answer::Stop {
                failure,
                maybe_acted,
            } => {
                match (maybe_acted, &self.journal) {
                    (false, _) => self.undo(call)?,
                    // The next run sees to it.
                    (true, Some(_)) => {}
                    (true, None) => self.reject(call, &unit, Why::Uncertain, None, UNANSWERED)?,
                }
                Err(failure)
            }
        }
    }

    fn end(&mut self, call: u64, lines: Tally) -> Result<(), Failure> {
        let files = self.rejects.settle()?;
        self.tally.add(lines);
        self.ended += 1;
        match &mut self.journal {
            Some(journal) => journal.end(call, lines, files),
            None => Ok(()),
        }
    }

    fn undo(&mut self, call: u64) -> Result<(), Failure> {
        match &mut self.journal {
            Some(journal) => journal.undo(call),
            None => Ok(()),
        }
    }

    /// Writes down all lines of a call, and doesn't send them again.
    fn reject(
        &mut self,
        call: u64,
        unit: &Unit,
        why: Why,
        code: Option<i64>,
        reason: &str,
    ) -> Result<(), Failure> {
        for row in &unit.rows {
            self.rejects.add(why, row, code, reason)?;
        }
        let count = unit.rows.len() as u64;
        let mut lines = Tally::default();
        match why {
            Why::Failed => lines.failed = count,
            Why::Uncertain => lines.uncertain = count,
        }
        self.end(call, lines)
    }
}

/// Whether a second run of a command does the work again, however the first one ended.
pub(super) fn is_harmful(meta: &Meta) -> bool {
    !matches!(meta.repeat, Repeat::Read | Repeat::Idempotent)
}

/// Whether a call without an end may go out again: it never went out, a second run does nothing new, or the
/// service still drops the second one, and does so until the last try of it.
fn may_be_sent(job: &dyn Job, open: &Open) -> bool {
    let meta = job.meta();
    if !open.maybe_sent {
        return true;
    }
    match (meta.repeat, meta.duplicate_seconds) {
        _ if !is_harmful(meta) => true,
        (Repeat::DeduplicatedBy(_), Some(seconds)) => {
            // From when the call began, since it may have arrived at once. A clock that went back tells
            // nothing.
            let Some(passed) = now().checked_sub(open.begun.at) else {
                return false;
            };
            let passed = Duration::from_millis(passed) + ClientBuilder::DEFAULT_DEADLINE;
            passed < Duration::from_secs(seconds.into())
        }
        _ => false,
    }
}

/// In milliseconds since 1970.
fn now() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.map_or(0, |now| u64::try_from(now.as_millis()).unwrap_or(u64::MAX))
}
