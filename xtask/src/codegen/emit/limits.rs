//! Validation of requests.

use crate::codegen::{
    model::{Field, Kind, Limit, Object, Type},
    names::ident,
};
use proc_macro2::{Literal, TokenStream};
use quote::quote;

pub(super) fn validate(object: &Object, choices: &[Field]) -> TokenStream {
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
    let quiet = deprecated.then(
        || quote! { #[allow(deprecated, reason = "limits of deprecated fields apply, too")] },
    );
    quote! {
        impl Validate for #name {
            #quiet
            fn check(&self, checker: &mut Checker) {
                checker.required_fields(self);
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
    // Method calls borrow automatically.
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
