//! Webhooks that were fired, and where they go.

use super::{
    health::{DONE, Done},
    input::{Input, Params},
    problem::Problem,
    room::{Room, page_or_wait},
};
use crate::{
    traffic::{Delivery, Page, WebhookReport},
    webhooks::{Target, Unanswered, Webhooks as Sender},
};
use axum::{
    Json,
    extract::{Path, State},
};
use http::StatusCode;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use std::{future::Future, pin::Pin, sync::Arc, time::Duration};
use tencent_chat_types::{
    decode,
    webhook::{Webhook, WebhookVisitor, visit_webhook},
};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

/// Longest time that an app is waited for.
const MAX_TIMEOUT_MS: u64 = 60_000;

pub(super) fn routes() -> OpenApiRouter<Room> {
    OpenApiRouter::new()
        .routes(routes!(webhooks))
        .routes(routes!(fire))
        .routes(routes!(target, set_target, clear_target))
        .routes(routes!(webhook))
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Filter {
    /// Only this webhook, such as `C2C.CallbackBeforeSendMsg`.
    command: Option<String>,
    /// Only those without a usable answer; `false` for all others.
    failed: Option<bool>,
    /// Only those with greater numbers, the first of them first. Without it: the last ones.
    after: Option<u64>,
    /// Most of them; 100 unless set, 1000 at most.
    limit: Option<usize>,
    /// How many milliseconds to wait for the first one that fits, if there is none; 60000 at most.
    wait_ms: Option<u64>,
}

impl Filter {
    fn fits(&self, delivery: &Delivery) -> bool {
        let named = |wanted: &String| wanted == delivery.command;
        self.command.as_ref().is_none_or(named)
            && self
                .failed
                .is_none_or(|failed| failed == delivery.failure.is_some())
    }
}

/// A page of webhooks, oldest first.
#[derive(Debug, Serialize, ToSchema)]
struct Webhooks {
    webhooks: Vec<WebhookReport>,
    /// What to ask for with `after` to go on from here.
    last: u64,
}

/// Webhooks that were fired
#[utoipa::path(
    get, path = "/webhooks", tag = "traffic", params(Filter),
    responses((status = 200, body = Webhooks), (status = "4XX", body = Problem))
)]
async fn webhooks(State(room): State<Room>, Params(filter): Params<Filter>) -> Json<Webhooks> {
    let traffic = &room.shared.traffic;
    let look = |page: &Page| traffic.webhooks(page, |delivery| filter.fits(delivery));
    let (found, last) =
        page_or_wait(traffic, filter.after, filter.limit, filter.wait_ms, look).await;
    Json(Webhooks {
        webhooks: found.iter().map(|delivery| (&**delivery).into()).collect(),
        last,
    })
}

/// One webhook
#[utoipa::path(
    get, path = "/webhooks/{id}", tag = "traffic",
    params(("id" = u64, Path, description = "Its number")),
    responses((status = 200, body = WebhookReport), (status = "4XX", body = Problem))
)]
async fn webhook(
    State(room): State<Room>,
    Path(id): Path<String>,
) -> Result<Json<WebhookReport>, Problem> {
    let number = id.parse().ok();
    let delivery = number.and_then(|id| room.shared.traffic.webhook(id));
    let delivery = delivery.ok_or_else(|| {
        Problem::missing(format!("there is no webhook {id}"))
            .expected("the number of a webhook that is still remembered")
    })?;
    Ok(Json((&*delivery).into()))
}

/// An event to send.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Event {
    /// The webhook, such as `State.StateChange`.
    command: String,
    /// The body.
    #[schema(value_type = Object)]
    body: Value,
}

/// Sends an event of your choice
///
/// Any webhook, also those that nothing here causes. Nothing follows from the answer. The service's document
/// describes the bodies.
#[utoipa::path(
    post, path = "/webhooks/fire", tag = "webhooks", request_body = Event,
    responses((status = 200, body = WebhookReport), (status = "4XX", body = Problem))
)]
async fn fire(
    State(room): State<Room>,
    Input(event): Input<Event>,
) -> Result<Json<WebhookReport>, Problem> {
    let firing = Firing {
        webhooks: Arc::clone(&room.shared.webhooks),
        body: event.body,
    };
    let fired = visit_webhook(&event.command, firing);
    let fired = fired.ok_or_else(|| no_such_webhook(&event.command))?;
    Ok(Json((&*fired.await?).into()))
}

/// Sends an event of the type that its name stands for.
struct Firing {
    webhooks: Arc<Sender>,
    body: Value,
}

type Fired = Pin<Box<dyn Future<Output = Result<Arc<Delivery>, Problem>> + Send>>;

impl WebhookVisitor for Firing {
    type Output = Fired;

    fn visit<E: Webhook>(self) -> Fired {
        Box::pin(async move {
            let body = self.body.to_string();
            let event = decode::<E>(body.as_bytes());
            let event = event.map_err(|error| Problem::bad(format!("the body: {error}")))?;
            if let Some(misfit) = event.misfits.list(1).first() {
                let text = format!(
                    "the body: {} holds a value that does not fit",
                    misfit.path()
                );
                return Err(Problem::bad(text));
            }
            let sent = self.webhooks.fire_noting(&event.value).await;
            let (delivery, _) = sent.map_err(|failure| {
                Problem::new(StatusCode::CONFLICT, failure.to_string())
                    .suggestion("PUT /_control/webhooks/target says where webhooks go")
            })?;
            Ok(delivery)
        })
    }
}

fn no_such_webhook(command: &str) -> Problem {
    Problem::bad(format!("there is no webhook {command}"))
        .expected("a name on the wire, such as C2C.CallbackBeforeSendMsg")
        .suggestion("GET /_control/openapi.json describes all of them under webhooks")
}

/// What becomes of what the app gives no answer to.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Silence {
    /// It happens.
    Proceed,
    /// It is refused.
    Refuse,
}

/// What is said, which can be null; what is left out says nothing.
fn said<'de, D: Deserializer<'de>>(field: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(field).map(Some)
}

/// Where webhooks are to go.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewTarget {
    /// Address of the app: http on this machine, unless the server was started for other hosts. Without it the
    /// address stays as it is.
    url: Option<String>,
    /// Signs requests. Without it they are signed as before; null ends that.
    #[serde(default, deserialize_with = "said")]
    #[schema(value_type = Option<String>)]
    token: Option<Option<String>>,
    /// How many milliseconds an answer may take; 2000 unless set, 60000 at most.
    timeout_ms: Option<u64>,
    /// What becomes of what the app gives no answer to; `proceed` unless set.
    unanswered: Option<Silence>,
    /// Names of the webhooks that are fired; all unless set.
    only: Option<Vec<String>>,
}

/// Where webhooks go.
#[derive(Debug, Serialize, ToSchema)]
struct TargetReport {
    /// Address of the app without the query; left out where they go nowhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    /// Whether requests are signed.
    #[serde(skip_serializing_if = "Option::is_none")]
    signed: Option<bool>,
    /// How many milliseconds an answer may take.
    #[serde(skip_serializing_if = "Option::is_none")]
    timeout_ms: Option<u64>,
    /// What becomes of what the app gives no answer to.
    #[serde(skip_serializing_if = "Option::is_none")]
    unanswered: Option<Silence>,
    /// Names of the webhooks that are fired; left out where all are.
    #[serde(skip_serializing_if = "Option::is_none")]
    only: Option<Vec<String>>,
}

fn report(target: Option<&Target>) -> Json<TargetReport> {
    let unanswered = |target: &Target| match target.unanswered() {
        Unanswered::Proceed => Silence::Proceed,
        Unanswered::Refuse => Silence::Refuse,
    };
    Json(TargetReport {
        url: target.map(Target::shown),
        signed: target.map(Target::is_signed),
        timeout_ms: target.map(Target::timeout_ms),
        unanswered: target.map(unanswered),
        only: target.and_then(|target| Some(target.only()?.iter().cloned().collect())),
    })
}

/// Where webhooks go
#[utoipa::path(
    get, path = "/webhooks/target", tag = "webhooks",
    responses((status = 200, body = TargetReport), (status = "4XX", body = Problem))
)]
async fn target(State(room): State<Room>) -> Json<TargetReport> {
    report(room.shared.webhooks.target().as_deref())
}

/// Sends webhooks to an app from now on
///
/// What waits for being sent goes where it was to go.
#[utoipa::path(
    put, path = "/webhooks/target", tag = "webhooks", request_body = NewTarget,
    responses((status = 200, body = TargetReport), (status = "4XX", body = Problem))
)]
async fn set_target(
    State(room): State<Room>,
    Input(new): Input<NewTarget>,
) -> Result<Json<TargetReport>, Problem> {
    let before = room.shared.webhooks.target();
    let target = Target::changed(before.as_deref(), new.url, new.token);
    let mut target = target.ok_or_else(|| {
        Problem::bad("the address is missing").expected("url: where the app receives webhooks")
    })?;
    if room.any_host {
        target = target.any_host();
    }
    if let Some(millis) = new.timeout_ms {
        target = target.timeout(Duration::from_millis(millis.min(MAX_TIMEOUT_MS)));
    }
    if let Some(Silence::Refuse) = new.unanswered {
        target = target.unanswered(Unanswered::Refuse);
    }
    if let Some(only) = new.only {
        target = target.only(only);
    }
    (room.simulator.set_webhooks(target)).map_err(|error| Problem::bad(error.to_string()))?;
    Ok(report(room.shared.webhooks.target().as_deref()))
}

/// Sends no webhooks from now on
#[utoipa::path(
    delete, path = "/webhooks/target", tag = "webhooks",
    responses((status = 200, body = Done), (status = "4XX", body = Problem))
)]
async fn clear_target(State(room): State<Room>) -> Result<Json<Done>, Problem> {
    (room.simulator.set_webhooks(None)).map_err(|error| Problem::bad(error.to_string()))?;
    Ok(DONE)
}
