//! A stand-in for the Tencent Cloud Chat server API: a real HTTP server that checks every request
//! as the service does and keeps state, for tests, demonstrations and development without an app.
//!
//! ```
//! # #[tokio::main]
//! # async fn main() -> std::io::Result<()> {
//! use tencent_chat_simulator::Simulator;
//!
//! let simulator = Simulator::builder(1400000000, "any key will do").start().await?;
//! println!("point a client at {}", simulator.base_url());
//! # Ok(())
//! # }
//! ```
//!
//! # What it checks
//!
//! Path, query, SDKAppID, administrator, UserSig (with the key, not just by its look) and body. Each
//! has the documented code: no such command 60009, no SDKAppID 60012, another one 60006, a UserSig
//! that expired 70001, one of another key 70009, a caller who is no administrator 60010, and so on.
//!
//! # What goes wrong on demand
//!
//! [`Simulator::inject`] lets the next requests of a command fail as things fail in production:
//! connections that break before or after the effect, gateways that answer in place of the service,
//! replies that are cut off, empty, slow, odd, of another shape or not the service's, codes, and
//! requests that arrive twice; once, so many times, or by chance. [`Unreachable`] is an address to which no connection comes about.
//! [`Simulator::journal`] says how often each request was acted upon.
//!
//! # Webhooks
//!
//! With a [`WebhookTarget`] it calls an app on this machine as the service does: it asks before
//! something happens and does what the answer says, and tells after it, in the order of the changes
//! and without holding up the reply. What the app gives no answer to happens, unless
//! [`WebhookTarget::unanswered`] says otherwise.
//!
//! ```
//! # #[tokio::main]
//! # async fn main() -> std::io::Result<()> {
//! use tencent_chat_simulator::{Simulator, WebhookTarget};
//!
//! let target = WebhookTarget::new("http://127.0.0.1:8080/webhook").token("any token will do");
//! let simulator = Simulator::builder(1400000000, "any key will do")
//!     .webhooks(target)
//!     .start()
//!     .await?;
//! // … whatever makes the service call the app …
//! simulator.webhooks_idle().await;
//! for sent in simulator.deliveries() {
//!     println!("{} {} {:?}", sent.command, sent.event, sent.failure);
//! }
//! # Ok(())
//! # }
//! ```
//!
//! It fires what follows from commands that keep state, where the vendor's page names the REST API as
//! a cause, and from what devices do. Everything else (official accounts, results of pushes and of
//! moderation, alarms, responses to friend requests) is sent by [`Simulator::fire`].
//!
//! # Devices
//!
//! What users do on their devices is done by methods, and causes webhooks too:
//! [`Simulator::send_as`], [`Simulator::send_group_msg_as`], [`Simulator::apply_to_join`],
//! [`Simulator::join_group`], [`Simulator::leave_group`], [`Simulator::read_msgs`],
//! [`Simulator::read_group_msgs`], [`Simulator::add_friend_as`], [`Simulator::set_online`].
//!
//! # Tests in other languages
//!
//! What tests do by methods, programs in any language do by HTTP and JSON below `/_control/` of
//! [`Simulator::base_url`]; [`control_document`] describes it. Requests for other hosts and from pages of
//! other origins are refused. `tencent-chat serve` is the simulator as a program.
//!
//! # What it remembers
//!
//! Everything is in memory, and with [`SimulatorBuilder::data_dir`] in a folder too, from which it comes back
//! after an end of any kind. [`Simulator::snapshot`], [`Simulator::load`] and [`Simulator::reset`] save it, bring it
//! back and forget it. Stored messages may take [`SimulatorBuilder::message_memory`]; then the oldest
//! go. Of requests and of webhooks it remembers the last, up to [`SimulatorBuilder::journal_length`].
//! Duplicates of a message are dropped as documented: same sender, conversation, `MsgSeq`, `MsgRandom` and
//! content within 120 seconds, for groups same `Random` and content within five minutes, for imported
//! messages same numbers and time for as long as the first is stored. It knows the last 200,000 of them.
//!
//! # What it does not do
//!
//! Commands whose answers come from outside (figures of the console, archives of messages, addresses of
//! servers) and those that the vendor added beyond its navigation answer a sample, retold about the
//! users, groups and keys that the request names, once the request has been decoded and its documented
//! limits have been checked; [`Simulator::canned_commands`] lists them. Nothing is remembered of them. Where the service asks for a switch in the console or a
//! paid edition, the simulator takes it for given. It keeps quotas when asked to
//! ([`SimulatorBuilder::quotas`]), and listens on loopback and calls loopback unless told otherwise.

mod builder;
mod clock;
mod commands;
mod control;
mod device;
mod fault;
mod gate;
#[rustfmt::skip] // the generator formats its output itself
mod generated;
mod limits;
mod refusal;
mod reply;
mod seed;
mod server;
mod service;
mod settings;
mod shared;
mod simulator;
mod snapshot;
mod store;
mod traffic;
mod webhooks;
mod world;

pub use builder::SimulatorBuilder;
pub use commands::UnknownCommand;
pub use control::{SERVICE_DOCUMENT, control_document};
pub use device::Refused;
pub use fault::{Fault, Injection, Odd, Rule, Unreachable};
pub use seed::{Seed, SeedCall, SeedError, SeedGroup, SeedMessage, SeedUser};
pub use simulator::{BlockingSimulator, Simulator};
pub use snapshot::Snapshot;
pub use traffic::{
    Changed, ChangedAction, ChangedKind, JournalEntry, Seen, WebhookDelivery, WebhookFailure,
    WebhookOutcome,
};
pub use webhooks::{Unanswered, WebhookTarget};

/// The examples of the README are tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
