//! What a constructor asks for, and whether its values are told apart by their place or by their names.

use crate::codegen::{
    model::{Endpoint, Field, Kind, Model, Module, Object, PagingStyle, Role, Type, Webhook},
    names::{self, bare, ident},
    tidy::{is_boxed, last_argument, plain},
};
use proc_macro2::{Literal, TokenStream};
use quote::quote;

/// Most values that a reader of a call tells apart by their place.
const MOST_BY_PLACE: usize = 3;

/// What says how the objects of a module begin.
#[derive(Clone, Copy)]
pub(super) struct Start<'a> {
    endpoint: Option<&'a Endpoint>,
    /// Key of the body that names the webhook, and the webhook.
    webhook: Option<(&'a str, &'a Webhook)>,
}

impl<'a> Start<'a> {
    pub(super) fn of(module: &'a Module, model: &'a Model) -> Self {
        let tag = model.webhooks.as_ref().map(|all| all.tag.as_str());
        Self {
            endpoint: module.endpoint.as_ref(),
            webhook: tag.zip(module.webhook.as_ref()),
        }
    }

    /// The fields of a request of which exactly one is sent.
    pub(super) fn choices(self, object: &Object) -> &'a [Field] {
        match (object.role, self.endpoint) {
            (Role::Request, Some(endpoint)) => &endpoint.one_of,
            _ => &[],
        }
    }

    /// Value of a field that a new object has without being told: a cursor for the first page, the name of
    /// a webhook in its event, a random number.
    pub(super) fn first(self, field: &Field, object: &Object) -> Option<TokenStream> {
        if let (Role::Event, Some((tag, webhook))) = (object.role, self.webhook) {
            return (field.wire == tag).then(|| {
                let (names, constant) = (ident(tag), ident(&webhook.constant));
                quote! { #names::#constant }
            });
        }
        if field.random {
            return Some(quote! { DuplicateNumber::next() });
        }
        first_of_cursor(field, object, self.endpoint).map(|value| {
            let value = Literal::i64_unsuffixed(value);
            quote! { #value }
        })
    }

    /// Whether every constructor asks for a field: it is required, and nothing else fills it.
    pub(super) fn asks_for(self, field: &Field, object: &Object) -> bool {
        field.required && self.first(field, object).is_none()
    }

    /// The constructors of an object: `new`, and one for each further field of those of which exactly one
    /// is sent. Replies have none, since only the service makes them.
    pub(super) fn constructors(self, object: &'a Object) -> Vec<Constructor<'a>> {
        let constructor = |method: String, chosen: Option<&'a Field>| {
            let is_chosen = |field: &Field| chosen.is_some_and(|chosen| chosen.wire == field.wire);
            let asked = (object.fields.iter())
                .filter(|field| is_chosen(field) || self.asks_for(field, object))
                .collect();
            Constructor {
                object,
                method,
                chosen,
                asked,
            }
        };
        if object.role == Role::Reply {
            return Vec::new();
        }
        let choices = self.choices(object);
        let others = choices.iter().skip(1).map(|choice| {
            let method = format!("from_{}", bare(&choice.rust));
            constructor(method, Some(choice))
        });
        std::iter::once(constructor("new".to_owned(), choices.first()))
            .chain(others)
            .collect()
    }
}

/// The fields that constructors fill at random.
pub(super) fn random(object: &Object) -> impl Iterator<Item = &Field> {
    object.fields.iter().filter(|field| field.random)
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

/// The structs by which the objects of a module that are for one purpose are made.
pub(super) fn named_forms(module: &Module, model: &Model, role: Role) -> Vec<String> {
    let start = Start::of(module, model);
    let objects = (module.objects.iter()).filter(|object| object.role == role);
    objects
        .flat_map(|object| start.constructors(object))
        .filter_map(|constructor| constructor.named())
        .collect()
}

/// A function that makes an object.
pub(super) struct Constructor<'a> {
    pub(super) object: &'a Object,
    /// Its name.
    pub(super) method: String,
    /// The one that it takes of the fields of which exactly one is sent.
    pub(super) chosen: Option<&'a Field>,
    /// The fields whose values it takes.
    pub(super) asked: Vec<&'a Field>,
}

impl Constructor<'_> {
    /// The struct whose fields name the values, where their places would not tell them apart.
    pub(super) fn named(&self) -> Option<String> {
        let many = self.asked.len() > MOST_BY_PLACE;
        let alike = |pair: &[&Field]| matches!(pair, [one, other] if alike(&one.ty, &other.ty));
        (many || self.asked.windows(2).any(alike)).then(|| {
            let other = (self.method != "new").then_some(self.chosen).flatten();
            names::required(&self.object.name, other.map(|field| field.rust.as_str()))
        })
    }
}

/// Whether one expression could be passed for either type, so that two arguments could change places
/// without the compiler's notice.
fn alike(one: &Type, other: &Type) -> bool {
    match (one, other) {
        (Type::List(one), Type::List(other)) | (Type::Map(one), Type::Map(other)) => {
            alike(one, other)
        }
        _ => {
            one == other || (expressions(one).iter()).any(|kind| expressions(other).contains(kind))
        }
    }
}

/// What an argument can be written as besides a value of its own type.
#[derive(PartialEq)]
enum Expression {
    Text,
    Texts,
    Integer,
    Fraction,
    Truth,
}

fn expressions(of: &Type) -> &'static [Expression] {
    use Expression::{Fraction, Integer, Text, Texts, Truth};
    match of {
        Type::String => &[Text],
        Type::U32 | Type::U64 | Type::I32 | Type::I64 => &[Integer],
        Type::F64 => &[Fraction],
        Type::Bool | Type::Flag => &[Truth],
        Type::TagValue => &[Text, Texts, Integer],
        Type::Json => &[Text, Texts, Integer, Fraction, Truth],
        Type::List(item) if **item == Type::String => &[Texts],
        Type::ErrorCode | Type::List(_) | Type::Map(_) | Type::Named(..) => &[],
    }
}

/// How a caller passes the value of a field: the parameter's type, and the expression that stores it.
pub(super) type Parameter = (TokenStream, TokenStream);

/// An argument of a constructor. Enums and codes are passed as themselves: a text or a number would
/// fit the argument next to them as well.
pub(super) fn argument(field: &Field, of: &syn::Type) -> Result<Parameter, String> {
    let is_own = |ty: &Type| {
        matches!(
            ty,
            Type::ErrorCode | Type::Named(_, Kind::IntegerEnum | Kind::StringEnum)
        )
    };
    let name = ident(&field.rust);
    let ty = plain(of);
    let (ty, value) = match &field.ty {
        own if is_own(own) => (quote! { #ty }, quote! { #name }),
        Type::List(item) if is_own(item) => list(field, ty, false)?,
        _ => return parameter(field, of),
    };
    Ok(in_its_box((ty, value), of))
}

/// The argument of a setter, whose name says what it is: whatever becomes a value of the field.
pub(super) fn parameter(field: &Field, of: &syn::Type) -> Result<Parameter, String> {
    let name = ident(&field.rust);
    let ty = plain(of);
    let parameter = match &field.ty {
        Type::String => (quote! { impl Into<String> }, quote! { #name.into() }),
        Type::List(item) => {
            let converts = matches!(
                **item,
                Type::String
                    | Type::TagValue
                    | Type::Flag
                    | Type::Named(_, Kind::Union | Kind::StringEnum)
            );
            list(field, ty, converts)?
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
    Ok(in_its_box(parameter, of))
}

/// A list, from items of its own type or from what becomes one.
fn list(field: &Field, ty: &syn::Type, converts: bool) -> Result<Parameter, String> {
    let name = ident(&field.rust);
    let inner = last_argument(ty).ok_or_else(|| format!("{name} is not a list"))?;
    Ok(match converts {
        true => (
            quote! { impl IntoIterator<Item = impl Into<#inner>> },
            quote! { #name.into_iter().map(Into::into).collect() },
        ),
        false => (
            quote! { impl IntoIterator<Item = #inner> },
            quote! { #name.into_iter().collect() },
        ),
    })
}

fn in_its_box((ty, value): Parameter, of: &syn::Type) -> Parameter {
    match is_boxed(of) {
        true => (ty, quote! { Box::new(#value) }),
        false => (ty, value),
    }
}
