//! Markdown. The library finds headings, code and tables; rows are split here, since the pages have rows that
//! lost or gained cells, which the library cuts to the headers.

use super::{
    block::{Block, Kind},
    line::{is_delimiter_row, split_pipes},
};
use crate::audit::vocabulary::Vocabulary;
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};
use std::ops::Range;

pub(super) fn blocks(source: &str, vocabulary: &Vocabulary) -> Vec<Block> {
    let lines = Lines::of(source);
    let mut blocks = Vec::new();
    let mut events = Parser::new_ext(source, Options::ENABLE_TABLES).into_offset_iter();
    while let Some((event, range)) = events.next() {
        match event {
            Event::Start(Tag::Heading { .. }) => {
                let mut text = String::new();
                for (event, _) in events.by_ref() {
                    match event {
                        Event::End(TagEnd::Heading(_)) => break,
                        Event::Text(piece) | Event::Code(piece) => text.push_str(&piece),
                        Event::SoftBreak | Event::HardBreak => text.push(' '),
                        _ => {}
                    }
                }
                blocks.push(Block {
                    line: lines.at(range.start),
                    kind: Kind::Heading(text.trim().to_owned()),
                });
            }
            Event::Start(Tag::CodeBlock(kind)) => {
                let indented = matches!(kind, pulldown_cmark::CodeBlockKind::Indented);
                let mut text = String::new();
                let mut first = None;
                for (event, piece_range) in events.by_ref() {
                    match event {
                        Event::End(TagEnd::CodeBlock) => break,
                        Event::Text(piece) => {
                            first.get_or_insert(piece_range.start);
                            text.push_str(&piece);
                        }
                        _ => {}
                    }
                }
                let line = lines.at(first.unwrap_or(range.start));
                if indented {
                    // Rows and lists are indented by accident.
                    let texts = text.lines().enumerate();
                    blocks.extend(texts.map(|(at, text)| Block::text(line + at, inline(text))));
                } else {
                    blocks.push(Block {
                        line,
                        kind: Kind::Code(text),
                    });
                }
            }
            Event::Start(Tag::Table(_)) => {
                rows(source, &range, &lines, vocabulary, &mut blocks);
                for (event, _) in events.by_ref() {
                    if matches!(event, Event::End(TagEnd::Table)) {
                        break;
                    }
                }
            }
            Event::Start(Tag::Paragraph | Tag::HtmlBlock) => {
                plain(source, &range, &lines, &mut blocks);
                let mut depth = 1;
                for (event, _) in events.by_ref() {
                    match event {
                        Event::Start(Tag::Paragraph | Tag::HtmlBlock) => depth += 1,
                        Event::End(TagEnd::Paragraph | TagEnd::HtmlBlock) => depth -= 1,
                        _ => {}
                    }
                    if depth == 0 {
                        break;
                    }
                }
            }
            // Items of tight lists have their text without a paragraph around it.
            Event::Text(_) | Event::Code(_) => {
                let line = lines.at(range.start);
                match blocks.last_mut() {
                    Some(Block {
                        line: last,
                        kind: Kind::Text(text),
                    }) if *last == line => {
                        text.push_str(&source[range]);
                    }
                    _ => blocks.push(Block::text(line, inline(&source[range]))),
                }
            }
            _ => {}
        }
    }
    blocks
}

fn rows(
    source: &str,
    range: &Range<usize>,
    lines: &Lines,
    vocabulary: &Vocabulary,
    blocks: &mut Vec<Block>,
) {
    let first = lines.at(range.start);
    for (at, row) in source[range.clone()].lines().enumerate() {
        let row = row.trim_start_matches(['>', ' ', '\t']);
        if is_delimiter_row(row) || row.trim().is_empty() {
            continue;
        }
        let cells = split_pipes(row)
            .iter()
            .map(|cell| inline(cell))
            .collect::<Vec<_>>();
        let line = first + at;
        if at == 0 {
            let columns = cells.iter().map(|cell| vocabulary.column(cell)).collect();
            blocks.push(Block {
                line,
                kind: Kind::Header(columns, cells),
            });
        } else {
            blocks.push(Block {
                line,
                kind: Kind::Row(cells),
            });
        }
    }
}

fn plain(source: &str, range: &Range<usize>, lines: &Lines, blocks: &mut Vec<Block>) {
    let first = lines.at(range.start);
    for (at, text) in source[range.clone()].lines().enumerate() {
        for piece in inline(text.trim_start_matches('>')).lines() {
            blocks.push(Block::text(first + at, piece));
        }
    }
}

/// The text of a cell or line: links, marks and tags are gone, `<br>` and list items begin a line.
pub(super) fn inline(source: &str) -> String {
    let mut text = String::new();
    let mut rest = source.trim();
    while let Some(c) = rest.chars().next() {
        match c {
            '`' => rest = &rest[1..],
            '*' if rest.starts_with("**") => rest = &rest[2..],
            '\\' if rest[1..].starts_with(|c: char| c.is_ascii_punctuation()) => {
                text.push_str(&rest[1..2]);
                rest = &rest[2..];
            }
            '<' => {
                let name = rest[1..].trim_start_matches('/').to_ascii_lowercase();
                let is_tag = name.starts_with(|c: char| c.is_ascii_alphabetic());
                match rest.find('>').filter(|_| is_tag) {
                    Some(end) => {
                        if ["br", "li", "p", "ul", "div"]
                            .iter()
                            .any(|tag| name.starts_with(tag))
                        {
                            text.push('\n');
                        }
                        rest = &rest[end + 1..];
                    }
                    None => {
                        text.push('<');
                        rest = &rest[1..];
                    }
                }
            }
            '!' if rest.starts_with("![") => rest = &rest[1..],
            '[' => match link(rest) {
                Some((label, took)) => {
                    text.push_str(label);
                    rest = &rest[took..];
                }
                None => {
                    text.push('[');
                    rest = &rest[1..];
                }
            },
            '&' => {
                let (c, took) = entity(rest);
                text.push(c);
                rest = &rest[took..];
            }
            c => {
                text.push(c);
                rest = &rest[c.len_utf8()..];
            }
        }
    }
    text.trim().to_owned()
}

/// `[label](target)`: its label and length.
fn link(text: &str) -> Option<(&str, usize)> {
    let end = text.find("](")?;
    let label = &text[1..end];
    if label.contains('\n') || label.len() > 400 || label.matches('[').count() > 2 {
        return None;
    }
    let close = text[end..].find(')')?;
    Some((label.trim_start_matches('['), end + close + 1))
}

fn entity(text: &str) -> (char, usize) {
    for (name, c) in [
        ("&amp;", '&'),
        ("&lt;", '<'),
        ("&gt;", '>'),
        ("&quot;", '"'),
        ("&nbsp;", ' '),
        ("&#39;", '\''),
        ("&#124;", '|'),
    ] {
        if text.starts_with(name) {
            return (c, name.len());
        }
    }
    ('&', 1)
}

/// Where the lines of a text begin.
struct Lines(Vec<usize>);

impl Lines {
    fn of(source: &str) -> Self {
        let ends = source.match_indices('\n').map(|(at, _)| at + 1);
        Self(std::iter::once(0).chain(ends).collect())
    }

    /// Line of a byte, from 1.
    fn at(&self, byte: usize) -> usize {
        self.0.partition_point(|start| *start <= byte)
    }
}
