//! The control API, below `/_control/`, and the way to it and to a page.

mod access;
mod call;
mod clock;
mod description;
mod devices;
mod document;
mod events;
mod faults;
mod health;
mod input;
mod problem;
mod quotas;
mod requests;
mod room;
mod seed;
mod snapshot;
mod state;
mod usersig;
mod webhooks;

pub(crate) use self::access::Access;
pub use self::document::SERVICE_DOCUMENT;
use self::{problem::Problem, room::Room};
use crate::shared::Shared;
use axum::{
    Router,
    body::Body,
    extract::DefaultBodyLimit,
    response::{IntoResponse, Response},
};
use http::{Method, Request, StatusCode};
use std::{
    convert::Infallible,
    sync::{Arc, OnceLock},
};
use tower_service::Service;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;

/// Where the control API begins.
const PREFIX: &str = "/_control";

/// What holds nothing, and can be asked without a token by whatever watches over the server.
const OPEN: [&str; 2] = ["/_control/health", "/_control/ready"];

/// Largest body, but for what replaces the whole state.
const MAX_BODY_BYTES: usize = 2 << 20;

/// Where a request goes that is not the service's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Door {
    Control,
    Page,
}

/// The description of the control API as OpenAPI 3.1, in JSON: what `openapi/control.json` holds and
/// `GET /_control/control.openapi.json` answers.
pub fn control_document() -> String {
    description::text(&described().1)
}

/// The control API and the page.
#[derive(Clone)]
pub(crate) struct Rooms {
    shared: Arc<Shared>,
    access: Arc<Access>,
    control: Router,
    page: Option<Router>,
}

/// All routes, with what is said of them.
fn routes() -> OpenApiRouter<Room> {
    OpenApiRouter::new()
        .merge(health::routes())
        .merge(requests::routes())
        .merge(webhooks::routes())
        .merge(events::routes())
        .merge(faults::routes())
        .merge(seed::routes())
        .merge(snapshot::routes())
        .merge(devices::routes())
        .merge(clock::routes())
        .merge(quotas::routes())
        .merge(state::routes())
        .merge(call::routes())
        .merge(usersig::routes())
        .merge(document::routes())
}

/// All routes with their description. Making it takes longer than starting a simulator, so that it is
/// done once.
fn described() -> &'static (Router<Room>, OpenApi) {
    static DESCRIBED: OnceLock<(Router<Room>, OpenApi)> = OnceLock::new();
    DESCRIBED.get_or_init(|| {
        let (router, description) = description::of(PREFIX, routes());
        let router = router
            .fallback(|| async { Problem::no_such_path() })
            .method_not_allowed_fallback(|| async { Problem::no_such_method() })
            .layer(DefaultBodyLimit::max(MAX_BODY_BYTES));
        (router, description)
    })
}

impl Rooms {
    pub(crate) fn new(shared: Arc<Shared>, access: Access, page: Option<Router>) -> Self {
        let room = Room::new(Arc::clone(&shared), access.any_host, control_document);
        let control = described().0.clone().with_state(room);
        Self {
            shared,
            access: Arc::new(access),
            control,
            page,
        }
    }

    /// Where a request goes; none when it is one for the service.
    pub(crate) fn door(&self, method: &Method, path: &str) -> Option<Door> {
        let rest = path.strip_prefix(PREFIX);
        if rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/')) {
            return Some(Door::Control);
        }
        let reads = *method == Method::GET || *method == Method::HEAD;
        (reads && self.page.is_some()).then_some(Door::Page)
    }

    pub(crate) async fn enter(&self, door: Door, request: Request<Body>) -> Response {
        let ip = self.shared.address.ip();
        let needs_token = door == Door::Control && !OPEN.contains(&request.uri().path());
        if let Err(problem) = self.access.check(request.headers(), ip, needs_token) {
            return problem.into_response();
        }
        let router = match (door, &self.page) {
            (Door::Page, Some(page)) => page,
            _ => &self.control,
        };
        let answered: Result<Response, Infallible> = router.clone().call(request).await;
        answered.unwrap_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response())
    }
}
