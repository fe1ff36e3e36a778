//! The model as JSON Schema 2020-12 and as OpenAPI 3.1, for teams in other languages.
//!
//! `schemas` describes the types, `operations` the calls, `webhooks` the events. What the two
//! formats cannot say is in `x-` extensions, never in a keyword that means something else.

mod operations;
mod parts;
mod schemas;
mod webhooks;

use super::{
    folders::OPENAPI,
    model::{Errors, Model, QueryParameter},
    spec::QueryRole,
    tree::{MARK, Tree},
};
use parts::{error_code, without_nulls};
use schemas::Schemas;
pub(super) use schemas::{definition, definition_of};
use serde::{Serialize, Serializer};
use serde_json::{Map, Value, json};

/// The beginning of a reference in the document of all types.
pub(super) const TYPES: &str = "#/$defs/";
/// The beginning of a reference in OpenAPI.
const COMPONENTS: &str = "#/components/schemas/";

/// An OpenAPI document, with its parts in reading order.
#[derive(Serialize)]
struct Document {
    openapi: &'static str,
    #[serde(rename = "x-generated")]
    generated: String,
    info: Value,
    servers: Vec<Value>,
    security: Value,
    tags: Vec<Value>,
    paths: Pairs,
    #[serde(skip_serializing_if = "Pairs::is_empty")]
    webhooks: Pairs,
    components: Value,
    #[serde(rename = "x-error-codes")]
    error_codes: Value,
}

/// A JSON object that keeps its order.
#[derive(Default)]
struct Pairs(Vec<(String, Value)>);

impl Pairs {
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Serialize for Pairs {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(key, value)| (key, value)))
    }
}

/// Every type, in JSON Schema 2020-12.
///
/// # Errors
///
/// Two types of one name.
pub fn types(model: &Model) -> Result<Value, String> {
    Ok(json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$comment": generated(),
        "$defs": Schemas::new(model, TYPES).all()?,
    }))
}

fn generated() -> String {
    format!("{MARK} from spec/. Do not edit.")
}

/// Adds the documents.
///
/// # Errors
///
/// A document that cannot be written.
pub fn emit(model: &Model, types: &Value, tree: &mut Tree) -> Result<(), String> {
    tree.insert(
        format!("{OPENAPI}/tencent-chat.schema.json"),
        format!("{types:#}\n"),
    );
    let schemas = Schemas::new(model, COMPONENTS);
    let document = document(model, &schemas, types);
    let text = serde_json::to_string_pretty(&document).map_err(|e| e.to_string())?;
    tree.insert(format!("{OPENAPI}/tencent-chat.json"), text + "\n");
    let text = yaml(&document)?;
    tree.insert(
        format!("{OPENAPI}/tencent-chat.yaml"),
        format!("# {}\n{text}", document.generated),
    );
    Ok(())
}

/// Every string is quoted, since YAML 1.1 parsers read some as dates, numbers or Booleans.
fn yaml(document: &Document) -> Result<String, String> {
    let mut options = serde_saphyr::SerializerOptions::default();
    options.quote_all = true;
    serde_saphyr::to_string_with_options(document, options).map_err(|e| e.to_string())
}

fn document(model: &Model, schemas: &Schemas<'_>, types: &Value) -> Document {
    let events = model.webhooks.iter().flat_map(|all| &all.families);
    let tags = (model.families.iter())
        .map(|family| json!({ "name": family.name, "description": family.doc }))
        .chain(events.map(
            |family| json!({ "name": webhooks::tag(&family.name), "description": family.doc }),
        ))
        .collect();
    let query = &model.protocol.query;
    let parameters: Map<String, Value> = operations::listed(query)
        .map(|parameter| (parameter.wire.clone(), operations::parameter(parameter)))
        .collect();
    let of_credential = |p: &&QueryParameter| p.role == Some(QueryRole::Credential);
    let security: Map<String, Value> = (query.iter().filter(of_credential))
        .map(|p| (p.wire.clone(), json!([])))
        .collect();
    let schemes: Map<String, Value> = (query.iter().filter(of_credential))
        .map(|p| {
            let scheme =
                json!({ "type": "apiKey", "in": "query", "name": p.wire, "description": p.doc });
            (p.wire.clone(), scheme)
        })
        .collect();
    Document {
        openapi: "3.1.1",
        generated: generated(),
        info: json!({
            "title": "Tencent Cloud Chat server API",
            "version": env!("CARGO_PKG_VERSION"),
            "description": introduction(query),
            "license": { "name": "MIT", "identifier": "MIT" },
        }),
        servers: operations::servers(&model.regions, |_| true),
        security: json!([security]),
        tags,
        paths: Pairs(operations::paths(model, schemas)),
        webhooks: Pairs(webhooks::all(model, schemas)),
        components: json!({
            "parameters": parameters,
            "securitySchemes": schemes,
            "schemas": with_references(&types["$defs"]),
        }),
        error_codes: error_codes(&model.errors),
    }
}

/// Definitions of the document of all types, with references as in OpenAPI.
fn with_references(definitions: &Value) -> Value {
    match definitions {
        Value::String(text) => match text.strip_prefix(TYPES) {
            Some(name) => format!("{COMPONENTS}{name}").into(),
            None => definitions.clone(),
        },
        Value::Array(items) => items.iter().map(with_references).collect(),
        Value::Object(fields) => (fields.iter())
            .map(|(key, value)| (key.clone(), with_references(value)))
            .collect(),
        other => other.clone(),
    }
}

fn introduction(query: &[QueryParameter]) -> String {
    let mut text = "Every call is a POST of a JSON object, which is never empty. \
        The HTTP status is 200 even on failure; check `ErrorCode`, which is zero on success. \
        A client adds these parameters to the query of every call, so operations do not list them:\n"
        .to_owned();
    for parameter in query {
        let value = match (&parameter.value, parameter.role) {
            (Some(value), _) => format!(" Always `{value}`."),
            (None, Some(QueryRole::PerCall)) => " A new value for each call.".to_owned(),
            _ => continue,
        };
        text += &format!("\n- `{}`: {}{value}", parameter.wire, parameter.doc);
    }
    text += "\n\nIntegers of format `int64` and `uint64` can exceed 2^53, the limit for exact integers in JavaScript.";
    text
}

/// Every code and range with its meaning.
fn error_codes(errors: &Errors) -> Value {
    let services = |all: &[super::spec::At<String>]| -> Vec<String> {
        all.iter().map(|s| s.value.clone()).collect()
    };
    let codes = errors.codes.iter().map(|entry| {
        let mut row = error_code(entry);
        row.insert("services".to_owned(), json!(services(&entry.services)));
        Value::Object(row)
    });
    let ranges = errors.ranges.iter().map(|range| {
        Value::Object(without_nulls(json!({
            "from": range.from.value,
            "to": range.to,
            "name": range.name.value,
            "services": services(&range.services),
            "meaning": range.meaning,
            "advice": range.advice,
            "class": range.class,
            "repeat": range.repeat,
        })))
    });
    codes.chain(ranges).collect()
}
