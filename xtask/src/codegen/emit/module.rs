//! Composes a module of types from its objects, enums and unions.

use super::{
    arguments::Start,
    conversions, docs,
    enums::{emit_enum, emit_union},
    events,
    made_of::Types,
    objects,
    rust_file::RustFile,
    tags, webhook,
};
use crate::codegen::{
    model::{Model, Module, Role},
    tidy::Structs,
};
use std::collections::BTreeMap;

/// The text of a module's file.
pub(super) fn emit(
    module: &Module,
    model: &Model,
    structs: &BTreeMap<String, Structs>,
) -> Result<String, String> {
    let structs = structs.get(&module.source);
    let structs = structs.ok_or_else(|| format!("no structs of {}", module.source))?;
    let mut file = RustFile::new(&module.source);
    match (&module.endpoint, &module.webhook) {
        (Some(endpoint), _) => file.intro(&format!("`POST {}`: {}", endpoint.path, endpoint.title)),
        (None, Some(webhook)) => file.intro(&format!("`{}`: {}", webhook.command, webhook.title)),
        (None, None) => file.intro(&module.doc),
    }
    intro_of_errata(module, &mut file);
    for shared in &model.shared {
        if shared.source != module.source {
            let path = format!("crate::model::{}", shared.name);
            let names = shared.objects.iter().map(|o| &o.name);
            let names = names.chain(shared.enums.iter().map(|e| &e.name));
            let readers = shared
                .enums
                .iter()
                .filter_map(|def| Some(&def.tags.as_ref()?.reader));
            let names = names.chain(readers);
            for name in names.chain(shared.unions.iter().map(|u| &u.name)) {
                file.import(&path, name);
            }
        }
    }
    // Also the name of a class of errors, so it is not imported wherever it occurs.
    if (module.endpoint.as_ref()).is_some_and(|endpoint| !endpoint.quotas.is_empty()) {
        file.import("crate", "Quota");
    }
    for def in model.webhooks.iter().filter(|_| module.webhook.is_some()) {
        for shared in &def.enums {
            file.import(webhook::PATH, &shared.name);
        }
    }
    for object in &module.objects {
        objects::emit(&mut file, module, model, object, structs)?;
        if let (Role::Event, Some(webhook), Some(all)) =
            (object.role, &module.webhook, &model.webhooks)
        {
            let tag = object.fields.iter().find(|field| field.wire == all.tag);
            let start = Start::of(module, model);
            events::emit(&mut file, module, webhook, (&all.tag, tag), start, structs)?;
        }
    }
    for def in &module.enums {
        emit_enum(&mut file, def);
        if let Some(tags) = &def.tags {
            tags::emit_reader(&mut file, def, tags);
        }
    }
    for def in &module.unions {
        emit_union(&mut file, def);
        conversions::emit_union(&mut file, def, Types::new(module, model));
    }
    file.render()
}

fn intro_of_errata(module: &Module, file: &mut RustFile) {
    if module.errata.is_empty() {
        return;
    }
    file.intro("\n# Where the sources disagree");
    for erratum in &module.errata {
        file.intro(&docs::erratum(erratum));
    }
}
