//! The queue in memory behaves like the real ones.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod suite;

use std::sync::Arc;
use tencent_chat_webhook_queue::{MemoryQueue, QueueSettings};

async fn make(settings: QueueSettings) -> suite::Made {
    (Arc::new(MemoryQueue::new(settings)), Box::new(()))
}

suite::queue_tests!(make);
