//! The command: load, check, generate, write or compare.

use super::{
    check,
    diagnostic::{Diagnostics, count},
    generate::generate,
    load, samples,
    tree::{Drift, Report},
};
use std::{io, path::PathBuf};

/// What to read and where to write.
#[derive(Clone, Debug)]
pub struct Options {
    /// Root of the workspace.
    pub root: PathBuf,
    /// The spec folder.
    pub spec: PathBuf,
    /// Compare instead of writing.
    pub check: bool,
}

/// How a run ended.
#[derive(Debug)]
pub enum Outcome {
    /// Files were written where they differed.
    Written {
        /// What changed.
        report: Report,
        /// What the spec holds.
        summary: String,
    },
    /// The files were compared.
    Checked {
        /// Files that differ.
        drift: Vec<Drift>,
        /// What the spec holds.
        summary: String,
    },
    /// The spec has mistakes.
    Mistakes(Diagnostics),
}

/// Runs all stages.
///
/// # Errors
///
/// Files that cannot be written or compared.
pub fn run(options: &Options) -> io::Result<Outcome> {
    let spec = match load::load(&options.spec) {
        Ok(spec) => spec,
        Err(mistakes) => return Ok(Outcome::Mistakes(mistakes)),
    };
    let mut mistakes = check::check(&spec);
    mistakes.extend(samples::check(&spec));
    if !mistakes.is_empty() {
        return Ok(Outcome::Mistakes(mistakes));
    }
    let tree = match generate(&spec) {
        Ok(tree) => tree,
        Err(mistakes) => return Ok(Outcome::Mistakes(mistakes)),
    };
    let samples: usize = spec
        .endpoints
        .iter()
        .map(|endpoint| endpoint.file.samples.len())
        .sum();
    let events = spec.webhooks.iter().flat_map(|webhooks| &webhooks.events);
    let more: usize = events.clone().map(|event| event.file.samples.len()).sum();
    let summary = [
        count(spec.endpoints.len(), "command"),
        count(events.count(), "webhook"),
        count(samples + more, "sample"),
        count(spec.errors.file.codes.len(), "error code"),
        count(tree.iter().count(), "file"),
    ]
    .join(", ");
    Ok(if options.check {
        Outcome::Checked {
            drift: tree.drift(&options.root)?,
            summary,
        }
    } else {
        Outcome::Written {
            report: tree.write(&options.root)?,
            summary,
        }
    })
}
