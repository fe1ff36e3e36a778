//! Faults on demand.

use super::{
    health::{DONE, Done},
    input::Input,
    problem::Problem,
    room::Room,
};
use crate::{
    fault::{FaultForm, FaultReport, Injection, MAX_WAITING, MAX_WAITING_BYTES, Odd},
    settings::lock,
};
use axum::{
    Json,
    extract::{Path, State},
};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::{PartialSchema, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

pub(super) fn routes() -> OpenApiRouter<Room> {
    OpenApiRouter::new()
        .routes(routes!(faults, add, clear))
        .routes(routes!(kinds))
        .routes(routes!(remove))
}

/// Faults, the oldest first.
#[derive(Debug, Serialize, ToSchema)]
struct Faults {
    faults: Vec<FaultReport>,
}

/// A fault to switch on.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewFault {
    /// Path of the command, such as `v4/openim/sendmsg`, or `*` for all without faults of their own.
    command: String,
    /// What goes wrong.
    fault: FaultForm,
    /// How often; 1 unless set, null for any number of times.
    #[serde(default = "once")]
    #[schema(default = 1)]
    times: Option<u64>,
    /// To which part of the requests; 1 unless set.
    #[schema(minimum = 0, maximum = 1)]
    probability: Option<f64>,
}

fn once() -> Option<u64> {
    Some(1)
}

/// Faults that wait, and the last that have happened
#[utoipa::path(
    get, path = "/faults", tag = "faults",
    responses((status = 200, body = Faults), (status = "4XX", body = Problem))
)]
async fn faults(State(room): State<Room>) -> Json<Faults> {
    let faults = room.simulator.faults();
    Json(Faults {
        faults: faults.iter().map(FaultReport::from).collect(),
    })
}

/// Switches a fault on
///
/// Faults of a command happen one after the other. One that does not happen to a request, by its
/// probability, leaves it to the next in line.
#[utoipa::path(
    post, path = "/faults", tag = "faults", request_body = NewFault,
    responses((status = 200, body = FaultReport), (status = "4XX", body = Problem))
)]
async fn add(
    State(room): State<Room>,
    Input(new): Input<NewFault>,
) -> Result<Json<FaultReport>, Problem> {
    let command = room.shared.commands.find_or_all(&new.command)?;
    let fault = new.fault.fault();
    let fault =
        fault.map_err(|expected| Problem::bad("the fault cannot happen").expected(expected))?;
    let probability = new.probability.unwrap_or(1.0);
    if !(0.0..=1.0).contains(&probability) {
        return Err(Problem::bad(format!("{probability} is not a probability")).expected("0 to 1"));
    }
    if !lock(&room.shared.faults).has_room_for(&fault) {
        let text =
            format!("{MAX_WAITING} faults wait already, or {MAX_WAITING_BYTES} bytes of them");
        return Err(Problem::new(StatusCode::CONFLICT, text)
            .suggestion("DELETE /_control/faults forgets them; `times` lets one happen often"));
    }
    let injection: Injection = match new.times {
        Some(times) => fault.times(times),
        None => fault.always(),
    };
    let rule = room
        .shared
        .inject(command, injection.probability(probability));
    Ok(Json((&rule).into()))
}

/// Forgets all faults
#[utoipa::path(
    delete, path = "/faults", tag = "faults",
    responses((status = 200, body = Done), (status = "4XX", body = Problem))
)]
async fn clear(State(room): State<Room>) -> Json<Done> {
    room.simulator.clear_faults();
    DONE
}

/// Forgets a fault
#[utoipa::path(
    delete, path = "/faults/{id}", tag = "faults",
    params(("id" = u64, Path, description = "Its number")),
    responses((status = 200, body = FaultReport), (status = "4XX", body = Problem))
)]
async fn remove(
    State(room): State<Room>,
    Path(id): Path<String>,
) -> Result<Json<FaultReport>, Problem> {
    let number = id.parse().ok();
    let rule = number.and_then(|id| lock(&room.shared.faults).remove(id));
    let rule = rule.ok_or_else(|| Problem::missing(format!("there is no fault {id}")))?;
    room.shared.note_fault(rule.clone());
    Ok(Json((&rule).into()))
}

/// A kind of fault.
#[derive(Debug, Serialize, ToSchema)]
struct Kind {
    /// Its name.
    kind: String,
    /// Its name in words.
    title: String,
    /// What happens.
    description: String,
    /// What it is switched on with, besides `kind`.
    parameters: Vec<Parameter>,
}

/// Something that a fault is switched on with.
#[derive(Debug, Serialize, ToSchema)]
struct Parameter {
    /// Its name.
    name: String,
    /// Whether it must be given.
    required: bool,
    /// Its schema.
    #[schema(value_type = Object)]
    schema: Value,
}

/// Kinds of faults
#[derive(Debug, Serialize, ToSchema)]
struct Kinds {
    kinds: Vec<Kind>,
}

/// What can go wrong
#[utoipa::path(
    get, path = "/faults/kinds", tag = "faults",
    responses((status = 200, body = Kinds), (status = "4XX", body = Problem))
)]
async fn kinds() -> Json<Kinds> {
    let schema = serde_json::to_value(FaultForm::schema()).unwrap_or_default();
    let variants = schema.get("oneOf").and_then(Value::as_array);
    let kinds = variants.into_iter().flatten().filter_map(kind);
    Json(Kinds {
        kinds: kinds.collect(),
    })
}

/// What the schema of a variant says.
fn kind(variant: &Value) -> Option<Kind> {
    let properties = variant.get("properties")?.as_object()?;
    let kind = properties.get("kind")?;
    let name = kind
        .get("const")
        .or_else(|| kind.get("enum")?.get(0))?
        .as_str()?;
    if name == "none" {
        return None;
    }
    let required = variant.get("required").and_then(Value::as_array);
    let is_required = |name: &str| required.is_some_and(|all| all.iter().any(|one| one == name));
    let parameters = properties.iter().filter(|(name, _)| *name != "kind");
    let mut title = name.replace('_', " ");
    title.get_mut(..1)?.make_ascii_uppercase();
    Some(Kind {
        kind: name.to_owned(),
        title,
        description: variant.get("description")?.as_str()?.to_owned(),
        parameters: parameters
            .map(|(name, schema)| Parameter {
                name: name.clone(),
                required: is_required(name),
                schema: inline(schema),
            })
            .collect(),
    })
}

/// A schema with what it refers to in its place: there is one type besides the kinds themselves.
fn inline(schema: &Value) -> Value {
    let Some(_) = schema.get("$ref") else {
        return schema.clone();
    };
    let mut whole = serde_json::to_value(Odd::schema()).unwrap_or_default();
    if let (Some(whole), Some(text)) = (whole.as_object_mut(), schema.get("description")) {
        whole.insert("description".to_owned(), text.clone());
    }
    match whole {
        Value::Object(whole) => Value::Object(whole),
        _ => Value::Object(Map::new()),
    }
}
