//! The key and the UserSig appear in no text, whatever goes wrong.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use axum::response::IntoResponse;
use std::{error::Error as _, time::Duration};
use support::{ADMIN, APP, KEY, Seen, Server, builder, raw, read_request};
use tencent_chat_client::{Client, Error, Region};
use tencent_chat_types::{message::SendMsg, model::TextElem};

/// All text of an error.
fn texts(error: &Error) -> String {
    let mut all = format!(
        "{error}\n{error:?}\n{error:#?}\n{:?}\n",
        error.server_text()
    );
    let mut source = error.source();
    while let Some(inner) = source {
        all += &format!("{inner}\n{inner:?}\n");
        source = inner.source();
    }
    all
}

fn assert_clean(text: &str, sig: Option<&str>) {
    assert!(!text.contains(KEY), "{text}");
    assert!(
        !text.contains("usersig=") && !text.contains("?sdkappid"),
        "{text}"
    );
    if let Some(sig) = sig {
        // Not even its beginning.
        assert!(!text.contains(&sig[..24]), "{text}");
    }
}

/// Without one of the numbers by which the service recognizes duplicates.
fn message() -> SendMsg {
    let mut message = SendMsg::new("mei", [TextElem::new("hi")]);
    message.msg_seq = None;
    message
}

#[tokio::test]
async fn settings_do_not_print() {
    let unbuilt = Client::builder(APP, ADMIN, KEY).region(Region::SINGAPORE);
    assert_clean(&format!("{unbuilt:?} {unbuilt:#?}"), None);
    let server = Server::replying(r#"{"ErrorCode":0}"#).await;
    let client = server.client();
    client.send(message()).await.unwrap();
    let sig = server.seen()[0].query["usersig"].clone();
    let call = client.call(message());
    assert_clean(
        &format!(
            "{client:?} {client:#?} {call:?} {:?}",
            client.pages(pages_request())
        ),
        Some(&sig),
    );
}

fn pages_request() -> tencent_chat_types::conversation::GetContactGroup {
    tencent_chat_types::conversation::GetContactGroup::new("lin")
}

#[tokio::test]
async fn errors_do_not_tell() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let nobody = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let breaks = raw(|mut connection| async move { read_request(&mut connection).await }).await;
    let garbage = raw(|mut connection| async move {
        read_request(&mut connection).await;
        support::write(&mut connection, "nonsense\r\n\r\n").await;
    })
    .await;
    let garbage_for_tls = garbage.replace("http://", "https://");
    let silent = raw(|mut connection| async move {
        read_request(&mut connection).await;
        tokio::time::sleep(Duration::from_secs(600)).await;
    })
    .await;
    for base in [
        nobody,
        breaks,
        garbage,
        silent,
        // A scheme other than http is not supported there.
        garbage_for_tls,
        "http://no-such-host.invalid".to_owned(),
    ] {
        let client = builder(&base).allow_plain_http().build().unwrap();
        let error = client
            .call(message())
            .deadline(Duration::from_millis(500))
            .await
            .unwrap_err();
        assert_clean(&texts(&error), None);
        assert_no_address(&error);
    }
}

/// reqwest's own error is at the end of `source`, and shows its address unless that was removed.
fn assert_no_address(error: &Error) {
    let mut source = error.source();
    while let Some(inner) = source {
        if let Some(inner) = inner.downcast_ref::<tencent_chat_client::reqwest::Error>() {
            assert!(inner.url().is_none(), "{inner:?}");
        }
        let text = format!("{inner} {inner:?} {inner:#?}");
        for part in ["usersig", "identifier=", "sdkappid", "v4/openim", KEY] {
            assert!(!text.contains(part), "{text}");
        }
        source = inner.source();
    }
}

/// Including failures while a body is being read.
#[tokio::test]
async fn a_broken_reply_reveals_no_address() {
    for head in [
        "Content-Length: 100\r\n\r\n{\"ErrorCode\":",
        "Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        "Transfer-Encoding: chunked\r\n\r\n5\r\n{\"Err",
    ] {
        let server = raw(move |mut connection| async move {
            read_request(&mut connection).await;
            support::write(&mut connection, &format!("HTTP/1.1 200 OK\r\n{head}")).await;
        })
        .await;
        let client = builder(&server).build().unwrap();
        let error = client.send(message()).await.unwrap_err();
        assert_eq!(error.kind(), tencent_chat_client::ErrorKind::Transport);
        assert!(error.source().is_some());
        assert_clean(&texts(&error), None);
        assert_no_address(&error);
    }
}

/// A server or a gateway that echoes what it was sent.
#[tokio::test]
async fn echoes_are_redacted() {
    type Reply = fn(&Seen) -> String;
    let replies: [Reply; 3] = [
        |seen| {
            let text = format!("bad signature {} of app", seen.query["usersig"]);
            serde_json::json!({ "ActionStatus": "FAIL", "ErrorCode": 70003, "ErrorInfo": text })
                .to_string()
        },
        |seen| format!("<a href=\"?usersig={}\">", seen.query["usersig"]),
        // Truncated, and so not a reply.
        |seen| format!(r#"{{"ErrorCode":0,"{}":"#, seen.query["usersig"]),
    ];
    for reply in replies {
        let server = Server::new(move |seen| reply(seen).into_response()).await;
        let error = server.client().send(message()).await.unwrap_err();
        assert_clean(&texts(&error), Some(&server.seen()[0].query["usersig"]));
    }
}

/// Any part of a secret that comes back, from 16 bytes on.
#[tokio::test]
async fn any_sixteen_bytes_of_a_secret_are_redacted() {
    let server = Server::new(|seen| {
        let sig = &seen.query["usersig"];
        let parts = (0..=sig.len() - 16).step_by(7).map(|at| &sig[at..at + 16]);
        // Few enough for the messages to show them.
        let parts: Vec<&str> = parts
            .skip(3)
            .take(4)
            .chain([&KEY[..16], &KEY[1..]])
            .collect();
        let text = parts.join(" ");
        serde_json::json!({ "ActionStatus": "FAIL", "ErrorCode": 70003, "ErrorInfo": text })
            .to_string()
            .into_response()
    })
    .await;
    let error = server.client().send(message()).await.unwrap_err();
    let texts = texts(&error);
    let sig = &server.seen()[0].query["usersig"];
    for secret in [sig, KEY] {
        for window in secret.as_bytes().windows(16) {
            let window = std::str::from_utf8(window).unwrap();
            assert!(!texts.contains(window), "{texts}");
        }
    }
    assert_eq!(error.server_text(), Some(&*["[redacted]"; 6].join(" ")));
}

/// The content of a reply is in no message: users write such things.
#[tokio::test]
async fn users_text_is_in_no_message() {
    // Truncated, and so not a reply.
    let reply = r#"{"ActionStatus":"OK","ErrorCode":0,"MsgTime":"a \"private\", expected gossip""#;
    let server = Server::replying(reply).await;
    let error = server.client().send(message()).await.unwrap_err();
    let texts = texts(&error);
    assert!(
        !texts.contains("private") && !texts.contains("gossip"),
        "{texts}"
    );
    assert_eq!(error.raw_body(), Some(reply.as_bytes()));
}
