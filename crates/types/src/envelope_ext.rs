//! Hand-written additions to the generated [`Envelope`].

use crate::{
    ActionStatus, Envelope, ErrorCode, Reply,
    wire::{Extra, wire_object},
};

impl Envelope {
    /// The envelope of a successful reply.
    pub fn ok() -> Self {
        Self {
            action_status: Some(ActionStatus::OK),
            error_code: Some(ErrorCode::OK),
            error_info: Some(String::new()),
            ..Self::default()
        }
    }

    /// The envelope of a refusal.
    pub fn fail(code: impl Into<ErrorCode>, info: impl Into<String>) -> Self {
        Self {
            action_status: Some(ActionStatus::FAIL),
            error_code: Some(code.into()),
            error_info: Some(info.into()),
            ..Self::default()
        }
    }

    /// Whether the service reported the result of the call. A reply with neither status nor code comes from
    /// a proxy or gateway, except for commands that reply this way (see
    /// [`Meta::bare_reply`](crate::Meta::bare_reply)).
    pub fn is_answer(&self) -> bool {
        self.action_status.is_some() || self.error_code.is_some()
    }

    /// Whether the call succeeded: an [answer](Self::is_answer) with no error code other than zero, and no status
    /// `FAIL` (in any case). Some commands send no status, and its case varies.
    pub fn is_success(&self) -> bool {
        self.is_answer()
            && self.code().is_ok()
            && !self
                .action_status
                .as_ref()
                .is_some_and(|status| status.as_str().eq_ignore_ascii_case("FAIL"))
    }

    /// The error code; zero if the reply has none.
    pub fn code(&self) -> ErrorCode {
        self.error_code.unwrap_or_default()
    }
}

/// A reply to a command that this crate doesn't know: all but the common fields are in
/// [`extra`](Self::extra).
#[derive(Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RawReply {
    /// The result of the call itself.
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
