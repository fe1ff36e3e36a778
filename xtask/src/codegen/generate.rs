//! Stages 3 to 8: a checked spec becomes files.

use super::{
    diagnostic::{Diagnostic, Diagnostics},
    editor_schema, emit, load, lower, model, openapi, schema, tidy, tree,
};

/// One document describes all types; it is the source of the structs, and it is published.
fn types_and_documents(model: &model::Model, tree: &mut tree::Tree) -> Result<(), String> {
    let document = openapi::types(model)?;
    let structs = tidy::tidy(model, schema::structs(&document, model)?)?;
    emit::emit(model, &structs, tree)?;
    openapi::emit(model, &document, tree)
}

/// All files generated from a checked spec.
///
/// # Errors
///
/// Disagreements between two stages. On a spec without mistakes, these are bugs of the generator.
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
            .expected(
                "a spec that passed the checks can be generated; please report this as a bug",
            ),
        );
        errors
    })?;
    Ok(tree)
}
