//! Tags: the values next to them.

use super::rules::Rules;
use crate::codegen::{
    diagnostic::Diagnostic,
    load::{Source, Spec},
    model::Holds,
    names,
    spec::{At, EnumType, EnumWire},
};
use std::collections::BTreeMap;

/// Methods that items have in addition to those of their tags.
const RESERVED_METHODS: &[&str] = &["new", "tagged"];

impl Rules<'_> {
    pub(super) fn tags(&mut self, source: &Source, name: &At<String>, def: &EnumType) {
        let Some(reader) = &def.fields else {
            let stray = def.values.iter().find_map(|value| value.holds.as_ref());
            let stray = stray.or(def.includes.as_ref());
            if let Some(stray) = stray.or(def.custom.as_ref().map(|custom| &custom.prefix)) {
                let message = "nothing reads the values next to these tags";
                self.at(
                    source,
                    stray,
                    message,
                    "`fields = \"…\"`, the trait that does",
                );
            }
            return;
        };
        self.type_name(source, reader);
        if !shared_enum(self.spec, name).is_some_and(|shared| std::ptr::eq(shared, def)) {
            let message = "every file can have items of these tags";
            self.at(source, reader, message, "the enum in spec/shared");
        }
        if def.wire == EnumWire::Integer {
            self.at(source, reader, "tags are texts", "`wire = \"string\"`");
        }
        let mut methods = BTreeMap::new();
        for value in &def.values {
            let Some(holds) = &value.holds else {
                continue;
            };
            if let Some(name) = &value.name {
                let method = name.to_lowercase();
                if names::field_name(&method) != method
                    || RESERVED_METHODS.contains(&method.as_str())
                {
                    let message = format!("`{method}` is not a name for a method");
                    self.at(source, name, message, "another name");
                }
                self.unique(&mut methods, method, source, name, "this tag's method");
            } else {
                let message = "the method that reads this tag needs a name";
                self.at(source, holds, message, "`name = \"UPPER_SNAKE_CASE\"`");
            }
            if let Holds::Enum(name) = Holds::of(holds) {
                self.used.insert(name.clone());
                if !is_text_enum(self.spec, &name) {
                    let message = format!("`{name}` is not something that a tag holds");
                    let shared = self.spec.shared.iter();
                    let enums = shared.flat_map(|loaded| loaded.file.enums.iter());
                    let texts = enums.filter(|(_, def)| def.wire == EnumWire::String);
                    let known = texts.map(|(name, _)| name.value.as_str());
                    let known: Vec<&str> =
                        known.chain(["string", "i64", "[string]", "date"]).collect();
                    self.push(
                        Diagnostic::new(source, holds.span.clone(), message)
                            .expected("`string`, `i64`, `[string]`, `date` or an enum of spec/shared over strings")
                            .suggest(&name, known.iter().copied()),
                    );
                }
            }
        }
        if let Some(custom) = &def.custom {
            let prefixes: Vec<&str> = def
                .prefixes
                .iter()
                .map(|prefix| prefix.value.as_str())
                .collect();
            if !prefixes.contains(&custom.prefix.as_str()) {
                let message = format!("`{}` is not one of the prefixes", custom.prefix.value);
                self.push(
                    Diagnostic::new(source, custom.prefix.span.clone(), message)
                        .expected("one of `prefixes`")
                        .suggest(&custom.prefix, prefixes.iter().copied()),
                );
            }
            self.snake(source, &custom.name, "method");
            let key = custom.name.value.clone();
            self.unique(&mut methods, key, source, &custom.name, "this method");
        }
        if let Some(other) = &def.includes {
            self.included(source, def, other);
        }
    }

    fn included(&mut self, source: &Source, def: &EnumType, other: &At<String>) {
        let found = shared_enum(self.spec, other).filter(|found| found.fields.is_some());
        match found {
            None => {
                let message = format!("`{}` is not an enum of tags", other.value);
                self.at(
                    source,
                    other,
                    message,
                    "an enum of spec/shared with `fields`",
                );
            }
            // One step is enough for everything that is known, and cannot form a circle.
            Some(found) if found.includes.is_some() || std::ptr::eq(found, def) => {
                let message = format!("`{}` includes others itself", other.value);
                self.at(source, other, message, "an enum without `includes`");
            }
            Some(_) => {}
        }
    }
}

fn shared_enum<'s>(spec: &'s Spec, name: &str) -> Option<&'s EnumType> {
    spec.shared
        .iter()
        .find_map(|loaded| loaded.file.enums.get(name))
}

fn is_text_enum(spec: &Spec, name: &str) -> bool {
    shared_enum(spec, name).is_some_and(|def| def.wire == EnumWire::String)
}
