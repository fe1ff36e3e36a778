//! The shared means with which every module reports mistakes.

use crate::codegen::{
    diagnostic::{Diagnostic, Diagnostics},
    load::{Source, Spec},
    spec::At,
};
use std::collections::{BTreeMap, BTreeSet};

/// The spec under check, and the mistakes found so far.
pub(super) struct Rules<'a> {
    pub(super) spec: &'a Spec,
    pub(super) errors: Diagnostics,
    /// Shared types in use.
    pub(super) used: BTreeSet<String>,
    /// Rows with an invalid type, which is not reported again at each of their fields.
    pub(super) faulty_rows: BTreeSet<String>,
}

impl<'a> Rules<'a> {
    pub(super) fn new(spec: &'a Spec) -> Self {
        Self {
            spec,
            errors: Diagnostics::default(),
            used: BTreeSet::new(),
            faulty_rows: BTreeSet::new(),
        }
    }

    pub(super) fn push(&mut self, diagnostic: Diagnostic) {
        self.errors.push(diagnostic);
    }

    pub(super) fn at<T>(
        &mut self,
        source: &Source,
        at: &At<T>,
        message: impl Into<String>,
        expected: &str,
    ) {
        self.push(Diagnostic::new(source, at.span.clone(), message).expected(expected));
    }

    /// Reports the second of two things with the same key.
    pub(super) fn unique<K: Ord>(
        &mut self,
        seen: &mut BTreeMap<K, String>,
        key: K,
        source: &Source,
        at: &At<impl Sized>,
        what: &str,
    ) {
        match seen.get(&key) {
            Some(first) => {
                let message = format!("{what} is taken: {first} has it");
                self.at(source, at, message, "each only once");
            }
            None => {
                seen.insert(key, source.place(at.span.start));
            }
        }
    }
}

/// `one of A, B`, or a note that there is nothing to choose from.
pub(super) fn one_of(names: &[&str]) -> String {
    if names.is_empty() {
        "nothing: there are no fields".to_owned()
    } else {
        format!("one of {}", names.join(", "))
    }
}
