//! What the simulator gets: a reply of each command, for those that it does not act out.

use super::rust_file::RustFile;
use crate::codegen::load::Spec;
use proc_macro2::TokenStream;
use quote::quote;
use serde_json::Value;

/// `generated/samples.rs`: path and the first sample reply that is a success.
pub(super) fn samples(spec: &Spec) -> Result<String, String> {
    let mut file = RustFile::new("spec/endpoints");
    file.intro("A successful reply of every command, from the samples of its spec file.");
    let rows = spec.endpoints.iter().filter_map(|endpoint| {
        let replies = endpoint
            .file
            .samples
            .iter()
            .filter_map(|sample| sample.reply.as_ref());
        let reply = replies
            .filter_map(|text| serde_json::from_str::<Value>(text).ok())
            .find(is_success)?;
        let (path, reply) = (&endpoint.file.path.value, reply.to_string());
        Some(quote! { (#path, #reply) })
    });
    let rows: Vec<TokenStream> = rows.collect();
    file.items(quote! {
        /// Path and reply.
        pub(crate) static SAMPLES: &[(&str, &str)] = &[#(#rows),*];
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
