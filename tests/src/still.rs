//! Time that stands still.

use std::sync::mpsc;

/// Keeps the paused clock of tokio from moving by itself while it is there. Otherwise such a clock jumps to
/// the next timer whenever the runtime has nothing to do, and to wait for a socket is nothing to do.
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
