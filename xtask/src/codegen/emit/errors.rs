//! The table of error codes.

use super::{docs::doc, rust_file::RustFile};
use crate::codegen::{
    model::Errors,
    spec::{At, ErrorClass, ErrorRepeat, Setting},
};
use proc_macro2::{Literal, TokenStream};
use quote::{format_ident, quote};

pub(super) fn emit(errors: &Errors) -> Result<String, String> {
    let mut file = RustFile::new(&errors.source);
    let constants = errors.codes.iter().map(|code| {
        let name = format_ident!("{}", code.name.value);
        let services: Vec<String> = (code.services.iter())
            .map(|service| format!("`{}`", service.value))
            .collect();
        let scope = match services.as_slice() {
            [] => String::new(),
            services => format!(" from {}", services.join(", ")),
        };
        let docs = doc(&format!(
            "{}{scope}: {}",
            code.code.value,
            code.meaning.trim()
        ));
        let value = Literal::i64_unsuffixed(code.code.value);
        quote! { #docs pub const #name: Self = Self(#value); }
    });
    file.items(quote! { impl ErrorCode { #(#constants)* } });
    let codes = errors.codes.iter().map(|code| {
        let number = code.code.value;
        info(
            ((number, number), &code.services),
            &code.name,
            code.class,
            code.repeat,
            &code.meaning,
            code.advice.as_deref(),
            (
                code.retry_after.as_ref().map(|after| after.value),
                &code.settings,
            ),
        )
    });
    let ranges = errors.ranges.iter().map(|range| {
        let numbers = (range.from.value, range.to);
        info(
            (numbers, &range.services),
            &range.name,
            range.class,
            range.repeat,
            &range.meaning,
            range.advice.as_deref(),
            (None, &[]),
        )
    });
    file.items(quote! {
        /// Every public code, in ascending order.
        pub(crate) static CODES: &[ErrorCodeInfo] = &[#(#codes),*];

        /// Ranges of codes that the app itself defines.
        pub(crate) static RANGES: &[ErrorCodeInfo] = &[#(#ranges),*];
    });
    file.render()
}

fn info(
    ((from, to), services): ((i64, i64), &[At<String>]),
    name: &str,
    class: ErrorClass,
    repeat: ErrorRepeat,
    meaning: &str,
    advice: Option<&str>,
    (retry_after, settings): (Option<u32>, &[Setting]),
) -> TokenStream {
    let class = format_ident!("{}", format!("{class:?}"));
    let repeat = match repeat {
        ErrorRepeat::Never => quote! { Never },
        ErrorRepeat::Later => quote! { Later },
        ErrorRepeat::RenewUsersig => quote! { RenewUserSig },
    };
    let (from, to) = (Literal::i64_unsuffixed(from), Literal::i64_unsuffixed(to));
    let meaning = meaning.trim();
    let advice = match advice.map(str::trim) {
        Some(advice) => quote! { Some(#advice) },
        None => quote! { None },
    };
    let retry_after = retry_after.map(|seconds| {
        let seconds = Literal::u32_unsuffixed(seconds);
        quote! { .with_retry_after(#seconds) }
    });
    let settings = (!settings.is_empty()).then(|| {
        let names = settings.iter().map(|setting| format_ident!("{setting:?}"));
        quote! { .with_settings(&[#(Setting::#names),*]) }
    });
    let services = services.iter().map(|service| &service.value);
    let services: Vec<&String> = services.collect();
    let services = match services.as_slice() {
        [] => quote! {},
        services => quote! { .with_services(&[#(#services),*]) },
    };
    quote! {
        ErrorCodeInfo::new((#from, #to), #name, ErrorClass::#class, ErrorRepeat::#repeat, #meaning, #advice)
            #services #retry_after #settings
    }
}
