//! Why a request is not taken for an event of the service.

use std::fmt;

/// A request that is not taken for an event of the service. Its texts never hold the token or the
/// signature, and of what somebody else wrote only the beginning, escaped
/// ([`quoted`](crate::types::text::quoted)).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReceiveError {
    /// The query is longer than anything that the service sends.
    QueryTooLong {
        /// Most bytes that are read.
        limit: usize,
    },
    /// The query lacks a parameter.
    MissingParameter {
        /// Its name.
        name: &'static str,
    },
    /// The query has a parameter twice.
    RepeatedParameter {
        /// Its name.
        name: &'static str,
    },
    /// A parameter of the query has no sensible value.
    MalformedParameter {
        /// Its name.
        name: &'static str,
        /// What is expected.
        expected: &'static str,
    },
    /// The event belongs to another app.
    WrongApp {
        /// The app that it says it belongs to.
        sdk_app_id: u64,
    },
    /// The request has no signature: authentication is not switched on in the console, or it does not
    /// come from the service.
    Unsigned,
    /// This receiver's token has white space around it, such as a line end: it is not that of the console.
    UnusableToken,
    /// The signature is not that of the token and the time.
    BadSignature,
    /// The request was signed too long ago: it was held up, it is a replay, or this machine's clock is
    /// ahead.
    Stale {
        /// How long ago, in seconds.
        age_seconds: u64,
        /// The longest time that is accepted.
        limit_seconds: u64,
    },
    /// The request will be signed in the future: this machine's clock is behind.
    FromTheFuture {
        /// How far ahead, in seconds.
        ahead_seconds: u64,
        /// The longest time that is accepted.
        limit_seconds: u64,
    },
    /// Query and body name different webhooks.
    CommandMismatch {
        /// The one that the query names.
        query: String,
        /// The one that the body names, if it does.
        body: Option<String>,
    },
    /// The body is larger than what is read.
    BodyTooLarge {
        /// Most bytes that are read.
        limit: usize,
    },
    /// The body did not arrive whole.
    BodyBroken,
    /// The body is no JSON, or is nested more deeply than any event.
    NotJson {
        /// What is wrong, and where.
        problem: String,
    },
    /// The body is JSON, but not what this webhook sends.
    NotThisEvent {
        /// The webhook.
        command: String,
        /// Where in the body, in wire names.
        field: String,
        /// What is wrong there.
        problem: String,
    },
}

impl ReceiveError {
    /// The HTTP status to answer with.
    pub const fn status(&self) -> u16 {
        match self {
            Self::QueryTooLong { .. } => 414,
            Self::BodyTooLarge { .. } => 413,
            Self::Unsigned
            | Self::BadSignature
            | Self::Stale { .. }
            | Self::FromTheFuture { .. } => 401,
            Self::WrongApp { .. } => 403,
            // The app is at fault, not who asks.
            Self::UnusableToken => 500,
            _ => 400,
        }
    }

    /// Name for metrics and logs, which stays the same.
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
            Self::RepeatedParameter { name } => write!(f, "the query has {name} twice"),
            Self::MalformedParameter { name, expected } => {
                write!(f, "{name} in the query is malformed; expected {expected}")
            }
            Self::WrongApp { sdk_app_id } => {
                write!(f, "the event belongs to another app: {sdk_app_id}")
            }
            Self::Unsigned => f.write_str(
                "the request is not signed; is authentication switched on in the console?",
            ),
            Self::UnusableToken => f.write_str(
                "this receiver's token has white space around it; expected the token of the console and nothing else",
            ),
            Self::BadSignature => {
                f.write_str("the signature is wrong; is the token that of the console?")
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
                write!(f, "the query names the webhook \"{query}\", the body ")?;
                match body {
                    Some(body) => write!(f, "\"{body}\""),
                    None => f.write_str("none"),
                }
            }
            Self::BodyTooLarge { limit } => write!(f, "the body is larger than {limit} bytes"),
            Self::BodyBroken => f.write_str("the body did not arrive whole"),
            Self::NotJson { problem } => write!(f, "the body is no JSON: {problem}"),
            Self::NotThisEvent {
                command,
                field,
                problem,
            } => {
                write!(f, "the body is no {command}")?;
                if !field.is_empty() && field != "." {
                    write!(f, ", at {field}")?;
                }
                write!(f, ": {problem}")
            }
        }
    }
}

impl std::error::Error for ReceiveError {}
