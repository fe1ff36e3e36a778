//! `cargo xtask audit`: the vendor's pages against the spec. One stage, one file.
//!
//! 1. [`page`]: a saved page, in any format, becomes blocks
//! 2. [`extract`]: blocks become [`facts`], with [`sample`] for bodies and [`quota`] for quotas
//! 3. [`resolve`]: the spec becomes facts of the same kind
//! 4. [`compare`]: facts against facts
//! 5. [`judge`]: errata settle differences
//! 6. `print`: the [`report`]
//!
//! `pages` takes every page through the stages; `run` is the command. Which words pages use is
//! data: `spec/audit/vocabulary.toml`, read by [`vocabulary`].

mod accept;
mod baseline;
pub mod compare;
pub mod digest;
pub mod draft;
pub mod extract;
pub mod facts;
mod files;
mod hash;
pub mod judge;
pub mod page;
mod pages;
mod print;
pub mod quota;
pub mod recall;
pub mod report;
pub mod resolve;
mod run;
pub mod sample;
pub mod vocabulary;

pub use accept::accept;
pub use compare::{Grade, Kind};
pub use report::{Finding, PageDigest, Report};
pub use run::{Options, audit_text, draft_files, run};
pub use vocabulary::{Vocabulary, VocabularyFile};
