//! Whether a value is as it was.

use serde::Serialize;
use std::hash::{DefaultHasher, Hasher};

/// Stands for a value, so that one that is as it was need not be written again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamp(u64);

impl Stamp {
    /// None for what cannot be written as JSON.
    pub(super) fn of(value: &impl Serialize) -> Option<Self> {
        let json = serde_json::to_vec(value).ok()?;
        let mut hasher = DefaultHasher::new();
        hasher.write(&json);
        Some(Self(hasher.finish()))
    }
}
