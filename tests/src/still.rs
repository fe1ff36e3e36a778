//! Time that stands still.

use std::sync::mpsc;

/// Keeps tokio's paused clock from advancing by itself while this value exists. Otherwise the clock jumps to
/// the next timer whenever the runtime is idle, and waiting for a socket counts as idle.
#[derive(Debug)]
#[must_use = "time goes on when it is dropped"]
pub struct Still(
    #[allow(dead_code, reason = "dropped with this, it ends the task")] mpsc::Sender<()>,
);

impl Still {
    /// From now on; within a runtime.
    pub fn new() -> Self {
        let (hold, held) = mpsc::channel();
        // A clock does not move while something blocks.
        tokio::task::spawn_blocking(move || held.recv());
        Self(hold)
    }
}

impl Default for Still {
    fn default() -> Self {
        Self::new()
    }
}
