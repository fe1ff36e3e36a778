//! The generated part of the client crate: regions, and one accessor for each family.

use super::{
    docs::{aliases, doc, names_of_path},
    rust_file::RustFile,
    single::Singles,
};
use crate::codegen::{
    model::{Family, Model, Regions},
    names,
    tidy::Structs,
};
use quote::{format_ident, quote};
use std::{collections::BTreeMap, fmt::Write as _};

/// `generated/mod.rs`.
pub(super) fn index(model: &Model) -> Result<String, String> {
    let mut file = RustFile::new("spec/families.toml");
    file.intro("Regions, and the commands of each family as methods.");
    let mut text = String::from("mod regions;\n");
    for family in &model.families {
        let _ = writeln!(text, "mod {};", family.name);
    }
    text.push('\n');
    for family in &model.families {
        let _ = writeln!(
            text,
            "pub use {}::{};",
            family.name,
            names::camel_case(&family.name)
        );
    }
    file.text(text);
    file.render()
}

/// `generated/regions.rs`.
pub(super) fn regions(regions: &Regions) -> Result<String, String> {
    let mut file = RustFile::new(&regions.source);
    file.import("crate", "Region");
    let constants = regions.regions.iter().map(|region| {
        let constant = format_ident!("{}", region.constant);
        let mut text = format!("{}: `{}`.", region.name, region.host);
        if region.retired {
            text.push_str(" Listed only on older vendor pages.");
        }
        if let Some(note) = &region.note {
            let _ = write!(text, "\n\n{}", note.trim());
        }
        let (docs, id, name, host, standby) = (
            doc(&text),
            &region.id,
            &region.name,
            &region.host,
            &region.standby_hosts,
        );
        quote! { #docs pub const #constant: Self = Self::new(#id, #name, #host, &[#(#standby),*]); }
    });
    let all = regions
        .regions
        .iter()
        .map(|region| format_ident!("{}", region.constant));
    file.items(quote! {
        impl Region {
            #(#constants)*
            /// Every region that the spec knows, in its order.
            pub const ALL: &'static [Self] = &[#(Self::#all),*];
        }
    });
    file.render()
}

/// `generated/<family>.rs`.
pub(super) fn facade(
    family: &Family,
    model: &Model,
    structs: &BTreeMap<String, Structs>,
) -> Result<String, String> {
    let singles = Singles::new(family, model, structs);
    let mut file = RustFile::new(&format!("spec/endpoints/{}", family.name));
    file.import("crate", "Call");
    file.import("crate", "Caller");
    file.import("crate", "Client");
    file.import("crate", "IntoRequest");
    let accessor = format_ident!("{}", family.name);
    let facade = format_ident!("{}", names::camel_case(&family.name));
    let docs = doc(&format!(
        "{}\n\nReturned by [`Client::{}`] and by the method of the same name of the blocking client.",
        family.doc.trim(),
        family.name
    ));
    let accessor_docs = doc(family.doc.trim());
    let methods = family
        .modules
        .iter()
        .filter_map(|module| Some((module, module.endpoint.as_ref()?)));
    let methods = methods
        .map(|(module, endpoint)| {
            let name = format_ident!("{}", module.name);
            let request = format_ident!("{}", endpoint.request);
            file.import(
                &format!("tencent_chat_types::{}", family.name),
                &endpoint.request,
            );
            let docs = doc(&format!(
                "{}\n\nSee [`{request}`] for limits, quota, retries and error codes.",
                endpoint.summary.trim()
            ));
            let known_as = aliases(&module.name, names_of_path(&endpoint.path));
            let single = match &endpoint.batch {
                Some(batch) => (batch.single.as_ref())
                    .map(|single| singles.method(module, endpoint, batch, single, &mut file))
                    .transpose()?,
                None => None,
            };
            Ok(quote! {
                #docs
                #known_as
                pub fn #name(self, request: impl IntoRequest<'a, #request>) -> Call<'a, #request, C> {
                    Call::new(self.client, request.convert())
                }
                #single
            })
        })
        .collect::<Result<Vec<_>, String>>()?;
    file.items(quote! {
        #docs
        #[derive(Debug)]
        pub struct #facade<'a, C = Client> {
            client: &'a C,
        }

        impl<C> Clone for #facade<'_, C> {
            fn clone(&self) -> Self {
                *self
            }
        }

        impl<C> Copy for #facade<'_, C> {}

        impl Client {
            #accessor_docs
            pub fn #accessor(&self) -> #facade<'_> {
                #facade { client: self }
            }
        }

        #[cfg(feature = "blocking")]
        impl crate::blocking::Client {
            #accessor_docs
            pub fn #accessor(&self) -> #facade<'_, Self> {
                #facade { client: self }
            }
        }

        impl<'a, C: Caller> #facade<'a, C> {
            #(#methods)*
        }
    });
    file.render()
}
