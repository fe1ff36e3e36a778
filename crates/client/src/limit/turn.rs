//! What a limiter is asked.

use std::time::Duration;
use tencent_chat_types::{Edition, Quota};

/// A call that wants to go out.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Turn<'a> {
    /// Path of the command.
    pub command: &'a str,
    /// The command's quotas by the spec, all of which hold at once; empty where no source names one.
    /// Those of other editions are among them.
    pub quotas: &'a [Quota],
    /// The edition of the app; the paid one unless set.
    pub edition: Edition,
    /// How many items the call counts for, in quotas of items; 1 unless set.
    pub items: u32,
    /// How long the caller can wait.
    pub patience: Duration,
}

impl<'a> Turn<'a> {
    /// A call of a command.
    pub fn new(command: &'a str, quotas: &'a [Quota], patience: Duration) -> Self {
        Self {
            command,
            quotas,
            edition: Edition::default(),
            items: 1,
            patience,
        }
    }

    /// As many items as this.
    #[must_use]
    pub fn with_items(mut self, items: u32) -> Self {
        self.items = items;
        self
    }

    /// In an app of this edition.
    #[must_use]
    pub fn with_edition(mut self, edition: Edition) -> Self {
        self.edition = edition;
        self
    }
}
