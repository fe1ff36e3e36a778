//! The command being called, and the options of the call.

use crate::{
    error::{Called, Cause, Error, Sent},
    retry::RetryPolicy,
    transport::Transport,
};
use std::{
    sync::{Arc, atomic::AtomicBool},
    time::Duration,
};
use tencent_chat_types::{ENDPOINTS, Endpoint, Meta};

/// A command, known by its spec or only by its path, with the properties that depend on its request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Command<'a> {
    pub(crate) path: &'a str,
    pub(crate) meta: Option<&'static Meta>,
    /// Whether it is safe to repeat this request. Every error of the call has this value.
    pub(crate) repeat_safe: bool,
    /// How many items it counts for in quotas of items.
    pub(crate) items: u32,
}

impl<'a> Command<'a> {
    /// The only place where a call asks its request whether it may be sent again.
    pub(crate) fn of<E: Endpoint>(request: &E) -> Command<'static> {
        Command {
            path: E::META.path,
            meta: Some(E::META),
            repeat_safe: request.is_repeat_safe(),
            items: u32::try_from(request.quota_items()).unwrap_or(u32::MAX),
        }
    }

    /// A command before there is a request.
    #[cfg(feature = "blocking")]
    pub(crate) const fn about<E: Endpoint>() -> Command<'static> {
        Command {
            path: E::META.path,
            meta: Some(E::META),
            repeat_safe: true,
            items: 0,
        }
    }

    /// Nothing is known about the command, so a repeat may do the work again.
    pub(crate) const fn raw(path: &'a str) -> Self {
        Self {
            path,
            meta: None,
            repeat_safe: false,
            items: 1,
        }
    }

    /// A raw call counts for as many items as its body contains, if the spec says which they are.
    pub(crate) fn with_items_of(mut self, body: &[u8]) -> Self {
        if let Some(items) = self.known().and_then(|meta| meta.counted_in(body)) {
            self.items = u32::try_from(items).unwrap_or(u32::MAX);
        }
        self
    }

    /// The spec's facts about the command, even for a raw call.
    pub(crate) fn known(self) -> Option<&'static Meta> {
        let named = || ENDPOINTS.iter().find(|meta| meta.path == self.path);
        self.meta.or_else(|| named().copied())
    }

    pub(crate) fn error(self, cause: Cause, sent: Sent) -> Error {
        let called = Called {
            path: self.path,
            meta: self.meta,
            repeat_safe: self.repeat_safe,
        };
        Error::new(called, cause, sent)
    }
}

/// The options of a call.
pub(crate) struct Options {
    /// Deadline for all attempts and pauses together.
    pub(crate) deadline: Duration,
    pub(crate) retry: Arc<RetryPolicy>,
    /// How long to wait for turns before the wait counts towards the deadline.
    pub(crate) quota_wait: Duration,
    /// Set when the first turn has come.
    pub(crate) begun: Option<Arc<AtomicBool>>,
}

impl Transport {
    /// Whether the app's region serves a command. Raw calls are not checked: they are for what the spec
    /// doesn't know yet.
    pub(crate) fn serves(&self, command: Command<'_>) -> Result<(), Cause> {
        let served = command.meta.map_or(&[][..], |meta| meta.regions);
        match self.region {
            Some(here) if !served.is_empty() && !served.contains(&here.id) => {
                Err(Cause::Region { here, served })
            }
            _ => Ok(()),
        }
    }

    /// The client's own options, overridden by those of the call.
    pub(crate) fn options(
        &self,
        deadline: Option<Duration>,
        retry: Option<RetryPolicy>,
    ) -> Options {
        Options {
            deadline: deadline.unwrap_or(self.deadline),
            retry: retry.map_or_else(|| Arc::clone(&self.retry), Arc::new),
            quota_wait: Duration::ZERO,
            begun: None,
        }
    }
}
