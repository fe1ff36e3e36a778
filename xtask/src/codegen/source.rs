//! A file of the spec as text, which every diagnostic quotes.

/// A spec file as text.
#[derive(Clone, Debug)]
pub struct Source {
    /// Path for people: `spec/endpoints/…`.
    pub path: String,
    /// The whole text.
    pub text: String,
}
