//! Whatever a server answers, decoding it is a value or an error: never a panic, and never more
//! memory than a small multiple of the input.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use proptest::prelude::*;
use serde_json::{Map, Value};
use std::{fmt::Debug, path::Path, sync::OnceLock};
use tencent_chat_types::{ENDPOINTS, Endpoint, EndpointVisitor, visit_endpoint};
use xtask::codegen::load;

/// Decodes as request and as reply. What decodes must encode, and decode to the same again.
struct Decode<'a>(&'a [u8]);

impl EndpointVisitor for Decode<'_> {
    type Output = ();
    fn visit<E: Endpoint + Clone + PartialEq + Debug>(self) {
        if let Ok(request) = serde_json::from_slice::<E>(self.0) {
            let again = serde_json::to_vec(&request).unwrap();
            assert_eq!(serde_json::from_slice::<E>(&again).unwrap(), request);
            // Limits are a judgement, not a condition: they must not panic either.
            let _ = request.validate();
        }
        if let Ok(reply) = serde_json::from_slice::<E::Reply>(self.0) {
            let again = serde_json::to_value(&reply).unwrap();
            let sent: Value = serde_json::from_slice(self.0).unwrap();
            assert_eq!(without_mixed_lists(again), without_mixed_lists(sent));
        }
    }
}

/// The documented exception: a list that mixes numbers and texts comes back as texts.
fn without_mixed_lists(value: Value) -> Value {
    match value {
        Value::Array(items) => {
            let mixed = items.iter().any(Value::is_string) && items.iter().any(Value::is_number);
            let text = |item: Value| {
                if item.is_number() {
                    Value::String(item.to_string())
                } else {
                    item
                }
            };
            let items = items.into_iter().map(without_mixed_lists);
            Value::Array(if mixed {
                items.map(text).collect()
            } else {
                items.collect()
            })
        }
        Value::Object(object) => Value::Object(
            object
                .into_iter()
                .map(|(key, value)| (key, without_mixed_lists(value)))
                .collect(),
        ),
        other => other,
    }
}

fn decode_everywhere(bytes: &[u8]) {
    for meta in ENDPOINTS {
        visit_endpoint(meta.path, Decode(bytes)).unwrap();
    }
}

/// All sample bodies of the spec.
fn bodies() -> &'static [Value] {
    static BODIES: OnceLock<Vec<Value>> = OnceLock::new();
    BODIES.get_or_init(|| {
        let spec = load::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../spec")).unwrap();
        let samples = spec
            .endpoints
            .iter()
            .flat_map(|endpoint| &endpoint.file.samples);
        let texts = samples.flat_map(|sample| sample.request.iter().chain(&sample.reply));
        texts
            .map(|text| serde_json::from_str(text).unwrap())
            .collect()
    })
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,8}".prop_map(Value::from),
        any::<u32>().prop_map(|number| Value::from(number.to_string())),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::vec(("[A-Za-z_]{1,8}", inner), 0..4)
                .prop_map(|entries| Value::from(entries.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

/// Replaces the value at the `at`-th place of a tree.
fn replace(value: &mut Value, at: &mut usize, with: &Value) -> bool {
    if *at == 0 {
        *value = with.clone();
        return true;
    }
    *at -= 1;
    match value {
        Value::Array(items) => items.iter_mut().any(|item| replace(item, at, with)),
        Value::Object(object) => object.values_mut().any(|item| replace(item, at, with)),
        _ => false,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        decode_everywhere(&bytes);
    }

    #[test]
    fn any_value(value in any_json()) {
        decode_everywhere(value.to_string().as_bytes());
    }

    #[test]
    fn a_sample_with_a_wrong_value(sample: prop::sample::Index, at in 1..60_usize, value in any_json()) {
        let mut body = bodies()[sample.index(bodies().len())].clone();
        replace(&mut body, &mut { at }, &value);
        decode_everywhere(body.to_string().as_bytes());
    }

    #[test]
    fn a_sample_with_wrong_bytes(sample: prop::sample::Index, at: prop::sample::Index, byte: u8, cut: bool) {
        let mut text = bodies()[sample.index(bodies().len())].to_string().into_bytes();
        let at = at.index(text.len());
        if cut { text.truncate(at) } else { text[at] = byte }
        decode_everywhere(&text);
    }
}

#[test]
fn deep_nesting_is_an_error() {
    for open in [
        "[",
        "{\"a\":",
        "{\"MsgBody\":[{\"MsgType\":\"TIMRelayElem\",\"MsgContent\":{\"MsgList\":[{\"a\":1,",
    ] {
        decode_everywhere(open.repeat(100_000).as_bytes());
    }
    let relay = |inner: String| {
        format!(
            r#"{{"MsgBody":[{{"MsgType":"TIMRelayElem","MsgContent":{{"MsgList":[{inner}]}}}}]}}"#
        )
    };
    let mut deep = String::from("{}");
    for _ in 0..200 {
        deep = relay(deep);
    }
    decode_everywhere(deep.as_bytes());
}
