//! UserSigs: made, read, verified.

use super::{input::Input, problem::Problem, room::Room};
use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use tencent_chat_usersig::{Claims, Userbuf, parse};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

/// How long a signature is valid unless the request says otherwise: a day.
const VALIDITY_SECONDS: u64 = 86_400;

pub(super) fn routes() -> OpenApiRouter<Room> {
    OpenApiRouter::new()
        .routes(routes!(sign))
        .routes(routes!(inspect))
        .routes(routes!(verify))
}

/// Whom to sign for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ToSign {
    /// The user.
    identifier: String,
    /// For how many seconds it is valid; a day unless set.
    expire_seconds: Option<u64>,
}

/// A signature.
#[derive(Serialize, ToSchema)]
struct Signed {
    /// The UserSig.
    user_sig: String,
}

/// Signs for a user
#[utoipa::path(
    post, path = "/usersig/sign", tag = "usersig", request_body = ToSign,
    responses((status = 200, body = Signed), (status = "4XX", body = Problem))
)]
async fn sign(
    State(room): State<Room>,
    Input(input): Input<ToSign>,
) -> Result<Json<Signed>, Problem> {
    let seconds = input.expire_seconds.unwrap_or(VALIDITY_SECONDS);
    let signer = &room.shared.settings.signer;
    let sig = signer.sign(&input.identifier, Duration::from_secs(seconds));
    let sig = sig.map_err(|error| Problem::bad(format!("it cannot be signed: {error}")))?;
    Ok(Json(Signed {
        user_sig: sig.expose().to_owned(),
    }))
}

/// A signature to look at.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ToInspect {
    /// The UserSig.
    user_sig: String,
}

/// A signature to verify.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ToVerify {
    /// The UserSig.
    user_sig: String,
    /// The user that it must be of; any unless set.
    identifier: Option<String>,
}

/// What a signature says.
#[derive(Debug, Serialize, ToSchema)]
struct ClaimsReport {
    /// The user.
    identifier: String,
    /// The app.
    sdk_app_id: u64,
    /// When it was signed, in seconds since 1970.
    issued_at: u64,
    /// When it ends, in seconds since 1970.
    expires_at: u64,
    /// Whether it has ended, by the simulator's clock.
    expired: bool,
    /// Bytes of the app's own, or of a private map key, that it carries.
    #[serde(skip_serializing_if = "Option::is_none")]
    userbuf_bytes: Option<usize>,
    /// The room that a private map key lets the user into, by its number or its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    room: Option<String>,
}

fn report(claims: &Claims, now: u64) -> ClaimsReport {
    let userbuf = claims.userbuf.as_deref();
    let room = userbuf.and_then(|bytes| Userbuf::decode(bytes).ok());
    ClaimsReport {
        identifier: claims.user_id.clone(),
        sdk_app_id: claims.sdk_app_id,
        issued_at: claims.issued_at,
        expires_at: claims.expires_at(),
        expired: now >= claims.expires_at(),
        userbuf_bytes: userbuf.map(<[u8]>::len),
        room: room.map(|userbuf| userbuf.room.to_string()),
    }
}

/// What a signature says, whoever made it
#[utoipa::path(
    post, path = "/usersig/inspect", tag = "usersig", request_body = ToInspect,
    responses((status = 200, body = ClaimsReport), (status = "4XX", body = Problem))
)]
async fn inspect(
    State(room): State<Room>,
    Input(input): Input<ToInspect>,
) -> Result<Json<ClaimsReport>, Problem> {
    let claims = parse(&input.user_sig).map_err(|error| Problem::bad(error.to_string()))?;
    Ok(Json(report(
        claims.peek(),
        room.shared.settings.signer.now(),
    )))
}

/// Whether a signature holds.
#[derive(Debug, Serialize, ToSchema)]
struct Verified {
    /// Whether it does.
    valid: bool,
    /// Why it does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// What it says, where it can be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    claims: Option<ClaimsReport>,
}

/// Whether a signature holds here and now
#[utoipa::path(
    post, path = "/usersig/verify", tag = "usersig", request_body = ToVerify,
    responses((status = 200, body = Verified), (status = "4XX", body = Problem))
)]
async fn verify(State(room): State<Room>, Input(input): Input<ToVerify>) -> Json<Verified> {
    let signer = &room.shared.settings.signer;
    let verified = match &input.identifier {
        Some(user) => signer.verify_for(&input.user_sig, user),
        None => signer.verify(&input.user_sig),
    };
    let read = parse(&input.user_sig).ok();
    Json(Verified {
        valid: verified.is_ok(),
        reason: verified.err().map(|error| error.to_string()),
        claims: read.map(|claims| report(claims.peek(), signer.now())),
    })
}
