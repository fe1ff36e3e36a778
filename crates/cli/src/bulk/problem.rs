//! What is wrong with a line, and what to do about it.

use crate::failure::Failure;
use std::fmt;

/// What is wrong with a line.
#[derive(Debug)]
pub(super) struct Problem {
    text: String,
    help: Option<String>,
}

impl Problem {
    pub(super) fn new(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            help: None,
        }
    }

    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)?;
        self.help
            .as_ref()
            .map_or(Ok(()), |help| write!(f, "; {help}"))
    }
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        Self {
            text: failure.message().to_owned(),
            help: failure.advice().map(str::to_owned),
        }
    }
}

impl From<String> for Problem {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}
