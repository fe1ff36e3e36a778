//! What can go wrong between a client and the service.

use crate::refusal::{Because, Refusal};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::time::Duration;
use tencent_chat_types::ErrorCode;
use utoipa::ToSchema;

/// What goes wrong with one request.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// Nothing: a placeholder in a script.
    None,
    /// The answer takes this much longer.
    Delay(Duration),
    /// The request is applied, and no answer comes until the client hangs up.
    Silence,
    /// The connection breaks before the request is applied.
    ResetBefore,
    /// The connection breaks after the request was applied, before the reply.
    ResetAfter,
    /// The reply breaks off in the middle, after the request was applied.
    Truncated,
    /// A gateway answers in place of the service: this HTTP status with a page of HTML.
    Gateway {
        /// The status.
        status: u16,
        /// Whether the service applied the request.
        applied: bool,
    },
    /// The reply is empty, after the request was applied.
    EmptyBody,
    /// Something in between answers in place of the service, with this body and status 200, after the
    /// request was applied.
    Instead(String),
    /// Numbers in the reply become objects, and strings become lists.
    WrongTypes,
    /// The reply has values in forms that no documentation has and that were seen all the same.
    Odd(Odd),
    /// The reply has fields and values that nobody knows yet.
    Unknown,
    /// The service refuses with this code, without acting.
    Refuse(ErrorCode),
    /// The reply comes in pieces, with this pause between them.
    Drip(Duration),
    /// The request arrives twice.
    Duplicate,
}

impl Fault {
    /// The refusal that it stands for.
    pub(crate) fn refusal(&self) -> Option<Refusal> {
        match self {
            Self::Refuse(code) => Some(code.because("on demand")),
            _ => None,
        }
    }

    /// Its name, as the control API has it.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Delay(_) => "delay",
            Self::Silence => "silence",
            Self::ResetBefore => "reset_before",
            Self::ResetAfter => "reset_after",
            Self::Truncated => "truncated",
            Self::Gateway { .. } => "gateway",
            Self::EmptyBody => "empty_body",
            Self::Instead(_) => "instead",
            Self::WrongTypes => "wrong_types",
            Self::Odd(_) => "odd",
            Self::Unknown => "unknown",
            Self::Refuse(_) => "refuse",
            Self::Drip(_) => "drip",
            Self::Duplicate => "duplicate",
        }
    }

    /// Bytes of what it answers in place of the service.
    pub(crate) fn bytes(&self) -> usize {
        match self {
            Self::Instead(body) => body.len(),
            _ => 0,
        }
    }

    /// Whether the request never gets to the commands.
    pub(crate) fn comes_before(&self) -> bool {
        matches!(
            self,
            Self::ResetBefore | Self::Gateway { applied: false, .. } | Self::Refuse(_)
        )
    }

    /// What becomes of the bytes of a reply.
    pub(crate) fn spoil(&self, body: Vec<u8>) -> Vec<u8> {
        let change: fn(&mut Value) = match self {
            Self::EmptyBody => return Vec::new(),
            Self::Instead(body) => return body.clone().into_bytes(),
            Self::Odd(odd) => return odd.spoil(body),
            Self::WrongTypes => wrong_types,
            Self::Unknown => unknown,
            _ => return body,
        };
        // Replies are JSON that was written a moment ago.
        let Ok(mut json) = serde_json::from_slice::<Value>(&body) else {
            return body;
        };
        change(&mut json);
        serde_json::to_vec(&json).unwrap_or(body)
    }
}

/// An odd form of the values of a reply. `ActionStatus` and `ErrorCode` stay as they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = OddForm)]
#[non_exhaustive]
pub enum Odd {
    /// The reply begins with a byte order mark.
    Bom,
    /// Each string ends in half of an emoji, as an escape.
    HalfEmoji,
    /// Each string ends in an emoji that is encoded as two surrogates.
    Cesu8,
    /// Each string ends in two bytes of GBK.
    Gbk,
    /// Each integer is an empty string.
    EmptyNumber,
    /// Each integer is a number with a fraction of zero.
    Fraction,
    /// Each integer is a string with leading zeros.
    LeadingZeros,
    /// Each integer is true.
    TrueNumber,
    /// Each string is an object.
    ObjectForText,
    /// Each list is an object.
    ObjectForList,
    /// Each list is its first entry alone.
    EntryForList,
    /// Each list is an empty string.
    TextForList,
    /// Each list has a null in it.
    NullInList,
}

impl Odd {
    /// All of them.
    pub const ALL: [Self; 13] = [
        Self::Bom,
        Self::HalfEmoji,
        Self::Cesu8,
        Self::Gbk,
        Self::EmptyNumber,
        Self::Fraction,
        Self::LeadingZeros,
        Self::TrueNumber,
        Self::ObjectForText,
        Self::ObjectForList,
        Self::EntryForList,
        Self::TextForList,
        Self::NullInList,
    ];

    /// Bytes that a JSON value can't hold, at the end of each string.
    fn tail(self) -> &'static [u8] {
        match self {
            Self::HalfEmoji => br"\ud83d",
            Self::Cesu8 => b"\xed\xa0\xbd\xed\xb8\x80",
            Self::Gbk => b"\xc4\xe3",
            _ => b"",
        }
    }

    fn spoil(self, body: Vec<u8>) -> Vec<u8> {
        // Replies are JSON that was written a moment ago.
        let Ok(Value::Object(mut json)) = serde_json::from_slice(&body) else {
            return body;
        };
        for (name, value) in &mut json {
            if !matches!(name.as_str(), "ActionStatus" | "ErrorCode") {
                self.change(value);
            }
        }
        let Ok(text) = serde_json::to_string(&json) else {
            return body;
        };
        let mut bytes = Vec::new();
        if self == Self::Bom {
            bytes.extend_from_slice("\u{feff}".as_bytes());
        }
        for (number, piece) in text.split(PLACE).enumerate() {
            if number > 0 {
                bytes.extend_from_slice(self.tail());
            }
            bytes.extend_from_slice(piece.as_bytes());
        }
        bytes
    }

    fn change(self, value: &mut Value) {
        if let Value::Array(items) = value {
            items.iter_mut().for_each(|item| self.change(item));
        }
        if let Value::Object(object) = value {
            object.values_mut().for_each(|value| self.change(value));
        }
        *value = match (self, std::mem::take(value)) {
            (Self::HalfEmoji | Self::Cesu8 | Self::Gbk, Value::String(text)) => {
                Value::String(text + PLACE)
            }
            (Self::EmptyNumber, Value::Number(_)) => json!(""),
            (Self::Fraction, Value::Number(number)) if !number.is_f64() => {
                json!(number.as_f64())
            }
            (Self::LeadingZeros, Value::Number(number)) => json!(format!("00{number}")),
            (Self::TrueNumber, Value::Number(_)) => json!(true),
            (Self::ObjectForText, Value::String(text)) => json!({ "Text": text }),
            (Self::ObjectForList, Value::Array(items)) => json!({ "Count": items.len() }),
            (Self::EntryForList, Value::Array(items)) => {
                items.into_iter().next().unwrap_or_default()
            }
            (Self::TextForList, Value::Array(_)) => json!(""),
            (Self::NullInList, Value::Array(mut items)) => {
                items.insert(0, Value::Null);
                Value::Array(items)
            }
            (_, same) => same,
        };
    }
}

/// A character for private use, where bytes go that no text can hold.
const PLACE: &str = "\u{f8ff}";

fn wrong_types(json: &mut Value) {
    match json {
        Value::Object(object) => object.values_mut().for_each(|value| {
            *value = match &*value {
                Value::Number(_) => json!({ "no": "number" }),
                Value::String(_) => json!(["no", "text"]),
                _ => json!(true),
            };
        }),
        other => *other = json!([]),
    }
}

fn unknown(json: &mut Value) {
    match json {
        Value::Object(object) => {
            object.values_mut().for_each(unknown);
            object.insert("NotYetKnown".to_owned(), json!([{ "a": null }, 1.5]));
        }
        Value::Array(items) => items.iter_mut().for_each(unknown),
        _ => {}
    }
}
