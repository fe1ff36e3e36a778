//! Quotas of the commands.

use super::{health::edition_name, input::Input, problem::Problem, room::Room};
use crate::{gate::Usage, settings::Quotas};
use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use tencent_chat_types::{Edition, QuotaUnit};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub(super) fn routes() -> OpenApiRouter<Room> {
    OpenApiRouter::new().routes(routes!(quotas, set_quotas))
}

/// Which quotas are kept.
#[derive(Debug, Serialize, ToSchema)]
struct QuotasReport {
    /// The edition that they are of: `free` or `paid`; left out where none are kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    edition: Option<&'static str>,
    /// All of them.
    commands: Vec<QuotaReport>,
}

/// One quota of a command. All of a command hold at once.
#[derive(Debug, Serialize, ToSchema)]
struct QuotaReport {
    /// Path of the command.
    command: &'static str,
    /// Calls or items per window.
    amount: u32,
    /// Length of the window.
    window_seconds: f64,
    /// What is counted: `calls` or `items`.
    unit: &'static str,
    /// How much of it is used now.
    used: u64,
    /// How much of it is left now.
    left: u64,
}

impl From<&Usage> for QuotaReport {
    fn from(usage: &Usage) -> Self {
        let amount = usage.quota.amount;
        Self {
            command: usage.command,
            amount,
            window_seconds: usage.window.as_secs_f64(),
            unit: match usage.quota.unit {
                QuotaUnit::Items => "items",
                _ => "calls",
            },
            used: usage.used,
            left: u64::from(amount).saturating_sub(usage.used),
        }
    }
}

/// An edition of an app.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum EditionName {
    Free,
    Paid,
}

/// Which quotas are to be kept.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewQuotas {
    /// The edition that they are of; null keeps none.
    #[schema(required = true)]
    edition: Option<EditionName>,
    /// Windows so many times as long as the service's, such as 0.01; 1 unless set.
    #[schema(exclusive_minimum = 0)]
    time_scale: Option<f64>,
}

fn report(room: &Room) -> Json<QuotasReport> {
    let (edition, usage) = room.shared.quota_usage();
    Json(QuotasReport {
        edition: edition.map(edition_name),
        commands: usage.iter().map(QuotaReport::from).collect(),
    })
}

/// Which quotas are kept, and what is used of them
#[utoipa::path(
    get, path = "/quotas", tag = "quotas",
    responses((status = 200, body = QuotasReport), (status = "4XX", body = Problem))
)]
async fn quotas(State(room): State<Room>) -> Json<QuotasReport> {
    report(&room)
}

/// Keeps other quotas from now on, or none
///
/// Nothing of them is used yet.
#[utoipa::path(
    put, path = "/quotas", tag = "quotas", request_body = NewQuotas,
    responses((status = 200, body = QuotasReport), (status = "4XX", body = Problem))
)]
async fn set_quotas(
    State(room): State<Room>,
    Input(new): Input<NewQuotas>,
) -> Result<Json<QuotasReport>, Problem> {
    let scale = new.time_scale.unwrap_or(1.0);
    if !(scale > 0.0 && scale <= 1_000.0) {
        return Err(Problem::bad("time_scale is out of range").expected("above 0, at most 1000"));
    }
    let edition = new.edition.map(|edition| match edition {
        EditionName::Free => Edition::Free,
        EditionName::Paid => Edition::Paid,
    });
    room.shared
        .set_quotas(edition.map(|edition| Quotas { edition, scale }));
    Ok(report(&room))
}
