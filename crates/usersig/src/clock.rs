//! Where the time comes from.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::{SystemTime, UNIX_EPOCH},
};

/// Tells the time.
pub trait Clock: Send + Sync {
    /// Seconds since 1970; 0 when there is no telling.
    fn unix_seconds(&self) -> u64;
}

/// The clock of the machine. On `wasm32-unknown-unknown` there is none, so the time is always 0 and nothing can be
/// signed or verified; use [`Signer::with_clock`](crate::Signer::with_clock) there.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn unix_seconds(&self) -> u64 {
        // The standard library panics where there is no clock.
        if cfg!(all(target_family = "wasm", target_os = "unknown")) {
            return 0;
        }
        // A clock before 1970 is as wrong as one that says 1970.
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| since.as_secs())
    }
}

/// A clock that stands until it is set: for tests.
#[derive(Debug, Default)]
pub struct FixedClock(AtomicU64);

impl FixedClock {
    /// A clock that says `unix_seconds`.
    pub const fn new(unix_seconds: u64) -> Self {
        Self(AtomicU64::new(unix_seconds))
    }

    /// Sets the time.
    pub fn set(&self, unix_seconds: u64) {
        self.0.store(unix_seconds, Ordering::Relaxed);
    }

    /// Lets time pass.
    pub fn advance(&self, seconds: u64) {
        self.0.fetch_add(seconds, Ordering::Relaxed);
    }
}

impl Clock for FixedClock {
    fn unix_seconds(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl<C: Clock + ?Sized> Clock for std::sync::Arc<C> {
    fn unix_seconds(&self) -> u64 {
        (**self).unix_seconds()
    }
}
