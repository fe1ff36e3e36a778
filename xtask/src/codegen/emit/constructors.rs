//! Constructors with the required fields.

use super::{
    arguments::{Constructor, Start, random},
    docs::{doc, first_sentence},
    setters::{links, setters},
};
use crate::codegen::{
    model::{Object, Role},
    names::{bare, ident},
    tidy,
};
use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use std::fmt::Write as _;

/// Constructors and setters of an object, and the structs that its constructors take.
pub(super) fn constructors(
    object: &Object,
    start: Start<'_>,
    structs: &tidy::Structs,
) -> Result<TokenStream, String> {
    let name = ident(&object.name);
    let setters = setters(object, start, structs)?;
    let docs = doc(&meaning_of_new(object, start));
    let constructors = start.constructors(object);
    let is_random = random(object).next().is_some();
    let nothing_asked = constructors.iter().all(|one| one.asked.is_empty());
    if nothing_asked && !is_random && object.fields.iter().all(|field| !field.required) {
        return Ok(quote! {
            impl #name {
                #docs
                pub fn new() -> Self {
                    Self::default()
                }
                #setters
            }
        });
    }
    let by_default = (nothing_asked && is_random).then(|| {
        quote! {
            impl Default for #name {
                fn default() -> Self {
                    Self::new()
                }
            }
        }
    });
    let mut methods = TokenStream::new();
    let mut named = TokenStream::new();
    for constructor in &constructors {
        let docs = match (constructor.method.as_str(), constructor.chosen) {
            ("new", _) | (_, None) => docs.clone(),
            (_, Some(chosen)) => doc(&format!(
                "A request with the required fields, made from [`{0}`](Self::{0}).",
                bare(&chosen.rust)
            )),
        };
        methods.extend(method(constructor, start, structs, &docs)?);
        named.extend(named_form(constructor, structs)?);
    }
    Ok(quote! {
        impl #name {
            #methods
            #setters
        }
        #named
        #by_default
    })
}

/// What `new` creates.
fn meaning_of_new(object: &Object, start: Start<'_>) -> String {
    let asks = (start.constructors(object).iter()).any(|one| !one.asked.is_empty());
    let is_first_page = (object.fields.iter().filter(|field| !field.random))
        .any(|field| object.role != Role::Event && start.first(field, object).is_some());
    let mut docs = match (asks, is_first_page, object.role) {
        (false, false, Role::Request) => "A request without optional fields.",
        (false, false, Role::Event) => "An event without optional fields.",
        (false, false, _) => "An object without optional fields.",
        (_, true, _) => "A request for the first page.",
        (true, false, Role::Request) => "A request with the required fields.",
        (true, false, Role::Event) => {
            "An event with the fields that are always present; for tests."
        }
        (true, false, _) => "An object with the required fields.",
    }
    .to_owned();
    if random(object).next().is_some() {
        let _ = write!(
            docs,
            " New numbers distinguish it from a duplicate: {}.",
            links(random(object))
        );
    }
    docs
}

/// A constructor, with positional or named arguments.
fn method(
    constructor: &Constructor<'_>,
    start: Start<'_>,
    structs: &tidy::Structs,
    docs: &TokenStream,
) -> Result<TokenStream, String> {
    let object = constructor.object;
    let named = constructor.named().map(|name| ident(&name));
    let (mut parameters, mut values) = (TokenStream::new(), TokenStream::new());
    for field in &object.fields {
        let rust = ident(&field.rust);
        let asked = (constructor.asked.iter()).any(|asked| asked.wire == field.wire);
        let value = if asked {
            let of = &structs.field(&object.name, &field.wire)?.ty;
            let value = match &named {
                Some(_) if tidy::is_boxed(of) => quote! { Box::new(required.#rust) },
                Some(_) => quote! { required.#rust },
                None => {
                    let (ty, value) = constructor.argument(field, of)?;
                    parameters.extend(quote! { #rust: #ty, });
                    value
                }
            };
            Some(value)
        } else {
            start
                .first(field, object)
                .filter(|_| field.required || field.random)
        };
        values.extend(match (field.required, value) {
            (true, Some(value)) if rust == value.to_string() => quote! { #rust, },
            (true, Some(value)) => quote! { #rust: #value, },
            (false, Some(value)) => quote! { #rust: Some(#value), },
            (false, None) => quote! { #rust: None, },
            (true, None) => return Err(format!("no constructor sets {}.{rust}", object.name)),
        });
    }
    if let Some(named) = named {
        parameters = quote! { required: #named };
    }
    let quiet = object.fields.iter().any(|field| field.deprecated.is_some()).then(
        || quote! { #[allow(deprecated, reason = "deprecated fields need an initial value, too")] },
    );
    let name = format_ident!("{}", constructor.method);
    Ok(quote! {
        #docs
        #quiet
        pub fn #name(#parameters) -> Self {
            Self {
                #values
                extra: Extra::default(),
            }
        }
    })
}

/// The struct that names the arguments of a constructor. A literal must have all
/// fields, and there are no others.
fn named_form(
    constructor: &Constructor<'_>,
    structs: &tidy::Structs,
) -> Result<Option<TokenStream>, String> {
    let Some(named) = constructor.named() else {
        return Ok(None);
    };
    let (object, method) = (&constructor.object.name, &constructor.method);
    let docs = doc(&format!("The named arguments of [`{object}::{method}`]."));
    let mut fields = TokenStream::new();
    for field in &constructor.asked {
        let (rust, docs) = (ident(&field.rust), doc(first_sentence(&field.doc)));
        let ty = tidy::plain(&structs.field(object, &field.wire)?.ty);
        fields.extend(quote! { #docs pub #rust: #ty, });
    }
    let named = ident(&named);
    Ok(Some(quote! {
        #docs
        pub struct #named {
            #fields
        }
    }))
}
