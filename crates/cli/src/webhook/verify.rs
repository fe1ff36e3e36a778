//! Checks a request that was captured.

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

/// Largest file that is read.
const MAX_BODY_BYTES: u64 = 1 << 20;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// File that holds the request's address or query, with `Sign` in it
    #[arg(long, value_name = "FILE")]
    query_file: PathBuf,
    /// File that holds the body; standard input unless set
    #[arg(long)]
    body: Option<PathBuf>,
    /// Takes signatures of this age, such as `1h` for a request that was captured; any unless set
    #[arg(long, value_parser = humantime::parse_duration)]
    max_age: Option<Duration>,
}

/// A request that is the service's.
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
        Failure::setup("the webhook token is not known")
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
