//! Values that don't fit their type, and where they are.

use super::{
    raw::Raw,
    reader::Broken,
    walk::{Walk, push_step},
};
use crate::text::quoted;
use std::fmt;

/// Where a JSON text doesn't fit its type. Allocates nothing if everything fits.
///
/// Its `Display` is for logs: it names the first few fields as JSON pointers, truncated and escaped, and never shows
/// their values.
#[derive(Clone)]
pub struct Misfits<'a> {
    pub(super) json: &'a [u8],
    /// Where the values begin, in order.
    pub(super) at: Vec<u32>,
}

/// A value that did not fit, or a string of which a part had to be replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Misfit {
    /// A JSON pointer of wire names: `/RspMsgList/0/MsgBody`.
    pub pointer: String,
    /// The value.
    pub held: Raw,
}

impl Misfit {
    pub(crate) fn new(path: &[&str], held: &[u8]) -> Self {
        let mut pointer = String::new();
        for step in path {
            push_step(&mut pointer, step);
        }
        let held = Raw::new(held);
        Self { pointer, held }
    }
}

impl Misfit {
    /// The path in the format of [`Violation::path`](crate::validate::Violation::path):
    /// `RspMsgList[0].MsgBody`.
    pub fn path(&self) -> String {
        let mut path = String::new();
        for step in self.pointer.split('/').skip(1) {
            match step.parse::<usize>() {
                Ok(index) => path.push_str(&format!("[{index}]")),
                Err(_) => {
                    if !path.is_empty() {
                        path.push('.');
                    }
                    path.push_str(&step.replace("~1", "/").replace("~0", "~"));
                }
            }
        }
        path
    }
}

/// Number of fields that a log entry names.
const SHOWN: usize = 5;

impl<'a> Misfits<'a> {
    /// Whether everything fits.
    pub fn is_empty(&self) -> bool {
        self.at.is_empty()
    }

    /// How many values do not fit.
    pub fn len(&self) -> usize {
        self.at.len()
    }

    /// The first ones, up to `limit`, in the order of the text. Reads the text once.
    pub fn list(&self, limit: usize) -> Vec<Misfit> {
        let mut found = Vec::new();
        let mut wanted = self.at.iter().copied().take(limit).peekable();
        let mut walk = Walk::new(self.json);
        // The text has been read before, so reading it again can't fail.
        while wanted.peek().is_some()
            && let Ok(true) = walk.next()
        {
            let offset = walk.reader.offset();
            if wanted.next_if(|at| *at as usize == offset).is_some() {
                let mark = walk.reader.mark();
                let held = walk.reader.slice().map_or(&[][..], |slice| slice.json);
                found.push(Misfit {
                    pointer: walk.pointer(),
                    held: Raw::new(held),
                });
                // Something within it may not fit either: half an emoji in a key.
                walk.reader.back(mark);
            }
        }
        found
    }
}

/// The path at which a text stops being JSON, as in [`Violation::path`](crate::validate::Violation::path); `None`
/// if it is valid JSON.
pub fn broken_at(json: &[u8]) -> Option<String> {
    let mut walk = Walk::new(json);
    let walked = loop {
        match walk.next() {
            Ok(true) => {}
            Ok(false) => break walk.reader.end(),
            Err(broken) => break Err(broken),
        }
    };
    walked.err().map(|Broken| {
        let held = Raw::default();
        let pointer = walk.pointer();
        Misfit { pointer, held }.path()
    })
}

impl fmt::Display for Misfits<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, misfit) in self.list(SHOWN).iter().enumerate() {
            if index > 0 {
                f.write_str(", ")?;
            }
            f.write_str(&quoted(&misfit.pointer))?;
        }
        match self.len().saturating_sub(SHOWN) {
            0 => Ok(()),
            more => write!(f, " and {more} more"),
        }
    }
}

impl fmt::Debug for Misfits<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Misfits({self})")
    }
}
