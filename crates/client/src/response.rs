//! What comes with a response besides its body.

use reqwest::{Response, header::HeaderMap};
use std::mem;

/// Most bytes of headers that are kept. The service sends less than one kilobyte.
const MAX_HEADER_BYTES: usize = 16 << 10;

/// Status and headers of a response.
#[derive(Clone, Debug)]
pub(crate) struct Head {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
}

impl Head {
    /// Takes the head out of a response.
    pub(crate) fn of(response: &mut Response) -> Self {
        Self {
            status: response.status().as_u16(),
            headers: kept(mem::take(response.headers_mut())),
        }
    }
}

/// The headers, or those of them that are not too much. Their values can repeat what was sent, such as a
/// UserSig in a redirect, so `Debug` must not show them.
fn kept(mut headers: HeaderMap) -> HeaderMap {
    let mut left = Some(MAX_HEADER_BYTES);
    for (name, value) in &mut headers {
        value.set_sensitive(true);
        left = left.and_then(|left| left.checked_sub(name.as_str().len() + value.len()));
    }
    if left.is_some() {
        return headers;
    }
    let mut left = MAX_HEADER_BYTES;
    let mut some = HeaderMap::new();
    for (name, value) in &headers {
        if let Some(rest) = left.checked_sub(name.as_str().len() + value.len()) {
            left = rest;
            some.append(name, value.clone());
        }
    }
    some
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::header::{HeaderName, HeaderValue};

    #[test]
    fn headers_are_bounded_and_not_shown() {
        let mut headers = HeaderMap::new();
        headers.append("x-request-id", HeaderValue::from_static("visible"));
        headers.append("x-request-id", HeaderValue::from_static("too"));
        assert_eq!(kept(headers.clone()), headers);
        let shown = format!("{:?}", kept(headers.clone()));
        assert!(!shown.contains("visible") && shown.contains("x-request-id"));

        let long = "a".repeat(4_000);
        for number in 0..20 {
            let name: HeaderName = format!("x-{number}").parse().unwrap();
            headers.append(name, HeaderValue::from_str(&long).unwrap());
        }
        let kept = kept(headers);
        let bytes = |(name, value): (&HeaderName, &HeaderValue)| name.as_str().len() + value.len();
        assert!(kept.iter().map(bytes).sum::<usize>() <= MAX_HEADER_BYTES);
        assert!((4..=6).contains(&kept.len()), "{}", kept.len());
    }
}
