//! The client that blocks, and the thread that its calls run on.

use crate::{
    Answer, Caller, Checkpoint, ClientBuilder, ConfigError, Error, IntoRequest, SecretKey,
    call::Command,
    caller::sealed::Kind,
    error::{Cause, Sent},
    pages::Page,
    task::{ENDED, Place},
};
use serde::Serialize;
use std::{
    fmt,
    future::Future,
    sync::{Arc, mpsc},
    task::{Context, Waker},
    thread::{self, JoinHandle},
    time::Duration,
};
use tencent_chat_types::{Batched, Endpoint, Paged, RawReply, protocol::CredentialsCheck};
use tencent_chat_usersig::{SignError, Signer, UserSig};
use tokio::{
    runtime::{Builder, Handle},
    sync::oneshot,
    task::coop::poll_proceed,
};
use tracing::Instrument as _;

/// Calls the service and waits for the reply; otherwise like [`crate::Client`].
#[derive(Clone, Debug)]
pub struct Client {
    client: crate::Client,
    pub(super) background: Arc<Background>,
}

impl ClientBuilder {
    /// Builds a blocking client.
    ///
    /// # Errors
    ///
    /// A setting is missing or invalid, or no thread can be started.
    pub fn build_blocking(self) -> Result<Client, ConfigError> {
        let client = self.build()?;
        let background = Background::start().map_err(|error| {
            let problem = format!("its thread did not start: {error}");
            ConfigError::new("build_blocking", &problem, "a machine with a thread left")
        })?;
        Ok(Client {
            client,
            background: Arc::new(background),
        })
    }
}

impl Client {
    /// Creates a client builder for an app, with the identifier of an administrator and the app's key. Finish it
    /// with [`ClientBuilder::build_blocking`].
    pub fn builder(
        sdk_app_id: u64,
        identifier: impl Into<String>,
        key: impl Into<SecretKey>,
    ) -> ClientBuilder {
        crate::Client::builder(sdk_app_id, identifier, key)
    }

    /// Builds a client from environment variables; see [`ClientBuilder::from_env`].
    ///
    /// # Errors
    ///
    /// A variable is missing or invalid; the error names it.
    pub fn from_env() -> Result<Self, ConfigError> {
        ClientBuilder::from_env()?.build_blocking()
    }

    /// Sends a request, by value or by reference ([`IntoRequest`]), and waits for the reply.
    ///
    /// # Errors
    ///
    /// The same as for [`crate::Client::send`].
    pub fn send<'a, E: Endpoint>(
        &'a self,
        request: impl IntoRequest<'a, E>,
    ) -> Result<E::Reply, Error> {
        self.call(request).send()
    }

    /// Builds a call; set options on it, then send it.
    pub fn call<'a, E: Endpoint>(&'a self, request: impl IntoRequest<'a, E>) -> Call<'a, E> {
        Call::new(self, request.convert())
    }

    /// Calls a command that has no type yet, by its documented path: `v4/<service>/<command>`. The body
    /// is anything that serde can serialize as JSON, by value or by reference.
    ///
    /// # Errors
    ///
    /// The path is malformed, or the same as for [`crate::Client::send`].
    pub fn send_raw(&self, path: &str, body: impl Serialize) -> Result<RawReply, Error> {
        let call = self.client.raw(path, serde_json::to_vec(&body))?;
        self.background.run(Command::raw(path), call)?
    }

    /// Builds a batch from a request with any number of items; set options on it, then send it. It is split into calls
    /// of as many items as one call accepts.
    pub fn batch<'r, E: Batched>(&self, request: impl IntoRequest<'r, E>) -> Batch<'_, E> {
        Batch::new(self, request.convert().into_owned())
    }

    /// Builds one call for each of many requests; set options on it, then send it. See [`crate::Client::each`].
    ///
    /// The iterator runs on the thread that calls, and may use this client itself:
    ///
    /// ```no_run
    /// # use tencent_chat_client::blocking::Client;
    /// # use tencent_chat_client::types::{group::{DestroyGroup, ListGroups}};
    /// # fn run(client: &Client) -> Result<(), Box<dyn std::error::Error>> {
    /// let groups = client.items(ListGroups::new()).map_while(Result::ok);
    /// let requests = groups.map(|group| DestroyGroup::new(group.group_id));
    /// client.each(requests).send().all_done()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn each<'a, 'r, E, I>(&'a self, requests: I) -> Each<'a, E, I::IntoIter>
    where
        E: Endpoint + Clone,
        I: IntoIterator<Item: IntoRequest<'r, E>>,
    {
        Each::new(self, requests.into_iter())
    }

    /// All pages, starting with this request, one reply at a time.
    pub fn pages<'r, E: Paged>(&self, request: impl IntoRequest<'r, E>) -> Pages<E> {
        Pages {
            pages: Some(self.client.pages(request)),
            client: self.client.clone(),
            background: Arc::clone(&self.background),
        }
    }

    /// All items of all pages, starting with this request, one at a time.
    pub fn items<'r, E: Paged>(&self, request: impl IntoRequest<'r, E>) -> Items<E> {
        Items {
            pages: self.pages(request),
            page: Page::before(0),
        }
    }

    /// All remaining items of a listing, starting at a checkpoint.
    pub fn items_from<E: Paged>(&self, checkpoint: Checkpoint<E>) -> Items<E> {
        Items {
            pages: self.pages(checkpoint.request),
            page: Page::before(checkpoint.taken),
        }
    }

    /// Checks whether the service accepts the client; see [`crate::Client::verify_credentials`].
    ///
    /// # Errors
    ///
    /// As for [`crate::Client::verify_credentials`].
    pub fn verify_credentials(&self) -> Result<(), Error> {
        self.send(CredentialsCheck::new([self.identifier()]))
            .map(drop)
    }

    /// Makes the UserSig with which a user's device logs in; see [`crate::Client::user_sig`].
    ///
    /// # Errors
    ///
    /// As for [`crate::Client::user_sig`].
    pub fn user_sig(&self, user_id: &str, valid_for: Duration) -> Result<UserSig, SignError> {
        self.client.user_sig(user_id, valid_for)
    }

    /// Signs with the client's key and clock. It also verifies UserSigs and makes private map keys.
    pub fn signer(&self) -> &Signer {
        self.client.signer()
    }

    /// The administrator who calls.
    pub fn identifier(&self) -> &str {
        self.client.identifier()
    }

    /// The app that the calls are for.
    pub fn sdk_app_id(&self) -> u64 {
        self.client.sdk_app_id()
    }
}

/// A call with its options, sent by [`send`](crate::Call::send).
pub type Call<'a, E> = crate::Call<'a, E, Client>;
/// A call for one item, sent by [`send`](crate::ItemCall::send).
pub type ItemCall<'a, E, T> = crate::ItemCall<'a, E, T, Client>;
/// A request with any number of items, sent by [`send`](crate::Batch::send).
pub type Batch<'a, E> = crate::Batch<'a, E, Client>;
/// One call for each of many requests, sent by [`send`](crate::Each::send).
pub type Each<'a, E, I> = crate::Each<'a, E, I, Client>;

impl Caller for Client {}

impl Kind for Client {
    fn asynchronous(&self) -> &crate::Client {
        &self.client
    }
}

impl<E: Endpoint> Call<'_, E> {
    /// Sends the request and waits for the reply.
    ///
    /// # Errors
    ///
    /// The same as for [`crate::Client::send`].
    pub fn send(self) -> Result<E::Reply, Error> {
        self.answer().map(|answer| answer.reply)
    }

    /// Sends the request and returns the reply together with what it was decoded from: the body, status and
    /// headers of the response.
    ///
    /// # Errors
    ///
    /// The same as for [`crate::Client::send`].
    pub fn answer(self) -> Result<Answer<E::Reply>, Error> {
        let (command, background) = (self.command(), &self.client.background);
        background.run(command, self.detached())?
    }
}

impl<E: Batched, T: Send + 'static> ItemCall<'_, E, T> {
    /// Sends the request and waits for what the reply says of the item.
    ///
    /// # Errors
    ///
    /// The call failed, or the item did.
    pub fn send(self) -> Result<T, Error> {
        let (command, background) = (self.command(), &self.client.background);
        background.run(command, self.detached())?
    }
}

/// The pages of a command, one reply at a time.
///
/// Ends exactly where the command says so. After an error the same page can be requested again: the
/// next call sends the same request. A page that leads back to itself or to an earlier one is an error and
/// the end.
pub struct Pages<E: Paged> {
    /// `None` only while a page is being read.
    pages: Option<crate::Pages<E>>,
    client: crate::Client,
    background: Arc<Background>,
}

impl<E: Paged> Pages<E> {
    /// The request for the next page; `None` after the last. It can be serialized, and
    /// [`Client::pages`] continues from it.
    pub fn request(&self) -> Option<&E> {
        self.pages.as_ref()?.request()
    }

    fn take_last(&mut self) -> Option<E> {
        self.pages.as_mut()?.take_last()
    }
}

impl<E: Paged> Iterator for Pages<E> {
    type Item = Result<E::Reply, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let command = self.pages.as_ref()?.command()?;
        if let Err(error) = self.background.check(command) {
            return Some(Err(error));
        }
        let mut pages = self.pages.take()?;
        let request = pages.request().cloned();
        let next = async move {
            let page = pages.next_page().await;
            (pages, page)
        };
        match self.background.run(command, next) {
            Ok((pages, page)) => {
                self.pages = Some(pages);
                page
            }
            Err(error) => {
                // Something that the call runs panicked, and the listing was lost there.
                self.pages = request.map(|request| self.client.pages(request));
                Some(Err(error))
            }
        }
    }
}

/// The items of all pages, one at a time. Its end, errors and order are like those of
/// [`crate::Items`].
pub struct Items<E: Paged> {
    pages: Pages<E>,
    page: Page<E>,
}

impl<E: Paged> Items<E> {
    /// The position in the listing, to continue later with [`Client::items_from`]; `None` at the end.
    pub fn checkpoint(&self) -> Option<Checkpoint<E>> {
        self.page.checkpoint(self.pages.request())
    }
}

impl<E: Paged> Iterator for Items<E> {
    type Item = Result<E::Item, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(item) = self.page.next() {
                return Some(Ok(item));
            }
            match self.pages.next()? {
                Ok(reply) => self.page.fill(self.pages.take_last(), reply),
                Err(error) => return Some(Err(error)),
            }
        }
    }
}

impl<E: Paged + fmt::Debug> fmt::Debug for Pages<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Pages").field(&self.pages).finish()
    }
}

impl<E: Paged + fmt::Debug> fmt::Debug for Items<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Items")
            .field("pages", &self.pages)
            .field("left_of_page", &self.page.len())
            .finish()
    }
}

/// Why a call is refused.
const WITHIN: &str = "a blocking call within async code would block everything on its thread";

/// A runtime on its own thread.
#[derive(Debug)]
pub(super) struct Background {
    runtime: Handle,
    /// Ends the thread when dropped.
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Background {
    fn start() -> std::io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let handle = runtime.handle().clone();
        let (stop, stopped) = oneshot::channel::<()>();
        let thread = thread::Builder::new()
            .name("tencent-chat".to_owned())
            .spawn(move || {
                // Nothing is ever sent: this ends when the last clone of the client is dropped.
                let _ = runtime.block_on(stopped);
                // Without waiting for a DNS lookup that is still in progress.
                runtime.shutdown_background();
            })?;
        Ok(Self {
            runtime: handle,
            stop: Some(stop),
            thread: Some(thread),
        })
    }

    pub(super) fn place(&self) -> Place {
        Place::Background(self.runtime.clone())
    }

    pub(super) fn check(&self, command: Command<'_>) -> Result<(), Error> {
        if is_polled() {
            return Err(command.error(Cause::Runtime(WITHIN), Sent::No));
        }
        Ok(())
    }

    /// Runs it on this thread, with the background's timers and connections. Only after a [`check`](Self::check).
    pub(super) fn drive<F: Future>(&self, future: F) -> F::Output {
        self.runtime.block_on(future)
    }

    /// Runs a future in the background and waits for it.
    fn run<F>(&self, command: Command<'_>, future: F) -> Result<F::Output, Error>
    where
        F: Future<Output: Send> + Send + 'static,
    {
        self.check(command)?;
        let (tell, told) = mpsc::sync_channel(1);
        let task = async move {
            // The caller waits in any case.
            let _ = tell.send(future.await);
        };
        self.runtime.spawn(task.in_current_span());
        // A panic in an observer or a limiter ends the task, and nothing else.
        told.recv()
            .map_err(|_| command.error(Cause::Runtime(ENDED), Sent::Maybe))
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take()
            // Dropped by something that runs there, such as an observer: the thread ends by itself.
            && thread.thread().id() != thread::current().id()
        {
            // A panic there has been reported to the callers.
            let _ = thread.join();
        }
    }
}

/// Whether this is called while a runtime polls a future on this thread. Runtimes give each poll a
/// budget; threads for blocking work, and those that only have a runtime handle, have none.
fn is_polled() -> bool {
    if Handle::try_current().is_err() {
        return false;
    }
    let mut context = Context::from_waker(Waker::noop());
    let mut proceed = || match poll_proceed(&mut context) {
        std::task::Poll::Ready(step) => Some(step),
        std::task::Poll::Pending => None,
    };
    // Restores the whole budget when it is dropped.
    let Some(_first) = proceed() else {
        return true;
    };
    // No budget is larger than this.
    (0..u8::MAX).any(|_| proceed().map(|step| step.made_progress()).is_none())
}
