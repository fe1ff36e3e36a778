//! The items of a batch, on their way from the app to the outcome.

use std::{collections::VecDeque, vec};

/// Items that wait for their call, followed by those whose call has ended. They return to the memory that they left:
/// for a large batch, new memory costs more than everything else that it adds to its calls.
///
/// As an iterator, the calls that have not begun: the number and the items of each.
pub(super) struct Items<I> {
    all: VecDeque<I>,
    /// How many at the front wait, to be cut into calls of this size.
    uncut: usize,
    part_size: usize,
    /// The number of the next call.
    number: usize,
    /// The calls, if they are cut around invalid items.
    cut: vec::IntoIter<(usize, Vec<I>)>,
}

impl<I> Items<I> {
    pub(super) fn uncut(items: Vec<I>, part_size: usize) -> Self {
        Self {
            uncut: items.len(),
            all: items.into(),
            part_size,
            number: 0,
            cut: Vec::new().into_iter(),
        }
    }

    pub(super) fn cut(calls: Vec<(usize, Vec<I>)>) -> Self {
        Self {
            cut: calls.into_iter(),
            ..Self::uncut(Vec::new(), 1)
        }
    }

    /// Takes back the items of the next call that has ended.
    pub(super) fn give_back(&mut self, items: Vec<I>) {
        self.all.extend(items);
    }

    /// All items, once all have been given back.
    pub(super) fn into_vec(self) -> Vec<I> {
        self.all.into()
    }
}

impl<I> Iterator for Items<I> {
    type Item = (usize, Vec<I>);

    fn next(&mut self) -> Option<Self::Item> {
        if self.uncut == 0 {
            return self.cut.next();
        }
        let count = self.part_size.min(self.uncut);
        let part = self.all.drain(..count).collect();
        self.uncut -= count;
        let number = self.number;
        self.number += 1;
        Some((number, part))
    }
}
