//! No file imports, directly or through others, from a file that imports from it, so each can be read, moved
//! and tested together with only the files below it. A re-export counts as the file that defines the item.
//! Imports of generated files do not count: they add constants to hand-written types, which look them up.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};
use syn::{
    Expr, Item, ItemMod, ItemUse, Macro, Token, UseTree, Visibility, parse::Parser,
    punctuated::Punctuated, visit_mut::VisitMut,
};

/// A path of names from the root of the crate: `["codegen", "emit"]`.
type Names = Vec<String>;
/// The files of a crate, by module.
type Files = BTreeMap<Names, syn::File>;

fn files(crate_folder: &Path) -> Files {
    let root = crate_folder.join("src");
    let (mut open, mut found) = (vec![root.clone()], Files::new());
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(
                fs::read_dir(&path)
                    .unwrap()
                    .map(|entry| entry.unwrap().path()),
            );
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            let place = path.strip_prefix(&root).unwrap().with_extension("");
            let mut module: Names = place
                .iter()
                .map(|part| part.to_str().unwrap().to_owned())
                .collect();
            module.pop_if(|last| ["lib", "mod"].contains(&last.as_str()));
            found.insert(
                module,
                syn::parse_file(&fs::read_to_string(&path).unwrap()).unwrap(),
            );
        }
    }
    found
}

/// Every path of a `use`, with the name that it brings into scope.
fn used(tree: &UseTree, before: &Names) -> Vec<(String, Names)> {
    let leaf = |name: String, last: String| vec![(name, [&before[..], &[last]].concat())];
    match tree {
        UseTree::Name(name) if name.ident == "self" => {
            vec![(before.last().cloned().unwrap_or_default(), before.clone())]
        }
        UseTree::Name(name) => leaf(name.ident.to_string(), name.ident.to_string()),
        UseTree::Rename(name) => leaf(name.rename.to_string(), name.ident.to_string()),
        UseTree::Glob(_) => leaf("*".into(), "*".into()),
        UseTree::Path(path) => used(
            &path.tree,
            &[&before[..], &[path.ident.to_string()]].concat(),
        ),
        UseTree::Group(group) => group
            .items
            .iter()
            .flat_map(|tree| used(tree, before))
            .collect(),
    }
}

/// A path as seen in a module, from the root of the crate; `None` for a path into another crate.
fn absolute(files: &Files, scope: &Names, path: &Names) -> Option<Names> {
    let mut place = scope.clone();
    let mut rest = &path[..];
    match path.first()?.as_str() {
        "crate" => (place, rest) = (Names::new(), &path[1..]),
        "self" => rest = &path[1..],
        "super" => {}
        first if files.contains_key(&[&scope[..], &[first.to_owned()]].concat()) => {}
        _ => return None,
    }
    while rest.first().is_some_and(|name| name == "super") {
        place.pop();
        rest = &rest[1..];
    }
    Some([&place[..], rest].concat())
}

/// The file that defines the target of a path, past all re-exports.
fn file_of(files: &Files, scope: &Names, path: &Names) -> Option<Names> {
    let full = absolute(files, scope, path)?;
    let module = (0..=full.len()).rev().map(|end| full[..end].to_vec());
    let module = module
        .into_iter()
        .find(|module| files.contains_key(module))?;
    let rest = &full[module.len()..];
    for item in &files[&module].items {
        if let (Item::Use(item), Some(first)) = (item, rest.first()) {
            let again = used(&item.tree, &Names::new())
                .into_iter()
                .find(|(name, _)| name == first);
            if let Some((_, path)) = again {
                return file_of(files, &module, &[&path[..], &rest[1..]].concat());
            }
        }
    }
    Some(module)
}

/// Collects the files from which a file imports.
struct Imports<'a> {
    files: &'a Files,
    scope: Names,
    found: BTreeSet<Names>,
}

impl VisitMut for Imports<'_> {
    fn visit_item_use_mut(&mut self, item: &mut ItemUse) {
        for (_, path) in used(&item.tree, &Names::new()) {
            self.found.extend(file_of(self.files, &self.scope, &path));
        }
    }

    fn visit_path_mut(&mut self, path: &mut syn::Path) {
        let names = path
            .segments
            .iter()
            .map(|part| part.ident.to_string())
            .collect();
        self.found.extend(file_of(self.files, &self.scope, &names));
        syn::visit_mut::visit_path_mut(self, path);
    }

    fn visit_item_mod_mut(&mut self, item: &mut ItemMod) {
        self.scope.push(item.ident.to_string());
        syn::visit_mut::visit_item_mod_mut(self, item);
        self.scope.pop();
    }

    /// `pub(super)` imports nothing from the parent.
    fn visit_visibility_mut(&mut self, _: &mut Visibility) {}

    /// Arguments of `format!` and similar macros; the output of `quote!` belongs to another crate.
    fn visit_macro_mut(&mut self, call: &mut Macro) {
        let arguments = Punctuated::<Expr, Token![,]>::parse_terminated.parse2(call.tokens.clone());
        if let (false, Ok(arguments)) = (call.path.is_ident("quote"), arguments) {
            arguments
                .into_iter()
                .for_each(|mut argument| self.visit_expr_mut(&mut argument));
        }
    }
}

/// The imports that are part of a circle, one per line.
fn circles(files: &Files) -> Vec<String> {
    let imports: BTreeMap<&Names, BTreeSet<Names>> = (files.iter())
        .map(|(module, file)| {
            let (scope, found) = (module.clone(), BTreeSet::new());
            let mut imports = Imports {
                files,
                scope,
                found,
            };
            if !module.iter().any(|name| name == "generated") {
                imports.visit_file_mut(&mut file.clone());
            }
            imports.found.remove(module);
            (module, imports.found)
        })
        .collect();
    let pairs = imports
        .iter()
        .flat_map(|(file, from)| from.iter().map(move |from| (*file, from)));
    (pairs.filter(|(file, from)| leads(&imports, from, file)))
        .map(|(file, from)| {
            format!(
                "crate::{} takes from crate::{}",
                file.join("::"),
                from.join("::")
            )
        })
        .collect()
}

/// Whether imports lead from one file to another.
fn leads(imports: &BTreeMap<&Names, BTreeSet<Names>>, start: &Names, end: &Names) -> bool {
    let (mut open, mut seen) = (vec![start], BTreeSet::new());
    while let Some(module) = open.pop() {
        if module == end {
            return true;
        }
        if seen.insert(module) {
            open.extend(&imports[module]);
        }
    }
    false
}

#[test]
fn no_crate_has_an_import_circle() {
    for name in [
        "cli",
        "client",
        "types",
        "simulator",
        "usersig",
        "webhook",
        "webhook-queue",
        "../xtask",
    ] {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../crates")
            .join(name);
        let files = files(&folder);
        assert!(files.len() > 1, "{name} has no files");
        assert_eq!(circles(&files), Vec::<String>::new(), "in {name}");
    }
}

#[test]
fn a_circle_is_found_and_a_facade_is_none() {
    let circles = |texts: &[(&str, &str)]| {
        let file = |(module, text): &(&str, &str)| {
            let module = module.split("::").filter(|name| !name.is_empty());
            (
                module.map(str::to_owned).collect(),
                syn::parse_file(text).unwrap(),
            )
        };
        circles(&texts.iter().map(file).collect())
    };
    let parent = "mod child; pub(crate) use child::Made; pub(crate) const OWN: u8 = 0;";
    let takes = |child| {
        circles(&[
            ("", "mod parent;"),
            ("parent", parent),
            ("parent::child", child),
        ])
    };
    let both = [
        "crate::parent takes from crate::parent::child",
        "crate::parent::child takes from crate::parent",
    ];
    assert_eq!(takes("use super::OWN; pub(crate) struct Made;"), both);
    assert_eq!(
        takes("use crate::parent::{self as above}; pub(crate) struct Made;"),
        both
    );
    assert_eq!(
        takes("pub(crate) fn made() -> String { format!(\"{}\", super::OWN) }"),
        both
    );
    assert_eq!(takes("mod inner { use super::super::*; }"), both);
    assert_eq!(
        takes("pub(super) struct Made; mod tests { use super::*; }"),
        [""; 0]
    );
    // The facade only passes on the other file's item.
    let root = ("", "mod one; mod two; pub use one::One; pub use two::Two;");
    let two = ("two", "pub struct Two;");
    assert_eq!(
        circles(&[root, ("one", "use crate::Two; pub struct One(Two);"), two]),
        [""; 0]
    );
    let three = circles(&[
        root,
        ("one", "use crate::Two; pub struct One;"),
        ("two", "use crate::three::Three; pub struct Two;"),
        ("three", "use super::One; pub struct Three;"),
    ]);
    assert_eq!(three.len(), 3);
}
