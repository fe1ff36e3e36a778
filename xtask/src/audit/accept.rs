//! Writes digests of pages into the spec.

use super::{
    report::{PageDigest, Report},
    run::Options,
};
use std::{collections::BTreeMap, fs};

/// Writes date and digest of each page into the spec file of its command, if the date fits the file. Of several
/// pages about one command the newest counts; if two differ and neither is newer, none does. Returns the files
/// that changed.
///
/// # Errors
///
/// A file that cannot be read or written.
pub fn accept(options: &Options, report: &Report) -> Result<Vec<String>, String> {
    let mut of_file: BTreeMap<&str, Vec<&PageDigest>> = BTreeMap::new();
    for digest in &report.digests {
        of_file.entry(&digest.spec_file).or_default().push(digest);
    }
    let mut changed = Vec::new();
    for (file, mut digests) in of_file {
        let newest = digests
            .iter()
            .filter_map(|digest| digest.updated.as_deref())
            .max();
        let newest = newest.map(ToOwned::to_owned);
        digests.retain(|digest| digest.updated == newest);
        let Some((digest, others)) = digests.split_first() else {
            continue;
        };
        if others.iter().any(|other| other.digest != digest.digest) {
            continue;
        }
        let path = options.spec.join(file.trim_start_matches("spec/"));
        let text =
            fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        if let Some(text) = with_digest(&text, digest) {
            fs::write(&path, text).map_err(|error| format!("{}: {error}", path.display()))?;
            changed.push(file.to_owned());
        }
    }
    Ok(changed)
}

/// The text of a spec file with this digest in its `page`, if that changes anything. A page with a date other
/// than the file's is another text, and says nothing about the one that was compared.
fn with_digest(text: &str, digest: &PageDigest) -> Option<String> {
    let start = text.find("\npage = {")? + 1;
    let line = text[start..].lines().next()?;
    let inner = line
        .strip_prefix("page = {")?
        .trim_end()
        .strip_suffix('}')?;
    let held = line
        .find("updated = ")
        .and_then(|at| line.get(at + 10..at + 20));
    if let (Some(held), Some(updated)) = (held, &digest.updated)
        && held != updated
    {
        return None;
    }
    let without = match inner.find(", digest = \"") {
        Some(at) => {
            let end = at + 12 + inner[at + 12..].find('"')? + 1;
            format!("{}{}", &inner[..at], &inner[end..])
        }
        None => inner.to_owned(),
    };
    let updated = match (&digest.updated, held) {
        (Some(updated), None) => format!(", updated = {updated}"),
        _ => String::new(),
    };
    let line_new = format!(
        "page = {{{}{updated}, digest = \"{}\" }}",
        without.trim_end(),
        digest.digest
    );
    (line_new != line).then(|| {
        format!(
            "{}{line_new}{}",
            &text[..start],
            &text[start + line.len()..]
        )
    })
}
