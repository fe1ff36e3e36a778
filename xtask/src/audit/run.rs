//! The commands: what they read, and the order of their stages.

use super::{
    baseline::baseline,
    compare::{Grade, Kind},
    draft, extract,
    facts::{Facts, Subject},
    files::files,
    page,
    pages::{Read, audit, read},
    report::Report,
    vocabulary::Vocabulary,
};
use crate::codegen::{
    diagnostic::{Diagnostic, Diagnostics},
    load::{self, Spec},
};
use std::{collections::BTreeSet, path::PathBuf, time::Instant};

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

/// Compares pages with the spec. `progress` is called for each page read, with its number and the total.
///
/// # Errors
///
/// Problems with spec, vocabulary, paths or baseline; never problems with a page.
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

/// Drafts a spec file for each command that pages are about.
///
/// # Errors
///
/// Problems with spec, vocabulary or paths, and pages without a command.
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

/// Compares one text, read as a page; for tests of properties that hold for every text.
pub fn audit_text(spec: &Spec, vocabulary: &Vocabulary, name: &str, text: &str) -> Report {
    let page = page::parse(text, vocabulary);
    let facts = extract::facts(&page, vocabulary);
    let shown = name.to_owned();
    let mut report = audit(spec, &[Read { shown, facts }], vocabulary);
    report.without_page = None;
    report
}
