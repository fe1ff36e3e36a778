//! Whether the server is there, and what it serves.

use super::{input::Input, problem::Problem, room::Room};
use crate::settings::lock;
use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use tencent_chat_types::Edition;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub(super) fn routes() -> OpenApiRouter<Room> {
    OpenApiRouter::new()
        .routes(routes!(health))
        .routes(routes!(ready))
        .routes(routes!(info))
        .routes(routes!(reset))
}

/// That the server is there.
#[derive(Debug, Serialize, ToSchema)]
struct Health {
    /// `ok`.
    status: &'static str,
    /// Of the simulator.
    version: &'static str,
}

/// What the server serves.
#[derive(Debug, Serialize, ToSchema)]
struct Info {
    /// The app.
    sdk_app_id: u64,
    /// User ids that may call.
    admins: Vec<String>,
    /// Address for clients.
    base_url: String,
    /// The edition whose quotas are kept: `free` or `paid`; left out where none are.
    #[serde(skip_serializing_if = "Option::is_none")]
    edition: Option<&'static str>,
    /// Where webhooks go, without the query; left out where they go nowhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    webhook_target: Option<String>,
    /// Whether the state outlives the process.
    data: bool,
    /// Of the simulator.
    version: &'static str,
}

/// An edition by its name.
pub(super) fn edition_name(edition: Edition) -> &'static str {
    match edition {
        Edition::Free => "free",
        _ => "paid",
    }
}

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Whether the server is there
#[utoipa::path(get, path = "/health", tag = "server", responses((status = 200, body = Health)))]
async fn health() -> Json<Health> {
    Json(Health {
        status: "ok",
        version: VERSION,
    })
}

/// Whether it takes calls
///
/// It does as soon as it listens, unless its data folder cannot be written.
#[utoipa::path(
    get, path = "/ready", tag = "server",
    responses((status = 200, body = Health), (status = 503, body = Problem))
)]
async fn ready(State(room): State<Room>) -> Result<Json<Health>, Problem> {
    room.shared.check_stored()?;
    Ok(Json(Health {
        status: "ready",
        version: VERSION,
    }))
}

/// What it serves
#[utoipa::path(
    get, path = "/info", tag = "server",
    responses((status = 200, body = Info), (status = "4XX", body = Problem))
)]
async fn info(State(room): State<Room>) -> Json<Info> {
    let shared = &room.shared;
    let quotas = *lock(&shared.quotas);
    Json(Info {
        sdk_app_id: shared.settings.sdk_app_id,
        admins: shared.settings.admins.clone(),
        base_url: room.simulator.base_url(),
        edition: quotas.map(|quotas| edition_name(quotas.edition)),
        webhook_target: shared.webhooks.target().map(|target| target.shown()),
        data: shared.store.is_some(),
        version: VERSION,
    })
}

/// What was done.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Done {
    /// `done`.
    status: &'static str,
}

pub(super) const DONE: Json<Done> = Json(Done { status: "done" });

/// Nothing need be said.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Nothing {}

/// Begins anew
///
/// Forgets accounts, groups and messages, requests and webhooks that were seen, faults, what is used of
/// quotas, and by how much the clock is ahead. The target of webhooks and the quotas stay.
#[utoipa::path(
    post, path = "/reset", tag = "server", request_body = Option<Nothing>,
    responses(
        (status = 200, body = Done),
        (status = "4XX", body = Problem),
        (status = 503, body = Problem),
    )
)]
async fn reset(
    State(room): State<Room>,
    Input(Nothing {}): Input<Nothing>,
) -> Result<Json<Done>, Problem> {
    room.shared.reset()?;
    Ok(DONE)
}
