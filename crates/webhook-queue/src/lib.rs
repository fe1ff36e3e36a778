//! A queue for the webhooks of Tencent Cloud Chat (formerly Tencent IM) that outlives the process.
//!
//! The service waits two seconds for an answer and forgets an event once it is acknowledged. With this crate
//! an event about something that has happened is acknowledged only after it was stored; handlers run later,
//! as often as it takes. Events that the service asks about ("before" events) still go to their handlers
//! directly, since their answer is waited for.
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
//! * [`Queue`] is what a queue must be able to do. `SqliteQueue` (feature `sqlite`) is a
//!   file on one machine, `RedisQueue` (feature `redis`) is for a fleet, and
//!   [`MemoryQueue`] is for tests.
//! * [`QueueLayer`] is the tower layer that stores; [`Intake`] does the same for any other framework.
//! * [`Consumer`] claims events, calls the handlers, repeats what failed, and puts aside what keeps failing.
//! * Dead letters are listed, put back and dropped by [`Queue::dead_letters`], [`Queue::requeue`] and
//!   [`Queue::discard`].
//!
//! # What is promised
//!
//! **An event that was acknowledged is handled at least once**, whichever process is killed when. It is removed
//! from the queue only after its handler has ended without an error, or moved to the dead letters, which never
//! go away by themselves. What "stored" survives is for each queue to say: the file of SQLite survives a power
//! cut; Redis does with `appendonly yes` and `appendfsync always`.
//!
//! **An event that comes again is recognized** by its [`EventKey`](tencent_chat_webhook::EventKey) and stored
//! once, within [`retention`](QueueSettings::retention). A handler can see an event again all the same: when the
//! process ends, or the lease runs out, between the handler's work and the note that it is done. So a handler
//! whose work must not be done twice writes [`Received::key`](tencent_chat_webhook::Received::key) in the same
//! transaction.
//!
//! **Order is not promised.** Events are claimed about in the order in which they came, but handlers run at the
//! same time, and one that fails is repeated later than those behind it.
//!
//! # What the service does when an event is not acknowledged
//!
//! The vendor's [overview](https://www.tencentcloud.com/document/product/1047/34354) says that "after" events are
//! not repeated by default, and that the console can switch on repeats *for webhooks that time out*. It does not say
//! that any other failure is repeated, nor how often or when. So switch the repeats on; and
//! when an event cannot be stored, [`QueueLayer`] keeps trying for longer than the service waits, so that the
//! failure is a timeout, and only then answers with HTTP status 503.
//!
//! # Memory
//!
//! Everything is bounded: events in the queue ([`max_events`](QueueSettings::max_events), dead letters included; a
//! full queue refuses), keys that are remembered ([`max_keys`](QueueSettings::max_keys)), requests that are stored at
//! once ([`Intake::max_in_flight`]), handlers that run at once ([`Consumer::concurrency`]), and bodies by the
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

/// The examples of the README are tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
