//! Measures how much the audit notices: it removes facts from a copy of the spec, one at a time, and audits the
//! pages that state them again. Whether a page states a fact is determined from its raw text, not by the
//! audit's own reader.

use super::{
    compare::{Grade, Kind},
    facts::Subject,
    files::files,
    page,
    pages::{Read, audit, read},
    report::Finding,
    resolve::{Node, Resolved},
    vocabulary::{Class, Vocabulary},
};
use crate::codegen::{
    diagnostic::Diagnostics,
    load::{self, Spec},
    spec::{Field, Ordered},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    path::{Path, PathBuf},
};

/// Facts of one kind: how many pages state, and how many are missed when the spec lacks them.
#[derive(Clone, Debug, Default)]
pub struct Count {
    /// Facts that a page states.
    pub stated: usize,
    /// Facts whose absence or opposite is not noticed.
    pub missed: Vec<String>,
}

impl Count {
    fn add(&mut self, found: bool, what: impl FnOnce() -> String) {
        self.stated += 1;
        if !found {
            self.missed.push(what());
        }
    }

    /// Noticed facts in percent of the stated ones; 100 where none is stated.
    pub fn percent(&self) -> f64 {
        if self.stated == 0 {
            return 100.0;
        }
        #[allow(clippy::cast_precision_loss, reason = "a few thousand")]
        let share = (self.stated - self.missed.len()) as f64 / self.stated as f64;
        share * 100.0
    }
}

/// The outcome.
#[derive(Clone, Debug, Default)]
pub struct Recall {
    /// Fields of commands, webhooks and shared types.
    pub fields: Count,
    /// Quotas.
    pub quotas: Count,
    /// Codes of commands.
    pub codes: Count,
    /// Hosts of regions.
    pub hosts: Count,
    /// Types of fields, replaced by another.
    pub types: Count,
    /// Whether a field of a request must be sent, inverted.
    pub required: Count,
    /// Unexplained findings with the whole spec.
    pub noise: usize,
    /// Pages.
    pub pages: usize,
}

impl Recall {
    /// Results below what the project promises.
    pub fn shortfalls(&self) -> Vec<String> {
        [
            ("fields", &self.fields, 95.0),
            ("quotas", &self.quotas, 100.0),
            ("codes", &self.codes, 100.0),
            ("hosts", &self.hosts, 100.0),
            ("types", &self.types, 95.0),
            ("required", &self.required, 95.0),
        ]
        .into_iter()
        .filter(|(_, count, least)| count.percent() < *least)
        .map(|(name, count, least)| {
            format!(
                "{name}: {:.1} %, at least {least} % is promised",
                count.percent()
            )
        })
        .collect()
    }

    fn counts(&self) -> [(&'static str, &Count); 6] {
        [
            ("fields", &self.fields),
            ("quotas", &self.quotas),
            ("codes", &self.codes),
            ("hosts", &self.hosts),
            ("types", &self.types),
            ("required", &self.required),
        ]
    }

    /// Every missed fact, one per line.
    pub fn missed(&self) -> impl Iterator<Item = String> + '_ {
        let counts = self.counts().into_iter();
        counts.flat_map(|(name, count)| {
            count
                .missed
                .iter()
                .map(move |missed| format!("{name}: {missed}"))
        })
    }
}

impl fmt::Display for Recall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} pages, {} unexplained with the whole spec",
            self.pages, self.noise
        )?;
        for (name, count) in self.counts() {
            let noticed = count.stated - count.missed.len();
            writeln!(
                f,
                "{name:9} {noticed:5} of {:5} noticed  {:5.1} %",
                count.stated,
                count.percent()
            )?;
        }
        Ok(())
    }
}

/// Measures over a folder of pages.
///
/// # Errors
///
/// What is wrong with spec, vocabulary or folder.
pub fn measure(spec_dir: &Path, paths: &[PathBuf]) -> Result<Recall, Diagnostics> {
    let vocabulary = Vocabulary::load(spec_dir, spec_dir)?;
    let spec = load::load(spec_dir)?;
    let files = files(paths)?;
    let reads = read(&files, &vocabulary, |_, _| {});
    let texts = files.iter().map(|file| {
        page::read(file, &vocabulary)
            .map(|page| page.source)
            .unwrap_or_default()
    });
    let mut by_command: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    let mut pages: Vec<(Read, String)> = Vec::new();
    for (read, text) in reads.into_iter().zip(texts) {
        let name = match &read.facts.subject {
            Subject::Command(name) | Subject::Either(name, _) | Subject::Webhook(name) => {
                Some(name.clone())
            }
            _ => None,
        };
        if let Some(name) = name {
            by_command.entry(name).or_default().push(pages.len());
        }
        pages.push((read, text));
    }
    let mut recall = Recall {
        pages: pages.len(),
        ..Recall::default()
    };
    let mut measure = Measure {
        spec,
        vocabulary,
        pages,
        by_command,
    };
    recall.noise = measure.unexplained(None).len();
    measure.commands(&mut recall);
    measure.webhooks(&mut recall);
    measure.shared(&mut recall);
    measure.hosts(&mut recall);
    Ok(recall)
}

struct Measure {
    spec: Spec,
    vocabulary: Vocabulary,
    pages: Vec<(Read, String)>,
    by_command: BTreeMap<String, Vec<usize>>,
}

/// Whether a text has a name as a word.
fn names(text: &str, name: &str) -> bool {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.match_indices(name)
        .any(|(at, _)| !text[..at].ends_with(word) && !text[at + name.len()..].starts_with(word))
}

/// The cells of a name's rows in raw Markdown: type, and the cell behind it.
fn raw_cells<'t>(text: &'t str, name: &str) -> Vec<Vec<&'t str>> {
    let rows = text.lines().filter_map(|line| {
        let cells: Vec<&str> = line
            .trim_start_matches(['>', ' '])
            .trim_matches('|')
            .split('|')
            .map(str::trim)
            .collect();
        (cells.len() >= 3 && cells[0].trim_matches('`') == name).then_some(cells)
    });
    rows.collect()
}

impl Measure {
    fn unexplained(&self, pages: Option<&[usize]>) -> Vec<Finding> {
        let all: Vec<usize> = (0..self.pages.len()).collect();
        let pages = pages.unwrap_or(&all);
        let reads: Vec<&Read> = pages.iter().map(|at| &self.pages[*at].0).collect();
        let mut report = audit(&self.spec, reads, &self.vocabulary);
        report
            .findings
            .retain(|finding| finding.grade == Grade::Unexplained);
        report.findings
    }

    /// Whether there is any finding on the type of a field, explained or not, with the whole spec.
    fn differs(&self, pages: &[usize], leaf: &str) -> bool {
        let reads: Vec<&Read> = pages.iter().map(|at| &self.pages[*at].0).collect();
        let report = audit(&self.spec, reads, &self.vocabulary);
        report.findings.iter().any(|finding| {
            finding.kind == Kind::Type
                && finding.grade != Grade::ObsoleteErratum
                && finding.path.rsplit('.').next() == Some(leaf)
        })
    }

    fn stating(&self, pages: &[usize], name: &str) -> bool {
        pages.iter().any(|at| names(&self.pages[*at].1, name))
    }

    /// Findings of a kind, and how many there were before, tell whether a change is noticed.
    fn notices(&self, pages: &[usize], before: &[Finding], kinds: &[Kind], leaf: &str) -> bool {
        let known = |finding: &Finding| {
            before.iter().any(|old| {
                old.kind == finding.kind && old.path == finding.path && old.page == finding.page
            })
        };
        self.unexplained(Some(pages)).iter().any(|finding| {
            let last = finding.path.rsplit('.').next().unwrap_or_default();
            kinds.contains(&finding.kind) && (leaf.is_empty() || last == leaf) && !known(finding)
        })
    }

    /// Removes each field of a table, changes its type, and inverts whether it is required.
    fn table(
        &mut self,
        recall: &mut Recall,
        pages: &[usize],
        place: &str,
        sent: bool,
        get: &dyn Fn(&mut Spec) -> &mut Ordered<Field>,
    ) {
        let before = self.unexplained(Some(pages));
        for at in 0..get(&mut self.spec).0.len() {
            let (name, field) = get(&mut self.spec).0[at].clone();
            if !self.stating(pages, &name) {
                continue;
            }
            let what = |note: &str| format!("{place}.{}{note}", name.value);
            get(&mut self.spec).0.remove(at);
            let found = self.notices(pages, &before, &[Kind::FieldLacking], &name);
            recall.fields.add(found, || what(""));
            get(&mut self.spec)
                .0
                .insert(at, (name.clone(), field.clone()));

            let rows: Vec<Vec<&str>> = pages
                .iter()
                .flat_map(|page| raw_cells(&self.pages[*page].1, &name))
                .collect();
            let classes: BTreeSet<Class> = (rows.iter())
                .filter_map(|row| self.vocabulary.classes(row[1]))
                .flatten()
                .collect();
            // Where the page contradicts itself it states no type.
            if classes.len() == 1 && !self.differs(pages, &name) {
                let other = if classes.contains(&Class::String) {
                    "u64"
                } else {
                    "string"
                };
                if other == field.ty.value {
                    continue;
                }
                let mut changed = field.clone();
                other.clone_into(&mut changed.ty.value);
                get(&mut self.spec).0[at].1 = changed;
                let found = self.notices(pages, &before, &[Kind::Type], &name);
                recall
                    .types
                    .add(found, || what(&format!(": {} as {other}", field.ty.value)));
                get(&mut self.spec).0[at].1 = field.clone();
            }
            let says: Vec<Option<bool>> = (rows.iter())
                .filter_map(|row| self.vocabulary.required(row.get(2)?))
                .collect();
            // Only what the page states literally and as the spec has it.
            if sent && says.len() == 1 && says[0] == Some(field.required) {
                get(&mut self.spec).0[at].1.required = !field.required;
                let found = self.notices(pages, &before, &[Kind::Required], &name);
                recall
                    .required
                    .add(found, || what(&format!(": required = {}", !field.required)));
                get(&mut self.spec).0[at].1 = field.clone();
            }
        }
    }

    fn commands(&mut self, recall: &mut Recall) {
        for index in 0..self.spec.endpoints.len() {
            let path = self.spec.endpoints[index].file.path.value.clone();
            let Some(pages) = self.by_command.get(&path).cloned() else {
                continue;
            };
            let types = self.spec.endpoints[index].file.types.0.len();
            self.table(recall, &pages, &format!("{path} request"), true, &|spec| {
                &mut spec.endpoints[index].file.request
            });
            self.table(recall, &pages, &format!("{path} reply"), false, &|spec| {
                &mut spec.endpoints[index].file.reply
            });
            for at in 0..types {
                let name = self.spec.endpoints[index].file.types.0[at].0.value.clone();
                self.table(
                    recall,
                    &pages,
                    &format!("{path} {name}"),
                    false,
                    &move |spec| &mut spec.endpoints[index].file.types.0[at].1.fields,
                );
            }
            let before = self.unexplained(Some(&pages));
            let quotas = std::mem::take(&mut self.spec.endpoints[index].file.quota);
            if !quotas.all().is_empty() {
                let stated = pages
                    .iter()
                    .any(|page| !self.pages[*page].0.facts.quotas.is_empty())
                    || self.stating(&pages, "per second")
                    || pages
                        .iter()
                        .any(|page| self.pages[*page].1.contains("次/秒"));
                if stated {
                    let found = self.notices(&pages, &before, &[Kind::Quota], "");
                    recall.quotas.add(found, || path.clone());
                }
                self.spec.endpoints[index].file.quota = quotas;
            }
            for at in 0..self.spec.endpoints[index].file.errors.len() {
                let code = self.spec.endpoints[index].file.errors.remove(at);
                if self.stating(&pages, &code.value.to_string()) {
                    let found = self.notices(
                        &pages,
                        &before,
                        &[Kind::CodeLacking],
                        &code.value.to_string(),
                    );
                    recall.codes.add(found, || format!("{path} {}", code.value));
                }
                self.spec.endpoints[index].file.errors.insert(at, code);
            }
        }
    }

    fn webhooks(&mut self, recall: &mut Recall) {
        fn event(spec: &mut Spec, at: usize) -> Option<&mut crate::codegen::spec::WebhookFile> {
            Some(&mut spec.webhooks.as_mut()?.events.get_mut(at)?.file)
        }
        let count = self
            .spec
            .webhooks
            .as_ref()
            .map_or(0, |webhooks| webhooks.events.len());
        for index in 0..count {
            let Some(file) = event(&mut self.spec, index) else {
                continue;
            };
            let (name, types) = (file.command.value.clone(), file.types.0.len());
            let Some(pages) = self.by_command.get(&name).cloned() else {
                continue;
            };
            // The index is that of a webhook that is there.
            macro_rules! table {
                ($place:expr, $file:ident => $fields:expr) => {
                    self.table(recall, &pages, &$place, false, &move |spec: &mut Spec| {
                        let Some(webhooks) = spec.webhooks.as_mut() else {
                            return &mut spec.protocol.file.reply;
                        };
                        let $file = &mut webhooks.events[index].file;
                        $fields
                    })
                };
            }
            table!(format!("{name} event"), file => &mut file.event);
            table!(format!("{name} answer"), file => &mut file.reply);
            for at in 0..types {
                table!(format!("{name} type {at}"), file => &mut file.types.0[at].1.fields);
            }
        }
    }

    /// Shared types are on the pages of every command that uses them, except for the variants of a union.
    fn shared(&mut self, recall: &mut Recall) {
        let users = self.users();
        for file in 0..self.spec.shared.len() {
            for at in 0..self.spec.shared[file].file.types.0.len() {
                let name = self.spec.shared[file].file.types.0[at].0.value.clone();
                if let Some(pages) = users.get(&name) {
                    self.table(recall, pages, &name, false, &move |spec| {
                        &mut spec.shared[file].file.types.0[at].1.fields
                    });
                }
            }
        }
    }

    /// Pages whose command uses a type.
    fn users(&self) -> BTreeMap<String, Vec<usize>> {
        fn owners<'s>(nodes: &[Node<'s>], found: &mut BTreeSet<&'s str>) {
            for node in nodes {
                found.extend(node.owner.filter(|_| !node.variant));
                owners(&node.children, found);
            }
        }
        let mut users: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        let resolved = Resolved::of(&self.spec);
        for (command, pages) in &self.by_command {
            let Some(expected) = resolved.commands.get(command.as_str()) else {
                continue;
            };
            let mut found = BTreeSet::new();
            expected
                .bodies
                .values()
                .for_each(|nodes| owners(nodes, &mut found));
            for name in found {
                users.entry(name.to_owned()).or_default().extend(pages);
            }
        }
        users
    }

    fn hosts(&mut self, recall: &mut Recall) {
        let all: Vec<usize> = (0..self.pages.len()).collect();
        for at in 0..self.spec.regions.file.regions.len() {
            let region = self.spec.regions.file.regions.remove(at);
            let pages: Vec<usize> = (all.iter().copied())
                .filter(|page| names(&self.pages[*page].1, &region.host))
                .collect();
            for page in pages {
                let found = self.unexplained(Some(&[page])).iter().any(|finding| {
                    finding.kind == Kind::HostLacking && finding.path == region.host.value
                });
                recall.hosts.add(found, || {
                    format!("{} on {}", region.host.value, self.pages[page].0.shown)
                });
            }
            self.spec.regions.file.regions.insert(at, region);
        }
    }
}
