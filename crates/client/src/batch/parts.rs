//! A batch in progress: the parts that wait, and those that have ended.

use super::{
    items::Items,
    outcome::{Answered, BatchOutcome, Ended, Part, Reports, make_shown},
};
#[cfg(feature = "blocking")]
use crate::Error;
use crate::{
    Client, Progress,
    call::Command,
    error::{Cause, Sent},
    fan_out::{FanOut, Settings, State, Steps, next},
    task::Place,
};
use futures_core::Stream;
use futures_util::stream::unfold;
use std::{
    collections::{BTreeMap, VecDeque},
    fmt,
    task::{Context, Poll, ready},
};
use tencent_chat_types::{
    Batched,
    validate::{Limit, Violation, Violations},
};

/// Items that each exceed the same limit on their own, by the number of their part.
type Invalid<I> = (usize, Vec<I>, Violations);

/// A batch in progress.
pub(crate) struct Running<'a, E: Batched> {
    fan: FanOut<'a, E>,
    /// The request without its items.
    rest: E,
    items: Items<E::Item>,
    /// Parts that ended without a call.
    refused: VecDeque<(usize, Ended<E>)>,
    /// The part that ended last.
    last: Option<(usize, Ended<E>)>,
    /// The earlier ones without their items, up to the first that has not ended.
    kept: Vec<Part<E::Reply>>,
    /// The number of that one.
    next: usize,
    /// Parts that ended before it, by their higher numbers.
    early: BTreeMap<usize, Ended<E>>,
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
        let (items, invalid) = plan(&request, items, part_size, settings.checked);
        let mut fan = FanOut::new(client, place, settings, total);
        let mut refused = VecDeque::new();
        for (number, invalid, violations) in invalid {
            fan.count(0, invalid.len());
            let command = Command::of(&request);
            let ended = Ended {
                items: invalid,
                repeat_safe: command.repeat_safe,
                state: State::Failed(command.error(Cause::Invalid(violations), Sent::No)),
            };
            refused.push_back((number, ended));
        }
        if fan.settings.stop_at_failure && !refused.is_empty() {
            fan.stop();
        }
        Self {
            fan,
            rest: request,
            items,
            refused,
            last: None,
            kept: Vec::new(),
            next: 0,
            early: BTreeMap::new(),
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
        let mut left = self.items.by_ref().peekable();
        left.peek()?;
        let left: Vec<_> = left.map(|(_, items)| Ended::not_sent(items)).collect();
        Some(self.outcome_of(left))
    }

    fn outcome_of(&self, parts: Vec<Ended<E>>) -> BatchOutcome<E> {
        let (mut items, mut kept) = (Vec::new(), Vec::new());
        for part in parts {
            items.extend(part.end(&mut kept));
        }
        BatchOutcome::new(self.rest.clone(), items, kept)
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
            let Some((number, items)) = self.items.next() else {
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
                let reports = Reports::of(reports, items.len());
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
        self.early.extend(self.last.take());
        while let Some(part) = self.early.remove(&self.next) {
            self.items.give_back(part.end(&mut self.kept));
            self.next += 1;
        }
    }

    fn finish(mut self) -> BatchOutcome<E> {
        let left = self.items.by_ref();
        self.early
            .extend(left.map(|(number, items)| (number, Ended::not_sent(items))));
        // Every part that began has ended.
        for part in self.early.into_values() {
            self.items.give_back(part.end(&mut self.kept));
        }
        BatchOutcome::new(self.rest, self.items.into_vec(), self.kept)
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
        let waiting = self.items.by_ref().flat_map(|(_, items)| items);
        let part = Ended {
            items: waiting.chain(refused).collect(),
            repeat_safe: true,
            state: State::Failed(why),
        };
        Some(self.outcome_of(vec![part]))
    }
}

/// Items as the calls that carry them. Those that exceed a limit on their own are set aside before anything is sent.
fn plan<E: Batched>(
    rest: &E,
    items: Vec<E::Item>,
    part_size: usize,
    checked: bool,
) -> (Items<E::Item>, Vec<Invalid<E::Item>>) {
    let mut probe = rest.clone();
    let count = items.len();
    probe.set_items(items);
    let all_valid = !checked || are_valid(&probe, count);
    let items = probe.take_items();
    if all_valid {
        return (Items::uncut(items, part_size), Vec::new());
    }
    let (mut calls, mut invalid): (Vec<(usize, Vec<_>)>, Vec<Invalid<_>>) = Default::default();
    for item in items {
        probe.set_items(vec![item]);
        let valid = probe.validate();
        let Some(item) = probe.take_items().pop() else {
            continue;
        };
        let number = calls.len() + invalid.len();
        let last = number.checked_sub(1);
        match valid {
            Ok(()) => match calls.last_mut() {
                Some((at, part)) if Some(*at) == last && part.len() < part_size => part.push(item),
                _ => calls.push((number, vec![item])),
            },
            Err(violations) => match invalid.last_mut() {
                Some((at, part, same)) if Some(*at) == last && *same == violations => {
                    part.push(item);
                }
                _ => invalid.push((number, vec![item], violations)),
            },
        }
    }
    (Items::cut(calls), invalid)
}

/// Whether each item is valid on its own, if not in the same call as all others.
fn are_valid<E: Batched>(all: &E, count: usize) -> bool {
    let only_too_many = |violation: &Violation| {
        matches!(violation.limit, Limit::MaxItems(_))
            && violation.found == count as i128
            && !violation.path.contains(['.', '['])
    };
    match all.validate() {
        Ok(()) => true,
        Err(violations) => violations.iter().all(only_too_many),
    }
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
            let (calls, invalid) = plan(&request(), items.clone(), part_size, true);
            let mut seen = BTreeMap::new();
            for (number, part) in calls {
                prop_assert!((1..=part_size).contains(&part.len()));
                prop_assert!(part.iter().all(|item| item.content.len() == 8_192));
                seen.insert(number, part);
            }
            for (number, part, violations) in invalid {
                prop_assert!(part.iter().all(|item| item.content.len() == 8_193));
                prop_assert!(violations.to_string().contains("at most 8192 are allowed"));
                seen.insert(number, part);
            }
            prop_assert!(seen.keys().copied().eq(0..seen.len()));
            let seen: Vec<_> = seen.into_values().flatten().collect();
            prop_assert_eq!(seen, items);
        }
    }
}
