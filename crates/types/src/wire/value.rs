//! Single values: numbers, strings, lists. Each is read leniently and written back unchanged.

use super::{
    encode::RawJson,
    form::Form,
    items::Items,
    reader::{Broken, Mark, Number, Reader},
};
use serde::{
    Serialize, Serializer,
    ser::{SerializeMap, SerializeSeq},
};
use std::collections::{BTreeMap, BTreeSet, btree_map::Entry};

/// The value of a field.
pub(crate) trait WireValue: Sized {
    /// The expected type, for errors.
    const EXPECTED: &'static str;
    /// Reads a value; `None` if it doesn't fit. The reader may then be anywhere in it. Records in
    /// `slot` the form of the value if it is unusual.
    fn read(reader: &mut Reader<'_>, slot: &mut Slot) -> Result<Option<Self>, Broken>;
    /// Writes the value in its original form.
    fn write<S: Serializer>(&self, shape: Shape<'_>, serializer: S) -> Result<S::Ok, S::Error>;
}

/// The form of a value, while it is being read.
#[derive(Default)]
pub(crate) struct Slot {
    pub(crate) form: Form,
    pub(crate) items: Option<Box<Items>>,
}

/// The form of a value, while it is being written.
#[derive(Clone, Copy, Default)]
pub(crate) struct Shape<'a> {
    pub(crate) form: Form,
    /// The text of a value that could not be read completely.
    pub(crate) raw: Option<&'a [u8]>,
    pub(crate) items: Option<&'a Items>,
}

impl Shape<'_> {
    pub(crate) fn of(form: Form) -> Self {
        Self {
            form,
            ..Self::default()
        }
    }
}

/// A value with the form to write it in.
pub(crate) struct Shaped<'a, T> {
    pub(crate) value: &'a T,
    pub(crate) shape: Shape<'a>,
}

impl<T: WireValue> Serialize for Shaped<'_, T> {
    #[inline]
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.value.write(self.shape, serializer)
    }
}

/// A value to write in the usual form.
pub(crate) struct Usual<'a, T>(pub(crate) &'a T);

impl<T: WireValue> Serialize for Usual<'_, T> {
    #[inline]
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.write(Shape::default(), serializer)
    }
}

/// Whether a string is what formatting its integer gives: `007` and `+7` are not.
fn is_canonical(text: &str) -> bool {
    match text.strip_prefix('-').unwrap_or(text).as_bytes() {
        [b'0'] => text == "0",
        [first, ..] => matches!(first, b'1'..=b'9'),
        [] => false,
    }
}

macro_rules! integers {
    ($($int:ident)*) => { $(
        impl WireValue for $int {
            const EXPECTED: &'static str = concat!("an integer (", stringify!($int), ")");
            #[inline]
            fn read(reader: &mut Reader<'_>, slot: &mut Slot) -> Result<Option<Self>, Broken> {
                if reader.peek()? == b'"' {
                    let text = reader.string()?.decode().text;
                    slot.form = Form::Text;
                    return Ok(text.parse().ok().filter(|_| is_canonical(&text)));
                }
                Ok(match reader.number()? {
                    Some(Number::Unsigned(number)) => $int::try_from(number).ok(),
                    Some(Number::Negative(number)) => $int::try_from(number).ok(),
                    Some(Number::Other(_)) | None => None,
                })
            }
            #[inline]
            fn write<S: Serializer>(&self, shape: Shape<'_>, serializer: S) -> Result<S::Ok, S::Error> {
                match shape.form {
                    Form::Text => serializer.collect_str(self),
                    _ => self.serialize(serializer),
                }
            }
        }
    )* };
}
integers!(u32 u64 i32 i64);

impl WireValue for f64 {
    const EXPECTED: &'static str = "a number";
    fn read(reader: &mut Reader<'_>, slot: &mut Slot) -> Result<Option<Self>, Broken> {
        /// Integers up to this limit are exactly representable as doubles.
        const EXACT: u64 = 1 << 53;
        if reader.peek()? == b'"' {
            let text = reader.string()?.decode().text;
            slot.form = Form::Text;
            let number = text.parse::<f64>().ok();
            return Ok(number.filter(|number| number.is_finite() && number.to_string() == text));
        }
        Ok(match reader.number()? {
            Some(Number::Unsigned(number)) if number <= EXACT => {
                slot.form = Form::Integer;
                Some(number as f64)
            }
            Some(Number::Negative(number)) if number.unsigned_abs() <= EXACT => {
                slot.form = Form::Integer;
                Some(number as f64)
            }
            Some(Number::Other(text)) => {
                // More digits than the integers above, and without loss: only fractions.
                let number = text.parse::<f64>().ok();
                number.filter(|number| number.is_finite() && text.contains(['.', 'e', 'E', '-']))
            }
            _ => None,
        })
    }

    fn write<S: Serializer>(&self, shape: Shape<'_>, serializer: S) -> Result<S::Ok, S::Error> {
        match shape.form {
            Form::Text => serializer.collect_str(self),
            Form::Integer if self.fract() == 0.0 && self.abs() <= 9_007_199_254_740_992.0 => {
                serializer.serialize_i64(*self as i64)
            }
            _ => serializer.serialize_f64(*self),
        }
    }
}

impl WireValue for bool {
    const EXPECTED: &'static str = "true or false";
    fn read(reader: &mut Reader<'_>, slot: &mut Slot) -> Result<Option<Self>, Broken> {
        match reader.peek()? {
            b't' | b'f' => reader.boolean().map(Some),
            b'"' => {
                slot.form = Form::Text;
                Ok(reader.string()?.decode().text.parse().ok())
            }
            _ => {
                slot.form = Form::Integer;
                Ok(match reader.number()? {
                    Some(Number::Unsigned(0)) => Some(false),
                    Some(Number::Unsigned(1)) => Some(true),
                    _ => None,
                })
            }
        }
    }

    fn write<S: Serializer>(&self, shape: Shape<'_>, serializer: S) -> Result<S::Ok, S::Error> {
        match shape.form {
            Form::Integer => serializer.serialize_u64(u64::from(*self)),
            Form::Text => serializer.collect_str(self),
            _ => serializer.serialize_bool(*self),
        }
    }
}

impl WireValue for String {
    const EXPECTED: &'static str = "a string";
    #[inline]
    fn read(reader: &mut Reader<'_>, slot: &mut Slot) -> Result<Option<Self>, Broken> {
        match reader.text(&mut slot.form)? {
            Some(text) => Ok(Some(text.into_owned())),
            None => read_number_as_text(reader, slot),
        }
    }

    #[inline]
    fn write<S: Serializer>(&self, shape: Shape<'_>, serializer: S) -> Result<S::Ok, S::Error> {
        write_text(self, shape, serializer)
    }
}

/// Reads an integer where a string is expected.
pub(crate) fn read_number_as_text(
    reader: &mut Reader<'_>,
    slot: &mut Slot,
) -> Result<Option<String>, Broken> {
    slot.form = Form::Integer;
    Ok(match reader.number()? {
        Some(Number::Unsigned(number)) => Some(number.to_string()),
        Some(Number::Negative(number)) => Some(number.to_string()),
        _ => None,
    })
}

/// Writes a string: as a number if it was one, with its invalid parts if it had any.
pub(crate) fn write_text<S: Serializer>(
    text: &str,
    shape: Shape<'_>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match (shape.form, shape.raw) {
        (Form::Integer, _) => {
            if let Ok(number) = text.parse::<u64>() {
                return serializer.serialize_u64(number);
            }
            if let Ok(number) = text.parse::<i64>() {
                return serializer.serialize_i64(number);
            }
        }
        // Unless a different string was set since.
        (Form::Raw, Some(raw)) if reads_as(raw, text) => return RawJson(raw).serialize(serializer),
        _ => {}
    }
    serializer.serialize_str(text)
}

fn reads_as(raw: &[u8], text: &str) -> bool {
    let read = Reader::new(raw).text(&mut Form::default());
    matches!(read, Ok(Some(read)) if read == text)
}

/// Keeps what a list can't show, while the list is being read.
#[derive(Default)]
struct ListKeeper {
    /// The form of all items so far, unless `items` has the form of each.
    form: Form,
    items: Items,
    /// Index after the last one in `items.apart`, and in `items.raw`.
    next: (usize, usize),
}

impl ListKeeper {
    /// Keeps an item that doesn't fit.
    #[cold]
    fn keep_apart(
        &mut self,
        index: usize,
        reader: &mut Reader<'_>,
        mark: Mark,
    ) -> Result<(), Broken> {
        let item = reader.misfit(mark)?;
        self.items.apart.push_item(index - self.next.0, item);
        self.next.0 = index + 1;
        Ok(())
    }

    /// Records the form of an item that differs from the previous ones.
    #[cold]
    fn note(&mut self, index: usize, form: Form, reader: &mut Reader<'_>, mark: Mark) {
        if form == Form::Raw {
            reader.note(mark);
            let item = reader.since(mark);
            self.items.raw.push_item(index - self.next.1, item);
            self.next.1 = index + 1;
        }
        if index == 0 {
            self.form = form;
        } else {
            if self.items.forms.is_empty() {
                self.items.forms = vec![self.form; index];
            }
            self.items.forms.push(form);
        }
    }

    fn finish(mut self, slot: &mut Slot) {
        if self.items.forms.is_empty() {
            slot.form = match self.form {
                // Each has its own text.
                Form::Raw => Form::Usual,
                form => form,
            };
        }
        if !self.items.is_empty() {
            self.items.shrink();
            slot.items = Some(Box::new(self.items));
        }
    }
}

impl<T: WireValue> WireValue for Vec<T> {
    const EXPECTED: &'static str = "a list";
    #[inline]
    fn read(reader: &mut Reader<'_>, slot: &mut Slot) -> Result<Option<Self>, Broken> {
        if !reader.open(b'[')? {
            return read_empty_object(reader, slot).map(|empty| empty.then(Self::new));
        }
        let mut list = Self::new();
        let mut keeper = ListKeeper::default();
        let (mut first, mut index) = (true, 0);
        while reader.item(&mut first)? {
            let mark = reader.mark();
            let mut one = Slot::default();
            match T::read(reader, &mut one)? {
                Some(item) if one.items.is_none() => {
                    if one.form != keeper.form
                        || one.form == Form::Raw
                        || !keeper.items.forms.is_empty()
                    {
                        keeper.note(list.len(), one.form, reader, mark);
                    }
                    list.push(item);
                }
                _ => keeper.keep_apart(index, reader, mark)?,
            }
            index += 1;
        }
        keeper.finish(slot);
        Ok(Some(list))
    }

    fn write<S: Serializer>(&self, shape: Shape<'_>, serializer: S) -> Result<S::Ok, S::Error> {
        let Some(items) = shape.items else {
            if shape.form == Form::EmptyOther && self.is_empty() {
                return serializer.serialize_map(Some(0))?.end();
            }
            let mut list = serializer.serialize_seq(Some(self.len()))?;
            for value in self {
                match shape.form {
                    Form::Usual => list.serialize_element(&Usual(value))?,
                    form => {
                        let shape = Shape::of(form);
                        list.serialize_element(&Shaped { value, shape })?;
                    }
                }
            }
            return list.end();
        };
        let mut list = serializer.serialize_seq(None)?;
        let mut apart = items.apart.items().peekable();
        let mut raw = items.raw.items().peekable();
        let same = items.forms.is_empty() || items.forms.len() != self.len();
        let mut place = 0;
        for (index, value) in self.iter().enumerate() {
            while let Some((_, item)) = apart.next_if(|(at, _)| *at <= place) {
                list.serialize_element(&RawJson(item))?;
                place += 1;
            }
            let form = items.forms.get(index).filter(|_| !same);
            let raw = raw.next_if(|(at, _)| *at == index).map(|(_, raw)| raw);
            let form = match raw {
                Some(_) => Form::Raw,
                None => form.copied().unwrap_or(shape.form),
            };
            let shape = Shape {
                raw,
                ..Shape::of(form)
            };
            list.serialize_element(&Shaped { value, shape })?;
            place += 1;
        }
        for (_, item) in apart {
            list.serialize_element(&RawJson(item))?;
        }
        list.end()
    }
}

/// Some back ends write an empty list as an empty object. Returns false if it is not empty.
#[cold]
fn read_empty_object(reader: &mut Reader<'_>, slot: &mut Slot) -> Result<bool, Broken> {
    slot.form = Form::EmptyOther;
    Ok(reader.open(b'{')? && reader.key(&mut true)?.is_none())
}

impl<T: WireValue> WireValue for BTreeMap<String, T> {
    const EXPECTED: &'static str = "an object";
    fn read(reader: &mut Reader<'_>, slot: &mut Slot) -> Result<Option<Self>, Broken> {
        if !reader.open(b'{')? {
            // Some back ends write an empty object as an empty list.
            slot.form = Form::EmptyOther;
            let empty = reader.open(b'[')? && !reader.item(&mut true)?;
            return Ok(empty.then(Self::new));
        }
        let mut map = Self::new();
        let mut items = Items {
            keyed: true,
            ..Items::default()
        };
        let mut first = true;
        // Keys whose first value doesn't fit.
        let mut unfit = BTreeSet::new();
        while let Some(key) = reader.key(&mut first)? {
            let mark = reader.mark();
            let mut one = Slot::default();
            let value = T::read(reader, &mut one)?.filter(|_| one.items.is_none() && !key.is_odd());
            if value.is_none() {
                unfit.insert(key.text().into_owned());
            }
            match (value, map.entry(key.text().into_owned())) {
                (Some(value), Entry::Vacant(entry)) if !unfit.contains(entry.key()) => {
                    entry.insert(value);
                    if one.form == Form::Raw {
                        reader.note(mark);
                    }
                    if one.form != Form::Usual {
                        items.raw.push(key.raw, reader.since(mark));
                    }
                }
                // Values that don't fit, and second values.
                _ => items.apart.push(key.raw, reader.misfit(mark)?),
            }
        }
        if !items.is_empty() {
            items.shrink();
            slot.items = Some(Box::new(items));
        }
        Ok(Some(map))
    }

    fn write<S: Serializer>(&self, shape: Shape<'_>, serializer: S) -> Result<S::Ok, S::Error> {
        if shape.form == Form::EmptyOther && self.is_empty() {
            return serializer.serialize_seq(Some(0))?.end();
        }
        let Some(items) = shape.items else {
            let mut map = serializer.serialize_map(Some(self.len()))?;
            for (key, value) in self {
                let shape = Shape::default();
                map.serialize_entry(key, &Shaped { value, shape })?;
            }
            return map.end();
        };
        let mut map = serializer.serialize_map(None)?;
        let raw: BTreeMap<_, _> = (items.raw.iter())
            .map(|(key, value)| (key.text().into_owned(), value))
            .collect();
        for (key, value) in self {
            let raw = raw.get(key).copied();
            let mut slot = Slot::default();
            if let Some(raw) = raw {
                // Only for its form.
                let _ = T::read(&mut Reader::new(raw), &mut slot);
            }
            let shape = Shape {
                raw,
                ..Shape::of(slot.form)
            };
            map.serialize_entry(key, &Shaped { value, shape })?;
        }
        items.apart.write(&mut map)?;
        map.end()
    }
}
