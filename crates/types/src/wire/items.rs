//! What a list or a map contained besides its items.

use super::{form::Form, parts::Parts};

/// What a list or a map contained that its Rust type doesn't show.
#[derive(Clone, Default, PartialEq)]
pub(crate) struct Items {
    /// Items that don't fit, by their position among all items or by their key.
    pub(crate) apart: Parts,
    /// Strings with invalid parts, by their index among those that fit; entries of maps in other forms.
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
