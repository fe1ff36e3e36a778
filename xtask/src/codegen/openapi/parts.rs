//! Small parts that calls and events share.

use crate::codegen::{
    model::Sample,
    spec::{Date, ErrorCode},
};
use serde_json::{Map, Value, json};

pub(super) fn error_code(entry: &ErrorCode) -> Map<String, Value> {
    without_nulls(json!({
        "code": entry.code.value,
        "name": entry.name.value,
        "meaning": entry.meaning,
        "advice": entry.advice,
        "class": entry.class,
        "repeat": entry.repeat,
        "retry_after": entry.retry_after.as_ref().map(|seconds| seconds.value),
    }))
}

/// The fields of an object that have a value.
pub(super) fn without_nulls(object: Value) -> Map<String, Value> {
    let Value::Object(fields) = object else {
        return Map::new();
    };
    (fields.into_iter())
        .filter(|(_, value)| !value.is_null())
        .collect()
}

/// Named examples of bodies, for one side.
pub(super) fn examples<'s>(
    samples: &'s [Sample],
    side: impl Fn(&'s Sample) -> Option<&'s Value>,
) -> Map<String, Value> {
    (samples.iter())
        .filter_map(|sample| {
            let mut example = json!({ "value": side(sample)? });
            if let Some(note) = &sample.note {
                example["summary"] = note.as_str().into();
            }
            Some((sample.name.clone(), example))
        })
        .collect()
}

/// Media type of a body.
pub(super) fn content(schema: Value, examples: Map<String, Value>) -> Value {
    let mut media = json!({ "schema": schema });
    if !examples.is_empty() {
        media["examples"] = Value::Object(examples);
    }
    json!({ "application/json": media })
}

/// Sentence and details.
pub(super) fn description(summary: &str, details: &str) -> String {
    format!("{}\n\n{}", summary.trim(), details.trim())
        .trim()
        .to_owned()
}

/// The vendor's page.
pub(super) fn page(id: Option<u32>, updated: Option<&Date>) -> Value {
    json!({ "id": id, "updated": updated.map(|day| &day.0) })
}
