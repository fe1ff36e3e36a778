//! `tencent-chat webhook`: sends, verifies and receives events.

mod app;
mod listen;
mod trigger;
mod verify;

use crate::{
    describe::{rows_as_json, samples_of},
    failure::Failure,
    output::{self, Output},
    profile::Connection,
    reference::Operation,
};
use clap::Subcommand;
use serde_json::{Value, json};
use tencent_chat_types::webhook::{WEBHOOKS, WebhookMeta, When};

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
    /// Verifies a captured request and shows its event
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
    let rows = find(&[], None)?;
    output.result(&rows, || {
        let rows = rows.iter().map(|row| {
            let text = |name: &str| row.get(name).map(output::plain).unwrap_or_default();
            let asks = match row.get("asks") == Some(&Value::Bool(true)) {
                true => "asks",
                false => "tells",
            };
            [text("webhook"), asks.to_owned(), text("title")]
        });
        output::table(Some(["webhook", "the app", "title"]), rows)
    })
}

/// The webhooks of a family, or of all families, that contain all of these words.
///
/// # Errors
///
/// No webhook matches.
pub(crate) fn find(words: &[String], family: Option<&str>) -> Result<Vec<Value>, Failure> {
    let mut rows = Vec::new();
    for meta in WEBHOOKS {
        let title = Operation::of_webhook(meta.command)?.summary();
        let all = format!("{} {} {title}", meta.command, meta.name).to_lowercase();
        let has = |word: &String| all.contains(&word.to_lowercase());
        if words.iter().all(has) && family.is_none_or(|family| family == meta.family) {
            rows.push(json!({
                "webhook": meta.command, "name": meta.name, "family": meta.family,
                "asks": meta.when == When::Before, "title": title,
            }));
        }
    }
    match rows.is_empty() {
        false => Ok(rows),
        true => Err(Failure::refused("no webhook contains all of these words")
            .help("`tencent-chat webhook list` lists them all")),
    }
}

/// Everything that is known about a webhook.
pub(crate) fn described(meta: &WebhookMeta) -> Result<Value, Failure> {
    let operation = Operation::of_webhook(meta.command)?;
    Ok(json!({
        "webhook": meta.command,
        "name": meta.name,
        "family": meta.family,
        "title": operation.summary(),
        "description": operation.description(),
        "asks": meta.when == When::Before,
        "page": operation.extension("x-page"),
        "event": rows_as_json(operation.request()),
        "answer": rows_as_json(operation.reply()),
        "samples": samples_of(operation),
    }))
}
