//! `cargo xtask`: maintenance commands of the workspace.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command line tool prints"
)]

use clap::{Parser, Subcommand, ValueEnum};
use std::{
    io::IsTerminal,
    path::{Path, PathBuf},
    process::ExitCode,
    time::Instant,
};
use xtask::audit;
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
    /// Generates Rust and OpenAPI from the spec: writes changed files and removes stale ones.
    Codegen {
        /// Write nothing; fail with a diff if a generated file does not match the spec.
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
    /// Prints the state of each command in the vendor's list; fails if something is missing.
    Coverage {
        /// Root of the workspace.
        #[arg(long, default_value = default_root())]
        root: PathBuf,
        /// How the table is printed.
        #[arg(long, value_enum, default_value_t = Format::Text)]
        format: Format,
        /// List the ages of all files, the oldest first.
        #[arg(long)]
        by_age: bool,
    },
    /// Compares saved pages of the vendor with the spec; fails if a difference is unexplained (1) or a page
    /// cannot be compared (2).
    Audit {
        /// The spec folder.
        #[arg(long, default_value = default_spec())]
        spec: PathBuf,
        /// Print one JSON object per finding, one per line.
        #[arg(long)]
        json: bool,
        /// Also count facts that only the spec has, and show explained differences.
        #[arg(long)]
        strict: bool,
        /// Accepted findings: a file of lines printed by `--json`.
        #[arg(long, value_name = "FILE")]
        baseline: Option<PathBuf>,
        /// List spec files that no page is about.
        #[arg(long)]
        coverage: bool,
        /// Print a spec file without sentences for each missing command.
        #[arg(long, conflicts_with = "json")]
        stub: bool,
        /// Write date and digest of each page into the spec file of its command, so that later changes are
        /// noticed.
        #[arg(long)]
        accept: bool,
        /// Pages, or folders of pages: text, Markdown or HTML.
        #[arg(required = true)]
        paths: Vec<PathBuf>,
    },
    /// Drafts the spec file of a command from its pages. Its sentences are empty, and `codegen` refuses the
    /// file until somebody writes them.
    Draft {
        /// The spec folder.
        #[arg(long, default_value = default_spec())]
        spec: PathBuf,
        /// Pages of one or more commands.
        #[arg(required = true)]
        pages: Vec<PathBuf>,
    },
    /// Measures how much the audit notices: removes facts from a copy of the spec, one at a time, and audits
    /// the pages that state them. Does nothing if the folder does not exist.
    AuditRecall {
        /// The spec folder.
        #[arg(long, default_value = default_spec())]
        spec: PathBuf,
        /// Print every missed fact.
        #[arg(long)]
        missed: bool,
        /// Folders of pages in Markdown.
        #[arg(required = true)]
        paths: Vec<PathBuf>,
    },
    /// Counts the instructions of the SDK's operations, and compares them with benches/instructions.toml.
    Instructions {
        /// Store the counts instead.
        #[arg(long)]
        renew: bool,
    },
    /// Runs everything that must pass before a change lands.
    Ci {
        /// Steps to run instead of all; `release` stands for those that only a release needs.
        steps: Vec<String>,
        /// Lists the steps.
        #[arg(long)]
        list: bool,
    },
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people.
    Text,
    /// One JSON object per line.
    Json,
}

/// The workspace that this tool was built in.
fn default_root() -> &'static str {
    concat!(env!("CARGO_MANIFEST_DIR"), "/..")
}

/// Its spec.
fn default_spec() -> &'static str {
    concat!(env!("CARGO_MANIFEST_DIR"), "/../spec")
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
        Command::Coverage {
            root,
            format,
            by_age,
        } => coverage(&root, format, by_age),
        Command::Audit {
            spec,
            json,
            strict,
            baseline,
            coverage,
            stub,
            accept,
            paths,
        } => {
            let options = audit::Options {
                spec,
                fallback: default_spec().into(),
                pages: paths,
                strict,
                baseline,
                coverage,
                stub,
            };
            audit(&options, json, accept)
        }
        Command::Draft { spec, pages } => draft(audit::Options {
            spec,
            fallback: default_spec().into(),
            pages,
            ..audit::Options::default()
        }),
        Command::AuditRecall {
            spec,
            missed,
            paths,
        } => audit_recall(&spec, missed, &paths),
        Command::Instructions { renew } => {
            match xtask::ci::instructions(default_root().as_ref(), renew) {
                true => ExitCode::SUCCESS,
                false => ExitCode::FAILURE,
            }
        }
        Command::Ci { list: true, .. } => {
            xtask::ci::list();
            ExitCode::SUCCESS
        }
        Command::Ci { steps, .. } if xtask::ci::run(default_root().as_ref(), &steps) => {
            ExitCode::SUCCESS
        }
        Command::Ci { .. } => ExitCode::FAILURE,
    }
}

fn audit(options: &audit::Options, json: bool, accept: bool) -> ExitCode {
    let terminal = std::io::stderr().is_terminal();
    let report = audit::run(options, |done, all| {
        if terminal && (done % 16 == 0 || done == all) {
            eprint!(
                "\r{done} of {all} pages{}",
                if done == all { "\n" } else { "" }
            );
        }
    });
    let report = match report {
        Ok(report) => report,
        Err(mistakes) => {
            anstream::eprint!("{}", mistakes.render_styled());
            return ExitCode::from(2);
        }
    };
    if json {
        for finding in &report.findings {
            match serde_json::to_string(finding) {
                Ok(line) => println!("{line}"),
                Err(error) => eprintln!("error: {error}"),
            }
        }
    } else {
        println!("{report}");
        report.stubs.iter().for_each(print_draft);
    }
    if accept {
        match audit::accept(options, &report) {
            Ok(files) => eprintln!("{} spec files have a new digest", files.len()),
            Err(error) => {
                eprintln!("error: {error}");
                return ExitCode::from(2);
            }
        }
    }
    ExitCode::from(report.exit_code())
}

fn draft(options: audit::Options) -> ExitCode {
    match audit::draft_files(&options) {
        Ok(drafts) => {
            drafts.iter().for_each(print_draft);
            ExitCode::SUCCESS
        }
        Err(mistakes) => {
            anstream::eprint!("{}", mistakes.render_styled());
            ExitCode::FAILURE
        }
    }
}

fn print_draft(draft: &audit::draft::Draft) {
    println!("# spec/{}", draft.file);
    for note in &draft.notes {
        println!("# {note}");
    }
    println!("{}", draft.toml);
}

fn audit_recall(spec: &Path, missed: bool, paths: &[PathBuf]) -> ExitCode {
    if let Some(path) = paths.iter().find(|path| !path.exists()) {
        println!("skipped: {} does not exist", path.display());
        return ExitCode::SUCCESS;
    }
    match audit::recall::measure(spec, paths) {
        Ok(recall) => {
            print!("{recall}");
            if missed {
                recall.missed().for_each(|line| println!("missed {line}"));
            }
            let shortfalls = recall.shortfalls();
            shortfalls
                .iter()
                .for_each(|line| eprintln!("error: {line}"));
            if shortfalls.is_empty() {
                ExitCode::SUCCESS
            } else {
                ExitCode::FAILURE
            }
        }
        Err(mistakes) => {
            anstream::eprint!("{}", mistakes.render_styled());
            ExitCode::from(2)
        }
    }
}

fn coverage(root: &Path, format: Format, by_age: bool) -> ExitCode {
    let coverage = match xtask::coverage::coverage(root) {
        Ok(coverage) => coverage,
        Err(error) => {
            eprintln!("error: {error}");
            return ExitCode::FAILURE;
        }
    };
    match format {
        Format::Text if by_age => print!("{}", coverage.by_age()),
        Format::Text => println!("{coverage}"),
        Format::Json => match serde_json::to_string(&coverage) {
            Ok(json) => println!("{json}"),
            Err(error) => eprintln!("error: {error}"),
        },
    }
    if coverage.has_gaps() {
        eprintln!("error: the missing entries are listed above");
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
            anstream::eprint!("{}", mistakes.render_styled());
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
            println!("{summary}: all generated files match the spec, {took} ms");
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
