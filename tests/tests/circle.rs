//! The whole circle over HTTP: send through the client, moderate in the webhook, read the changed message back.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use serde_json::{Value, json};
use std::sync::Arc;
use tencent_chat_tests::circle::Circle;
use tencent_chat_types::{
    ErrorClass,
    message::SendMsg,
    message::{GetC2cHistory, GetC2cHistoryRequired},
    model::TextElem,
};
use tencent_chat_usersig::FixedClock;

const NOW: u64 = 1_700_000_000;

#[tokio::test]
async fn the_circle_tells_its_story() {
    let circle = Circle::start(Arc::new(FixedClock::new(NOW))).await.unwrap();
    let mut told = String::new();
    circle.play(&mut told).await.unwrap();
    insta::assert_snapshot!(told);
}

/// The same, step by step, each with what all three sides saw.
#[tokio::test]
async fn every_step_of_the_circle() {
    let circle = Circle::start(Arc::new(FixedClock::new(NOW))).await.unwrap();
    // The accounts exist after the story; its messages do not matter here.
    circle.play(&mut String::new()).await.unwrap();
    let before = circle.simulator.deliveries().len();
    let send = |random: u32, text: &str| {
        let message = SendMsg::new("mei", [TextElem::new(text)]).with_msg_random(random);
        let message = message.with_from_account("lin").with_msg_seq(random);
        let client = circle.client.clone();
        async move { client.send(&message).await }
    };

    // Allowed: sent as it is.
    let sent = send(11, "hello").await.unwrap();
    assert_eq!(sent.msg_key.as_deref(), Some("11_11_1700000000"));

    // Changed: the sender does not learn of it.
    let changed = send(12, "darn it").await.unwrap();
    assert_eq!(changed.msg_key.as_deref(), Some("12_12_1700000000"));

    // Refused, with the app's own code and text.
    let error = send(13, "gold").await.unwrap_err();
    assert_eq!(error.code().unwrap().0, 120_017);
    assert_eq!(error.server_text(), Some("no advertising here"));
    assert_eq!(error.class(), Some(ErrorClass::Refused));
    assert_eq!(error.tries().len(), 1, "a refusal is not asked for twice");

    // Dropped: the sender believes that it was sent.
    let dropped = send(14, "psst").await.unwrap();
    assert_eq!(dropped.msg_key.as_deref(), Some("14_14_1700000000"));

    // A duplicate of each that counts as sent: the app is not asked again.
    for (random, text) in [(11, "hello"), (12, "darn it"), (14, "psst")] {
        let again = send(random, text).await.unwrap();
        assert_eq!(again.msg_key.unwrap(), format!("{random}_{random}_{NOW}"));
    }

    // What both have.
    for (user, peer) in [("mei", "lin"), ("lin", "mei")] {
        let history = GetC2cHistory::new(GetC2cHistoryRequired {
            operator_account: user.into(),
            peer_account: peer.into(),
            max_cnt: 100,
            min_time: NOW,
            max_time: NOW + 1,
        });
        let history = circle.client.send(&history).await.unwrap();
        let texts: Vec<Value> = (history.msg_list.iter())
            .map(|message| serde_json::to_value(&message.msg_body[0]).unwrap())
            .map(|element| element["MsgContent"]["Text"].clone())
            .collect();
        assert_eq!(texts[texts.len() - 2..], ["hello", "d*** it"], "{user}");
        assert_eq!(texts.len(), 4, "two of the story, two of these");
    }

    // Everything that was sent to the app, each once.
    circle.simulator.webhooks_idle().await;
    let deliveries = circle.simulator.deliveries().split_off(before);
    let of = |command: &str| -> Vec<Value> {
        let those = deliveries.iter().filter(|sent| sent.command == command);
        let texts = those.map(|sent| sent.event["MsgBody"][0]["MsgContent"]["Text"].clone());
        texts.collect()
    };
    let asked = of("C2C.CallbackBeforeSendMsg");
    assert_eq!(asked, ["hello", "darn it", "gold", "psst"]);
    let told = of("C2C.CallbackAfterSendMsg");
    assert_eq!(
        told,
        ["hello", "d*** it"],
        "the changed message, and none that was not sent"
    );
    for sent in &deliveries {
        assert_eq!(
            (sent.attempt, sent.status, sent.failure),
            (1, Some(200), None)
        );
        assert_eq!(sent.platform.as_str(), "RESTAPI");
    }
    let codes: Vec<&Value> = (deliveries.iter())
        .filter(|sent| sent.command == "C2C.CallbackBeforeSendMsg")
        .map(|sent| &sent.answer.as_ref().unwrap()["ErrorCode"])
        .collect();
    assert_eq!(codes, [&json!(0), &json!(0), &json!(120_017), &json!(2)]);
}
