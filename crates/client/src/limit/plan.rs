//! Which windows a call has to fit into.

use crate::Turn;
use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};
use tencent_chat_types::Quota;

/// By how much windows are kept longer than the service's: requests that leave in one of our
/// windows can arrive in one of its.
const MARGIN: f64 = 0.005;

/// Windows up to this are spread evenly; longer ones may be used up at once.
const SPREAD_UP_TO: Duration = Duration::from_secs(1);

/// So much in any window of this length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Window {
    pub(crate) amount: u32,
    /// Of the service's window.
    pub(crate) length: Duration,
}

impl Window {
    /// None where the quota limits nothing: a window of no time holds any number.
    pub(crate) fn new(quota: Quota) -> Option<Self> {
        let length = Duration::from_secs(quota.seconds.into());
        (!length.is_zero()).then_some(Self {
            amount: quota.calls,
            length,
        })
    }

    /// For how long a call counts here: a little longer than at the service.
    pub(crate) fn kept(&self) -> Duration {
        self.length.mul_f64(1.0 + MARGIN)
    }

    /// The time between two calls, where they are spread evenly over the window.
    pub(crate) fn spacing(&self) -> Option<Duration> {
        let is_spread = self.length <= SPREAD_UP_TO && self.amount > 0;
        is_spread.then(|| self.kept() / self.amount)
    }
}

/// The windows of an app's commands: the spec's, but for those that the app has set.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    set: HashMap<String, Option<Window>>,
    /// Of commands that were called. A raw call may not know its command's quota.
    known: RwLock<HashMap<String, Arc<[Window]>>>,
}

impl Plan {
    /// Another quota for a command than the spec's.
    pub(crate) fn set(&mut self, command: String, quota: Option<Quota>) {
        self.set.insert(command, quota.and_then(Window::new));
    }

    /// For the command of this call; none where its quota is not known.
    pub(crate) fn command(&self, turn: &Turn<'_>) -> Option<Arc<[Window]>> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(windows) = known.get(turn.command) {
            return Some(Arc::clone(windows));
        }
        drop(known);
        let set = self.set.get(turn.command).copied();
        let window = set.unwrap_or_else(|| turn.quota.and_then(Window::new))?;
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        let entry = known.entry(turn.command.to_owned());
        Some(Arc::clone(entry.or_insert_with(|| Arc::new([window]))))
    }
}
