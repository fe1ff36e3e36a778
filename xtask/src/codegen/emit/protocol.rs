//! What all commands share: query parameters, timeout, the common fields of replies.

use super::{docs::doc, enums::emit_enum, rust_file::RustFile};
use crate::codegen::{
    model::{Protocol, QueryParameter},
    tidy::Structs,
};
use proc_macro2::{Literal, TokenStream};
use quote::{format_ident, quote};
use std::{collections::BTreeMap, fmt::Write as _};
use syn::{Item, parse_quote};

pub(super) fn emit(
    protocol: &Protocol,
    structs: &BTreeMap<String, Structs>,
) -> Result<String, String> {
    let mut file = RustFile::new(&protocol.source);
    file.intro("What all commands share.");
    let seconds = Literal::u32_unsuffixed(protocol.server_timeout_seconds);
    file.items(quote! {
        /// Seconds after which the service itself gives up on a request; clients should wait longer.
        pub const SERVER_TIMEOUT_SECONDS: u32 = #seconds;
    });
    if let Some(bytes) = protocol.max_request_bytes.map(Literal::u64_unsuffixed) {
        file.items(quote! {
            /// Maximum size of a request body that the service accepts, in bytes.
            pub const MAX_REQUEST_BYTES: u64 = #bytes;
        });
    }
    if let Some((family, request)) = &protocol.credentials_check {
        let (family, request) = (format_ident!("{family}"), format_ident!("{request}"));
        file.items(quote! {
            /// Reads something harmless of a user: whether the service answers shows whether the caller's
            /// credentials are right.
            pub type CredentialsCheck = crate::#family::#request;
        });
    }
    let parameters = query_constants(&protocol.query);
    file.items(quote! {
        /// Names of the query parameters.
        pub mod query {
            #parameters
        }
    });
    let mut table = format!("wire_common!({} {{", protocol.envelope.name);
    for field in &protocol.envelope.fields {
        let _ = write!(table, "\n    optional {:?} => {},", field.wire, field.rust);
    }
    let of_file = structs.get(&protocol.source);
    let item = of_file.ok_or_else(|| format!("no structs of {}", protocol.source))?;
    let mut item = item.item(&protocol.envelope.name)?.clone();
    (item.attrs).push(parse_quote!(#[derive(Clone, Default, PartialEq, Eq)]));
    item.attrs.push(parse_quote!(#[non_exhaustive]));
    file.item(Item::Struct(item));
    file.text(table + "\n});");
    for def in &protocol.enums {
        emit_enum(&mut file, def);
    }
    file.render()
}

/// Names of query parameters, and the values of those that have only one.
pub(super) fn query_constants(parameters: &[QueryParameter]) -> TokenStream {
    let mut constants = TokenStream::new();
    for parameter in parameters {
        let constant = format_ident!("{}", parameter.constant);
        let (docs, wire) = (doc(&parameter.doc), &parameter.wire);
        constants.extend(quote! { #docs pub const #constant: &str = #wire; });
        if let Some(value) = &parameter.value {
            let docs = doc(&format!("The only value of [`{}`].", parameter.constant));
            let constant = format_ident!("{}_VALUE", parameter.constant);
            constants.extend(quote! { #docs pub const #constant: &str = #value; });
        }
    }
    constants
}
