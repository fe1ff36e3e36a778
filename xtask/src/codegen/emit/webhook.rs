//! What webhooks get beside their structs: answers, the enum of all events, indexes.

use super::{
    docs::{age, doc, field_doc, page_address},
    module::{emit_enum, ident, is_boxed, parameter},
    protocol::query_constants,
    rust_file::RustFile,
};
use crate::codegen::{
    model::{Answer, Each, Family, Field, Module, Object, Refuse, Role, Webhook, Webhooks},
    tidy,
};
use proc_macro2::{Literal, TokenStream};
use quote::{format_ident, quote};
use std::fmt::Write as _;

/// Module of the types crate that the generated files are part of.
pub(super) const PATH: &str = "crate::webhook";

/// What a webhook tells or asks, when, and what may be answered.
pub(super) fn event_doc(module: &Module, webhook: &Webhook) -> String {
    let mut text = format!("{}\n", webhook.summary.trim());
    if !module.doc.trim().is_empty() {
        let _ = write!(text, "\n{}\n", module.doc.trim());
    }
    let _ = writeln!(text, "\n* Webhook: `{}`", webhook.command);
    let answer = match &webhook.answer {
        Some(_) => format!("decides, see [`{}Answer`]", webhook.event),
        None => "ignored by the service".to_owned(),
    };
    let _ = writeln!(text, "* Answer: {answer}");
    let identity: Vec<String> = (webhook.identity.iter())
        .map(|field| format!("`{}`", field.wire))
        .collect();
    let _ = match identity.as_slice() {
        [] => writeln!(text, "* Told from others by: its whole body"),
        fields => writeln!(text, "* Told from others by: {}", fields.join(", ")),
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

/// Makes an event type a webhook, and says what may be answered.
pub(super) fn emit(
    file: &mut RustFile,
    module: &Module,
    webhook: &Webhook,
    (names, tag): (&str, Option<&Field>),
    structs: &tidy::Structs,
) -> Result<(), String> {
    let event = ident(&webhook.event);
    // The enum of all webhooks is called like the key that names one.
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
        for name in ["Answer", "Refusal", "coded"] {
            file.import(PATH, name);
        }
        emit_answer(file, webhook, answer);
        if let Some((_, fields)) = &answer.change {
            let reply = (module.objects.iter()).find(|object| object.role == Role::Reply);
            let reply = reply.ok_or_else(|| format!("{} has no reply", webhook.event))?;
            file.items(changes(webhook, reply, fields, structs)?);
        }
    }
    Ok(())
}

fn refusal((from, to): (i64, i64)) -> TokenStream {
    let (from, to) = (Literal::i64_unsuffixed(from), Literal::i64_unsuffixed(to));
    quote! { Refusal<#from, #to> }
}

/// The enum of what may be answered, and how it travels.
fn emit_answer(file: &mut RustFile, webhook: &Webhook, answer: &Answer) {
    let (event, reply) = (ident(&webhook.event), ident(&answer.reply));
    let name = format_ident!("{}Answer", webhook.event);
    let changes = format_ident!("{}Changes", webhook.event);
    let docs = doc(&format!("What may be answered to [`{}`].", webhook.event));
    let mut variants = TokenStream::new();
    let mut write = TokenStream::new();
    let mut read = TokenStream::new();

    let text = doc(&answer.allow);
    variants.extend(quote! { #text Allow, });
    write.extend(match &answer.each {
        Some(each) => {
            let results = ident(&each.results.0.rust);
            quote! { Self::Allow => reply.#results = Self::results(event, &BTreeMap::new()), }
        }
        None => quote! { Self::Allow => {} },
    });

    if let Some(Refuse {
        code,
        codes,
        doc: text,
    }) = &answer.refuse
    {
        let code = Literal::i64_unsuffixed(*code);
        let text = doc(text);
        variants.extend(quote! { #text Refuse, });
        write.extend(quote! { Self::Refuse => reply.envelope = coded(#code, ""), });
        read.extend(quote! { #code => return Some(Self::Refuse), });
        if let Some(codes) = codes {
            let docs = doc(&format!(
                "As [`Refuse`](Self::Refuse), and the user gets this code, {} to {}, and text.",
                codes.0, codes.1
            ));
            let refusal = refusal(*codes);
            variants.extend(quote! { #docs RefuseWith(#refusal), });
            write.extend(
                quote! { Self::RefuseWith(refusal) => reply.envelope = refusal.envelope(), },
            );
            let (from, to) = (
                Literal::i64_unsuffixed(codes.0),
                Literal::i64_unsuffixed(codes.1),
            );
            read.extend(quote! {
                #from..=#to => return Refusal::of(&reply.envelope).map(Self::RefuseWith),
            });
        }
    }
    if let Some((code, text)) = &answer.drop {
        let code = Literal::i64_unsuffixed(*code);
        let text = doc(text);
        variants.extend(quote! { #text Drop, });
        write.extend(quote! { Self::Drop => reply.envelope = coded(#code, ""), });
        read.extend(quote! { #code => return Some(Self::Drop), });
    }
    if let Some(each) = &answer.each {
        let docs = doc(&format!(
            "{}\n\nHolds who is refused, by `{}`, with a code from {} to {}; the others are allowed.",
            each.doc.trim(),
            each.key.wire,
            each.codes.0,
            each.codes.1
        ));
        let refusal = refusal(each.codes);
        variants.extend(quote! { #docs RefuseSome(BTreeMap<String, #refusal>), });
        let results = ident(&each.results.0.rust);
        write.extend(quote! {
            Self::RefuseSome(refused) => reply.#results = Self::results(event, &refused),
        });
    }
    let mut changed = quote! { Some(Self::Allow) };
    if let Some((text, fields)) = &answer.change {
        let docs = doc(text);
        variants.extend(quote! { #docs Change(#changes), });
        let fields: Vec<_> = fields.iter().map(|field| ident(&field.rust)).collect();
        let allowed = answer.each.as_ref().map(|each| {
            let results = ident(&each.results.0.rust);
            quote! { reply.#results = Self::results(event, &BTreeMap::new()); }
        });
        write.extend(quote! {
            Self::Change(changes) => { #allowed #(reply.#fields = changes.#fields;)* }
        });
        changed = quote! {
            let changes = #changes { #(#fields: reply.#fields),* };
            Some(if changes == #changes::new() { Self::Allow } else { Self::Change(changes) })
        };
    }
    let read_each = answer.each.as_ref().map(|each| {
        let results = ident(&each.results.0.rust);
        let (key, code, info) = (
            ident(&each.result_key.rust),
            ident(&each.code.rust),
            ident(&each.info.rust),
        );
        quote! {
            let mut refused = BTreeMap::new();
            for result in &reply.#results {
                if !result.#code.is_ok() {
                    let refusal = Refusal::new(result.#code.0, result.#info.as_str()).ok()?;
                    refused.insert(result.#key.clone(), refusal);
                }
            }
            if !refused.is_empty() {
                return Some(Self::RefuseSome(refused));
            }
        }
    });
    let results = answer.each.as_ref().map(|each| results(webhook, each));
    let event_used = match answer.each {
        Some(_) => quote! { event },
        None => quote! { _ },
    };
    let only_allows = answer.refuse.is_none()
        && answer.drop.is_none()
        && answer.each.is_none()
        && answer.change.is_none();
    let mutable = (!only_allows).then(|| quote! { mut });
    file.items(quote! {
        #docs
        #[derive(Clone, Debug, PartialEq)]
        #[non_exhaustive]
        pub enum #name {
            #variants
        }

        impl Answer<#event> for #name {
            type Reply = #reply;

            fn allow() -> Self {
                Self::Allow
            }

            fn into_reply(self, #event_used: &#event) -> #reply {
                let #mutable reply = #reply { envelope: Envelope::ok(), ..#reply::default() };
                match self {
                    #write
                }
                reply
            }

            fn from_reply(reply: #reply) -> Option<Self> {
                match reply.envelope.code().0 {
                    0 => {}
                    #read
                    _ => return None,
                }
                #read_each
                #changed
            }
        }

        #results
    });
}

/// How an answer gets a result for each item of the event.
fn results(webhook: &Webhook, each: &Each) -> TokenStream {
    let (name, event) = (
        format_ident!("{}Answer", webhook.event),
        ident(&webhook.event),
    );
    let (items, key, result) = (
        ident(&each.items.0.rust),
        ident(&each.key.rust),
        ident(&each.results.1),
    );
    let refusal = refusal(each.codes);
    quote! {
        impl #name {
            /// One result for each item of the event: zero, or the refusal.
            fn results(event: &#event, refused: &BTreeMap<String, #refusal>) -> Vec<#result> {
                let result = |key: &str| {
                    let refusal = refused.get(key);
                    let (code, text) = (refusal.map_or(0, Refusal::code), refusal.map_or("", Refusal::text));
                    #result::new(key, code, text)
                };
                event.#items.iter().map(|item| result(&item.#key)).collect()
            }
        }
    }
}

/// The parts that an answer can change.
fn changes(
    webhook: &Webhook,
    reply: &Object,
    fields: &[Field],
    structs: &tidy::Structs,
) -> Result<TokenStream, String> {
    let name = format_ident!("{}Changes", webhook.event);
    let docs = doc(&format!(
        "What [`{}Answer::Change`] changes. What is not set stays as it is.",
        webhook.event
    ));
    let mut parts = TokenStream::new();
    let mut setters = TokenStream::new();
    for field in fields {
        let (rust, ty) = (ident(&field.rust), structs.field_type(reply, field)?);
        let docs = doc(&field_doc(field));
        parts.extend(quote! { #docs pub #rust: #ty, });
        let setter = format_ident!(
            "with_{}",
            field.rust.trim_start_matches("r#").trim_end_matches('_')
        );
        let docs = doc(&format!(
            "Sets [`{0}`](Self::{0}).",
            field.rust.trim_start_matches("r#")
        ));
        let (ty, value) = parameter(field, is_boxed(structs, reply, field)?)?;
        setters.extend(quote! {
            #docs
            #[must_use]
            pub fn #setter(mut self, #rust: #ty) -> Self {
                self.#rust = Some(#value);
                self
            }
        });
    }
    Ok(quote! {
        #docs
        #[derive(Clone, Debug, Default, PartialEq)]
        #[non_exhaustive]
        pub struct #name {
            #parts
        }

        impl #name {
            /// Nothing changed yet.
            pub fn new() -> Self {
                Self::default()
            }
            #setters
        }
    })
}

/// Types of a webhook that its family's module passes on.
fn public_names(webhook: &Webhook) -> Vec<String> {
    let mut names = vec![webhook.event.clone()];
    if let Some(answer) = &webhook.answer {
        names.push(format!("{}Answer", webhook.event));
        if answer.change.is_some() {
            names.push(format!("{}Changes", webhook.event));
        }
        names.push(answer.reply.clone());
    }
    names
}

/// `generated/webhook/<family>/mod.rs`.
pub(super) fn family_index(webhooks: &Webhooks, family: &Family) -> Result<String, String> {
    let mut file = RustFile::new(&webhooks.source);
    file.intro(&family.doc);
    let mut text = String::new();
    for module in &family.modules {
        let _ = writeln!(text, "pub mod {};", module.name);
    }
    text.push('\n');
    for module in &family.modules {
        let Some(webhook) = &module.webhook else {
            continue;
        };
        let _ = match public_names(webhook).as_slice() {
            [one] => writeln!(text, "pub use {}::{one};", module.name),
            many => writeln!(text, "pub use {}::{{{}}};", module.name, many.join(", ")),
        };
    }
    file.text(text);
    file.render()
}

/// `generated/webhook/mod.rs`.
pub(super) fn index(webhooks: &Webhooks) -> Result<String, String> {
    let mut file = RustFile::new(&webhooks.source);
    file.intro("The webhooks of each family.");
    let mut text = String::from("mod common;\nmod events;\n");
    for family in &webhooks.families {
        let _ = writeln!(text, "pub mod {};", family.name);
    }
    text.push_str("\npub use common::*;\npub use events::*;\n");
    for family in &webhooks.families {
        let _ = writeln!(text, "pub use {}::{{", family.name);
        let webhooks = family.modules.iter().filter_map(|m| m.webhook.as_ref());
        for webhook in webhooks {
            let _ = writeln!(text, "    {},", public_names(webhook).join(", "));
        }
        text.push_str("};\n");
    }
    file.text(text);
    file.render()
}

/// `generated/webhook/common.rs`: what all webhooks share.
pub(super) fn common(webhooks: &Webhooks) -> Result<String, String> {
    let mut file = RustFile::new(&webhooks.source);
    file.intro("What all webhooks share.");
    let seconds = Literal::u32_unsuffixed(webhooks.timeout_seconds);
    let parameters = query_constants(&webhooks.query);
    file.items(quote! {
        /// Seconds after which the service stops waiting for the app's answer.
        pub const TIMEOUT_SECONDS: u32 = #seconds;

        /// Names of the parameters that the service adds to the query of the app's address.
        pub mod query {
            #parameters
        }
    });
    for def in &webhooks.enums {
        emit_enum(&mut file, def);
    }
    file.render()
}

/// `generated/webhook/events.rs`: every event.
pub(super) fn events(webhooks: &Webhooks) -> Result<String, String> {
    let mut file = RustFile::new("spec/webhooks");
    file.intro("Every webhook, to look up by name.");
    file.import(PATH, "event_table");
    // A variant of the enum is called like the runtime's type.
    file.never_import("Unknown");
    let mut variants = TokenStream::new();
    let mut metas = Vec::new();
    let mut table = String::from("event_table!(Event {");
    for (_, webhook) in webhooks.events() {
        let event = ident(&webhook.event);
        file.import(PATH, &webhook.event);
        let docs = doc(&format!(
            "{} `{}`.",
            webhook.summary.trim(),
            webhook.command
        ));
        variants.extend(quote! { #docs #event(Box<#event>), });
        metas.push(quote! { <#event as Webhook>::META });
        let _ = write!(table, "\n    {:?} => {},", webhook.command, webhook.event);
    }
    for name in ["UnknownEvent", "Webhook", "WebhookMeta"] {
        file.import(PATH, name);
    }
    file.items(quote! {
        /// Any event.
        #[derive(Clone, Debug, PartialEq)]
        #[non_exhaustive]
        pub enum Event {
            #variants
            /// One that this version does not know, with its name and its body.
            Unknown(UnknownEvent),
        }

        /// Facts about every webhook, family by family.
        pub static WEBHOOKS: &[&WebhookMeta] = &[#(#metas),*];
    });
    file.text(table + "\n});");
    file.render()
}
