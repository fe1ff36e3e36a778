//! Webhooks from anywhere: none panics, no event without a valid signature, nothing lost of one that is received.

use tencent_chat_types::{to_vec, webhook::WEBHOOKS, wire::canonical};
use tencent_chat_usersig::FixedClock;
use tencent_chat_webhook::{EventKey, Receiver, Token};

const APP: u64 = 1_400_000_000;
const NOW: u64 = 1_700_000_000;
const TOKEN: &str = "fuzzing";

/// The first line is the query, the rest the body. The same body is also received as the webhook that the first
/// byte chooses, with a valid signature.
pub fn webhook(data: &[u8]) {
    let line = data.iter().position(|byte| *byte == b'\n');
    let (query, body) = data.split_at(line.unwrap_or(data.len()));
    let body = body.get(1..).unwrap_or_default();
    let query_text = String::from_utf8_lossy(query);
    let open = Receiver::unauthenticated(APP);
    if let Ok(delivery) = open.receive(&query_text, body) {
        same(&to_vec(&delivery.event).unwrap_or_default(), body);
        let _ = delivery.event.command();
    }
    let receiver = Receiver::new(APP, TOKEN).clock(FixedClock::new(NOW));
    let received = receiver.receive(&query_text, body);
    assert!(
        received.is_err() || receiver.verify(&query_text).is_ok(),
        "received without a valid signature"
    );

    let Some(first) = data.first() else {
        return;
    };
    let command = WEBHOOKS[usize::from(*first) % WEBHOOKS.len()].command;
    let sign = Token::new(TOKEN).sign(&NOW.to_string());
    let signed = format!("SdkAppid={APP}&CallbackCommand={command}&Sign={sign}&RequestTime={NOW}");
    let Ok(origin) = receiver.verify(&signed) else {
        panic!("a valid signature is refused");
    };
    let _ = EventKey::of_body(&origin, body);
    match receiver.receive(&signed, body) {
        Ok(delivery) => same(&to_vec(&delivery.event).unwrap_or_default(), body),
        Err(error) => assert!((400..500).contains(&error.status()), "{error}"),
    }
}

/// Whether an event encodes to its body.
fn same(encoded: &[u8], body: &[u8]) {
    assert_eq!(
        canonical(encoded),
        canonical(body),
        "encoding changes the event"
    );
}
