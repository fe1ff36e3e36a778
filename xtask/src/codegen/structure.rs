//! Compares a TOML file with the JSON Schema of its kind and reports every difference.
//!
//! serde stops at the first mistake, so this runs before it, on the schema that is derived from
//! the same structs.

use super::{
    diagnostic::{Diagnostic, Diagnostics, is_hidden},
    source::Source,
};
use serde_json::Value as Json;
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

/// Reports what doesn't match the schema.
pub fn check(
    source: &Source,
    table: &Spanned<DeTable<'_>>,
    schema: &Json,
    errors: &mut Diagnostics,
) {
    let walker = Walker {
        source,
        root: schema,
    };
    walker.table(table.get_ref(), table.span(), schema, "the file", errors);
}

struct Walker<'a> {
    source: &'a Source,
    root: &'a Json,
}

impl<'a> Walker<'a> {
    fn resolve(&self, mut schema: &'a Json) -> &'a Json {
        // References in a derived schema form no cycles; the bound is only for safety.
        for _ in 0..16 {
            let Some(name) = schema.get("$ref").and_then(Json::as_str) else {
                break;
            };
            let Some(found) = name
                .strip_prefix('#')
                .and_then(|pointer| self.root.pointer(pointer))
            else {
                break;
            };
            schema = found;
        }
        schema
    }

    fn value(
        &self,
        value: &Spanned<DeValue<'_>>,
        schema: &'a Json,
        place: &str,
        errors: &mut Diagnostics,
    ) {
        if let DeValue::String(text) = value.get_ref() {
            self.characters(text, value.span(), place, errors);
        }
        let schema = self.resolve(schema);
        if alternatives_of(schema).is_some() {
            let mut leaves = Vec::new();
            self.leaves(schema, &mut leaves);
            return self.alternatives(value, &leaves, place, errors);
        }
        if let Some(words) = enum_words(schema) {
            return self.word(value, &words, place, errors);
        }
        match value.get_ref() {
            DeValue::Table(table) if allows(schema, "object") => {
                self.table(table, value.span(), schema, place, errors);
            }
            DeValue::Array(items) if allows(schema, "array") => {
                if let Some(item_schema) = schema.get("items") {
                    let place = format!("an entry of {place}");
                    for item in items.iter() {
                        self.value(item, item_schema, &place, errors);
                    }
                }
            }
            other => {
                let fits = match other {
                    DeValue::String(_) => allows(schema, "string") && schema["format"] != "date",
                    DeValue::Integer(_) => allows(schema, "integer") || allows(schema, "number"),
                    DeValue::Float(_) => allows(schema, "number"),
                    DeValue::Boolean(_) => allows(schema, "boolean"),
                    DeValue::Datetime(_) => schema["format"] == "date",
                    DeValue::Array(_) | DeValue::Table(_) => false,
                };
                if let DeValue::Integer(number) = other {
                    let parsed = i128::from_str_radix(number.as_str(), number.radix());
                    let range = range_of(schema).filter(|_| fits);
                    let outside = range.zip(parsed.ok());
                    if let Some(((from, to), _)) =
                        outside.filter(|((from, to), n)| n < from || n > to)
                    {
                        let message = format!("{place} is {}", number.as_str());
                        errors.push(
                            Diagnostic::new(self.source, value.span(), message)
                                .expected(format!("an integer from {from} to {to}")),
                        );
                    }
                }
                if !fits {
                    let message = format!("{place} is {}", kind_of(other));
                    errors.push(
                        Diagnostic::new(self.source, value.span(), message)
                            .expected(describe(schema)),
                    );
                }
            }
        }
    }

    /// Strings become comments and literals. Characters that rustc rejects, or that nobody sees, are not
    /// allowed in them.
    fn characters(
        &self,
        text: &str,
        span: std::ops::Range<usize>,
        place: &str,
        errors: &mut Diagnostics,
    ) {
        let text = text.replace("\r\n", "\n");
        let odd = text
            .chars()
            .find(|c| is_hidden(*c) && !['\n', '\t'].contains(c));
        if let Some(odd) = odd {
            let message = format!("{place} has the character U+{:04X}", u32::from(odd));
            errors.push(
                Diagnostic::new(self.source, span, message)
                    .expected("a string without control characters"),
            );
        }
    }

    /// The alternatives of a schema; nested alternatives are flattened.
    fn leaves(&self, schema: &'a Json, leaves: &mut Vec<&'a Json>) {
        let schema = self.resolve(schema);
        match alternatives_of(schema) {
            Some(alternatives) => {
                for alternative in alternatives {
                    self.leaves(alternative, leaves);
                }
            }
            None => leaves.push(schema),
        }
    }

    /// Takes the alternative of the value's own kind, so that the message is about that one.
    fn alternatives(
        &self,
        value: &Spanned<DeValue<'_>>,
        alternatives: &[&'a Json],
        place: &str,
        errors: &mut Diagnostics,
    ) {
        let resolved = || alternatives.iter().copied();
        let words: Vec<&str> = resolved().filter_map(enum_words).flatten().collect();
        match value.get_ref() {
            DeValue::String(_) if !words.is_empty() => self.word(value, &words, place, errors),
            DeValue::Table(table) => {
                let objects: Vec<&Json> = resolved()
                    .filter(|schema| allows(schema, "object"))
                    .collect();
                let by_key = objects.iter().find(|schema| {
                    schema["properties"]
                        .as_object()
                        .is_some_and(|p| p.keys().any(|key| table.contains_key(key.as_str())))
                });
                match by_key.or(objects.first()) {
                    Some(schema) => self.table(table, value.span(), schema, place, errors),
                    None => self.mismatch(value, &words, alternatives, place, errors),
                }
            }
            other => {
                let kind = json_kind(other);
                let fitting =
                    resolved().find(|schema| enum_words(schema).is_none() && allows(schema, kind));
                match fitting {
                    Some(schema) => self.value(value, schema, place, errors),
                    None => self.mismatch(value, &words, alternatives, place, errors),
                }
            }
        }
    }

    fn mismatch(
        &self,
        value: &Spanned<DeValue<'_>>,
        words: &[&str],
        alternatives: &[&'a Json],
        place: &str,
        errors: &mut Diagnostics,
    ) {
        let mut expected: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
        let others = alternatives.iter().copied();
        expected.extend(
            others
                .filter(|s| enum_words(s).is_none() && !allows(s, "null"))
                .map(describe),
        );
        let message = format!("{place} is {}", kind_of(value.get_ref()));
        errors.push(
            Diagnostic::new(self.source, value.span(), message).expected(expected.join(" or ")),
        );
    }

    fn word(
        &self,
        value: &Spanned<DeValue<'_>>,
        words: &[&str],
        place: &str,
        errors: &mut Diagnostics,
    ) {
        let expected = words
            .iter()
            .map(|word| format!("`{word}`"))
            .collect::<Vec<_>>()
            .join(", ");
        match value.get_ref() {
            DeValue::String(text) if words.contains(&text.as_ref()) => {}
            DeValue::String(text) => errors.push(
                Diagnostic::new(
                    self.source,
                    value.span(),
                    format!("`{text}` is not a value of {place}"),
                )
                .expected(format!("one of {expected}"))
                .suggest(text, words.iter().copied()),
            ),
            other => errors.push(
                Diagnostic::new(
                    self.source,
                    value.span(),
                    format!("{place} is {}", kind_of(other)),
                )
                .expected(format!("one of {expected}")),
            ),
        }
    }

    fn table(
        &self,
        table: &DeTable<'_>,
        span: std::ops::Range<usize>,
        schema: &'a Json,
        place: &str,
        errors: &mut Diagnostics,
    ) {
        let schema = self.resolve(schema);
        let properties = schema["properties"].as_object();
        for (key, value) in table.iter() {
            let name = key.get_ref().as_ref();
            self.characters(name, key.span(), "this key", errors);
            let known = properties.and_then(|properties| properties.get(name));
            let other = schema
                .get("additionalProperties")
                .filter(|other| !other.is_boolean());
            match known.or(other) {
                Some(schema) => self.value(value, schema, &format!("`{name}`"), errors),
                None if schema["additionalProperties"] == false || properties.is_some() => {
                    let names: Vec<&str> = properties
                        .map(|p| p.keys().map(String::as_str).collect())
                        .unwrap_or_default();
                    errors.push(
                        Diagnostic::new(
                            self.source,
                            key.span(),
                            format!("{place} has no key `{name}`"),
                        )
                        .expected(format!("one of {}", quoted(&names)))
                        .suggest(name, names.iter().copied()),
                    );
                }
                None => {}
            }
        }
        for name in required(schema, table) {
            if !table.contains_key(name) {
                let what = properties
                    .and_then(|p| p.get(name))
                    .map(|s| describe(self.resolve(s)));
                errors.push(
                    Diagnostic::new(
                        self.source,
                        first_line(self.source, &span),
                        format!("{place} lacks `{name}`"),
                    )
                    .expected(what.unwrap_or_else(|| "a value".to_owned())),
                );
            }
        }
    }
}

/// Keys that must be present: always, or, if the schema has an `if`, depending on whether others are.
fn required<'s>(schema: &'s Json, table: &DeTable<'_>) -> impl Iterator<Item = &'s str> {
    let names = |schema: &'s Json| {
        let names = schema["required"].as_array();
        names.into_iter().flatten().filter_map(Json::as_str)
    };
    let branch = schema.get("if").map(|condition| {
        let holds = names(condition).all(|name| table.contains_key(name));
        &schema[if holds { "then" } else { "else" }]
    });
    names(schema).chain(branch.into_iter().flat_map(names))
}

/// A table's span can cover the whole file; its first line is the place to show.
fn first_line(source: &Source, span: &std::ops::Range<usize>) -> std::ops::Range<usize> {
    let rest = source.text.get(span.start..).unwrap_or_default();
    span.start..span.start + rest.find('\n').unwrap_or(rest.len())
}

fn quoted(names: &[&str]) -> String {
    names
        .iter()
        .map(|name| format!("`{name}`"))
        .collect::<Vec<_>>()
        .join(", ")
}

fn alternatives_of(schema: &Json) -> Option<&Vec<Json>> {
    ["anyOf", "oneOf"]
        .iter()
        .find_map(|key| schema.get(*key)?.as_array())
}

fn enum_words(schema: &Json) -> Option<Vec<&str>> {
    if let Some(word) = schema.get("const").and_then(Json::as_str) {
        return Some(vec![word]);
    }
    let words: Vec<&str> = schema
        .get("enum")?
        .as_array()?
        .iter()
        .filter_map(Json::as_str)
        .collect();
    (!words.is_empty()).then_some(words)
}

fn allows(schema: &Json, kind: &str) -> bool {
    match &schema["type"] {
        Json::String(own) => own == kind,
        Json::Array(kinds) => kinds.iter().any(|own| own == kind),
        _ => schema.as_bool() == Some(true),
    }
}

/// The integers that a schema's format represents.
fn range_of(schema: &Json) -> Option<(i128, i128)> {
    Some(match schema["format"].as_str()? {
        "uint8" => (0, u8::MAX.into()),
        "uint16" => (0, u16::MAX.into()),
        "uint32" => (0, u32::MAX.into()),
        // TOML goes no further.
        "uint64" => (0, i64::MAX.into()),
        "int64" => (i64::MIN.into(), i64::MAX.into()),
        _ => return None,
    })
}

fn json_kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) | DeValue::Datetime(_) => "string",
        DeValue::Integer(_) => "integer",
        DeValue::Float(_) => "number",
        DeValue::Boolean(_) => "boolean",
        DeValue::Array(_) => "array",
        DeValue::Table(_) => "object",
    }
}

fn kind_of(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) => "an integer",
        DeValue::Float(_) => "a fraction",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

fn describe(schema: &Json) -> String {
    if schema["format"] == "date" {
        return "a date such as 2026-11-24, without quotes".to_owned();
    }
    if let Some(words) = enum_words(schema) {
        return format!("one of {}", quoted(&words));
    }
    let word = |kind: &str| match kind {
        "string" => "a string in quotes",
        "integer" => "an integer",
        "number" => "a number",
        "boolean" => "true or false",
        "array" => "a list",
        "object" => "a table",
        _ => "a value",
    };
    match &schema["type"] {
        Json::String(kind) => word(kind).to_owned(),
        Json::Array(kinds) => {
            let kinds = kinds
                .iter()
                .filter_map(Json::as_str)
                .filter(|kind| *kind != "null");
            kinds.map(word).collect::<Vec<_>>().join(" or ")
        }
        _ => "another kind of value".to_owned(),
    }
}
