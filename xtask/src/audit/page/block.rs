//! The pieces of a page.

use crate::audit::vocabulary::Column;

/// A piece of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// Line of the file from 1; for HTML, line of its text.
    pub line: usize,
    /// What it is.
    pub kind: Kind,
}

/// What a piece of a page is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A heading, and whether the page marks it as one.
    Heading(String),
    /// A body or a command line.
    Code(String),
    /// The headers of a table: what each column is for.
    Header(Vec<Option<Column>>, Vec<String>),
    /// A row of a table.
    Row(Vec<String>),
    /// A line.
    Text(String),
}

impl Block {
    pub(super) fn text(line: usize, text: impl Into<String>) -> Self {
        Self {
            line,
            kind: Kind::Text(text.into()),
        }
    }
}
