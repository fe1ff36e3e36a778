//! Compares every sample with the declared fields, strictly.

use super::{
    diagnostic::{Diagnostic, Diagnostics},
    load::{LoadedWebhook, Source, Spec},
    spec::{
        Answer, At, EndpointFile, EnumLiteral, EnumType, EnumWire, Field, ObjectType, Ordered,
        UnionType, WebhooksFile,
    },
    type_expr::{self, TypeExpr},
};
use serde::{
    Deserialize, Deserializer,
    de::{self, Visitor},
};
use serde_json::value::RawValue;
use std::{collections::HashSet, fmt, ops::Range};

/// Reports differences between a sample and the spec, in both directions.
pub fn check(spec: &Spec) -> Diagnostics {
    let mut errors = Diagnostics::default();
    let common = &spec.protocol.file.reply;
    for endpoint in &spec.endpoints {
        let file = &endpoint.file;
        let checker = SampleChecker {
            spec,
            source: &endpoint.source,
            types: &file.types,
            enums: &file.enums,
            unions: &file.unions,
            more_enums: None,
        };
        for sample in &file.samples {
            if let Some(request) = &sample.request {
                checker.body(request, &file.request, None, &mut errors);
                checker.one_of(request, &file.one_of, &mut errors);
            }
            if let Some(reply) = &sample.reply {
                checker.body(reply, &file.reply, Some(common), &mut errors);
            }
        }
        checker.bare_reply(file, &mut errors);
    }
    if let Some(webhooks) = &spec.webhooks {
        for event in &webhooks.events {
            let file = &event.file;
            let checker = SampleChecker {
                spec,
                source: &event.source,
                types: &file.types,
                enums: &file.enums,
                unions: &file.unions,
                more_enums: Some(&webhooks.common.file.enums),
            };
            checker.webhook(event, &webhooks.common.file, common, &mut errors);
        }
    }
    errors
}

struct SampleChecker<'a> {
    spec: &'a Spec,
    source: &'a Source,
    types: &'a Ordered<ObjectType>,
    enums: &'a Ordered<EnumType>,
    unions: &'a Ordered<UnionType>,
    /// Enums of the spec other than those of its own file and the shared ones.
    more_enums: Option<&'a Ordered<EnumType>>,
}

/// A piece of JSON and where it starts in the spec file.
#[derive(Clone, Copy)]
struct Json<'a> {
    text: &'a str,
    /// Address of the sample's text, from which the position of a piece of it is computed.
    base: usize,
    /// Position of the sample's text in the file.
    offset: usize,
}

impl<'a> Json<'a> {
    fn piece(self, raw: &'a RawValue) -> Self {
        Self {
            text: raw.get(),
            ..self
        }
    }
    fn span(self) -> Range<usize> {
        let start = self.offset + (self.text.as_ptr() as usize).saturating_sub(self.base);
        start..start + self.text.find('\n').unwrap_or(self.text.len())
    }
}

impl SampleChecker<'_> {
    fn webhook(
        &self,
        event: &LoadedWebhook,
        webhooks: &WebhooksFile,
        common: &Ordered<Field>,
        errors: &mut Diagnostics,
    ) {
        let file = &event.file;
        let tag = &webhooks.tag;
        let fields = webhooks.event_fields(file);
        for sample in &file.samples {
            if let Some(event) = &sample.event {
                self.body(event, &fields, None, errors);
                let body = serde_json::from_str::<serde_json::Value>(event).unwrap_or_default();
                if file.tagged && body[tag.as_str()].as_str() != Some(&file.command) {
                    let message = format!("`{}` is not the name of this webhook", tag.value);
                    errors.push(
                        Diagnostic::new(self.source, event.span.clone(), message)
                            .expected(format!("{:?}", file.command.value)),
                    );
                }
            }
            if let Some(reply) = &sample.reply {
                self.body(reply, &file.reply, Some(common), errors);
                if let Some(answer) = &file.answer {
                    self.answer_code(reply, answer, errors);
                }
            }
        }
    }

    /// A sample answer must be one that the spec allows.
    fn answer_code(&self, reply: &At<String>, answer: &Answer, errors: &mut Diagnostics) {
        let body = serde_json::from_str::<serde_json::Value>(reply).unwrap_or_default();
        let Some(code) = body["ErrorCode"].as_i64().filter(|code| *code != 0) else {
            return;
        };
        let refuse = answer.refuse.as_ref();
        let codes = refuse.and_then(|refuse| refuse.codes.as_ref());
        let fits = refuse.is_some_and(|refuse| refuse.code.value == code)
            || (answer.drop.as_ref()).is_some_and(|drop| drop.code.value == code)
            || codes.is_some_and(|codes| (codes.from.value..=codes.to).contains(&code));
        if !fits {
            let message = format!("`[answer]` does not allow the code {code}");
            errors.push(
                Diagnostic::new(self.source, reply.span.clone(), message)
                    .expected("0, or a code of `refuse` or `drop`"),
            );
        }
    }

    /// A reply with neither a status nor a code does not count as the service's, unless the file says that the
    /// command replies that way, and then a sample must show it. Exactly one of several fields is sent.
    fn one_of(&self, request: &At<String>, fields: &[At<String>], errors: &mut Diagnostics) {
        // Anything but an object is reported as such.
        let Ok(body) = serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(request)
        else {
            return;
        };
        let sent = fields
            .iter()
            .filter(|field| body.contains_key(&field.value));
        if !fields.is_empty() && sent.count() != 1 {
            let names: Vec<&str> = fields.iter().map(|field| field.value.as_str()).collect();
            errors.push(
                Diagnostic::new(self.source, request.span.clone(), "this cannot be sent")
                    .expected(format!("exactly one of {}", names.join(", "))),
            );
        }
    }

    fn bare_reply(&self, file: &EndpointFile, errors: &mut Diagnostics) {
        let replies = file
            .samples
            .iter()
            .filter_map(|sample| sample.reply.as_ref());
        let bare: Vec<_> = replies.filter(|reply| is_bare(&reply.value)).collect();
        match &file.bare_reply {
            None => {
                for reply in bare {
                    let message = "the reply has neither ActionStatus nor ErrorCode";
                    errors.push(
                        Diagnostic::new(self.source, reply.span.clone(), message)
                            .expected("one of them, or `bare_reply` with the source that shows it"),
                    );
                }
            }
            Some(said) if bare.is_empty() || said.value.trim().is_empty() => {
                let message =
                    "no source and sample show a reply without ActionStatus and ErrorCode";
                errors.push(
                    Diagnostic::new(self.source, said.span.clone(), message)
                        .expected("the name of the source, and a sample of such a reply"),
                );
            }
            Some(_) => {}
        }
    }

    fn body(
        &self,
        text: &At<String>,
        fields: &Ordered<Field>,
        common: Option<&Ordered<Field>>,
        errors: &mut Diagnostics,
    ) {
        // Only a literal string is in the file verbatim, so only in it can positions be computed.
        let literal = self.source.text.get(text.span.clone()).unwrap_or_default();
        if !literal.starts_with("'''") {
            errors.push(
                Diagnostic::new(
                    self.source,
                    text.span.clone(),
                    "the sample is not in a literal string",
                )
                .expected("JSON between ''' and '''"),
            );
            return;
        }
        // TOML drops a line break right after the opening quotes.
        let inner = &literal[3..];
        let offset =
            text.span.start + 3 + inner.len() - inner.trim_start_matches(['\r', '\n']).len();
        let offset = if inner.starts_with(['\r', '\n']) {
            offset
        } else {
            text.span.start + 3
        };
        let json = Json {
            text: &text.value,
            base: text.value.as_ptr() as usize,
            offset,
        };
        if let Err(error) = serde_json::from_str::<&RawValue>(&text.value) {
            let lines: usize = text
                .value
                .split_inclusive('\n')
                .take(error.line().saturating_sub(1))
                .map(str::len)
                .sum();
            let at = offset + lines + error.column().saturating_sub(1);
            let message = error.to_string();
            let message = message.split(" at line").next().unwrap_or(&message);
            errors.push(Diagnostic::new(
                self.source,
                at..at + 1,
                format!("the sample is not valid JSON: {message}"),
            ));
            return;
        }
        let failed = common.is_some() && is_failure(&text.value);
        let trimmed = Json {
            text: text.value.trim(),
            ..json
        };
        self.object(trimmed, fields, common, !failed, errors);
    }

    fn report(&self, json: Json<'_>, message: String, expected: &str, errors: &mut Diagnostics) {
        errors.push(Diagnostic::new(self.source, json.span(), message).expected(expected));
    }

    fn object(
        &self,
        json: Json<'_>,
        fields: &Ordered<Field>,
        common: Option<&Ordered<Field>>,
        complete: bool,
        errors: &mut Diagnostics,
    ) {
        let Ok(Entries(entries)) = serde_json::from_str::<Entries<'_>>(json.text) else {
            return self.report(
                json,
                format!("{} is not an object", excerpt(json.text)),
                "an object",
                errors,
            );
        };
        let mut seen = HashSet::new();
        for entry in &entries {
            let key = &entry.name;
            let value = json.piece(entry.value);
            if !seen.insert(key.as_str()) {
                self.report(
                    json.piece(entry.key),
                    format!("`{key}` appears twice in one object"),
                    "each key once",
                    errors,
                );
            }
            let field = fields
                .get(key)
                .or_else(|| common.and_then(|common| common.get(key)));
            match field {
                Some(field) => self.field(key, field, value, errors),
                None => {
                    let common = common.into_iter().flat_map(Ordered::iter);
                    let known: Vec<&str> = (fields.iter().chain(common))
                        .map(|(name, _)| name.value.as_str())
                        .collect();
                    let expected = if known.is_empty() {
                        "no fields; none are declared here".to_owned()
                    } else {
                        format!("one of {}", known.join(", "))
                    };
                    errors.push(
                        Diagnostic::new(
                            self.source,
                            json.piece(entry.key).span(),
                            format!("`{key}` is not declared"),
                        )
                        .expected(expected)
                        .suggest(key, known.iter().copied()),
                    );
                }
            }
        }
        for (name, field) in fields
            .iter()
            .filter(|(_, field)| complete && field.required)
        {
            if !seen.contains(name.value.as_str()) {
                let message = format!("the required field `{}` is missing", name.value);
                self.report(
                    json,
                    message,
                    &format!("a value of type {}", field.ty.value),
                    errors,
                );
            }
        }
    }

    fn field(&self, name: &str, field: &Field, json: Json<'_>, errors: &mut Diagnostics) {
        let Ok(ty) = type_expr::parse(&field.ty.value) else {
            return;
        };
        // `null` means "none" and is allowed for any field that can be missing.
        if json.text == "null" && !field.required {
            return;
        }
        if field.quoted {
            let digits = json
                .text
                .strip_prefix('"')
                .and_then(|text| text.strip_suffix('"'));
            return match digits {
                Some(digits) => self.value(
                    name,
                    &ty,
                    Json {
                        text: digits,
                        ..json
                    },
                    errors,
                ),
                None => {
                    let message = format!("`{name}` is {}", excerpt(json.text));
                    self.report(json, message, "a number in quotation marks", errors);
                }
            };
        }
        self.value(name, &ty, json, errors);
        self.limits(name, field, json, errors);
    }

    fn limits(&self, name: &str, field: &Field, json: Json<'_>, errors: &mut Diagnostics) {
        let mut exceeds = |what: &str, found: i128, bound: &str, limit: i128| {
            let message = if what.is_empty() {
                format!("`{name}` is {found}")
            } else {
                format!("`{name}` has {found} {what}")
            };
            let expected = format!("{bound} {limit}, the documented limit");
            self.report(json, message, &expected, errors);
        };
        match serde_json::from_str::<serde_json::Value>(json.text) {
            Ok(serde_json::Value::String(text)) => {
                let bytes = text.len() as i128;
                let chars = text.chars().count() as i128;
                if let Some(max) = field.max_bytes.filter(|max| bytes > i128::from(*max)) {
                    exceeds("bytes", bytes, "at most", max.into());
                }
                if let Some(max) = field.max_chars.filter(|max| chars > i128::from(*max)) {
                    exceeds("characters", chars, "at most", max.into());
                }
            }
            Ok(serde_json::Value::Array(items)) => {
                let items = items.len() as i128;
                if let Some(max) = field.max_items.filter(|max| items > i128::from(*max)) {
                    exceeds("entries", items, "at most", max.into());
                }
                if let Some(min) = field.min_items.filter(|min| items < i128::from(*min)) {
                    exceeds("entries", items, "at least", min.into());
                }
            }
            Ok(serde_json::Value::Number(number)) => {
                let Some(number) = number
                    .as_i64()
                    .map(i128::from)
                    .or(number.as_u64().map(i128::from))
                else {
                    return;
                };
                if let Some(max) = field.max.filter(|max| number > i128::from(*max)) {
                    exceeds("", number, "at most", max.into());
                }
                if let Some(min) = field.min.filter(|min| number < i128::from(*min)) {
                    exceeds("", number, "at least", min.into());
                }
            }
            _ => {}
        }
    }

    fn value(&self, name: &str, ty: &TypeExpr, json: Json<'_>, errors: &mut Diagnostics) {
        let mut fits = |fits: bool, expected: &str| {
            if !fits {
                self.report(
                    json,
                    format!("`{name}` is {}", excerpt(json.text)),
                    expected,
                    errors,
                );
            }
        };
        let integer = |json: Json<'_>| json.text.parse::<i128>().ok();
        match ty {
            TypeExpr::String => fits(json.text.starts_with('"'), "a string"),
            TypeExpr::Bool => fits(matches!(json.text, "true" | "false"), "true or false"),
            TypeExpr::U32 => fits(
                integer(json).is_some_and(|n| u32::try_from(n).is_ok()),
                "an unsigned 32-bit integer",
            ),
            TypeExpr::U64 => fits(
                integer(json).is_some_and(|n| u64::try_from(n).is_ok()),
                "an unsigned 64-bit integer",
            ),
            TypeExpr::I32 => fits(
                integer(json).is_some_and(|n| i32::try_from(n).is_ok()),
                "a 32-bit number",
            ),
            TypeExpr::I64 | TypeExpr::ErrorCode => {
                fits(
                    integer(json).is_some_and(|n| i64::try_from(n).is_ok()),
                    "a 64-bit number",
                );
            }
            TypeExpr::F64 => fits(json.text.parse::<f64>().is_ok(), "a number"),
            TypeExpr::Flag => fits(matches!(json.text, "0" | "1"), "0 or 1"),
            TypeExpr::TagValue => fits(
                json.text.starts_with(['"', '[']) || integer(json).is_some(),
                "a string, an integer or a list of strings",
            ),
            TypeExpr::Json => {}
            TypeExpr::List(item) => match serde_json::from_str::<Vec<&RawValue>>(json.text) {
                Ok(items) => items
                    .iter()
                    .for_each(|raw| self.value(name, item, json.piece(raw), errors)),
                Err(_) => fits(false, "a list"),
            },
            TypeExpr::Map(item) => match serde_json::from_str::<Entries<'_>>(json.text) {
                Ok(Entries(entries)) => {
                    entries
                        .iter()
                        .for_each(|entry| self.value(name, item, json.piece(entry.value), errors));
                }
                Err(_) => fits(false, "an object"),
            },
            TypeExpr::Named(ty) => {
                if let Some(def) = self.find(ty, self.types, |file| &file.types) {
                    self.object(json, &def.fields, None, true, errors);
                } else if let Some(def) = self.find_enum(ty) {
                    self.enum_value(name, def, json, errors);
                } else if let Some(def) = self.find(ty, self.unions, |file| &file.unions) {
                    self.union_value(name, def, json, errors);
                }
            }
        }
    }

    fn find<'s, T>(
        &'s self,
        name: &str,
        own: &'s Ordered<T>,
        shared: impl Fn(&super::spec::SharedFile) -> &Ordered<T>,
    ) -> Option<&'s T> {
        own.get(name).or_else(|| {
            self.spec
                .shared
                .iter()
                .find_map(|loaded| shared(&loaded.file).get(name))
        })
    }

    fn find_enum(&self, name: &str) -> Option<&EnumType> {
        let found = self.find(name, self.enums, |file| &file.enums);
        let found = found.or_else(|| self.more_enums?.get(name));
        found.or_else(|| self.spec.protocol.file.enums.get(name))
    }

    fn enum_value(&self, name: &str, def: &EnumType, json: Json<'_>, errors: &mut Diagnostics) {
        let literal = match def.wire {
            EnumWire::Integer => json.text.parse().ok().map(EnumLiteral::Integer),
            EnumWire::String => serde_json::from_str(json.text).ok().map(EnumLiteral::Text),
        };
        if def
            .values
            .iter()
            .any(|value| Some(&value.value.value) == literal.as_ref())
        {
            return;
        }
        if let Some(EnumLiteral::Text(text)) = &literal
            && def
                .prefixes
                .iter()
                .any(|prefix| text.len() > prefix.len() && text.starts_with(prefix.as_str()))
        {
            return;
        }
        let values = def
            .values
            .iter()
            .map(|value| literal_text(&value.value.value));
        let known: Vec<String> = values
            .chain(
                def.prefixes
                    .iter()
                    .map(|prefix| format!("{}…", prefix.value)),
            )
            .collect();
        let word = json.text.trim_matches('"');
        errors.push(
            Diagnostic::new(
                self.source,
                json.span(),
                format!("`{name}` is {}", excerpt(json.text)),
            )
            .expected(format!("one of {}", known.join(", ")))
            .suggest(word, known.iter().map(String::as_str)),
        );
    }

    fn union_value(&self, name: &str, def: &UnionType, json: Json<'_>, errors: &mut Diagnostics) {
        let Ok(Entries(entries)) = serde_json::from_str::<Entries<'_>>(json.text) else {
            return self.report(
                json,
                format!("`{name}` is {}", excerpt(json.text)),
                "an object",
                errors,
            );
        };
        let entry = |key: &str| {
            entries
                .iter()
                .find(|entry| entry.name == key)
                .map(|entry| json.piece(entry.value))
        };
        for stranger in &entries {
            let key = &stranger.name;
            if *key != def.tag.value && *key != def.content.value {
                let expected = format!("only `{}` and `{}`", def.tag.value, def.content.value);
                self.report(
                    json.piece(stranger.key),
                    format!("`{key}` is not declared"),
                    &expected,
                    errors,
                );
            }
        }
        let (Some(tag), Some(content)) = (entry(&def.tag), entry(&def.content)) else {
            let expected = format!("`{}` and `{}`", def.tag.value, def.content.value);
            return self.report(
                json,
                format!("`{name}` lacks its tag or its content"),
                &expected,
                errors,
            );
        };
        let word = serde_json::from_str::<String>(tag.text).unwrap_or_default();
        match def
            .variants
            .get(&word)
            .and_then(|variant| self.find(&variant.ty, self.types, |file| &file.types))
        {
            Some(def) => self.object(content, &def.fields, None, true, errors),
            // The check stage reports a variant without an object type.
            None if def.variants.get(&word).is_some() => {}
            None => {
                let known: Vec<&str> = def
                    .variants
                    .iter()
                    .map(|(name, _)| name.value.as_str())
                    .collect();
                errors.push(
                    Diagnostic::new(
                        self.source,
                        tag.span(),
                        format!("`{}` is {}", def.tag.value, excerpt(tag.text)),
                    )
                    .expected(format!("one of {}", known.join(", ")))
                    .suggest(&word, known.iter().copied()),
                );
            }
        }
    }
}

/// A literal as it is written in a sample.
fn literal_text(literal: &EnumLiteral) -> String {
    match literal {
        EnumLiteral::Integer(number) => number.to_string(),
        EnumLiteral::Text(text) => text.clone(),
    }
}

/// Whether a reply says that the call failed; then its other fields may be missing.
fn is_failure(text: &str) -> bool {
    let reply = serde_json::from_str::<serde_json::Value>(text).unwrap_or_default();
    let status = reply["ActionStatus"].as_str().unwrap_or_default();
    reply["ErrorCode"].as_i64().unwrap_or_default() != 0 || status.eq_ignore_ascii_case("FAIL")
}

fn is_bare(text: &str) -> bool {
    let reply = serde_json::from_str::<serde_json::Value>(text).unwrap_or_default();
    reply.is_object() && reply["ActionStatus"].is_null() && reply["ErrorCode"].is_null()
}

fn excerpt(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    if line.chars().count() > 40 || text.lines().count() > 1 {
        format!("{}…", line.chars().take(40).collect::<String>())
    } else {
        line.to_owned()
    }
}

/// The entries of an object in their order, duplicates included.
struct Entries<'a>(Vec<Entry<'a>>);

/// A key, its position in the text, and the value.
struct Entry<'a> {
    name: String,
    key: &'a RawValue,
    value: &'a RawValue,
}

impl<'de> Deserialize<'de> for Entries<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct EntriesVisitor;
        impl<'de> Visitor<'de> for EntriesVisitor {
            type Value = Entries<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut entries = Vec::new();
                while let Some((key, value)) = map.next_entry::<&RawValue, &RawValue>()? {
                    let name = serde_json::from_str(key.get()).map_err(de::Error::custom)?;
                    entries.push(Entry { name, key, value });
                }
                Ok(Entries(entries))
            }
        }
        deserializer.deserialize_map(EntriesVisitor)
    }
}
