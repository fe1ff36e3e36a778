//! From bytes to values: the one way in for what the service says.

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

/// What was decoded, and what of it did not fit.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Decoded<'a, T> {
    /// The value. What did not fit reads as missing in it, and is kept in the
    /// [`Extra`](super::Extra) of the object where it was.
    pub value: T,
    /// What did not fit.
    pub misfits: Misfits<'a>,
}

/// Decodes what the service says, and tells what of it did not fit.
///
/// The types of this crate take any JSON object. A value that does not fit its field (an object in
/// place of a list, an empty text in place of a number, half an emoji) is kept as it came and
/// written back by encoding; the field reads as missing. Other types are decoded as by serde_json,
/// except that invalid text in strings is replaced.
///
/// # Errors
///
/// Bytes that are not JSON, or for a type of this crate JSON of another kind, like a list in place of
/// an object; for other types what serde_json does not take.
pub fn decode<T: DeserializeOwned>(json: &[u8]) -> serde_json::Result<Decoded<'_, T>> {
    let before = FOUND.take();
    let mut decoded = T::deserialize(Whole(json));
    let at = FOUND.replace(before);
    if let Err(error) = &decoded {
        if !Reader::is_json(json) {
            // serde_json's words, with line and column.
            serde_json::from_slice::<IgnoredAny>(json)?;
        } else if !error.is_data() {
            decoded = T::deserialize(Whole(clean(json).as_bytes()));
        }
    }
    let misfits = Misfits { json, at };
    decoded.map(|value| Decoded { value, misfits })
}

/// [`decode`] for those who do not ask what did not fit.
///
/// # Errors
///
/// As for [`decode`].
pub fn from_slice<T: DeserializeOwned>(json: &[u8]) -> serde_json::Result<T> {
    decode(json).map(|decoded| decoded.value)
}

/// What in a value did not fit when it was decoded: everything, however deep. Encodes and decodes it
/// again; [`decode`] tells the same at less cost.
///
/// # Errors
///
/// None for the types of this crate.
pub fn misfits<T: Serialize + DeserializeOwned>(value: &T) -> serde_json::Result<Vec<Misfit>> {
    let json = to_vec(value)?;
    let decoded = decode::<T>(&json)?;
    Ok(decoded.misfits.list(usize::MAX))
}
