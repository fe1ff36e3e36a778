//! The simulator's clock: the machine's or one of the caller's, and what it was moved ahead.

use crate::settings::lock;
use std::{
    fmt,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};
use tencent_chat_usersig::Clock;

/// Most seconds that the clock can be ahead: some 100 years.
pub(crate) const MAX_AHEAD_SECONDS: u64 = 100 * 366 * 86_400;

/// A clock that can be moved ahead while others look at it.
pub(crate) struct MovableClock {
    /// The machine's clock where there is none.
    base: Option<Arc<dyn Clock>>,
    ahead: AtomicU64,
    /// When the last event happened, in milliseconds.
    last_event: Mutex<u64>,
}

impl MovableClock {
    pub(crate) fn new(base: Option<Arc<dyn Clock>>) -> Self {
        Self {
            base,
            ahead: AtomicU64::new(0),
            last_event: Mutex::default(),
        }
    }

    /// How far it was moved.
    pub(crate) fn ahead(&self) -> Duration {
        Duration::from_secs(self.ahead.load(Ordering::Relaxed))
    }

    /// Moves it ahead, up to [`MAX_AHEAD_SECONDS`] in all.
    pub(crate) fn forward(&self, by: Duration) {
        let moved = |ahead: u64| Some(ahead.saturating_add(by.as_secs()).min(MAX_AHEAD_SECONDS));
        // The closure never refuses.
        let _ = (self.ahead).fetch_update(Ordering::Relaxed, Ordering::Relaxed, moved);
    }

    /// Takes back what it was moved.
    pub(crate) fn reset(&self) {
        let mut last = lock(&self.last_event);
        self.ahead.store(0, Ordering::Relaxed);
        *last = 0;
    }

    /// When an event happens, in milliseconds since 1970. No two have the same time as long as the clock
    /// is not set back, so that events that hold the same otherwise can be distinguished from repeats.
    pub(crate) fn event_time(&self) -> u64 {
        let mut last = lock(&self.last_event);
        let now = self.unix_seconds().saturating_mul(1_000);
        *last = now.max(*last + 1);
        *last
    }

    /// Milliseconds since 1970; whole seconds where the clock below knows no more.
    pub(crate) fn now_ms(&self) -> u64 {
        let base = match &self.base {
            Some(clock) => Duration::from_secs(clock.unix_seconds()),
            // A clock before 1970 is as wrong as one that says 1970.
            None => SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .unwrap_or_default(),
        };
        u64::try_from((base + self.ahead()).as_millis()).unwrap_or(u64::MAX)
    }
}

impl Clock for MovableClock {
    fn unix_seconds(&self) -> u64 {
        self.now_ms() / 1_000
    }
}

impl fmt::Debug for MovableClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MovableClock")
            .field("now_ms", &self.now_ms())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tencent_chat_usersig::FixedClock;

    #[test]
    fn no_two_events_have_one_time_and_none_is_ahead_of_a_clock_that_was_reset() {
        let clock = MovableClock::new(Some(Arc::new(FixedClock::new(1_000))));
        let times = [(); 3].map(|()| clock.event_time());
        assert_eq!(times, [1_000_000, 1_000_001, 1_000_002]);
        clock.forward(Duration::from_secs(86_400));
        assert_eq!(clock.event_time(), 87_400_000);
        clock.reset();
        assert_eq!(clock.event_time(), 1_000_000);
    }
}
