//! `tencent-chat webhook`: events, in both directions.

mod app;
mod listen;
mod trigger;
mod verify;

use crate::{
    failure::Failure,
    output::{self, Output},
    profile::Connection,
    reference::Operation,
};
use clap::Subcommand;
use serde_json::json;
use tencent_chat_types::webhook::{WEBHOOKS, When};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Lists the webhooks
    List,
    /// Sends an event to an app, as the service does, and explains the answer
    Trigger(trigger::Args),
    /// Tells whether a captured request is the service's, and reads it
    Verify(verify::Args),
    /// Receives events and prints them
    Listen(listen::Args),
}

pub(crate) async fn run(
    args: Args,
    connection: &Connection,
    output: &Output,
) -> Result<(), Failure> {
    match args.command {
        Command::List => list(output),
        Command::Trigger(args) => trigger::run(args, connection, output).await,
        Command::Verify(args) => verify::run(&args, connection, output),
        Command::Listen(args) => listen::run(args, connection, output).await,
    }
}

fn list(output: &Output) -> Result<(), Failure> {
    let mut rows = Vec::new();
    for meta in WEBHOOKS {
        let asks = meta.when == When::Before;
        rows.push((meta, asks, Operation::of_webhook(meta.command)?.summary()));
    }
    let row = |(meta, asks, title): &(&&tencent_chat_types::webhook::WebhookMeta, bool, &str)| json!({ "webhook": meta.command, "name": meta.name, "family": meta.family, "asks": asks, "title": title });
    let json: Vec<_> = rows.iter().map(row).collect();
    output.result(&json, || {
        let rows = rows.iter().map(|(meta, asks, title)| {
            let asks = if *asks { "asks" } else { "tells" };
            [meta.command, asks, *title].map(str::to_owned)
        });
        output::table(Some(["webhook", "the app", "title"]), rows)
    })
}
