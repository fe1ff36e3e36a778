//! Object types, enums and unions.

use super::{
    names::is_camel,
    names_of_types::{Local, Names, What},
    rules::Rules,
};
use crate::codegen::{
    diagnostic::Diagnostic,
    load::{Source, Spec},
    names,
    spec::{At, EnumLiteral, EnumType, EnumWire, Field, ObjectType, Ordered, UnionType},
    type_expr::{self, TypeExpr},
};
use std::collections::{BTreeMap, BTreeSet};

/// Names that variants cannot have: those of Rust, of the variant for unknown values, and of methods of the list
/// builder that a union may have.
const RESERVED_VARIANTS: &[&str] = &["Self", "Unknown", "New", "With"];

impl<'a> Rules<'a> {
    pub(super) fn definitions(&mut self, source: &Source, local: Local<'_>, shared: &Names) {
        let own = local.names();
        for (name, def) in local.types.iter() {
            self.type_name(source, name);
            self.doc(source, &def.doc);
            self.fields(source, &def.fields, &own, shared);
            self.endless(source, name, def, local);
        }
        self.enums(source, local.enums);
        for (name, def) in local.unions.iter() {
            self.type_name(source, name);
            self.doc(source, &def.doc);
            if let Some(list) = &def.list {
                self.type_name(source, list);
            }
            self.union(source, def, &own, shared);
        }
    }

    fn union(&mut self, source: &Source, def: &UnionType, own: &Names, shared: &Names) {
        if def.tag.value == def.content.value {
            let message = format!("`{}` is both tag and content", def.tag.value);
            self.at(source, &def.content, message, "two different keys");
        }
        let (mut rust_names, mut contents) = (BTreeMap::new(), BTreeMap::new());
        for (_, variant) in def.variants.iter() {
            // Each content converts into its union; with two variants the conversion would be ambiguous.
            self.unique(
                &mut contents,
                variant.ty.value.clone(),
                source,
                &variant.ty,
                "this content",
            );
            self.unique(
                &mut rust_names,
                variant.rust.value.clone(),
                source,
                &variant.rust,
                "this variant's name",
            );
            if !is_camel(&variant.rust) || RESERVED_VARIANTS.contains(&variant.rust.as_str()) {
                let message = format!("`{}` is not a variant name", variant.rust.value);
                self.at(
                    source,
                    &variant.rust,
                    message,
                    "UpperCamelCase, and neither `Self`, `Unknown`, `New` nor `With`",
                );
            }
            match own.get(&variant.ty).or_else(|| shared.get(&variant.ty)) {
                Some(What::Object) => {
                    self.used.insert(variant.ty.value.clone());
                }
                found => {
                    self.used.insert(variant.ty.value.clone());
                    let message = match found {
                        Some(_) => format!("`{}` is not an object type", variant.ty.value),
                        None => format!("no object type is called `{}`", variant.ty.value),
                    };
                    self.push(
                        Diagnostic::new(source, variant.ty.span.clone(), message)
                            .expected("an object type of this file or of spec/shared")
                            .suggest(&variant.ty, own.objects().chain(shared.objects())),
                    );
                }
            }
        }
    }

    pub(super) fn enums(&mut self, source: &Source, enums: &Ordered<EnumType>) {
        for (name, def) in enums.iter() {
            self.type_name(source, name);
            self.doc(source, &def.doc);
            for prefix in &def.prefixes {
                if def.wire == EnumWire::Integer || prefix.is_empty() {
                    let message = "a prefix is the beginning of a string";
                    let expected = "a string, and only where `wire` is \"string\"";
                    self.at(source, prefix, message, expected);
                }
            }
            self.enum_values(source, def);
            self.tags(source, name, def);
        }
    }

    fn enum_values(&mut self, source: &Source, def: &EnumType) {
        let (mut values, mut constants) = (BTreeMap::new(), BTreeMap::new());
        for value in &def.values {
            let place = &value.value;
            let (literal, fits) = match &place.value {
                EnumLiteral::Integer(number) => (number.to_string(), def.wire == EnumWire::Integer),
                EnumLiteral::Text(text) => (text.clone(), def.wire == EnumWire::String),
            };
            if !fits {
                let expected = match def.wire {
                    EnumWire::Integer => "an integer",
                    EnumWire::String => "a string in quotes",
                };
                let message = format!("{literal} is not a value of this enum");
                self.at(source, place, message, expected);
            }
            self.unique(&mut values, literal.clone(), source, place, "this value");
            let constant = match &value.name {
                Some(name) => {
                    self.constant(source, name);
                    name.value.clone()
                }
                None if def.wire == EnumWire::Integer => {
                    let message = format!("the value {literal} has no name");
                    self.at(source, place, message, "`name = \"UPPER_SNAKE_CASE\"`");
                    continue;
                }
                None => names::const_case(&literal),
            };
            if constant.is_empty() || constant == "KNOWN" {
                let message = "this value gives no usable constant";
                self.at(source, place, message, "`name = \"…\"`");
            }
            let what = "this value's constant";
            self.unique(&mut constants, constant, source, place, what);
        }
    }

    /// An object that must contain itself could never be written. One that contains itself in place, without a
    /// list, would have no size; typify fixes the cases that it sees, which are objects of one file.
    pub(super) fn endless(
        &mut self,
        source: &Source,
        name: &At<String>,
        def: &ObjectType,
        local: Local<'_>,
    ) {
        let spec: &'a Spec = self.spec;
        for (_, field) in def.fields.iter() {
            let Ok(TypeExpr::Named(first)) = type_expr::parse(&field.ty) else {
                continue;
            };
            // The types held in place, whether every step is required, and whether a union or another file lies
            // on the way.
            let mut open = vec![(first, field.required, false)];
            let mut seen = BTreeSet::new();
            let (mut must, mut unseen) = (false, false);
            while let Some((next, required, crossed)) = open.pop() {
                if next == name.value {
                    must |= required;
                    unseen |= crossed;
                    continue;
                }
                if !seen.insert((next.clone(), required, crossed)) {
                    continue;
                }
                let foreign = || {
                    spec.shared
                        .iter()
                        .filter(|loaded| loaded.source.path != source.path)
                };
                let object = local
                    .types
                    .get(&next)
                    .map(|def| (def, crossed))
                    .or_else(|| {
                        let mut files = foreign();
                        files.find_map(|loaded| Some((loaded.file.types.get(&next)?, true)))
                    });
                let union = local.unions.get(&next).or_else(|| {
                    let mut files = foreign();
                    files.find_map(|loaded| loaded.file.unions.get(&next))
                });
                if let Some((def, crossed)) = object {
                    for (_, field) in def.fields.iter() {
                        if let Ok(TypeExpr::Named(inner)) = type_expr::parse(&field.ty) {
                            open.push((inner, required && field.required, crossed));
                        }
                    }
                } else if let Some(def) = union {
                    // Another variant can always be chosen.
                    let contents = def.variants.iter().map(|(_, v)| v.ty.value.clone());
                    open.extend(contents.map(|content| (content, false, true)));
                }
            }
            if must {
                let message = format!(
                    "`{}` must contain itself, and so on without end",
                    name.value
                );
                self.at(source, &field.ty, message, "an optional field or a list");
            } else if unseen {
                let message = format!(
                    "`{}` contains itself in place, by way of a union or another file",
                    name.value
                );
                self.at(source, &field.ty, message, "a list somewhere on the way");
            }
        }
    }

    /// Reports types that no body uses.
    pub(super) fn unused_local(
        &mut self,
        source: &Source,
        local: Local<'_>,
        bodies: &[&Ordered<Field>],
    ) {
        let named = |field: &Field| {
            let expr = type_expr::parse(&field.ty).ok()?;
            expr.named().map(str::to_owned)
        };
        let mut used: BTreeSet<String> = BTreeSet::new();
        let fields = bodies.iter().flat_map(|fields| fields.iter());
        let mut open: Vec<String> = fields.filter_map(|(_, field)| named(field)).collect();
        while let Some(name) = open.pop() {
            if let Some(def) = local.types.get(&name).filter(|_| !used.contains(&name)) {
                open.extend(def.fields.iter().filter_map(|(_, field)| named(field)));
            }
            if let Some(def) = local.unions.get(&name).filter(|_| !used.contains(&name)) {
                open.extend(def.variants.iter().map(|(_, v)| v.ty.value.clone()));
            }
            used.insert(name);
        }
        for name in local.iter().filter(|name| !used.contains(&name.value)) {
            self.at(
                source,
                name,
                format!("nothing uses `{}`", name.value),
                "a use, or no definition",
            );
        }
    }
}
