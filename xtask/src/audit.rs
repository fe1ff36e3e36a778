//! `cargo xtask audit`: the vendor's pages against the spec. One stage, one file.
//!
//! 1. [`page`]: a saved page, in any format, becomes blocks
//! 2. [`facts`]: blocks become facts, with [`sample`] for bodies and [`quota`] for quotas
//! 3. [`resolve`]: the spec becomes facts of the same kind
//! 4. [`compare`]: facts against facts
//! 5. [`judge`]: errata settle differences
//! 6. [`print`]: the report
//!
//! Which words pages use is data: `spec/audit/vocabulary.toml`, read by [`vocabulary`].

pub mod compare;
pub mod digest;
pub mod draft;
pub mod facts;
pub mod judge;
pub mod page;
mod print;
pub mod quota;
pub mod recall;
pub mod resolve;
pub mod sample;
pub mod vocabulary;

pub use compare::{Grade, Kind};

use crate::codegen::{
    diagnostic::{Diagnostic, Diagnostics},
    load::{self, Spec},
};
use facts::{Facts, Subject};
use resolve::Resolved;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    time::Instant,
};
pub use vocabulary::{Vocabulary, VocabularyFile};

/// What to do.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The spec folder.
    pub spec: PathBuf,
    /// Folder of a spec whose vocabulary is used where `spec` has none.
    pub fallback: PathBuf,
    /// Pages and folders of pages.
    pub pages: Vec<PathBuf>,
    /// Whether what only the spec has counts too.
    pub strict: bool,
    /// File of findings that are accepted.
    pub baseline: Option<PathBuf>,
    /// Whether spec files without a page are listed.
    pub coverage: bool,
    /// Whether lacking commands are drafted.
    pub stub: bool,
}

/// A finding, as `--json` prints it.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Finding {
    /// File of the page.
    pub page: String,
    /// Its address, where the file names it.
    pub address: Option<String>,
    /// The vendor's date of the page.
    pub updated: Option<String>,
    /// Command or webhook that the page is about.
    pub command: Option<String>,
    /// Spec file of the command.
    pub spec_file: Option<String>,
    /// What it is about.
    pub kind: Kind,
    /// Field, code or host.
    pub path: String,
    /// What the page says.
    pub page_says: String,
    /// What the spec says.
    pub spec_says: String,
    /// How much it matters.
    pub grade: Grade,
    /// The erratum that settles it: its file and place.
    pub erratum: Option<String>,
    /// Line of the page; 0 where there is none.
    pub line: usize,
}

impl Finding {
    /// What stays the same when the page is saved again under another name.
    fn identity(&self) -> String {
        let command = self.command.as_deref().unwrap_or(&self.page);
        format!(
            "{command} {} {} {}",
            self.kind.word(),
            self.path,
            self.page_says
        )
    }
}

/// What was found.
#[derive(Clone, Debug)]
pub struct Report {
    /// Every finding that the baseline does not list, page by page.
    pub findings: Vec<Finding>,
    /// How many pages were read.
    pub pages: usize,
    /// How many findings the baseline lists.
    pub accepted: usize,
    /// What the baseline lists and is no longer found.
    pub stale_baseline: Vec<String>,
    /// Spec files that no page is about, where they were asked for.
    pub without_page: Option<Vec<String>>,
    /// For each page that is about a command of the spec: file of the page, spec file, date, digest.
    pub digests: Vec<PageDigest>,
    /// Files for lacking commands, where they were asked for.
    pub stubs: Vec<draft::Draft>,
    /// How long it took.
    pub milliseconds: u128,
    /// Whether what only the spec has counts too.
    pub strict: bool,
}

/// What a spec file's `page` may be given.
#[derive(Clone, Debug, serde::Serialize)]
pub struct PageDigest {
    /// File of the page.
    pub page: String,
    /// Spec file of its command.
    pub spec_file: String,
    /// The vendor's date of the page.
    pub updated: Option<String>,
    /// Digest of the page.
    pub digest: String,
}

impl Report {
    /// 0: nothing unexplained. 1: something is. 2: a page is unusable, or there is none.
    pub fn exit_code(&self) -> u8 {
        let has = |grade: Grade| self.findings.iter().any(|finding| finding.grade == grade);
        if self.pages == 0 || has(Grade::Unusable) {
            2
        } else if has(Grade::Unexplained) || self.strict && has(Grade::SpecOnly) {
            1
        } else {
            0
        }
    }
}

/// Compares pages with the spec. `progress` hears of each page that was read: how many of how many.
///
/// # Errors
///
/// What is wrong with spec, vocabulary, paths or baseline; never what is wrong with a page.
pub fn run(options: &Options, progress: impl FnMut(usize, usize)) -> Result<Report, Diagnostics> {
    let start = Instant::now();
    let vocabulary = Vocabulary::load(&options.spec, &options.fallback)?;
    let spec = load::load(&options.spec)?;
    let baseline = match &options.baseline {
        Some(path) => baseline(path)?,
        None => BTreeSet::new(),
    };
    let files = files(&options.pages)?;
    let pages = read(&files, &vocabulary, progress);
    let mut report = audit(&spec, &pages, &vocabulary);
    report.strict = options.strict;
    if !options.coverage {
        report.without_page = None;
    }
    if options.stub {
        let lacking: BTreeSet<&str> = (report.findings.iter())
            .filter(|finding| {
                finding.kind == Kind::CommandLacking && finding.grade == Grade::Unexplained
            })
            .map(|finding| finding.page_says.as_str())
            .collect();
        let facts: Vec<&Facts> = pages.iter().map(|page| &page.facts).collect();
        report.stubs = draft::drafts(&spec, &vocabulary, &facts, |name| lacking.contains(name));
    }
    if !baseline.is_empty() {
        let mut found = BTreeSet::new();
        report.findings.retain(|finding| {
            let identity = finding.identity();
            let known = baseline.contains(&identity) && finding.grade != Grade::Unusable;
            if known {
                found.insert(identity);
            }
            report.accepted += usize::from(known);
            !known
        });
        report.stale_baseline = baseline.difference(&found).cloned().collect();
    }
    report.milliseconds = start.elapsed().as_millis();
    Ok(report)
}

/// A page with its facts.
#[derive(Debug)]
struct Read {
    /// For people.
    shown: String,
    facts: Facts,
}

fn read(
    files: &[PathBuf],
    vocabulary: &Vocabulary,
    mut progress: impl FnMut(usize, usize),
) -> Vec<Read> {
    let mut pages = Vec::new();
    for (at, file) in files.iter().enumerate() {
        let shown = file.display().to_string();
        let facts = match page::read(file, vocabulary) {
            Ok(page) => facts::facts(&page, vocabulary),
            Err(error) => {
                let mut facts = facts::facts(&page::parse("", vocabulary), vocabulary);
                facts.subject = Subject::Nothing(format!("the file {error}"));
                facts
            }
        };
        pages.push(Read { shown, facts });
        progress(at + 1, files.len());
    }
    pages
}

/// Drafts a spec file for each command that pages are about.
///
/// # Errors
///
/// What is wrong with spec, vocabulary or paths, and pages without a command.
pub fn draft_files(options: &Options) -> Result<Vec<draft::Draft>, Diagnostics> {
    let vocabulary = Vocabulary::load(&options.spec, &options.fallback)?;
    let spec = load::load(&options.spec)?;
    let pages = read(&files(&options.pages)?, &vocabulary, |_, _| {});
    let mut errors = Diagnostics::default();
    for page in &pages {
        if let Subject::Nothing(why) = &page.facts.subject {
            errors.push(
                Diagnostic::of_file(page.shown.clone(), why.clone())
                    .expected("the page of a command or webhook"),
            );
        }
    }
    let facts: Vec<&Facts> = pages.iter().map(|page| &page.facts).collect();
    errors.into_result(draft::drafts(&spec, &vocabulary, &facts, |_| true))
}

/// Writes date and digest of each page into the spec file of its command, where the date fits what the file holds.
/// Of several pages about one command the newest counts; where two differ and neither is newer, none does.
/// Gives the files that were changed.
///
/// # Errors
///
/// A file that cannot be read or written.
pub fn accept(options: &Options, report: &Report) -> Result<Vec<String>, String> {
    let mut of_file: BTreeMap<&str, Vec<&PageDigest>> = BTreeMap::new();
    for digest in &report.digests {
        of_file.entry(&digest.spec_file).or_default().push(digest);
    }
    let mut changed = Vec::new();
    for (file, mut digests) in of_file {
        let newest = digests
            .iter()
            .filter_map(|digest| digest.updated.as_deref())
            .max();
        let newest = newest.map(ToOwned::to_owned);
        digests.retain(|digest| digest.updated == newest);
        let Some((digest, others)) = digests.split_first() else {
            continue;
        };
        if others.iter().any(|other| other.digest != digest.digest) {
            continue;
        }
        let path = options.spec.join(file.trim_start_matches("spec/"));
        let text =
            fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        if let Some(text) = with_digest(&text, digest) {
            fs::write(&path, text).map_err(|error| format!("{}: {error}", path.display()))?;
            changed.push(file.to_owned());
        }
    }
    Ok(changed)
}

/// The text of a spec file whose `page` has this digest, if that changes anything. A page of another date than the
/// file's is another text, and says nothing of the one that was compared.
fn with_digest(text: &str, digest: &PageDigest) -> Option<String> {
    let start = text.find("\npage = {")? + 1;
    let line = text[start..].lines().next()?;
    let inner = line
        .strip_prefix("page = {")?
        .trim_end()
        .strip_suffix('}')?;
    let held = line
        .find("updated = ")
        .and_then(|at| line.get(at + 10..at + 20));
    if let (Some(held), Some(updated)) = (held, &digest.updated)
        && held != updated
    {
        return None;
    }
    let without = match inner.find(", digest = \"") {
        Some(at) => {
            let end = at + 12 + inner[at + 12..].find('"')? + 1;
            format!("{}{}", &inner[..at], &inner[end..])
        }
        None => inner.to_owned(),
    };
    let updated = match (&digest.updated, held) {
        (Some(updated), None) => format!(", updated = {updated}"),
        _ => String::new(),
    };
    let line_new = format!(
        "page = {{{}{updated}, digest = \"{}\" }}",
        without.trim_end(),
        digest.digest
    );
    (line_new != line).then(|| {
        format!(
            "{}{line_new}{}",
            &text[..start],
            &text[start + line.len()..]
        )
    })
}

/// Compares one text that was read as a page; for tests of what holds for every text.
pub fn audit_text(spec: &Spec, vocabulary: &Vocabulary, name: &str, text: &str) -> Report {
    let page = page::parse(text, vocabulary);
    let facts = facts::facts(&page, vocabulary);
    let shown = name.to_owned();
    let mut report = audit(spec, &[Read { shown, facts }], vocabulary);
    report.without_page = None;
    report
}

fn audit<'p>(
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
    // What another page of this run still says is not obsolete.
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

/// The address of a request decides what a page is about. Where the parameter table names another command, and the
/// rest of the page is all about that one, the address is what was copied from elsewhere.
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

/// The files of all paths; folders are walked, what is hidden is left out.
fn files(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Diagnostics> {
    let mut errors = Diagnostics::default();
    let mut files = Vec::new();
    for path in paths {
        if path.is_dir() {
            let before = files.len();
            walk(path, &mut files, 0, &mut errors);
            if files.len() == before {
                let message = "the folder holds no page";
                errors.push(Diagnostic::of_file(path.display().to_string(), message));
            }
        } else if path.exists() {
            files.push(path.clone());
        } else {
            let message = "there is no such file or folder";
            errors.push(Diagnostic::of_file(path.display().to_string(), message));
        }
    }
    errors.into_result(files)
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>, depth: usize, errors: &mut Diagnostics) {
    /// What browsers and people keep beside pages.
    const OTHER: &[&str] = &[
        "css", "js", "png", "jpg", "jpeg", "gif", "svg", "ico", "woff", "woff2", "ttf", "json",
        "jsonl", "toml", "map", "webp",
    ];
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) => {
            let message = format!("the folder cannot be read: {error}");
            errors.push(Diagnostic::of_file(folder.display().to_string(), message));
            return;
        }
    };
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let ending = path
            .extension()
            .unwrap_or_default()
            .to_string_lossy()
            .to_lowercase();
        if name.starts_with('.') || name.ends_with("_files") {
            continue;
        }
        if path.is_dir() {
            if depth < 32 {
                walk(&path, files, depth + 1, errors);
            }
        } else if !OTHER.contains(&ending.as_str()) {
            files.push(path);
        }
    }
}

/// Findings that are accepted: lines as `--json` prints them.
fn baseline(path: &Path) -> Result<BTreeSet<String>, Diagnostics> {
    #[derive(serde::Deserialize)]
    struct Line {
        page: String,
        command: Option<String>,
        kind: Kind,
        path: String,
        page_says: String,
    }
    let shown = path.display().to_string();
    let mut errors = Diagnostics::default();
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) => {
            errors.push(Diagnostic::of_file(
                shown,
                format!("the file cannot be read: {error}"),
            ));
            return Err(errors);
        }
    };
    let mut known = BTreeSet::new();
    for (at, line) in text
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty())
    {
        match serde_json::from_str::<Line>(line) {
            Ok(line) => {
                let command = line.command.unwrap_or(line.page);
                known.insert(format!(
                    "{command} {} {} {}",
                    line.kind.word(),
                    line.path,
                    line.page_says
                ));
            }
            Err(error) => {
                let message = format!("line {} is not a finding: {error}", at + 1);
                errors.push(
                    Diagnostic::of_file(shown.clone(), message)
                        .expected("lines as `cargo xtask audit --json` prints them"),
                );
            }
        }
    }
    errors.into_result(known)
}
