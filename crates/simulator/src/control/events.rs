//! What happens, as it happens.

use super::{input::Params, problem::Problem, room::Room};
use crate::traffic::{Note, Record, RequestReport, Traffic, WebhookReport};
use axum::{
    extract::State,
    response::sse::{Event, KeepAlive, Sse},
};
use futures_util::stream::{self, Stream};
use http::HeaderMap;
use serde::{Deserialize, Serialize};
use std::{collections::VecDeque, convert::Infallible, sync::Arc, time::Duration};
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

/// Most events that one connection is given at once.
const BATCH: usize = 100;

/// How long one wait for the next event lasts before the next one begins.
const WAIT: Duration = Duration::from_secs(60);

pub(super) fn routes() -> OpenApiRouter<Room> {
    OpenApiRouter::new().routes(routes!(events))
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct From {
    /// Begins after this number, as the header `Last-Event-ID` does; with what comes from now on unless
    /// set. A number that was not given yet is one of an earlier run of the server: then it begins with
    /// everything that is remembered of this one.
    after: Option<u64>,
}

/// What happens, as it happens
///
/// Server-sent events `request`, `webhook`, `fault` (switched on, happened, or removed) and `reset`, each
/// with its number as id. They begin again where they broke off with the header `Last-Event-ID`.
#[utoipa::path(
    get, path = "/events", tag = "traffic",
    params(From, ("Last-Event-ID" = Option<String>, Header, description = "The last number that was received")),
    responses(
        (status = 200, content_type = "text/event-stream", body = String),
        (status = "4XX", body = Problem),
    )
)]
async fn events(
    State(room): State<Room>,
    headers: HeaderMap,
    Params(from): Params<From>,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let traffic = Arc::clone(&room.shared.traffic);
    let last = headers.get("last-event-id");
    let last = last.and_then(|last| last.to_str().ok()?.trim().parse().ok());
    let last = last.or(from.after);
    let last = last.map_or_else(|| traffic.last(), |last| traffic.resume(last));
    let stream = stream::unfold((traffic, last, VecDeque::new()), |state| async move {
        let (traffic, mut last, mut waiting) = state;
        if waiting.is_empty() {
            waiting = next(&traffic, last).await?.into();
        }
        let record: Record = waiting.pop_front()?;
        last = record.id().max(last);
        Some((Ok(event(&record)), (traffic, last, waiting)))
    });
    Sse::new(stream).keep_alive(KeepAlive::default())
}

/// The next events; none when the server stops.
async fn next(traffic: &Traffic, last: u64) -> Option<Vec<Record>> {
    loop {
        let look = || Some(traffic.after(last, BATCH)).filter(|found| !found.is_empty());
        match traffic.wait_for(WAIT, look).await {
            Some(found) => return Some(found),
            None if traffic.is_closed() => return None,
            None => {}
        }
    }
}

fn event(record: &Record) -> Event {
    let (name, data) = match record {
        Record::Request(entry) => ("request", json(&RequestReport::from(&**entry))),
        Record::Webhook(delivery) => ("webhook", json(&WebhookReport::from(&**delivery))),
        Record::Note(_, Note::Fault(rule)) => ("fault", json(rule)),
        Record::Note(_, Note::Reset) => ("reset", "{}".to_owned()),
    };
    Event::default()
        .id(record.id().to_string())
        .event(name)
        .data(data)
}

/// In one line: line ends within are escaped.
fn json(value: &impl Serialize) -> String {
    // Reports are structs of texts, numbers and JSON.
    serde_json::to_string(value).unwrap_or_default()
}
