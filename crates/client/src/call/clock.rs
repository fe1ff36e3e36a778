//! Compares this machine's clock with the service's.

use crate::{error::Error, transport::Transport};
use reqwest::header::HeaderValue;
use std::time::UNIX_EPOCH;
use tencent_chat_types::ErrorClass;

/// Minimum difference between the clocks that matters, in seconds.
const CLOCK_DIFFERENCE: u64 = 60;

impl Transport {
    /// A UserSig that is refused as expired or not yet valid may have been signed with a wrong clock.
    pub(super) fn look_at_the_clock(&self, error: Error, date: Option<&HeaderValue>) -> Error {
        if error.class() != Some(ErrorClass::Credential) {
            return error;
        }
        let date = date.and_then(|date| date.to_str().ok());
        let theirs = date
            .and_then(|date| httpdate::parse_http_date(date).ok())
            .and_then(|date| date.duration_since(UNIX_EPOCH).ok());
        let ahead = theirs.and_then(|theirs| {
            let (ours, theirs) = (self.credentials.now(), theirs.as_secs());
            let differs = ours.abs_diff(theirs) > CLOCK_DIFFERENCE;
            differs
                .then(|| i64::try_from(i128::from(ours) - i128::from(theirs)).unwrap_or(i64::MAX))
        });
        error.with_clock_ahead(ahead)
    }
}
