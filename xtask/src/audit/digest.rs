//! Detects changed pages by a digest of their facts and one of their prose.

use std::fmt;

/// Two digests and the language of the text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Digest {
    /// Language of the text, by its letters.
    pub language: &'static str,
    /// Of fields, types, codes, quotas and hosts: independent of the layout of the page.
    pub facts: String,
    /// Of letters and digits of the text, without page frames.
    pub prose: String,
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}-{}", self.language, self.facts, self.prose)
    }
}

/// How a page differs from the one that a digest describes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// It does not, or it is in another language, which says nothing.
    None,
    /// Only its sentences.
    Prose,
    /// Its facts.
    Facts,
}

impl Digest {
    /// Compares with a digest from the spec.
    pub fn change_since(&self, held: &str) -> Change {
        let mut parts = held.split('-');
        let (language, facts, prose) = (parts.next(), parts.next(), parts.next());
        if language != Some(self.language) {
            Change::None
        } else if facts != Some(&self.facts) {
            Change::Facts
        } else if prose != Some(&self.prose) {
            Change::Prose
        } else {
            Change::None
        }
    }
}

/// Whether a text has the form of a printed digest.
pub fn is_digest(text: &str) -> bool {
    let mut parts = text.split('-');
    let (language, facts, prose) = (parts.next(), parts.next(), parts.next());
    let hex = |part: Option<&str>| {
        part.is_some_and(|part| {
            part.len() == 12
                && part
                    .chars()
                    .all(|c| c.is_ascii_digit() || ('a'..='f').contains(&c))
        })
    };
    let letters = |part: &str| part.len() == 2 && part.chars().all(|c| c.is_ascii_lowercase());
    parts.next().is_none() && language.is_some_and(letters) && hex(facts) && hex(prose)
}
