//! Stages 4 and 5: a module becomes a JSON Schema, and typify makes its structs.
//!
//! The schema says only what typify is good at: names, optionality, nesting. Limits stay out of
//! it, because typify would make a type of each, one that also refuses what the server sends.
//! Enums, unions and the types of other modules are declared as replacements: they are ours.

use super::model::{Kind, Module, Object, Type};
use serde_json::{Map, Value, json};
use typify::{TypeSpace, TypeSpaceImpl, TypeSpaceSettings};

/// Formats that stand for scalars of the runtime.
const SCALARS: &[(&str, &str, &str)] = &[
    ("integer", "x-flag", "Flag"),
    ("integer", "x-error-code", "ErrorCode"),
    ("string", "x-tag-value", "TagValue"),
    ("string", "x-json", "Raw"),
];

/// The JSON Schema of a module's objects, one definition each.
pub fn json_schema(module: &Module) -> Value {
    let mut definitions = Map::new();
    for object in &module.objects {
        definitions.insert(object.name.clone(), object_schema(object));
    }
    for name in foreign_types(module) {
        // Only the name counts: the type is replaced.
        definitions.insert(name.clone(), json!({ "type": "object", "title": name }));
    }
    json!({ "$schema": "http://json-schema.org/draft-07/schema#", "definitions": definitions })
}

fn object_schema(object: &Object) -> Value {
    let mut properties = Map::new();
    let mut required = Vec::new();
    for field in &object.fields {
        let mut schema = type_schema(&field.ty);
        if field.required {
            required.push(field.wire.clone());
        } else if matches!(field.ty, Type::List(_) | Type::Map(_)) {
            // An absent list is not an empty one; typify merges the two unless null is allowed.
            let kind = schema["type"].take();
            schema["type"] = json!([kind, "null"]);
        }
        properties.insert(field.wire.clone(), schema);
    }
    // An object without properties would become a newtype over a map.
    json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": false })
}

fn type_schema(ty: &Type) -> Value {
    match ty {
        Type::String => json!({ "type": "string" }),
        Type::Bool => json!({ "type": "boolean" }),
        Type::U32 => json!({ "type": "integer", "format": "uint32" }),
        Type::U64 => json!({ "type": "integer", "format": "uint64" }),
        Type::I32 => json!({ "type": "integer", "format": "int32" }),
        Type::I64 => json!({ "type": "integer", "format": "int64" }),
        Type::F64 => json!({ "type": "number", "format": "double" }),
        Type::Flag => json!({ "type": "integer", "format": "x-flag" }),
        Type::ErrorCode => json!({ "type": "integer", "format": "x-error-code" }),
        Type::TagValue => json!({ "type": "string", "format": "x-tag-value" }),
        Type::Json => json!({ "type": "string", "format": "x-json" }),
        Type::List(item) => json!({ "type": "array", "items": type_schema(item) }),
        Type::Map(item) => json!({ "type": "object", "additionalProperties": type_schema(item) }),
        Type::Named(name, _) => json!({ "$ref": format!("#/definitions/{name}") }),
    }
}

/// Named types that this module uses but typify must not make.
fn foreign_types(module: &Module) -> Vec<String> {
    fn collect(ty: &Type, own: &[&str], names: &mut Vec<String>) {
        match ty {
            Type::List(item) | Type::Map(item) => collect(item, own, names),
            Type::Named(name, kind)
                if (*kind != Kind::Object || !own.contains(&name.as_str()))
                    && !names.contains(name) =>
            {
                names.push(name.clone());
            }
            _ => {}
        }
    }
    let own: Vec<&str> = module
        .objects
        .iter()
        .map(|object| object.name.as_str())
        .collect();
    let mut names = Vec::new();
    for field in module.objects.iter().flat_map(|object| &object.fields) {
        collect(&field.ty, &own, &mut names);
    }
    names
}

/// The structs of a module as typify writes them.
///
/// # Errors
///
/// What typify or the parser of its output says: a bug of this stage, not of the spec.
pub fn structs(module: &Module) -> Result<syn::File, String> {
    let mut settings = TypeSpaceSettings::default();
    settings
        .with_map_type("::std::collections::BTreeMap")
        .with_struct_builder(false);
    for name in foreign_types(module) {
        settings.with_replacement(&name, &name, std::iter::empty::<TypeSpaceImpl>());
    }
    for (kind, format, rust) in SCALARS {
        let schema = serde_json::from_value(json!({ "type": kind, "format": format }));
        let schema = schema.map_err(|e| e.to_string())?;
        settings.with_conversion(schema, rust, std::iter::empty::<TypeSpaceImpl>());
    }
    let mut space = TypeSpace::new(&settings);
    let schema: schemars08::schema::RootSchema =
        serde_json::from_value(json_schema(module)).map_err(|e| e.to_string())?;
    space.add_root_schema(schema).map_err(|e| e.to_string())?;
    syn::parse2(space.to_stream()).map_err(|e| e.to_string())
}
