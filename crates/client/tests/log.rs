//! What is logged, and what never is. A single test, because a process has one log.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use axum::{http::StatusCode, response::IntoResponse};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD},
};
use futures_util::{FutureExt as _, StreamExt as _};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use std::{
    collections::{BTreeMap, BTreeSet},
    error::Error as _,
    fmt::Debug,
    io,
    sync::{Arc, Mutex},
    time::Duration,
};
use support::{ADMIN, APP, Seen, Server, raw, read_request, tls::tls_server};
use tencent_chat_client::{
    Client, ClientBuilder, Error, ErrorKind, LocalLimiter, Region, RetryPolicy, SecretKey, reqwest,
};
use tencent_chat_types::{
    Endpoint as _,
    conversation::GetContactGroup,
    group::ListGroups,
    message::{GetGroupHistory, SendMsg},
    model::TextElem,
};
use tencent_chat_usersig::{Signer, UserSig};
use tracing_subscriber::{
    fmt::{MakeWriter, format::FmtSpan},
    util::SubscriberInitExt as _,
};

/// A key that looks different in every encoding.
const KEY: &str = "a+very/secret=key&with%odd?chars";

/// Stores what is written.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;
    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

fn quick() -> RetryPolicy {
    RetryPolicy::new()
        .first_pause(Duration::from_millis(1))
        .quota_pause(Duration::from_millis(1))
}

fn builder(base: &str) -> ClientBuilder {
    Client::builder(APP, ADMIN, KEY)
        .base_url(base)
        .unlimited()
        .retry(quick())
}

fn client(base: &str) -> Client {
    builder(base).build().unwrap()
}

/// A text in the forms in which it can occur in another one.
fn forms(secret: &str) -> Vec<String> {
    let mut forms = vec![
        secret.to_owned(),
        utf8_percent_encode(secret, NON_ALPHANUMERIC).to_string(),
        secret.replace('*', "%2A"),
        secret.replace('*', "%2a"),
        // The signature before its alphabet was made suitable for queries.
        secret.replace('*', "+").replace('-', "/").replace('_', "="),
        format!("{:?}", secret.as_bytes())
            .trim_matches(['[', ']'])
            .to_owned(),
        secret.bytes().map(|byte| format!("{byte:02x}")).collect(),
    ];
    // Its base64, at any offset within a longer text: without the ends, which depend on that.
    for skip in 0..3 {
        let tail = &secret.as_bytes()[skip..];
        let tail = &tail[..tail.len() / 3 * 3];
        forms.push(STANDARD_NO_PAD.encode(tail));
        forms.push(URL_SAFE_NO_PAD.encode(tail));
    }
    forms
}

/// All text of an error.
fn texts(error: &Error) -> String {
    let mut all = format!("{error}\n{error:?}\n{error:#?}\n{:?}\n", error.tries());
    all += &format!("{:?} {:?}\n", error.server_text(), error.action_status());
    all += &format!("{:?}\n", error.violations().collect::<Vec<_>>());
    let mut source = error.source();
    while let Some(inner) = source {
        all += &format!("{inner}\n{inner:?}\n{inner:#?}\n");
        source = inner.source();
    }
    all
}

fn debugged(value: &impl Debug) -> String {
    format!("{value:?}\n{value:#?}\n")
}

fn message() -> SendMsg {
    SendMsg::new("mei", [TextElem::new("hi")])
        .with_msg_random(7)
        .with_msg_seq(1)
}

fn list() -> GetContactGroup {
    GetContactGroup::new("lin")
}

type Echo = dyn Fn(&Seen) -> axum::response::Response + Send + Sync;

/// Servers that echo what they were sent, as careless gateways do.
fn echoes() -> Vec<(ErrorKind, Box<Echo>)> {
    let api = |text: String| {
        serde_json::json!({ "ActionStatus": "FAIL", "ErrorCode": 60007, "ErrorInfo": text })
            .to_string()
            .into_response()
    };
    vec![
        (
            ErrorKind::Api,
            Box::new(move |seen| api(seen.query["usersig"].clone())),
        ),
        (
            ErrorKind::Api,
            Box::new(move |seen| {
                let sig = utf8_percent_encode(&seen.query["usersig"], NON_ALPHANUMERIC);
                api(format!(
                    "bad request: /{}?usersig={sig}&random=1",
                    seen.path
                ))
            }),
        ),
        (
            ErrorKind::Api,
            // Truncated by a well-meaning gateway.
            Box::new(move |seen| api(format!("{}...", &seen.query["usersig"][..40]))),
        ),
        (
            ErrorKind::Http,
            Box::new(|seen| {
                (StatusCode::BAD_GATEWAY, seen.query["usersig"].clone()).into_response()
            }),
        ),
        (
            ErrorKind::Decode,
            Box::new(|seen| {
                format!("<a href=\"?usersig={}\">", seen.query["usersig"]).into_response()
            }),
        ),
    ]
}

/// Errors of every kind, and the signatures that were sent on the way.
async fn errors() -> (Vec<Error>, BTreeSet<String>) {
    let (mut errors, mut sigs) = (Vec::new(), BTreeSet::new());
    // A part that doesn't fit is not an error, but a warning.
    let odd = Server::new(|seen| {
        serde_json::json!({ "ErrorCode": 0, "CompleteFlag": seen.query["usersig"] })
            .to_string()
            .into_response()
    })
    .await;
    client(&odd.base).send(list()).await.unwrap();
    sigs.insert(odd.seen()[0].query["usersig"].clone());
    for (kind, echo) in echoes() {
        let server = Server::new(echo).await;
        let error = client(&server.base).send(list()).await.unwrap_err();
        assert_eq!(error.kind(), kind);
        let message = client(&server.base).send(message()).await;
        errors.extend(message.err());
        errors.push(error);
        sigs.extend(
            server
                .seen()
                .into_iter()
                .map(|seen| seen.query["usersig"].clone()),
        );
    }
    let stuck =
        r#"{"ContactItem":[],"GroupItem":[],"CompleteFlag":0,"NextStartIndex":0,"ErrorCode":0}"#;
    let stuck = Server::replying(stuck).await;
    let stuck_client = client(&stuck.base);
    errors.push(
        stuck_client
            .pages(list())
            .next()
            .await
            .unwrap()
            .unwrap_err(),
    );
    let small = builder(&stuck.base).max_reply_bytes(9).build().unwrap();
    errors.push(small.send(list()).await.unwrap_err());
    sigs.extend(
        stuck
            .seen()
            .into_iter()
            .map(|seen| seen.query["usersig"].clone()),
    );

    let breaks = raw(|mut connection| async move { read_request(&mut connection).await }).await;
    errors.push(client(&breaks).send(list()).await.unwrap_err());
    let silent = raw(|mut connection| async move {
        read_request(&mut connection).await;
        tokio::time::sleep(Duration::from_secs(600)).await;
    })
    .await;
    let silent = client(&silent);
    let timeout = silent
        .call(list())
        .deadline(Duration::from_millis(50))
        .await;
    errors.push(timeout.unwrap_err());
    errors.push(client("http://127.0.0.1:1").send(list()).await.unwrap_err());
    let unknown = builder("http://no-such-host.invalid").allow_plain_http();
    errors.push(unknown.build().unwrap().send(list()).await.unwrap_err());
    errors.push(stuck_client.send_raw("v4/nothing", ()).await.unwrap_err());
    let no_json = BTreeMap::from([((1, 2), 3)]);
    errors.push(stuck_client.send_raw("v4/a/b", &no_json).await.unwrap_err());
    errors.push(
        stuck_client
            .send(GetGroupHistory::new("group", 21))
            .await
            .unwrap_err(),
    );
    let limiter = LocalLimiter::new().command(ListGroups::META.path, 0, 1);
    let limited = builder(&stuck.base)
        .limiter(Arc::new(limiter))
        .build()
        .unwrap();
    errors.push(limited.send(ListGroups::new()).await.unwrap_err());
    let long = Client::builder(APP, "long".repeat(1 << 20), KEY)
        .base_url(&*stuck.base)
        .unlimited();
    errors.push(long.build().unwrap().send(list()).await.unwrap_err());
    let outside = std::thread::spawn(move || stuck_client.send(list()).now_or_never());
    errors.push(outside.join().unwrap().unwrap().unwrap_err());
    (errors, sigs)
}

/// Everything with a Debug or Display implementation that is related to secrets.
fn debug_output(base: &str) -> (Vec<String>, String) {
    let client = client(base);
    let signer = Signer::new(APP, KEY);
    let sig: UserSig = signer.sign("lin", Duration::from_secs(60)).unwrap();
    #[cfg_attr(not(feature = "redis"), allow(unused_mut))]
    let mut all = vec![
        debugged(&SecretKey::new(KEY)),
        debugged(&signer),
        debugged(&sig),
        debugged(&signer.verify(sig.expose())),
        debugged(&client),
        debugged(&client.call(list())),
        debugged(&client.pages(list())),
        debugged(&client.items(list())),
        debugged(&client.conversation()),
        debugged(&Client::builder(APP, ADMIN, KEY)),
        debugged(
            &Client::builder(APP, ADMIN, KEY)
                .region(Region::SEOUL)
                .http(|http| http),
        ),
        debugged(&Client::builder(0, ADMIN, KEY).build()),
        debugged(&builder("nonsense").build()),
    ];
    #[cfg(feature = "redis")]
    all.push(debugged(
        &tencent_chat_client::RedisLimiter::new(
            &format!(
                "redis://:{}@127.0.0.1/",
                utf8_percent_encode(KEY, NON_ALPHANUMERIC)
            ),
            "chat",
        )
        .unwrap(),
    ));
    (all, sig.expose().to_owned())
}

/// One log of everything that any library writes while calls succeed and fail: every call and every
/// attempt is in it under the documented names, but neither key nor UserSig is, nor in any other text.
#[tokio::test]
async fn the_log_has_every_attempt_and_no_secret() {
    let log = Log::default();
    tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_span_events(FmtSpan::NEW | FmtSpan::CLOSE)
        .with_ansi(false)
        .with_writer(log.clone())
        .finish()
        // Including the records of libraries that use `log`.
        .init();

    tries_are_told(&log).await;

    let (errors, mut sigs) = errors().await;
    let kinds: BTreeSet<String> = errors.iter().map(|e| format!("{:?}", e.kind())).collect();
    let all = "Api BadPath Connect Decode Encode Http Invalid Limited Runtime Sign Stuck Timeout \
               TooLarge Transport";
    assert_eq!(kinds, all.split_whitespace().map(str::to_owned).collect());
    let told = log.text();
    let misfit = told.lines().find(|line| line.contains("misfit"));
    assert!(misfit.is_some_and(|line| line.contains("WARN") && line.contains("/CompleteFlag")));

    // TLS too, successful and failed, with byte-by-byte logging requested.
    let tls = tls_server(r#"{"ActionStatus":"OK","ErrorCode":0}"#).await;
    client(&tls.base).send(list()).await.unwrap_err();
    let ca = reqwest::Certificate::from_pem(tls.ca_pem.as_bytes()).unwrap();
    let trusting = builder(&tls.base)
        .http(|http| http.tls_certs_merge([ca]).connection_verbose(true))
        .build()
        .unwrap();
    trusting.send(list()).await.unwrap();

    let server = Server::replying(r#"{"ErrorCode":0}"#).await;
    let chatty = builder(&server.base).http(|http| http.connection_verbose(true));
    chatty.build().unwrap().send(list()).await.unwrap();
    sigs.extend(
        server
            .seen()
            .into_iter()
            .map(|seen| seen.query["usersig"].clone()),
    );
    assert!(!sigs.is_empty());

    let (printed, sig) = debug_output(&server.base);
    sigs.insert(sig);
    let mut texts: Vec<String> = errors.iter().map(texts).chain(printed).collect();
    let logged = log.text();
    // From each library that logs something, to be sure that logging works.
    for target in ["reqwest::", "hyper_util::", "rustls::", "tencent_chat: "] {
        assert!(logged.contains(target), "nothing of {target}");
    }
    texts.push(logged);
    let secrets = sigs.iter().map(String::as_str).chain([KEY]);
    let secrets: Vec<String> = secrets.flat_map(forms).collect();
    for text in &texts {
        for secret in &secrets {
            assert!(!text.contains(secret.as_str()), "{secret} in {text}");
        }
        // Not even the address that contains it.
        assert!(
            !text.contains("usersig=eJ") && !text.contains("?sdkappid"),
            "{text}"
        );
    }

    // This test would notice: a client that logs each byte, configured without this crate.
    let careless = reqwest::Client::builder()
        .no_proxy()
        .connection_verbose(true);
    let careless = builder(&server.base).http_client(careless.build().unwrap());
    careless.build().unwrap().send(list()).await.unwrap();
    let sig = server.seen().pop().unwrap().query["usersig"].clone();
    assert!(log.text().contains(&sig));
}

async fn tries_are_told(log: &Log) {
    let server =
        Server::new(|_| r#"{"ActionStatus":"FAIL","ErrorCode":60007}"#.into_response()).await;
    let failing = client(&server.base);
    failing.send(list()).await.unwrap_err();
    let gone = client("http://127.0.0.1:1");
    gone.send(ListGroups::new()).await.unwrap_err();
    gone.send(GetGroupHistory::new("group", 21))
        .await
        .unwrap_err();
    let silent = raw(|mut connection| async move {
        read_request(&mut connection).await;
        tokio::time::sleep(Duration::from_secs(600)).await;
    })
    .await;
    let silent = client(&silent);
    assert!(silent.send(list()).now_or_never().is_none());

    let log = log.text();
    let own: Vec<&str> = log
        .lines()
        .filter(|line| line.contains(" tencent_chat: "))
        .collect();
    let ends = |end: &str| {
        let lines = own.iter().filter(|line| line.contains(end));
        lines.copied().collect::<Vec<_>>()
    };
    let tries = ends("number=");
    assert_eq!(tries.len(), 8, "{tries:#?}");
    for part in [
        r#"endpoint="v4/recentcontact/get_contact_group""#,
        "number=1",
        "random=",
        "status=200",
        r#"outcome="api""#,
        "code=60007",
        "waited_ms=",
        "took_ms=",
        "repeats=true",
    ] {
        assert!(tries[0].contains(part), "{part} in {}", tries[0]);
    }
    assert!(tries[3].contains("repeats=false"), "{}", tries[3]);
    assert!(tries[4].contains(r#"outcome="connect""#), "{}", tries[4]);
    // A span for each call. It ends with the call, even if the connection lives on.
    let (begun, over) = (ends(": new"), ends(": close "));
    assert_eq!((begun.len(), over.len()), (4, 4), "{own:#?}");
    for (span, parts) in over.iter().zip([
        [
            "get_contact_group\"",
            "tries=4",
            r#"outcome="api""#,
            " code=60007",
        ],
        [
            "get_appid_group_list\"",
            "tries=4",
            r#"outcome="connect""#,
            " code=",
        ],
        [
            "group_msg_get_simple\"",
            "tries=0",
            r#"outcome="invalid""#,
            " code=",
        ],
        [
            "get_contact_group\"",
            "tries=1",
            r#"outcome="given_up""#,
            " code=",
        ],
    ]) {
        let [.., code] = parts;
        for part in parts[..3]
            .iter()
            .chain(&["call{endpoint=\"v4/", "waited_ms=", "took_ms="])
        {
            assert!(span.contains(part), "{part} in {span}");
        }
        // Only the service's replies have a code.
        let is_answer = span.contains(r#"outcome="api""#);
        assert_eq!(span.contains(code), is_answer, "{code} in {span}");
    }
    assert!(own.iter().all(|line| !line.contains("code=0")), "{own:#?}");
    // Events occur within the span of their call.
    assert!(tries[0].contains("call{endpoint="), "{}", tries[0]);
}
