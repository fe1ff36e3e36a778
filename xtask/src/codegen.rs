//! The generator: `spec/` in, Rust out. One stage, one file.
//!
//! 1. [`load`]: files become [`load::Spec`]; form is checked against the language's own schema
//! 2. [`check`] and [`samples`]: what a file says must make sense, and the samples must agree
//! 3. [`lower`]: names are resolved; the result is the [`model`]
//! 4. [`schema`]: each module becomes a JSON Schema, and typify makes its structs
//! 5. [`tidy`]: typify's output meets the model, strictly in both directions
//! 6. [`emit`]: the model becomes Rust
//! 7. [`openapi`]: the model becomes JSON Schema and OpenAPI, for other languages
//! 8. [`tree`]: files are written, compared, removed
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

/// Everything that follows from a checked spec.
///
/// # Errors
///
/// Where two stages disagree; on a spec without mistakes that is a bug of the generator.
pub fn generate(spec: &load::Spec) -> Result<tree::Tree, Diagnostics> {
    let model = lower::lower(spec)?;
    let mut tree = tree::Tree::default();
    editor_schema::emit(&mut tree);
    let emitted = emit::emit(&model, &mut tree);
    let emitted = emitted.and_then(|()| openapi::emit(&model, &mut tree));
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
