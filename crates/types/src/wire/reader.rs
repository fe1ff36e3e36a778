//! Reads JSON from bytes: a cursor that can go back, so that values that don't fit are kept unchanged.

use super::form::Form;
use std::borrow::Cow;

/// The bytes are not valid JSON.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Broken;

/// Maximum depth of objects and lists that are parsed; deeper ones are kept unchanged.
const DEEPEST: usize = 128;

/// A cursor over JSON. Strings may contain invalid text: it is read with replacement characters.
pub(crate) struct Reader<'de> {
    json: &'de [u8],
    /// The same, if it is valid UTF-8: checked once, and not for each string.
    text: Option<&'de str>,
    at: usize,
    depth: usize,
    /// Where the last key begins and ends, including its quotes.
    last_key: (usize, usize),
    /// Where values that did not fit begin: half the memory of `usize`, for texts up to 4 GiB.
    misfits: Vec<u32>,
}

/// A position to go back to.
#[derive(Clone, Copy)]
pub(crate) struct Mark {
    at: usize,
    depth: usize,
    misfits: usize,
}

/// The content of a string between its quotes, unparsed.
#[derive(Clone, Copy)]
pub(crate) struct Str<'de> {
    raw: &'de [u8],
    /// The same, if all of the input is valid UTF-8.
    text: Option<&'de str>,
    /// Whether it has neither escapes nor control characters.
    plain: bool,
}

/// A parsed string.
pub(crate) struct Decoded<'de> {
    pub(crate) text: Cow<'de, str>,
    /// Whether something had to be replaced, or is not allowed in JSON.
    pub(crate) odd: bool,
}

/// The key of an object's entry.
pub(crate) struct Key<'de> {
    /// Including its quotes.
    pub(crate) raw: &'de [u8],
    name: Cow<'de, [u8]>,
    odd: bool,
}

/// A number, without loss.
#[derive(Clone, Copy)]
pub(crate) enum Number<'de> {
    Unsigned(u64),
    Negative(i64),
    /// A fraction, an exponent, more than 64 bits, or minus zero.
    Other(&'de str),
}

/// The text of a value that is kept.
#[derive(Clone, Copy)]
pub(crate) struct Slice<'de> {
    pub(crate) json: &'de [u8],
    /// Whether it contains invalid text.
    pub(crate) odd: bool,
}

impl<'de> Key<'de> {
    fn of(raw: &'de [u8], string: Str<'de>) -> Self {
        let (name, odd) = match string.plain {
            true => (Cow::Borrowed(string.raw), false),
            false => {
                let (name, odd) = unescape(string.raw);
                (Cow::Owned(name.into_bytes()), odd)
            }
        };
        Self { raw, name, odd }
    }

    /// The name as UTF-8 bytes.
    #[inline]
    pub(crate) fn name(&self) -> &[u8] {
        &self.name
    }

    pub(crate) fn text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.name)
    }

    /// Whether it contains invalid text.
    pub(crate) fn is_odd(&self) -> bool {
        self.odd || std::str::from_utf8(&self.name).is_err()
    }
}

impl<'de> Str<'de> {
    #[inline]
    pub(crate) fn decode(self) -> Decoded<'de> {
        if self.plain
            && let Some(text) = self.text.or_else(|| std::str::from_utf8(self.raw).ok())
        {
            let text = Cow::Borrowed(text);
            return Decoded { text, odd: false };
        }
        let (text, odd) = unescape(self.raw);
        let text = Cow::Owned(text);
        Decoded { text, odd }
    }

    fn is_odd(self) -> bool {
        self.decode().odd
    }
}

impl<'de> Reader<'de> {
    pub(crate) fn new(json: &'de [u8]) -> Self {
        let byte_order_mark = b"\xEF\xBB\xBF";
        Self {
            json,
            text: std::str::from_utf8(json).ok(),
            at: match json.starts_with(byte_order_mark) {
                true => byte_order_mark.len(),
                false => 0,
            },
            depth: 0,
            last_key: (0, 0),
            misfits: Vec::new(),
        }
    }

    /// The first byte of the next token.
    #[inline]
    pub(crate) fn peek(&mut self) -> Result<u8, Broken> {
        loop {
            match self.json.get(self.at) {
                Some(b' ' | b'\n' | b'\t' | b'\r') => self.at += 1,
                Some(byte) => return Ok(*byte),
                None => return Err(Broken),
            }
        }
    }

    #[inline]
    pub(crate) fn mark(&self) -> Mark {
        Mark {
            at: self.at,
            depth: self.depth,
            misfits: self.misfits.len(),
        }
    }

    fn reset(&mut self, mark: Mark) {
        self.at = mark.at;
        self.depth = mark.depth;
        self.misfits.truncate(mark.misfits);
    }

    /// The bytes read since then.
    pub(crate) fn since(&self, mark: Mark) -> &'de [u8] {
        self.json.get(mark.at..self.at).unwrap_or_default()
    }

    /// Reads again from `mark`, and comes back.
    pub(crate) fn again<T>(
        &mut self,
        mark: Mark,
        read: impl FnOnce(&mut Self) -> Result<T, Broken>,
    ) -> Result<T, Broken> {
        let here = (self.at, self.depth);
        (self.at, self.depth) = (mark.at, mark.depth);
        let read = read(self)?;
        (self.at, self.depth) = here;
        Ok(read)
    }

    /// Skips a value that doesn't fit and returns its text.
    #[cold]
    pub(crate) fn misfit(&mut self, mark: Mark) -> Result<&'de [u8], Broken> {
        self.reset(mark);
        self.note(mark);
        Ok(self.slice()?.json)
    }

    /// Records that the value at `mark` is not as it should be.
    #[cold]
    pub(crate) fn note(&mut self, mark: Mark) {
        self.misfits
            .push(u32::try_from(mark.at).unwrap_or(u32::MAX));
    }

    /// Where the values that did not fit are.
    pub(crate) fn into_misfits(mut self) -> Vec<u32> {
        self.misfits.sort_unstable();
        self.misfits.dedup();
        self.misfits
    }

    /// Only white space may follow.
    pub(crate) fn end(&mut self) -> Result<(), Broken> {
        match self.peek() {
            Ok(_) => Err(Broken),
            Err(Broken) => Ok(()),
        }
    }

    #[inline]
    fn literal(&mut self, text: &[u8]) -> Result<(), Broken> {
        match self
            .json
            .get(self.at..)
            .unwrap_or_default()
            .starts_with(text)
        {
            true => {
                self.at += text.len();
                Ok(())
            }
            false => Err(Broken),
        }
    }

    pub(crate) fn null(&mut self) -> Result<(), Broken> {
        self.literal(b"null")
    }

    /// `true` or `false`.
    pub(crate) fn boolean(&mut self) -> Result<bool, Broken> {
        match self.json.get(self.at) {
            Some(b't') => self.literal(b"true").map(|()| true),
            _ => self.literal(b"false").map(|()| false),
        }
    }

    /// Enters an object or a list. Returns false if something else follows.
    #[inline]
    pub(crate) fn open(&mut self, bracket: u8) -> Result<bool, Broken> {
        if self.peek()? != bracket || self.depth == DEEPEST {
            return Ok(false);
        }
        self.at += 1;
        self.depth += 1;
        Ok(true)
    }

    /// The next key; `None` at the end of the object. The reader is then before the value.
    #[inline]
    pub(crate) fn key(&mut self, first: &mut bool) -> Result<Option<Key<'de>>, Broken> {
        match self.entry(first)? {
            true => self.key_here().map(Some),
            false => Ok(None),
        }
    }

    /// Goes to the quote of the next key. False at the end of the object, which is passed.
    #[inline]
    fn entry(&mut self, first: &mut bool) -> Result<bool, Broken> {
        match self.peek()? {
            b'}' => {
                self.at += 1;
                self.depth = self.depth.saturating_sub(1);
                return Ok(false);
            }
            b',' if !*first => {
                self.at += 1;
                if self.peek()? != b'"' {
                    return Err(Broken);
                }
            }
            b'"' if *first => *first = false,
            _ => return Err(Broken),
        }
        Ok(true)
    }

    /// Reads the key at whose quote the reader stands, and goes on to its value.
    fn key_here(&mut self) -> Result<Key<'de>, Broken> {
        let start = self.at;
        let string = self.string()?;
        let raw = self.json.get(start..self.at).unwrap_or_default();
        self.colon(start)?;
        Ok(Key::of(raw, string))
    }

    /// Goes on from the end of a key, which began at `start`, to its value.
    #[inline]
    fn colon(&mut self, start: usize) -> Result<(), Broken> {
        self.last_key = (start, self.at);
        // A single space, or none, needs no loop.
        if let Some([b':', rest @ ..]) = self.json.get(self.at..) {
            self.at += 1 + usize::from(rest.first() == Some(&b' '));
        } else if self.peek()? == b':' {
            self.at += 1;
        } else {
            return Err(Broken);
        }
        self.peek().map(|_| ())
    }

    /// The index in `fields` of the next key, or an index past them; `None` at the end of the object. The reader is
    /// then before the value, and [`last_key`](Self::last_key) returns the key.
    ///
    /// `fields` holds each key as it looks after a comma, `,"From_Account":`, in the order in which the
    /// service writes them, so the successor of the last key is tried first.
    #[inline]
    pub(crate) fn field(
        &mut self,
        fields: &[&'static str],
        next: &mut usize,
        first: &mut bool,
    ) -> Result<Option<usize>, Broken> {
        let index = *next;
        match fields.get(index) {
            Some(field) if self.is_next(field, *first) => self.pass(field, index, next, first),
            _ => self.search(fields, next, first),
        }
    }

    /// Whether this key is next, in the compact form.
    #[inline]
    fn is_next(&self, field: &str, first: bool) -> bool {
        let field = field.as_bytes().get(usize::from(first)..);
        let (Some(field), Some(rest)) = (field, self.json.get(self.at..)) else {
            return false;
        };
        // For keys of other lengths, there is a different byte at this position.
        rest.get(field.len().wrapping_sub(1)) == Some(&b':') && rest.starts_with(field)
    }

    /// Skips a key that is next.
    #[inline]
    fn pass(
        &mut self,
        field: &str,
        index: usize,
        next: &mut usize,
        first: &mut bool,
    ) -> Result<Option<usize>, Broken> {
        let end = self.at + field.len() - usize::from(*first);
        self.last_key = (end + 1 - field.len(), end - 1);
        self.at = end;
        (*next, *first) = (index + 1, false);
        self.peek()?;
        Ok(Some(index))
    }

    /// As [`field`](Self::field), where another key comes or white space stands around it.
    #[inline(never)]
    fn search(
        &mut self,
        fields: &[&'static str],
        next: &mut usize,
        first: &mut bool,
    ) -> Result<Option<usize>, Broken> {
        if !self.entry(first)? {
            return Ok(None);
        }
        let rest = self.json.get(self.at..).unwrap_or_default();
        let expected = fields.get(*next);
        match expected.and_then(|field| starts_with_key(rest, field)) {
            Some(length) => self.pass_key(length, *next, next),
            None => self.search_others(fields, next),
        }
    }

    /// As [`search`](Self::search), where the key that comes is not the one that is expected. Tries those
    /// behind it, then those before it.
    #[inline(never)]
    fn search_others(
        &mut self,
        fields: &[&'static str],
        next: &mut usize,
    ) -> Result<Option<usize>, Broken> {
        let rest = self.json.get(self.at..).unwrap_or_default();
        let mut index = *next;
        for _ in fields {
            index += 1;
            if index >= fields.len() {
                index = 0;
            }
            let field = fields.get(index);
            if let Some(length) = field.and_then(|field| starts_with_key(rest, field)) {
                return self.pass_key(length, index, next);
            }
        }
        let key = self.key_here()?;
        // A key with escapes can be one of them all the same.
        let index = match key.name {
            Cow::Borrowed(_) => None,
            Cow::Owned(ref name) => fields
                .iter()
                .position(|field| field.as_bytes().get(2..field.len() - 2) == Some(name)),
        };
        if let Some(index) = index {
            *next = index + 1;
        }
        Ok(Some(index.unwrap_or(fields.len())))
    }

    /// Goes from the quote of the key with this index, whose length includes its quotes, to its value.
    #[inline]
    fn pass_key(
        &mut self,
        length: usize,
        index: usize,
        next: &mut usize,
    ) -> Result<Option<usize>, Broken> {
        let start = self.at;
        self.at += length;
        self.colon(start)?;
        *next = index + 1;
        Ok(Some(index))
    }

    /// The last key, while the reader is before its value.
    #[cold]
    pub(crate) fn last_key(&self) -> Key<'de> {
        let (start, end) = self.last_key;
        let raw = self.json.get(start..end).unwrap_or_default();
        // It has been read before.
        let string = Reader::new(raw).string().unwrap_or(Str {
            raw: b"",
            text: None,
            plain: true,
        });
        Key::of(raw, string)
    }

    /// Whether there is another item in the list. The reader is then before it.
    #[inline]
    pub(crate) fn item(&mut self, first: &mut bool) -> Result<bool, Broken> {
        match self.peek()? {
            b']' => {
                self.at += 1;
                self.depth = self.depth.saturating_sub(1);
                return Ok(false);
            }
            b',' if !*first => self.at += 1,
            _ if *first => *first = false,
            _ => return Err(Broken),
        }
        self.peek()?;
        Ok(true)
    }

    /// A string; the reader is at its quote.
    #[inline]
    pub(crate) fn string(&mut self) -> Result<Str<'de>, Broken> {
        let start = self.at + 1;
        let (mut at, mut plain) = (start, true);
        loop {
            at = special(self.json, at);
            match self.json.get(at) {
                Some(b'"') => {
                    let raw = self.json.get(start..at).unwrap_or_default();
                    self.at = at + 1;
                    let text = self.text.and_then(|text| text.get(start..at));
                    return Ok(Str { raw, text, plain });
                }
                Some(b'\\') => at += 2,
                Some(_) => at += 1,
                None => return Err(Broken),
            }
            plain = false;
        }
    }

    /// A parsed string; the reader is at its quote.
    #[inline]
    pub(crate) fn decoded(&mut self) -> Result<Decoded<'de>, Broken> {
        match self.plain() {
            Some(text) => Ok(Decoded {
                text: Cow::Borrowed(text),
                odd: false,
            }),
            None => self.string().map(Str::decode),
        }
    }

    /// A string, if it and all of the input is as nearly all are: without escapes, control characters and invalid
    /// UTF-8. Otherwise the reader stays at its quote.
    fn plain(&mut self) -> Option<&'de str> {
        let start = self.at + 1;
        let end = special(self.json, start);
        if self.json.get(end) != Some(&b'"') {
            return None;
        }
        let text = self.text?.get(start..end)?;
        self.at = end + 1;
        Some(text)
    }

    /// A string; records in `form` if it has to be kept along with what was read. `None` for any other type.
    #[inline]
    pub(crate) fn text(&mut self, form: &mut Form) -> Result<Option<Cow<'de, str>>, Broken> {
        if self.peek()? != b'"' {
            return Ok(None);
        }
        let Decoded { text, odd } = self.decoded()?;
        if odd {
            *form = Form::Raw;
        }
        Ok(Some(text))
    }

    /// A number; `None` for any other type.
    #[inline]
    pub(crate) fn number(&mut self) -> Result<Option<Number<'de>>, Broken> {
        let start = self.at;
        let negative = match self.json.get(start) {
            Some(b'-') => true,
            Some(b'0'..=b'9') => false,
            _ => return Ok(None),
        };
        let digits = start + usize::from(negative);
        let rest = self.json.get(digits..).unwrap_or_default();
        let zero = rest.first() == Some(&b'0');
        let (mut number, mut length) = (0_u64, 0);
        for byte in rest {
            let digit = byte.wrapping_sub(b'0');
            if digit > 9 {
                break;
            }
            number = number.wrapping_mul(10).wrapping_add(u64::from(digit));
            length += 1;
        }
        self.at = digits + length;
        // Nineteen digits always fit.
        let exact = match length {
            0..20 => Some(number),
            _ => (rest.get(..length))
                .and_then(|digits| std::str::from_utf8(digits).ok()?.parse().ok()),
        };
        if length == 0 || (zero && length > 1) {
            return Err(Broken);
        }
        let whole = !matches!(self.json.get(self.at), Some(b'.' | b'e' | b'E'));
        let number = match (exact, negative) {
            (Some(number), false) if whole => Some(Number::Unsigned(number)),
            (Some(1..), true) if whole => exact
                .and_then(|number| 0_i64.checked_sub_unsigned(number))
                .map(Number::Negative),
            _ => None,
        };
        match number {
            Some(number) => Ok(Some(number)),
            None => self.fraction(start).map(Some),
        }
    }

    /// The rest of a number that is not a 64-bit integer.
    fn fraction(&mut self, start: usize) -> Result<Number<'de>, Broken> {
        if self.json.get(self.at) == Some(&b'.') {
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.json.get(self.at) {
            self.at += 1;
            if let Some(b'+' | b'-') = self.json.get(self.at) {
                self.at += 1;
            }
            self.digits()?;
        }
        let text = self.json.get(start..self.at).unwrap_or_default();
        std::str::from_utf8(text)
            .map(Number::Other)
            .map_err(|_| Broken)
    }

    fn digits(&mut self) -> Result<(), Broken> {
        let start = self.at;
        while let Some(b'0'..=b'9') = self.json.get(self.at) {
            self.at += 1;
        }
        match self.at > start {
            true => Ok(()),
            false => Err(Broken),
        }
    }

    /// The text of the next value, of any type and depth.
    pub(crate) fn slice(&mut self) -> Result<Slice<'de>, Broken> {
        self.peek()?;
        let start = self.at;
        let mut odd = false;
        let mut open = Vec::new();
        loop {
            match self.peek()? {
                b'"' => odd |= self.string()?.is_odd(),
                b't' | b'f' => {
                    self.boolean()?;
                }
                b'n' => self.null()?,
                bracket @ (b'{' | b'[') => {
                    self.at += 1;
                    let end = bracket + 2;
                    if self.peek()? == end {
                        self.at += 1;
                    } else {
                        if end == b'}' {
                            odd |= self.skip_key()?;
                        }
                        open.push(end);
                        continue;
                    }
                }
                _ => {
                    self.number()?.ok_or(Broken)?;
                }
            }
            loop {
                let Some(end) = open.last() else {
                    let json = self.json.get(start..self.at).unwrap_or_default();
                    return Ok(Slice { json, odd });
                };
                let next = self.peek()?;
                if next == *end {
                    self.at += 1;
                    open.pop();
                } else if next == b',' {
                    self.at += 1;
                    if *end == b'}' {
                        odd |= self.skip_key()?;
                    }
                    break;
                } else {
                    return Err(Broken);
                }
            }
        }
    }

    /// Like [`slice`](Self::slice); records whether it contains invalid text.
    pub(crate) fn unknown(&mut self) -> Result<&'de [u8], Broken> {
        let mark = self.mark();
        let slice = self.slice()?;
        if slice.odd {
            self.note(mark);
        }
        Ok(slice.json)
    }

    /// Goes to the first value.
    pub(crate) fn begin(&mut self) -> Result<Mark, Broken> {
        self.peek()?;
        Ok(self.mark())
    }

    /// Goes back.
    pub(crate) fn back(&mut self, mark: Mark) {
        self.reset(mark);
    }

    /// Enters an object or list as [`open`](Self::open) does, at any depth.
    pub(crate) fn enter(&mut self) {
        self.at += 1;
    }

    /// Whether it is one JSON value, with any text in its strings.
    pub(crate) fn is_json(json: &[u8]) -> bool {
        let mut reader = Reader::new(json);
        reader.slice().is_ok() && reader.end().is_ok()
    }

    /// Goes to the quote of the next string, if there is one. Only valid between strings.
    pub(crate) fn go_to_string(&mut self) -> bool {
        let rest = self.json.get(self.at..).unwrap_or_default();
        match rest.iter().position(|byte| *byte == b'"') {
            Some(before) => {
                self.at += before;
                true
            }
            None => false,
        }
    }

    /// Index of the next byte.
    pub(crate) fn offset(&self) -> usize {
        self.at
    }

    /// Whether the key contains invalid text.
    fn skip_key(&mut self) -> Result<bool, Broken> {
        if self.peek()? != b'"' {
            return Err(Broken);
        }
        let odd = self.string()?.is_odd();
        if self.peek()? != b':' {
            return Err(Broken);
        }
        self.at += 1;
        Ok(odd)
    }
}

/// The length of the key in quotes with which `json` begins, if it is that of `field`: `"From_Account"` of
/// `,"From_Account":`.
#[inline]
fn starts_with_key(json: &[u8], field: &str) -> Option<usize> {
    let key = field.as_bytes().get(1..field.len() - 1)?;
    // For keys of other lengths, there is a different byte at this position.
    let fits = json.get(key.len() - 1) == Some(&b'"');
    (fits && same_key(json.get(..key.len())?, key)).then_some(key.len())
}

/// Whether two texts of the same length are the same. Keys are so short that this is faster than a call.
#[inline]
fn same_key(left: &[u8], right: &[u8]) -> bool {
    if let (Some(left_end), Some(right_end)) = (left.last_chunk::<8>(), right.last_chunk::<8>()) {
        let (left, right) = (left.as_chunks::<8>().0, right.as_chunks::<8>().0);
        return left_end == right_end && left.iter().zip(right).all(|(left, right)| left == right);
    }
    // With its quotes, a key of fewer than eight bytes is nearly always within two words that may overlap.
    if let (Some(left_end), Some(right_end)) = (left.last_chunk::<4>(), right.last_chunk::<4>()) {
        return left_end == right_end && left.first_chunk::<4>() == right.first_chunk::<4>();
    }
    left.iter().eq(right)
}

/// Index of the next quote, backslash or control character; the length if there is none.
#[inline]
pub(super) fn special(json: &[u8], from: usize) -> usize {
    let rest = json.get(from..).unwrap_or_default();
    let (chunks, tail) = rest.as_chunks::<8>();
    let mut at = from;
    for chunk in chunks {
        if let Some(found) = special_in(*chunk) {
            return at + found;
        }
        at += 8;
    }
    let Some(last) = rest.last_chunk::<8>().filter(|_| !tail.is_empty()) else {
        let found = (tail.iter()).position(|byte| matches!(byte, b'"' | b'\\' | 0..0x20));
        return at + found.unwrap_or(tail.len());
    };
    // The part of this word that previous chunks have covered is not special.
    match special_in(*last) {
        Some(found) => json.len() - 8 + found,
        None => json.len(),
    }
}

/// Index of the first quote, backslash or control character.
#[inline]
fn special_in(chunk: [u8; 8]) -> Option<usize> {
    const ONES: u64 = u64::MAX / 255;
    const HIGH: u64 = ONES << 7;
    let chunk = u64::from_le_bytes(chunk);
    // This exchanges quote and space, so that the quote follows the control characters.
    let low = (chunk ^ (ONES * 2)).wrapping_sub(ONES * 0x21);
    let backslash = (chunk ^ (ONES * 0x5C)).wrapping_sub(ONES);
    let found = (low | backslash) & !chunk & HIGH;
    (found != 0).then(|| (found.trailing_zeros() / 8) as usize)
}

/// The content of a string with escapes, control characters or invalid UTF-8, and whether
/// any of it had to be replaced or is not allowed.
fn unescape(raw: &[u8]) -> (String, bool) {
    let (mut text, mut odd, mut at) = (Vec::with_capacity(raw.len()), false, 0);
    loop {
        let next = special(raw, at);
        text.extend_from_slice(raw.get(at..next).unwrap_or_default());
        at = next + 1;
        let escaped = match raw.get(next) {
            None => break,
            Some(b'\\') => raw.get(at).copied().unwrap_or_default(),
            Some(control) => {
                text.push(*control);
                odd = true;
                continue;
            }
        };
        at += 1;
        let byte = match escaped {
            b'"' | b'\\' | b'/' => escaped,
            b'b' => 0x08,
            b'f' => 0x0C,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'u' => {
                let (character, length) = unicode(raw.get(at..).unwrap_or_default());
                odd |= character.is_none();
                let character = character.unwrap_or(char::REPLACEMENT_CHARACTER);
                text.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
                at += length;
                continue;
            }
            other => {
                text.extend_from_slice("\u{FFFD}".as_bytes());
                odd = true;
                other
            }
        };
        text.push(byte);
    }
    match String::from_utf8(text) {
        Ok(text) => (text, odd),
        Err(error) => (String::from_utf8_lossy(error.as_bytes()).into_owned(), true),
    }
}

/// The character of an escape and its number of bytes after `\u`. `None` for half a surrogate pair.
fn unicode(escape: &[u8]) -> (Option<char>, usize) {
    let unit = |digits: Option<&[u8]>| {
        digits?.iter().try_fold(0, |unit: u32, digit| {
            Some(unit * 16 + char::from(*digit).to_digit(16)?)
        })
    };
    let Some(first) = unit(escape.get(..4)) else {
        return (None, 0);
    };
    if (0xD800..0xDC00).contains(&first)
        && escape.get(4..6) == Some(b"\\u")
        && let Some(second @ 0xDC00..0xE000) = unit(escape.get(6..10))
    {
        let pair = 0x1_0000 + ((first - 0xD800) << 10) + (second - 0xDC00);
        return (char::from_u32(pair), 10);
    }
    (char::from_u32(first), 4)
}
