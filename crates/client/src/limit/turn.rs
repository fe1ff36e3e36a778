//! What a caller asks of a limiter.

use std::time::Duration;
use tencent_chat_types::{Edition, Quota};

/// A call that is to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Turn<'a> {
    /// Path of the command.
    pub command: &'a str,
    /// The command's quotas in the spec, all of which apply; empty if no source documents one.
    /// Those of other editions are included.
    pub quotas: &'a [Quota],
    /// The edition of the app; paid by default.
    pub edition: Edition,
    /// How many items the call counts for, in quotas of items; 1 by default.
    pub items: u32,
    /// How long the caller can wait.
    pub patience: Duration,
}

impl<'a> Turn<'a> {
    /// Creates the turn for a call of a command.
    pub fn new(command: &'a str, quotas: &'a [Quota], patience: Duration) -> Self {
        Self {
            command,
            quotas,
            edition: Edition::default(),
            items: 1,
            patience,
        }
    }

    /// Sets the number of items.
    #[must_use]
    pub fn with_items(mut self, items: u32) -> Self {
        self.items = items;
        self
    }

    /// Sets the edition of the app.
    #[must_use]
    pub fn with_edition(mut self, edition: Edition) -> Self {
        self.edition = edition;
        self
    }
}
