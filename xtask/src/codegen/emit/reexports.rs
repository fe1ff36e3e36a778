//! Reexports in a family's module besides its commands: the types in their files, and the shared types that these use.

use super::arguments::named_forms;
use crate::codegen::{
    model::{Holds, Model, Module, Role, Type},
    names::REQUIRED,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
};

/// The parts, enums and unions of a module, and their builders.
pub(super) fn parts(module: &Module, model: &Model) -> Vec<String> {
    let objects = (module.objects.iter()).filter(|object| object.role == Role::Part);
    let mut names: Vec<String> = objects.map(|object| object.name.clone()).collect();
    names.extend(module.enums.iter().map(|def| def.name.clone()));
    names.extend(module.unions.iter().map(|def| def.name.clone()));
    names.extend(others(module).map(|(name, _)| name.to_owned()));
    names.extend(named_forms(module, model, Role::Part));
    names.sort_unstable();
    names
}

/// The parts of each of several modules, by module. A name that several of them use is not reexported.
pub(super) fn unique_parts<'m>(
    modules: impl Iterator<Item = &'m Module>,
    model: &Model,
) -> BTreeMap<&'m str, Vec<String>> {
    let mut of_modules: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    let mut uses: BTreeMap<String, usize> = BTreeMap::new();
    for module in modules {
        let names = parts(module, model);
        let others = module
            .objects
            .iter()
            .filter(|object| object.role != Role::Part);
        for name in others.map(|object| &object.name).chain(&names) {
            *uses.entry(name.clone()).or_default() += 1;
        }
        of_modules.insert(&module.name, names);
    }
    for names in of_modules.values_mut() {
        names.retain(|name| uses.get(name) == Some(&1));
    }
    of_modules
}

/// Names derived from unions and enums: builders for lists of elements, traits for reading by tag.
fn others(module: &Module) -> impl Iterator<Item = (&str, &str)> {
    let lists = (module.unions.iter()).filter_map(|def| Some((def.list.as_deref()?, &*def.name)));
    let readers = module
        .enums
        .iter()
        .filter_map(|def| Some((&def.tags.as_ref()?.reader, def)));
    lists.chain(readers.map(|(reader, def)| (&**reader, &*def.name)))
}

/// The `pub use` lines for the shared types that the fields of these modules use.
pub(super) fn shared<'m>(modules: impl Iterator<Item = &'m Module>, model: &'m Model) -> String {
    let fields = modules
        .flat_map(|module| &module.objects)
        .flat_map(|object| &object.fields);
    let mut open: Vec<&str> = fields.filter_map(|field| named(&field.ty)).collect();
    let mut found: BTreeSet<&str> = BTreeSet::new();
    while let Some(name) = open.pop() {
        if found.insert(name) {
            open.extend(held_by(name, model));
        }
    }
    let mut text = String::new();
    for module in &model.shared {
        let mut names = parts(module, model);
        names.retain(|name| {
            let made_of = others(module).find(|(other, _)| *other == name);
            let of = made_of.map_or(name.as_str(), |(_, of)| of);
            found.contains(of)
                || of
                    .strip_suffix(REQUIRED)
                    .is_some_and(|of| found.contains(of))
        });
        if !names.is_empty() {
            let _ = writeln!(
                text,
                "pub use crate::model::{}::{{{}}};",
                module.name,
                names.join(", ")
            );
        }
    }
    text
}

/// The types in the fields of a shared object, or in the variants of a shared union.
fn held_by<'m>(name: &'m str, model: &'m Model) -> impl Iterator<Item = &'m str> {
    let objects = (model.shared.iter()).flat_map(|module| &module.objects);
    let fields = objects
        .filter(move |object| object.name == name)
        .flat_map(|object| &object.fields);
    let unions = model.shared.iter().flat_map(|module| &module.unions);
    let variants = unions
        .filter(move |def| def.name == name)
        .flat_map(|def| &def.variants);
    let enums = model.shared.iter().flat_map(|module| &module.enums);
    let tags = enums
        .filter(move |def| def.name == name)
        .filter_map(|def| def.tags.as_ref());
    let of_tags = tags.flat_map(|tags| {
        let held = tags
            .holds
            .iter()
            .filter_map(|(_, _, holds, _)| match holds {
                Holds::Enum(name) => Some(name.as_str()),
                _ => None,
            });
        held.chain(tags.includes.as_deref())
    });
    (fields.filter_map(|field| named(&field.ty)))
        .chain(variants.map(|variant| variant.ty.as_str()))
        .chain(of_tags)
}

/// The named type within a type, at any depth.
fn named(ty: &Type) -> Option<&str> {
    match ty {
        Type::Named(name, _) => Some(name),
        Type::List(item) | Type::Map(item) => named(item),
        _ => None,
    }
}
