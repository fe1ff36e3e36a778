//! The query that the service appends to the app's address.

use crate::ReceiveError;
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
        for pair in text.split('&') {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
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
            let value = percent_decode_str(value).decode_utf8();
            let value = value.map_err(|_| ReceiveError::MalformedParameter {
                name,
                expected: "UTF-8",
            })?;
            *place = Some(value);
        }
        Ok(found)
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
