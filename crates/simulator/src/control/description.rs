//! The description of the control API, made from its handlers and their types.

use super::room::Room;
use axum::Router;
use serde_json::Value;
use utoipa::openapi::{
    ComponentsBuilder, InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder, Server,
    security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme},
    tag::TagBuilder,
};
use utoipa_axum::router::OpenApiRouter;

/// All routes below a prefix, with their description.
pub(super) fn of(prefix: &str, routes: OpenApiRouter<Room>) -> (Router<Room>, OpenApi) {
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
    let router = OpenApiRouter::with_openapi(base.build()).nest(prefix, routes);
    router.split_for_parts()
}

/// A description as OpenAPI 3.1, in JSON.
pub(super) fn text(document: &OpenApi) -> String {
    // A document is texts, numbers and lists.
    let mut document = serde_json::to_value(document).unwrap_or_default();
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
