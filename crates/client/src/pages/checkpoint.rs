//! The position in a listing of items.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::vec;
use tencent_chat_types::Paged;

/// The position in a listing of items: the request of a page, and how many of its items have been taken.
///
/// It can be stored, for example as JSON, to continue later with `items_from`. The page is then requested once
/// more; if items were added or removed meanwhile, those that have moved on the page can occur twice or be
/// missed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Checkpoint<E> {
    /// The request for the page.
    pub request: E,
    /// How many of its items have been taken.
    pub taken: usize,
}

/// A pair of request and number.
impl<E: Serialize> Serialize for Checkpoint<E> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (&self.request, self.taken).serialize(serializer)
    }
}

impl<'de, E: Deserialize<'de>> Deserialize<'de> for Checkpoint<E> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (request, taken) = Deserialize::deserialize(deserializer)?;
        Ok(Self { request, taken })
    }
}

/// The items of the current page.
pub(crate) struct Page<E: Paged> {
    items: vec::IntoIter<E::Item>,
    /// The request for them.
    request: Option<E>,
    taken: usize,
    /// How many of the next page have been taken before.
    skip: usize,
}

impl<E: Paged> Page<E> {
    /// Before the first page, of which this many items have been taken before.
    pub(crate) fn before(skip: usize) -> Self {
        Self {
            items: Vec::new().into_iter(),
            request: None,
            taken: 0,
            skip,
        }
    }

    /// The page for a request.
    pub(crate) fn fill(&mut self, request: Option<E>, reply: E::Reply) {
        self.items = E::items(reply).into_iter();
        self.request = request;
        self.taken = 0;
        let skip = std::mem::take(&mut self.skip);
        for _ in self.by_ref().take(skip) {}
    }

    /// The position, before the page that is next.
    pub(crate) fn checkpoint(&self, next: Option<&E>) -> Option<Checkpoint<E>> {
        let (request, taken) = match &self.request {
            Some(request) if self.items.len() > 0 => (request, self.taken),
            _ => (next?, self.skip),
        };
        Some(Checkpoint {
            request: request.clone(),
            taken,
        })
    }
}

impl<E: Paged> Iterator for Page<E> {
    type Item = E::Item;

    fn next(&mut self) -> Option<E::Item> {
        let item = self.items.next()?;
        self.taken += 1;
        Some(item)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.items.size_hint()
    }
}

impl<E: Paged> ExactSizeIterator for Page<E> {}
