//! Checks a request that was captured.

use crate::{
    failure::Failure,
    output::{self, Output, pretty},
    profile::Connection,
    sig::time,
};
use serde_json::{Value, json};
use std::{
    fs,
    io::{self, Read},
    path::PathBuf,
    time::Duration,
};
use tencent_chat_types::text::quoted;
use tencent_chat_webhook::Receiver;

/// Largest body that is read.
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

pub(super) fn run(args: &Args, connection: &Connection, output: &Output) -> Result<(), Failure> {
    let settings = connection.settings()?;
    let app = settings.app()?;
    let token = settings.token()?.ok_or_else(|| {
        Failure::setup("the webhook token is not known")
            .help("set TENCENT_CHAT_WEBHOOK_TOKEN, or webhook_token_file or webhook_token_env of a profile")
    })?;
    let named = |path: &PathBuf| path.display().to_string();
    let query = fs::read_to_string(&args.query_file)
        .map_err(|error| Failure::file(&named(&args.query_file), &error))?;
    let query = query.trim();
    let query = query.split_once('?').map_or(query, |(_, query)| query);
    let mut body = Vec::new();
    match &args.body {
        Some(path) => fs::File::open(path)
            .and_then(|file| file.take(MAX_BODY_BYTES).read_to_end(&mut body))
            .map_err(|error| Failure::file(&named(path), &error))?,
        None => io::stdin()
            .lock()
            .take(MAX_BODY_BYTES)
            .read_to_end(&mut body)
            .map_err(|error| Failure::file("standard input", &error))?,
    };
    let window = args.max_age.unwrap_or(Duration::from_secs(u64::MAX));
    let receiver = Receiver::new(app, token).window(window);
    let delivery = receiver
        .receive(query, &body)
        .map_err(|error| Failure::refused(error.to_string()))?;
    let event: Value = serde_json::from_slice(&body).unwrap_or_default();
    let signed = delivery.origin.request_time.map(time);
    let key = delivery.key();
    let json = json!({
        "webhook": delivery.event.command(),
        "signed": signed,
        "client_ip": delivery.origin.client_ip,
        "key": key.as_str(),
        "event": event,
    });
    output.result(&json, || {
        let facts = [
            [
                "webhook".to_owned(),
                quoted(delivery.event.command()).into_owned(),
            ],
            ["signed".to_owned(), signed.clone().unwrap_or_default()],
            [
                "from".to_owned(),
                delivery.origin.client_ip.clone().unwrap_or_default(),
            ],
            ["key".to_owned(), key.to_string()],
        ];
        format!("{}\n\n{}", output::table(None, facts), pretty(&event))
    })
}
