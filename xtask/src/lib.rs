//! Maintenance commands of the workspace, as a library so that tests can call them.

pub mod audit;
pub mod ci;
pub mod codegen;
pub mod coverage;
