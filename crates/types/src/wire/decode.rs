//! From bytes to values: the one way in for what the service says.

use super::{
    Raw, Slot, WireValue,
    raw::{clean, to_vec},
    reader::{Broken, Key, Reader},
};
use crate::text::quoted;
use serde::{
    Deserializer, Serialize,
    de::{self, DeserializeOwned, DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor},
    forward_to_deserialize_any,
};
use std::{borrow::Cow, cell::Cell, fmt, marker::PhantomData};

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

/// Where a text of JSON does not fit its type. Takes no memory while there is nothing.
///
/// Displayed, it names the first few fields as JSON pointers, cut and escaped, and never what they
/// held: for logs.
#[derive(Clone)]
pub struct Misfits<'a> {
    json: &'a [u8],
    /// Where the values begin, in order.
    at: Vec<u32>,
}

/// A value that did not fit, or a text of which a part had to be replaced.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Misfit {
    /// Where: a JSON pointer of wire names, `/RspMsgList/0/MsgBody`.
    pub pointer: String,
    /// What was there.
    pub held: Raw,
}

impl Misfit {
    pub(crate) fn new(path: &[&str], held: &[u8]) -> Self {
        let mut pointer = String::new();
        for step in path {
            push_step(&mut pointer, step);
        }
        let held = Raw::new(held);
        Self { pointer, held }
    }
}

impl Misfit {
    /// Where, as [`Violation::path`](crate::validate::Violation::path) says it:
    /// `RspMsgList[0].MsgBody`.
    pub fn path(&self) -> String {
        let mut path = String::new();
        for step in self.pointer.split('/').skip(1) {
            match step.parse::<usize>() {
                Ok(index) => path.push_str(&format!("[{index}]")),
                Err(_) => {
                    if !path.is_empty() {
                        path.push('.');
                    }
                    path.push_str(&step.replace("~1", "/").replace("~0", "~"));
                }
            }
        }
        path
    }
}

fn push_step(pointer: &mut String, step: &str) {
    pointer.push('/');
    pointer.push_str(&step.replace('~', "~0").replace('/', "~1"));
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

/// How many fields a log entry names.
const SHOWN: usize = 5;

impl<'a> Misfits<'a> {
    /// Whether everything fits.
    pub fn is_empty(&self) -> bool {
        self.at.is_empty()
    }

    /// How many values do not fit.
    pub fn len(&self) -> usize {
        self.at.len()
    }

    /// The first of them, at most `limit`, in the order of the text. Goes through the text once.
    pub fn list(&self, limit: usize) -> Vec<Misfit> {
        let mut found = Vec::new();
        let mut wanted = self.at.iter().copied().take(limit).peekable();
        let mut walk = Walk::new(self.json);
        // The text has been read before, so the way through it is free.
        while wanted.peek().is_some()
            && let Ok(true) = walk.next()
        {
            let offset = walk.reader.offset();
            if wanted.next_if(|at| *at as usize == offset).is_some() {
                let mark = walk.reader.mark();
                let held = walk.reader.slice().map_or(&[][..], |slice| slice.json);
                found.push(Misfit {
                    pointer: walk.pointer(),
                    held: Raw::new(held),
                });
                // Something within it may not fit either: half an emoji in a key.
                walk.reader.back(mark);
            }
        }
        found
    }
}

/// Where a text stops being JSON, as [`Violation::path`](crate::validate::Violation::path) says it; none
/// when it is JSON.
pub fn broken_at(json: &[u8]) -> Option<String> {
    let mut walk = Walk::new(json);
    let walked = loop {
        match walk.next() {
            Ok(true) => {}
            Ok(false) => break walk.reader.end(),
            Err(broken) => break Err(broken),
        }
    };
    walked.err().map(|Broken| {
        let held = Raw::default();
        let pointer = walk.pointer();
        Misfit { pointer, held }.path()
    })
}

/// A way through a text that stops before each value, however deep.
pub(super) struct Walk<'a> {
    pub(super) reader: Reader<'a>,
    /// The objects and lists around it, each with the key or index within.
    path: Vec<Step<'a>>,
    begun: bool,
}

enum Step<'a> {
    Object(bool, Option<Key<'a>>),
    List(bool, usize),
}

impl<'a> Walk<'a> {
    pub(super) fn new(json: &'a [u8]) -> Self {
        Self {
            reader: Reader::new(json),
            path: Vec::new(),
            begun: false,
        }
    }

    /// How many objects and lists are around the value.
    pub(super) fn depth(&self) -> usize {
        self.path.len()
    }

    /// The key of the value, with its quotes; none for the item of a list.
    pub(super) fn key(&self) -> Option<&'a [u8]> {
        match self.path.last()? {
            Step::Object(_, key) => key.as_ref().map(|key| key.raw),
            Step::List(..) => None,
        }
    }

    /// Goes to the next value. False behind the last one.
    pub(super) fn next(&mut self) -> Result<bool, Broken> {
        if !self.begun {
            self.begun = true;
            return self.reader.peek().map(|_| true);
        }
        match self.reader.peek()? {
            bracket @ (b'{' | b'[') => {
                self.reader.enter();
                self.path.push(match bracket {
                    b'{' => Step::Object(true, None),
                    _ => Step::List(true, 0),
                });
            }
            _ => {
                self.reader.slice()?;
            }
        }
        loop {
            let inside = match self.path.last_mut() {
                None => return Ok(false),
                Some(Step::Object(first, key)) => match self.reader.key(first)? {
                    None => false,
                    next => {
                        *key = next;
                        true
                    }
                },
                Some(Step::List(first, index)) => {
                    *index += usize::from(!*first);
                    self.reader.item(first)?
                }
            };
            if inside {
                return Ok(true);
            }
            self.path.pop();
        }
    }

    fn pointer(&self) -> String {
        let mut pointer = String::new();
        for step in &self.path {
            match step {
                Step::Object(_, Some(key)) => push_step(&mut pointer, &key.text()),
                Step::Object(_, None) => {}
                Step::List(_, index) => push_step(&mut pointer, &index.to_string()),
            }
        }
        pointer
    }
}

impl fmt::Display for Misfits<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, misfit) in self.list(SHOWN).iter().enumerate() {
            if index > 0 {
                f.write_str(", ")?;
            }
            f.write_str(&quoted(&misfit.pointer))?;
        }
        match self.len().saturating_sub(SHOWN) {
            0 => Ok(()),
            more => write!(f, " and {more} more"),
        }
    }
}

impl fmt::Debug for Misfits<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Misfits({self})")
    }
}

/// By this name a type of this crate asks for bytes; only [`Whole`] knows it.
const TEXT: &str = "$tencent_chat_types::text";

/// By this name serde_json's `RawValue` asks for text. A deserializer that does not know it, or no
/// longer does, gives what it would give without, so nothing depends on it but speed.
const RAW_VALUE: &str = "$serde_json::private::RawValue";

thread_local! {
    /// Where the value that is being decoded by [`decode`] does not fit. Serde's traits have no way
    /// for telling it beside the value.
    static FOUND: Cell<Vec<u32>> = const { Cell::new(Vec::new()) };
}

/// A text of JSON that gives itself to the types of this crate, and serde_json's reading of it to
/// all others.
struct Whole<'de>(&'de [u8]);

impl<'de> Whole<'de> {
    fn with_serde_json<T>(
        self,
        read: impl FnOnce(
            &mut serde_json::Deserializer<serde_json::de::SliceRead<'de>>,
        ) -> serde_json::Result<T>,
    ) -> serde_json::Result<T> {
        let mut json = serde_json::Deserializer::from_slice(self.0);
        let value = read(&mut json)?;
        json.end()?;
        Ok(value)
    }
}

impl<'de> Deserializer<'de> for Whole<'de> {
    type Error = serde_json::Error;

    /// So the types of this crate know that they can ask for bytes.
    fn is_human_readable(&self) -> bool {
        false
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> serde_json::Result<V::Value> {
        self.with_serde_json(|json| json.deserialize_any(visitor))
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> serde_json::Result<V::Value> {
        match name == TEXT {
            true => visitor.visit_borrowed_bytes(self.0),
            false => self.with_serde_json(|json| json.deserialize_newtype_struct(name, visitor)),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> serde_json::Result<V::Value> {
        self.with_serde_json(|json| json.deserialize_struct(name, fields, visitor))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> serde_json::Result<V::Value> {
        self.with_serde_json(|json| json.deserialize_enum(name, variants, visitor))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> serde_json::Result<V::Value> {
        self.with_serde_json(|json| json.deserialize_option(visitor))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct seq tuple tuple_struct map identifier ignored_any
    }
}

/// Reads a value of this crate, from bytes or from what another deserializer makes of them.
pub(crate) fn deserialize<'de, T: WireValue, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    struct AsText<T>(PhantomData<T>);
    impl<'de, T: WireValue> Visitor<'de> for AsText<T> {
        type Value = T;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(T::EXPECTED)
        }
        fn visit_borrowed_bytes<E: de::Error>(self, json: &'de [u8]) -> Result<T, E> {
            let (value, misfits) = read_whole(json)?;
            if !misfits.is_empty() {
                FOUND.set(misfits);
            }
            Ok(value)
        }
        fn visit_newtype_struct<D: Deserializer<'de>>(
            self,
            deserializer: D,
        ) -> Result<T, D::Error> {
            let mut json = Vec::new();
            deserializer.deserialize_any(Transcribe(&mut json))?;
            read_whole(&json).map(|(value, _)| value)
        }
        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<T, A::Error> {
            let mut json = Vec::new();
            let key = map.next_key::<Cow<'de, str>>()?;
            if key.as_deref() == Some(RAW_VALUE) {
                let text = map.next_value_seed(Text)?;
                return read_whole(text.as_bytes()).map(|(value, _)| value);
            }
            transcribe_map(&mut json, key, map)?;
            read_whole(&json).map(|(value, _)| value)
        }
    }
    let name = match deserializer.is_human_readable() {
        true => RAW_VALUE,
        false => TEXT,
    };
    deserializer.deserialize_newtype_struct(name, AsText(PhantomData))
}

fn read_whole<T: WireValue, E: de::Error>(json: &[u8]) -> Result<(T, Vec<u32>), E> {
    let mut reader = Reader::new(json);
    let mut slot = Slot::default();
    let begin = reader.begin();
    let value = begin.and_then(|mark| {
        let value = T::read(&mut reader, &mut slot)?;
        match value {
            Some(_) => reader.end()?,
            None => {
                reader.back(mark);
                reader.slice()?;
                reader.end()?;
            }
        }
        Ok(value)
    });
    match value {
        Ok(Some(value)) => Ok((value, reader.into_misfits())),
        Ok(None) => {
            let found = kind(json);
            Err(E::custom(format_args!(
                "invalid type: {found}, expected {}",
                T::EXPECTED
            )))
        }
        Err(Broken) => Err(E::custom("invalid JSON")),
    }
}

/// What kind of value a text is.
fn kind(json: &[u8]) -> &'static str {
    match Reader::new(json).peek() {
        Ok(b'{') => "map",
        Ok(b'[') => "sequence",
        Ok(b'"') => "string",
        Ok(b'n') => "null",
        Ok(b't' | b'f') => "boolean",
        Ok(_) => "number",
        Err(Broken) => "nothing",
    }
}

/// Writes whatever a deserializer has as JSON.
struct Transcribe<'a>(&'a mut Vec<u8>);

impl Transcribe<'_> {
    fn put<E: de::Error>(self, value: impl Serialize) -> Result<(), E> {
        serde_json::to_writer(self.0, &value).map_err(E::custom)
    }
}

impl<'de> DeserializeSeed<'de> for Transcribe<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Transcribe<'_> {
    type Value = ();
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value of JSON")
    }
    fn visit_bool<E: de::Error>(self, value: bool) -> Result<(), E> {
        self.put(value)
    }
    fn visit_i64<E: de::Error>(self, value: i64) -> Result<(), E> {
        self.put(value)
    }
    fn visit_u64<E: de::Error>(self, value: u64) -> Result<(), E> {
        self.put(value)
    }
    fn visit_f64<E: de::Error>(self, value: f64) -> Result<(), E> {
        self.put(value)
    }
    fn visit_str<E: de::Error>(self, value: &str) -> Result<(), E> {
        self.put(value)
    }
    fn visit_unit<E: de::Error>(self) -> Result<(), E> {
        self.put(())
    }
    fn visit_none<E: de::Error>(self) -> Result<(), E> {
        self.put(())
    }
    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        self.0.push(b'[');
        let begin = self.0.len();
        loop {
            let before = self.0.len();
            if before > begin {
                self.0.push(b',');
            }
            if list.next_element_seed(Transcribe(self.0))?.is_none() {
                self.0.truncate(before);
                self.0.push(b']');
                return Ok(());
            }
        }
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let first = map.next_key::<Cow<'de, str>>()?;
        transcribe_map(self.0, first, map)
    }
}

fn transcribe_map<'de, A: MapAccess<'de>>(
    json: &mut Vec<u8>,
    mut next: Option<Cow<'de, str>>,
    mut map: A,
) -> Result<(), A::Error> {
    json.push(b'{');
    let begin = json.len();
    while let Some(key) = next {
        if json.len() > begin {
            json.push(b',');
        }
        Transcribe(json).put::<A::Error>(key)?;
        json.push(b':');
        map.next_value_seed(Transcribe(json))?;
        next = map.next_key()?;
    }
    json.push(b'}');
    Ok(())
}

/// A text, borrowed where it can be.
struct Text;

impl<'de> DeserializeSeed<'de> for Text {
    type Value = Cow<'de, str>;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Text {
    type Value = Cow<'de, str>;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text")
    }
    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(text))
    }
    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(text.to_owned()))
    }
    fn visit_string<E>(self, text: String) -> Result<Self::Value, E> {
        Ok(Cow::Owned(text))
    }
}
