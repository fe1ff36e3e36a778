//! Documentation of generated items.

use crate::codegen::{
    model::{Endpoint, Errors, Paging, Repeat},
    spec::{Date, Edition, Erratum, ItemOrder, Quota},
    tidy::doc_lines,
};
use proc_macro2::TokenStream;
use quote::quote;
use std::{collections::BTreeSet, fmt::Write as _};

/// Address of a page of the vendor's documentation.
pub(super) fn page_address(id: u32) -> String {
    format!("https://www.tencentcloud.com/document/product/1047/{id}")
}

/// `#[doc]` attributes: one per line, so that they print as `///`.
pub(super) fn doc(text: &str) -> TokenStream {
    let lines = doc_lines(text);
    quote! { #(#[doc = #lines])* }
}

/// `#[doc(alias)]` for wire names, so that a search finds items that have a different name here. The search ignores
/// case and underscores, so names that differ only in these need no alias.
pub(super) fn aliases<'n>(rust: &str, wires: impl IntoIterator<Item = &'n str>) -> TokenStream {
    let spoken = |name: &str| -> String {
        let letters = name.chars().filter(char::is_ascii_alphanumeric);
        letters.map(|letter| letter.to_ascii_lowercase()).collect()
    };
    let is_other = |wire: &&str| spoken(wire) != spoken(rust) && is_alias(wire);
    let names: BTreeSet<&str> = wires.into_iter().filter(is_other).collect();
    let names = names.iter();
    quote! { #(#[doc(alias = #names)])* }
}

/// Whether rustdoc accepts it as an alias.
fn is_alias(name: &str) -> bool {
    !name.is_empty()
        && !name.contains(|c: char| c.is_whitespace() || c.is_control() || "\"'".contains(c))
}

/// The names by which people know a command: its path, and the path's end.
pub(super) fn names_of_path(path: &str) -> [&str; 2] {
    [path, path.rsplit('/').next().unwrap_or(path)]
}

/// The first sentence of a text.
pub(super) fn first_sentence(text: &str) -> &str {
    let text = text.trim();
    let ends = text.match_indices(". ").chain(text.match_indices(".\n"));
    let end = ends.map(|(stop, _)| stop + 1).min();
    &text[..end.unwrap_or(text.len())]
}

/// The date of the text that a file was compared with.
pub(super) fn age(updated: Option<&Date>) -> String {
    match updated {
        Some(day) => format!("as of {}", day.0),
        None => "date unknown".to_owned(),
    }
}

/// What a source says, what this crate does, and why: one line each.
pub(super) fn erratum(erratum: &Erratum) -> String {
    let line = |text: &str| {
        let text = text.trim().replace('\n', " ");
        text.trim_end_matches('.').to_owned()
    };
    format!(
        "\n{}:\n* Source says: {}.\n* This crate: {}.\n* Why: {}.",
        capitalized(&line(&erratum.place)),
        line(&erratum.says),
        line(&erratum.hold),
        line(&erratum.because),
    )
}

/// Capitalizes the start of a line, unless it is an address.
fn capitalized(text: &str) -> String {
    let word = text.split(' ').next().unwrap_or_default();
    let mut chars = text.chars();
    match chars.next() {
        Some(first) if !word.contains('.') => first.to_uppercase().chain(chars).collect(),
        _ => text.to_owned(),
    }
}

/// The order of the items of all pages.
fn order(paging: &Paging) -> &'static str {
    match (paging.order, paging.reversed_pages) {
        (Some(ItemOrder::NewestFirst), false) => "newest first",
        (Some(ItemOrder::NewestFirst), true) => {
            "newest first, although each reply lists its items oldest first"
        }
        (Some(ItemOrder::OldestFirst), false) => "oldest first",
        (Some(ItemOrder::OldestFirst), true) => {
            "oldest first, although each reply lists its items newest first"
        }
        (None, _) => "not documented; items are in the order of the replies",
    }
}

/// Cost and errors of a command: the section after its description.
pub(super) fn endpoint_facts(endpoint: &Endpoint, errors: &Errors) -> String {
    let mut text = String::new();
    let _ = writeln!(text, "* Command: `POST {}`", endpoint.path);
    let _ = writeln!(text, "* Quota: {}", quotas(&endpoint.quotas));
    let _ = writeln!(
        text,
        "* Retry: {}",
        repeat(&endpoint.repeat, endpoint.duplicate_seconds)
    );
    for (constant, bound) in &endpoint.capacity {
        let (most, of) = (grouped(bound.value.value), bound.of.trim());
        let request = &endpoint.request;
        let _ = writeln!(
            text,
            "* At most {most} {of}: [`{constant}`]({request}::{constant})"
        );
    }
    if !endpoint.one_of.is_empty() {
        let names: Vec<String> = (endpoint.one_of.iter())
            .map(|field| format!("`{}`", field.wire))
            .collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let _ = writeln!(text, "* Send exactly one of {}", listed(&names));
    }
    if !endpoint.regions.is_empty() {
        let names: Vec<&str> = endpoint
            .regions
            .iter()
            .map(|(_, name)| name.as_str())
            .collect();
        let _ = writeln!(text, "* Regions: only {}", listed(&names));
    }
    if let Some(paging) = &endpoint.paging {
        let _ = writeln!(text, "* Order of the items: {}", order(paging));
    }
    if let Some(batch) = &endpoint.batch {
        let _ = writeln!(text, "* {}", super::batch::fact(batch));
    }
    let page = match endpoint.page {
        Some(id) => format!("[{}]({})", endpoint.title, page_address(id)),
        None => endpoint.title.clone(),
    };
    let _ = writeln!(
        text,
        "* Vendor's page: {page}, {}",
        age(endpoint.updated.as_ref())
    );
    if !endpoint.errors.is_empty() {
        text.push_str("\n# Error codes\n\n| code | constant | meaning |\n|---|---|---|\n");
        for (code, note) in &endpoint.errors {
            let service = endpoint.path.split('/').nth(1).unwrap_or_default();
            let meaning = note
                .as_deref()
                .or_else(|| Some(errors.of_service(*code, service)?.meaning.as_str()))
                .unwrap_or_default();
            let own = endpoint.retry_after.iter().find(|(timed, _)| timed == code);
            let general = errors
                .of_service(*code, service)
                .and_then(|known| known.retry_after.as_ref());
            let seconds = own
                .map(|(_, seconds)| *seconds)
                .or(general.map(|after| after.value));
            let after = seconds.map_or_else(String::new, |seconds| {
                format!(" A retry can't succeed for {seconds} seconds.")
            });
            // A code in a range for apps has no constant.
            let constant = errors
                .of_service(*code, service)
                .map_or_else(String::new, |known| {
                    format!("[`{0}`](ErrorCode::{0})", known.name.value)
                });
            let _ = writeln!(
                text,
                "| {code} | {constant} | {}{after} |",
                meaning.trim().replace('\n', " ").replace('|', "\\|")
            );
        }
    }
    text
}

/// A number with thousands separators.
pub(super) fn grouped(number: u32) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + 3);
    for (at, digit) in digits.char_indices() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn quotas(quotas: &[Quota]) -> String {
    let all: Vec<String> = quotas.iter().map(quota).collect();
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    match all.as_slice() {
        [] => "not documented".to_owned(),
        all => format!("{}, unless the plan sets another limit", listed(all)),
    }
}

fn quota(quota: &Quota) -> String {
    let amount = quota.amount();
    let unit = match &quota.of {
        None => calls_word(amount).to_owned(),
        Some(of) => format!("entries of `{of}`"),
    };
    let window = match quota.seconds {
        1 => "per second".to_owned(),
        60 => "per minute".to_owned(),
        86400 => "per day".to_owned(),
        seconds => format!("per {seconds} seconds"),
    };
    let edition = match quota.edition {
        None => "",
        Some(Edition::Free) => " with free editions",
        Some(Edition::Paid) => " with paid editions",
    };
    format!("{amount} {unit} {window}{edition}")
}

/// `A`, `A and B`, `A, B and C`.
pub(super) fn listed(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [rest @ .., last] => format!("{} and {last}", rest.join(", ")),
    }
}

fn calls_word(calls: u32) -> &'static str {
    if calls == 1 { "call" } else { "calls" }
}

fn repeat(repeat: &Repeat, duplicate_seconds: Option<u32>) -> String {
    match repeat {
        Repeat::Read => "safe; the command changes nothing".to_owned(),
        Repeat::Idempotent => "safe; repeating the call leaves the same state".to_owned(),
        Repeat::Unsafe => {
            "unsafe; the call takes effect again, so repeat it only if it never arrived".to_owned()
        }
        Repeat::IdempotentWith(fields) => {
            let fields: Vec<String> = fields.iter().map(|field| format!("`{field}`")).collect();
            format!(
                "safe with {}: repeating the call leaves the same state; without, it also affects what happened \
                 in between",
                fields.join(" and ")
            )
        }
        Repeat::DeduplicatedBy(fields) => {
            let fields: Vec<String> = fields.iter().map(|field| format!("`{field}`")).collect();
            let stay = if fields.len() == 1 { "stays" } else { "stay" };
            let within = match duplicate_seconds {
                None => String::new(),
                Some(1) => " within a second".to_owned(),
                Some(seconds) => format!(" within {seconds} seconds"),
            };
            format!(
                "safe while {} {stay} the same: the server drops the duplicate{within}",
                fields.join(" and ")
            )
        }
    }
}
