//! Traits for what several webhooks have in common.

use super::{docs::doc, rust_file::RustFile, webhook::PATH};
use crate::codegen::{
    model::{EventTrait, Field, Model, Type, Webhooks},
    names::{bare, ident},
    tidy::{self, Structs, plain},
};
use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use std::collections::BTreeMap;

/// `generated/webhook/traits.rs`.
pub(super) fn emit(
    webhooks: &Webhooks,
    model: &Model,
    structs: &BTreeMap<String, Structs>,
) -> Result<String, String> {
    let mut file = RustFile::new(&webhooks.source);
    file.intro("Traits for what several webhooks have in common.");
    for shared in &model.shared {
        let objects = shared.objects.iter().map(|object| &object.name);
        let enums = shared.enums.iter().map(|def| &def.name);
        let unions = shared.unions.iter().map(|def| &def.name);
        for name in objects.chain(enums).chain(unions) {
            file.import(&format!("crate::model::{}", shared.name), name);
        }
    }
    // The word occurs only in the bounds.
    file.never_import("Answer");
    for name in ["CanDrop", "CanRefuse", "Webhook"] {
        file.import(PATH, name);
    }
    for def in &webhooks.traits {
        for (event, _) in &def.events {
            for name in [
                event.clone(),
                format!("{event}Answer"),
                format!("{event}Changes"),
            ] {
                file.import(PATH, &name);
            }
        }
        emit_trait(&mut file, def, structs)?;
    }
    file.render()
}

fn emit_trait(
    file: &mut RustFile,
    def: &EventTrait,
    structs: &BTreeMap<String, Structs>,
) -> Result<(), String> {
    let name = ident(&def.name);
    let changes = format_ident!("{}Changes", def.name);
    let (first, source) = def
        .events
        .first()
        .ok_or_else(|| format!("{} has no event", def.name))?;
    let of_first = structs
        .get(source)
        .ok_or_else(|| format!("no structs of {source}"))?;
    let (mut declared, mut defined) = (TokenStream::new(), TokenStream::new());
    for field in &def.fields {
        let (rust, docs) = (ident(&field.rust), doc(&field.doc));
        let (ty, value) = getter(field, plain(&of_first.field(first, &field.wire)?.ty))?;
        declared.extend(quote! { #docs fn #rust(&self) -> #ty; });
        defined.extend(quote! { fn #rust(&self) -> #ty { #value } });
    }
    let refuse = def.refuse.then(|| quote! { CanRefuse });
    let drop = def.drop.then(|| quote! { CanDrop });
    let change = (!def.change.is_empty()).then(|| quote! { From<#changes> });
    let abilities: Vec<TokenStream> = [refuse, drop, change].into_iter().flatten().collect();
    let webhook = match abilities.as_slice() {
        [] => quote! { Webhook },
        abilities => quote! { Webhook<Answer: #(#abilities)+*> },
    };
    let events: Vec<String> = def
        .events
        .iter()
        .map(|(event, _)| format!("[`{event}`]"))
        .collect();
    let docs = doc(&format!(
        "{}\n\nImplemented by {}.",
        def.doc.trim(),
        events.join(", ")
    ));
    let named_like_field = (def.fields.iter())
        .any(|field| ["from_", "into_"].iter().any(|prefix| field.rust.starts_with(prefix)))
        .then(|| quote! { #[allow(clippy::wrong_self_convention, reason = "methods are named after the fields")] });
    file.items(quote! {
        #docs
        #named_like_field
        pub trait #name: #webhook {
            #declared
        }
    });
    for (event, _) in &def.events {
        let event = ident(event);
        file.items(quote! { impl #name for #event { #defined } });
    }
    if def.change.is_empty() {
        return Ok(());
    }
    let reply = format!("{first}Reply");
    let docs = doc(&format!(
        "What an answer to [`{}`] can change. What is not set stays unchanged.",
        def.name
    ));
    let (mut parts, mut setters) = (TokenStream::new(), TokenStream::new());
    for field in &def.change {
        let part = of_first.field(&reply, &field.wire)?;
        let rust = ident(&field.rust);
        parts.extend(quote! { #part, });
        let setter = format_ident!("with_{}", bare(&field.rust));
        let docs = doc(&format!("Sets [`{0}`](Self::{0}).", bare(&field.rust)));
        let ty = plain(&part.ty);
        let (ty, value) = match (&field.ty, tidy::last_argument(ty)) {
            (Type::List(_), Some(item)) => (
                quote! { impl IntoIterator<Item = impl Into<#item>> },
                quote! { #rust.into_iter().map(Into::into).collect() },
            ),
            _ => (quote! { impl Into<#ty> }, quote! { #rust.into() }),
        };
        setters.extend(quote! {
            #docs
            #[must_use]
            pub fn #setter(mut self, #rust: #ty) -> Self {
                self.#rust = Some(#value);
                self
            }
        });
    }
    file.items(quote! {
        #docs
        #[derive(Clone, Debug, Default, PartialEq)]
        #[non_exhaustive]
        pub struct #changes {
            #parts
        }

        impl #changes {
            /// Nothing changed yet.
            pub fn new() -> Self {
                Self::default()
            }
            #setters
        }
    });
    let fields: Vec<_> = def.change.iter().map(|field| ident(&field.rust)).collect();
    for (event, _) in &def.events {
        let answer = format_ident!("{event}Answer");
        let own = format_ident!("{event}Changes");
        file.items(quote! {
            impl From<#changes> for #answer {
                fn from(changes: #changes) -> Self {
                    let mut own = #own::new();
                    #(own.#fields = changes.#fields;)*
                    Self::Change(own)
                }
            }
        });
    }
    Ok(())
}

/// The getter of a field: its type and its body.
fn getter(field: &Field, ty: &syn::Type) -> Result<(TokenStream, TokenStream), String> {
    let rust = ident(&field.rust);
    let is_copy = field.ty.is_copy();
    let (value, when_there) = match &field.ty {
        _ if is_copy => (quote! { #ty }, quote! { self.#rust }),
        Type::String => (quote! { &str }, quote! { self.#rust.as_deref() }),
        Type::List(_) => {
            let item = tidy::last_argument(ty);
            let item = item.ok_or_else(|| format!("{} is not a list", field.wire))?;
            (quote! { &[#item] }, quote! { self.#rust.as_deref() })
        }
        _ => (quote! { &#ty }, quote! { self.#rust.as_ref() }),
    };
    Ok(match (field.required, is_copy) {
        (true, true) => (value, quote! { self.#rust }),
        (true, false) => (value, quote! { &self.#rust }),
        (false, _) => (quote! { Option<#value> }, when_there),
    })
}
