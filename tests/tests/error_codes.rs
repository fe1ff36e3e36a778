//! The meaning of a code depends on the service that sent it, everywhere a meaning is given.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use tencent_chat_client::{ErrorKind, RetryPolicy};
use tencent_chat_simulator::Fault;
use tencent_chat_tests::world::World;
use tencent_chat_types::{
    Endpoint, ErrorClass, ErrorCode, ErrorRepeat,
    message::SendMsgToMany,
    moderation::GetGlobalMute,
    official_account::{DestroyOfficialAccount, GetOfficialAccounts},
    timpush::PushToAccounts,
};

const TWO_MEANINGS: ErrorCode = ErrorCode(130_004);

#[test]
fn one_number_has_the_meaning_of_its_service() {
    assert_eq!(ErrorCode::MUTE_SET_ACCOUNT_MISSING, TWO_MEANINGS);
    assert_eq!(ErrorCode::OFFICIAL_ACCOUNT_NOT_FOUND, TWO_MEANINGS);
    let mute = GetGlobalMute::META.info_of(TWO_MEANINGS).unwrap();
    let official = DestroyOfficialAccount::META.info_of(TWO_MEANINGS).unwrap();
    assert_eq!(mute.name, "MUTE_SET_ACCOUNT_MISSING");
    assert_eq!(official.name, "OFFICIAL_ACCOUNT_NOT_FOUND");
    assert_ne!(
        GetGlobalMute::META.meaning_of(TWO_MEANINGS),
        DestroyOfficialAccount::META.meaning_of(TWO_MEANINGS),
    );
    // Without a service, it is not known which meaning applies.
    assert_eq!(TWO_MEANINGS.info(), None);
    assert_eq!(TWO_MEANINGS.class(), None);
    assert_eq!(TWO_MEANINGS.info_in("openim"), None);
}

/// A caller who is told that a rate is used up pauses and repeats, which does not make a text shorter.
#[tokio::test]
async fn a_rate_of_one_service_is_a_mistake_in_another() {
    let world = World::with(|client| client.retry(RetryPolicy::none())).await;
    let code = ErrorCode(90057);
    assert_eq!(code.info(), None);
    for (path, class, repeat) in [
        (
            SendMsgToMany::META.path,
            ErrorClass::Quota,
            ErrorRepeat::Later,
        ),
        (
            PushToAccounts::META.path,
            ErrorClass::Caller,
            ErrorRepeat::Never,
        ),
    ] {
        world
            .simulator
            .inject_at(path, [Fault::Refuse(code)])
            .unwrap();
        let body = serde_json::json!({});
        let error = world.client.send_raw(path, &body).await.unwrap_err();
        assert_eq!(error.code(), Some(code), "{path}");
        assert_eq!(error.class(), Some(class), "{path}");
        assert_eq!(error.repeat(), Some(repeat), "{path}");
    }
    let meaning = |meta: &tencent_chat_types::Meta| meta.meaning_of(code).unwrap();
    assert!(meaning(PushToAccounts::META).contains("DataId"));
    assert!(!meaning(SendMsgToMany::META).contains("DataId"));
}

#[test]
fn a_code_of_one_service_says_nothing_in_another() {
    let code = ErrorCode::CONFIG_DATABASE_OPEN_ERROR;
    assert_eq!(
        code.info_in("openconfigsvr").unwrap().class,
        ErrorClass::Server
    );
    assert_eq!(GetOfficialAccounts::META.info_of(code), None);
}

#[test]
fn every_other_code_means_the_same_everywhere() {
    for info in ErrorCode::all() {
        let code = ErrorCode(info.from);
        match info.services {
            [] => assert_eq!(code.info_in("no_service_of_this_name"), Some(info)),
            services => {
                for service in services {
                    assert_eq!(code.info_in(service), Some(info));
                }
            }
        }
    }
}

#[test]
fn codes_that_an_app_chooses_are_ranges() {
    for code in [38_000, 38_500, 39_000] {
        let info = ErrorCode(code).info().unwrap();
        assert_eq!(info.name, "FRIENDSHIP_REFUSED_BY_APP");
        assert_eq!(info.class, ErrorClass::Refused);
    }
    assert_eq!(ErrorCode(37_999).info(), None);
    assert_eq!(ErrorCode(39_001).info(), None);
}

/// A service that punishes abuse, stops for lack of payment or refuses a conflict does so again.
#[test]
fn no_repeat_where_it_makes_things_worse() {
    for code in [10056, 23001, 30540, 31707, 70114, 80005, 90995] {
        assert_eq!(ErrorCode(code).repeat(), Some(ErrorRepeat::Never), "{code}");
    }
    assert_eq!(ErrorCode(51007).repeat(), Some(ErrorRepeat::Later));
    assert_eq!(ErrorCode(70052).repeat(), Some(ErrorRepeat::RenewUserSig));
}

#[tokio::test]
async fn errors_of_typed_and_raw_calls_use_the_service_of_the_command() {
    let world = World::new().await;
    for (path, class) in [
        (GetGlobalMute::META.path, ErrorClass::Caller),
        (DestroyOfficialAccount::META.path, ErrorClass::NotFound),
    ] {
        let refuse = || [Fault::Refuse(TWO_MEANINGS)];
        world.simulator.inject_at(path, refuse()).unwrap();
        let raw = (world.client)
            .send_raw(path, serde_json::json!({}))
            .await
            .unwrap_err();
        assert_eq!(raw.kind(), ErrorKind::Api);
        assert_eq!(raw.class(), Some(class), "{path}");
        assert_eq!(raw.repeat(), Some(ErrorRepeat::Never), "{path}");
    }
    let path = DestroyOfficialAccount::META.path;
    world
        .simulator
        .inject_at(path, [Fault::Refuse(TWO_MEANINGS)])
        .unwrap();
    let typed = (world.client)
        .call(DestroyOfficialAccount::new("@TOA#_x"))
        .retry(RetryPolicy::none())
        .await
        .unwrap_err();
    let meaning = DestroyOfficialAccount::META.meaning_of(TWO_MEANINGS);
    assert_eq!(typed.meaning(), meaning);
    let sentence = meaning.unwrap().trim_end_matches('.');
    assert!(typed.to_string().contains(sentence), "{typed}");
}
