//! The world that a demonstration begins with.

use crate::failure::Failure;
use tencent_chat_simulator::{Seed, Simulator};

/// A seed like any other, to begin one's own with.
const SEED: &str = include_str!("demo.json");

/// Users who are friends, a group, and what they have said.
pub(crate) fn seed(simulator: &Simulator) -> Result<(), Failure> {
    let failed = |why: String| Failure::setup(format!("the demonstration: {why}"));
    let seed: Seed = serde_json::from_str(SEED).map_err(|error| failed(error.to_string()))?;
    (simulator.seed(&seed)).map_err(|error| failed(error.to_string()))
}
