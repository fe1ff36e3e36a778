//! `spec/audit/vocabulary.toml`: the vocabulary for reading the vendor's pages.

pub mod file;

use crate::codegen::{
    diagnostic::{Diagnostic, Diagnostics},
    load::{self, Source},
    spec::At,
};
pub use file::{
    CodeWords, CommandWords, DateWords, Document, DraftWords, ErrorWords, FieldWords, Headers,
    HostWords, HtmlWords, LimitWords, Part, PartWords, QuotaWords, RequiredWords, Types, Unusable,
    VocabularyFile,
};
use std::{collections::BTreeMap, fs, path::Path};

/// The wire meaning of a type on a page or in the spec.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Class {
    /// A string.
    String,
    /// A whole number.
    Integer,
    /// Any number.
    Number,
    /// true or false.
    Bool,
    /// A list.
    Array,
    /// An object.
    Object,
    /// Nothing comparable.
    Other,
}

impl Class {
    /// For people.
    pub fn word(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Integer => "integer",
            Self::Number => "number",
            Self::Bool => "bool",
            Self::Array => "list",
            Self::Object => "object",
            Self::Other => "anything",
        }
    }
}

/// What a column is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Column {
    /// Names of fields.
    Field,
    /// Types of fields.
    Type,
    /// Whether a field must be sent.
    Required,
    /// Sentences.
    Text,
    /// Error codes.
    Code,
}

/// A piece of a quota phrase.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece {
    /// How many.
    Calls,
    /// What is counted.
    Count,
    /// Before the unit.
    Per,
    /// How many units.
    Seconds,
    /// The unit.
    Unit,
    /// A few words of any kind.
    Fill,
}

/// The vocabulary, ready to be used.
#[derive(Debug)]
pub struct Vocabulary {
    /// The file.
    pub file: VocabularyFile,
    /// Its headings, squeezed.
    parts: Vec<(Part, Vec<String>)>,
    headers: BTreeMap<String, Column>,
    types: BTreeMap<String, Class>,
    required: BTreeMap<String, bool>,
    /// Quota phrases.
    pub phrases: Vec<Vec<Piece>>,
}

/// A text without blanks, markup and case.
pub fn squeeze(text: &str) -> String {
    text.chars()
        .filter(|c| {
            !c.is_whitespace() && !matches!(c, '`' | '#' | ':' | '：' | '\u{feff}' | '\u{200b}')
        })
        .flat_map(char::to_lowercase)
        .collect()
}

/// Whether a heading contains a word, in which `*` stands for anything.
fn contains(heading: &str, word: &str) -> bool {
    if word.contains('*') {
        fits(&format!("*{word}*"), heading)
    } else {
        heading.contains(word)
    }
}

/// Whether a name fits a pattern in which `*` stands for anything.
pub fn fits(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((head, tail)) => name.strip_prefix(head).is_some_and(|rest| {
            (0..=rest.len())
                .filter(|at| rest.is_char_boundary(*at))
                .any(|at| fits(tail, &rest[at..]))
        }),
    }
}

impl Vocabulary {
    /// Reads and checks the vocabulary of a spec folder, or that of `fallback` where the folder has
    /// none.
    ///
    /// # Errors
    ///
    /// Every mistake of form and sense.
    pub fn load(spec: &Path, fallback: &Path) -> Result<Self, Diagnostics> {
        let name = "audit/vocabulary.toml";
        let own = spec.join(name);
        let path = if own.exists() {
            own
        } else {
            fallback.join(name)
        };
        let shown = format!("spec/{name}");
        match fs::read_to_string(&path) {
            Ok(text) => Self::parse(&Source { path: shown, text }),
            Err(error) => {
                let mut errors = Diagnostics::default();
                let message = format!("the file cannot be read: {error}");
                errors.push(Diagnostic::of_file(shown, message));
                Err(errors)
            }
        }
    }

    /// Reads and checks a vocabulary.
    ///
    /// # Errors
    ///
    /// Every mistake of form and sense.
    pub fn parse(source: &Source) -> Result<Self, Diagnostics> {
        let file: VocabularyFile = load::parse(source)?;
        let mut errors = Diagnostics::default();
        let mut report = |at: &At<String>, message: String, expected: &str| {
            errors.push(
                Diagnostic::new(source, at.span.clone(), message).expected(expected.to_owned()),
            );
        };
        let mut table = |groups: &[(&'static str, &[At<String>])]| {
            let mut seen: BTreeMap<String, &'static str> = BTreeMap::new();
            for (group, words) in groups {
                for word in *words {
                    let squeezed = squeeze(word);
                    if squeezed.is_empty() {
                        report(word, "an empty word".to_owned(), "letters or digits");
                    } else if let Some(other) = seen.insert(squeezed, group).filter(|o| o != group)
                    {
                        let message = format!("`{}` is already under `{other}`", word.value);
                        report(word, message, "each word under one meaning");
                    }
                }
            }
        };
        let h = &file.headers;
        table(&[
            ("field", &h.field),
            ("type", &h.ty),
            ("required", &h.required),
            ("text", &h.text),
            ("code", &h.code),
        ]);
        let t = &file.types;
        table(&[
            ("string", &t.string),
            ("integer", &t.integer),
            ("number", &t.number),
            ("bool", &t.bool),
            ("array", &t.array),
            ("object", &t.object),
            ("other", &t.other),
        ]);
        table(&[("yes", &file.required.yes), ("no", &file.required.no)]);
        for part in &file.parts {
            table(&[("part", &part.words)]);
        }
        for suffix in &file.hosts.suffixes {
            if !suffix.starts_with('.') {
                let message = format!("`{}` has no leading dot", suffix.value);
                report(suffix, message, "the end of a host, such as `.example.com`");
            }
        }
        let mut phrases = Vec::new();
        for phrase in &file.quotas.phrases {
            match pieces(phrase) {
                Ok(pieces) => phrases.push(pieces),
                Err(message) => report(
                    phrase,
                    message,
                    "{calls}, {count}, {per}, {seconds}, {unit}, {fill}, with {calls} and {unit} once",
                ),
            }
        }
        for next in &file.draft.cursor_next {
            if !next.contains("{}") {
                let message = format!("`{}` does not say where the name goes", next.value);
                report(next, message, "a name with {}, such as `Next{}`");
            }
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        Ok(Self::ready(file, phrases))
    }

    fn ready(file: VocabularyFile, phrases: Vec<Vec<Piece>>) -> Self {
        let parts = (file.parts.iter())
            .map(|part| (part.kind, part.words.iter().map(|w| squeeze(w)).collect()))
            .collect();
        let mut headers = BTreeMap::new();
        let h = &file.headers;
        for (column, words) in [
            (Column::Field, &h.field),
            (Column::Type, &h.ty),
            (Column::Required, &h.required),
            (Column::Text, &h.text),
            (Column::Code, &h.code),
        ] {
            headers.extend(words.iter().map(|word| (squeeze(word), column)));
        }
        let mut types = BTreeMap::new();
        let t = &file.types;
        for (class, words) in [
            (Class::String, &t.string),
            (Class::Integer, &t.integer),
            (Class::Number, &t.number),
            (Class::Bool, &t.bool),
            (Class::Array, &t.array),
            (Class::Object, &t.object),
            (Class::Other, &t.other),
        ] {
            types.extend(words.iter().map(|word| (squeeze(word), class)));
        }
        let mut required = BTreeMap::new();
        for (yes, words) in [(true, &file.required.yes), (false, &file.required.no)] {
            required.extend(words.iter().map(|word| (squeeze(word), yes)));
        }
        Self {
            parts,
            headers,
            types,
            required,
            phrases,
            file,
        }
    }

    /// The part that a heading begins. A marked heading contains the words; a line that might be a heading must
    /// consist of the words.
    pub fn part(&self, text: &str, marked: bool) -> Option<Part> {
        if text.len() > 120 {
            return None;
        }
        let squeezed = squeeze(text);
        let squeezed = squeezed
            .trim_start_matches(|c: char| c.is_ascii_digit() || matches!(c, '.' | '-' | '•' | '、'))
            .trim_end_matches(['.', '。']);
        if squeezed.is_empty() {
            return None;
        }
        let exact = || {
            (self.parts.iter())
                .find(|(_, words)| {
                    let fits = |word: &String| {
                        word == squeezed
                            || squeezed.len() < 60 && word.contains('*') && fits(word, squeezed)
                    };
                    words.iter().any(fits)
                })
                .map(|(part, _)| *part)
        };
        exact().or_else(|| {
            (self.parts.iter())
                .find(|(_, words)| marked && words.iter().any(|word| contains(squeezed, word)))
                .map(|(part, _)| *part)
        })
    }

    /// The purpose of a column, by its header.
    pub fn column(&self, header: &str) -> Option<Column> {
        if header.len() > 60 {
            return None;
        }
        self.headers.get(&squeeze(header)).copied()
    }

    /// The meaning of a cell, if it is a type and nothing else. If there are several types, returns all of
    /// them.
    pub fn classes(&self, cell: &str) -> Option<Vec<Class>> {
        if cell.is_empty() || cell.len() > 60 {
            return None;
        }
        let squeezed = squeeze(cell);
        if let Some(class) = self.types.get(&squeezed) {
            return Some(vec![*class]);
        }
        // `[]String`, `Array[String]`, `Array of Object`, `List<Integer>`, `Object Array`: a list.
        let mut words = Vec::new();
        for word in cell.split(|c: char| !(c.is_alphanumeric() || c == '_')) {
            if word.is_empty() || word.eq_ignore_ascii_case("of") {
                continue;
            }
            words.push(*self.types.get(&squeeze(word))?);
        }
        if words.is_empty() {
            return None;
        }
        if cell.contains("[]") {
            return Some(vec![Class::Array]);
        }
        let choice = cell.contains(['/', '|', ',', '、']) || cell.contains(" or ");
        if words.len() > 1 && !choice {
            let list = words.contains(&Class::Array);
            return Some(vec![if list { Class::Array } else { *words.last()? }]);
        }
        Some(words)
    }

    /// Whether a word is a type in exactly the spelling of the vocabulary.
    pub fn is_exact_type(&self, word: &str) -> bool {
        let t = &self.file.types;
        let lists = [
            &t.string, &t.integer, &t.number, &t.bool, &t.array, &t.object,
        ];
        lists
            .iter()
            .any(|list| list.iter().any(|known| known.value == word))
    }

    /// The meaning of a cell in a "must be sent" column: `Some(None)` if it depends.
    pub fn required(&self, cell: &str) -> Option<Option<bool>> {
        if cell.is_empty() || cell.len() > 160 {
            return None;
        }
        let squeezed = squeeze(cell);
        if let Some(required) = self.required.get(&squeezed) {
            return Some(Some(*required));
        }
        let (word, rest) = cell
            .split_once(['(', '（', ',', '，'])
            .unwrap_or((cell, ""));
        if !rest.is_empty() && self.required.contains_key(&squeeze(word)) {
            return Some(None);
        }
        None
    }

    /// Whether a cell is a word of a "must be sent" column and not a sentence.
    pub fn is_required_word(&self, cell: &str) -> bool {
        cell.len() <= 24 && self.required.contains_key(&squeeze(cell))
    }

    /// Whether the text of a row says that the field is not always sent.
    pub fn is_conditional(&self, text: &str) -> bool {
        let text = text.to_lowercase();
        let words = &self.file.required.conditional;
        words.iter().any(|word| text.contains(&word.to_lowercase()))
    }

    /// Splits a type off the end of a cell into which two cells were joined.
    pub fn split_type(&self, cell: &str) -> Option<(String, String)> {
        (self.types.keys())
            .filter(|word| word.len() >= 3 && cell.len() > word.len())
            .filter_map(|word| {
                let at = cell.len() - word.len();
                (cell.is_char_boundary(at) && cell[at..].eq_ignore_ascii_case(word)).then_some(at)
            })
            .min()
            .map(|at| (cell[..at].to_owned(), cell[at..].to_owned()))
    }

    /// Splits a word of a "must be sent" column off the end of a type.
    pub fn split_required(&self, cell: &str) -> Option<(String, String)> {
        (self.required.keys()).find_map(|word| {
            let at = cell.len().checked_sub(word.len())?;
            if at == 0 || !cell.is_char_boundary(at) || squeeze(&cell[at..]) != *word {
                return None;
            }
            let ty = cell[..at].trim();
            self.classes(ty)?;
            Some((ty.to_owned(), cell[at..].to_owned()))
        })
    }

    /// Numbers of bytes that a text states.
    pub fn bytes(&self, text: &str) -> Vec<u64> {
        let words = &self.file.limits;
        let mut found = Vec::new();
        for (number, _, behind) in numbers(text) {
            let behind = behind.trim_start().to_lowercase();
            let has = |words: &[String]| {
                words
                    .iter()
                    .any(|word| behind.starts_with(&word.to_lowercase()))
            };
            if has(&words.kilobytes) {
                found.push(number.saturating_mul(1024));
                found.push(number.saturating_mul(1000));
            } else if has(&words.bytes) {
                found.push(number);
            }
        }
        found
    }

    /// Largest number of list entries that a text states.
    pub fn items(&self, text: &str) -> Vec<u64> {
        let words = &self.file.limits;
        let found = numbers(text).into_iter().filter(|(_, before, behind)| {
            let (before, behind) = (
                before.trim_end().to_lowercase(),
                behind.trim_start().to_lowercase(),
            );
            let unit = words
                .bytes
                .iter()
                .chain(&words.kilobytes)
                .any(|word| behind.starts_with(&word.to_lowercase()));
            let most = words
                .most_before
                .iter()
                .any(|word| before.ends_with(&word.to_lowercase()))
                || words
                    .most_behind
                    .iter()
                    .any(|word| behind.starts_with(&word.to_lowercase()));
            most && !unit
        });
        found.map(|(number, ..)| number).collect()
    }

    /// Whether a code is one of a client SDK.
    pub fn is_client_code(&self, code: i64) -> bool {
        (self.file.client_codes.iter()).any(|range| range.from <= code && code <= range.to)
    }

    /// Whether a service belongs to another product.
    pub fn is_neighbour(&self, service: &str) -> bool {
        let services = &self.file.commands.neighbour_services;
        services.iter().any(|pattern| fits(pattern, service))
    }
}

/// The numbers in a text with the words before and after them.
fn numbers(text: &str) -> Vec<(u64, &str, &str)> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(start) = text[from..].find(|c: char| c.is_ascii_digit()) {
        let start = from + start;
        let rest = &text[start..];
        let end = rest
            .find(|c: char| !(c.is_ascii_digit() || c == ','))
            .unwrap_or(rest.len());
        let digits = rest[..end].trim_end_matches(',');
        if let Ok(number) = digits.replace(',', "").parse() {
            found.push((number, &text[..start], &text[start + digits.len()..]));
        }
        from = start + end.max(1);
    }
    found
}

fn pieces(phrase: &str) -> Result<Vec<Piece>, String> {
    let mut pieces = Vec::new();
    for word in phrase.split_whitespace() {
        pieces.push(match word {
            "{calls}" => Piece::Calls,
            "{count}" => Piece::Count,
            "{per}" => Piece::Per,
            "{seconds}" => Piece::Seconds,
            "{unit}" => Piece::Unit,
            "{fill}" => Piece::Fill,
            other => return Err(format!("`{other}` is not a piece of a phrase")),
        });
    }
    for needed in [Piece::Calls, Piece::Unit] {
        if pieces.iter().filter(|piece| **piece == needed).count() != 1 {
            return Err("a quota needs a number and a unit, each once".to_owned());
        }
    }
    Ok(pieces)
}
