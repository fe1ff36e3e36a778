//! Open enums and tagged unions.

use super::{
    docs::{aliases, doc},
    rust_file::RustFile,
};
use crate::codegen::{
    model::{Enum, Union, Values},
    names::ident,
};
use proc_macro2::Literal;
use quote::quote;
use std::fmt::Write as _;

/// An open enum; also used for the protocol's own enums.
pub(super) fn emit_enum(file: &mut RustFile, def: &Enum) {
    let name = ident(&def.name);
    let docs = doc(&format!(
        "{}\n\nOpen: values without a constant are kept unchanged.",
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
                let known_as = aliases(constant, [value.as_str()]);
                let constant = ident(constant);
                let docs = doc(&format!("{} Wire value `{value}`.", text.trim()));
                quote! { #docs #known_as pub const #constant: Self = Self(Text::known(#value)); }
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

pub(super) fn emit_union(file: &mut RustFile, def: &Union) {
    let name = ident(&def.name);
    let docs = doc(&def.doc);
    let variants = def.variants.iter().map(|variant| {
        let (rust, ty) = (ident(&variant.rust), ident(&variant.ty));
        let docs = doc(&format!(
            "{} Wire name `{}`.",
            variant.doc.trim(),
            variant.wire
        ));
        let known_as = aliases(&variant.rust, [variant.wire.as_str()]);
        quote! { #docs #known_as #rust(#ty), }
    });
    let unknown = doc("A variant that this version doesn't know, kept as received.");
    let eq = (!def.has_fractions).then(|| quote! { , Eq });
    file.items(quote! {
        #docs
        #[derive(Clone, Debug, PartialEq #eq)]
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
