//! Stage 2: checks that the files make sense together. Reports every mistake, not just the first.
//!
//! This is the list of checks; each subject has its own module.

mod batch;
mod capacity;
mod definitions;
mod endpoint;
mod errata;
mod errors;
mod event_traits;
mod families;
mod fields;
mod names;
mod names_of_types;
mod page;
mod paging;
mod prose;
mod protocol;
mod quotas;
mod regions;
mod rows;
mod rules;
mod same_types;
mod shared;
mod single;
mod tags;
mod types;
mod usersig;
mod webhooks;

use super::{diagnostic::Diagnostics, load::Spec};
use rules::Rules;

/// Runs every rule.
pub fn check(spec: &Spec) -> Diagnostics {
    let mut rules = Rules::new(spec);
    rules.families();
    rules.regions();
    rules.errors();
    rules.protocol();
    rules.usersig();
    let shared = rules.shared_names();
    rules.rows(&shared);
    rules.shared(&shared);
    rules.endpoints(&shared);
    rules.webhooks(&shared);
    rules.unused_shared();
    rules.same_types(&shared);
    rules.definitions_of_the_document();
    rules.errors
}
