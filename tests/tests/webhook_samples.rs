//! Every sample event and answer of the spec, through the generated types.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use serde_json::{Value, json};
use std::{collections::BTreeSet, path::Path};
use tencent_chat_tests::odd_json::{from_the_future, loosely};
use tencent_chat_types::{
    RawReply, Reply, decode, to_vec,
    webhook::{
        Acknowledged, Answer, CallbackCommand, Event, WEBHOOKS, Webhook, WebhookVisitor, When,
        visit_webhook,
    },
};
use tencent_chat_webhook::Receiver;
use xtask::codegen::{load, spec::At};

struct Sample {
    family: String,
    webhook: String,
    command: String,
    name: String,
    event: Option<Value>,
    reply: Option<Value>,
}

fn samples() -> Vec<Sample> {
    let spec = load::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../spec"));
    let spec = spec.unwrap_or_else(|errors| panic!("{}", errors.render()));
    let json = |text: &Option<At<String>>| {
        text.as_ref()
            .map(|text| serde_json::from_str(text).unwrap())
    };
    let mut samples = Vec::new();
    for webhook in &spec.webhooks.unwrap().events {
        for sample in &webhook.file.samples {
            samples.push(Sample {
                family: webhook.family.clone(),
                webhook: webhook.name.clone(),
                command: webhook.file.command.value.clone(),
                name: sample.name.value.clone(),
                event: json(&sample.event),
                reply: json(&sample.reply),
            });
        }
    }
    samples
}

/// Whether everything in an event fits.
struct Fits<'a>(&'a str);

impl WebhookVisitor for Fits<'_> {
    type Output = bool;
    fn visit<E: Webhook>(self) -> bool {
        decode::<E>(self.0.as_bytes()).is_ok_and(|decoded| decoded.misfits.is_empty())
    }
}

/// Through the enum of all events, as on the wire.
fn event(command: &str, json: &Value) -> Event {
    let fits = visit_webhook(command, Fits(&json.to_string()));
    assert_ne!(fits, Some(false), "{command} {json}");
    Event::decode(command, json.to_string().as_bytes())
        .unwrap_or_else(|error| panic!("{command} {json}: {error}"))
}

/// Reads an answer and writes it again.
struct ReplyAgain<'a>(&'a Value);

impl WebhookVisitor for ReplyAgain<'_> {
    type Output = Value;
    fn visit<E: Webhook>(self) -> Value {
        let reply: <E::Answer as Answer<E>>::Reply = serde_json::from_value(self.0.clone())
            .unwrap_or_else(|error| panic!("{}: {error}", self.0));
        serde_json::to_value(reply).unwrap()
    }
}

fn reply_again(command: &str, json: &Value) -> Value {
    visit_webhook(command, ReplyAgain(json)).unwrap()
}

#[test]
fn every_sample_comes_back_the_same() {
    let samples = samples();
    for sample in &samples {
        let place = format!("{} {}", sample.webhook, sample.name);
        if let Some(json) = &sample.event {
            let event = event(&sample.command, json);
            assert!(!matches!(event, Event::Unknown(_)), "{place}");
            assert_eq!(event.command(), sample.command, "{place}");
            assert_eq!(&serde_json::to_value(&event).unwrap(), json, "{place}");
        }
        if let Some(json) = &sample.reply {
            assert_eq!(&reply_again(&sample.command, json), json, "{place}");
        }
    }
    let with_event: BTreeSet<&str> = (samples.iter())
        .filter(|sample| sample.event.is_some())
        .map(|sample| sample.command.as_str())
        .collect();
    let all: BTreeSet<&str> = WEBHOOKS.iter().map(|meta| meta.command).collect();
    assert_eq!(with_event, all);
    assert!(WEBHOOKS.len() >= 36, "{}", WEBHOOKS.len());
}

#[test]
fn the_future_decodes_and_comes_back() {
    for sample in samples() {
        let place = format!("{} {}", sample.webhook, sample.name);
        if let Some(mut json) = sample.event {
            from_the_future(&mut json);
            let again = serde_json::to_value(event(&sample.command, &json)).unwrap();
            assert_eq!(again, json, "{place}");
        }
        if let Some(mut json) = sample.reply {
            from_the_future(&mut json);
            assert_eq!(reply_again(&sample.command, &json), json, "{place}");
        }
    }
}

#[test]
fn loose_forms_decode_and_come_back() {
    for sample in samples() {
        if let Some(mut json) = sample.event {
            loosely(&mut json);
            let again = serde_json::to_value(event(&sample.command, &json)).unwrap();
            assert_eq!(again, json, "{} {}", sample.webhook, sample.name);
        }
    }
}

#[test]
fn every_field_may_be_missing() {
    for sample in samples() {
        let Some(Value::Object(event_json)) = &sample.event else {
            continue;
        };
        for name in event_json.keys() {
            let mut less = event_json.clone();
            less.remove(name);
            let less = Value::Object(less);
            let again = serde_json::to_value(event(&sample.command, &less)).unwrap();
            assert_eq!(again, less, "{} without {name}", sample.webhook);
        }
    }
}

/// If a field that identifies an event is missing, any difference makes another key, and nothing else does.
#[test]
fn without_its_identifying_fields_an_event_is_known_by_all_that_it_holds() {
    const APP: u64 = 1_400_000_000;
    let receiver = Receiver::unauthenticated(APP);
    let mut lacking = 0;
    for sample in samples() {
        let Some(json) = &sample.event else { continue };
        let query = format!("SdkAppid={APP}&CallbackCommand={}", sample.command);
        let receive = |body: &Value| {
            receiver
                .receive(&query, body.to_string().as_bytes())
                .unwrap()
        };
        let whole = receive(json);
        let names: Vec<&String> = json.as_object().unwrap().keys().collect();
        for name in names.into_iter().filter(|name| *name != "CallbackCommand") {
            for instead in [
                None,
                Some(Value::Null),
                Some(json!("")),
                Some(json!([])),
                Some(json!({"x": 1})),
            ] {
                let mut body = json.clone();
                match instead {
                    Some(value) => body[name] = value,
                    None => drop(body.as_object_mut().unwrap().remove(name)),
                }
                if body == *json {
                    continue;
                }
                let mut other = body.clone();
                other["FieldOfNextYear"] = json!({ "b": "x", "a": [1] });
                let (one, other_delivery) = (receive(&body), receive(&other));
                // The identifying fields are untouched, or misfits within them change the key.
                if let Some(identity) = one.event.identity() {
                    let same = Some(identity) == whole.event.identity();
                    assert_eq!(one.key() == whole.key(), same, "{body}");
                    continue;
                }
                lacking += 1;
                assert_ne!(one.key(), other_delivery.key(), "{body}");
                assert_ne!(one.key(), whole.key(), "{body}");
                // The same event in another order and with white space.
                let mut text =
                    String::from("{ \"FieldOfNextYear\" : {\"a\":[ 1 ],\"b\":\"\\u0078\"}");
                for (name, value) in other.as_object().unwrap().iter().rev() {
                    if name != "FieldOfNextYear" {
                        text += &format!(",\n{} : {value:#}", Value::from(name.as_str()));
                    }
                }
                let again = receiver.receive(&query, (text + " }").as_bytes()).unwrap();
                assert_eq!(again.key(), other_delivery.key(), "{body}");
            }
        }
    }
    assert!(lacking > 500, "{lacking}");
}

#[test]
fn an_unknown_webhook_is_kept() {
    let json =
        json!({ "CallbackCommand": "Next.CallbackOfNextYear", "A": [1, null, { "b": 1.5 }] });
    let event = event("Next.CallbackOfNextYear", &json);
    assert!(matches!(&event, Event::Unknown(unknown) if unknown.body == json));
    assert_eq!(event.command(), "Next.CallbackOfNextYear");
    assert_eq!(serde_json::to_value(&event).unwrap(), json);
    assert!(!CallbackCommand::from("Next.CallbackOfNextYear").is_known());
}

/// The meaning of each sample answer, and that it is written again unchanged.
struct Meaning<'a> {
    event: &'a Value,
    reply: &'a Value,
}

impl WebhookVisitor for Meaning<'_> {
    type Output = String;
    fn visit<E: Webhook>(self) -> String {
        let event: E = serde_json::from_value(self.event.clone()).unwrap();
        let read = |json: &Value| {
            let reply = serde_json::from_value(json.clone()).unwrap();
            E::Answer::from_reply(reply)
        };
        let answer = read(self.reply)
            .unwrap_or_else(|| panic!("{} has no meaning: {}", E::META.command, self.reply));
        let written = serde_json::to_value(answer.clone().into_reply(&event)).unwrap();
        let acknowledges = written == serde_json::to_value(acknowledgement()).unwrap();
        assert_eq!(answer.is_acknowledgement(), acknowledges, "{answer:?}");
        assert_eq!(read(&written).as_ref(), Some(&answer), "{written}");
        format!("{answer:?}")
    }
}

#[test]
fn answers_mean_what_they_say() {
    let samples = samples();
    let mut shown = String::new();
    for sample in &samples {
        let event = (samples.iter())
            .find(|other| other.command == sample.command && other.event.is_some())
            .and_then(|other| other.event.as_ref());
        if let (Some(event), Some(reply)) = (event, &sample.reply) {
            let meaning = visit_webhook(&sample.command, Meaning { event, reply }).unwrap();
            shown += &format!("{} {}: {meaning}\n", sample.webhook, sample.name);
        }
    }
    insta::assert_snapshot!(shown);
}

fn acknowledgement() -> RawReply {
    Acknowledged.into_reply(&())
}

/// An answer that allows must not be read as anything else, and knows whether it depends on the event.
struct Allows<'a>(&'a Value);

impl WebhookVisitor for Allows<'_> {
    type Output = ();
    fn visit<E: Webhook>(self) {
        let event: E = serde_json::from_value(self.0.clone()).unwrap();
        let reply = E::Answer::allow().into_reply(&event);
        assert!(reply.envelope().is_success());
        let json = serde_json::to_value(&reply).unwrap();
        for (name, value) in [("ActionStatus", "OK"), ("ErrorInfo", "")] {
            assert_eq!(json[name], value, "{}", E::META.command);
        }
        assert_eq!(json["ErrorCode"], 0);
        assert_eq!(
            E::Answer::allow().is_acknowledgement(),
            to_vec(&reply).unwrap() == to_vec(&acknowledgement()).unwrap(),
            "{}",
            E::META.command
        );
        assert_eq!(E::Answer::from_reply(reply), Some(E::Answer::allow()));
    }
}

#[test]
fn every_webhook_can_be_allowed() {
    for sample in samples() {
        if let Some(event) = &sample.event {
            visit_webhook(&sample.command, Allows(event)).unwrap();
        }
    }
}

#[test]
fn decoded_samples() {
    for sample in samples() {
        let mut shown = String::new();
        if let Some(json) = &sample.event {
            let event = event(&sample.command, json);
            shown += &format!("event {event:#?}\nidentity {:?}\n", event.identity());
        }
        if let Some(json) = &sample.reply {
            shown += &format!("reply {json:#}\n");
        }
        insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true, snapshot_path => "snapshots/webhooks" }, {
            insta::assert_snapshot!(format!("{}__{}__{}", sample.family, sample.webhook, sample.name), shown);
        });
    }
}

/// One line per webhook: a reviewer must see when the surface changes.
#[test]
fn surface() {
    let mut table = String::new();
    for meta in WEBHOOKS {
        let page = meta
            .page
            .map_or("unknown".to_owned(), |page| page.to_string());
        table += &format!(
            "{}::{} {} {:?} page {page}\n",
            meta.family, meta.name, meta.command, meta.when
        );
        assert!(meta.command.contains('.'));
    }
    assert!(WEBHOOKS.iter().any(|meta| meta.when == When::Before));
    insta::assert_snapshot!(table);
}
