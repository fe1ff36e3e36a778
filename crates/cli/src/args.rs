//! The command line.

use crate::{
    bulk, call, code, commands, describe, doctor, export, health, mcp, output::Format,
    profile::Connection, serve, shell, sig, webhook,
};
use clap::{Parser, Subcommand};

/// The workbench for the Tencent Cloud Chat server API: a local server, calls, UserSigs, error codes,
/// webhooks.
#[derive(Debug, Parser)]
#[command(name = "tencent-chat", version, about, after_help = EXIT_CODES, propagate_version = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) connection: Connection,
    /// Output format; by default a table on a terminal and JSON elsewhere
    #[arg(long, short, global = true, value_enum)]
    pub(crate) output: Option<Format>,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Runs a local server that behaves like the service
    Serve(serve::Args),
    /// Checks whether a local server accepts calls
    Health(health::Args),
    /// Calls a command of the service
    Call(call::Args),
    /// Lists and searches the commands
    Commands(commands::Args),
    /// Shows a command's fields, reply, limits and error codes
    Describe(describe::Args),
    /// Signs, verifies and inspects UserSigs
    Sig(sig::Args),
    /// Explains an error code
    Code(code::Args),
    /// Sends, verifies and receives webhooks
    Webhook(webhook::Args),
    /// Imports and deletes accounts, sends messages and adds members, one per line of a file
    Bulk(bulk::Args),
    /// Exports message histories and member lists to a file
    Export(export::Args),
    /// Runs an MCP (Model Context Protocol) server for AI assistants
    Mcp(mcp::Args),
    /// Checks configuration, clock, address, key and administrator
    Doctor(doctor::Args),
    /// Prints completions for a shell
    Completions(shell::Completions),
    /// Writes man pages into a folder
    Man(shell::Man),
}

const EXIT_CODES: &str = "\
Exit codes:
  0  success
  1  the service or the app refused, or a check failed
  2  the command line or the request body is invalid; nothing was sent
  3  configuration is missing or invalid; nothing was sent
  4  no valid reply: connection failed, timeout, or the reply is not from the service
  5  a file or stream could not be read or written
  6  stopped early; run the same command again to resume";
