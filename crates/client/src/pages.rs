//! Commands that answer in pages.

use crate::{
    Client, Error,
    call::Command,
    error::{Cause, Sent},
};
use futures_core::Stream;
use std::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
    vec,
};
use tencent_chat_types::{Advance, Paged};
use tokio::{runtime::Handle, task::JoinHandle};
use tracing::Instrument as _;

/// The pages of a command, one reply at a time: by [`next_page`](Self::next_page), or as a
/// [`Stream`].
///
/// Ends exactly where the command says so, and stays at the end. After an error the same page can be
/// asked for again: the next call sends the same request. Dropping it abandons the call in flight.
///
/// As a stream it runs each call in a task of its own, so that a stream nobody polls for a while
/// never stops half-way through a call, where it would hold up other calls that wait for the quota.
pub struct Pages<E: Paged> {
    client: Client,
    next: Option<E>,
    /// A page that the stream has asked for.
    in_flight: Option<InFlight<E::Reply>>,
}

impl<E: Paged> Pages<E> {
    pub(crate) fn new(client: Client, request: E) -> Self {
        Self {
            client,
            next: Some(request),
            in_flight: None,
        }
    }

    /// The next page; none after the last. Dropping the future loses nothing.
    ///
    /// # Errors
    ///
    /// As for any call. A page that promises more but leads back to itself is an error too, and
    /// the end: asking again would go round in circles.
    pub async fn next_page(&mut self) -> Option<Result<E::Reply, Error>> {
        let request = self.next.as_ref()?;
        let reply = match &mut self.in_flight {
            // The stream's, where both are used in turn.
            Some(call) => call.await,
            None => self.client.send(request).await,
        };
        self.in_flight = None;
        Some(self.take(reply))
    }

    /// The command with the request of the next page; none at the end.
    #[cfg(feature = "blocking")]
    pub(crate) fn command(&self) -> Option<Command<'static>> {
        self.next.as_ref().map(Command::of)
    }

    /// Sets the request to the page after a reply.
    fn take(&mut self, reply: Result<E::Reply, Error>) -> Result<E::Reply, Error> {
        let reply = reply?;
        let Some(request) = &mut self.next else {
            return Ok(reply);
        };
        match request.advance(&reply) {
            Advance::Next => Ok(reply),
            Advance::End => {
                self.next = None;
                Ok(reply)
            }
            Advance::Stuck => {
                let error = Command::of(request).error(Cause::Stuck, Sent::Yes);
                self.next = None;
                Err(error)
            }
        }
    }
}

/// Nothing in it is pinned in place.
impl<E: Paged> Unpin for Pages<E> {}

impl<E: Paged> Stream for Pages<E> {
    type Item = Result<E::Reply, Error>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let pages = self.get_mut();
        let Some(request) = &pages.next else {
            return Poll::Ready(None);
        };
        let mut call = match pages.in_flight.take() {
            Some(call) => call,
            None => match InFlight::new(&pages.client, request) {
                Ok(call) => call,
                Err(error) => return Poll::Ready(Some(Err(error))),
            },
        };
        match Pin::new(&mut call).poll(context) {
            Poll::Ready(reply) => Poll::Ready(Some(pages.take(reply))),
            Poll::Pending => {
                pages.in_flight = Some(call);
                Poll::Pending
            }
        }
    }
}

impl<E: Paged + fmt::Debug> fmt::Debug for Pages<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pages")
            .field("client", &self.client)
            .field("next", &self.next)
            .finish_non_exhaustive()
    }
}

/// A call that runs in a task of its own, and ends when this is dropped.
struct InFlight<R> {
    task: JoinHandle<Result<R, Error>>,
    command: Command<'static>,
}

impl<R: Send + 'static> InFlight<R> {
    fn new<E: Paged<Reply = R>>(client: &Client, request: &E) -> Result<Self, Error> {
        let command = Command::of(request);
        let Ok(runtime) = Handle::try_current() else {
            return Err(command.error(Cause::Runtime(OUTSIDE), Sent::No));
        };
        let (client, request) = (client.clone(), request.clone());
        let call = async move { client.send(&request).await };
        let task = runtime.spawn(call.in_current_span());
        Ok(Self { task, command })
    }
}

/// Why a call cannot even begin.
pub(crate) const OUTSIDE: &str = "it was called outside of a tokio runtime";
/// Why a call ended half-way.
pub(crate) const ENDED: &str =
    "its task ended half-way: something that it called panicked, or the runtime was shut down";

impl<R> Future for InFlight<R> {
    type Output = Result<R, Error>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let done = ready!(Pin::new(&mut self.task).poll(context));
        Poll::Ready(match done {
            Ok(reply) => reply,
            Err(ended) => match ended.try_into_panic() {
                // An observer's or a limiter's: as if there were no task in between.
                Ok(panic) => std::panic::resume_unwind(panic),
                Err(_) => {
                    let cause = Cause::Runtime(ENDED);
                    Err(self.command.error(cause, Sent::Maybe))
                }
            },
        })
    }
}

impl<R> Drop for InFlight<R> {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The items of all pages, one at a time: by [`next_item`](Self::next_item), or as a [`Stream`].
///
/// For ends, errors and drops it is like [`Pages`].
pub struct Items<E: Paged> {
    pages: Pages<E>,
    page: vec::IntoIter<E::Item>,
}

impl<E: Paged> Items<E> {
    pub(crate) fn new(pages: Pages<E>) -> Self {
        Self {
            pages,
            page: Vec::new().into_iter(),
        }
    }

    /// The next item; none after the last. Dropping the future loses nothing.
    ///
    /// # Errors
    ///
    /// As for [`Pages::next_page`].
    pub async fn next_item(&mut self) -> Option<Result<E::Item, Error>> {
        loop {
            if let Some(item) = self.page.next() {
                return Some(Ok(item));
            }
            match self.pages.next_page().await? {
                Ok(reply) => self.page = E::items(reply).into_iter(),
                Err(error) => return Some(Err(error)),
            }
        }
    }
}

/// Nothing in it is pinned in place.
impl<E: Paged> Unpin for Items<E> {}

impl<E: Paged> Stream for Items<E> {
    type Item = Result<E::Item, Error>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let items = self.get_mut();
        loop {
            if let Some(item) = items.page.next() {
                return Poll::Ready(Some(Ok(item)));
            }
            match ready!(Pin::new(&mut items.pages).poll_next(context)) {
                Some(Ok(reply)) => items.page = E::items(reply).into_iter(),
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            }
        }
    }

    /// The rest of the page that is here, and no upper end.
    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.page.len(), None)
    }
}

impl<E: Paged + fmt::Debug> fmt::Debug for Items<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Items")
            .field("pages", &self.pages)
            .field("left_of_page", &self.page.len())
            .finish_non_exhaustive()
    }
}
