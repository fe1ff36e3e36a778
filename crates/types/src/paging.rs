//! Building blocks of generated [`Paged`](crate::Paged) implementations.
#![allow(dead_code, reason = "which of these are needed depends on the spec")]

use crate::Advance;

/// Copies a part of the cursor; returns whether it changed.
pub(crate) fn carry<T: Clone + PartialEq>(to: &mut T, from: &T) -> bool {
    let moved = to != from;
    if moved {
        to.clone_from(from);
    }
    moved
}

/// [`carry`] from a field that may be missing in the reply.
pub(crate) fn carry_optional<T: Clone + PartialEq + Default>(to: &mut T, from: &Option<T>) -> bool {
    carry(to, &from.clone().unwrap_or_default())
}

/// [`carry`] into an optional field of the request.
pub(crate) fn carry_some<T: Clone + PartialEq>(to: &mut Option<T>, from: &T) -> bool {
    carry(to, &Some(from.clone()))
}

/// Whether a part of the cursor is at its start: zero, empty or absent.
pub(crate) fn is_start<T: Cursor>(part: &T) -> bool {
    part.is_start()
}

/// A part of a cursor.
pub(crate) trait Cursor {
    fn is_start(&self) -> bool;
}

macro_rules! cursors {
    ($($ty:ty: $start:expr),*) => { $(
        impl Cursor for $ty {
            fn is_start(&self) -> bool {
                *self == $start
            }
        }
    )* };
}
cursors!(u32: 0, u64: 0, i32: 0, i64: 0, String: "");

impl<T> Cursor for Vec<T> {
    fn is_start(&self) -> bool {
        self.is_empty()
    }
}

impl<T: Cursor> Cursor for Option<T> {
    fn is_start(&self) -> bool {
        self.as_ref().is_none_or(Cursor::is_start)
    }
}

/// Whether a field has the value that ends the paging.
pub(crate) fn equals<T: AsNumber>(field: &T, value: i64) -> bool {
    field.as_number() == Some(i128::from(value))
}

/// Whether a field has any value except zero, which ends the paging.
pub(crate) fn nonzero<T: AsNumber>(field: &T) -> bool {
    field.as_number().is_some_and(|number| number != 0)
}

/// Continues after the items so far. Ends with the total, or with an empty page: items may be removed
/// during the listing. A short page is not the end: the server may return fewer than requested.
pub(crate) fn by_offset(offset: &mut impl Offset, items: usize, total: u64) -> Advance {
    let next = offset.get().saturating_add(items as u64);
    if items == 0 || next >= total {
        return Advance::End;
    }
    offset.set(next);
    Advance::Next
}

/// A request field that says how many items to skip.
pub(crate) trait Offset {
    fn get(&self) -> u64;
    fn set(&mut self, to: u64);
}

impl Offset for u64 {
    fn get(&self) -> u64 {
        *self
    }
    fn set(&mut self, to: u64) {
        *self = to;
    }
}

impl Offset for Option<u64> {
    fn get(&self) -> u64 {
        self.unwrap_or(0)
    }
    fn set(&mut self, to: u64) {
        *self = Some(to);
    }
}

/// Continues below the smallest number of a page. Ends at zero, or with an empty page.
pub(crate) fn downwards(from: &mut Option<u64>, items: impl Iterator<Item = u64>) -> Advance {
    let next = match items.min() {
        None | Some(0 | 1) => return Advance::End,
        Some(lowest) => lowest - 1,
    };
    if from.is_some_and(|from| next >= from) {
        return Advance::Stuck;
    }
    *from = Some(next);
    Advance::Next
}

/// A number of any type.
pub(crate) trait AsNumber {
    fn as_number(&self) -> Option<i128>;
}

macro_rules! numbers {
    ($($ty:ty),*) => { $(
        impl AsNumber for $ty {
            fn as_number(&self) -> Option<i128> {
                Some(i128::from(*self))
            }
        }
    )* };
}
numbers!(bool, u32, u64, i32, i64);

impl AsNumber for crate::wire::Flag {
    fn as_number(&self) -> Option<i128> {
        Some(i128::from(self.0))
    }
}

impl<T: AsNumber> AsNumber for Option<T> {
    fn as_number(&self) -> Option<i128> {
        self.as_ref().and_then(AsNumber::as_number)
    }
}
