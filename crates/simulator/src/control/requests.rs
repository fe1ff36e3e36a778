//! Requests that were seen.

use super::{
    input::Params,
    problem::Problem,
    room::{Room, page_or_wait},
};
use crate::traffic::{JournalEntry, Page, RequestReport};
use axum::{
    Json,
    extract::{Path, State},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

pub(super) fn routes() -> OpenApiRouter<Room> {
    OpenApiRouter::new()
        .routes(routes!(requests))
        .routes(routes!(request))
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Filter {
    /// Only those of this command, such as `v4/openim/sendmsg`.
    command: Option<String>,
    /// Only those of this caller.
    identifier: Option<String>,
    /// Only those that were answered with this code.
    code: Option<i64>,
    /// Only those with a code other than 0 or with a fault; `false` for all others.
    failed: Option<bool>,
    /// Only those with greater numbers, the first of them first. Without it: the last ones.
    after: Option<u64>,
    /// Most of them; 100 unless set, 1000 at most.
    limit: Option<usize>,
    /// How many milliseconds to wait for the first one that fits, if there is none; 60000 at most.
    wait_ms: Option<u64>,
}

impl Filter {
    fn fits(&self, entry: &JournalEntry) -> bool {
        let named = |wanted: &Option<String>, is: &str| wanted.as_ref().is_none_or(|w| w == is);
        named(&self.command, &entry.path)
            && named(&self.identifier, &entry.identifier)
            && self.code.is_none_or(|code| code == entry.code.0)
            && self.failed.is_none_or(|failed| failed == entry.failed())
    }
}

/// A page of requests, oldest first.
#[derive(Debug, Serialize, ToSchema)]
struct Requests {
    requests: Vec<RequestReport>,
    /// What to ask for with `after` to go on from here.
    last: u64,
}

/// Requests that were seen
#[utoipa::path(
    get, path = "/requests", tag = "traffic", params(Filter),
    responses((status = 200, body = Requests), (status = "4XX", body = Problem))
)]
async fn requests(State(room): State<Room>, Params(filter): Params<Filter>) -> Json<Requests> {
    let traffic = &room.shared.traffic;
    let look = |page: &Page| traffic.requests(page, |entry| filter.fits(entry));
    let (found, last) =
        page_or_wait(traffic, filter.after, filter.limit, filter.wait_ms, look).await;
    Json(Requests {
        requests: found.iter().map(|entry| (&**entry).into()).collect(),
        last,
    })
}

/// One request
#[utoipa::path(
    get, path = "/requests/{id}", tag = "traffic",
    params(("id" = u64, Path, description = "Its number")),
    responses((status = 200, body = RequestReport), (status = "4XX", body = Problem))
)]
async fn request(
    State(room): State<Room>,
    Path(id): Path<String>,
) -> Result<Json<RequestReport>, Problem> {
    let number = id.parse().ok();
    let entry = number.and_then(|id| room.shared.traffic.request(id));
    let entry = entry.ok_or_else(|| {
        Problem::missing(format!("there is no request {id}"))
            .expected("the number of a request that is still remembered")
    })?;
    Ok(Json((&*entry).into()))
}
