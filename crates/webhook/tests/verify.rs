//! What is refused, and why: one test for each way in which a request can be invalid.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::{sync::Arc, time::Duration};
use tencent_chat_webhook::{
    FixedClock, ReceiveError, Receiver, Token,
    types::webhook::{Event, OptPlatform},
};

const APP: u64 = 1_400_000_000;
const NOW: u64 = 1_764_150_123;
const TOKEN: &str = "a token of the tests";

const BODY: &str = r#"{
    "CallbackCommand": "Sns.CallbackFriendDelete",
    "PairList": [{ "From_Account": "mei", "To_Account": "lin", "Initiator_Account": "mei" }]
}"#;

fn receiver() -> Receiver {
    Receiver::new(APP, TOKEN).clock(FixedClock::new(NOW))
}

/// A query as the service sends it, signed at a given time.
fn signed_at(time: u64) -> String {
    let sign = Token::new(TOKEN).sign(&time.to_string());
    format!(
        "SdkAppid={APP}&CallbackCommand=Sns.CallbackFriendDelete&contenttype=json\
         &ClientIP=192.0.2.7&OptPlatform=iOS&Sign={sign}&RequestTime={time}"
    )
}

fn query() -> String {
    signed_at(NOW)
}

/// The query with one parameter replaced.
fn with(name: &str, value: &str) -> String {
    let changed: Vec<String> = (query().split('&'))
        .map(|pair| match pair.split_once('=') {
            Some((found, _)) if found == name => format!("{name}={value}"),
            _ => pair.to_owned(),
        })
        .collect();
    changed.join("&")
}

fn without(name: &str) -> String {
    let query = query();
    let kept: Vec<&str> = (query.split('&'))
        .filter(|pair| !pair.starts_with(&format!("{name}=")))
        .collect();
    kept.join("&")
}

fn refused(query: &str, body: &str) -> ReceiveError {
    receiver().receive(query, body.as_bytes()).unwrap_err()
}

#[test]
fn a_valid_request_is_accepted() {
    let delivery = receiver().receive(&query(), BODY.as_bytes()).unwrap();
    let Event::SnsFriendDelete(event) = &delivery.event else {
        panic!("{delivery:?}");
    };
    assert_eq!(event.pair_list[0].to_account, "lin");
    assert_eq!(delivery.origin.sdk_app_id, APP);
    assert_eq!(delivery.origin.command.as_str(), "Sns.CallbackFriendDelete");
    assert_eq!(delivery.origin.client_ip.as_deref(), Some("192.0.2.7"));
    assert_eq!(delivery.origin.opt_platform, Some(OptPlatform::IOS));
    assert_eq!(delivery.origin.request_time, Some(NOW));
}

#[test]
fn both_spellings_of_a_platform_are_kept() {
    for (text, known) in [("iOS", true), ("IOS", true), ("visionOS", false)] {
        let query = with("OptPlatform", text);
        let delivery = receiver().receive(&query, BODY.as_bytes()).unwrap();
        let platform = delivery.origin.opt_platform.unwrap();
        assert_eq!((platform.as_str(), platform.is_known()), (text, known));
    }
}

#[test]
fn parameters_of_the_app_are_ignored() {
    let query = format!("tenant=7&{}&x&=&y=%ff", query());
    receiver().receive(&query, BODY.as_bytes()).unwrap();
}

#[test]
fn missing_parameters() {
    for name in ["SdkAppid", "CallbackCommand"] {
        assert_eq!(
            refused(&without(name), BODY),
            ReceiveError::MissingParameter { name },
        );
        assert_eq!(
            refused(&with(name, ""), BODY),
            ReceiveError::MissingParameter { name },
        );
    }
    // Informational parameters may be missing.
    for name in ["ClientIP", "OptPlatform", "contenttype"] {
        let delivery = receiver().receive(&without(name), BODY.as_bytes());
        assert!(delivery.is_ok(), "{name}");
    }
}

#[test]
fn repeated_parameters() {
    for name in ["SdkAppid", "CallbackCommand", "Sign", "RequestTime"] {
        let query = format!("{}&{name}=1", query());
        assert_eq!(
            refused(&query, BODY),
            ReceiveError::RepeatedParameter { name }
        );
    }
}

#[test]
fn malformed_parameters() {
    for query in [
        with("SdkAppid", "one"),
        with("SdkAppid", "99999999999999999999"),
    ] {
        assert!(
            matches!(
                refused(&query, BODY),
                ReceiveError::MalformedParameter {
                    name: "SdkAppid",
                    ..
                }
            ),
            "{query}"
        );
    }
    assert!(matches!(
        refused(&with("ClientIP", "%ff"), BODY),
        ReceiveError::MalformedParameter {
            name: "ClientIP",
            ..
        }
    ));
    // Signed, but without a time.
    let sign = Token::new(TOKEN).sign("soon");
    let query = format!("{}&Sign={sign}&RequestTime=soon", {
        let query = without("Sign");
        let kept: Vec<&str> = query
            .split('&')
            .filter(|p| !p.starts_with("RequestTime"))
            .collect();
        kept.join("&")
    });
    assert!(matches!(
        refused(&query, BODY),
        ReceiveError::MalformedParameter {
            name: "RequestTime",
            ..
        }
    ));
}

#[test]
fn another_app() {
    assert_eq!(
        refused(&with("SdkAppid", "1400000001"), BODY),
        ReceiveError::WrongApp {
            sdk_app_id: 1_400_000_001
        }
    );
}

#[test]
fn unsigned() {
    for name in ["Sign", "RequestTime"] {
        assert_eq!(refused(&without(name), BODY), ReceiveError::Unsigned);
    }
    assert_eq!(refused("", ""), ReceiveError::Unsigned);
    let open = Receiver::unauthenticated(APP);
    open.receive(&without("Sign"), BODY.as_bytes()).unwrap();
}

#[test]
fn bad_signatures() {
    let right = Token::new(TOKEN).sign(&NOW.to_string());
    let others = [
        String::new(),
        "0".repeat(64),
        right[..63].to_owned(),
        format!("{right}00"),
        Token::new("another token").sign(&NOW.to_string()),
        Token::new(TOKEN).sign(&(NOW + 1).to_string()),
    ];
    for sign in others {
        assert_eq!(
            refused(&with("Sign", &sign), BODY),
            ReceiveError::BadSignature
        );
    }
    let nothing = Receiver::new(APP, "").clock(FixedClock::new(NOW));
    let sign = Token::new("").sign(&NOW.to_string());
    let error = nothing.verify(&with("Sign", &sign)).unwrap_err();
    assert_eq!(
        error,
        ReceiveError::BadSignature,
        "an empty token proves nothing"
    );
}

#[test]
fn a_token_can_be_changed_without_a_gap() {
    let receiver = Receiver::new(APP, "the next token")
        .also_accept(TOKEN)
        .clock(FixedClock::new(NOW));
    receiver.receive(&query(), BODY.as_bytes()).unwrap();
    let sign = Token::new("the next token").sign(&NOW.to_string());
    receiver
        .receive(&with("Sign", &sign), BODY.as_bytes())
        .unwrap();
}

#[test]
fn replays_and_wrong_clocks() {
    let clock = Arc::new(FixedClock::new(NOW));
    let receiver = Receiver::new(APP, TOKEN)
        .window(Duration::from_secs(30))
        .clock(clock.clone());
    for (time, taken) in [(NOW, true), (NOW - 30, true), (NOW + 30, true)] {
        let verified = receiver.verify(&signed_at(time));
        assert_eq!(verified.is_ok(), taken, "{verified:?}");
    }
    assert_eq!(
        receiver.verify(&signed_at(NOW - 31)).unwrap_err(),
        ReceiveError::Stale {
            age_seconds: 31,
            limit_seconds: 30
        }
    );
    assert_eq!(
        receiver.verify(&signed_at(NOW + 31)).unwrap_err(),
        ReceiveError::FromTheFuture {
            ahead_seconds: 31,
            limit_seconds: 30
        }
    );
    // The same request, accepted once, is stale later.
    let query = signed_at(NOW);
    receiver.receive(&query, BODY.as_bytes()).unwrap();
    clock.advance(31);
    let error = receiver.receive(&query, BODY.as_bytes()).unwrap_err();
    assert!(matches!(error, ReceiveError::Stale { .. }));
    assert!(receiver.verify(&signed_at(u64::MAX)).is_err());
    assert!(receiver.verify(&signed_at(0)).is_err());
}

#[test]
fn query_and_body_must_name_one_webhook() {
    let body = |command: &str| format!("{{\"CallbackCommand\":{command}}}");
    let query = "Sns.CallbackFriendDelete".to_owned();
    for (body, named) in [
        (
            body("\"C2C.CallbackBeforeSendMsg\""),
            Some("C2C.CallbackBeforeSendMsg".to_owned()),
        ),
        ("{}".to_owned(), None),
        (body("null"), None),
    ] {
        assert_eq!(
            refused(&self::query(), &body),
            ReceiveError::CommandMismatch {
                query: query.clone(),
                body: named
            },
        );
    }
    // Even if the webhook is unknown.
    let unknown = with("CallbackCommand", "Next.CallbackOfNextYear");
    assert!(matches!(
        refused(&unknown, BODY),
        ReceiveError::CommandMismatch { .. }
    ));
    assert!(matches!(
        refused(&unknown, "[]"),
        ReceiveError::CommandMismatch { body: None, .. }
    ));
    let right = body("\"Next.CallbackOfNextYear\"");
    let delivery = receiver().receive(&unknown, right.as_bytes()).unwrap();
    assert!(matches!(delivery.event, Event::Unknown(_)));
}

/// A few webhooks are named only in the query, as their spec files say.
#[test]
fn bodies_without_a_name_are_accepted_if_the_spec_allows() {
    let query = with("CallbackCommand", "Push.OfflinePush");
    let delivery = receiver().receive(&query, br#"{ "Events": [] }"#).unwrap();
    assert!(matches!(delivery.event, Event::PushOfflinePush(_)));
    assert_eq!(delivery.event.command(), "Push.OfflinePush");
}

#[test]
fn the_same_event_has_the_same_key() {
    let key = |body: &str| {
        let delivery = receiver().receive(&query(), body.as_bytes()).unwrap();
        delivery.key().to_string()
    };
    let again = BODY.replace(' ', "");
    assert_eq!(key(BODY), key(&again));
    assert_ne!(key(BODY), key(&BODY.replace("mei", "ada")));
    assert!(
        key(BODY).starts_with("SnsCallbackFriendDelete-"),
        "{}",
        key(BODY)
    );
    assert!(key(BODY).len() <= 96);
}

#[test]
fn messages_contain_no_secrets() {
    let sign = Token::new(TOKEN).sign(&NOW.to_string());
    let receiver = receiver();
    assert!(!format!("{receiver:?}").contains(TOKEN));
    let queries = [
        without("SdkAppid"),
        signed_at(NOW - 999),
        with("SdkAppid", "1"),
    ];
    for query in queries {
        let error = receiver.verify(&query).unwrap_err();
        for text in [error.to_string(), format!("{error:?}")] {
            assert!(!text.contains(&sign) && !text.contains(TOKEN), "{text}");
        }
    }
    let delivery = receiver.receive(&query(), BODY.as_bytes()).unwrap();
    assert!(!format!("{delivery:?}").contains(&sign));
}
