//! A struct with its documentation, and the table of its wire names.

use super::{
    arguments::{Start, random},
    batch, capacity,
    constructors::constructors,
    conversions,
    docs::{self, aliases, doc, endpoint_facts, names_of_path},
    endpoints::endpoint_impl,
    events::event_facts,
    limits::validate,
    paging::paged_impl,
    rust_file::RustFile,
    tags,
};
use crate::codegen::{
    model::{Model, Module, Object, Role},
    names::{bare, ident},
    tidy::{self, doc_attributes},
};
use proc_macro2::TokenStream;
use quote::quote;
use std::fmt::Write as _;
use syn::{Attribute, Fields, Item, ItemStruct, parse_quote};

pub(super) fn emit(
    file: &mut RustFile,
    module: &Module,
    model: &Model,
    object: &Object,
    structs: &tidy::Structs,
) -> Result<(), String> {
    let endpoint = module.endpoint.as_ref();
    let start = Start::of(module, model);
    let name = ident(&object.name);
    // Only types that need no arguments implement `Default`; a request with required fields does not.
    let can_default = match object.role {
        Role::Request => {
            let asked = (object.fields.iter()).any(|field| start.asks_for(field, object));
            !asked && start.choices(object).is_empty() && random(object).next().is_none()
        }
        Role::Event => false,
        Role::Reply | Role::Part => true,
    };
    let item = structs.item(&object.name)?.clone();
    let item = completed(item, module, model, object, can_default);
    file.item(Item::Struct(item));
    if object.role != Role::Reply {
        file.items(constructors(object, start, structs)?);
    }
    file.text(wire_table(object));
    conversions::emit_object(file, object, structs)?;
    tags::emit_object(file, object, module, model);
    if object.sent {
        file.items(validate(object, start.choices(object)));
    }
    match (object.role, endpoint) {
        (Role::Request, Some(endpoint)) => {
            file.items(endpoint_impl(module, endpoint, object));
            if let Some(constants) = capacity::constants(endpoint) {
                file.items(constants);
            }
            if let Some(paging) = &endpoint.paging {
                file.items(paged_impl(endpoint, paging, structs)?);
            }
            if let Some(batch) = &endpoint.batch {
                file.items(batch::batched_impl(endpoint, batch, structs)?);
            }
        }
        (Role::Reply, _) => file.items(quote! {
            impl Reply for #name {
                fn envelope(&self) -> &Envelope {
                    &self.envelope
                }
                fn envelope_mut(&mut self) -> &mut Envelope {
                    &mut self.envelope
                }
            }
        }),
        _ => {}
    }
    Ok(())
}

/// A struct with fields beyond its definition: the envelope of a
/// reply, and `extra`; and with facts about the command or the webhook.
fn completed(
    mut item: ItemStruct,
    module: &Module,
    model: &Model,
    object: &Object,
    can_default: bool,
) -> ItemStruct {
    let facts = match (object.role, &module.endpoint, &module.webhook) {
        (Role::Request, Some(endpoint), _) => endpoint_facts(endpoint, &model.errors),
        (Role::Event, _, Some(webhook)) => event_facts(webhook),
        // Each variant of the answer has a definition, and the struct contains them all.
        (Role::Reply, _, Some(webhook)) => {
            item.attrs.clear();
            format!("Wire form of [`{}Answer`].", webhook.event)
        }
        _ => String::new(),
    };
    if !facts.is_empty() && !item.attrs.is_empty() {
        item.attrs.push(parse_quote!(#[doc = ""]));
    }
    item.attrs.extend(doc_attributes(&facts));
    let known_as: Vec<&str> = match (object.role, &module.endpoint, &module.webhook) {
        (Role::Request, Some(endpoint), _) => names_of_path(&endpoint.path).into(),
        (Role::Event, _, Some(webhook)) => vec![&webhook.command],
        _ => Vec::new(),
    };
    let aliases = aliases(&object.name, known_as);
    item.attrs.extend(attributes(aliases));
    let default = can_default.then(|| quote! { Default, });
    let eq = (!object.has_fractions).then(|| quote! { , Eq });
    item.attrs
        .push(parse_quote!(#[derive(Clone, #default PartialEq #eq)]));
    item.attrs.push(parse_quote!(#[non_exhaustive]));
    if let Fields::Named(fields) = &mut item.fields {
        for (field, known) in fields.named.iter_mut().zip(&object.fields) {
            field.attrs.extend(attributes(docs::aliases(
                bare(&known.rust),
                [known.wire.as_str()],
            )));
        }
        if object.role == Role::Reply {
            let docs = doc(match module.endpoint {
                Some(_) => "Result of the call itself: status, error code and error message.",
                None => "Result fields of the answer: status, error code and the app's message.",
            });
            (fields.named).push(parse_quote! { #docs pub envelope: Envelope });
        }
        let docs = doc(match object.role {
            Role::Reply => "Other fields of the reply.",
            Role::Event => "Other fields of the event.",
            _ => "Other fields of the object; also sent.",
        });
        fields.named.push(parse_quote! { #docs pub extra: Extra });
    }
    item
}

fn attributes(tokens: TokenStream) -> Vec<Attribute> {
    let item: ItemStruct = parse_quote!(#tokens struct Attributes;);
    item.attrs
}

fn wire_table(object: &Object) -> String {
    let mut table = format!("wire_object!({}", object.name);
    if object.role == Role::Reply {
        table.push_str(" + envelope: Envelope");
    }
    table.push_str(" {");
    for (index, field) in object.fields.iter().enumerate() {
        let kind = if field.required {
            "required"
        } else {
            "optional"
        };
        let _ = write!(
            table,
            "\n    {index}: {kind} {:?} => {},",
            field.wire, field.rust
        );
    }
    table.push_str(if object.fields.is_empty() {
        "});"
    } else {
        "\n});"
    });
    table
}
