//! Faults on demand: what can go wrong between a client and the service, by script.

use crate::{commands::Refusal, gate::Because};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};
use tencent_chat_types::ErrorCode;

/// What goes wrong with one request.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// Nothing: a place in a script.
    None,
    /// The answer takes this much longer.
    Delay(Duration),
    /// The request is acted upon, and no answer comes until the client hangs up.
    Silence,
    /// The connection breaks before the request is acted upon.
    ResetBefore,
    /// The connection breaks after the request was acted upon, before the reply.
    ResetAfter,
    /// The reply breaks off in the middle, after the request was acted upon.
    Truncated,
    /// A gateway answers in place of the service: this HTTP status with a page of HTML.
    Gateway {
        /// The status.
        status: u16,
        /// Whether the service acted upon the request.
        applied: bool,
    },
    /// The reply is empty, after the request was acted upon.
    EmptyBody,
    /// Numbers of the reply are objects, texts are lists.
    WrongTypes,
    /// The reply has fields and values that nobody knows yet.
    Unknown,
    /// The service refuses with this code, without acting.
    Refuse(ErrorCode),
    /// The reply comes in bits, with this pause between them.
    Drip(Duration),
    /// The request arrives twice.
    Duplicate,
}

/// Scripts by command; `*` stands for all commands.
#[derive(Debug, Default)]
pub(crate) struct Script(BTreeMap<String, VecDeque<Fault>>);

impl Script {
    pub(crate) fn add(&mut self, command: &str, faults: impl IntoIterator<Item = Fault>) {
        self.0.entry(command.to_owned()).or_default().extend(faults);
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// What goes wrong with the next request of a command.
    pub(crate) fn next(&mut self, command: &str) -> Fault {
        for key in [command, "*"] {
            if let Some(fault) = self.0.get_mut(key).and_then(VecDeque::pop_front) {
                return fault;
            }
        }
        Fault::None
    }
}

impl Fault {
    /// The refusal that it stands for.
    pub(crate) fn refusal(&self) -> Option<Refusal> {
        match self {
            Self::Refuse(code) => Some(code.because("on demand")),
            _ => None,
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
