//! A module of types: structs with constructors, limits and wire tables, enums, unions, and what
//! makes a request an endpoint.

use super::{
    batch,
    docs::{doc, endpoint_doc, field_doc},
    rust_file::RustFile,
    webhook,
};
use crate::codegen::{
    model::{
        Cursor, Endpoint, Enum, Field, Kind, Limit, Model, Module, Object, Offset, Paging,
        PagingEnd, PagingStyle, Repeat, Role, Type, Union, Values, Webhook,
    },
    names::camel_case,
    schema,
    spec::{Edition, Quota},
    tidy,
};
use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{format_ident, quote};
use std::fmt::Write as _;

/// Most required fields that are readable as positional arguments before clippy objects.
const MANY_ARGUMENTS: usize = 7;

/// The text of a module's file.
pub(super) fn emit(module: &Module, model: &Model) -> Result<String, String> {
    let structs = tidy::tidy(
        module,
        schema::structs(module).map_err(|e| format!("{}: {e}", module.source))?,
    )
    .map_err(|e| format!("{}: {e}", module.source))?;
    let mut file = RustFile::new(&module.source);
    match (&module.endpoint, &module.webhook) {
        (Some(endpoint), _) => file.intro(&format!("`POST {}`: {}", endpoint.path, endpoint.title)),
        (None, Some(webhook)) => file.intro(&format!("`{}`: {}", webhook.command, webhook.title)),
        (None, None) => file.intro(&module.doc),
    }
    intro_of_errata(module, &mut file);
    for shared in &model.shared {
        if shared.source != module.source {
            let path = format!("crate::model::{}", shared.name);
            let names = shared.objects.iter().map(|o| &o.name);
            let names = names.chain(shared.enums.iter().map(|e| &e.name));
            for name in names.chain(shared.unions.iter().map(|u| &u.name)) {
                file.import(&path, name);
            }
        }
    }
    // Also the name of a class of errors, so it is not imported wherever it is named.
    if (module.endpoint.as_ref()).is_some_and(|endpoint| !endpoint.quotas.is_empty()) {
        file.import("crate", "Quota");
    }
    for def in model.webhooks.iter().filter(|_| module.webhook.is_some()) {
        for shared in &def.enums {
            file.import(webhook::PATH, &shared.name);
        }
    }
    for object in &module.objects {
        emit_object(&mut file, module, model, object, &structs)?;
        if let (Role::Event, Some(webhook), Some(all)) =
            (object.role, &module.webhook, &model.webhooks)
        {
            let tag = object.fields.iter().find(|field| field.wire == all.tag);
            webhook::emit(&mut file, module, webhook, (&all.tag, tag), &structs)?;
        }
    }
    for def in &module.enums {
        emit_enum(&mut file, def);
    }
    for def in &module.unions {
        emit_union(&mut file, def);
    }
    file.render()
}

fn intro_of_errata(module: &Module, file: &mut RustFile) {
    if module.errata.is_empty() {
        return;
    }
    file.intro("\n# Where the sources contradict themselves");
    for erratum in &module.errata {
        file.intro(&super::docs::erratum(erratum));
    }
}

pub(super) fn ident(name: &str) -> Ident {
    match name.strip_prefix("r#") {
        Some(raw) => Ident::new_raw(raw, Span::call_site()),
        None => Ident::new(name, Span::call_site()),
    }
}

fn emit_object(
    file: &mut RustFile,
    module: &Module,
    model: &Model,
    object: &Object,
    structs: &tidy::Structs,
) -> Result<(), String> {
    let endpoint = module.endpoint.as_ref();
    let tag = model.webhooks.as_ref().map(|all| all.tag.as_str());
    let start = Start {
        endpoint,
        webhook: tag.zip(module.webhook.as_ref()),
    };
    let name = ident(&object.name);
    let text = match (object.role, endpoint) {
        (Role::Request, Some(endpoint)) => endpoint_doc(module, endpoint, &model.errors),
        (Role::Reply, Some(endpoint)) => format!("Reply to [`{}`].", endpoint.request),
        (role, _) => match (role, &module.webhook) {
            (Role::Event, Some(webhook)) => webhook::event_doc(module, webhook),
            (Role::Reply, Some(webhook)) => {
                format!("[`{}Answer`] as it travels.", webhook.event)
            }
            _ => object.doc.clone(),
        },
    };
    let docs = doc(&text);
    let mut fields = TokenStream::new();
    for field in &object.fields {
        let docs = doc(&field_doc(field));
        let rust = ident(&field.rust);
        let ty = structs.field_type(object, field)?;
        let deprecated = field
            .deprecated
            .as_ref()
            .map(|note| quote! { #[deprecated = #note] });
        fields.extend(quote! { #docs #deprecated pub #rust: #ty, });
    }
    let envelope = (object.role == Role::Reply).then(|| {
        let docs = doc(match endpoint {
            Some(_) => "Result of the call as such: status, code, the server's own words.",
            None => "The head of the answer: status, code, the app's own words.",
        });
        quote! { #docs pub envelope: Envelope, }
    });
    // Only what can be made without a choice has a default; a request with required fields cannot.
    let can_default = match object.role {
        Role::Request => {
            arguments(object, start).next().is_none() && choices(object, start).is_empty()
        }
        Role::Event => false,
        Role::Reply | Role::Part => true,
    };
    let default = can_default.then(|| quote! { Default, });
    let extra_docs = doc(match object.role {
        Role::Reply => "What the reply held beyond the fields above.",
        Role::Event => "What the event held beyond the fields above.",
        _ => "What the object held beyond the fields above; also sent.",
    });
    file.items(quote! {
        #docs
        #[derive(Clone, #default PartialEq)]
        #[non_exhaustive]
        pub struct #name {
            #fields
            #envelope
            #extra_docs
            pub extra: Extra,
        }
    });
    if object.role != Role::Reply {
        file.items(constructors(object, start, structs)?);
    }
    file.text(wire_table(object));
    if object.sent {
        file.items(validate(object, choices(object, start)));
    }
    match (object.role, endpoint) {
        (Role::Request, Some(endpoint)) => {
            file.items(endpoint_impl(module, endpoint, object));
            if let Some(paging) = &endpoint.paging {
                file.items(paged_impl(endpoint, paging, object)?);
            }
            if let Some(batch) = &endpoint.batch {
                file.items(batch::batched_impl(endpoint, batch)?);
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

/// The required fields that a constructor asks for: all but those of the cursor whose first value
/// is fixed.
fn arguments<'a>(object: &'a Object, start: Start<'a>) -> impl Iterator<Item = &'a Field> {
    object
        .fields
        .iter()
        .filter(move |field| field.required && first(field, object, start).is_none())
}

/// The fields of a request of which exactly one is sent.
fn choices<'a>(object: &Object, start: Start<'a>) -> &'a [Field] {
    match (object.role, start.endpoint) {
        (Role::Request, Some(endpoint)) => &endpoint.one_of,
        _ => &[],
    }
}

/// What says how the objects of a module begin.
#[derive(Clone, Copy)]
struct Start<'a> {
    endpoint: Option<&'a Endpoint>,
    /// Key of the body that names the webhook, and the webhook.
    webhook: Option<(&'a str, &'a Webhook)>,
}

/// Value of a field that has only one in a new object: a cursor for the first page, the name of a
/// webhook in its event.
fn first(field: &Field, object: &Object, start: Start<'_>) -> Option<TokenStream> {
    if let (Role::Event, Some((tag, webhook))) = (object.role, start.webhook) {
        return (field.wire == tag).then(|| {
            let (names, constant) = (ident(tag), ident(&webhook.constant));
            quote! { #names::#constant }
        });
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

/// How a caller passes a value: the parameter's type, and the expression that stores it.
pub(super) fn parameter(field: &Field, boxed: bool) -> Result<(TokenStream, TokenStream), String> {
    let name = ident(&field.rust);
    let (ty, value) = match &field.ty {
        Type::String => (quote! { impl Into<String> }, quote! { #name.into() }),
        Type::List(item) => {
            let inner = type_tokens(item)?;
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
        Type::Flag | Type::TagValue | Type::ErrorCode | Type::Json => into(&field.ty, &name)?,
        Type::Named(_, Kind::IntegerEnum | Kind::StringEnum | Kind::Union) => {
            into(&field.ty, &name)?
        }
        other => {
            let ty = type_tokens(other)?;
            (ty, quote! { #name })
        }
    };
    Ok(if boxed {
        (ty, quote! { Box::new(#value) })
    } else {
        (ty, value)
    })
}

fn into(ty: &Type, name: &Ident) -> Result<(TokenStream, TokenStream), String> {
    let ty = type_tokens(ty)?;
    Ok((quote! { impl Into<#ty> }, quote! { #name.into() }))
}

pub(super) fn type_tokens(ty: &Type) -> Result<TokenStream, String> {
    tidy::rust_type(ty)
        .parse()
        .map_err(|e| format!("{ty:?}: {e}"))
}

pub(super) fn is_boxed(
    structs: &tidy::Structs,
    object: &Object,
    field: &Field,
) -> Result<bool, String> {
    let ty = structs.field_type(object, field)?;
    Ok(quote! { #ty }.to_string().replace(' ', "").contains("Box<"))
}

fn constructors(
    object: &Object,
    start: Start<'_>,
    structs: &tidy::Structs,
) -> Result<TokenStream, String> {
    let name = ident(&object.name);
    let mut setters = TokenStream::new();
    let choices = choices(object, start);
    for field in &object.fields {
        let rust = ident(&field.rust);
        let (ty, value) = parameter(field, is_boxed(structs, object, field)?)?;
        let asked_for = field.required && first(field, object, start).is_none();
        let is_choice = choices.iter().any(|choice| choice.wire == field.wire);
        if asked_for || is_choice || (field.required && object.role == Role::Event) {
            continue;
        }
        let setter = format_ident!(
            "with_{}",
            field.rust.trim_start_matches("r#").trim_end_matches('_')
        );
        let docs = doc(&format!(
            "Sets [`{0}`](Self::{0}).",
            field.rust.trim_start_matches("r#")
        ));
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
        let bare = choice.rust.trim_start_matches("r#");
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
    let starts = object
        .fields
        .iter()
        .any(|field| object.role != Role::Event && first(field, object, start).is_some());
    let docs = doc(match (count, starts, object.role) {
        (0, false, Role::Request) => "A request without optional fields.",
        (0, false, Role::Event) => "An event without optional fields.",
        (0, false, _) => "An object without optional fields.",
        (_, true, _) => "A request for the first page.",
        (_, false, Role::Request) => "A request with the fields that must be sent.",
        (_, false, Role::Event) => "An event with the fields that always come; for tests.",
        (_, false, _) => "An object with the fields that must be there.",
    });
    let many = (count > MANY_ARGUMENTS).then(
        || quote! { #[allow(clippy::too_many_arguments, reason = "the service requires as many")] },
    );
    let deprecated_fields = object.fields.iter().any(|field| field.deprecated.is_some());
    let quiet = deprecated_fields.then(
        || quote! { #[allow(deprecated, reason = "deprecated fields must start somewhere too")] },
    );
    let all_optional = choices.is_empty() && object.fields.iter().all(|field| !field.required);
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
        let (ty, value) = parameter(field, is_boxed(structs, object, field)?)?;
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
            (false, _) => quote! { #rust: None, },
        });
    }
    Ok((parameters, values, count))
}

fn wire_table(object: &Object) -> String {
    let mut table = format!("wire_object!({}", object.name);
    if object.role == Role::Reply {
        table.push_str(" + envelope: Envelope");
    }
    table.push_str(" {");
    for field in &object.fields {
        let kind = if field.required {
            "required"
        } else {
            "optional"
        };
        let _ = write!(table, "\n    {kind} {:?} => {},", field.wire, field.rust);
    }
    table.push_str(if object.fields.is_empty() {
        "});"
    } else {
        "\n});"
    });
    table
}

fn validate(object: &Object, choices: &[Field]) -> TokenStream {
    let name = ident(&object.name);
    let mut checks = TokenStream::new();
    if !choices.is_empty() {
        let rows = choices.iter().map(|choice| {
            let (rust, wire) = (ident(&choice.rust), &choice.wire);
            quote! { (#wire, self.#rust.is_some()) }
        });
        checks.extend(quote! { checker.exactly_one(&[#(#rows),*]); });
    }
    for field in &object.fields {
        let rust = ident(&field.rust);
        let access = if field.required {
            quote! { &self.#rust }
        } else {
            quote! { value }
        };
        let mut own = TokenStream::new();
        for limit in &field.limits {
            own.extend(limit_check(field, *limit, &access));
        }
        if holds_parts(&field.ty) {
            let wire = &field.wire;
            own.extend(quote! { checker.inside(#wire, #access); });
        }
        if own.is_empty() {
            continue;
        }
        checks.extend(if field.required {
            own
        } else {
            quote! { if let Some(value) = &self.#rust { #own } }
        });
    }
    let deprecated = object
        .fields
        .iter()
        .any(|field| field.deprecated.is_some() && !field.limits.is_empty());
    let quiet = deprecated
        .then(|| quote! { #[allow(deprecated, reason = "limits of deprecated fields hold too")] });
    quote! {
        impl Validate for #name {
            #quiet
            fn check(&self, checker: &mut Checker) {
                self.check_required(checker);
                #checks
            }
        }
    }
}

fn holds_parts(ty: &Type) -> bool {
    match ty {
        Type::Named(_, Kind::Object | Kind::Union) => true,
        Type::List(item) | Type::Map(item) => holds_parts(item),
        _ => false,
    }
}

fn limit_check(field: &Field, limit: Limit, access: &TokenStream) -> TokenStream {
    let wire = &field.wire;
    let rust = ident(&field.rust);
    // Method calls need no borrow in front.
    let direct = if field.required {
        quote! { self.#rust }
    } else {
        quote! { value }
    };
    let number = if field.required {
        quote! { self.#rust }
    } else {
        quote! { *value }
    };
    let size = Literal::u32_unsuffixed;
    let bound = Literal::i64_unsuffixed;
    match limit {
        Limit::MaxBytes(max) => {
            let max = size(max);
            quote! { checker.max_bytes(#wire, #access, #max); }
        }
        Limit::MaxChars(max) => {
            let max = size(max);
            quote! { checker.max_chars(#wire, #access, #max); }
        }
        Limit::MinItems(min) => {
            let min = size(min);
            quote! { checker.min_items(#wire, #direct.len(), #min); }
        }
        Limit::MaxItems(max) => {
            let max = size(max);
            quote! { checker.max_items(#wire, #direct.len(), #max); }
        }
        Limit::Min(min) => {
            let min = bound(min);
            quote! { checker.min(#wire, #number, #min); }
        }
        Limit::Max(max) => {
            let max = bound(max);
            quote! { checker.max(#wire, #number, #max); }
        }
    }
}

fn endpoint_impl(module: &Module, endpoint: &Endpoint, object: &Object) -> TokenStream {
    let request = ident(&endpoint.request);
    let reply = ident(&endpoint.reply);
    let (family, name, path) = (&endpoint.family, &module.name, &endpoint.path);
    let repeat = match &endpoint.repeat {
        Repeat::Read => quote! { Repeat::Read },
        Repeat::Idempotent => quote! { Repeat::Idempotent },
        Repeat::Unsafe => quote! { Repeat::Unsafe },
        Repeat::DeduplicatedBy(fields) => quote! { Repeat::DeduplicatedBy(&[#(#fields),*]) },
        Repeat::IdempotentWith(fields) => quote! { Repeat::IdempotentWith(&[#(#fields),*]) },
    };
    let repeat_safe = repeat_safe(&endpoint.repeat, object);
    let number = |n: &u32| Literal::u32_unsuffixed(*n);
    let page = endpoint
        .page
        .as_ref()
        .map(number)
        .map(|page| quote! { .with_page(#page) });
    let rows = endpoint.quotas.iter().map(quota);
    let quotas = (!endpoint.quotas.is_empty()).then(|| quote! { .with_quotas(&[#(#rows),*]) });
    let counted = endpoint.counted.as_ref().map(|list| {
        let wire = &list.wire;
        quote! { .with_counted(#wire) }
    });
    let quota_items = endpoint.counted.as_ref().map(|list| {
        let name = ident(&list.rust);
        let count = match list.required {
            true => quote! { self.#name.len() },
            false => quote! { self.#name.as_ref().map_or(0, Vec::len) },
        };
        quote! { fn quota_items(&self) -> usize { #count } }
    });
    let errors = endpoint.errors.iter().map(|(code, _)| {
        let code = Literal::i64_unsuffixed(*code);
        quote! { ErrorCode(#code) }
    });
    let errors = (!endpoint.errors.is_empty()).then(|| quote! { .with_errors(&[#(#errors),*]) });
    let notes: Vec<_> = endpoint
        .errors
        .iter()
        .filter_map(|(code, note)| Some((code, note.as_ref()?)))
        .collect();
    let rows = notes.iter().map(|(code, note)| {
        let (code, note) = (Literal::i64_unsuffixed(**code), note.trim());
        quote! { (ErrorCode(#code), #note) }
    });
    let notes = (!notes.is_empty()).then(|| quote! { .with_error_notes(&[#(#rows),*]) });
    let rows = endpoint.retry_after.iter().map(|(code, seconds)| {
        let (code, seconds) = (Literal::i64_unsuffixed(*code), number(seconds));
        quote! { (ErrorCode(#code), #seconds) }
    });
    let retry_after =
        (!endpoint.retry_after.is_empty()).then(|| quote! { .with_retry_after(&[#(#rows),*]) });
    let regions = (!endpoint.regions.is_empty()).then(|| {
        let ids = endpoint.regions.iter().map(|(id, _)| id);
        quote! { .with_regions(&[#(#ids),*]) }
    });
    let bare_reply = endpoint.bare_reply.then(|| quote! { .with_bare_reply() });
    quote! {
        impl Endpoint for #request {
            type Reply = #reply;
            const META: &'static Meta = &Meta::new(#family, #name, #path, #repeat) #page #quotas #counted #errors #notes #retry_after #bare_reply #regions;
            #repeat_safe
            #quota_items
        }
    }
}

fn quota(quota: &Quota) -> TokenStream {
    let amount = Literal::u32_unsuffixed(quota.amount());
    let seconds = Literal::u32_unsuffixed(quota.seconds);
    let unit = match quota.calls {
        Some(_) => quote! { calls },
        None => quote! { items },
    };
    let edition = quota.edition.map(|edition| match edition {
        Edition::Free => quote! { .in_edition(Edition::Free) },
        Edition::Paid => quote! { .in_edition(Edition::Paid) },
    });
    let code = quota.code.map(|code| {
        let code = Literal::i64_unsuffixed(code);
        quote! { .refused_with(ErrorCode(#code)) }
    });
    quote! { Quota::#unit(#amount, #seconds) #edition #code }
}

/// Whether a request may be sent again, where that depends on the request: on whether certain
/// fields are there.
fn repeat_safe(repeat: &Repeat, object: &Object) -> Option<TokenStream> {
    let (Repeat::DeduplicatedBy(wires) | Repeat::IdempotentWith(wires)) = repeat else {
        return None;
    };
    let compared = |field: &&Field| wires.contains(&field.wire);
    let set = object.fields.iter().filter(compared).map(|field| {
        let (rust, wire) = (ident(&field.rust), &field.wire);
        match field.required {
            true => quote! { is_set(&self.#rust, #wire, &self.extra) },
            false => quote! { self.#rust.is_some() },
        }
    });
    Some(quote! {
        fn is_repeat_safe(&self) -> bool {
            #(#set)&&*
        }
    })
}

fn paged_impl(
    endpoint: &Endpoint,
    paging: &Paging,
    request: &Object,
) -> Result<TokenStream, String> {
    let name = ident(&endpoint.request);
    let items = PagedItems::new(endpoint, paging, request)?;
    let advance = match &paging.style {
        PagingStyle::Cursor(cursor, end, offset) => {
            let offset = offset.as_ref().map(|offset| {
                let absent = cursor.iter().map(|part| {
                    let from = ident(&part.reply.rust);
                    quote! { reply.#from.is_none() }
                });
                let count = advance_by_offset(offset, &items);
                quote! { if #(#absent)&&* { return #count; } }
            });
            let rest = advance_by_cursor(cursor, end, &items);
            quote! { #offset #rest }
        }
        PagingStyle::Offset(offset) => advance_by_offset(offset, &items),
        PagingStyle::Downwards(to, number) => {
            let (to, number) = (ident(&to.rust), ident(&number.rust));
            let list = items.listed()?;
            quote! { downwards(&mut self.#to, #list.map(|item| item.#number)) }
        }
    };
    let early = paging.early_end.as_ref().map(|end| {
        let end = ends(end, &[], &items);
        quote! { if #end { return Advance::End; } }
    });
    let (definition, item, take) = (&items.definition, &items.ty, &items.take);
    let take = match paging.reversed_pages {
        true => quote! { let mut items = #take; items.reverse(); items },
        false => take.clone(),
    };
    Ok(quote! {
        impl Paged for #name {
            type Item = #item;
            fn advance(&mut self, reply: &Self::Reply) -> Advance {
                #early
                #advance
            }
            fn items(reply: Self::Reply) -> Vec<Self::Item> {
                #take
            }
        }
        #definition
    })
}

/// The items of a page: of one list, or of several, where an enum says which.
struct PagedItems<'a> {
    lists: &'a [Field],
    ty: TokenStream,
    /// How they are taken out of a reply.
    take: TokenStream,
    /// The enum, where there is one.
    definition: Option<TokenStream>,
}

impl<'a> PagedItems<'a> {
    fn new(endpoint: &Endpoint, paging: &'a Paging, request: &Object) -> Result<Self, String> {
        let mut types = Vec::new();
        let mut taken = Vec::new();
        for list in &paging.items {
            let Type::List(item) = &list.ty else {
                return Err(format!("{}.{} is not a list", request.name, list.wire));
            };
            types.push(type_tokens(item)?);
            let name = ident(&list.rust);
            taken.push(match list.required {
                true => quote! { reply.#name },
                false => quote! { reply.#name.unwrap_or_default() },
            });
        }
        let lists = paging.items.as_slice();
        if let ([ty], [take]) = (types.as_slice(), taken.as_slice()) {
            return Ok(Self {
                lists,
                ty: ty.clone(),
                take: take.clone(),
                definition: None,
            });
        }
        let (name, request) = (
            ident(&format!("{}Item", endpoint.request)),
            &endpoint.request,
        );
        let variants: Vec<_> = lists
            .iter()
            .map(|list| ident(&camel_case(&list.rust)))
            .collect();
        let docs = doc(&format!(
            "One item of [`{request}`]: which list of the reply it is in says what it is."
        ));
        let meanings = lists.iter().map(|list| doc(&field_doc(list)));
        let definition = quote! {
            #docs
            #[derive(Clone, Debug, PartialEq)]
            #[non_exhaustive]
            pub enum #name {
                #(#meanings #variants(#types),)*
            }

            impl serde::Serialize for #name {
                fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                    match self {
                        #(Self::#variants(item) => serde::Serialize::serialize(item, serializer),)*
                    }
                }
            }
        };
        let all = taken.iter().zip(&variants).map(|(take, variant)| {
            quote! { items.extend(#take.into_iter().map(#name::#variant)); }
        });
        Ok(Self {
            lists,
            take: quote! { let mut items = Vec::new(); #(#all)* items },
            ty: quote! { #name },
            definition: Some(definition),
        })
    }

    /// How many there are.
    fn count(&self) -> TokenStream {
        let counts = self.lists.iter().map(|list| {
            let name = ident(&list.rust);
            match list.required {
                true => quote! { reply.#name.len() },
                false => quote! { reply.#name.as_ref().map_or(0, Vec::len) },
            }
        });
        quote! { #(#counts)+* }
    }

    /// Whether there are none.
    fn are_none(&self) -> TokenStream {
        let none = self.lists.iter().map(|list| {
            let name = ident(&list.rust);
            match list.required {
                true => quote! { reply.#name.is_empty() },
                false => quote! { is_start(&reply.#name) },
            }
        });
        quote! { #(#none)&&* }
    }

    /// An iterator over those of the only list.
    fn listed(&self) -> Result<TokenStream, String> {
        let [list] = self.lists else {
            return Err("items of several lists have no common number".to_owned());
        };
        let name = ident(&list.rust);
        Ok(match list.required {
            true => quote! { reply.#name.iter() },
            false => quote! { reply.#name.iter().flatten() },
        })
    }
}

fn advance_by_offset(offset: &Offset, items: &PagedItems<'_>) -> TokenStream {
    let (to, total) = (ident(&offset.request.rust), ident(&offset.total.rust));
    let count = items.count();
    quote! { by_offset(&mut self.#to, #count, reply.#total) }
}

/// A field that ends the paging, as something that has a number.
fn ending(field: &Field) -> TokenStream {
    let name = ident(&field.rust);
    match (&field.ty, field.required) {
        (Type::Named(..), true) => quote! { &reply.#name.0 },
        (Type::Named(..), false) => quote! { &reply.#name.map(|value| value.0) },
        _ => quote! { &reply.#name },
    }
}

/// Whether a page is the last one.
fn ends(end: &PagingEnd, cursor: &[Cursor], items: &PagedItems<'_>) -> TokenStream {
    match end {
        PagingEnd::FieldEquals(field, value) => {
            let field = ending(field);
            let value = Literal::i64_unsuffixed(*value);
            quote! { equals(#field, #value) }
        }
        PagingEnd::FieldNonzero(field) => {
            let field = ending(field);
            quote! { nonzero(#field) }
        }
        PagingEnd::NoItems => items.are_none(),
        PagingEnd::CursorZero => {
            let checks = cursor.iter().map(|Cursor { reply: from, .. }| {
                let from = ident(&from.rust);
                quote! { is_start(&reply.#from) }
            });
            quote! { #(#checks)&&* }
        }
    }
}

fn advance_by_cursor(cursor: &[Cursor], end: &PagingEnd, items: &PagedItems<'_>) -> TokenStream {
    let end = ends(end, cursor, items);
    let moves = cursor.iter().map(
        |Cursor {
             request: to,
             reply: from,
             ..
         }| {
            let (to_name, from_name) = (ident(&to.rust), ident(&from.rust));
            match (to.required, from.required) {
                (true, true) | (false, false) => {
                    quote! { carry(&mut self.#to_name, &reply.#from_name) }
                }
                (false, true) => quote! { carry_some(&mut self.#to_name, &reply.#from_name) },
                (true, false) => quote! { carry_optional(&mut self.#to_name, &reply.#from_name) },
            }
        },
    );
    quote! {
        if #end {
            return Advance::End;
        }
        let moved = [#(#moves),*];
        if moved.contains(&true) { Advance::Next } else { Advance::Stuck }
    }
}

/// An open enum: shared with the protocol's own enums.
pub(super) fn emit_enum(file: &mut RustFile, def: &Enum) {
    let name = ident(&def.name);
    let docs = doc(&format!(
        "{}\n\nOpen: a value without a constant is kept as it is.",
        def.doc.trim()
    ));
    match &def.values {
        Values::Integer(values) => {
            let constants = values.iter().map(|(constant, value, text)| {
                let constant = ident(constant);
                let docs = doc(&format!("{} Wire value {value}.", text.trim()));
                let value = Literal::i64_unsuffixed(*value);
                quote! { #docs pub const #constant: Self = Self(#value); }
            });
            file.items(quote! {
                #docs
                #[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
                pub struct #name(pub i64);

                impl #name {
                    #(#constants)*
                }
            });
            let mut table = format!("wire_integer_enum!({} {{", def.name);
            for (constant, value, _) in values {
                let _ = write!(table, "\n    {value} => {constant},");
            }
            file.text(table + "\n});");
        }
        Values::String(values) => {
            let constants = values.iter().map(|(constant, value, text)| {
                let constant = ident(constant);
                let docs = doc(&format!("{} Wire value `{value}`.", text.trim()));
                quote! { #docs pub const #constant: Self = Self(Text::known(#value)); }
            });
            file.items(quote! {
                #docs
                #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
                pub struct #name(Text);

                impl #name {
                    #(#constants)*
                }
            });
            let mut table = format!("wire_string_enum!({} {{", def.name);
            for (_, value, _) in values {
                let _ = write!(table, "\n    {value:?},");
            }
            file.text(table + "\n});");
        }
    }
}

fn emit_union(file: &mut RustFile, def: &Union) {
    let name = ident(&def.name);
    let docs = doc(&def.doc);
    let variants = def.variants.iter().map(|variant| {
        let (rust, ty) = (ident(&variant.rust), ident(&variant.ty));
        let docs = doc(&format!(
            "{} Wire name `{}`.",
            variant.doc.trim(),
            variant.wire
        ));
        quote! { #docs #rust(#ty), }
    });
    let unknown = doc("A kind that this version does not know, kept as it came.");
    file.items(quote! {
        #docs
        #[derive(Clone, Debug, PartialEq)]
        #[non_exhaustive]
        pub enum #name {
            #(#variants)*
            #unknown
            Unknown(Unknown),
        }
    });
    let mut table = format!(
        "wire_union!({}, {:?}, {:?} {{",
        def.name, def.tag, def.content
    );
    for variant in &def.variants {
        let _ = write!(
            table,
            "\n    {:?} => {}({}),",
            variant.wire, variant.rust, variant.ty
        );
    }
    file.text(table + "\n});");
    if def.sent {
        let content = &def.content;
        let checks = def.variants.iter().map(|variant| {
            let rust = ident(&variant.rust);
            quote! { Self::#rust(value) => checker.inside(#content, value), }
        });
        file.items(quote! {
            impl Validate for #name {
                fn check(&self, checker: &mut Checker) {
                    match self {
                        #(#checks)*
                        Self::Unknown(_) => {}
                    }
                }
            }
        });
    }
}
