//! Types as JSON Schema 2020-12, one definition each.
//!
//! The name of a definition follows from its own file alone, so that a new file renames nothing.

use super::parts::description;
use crate::codegen::{
    model::{
        Answer, Enum, Field, Limit, Model, Module, Object, Role, Type, Union, Values, Webhook,
    },
    names::{self, ACKNOWLEDGEMENT, ALLOW, DROP, FAILURE, REFUSE, UNKNOWN_VARIANT},
};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

pub(super) struct Schemas<'m> {
    model: &'m Model,
    /// The beginning of references.
    prefix: &'static str,
}

impl<'m> Schemas<'m> {
    pub(super) fn new(model: &'m Model, prefix: &'static str) -> Self {
        Self { model, prefix }
    }

    /// A reference to a definition.
    pub(super) fn reference(&self, name: &str) -> Value {
        json!({ "$ref": format!("{}{name}", self.prefix) })
    }

    /// Every definition by name.
    ///
    /// # Errors
    ///
    /// Two names that differ only by case, which many languages cannot distinguish.
    pub(super) fn all(&self) -> Result<BTreeMap<String, Value>, String> {
        let mut found = Vec::new();
        let protocol = &self.model.protocol;
        found.push((
            FAILURE.to_owned(),
            self.envelope(&json!({ "type": "integer", "not": { "const": 0 } })),
        ));
        found.push((
            ACKNOWLEDGEMENT.to_owned(),
            self.envelope(&json!({ "type": "integer" })),
        ));
        let common = self.model.webhooks.iter().flat_map(|all| &all.enums);
        for def in protocol.enums.iter().chain(common) {
            found.push((def.name.clone(), open_enum(def)));
        }
        for module in self.model.modules() {
            for object in &module.objects {
                let name = definition(module, &object.name);
                if let (Role::Reply, Some(webhook)) = (object.role, &module.webhook) {
                    self.answers(module, webhook, object, &mut found);
                } else {
                    found.push((name, self.object(module, object)));
                }
            }
            for def in &module.enums {
                found.push((definition(module, &def.name), open_enum(def)));
            }
            for union in &module.unions {
                self.union(module, union, &mut found);
            }
        }
        let mut seen = BTreeSet::new();
        for (name, _) in &found {
            if !seen.insert(name.to_lowercase()) {
                return Err(format!("two schemas are called `{name}`"));
            }
        }
        Ok(found.into_iter().collect())
    }

    /// The name of the definition for a type's name in a module.
    fn resolve(&self, module: &Module, name: &str) -> String {
        let own = (module.objects.iter().any(|o| o.name == name))
            || module.enums.iter().any(|e| e.name == name)
            || module.unions.iter().any(|u| u.name == name);
        if own {
            definition(module, name)
        } else {
            name.to_owned()
        }
    }

    fn object(&self, module: &Module, object: &Object) -> Value {
        let mut properties = Map::new();
        let mut required = Vec::new();
        for field in &object.fields {
            if field.required {
                required.push(field.wire.as_str());
            }
            properties.insert(field.wire.clone(), self.field(module, object, field));
        }
        let mut schema = json!({ "type": "object" });
        let doc = match (&module.endpoint, &module.webhook, object.role) {
            (Some(endpoint), _, Role::Request) => description(&endpoint.summary, &module.doc),
            (Some(endpoint), _, Role::Reply) => {
                self.success(&mut properties);
                if !endpoint.bare_reply {
                    required.extend(self.code());
                }
                format!("Reply to `{}`.", definition(module, &endpoint.request))
            }
            (_, Some(webhook), Role::Event) => description(&webhook.summary, &module.doc),
            _ => object.doc.clone(),
        };
        if !doc.trim().is_empty() {
            schema["description"] = doc.trim().into();
        }
        schema["properties"] = Value::Object(properties);
        if !required.is_empty() {
            schema["required"] = json!(required);
        }
        if let (Some(endpoint), Role::Request) = (&module.endpoint, object.role) {
            let forms: Vec<&str> = endpoint.one_of.iter().map(|f| f.wire.as_str()).collect();
            if !forms.is_empty() {
                schema["x-exactly-one-of"] = json!(forms);
                exactly_one(&forms, &mut schema);
            }
        }
        schema
    }

    /// The field of the common ones that holds the code.
    fn code(&self) -> Option<&str> {
        let mut fields = self.model.protocol.envelope.fields.iter();
        Some(&fields.find(|field| field.ty == Type::ErrorCode)?.wire)
    }

    fn envelope_properties(&self, code: &Value) -> Map<String, Value> {
        let fields = &self.model.protocol.envelope.fields;
        (fields.iter())
            .map(|field| {
                let mut schema = match &field.ty {
                    Type::ErrorCode => {
                        let mut code = code.clone();
                        code["x-error-code"] = true.into();
                        code
                    }
                    Type::Named(name, _) => self.reference(name),
                    _ => json!({ "type": "string" }),
                };
                schema["description"] = field.doc.as_str().into();
                (field.wire.clone(), schema)
            })
            .collect()
    }

    /// Adds the common fields, with the code of success.
    fn success(&self, properties: &mut Map<String, Value>) {
        let common = self.envelope_properties(&json!({ "type": "integer", "const": 0 }));
        for (name, schema) in common {
            properties.entry(name).or_insert(schema);
        }
    }

    /// An object with only the common fields.
    fn envelope(&self, code: &Value) -> Value {
        json!({
            "type": "object",
            "description": self.model.protocol.envelope.doc,
            "properties": self.envelope_properties(code),
            "required": self.code().into_iter().collect::<Vec<_>>(),
        })
    }

    /// The possible answers of an app: one definition for each kind, and one for all.
    fn answers(
        &self,
        module: &Module,
        webhook: &Webhook,
        reply: &Object,
        found: &mut Vec<(String, Value)>,
    ) {
        let Some(answer) = &webhook.answer else {
            return;
        };
        let name = answer_name(module);
        let mut allow = self.object(module, reply);
        if let Some(Value::Object(properties)) = allow.get_mut("properties") {
            self.success(properties);
        }
        let mut required = allow["required"].as_array().cloned().unwrap_or_default();
        required.extend(self.code().map(Value::from));
        allow["required"] = required.into();
        allow["description"] = answer.allow.as_str().into();
        let mut ways = vec![(format!("{name}{ALLOW}"), allow)];
        let Answer { refuse, drop, .. } = answer;
        if let Some(refuse) = refuse {
            let code = match refuse.codes {
                Some((from, to)) => json!({ "anyOf": [
                    { "type": "integer", "const": refuse.code },
                    { "type": "integer", "minimum": from, "maximum": to },
                ] }),
                None => json!({ "type": "integer", "const": refuse.code }),
            };
            let mut schema = self.envelope(&code);
            schema["description"] = refuse.doc.as_str().into();
            ways.push((format!("{name}{REFUSE}"), schema));
        }
        if let Some((code, doc)) = drop {
            let mut schema = self.envelope(&json!({ "type": "integer", "const": code }));
            schema["description"] = doc.as_str().into();
            ways.push((format!("{name}{DROP}"), schema));
        }
        let any: Vec<Value> = ways.iter().map(|(name, _)| self.reference(name)).collect();
        found.extend(ways);
        found.push((name, any_of(any)));
    }

    fn field(&self, module: &Module, object: &Object, field: &Field) -> Value {
        let mut schema = match (&field.ty, field.quoted) {
            // The service writes it as a string and accepts either.
            (Type::U32 | Type::U64 | Type::I32 | Type::I64, true) => json!({ "anyOf": [
                { "type": "string", "pattern": "^-?[0-9]+$" },
                self.ty(module, &field.ty),
            ] }),
            _ => self.ty(module, &field.ty),
        };
        schema["description"] = field.doc.trim().into();
        for limit in &field.limits {
            set_limit(&mut schema, &field.ty, *limit, object.sent);
        }
        if let Some(default) = &field.default {
            schema["x-default"] = default.as_str().into();
        }
        if let Some(instead) = &field.deprecated {
            schema["deprecated"] = true.into();
            schema["x-deprecated"] = instead.as_str().into();
        }
        if field.secret {
            schema["x-secret"] = true.into();
        }
        if let Some(open) = &field.unconfirmed {
            schema["x-unconfirmed"] = open.as_str().into();
        }
        schema
    }

    fn ty(&self, module: &Module, ty: &Type) -> Value {
        match ty {
            Type::String => json!({ "type": "string" }),
            Type::Bool => json!({ "type": "boolean" }),
            Type::U32 => {
                json!({ "type": "integer", "format": "uint32", "minimum": 0, "maximum": u32::MAX })
            }
            Type::U64 => {
                json!({ "type": "integer", "format": "uint64", "minimum": 0, "maximum": u64::MAX })
            }
            Type::I32 => json!({ "type": "integer", "format": "int32" }),
            Type::I64 => json!({ "type": "integer", "format": "int64" }),
            Type::ErrorCode => {
                json!({ "type": "integer", "format": "int64", "x-error-code": true })
            }
            Type::F64 => json!({ "type": "number", "format": "double" }),
            Type::Flag => json!({ "type": "integer", "format": "int32", "x-flag": true }),
            Type::TagValue => json!({ "x-tag-value": true, "anyOf": [
                { "type": "string" },
                { "type": "integer", "format": "int64" },
                { "type": "array", "items": { "type": "string" } },
            ] }),
            Type::Json => json!({}),
            Type::List(item) => json!({ "type": "array", "items": self.ty(module, item) }),
            Type::Map(item) => {
                json!({ "type": "object", "additionalProperties": self.ty(module, item) })
            }
            Type::Named(name, _) => self.reference(&self.resolve(module, name)),
        }
    }

    /// A branch for each tag, and one for the tags of later versions.
    fn union(&self, module: &Module, union: &Union, found: &mut Vec<(String, Value)>) {
        let name = definition(module, &union.name);
        let (tag, content) = (&union.tag, &union.content);
        let (mut branches, mut mapping, mut tags) = (Vec::new(), Map::new(), Vec::new());
        for variant in &union.variants {
            let branch = format!("{name}{}", variant.rust);
            let schema = json!({
                "type": "object",
                "description": variant.doc,
                "properties": {
                    tag: { "type": "string", "const": variant.wire },
                    content: self.reference(&self.resolve(module, &variant.ty)),
                },
                "required": [tag, content],
            });
            branches.push(self.reference(&branch));
            mapping.insert(variant.wire.clone(), self.reference(&branch)["$ref"].take());
            tags.push(variant.wire.as_str());
            found.push((branch, schema));
        }
        let unknown = format!("{name}{UNKNOWN_VARIANT}");
        branches.push(self.reference(&unknown));
        let schema = json!({
            "type": "object",
            "description": "A variant unknown to this version.",
            "properties": { tag: { "type": "string", "not": { "enum": tags } }, content: {} },
            "required": [tag],
        });
        found.push((unknown, schema));
        let schema = json!({
            "description": union.doc,
            "anyOf": branches,
            "discriminator": { "propertyName": tag, "mapping": mapping },
        });
        found.push((name, schema));
    }
}

/// The definition of a module's own type.
pub(crate) fn definition(module: &Module, name: &str) -> String {
    match (&module.endpoint, &module.webhook) {
        (Some(endpoint), _) => {
            names::definition_of_command(&endpoint.family, &endpoint.request, name)
        }
        (_, Some(webhook)) => names::definition_of_webhook(&webhook.event, name),
        _ => name.to_owned(),
    }
}

/// The definition with an object's fields.
pub(crate) fn definition_of(module: &Module, object: &Object) -> String {
    match (object.role, &module.webhook) {
        (Role::Reply, Some(_)) => format!("{}{ALLOW}", answer_name(module)),
        _ => definition(module, &object.name),
    }
}

/// The definition of the possible answers.
pub(super) fn answer_name(module: &Module) -> String {
    names::definition_of_answer(&names::camel_case(&module.name))
}

/// Listed values, or any other of the type. Of values that differ only by case, only the first is
/// listed, because generators derive one name for them.
fn open_enum(def: &Enum) -> Value {
    let (kind, rows): (&str, Vec<(&str, Value, &str)>) = match &def.values {
        Values::Integer(all) => (
            "integer",
            (all.iter())
                .map(|(name, value, doc)| (name.as_str(), json!(value), doc.as_str()))
                .collect(),
        ),
        Values::String(all) => (
            "string",
            (all.iter())
                .map(|(name, value, doc)| (name.as_str(), json!(value), doc.as_str()))
                .collect(),
        ),
    };
    let mut seen = BTreeSet::new();
    let (listed, others): (Vec<_>, Vec<_>) =
        (rows.into_iter()).partition(|(_, value, _)| seen.insert(value.to_string().to_lowercase()));
    let column = |pick: fn(&(&str, Value, &str)) -> Value| -> Vec<Value> {
        listed.iter().map(pick).collect()
    };
    let mut schema = json!({ "description": def.doc });
    if listed.is_empty() {
        schema["type"] = kind.into();
        return schema;
    }
    schema["anyOf"] = json!([
        {
            "type": kind,
            "enum": column(|row| row.1.clone()),
            "x-enum-varnames": column(|row| row.0.into()),
            "x-enum-descriptions": column(|row| row.2.into()),
        },
        { "type": kind },
    ]);
    if !others.is_empty() {
        let values: Vec<&Value> = others.iter().map(|(_, value, _)| value).collect();
        schema["x-other-spellings"] = json!(values);
    }
    schema
}

/// One of several schemas, or the only one.
fn any_of(mut schemas: Vec<Value>) -> Value {
    match schemas.len() {
        1 => schemas.remove(0),
        _ => json!({ "anyOf": schemas }),
    }
}

/// Requires exactly one of some properties, with keywords that type generators ignore.
fn exactly_one(forms: &[&str], schema: &mut Value) {
    let Some((first, rest)) = forms.split_first() else {
        return;
    };
    if rest.is_empty() {
        schema["required"] = json!([first]);
        return;
    }
    let others: Vec<Value> = rest.iter().map(|f| json!({ "required": [f] })).collect();
    let mut otherwise = json!({});
    exactly_one(rest, &mut otherwise);
    schema["if"] = json!({ "required": [first] });
    schema["then"] = json!({ "not": any_of(others) });
    schema["else"] = otherwise;
}

/// A limit as the corresponding keyword. Limits in bytes have none, and data from the service is
/// never rejected for exceeding a limit.
fn set_limit(schema: &mut Value, ty: &Type, limit: Limit, sent: bool) {
    let is_list = matches!(ty, Type::List(_));
    let (keyword, extension, value, of_list) = match limit {
        Limit::MaxBytes(n) => ("x-max-bytes", "x-max-bytes", json!(n), false),
        Limit::MaxChars(n) => ("maxLength", "x-max-length", json!(n), false),
        Limit::MinItems(n) if is_list => ("minItems", "x-min-items", json!(n), true),
        Limit::MaxItems(n) if is_list => ("maxItems", "x-max-items", json!(n), true),
        Limit::MinItems(n) => ("minProperties", "x-min-items", json!(n), true),
        Limit::MaxItems(n) => ("maxProperties", "x-max-items", json!(n), true),
        Limit::Min(n) => ("minimum", "x-minimum", json!(n), false),
        Limit::Max(n) => ("maximum", "x-maximum", json!(n), false),
    };
    let place = match is_list && !of_list {
        true => &mut schema["items"],
        false => schema,
    };
    place[if sent { keyword } else { extension }] = value;
}
