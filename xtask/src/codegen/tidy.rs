//! Stage 6: typify's structs become the ones that we publish.
//!
//! The seam is strict in both directions: a struct or a field that the model does not name, and
//! one that typify left out or typed otherwise, end the run.

use super::model::{Field, Module, Object, Type};
use quote::ToTokens;
use std::collections::BTreeMap;
use syn::{Attribute, Item, ItemStruct, Lit, Meta, visit_mut::VisitMut};

/// The type of each field of each object, as typify has it, in short paths.
#[derive(Debug)]
pub struct Structs(BTreeMap<String, BTreeMap<String, syn::Type>>);

impl Structs {
    /// Type of a field, with the `Option` of an optional one.
    ///
    /// # Errors
    ///
    /// A field that typify does not know.
    pub fn field_type(&self, object: &Object, field: &Field) -> Result<&syn::Type, String> {
        let fields = self.0.get(&object.name);
        fields
            .and_then(|fields| fields.get(&field.wire))
            .ok_or_else(|| format!("typify left out {}.{}", object.name, field.wire))
    }
}

/// Takes over what typify is for, and nothing else.
///
/// # Errors
///
/// Every difference between the model and typify's output.
pub fn tidy(module: &Module, file: syn::File) -> Result<Structs, String> {
    let mut structs = BTreeMap::new();
    for item in file.items {
        let Item::Struct(mut item) = item else {
            continue;
        };
        ShortPaths.visit_item_struct_mut(&mut item);
        let name = item.ident.to_string();
        let object = (module.objects.iter().find(|object| object.name == name))
            .ok_or_else(|| format!("typify made a type of its own: {name}"))?;
        structs.insert(name, fields(object, item)?);
    }
    for object in &module.objects {
        if !structs.contains_key(&object.name) {
            return Err(format!("typify made no struct {}", object.name));
        }
    }
    Ok(Structs(structs))
}

fn fields(object: &Object, item: ItemStruct) -> Result<BTreeMap<String, syn::Type>, String> {
    let mut found = BTreeMap::new();
    for field in item.fields {
        let ident = field
            .ident
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default();
        let wire = renamed(&field.attrs).unwrap_or_else(|| ident.clone());
        let known = (object.fields.iter().find(|field| field.wire == wire))
            .ok_or_else(|| format!("typify made a field of its own: {}.{ident}", object.name))?;
        let ours = expected(known);
        let theirs = field.ty.to_token_stream().to_string().replace(' ', "");
        if theirs.replace("Box<", "").replace('>', "") != ours.replace('>', "") {
            return Err(format!(
                "{}.{wire}: the model has {ours}, typify {theirs}",
                object.name
            ));
        }
        found.insert(wire, option_outside(field.ty));
    }
    for field in &object.fields {
        if !found.contains_key(&field.wire) {
            return Err(format!("typify left out {}.{}", object.name, field.wire));
        }
    }
    Ok(found)
}

/// `Box<Option<T>>`, which typify makes of an optional field of its own type, → `Option<Box<T>>`.
fn option_outside(ty: syn::Type) -> syn::Type {
    fn only_argument<'a>(ty: &'a syn::Type, of: &str) -> Option<&'a syn::Type> {
        let syn::Type::Path(path) = ty else {
            return None;
        };
        let last = path
            .path
            .segments
            .last()
            .filter(|segment| segment.ident == of)?;
        let syn::PathArguments::AngleBracketed(arguments) = &last.arguments else {
            return None;
        };
        match arguments.args.first() {
            Some(syn::GenericArgument::Type(inner)) => Some(inner),
            _ => None,
        }
    }
    match only_argument(&ty, "Box").and_then(|inner| only_argument(inner, "Option")) {
        Some(inner) => syn::parse_quote!(Option<Box<#inner>>),
        None => ty,
    }
}

/// `#[serde(rename = "…")]`.
fn renamed(attributes: &[Attribute]) -> Option<String> {
    let mut name = None;
    for attribute in attributes
        .iter()
        .filter(|attribute| attribute.path().is_ident("serde"))
    {
        // Other serde arguments are of no interest here.
        let _ = attribute.parse_nested_meta(|meta| {
            if meta.path.is_ident("rename") {
                if let Lit::Str(text) = meta.value()?.parse()? {
                    name = Some(text.value());
                }
            } else if meta.input.peek(syn::Token![=]) {
                meta.value()?.parse::<Lit>()?;
            }
            Ok(())
        });
    }
    name
}

/// What the model says, in the notation of [`ShortPaths`].
fn expected(field: &Field) -> String {
    let ty = rust_type(&field.ty);
    if field.required {
        ty
    } else {
        format!("Option<{ty}>")
    }
}

/// The Rust type of a value, without `Option`.
pub fn rust_type(ty: &Type) -> String {
    match ty {
        Type::String => "String".to_owned(),
        Type::Bool => "bool".to_owned(),
        Type::U32 => "u32".to_owned(),
        Type::U64 => "u64".to_owned(),
        Type::I32 => "i32".to_owned(),
        Type::I64 => "i64".to_owned(),
        Type::F64 => "f64".to_owned(),
        Type::Flag => "Flag".to_owned(),
        Type::TagValue => "TagValue".to_owned(),
        Type::ErrorCode => "ErrorCode".to_owned(),
        Type::Json => "Raw".to_owned(),
        Type::List(item) => format!("Vec<{}>", rust_type(item)),
        Type::Map(item) => format!("BTreeMap<String,{}>", rust_type(item)),
        Type::Named(name, _) => name.clone(),
    }
}

/// `::std::option::Option<::std::string::String>` → `Option<String>`; the emitted file imports
/// what is not in the prelude.
struct ShortPaths;

impl VisitMut for ShortPaths {
    fn visit_path_mut(&mut self, path: &mut syn::Path) {
        syn::visit_mut::visit_path_mut(self, path);
        let is_ours = path
            .segments
            .first()
            .is_some_and(|first| ["std", "serde_json"].contains(&first.ident.to_string().as_str()));
        if is_ours
            && path.segments.len() > 1
            && let Some(last) = path.segments.last().cloned()
        {
            path.leading_colon = None;
            path.segments = std::iter::once(last).collect();
        }
    }

    fn visit_meta_mut(&mut self, _: &mut Meta) {
        // Attributes keep their paths; only types are shortened.
    }
}
