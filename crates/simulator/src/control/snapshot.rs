//! Everything that is remembered of the app, as a document.

use super::{
    health::{DONE, Done},
    input::Input,
    problem::Problem,
    room::Room,
};
use crate::{snapshot::Snapshot, store::NotWritable};
use axum::{
    Json,
    extract::{DefaultBodyLimit, State},
};
use http::StatusCode;
use std::io;
use utoipa_axum::{router::OpenApiRouter, routes};

/// Largest snapshot.
const MAX_BODY_BYTES: usize = 1 << 30;

pub(super) fn routes() -> OpenApiRouter<Room> {
    OpenApiRouter::new()
        .routes(routes!(snapshot, load))
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
}

/// The state, as a document
///
/// Users, groups, messages, relations, pushes and counters; no requests, webhooks and faults. Its form may
/// change with versions of the simulator.
#[utoipa::path(
    get, path = "/snapshot", tag = "state",
    responses(
        (status = 200, content_type = "application/json", body = Object),
        (status = "4XX", body = Problem),
    )
)]
async fn snapshot(State(room): State<Room>) -> Result<Json<Snapshot>, Problem> {
    let snapshot = room.simulator.snapshot();
    snapshot.map(Json).map_err(|error| failed(&error))
}

/// Puts a snapshot in place of the state
///
/// What is not taken changes nothing.
#[utoipa::path(
    put, path = "/snapshot", tag = "state", request_body = Object,
    responses(
        (status = 200, body = Done),
        (status = "4XX", body = Problem),
        (status = 503, body = Problem),
    )
)]
async fn load(
    State(room): State<Room>,
    Input(snapshot): Input<Snapshot>,
) -> Result<Json<Done>, Problem> {
    let loaded = room.simulator.load(snapshot);
    loaded.map_err(|error| failed(&error))?;
    Ok(DONE)
}

fn failed(error: &io::Error) -> Problem {
    let text = error.to_string();
    match error.kind() {
        io::ErrorKind::InvalidInput => Problem::bad(text).expected("what GET of this path answers"),
        _ if error
            .get_ref()
            .is_some_and(|inner| inner.is::<NotWritable>()) =>
        {
            NotWritable.into()
        }
        _ => Problem::new(StatusCode::CONFLICT, text),
    }
}
