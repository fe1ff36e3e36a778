//! Decodes payloads with the generated types and reports what a round trip loses.
//!
//! Reads JSON lines `{"command": "v4/…", "side": "request" | "reply", "json": {…}}` from standard
//! input, or those of webhooks, `{"command": "C2C.…", "side": "event" | "answer", "json": {…}}`, and
//! answers each with
//! `{"command", "side", "ok", "error", "misfit": [JSON pointers], "lost": [JSON pointers], "changed":
//! [JSON pointers]}`. The bytes of `json` are decoded as they are: they may hold text that is not UTF-8. A
//! byte order mark before the line or before `json` is skipped, as it is at the head of a reply.
//! A value that does not fit its field is a misfit; it is lost only if it does not come back.
//! Exits 0 whatever it finds: the report is the result.
#![allow(clippy::print_stdout, reason = "a command line tool prints")]

use serde::Serialize;
use serde_json::{Value, json};
use std::{
    fmt::Debug,
    io::{self, BufRead, Write},
};
use tencent_chat_tests::exact_json::exact;
use tencent_chat_types::{
    Endpoint, EndpointVisitor, decode, from_slice, to_vec, visit_endpoint,
    webhook::{Answer, Event, Webhook, WebhookVisitor, visit_webhook},
    wire::Raw,
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
    let input: Raw = match from_slice(&without_marks(line)) {
        Ok(input) => input,
        Err(error) => {
            let error = format!("the line is not JSON: {error}");
            return answer(&Value::Null, &Value::Null, Err(error));
        }
    };
    let part = |name| input.get(name).unwrap_or_default();
    let (command, side) = (part("command"), part("side"));
    let json = input.get_raw("json").unwrap_or_default();
    let json = json.as_bytes();
    let name = command.as_str().unwrap_or_default();
    let again = match side.as_str() {
        Some("request") => visit_endpoint(
            name,
            Again {
                json,
                request: true,
            },
        ),
        Some("reply") => visit_endpoint(
            name,
            Again {
                json,
                request: false,
            },
        ),
        // An unknown command or webhook is kept whole, as in an app.
        Some("event") => visit_webhook(name, EventAgain(json)).or_else(|| {
            let event = Event::decode(name, json);
            Some(again(event.map(|event| (event, Vec::new()))))
        }),
        Some("answer") => visit_webhook(name, AnswerAgain(json)),
        _ => {
            let expected = "side is none of request, reply, event, answer";
            return answer(&command, &side, Err(expected.to_owned()));
        }
    };
    let again = again.unwrap_or_else(|| Err("no such command or webhook".to_owned()));
    answer(&command, &side, again.map(|again| compare(json, again)))
}

/// A line without the byte order marks outside its strings: before the line, and before a body that was
/// inserted unchanged.
fn without_marks(line: &[u8]) -> Vec<u8> {
    let mut clean = Vec::with_capacity(line.len());
    let (mut rest, mut within) = (line, false);
    while let Some((byte, after)) = rest.split_first() {
        match (within, rest) {
            (false, [0xEF, 0xBB, 0xBF, after @ ..]) => rest = after,
            (true, [b'\\', escaped, after @ ..]) => {
                clean.extend([b'\\', *escaped]);
                rest = after;
            }
            _ => {
                within ^= *byte == b'"';
                clean.push(*byte);
                rest = after;
            }
        }
    }
    clean
}

/// The decoded value, encoded again, and the pointers of misfits.
struct Encoded {
    json: Vec<u8>,
    misfits: Vec<String>,
}

fn again(decoded: serde_json::Result<(impl Serialize, Vec<String>)>) -> Result<Encoded, String> {
    let encoded = decoded.and_then(|(value, misfits)| {
        let json = to_vec(&value)?;
        Ok(Encoded { json, misfits })
    });
    encoded.map_err(|error| error.to_string())
}

fn decode_again<T: serde::de::DeserializeOwned + Serialize>(
    json: &[u8],
) -> Result<Encoded, String> {
    again(decode::<T>(json).map(|decoded| {
        let misfits = decoded.misfits.list(usize::MAX);
        let pointers = misfits.into_iter().map(|misfit| misfit.pointer).collect();
        (decoded.value, pointers)
    }))
}

/// Pointers of misfits, of missing values and of changed ones.
#[derive(Default)]
struct Findings {
    misfit: Vec<String>,
    lost: Vec<String>,
    changed: Vec<String>,
}

fn answer(command: &Value, side: &Value, outcome: Result<Findings, String>) -> Value {
    let error = outcome.as_ref().err().cloned();
    let Findings {
        misfit,
        lost,
        changed,
    } = outcome.unwrap_or_default();
    json!({
        "command": command, "side": side, "ok": error.is_none(), "error": error,
        "misfit": misfit, "lost": lost, "changed": changed,
    })
}

/// A request or a reply.
struct Again<'a> {
    json: &'a [u8],
    request: bool,
}

impl EndpointVisitor for Again<'_> {
    type Output = Result<Encoded, String>;
    fn visit<E: Endpoint + Clone + PartialEq + Debug>(self) -> Self::Output {
        match self.request {
            true => decode_again::<E>(self.json),
            false => decode_again::<E::Reply>(self.json),
        }
    }
}

/// An event.
struct EventAgain<'a>(&'a [u8]);

impl WebhookVisitor for EventAgain<'_> {
    type Output = Result<Encoded, String>;
    fn visit<E: Webhook>(self) -> Self::Output {
        decode_again::<E>(self.0)
    }
}

/// An app's answer to a webhook.
struct AnswerAgain<'a>(&'a [u8]);

impl WebhookVisitor for AnswerAgain<'_> {
    type Output = Result<Encoded, String>;
    fn visit<E: Webhook>(self) -> Self::Output {
        decode_again::<<E::Answer as Answer<E>>::Reply>(self.0)
    }
}

fn compare(before: &[u8], again: Encoded) -> Findings {
    let misfit = again.misfits;
    let mut findings = Findings {
        misfit,
        ..Findings::default()
    };
    match (exact(before), exact(&again.json)) {
        (Some(before), Some(after)) => walk(&before, &after, &mut String::new(), &mut findings),
        // Nested too deeply to look into.
        _ if before == again.json => {}
        _ => findings.changed.push(String::new()),
    }
    findings
}

fn walk(before: &Value, after: &Value, pointer: &mut String, findings: &mut Findings) {
    let mut inside = |step: &str, before: &Value, after: Option<&Value>| {
        let length = pointer.len();
        pointer.push('/');
        pointer.push_str(&step.replace('~', "~0").replace('/', "~1"));
        match after {
            Some(after) => walk(before, after, pointer, findings),
            None => findings.lost.push(pointer.clone()),
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
        _ => findings.changed.push(pointer.clone()),
    }
}
