//! The client's methods for one item.

use super::rules::{Rules, one_of};
use crate::codegen::{
    diagnostic::Diagnostic,
    load::Source,
    spec::{Batch, EndpointFile, EnumLiteral, EnumWire, SingleCall, SingleIs},
    type_expr::{self, TypeExpr},
};
use std::collections::BTreeMap;

/// Most values besides the item that a reader of a call tells apart by their places.
const MOST_OTHERS: usize = 2;

impl Rules<'_> {
    pub(super) fn single(
        &mut self,
        source: &Source,
        file: &EndpointFile,
        batch: &Batch,
        single: &SingleCall,
    ) {
        self.snake(source, &single.name, "method");
        self.prose(source, &single.summary, None);
        self.arguments_of_single(source, file, batch, single);
        self.what_single_gives(source, file, batch, single);
        let mut seen = BTreeMap::new();
        for code in &single.absent {
            self.unique(&mut seen, code.value, source, code, "this code");
            self.known_code(source, file, code);
        }
    }

    /// No method of a family has the name of another, or of a command.
    pub(super) fn single_names(&mut self) {
        let mut methods = BTreeMap::new();
        let spec = self.spec;
        for loaded in &spec.endpoints {
            let key = (loaded.family.as_str(), loaded.name.as_str());
            methods.insert(key, loaded.source.path.clone());
        }
        for loaded in &spec.endpoints {
            let batch = loaded.file.batch.as_ref();
            if let Some(single) = batch.and_then(|batch| batch.single.as_ref()) {
                let key = (loaded.family.as_str(), single.name.as_str());
                self.unique(&mut methods, key, &loaded.source, &single.name, "this name");
            }
        }
    }

    /// The item and the other values that the request needs are arguments, in the order of the request.
    fn arguments_of_single(
        &mut self,
        source: &Source,
        file: &EndpointFile,
        batch: &Batch,
        single: &SingleCall,
    ) {
        let items = file.request.get(&batch.items);
        if items.is_some_and(|items| !items.required) {
            let message = format!("`{}` is not an argument of `new`", batch.items.value);
            let expected = "`single` only for commands whose `items` are required";
            self.at(source, &single.name, message, expected);
        }
        let fields = file.request.iter();
        let others: Vec<_> = fields
            .filter(|(name, field)| {
                field.required && !field.random && name.value != batch.items.value
            })
            .filter_map(|(_, field)| type_expr::parse(&field.ty).ok())
            .collect();
        let swappable = others.windows(2).any(|pair| match pair {
            [one, other] => one == other || (is_integer(one) && is_integer(other)),
            _ => false,
        });
        if others.len() > MOST_OTHERS || swappable {
            let message = "a caller could mix up the arguments of this method";
            let expected =
                "at most two required fields besides the items, of different types; or no `single`";
            self.at(source, &single.name, message, expected);
        }
    }

    fn what_single_gives(
        &mut self,
        source: &Source,
        file: &EndpointFile,
        batch: &Batch,
        single: &SingleCall,
    ) {
        let given = [
            single.entry.value.then_some(&single.entry.span),
            single.field.as_ref().map(|field| &field.span),
            single.is.as_ref().map(|is| &is.field.span),
        ];
        let mut given = given.into_iter().flatten();
        let Some(first) = given.next() else {
            return;
        };
        if let Some(second) = given.next() {
            let message = "the method can return only one thing";
            let diagnostic = Diagnostic::new(source, second.clone(), message);
            self.push(diagnostic.expected("one of `entry`, `field` and `is`"));
        }
        let Some(results) = &batch.results else {
            let message = "the reply has no entry for an item";
            let diagnostic = Diagnostic::new(source, first.clone(), message);
            self.push(
                diagnostic.expected("`results` in [batch], or none of `entry`, `field` and `is`"),
            );
            return;
        };
        let entry = file.reply.get(&results.list);
        let Some(TypeExpr::List(entry)) = entry.and_then(|list| type_expr::parse(&list.ty).ok())
        else {
            // That is reported where the list is named.
            return;
        };
        let fields = self.object(file, &entry).unwrap_or_default();
        if let Some(name) = &single.field
            && self.known_field(source, name, &fields, "entry").is_some()
            && fields.get(name).is_some_and(|field| !field.required)
        {
            let message = format!("`{}` may be missing", name.value);
            self.at(source, name, message, "a required field, or `entry = true`");
        }
        if let Some(is) = &single.is
            && let Some(ty) = self.known_field(source, &is.field, &fields, "entry")
        {
            self.values_of_is(source, file, is, &ty);
        }
    }

    fn values_of_is(&mut self, source: &Source, file: &EndpointFile, is: &SingleIs, ty: &TypeExpr) {
        let def = self
            .enum_def(file, ty)
            .filter(|def| def.wire == EnumWire::String);
        let Some(def) = def else {
            let message = format!("`{}` has no named values", is.field.value);
            self.at(source, &is.field, message, "an enum over strings");
            return;
        };
        if is.values.is_empty() {
            let message = "no value means yes";
            self.at(source, &is.field, message, "at least one of its `values`");
        }
        let known: Vec<&str> = (def.values.iter())
            .filter_map(|value| match &value.value.value {
                EnumLiteral::Text(text) => Some(text.as_str()),
                EnumLiteral::Integer(_) => None,
            })
            .collect();
        let mut seen = BTreeMap::new();
        for value in &is.values {
            self.unique(&mut seen, value.value.clone(), source, value, "this value");
            if !known.contains(&value.as_str()) {
                let message = format!("`{}` has no value `{}`", is.field.value, value.value);
                let diagnostic = Diagnostic::new(source, value.span.clone(), message)
                    .expected(one_of(&known))
                    .suggest(value, known.iter().copied());
                self.push(diagnostic);
            }
        }
    }
}

fn is_integer(ty: &TypeExpr) -> bool {
    matches!(
        ty,
        TypeExpr::U32 | TypeExpr::U64 | TypeExpr::I32 | TypeExpr::I64
    )
}
