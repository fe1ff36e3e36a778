//! Encodes values as their original bytes.

use super::{
    clean::clean,
    json::{BYTES, Json, NAME},
    reader::Key,
};
use serde::{Serialize, Serializer, ser::Error as _};
use serde_json::value::RawValue;

/// JSON to write unchanged.
pub(crate) struct RawJson<'a>(pub(crate) &'a [u8]);

/// A key to write unchanged.
pub(super) struct RawKey<'a>(pub(super) &'a Key<'a>);

/// One of our names, in which nothing needs an escape.
pub(crate) struct Name(pub(crate) &'static str);

impl Serialize for Name {
    #[inline]
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_newtype_struct(NAME, self.0)
    }
}

impl Serialize for RawJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        /// Passes bytes to [`Json`], and serde_json's raw text to every other serializer.
        struct Either<'a>(&'a [u8]);
        impl Serialize for Either<'_> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                if !serializer.is_human_readable() {
                    return serializer.serialize_bytes(self.0);
                }
                let text = std::str::from_utf8(self.0).ok();
                let raw = text.and_then(|text| serde_json::from_str::<&RawValue>(text).ok());
                if let Some(raw) = raw {
                    return raw.serialize(serializer);
                }
                match serde_json::from_str::<&RawValue>(&clean(self.0)) {
                    Ok(raw) => raw.serialize(serializer),
                    Err(error) => Err(S::Error::custom(error)),
                }
            }
        }
        serializer.serialize_newtype_struct(BYTES, &Either(self.0))
    }
}

impl Serialize for RawKey<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        /// Passes bytes to [`Json`], and a string to every other serializer.
        struct Either<'a>(&'a Key<'a>);
        impl Serialize for Either<'_> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                match serializer.is_human_readable() {
                    true => serializer.serialize_str(&self.0.text()),
                    false => serializer.serialize_bytes(self.0.raw),
                }
            }
        }
        serializer.serialize_newtype_struct(BYTES, &Either(self.0))
    }
}

/// Encodes a value as it was received, even if it contained invalid text: bytes that are not valid UTF-8 and
/// control characters within strings are written unchanged. `serde_json::to_vec` writes
/// replacement characters for those, since its output is always JSON.
///
/// # Errors
///
/// Those of `serde_json::to_vec`; none for the types of this crate.
pub fn to_vec<T: Serialize + ?Sized>(value: &T) -> serde_json::Result<Vec<u8>> {
    let mut json = Vec::with_capacity(128);
    value.serialize(Json(&mut json))?;
    Ok(json)
}
