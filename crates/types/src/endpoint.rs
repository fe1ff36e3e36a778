//! What the client, the simulator and the tests need to know about a command.

use crate::{
    Envelope, ErrorCode, ErrorCodeInfo,
    validate::Validate,
    wire::{Extra, Form},
};
use serde::{Serialize, de::DeserializeOwned};
use std::time::Duration;

/// A request type: one command of the REST API.
///
/// All generated requests implement it. Implement it for a type of your own to call a command
/// that this crate doesn't know yet, with the same checks, signing and error handling.
pub trait Endpoint: Serialize + DeserializeOwned + Validate + Send + Sync + 'static {
    /// The type of the reply.
    type Reply: Reply;
    /// Facts about the command.
    const META: &'static Meta;

    /// Whether it is safe to send this request again, even if the service has acted on the
    /// first one. All retries depend on it.
    ///
    /// For a command where certain fields make a repeat safe, it returns `true` only if
    /// all of them are set in the request. The trait can't see the fields, so without an implementation the
    /// default is `false`.
    fn is_repeat_safe(&self) -> bool {
        matches!(Self::META.repeat, Repeat::Read | Repeat::Idempotent)
    }

    /// How many items this request counts for in [`QuotaUnit::Items`]: the number of entries in the list that
    /// [`Meta::counted`] names; 1 if it names none.
    fn quota_items(&self) -> usize {
        1
    }
}

/// Whether a required field is sent: it isn't if it was missing, null or invalid in what the request
/// was decoded from, and has not been set since.
pub(crate) fn is_set<T: Default + PartialEq>(value: &T, wire: &str, extra: &Extra) -> bool {
    let missing = matches!(extra.form(wire), Form::Absent | Form::Null | Form::Misfit);
    *value != T::default() || !missing
}

/// A type of reply.
pub trait Reply: DeserializeOwned + Serialize + std::fmt::Debug + Send + 'static {
    /// The result of the call itself: status, error code, the service's message.
    fn envelope(&self) -> &Envelope;
    /// The same, for composing a reply.
    fn envelope_mut(&mut self) -> &mut Envelope;
}

/// A command with paged replies.
pub trait Paged: Endpoint + Clone {
    /// An entry of the paged list.
    type Item: Send;
    /// Changes this request to the page after `reply`.
    fn advance(&mut self, reply: &Self::Reply) -> Advance;
    /// The entries of a page.
    fn items(reply: Self::Reply) -> Vec<Self::Item>;
}

/// The result of [`Paged::advance`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Advance {
    /// The request now asks for the next page.
    Next,
    /// The reply was the last page.
    End,
    /// The reply promises more but has the same cursor as the request: sending it again would be an
    /// endless loop.
    Stuck,
}

/// A command that takes a limited number of items per call, and whose items can be split into several calls.
pub trait Batched: Endpoint + Clone {
    /// An entry of the list that is split.
    type Item: Clone + std::fmt::Debug + Send + Sync + 'static;
    /// What a reply lists for each item; `()` if it lists only failures.
    type Entry: Send + Sync + 'static;
    /// Maximum number of items per call.
    const MAX: usize;
    /// Whether concurrent calls can interfere with each other, so that each one must finish before the
    /// next starts.
    const ONE_BY_ONE: bool = false;
    /// Removes the items from the request. The remainder is the same for all calls.
    fn take_items(&mut self) -> Vec<Self::Item>;
    /// Replaces the items of the request.
    fn set_items(&mut self, items: Vec<Self::Item>);
    /// The entries of a reply, in its order.
    fn entries(reply: &Self::Reply) -> &[Self::Entry];
    /// What the reply to a call with these items says about each of them, in the order of the items.
    fn reports(reply: &Self::Reply, items: &[Self::Item]) -> Vec<ItemReport>;
}

/// What a successful reply says about one item.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ItemReport {
    /// The item succeeded.
    Done {
        /// Index of its entry in [`Batched::entries`], if it has one.
        entry: Option<usize>,
    },
    /// The item failed, although the call itself succeeded.
    Failed {
        /// Index of its entry in [`Batched::entries`], if it has one.
        entry: Option<usize>,
        /// The service's error code, if the reply has one for each item.
        code: Option<ErrorCode>,
        /// The service's message, if it has one.
        info: Option<String>,
    },
    /// The reply does not mention it, although it should.
    Unmentioned,
}

/// Facts about a command, from its spec file.
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Meta {
    /// Rust name: `get_contact_group`.
    pub name: &'static str,
    /// Family: `conversation`.
    pub family: &'static str,
    /// Path below the host: `v4/recentcontact/get_contact_group`.
    pub path: &'static str,
    /// The vendor's page, if its number is known.
    pub page: Option<u32>,
    /// Default quotas, all of which apply; empty if no source documents one. Plans can change
    /// them.
    pub quotas: &'static [Quota],
    /// The request's list (wire name) whose entries are the items of [`QuotaUnit::Items`].
    pub counted: Option<&'static str>,
    /// Whether it is safe to send the same request twice.
    pub repeat: Repeat,
    /// For how many seconds the service drops a duplicate of a request, if `repeat` is
    /// [`Repeat::DeduplicatedBy`] and a source documents it. After that the service acts on it again.
    pub duplicate_seconds: Option<u32>,
    /// Error codes that the vendor's page lists for this command.
    pub errors: &'static [ErrorCode],
    /// The meaning of codes for this command, if it is narrower than [`ErrorCode::meaning`].
    pub error_notes: &'static [(ErrorCode, &'static str)],
    /// Seconds after which retrying this command can help, if it differs from other commands; see
    /// [`Meta::retry_after`].
    pub retry_times: &'static [(ErrorCode, u32)],
    /// IDs of the regions that serve the command; empty if all do.
    pub regions: &'static [&'static str],
    /// Whether its replies have neither `ActionStatus` nor `ErrorCode`. For all other commands, such a
    /// reply is not the service's.
    pub bare_reply: bool,
}

impl Meta {
    /// Creates facts about a command, for request types outside this crate.
    pub const fn new(
        family: &'static str,
        name: &'static str,
        path: &'static str,
        repeat: Repeat,
    ) -> Self {
        Self {
            name,
            family,
            path,
            page: None,
            quotas: &[],
            counted: None,
            repeat,
            duplicate_seconds: None,
            errors: &[],
            error_notes: &[],
            retry_times: &[],
            regions: &[],
            bare_reply: false,
        }
    }

    /// Adds the number of the vendor's page.
    #[must_use]
    pub const fn with_page(mut self, page: u32) -> Self {
        self.page = Some(page);
        self
    }

    /// Adds the quotas.
    #[must_use]
    pub const fn with_quotas(mut self, quotas: &'static [Quota]) -> Self {
        self.quotas = quotas;
        self
    }

    /// Names the list whose entries count against quotas of items. The request type returns their number from
    /// [`Endpoint::quota_items`].
    #[must_use]
    pub const fn with_counted(mut self, list: &'static str) -> Self {
        self.counted = Some(list);
        self
    }

    /// Adds the documented error codes.
    #[must_use]
    pub const fn with_errors(mut self, errors: &'static [ErrorCode]) -> Self {
        self.errors = errors;
        self
    }

    /// Adds the meaning of codes for this command.
    #[must_use]
    pub const fn with_error_notes(mut self, notes: &'static [(ErrorCode, &'static str)]) -> Self {
        self.error_notes = notes;
        self
    }

    /// Adds the seconds after which a retry can help, by code.
    #[must_use]
    pub const fn with_retry_after(mut self, times: &'static [(ErrorCode, u32)]) -> Self {
        self.retry_times = times;
        self
    }

    /// Sets for how many seconds the service drops duplicates.
    #[must_use]
    pub const fn with_duplicate_seconds(mut self, seconds: u32) -> Self {
        self.duplicate_seconds = Some(seconds);
        self
    }

    /// Names the regions that serve the command, if not all of them do.
    #[must_use]
    pub const fn with_regions(mut self, regions: &'static [&'static str]) -> Self {
        self.regions = regions;
        self
    }

    /// Accepts replies with neither `ActionStatus` nor `ErrorCode` as the service's.
    #[must_use]
    pub const fn with_bare_reply(mut self) -> Self {
        self.bare_reply = true;
        self
    }

    /// How long retrying this command can't help after `code`: its own time, otherwise that of
    /// the code.
    pub fn retry_after(&self, code: ErrorCode) -> Option<Duration> {
        let own = self.retry_times.iter().find(|(timed, _)| *timed == code);
        own.map(|(_, seconds)| Duration::from_secs(u64::from(*seconds)))
            .or_else(|| self.info_of(code)?.retry_after())
    }

    /// The service that the command belongs to, the middle of its path: `recentcontact`.
    pub fn service(&self) -> &'static str {
        self.path.split('/').nth(1).unwrap_or_default()
    }

    /// The number of entries in the list that [`counted`](Self::counted) names, in a request that is known only
    /// as JSON; `None` if the command counts none, or the request has no such list.
    pub fn counted_in(&self, body: &[u8]) -> Option<usize> {
        let list = self.counted?;
        let body: serde_json::Value = serde_json::from_slice(body).ok()?;
        Some(body.get(list)?.as_array()?.len())
    }

    /// The entry of the public table for `code` when this command's service sent it.
    pub fn info_of(&self, code: ErrorCode) -> Option<&'static ErrorCodeInfo> {
        code.info_in(self.service())
    }

    /// What `code` means for this command: the command's own note, otherwise the meaning in its
    /// service.
    pub fn meaning_of(&self, code: ErrorCode) -> Option<&'static str> {
        let note = self.error_notes.iter().find(|(noted, _)| *noted == code);
        note.map(|(_, note)| *note)
            .or_else(|| self.info_of(code).map(|info| info.meaning))
    }
}

/// A limit on calls or items within any window of some seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Quota {
    /// Calls or items per window.
    pub amount: u32,
    /// Length of the window in seconds.
    pub seconds: u32,
    /// What is counted.
    pub unit: QuotaUnit,
    /// The edition to which it applies; `None` if it applies to all.
    pub edition: Option<Edition>,
    /// The error code of the service when this quota is exceeded, if a source documents it.
    pub code: Option<ErrorCode>,
}

impl Quota {
    /// A limit on calls within a window of `seconds`, in every edition.
    pub const fn calls(amount: u32, seconds: u32) -> Self {
        Self {
            amount,
            seconds,
            unit: QuotaUnit::Calls,
            edition: None,
            code: None,
        }
    }

    /// A limit on items of calls within a window of `seconds`, in every edition.
    pub const fn items(amount: u32, seconds: u32) -> Self {
        let calls = Self::calls(amount, seconds);
        Self {
            unit: QuotaUnit::Items,
            ..calls
        }
    }

    /// Limits the quota to one edition.
    #[must_use]
    pub const fn in_edition(mut self, edition: Edition) -> Self {
        self.edition = Some(edition);
        self
    }

    /// Adds the code of the service's refusal.
    #[must_use]
    pub const fn refused_with(mut self, code: ErrorCode) -> Self {
        self.code = Some(code);
        self
    }

    /// Whether it applies to apps of an edition.
    pub fn holds_in(&self, edition: Edition) -> bool {
        self.edition.is_none_or(|own| own == edition)
    }
}

/// The unit of a quota.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum QuotaUnit {
    /// Each call counts once.
    Calls,
    /// Each call counts once for every entry of one of its lists, such as once per recipient of a message.
    Items,
}

impl QuotaUnit {
    /// How much a call with this many items uses.
    pub const fn of_call(self, items: u32) -> u32 {
        match self {
            Self::Calls => 1,
            Self::Items => items,
        }
    }
}

/// The edition of an app, to the extent that quotas depend on it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Edition {
    /// Trial, developer and other free editions.
    Free,
    /// Any paid edition.
    #[default]
    Paid,
}

/// Whether it is safe to send the same request twice. [`Endpoint::is_repeat_safe`] answers this for a
/// particular request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Repeat {
    /// The command changes nothing.
    Read,
    /// The command is idempotent: a second run has no further effect.
    Idempotent,
    /// The service drops a second request with the same values in these fields (wire names).
    DeduplicatedBy(&'static [&'static str]),
    /// The command is idempotent if these fields (wire names) are set; without them, a second run
    /// also affects what has happened in between.
    IdempotentWith(&'static [&'static str]),
    /// A second run does the work again.
    Unsafe,
}

/// Runs code that is generic over the request type of a command that is known only by its path.
pub trait EndpointVisitor {
    /// The result.
    type Output;
    /// Runs for request type `E`.
    fn visit<E: Endpoint + Clone + PartialEq + std::fmt::Debug>(self) -> Self::Output;
}

/// Runs code that is generic over the request type of a command with paged replies.
pub trait PagedVisitor {
    /// The result.
    type Output;
    /// Runs for request type `E`.
    fn visit<E: Paged + PartialEq + std::fmt::Debug>(self) -> Self::Output;
}

/// Runs code that is generic over the request type of a command that can be split.
pub trait BatchedVisitor {
    /// The result.
    type Output;
    /// Runs for request type `E`.
    fn visit<E: Batched + PartialEq + std::fmt::Debug>(self) -> Self::Output;
}
