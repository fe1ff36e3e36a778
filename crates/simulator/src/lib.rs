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
//! Path, query, SDKAppID, administrator, UserSig (with the key, not only its form) and body. Each mistake
//! has the documented code: unknown command 60009, missing SDKAppID 60012, wrong SDKAppID 60006, expired
//! UserSig 70001, UserSig signed with another key 70009, caller who is not an administrator 60010, and so on.
//!
//! # What goes wrong on demand
//!
//! [`Simulator::inject`] makes the next requests of a command fail as they do in production:
//! connections that break before or after the effect, gateways that answer in place of the service,
//! replies that are cut off, empty, slow, odd, of another shape or not from the service, error codes, and
//! requests that arrive twice. A fault happens once, a number of times, or with a probability.
//! [`Unreachable`] is an address that cannot be connected to.
//! [`Simulator::journal`] says how often each request was applied.
//!
//! # Webhooks
//!
//! With a [`WebhookTarget`] it calls an app on this machine as the service does. Before something
//! happens it asks and follows the answer; afterwards it notifies, in the order of the changes and
//! without delaying the reply. Without an answer the action goes ahead, unless
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
//! It fires webhooks for commands that keep state, where the vendor's page names the REST API as a
//! cause, and for what devices do. [`Simulator::fire`] sends all others (official accounts, results of
//! pushes and of moderation, alarms, responses to friend requests).
//!
//! # Devices
//!
//! Methods do what users do on their devices, which fires webhooks too:
//! [`Simulator::send_as`], [`Simulator::send_group_msg_as`], [`Simulator::apply_to_join`],
//! [`Simulator::join_group`], [`Simulator::leave_group`], [`Simulator::read_msgs`],
//! [`Simulator::read_group_msgs`], [`Simulator::add_friend_as`], [`Simulator::set_online`].
//!
//! # Tests in other languages
//!
//! Programs in any language have the same by HTTP and JSON below `/_control/` of
//! [`Simulator::base_url`]; [`control_document`] describes it. Requests for other hosts and from pages of
//! other origins are refused. `tencent-chat serve` is the simulator as a program.
//!
//! # What it remembers
//!
//! The state is in memory, and with [`SimulatorBuilder::data_dir`] also in a folder, where it survives
//! exits and kills. [`Simulator::snapshot`], [`Simulator::load`] and [`Simulator::reset`] save, restore and
//! clear it. Above [`SimulatorBuilder::message_memory`] the oldest messages are evicted. The journal holds the
//! latest requests and webhooks, up to [`SimulatorBuilder::journal_length`].
//! Duplicates of a message are dropped as documented: same sender, conversation, `MsgSeq`, `MsgRandom` and
//! content within 120 seconds; for groups, same `Random` and content within five minutes; for imported
//! messages, same numbers and time for as long as the first is stored. It knows the last 200,000 messages.
//!
//! # What it does not do
//!
//! Commands whose answers come from elsewhere (figures of the console, archives of messages, addresses of
//! servers) and those that the vendor added beyond its navigation answer a sample, adapted to the
//! users, groups and keys that the request names, after the request has been decoded and its documented
//! limits have been checked. [`Simulator::canned_commands`] lists them; they keep no state. The simulator
//! assumes every switch of the console and every paid edition that the service requires. It enforces quotas
//! on request ([`SimulatorBuilder::quotas`]), and listens on and calls loopback only, unless configured otherwise.

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
