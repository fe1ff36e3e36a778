//! Asynchronous client for the Tencent Cloud Chat server API (formerly Tencent IM).
//!
//! ```no_run
//! use tencent_chat_client::{Client, Region, SecretKey};
//! use tencent_chat_types::{message::SendMsg, model::TextElem};
//!
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let client = Client::builder(1400000000, "administrator", SecretKey::from_env("CHAT_KEY")?)
//!     .region(Region::SINGAPORE)
//!     .build()?;
//! let sent = client.send(SendMsg::new("mei", [TextElem::new("Dinner at seven?")])).await?;
//! println!("{:?}", sent.msg_key);
//! # Ok(())
//! # }
//! ```
//!
//! A [`Client`] is cheap to clone and all its methods take `&self`: create one per app and share it.
//! Requests are types of [`tencent_chat_types`], sent with [`Client::send`] or through an accessor
//! for each family such as [`Client::conversation`], by value or by reference ([`IntoRequest`]). A call
//! that fails returns an [`Error`], which says which command failed, what the code means, who must act and
//! whether a retry can help.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod batch;
#[cfg(feature = "blocking")]
pub mod blocking;
mod builder;
mod call;
mod caller;
mod client;
mod credentials;
mod each;
mod environment;
mod error;
mod fan_out;
#[rustfmt::skip] // the generator formats its output itself
mod generated;
mod http;
mod item_call;
mod limit;
#[cfg(feature = "metrics")]
mod metrics_observer;
mod observe;
mod pages;
pub mod prelude;
mod redact;
#[cfg(feature = "redis")]
mod redis_limit;
mod region;
mod request;
mod response;
mod retry;
mod task;
mod testing;
mod tls;
mod transport;

pub use batch::{
    Batch, BatchOutcome, BatchParts, Incomplete, ItemOutcome, ItemResult, PartOutcome,
};
pub use builder::{ClientBuilder, ConfigError};
pub use call::{Answer, Call};
pub use caller::Caller;
pub use client::Client;
pub use each::{CallOutcome, Each, EachIncomplete, EachOutcome, EachResults};
pub use error::{Error, ErrorKind, FailedTry, Sent};
pub use fan_out::Progress;
pub use generated::*;
pub use item_call::ItemCall;
pub use limit::{LimitFuture, Limited, Limiter, LocalLimiter, Turn};
#[cfg(feature = "metrics")]
pub use metrics_observer::MetricsObserver;
pub use observe::{Finished, Observer, Tried};
pub use pages::{Checkpoint, Items, Pages};
#[cfg(feature = "redis")]
pub use redis_limit::RedisLimiter;
pub use region::{Region, UnknownRegion};
pub use request::IntoRequest;
/// The HTTP client that [`ClientBuilder::http`] configures.
pub use reqwest;
pub use retry::RetryPolicy;
pub use tencent_chat_types as types;
pub use tencent_chat_usersig::{Clock, SecretKey, SignError, Signer, SystemClock, UserSig};

/// The examples in the README are tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
