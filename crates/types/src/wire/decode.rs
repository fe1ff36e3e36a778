//! Decoding: the only entry point for data from the service.

use super::{
    clean::clean,
    deserialize::{FOUND, Whole},
    encode::to_vec,
    misfit::{Misfit, Misfits},
    reader::Reader,
};
use serde::{
    Serialize,
    de::{DeserializeOwned, IgnoredAny},
};

/// A decoded value, and what did not fit.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Decoded<'a, T> {
    /// The value. Parts that did not fit read as missing, and are kept in the
    /// [`Extra`](super::Extra) of the object that contained them.
    pub value: T,
    /// What did not fit.
    pub misfits: Misfits<'a>,
}

/// Decodes data from the service, and reports what did not fit.
///
/// The types of this crate accept any JSON object. A value that doesn't fit its field (an object
/// instead of a list, an empty string instead of a number, half an emoji) is kept unchanged and
/// written back by encoding; the field reads as missing. Other types are decoded as by serde_json,
/// except that invalid text in strings is replaced.
///
/// # Errors
///
/// The bytes are not valid JSON, or, for a type of this crate, JSON of another type, like a list instead of
/// an object; for other types, whatever serde_json rejects.
pub fn decode<T: DeserializeOwned>(json: &[u8]) -> serde_json::Result<Decoded<'_, T>> {
    let before = FOUND.take();
    let mut decoded = T::deserialize(Whole(json));
    let at = FOUND.replace(before);
    if let Err(error) = &decoded {
        if !Reader::is_json(json) {
            // Use serde_json's message, with line and column.
            serde_json::from_slice::<IgnoredAny>(json)?;
        } else if !error.is_data() {
            decoded = T::deserialize(Whole(clean(json).as_bytes()));
        }
    }
    let misfits = Misfits { json, at };
    decoded.map(|value| Decoded { value, misfits })
}

/// [`decode`] without the report of what did not fit.
///
/// # Errors
///
/// The same as for [`decode`].
pub fn from_slice<T: DeserializeOwned>(json: &[u8]) -> serde_json::Result<T> {
    decode(json).map(|decoded| decoded.value)
}

/// Everything that did not fit when a value was decoded, at any depth. Encodes and decodes the value
/// again; [`decode`] reports the same at less cost.
///
/// # Errors
///
/// None for the types of this crate.
pub fn misfits<T: Serialize + DeserializeOwned>(value: &T) -> serde_json::Result<Vec<Misfit>> {
    let json = to_vec(value)?;
    let decoded = decode::<T>(&json)?;
    Ok(decoded.misfits.list(usize::MAX))
}
