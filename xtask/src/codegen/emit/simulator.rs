//! What the simulator gets: a reply of each command, for those that it does not act out.

use super::rust_file::RustFile;
use crate::codegen::load::Spec;
use proc_macro2::TokenStream;
use quote::quote;
use serde_json::Value;

/// `generated/samples.rs`: path, and the first sample whose reply is a success; one with a request, if
/// there is one.
pub(super) fn samples(spec: &Spec) -> Result<String, String> {
    let mut file = RustFile::new("spec/endpoints");
    file.intro("A successful call of every command, from the samples of its spec file.");
    let rows = spec.endpoints.iter().filter_map(|endpoint| {
        let json = |text: &str| serde_json::from_str::<Value>(text).ok();
        let samples = endpoint.file.samples.iter().filter_map(|sample| {
            let reply = json(sample.reply.as_ref()?).filter(is_success)?;
            let request = sample.request.as_ref().and_then(|text| json(text));
            Some((request, reply))
        });
        let mut samples: Vec<(Option<Value>, Value)> = samples.collect();
        samples.sort_by_key(|(request, _)| request.is_none());
        let (request, reply) = samples.into_iter().next()?;
        let request = request.unwrap_or_else(|| Value::Object(serde_json::Map::new()));
        let (request, reply) = (request.to_string(), reply.to_string());
        let path = &endpoint.file.path.value;
        Some(quote! { Sample { path: #path, request: #request, reply: #reply } })
    });
    let rows: Vec<TokenStream> = rows.collect();
    file.items(quote! {
        /// A call as the documentation shows it.
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
