//! The client. The methods for typed calls, pages and batches are next to the types that they return.

use crate::{
    Error,
    call::Command,
    error::{Cause, Sent},
    transport::Transport,
};
use serde::Serialize;
use std::{future::Future, sync::Arc, time::Duration};
use tencent_chat_types::{RawReply, protocol::CredentialsCheck};
use tencent_chat_usersig::{SignError, Signer, UserSig};

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
            let answer = transport.call(command, body, options).await?;
            Ok(answer.reply)
        })
    }

    /// Checks whether the service accepts the client: its SDKAppID, identifier, key, region and clock. For the
    /// start of a program.
    ///
    /// It sends one harmless call, which looks up the client's own identifier and changes nothing. The call
    /// counts towards the quota of [`CredentialsCheck`], which is the same for all apps, and is retried as any
    /// read is.
    ///
    /// ```no_run
    /// # use tencent_chat_client::Client;
    /// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
    /// let client = Client::from_env()?;
    /// if let Err(error) = client.verify_credentials().await {
    ///     eprintln!("{error}");
    ///     eprintln!("check {:?}; to be fixed by: {:?}", error.settings(), error.class());
    ///     return Err(error.into());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::settings`] lists the settings one of which is wrong, and [`Error::class`] says who must act:
    ///
    /// | what is wrong | `settings` | `class` |
    /// |---|---|---|
    /// | the SDKAppID does not exist, or not in this region | `SdkAppId`, `Region` | `Configuration` |
    /// | the app lives in another region | `Region` | `Configuration` |
    /// | the key belongs to another app | `SdkAppId`, `Key` | `Configuration` |
    /// | the identifier is not an app administrator | `Identifier` | `Configuration` |
    /// | the clock is more than a minute off | `Clock`, with [`Error::clock_ahead`] | `Credential` |
    /// | the app is disabled, its plan has expired, or this machine's address is not allowed | none; see [`Error::advice`] | `Configuration` |
    /// | there is no connection, or something in between answers | none; see [`Error::kind`] | `Transient`, or that of the HTTP status |
    pub async fn verify_credentials(&self) -> Result<(), Error> {
        let check = CredentialsCheck::new([self.identifier()]);
        self.send(check).await.map(drop)
    }

    /// Makes the UserSig with which a user's device logs in, with the client's key and clock. It takes some
    /// microseconds and no call.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use tencent_chat_client::{Client, Region};
    /// # fn run() -> Result<(), Box<dyn std::error::Error>> {
    /// let client = Client::builder(1400000000, "administrator", "the key from the console")
    ///     .region(Region::SINGAPORE)
    ///     .build()?;
    /// let sig = client.user_sig("lin", Duration::from_secs(86_400))?;
    /// let for_the_device = sig.expose(); // the only way to read it
    /// # assert_eq!(client.signer().verify(for_the_device)?.user_id, "lin");
    /// # Ok(())
    /// # }
    /// # run().unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// The user ID is empty, too long or has a control character; the validity is less than a second; or the
    /// clock says 1970.
    pub fn user_sig(&self, user_id: &str, valid_for: Duration) -> Result<UserSig, SignError> {
        self.signer().sign(user_id, valid_for)
    }

    /// Signs with the client's key and clock. It also verifies UserSigs and makes private map keys.
    pub fn signer(&self) -> &Signer {
        self.transport.credentials.signer()
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
