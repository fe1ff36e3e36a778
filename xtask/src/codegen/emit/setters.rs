//! Setters for what a constructor doesn't take.

use super::{
    arguments::{Start, parameter, random},
    docs::{doc, listed},
};
use crate::codegen::{
    model::{Field, Object, Role},
    names::{bare, ident},
    tidy,
};
use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};

/// The setters of an object: of optional fields, and of those that constructors fill themselves.
pub(super) fn setters(
    object: &Object,
    start: Start<'_>,
    structs: &tidy::Structs,
) -> Result<TokenStream, String> {
    let mut setters = TokenStream::new();
    let choices = start.choices(object);
    for field in &object.fields {
        let is_choice = choices.iter().any(|choice| choice.wire == field.wire);
        let is_fixed = field.required && object.role == Role::Event;
        if is_choice || is_fixed || start.asks_for(field, object) {
            continue;
        }
        let rust = ident(&field.rust);
        let (ty, value) = parameter(field, &structs.field(&object.name, &field.wire)?.ty, start)?;
        let (setter, docs) = setter(field);
        let stored = match field.required {
            true => value,
            false => quote! { Some(#value) },
        };
        let quiet = field.deprecated.is_some().then(|| {
            quote! { #[allow(deprecated, reason = "the field is deprecated, and so is its setter")] }
        });
        let deprecated = field
            .deprecated
            .as_ref()
            .map(|note| quote! { #[deprecated = #note] });
        setters.extend(quote! {
            #docs
            #[must_use]
            #deprecated
            #quiet
            pub fn #setter(mut self, #rust: #ty) -> Self {
                self.#rust = #stored;
                self
            }
        });
    }
    setters.extend(idempotency_key(object));
    Ok(setters)
}

/// Name and documentation of a field's setter.
pub(super) fn setter(field: &Field) -> (Ident, TokenStream) {
    let bare = bare(&field.rust);
    let name = format_ident!("with_{}", bare.trim_end_matches('_'));
    (name, doc(&format!("Sets [`{bare}`](Self::{bare}).")))
}

/// Links to fields: `a`, `a and b`, `a, b and c`.
pub(super) fn links<'a>(fields: impl Iterator<Item = &'a Field>) -> String {
    let links: Vec<String> = fields
        .map(|field| format!("[`{0}`](Self::{0})", bare(&field.rust)))
        .collect();
    let links: Vec<&str> = links.iter().map(String::as_str).collect();
    listed(&links)
}

/// The setter that derives the numbers from a key of the app.
fn idempotency_key(object: &Object) -> Option<TokenStream> {
    random(object).next()?;
    let docs = doc(&format!(
        "Derives {} from the app's own key for the message, such as `order-1234-shipped`.\n\n\
         The same key gives the same numbers, in every process and version. The service therefore drops the second of two \
         otherwise identical requests, within the time given in the documentation of the fields; after that it acts again. \
         The key is not sent, but can be guessed from the numbers: do not put secrets in it.",
        links(random(object)),
    ));
    let set = random(object).map(|field| {
        let (rust, wire) = (ident(&field.rust), &field.wire);
        let number = quote! { DuplicateNumber::of_key(#wire, key) };
        match field.required {
            true => quote! { self.#rust = #number; },
            false => quote! { self.#rust = Some(#number); },
        }
    });
    Some(quote! {
        #docs
        #[must_use]
        pub fn with_idempotency_key(mut self, key: impl AsRef<[u8]>) -> Self {
            let key = key.as_ref();
            #(#set)*
            self
        }
    })
}
