//! What links a request to what it caused.

use super::changed::{Changed, MAX_CHANGED, changed};
use crate::{settings::lock, world::Changes};
use std::sync::{Mutex, OnceLock};

/// Links a request to the webhooks that it caused and to what it changed. A request gets its number when it is over.
#[derive(Debug, Default)]
pub(crate) struct Cause {
    request: OnceLock<u64>,
    webhooks: Mutex<Vec<u64>>,
    changed: Mutex<Vec<Changed>>,
}

impl Cause {
    /// The request has got its number.
    pub(super) fn is_request(&self, id: u64) {
        // It is set once: a cause belongs to one request.
        let _ = self.request.set(id);
    }

    /// Remembers what an act of the request changed.
    pub(crate) fn add_changes(&self, changes: &Changes) {
        let mut held = lock(&self.changed);
        let room = MAX_CHANGED - held.len().min(MAX_CHANGED);
        held.extend(changed(changes).into_iter().take(room));
    }

    pub(crate) fn changed(&self) -> Vec<Changed> {
        lock(&self.changed).clone()
    }

    /// Bytes of what is remembered as changed.
    pub(super) fn bytes(&self) -> usize {
        let changed = lock(&self.changed);
        let each = |changed: &Changed| size_of::<Changed>() + changed.id.len();
        changed.iter().map(each).sum()
    }

    pub(super) fn add_webhook(&self, id: u64) {
        lock(&self.webhooks).push(id);
    }

    pub(crate) fn request(&self) -> Option<u64> {
        self.request.get().copied()
    }

    pub(crate) fn webhooks(&self) -> Vec<u64> {
        lock(&self.webhooks).clone()
    }
}
