//! Sample bodies, scanned for tokens and not parsed: they contain comments, lose and gain commas, and are
//! truncated. A key is a string before a colon; its path is the stack of brackets.

use super::vocabulary::Class;
use std::collections::BTreeSet;

/// Deepest nesting that is kept; deeper content is skipped.
const MAX_DEPTH: usize = 40;

/// A key of a sample.
#[derive(Clone, Debug)]
pub struct Key {
    /// Names of the enclosing objects and its own, with `[]` after each list.
    pub path: Vec<String>,
    /// The kind of its value, if it has one.
    pub class: Option<Class>,
    /// The kind of the first entry of its list, if it is one.
    pub item: Option<Class>,
    /// Whether the value is `null`.
    pub null: bool,
    /// The value, if it is one word.
    pub value: String,
    /// Line of the page.
    pub line: usize,
}

/// An object of a sample.
#[derive(Clone, Debug)]
pub struct Object {
    /// Path of the object itself; empty for the body.
    pub path: Vec<String>,
    /// Its keys.
    pub keys: BTreeSet<String>,
    /// Whether the sample indicates that there are more keys, or is broken here.
    pub open: bool,
    /// Line where it begins.
    pub line: usize,
}

/// A body.
#[derive(Clone, Debug, Default)]
pub struct Sample {
    /// Its keys in order.
    pub keys: Vec<Key>,
    /// Its objects.
    pub objects: Vec<Object>,
    /// Whether brackets do not match, so that paths may be wrong.
    pub damaged: bool,
}

impl Sample {
    /// Whether the body has this key at the top level.
    pub fn has_root(&self, name: &str) -> bool {
        self.keys
            .iter()
            .any(|key| key.path.len() == 1 && key.path[0] == name)
    }

    /// The value of a key at the top level.
    pub fn root_value(&self, name: &str) -> Option<&str> {
        let key = self
            .keys
            .iter()
            .find(|key| key.path.len() == 1 && key.path[0] == name)?;
        Some(&key.value)
    }
}

enum Open {
    Object {
        index: usize,
    },
    /// With the key whose value it is.
    List {
        key: Option<usize>,
    },
}

/// Scans one body. `text` begins at or before its first bracket. Returns the body and its length in bytes.
pub fn scan(text: &str, first_line: usize) -> Option<(Sample, usize)> {
    let start = text.find(['{', '['])?;
    let mut scanner = Scanner {
        text,
        at: start,
        line: first_line + text[..start].matches('\n').count(),
        stack: Vec::new(),
        path: Vec::new(),
        sample: Sample::default(),
        pending: None,
    };
    scanner.run();
    Some((scanner.sample, scanner.at))
}

struct Scanner<'a> {
    text: &'a str,
    at: usize,
    line: usize,
    stack: Vec<Open>,
    /// Name of each open object's or list's key; `None` for items of lists and the body.
    path: Vec<Option<String>>,
    sample: Sample,
    /// The key whose value is expected: its index in the sample.
    pending: Option<usize>,
}

impl Scanner<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn advance(&mut self, bytes: usize) {
        let end = (self.at + bytes).min(self.text.len());
        self.line += self.text[self.at..end].matches('\n').count();
        self.at = end;
    }

    fn run(&mut self) {
        while let Some(c) = self.rest().chars().next() {
            match c {
                '{' | '[' => self.open(c),
                '}' | ']' => {
                    self.close(c);
                    if self.stack.is_empty() {
                        return;
                    }
                }
                '"' | '“' | '”' => self.string(c),
                '/' if self.rest().starts_with("//") => self.comment(),
                '/' if self.rest().starts_with("/*") => {
                    let end = self
                        .rest()
                        .find("*/")
                        .map_or(self.rest().len(), |end| end + 2);
                    self.advance(end);
                }
                '#' if self.line_is_blank_before() => self.comment(),
                '.' | '…' => {
                    if c == '…' || self.rest().starts_with("..") {
                        self.ellipsis();
                    }
                    self.advance(c.len_utf8());
                }
                '-' | '0'..='9' => self.word(Some(Class::Integer)),
                c if c.is_alphabetic() || c == '_' => self.word(None),
                c => {
                    if c == ',' || c == '\n' {
                        // A comma ends an omitted value.
                        self.pending = self.pending.filter(|_| c == '\n');
                    }
                    self.advance(c.len_utf8());
                }
            }
        }
        self.sample.damaged = true;
        for open in &self.stack {
            if let Open::Object { index, .. } = open {
                self.sample.objects[*index].open = true;
            }
        }
    }

    fn line_is_blank_before(&self) -> bool {
        let before = &self.text[..self.at];
        before[before.rfind('\n').map_or(0, |at| at + 1)..]
            .trim()
            .is_empty()
    }

    fn ellipsis(&mut self) {
        if let Some(Open::Object { index }) = self.stack.last() {
            self.sample.objects[*index].open = true;
        }
    }

    /// Path of the innermost object.
    fn here(&self) -> Vec<String> {
        let mut path: Vec<String> = Vec::new();
        for (open, name) in self.stack.iter().zip(&self.path) {
            if let Some(name) = name {
                path.push(name.clone());
            }
            if matches!(open, Open::List { .. })
                && let Some(last) = path.last_mut()
            {
                last.push_str("[]");
            }
        }
        path
    }

    fn value(&mut self, class: Class, value: &str) {
        if let Some(index) = self.pending.take() {
            let key = &mut self.sample.keys[index];
            key.class = Some(class);
            value.clone_into(&mut key.value);
        } else if let Some(Open::List { key: Some(index) }) = self.stack.last() {
            self.sample.keys[*index].item.get_or_insert(class);
        }
    }

    fn open(&mut self, c: char) {
        let key = self.pending;
        let name = key.and_then(|index| self.sample.keys[index].path.last().cloned());
        self.value(
            if c == '{' {
                Class::Object
            } else {
                Class::Array
            },
            "",
        );
        self.advance(1);
        if self.stack.len() >= MAX_DEPTH {
            self.sample.damaged = true;
            return;
        }
        self.path.push(name);
        if c == '{' {
            let index = self.sample.objects.len();
            self.stack.push(Open::Object { index });
            let path = self.here();
            self.sample.objects.push(Object {
                path,
                keys: BTreeSet::new(),
                open: false,
                line: self.line,
            });
        } else {
            self.stack.push(Open::List { key });
        }
    }

    fn close(&mut self, c: char) {
        self.advance(1);
        self.pending = None;
        let fits = |open: &Open| matches!(open, Open::Object { .. }) == (c == '}');
        match self.stack.last() {
            Some(open) if fits(open) => {}
            _ => {
                self.sample.damaged = true;
                if !self.stack.iter().any(fits) {
                    return;
                }
                while let Some(open) = self.stack.last() {
                    if fits(open) {
                        break;
                    }
                    self.stack.pop();
                    self.path.pop();
                }
            }
        }
        self.stack.pop();
        self.path.pop();
    }

    fn string(&mut self, quote: char) {
        let line = self.line;
        let (text, took) = string_end(self.rest(), quote);
        let text = text.to_owned();
        self.advance(took);
        // Blanks may precede a colon.
        let rest = self.rest();
        let blank = rest.len() - rest.trim_start().len();
        let colon = rest[blank..]
            .chars()
            .next()
            .filter(|c| matches!(c, ':' | '：'));
        let index = self.stack.iter().rev().find_map(|open| match open {
            Open::Object { index } => Some(*index),
            Open::List { .. } => None,
        });
        match (colon, index) {
            (Some(colon), Some(index)) => {
                // A key inside a list: the bracket of the object is missing.
                if matches!(self.stack.last(), Some(Open::List { .. })) {
                    self.sample.damaged = true;
                }
                self.advance(blank + colon.len_utf8());
                let name = text.trim().to_owned();
                let mut path = self.here();
                path.push(name.clone());
                self.sample.objects[index].keys.insert(name);
                self.pending = Some(self.sample.keys.len());
                self.sample.keys.push(Key {
                    path,
                    class: None,
                    item: None,
                    null: false,
                    value: String::new(),
                    line,
                });
            }
            _ if text.trim() == "..." => self.ellipsis(),
            _ => self.value(Class::String, &text),
        }
    }

    fn word(&mut self, class: Option<Class>) {
        let rest = self.rest();
        let end = rest
            .find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '-' | '+' | '.')))
            .unwrap_or(rest.len());
        let word = rest[..end].to_owned();
        self.advance(end.max(1));
        let bare = word.trim_end_matches('.');
        let class = match class {
            Some(_) if bare.contains(['.', 'e', 'E']) && bare.parse::<f64>().is_ok() => {
                Class::Number
            }
            Some(_) if bare.parse::<i128>().is_ok() => Class::Integer,
            _ => match bare {
                "true" | "false" => Class::Bool,
                "null" => {
                    if let Some(index) = self.pending.take() {
                        self.sample.keys[index].null = true;
                    }
                    return;
                }
                _ => return,
            },
        };
        self.value(class, bare);
    }

    /// A comment extends to the end of the line. If line ends became blanks, or this one was lost, it extends
    /// to the next key followed by a value and a comma or bracket.
    fn comment(&mut self) {
        let rest = self.rest();
        let line = &rest[..rest.find('\n').unwrap_or(rest.len())];
        let took = resume(line).unwrap_or(line.len());
        self.advance(took);
    }
}

/// The inside of a string, and its length in bytes including quotes. It ends at the end of its line at the
/// latest.
fn string_end(text: &str, quote: char) -> (&str, usize) {
    let start = quote.len_utf8();
    let mut escaped = false;
    for (at, c) in text[start..].char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '\n' => return (&text[start..start + at], start + at),
            '"' | '”' | '“' if quote != '"' || c == '"' => {
                return (&text[start..start + at], start + at + c.len_utf8());
            }
            _ => {}
        }
    }
    (&text[start..], text.len())
}

/// Where the sample continues on a line on which a comment began.
fn resume(line: &str) -> Option<usize> {
    let mut from = 2.min(line.len());
    while let Some(found) = line.get(from..)?.find(['"', '}', ']', '{']) {
        let at = from + found;
        let rest = &line[at..];
        if let Some(inner) = rest.strip_prefix('"') {
            let end = inner.find('"')?;
            let name = &inner[..end];
            let after = inner[end + 1..].trim_start();
            let is_name = !name.is_empty()
                && name
                    .chars()
                    .all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '@' | '#'));
            if is_name && let Some(value) = after.strip_prefix(':') {
                if value_ends_well(value) {
                    return Some(at);
                }
                from = at + 1 + end + 1;
            } else if inner[..end].len() < 64 {
                from = at + 1 + end + 1;
            } else {
                from = at + 1;
            }
        } else if at > 2 && line[..at].ends_with(' ') && only_brackets(rest) {
            return Some(at);
        } else {
            from = at + 1;
        }
    }
    None
}

/// Whether a comma, a bracket, another key or another comment follows a value, as in a sample and not as in a
/// sentence.
fn value_ends_well(text: &str) -> bool {
    let text = text.trim_start();
    if text.starts_with(['{', '[']) {
        return true;
    }
    let end = if text.starts_with('"') {
        string_end(text, '"').1
    } else {
        let word = text.find(|c: char| !(c.is_alphanumeric() || matches!(c, '.' | '-' | '_')));
        let end = word.unwrap_or(text.len());
        let word = &text[..end];
        if !matches!(word, "true" | "false" | "null") && word.parse::<f64>().is_err() {
            return false;
        }
        end
    };
    end > 0 && text[end..].trim_start().starts_with([',', '}', ']', '/'])
}

/// Whether the rest of a line closes or opens brackets and contains keys, and is not a sentence.
fn only_brackets(text: &str) -> bool {
    let mut rest = text
        .trim_start_matches(['{', '}', '[', ']', ',', ' ', '\t'])
        .trim_start();
    if rest.starts_with("//") || rest.is_empty() {
        return true;
    }
    if let Some(inner) = rest.strip_prefix('"')
        && let Some(end) = inner.find('"')
    {
        rest = inner[end + 1..].trim_start();
        return rest.starts_with([':', ',', '}', ']']);
    }
    false
}
