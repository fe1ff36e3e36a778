//! Writes results to standard output, for people or machines.

use crate::failure::Failure;
use clap::ValueEnum;
use comfy_table::{ContentArrangement, Table, presets};
use serde::Serialize;
use serde_json::Value;
use std::{
    fmt::Write as _,
    io::{self, IsTerminal, Write},
};
use tencent_chat_types::{decode, text::is_shown, wire::Raw};

/// Output format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// JSON: one document, or one line per event
    Json,
    /// Formatted for reading
    Table,
}

/// Where results go.
#[derive(Debug)]
pub(crate) struct Output {
    format: Format,
}

impl Output {
    pub(crate) fn new(asked: Option<Format>) -> Self {
        let usual = || match io::stdout().is_terminal() {
            true => Format::Table,
            false => Format::Json,
        };
        Self {
            format: asked.unwrap_or_else(usual),
        }
    }

    /// Writes a result: as JSON, or as the text for people.
    pub(crate) fn result<T: Serialize>(
        &self,
        value: &T,
        text: impl FnOnce() -> String,
    ) -> Result<(), Failure> {
        match self.format {
            Format::Json => self.line(&pretty(value)),
            Format::Table => self.line(&printable(text().trim_end(), escape_for_terminal)),
        }
    }

    /// Writes one of many events: a line of JSON, or the text for people.
    pub(crate) fn event<T: Serialize>(
        &self,
        value: &T,
        text: impl FnOnce() -> String,
    ) -> Result<(), Failure> {
        match self.format {
            Format::Json => {
                let json = serde_json::to_string(value).unwrap_or_default();
                self.line(&printable(&json, escape_for_json))
            }
            Format::Table => self.line(&printable(text().trim_end(), escape_for_terminal)),
        }
    }

    /// Writes text unchanged.
    pub(crate) fn line(&self, text: &str) -> Result<(), Failure> {
        let mut out = io::stdout().lock();
        writeln!(out, "{text}")
            .and_then(|()| out.flush())
            .map_err(|error| Failure::output(&error))
    }

    /// Reports progress to people; machines get nothing.
    pub(crate) fn note(&self, text: &str) {
        // If this fails, there is no way to report it.
        let _ = writeln!(io::stderr(), "{}", printable(text, escape_for_terminal));
    }

    /// Reports a failure on standard error.
    pub(crate) fn report(&self, failure: &Failure) {
        if failure.is_silent() {
            return;
        }
        match self.format {
            Format::Json => {
                let json = failure.as_json().to_string();
                let _ = writeln!(io::stderr(), "{}", printable(&json, escape_for_json));
            }
            Format::Table => self.note(&failure.to_string()),
        }
    }
}

/// Maximum depth of indentation, so that deep nesting doesn't produce too much white space.
const DEEPEST: usize = 64;

/// JSON written by others, to be written unchanged: numbers of any size, any depth, names in their order. `None`
/// if it isn't valid JSON.
pub(crate) fn as_it_came(json: &[u8]) -> Option<Raw> {
    let json = json.strip_prefix("\u{feff}".as_bytes()).unwrap_or(json);
    decode(json).ok().map(|decoded| decoded.value)
}

/// JSON for reading, without terminal control characters.
pub(crate) fn pretty<T: Serialize + ?Sized>(value: &T) -> String {
    // These maps have string keys, so this can't fail.
    let json = serde_json::to_string(value).unwrap_or_default();
    printable(&indented(&json), escape_for_json)
}

/// The same JSON on several lines. Parsing it would change numbers and fail beyond some depth.
fn indented(json: &str) -> String {
    let mut text = String::with_capacity(json.len() * 2);
    let mut depth = 0_usize;
    let line = |text: &mut String, depth: usize| {
        text.push('\n');
        text.extend(std::iter::repeat_n("  ", depth.min(DEEPEST)));
    };
    let mut chars = json.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            ' ' | '\t' | '\n' | '\r' => {}
            '"' => {
                text.push(c);
                while let Some(c) = chars.next() {
                    text.push(c);
                    match c {
                        '"' => break,
                        '\\' => text.extend(chars.next()),
                        _ => {}
                    }
                }
            }
            '{' | '[' => {
                text.push(c);
                while chars.next_if(char::is_ascii_whitespace).is_some() {}
                match chars.next_if(|c| matches!(c, '}' | ']')) {
                    Some(end) => text.push(end),
                    None => {
                        depth += 1;
                        line(&mut text, depth);
                    }
                }
            }
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                line(&mut text, depth);
                text.push(c);
            }
            ',' => {
                text.push(c);
                line(&mut text, depth);
            }
            ':' => text.push_str(": "),
            c => text.push(c),
        }
    }
    text
}

/// The fields of a JSON object as text, or the text itself.
pub(crate) fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Rows in columns; the last column gets the rest of the line.
pub(crate) fn table<const N: usize>(
    head: Option<[&str; N]>,
    rows: impl IntoIterator<Item = [String; N]>,
) -> String {
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Dynamic);
    if !io::stdout().is_terminal() {
        table.set_width(100);
    }
    if let Some(head) = head {
        table.set_header(head);
    }
    for row in rows {
        table.add_row(row);
    }
    let text = table.to_string();
    let lines = text.lines().map(|line| format!("  {}", line.trim_end()));
    lines.collect::<Vec<_>>().join("\n")
}

/// A line of JSON with the same meaning, without terminal control characters.
pub(crate) fn shown_json(json: &str) -> String {
    printable(json, escape_for_json)
}

/// Text without terminal control characters.
pub(crate) fn shown_text(text: &str) -> String {
    printable(text, escape_for_terminal)
}

fn printable(text: &str, escape: fn(char, &mut String)) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match is_shown(c) || c == '\n' {
            true => shown.push(c),
            false => escape(c, &mut shown),
        }
    }
    shown
}

/// In JSON these occur only within strings, so the escape means the same.
fn escape_for_json(c: char, shown: &mut String) {
    for unit in c.encode_utf16(&mut [0; 2]) {
        let _ = write!(shown, "\\u{unit:04x}");
    }
}

fn escape_for_terminal(c: char, shown: &mut String) {
    match c {
        '\t' => shown.push_str("  "),
        c => shown.extend(c.escape_unicode()),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn values() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            any::<String>().prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 40, 5, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                proptest::collection::btree_map(any::<String>(), inner, 0..5)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn json_is_indented_as_serde_does_however_it_is_spaced(value in values()) {
            let indented_by_serde = serde_json::to_string_pretty(&value).unwrap();
            prop_assert_eq!(&indented(&value.to_string()), &indented_by_serde);
            prop_assert_eq!(&indented(&indented_by_serde), &indented_by_serde);
        }
    }

    #[test]
    fn json_of_others_stays_unchanged() {
        let deep = format!("{}1{}", "[".repeat(5_000), "]".repeat(5_000));
        let json = format!(
            r#"{{"z":"7","a":123456789012345678901234567890,"b":1.10,"c":1e999,"d":"\ud83d","e":{deep},"a":[]}}"#
        );
        let raw = as_it_came(format!("\u{feff}{json}").as_bytes()).unwrap();
        let text = pretty(&raw);
        assert_eq!(text.replace([' ', '\n'], ""), json);
        assert!(text.starts_with("{\n  \"z\": \"7\",\n  \"a\": 123456789012345678901234567890"));
        assert!(text.len() < 3_000_000);
        // Bytes that aren't valid text become replacement characters.
        let raw = as_it_came(b"{\"Nick\":\"\xc4\xe3\",\"n\":1e999}").unwrap();
        let text = pretty(&raw);
        assert!(
            text.contains('\u{fffd}') && text.contains("1e999"),
            "{text}"
        );
        assert!(as_it_came(b"{\"Nick\":").is_none());
    }

    #[test]
    fn json_of_strangers_moves_no_cursor_and_stays_the_same() {
        let value = json!({ "Text": "a\u{9b}31m\u{202e}b\u{7f}\u{e0041}\n\u{1b}[2J 李" });
        let text = pretty(&value);
        assert!(text.chars().all(|c| is_shown(c) || c == '\n'));
        assert!(text.contains('李'));
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value);
        let shown = printable("a\u{1b}[2J\tb", escape_for_terminal);
        assert_eq!(shown, "a\\u{1b}[2J  b");
    }
}
