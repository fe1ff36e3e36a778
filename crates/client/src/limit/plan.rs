//! The windows that apply to a call.

use super::turn::Turn;
use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};
use tencent_chat_types::{Quota, QuotaUnit};

/// By how much windows are longer than the service's: requests sent in one of our
/// windows can arrive in one of its.
const MARGIN: f64 = 0.005;

/// Windows up to this length are spread evenly; longer ones may be used up at once.
const SPREAD_UP_TO: Duration = Duration::from_secs(1);

/// An amount in any window of this length.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Window {
    pub(crate) amount: u32,
    pub(crate) unit: QuotaUnit,
    /// Length of the service's window.
    pub(crate) length: Duration,
    /// Whether calls are spread evenly over it.
    is_spread: bool,
}

impl Window {
    /// `None` if the quota limits nothing: a window of zero length holds any number.
    pub(crate) fn new(quota: Quota) -> Option<Self> {
        let length = Duration::from_secs(quota.seconds.into());
        (!length.is_zero()).then_some(Self {
            amount: quota.amount,
            unit: quota.unit,
            length,
            // Calls have many items each, which can't be spread.
            is_spread: quota.unit == QuotaUnit::Calls && length <= SPREAD_UP_TO && quota.amount > 0,
        })
    }

    /// The same with a scaled length. Whether calls are spread does not change.
    fn scaled(self, times: f64) -> Self {
        Self {
            length: self.length.mul_f64(times),
            ..self
        }
    }

    /// How much of it a call uses.
    pub(crate) fn units(&self, turn: &Turn<'_>) -> u32 {
        self.unit.of_call(turn.items)
    }

    /// How long a call counts here: a little longer than at the service.
    pub(crate) fn kept(&self) -> Duration {
        self.length.mul_f64(1.0 + MARGIN)
    }

    /// The time between two calls, if they are spread evenly over the window.
    pub(crate) fn spacing(&self) -> Option<Duration> {
        self.is_spread.then(|| self.kept() / self.amount)
    }
}

/// The windows of an app's commands: the spec's, except for those that the app has overridden.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    set: HashMap<String, Vec<Window>>,
    /// Scale of the windows, relative to the service's.
    scale: Option<f64>,
    /// Windows of commands that were called. A raw call may not know its command's quotas.
    known: RwLock<HashMap<String, Arc<[Window]>>>,
}

impl Plan {
    /// Overrides the quotas of a command.
    pub(crate) fn set(&mut self, command: String, quotas: &[Quota]) {
        let windows = quotas.iter().copied().filter_map(Window::new);
        self.set.insert(command, windows.collect());
    }

    /// Scales the windows.
    pub(crate) fn scale(&mut self, scale: f64) {
        self.scale = (scale.is_finite() && scale > 0.0).then_some(scale);
    }

    /// The windows for the command of this call; `None` if its quotas are unknown.
    pub(crate) fn command(&self, turn: &Turn<'_>) -> Option<Arc<[Window]>> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(windows) = known.get(turn.command) {
            return Some(Arc::clone(windows));
        }
        drop(known);
        let mut windows = match self.set.get(turn.command) {
            Some(windows) => windows.clone(),
            None => (turn.quotas.iter().copied())
                .filter(|quota| quota.holds_in(turn.edition))
                .filter_map(Window::new)
                .collect(),
        };
        if windows.is_empty() {
            return None;
        }
        if let Some(scale) = self.scale {
            for window in &mut windows {
                *window = window.scaled(scale);
            }
        }
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        let entry = known.entry(turn.command.to_owned());
        Some(Arc::clone(entry.or_insert_with(|| windows.into())))
    }
}

/// The methods of a limiter that change its field `plan`.
macro_rules! plan_setters {
    () => {
        /// Replaces the spec's quotas of a command by one: `calls` in any window of `seconds`.
        #[must_use]
        pub fn command(self, command: impl Into<String>, calls: u32, seconds: u32) -> Self {
            self.quotas(command, &[Quota::calls(calls, seconds)])
        }

        /// Replaces the spec's quotas of a command, by quotas of calls and of items. All of them hold at
        /// once, in all editions.
        #[must_use]
        pub fn quotas(mut self, command: impl Into<String>, quotas: &[Quota]) -> Self {
            self.plan.set(command.into(), quotas);
            self
        }

        /// Makes the windows of commands longer or shorter than the service's by this factor, such as 0.01
        /// in tests. A factor that is not above zero counts as 1.
        #[must_use]
        pub fn time_scale(mut self, times: f64) -> Self {
            self.plan.scale(times);
            self
        }

        /// Removes the quotas of a command.
        #[must_use]
        pub fn unlimited(mut self, command: impl Into<String>) -> Self {
            self.plan.set(command.into(), &[]);
            self
        }
    };
}
pub(crate) use plan_setters;
