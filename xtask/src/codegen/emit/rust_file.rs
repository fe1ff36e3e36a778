//! One generated file: header, documentation, imports, items with a blank line between.
//!
//! Output is formatted only here (by prettyplease and the rules below), so that it does not depend
//! on the installed rustfmt; the crates exempt their `generated` module from rustfmt.

use crate::codegen::tree::MARK;
use proc_macro2::TokenStream;
use std::{collections::BTreeSet, fmt::Write as _};
use syn::{FnArg, Generics, ImplItem, ImplItemFn, Item, Type, parse_quote};

/// Where the names that generated code uses are defined.
const IMPORTS: &[(&str, &[&str])] = &[
    (
        "crate",
        &[
            "Advance",
            "Batched",
            "Date",
            "Edition",
            "Endpoint",
            "Envelope",
            "ErrorCode",
            "ErrorClass",
            "ErrorCodeInfo",
            "ErrorRepeat",
            "ItemReport",
            "Meta",
            "Paged",
            "Repeat",
            "Reply",
            "Setting",
            "TaggedFields",
        ],
    ),
    (
        "crate::batch",
        &[
            "Listed", "Unlisted", "Verdict", "by_code", "by_value", "key_part", "words",
        ],
    ),
    (
        "crate::conversions",
        &[
            "from_pair",
            "from_text",
            "key_value",
            "union_from_text",
            "union_list",
        ],
    ),
    ("crate::duplicates", &["DuplicateNumber"]),
    ("crate::endpoint", &["is_set"]),
    (
        "crate::paging",
        &[
            "by_offset",
            "carry",
            "carry_optional",
            "carry_some",
            "downwards",
            "equals",
            "is_start",
            "nonzero",
        ],
    ),
    ("crate::validate", &["Checker", "Validate"]),
    (
        "crate::wire",
        &[
            "Extra",
            "Flag",
            "Raw",
            "TagValue",
            "Text",
            "Unknown",
            "wire_common",
            "wire_integer_enum",
            "wire_object",
            "wire_string_enum",
            "wire_union",
        ],
    ),
    ("std::collections", &["BTreeMap"]),
];

/// A file under construction.
pub(super) struct RustFile {
    source: String,
    intro: Vec<String>,
    body: Vec<Piece>,
    imports: BTreeSet<(String, String)>,
    own_names: BTreeSet<String>,
}

enum Piece {
    Items(TokenStream),
    Item(Box<Item>),
    Text(String),
}

impl RustFile {
    pub(super) fn new(source: &str) -> Self {
        Self {
            source: source.to_owned(),
            intro: Vec::new(),
            body: Vec::new(),
            imports: BTreeSet::new(),
            own_names: BTreeSet::new(),
        }
    }

    /// Documentation of the module.
    pub(super) fn intro(&mut self, text: &str) {
        self.intro.extend(text.lines().map(str::to_owned));
    }

    /// Adds an import beyond [`IMPORTS`], if the file uses the name.
    pub(super) fn import(&mut self, path: &str, name: &str) {
        self.imports.insert((path.to_owned(), name.to_owned()));
    }

    /// Adds a name that means something else here than in [`IMPORTS`].
    pub(super) fn never_import(&mut self, name: &str) {
        self.own_names.insert(name.to_owned());
    }

    /// Items, to be formatted.
    pub(super) fn items(&mut self, items: TokenStream) {
        self.body.push(Piece::Items(items));
    }

    /// An item as a syntax tree, to be formatted.
    pub(super) fn item(&mut self, item: Item) {
        self.body.push(Piece::Item(Box::new(item)));
    }

    /// Items that are already formatted: tables for macros, which a formatter can't read.
    pub(super) fn text(&mut self, text: String) {
        self.body.push(Piece::Text(text));
    }

    pub(super) fn render(self) -> Result<String, String> {
        let mut blocks = Vec::new();
        for piece in self.body {
            match piece {
                Piece::Text(text) => blocks.push(text.trim_end().to_owned()),
                Piece::Items(tokens) => {
                    let file: syn::File =
                        syn::parse2(tokens).map_err(|e| format!("{}: {e}", self.source))?;
                    blocks.extend(file.items.into_iter().map(formatted));
                }
                Piece::Item(item) => blocks.push(formatted(*item)),
            }
        }
        let mut out = format!("// {MARK} from {}. Do not edit.\n\n", self.source);
        for line in &self.intro {
            let _ = writeln!(out, "{}", format!("//! {line}").trim_end());
        }
        if !self.intro.is_empty() {
            out.push('\n');
        }
        let body = blocks.join("\n\n");
        out.push_str(&imports(&body, &self.imports, &self.own_names));
        out.push_str(&body);
        out.push('\n');
        Ok(out)
    }
}

fn formatted(mut item: Item) -> String {
    if let Item::Impl(block) = &mut item
        && !has_types(&block.generics)
    {
        for member in &mut block.items {
            if let ImplItem::Fn(method) = member
                && !is_generic(method)
            {
                method.attrs.push(parse_quote!(#[inline]));
            }
        }
    }
    let file = syn::File {
        shebang: None,
        frontmatter: None,
        attrs: Vec::new(),
        items: vec![item],
    };
    spaced(prettyplease::unparse(&file).trim_end())
}

fn has_types(generics: &Generics) -> bool {
    generics.type_params().next().is_some() || generics.const_params().next().is_some()
}

/// Whether the method is generic, so that each program compiles its own copy anyway. All others are marked `#[inline]`
/// for the same effect: a program compiles only the methods it calls.
fn is_generic(method: &ImplItemFn) -> bool {
    let takes_any = |argument: &FnArg| matches!(argument, FnArg::Typed(typed) if matches!(*typed.ty, Type::ImplTrait(_)));
    has_types(&method.sig.generics) || method.sig.inputs.iter().any(takes_any)
}

/// A blank line between methods.
fn spaced(code: &str) -> String {
    let mut out = String::with_capacity(code.len());
    let mut lines = code.lines().peekable();
    while let Some(line) = lines.next() {
        out.push_str(line);
        out.push('\n');
        if line == "    }"
            && lines
                .peek()
                .is_some_and(|next| !next.trim_start().starts_with('}'))
        {
            out.push('\n');
        }
    }
    out.trim_end().to_owned()
}

fn imports(body: &str, more: &BTreeSet<(String, String)>, own_names: &BTreeSet<String>) -> String {
    let mut used = identifiers(body);
    used.retain(|name| !own_names.contains(name));
    for line in body.lines() {
        let defined = ["pub struct ", "pub enum "]
            .iter()
            .find_map(|start| line.strip_prefix(start));
        if let Some(name) =
            defined.and_then(|rest| rest.split(|c: char| !c.is_alphanumeric()).next())
        {
            used.remove(name);
        }
    }
    let mut found: BTreeSet<(&str, &str)> = BTreeSet::new();
    for (path, names) in IMPORTS {
        found.extend(
            names
                .iter()
                .filter(|name| used.contains(**name))
                .filter(|name| !more.iter().any(|(_, own)| own == **name))
                .map(|name| (*path, *name)),
        );
    }
    found.extend(
        more.iter()
            .filter(|(_, name)| used.contains(name.as_str()))
            .map(|(p, n)| (p.as_str(), n.as_str())),
    );
    let mut out = String::new();
    let mut paths: Vec<&str> = found.iter().map(|(path, _)| *path).collect();
    paths.dedup();
    for path in paths {
        let names: Vec<&str> = found
            .iter()
            .filter(|(p, _)| *p == path)
            .map(|(_, name)| *name)
            .collect();
        let line = match names.as_slice() {
            [one] => format!("use {path}::{one};\n"),
            many => format!("use {path}::{{{}}};\n", many.join(", ")),
        };
        if line.len() <= 101 {
            out.push_str(&line);
        } else {
            let _ = writeln!(out, "use {path}::{{");
            let mut row = String::from("   ");
            for name in &names {
                if row.len() + name.len() + 2 > 100 {
                    let _ = writeln!(out, "{row}");
                    row = String::from("   ");
                }
                let _ = write!(row, " {name},");
            }
            let _ = writeln!(out, "{row}\n}};");
        }
    }
    if !out.is_empty() {
        out.push('\n');
    }
    out
}

/// The words of the code that can be imported, without comments and literals: names of types, and of
/// functions and macros where they are called. A field can have the same name as a function.
fn identifiers(code: &str) -> BTreeSet<String> {
    let mut words = BTreeSet::new();
    for line in code
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
    {
        let mut in_text = false;
        let mut escaped = false;
        let mut word = String::new();
        for c in line.chars().chain([' ']) {
            if in_text {
                in_text = escaped || c != '"';
                escaped = c == '\\' && !escaped;
            } else if c.is_alphanumeric() || c == '_' {
                word.push(c);
            } else {
                in_text = c == '"';
                let word = std::mem::take(&mut word);
                if word.starts_with(char::is_uppercase) || c == '(' || c == '!' {
                    words.insert(word);
                }
            }
        }
    }
    words
}
