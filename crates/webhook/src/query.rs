//! The query that the service appends to the app's address.

use crate::ReceiveError;
use memchr::{memchr, memchr2};
use percent_encoding::percent_decode_str;
use std::borrow::Cow;
use tencent_chat_types::webhook::query;

/// Maximum length of a query: the service's own parameters take a few hundred bytes, and the address
/// from the console can have some of its own.
const MAX_BYTES: usize = 8 << 10;

/// The parameters that matter here. Others belong to the app.
#[derive(Debug, Default)]
pub(crate) struct Query<'a> {
    pub(crate) sdk_app_id: Option<Cow<'a, str>>,
    pub(crate) command: Option<Cow<'a, str>>,
    pub(crate) client_ip: Option<Cow<'a, str>>,
    pub(crate) opt_platform: Option<Cow<'a, str>>,
    pub(crate) sign: Option<Cow<'a, str>>,
    pub(crate) request_time: Option<Cow<'a, str>>,
}

impl<'a> Query<'a> {
    /// Parses a query string, without its question mark.
    pub(crate) fn parse(text: &'a str) -> Result<Self, ReceiveError> {
        if text.len() > MAX_BYTES {
            return Err(ReceiveError::QueryTooLong { limit: MAX_BYTES });
        }
        let mut found = Self::default();
        let mut rest = Some(text);
        while let Some(text) = rest {
            // Nearly always there are no escapes, and this finds the end of the pair.
            let special = memchr2(b'&', b'%', text.as_bytes());
            let escaped = special.is_some_and(|at| text.as_bytes().get(at) == Some(&b'%'));
            let end = match escaped {
                true => memchr(b'&', text.as_bytes()),
                false => special,
            };
            let pair;
            (pair, rest) = cut(text, end);
            /// The first parameter of these that the pair has.
            macro_rules! first {
                ($($field:ident: $name:expr,)*) => {
                    $( if let Some(value) = value_of(pair, $name) {
                        (&mut found.$field, $name, value)
                    } else )* {
                        continue;
                    }
                };
            }
            // Comparing with a constant takes less than looking for the end of the name.
            let (place, name, value) = first! {
                sdk_app_id: query::SDK_APP_ID,
                command: query::COMMAND,
                client_ip: query::CLIENT_IP,
                opt_platform: query::OPT_PLATFORM,
                sign: query::SIGN,
                request_time: query::REQUEST_TIME,
            };
            // Code that reads the first and code that reads the last would see two different requests.
            if place.is_some() {
                return Err(ReceiveError::RepeatedParameter { name });
            }
            *place = Some(match escaped {
                false => Cow::Borrowed(value),
                true => percent_decode_str(value).decode_utf8().map_err(|_| {
                    ReceiveError::MalformedParameter {
                        name,
                        expected: "UTF-8",
                    }
                })?,
            });
        }
        Ok(found)
    }
}

/// The value of a pair if it has this name.
#[inline]
fn value_of<'t>(pair: &'t str, name: &str) -> Option<&'t str> {
    match pair.strip_prefix(name)? {
        "" => Some(""),
        value => value.strip_prefix('='),
    }
}

/// The text before the byte at this index, and the text behind it; all of it if there is no such byte.
fn cut(text: &str, at: Option<usize>) -> (&str, Option<&str>) {
    match at {
        Some(at) => (text.get(..at).unwrap_or_default(), text.get(at + 1..)),
        None => (text, None),
    }
}

/// The value of a required parameter.
pub(crate) fn required<'v>(
    value: &'v Option<Cow<'_, str>>,
    name: &'static str,
) -> Result<&'v str, ReceiveError> {
    match value.as_deref() {
        None | Some("") => Err(ReceiveError::MissingParameter { name }),
        Some(value) => Ok(value),
    }
}
