//! Stage 5: typify generates the structs from the document of all types.
//!
//! The document is the published one ([`openapi::types`]). typify reads an
//! older draft and generates types that reject whatever violates a limit, so the document is lowered first:
//! limits and whatever else typify ignores become sentences in the descriptions, alternatives become
//! one type, and enums and unions are declared as replacements, since we generate them ourselves.

use super::{
    model::{Model, Object, Role},
    names, openapi,
};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use typify::{TypeSpace, TypeSpaceImpl, TypeSpaceSettings};

/// Values for which the runtime has types: their format, kind and type. The first three are keywords of the
/// document.
const SCALARS: [(&str, &str, &str); 4] = [
    ("x-flag", "integer", "Flag"),
    ("x-error-code", "integer", "ErrorCode"),
    ("x-tag-value", "string", "TagValue"),
    ("x-json", "string", "Raw"),
];

/// Phrases for limits, where `#` is the limit, and the corresponding keywords: of what is sent, and of what
/// is received.
const LIMITS: [(&str, &[&str]); 6] = [
    ("at most # bytes", &["x-max-bytes"]),
    ("at most # characters", &["maxLength", "x-max-length"]),
    (
        "at least # entries",
        &["minItems", "minProperties", "x-min-items"],
    ),
    (
        "at most # entries",
        &["maxItems", "maxProperties", "x-max-items"],
    ),
    ("at least #", &["minimum", "x-minimum"]),
    ("at most #", &["maximum", "x-maximum"]),
];

/// An object of the model that becomes a struct.
pub(super) struct Definition<'m> {
    /// Name in the document.
    pub(super) name: String,
    /// Spec file.
    pub(super) source: &'m str,
    /// The object.
    pub(super) object: &'m Object,
}

/// Every object that becomes a struct.
pub(super) fn definitions(model: &Model) -> Vec<Definition<'_>> {
    let protocol = &model.protocol;
    let common = Definition {
        name: names::FAILURE.to_owned(),
        source: &protocol.source,
        object: &protocol.envelope,
    };
    let objects = model.modules().flat_map(|module| {
        module.objects.iter().map(|object| Definition {
            name: openapi::definition_of(module, object),
            source: &module.source,
            object,
        })
    });
    std::iter::once(common).chain(objects).collect()
}

/// Name in the document and in Rust of every type that typify must not generate.
pub(super) fn replaced(model: &Model) -> Vec<(String, &str)> {
    let common = model.webhooks.iter().flat_map(|all| &all.enums);
    let common = (model.protocol.enums.iter().chain(common))
        .map(|def| (def.name.clone(), def.name.as_str()));
    let own = model.modules().flat_map(|module| {
        let enums = module.enums.iter().map(|def| &def.name);
        (enums.chain(module.unions.iter().map(|def| &def.name)))
            .map(|name| (openapi::definition(module, name), name.as_str()))
    });
    common.chain(own).collect()
}

/// The part of the document that becomes structs, as typify reads it.
///
/// # Errors
///
/// An object that the document lacks.
pub fn lowered(document: &Value, model: &Model) -> Result<Value, String> {
    let mut found = Map::new();
    for definition in definitions(model) {
        let schema = (document["$defs"].get(&definition.name))
            .ok_or_else(|| format!("the document has no `{}`", definition.name))?;
        let object = object(schema, &definition, model)?;
        found.insert(definition.name, object);
    }
    for (name, _) in replaced(model) {
        // Only the name counts.
        found.insert(name, json!({ "type": "object" }));
    }
    Ok(json!({ "$schema": "http://json-schema.org/draft-07/schema#", "definitions": found }))
}

fn object(schema: &Value, definition: &Definition<'_>, model: &Model) -> Result<Value, String> {
    let Definition { name, object, .. } = definition;
    let common = &model.protocol.envelope;
    let own = |wire: &str| object.fields.iter().any(|field| field.wire == wire);
    // The envelope of a reply is a separate field, all parts of which may be missing.
    let of_head = |wire: &str| {
        object.role == Role::Reply
            && common.fields.iter().any(|field| field.wire == wire)
            && !own(wire)
    };
    let required: BTreeSet<&str> = match std::ptr::eq(*object, common) {
        true => BTreeSet::new(),
        false => (schema["required"].as_array().into_iter().flatten())
            .filter_map(Value::as_str)
            .filter(|wire| !of_head(wire))
            .collect(),
    };
    let properties = (schema["properties"].as_object())
        .ok_or_else(|| format!("`{name}` has no properties"))?
        .iter()
        .filter(|(wire, _)| !of_head(wire))
        .map(|(wire, property)| {
            let mut lowered = value(property);
            if !required.contains(wire.as_str())
                && let Some(kind @ ("array" | "object")) = lowered["type"].as_str()
            {
                // An absent list is not an empty one; typify merges the two unless null is allowed.
                lowered["type"] = json!([kind, "null"]);
            }
            lowered["description"] = description(wire, property).into();
            (wire.clone(), lowered)
        });
    let mut lowered = json!({
        "type": "object",
        "properties": properties.collect::<Map<_, _>>(),
        "required": required,
        // Otherwise an object without properties becomes a newtype over a map.
        "additionalProperties": false,
    });
    if let Some(text) = schema.get("description") {
        lowered["description"] = text.clone();
    }
    Ok(lowered)
}

fn value(schema: &Value) -> Value {
    if let Some(reference) = schema["$ref"].as_str() {
        return json!({ "$ref": reference.replace(openapi::TYPES, "#/definitions/") });
    }
    for (keyword, kind, _) in SCALARS {
        if schema[keyword] == true {
            return json!({ "type": kind, "format": keyword });
        }
    }
    if let Some(number) = in_quotation_marks(schema) {
        return value(number);
    }
    match schema["type"].as_str() {
        Some("array") => json!({ "type": "array", "items": value(&schema["items"]) }),
        Some("object") => {
            json!({ "type": "object", "additionalProperties": value(&schema["additionalProperties"]) })
        }
        Some(kind) => match schema.get("format") {
            Some(format) => json!({ "type": kind, "format": format }),
            None => json!({ "type": kind }),
        },
        None => json!({ "type": "string", "format": "x-json" }),
    }
}

/// The number that a string may represent.
fn in_quotation_marks(schema: &Value) -> Option<&Value> {
    match schema["anyOf"].as_array().map(Vec::as_slice) {
        Some([text, number]) if text["type"] == "string" => Some(number),
        _ => None,
    }
}

/// The meaning of a field, and its wire format.
fn description(wire: &str, schema: &Value) -> String {
    let text = |key: &str| schema[key].as_str().unwrap_or_default().trim();
    let mut facts = vec![format!("Wire name `{wire}`")];
    if in_quotation_marks(schema).is_some() {
        facts.push("a number sent as a string".to_owned());
    }
    facts.extend(limits(schema));
    if schema.get("x-default").is_some() {
        facts.push(format!("default: {}", text("x-default")));
    }
    let mut all = format!("{}\n\n{}.", text("description"), facts.join("; "));
    if schema.get("x-secret").is_some() {
        all += "\n\nA secret: it gives access to whoever has it.";
    }
    if schema.get("x-unconfirmed").is_some() {
        all += &format!("\n\nUnconfirmed: {}", text("x-unconfirmed"));
    }
    all
}

fn limits(schema: &Value) -> impl Iterator<Item = String> {
    LIMITS.iter().filter_map(move |(words, keywords)| {
        // Those of a list can be those of its items.
        let limit = [schema, &schema["items"]].iter().find_map(|schema| {
            let mut limits = (keywords.iter()).filter_map(|keyword| {
                let limit = schema[*keyword].as_i64()?;
                (!is_of_type(schema, keyword, limit)).then_some(limit)
            });
            limits.next()
        })?;
        let words = match limit {
            1 => words.replace("entries", "entry"),
            _ => (*words).to_owned(),
        };
        Some(words.replace('#', &limit.to_string()))
    })
}

/// Whether the width of the integer implies a bound.
fn is_of_type(schema: &Value, keyword: &str, limit: i64) -> bool {
    match (schema["format"].as_str(), keyword) {
        (Some("uint32" | "uint64"), "minimum") => limit == 0,
        (Some("uint32"), "maximum") => limit == i64::from(u32::MAX),
        _ => false,
    }
}

/// Runs typify on the document.
///
/// # Errors
///
/// An error from typify or from parsing its output: a bug of this stage, not of the spec.
pub fn structs(document: &Value, model: &Model) -> Result<syn::File, String> {
    let mut settings = TypeSpaceSettings::default();
    settings
        .with_map_type("::std::collections::BTreeMap")
        .with_struct_builder(false);
    for (name, _) in replaced(model) {
        settings.with_replacement(&name, &name, std::iter::empty::<TypeSpaceImpl>());
    }
    for (format, kind, rust) in SCALARS {
        let schema = serde_json::from_value(json!({ "type": kind, "format": format }));
        let schema = schema.map_err(|e| e.to_string())?;
        settings.with_conversion(schema, rust, std::iter::empty::<TypeSpaceImpl>());
    }
    let mut space = TypeSpace::new(&settings);
    let schema: schemars08::schema::RootSchema =
        serde_json::from_value(lowered(document, model)?).map_err(|e| e.to_string())?;
    space.add_root_schema(schema).map_err(|e| e.to_string())?;
    syn::parse2(space.to_stream()).map_err(|e| e.to_string())
}
