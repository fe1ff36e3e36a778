//! What is answered to a request that cannot be served.

use crate::{commands::UnknownCommand, store::NotWritable};
use axum::{
    Json,
    response::{IntoResponse, Response},
};
use http::StatusCode;
use serde::Serialize;
use tencent_chat_types::text::quoted;
use utoipa::ToSchema;

/// Why a request was not served.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Problem {
    error: Detail,
    #[serde(skip)]
    status: StatusCode,
}

/// What is wrong, what was expected, what to do.
#[derive(Debug, Serialize, ToSchema)]
struct Detail {
    /// What is wrong.
    message: String,
    /// What was expected in its place.
    #[serde(skip_serializing_if = "Option::is_none")]
    expected: Option<String>,
    /// What to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    suggestion: Option<String>,
}

impl Problem {
    pub(super) fn new(status: StatusCode, message: impl AsRef<str>) -> Self {
        Self {
            error: Detail {
                message: quoted(message.as_ref()).into_owned(),
                expected: None,
                suggestion: None,
            },
            status,
        }
    }

    /// A mistake of the caller's.
    pub(super) fn bad(message: impl AsRef<str>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message)
    }

    pub(super) fn missing(message: impl AsRef<str>) -> Self {
        Self::new(StatusCode::NOT_FOUND, message)
    }

    pub(super) fn expected(mut self, expected: impl Into<String>) -> Self {
        self.error.expected = Some(expected.into());
        self
    }

    pub(super) fn suggestion(mut self, suggestion: impl Into<String>) -> Self {
        self.error.suggestion = Some(suggestion.into());
        self
    }

    /// Something of the server's own broke, which is in its log.
    pub(super) fn broken() -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "the server broke")
    }

    pub(super) fn no_such_path() -> Self {
        Self::missing("there is nothing at this path")
            .expected("a path of the control API")
            .suggestion("GET /_control/control.openapi.json describes all of them")
    }

    pub(super) fn no_such_method() -> Self {
        Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "the path is not served by this method",
        )
        .suggestion("GET /_control/control.openapi.json describes the methods of each path")
    }
}

impl From<UnknownCommand> for Problem {
    fn from(error: UnknownCommand) -> Self {
        Self::bad(error.to_string())
            .expected("the path of a command, such as v4/openim/sendmsg")
            .suggestion("GET /_control/openapi.json describes all of them")
    }
}

impl From<NotWritable> for Problem {
    fn from(error: NotWritable) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, error.to_string())
            .suggestion("the log says why; make room, and start the server again")
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        (self.status, Json(self)).into_response()
    }
}
