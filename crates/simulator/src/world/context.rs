//! Who acts in the world, when, and what comes of it.

use super::{events::Events, state::State};
use crate::settings::Settings;

/// One act: a call of the API, or something that a user does on a device.
pub(crate) struct Context<'a> {
    pub(crate) state: &'a mut State,
    /// Who acts: the administrator who calls, or the user of a device.
    pub(crate) operator: &'a str,
    pub(crate) settings: &'a Settings,
    /// What the app is notified of.
    pub(crate) events: Events,
    /// Seconds since 1970.
    pub(crate) now: u64,
    /// Bytes of the request body; none of a device's.
    pub(crate) body_bytes: usize,
    /// Bytes of the messages that were stored.
    pub(crate) stored: usize,
    /// The act repeats an earlier one, and was dropped.
    pub(crate) is_duplicate: bool,
}
