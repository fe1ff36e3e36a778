//! Stage 7: structs and model become Rust.
//!
//! There is one file for each kind of generated file (`module`, `catalogue`, …) and for each part of a module
//! (`objects`, `constructors`, `paging`, …). None contains the name of a command, a field or a code.

mod answers;
mod arguments;
mod batch;
mod capacity;
mod catalogue;
mod client;
mod constructors;
mod conversions;
mod docs;
mod endpoints;
mod enums;
mod errors;
mod event_traits;
mod events;
mod limits;
mod made_of;
mod module;
mod objects;
mod paging;
mod protocol;
mod reexports;
mod rust_file;
mod setters;
mod simulator;
mod single;
mod tags;
mod usersig;
mod webhook;

use super::{
    folders::{CLIENT, SIMULATOR, TYPES, USERSIG},
    model::Model,
    tidy::Structs,
    tree::Tree,
};
use std::collections::BTreeMap;

/// All generated Rust files.
///
/// # Errors
///
/// Disagreements between stages: bugs of the generator, not of the spec.
pub fn emit(
    model: &Model,
    structs: &BTreeMap<String, Structs>,
    tree: &mut Tree,
) -> Result<(), String> {
    for module in &model.shared {
        tree.insert(
            format!("{TYPES}/shared/{}.rs", module.name),
            module::emit(module, model, structs)?,
        );
    }
    for family in &model.families {
        for module in &family.modules {
            tree.insert(
                format!("{TYPES}/{}/{}.rs", family.name, module.name),
                module::emit(module, model, structs)?,
            );
        }
        tree.insert(
            format!("{TYPES}/{}/mod.rs", family.name),
            catalogue::family_index(family, model)?,
        );
        tree.insert(
            format!("{CLIENT}/{}.rs", family.name),
            client::facade(family, model, structs)?,
        );
    }
    if let Some(webhooks) = &model.webhooks {
        let folder = format!("{TYPES}/webhook");
        for family in &webhooks.families {
            for module in &family.modules {
                tree.insert(
                    format!("{folder}/{}/{}.rs", family.name, module.name),
                    module::emit(module, model, structs)?,
                );
            }
            tree.insert(
                format!("{folder}/{}/mod.rs", family.name),
                webhook::family_index(webhooks, family, model)?,
            );
        }
        tree.insert(format!("{folder}/mod.rs"), webhook::index(webhooks, model)?);
        tree.insert(
            format!("{folder}/prelude.rs"),
            webhook::prelude(webhooks, model)?,
        );
        tree.insert(format!("{folder}/common.rs"), webhook::common(webhooks)?);
        tree.insert(format!("{folder}/events.rs"), webhook::events(webhooks)?);
        if !webhooks.traits.is_empty() {
            let traits = event_traits::emit(webhooks, model, structs)?;
            tree.insert(format!("{folder}/traits.rs"), traits);
        }
    }
    tree.insert(
        format!("{TYPES}/shared/mod.rs"),
        catalogue::shared_index(model)?,
    );
    tree.insert(format!("{TYPES}/mod.rs"), catalogue::index(model)?);
    tree.insert(format!("{TYPES}/prelude.rs"), catalogue::prelude(model)?);
    tree.insert(
        format!("{TYPES}/catalogue.rs"),
        catalogue::catalogue(model)?,
    );
    tree.insert(
        format!("{TYPES}/protocol.rs"),
        protocol::emit(&model.protocol, structs)?,
    );
    tree.insert(
        format!("{TYPES}/error_codes.rs"),
        errors::emit(&model.errors)?,
    );
    tree.insert(format!("{CLIENT}/mod.rs"), client::index(model)?);
    tree.insert(
        format!("{CLIENT}/regions.rs"),
        client::regions(&model.regions)?,
    );
    tree.insert(format!("{SIMULATOR}/mod.rs"), simulator::index()?);
    tree.insert(
        format!("{SIMULATOR}/samples.rs"),
        simulator::samples(model)?,
    );
    let usersig = &model.usersig;
    tree.insert(format!("{USERSIG}/params.rs"), usersig::params(usersig)?);
    tree.insert(format!("{USERSIG}/mod.rs"), usersig::index(usersig)?);
    Ok(())
}
