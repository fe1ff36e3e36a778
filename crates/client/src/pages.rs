//! Commands with paged replies.

mod checkpoint;
mod trail;

pub use self::checkpoint::Checkpoint;
pub(crate) use self::checkpoint::Page;
use self::trail::Trail;
use crate::{
    Client, Error, IntoRequest,
    call::Command,
    error::{Cause, Sent},
    task::{OUTSIDE, Spawned},
};
use futures_core::Stream;
use std::{
    fmt,
    future::{Future, poll_fn},
    pin::Pin,
    task::{Context, Poll, ready},
};
use tencent_chat_types::{Advance, Paged};
use tokio::runtime::Handle;

/// The pages of a command, one reply at a time: with [`next_page`](Self::next_page), or as a
/// [`Stream`].
///
/// Ends exactly where the command says so, and stays at the end. After an error the same page can be
/// requested again: the next call sends the same request. The same holds after a panic in something that the
/// call runs, such as an observer. Dropping it abandons the call in flight.
///
/// A listing can be continued later, even in another process, from [`request`](Self::request).
///
/// As a stream it runs each call in its own task, so that a stream that is not polled for a while
/// never stops in the middle of a call, where it would delay other calls that wait for the quota.
pub struct Pages<E: Paged> {
    client: Client,
    next: Option<E>,
    /// The request of the previous page.
    last: Option<E>,
    trail: Trail,
    /// A page that the stream has requested.
    in_flight: Option<Spawned<E::Reply>>,
}

impl Client {
    /// All pages, starting with this request, one reply at a time.
    pub fn pages<'r, E: Paged>(&self, request: impl IntoRequest<'r, E>) -> Pages<E> {
        Pages::new(self.clone(), request.convert().into_owned())
    }

    /// All items of all pages, starting with this request, one at a time.
    pub fn items<'r, E: Paged>(&self, request: impl IntoRequest<'r, E>) -> Items<E> {
        Items::new(self.pages(request), 0)
    }

    /// All remaining items of a listing, starting at a checkpoint.
    ///
    /// ```no_run
    /// # use tencent_chat_client::{Client, Checkpoint};
    /// # use tencent_chat_client::types::relationship::GetFriends;
    /// # async fn export(client: Client, kept: &str) -> Result<(), Box<dyn std::error::Error>> {
    /// let checkpoint: Checkpoint<GetFriends> = serde_json::from_str(kept)?;
    /// let mut items = client.items_from(checkpoint);
    /// while let Some(friend) = items.next_item().await {
    ///     println!("{}", friend?.to_account);
    ///     let kept = items.checkpoint().map(|checkpoint| serde_json::to_string(&checkpoint));
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn items_from<E: Paged>(&self, checkpoint: Checkpoint<E>) -> Items<E> {
        Items::new(self.pages(checkpoint.request), checkpoint.taken)
    }
}

impl<E: Paged> Pages<E> {
    pub(crate) fn new(client: Client, request: E) -> Self {
        Self {
            client,
            next: Some(request),
            last: None,
            trail: Trail::default(),
            in_flight: None,
        }
    }

    /// The request for the next page; `None` after the last. It can be serialized, and
    /// [`Client::pages`] continues from it.
    pub fn request(&self) -> Option<&E> {
        self.next.as_ref()
    }

    /// Takes the request of the previous page.
    pub(crate) fn take_last(&mut self) -> Option<E> {
        self.last.take()
    }

    /// The next page; `None` after the last. Dropping the future loses nothing.
    ///
    /// # Errors
    ///
    /// The same as for any call. A page that promises more but leads back to itself or to an earlier one is also an
    /// error, and the end: requesting it again would be an endless loop.
    pub async fn next_page(&mut self) -> Option<Result<E::Reply, Error>> {
        let request = self.next.as_ref()?;
        let reply = match &self.in_flight {
            // The stream's, if both are used alternately.
            Some(_) => poll_fn(|context| self.poll_in_flight(context)).await,
            None => self.client.send(request).await,
        };
        Some(self.take(reply))
    }

    /// The call for the next page; `None` at the end.
    #[cfg(feature = "blocking")]
    pub(crate) fn command(&self) -> Option<Command<'static>> {
        self.next.as_ref().map(Command::of)
    }

    /// The call in progress, or a new one. It is put back only while it is pending: a call that
    /// panics is gone when this is polled again.
    fn poll_in_flight(&mut self, context: &mut Context<'_>) -> Poll<Result<E::Reply, Error>> {
        let mut call = match (self.in_flight.take(), &self.next) {
            (Some(call), _) => call,
            (None, Some(request)) => in_task(&self.client, request)?,
            // Never: this is not called at the end.
            (None, None) => return Poll::Pending,
        };
        let reply = Pin::new(&mut call).poll(context);
        if reply.is_pending() {
            self.in_flight = Some(call);
        }
        reply
    }

    /// Advances the request to the page after a reply.
    fn take(&mut self, reply: Result<E::Reply, Error>) -> Result<E::Reply, Error> {
        let reply = reply?;
        let Some(request) = &mut self.next else {
            return Ok(reply);
        };
        let asked = request.clone();
        if self.trail.is_empty() {
            self.trail.leads_back(&asked);
        }
        self.last = Some(asked);
        match request.advance(&reply) {
            Advance::Next if !self.trail.leads_back(request) => Ok(reply),
            Advance::End => {
                self.next = None;
                Ok(reply)
            }
            _ => {
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
        if pages.next.is_none() {
            return Poll::Ready(None);
        }
        let reply = ready!(pages.poll_in_flight(context));
        Poll::Ready(Some(pages.take(reply)))
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

/// Begins a call in a task of its own.
fn in_task<E: Paged>(client: &Client, request: &E) -> Result<Spawned<E::Reply>, Error> {
    let command = Command::of(request);
    let Ok(runtime) = Handle::try_current() else {
        return Err(command.error(Cause::Runtime(OUTSIDE), Sent::No));
    };
    let call = client.call(request).detached();
    let call = async move { call.await.map(|answer| answer.reply) };
    Ok(Spawned::new(&runtime, command, call))
}

/// The items of all pages, one at a time: with [`next_item`](Self::next_item), or as a [`Stream`].
///
/// Its end, its errors and dropping it are like those of [`Pages`]. Each command documents the order of the items:
/// that of its replies, unless those list the items of a page in a different order than the pages.
pub struct Items<E: Paged> {
    pages: Pages<E>,
    page: Page<E>,
}

impl<E: Paged> Items<E> {
    /// This many items of the first page have been taken before.
    pub(crate) fn new(pages: Pages<E>, taken: usize) -> Self {
        Self {
            pages,
            page: Page::before(taken),
        }
    }

    /// The position in the listing, to continue later with [`Client::items_from`]; `None` at the end.
    pub fn checkpoint(&self) -> Option<Checkpoint<E>> {
        self.page.checkpoint(self.pages.request())
    }

    /// All remaining items, last one first: for example a history that arrives newest first, from its
    /// beginning. Reads all pages first, and keeps them in memory.
    ///
    /// # Errors
    ///
    /// The same as for [`Pages::next_page`]; items read so far are then lost.
    pub async fn reversed(mut self) -> Result<Vec<E::Item>, Error> {
        let mut all = Vec::new();
        while let Some(item) = self.next_item().await {
            all.push(item?);
        }
        all.reverse();
        Ok(all)
    }

    /// The next item; `None` after the last. Dropping the future loses nothing.
    ///
    /// # Errors
    ///
    /// The same as for [`Pages::next_page`].
    pub async fn next_item(&mut self) -> Option<Result<E::Item, Error>> {
        loop {
            if let Some(item) = self.page.next() {
                return Some(Ok(item));
            }
            match self.pages.next_page().await? {
                Ok(reply) => self.page.fill(self.pages.take_last(), reply),
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
                Some(Ok(reply)) => items.page.fill(items.pages.take_last(), reply),
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            }
        }
    }

    /// The rest of the current page, and no upper bound.
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
