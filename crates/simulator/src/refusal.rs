//! Why something is refused.

use tencent_chat_types::{ErrorCode, text::quoted, webhook};

/// Why a request is refused.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) code: ErrorCode,
    pub(crate) text: String,
}

/// Makes a refusal of a code.
pub(crate) trait Because {
    /// What the text holds of the request is escaped, and cut where it is long.
    fn because(self, text: impl AsRef<str>) -> Refusal;
}

impl Because for ErrorCode {
    fn because(self, text: impl AsRef<str>) -> Refusal {
        Refusal {
            code: self,
            text: quoted(text.as_ref()).into_owned(),
        }
    }
}

/// A refusal of the app's, in its words.
impl<const FROM: i64, const TO: i64> From<webhook::Refusal<FROM, TO>> for Refusal {
    fn from(refusal: webhook::Refusal<FROM, TO>) -> Self {
        Self {
            code: ErrorCode(refusal.code()),
            text: refusal.text().to_owned(),
        }
    }
}
