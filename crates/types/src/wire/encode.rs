//! Values as bytes, as they came.

use super::{clean::clean, reader::Key};
use serde::{Serialize, Serializer, ser::Error as _};
use serde_json::value::RawValue;
use std::{
    cell::{Cell, RefCell},
    io,
};

/// JSON to write as it is.
pub(crate) struct RawJson<'a>(pub(crate) &'a [u8]);

impl Serialize for RawJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let text = std::str::from_utf8(self.0).ok();
        let raw = text.and_then(|text| serde_json::from_str::<&RawValue>(text).ok());
        if let Some(raw) = raw {
            return raw.serialize(serializer);
        }
        if EXACT.get() {
            return serializer.serialize_bytes(self.0);
        }
        match serde_json::from_str::<&RawValue>(&clean(self.0)) {
            Ok(raw) => raw.serialize(serializer),
            Err(error) => Err(S::Error::custom(error)),
        }
    }
}

thread_local! {
    /// Whether [`to_vec`] is writing, which writes bytes that are not JSON as they are.
    static EXACT: Cell<bool> = const { Cell::new(false) };
    /// The key that comes next, where it is not to be written as the text that it reads as.
    static EXACT_KEY: RefCell<Option<Vec<u8>>> = const { RefCell::new(None) };
}

/// Writes an entry of which the key may hold invalid text.
pub(crate) fn with_exact_key<T>(key: &Key<'_>, write: impl FnOnce() -> T) -> T {
    if EXACT.get() && key.is_odd() {
        EXACT_KEY.set(Some(key.raw.to_vec()));
    }
    write()
}

/// Encodes a value as it came, also where it came with invalid text: bytes that are not UTF-8 and
/// control characters within strings are written as they were. `serde_json::to_vec` writes
/// replacement characters for those, since its output is always JSON; for all else the two write the
/// same.
///
/// # Errors
///
/// Those of `serde_json::to_vec`; none for the types of this crate.
pub fn to_vec<T: Serialize + ?Sized>(value: &T) -> serde_json::Result<Vec<u8>> {
    struct Reset(bool);
    impl Drop for Reset {
        fn drop(&mut self) {
            EXACT.set(self.0);
        }
    }
    let _reset = Reset(EXACT.replace(true));
    let mut json = Vec::with_capacity(128);
    value.serialize(&mut serde_json::Serializer::with_formatter(
        &mut json,
        Exact::default(),
    ))?;
    Ok(json)
}

/// serde_json's compact form, with raw bytes and raw keys written as they are.
#[derive(Default)]
struct Exact {
    key: Option<Vec<u8>>,
}

impl serde_json::ser::Formatter for Exact {
    fn write_byte_array<W: ?Sized + io::Write>(
        &mut self,
        out: &mut W,
        raw: &[u8],
    ) -> io::Result<()> {
        out.write_all(raw)
    }

    fn begin_object_key<W: ?Sized + io::Write>(
        &mut self,
        out: &mut W,
        first: bool,
    ) -> io::Result<()> {
        self.key = EXACT_KEY.take();
        match first {
            true => Ok(()),
            false => out.write_all(b","),
        }
    }

    fn begin_string<W: ?Sized + io::Write>(&mut self, out: &mut W) -> io::Result<()> {
        match &self.key {
            Some(key) => out.write_all(key),
            None => out.write_all(b"\""),
        }
    }

    fn write_string_fragment<W: ?Sized + io::Write>(
        &mut self,
        out: &mut W,
        text: &str,
    ) -> io::Result<()> {
        match self.key {
            Some(_) => Ok(()),
            None => out.write_all(text.as_bytes()),
        }
    }

    fn write_char_escape<W: ?Sized + io::Write>(
        &mut self,
        out: &mut W,
        escape: serde_json::ser::CharEscape,
    ) -> io::Result<()> {
        match self.key {
            Some(_) => Ok(()),
            None => serde_json::ser::CompactFormatter.write_char_escape(out, escape),
        }
    }

    fn end_string<W: ?Sized + io::Write>(&mut self, out: &mut W) -> io::Result<()> {
        match self.key.take() {
            Some(_) => Ok(()),
            None => out.write_all(b"\""),
        }
    }
}
