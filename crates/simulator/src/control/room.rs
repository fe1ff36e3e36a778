//! What every handler has.

use crate::{
    shared::Shared,
    simulator::Simulator,
    traffic::{Page, Traffic},
};
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

/// A page of what somebody looks at, waiting for the first entry if there is none, and the number after
/// which to go on.
pub(super) async fn page_or_wait<T>(
    traffic: &Traffic,
    after: Option<u64>,
    entries: Option<usize>,
    wait_ms: Option<u64>,
    look: impl Fn(&Page) -> (Vec<T>, u64),
) -> (Vec<T>, u64) {
    let page = Page {
        after: after.map(|after| traffic.resume(after)),
        limit: limit(entries),
    };
    let wait = Duration::from_millis(wait_ms.unwrap_or_default()).min(MAX_WAIT);
    let some = || Some(look(&page)).filter(|(found, _)| !found.is_empty());
    let waited = traffic.wait_for(wait, some).await;
    waited.unwrap_or_else(|| look(&page))
}

/// How many entries to answer.
pub(super) fn limit(limit: Option<usize>) -> usize {
    limit.unwrap_or(DEFAULT_LIMIT).clamp(1, MAX_LIMIT)
}
