//! Error codes of the service: what a number means, who must act, whether a retry helps.

use crate::generated::error_codes::{CODES, RANGES};
use std::{fmt, time::Duration};

/// The number with which the service reports the result of a call, or of one item.
///
/// Known codes are constants ([`ErrorCode::OK`] is zero). An unknown code is also valid: it just
/// has no [`meaning`](Self::meaning).
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ErrorCode(pub i64);

/// Who must act on an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorClass {
    /// The request is invalid; fix the code that created it.
    Caller,
    /// Something that the request names does not exist.
    NotFound,
    /// The console, the edition, the permissions or the key are not set up for this.
    Configuration,
    /// A rate limit or quota is used up.
    Quota,
    /// A temporary fault.
    Transient,
    /// The service failed internally.
    Server,
    /// A rule of the app refused it: a webhook, a block list, a mute.
    Refused,
    /// The UserSig or the identifier is invalid or expired.
    Credential,
}

/// Whether the same request can succeed when it is sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorRepeat {
    /// No: it fails until somebody changes something.
    Never,
    /// Yes, after a pause.
    Later,
    /// Once, with a fresh UserSig.
    RenewUserSig,
}

/// A setting of whoever calls the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Setting {
    /// The SDKAppID: the app's number.
    SdkAppId,
    /// The identifier: the user ID of an app administrator.
    Identifier,
    /// The app's key.
    Key,
    /// The region, which decides the host.
    Region,
    /// The clock of the machine, which dates the UserSig.
    Clock,
}

impl Setting {
    /// A word for metrics and logs, as the specification has it: `sdk_app_id`. It does not change.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SdkAppId => "sdk_app_id",
            Self::Identifier => "identifier",
            Self::Key => "key",
            Self::Region => "region",
            Self::Clock => "clock",
        }
    }
}

impl AsRef<str> for Setting {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl ErrorClass {
    /// A stable word for metrics and logs, as in the spec: `not_found`.
    ///
    /// ```
    /// # use tencent_chat_types::ErrorClass;
    /// assert_eq!(ErrorClass::NotFound.as_str(), "not_found");
    /// ```
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Caller => "caller",
            Self::NotFound => "not_found",
            Self::Configuration => "configuration",
            Self::Quota => "quota",
            Self::Transient => "transient",
            Self::Server => "server",
            Self::Refused => "refused",
            Self::Credential => "credential",
        }
    }
}

impl AsRef<str> for ErrorClass {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl ErrorRepeat {
    /// A stable word for metrics and logs, as in the spec: `later`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Never => "never",
            Self::Later => "later",
            Self::RenewUserSig => "renew_usersig",
        }
    }
}

impl AsRef<str> for ErrorRepeat {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Display for ErrorClass {
    /// Who must act, as a phrase.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Caller => "the calling code",
            Self::NotFound => "the calling code, which names something that does not exist",
            Self::Configuration => "whoever configures the app in the console",
            Self::Quota => "whoever manages the app's quota",
            Self::Transient => "nobody: it is temporary",
            Self::Server => "the service",
            Self::Refused => "nobody: a rule of the app refused it",
            Self::Credential => "the code that signs",
        })
    }
}

impl fmt::Display for ErrorRepeat {
    /// When a retry can help, as a phrase.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Never => "no",
            Self::Later => "after a pause",
            Self::RenewUserSig => "once, with a fresh UserSig",
        })
    }
}

/// Information about a code or a range of codes.
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ErrorCodeInfo {
    /// First code.
    pub from: i64,
    /// Last code; the same as `from` unless this is a range.
    pub to: i64,
    /// Services to which this applies, the middle of a command's path; empty if it applies to all
    /// that no other entry names.
    pub services: &'static [&'static str],
    /// Name of the constant.
    pub name: &'static str,
    /// What the code means.
    pub meaning: &'static str,
    /// What to do about it.
    pub advice: Option<&'static str>,
    /// Who must act.
    pub class: ErrorClass,
    /// Whether the same request can succeed when it is sent again.
    pub repeat: ErrorRepeat,
    /// Minimum number of seconds until it can succeed, if a source documents it.
    pub retry_after: Option<u32>,
    /// Settings of the caller, one of which is wrong; empty for most codes.
    pub settings: &'static [Setting],
}

impl ErrorCodeInfo {
    /// How long a retry can't help, if a source documents it.
    pub fn retry_after(&self) -> Option<Duration> {
        Some(Duration::from_secs(u64::from(self.retry_after?)))
    }

    pub(crate) const fn with_retry_after(mut self, seconds: u32) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    pub(crate) const fn with_settings(mut self, settings: &'static [Setting]) -> Self {
        self.settings = settings;
        self
    }

    pub(crate) const fn with_services(mut self, services: &'static [&'static str]) -> Self {
        self.services = services;
        self
    }

    pub(crate) const fn new(
        codes: (i64, i64),
        name: &'static str,
        class: ErrorClass,
        repeat: ErrorRepeat,
        meaning: &'static str,
        advice: Option<&'static str>,
    ) -> Self {
        Self {
            from: codes.0,
            to: codes.1,
            services: &[],
            name,
            meaning,
            advice,
            class,
            repeat,
            retry_after: None,
            settings: &[],
        }
    }
}

impl ErrorCode {
    /// Success.
    pub const OK: Self = Self(0);

    /// The entry of the public table for this code, regardless of the service that sent it. `None` for a code that
    /// means different things in different services; see [`info_in`](Self::info_in).
    pub fn info(self) -> Option<&'static ErrorCodeInfo> {
        self.entries().find(|info| info.services.is_empty())
    }

    /// The entry of the public table for this code when `service` sent it: `openim`, the middle of the
    /// path `v4/openim/sendmsg`.
    pub fn info_in(self, service: &str) -> Option<&'static ErrorCodeInfo> {
        let own = self.entries().find(|info| info.services.contains(&service));
        own.or_else(|| self.info())
    }

    fn entries(self) -> impl Iterator<Item = &'static ErrorCodeInfo> {
        let first = CODES.partition_point(|info| info.from < self.0);
        let codes = CODES.get(first..).unwrap_or_default().iter();
        codes.take_while(move |info| info.from == self.0).chain(
            RANGES
                .iter()
                .filter(move |range| (range.from..=range.to).contains(&self.0)),
        )
    }

    /// All codes of the public table, in ascending order, without the ranges. A code that means
    /// different things in different services has one entry for each.
    pub fn all() -> &'static [ErrorCodeInfo] {
        CODES
    }

    /// Whether the call, or the item, succeeded.
    pub const fn is_ok(self) -> bool {
        self.0 == 0
    }

    /// What the code means, in one sentence, unless that depends on the service; see
    /// [`Meta::meaning_of`](crate::Meta::meaning_of).
    pub fn meaning(self) -> Option<&'static str> {
        self.info().map(|info| info.meaning)
    }

    /// Who must act; `None` for success, for unknown codes, and if it depends on the service.
    pub fn class(self) -> Option<ErrorClass> {
        self.info().map(|info| info.class)
    }

    /// Whether the same request can succeed when it is sent again; `None` for unknown codes, and if
    /// it depends on the service.
    pub fn repeat(self) -> Option<ErrorRepeat> {
        self.info().map(|info| info.repeat)
    }

    /// How long a retry can't help, such as while an hourly archive is being created, or a lock is held. `None` if no
    /// source documents a time. For a single command, see [`Meta::retry_after`](crate::Meta::retry_after).
    pub fn retry_after(self) -> Option<Duration> {
        self.info()?.retry_after()
    }
}

impl fmt::Debug for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.info() {
            Some(info) => write!(f, "ErrorCode({} {})", self.0, info.name),
            None => write!(f, "ErrorCode({})", self.0),
        }
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl From<i64> for ErrorCode {
    fn from(code: i64) -> Self {
        Self(code)
    }
}
crate::wire::delegate_to_i64!(ErrorCode);
