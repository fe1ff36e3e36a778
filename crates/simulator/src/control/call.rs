//! Calls that the server signs itself.

use super::{input::Input, problem::Problem, room::Room};
use crate::{
    service::{self, Answer, Arrival},
    traffic::shown,
};
use axum::{Json, extract::State};
use http::Method;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::time::Duration;
use tencent_chat_types::protocol::query;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

/// How long the signature of a call is valid.
const VALIDITY: Duration = Duration::from_secs(3_600);

pub(super) fn routes() -> OpenApiRouter<Room> {
    OpenApiRouter::new().routes(routes!(call))
}

/// A call to make.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewCall {
    /// Path of the command, such as `v4/openim/sendmsg`.
    command: String,
    /// The body; any JSON, so that wrong ones can be tried too.
    #[serde(default = "empty")]
    #[schema(value_type = Object)]
    body: Value,
    /// Who calls; the first administrator unless set.
    identifier: Option<String>,
}

fn empty() -> Value {
    Value::Object(serde_json::Map::new())
}

/// What became of a call.
#[derive(Debug, Serialize, ToSchema)]
struct Called {
    /// The code that was answered; 0 for success.
    code: i64,
    /// The body of the answer; a string where it is not JSON, null where none came.
    reply: Value,
    /// Whether an answer came: a fault may break the connection or keep silent.
    answered: bool,
    /// HTTP status of the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    /// Number of the request; see `GET /_control/requests/{id}`.
    request: u64,
    /// Its address, but for the signature.
    url_without_signature: String,
}

/// Calls a command
///
/// Signed by the server, with all checks, quotas, faults and webhooks of any other call.
#[utoipa::path(
    post, path = "/call", tag = "calls", request_body = NewCall,
    responses((status = 200, body = Called), (status = "4XX", body = Problem))
)]
async fn call(
    State(room): State<Room>,
    Input(new): Input<NewCall>,
) -> Result<Json<Called>, Problem> {
    let shared = &room.shared;
    let (command, _) = shared.commands.find(&new.command)?;
    let settings = &shared.settings;
    let admin = || settings.admins.first().cloned().unwrap_or_default();
    let identifier = new.identifier.unwrap_or_else(admin);
    let sig = settings.signer.sign(&identifier, VALIDITY);
    let sig = sig.map_err(|error| Problem::bad(format!("it cannot be signed: {error}")))?;
    let escaped = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let plain = [
        (query::SDK_APP_ID, settings.sdk_app_id.to_string()),
        (query::IDENTIFIER, escaped(&identifier)),
        (query::RANDOM, fastrand::u32(..).to_string()),
        (query::CONTENT_TYPE, query::CONTENT_TYPE_VALUE.to_owned()),
    ]
    .map(|(name, value)| format!("{name}={value}"))
    .join("&");
    let arrival = Arrival {
        method: Method::POST,
        path: command.to_owned(),
        query: format!("{plain}&{}={}", query::USER_SIG, escaped(sig.expose())),
        body: Some(new.body.to_string().into_bytes().into()),
    };
    let performed = service::perform(shared, arrival).await;
    let (entry, answer) = performed.ok_or_else(Problem::broken)?;
    let (status, answered) = match answer {
        Answer::Reply { status, .. } => (Some(status.as_u16()), true),
        Answer::Reset | Answer::Silence => (None, false),
    };
    Ok(Json(Called {
        code: entry.code.0,
        reply: shown(&entry.reply),
        answered,
        status,
        request: entry.id,
        url_without_signature: format!("{}/{command}?{plain}", room.simulator.base_url()),
    }))
}
