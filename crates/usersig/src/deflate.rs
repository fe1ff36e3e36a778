//! zlib: compressed, stored, and inflated within bounds.

use crate::VerifyError;
use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};
use std::cell::RefCell;

/// Most bytes of one stored block.
const STORED_BLOCK: usize = u16::MAX as usize;

thread_local! {
    /// Kept from signature to signature: a stream has 380 KB of tables, and to get those from the
    /// operating system each time takes more than fifty times as long as to compress.
    static STREAM: RefCell<Compress> = RefCell::new(stream());
}

/// The fastest level: a document has 200 bytes, and better ones gain 4 of them.
fn stream() -> Compress {
    Compress::new(Compression::fast(), true)
}

/// Compresses.
pub(crate) fn compress(bytes: &[u8]) -> Vec<u8> {
    let kept = STREAM.try_with(|stream| {
        let mut stream = stream.try_borrow_mut().ok()?;
        stream.reset();
        Some(compress_with(&mut stream, bytes))
    });
    // The kept one is gone while its thread ends.
    let kept = kept.ok().flatten();
    kept.unwrap_or_else(|| compress_with(&mut stream(), bytes))
}

fn compress_with(stream: &mut Compress, bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() + 64);
    loop {
        let fed = usize::try_from(stream.total_in()).unwrap_or(bytes.len());
        let rest = bytes.get(fed..).unwrap_or_default();
        match stream.compress_vec(rest, &mut out, FlushCompress::Finish) {
            Ok(Status::StreamEnd) => return out,
            Ok(Status::Ok | Status::BufError) => out.reserve(out.capacity().max(64)),
            // flate2 documents no way to get here; stored is as valid a stream.
            Err(_) => return store(bytes),
        }
    }
}

/// Wraps into a zlib stream without compressing, as the official Go implementation does.
pub(crate) fn store(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() + bytes.len() / STORED_BLOCK * 5 + 11);
    // Deflate with a window of 32 KB, fastest level; divisible by 31 as the format demands.
    out.extend([0x78, 0x01]);
    let mut blocks = bytes.chunks(STORED_BLOCK).peekable();
    let mut block = blocks.next().unwrap_or_default();
    loop {
        let next = blocks.next();
        let length = u16::try_from(block.len()).unwrap_or(u16::MAX);
        out.push(u8::from(next.is_none()));
        out.extend(length.to_le_bytes());
        out.extend((!length).to_le_bytes());
        out.extend(block);
        match next {
            Some(next) => block = next,
            None => break,
        }
    }
    out.extend(adler2::adler32_slice(bytes).to_be_bytes());
    out
}

/// Inflates one whole stream to at most `limit` bytes.
pub(crate) fn inflate(bytes: &[u8], limit: usize) -> Result<Vec<u8>, VerifyError> {
    let mut stream = Decompress::new(true);
    // One byte more than allowed tells "exactly the limit" from "more than it".
    let mut out = Vec::with_capacity(bytes.len().saturating_mul(3).max(64).min(limit + 1));
    loop {
        let fed = usize::try_from(stream.total_in()).unwrap_or(bytes.len());
        let before = out.len();
        let rest = bytes.get(fed..).unwrap_or_default();
        let status = stream
            .decompress_vec(rest, &mut out, FlushDecompress::None)
            .map_err(|_| VerifyError::BadZlib)?;
        if out.len() > limit {
            return Err(VerifyError::TooLarge { limit });
        }
        let all_fed = usize::try_from(stream.total_in()).is_ok_and(|fed| fed >= bytes.len());
        match status {
            Status::StreamEnd if all_fed => return Ok(out),
            // Something follows the stream.
            Status::StreamEnd => return Err(VerifyError::BadZlib),
            _ if out.len() == out.capacity() => {
                out.reserve_exact((out.len() + 1).min(limit + 1 - out.len()))
            }
            _ if all_fed || out.len() == before => return Err(VerifyError::BadZlib),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_bomb_is_refused_within_its_bound() {
        let bomb = compress(&vec![0; 50_000_000]);
        assert!(bomb.len() < 1_000_000);
        assert_eq!(
            inflate(&bomb, 1000),
            Err(VerifyError::TooLarge { limit: 1000 })
        );
    }

    #[test]
    fn limits_are_exact() {
        let stream = store(&[7; 1000]);
        assert_eq!(inflate(&stream, 1000).unwrap().len(), 1000);
        assert_eq!(
            inflate(&stream, 999),
            Err(VerifyError::TooLarge { limit: 999 })
        );
    }

    #[test]
    fn cut_off_and_followed_by_more() {
        let stream = compress(b"hello hello hello");
        for end in 0..stream.len() {
            assert_eq!(
                inflate(&stream[..end], 1000),
                Err(VerifyError::BadZlib),
                "{end}"
            );
        }
        let more = [stream, b"x".to_vec()].concat();
        assert_eq!(inflate(&more, 1000), Err(VerifyError::BadZlib));
    }

    #[test]
    fn a_kept_stream_writes_what_a_fresh_one_writes() {
        for length in [200, 100_000, 0, 1, 300] {
            let bytes: Vec<u8> = (0..length).map(|i: u64| (i * i / 7) as u8).collect();
            assert_eq!(compress(&bytes), compress_with(&mut stream(), &bytes));
        }
    }

    proptest! {
        #[test]
        fn both_ways_come_back(bytes in proptest::collection::vec(any::<u8>(), 0..2000), times in 1..80_usize) {
            let bytes = bytes.repeat(times);
            prop_assert_eq!(&inflate(&store(&bytes), bytes.len()).unwrap(), &bytes);
            prop_assert_eq!(&inflate(&compress(&bytes), bytes.len()).unwrap(), &bytes);
        }

        #[test]
        fn anything_is_survived(bytes in proptest::collection::vec(any::<u8>(), 0..500)) {
            if let Ok(out) = inflate(&bytes, 100) {
                prop_assert!(out.len() <= 100);
            }
        }
    }
}
