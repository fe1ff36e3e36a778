//! `FIELD=VALUE` arguments and cells, as values of the type that the published description gives to their field.

use crate::{failure::Failure, reference::Schema};
use serde_json::{Map, Value};
use tencent_chat_types::text::quoted;

/// `FIELD=VALUE`, or `FIELD:=JSON`.
pub(crate) struct Assignment<'a> {
    pub(crate) field: &'a str,
    text: &'a str,
    is_json: bool,
}

impl<'a> Assignment<'a> {
    pub(crate) fn parse(argument: &'a str) -> Result<Self, Failure> {
        let Some((field, text)) = argument.split_once('=') else {
            return Err(
                Failure::usage(format!("\"{}\" is not FIELD=VALUE", quoted(argument)))
                    .help("write From_Account=lin, or To_Account:=[\"mei\"] for JSON"),
            );
        };
        let json = field.strip_suffix(':');
        Ok(Self {
            field: json.unwrap_or(field),
            text,
            is_json: json.is_some(),
        })
    }

    /// The value, for a field with this description.
    pub(crate) fn value(&self, schema: Option<Schema>) -> Result<Value, Failure> {
        match self.is_json {
            false => value(self.field, schema, self.text),
            true => serde_json::from_str(self.text).map_err(|_| {
                let argument = format!("{}:={}", self.field, self.text);
                Failure::usage(format!(
                    "\"{}\" has no valid JSON after :=",
                    quoted(&argument)
                ))
                .help("write FIELD=VALUE for a plain string")
            }),
        }
    }
}

/// Sets fields of an object that has this description.
pub(crate) fn set(
    object: &mut Map<String, Value>,
    arguments: &[String],
    schema: Option<Schema>,
) -> Result<(), Failure> {
    for argument in arguments {
        let assignment = Assignment::parse(argument)?;
        let value = assignment.value(schema.and_then(|schema| schema.field(assignment.field)))?;
        object.insert(assignment.field.to_owned(), value);
    }
    Ok(())
}

/// A text as the value of a field: a string if the field holds strings or isn't described, JSON otherwise.
pub(crate) fn value(field: &str, schema: Option<Schema>, text: &str) -> Result<Value, Failure> {
    let itself = || Value::String(text.to_owned());
    let Some(schema) = schema else {
        return Ok(itself());
    };
    match schema.kind() {
        Some("string") => Ok(itself()),
        Some(kind) => of_kind(kind, field, text),
        None => Ok(serde_json::from_str(text).unwrap_or_else(|_| itself())),
    }
}

/// A value of a type, named as in JSON Schema.
fn of_kind(kind: &str, field: &str, text: &str) -> Result<Value, Failure> {
    let value: Option<Value> = serde_json::from_str(text).ok();
    let fits = value.filter(|value| match kind {
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "array" => value.is_array(),
        _ => value.is_object(),
    });
    fits.ok_or_else(|| {
        let example = match kind {
            "integer" | "number" => "7",
            "boolean" => "true",
            "array" => "[\"mei\"]",
            _ => "{\"…\": 1}",
        };
        Failure::usage(format!("{field} expects {kind}, not \"{}\"", quoted(text)))
            .help(format!("such as {field}={example}"))
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use crate::reference::Operation;
    use serde_json::json;

    fn set_one(argument: &str) -> Result<Value, Failure> {
        let schema = Operation::of_command("v4/recentcontact/get_contact_group")?.request();
        let mut object = Map::new();
        set(&mut object, &[argument.to_owned()], schema)?;
        Ok(Value::Object(object))
    }

    #[test]
    fn a_field_has_the_kind_that_the_documentation_gives_it() {
        for (argument, object) in [
            ("From_Account=007", json!({ "From_Account": "007" })),
            (
                "StartIndex=9040992949",
                json!({ "StartIndex": 9040992949_u64 }),
            ),
            ("Anything:={\"a\":[1]}", json!({ "Anything": { "a": [1] } })),
            ("From_Account=a=b", json!({ "From_Account": "a=b" })),
        ] {
            assert_eq!(set_one(argument).unwrap(), object);
        }
    }

    #[test]
    fn a_field_of_another_kind_is_refused_with_an_example() {
        let text = |argument: &str| set_one(argument).unwrap_err().to_string();
        let soon = text("StartIndex=soon");
        assert!(
            soon.contains("expects integer") && soon.contains("StartIndex=7"),
            "{soon}"
        );
        assert!(text("StartIndex").contains("FIELD=VALUE"));
        assert!(text("StartIndex:=soon").contains("no valid JSON after :="));
    }
}
