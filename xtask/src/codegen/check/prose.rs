//! Text that rustdoc would warn about, and text that readers see first.

use super::rules::Rules;
use crate::codegen::{load::Source, spec::At};

impl Rules<'_> {
    /// Reports text that rustdoc would warn about at the place where it can be fixed.
    pub(super) fn doc(&mut self, source: &Source, doc: &At<String>) {
        let text = &doc.value;
        let expected = if text.trim().is_empty() {
            "what it means, in our own words"
        } else if text.matches('`').count() % 2 == 1 {
            "backticks in pairs"
        } else if unquoted(text).any(|part| part.contains("http://") || part.contains("https://")) {
            "addresses in angle brackets or backticks"
        } else if unquoted(text).any(|part| part.contains('<') || part.contains('[')) {
            "`<` and `[` only in backticks"
        } else {
            return;
        };
        self.at(source, doc, "this would make poor documentation", expected);
    }

    /// Checks a summary, which readers see first.
    pub(super) fn prose(&mut self, source: &Source, summary: &At<String>, details: Option<&str>) {
        self.doc(source, summary);
        if !summary.trim_end().ends_with('.') || summary.contains('\n') {
            self.at(
                source,
                summary,
                "the summary is not a sentence",
                "one line that ends with a period",
            );
        }
        if let Some(details) = details {
            let details = At {
                value: details.to_owned(),
                span: summary.span.clone(),
            };
            self.doc(source, &details);
        }
    }
}

/// The parts of a text outside backticks and addresses in angle brackets.
fn unquoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').step_by(2).flat_map(|part| {
        part.split("<http").enumerate().map(|(i, piece)| {
            if i == 0 {
                piece
            } else {
                piece.split_once('>').map_or("", |(_, rest)| rest)
            }
        })
    })
}
