//! The simulator's clock.

use super::{input::Input, problem::Problem, room::Room};
use crate::clock::MAX_AHEAD_SECONDS;
use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub(super) fn routes() -> OpenApiRouter<Room> {
    OpenApiRouter::new()
        .routes(routes!(clock))
        .routes(routes!(forward))
}

/// What the clock says.
#[derive(Debug, Serialize, ToSchema)]
struct ClockReport {
    /// Milliseconds since 1970.
    now_ms: u64,
    /// By how many seconds it was moved ahead.
    ahead_seconds: u64,
}

/// How far the clock is to be moved.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Forward {
    /// Seconds.
    seconds: u64,
}

fn report(room: &Room) -> Json<ClockReport> {
    let clock = &room.shared.clock;
    Json(ClockReport {
        now_ms: clock.now_ms(),
        ahead_seconds: clock.ahead().as_secs(),
    })
}

/// What the clock says
#[utoipa::path(
    get, path = "/clock", tag = "clock",
    responses((status = 200, body = ClockReport), (status = "4XX", body = Problem))
)]
async fn clock(State(room): State<Room>) -> Json<ClockReport> {
    report(&room)
}

/// Lets time pass
///
/// For everything that goes by the time: signatures, mutes, windows of quotas and of duplicates.
#[utoipa::path(
    post, path = "/clock/forward", tag = "clock", request_body = Forward,
    responses((status = 200, body = ClockReport), (status = "4XX", body = Problem))
)]
async fn forward(
    State(room): State<Room>,
    Input(by): Input<Forward>,
) -> Result<Json<ClockReport>, Problem> {
    if by.seconds > MAX_AHEAD_SECONDS {
        let text = format!("{} seconds are too many", by.seconds);
        return Err(Problem::bad(text).expected(format!("at most {MAX_AHEAD_SECONDS}")));
    }
    room.simulator.forward(Duration::from_secs(by.seconds));
    Ok(report(&room))
}
