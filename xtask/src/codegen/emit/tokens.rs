//! Names and types as tokens.

use crate::codegen::{model::Type, tidy};
use proc_macro2::{Ident, Span, TokenStream};

pub(super) fn ident(name: &str) -> Ident {
    match name.strip_prefix("r#") {
        Some(raw) => Ident::new_raw(raw, Span::call_site()),
        None => Ident::new(name, Span::call_site()),
    }
}

pub(super) fn type_tokens(ty: &Type) -> Result<TokenStream, String> {
    tidy::rust_type(ty)
        .parse()
        .map_err(|e| format!("{ty:?}: {e}"))
}
