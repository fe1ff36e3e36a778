//! Replies that the service might send instead of the documented ones.

use serde_json::{Value, json};

/// Objects whose keys are data, not fields: an addition there is a key with a value of the same kind.
const MAPS: [&str; 5] = ["AttrNames", "AttrTypes", "Attrs", "AttrsAnd", "AttrsOr"];

/// Strings that must stay: with another one it would be another reply or another event.
const KEPT: [&str; 3] = ["ActionStatus", "MsgType", "CallbackCommand"];

/// Adds things that this version cannot know: a field in every object, another value to every enum-like string,
/// an element of a new type to every list of elements.
pub fn from_the_future(json: &mut Value) {
    match json {
        Value::Object(object) => {
            for (name, value) in object.iter_mut() {
                match value {
                    Value::Object(map) if MAPS.contains(&name.as_str()) => {
                        let new = match map.values().next() {
                            Some(Value::Number(_)) => json!(2077),
                            _ => json!("ValueOfNextYear"),
                        };
                        map.insert("KeyOfNextYear".to_owned(), new);
                    }
                    value => from_the_future(value),
                }
            }
            object.insert("FieldOfNextYear".to_owned(), json!({ "a": [1, null, "x"] }));
            if object.contains_key("MsgType") {
                object["MsgType"] = json!("TIMElemOfNextYear");
            }
            for (name, value) in object.iter_mut() {
                // A number in quotation marks is not a word.
                let is_word = value
                    .as_str()
                    .is_some_and(|text| text.parse::<i64>().is_err() && !text.is_empty());
                if is_word && !KEPT.contains(&name.as_str()) {
                    *value = json!("ValueOfNextYear");
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(from_the_future),
        _ => {}
    }
}

/// Integers as strings, `null` for fields that can be missing.
pub fn loosely(json: &mut Value) {
    match json {
        Value::Object(object) => {
            for (name, value) in object.iter_mut() {
                match value {
                    Value::Number(number) if number.is_u64() && name != "Value" => {
                        *value = json!(number.to_string())
                    }
                    Value::Array(items) if items.is_empty() => *value = Value::Null,
                    other => loosely(other),
                }
            }
        }
        Value::Array(items) => {
            for item in items {
                match item {
                    Value::Number(number) => *item = json!(number.to_string()),
                    other => loosely(other),
                }
            }
        }
        _ => {}
    }
}
