//! Why something is refused.

use tencent_chat_types::ErrorCode;

/// Why a request is refused.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) code: ErrorCode,
    pub(crate) text: String,
}

/// Makes a refusal of a code.
pub(crate) trait Because {
    fn because(self, text: impl Into<String>) -> Refusal;
}

impl Because for ErrorCode {
    fn because(self, text: impl Into<String>) -> Refusal {
        Refusal {
            code: self,
            text: text.into(),
        }
    }
}
