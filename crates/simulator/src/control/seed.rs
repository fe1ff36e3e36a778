//! What the server begins with.

use super::{
    health::{DONE, Done},
    input::Input,
    problem::Problem,
    room::Room,
};
use crate::seed::Seed;
use axum::{Json, extract::DefaultBodyLimit, extract::State};
use utoipa_axum::{router::OpenApiRouter, routes};

/// Largest seed.
const MAX_BODY_BYTES: usize = 64 << 20;

pub(super) fn routes() -> OpenApiRouter<Room> {
    OpenApiRouter::new()
        .routes(routes!(seed))
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
}

/// Adds users, groups, friends and messages
///
/// The app is neither asked nor told, what is added does not count as traffic, and faults and quotas do not count. When
/// a part cannot be, what came before it stays.
#[utoipa::path(
    post, path = "/seed", tag = "state", request_body = Seed,
    responses((status = 200, body = Done), (status = "4XX", body = Problem))
)]
async fn seed(State(room): State<Room>, Input(seed): Input<Seed>) -> Result<Json<Done>, Problem> {
    match room.simulator.seed(&seed) {
        Ok(()) => Ok(DONE),
        Err(error) => Err(Problem::bad(error.to_string())),
    }
}
