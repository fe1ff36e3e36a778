//! A call with its options. What happens to it has a room for each stage below.

mod attempt;
mod attempts;
mod body;
mod clock;
mod command;
mod exchange;
mod reply;
mod tries;

pub(crate) use command::Command;

use self::command::Options;
use crate::{
    Client, Error,
    error::{Cause, Sent},
    retry::RetryPolicy,
};
use bytes::Bytes;
use std::{
    future::{Future, IntoFuture},
    pin::Pin,
    sync::{Arc, atomic::AtomicBool},
    time::Duration,
};
use tencent_chat_types::Endpoint;

/// A call that is sent when it is awaited. Fields belong to the request, options to the call.
#[must_use = "a call is sent when it is awaited"]
#[derive(Debug)]
pub struct Call<'a, E> {
    client: &'a Client,
    request: Request<'a, E>,
    deadline: Option<Duration>,
    retry: Option<RetryPolicy>,
    quota_wait: Duration,
    begun: Option<Arc<AtomicBool>>,
    checked: bool,
}

#[derive(Debug)]
enum Request<'a, E> {
    Owned(E),
    Borrowed(&'a E),
}

impl<E> Request<'_, E> {
    fn get(&self) -> &E {
        match self {
            Self::Owned(request) => request,
            Self::Borrowed(request) => request,
        }
    }
}

/// A reply with the bytes that it was made of.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Answer<R> {
    /// The reply.
    pub reply: R,
    /// The reply as it came.
    pub body: Bytes,
}

impl Client {
    /// Sends a request.
    ///
    /// # Errors
    ///
    /// Whatever is not a success.
    pub async fn send<E: Endpoint>(&self, request: &E) -> Result<E::Reply, Error> {
        Call::borrowed(self, request)
            .answer()
            .await
            .map(|answer| answer.reply)
    }

    /// A call to set options on, and then to await.
    pub fn call<E: Endpoint>(&self, request: E) -> Call<'_, E> {
        Call::owned(self, request)
    }
}

impl<'a, E: Endpoint> Call<'a, E> {
    pub(crate) fn owned(client: &'a Client, request: E) -> Self {
        Self {
            client,
            request: Request::Owned(request),
            deadline: None,
            retry: None,
            quota_wait: Duration::ZERO,
            begun: None,
            checked: true,
        }
    }

    pub(crate) fn borrowed(client: &'a Client, request: &'a E) -> Self {
        Self {
            client,
            request: Request::Borrowed(request),
            deadline: None,
            retry: None,
            quota_wait: Duration::ZERO,
            begun: None,
            checked: true,
        }
    }

    /// Gives up after this time in all, tries and pauses included, in place of the client's own
    /// deadline.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// Repeats by another policy than the client's.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = Some(policy);
        self
    }

    /// Waits for turns of the limiter so long besides the deadline, and notes when the first has come.
    pub(crate) fn in_batch(mut self, quota_wait: Duration, begun: Arc<AtomicBool>) -> Self {
        self.quota_wait = quota_wait;
        self.begun = Some(begun);
        self
    }

    /// Sends without checking documented limits and regions, for apps whose limits were raised.
    pub fn unchecked(mut self) -> Self {
        self.checked = false;
        self
    }

    /// Sends, and keeps the bytes of the reply besides its type.
    ///
    /// # Errors
    ///
    /// Whatever is not a success.
    pub async fn answer(self) -> Result<Answer<E::Reply>, Error> {
        self.detached().await
    }

    pub(crate) fn command(&self) -> Command<'static> {
        Command::of(self.request.get())
    }

    /// The call, with all that it needs.
    pub(crate) fn detached(
        self,
    ) -> impl Future<Output = Result<Answer<E::Reply>, Error>> + Send + use<E> {
        let command = self.command();
        let request = self.request.get();
        let valid = if self.checked {
            let served = self.client.transport.serves(command);
            served.and_then(|()| request.validate().map_err(Cause::Invalid))
        } else {
            Ok(())
        };
        let body = valid
            .and_then(|()| serde_json::to_vec(request).map_err(Cause::Encode))
            .map_err(|cause| command.error(cause, Sent::No));
        let transport = Arc::clone(&self.client.transport);
        let options = Options {
            quota_wait: self.quota_wait,
            begun: self.begun,
            ..transport.options(self.deadline, self.retry)
        };
        async move {
            let (reply, body) = transport.call(command, body, options).await?;
            Ok(Answer { reply, body })
        }
    }
}

impl<'a, E: Endpoint + 'a> IntoFuture for Call<'a, E> {
    type Output = Result<E::Reply, Error>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send + 'a>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async { self.answer().await.map(|answer| answer.reply) })
    }
}
