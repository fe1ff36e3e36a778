//! The generator.

pub mod names;
pub mod spec;
