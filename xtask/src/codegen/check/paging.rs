//! How a command pages.

use super::rules::Rules;
use crate::codegen::{
    load::Source,
    spec::{At, CursorPair, Downwards, EndpointFile, EnumWire, Field, Ordered, Paging, PagingEnd},
    type_expr::TypeExpr,
};
use std::collections::BTreeMap;

impl Rules<'_> {
    pub(super) fn paging(&mut self, source: &Source, file: &EndpointFile, paging: &Paging) {
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
            self.downwards(source, file, paging, downwards, items);
        }
        for pair in &paging.cursor {
            self.cursor(source, file, pair, paging.offset.is_some());
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

    fn downwards(
        &mut self,
        source: &Source,
        file: &EndpointFile,
        paging: &Paging,
        downwards: &Downwards,
        items: Option<TypeExpr>,
    ) {
        self.page_number(
            source,
            &downwards.request,
            &file.request,
            "request",
            Some(false),
        );
        let item = match items {
            Some(TypeExpr::List(item)) => match *item {
                TypeExpr::Named(name) => file.types.get(&name),
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

    fn cursor(
        &mut self,
        source: &Source,
        file: &EndpointFile,
        pair: &CursorPair,
        beside_offset: bool,
    ) {
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
                let message = format!("`{}` is not a number", pair.request.value);
                self.at(source, &pair.request, message, "`first` only for integers");
            }
            let optional = file.reply.get(&pair.reply).is_some_and(|f| !f.required);
            if beside_offset && !optional {
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

    /// The value that ends the paging must be a number.
    pub(super) fn paging_end(&mut self, source: &Source, file: &EndpointFile, end: &PagingEnd) {
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

    /// Checks the other lists that hold items, and how pages are reversed.
    pub(super) fn lists(&mut self, source: &Source, file: &EndpointFile, paging: &Paging) {
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
            let message = "each page is reversed, but the order of the items is missing";
            self.at(
                source,
                &paging.items,
                message,
                "`order` with `reversed_pages`",
            );
        }
    }

    /// Checks which keys of `[paging]` go together.
    pub(super) fn paging_style(&mut self, source: &Source, paging: &Paging) {
        let cursor = !paging.cursor.is_empty();
        let problem = match (cursor, &paging.end, &paging.offset, &paging.downwards) {
            (true, None, _, _) => Some("a cursor without `end`"),
            (false, Some(_), _, _) => Some("`end` without a cursor"),
            (true, _, _, Some(_)) => Some("`downwards` next to a cursor"),
            (false, None, Some(_), Some(_)) => Some("`downwards` next to `offset`"),
            (false, None, None, None) => Some("a command that pages without saying how"),
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

    /// Checks a field that counts pages.
    pub(super) fn page_number(
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
}
