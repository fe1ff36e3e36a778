//! HTML as a browser saves it. Frames (navigation, feedback, menus) are left out.

use super::{
    block::{Block, Kind},
    line::word,
};
use crate::audit::vocabulary::Vocabulary;
use scraper::{ElementRef, Html, Node};

/// Deepest nesting of elements that is followed.
const MAX_DEPTH: usize = 400;

pub(super) fn blocks(source: &str, vocabulary: &Vocabulary) -> (Vec<Block>, Option<String>) {
    let document = Html::parse_document(source);
    let mut reader = Reader {
        vocabulary,
        blocks: Vec::new(),
        line: String::new(),
        number: 0,
        address: saved_from(source),
    };
    reader.children(document.root_element(), 0);
    reader.end_line();
    (reader.blocks, reader.address)
}

/// The comment that browsers write: `saved from url=(0056)https://…`.
fn saved_from(source: &str) -> Option<String> {
    let at = source.find("saved from url=(")?;
    let rest = &source[at..source.len().min(at + 600)];
    let address = &rest[rest.find(')')? + 1..];
    Some(word(address).trim_end_matches("--").to_owned())
}

struct Reader<'a> {
    vocabulary: &'a Vocabulary,
    blocks: Vec<Block>,
    /// Text of the line that is being read.
    line: String,
    /// Lines so far: an HTML file has few that mean anything.
    number: usize,
    address: Option<String>,
}

impl Reader<'_> {
    fn end_line(&mut self) {
        let text = std::mem::take(&mut self.line);
        if !text.trim().is_empty() {
            self.push(Kind::Text(collapse(&text)));
        }
    }

    fn push(&mut self, kind: Kind) {
        self.number += 1;
        self.blocks.push(Block {
            line: self.number,
            kind,
        });
    }

    fn is_frame(&self, element: ElementRef<'_>) -> bool {
        let words = &self.vocabulary.file.html;
        let name = element.value().name();
        if words.frame_elements.iter().any(|frame| frame == name) {
            return true;
        }
        if matches!(
            name,
            "html" | "body" | "main" | "article" | "table" | "td" | "tr" | "pre" | "code"
        ) {
            return false;
        }
        let attributes = ["class", "id", "role"];
        let named = attributes
            .iter()
            .filter_map(|name| element.value().attr(name));
        named.flat_map(str::split_whitespace).any(|class| {
            let class = class.to_ascii_lowercase();
            words.frame_words.iter().any(|word| {
                class == *word
                    || class.split(['-', '_']).any(|part| part == word)
                    || (word.contains('-') && class.contains(word.as_str()))
            })
        })
    }

    fn children(&mut self, element: ElementRef<'_>, depth: usize) {
        if depth > MAX_DEPTH {
            return;
        }
        for child in element.children() {
            match child.value() {
                Node::Text(text) => self.line.push_str(text),
                Node::Element(_) => {
                    if let Some(child) = ElementRef::wrap(child) {
                        self.element(child, depth + 1);
                    }
                }
                _ => {}
            }
        }
    }

    fn element(&mut self, element: ElementRef<'_>, depth: usize) {
        let name = element.value().name();
        if name == "link" && element.value().attr("rel") == Some("canonical") {
            self.address = element.value().attr("href").map(str::to_owned);
        }
        if name == "title" || self.is_frame(element) {
            return;
        }
        match name {
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => {
                self.end_line();
                let text = collapse(&text_of(element));
                if !text.is_empty() {
                    self.push(Kind::Heading(text));
                }
            }
            "pre" | "textarea" => {
                self.end_line();
                let code = code_of(element);
                if !code.trim().is_empty() {
                    self.push(Kind::Code(code));
                }
            }
            "table" => {
                self.end_line();
                if element
                    .value()
                    .attr("class")
                    .is_some_and(|class| class.contains("hljs-ln"))
                {
                    self.push(Kind::Code(code_of(element)));
                } else {
                    self.table(element, depth);
                }
            }
            "br" => self.end_line(),
            "p" | "div" | "li" | "ul" | "ol" | "section" | "article" | "main" | "blockquote"
            | "dl" | "dt" | "dd" | "tr" | "td" | "th" | "figure" | "details" | "summary"
            | "body" | "head" | "hr" => {
                self.end_line();
                self.children(element, depth);
                self.end_line();
            }
            _ => self.children(element, depth),
        }
    }

    fn table(&mut self, table: ElementRef<'_>, depth: usize) {
        let mut first = true;
        for row in descendants(table, "tr") {
            let mut cells = Vec::new();
            let mut nested = Vec::new();
            let mut heads = 0;
            for cell in row.children().filter_map(ElementRef::wrap) {
                match cell.value().name() {
                    "th" => heads += 1,
                    "td" => {}
                    _ => continue,
                }
                nested.extend(descendants(cell, "table"));
                cells.push(cell_of(cell));
            }
            if cells.iter().all(String::is_empty) {
                continue;
            }
            let columns: Vec<_> = cells
                .iter()
                .map(|cell| self.vocabulary.column(cell))
                .collect();
            let known = columns.iter().flatten().count();
            if heads == cells.len() || (first && known >= 2 && known * 2 >= cells.len()) {
                self.push(Kind::Header(columns, cells));
            } else {
                self.push(Kind::Row(cells));
            }
            first = false;
            if depth < MAX_DEPTH {
                for inner in nested {
                    self.table(inner, depth + 10);
                }
            }
        }
    }
}

/// Elements of this name below an element, those inside another table left to that one.
fn descendants<'a>(element: ElementRef<'a>, name: &str) -> Vec<ElementRef<'a>> {
    let mut found = Vec::new();
    let mut open: Vec<ElementRef<'a>> = element.children().filter_map(ElementRef::wrap).collect();
    open.reverse();
    while let Some(next) = open.pop() {
        let here = next.value().name();
        if here == name {
            found.push(next);
        } else if here != "table" {
            let children: Vec<_> = next.children().filter_map(ElementRef::wrap).collect();
            open.extend(children.into_iter().rev());
        }
    }
    found
}

fn text_of(element: ElementRef<'_>) -> String {
    element.text().collect()
}

/// Text of a cell, a line for each paragraph and list item.
fn cell_of(cell: ElementRef<'_>) -> String {
    let mut text = String::new();
    lines_of(cell, &mut text, true, 0);
    let lines = text.lines().map(collapse).filter(|line| !line.is_empty());
    lines.collect::<Vec<_>>().join("\n")
}

/// Text of a sample with its line ends.
fn code_of(element: ElementRef<'_>) -> String {
    let mut text = String::new();
    lines_of(element, &mut text, false, 0);
    text.replace('\u{a0}', " ")
}

fn lines_of(element: ElementRef<'_>, text: &mut String, flow: bool, depth: usize) {
    if depth > MAX_DEPTH {
        return;
    }
    for child in element.children() {
        match child.value() {
            Node::Text(piece) if flow => text.push_str(&piece.replace('\n', " ")),
            Node::Text(piece) => text.push_str(piece),
            Node::Element(data) => {
                let name = data.name();
                let Some(child) = ElementRef::wrap(child) else {
                    continue;
                };
                let class = data.attr("class").unwrap_or_default();
                let number = [
                    "linenumber",
                    "line-number",
                    "hljs-ln-numbers",
                    "gutter",
                    "lineno",
                ];
                if name == "table" && flow || number.iter().any(|word| class.contains(word)) {
                    continue;
                }
                let block = matches!(name, "br" | "p" | "li" | "div" | "tr" | "ul" | "ol");
                let fresh = text.is_empty() || text.ends_with('\n');
                if block && (name == "br" || !fresh) {
                    text.push('\n');
                }
                lines_of(child, text, flow, depth + 1);
                if block && name != "br" && !text.ends_with('\n') {
                    text.push('\n');
                }
            }
            _ => {}
        }
    }
}

fn collapse(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
