//! Indexes of modules and commands.

use super::{arguments::named_forms, docs::doc, reexports, rust_file::RustFile};
use crate::codegen::model::{Endpoint, Family, Model, Role};
use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use std::fmt::Write as _;

/// Spec file that lists the families, for the headers of the indexes.
const FAMILIES: &str = "spec/families.toml";

/// `generated/mod.rs`.
pub(super) fn index(model: &Model) -> Result<String, String> {
    let mut file = RustFile::new(FAMILIES);
    let mut text =
        String::from("pub(crate) mod catalogue;\npub(crate) mod error_codes;\npub mod protocol;\n");
    text.push_str("#[path = \"shared/mod.rs\"]\npub mod model;\n");
    for family in &model.families {
        let _ = writeln!(text, "pub mod {};", family.name);
    }
    text.push_str("pub(crate) mod prelude;\n");
    if model.webhooks.is_some() {
        text.push_str("pub(crate) mod webhook;\n");
    }
    file.text(text);
    file.render()
}

/// `generated/prelude.rs`: the modules of families, and shared types by name.
pub(super) fn prelude(model: &Model) -> Result<String, String> {
    let mut file = RustFile::new(FAMILIES);
    file.intro("The generated part of the crate's prelude.");
    let families: Vec<&str> = (model.families.iter())
        .map(|family| family.name.as_str())
        .collect();
    let mut text = format!("pub use crate::{{{}}};\n", families.join(", "));
    for module in &model.shared {
        let names = reexports::parts(module, model);
        if names.is_empty() {
            continue;
        }
        let _ = writeln!(
            text,
            "pub use crate::model::{}::{{{}}};",
            module.name,
            names.join(", ")
        );
    }
    file.text(text);
    file.render()
}

/// `generated/<family>/mod.rs`.
pub(super) fn family_index(family: &Family, model: &Model) -> Result<String, String> {
    let mut file = RustFile::new(FAMILIES);
    file.intro(&family.doc);
    let mut text = String::new();
    for module in &family.modules {
        let _ = writeln!(text, "pub mod {};", module.name);
    }
    text.push('\n');
    let mut parts = reexports::unique_parts(family.modules.iter(), model);
    for module in &family.modules {
        let Some(endpoint) = &module.endpoint else {
            continue;
        };
        let mut names = vec![endpoint.request.clone(), endpoint.reply.clone()];
        names.extend(named_forms(module, model, Role::Request));
        names.extend(parts.remove(module.name.as_str()).unwrap_or_default());
        let _ = writeln!(text, "pub use {}::{{{}}};", module.name, names.join(", "));
    }
    text.push_str(&reexports::shared(family.modules.iter(), model));
    file.text(text);
    file.render()
}

/// `generated/shared/mod.rs`.
pub(super) fn shared_index(model: &Model) -> Result<String, String> {
    let mut file = RustFile::new("spec/shared");
    file.intro("Types used by several commands.");
    let mut text = String::new();
    for module in &model.shared {
        let _ = writeln!(text, "pub mod {};", module.name);
    }
    text.push('\n');
    for module in &model.shared {
        let names = reexports::parts(module, model);
        if !names.is_empty() {
            let _ = writeln!(text, "pub use {}::{{{}}};", module.name, names.join(", "));
        }
    }
    file.text(text);
    file.render()
}

/// `generated/catalogue.rs`.
pub(super) fn catalogue(model: &Model) -> Result<String, String> {
    let mut file = RustFile::new("spec/endpoints");
    file.intro("Every command, for lookup by path.");
    file.items(lookup(
        model,
        |_| true,
        &Lookup {
            list: "ENDPOINTS",
            function: "visit_endpoint",
            visitor: "EndpointVisitor",
            which: "",
            otherwise: "",
        },
    ));
    file.items(lookup(
        model,
        |endpoint| endpoint.batch.is_some(),
        &Lookup {
            list: "BATCHED",
            function: "visit_batched",
            visitor: "BatchedVisitor",
            which: " whose requests can be split",
            otherwise: " or its requests cannot be split",
        },
    ));
    file.items(lookup(
        model,
        |endpoint| endpoint.paging.is_some(),
        &Lookup {
            list: "PAGED",
            function: "visit_paged",
            visitor: "PagedVisitor",
            which: " with paged replies",
            otherwise: " or its replies are not paged",
        },
    ));
    file.render()
}

/// A kind of commands that can be looked up by path.
struct Lookup {
    list: &'static str,
    function: &'static str,
    visitor: &'static str,
    /// Continues "Every command".
    which: &'static str,
    /// Continues "`None` if there is no such command".
    otherwise: &'static str,
}

/// The lookup by path for one kind of commands.
fn lookup(model: &Model, is_one: impl Fn(&Endpoint) -> bool, lookup: &Lookup) -> TokenStream {
    let (mut metas, mut arms) = (Vec::new(), Vec::new());
    for family in &model.families {
        let module = format_ident!("{}", family.name);
        let endpoints = family.modules.iter().filter_map(|m| m.endpoint.as_ref());
        for endpoint in endpoints.filter(|endpoint| is_one(endpoint)) {
            let request = format_ident!("{}", endpoint.request);
            let path = &endpoint.path;
            metas.push(quote! { <crate::#module::#request as Endpoint>::META });
            arms.push(quote! { #path => visitor.visit::<crate::#module::#request>(), });
        }
    }
    let docs = doc(&format!(
        "Facts about every command{}, family by family.",
        lookup.which
    ));
    let visit_docs = doc(&format!(
        "Runs `visitor` with the request type of the command at `path`; `None` if there is no such \
         command{}.",
        lookup.otherwise
    ));
    let [list, function, visitor] =
        [lookup.list, lookup.function, lookup.visitor].map(|name| format_ident!("{name}"));
    quote! {
        #docs
        pub static #list: &[&Meta] = &[#(#metas),*];

        #visit_docs
        pub fn #function<V: crate::#visitor>(path: &str, visitor: V) -> Option<V::Output> {
            Some(match path {
                #(#arms)*
                _ => return None,
            })
        }
    }
}
