//! The client. The methods for typed calls, pages and batches are next to the types that they return.

use crate::{
    Error,
    call::Command,
    error::{Cause, Sent},
    transport::Transport,
};
use serde::Serialize;
use std::{future::Future, sync::Arc};
use tencent_chat_types::RawReply;

/// Calls the service for one app, as one administrator.
///
/// [`send`](Self::send) sends a request, and [`call`](Self::call) does so with options. The commands of each family are
/// also methods: `client.message().send_msg(…)`. [`items`](Self::items) and [`pages`](Self::pages) read listings,
/// [`batch`](Self::batch) splits requests with any number of items, and [`send_raw`](Self::send_raw) calls commands
/// without a type.
///
/// Cheap to clone; clones share connections and signature. All methods take `&self`, and any
/// number of calls can be in flight. Dropping a call's future abandons the call and leaves
/// nothing behind.
#[derive(Clone, Debug)]
pub struct Client {
    pub(crate) transport: Arc<Transport>,
}

impl Client {
    /// Calls a command that has no type yet, by its documented path: `v4/<service>/<command>`. The body
    /// is anything that serde can serialize as JSON, by value or by reference.
    ///
    /// # Errors
    ///
    /// The path is malformed, or the same as for [`send`](Self::send).
    pub async fn send_raw(&self, path: &str, body: impl Serialize) -> Result<RawReply, Error> {
        self.raw(path, serde_json::to_vec(&body))?.await
    }

    /// A raw call as a future that borrows nothing.
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

    /// The administrator who calls.
    pub fn identifier(&self) -> &str {
        self.transport.credentials.identifier()
    }

    /// The app that the calls are for.
    pub fn sdk_app_id(&self) -> u64 {
        self.transport.credentials.sdk_app_id()
    }
}
