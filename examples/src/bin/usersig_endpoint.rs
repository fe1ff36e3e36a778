//! Gives devices the signature that they log in with.
//!
//! ```console
//! cargo run -p tencent-chat-examples --bin usersig_endpoint -- 127.0.0.1:8081
//! curl -s 127.0.0.1:8081/usersig -H 'authorization: Bearer session-of-lin'
//! ```

use axum::{
    Json, Router,
    extract::State,
    http::{HeaderMap, StatusCode, header::AUTHORIZATION},
    routing::get,
};
use serde::Serialize;
use std::{error::Error, sync::Arc, time::Duration};
use tencent_chat_usersig::{SecretKey, Signer};

/// How long a device stays logged in.
const VALID_FOR: Duration = Duration::from_secs(24 * 60 * 60);

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Login {
    sdk_app_id: u64,
    user_id: String,
    user_sig: String,
}

/// The app's own sessions; here, a session is called after its user.
fn user_of(headers: &HeaderMap) -> Option<&str> {
    let header = headers.get(AUTHORIZATION)?.to_str().ok()?;
    header.strip_prefix("Bearer session-of-")
}

async fn login(
    State(signer): State<Arc<Signer>>,
    headers: HeaderMap,
) -> Result<Json<Login>, StatusCode> {
    let user = user_of(&headers).ok_or(StatusCode::UNAUTHORIZED)?;
    let sig = signer
        .sign(user, VALID_FOR)
        .map_err(|_| StatusCode::BAD_REQUEST)?;
    Ok(Json(Login {
        sdk_app_id: signer.sdk_app_id(),
        user_id: user.to_owned(),
        user_sig: sig.expose().to_owned(),
    }))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let address = std::env::args().nth(1).ok_or("expected: ADDRESS")?;
    let app = std::env::var("TENCENT_CHAT_SDK_APP_ID")?.parse()?;
    let signer = Signer::new(app, SecretKey::from_env("TENCENT_CHAT_SECRET_KEY")?);
    let router = Router::new()
        .route("/usersig", get(login))
        .with_state(Arc::new(signer));
    let listener = tokio::net::TcpListener::bind(address).await?;
    println!("listening on {}", listener.local_addr()?);
    axum::serve(listener, router).await?;
    Ok(())
}
