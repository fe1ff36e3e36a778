//! Text of JSON, kept as it came.

use super::{
    canonical::canonical,
    reader::{Key, Reader},
};
use serde::{
    Deserialize, Deserializer, Serialize, Serializer, de::DeserializeOwned, ser::Error as _,
};
use serde_json::{Value, value::RawValue};
use std::{
    borrow::Cow,
    cell::{Cell, RefCell},
    fmt, io,
};

/// A value that this version does not look into, or that does not fit where it stood: its text, as it
/// came.
///
/// It takes the memory of its text, and is parsed when it is asked for.
///
/// ```
/// use tencent_chat_types::wire::Raw;
/// let raw = Raw::from(serde_json::json!({ "OpType": 2 }));
/// assert_eq!(raw.get("OpType").unwrap(), 2);
/// ```
#[derive(Clone)]
pub struct Raw(Box<[u8]>);

impl Raw {
    pub(crate) fn new(json: &[u8]) -> Self {
        Self(json.into())
    }

    /// The bytes as they came. They need not be UTF-8.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The text as valid JSON, with replacement characters for what is not UTF-8.
    pub fn text(&self) -> Cow<'_, str> {
        clean(&self.0)
    }

    /// Parses it, with replacement characters for invalid text.
    ///
    /// # Errors
    ///
    /// JSON that is not a `T`; nested deeper, or with a number larger, than serde_json reads.
    pub fn parse<T: DeserializeOwned>(&self) -> serde_json::Result<T> {
        parse(&self.0)
    }

    /// The value of a key, if this is an object that has it. The first one counts.
    pub fn get(&self, name: &str) -> Option<Value> {
        parse(self.member(name)?).ok()
    }

    /// As [`get`](Self::get), as it came.
    pub fn get_raw(&self, name: &str) -> Option<Self> {
        self.member(name).map(Self::new)
    }

    pub(crate) fn member(&self, name: &str) -> Option<&[u8]> {
        let mut reader = Reader::new(&self.0);
        if !reader.open(b'{').ok()? {
            return None;
        }
        let mut first = true;
        while let Some(key) = reader.key(&mut first).ok()? {
            let value = reader.slice().ok()?;
            if key.name() == name.as_bytes() {
                return Some(value.json);
            }
        }
        None
    }
}

impl Default for Raw {
    /// `null`.
    fn default() -> Self {
        Self::new(b"null")
    }
}

impl<T: Into<Value>> From<T> for Raw {
    fn from(value: T) -> Self {
        Self(value.into().to_string().into_bytes().into())
    }
}

/// As JSON: white space and the order of keys are no difference.
impl PartialEq for Raw {
    fn eq(&self, other: &Self) -> bool {
        same_json(&self.0, &other.0)
    }
}

impl PartialEq<Value> for Raw {
    fn eq(&self, other: &Value) -> bool {
        self.parse::<Value>().is_ok_and(|value| value == *other)
    }
}

impl fmt::Debug for Raw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text())
    }
}

impl Serialize for Raw {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        RawJson(&self.0).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        super::decode::deserialize(deserializer)
    }
}

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

/// Parses JSON that may hold invalid text.
pub(crate) fn parse<T: DeserializeOwned>(json: &[u8]) -> serde_json::Result<T> {
    serde_json::from_str(&clean(json))
}

/// Whether two texts are the same JSON.
pub(crate) fn same_json(one: &[u8], other: &[u8]) -> bool {
    one == other
        || match (canonical(one), canonical(other)) {
            (Some(one), Some(other)) => one == other,
            _ => false,
        }
}

/// JSON with replacement characters in place of invalid text.
pub(crate) fn clean(json: &[u8]) -> Cow<'_, str> {
    let mut out = String::new();
    let mut reader = Reader::new(json);
    let mut copied = reader.offset();
    while reader.go_to_string() {
        let before = reader.offset();
        let Ok(string) = reader.string() else { break };
        let decoded = string.decode();
        if decoded.odd {
            out.push_str(&String::from_utf8_lossy(
                json.get(copied..before).unwrap_or_default(),
            ));
            out.push_str(&Value::from(&*decoded.text).to_string());
            copied = reader.offset();
        }
    }
    let rest = String::from_utf8_lossy(json.get(copied..).unwrap_or_default());
    if out.is_empty() {
        return rest;
    }
    out.push_str(&rest);
    Cow::Owned(out)
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
