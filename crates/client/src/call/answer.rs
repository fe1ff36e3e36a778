//! What a call returns.

use crate::{Error, response::Head};
use bytes::Bytes;
use reqwest::header::HeaderMap;

/// A reply with the response that it was decoded from.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Answer<R> {
    /// The reply.
    pub reply: R,
    /// The body of the response.
    pub body: Bytes,
    /// The query parameter `random` of the request. It identifies the request to the vendor's support.
    pub random: u32,
    /// The HTTP status of the response.
    pub http_status: u16,
    /// The headers of the response, up to 16 KiB of them. Their values are marked as sensitive, so `Debug`
    /// does not show them.
    pub headers: HeaderMap,
}

impl<R> Answer<R> {
    /// Adds the request and the response to an error about something in the reply.
    pub(crate) fn complete(&self, error: Error) -> Error {
        let head = Head {
            status: self.http_status,
            headers: self.headers.clone(),
        };
        error
            .with_random(self.random)
            .with_head(head)
            .with_body(self.body.clone())
    }
}
