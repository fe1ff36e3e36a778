//! What is sent.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use serde_json::json;
use std::{
    collections::HashSet,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};
use support::{ADMIN, APP, KEY, Server};
use tencent_chat_client::{Client, ErrorKind, Sent};
use tencent_chat_types::{
    Advance, Endpoint, Meta, Paged, RawReply, Repeat,
    account::ImportAccounts,
    message::SendMsg,
    model::TextElem,
    operations::GetServerIpList,
    validate::{Checker, Limit, Validate},
};
use tencent_chat_usersig::{FixedClock, Signer};

#[tokio::test]
async fn a_request_is_what_the_service_expects() {
    let server = Server::replying(r#"{"ErrorCode":0}"#).await;
    server.client().send(GetServerIpList::new()).await.unwrap();
    let seen = &server.seen()[0];
    assert_eq!(
        (seen.method.as_str(), seen.path.as_str()),
        ("POST", "/v4/ConfigSvc/GetIPList")
    );
    assert_eq!(seen.headers["content-type"], "application/json");
    // Never empty.
    assert_eq!(seen.body, "{}");
    let mut names: Vec<&str> = seen.query.keys().map(String::as_str).collect();
    names.sort_unstable();
    assert_eq!(
        names,
        ["contenttype", "identifier", "random", "sdkappid", "usersig"]
    );
    assert_eq!(
        (
            seen.query["sdkappid"].as_str(),
            seen.query["contenttype"].as_str()
        ),
        ("1400000000", "json")
    );
    assert!(
        Signer::new(APP, KEY)
            .verify_for(&seen.query["usersig"], ADMIN)
            .is_ok()
    );
}

#[tokio::test]
async fn any_identifier_arrives_whole() {
    for identifier in [
        "a#b",
        "a&usersig=x",
        "a=b",
        "50%25",
        "a b+c",
        "管理员",
        "a/b?c",
        "*-_.~",
    ] {
        let server = Server::replying(r#"{"ErrorCode":0}"#).await;
        let client = Client::builder(APP, identifier, KEY)
            .base_url(&server.base)
            .build()
            .unwrap();
        client.send(GetServerIpList::new()).await.unwrap();
        let seen = &server.seen()[0];
        assert_eq!(seen.query["identifier"], identifier);
        assert!(
            Signer::new(APP, KEY)
                .verify_for(&seen.query["usersig"], identifier)
                .is_ok()
        );
    }
}

#[tokio::test]
async fn a_base_address_can_have_a_path() {
    let server = Server::replying(r#"{"ErrorCode":0}"#).await;
    let base = format!("{}/gateway/chat", server.base);
    let client = Client::builder(APP, ADMIN, KEY)
        .base_url(base)
        .build()
        .unwrap();
    client.send(GetServerIpList::new()).await.unwrap();
    assert_eq!(
        server.seen()[0].path,
        "/gateway/chat/v4/ConfigSvc/GetIPList"
    );
}

#[tokio::test]
async fn random_is_fresh_and_uses_all_bits() {
    let server = Server::replying(r#"{"ErrorCode":0}"#).await;
    let client = server.client();
    for _ in 0..200 {
        client.send(GetServerIpList::new()).await.unwrap();
    }
    let randoms: HashSet<u32> = server
        .seen()
        .iter()
        .map(|seen| seen.query["random"].parse().unwrap())
        .collect();
    // One duplicate among 200 has odds of one in 200,000; two of one in 10^10.
    assert!(randoms.len() >= 199);
    assert!(
        randoms.iter().any(|random| *random > u32::MAX / 2)
            && randoms.iter().any(|random| *random < u32::MAX / 2)
    );
}

#[tokio::test]
async fn the_signature_is_made_once_and_renewed_in_time() {
    let server = Server::replying(r#"{"ErrorCode":0}"#).await;
    let clock = Arc::new(FixedClock::new(1_700_000_000));
    let client = server
        .builder()
        .clock(Arc::clone(&clock))
        .sig_validity(std::time::Duration::from_secs(1000))
        .build()
        .unwrap();
    let mut all = HashSet::new();
    for round in 1..=3 {
        let calls: Vec<_> = (0..64)
            .map(|_| {
                let client = client.clone();
                tokio::spawn(async move { client.send(GetServerIpList::new()).await })
            })
            .collect();
        for call in calls {
            call.await.unwrap().unwrap();
        }
        all.extend(
            server
                .seen()
                .into_iter()
                .map(|seen| seen.query["usersig"].clone()),
        );
        assert_eq!(all.len(), round);
        clock.advance(800);
    }
}

#[tokio::test]
async fn limits_are_checked_before_anything_is_sent() {
    let server = Server::replying(r#"{"ErrorCode":0}"#).await;
    let client = server.client();
    let request = ImportAccounts::new((0..101).map(|number| number.to_string()));
    let error = client.send(&request).await.unwrap_err();
    assert_eq!((error.kind(), error.sent()), (ErrorKind::Invalid, Sent::No));
    let violation = error.violations().next().unwrap();
    assert_eq!(
        (violation.path.as_str(), violation.limit, violation.found),
        ("Accounts", Limit::MaxItems(100), 101)
    );
    assert!(
        error
            .to_string()
            .contains("Accounts has 101 entries, but at most 100 are allowed"),
        "{error}"
    );
    assert!(server.seen().is_empty());
    client.call(request).unchecked().await.unwrap();
    assert_eq!(server.seen().len(), 1);
    // All at once, each with its path; the values themselves are not repeated.
    let request = SendMsg::new("x".repeat(33), [TextElem::new("secret text")])
        .with_msg_random(1)
        .with_from_account("y".repeat(40));
    let text = client.send(&request).await.unwrap_err().to_string();
    assert!(
        text.contains("From_Account has 40 bytes") && text.contains("To_Account has 33 bytes"),
        "{text}"
    );
    assert!(!text.contains("xxx") && !text.contains("yyy"), "{text}");
}

#[tokio::test]
async fn raw_calls() {
    let server = Server::replying(r#"{"ErrorCode":0,"Answer":[42]}"#).await;
    let client = server.client();
    let reply = client
        .send_raw("v4/openim/new_command", json!({ "A": null }))
        .await
        .unwrap();
    assert_eq!(reply.extra.get("Answer").unwrap()[0], 42);
    assert_eq!(
        (
            server.seen()[0].path.as_str(),
            server.seen()[0].body.as_str()
        ),
        ("/v4/openim/new_command", r#"{"A":null}"#)
    );
    for path in [
        "",
        "openim/x",
        "/v4/openim/x",
        "v4/openim/x?usersig=y",
        "v4/openim/../x",
        "v4//x",
        "v4/openim/x#",
    ] {
        let error = client.send_raw(path, json!({})).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.sent()),
            (ErrorKind::BadPath, Sent::No),
            "{path}"
        );
    }
    assert_eq!(server.seen().len(), 1);
}

/// A command that the spec does not have.
const OWN: &Meta = &Meta::new("test", "own", "v4/test/own", Repeat::Read);

#[tokio::test]
async fn single_calls_take_requests_by_value_or_by_reference_and_copy_nothing() {
    // It cannot be cloned.
    #[derive(serde::Serialize, serde::Deserialize)]
    struct Unique {
        name: String,
    }
    impl Validate for Unique {
        fn check(&self, _: &mut Checker) {}
    }
    impl Endpoint for Unique {
        type Reply = RawReply;
        const META: &'static Meta = OWN;
    }
    let server = Server::replying(r#"{"ErrorCode":0}"#).await;
    let client = server.client();
    let unique = || Unique { name: "a".into() };
    let kept = unique();
    client.send(unique()).await.unwrap();
    client.send(&kept).await.unwrap();
    client.call(unique()).await.unwrap();
    client.call(&kept).await.unwrap();
    // A call of a family, and a call that outlives the statement.
    let message = SendMsg::new("mei", [TextElem::new("hello")]);
    client.message().send_msg(&message).await.unwrap();
    let call = client.message().send_msg(message);
    call.await.unwrap();
    let bodies: Vec<String> = server.seen().into_iter().map(|seen| seen.body).collect();
    assert_eq!(bodies[..4], [r#"{"name":"a"}"#; 4]);
    assert_eq!(bodies[4], bodies[5]);
}

#[tokio::test]
async fn listings_and_batches_clone_a_borrowed_request_once() {
    static CLONES: AtomicUsize = AtomicUsize::new(0);
    #[derive(serde::Serialize, serde::Deserialize)]
    struct Counted {}
    impl Clone for Counted {
        fn clone(&self) -> Self {
            CLONES.fetch_add(1, Ordering::Relaxed);
            Self {}
        }
    }
    impl Validate for Counted {
        fn check(&self, _: &mut Checker) {}
    }
    impl Endpoint for Counted {
        type Reply = RawReply;
        const META: &'static Meta = OWN;
    }
    impl Paged for Counted {
        type Item = ();
        fn advance(&mut self, _: &RawReply) -> Advance {
            Advance::End
        }
        fn items(_: RawReply) -> Vec<()> {
            vec![()]
        }
    }
    let server = Server::replying(r#"{"ErrorCode":0}"#).await;
    let client = server.client();
    let counted = || CLONES.swap(0, Ordering::Relaxed);
    client.items(Counted {}).next_item().await.unwrap().unwrap();
    let of_a_page = counted();
    let kept = Counted {};
    client.items(&kept).next_item().await.unwrap().unwrap();
    assert_eq!(counted(), of_a_page + 1);
    client.pages(&kept).next_page().await.unwrap().unwrap();
    assert_eq!(counted(), of_a_page + 1);

    let users = ImportAccounts::new(["lin", "mei"]);
    let by_reference = client.batch(&users).await;
    let by_value = client.batch(users).await;
    assert_eq!(by_reference.items(), by_value.items());
    assert_eq!((by_value.len(), server.seen().len()), (2, 5));
}
