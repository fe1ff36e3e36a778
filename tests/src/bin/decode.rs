//! Decodes payloads with the generated types and reports what a round trip loses.
//!
//! Reads JSON lines `{"command": "v4/…", "side": "request" | "reply", "json": {…}}` from standard
//! input, or those of webhooks, `{"command": "C2C.…", "side": "event" | "answer", "json": {…}}`, and
//! answers each with
//! `{"command", "side", "ok", "error", "lost": [JSON pointers], "changed": [JSON pointers]}`.
//! Exits 0 whatever it finds: the report is the result.
#![allow(clippy::print_stdout, reason = "a command line tool prints")]

use serde::Serialize;
use serde_json::{Value, json};
use std::{
    fmt::Debug,
    io::{self, BufRead, Write},
};
use tencent_chat_types::{
    Endpoint, EndpointVisitor, visit_endpoint,
    webhook::{Answer, Event, Webhook, WebhookVisitor, visit_webhook},
};

fn main() -> io::Result<()> {
    let mut out = io::stdout().lock();
    for line in io::stdin().lock().split(b'\n') {
        let line = line?;
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        writeln!(out, "{}", report(&line))?;
    }
    Ok(())
}

fn report(line: &[u8]) -> Value {
    let input: Value = match serde_json::from_slice(line) {
        Ok(input) => input,
        Err(error) => {
            return answer(
                &Value::Null,
                &Value::Null,
                Err(format!("the line is no JSON: {error}")),
            );
        }
    };
    let (command, side, json) = (&input["command"], &input["side"], &input["json"]);
    let name = command.as_str().unwrap_or_default();
    // From text, because that is how it comes over the wire.
    let text = json.to_string();
    let endpoint = |request| {
        visit_endpoint(
            name,
            Again {
                text: &text,
                request,
            },
        )
    };
    let again = match side.as_str() {
        Some("request") => endpoint(true),
        Some("reply") => endpoint(false),
        // One that this version does not know is kept whole, which is what happens to it in an app.
        Some("event") => Some(again(Event::decode(name, text.as_bytes()))),
        Some("answer") => visit_webhook(name, AnswerAgain(&text)),
        _ => {
            let expected = "side is none of request, reply, event, answer";
            return answer(command, side, Err(expected.to_owned()));
        }
    };
    let again = again.unwrap_or_else(|| Err("no such command or webhook".to_owned()));
    answer(command, side, again.map(|again| compare(json, &again)))
}

/// What was decoded, encoded again.
fn again(decoded: serde_json::Result<impl Serialize>) -> Result<Value, String> {
    let again = decoded.and_then(serde_json::to_value);
    again.map_err(|error| error.to_string())
}

/// Pointers of what is missing and of what differs.
#[derive(Default)]
struct Losses {
    lost: Vec<String>,
    changed: Vec<String>,
}

fn answer(command: &Value, side: &Value, outcome: Result<Losses, String>) -> Value {
    let error = outcome.as_ref().err().cloned();
    let Losses { lost, changed } = outcome.unwrap_or_default();
    json!({ "command": command, "side": side, "ok": error.is_none(), "error": error, "lost": lost, "changed": changed })
}

/// A request or a reply.
struct Again<'a> {
    text: &'a str,
    request: bool,
}

impl EndpointVisitor for Again<'_> {
    type Output = Result<Value, String>;
    fn visit<E: Endpoint + Clone + PartialEq + Debug>(self) -> Self::Output {
        match self.request {
            true => again(serde_json::from_str::<E>(self.text)),
            false => again(serde_json::from_str::<E::Reply>(self.text)),
        }
    }
}

/// An app's answer to a webhook.
struct AnswerAgain<'a>(&'a str);

impl WebhookVisitor for AnswerAgain<'_> {
    type Output = Result<Value, String>;
    fn visit<E: Webhook>(self) -> Self::Output {
        again(serde_json::from_str::<<E::Answer as Answer<E>>::Reply>(
            self.0,
        ))
    }
}

fn compare(before: &Value, after: &Value) -> Losses {
    let mut losses = Losses::default();
    walk(before, after, &mut String::new(), &mut losses);
    losses
}

fn walk(before: &Value, after: &Value, pointer: &mut String, losses: &mut Losses) {
    let mut inside = |step: &str, before: &Value, after: Option<&Value>| {
        let length = pointer.len();
        pointer.push('/');
        pointer.push_str(&step.replace('~', "~0").replace('/', "~1"));
        match after {
            Some(after) => walk(before, after, pointer, losses),
            None => losses.lost.push(pointer.clone()),
        }
        pointer.truncate(length);
    };
    match (before, after) {
        (Value::Object(before), Value::Object(after)) => {
            for (key, value) in before {
                inside(key, value, after.get(key));
            }
        }
        (Value::Array(before), Value::Array(after)) => {
            for (index, value) in before.iter().enumerate() {
                inside(&index.to_string(), value, after.get(index));
            }
        }
        _ if before == after => {}
        _ => losses.changed.push(pointer.clone()),
    }
}
