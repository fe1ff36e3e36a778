//! Requests by value or by reference.

use crate::request::sealed::Convert;
use tencent_chat_types::Endpoint;

/// A request, by value or by reference.
///
/// Every method that takes a request takes either: [`Client::send`](crate::Client::send),
/// [`call`](crate::Client::call), [`items`](crate::Client::items), [`pages`](crate::Client::pages),
/// [`batch`](crate::Client::batch), the methods of each family, and those of the blocking client.
///
/// Single calls copy nothing in either case. `items`, `pages` and `batch` change their request from call
/// to call, so they clone a request passed by reference, once.
///
/// ```no_run
/// # use tencent_chat_client::Client;
/// # use tencent_chat_types::{account::ImportAccounts, message::SendMsg};
/// # async fn run(client: &Client) -> Result<(), Box<dyn std::error::Error>> {
/// client.send(ImportAccounts::new(["mei"])).await?;
///
/// let message = SendMsg::new("mei", ["Dinner at seven?"]);
/// let sent = client.send(&message).await?;
/// println!("{:?}: {:?}", message.msg_body, sent.msg_key);
/// # Ok(())
/// # }
/// ```
///
/// This trait is sealed: it is implemented for every [`Endpoint`] and for references to them, including
/// commands of your own.
pub trait IntoRequest<'r, E: Endpoint>: Convert<'r, E> {}

impl<'r, E: Endpoint> IntoRequest<'r, E> for E {}
impl<'r, E: Endpoint> IntoRequest<'r, E> for &'r E {}

/// The result of [`IntoRequest`].
#[derive(Debug)]
pub enum Request<'r, E> {
    /// Passed by value.
    Owned(E),
    /// Passed by reference.
    Borrowed(&'r E),
}

impl<E> Request<'_, E> {
    pub(crate) fn get(&self) -> &E {
        match self {
            Self::Owned(request) => request,
            Self::Borrowed(request) => request,
        }
    }

    pub(crate) fn into_owned(self) -> E
    where
        E: Clone,
    {
        match self {
            Self::Owned(request) => request,
            Self::Borrowed(request) => request.clone(),
        }
    }
}

pub(crate) mod sealed {
    use super::Request;
    use tencent_chat_types::Endpoint;

    /// Can't be named outside the crate.
    pub trait Convert<'r, E> {
        fn convert(self) -> Request<'r, E>;

        fn request(&self) -> &E;
    }

    impl<'r, E: Endpoint> Convert<'r, E> for E {
        fn convert(self) -> Request<'r, E> {
            Request::Owned(self)
        }

        fn request(&self) -> &E {
            self
        }
    }

    impl<'r, E: Endpoint> Convert<'r, E> for &'r E {
        fn convert(self) -> Request<'r, E> {
            Request::Borrowed(self)
        }

        fn request(&self) -> &E {
            self
        }
    }
}
