//! A batch in progress: the parts that wait, and those that have ended.

use super::outcome::{Answered, BatchOutcome, Ended, make_shown};
#[cfg(feature = "blocking")]
use crate::Error;
use crate::{
    Client, Progress,
    call::Command,
    error::{Cause, Sent},
    fan_out::{FanOut, Settings, State, Steps, keep_as, next},
    task::Place,
};
use futures_core::Stream;
use futures_util::stream::unfold;
use std::{
    collections::VecDeque,
    fmt,
    task::{Context, Poll, ready},
    vec,
};
use tencent_chat_types::{Batched, validate::Violations};

/// Items that are sent together, or not at all.
enum Planned<I> {
    Call(Vec<I>),
    /// They all exceed the same limit.
    Invalid(Vec<I>, Violations),
}

/// A batch in progress.
pub(crate) struct Running<'a, E: Batched> {
    fan: FanOut<'a, E>,
    /// The request without its items.
    rest: E,
    /// Calls that have not begun, by number.
    waiting: vec::IntoIter<(usize, Vec<E::Item>)>,
    /// Parts that ended without a call.
    refused: VecDeque<(usize, Ended<E>)>,
    /// The part that ended last.
    last: Option<(usize, Ended<E>)>,
    /// The earlier ones, by number.
    kept: Vec<Option<Ended<E>>>,
}

impl<'a, E: Batched> Running<'a, E> {
    pub(crate) fn new(
        client: &Client,
        place: Place,
        settings: Settings<'a>,
        mut request: E,
        part_size: usize,
    ) -> Self {
        let items = request.take_items();
        let total = Some(items.len());
        let plan = match settings.checked {
            true => planned(&request, items, part_size),
            false => {
                let parts = chunks(items, part_size).into_iter();
                parts.map(Planned::Call).collect()
            }
        };
        let mut fan = FanOut::new(client, place, settings, total);
        let (mut waiting, mut refused) = (Vec::new(), VecDeque::new());
        for (number, planned) in plan.into_iter().enumerate() {
            match planned {
                Planned::Call(items) => waiting.push((number, items)),
                Planned::Invalid(items, violations) => {
                    fan.count(0, items.len());
                    let command = Command::of(&request);
                    let ended = Ended {
                        items,
                        repeat_safe: command.repeat_safe,
                        state: State::Failed(command.error(Cause::Invalid(violations), Sent::No)),
                    };
                    refused.push_back((number, ended));
                }
            }
        }
        if fan.settings.stop_at_failure && !refused.is_empty() {
            fan.stop();
        }
        Self {
            fan,
            rest: request,
            waiting: waiting.into_iter(),
            refused,
            last: None,
            kept: Vec::new(),
        }
    }

    fn count(&mut self, part: &Ended<E>) {
        if let State::NotSent = part.state {
            return;
        }
        let done = part.done();
        self.fan.count(done, part.items.len() - done);
        if self.fan.settings.stop_at_failure && matches!(part.state, State::Failed(_)) {
            self.fan.stop();
        }
    }

    /// The outcome of the part that ended last.
    pub(crate) fn take(&mut self) -> Option<BatchOutcome<E>> {
        let (_, part) = self.last.take()?;
        Some(self.outcome_of(vec![part]))
    }

    /// The outcome of the items that were not sent, once.
    pub(crate) fn take_rest(&mut self) -> Option<BatchOutcome<E>> {
        let mut left = self.waiting.by_ref().peekable();
        left.peek()?;
        let left: Vec<_> = left.map(|(_, items)| Ended::not_sent(items)).collect();
        Some(self.outcome_of(left))
    }

    fn outcome_of(&self, parts: Vec<Ended<E>>) -> BatchOutcome<E> {
        let items = parts.iter().map(|part| part.items.len()).sum();
        let mut outcome = BatchOutcome::new(self.rest.clone(), items);
        parts.into_iter().for_each(|part| outcome.add(part));
        outcome
    }

    /// The progress so far.
    pub(crate) fn progress(&self) -> Progress {
        self.fan.progress()
    }

    /// Stops sending.
    pub(crate) fn stop(&self) {
        self.fan.stop();
    }
}

impl<'a, E: Batched> Steps for Running<'a, E> {
    type Outcome = BatchOutcome<E>;

    fn poll_stop(&mut self, context: &mut Context<'_>) {
        self.fan.poll_stop(context);
    }

    fn report(&mut self) {
        self.fan.report();
    }

    fn fill(&mut self) {
        while self.fan.has_room() {
            let Some((number, items)) = self.waiting.next() else {
                break;
            };
            let mut request = self.rest.clone();
            request.set_items(items);
            self.fan.begin(number, request);
        }
    }

    fn poll_ended(&mut self, context: &mut Context<'_>) -> Poll<bool> {
        if let Some(refused) = self.refused.pop_front() {
            self.last = Some(refused);
            return Poll::Ready(true);
        }
        let Some(ended) = ready!(self.fan.poll_ended(context)) else {
            return Poll::Ready(false);
        };
        let mut request = ended.request;
        let items = request.take_items();
        let state = match ended.state {
            State::Answered(reply) => {
                let mut reports = E::reports(&reply, &items);
                make_shown(&self.fan.client().transport.credentials, &mut reports);
                State::Answered(Answered { reply, reports })
            }
            State::Failed(error) => State::Failed(error),
            State::NotSent => State::NotSent,
        };
        let part = Ended {
            items,
            repeat_safe: ended.repeat_safe,
            state,
        };
        self.count(&part);
        self.last = Some((ended.number, part));
        Poll::Ready(true)
    }

    fn keep(&mut self) {
        if let Some((number, part)) = self.last.take() {
            keep_as(&mut self.kept, number, part);
        }
    }

    fn finish(mut self) -> BatchOutcome<E> {
        for (number, items) in self.waiting.by_ref() {
            keep_as(&mut self.kept, number, Ended::not_sent(items));
        }
        let parts = std::mem::take(&mut self.kept);
        // Every part that began has ended.
        self.outcome_of(parts.into_iter().flatten().collect())
    }

    /// All items fail.
    #[cfg(feature = "blocking")]
    fn fail_if(
        &mut self,
        check: impl FnOnce(Command<'static>) -> Result<(), Error>,
    ) -> Option<BatchOutcome<E>> {
        let why = check(Command::of(&self.rest)).err()?;
        let refused = std::mem::take(&mut self.refused).into_iter();
        let refused = refused.flat_map(|(_, part)| part.items);
        let waiting = self.waiting.by_ref().flat_map(|(_, items)| items);
        let part = Ended {
            items: waiting.chain(refused).collect(),
            repeat_safe: true,
            state: State::Failed(why),
        };
        Some(self.outcome_of(vec![part]))
    }
}

/// Items as the calls that carry them. Those that exceed a limit on their own are set aside before anything is sent.
fn planned<E: Batched>(rest: &E, items: Vec<E::Item>, part_size: usize) -> Vec<Planned<E::Item>> {
    let mut probe = rest.clone();
    let mut parts = chunks(items, part_size);
    // Nearly always, all are valid, and checking a whole part takes less than checking each of its items.
    let all_valid = parts.iter_mut().all(|part| {
        probe.set_items(std::mem::take(part));
        let valid = probe.validate();
        *part = probe.take_items();
        valid.is_ok()
    });
    if all_valid {
        return parts.into_iter().map(Planned::Call).collect();
    }
    let mut plan: Vec<Planned<E::Item>> = Vec::new();
    for item in parts.into_iter().flatten() {
        probe.set_items(vec![item]);
        let valid = probe.validate();
        let Some(item) = probe.take_items().pop() else {
            continue;
        };
        match (valid, plan.last_mut()) {
            (Ok(()), Some(Planned::Call(part))) if part.len() < part_size => part.push(item),
            (Ok(()), _) => plan.push(Planned::Call(vec![item])),
            (Err(violations), Some(Planned::Invalid(part, same))) if *same == violations => {
                part.push(item);
            }
            (Err(violations), _) => plan.push(Planned::Invalid(vec![item], violations)),
        }
    }
    plan
}

fn chunks<I>(items: Vec<I>, part_size: usize) -> Vec<Vec<I>> {
    let mut items = items.into_iter();
    let next = || {
        let part: Vec<I> = items.by_ref().take(part_size).collect();
        (!part.is_empty()).then_some(part)
    };
    std::iter::from_fn(next).collect()
}

/// The parts of a batch as they end. Created by [`Batch::parts`](super::Batch::parts).
///
/// Each is a [`BatchOutcome`] of its own, with one part. They come in the order in which they end. The last one has the
/// items that were not sent, if the batch was stopped.
///
/// Calls continue while nobody asks for the next part. Dropping this abandons the calls in progress.
#[must_use = "nothing is sent until the first part is asked for"]
pub struct BatchParts<'a, E: Batched> {
    running: Running<'a, E>,
}

impl<'a, E: Batched> BatchParts<'a, E> {
    pub(super) fn new(running: Running<'a, E>) -> Self {
        Self { running }
    }

    /// The next part that ends; `None` after the last. Dropping the future loses nothing.
    pub async fn next_part(&mut self) -> Option<BatchOutcome<E>> {
        if next(&mut self.running).await {
            return self.running.take();
        }
        self.running.take_rest()
    }

    /// The progress so far.
    pub fn progress(&self) -> Progress {
        self.running.progress()
    }

    /// Sends nothing more. Calls in progress are waited for, and those that wait for the quota are abandoned.
    pub fn stop(&self) {
        self.running.stop();
    }

    /// The parts as a [`Stream`].
    pub fn into_stream(self) -> impl Stream<Item = BatchOutcome<E>> + Send + 'a {
        unfold(self, |mut parts| async move {
            let part = parts.next_part().await?;
            Some((part, parts))
        })
    }
}

impl<E: Batched> fmt::Debug for BatchParts<'_, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BatchParts")
            .field("endpoint", &E::META.path)
            .field("progress", &self.progress())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use tencent_chat_types::moderation::{
        ContentToModerate, ModerateContents, ModerationContentType, ModerationScene,
    };

    fn request() -> ModerateContents {
        ModerateContents::new(ModerationScene::C2C, [])
    }

    fn item(number: usize, length: usize) -> ContentToModerate {
        let number = u64::try_from(number).unwrap();
        ContentToModerate::new(number, ModerationContentType::TEXT, "x".repeat(length))
    }

    proptest! {
        /// Items stay in order, none is lost, no part is too large, and items that are too long are set aside with
        /// their violations.
        #[test]
        fn items_that_exceed_a_limit_are_set_aside(
            long in proptest::collection::vec(any::<bool>(), 0..40),
            part_size in 1_usize..10,
        ) {
            let lengths = long.iter().map(|long| if *long { 8_193 } else { 8_192 });
            let items: Vec<_> = lengths.enumerate().map(|(number, length)| item(number, length)).collect();
            let plan = planned(&request(), items.clone(), part_size);
            let mut seen = Vec::new();
            for part in plan {
                match part {
                    Planned::Call(part) => {
                        prop_assert!((1..=part_size).contains(&part.len()));
                        prop_assert!(part.iter().all(|item| item.content.len() == 8_192));
                        seen.extend(part);
                    }
                    Planned::Invalid(part, violations) => {
                        prop_assert!(part.iter().all(|item| item.content.len() == 8_193));
                        prop_assert!(violations.to_string().contains("at most 8192 are allowed"));
                        seen.extend(part);
                    }
                }
            }
            prop_assert_eq!(seen, items);
        }
    }
}
