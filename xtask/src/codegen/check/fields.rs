//! Fields: names, types and limits.

use super::{
    names_of_types::Names,
    rules::{Rules, one_of},
};
use crate::codegen::{
    diagnostic::Diagnostic,
    load::Source,
    names,
    spec::{At, EndpointFile, Field, Ordered, Repeat},
    type_expr::{self, TypeExpr},
};
use std::collections::BTreeMap;

/// Names that every generated struct already uses.
const RESERVED_FIELDS: &[&str] = &["extra", "envelope"];
/// The codec has one bit for each field of an object.
const MAX_FIELDS: usize = 64;

impl Rules<'_> {
    /// Checks the fields of anything but a request.
    pub(super) fn fields(
        &mut self,
        source: &Source,
        fields: &Ordered<Field>,
        own: &Names,
        shared: &Names,
    ) {
        for (wire, _) in fields.iter().filter(|(_, field)| field.random) {
            let message = format!("nothing fills `{}` at random", wire.value);
            self.at(
                source,
                wire,
                message,
                "`random` on fields of [request] only",
            );
        }
        self.any_fields(source, fields, own, shared);
    }

    /// Checks the fields of a request, some of which constructors can fill at random.
    pub(super) fn request_fields(
        &mut self,
        source: &Source,
        file: &EndpointFile,
        own: &Names,
        shared: &Names,
    ) {
        let numbers: &[At<String>] = match &file.repeat.value {
            Repeat::DeduplicatedBy(fields) => fields,
            _ => &[],
        };
        let random = file.request.iter().filter(|(_, field)| field.random);
        for (wire, field) in random.clone() {
            let message = format!("`{}` cannot be filled at random", wire.value);
            if !numbers.iter().any(|number| number.value == wire.value) {
                let expected = "a field that `deduplicated_by` names";
                self.at(source, wire, &message, expected);
            }
            let ty = type_expr::parse(&field.ty);
            if !matches!(ty, Ok(TypeExpr::U32 | TypeExpr::U64)) {
                self.at(source, &field.ty, &message, "`u32` or `u64`");
            }
            if field.min.or(field.max).is_some() || field.quoted {
                let expected = "a number without `min`, `max` and `quoted`";
                self.at(source, wire, &message, expected);
            }
        }
        // Setters have the names of the fields.
        let taken = |(wire, field): &(&At<String>, &Field)| {
            let rust = field.rust.as_ref().map(|rust| rust.value.clone());
            rust.unwrap_or_else(|| names::field_name(wire)) == "idempotency_key"
        };
        if random.count() > 0
            && let Some((wire, _)) = file.request.iter().find(taken)
        {
            let message = "`with_idempotency_key` sets the numbers that are filled at random";
            self.at(source, wire, message, "another name: rust = \"…\"");
        }
        self.any_fields(source, &file.request, own, shared);
    }

    fn any_fields(
        &mut self,
        source: &Source,
        fields: &Ordered<Field>,
        own: &Names,
        shared: &Names,
    ) {
        let mut rust_names: BTreeMap<String, String> = BTreeMap::new();
        if let Some((wire, _)) = fields.iter().nth(MAX_FIELDS) {
            let message = format!("`{}` is field {} of its object", wire.value, MAX_FIELDS + 1);
            let expected = format!("at most {MAX_FIELDS} fields in an object");
            self.at(source, wire, message, &expected);
        }
        for (wire, field) in fields.iter() {
            if field.row.is_none() {
                self.doc(source, &field.doc);
            }
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
            let row = field.row.as_ref();
            if row.is_some_and(|row| self.faulty_rows.contains(&row.value)) {
                continue;
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

    pub(super) fn limits(
        &mut self,
        source: &Source,
        wire: &At<String>,
        field: &Field,
        expr: &TypeExpr,
    ) {
        let is_text = *expr == TypeExpr::String;
        let is_list = matches!(expr, TypeExpr::List(_) | TypeExpr::Map(_));
        let is_number = matches!(
            expr,
            TypeExpr::U32 | TypeExpr::U64 | TypeExpr::I32 | TypeExpr::I64
        );
        let wrong = [
            ("quoted", field.quoted && !is_number, "an integer"),
            ("secret", field.secret && !is_text, "a `string`"),
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
        // A limit outside the type's range would not even compile.
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
                    "`{limit}` of `{}` is {value}, which is not a {}",
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

    pub(super) fn known_field(
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
}
