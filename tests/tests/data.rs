//! Everything that the simulator keeps: in its folder, and as snapshots.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use serde_json::{Value, json};
use tencent_chat_simulator::{Simulator, Snapshot};
use tencent_chat_tests::world::{APP, NOW, World, text};
use tencent_chat_types::{
    account::{DeleteAccounts, ImportAccounts},
    conversation::{
        DeleteConversation, GetConversationList, PinConversations,
        pin_conversations::{PinOperation, PinnedContact},
    },
    group::{DestroyGroup, GetGroupMembers},
    message::{GetC2cHistory, GetC2cHistoryRequired, SendGroupMsg, SendMsg},
    model::{AccountId, ContactType, GroupType},
};

fn json(simulator: &Simulator) -> Value {
    serde_json::to_value(simulator.snapshot().unwrap()).unwrap()
}

fn snapshot(json: &Value) -> Snapshot {
    serde_json::from_value(json.clone()).unwrap()
}

/// A world with something of most kinds.
async fn rich() -> World {
    let world = World::new().await;
    world.group(GroupType::PUBLIC, "chess").await;
    let (community, topic) = world.community().await;
    world.live_group().await;
    world
        .ok(SendMsg::new("mei", text("Chess?")).with_from_account("lin"))
        .await;
    let message = SendGroupMsg::new("chess", text("Who plays?"));
    world.ok(message.with_from_account("mei")).await;
    let message = SendGroupMsg::new(community, text("Sicilian")).with_topic_id(topic);
    world.ok(message.with_from_account("ada")).await;
    world.simulator.add_friend_as("lin", "ada").await.unwrap();
    world.simulator.read_msgs("mei", "lin").unwrap();
    world.simulator.pin("mei", "lin", true).unwrap();
    world
}

#[tokio::test]
async fn a_snapshot_brings_everything_back() {
    let world = rich().await;
    let saved = json(&world.simulator);
    world.ok(DestroyGroup::new("chess")).await;
    world.ok(DeleteAccounts::new([AccountId::new("ada")])).await;
    assert_ne!(json(&world.simulator), saved);
    world.simulator.load(snapshot(&saved)).unwrap();
    assert_eq!(json(&world.simulator), saved);
    let members = world.ok(GetGroupMembers::new("chess")).await;
    assert_eq!(members.member_num, 3);

    let other = World::new().await;
    other.simulator.load(snapshot(&saved)).unwrap();
    assert_eq!(json(&other.simulator), saved);
}

#[tokio::test]
async fn a_reset_leaves_the_administrators_only() {
    let world = rich().await;
    world.simulator.reset().unwrap();
    let fresh = Simulator::builder(APP, "key").start().await.unwrap();
    assert_eq!(json(&world.simulator), json(&fresh));
    // Life goes on.
    world.ok(ImportAccounts::new(["lin", "mei"])).await;
    world
        .ok(SendMsg::new("mei", text("again")).with_from_account("lin"))
        .await;
}

#[tokio::test]
async fn a_snapshot_that_makes_no_sense_changes_nothing() {
    let world = rich().await;
    let saved = json(&world.simulator);
    let changed = |change: &dyn Fn(&mut Value)| {
        let mut changed = saved.clone();
        change(&mut changed);
        let error = world.simulator.load(snapshot(&changed)).unwrap_err();
        assert_eq!(json(&world.simulator), saved);
        error.to_string()
    };
    let text = changed(&|json| json["format"] = json!(7));
    assert_eq!(text, "the snapshot has format 7, and this is 1");
    let text = changed(&|json| json["rows"][0]["kind"] = json!("planet"));
    assert_eq!(text, "there is no kind of row \"planet\"");
    let orphan = json!({ "kind": "member", "key": ["nowhere", "lin"], "value": {} });
    let text = changed(&|json| json["rows"].as_array_mut().unwrap().push(orphan.clone()));
    assert_eq!(text, "member: a row that belongs to nothing");
    let odd = json!({ "kind": "account", "key": [7], "value": {} });
    let text = changed(&|json| json["rows"].as_array_mut().unwrap().push(odd.clone()));
    assert!(text.starts_with("account: a row"), "{text}");
}

#[tokio::test]
async fn a_message_is_a_duplicate_after_a_restart_too() {
    let folder = tempfile::tempdir().unwrap();
    let start = async || {
        let clock = tencent_chat_usersig::FixedClock::new(NOW);
        let builder = Simulator::builder(APP, "key").admins(["lin", "mei"]);
        let simulator = builder.clock(clock).data_dir(folder.path()).start();
        let simulator = simulator.await.unwrap();
        let client = tencent_chat_client::Client::builder(APP, "lin", "key")
            .clock(tencent_chat_usersig::FixedClock::new(NOW))
            .base_url(simulator.base_url())
            .build()
            .unwrap();
        (simulator, client)
    };
    let message = SendMsg::new("mei", text("once"));
    let (simulator, client) = start().await;
    assert!(!simulator.is_restored());
    let first = client.send(&message).await.unwrap();
    let by_device = simulator.send_as("lin", "mei", text("by a device")).await;
    simulator.stop().await;

    let (simulator, client) = start().await;
    assert!(simulator.is_restored());
    let again = client.send(&message).await.unwrap();
    assert_eq!(again.msg_key, first.msg_key);
    assert_eq!(simulator.journal().last().unwrap().applied, 0);
    // A repeated send from a device is another message.
    let other = simulator.send_as("lin", "mei", text("by a device")).await;
    assert_ne!(other.unwrap(), by_device.unwrap());
    let history = GetC2cHistory::new(GetC2cHistoryRequired {
        operator_account: "lin".into(),
        peer_account: "mei".into(),
        max_cnt: 10,
        min_time: 0,
        max_time: u32::MAX.into(),
    });
    assert_eq!(client.send(&history).await.unwrap().msg_cnt, 3);
}

#[tokio::test]
async fn a_group_is_on_its_members_lists_as_its_messages_come() {
    let world = World::new().await;
    world.group(GroupType::PUBLIC, "chess").await;
    let listed = async |user: &str| {
        let list = world.ok(GetConversationList::new(user, 7)).await;
        let list = list.session_item.into_iter();
        let list: Vec<_> = list
            .map(|found| {
                (
                    found.group_id.unwrap(),
                    found.msg_time,
                    found.top_flag.is_on(),
                )
            })
            .collect();
        list
    };
    let send = async |words: &str| {
        let message = SendGroupMsg::new("chess", text(words)).with_from_account("lin");
        world.ok(message).await;
    };
    assert_eq!(listed("mei").await, []);
    send("one").await;
    let once = [("chess".to_owned(), NOW, false)];
    assert_eq!(listed("mei").await, once);
    // A member who joins later has it from the next message on.
    world.simulator.join_group("bob", "chess").unwrap();
    assert_eq!(listed("bob").await, []);
    // A conversation that was removed comes back with the next message; one that was left stays away.
    let gone = DeleteConversation::new("mei", ContactType::GROUP).with_to_group_id("chess");
    world.ok(gone).await;
    assert_eq!(listed("mei").await, []);
    world.simulator.leave_group("ada", "chess").unwrap();
    assert_eq!(listed("ada").await, once);
    world.clock.set(NOW + 60);
    send("two").await;
    let again = [("chess".to_owned(), NOW + 60, false)];
    assert_eq!(listed("mei").await, again);
    assert_eq!(listed("bob").await, again);
    assert_eq!(listed("ada").await, once);
    let item = PinnedContact::new(ContactType::GROUP).with_group_id("chess");
    let pin = PinConversations::new("mei", PinOperation::PIN, [item]);
    world.ok(pin).await;
    assert_eq!(listed("mei").await, [("chess".to_owned(), NOW + 60, true)]);
    world.ok(DestroyGroup::new("chess")).await;
    for user in ["lin", "mei", "ada", "bob"] {
        assert_eq!(listed(user).await, []);
    }
}
