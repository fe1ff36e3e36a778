//! The service's webhooks: an event type for each, and the possible answers.
//!
//! The [`Webhook::Answer`] of an event shows whether the service waits for a decision. If it does, the
//! answer is a type that can express exactly what this webhook allows; if it only notifies the app, it
//! is [`Acknowledged`]. [`Event`] holds any of them, including webhooks that this version doesn't know.
//!
//! This crate does no I/O: `tencent-chat-webhook` receives and verifies events.

use crate::{
    Envelope, RawReply, Reply,
    wire::{Extra, Raw, holds_nothing, to_vec},
};
use serde::{Serialize, de::DeserializeOwned};
use std::{fmt, ops::RangeInclusive};

pub use crate::generated::webhook::*;

/// An event type: one webhook.
pub trait Webhook:
    Into<Event> + Serialize + DeserializeOwned + Clone + PartialEq + fmt::Debug + Send + Sync + 'static
{
    /// What the app may answer.
    type Answer: Answer<Self>;
    /// Facts about the webhook.
    const META: &'static WebhookMeta;

    /// The webhook that the body names. `None` for the few whose body doesn't name one.
    fn command(&self) -> Option<&CallbackCommand>;

    /// Identifies this occurrence among all others of this webhook; it is the same when the service
    /// repeats the event. `None` if no source documents such fields, or one of them is missing, empty or invalid;
    /// the whole body then identifies it.
    fn identity(&self) -> Option<String>;
}

/// An app's answer to an event `E`.
pub trait Answer<E>: Clone + PartialEq + fmt::Debug + Send + Sized + 'static {
    /// The JSON of the answer.
    type Reply: Reply;

    /// Allows what is about to happen, unchanged; acknowledges what has happened.
    fn allow() -> Self;

    /// The JSON of the answer to this event.
    fn into_reply(self, event: &E) -> Self::Reply;

    /// Parses an answer as the service does. `None` if the documentation gives it no meaning.
    fn from_reply(reply: Self::Reply) -> Option<Self>;

    /// The effect of the answer, regardless of the webhook.
    fn effect(&self) -> Effect;

    /// Whether the JSON of the answer is that of [`Acknowledged`] for every event, so that it can be sent without
    /// looking at the event. Most answers that allow are like that.
    fn is_acknowledgement(&self) -> bool {
        false
    }
}

/// The effect of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Effect {
    /// It happens unchanged; what has happened is acknowledged.
    Allow,
    /// It happens with the app's changes.
    Change,
    /// Parts of it do not happen.
    RefuseSome,
    /// It does not happen, and the user is informed.
    Refuse,
    /// It does not happen, but the user is told that it did.
    Drop,
}

/// The answer to an "after" event: it has no effect.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Acknowledged;

impl From<()> for Acknowledged {
    fn from((): ()) -> Self {
        Self
    }
}

impl<E> Answer<E> for Acknowledged {
    type Reply = RawReply;

    fn allow() -> Self {
        Self
    }

    fn into_reply(self, _: &E) -> RawReply {
        RawReply {
            envelope: Envelope::ok(),
            ..RawReply::default()
        }
    }

    fn from_reply(_: RawReply) -> Option<Self> {
        Some(Self)
    }

    fn effect(&self) -> Effect {
        Effect::Allow
    }

    fn is_acknowledgement(&self) -> bool {
        true
    }
}

/// A refusal with an app-defined code, in the range that the service passes on to the user, and
/// a message.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Refusal<const FROM: i64, const TO: i64> {
    code: i64,
    text: String,
}

impl<const FROM: i64, const TO: i64> Refusal<FROM, TO> {
    /// Creates a refusal with this code and message.
    ///
    /// # Errors
    ///
    /// The code is outside the documented range, so the service would not treat it as a refusal.
    pub fn new(code: i64, text: impl Into<String>) -> Result<Self, CodeOutOfRange> {
        if (FROM..=TO).contains(&code) {
            let text = text.into();
            Ok(Self { code, text })
        } else {
            Err(CodeOutOfRange {
                code,
                from: FROM,
                to: TO,
            })
        }
    }

    /// The code.
    pub const fn code(&self) -> i64 {
        self.code
    }

    /// The message for the user.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The envelope of a refusal.
    pub(crate) fn envelope(self) -> Envelope {
        coded(self.code, self.text)
    }

    /// The code and message of a refusal in a reply.
    pub(crate) fn of(envelope: &Envelope) -> Option<Self> {
        let text = envelope.error_info.clone().unwrap_or_default();
        Self::new(envelope.code().0, text).ok()
    }
}

/// An answer that can refuse with app-defined codes.
///
/// ```
/// use tencent_chat_types::webhook::{C2cBeforeSendMsgAnswer, CanRefuse as _, Refusal};
///
/// let refused = C2cBeforeSendMsgAnswer::refuse_with(120017, "no invitations, please")?;
/// assert_eq!(refused, Refusal::new(120017, "no invitations, please")?.into());
/// # Ok::<(), tencent_chat_types::webhook::CodeOutOfRange>(())
/// ```
pub trait CanRefuse: Sized {
    /// The codes that reach the user together with a message.
    const CODES: RangeInclusive<i64>;

    /// Refuses without an app-defined code and message.
    fn refuse() -> Self;

    /// Refuses with a code in [`CODES`](Self::CODES) and a message for the user.
    ///
    /// # Errors
    ///
    /// The code is outside that range, so the service would not treat it as a refusal.
    fn refuse_with(code: i64, text: impl Into<String>) -> Result<Self, CodeOutOfRange>;

    /// Refuses with the first of [`CODES`](Self::CODES) and a message for the user. For cases where only the message
    /// matters, and to treat webhooks with different codes alike.
    fn refuse_saying(text: impl Into<String>) -> Self {
        Self::refuse_with(*Self::CODES.start(), text).unwrap_or_else(|_| Self::refuse())
    }
}

/// An answer that can drop what is about to happen, while the user is told that it happened.
pub trait CanDrop {
    /// Drops it.
    fn drop() -> Self;
}

/// A code that is not a refusal, because it is outside the documented range.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct CodeOutOfRange {
    /// The code.
    pub code: i64,
    /// First code of the range.
    pub from: i64,
    /// Last code of the range.
    pub to: i64,
}

impl fmt::Display for CodeOutOfRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { code, from, to } = self;
        write!(
            f,
            "{code} is not a refusal; expected a code from {from} to {to}"
        )
    }
}

impl std::error::Error for CodeOutOfRange {}

/// The envelope of an answer. The service reads the code; the status shows that there was an answer at all.
pub(crate) fn coded(code: i64, text: impl Into<String>) -> Envelope {
    Envelope {
        error_code: Some(code.into()),
        error_info: Some(text.into()),
        ..Envelope::ok()
    }
}

/// An event that this version doesn't know, unchanged.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct UnknownEvent {
    /// Name of the webhook, as in the query.
    pub command: String,
    /// The body.
    pub body: Raw,
}

impl UnknownEvent {
    /// Creates an event with a name and a body.
    pub fn new(command: impl Into<String>, body: impl Into<Raw>) -> Self {
        Self {
            command: command.into(),
            body: body.into(),
        }
    }
}

impl Serialize for UnknownEvent {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.body.serialize(serializer)
    }
}

/// Facts about a webhook, from its spec file.
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct WebhookMeta {
    /// Rust name: `c2c_before_send_msg`.
    pub name: &'static str,
    /// Family: `c2c`.
    pub family: &'static str,
    /// Name on the wire: `C2C.CallbackBeforeSendMsg`.
    pub command: &'static str,
    /// The vendor's page, if its number is known.
    pub page: Option<u32>,
    /// Whether the service waits for a decision.
    pub when: When,
}

impl WebhookMeta {
    /// Creates facts about a webhook, for event types outside this crate.
    pub const fn new(
        family: &'static str,
        name: &'static str,
        command: &'static str,
        when: When,
    ) -> Self {
        Self {
            name,
            family,
            command,
            page: None,
            when,
        }
    }

    /// Adds the number of the vendor's page.
    #[must_use]
    pub const fn with_page(mut self, page: u32) -> Self {
        self.page = Some(page);
        self
    }
}

/// Whether the service waits for a decision or only notifies the app.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum When {
    /// A "before" event: something is about to happen, and the answer decides. The service sends it only once.
    Before,
    /// An "after" event: something has happened, and the answer is ignored. The service can repeat the event.
    After,
}

/// Runs code that is generic over the event type of a webhook that is known only by its name.
pub trait WebhookVisitor {
    /// The result.
    type Output;
    /// Runs for event type `E`.
    fn visit<E: Webhook>(self) -> Self::Output;
}

/// The values of identifying fields as one string. `None` if one of them is missing, empty or invalid:
/// the others alone might be the same in a different event.
pub(crate) fn identity_of(
    extra: &Extra,
    names: &[&str],
    fields: &impl Serialize,
) -> Option<String> {
    if names.iter().any(|name| extra.lacks(name)) {
        return None;
    }
    let identity = String::from_utf8(to_vec(fields).ok()?).ok()?;
    (!holds_nothing(identity.as_bytes())).then_some(identity)
}

/// Implements decoding and accessors for the enum of all events.
macro_rules! event_table {
    ($name:ident { $($command:literal => $event:ident,)* }) => {
        impl $name {
            /// Decodes the body of the webhook `command`. A webhook that this version doesn't know becomes
            /// [`Unknown`](Self::Unknown), so it is not an error.
            ///
            /// # Errors
            ///
            /// The body is not valid JSON, or not an object although this webhook sends one.
            // Inlined into its callers' crates: compiling the decoding of all events takes seconds.
            #[inline]
            pub fn decode(command: &str, body: &[u8]) -> Result<Self, serde_json::Error> {
                match command {
                    $( $command => crate::wire::from_slice(body).map(|event| Self::$event(Box::new(event))), )*
                    _ => {
                        let body: crate::wire::Raw = crate::wire::from_slice(body)?;
                        Ok(Self::Unknown(crate::webhook::UnknownEvent::new(command, body)))
                    }
                }
            }

            /// Identifies this occurrence among all others of its webhook; see
            /// [`Webhook::identity`](crate::webhook::Webhook::identity).
            pub fn identity(&self) -> Option<String> {
                match self {
                    $( Self::$event(event) => crate::webhook::Webhook::identity(&**event), )*
                    Self::Unknown(_) => None,
                }
            }

            /// Name of the webhook on the wire.
            pub fn command(&self) -> &str {
                match self {
                    $( Self::$event(_) => $command, )*
                    Self::Unknown(unknown) => &unknown.command,
                }
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                match self {
                    $( Self::$event(event) => event.serialize(serializer), )*
                    Self::Unknown(unknown) => unknown.serialize(serializer),
                }
            }
        }

        $(
            impl From<$event> for $name {
                fn from(event: $event) -> Self {
                    Self::$event(Box::new(event))
                }
            }
        )*

        /// Runs `visitor` with the event type of a webhook; returns `None` if this version doesn't know it.
        pub fn visit_webhook<V: crate::webhook::WebhookVisitor>(
            command: &str,
            visitor: V,
        ) -> Option<V::Output> {
            Some(match command {
                $( $command => visitor.visit::<$event>(), )*
                _ => return None,
            })
        }
    };
}
pub(crate) use event_table;
