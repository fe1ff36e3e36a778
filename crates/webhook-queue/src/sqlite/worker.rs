//! The thread that owns the file: all operations that were requested while it waited for the disk become one
//! transaction.

use super::store::{Store, Transaction};
use crate::{
    event::{ClaimId, Claimed, DeadLetter, EventId, QueueStats, QueuedEvent, Stored},
    queue::QueueError,
};
use std::{
    mem::take,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::sync::{
    Notify,
    mpsc::{Receiver, error::TryRecvError},
    oneshot::Sender,
};

/// Maximum number of requests per transaction. More would make the first wait for the last.
const BATCH: usize = 512;

/// Where to send a result.
type Tell<T> = Sender<Result<T, QueueError>>;

/// A result.
pub(super) trait Reply: Send + 'static {}
impl<T: Send + 'static> Reply for T {}

/// A request.
pub(super) enum Request {
    Store(QueuedEvent, Tell<Stored>),
    Claim(usize, Tell<Handed>),
    Finish(Vec<ClaimId>, Tell<()>),
    Retry(ClaimId, Duration, Tell<()>),
    Bury(ClaimId, String, Tell<()>),
    Stats(Tell<QueueStats>),
    DeadLetters(Option<EventId>, usize, Tell<Vec<DeadLetter>>),
    Requeue(Vec<EventId>, Tell<usize>),
    Discard(Vec<EventId>, Tell<usize>),
}

/// Claims that never reached their caller because it was gone. Without undoing them, nobody would handle the events
/// before the lease has run out.
type Unheard = Arc<Mutex<Vec<ClaimId>>>;

/// Claimed events on their way to the caller. If dropped on the way, they are given back.
pub(super) struct Handed {
    claimed: Vec<Claimed>,
    unheard: Unheard,
}

impl Handed {
    /// They have arrived.
    pub(super) fn arrived(mut self) -> Vec<Claimed> {
        take(&mut self.claimed)
    }
}

impl Drop for Handed {
    fn drop(&mut self) {
        let claims = self.claimed.drain(..).map(|claimed| claimed.id);
        let unheard = self.unheard.lock();
        unheard
            .unwrap_or_else(PoisonError::into_inner)
            .extend(claims);
    }
}

/// A result, which is sent once its transaction is on disk.
enum Answer {
    Store(Result<Stored, QueueError>),
    Claim(Result<Vec<Claimed>, QueueError>),
    Nothing(Result<(), QueueError>),
    Stats(Result<QueueStats, QueueError>),
    DeadLetters(Result<Vec<DeadLetter>, QueueError>),
    Count(Result<usize, QueueError>),
}

pub(super) struct Worker {
    store: Store,
    waiting: Receiver<Request>,
    changed: Arc<Notify>,
    unheard: Unheard,
}

impl Worker {
    pub(super) fn new(store: Store, waiting: Receiver<Request>, changed: Arc<Notify>) -> Self {
        Self {
            store,
            waiting,
            changed,
            unheard: Unheard::default(),
        }
    }

    /// Runs until all senders are gone.
    pub(super) fn run(mut self) {
        let mut batch = Vec::with_capacity(BATCH);
        while let Some(first) = self.waiting.blocking_recv() {
            batch.push(first);
            while batch.len() < BATCH {
                match self.waiting.try_recv() {
                    Ok(request) => batch.push(request),
                    Err(TryRecvError::Empty | TryRecvError::Disconnected) => break,
                }
            }
            let unheard = self.unheard.lock();
            let given_back = take(&mut *unheard.unwrap_or_else(PoisonError::into_inner));
            match self.transact(&batch, &given_back) {
                Ok(answers) => self.tell(batch.drain(..).zip(answers)),
                // One of them may be at fault, so run each alone.
                Err(_) if batch.len() > 1 => {
                    for request in batch.drain(..) {
                        let answers = self.transact(std::slice::from_ref(&request), &[]);
                        match answers {
                            Ok(answers) => self.tell([request].into_iter().zip(answers)),
                            Err(error) => refuse(request, &error),
                        }
                    }
                }
                Err(error) => batch.drain(..).for_each(|request| refuse(request, &error)),
            }
        }
    }

    /// Runs all requests in one transaction and waits for the disk.
    fn transact(
        &mut self,
        batch: &[Request],
        given_back: &[ClaimId],
    ) -> Result<Vec<Answer>, QueueError> {
        let mut transaction = self.store.begin()?;
        let mut answers = Vec::with_capacity(batch.len());
        for claim in given_back {
            transaction.give_back(claim)?;
        }
        for request in batch {
            answers.push(answer(&mut transaction, request)?);
        }
        transaction.commit()?;
        Ok(answers)
    }

    fn tell(&self, answered: impl Iterator<Item = (Request, Answer)>) {
        let mut has_more = false;
        for (request, answer) in answered {
            // A caller that is gone needs no result.
            match (request, answer) {
                (Request::Store(_, tell), Answer::Store(stored)) => {
                    has_more |= matches!(stored, Ok(Stored::New));
                    let _ = tell.send(stored);
                }
                (Request::Claim(_, tell), Answer::Claim(claimed)) => {
                    let unheard = Arc::clone(&self.unheard);
                    let _ = tell.send(claimed.map(|claimed| Handed { claimed, unheard }));
                }
                (Request::Retry(_, _, tell), Answer::Nothing(done)) => {
                    has_more = true;
                    let _ = tell.send(done);
                }
                (Request::Finish(_, tell) | Request::Bury(_, _, tell), Answer::Nothing(done)) => {
                    let _ = tell.send(done);
                }
                (Request::Stats(tell), Answer::Stats(stats)) => {
                    let _ = tell.send(stats);
                }
                (Request::DeadLetters(_, _, tell), Answer::DeadLetters(letters)) => {
                    let _ = tell.send(letters);
                }
                (Request::Requeue(_, tell), Answer::Count(count)) => {
                    has_more = true;
                    let _ = tell.send(count);
                }
                (Request::Discard(_, tell), Answer::Count(count)) => {
                    let _ = tell.send(count);
                }
                // Dropped, so that the caller learns that there is no result. `answer` creates no other kind.
                _ => {}
            }
        }
        if has_more {
            self.changed.notify_one();
        }
    }
}

/// Runs a request. An error of the file ends the transaction; an error of the caller does not.
fn answer(transaction: &mut Transaction<'_>, request: &Request) -> Result<Answer, QueueError> {
    /// Returns the caller's errors as results.
    fn own<T>(done: Result<T, QueueError>) -> Result<Result<T, QueueError>, QueueError> {
        match done {
            Err(error @ QueueError::Unavailable(_)) => Err(error),
            done => Ok(done),
        }
    }
    Ok(match request {
        Request::Store(event, _) => Answer::Store(own(transaction.store(event))?),
        Request::Claim(at_most, _) => Answer::Claim(own(transaction.claim(*at_most))?),
        Request::Finish(claims, _) => Answer::Nothing(own(transaction.finish(claims))?),
        Request::Retry(claim, delay, _) => Answer::Nothing(own(transaction.retry(claim, *delay))?),
        Request::Bury(claim, reason, _) => Answer::Nothing(own(transaction.bury(claim, reason))?),
        Request::Stats(_) => Answer::Stats(own(transaction.stats())?),
        Request::DeadLetters(behind, at_most, _) => {
            Answer::DeadLetters(own(transaction.dead_letters(behind.as_ref(), *at_most))?)
        }
        Request::Requeue(ids, _) => Answer::Count(own(transaction.requeue(ids))?),
        Request::Discard(ids, _) => Answer::Count(own(transaction.discard(ids))?),
    })
}

fn refuse(request: Request, error: &QueueError) {
    let error = error.clone();
    match request {
        Request::Store(_, tell) => drop(tell.send(Err(error))),
        Request::Claim(_, tell) => drop(tell.send(Err(error))),
        Request::Finish(_, tell) | Request::Retry(_, _, tell) | Request::Bury(_, _, tell) => {
            drop(tell.send(Err(error)));
        }
        Request::Stats(tell) => drop(tell.send(Err(error))),
        Request::DeadLetters(_, _, tell) => drop(tell.send(Err(error))),
        Request::Requeue(_, tell) | Request::Discard(_, tell) => drop(tell.send(Err(error))),
    }
}
