//! What is logged at trace level: names and figures, but no secrets and no bodies.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::{
    io,
    sync::{Arc, Mutex},
};
use tencent_chat_webhook::{
    Received, Receiver, Token, Webhooks,
    types::webhook::{C2cBeforeSendMsg, C2cBeforeSendMsgAnswer},
};
use tracing::level_filters::LevelFilter;

const APP: u64 = 1_400_000_000;
const TOKEN: &str = "a token of the tests";
const BODY: &str = r#"{
    "CallbackCommand": "C2C.CallbackBeforeSendMsg", "From_Account": "mei", "To_Account": "lin",
    "MsgSeq": 1, "MsgRandom": 2, "MsgTime": 1764150123, "MsgKey": "1_2_1764150123",
    "MsgBody": [{ "MsgType": "TIMTextElem", "MsgContent": { "Text": "what users write" } }]
}"#;

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

const WRONG: &str =
    r#"{"CallbackCommand":"C2C.CallbackBeforeSendMsg","MsgSeq":"what users write"}"#;

#[tokio::test]
async fn events_are_logged_by_name_without_secrets() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(LevelFilter::TRACE)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);

    let webhooks = Webhooks::new(Receiver::new(APP, TOKEN))
        .on(|_: Received<C2cBeforeSendMsg>| async { C2cBeforeSendMsgAnswer::Allow });
    let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
    let sign = |time: u64| {
        let sign = Token::new(TOKEN).sign(&time.to_string());
        (format!("Sign={sign}&RequestTime={time}"), sign)
    };
    let (fresh, fresh_sign) = sign(now);
    let (stale, stale_sign) = sign(now - 10_000);
    let event = format!("SdkAppid={APP}&CallbackCommand=C2C.CallbackBeforeSendMsg");
    for (query, body, status) in [
        (format!("{event}&{fresh}"), BODY, 200),
        (format!("{event}&{stale}"), BODY, 401),
        (event.clone(), BODY, 401),
        (format!("{event}&Sign=0&RequestTime={now}"), BODY, 401),
        (format!("SdkAppid=1&{fresh}"), BODY, 403),
        (format!("{event}&{fresh}"), "{", 400),
        (format!("{event}&{fresh}"), "[]", 400),
        // Values that don't fit may be text from outside; the rest is decoded.
        (format!("{event}&{fresh}"), WRONG, 200),
    ] {
        assert_eq!(
            webhooks.handle(&query, body.as_bytes()).await.status,
            status
        );
    }

    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    for part in [
        "tencent_chat_webhook",
        "command=C2C.CallbackBeforeSendMsg outcome=\"answered\" status=200 took_ms=",
        "outcome=\"stale\" status=401",
        "outcome=\"unsigned\" status=401",
        "outcome=\"bad_signature\" status=401",
        "outcome=\"wrong_app\" status=403",
        "outcome=\"not_json\" status=400",
        "outcome=\"not_this_event\" status=400",
        "WARN tencent_chat_webhook: misfit command=C2C.CallbackBeforeSendMsg count=1 fields=/MsgSeq",
    ] {
        assert!(text.contains(part), "{part} is missing in\n{text}");
    }
    for secret in [TOKEN, &fresh_sign, &stale_sign, "what users write", "mei"] {
        assert!(!text.contains(secret), "{secret} is in\n{text}");
    }
}
