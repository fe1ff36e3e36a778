//! base64 with the characters replaced that mean something in a URL.

use crate::{VerifyError, generated::params::ALPHABET};
use base64::{Engine as _, engine::general_purpose::STANDARD};

/// Writes bytes in the base64 of signatures.
pub(crate) fn encode(bytes: &[u8]) -> String {
    let mut text = STANDARD.encode(bytes);
    for (from, to) in ALPHABET {
        if text.contains(*from) {
            text = text.replace(*from, to.encode_utf8(&mut [0; 4]));
        }
    }
    text
}

/// Reads bytes from the base64 of signatures. Characters of ordinary base64 are refused where
/// another stands for them: two texts for one signature would defeat caches and block lists.
pub(crate) fn decode(text: &str) -> Result<Vec<u8>, VerifyError> {
    if ALPHABET.iter().any(|(base64, _)| text.contains(*base64)) {
        return Err(VerifyError::BadBase64);
    }
    let mut plain = text.to_owned();
    for (to, from) in ALPHABET {
        plain = plain.replace(*from, to.encode_utf8(&mut [0; 4]));
    }
    STANDARD.decode(plain).map_err(|_| VerifyError::BadBase64)
}
