//! `cargo xtask`: maintenance commands of the workspace.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command line tool prints"
)]

use clap::{Parser, Subcommand, ValueEnum};
use std::{
    path::{Path, PathBuf},
    process::ExitCode,
    time::Instant,
};
use xtask::codegen::run::{Options, Outcome, run};

/// Maintenance commands of the workspace.
#[derive(Parser)]
#[command(name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Turns the spec into Rust: writes what changed, removes what is stale.
    Codegen {
        /// Writes nothing; fails with a diff when a generated file is not what the spec says.
        #[arg(long)]
        check: bool,
        /// Root of the workspace.
        #[arg(long, default_value = default_root())]
        root: PathBuf,
        /// The spec folder; `spec` below the root unless given.
        #[arg(long)]
        spec: Option<PathBuf>,
        /// How mistakes are printed.
        #[arg(long, value_enum, default_value_t = Format::Text)]
        format: Format,
    },
    /// Prints what is here of each command that the vendor lists; fails when something is missing.
    Coverage {
        /// Root of the workspace.
        #[arg(long, default_value = default_root())]
        root: PathBuf,
        /// How the table is printed.
        #[arg(long, value_enum, default_value_t = Format::Text)]
        format: Format,
    },
    /// Runs everything that must pass before a change lands.
    Ci,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// The workspace that this tool was built in.
fn default_root() -> &'static str {
    concat!(env!("CARGO_MANIFEST_DIR"), "/..")
}

fn main() -> ExitCode {
    match Arguments::parse().command {
        Command::Codegen {
            check,
            root,
            spec,
            format,
        } => {
            let spec = spec.unwrap_or_else(|| root.join("spec"));
            codegen(&Options { root, spec, check }, format)
        }
        Command::Coverage { root, format } => coverage(&root, format),
        Command::Ci if xtask::ci::run(default_root().as_ref()) => ExitCode::SUCCESS,
        Command::Ci => ExitCode::FAILURE,
    }
}

fn coverage(root: &Path, format: Format) -> ExitCode {
    let coverage = match xtask::coverage::coverage(root) {
        Ok(coverage) => coverage,
        Err(error) => {
            eprintln!("error: {error}");
            return ExitCode::FAILURE;
        }
    };
    match format {
        Format::Text => println!("{coverage}"),
        Format::Json => match serde_json::to_string(&coverage) {
            Ok(json) => println!("{json}"),
            Err(error) => eprintln!("error: {error}"),
        },
    }
    if coverage.has_gaps() {
        eprintln!("error: what is missing stands above");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

fn codegen(options: &Options, format: Format) -> ExitCode {
    let start = Instant::now();
    let outcome = match run(options) {
        Ok(outcome) => outcome,
        Err(error) => {
            eprintln!("error: {error}");
            return ExitCode::FAILURE;
        }
    };
    let took = start.elapsed().as_millis();
    match outcome {
        Outcome::Mistakes(mistakes) if format == Format::Json => {
            print!("{}", mistakes.render_json());
            ExitCode::FAILURE
        }
        Outcome::Mistakes(mistakes) => {
            eprint!("{}", mistakes.render());
            ExitCode::FAILURE
        }
        Outcome::Written { report, summary } => {
            for path in &report.written {
                println!("  wrote   {path}");
            }
            for path in &report.removed {
                println!("  removed {path}");
            }
            println!(
                "{summary}: {} written, {} removed, {} unchanged, {took} ms",
                report.written.len(),
                report.removed.len(),
                report.unchanged
            );
            ExitCode::SUCCESS
        }
        Outcome::Checked { drift, summary } if drift.is_empty() => {
            println!("{summary}: all generated files are what the spec says, {took} ms");
            ExitCode::SUCCESS
        }
        Outcome::Checked { drift, .. } => {
            for file in &drift {
                println!("{}", file.diff);
            }
            eprintln!(
                "error: {} generated files differ from the spec; run `cargo xtask codegen` and commit the result",
                drift.len()
            );
            ExitCode::FAILURE
        }
    }
}
