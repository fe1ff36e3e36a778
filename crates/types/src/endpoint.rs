//! What the client, the simulator and the tests need to know of a command.

use crate::{
    Envelope, ErrorCode, ErrorCodeInfo,
    validate::Validate,
    wire::{Extra, Form},
};
use serde::{Serialize, de::DeserializeOwned};
use std::time::Duration;

/// A request type: one command of the REST API.
///
/// Every generated request implements it. Implement it for a type of your own to call a command
/// that this crate does not know yet with the same checks, signing and error handling.
pub trait Endpoint: Serialize + DeserializeOwned + Validate + Send + Sync + 'static {
    /// What the service answers.
    type Reply: Reply;
    /// Facts about the command.
    const META: &'static Meta;

    /// Whether sending this very request again does no harm, even if the service has acted upon the
    /// first one. Everything that repeats a request goes by this.
    ///
    /// A command for which certain fields make the repeat harmless answers yes only for a request in
    /// which all of them are set, which the trait cannot see: unless this is implemented for it, the
    /// answer is no.
    fn is_repeat_safe(&self) -> bool {
        matches!(Self::META.repeat, Repeat::Read | Repeat::Idempotent)
    }

    /// How many items this request counts for in [`QuotaUnit::Items`]: the entries of the list that
    /// [`Meta::counted`] names; 1 where it names none.
    fn quota_items(&self) -> usize {
        1
    }
}

/// Whether a required field goes out as such: it does not when it was missing or null in what the request
/// was decoded from, or something that does not fit, and has not been set since.
pub(crate) fn is_set<T: Default + PartialEq>(value: &T, wire: &str, extra: &Extra) -> bool {
    let missing = matches!(extra.form(wire), Form::Absent | Form::Null | Form::Misfit);
    *value != T::default() || !missing
}

/// A reply type.
pub trait Reply: DeserializeOwned + Serialize + std::fmt::Debug + Send + 'static {
    /// Result of the call as such: status, error code, the server's text.
    fn envelope(&self) -> &Envelope;
    /// The same, to compose a reply.
    fn envelope_mut(&mut self) -> &mut Envelope;
}

/// A command that answers in pages.
pub trait Paged: Endpoint + Clone {
    /// One entry of the list that is paged through.
    type Item: Send;
    /// Sets this request to the page after `reply`.
    fn advance(&mut self, reply: &Self::Reply) -> Advance;
    /// The entries of one page.
    fn items(reply: Self::Reply) -> Vec<Self::Item>;
}

/// What [`Paged::advance`] found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Advance {
    /// The request now asks for the next page.
    Next,
    /// The reply was the last page.
    End,
    /// The reply promises more but its cursor is the one that was sent: asking again would go
    /// round in circles.
    Stuck,
}

/// A command of which one call takes so many items at most, and any number can be split into calls.
pub trait Batched: Endpoint + Clone {
    /// One entry of the list that is split.
    type Item: Clone + std::fmt::Debug + Send + Sync + 'static;
    /// What a reply lists for an item; `()` where it lists nothing but failures.
    type Entry: Send + Sync + 'static;
    /// Most items of one call.
    const MAX: usize;
    /// Whether calls side by side can get into each other's way, so that one must end before the
    /// next begins.
    const ONE_BY_ONE: bool = false;
    /// Takes the items out. What stays is the same for all calls.
    fn take_items(&mut self) -> Vec<Self::Item>;
    /// Puts items in, in place of those that are there.
    fn set_items(&mut self, items: Vec<Self::Item>);
    /// What a reply lists, in the order of the reply.
    fn entries(reply: &Self::Reply) -> &[Self::Entry];
    /// What the reply to a call with these items says of each, in the order of the items.
    fn reports(reply: &Self::Reply, items: &[Self::Item]) -> Vec<ItemReport>;
}

/// What a successful reply says of one item.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ItemReport {
    /// It went well.
    Done {
        /// Index of its entry in [`Batched::entries`], where there is one.
        entry: Option<usize>,
    },
    /// It did not, although the call as such succeeded.
    Failed {
        /// Index of its entry in [`Batched::entries`], where there is one.
        entry: Option<usize>,
        /// The service's code, where the reply has one for each item.
        code: Option<ErrorCode>,
        /// The service's own words, where it has any.
        info: Option<String>,
    },
    /// The reply does not mention it, though it should.
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
    /// The vendor's page, where its number is known.
    pub page: Option<u32>,
    /// Default quotas, all of which hold at once; empty where no source names one. Plans can change
    /// them.
    pub quotas: &'static [Quota],
    /// The request's list (wire name) whose entries are the items of [`QuotaUnit::Items`].
    pub counted: Option<&'static str>,
    /// Whether the same request may be sent twice.
    pub repeat: Repeat,
    /// For how many seconds the service drops a second request that is the same, where `repeat` is
    /// [`Repeat::DeduplicatedBy`] and a source says so. Later it acts again.
    pub duplicate_seconds: Option<u32>,
    /// Error codes that the vendor's page lists for this command.
    pub errors: &'static [ErrorCode],
    /// What a code means for this command, where that is narrower than [`ErrorCode::meaning`].
    pub error_notes: &'static [(ErrorCode, &'static str)],
    /// Seconds after which a repeat of this command can help, where that is so for it alone; see
    /// [`Meta::retry_after`].
    pub retry_times: &'static [(ErrorCode, u32)],
    /// Ids of the regions that serve the command; empty where all do.
    pub regions: &'static [&'static str],
    /// Whether its replies have neither `ActionStatus` nor `ErrorCode`. Of every other command such a
    /// reply is not the service's.
    pub bare_reply: bool,
}

impl Meta {
    /// Facts about a command; for request types outside this crate.
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

    /// Names the list whose entries are counted by quotas of items. The request type says by
    /// [`Endpoint::quota_items`] how many there are.
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

    /// Adds what codes mean for this command.
    #[must_use]
    pub const fn with_error_notes(mut self, notes: &'static [(ErrorCode, &'static str)]) -> Self {
        self.error_notes = notes;
        self
    }

    /// Adds the seconds after which a repeat can help, by code.
    #[must_use]
    pub const fn with_retry_after(mut self, times: &'static [(ErrorCode, u32)]) -> Self {
        self.retry_times = times;
        self
    }

    /// Adds for how many seconds the service drops duplicates.
    #[must_use]
    pub const fn with_duplicate_seconds(mut self, seconds: u32) -> Self {
        self.duplicate_seconds = Some(seconds);
        self
    }

    /// Names the regions that serve the command, where not all do.
    #[must_use]
    pub const fn with_regions(mut self, regions: &'static [&'static str]) -> Self {
        self.regions = regions;
        self
    }

    /// Takes replies with neither `ActionStatus` nor `ErrorCode` for the service's.
    #[must_use]
    pub const fn with_bare_reply(mut self) -> Self {
        self.bare_reply = true;
        self
    }

    /// For how long a repeat of this command cannot help after `code`: its own time, else that of
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

    /// How many entries the list that [`counted`](Self::counted) names has in a request that is known as
    /// JSON only; none where the command counts none, or the request has no such list.
    pub fn counted_in(&self, body: &[u8]) -> Option<usize> {
        let list = self.counted?;
        let body: serde_json::Value = serde_json::from_slice(body).ok()?;
        Some(body.get(list)?.as_array()?.len())
    }

    /// What the public table says of `code` when this command's service sent it.
    pub fn info_of(&self, code: ErrorCode) -> Option<&'static ErrorCodeInfo> {
        code.info_in(self.service())
    }

    /// What `code` means for this command: its own note, else the meaning that it has in this
    /// service.
    pub fn meaning_of(&self, code: ErrorCode) -> Option<&'static str> {
        let note = self.error_notes.iter().find(|(noted, _)| *noted == code);
        note.map(|(_, note)| *note)
            .or_else(|| self.info_of(code).map(|info| info.meaning))
    }
}

/// So many calls or items in any window of so many seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Quota {
    /// Calls or items per window.
    pub amount: u32,
    /// Length of the window in seconds.
    pub seconds: u32,
    /// What is counted.
    pub unit: QuotaUnit,
    /// The edition that it holds for; none where it holds for all.
    pub edition: Option<Edition>,
    /// What the service answers when this quota is used up, where a source names the code.
    pub code: Option<ErrorCode>,
}

impl Quota {
    /// So many calls in a window of `seconds`, in every edition.
    pub const fn calls(amount: u32, seconds: u32) -> Self {
        Self {
            amount,
            seconds,
            unit: QuotaUnit::Calls,
            edition: None,
            code: None,
        }
    }

    /// So many items of calls in a window of `seconds`, in every edition.
    pub const fn items(amount: u32, seconds: u32) -> Self {
        let calls = Self::calls(amount, seconds);
        Self {
            unit: QuotaUnit::Items,
            ..calls
        }
    }

    /// Only for one edition.
    #[must_use]
    pub const fn in_edition(mut self, edition: Edition) -> Self {
        self.edition = Some(edition);
        self
    }

    /// With the code of the service's refusal.
    #[must_use]
    pub const fn refused_with(mut self, code: ErrorCode) -> Self {
        self.code = Some(code);
        self
    }

    /// Whether it holds for apps of an edition.
    pub fn holds_in(&self, edition: Edition) -> bool {
        self.edition.is_none_or(|own| own == edition)
    }
}

/// What a quota counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum QuotaUnit {
    /// Each call is one.
    Calls,
    /// Each call is as many as the entries of one of its lists: messages, by recipients.
    Items,
}

impl QuotaUnit {
    /// What a call of so many items takes.
    pub const fn of_call(self, items: u32) -> u32 {
        match self {
            Self::Calls => 1,
            Self::Items => items,
        }
    }
}

/// The edition of an app, as far as quotas depend on it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Edition {
    /// Trial, developer and other editions that cost nothing.
    Free,
    /// Every edition that is paid for.
    #[default]
    Paid,
}

/// Whether the same request may be sent twice. [`Endpoint::is_repeat_safe`] answers it for one
/// particular request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Repeat {
    /// The command changes nothing.
    Read,
    /// A second run leaves the state of the first.
    Idempotent,
    /// The server drops a second request in which these fields (wire names) have the same values.
    DeduplicatedBy(&'static [&'static str]),
    /// A second run leaves the state of the first if these fields (wire names) are set; without them
    /// it also takes hold of what has come in between.
    IdempotentWith(&'static [&'static str]),
    /// A second run does the work again.
    Unsafe,
}

/// Runs code that is generic over the request type of a command that is known by path only.
pub trait EndpointVisitor {
    /// What comes out.
    type Output;
    /// Runs for request type `E`.
    fn visit<E: Endpoint + Clone + PartialEq + std::fmt::Debug>(self) -> Self::Output;
}

/// Runs code that is generic over the request type of a command that answers in pages.
pub trait PagedVisitor {
    /// What comes out.
    type Output;
    /// Runs for request type `E`.
    fn visit<E: Paged + PartialEq + std::fmt::Debug>(self) -> Self::Output;
}

/// Runs code that is generic over the request type of a command that can be split.
pub trait BatchedVisitor {
    /// What comes out.
    type Output;
    /// Runs for request type `E`.
    fn visit<E: Batched + PartialEq + std::fmt::Debug>(self) -> Self::Output;
}
