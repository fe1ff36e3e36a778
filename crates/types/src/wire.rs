//! How values travel: the codec under every generated type.
//!
//! The service is loose with its own formats. Integers arrive as texts, fields that are always
//! there go missing, `null` stands for "none", new fields and new element types appear, an object
//! stands where a list should be, a text holds half an emoji. A derive would either fail on those or
//! lose them. So every generated object is read and written by `wire_object!`, which keeps three
//! promises:
//!
//! * no value within an object fails the decode of the object: one that does not fit its field is
//!   kept as it came and reads as missing, an item that does not fit is kept apart from its list,
//!   invalid text is read with replacement characters ([`Extra::misfits`], [`decode`]),
//! * what was decoded is written back the same: all of that, unknown fields and odd forms are kept in
//!   the object's [`Extra`], in the memory of their text, and
//! * a decoded value equals what decoding its encoding gives, whatever the order of keys.
//!
//! Of two values under one key the first counts, whatever it is, and the second is a misfit. A byte order
//! mark before a text is skipped and not written back; anywhere else the text is not JSON.
//!
//! [`decode`] and [`from_slice`] read bytes as they come from the service, and [`to_vec`] writes them
//! back exactly. serde_json's functions work as well and see the same fields, but they take only text
//! that is valid, read more slowly because they go through a text in between, and write replacement
//! characters where the text was not UTF-8.

mod canonical;
mod clean;
mod decode;
mod delegate;
mod deserialize;
mod encode;
mod extra;
mod flag;
mod form;
mod items;
mod json;
mod misfit;
mod object;
mod open_enum;
mod parts;
mod raw;
mod reader;
mod tag_value;
mod union;
mod value;
mod walk;

pub use canonical::canonical;
pub use decode::{Decoded, decode, from_slice, misfits};
pub use encode::to_vec;
pub use extra::Extra;
pub use flag::Flag;
pub use misfit::{Misfit, Misfits, broken_at};
pub use open_enum::Text;
pub use raw::Raw;
pub use tag_value::TagValue;
pub use union::Unknown;

pub(crate) use canonical::holds_nothing;
pub(crate) use delegate::delegate_to_i64;
pub(crate) use deserialize::deserialize;
pub(crate) use encode::Name;
pub(crate) use extra::keep;
pub(crate) use form::Form;
pub(crate) use object::{
    is_initial, read_field, required, wire_common, wire_object, write_optional, write_required,
};
pub(crate) use open_enum::{wire_integer_enum, wire_string_enum};
pub(crate) use parts::Parts;
pub(crate) use reader::{Broken, Mark, Reader};
pub(crate) use union::{Content, Tagged, read_content, wire_union};
pub(crate) use value::{Shape, Slot, WireValue, write_text};

#[cfg(test)]
#[allow(
    unreachable_pub,
    dead_code,
    reason = "the macros make items for public types"
)]
mod tests;
