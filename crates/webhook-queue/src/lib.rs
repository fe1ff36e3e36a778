//! A durable queue for the webhooks of Tencent Cloud Chat (formerly Tencent IM).
//!
//! The service waits two seconds for an answer and forgets an event once it is acknowledged. With this crate,
//! an "after" event, which reports something that has happened, is acknowledged only once it is stored. Handlers run
//! later and are retried as often as necessary. "Before" events, which ask for a decision, still go to their handlers
//! directly, since the service waits for the answer.
//!
//! ```
//! # use tencent_chat_webhook_queue::{Consumer, MemoryQueue, QueueLayer, QueueSettings};
//! # use tencent_chat_webhook::{Received, Receiver, Webhooks, types::webhook::C2cAfterSendMsg};
//! # async fn store(_: &C2cAfterSendMsg) -> Result<(), std::io::Error> { Ok(()) }
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! let webhooks = Webhooks::new(Receiver::new(1400000000, "the token from the console"))
//!     .on(|event: Received<C2cAfterSendMsg>| async move { store(&event).await });
//!
//! // In production: SqliteQueue::open(…) or RedisQueue::new(…).
//! let queue = MemoryQueue::new(QueueSettings::default());
//!
//! // The receiving side, for axum: Router::new().route_service("/webhook", service).
//! use tower_layer::Layer;
//! let layer = QueueLayer::new(webhooks.receiver().clone(), queue.clone());
//! let service = layer.layer(webhooks.clone().into_service());
//!
//! // The handling side, in the same process or in others.
//! let shutdown = async { /* ctrl-c, for example */ };
//! Consumer::new(queue, webhooks).run(shutdown).await;
//! # }
//! ```
//!
//! * [`Queue`] is the trait that queues implement. `SqliteQueue` (feature `sqlite`) is a
//!   file on one machine, `RedisQueue` (feature `redis`) is for a fleet, and
//!   [`MemoryQueue`] is for tests.
//! * [`QueueLayer`] is the tower layer that stores events; [`Intake`] does the same for any other framework.
//! * [`Consumer`] claims events, calls the handlers, retries failures, and sets aside events that keep failing.
//! * [`Queue::dead_letters`], [`Queue::requeue`] and [`Queue::discard`] list dead letters, put them back
//!   and drop them.
//!
//! # Guarantees
//!
//! **An acknowledged event is handled at least once**, even if processes are killed at any moment. It is removed
//! from the queue only after its handler has succeeded, or moved to the dead letters, which are
//! never removed automatically. What a stored event survives depends on the queue: the SQLite file survives a power
//! failure; Redis does with `appendonly yes` and `appendfsync always`.
//!
//! **A repeated event is recognized** by its [`EventKey`](tencent_chat_webhook::EventKey) and stored
//! once, within [`retention`](QueueSettings::retention). A handler can still see an event twice: if the
//! process ends, or the lease runs out, after the handler's work but before its completion is recorded. So if the
//! work must not be done twice, the handler should write [`Received::key`](tencent_chat_webhook::Received::key) in the
//! same transaction.
//!
//! **Order is not guaranteed.** Events are claimed roughly in the order of arrival, but handlers run
//! concurrently, and failed events are retried later than those behind them.
//!
//! # What the service does when an event is not acknowledged
//!
//! According to the vendor's [overview](https://www.tencentcloud.com/document/product/1047/34354), "after" events are
//! not repeated by default, and the console can enable repeats *for webhooks that time out*. It does not say
//! that any other failure is repeated, nor how often or when. So enable these repeats in the console;
//! and if an event cannot be stored, [`QueueLayer`] keeps trying for longer than the service waits, so that the
//! failure is a timeout, and only then responds with HTTP status 503.
//!
//! # Memory
//!
//! Everything is bounded: events in the queue ([`max_events`](QueueSettings::max_events), including dead letters; a
//! full queue refuses events), remembered keys ([`max_keys`](QueueSettings::max_keys)), requests being stored
//! ([`Intake::max_in_flight`]), running handlers ([`Consumer::concurrency`]), and bodies by the
//! receiver.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod consumer;
mod event;
mod intake;
mod layer;
mod memory;
mod queue;
#[cfg(feature = "redis")]
pub mod redis;
#[cfg(feature = "sqlite")]
pub mod sqlite;

pub use consumer::Consumer;
pub use event::{ClaimId, Claimed, DeadLetter, EventId, QueueStats, QueuedEvent, Stored};
pub use intake::Intake;
pub use layer::{QueueLayer, QueueService};
pub use memory::MemoryQueue;
pub use queue::{Queue, QueueError, QueueFuture, QueueSettings};
#[cfg(feature = "redis")]
pub use redis::RedisQueue;
#[cfg(feature = "sqlite")]
pub use sqlite::SqliteQueue;

/// The examples in the README are tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
