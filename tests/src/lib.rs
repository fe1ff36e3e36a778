//! What the quick start and the tests share.

pub mod churn;
pub mod story;
pub mod world;
pub mod odd_json;
