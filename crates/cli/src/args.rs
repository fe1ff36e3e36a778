//! What can be said on the command line.

use crate::{
    bulk, call, code, commands, describe, doctor, export, health, mcp, output::Format,
    profile::Connection, serve, shell, sig, webhook,
};
use clap::{Parser, Subcommand};

/// The workbench of the Tencent Cloud Chat server API: a local server, calls, UserSig, error codes,
/// webhooks.
#[derive(Debug, Parser)]
#[command(name = "tencent-chat", version, about, after_help = EXIT_CODES, propagate_version = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) connection: Connection,
    /// How results are written; a table on a terminal and JSON elsewhere unless set
    #[arg(long, short, global = true, value_enum)]
    pub(crate) output: Option<Format>,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Runs a local server that answers as the service does
    Serve(serve::Args),
    /// Asks whether a local server takes calls
    Health(health::Args),
    /// Calls a command of the service
    Call(call::Args),
    /// Lists and searches the commands
    Commands(commands::Args),
    /// Shows what a command takes, answers, allows and refuses
    Describe(describe::Args),
    /// Signs, verifies and inspects UserSigs
    Sig(sig::Args),
    /// Explains an error code
    Code(code::Args),
    /// Sends, verifies and receives webhooks
    Webhook(webhook::Args),
    /// Imports and deletes accounts, sends messages and adds members, by the lines of a file
    Bulk(bulk::Args),
    /// Writes histories and members to a file
    Export(export::Args),
    /// Serves assistants over the Model Context Protocol
    Mcp(mcp::Args),
    /// Checks configuration, clock, address, key and administrator
    Doctor(doctor::Args),
    /// Writes completions for a shell
    Completions(shell::Completions),
    /// Writes the man pages into a folder
    Man(shell::Man),
}

const EXIT_CODES: &str = "\
Exit codes:
  0  it worked
  1  the service, the app or a check said no
  2  the command line or the body is wrong; nothing was sent
  3  configuration is missing or wrong; nothing was sent
  4  no answer: not reached, too late, or not the service's
  5  a file or a stream could not be read or written
  6  it was told to stop before its end; the same command goes on";
