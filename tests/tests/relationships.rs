//! Friends, friend lists and blocked users against the simulator, over HTTP.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use tencent_chat_tests::world::{NOW, World};
use tencent_chat_types::{
    ErrorCode,
    account::ImportAccounts,
    model::{FriendAddType, FriendDeleteType, ProfileItem, ProfileTag, RelationItem, RelationTag},
    profile::SetProfile,
    relationship::{
        AddFriendLists, AddFriends, BlockUsers, CheckBlockList, CheckFriends, DeleteAllFriends,
        DeleteFriendLists, DeleteFriends, GetBlockList, GetBlockListRequired, GetFriendLists,
        GetFriends, GetFriendsById, ImportFriends, UnblockUsers, UpdateFriends,
        add_friends::{NewFriend, NewFriendRequired},
        check_block_list::{BlockCheckType, BlockRelation},
        check_friends::{FriendCheckType, FriendRelation},
        get_friend_lists::NeedFriend,
        import_friends::{ImportedFriend, ImportedFriendRequired},
        update_friends::FriendUpdate,
    },
    wire::TagValue,
};

const SOURCE: &str = "AddSource_Type_Web";

fn new(user: &str) -> NewFriend {
    NewFriend::new(NewFriendRequired {
        to_account: user.into(),
        add_source: SOURCE.into(),
    })
}

async fn relation(world: &World, from: &str, to: &str) -> FriendRelation {
    let check = world
        .ok(CheckFriends::new(from, [to], FriendCheckType::BOTH))
        .await;
    check.info_item[0].relation.clone().unwrap()
}

#[tokio::test]
async fn friends_are_added_as_both_sides_wish() {
    let world = World::new().await;
    for (user, wish) in [
        ("ada", "AllowType_Type_DenyAny"),
        ("bob", "AllowType_Type_NeedConfirm"),
    ] {
        let item = ProfileItem::new(ProfileTag::ALLOW_TYPE, wish);
        world.ok(SetProfile::new(user, [item])).await;
    }
    let friends = [
        new("mei").with_remark("M."),
        new("ada"),
        new("bob"),
        new("nobody"),
        new("lin"),
    ];
    let reply = world.ok(AddFriends::new("lin", friends)).await;
    let codes: Vec<i64> = reply
        .result_item
        .iter()
        .map(|item| item.result_code.0)
        .collect();
    assert_eq!(codes, [0, 30516, 30539, 30003, 30001]);
    assert_eq!(reply.fail_account.unwrap(), ["ada", "bob", "nobody", "lin"]);
    assert_eq!(
        relation(&world, "lin", "mei").await,
        FriendRelation::BOTH_WAY
    );
    assert_eq!(
        relation(&world, "lin", "ada").await,
        FriendRelation::NO_RELATION
    );

    // An administrator may force it, in one direction only.
    let forced = AddFriends::new("lin", [new("ada")]).with_force_add_flags(true);
    world.ok(forced.with_add_type(FriendAddType::SINGLE)).await;
    assert_eq!(
        relation(&world, "lin", "ada").await,
        FriendRelation::A_WITH_B
    );
    assert_eq!(
        relation(&world, "ada", "lin").await,
        FriendRelation::B_WITH_A
    );

    let forbidden = ProfileItem::new(ProfileTag::ADMIN_FORBID_TYPE, "AdminForbid_Type_SendOut");
    world.ok(SetProfile::new("mei", [forbidden])).await;
    assert_eq!(
        world.code(AddFriends::new("mei", [new("ada")])).await,
        30009
    );
    assert_eq!(
        world.code(AddFriends::new("nobody", [new("ada")])).await,
        30003
    );
}

#[tokio::test]
async fn friends_are_changed_read_and_deleted() {
    let world = World::new().await;
    let users: Vec<String> = (0..10).map(|number| format!("friend{number}")).collect();
    world.ok(ImportAccounts::new(users.clone())).await;
    let items: Vec<ImportedFriend> = (users.iter())
        .map(|user| {
            ImportedFriend::new(ImportedFriendRequired {
                to_account: user.as_str().into(),
                add_source: SOURCE.into(),
            })
            .with_add_time(NOW - 5)
            .with_group_name(["school"])
        })
        .collect();
    world.ok(ImportFriends::new("lin", items)).await;
    let mut pages = world.client.items(GetFriends::new("lin"));
    let mut seen = Vec::new();
    while let Some(friend) = pages.next_item().await {
        seen.push(friend.unwrap().to_account);
    }
    assert_eq!(seen, users);
    // Nothing has changed since, so nothing comes.
    let first = world.ok(GetFriends::new("lin")).await;
    let again = GetFriends::new("lin")
        .with_standard_sequence(first.standard_sequence)
        .with_custom_sequence(first.custom_sequence);
    assert!(world.ok(again).await.user_data_item.is_empty());

    let changes = [
        RelationItem::new(RelationTag::REMARK, "Zoe"),
        RelationItem::new(RelationTag::GROUP, vec!["work".to_owned()]),
    ];
    let updates = [
        FriendUpdate::new("friend1", changes),
        FriendUpdate::new("mei", [RelationItem::new(RelationTag::REMARK, "M")]),
    ];
    let reply = world.ok(UpdateFriends::new("lin", updates)).await;
    assert_eq!(reply.fail_account.unwrap(), ["mei"]);
    let tags = [
        RelationTag::REMARK,
        RelationTag::GROUP,
        RelationTag::ADD_TIME,
        RelationTag::ADD_WORDING,
    ];
    let read = world
        .ok(GetFriendsById::new("lin", ["friend1", "mei"], tags))
        .await;
    let items = read.info_item[0].sns_profile_item.as_deref().unwrap();
    assert_eq!(items[0].value, TagValue::from("Zoe"));
    assert_eq!(items[1].value.as_list().unwrap(), ["work"]);
    assert_eq!(
        items[2].value.as_integer(),
        Some(i64::try_from(NOW).unwrap() - 5)
    );
    assert_eq!(items.len(), 3, "what was never set is not there");
    assert_eq!(
        read.info_item[1].result_code,
        ErrorCode::RELATION_ACCOUNT_NOT_FOUND
    );

    let both = DeleteFriends::new("lin", ["friend1", "mei"]);
    let reply = world
        .ok(both.with_delete_type(FriendDeleteType::BOTH))
        .await;
    assert_eq!(reply.result_item[1].result_code.0, 31704);
    assert_eq!(world.ok(GetFriends::new("lin")).await.friend_num, 9);
    world.ok(DeleteAllFriends::new("lin")).await;
    assert_eq!(world.ok(GetFriends::new("lin")).await.friend_num, 0);
}

#[tokio::test]
async fn friend_lists() {
    let world = World::new().await;
    world
        .ok(AddFriends::new("lin", [new("mei"), new("ada")]))
        .await;
    let lists = AddFriendLists::new("lin", ["chess", "school"]).with_to_account(["mei", "bob"]);
    let reply = world.ok(lists).await;
    let codes: Vec<i64> = reply
        .result_item
        .unwrap()
        .iter()
        .map(|item| item.result_code.0)
        .collect();
    assert_eq!(codes, [0, 32216]);
    let shown = GetFriendLists::new("lin").with_need_friend(NeedFriend::YES);
    let shown = world.ok(shown).await;
    assert_eq!(shown.result_item.len(), 2);
    assert_eq!(shown.result_item[0].to_account.as_deref().unwrap(), ["mei"]);
    assert!(shown.current_sequence >= reply.current_sequence);
    world.ok(DeleteFriendLists::new("lin", ["chess"])).await;
    let left = world.ok(GetFriendLists::new("lin")).await.result_item;
    assert_eq!((left.len(), left[0].group_name.as_str()), (1, "school"));
    assert_eq!(left[0].to_account, None, "friends come only when asked for");
    let many = (0..32).map(|number| format!("list{number}"));
    assert_eq!(world.code(AddFriendLists::new("lin", many)).await, 30011);
}

#[tokio::test]
async fn blocking_ends_a_friendship() {
    let world = World::new().await;
    world.ok(AddFriends::new("lin", [new("mei")])).await;
    let reply = world
        .ok(BlockUsers::new("lin", ["mei", "ada", "bob", "nobody"]))
        .await;
    assert_eq!(reply.fail_account.unwrap(), ["nobody"]);
    assert_eq!(
        relation(&world, "lin", "mei").await,
        FriendRelation::NO_RELATION
    );
    assert_eq!(
        relation(&world, "mei", "lin").await,
        FriendRelation::NO_RELATION
    );
    let add = |from: &str, to: &str| AddFriends::new(from, [new(to)]);
    let code = async |request: AddFriends| world.ok(request).await.result_item[0].result_code.0;
    assert_eq!(code(add("lin", "mei")).await, 30515);
    assert_eq!(code(add("mei", "lin")).await, 30525);

    let check = |from: &str, to: &str| CheckBlockList::new(from, [to], BlockCheckType::BOTH);
    let there = world.ok(check("lin", "mei")).await.black_list_check_item;
    assert_eq!(there[0].relation, Some(BlockRelation::A_WITH_B));
    let back = world.ok(check("mei", "lin")).await.black_list_check_item;
    assert_eq!(back[0].relation, Some(BlockRelation::B_WITH_A));

    let mut blocked = Vec::new();
    let mut pages = world.client.items(GetBlockList::new(GetBlockListRequired {
        from_account: "lin".into(),
        max_limited: 2,
        last_sequence: 0,
    }));
    while let Some(user) = pages.next_item().await {
        blocked.push(user.unwrap().to_account);
    }
    assert_eq!(blocked, ["mei", "ada", "bob"]);
    world.ok(UnblockUsers::new("lin", ["mei"])).await;
    assert_eq!(code(add("mei", "lin")).await, 0);
}
