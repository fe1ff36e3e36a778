//! The outcome of a batch, item by item.

use crate::{
    Error,
    credentials::Credentials,
    error::{Sent, is_refusal_at_the_gate},
    fan_out::State,
};
use std::{fmt, ops::Range, time::Duration};
use tencent_chat_types::{Batched, ErrorCode, ErrorRepeat, ItemReport, text::quoted};

/// A part that has ended, or was never begun.
pub(super) struct Ended<E: Batched> {
    pub(super) items: Vec<E::Item>,
    /// Whether it is safe to repeat its request.
    pub(super) repeat_safe: bool,
    pub(super) state: State<Answered<E::Reply>>,
}

impl<E: Batched> Ended<E> {
    /// Items that nothing was sent for.
    pub(super) fn not_sent(items: Vec<E::Item>) -> Self {
        Self {
            items,
            // Nothing was run that could be run a second time.
            repeat_safe: true,
            state: State::NotSent,
        }
    }

    /// Adds it to the parts before it, and returns its items.
    pub(super) fn end(self, parts: &mut Vec<Part<E::Reply>>) -> Vec<E::Item> {
        let start = parts.last().map_or(0, |last| last.range.end);
        let end = start + self.items.len();
        match (&self.state, parts.last_mut()) {
            (State::NotSent, Some(last)) if matches!(last.state, State::NotSent) => {
                last.range.end = end;
            }
            _ => parts.push(Part {
                range: start..end,
                repeat_safe: self.repeat_safe,
                state: self.state,
            }),
        }
        self.items
    }

    /// How many items succeeded.
    pub(super) fn done(&self) -> usize {
        let State::Answered(answered) = &self.state else {
            return 0;
        };
        match &answered.reports {
            Reports::AllDone => self.items.len(),
            Reports::Each(reports) => {
                let done = |report: &&ItemReport| matches!(report, ItemReport::Done { .. });
                reports.iter().filter(done).count()
            }
        }
    }
}

/// A reply, and what it says of each item.
pub(super) struct Answered<R> {
    pub(super) reply: R,
    pub(super) reports: Reports,
}

/// What a reply says of each item.
pub(super) enum Reports {
    /// Each succeeded, and the reply has no entry for it. That takes no memory, and is the rule for replies that list
    /// failures only.
    AllDone,
    Each(Vec<ItemReport>),
}

impl Reports {
    /// The reports on so many items. An item without a report is not done.
    pub(super) fn of(reports: Vec<ItemReport>, items: usize) -> Self {
        let without_entry = |report| matches!(report, &ItemReport::Done { entry: None });
        if reports.len() == items && reports.iter().all(without_entry) {
            Self::AllDone
        } else {
            Self::Each(reports)
        }
    }

    fn at(&self, index: usize) -> Option<&ItemReport> {
        match self {
            Self::AllDone => Some(&ItemReport::Done { entry: None }),
            Self::Each(reports) => reports.get(index),
        }
    }
}

/// A part that has ended, without its items.
pub(super) struct Part<R> {
    range: Range<usize>,
    repeat_safe: bool,
    state: State<Answered<R>>,
}

/// The outcome of every item of a [`Batch`](crate::Batch), in the order of the items.
///
/// Items that occur twice have two entries.
#[must_use = "it may hold failures; `all_done()?` makes them an error"]
pub struct BatchOutcome<E: Batched> {
    /// The request without its items.
    rest: E,
    items: Vec<E::Item>,
    parts: Vec<Part<E::Reply>>,
}

impl<E: Batched> BatchOutcome<E> {
    pub(super) fn new(rest: E, items: Vec<E::Item>, parts: Vec<Part<E::Reply>>) -> Self {
        Self { rest, items, parts }
    }

    /// Number of items.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether there were no items.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Whether every item succeeded.
    pub fn is_complete(&self) -> bool {
        self.failed().next().is_none()
    }

    /// The items, in the order in which they were given.
    pub fn items(&self) -> &[E::Item] {
        &self.items
    }

    /// Each item with its outcome.
    pub fn iter(&self) -> impl Iterator<Item = (&E::Item, ItemOutcome<'_, E>)> {
        let outcomes = self
            .parts
            .iter()
            .flat_map(|part| (0..part.range.len()).map(move |index| ItemOutcome::of(part, index)));
        self.items.iter().zip(outcomes)
    }

    /// The outcome of the item at this index.
    pub fn outcome(&self, index: usize) -> Option<ItemOutcome<'_, E>> {
        let after = self.parts.partition_point(|part| part.range.end <= index);
        let part = self.parts.get(after)?;
        Some(ItemOutcome::of(part, index.checked_sub(part.range.start)?))
    }

    /// The items that succeeded, each with the entry of its reply.
    pub fn succeeded(&self) -> impl Iterator<Item = (&E::Item, Option<&E::Entry>)> {
        self.iter()
            .filter_map(|(item, outcome)| match outcome.result {
                ItemResult::Done(entry) => Some((item, entry)),
                _ => None,
            })
    }

    /// The items that failed or may have failed, each with the reason.
    pub fn failed(&self) -> impl Iterator<Item = (&E::Item, ItemOutcome<'_, E>)> {
        self.iter().filter(|(_, outcome)| !outcome.is_done())
    }

    /// The same without the reasons.
    pub fn failed_items(&self) -> impl Iterator<Item = &E::Item> {
        self.failed().map(|(item, _)| item)
    }

    /// The parts, in the order of the items: the indices of their items, and the outcome of the call. Adjacent parts
    /// that were not sent are merged.
    pub fn parts(&self) -> impl Iterator<Item = (Range<usize>, PartOutcome<'_, E>)> {
        self.parts.iter().map(|part| {
            let outcome = match &part.state {
                State::Answered(answered) => PartOutcome::Answered(&answered.reply),
                State::Failed(error) => PartOutcome::Failed(error),
                State::NotSent => PartOutcome::NotSent,
            };
            (part.range.clone(), outcome)
        })
    }

    /// The replies, for information beyond the items.
    pub fn replies(&self) -> impl Iterator<Item = &E::Reply> {
        self.parts.iter().filter_map(|part| match &part.state {
            State::Answered(answered) => Some(&answered.reply),
            _ => None,
        })
    }

    /// The errors of parts that failed as a whole.
    pub fn errors(&self) -> impl Iterator<Item = &Error> {
        self.parts.iter().filter_map(|part| match &part.state {
            State::Failed(error) => Some(error),
            _ => None,
        })
    }

    /// A request with the items that did not succeed, can succeed later and are safe to send
    /// again; `None` if there are none.
    ///
    /// It omits items that will fail until somebody changes something, and, if a repeat does
    /// the work again, those on which the service may have acted. For messages that is the case unless
    /// the request has all the numbers by which the service recognizes duplicates.
    pub fn retry_request(&self) -> Option<E> {
        let items: Vec<E::Item> = self
            .failed()
            .filter(|(_, outcome)| {
                outcome.repeat() != Some(ErrorRepeat::Never) && outcome.is_repeat_safe()
            })
            .map(|(item, _)| item.clone())
            .collect();
        if items.is_empty() {
            return None;
        }
        let mut request = self.rest.clone();
        request.set_items(items);
        Some(request)
    }

    /// Whether the batch was stopped before everything was sent.
    pub fn was_stopped(&self) -> bool {
        (self.parts.iter()).any(|part| matches!(part.state, State::NotSent))
    }

    /// Nothing if every item went well.
    ///
    /// # Errors
    ///
    /// The outcome as an error, which says how many items failed and why the first one did.
    pub fn all_done(self) -> Result<(), Incomplete<E>> {
        self.into_result().map(drop)
    }

    /// Returns this outcome if every item succeeded.
    ///
    /// # Errors
    ///
    /// The outcome as an error whose message says how many items failed and why the first one did.
    pub fn into_result(self) -> Result<Self, Incomplete<E>> {
        if self.is_complete() {
            Ok(self)
        } else {
            Err(Incomplete(Box::new(self)))
        }
    }

    /// Only the replies, in the order of the items.
    pub fn into_replies(self) -> Vec<E::Reply> {
        let replies = self.parts.into_iter().filter_map(|part| match part.state {
            State::Answered(answered) => Some(answered.reply),
            _ => None,
        });
        replies.collect()
    }
}

impl<E: Batched> fmt::Debug for BatchOutcome<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BatchOutcome")
            .field("endpoint", &E::META.path)
            .field("items", &self.items.len())
            .field("failed", &self.failed().count())
            .field("parts", &self.parts.len())
            .field("errors", &self.errors().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

/// The outcome of a part as a call.
#[derive(Debug)]
#[non_exhaustive]
pub enum PartOutcome<'a, E: Batched> {
    /// There was a reply; single items may have failed.
    Answered(&'a E::Reply),
    /// The call failed as a whole.
    Failed(&'a Error),
    /// It was not sent because the batch was stopped.
    NotSent,
}

/// The outcome of one item.
pub struct ItemOutcome<'a, E: Batched> {
    result: ItemResult<'a, E>,
    /// Whether it is safe to repeat the request that contained the item.
    repeat_safe: bool,
}

/// The result for one item.
#[non_exhaustive]
pub enum ItemResult<'a, E: Batched> {
    /// It succeeded, with the entry of its reply. There is no entry for commands that list only
    /// failures, and for reads of items about which there is nothing to report.
    Done(Option<&'a E::Entry>),
    /// The call succeeded, but this item failed.
    Failed {
        /// The entry of the reply.
        entry: Option<&'a E::Entry>,
        /// The service's error code, if the reply has one for each item.
        code: Option<ErrorCode>,
        /// The service's message, for logs: the beginning, on one line, escaped and without secrets. The
        /// full text is in the entry.
        info: Option<&'a str>,
    },
    /// The call succeeded, but its reply does not mention the item, although it should: the outcome
    /// is unknown.
    Unmentioned,
    /// The call with this item failed as a whole, or was not made because the item exceeds a documented limit
    /// ([`ErrorKind::Invalid`](crate::ErrorKind::Invalid)).
    CallFailed(&'a Error),
    /// The call with this item was not sent because the batch was stopped.
    NotSent,
}

impl<'a, E: Batched> ItemOutcome<'a, E> {
    fn of(part: &'a Part<E::Reply>, index: usize) -> Self {
        Self {
            result: ItemResult::of(part, index),
            repeat_safe: part.repeat_safe,
        }
    }

    /// The result, to match on.
    pub fn result(&self) -> ItemResult<'a, E> {
        self.result
    }

    /// Whether it succeeded.
    pub fn is_done(&self) -> bool {
        matches!(self.result, ItemResult::Done(_))
    }

    /// The entry of the reply.
    pub fn entry(&self) -> Option<&'a E::Entry> {
        match &self.result {
            ItemResult::Done(entry) | ItemResult::Failed { entry, .. } => *entry,
            _ => None,
        }
    }

    /// The service's error code: the item's own, or that of the call.
    pub fn code(&self) -> Option<ErrorCode> {
        match &self.result {
            ItemResult::Failed { code, .. } => *code,
            ItemResult::CallFailed(error) => error.code(),
            _ => None,
        }
    }

    /// The service's own words about the item, where it has any: for logs, in one line, escaped and without secrets.
    pub fn server_text(&self) -> Option<&'a str> {
        match &self.result {
            ItemResult::Failed { info, .. } => *info,
            ItemResult::CallFailed(error) => error.server_text(),
            _ => None,
        }
    }

    /// Whether the item reached the service.
    pub fn sent(&self) -> Sent {
        match &self.result {
            ItemResult::Done(_) | ItemResult::Failed { .. } | ItemResult::Unmentioned => Sent::Yes,
            ItemResult::CallFailed(error) => error.sent(),
            ItemResult::NotSent => Sent::No,
        }
    }

    /// Whether it can succeed when it is sent again, as far as is known; see [`Error::repeat`].
    pub fn repeat(&self) -> Option<ErrorRepeat> {
        match &self.result {
            ItemResult::Done(_) => Some(ErrorRepeat::Never),
            ItemResult::Failed { code, .. } => E::META.info_of((*code)?).map(|info| info.repeat),
            ItemResult::Unmentioned => None,
            ItemResult::CallFailed(error) => error.repeat(),
            ItemResult::NotSent => Some(ErrorRepeat::Later),
        }
    }

    /// How long a retry can't help; see [`Error::retry_after`].
    pub fn retry_after(&self) -> Option<Duration> {
        match &self.result {
            ItemResult::Failed { code, .. } => E::META.retry_after((*code)?),
            ItemResult::CallFailed(error) => error.retry_after(),
            _ => None,
        }
    }

    /// Whether it is safe to send it again; see [`Error::is_repeat_safe`].
    pub fn is_repeat_safe(&self) -> bool {
        self.repeat_safe || self.was_not_acted_upon()
    }

    /// Whether the service has certainly not acted on it.
    fn was_not_acted_upon(&self) -> bool {
        match &self.result {
            ItemResult::Done(_) | ItemResult::Unmentioned => false,
            ItemResult::Failed { code, .. } => {
                let info = code.and_then(|code| E::META.info_of(code));
                is_refusal_at_the_gate(info.map(|info| info.class))
            }
            ItemResult::CallFailed(error) => error.was_not_acted_upon(),
            ItemResult::NotSent => true,
        }
    }
}

impl<'a, E: Batched> ItemResult<'a, E> {
    fn of(part: &'a Part<E::Reply>, index: usize) -> Self {
        let (reports, reply) = match &part.state {
            State::Answered(answered) => (&answered.reports, &answered.reply),
            State::Failed(error) => return Self::CallFailed(error),
            State::NotSent => return Self::NotSent,
        };
        let entry_at = |entry: &Option<usize>| entry.and_then(|at| E::entries(reply).get(at));
        match reports.at(index) {
            Some(ItemReport::Done { entry }) => Self::Done(entry_at(entry)),
            Some(ItemReport::Failed { entry, code, info }) => Self::Failed {
                entry: entry_at(entry),
                code: *code,
                info: info.as_deref(),
            },
            // Includes variants of later versions of the types crate.
            _ => Self::Unmentioned,
        }
    }
}

// Derived implementations would require more of `E` than its parts need.
impl<E: Batched> Clone for ItemOutcome<'_, E> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<E: Batched> Copy for ItemOutcome<'_, E> {}

impl<E: Batched> Clone for ItemResult<'_, E> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<E: Batched> Copy for ItemResult<'_, E> {}

impl<E: Batched> fmt::Debug for ItemOutcome<'_, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.result, f)
    }
}

impl<E: Batched> fmt::Display for ItemOutcome<'_, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.result, f)
    }
}

impl<E: Batched> fmt::Debug for ItemResult<'_, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Done(_) => f.write_str("Done"),
            Self::Failed { code, info, .. } => f
                .debug_struct("Failed")
                .field("code", code)
                .field("info", &info.map(quoted))
                .finish_non_exhaustive(),
            Self::Unmentioned => f.write_str("Unmentioned"),
            Self::CallFailed(error) => f.debug_tuple("CallFailed").field(error).finish(),
            Self::NotSent => f.write_str("NotSent"),
        }
    }
}

impl<E: Batched> fmt::Display for ItemResult<'_, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Done(_) => f.write_str("done"),
            Self::Failed { code, info, .. } => {
                f.write_str("failed")?;
                if let Some(code) = code.filter(|code| !code.is_ok()) {
                    write!(f, " with {code}")?;
                    if let Some(meaning) = E::META.meaning_of(code) {
                        write!(f, ": {}", meaning.trim_end_matches('.'))?;
                    }
                }
                match info {
                    Some(info) => write!(f, " (server: {})", quoted(info)),
                    None => Ok(()),
                }
            }
            Self::Unmentioned => f.write_str("not mentioned in the reply"),
            Self::CallFailed(error) => error.fmt(f),
            Self::NotSent => f.write_str("not sent: the batch was stopped"),
        }
    }
}

/// A batch in which not every item succeeded.
pub struct Incomplete<E: Batched>(Box<BatchOutcome<E>>);

impl<E: Batched> Incomplete<E> {
    /// The outcome of every item.
    pub fn outcome(&self) -> &BatchOutcome<E> {
        &self.0
    }

    /// The same, by value.
    pub fn into_outcome(self) -> BatchOutcome<E> {
        *self.0
    }
}

impl<E: Batched> fmt::Display for Incomplete<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (path, all) = (E::META.path, self.0.len());
        let mut failed = self.0.failed();
        let Some((_, first)) = failed.next() else {
            return write!(f, "{path}: all {all} items succeeded");
        };
        let more = failed.count();
        write!(
            f,
            "{path}: {} of {all} items failed; the first: {first}",
            more + 1
        )
    }
}

impl<E: Batched> fmt::Debug for Incomplete<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Incomplete").field(&self.0).finish()
    }
}

impl<E: Batched> std::error::Error for Incomplete<E> {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        let error = self.0.errors().next()?;
        Some(error)
    }
}

/// Makes the service's messages about items safe for errors and logs.
pub(crate) fn make_shown(credentials: &Credentials, reports: &mut [ItemReport]) {
    let infos = reports.iter_mut().filter_map(|report| match report {
        ItemReport::Failed { info, .. } => info.as_mut(),
        _ => None,
    });
    let mut infos = infos.peekable();
    if infos.peek().is_some()
        && let Some(signed) = credentials.latest()
    {
        let redactor = credentials.redactor(&signed);
        infos.for_each(|info| *info = redactor.shown(info));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_are_left_out_only_if_each_item_has_one_and_none_has_an_entry() {
        let done = |entry| ItemReport::Done { entry };
        let of = |reports: &[ItemReport]| Reports::of(reports.to_vec(), 2);
        assert!(matches!(of(&[done(None), done(None)]), Reports::AllDone));
        for reports in [
            &[][..],
            &[done(None)],
            &[done(None), done(Some(0))],
            &[done(None), ItemReport::Unmentioned],
        ] {
            let kept = of(reports);
            assert!(matches!(&kept, Reports::Each(kept) if kept == reports));
            assert_eq!(kept.at(0), reports.first());
        }
    }
}
