//! The body of a request, and whether it was sent.

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
    task::{Context, Poll},
};

/// The body has not been requested yet: there is no connection.
const HERE: u8 = 0;
/// A connection has requested it.
const LEFT: u8 = 1;
/// The attempt is over: the body is never handed out any more.
const KEPT: u8 = 2;

/// Tracks whether a body was sent. The service can't act on a request without its body, and the body
/// is not requested before there is a connection to write it to.
#[derive(Debug)]
pub(super) struct Departure(Arc<AtomicU8>);

impl Departure {
    /// A body, and the tracker for it.
    pub(super) fn of(bytes: Bytes) -> (Self, RequestBody) {
        let state = Arc::new(AtomicU8::new(HERE));
        let body = RequestBody {
            bytes: Some(bytes),
            state: Arc::clone(&state),
        };
        (Self(state), body)
    }

    /// Keeps the body from being sent, unless it already was. Returns whether that succeeded.
    pub(super) fn call_off(&self) -> bool {
        let kept = (self.0).compare_exchange(HERE, KEPT, Ordering::AcqRel, Ordering::Acquire);
        matches!(kept, Ok(_) | Err(KEPT))
    }
}

/// A body in one piece.
#[derive(Debug)]
pub(super) struct RequestBody {
    bytes: Option<Bytes>,
    state: Arc<AtomicU8>,
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let Some(bytes) = self.bytes.take() else {
            return Poll::Ready(None);
        };
        let left = (self.state).compare_exchange(HERE, LEFT, Ordering::AcqRel, Ordering::Acquire);
        Poll::Ready(Some(match left {
            Ok(_) => Ok(Frame::data(bytes)),
            Err(_) => Err(io::Error::other("the attempt is over")),
        }))
    }

    fn is_end_stream(&self) -> bool {
        self.bytes.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        let left = self.bytes.as_ref().map_or(0, Bytes::len);
        SizeHint::with_exact(u64::try_from(left).unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::task::Waker;

    fn poll(body: &mut RequestBody) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        Pin::new(body).poll_frame(&mut Context::from_waker(Waker::noop()))
    }

    #[test]
    fn a_body_is_either_sent_or_withheld() {
        let (departure, mut body) = Departure::of(Bytes::from_static(b"{}"));
        assert_eq!(body.size_hint().exact(), Some(2));
        assert!(matches!(poll(&mut body), Poll::Ready(Some(Ok(_)))));
        assert!(!departure.call_off());
        assert!(body.is_end_stream());
        let (departure, mut body) = Departure::of(Bytes::from_static(b"{}"));
        assert!(departure.call_off() && departure.call_off());
        assert!(matches!(poll(&mut body), Poll::Ready(Some(Err(_)))));
    }
}
