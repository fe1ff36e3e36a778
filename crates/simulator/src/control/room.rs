//! What every handler has.

use crate::{shared::Shared, simulator::Simulator};
use std::{sync::Arc, time::Duration};

/// Longest wait for something to happen.
const MAX_WAIT: Duration = Duration::from_secs(60);

/// Most entries of a page.
const MAX_LIMIT: usize = 1_000;

/// Entries of a page, unless the request says otherwise.
const DEFAULT_LIMIT: usize = 100;

/// What every handler has.
#[derive(Clone)]
pub(super) struct Room {
    pub(super) shared: Arc<Shared>,
    /// A view: it ends nothing.
    pub(super) simulator: Arc<Simulator>,
    /// Whether webhooks may be sent to other machines.
    pub(super) any_host: bool,
    /// Writes the description of all routes.
    pub(super) describe: fn() -> String,
}

impl Room {
    pub(super) fn new(shared: Arc<Shared>, any_host: bool, describe: fn() -> String) -> Self {
        Self {
            simulator: Arc::new(Simulator::view(Arc::clone(&shared))),
            shared,
            any_host,
            describe,
        }
    }
}

/// How long to wait.
pub(super) fn wait(wait_ms: Option<u64>) -> Duration {
    Duration::from_millis(wait_ms.unwrap_or_default()).min(MAX_WAIT)
}

/// How many entries to answer.
pub(super) fn limit(limit: Option<usize>) -> usize {
    limit.unwrap_or(DEFAULT_LIMIT).clamp(1, MAX_LIMIT)
}
