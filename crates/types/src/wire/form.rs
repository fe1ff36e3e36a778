//! The original form of a field.

/// The original form of a field, if it is not the usual one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Form {
    /// As documented.
    #[default]
    Usual,
    /// A required field that was missing.
    Absent,
    /// `null`.
    Null,
    /// A number or Boolean written as a string.
    Text,
    /// A string or Boolean written as a number, or a fraction written as an integer.
    Integer,
    /// A flag written as true or false.
    Bool,
    /// An empty list written as an empty object, or vice versa.
    EmptyOther,
    /// A string with invalid parts, which is kept along with what could be read.
    Raw,
    /// A value that doesn't fit, which is kept instead of one.
    Misfit,
}
