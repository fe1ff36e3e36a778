//! How the client treats replies.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use axum::{http::StatusCode, response::IntoResponse};
use proptest::prelude::*;
use std::sync::{Arc, Mutex};
use support::{Server, builder, raw, read_request, write};
use tencent_chat_client::{ErrorKind, Sent};
use tencent_chat_types::{
    Endpoint, ErrorClass, ErrorCode, ErrorRepeat, Meta, RawReply, Repeat,
    conversation::{
        GetContactGroup, UpdateContactGroup,
        update_contact_group::{ContactGroupUpdate, ContactGroupUpdateType},
    },
    message::SendMsg,
    model::TextElem,
    operations::GetServerIpList,
    validate::{Checker, Validate},
};

/// Without one of the numbers by which the service recognizes duplicates.
fn message() -> SendMsg {
    let mut message = SendMsg::new("mei", [TextElem::new("hi")]);
    message.msg_seq = None;
    message
}

#[tokio::test]
async fn a_success_keeps_what_it_does_not_know() {
    let body = r#"{"ActionStatus":"OK","ErrorCode":0,"ErrorInfo":"","MsgTime":1700000000,"MsgKey":"k","New":{"a":1}}"#;
    let server = Server::replying(body).await;
    let answer = server.client().call(message()).answer().await.unwrap();
    assert_eq!(
        (answer.reply.msg_time, answer.reply.msg_key.as_deref()),
        (Some(1_700_000_000), Some("k"))
    );
    assert_eq!(answer.reply.extra.get("New").unwrap()["a"], 1);
    assert_eq!(answer.body, body);
    assert_eq!(
        serde_json::to_value(&answer.reply).unwrap(),
        serde_json::from_str::<serde_json::Value>(body).unwrap()
    );
}

#[tokio::test]
async fn a_refusal_says_everything() {
    let server =
        Server::replying(r#"{"ActionStatus":"FAIL","ErrorInfo":"no such user","ErrorCode":90012}"#)
            .await;
    let error = server.client().send(message()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Api);
    assert_eq!(error.endpoint(), "v4/openim/sendmsg");
    assert_eq!(error.code(), Some(ErrorCode::MESSAGE_RECIPIENT_NOT_FOUND));
    assert_eq!(error.action_status().unwrap().as_str(), "FAIL");
    assert_eq!(error.server_text(), Some("no such user"));
    assert_eq!(
        (error.class(), error.repeat()),
        (Some(ErrorClass::NotFound), Some(ErrorRepeat::Never))
    );
    assert_eq!((error.sent(), error.http_status()), (Sent::Yes, Some(200)));
    assert!(error.meaning().is_some() && error.advice().is_some() && error.raw_body().is_some());
    let text = error.to_string();
    assert!(
        text.starts_with("v4/openim/sendmsg failed with 90012: ") && text.contains("no such user"),
        "{text}"
    );
}

#[tokio::test]
async fn replies_that_count_as_a_refusal() {
    for (body, code) in [
        (r#"{"ActionStatus":"Fail","ErrorCode":0}"#, 0),
        (r#"{"ActionStatus":"OK","ErrorCode":90001}"#, 90001),
        (r#"{"ErrorCode":90001}"#, 90001),
        (r#"{"ErrorCode":"60007","ErrorInfo":"slow down"}"#, 60007),
        (
            r#"{"ActionStatus":"FAIL","ErrorCode":123456789012}"#,
            123_456_789_012,
        ),
        // The rest of a refusal need not have the form of a reply.
        (
            r#"{"ActionStatus":"FAIL","ErrorCode":90001,"MsgTime":{"x":[]},"MsgKey":[1]}"#,
            90001,
        ),
    ] {
        let error = Server::replying(body)
            .await
            .client()
            .send(message())
            .await
            .unwrap_err();
        assert_eq!(
            (error.kind(), error.code()),
            (ErrorKind::Api, Some(ErrorCode(code))),
            "{body}"
        );
    }
    for body in [
        r#"{"ErrorCode":0}"#,
        r#"{"ActionStatus":"ok"}"#,
        r#"{"ActionStatus":null,"ErrorCode":0}"#,
    ] {
        assert!(
            Server::replying(body)
                .await
                .client()
                .send(message())
                .await
                .is_ok(),
            "{body}"
        );
    }
}

#[tokio::test]
async fn what_is_not_a_reply() {
    for (body, field) in [
        ("", ""),
        ("null", ""),
        ("[]", ""),
        ("<html>busy</html>", ""),
        (
            r#"{"ErrorCode":0,"ContactItem":[{"Type":1,"Timestamp":17"#,
            "ContactItem[0]",
        ),
    ] {
        let error = Server::replying(body)
            .await
            .client()
            .send(GetContactGroup::new("lin"))
            .await
            .unwrap_err();
        assert_eq!(
            (error.kind(), error.sent()),
            (ErrorKind::Decode, Sent::Maybe),
            "{body}"
        );
        assert!(error.to_string().contains(field), "{body}: {error}");
        assert_eq!(error.raw_body(), Some(body.as_bytes()));
    }
}

/// Being JSON does not make it a reply: gateways answer with JSON, too.
#[tokio::test]
async fn a_reply_with_neither_status_nor_code_is_not_the_services() {
    for body in [
        "{}",
        r#"{"ActionStatus":null,"ErrorCode":null}"#,
        r#"{"code":503,"message":"Service Unavailable"}"#,
        r#"{"ContactItem":[{"Type":1}]}"#,
        r#"{"MsgKey":"1_2_3","ErrorInfo":""}"#,
        "[]",
        "null",
        "",
        "<html>busy</html>",
    ] {
        let server = Server::replying(body).await;
        let client = server.client();
        let read = client.send(GetContactGroup::new("lin")).await.unwrap_err();
        let sent = client.send(message()).await.unwrap_err();
        let raw = client.send_raw("v4/a/b", ()).await.unwrap_err();
        for error in [&read, &sent, &raw] {
            assert_eq!(
                (error.kind(), error.sent(), error.class(), error.repeat()),
                (
                    ErrorKind::Decode,
                    Sent::Maybe,
                    Some(ErrorClass::Transient),
                    Some(ErrorRepeat::Later)
                ),
                "{body}"
            );
            assert_eq!(error.raw_body(), Some(body.as_bytes()));
        }
        assert!(read.is_repeat_safe());
        assert!(!sent.is_repeat_safe() && !raw.is_repeat_safe(), "{body}");
    }
}

/// A command with such replies according to the spec, with its own request type.
#[tokio::test]
async fn a_bare_reply_is_a_success_if_the_spec_says_so() {
    #[derive(serde::Serialize, serde::Deserialize)]
    struct Ping {}
    impl Validate for Ping {
        fn check(&self, _: &mut Checker) {}
    }
    impl Endpoint for Ping {
        type Reply = RawReply;
        const META: &'static Meta =
            &Meta::new("test", "ping", "v4/test/ping", Repeat::Unsafe).with_bare_reply();
    }
    let server = Server::replying(r#"{"Pong":1}"#).await;
    let pong = server.client().send(Ping {}).await.unwrap();
    assert_eq!(pong.extra.get("Pong"), Some(1.into()));
    let server = Server::replying(r#"{"Pong":1,"ErrorCode":60003}"#).await;
    let error = server.client().send(Ping {}).await.unwrap_err();
    assert_eq!(error.code().unwrap().0, 60003);
}

#[tokio::test]
async fn a_reply_with_parts_that_do_not_fit_is_a_success() {
    let body = br#"{"ErrorCode":0,"ContactItem":[{"Type":1},null,{"Type":[]}],"CompleteFlag":1,"NextStartIndex":-1,"New":"\ud83d"}"#;
    let server = Server::new(|_| body.as_slice().into_response()).await;
    let reply = server.client().send(GetContactGroup::new("lin")).await;
    let reply = reply.unwrap();
    assert_eq!((reply.contact_item.len(), reply.next_start_index), (2, 0));
    assert_eq!(reply.contact_item[1].extra.misfits()[0].pointer, "/Type");
    let pointers: Vec<_> = (reply.extra.misfits().into_iter())
        .map(|misfit| misfit.pointer)
        .collect();
    assert_eq!(pointers, ["/NextStartIndex", "/ContactItem/1", "/New"]);
}

#[tokio::test]
async fn the_envelope_is_read_in_any_case_and_despite_invalid_text() {
    for body in [
        &br#"{"errorcode":70009,"ERRORINFO":"bad sig"}"#[..],
        b"{\"ErrorInfo\":\"\xC7\xA9\xC3\xFB\",\"ErrorCode\":70009}",
        b"\xEF\xBB\xBF{\"ErrorCode\":70009}",
    ] {
        let server = Server::new(|_| body.into_response()).await;
        let error = server.client().send(message()).await.unwrap_err();
        assert_eq!(error.code().unwrap().0, 70009);
    }
}

#[tokio::test]
async fn other_http_statuses() {
    let server =
        Server::new(|_| (StatusCode::BAD_GATEWAY, "<html>bad gateway</html>").into_response())
            .await;
    let error = server
        .client()
        .send(GetContactGroup::new("lin"))
        .await
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.http_status()),
        (ErrorKind::Http, Some(502))
    );
    assert_eq!(error.raw_body(), Some(&b"<html>bad gateway</html>"[..]));
    assert_eq!(
        (error.repeat(), error.is_repeat_safe()),
        (Some(ErrorRepeat::Later), true)
    );
    let update = UpdateContactGroup::new(
        "lin",
        1,
        ContactGroupUpdate::new(ContactGroupUpdateType::NAME, "a"),
    );
    assert!(
        !server
            .client()
            .send(&update)
            .await
            .unwrap_err()
            .is_repeat_safe()
    );
    // A redirect would send the signature elsewhere.
    let elsewhere = Server::replying(r#"{"ErrorCode":0}"#).await;
    let to = elsewhere.base.clone();
    let server =
        Server::new(move |_| (StatusCode::FOUND, [("location", to.clone())]).into_response()).await;
    let error = server.client().send(message()).await.unwrap_err();
    assert_eq!(error.http_status(), Some(302));
    assert!(elsewhere.seen().is_empty());
}

#[tokio::test]
async fn replies_are_bounded() {
    let long = format!(r#"{{"ErrorCode":0,"MsgKey":"{}"}}"#, "x".repeat(10_000));
    let server = Server::replying(long.clone()).await;
    assert!(
        server
            .builder()
            .max_reply_bytes(long.len())
            .build()
            .unwrap()
            .send(message())
            .await
            .is_ok()
    );
    let error = server
        .builder()
        .max_reply_bytes(long.len() - 1)
        .build()
        .unwrap()
        .send(message())
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge);
    // One that never announces its length, and never ends.
    let endless = raw(|mut connection| async move {
        read_request(&mut connection).await;
        write(
            &mut connection,
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n",
        )
        .await;
        let chunk = format!("1000\r\n{}\r\n", "x".repeat(0x1000));
        for _ in 0..1000 {
            write(&mut connection, &chunk).await;
        }
    })
    .await;
    let client = builder(&endless).max_reply_bytes(100_000).build().unwrap();
    assert_eq!(
        client.send(message()).await.unwrap_err().kind(),
        ErrorKind::TooLarge
    );
}

#[test]
fn no_reply_panics() {
    let body: Arc<Mutex<Vec<u8>>> = Arc::default();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let next = Arc::clone(&body);
    let client = runtime.block_on(async {
        Server::new(move |_| next.lock().unwrap().clone().into_response())
            .await
            .client()
    });
    let sample = br#"{"ContactItem":[{"Type":1,"To_Account":"a","ContactGroupId":[1]}],"GroupItem":[],"CompleteFlag":1,"NextStartIndex":0,"ActionStatus":"OK","ErrorCode":0}"#;
    let bytes = proptest::collection::vec(any::<u8>(), 0..100);
    let changed = (any::<prop::sample::Index>(), any::<u8>()).prop_map(move |(at, byte)| {
        let mut bytes = sample.to_vec();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        bytes
    });
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig::with_cases(500));
    runner
        .run(&prop_oneof![bytes, changed], |bytes| {
            *body.lock().unwrap() = bytes;
            // Either is fine; neither may panic.
            let _ = runtime.block_on(client.send(GetContactGroup::new("lin")));
            let _ = runtime.block_on(client.send(GetServerIpList::new()));
            Ok(())
        })
        .unwrap();
}

/// An overloaded gateway may have forwarded the request before: only the service's own refusal means
/// that nothing was done.
#[tokio::test]
async fn a_gateways_status_does_not_make_a_repeat_safe() {
    for status in [401, 403, 407, 429] {
        let status = StatusCode::from_u16(status).unwrap();
        let server = Server::new(move |_| status.into_response()).await;
        let error = server.client().send(message()).await.unwrap_err();
        assert_eq!(
            (error.sent(), error.is_repeat_safe()),
            (Sent::Maybe, false),
            "{status}"
        );
    }
}
