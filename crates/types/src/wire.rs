//! How values travel: the codec under every generated type.
//!
//! The service is loose with its own formats. Integers arrive as texts, fields that are always
//! there go missing, `null` stands for "none", new fields and new element types appear. A derive
//! would either fail on those or lose them. So every generated object is read and written by
//! `wire_object!`, which keeps two promises:
//!
//! * nothing that a typed field can express fails a decode because of its form, and
//! * what was decoded is written back the same: unknown fields and odd forms are kept in the
//!   object's [`Extra`].

mod extra;
mod flag;
mod object;
mod open_enum;
mod tag_value;
mod union;
mod value;

pub use extra::Extra;
pub use flag::Flag;
pub use open_enum::Text;
pub use tag_value::TagValue;
pub use union::Unknown;

pub(crate) use extra::Form;
pub(crate) use object::{Key, is_initial, read_field, wire_common, wire_object, write_field};
pub(crate) use open_enum::{wire_integer_enum, wire_string_enum};
pub(crate) use union::{Content, Tag, wire_union};
pub(crate) use value::{WireValue, delegate_to_i64, write_text};

#[cfg(test)]
#[allow(
    unreachable_pub,
    dead_code,
    reason = "the macros make items for public types"
)]
mod tests;
