//! What an audit found.

use super::{
    compare::{Grade, Kind},
    draft,
};

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
    /// The part that stays the same when the page is saved again under another name.
    pub(super) fn identity(&self) -> String {
        let about = self.command.as_deref().unwrap_or(&self.page);
        identity(about, self.kind, &self.path, &self.page_says)
    }
}

/// The part that stays the same for a finding about a command, or about a page that names none.
pub(super) fn identity(about: &str, kind: Kind, path: &str, page_says: &str) -> String {
    format!("{about} {} {path} {page_says}", kind.word())
}

/// What was found.
#[derive(Clone, Debug)]
pub struct Report {
    /// Every finding that the baseline does not list, page by page.
    pub findings: Vec<Finding>,
    /// How many pages were read.
    pub pages: usize,
    /// The number of findings in the baseline.
    pub accepted: usize,
    /// Findings of the baseline that no longer occur.
    pub stale_baseline: Vec<String>,
    /// Spec files that no page is about, if requested.
    pub without_page: Option<Vec<String>>,
    /// For each page that is about a command of the spec: file of the page, spec file, date, digest.
    pub digests: Vec<PageDigest>,
    /// Files for missing commands, if requested.
    pub stubs: Vec<draft::Draft>,
    /// How long it took.
    pub milliseconds: u128,
    /// Whether facts that only the spec has count too.
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
    /// 0: nothing is unexplained. 1: something is. 2: a page is unusable, or there is none.
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
