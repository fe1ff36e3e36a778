//! Pushing, accounts and chatbots against the simulator, over HTTP.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use futures_util::TryStreamExt;
use std::collections::BTreeMap;
use tencent_chat_tests::world::{APP, NOW, World, text};
use tencent_chat_types::{
    ErrorCode,
    account::{CheckAccounts, DeleteAccounts, InvalidateLogin, check_accounts::AccountStatus},
    chatbot::{CreateChatbot, DeleteChatbot, ListChatbots},
    model::{
        AccountId, OfflinePushInfo, ProfileTag, PushAccountType, PushFailure, ScheduledPushContent,
        ScheduledPushStatus, ScheduledPushType, TagCondition, UserAttributeNames, UserAttributes,
        UserTags,
    },
    operations::{GetMessageArchive, GetOperationsData, get_message_archive::ArchiveChatType},
    profile::GetProfiles,
    push::{
        AddUserTags, GetAttributeNames, GetUserAttributes, GetUserTags, PushToUsers,
        RemoveAllUserTags, RemoveUserAttributes, RemoveUserTags, SetAttributeNames,
        SetUserAttributes, push_to_users::PushCondition,
    },
    timpush::{
        self, DeleteScheduledPush, DeleteScheduledPushRequired, GetScheduledPush,
        GetScheduledPushRequired, ListScheduledPushes, ListScheduledPushesRequired,
        ModifyScheduledPush, ModifyScheduledPushRequired, PushToAccounts, PushToAll, RecallPush,
        SchedulePush, SchedulePushRequired, list_scheduled_pushes::ScheduleOrder,
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

    let push = |number| PushToUsers::new(text("sale")).with_msg_random(number);
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

/// Results from outside are those of the sample.
#[tokio::test]
async fn operations() {
    let world = World::new().await;
    assert!(!world.ok(GetOperationsData::new()).await.result.is_empty());
    let archive = GetMessageArchive::new(ArchiveChatType::C2C, "2023111422");
    assert!(!world.ok(archive).await.file.is_empty());
    let canned = world.simulator.canned_commands();
    assert!(canned.contains(&"v4/openconfigsvr/getappinfo"));
}

fn notification() -> OfflinePushInfo {
    OfflinePushInfo::default()
        .with_title("Tonight")
        .with_desc("Doors open at eight")
}

#[tokio::test]
async fn the_push_service_tells_for_whom_it_did_not_work() {
    let world = World::new().await;
    let unknown = || vec![PushFailure::new("nobody", ErrorCode(70107))];
    let names = timpush::SetAttributeNames::new([("0", "city"), ("1", "device")]).with_attr_types(
        BTreeMap::from([("1".into(), PushAccountType::REGISTRATION)]),
    );
    world.ok(names).await;
    let read = world.ok(timpush::GetAttributeNames::new()).await;
    assert_eq!(read.attr_names["1"], "device");
    assert_eq!(read.attr_types.unwrap()["0"], PushAccountType::USER);
    let twice = timpush::SetAttributeNames::new([("2", "city")]);
    assert_eq!(world.code(twice).await, 90033);
    let other = timpush::SetAttributeNames::new([("1", "device")]);
    let other = other.with_attr_types(BTreeMap::from([("1".into(), PushAccountType::USER)]));
    assert_eq!(world.code(other).await, 90033, "it cannot be changed");

    let attributes = [
        UserAttributes::new("lin", [("city", "Lyon")]),
        UserAttributes::new("mei", [("device", "phone")]),
        UserAttributes::new("nobody", [("city", "Lyon")]),
    ];
    let set = world.ok(timpush::SetUserAttributes::new(attributes)).await;
    let failures = set.error_list.unwrap();
    assert_eq!(
        failures,
        [
            PushFailure::new("mei", ErrorCode(90035)),
            PushFailure::new("nobody", ErrorCode(70107))
        ]
    );
    let read = timpush::GetUserAttributes::new(["lin", "nobody"]);
    let read = world.ok(read).await;
    assert_eq!(read.user_attrs[0].attrs["city"], "Lyon");
    assert_eq!(read.error_list.unwrap(), unknown());
    let removed = [UserAttributeNames::new("lin", ["city"])];
    let removed = world.ok(timpush::RemoveUserAttributes::new(removed)).await;
    assert_eq!(removed.error_list, None);
    let read = world.ok(timpush::GetUserAttributes::new(["lin"])).await;
    assert!(read.user_attrs[0].attrs.is_empty());

    let tags = |user: &str, tags: &[&str]| UserTags::new(user, tags.iter().copied());
    let added = [tags("lin", &["a", "b"]), tags("nobody", &["a"])];
    let outcome = world.client.batch(timpush::AddUserTags::new(added)).await;
    let done: Vec<bool> = outcome.iter().map(|(_, item)| item.is_done()).collect();
    assert_eq!(done, [true, false], "a batch knows who got the tags");
    let replaced = timpush::AddUserTags::new([tags("lin", &["c", "d"])]);
    world.ok(replaced.with_replace(true)).await;
    world
        .ok(timpush::RemoveUserTags::new([tags("lin", &["d"])]))
        .await;
    let read = world.ok(timpush::GetUserTags::new(["lin", "nobody"])).await;
    assert_eq!(read.user_tags[0].tags, ["c"]);
    assert_eq!(read.error_list.unwrap(), unknown());
    let eleven: Vec<String> = (0..11).map(|number| number.to_string()).collect();
    let many = timpush::AddUserTags::new([UserTags::new("lin", eleven)]);
    assert_eq!(world.code(many.clone()).await, 90032);
    world.ok(many.with_replace(true)).await;
    world.ok(timpush::RemoveAllUserTags::new(["lin"])).await;
    let read = world.ok(timpush::GetUserTags::new(["lin"])).await;
    assert!(read.user_tags[0].tags.is_empty());
}

#[tokio::test]
async fn a_push_can_be_recalled_once_and_for_a_day() {
    let world = World::new().await;
    let push = |number| {
        PushToAll::new()
            .with_msg_random(number)
            .with_offline_push_info(notification())
    };
    let first = world.ok(push(1)).await.task_id;
    assert_eq!(world.code(push(2)).await, 90024);
    world.clock.advance(2);
    let nothing = PushToAll::new().with_msg_random(3);
    assert_eq!(world.code(nothing.clone()).await, 90001);
    let online = nothing
        .with_msg_body(text("sale"))
        .with_online_only_flag(true);
    let second = world.ok(online).await.task_id;
    let mixed = TagCondition::new().with_tags_not(["a"]);
    let mixed = mixed.with_attrs_or([("city", "Lyon")]);
    world.clock.advance(2);
    assert_eq!(world.code(push(4).with_condition(mixed)).await, 90039);

    let users = PushToAccounts::new("lin", ["mei", "nobody"], notification()).with_msg_random(5);
    let batch = world.ok(users).await;
    let failures = batch.error_list.unwrap();
    assert_eq!(failures, [PushFailure::new("nobody", ErrorCode(70107))]);

    world.ok(RecallPush::new(first.as_str())).await;
    assert_eq!(world.code(RecallPush::new(second.as_str())).await, 90051);
    world.clock.advance(2);
    assert_eq!(world.code(RecallPush::new(first)).await, 90050);
    assert_eq!(world.code(RecallPush::new("another")).await, 90049);
    world.ok(RecallPush::new(batch.task_id)).await;
    world.clock.advance(86_400);
    assert_eq!(world.code(RecallPush::new(second)).await, 90049);
}

#[tokio::test]
async fn a_scheduled_push_can_be_changed_until_its_time_comes() {
    let world = World::new().await;
    // The clock starts at 2023-11-14 22:13:20.
    assert_eq!(NOW, 1_700_000_000);
    let schedule = |time: &str| {
        let content = ScheduledPushContent::new().with_offline_push_info(notification());
        SchedulePush::new(SchedulePushRequired {
            sdkappid: APP,
            r#type: ScheduledPushType::ALL,
            sched_at: time.into(),
            content,
        })
    };
    for wrong in ["2023-11-14 22:13:20", "2023-11-31 00:00:00", "tomorrow"] {
        assert_eq!(world.code(schedule(wrong)).await, 90001, "{wrong}");
    }
    let mut ids = Vec::new();
    for day in 15..20 {
        let time = format!("2023-11-{day} 08:00:00");
        ids.push(world.ok(schedule(&time)).await.task_id);
    }
    let first = ids[0];
    let read = async || {
        let request = GetScheduledPush::new(GetScheduledPushRequired {
            sdkappid: APP,
            task_id: first,
        });
        world.ok(request).await.task_info
    };
    let task = read().await;
    assert_eq!(task.create_at.as_deref(), Some("2023-11-14 22:13:20"));
    assert_eq!(task.title.as_deref(), Some("Tonight"));
    assert_eq!(task.status, Some(ScheduledPushStatus::PENDING));

    let list = |asc| {
        ListScheduledPushes::new(ListScheduledPushesRequired {
            sdkappid: APP,
            want: 100,
            order_by: ScheduleOrder::SCHEDULED,
            asc,
            begin_time: "2023-11-15 00:00:00".into(),
            end_time: "2023-11-18 23:59:59".into(),
        })
    };
    let listed = async |request: ListScheduledPushes| {
        let tasks: Vec<_> = world.client.items(request).try_collect().await.unwrap();
        tasks.iter().map(|task| task.task_id).collect::<Vec<_>>()
    };
    assert_eq!(listed(list(true)).await, ids[..4], "over two pages");
    let mut backwards = ids[..4].to_vec();
    backwards.reverse();
    assert_eq!(listed(list(false)).await, backwards);
    assert!(listed(list(true).with_keyword("Tomorrow")).await.is_empty());

    let change = ModifyScheduledPush::new(ModifyScheduledPushRequired {
        sdkappid: APP,
        task_id: first,
        r#type: ScheduledPushType::ALL,
    });
    let later = change.clone().with_sched_at("2023-11-16 09:00:00");
    world.ok(later).await;
    assert_eq!(read().await.sched_at, "2023-11-16 09:00:00");
    let other = ModifyScheduledPush::new(ModifyScheduledPushRequired {
        sdkappid: APP,
        task_id: first,
        r#type: ScheduledPushType::USER,
    });
    assert_eq!(world.code(other).await, 90001, "the kind stays");
    let delete = |id| {
        DeleteScheduledPush::new(DeleteScheduledPushRequired {
            sdkappid: APP,
            task_id: id,
            r#type: ScheduledPushType::ALL,
        })
    };
    world.ok(delete(ids[4])).await;
    world.clock.advance(86_400 + 11 * 3_600);
    assert_eq!(world.code(change).await, 90107);
    assert_eq!(world.code(delete(first)).await, 90107);
    assert_eq!(read().await.status, None);
    world.ok(delete(ids[2])).await;
}
