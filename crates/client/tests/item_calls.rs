//! Calls for one item, against the simulator and against servers that answer oddly.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use axum::{Router, routing::post};
use std::time::Duration;
use tencent_chat_client::{Client, ErrorKind, Sent};
use tencent_chat_simulator::{Fault, Simulator};
use tencent_chat_types::{
    Batched as _, Endpoint as _, ErrorClass, ErrorCode, ErrorRepeat,
    account::{CheckAccounts, DeleteAccounts, ImportAccounts},
    group::{AddGroupMembers, CreateGroup},
    model::{AddMemberOutcome, GroupType, MemberRole, ProfileFields as _, ProfileItem, ProfileTag},
    profile::SetProfile,
    relationship::{FriendCheckType, ImportFriends, ImportedFriend, ImportedFriendRequired},
};
use tokio::net::TcpListener;

const APP: u64 = 1_400_000_000;

async fn world() -> (Simulator, Client) {
    let simulator = Simulator::builder(APP, "key").start().await.unwrap();
    let client = client(&simulator.base_url());
    let users = ImportAccounts::new(["lin", "mei", "ada"]);
    client.send(&users).await.unwrap();
    (simulator, client)
}

fn client(base: &str) -> Client {
    let builder = Client::builder(APP, "administrator", "key").base_url(base);
    builder.unlimited().build().unwrap()
}

#[tokio::test]
async fn answers_are_yes_and_no() {
    let (_simulator, client) = world().await;
    assert!(client.account().exists("mei").await.unwrap());
    assert!(!client.account().exists("nobody").await.unwrap());
    assert!(client.account().delete("mei").await.unwrap());
    assert!(!client.account().delete("mei").await.unwrap());
    assert!(!client.account().exists(String::from("mei")).await.unwrap());
}

#[tokio::test]
async fn what_is_not_there_is_none() {
    let (_simulator, client) = world().await;
    // The call as such fails if none of its users exists.
    let state = client.account().online_status("nobody").await.unwrap();
    assert!(state.is_none());
    let state = client.account().online_status("lin").await.unwrap();
    assert_eq!(state.unwrap().to_account, "lin");

    let club = CreateGroup::new(GroupType::PUBLIC, "Chess").with_group_id("chess");
    client.send(&club).await.unwrap();
    let chess = client.group().get("chess").await.unwrap().unwrap();
    assert_eq!(chess.name.as_deref(), Some("Chess"));
    assert!(client.group().get("go").await.unwrap().is_none());

    let profile = SetProfile::new("lin", [ProfileItem::nick("Lin")]);
    client.send(&profile).await.unwrap();
    let lin = client
        .profile()
        .get("lin", [ProfileTag::NICK])
        .await
        .unwrap();
    assert_eq!(lin.unwrap().nick(), Some("Lin"));
    let nobody = client.profile().get("nobody", [ProfileTag::NICK]).await;
    assert!(nobody.unwrap().is_none());
}

#[tokio::test]
async fn members_come_and_go() {
    let (_simulator, client) = world().await;
    let club = CreateGroup::new(GroupType::PUBLIC, "Chess").with_group_id("chess");
    client.send(&club).await.unwrap();
    let group = client.group();
    let added = group.add_member("chess", ["mei"]).await.unwrap();
    assert_eq!(added, AddMemberOutcome::ADDED);
    let added = group
        .add_member("chess", ["mei"])
        .with(|request| request.with_silence(true));
    assert_eq!(added.await.unwrap(), AddMemberOutcome::ALREADY_MEMBER);
    assert_eq!(
        group.role_of("chess", ["mei"]).await.unwrap(),
        MemberRole::MEMBER
    );
    group.mute_member("chess", ["mei"], 60).await.unwrap();
    group.remove_member("chess", ["mei"]).await.unwrap();
    let role = group.role_of("chess", ["mei"]).await.unwrap();
    assert_eq!(role, MemberRole::NOT_MEMBER);

    // The reply says that it failed, and not why.
    let error = group.add_member("chess", ["nobody"]).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Api, None));
    assert_eq!(error.endpoint(), AddGroupMembers::META.path);
    assert!(
        error.to_string().contains("failed without an error code"),
        "{error}"
    );

    // The call failed as a whole.
    let error = group.add_member("go", ["mei"]).await.unwrap_err();
    assert_eq!(error.class(), Some(ErrorClass::NotFound), "{error}");
}

#[tokio::test]
async fn friends_come_and_go() {
    let (_simulator, client) = world().await;
    let friend = ImportedFriend::new(ImportedFriendRequired {
        to_account: "mei".into(),
        add_source: "AddSource_Type_Test".into(),
    });
    client
        .send(&ImportFriends::new("lin", [friend]))
        .await
        .unwrap();
    let relations = client.relationship();
    let single = || FriendCheckType::SINGLE;
    assert!(relations.is_friend("lin", ["mei"], single()).await.unwrap());
    assert!(!relations.is_friend("lin", ["ada"], single()).await.unwrap());
    assert!(relations.delete_friend("lin", ["mei"]).await.unwrap());
    assert!(!relations.delete_friend("lin", ["mei"]).await.unwrap());
    relations.block("lin", ["mei"]).await.unwrap();
    relations.unblock("lin", ["mei"]).await.unwrap();
    let error = relations.block("lin", ["nobody"]).await.unwrap_err();
    assert_eq!(error.code(), Some(ErrorCode::RELATION_ACCOUNT_NOT_FOUND));
}

/// A server that answers everything with this.
async fn server(body: &'static str) -> Client {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let app = Router::new().fallback(post(move || async move { body }));
    tokio::spawn(async move { axum::serve(listener, app).await });
    client(&format!("http://{address}"))
}

#[tokio::test]
async fn a_failed_item_is_an_error_like_that_of_a_call() {
    let client = server(
        r#"{ "ActionStatus": "OK", "ErrorCode": 0, "ErrorInfo": "",
            "ResultItem": [{ "UserID": "mei", "ResultCode": 70169, "ResultInfo": "slow\nbackend" }] }"#,
    )
    .await;
    for error in [
        client.account().delete("mei").await.unwrap_err(),
        client.account().exists("mei").await.unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::Api);
        assert_eq!(error.code(), Some(ErrorCode(70169)));
        assert_eq!(
            error.meaning(),
            DeleteAccounts::META.meaning_of(ErrorCode(70169))
        );
        assert_eq!(
            error.class(),
            DeleteAccounts::META
                .info_of(ErrorCode(70169))
                .map(|info| info.class)
        );
        assert_eq!(error.repeat(), Some(ErrorRepeat::Later));
        assert_eq!(error.sent(), Sent::Yes);
        // Shown as other text from the service: in one line.
        assert_eq!(error.server_text(), Some("slow\\nbackend"));
        assert!(error.raw_body().is_some_and(|body| body.starts_with(b"{")));
        assert!(error.random().is_some() && error.headers().is_some());
        assert_eq!(error.http_status(), Some(200));
        let path = error.endpoint().to_owned();
        assert!([DeleteAccounts::META.path, CheckAccounts::META.path].contains(&path.as_str()));
        assert!(
            error
                .to_string()
                .starts_with(&format!("{path} failed with 70169")),
            "{error}"
        );
    }
}

#[tokio::test]
async fn a_reply_without_the_item_is_not_an_answer() {
    let client = server(
        r#"{ "ActionStatus": "OK", "ErrorCode": 0, "ErrorInfo": "", "ResultItem": [{ "UserID": "ada", "ResultCode": 0 }] }"#,
    )
    .await;
    let error = client.account().exists("mei").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode, "{error}");
    assert!(
        error.to_string().contains("it does not mention the item"),
        "{error}"
    );
    // The entry is there, but does not say what was asked.
    let error = client.account().exists("ada").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode, "{error}");
    // A reply that lists only what was found says by its silence that there is no such item.
    let client = server(
        r#"{ "ActionStatus": "OK", "ErrorCode": 0, "MemberList": [{ "Member_Account": "mei" }] }"#,
    )
    .await;
    assert!(
        client
            .group()
            .member("chess", ["mei"])
            .await
            .unwrap()
            .is_some()
    );
    assert!(
        client
            .group()
            .member("chess", ["ada"])
            .await
            .unwrap()
            .is_none()
    );
}

#[tokio::test]
async fn they_have_the_options_of_calls() {
    let (simulator, client) = world().await;
    let slow = Fault::Delay(Duration::from_secs(60));
    simulator
        .inject_at(CheckAccounts::META.path, [slow])
        .unwrap();
    let call = client
        .account()
        .exists("mei")
        .deadline(Duration::from_millis(50));
    let error = call.await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    let call = client.account().exists("mei");
    assert!(format!("{call:?}").contains("account_check"), "{call:?}");
    assert!(call.await.unwrap());
    // A limit that the documentation states is checked before anything is sent, unless told otherwise.
    let before = simulator.journal().len();
    let none = |request: CheckAccounts| {
        let mut request = request;
        request.set_items(Vec::new());
        request
    };
    let error = client.account().exists("mei").with(none).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert_eq!(simulator.journal().len(), before);
    let error = client
        .account()
        .exists("mei")
        .with(none)
        .unchecked()
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Api);
    assert!(simulator.journal().len() > before);
}
