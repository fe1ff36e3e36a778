//! Sends the lines of a file call by call, and records the outcomes.

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

/// After this many consecutive calls on which the service failed, the run treats it as an outage and stops.
const OUTAGE: u32 = 10;

/// Why a line isn't sent again.
const UNCERTAIN: &str =
    "the run ended before an answer came, and the service would no longer notice a duplicate";

/// Why a line may have been sent, if there is no journal.
const UNANSWERED: &str = "no answer came; it may have been sent";

/// A run in progress.
pub(super) struct Run<'a> {
    job: &'a dyn Job,
    client: &'a Client,
    hash: &'a str,
    units: Units<'a>,
    journal: Option<Journal>,
    rejects: Rejects<'a>,
    progress: Progress<'a>,
    tally: Tally,
    /// Unfinished calls of earlier runs.
    again: VecDeque<(Open, Unit)>,
    next_call: u64,
    /// Maximum number of concurrent calls.
    concurrency: usize,
    ended: u64,
    failed_in_a_row: u32,
}

/// How a run ended.
pub(super) struct Ended<'a> {
    pub(super) tally: Tally,
    /// Number of calls that were answered.
    pub(super) calls: u64,
    pub(super) rejects: Rejects<'a>,
    /// Why it ended early.
    pub(super) early: Option<Early>,
}

/// Why a run ends before its file does.
pub(super) enum Early {
    /// It was told to stop.
    Told,
    Failed(Failure),
}

/// A call about to be sent.
struct Next {
    call: u64,
    unit: Unit,
}

type Calling<'a> = Pin<Box<dyn Future<Output = (Next, Answer)> + 'a>>;

/// The parts of a run.
pub(super) struct Parts<'a> {
    pub(super) job: &'a dyn Job,
    pub(super) client: &'a Client,
    /// SHA-256 of the file, in hexadecimal digits.
    pub(super) hash: &'a str,
    pub(super) units: Units<'a>,
    /// `None` if the run can't be resumed.
    pub(super) journal: Option<Journal>,
    pub(super) rejects: Rejects<'a>,
    pub(super) progress: Progress<'a>,
    /// Maximum number of concurrent calls.
    pub(super) concurrency: usize,
}

impl<'a> Run<'a> {
    /// Continues where the previous run ended.
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

    /// Sends everything until there is nothing left or the run has to stop. Waits for calls in progress.
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
                    // The second signal ends the wait: the journal knows which calls are open.
                    if stop.send_replace(true) {
                        break;
                    }
                    self.progress.note("stopping once the calls in progress are answered");
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

    /// Starts as many calls as may be in progress at once.
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

    /// The next call, recorded in the journal.
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

    /// Records the outcome of a call.
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
                // Run from another file, a message would have other numbers and could be delivered twice.
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
                        "the service failed {OUTAGE} calls in a row; last error: {reason}"
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
                    // The next run handles it.
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

    /// Records all lines of a call as rejected, and doesn't send them again.
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

/// Whether running a command twice does the work twice, regardless of how the first run ended.
pub(super) fn is_harmful(meta: &Meta) -> bool {
    !matches!(meta.repeat, Repeat::Read | Repeat::Idempotent)
}

/// Whether an unfinished call may be sent again: it was never sent, a repeat has no effect, or the service still
/// drops the duplicate, and will do so until the last retry.
fn may_be_sent(job: &dyn Job, open: &Open) -> bool {
    let meta = job.meta();
    if !open.maybe_sent {
        return true;
    }
    match (meta.repeat, meta.duplicate_seconds) {
        _ if !is_harmful(meta) => true,
        (Repeat::DeduplicatedBy(_), Some(seconds)) => {
            // Counted from when the call began, since it may have arrived at once. If the clock went back, its
            // time means nothing.
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
