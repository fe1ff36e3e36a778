//! Receives events and prints them.

use super::app::{Answered, App};
use crate::{
    failure::Failure,
    output::{Output, as_it_came, pretty},
    profile::Connection,
    signals::Signals,
};
use axum::{
    Router,
    body::Bytes,
    extract::{DefaultBodyLimit, RawQuery, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use std::{net::Ipv4Addr, sync::Arc, time::Duration};
use tencent_chat_types::{text::quoted, wire::Raw};
use tencent_chat_webhook::Receiver;
use tokio::{
    net::TcpListener,
    sync::{mpsc, oneshot},
};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Port; any free one by default
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// Answers with this JSON instead of allowing everything
    #[arg(long, value_name = "JSON")]
    answer: Option<String>,
    /// Forwards each event to this address, and answers what it answers
    #[arg(long, value_name = "URL", conflicts_with = "answer")]
    forward_to: Option<String>,
    /// Accepts events without a signature, although there is no token
    #[arg(long)]
    unsigned: bool,
    /// Exits after this many events
    #[arg(long, value_name = "EVENTS")]
    count: Option<u64>,
}

/// The default answer to the service.
const GO_ON: &str = r#"{"ActionStatus":"OK","ErrorCode":0,"ErrorInfo":""}"#;

/// How long to wait at the end for requests in flight.
const LAST_ANSWERS: Duration = Duration::from_secs(2);

struct Listener {
    receiver: Receiver,
    answer: String,
    forward_to: Option<App>,
    events: mpsc::Sender<Seen>,
}

/// A received event.
#[derive(Serialize)]
#[serde(untagged)]
enum Seen {
    Refused {
        refused: String,
    },
    Event {
        webhook: String,
        key: String,
        event: Raw,
        status: u16,
        /// `None` if it isn't valid JSON.
        answer: Option<Raw>,
    },
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
            return Err(Failure::setup("the webhook token is not set").help(
                "set TENCENT_CHAT_WEBHOOK_TOKEN or a profile's, or accept events from anyone with --unsigned",
            ));
        }
    };
    let answer = args.answer.unwrap_or_else(|| GO_ON.to_owned());
    if as_it_came(answer.as_bytes()).is_none() {
        return Err(Failure::usage("--answer is not valid JSON"));
    }
    let forward_to = args.forward_to.as_deref().map(App::new).transpose()?;
    let (events, mut seen) = mpsc::channel(1000);
    let listener = Arc::new(Listener {
        receiver,
        answer,
        forward_to,
        events,
    });
    let socket = TcpListener::bind((Ipv4Addr::LOCALHOST, args.port))
        .await
        .map_err(|error| Failure::setup(format!("port {}: {error}", args.port)))?;
    let address = socket
        .local_addr()
        .map_err(|error| Failure::setup(error.to_string()))?;
    let mut signals = Signals::listen()?;
    output.note(&format!(
        "receiving events at http://{address}/; stop with Ctrl-C"
    ));
    let router = Router::new()
        .fallback(receive)
        .layer(DefaultBodyLimit::max(Receiver::DEFAULT_MAX_BODY_BYTES))
        .with_state(listener);
    let (stop, stopping) = oneshot::channel::<()>();
    let server = axum::serve(socket, router).with_graceful_shutdown(async {
        // Even if the sender has disconnected.
        let _ = stopping.await;
    });
    let mut server = tokio::spawn(server.into_future());
    let mut left = args.count;
    while left != Some(0) {
        tokio::select! {
            event = seen.recv() => {
                let Some(event) = event else { break };
                output.event(&event, || text(&event))?;
                left = left.map(|left| left - 1);
            }
            () = signals.next() => break,
            ended = &mut server => {
                let why = ended.map_err(|error| error.to_string());
                return Err(Failure::setup(format!("the server ended: {why:?}")));
            }
        }
    }
    // Requests in flight are answered, and received events are printed; a second signal ends that.
    drop(stop);
    tokio::select! {
        _ = tokio::time::timeout(LAST_ANSWERS, &mut server) => {}
        () = signals.next() => {}
    }
    server.abort();
    while let (true, Ok(event)) = (left != Some(0), seen.try_recv()) {
        output.event(&event, || text(&event))?;
        left = left.map(|left| left - 1);
    }
    Ok(())
}

fn text(seen: &Seen) -> String {
    match seen {
        Seen::Refused { refused } => format!("refused: {refused}"),
        Seen::Event {
            webhook,
            key,
            event,
            ..
        } => format!("{webhook} {key}\n{}\n", pretty(event)),
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
            let refused = error.to_string();
            tell(&listener, Seen::Refused { refused });
            let status = StatusCode::from_u16(error.status());
            return status.unwrap_or(StatusCode::BAD_REQUEST).into_response();
        }
    };
    let event = as_it_came(&body).unwrap_or_default();
    let (status, answer) = match &listener.forward_to {
        None => (StatusCode::OK, listener.answer.clone().into_bytes()),
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
        Seen::Event {
            webhook: quoted(delivery.event.command()).into_owned(),
            key: delivery.key().to_string(),
            event,
            status: status.as_u16(),
            answer: as_it_came(&answer),
        },
    );
    (status, [(header::CONTENT_TYPE, "application/json")], answer).into_response()
}

/// A flood of events makes the listener lose lines, but never use more memory.
fn tell(listener: &Listener, seen: Seen) {
    let _ = listener.events.try_send(seen);
}
