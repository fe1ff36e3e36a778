//! Implements `Webhook` for an event.

use super::{
    answers::{changes, emit_answer},
    arguments::Start,
    docs::{age, page_address},
    rust_file::RustFile,
    webhook::PATH,
};
use crate::codegen::{
    model::{Field, Module, Role, Webhook},
    names::ident,
    tidy,
};
use proc_macro2::Literal;
use quote::{format_ident, quote};
use std::fmt::Write as _;

/// The possible answers to a webhook: the section after its description.
pub(super) fn event_facts(webhook: &Webhook) -> String {
    let mut text = String::new();
    let _ = writeln!(text, "* Webhook: `{}`", webhook.command);
    let answer = match &webhook.answer {
        Some(_) => format!("determines what happens, see [`{}Answer`]", webhook.event),
        None => "ignored by the service".to_owned(),
    };
    let _ = writeln!(text, "* Answer: {answer}");
    let identity: Vec<String> = (webhook.identity.iter())
        .map(|field| format!("`{}`", field.wire))
        .collect();
    let _ = match identity.as_slice() {
        [] => writeln!(text, "* Identified by: its whole body"),
        fields => writeln!(text, "* Identified by: {}", fields.join(", ")),
    };
    let page = match webhook.page {
        Some(id) => format!("[{}]({})", webhook.title, page_address(id)),
        None => webhook.title.clone(),
    };
    let _ = writeln!(
        text,
        "* Vendor's page: {page}, {}",
        age(webhook.updated.as_ref())
    );
    text
}

/// Implements `Webhook` for an event type, with its answer.
pub(super) fn emit(
    file: &mut RustFile,
    module: &Module,
    webhook: &Webhook,
    (names, tag): (&str, Option<&Field>),
    start: Start<'_>,
    structs: &tidy::Structs,
) -> Result<(), String> {
    let event = ident(&webhook.event);
    // The enum of all webhooks has the name of the key that names one.
    let names = ident(names);
    let command = match tag {
        Some(tag) => {
            let tag = ident(&tag.rust);
            quote! { Some(&self.#tag) }
        }
        None => quote! { None },
    };
    let (family, name, wire) = (&webhook.family, &module.name, &webhook.command);
    let page = webhook.page.map(|page| {
        let page = Literal::u32_unsuffixed(page);
        quote! { .with_page(#page) }
    });
    let (answer, when) = match &webhook.answer {
        Some(_) => (
            format_ident!("{}Answer", webhook.event),
            quote! { When::Before },
        ),
        None => (format_ident!("Acknowledged"), quote! { When::After }),
    };
    let fields: Vec<_> = (webhook.identity.iter())
        .map(|field| ident(&field.rust))
        .collect();
    let identity = match fields.as_slice() {
        [] => quote! { None },
        fields => {
            let names = webhook.identity.iter().map(|field| &field.wire);
            quote! { identity_of(&self.extra, &[#(#names),*], &(#(&self.#fields,)*)) }
        }
    };
    file.items(quote! {
        impl Webhook for #event {
            type Answer = #answer;
            const META: &'static WebhookMeta = &WebhookMeta::new(#family, #name, #wire, #when) #page;

            fn command(&self) -> Option<&#names> {
                #command
            }

            fn identity(&self) -> Option<String> {
                #identity
            }
        }
    });
    for name in [
        "Acknowledged",
        "Webhook",
        "WebhookMeta",
        "When",
        "identity_of",
    ] {
        file.import(PATH, name);
    }
    if let Some(answer) = &webhook.answer {
        file.import("std::ops", "RangeInclusive");
        for name in [
            "Answer",
            "CanDrop",
            "CanRefuse",
            "CodeOutOfRange",
            "Effect",
            "Refusal",
            "coded",
        ] {
            file.import(PATH, name);
        }
        emit_answer(file, webhook, answer);
        if let Some((_, fields)) = &answer.change {
            let reply = (module.objects.iter()).find(|object| object.role == Role::Reply);
            let reply = reply.ok_or_else(|| format!("{} has no reply", webhook.event))?;
            file.items(changes(webhook, reply, fields, start, structs)?);
        }
    }
    Ok(())
}
