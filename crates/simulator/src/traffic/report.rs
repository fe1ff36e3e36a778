//! What is said of traffic as JSON: by the control API, and by `Serialize` of the library's types.

use super::{
    changed::Changed,
    delivery::{Delivery, WebhookDelivery},
    entry::JournalEntry,
    outcome::WebhookOutcome,
};
use crate::fault::{Fault, FaultForm};
use serde::{Serialize, Serializer};
use serde_json::Value;
use std::time::Duration;
use utoipa::ToSchema;

/// A request that the service's side of the server answered.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Request)]
pub(crate) struct RequestReport {
    /// Number in the sequence of requests, webhooks and faults. A greater number was over later.
    id: u64,
    /// When it arrived, in milliseconds since 1970 by the simulator's clock.
    time_ms: u64,
    /// Path without the slash in front, cut at 128 bytes.
    command: String,
    /// Who called; left out when the request did not get that far.
    #[serde(skip_serializing_if = "Option::is_none")]
    identifier: Option<String>,
    /// The request's random number; left out when the request did not get that far.
    #[serde(skip_serializing_if = "Option::is_none")]
    random: Option<u32>,
    /// The body: any JSON, or a string where it is not JSON; null where none was read.
    body: Value,
    /// The body of the answer as it was sent, as `body`; null where none was sent.
    reply: Value,
    /// The code that was answered; 0 for success.
    code: i64,
    /// How often the request was applied: 0 when it was refused or dropped as a duplicate.
    applied: u32,
    /// What went wrong with it on demand.
    #[serde(skip_serializing_if = "Option::is_none")]
    fault: Option<FaultForm>,
    /// How long the answer took, in microseconds.
    took_micros: u64,
    /// Numbers of the webhooks that it has caused so far.
    webhooks: Vec<u64>,
    /// What it changed: the first hundred things.
    changes: Vec<Changed>,
}

/// A webhook that was sent, or was to be sent.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Webhook)]
pub(crate) struct WebhookReport {
    /// Number in the sequence of requests, webhooks and faults. A greater number was over later.
    id: u64,
    /// When it was sent, in milliseconds since 1970 by the simulator's clock.
    time_ms: u64,
    /// Name of the webhook on the wire, such as `C2C.CallbackBeforeSendMsg`.
    command: String,
    /// What caused the event: `RESTAPI`, or a kind of device.
    platform: String,
    /// 1 for the first time that the event was sent.
    attempt: u32,
    /// The body.
    body: Value,
    /// HTTP status of the answer, if one came.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    /// The answer, if it is JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    answer: Option<Value>,
    /// Why there is no usable answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<String>,
    /// How long the app took, or was waited for, in microseconds.
    took_micros: u64,
    /// Number of the request that caused it, once that is over.
    #[serde(skip_serializing_if = "Option::is_none")]
    request: Option<u64>,
    /// What became of it.
    outcome: WebhookOutcome,
    /// What follows from the answer, in words.
    meaning: String,
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

/// A body as it is shown: JSON, or a string where it is not; null where there is none.
pub(crate) fn shown(body: &[u8]) -> Value {
    if body.is_empty() {
        return Value::Null;
    }
    serde_json::from_slice(body)
        .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(body).into_owned()))
}

impl From<&JournalEntry> for RequestReport {
    fn from(entry: &JournalEntry) -> Self {
        let reached = entry.random.is_some();
        Self {
            id: entry.id,
            time_ms: entry.time_ms,
            command: entry.path.clone(),
            identifier: reached.then(|| entry.identifier.clone()),
            random: entry.random,
            body: shown(&entry.body),
            reply: shown(&entry.reply),
            code: entry.code.0,
            applied: entry.applied,
            fault: (entry.fault != Fault::None).then(|| FaultForm::from(&entry.fault)),
            took_micros: micros(entry.took),
            webhooks: entry.webhooks(),
            changes: entry.changes(),
        }
    }
}

impl From<WebhookDelivery> for WebhookReport {
    fn from(delivery: WebhookDelivery) -> Self {
        Self {
            id: delivery.id,
            time_ms: delivery.time_ms,
            command: delivery.command.to_owned(),
            platform: delivery.platform.as_str().to_owned(),
            attempt: delivery.attempt,
            body: delivery.event,
            status: delivery.status,
            answer: delivery.answer,
            failure: delivery.failure.map(|failure| failure.to_string()),
            took_micros: micros(delivery.took),
            request: delivery.request,
            outcome: delivery.outcome,
            meaning: delivery.meaning.into_owned(),
        }
    }
}

impl From<&Delivery> for WebhookReport {
    fn from(delivery: &Delivery) -> Self {
        delivery.shown().into()
    }
}

impl Serialize for JournalEntry {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        RequestReport::from(self).serialize(serializer)
    }
}

impl Serialize for WebhookDelivery {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        WebhookReport::from(self.clone()).serialize(serializer)
    }
}
