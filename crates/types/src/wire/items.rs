//! What a list or a map held beside its items.

use super::{form::Form, parts::Parts};

/// What a list or a map held that its Rust type does not show.
#[derive(Clone, Default, PartialEq)]
pub(crate) struct Items {
    /// What does not fit, by its place among all items or by its key.
    pub(crate) apart: Parts,
    /// Texts with invalid parts, by their index among those that fit; entries of maps in other forms.
    pub(crate) raw: Parts,
    /// The form of each item that fits, where they differ.
    pub(crate) forms: Vec<Form>,
    /// Whether these are of a map.
    pub(crate) keyed: bool,
}

impl Items {
    pub(crate) fn shrink(&mut self) {
        self.apart.shrink();
        self.raw.shrink();
        self.forms.shrink_to_fit();
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.apart.is_empty() && self.raw.is_empty() && self.forms.is_empty()
    }
}
