//! What tells a changed page: a digest of its facts and one of its prose.

use super::{
    facts::Facts,
    page::{Kind, Page},
    vocabulary::{Part, Vocabulary},
};
use sha2::{Digest as _, Sha256};
use std::{collections::BTreeSet, fmt};

/// Two digests and the language of the text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Digest {
    /// Language of the text, by its letters.
    pub language: &'static str,
    /// Of fields, types, codes, quotas and hosts: the same for every shape of a page.
    pub facts: String,
    /// Of letters and digits of the text, frames left out.
    pub prose: String,
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}-{}", self.language, self.facts, self.prose)
    }
}

/// How a page differs from the one that a digest was made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Not at all, or it is in another language, which says nothing.
    None,
    /// Only its sentences.
    Prose,
    /// Its facts.
    Facts,
}

impl Digest {
    /// Compares with a digest that the spec holds.
    pub fn change_since(&self, held: &str) -> Change {
        let mut parts = held.split('-');
        let (language, facts, prose) = (parts.next(), parts.next(), parts.next());
        if language != Some(self.language) {
            Change::None
        } else if facts != Some(&self.facts) {
            Change::Facts
        } else if prose != Some(&self.prose) {
            Change::Prose
        } else {
            Change::None
        }
    }
}

/// Whether a text can be a digest as it is printed.
pub fn is_digest(text: &str) -> bool {
    let mut parts = text.split('-');
    let (language, facts, prose) = (parts.next(), parts.next(), parts.next());
    let hex = |part: Option<&str>| {
        part.is_some_and(|part| {
            part.len() == 12
                && part
                    .chars()
                    .all(|c| c.is_ascii_digit() || ('a'..='f').contains(&c))
        })
    };
    let letters = |part: &str| part.len() == 2 && part.chars().all(|c| c.is_ascii_lowercase());
    parts.next().is_none() && language.is_some_and(letters) && hex(facts) && hex(prose)
}

/// The digest of a page.
pub fn of(page: &Page, facts: &Facts, vocabulary: &Vocabulary) -> Digest {
    let text = content(page, vocabulary);
    Digest {
        language: language(&text),
        facts: short(&statements(facts)),
        prose: short(&text),
    }
}

fn short(text: &str) -> String {
    let hash = Sha256::digest(text.as_bytes());
    hash.iter()
        .take(6)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// The facts in a fixed order.
fn statements(facts: &Facts) -> String {
    let mut lines = BTreeSet::new();
    for (side, body) in &facts.bodies {
        let side = side.word();
        for row in &body.rows {
            let name = row.names.join(".");
            lines.insert(format!(
                "{side} {name} {:?} {:?}",
                row.classes,
                row.required.flatten()
            ));
        }
        for key in body.samples.iter().flat_map(|sample| &sample.keys) {
            lines.insert(format!(
                "{side} {} sample {:?}",
                key.path.join("."),
                key.class
            ));
        }
    }
    lines.extend(
        facts
            .codes
            .iter()
            .map(|code| format!("code {:?}", code.range)),
    );
    lines.extend(
        facts
            .quotas
            .iter()
            .map(|(quota, _)| format!("quota {quota}")),
    );
    lines.extend(facts.hosts.iter().map(|(host, _)| format!("host {host}")));
    lines.into_iter().collect::<Vec<_>>().join("\n")
}

/// Letters and digits of the document, from its first part to its end.
fn content(page: &Page, vocabulary: &Vocabulary) -> String {
    let mut text = String::new();
    let mut inside = false;
    let mut ended = false;
    for block in &page.blocks {
        if let Kind::Heading(heading) = &block.kind {
            match vocabulary.part(heading, true) {
                Some(Part::End) => ended = true,
                Some(_) => {
                    inside = true;
                    ended = false;
                }
                None => {}
            }
        }
        if !inside || ended {
            continue;
        }
        let mut add = |piece: &str| {
            text.extend(
                piece
                    .chars()
                    .filter(|c| c.is_alphanumeric())
                    .flat_map(char::to_lowercase),
            );
        };
        match &block.kind {
            Kind::Heading(piece) | Kind::Code(piece) | Kind::Text(piece) => add(piece),
            Kind::Header(_, cells) | Kind::Row(cells) => cells.iter().for_each(|cell| add(cell)),
        }
    }
    text
}

fn language(text: &str) -> &'static str {
    let count =
        |range: std::ops::RangeInclusive<char>| text.chars().filter(|c| range.contains(c)).count();
    let (kana, hangul, han) = (
        count('\u{3040}'..='\u{30ff}'),
        count('\u{ac00}'..='\u{d7af}'),
        count('\u{4e00}'..='\u{9fff}'),
    );
    if hangul * 20 > text.len() / 3 {
        "ko"
    } else if kana * 20 > text.len() / 3 {
        "ja"
    } else if han * 20 > text.len() / 3 {
        "zh"
    } else {
        "en"
    }
}
