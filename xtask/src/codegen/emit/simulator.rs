//! The generated part of the simulator: a reply for each command that it doesn't implement.

use super::rust_file::RustFile;
use crate::codegen::model::{Model, Module};
use proc_macro2::TokenStream;
use quote::quote;
use serde_json::Value;

/// `generated/samples.rs`: path, and the first sample with a successful reply; with a request, if
/// there is one.
pub(super) fn samples(model: &Model) -> Result<String, String> {
    let mut file = RustFile::new("spec/endpoints");
    file.intro("A successful call of every command, from the samples of its spec file.");
    let modules = model.families.iter().flat_map(|family| &family.modules);
    let mut modules: Vec<&Module> = modules.collect();
    modules.sort_by_key(|module| &module.source);
    let rows = modules.into_iter().filter_map(|module| {
        let path = &module.endpoint.as_ref()?.path;
        let samples = module.samples.iter().filter_map(|sample| {
            let reply = sample.reply.as_ref().filter(|reply| is_success(reply))?;
            Some((sample.request.as_ref(), reply))
        });
        let mut samples: Vec<(Option<&Value>, &Value)> = samples.collect();
        samples.sort_by_key(|(request, _)| request.is_none());
        let (request, reply) = samples.into_iter().next()?;
        let request = request.map_or_else(|| "{}".to_owned(), Value::to_string);
        let reply = reply.to_string();
        Some(quote! { Sample { path: #path, request: #request, reply: #reply } })
    });
    let rows: Vec<TokenStream> = rows.collect();
    file.items(quote! {
        /// A documented call.
        pub(crate) struct Sample {
            pub(crate) path: &'static str,
            pub(crate) request: &'static str,
            pub(crate) reply: &'static str,
        }

        /// A sample of every command.
        pub(crate) static SAMPLES: &[Sample] = &[#(#rows),*];
    });
    file.render()
}

/// `generated/mod.rs`.
pub(super) fn index() -> Result<String, String> {
    let mut file = RustFile::new("spec/endpoints");
    file.text("pub(crate) mod samples;".to_owned());
    file.render()
}

fn is_success(reply: &Value) -> bool {
    let status = reply["ActionStatus"].as_str().unwrap_or_default();
    reply["ErrorCode"].as_i64().unwrap_or_default() == 0 && !status.eq_ignore_ascii_case("FAIL")
}
