//! Sends an event to an app.

use super::app::App;
use crate::{
    catalogue,
    failure::Failure,
    fields,
    output::{self, Output, as_it_came, pretty},
    profile::Connection,
    reference::Operation,
};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use serde_json::{Value, json};
use std::time::Duration;
use tencent_chat_types::{
    decode,
    text::quoted,
    webhook::{Answer, TIMEOUT_SECONDS, Webhook, WebhookVisitor, query, visit_webhook},
    wire::Raw,
};
use tencent_chat_usersig::{Clock, SystemClock};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The webhook, such as `C2C.CallbackBeforeSendMsg` or `c2c_before_send_msg`
    webhook: String,
    /// Fields that differ from the sample: `From_Account=lin`, or `MsgBody:=[…]` for JSON
    #[arg(value_name = "FIELD=VALUE")]
    fields: Vec<String>,
    /// Address of the app
    #[arg(long)]
    url: String,
    /// Which sample of the webhook to send; the first by default
    #[arg(long)]
    sample: Option<String>,
    /// The platform to name as the cause
    #[arg(long, default_value = "RESTAPI")]
    platform: String,
    /// Sends it without a signature, although there is a token
    #[arg(long)]
    unsigned: bool,
    /// Shows the address and the body, and sends nothing
    #[arg(long)]
    dry_run: bool,
}

/// The app's answer, and its meaning.
#[derive(Serialize)]
struct Explained {
    webhook: &'static str,
    signed: bool,
    status: u16,
    took_ms: u64,
    in_time: bool,
    /// `None` if it isn't valid JSON.
    answer: Option<Raw>,
    meaning: String,
}

pub(super) async fn run(
    args: Args,
    connection: &Connection,
    output: &Output,
) -> Result<(), Failure> {
    let meta = catalogue::webhook(&args.webhook)?;
    let operation = Operation::of_webhook(meta.command)?;
    let samples = operation.request_samples();
    let sample = match &args.sample {
        None => samples.first(),
        Some(name) => samples.iter().find(|sample| sample.name == name),
    };
    let sample = sample.ok_or_else(|| {
        let names: Vec<&str> = samples.iter().map(|sample| sample.name).collect();
        Failure::usage("there is no such sample")
            .help(format!("valid samples: {}", names.join(", ")))
    })?;
    let mut event = sample.value.clone();
    if let Value::Object(event) = &mut event {
        fields::set(event, &args.fields, operation.request())?;
    }
    let settings = connection.settings()?;
    let app = App::new(&args.url)?;
    let mut query = vec![
        (query::SDK_APP_ID, settings.app()?.to_string()),
        (query::COMMAND, meta.command.to_owned()),
        (query::CONTENT_TYPE, query::CONTENT_TYPE_VALUE.to_owned()),
        (query::CLIENT_IP, "127.0.0.1".to_owned()),
        (query::OPT_PLATFORM, args.platform),
    ];
    let token = settings.token()?.filter(|_| !args.unsigned);
    let is_signed = token.is_some();
    if let Some(token) = token {
        let now = SystemClock.unix_seconds().to_string();
        query.push((query::SIGN, token.sign(&now)));
        query.push((query::REQUEST_TIME, now));
    }
    let pairs: Vec<String> = (query.iter())
        .map(|(name, value)| format!("{name}={}", utf8_percent_encode(value, NON_ALPHANUMERIC)))
        .collect();
    if args.dry_run {
        let shown = (query.iter()).map(|(name, value)| match *name == query::SIGN {
            true => format!("{name}=…"),
            false => format!("{name}={value}"),
        });
        let url = app.address(&shown.collect::<Vec<_>>().join("&"));
        let json = json!({ "method": "POST", "url": url, "body": event });
        return output.result(&json, || format!("POST {url}\n\n{}", pretty(&event)));
    }
    let event = serde_json::to_vec(&event).unwrap_or_default();
    let answered = app.call(&pairs.join("&"), event).await?;
    let meaning = match answered.status {
        200 => visit_webhook(meta.command, Explain(&answered.body)).unwrap_or_default(),
        status => format!("HTTP status {status}: the service treats that as no answer"),
    };
    let explained = Explained {
        webhook: meta.command,
        signed: is_signed,
        status: answered.status,
        took_ms: u64::try_from(answered.took.as_millis()).unwrap_or(u64::MAX),
        in_time: answered.took <= Duration::from_secs(TIMEOUT_SECONDS.into()),
        answer: as_it_came(&answered.body),
        meaning,
    };
    output.result(&explained, || {
        let took = humantime::format_duration(Duration::from_millis(explained.took_ms));
        let late = match explained.in_time {
            true => "",
            false => ", which the service does not wait for",
        };
        let signed = if explained.signed { "yes" } else { "no" };
        let facts = [
            ("webhook", explained.webhook.to_owned()),
            ("signed", signed.to_owned()),
            ("HTTP status", explained.status.to_string()),
            ("took", format!("{took}{late}")),
            ("meaning", explained.meaning.clone()),
        ];
        let facts = facts.map(|(name, value)| [name.to_owned(), value]);
        let words = || quoted(&String::from_utf8_lossy(&answered.body)).into_owned();
        let answer = explained.answer.as_ref().map_or_else(words, pretty);
        format!("{}\n\n{answer}", output::table(None, facts))
    })?;
    match answered.status {
        200 => Ok(()),
        status => Err(Failure::refused(format!(
            "the app answered HTTP status {status}"
        ))),
    }
}

/// Interprets an answer as the service does.
struct Explain<'a>(&'a [u8]);

impl WebhookVisitor for Explain<'_> {
    type Output = String;

    fn visit<E: Webhook>(self) -> String {
        let Ok(decoded) = decode::<<E::Answer as Answer<E>>::Reply>(self.0) else {
            return "not an answer: it is not a JSON object".to_owned();
        };
        match E::Answer::from_reply(decoded.value) {
            Some(answer) => format!("{answer:?}"),
            None => "the documentation doesn't define this answer".to_owned(),
        }
    }
}
