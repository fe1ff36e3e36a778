//! Commands that answer in pages.

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

/// The pages of a command, one reply at a time: by [`next_page`](Self::next_page), or as a
/// [`Stream`].
///
/// Ends exactly where the command says so, and stays at the end. After an error the same page can be
/// asked for again: the next call sends the same request. So it can after a panic of something that the
/// call runs, such as an observer. Dropping it abandons the call in flight.
///
/// A listing can be gone on with later, in another process too, from [`request`](Self::request).
///
/// As a stream it runs each call in a task of its own, so that a stream nobody polls for a while
/// never stops half-way through a call, where it would hold up other calls that wait for the quota.
pub struct Pages<E: Paged> {
    client: Client,
    next: Option<E>,
    /// Brought the page before.
    last: Option<E>,
    trail: Trail,
    /// A page that the stream has asked for.
    in_flight: Option<Spawned<E::Reply>>,
}

impl Client {
    /// All pages from this request on, one reply at a time.
    pub fn pages<'r, E: Paged>(&self, request: impl IntoRequest<'r, E>) -> Pages<E> {
        Pages::new(self.clone(), request.convert().into_owned())
    }

    /// All items of all pages from this request on, one at a time.
    pub fn items<'r, E: Paged>(&self, request: impl IntoRequest<'r, E>) -> Items<E> {
        Items::new(self.pages(request), 0)
    }

    /// All items that are left of a listing, from where another one was.
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

    /// The request of the next page; none after the last. It can be written as JSON, and
    /// [`Client::pages`] goes on from it.
    pub fn request(&self) -> Option<&E> {
        self.next.as_ref()
    }

    /// The request that brought the page before; taken out.
    pub(crate) fn take_last(&mut self) -> Option<E> {
        self.last.take()
    }

    /// The next page; none after the last. Dropping the future loses nothing.
    ///
    /// # Errors
    ///
    /// As for any call. A page that promises more but leads back to itself or to an earlier one is an
    /// error too, and the end: asking again would go round in circles.
    pub async fn next_page(&mut self) -> Option<Result<E::Reply, Error>> {
        let request = self.next.as_ref()?;
        let reply = match &self.in_flight {
            // The stream's, where both are used in turn.
            Some(_) => poll_fn(|context| self.poll_in_flight(context)).await,
            None => self.client.send(request).await,
        };
        Some(self.take(reply))
    }

    /// The command with the request of the next page; none at the end.
    #[cfg(feature = "blocking")]
    pub(crate) fn command(&self) -> Option<Command<'static>> {
        self.next.as_ref().map(Command::of)
    }

    /// The call that is under way, or else a new one. It is put back only while it goes on: one that
    /// panics is not there any more when this is polled again.
    fn poll_in_flight(&mut self, context: &mut Context<'_>) -> Poll<Result<E::Reply, Error>> {
        let mut call = match (self.in_flight.take(), &self.next) {
            (Some(call), _) => call,
            (None, Some(request)) => in_task(&self.client, request)?,
            // Never: nobody asks at the end.
            (None, None) => return Poll::Pending,
        };
        let reply = Pin::new(&mut call).poll(context);
        if reply.is_pending() {
            self.in_flight = Some(call);
        }
        reply
    }

    /// Sets the request to the page after a reply.
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

/// The items of all pages, one at a time: by [`next_item`](Self::next_item), or as a [`Stream`].
///
/// For ends, errors and drops it is like [`Pages`]. In which order items come is told with each command:
/// that of its replies, except where those list the items of one page in another order than pages come.
pub struct Items<E: Paged> {
    pages: Pages<E>,
    page: Page<E>,
}

impl<E: Paged> Items<E> {
    /// So many items of the first page have been taken before.
    pub(crate) fn new(pages: Pages<E>, taken: usize) -> Self {
        Self {
            pages,
            page: Page::before(taken),
        }
    }

    /// Where the listing is, to go on with it later by [`Client::items_from`]; none at the end.
    pub fn checkpoint(&self) -> Option<Checkpoint<E>> {
        self.page.checkpoint(self.pages.request())
    }

    /// All items that are left, the last one first: a history that comes newest first, from its
    /// beginning. Reads all pages before, and keeps them.
    ///
    /// # Errors
    ///
    /// As for [`Pages::next_page`]; what was read before is lost then.
    pub async fn reversed(mut self) -> Result<Vec<E::Item>, Error> {
        let mut all = Vec::new();
        while let Some(item) = self.next_item().await {
            all.push(item?);
        }
        all.reverse();
        Ok(all)
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
