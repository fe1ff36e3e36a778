//! Texts that never print and are wiped on drop.

use crate::SecretKeyError;
use serde::{Deserialize, Deserializer, de};
use std::{env, fmt};
use zeroize::Zeroizing;

/// The key of an app, from the console.
#[derive(Clone)]
pub struct SecretKey(Zeroizing<String>);

impl SecretKey {
    /// A key.
    pub fn new(key: impl Into<String>) -> Self {
        Self(Zeroizing::new(key.into()))
    }

    /// The key in an environment variable.
    ///
    /// # Errors
    ///
    /// The variable is not set, is empty, has white space around its text or is not Unicode.
    pub fn from_env(variable: &str) -> Result<Self, SecretKeyError> {
        match env::var(variable) {
            Ok(key) if key.trim().is_empty() => Err(SecretKeyError::Empty {
                variable: variable.to_owned(),
            }),
            Ok(key) => match Self::new(key) {
                key if key.has_white_space_around() => Err(SecretKeyError::WhiteSpace {
                    variable: variable.to_owned(),
                }),
                key => Ok(key),
            },
            Err(env::VarError::NotPresent) => Err(SecretKeyError::NotSet {
                variable: variable.to_owned(),
            }),
            Err(env::VarError::NotUnicode(_)) => Err(SecretKeyError::NotUnicode {
                variable: variable.to_owned(),
            }),
        }
    }

    /// Whether there is nothing to sign with.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether it begins or ends with white space, as a line of a file or of a shell does. The console's
    /// keys never do, and what such a key signs is refused.
    pub fn has_white_space_around(&self) -> bool {
        self.0.trim() != self.0.as_str()
    }

    /// The key itself, which must stay where it is.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl From<&str> for SecretKey {
    fn from(key: &str) -> Self {
        Self::new(key)
    }
}

impl From<String> for SecretKey {
    fn from(key: String) -> Self {
        Self::new(key)
    }
}

impl<'de> Deserialize<'de> for SecretKey {
    /// Reads the key of a configuration file, without showing what is there when it is not a string.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // Asked for a string alone, deserializers would report what else they have.
        deserializer.deserialize_any(SecretText).map(Self)
    }
}

fn not_a_string<E: de::Error>() -> E {
    E::custom("not a string; expected a string in quotes")
}

/// Takes a string without ever repeating it.
struct SecretText;

impl de::Visitor<'_> for SecretText {
    type Value = Zeroizing<String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Zeroizing::new(text.to_owned()))
    }

    fn visit_string<E: de::Error>(self, text: String) -> Result<Self::Value, E> {
        Ok(Zeroizing::new(text))
    }

    // The default errors would show the value.
    fn visit_i64<E: de::Error>(self, _: i64) -> Result<Self::Value, E> {
        Err(not_a_string())
    }

    fn visit_u64<E: de::Error>(self, _: u64) -> Result<Self::Value, E> {
        Err(not_a_string())
    }

    fn visit_i128<E: de::Error>(self, _: i128) -> Result<Self::Value, E> {
        Err(not_a_string())
    }

    fn visit_u128<E: de::Error>(self, _: u128) -> Result<Self::Value, E> {
        Err(not_a_string())
    }

    fn visit_f64<E: de::Error>(self, _: f64) -> Result<Self::Value, E> {
        Err(not_a_string())
    }

    fn visit_bytes<E: de::Error>(self, _: &[u8]) -> Result<Self::Value, E> {
        Err(not_a_string())
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey([redacted])")
    }
}

/// A signature. Whoever has it can act for the user until it expires.
#[derive(Clone)]
pub struct UserSig(Zeroizing<String>);

impl UserSig {
    /// The text to send.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl From<String> for UserSig {
    fn from(text: String) -> Self {
        Self(Zeroizing::new(text))
    }
}

impl fmt::Debug for UserSig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UserSig([redacted])")
    }
}
