//! What all webhooks share: the enum of all events, parameters, indexes.

use super::{
    arguments::named_forms, docs::doc, enums::emit_enum, protocol::query_constants, reexports,
    rust_file::RustFile,
};
use crate::codegen::{
    model::{Family, Model, Module, Role, Webhook, Webhooks},
    names::{WEBHOOK_RUNTIME, ident},
};
use proc_macro2::{Literal, TokenStream};
use quote::quote;
use std::fmt::Write as _;

/// The module of the types crate that contains the generated files.
pub(super) const PATH: &str = "crate::webhook";

/// Types of a webhook that its family's module reexports.
fn public_names(module: &Module, webhook: &Webhook, model: &Model) -> Vec<String> {
    let mut names = vec![webhook.event.clone()];
    names.extend(named_forms(module, model, Role::Event));
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
pub(super) fn family_index(
    webhooks: &Webhooks,
    family: &Family,
    model: &Model,
) -> Result<String, String> {
    let mut file = RustFile::new(&webhooks.source);
    file.intro(&family.doc);
    let mut text = String::new();
    for module in &family.modules {
        let _ = writeln!(text, "pub mod {};", module.name);
    }
    text.push('\n');
    let mut parts = reexports::unique_parts(family.modules.iter(), model);
    for module in &family.modules {
        let Some(webhook) = &module.webhook else {
            continue;
        };
        let mut names = public_names(module, webhook, model);
        names.extend(parts.remove(module.name.as_str()).unwrap_or_default());
        let _ = match names.as_slice() {
            [one] => writeln!(text, "pub use {}::{one};", module.name),
            many => writeln!(text, "pub use {}::{{{}}};", module.name, many.join(", ")),
        };
    }
    text.push_str(&reexports::shared(family.modules.iter(), model));
    file.text(text);
    file.render()
}

/// `generated/webhook/mod.rs`.
pub(super) fn index(webhooks: &Webhooks, model: &Model) -> Result<String, String> {
    let mut file = RustFile::new(&webhooks.source);
    file.intro("The webhooks of each family.");
    let mut text = String::from("mod common;\nmod events;\n");
    if !webhooks.traits.is_empty() {
        text.push_str("mod traits;\n");
    }
    for family in &webhooks.families {
        let _ = writeln!(text, "pub mod {};", family.name);
    }
    text.push_str("pub mod prelude;\n\n");
    text.push_str(&exports(webhooks, model, ""));
    text.push_str(&reexports::shared(modules(webhooks), model));
    file.text(text);
    file.render()
}

/// `generated/webhook/prelude.rs`: everything except the modules of the families, which have the names of those of
/// commands.
pub(super) fn prelude(webhooks: &Webhooks, model: &Model) -> Result<String, String> {
    let mut file = RustFile::new(&webhooks.source);
    file.intro("The names that most apps use: every event with its answer, and their traits.");
    let mut text = exports(webhooks, model, "super::");
    let _ = writeln!(text, "pub use {PATH}::{{{}}};", WEBHOOK_RUNTIME.join(", "));
    file.text(text);
    file.render()
}

fn modules(webhooks: &Webhooks) -> impl Iterator<Item = &Module> {
    webhooks.families.iter().flat_map(|family| &family.modules)
}

/// Every event with its answer and its parts, and what they share.
fn exports(webhooks: &Webhooks, model: &Model, from: &str) -> String {
    let mut text = format!("pub use {from}common::*;\npub use {from}events::*;\n");
    if !webhooks.traits.is_empty() {
        let _ = writeln!(text, "pub use {from}traits::*;");
    }
    let mut parts = reexports::unique_parts(modules(webhooks), model);
    for family in &webhooks.families {
        let _ = writeln!(text, "pub use {from}{}::{{", family.name);
        for module in &family.modules {
            if let Some(webhook) = &module.webhook {
                let mut names = public_names(module, webhook, model);
                names.extend(parts.remove(module.name.as_str()).unwrap_or_default());
                let _ = writeln!(text, "    {},", names.join(", "));
            }
        }
        text.push_str("};\n");
    }
    text
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

        /// Names of the parameters in the query of the app's URL.
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
    file.intro("Every webhook, for lookup by name.");
    file.import(PATH, "event_table");
    // A variant of the enum has the name of the runtime's type.
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
            /// An event that this version doesn't know, with its name and its body.
            Unknown(UnknownEvent),
        }

        /// Facts about every webhook, family by family.
        pub static WEBHOOKS: &[&WebhookMeta] = &[#(#metas),*];
    });
    file.text(table + "\n});");
    file.render()
}
