//! Computes the digest of a page.

use super::{
    digest::Digest,
    facts::Facts,
    page::{Kind, Page},
    vocabulary::{Part, Vocabulary},
};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeSet;

/// The digest of a page.
pub(super) fn digest(page: &Page, facts: &Facts, vocabulary: &Vocabulary) -> Digest {
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
