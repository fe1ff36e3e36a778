//! Decodes payloads with the generated types and reports what a round trip loses.
//!
//! Reads JSON lines `{"command": "v4/…", "side": "request" | "reply", "json": {…}}` from standard
//! input and answers each with
//! `{"command", "side", "ok", "error", "lost": [JSON pointers], "changed": [JSON pointers]}`.
//! Exits 0 whatever it finds: the report is the result.
#![allow(clippy::print_stdout, reason = "a command line tool prints")]

use serde_json::{Value, json};
use std::{
    fmt::Debug,
    io::{self, BufRead, Write},
};
use tencent_chat_types::{Endpoint, EndpointVisitor, visit_endpoint};

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
    let path = command.as_str().unwrap_or_default();
    let again = match side.as_str() {
        Some("request") => visit_endpoint(
            path,
            Again {
                json,
                request: true,
            },
        ),
        Some("reply") => visit_endpoint(
            path,
            Again {
                json,
                request: false,
            },
        ),
        _ => {
            return answer(
                command,
                side,
                Err("side is neither request nor reply".to_owned()),
            );
        }
    };
    let again = again.unwrap_or_else(|| Err("no such command".to_owned()));
    answer(command, side, again.map(|again| compare(json, &again)))
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

/// Decodes and encodes again.
struct Again<'a> {
    json: &'a Value,
    request: bool,
}

impl EndpointVisitor for Again<'_> {
    type Output = Result<Value, String>;
    fn visit<E: Endpoint + Clone + PartialEq + Debug>(self) -> Self::Output {
        // From text, because that is how it comes over the wire.
        let text = self.json.to_string();
        let again = if self.request {
            serde_json::from_str::<E>(&text).and_then(serde_json::to_value)
        } else {
            serde_json::from_str::<E::Reply>(&text).and_then(serde_json::to_value)
        };
        again.map_err(|error| error.to_string())
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
