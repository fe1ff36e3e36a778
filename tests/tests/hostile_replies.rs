//! Whatever a server answers: an object decodes, keeps values that do not fit, and round-trips; anything else
//! is an error. Never a panic.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use proptest::prelude::*;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};
use std::{fmt::Debug, path::Path, sync::OnceLock};
use tencent_chat_tests::exact_json::exact;
use tencent_chat_types::{
    ENDPOINTS, Endpoint, EndpointVisitor, decode, to_vec, visit_endpoint,
    webhook::{Answer, WEBHOOKS, Webhook, WebhookVisitor, visit_webhook},
};
use xtask::codegen::load;

/// Any object decodes, whatever it holds; it must encode to the same text, and that must decode to the same
/// value again.
fn check<T: DeserializeOwned + Serialize>(json: &[u8], same: impl Fn(&T, &T) -> bool) -> Option<T> {
    let shown = || String::from_utf8_lossy(json);
    let decoded = match decode::<T>(json) {
        Ok(decoded) => decoded,
        Err(error) => {
            assert!(
                !exact(json).is_some_and(|json| json.is_object()),
                "{error}: {}",
                shown()
            );
            return None;
        }
    };
    let again = to_vec(&decoded.value).unwrap();
    assert_eq!(exact(&again), exact(json), "{}", shown());
    let second = decode::<T>(&again).unwrap();
    assert!(same(&second.value, &decoded.value), "{}", shown());
    assert!(to_vec(&second.value).unwrap() == again, "{}", shown());
    assert_eq!(second.misfits.len(), decoded.misfits.len(), "{}", shown());
    assert_eq!(
        decoded.misfits.list(usize::MAX).len(),
        decoded.misfits.len(),
        "{}",
        shown()
    );
    Some(decoded.value)
}

/// Decodes as request and as reply.
struct Decode<'a>(&'a [u8]);

impl EndpointVisitor for Decode<'_> {
    type Output = ();
    fn visit<E: Endpoint + Clone + PartialEq + Debug>(self) {
        if let Some(request) = check::<E>(self.0, PartialEq::eq) {
            // Limits are a judgement, not a condition: they must not panic either.
            let _ = request.validate();
        }
        check::<E::Reply>(self.0, |_, _| true);
    }
}

impl WebhookVisitor for Decode<'_> {
    type Output = ();
    fn visit<E: Webhook>(self) {
        if let Some(event) = check::<E>(self.0, PartialEq::eq) {
            let _ = event.identity();
        }
        check::<<E::Answer as Answer<E>>::Reply>(self.0, |_, _| true);
    }
}

fn decode_everywhere(bytes: &[u8]) {
    for meta in ENDPOINTS {
        visit_endpoint(meta.path, Decode(bytes)).unwrap();
    }
    for meta in WEBHOOKS {
        visit_webhook(meta.command, Decode(bytes)).unwrap();
    }
}

/// Values seen in place of the documented ones, and worse.
const ODD: &[&[u8]] = &[
    br#"{"OpType":2}"#,
    br#""""#,
    br#""\ud83d""#,
    b"\"\xED\xA0\xBD\xED\xB8\x80\"",
    b"\"\xC7\xA9\xC3\xFB\"",
    b"\"a\x00\n\"",
    br#"["\udc00x", null, {"\ud83d":"\ud83d"}]"#,
    br#""007""#,
    b"1.0",
    b"-0",
    b"true",
    b"null",
    b"[null]",
    b"[[]]",
    b"{}",
    b"18446744073709551616",
    br#"[1, "2", "3", 4.5]"#,
    br#"{"a":1,"a":null}"#,
];

/// The body with arbitrary bytes at the `at`-th place.
fn with_bytes(mut body: Value, at: usize, odd: &[u8]) -> Vec<u8> {
    let mark = "here be dragons";
    if !replace(&mut body, &mut { at }, &Value::from(mark)) {
        return body.to_string().into_bytes();
    }
    let text = body.to_string();
    let (before, after) = text.split_once(&format!("\"{mark}\"")).unwrap();
    [before.as_bytes(), odd, after.as_bytes()].concat()
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
        let webhooks = spec.webhooks.iter().flat_map(|webhooks| &webhooks.events);
        let events = webhooks.flat_map(|webhook| &webhook.file.samples);
        let texts = texts.chain(events.flat_map(|sample| sample.event.iter().chain(&sample.reply)));
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
    fn a_sample_with_odd_bytes(sample: prop::sample::Index, at in 1..60_usize, odd: prop::sample::Index) {
        let body = bodies()[sample.index(bodies().len())].clone();
        decode_everywhere(&with_bytes(body, at, ODD[odd.index(ODD.len())]));
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
fn deep_nesting_is_no_panic() {
    for open in [
        "[",
        "{\"a\":",
        "{\"MsgBody\":[{\"MsgType\":\"TIMRelayElem\",\"MsgContent\":{\"MsgList\":[{\"a\":1,",
    ] {
        decode_everywhere(open.repeat(2_000).as_bytes());
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
