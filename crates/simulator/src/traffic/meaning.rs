//! What follows from an app's answer.

use std::borrow::Cow;
use tencent_chat_types::{ErrorCode, webhook::Effect};

/// What follows from an answer, or from none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// The app was told, and acknowledged it.
    Acknowledged,
    /// The app was told, and nothing depends on its answer.
    Unacknowledged,
    /// The app was asked, and answered with this code.
    Decided(Effect, ErrorCode),
    /// No answer, so it happens.
    Proceeded,
    /// No answer, so it does not happen.
    Refused,
    /// Nothing: the event was fired by hand.
    Nothing,
}

impl Meaning {
    pub(super) fn words(self) -> Cow<'static, str> {
        let words = match self {
            Self::Acknowledged => "The app was told, and acknowledged it.",
            Self::Unacknowledged => {
                "The app was told and did not acknowledge it; nothing depends on that."
            }
            Self::Decided(Effect::Allow, _) => {
                "The app allowed it: it happened as it was asked about."
            }
            Self::Decided(Effect::Change, _) => {
                "The app changed it: it happened with the parts that the answer holds."
            }
            Self::Decided(Effect::Refuse, code) => {
                return Cow::Owned(format!(
                    "The app refused it with code {code}: it did not happen, and the caller was told."
                ));
            }
            Self::Decided(Effect::RefuseSome, _) => {
                "The app refused parts of it; the rest happened."
            }
            Self::Decided(Effect::Drop, _) => {
                "The app dropped it: it did not happen, and the caller was told that it did."
            }
            // What a later version of the types adds.
            Self::Decided(..) => "The app decided it.",
            Self::Proceeded => "The app gave no usable answer: it happened all the same.",
            Self::Refused => "The app gave no usable answer: it was refused.",
            Self::Nothing => "It was sent by hand: nothing follows from the answer.",
        };
        Cow::Borrowed(words)
    }
}
