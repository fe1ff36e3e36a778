//! Limits on what the service stores, as constants of the request.

use super::docs::{doc, grouped, page_address};
use crate::codegen::{model::Endpoint, names::ident, spec::Capacity};
use proc_macro2::{Literal, TokenStream};
use quote::quote;

/// The constants of a command that has such limits.
pub(super) fn constants(endpoint: &Endpoint) -> Option<TokenStream> {
    let name = ident(&endpoint.request);
    let constants = endpoint.capacity.iter().map(|(constant, bound)| {
        let docs = doc(&sentence(bound));
        let (constant, value) = (ident(constant), bound.value.value);
        let value = (grouped(value).replace(',', "_"))
            .parse()
            .unwrap_or_else(|_| Literal::u32_unsuffixed(value));
        quote! {
            #docs
            pub const #constant: u32 = #value;
        }
    });
    (!endpoint.capacity.is_empty()).then(|| quote! { impl #name { #(#constants)* } })
}

fn sentence(bound: &Capacity) -> String {
    let mut text = format!("At most {} {}", grouped(bound.value.value), bound.of.trim());
    if let Some(code) = &bound.code {
        text.push_str(&format!(
            "; beyond that, the service returns {}",
            code.value
        ));
    }
    text.push('.');
    if let Some(page) = bound.page {
        text.push_str(&format!(" [Source]({}).", page_address(page)));
    }
    text
}
