//! How requests are split, and how replies report each item.

use super::rules::{Rules, one_of};
use crate::codegen::{
    diagnostic::Diagnostic,
    load::Source,
    spec::{At, Batch, EndpointFile, EnumType, EnumWire, Field, Ordered, Repeat, Unlisted},
    type_expr::{self, TypeExpr},
};

/// How a part of a key is compared.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Compared {
    Text,
    Number,
}

impl<'a> Rules<'a> {
    /// A list of names stands for items without other fields.
    fn shorthand(&mut self, source: &Source, file: &EndpointFile, batch: &Batch) {
        let one_of = |name: &str| file.one_of.iter().any(|field| field.value == name);
        let Some(names) = &batch.names else {
            for field in &file.one_of {
                if one_of(&batch.items) && field.value != batch.items.value {
                    let message = format!("what is sent in `{}` would not be split", field.value);
                    self.at(source, field, message, "`names` in [batch], or no [batch]");
                }
            }
            return;
        };
        if !one_of(names) || !one_of(&batch.items) || file.one_of.len() != 2 {
            let message = format!("`{}` does not stand for the items", names.value);
            let expected = "`names` and `items` as the two fields of `one_of`";
            self.at(source, names, message, expected);
        }
        let text = |field: Option<&Field>, ty: &str| field.is_some_and(|f| f.ty.value == ty);
        let item = (file.request.get(&batch.items))
            .and_then(|field| file.types.get(field.ty.trim_matches(['[', ']'])));
        let only_name = item.is_some_and(|item| {
            let mut required = item.fields.iter().filter(|(_, field)| field.required);
            let key = batch.key.first().map(|key| key.value.as_str());
            matches!((required.next(), required.next()), (Some((name, field)), None)
                if Some(name.as_str()) == key && text(Some(field), "string"))
        });
        if !text(file.request.get(names), "[string]") || batch.key.len() != 1 || !only_name {
            let message = format!("an item cannot be made of an entry of `{}`", names.value);
            let expected = "a list of strings, and items of a type of this file whose only required field is \
                            the string that is their `key`";
            self.at(source, names, message, expected);
        }
    }

    pub(super) fn batch(&mut self, source: &Source, file: &EndpointFile, batch: &Batch) {
        if let Some(paging) = &file.paging {
            let message = "a command that pages cannot be split";
            self.at(source, &paging.items, message, "[paging] or [batch]");
        }
        if let Repeat::DeduplicatedBy(fields) = &file.repeat.value
            && fields.iter().any(|field| field.value == batch.items.value)
        {
            let message = "the server drops duplicates by this list, which parts do not share";
            self.at(source, &batch.items, message, "another list, or no [batch]");
        }
        self.shorthand(source, file, batch);
        let items = self.list(source, &batch.items, &file.request, "request");
        if items.is_some() {
            self.maximum(source, file, batch);
        }
        if batch.results.is_none() {
            if let Some(unlisted) = &batch.unlisted {
                let message =
                    "without `results` there is nothing that an item could be missing from";
                self.at(source, unlisted, message, "`unlisted` only with `results`");
            }
            if batch.failed.is_none()
                && let Some(key) = batch.key.first()
            {
                let message = "no list of the reply is compared with this key";
                self.at(
                    source,
                    key,
                    message,
                    "`key` only with `results` or `failed`",
                );
            }
        }
        let listed = batch.results.is_some() || batch.failed.is_some();
        let own = match (&items, listed) {
            (Some(items), true) => self.key(source, file, &batch.items, items, &batch.key),
            _ => None,
        };
        if let Some(results) = &batch.results
            && let Some(entry) = self.list(source, &results.list, &file.reply, "reply")
        {
            let theirs = self.key(source, file, &results.list, &entry, &results.key);
            self.same_key(source, &results.list, own.as_deref(), theirs.as_deref());
            let numbers = [TypeExpr::ErrorCode, TypeExpr::I64];
            if let Some(code) = &results.code {
                let ty = self.field_of_entry(source, file, &entry, code);
                self.typed(source, code, ty, &numbers, "an `error_code` or `i64`");
            }
            if let Some(failed) = &results.failed_if {
                if results.code.is_some() {
                    let message = "`failed_if` next to `code`";
                    self.at(source, &failed.field, message, "one of them");
                }
                self.failed_if(source, file, &entry, &failed.field);
            }
            if let Some(info) = &results.info {
                let ty = self.field_of_entry(source, file, &entry, info);
                self.typed(source, info, ty, &[TypeExpr::String], "a `string`");
            }
            if let Some(unlisted) = &batch.unlisted
                && unlisted.value == Unlisted::Unknown
            {
                let message = "`unknown` is what it means anyway";
                self.at(
                    source,
                    unlisted,
                    message,
                    "`done`, `failed`, or no `unlisted`",
                );
            }
        }
        if let Some(single) = &batch.single {
            self.single(source, file, batch, single);
        }
        if let Some(failed) = &batch.failed
            && let Some(entry) = self.list(source, &failed.list, &file.reply, "reply")
        {
            let theirs = self.key(source, file, &failed.list, &entry, &failed.key);
            self.same_key(source, &failed.list, own.as_deref(), theirs.as_deref());
            if let Some(code) = &failed.code {
                let ty = self.field_of_entry(source, file, &entry, code);
                let numbers = [TypeExpr::ErrorCode, TypeExpr::I64];
                self.typed(source, code, ty, &numbers, "an `error_code` or `i64`");
            }
        }
    }

    /// Checks that there is either the list's own limit or a recommendation.
    fn maximum(&mut self, source: &Source, file: &EndpointFile, batch: &Batch) {
        let own = (file.request.get(&batch.items)).and_then(|field| field.max_items);
        match (own, &batch.at_most) {
            (None, None) => {
                let message = format!(
                    "nothing says how many `{}` one call takes",
                    batch.items.value
                );
                let expected = "`max_items` on the field, or `at_most` for a recommendation";
                self.at(source, &batch.items, message, expected);
            }
            (Some(_), Some(most)) => {
                let message = "the list has a `max_items` of its own";
                self.at(
                    source,
                    most,
                    message,
                    "`at_most` only for lists without one",
                );
            }
            (Some(0), None) => {
                let message = format!("no call takes any `{}`", batch.items.value);
                self.at(source, &batch.items, message, "a `max_items` of at least 1");
            }
            (None, Some(most)) if most.value == 0 => {
                self.at(source, most, "no call takes anything", "at least 1");
            }
            _ => {}
        }
    }

    /// The type of the entries of a list.
    fn list(
        &mut self,
        source: &Source,
        name: &At<String>,
        fields: &Ordered<Field>,
        side: &str,
    ) -> Option<TypeExpr> {
        match self.known_field(source, name, fields, side)? {
            TypeExpr::List(entry) => Some(*entry),
            _ => {
                let message = format!("`{}` is not a list", name.value);
                self.at(source, name, message, "a list field");
                None
            }
        }
    }

    /// The fields of a type of this file or of a shared one.
    pub(super) fn object(&self, file: &EndpointFile, ty: &TypeExpr) -> Option<Ordered<Field>> {
        let TypeExpr::Named(name) = ty else {
            return None;
        };
        let mut shared = self.spec.shared.iter();
        let object = (file.types.get(name))
            .or_else(|| shared.find_map(|loaded| loaded.file.types.get(name)));
        object.map(|object| object.fields.clone())
    }

    fn enum_wire(&self, file: &EndpointFile, ty: &TypeExpr) -> Option<EnumWire> {
        self.enum_def(file, ty).map(|def| def.wire)
    }

    /// An enum of this file or a shared one.
    pub(super) fn enum_def<'f>(&self, file: &'f EndpointFile, ty: &TypeExpr) -> Option<&'f EnumType>
    where
        'a: 'f,
    {
        let TypeExpr::Named(name) = ty else {
            return None;
        };
        let spec = self.spec;
        let mut shared = spec.shared.iter();
        (file.enums.get(name)).or_else(|| shared.find_map(|loaded| loaded.file.enums.get(name)))
    }

    /// How the parts of the key are compared; none after a mistake.
    fn key(
        &mut self,
        source: &Source,
        file: &EndpointFile,
        list: &At<String>,
        entry: &TypeExpr,
        key: &[At<String>],
    ) -> Option<Vec<Compared>> {
        if key.is_empty() {
            let compared = self.compared(file, entry, true);
            if compared.is_none() {
                let message = format!("the entries of `{}` are not names", list.value);
                self.at(source, list, message, "strings or integers, or a `key`");
            }
            return compared.map(|compared| vec![compared]);
        }
        let mut parts = Vec::new();
        for path in key {
            parts.push(self.key_part(source, file, entry, path));
        }
        parts.into_iter().collect()
    }

    fn key_part(
        &mut self,
        source: &Source,
        file: &EndpointFile,
        entry: &TypeExpr,
        path: &At<String>,
    ) -> Option<Compared> {
        let mut ty = entry.clone();
        let mut required = true;
        let steps: Vec<&str> = path.split('.').collect();
        for (index, step) in steps.iter().enumerate() {
            let Some(fields) = self.object(file, &ty) else {
                let message = format!("`{step}` cannot exist here: this is not an object");
                self.at(
                    source,
                    path,
                    message,
                    "fields of objects of this file or of spec/shared",
                );
                return None;
            };
            let Some(field) = fields.get(step) else {
                let known: Vec<&str> = fields.iter().map(|(name, _)| name.as_str()).collect();
                self.push(
                    Diagnostic::new(
                        source,
                        path.span.clone(),
                        format!("there is no field `{step}`"),
                    )
                    .expected(one_of(&known))
                    .suggest(step, known.iter().copied()),
                );
                return None;
            };
            if index + 1 < steps.len() && !field.required {
                let message = format!("`{step}` may be missing");
                self.at(
                    source,
                    path,
                    message,
                    "required fields on the way to the name",
                );
                return None;
            }
            required = field.required;
            ty = type_expr::parse(&field.ty).ok()?;
        }
        let compared = self.compared(file, &ty, required);
        if compared.is_none() {
            let message = format!("`{}` is not a name", path.value);
            self.at(
                source,
                path,
                message,
                "a string, an integer or a required enum",
            );
        }
        compared
    }

    fn compared(&self, file: &EndpointFile, ty: &TypeExpr, required: bool) -> Option<Compared> {
        match ty {
            TypeExpr::String => Some(Compared::Text),
            TypeExpr::U32 | TypeExpr::U64 | TypeExpr::I32 | TypeExpr::I64 => Some(Compared::Number),
            TypeExpr::Named(_) if required => match self.enum_wire(file, ty)? {
                EnumWire::Integer => Some(Compared::Number),
                EnumWire::String => Some(Compared::Text),
            },
            _ => None,
        }
    }

    /// Checks that items and entries can be compared part by part.
    fn same_key(
        &mut self,
        source: &Source,
        list: &At<String>,
        own: Option<&[Compared]>,
        theirs: Option<&[Compared]>,
    ) {
        if own.is_some() && theirs.is_some() && own != theirs {
            let message = format!(
                "the entries of `{}` have a different key from the items",
                list.value
            );
            let expected = "as many parts on both sides, of the same types in the same order";
            self.at(source, list, message, expected);
        }
    }

    fn field_of_entry(
        &mut self,
        source: &Source,
        file: &EndpointFile,
        entry: &TypeExpr,
        name: &At<String>,
    ) -> Option<TypeExpr> {
        let fields = self.object(file, entry).unwrap_or_default();
        self.known_field(source, name, &fields, "entry")
    }

    fn typed(
        &mut self,
        source: &Source,
        name: &At<String>,
        ty: Option<TypeExpr>,
        right: &[TypeExpr],
        expected: &str,
    ) {
        if ty.is_some_and(|ty| !right.contains(&ty)) {
            let message = format!("`{}` has a different type", name.value);
            self.at(source, name, message, expected);
        }
    }

    fn failed_if(
        &mut self,
        source: &Source,
        file: &EndpointFile,
        entry: &TypeExpr,
        name: &At<String>,
    ) {
        let Some(ty) = self.field_of_entry(source, file, entry, name) else {
            return;
        };
        let numbers = [
            TypeExpr::Bool,
            TypeExpr::Flag,
            TypeExpr::U32,
            TypeExpr::U64,
            TypeExpr::I32,
            TypeExpr::I64,
        ];
        let number = numbers.contains(&ty) || self.enum_wire(file, &ty) == Some(EnumWire::Integer);
        let fields = self.object(file, entry).unwrap_or_default();
        let required = fields.get(name).is_some_and(|field| field.required);
        if !number || !required {
            let message = format!("`{}` cannot say whether an item failed", name.value);
            let expected = "a required flag, truth value, integer or enum of integers";
            self.at(source, name, message, expected);
        }
    }
}
