//! How a field came.

/// How a field came, where that is not the usual way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Form {
    /// As documented.
    #[default]
    Usual,
    /// A required field that was missing.
    Absent,
    /// `null`.
    Null,
    /// A number or truth value written as a text.
    Text,
    /// A text or truth value written as a number, or a fraction written as an integer.
    Integer,
    /// A flag written as true or false.
    Bool,
    /// An empty list written as an empty object, or the other way round.
    EmptyOther,
    /// A text with invalid parts, which is kept beside what could be read.
    Raw,
    /// A value that does not fit, which is kept in place of one.
    Misfit,
}
