//! A map that knows which of its entries were touched, so that they alone are written again.

use super::stamp::Stamp;
use std::{
    borrow::Borrow,
    collections::{BTreeMap, BTreeSet, btree_map},
    mem,
    ops::Deref,
};

/// Entries by their keys. It is read as the map that it is; whatever changes an entry notes its key.
#[derive(Debug)]
pub(crate) struct Table<K, V> {
    entries: BTreeMap<K, V>,
    touched: Vec<(K, Note)>,
}

/// What a table holds.
pub(crate) trait Entry {
    /// Stands for what it is, where one row holds all of it; none where it knows itself what of it was
    /// stored.
    fn stamp(&self) -> Option<Stamp>;
}

/// Entries of one row each.
macro_rules! of_one_row {
    ($($entry:ty),*) => {
        $(impl Entry for $entry {
            fn stamp(&self) -> Option<Stamp> {
                Stamp::of(self)
            }
        })*
    };
}
pub(super) use of_one_row;

/// Entries of several rows.
macro_rules! of_several_rows {
    ($($entry:ty),*) => {
        $(impl Entry for $entry {
            fn stamp(&self) -> Option<Stamp> {
                None
            }
        })*
    };
}
pub(super) use of_several_rows;

/// What became of an entry since the table was drained.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Note {
    /// It was not there before.
    pub(crate) is_new: bool,
    /// What was there has gone; something else may be there now.
    pub(crate) was_removed: bool,
    /// Stands for what was there before, where that is known.
    pub(super) before: Option<Stamp>,
}

impl<K, V> Default for Table<K, V> {
    fn default() -> Self {
        Self {
            entries: BTreeMap::new(),
            touched: Vec::new(),
        }
    }
}

impl<K, V> Deref for Table<K, V> {
    type Target = BTreeMap<K, V>;

    fn deref(&self) -> &Self::Target {
        &self.entries
    }
}

impl<'a, K, V> IntoIterator for &'a Table<K, V> {
    type Item = (&'a K, &'a V);
    type IntoIter = btree_map::Iter<'a, K, V>;

    fn into_iter(self) -> Self::IntoIter {
        self.entries.iter()
    }
}

impl<K: Ord + Clone, V: Entry> Table<K, V> {
    /// An entry, to be changed.
    pub(crate) fn get_mut<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
    {
        let (held, value) = self.entries.get_key_value(key)?;
        // The first note of a key says what was there before.
        if self.touched.last().is_none_or(|(last, _)| last != held) {
            let note = Note {
                before: value.stamp(),
                ..Note::default()
            };
            self.touched.push((held.clone(), note));
        }
        self.entries.get_mut(key)
    }

    /// An entry, to be changed; it is made where there is none.
    pub(crate) fn or_default(&mut self, key: K) -> &mut V
    where
        V: Default,
    {
        self.or_insert(key, V::default())
    }

    /// An entry, to be changed; this one where there is none.
    pub(crate) fn or_insert(&mut self, key: K, value: V) -> &mut V {
        let held = self.entries.get(&key);
        let note = Note {
            is_new: held.is_none(),
            was_removed: false,
            before: held.and_then(Entry::stamp),
        };
        self.touched.push((key.clone(), note));
        self.entries.entry(key).or_insert(value)
    }

    /// Puts an entry in, in place of the one that is there.
    pub(crate) fn insert(&mut self, key: K, value: V) {
        let before = self.entries.insert(key.clone(), value);
        let note = Note {
            is_new: before.is_none(),
            was_removed: before.is_some(),
            before: before.as_ref().and_then(Entry::stamp),
        };
        self.touched.push((key, note));
    }

    /// Takes an entry out.
    pub(crate) fn remove<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        let (key, value) = self.entries.remove_entry(key)?;
        let note = Note {
            is_new: false,
            was_removed: true,
            before: value.stamp(),
        };
        self.touched.push((key, note));
        Some(value)
    }

    /// Keeps the entries that are wanted.
    pub(crate) fn retain(&mut self, mut keep: impl FnMut(&K, &V) -> bool) {
        let gone = self.entries.iter().filter(|(key, value)| !keep(key, value));
        let gone: Vec<K> = gone.map(|(key, _)| key.clone()).collect();
        for key in &gone {
            self.remove(key);
        }
    }

    /// Changes entries; what is called says whether it changed the one that it was given.
    pub(crate) fn update(&mut self, mut change: impl FnMut(&K, &mut V) -> bool) {
        for (key, value) in &mut self.entries {
            if change(key, value) {
                self.touched.push((key.clone(), Note::default()));
            }
        }
    }

    /// Puts an entry in as it is known to be stored already.
    pub(crate) fn load(&mut self, key: K, value: V) {
        self.entries.insert(key, value);
    }

    /// An entry, to be completed with what is stored already.
    pub(crate) fn loading<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
    {
        self.entries.get_mut(key)
    }

    /// Notes every entry as a new one.
    pub(crate) fn touch_all(&mut self, mut inside: impl FnMut(&mut V)) {
        let note = Note {
            is_new: true,
            ..Note::default()
        };
        for (key, value) in &mut self.entries {
            self.touched.push((key.clone(), note));
            inside(value);
        }
    }

    /// Hands over the entries that were touched, each once, with what is there now.
    pub(crate) fn drain(&mut self, mut each: impl FnMut(&K, Note, Option<&mut V>)) {
        let mut touched = mem::take(&mut self.touched);
        // Each key's first note says whether it was there before; any, whether that has gone.
        touched.sort_by(|(a, _), (b, _)| a.cmp(b));
        touched.dedup_by(|(next, next_note), (first, note)| {
            let same = next == first;
            note.was_removed |= same && next_note.was_removed;
            same
        });
        for (key, note) in touched.drain(..) {
            each(&key, note, self.entries.get_mut(&key));
        }
        // Its memory is used again, unless it is more than an act needs as a rule.
        if touched.capacity() <= 64 {
            self.touched = touched;
        }
    }
}

impl<K: Ord + Clone, V: Entry> Extend<(K, V)> for Table<K, V> {
    fn extend<T: IntoIterator<Item = (K, V)>>(&mut self, entries: T) {
        for (key, value) in entries {
            self.insert(key, value);
        }
    }
}

of_one_row! { u64, (), BTreeSet<u64> }

#[cfg(test)]
mod tests {
    use super::*;

    fn drained(table: &mut Table<u64, u64>) -> Vec<(u64, bool, bool, Option<u64>)> {
        let mut all = Vec::new();
        table.drain(|key, note, value| {
            all.push((
                *key,
                note.is_new,
                note.was_removed,
                value.map(|value| *value),
            ));
        });
        all
    }

    #[test]
    fn what_was_touched_comes_once_with_what_is_there_now() {
        let mut table = Table::default();
        table.extend([(1, 10), (2, 20), (3, 30), (4, 40)]);
        let new = |key| (key, true, false, Some(key * 10));
        assert_eq!(drained(&mut table), [1, 2, 3, 4].map(new));
        assert_eq!(drained(&mut table), []);

        assert_eq!(table.get(&1), Some(&10));
        *table.or_default(2) += 1;
        *table.or_default(2) += 1;
        assert_eq!(table.get_mut(&9), None);
        table.remove(&3);
        table.insert(4, 41);
        *table.or_default(5) += 1;
        assert_eq!(
            drained(&mut table),
            [
                (2, false, false, Some(22)),
                (3, false, true, None),
                (4, false, true, Some(41)),
                (5, true, false, Some(1)),
            ]
        );

        table.remove(&5);
        *table.or_default(5) += 7;
        table.update(|key, value| {
            *value += 1;
            *key == 1
        });
        table.retain(|key, _| *key != 2);
        assert_eq!(
            drained(&mut table),
            [
                (1, false, false, Some(11)),
                (2, false, true, None),
                (5, false, true, Some(8)),
            ]
        );
    }

    #[test]
    fn what_is_loaded_is_not_written_again() {
        let mut table = Table::default();
        table.load(1, 10);
        if let Some(value) = table.loading(&1) {
            *value += 1;
        }
        assert_eq!(drained(&mut table), []);
        assert_eq!(table.get(&1), Some(&11));
    }
}
