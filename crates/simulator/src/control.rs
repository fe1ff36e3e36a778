//! The control API, below `/_control/`, and the way to it and to a page.

mod access;
mod call;
mod clock;
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
use serde_json::Value;
use std::{convert::Infallible, sync::Arc};
use tower_service::Service;
use utoipa::openapi::{
    ComponentsBuilder, InfoBuilder, LicenseBuilder, OpenApiBuilder, Server,
    security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme},
    tag::TagBuilder,
};
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
    let info = InfoBuilder::new()
        .title("Tencent Cloud Chat simulator: control API")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(DESCRIPTION))
        .license(Some(
            LicenseBuilder::new()
                .name("MIT")
                .identifier(Some("MIT"))
                .build(),
        ));
    let token = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some(
            "The control token, where the server was started with one.",
        ))
        .build();
    let tags =
        TAGS.map(|(name, text)| TagBuilder::new().name(name).description(Some(text)).build());
    let anybody = SecurityRequirement::default();
    let with_token = SecurityRequirement::new("token", Vec::<String>::new());
    let base = OpenApiBuilder::new()
        .info(info)
        .servers(Some([Server::new("http://127.0.0.1:8600")]))
        .security(Some([anybody, with_token]))
        .tags(Some(tags))
        .components(Some(
            ComponentsBuilder::new()
                .security_scheme("token", SecurityScheme::Http(token))
                .build(),
        ));
    let router = OpenApiRouter::with_openapi(base.build()).nest(PREFIX, routes());
    let (_, document) = router.split_for_parts();
    // A document is texts, numbers and lists.
    let mut document = serde_json::to_value(&document).unwrap_or_default();
    describe_responses(&mut document);
    let mut text = serde_json::to_string_pretty(&document).unwrap_or_default();
    text.push('\n');
    text
}

/// Says of each response what its schema says: the types are described in one place.
fn describe_responses(document: &mut Value) {
    let schemas = document.pointer("/components/schemas").cloned();
    let of_schema = |response: &Value| {
        let schema = response.pointer("/content/application~1json/schema/$ref");
        let name = schema.and_then(Value::as_str)?.rsplit('/').next()?;
        let text = schemas.as_ref()?.get(name)?.get("description")?;
        Some(text.clone())
    };
    let paths = document.get_mut("paths").and_then(Value::as_object_mut);
    let operations = paths.into_iter().flat_map(|paths| paths.values_mut());
    for operation in operations.filter_map(Value::as_object_mut) {
        let responses = operation.values_mut().filter_map(|operation| {
            operation
                .get_mut("responses")
                .and_then(Value::as_object_mut)
        });
        for response in responses.flat_map(|responses| responses.values_mut()) {
            let text = of_schema(response).unwrap_or_else(|| "What was asked for.".into());
            if let Some(response) = response.as_object_mut() {
                response.entry("description").or_insert(text);
            }
        }
    }
}

/// What is said of the control API as such.
const DESCRIPTION: &str = "Steers the simulator and looks into it, for tests and tools in any language. \
Everything below `/_control/` of the address that serves the API of the service. Bodies are JSON. A request that \
cannot be served has HTTP status 4xx and says what is wrong, what was expected and what to do.";

/// Groups of routes.
const TAGS: [(&str, &str); 11] = [
    ("server", "The server itself."),
    ("traffic", "What went back and forth."),
    ("calls", "Calls that the server signs itself."),
    ("webhooks", "Where webhooks go, and events by hand."),
    ("faults", "What goes wrong on demand."),
    ("devices", "What users do on their devices."),
    ("state", "Users, groups and messages."),
    ("clock", "The simulator's clock."),
    ("quotas", "Quotas of the commands."),
    ("usersig", "UserSigs."),
    ("descriptions", "OpenAPI documents."),
];

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
        .merge(devices::routes())
        .merge(clock::routes())
        .merge(quotas::routes())
        .merge(state::routes())
        .merge(call::routes())
        .merge(usersig::routes())
        .merge(document::routes())
}

impl Rooms {
    pub(crate) fn new(shared: Arc<Shared>, access: Access, page: Option<Router>) -> Self {
        let (control, _) = OpenApiRouter::new()
            .nest(PREFIX, routes())
            .split_for_parts();
        let control = control
            .fallback(|| async { Problem::no_such_path() })
            .method_not_allowed_fallback(|| async { Problem::no_such_method() })
            .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
            .with_state(Room::new(
                Arc::clone(&shared),
                access.any_host,
                control_document,
            ));
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
