//! How objects are made: constructors with what must be there, setters for the rest.

use super::docs::{doc, listed};
use crate::codegen::{
    model::{Endpoint, Field, Kind, Object, PagingStyle, Role, Type, Webhook},
    names::{bare, ident},
    tidy::{self, is_boxed, last_argument, plain},
};
use proc_macro2::{Ident, Literal, TokenStream};
use quote::{format_ident, quote};
use std::fmt::Write as _;

/// Most required fields that are readable as positional arguments before clippy objects.
const MANY_ARGUMENTS: usize = 7;

/// The required fields that a constructor asks for: all but those of the cursor whose first value
/// is fixed, and those that are random.
pub(super) fn arguments<'a>(
    object: &'a Object,
    start: Start<'a>,
) -> impl Iterator<Item = &'a Field> {
    object
        .fields
        .iter()
        .filter(move |field| field.required && first(field, object, start).is_none())
}

/// The fields of a request of which exactly one is sent.
pub(super) fn choices<'a>(object: &Object, start: Start<'a>) -> &'a [Field] {
    match (object.role, start.endpoint) {
        (Role::Request, Some(endpoint)) => &endpoint.one_of,
        _ => &[],
    }
}

/// What says how the objects of a module begin.
#[derive(Clone, Copy)]
pub(super) struct Start<'a> {
    pub(super) endpoint: Option<&'a Endpoint>,
    /// Key of the body that names the webhook, and the webhook.
    pub(super) webhook: Option<(&'a str, &'a Webhook)>,
}

/// The fields that constructors fill at random.
pub(super) fn random(object: &Object) -> impl Iterator<Item = &Field> {
    object.fields.iter().filter(|field| field.random)
}

/// Value of a field that a new object has without being told: a cursor for the first page, the name of
/// a webhook in its event, a random number.
fn first(field: &Field, object: &Object, start: Start<'_>) -> Option<TokenStream> {
    if let (Role::Event, Some((tag, webhook))) = (object.role, start.webhook) {
        return (field.wire == tag).then(|| {
            let (names, constant) = (ident(tag), ident(&webhook.constant));
            quote! { #names::#constant }
        });
    }
    if field.random {
        return Some(quote! { DuplicateNumber::next() });
    }
    first_of_cursor(field, object, start.endpoint).map(|value| {
        let value = Literal::i64_unsuffixed(value);
        quote! { #value }
    })
}

fn first_of_cursor(field: &Field, object: &Object, endpoint: Option<&Endpoint>) -> Option<i64> {
    let paging = endpoint.and_then(|endpoint| endpoint.paging.as_ref())?;
    let cursor = match &paging.style {
        PagingStyle::Cursor(cursor, ..) => cursor,
        PagingStyle::Offset(offset) if object.role == Role::Request => {
            return (field.required && offset.request.wire == field.wire).then_some(0);
        }
        PagingStyle::Offset(_) | PagingStyle::Downwards(..) => return None,
    };
    let part = cursor.iter().find(|part| part.request.wire == field.wire)?;
    if object.role == Role::Request {
        part.first
    } else {
        None
    }
}

/// How a caller passes the value of a field whose type is `of`: the parameter's type, and the
/// expression that stores it.
pub(super) fn parameter(
    field: &Field,
    of: &syn::Type,
) -> Result<(TokenStream, TokenStream), String> {
    let name = ident(&field.rust);
    let ty = plain(of);
    let (ty, value) = match &field.ty {
        Type::String => (quote! { impl Into<String> }, quote! { #name.into() }),
        Type::List(item) => {
            let inner = last_argument(ty).ok_or_else(|| format!("{name} is not a list"))?;
            match **item {
                Type::String
                | Type::TagValue
                | Type::Flag
                | Type::Named(_, Kind::Union | Kind::StringEnum) => {
                    let value = quote! { #name.into_iter().map(Into::into).collect() };
                    (
                        quote! { impl IntoIterator<Item = impl Into<#inner>> },
                        value,
                    )
                }
                _ => (
                    quote! { impl IntoIterator<Item = #inner> },
                    quote! { #name.into_iter().collect() },
                ),
            }
        }
        Type::Map(item) if **item == Type::String => (
            quote! { impl IntoIterator<Item = (impl Into<String>, impl Into<String>)> },
            quote! { #name.into_iter().map(|(key, value)| (key.into(), value.into())).collect() },
        ),
        Type::Flag
        | Type::TagValue
        | Type::ErrorCode
        | Type::Json
        | Type::Named(_, Kind::IntegerEnum | Kind::StringEnum | Kind::Union) => {
            (quote! { impl Into<#ty> }, quote! { #name.into() })
        }
        _ => (quote! { #ty }, quote! { #name }),
    };
    Ok(match is_boxed(of) {
        true => (ty, quote! { Box::new(#value) }),
        false => (ty, value),
    })
}

pub(super) fn constructors(
    object: &Object,
    start: Start<'_>,
    structs: &tidy::Structs,
) -> Result<TokenStream, String> {
    let name = ident(&object.name);
    let mut setters = TokenStream::new();
    let choices = choices(object, start);
    for field in &object.fields {
        let rust = ident(&field.rust);
        let (ty, value) = parameter(field, &structs.field(&object.name, &field.wire)?.ty)?;
        let asked_for = field.required && first(field, object, start).is_none();
        let is_choice = choices.iter().any(|choice| choice.wire == field.wire);
        if asked_for || is_choice || (field.required && object.role == Role::Event) {
            continue;
        }
        let (setter, docs) = setter(field);
        let stored = if field.required {
            value
        } else {
            quote! { Some(#value) }
        };
        let quiet = field.deprecated.is_some().then(|| {
            quote! { #[allow(deprecated, reason = "the field is, and so is its setter")] }
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
    let (parameters, values, count) = start_of(object, start, structs, choices.first())?;
    let mut others = TokenStream::new();
    for choice in choices.iter().skip(1) {
        let (parameters, values, _) = start_of(object, start, structs, Some(choice))?;
        let bare = bare(&choice.rust);
        let constructor = format_ident!("from_{bare}");
        let docs = doc(&format!(
            "A request with the fields that must be sent, made of [`{bare}`](Self::{bare})."
        ));
        others.extend(quote! {
            #docs
            pub fn #constructor(#parameters) -> Self {
                Self {
                    #values
                    extra: Extra::default(),
                }
            }
        });
    }
    let starts = (object.fields.iter().filter(|field| !field.random))
        .any(|field| object.role != Role::Event && first(field, object, start).is_some());
    let mut docs = match (count, starts, object.role) {
        (0, false, Role::Request) => "A request without optional fields.",
        (0, false, Role::Event) => "An event without optional fields.",
        (0, false, _) => "An object without optional fields.",
        (_, true, _) => "A request for the first page.",
        (_, false, Role::Request) => "A request with the fields that must be sent.",
        (_, false, Role::Event) => "An event with the fields that always come; for tests.",
        (_, false, _) => "An object with the fields that must be there.",
    }
    .to_owned();
    if random(object).next().is_some() {
        let _ = write!(
            docs,
            " New numbers tell it from a duplicate: {}.",
            links(random(object))
        );
    }
    let docs = doc(&docs);
    setters.extend(idempotency_key(object));
    let many = (count > MANY_ARGUMENTS).then(
        || quote! { #[allow(clippy::too_many_arguments, reason = "the service requires as many")] },
    );
    let deprecated_fields = object.fields.iter().any(|field| field.deprecated.is_some());
    let quiet = deprecated_fields.then(
        || quote! { #[allow(deprecated, reason = "deprecated fields must start somewhere too")] },
    );
    let all_optional = choices.is_empty()
        && random(object).next().is_none()
        && object.fields.iter().all(|field| !field.required);
    let by_default = (count == 0 && random(object).next().is_some()).then(|| {
        quote! {
            impl Default for #name {
                fn default() -> Self {
                    Self::new()
                }
            }
        }
    });
    if all_optional {
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
    Ok(quote! {
        impl #name {
            #docs
            #many
            #quiet
            pub fn new(#parameters) -> Self {
                Self {
                    #values
                    extra: Extra::default(),
                }
            }
            #others
            #setters
        }
        #by_default
    })
}

/// Name and documentation of a field's setter.
pub(super) fn setter(field: &Field) -> (Ident, TokenStream) {
    let bare = bare(&field.rust);
    let name = format_ident!("with_{}", bare.trim_end_matches('_'));
    (name, doc(&format!("Sets [`{bare}`](Self::{bare}).")))
}

/// Links to fields: `a`, `a and b`, `a, b and c`.
fn links<'a>(fields: impl Iterator<Item = &'a Field>) -> String {
    let links: Vec<String> = fields
        .map(|field| format!("[`{0}`](Self::{0})", bare(&field.rust)))
        .collect();
    let links: Vec<&str> = links.iter().map(String::as_str).collect();
    listed(&links)
}

/// The setter that makes the numbers of a name that the app has for what it does.
fn idempotency_key(object: &Object) -> Option<TokenStream> {
    random(object).next()?;
    let docs = doc(&format!(
        "Sets {} by what the app calls the message itself, such as `order-1234-shipped`.\n\n\
         The same key gives the same numbers, in every process and version. So the service drops the second of two requests \
         that are otherwise the same, for as long as the documentation of the fields says; later it acts again. The key does \
         not travel, but can be guessed from the numbers: it is no place for secrets.",
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

/// Parameters of a constructor, the fields that it fills, and how many it asks for; `chosen` is the
/// one that it takes of those of which exactly one is sent.
fn start_of(
    object: &Object,
    start: Start<'_>,
    structs: &tidy::Structs,
    chosen: Option<&Field>,
) -> Result<(TokenStream, TokenStream, usize), String> {
    let (mut parameters, mut values, mut count) = (TokenStream::new(), TokenStream::new(), 0);
    for field in &object.fields {
        let rust = ident(&field.rust);
        let (ty, value) = parameter(field, &structs.field(&object.name, &field.wire)?.ty)?;
        let first = first(field, object, start);
        let is_chosen = chosen.is_some_and(|chosen| chosen.wire == field.wire);
        if is_chosen || (field.required && first.is_none()) {
            count += 1;
            parameters.extend(quote! { #rust: #ty, });
        }
        values.extend(match (field.required, first) {
            (true, Some(first)) => quote! { #rust: #first, },
            (true, None) if rust == value.to_string() => quote! { #rust, },
            (true, None) => quote! { #rust: #value, },
            (false, _) if is_chosen => quote! { #rust: Some(#value), },
            (false, Some(first)) if field.random => quote! { #rust: Some(#first), },
            (false, _) => quote! { #rust: None, },
        });
    }
    Ok((parameters, values, count))
}
