//! Turns a saved page of any format into blocks: headings, rows of cells, code, lines of text.

mod block;
mod html;
mod line;
mod markdown;
mod text;

use super::vocabulary::Vocabulary;
pub use block::{Block, Kind};
pub(super) use line::{codes, is_name};
use line::{is_delimiter_row, word};
use std::{fs, path::Path};

/// Longest page that is read.
const MAX_BYTES: u64 = 8 << 20;

/// How a page was saved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// As a browser saves it.
    Html,
    /// As the vendor's repository has it.
    Markdown,
    /// As text.
    Text,
}

/// A page as blocks.
#[derive(Clone, Debug)]
pub struct Page {
    /// How it was saved.
    pub format: Format,
    /// Its pieces.
    pub blocks: Vec<Block>,
    /// The address that the file itself names.
    pub address: Option<String>,
    /// The whole text of the file.
    pub source: String,
}

/// Reads a file.
///
/// # Errors
///
/// Problems with the file itself: too large, or not readable.
pub fn read(path: &Path, vocabulary: &Vocabulary) -> Result<Page, String> {
    let meta = fs::metadata(path).map_err(|error| format!("cannot be read: {error}"))?;
    if meta.len() > MAX_BYTES {
        return Err(format!(
            "has {} bytes; at most {MAX_BYTES} are read",
            meta.len()
        ));
    }
    let bytes = fs::read(path).map_err(|error| format!("cannot be read: {error}"))?;
    Ok(parse(&decode(&bytes), vocabulary))
}

/// UTF-8, or UTF-16 with a byte order mark; everything else is decoded as far as possible.
fn decode(bytes: &[u8]) -> String {
    let wide = |order: fn([u8; 2]) -> u16| {
        let units = bytes[2..]
            .chunks_exact(2)
            .map(|pair| order([pair[0], pair[1]]));
        char::decode_utf16(units)
            .map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER))
            .collect()
    };
    match bytes {
        [0xff, 0xfe, ..] => wide(u16::from_le_bytes),
        [0xfe, 0xff, ..] => wide(u16::from_be_bytes),
        _ => String::from_utf8_lossy(bytes)
            .trim_start_matches('\u{feff}')
            .to_owned(),
    }
}

/// Takes a page apart.
pub fn parse(source: &str, vocabulary: &Vocabulary) -> Page {
    let source = source.replace("\r\n", "\n").replace('\r', "\n");
    let format = format_of(&source);
    let (blocks, address) = match format {
        Format::Html => html::blocks(&source, vocabulary),
        Format::Markdown => (markdown::blocks(&source, vocabulary), None),
        Format::Text => {
            let lines = source.lines().enumerate();
            (
                lines.map(|(at, line)| Block::text(at + 1, line)).collect(),
                None,
            )
        }
    };
    Page {
        format,
        blocks: text::regroup(blocks, vocabulary),
        address: address.or_else(|| address_at_top(&source)),
        source,
    }
}

/// Recognized by content and not by file name, because pages are saved under any name.
fn format_of(source: &str) -> Format {
    let head: String = source.chars().take(4096).collect::<String>().to_lowercase();
    let head = head.trim_start();
    let tags = [
        "<html",
        "<!doctype html",
        "<body",
        "<div",
        "<table",
        "<h1",
        "<h2",
        "<article",
    ];
    if head.starts_with('<') && tags.iter().any(|tag| head.contains(tag)) {
        return Format::Html;
    }
    let mut fences = 0;
    for line in source.lines() {
        let line = line.trim_start_matches(['>', ' ', '\t']);
        if is_delimiter_row(line) {
            return Format::Markdown;
        }
        fences += usize::from(line.starts_with("```"));
    }
    let closing = |tag: &str| source.matches(tag).count();
    if closing("</td>") + closing("</div>") + closing("</p>") > 8 {
        return Format::Html;
    }
    if fences >= 2 {
        Format::Markdown
    } else {
        Format::Text
    }
}

/// An address on one of the first lines, as tools that save pages write it.
fn address_at_top(source: &str) -> Option<String> {
    source.lines().take(8).find_map(|line| {
        let at = line.find("https://").or_else(|| line.find("http://"))?;
        let before = line[..at]
            .trim()
            .trim_end_matches([':', '：', '<', '"', '\''])
            .to_lowercase();
        let label = [
            "",
            "url",
            "source",
            "address",
            "from",
            "saved from",
            "link",
            "canonical",
        ];
        let address = word(&line[at..]);
        (label.contains(&before.as_str()) && address.contains("/document"))
            .then(|| address.to_owned())
    })
}
