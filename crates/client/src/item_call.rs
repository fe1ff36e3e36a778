//! Calls for one item, whose failure is an error.

use crate::{
    Answer, Call, Caller, Client, Error, RetryPolicy,
    batch::make_shown,
    call::Command,
    error::{Cause, Sent},
    request::Request,
    transport::Transport,
};
use std::{
    fmt,
    future::{Future, IntoFuture},
    pin::Pin,
    sync::Arc,
    time::Duration,
};
use tencent_chat_types::{ActionStatus, Batched, Envelope, ErrorCode, ItemReport};

/// A call for one item of a command that takes lists. It is sent when it is awaited.
///
/// Replies to such commands report each item. Here, the item's failure is an [`Error`] like that of a call: with the
/// item's code, its meaning, class and advice, and the reply as [`raw_body`](Error::raw_body). The methods that return
/// this say which codes mean that there is no such item; for those the result is `false` or `None`.
///
/// ```no_run
/// # use tencent_chat_client::Client;
/// # async fn run(client: &Client) -> Result<(), tencent_chat_client::Error> {
/// if !client.account().exists("mei").await? {
///     println!("import mei first");
/// }
/// if let Some(chess) = client.group().get("chess").await? {
///     println!("{:?}", chess.name);
/// }
/// # Ok(())
/// # }
/// ```
///
/// Where the item stands next to another string, it is written as a list of one, as in the request's constructor, so
/// that the two cannot change places: `add_member("chess", ["mei"])`.
///
/// The client retries failed calls, but not failed items: [`Error::repeat`] says whether a repeat can help.
#[must_use = "a call does nothing until it is awaited, or sent by the blocking client"]
pub struct ItemCall<'a, E: Batched, T, C = Client> {
    pub(crate) client: &'a C,
    request: E,
    deadline: Option<Duration>,
    retry: Option<RetryPolicy>,
    checked: bool,
    done: fn(Option<&E::Entry>) -> Option<T>,
    absent: Option<Absent<T>>,
}

/// Codes that mean that there is no such item, and the result in that case.
type Absent<T> = (&'static [ErrorCode], fn() -> T);

impl<'a, E: Batched, T, C: Caller> ItemCall<'a, E, T, C> {
    /// `done` creates the result from the item's entry in the reply. It returns `None` if the reply should have an
    /// entry but has none.
    pub(crate) fn new(client: &'a C, request: E, done: fn(Option<&E::Entry>) -> Option<T>) -> Self {
        Self {
            client,
            request,
            deadline: None,
            retry: None,
            checked: true,
            done,
            absent: None,
        }
    }

    /// Codes that mean that there is no such item.
    pub(crate) fn absent(mut self, codes: &'static [ErrorCode]) -> Self
    where
        T: Default,
    {
        self.absent = Some((codes, T::default));
        self
    }

    /// Changes the request, to set optional fields.
    ///
    /// ```no_run
    /// # use tencent_chat_client::Client;
    /// # async fn run(client: &Client) -> Result<(), tencent_chat_client::Error> {
    /// let member = client.group().add_member("chess", ["mei"]);
    /// member.with(|request| request.with_silence(true)).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn with(mut self, change: impl FnOnce(E) -> E) -> Self {
        self.request = change(self.request);
        self
    }

    /// Sets a deadline for the whole call, including retries and pauses, instead of the client's.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// Sets a retry policy for this call instead of the client's.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = Some(policy);
        self
    }

    /// Sends without checking documented limits and regions, for apps with increased limits.
    pub fn unchecked(mut self) -> Self {
        self.checked = false;
        self
    }

    #[cfg(feature = "blocking")]
    pub(crate) fn command(&self) -> Command<'static> {
        Command::of(&self.request)
    }

    /// The call as a future that borrows neither client nor request.
    pub(crate) fn detached(self) -> impl Future<Output = Result<T, Error>> + Send + use<E, T, C> {
        let items = self.request.clone().take_items();
        let mut call = Call::new(self.client, Request::Owned(self.request));
        if let Some(deadline) = self.deadline {
            call = call.deadline(deadline);
        }
        if let Some(policy) = self.retry {
            call = call.retry(policy);
        }
        if !self.checked {
            call = call.unchecked();
        }
        let reading = Reading::<E, T> {
            command: call.command(),
            transport: Arc::clone(&self.client.asynchronous().transport),
            items,
            done: self.done,
            absent: self.absent,
        };
        let call = call.detached();
        async move {
            match call.await {
                Ok(answer) => reading.read(&answer),
                Err(error) => reading.absent_or(error),
            }
        }
    }
}

/// How a reply becomes a result.
struct Reading<E: Batched, T> {
    command: Command<'static>,
    transport: Arc<Transport>,
    /// The one item.
    items: Vec<E::Item>,
    done: fn(Option<&E::Entry>) -> Option<T>,
    absent: Option<Absent<T>>,
}

impl<E: Batched, T> Reading<E, T> {
    fn read(&self, answer: &Answer<E::Reply>) -> Result<T, Error> {
        let mut reports = E::reports(&answer.reply, &self.items);
        make_shown(&self.transport.credentials, &mut reports);
        match reports.into_iter().next() {
            Some(ItemReport::Done { entry }) => {
                let entry = entry.and_then(|at| E::entries(&answer.reply).get(at));
                (self.done)(entry).ok_or_else(|| self.unmentioned(answer))
            }
            Some(ItemReport::Failed { code, info, .. }) => {
                let mut envelope = Envelope::default();
                envelope.action_status = Some(ActionStatus::FAIL);
                envelope.error_code = code;
                envelope.error_info = info;
                let error = self.command.error(Cause::Api { envelope }, Sent::Yes);
                self.absent_or(answer.complete(error))
            }
            // Includes variants of later versions of the types crate.
            _ => Err(self.unmentioned(answer)),
        }
    }

    fn absent_or(&self, error: Error) -> Result<T, Error> {
        match (self.absent, error.code()) {
            (Some((codes, absent)), Some(code)) if codes.contains(&code) => Ok(absent()),
            _ => Err(error),
        }
    }

    fn unmentioned(&self, answer: &Answer<E::Reply>) -> Error {
        let cause = Cause::Decode {
            field: String::new(),
            message: "it does not mention the item".to_owned(),
            foreign: false,
        };
        answer.complete(self.command.error(cause, Sent::Yes))
    }
}

impl<'a, E: Batched, T: 'a> IntoFuture for ItemCall<'a, E, T> {
    type Output = Result<T, Error>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send + 'a>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.detached())
    }
}

impl<E: Batched, T, C> fmt::Debug for ItemCall<'_, E, T, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ItemCall")
            .field("endpoint", &E::META.path)
            .finish_non_exhaustive()
    }
}
