//! Webhooks of the simulator over HTTP: which ask, which notify, and the effect of answers and of missing ones.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{StatusCode, Uri},
    response::{Html, IntoResponse, Response},
};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    future::Future,
    path::Path,
    pin::Pin,
    sync::{Arc, Mutex, OnceLock},
    time::{Duration, Instant},
};
use tencent_chat_client::Client;
use tencent_chat_simulator::{
    Fault, Simulator, Unanswered, WebhookDelivery, WebhookFailure, WebhookTarget,
};
use tencent_chat_tests::world::{APP, NOW, World, text};
use tencent_chat_types::{
    Endpoint, ErrorCode,
    account::{DeleteAccounts, InvalidateLogin},
    chatbot::CreateChatbot,
    group::{
        AddGroupMembers, ChangeGroupOwner, ChangeGroupOwnerRequired, ClearGroupAttributes,
        CreateGroup, CreateTopic, CreateTopicRequired, DeleteGroupAttributes, DeleteGroupMembers,
        DestroyGroup, DestroyTopics, GetTopics, GetTopicsRequired, ListGroups, ModifyGroup,
        ModifyGroupAttributes, ModifyGroupMember, ModifyGroupMemberRequired, ModifyTopic,
        ModifyTopicRequired, ResetGroupAttributes,
    },
    message::{
        GetC2cHistory, GetC2cHistoryRequired, GetGroupHistory, MarkC2cMsgsRead,
        MarkC2cMsgsReadRequired, RecallC2cMsg, RecallC2cMsgRequired, RecallGroupMsgs, SendGroupMsg,
        SendMsg, SendMsgToMany,
    },
    model::{
        ForbidCallbackControl, GroupAt, GroupAttribute, GroupAttributeRequired, GroupType,
        MemberAccount, MsgElement, ProfileItem, ProfileTag,
    },
    profile::SetProfile,
    relationship::{
        AddFriends, BlockUsers, DeleteFriends, UnblockUsers,
        add_friends::{NewFriend, NewFriendRequired},
    },
    webhook::{
        C2cBeforeSendMsg, C2cBeforeSendMsgAnswer, C2cBeforeSendMsgRequired, StateChange, Webhook,
        WebhookVisitor,
        state::state_change::{StateAction, StateReason, UserState},
        visit_webhook,
    },
};
use tencent_chat_webhook::{Received, Receiver, Webhooks};
use tokio::{
    net::{TcpListener, TcpSocket},
    sync::Notify,
    task::JoinHandle,
    time::sleep,
};
use xtask::codegen::load;

const TOKEN: &str = "a token of the tests";

const ASK_C2C: &str = "C2C.CallbackBeforeSendMsg";
const ASK_GROUP: &str = "Group.CallbackBeforeSendMsg";
const TELL_C2C: &str = "C2C.CallbackAfterSendMsg";

/// An app's answers, written by hand as an app in any language would.
#[derive(Clone, Debug)]
enum Says {
    Json(Value),
    Status(u16),
    Page,
    /// A body of this many bytes.
    Bytes(usize),
    /// Nothing, for longer than anybody waits.
    Nothing,
}

#[derive(Default)]
struct Script {
    /// Next answers by webhook, then the last one for good.
    answers: BTreeMap<String, VecDeque<Says>>,
    /// Query and body of every request.
    seen: Vec<(String, Vec<u8>)>,
}

/// An app that answers by a script, and allows everything after it.
struct App {
    url: String,
    script: Arc<Mutex<Script>>,
    task: JoinHandle<()>,
}

impl Drop for App {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(router: Router) -> (String, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook?of=tests", listener.local_addr().unwrap());
    (
        url,
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() }),
    )
}

async fn answer(State(script): State<Arc<Mutex<Script>>>, uri: Uri, body: Bytes) -> Response {
    let says = {
        let mut script = script.lock().unwrap();
        let query = uri.query().unwrap_or_default().to_owned();
        script.seen.push((query, body.to_vec()));
        let body: Value = serde_json::from_slice(&body).unwrap();
        let command = body["CallbackCommand"].as_str().unwrap();
        match script.answers.get_mut(command) {
            Some(answers) if answers.len() > 1 => answers.pop_front(),
            Some(answers) => answers.front().cloned(),
            None => None,
        }
    };
    match says.unwrap_or(Says::Json(json!({ "ActionStatus": "OK", "ErrorCode": 0 }))) {
        Says::Json(json) => json.to_string().into_response(),
        Says::Status(status) => StatusCode::from_u16(status).unwrap().into_response(),
        Says::Page => Html("<html><body>Welcome to nginx!</body></html>").into_response(),
        Says::Bytes(bytes) => " ".repeat(bytes).into_response(),
        Says::Nothing => {
            sleep(Duration::from_secs(60)).await;
            StatusCode::OK.into_response()
        }
    }
}

impl App {
    async fn start() -> Self {
        let script = Arc::<Mutex<Script>>::default();
        let router = Router::new()
            .fallback(answer)
            .with_state(Arc::clone(&script));
        let (url, task) = serve(router).await;
        Self { url, script, task }
    }

    fn says(&self, command: &str, answers: impl IntoIterator<Item = Says>) {
        let answers = answers.into_iter().collect();
        let mut script = self.script.lock().unwrap();
        script.answers.insert(command.to_owned(), answers);
    }

    /// Patient, so that a busy machine makes nothing late.
    fn target(&self) -> WebhookTarget {
        let target = WebhookTarget::new(self.url.as_str()).token(TOKEN);
        target.timeout(Duration::from_secs(60))
    }

    fn seen(&self) -> Vec<(String, Vec<u8>)> {
        self.script.lock().unwrap().seen.clone()
    }
}

/// A world whose webhooks go to an app.
async fn with_app() -> (World, App) {
    let (world, app) = (World::new().await, App::start().await);
    world.simulator.set_webhooks(app.target()).unwrap();
    (world, app)
}

fn code(code: i64) -> Says {
    Says::Json(json!({ "ActionStatus": "OK", "ErrorInfo": "no", "ErrorCode": code }))
}

fn commands(deliveries: &[WebhookDelivery]) -> Vec<&'static str> {
    deliveries.iter().map(|sent| sent.command).collect()
}

/// Texts that mei has from lin.
async fn texts(world: &World) -> Vec<String> {
    let history = world
        .ok(GetC2cHistory::new(GetC2cHistoryRequired {
            operator_account: "mei".into(),
            peer_account: "lin".into(),
            max_cnt: 100,
            min_time: NOW,
            max_time: NOW + 100,
        }))
        .await;
    history
        .msg_list
        .iter()
        .map(|message| first(&message.msg_body))
        .collect()
}

async fn group_texts(world: &World, group: &str) -> Vec<String> {
    let history = world.ok(GetGroupHistory::new(group, 20)).await;
    let list = history.rsp_msg_list.iter().rev();
    list.map(|message| first(message.msg_body.as_ref().unwrap()))
        .collect()
}

fn first(body: &[MsgElement]) -> String {
    match &body[0] {
        MsgElement::Text(text) => text.text.clone(),
        other => other.tag().to_owned(),
    }
}

fn to_mei(random: u32, words: &str) -> SendMsg {
    SendMsg::new("mei", text(words))
        .with_msg_random(random)
        .with_from_account("lin")
        .with_msg_seq(random)
}

async fn refusal<E: Endpoint>(world: &World, request: E) -> (i64, String) {
    let error = world.client.send(&request).await.unwrap_err();
    let words = error.server_text().unwrap_or_default().to_owned();
    (error.code().unwrap().0, words)
}

#[tokio::test]
async fn one_to_one_messages_are_as_the_app_answers() {
    let (world, app) = with_app().await;
    world.ok(to_mei(1, "allowed")).await;
    app.says(ASK_C2C, [code(1)]);
    assert_eq!(refusal(&world, to_mei(2, "refused")).await.0, 20006);
    app.says(ASK_C2C, [code(120_001)]);
    assert_eq!(
        refusal(&world, to_mei(3, "refused")).await,
        (120_001, "no".to_owned())
    );
    app.says(ASK_C2C, [code(130_000)]);
    assert_eq!(
        refusal(&world, to_mei(4, "refused")).await,
        (130_000, "no".to_owned())
    );
    app.says(ASK_C2C, [code(2)]);
    let dropped = world.ok(to_mei(5, "dropped")).await;
    assert_eq!(dropped.msg_key.as_deref(), Some("5_5_1700000000"));
    let body = json!([{ "MsgType": "TIMTextElem", "MsgContent": { "Text": "changed" } }]);
    let change = json!({ "ErrorCode": 0, "MsgBody": body, "CloudCustomData": "by the app" });
    app.says(ASK_C2C, [Says::Json(change)]);
    world.ok(to_mei(6, "to be changed")).await;
    assert_eq!(texts(&world).await, ["allowed", "changed"]);
    let history = world
        .ok(GetC2cHistory::new(GetC2cHistoryRequired {
            operator_account: "lin".into(),
            peer_account: "mei".into(),
            max_cnt: 100,
            min_time: NOW,
            max_time: NOW + 1,
        }))
        .await;
    assert_eq!(
        history.msg_list[1].cloud_custom_data.as_deref(),
        Some("by the app")
    );
    // A refused message may be sent again, with the same numbers, and the app is asked again.
    app.says(ASK_C2C, [code(0)]);
    world.ok(to_mei(2, "refused")).await;
    assert_eq!(texts(&world).await, ["allowed", "changed", "refused"]);
    world.simulator.webhooks_idle().await;
    let deliveries = world.simulator.deliveries();
    let told = deliveries.iter().filter(|sent| sent.command == TELL_C2C);
    let told: Vec<&Value> = told.map(|sent| &sent.event["MsgKey"]).collect();
    assert_eq!(told, ["1_1_1700000000", "6_6_1700000000", "2_2_1700000000"]);
}

#[tokio::test]
async fn group_messages_are_as_the_app_answers() {
    let (world, app) = with_app().await;
    let group = world.group(GroupType::PUBLIC, "chess").await;
    let send = |random: u32, words: &str| {
        SendGroupMsg::new(group.as_str(), text(words))
            .with_random(random)
            .with_from_account("mei")
    };
    assert_eq!(world.ok(send(1, "allowed")).await.msg_seq, Some(1));
    app.says(ASK_GROUP, [code(1)]);
    assert_eq!(refusal(&world, send(2, "refused")).await.0, 10016);
    app.says(ASK_GROUP, [code(10_100)]);
    assert_eq!(
        refusal(&world, send(3, "refused")).await,
        (10_100, "no".to_owned())
    );
    app.says(ASK_GROUP, [code(2)]);
    let dropped = world.ok(send(4, "dropped")).await;
    assert!(dropped.msg_time.is_some() && dropped.msg_seq.is_some());
    let body = json!([{ "MsgType": "TIMTextElem", "MsgContent": { "Text": "changed" } }]);
    app.says(
        ASK_GROUP,
        [Says::Json(json!({ "ErrorCode": 0, "MsgBody": body }))],
    );
    let changed = world.ok(send(5, "to be changed")).await;
    assert_eq!(changed.msg_seq, Some(2), "nothing was stored in between");
    assert_eq!(group_texts(&world, &group).await, ["allowed", "changed"]);

    // The app is not asked about duplicates of a message that counts as sent, whatever it answered.
    let before = app.seen().len();
    assert_eq!(world.ok(send(5, "to be changed")).await.msg_seq, Some(2));
    assert_eq!(world.ok(send(4, "dropped")).await.msg_seq, dropped.msg_seq);
    assert_eq!(group_texts(&world, &group).await, ["allowed", "changed"]);
    world.simulator.webhooks_idle().await;
    let later = app.seen().split_off(before);
    let asked = later.iter().filter(|(query, _)| query.contains(ASK_GROUP));
    assert_eq!(asked.count(), 0);
}

#[tokio::test]
async fn groups_topics_and_members_are_as_the_app_answers() {
    let (world, app) = with_app().await;
    let (community, _) = world.community().await;
    let create = || CreateGroup::new(GroupType::PUBLIC, "new").with_owner_account("lin");
    let topic = || {
        CreateTopic::new(CreateTopicRequired {
            group_id: community.as_str().into(),
            topic_name: "endgames".into(),
        })
    };
    let group = world.group(GroupType::PUBLIC, "chess").await;
    let add = |users: &[&str]| {
        let members: Vec<MemberAccount> =
            users.iter().map(|user| MemberAccount::new(*user)).collect();
        AddGroupMembers::new(group.as_str(), members)
    };

    let ask = "Group.CallbackBeforeCreateGroup";
    let groups = world.ok(ListGroups::new()).await.total_count;
    app.says(ask, [code(1), code(10_200)]);
    assert_eq!(refusal(&world, create()).await.0, 10016);
    assert_eq!(refusal(&world, create()).await, (10_200, "no".to_owned()));
    assert_eq!(world.ok(ListGroups::new()).await.total_count, groups);
    app.says(ask, [code(0)]);
    world.ok(create()).await;
    assert_eq!(world.ok(ListGroups::new()).await.total_count, groups + 1);

    let ask = "Group.CallbackBeforeCreateTopic";
    let topics = || {
        world.ok(GetTopics::new(GetTopicsRequired {
            group_id: community.as_str().into(),
            from_account: "lin".into(),
        }))
    };
    app.says(ask, [code(1), code(10_150)]);
    assert_eq!(refusal(&world, topic()).await.0, 10016);
    assert_eq!(refusal(&world, topic()).await, (10_150, "no".to_owned()));
    assert_eq!(topics().await.topic_and_self_info.len(), 1);
    app.says(ask, [code(0)]);
    world.ok(topic()).await;
    assert_eq!(topics().await.topic_and_self_info.len(), 2);

    let ask = "Group.CallbackBeforeInviteJoinGroup";
    app.says(ask, [code(1), code(10_101)]);
    assert_eq!(refusal(&world, add(&["bob"])).await.0, 10016);
    assert_eq!(
        refusal(&world, add(&["bob"])).await,
        (10_101, "no".to_owned())
    );
    let some = json!({ "ErrorCode": 0, "RefusedMembers_Account": ["bob"] });
    app.says(ask, [Says::Json(some)]);
    let added = world.ok(add(&["bob", "administrator", "mei"])).await;
    let outcomes: Vec<i64> = added
        .member_list
        .iter()
        .map(|member| member.result.0)
        .collect();
    assert_eq!(outcomes, [0, 1, 2], "refused, added, a member before");
    let joining = "Group.CallbackAfterNewMemberJoin";
    world.simulator.webhooks_idle().await;
    let deliveries = world.simulator.deliveries();
    let joined: Vec<_> = deliveries
        .iter()
        .filter(|sent| sent.command == joining)
        .collect();
    assert_eq!(joined.len(), 1);
    let members = json!([{ "Member_Account": "administrator" }]);
    assert_eq!(joined[0].event["NewMemberList"], members);
    assert_eq!(joined[0].event["JoinType"], "Invited");
    // No item is left to ask about.
    let before = app.seen().len();
    world.ok(add(&["mei", "nobody"])).await;
    assert_eq!(app.seen().len(), before);
}

#[tokio::test]
async fn devices_get_what_the_app_answers() {
    let (world, app) = with_app().await;
    let group = world.group(GroupType::PUBLIC, "chess").await;
    let simulator = &world.simulator;

    app.says(ASK_C2C, [code(1), code(120_002), code(0)]);
    let refused = simulator
        .send_as("lin", "mei", text("hi"))
        .await
        .unwrap_err();
    assert_eq!(refused.code, ErrorCode::C2C_REFUSED_BY_WEBHOOK);
    let refused = simulator
        .send_as("lin", "mei", text("hi"))
        .await
        .unwrap_err();
    assert_eq!((refused.code.0, refused.text.as_str()), (120_002, "no"));
    let key = simulator.send_as("lin", "mei", text("hi")).await.unwrap();
    assert!(key.ends_with("_1700000000"), "{key}");
    assert_eq!(texts(&world).await, ["hi"]);

    app.says(ASK_GROUP, [code(1), code(0)]);
    let refused = simulator
        .send_group_msg_as("mei", &group, text("hi"))
        .await
        .unwrap_err();
    assert_eq!(refused.code, ErrorCode::GROUP_REFUSED_BY_WEBHOOK);
    assert_eq!(
        simulator.send_group_msg_as("mei", &group, text("hi")).await,
        Ok(1)
    );

    app.says(
        "Group.CallbackBeforeApplyJoinGroup",
        [code(1), code(10_177), code(0)],
    );
    let refused = simulator.apply_to_join("bob", &group).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::GROUP_REFUSED_BY_WEBHOOK);
    let refused = simulator.apply_to_join("bob", &group).await.unwrap_err();
    assert_eq!((refused.code.0, refused.text.as_str()), (10_177, "no"));
    simulator.apply_to_join("bob", &group).await.unwrap();
    let refused = simulator.join_group("bob", &group).unwrap_err();
    assert_eq!(refused.code, ErrorCode::GROUP_ALREADY_MEMBER);

    let some = json!({ "ErrorCode": 0, "ResultItem": [
        { "To_Account": "mei", "ResultCode": 38_002, "ResultInfo": "strangers only" }
    ] });
    app.says("Sns.CallbackPrevFriendAdd", [Says::Json(some), code(0)]);
    let refused = simulator.add_friend_as("lin", "mei").await.unwrap_err();
    assert_eq!(
        (refused.code.0, refused.text.as_str()),
        (38_002, "strangers only")
    );
    simulator.add_friend_as("lin", "mei").await.unwrap();

    simulator.webhooks_idle().await;
    for sent in simulator.deliveries() {
        let expected = match sent.command.contains("CreateGroup") {
            true => "RESTAPI",
            false => "Web",
        };
        assert_eq!(sent.platform.as_str(), expected, "{}", sent.command);
    }
}

/// The effect of the policy for each way to give no answer.
#[tokio::test]
async fn without_an_answer_the_policy_decides() {
    let nonsense = json!({ "ErrorCode": 3 });
    let wrong_shape = json!({ "ErrorCode": 0, "MsgBody": 7 });
    let cases = [
        (Says::Nothing, WebhookFailure::Late, None),
        (Says::Status(500), WebhookFailure::Status(500), Some(500)),
        (Says::Status(204), WebhookFailure::Status(204), Some(204)),
        (Says::Page, WebhookFailure::Unparsable, Some(200)),
        (Says::Bytes(0), WebhookFailure::Unparsable, Some(200)),
        (Says::Bytes(70_000), WebhookFailure::TooLarge, Some(200)),
        (Says::Json(json!([])), WebhookFailure::Unparsable, Some(200)),
        (
            Says::Json(wrong_shape),
            WebhookFailure::Unparsable,
            Some(200),
        ),
        (Says::Json(nonsense), WebhookFailure::Meaningless, Some(200)),
    ];
    let (world, app) = with_app().await;
    for (random, (says, failure, status)) in (1..).zip(cases) {
        app.says(ASK_C2C, [says.clone()]);
        let stored = texts(&world).await.len();
        let mut target = app.target().only([ASK_C2C]);
        if failure == WebhookFailure::Late {
            target = target.timeout(Duration::from_millis(300));
        }
        let refusing = target.clone().unanswered(Unanswered::Refuse);
        world.simulator.set_webhooks(refusing).unwrap();
        assert_eq!(
            refusal(&world, to_mei(random, "x")).await.0,
            20006,
            "{says:?}"
        );
        assert_eq!(texts(&world).await.len(), stored, "{says:?}");
        world.simulator.set_webhooks(target).unwrap();
        world.ok(to_mei(random, "x")).await;
        assert_eq!(texts(&world).await.len(), stored + 1, "{says:?}");
        let deliveries = world.simulator.deliveries();
        for sent in &deliveries[deliveries.len() - 2..] {
            assert_eq!(sent.failure, Some(failure), "{says:?}");
            assert_eq!(sent.status, status, "{says:?}");
            assert_eq!(sent.attempt, 1, "what asks is never repeated");
        }
    }
    // The app is gone.
    drop(app);
    // Bound, so that nobody else gets the port, and not listening.
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let deserted = socket.local_addr().unwrap();
    let down = WebhookTarget::new(format!("http://{deserted}")).only([ASK_C2C]);
    world.simulator.set_webhooks(down.clone()).unwrap();
    world.ok(to_mei(100, "x")).await;
    world
        .simulator
        .set_webhooks(down.unanswered(Unanswered::Refuse))
        .unwrap();
    assert_eq!(refusal(&world, to_mei(101, "x")).await.0, 20006);
    let deliveries = world.simulator.deliveries();
    for sent in &deliveries[deliveries.len() - 2..] {
        assert_eq!(sent.failure, Some(WebhookFailure::Unreachable));
    }
}

/// The documented default: two seconds, then it happens.
#[tokio::test]
async fn the_app_has_two_seconds() {
    let (world, app) = with_app().await;
    app.says(ASK_C2C, [Says::Nothing]);
    let target = WebhookTarget::new(app.url.as_str()).only([ASK_C2C]);
    world.simulator.set_webhooks(target).unwrap();
    let began = Instant::now();
    world
        .simulator
        .send_as("lin", "mei", text("x"))
        .await
        .unwrap();
    assert!(began.elapsed() >= Duration::from_secs(2));
    assert_eq!(texts(&world).await, ["x"]);
}

/// Even if the documentation has no code for refusing the whole.
#[tokio::test]
async fn every_question_is_refused_without_an_answer_when_the_policy_says_so() {
    let (world, app) = with_app().await;
    let (community, _) = world.community().await;
    let group = world.group(GroupType::PUBLIC, "chess").await;
    let target = app.target().unanswered(Unanswered::Refuse);
    for command in [
        ASK_GROUP,
        "Group.CallbackBeforeCreateGroup",
        "Group.CallbackBeforeCreateTopic",
        "Group.CallbackBeforeInviteJoinGroup",
        "Group.CallbackBeforeApplyJoinGroup",
        "Sns.CallbackPrevFriendAdd",
    ] {
        app.says(command, [Says::Page]);
    }
    let simulator = &world.simulator;
    simulator.set_webhooks(target).unwrap();
    let send = SendGroupMsg::new(group.as_str(), text("x"))
        .with_random(1)
        .with_from_account("mei");
    assert_eq!(world.code(send).await, 10016);
    assert_eq!(
        world.code(CreateGroup::new(GroupType::PUBLIC, "new")).await,
        10016
    );
    assert_eq!(
        world
            .code(CreateTopic::new(CreateTopicRequired {
                group_id: community.as_str().into(),
                topic_name: "new".into(),
            }))
            .await,
        10016
    );
    let add = AddGroupMembers::new(group.as_str(), [MemberAccount::new("bob")]);
    assert_eq!(world.code(add).await, 10016);
    assert_eq!(
        simulator
            .apply_to_join("bob", &group)
            .await
            .unwrap_err()
            .code
            .0,
        10016
    );
    let refused = simulator.add_friend_as("lin", "mei").await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::FRIEND_ADD_DENIED);
}

#[tokio::test]
async fn requests_are_signed_and_say_what_they_are() {
    let (world, app) = with_app().await;
    world.ok(to_mei(1, "hello")).await;
    world
        .simulator
        .send_as("lin", "mei", text("from a device"))
        .await
        .unwrap();
    world.simulator.webhooks_idle().await;
    let seen = app.seen();
    assert_eq!(seen.len(), 4);
    let receiver = || Receiver::new(APP, TOKEN).clock(world.clock.clone());
    for (query, body) in &seen {
        let delivery = receiver().receive(query, body).unwrap();
        assert!(
            query.starts_with("of=tests&SdkAppid=1400000000&CallbackCommand="),
            "{query}"
        );
        assert!(
            query.contains("&contenttype=json&ClientIP=127.0.0.1&OptPlatform="),
            "{query}"
        );
        let from = delivery.origin.client_ip.as_deref();
        assert_eq!(from, Some("127.0.0.1"));
        let other = Receiver::new(APP, "another token").clock(world.clock.clone());
        assert_eq!(
            other.receive(query, body).unwrap_err().name(),
            "bad_signature"
        );
        let other = Receiver::new(APP + 1, TOKEN).clock(world.clock.clone());
        assert_eq!(other.receive(query, body).unwrap_err().name(), "wrong_app");
    }
    world.clock.set(NOW + 3_600);
    let (query, body) = &seen[0];
    assert_eq!(receiver().receive(query, body).unwrap_err().name(), "stale");
    // The time is that of the request.
    world.ok(to_mei(2, "later")).await;
    world.simulator.webhooks_idle().await;
    let (query, body) = &app.seen()[4];
    receiver().receive(query, body).unwrap();

    world
        .simulator
        .set_webhooks(WebhookTarget::new(app.url.as_str()))
        .unwrap();
    world.ok(to_mei(3, "unsigned")).await;
    let (query, body) = app.seen().pop().unwrap();
    assert!(
        !query.contains("Sign=") && !query.contains("RequestTime="),
        "{query}"
    );
    assert_eq!(
        receiver().receive(&query, &body).unwrap_err().name(),
        "unsigned"
    );
    assert!(!format!("{:?}", app.target()).contains(TOKEN));
}

/// Every event that state changes imply, in the order of the changes, each once.
#[tokio::test]
async fn the_app_is_told_of_all_changes_in_order() {
    let (world, app) = with_app().await;
    let simulator = &world.simulator;
    // One-to-one messages; messages to several receivers at once are not reported.
    let sent = world.ok(to_mei(1, "hello")).await;
    world
        .ok(SendMsgToMany::new(["mei", "ada"], text("all")).with_msg_random(2))
        .await;
    world
        .ok(MarkC2cMsgsRead::new(MarkC2cMsgsReadRequired {
            report_account: "mei".into(),
            peer_account: "lin".into(),
        }))
        .await;
    world
        .ok(RecallC2cMsg::new(RecallC2cMsgRequired {
            from_account: "lin".into(),
            to_account: "mei".into(),
            msg_key: sent.msg_key.unwrap(),
        }))
        .await;
    world.ok(CreateChatbot::new("@RBT#weather")).await;
    let asks = SendMsg::new("@RBT#weather", text("rain?"))
        .with_msg_random(3)
        .with_msg_seq(4)
        .with_from_account("lin");
    world.ok(asks).await;
    simulator
        .send_as("mei", "lin", text("from a device"))
        .await
        .unwrap();
    simulator.read_msgs("lin", "mei").unwrap();
    // A group.
    let group = world.group(GroupType::PUBLIC, "chess").await;
    let id = group.as_str();
    let say = SendGroupMsg::new(id, text("hi"))
        .with_random(1)
        .with_from_account("mei");
    let seq = world.ok(say).await.msg_seq.unwrap();
    let mentions = [
        GroupAt::new(false).with_group_at_account("@RBT#weather"),
        GroupAt::new(false).with_group_at_account("ada"),
    ];
    let mention = SendGroupMsg::new(id, text("rain?"))
        .with_random(9)
        .with_from_account("mei");
    world.ok(mention.with_group_at_info(mentions)).await;
    let all = GroupAt::new(true).with_group_at_account("@RBT#weather");
    let mention = SendGroupMsg::new(id, text("all of you"))
        .with_random(10)
        .with_from_account("mei");
    world.ok(mention.with_group_at_info([all])).await;
    simulator.read_group_msgs("ada", id, seq).unwrap();
    simulator.read_group_msgs("ada", id, seq).unwrap();
    let recall = tencent_chat_types::model::MsgSeqItem::new(seq);
    world.ok(RecallGroupMsgs::new(id, [recall])).await;
    let stranger = SendGroupMsg::new(id, text("hi"))
        .with_random(2)
        .with_from_account("bob");
    world.code(stranger).await;
    world
        .ok(ModifyGroup::new(id)
            .with_name("Chess club")
            .with_max_member_num(5_u64))
        .await;
    world.ok(ModifyGroup::new(id).with_name("Chess club")).await;
    let add = AddGroupMembers::new(
        id,
        [
            MemberAccount::new("administrator"),
            MemberAccount::new("ada"),
        ],
    );
    world.ok(add).await;
    simulator.join_group("bob", id).unwrap();
    let late = AddGroupMembers::new(id, [MemberAccount::new("@RBT#weather")]);
    assert_eq!(world.code(late).await, ErrorCode::GROUP_FULL.0);
    world
        .ok(ModifyGroupMember::new(ModifyGroupMemberRequired {
            group_id: id.into(),
            member_account: "ada".into(),
        })
        .with_name_card("Ada")
        .with_role("Admin"))
        .await;
    world
        .ok(ModifyGroupMember::new(ModifyGroupMemberRequired {
            group_id: id.into(),
            member_account: "ada".into(),
        })
        .with_name_card("Ada"))
        .await;
    world
        .ok(DeleteGroupMembers::new(id, ["bob", "nobody"]))
        .await;
    simulator.leave_group("administrator", id).unwrap();
    world
        .ok(ChangeGroupOwner::new(ChangeGroupOwnerRequired {
            group_id: id.into(),
            new_owner_account: "mei".into(),
        }))
        .await;
    let pair = || {
        [GroupAttribute::new(GroupAttributeRequired {
            key: "table".into(),
            value: "4".into(),
        })]
    };
    world.ok(ModifyGroupAttributes::new(id, pair())).await;
    world.ok(ResetGroupAttributes::new(id, pair())).await;
    let key = tencent_chat_types::group::delete_group_attributes::GroupAttributeKey::new("table");
    world.ok(DeleteGroupAttributes::new(id, [key])).await;
    world.ok(ClearGroupAttributes::new(id)).await;
    world.ok(DestroyGroup::new(id)).await;
    // A community.
    let (community, topic) = world.community().await;
    world
        .ok(ModifyTopic::new(ModifyTopicRequired {
            group_id: community.as_str().into(),
            topic_id: topic.as_str().into(),
        })
        .with_topic_name("First"))
        .await;
    world
        .ok(DestroyTopics::new(community.as_str(), [topic.as_str()]))
        .await;
    // A live group.
    let live = world.live_group().await;
    simulator.set_online("mei", "Web", "Offline").unwrap();
    simulator.set_online("mei", "Web", "Online").unwrap();
    simulator.leave_group("mei", &live).unwrap();
    simulator.set_online("lin", "iPhone", "Online").unwrap();
    simulator.set_online("lin", "iPhone", "PushOnline").unwrap();
    world.ok(InvalidateLogin::new("lin")).await;
    world.ok(InvalidateLogin::new("lin")).await;
    // Profiles and friends.
    let nick = ProfileItem::new(ProfileTag::NICK, "Lin");
    world.ok(SetProfile::new("lin", [nick])).await;
    let friend = |user: &str| {
        NewFriend::new(NewFriendRequired {
            to_account: user.into(),
            add_source: "AddSource_Type_Test".into(),
        })
    };
    world
        .ok(AddFriends::new(
            "lin",
            [friend("mei"), friend("ada"), friend("nobody")],
        ))
        .await;
    world.ok(AddFriends::new("lin", [friend("mei")])).await;
    simulator.add_friend_as("bob", "lin").await.unwrap();
    world.ok(DeleteFriends::new("lin", ["ada"])).await;
    world.ok(BlockUsers::new("lin", ["mei"])).await;
    world.ok(UnblockUsers::new("lin", ["mei", "ada"])).await;

    simulator.webhooks_idle().await;
    let deliveries = simulator.deliveries();
    for sent in &deliveries {
        assert_eq!(
            (sent.attempt, sent.status, sent.failure),
            (1, Some(200), None),
            "{sent:?}"
        );
    }
    let bodies = app.seen();
    assert_eq!(bodies.len(), deliveries.len());
    // Every event has its own key, except for the one webhook without a time.
    let receiver = Receiver::new(APP, TOKEN).clock(world.clock.clone());
    let mut keys = BTreeSet::new();
    for (query, body) in &bodies {
        let delivery = receiver.receive(query, body).unwrap();
        let new = keys.insert(delivery.key().as_str().to_owned());
        let timeless = delivery.event.command() == "Group.CallbackOnMemberStateChange";
        assert!(new || timeless, "{query}");
    }
    // Questions do not wait for notifications, so their relative order is undefined.
    let asks = |command: &str| command.contains("Before") || command.contains("Prev");
    let (asked, told): (Vec<_>, Vec<_>) = deliveries.iter().partition(|sent| asks(sent.command));
    let times: Vec<u64> = (told.iter())
        .filter_map(|sent| sent.event["EventTime"].as_u64())
        .collect();
    assert!(times.is_sorted_by(|a, b| a < b), "{times:?}");
    let lines = |deliveries: &[&WebhookDelivery]| -> String {
        let line = |sent: &&WebhookDelivery| {
            let mut event = sent.event.clone();
            event.as_object_mut().unwrap().remove("EventTime");
            format!("{} {event}\n", sent.platform)
        };
        deliveries.iter().map(line).collect()
    };
    insta::assert_snapshot!("asked", lines(&asked));
    insta::assert_snapshot!("told", lines(&told));
}

#[tokio::test]
async fn what_is_told_late_is_repeated_on_request_with_the_same_key() {
    let (world, app) = with_app().await;
    let hasty = app
        .target()
        .only([TELL_C2C])
        .timeout(Duration::from_secs(1));
    app.says(TELL_C2C, [Says::Nothing, code(0)]);
    world.simulator.set_webhooks(hasty.clone()).unwrap();
    world.ok(to_mei(1, "once")).await;
    world.simulator.webhooks_idle().await;
    assert_eq!(app.seen().len(), 1, "not repeated unless asked for");

    app.says(TELL_C2C, [Says::Nothing, Says::Nothing, code(0)]);
    world
        .simulator
        .set_webhooks(hasty.clone().repeats(3))
        .unwrap();
    world.ok(to_mei(2, "again")).await;
    world.ok(to_mei(3, "after it")).await;
    world.simulator.webhooks_idle().await;
    let deliveries = world.simulator.deliveries().split_off(1);
    let shown: Vec<_> = (deliveries.iter())
        .map(|sent| {
            (
                sent.event["MsgSeq"].as_u64().unwrap(),
                sent.attempt,
                sent.failure,
            )
        })
        .collect();
    let late = Some(WebhookFailure::Late);
    assert_eq!(
        shown,
        [(2, 1, late), (2, 2, late), (2, 3, None), (3, 1, None)]
    );
    let receiver = Receiver::new(APP, TOKEN).clock(world.clock.clone());
    let keys: Vec<_> = (app.seen().split_off(1).iter())
        .map(|(query, body)| receiver.receive(query, body).unwrap().key())
        .collect();
    assert!(keys[0] == keys[1] && keys[1] == keys[2]);
    assert_ne!(keys[2], keys[3]);

    // Only late delivery is repeated, and only this often.
    app.says(TELL_C2C, [Says::Status(500)]);
    world.ok(to_mei(4, "an error")).await;
    app.says(TELL_C2C, [Says::Nothing]);
    world.simulator.webhooks_idle().await;
    let before = world.simulator.deliveries().len();
    world.simulator.set_webhooks(hasty.repeats(1)).unwrap();
    world.ok(to_mei(5, "never")).await;
    world.simulator.webhooks_idle().await;
    let deliveries = world.simulator.deliveries();
    assert_eq!(
        deliveries[before - 1].failure,
        Some(WebhookFailure::Status(500))
    );
    assert_eq!(deliveries.len(), before + 2);
}

/// Many at once: none is lost, none is reported twice, and the order is that in which they were stored.
#[tokio::test]
async fn messages_at_once_are_told_in_the_order_of_being_stored() {
    let (world, _app) = with_app().await;
    let mut sending = tokio::task::JoinSet::new();
    for number in 1..=200 {
        let client = world.client.clone();
        sending.spawn(async move { client.send(to_mei(number, "at once")).await.unwrap() });
    }
    while let Some(sent) = sending.join_next().await {
        sent.unwrap();
    }
    world.simulator.webhooks_idle().await;
    let deliveries = world.simulator.deliveries();
    let seqs = |command: &str| -> Vec<u64> {
        let those = deliveries.iter().filter(|sent| sent.command == command);
        those
            .map(|sent| sent.event["MsgSeq"].as_u64().unwrap())
            .collect()
    };
    let all: Vec<u64> = (1..=200).collect();
    for mut seqs in [seqs(ASK_C2C), seqs(TELL_C2C)] {
        seqs.sort_unstable();
        assert_eq!(seqs, all);
    }
    // A page reaches back from the newest message, and lists its messages oldest first.
    let history = GetC2cHistory::new(GetC2cHistoryRequired {
        operator_account: "mei".into(),
        peer_account: "lin".into(),
        max_cnt: 100,
        min_time: NOW,
        max_time: NOW + 1,
    });
    let page = world.ok(history).await.msg_list.into_iter();
    let stored: Vec<u64> = page.map(|message| message.msg_seq.unwrap()).collect();
    assert!(stored.len() > 20);
    assert!(seqs(TELL_C2C).ends_with(&stored));
}

/// A reply does not wait for later notifications to the app.
#[tokio::test]
async fn what_is_told_holds_up_nobody() {
    let (world, app) = with_app().await;
    app.says(TELL_C2C, [Says::Nothing]);
    let target = app
        .target()
        .only([TELL_C2C])
        .timeout(Duration::from_secs(60));
    world.simulator.set_webhooks(target).unwrap();
    for number in 1..20 {
        world.ok(to_mei(number, "on and on")).await;
    }
    assert_eq!(texts(&world).await.len(), 19);
    assert!(
        world.simulator.deliveries().is_empty(),
        "the first one is still on its way"
    );
}

/// A handler that calls the service, which asks the app again.
#[tokio::test]
async fn handlers_may_call_the_service() {
    let world = World::new().await;
    let client: Arc<OnceLock<Client>> = Arc::default();
    client.set(world.client.clone()).unwrap();
    let receiver = Receiver::new(APP, TOKEN).clock(world.clock.clone());
    let service = Webhooks::new(receiver).on(move |event: Received<C2cBeforeSendMsg>| {
        let client = Arc::clone(&client);
        async move {
            if event.to_account != "mei" {
                return C2cBeforeSendMsgAnswer::Allow;
            }
            let client = client.get().unwrap();
            let history = GetC2cHistory::new(GetC2cHistoryRequired {
                operator_account: "mei".into(),
                peer_account: "lin".into(),
                max_cnt: 100,
                min_time: NOW,
                max_time: NOW + 1,
            });
            let before = client.send(&history).await.unwrap();
            assert_eq!(before.msg_cnt, 0, "the message is not there yet");
            let copy =
                SendMsg::new("ada", event.msg_body.clone()).with_msg_random(event.msg_random);
            client.send(&copy).await.unwrap();
            C2cBeforeSendMsgAnswer::Allow
        }
    });
    let router = Router::new().fallback_service(service.into_service());
    let (url, task) = serve(router).await;
    let target = WebhookTarget::new(url)
        .token(TOKEN)
        .unanswered(Unanswered::Refuse);
    world.simulator.set_webhooks(target).unwrap();
    world.ok(to_mei(1, "copy me")).await;
    assert_eq!(texts(&world).await, ["copy me"]);
    let copies = GetC2cHistory::new(GetC2cHistoryRequired {
        operator_account: "ada".into(),
        peer_account: "administrator".into(),
        max_cnt: 100,
        min_time: NOW,
        max_time: NOW + 1,
    });
    assert_eq!(world.ok(copies).await.msg_cnt, 1);
    task.abort();
}

/// An app that waits with its answer until it is told to go on.
async fn thinking_app(world: &World) -> (Arc<Notify>, Arc<Notify>, JoinHandle<()>) {
    let (asked, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (began, wait) = (Arc::clone(&asked), Arc::clone(&go_on));
    let handler = move || async move {
        began.notify_one();
        wait.notified().await;
        json!({ "ErrorCode": 0 }).to_string()
    };
    let (url, task) = serve(Router::new().fallback(handler)).await;
    let target = WebhookTarget::new(url)
        .only([ASK_C2C])
        .timeout(Duration::from_secs(60));
    world.simulator.set_webhooks(target).unwrap();
    (asked, go_on, task)
}

#[tokio::test]
async fn a_double_waits_for_what_becomes_of_the_first() {
    let world = World::new().await;
    let (asked, go_on, task) = thinking_app(&world).await;
    let send = || {
        let client = world.client.clone();
        tokio::spawn(async move { client.send(to_mei(1, "once")).await.unwrap().msg_key })
    };
    let first = send();
    asked.notified().await;
    let second = send();
    // Time for the second to arrive. If it came even later, it would be an ordinary duplicate.
    sleep(Duration::from_millis(100)).await;
    go_on.notify_one();
    let (first, second) = (first.await.unwrap(), second.await.unwrap());
    assert_eq!(first, second);
    assert_eq!(commands(&world.simulator.deliveries()), [ASK_C2C]);
    assert_eq!(texts(&world).await, ["once"]);
    task.abort();
}

#[tokio::test]
async fn things_may_change_while_the_app_thinks() {
    let world = World::new().await;
    let (asked, go_on, task) = thinking_app(&world).await;
    let client = world.client.clone();
    let sending = tokio::spawn(async move { client.send(to_mei(1, "too late")).await });
    asked.notified().await;
    // The state is not locked meanwhile.
    world
        .ok(DeleteAccounts::new([
            tencent_chat_types::model::AccountId::new("mei"),
        ]))
        .await;
    go_on.notify_one();
    let error = sending.await.unwrap().unwrap_err();
    assert_eq!(error.code(), Some(ErrorCode::MESSAGE_RECIPIENT_NOT_FOUND));
    task.abort();
}

#[tokio::test]
async fn requests_that_arrive_twice_ask_once() {
    let (world, app) = with_app().await;
    world
        .simulator
        .inject_at(SendMsg::META.path, [Fault::Duplicate])
        .unwrap();
    world.ok(to_mei(1, "twice on its way")).await;
    world.simulator.webhooks_idle().await;
    assert_eq!(commands(&world.simulator.deliveries()), [ASK_C2C, TELL_C2C]);
    assert_eq!(world.simulator.journal().last().unwrap().applied, 1);
    // A lost reply: the client repeats, the app is asked and notified once.
    world
        .simulator
        .inject_at(SendMsg::META.path, [Fault::ResetAfter])
        .unwrap();
    world.ok(to_mei(2, "the reply gets lost")).await;
    world.simulator.webhooks_idle().await;
    assert_eq!(app.seen().len(), 4);
    assert_eq!(texts(&world).await.len(), 2);
}

#[tokio::test]
async fn a_message_can_do_without_webhooks() {
    let (world, app) = with_app().await;
    let group = world.group(GroupType::PUBLIC, "chess").await;
    world.simulator.webhooks_idle().await;
    let before = app.seen().len();
    app.says(ASK_C2C, [code(1)]);
    app.says(ASK_GROUP, [code(1)]);
    let both = [
        ForbidCallbackControl::BEFORE_SEND,
        ForbidCallbackControl::AFTER_SEND,
    ];
    world
        .ok(to_mei(1, "quiet").with_forbid_callback_control(both.clone()))
        .await;
    let say = SendGroupMsg::new(group, text("quiet"))
        .with_random(1)
        .with_from_account("mei");
    world.ok(say.with_forbid_callback_control(both)).await;
    world.simulator.webhooks_idle().await;
    assert_eq!(app.seen().len(), before);
    assert_eq!(texts(&world).await, ["quiet"]);
}

#[tokio::test]
async fn only_what_is_switched_on_comes() {
    let (world, app) = with_app().await;
    app.says(ASK_C2C, [code(1)]);
    world
        .simulator
        .set_webhooks(app.target().only([TELL_C2C]))
        .unwrap();
    world.ok(to_mei(1, "told of, not asked about")).await;
    world.simulator.webhooks_idle().await;
    assert_eq!(commands(&world.simulator.deliveries()), [TELL_C2C]);
    world.simulator.set_webhooks(None).unwrap();
    world.ok(to_mei(2, "neither")).await;
    world.simulator.webhooks_idle().await;
    assert_eq!(app.seen().len(), 1);
}

#[tokio::test]
async fn webhooks_stay_on_this_machine() {
    for refused in [
        "http://example.com/hook",
        "http://10.0.0.1/",
        "http://localhost.example.com",
        "http://someone@127.0.0.1/",
        "https://127.0.0.1/",
        "127.0.0.1:80",
        "/hook",
        "",
    ] {
        let target = WebhookTarget::new(refused);
        let error = Simulator::builder(APP, "key")
            .webhooks(target)
            .start()
            .await
            .unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput, "{refused}");
    }
    for fine in [
        "http://127.0.0.1",
        "http://127.9.9.9:1",
        "http://[::1]:1/x",
        "http://localhost/?x=y",
    ] {
        let target = WebhookTarget::new(fine);
        Simulator::builder(APP, "key")
            .webhooks(target)
            .start()
            .await
            .unwrap();
    }
    let misspelt = WebhookTarget::new("http://127.0.0.1").only(["C2C.CallbackBeforeSendMessage"]);
    let error = Simulator::builder(APP, "key")
        .webhooks(misspelt)
        .start()
        .await
        .unwrap_err();
    assert!(
        error.to_string().contains("C2C.CallbackBeforeSendMessage"),
        "{error}"
    );
}

#[tokio::test]
async fn an_event_of_ones_own_is_answered() {
    let (world, app) = with_app().await;
    let event = C2cBeforeSendMsg::new(C2cBeforeSendMsgRequired {
        from_account: "lin".into(),
        to_account: "mei".into(),
        msg_seq: 1,
        msg_random: 2,
        msg_time: NOW,
        msg_key: "1_2_1700000000".into(),
        msg_body: text("hello").into(),
    });
    app.says(ASK_C2C, [code(2), code(5)]);
    let answer = world.simulator.fire(&event).await;
    assert_eq!(answer, Ok(C2cBeforeSendMsgAnswer::Drop));
    assert_eq!(
        world.simulator.fire(&event).await,
        Err(WebhookFailure::Meaningless)
    );
    let state = StateChange::new(
        UserState::new(StateAction::LOGIN, "lin", StateReason::REGISTER),
        NOW * 1_000,
    );
    world.simulator.fire(&state).await.unwrap();
    let sent = world.simulator.deliveries();
    assert_eq!(sent.len(), 3);
    assert_eq!(sent[0].event, serde_json::to_value(&event).unwrap());
    assert_eq!(sent[0].platform.as_str(), "Unknown");
    world.simulator.set_webhooks(None).unwrap();
    let sent = world.simulator.fire(&state).await;
    assert_eq!(sent.unwrap_err(), WebhookFailure::NoTarget);
    assert!(texts(&world).await.is_empty(), "nothing follows from it");
}

/// Fires a sample.
struct FireSample<'a>(&'a Simulator, &'a str);

impl<'a> WebhookVisitor for FireSample<'a> {
    type Output = Pin<Box<dyn Future<Output = Result<String, WebhookFailure>> + 'a>>;
    fn visit<E: Webhook>(self) -> Self::Output {
        let event: E = serde_json::from_str(self.1).unwrap();
        Box::pin(async move {
            self.0
                .fire(&event)
                .await
                .map(|answer| format!("{answer:?}"))
        })
    }
}

/// An app can be tested with every webhook, whatever causes it.
#[tokio::test]
async fn every_webhook_can_be_fired() {
    let world = World::new().await;
    let keys: Arc<Mutex<Vec<String>>> = Arc::default();
    let seen = Arc::clone(&keys);
    let receiver = Receiver::new(APP, TOKEN).clock(world.clock.clone());
    let service = Webhooks::new(receiver).on_others(move |delivery| {
        seen.lock()
            .unwrap()
            .push(delivery.event.command().to_owned());
        async {}
    });
    let router = Router::new().fallback_service(service.into_service());
    let (url, task) = serve(router).await;
    world
        .simulator
        .set_webhooks(WebhookTarget::new(url).token(TOKEN))
        .unwrap();
    let spec = load::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../spec"));
    let spec = spec.unwrap_or_else(|errors| panic!("{}", errors.render()));
    let mut fired = Vec::new();
    for webhook in &spec.webhooks.unwrap().events {
        let command = webhook.file.command.value.as_str();
        let sample = webhook
            .file
            .samples
            .iter()
            .find_map(|sample| sample.event.as_ref());
        let sample = FireSample(&world.simulator, &sample.unwrap().value);
        let answer = visit_webhook(command, sample).unwrap().await;
        let answer = answer.unwrap_or_else(|failure| panic!("{command}: {failure}"));
        assert!(
            ["Allow", "Acknowledged"].contains(&answer.as_str()),
            "{command}: {answer}"
        );
        fired.push(command.to_owned());
    }
    assert!(fired.len() >= 36, "{}", fired.len());
    assert_eq!(*keys.lock().unwrap(), fired);
    task.abort();
}

/// The queue is bounded, and what does not fit is recorded.
#[tokio::test]
async fn what_waits_is_bounded() {
    let (world, app) = with_app().await;
    app.says(TELL_C2C, [Says::Nothing]);
    let target = app.target().timeout(Duration::from_secs(60));
    world
        .simulator
        .set_webhooks(target.only([TELL_C2C, "State.StateChange"]))
        .unwrap();
    world.ok(to_mei(1, "holds the queue up")).await;
    for number in 0..10_100_u32 {
        let status = if number.is_multiple_of(2) {
            "Online"
        } else {
            "Offline"
        };
        world.simulator.set_online("lin", "Web", status).unwrap();
    }
    let lost = world.simulator.deliveries();
    assert!((99..=101).contains(&lost.len()), "{}", lost.len());
    for sent in lost {
        assert_eq!(
            (sent.failure, sent.attempt),
            (Some(WebhookFailure::QueueFull), 0)
        );
    }
}
