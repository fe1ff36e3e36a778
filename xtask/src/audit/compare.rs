//! Compares facts of a page with facts of the spec. Each difference is a [`Difference`];
//! [`judge`](super::judge) decides what it means.

use super::{
    digest::Change,
    facts::{Body, Facts, Row, Side, Subject},
    quota::Quota,
    resolve::{Expected, Node, Resolved, service},
    sample::{self, Sample},
    vocabulary::{Class, Vocabulary, fits, squeeze},
};
use std::collections::{BTreeMap, BTreeSet};

/// What a finding is about.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A command or webhook.
    CommandLacking,
    /// A field.
    FieldLacking,
    /// Type of a field.
    Type,
    /// Whether a field must be there.
    Required,
    /// Largest value or length.
    Limit,
    /// Named value.
    EnumValue,
    /// An error code.
    CodeLacking,
    /// What a code means.
    CodeMeaning,
    /// How often a command may be called.
    Quota,
    /// A host.
    HostLacking,
    /// A sample.
    Sample,
    /// The page as a whole.
    Page,
}

/// How much a finding matters.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Grade {
    /// Page and spec differ without an explanation.
    Unexplained,
    /// An erratum settles it.
    Explained,
    /// The page contradicts itself, and the spec agrees with its more reliable half.
    PageInternal,
    /// The spec has something that a complete page lacks, or a page has changed.
    SpecOnly,
    /// An erratum settles something that the page no longer says.
    ObsoleteErratum,
    /// The page belongs to another product.
    OtherService,
    /// The page cannot be compared.
    Unusable,
}

/// A difference.
#[derive(Clone, Debug)]
pub struct Difference {
    /// What it is about.
    pub kind: Kind,
    /// Field, code or host.
    pub path: String,
    /// What the page says.
    pub page_says: String,
    /// What the spec says.
    pub spec_says: String,
    /// Its severity before errata are considered.
    pub grade: Grade,
    /// Line of the page.
    pub line: usize,
    /// Types whose errata may settle it.
    pub owners: Vec<String>,
    /// Whether table, sample and spec all differ; no erratum can have foreseen that.
    pub threefold: bool,
}

impl Difference {
    fn new(kind: Kind, path: impl Into<String>, grade: Grade, line: usize) -> Self {
        Self {
            kind,
            path: path.into(),
            page_says: String::new(),
            spec_says: String::new(),
            grade,
            line,
            owners: Vec::new(),
            threefold: false,
        }
    }

    fn says(mut self, page: impl Into<String>, spec: impl Into<String>) -> Self {
        self.page_says = page.into();
        self.spec_says = spec.into();
        self
    }
}

/// What a page states about a field: its path, and whether the page agrees about its type or whether it is
/// required. Errata about facts on which page and spec agree are obsolete.
pub type Agreed = BTreeSet<(String, Kind)>;

/// The outcome for one page.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// What differs.
    pub differences: Vec<Difference>,
    /// What is stated and agrees.
    pub agreed: Agreed,
}

/// Compares a page with the spec.
pub fn compare(facts: &Facts, resolved: &Resolved<'_>, vocabulary: &Vocabulary) -> Outcome {
    let mut outcome = Outcome::default();
    let out = &mut outcome.differences;
    match &facts.subject {
        Subject::Nothing(why) => {
            out.push(Difference::new(Kind::Page, "page", Grade::Unusable, 0).says(why, ""));
            return outcome;
        }
        Subject::Command(name) | Subject::Either(name, _) | Subject::Webhook(name) => {
            match resolved.commands.get(name.as_str()) {
                Some(expected) => {
                    let mut comparison = Comparison {
                        facts,
                        expected,
                        vocabulary,
                        outcome: Outcome::default(),
                    };
                    comparison.run();
                    outcome = comparison.outcome;
                }
                None => lacking(name, 0, resolved, vocabulary, out),
            }
        }
        Subject::Index(names) => {
            for (name, line) in names {
                if !resolved.commands.contains_key(name.as_str()) {
                    lacking(name, *line, resolved, vocabulary, out);
                }
            }
        }
        Subject::ErrorCodes => error_page(facts, resolved, out),
        Subject::Document(_) => {
            for expected in &resolved.unions {
                let mut facts = facts.clone();
                let body = facts.bodies.entry(Side::Request).or_default();
                body.samples.append(&mut facts.loose);
                let tags = expected.bodies.get(&Side::Request).into_iter().flatten();
                let tags: Vec<&str> = tags.map(|node| node.name).collect();
                body.samples
                    .retain(|sample| tags.iter().all(|tag| sample.has_root(tag)));
                if body.samples.is_empty() {
                    continue;
                }
                let mut comparison = Comparison {
                    facts: &facts,
                    expected,
                    vocabulary,
                    outcome: Outcome::default(),
                };
                comparison.body(Side::Request);
                // The page may contain tables of other shared types as well.
                let differences = &mut comparison.outcome.differences;
                differences.retain(|difference| {
                    let leaf = difference.path.rsplit('.').next().unwrap_or_default();
                    difference.kind != Kind::FieldLacking
                        || difference.grade == Grade::SpecOnly
                        || difference.page_says.ends_with("in a sample")
                        || !resolved.is_shared_field(leaf)
                });
                for difference in differences.iter_mut() {
                    // The page does not show to which variant the table of a row belongs.
                    if difference.kind == Kind::FieldLacking {
                        let leaf = difference
                            .path
                            .rsplit('.')
                            .next()
                            .unwrap_or_default()
                            .to_owned();
                        let nodes = expected.bodies.values().flatten();
                        let types = nodes.flat_map(|node| &node.types);
                        difference
                            .owners
                            .extend(types.map(|owner| format!("{owner}.{leaf}")));
                    }
                }
                outcome
                    .differences
                    .append(&mut comparison.outcome.differences);
            }
        }
    }
    let out = &mut outcome.differences;
    if out
        .iter()
        .any(|difference| difference.grade == Grade::OtherService)
    {
        return outcome;
    }
    for (host, line) in &facts.hosts {
        if !resolved.hosts.contains(&host.as_str()) {
            let difference = Difference::new(Kind::HostLacking, host, Grade::Unexplained, *line);
            out.push(difference.says(host, "no region has it"));
        }
    }
    for contradiction in &facts.contradictions {
        let difference = Difference::new(
            Kind::Page,
            "command",
            Grade::PageInternal,
            contradiction.line,
        );
        let says = format!("{}: {}", contradiction.place, contradiction.says);
        out.push(difference.says(says, &contradiction.against));
    }
    for line in &facts.dropped {
        let difference = Difference::new(Kind::Page, "table", Grade::PageInternal, *line);
        out.push(difference.says("fewer cells than headers in every row", ""));
    }
    outcome
}

fn lacking(
    name: &str,
    line: usize,
    resolved: &Resolved<'_>,
    vocabulary: &Vocabulary,
    out: &mut Vec<Difference>,
) {
    let part = service(name);
    let webhooks = &vocabulary.file.commands.neighbour_webhooks;
    let neighbour = if name.contains('/') {
        vocabulary.is_neighbour(part)
    } else {
        webhooks.iter().any(|known| known.value == part)
    };
    let known = resolved.knows_service(name);
    let (kind, grade, spec) = if neighbour && !known {
        (Kind::Page, Grade::OtherService, "another product's")
    } else if known {
        (
            Kind::CommandLacking,
            Grade::Unexplained,
            "nothing; the service is known",
        )
    } else {
        (
            Kind::CommandLacking,
            Grade::Unexplained,
            "nothing; not even the service is known",
        )
    };
    out.push(Difference::new(kind, "command", grade, line).says(name, spec));
}

/// The page of all error codes.
fn error_page(facts: &Facts, resolved: &Resolved<'_>, out: &mut Vec<Difference>) {
    let file = &resolved.spec.errors.file;
    let entries = |code: i64| {
        file.codes
            .iter()
            .filter(|entry| entry.code.value == code)
            .count()
    };
    let in_range = |code: i64| {
        file.ranges
            .iter()
            .any(|range| range.from.value <= code && code <= range.to)
    };
    let mut listed: BTreeMap<i64, Vec<&super::facts::Code>> = BTreeMap::new();
    for code in &facts.codes {
        let (from, to) = code.range;
        if from != to {
            let known =
                (file.ranges.iter()).any(|range| range.from.value <= from && to <= range.to);
            let single =
                to - from < 64 && (from..=to).all(|code| entries(code) > 0 || in_range(code));
            if !known && !single {
                let path = format!("{from}-{to}");
                let difference =
                    Difference::new(Kind::CodeLacking, path, Grade::Unexplained, code.line);
                out.push(difference.says(first_line(&code.text), "no such range"));
            }
            continue;
        }
        listed.entry(from).or_default().push(code);
        if entries(from) == 0 && !in_range(from) {
            let difference = Difference::new(
                Kind::CodeLacking,
                from.to_string(),
                Grade::Unexplained,
                code.line,
            );
            out.push(difference.says(first_line(&code.text), "no such code"));
        }
    }
    for (code, places) in &listed {
        let first = places[0];
        let other = places[1..].iter().find(|place| {
            let (one, two) = (squeeze(&first.text), squeeze(&place.text));
            strsim::normalized_levenshtein(&one, &two) < 0.5 && place.heading != first.heading
        });
        if let Some(other) = other
            && entries(*code) < 2
        {
            let difference = Difference::new(
                Kind::CodeMeaning,
                code.to_string(),
                Grade::Unexplained,
                other.line,
            );
            let page = format!(
                "{}; elsewhere: {}",
                first_line(&first.text),
                first_line(&other.text)
            );
            out.push(difference.says(page, "one meaning for all services"));
        }
    }
    // Only codes within the page's own span: codes that only pages of commands list are nothing new.
    if facts.whole {
        for entry in &file.codes {
            let code = entry.code.value;
            let covered = facts
                .codes
                .iter()
                .any(|c| c.range.0 <= code && code <= c.range.1);
            if !covered {
                let difference =
                    Difference::new(Kind::CodeLacking, code.to_string(), Grade::SpecOnly, 0);
                out.push(difference.says("nothing", entry.name.value.as_str()));
            }
        }
    }
}

fn first_line(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    let cut: String = line.chars().take(90).collect();
    if cut.len() < line.len() {
        format!("{cut}…")
    } else {
        cut
    }
}

/// Everything that a page states about one field.
#[derive(Default)]
struct Stated {
    table: Vec<(Vec<Class>, String, usize)>,
    samples: BTreeMap<Class, usize>,
    required: Vec<(Option<bool>, usize)>,
    conditional: bool,
    omitted: Option<usize>,
    values: Vec<(String, usize)>,
    texts: Vec<(String, usize)>,
}

struct Comparison<'a> {
    facts: &'a Facts,
    expected: &'a Expected<'a>,
    vocabulary: &'a Vocabulary,
    outcome: Outcome,
}

impl Comparison<'_> {
    fn push(&mut self, difference: Difference) {
        let known = (self.outcome.differences.iter()).any(|have| {
            have.kind == difference.kind
                && have.path == difference.path
                && have.grade == difference.grade
        });
        if !known {
            self.outcome.differences.push(difference);
        }
    }

    fn run(&mut self) {
        self.digest();
        self.quotas();
        self.codes();
        let bodies: Vec<Side> = self.expected.bodies.keys().copied().collect();
        for side in bodies {
            self.body(side);
        }
    }

    /// Whether the page is known to be older than the source of the spec.
    fn is_older(&self) -> bool {
        match (&self.facts.updated, &self.expected.page.updated) {
            (Some(page), Some(held)) => page.as_str() < held.value.0.as_str(),
            _ => false,
        }
    }

    fn digest(&mut self) {
        let Some(held) = &self.expected.page.digest else {
            return;
        };
        if self.is_older() {
            return;
        }
        let what = match self.facts.digest.change_since(held) {
            Change::None => return,
            Change::Prose => "its sentences have changed, not its facts",
            Change::Facts => "its facts have changed",
        };
        let difference = Difference::new(Kind::Page, "page.digest", Grade::SpecOnly, 0);
        self.push(difference.says(
            format!("{}: {what}", self.facts.digest),
            held.value.as_str(),
        ));
    }

    fn quotas(&mut self) {
        let list = |quotas: &[Quota]| {
            let all: Vec<String> = quotas.iter().map(Quota::to_string).collect();
            all.join(", ")
        };
        let expected = &self.expected.quotas;
        let mut windows: BTreeMap<u64, Vec<(Quota, usize)>> = BTreeMap::new();
        for (quota, line) in &self.facts.quotas {
            windows
                .entry(quota.seconds)
                .or_default()
                .push((*quota, *line));
        }
        let stated = !windows.is_empty();
        for quotas in windows.into_values() {
            if quotas.iter().any(|(quota, _)| expected.contains(quota)) {
                continue;
            }
            let page: Vec<Quota> = quotas.iter().map(|(quota, _)| *quota).collect();
            let spec = if expected.is_empty() {
                "none".to_owned()
            } else {
                list(expected)
            };
            let difference = Difference::new(Kind::Quota, "quota", Grade::Unexplained, quotas[0].1);
            self.outcome
                .differences
                .push(difference.says(list(&page), spec));
        }
        if !stated && !expected.is_empty() && self.facts.whole {
            let difference = Difference::new(Kind::Quota, "quota", Grade::SpecOnly, 0);
            let spec = list(expected);
            self.push(difference.says("nothing", spec));
        }
    }

    fn codes(&mut self) {
        if self.expected.webhook {
            return;
        }
        let held = &self.expected.codes;
        for code in &self.facts.codes {
            let (from, to) = code.range;
            let known = held.iter().any(|code| (from..=to).contains(code));
            if !known {
                let path = if from == to {
                    from.to_string()
                } else {
                    format!("{from}-{to}")
                };
                let difference =
                    Difference::new(Kind::CodeLacking, path, Grade::Unexplained, code.line);
                self.push(difference.says(first_line(&code.text), "not listed"));
            }
        }
        if self.facts.whole && !self.facts.codes.is_empty() && !self.is_older() {
            for code in held {
                if !self
                    .facts
                    .codes
                    .iter()
                    .any(|listed| (listed.range.0..=listed.range.1).contains(code))
                {
                    let difference =
                        Difference::new(Kind::CodeLacking, code.to_string(), Grade::SpecOnly, 0);
                    self.push(difference.says("nothing", "listed"));
                }
            }
        }
    }

    fn body(&mut self, side: Side) {
        let expected = self.expected;
        let Some(roots) = expected.bodies.get(&side) else {
            return;
        };
        let empty = Body::default();
        let facts = self.facts;
        let body = facts.bodies.get(&side).unwrap_or(&empty);
        let mut stated: BTreeMap<String, Stated> = BTreeMap::new();
        let mut lacking: BTreeMap<String, Difference> = BTreeMap::new();
        for sample in &body.samples {
            self.sample(side, sample, roots, &mut stated, &mut lacking);
        }
        self.rows(side, body, roots, &mut stated, &mut lacking);
        for (_, difference) in lacking {
            self.push(difference);
        }
        let mut nodes = Vec::new();
        flatten(roots, &mut nodes);
        for node in &nodes {
            if let Some(stated) = stated.get(&node.path) {
                self.field(side, node, stated);
            }
        }
        if facts.whole && !self.is_older() && !(body.rows.is_empty() && body.samples.is_empty()) {
            self.spec_only(roots, &stated);
        }
    }

    fn word(&self, side: Side) -> &str {
        match (self.expected.word, side) {
            (Some(word), _) => word,
            (None, Side::Reply) if self.expected.webhook => "answer",
            _ => side.word(),
        }
    }

    fn spec_only(&mut self, nodes: &[Node<'_>], stated: &BTreeMap<String, Stated>) {
        for node in nodes {
            if node.common || node.variant {
                continue;
            }
            if !stated.contains_key(&node.path) {
                let mut difference =
                    Difference::new(Kind::FieldLacking, &node.path, Grade::SpecOnly, 0);
                difference
                    .owners
                    .extend(node.owner.map(|owner| format!("{owner}.{}", node.name)));
                self.push(difference.says("nothing", node.ty.clone()));
                continue;
            }
            // Bodies of messages have a page of their own.
            let union = node.children.iter().any(|child| child.field.is_none());
            if !union {
                self.spec_only(&node.children, stated);
            }
        }
    }

    /// Walks a sample: keys that the spec lacks, and keys that contradict it.
    fn sample(
        &mut self,
        side: Side,
        sample: &Sample,
        roots: &[Node<'_>],
        stated: &mut BTreeMap<String, Stated>,
        lacking: &mut BTreeMap<String, Difference>,
    ) {
        for key in &sample.keys {
            let names: Vec<&str> = key
                .path
                .iter()
                .map(|name| name.trim_end_matches("[]"))
                .collect();
            match find(roots, &names) {
                Found::Node(node) => {
                    let entry = stated.entry(node.path.clone()).or_default();
                    if let Some(class) = key.class {
                        entry.samples.entry(class).or_insert(key.line);
                        if matches!(class, Class::String | Class::Integer) {
                            entry.values.push((key.value.clone(), key.line));
                        }
                    }
                }
                Found::Free => {}
                Found::Nothing { parent } => {
                    let leaf = names.last().copied().unwrap_or_default();
                    // Within broken brackets a path says nothing, but a name still does.
                    if sample.damaged && any(roots, leaf) || !is_plain(leaf) {
                        continue;
                    }
                    // A path with an unknown beginning is reported together with that beginning.
                    let path = format!("{}.{}", self.word(side), key.path.join("."));
                    let class = key.class.map_or("null", Class::word);
                    let difference = lack(path.clone(), parent, leaf, key.line)
                        .says(format!("{class}, in a sample"), "no such field");
                    lacking.entry(path).or_insert(difference);
                }
            }
        }
        if sample.damaged || failed(sample) {
            return;
        }
        for object in &sample.objects {
            if object.open || object.keys.is_empty() {
                continue;
            }
            let names: Vec<&str> = object
                .path
                .iter()
                .map(|name| name.trim_end_matches("[]"))
                .collect();
            let children = if names.is_empty() {
                roots
            } else {
                match find(roots, &names) {
                    Found::Node(node) => &node.children,
                    _ => continue,
                }
            };
            for child in children {
                if !child.variant && !child.common && !object.keys.contains(child.name) {
                    let entry = stated.entry(child.path.clone());
                    // A field that the page never names is not stated by its absence.
                    entry.or_default().omitted.get_or_insert(object.line);
                }
            }
        }
    }

    /// Finds the place of each row in a flat table.
    fn rows(
        &mut self,
        side: Side,
        body: &Body,
        roots: &[Node<'_>],
        stated: &mut BTreeMap<String, Stated>,
        lacking: &mut BTreeMap<String, Difference>,
    ) {
        let mut nodes = Vec::new();
        flatten(roots, &mut nodes);
        let mut used: BTreeSet<&str> = BTreeSet::new();
        // Containers that rows have opened, innermost last.
        let mut open: Vec<Vec<String>> = Vec::new();
        let mut table = usize::MAX;
        for row in &body.rows {
            if row.table != table {
                table = row.table;
                open.clear();
            }
            let hint = row.hint.as_ref().filter(|hint| !row.names.contains(hint));
            let place = if let Some(hint) = hint {
                nodes
                    .iter()
                    .find(|node| node.name == hint.as_str())
                    .map(|node| node.names.iter().map(|name| (*name).to_owned()).collect())
            } else {
                open.last().cloned()
            };
            let Some(leaf) = row.names.last() else {
                continue;
            };
            let fitting: Vec<&&Node<'_>> = (nodes.iter())
                .filter(|node| {
                    let names = &node.names;
                    let skip = names.len().checked_sub(row.names.len());
                    skip.is_some_and(|skip| {
                        names[skip..].iter().zip(&row.names).all(|(a, b)| a == b)
                    })
                })
                .collect();
            let rank = |node: &Node<'_>| {
                let parent = &node.names[..node.names.len() - 1];
                let inside = place.as_ref().is_some_and(|place| {
                    place.len() == parent.len() && place.iter().zip(parent).all(|(a, b)| a == b)
                });
                let above = place.as_ref().is_none_or(|place| {
                    place.len() >= parent.len() && place.iter().zip(parent).all(|(a, b)| a == b)
                });
                let is_used = used.contains(node.path.as_str());
                (
                    is_used && !(hint.is_some() && inside),
                    !inside,
                    !above,
                    node.names.len(),
                )
            };
            let best = fitting.into_iter().min_by_key(|node| rank(node));
            let Some(node) = best else {
                self.row_lacking(side, row, body, &nodes, place.as_deref(), lacking);
                continue;
            };
            let parent: Vec<&str> = node.names[..node.names.len() - 1].to_vec();
            let elsewhere = place.as_ref().is_some_and(|place| {
                let same =
                    place.len() == parent.len() && place.iter().zip(&parent).all(|(a, b)| a == b);
                !same && row.names.len() == 1
            });
            // A repeated name, under a container that has no such field.
            if used.contains(node.path.as_str())
                && elsewhere
                && !self.is_free(&nodes, place.as_deref())
            {
                let inside = place.as_ref().is_some_and(|place| {
                    body.samples
                        .iter()
                        .flat_map(|sample| &sample.keys)
                        .any(|key| {
                            key.path.last() == Some(leaf)
                                && key.path.len() == place.len() + 1
                                && key
                                    .path
                                    .iter()
                                    .zip(place)
                                    .all(|(a, b)| a.trim_end_matches("[]") == b)
                        })
                });
                let sampled = body.samples.iter().any(|sample| !sample.keys.is_empty());
                if !inside && !sampled {
                    self.row_lacking(side, row, body, &nodes, place.as_deref(), lacking);
                    continue;
                }
            }
            used.insert(node.path.as_str());
            let opens = row.classes.contains(&Class::Array) || row.classes.contains(&Class::Object);
            if opens || !node.children.is_empty() || node.free {
                open.push(node.names.iter().map(|name| (*name).to_owned()).collect());
            } else {
                // A field of an outer body closes the containers inside.
                while open.last().is_some_and(|place| {
                    !(place.len() <= parent.len() && place.iter().zip(&parent).all(|(a, b)| a == b))
                }) {
                    open.pop();
                }
            }
            let entry = stated.entry(node.path.clone()).or_default();
            if !row.classes.is_empty() {
                entry
                    .table
                    .push((row.classes.clone(), row.ty.clone(), row.line));
            }
            if let Some(required) = row.required {
                entry.required.push((required, row.line));
            }
            entry.conditional |= self.vocabulary.is_conditional(&row.text);
            entry.texts.push((row.text.clone(), row.line));
        }
    }

    fn is_free(&self, nodes: &[&Node<'_>], place: Option<&[String]>) -> bool {
        let Some(place) = place else { return false };
        nodes.iter().any(|node| {
            node.free
                && node.names.len() <= place.len()
                && node.names.iter().zip(place).all(|(a, b)| a == b)
        })
    }

    fn row_lacking(
        &mut self,
        side: Side,
        row: &Row,
        body: &Body,
        nodes: &[&Node<'_>],
        place: Option<&[String]>,
        lacking: &mut BTreeMap<String, Difference>,
    ) {
        let Some(leaf) = row.names.last() else { return };
        if self.is_free(nodes, place) {
            return;
        }
        // A sample knows the place.
        let sampled = (body.samples.iter().flat_map(|sample| &sample.keys))
            .find(|key| key.path.last() == Some(leaf) && key.path.len() >= row.names.len());
        let word = self.word(side).to_owned();
        if let Some(key) = sampled {
            let names: Vec<&str> = key
                .path
                .iter()
                .map(|name| name.trim_end_matches("[]"))
                .collect();
            let free = nodes
                .iter()
                .any(|node| node.free && names.starts_with(&node.names));
            if free {
                return;
            }
            let path = format!("{word}.{}", key.path.join("."));
            if lacking.contains_key(&path) {
                return;
            }
        }
        let parent = place.and_then(|place| {
            nodes.iter().find(|node| {
                node.names.len() == place.len() && node.names.iter().zip(place).all(|(a, b)| a == b)
            })
        });
        let path = match (sampled, parent) {
            (Some(key), _) => format!("{word}.{}", key.path.join(".")),
            (None, Some(parent)) if row.names.len() == 1 => {
                let list = if parent.classes.contains(&Class::Array) {
                    "[]"
                } else {
                    ""
                };
                format!("{}{list}.{leaf}", parent.path)
            }
            _ => format!("{word}.{}", row.names.join(".")),
        };
        let mut difference = lack(path.clone(), parent.copied(), leaf, row.line);
        let ty = if row.ty.is_empty() {
            "a field"
        } else {
            row.ty.as_str()
        };
        difference.page_says = format!("{ty}, in a table");
        "no such field".clone_into(&mut difference.spec_says);
        lacking.entry(path).or_insert(difference);
    }

    fn field(&mut self, side: Side, node: &Node<'_>, stated: &Stated) {
        let owners: Vec<String> = node
            .owner
            .iter()
            .map(|owner| format!("{owner}.{}", node.name))
            .collect();
        self.types(node, stated, &owners);
        self.required(side, node, stated, &owners);
        self.values(node, stated, &owners);
        self.limits(node, stated, &owners);
    }

    fn types(&mut self, node: &Node<'_>, stated: &Stated, owners: &[String]) {
        let any = node.classes.contains(&Class::Other);
        let fits_table =
            |class: &Class| any || *class == Class::Other || node.classes.contains(class);
        let fits_sample =
            |class: &Class| fits_table(class) && (*class != Class::Number || node.fraction || any);
        let samples_fit = stated.samples.is_empty() || stated.samples.keys().any(&fits_sample);
        let rows_fit = stated.table.is_empty()
            || stated
                .table
                .iter()
                .any(|(classes, ..)| classes.iter().any(&fits_table));
        if rows_fit && samples_fit {
            if !stated.table.is_empty() {
                self.outcome.agreed.insert((node.path.clone(), Kind::Type));
            }
            if let Some((class, line)) =
                stated.samples.iter().find(|(class, _)| !fits_sample(class))
            {
                let mut difference =
                    Difference::new(Kind::Type, &node.path, Grade::PageInternal, *line);
                difference.owners = owners.to_vec();
                self.push(
                    difference.says(format!("{} in one sample", class.word()), node.ty.clone()),
                );
            }
            return;
        }
        let table = stated.table.first();
        let mut says = Vec::new();
        if let Some((_, ty, _)) = table {
            says.push(format!("{ty} in the table"));
        }
        let samples: Vec<&str> = stated.samples.keys().map(|class| class.word()).collect();
        if !samples.is_empty() {
            says.push(format!("{} in a sample", samples.join(", ")));
        }
        let line = match (table, stated.samples.values().next()) {
            (Some((.., line)), _) if !rows_fit => *line,
            (_, Some(line)) => *line,
            (Some((.., line)), None) => *line,
            (None, None) => 0,
        };
        // The sample is the more reliable half of the page.
        let grade = if samples_fit && !stated.samples.is_empty() {
            Grade::PageInternal
        } else {
            Grade::Unexplained
        };
        let mut difference = Difference::new(Kind::Type, &node.path, grade, line);
        difference.owners = owners.to_vec();
        difference.threefold = !rows_fit
            && !samples_fit
            && (stated.table.iter()).all(|(classes, ..)| {
                classes
                    .iter()
                    .all(|class| !stated.samples.contains_key(class))
            });
        self.push(difference.says(says.join(", "), node.ty.clone()));
    }

    fn required(&mut self, side: Side, node: &Node<'_>, stated: &Stated, owners: &[String]) {
        if node.common || node.field.is_none() {
            return;
        }
        let column = |wanted: bool| {
            stated
                .required
                .iter()
                .find(|(required, _)| *required == Some(wanted))
        };
        let named = !stated.table.is_empty()
            || !stated.samples.is_empty()
            || !stated.required.is_empty()
            || !stated.texts.is_empty();
        let (yes, no) = (column(true), column(false));
        let one_of = side == Side::Request && self.expected.one_of.contains(&node.name);
        let mut finding = |grade: Grade, line: usize, page: &str| {
            let mut difference = Difference::new(Kind::Required, &node.path, grade, line);
            difference.owners = owners.to_vec();
            let spec = if node.required {
                "required"
            } else {
                "optional"
            };
            self.push(difference.says(page, spec));
        };
        // Pages often abbreviate replies and events: their samples refute the page's column, not the spec.
        let counts = side == Side::Request || !node.required;
        let omitted = stated
            .omitted
            .filter(|_| counts && (named || node.required));
        match (node.required, yes, no, omitted) {
            (true, _, _, Some(line)) => {
                let named = if named {
                    "left out in a sample"
                } else {
                    "never named"
                };
                finding(Grade::Unexplained, line, named);
            }
            (true, None, Some((_, line)), None) => finding(Grade::Unexplained, *line, "optional"),
            (false, Some((_, line)), None, Some(_)) => {
                finding(
                    Grade::PageInternal,
                    *line,
                    "required, but left out in a sample",
                );
            }
            // Each of these fields is required if it is the one that is sent.
            (false, Some(_), None, None) if node.names.len() == 1 && one_of => {}
            (false, Some((_, line)), None, None) if !stated.conditional => {
                finding(Grade::Unexplained, *line, "required")
            }
            (false, Some((_, line)), None, None) => {
                finding(
                    Grade::PageInternal,
                    *line,
                    "required, but its text says when not",
                );
            }
            (required, yes, no, _) if required && yes.is_some() || !required && no.is_some() => {
                self.outcome
                    .agreed
                    .insert((node.path.clone(), Kind::Required));
            }
            _ => {}
        }
    }

    fn values(&mut self, node: &Node<'_>, stated: &Stated, owners: &[String]) {
        if let Some(values) = node.values {
            for (value, line) in &stated.values {
                if !value.is_empty() && !values.knows(value.trim()) {
                    let mut difference =
                        Difference::new(Kind::EnumValue, &node.path, Grade::Unexplained, *line);
                    difference.owners = owners.to_vec();
                    self.push(difference.says(value, values.list()));
                }
            }
        }
        let bits = &self.vocabulary.file.fields.bit_sets;
        if bits.iter().any(|pattern| fits(pattern, node.name)) {
            let ours = self.our_values(node);
            let known: u64 = ours.iter().fold(0, |all, value| all | value);
            for (value, line) in &stated.values {
                if let Ok(value) = value.parse::<u64>()
                    && known != 0
                    && value & !known != 0
                {
                    let difference =
                        Difference::new(Kind::Sample, &node.path, Grade::Unexplained, *line);
                    self.push(difference.says(value.to_string(), format!("bits of {known}")));
                }
            }
        }
    }

    /// Values of a field in our own samples and text.
    fn our_values(&self, node: &Node<'_>) -> Vec<u64> {
        let mut values = Vec::new();
        for (_, text) in &self.expected.samples {
            let Some((sample, _)) = sample::scan(text, 1) else {
                continue;
            };
            let keys = sample
                .keys
                .iter()
                .filter(|key| key.path.last().is_some_and(|name| name == node.name));
            values.extend(keys.filter_map(|key| key.value.parse::<u64>().ok()));
        }
        values
    }

    fn limits(&mut self, node: &Node<'_>, stated: &Stated, owners: &[String]) {
        let Some(field) = node.field else { return };
        for (text, line) in &stated.texts {
            for (have, found, what) in [
                (
                    field.max_bytes.map(u64::from),
                    self.vocabulary.bytes(text),
                    "bytes",
                ),
                (
                    field.max_items.map(u64::from),
                    self.vocabulary.items(text),
                    "entries",
                ),
            ] {
                let Some(have) = have else { continue };
                if found.is_empty() || found.contains(&have) {
                    continue;
                }
                let says: Vec<String> = found.iter().map(u64::to_string).collect();
                let mut difference =
                    Difference::new(Kind::Limit, &node.path, Grade::Unexplained, *line);
                difference.owners = owners.to_vec();
                self.push(difference.says(
                    format!("{} {what}", says.join(" or ")),
                    format!("{have} {what}"),
                ));
            }
        }
    }
}

fn lack(path: String, parent: Option<&Node<'_>>, leaf: &str, line: usize) -> Difference {
    let mut difference = Difference::new(Kind::FieldLacking, path, Grade::Unexplained, line);
    let types = parent.into_iter().flat_map(|parent| &parent.types);
    difference.owners = types.map(|owner| format!("{owner}.{leaf}")).collect();
    difference
}

/// Whether a sample shows a failed call, whose other fields may be missing.
fn failed(sample: &Sample) -> bool {
    let code = sample
        .root_value("ErrorCode")
        .and_then(|code| code.parse::<i64>().ok());
    let status = sample.root_value("ActionStatus").unwrap_or_default();
    code.is_some_and(|code| code != 0) || status.eq_ignore_ascii_case("FAIL")
}

/// Whether a key is the name of a field and not a key of a map: `"user1"`, `"2020-01-01"`.
fn is_plain(name: &str) -> bool {
    super::page::is_name(name)
}

enum Found<'a, 's> {
    Node(&'a Node<'s>),
    Free,
    Nothing { parent: Option<&'a Node<'s>> },
}

fn find<'a, 's>(roots: &'a [Node<'s>], names: &[&str]) -> Found<'a, 's> {
    let mut here = roots;
    let mut parent = None;
    for (at, name) in names.iter().enumerate() {
        let Some(node) = here.iter().find(|node| node.name == *name) else {
            return Found::Nothing { parent };
        };
        if at + 1 == names.len() {
            return Found::Node(node);
        }
        if node.free {
            return Found::Free;
        }
        parent = Some(node);
        here = &node.children;
    }
    Found::Nothing { parent }
}

fn any(nodes: &[Node<'_>], name: &str) -> bool {
    nodes
        .iter()
        .any(|node| node.name == name || any(&node.children, name))
}

fn flatten<'a, 's>(nodes: &'a [Node<'s>], out: &mut Vec<&'a Node<'s>>) {
    for node in nodes {
        out.push(node);
        flatten(&node.children, out);
    }
}
