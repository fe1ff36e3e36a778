//! The client.

use crate::{
    Batch, Call, Checkpoint, ClientBuilder, ConfigError, Error, Items, Pages, SecretKey,
    call::Command,
    error::{Cause, Sent},
    transport::Transport,
};
use serde::Serialize;
use std::{future::Future, sync::Arc};
use tencent_chat_types::{Batched, Endpoint, Paged, RawReply};

/// Calls the service for one app, as one administrator.
///
/// Cheap to clone; clones share connections and signature. All methods take `&self`, and any
/// number of calls can be in flight. Dropping a call's future abandons the call and leaves
/// nothing behind.
#[derive(Clone, Debug)]
pub struct Client {
    pub(crate) transport: Arc<Transport>,
}

impl Client {
    /// Begins a client for an app, with the identifier of an administrator and the app's key.
    pub fn builder(
        sdk_app_id: u64,
        identifier: impl Into<String>,
        key: impl Into<SecretKey>,
    ) -> ClientBuilder {
        ClientBuilder::new(sdk_app_id, identifier.into(), key.into())
    }

    /// A client as the environment describes it; see [`ClientBuilder::from_env`].
    ///
    /// # Errors
    ///
    /// Variables that are missing or wrong, by name.
    pub fn from_env() -> Result<Self, ConfigError> {
        ClientBuilder::from_env()?.build()
    }

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

    /// Calls a command that has no type yet. Path as on its page: `v4/<service>/<command>`.
    ///
    /// # Errors
    ///
    /// A malformed path, and whatever is not a success.
    pub async fn send_raw(
        &self,
        path: &str,
        body: &(impl Serialize + ?Sized),
    ) -> Result<RawReply, Error> {
        self.raw(path, serde_json::to_vec(body))?.await
    }

    /// A raw call, with all that it needs.
    pub(crate) fn raw(
        &self,
        path: &str,
        body: serde_json::Result<Vec<u8>>,
    ) -> Result<impl Future<Output = Result<RawReply, Error>> + Send + use<>, Error> {
        let word = |part: &str| {
            !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        };
        let command = Command::raw(path);
        let parts: Vec<&str> = path.split('/').collect();
        if parts.len() != 3 || !parts.iter().all(|part| word(part)) {
            return Err(command.error(Cause::BadPath, Sent::No));
        }
        let body = body.map_err(|error| command.error(Cause::Encode(error), Sent::No));
        let (transport, path) = (Arc::clone(&self.transport), path.to_owned());
        let options = transport.options(None, None);
        Ok(async move {
            let command = Command::raw(&path);
            let command = match &body {
                Ok(body) => command.with_items_of(body),
                Err(_) => command,
            };
            let (reply, _) = transport.call(command, body, options).await?;
            Ok(reply)
        })
    }

    /// All pages from this request on, one reply at a time.
    pub fn pages<E: Paged>(&self, request: E) -> Pages<E> {
        Pages::new(self.clone(), request)
    }

    /// All items of all pages from this request on, one at a time.
    pub fn items<E: Paged>(&self, request: E) -> Items<E> {
        self.items_from(Checkpoint { request, taken: 0 })
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

    /// A request with any number of items, to set options on and then to await: it is split into calls
    /// of as many items as one call takes.
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
    ///     client.batch(again).await.into_result()?;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn batch<E: Batched>(&self, request: E) -> Batch<'_, E> {
        Batch::new(self, request)
    }

    /// The administrator who calls.
    pub fn identifier(&self) -> &str {
        self.transport.credentials.identifier()
    }

    /// The app that the calls are for.
    pub fn sdk_app_id(&self) -> u64 {
        self.transport.credentials.sdk_app_id()
    }
}
