//! Signatures from anywhere: none panics, and only those made with the key are valid.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use std::time::Duration;
use tencent_chat_usersig::{Compression, FixedClock, Signer, parse};

const NOW: u64 = 1_700_000_000;
const DAY: Duration = Duration::from_secs(86_400);

/// The data as a signature, as the document of a signature, and as a user who gets one.
pub fn usersig(data: &[u8]) {
    let signer = Signer::new(1_400_000_000, "fuzzing").with_clock(FixedClock::new(NOW));
    let text = String::from_utf8_lossy(data);
    read(&signer, &text);
    read(&signer, &stored(data));

    // A valid one names the user it was made for, in both forms.
    for compression in [Compression::default(), Compression::Stored] {
        let signer = signer.clone().with_compression(compression);
        let Ok(sig) = signer.sign(&text, DAY) else {
            continue;
        };
        match signer.verify(sig.expose()) {
            Ok(claims) => assert_eq!(claims.user_id, text),
            Err(error) => panic!("a new signature is not valid: {error}"),
        }
        let other = Signer::new(1_400_000_000, "another").with_clock(FixedClock::new(NOW));
        assert!(other.verify(sig.expose()).is_err(), "any key will do");
    }
}

fn read(signer: &Signer, sig: &str) {
    let parsed = parse(sig);
    if let Ok(claims) = signer.verify(sig) {
        assert!(parsed.is_ok(), "valid, but cannot be parsed");
        assert!(claims.expires_at() > NOW, "valid, but expired");
    }
}

/// A signature whose document is the data, in one stored block, so that the fuzzer reaches the parser of the
/// document without having to compress.
fn stored(data: &[u8]) -> String {
    let data = &data[..data.len().min(0xffff)];
    let length = u16::try_from(data.len()).unwrap_or(u16::MAX);
    let mut bytes = vec![0x78, 0x01, 0x01];
    bytes.extend(length.to_le_bytes());
    bytes.extend((!length).to_le_bytes());
    bytes.extend(data);
    bytes.extend(adler2::adler32_slice(data).to_be_bytes());
    let text = STANDARD.encode(bytes);
    text.replace('+', "*").replace('/', "-").replace('=', "_")
}
