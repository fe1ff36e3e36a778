//! Faults on demand.

mod form;
mod kinds;
mod script;
mod unreachable;

pub(crate) use self::{
    form::{FaultForm, OddForm},
    script::Script,
};
pub use self::{
    kinds::{Fault, Odd},
    script::{Injection, Rule},
    unreachable::Unreachable,
};
