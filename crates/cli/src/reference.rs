//! The published description of the API: fields, limits, samples.

use crate::failure::Failure;
use serde_json::{Map, Value};
use std::sync::OnceLock;
use tencent_chat_simulator::SERVICE_DOCUMENT;

/// Maximum depth at which nested fields are listed.
const DEPTH: usize = 4;

/// The document, parsed once.
pub(crate) fn document() -> &'static Value {
    static READ: OnceLock<Value> = OnceLock::new();
    // It is generated, and the tests check that it is valid JSON.
    READ.get_or_init(|| serde_json::from_str(SERVICE_DOCUMENT).unwrap_or_default())
}

/// One field of an object, with its path.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Row {
    /// Wire names, joined by dots; a list has `[]` appended.
    pub(crate) path: String,
    pub(crate) kind: String,
    pub(crate) required: bool,
    pub(crate) description: String,
}

/// The description of one command.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Operation(&'static Value);

/// A schema in the document.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Schema(&'static Value);

/// A sample: its name, what it shows, the value.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sample {
    pub(crate) name: &'static str,
    pub(crate) summary: Option<&'static str>,
    pub(crate) value: &'static Value,
}

impl Operation {
    /// The description of a command.
    pub(crate) fn of_command(path: &str) -> Result<Self, Failure> {
        let paths = document().get("paths").and_then(Value::as_object);
        Self::found(paths.and_then(|paths| paths.get(&format!("/{path}"))))
    }

    /// The description of a webhook.
    pub(crate) fn of_webhook(command: &str) -> Result<Self, Failure> {
        let webhooks = document().get("webhooks").and_then(Value::as_object);
        Self::found(webhooks.and_then(|webhooks| webhooks.get(command)))
    }

    fn found(item: Option<&'static Value>) -> Result<Self, Failure> {
        let post = item.and_then(|item| item.get("post"));
        post.map(Self)
            .ok_or_else(|| Failure::usage("it is missing from the published description"))
    }

    pub(crate) fn summary(self) -> &'static str {
        self.0
            .get("summary")
            .and_then(Value::as_str)
            .unwrap_or_default()
    }

    pub(crate) fn description(self) -> &'static str {
        self.0
            .get("description")
            .and_then(Value::as_str)
            .unwrap_or_default()
    }

    /// An extension of the description, such as `x-paging`.
    pub(crate) fn extension(self, name: &str) -> Option<&'static Value> {
        self.0.get(name)
    }

    fn content(of: Option<&'static Value>) -> Option<&'static Value> {
        of?.get("content")?.get("application/json")
    }

    fn request_content(self) -> Option<&'static Value> {
        Self::content(self.0.get("requestBody"))
    }

    fn reply_content(self) -> Option<&'static Value> {
        Self::content(self.0.get("responses")?.get("200"))
    }

    pub(crate) fn request(self) -> Option<Schema> {
        self.request_content()?.get("schema").map(Schema)
    }

    /// The reply on success.
    pub(crate) fn reply(self) -> Option<Schema> {
        let schema = self.reply_content()?.get("schema")?;
        let either = schema.get("anyOf").and_then(Value::as_array);
        either
            .and_then(|all| all.first())
            .or(Some(schema))
            .map(Schema)
    }

    /// Whether a reply holds something that gives access to whoever has it.
    pub(crate) fn answers_a_secret(self) -> bool {
        self.reply()
            .is_some_and(|reply| reply.holds_a_secret(DEPTH))
    }

    pub(crate) fn request_samples(self) -> Vec<Sample> {
        samples(self.request_content())
    }

    pub(crate) fn reply_samples(self) -> Vec<Sample> {
        samples(self.reply_content())
    }
}

fn samples(content: Option<&'static Value>) -> Vec<Sample> {
    let examples = content.and_then(|content| content.get("examples")?.as_object());
    examples
        .into_iter()
        .flatten()
        .filter_map(|(name, example)| {
            Some(Sample {
                name,
                summary: example.get("summary").and_then(Value::as_str),
                value: example.get("value")?,
            })
        })
        .collect()
}

impl Schema {
    /// Resolves a reference.
    fn target(self) -> (Self, Option<&'static str>) {
        let Some(reference) = self.0.get("$ref").and_then(Value::as_str) else {
            return (self, None);
        };
        let pointer = reference.trim_start_matches('#');
        let target = document().pointer(pointer).map_or(self, Self);
        (target, pointer.rsplit('/').next())
    }

    fn properties(self) -> Option<&'static Map<String, Value>> {
        self.target().0.0.get("properties")?.as_object()
    }

    /// A field of the object.
    pub(crate) fn field(self, name: &str) -> Option<Self> {
        self.properties()?.get(name).map(Self)
    }

    /// Names of the fields.
    pub(crate) fn names(self) -> impl Iterator<Item = &'static str> {
        self.properties()
            .into_iter()
            .flatten()
            .map(|(name, _)| name.as_str())
    }

    /// The items of a list.
    pub(crate) fn items(self) -> Option<Self> {
        self.target().0.0.get("items").map(Self)
    }

    /// The type of the value, named as in JSON Schema.
    pub(crate) fn kind(self) -> Option<&'static str> {
        let (target, _) = self.target();
        let own = target.0.get("type").and_then(Value::as_str);
        own.or_else(|| {
            let any = target.0.get("anyOf")?.as_array()?;
            any.iter().find_map(|one| Self(one).kind())
        })
    }

    /// The maximum number.
    pub(crate) fn maximum(self) -> Option<u64> {
        self.0.get("maximum").and_then(Value::as_u64)
    }

    fn kind_in_words(self) -> String {
        let (target, name) = self.target();
        let kind = match target.kind() {
            Some("array") => {
                let items = target.items().map(Self::kind_in_words);
                format!("list of {}", items.unwrap_or_else(|| "anything".to_owned()))
            }
            Some("object") | None if name.is_some() => name.unwrap_or_default().to_owned(),
            kind => kind.unwrap_or("anything").to_owned(),
        };
        match self.limits() {
            limits if limits.is_empty() => kind,
            limits => format!("{kind}, {limits}"),
        }
    }

    fn limits(self) -> String {
        let number = |name: &str| self.0.get(name).map(Value::to_string);
        let (most, least) = (number("maxItems"), number("minItems"));
        let mut limits = Vec::new();
        match (least, most) {
            (Some(least), Some(most)) => limits.push(format!("{least} to {most}")),
            (None, Some(most)) => limits.push(format!("up to {most}")),
            (Some(least), None) => limits.push(format!("at least {least}")),
            (None, None) => {}
        }
        limits.extend(number("x-max-bytes").map(|most| format!("up to {most} bytes")));
        limits.extend(number("maxLength").map(|most| format!("up to {most} characters")));
        limits.join(", ")
    }

    /// Whether a field is a secret or contains one, down to this depth.
    fn holds_a_secret(self, levels: usize) -> bool {
        let Some(levels) = levels.checked_sub(1) else {
            return false;
        };
        let Self(schema) = self;
        let inner = self
            .properties()
            .into_iter()
            .flat_map(Map::values)
            .map(Self);
        schema.get("x-secret") == Some(&Value::Bool(true))
            || (inner.chain(self.items())).any(|inner| inner.holds_a_secret(levels))
    }

    /// All fields, each followed by its own fields.
    pub(crate) fn rows(self) -> Vec<Row> {
        let mut rows = Vec::new();
        self.add_rows("", &mut Vec::new(), &mut rows);
        rows
    }

    fn add_rows(self, before: &str, within: &mut Vec<&'static str>, rows: &mut Vec<Row>) {
        let (target, name) = self.target();
        if within.len() >= DEPTH || name.is_some_and(|name| within.contains(&name)) {
            return;
        }
        within.push(name.unwrap_or_default());
        let required = target.0.get("required").and_then(Value::as_array);
        for (name, field) in target.properties().into_iter().flatten() {
            let field = Self(field);
            let path = format!("{before}{name}");
            let said = |schema: Self| schema.0.get("description").and_then(Value::as_str);
            let description = said(field).or_else(|| said(field.target().0));
            rows.push(Row {
                kind: field.kind_in_words(),
                required: required.is_some_and(|all| all.iter().any(|one| one == name)),
                description: description.unwrap_or_default().replace('\n', " "),
                path: path.clone(),
            });
            match field.items() {
                Some(items) => items.add_rows(&format!("{path}[]."), within, rows),
                None => field.add_rows(&format!("{path}."), within, rows),
            }
        }
        within.pop();
    }

    /// Fields of a value that the schema does not have, with the name that was probably meant. Unions are not
    /// searched: their elements may hold anything.
    pub(crate) fn unknown_fields(self, value: &Value) -> Vec<(String, Option<&'static str>)> {
        let mut found = Vec::new();
        self.add_unknown("", value, &mut found);
        found
    }

    fn add_unknown(self, at: &str, value: &Value, found: &mut Vec<(String, Option<&'static str>)>) {
        match value {
            Value::Object(object) => {
                let Some(known) = self.properties() else {
                    return;
                };
                for (name, value) in object {
                    let at = format!("{at}{name}");
                    match known.get(name) {
                        Some(field) => Self(field).add_unknown(&format!("{at}."), value, found),
                        None => found.push((at, crate::catalogue::nearest(name, self.names()))),
                    }
                }
            }
            Value::Array(items) => {
                let Some(schema) = self.items() else { return };
                let at = at.trim_end_matches('.');
                for (place, item) in items.iter().enumerate() {
                    schema.add_unknown(&format!("{at}[{place}]."), item, found);
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use serde_json::json;
    use tencent_chat_types::{ENDPOINTS, webhook::WEBHOOKS};

    #[test]
    fn every_command_and_every_webhook_is_described() {
        for meta in ENDPOINTS {
            let operation = Operation::of_command(meta.path).unwrap();
            assert!(!operation.summary().is_empty(), "{}", meta.path);
            assert!(
                operation.request().is_some() && operation.reply().is_some(),
                "{}",
                meta.path
            );
        }
        for meta in WEBHOOKS {
            let operation = Operation::of_webhook(meta.command).unwrap();
            assert!(operation.request().is_some(), "{}", meta.command);
            assert!(!operation.request_samples().is_empty(), "{}", meta.command);
        }
    }

    #[test]
    fn unknown_fields_are_found_with_their_path() {
        let schema = Operation::of_command("v4/recentcontact/mark_contact")
            .unwrap()
            .request()
            .unwrap();
        let list = schema
            .names()
            .find(|name| schema.field(name).unwrap().items().is_some())
            .unwrap();
        let body = json!({ "From_Acount": "lin", list: [{ "Nonsense": 1 }] });
        let found = schema.unknown_fields(&body);
        assert_eq!(found[0], ("From_Acount".to_owned(), Some("From_Account")));
        assert_eq!(found[1].0, format!("{list}[0].Nonsense"));
    }
}
