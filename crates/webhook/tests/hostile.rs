//! Malicious and malformed bodies and queries.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use proptest::prelude::*;
use tencent_chat_webhook::{
    ReceiveError, Receiver, Webhooks,
    types::{
        to_vec,
        webhook::{C2cBeforeSendMsg, C2cBeforeSendMsgAnswer, Event, WEBHOOKS},
    },
};

const APP: u64 = 1_400_000_000;

fn receiver() -> Receiver {
    Receiver::unauthenticated(APP)
}

fn query(command: &str) -> String {
    format!("SdkAppid={APP}&CallbackCommand={command}")
}

const BEFORE: &str = "C2C.CallbackBeforeSendMsg";

fn refused(body: &[u8]) -> ReceiveError {
    receiver().receive(&query(BEFORE), body).unwrap_err()
}

#[test]
fn no_json() {
    let bodies: [&[u8]; 7] = [
        b"",
        b" ",
        b"{",
        b"<html>",
        b"\xff\xfe{}",
        b"{\"CallbackCommand\": \"C2C.CallbackBeforeSendMsg\"} {}",
        b"nul",
    ];
    for body in bodies {
        let error = refused(body);
        assert!(
            matches!(error, ReceiveError::NotJson { .. }),
            "{error:?} for {}",
            String::from_utf8_lossy(body)
        );
        assert_eq!(error.status(), 400);
    }
}

#[test]
fn deep_nesting_is_kept_unchanged() {
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let depth = 100_000;
        let nested = open.repeat(depth) + "1" + &close.repeat(depth);
        for field in ["New", "MsgBody"] {
            let body = format!("{{\"CallbackCommand\":\"{BEFORE}\",\"{field}\":{nested}}}");
            let receiver = receiver().max_body_bytes(1 << 20);
            let delivery = receiver.receive(&query(BEFORE), body.as_bytes()).unwrap();
            assert!(to_vec(&delivery.event).unwrap() == body.as_bytes());
        }
    }
}

#[test]
fn a_wrong_type_does_not_fail_the_event() {
    let body = format!(
        "{{\"CallbackCommand\":\"{BEFORE}\",\"From_Account\":\"lin\",\"MsgBody\":[{{\"MsgType\":\"TIMTextElem\",\"MsgContent\":{{\"Text\":[]}}}},{{\"MsgType\":\"TIMTextElem\",\"MsgContent\":{{\"Text\":\"hi\\ud83d\"}}}}]}}"
    );
    let delivery = receiver().receive(&query(BEFORE), body.as_bytes()).unwrap();
    assert_eq!(to_vec(&delivery.event).unwrap(), body.as_bytes());
    let Event::C2cBeforeSendMsg(event) = delivery.event else {
        panic!("{:?}", delivery.event);
    };
    assert_eq!(
        (event.from_account.as_str(), event.msg_body.len()),
        ("lin", 2)
    );
}

#[test]
fn non_objects_are_reported() {
    for body in ["[]", "1", "null", "\"text\"", "true"] {
        let error = refused(body.as_bytes());
        assert!(
            matches!(error, ReceiveError::NotThisEvent { .. }),
            "{body}: {error:?}"
        );
    }
}

#[test]
fn huge() {
    let small = receiver().max_body_bytes(1_000);
    let body = format!(
        "{{\"CallbackCommand\":\"{BEFORE}\",\"New\":\"{}\"}}",
        "x".repeat(1_000)
    );
    let error = small.receive(&query(BEFORE), body.as_bytes()).unwrap_err();
    assert_eq!(error, ReceiveError::BodyTooLarge { limit: 1_000 });
    assert_eq!(error.status(), 413);
    let error = small
        .receive(&query("Next.Year"), body.as_bytes())
        .unwrap_err();
    assert_eq!(error, ReceiveError::BodyTooLarge { limit: 1_000 });
    let long = format!("{}&x={}", query(BEFORE), "x".repeat(10_000));
    let error = receiver().receive(&long, b"{}").unwrap_err();
    assert_eq!(error.status(), 414);
}

#[test]
fn text_from_outside_is_quoted_only_in_part() {
    let long = "y".repeat(7_000);
    let body = format!("{{\"CallbackCommand\":\"{long}\"}}");
    assert!(refused(body.as_bytes()).to_string().len() < 600);
    let body = format!("{{\"CallbackCommand\":\"{BEFORE}\"}}");
    let error = receiver()
        .receive(&query(&long), body.as_bytes())
        .unwrap_err();
    assert!(error.to_string().len() < 600);
}

/// Numbers beyond 64 bits are not sequence numbers, and invalid UTF-8 is not a name: both are
/// kept unchanged.
#[test]
fn values_that_do_not_fit_round_trip() {
    let huge = "9".repeat(400);
    for (field, value) in [
        ("New", &b"18446744073709551616"[..]),
        ("MsgTime", b"-1"),
        ("MsgTime", huge.as_bytes()),
        ("MsgSeq", b"1e999"),
        ("From_Account", b"\"\xc3\x28\""),
    ] {
        let head = format!("{{\"CallbackCommand\":\"{BEFORE}\",\"{field}\":");
        let body = [head.as_bytes(), value, b"}"].concat();
        let delivery = receiver().receive(&query(BEFORE), &body).unwrap();
        assert_eq!(to_vec(&delivery.event).unwrap(), body);
    }
}

proptest! {
    #[test]
    fn nothing_panics(query in ".{0,200}", body in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = receiver().receive(&query, &body);
    }

    #[test]
    fn no_event_panics_and_decoded_events_round_trip(
        index in any::<prop::sample::Index>(),
        fields in prop::collection::btree_map("[A-Z][A-Za-z_]{0,12}", json(), 0..6),
    ) {
        let command = WEBHOOKS[index.index(WEBHOOKS.len())].command;
        let mut object: serde_json::Map<String, serde_json::Value> = fields.into_iter().collect();
        object.insert("CallbackCommand".to_owned(), command.into());
        let json = serde_json::Value::Object(object);
        if let Ok(delivery) = receiver().receive(&query(command), json.to_string().as_bytes()) {
            prop_assert_eq!(serde_json::to_value(&delivery.event).unwrap(), json);
        }
    }

    #[test]
    fn unknown_webhooks_never_fail(command in "[A-Za-z0-9]{1,20}\\.[A-Za-z0-9]{1,20}Future", value in json()) {
        let body = serde_json::json!({ "CallbackCommand": command, "Value": value });
        let delivery = receiver().receive(&query(&command), body.to_string().as_bytes());
        let delivery = delivery.unwrap();
        prop_assert_eq!(serde_json::to_value(&delivery.event).unwrap(), body);
        prop_assert!(matches!(delivery.event, Event::Unknown(_)));
    }
}

fn json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<u64>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        ".{0,12}".prop_map(Into::into),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Into::into),
            prop::collection::btree_map("[A-Za-z]{1,8}", inner, 0..4)
                .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
        ]
    })
}

#[tokio::test]
async fn the_handler_is_not_called() {
    let webhooks = Webhooks::new(receiver()).on(
        |_: tencent_chat_webhook::Received<C2cBeforeSendMsg>| async {
            panic!("none of this is an event");
            #[allow(unreachable_code)]
            C2cBeforeSendMsgAnswer::Allow
        },
    );
    for (query, body, status) in [
        (query(BEFORE), &b"{}"[..], 400),
        (query(BEFORE), b"\xff", 400),
        ("SdkAppid=1".to_owned(), b"{}", 403),
        (String::new(), b"{}", 400),
    ] {
        let answer = webhooks.handle(&query, body).await;
        assert_eq!(answer.status, status, "{query}");
        let json: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!(json["ActionStatus"], "FAIL");
    }
}
