//! The query that the service appends to the app's address.

use crate::ReceiveError;
use memchr::memchr;
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
            let pair;
            (pair, rest) = cut(text, b'&');
            let (name, value) = cut(pair, b'=');
            let value = value.unwrap_or_default();
            let (place, name) = match name {
                query::SDK_APP_ID => (&mut found.sdk_app_id, query::SDK_APP_ID),
                query::COMMAND => (&mut found.command, query::COMMAND),
                query::CLIENT_IP => (&mut found.client_ip, query::CLIENT_IP),
                query::OPT_PLATFORM => (&mut found.opt_platform, query::OPT_PLATFORM),
                query::SIGN => (&mut found.sign, query::SIGN),
                query::REQUEST_TIME => (&mut found.request_time, query::REQUEST_TIME),
                _ => continue,
            };
            // Code that reads the first and code that reads the last would see two different requests.
            if place.is_some() {
                return Err(ReceiveError::RepeatedParameter { name });
            }
            *place = Some(match memchr(b'%', value.as_bytes()) {
                None => Cow::Borrowed(value),
                Some(_) => percent_decode_str(value).decode_utf8().map_err(|_| {
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

/// The text before the first `separator`, and the text behind it, if there is one.
fn cut(text: &str, separator: u8) -> (&str, Option<&str>) {
    match memchr(separator, text.as_bytes()) {
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
