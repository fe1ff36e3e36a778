//! What is said of faults as JSON: by the control API, and by `Serialize` of [`Rule`].

use super::{form::FaultForm, script::Rule};
use serde::{Serialize, Serializer};
use utoipa::ToSchema;

/// A fault that was switched on.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FaultReport {
    /// Its number.
    id: u64,
    /// The command, or `*` for all without faults of their own.
    command: String,
    /// What goes wrong.
    fault: FaultForm,
    /// How often it is to happen; null for any number of times.
    times: Option<u64>,
    /// How often it is still to happen; null for any number of times.
    left: Option<u64>,
    /// To which part of the requests it happens.
    #[schema(minimum = 0, maximum = 1)]
    probability: f64,
    /// How often it has happened.
    happened: u64,
}

impl From<&Rule> for FaultReport {
    fn from(rule: &Rule) -> Self {
        Self {
            id: rule.id,
            command: rule.command.clone(),
            fault: (&rule.fault).into(),
            times: rule.times,
            left: rule.left(),
            probability: rule.probability,
            happened: rule.happened,
        }
    }
}

impl Serialize for Rule {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        FaultReport::from(self).serialize(serializer)
    }
}
