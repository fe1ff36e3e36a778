//! Stage 6: typify's structs become the ones that we publish.
//!
//! Documentation, fields, types and boxes are typify's. Names get shorter. serde's attributes go, since a table
//! next to each struct describes its wire form. Fields come in the order of the spec. The check is strict in
//! both directions: a struct or field that the model does not name, and one that typify left out, end the run.

use super::{
    model::{Field, Model, Object},
    names,
    schema::{self, Definition},
};
use proc_macro2::Span;
use std::collections::BTreeMap;
use syn::{
    AttrStyle, Attribute, Expr, GenericArgument, Ident, Item, ItemStruct, Lit, LitStr, Meta,
    MetaNameValue, PathArguments, Token, Type,
    ext::IdentExt,
    parse_quote,
    punctuated::Punctuated,
    token::{Brace, Bracket},
    visit_mut::VisitMut,
};

/// The structs of one spec file.
#[derive(Debug, Default)]
pub struct Structs(BTreeMap<String, Struct>);

/// A struct.
#[derive(Debug)]
struct Struct {
    /// With documentation as its only attributes.
    item: ItemStruct,
    /// Wire names of its fields, in their order.
    wires: Vec<String>,
}

impl Structs {
    fn of(&self, object: &str) -> Result<&Struct, String> {
        (self.0.get(object)).ok_or_else(|| format!("typify made no struct {object}"))
    }

    /// The struct of an object.
    ///
    /// # Errors
    ///
    /// An object that typify does not know, here and below.
    pub fn item(&self, object: &str) -> Result<&ItemStruct, String> {
        Ok(&self.of(object)?.item)
    }

    /// A field of it.
    ///
    /// # Errors
    ///
    /// A field that typify does not know, here and below.
    pub fn field(&self, object: &str, wire: &str) -> Result<&syn::Field, String> {
        let found = self.of(object)?;
        let mut fields = found.wires.iter().zip(&found.item.fields);
        let field = fields.find(|(known, _)| *known == wire);
        field.map_or_else(
            || Err(format!("typify left out {object}.{wire}")),
            |(_, field)| Ok(field),
        )
    }

    /// The type of a list's items.
    ///
    /// # Errors
    ///
    /// A field that is not a list.
    pub fn item_type(&self, object: &str, list: &Field) -> Result<&Type, String> {
        let ty = plain(&self.field(object, &list.wire)?.ty);
        last_argument(ty).ok_or_else(|| format!("{object}.{} is not a list", list.wire))
    }
}

/// The type in `Option` and `Box`.
pub fn plain(ty: &Type) -> &Type {
    match argument_of(ty, "Option").or_else(|| argument_of(ty, "Box")) {
        Some(inner) => plain(inner),
        None => ty,
    }
}

/// Whether a field's value is in a box.
pub fn is_boxed(ty: &Type) -> bool {
    let value = argument_of(ty, "Option").unwrap_or(ty);
    argument_of(value, "Box").is_some()
}

/// The type of the items in a list or a map.
pub fn last_argument(ty: &Type) -> Option<&Type> {
    let Type::Path(path) = ty else {
        return None;
    };
    match &path.path.segments.last()?.arguments {
        PathArguments::AngleBracketed(arguments) => match arguments.args.last()? {
            GenericArgument::Type(inner) => Some(inner),
            _ => None,
        },
        _ => None,
    }
}

fn argument_of<'t>(ty: &'t Type, name: &str) -> Option<&'t Type> {
    match ty {
        Type::Path(path) if path.path.segments.last()?.ident == name => last_argument(ty),
        _ => None,
    }
}

/// Takes over typify's structs, by spec file.
///
/// # Errors
///
/// Every difference between the model and typify's output.
pub fn tidy(model: &Model, file: syn::File) -> Result<BTreeMap<String, Structs>, String> {
    let definitions = schema::definitions(model);
    let names: BTreeMap<String, &str> = (definitions.iter())
        .map(|definition| (definition.name.clone(), definition.object.name.as_str()))
        .chain(schema::replaced(model))
        .collect();
    let mut made: BTreeMap<String, ItemStruct> = BTreeMap::new();
    for item in file.items {
        if let Item::Struct(item) = item {
            made.insert(item.ident.to_string(), item);
        }
    }
    let mut structs: BTreeMap<String, Structs> = BTreeMap::new();
    for module in model.modules() {
        structs.entry(module.source.clone()).or_default();
    }
    for definition in &definitions {
        let Definition {
            name,
            source,
            object,
        } = definition;
        let item = made.remove(name);
        let item = item.ok_or_else(|| format!("typify made no struct {name}"))?;
        let of_file = definitions.iter().filter(|other| other.source == *source);
        let links = of_file.map(|other| (other.name.as_str(), other.object.name.as_str()));
        let done = tidied(item, object, &names, &links.collect::<Vec<_>>())?;
        let structs = structs.entry((*source).to_owned()).or_default();
        structs.0.insert(object.name.clone(), done);
    }
    match made.into_keys().next() {
        Some(name) => Err(format!("typify made a type of its own: {name}")),
        None => Ok(structs),
    }
}

fn tidied(
    mut item: ItemStruct,
    object: &Object,
    names: &BTreeMap<String, &str>,
    links: &[(&str, &str)],
) -> Result<Struct, String> {
    ShortNames(names).visit_item_struct_mut(&mut item);
    item.attrs = documentation(&item.attrs, links);
    let mut found = BTreeMap::new();
    for field in std::mem::replace(&mut item.fields, syn::Fields::Unit) {
        let wire = renamed(&field.attrs)
            .or_else(|| Some(field.ident.as_ref()?.unraw().to_string()))
            .unwrap_or_default();
        found.insert(wire, field);
    }
    let mut fields: Punctuated<syn::Field, Token![,]> = Punctuated::new();
    for known in &object.fields {
        let mut field = (found.remove(&known.wire))
            .ok_or_else(|| format!("typify left out {}.{}", object.name, known.wire))?;
        field.attrs = documentation(&field.attrs, &[]);
        if let Some(note) = &known.deprecated {
            field.attrs.push(parse_quote!(#[deprecated = #note]));
        }
        field.ident = Some(names::ident(&known.rust));
        field.ty = option_outside(field.ty);
        fields.push(field);
    }
    if let Some(wire) = found.into_keys().next() {
        return Err(format!(
            "typify made a field of its own: {}.{wire}",
            object.name
        ));
    }
    item.fields = syn::Fields::Named(syn::FieldsNamed {
        brace_token: Brace::default(),
        named: fields,
    });
    Ok(Struct {
        item,
        wires: object.fields.iter().map(|f| f.wire.clone()).collect(),
    })
}

/// Documentation alone, one attribute per line. Definition names become links.
fn documentation(attributes: &[Attribute], links: &[(&str, &str)]) -> Vec<Attribute> {
    let mut lines = Vec::new();
    for attribute in attributes {
        if let Meta::NameValue(meta) = &attribute.meta
            && meta.path.is_ident("doc")
            && let Expr::Lit(text) = &meta.value
            && let Lit::Str(text) = &text.lit
        {
            let mut text = text.value();
            for (name, rust) in links.iter().filter(|(name, rust)| name != rust) {
                text = text.replace(&format!("`{name}`"), &format!("[`{rust}`]"));
            }
            lines.extend(doc_lines(&text));
        }
    }
    lines.into_iter().map(doc_attribute).collect()
}

/// The lines of a text as they follow `///`.
pub fn doc_lines(text: &str) -> impl Iterator<Item = String> {
    text.trim().lines().map(|line| match line.trim_end() {
        "" => String::new(),
        line => format!(" {line}"),
    })
}

/// A text as documentation, one attribute per line.
pub fn doc_attributes(text: &str) -> impl Iterator<Item = Attribute> {
    doc_lines(text).map(doc_attribute)
}

fn doc_attribute(line: String) -> Attribute {
    let text = syn::ExprLit {
        attrs: Vec::new(),
        lit: Lit::Str(LitStr::new(&line, Span::call_site())),
    };
    Attribute {
        pound_token: Token![#](Span::call_site()),
        style: AttrStyle::Outer,
        bracket_token: Bracket::default(),
        meta: Meta::NameValue(MetaNameValue {
            path: Ident::new("doc", Span::call_site()).into(),
            eq_token: Token![=](Span::call_site()),
            value: Expr::Lit(text),
        }),
    }
}

/// `Box<Option<T>>`, which typify generates for an optional field of its own type, → `Option<Box<T>>`.
fn option_outside(ty: Type) -> Type {
    match argument_of(&ty, "Box").and_then(|inner| argument_of(inner, "Option")) {
        Some(inner) => parse_quote!(Option<Box<#inner>>),
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
        // Other serde arguments do not matter here.
        let _ = attribute.parse_nested_meta(|meta| {
            if meta.path.is_ident("rename") {
                if let Lit::Str(text) = meta.value()?.parse()? {
                    name = Some(text.value());
                }
            } else if meta.input.peek(Token![=]) {
                meta.value()?.parse::<Lit>()?;
            }
            Ok(())
        });
    }
    name
}

/// `::std::option::Option<::std::string::String>` → `Option<String>`, and the names of definitions →
/// those of our types; the emitted file imports what is not in the prelude.
struct ShortNames<'a>(&'a BTreeMap<String, &'a str>);

impl VisitMut for ShortNames<'_> {
    fn visit_path_mut(&mut self, path: &mut syn::Path) {
        syn::visit_mut::visit_path_mut(self, path);
        let is_std = path
            .segments
            .first()
            .is_some_and(|first| first.ident == "std");
        if is_std
            && path.segments.len() > 1
            && let Some(last) = path.segments.last().cloned()
        {
            path.leading_colon = None;
            path.segments = std::iter::once(last).collect();
        }
    }

    fn visit_ident_mut(&mut self, ident: &mut Ident) {
        if let Some(name) = self.0.get(&ident.to_string()) {
            *ident = Ident::new(name, ident.span());
        }
    }

    fn visit_field_mut(&mut self, field: &mut syn::Field) {
        // Only types: a field may have the name of a definition.
        self.visit_type_mut(&mut field.ty);
    }

    fn visit_attribute_mut(&mut self, _: &mut Attribute) {}
}
