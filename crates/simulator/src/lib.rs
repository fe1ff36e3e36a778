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
//! replies that are cut off, empty, slow or of another shape, codes, and requests that arrive twice.
//! [`Simulator::journal`] says how often each request was acted upon.
//!
//! # What it does not do
//!
//! Commands whose answers come from outside (figures of the console, archives of messages, addresses of
//! servers) and those that the vendor added beyond its navigation answer a sample, whatever is asked,
//! once the request has been decoded and its documented limits have been checked;
//! [`Simulator::canned_commands`] lists them. What devices do is done by methods: [`Simulator::set_online`],
//! [`Simulator::join_group`], [`Simulator::read_group_msgs`]. Where the service asks for a switch in the
//! console or a paid edition, the simulator takes it for given. It has no quotas, sends no webhooks,
//! stores nothing on disk and listens on loopback only.

mod commands;
mod device;
mod fault;
mod gate;
#[rustfmt::skip] // the generator formats its output itself
mod generated;
mod server;
mod state;
mod webhooks;

pub use device::Refused;
pub use fault::Fault;
pub use server::{JournalEntry, Simulator, SimulatorBuilder};
pub use webhooks::{Unanswered, WebhookDelivery, WebhookFailure, WebhookTarget};
