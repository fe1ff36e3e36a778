//! Every sample of the spec, through the generated types: decoded as a snapshot, encoded again without loss,
//! and decoded again with additions that a later server might make.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use serde::de::DeserializeOwned;
use serde_json::Value;
use std::{fmt::Debug, path::Path};
use tencent_chat_tests::odd_json::{from_the_future, loosely};
use tencent_chat_types::{
    ENDPOINTS, Endpoint, EndpointVisitor, QuotaUnit, Reply, decode, visit_endpoint,
};
use xtask::codegen::load;

struct Sample {
    family: String,
    endpoint: String,
    path: String,
    name: String,
    request: Option<Value>,
    reply: Option<Value>,
}

fn samples() -> Vec<Sample> {
    let spec = load::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../spec"));
    let spec = spec.unwrap_or_else(|errors| panic!("{}", errors.render()));
    let mut samples = Vec::new();
    for endpoint in &spec.endpoints {
        for sample in &endpoint.file.samples {
            let json = |text: &Option<xtask::codegen::spec::At<String>>| {
                text.as_ref()
                    .map(|text| serde_json::from_str(text).unwrap())
            };
            samples.push(Sample {
                family: endpoint.family.clone(),
                endpoint: endpoint.name.clone(),
                path: endpoint.file.path.value.clone(),
                name: sample.name.value.clone(),
                request: json(&sample.request),
                reply: json(&sample.reply),
            });
        }
    }
    samples
}

/// Runs a closure that is generic over the request type.
struct Visit<'a>(&'a Sample, fn(&Sample, &mut dyn Roundtrip));

/// One endpoint's types behind an object.
trait Roundtrip {
    fn request(&mut self, json: &Value) -> Value;
    fn reply(&mut self, json: &Value) -> (Value, bool);
}

/// From text, as on the wire. Everything fits.
fn strict<T: DeserializeOwned>(json: &Value) -> T {
    let text = json.to_string();
    let decoded = decode(text.as_bytes()).unwrap_or_else(|e| panic!("{json}: {e}"));
    assert!(decoded.misfits.is_empty(), "{json}: {}", decoded.misfits);
    decoded.value
}

struct Types<E>(std::marker::PhantomData<E>);

impl<E: Endpoint + Debug> Roundtrip for Types<E> {
    fn request(&mut self, json: &Value) -> Value {
        serde_json::to_value(strict::<E>(json)).unwrap()
    }
    fn reply(&mut self, json: &Value) -> (Value, bool) {
        let reply: E::Reply = strict(json);
        (
            serde_json::to_value(&reply).unwrap(),
            reply.envelope().is_success(),
        )
    }
}

impl EndpointVisitor for Visit<'_> {
    type Output = ();
    fn visit<E: Endpoint + Clone + PartialEq + Debug>(self) {
        (self.1)(self.0, &mut Types::<E>(std::marker::PhantomData));
    }
}

fn for_each(run: fn(&Sample, &mut dyn Roundtrip)) -> usize {
    let samples = samples();
    for sample in &samples {
        visit_endpoint(&sample.path, Visit(sample, run))
            .unwrap_or_else(|| panic!("{} has no type", sample.path));
    }
    samples.len()
}

#[test]
fn every_sample_comes_back_the_same() {
    let count = for_each(|sample, types| {
        if let Some(request) = &sample.request {
            assert_eq!(
                &types.request(request),
                request,
                "{} {}",
                sample.endpoint,
                sample.name
            );
        }
        if let Some(reply) = &sample.reply {
            let (again, success) = types.reply(reply);
            assert_eq!(&again, reply, "{} {}", sample.endpoint, sample.name);
            assert_eq!(
                success,
                reply["ErrorCode"] == 0,
                "{} {}",
                sample.endpoint,
                sample.name
            );
        }
    });
    assert!(count >= ENDPOINTS.len(), "{count}");
}

#[test]
fn the_future_decodes_and_comes_back() {
    for_each(|sample, types| {
        for (json, is_request) in [(&sample.request, true), (&sample.reply, false)] {
            if let Some(json) = json {
                let mut json = json.clone();
                from_the_future(&mut json);
                let again = if is_request {
                    types.request(&json)
                } else {
                    types.reply(&json).0
                };
                assert_eq!(again, json, "{} {}", sample.endpoint, sample.name);
            }
        }
    });
}

#[test]
fn loose_forms_decode_and_come_back() {
    for_each(|sample, types| {
        if let Some(reply) = &sample.reply {
            let mut reply = reply.clone();
            loosely(&mut reply);
            assert_eq!(
                types.reply(&reply).0,
                reply,
                "{} {}",
                sample.endpoint,
                sample.name
            );
        }
    });
}

#[test]
fn every_field_may_be_missing_from_a_reply() {
    for_each(|sample, types| {
        let Some(Value::Object(reply)) = &sample.reply else {
            return;
        };
        for name in reply.keys() {
            let mut less = reply.clone();
            less.remove(name);
            let less = Value::Object(less);
            assert_eq!(
                types.reply(&less).0,
                less,
                "{} without {name}",
                sample.endpoint
            );
        }
    });
}

#[test]
fn decoded_samples() {
    struct Shown<'a>(&'a Sample);
    impl EndpointVisitor for Shown<'_> {
        type Output = String;
        fn visit<E: Endpoint + Clone + PartialEq + Debug>(self) -> String {
            let mut shown = String::new();
            if let Some(request) = &self.0.request {
                let request: E = serde_json::from_value(request.clone()).unwrap();
                shown += &format!("request {request:#?}\n");
            }
            if let Some(reply) = &self.0.reply {
                let reply: E::Reply = serde_json::from_value(reply.clone()).unwrap();
                shown += &format!("reply {reply:#?}\n");
            }
            shown
        }
    }
    for sample in samples() {
        let shown = visit_endpoint(&sample.path, Shown(&sample)).unwrap();
        insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true, snapshot_path => "snapshots/samples" }, {
            insta::assert_snapshot!(format!("{}__{}__{}", sample.family, sample.endpoint, sample.name), shown);
        });
    }
}

/// One line per command: a reviewer must see when the surface changes.
#[test]
fn surface() {
    let mut table = String::new();
    for meta in ENDPOINTS {
        let quotas: Vec<String> = (meta.quotas.iter())
            .map(|quota| {
                let unit = match quota.unit {
                    QuotaUnit::Items => meta.counted.unwrap_or_default(),
                    _ => "",
                };
                let edition = quota.edition.map(|edition| format!("{edition:?}"));
                format!(
                    "{}{unit}/{}s{}",
                    quota.amount,
                    quota.seconds,
                    edition.unwrap_or_default()
                )
            })
            .collect();
        let quota = match quotas.is_empty() {
            true => "unknown".to_owned(),
            false => quotas.join("+"),
        };
        table += &format!(
            "{}::{} {} {quota} {:?}\n",
            meta.family, meta.name, meta.path, meta.repeat
        );
    }
    insta::assert_snapshot!(table);
}
