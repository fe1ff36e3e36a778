//! Reads the facts off a page.

use super::{
    digest::Digest,
    facts::{Body, Code, Contradiction, Facts, Row, Side, Subject},
    hash,
    page::{Block, Format, Kind, Page, codes, is_name},
    quota::{self, Quota},
    sample::{self, Sample},
    vocabulary::{Class, Column, Part, Vocabulary, squeeze},
};
use std::collections::{BTreeMap, BTreeSet};

/// Reads the facts off a page.
pub fn facts(page: &Page, vocabulary: &Vocabulary) -> Facts {
    let mut reader = Reader {
        vocabulary,
        part: None,
        side: None,
        heading: String::new(),
        title: None,
        last_line: None,
        columns: Vec::new(),
        headers: 0,
        table: 0,
        hint: None,
        in_rows: false,
        client: false,
        bodies: BTreeMap::new(),
        loose: Vec::new(),
        codes: Vec::new(),
        quota_texts: Vec::new(),
        other_texts: Vec::new(),
        dropped: BTreeMap::new(),
        parts: BTreeSet::new(),
        webhook_tag: false,
    };
    reader.webhook_tag = is_webhook(page, vocabulary);
    for (at, block) in page.blocks.iter().enumerate() {
        reader.block(block, page.blocks.get(at + 1));
    }
    let (subject, contradictions) = subject(page, &reader, vocabulary);
    // An excerpt without headings has nothing but samples.
    if reader.parts.iter().all(|part| *part == Part::Prose)
        && !matches!(subject, Subject::Document(_))
    {
        let side = if reader.webhook_tag {
            Side::Event
        } else {
            Side::Request
        };
        let loose = std::mem::take(&mut reader.loose);
        reader.bodies.entry(side).or_default().samples.extend(loose);
    }
    let quotas = reader.quotas();
    let whole = reader.parts.contains(&Part::End)
        || reader.parts.contains(&Part::Errors) && !reader.codes.is_empty();
    let hosts = hosts(page, vocabulary);
    let dropped = (reader.dropped.values())
        .filter(|table| table.lost > 0 && table.kept == 0)
        .map(|table| table.line)
        .collect();
    let mut facts = Facts {
        subject,
        address: page.address.clone(),
        updated: updated(page, vocabulary),
        whole,
        bodies: reader.bodies,
        loose: reader.loose,
        quotas,
        hosts,
        codes: reader.codes,
        contradictions,
        dropped,
        title: reader.title,
        digest: Digest::default(),
    };
    facts.digest = hash::digest(page, &facts, vocabulary);
    facts
}

/// Whether the bodies of the page are a webhook's.
fn is_webhook(page: &Page, vocabulary: &Vocabulary) -> bool {
    request_url(page, vocabulary).is_none()
        && page.source.contains(&vocabulary.file.commands.webhook)
}

#[derive(Default)]
struct Cells {
    line: usize,
    lost: usize,
    kept: usize,
}

struct Reader<'a> {
    vocabulary: &'a Vocabulary,
    part: Option<Part>,
    /// The body to which tables and samples belong.
    side: Option<Side>,
    heading: String,
    title: Option<String>,
    last_line: Option<String>,
    columns: Vec<Option<Column>>,
    headers: usize,
    table: usize,
    hint: Option<String>,
    in_rows: bool,
    client: bool,
    bodies: BTreeMap<Side, Body>,
    loose: Vec<Sample>,
    codes: Vec<Code>,
    quota_texts: Vec<(String, usize)>,
    other_texts: Vec<(String, usize)>,
    dropped: BTreeMap<usize, Cells>,
    parts: BTreeSet<Part>,
    webhook_tag: bool,
}

impl Reader<'_> {
    fn block(&mut self, block: &Block, next: Option<&Block>) {
        if !matches!(block.kind, Kind::Row(_)) {
            self.in_rows = false;
        }
        match &block.kind {
            Kind::Heading(text) => self.heading(text),
            Kind::Code(text) => self.code(text, block.line),
            Kind::Header(columns, cells) => {
                if self.in_rows || columns.iter().flatten().count() > 0 || !self.columns.is_empty()
                {
                    self.columns.clone_from(columns);
                    self.headers = cells.len();
                    self.table += 1;
                }
                if self.part == Some(Part::Quota) {
                    self.quota_texts.push((cells.join(" "), block.line));
                }
            }
            Kind::Row(cells) => {
                self.row(cells, block.line);
                self.in_rows = true;
            }
            Kind::Text(text) => {
                // On a page without marked headings, the title is the line above its first part.
                if self.part.is_none() {
                    self.last_line = (text.chars().count() < 80).then(|| text.clone());
                }
                if self.part == Some(Part::Quota) {
                    self.quota_texts.push((text.clone(), block.line));
                } else if !matches!(self.part, Some(Part::Errors | Part::End)) {
                    self.other_texts.push((text.clone(), block.line));
                }
                if text.len() < 160 && matches!(next.map(|next| &next.kind), Some(Kind::Header(..)))
                {
                    self.hint = self.container_in(text);
                    text.clone_into(&mut self.heading);
                }
                // An unmarked heading.
                if text.chars().count() < 48
                    && self.vocabulary.part(text, true) == Some(Part::Errors)
                {
                    self.client_part(text);
                }
            }
        }
    }

    fn heading(&mut self, text: &str) {
        text.clone_into(&mut self.heading);
        self.client_part(text);
        let hint = self.container_in(text);
        // `X field description` is about a container and begins no part.
        if hint.is_some() {
            self.hint = hint;
            return;
        }
        self.hint = None;
        let marked = self.vocabulary.part(text, true);
        let Some(part) = marked else {
            if self.title.is_none() && self.part.is_none() {
                self.title = Some(text.to_owned());
            }
            return;
        };
        if self.part.is_none() && self.title.is_none() {
            self.title = self.last_line.take();
        }
        self.part = Some(part);
        self.parts.insert(part);
        self.columns.clear();
        let request = if self.webhook_tag {
            Side::Event
        } else {
            Side::Request
        };
        self.side = match part {
            Part::RequestSample | Part::RequestFields => Some(request),
            Part::ReplySample | Part::ReplyFields => Some(Side::Reply),
            _ => None,
        };
    }

    fn client_part(&mut self, text: &str) {
        if text.len() > 80 {
            return;
        }
        let words = &self.vocabulary.file.errors;
        let text = squeeze(text);
        let has = |words: &[String]| words.iter().any(|word| text.contains(&squeeze(word)));
        if has(&words.client_parts) {
            self.client = true;
        } else if has(&words.server_parts) {
            self.client = false;
        }
    }

    /// The container of this body that a text names.
    fn container_in(&self, text: &str) -> Option<String> {
        let body = self.bodies.get(&self.side?)?;
        let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
        words.filter(|word| word.len() > 3).find_map(|word| {
            let row = body.rows.iter().any(|row| {
                row.names.last().is_some_and(|name| name == word)
                    && (row.classes.contains(&Class::Array) || row.classes.contains(&Class::Object))
            });
            let sample = (body.samples.iter())
                .flat_map(|sample| &sample.objects)
                .any(|object| {
                    object
                        .path
                        .last()
                        .is_some_and(|name| name.trim_end_matches("[]") == word)
                });
            (row || sample).then(|| word.to_owned())
        })
    }

    fn code(&mut self, text: &str, line: usize) {
        if matches!(self.part, Some(Part::Errors | Part::End | Part::RequestUrl)) {
            return;
        }
        let mut at = 0;
        while let Some(rest) = text.get(at..) {
            let Some(start) = rest.find('{') else { break };
            let before = rest[..start].trim();
            // Commands, scripts and prose contain braces too; a body begins at the start of a line.
            let begins = before.is_empty()
                || rest[..start].ends_with(['\n', ' '])
                    && before.lines().all(|line| {
                        let line = line.trim();
                        line.is_empty()
                            || line.starts_with("//")
                            || line.starts_with('#')
                            || line.ends_with([':', '：', ','])
                            || line.starts_with("HTTP/")
                            || line.starts_with("POST ")
                    });
            let first = line + text[..at + start].matches('\n').count();
            let Some((sample, took)) = sample::scan(&rest[start..], first) else {
                break;
            };
            at += start + took.max(1);
            if begins && (!sample.keys.is_empty() || text.trim() == "{}") {
                self.sample(sample);
            } else if !begins {
                break;
            }
        }
    }

    fn sample(&mut self, sample: Sample) {
        let results = &self.vocabulary.file.fields.results;
        let says_result = results.iter().filter(|name| sample.has_root(name)).count() >= 2;
        let tag = sample.has_root(&self.vocabulary.file.commands.webhook);
        let side = if tag && self.webhook_tag {
            Side::Event
        } else if says_result {
            Side::Reply
        } else {
            match (self.side, self.part) {
                (Some(Side::Reply), _) if !self.webhook_tag && self.is_request(&sample) => {
                    Side::Request
                }
                (Some(side), _) => side,
                (None, Some(Part::Prose) | None) => {
                    self.loose.push(sample);
                    return;
                }
                (None, _) if self.webhook_tag => Side::Event,
                (None, _) => Side::Request,
            }
        };
        self.bodies.entry(side).or_default().samples.push(sample);
    }

    /// Whether every key of a body was a request field before: requests also appear among replies.
    fn is_request(&self, sample: &Sample) -> bool {
        let Some(body) = self.bodies.get(&Side::Request) else {
            return false;
        };
        let mut roots = sample
            .keys
            .iter()
            .filter(|key| key.path.len() == 1)
            .map(|key| &key.path[0])
            .peekable();
        roots.peek().is_some()
            && roots.all(|root| {
                body.rows.iter().any(|row| row.names.last() == Some(root))
                    || body.samples.iter().any(|sample| sample.has_root(root))
            })
    }

    fn row(&mut self, cells: &[String], line: usize) {
        let code_table = self.columns.first() == Some(&Some(Column::Code));
        if (code_table || self.part == Some(Part::Errors))
            && let Some(range) = cells.first().and_then(|cell| codes(cell))
        {
            let client = self.client
                || (range.0..=range.1.min(range.0 + 1))
                    .all(|code| self.vocabulary.is_client_code(code));
            if !client {
                self.codes.push(Code {
                    range,
                    text: cells[1..].join(" "),
                    line,
                    heading: self.heading.clone(),
                });
            }
            return;
        }
        if self.part == Some(Part::Quota) {
            self.quota_texts.push((cells.join(" "), line));
        }
        if code_table || matches!(self.part, Some(Part::Errors | Part::RequestUrl)) {
            return;
        }
        if !self.in_rows && self.columns.is_empty() {
            self.table += 1;
        }
        let Some(row) = self.fields(cells, line) else {
            return;
        };
        let side = match (self.side, self.part) {
            (Some(side), _) => side,
            // A table of typed fields that lost its heading.
            (None, Some(Part::Parameters)) if !self.columns.contains(&Some(Column::Type)) => return,
            (None, _) if row.classes.is_empty() => return,
            (None, Some(Part::End)) => return,
            (None, _) if self.is_result(&row) => Side::Reply,
            (None, _) if self.columns.contains(&Some(Column::Required)) && !self.webhook_tag => {
                Side::Request
            }
            (None, _) => match self.bodies.keys().next_back() {
                Some(last) => *last,
                None if self.webhook_tag => Side::Event,
                None => Side::Request,
            },
        };
        if self.side.is_none() && self.is_result(&row) {
            self.side = Some(side);
        }
        self.bodies.entry(side).or_default().rows.push(row);
    }

    fn is_result(&self, row: &Row) -> bool {
        let results = &self.vocabulary.file.fields.results;
        row.names.len() == 1 && results.contains(&row.names[0])
    }

    /// A row of fields, read by its headers if the number of cells matches, otherwise by the content of its
    /// cells.
    fn fields(&mut self, cells: &[String], line: usize) -> Option<Row> {
        let full = cells.len() == self.headers && self.columns.len() == cells.len();
        let column = |column: Column| {
            let at = self.columns.iter().position(|have| *have == Some(column))?;
            full.then_some(at)
        };
        let by_header = column(Column::Type);
        let has_classes = |at: usize| cells.get(at).and_then(|cell| self.vocabulary.classes(cell));
        let type_at = by_header
            .filter(|at| has_classes(*at).is_some() || cells[*at].len() < 24)
            .or_else(|| (1..cells.len()).find(|at| has_classes(*at).is_some()));
        let name_at = match type_at {
            Some(at) => (0..at).rev().find(|at| is_name(&name_of(&cells[*at])))?,
            None => column(Column::Field).unwrap_or(0),
        };
        let name = name_of(cells.get(name_at)?);
        if !is_name(&name) {
            return None;
        }
        if type_at.is_none() && !self.columns.contains(&Some(Column::Field)) {
            return None;
        }
        let after = type_at.unwrap_or(name_at) + 1;
        let required_at =
            column(Column::Required).filter(|at| self.vocabulary.required(&cells[*at]).is_some());
        let required_at = required_at.or_else(|| {
            let cell = cells.get(after)?;
            let word = self.vocabulary.required(cell).is_some();
            // A description may be a single word.
            (word && (self.columns.contains(&Some(Column::Required)) || cells.len() > after + 1))
                .then_some(after)
        });
        let required = required_at.and_then(|at| self.vocabulary.required(&cells[at]));
        let text = (after..cells.len())
            .filter(|at| Some(*at) != required_at)
            .map(|at| cells[at].as_str())
            .collect::<Vec<_>>()
            .join("\n");
        let ty = type_at.map(|at| cells[at].clone()).unwrap_or_default();
        if self.columns.contains(&Some(Column::Required)) {
            let table = self.dropped.entry(self.table).or_default();
            if table.line == 0 {
                table.line = line;
            }
            if required.is_none() && cells.len() < self.headers && type_at.is_some() {
                table.lost += 1;
            } else {
                table.kept += 1;
            }
        }
        Some(Row {
            names: name
                .split('.')
                .map(|name| name.trim_end_matches("[]").to_owned())
                .collect(),
            classes: self.vocabulary.classes(&ty).unwrap_or_default(),
            ty,
            required,
            text,
            line,
            table: self.table,
            hint: self.hint.clone(),
        })
    }

    fn quotas(&self) -> Vec<(Quota, usize)> {
        let read = |texts: &[(String, usize)]| {
            let mut found: Vec<(Quota, usize)> = Vec::new();
            for (text, line) in texts {
                for quota in quota::quotas(text, self.vocabulary) {
                    if !found.iter().any(|(have, _)| *have == quota) {
                        found.push((quota, *line));
                    }
                }
            }
            found
        };
        if self.parts.contains(&Part::Quota) {
            read(&self.quota_texts)
        } else {
            // The heading is missing: a quota is on a line of its own.
            let short: Vec<_> = (self.other_texts.iter())
                .filter(|(text, _)| text.chars().count() < 40)
                .cloned()
                .collect();
            read(&short)
        }
    }
}

/// The name in a cell, without marks and remarks.
fn name_of(cell: &str) -> String {
    let cell = cell.lines().next().unwrap_or_default().trim();
    let cell = cell.trim_matches([
        '`', '*', '"', ':', '：', ' ', '\u{a0}', '-', '•', '└', '├', '─',
    ]);
    let cell = cell.split(['(', '（']).next().unwrap_or_default().trim();
    cell.replace("->", ".")
        .replace(" > ", ".")
        .replace(" . ", ".")
}

/// The command in an address of a request.
fn request_url(page: &Page, vocabulary: &Vocabulary) -> Option<(String, usize)> {
    let queries = &vocabulary.file.commands.query;
    lines(page).find_map(|(line, text)| {
        commands(text).find_map(|(command, at)| {
            let before = &text[..at];
            let start = before.rfind("://")?;
            let host = &before[start + 3..];
            let after = &text[at + command.len()..];
            let query = after.trim_start().starts_with('?') || after.starts_with("&");
            let known = queries
                .iter()
                .any(|query| after.to_ascii_lowercase().contains(query.as_str()));
            (host.len() < 60 && !host.contains(char::is_whitespace) && query && known)
                .then(|| (command.to_owned(), line))
        })
    })
}

/// Lines of a page's text: of the file, or of what is left of a file in HTML.
fn lines(page: &Page) -> Box<dyn Iterator<Item = (usize, &str)> + '_> {
    if page.format == Format::Html {
        Box::new(page.blocks.iter().flat_map(|block| {
            let texts: Vec<&str> = match &block.kind {
                Kind::Heading(text) | Kind::Code(text) | Kind::Text(text) => vec![text],
                Kind::Header(_, cells) | Kind::Row(cells) => {
                    cells.iter().map(String::as_str).collect()
                }
            };
            texts
                .into_iter()
                .flat_map(str::lines)
                .map(|text| (block.line, text))
        }))
    } else {
        Box::new(
            page.source
                .lines()
                .enumerate()
                .map(|(at, text)| (at + 1, text)),
        )
    }
}

/// `v4/service/command` in a text, with where each begins.
pub fn commands(text: &str) -> impl Iterator<Item = (&str, usize)> {
    text.match_indices("v4/").filter_map(|(at, _)| {
        if text[..at].ends_with(|c: char| c.is_ascii_alphanumeric()) {
            return None;
        }
        let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let rest = &text[at + 3..];
        let service = rest.find(|c: char| !word(c)).unwrap_or(rest.len());
        let behind = rest[service..].strip_prefix('/')?;
        let command = behind.find(|c: char| !word(c)).unwrap_or(behind.len());
        let end = at + 3 + service + 1 + command;
        (service > 1 && command > 0).then(|| (&text[at..end], at))
    })
}

/// `Service.Event` in a text.
fn webhook_names(text: &str) -> impl Iterator<Item = &str> {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.';
    text.split(move |c: char| !word(c)).filter_map(|name| {
        let name = name.trim_matches('.');
        let (service, event) = name.split_once('.')?;
        let upper = |text: &str| text.starts_with(|c: char| c.is_ascii_uppercase());
        let plain = !event.contains('.') && event.len() > 3 && service.len() > 1;
        (plain && upper(service) && upper(event)).then_some(name)
    })
}

fn subject(
    page: &Page,
    reader: &Reader<'_>,
    vocabulary: &Vocabulary,
) -> (Subject, Vec<Contradiction>) {
    let words = &vocabulary.file.commands;
    let mut contradictions = Vec::new();
    // Rows of the parameter table that are a path and nothing else.
    let mut parameters: Vec<(String, usize)> = Vec::new();
    for (at, block) in page.blocks.iter().enumerate() {
        let (cell, next) = match &block.kind {
            Kind::Row(cells) => (
                cells.first().cloned().unwrap_or_default(),
                cells.get(1).cloned(),
            ),
            Kind::Text(text) => {
                let next = page.blocks.get(at + 1).and_then(|block| match &block.kind {
                    Kind::Text(text) => Some(text.clone()),
                    _ => None,
                });
                (text.clone(), next)
            }
            _ => continue,
        };
        let cell = cell.trim();
        let Some((command, 0)) = commands(cell).next() else {
            continue;
        };
        if command.len() == cell.len() {
            let next = squeeze(&next.unwrap_or_default());
            let says = words
                .parameter
                .iter()
                .any(|word| next.contains(&squeeze(word)));
            if says {
                parameters.push((command.to_owned(), block.line));
            }
        }
    }
    let url = request_url(page, vocabulary);
    let command = url.clone().or_else(|| parameters.first().cloned());
    if let Some((command, _)) = command {
        for (other, line) in &parameters {
            if *other != command {
                contradictions.push(Contradiction {
                    place: "parameter row".to_owned(),
                    says: other.clone(),
                    against: command.clone(),
                    line: *line,
                });
            }
        }
        for (other, line) in tool_links(page) {
            if other != command {
                contradictions.push(Contradiction {
                    place: "link of the debugging tool".to_owned(),
                    says: other,
                    against: command.clone(),
                    line,
                });
            }
        }
        if let Some((other, _)) = parameters.first().filter(|(other, _)| *other != command) {
            return (Subject::Either(command, other.clone()), contradictions);
        }
        return (Subject::Command(command), contradictions);
    }
    if let Some(name) = webhook(page, reader, vocabulary, &mut contradictions) {
        return (Subject::Webhook(name), contradictions);
    }
    (other_subject(page, reader, vocabulary), contradictions)
}

/// Commands in links to the vendor's debugging tool.
fn tool_links(page: &Page) -> Vec<(String, usize)> {
    let mut found: Vec<(String, usize)> = Vec::new();
    for (at, text) in page.source.lines().enumerate() {
        for (command, start) in commands(text) {
            let before = &text[..start];
            if before.ends_with("#/") || before.ends_with(".html#") || before.ends_with("/#/") {
                let line = if page.format == Format::Html {
                    0
                } else {
                    at + 1
                };
                if !found.iter().any(|(have, _)| have == command) {
                    found.push((command.to_owned(), line));
                }
            }
        }
    }
    found
}

/// A webhook: by its address, else by its samples, else by its parameter table.
fn webhook(
    page: &Page,
    reader: &Reader<'_>,
    vocabulary: &Vocabulary,
    contradictions: &mut Vec<Contradiction>,
) -> Option<String> {
    let tag = &vocabulary.file.commands.webhook;
    let mut named: Vec<(String, usize, &str)> = Vec::new();
    for (line, text) in lines(page) {
        for (at, _) in text.match_indices(&format!("{tag}=")) {
            if let Some(name) = webhook_names(&text[at..]).next()
                && text[at + tag.len() + 1..].starts_with(name)
            {
                named.push((name.to_owned(), line, "address"));
            }
        }
    }
    for sample in reader.bodies.values().flat_map(|body| &body.samples) {
        if let Some(name) = sample
            .root_value(tag)
            .and_then(|value| webhook_names(value).next())
        {
            let line = sample.keys.first().map_or(0, |key| key.line);
            named.push((name.to_owned(), line, "sample"));
        }
    }
    let mut previous = false;
    for block in &page.blocks {
        let text = match &block.kind {
            Kind::Row(cells) if cells.first().is_some_and(|cell| cell == tag) => {
                cells[1..].join(" ")
            }
            Kind::Text(text) if previous => text.clone(),
            _ => {
                previous = matches!(&block.kind, Kind::Text(text) if text.trim() == tag);
                continue;
            }
        };
        previous = false;
        if let Some(name) = webhook_names(&text).next() {
            named.push((name.to_owned(), block.line, "parameter row"));
        }
    }
    let (first, _, _) = named.first()?.clone();
    for (other, line, place) in named {
        let known = contradictions
            .iter()
            .any(|c| c.says == other && c.place == place);
        if other != first && !known {
            contradictions.push(Contradiction {
                place: place.to_owned(),
                says: other,
                against: first.clone(),
                line,
            });
        }
    }
    Some(first)
}

fn other_subject(page: &Page, reader: &Reader<'_>, vocabulary: &Vocabulary) -> Subject {
    if page.source.trim().is_empty() {
        return Subject::Nothing("the file is empty".to_owned());
    }
    let lower = page.source.to_lowercase();
    let has = |sign: &String| lower.contains(&sign.to_lowercase());
    if reader.codes.len() >= 8 {
        return Subject::ErrorCodes;
    }
    let mut listed: Vec<(String, usize)> = Vec::new();
    for block in &page.blocks {
        let cells: &[String] = match &block.kind {
            Kind::Row(cells) => cells,
            Kind::Text(text) => std::slice::from_ref(text),
            _ => continue,
        };
        let alone = |name: &str, cell: &String| name.len() == cell.trim().len();
        if cells.iter().any(|cell| vocabulary.classes(cell).is_some()) {
            continue;
        }
        let is_row = matches!(block.kind, Kind::Row(_));
        let found = cells.iter().flat_map(|cell| {
            let names = webhook_names(cell).filter(move |name| alone(name, cell));
            let commands = commands(cell).map(|(command, _)| command);
            commands
                .filter(move |command| is_row || alone(command, cell))
                .chain(names)
        });
        for command in found {
            if !listed.iter().any(|(have, _)| have == command) {
                listed.push((command.to_owned(), block.line));
            }
        }
    }
    if listed.len() >= 5 {
        return Subject::Index(listed);
    }
    if let Some(document) =
        (vocabulary.file.documents.iter()).find(|document| document.signs.iter().any(has))
    {
        return Subject::Document(document.name.value.clone());
    }
    if let Some(sign) = vocabulary.file.unusable.signs.iter().find(|sign| has(sign)) {
        return Subject::Nothing(format!("the page was not delivered: it says `{sign}`"));
    }
    Subject::Nothing(
        "no command: neither the address of a request nor the name of a webhook".to_owned(),
    )
}

fn hosts(page: &Page, vocabulary: &Vocabulary) -> Vec<(String, usize)> {
    let words = &vocabulary.file.hosts;
    let mut found: Vec<(String, usize)> = Vec::new();
    let is_host = |c: char| c.is_ascii_alphanumeric() || c == '-';
    for (line, text) in lines(page) {
        for suffix in &words.suffixes {
            for (at, _) in text.match_indices(suffix.as_str()) {
                let before = &text[..at];
                let start = before.rfind(|c: char| !is_host(c)).map_or(0, |start| {
                    start + before[start..].chars().next().map_or(1, char::len_utf8)
                });
                let mut label = &before[start..];
                // Glued to the word before: the host begins with its known beginning.
                if let Some(glued) = words
                    .prefixes
                    .iter()
                    .filter_map(|prefix| label.rfind(prefix.as_str()))
                    .max()
                {
                    label = &label[glued..];
                }
                let host = format!("{label}{}", suffix.value);
                if before[..start].ends_with('.')
                    || label.is_empty()
                    || words.foreign.contains(&host)
                {
                    continue;
                }
                if !found.iter().any(|(have, _)| *have == host) {
                    found.push((host, line));
                }
            }
        }
    }
    found
}

/// The vendor's date of a page's text.
fn updated(page: &Page, vocabulary: &Vocabulary) -> Option<String> {
    let labels = &vocabulary.file.dates.updated;
    let mut waiting = 0;
    for (_, text) in lines(page) {
        let lower = text.to_lowercase();
        let label = labels
            .iter()
            .find_map(|label| lower.find(&label.to_lowercase()).map(|at| at + label.len()));
        let rest = match label {
            Some(at) => text.get(at..).unwrap_or_default(),
            None if waiting > 0 => text,
            None => continue,
        };
        if let Some(date) = date_in(rest) {
            return Some(date);
        }
        // The date may stand in the line below its label.
        waiting = if label.is_some() { 2 } else { waiting - 1 };
    }
    None
}

/// The first date of a text, as YYYY-MM-DD.
pub fn date_in(text: &str) -> Option<String> {
    let digits: Vec<&str> = text
        .split(|c: char| !c.is_ascii_digit())
        .filter(|part| !part.is_empty())
        .collect();
    digits.windows(3).find_map(|part| {
        let (year, month, day) = (part[0], part[1], part[2]);
        let number = |text: &str, range: std::ops::RangeInclusive<u32>| {
            text.parse::<u32>()
                .ok()
                .filter(|number| range.contains(number))
        };
        if year.len() != 4 || month.len() > 2 || day.len() > 2 {
            return None;
        }
        let (year, month, day) = (
            number(year, 2010..=2100)?,
            number(month, 1..=12)?,
            number(day, 1..=31)?,
        );
        Some(format!("{year:04}-{month:02}-{day:02}"))
    })
}
