//! Implements `Endpoint` for a request: facts, and whether it may be sent again.

use crate::codegen::{
    model::{Endpoint, Field, Module, Object, Repeat},
    names::ident,
    spec::{Edition, Quota},
};
use proc_macro2::{Literal, TokenStream};
use quote::quote;

pub(super) fn endpoint_impl(module: &Module, endpoint: &Endpoint, object: &Object) -> TokenStream {
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
    let duplicates = endpoint
        .duplicate_seconds
        .as_ref()
        .map(number)
        .map(|seconds| quote! { .with_duplicate_seconds(#seconds) });
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
            const META: &'static Meta = &Meta::new(#family, #name, #path, #repeat) #page #quotas #counted #errors #notes #retry_after #duplicates #bare_reply #regions;
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

/// Whether a request may be sent again, if that depends on whether certain
/// fields are set.
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
