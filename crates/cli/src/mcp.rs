//! `tencent-chat mcp`: an MCP (Model Context Protocol) server for assistants, on standard input and output.

mod target;
mod tools;

use self::{target::Target, tools::Tools};
use crate::{failure::Failure, output::Output, profile::Connection, signals::Signals};
use rmcp::ServiceExt as _;

#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub(crate) struct Args {
    /// Allows commands that change something, or return a secret, on the app of a profile
    #[arg(long)]
    allow_changes: bool,
}

const HELP: &str = "\
An assistant starts this program itself, for example with
  {\"mcpServers\":{\"tencent-chat\":{\"command\":\"tencent-chat\",\"args\":[\"mcp\"]}}}

Calls go to a simulator inside the program, with users, groups and conversations to experiment with. \
With --profile they go to the app of that profile, limited to commands that, according to the documentation, \
change nothing and return no secret, unless --allow-changes is set. The profile overrides environment variables \
that name another app, and can't be combined with flags that do. Without --profile, both such variables and \
the file's default profile are ignored.";

pub(crate) async fn run(
    args: Args,
    connection: &Connection,
    output: &Output,
) -> Result<(), Failure> {
    let target = Target::new(connection, args.allow_changes).await?;
    output.note(&format!("calls go to {}", target.name()));
    let mut signals = Signals::listen()?;
    // Standard output is reserved for the protocol.
    let serving = Tools::new(target).serve(rmcp::transport::stdio());
    let stopping = async {
        let running = serving.await.map_err(|error| {
            // It ended before it began.
            Failure::usage(format!("no MCP client is connected: {error}"))
                .help("assistants start this program; see --help")
        })?;
        let ended = running.waiting().await;
        ended.map_err(|error| Failure::setup(format!("the server ended: {error}")))?;
        Ok(())
    };
    tokio::select! {
        ended = stopping => ended,
        () = signals.next() => {
            // A read of standard input can't be cancelled, and would keep the program from exiting.
            output.note("stopping");
            std::process::exit(0);
        }
    }
}
