//! The wire format: the codec of every generated type.
//!
//! The service doesn't follow its own formats strictly. Integers arrive as strings, required fields are
//! missing, `null` stands for "none", new fields and element types appear, an object
//! takes the place of a list, a string contains half an emoji. Derived code would either fail on those or
//! lose them. So every generated object is read and written by `wire_object!`, which gives three
//! guarantees:
//!
//! * No value within an object fails the decoding of the object: a value that doesn't fit its field is
//!   kept unchanged and reads as missing, an item that doesn't fit is kept separately from its list, and
//!   invalid text is read with replacement characters ([`Extra::misfits`], [`decode`]).
//! * Encoding a decoded value gives the same JSON: all of that, unknown fields and odd forms are kept in
//!   the object's [`Extra`], using as much memory as their text.
//! * A decoded value equals the result of decoding its encoding, regardless of the order of keys.
//!
//! Of two values with the same key, the first is used, whatever its type, and the second is a misfit. A byte order
//! mark at the beginning is skipped and not written back; anywhere else it makes the text invalid JSON.
//!
//! [`decode`] and [`from_slice`] read the service's bytes, and [`to_vec`] writes them
//! back exactly. serde_json's functions work as well and see the same fields, but they only accept valid
//! text, are slower because of an intermediate string, and write replacement
//! characters where the text was not valid UTF-8.

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
    Common, Entry, Object, Presence, Table, Visit, is_initial, read_common, show_object,
    wire_common, wire_object, write_object, write_optional,
};
pub(crate) use open_enum::{wire_integer_enum, wire_string_enum};
pub(crate) use parts::Parts;
pub(crate) use reader::{Broken, Mark, Reader};
pub(crate) use union::{Tagged, read_content, wire_union};
pub(crate) use value::{Shape, Slot, WireValue, write_text};

#[cfg(test)]
#[allow(
    unreachable_pub,
    dead_code,
    reason = "the macros make items for public types"
)]
mod tests;
