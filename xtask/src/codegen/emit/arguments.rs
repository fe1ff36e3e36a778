//! The arguments of constructors: which values they take, and whether by position or by name.

use super::made_of::Types;
use crate::codegen::{
    model::{Endpoint, Field, Kind, Model, Module, Object, PagingStyle, Role, Type, Webhook},
    names::{self, bare, ident},
    tidy::{is_boxed, last_argument, plain},
};
use proc_macro2::{Literal, TokenStream};
use quote::quote;

/// Maximum number of positional arguments, so that calls stay readable.
const MOST_BY_PLACE: usize = 3;

/// Determines the initial values of a module's objects.
#[derive(Clone, Copy)]
pub(super) struct Start<'a> {
    types: Types<'a>,
    endpoint: Option<&'a Endpoint>,
    /// Key of the body that names the webhook, and the webhook's name.
    webhook: Option<(&'a str, &'a Webhook)>,
}

impl<'a> Start<'a> {
    pub(super) fn of(module: &'a Module, model: &'a Model) -> Self {
        let tag = model.webhooks.as_ref().map(|all| all.tag.as_str());
        Self {
            types: Types::new(module, model),
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

    /// The value of a field that a new object gets without an argument: a cursor for the first page, the name of
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

    /// Whether every constructor takes a field: it is required, and nothing else fills it.
    pub(super) fn asks_for(self, field: &Field, object: &Object) -> bool {
        field.required && self.first(field, object).is_none()
    }

    /// The constructors of an object: `new`, and one for each alternative of the fields of which exactly one
    /// is sent. Replies have none, since only the service creates them.
    pub(super) fn constructors(self, object: &'a Object) -> Vec<Constructor<'a>> {
        let constructor = |method: String, chosen: Option<&'a Field>| {
            let is_chosen = |field: &Field| chosen.is_some_and(|chosen| chosen.wire == field.wire);
            let asked = (object.fields.iter())
                .filter(|field| is_chosen(field) || self.asks_for(field, object))
                .collect();
            Constructor {
                start: self,
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

/// The structs for constructing the objects of a module that serve one purpose.
pub(super) fn named_forms(module: &Module, model: &Model, role: Role) -> Vec<String> {
    let start = Start::of(module, model);
    let objects = (module.objects.iter()).filter(|object| object.role == role);
    objects
        .flat_map(|object| start.constructors(object))
        .filter_map(|constructor| constructor.named())
        .collect()
}

/// A constructor.
pub(super) struct Constructor<'a> {
    start: Start<'a>,
    pub(super) object: &'a Object,
    /// Its name.
    pub(super) method: String,
    /// The alternative that it takes, of the fields of which exactly one is sent.
    pub(super) chosen: Option<&'a Field>,
    /// The fields that it takes.
    pub(super) asked: Vec<&'a Field>,
}

impl Constructor<'_> {
    /// Whether a value for this argument would also be accepted by its neighbor if it accepted conversions. It then
    /// accepts only values of its own type.
    fn takes_values_alone(&self, field: &Field) -> bool {
        let types = Some(self.start.types);
        let alike = |pair: &[&Field]| match pair {
            [one, other] => {
                [one, other].iter().any(|f| f.wire == field.wire)
                    && alike(&one.ty, &other.ty, types)
            }
            _ => false,
        };
        self.asked.windows(2).any(alike)
    }

    /// An argument: the parameter's type, and the expression that stores it. Enums and codes are passed as
    /// themselves: a string or a number would also be accepted by the neighboring argument.
    pub(super) fn argument(&self, field: &Field, of: &syn::Type) -> Result<Parameter, String> {
        let name = ident(&field.rust);
        let ty = plain(of);
        let is_alone = self.takes_values_alone(field);
        let (ty, value) = match &field.ty {
            own if is_own(own) => (quote! { #ty }, quote! { #name }),
            Type::List(item) if is_own(item) => list(field, ty, false)?,
            Type::List(item) if is_alone && self.start.types.made_of(item).anything() => {
                list(field, ty, false)?
            }
            own if is_alone && self.start.types.made_of(own).anything() => {
                (quote! { #ty }, quote! { #name })
            }
            _ => return parameter(field, of, self.start),
        };
        Ok(in_its_box((ty, value), of))
    }

    /// Whether an item of a list could be passed for the argument next to it, or vice versa.
    pub(super) fn item_fits_neighbour(&self, list: &Field) -> bool {
        let Type::List(item) = &list.ty else {
            return false;
        };
        self.asked.windows(2).any(|pair| match pair {
            [one, other] if one.wire == list.wire => alike(item, &other.ty, Some(self.start.types)),
            [one, other] if other.wire == list.wire => alike(&one.ty, item, Some(self.start.types)),
            _ => false,
        })
    }

    /// The struct whose fields name the arguments, if positional arguments would be ambiguous.
    pub(super) fn named(&self) -> Option<String> {
        let many = self.asked.len() > MOST_BY_PLACE;
        let alike =
            |pair: &[&Field]| matches!(pair, [one, other] if alike(&one.ty, &other.ty, None));
        (many || self.asked.windows(2).any(alike)).then(|| {
            let other = (self.method != "new").then_some(self.chosen).flatten();
            names::required(&self.object.name, other.map(|field| field.rust.as_str()))
        })
    }
}

/// Whether one expression could be passed for either type, so that two arguments could be swapped
/// without the compiler noticing. With `types`, conversions count, too.
fn alike(one: &Type, other: &Type, types: Option<Types<'_>>) -> bool {
    match (one, other) {
        (Type::List(one), Type::List(other)) | (Type::Map(one), Type::Map(other)) => {
            alike(one, other, types)
        }
        _ => {
            let kinds = expressions(other, types);
            one == other || (expressions(one, types).iter()).any(|kind| kinds.contains(kind))
        }
    }
}

/// What an argument accepts besides a value of its own type.
#[derive(PartialEq)]
enum Expression {
    Text,
    Texts,
    Pair,
    Pairs,
    Integer,
    Fraction,
    Truth,
}

fn expressions(of: &Type, types: Option<Types<'_>>) -> Vec<Expression> {
    use Expression::{Fraction, Integer, Pair, Pairs, Text, Texts, Truth};
    match of {
        Type::String => vec![Text],
        Type::U32 | Type::U64 | Type::I32 | Type::I64 => vec![Integer],
        Type::F64 => vec![Fraction],
        Type::Bool | Type::Flag => vec![Truth],
        Type::TagValue => vec![Text, Texts, Integer],
        Type::Json => vec![Text, Texts, Integer, Fraction, Truth],
        Type::Map(item) if **item == Type::String => vec![Pairs],
        Type::List(item) => {
            let of_item = expressions(item, types).into_iter();
            let lists = of_item.filter_map(|kind| match kind {
                Text => Some(Texts),
                Pair => Some(Pairs),
                _ => None,
            });
            lists.collect()
        }
        Type::Named(..) => {
            let made = types.map(|types| types.made_of(of)).unwrap_or_default();
            let kinds = [made.text.then_some(Text), made.pair.then_some(Pair)];
            kinds.into_iter().flatten().collect()
        }
        Type::ErrorCode | Type::Map(_) => Vec::new(),
    }
}

/// How a caller passes the value of a field: the parameter's type, and the expression that stores it.
pub(super) type Parameter = (TokenStream, TokenStream);

/// Whether values of a type are passed as themselves.
fn is_own(ty: &Type) -> bool {
    matches!(
        ty,
        Type::ErrorCode | Type::Named(_, Kind::IntegerEnum | Kind::StringEnum)
    )
}

/// The argument of a setter, whose name is unambiguous: anything that converts into the field's type.
pub(super) fn parameter(
    field: &Field,
    of: &syn::Type,
    start: Start<'_>,
) -> Result<Parameter, String> {
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
            ) || start.types.made_of(item).anything();
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
        own if start.types.made_of(own).anything() => {
            (quote! { impl Into<#ty> }, quote! { #name.into() })
        }
        _ => (quote! { #ty }, quote! { #name }),
    };
    Ok(in_its_box(parameter, of))
}

/// A list, from items of its own type or from anything that converts into one.
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
