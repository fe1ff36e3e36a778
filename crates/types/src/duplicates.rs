//! The numbers by which the service recognizes that a message was sent again.
//!
//! They start at random and are then counted up: none occurs twice in a process, and messages of the same second, which
//! the service orders by one of these numbers, keep the order in which they were created. `fastrand` generates the
//! start: it needs to differ but not to be secret, and the crate has no dependencies. On WebAssembly in a browser it
//! needs its feature `js` for a start that differs from run to run.

use sha2::{Digest as _, Sha256};
use std::sync::{
    LazyLock,
    atomic::{AtomicU32, AtomicU64, Ordering},
};

/// A number in a field that the service compares.
pub(crate) trait DuplicateNumber {
    /// The next number.
    fn next() -> Self;

    /// A number that is always the same for a field and a key, in every process, version and language: the first bytes,
    /// in network order, of the SHA-256 of the field's wire name, a zero byte and the key.
    fn of_key(wire: &str, key: &[u8]) -> Self;
}

impl DuplicateNumber for u32 {
    fn next() -> Self {
        // From the lower half, so that it doesn't wrap around soon.
        static NEXT: LazyLock<AtomicU32> = LazyLock::new(|| AtomicU32::new(fastrand::u32(..) / 2));
        NEXT.fetch_add(1, Ordering::Relaxed)
    }

    fn of_key(wire: &str, key: &[u8]) -> Self {
        Self::from_be_bytes(first_bytes(wire, key))
    }
}

impl DuplicateNumber for u64 {
    fn next() -> Self {
        // From the lower half, so that it doesn't wrap around soon.
        static NEXT: LazyLock<AtomicU64> = LazyLock::new(|| AtomicU64::new(fastrand::u64(..) / 2));
        NEXT.fetch_add(1, Ordering::Relaxed)
    }

    fn of_key(wire: &str, key: &[u8]) -> Self {
        Self::from_be_bytes(first_bytes(wire, key))
    }
}

fn first_bytes<const N: usize>(wire: &str, key: &[u8]) -> [u8; N] {
    let hash = Sha256::new()
        .chain_update(wire)
        .chain_update([0])
        .chain_update(key)
        .finalize();
    let mut first = [0; N];
    first.iter_mut().zip(hash).for_each(|(to, from)| *to = from);
    first
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Apps store only the key, and other languages can compute the same numbers.
    #[test]
    fn a_key_gives_the_same_numbers_in_every_version() {
        let key = b"order-1234-shipped";
        assert_eq!(
            <u32 as DuplicateNumber>::of_key("MsgRandom", key),
            1_992_753_996
        );
        assert_eq!(<u32 as DuplicateNumber>::of_key("MsgSeq", key), 812_966_451);
        assert_eq!(
            <u64 as DuplicateNumber>::of_key("MsgSeq", key),
            3_491_664_323_720_570_172
        );
    }

    #[test]
    fn numbers_of_a_process_differ_and_ascend() {
        let numbers: Vec<u32> = (0..1000).map(|_| DuplicateNumber::next()).collect();
        assert!(numbers.is_sorted_by(|a, b| a < b));
        let numbers: Vec<u64> = (0..1000).map(|_| DuplicateNumber::next()).collect();
        assert!(numbers.is_sorted_by(|a, b| a < b));
    }
}
