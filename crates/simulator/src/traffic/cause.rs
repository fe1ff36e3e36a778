//! What links a request to the webhooks that it caused.

use crate::settings::lock;
use std::sync::{Mutex, OnceLock};

/// Links a request to the webhooks that it caused. A request gets its number when it is over.
#[derive(Debug, Default)]
pub(crate) struct Cause {
    request: OnceLock<u64>,
    webhooks: Mutex<Vec<u64>>,
}

impl Cause {
    /// The request has got its number.
    pub(super) fn is_request(&self, id: u64) {
        // It is set once: a cause belongs to one request.
        let _ = self.request.set(id);
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
