//! A call with its options. Each stage of sending it is a module below.

mod answer;
mod attempt;
mod attempts;
mod body;
mod clock;
mod command;
mod exchange;
mod reply;
mod tries;

pub use answer::Answer;
pub(crate) use command::Command;

use self::command::Options;
use crate::{
    Caller, Client, Error, IntoRequest,
    error::{Cause, Sent},
    request::Request,
    retry::RetryPolicy,
    transport::Transport,
};
use futures_util::TryFutureExt as _;
use std::{
    future::{Future, IntoFuture},
    pin::Pin,
    sync::{Arc, atomic::AtomicBool},
    time::Duration,
};
use tencent_chat_types::{Endpoint, to_vec};

/// A call that is sent when it is awaited. Created by [`Client::call`] and the methods of each family.
/// Those of the blocking client (`blocking::Client`) are sent by `send`.
#[must_use = "a call does nothing until it is awaited, or sent by the blocking client"]
#[derive(Debug)]
pub struct Call<'a, E, C = Client> {
    pub(crate) client: &'a C,
    request: Request<'a, E>,
    deadline: Option<Duration>,
    retry: Option<RetryPolicy>,
    quota_wait: Duration,
    begun: Option<Arc<AtomicBool>>,
    checked: bool,
}

impl Client {
    /// Sends a request, by value or by reference ([`IntoRequest`]), and waits for the reply.
    ///
    /// # Errors
    ///
    /// The request was not sent, it got no reply, or the service refused it. [`Error::kind`] says which,
    /// [`Error::sent`] whether the service may have received it.
    pub fn send<'a, E: Endpoint>(
        &'a self,
        request: impl IntoRequest<'a, E>,
    ) -> impl Future<Output = Result<E::Reply, Error>> + Send {
        // Not an `async fn`, which would keep the request while its bytes wait.
        let options = self.transport.options(None, None);
        let call = self.transport.begin(request.request(), true, options);
        call.map_ok(|answer| answer.reply)
    }

    /// Builds a call; set options on it, then await it.
    ///
    /// ```no_run
    /// # use std::time::Duration;
    /// # use tencent_chat_client::Client;
    /// # use tencent_chat_types::message::SendMsg;
    /// # async fn run(client: &Client) -> Result<(), Box<dyn std::error::Error>> {
    /// let message = SendMsg::new("mei", ["Dinner at seven?"]);
    /// let sent = client.call(&message).deadline(Duration::from_secs(2)).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn call<'a, E: Endpoint>(&'a self, request: impl IntoRequest<'a, E>) -> Call<'a, E> {
        Call::new(self, request.convert())
    }
}

impl<'a, E: Endpoint, C: Caller> Call<'a, E, C> {
    pub(crate) fn new(client: &'a C, request: Request<'a, E>) -> Self {
        Self {
            client,
            request,
            deadline: None,
            retry: None,
            quota_wait: Duration::ZERO,
            begun: None,
            checked: true,
        }
    }

    /// Limits the time of the whole call, retries and pauses included, instead of the client's
    /// [`deadline`](crate::ClientBuilder::deadline).
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// Retries by this policy instead of the client's.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = Some(policy);
        self
    }

    /// Lets the limiter hold the call back for this long in addition to the deadline, and sets a flag
    /// once the first turn has come.
    pub(crate) fn in_batch(mut self, quota_wait: Duration, begun: Arc<AtomicBool>) -> Self {
        self.quota_wait = quota_wait;
        self.begun = Some(begun);
        self
    }

    /// Sends without checking documented limits and regions, for apps with increased limits.
    pub fn unchecked(mut self) -> Self {
        self.checked = false;
        self
    }

    pub(crate) fn command(&self) -> Command<'static> {
        Command::of(self.request.get())
    }

    /// The call as a future that borrows neither client nor request.
    pub(crate) fn detached(
        self,
    ) -> impl Future<Output = Result<Answer<E::Reply>, Error>> + Send + use<E, C> {
        let transport = &self.client.asynchronous().transport;
        let options = Options {
            quota_wait: self.quota_wait,
            begun: self.begun,
            ..transport.options(self.deadline, self.retry)
        };
        transport.begin(self.request.get(), self.checked, options)
    }
}

impl Transport {
    /// A call as a future that borrows neither client nor request: the request is encoded right away.
    fn begin<E: Endpoint>(
        self: &Arc<Self>,
        request: &E,
        checked: bool,
        options: Options,
    ) -> impl Future<Output = Result<Answer<E::Reply>, Error>> + Send + use<E> {
        let command = Command::of(request);
        let valid = if checked {
            let served = self.serves(command);
            served.and_then(|()| request.validate().map_err(Cause::Invalid))
        } else {
            Ok(())
        };
        let body = valid
            .and_then(|()| to_vec(request).map_err(Cause::Encode))
            .map_err(|cause| command.error(cause, Sent::No));
        Arc::clone(self).call(command, body, options)
    }
}

impl<E: Endpoint> Call<'_, E> {
    /// Sends the request and returns the reply together with what it was decoded from: the body, status and
    /// headers of the response.
    ///
    /// # Errors
    ///
    /// The same as for [`Client::send`].
    pub fn answer(self) -> impl Future<Output = Result<Answer<E::Reply>, Error>> + Send + use<E> {
        self.detached()
    }
}

impl<'a, E: Endpoint + 'a> IntoFuture for Call<'a, E> {
    type Output = Result<E::Reply, Error>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send + 'a>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.answer().map_ok(|answer| answer.reply))
    }
}
