//! Why an app gives no answer.

use std::fmt;

/// Why the app did not answer a webhook. Its texts hold neither address nor token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WebhookFailure {
    /// The simulator has no address to send webhooks to.
    NoTarget,
    /// No answer came in time.
    Late,
    /// No connection came about: the app is not running there.
    Unreachable,
    /// The connection broke before the answer was complete.
    Broken,
    /// Another HTTP status than 200.
    Status(u16),
    /// The answer has more than 64 KiB.
    TooLarge,
    /// The answer is not the JSON that this webhook is answered with.
    Unparsable,
    /// The documentation gives no meaning to the code of the answer.
    Meaningless,
    /// Too many events waited already, so this one was not sent.
    QueueFull,
}

impl fmt::Display for WebhookFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoTarget => f.write_str("no address is set for webhooks"),
            Self::Late => f.write_str("the app did not answer in time"),
            Self::Unreachable => f.write_str("the app could not be reached"),
            Self::Broken => f.write_str("the connection to the app broke"),
            Self::Status(status) => write!(f, "the app answered HTTP status {status}"),
            Self::TooLarge => f.write_str("the app's answer is larger than 64 KiB"),
            Self::Unparsable => f.write_str("the app's answer is not that of this webhook"),
            Self::Meaningless => f.write_str("the app's answer has a code without a meaning"),
            Self::QueueFull => f.write_str("too many events wait for being sent"),
        }
    }
}

impl std::error::Error for WebhookFailure {}
