//! Receives events and prints them.

use super::app::{Answered, App};
use crate::{
    failure::Failure,
    output::{Output, pretty},
    profile::Connection,
};
use axum::{
    Router,
    body::Bytes,
    extract::{DefaultBodyLimit, RawQuery, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};
use std::{net::IpAddr, sync::Arc};
use tencent_chat_types::text::quoted;
use tencent_chat_webhook::Receiver;
use tokio::net::TcpListener;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Port; any free one unless set
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// Answers this JSON in place of "go on"
    #[arg(long, value_name = "JSON")]
    answer: Option<String>,
    /// Sends each event on to this address, and answers what it answers
    #[arg(long, value_name = "URL", conflicts_with = "answer")]
    forward_to: Option<String>,
    /// Takes events without a signature, although there is no token
    #[arg(long)]
    unsigned: bool,
    /// Ends after so many events
    #[arg(long, value_name = "EVENTS")]
    count: Option<u64>,
}

struct Listener {
    receiver: Receiver,
    answer: Value,
    forward_to: Option<App>,
    events: tokio::sync::mpsc::Sender<Value>,
}

pub(super) async fn run(
    args: Args,
    connection: &Connection,
    output: &Output,
) -> Result<(), Failure> {
    let settings = connection.settings()?;
    let app = settings.app()?;
    let receiver = match (settings.token()?, args.unsigned) {
        (Some(token), false) => Receiver::new(app, token),
        (_, true) => Receiver::unauthenticated(app),
        (None, false) => {
            return Err(Failure::setup("the webhook token is not known").help(
                "set TENCENT_CHAT_WEBHOOK_TOKEN or a profile's, or take events of anybody with --unsigned",
            ));
        }
    };
    let answer = match &args.answer {
        None => json!({ "ActionStatus": "OK", "ErrorCode": 0, "ErrorInfo": "" }),
        Some(json) => {
            serde_json::from_str(json).map_err(|_| Failure::usage("--answer is not JSON"))?
        }
    };
    let forward_to = args.forward_to.as_deref().map(App::new).transpose()?;
    let (events, mut seen) = tokio::sync::mpsc::channel(1000);
    let listener = Arc::new(Listener {
        receiver,
        answer,
        forward_to,
        events,
    });
    let socket = TcpListener::bind((IpAddr::from([127, 0, 0, 1]), args.port))
        .await
        .map_err(|error| Failure::setup(format!("port {}: {error}", args.port)))?;
    let address = socket
        .local_addr()
        .map_err(|error| Failure::setup(error.to_string()))?;
    output.note(&format!(
        "receiving events at http://{address}/; stop with Ctrl-C"
    ));
    let router = Router::new()
        .fallback(receive)
        .layer(DefaultBodyLimit::max(Receiver::DEFAULT_MAX_BODY_BYTES))
        .with_state(listener);
    let mut server = tokio::spawn(axum::serve(socket, router).into_future());
    let mut left = args.count;
    while left != Some(0) {
        tokio::select! {
            event = seen.recv() => {
                let Some(event) = event else { break };
                output.event(&event, || text(&event))?;
                left = left.map(|left| left - 1);
            }
            _ = tokio::signal::ctrl_c() => break,
            ended = &mut server => {
                let why = ended.map_err(|error| error.to_string());
                return Err(Failure::setup(format!("the server ended: {why:?}")));
            }
        }
    }
    server.abort();
    Ok(())
}

fn text(event: &Value) -> String {
    let part = |name: &str| event.get(name).and_then(Value::as_str).unwrap_or_default();
    match event.get("refused") {
        Some(_) => format!("refused: {}", part("refused")),
        None => {
            let body = event.get("event").map(pretty).unwrap_or_default();
            format!("{} {}\n{body}\n", part("webhook"), part("key"))
        }
    }
}

async fn receive(
    State(listener): State<Arc<Listener>>,
    RawQuery(query): RawQuery,
    body: Bytes,
) -> Response {
    let query = query.unwrap_or_default();
    let delivery = match listener.receiver.receive(&query, &body) {
        Ok(delivery) => delivery,
        Err(error) => {
            tell(&listener, json!({ "refused": error.to_string() }));
            let status = StatusCode::from_u16(error.status());
            return status.unwrap_or(StatusCode::BAD_REQUEST).into_response();
        }
    };
    let event: Value = serde_json::from_slice(&body).unwrap_or_default();
    let (status, answer) = match &listener.forward_to {
        None => (StatusCode::OK, listener.answer.to_string().into_bytes()),
        Some(app) => match app.call(&query, body).await {
            Ok(Answered { status, body, .. }) => {
                let status = StatusCode::from_u16(status);
                (status.unwrap_or(StatusCode::BAD_GATEWAY), body)
            }
            Err(_) => (StatusCode::BAD_GATEWAY, Vec::new()),
        },
    };
    tell(
        &listener,
        json!({
            "webhook": quoted(delivery.event.command()),
            "key": delivery.key().as_str(),
            "event": event,
            "status": status.as_u16(),
            "answer": serde_json::from_slice::<Value>(&answer).ok(),
        }),
    );
    (status, [(header::CONTENT_TYPE, "application/json")], answer).into_response()
}

/// Whoever floods the listener loses lines, and never memory.
fn tell(listener: &Listener, event: Value) {
    let _ = listener.events.try_send(event);
}
