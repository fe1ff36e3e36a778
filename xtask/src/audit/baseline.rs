//! Findings that are accepted.

use super::{compare::Kind, report::identity};
use crate::codegen::diagnostic::{Diagnostic, Diagnostics};
use std::{collections::BTreeSet, fs, path::Path};

/// Accepted findings: lines as `--json` prints them.
pub(super) fn baseline(path: &Path) -> Result<BTreeSet<String>, Diagnostics> {
    #[derive(serde::Deserialize)]
    struct Line {
        page: String,
        command: Option<String>,
        kind: Kind,
        path: String,
        page_says: String,
    }
    let shown = path.display().to_string();
    let mut errors = Diagnostics::default();
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) => {
            errors.push(Diagnostic::of_file(
                shown,
                format!("the file cannot be read: {error}"),
            ));
            return Err(errors);
        }
    };
    let mut known = BTreeSet::new();
    for (at, line) in text
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty())
    {
        match serde_json::from_str::<Line>(line) {
            Ok(line) => {
                let about = line.command.unwrap_or(line.page);
                known.insert(identity(&about, line.kind, &line.path, &line.page_says));
            }
            Err(error) => {
                let message = format!("line {} is not a finding: {error}", at + 1);
                errors.push(
                    Diagnostic::of_file(shown.clone(), message)
                        .expected("lines as `cargo xtask audit --json` prints them"),
                );
            }
        }
    }
    errors.into_result(known)
}
