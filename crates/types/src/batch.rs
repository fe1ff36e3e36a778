//! Building blocks of generated [`Batched`](crate::Batched) implementations.
#![allow(dead_code, reason = "which of these are needed depends on the spec")]

use crate::{ErrorCode, ItemReport, wire::Flag};
use std::collections::HashMap;

/// A part of the key of an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum KeyPart<'a> {
    /// Absent or empty: the service's replies don't distinguish the two.
    Nothing,
    Text(&'a str),
    Number(i128),
}

/// A field as a part of a key.
pub(crate) fn key_part<T: AsKeyPart + ?Sized>(field: &T) -> KeyPart<'_> {
    field.as_key_part()
}

/// Types that keys consist of.
pub(crate) trait AsKeyPart {
    fn as_key_part(&self) -> KeyPart<'_>;
}

impl AsKeyPart for str {
    fn as_key_part(&self) -> KeyPart<'_> {
        match self {
            "" => KeyPart::Nothing,
            text => KeyPart::Text(text),
        }
    }
}

impl AsKeyPart for String {
    fn as_key_part(&self) -> KeyPart<'_> {
        self.as_str().as_key_part()
    }
}

macro_rules! numbers {
    ($($ty:ty),*) => { $(
        impl AsKeyPart for $ty {
            fn as_key_part(&self) -> KeyPart<'_> {
                KeyPart::Number(i128::from(*self))
            }
        }
    )* };
}
numbers!(u32, u64, i32, i64);

impl<T: AsKeyPart> AsKeyPart for Option<T> {
    fn as_key_part(&self) -> KeyPart<'_> {
        self.as_ref()
            .map_or(KeyPart::Nothing, AsKeyPart::as_key_part)
    }
}

/// How an entry of a reply says whether its item succeeded.
pub(crate) enum Verdict {
    Done,
    Failed(Option<ErrorCode>),
}

/// By a code, where zero means success.
pub(crate) fn by_code(code: impl AsCode) -> Verdict {
    match code.as_code() {
        code if code.is_ok() => Verdict::Done,
        code => Verdict::Failed(Some(code)),
    }
}

/// By a field that has a certain value if the item failed.
pub(crate) fn by_value(field: impl AsSmallNumber, failed: i64) -> Verdict {
    if field.as_small_number() == i128::from(failed) {
        Verdict::Failed(None)
    } else {
        Verdict::Done
    }
}

/// A field that holds a code.
pub(crate) trait AsCode {
    fn as_code(&self) -> ErrorCode;
}

impl AsCode for ErrorCode {
    fn as_code(&self) -> ErrorCode {
        *self
    }
}

impl AsCode for i64 {
    fn as_code(&self) -> ErrorCode {
        ErrorCode(*self)
    }
}

impl<T: AsCode> AsCode for Option<T> {
    fn as_code(&self) -> ErrorCode {
        self.as_ref().map_or(ErrorCode::OK, AsCode::as_code)
    }
}

/// A field that holds a number or a Boolean.
pub(crate) trait AsSmallNumber {
    fn as_small_number(&self) -> i128;
}

macro_rules! small_numbers {
    ($($ty:ty),*) => { $(
        impl AsSmallNumber for $ty {
            fn as_small_number(&self) -> i128 {
                i128::from(*self)
            }
        }
    )* };
}
small_numbers!(bool, u32, u64, i32, i64);

impl AsSmallNumber for Flag {
    fn as_small_number(&self) -> i128 {
        i128::from(self.0)
    }
}

/// The service's message, unless there is none.
pub(crate) fn words<'a>(text: impl Into<Option<&'a String>>) -> Option<&'a str> {
    let text: Option<&String> = text.into();
    text.map(String::as_str).filter(|text| !text.is_empty())
}

/// What it means if a reply does not list an item.
#[derive(Clone, Copy)]
pub(crate) enum Unlisted {
    /// The item succeeded: the reply lists failures, or what was found.
    Done,
    /// The item failed: the reply lists successes.
    Failed,
    /// The reply should have listed it.
    Unclear,
}

impl Unlisted {
    fn report(self) -> ItemReport {
        match self {
            Self::Done => ItemReport::Done { entry: None },
            Self::Failed => ItemReport::Failed {
                entry: None,
                code: None,
                info: None,
            },
            Self::Unclear => ItemReport::Unmentioned,
        }
    }
}

/// The entries of a reply, by key.
pub(crate) struct Listed<'a, const PARTS: usize> {
    unlisted: Unlisted,
    results: Rows<'a, PARTS>,
    failures: Rows<'a, PARTS>,
}

impl<'a, const PARTS: usize> Listed<'a, PARTS> {
    pub(crate) fn new(unlisted: Unlisted) -> Self {
        Self {
            unlisted,
            results: Rows::default(),
            failures: Rows::default(),
        }
    }

    /// Adds the next entry of the list of results.
    pub(crate) fn result(
        &mut self,
        key: [KeyPart<'a>; PARTS],
        verdict: Verdict,
        info: Option<&'a str>,
    ) {
        self.results.push(key, verdict, info);
    }

    /// Adds the next entry of the list of failures.
    pub(crate) fn failure(&mut self, key: [KeyPart<'a>; PARTS], code: Option<ErrorCode>) {
        self.failures.push(key, Verdict::Failed(code), None);
    }

    /// The outcome of each item.
    pub(crate) fn reports(
        mut self,
        items: impl Iterator<Item = [KeyPart<'a>; PARTS]>,
    ) -> Vec<ItemReport> {
        if self.results.rows.is_empty() && self.failures.rows.is_empty() {
            // Nearly always so if the reply lists failures only.
            return items.map(|_| self.unlisted.report()).collect();
        }
        items.map(|key| self.report(key)).collect()
    }

    fn report(&mut self, key: [KeyPart<'a>; PARTS]) -> ItemReport {
        let failure = self.failures.take(key).map(|index| self.failures.at(index));
        let result = self.results.take(key);
        let own = result.map(|index| self.results.at(index));
        match (own, failure) {
            // Its own entry has more information than the list of failures.
            (Some((Verdict::Failed(code), info)), failure) => ItemReport::Failed {
                entry: result,
                code: code.or_else(|| failure.and_then(code_of)),
                info: info.map(str::to_owned),
            },
            (_, Some(failure)) => ItemReport::Failed {
                entry: result,
                code: code_of(failure),
                info: None,
            },
            (Some((Verdict::Done, _)), None) => ItemReport::Done { entry: result },
            (None, None) => self.unlisted.report(),
        }
    }
}

fn code_of((verdict, _): (&Verdict, Option<&str>)) -> Option<ErrorCode> {
    match verdict {
        Verdict::Failed(code) => *code,
        Verdict::Done => None,
    }
}

/// The entries of one list. Entries with the same key form a chain, since an item may occur
/// twice: each occurrence gets its own entry until there are none left, and then the last one.
struct Rows<'a, const PARTS: usize> {
    rows: Vec<Row<'a>>,
    /// The entry for the next occurrence of a key, and the last one.
    by_key: HashMap<[KeyPart<'a>; PARTS], (usize, usize)>,
}

struct Row<'a> {
    verdict: Verdict,
    info: Option<&'a str>,
    next: Option<usize>,
}

impl<const PARTS: usize> Default for Rows<'_, PARTS> {
    fn default() -> Self {
        Self {
            rows: Vec::new(),
            by_key: HashMap::new(),
        }
    }
}

impl<'a, const PARTS: usize> Rows<'a, PARTS> {
    fn push(&mut self, key: [KeyPart<'a>; PARTS], verdict: Verdict, info: Option<&'a str>) {
        let index = self.rows.len();
        let next = None;
        self.rows.push(Row {
            verdict,
            info,
            next,
        });
        let (_, last) = self.by_key.entry(key).or_insert((index, index));
        if *last != index {
            // The index comes from this list.
            if let Some(row) = self.rows.get_mut(*last) {
                row.next = Some(index);
            }
            *last = index;
        }
    }

    fn take(&mut self, key: [KeyPart<'a>; PARTS]) -> Option<usize> {
        let (head, _) = self.by_key.get_mut(&key)?;
        let taken = *head;
        if let Some(next) = self.rows[taken].next {
            *head = next;
        }
        Some(taken)
    }

    fn at(&self, index: usize) -> (&Verdict, Option<&'a str>) {
        let row = &self.rows[index];
        (&row.verdict, row.info)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn done(entry: usize) -> ItemReport {
        ItemReport::Done { entry: Some(entry) }
    }

    fn failed(entry: Option<usize>, code: Option<i64>) -> ItemReport {
        ItemReport::Failed {
            entry,
            code: code.map(ErrorCode),
            info: None,
        }
    }

    fn items<'a>(names: &'a [&'a str]) -> impl Iterator<Item = [KeyPart<'a>; 1]> {
        names.iter().map(|name| [KeyPart::Text(name)])
    }

    #[test]
    fn each_occurrence_gets_its_own_entry_until_none_are_left() {
        let mut listed = Listed::new(Unlisted::Unclear);
        for (name, code) in [("a", 0), ("b", 0), ("a", 7)] {
            listed.result([KeyPart::Text(name)], by_code(ErrorCode(code)), None);
        }
        assert_eq!(
            listed.reports(items(&["b", "a", "a", "a", "c"])),
            [
                done(1),
                done(0),
                failed(Some(2), Some(7)),
                failed(Some(2), Some(7)),
                ItemReport::Unmentioned,
            ]
        );
    }

    #[test]
    fn a_list_of_failures_overrides_an_entry_without_a_result() {
        let mut listed = Listed::new(Unlisted::Unclear);
        listed.result([KeyPart::Text("a")], by_code(ErrorCode::OK), None);
        listed.result([KeyPart::Text("b")], by_code(ErrorCode(5)), Some("no"));
        listed.failure([KeyPart::Text("a")], None);
        listed.failure([KeyPart::Text("b")], None);
        listed.failure([KeyPart::Text("c")], Some(ErrorCode(9)));
        let reports = listed.reports(items(&["a", "b", "c"]));
        assert_eq!(reports[0], failed(Some(0), None));
        assert_eq!(reports[2], failed(None, Some(9)));
        let told = ItemReport::Failed {
            entry: Some(1),
            code: Some(ErrorCode(5)),
            info: Some("no".to_owned()),
        };
        assert_eq!(reports[1], told);
    }

    #[test]
    fn what_is_not_listed() {
        for (unlisted, report) in [
            (Unlisted::Done, ItemReport::Done { entry: None }),
            (Unlisted::Failed, failed(None, None)),
            (Unlisted::Unclear, ItemReport::Unmentioned),
        ] {
            let listed: Listed<'_, 1> = Listed::new(unlisted);
            assert_eq!(listed.reports(items(&["a"])), [report]);
        }
    }

    #[test]
    fn absent_and_empty_are_one_key() {
        assert_eq!(key_part(&None::<String>), key_part(&String::new()));
        assert_eq!(key_part(&7_u32), key_part(&Some(7_i64)));
        assert_ne!(key_part(&0_u64), key_part(&None::<u64>));
    }
}
