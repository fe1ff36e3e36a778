//! The secret that signs requests.

use serde::{Deserialize, Deserializer};
use sha2::{Digest, Sha256};
use std::fmt;
use subtle::ConstantTimeEq;
use tencent_chat_usersig::SecretKey;
use zeroize::Zeroizing;

/// The authentication token of the app's webhooks, from the console. Its `Debug` output is redacted.
#[derive(Clone)]
pub struct Token(Zeroizing<String>);

impl Token {
    /// Creates a token.
    pub fn new(token: impl Into<String>) -> Self {
        Self(Zeroizing::new(token.into()))
    }

    /// The `Sign` of a request at this `RequestTime`: SHA-256 of token and time, in hexadecimal.
    pub fn sign(&self, request_time: &str) -> String {
        let mut text = String::with_capacity(64);
        push_hex(&mut text, &self.digest(request_time));
        text
    }

    /// Whether `sign` matches this token and time. Takes the same time for a wrong one as for a right one.
    pub(crate) fn verify(&self, sign: &str, request_time: &str) -> bool {
        let Some(theirs) = parse_hex(sign) else {
            return false;
        };
        words(&self.digest(request_time))
            .ct_eq(&words(&theirs))
            .into()
    }

    fn digest(&self, request_time: &str) -> [u8; 32] {
        let mut hash = Sha256::new();
        hash.update(self.0.as_bytes());
        hash.update(request_time.as_bytes());
        hash.finalize().into()
    }

    /// Whether it has white space around it, such as a copied line break.
    pub(crate) fn has_white_space_around(&self) -> bool {
        self.0.trim() != self.0.as_str()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// A digest as words, of which fewer have to be compared.
fn words(digest: &[u8; 32]) -> [u64; 4] {
    let mut words = [0; 4];
    for (word, bytes) in words.iter_mut().zip(digest.as_chunks().0) {
        *word = u64::from_ne_bytes(*bytes);
    }
    words
}

/// Appends bytes in hexadecimal.
pub(crate) fn push_hex(text: &mut String, bytes: &[u8]) {
    for byte in bytes {
        for half in [byte >> 4, byte & 15] {
            text.push(char::from(b"0123456789abcdef"[usize::from(half)]));
        }
    }
}

/// Parses 32 bytes in hexadecimal, in upper or lower case.
fn parse_hex(text: &str) -> Option<[u8; 32]> {
    let (pairs, []) = text.as_bytes().as_chunks::<2>() else {
        return None;
    };
    let pairs: &[[u8; 2]; 32] = pairs.try_into().ok()?;
    let (mut bytes, mut all) = ([0; 32], 0);
    for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
        let (high, low) = (HALVES[usize::from(*high)], HALVES[usize::from(*low)]);
        *byte = (high << 4) | (low & 15);
        all |= high | low;
    }
    (all < 16).then_some(bytes)
}

/// The value of each digit in hexadecimal; 255 for what is not one.
const HALVES: [u8; 256] = {
    let (mut halves, mut value) = ([u8::MAX; 256], 0);
    while value < 16 {
        let digit = b"0123456789abcdef"[value as usize];
        halves[digit as usize] = value;
        halves[digit.to_ascii_uppercase() as usize] = value;
        value += 1;
    }
    halves
};

impl From<&str> for Token {
    fn from(token: &str) -> Self {
        Self::new(token)
    }
}

impl From<String> for Token {
    fn from(token: String) -> Self {
        Self::new(token)
    }
}

impl<'de> Deserialize<'de> for Token {
    /// Deserializes the token from a configuration file. If it is not a string, the error doesn't show the value.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let secret = SecretKey::deserialize(deserializer)?;
        Ok(Self::new(secret.expose()))
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token([redacted])")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The test vector of the vendor's page, with the token from its newer version. The older one, `xxxyyy`,
    /// is a mistake; see the errata in `spec/webhooks.toml`.
    #[test]
    fn documented_vector() {
        let token = Token::new("xxxxyyyy");
        let sign = "17773bc39a671d7b9aa835458704d2a6db81360a5940292b587d6d760d484061";
        assert_eq!(token.sign("1669872112"), sign);
        assert!(token.verify(sign, "1669872112"));
        assert!(token.verify(&sign.to_uppercase(), "1669872112"));
        assert!(!token.verify(sign, "1669872113"));
        assert!(!Token::new("xxxyyy").verify(sign, "1669872112"));
        for wrong in [
            "",
            "17",
            &sign[1..],
            &format!("{sign}0"),
            &"g".repeat(64),
            &"é".repeat(32),
        ] {
            assert!(!token.verify(wrong, "1669872112"), "{wrong}");
        }
    }

    #[test]
    fn a_token_does_not_print() {
        assert_eq!(format!("{:?}", Token::new("xxxyyy")), "Token([redacted])");
        let read: Token = serde_json::from_str(r#""xxxxyyyy""#).unwrap();
        assert_eq!(read.sign("1"), Token::new("xxxxyyyy").sign("1"));
        let error = serde_json::from_str::<Token>("90210").unwrap_err();
        assert!(!error.to_string().contains("90210"), "{error}");
    }
}
