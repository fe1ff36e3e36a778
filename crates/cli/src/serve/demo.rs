//! The world that a demonstration begins with.

use crate::failure::Failure;
use tencent_chat_simulator::Seed;

/// The app of a server that was told of none.
pub(crate) const APP: u64 = 1_400_000_000;
/// Its administrator.
pub(crate) const ADMIN: &str = "administrator";
/// Its key, which is no secret.
pub(crate) const KEY: &str = "the-key-of-a-local-demonstration";

/// A seed like any other, to begin one's own with.
const SEED: &str = include_str!("demo.json");

/// Users who are friends, a group, and what they have said.
pub(crate) fn seed() -> Result<Seed, Failure> {
    serde_json::from_str(SEED)
        .map_err(|error| Failure::setup(format!("the demonstration: {error}")))
}
