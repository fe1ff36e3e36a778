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
//! * [`Receiver`] verifies query and body in one call and makes an [`Event`](types::webhook::Event)
//!   of them; it needs no runtime.
//! * [`Webhooks`] calls a typed handler for each event, keeps the service's deadline, and
//!   acknowledges what nobody handles. With the feature `tower` it is a service for axum and hyper.
//!
//! # What the signature proves, and what not
//!
//! `Sign` covers the token and `RequestTime` and nothing else: neither the body nor `CallbackCommand` nor
//! the rest of the query is signed. Whoever sees one request can send any other with its `Sign` until the
//! time is stale. So use HTTPS, and a path that nobody can guess or mutual TLS.
//!
//! # What the server in front must bound
//!
//! This crate bounds bodies, handlers and what runs at once. How long a request's head may take is for the
//! HTTP server to bound, and `axum::serve` does not: the example `serve` shows one that does.

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

/// The examples of the README are tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
