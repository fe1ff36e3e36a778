//! UserSigs for users, and the check of the client's own credentials.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use axum::response::IntoResponse;
use std::{sync::Arc, time::Duration};
use support::{ADMIN, APP, KEY, Server, builder};
use tencent_chat_client::{
    Client, ErrorKind, SignError,
    types::{ErrorClass, ErrorCode, Setting},
};
use tencent_chat_simulator::Simulator;
use tencent_chat_usersig::{FixedClock, Signer};

const DAY: Duration = Duration::from_secs(86_400);

#[test]
fn users_get_signatures_by_the_clients_key_and_clock() {
    let clock = Arc::new(FixedClock::new(1_700_000_000));
    let client = builder("http://127.0.0.1:1")
        .clock(Arc::clone(&clock))
        .build()
        .unwrap();
    let sig = client.user_sig("lin", DAY).unwrap();
    let service = Signer::new(APP, KEY).with_clock(Arc::clone(&clock));
    let claims = service.verify(sig.expose()).unwrap();
    assert_eq!((claims.user_id.as_str(), claims.sdk_app_id), ("lin", APP));
    assert_eq!(
        (claims.issued_at, claims.valid_for),
        (1_700_000_000, DAY.as_secs())
    );
    assert!(client.signer().verify_for(sig.expose(), "lin").is_ok());
    let shown = format!("{sig:?} {client:?} {:?}", client.signer());
    assert!(
        !shown.contains(sig.expose()) && !shown.contains(KEY),
        "{shown}"
    );
    for (user, valid_for, error) in [
        ("", DAY, SignError::EmptyUserId),
        ("a\nb", DAY, SignError::ControlCharacter),
        ("lin", Duration::ZERO, SignError::NoValidity),
    ] {
        assert_eq!(client.user_sig(user, valid_for).unwrap_err(), error);
    }
    clock.set(0);
    assert_eq!(client.user_sig("lin", DAY).unwrap_err(), SignError::NoClock);
}

#[tokio::test]
async fn right_credentials_cost_one_read() {
    let simulator = Simulator::builder(APP, KEY).start().await.unwrap();
    let client = Client::builder(APP, ADMIN, KEY)
        .base_url(simulator.base_url())
        .build()
        .unwrap();
    client.verify_credentials().await.unwrap();
    assert_eq!(simulator.journal().len(), 1);
}

#[tokio::test]
async fn what_is_wrong_with_credentials_is_named() {
    let simulator = Simulator::builder(APP, KEY).start().await.unwrap();
    let base = simulator.base_url();
    let check = async |app: u64, identifier: &str, key: &str| {
        let client = Client::builder(app, identifier, key)
            .base_url(&base)
            .build();
        client.unwrap().verify_credentials().await.unwrap_err()
    };
    let configuration = Some(ErrorClass::Configuration);
    let error = check(APP + 1, ADMIN, KEY).await;
    assert_eq!(error.settings(), [Setting::SdkAppId, Setting::Region]);
    assert_eq!(error.class(), configuration);
    let error = check(APP, "lin", KEY).await;
    assert_eq!(error.settings(), [Setting::Identifier]);
    assert_eq!(error.class(), configuration);
    let error = check(APP, ADMIN, "another key").await;
    assert_eq!(error.settings(), [Setting::SdkAppId, Setting::Key]);
    assert_eq!(error.class(), configuration);
    assert!(!error.to_string().contains("another key"), "{error}");

    // This machine's clock is a week behind: what it signs for a day has expired.
    let now = Signer::new(APP, KEY).now();
    let slow = Client::builder(APP, ADMIN, KEY)
        .base_url(&base)
        .clock(FixedClock::new(now - 7 * DAY.as_secs()))
        .sig_validity(DAY)
        .build();
    let error = slow.unwrap().verify_credentials().await.unwrap_err();
    assert_eq!(error.code(), Some(ErrorCode::USER_SIG_EXPIRED));
    assert_eq!(error.settings(), [Setting::Clock]);
    assert!(error.clock_ahead().unwrap() < -6 * 86_400);
    assert_eq!(error.class(), Some(ErrorClass::Credential));

    let server = Server::new(|_| {
        r#"{"ActionStatus":"FAIL","ErrorCode":60026,"ErrorInfo":""}"#.into_response()
    });
    let error = server
        .await
        .client()
        .verify_credentials()
        .await
        .unwrap_err();
    assert_eq!(error.settings(), [Setting::Region]);
    assert_eq!(error.class(), configuration);

    let error = builder("http://127.0.0.1:1").build().unwrap();
    let error = error.verify_credentials().await.unwrap_err();
    assert_eq!(
        (error.kind(), error.settings()),
        (ErrorKind::Connect, &[][..])
    );
}
