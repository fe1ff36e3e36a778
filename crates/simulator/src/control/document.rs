//! The description of the service's API.

use super::room::Room;
use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::header;
use utoipa_axum::{router::OpenApiRouter, routes};

/// `openapi/tencent-chat.json`, which `cargo xtask codegen` makes of the spec.
pub const SERVICE_DOCUMENT: &str = include_str!("../../openapi/tencent-chat.json");

pub(super) fn routes() -> OpenApiRouter<Room> {
    OpenApiRouter::new()
        .routes(routes!(service))
        .routes(routes!(control))
}

fn json(text: impl Into<axum::body::Body>) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], text.into()).into_response()
}

/// The description of the service's API, as OpenAPI 3.1
#[utoipa::path(
    get, path = "/openapi.json", tag = "descriptions",
    responses((status = 200, content_type = "application/json", body = Object))
)]
async fn service() -> Response {
    json(SERVICE_DOCUMENT)
}

/// This description, as OpenAPI 3.1
#[utoipa::path(
    get, path = "/control.openapi.json", tag = "descriptions",
    responses((status = 200, content_type = "application/json", body = Object))
)]
async fn control(State(room): State<Room>) -> Response {
    json((room.describe)())
}
