//! Completions and man pages, generated from the definition of the command line.

use crate::{failure::Failure, output::Output};
use clap::Command;
use clap_complete::Shell;
use std::{fs, path::PathBuf};

#[derive(Debug, clap::Args)]
pub(crate) struct Completions {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Man {
    /// The folder; created if missing
    folder: PathBuf,
}

pub(crate) fn completions(
    args: &Completions,
    mut program: Command,
    output: &Output,
) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut program, "tencent-chat", &mut script);
    output.line(String::from_utf8_lossy(&script).trim_end())
}

pub(crate) fn man(args: &Man, program: Command) -> Result<(), Failure> {
    let failed = |error| Failure::file(&args.folder.display().to_string(), &error);
    fs::create_dir_all(&args.folder).map_err(failed)?;
    clap_mangen::generate_to(program, &args.folder).map_err(failed)
}
