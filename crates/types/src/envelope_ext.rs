//! Hand-written additions to the generated [`Envelope`].

use crate::{
    ActionStatus, Envelope, ErrorCode, Reply,
    wire::{Extra, wire_object},
};

impl Envelope {
    /// The head of a successful reply.
    pub fn ok() -> Self {
        Self {
            action_status: Some(ActionStatus::OK),
            error_code: Some(ErrorCode::OK),
            error_info: Some(String::new()),
            ..Self::default()
        }
    }

    /// The head of a reply that refuses.
    pub fn fail(code: impl Into<ErrorCode>, info: impl Into<String>) -> Self {
        Self {
            action_status: Some(ActionStatus::FAIL),
            error_code: Some(code.into()),
            error_info: Some(info.into()),
            ..Self::default()
        }
    }

    /// Whether the service said how the call went. A reply with neither status nor code comes from
    /// something in between, except for commands that answer so (see
    /// [`Meta::bare_reply`](crate::Meta::bare_reply)).
    pub fn is_answer(&self) -> bool {
        self.action_status.is_some() || self.error_code.is_some()
    }

    /// Whether the call went well: an [answer](Self::is_answer) with no error code other than zero and no status that says `FAIL`,
    /// in whatever letters. Some commands send no status, and the case of its letters varies.
    pub fn is_success(&self) -> bool {
        self.is_answer()
            && self.code().is_ok()
            && !self
                .action_status
                .as_ref()
                .is_some_and(|status| status.as_str().eq_ignore_ascii_case("FAIL"))
    }

    /// The error code; zero when the reply has none.
    pub fn code(&self) -> ErrorCode {
        self.error_code.unwrap_or_default()
    }
}

/// A reply of a command that this crate does not know: everything but the common fields is in
/// [`extra`](Self::extra).
#[derive(Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RawReply {
    /// Result of the call as such.
    pub envelope: Envelope,
    /// All other fields.
    pub extra: Extra,
}
wire_object!(RawReply + envelope: Envelope {});

impl Reply for RawReply {
    fn envelope(&self) -> &Envelope {
        &self.envelope
    }
    fn envelope_mut(&mut self) -> &mut Envelope {
        &mut self.envelope
    }
}
