//! Recognizes rows, headings and code by the content of lines: in pages saved as text, a table has one cell per
//! line, loses cells, or keeps its pipes.

use super::{
    block::{Block, Kind},
    line::{codes, is_delimiter_row, is_name, split_pipes},
    markdown::inline,
};
use crate::audit::{
    sample,
    vocabulary::{Column, Part, Vocabulary},
};

/// Joins lines that belong together; leaves everything else as it is.
pub(super) fn regroup(blocks: Vec<Block>, vocabulary: &Vocabulary) -> Vec<Block> {
    let blocks = blocks
        .into_iter()
        .filter(|block| !matches!(&block.kind, Kind::Text(text) if text.trim().is_empty()))
        .collect();
    let mut regroup = Regroup {
        vocabulary,
        blocks,
        done: Vec::new(),
        part: None,
        width: 0,
        has_required: false,
        header: false,
    };
    let mut at = 0;
    while at < regroup.blocks.len() {
        at = regroup.step(at);
    }
    regroup.done
}

struct Regroup<'a> {
    vocabulary: &'a Vocabulary,
    blocks: Vec<Block>,
    done: Vec<Block>,
    part: Option<Part>,
    /// Columns of the last header.
    width: usize,
    has_required: bool,
    /// Whether a header of fields was seen in this part.
    header: bool,
}

impl Regroup<'_> {
    /// The text of a line that is not yet classified.
    fn line(&self, at: usize) -> Option<&str> {
        match &self.blocks.get(at)?.kind {
            Kind::Text(text) => Some(text.trim()),
            _ => None,
        }
    }

    fn push(&mut self, line: usize, kind: Kind) {
        match &kind {
            Kind::Heading(text) => self.enter(&text.clone(), true),
            Kind::Header(columns, _) => {
                self.width = columns.len();
                self.has_required = columns.contains(&Some(Column::Required));
                self.header = true;
            }
            _ => {}
        }
        self.done.push(Block { line, kind });
    }

    fn enter(&mut self, heading: &str, marked: bool) {
        if let Some(part) = self.vocabulary.part(heading, marked) {
            self.part = Some(part);
            self.header = false;
            self.has_required = false;
        }
    }

    fn step(&mut self, at: usize) -> usize {
        let block = &self.blocks[at];
        let number = block.line;
        let Kind::Text(text) = &block.kind else {
            let kind = block.kind.clone();
            if let Kind::Row(cells) = kind {
                self.rows(number, cells);
            } else {
                self.push(number, kind);
            }
            return at + 1;
        };
        let text = text.trim().to_owned();
        if let Some(fence) = text.strip_prefix("```") {
            return self.fence(at, fence.len() < text.len());
        }
        if is_delimiter_row(&text) {
            return at + 1;
        }
        if text.starts_with('#') && text.trim_start_matches('#').starts_with(' ') {
            self.push(
                number,
                Kind::Heading(text.trim_start_matches('#').trim().to_owned()),
            );
            return at + 1;
        }
        if let Some(next) = self.body(at, &text) {
            return next;
        }
        if is_piped(&text) || text.contains('\t') && text.split('\t').count() > 1 {
            let cells: Vec<String> = if is_piped(&text) {
                split_pipes(&text).iter().map(|cell| inline(cell)).collect()
            } else {
                text.split('\t').map(inline).collect()
            };
            let columns: Vec<_> = cells
                .iter()
                .map(|cell| self.vocabulary.column(cell))
                .collect();
            let known = columns.iter().flatten().count();
            if known >= 2 && known * 2 >= cells.len() {
                self.push(number, Kind::Header(columns, cells));
            } else {
                self.rows(number, cells);
            }
            return at + 1;
        }
        if let Some((cells, next)) = self.header_at(at) {
            let columns = cells
                .iter()
                .map(|cell| self.vocabulary.column(cell))
                .collect();
            if self.vocabulary.column(&cells[0]) == Some(Column::Code) {
                self.part = Some(Part::Errors);
            }
            self.push(number, Kind::Header(columns, cells));
            return next;
        }
        let plain = inline(&text);
        if self.vocabulary.part(&plain, false).is_some() {
            self.enter(&plain, false);
            self.done.push(Block {
                line: number,
                kind: Kind::Heading(plain),
            });
            return at + 1;
        }
        if self.part != Some(Part::Errors)
            && let Some((mut cells, mut next)) = self.row_at(at)
        {
            let mut lines = Vec::new();
            while let Some(line) = self.line(next)
                && !self.begins(next)
            {
                lines.push(inline(line));
                next += 1;
            }
            if !lines.is_empty() {
                cells.push(lines.join("\n"));
            }
            self.done.push(Block {
                line: number,
                kind: Kind::Row(cells),
            });
            return next;
        }
        if self.part == Some(Part::Errors)
            && let Some((code, first)) = code_at(&plain)
        {
            let mut lines: Vec<String> = first.into_iter().collect();
            let mut next = at + 1;
            while let Some(line) = self.line(next)
                && code_at(line).is_none()
                && !self.begins(next)
            {
                lines.push(inline(line));
                next += 1;
            }
            self.done.push(Block {
                line: number,
                kind: Kind::Row(vec![code, lines.join("\n")]),
            });
            return next;
        }
        self.done.push(Block::text(number, plain));
        at + 1
    }

    /// Adds a row, or two rows that lost the line end between them.
    fn rows(&mut self, line: usize, cells: Vec<String>) {
        let width = self.width.max(3);
        let second = (width.min(cells.len())..cells.len().saturating_sub(1))
            .find(|at| is_name(&cells[*at]) && self.vocabulary.classes(&cells[*at + 1]).is_some());
        match second {
            Some(second) if cells.len() > width => {
                let mut first = cells;
                let rest = first.split_off(second);
                self.push(line, Kind::Row(first));
                self.rows(line, rest);
            }
            _ => self.push(line, Kind::Row(cells)),
        }
    }

    fn fence(&mut self, at: usize, _named: bool) -> usize {
        let first = self.blocks[at].line + 1;
        let mut lines = Vec::new();
        let mut next = at + 1;
        while let Some(line) = self.blocks.get(next).and_then(|block| match &block.kind {
            Kind::Text(text) => Some(text),
            _ => None,
        }) {
            next += 1;
            if line.trim_start().starts_with("```") {
                break;
            }
            lines.push(line.clone());
        }
        self.done.push(Block {
            line: first,
            kind: Kind::Code(lines.join("\n")),
        });
        next
    }

    /// A body that begins on this line: lines up to its last bracket become code.
    fn body(&mut self, at: usize, text: &str) -> Option<usize> {
        let start = text
            .find('{')
            .or_else(|| text.starts_with("[{").then_some(0))?;
        let after = text[start + 1..].trim_start();
        let inside =
            |line: &str| line.is_empty() || line.starts_with(['"', '}', '{', '/', '.', '…', '“']);
        if !inside(after) || start > 80 || is_piped(&text[..start]) {
            return None;
        }
        if after.is_empty() && !self.line(at + 1).is_some_and(inside) {
            return None;
        }
        // Braces in a sentence, such as a format in a description, begin no body.
        if start > 0
            && !after.is_empty()
            && !text[..start].trim_end().ends_with([':', '：', ')', '）'])
        {
            let heading = self.vocabulary.part(&inline(&text[..start]), false);
            heading?;
        }
        let mut end = at;
        let mut size = 0;
        while let Some(line) = self.line(end) {
            let heading = end > at && self.vocabulary.part(&inline(line), false).is_some();
            if heading
                || end > at
                    && (line.starts_with("# ") || line.starts_with("##") || line.starts_with("```"))
            {
                break;
            }
            // Prose between two bodies: the first was never closed.
            if end > at
                && is_prose(line)
                && (end + 1..end + 4)
                    .any(|next| self.line(next).is_some_and(|line| line.starts_with('{')))
            {
                break;
            }
            size += line.len();
            end += 1;
            if size > 1 << 20 {
                break;
            }
        }
        let lines: Vec<&str> = (at..end).filter_map(|at| self.line(at)).collect();
        let joined = lines.join("\n");
        let (sample, took) = sample::scan(&joined[start..], 1)?;
        let mut took = start + took;
        if took >= joined.len() && sample.damaged && end > at + 1 {
            // Never closed: what follows the last line that looks like a body is not one.
            took = damaged_end(&joined, start);
        }
        let used = joined[..took].matches('\n').count();
        let body = joined[start..took].to_owned();
        let rest = joined[took..]
            .lines()
            .next()
            .unwrap_or_default()
            .trim()
            .to_owned();
        let number = self.blocks[at].line;
        let prefix = inline(&text[..start]);
        let heading = self.vocabulary.part(&prefix, false).is_some();
        // A sentence that continues after the braces quotes part of a body.
        if !prefix.is_empty() && !heading && used == 0 && rest.chars().any(char::is_alphanumeric) {
            return None;
        }
        if !prefix.is_empty() {
            if heading {
                self.enter(&prefix, false);
                self.push(number, Kind::Heading(prefix));
            } else {
                self.done.push(Block::text(number, prefix));
            }
        }
        self.done.push(Block {
            line: number,
            kind: Kind::Code(body),
        });
        let next = at + used;
        if rest.chars().any(char::is_alphanumeric) {
            self.blocks[next].kind = Kind::Text(rest);
            Some(next)
        } else {
            Some(next + 1)
        }
    }

    /// Headers, one per line or several on a line.
    fn header_at(&self, at: usize) -> Option<(Vec<String>, usize)> {
        let mut cells = Vec::new();
        let mut next = at;
        while let Some(line) = self.line(next) {
            match self.header_cells(line) {
                // A name that is also a header begins a row if a type follows.
                Some(_) if !cells.is_empty() && self.row_at(next).is_some() => break,
                Some(more) => cells.extend(more),
                None => break,
            }
            next += 1;
            if cells.len() > 6 {
                return None;
            }
        }
        let columns: Vec<_> = cells
            .iter()
            .filter_map(|cell| self.vocabulary.column(cell))
            .collect();
        let first = columns.first()?;
        let fits = match first {
            Column::Field => {
                columns.len() >= 2 && columns[1..].iter().all(|column| column != first)
            }
            Column::Code => columns.len() >= 2 && columns[1..].contains(&Column::Text),
            _ => false,
        };
        fits.then_some((cells, next))
    }

    fn header_cells(&self, line: &str) -> Option<Vec<String>> {
        let line = inline(line);
        if self.vocabulary.column(&line).is_some() {
            return Some(vec![line]);
        }
        if line.len() > 80 {
            return None;
        }
        let words: Vec<&str> = line.split_whitespace().collect();
        let mut cells = Vec::new();
        let mut at = 0;
        while at < words.len() {
            let took = (1..=2.min(words.len() - at)).rev().find(|took| {
                self.vocabulary
                    .column(&words[at..at + took].join(" "))
                    .is_some()
            })?;
            cells.push(words[at..at + took].join(" "));
            at += took;
        }
        (cells.len() >= 2).then_some(cells)
    }

    /// A row of fields that begins here: its first cells, and the line after them.
    fn row_at(&self, at: usize) -> Option<(Vec<String>, usize)> {
        let name = inline(self.line(at)?);
        let next = self.line(at + 1).map(inline).unwrap_or_default();
        if is_name(&name) {
            if let Some(cells) = self.type_cells(&next) {
                let mut cells = cells;
                cells.insert(0, name);
                let mut after = at + 2;
                if cells.len() == 2
                    && let Some(required) = self.line(after).map(inline)
                    && self.vocabulary.required(&required).is_some()
                    && self.vocabulary.column(&required).is_none_or(|_| true)
                {
                    cells.push(required);
                    after += 1;
                }
                return Some((cells, after));
            }
            let required = self.vocabulary.is_required_word(&next);
            if required
                && let Some((name, ty)) = self.vocabulary.split_type(&name)
                && is_name(&name)
            {
                return Some((vec![name, ty, next], at + 2));
            }
            let is_word =
                self.vocabulary.column(&name).is_some() || self.vocabulary.classes(&name).is_some();
            if required && self.header && self.has_required && !is_word {
                return Some((vec![name, String::new(), next], at + 2));
            }
            return None;
        }
        // Cells that were joined on one line.
        let mut words = name.split_whitespace();
        let (first, second) = (words.next()?, words.next()?);
        if !is_name(first)
            || self.vocabulary.column(first).is_some() && self.vocabulary.column(second).is_some()
        {
            return None;
        }
        let mut cells = self.type_cells(second)?;
        // In a sentence types are not capitalized, and names have no articles.
        if !self.vocabulary.is_exact_type(&cells[0]) {
            return None;
        }
        cells.insert(0, first.to_owned());
        let mut rest: Vec<&str> = words.collect();
        if cells.len() == 2
            && let Some(third) = rest.first()
            && self.vocabulary.is_required_word(third)
        {
            cells.push((*third).to_owned());
            rest.remove(0);
        }
        let mut after = at + 1;
        if rest.is_empty() {
            if cells.len() == 2 && self.vocabulary.is_required_word(&next) {
                cells.push(next);
                after += 1;
            }
        } else if cells.len() == 3 || self.header && !self.has_required {
            cells.push(rest.join(" "));
        } else {
            return None;
        }
        Some((cells, after))
    }

    /// A type, or a type joined with a word for "must be sent".
    fn type_cells(&self, text: &str) -> Option<Vec<String>> {
        if self.vocabulary.classes(text).is_some() {
            return Some(vec![text.to_owned()]);
        }
        if let Some((ty, required)) = text.split_once(char::is_whitespace)
            && self.vocabulary.classes(ty).is_some()
            && self.vocabulary.is_required_word(required)
        {
            return Some(vec![ty.to_owned(), required.trim().to_owned()]);
        }
        let (ty, required) = self.vocabulary.split_required(text)?;
        Some(vec![ty, required])
    }

    /// Whether something other than more text begins on this line.
    fn begins(&self, at: usize) -> bool {
        let Some(line) = self.line(at) else {
            return true;
        };
        let plain = inline(line);
        self.vocabulary.part(&plain, false).is_some()
            || self.row_at(at).is_some()
            || self.header_at(at).is_some()
            // A heading recognizable only by its position.
            || plain.chars().count() < 60 && self.header_at(at + 1).is_some()
            || self.part == Some(Part::Errors) && is_title(&plain) && self.vocabulary.part(&plain, true) == Some(Part::Errors)
            || line.starts_with('{')
            || line.starts_with("```")
            || line.starts_with("# ")
            || line.starts_with("##")
            || is_piped(line) && split_pipes(line).len() > 1 && line.matches('|').count() > 1
    }
}

/// Whether a line of a body is a sentence outside any body.
fn is_prose(line: &str) -> bool {
    let begins = line.starts_with(|c: char| c.is_alphabetic());
    // A sentence may quote a small body of its own.
    let line = line.split('{').next().unwrap_or_default();
    begins
        && !line.contains('"')
        && (line.split_whitespace().count() > 2 || line.chars().any(|c| c >= '\u{3000}'))
}

/// Whether a line is short and not a sentence.
fn is_title(line: &str) -> bool {
    line.chars().count() < 48 && !line.ends_with(['.', '。', ';', '；', ':', '：'])
}

fn is_piped(line: &str) -> bool {
    let line = line.trim();
    line.starts_with('|')
        || line.contains(" | ")
        || line.ends_with(" |")
        || line.matches('|').count() >= 2
}

/// A line that begins with a code, and the text after it.
fn code_at(line: &str) -> Option<(String, Option<String>)> {
    let line = line.trim();
    if codes(line).is_some() {
        return Some((line.to_owned(), None));
    }
    let end = line.find(|c: char| !(c.is_ascii_digit() || c == '-'))?;
    let (code, text) = line.split_at(end);
    let digits = code.trim_start_matches('-').len();
    let apart = text.starts_with(|c: char| c.is_whitespace() || !c.is_ascii());
    let text = text.trim_start_matches([' ', '\t', ':', '：', '.']);
    let sentence = text.starts_with(|c: char| c.is_alphabetic());
    ((4..=6).contains(&digits) && codes(code).is_some() && apart && sentence)
        .then(|| (code.to_owned(), Some(text.to_owned())))
}

/// The end of a body that is never closed: its last line with a bracket or a key.
fn damaged_end(text: &str, start: usize) -> usize {
    let mut end = start;
    let mut at = start;
    let mut strange = 0;
    for line in text[start..].split_inclusive('\n') {
        at += line.len();
        let line = line.trim();
        let fits = line.starts_with(['{', '}', '[', ']', '"', '/', '.', '-', '“'])
            || line.starts_with(|c: char| c.is_ascii_digit())
            || line.is_empty();
        if fits {
            end = at;
            strange = 0;
        } else {
            strange += 1;
            if strange > 2 {
                break;
            }
        }
    }
    end.max(start + 1).min(text.len())
}
