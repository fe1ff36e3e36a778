//! Writing JSON as bytes.
//!
//! The compact form of serde_json, with two differences: values and keys that were kept unchanged are
//! appended as bytes, which need not be valid UTF-8, and strings are scanned eight bytes at a time.

use super::reader::special;
use serde::{
    Serialize, Serializer,
    ser::{
        Error as _, Impossible, SerializeMap, SerializeSeq, SerializeStruct,
        SerializeStructVariant, SerializeTuple, SerializeTupleStruct, SerializeTupleVariant,
    },
};
use serde_json::Error;

/// The name with which a type of this crate passes bytes that are already JSON; only [`Json`] knows it.
pub(super) const BYTES: &str = "$tencent_chat_types::bytes";

/// The name with which a type of this crate passes a string in which nothing needs an escape.
pub(super) const NAME: &str = "$tencent_chat_types::name";

/// The names with which serde_json's own types pass text that is already JSON.
const TEXTS: [&str; 2] = [
    "$serde_json::private::RawValue",
    "$serde_json::private::Number",
];

/// Appends a value to the output.
pub(super) struct Json<'a>(pub(super) &'a mut Vec<u8>);

/// Writes the items of a list or the entries of an object.
pub(super) struct Parts<'a> {
    out: &'a mut Vec<u8>,
    first: bool,
    end: &'static [u8],
}

/// Appends text without inspecting it: JSON, or a string that needs only quotes.
struct Verbatim<'a> {
    out: &'a mut Vec<u8>,
    quoted: bool,
}

/// Writes a key: a string, whatever its type.
struct KeyOf<'a>(&'a mut Vec<u8>);

/// Writes the fields of a struct, one of which may already be JSON.
pub(super) enum Fields<'a> {
    Entries(Parts<'a>),
    Verbatim(&'a mut Vec<u8>),
}

/// Whether the content of a newtype with this name needs quotes; `None` if it has to be inspected.
#[inline]
fn verbatim(name: &str) -> Option<bool> {
    match name {
        BYTES => Some(false),
        NAME => Some(true),
        _ => None,
    }
}

fn string(out: &mut Vec<u8>, text: &str) {
    let bytes = text.as_bytes();
    out.reserve(bytes.len() + 2);
    out.push(b'"');
    let mut at = 0;
    loop {
        let next = special(bytes, at);
        out.extend_from_slice(bytes.get(at..next).unwrap_or_default());
        let Some(byte) = bytes.get(next) else { break };
        escape(out, *byte);
        at = next + 1;
    }
    out.push(b'"');
}

#[cold]
fn escape(out: &mut Vec<u8>, byte: u8) {
    let short = match byte {
        b'"' | b'\\' => byte,
        0x08 => b'b',
        0x0C => b'f',
        b'\n' => b'n',
        b'\r' => b'r',
        b'\t' => b't',
        other => {
            const DIGITS: &[u8; 16] = b"0123456789abcdef";
            let digit = |n: u8| DIGITS[usize::from(n & 15)];
            out.extend_from_slice(b"\\u00");
            out.extend_from_slice(&[digit(other >> 4), digit(other)]);
            return;
        }
    };
    out.extend_from_slice(&[b'\\', short]);
}

impl<'a> Json<'a> {
    fn integer(self, number: impl itoa::Integer) -> Result<(), Error> {
        let mut digits = itoa::Buffer::new();
        self.0.extend_from_slice(digits.format(number).as_bytes());
        Ok(())
    }

    fn begin(self, start: &[u8], end: &'static [u8]) -> Parts<'a> {
        self.0.extend_from_slice(start);
        Parts {
            out: self.0,
            first: true,
            end,
        }
    }

    /// An enum's variant with content: `{"Name":` and what follows.
    fn variant(self, name: &str, start: &[u8], end: &'static [u8]) -> Parts<'a> {
        self.0.push(b'{');
        string(self.0, name);
        self.0.push(b':');
        self.begin(start, end)
    }
}

impl<'a> Parts<'a> {
    #[inline]
    fn comma(&mut self) {
        if !std::mem::take(&mut self.first) {
            self.out.push(b',');
        }
    }

    fn item<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        self.comma();
        value.serialize(Json(self.out))
    }

    fn entry<T: Serialize + ?Sized>(&mut self, key: &str, value: &T) -> Result<(), Error> {
        self.comma();
        string(self.out, key);
        self.out.push(b':');
        value.serialize(Json(self.out))
    }

    fn close(self) -> Result<(), Error> {
        self.out.extend_from_slice(self.end);
        Ok(())
    }
}

impl<'a> Serializer for Json<'a> {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = Parts<'a>;
    type SerializeTuple = Parts<'a>;
    type SerializeTupleStruct = Parts<'a>;
    type SerializeTupleVariant = Parts<'a>;
    type SerializeMap = Parts<'a>;
    type SerializeStruct = Fields<'a>;
    type SerializeStructVariant = Parts<'a>;

    fn serialize_bool(self, value: bool) -> Result<(), Error> {
        let text: &[u8] = if value { b"true" } else { b"false" };
        self.0.extend_from_slice(text);
        Ok(())
    }
    fn serialize_i8(self, value: i8) -> Result<(), Error> {
        self.integer(value)
    }
    fn serialize_i16(self, value: i16) -> Result<(), Error> {
        self.integer(value)
    }
    fn serialize_i32(self, value: i32) -> Result<(), Error> {
        self.integer(value)
    }
    fn serialize_i64(self, value: i64) -> Result<(), Error> {
        self.integer(value)
    }
    fn serialize_i128(self, value: i128) -> Result<(), Error> {
        self.integer(value)
    }
    fn serialize_u8(self, value: u8) -> Result<(), Error> {
        self.integer(value)
    }
    fn serialize_u16(self, value: u16) -> Result<(), Error> {
        self.integer(value)
    }
    fn serialize_u32(self, value: u32) -> Result<(), Error> {
        self.integer(value)
    }
    fn serialize_u64(self, value: u64) -> Result<(), Error> {
        self.integer(value)
    }
    fn serialize_u128(self, value: u128) -> Result<(), Error> {
        self.integer(value)
    }
    fn serialize_f32(self, value: f32) -> Result<(), Error> {
        serde_json::to_writer(self.0, &value)
    }
    fn serialize_f64(self, value: f64) -> Result<(), Error> {
        serde_json::to_writer(self.0, &value)
    }
    fn serialize_char(self, value: char) -> Result<(), Error> {
        self.serialize_str(value.encode_utf8(&mut [0; 4]))
    }
    #[inline]
    fn serialize_str(self, text: &str) -> Result<(), Error> {
        string(self.0, text);
        Ok(())
    }
    fn serialize_bytes(self, bytes: &[u8]) -> Result<(), Error> {
        self.collect_seq(bytes)
    }
    fn serialize_none(self) -> Result<(), Error> {
        self.serialize_unit()
    }
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Error> {
        value.serialize(self)
    }
    fn serialize_unit(self) -> Result<(), Error> {
        self.0.extend_from_slice(b"null");
        Ok(())
    }
    fn serialize_unit_struct(self, _: &'static str) -> Result<(), Error> {
        self.serialize_unit()
    }
    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
    ) -> Result<(), Error> {
        self.serialize_str(variant)
    }
    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        match verbatim(name) {
            Some(quoted) => value.serialize(Verbatim {
                out: self.0,
                quoted,
            }),
            None => value.serialize(self),
        }
    }
    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        let mut object = self.begin(b"{", b"}");
        object.entry(variant, value)?;
        object.close()
    }
    fn serialize_seq(self, _: Option<usize>) -> Result<Parts<'a>, Error> {
        Ok(self.begin(b"[", b"]"))
    }
    fn serialize_tuple(self, _: usize) -> Result<Parts<'a>, Error> {
        Ok(self.begin(b"[", b"]"))
    }
    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Parts<'a>, Error> {
        Ok(self.begin(b"[", b"]"))
    }
    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Parts<'a>, Error> {
        Ok(self.variant(variant, b"[", b"]}"))
    }
    fn serialize_map(self, _: Option<usize>) -> Result<Parts<'a>, Error> {
        Ok(self.begin(b"{", b"}"))
    }
    fn serialize_struct(self, name: &'static str, _: usize) -> Result<Fields<'a>, Error> {
        Ok(match TEXTS.contains(&name) {
            true => Fields::Verbatim(self.0),
            false => Fields::Entries(self.begin(b"{", b"}")),
        })
    }
    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Parts<'a>, Error> {
        Ok(self.variant(variant, b"{", b"}}"))
    }
}

/// Everything that is a list in JSON.
macro_rules! lists {
    ($($list:ident: $item:ident)*) => { $(
        impl $list for Parts<'_> {
            type Ok = ();
            type Error = Error;
            #[inline]
            fn $item<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
                self.item(value)
            }
            fn end(self) -> Result<(), Error> {
                self.close()
            }
        }
    )* };
}
lists! {
    SerializeSeq: serialize_element
    SerializeTuple: serialize_element
    SerializeTupleStruct: serialize_field
    SerializeTupleVariant: serialize_field
}

impl SerializeMap for Parts<'_> {
    type Ok = ();
    type Error = Error;
    #[inline]
    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Error> {
        self.comma();
        key.serialize(KeyOf(self.out))
    }
    #[inline]
    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        self.out.push(b':');
        value.serialize(Json(self.out))
    }
    fn end(self) -> Result<(), Error> {
        self.close()
    }
}

impl SerializeStruct for Fields<'_> {
    type Ok = ();
    type Error = Error;
    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        key: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        match self {
            Self::Entries(entries) => entries.entry(key, value),
            Self::Verbatim(out) => value.serialize(Verbatim { out, quoted: false }),
        }
    }
    fn end(self) -> Result<(), Error> {
        match self {
            Self::Entries(entries) => entries.close(),
            Self::Verbatim(_) => Ok(()),
        }
    }
}

impl SerializeStructVariant for Parts<'_> {
    type Ok = ();
    type Error = Error;
    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        key: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        self.entry(key, value)
    }
    fn end(self) -> Result<(), Error> {
        self.close()
    }
}

/// The response of a serializer for one type of value to all others.
macro_rules! refuse {
    ($why:literal: $($method:ident($($ty:ty),*))*) => { $(
        fn $method(self $(, _: $ty)*) -> Result<(), Error> {
            Err(Error::custom($why))
        }
    )* };
    (compounds $why:literal) => {
        type SerializeSeq = Impossible<(), Error>;
        type SerializeTuple = Impossible<(), Error>;
        type SerializeTupleStruct = Impossible<(), Error>;
        type SerializeTupleVariant = Impossible<(), Error>;
        type SerializeMap = Impossible<(), Error>;
        type SerializeStruct = Impossible<(), Error>;
        type SerializeStructVariant = Impossible<(), Error>;

        fn serialize_newtype_variant<T: Serialize + ?Sized>(
            self,
            _: &'static str,
            _: u32,
            _: &'static str,
            _: &T,
        ) -> Result<(), Error> {
            Err(Error::custom($why))
        }
        fn serialize_seq(self, _: Option<usize>) -> Result<Self::SerializeSeq, Error> {
            Err(Error::custom($why))
        }
        fn serialize_tuple(self, _: usize) -> Result<Self::SerializeTuple, Error> {
            Err(Error::custom($why))
        }
        fn serialize_tuple_struct(
            self,
            _: &'static str,
            _: usize,
        ) -> Result<Self::SerializeTupleStruct, Error> {
            Err(Error::custom($why))
        }
        fn serialize_tuple_variant(
            self,
            _: &'static str,
            _: u32,
            _: &'static str,
            _: usize,
        ) -> Result<Self::SerializeTupleVariant, Error> {
            Err(Error::custom($why))
        }
        fn serialize_map(self, _: Option<usize>) -> Result<Self::SerializeMap, Error> {
            Err(Error::custom($why))
        }
        fn serialize_struct(
            self,
            _: &'static str,
            _: usize,
        ) -> Result<Self::SerializeStruct, Error> {
            Err(Error::custom($why))
        }
        fn serialize_struct_variant(
            self,
            _: &'static str,
            _: u32,
            _: &'static str,
            _: usize,
        ) -> Result<Self::SerializeStructVariant, Error> {
            Err(Error::custom($why))
        }
    };
}

impl Serializer for Verbatim<'_> {
    type Ok = ();
    type Error = Error;

    /// Tells the types of this crate that they can pass bytes.
    fn is_human_readable(&self) -> bool {
        false
    }
    #[inline]
    fn serialize_str(self, text: &str) -> Result<(), Error> {
        self.serialize_bytes(text.as_bytes())
    }
    #[inline]
    fn serialize_bytes(self, text: &[u8]) -> Result<(), Error> {
        self.out.reserve(text.len() + 2);
        if self.quoted {
            self.out.push(b'"');
        }
        self.out.extend_from_slice(text);
        if self.quoted {
            self.out.push(b'"');
        }
        Ok(())
    }
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Error> {
        value.serialize(self)
    }
    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        value.serialize(self)
    }
    refuse! { "expected JSON as text":
        serialize_bool(bool)
        serialize_i8(i8) serialize_i16(i16) serialize_i32(i32) serialize_i64(i64) serialize_i128(i128)
        serialize_u8(u8) serialize_u16(u16) serialize_u32(u32) serialize_u64(u64) serialize_u128(u128)
        serialize_f32(f32) serialize_f64(f64) serialize_char(char)
        serialize_none() serialize_unit() serialize_unit_struct(&'static str)
        serialize_unit_variant(&'static str, u32, &'static str)
    }
    refuse! { compounds "expected JSON as text" }
}

impl KeyOf<'_> {
    fn quoted(self, write: impl FnOnce(Json<'_>) -> Result<(), Error>) -> Result<(), Error> {
        self.0.push(b'"');
        write(Json(self.0))?;
        self.0.push(b'"');
        Ok(())
    }

    fn finite(self, is_finite: bool, value: &impl Serialize) -> Result<(), Error> {
        match is_finite {
            true => self.quoted(|json| value.serialize(json)),
            false => Err(Error::custom(
                "float key must be finite (got NaN or +/-inf)",
            )),
        }
    }
}

/// Keys that are not strings are written as by serde_json: numbers and Booleans in quotes.
macro_rules! quoted_keys {
    ($($method:ident($ty:ty))*) => { $(
        fn $method(self, value: $ty) -> Result<(), Error> {
            self.quoted(|json| value.serialize(json))
        }
    )* };
}

impl Serializer for KeyOf<'_> {
    type Ok = ();
    type Error = Error;

    quoted_keys! {
        serialize_bool(bool)
        serialize_i8(i8) serialize_i16(i16) serialize_i32(i32) serialize_i64(i64) serialize_i128(i128)
        serialize_u8(u8) serialize_u16(u16) serialize_u32(u32) serialize_u64(u64) serialize_u128(u128)
    }
    fn serialize_f32(self, value: f32) -> Result<(), Error> {
        self.finite(value.is_finite(), &value)
    }
    fn serialize_f64(self, value: f64) -> Result<(), Error> {
        self.finite(value.is_finite(), &value)
    }
    fn serialize_char(self, value: char) -> Result<(), Error> {
        self.serialize_str(value.encode_utf8(&mut [0; 4]))
    }
    #[inline]
    fn serialize_str(self, text: &str) -> Result<(), Error> {
        string(self.0, text);
        Ok(())
    }
    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
    ) -> Result<(), Error> {
        self.serialize_str(variant)
    }
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Error> {
        value.serialize(self)
    }
    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        match verbatim(name) {
            Some(quoted) => value.serialize(Verbatim {
                out: self.0,
                quoted,
            }),
            None => value.serialize(self),
        }
    }
    refuse! { "key must be a string":
        serialize_bytes(&[u8]) serialize_none() serialize_unit() serialize_unit_struct(&'static str)
    }
    refuse! { compounds "key must be a string" }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::Json;
    use proptest::prelude::*;
    use serde::Serialize;
    use serde_json::{Value, json, value::RawValue};
    use std::collections::BTreeMap;

    #[derive(Serialize)]
    enum Shape {
        Unit,
        Newtype(u8),
        Tuple(i8, f32),
        Struct { name: Option<&'static str>, end: () },
    }

    #[derive(Serialize)]
    struct Newtype(char);

    #[derive(Serialize)]
    struct Pair(u16, i128);

    #[derive(Serialize)]
    struct Unit;

    fn to_vec<T: Serialize>(value: &T) -> serde_json::Result<Vec<u8>> {
        let mut json = Vec::new();
        value.serialize(Json(&mut json))?;
        Ok(json)
    }

    fn same<T: Serialize>(value: &T) {
        let ours = String::from_utf8(to_vec(value).unwrap()).unwrap();
        assert_eq!(ours, serde_json::to_string(value).unwrap());
    }

    /// Everything that serde can describe is written as by serde_json.
    #[test]
    fn other_types_are_written_as_serde_json_does() {
        same(&[Shape::Unit, Shape::Newtype(7), Shape::Tuple(-1, 0.1)]);
        let (name, end) = (Some("\u{1}\"\\/\u{7f}é"), ());
        same(&Shape::Struct { name, end });
        same(&(Newtype('"'), Pair(1, i128::MIN), Unit, u128::MAX, [0_u8; 0]));
        same(&BTreeMap::from([(1_u64, f64::NAN), (2, 1e300)]));
        same(&BTreeMap::from([(-1_i32, true)]));
        same(&BTreeMap::from([(true, 'x')]));
        same(&BTreeMap::from([('k', Some(Some(1)))]));
        same(&(
            RawValue::from_string("[1.50, 1e400 ]".to_owned()).unwrap(),
            "behind",
        ));
        assert!(to_vec(&BTreeMap::from([([1, 2], 3)])).is_err());
        assert!(to_vec(&BTreeMap::from([((), 3)])).is_err());
    }

    proptest! {
        #[test]
        fn strings_are_escaped_as_serde_json_does(text in "\\PC{0,40}|[\"\\\\\u{0}-\u{20}\u{7f}a-zé😀]{0,40}") {
            same(&text);
            same(&BTreeMap::from([(text, 1)]));
        }

        #[test]
        fn numbers_are_written_as_serde_json_does(int in any::<i64>(), float in any::<f64>()) {
            let value: Value = json!({ "int": int, "float": float, "list": [int, null, true] });
            same(&value);
        }
    }
}
