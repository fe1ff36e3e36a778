//! Every sample request of every command through the client, over HTTP, against the simulator: the outcome is a
//! reply or a code that the command's page documents.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::{collections::BTreeSet, fmt::Write as _, future::Future, path::Path, pin::Pin};
use tencent_chat_client::ErrorKind;
use tencent_chat_tests::world::{APP, NOW, World, text};
use tencent_chat_types::{
    ENDPOINTS, Endpoint, EndpointVisitor, ErrorCode, Repeat,
    account::ImportAccounts,
    group::{
        CreateGroup, CreatePermissionGroup, CreatePermissionGroupRequired, CreateTopic,
        CreateTopicRequired, UpdateGroupCounters, create_group::NewMember,
    },
    message::{PinGroupMsg, SendGroupMsg, SendMsg},
    model::{GroupCounter, GroupType, OfflinePushInfo, ScheduledPushContent, ScheduledPushType},
    push::SetAttributeNames,
    relationship::{
        AddFriends,
        add_friends::{NewFriend, NewFriendRequired},
    },
    timpush::{PushToAll, SchedulePush, SchedulePushRequired},
    visit_endpoint,
};
use xtask::codegen::load;

/// Keys in the samples, which stand for the key of a message that was sent.
const MSG_KEYS: [&str; 4] = [
    "28460_19901224_1700000000",
    "7001_12_1700000000",
    "7001_4294967295_1700000100",
    "7002_12_1700000160",
];

/// The people and groups of the samples.
struct Populated {
    world: World,
    /// A live group, whose ID the samples cannot know.
    live: String,
    /// Key of a message from lin to mei, likewise.
    key: String,
    /// ID of a scheduled push to all, likewise.
    task: u64,
    /// Id of a push, likewise.
    push: String,
}

async fn populated() -> Populated {
    let world = World::new().await;
    world.ok(ImportAccounts::new(["ana", "coach"])).await;
    for (id, kind) in [
        ("chess-club", GroupType::PUBLIC),
        ("chess", GroupType::PUBLIC),
        ("old-chess-club", GroupType::WORK),
    ] {
        let group = CreateGroup::new(kind, "Chess").with_owner_account("lin");
        let members = ["mei", "coach"].map(NewMember::new);
        world
            .ok(group.with_group_id(id).with_member_list(members))
            .await;
    }
    let community = CreateGroup::new(GroupType::COMMUNITY, "All of chess");
    let community = community
        .with_group_id("@TGS#_@TGS#cEXAMPLE")
        .with_support_topic(true);
    world.ok(community).await;
    let topic = CreateTopic::new(CreateTopicRequired {
        group_id: "@TGS#_@TGS#cEXAMPLE".into(),
        topic_name: "Openings".into(),
    });
    world
        .ok(topic.with_topic_id("@TGS#_@TGS#cEXAMPLE@TOPIC#_lobby"))
        .await;
    for number in 1..4 {
        world
            .ok(SendGroupMsg::new("chess-club", text("e4")).with_random(number))
            .await;
    }
    let message = SendMsg::new("mei", text("e5"))
        .with_msg_random(1)
        .with_from_account("lin");
    let sent = world.ok(message.with_support_message_extension(true)).await;
    world
        .ok(AddFriends::new(
            "lin",
            [NewFriend::new(NewFriendRequired {
                to_account: "mei".into(),
                add_source: "AddSource_Type_Web".into(),
            })],
        ))
        .await;
    let names = [
        ("0".to_owned(), "city".to_owned()),
        ("1".to_owned(), "level".to_owned()),
    ];
    world.ok(SetAttributeNames::new(names)).await;
    world
        .ok(UpdateGroupCounters::new(
            "chess-club",
            [GroupCounter::new("wins", 5)],
        ))
        .await;
    for id in ["@PMG#_coaches", "@PMG#_old"] {
        let group = CreatePermissionGroup::new(CreatePermissionGroupRequired {
            group_id: "@TGS#_@TGS#cEXAMPLE".into(),
            permission_group_name: "Coaches".into(),
            permission: 3,
        });
        world.ok(group.with_permission_group_id(id)).await;
    }
    let content = ScheduledPushContent::new().with_offline_push_info(OfflinePushInfo::default());
    let schedule = SchedulePush::new(SchedulePushRequired {
        sdkappid: APP,
        r#type: ScheduledPushType::ALL,
        sched_at: "2027-06-01 10:00:00".into(),
        content,
    });
    let task = world.ok(schedule).await.task_id;
    let notification = OfflinePushInfo::default().with_title("Tonight");
    let push = PushToAll::new()
        .with_msg_random(1)
        .with_offline_push_info(notification);
    let push = world.ok(push).await.task_id;
    world.ok(PinGroupMsg::new("chess-club", 1)).await;
    let live = world.live_group().await;
    world.simulator.join_group("coach", &live).unwrap();
    world
        .simulator
        .set_online("coach", "Web", "Online")
        .unwrap();
    world.clock.set(NOW + 10_000);
    Populated {
        world,
        live,
        key: sent.msg_key.unwrap(),
        task,
        push,
    }
}

/// Calls a command with a JSON request.
struct Call<'a> {
    world: &'a World,
    json: &'a str,
}

impl<'a> EndpointVisitor for Call<'a> {
    type Output = Pin<Box<dyn Future<Output = Option<ErrorCode>> + 'a>>;
    fn visit<E: Endpoint + Clone + PartialEq + std::fmt::Debug>(self) -> Self::Output {
        let request: E = serde_json::from_str(self.json).unwrap();
        Box::pin(async move {
            match self.world.client.send(&request).await {
                Ok(_) => None,
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::Api, "{error}");
                    error.code()
                }
            }
        })
    }
}

#[tokio::test]
async fn every_command_answers() {
    let spec = load::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../spec"));
    let spec = spec.unwrap_or_else(|errors| panic!("{}", errors.render()));
    let mut called = BTreeSet::new();
    let mut table = String::new();
    for endpoint in &spec.endpoints {
        let path = endpoint.file.path.value.as_str();
        for sample in &endpoint.file.samples {
            let Some(request) = &sample.request else {
                continue;
            };
            let world = populated().await;
            let (live, key) = (&world.live, &world.key);
            let json = request.value.replace("@TGS#aEXAMPLE", live);
            let json = MSG_KEYS
                .iter()
                .fold(json, |json, held| json.replace(held, key))
                .replace("1234567890", &world.task.to_string())
                .replace("1400000000_1_2_3", &world.push);
            let call = Call {
                world: &world.world,
                json: &json,
            };
            let code = visit_endpoint(path, call).unwrap().await;
            let entry = world.world.simulator.journal().pop().unwrap();
            assert_eq!(entry.path, path);
            let meta = ENDPOINTS.iter().find(|meta| meta.path == path).unwrap();
            if code.is_some() || meta.repeat == Repeat::Read {
                // Neither who asks nor who is refused has changed anything.
                let sample = &sample.name.value;
                assert_eq!(entry.changes(), [], "{path} {sample}");
            }
            if let Some(code) = code {
                let documented = endpoint
                    .file
                    .errors
                    .iter()
                    .any(|known| known.value == code.0);
                assert!(
                    documented,
                    "{path} {}: {code} is not documented",
                    sample.name.value
                );
            }
            called.insert(path);
            let code = code.map_or_else(|| "ok".to_owned(), |code| code.0.to_string());
            let sample = &sample.name.value;
            writeln!(
                table,
                "{code:>6}  {}/{} {sample}",
                endpoint.family, endpoint.name
            )
            .unwrap();
        }
    }
    let all: BTreeSet<&str> = ENDPOINTS.iter().map(|meta| meta.path).collect();
    assert_eq!(called, all);
    insta::assert_snapshot!("every_command", table);
}
