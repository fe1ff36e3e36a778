//! The simulator itself: what it drops, what it keeps, whom it names, and how much it remembers.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use serde_json::Value;
use std::{collections::BTreeSet, path::Path};
use tencent_chat_client::Client;
use tencent_chat_simulator::{Fault, Simulator, WebhookTarget};
use tencent_chat_tests::world::{APP, NOW, World, text};
use tencent_chat_types::{
    Endpoint, ErrorCode,
    account::{CheckAccounts, DeleteAccounts, ImportAccounts},
    conversation::GetC2cUnreadCount,
    group::CreateGroup,
    message::{
        DeleteGroupMsgsBySender, DeleteGroupMsgsBySenderRequired, GetC2cHistory,
        GetC2cHistoryRequired, GetGroupHistory, ImportC2cMsg, ImportC2cMsgRequired, ModifyC2cMsg,
        ModifyC2cMsgRequired, ModifyGroupMsg, RecallC2cMsg, RecallC2cMsgRequired, RecallGroupMsgs,
        SendBroadcastMsg, SendGroupMsg, SendMsg, SendMsgToMany,
        get_group_history::{HistoryEnd, PlaceMark},
        import_c2c_msg::ImportMode,
    },
    model::{AccountId, GroupType, MsgPriority, MsgSeqItem, ProfileTag, RelationTag},
    profile::GetProfiles,
    relationship::{
        AddFriendLists, AddFriends, BlockUsers, CheckBlockList, CheckFriends, DeleteFriends,
        GetFriendsById, ImportFriends,
        add_friends::{NewFriend, NewFriendRequired},
        check_block_list::BlockCheckType,
        check_friends::FriendCheckType,
        import_friends::{ImportedFriend, ImportedFriendRequired},
    },
};
use xtask::codegen::load;

/// A message from lin.
fn to(user: &str, random: u32, seq: u32, words: &str) -> SendMsg {
    SendMsg::new(user, text(words))
        .with_msg_random(random)
        .with_msg_seq(seq)
        .with_from_account("lin")
}

/// How often the last request was acted upon.
fn applied(world: &World) -> u32 {
    world.simulator.journal().last().unwrap().applied
}

/// Sends a message, and returns whether it became a separate message.
async fn counts<E: Endpoint>(world: &World, request: E) -> bool {
    world.ok(request).await;
    applied(world) == 1
}

/// The conversation between lin and another user, as that user has it.
async fn history(world: &World, user: &str) -> Vec<String> {
    let request = GetC2cHistory::new(GetC2cHistoryRequired {
        operator_account: user.into(),
        peer_account: "lin".into(),
        max_cnt: 100,
        min_time: 0,
        max_time: u64::MAX,
    });
    let messages = world.ok(request).await.msg_list;
    messages
        .into_iter()
        .map(|message| message.msg_key.unwrap())
        .collect()
}

#[tokio::test]
async fn duplicates_are_told_by_sender_numbers_and_content_for_120_seconds() {
    let world = World::new().await;
    let first = world.ok(to("mei", 7, 70, "hi")).await;
    world.clock.advance(119);
    let again = world.ok(to("mei", 7, 70, "hi")).await;
    assert_eq!(
        (again.msg_key, again.msg_time),
        (first.msg_key, first.msg_time)
    );
    assert_eq!(applied(&world), 0);
    // Another sender, another number, another content, another conversation.
    for other in [
        to("mei", 7, 70, "hi").with_from_account("ada"),
        to("mei", 8, 70, "hi"),
        to("mei", 7, 71, "hi"),
        to("mei", 7, 70, "ho"),
        to("bob", 7, 70, "hi"),
    ] {
        assert!(counts(&world, other.clone()).await, "{other:?}");
        assert!(!counts(&world, other.clone()).await, "{other:?}");
    }
    assert!(!counts(&world, to("mei", 7, 70, "hi")).await);
    world.clock.advance(1);
    assert!(counts(&world, to("mei", 7, 70, "hi")).await);
    assert_eq!(history(&world, "mei").await.len(), 5);
    // The same holds for one call to many.
    let many = |users: &[&str]| {
        let many = SendMsgToMany::new(users.iter().copied(), text("all")).with_msg_random(9);
        many.with_msg_seq(90).with_from_account("lin")
    };
    assert!(counts(&world, many(&["ada", "bob"])).await);
    assert!(!counts(&world, many(&["bob", "ada"])).await);
    assert!(counts(&world, many(&["bob", "mei"])).await);
    world.clock.advance(120);
    assert!(counts(&world, many(&["ada", "bob"])).await);
    // Without a sequence number the service picks one, so only the same second identifies it.
    let mut unnumbered = SendMsg::new("mei", text("hi")).with_msg_random(11);
    unnumbered.msg_seq = None;
    assert!(counts(&world, unnumbered.clone()).await);
    assert!(!counts(&world, unnumbered.clone()).await);
    world.clock.advance(1);
    assert!(counts(&world, unnumbered).await);
}

#[tokio::test]
async fn group_messages_are_duplicates_for_five_minutes() {
    let world = World::new().await;
    let id = world.group(GroupType::PUBLIC, "chess").await;
    let say = |words| {
        SendGroupMsg::new(id.as_str(), text(words))
            .with_random(5)
            .with_from_account("lin")
    };
    let first = world.ok(say("hi")).await.msg_seq;
    world.clock.advance(299);
    assert_eq!(world.ok(say("hi")).await.msg_seq, first);
    assert_eq!(applied(&world), 0);
    assert!(counts(&world, say("hi").with_from_account("mei")).await);
    assert!(counts(&world, say("ho")).await);
    world.clock.advance(1);
    assert!(counts(&world, say("hi")).await);
    let broadcast = SendBroadcastMsg::new(text("to all")).with_random(5);
    let first = world.ok(broadcast.clone()).await.msg_seq;
    assert_eq!(world.ok(broadcast.clone()).await.msg_seq, first);
    assert_eq!(applied(&world), 0);
    world.clock.advance(300);
    assert!(counts(&world, broadcast).await);
}

#[tokio::test]
async fn imported_duplicates_are_told_by_numbers_and_time_whatever_they_say() {
    let world = World::new().await;
    let import = |from: &str, to: &str, seq, time, words: &str| {
        ImportC2cMsg::new(ImportC2cMsgRequired {
            sync_from_old_system: ImportMode::HISTORY,
            from_account: from.into(),
            to_account: to.into(),
            msg_time_stamp: time,
            msg_body: text(words).into(),
        })
        .with_msg_random(5)
        .with_msg_seq(seq)
    };
    assert!(counts(&world, import("lin", "mei", 1, NOW - 500, "a")).await);
    assert!(!counts(&world, import("lin", "mei", 1, NOW - 500, "b")).await);
    // The other way around too, however late.
    world.clock.advance(86_400);
    assert!(!counts(&world, import("mei", "lin", 1, NOW - 500, "c")).await);
    assert!(counts(&world, import("lin", "mei", 1, NOW - 501, "d")).await);
    assert!(counts(&world, import("lin", "mei", 2, NOW - 500, "e")).await);
    let keys = history(&world, "mei").await;
    let at = |seq, time| format!("{seq}_5_{time}");
    assert_eq!(keys, [at(1, NOW - 501), at(1, NOW - 500), at(2, NOW - 500)]);
}

#[tokio::test]
async fn a_dropped_duplicate_does_not_count_as_acted_upon() {
    let world = World::new().await;
    let twice = |command| {
        world
            .simulator
            .inject_at(command, [Fault::Duplicate])
            .unwrap()
    };
    twice(SendMsg::META.path);
    world.ok(to("mei", 1, 1, "hi")).await;
    assert_eq!(applied(&world), 1);
    world.ok(to("mei", 1, 1, "hi")).await;
    assert_eq!(applied(&world), 0);
    twice(SendMsg::META.path);
    world.ok(to("mei", 1, 1, "hi")).await;
    assert_eq!(applied(&world), 0);
    // Everything that is not a message is done twice.
    twice(ImportAccounts::META.path);
    world.ok(ImportAccounts::new(["eve"])).await;
    assert_eq!(applied(&world), 2);
}

#[tokio::test]
async fn failed_items_say_why() {
    let world = World::new().await;
    let friends = CheckFriends::new("lin", ["mei", "nobody"], FriendCheckType::BOTH);
    let blocks = CheckBlockList::new("lin", ["mei", "nobody"], BlockCheckType::BOTH);
    let mut items: Vec<(i64, Option<String>)> = Vec::new();
    macro_rules! items {
        ($list:expr) => {
            items.extend(($list.into_iter()).map(|item| (item.result_code.0, item.result_info)))
        };
    }
    items!(world.ok(friends).await.info_item);
    items!(world.ok(blocks).await.black_list_check_item);
    items!(
        world
            .ok(GetFriendsById::new(
                "lin",
                ["nobody"],
                [RelationTag::REMARK]
            ))
            .await
            .info_item
    );
    let new = NewFriend::new(NewFriendRequired {
        to_account: "nobody".into(),
        add_source: "AddSource_Type_X".into(),
    });
    items!(world.ok(AddFriends::new("lin", [new])).await.result_item);
    let imported = ImportedFriend::new(ImportedFriendRequired {
        to_account: "nobody".into(),
        add_source: "AddSource_Type_X".into(),
    });
    items!(
        world
            .ok(ImportFriends::new("lin", [imported]))
            .await
            .result_item
    );
    items!(
        world
            .ok(DeleteFriends::new("lin", ["nobody"]))
            .await
            .result_item
    );
    items!(
        world
            .ok(BlockUsers::new("lin", ["nobody", "mei"]))
            .await
            .result_item
    );
    let lists = AddFriendLists::new("lin", ["close"]).with_to_account(["nobody"]);
    items!(world.ok(lists).await.result_item.unwrap());
    let gone = DeleteAccounts::new(["nobody"].map(AccountId::new));
    items!(world.ok(gone).await.result_item);
    let there = CheckAccounts::new(["lin"].map(AccountId::new));
    items!(world.ok(there).await.result_item);
    let profiles = GetProfiles::new(["lin", "nobody"], [ProfileTag::NICK]);
    items!(world.ok(profiles).await.user_profile_item);
    assert_eq!(
        items.iter().filter(|(code, _)| *code != 0).count(),
        10,
        "{items:?}"
    );
    for (code, info) in items {
        let info = info.unwrap_or_else(|| panic!("{code} without ResultInfo"));
        assert_eq!(info.is_empty(), code == 0, "{code} {info:?}");
    }
}

#[tokio::test]
async fn an_unknown_peer_of_an_unread_count_is_an_unknown_account() {
    let world = World::new().await;
    let request = GetC2cUnreadCount::new("mei").with_peer_account(["lin", "nobody"]);
    let reply = world.ok(request).await;
    assert_eq!(reply.c2c_unread_msg_num_list.unwrap().len(), 1);
    let failures = reply.error_list.unwrap();
    assert_eq!(failures.len(), 1);
    assert_eq!(failures[0].peer_account, "nobody");
    assert_eq!(failures[0].error_code, ErrorCode(70107));
}

#[tokio::test]
async fn recalled_and_deleted_group_messages_keep_all_but_their_elements() {
    let world = World::new().await;
    let id = world.group(GroupType::PUBLIC, "chess").await;
    for (number, user) in [(1, "lin"), (2, "mei"), (3, "lin")] {
        let message = SendGroupMsg::new(id.as_str(), text("hi"))
            .with_random(number)
            .with_from_account(user);
        world.ok(message.with_msg_priority(MsgPriority::HIGH)).await;
    }
    world
        .ok(RecallGroupMsgs::new(id.as_str(), [MsgSeqItem::new(1)]))
        .await;
    world
        .ok(DeleteGroupMsgsBySender::new(
            DeleteGroupMsgsBySenderRequired {
                group_id: id.as_str().into(),
                sender_account: "mei".into(),
            },
        ))
        .await;
    for with_recalled in [false, true] {
        let request = GetGroupHistory::new(id.as_str(), 20).with_with_recalled_msg(with_recalled);
        let messages = world.ok(request).await.rsp_msg_list;
        let marks: Vec<PlaceMark> = messages.iter().map(|m| m.is_place_msg.unwrap()).collect();
        let recalled = if with_recalled {
            PlaceMark::RECALLED
        } else {
            PlaceMark::GONE
        };
        assert_eq!(marks, [PlaceMark::PRESENT, PlaceMark::GONE, recalled]);
        for (message, user) in messages.iter().zip(["lin", "mei", "lin"]) {
            assert_eq!(message.from_account.as_deref(), Some(user));
            assert_eq!(message.msg_random, Some(message.msg_seq));
            assert_eq!(message.msg_time_stamp, Some(NOW));
            assert_eq!(message.msg_priority, Some(1));
            let elements = message.msg_body.as_ref().unwrap().len();
            assert_eq!(elements == 0, message.is_place_msg == Some(PlaceMark::GONE));
        }
    }
}

/// Fields that hold users, groups and official accounts.
fn identities(json: &Value, name: &str, found: &mut BTreeSet<String>) {
    let is_identity = ["_Account", "UserID", "GroupId"]
        .iter()
        .any(|end| name.ends_with(end));
    match json {
        Value::Object(fields) => fields
            .iter()
            .for_each(|(name, v)| identities(v, name, found)),
        Value::Array(items) => items.iter().for_each(|item| identities(item, name, found)),
        Value::String(text) if is_identity => {
            found.insert(text.clone());
        }
        _ => {}
    }
}

/// Gives every user, group and official account of a request another name.
fn rename(json: &mut Value, name: &str) {
    let is_identity = ["_Account", "UserID", "GroupId"]
        .iter()
        .any(|end| name.ends_with(end));
    match json {
        Value::Object(fields) => fields.iter_mut().for_each(|(name, v)| rename(v, name)),
        Value::Array(items) => items.iter_mut().for_each(|item| rename(item, name)),
        Value::String(text) if is_identity => text.push_str("-x"),
        _ => {}
    }
}

#[tokio::test]
async fn canned_answers_name_nobody_whom_the_caller_did_not_name() {
    let world = World::new().await;
    let canned = world.simulator.canned_commands();
    let spec = load::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../spec"));
    let spec = spec.unwrap_or_else(|mistakes| panic!("{}", mistakes.render()));
    let (mut calls, mut named) = (0, 0);
    for endpoint in &spec.endpoints {
        let path = endpoint.file.path.value.as_str();
        if !canned.contains(&path) {
            continue;
        }
        for sample in endpoint
            .file
            .samples
            .iter()
            .filter_map(|sample| sample.request.as_ref())
        {
            let mut request: Value = serde_json::from_str(sample).unwrap();
            rename(&mut request, "");
            let reply = world.client.send_raw(path, &request).await;
            let reply =
                serde_json::to_value(reply.unwrap_or_else(|e| panic!("{path}: {e}"))).unwrap();
            let (mut asked, mut answered) = (BTreeSet::new(), BTreeSet::new());
            identities(&request, "", &mut asked);
            identities(&reply, "", &mut answered);
            let strangers: Vec<_> = answered.difference(&asked).collect();
            assert!(strangers.is_empty(), "{path} {request} {reply}");
            calls += 1;
            named += answered.len();
        }
    }
    // Most of them name somebody whom the caller has named.
    assert!(calls >= 30 && named >= 10, "{calls} calls, {named} names");
}

#[tokio::test]
async fn canned_answers_are_about_everybody_whom_the_caller_names() {
    let world = World::new().await;
    let request = serde_json::json!({ "From_Account": "lin", "To_Account": ["ada", "bob", "mei"] });
    let reply = world
        .client
        .send_raw("v4/follow/follow_check", &request)
        .await
        .unwrap();
    let reply = serde_json::to_value(reply).unwrap();
    let items = reply["ResultItem"].as_array().unwrap();
    let users: Vec<&str> = items
        .iter()
        .map(|item| item["To_Account"].as_str().unwrap())
        .collect();
    assert_eq!(users, ["ada", "bob", "mei"]);
}

#[tokio::test]
async fn faults_of_an_unknown_command_are_an_error() {
    let world = World::new().await;
    let inject = |command: &str| world.simulator.inject_at(command, [Fault::EmptyBody]);
    for (command, said) in [
        (
            "v4/openim/nonsense",
            "there is no command \"v4/openim/nonsense\"; expected a path such as \"v4/openim/sendmsg\", or \"*\" for all",
        ),
        (
            "sendmsg",
            "there is no command \"sendmsg\"; did you mean \"v4/openim/sendmsg\"?",
        ),
        (
            "",
            "there is no command \"\"; expected a path such as \"v4/openim/sendmsg\", or \"*\" for all",
        ),
    ] {
        assert_eq!(inject(command).unwrap_err().to_string(), said);
    }
    let long = inject(&"ü".repeat(10_000)).unwrap_err().to_string();
    assert!(long.len() < 300, "{long}");
    // Nothing was injected.
    world.ok(to("mei", 1, 1, "hi")).await;
    assert_eq!(world.simulator.journal().last().unwrap().fault, Fault::None);
    for known in ["*", SendMsg::META.path, "/v4/openim/sendmsg"] {
        inject(known).unwrap();
    }
}

/// A world of its own with a limit.
async fn small(message_memory: usize) -> (Simulator, Client) {
    let simulator = Simulator::builder(APP, "key").message_memory(message_memory);
    let simulator = simulator.start().await.unwrap();
    let client = Client::builder(APP, "administrator", "key");
    let client = client
        .base_url(simulator.base_url())
        .unlimited()
        .build()
        .unwrap();
    client
        .send(ImportAccounts::new(["lin", "mei"]))
        .await
        .unwrap();
    (simulator, client)
}

#[tokio::test]
async fn at_the_bound_the_oldest_messages_go() {
    // Room for about 100 messages.
    let (simulator, client) = small(40_000).await;
    let group = CreateGroup::new(GroupType::PUBLIC, "chess").with_owner_account("lin");
    let group = client.send(&group).await.unwrap().group_id;
    let first_in_group = simulator
        .send_group_msg_as("lin", &group, text("first"))
        .await
        .unwrap();
    let first = simulator
        .send_as("lin", "mei", text("first"))
        .await
        .unwrap();
    let mut last = (String::new(), 0);
    for number in 0..300 {
        let words = format!("message {number}");
        last.0 = simulator.send_as("lin", "mei", text(&words)).await.unwrap();
        last.1 = simulator
            .send_group_msg_as("lin", &group, text(&words))
            .await
            .unwrap();
    }
    let history = GetC2cHistory::new(GetC2cHistoryRequired {
        operator_account: "mei".into(),
        peer_account: "lin".into(),
        max_cnt: 100,
        min_time: 0,
        max_time: u64::MAX,
    });
    let history = client.send(&history).await.unwrap();
    assert_eq!(
        history.msg_list.last().unwrap().msg_key.as_ref(),
        Some(&last.0)
    );
    assert!(
        history
            .msg_list
            .iter()
            .all(|message| message.msg_key.as_ref() != Some(&first))
    );
    let code = |result: Result<(), ErrorCode>| result.unwrap_err().0;
    let recalled = client
        .send(RecallC2cMsg::new(RecallC2cMsgRequired {
            from_account: "lin".into(),
            to_account: "mei".into(),
            msg_key: first.as_str().into(),
        }))
        .await;
    assert_eq!(
        code(recalled.map(drop).map_err(|e| e.code().unwrap())),
        20022
    );
    let modify = ModifyC2cMsg::new(ModifyC2cMsgRequired {
        from_account: "lin".into(),
        to_account: "mei".into(),
        msg_key: first.as_str().into(),
    })
    .with_msg_body(text("x"));
    let modified = client.send(&modify).await;
    assert_eq!(
        code(modified.map(drop).map_err(|e| e.code().unwrap())),
        20001
    );
    let modify = ModifyGroupMsg::new(group.as_str(), first_in_group).with_msg_body(text("x"));
    let modified = client.send(&modify).await;
    assert_eq!(
        code(modified.map(drop).map_err(|e| e.code().unwrap())),
        20001
    );

    // Downward to where they have expired, which the last page reports.
    let (mut next, mut seqs, mut end) = (last.1, Vec::new(), HistoryEnd::MORE);
    while end != HistoryEnd::REST_EXPIRED {
        let page = GetGroupHistory::new(group.as_str(), 20).with_req_msg_seq(next);
        let page = client.send(&page).await.unwrap();
        seqs.extend(page.rsp_msg_list.iter().map(|message| message.msg_seq));
        end = page.is_finished;
        next = seqs.last().unwrap() - 1;
    }
    // So does a listing, which ends there.
    let items = GetGroupHistory::new(group.as_str(), 20).with_req_msg_seq(last.1);
    let mut items = client.items(items);
    let mut listed = Vec::new();
    while let Some(item) = items.next_item().await {
        listed.push(item.unwrap().msg_seq);
    }
    assert_eq!(listed, seqs);
    let (newest, oldest) = (seqs[0], *seqs.last().unwrap());
    assert_eq!(newest, last.1);
    assert!(oldest > first_in_group && seqs.len() > 20, "{seqs:?}");
    assert!(
        seqs.windows(2).all(|pair| pair[0] == pair[1] + 1),
        "{seqs:?}"
    );
    // Numbers go on.
    let sent = simulator
        .send_group_msg_as("lin", &group, text("more"))
        .await
        .unwrap();
    assert_eq!(sent, last.1 + 1);
}

#[tokio::test]
async fn requests_and_deliveries_are_remembered_up_to_a_bound() {
    // Nobody listens there.
    let target = WebhookTarget::new("http://127.0.0.1:9/webhook");
    let simulator = Simulator::builder(APP, "key")
        .journal_length(5)
        .webhooks(target);
    let simulator = simulator.admins(["lin", "mei"]).start().await.unwrap();
    let client = Client::builder(APP, "lin", "key").base_url(simulator.base_url());
    let client = client.unlimited().build().unwrap();
    for number in 0..8 {
        client
            .send(SendMsg::new("mei", text(&format!("{number}"))).with_msg_random(number))
            .await
            .unwrap();
        simulator.webhooks_idle().await;
    }
    let journal = simulator.journal();
    assert_eq!(journal.len(), 5);
    assert!(journal.iter().all(|entry| entry.path == SendMsg::META.path));
    let deliveries = simulator.deliveries();
    assert_eq!(deliveries.len(), 5);
    assert_eq!(deliveries[4].event["MsgRandom"], 7);
    // A long path is not remembered as a whole.
    let long = format!("{}/v4/{}", simulator.base_url(), "x".repeat(1_000));
    let request = reqwest::Client::new().post(long).body("{}");
    assert!(request.send().await.unwrap().status().is_success());
    let remembered = simulator.journal().last().unwrap().path.clone();
    assert!(
        remembered.len() <= 128 && remembered.starts_with("v4/"),
        "{remembered}"
    );
}
