//! `tencent-chat commands`: lists and searches the commands.

use crate::{
    failure::Failure,
    output::{self, Output},
    reference::Operation,
};
use serde::Serialize;
use tencent_chat_types::{ENDPOINTS, text::quoted};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Words that must occur in path, name or title
    search: Vec<String>,
    /// Only commands of this family, such as `group`
    #[arg(long)]
    family: Option<String>,
}

/// One command.
#[derive(Serialize)]
pub(crate) struct Row {
    command: &'static str,
    name: &'static str,
    family: &'static str,
    title: &'static str,
}

pub(crate) fn run(args: &Args, output: &Output) -> Result<(), Failure> {
    let rows = find(&args.search, args.family.as_deref())?;
    output.result(&rows, || {
        let rows = rows
            .iter()
            .map(|row| [row.command, row.name, row.title].map(str::to_owned));
        output::table(Some(["command", "name", "title"]), rows)
    })
}

/// The commands of a family, or of all families, that contain all of these words.
///
/// # Errors
///
/// There is no such family, or no such command.
pub(crate) fn find(words: &[String], family: Option<&str>) -> Result<Vec<Row>, Failure> {
    if let Some(family) = family
        && !ENDPOINTS.iter().any(|meta| meta.family == family)
    {
        let mut families: Vec<&str> = ENDPOINTS.iter().map(|meta| meta.family).collect();
        families.dedup();
        return Err(
            Failure::usage(format!("there is no family \"{}\"", quoted(family)))
                .help(format!("valid families: {}", families.join(", "))),
        );
    }
    let mut rows = Vec::new();
    for meta in ENDPOINTS {
        let row = Row {
            command: meta.path,
            name: meta.name,
            family: meta.family,
            title: Operation::of_command(meta.path)?.summary(),
        };
        let all = format!("{} {} {}", row.command, row.name, row.title).to_lowercase();
        let has = |word: &String| all.contains(&word.to_lowercase());
        if words.iter().all(has) && family.is_none_or(|family| family == row.family) {
            rows.push(row);
        }
    }
    match rows.is_empty() {
        false => Ok(rows),
        true => Err(Failure::refused("no command contains all of these words")
            .help("`tencent-chat commands` without words lists them all")),
    }
}
