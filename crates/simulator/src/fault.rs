//! Faults on demand.

mod form;
mod kinds;
mod report;
mod script;
mod unreachable;

pub(crate) use self::{
    form::FaultForm,
    report::FaultReport,
    script::{MAX_WAITING, MAX_WAITING_BYTES, Script},
};
pub use self::{
    kinds::{Fault, Odd},
    script::{Injection, Rule},
    unreachable::Unreachable,
};
