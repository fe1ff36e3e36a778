//! What the service tells the app: an event type for every webhook, and what may be answered.
//!
//! Each event says by its [`Webhook::Answer`] whether the service asks or tells. Where it asks, the
//! answer is a type that can express what this webhook allows and nothing else; where it tells, it
//! is [`Acknowledged`]. [`Event`] holds any of them, and what this version does not know.
//!
//! This crate does no I/O: receiving and verifying is the work of `tencent-chat-webhook`.

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

    /// Which webhook the body says that it is. None for the few whose body does not say it.
    fn command(&self) -> Option<&CallbackCommand>;

    /// What tells this occurrence from every other of this webhook, the same when the service
    /// repeats it. None where no source names such fields, or one of them is missing, empty or did not fit;
    /// then the whole body does.
    fn identity(&self) -> Option<String>;
}

/// What an app may answer to an event `E`.
pub trait Answer<E>: Clone + PartialEq + fmt::Debug + Send + Sized + 'static {
    /// The answer as it travels.
    type Reply: Reply;

    /// Lets what is about to happen happen as it is; acknowledges what has happened.
    fn allow() -> Self;

    /// The answer to this event as it travels.
    fn into_reply(self, event: &E) -> Self::Reply;

    /// Reads an answer as the service does. None for one that the documentation gives no meaning.
    fn from_reply(reply: Self::Reply) -> Option<Self>;

    /// What follows from the answer, whichever webhook it is for.
    fn effect(&self) -> Effect;
}

/// What follows from an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Effect {
    /// It happens as it is; what has happened is acknowledged.
    Allow,
    /// It happens with the app's changes.
    Change,
    /// Parts of it do not happen.
    RefuseSome,
    /// It does not happen, and the user is told.
    Refuse,
    /// It does not happen, and the user is told that it did.
    Drop,
}

/// The answer to an event that the service only tells: nothing depends on it.
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
}

/// A refusal with a code of the app's own, in the range that the service passes on to the user, and
/// a text.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Refusal<const FROM: i64, const TO: i64> {
    code: i64,
    text: String,
}

impl<const FROM: i64, const TO: i64> Refusal<FROM, TO> {
    /// A refusal with this code and text.
    ///
    /// # Errors
    ///
    /// A code outside of the documented range, which the service would not take for a refusal.
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

    /// What the user is told.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The head of a reply that refuses.
    pub(crate) fn envelope(self) -> Envelope {
        coded(self.code, self.text)
    }

    /// What a reply refuses with.
    pub(crate) fn of(envelope: &Envelope) -> Option<Self> {
        let text = envelope.error_info.clone().unwrap_or_default();
        Self::new(envelope.code().0, text).ok()
    }
}

/// An answer that can refuse with codes of the app's own.
///
/// ```
/// use tencent_chat_types::webhook::{C2cBeforeSendMsgAnswer, CanRefuse as _, Refusal};
///
/// let refused = C2cBeforeSendMsgAnswer::refuse_with(120017, "no invitations, please")?;
/// assert_eq!(refused, Refusal::new(120017, "no invitations, please")?.into());
/// # Ok::<(), tencent_chat_types::webhook::CodeOutOfRange>(())
/// ```
pub trait CanRefuse: Sized {
    /// The codes that reach the user together with a text.
    const CODES: RangeInclusive<i64>;

    /// Refuses without a code and a text of the app's own.
    fn refuse() -> Self;

    /// Refuses with a code of [`CODES`](Self::CODES) and a text for the user.
    ///
    /// # Errors
    ///
    /// A code outside of them, which the service would not take for a refusal.
    fn refuse_with(code: i64, text: impl Into<String>) -> Result<Self, CodeOutOfRange>;

    /// Refuses with the first of [`CODES`](Self::CODES) and a text for the user: where only the text matters, and
    /// where webhooks with different codes are answered alike.
    fn refuse_saying(text: impl Into<String>) -> Self {
        Self::refuse_with(*Self::CODES.start(), text).unwrap_or_else(|_| Self::refuse())
    }
}

/// An answer that can drop what is about to happen, while the user is told that it has happened.
pub trait CanDrop {
    /// Drops it.
    fn drop() -> Self;
}

/// A code that does not refuse, because it is outside of the documented range.
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
            "{code} does not refuse; expected a code from {from} to {to}"
        )
    }
}

impl std::error::Error for CodeOutOfRange {}

/// The head of an answer. The service reads the code; the status says that it was answered at all.
pub(crate) fn coded(code: i64, text: impl Into<String>) -> Envelope {
    Envelope {
        error_code: Some(code.into()),
        error_info: Some(text.into()),
        ..Envelope::ok()
    }
}

/// An event that this version does not know, as it came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct UnknownEvent {
    /// Name of the webhook, as the query says it.
    pub command: String,
    /// The body.
    pub body: Raw,
}

impl UnknownEvent {
    /// An event with a name and a body.
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
    /// The vendor's page, where its number is known.
    pub page: Option<u32>,
    /// Whether the service asks or tells.
    pub when: When,
}

impl WebhookMeta {
    /// Facts about a webhook; for event types outside this crate.
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

/// Whether the service asks or tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum When {
    /// Something is about to happen: the answer decides. The service does not ask twice.
    Before,
    /// Something has happened: the answer is ignored. The service can repeat the event.
    After,
}

/// Runs code that is generic over the event type of a webhook that is known by name only.
pub trait WebhookVisitor {
    /// What comes out.
    type Output;
    /// Runs for event type `E`.
    fn visit<E: Webhook>(self) -> Self::Output;
}

/// The values of identifying fields as one text. None where one of them is missing, empty or did not fit:
/// what is left of them might be the same in another event.
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

/// Gives the enum of all events its way in and out.
macro_rules! event_table {
    ($name:ident { $($command:literal => $event:ident,)* }) => {
        impl $name {
            /// Reads the body of the webhook `command`. One that this version does not know becomes
            /// [`Unknown`](Self::Unknown), so it is no error.
            ///
            /// # Errors
            ///
            /// A body that is not JSON, or not an object where this webhook sends one.
            // Compiled where it is used: the code for reading all events takes seconds to make.
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

            /// What tells this occurrence from every other of its webhook; see
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

        /// Runs `visitor` with the event type of a webhook; none when this version does not know it.
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
