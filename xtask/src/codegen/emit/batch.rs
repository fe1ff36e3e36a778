//! Implements `Batched` for requests that can be split.

use crate::codegen::{
    model::{Batch, BatchFailures, BatchResults, Endpoint, KeyPart, Kind, Type, Verdict},
    names::ident,
    spec::Unlisted,
    tidy::Structs,
};
use proc_macro2::{Literal, TokenStream};
use quote::quote;

/// The line of a command's documentation.
pub(super) fn fact(batch: &Batch) -> String {
    let order = match batch.one_by_one {
        true => ", one after the other",
        false => "",
    };
    let names = match &batch.names {
        Some(names) => format!(" or `{}`", names.rust),
        None => String::new(),
    };
    format!(
        "Any number of `{}`{names}: the client's `batch` splits them into calls of at most {}{order}",
        batch.items.rust, batch.max
    )
}

/// `impl Batched`.
pub(super) fn batched_impl(
    endpoint: &Endpoint,
    batch: &Batch,
    structs: &Structs,
) -> Result<TokenStream, String> {
    let request = ident(&endpoint.request);
    let items = ident(&batch.items.rust);
    let item = structs.item_type(&endpoint.request, &batch.items)?;
    let max = Literal::u32_unsuffixed(batch.max);
    let one_by_one = (batch.one_by_one).then(|| quote! { const ONE_BY_ONE: bool = true; });
    let (take, set) = if batch.items.required {
        let take = quote! { std::mem::take(&mut self.#items) };
        (take, quote! { self.#items = items; })
    } else {
        let take = match &batch.names {
            None => quote! { self.#items.take().unwrap_or_default() },
            Some(names) => {
                let names = ident(&names.rust);
                quote! {
                    let mut items = self.#items.take().unwrap_or_default();
                    let names = self.#names.take().unwrap_or_default();
                    items.extend(names.into_iter().map(#item::new));
                    items
                }
            }
        };
        (take, quote! { self.#items = Some(items); })
    };
    let (entry, entries) = match &batch.results {
        Some(results) => {
            let entry = structs.item_type(&endpoint.reply, &results.list)?;
            let list = ident(&results.list.rust);
            let entries = match results.list.required {
                true => quote! { &reply.#list },
                false => quote! { reply.#list.as_deref().unwrap_or_default() },
            };
            let entries = quote! { (reply: &Self::Reply) -> &[#entry] { #entries } };
            (quote! { #entry }, entries)
        }
        None => (quote! { () }, quote! { (_: &Self::Reply) -> &[()] { &[] } }),
    };
    let reports = reports(batch);
    Ok(quote! {
        impl Batched for #request {
            type Item = #item;
            type Entry = #entry;
            const MAX: usize = #max;
            #one_by_one
            fn take_items(&mut self) -> Vec<#item> {
                #take
            }
            fn set_items(&mut self, items: Vec<#item>) {
                #set
            }
            fn entries #entries
            fn reports #reports
        }
    })
}

/// Parameters and body of `reports`.
fn reports(batch: &Batch) -> TokenStream {
    if batch.results.is_none() && batch.failed.is_none() {
        return quote! {
            (_: &Self::Reply, items: &[Self::Item]) -> Vec<ItemReport> {
                vec![ItemReport::Done { entry: None }; items.len()]
            }
        };
    }
    let unlisted = match batch.unlisted {
        Unlisted::Done => quote! { Unlisted::Done },
        Unlisted::Failed => quote! { Unlisted::Failed },
        Unlisted::Unknown => quote! { Unlisted::Unclear },
    };
    let results = batch.results.as_ref().map(results);
    let failures = batch.failed.as_ref().map(failures);
    let key = key(&quote! { item }, &batch.key);
    quote! {
        (reply: &Self::Reply, items: &[Self::Item]) -> Vec<ItemReport> {
            let mut listed = Listed::new(#unlisted);
            #results
            #failures
            listed.reports(items.iter().map(|item| #key))
        }
    }
}

fn results(results: &BatchResults) -> TokenStream {
    let key = key(&quote! { entry }, &results.key);
    let verdict = match &results.verdict {
        Some(Verdict::Code(code)) => {
            let code = ident(&code.rust);
            quote! { by_code(entry.#code) }
        }
        Some(Verdict::Value(field, value)) => {
            let name = ident(&field.rust);
            let number = match &field.ty {
                Type::Named(_, Kind::IntegerEnum) => quote! { entry.#name.0 },
                _ => quote! { entry.#name },
            };
            let value = Literal::i64_unsuffixed(*value);
            quote! { by_value(#number, #value) }
        }
        None => quote! { Verdict::Done },
    };
    let info = match &results.info {
        Some(info) => {
            let info = ident(&info.rust);
            quote! { words(&entry.#info) }
        }
        None => quote! { None },
    };
    quote! {
        for entry in Self::entries(reply) {
            listed.result(#key, #verdict, #info);
        }
    }
}

fn failures(failed: &BatchFailures) -> TokenStream {
    let list = ident(&failed.list.rust);
    let list = match failed.list.required {
        true => quote! { &reply.#list },
        false => quote! { reply.#list.iter().flatten() },
    };
    let key = key(&quote! { entry }, &failed.key);
    let code = match &failed.code {
        Some(code) => {
            let name = ident(&code.rust);
            match (&code.ty, code.required) {
                (Type::ErrorCode, true) => quote! { Some(entry.#name) },
                (Type::ErrorCode, false) => quote! { entry.#name },
                (_, true) => quote! { Some(entry.#name.into()) },
                (_, false) => quote! { entry.#name.map(Into::into) },
            }
        }
        None => quote! { None },
    };
    quote! {
        for entry in #list {
            listed.failure(#key, #code);
        }
    }
}

/// The key of `of`, which is a reference.
fn key(of: &TokenStream, key: &[KeyPart]) -> TokenStream {
    let parts = key.iter().map(|part| {
        let path = part.path.iter().map(|name| ident(name));
        let place = quote! { #of #(.#path)* };
        match (&part.ty, part.path.is_empty()) {
            (Type::Named(_, Kind::IntegerEnum), _) => quote! { key_part(&#place.0) },
            (Type::Named(_, Kind::StringEnum), _) => quote! { key_part(#place.as_str()) },
            (_, true) => quote! { key_part(#place) },
            (_, false) => quote! { key_part(&#place) },
        }
    });
    quote! { [#(#parts),*] }
}
