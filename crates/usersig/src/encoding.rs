//! base64 with the characters replaced that mean something in a URL.

use crate::{VerifyError, generated::params::ALPHABET};
use base64::{
    Engine as _,
    alphabet::{Alphabet, Symbol},
    engine::general_purpose::{GeneralPurpose, PAD},
};

const ENGINE: GeneralPurpose = GeneralPurpose::new(&alphabet(), PAD);

/// The alphabet of ordinary base64 with the characters replaced. Made by the compiler, which also
/// refuses one that is not valid.
const fn alphabet() -> Alphabet {
    let mut symbols = *b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut padding = b'=';
    let mut pair = 0;
    while pair < ALPHABET.len() {
        let (from, to) = ALPHABET[pair];
        let mut index = 0;
        while index < symbols.len() {
            if symbols[index] == from as u8 {
                symbols[index] = to as u8;
            }
            index += 1;
        }
        if padding == from as u8 {
            padding = to as u8;
        }
        pair += 1;
    }
    match (std::str::from_utf8(&symbols), Symbol::new(padding)) {
        (Ok(symbols), Some(padding)) => match Alphabet::new_with_padding(symbols, padding) {
            Ok(alphabet) => alphabet,
            Err(_) => panic!("no alphabet"),
        },
        _ => panic!("no alphabet"),
    }
}

/// Writes bytes in the base64 of signatures.
pub(crate) fn encode(bytes: &[u8]) -> String {
    ENGINE.encode(bytes)
}

/// Reads bytes from the base64 of signatures. Characters of ordinary base64 are refused where
/// another stands for them, as the service does. That leaves many texts for one signature (another
/// compression, white space, further keys), so what tells signatures apart is
/// [`Claims::fingerprint`](crate::Claims::fingerprint), never the text.
pub(crate) fn decode(text: &str) -> Result<Vec<u8>, VerifyError> {
    ENGINE.decode(text).map_err(|_| VerifyError::BadBase64)
}
