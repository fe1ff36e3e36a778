//! Walks through JSON, value by value.

use super::reader::{Broken, Key, Reader};

/// A traversal of a text that stops before each value, at any depth.
pub(super) struct Walk<'a> {
    pub(super) reader: Reader<'a>,
    /// The objects and lists around it, each with the current key or index.
    path: Vec<Step<'a>>,
    begun: bool,
}

enum Step<'a> {
    Object(bool, Option<Key<'a>>),
    List(bool, usize),
}

impl<'a> Walk<'a> {
    pub(super) fn new(json: &'a [u8]) -> Self {
        Self {
            reader: Reader::new(json),
            path: Vec::new(),
            begun: false,
        }
    }

    /// How many objects and lists enclose the value.
    pub(super) fn depth(&self) -> usize {
        self.path.len()
    }

    /// The key of the value, including its quotes; `None` for the item of a list.
    pub(super) fn key(&self) -> Option<&'a [u8]> {
        match self.path.last()? {
            Step::Object(_, key) => key.as_ref().map(|key| key.raw),
            Step::List(..) => None,
        }
    }

    /// Goes to the next value. Returns false after the last one.
    pub(super) fn next(&mut self) -> Result<bool, Broken> {
        if !self.begun {
            self.begun = true;
            return self.reader.peek().map(|_| true);
        }
        match self.reader.peek()? {
            bracket @ (b'{' | b'[') => {
                self.reader.enter();
                self.path.push(match bracket {
                    b'{' => Step::Object(true, None),
                    _ => Step::List(true, 0),
                });
            }
            _ => {
                self.reader.slice()?;
            }
        }
        loop {
            let inside = match self.path.last_mut() {
                None => return Ok(false),
                Some(Step::Object(first, key)) => match self.reader.key(first)? {
                    None => false,
                    next => {
                        *key = next;
                        true
                    }
                },
                Some(Step::List(first, index)) => {
                    *index += usize::from(!*first);
                    self.reader.item(first)?
                }
            };
            if inside {
                return Ok(true);
            }
            self.path.pop();
        }
    }

    pub(super) fn pointer(&self) -> String {
        let mut pointer = String::new();
        for step in &self.path {
            match step {
                Step::Object(_, Some(key)) => push_step(&mut pointer, &key.text()),
                Step::Object(_, None) => {}
                Step::List(_, index) => push_step(&mut pointer, &index.to_string()),
            }
        }
        pointer
    }
}

/// Adds a step to a JSON pointer.
pub(super) fn push_step(pointer: &mut String, step: &str) {
    pointer.push('/');
    pointer.push_str(&step.replace('~', "~0").replace('/', "~1"));
}
