//! Requests as the journal has them.

use super::{cause::Cause, changed::Changed};
use crate::fault::Fault;
use bytes::Bytes;
use std::{fmt, sync::Arc, time::Duration};
use tencent_chat_types::ErrorCode;

/// One request that the simulator answered.
///
/// `Serialize` writes what the control API shows of it: bodies as JSON, times in milliseconds since 1970
/// and microseconds.
/// `Debug` says how many bytes the bodies have, and not what they hold.
#[derive(Clone)]
#[non_exhaustive]
pub struct JournalEntry {
    /// Its number. Numbers grow in the order in which requests, webhooks and faults were over.
    pub id: u64,
    /// When it arrived, in milliseconds since 1970 by the simulator's clock.
    pub time_ms: u64,
    /// The command, as in the address, cut where it is longer than any command's.
    pub path: String,
    /// Who called; empty when the request did not get that far.
    pub identifier: String,
    /// The request's random number.
    pub random: Option<u32>,
    /// The body as it came; empty when it was cut off or too large.
    pub body: Bytes,
    /// The body of the answer as it was sent; empty when none was.
    pub reply: Bytes,
    /// The code that was answered; zero for success.
    pub code: ErrorCode,
    /// How often the request was applied: 0 when it was refused, a fault came first or it was
    /// dropped as a duplicate of an earlier one; 2 when it arrived twice and was carried out twice.
    pub applied: u32,
    /// What went wrong with it on demand.
    pub fault: Fault,
    /// When it arrived, since the simulator started.
    pub arrived: Duration,
    /// How long the answer took, with the app's answers to webhooks.
    pub took: Duration,
    pub(crate) cause: Arc<Cause>,
}

impl JournalEntry {
    /// Numbers of the webhooks that it has caused so far, in the order of their numbers; see
    /// [`WebhookDelivery::id`](crate::WebhookDelivery::id).
    pub fn webhooks(&self) -> Vec<u64> {
        self.cause.webhooks()
    }

    /// What it changed: the first hundred things.
    pub fn changes(&self) -> Vec<Changed> {
        self.cause.changed()
    }

    /// Whether a code other than zero was answered, or a fault happened.
    pub fn failed(&self) -> bool {
        self.code != ErrorCode::OK || self.fault != Fault::None
    }
}

impl fmt::Debug for JournalEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JournalEntry")
            .field("id", &self.id)
            .field("path", &self.path)
            .field("identifier", &self.identifier)
            .field("random", &self.random)
            .field("body_bytes", &self.body.len())
            .field("reply_bytes", &self.reply.len())
            .field("code", &self.code)
            .field("applied", &self.applied)
            .field("fault", &self.fault)
            .field("arrived", &self.arrived)
            .field("took", &self.took)
            .field("webhooks", &self.webhooks())
            .finish_non_exhaustive()
    }
}

/// A request that was seen, as its type.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Seen<E> {
    /// What the body says.
    pub request: E,
    /// The journal's entry.
    pub entry: JournalEntry,
}
