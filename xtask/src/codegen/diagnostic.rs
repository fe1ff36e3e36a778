//! Mistakes in a spec and their places.

use super::source::Source;
use annotate_snippets::{AnnotationKind, Level, Origin, Renderer, Snippet};
use std::{fmt::Write as _, ops::Range};

/// One mistake in a spec file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub struct Diagnostic {
    /// File, relative to the workspace.
    pub file: String,
    /// Line, from 1; 0 when the mistake has no line.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// What is wrong.
    pub message: String,
    /// What would be right.
    pub expected: Option<String>,
    /// The nearest valid name.
    pub suggestion: Option<String>,
    /// The line itself, and how many of its characters are marked.
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
            line: source.line(start),
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

    /// A mistake in a file or folder as a whole.
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

    /// For people: message, place, the marked line, and what is expected.
    pub fn render(&self) -> String {
        self.rendered(&PLAIN)
    }

    fn rendered(&self, renderer: &Renderer) -> String {
        let title = Level::ERROR.primary_title(escaped(&self.message));
        let mut group = match &self.excerpt {
            Some((line, width)) => {
                let line = excerpt(line);
                let mark = AnnotationKind::Primary.span(self.marked(&line, *width));
                let snippet = Snippet::source(line).path(escaped(&self.file));
                title.element(snippet.line_start(self.line).annotation(mark))
            }
            None => title.element(Origin::path(escaped(&self.file))),
        };
        if let Some(expected) = &self.expected {
            let expected = escaped(expected);
            group = group.element(Level::NOTE.with_name("expected").message(expected));
        }
        if let Some(suggestion) = &self.suggestion {
            group = group.element(Level::HELP.message(escaped(suggestion)));
        }
        renderer.render(&[group])
    }

    /// The marked bytes of the excerpt. The renderer shows all of a mark, however long, so a mark over a sample
    /// is cut.
    fn marked(&self, line: &str, width: usize) -> Range<usize> {
        let byte = |at| line.char_indices().nth(at).map_or(line.len(), |(i, _)| i);
        let start = self.column.saturating_sub(1);
        byte(start)..byte(start + width.min(MARKED_COLUMNS))
    }
}

/// The renderer shows lines for this many columns around the mark.
const PLAIN: Renderer = Renderer::plain().term_width(120);
/// The same with colors.
const STYLED: Renderer = Renderer::styled().term_width(120);
/// Columns of a mark at most.
const MARKED_COLUMNS: usize = 100;

/// Text of a file within a sentence: no character moves the cursor or ends the line.
fn escaped(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match is_hidden(c) {
            true => shown.extend(c.escape_default()),
            false => shown.push(c),
        }
    }
    shown
}

/// A line of a file with each character in its place. The renderer shows tabs as blanks and ASCII control
/// characters as pictures, but leaves those of Latin-1 as they are.
fn excerpt(line: &str) -> String {
    let latin = |c| matches!(c, '\u{80}'..='\u{9f}');
    line.replace(latin, "\u{fffd}")
}

/// Whether a character does anything other than display itself.
pub(super) fn is_hidden(c: char) -> bool {
    c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
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

    /// In the order of files and lines, without repetitions.
    pub fn sorted(&self) -> Vec<Diagnostic> {
        let mut all = self.0.clone();
        all.sort();
        all.dedup();
        all
    }

    /// For people, with a count at the end.
    pub fn render(&self) -> String {
        self.rendered(&PLAIN)
    }

    /// For people at a terminal: [`render`](Self::render) with colors.
    pub fn render_styled(&self) -> String {
        self.rendered(&STYLED)
    }

    fn rendered(&self, renderer: &Renderer) -> String {
        let all = self.sorted();
        let mut out: String = all
            .iter()
            .map(|diagnostic| diagnostic.rendered(renderer) + "\n\n")
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

    /// For machines: one JSON object per line.
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

/// The candidate most similar to `word`, if any is similar.
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
