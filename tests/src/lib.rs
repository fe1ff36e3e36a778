//! What the quick start and the tests share.

pub mod churn;
pub mod circle;
pub mod exact_json;
pub mod guide;
pub mod odd_json;
pub mod still;
pub mod story;
pub mod world;

/// The program of the README compiles.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub struct Readme;
