//! The client for programs without async: each call blocks its thread until the reply arrives.
//!
//! ```
//! use tencent_chat_client::blocking::Client;
//! # use tencent_chat_client::types::account::ImportAccounts;
//! use tencent_chat_client::types::conversation::GetContactGroup;
//!
//! # fn run(base: &str) -> Result<(), Box<dyn std::error::Error>> {
//! let client = Client::builder(1400000000, "administrator", "key")
//!     .base_url(base)
//!     .build_blocking()?;
//! # client.send(ImportAccounts::new(["lin"]))?;
//! for item in client.items(GetContactGroup::new("lin")) {
//!     println!("{:?}", item?.to_account);
//! }
//! # Ok(())
//! # }
//! # let runtime = tokio::runtime::Runtime::new().unwrap();
//! # let simulator = tencent_chat_simulator::Simulator::builder(1400000000, "key").start();
//! # let simulator = runtime.block_on(simulator).unwrap();
//! # run(&simulator.base_url()).unwrap();
//! ```
//!
//! All calls run on one background thread, which ends with the last clone of the client.
//! Many threads can call concurrently. A call from within async code would block everything else on its
//! thread, so it is an error of kind [`ErrorKind::Runtime`](crate::ErrorKind::Runtime); call from
//! `tokio::task::spawn_blocking` there, or use the asynchronous [`Client`](crate::Client).

mod client;
mod many;

pub use self::{
    client::{Batch, Call, Client, Each, ItemCall, Items, Pages},
    many::{BatchParts, EachResults},
};
