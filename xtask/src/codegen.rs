//! The generator: `spec/` in, Rust out. One stage, one file.
//!
//! 1. [`load`]: files become [`load::Spec`]; form is checked against the language's own schema
//! 2. [`check`] and [`samples`]: what a file says must make sense, and the samples must agree
//! 3. [`lower`]: names are resolved; the result is the [`model`]
//! 4. [`openapi::types`]: the model becomes one JSON Schema document of all types
//! 5. [`schema`]: typify makes the structs from that document
//! 6. [`tidy`]: typify's structs get our names and attributes; none may be missing or left over
//! 7. [`emit`]: structs and model become Rust
//! 8. [`openapi::emit`]: the document is published, alone and in OpenAPI, for other languages
//! 9. [`tree`]: files are written, compared, removed
//!
//! No network, no clock, no environment: the same spec gives the same bytes.

pub mod check;
pub mod diagnostic;
pub mod editor_schema;
pub mod emit;
pub mod load;
pub mod lower;
pub mod model;
pub mod names;
pub mod openapi;
pub mod run;
pub mod samples;
pub mod schema;
pub mod settles;
pub mod spec;
pub mod structure;
pub mod tidy;
pub mod tree;
pub mod type_expr;

use diagnostic::{Diagnostic, Diagnostics};

/// One document describes all types; the structs are made from it, and it is published.
fn types_and_documents(model: &model::Model, tree: &mut tree::Tree) -> Result<(), String> {
    let document = openapi::types(model)?;
    let structs = tidy::tidy(model, schema::structs(&document, model)?)?;
    emit::emit(model, &structs, tree)?;
    openapi::emit(model, &document, tree)
}

/// Everything that follows from a checked spec.
///
/// # Errors
///
/// Where two stages disagree; on a spec without mistakes that is a bug of the generator.
pub fn generate(spec: &load::Spec) -> Result<tree::Tree, Diagnostics> {
    let model = lower::lower(spec)?;
    let mut tree = tree::Tree::default();
    editor_schema::emit(&mut tree);
    let emitted = types_and_documents(&model, &mut tree);
    let owned = emitted.and_then(|()| match tree.foreign() {
        None => Ok(()),
        Some(path) => Err(format!("{path} is in none of its folders")),
    });
    owned.map_err(|message| {
        let mut errors = Diagnostics::default();
        errors.push(
            Diagnostic::of_file(
                "xtask",
                format!("the generator disagrees with itself: {message}"),
            )
            .expected("a spec that passed the checks generates; please report this as a bug"),
        );
        errors
    })?;
    Ok(tree)
}
