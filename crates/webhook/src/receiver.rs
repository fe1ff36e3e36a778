//! Verification: query and body in, an event out.

use crate::{
    ReceiveError, Token,
    query::{Query, required},
    token::push_hex,
};
use serde::{Serialize, Serializer};
use sha2::{Digest, Sha256};
use std::{fmt, sync::Arc, time::Duration};
use tencent_chat_types::{
    Decoded, decode,
    text::{quoted, without_value},
    to_vec,
    webhook::{
        CallbackCommand, Event, OptPlatform, UnknownEvent, Webhook, WebhookVisitor, When, query,
        visit_webhook,
    },
    wire::{Misfits, Raw, canonical},
};
use tencent_chat_usersig::{Clock, SystemClock};

/// Verifies requests and turns them into events. Cheap to clone; needs no runtime.
#[derive(Clone)]
pub struct Receiver {
    sdk_app_id: u64,
    /// The token in use, and others that are also accepted. `None`: nothing is verified.
    tokens: Vec<Token>,
    window: Duration,
    max_body_bytes: usize,
    clock: Arc<dyn Clock>,
}

/// A verified event, with the information from its query.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Delivery {
    /// The event.
    pub event: Event,
    /// Information from the query.
    pub origin: Origin,
}

/// What the query says about an event.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Origin {
    /// The app.
    pub sdk_app_id: u64,
    /// Name of the webhook.
    pub command: CallbackCommand,
    /// Address of the device that caused the event, as reported by the service.
    pub client_ip: Option<String>,
    /// Type of the device or interface that caused the event.
    pub opt_platform: Option<OptPlatform>,
    /// When the request was signed, in seconds since 1970.
    pub request_time: Option<u64>,
}

impl Origin {
    /// Whether the service waits for the app's decision or only notifies it; `None` for webhooks unknown to this
    /// version.
    pub fn when(&self) -> Option<When> {
        visit_webhook(self.command.as_str(), WhenOf)
    }
}

struct WhenOf;

impl WebhookVisitor for WhenOf {
    type Output = When;
    fn visit<E: Webhook>(self) -> When {
        E::META.when
    }
}

/// Identifies the event: the key is the same when the service sends the same event again.
///
/// It is derived from the fields that identify the event ([`Webhook::identity`]). If the documentation names none, or
/// one of them is missing, empty or invalid, it is derived from the whole body: then any difference makes
/// another event, except for white space, the order of keys and how characters are escaped.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventKey(String);

impl EventKey {
    /// The key as text: letters, digits and one hyphen, at most 96 bytes.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The key of the event in a body, the same as [`Received::key`](crate::Received::key). A body
    /// that cannot be read has a key, too: that of its bytes.
    pub fn of_body(origin: &Origin, body: &[u8]) -> Self {
        let command = origin.command.as_str();
        visit_webhook(command, KeyOf { body })
            .flatten()
            .unwrap_or_else(|| Self::of(command, None, || body.to_vec()))
    }

    /// The key of an event: from the fields that identify it, or from its whole content.
    pub(crate) fn of(
        command: &str,
        identity: Option<String>,
        whole: impl FnOnce() -> Vec<u8>,
    ) -> Self {
        let json = identity.map_or_else(whole, String::into_bytes);
        let digest = Sha256::digest(canonical(&json).unwrap_or(json));
        let name: String = (command.chars())
            .filter(char::is_ascii_alphanumeric)
            .take(63)
            .collect();
        let mut key = name + "-";
        push_hex(&mut key, &digest[..16]);
        Self(key)
    }
}

struct KeyOf<'a> {
    body: &'a [u8],
}

impl WebhookVisitor for KeyOf<'_> {
    type Output = Option<EventKey>;
    fn visit<E: Webhook>(self) -> Option<EventKey> {
        let event: E = decode(self.body).ok()?.value;
        let whole = || to_vec(&event).unwrap_or_default();
        Some(EventKey::of(E::META.command, event.identity(), whole))
    }
}

impl From<String> for EventKey {
    /// A key from its text, such as that of an event in a queue. Any text is accepted.
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl AsRef<str> for EventKey {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl From<EventKey> for String {
    fn from(key: EventKey) -> Self {
        key.0
    }
}

impl Serialize for EventKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl fmt::Display for EventKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Receiver {
    /// Default for how old or how far in the future a signature may be: what the vendor
    /// recommends for a sibling product with the same scheme; for this one it documents no limit.
    pub const DEFAULT_WINDOW: Duration = Duration::from_secs(60);

    /// Default maximum size of a body. A message is at most 12 KB, which escapes can
    /// make six times as large, and lists have a few hundred members.
    pub const DEFAULT_MAX_BODY_BYTES: usize = 256 << 10;

    /// For an app whose webhooks are signed with this token.
    pub fn new(sdk_app_id: u64, token: impl Into<Token>) -> Self {
        Self {
            tokens: vec![token.into()],
            ..Self::unauthenticated(sdk_app_id)
        }
    }

    /// For an app whose webhooks are not signed. Anyone who knows the address can send events, so use this
    /// only for addresses that nobody else can reach, or behind mutual TLS.
    pub fn unauthenticated(sdk_app_id: u64) -> Self {
        Self {
            sdk_app_id,
            tokens: Vec::new(),
            window: Self::DEFAULT_WINDOW,
            max_body_bytes: Self::DEFAULT_MAX_BODY_BYTES,
            clock: Arc::new(SystemClock),
        }
    }

    /// Accepts an additional token, for the time in which the one in the console is being changed.
    #[must_use]
    pub fn also_accept(mut self, token: impl Into<Token>) -> Self {
        self.tokens.push(token.into());
        self
    }

    /// Sets how old or how far in the future a signature may be, in whole seconds.
    #[must_use]
    pub fn window(mut self, window: Duration) -> Self {
        self.window = window;
        self
    }

    /// Sets the maximum size of a body, in bytes.
    #[must_use]
    pub fn max_body_bytes(mut self, bytes: usize) -> Self {
        self.max_body_bytes = bytes;
        self
    }

    /// Uses a different clock.
    #[must_use]
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// The maximum size of a body, in bytes.
    #[cfg(feature = "tower")]
    pub(crate) fn body_limit(&self) -> usize {
        self.max_body_bytes
    }

    /// Verifies a request and parses its event. An event that this version doesn't know is not an error:
    /// it is [`Event::Unknown`].
    ///
    /// # Errors
    ///
    /// Returns why the request was rejected. The signature is checked before
    /// anything in the body.
    pub fn receive(&self, query: &str, body: &[u8]) -> Result<Delivery, ReceiveError> {
        let origin = self.verify(query)?;
        let event = match visit_webhook(
            origin.command.as_str(),
            Decode {
                receiver: self,
                origin: &origin,
                body,
            },
        ) {
            Some(event) => event?,
            None => Event::Unknown(self.unknown(&origin, body)?),
        };
        Ok(Delivery { event, origin })
    }

    /// Verifies only the query.
    ///
    /// # Errors
    ///
    /// The same as for [`receive`](Self::receive).
    pub fn verify(&self, query: &str) -> Result<Origin, ReceiveError> {
        let query = Query::parse(query)?;
        let request_time = match self.tokens.as_slice() {
            [] => None,
            tokens => Some(self.verify_sign(&query, tokens)?),
        };
        self.origin(query, request_time)
    }

    /// Parses a query that [`verify`](Self::verify) accepted earlier, such as that of an event in a queue.
    /// Checks the app, but neither the signature nor its age.
    ///
    /// # Errors
    ///
    /// The same as for [`receive`](Self::receive), except for those about the signature.
    pub fn parse_verified(&self, query: &str) -> Result<Origin, ReceiveError> {
        let query = Query::parse(query)?;
        let request_time = query.request_time.as_deref();
        let request_time = request_time.and_then(|time| time.parse().ok());
        self.origin(query, request_time)
    }

    /// What a query says about its event.
    fn origin(&self, query: Query<'_>, request_time: Option<u64>) -> Result<Origin, ReceiveError> {
        let sdk_app_id = required(&query.sdk_app_id, query::SDK_APP_ID)?;
        let sdk_app_id = sdk_app_id
            .parse()
            .map_err(|_| ReceiveError::MalformedParameter {
                name: query::SDK_APP_ID,
                expected: "a number",
            })?;
        if sdk_app_id != self.sdk_app_id {
            return Err(ReceiveError::WrongApp { sdk_app_id });
        }
        Ok(Origin {
            sdk_app_id,
            command: required(&query.command, query::COMMAND)?.into(),
            client_ip: query.client_ip.map(Into::into),
            opt_platform: query.opt_platform.as_deref().map(Into::into),
            request_time,
        })
    }

    /// The time at which the request was signed.
    fn verify_sign(&self, query: &Query<'_>, tokens: &[Token]) -> Result<u64, ReceiveError> {
        let (Some(sign), Some(time)) = (query.sign.as_deref(), query.request_time.as_deref())
        else {
            return Err(ReceiveError::Unsigned);
        };
        // Checks all of them, so that a match doesn't return earlier. An empty token proves nothing.
        let fits = (tokens.iter())
            .map(|token| token.verify(sign, time) & !token.is_empty())
            .fold(false, |any, fits| any | fits);
        if !fits {
            return Err(match tokens.iter().any(Token::has_white_space_around) {
                true => ReceiveError::UnusableToken,
                false => ReceiveError::BadSignature,
            });
        }
        let signed: u64 = time.parse().map_err(|_| ReceiveError::MalformedParameter {
            name: query::REQUEST_TIME,
            expected: "seconds since 1970",
        })?;
        let (now, limit_seconds) = (self.clock.unix_seconds(), self.window.as_secs());
        let age_seconds = now.saturating_sub(signed);
        if age_seconds > limit_seconds {
            return Err(ReceiveError::Stale {
                age_seconds,
                limit_seconds,
            });
        }
        let ahead_seconds = signed.saturating_sub(now);
        if ahead_seconds > limit_seconds {
            return Err(ReceiveError::FromTheFuture {
                ahead_seconds,
                limit_seconds,
            });
        }
        Ok(signed)
    }

    fn check_size(&self, body: &[u8]) -> Result<(), ReceiveError> {
        match body.len() > self.max_body_bytes {
            true => Err(ReceiveError::BodyTooLarge {
                limit: self.max_body_bytes,
            }),
            false => Ok(()),
        }
    }

    /// Parses the body of the webhook that the query names.
    pub(crate) fn decode<E: Webhook>(
        &self,
        origin: &Origin,
        body: &[u8],
    ) -> Result<E, ReceiveError> {
        self.check_size(body)?;
        let Decoded { value, misfits, .. } =
            decode::<E>(body).map_err(|error| why_undecodable::<E>(origin, body, &error))?;
        log_misfits(origin, &misfits);
        if let Some(command) = value.command() {
            same_command(origin, Some(command.as_str()).filter(|c| !c.is_empty()))?;
        }
        Ok(value)
    }

    /// Parses the body of a webhook that this version doesn't know.
    pub(crate) fn unknown(
        &self,
        origin: &Origin,
        body: &[u8],
    ) -> Result<UnknownEvent, ReceiveError> {
        self.check_size(body)?;
        let decoded = decode::<Raw>(body).map_err(|error| not_json(&error))?;
        log_misfits(origin, &decoded.misfits);
        let command = decoded.value.get(query::COMMAND);
        same_command(origin, command.as_ref().and_then(serde_json::Value::as_str))?;
        Ok(UnknownEvent::new(origin.command.as_str(), decoded.value))
    }
}

/// Logs which parts did not fit and were kept unchanged, but not their content.
fn log_misfits(origin: &Origin, misfits: &Misfits<'_>) {
    if !misfits.is_empty() {
        let (command, count) = (quoted(origin.command.as_str()), misfits.len());
        tracing::warn!(
            target: "tencent_chat_webhook", %command, count, fields = %misfits, "misfit"
        );
    }
}

/// Query and body must agree on the webhook: the query selected the type, and handlers trust the body.
fn same_command(origin: &Origin, body: Option<&str>) -> Result<(), ReceiveError> {
    if body == Some(origin.command.as_str()) {
        return Ok(());
    }
    Err(ReceiveError::CommandMismatch {
        query: quoted(origin.command.as_str()).into_owned(),
        body: body.map(|body| quoted(body).into_owned()),
    })
}

fn not_json(error: &serde_json::Error) -> ReceiveError {
    ReceiveError::NotJson {
        problem: quoted(&error.to_string()).into_owned(),
    }
}

/// Decodes again, this time tracking the position in the body.
fn why_undecodable<E: Webhook>(
    origin: &Origin,
    body: &[u8],
    error: &serde_json::Error,
) -> ReceiveError {
    if !error.is_data() {
        return not_json(error);
    }
    let mut json = serde_json::Deserializer::from_slice(body);
    let field = match serde_path_to_error::deserialize::<_, E>(&mut json) {
        Err(error) => error.path().to_string(),
        Ok(_) => String::new(),
    };
    ReceiveError::NotThisEvent {
        command: quoted(origin.command.as_str()).into_owned(),
        field: quoted(&field).into_owned(),
        problem: quoted(&without_value(&error.to_string())).into_owned(),
    }
}

struct Decode<'a> {
    receiver: &'a Receiver,
    origin: &'a Origin,
    body: &'a [u8],
}

impl WebhookVisitor for Decode<'_> {
    type Output = Result<Event, ReceiveError>;
    fn visit<E: Webhook>(self) -> Self::Output {
        self.receiver
            .decode::<E>(self.origin, self.body)
            .map(Into::into)
    }
}

impl Delivery {
    /// Identifies this event; the service may send "after" events again.
    pub fn key(&self) -> EventKey {
        let whole = || to_vec(&self.event).unwrap_or_default();
        EventKey::of(self.event.command(), self.event.identity(), whole)
    }
}

impl fmt::Debug for Receiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver")
            .field("sdk_app_id", &self.sdk_app_id)
            .field("tokens", &self.tokens)
            .field("window", &self.window)
            .field("max_body_bytes", &self.max_body_bytes)
            .finish_non_exhaustive()
    }
}
