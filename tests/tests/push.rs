//! Pushing, accounts and chatbots against the simulator, over HTTP.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeMap;
use tencent_chat_tests::world::{World, text};
use tencent_chat_types::{
    account::{CheckAccounts, DeleteAccounts, InvalidateLogin, check_accounts::AccountStatus},
    chatbot::{CreateChatbot, DeleteChatbot, ListChatbots},
    model::{AccountId, ProfileTag, UserAttributes, UserTags},
    operations::{GetMessageArchive, GetOperationsData, get_message_archive::ArchiveChatType},
    profile::GetProfiles,
    push::{
        AddUserTags, GetAttributeNames, GetUserAttributes, GetUserTags, PushToUsers,
        RemoveAllUserTags, RemoveUserAttributes, RemoveUserTags, SetAttributeNames,
        SetUserAttributes, push_to_users::PushCondition,
        remove_user_attributes::UserAttributeNames,
    },
};

#[tokio::test]
async fn attributes_and_tags_choose_who_gets_a_push() {
    let world = World::new().await;
    world
        .ok(SetAttributeNames::new([("0", "city"), ("1", "level")]))
        .await;
    world.ok(SetAttributeNames::new([("1", "rank")])).await;
    let names = world.ok(GetAttributeNames::new()).await.attr_names;
    assert_eq!(
        names,
        BTreeMap::from([("0", "city"), ("1", "rank")].map(|(n, v)| (n.into(), v.into())))
    );
    assert_eq!(
        world.code(SetAttributeNames::new([("10", "x")])).await,
        90001
    );

    let lin = UserAttributes::new("lin", [("city", "Lyon"), ("rank", "3")]);
    world.ok(SetUserAttributes::new([lin])).await;
    let unnamed = SetUserAttributes::new([UserAttributes::new("lin", [("level", "3")])]);
    assert_eq!(world.code(unnamed).await, 90033);
    let removed = RemoveUserAttributes::new([UserAttributeNames::new("lin", ["rank"])]);
    world.ok(removed).await;
    let read = world
        .ok(GetUserAttributes::new(["lin", "mei"]))
        .await
        .user_attrs;
    assert_eq!(
        read[0].attrs,
        BTreeMap::from([("city".into(), "Lyon".into())])
    );
    assert!(read[1].attrs.is_empty());

    world
        .ok(AddUserTags::new([UserTags::new("lin", ["a", "b", "c"])]))
        .await;
    world
        .ok(RemoveUserTags::new([UserTags::new("lin", ["b"])]))
        .await;
    let tags = world.ok(GetUserTags::new(["lin"])).await.user_tags;
    assert_eq!(tags[0].tags, ["a", "c"]);
    world.ok(RemoveAllUserTags::new(["lin"])).await;
    assert!(
        world.ok(GetUserTags::new(["lin"])).await.user_tags[0]
            .tags
            .is_empty()
    );
    assert_eq!(
        world
            .code(AddUserTags::new([UserTags::new("lin", ["x".repeat(51)])]))
            .await,
        90020
    );
    let many = (0..101).map(|number| UserTags::new(number.to_string(), ["a"]));
    assert_eq!(world.code(AddUserTags::new(many)).await, 90018);

    let push = |number| PushToUsers::new(number, text("sale"));
    let first = world.ok(push(1)).await.task_id;
    assert_eq!(world.code(push(2)).await, 90024);
    world.clock.advance(2);
    let by_tag = PushCondition::new().with_tags_or(["a"]);
    assert_ne!(
        world
            .ok(push(3).with_condition(by_tag.clone()))
            .await
            .task_id,
        first
    );
    world.clock.advance(2);
    let wrong = [
        (by_tag.with_attrs_and([("city", "Lyon")]), 90039),
        (PushCondition::new().with_attrs_or([("level", "1")]), 90033),
        (PushCondition::new().with_tags_and(["a", "a"]), 90022),
        (PushCondition::new().with_tags_and([""]), 90040),
        (
            PushCondition::new().with_tags_or((0..11).map(|n| n.to_string())),
            90032,
        ),
    ];
    for (condition, expected) in wrong {
        assert_eq!(
            world.code(push(4).with_condition(condition)).await,
            expected
        );
    }
    for _ in 2..100 {
        world.clock.advance(2);
        world.ok(push(5)).await;
    }
    world.clock.advance(2);
    assert_eq!(world.code(push(6)).await, 90047);
    world.clock.advance(86_400);
    world.ok(push(7)).await;
}

#[tokio::test]
async fn accounts_are_checked_and_deleted() {
    let world = World::new().await;
    let check = async || {
        let request = CheckAccounts::new(["lin", "nobody"].map(AccountId::new));
        let items = world.ok(request).await.result_item.into_iter();
        items
            .map(|item| item.account_status.unwrap())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        check().await,
        [AccountStatus::IMPORTED, AccountStatus::NOT_IMPORTED]
    );
    world.ok(InvalidateLogin::new("lin")).await;
    assert_eq!(world.code(InvalidateLogin::new("nobody")).await, 70107);
    let users = ["lin", "nobody", "administrator"].map(AccountId::new);
    let results = world.ok(DeleteAccounts::new(users)).await.result_item;
    let codes: Vec<i64> = results.iter().map(|result| result.result_code.0).collect();
    assert_eq!(codes, [0, 70107, 70107], "administrators stay");
    assert_eq!(check().await[0], AccountStatus::NOT_IMPORTED);
}

#[tokio::test]
async fn chatbots() {
    let world = World::new().await;
    world
        .ok(CreateChatbot::new("@RBT#weather").with_nick("Weather"))
        .await;
    world.ok(CreateChatbot::new("@RBT#weather")).await;
    assert_eq!(
        world.ok(ListChatbots::new()).await.robot_account,
        ["@RBT#weather"]
    );
    let profile = world
        .ok(GetProfiles::new(["@RBT#weather"], [ProfileTag::NICK]))
        .await;
    let items = profile.user_profile_item[0]
        .profile_item
        .as_deref()
        .unwrap();
    assert_eq!(items[0].value.as_text(), Some("Weather"));
    assert_eq!(world.code(CreateChatbot::new("weather")).await, 10004);
    for number in 1..20 {
        world.ok(CreateChatbot::new(format!("@RBT#{number}"))).await;
    }
    assert_eq!(world.code(CreateChatbot::new("@RBT#20")).await, 10008);
    world.ok(DeleteChatbot::new("@RBT#weather")).await;
    assert_eq!(world.ok(ListChatbots::new()).await.robot_account.len(), 19);
}

/// What comes from outside answers its sample.
#[tokio::test]
async fn operations() {
    let world = World::new().await;
    assert!(!world.ok(GetOperationsData::new()).await.result.is_empty());
    let archive = GetMessageArchive::new(ArchiveChatType::C2C, "2023111422");
    assert!(!world.ok(archive).await.file.is_empty());
    let canned = world.simulator.canned_commands();
    assert!(canned.contains(&"v4/openconfigsvr/getappinfo"));
}
