//! Webhooks as they are remembered.

use super::{cause::Cause, failure::WebhookFailure, meaning::Meaning, outcome::WebhookOutcome};
use bytes::Bytes;
use serde_json::Value;
use std::{borrow::Cow, sync::Arc, time::Duration};
use tencent_chat_types::webhook::OptPlatform;

/// One webhook that the simulator sent, or tried to.
///
/// `Serialize` writes what the control API shows of it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct WebhookDelivery {
    /// Its number. Numbers grow in the order in which requests, webhooks and faults were over.
    pub id: u64,
    /// When it was sent, in milliseconds since 1970 by the simulator's clock.
    pub time_ms: u64,
    /// The webhook.
    pub command: &'static str,
    /// What caused the event.
    pub platform: OptPlatform,
    /// 1 for the first time that the event was sent.
    pub attempt: u32,
    /// The body.
    pub event: Value,
    /// HTTP status of the answer, if one came.
    pub status: Option<u16>,
    /// The answer, if it is JSON.
    pub answer: Option<Value>,
    /// Why the app did not answer; none when it did.
    pub failure: Option<WebhookFailure>,
    /// How long the app took, or was waited for.
    pub took: Duration,
    /// Number of the request that caused it; none where a device did, or while the request is not over.
    pub request: Option<u64>,
    /// What became of it.
    pub outcome: WebhookOutcome,
    /// What follows from the answer, in words.
    pub meaning: Cow<'static, str>,
}

/// A [`WebhookDelivery`] with its bodies as they were sent, which takes less memory.
#[derive(Debug)]
pub(crate) struct Delivery {
    pub(crate) id: u64,
    pub(crate) time_ms: u64,
    pub(crate) command: &'static str,
    pub(crate) platform: OptPlatform,
    pub(crate) attempt: u32,
    pub(crate) event: Bytes,
    pub(crate) status: Option<u16>,
    pub(crate) answer: Option<Bytes>,
    pub(crate) failure: Option<WebhookFailure>,
    pub(crate) took: Duration,
    pub(crate) cause: Option<Arc<Cause>>,
    pub(crate) meaning: Meaning,
}

impl Delivery {
    pub(crate) fn shown(&self) -> WebhookDelivery {
        let json = |body: &Bytes| serde_json::from_slice(body).ok();
        WebhookDelivery {
            id: self.id,
            time_ms: self.time_ms,
            command: self.command,
            platform: self.platform.clone(),
            attempt: self.attempt,
            event: json(&self.event).unwrap_or_default(),
            status: self.status,
            answer: self.answer.as_ref().and_then(json),
            failure: self.failure,
            took: self.took,
            request: self.cause.as_ref().and_then(|cause| cause.request()),
            outcome: WebhookOutcome::of(self.meaning, self.failure),
            meaning: self.meaning.words(),
        }
    }
}
