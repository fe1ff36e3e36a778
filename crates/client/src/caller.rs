//! A trait for what works with both kinds of client.

use crate::Client;
use std::fmt;

/// A client: the asynchronous [`Client`] or, with the feature `blocking`, `blocking::Client`.
///
/// The methods of each family, such as [`Client::account`], are the same for both. Asynchronous calls are awaited,
/// and blocking ones have a method `send`. This trait is sealed.
pub trait Caller: sealed::Kind + fmt::Debug {}

impl Caller for Client {}

pub(crate) mod sealed {
    use crate::Client;

    /// Can't be named outside the crate.
    pub trait Kind {
        /// The client that makes the calls.
        fn asynchronous(&self) -> &Client;
    }

    impl Kind for Client {
        fn asynchronous(&self) -> &Client {
            self
        }
    }
}
