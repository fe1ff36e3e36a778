//! Runs every page through the stages: what it says, how that differs, what is explained.

use super::{
    compare::{self, Grade},
    extract,
    facts::{Facts, Subject},
    judge, page,
    report::{Finding, PageDigest, Report},
    resolve::{self, Resolved},
    vocabulary::Vocabulary,
};
use crate::codegen::load::Spec;
use std::{collections::BTreeSet, path::PathBuf};

/// A page with its facts.
#[derive(Debug)]
pub(super) struct Read {
    /// For people.
    pub(super) shown: String,
    pub(super) facts: Facts,
}

/// Reads files as pages; an unreadable file is a page about nothing.
pub(super) fn read(
    files: &[PathBuf],
    vocabulary: &Vocabulary,
    mut progress: impl FnMut(usize, usize),
) -> Vec<Read> {
    let mut pages = Vec::new();
    for (at, file) in files.iter().enumerate() {
        let shown = file.display().to_string();
        let facts = match page::read(file, vocabulary) {
            Ok(page) => extract::facts(&page, vocabulary),
            Err(error) => {
                let mut facts = extract::facts(&page::parse("", vocabulary), vocabulary);
                facts.subject = Subject::Nothing(format!("the file {error}"));
                facts
            }
        };
        pages.push(Read { shown, facts });
        progress(at + 1, files.len());
    }
    pages
}

/// Compares pages with the spec.
pub(super) fn audit<'p>(
    spec: &Spec,
    pages: impl IntoIterator<Item = &'p Read>,
    vocabulary: &Vocabulary,
) -> Report {
    let resolved = Resolved::of(spec);
    let mut findings = Vec::new();
    let mut used = judge::Used::new();
    let mut obsolete = Vec::new();
    let mut digests = Vec::new();
    let mut seen = BTreeSet::new();
    let mut count = 0;
    for page in pages {
        count += 1;
        let chosen;
        let facts = match &page.facts.subject {
            Subject::Either(first, second) => {
                chosen = choose(&page.facts, first, second, &resolved, vocabulary);
                &chosen
            }
            _ => &page.facts,
        };
        let command = match &facts.subject {
            Subject::Command(name) | Subject::Webhook(name) => Some(name.clone()),
            _ => None,
        };
        let expected = command
            .as_ref()
            .and_then(|name| resolved.commands.get(name.as_str()));
        let mut outcome = compare::compare(facts, &resolved, vocabulary);
        let general;
        let errata = match expected {
            Some(expected) => &expected.errata[..],
            None => {
                general = resolved.general_errata();
                &general[..]
            }
        };
        let finding = |difference: compare::Difference, held: Option<resolve::Held<'_>>| Finding {
            page: page.shown.clone(),
            address: facts.address.clone(),
            updated: facts.updated.clone(),
            command: command.clone(),
            spec_file: expected.map(|expected| expected.file.to_owned()),
            kind: difference.kind,
            path: difference.path,
            page_says: difference.page_says,
            spec_says: difference.spec_says,
            grade: difference.grade,
            erratum: held.map(|held| format!("{}: {}", held.file, held.erratum.place)),
            line: difference.line,
        };
        for (difference, held) in judge::explain(&mut outcome, errata, &mut used) {
            findings.push(finding(difference, held));
        }
        if let Some(expected) = expected {
            seen.insert(expected.command);
            for (difference, held, key) in judge::obsolete(&outcome, expected) {
                obsolete.push((key, finding(difference, Some(held))));
            }
            digests.push(PageDigest {
                page: page.shown.clone(),
                spec_file: expected.file.to_owned(),
                updated: facts.updated.clone(),
                digest: facts.digest.to_string(),
            });
        }
    }
    // Something that another page of this run still says is not obsolete.
    findings.extend(
        obsolete
            .into_iter()
            .filter(|(key, _)| !used.contains(key))
            .map(|(_, finding)| finding),
    );
    let without = (resolved.commands.values())
        .filter(|expected| !seen.contains(expected.command))
        .map(|expected| expected.file.to_owned())
        .collect();
    Report {
        findings,
        pages: count,
        accepted: 0,
        stale_baseline: Vec::new(),
        without_page: Some(without),
        digests,
        stubs: Vec::new(),
        milliseconds: 0,
        strict: false,
    }
}

/// The address of a request decides what a page is about. If the parameter table names another command and the
/// rest of the page is about that one, the address was copied from elsewhere.
fn choose(
    facts: &Facts,
    address: &str,
    other: &str,
    resolved: &Resolved<'_>,
    vocabulary: &Vocabulary,
) -> Facts {
    let of = |name: &str| {
        let mut facts = facts.clone();
        facts.subject = Subject::Command(name.to_owned());
        let outcome = compare::compare(&facts, resolved, vocabulary);
        let unexplained = outcome
            .differences
            .iter()
            .filter(|difference| difference.grade == Grade::Unexplained);
        (unexplained.count(), facts)
    };
    let (by_address, by_other) = (of(address), of(other));
    if by_other.0 == 0 && by_address.0 >= 3 {
        let mut facts = by_other.1;
        for contradiction in &mut facts.contradictions {
            if contradiction.says == other {
                "address of the request".clone_into(&mut contradiction.place);
                address.clone_into(&mut contradiction.says);
                other.clone_into(&mut contradiction.against);
            }
        }
        facts
    } else {
        by_address.1
    }
}
