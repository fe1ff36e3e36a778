//! How an app tests itself: a small shop, with faults, and with assertions on what it sent.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::time::Duration;
use tencent_chat_client::{Client, Error, SecretKey};
use tencent_chat_simulator::{Fault, Seed, Simulator};
use tencent_chat_types::{ErrorCode, message::SendMsg};

/// The code under test: tells a buyer that an order has shipped, once.
async fn notify_shipped(client: &Client, buyer: &str, order: u64) -> Result<(), Error> {
    let text = format!("Order {order} has shipped.");
    let message =
        SendMsg::new(buyer, [text]).with_idempotency_key(format!("order {order} shipped"));
    client.send(&message).await?;
    Ok(())
}

async fn world() -> (Simulator, Client) {
    let simulator = Simulator::builder(1_400_000_000, "any key")
        .start()
        .await
        .unwrap();
    let seed: Seed = serde_json::from_str(r#"{ "users": [{ "id": "mei" }] }"#).unwrap();
    simulator.seed(&seed).unwrap();
    let client = Client::builder(1_400_000_000, "administrator", SecretKey::new("any key"))
        .base_url(simulator.base_url())
        .build()
        .unwrap();
    (simulator, client)
}

#[tokio::test]
async fn the_buyer_reads_what_was_ordered() {
    let (simulator, client) = world().await;
    notify_shipped(&client, "mei", 7).await.unwrap();
    let sent = simulator.requests::<SendMsg>();
    let [sent] = sent.as_slice() else {
        panic!("{} requests", sent.len());
    };
    assert_eq!(sent.request.to_account, "mei");
    let text = sent.request.msg_body[0].as_text().unwrap();
    assert_eq!(text.text, "Order 7 has shipped.");
}

/// The service acted, but its reply got lost: the message is sent again and is one message.
#[tokio::test]
async fn a_lost_reply_sends_nothing_twice() {
    let (simulator, client) = world().await;
    simulator.inject::<SendMsg>([Fault::ResetAfter]).unwrap();
    notify_shipped(&client, "mei", 7).await.unwrap();
    let sent = simulator.requests::<SendMsg>();
    assert_eq!(sent.len(), 2);
    assert_eq!(sent[0].request.msg_random, sent[1].request.msg_random);
    assert_eq!(sent[0].request.msg_seq, sent[1].request.msg_seq);
}

#[tokio::test]
async fn a_stranger_is_an_error_that_names_the_reason() {
    let (_simulator, client) = world().await;
    let error = notify_shipped(&client, "nobody", 7).await.unwrap_err();
    assert_eq!(error.code(), Some(ErrorCode::MESSAGE_RECIPIENT_NOT_FOUND));
    assert_eq!(error.endpoint(), "v4/openim/sendmsg");
}

/// What runs in the background can be waited for.
#[tokio::test]
async fn a_background_job_is_seen() {
    let (simulator, client) = world().await;
    tokio::spawn(async move { notify_shipped(&client, "mei", 8).await });
    let wait = Duration::from_secs(30);
    let seen = simulator
        .wait_for::<SendMsg>(wait, |sent| sent.to_account == "mei")
        .await;
    assert!(seen.is_some());
}
