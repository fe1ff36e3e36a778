//! Fields that name a row of `spec/fields.toml`: all later stages see the row's type and sentence.

use super::{
    diagnostic::{Diagnostic, Diagnostics},
    source::Source,
    spec::{At, Field, Ordered, Row},
};

/// Gives each field that names a row the content of the row, as if it were written where the row is named.
pub fn fill_in(
    source: &Source,
    fields: &mut Ordered<Field>,
    rows: &Ordered<Row>,
    errors: &mut Diagnostics,
) {
    for (wire, field) in &mut fields.0 {
        let Some(named) = &field.row else { continue };
        let Some(row) = rows.get(named) else {
            let message = format!("no row is called `{}`", named.value);
            let names = rows.iter().map(|(name, _)| name.value.as_str());
            errors.push(
                Diagnostic::new(source, named.span.clone(), message)
                    .expected("a row of spec/fields.toml, or `type` and `doc`")
                    .suggest(named, names),
            );
            continue;
        };
        for (key, said, of_row) in [
            ("type", &mut field.ty, &row.ty),
            ("doc", &mut field.doc, &row.doc),
        ] {
            // The filled-in values have the position at which the row is named.
            if !said.span.is_empty() && said.span != named.span {
                let message = format!("`{}` names a row and has a `{key}` of its own", wire.value);
                let expected = "either `row`, or `type` and `doc`";
                errors.push(Diagnostic::new(source, said.span.clone(), message).expected(expected));
            }
            *said = At {
                value: of_row.value.clone(),
                span: named.span.clone(),
            };
        }
    }
}
