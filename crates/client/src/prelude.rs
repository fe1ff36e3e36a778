//! The names that most programs use: the client and its errors, and the types' prelude.
//!
//! ```no_run
//! use tencent_chat_client::prelude::*;
//!
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let client = Client::builder(1400000000, "administrator", SecretKey::from_env("CHAT_KEY")?)
//!     .region(Region::SINGAPORE)
//!     .build()?;
//! client.send(message::SendMsg::new("mei", ["Dinner at seven?"])).await?;
//! # Ok(())
//! # }
//! ```

pub use crate::{Client, ClientBuilder, Error, ErrorKind, Region, RetryPolicy, SecretKey};
pub use tencent_chat_types::prelude::*;
