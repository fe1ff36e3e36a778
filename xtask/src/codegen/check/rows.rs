//! Rows that fields share, and fields that should share one.

use super::{names_of_types::Names, rules::Rules};
use crate::codegen::{
    diagnostic::Diagnostic,
    load::Source,
    spec::{At, Field, Row},
    type_expr,
};
use std::collections::BTreeMap;

/// Number of fields from which a shared type and sentence become a row; fewer fields each write them out.
const SHARED_FROM: usize = 4;

/// A type and a sentence.
type Said<'s> = (&'s str, &'s str);

impl<'a> Rules<'a> {
    pub(super) fn rows(&mut self, shared: &Names) {
        let spec = self.spec;
        let mut rows: BTreeMap<Said<'a>, &'a str> = BTreeMap::new();
        let rows_of_file = spec.fields.iter().flat_map(|loaded| {
            let rows = loaded.file.rows.iter();
            rows.map(|(name, row)| (&*loaded.source, name, row))
        });
        let mut seen = BTreeMap::new();
        for (source, name, row) in rows_of_file.clone() {
            self.row(source, name, row, shared);
            let said = (row.ty.as_str(), row.doc.as_str());
            self.unique(&mut seen, said, source, name, "what this row says");
            rows.insert(said, name);
        }
        let uses = self.uses_of_rows(&rows);
        for (source, name, _) in rows_of_file {
            let uses = uses.get(name.as_str()).copied().unwrap_or_default();
            self.enough_uses(source, name, uses);
        }
        self.repeats(&rows, shared);
    }

    /// Checks how many fields name each row or repeat its content, which is a mistake of its own.
    fn uses_of_rows(&self, rows: &BTreeMap<Said<'a>, &'a str>) -> BTreeMap<&'a str, usize> {
        let mut uses = BTreeMap::new();
        let tables = self.spec.tables().into_iter();
        for (_, field) in tables.flat_map(|(_, fields)| fields.iter()) {
            let named = field.row.as_ref().map(|row| row.as_str());
            let said = || rows.get(&said(field)).copied();
            if let Some(row) = named.or_else(said) {
                *uses.entry(row).or_default() += 1;
            }
        }
        uses
    }

    fn row(&mut self, source: &Source, name: &At<String>, row: &Row, shared: &Names) {
        self.snake(source, name, "row");
        self.doc(source, &row.doc);
        let names = || type_expr::BUILTIN.iter().copied().chain(shared.iter());
        let (message, word) = match type_expr::parse(&row.ty) {
            Ok(expr) => match expr.named() {
                Some(named) if shared.get(named).is_none() => {
                    let message = format!("the type `{named}` is not known to every file");
                    (message, Some(named.to_owned()))
                }
                _ => return,
            },
            Err(error) => (error.message, error.word),
        };
        self.faulty_rows.insert(name.value.clone());
        let mut diagnostic = Diagnostic::new(source, row.ty.span.clone(), message)
            .expected("a type such as `string`, `u64`, `[T]`, `{T}`, or one of spec/shared");
        if let Some(word) = &word {
            diagnostic = diagnostic.suggest(word, names());
        }
        self.push(diagnostic);
    }

    fn enough_uses(&mut self, source: &Source, name: &At<String>, uses: usize) {
        let message = match uses {
            0 => format!("no field names the row `{}`", name.value),
            1 => format!("only one field names the row `{}`", name.value),
            _ if uses < SHARED_FROM => format!("only {uses} fields name the row `{}`", name.value),
            _ => return,
        };
        let expected = format!("{SHARED_FROM} fields or more; fewer have their own type and doc");
        self.at(source, name, message, &expected);
    }

    /// Reports fields that repeat a row, and fields that repeat each other often enough for a row.
    fn repeats(&mut self, rows: &BTreeMap<Said<'a>, &'a str>, shared: &Names) {
        let mut written: BTreeMap<Said<'a>, Vec<(&'a Source, &'a Field)>> = BTreeMap::new();
        for (source, fields) in self.spec.tables() {
            for (wire, field) in fields.iter().filter(|(_, field)| field.row.is_none()) {
                if let Some(row) = rows.get(&said(field)) {
                    let message = format!("`{}` says what the row `{row}` says", wire.value);
                    let expected = format!("row = \"{row}\" instead of type and doc");
                    self.at(source, &field.doc, message, &expected);
                } else if shared.know(&field.ty) {
                    // A file-local type means something different in every file.
                    written
                        .entry(said(field))
                        .or_default()
                        .push((source, field));
                }
            }
        }
        for places in written.values().filter(|all| all.len() >= SHARED_FROM) {
            let [(source, field), others @ ..] = places.as_slice() else {
                continue;
            };
            let others = others.iter().map(|(source, field)| {
                let place = Diagnostic::new(source, field.doc.span.clone(), "");
                format!("{}:{}", place.file, place.line)
            });
            let message = format!(
                "{} fields have this type and doc, including those at {}",
                places.len(),
                others.collect::<Vec<_>>().join(", ")
            );
            let expected = "a row of spec/fields.toml, which they name";
            self.at(source, &field.doc, message, expected);
        }
    }
}

fn said(field: &Field) -> Said<'_> {
    (field.ty.as_str(), field.doc.as_str())
}
