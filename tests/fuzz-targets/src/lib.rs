//! The bodies of the fuzz targets in `fuzz/`: bytes from anywhere go in, and an invariant that does not hold
//! panics. The tests of this package run them on the corpus that the fuzzer left behind.

mod codec;
mod page;
mod usersig;
mod webhook;

pub use codec::codec;
pub use page::page;
pub use usersig::usersig;
pub use webhook::webhook;

/// A target by the name of its corpus.
pub type Target = (&'static str, fn(&[u8]));

/// All targets.
pub const TARGETS: &[Target] = &[
    ("codec", codec),
    ("usersig", usersig),
    ("webhook", webhook),
    ("page", page),
];
