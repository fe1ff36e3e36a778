//! Batches: any number of items, split into as many calls as needed.

mod items;
mod outcome;
mod parts;

pub(crate) use self::{outcome::make_shown, parts::Running};
pub use self::{
    outcome::{BatchOutcome, Incomplete, ItemOutcome, ItemResult, PartOutcome},
    parts::BatchParts,
};
use crate::{
    Caller, Client, IntoRequest,
    fan_out::{CONCURRENCY, Settings, all, options},
    task::Place,
};
use std::{
    fmt,
    future::{Future, IntoFuture},
    num::NonZeroUsize,
    pin::Pin,
};
use tencent_chat_types::{Batched, Endpoint};

/// A request with any number of items, which is split and sent when it is awaited.
///
/// Created by [`Client::batch`]. Awaiting it gives a [`BatchOutcome`] and never an error: failures are
/// in the outcome, item by item. Without items there is no call.
///
/// Parts run in the task that awaits: dropping the future abandons them and leaves nothing behind.
/// They run concurrently, so the service may see them in any order; with a
/// [`concurrency`](Self::concurrency) of one they keep the order of the items. All fields other than the items
/// are the same in every part. That includes the numbers by which the service recognizes duplicates: it compares
/// them within a conversation, so no part is a duplicate of another, and a user who is named twice
/// gets one message.
///
/// Documented limits are checked before anything is sent, item by item. An item that exceeds one fails with an error of
/// kind
/// [`Invalid`](crate::ErrorKind::Invalid), and the others are sent without it.
///
/// Calls that the quota does not allow yet wait for their turn, for up to [`quota_wait`](Self::quota_wait)
/// in addition to the deadline of the call: 200,000 recipients where the service accepts 12,000 a minute take
/// a quarter of an hour, and none of them fails.
///
/// The batches of the blocking client (`blocking::Client`) have the same options. They are sent by `send`.
#[must_use = "a batch does nothing until it is awaited, or sent by the blocking client"]
pub struct Batch<'a, E, C = Client> {
    pub(crate) client: &'a C,
    request: E,
    settings: Settings<'a>,
    part_size: usize,
}

impl Client {
    /// Builds a batch from a request with any number of items; set options on it, then await it. It is
    /// split into calls of as many items as one call takes.
    ///
    /// ```no_run
    /// # use tencent_chat_client::Client;
    /// # use tencent_chat_types::account::ImportAccounts;
    /// # async fn run(client: &Client, users: Vec<String>) -> Result<(), Box<dyn std::error::Error>> {
    /// let outcome = client.batch(ImportAccounts::new(users)).await;
    /// for (user, why) in outcome.failed() {
    ///     println!("{user:?}: {why}");
    /// }
    /// if let Some(again) = outcome.retry_request() {
    ///     client.batch(again).await.all_done()?;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn batch<'r, E: Batched>(&self, request: impl IntoRequest<'r, E>) -> Batch<'_, E> {
        Batch::new(self, request.convert().into_owned())
    }
}

impl<'a, E: Batched, C: Caller> Batch<'a, E, C> {
    pub(crate) fn new(client: &'a C, request: E) -> Self {
        let one = NonZeroUsize::MIN;
        Self {
            client,
            request,
            settings: Settings::new(if E::ONE_BY_ONE { one } else { CONCURRENCY }),
            part_size: E::MAX,
        }
    }

    options!();

    /// Sends fewer items per call than the service accepts, for smaller replies. Zero counts as one, and
    /// values above the service's limit count as that limit.
    pub fn part_size(mut self, items: usize) -> Self {
        self.part_size = items.clamp(1, E::MAX.max(1));
        self
    }

    /// The batch with its items checked.
    pub(crate) fn start(self, place: Place) -> Running<'a, E> {
        let client = self.client.asynchronous();
        Running::new(client, place, self.settings, self.request, self.part_size)
    }
}

impl<'a, E: Batched> Batch<'a, E> {
    /// Sends it, and returns the outcome of each part as soon as it has ended, in any order.
    ///
    /// ```no_run
    /// # use tencent_chat_client::Client;
    /// # use tencent_chat_types::account::ImportAccounts;
    /// # async fn run(client: &Client, users: Vec<String>) {
    /// let mut parts = client.batch(ImportAccounts::new(users)).parts();
    /// while let Some(part) = parts.next_part().await {
    ///     println!("{} imported; {}", part.succeeded().count(), parts.progress());
    /// }
    /// # }
    /// ```
    pub fn parts(self) -> BatchParts<'a, E> {
        BatchParts::new(self.start(Place::tasks()))
    }
}

impl<'a, E: Batched> IntoFuture for Batch<'a, E> {
    type Output = BatchOutcome<E>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send + 'a>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(all(self.start(Place::Here)))
    }
}

impl<E: Endpoint, C> fmt::Debug for Batch<'_, E, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Batch")
            .field("endpoint", &E::META.path)
            .field("concurrency", &self.settings.concurrency)
            .field("part_size", &self.part_size)
            .finish_non_exhaustive()
    }
}
