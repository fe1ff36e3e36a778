//! The text of a spec file, which diagnostics quote.

/// A spec file as text.
#[derive(Clone, Debug)]
pub struct Source {
    /// Path for people: `spec/endpoints/…`.
    pub path: String,
    /// The whole text.
    pub text: String,
}

impl Source {
    /// The line of a byte, from 1.
    pub fn line(&self, at: usize) -> usize {
        let before = &self.text.as_bytes()[..at.min(self.text.len())];
        before.iter().filter(|byte| **byte == b'\n').count() + 1
    }

    /// `file:line` of a byte.
    pub fn place(&self, at: usize) -> String {
        format!("{}:{}", self.path, self.line(at))
    }
}
