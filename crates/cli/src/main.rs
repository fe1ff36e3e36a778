//! `tencent-chat`: the workbench for the Tencent Cloud Chat server API.
//!
//! Results go to standard output, everything else to standard error. The exit codes are those of
//! [`failure::Exit`].

mod args;
mod bulk;
mod call;
mod catalogue;
mod code;
mod commands;
mod describe;
mod doctor;
mod edition;
mod export;
mod failure;
mod fields;
mod health;
mod input;
mod lines;
mod log;
mod mcp;
mod output;
mod page;
mod profile;
mod progress;
mod reference;
mod secret;
mod serve;
mod server_file;
mod shell;
mod sig;
mod signals;
mod webhook;

use args::{Cli, Command};
use clap::{
    CommandFactory, FromArgMatches,
    error::{ContextKind, ContextValue},
};
use failure::Failure;
use output::Output;
use std::{env, process::ExitCode};

fn main() -> ExitCode {
    let cli = read().unwrap_or_else(|error| without_variables(error).exit());
    let output = Output::new(cli.output);
    match run(cli, &output) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            output.report(&failure);
            failure.exit_code()
        }
    }
}

/// Parses the command line and the environment variables of its flags.
fn read() -> clap::error::Result<Cli> {
    let mut program = Cli::command();
    let matches = program.try_get_matches_from_mut(env::args_os())?;
    let mut cli = Cli::from_arg_matches(&matches).map_err(|error| error.format(&mut program))?;
    cli.connection = cli.connection.with_sources(&matches);
    Ok(cli)
}

/// An error without the value of a variable, which may be a secret that nobody typed here.
fn without_variables(mut error: clap::Error) -> clap::Error {
    if let Some(ContextValue::String(value)) = error.get(ContextKind::InvalidValue)
        && env::vars_os().any(|(_, other)| other.to_str() == Some(value))
    {
        error.insert(ContextKind::InvalidValue, ContextValue::String("…".into()));
    }
    error
}

fn run(cli: Cli, output: &Output) -> Result<(), Failure> {
    let connection = cli.connection;
    match cli.command {
        Command::Serve(args) => wait_for(serve::run(args, &connection, output)),
        Command::Health(args) => wait_for(health::run(args, output)),
        Command::Call(args) => wait_for(call::run(args, &connection, output)),
        Command::Commands(args) => commands::run(&args, output),
        Command::Describe(args) => describe::run(&args, output),
        Command::Sig(args) => sig::run(args, &connection, output),
        Command::Code(args) => code::run(&args, output),
        Command::Webhook(args) => wait_for(webhook::run(args, &connection, output)),
        Command::Bulk(args) => wait_for(bulk::run(args, &connection, output)),
        Command::Export(args) => wait_for(export::run(args, &connection, output)),
        Command::Mcp(args) => wait_for(mcp::run(args, &connection, output)),
        Command::Doctor(args) => wait_for(doctor::run(args, &connection, output)),
        Command::Completions(args) => shell::completions(&args, Cli::command(), output),
        Command::Man(args) => shell::man(&args, Cli::command()),
    }
}

/// Runs a future to completion.
fn wait_for(work: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::setup(format!("the runtime cannot start: {error}")))?
        .block_on(work)
}
