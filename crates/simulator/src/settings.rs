//! What the server was set up with.

use std::sync::{Mutex, MutexGuard, PoisonError};
use tencent_chat_types::Edition;
use tencent_chat_usersig::Signer;

/// What the server was set up with.
pub(crate) struct Settings {
    pub(crate) sdk_app_id: u64,
    pub(crate) admins: Vec<String>,
    pub(crate) signer: Signer,
    pub(crate) page_size: usize,
    pub(crate) message_memory: usize,
    /// Times as long as windows of quotas are, in place of the service's.
    pub(crate) quota_scale: f64,
}

/// Which quotas are kept.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Quotas {
    /// That of the app.
    pub(crate) edition: Edition,
    /// Times as long as windows are, in place of the service's.
    pub(crate) scale: f64,
}

/// Locks. A panic while the lock is held leaves the state as it was between two statements, which is
/// good enough for a simulator.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
