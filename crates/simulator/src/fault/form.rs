//! Faults as JSON.

use super::kinds::{Fault, Odd};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use tencent_chat_types::ErrorCode;
use utoipa::ToSchema;

/// Longest pause of a fault, in milliseconds.
const MAX_PAUSE_MS: u64 = 600_000;

/// What goes wrong with a request.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
#[schema(as = Fault)]
pub(crate) enum FaultForm {
    /// Nothing: a placeholder in a line of faults.
    None {},
    /// The answer takes longer.
    Delay {
        /// Milliseconds.
        #[schema(maximum = 600_000)]
        millis: u64,
    },
    /// The request is applied, and no answer comes until the client hangs up.
    Silence {},
    /// The connection breaks before the request is applied.
    ResetBefore {},
    /// The connection breaks after the request was applied, before the reply.
    ResetAfter {},
    /// The reply breaks off in the middle, after the request was applied.
    Truncated {},
    /// A gateway answers in place of the service, with a page of HTML.
    Gateway {
        /// HTTP status.
        #[schema(minimum = 200, maximum = 599)]
        status: u16,
        /// Whether the service applied the request.
        #[serde(default)]
        applied: bool,
    },
    /// The reply is empty, after the request was applied.
    EmptyBody {},
    /// Something in between answers in place of the service with status 200, after the request was
    /// applied.
    Instead {
        /// What it answers.
        body: String,
    },
    /// Numbers in the reply become objects, and strings become lists.
    WrongTypes {},
    /// The reply has values in forms that no documentation has and that were seen all the same.
    Odd {
        /// The form.
        form: Odd,
    },
    /// The reply has fields and values that nobody knows yet.
    Unknown {},
    /// The service refuses, without acting.
    Refuse {
        /// The code.
        code: i64,
    },
    /// The reply comes in pieces.
    Drip {
        /// Milliseconds between them.
        #[schema(maximum = 600_000)]
        pause_millis: u64,
    },
    /// The request arrives twice.
    Duplicate {},
}

fn millis(pause: Duration) -> u64 {
    u64::try_from(pause.as_millis()).unwrap_or(u64::MAX)
}

impl FaultForm {
    /// The fault, or what it may be.
    pub(crate) fn fault(self) -> Result<Fault, &'static str> {
        let pause = |millis: u64| match millis <= MAX_PAUSE_MS {
            true => Ok(Duration::from_millis(millis)),
            false => Err("a pause of at most 600000 milliseconds"),
        };
        Ok(match self {
            Self::None {} => Fault::None,
            Self::Delay { millis } => Fault::Delay(pause(millis)?),
            Self::Silence {} => Fault::Silence,
            Self::ResetBefore {} => Fault::ResetBefore,
            Self::ResetAfter {} => Fault::ResetAfter,
            Self::Truncated {} => Fault::Truncated,
            Self::Gateway { status, applied } => match (200..600).contains(&status) {
                true => Fault::Gateway { status, applied },
                false => return Err("an HTTP status from 200 to 599"),
            },
            Self::EmptyBody {} => Fault::EmptyBody,
            Self::Instead { body } => Fault::Instead(body),
            Self::WrongTypes {} => Fault::WrongTypes,
            Self::Odd { form } => Fault::Odd(form),
            Self::Unknown {} => Fault::Unknown,
            Self::Refuse { code: 0 } => return Err("a code other than 0, which is success"),
            Self::Refuse { code } => Fault::Refuse(ErrorCode(code)),
            Self::Drip { pause_millis } => Fault::Drip(pause(pause_millis)?),
            Self::Duplicate {} => Fault::Duplicate,
        })
    }
}

impl From<&Fault> for FaultForm {
    fn from(fault: &Fault) -> Self {
        match fault {
            Fault::None => Self::None {},
            Fault::Delay(pause) => Self::Delay {
                millis: millis(*pause),
            },
            Fault::Silence => Self::Silence {},
            Fault::ResetBefore => Self::ResetBefore {},
            Fault::ResetAfter => Self::ResetAfter {},
            Fault::Truncated => Self::Truncated {},
            Fault::Gateway { status, applied } => Self::Gateway {
                status: *status,
                applied: *applied,
            },
            Fault::EmptyBody => Self::EmptyBody {},
            Fault::Instead(body) => Self::Instead { body: body.clone() },
            Fault::WrongTypes => Self::WrongTypes {},
            Fault::Odd(form) => Self::Odd { form: *form },
            Fault::Unknown => Self::Unknown {},
            Fault::Refuse(code) => Self::Refuse { code: code.0 },
            Fault::Drip(pause) => Self::Drip {
                pause_millis: millis(*pause),
            },
            Fault::Duplicate => Self::Duplicate {},
        }
    }
}
