//! The data with which a demo server starts.

use crate::failure::Failure;
use tencent_chat_simulator::Seed;

/// The app of a server without one in its configuration.
pub(crate) const APP: u64 = 1_400_000_000;
/// Its administrator.
pub(crate) const ADMIN: &str = "administrator";
/// Its key, which is not a secret.
pub(crate) const KEY: &str = "the-key-of-a-local-demonstration";

/// A seed like any other, as a starting point for your own.
const SEED: &str = include_str!("demo.json");

/// Users who are friends, a group, and their messages.
pub(crate) fn seed() -> Result<Seed, Failure> {
    serde_json::from_str(SEED).map_err(|error| Failure::setup(format!("the demo data: {error}")))
}
