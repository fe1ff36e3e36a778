//! What became of a webhook, in a word, for each thing that an app can do.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use axum::{Json, Router, http::StatusCode, response::IntoResponse, routing::post};
use serde_json::{Value, json};
use std::time::Duration;
use tencent_chat_simulator::{Simulator, Unanswered, WebhookOutcome, WebhookTarget};
use tencent_chat_types::model::TextElem;

const BEFORE: &str = "C2C.CallbackBeforeSendMsg";
const AFTER: &str = "C2C.CallbackAfterSendMsg";

/// Answers what the message's text says.
async fn answer(Json(event): Json<Value>) -> axum::response::Response {
    let asks = event["CallbackCommand"] == BEFORE;
    let text = event["MsgBody"][0]["MsgContent"]["Text"].as_str();
    let code = |code: i64| Json(json!({ "ErrorCode": code })).into_response();
    match text.unwrap_or_default() {
        "refuse" if asks => code(120_001),
        "drop" if asks => code(2),
        "change" if asks => {
            let body = json!([{ "MsgType": "TIMTextElem", "MsgContent": { "Text": "changed" } }]);
            Json(json!({ "ErrorCode": 0, "MsgBody": body })).into_response()
        }
        "late" if asks => {
            std::future::pending::<()>().await;
            code(0)
        }
        "fail" if asks => StatusCode::BAD_GATEWAY.into_response(),
        _ => code(0),
    }
}

async fn simulator(unanswered: Unanswered) -> Simulator {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let app = Router::new().route("/", post(answer));
    tokio::spawn(async move { axum::serve(listener, app).await });
    let target = WebhookTarget::new(url)
        .only([BEFORE, AFTER])
        .timeout(Duration::from_millis(300))
        .unanswered(unanswered);
    let builder = Simulator::builder(1_400_000_000, "any key").webhooks(target);
    let simulator = builder.start().await.unwrap();
    for user in ["lin", "mei"] {
        simulator.set_online(user, "Web", "Online").unwrap();
    }
    simulator
}

/// Outcomes of the webhooks of one message, in the order in which they were over.
async fn outcomes(simulator: &Simulator, text: &str) -> Vec<(&'static str, WebhookOutcome)> {
    let before = simulator.deliveries().len();
    // Refused or not: what is asked for is what the app was told.
    let _ = simulator.send_as("lin", "mei", [TextElem::new(text)]).await;
    simulator.webhooks_idle().await;
    let deliveries = simulator.deliveries().into_iter().skip(before);
    deliveries
        .map(|delivery| (delivery.command, delivery.outcome))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_answer_has_its_outcome() {
    let simulator = simulator(Unanswered::Proceed).await;
    let told = (AFTER, WebhookOutcome::Acknowledged);
    for (text, asked, happens) in [
        ("allow", WebhookOutcome::Allowed, true),
        ("change", WebhookOutcome::Changed, true),
        ("refuse", WebhookOutcome::Refused, false),
        ("drop", WebhookOutcome::Dropped, false),
        ("late", WebhookOutcome::Late, true),
        ("fail", WebhookOutcome::Failed, true),
    ] {
        let mut expected = vec![(BEFORE, asked)];
        expected.extend(happens.then_some(told));
        assert_eq!(outcomes(&simulator, text).await, expected, "{text}");
    }
    simulator.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_answer_is_no_refusal_of_the_app_even_where_it_counts_as_one() {
    let simulator = simulator(Unanswered::Refuse).await;
    for (text, outcome) in [
        ("late", WebhookOutcome::Late),
        ("fail", WebhookOutcome::Failed),
    ] {
        assert_eq!(outcomes(&simulator, text).await, [(BEFORE, outcome)]);
    }
    let shown = serde_json::to_value(simulator.deliveries()).unwrap();
    assert_eq!(shown[0]["outcome"], "late");
    simulator.stop().await;
}
