//! What became of a webhook, in a word.

use super::{failure::WebhookFailure, meaning::Meaning};
use serde::Serialize;
use tencent_chat_types::webhook::Effect;
use utoipa::ToSchema;

/// What became of a webhook.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum WebhookOutcome {
    /// The app was notified of something, and acknowledged it.
    Acknowledged,
    /// The app was asked, and allowed it.
    Allowed,
    /// The app was asked, and changed it.
    Changed,
    /// The app was asked, and refused it or parts of it.
    Refused,
    /// The app was asked and had it dropped, while the caller was told that it happened.
    Dropped,
    /// The app answered what was sent by hand.
    Answered,
    /// The app did not answer in time.
    Late,
    /// The app could not be reached, or its answer is not valid for this webhook.
    Failed,
}

impl WebhookOutcome {
    pub(super) fn of(meaning: Meaning, failure: Option<WebhookFailure>) -> Self {
        match (failure, meaning) {
            (Some(WebhookFailure::Late), _) => Self::Late,
            // Without an answer there is a failure; these meanings never come without one.
            (Some(_), _)
            | (None, Meaning::Unacknowledged | Meaning::Proceeded | Meaning::Refused) => {
                Self::Failed
            }
            (None, Meaning::Acknowledged) => Self::Acknowledged,
            (None, Meaning::Nothing) => Self::Answered,
            (None, Meaning::Decided(effect, _)) => match effect {
                Effect::Allow => Self::Allowed,
                Effect::Change => Self::Changed,
                Effect::Drop => Self::Dropped,
                _ => Self::Refused,
            },
        }
    }
}
