//! Everything that can be wrong. No error holds a key or a signature.

use std::{error::Error, fmt};

/// Why there is no key.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SecretKeyError {
    /// The environment variable is not set.
    NotSet {
        /// Its name.
        variable: String,
    },
    /// The environment variable is empty.
    Empty {
        /// Its name.
        variable: String,
    },
    /// The environment variable has white space around its text, such as a line end.
    WhiteSpace {
        /// Its name.
        variable: String,
    },
    /// The value of the environment variable is not valid Unicode.
    NotUnicode {
        /// Its name.
        variable: String,
    },
}

impl fmt::Display for SecretKeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotSet { variable } => write!(
                f,
                "{variable} is not set; it must hold the app's key from the console"
            ),
            Self::Empty { variable } => write!(
                f,
                "{variable} is empty; it must hold the app's key from the console"
            ),
            Self::WhiteSpace { variable } => write!(
                f,
                "{variable} has white space around its text; it must hold the app's key from the console and nothing else"
            ),
            Self::NotUnicode { variable } => {
                write!(f, "the value of {variable} is not valid Unicode")
            }
        }
    }
}

impl Error for SecretKeyError {}

/// Why nothing was signed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SignError {
    /// The key is empty.
    EmptyKey,
    /// The key has white space around it, such as a line end. The service would refuse what it signs.
    WhiteSpaceAroundKey,
    /// The user id is empty.
    EmptyUserId,
    /// The user id holds a control character, which could change what is signed.
    ControlCharacter,
    /// The signature would be valid for less than a second.
    NoValidity,
    /// The document would be larger than what [`verify`](crate::Signer::verify) reads.
    TooLarge,
    /// The clock says 1970: it is not set, or there is none. What was signed then would never be valid.
    NoClock,
    /// The userbuf cannot be written.
    Userbuf(UserbufError),
}

impl fmt::Display for SignError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::EmptyKey => "the key is empty",
            Self::WhiteSpaceAroundKey => "the key has white space around it",
            Self::EmptyUserId => "the user id is empty",
            Self::ControlCharacter => "the user id holds a control character",
            Self::NoValidity => "the signature would be valid for less than a second",
            Self::TooLarge => "the document would be too large",
            Self::NoClock => "the clock is not set or there is none; give the signer one",
            Self::Userbuf(error) => return error.fmt(f),
        })
    }
}

impl Error for SignError {}

impl From<UserbufError> for SignError {
    fn from(error: UserbufError) -> Self {
        Self::Userbuf(error)
    }
}

/// Why a signature is not accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum VerifyError {
    /// The text, or what it inflates to, is larger than any real signature.
    TooLarge {
        /// The limit that was reached, in bytes.
        limit: usize,
    },
    /// The text is not in the base64 of signatures.
    BadBase64,
    /// The bytes are not a zlib stream, or the stream is cut off.
    BadZlib,
    /// The document is not a JSON object.
    BadJson,
    /// A field of the document is missing, of the wrong kind, or holds what is never signed: a user id
    /// that is empty or has control characters, no validity.
    BadField {
        /// Its name.
        field: &'static str,
    },
    /// The document has another version.
    UnknownVersion,
    /// The signature is for another app.
    WrongApp {
        /// The app that it is for.
        found: u64,
    },
    /// The signature is for another user.
    WrongUser,
    /// The signature was not made with this key, or the document was changed.
    SignatureMismatch,
    /// The signature is no longer valid.
    Expired {
        /// When it ended, in seconds since 1970.
        at: u64,
    },
    /// The signature was made in the future.
    NotYetValid {
        /// When it begins, in seconds since 1970.
        from: u64,
    },
}

impl fmt::Display for VerifyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge { limit } => write!(f, "the signature is larger than {limit} bytes"),
            Self::BadBase64 => f.write_str("the signature is not in the base64 of signatures"),
            Self::BadZlib => {
                f.write_str("the signature is not a zlib stream, or the stream is cut off")
            }
            Self::BadJson => f.write_str("the signature does not hold a JSON object"),
            Self::BadField { field } => write!(f, "{field} is missing or not valid"),
            Self::UnknownVersion => f.write_str("the signature has another version"),
            Self::WrongApp { found } => write!(f, "the signature is for app {found}"),
            Self::WrongUser => f.write_str("the signature is for another user"),
            Self::SignatureMismatch => f.write_str("the signature was not made with this key"),
            Self::Expired { at } => write!(f, "the signature expired at {at}"),
            Self::NotYetValid { from } => write!(f, "the signature is valid from {from} only"),
        }
    }
}

impl Error for VerifyError {}

/// Why a userbuf cannot be written or read.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum UserbufError {
    /// A text is longer than 65,535 bytes.
    TextTooLong {
        /// What it is.
        field: &'static str,
    },
    /// A number does not fit into 32 bits.
    NumberTooLarge {
        /// What it is.
        field: &'static str,
    },
    /// The first byte names a layout that is not known.
    UnknownVersion(u8),
    /// The bytes end too early, go on too long or hold no UTF-8.
    Malformed,
}

impl fmt::Display for UserbufError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TextTooLong { field } => write!(f, "{field} is longer than 65535 bytes"),
            Self::NumberTooLarge { field } => write!(f, "{field} does not fit into 32 bits"),
            Self::UnknownVersion(version) => write!(f, "userbuf layout {version} is not known"),
            Self::Malformed => f.write_str("the userbuf is malformed"),
        }
    }
}

impl Error for UserbufError {}
