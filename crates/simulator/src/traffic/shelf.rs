//! The last of a kind, within a count and a number of bytes.

use std::collections::VecDeque;

/// Which records are asked for.
#[derive(Clone, Debug)]
pub(crate) struct Page {
    /// Only those with greater numbers, the first of them first; without it the last ones.
    pub(crate) after: Option<u64>,
    pub(crate) limit: usize,
}

/// Something with a number that grows.
pub(super) trait Numbered {
    fn id(&self) -> u64;
    /// Of its bodies, and of whatever else can be large.
    fn bytes(&self) -> usize;
}

/// Keeps what was added last.
#[derive(Debug)]
pub(super) struct Shelf<T> {
    /// Each with the bytes that it had when it came, so that they go as they came.
    list: VecDeque<(usize, T)>,
    most: usize,
    bytes: usize,
    most_bytes: usize,
}

impl<T: Numbered> Shelf<T> {
    pub(super) fn new(most: usize, most_bytes: usize) -> Self {
        Self {
            list: VecDeque::new(),
            most,
            bytes: 0,
            most_bytes,
        }
    }

    pub(super) fn push(&mut self, item: T) {
        let bytes = item.bytes();
        self.bytes += bytes;
        self.list.push_back((bytes, item));
        while self.list.len() > self.most || self.bytes > self.most_bytes {
            let Some((bytes, _)) = self.list.pop_front() else {
                break;
            };
            self.bytes -= bytes;
        }
    }

    pub(super) fn clear(&mut self) {
        self.list = VecDeque::new();
        self.bytes = 0;
    }

    pub(super) fn get(&self, id: u64) -> Option<&T> {
        let at = self.list.binary_search_by_key(&id, |(_, item)| item.id());
        self.list.get(at.ok()?).map(|(_, item)| item)
    }

    pub(super) fn after(&self, id: u64) -> impl DoubleEndedIterator<Item = &T> {
        let start = self.list.partition_point(|(_, item)| item.id() <= id);
        self.list.range(start..).map(|(_, item)| item)
    }
}

impl<T: Numbered + Clone> Shelf<T> {
    /// Those that are wanted, oldest first, and the number after which to go on: that of the last one
    /// when there may be more, and `last` otherwise.
    pub(super) fn page(
        &self,
        page: &Page,
        last: u64,
        wanted: impl Fn(&T) -> bool,
    ) -> (Vec<T>, u64) {
        let Some(after) = page.after else {
            let all = self.list.iter().rev().map(|(_, item)| item);
            let all = all.filter(|item| wanted(item));
            let mut newest: Vec<T> = all.take(page.limit).cloned().collect();
            newest.reverse();
            return (newest, last);
        };
        let all = self.after(after).filter(|item| wanted(item));
        let first: Vec<T> = all.take(page.limit).cloned().collect();
        let on = match first.last() {
            Some(item) if first.len() == page.limit => item.id(),
            _ => last,
        };
        (first, on)
    }
}
