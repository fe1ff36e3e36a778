//! What is wrong with a spec, and where.

use super::source::Source;
use std::{fmt::Write as _, ops::Range};

/// One mistake in a spec file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub struct Diagnostic {
    /// File, relative to the workspace.
    pub file: String,
    /// Line, from 1; 0 when the mistake is in no line.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// What is wrong.
    pub message: String,
    /// What would be right.
    pub expected: Option<String>,
    /// The nearest name that would be right.
    pub suggestion: Option<String>,
    /// The line itself, and how many characters of it are meant.
    #[serde(skip)]
    pub excerpt: Option<(String, usize)>,
}

impl Diagnostic {
    /// A mistake at bytes `span` of a file.
    pub fn new(source: &Source, span: Range<usize>, message: impl Into<String>) -> Self {
        let text = &source.text;
        let start = (0..=span.start.min(text.len()))
            .rev()
            .find(|i| text.is_char_boundary(*i))
            .unwrap_or(0);
        let line_start = text[..start].rfind('\n').map_or(0, |i| i + 1);
        let line_end = text[start..].find('\n').map_or(text.len(), |i| start + i);
        let end = (start..=span.end.clamp(start, line_end))
            .rev()
            .find(|i| text.is_char_boundary(*i))
            .unwrap_or(start);
        Self {
            file: source.path.clone(),
            line: text[..start].matches('\n').count() + 1,
            column: text[line_start..start].chars().count() + 1,
            message: message.into(),
            expected: None,
            suggestion: None,
            excerpt: Some((
                text[line_start..line_end].trim_end().to_owned(),
                text[start..end].chars().count().max(1),
            )),
        }
    }

    /// A mistake of a file or folder as a whole.
    pub fn of_file(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            file: path.into(),
            line: 0,
            column: 0,
            message: message.into(),
            expected: None,
            suggestion: None,
            excerpt: None,
        }
    }

    /// Adds what would be right.
    #[must_use]
    pub fn expected(mut self, expected: impl Into<String>) -> Self {
        self.expected = Some(expected.into());
        self
    }

    /// Adds the candidate nearest to `word`, if one is near.
    #[must_use]
    pub fn suggest<'a>(
        mut self,
        word: &str,
        candidates: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        self.suggestion = nearest(word, candidates)
            .filter(|name| *name != word)
            .map(|name| format!("did you mean `{name}`?"));
        self
    }

    /// For people: message, place, the line with a mark, what would be right.
    pub fn render(&self) -> String {
        let mut out = format!("error: {}\n", self.message);
        if self.line == 0 {
            let _ = writeln!(out, "  --> {}", self.file);
        } else {
            let _ = writeln!(out, "  --> {}:{}:{}", self.file, self.line, self.column);
        }
        if let Some((line, width)) = &self.excerpt {
            // Long lines (samples) are cut around the mark.
            let from = self.column.saturating_sub(60);
            let shown: String = line.chars().skip(from).take(110).collect();
            let pad: String = line
                .chars()
                .skip(from)
                .take(self.column - 1 - from)
                .map(|c| if c == '\t' { c } else { ' ' })
                .collect();
            let width = (*width).min(
                shown
                    .chars()
                    .count()
                    .saturating_sub(pad.chars().count())
                    .max(1),
            );
            let _ = writeln!(out, "   |\n   | {shown}\n   | {pad}{}", "^".repeat(width));
        }
        for note in self
            .expected
            .iter()
            .map(|e| format!("expected: {e}"))
            .chain(self.suggestion.clone())
        {
            let _ = writeln!(out, "   = {note}");
        }
        out
    }
}

/// All mistakes of a run.
#[derive(Clone, Debug, Default)]
pub struct Diagnostics(Vec<Diagnostic>);

impl Diagnostics {
    /// Adds a mistake.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        self.0.push(diagnostic);
    }

    /// Adds a mistake without advice.
    pub fn report(&mut self, source: &Source, span: Range<usize>, message: impl Into<String>) {
        self.push(Diagnostic::new(source, span, message));
    }

    /// Takes over the mistakes of another stage.
    pub fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// In the order of files and lines, each once.
    pub fn sorted(&self) -> Vec<Diagnostic> {
        let mut all = self.0.clone();
        all.sort();
        all.dedup();
        all
    }

    /// For people, with a count at the end.
    pub fn render(&self) -> String {
        let all = self.sorted();
        let mut out: String = all
            .iter()
            .map(|diagnostic| diagnostic.render() + "\n")
            .collect();
        let files = all
            .iter()
            .map(|d| &d.file)
            .collect::<std::collections::BTreeSet<_>>()
            .len();
        let _ = writeln!(
            out,
            "{} in {}",
            count(all.len(), "error"),
            count(files, "file")
        );
        out
    }

    /// For machines: a JSON object a line.
    pub fn render_json(&self) -> String {
        self.sorted()
            .iter()
            .filter_map(|d| serde_json::to_string(d).ok())
            .map(|line| line + "\n")
            .collect()
    }

    /// `Err` with the mistakes, if there are any.
    ///
    /// # Errors
    ///
    /// The mistakes.
    pub fn into_result<T>(self, value: T) -> Result<T, Self> {
        if self.is_empty() {
            Ok(value)
        } else {
            Err(self)
        }
    }
}

/// `1 error`, `2 errors`.
pub fn count(n: usize, noun: &str) -> String {
    format!("{n} {noun}{}", if n == 1 { "" } else { "s" })
}

/// The candidate most like `word`, unless none is like it.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let likeness =
        |candidate: &str| strsim::jaro_winkler(&word.to_lowercase(), &candidate.to_lowercase());
    candidates
        .into_iter()
        .map(|candidate| (likeness(candidate), candidate))
        .filter(|(likeness, _)| *likeness > 0.75)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}
