//! The body of a reply, and what a fault lets through of it.

use crate::fault::Fault;
use bytes::Bytes;
use http_body_util::Full;
use hyper::body::{Body, Frame, SizeHint};
use std::{fmt, future::Future, pin::Pin, task, time::Duration};
use tokio::time::{Instant, Sleep, sleep};

/// The connection is to break: asked for by a fault.
#[derive(Debug)]
pub(crate) struct Reset;

impl fmt::Display for Reset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the connection breaks on demand")
    }
}

impl std::error::Error for Reset {}

/// The body of a reply, as a fault lets it through.
pub(crate) enum Reply {
    Whole(Full<Bytes>),
    /// Half of it, then an error.
    Half {
        half: Option<Bytes>,
        length: u64,
    },
    /// Bit by bit.
    Drip {
        rest: Bytes,
        pause: Duration,
        sleep: Pin<Box<Sleep>>,
    },
    /// Not the service's.
    Other(axum::body::Body),
}

/// Bytes of one bit of a dripping reply.
const DRIP_BYTES: usize = 8;

impl Reply {
    pub(crate) fn new(body: Bytes, fault: &Fault) -> Self {
        match fault {
            Fault::Truncated => Self::Half {
                length: body.len() as u64,
                half: Some(body.slice(..body.len() / 2)),
            },
            Fault::Drip(pause) => Self::Drip {
                rest: body,
                pause: *pause,
                sleep: Box::pin(sleep(*pause)),
            },
            _ => Self::Whole(Full::new(body)),
        }
    }
}

impl Body for Reply {
    type Data = Bytes;
    type Error = Reset;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut task::Context<'_>,
    ) -> task::Poll<Option<Result<Frame<Bytes>, Reset>>> {
        match self.get_mut() {
            Self::Whole(body) => Pin::new(body)
                .poll_frame(context)
                .map_err(|never| match never {}),
            Self::Other(body) => Pin::new(body).poll_frame(context).map_err(|_| Reset),
            Self::Half { half, .. } => {
                let next = half.take().map(Frame::data).ok_or(Reset);
                task::Poll::Ready(Some(next))
            }
            Self::Drip { rest, .. } if rest.is_empty() => task::Poll::Ready(None),
            Self::Drip { rest, pause, sleep } => {
                task::ready!(sleep.as_mut().poll(context));
                sleep.as_mut().reset(Instant::now() + *pause);
                let bit = rest.split_to(rest.len().min(DRIP_BYTES));
                task::Poll::Ready(Some(Ok(Frame::data(bit))))
            }
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(body) => body.size_hint(),
            Self::Other(body) => body.size_hint(),
            Self::Half { length, .. } => SizeHint::with_exact(*length),
            Self::Drip { rest, .. } => SizeHint::with_exact(rest.len() as u64),
        }
    }
}
