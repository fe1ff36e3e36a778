//! Stage 2: what the files say must make sense together. Reports every mistake, not the first.

mod batch;
mod errata;
mod names_of_types;
mod webhooks;

use crate::audit::digest::is_digest;

use super::{
    diagnostic::{Diagnostic, Diagnostics},
    load::{Source, Spec},
    names,
    spec::{
        At, Edition, EndpointFile, EnumLiteral, EnumType, EnumWire, ErrorCode, ErrorRepeat, Field,
        ObjectType, Ordered, Page, Paging, PagingEnd, Repeat, UnionType,
    },
    type_expr::{self, TypeExpr},
};
use errata::Scope;
use names_of_types::{Names, What};
use std::collections::{BTreeMap, BTreeSet};

/// Names that every generated file uses; a type of the spec must not hide them.
const RESERVED_TYPES: &[&str] = &[
    "Advance",
    "Batched",
    "Box",
    "BTreeMap",
    "Checker",
    "Edition",
    "Default",
    "Endpoint",
    "Envelope",
    "Err",
    "ErrorCode",
    "Extra",
    "Flag",
    "From",
    "Into",
    "IntoIterator",
    "ItemReport",
    "Listed",
    "Meta",
    "None",
    "Ok",
    "Option",
    "Paged",
    "Repeat",
    "Reply",
    "Result",
    "Self",
    "Some",
    "String",
    "TagValue",
    "Text",
    "Unknown",
    "Unlisted",
    "Validate",
    "Value",
    "Vec",
    "Verdict",
    "Quota",
];

/// Names that a command's request must not have besides: what the client's files import.
const RESERVED_COMMANDS: &[&str] = &["Call", "Client"];

/// Modules of the crates and methods of the client, which a family must not hide.
const RESERVED_FAMILIES: &[&str] = &[
    "answer",
    "batch",
    "builder",
    "call",
    "catalogue",
    "client",
    "clock",
    "credentials",
    "endpoint",
    "environment",
    "envelope_ext",
    "error",
    "error_code",
    "error_codes",
    "from_env",
    "generated",
    "identifier",
    "items",
    "model",
    "pages",
    "paging",
    "protocol",
    "region",
    "regions",
    "sdk_app_id",
    "sent",
    "shared",
    "transport",
    "types",
    "validate",
    "wire",
];

/// Names that every generated struct has already.
const RESERVED_FIELDS: &[&str] = &["extra", "envelope"];

/// Runs every rule.
pub fn check(spec: &Spec) -> Diagnostics {
    let mut checker = Rules {
        spec,
        errors: Diagnostics::default(),
        used: BTreeSet::new(),
    };
    checker.families();
    checker.regions();
    checker.errors();
    checker.protocol();
    checker.usersig();
    let shared = checker.shared_names();
    for loaded in &spec.shared {
        let file = &loaded.file;
        checker.doc(
            &loaded.source,
            &At {
                value: file.doc.clone(),
                span: 0..0,
            },
        );
        checker.page(&loaded.source, &file.page);
        checker.errata(&loaded.source, &file.errata, &Scope::shared(spec, file));
        checker.definitions(
            &loaded.source,
            &file.types,
            &file.enums,
            &file.unions,
            &shared,
        );
    }
    checker.endpoints(&shared);
    if let Some(webhooks) = &spec.webhooks {
        checker.webhooks(webhooks, &shared);
    }
    checker.unused_shared();
    checker.errors
}

struct Rules<'a> {
    spec: &'a Spec,
    errors: Diagnostics,
    /// Shared types that something uses.
    used: BTreeSet<String>,
}

impl<'a> Rules<'a> {
    fn push(&mut self, diagnostic: Diagnostic) {
        self.errors.push(diagnostic);
    }

    fn at<T>(&mut self, source: &Source, at: &At<T>, message: impl Into<String>, expected: &str) {
        self.push(Diagnostic::new(source, at.span.clone(), message).expected(expected));
    }

    /// Reports a second thing with the same key.
    fn unique<K: Ord>(
        &mut self,
        seen: &mut BTreeMap<K, String>,
        key: K,
        source: &Source,
        at: &At<impl Sized>,
        what: &str,
    ) {
        let place = Diagnostic::new(source, at.span.clone(), "");
        match seen.get(&key) {
            Some(first) => {
                let message = format!("{what} is taken: {first} has it");
                self.at(source, at, message, "each only once");
            }
            None => {
                seen.insert(key, format!("{}:{}", place.file, place.line));
            }
        }
    }

    fn page(&mut self, source: &Source, page: &At<Page>) {
        if page.id == Some(0) {
            let message = "a page is not numbered 0";
            self.at(
                source,
                page,
                message,
                "the number at the end of its address, or no `id`",
            );
        }
        match &page.updated {
            Some(day) if !day.is_day() => {
                let expected = "the day on which the vendor changed the text: YYYY-MM-DD";
                self.at(source, day, format!("`{}` is not a day", day.0), expected);
            }
            Some(_) => {}
            None if page.source.is_none() => {
                let message = "nothing says how old the compared text is";
                let expected = "`updated`, the vendor's own date; or `source`, and what is known";
                self.at(source, page, message, expected);
            }
            None => {}
        }
        if let Some(digest) = &page.digest
            && !is_digest(digest)
        {
            let message = "this is not a digest";
            let expected = "the digest that `cargo xtask audit` prints for the page";
            self.at(source, digest, message, expected);
        }
    }

    /// What rustdoc would warn about, said where it can be mended.
    fn doc(&mut self, source: &Source, doc: &At<String>) {
        let text = &doc.value;
        let expected = if text.trim().is_empty() {
            "what it means, in our own words"
        } else if text.matches('`').count() % 2 == 1 {
            "backticks in pairs"
        } else if unquoted(text).any(|part| part.contains("http://") || part.contains("https://")) {
            "addresses in angle brackets or backticks"
        } else if unquoted(text).any(|part| part.contains('<') || part.contains('[')) {
            "`<` and `[` only in backticks"
        } else {
            return;
        };
        self.at(source, doc, "this would make poor documentation", expected);
    }

    fn families(&mut self) {
        let loaded = &self.spec.families;
        let mut seen = BTreeMap::new();
        for family in &loaded.file.families {
            self.snake(&loaded.source, &family.name, "family");
            if RESERVED_FAMILIES.contains(&family.name.as_str()) {
                let message = format!("`{}` is taken by the crates themselves", family.name.value);
                self.at(&loaded.source, &family.name, message, "another name");
            }
            self.unique(
                &mut seen,
                family.name.value.clone(),
                &loaded.source,
                &family.name,
                "this family's name",
            );
        }
    }

    fn snake(&mut self, source: &Source, name: &At<String>, what: &str) {
        if names::field_name(name) != name.value {
            self.at(
                source,
                name,
                format!("`{}` is no name of a {what}", name.value),
                "snake_case, and no Rust keyword",
            );
        }
    }

    fn constant(&mut self, source: &Source, name: &At<String>) {
        let fits = name.starts_with(|c: char| c.is_ascii_uppercase())
            && name
                .chars()
                .all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_');
        if !fits {
            self.at(
                source,
                name,
                format!("`{}` is no constant's name", name.value),
                "UPPER_SNAKE_CASE",
            );
        }
    }

    fn regions(&mut self) {
        let loaded = &self.spec.regions;
        let (mut ids, mut hosts) = (BTreeMap::new(), BTreeMap::new());
        self.page(&loaded.source, &loaded.file.page);
        let scope = Scope::regions(&loaded.file);
        self.errata(&loaded.source, &loaded.file.errata, &scope);
        for region in &loaded.file.regions {
            self.snake(&loaded.source, &region.id, "region");
            self.unique(
                &mut ids,
                region.id.value.clone(),
                &loaded.source,
                &region.id,
                "this region's id",
            );
            for host in std::iter::once(&region.host).chain(&region.standby_hosts) {
                let fits = host.contains('.')
                    && host.chars().all(|c| {
                        c.is_ascii_lowercase() || c.is_ascii_digit() || c == '.' || c == '-'
                    });
                if !fits {
                    let message = format!("`{}` is no host", host.value);
                    self.at(
                        &loaded.source,
                        host,
                        message,
                        "a host name without scheme, port and path",
                    );
                }
                self.unique(
                    &mut hosts,
                    host.value.clone(),
                    &loaded.source,
                    host,
                    "this host",
                );
            }
        }
    }

    fn errors(&mut self) {
        let loaded = &self.spec.errors;
        let (source, file) = (&loaded.source, &loaded.file);
        let (mut codes, mut constants) = (BTreeMap::new(), BTreeMap::new());
        self.page(source, &file.page);
        self.errata(source, &file.errata, &Scope::errors(file));
        let mut last = i64::MIN;
        for code in &file.codes {
            self.constant(source, &code.name);
            let services = code.services.iter().map(|service| Some(&service.value));
            for service in services.chain(code.services.is_empty().then_some(None)) {
                let key = (code.code.value, service.cloned());
                self.unique(&mut codes, key, source, &code.code, "this code");
            }
            self.services(source, &code.services);
            self.unique(
                &mut constants,
                code.name.value.clone(),
                source,
                &code.name,
                "this name",
            );
            self.doc(
                source,
                &At {
                    value: code.meaning.clone(),
                    span: code.code.span.clone(),
                },
            );
            if code.code.value < last {
                let message = format!("{} stands after {last}", code.code.value);
                self.at(source, &code.code, message, "codes in ascending order");
            }
            last = last.max(code.code.value);
            if let Some(after) = &code.retry_after {
                self.retry_after(source, after, after.value, code.repeat);
            }
            if code.code.value == 0 || code.name.value == "OK" {
                self.at(
                    source,
                    &code.code,
                    "success is built in",
                    "codes other than 0, and names other than OK",
                );
            }
        }
        let mut end = i64::MIN;
        for range in &file.ranges {
            self.constant(source, &range.name);
            self.unique(
                &mut constants,
                range.name.value.clone(),
                source,
                &range.name,
                "this name",
            );
            self.services(source, &range.services);
            if range.from.value > range.to || range.from.value <= end {
                let message = "this range is empty or overlaps the one before";
                self.at(
                    source,
                    &range.from,
                    message,
                    "ranges in ascending order, `from` not above `to`",
                );
            }
            end = end.max(range.to);
        }
    }

    fn retry_after<T>(
        &mut self,
        source: &Source,
        place: &At<T>,
        seconds: u32,
        repeat: ErrorRepeat,
    ) {
        if repeat != ErrorRepeat::Later {
            let message = "time alone does not make a repeat of this code succeed";
            self.at(source, place, message, "`repeat = \"later\"` with it");
        }
        if seconds == 0 {
            let message = "0 seconds say nothing";
            self.at(source, place, message, "seconds, from 1 on");
        }
    }

    /// Services that a code has its meaning for.
    fn services(&mut self, source: &Source, services: &[At<String>]) {
        let known: BTreeSet<&str> = (self.spec.endpoints.iter())
            .filter_map(|endpoint| endpoint.file.path.split('/').nth(1))
            .collect();
        for service in services {
            if !known.contains(service.as_str()) {
                let message = format!("no command is of the service `{}`", service.value);
                let diagnostic = Diagnostic::new(source, service.span.clone(), message)
                    .expected("the middle of a command's path")
                    .suggest(service, known.iter().copied());
                self.push(diagnostic);
            }
        }
    }

    fn protocol(&mut self) {
        let loaded = &self.spec.protocol;
        let (source, file) = (&loaded.source, &loaded.file);
        self.page(source, &file.page);
        self.errata(source, &file.errata, &Scope::protocol(self.spec));
        let mut constants = BTreeMap::new();
        for (_, parameter) in file.query.iter() {
            self.constant(source, &parameter.rust);
            self.unique(
                &mut constants,
                parameter.rust.value.clone(),
                source,
                &parameter.rust,
                "this constant",
            );
        }
        let mut names = Names::default();
        names.add(What::Enum, file.enums.iter().map(|(name, _)| name));
        self.enums(source, &file.enums);
        self.fields(source, &file.reply, &names, &Names::default());
        for (wire, field) in file.reply.iter().filter(|(_, field)| field.required) {
            let message = format!(
                "`{}` is required, but some commands leave it out",
                wire.value
            );
            self.at(
                source,
                &field.ty,
                message,
                "common fields without `required`",
            );
        }
    }

    fn usersig(&mut self) {
        let loaded = &self.spec.usersig;
        self.page(&loaded.source, &loaded.file.page);
        let (mut seen, mut constants) = (BTreeMap::new(), BTreeMap::new());
        for privilege in &loaded.file.privileges {
            self.constant(&loaded.source, &privilege.name);
            self.unique(
                &mut constants,
                privilege.name.value.clone(),
                &loaded.source,
                &privilege.name,
                "this name",
            );
            if privilege.name.value == "ALL" {
                let message = "`ALL` is built in: it has every bit";
                self.at(&loaded.source, &privilege.name, message, "another name");
            }
            self.unique(
                &mut seen,
                privilege.bit,
                &loaded.source,
                &privilege.name,
                "this bit",
            );
            if privilege.bit > 31 {
                self.at(
                    &loaded.source,
                    &privilege.name,
                    "rights have 32 bits",
                    "a bit from 0 to 31",
                );
            }
        }
        for pair in &loaded.file.alphabet {
            if !pair.base64.is_ascii() || !pair.wire.is_ascii() {
                self.at(
                    &loaded.source,
                    &pair.base64,
                    "base64 is ASCII",
                    "ASCII characters",
                );
            }
        }
    }

    fn shared_names(&mut self) -> Names {
        let mut names = Names::default();
        let mut seen = BTreeMap::new();
        for loaded in &self.spec.shared {
            if names::field_name(&loaded.name) != loaded.name {
                let message = format!("`{}` is no module name", loaded.name);
                self.push(
                    Diagnostic::of_file(&loaded.source.path, message)
                        .expected("snake_case, and no Rust keyword"),
                );
            }
            let file = &loaded.file;
            let types = file.types.iter().map(|(name, _)| name);
            for name in types
                .chain(file.enums.iter().map(|(n, _)| n))
                .chain(file.unions.iter().map(|(n, _)| n))
            {
                self.unique(
                    &mut seen,
                    name.value.clone(),
                    &loaded.source,
                    name,
                    "this type's name",
                );
            }
            names.add(What::Object, file.types.iter().map(|(name, _)| name));
            names.add(What::Enum, file.enums.iter().map(|(name, _)| name));
            names.add(What::Union, file.unions.iter().map(|(name, _)| name));
        }
        names
    }

    fn type_name(&mut self, source: &Source, name: &At<String>) {
        if !is_camel(name) {
            self.at(
                source,
                name,
                format!("`{}` is no type name", name.value),
                "UpperCamelCase",
            );
        } else if RESERVED_TYPES.contains(&name.as_str()) {
            self.at(
                source,
                name,
                format!("`{}` is taken by the runtime", name.value),
                "another name",
            );
        }
    }

    fn definitions(
        &mut self,
        source: &Source,
        types: &Ordered<ObjectType>,
        enums: &Ordered<EnumType>,
        unions: &Ordered<UnionType>,
        shared: &Names,
    ) {
        let mut own = Names::default();
        own.add(What::Object, types.iter().map(|(name, _)| name));
        own.add(What::Enum, enums.iter().map(|(name, _)| name));
        own.add(What::Union, unions.iter().map(|(name, _)| name));
        for (name, def) in types.iter() {
            self.type_name(source, name);
            self.doc(source, &def.doc);
            self.fields(source, &def.fields, &own, shared);
            self.endless(source, name, def, types, unions);
        }
        self.enums(source, enums);
        for (name, def) in unions.iter() {
            self.type_name(source, name);
            self.doc(source, &def.doc);
            if def.tag.value == def.content.value {
                let message = format!("`{}` is both tag and content", def.tag.value);
                self.at(source, &def.content, message, "two different keys");
            }
            let (mut rust_names, mut contents) = (BTreeMap::new(), BTreeMap::new());
            for (_, variant) in def.variants.iter() {
                // Each content converts into its union; of two variants it could not know which.
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
                if !is_camel(&variant.rust) || ["Self", "Unknown"].contains(&variant.rust.as_str())
                {
                    let message = format!("`{}` is no variant name", variant.rust.value);
                    self.at(
                        source,
                        &variant.rust,
                        message,
                        "UpperCamelCase, and neither `Self` nor `Unknown`",
                    );
                }
                match own.get(&variant.ty).or_else(|| shared.get(&variant.ty)) {
                    Some(What::Object) => {
                        self.used.insert(variant.ty.value.clone());
                    }
                    found => {
                        self.used.insert(variant.ty.value.clone());
                        let message = match found {
                            Some(_) => format!("`{}` is no object type", variant.ty.value),
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
    }

    fn enums(&mut self, source: &Source, enums: &Ordered<EnumType>) {
        for (name, def) in enums.iter() {
            self.type_name(source, name);
            self.doc(source, &def.doc);
            let (mut values, mut constants) = (BTreeMap::new(), BTreeMap::new());
            for prefix in &def.prefixes {
                if def.wire == EnumWire::Integer || prefix.is_empty() {
                    let message = "a prefix is the beginning of a text";
                    self.at(
                        source,
                        prefix,
                        message,
                        "a text, and only where `wire` is \"string\"",
                    );
                }
            }
            for value in &def.values {
                let (literal, fits) = match &value.value.value {
                    EnumLiteral::Integer(number) => {
                        (number.to_string(), def.wire == EnumWire::Integer)
                    }
                    EnumLiteral::Text(text) => (text.clone(), def.wire == EnumWire::String),
                };
                if !fits {
                    let expected = if def.wire == EnumWire::Integer {
                        "an integer"
                    } else {
                        "a text in quotes"
                    };
                    self.at(
                        source,
                        &value.value,
                        format!("{literal} is no value of this enum"),
                        expected,
                    );
                }
                self.unique(
                    &mut values,
                    literal.clone(),
                    source,
                    &value.value,
                    "this value",
                );
                let constant = match &value.name {
                    Some(name) => {
                        self.constant(source, name);
                        name.value.clone()
                    }
                    None if def.wire == EnumWire::Integer => {
                        let message = format!("the value {literal} has no name");
                        self.at(
                            source,
                            &value.value,
                            message,
                            "`name = \"UPPER_SNAKE_CASE\"`",
                        );
                        continue;
                    }
                    None => names::const_case(&literal),
                };
                if constant.is_empty() || constant == "KNOWN" {
                    self.at(
                        source,
                        &value.value,
                        "this value gives no usable constant",
                        "`name = \"…\"`",
                    );
                }
                self.unique(
                    &mut constants,
                    constant,
                    source,
                    &value.value,
                    "this value's constant",
                );
            }
        }
    }

    fn fields(&mut self, source: &Source, fields: &Ordered<Field>, own: &Names, shared: &Names) {
        let mut rust_names: BTreeMap<String, String> = BTreeMap::new();
        for (wire, field) in fields.iter() {
            self.doc(source, &field.doc);
            let rust = field
                .rust
                .as_ref()
                .map_or_else(|| names::field_name(wire), |rust| rust.value.clone());
            if let Some(rust) = &field.rust {
                self.snake(source, rust, "field");
            }
            if RESERVED_FIELDS.contains(&rust.as_str()) {
                self.at(
                    source,
                    wire,
                    format!("`{rust}` is taken by the runtime"),
                    "another name: rust = \"…\"",
                );
            }
            if let Some(first) = rust_names.insert(rust.clone(), wire.value.clone()) {
                let message = format!("`{first}` and `{}` are both `{rust}` in Rust", wire.value);
                self.at(
                    source,
                    wire,
                    message,
                    "a name of its own for one of them: rust = \"…\"",
                );
            }
            let expr = match type_expr::parse(&field.ty) {
                Ok(expr) => expr,
                Err(error) => {
                    let names = type_expr::BUILTIN
                        .iter()
                        .copied()
                        .chain(own.iter())
                        .chain(shared.iter());
                    let mut diagnostic =
                        Diagnostic::new(source, field.ty.span.clone(), error.message).expected(
                            "a type such as `string`, `u64`, `[T]`, `{T}` or the name of one",
                        );
                    if let Some(word) = &error.word {
                        diagnostic = diagnostic.suggest(word, names);
                    }
                    self.push(diagnostic);
                    continue;
                }
            };
            if let Some(name) = expr.named() {
                if own.get(name).is_none() && shared.get(name).is_none() {
                    self.push(
                        Diagnostic::new(
                            source,
                            field.ty.span.clone(),
                            format!("no type is called `{name}`"),
                        )
                        .expected("a type of this file or of spec/shared")
                        .suggest(name, own.iter().chain(shared.iter())),
                    );
                }
                self.used.insert(name.to_owned());
            }
            self.limits(source, wire, field, &expr);
        }
    }

    fn limits(&mut self, source: &Source, wire: &At<String>, field: &Field, expr: &TypeExpr) {
        let is_text = *expr == TypeExpr::String;
        let is_list = matches!(expr, TypeExpr::List(_) | TypeExpr::Map(_));
        let is_number = matches!(
            expr,
            TypeExpr::U32 | TypeExpr::U64 | TypeExpr::I32 | TypeExpr::I64
        );
        let wrong = [
            ("quoted", field.quoted && !is_number, "an integer"),
            (
                "max_bytes",
                field.max_bytes.is_some() && !is_text,
                "a `string`",
            ),
            (
                "max_chars",
                field.max_chars.is_some() && !is_text,
                "a `string`",
            ),
            ("min_items", field.min_items.is_some() && !is_list, "a list"),
            ("max_items", field.max_items.is_some() && !is_list, "a list"),
            ("min", field.min.is_some() && !is_number, "an integer"),
            ("max", field.max.is_some() && !is_number, "an integer"),
        ];
        for (limit, _, on) in wrong.iter().filter(|(_, wrong, _)| *wrong) {
            let message = format!("`{limit}` on `{}`, which is {}", wire.value, field.ty.value);
            self.at(
                source,
                &field.ty,
                message,
                &format!("`{limit}` only on {on}"),
            );
        }
        // A limit beyond the type's own range would not even compile.
        let range = match expr {
            TypeExpr::U32 => Some((0, i64::from(u32::MAX))),
            TypeExpr::U64 => Some((0, i64::MAX)),
            TypeExpr::I32 => Some((i64::from(i32::MIN), i64::from(i32::MAX))),
            _ => None,
        };
        for (limit, value) in [("min", field.min), ("max", field.max)] {
            if let Some(((from, to), value)) = range.zip(value)
                && !(from..=to).contains(&value)
            {
                let message = format!(
                    "`{limit}` of `{}` is {value}, which no {} is",
                    wire.value, field.ty.value
                );
                self.at(source, &field.ty, message, &format!("{from} to {to}"));
            }
        }
        let upside_down = field.min.zip(field.max).is_some_and(|(min, max)| min > max)
            || field
                .min_items
                .zip(field.max_items)
                .is_some_and(|(min, max)| min > max);
        if upside_down {
            let message = format!("the limits of `{}` leave nothing", wire.value);
            self.at(source, &field.ty, message, "the smaller limit as `min`");
        }
    }

    /// An object that must hold itself could never be written, and one that holds itself in
    /// place, without a list, would have no size. Of the latter typify mends what it sees: objects
    /// of one file.
    fn endless(
        &mut self,
        source: &Source,
        name: &At<String>,
        def: &ObjectType,
        types: &Ordered<ObjectType>,
        unions: &Ordered<UnionType>,
    ) {
        let spec: &'a Spec = self.spec;
        for (_, field) in def.fields.iter() {
            let Ok(TypeExpr::Named(first)) = type_expr::parse(&field.ty) else {
                continue;
            };
            // What is held in place, whether all on the way is required, and whether a union or
            // another file lies on the way.
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
                let object = types.get(&next).map(|def| (def, crossed)).or_else(|| {
                    let mut files = foreign();
                    files.find_map(|loaded| Some((loaded.file.types.get(&next)?, true)))
                });
                let union = unions.get(&next).or_else(|| {
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
                    // Another variant may always be chosen.
                    let contents = def.variants.iter().map(|(_, v)| v.ty.value.clone());
                    open.extend(contents.map(|content| (content, false, true)));
                }
            }
            if must {
                let message = format!("`{}` must hold itself, and so on without end", name.value);
                self.at(source, &field.ty, message, "an optional field or a list");
            } else if unseen {
                let message = format!(
                    "`{}` holds itself in place, by way of a union or another file",
                    name.value
                );
                self.at(source, &field.ty, message, "a list somewhere on the way");
            }
        }
    }

    fn endpoints(&mut self, shared: &Names) {
        let spec: &'a Spec = self.spec;
        let families: Vec<&str> = spec
            .families
            .file
            .families
            .iter()
            .map(|family| family.name.as_str())
            .collect();
        let (mut paths, mut commands) = (BTreeMap::new(), BTreeMap::new());
        for loaded in &spec.endpoints {
            let (source, file) = (&*loaded.source, &loaded.file);
            if !families.contains(&loaded.family.as_str()) {
                self.push(
                    Diagnostic::of_file(
                        &source.path,
                        format!("no family is called `{}`", loaded.family),
                    )
                    .expected("a folder named like a family of spec/families.toml")
                    .suggest(&loaded.family, families.iter().copied()),
                );
            }
            if names::field_name(&loaded.name) != loaded.name {
                self.push(
                    Diagnostic::of_file(
                        &source.path,
                        format!("`{}` is no command name", loaded.name),
                    )
                    .expected("snake_case, and no Rust keyword"),
                );
            }
            let key = (loaded.family.clone(), names::camel_case(&loaded.name));
            self.unique(
                &mut commands,
                key,
                source,
                &file.path,
                "this command's Rust name",
            );
            let request = names::camel_case(&loaded.name);
            let reply = format!("{request}Reply");
            let mut own_names = vec![request.as_str(), &reply];
            let item = format!("{request}Item");
            let has_lists = |paging: &Paging| !paging.or_in.is_empty();
            if file.paging.as_ref().is_some_and(has_lists) {
                own_names.push(&item);
            }
            for name in own_names.iter().copied() {
                let reserved = RESERVED_TYPES
                    .iter()
                    .chain(RESERVED_COMMANDS)
                    .any(|reserved| *reserved == name);
                let message = if reserved {
                    format!("the command needs the type `{name}`, which is taken by the runtime")
                } else if shared.get(name).is_some() {
                    format!("the command needs the type `{name}`, which spec/shared has")
                } else {
                    continue;
                };
                self.push(Diagnostic::of_file(&source.path, message).expected("another file name"));
            }
            let rival = spec.endpoints.iter().find(|other| {
                other.family == loaded.family && names::camel_case(&other.name) == reply
            });
            if let Some(rival) = rival {
                let message = format!(
                    "this command's request is called `{reply}`, like the reply of {}",
                    source.path
                );
                self.push(
                    Diagnostic::of_file(&rival.source.path, message).expected("another file name"),
                );
            }
            let parts: Vec<&str> = file.path.split('/').collect();
            let word = |part: &&str| {
                !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
            };
            if parts.len() != 3 || parts[0] != "v4" || !parts.iter().all(word) {
                let message = format!("`{}` is no command", file.path.value);
                self.at(source, &file.path, message, "v4/<service>/<command>");
            }
            self.unique(
                &mut paths,
                file.path.value.clone(),
                source,
                &file.path,
                "this path",
            );
            self.page(source, &file.page);
            self.errata(source, &file.errata, &Scope::endpoint(spec, file));
            self.regions_of(source, file);
            self.one_of(source, file);
            self.quotas(source, file);
            self.prose(source, &file.summary, file.details.as_deref());
            let local = Local {
                types: &file.types,
                enums: &file.enums,
                unions: &file.unions,
            };
            self.local_names(source, local, shared, &own_names);
            self.definitions(source, &file.types, &file.enums, &file.unions, shared);
            let own = local.names();
            self.fields(source, &file.request, &own, shared);
            self.fields(source, &file.reply, &own, shared);
            self.common_fields(source, &file.reply);
            self.repeat(source, file);
            if let Some(paging) = &file.paging {
                self.paging(source, file, paging);
            }
            if let Some(batch) = &file.batch {
                self.batch(source, file, batch);
            }
            self.codes(source, file);
            self.sample_names(source, file.samples.iter().map(|sample| &sample.name));
            if !file.samples.iter().any(|sample| sample.reply.is_some()) {
                self.at(
                    source,
                    &file.path,
                    "no sample has a reply",
                    "at least one [[sample]] with a reply",
                );
            }
            self.unused_local(source, local, &[&file.request, &file.reply]);
        }
    }

    /// What a reader sees first.
    fn prose(&mut self, source: &Source, summary: &At<String>, details: Option<&str>) {
        self.doc(source, summary);
        if !summary.trim_end().ends_with('.') || summary.contains('\n') {
            self.at(
                source,
                summary,
                "the summary is no sentence",
                "one line that ends with a full stop",
            );
        }
        if let Some(details) = details {
            let details = At {
                value: details.to_owned(),
                span: summary.span.clone(),
            };
            self.doc(source, &details);
        }
    }

    /// The names of a file's own types: each once, and none that others have.
    fn local_names(&mut self, source: &Source, local: Local<'_>, shared: &Names, taken: &[&str]) {
        let mut doubles = BTreeMap::new();
        for name in local.iter() {
            if shared.get(name).is_some() || taken.contains(&name.as_str()) {
                let message = format!(
                    "`{}` is taken by a shared type or by the command itself",
                    name.value
                );
                self.at(source, name, message, "a name of its own");
            }
            let key = name.value.clone();
            self.unique(&mut doubles, key, source, name, "this type's name");
        }
    }

    fn common_fields(&mut self, source: &Source, reply: &Ordered<Field>) {
        for (wire, _) in reply.iter() {
            if self.spec.protocol.file.reply.get(wire).is_some() {
                let message = format!("`{}` is a common field of all replies", wire.value);
                self.at(
                    source,
                    wire,
                    message,
                    "only what spec/protocol.toml does not declare",
                );
            }
        }
    }

    /// Quotas must allow something, say once what they count, and not contradict each other.
    fn quotas(&mut self, source: &Source, file: &EndpointFile) {
        let start = source.text.find("\nquota").map_or(0, |at| at + 1);
        let mut report = |message: String, expected: String| {
            self.push(Diagnostic::new(source, start..start + 5, message).expected(expected));
        };
        let mut seen = BTreeSet::new();
        let mut counted: Option<&str> = None;
        for quota in file.quota.all() {
            if quota.calls.is_some() == quota.items.is_some() {
                let message = match quota.calls {
                    Some(_) => "a quota counts both calls and items",
                    None => "a quota counts neither calls nor items",
                };
                let expected = "either `calls` or `items` in each quota";
                report(message.to_owned(), expected.to_owned());
                continue;
            }
            if quota.amount() == 0 || quota.seconds == 0 {
                report(
                    "this quota allows nothing".to_owned(),
                    "at least 1 in at least 1 second, or no `quota`".to_owned(),
                );
            }
            let editions = match quota.edition {
                Some(edition) => vec![edition],
                None => vec![Edition::Free, Edition::Paid],
            };
            for edition in editions {
                if !seen.insert((
                    quota.calls.is_some(),
                    quota.seconds,
                    edition == Edition::Free,
                )) {
                    report(
                        format!("two quotas have a window of {} s", quota.seconds),
                        "one quota for each window, unit and edition".to_owned(),
                    );
                }
            }
            if let Some(code) = quota
                .code
                .filter(|code| !(file.errors.iter().any(|listed| listed.value == *code)))
            {
                report(
                    format!("the quota's code {code} is not one of the command's"),
                    format!("{code} in `errors` too"),
                );
            }
            let lists: Vec<&str> = (file.request.0.iter())
                .filter(|(_, field)| field.ty.value.starts_with('['))
                .map(|(name, _)| name.value.as_str())
                .collect();
            let quoted: Vec<String> = lists.iter().map(|name| format!("`{name}`")).collect();
            match (&quota.of, quota.items) {
                (Some(_), None) => report(
                    "`of` is for quotas of items".to_owned(),
                    "`items` in place of `calls`, or no `of`".to_owned(),
                ),
                (None, Some(_)) => report(
                    "a quota of items does not say which".to_owned(),
                    format!("`of` with a list of the request: {}", quoted.join(", ")),
                ),
                (Some(of), Some(_)) if !lists.contains(&of.as_str()) => report(
                    format!("`{of}` is not a list of the request"),
                    match lists.is_empty() {
                        true => "a quota of calls: the request has no list".to_owned(),
                        false => format!("a list of the request: {}", quoted.join(", ")),
                    },
                ),
                (Some(of), Some(_)) => {
                    let first = *counted.get_or_insert(of);
                    if first != of {
                        report(
                            format!("quotas count the entries of both `{first}` and `{of}`"),
                            "the same list in all quotas of a command".to_owned(),
                        );
                    }
                }
                (None, None) => {}
            }
        }
    }

    /// Fields of which exactly one is sent.
    fn one_of(&mut self, source: &Source, file: &EndpointFile) {
        let mut seen = BTreeMap::new();
        for name in &file.one_of {
            self.unique(&mut seen, name.value.clone(), source, name, "this field");
            self.known_field(source, name, &file.request, "request");
            if file.request.get(name).is_some_and(|field| field.required) {
                let message = format!("`{}` is required and one of several", name.value);
                self.at(source, name, message, "fields without `required`");
            }
        }
        if let [only] = file.one_of.as_slice() {
            let message = "there is nothing to choose from";
            self.at(
                source,
                only,
                message,
                "two fields or more; or `required = true`",
            );
        }
    }

    fn regions_of(&mut self, source: &Source, file: &EndpointFile) {
        let regions = &self.spec.regions.file.regions;
        let known: Vec<&str> = regions.iter().map(|region| region.id.as_str()).collect();
        let mut seen = BTreeMap::new();
        for region in &file.regions {
            self.unique(
                &mut seen,
                region.value.clone(),
                source,
                region,
                "this region",
            );
            if !known.contains(&region.as_str()) {
                let message = format!("no region has the id `{}`", region.value);
                self.push(
                    Diagnostic::new(source, region.span.clone(), message)
                        .expected(one_of(&known))
                        .suggest(region, known.iter().copied()),
                );
            }
        }
    }

    fn repeat(&mut self, source: &Source, file: &EndpointFile) {
        if let Repeat::DeduplicatedBy(fields) | Repeat::IdempotentWith(fields) = &file.repeat.value
        {
            if fields.is_empty() {
                self.at(
                    source,
                    &file.repeat,
                    "no field is named",
                    "the fields that make a repeat harmless",
                );
            }
            for field in fields {
                self.known_field(source, field, &file.request, "request");
            }
        }
    }

    fn known_field(
        &mut self,
        source: &Source,
        name: &At<String>,
        fields: &Ordered<Field>,
        side: &str,
    ) -> Option<TypeExpr> {
        match fields.get(name) {
            Some(field) => type_expr::parse(&field.ty).ok(),
            None => {
                let known: Vec<&str> = fields.iter().map(|(name, _)| name.value.as_str()).collect();
                self.push(
                    Diagnostic::new(
                        source,
                        name.span.clone(),
                        format!("the {side} has no field `{}`", name.value),
                    )
                    .expected(one_of(&known))
                    .suggest(name, known.iter().copied()),
                );
                None
            }
        }
    }

    fn paging(&mut self, source: &Source, file: &EndpointFile, paging: &Paging) {
        let items = self.known_field(source, &paging.items, &file.reply, "reply");
        if items
            .as_ref()
            .is_some_and(|ty| !matches!(ty, TypeExpr::List(_)))
        {
            self.at(
                source,
                &paging.items,
                format!("`{}` is not a list", paging.items.value),
                "a list field",
            );
        }
        self.lists(source, file, paging);
        self.paging_style(source, paging);
        if let Some(offset) = &paging.offset {
            self.page_number(source, &offset.request, &file.request, "request", None);
            self.page_number(source, &offset.total, &file.reply, "reply", Some(true));
        }
        if let Some(downwards) = &paging.downwards {
            self.page_number(
                source,
                &downwards.request,
                &file.request,
                "request",
                Some(false),
            );
            let item = match &items {
                Some(TypeExpr::List(item)) => match &**item {
                    TypeExpr::Named(name) => file.types.get(name),
                    _ => None,
                },
                _ => None,
            };
            match item {
                Some(item) => {
                    self.page_number(source, &downwards.item, &item.fields, "item", Some(true));
                }
                None => self.at(
                    source,
                    &paging.items,
                    format!("the items of `{}` have no fields", paging.items.value),
                    "a list of a type of this file, for `downwards`",
                ),
            }
        }
        for pair in &paging.cursor {
            let required = file
                .request
                .get(&pair.request)
                .is_some_and(|field| field.required);
            if pair.first.is_some() && !required {
                let message = format!(
                    "`{}` may be left out for the first page",
                    pair.request.value
                );
                self.at(
                    source,
                    &pair.request,
                    message,
                    "`first` only for required fields",
                );
            }
            let to = self.known_field(source, &pair.request, &file.request, "request");
            let from = self.known_field(source, &pair.reply, &file.reply, "reply");
            if let (Some(to), Some(from)) = (to, from) {
                let numbers = [TypeExpr::U32, TypeExpr::U64, TypeExpr::I32, TypeExpr::I64];
                if pair.first.is_some() && !numbers.contains(&to) {
                    let message = format!("`{}` is no number", pair.request.value);
                    self.at(source, &pair.request, message, "`first` only for integers");
                }
                let optional = file.reply.get(&pair.reply).is_some_and(|f| !f.required);
                if paging.offset.is_some() && !optional {
                    let message = format!("`{}` is always there", pair.reply.value);
                    let expected = "an optional field: the offset counts where a reply lacks it";
                    self.at(source, &pair.reply, message, expected);
                }
                if to != from {
                    let message = format!(
                        "`{}` and `{}` have different types",
                        pair.request.value, pair.reply.value
                    );
                    self.at(
                        source,
                        &pair.request,
                        message,
                        "the same type on both sides",
                    );
                }
            }
        }
        for end in paging.end.iter().chain(&paging.early_end) {
            self.paging_end(source, file, &end.value);
        }
        if let Some(end) = &paging.early_end
            && matches!(end.value, PagingEnd::CursorZero | PagingEnd::NoItems)
        {
            let message = "this cannot be an early end";
            self.at(source, end, message, "`field_equals` or `field_nonzero`");
        }
    }

    /// What ends the paging is a number.
    fn paging_end(&mut self, source: &Source, file: &EndpointFile, end: &PagingEnd) {
        let (PagingEnd::FieldEquals { field, .. } | PagingEnd::FieldNonzero(field)) = end else {
            return;
        };
        let is_number = match self.known_field(source, field, &file.reply, "reply") {
            None => true,
            Some(TypeExpr::Named(name)) => {
                let found = file.enums.get(&name);
                found.is_some_and(|found| found.wire == EnumWire::Integer)
            }
            Some(ty) => [
                TypeExpr::Bool,
                TypeExpr::Flag,
                TypeExpr::U32,
                TypeExpr::U64,
                TypeExpr::I32,
                TypeExpr::I64,
            ]
            .contains(&ty),
        };
        if !is_number {
            let message = format!("`{}` is not a number", field.value);
            let expected = "a flag, a bool, an integer or an enum of this file over integers";
            self.at(source, field, message, expected);
        }
    }

    /// The other lists that items are in, and how pages are turned round.
    fn lists(&mut self, source: &Source, file: &EndpointFile, paging: &Paging) {
        let mut seen = BTreeMap::new();
        for list in std::iter::once(&paging.items).chain(&paging.or_in) {
            self.unique(&mut seen, list.value.clone(), source, list, "this list");
        }
        for list in &paging.or_in {
            let ty = self.known_field(source, list, &file.reply, "reply");
            if ty.is_some_and(|ty| !matches!(ty, TypeExpr::List(_))) {
                let message = format!("`{}` is not a list", list.value);
                self.at(source, list, message, "a list field");
            }
        }
        if let (Some(list), true) = (paging.or_in.first(), paging.downwards.is_some()) {
            let message = "`downwards` needs one list of items";
            self.at(source, list, message, "`items` alone");
        }
        if paging.reversed_pages && paging.order.is_none() {
            let message = "each page is reversed, but in which order they come is missing";
            self.at(
                source,
                &paging.items,
                message,
                "`order` with `reversed_pages`",
            );
        }
    }

    /// The keys of `[paging]` that go together.
    fn paging_style(&mut self, source: &Source, paging: &Paging) {
        let cursor = !paging.cursor.is_empty();
        let problem = match (cursor, &paging.end, &paging.offset, &paging.downwards) {
            (true, None, _, _) => Some("a cursor without `end`"),
            (false, Some(_), _, _) => Some("`end` without a cursor"),
            (true, _, _, Some(_)) => Some("`downwards` beside a cursor"),
            (false, None, Some(_), Some(_)) => Some("`downwards` beside `offset`"),
            (false, None, None, None) => Some("a command that pages, but not how"),
            _ => None,
        };
        if let Some(problem) = problem {
            self.at(
                source,
                &paging.items,
                problem,
                "`cursor` with `end`, on request also `offset`; or `offset`; or `downwards`",
            );
        }
    }

    /// A field that a page is counted by.
    fn page_number(
        &mut self,
        source: &Source,
        name: &At<String>,
        fields: &Ordered<Field>,
        side: &str,
        required: Option<bool>,
    ) {
        let ty = self.known_field(source, name, fields, side);
        let right = fields
            .get(name)
            .is_some_and(|field| required.is_none_or(|required| field.required == required));
        if ty.is_some_and(|ty| ty != TypeExpr::U64 || !right) {
            let expected = match required {
                Some(true) => "a required `u64`",
                Some(false) => "an optional `u64`",
                None => "a `u64`",
            };
            let message = format!("`{}` cannot count pages", name.value);
            self.at(source, name, message, expected);
        }
    }

    fn codes(&mut self, source: &Source, file: &EndpointFile) {
        let known = &self.spec.errors.file.codes;
        let service = file.path.split('/').nth(1).unwrap_or_default();
        let mut seen = BTreeMap::new();
        for code in &file.errors {
            self.unique(&mut seen, code.value, source, code, "this code");
            if ErrorCode::of_service(known, code.value, service).is_none() {
                let message = if known.iter().any(|entry| entry.code.value == code.value) {
                    format!(
                        "spec/errors.toml knows {}, but not from `{service}`",
                        code.value
                    )
                } else {
                    format!("spec/errors.toml does not know {}", code.value)
                };
                self.at(source, code, message, "a code with a meaning there");
            }
        }
        for (code, note) in file.error_notes.iter() {
            self.doc(
                source,
                &At {
                    value: note.clone(),
                    span: code.span.clone(),
                },
            );
            if !file
                .errors
                .iter()
                .any(|listed| listed.value.to_string() == code.value)
            {
                let message = format!("{} is not among this command's `errors`", code.value);
                self.at(source, code, message, "notes only on listed codes");
            }
        }
        for (code, seconds) in file.retry_after.iter() {
            let listed = file.errors.iter().map(|listed| listed.value);
            let Some(number) = listed.clone().find(|l| l.to_string() == code.value) else {
                let message = format!("{} is not among this command's `errors`", code.value);
                self.at(source, code, message, "times only for listed codes");
                continue;
            };
            if let Some(known) = ErrorCode::of_service(known, number, service) {
                self.retry_after(source, code, *seconds, known.repeat);
            }
        }
    }

    fn sample_names<'s>(&mut self, source: &Source, names: impl Iterator<Item = &'s At<String>>) {
        let mut seen = BTreeMap::new();
        for name in names {
            self.snake(source, name, "sample");
            let key = name.value.clone();
            self.unique(&mut seen, key, source, name, "this sample's name");
        }
    }

    /// Types that no body leads to.
    fn unused_local(&mut self, source: &Source, local: Local<'_>, bodies: &[&Ordered<Field>]) {
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

    fn unused_shared(&mut self) {
        for loaded in &self.spec.shared {
            let file = &loaded.file;
            let types = file.types.iter().map(|(name, _)| name);
            for name in types
                .chain(file.enums.iter().map(|(n, _)| n))
                .chain(file.unions.iter().map(|(n, _)| n))
            {
                if !self.used.contains(&name.value) {
                    self.at(
                        &loaded.source,
                        name,
                        format!("nothing uses `{}`", name.value),
                        "a use, or no definition",
                    );
                }
            }
        }
    }
}

/// The types that a file defines for itself.
#[derive(Clone, Copy)]
struct Local<'a> {
    types: &'a Ordered<ObjectType>,
    enums: &'a Ordered<EnumType>,
    unions: &'a Ordered<UnionType>,
}

impl<'a> Local<'a> {
    fn iter(self) -> impl Iterator<Item = &'a At<String>> {
        let types = self.types.iter().map(|(name, _)| name);
        let enums = self.enums.iter().map(|(name, _)| name);
        let unions = self.unions.iter().map(|(name, _)| name);
        enums.chain(types).chain(unions)
    }

    fn names(self) -> Names {
        let mut names = Names::default();
        names.add(What::Object, self.types.iter().map(|(name, _)| name));
        names.add(What::Enum, self.enums.iter().map(|(name, _)| name));
        names.add(What::Union, self.unions.iter().map(|(name, _)| name));
        names
    }
}

/// UpperCamelCase, as far as letters tell.
fn is_camel(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_uppercase())
        && name.chars().all(|c| c.is_ascii_alphanumeric())
}

/// `one of A, B`, or that there is nothing to choose from.
fn one_of(names: &[&str]) -> String {
    if names.is_empty() {
        "nothing: there are no fields".to_owned()
    } else {
        format!("one of {}", names.join(", "))
    }
}

/// The parts of a text outside backticks and angle-bracketed addresses.
fn unquoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').step_by(2).flat_map(|part| {
        part.split("<http").enumerate().map(|(i, piece)| {
            if i == 0 {
                piece
            } else {
                piece.split_once('>').map_or("", |(_, rest)| rest)
            }
        })
    })
}
