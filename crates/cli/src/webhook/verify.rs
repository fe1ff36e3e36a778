//! Verifies a captured request.

use crate::{
    failure::Failure,
    input,
    output::{self, Output, as_it_came, pretty},
    profile::Connection,
    sig::time,
};
use serde::Serialize;
use std::{path::PathBuf, time::Duration};
use tencent_chat_types::{text::quoted, wire::Raw};
use tencent_chat_webhook::Receiver;

/// Maximum file size.
const MAX_BODY_BYTES: u64 = 1 << 20;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// File with the request's address or query, including `Sign`
    #[arg(long, value_name = "FILE")]
    query_file: PathBuf,
    /// File with the body; standard input by default
    #[arg(long)]
    body: Option<PathBuf>,
    /// Maximum age of the signature, such as `1h` for a captured request; any by default
    #[arg(long, value_parser = humantime::parse_duration)]
    max_age: Option<Duration>,
}

/// A verified request.
#[derive(Serialize)]
struct Verified<'a> {
    webhook: &'a str,
    signed: Option<String>,
    client_ip: Option<&'a str>,
    key: &'a str,
    event: Raw,
}

pub(super) fn run(args: &Args, connection: &Connection, output: &Output) -> Result<(), Failure> {
    let settings = connection.settings()?;
    let app = settings.app()?;
    let token = settings.token()?.ok_or_else(|| {
        Failure::setup("the webhook token is not set")
            .help("set TENCENT_CHAT_WEBHOOK_TOKEN, or webhook_token_file or webhook_token_env of a profile")
    })?;
    let query = input::read_text(Some(&args.query_file), MAX_BODY_BYTES)?;
    let query = query.trim();
    let query = query.split_once('?').map_or(query, |(_, query)| query);
    let body = input::read(args.body.as_deref(), MAX_BODY_BYTES)?;
    let window = args.max_age.unwrap_or(Duration::from_secs(u64::MAX));
    let receiver = Receiver::new(app, token).window(window);
    let delivery = receiver
        .receive(query, &body)
        .map_err(|error| Failure::refused(error.to_string()))?;
    let key = delivery.key();
    let verified = Verified {
        webhook: delivery.event.command(),
        signed: delivery.origin.request_time.map(time),
        client_ip: delivery.origin.client_ip.as_deref(),
        key: key.as_str(),
        event: as_it_came(&body).unwrap_or_default(),
    };
    output.result(&verified, || {
        let facts = [
            ("webhook", quoted(verified.webhook).into_owned()),
            ("signed", verified.signed.clone().unwrap_or_default()),
            ("from", verified.client_ip.unwrap_or_default().to_owned()),
            ("key", key.to_string()),
        ];
        let facts = facts.map(|(name, value)| [name.to_owned(), value]);
        let event = pretty(&verified.event);
        format!("{}\n\n{event}", output::table(None, facts))
    })
}
