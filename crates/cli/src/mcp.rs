//! `tencent-chat mcp`: the workbench for assistants, over the Model Context Protocol on standard input and output.

mod target;
mod tools;

use self::{target::Target, tools::Tools};
use crate::{failure::Failure, output::Output, profile::Connection, signals::Signals};
use rmcp::ServiceExt as _;

#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub(crate) struct Args {
    /// Lets commands that change something, or answer a secret, be called of the app of a profile
    #[arg(long)]
    allow_changes: bool,
}

const HELP: &str = "\
An assistant starts this program itself, such as with
  {\"mcpServers\":{\"tencent-chat\":{\"command\":\"tencent-chat\",\"args\":[\"mcp\"]}}}

Calls go to a simulator inside of the program, with users, groups and conversations to try things on. \
With --profile they go to the app of that profile, and only commands of which the documentation says \
that they change nothing and answer no secret, unless --allow-changes is set. The profile comes before variables that name another \
app, and isn't taken together with flags that do. Without --profile neither they nor the file's default \
profile count.";

pub(crate) async fn run(
    args: Args,
    connection: &Connection,
    output: &Output,
) -> Result<(), Failure> {
    let target = Target::new(connection, args.allow_changes).await?;
    output.note(&format!("calls go to {}", target.name()));
    let mut signals = Signals::listen()?;
    // Standard output is the protocol's alone.
    let serving = Tools::new(target).serve(rmcp::transport::stdio());
    let stopping = async {
        let running = serving.await.map_err(|error| {
            // It ended before it began.
            Failure::usage(format!("no client that speaks the protocol: {error}"))
                .help("assistants start this program; see --help")
        })?;
        let ended = running.waiting().await;
        ended.map_err(|error| Failure::setup(format!("the server ended: {error}")))?;
        Ok(())
    };
    tokio::select! {
        ended = stopping => ended,
        () = signals.next() => {
            // A read of standard input can't be given up, and would hold the end of the program up.
            output.note("stopping");
            std::process::exit(0);
        }
    }
}
