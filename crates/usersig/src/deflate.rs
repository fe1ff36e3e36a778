//! zlib: compressed, stored, and inflated within bounds.

mod huffman;
mod short;

use crate::VerifyError;
use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};
use std::cell::RefCell;

/// Most bytes of one stored block.
const STORED_BLOCK: usize = u16::MAX as usize;

thread_local! {
    /// Kept from signature to signature: making one takes longer than inflating a signature.
    static STREAM: RefCell<Decompress> = RefCell::new(Decompress::new(true));
}

/// Compresses.
pub(crate) fn compress(bytes: &[u8]) -> Vec<u8> {
    if bytes.len() > short::MOST {
        return compress_long(bytes);
    }
    // No byte takes more than nine bits. If `out` grew, it would leave parts of a signature behind, unwiped.
    let mut out = Vec::with_capacity(bytes.len() + bytes.len() / 8 + 16);
    // Deflate with a window of 32 KB, default level; divisible by 31 as the format demands.
    out.extend([0x78, 0x9C]);
    short::compress(bytes, &mut out);
    out.extend(adler2::adler32_slice(bytes).to_be_bytes());
    out
}

/// Compresses a text for which making a stream of 380 KB does not matter.
fn compress_long(bytes: &[u8]) -> Vec<u8> {
    let mut stream = Compress::new(Compression::default(), true);
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
    let kept = STREAM.try_with(|stream| {
        let mut stream = stream.try_borrow_mut().ok()?;
        stream.reset(true);
        Some(inflate_with(&mut stream, bytes, limit))
    });
    // The kept one is gone while its thread ends.
    let kept = kept.ok().flatten();
    kept.unwrap_or_else(|| inflate_with(&mut Decompress::new(true), bytes, limit))
}

fn inflate_with(
    stream: &mut Decompress,
    bytes: &[u8],
    limit: usize,
) -> Result<Vec<u8>, VerifyError> {
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
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    use proptest::prelude::*;
    use std::io::Write as _;

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
    fn a_kept_stream_reads_what_a_fresh_one_reads() {
        let streams = [
            compress(b"hello hello hello"),
            b"no stream".to_vec(),
            store(&[7; 5000]),
            compress(&[7; 5000]),
            compress(b"hello")[..9].to_vec(),
            compress(b""),
        ];
        for limit in [100, 10_000] {
            for stream in &streams {
                let fresh = inflate_with(&mut Decompress::new(true), stream, limit);
                assert_eq!(inflate(stream, limit), fresh);
            }
        }
    }

    /// The documents of signatures: of numbers, names, UUIDs, addresses and anything else, with and without userbuf.
    fn documents() -> impl Strategy<Value = Vec<u8>> {
        let user = "[0-9]{1,40}|[a-z]{1,32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[01]{1,64}|\\PC{1,64}|[a-z.]{1,12}@[a-z]{2,10}\\.com";
        let times = (
            1_400_000_000..1_800_000_000_u64,
            1..1_000_000_000_u64,
            1_700_000_000..2_000_000_000_u64,
        );
        let byte = prop_oneof![Just(0_u8), any::<u8>()];
        let userbuf = proptest::option::of(proptest::collection::vec(byte, 0..1500));
        let all = (user, times, userbuf, any::<[u8; 32]>());
        all.prop_map(|(user, (app, expire, time), userbuf, sig)| {
            let (user, sig) = (serde_json::to_string(&user).unwrap(), STANDARD.encode(sig));
            let userbuf = userbuf.map(|bytes| format!(r#","TLS.userbuf":"{}""#, STANDARD.encode(bytes)));
            let userbuf = userbuf.unwrap_or_default();
            format!(r#"{{"TLS.ver":"2.0","TLS.identifier":{user},"TLS.sdkappid":{app},"TLS.expire":{expire},"TLS.time":{time}{userbuf},"TLS.sig":"{sig}"}}"#).into_bytes()
        })
    }

    fn level_6(bytes: &[u8]) -> Vec<u8> {
        let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), Compression::new(6));
        zlib.write_all(bytes).unwrap();
        zlib.finish().unwrap()
    }

    proptest! {
        // Each case has many signatures.
        #![proptest_config(ProptestConfig::with_cases(8))]

        /// Together; a single one is at most 8 % longer.
        #[test]
        fn signatures_are_at_most_5_percent_longer_than_at_level_6_of_zlib(
            documents in proptest::collection::vec(documents(), 64),
        ) {
            let (mut ours, mut theirs) = (0, 0);
            for document in documents {
                let (own, level_6) = (compress(&document), level_6(&document));
                prop_assert!(own.len() * 100 <= level_6.len() * 108, "{} {}", own.len(), level_6.len());
                (ours, theirs) = (ours + own.len(), theirs + level_6.len());
                prop_assert_eq!(inflate(&own, document.len()).unwrap(), document);
            }
            prop_assert!(ours * 100 <= theirs * 105, "{ours} {theirs}");
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
        fn short_texts_of_any_kind_come_back(text in prop_oneof![
            proptest::collection::vec(any::<u8>(), 0..short::MOST + 8),
            proptest::collection::vec(0..4_u8, 0..short::MOST + 8),
            (any::<u8>(), 0..short::MOST + 8).prop_map(|(byte, length)| vec![byte; length]),
        ]) {
            prop_assert_eq!(inflate(&compress(&text), text.len()).unwrap(), text);
        }

        #[test]
        fn anything_is_survived(bytes in proptest::collection::vec(any::<u8>(), 0..500)) {
            if let Ok(out) = inflate(&bytes, 100) {
                prop_assert!(out.len() <= 100);
            }
        }
    }
}
