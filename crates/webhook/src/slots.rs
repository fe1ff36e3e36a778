//! A limit that nobody waits for: whoever finds no free slot goes without.

use std::{
    ops::Deref,
    sync::atomic::{AtomicUsize, Ordering},
};

/// Free slots. A semaphore would also keep a queue, behind a lock that each release takes.
#[derive(Debug)]
pub(crate) struct Slots(AtomicUsize);

/// One slot, which is free again when this is dropped.
#[derive(Debug)]
pub(crate) struct Slot<S: Deref<Target = Slots>>(S);

impl Slots {
    pub(crate) const fn new(free: usize) -> Self {
        Self(AtomicUsize::new(free))
    }

    /// Takes a slot; `None` if none is free.
    pub(crate) fn take<S: Deref<Target = Self>>(slots: S) -> Option<Slot<S>> {
        let one_less = |free: usize| free.checked_sub(1);
        (slots.0)
            .fetch_update(Ordering::Acquire, Ordering::Relaxed, one_less)
            .ok()?;
        Some(Slot(slots))
    }
}

impl<S: Deref<Target = Slots>> Drop for Slot<S> {
    fn drop(&mut self) {
        self.0.0.fetch_add(1, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[test]
    fn a_slot_is_free_again_when_it_is_dropped() {
        let slots = Arc::new(Slots::new(2));
        let borrowed = Slots::take(&*slots).unwrap();
        let owned = Slots::take(Arc::clone(&slots)).unwrap();
        assert!(Slots::take(&*slots).is_none());
        drop(owned);
        assert!(Slots::take(&*slots).is_some());
        drop(borrowed);
        assert_eq!(slots.0.load(Ordering::Relaxed), 2);
        assert!(Slots::take(&Slots::new(0)).is_none());
    }
}
