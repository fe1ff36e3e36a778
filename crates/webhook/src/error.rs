//! Why a request is rejected.

use std::fmt;

/// A request that is not accepted as an event of the service. The messages never contain the token or the
/// signature, and quote text from outside only in part and escaped
/// ([`quoted`](crate::types::text::quoted)).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReceiveError {
    /// The query is longer than anything that the service sends.
    QueryTooLong {
        /// Maximum number of bytes.
        limit: usize,
    },
    /// The query lacks a parameter.
    MissingParameter {
        /// Name of the parameter.
        name: &'static str,
    },
    /// The query has a duplicate parameter.
    RepeatedParameter {
        /// Name of the parameter.
        name: &'static str,
    },
    /// The value of a parameter is malformed.
    MalformedParameter {
        /// Name of the parameter.
        name: &'static str,
        /// What is expected.
        expected: &'static str,
    },
    /// The event belongs to a different app.
    WrongApp {
        /// The SDKAppID in the query.
        sdk_app_id: u64,
    },
    /// The request has no signature: authentication is not switched on in the console, or it does not
    /// come from the service.
    Unsigned,
    /// This receiver's token has white space around it, such as a line break: it differs from the one in the console.
    UnusableToken,
    /// The signature doesn't match the token and the time.
    BadSignature,
    /// The request was signed too long ago: it was delayed, it is a replay, or this machine's clock is
    /// ahead.
    Stale {
        /// Age of the signature, in seconds.
        age_seconds: u64,
        /// Maximum age, in seconds.
        limit_seconds: u64,
    },
    /// The request was signed in the future: this machine's clock is behind.
    FromTheFuture {
        /// How far ahead, in seconds.
        ahead_seconds: u64,
        /// Maximum, in seconds.
        limit_seconds: u64,
    },
    /// Query and body name different webhooks.
    CommandMismatch {
        /// The name in the query.
        query: String,
        /// The name in the body, if there is one.
        body: Option<String>,
    },
    /// The body is too large.
    BodyTooLarge {
        /// Maximum number of bytes.
        limit: usize,
    },
    /// The body did not arrive completely.
    BodyBroken,
    /// The body is not valid JSON, or is nested more deeply than any event.
    NotJson {
        /// What is wrong, and where.
        problem: String,
    },
    /// The body is JSON, but not an event of this webhook.
    NotThisEvent {
        /// The webhook.
        command: String,
        /// Path in the body, in wire names.
        field: String,
        /// What is wrong there.
        problem: String,
    },
}

impl ReceiveError {
    /// The HTTP status of the response.
    pub const fn status(&self) -> u16 {
        match self {
            Self::QueryTooLong { .. } => 414,
            Self::BodyTooLarge { .. } => 413,
            Self::Unsigned
            | Self::BadSignature
            | Self::Stale { .. }
            | Self::FromTheFuture { .. } => 401,
            Self::WrongApp { .. } => 403,
            // The app is at fault, not the sender.
            Self::UnusableToken => 500,
            _ => 400,
        }
    }

    /// A stable name for metrics and logs.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::QueryTooLong { .. } => "query_too_long",
            Self::MissingParameter { .. } => "missing_parameter",
            Self::RepeatedParameter { .. } => "repeated_parameter",
            Self::MalformedParameter { .. } => "malformed_parameter",
            Self::WrongApp { .. } => "wrong_app",
            Self::Unsigned => "unsigned",
            Self::UnusableToken => "unusable_token",
            Self::BadSignature => "bad_signature",
            Self::Stale { .. } => "stale",
            Self::FromTheFuture { .. } => "from_the_future",
            Self::CommandMismatch { .. } => "command_mismatch",
            Self::BodyTooLarge { .. } => "body_too_large",
            Self::BodyBroken => "body_broken",
            Self::NotJson { .. } => "not_json",
            Self::NotThisEvent { .. } => "not_this_event",
        }
    }
}

impl fmt::Display for ReceiveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::QueryTooLong { limit } => {
                write!(f, "the query is longer than {limit} bytes")
            }
            Self::MissingParameter { name } => write!(f, "the query lacks {name}"),
            Self::RepeatedParameter { name } => write!(f, "the query has a duplicate {name}"),
            Self::MalformedParameter { name, expected } => {
                write!(f, "{name} in the query is malformed; expected {expected}")
            }
            Self::WrongApp { sdk_app_id } => {
                write!(f, "the event belongs to a different app: {sdk_app_id}")
            }
            Self::Unsigned => f.write_str(
                "the request is not signed; is authentication switched on in the console?",
            ),
            Self::UnusableToken => f.write_str(
                "this receiver's token has white space around it; expected only the token from the console",
            ),
            Self::BadSignature => {
                f.write_str("the signature is wrong; does the token match the console?")
            }
            Self::Stale {
                age_seconds,
                limit_seconds,
            } => write!(
                f,
                "the request was signed {age_seconds} s ago, more than {limit_seconds} s; is this machine's clock right?"
            ),
            Self::FromTheFuture {
                ahead_seconds,
                limit_seconds,
            } => write!(
                f,
                "the request was signed {ahead_seconds} s in the future, more than {limit_seconds} s; is this machine's clock right?"
            ),
            Self::CommandMismatch { query, body } => {
                write!(f, "the query names the webhook \"{query}\", but the body ")?;
                match body {
                    Some(body) => write!(f, "\"{body}\""),
                    None => f.write_str("none"),
                }
            }
            Self::BodyTooLarge { limit } => write!(f, "the body is larger than {limit} bytes"),
            Self::BodyBroken => f.write_str("the body did not arrive completely"),
            Self::NotJson { problem } => write!(f, "the body is not valid JSON: {problem}"),
            Self::NotThisEvent {
                command,
                field,
                problem,
            } => {
                write!(f, "the body is not a valid {command}")?;
                if !field.is_empty() && field != "." {
                    write!(f, ", at {field}")?;
                }
                write!(f, ": {problem}")
            }
        }
    }
}

impl std::error::Error for ReceiveError {}
