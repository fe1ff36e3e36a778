//! Receives, verifies and answers the webhooks of Tencent Cloud Chat (formerly Tencent IM).
//!
//! ```
//! use tencent_chat_webhook::{
//!     Received, Receiver, Token, Webhooks,
//!     types::webhook::{C2cBeforeSendMsg, C2cBeforeSendMsgAnswer},
//! };
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! let receiver = Receiver::new(1400000000, Token::new("the token from the console"));
//! let webhooks = Webhooks::new(receiver).on(|event: Received<C2cBeforeSendMsg>| async move {
//!     match event.from_account.as_str() {
//!         "mallory" => C2cBeforeSendMsgAnswer::Refuse,
//!         _ => C2cBeforeSendMsgAnswer::Allow,
//!     }
//! });
//!
//! // From any web framework: query and body in, status and body out.
//! let answer = webhooks.handle("SdkAppid=1400000000&CallbackCommand=…", b"{}").await;
//! assert_eq!(answer.status, 401);
//! # }
//! ```
//!
//! * [`Receiver`] verifies query and body in one call and turns them into an [`Event`](types::webhook::Event);
//!   it needs no runtime.
//! * [`Webhooks`] calls a typed handler for each event, keeps the service's deadline, and
//!   acknowledges events without a handler. With the feature `tower` it is a service for axum and hyper.
//!
//! # What the signature proves
//!
//! `Sign` covers the token and `RequestTime` and nothing else: the body, `CallbackCommand` and
//! the rest of the query are not signed. Anyone who sees one request can send other requests with its `Sign` until the
//! time is stale. So use HTTPS, and either a path that nobody can guess or mutual TLS.
//!
//! # What the HTTP server must bound
//!
//! This crate bounds bodies, handlers and concurrency. The time that a request's head may take must be bounded by the
//! HTTP server. `axum::serve` doesn't do that; the example `serve` shows a server that does.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod error;
pub mod prelude;
mod query;
mod receiver;
#[cfg(feature = "tower")]
mod service;
mod token;
mod webhooks;

pub use error::ReceiveError;
pub use receiver::{Delivery, EventKey, Origin, Receiver};
#[cfg(feature = "tower")]
pub use service::WebhookService;
pub use tencent_chat_types as types;
pub use tencent_chat_usersig::{Clock, FixedClock, SystemClock};
pub use token::Token;
pub use webhooks::{
    DispatchError, Fallible, HandlerError, HandlerOutput, HttpAnswer, Late, Plain, Received,
    Unreadable, Webhooks,
};

/// The examples in the README are tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
