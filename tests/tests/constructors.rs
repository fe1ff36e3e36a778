//! No two values of a constructor can be swapped unnoticed: checked in the sources that callers see.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};
use syn::{
    FnArg, GenericArgument, ImplItem, Item, ItemStruct, Pat, PathArguments, PathSegment,
    ReturnType, Signature, Type, TypeParamBound, Visibility,
};

/// The generated code: constructors by `Type::method`, structs, enums with the types that convert into them.
#[derive(Default)]
struct Generated {
    constructors: BTreeMap<String, Signature>,
    structs: BTreeMap<String, ItemStruct>,
    enums: BTreeMap<String, &'static str>,
    /// What else converts into a value of a type.
    made_of: BTreeMap<String, BTreeSet<&'static str>>,
    /// Types by the traits implemented for them.
    implements: BTreeSet<(String, String)>,
}

impl Generated {
    fn of_types() -> Self {
        let mut found = Self::default();
        let types = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/types/src/generated");
        found.read_folder(&types);
        found
    }

    fn read_folder(&mut self, folder: &Path) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                self.read_folder(&path);
            } else {
                let file = syn::parse_file(&fs::read_to_string(path).unwrap()).unwrap();
                file.items.into_iter().for_each(|item| self.read(item));
            }
        }
    }

    fn read(&mut self, item: Item) {
        match item {
            Item::Struct(item) => {
                self.structs.insert(item.ident.to_string(), item);
            }
            Item::Macro(item) => {
                let name = item.mac.path.segments.last().unwrap().ident.to_string();
                let tokens = item.mac.tokens.to_string();
                let of = tokens.split_whitespace().next().unwrap_or_default();
                let made = match name.as_str() {
                    "from_text" | "union_from_text" => Some("text"),
                    "from_pair" => Some("pair"),
                    _ => None,
                };
                self.made_of.entry(of.to_owned()).or_default().extend(made);
                match name.as_str() {
                    "wire_string_enum" => self.enums.insert(of.to_owned(), "text"),
                    "wire_integer_enum" => self.enums.insert(of.to_owned(), "integer"),
                    _ => None,
                };
            }
            Item::Impl(item) => {
                // What lists have makes none of them.
                let Some(of) = last(&item.self_ty).map(|of| of.ident.to_string()) else {
                    return;
                };
                if let Some((path, _)) = &item.trait_ {
                    let name = path.segments.last().unwrap().ident.to_string();
                    self.implements.insert((of, name));
                    return;
                }
                for method in item.items {
                    if let ImplItem::Fn(method) = method
                        && matches!(method.vis, Visibility::Public(_))
                        && method.sig.receiver().is_none()
                        && matches!(&method.sig.output, ReturnType::Type(_, ty) if last(ty).is_some_and(|of| of.ident == "Self"))
                    {
                        let name = format!("{of}::{}", method.sig.ident);
                        self.constructors.insert(name, method.sig);
                    }
                }
            }
            _ => {}
        }
    }

    /// The ways to write an argument of a type.
    fn fits(&self, ty: &Type) -> BTreeSet<String> {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        if let Type::Tuple(_) = ty {
            return names(&["pair"]);
        }
        if let Type::Reference(to) = ty {
            assert!(last(&to.elem).is_some_and(|of| of.ident == "str"), "{ty:?}");
            return names(&["text"]);
        }
        let Type::ImplTrait(bounds) = ty else {
            let of = last(ty).unwrap_or_else(|| panic!("{ty:?}"));
            return match of.ident.to_string().as_str() {
                "u32" | "u64" | "i32" | "i64" => names(&["integer"]),
                "f64" => names(&["fraction"]),
                "bool" => names(&["truth"]),
                own => names(&[own]),
            };
        };
        let Some(TypeParamBound::Trait(bound)) = bounds.bounds.first() else {
            panic!("{bounds:?}");
        };
        let bound = bound.path.segments.last().unwrap();
        if bound.ident == "IntoIterator" {
            let items = self.fits(argument(bound)).into_iter();
            return items.map(|item| format!("list of {item}")).collect();
        }
        assert_eq!(bound.ident, "Into");
        match last(argument(bound)).unwrap().ident.to_string().as_str() {
            "String" => names(&["text"]),
            "Flag" => names(&["truth"]),
            "ErrorCode" => names(&["ErrorCode", "integer"]),
            "TagValue" => names(&["text", "integer", "list of text"]),
            "Value" => names(&["text", "integer", "fraction", "truth", "list of text"]),
            own => {
                let made_of = self.made_of.get(own).into_iter().flatten().copied();
                let made_of: Vec<&str> = made_of
                    .chain([own])
                    .chain(self.enums.get(own).copied())
                    .collect();
                names(&made_of)
            }
        }
    }
}

fn last(ty: &Type) -> Option<&PathSegment> {
    match ty {
        Type::Path(path) => path.path.segments.last(),
        _ => None,
    }
}

/// `T` of `Into<T>` and of `IntoIterator<Item = T>`.
fn argument(bound: &PathSegment) -> &Type {
    let PathArguments::AngleBracketed(arguments) = &bound.arguments else {
        panic!("{bound:?}");
    };
    match arguments.args.first().unwrap() {
        GenericArgument::Type(ty) => ty,
        GenericArgument::AssocType(item) => &item.ty,
        other => panic!("{other:?}"),
    }
}

fn parameters(constructor: &Signature) -> Vec<(String, &Type)> {
    let parameters = constructor.inputs.iter().map(|input| match input {
        FnArg::Typed(input) => match &*input.pat {
            Pat::Ident(name) => (name.ident.to_string(), &*input.ty),
            other => panic!("{other:?}"),
        },
        FnArg::Receiver(_) => panic!("{}", constructor.ident),
    });
    parameters.collect()
}

#[test]
fn values_by_place_are_few_and_differ_from_their_neighbours() {
    let generated = Generated::of_types();
    assert!(generated.constructors.len() > 300);
    assert!(generated.enums.len() > 50);
    assert!(
        generated
            .made_of
            .values()
            .filter(|of| !of.is_empty())
            .count()
            > 15
    );
    let mut wrong = Vec::new();
    for (name, constructor) in &generated.constructors {
        let parameters = parameters(constructor);
        if parameters.len() > 3 {
            wrong.push(format!("{name} takes {} values", parameters.len()));
        }
        for pair in parameters.windows(2) {
            let [(one, first), (other, second)] = pair else {
                unreachable!("windows of two");
            };
            // In the order of every map, and of the tuples that make the same.
            if (one.as_str(), other.as_str()) == ("name", "value") {
                continue;
            }
            let (first, second) = (generated.fits(first), generated.fits(second));
            let both: Vec<&String> = first.intersection(&second).collect();
            if !both.is_empty() {
                wrong.push(format!("{name}: {one} and {other} both take {both:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A literal must then have every field: nothing else makes the struct, and nothing fills a gap.
#[test]
fn values_by_name_cannot_be_forgotten() {
    let generated = Generated::of_types();
    let mut taken = BTreeSet::new();
    for (name, constructor) in &generated.constructors {
        if let [(parameter, ty)] = parameters(constructor).as_slice()
            && parameter == "required"
        {
            let of = last(ty).unwrap().ident.to_string();
            assert!(of.ends_with("Required"), "{name} takes {of}");
            assert!(taken.insert(of), "{name}");
        }
    }
    let named = (generated.structs.iter()).filter(|(name, _)| name.ends_with("Required"));
    let named: BTreeMap<&String, &ItemStruct> = named.collect();
    assert!(named.len() > 50);
    assert_eq!(
        named
            .keys()
            .map(|name| (*name).clone())
            .collect::<BTreeSet<_>>(),
        taken
    );
    for (name, item) in named {
        let is_public = |field: &syn::Field| matches!(field.vis, Visibility::Public(_));
        assert!(
            item.fields.len() > 1 && item.fields.iter().all(is_public),
            "{name}"
        );
        let fields = item.fields.iter().flat_map(|field| &field.attrs);
        let mut attributes = item.attrs.iter().chain(fields);
        assert!(
            attributes.all(|attribute| attribute.path().is_ident("doc")),
            "{name}"
        );
        assert!(
            generated.implements.iter().all(|(of, _)| of != name),
            "{name}"
        );
    }
}
