//! The control API as programs of any language use it: HTTP and JSON.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may panic"
)]

use axum::extract::RawQuery;
use futures_util::StreamExt;
use reqwest::{Client, Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::Duration,
};
use tencent_chat_simulator::{Fault, Simulator, SimulatorBuilder, WebhookTarget};
use tencent_chat_types::message::{SendGroupMsg, SendMsg};

const APP: u64 = 1_400_000_000;

/// A simulator with a client for its control API.
struct Server {
    simulator: Simulator,
    client: Client,
}

impl Server {
    async fn new() -> Self {
        Self::of(Simulator::builder(APP, "any key")).await
    }

    async fn of(builder: SimulatorBuilder) -> Self {
        Self {
            simulator: builder.start().await.unwrap(),
            client: Client::new(),
        }
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let url = format!("{}/_control/{path}", self.simulator.base_url());
        self.client.request(method, url)
    }

    async fn send(request: RequestBuilder) -> (StatusCode, Value) {
        let response = request.send().await.unwrap();
        let status = response.status();
        let body = response.text().await.unwrap();
        let body = serde_json::from_str(&body);
        (
            status,
            body.unwrap_or_else(|_| panic!("{status} is not JSON")),
        )
    }

    async fn get(&self, path: &str) -> Value {
        let (status, body) = Self::send(self.request(Method::GET, path)).await;
        assert_eq!(status, 200, "{path}: {body}");
        body
    }

    async fn with_body(&self, method: Method, path: &str, body: Value) -> Value {
        let (status, answer) = Self::send(self.request(method, path).json(&body)).await;
        assert_eq!(status, 200, "{path} {body}: {answer}");
        answer
    }

    async fn post(&self, path: &str, body: Value) -> Value {
        self.with_body(Method::POST, path, body).await
    }

    /// What is answered to a request that cannot be served.
    async fn problem(&self, method: Method, path: &str, body: Value) -> (StatusCode, Value) {
        let (status, answer) = Self::send(self.request(method, path).json(&body)).await;
        assert!(status.is_client_error(), "{path} {body}: {answer}");
        assert!(answer["error"]["message"].is_string(), "{answer}");
        (status, answer["error"].clone())
    }

    async fn call(&self, command: &str, body: Value) -> Value {
        self.post("call", json!({ "command": command, "body": body }))
            .await
    }

    async fn import(&self, users: &[&str]) {
        let list: Vec<Value> = users.iter().map(|user| json!({ "UserID": user })).collect();
        let called = self
            .call(
                "v4/im_open_login_svc/multiaccount_import",
                json!({ "AccountList": list }),
            )
            .await;
        assert_eq!(called["code"], 0, "{called}");
    }

    async fn create_group(&self, id: &str, owner: &str) {
        let group =
            json!({ "Type": "Public", "Name": "Chess", "GroupId": id, "Owner_Account": owner });
        let called = self
            .call("v4/group_open_http_svc/create_group", group)
            .await;
        assert_eq!(called["code"], 0, "{called}");
    }
}

fn text(from: &str, to: &str, random: u32) -> Value {
    json!({
        "From_Account": from, "To_Account": to, "MsgRandom": random, "MsgSeq": random,
        "MsgBody": [{ "MsgType": "TIMTextElem", "MsgContent": { "Text": "hi" } }],
    })
}

#[tokio::test]
async fn the_server_says_what_it_is() {
    let server = Server::new().await;
    assert_eq!(server.get("health").await["status"], "ok");
    assert_eq!(server.get("ready").await["status"], "ready");
    let info = server.get("info").await;
    assert_eq!(info["sdk_app_id"], APP);
    assert_eq!(info["admins"], json!(["administrator"]));
    assert_eq!(info["base_url"], server.simulator.base_url());
    assert_eq!(server.get("openapi.json").await["openapi"], "3.1.1");
    let own = server.get("control.openapi.json").await;
    assert!(own["paths"]["/_control/requests"]["get"].is_object());
    // Everything else is the service's.
    let service = server
        .client
        .post(format!("{}/_controls", server.simulator.base_url()));
    let (status, reply) = Server::send(service).await;
    assert_eq!(
        (status, &reply["ActionStatus"]),
        (StatusCode::OK, &json!("FAIL"))
    );
    let get = server.client.get(server.simulator.base_url());
    let (status, reply) = Server::send(get).await;
    assert_eq!(
        (status, &reply["ErrorCode"]),
        (StatusCode::OK, &json!(60002))
    );
}

#[tokio::test]
async fn calls_are_made_and_seen() {
    let server = Server::new().await;
    server.import(&["lin", "mei"]).await;
    let called = server
        .call("v4/openim/sendmsg", text("lin", "mei", 7))
        .await;
    assert_eq!(called["code"], 0);
    assert_eq!(called["reply"]["ActionStatus"], "OK");
    let url = called["url_without_signature"].as_str().unwrap();
    assert!(
        url.contains("/v4/openim/sendmsg?sdkappid=1400000000&identifier=administrator&random=")
    );
    assert!(!url.contains("usersig"));
    let seen = server.get(&format!("requests/{}", called["request"])).await;
    assert_eq!(seen["command"], "v4/openim/sendmsg");
    assert_eq!(seen["identifier"], "administrator");
    assert_eq!(seen["body"], text("lin", "mei", 7));
    assert_eq!(seen["reply"], called["reply"]);
    assert_eq!((&seen["code"], &seen["applied"]), (&json!(0), &json!(1)));
    // What is wrong is refused by the service, and seen as that.
    let called = server
        .call("v4/openim/sendmsg", json!({ "To_Account": 3 }))
        .await;
    assert_ne!(called["code"], 0);
    let failed = server.get("requests?failed=true").await;
    let failed = failed["requests"].as_array().unwrap();
    assert_eq!(failed.len(), 1);
    assert_eq!(failed[0]["id"], called["request"]);
    let stranger = json!({ "command": "v4/openim/sendmsg", "identifier": "lin" });
    assert_eq!(server.post("call", stranger).await["code"], 60010);
    // By command, by caller, by code, from a number on.
    let count = async |filter: &str| {
        let found = server.get(&format!("requests?{filter}")).await;
        found["requests"].as_array().unwrap().len()
    };
    assert_eq!(count("command=v4/openim/sendmsg").await, 3);
    assert_eq!(count("identifier=administrator").await, 3);
    assert_eq!(count("code=60010").await, 1);
    assert_eq!(count("limit=2").await, 2);
    let last = server.get("requests?after=0&limit=1").await["last"].clone();
    assert_eq!(count(&format!("after={last}")).await, 3);
}

#[tokio::test]
async fn a_request_is_waited_for() {
    let server = Server::new().await;
    server.import(&["lin", "mei"]).await;
    let url = "requests?command=v4/openim/sendmsg&wait_ms=60000";
    let (found, _) = tokio::join!(
        server.get(url),
        server.call("v4/openim/sendmsg", text("lin", "mei", 1)),
    );
    assert_eq!(found["requests"][0]["body"]["MsgRandom"], 1);
    let nothing = server.get("requests?code=1&wait_ms=1").await;
    assert_eq!(nothing["requests"], json!([]));
    // The same for Rust.
    let wait = Duration::from_secs(60);
    let second = |request: &SendMsg| request.msg_random == 2;
    let (seen, _) = tokio::join!(
        server.simulator.wait_for::<SendMsg>(wait, second),
        server.call("v4/openim/sendmsg", text("mei", "lin", 2)),
    );
    let seen = seen.unwrap();
    assert_eq!(seen.request.to_account, "lin");
    assert_eq!(seen.entry.code.0, 0);
    assert_eq!(server.simulator.requests::<SendMsg>().len(), 2);
    assert!(server.simulator.requests::<SendGroupMsg>().is_empty());
}

#[tokio::test]
async fn faults_happen_as_often_as_they_are_to() {
    let server = Server::new().await;
    server.import(&["lin", "mei"]).await;
    let fault = json!({ "command": "v4/openim/sendmsg", "times": 2, "fault": { "kind": "refuse", "code": 20004 } });
    let added = server.post("faults", fault).await;
    assert_eq!((&added["left"], &added["happened"]), (&json!(2), &json!(0)));
    for (random, code) in [(1, 20004), (2, 20004), (3, 0)] {
        let called = server
            .call("v4/openim/sendmsg", text("lin", "mei", random))
            .await;
        assert_eq!(called["code"], code);
    }
    let listed = server.get("faults").await;
    assert_eq!(listed["faults"][0]["happened"], 2);
    assert_eq!(listed["faults"][0]["left"], 0);
    // A broken connection is not an answer.
    let fault = json!({ "command": "*", "fault": { "kind": "reset_after" } });
    server.post("faults", fault).await;
    let called = server
        .call("v4/openim/sendmsg", text("lin", "mei", 4))
        .await;
    assert_eq!(
        (&called["answered"], &called["reply"]),
        (&json!(false), &Value::Null)
    );
    let seen = server.get(&format!("requests/{}", called["request"])).await;
    assert_eq!(seen["fault"]["kind"], "reset_after");
    assert_eq!(seen["applied"], 1);
    // Any number of times, until it is removed.
    let fault = json!({ "command": "*", "times": null, "fault": { "kind": "empty_body" } });
    let id = server.post("faults", fault).await["id"].clone();
    for random in 5..8 {
        let called = server
            .call("v4/openim/sendmsg", text("lin", "mei", random))
            .await;
        assert_eq!(called["reply"], Value::Null);
    }
    let (status, removed) =
        Server::send(server.request(Method::DELETE, &format!("faults/{id}"))).await;
    assert_eq!((status, &removed["happened"]), (StatusCode::OK, &json!(3)));
    let called = server
        .call("v4/openim/sendmsg", text("lin", "mei", 8))
        .await;
    assert_eq!(called["code"], 0);
}

#[tokio::test]
async fn chances_are_the_same_each_time() {
    let run = async || {
        let server = Server::of(Simulator::builder(APP, "any key").fault_seed(7)).await;
        let some = Fault::EmptyBody.always().probability(0.3);
        server.simulator.inject::<SendMsg>([some]).unwrap();
        let mut happened = Vec::new();
        for random in 1..=100 {
            let called = server
                .call("v4/openim/sendmsg", text("lin", "mei", random))
                .await;
            happened.push(called["reply"].is_null());
        }
        happened
    };
    let (first, second) = (run().await, run().await);
    assert_eq!(first, second);
    let count = first.iter().filter(|happened| **happened).count();
    assert!((15..45).contains(&count), "{count} of 100");
}

#[tokio::test]
async fn each_kind_of_fault_can_be_switched_on() {
    let server = Server::new().await;
    let kinds = server.get("faults/kinds").await;
    let kinds = kinds["kinds"].as_array().unwrap().clone();
    assert_eq!(kinds.len(), 14, "{kinds:#?}");
    for kind in &kinds {
        assert!(!kind["description"].as_str().unwrap().is_empty());
        let mut fault = json!({ "kind": kind["kind"] });
        for parameter in kind["parameters"].as_array().unwrap() {
            let schema = &parameter["schema"];
            assert!(schema["description"].is_string(), "{parameter}");
            let value = match schema["type"].as_str().unwrap() {
                "boolean" => json!(true),
                "integer" => json!(500),
                _ => schema["enum"]
                    .get(0)
                    .cloned()
                    .unwrap_or_else(|| json!("text")),
            };
            fault[parameter["name"].as_str().unwrap()] = value;
        }
        let body = json!({ "command": "*", "fault": fault });
        let added = server.post("faults", body).await;
        assert_eq!(added["fault"], fault);
    }
    assert_eq!(server.simulator.faults().len(), kinds.len());
    assert_eq!(
        json!(server.simulator.faults()),
        server.get("faults").await["faults"]
    );
}

#[tokio::test]
async fn devices_act_and_the_state_shows_it() {
    let server = Server::new().await;
    server.import(&["lin", "mei", "ada"]).await;
    server.create_group("chess", "lin").await;
    let device =
        async |what: &str, body: Value| server.post(&format!("devices/{what}"), body).await;
    let sent = device(
        "send",
        json!({ "user": "lin", "to": "mei", "text": "Dinner?" }),
    )
    .await;
    assert!(sent["msg_key"].is_string());
    let refused = device(
        "send",
        json!({ "user": "nobody", "to": "mei", "text": "Hi" }),
    )
    .await;
    assert!(
        refused["refused"]["code"].as_i64().unwrap() > 0,
        "{refused}"
    );
    device("join", json!({ "user": "mei", "group": "chess" })).await;
    device("apply", json!({ "user": "ada", "group": "chess" })).await;
    let sent = device(
        "send-group",
        json!({ "user": "mei", "group": "chess", "text": "Hello" }),
    )
    .await;
    assert_eq!(sent["msg_seq"], 1);
    device("leave", json!({ "user": "ada", "group": "chess" })).await;
    device("add-friend", json!({ "user": "lin", "friend": "mei" })).await;
    device("online", json!({ "user": "lin" })).await;
    device("read", json!({ "user": "mei", "from": "lin" })).await;
    device("read-group", json!({ "user": "lin", "group": "chess" })).await;

    let users = server.get("users?search=LI").await;
    assert_eq!(users["users"][0]["id"], "lin");
    assert_eq!(users["users"][0]["online"], true);
    let lin = server.get("users/lin").await;
    assert_eq!(lin["friends"], json!(["mei"]));
    assert_eq!(lin["groups"][0]["role"], "Owner");
    assert_eq!(lin["online"], json!({ "Web": "Online" }));
    let conversations = lin["conversations"].as_array().unwrap();
    assert!(
        conversations
            .iter()
            .any(|conversation| conversation["peer"] == "mei")
    );
    let page = server.get("users?limit=2").await;
    assert_eq!(page["more"], true);
    let rest = server.get("users?after=administrator&limit=3").await;
    assert_eq!(rest["users"].as_array().unwrap().len(), 2);
    assert_eq!(rest["more"], false);
    let groups = server.get("groups").await;
    assert_eq!(groups["groups"][0]["members"], 2);
    let group = server.get("groups/chess").await;
    assert_eq!(group["info"]["Name"], "Chess");
    assert_eq!(group["members_total"], 2);
    let chat = server.get("messages?user=lin&peer=mei").await;
    let [message] = chat["messages"].as_array().unwrap().as_slice() else {
        panic!("{chat}");
    };
    assert_eq!(message["body"][0]["MsgContent"]["Text"], "Dinner?");
    assert_eq!(message["read"], true);
    let chat = server.get("messages?group=chess").await;
    assert_eq!(chat["messages"][0]["from"], "mei");
    assert_eq!(chat["messages"][0]["read"], true);
    let earlier = server.get("messages?group=chess&before=1").await;
    assert_eq!(earlier["messages"], json!([]));
}

#[tokio::test]
async fn time_passes_on_demand_and_a_reset_takes_everything_back() {
    let server = Server::new().await;
    server.import(&["lin"]).await;
    let signed = json!({ "identifier": "lin", "expire_seconds": 60 });
    let sig = server.post("usersig/sign", signed).await["user_sig"].clone();
    let verify = json!({ "user_sig": sig, "identifier": "lin" });
    assert_eq!(
        server.post("usersig/verify", verify.clone()).await["valid"],
        true
    );
    let other = json!({ "user_sig": sig, "identifier": "mei" });
    let other = server.post("usersig/verify", other).await;
    assert_eq!(other["valid"], false);
    assert!(other["reason"].is_string());
    let before = server.get("clock").await;
    let now = server
        .post("clock/forward", json!({ "seconds": 3600 }))
        .await;
    assert_eq!(now["ahead_seconds"], 3600);
    assert!(now["now_ms"].as_u64().unwrap() >= before["now_ms"].as_u64().unwrap() + 3_600_000);
    let late = server.post("usersig/verify", verify).await;
    assert_eq!(late["valid"], false);
    assert_eq!(late["claims"]["expired"], true);
    let inspected = server
        .post("usersig/inspect", json!({ "user_sig": sig }))
        .await;
    assert_eq!(inspected["identifier"], "lin");
    server
        .post(
            "faults",
            json!({ "command": "*", "fault": { "kind": "silence" } }),
        )
        .await;
    assert_eq!(server.post("reset", json!({})).await["status"], "done");
    assert_eq!(server.get("clock").await["ahead_seconds"], 0);
    assert_eq!(server.get("faults").await["faults"], json!([]));
    assert_eq!(server.get("requests").await["requests"], json!([]));
    let users = server.get("users").await;
    assert_eq!(users["users"].as_array().unwrap().len(), 1, "{users}");
}

#[tokio::test]
async fn quotas_are_kept_when_asked_to() {
    let server = Server::new().await;
    server.import(&["lin"]).await;
    assert_eq!(server.get("quotas").await, json!({ "commands": [] }));
    let quotas = server
        .with_body(Method::PUT, "quotas", json!({ "edition": "paid" }))
        .await;
    let find = |quotas: &Value| {
        let all = quotas["commands"].as_array().unwrap().clone();
        let of = |one: &Value| one["command"] == "v4/group_open_http_svc/get_appid_group_list";
        all.into_iter().find(of).unwrap()
    };
    let amount = find(&quotas)["amount"].as_u64().unwrap();
    let listing = "v4/group_open_http_svc/get_appid_group_list";
    for _ in 0..amount {
        assert_eq!(server.call(listing, json!({})).await["code"], 0);
    }
    assert_eq!(find(&server.get("quotas").await)["left"], 0);
    let refused = server.call(listing, json!({})).await;
    assert_ne!(refused["code"], 0, "{refused}");
    // Windows go by the simulator's clock.
    server
        .post("clock/forward", json!({ "seconds": 86_400 }))
        .await;
    assert_eq!(server.call(listing, json!({})).await["code"], 0);
    server
        .with_body(Method::PUT, "quotas", json!({ "edition": null }))
        .await;
    for _ in 0..=amount {
        assert_eq!(server.call(listing, json!({})).await["code"], 0);
    }
}

#[tokio::test]
async fn events_come_as_they_happen_and_go_on_where_they_broke_off() {
    let server = Server::new().await;
    let events = async |header: Option<&str>, until: usize| {
        let mut request = server.request(Method::GET, "events?after=0");
        if let Some(last) = header {
            request = request.header("last-event-id", last);
        }
        let response = request.send().await.unwrap();
        let mut stream = response.bytes_stream();
        let mut text = String::new();
        while text.matches("event: ").count() < until || !text.ends_with("\n\n") {
            let chunk = stream.next().await.unwrap().unwrap();
            text += std::str::from_utf8(&chunk).unwrap();
        }
        text
    };
    let listening = events(None, 4);
    let acting = async {
        server.import(&["lin", "mei"]).await;
        let fault = json!({ "command": "v4/openim/sendmsg", "fault": { "kind": "empty_body" } });
        server.post("faults", fault).await;
        // The fault that happens, and the request that it happens to.
        server
            .call("v4/openim/sendmsg", text("lin", "mei", 1))
            .await;
    };
    let (heard, ()) = tokio::join!(listening, acting);
    let names: Vec<&str> = heard
        .lines()
        .filter_map(|line| line.strip_prefix("event: "))
        .collect();
    assert_eq!(names, ["request", "fault", "fault", "request"], "{heard}");
    let ids: Vec<&str> = heard
        .lines()
        .filter_map(|line| line.strip_prefix("id: "))
        .collect();
    // A number of an earlier run of the server: nothing of this one was seen.
    let all = events(Some("1000000"), 4).await;
    assert_eq!(all, heard);
    for path in [
        "requests?after=1000000",
        "requests?after=1000000&wait_ms=60000",
    ] {
        let all = server.get(path).await;
        assert_eq!(all["requests"].as_array().unwrap().len(), 2, "{path}");
    }
    let rest = events(Some(ids[2]), 1).await;
    assert!(rest.contains("event: request"), "{rest}");
    assert!(rest.contains(&format!("id: {}", ids[3])), "{rest}");
    assert!(!rest.contains(&format!("id: {}\n", ids[2])), "{rest}");
    // Nobody who listens holds up the end.
    let open = server.request(Method::GET, "events").send().await.unwrap();
    server.simulator.stop().await;
    drop(open);
}

#[tokio::test]
async fn mistakes_are_explained() {
    let server = Server::new().await;
    let post = Method::POST;
    let (status, error) = server.problem(post.clone(), "nothing", json!({})).await;
    assert_eq!(status, 404);
    assert!(
        error["suggestion"]
            .as_str()
            .unwrap()
            .contains("control.openapi.json")
    );
    let (status, _) = server.problem(post.clone(), "health", json!({})).await;
    assert_eq!(status, 405);
    for (path, body, said) in [
        (
            "call",
            json!({ "command": "sendmsg" }),
            "did you mean \"v4/openim/sendmsg\"?",
        ),
        ("call", json!({ "comand": "sendmsg" }), "comand"),
        (
            "faults",
            json!({ "command": "*", "fault": { "kind": "explode" } }),
            "explode",
        ),
        (
            "faults",
            json!({ "command": "*", "fault": { "kind": "delay" } }),
            "millis",
        ),
        (
            "faults",
            json!({ "command": "*", "fault": { "kind": "silence" }, "probability": 2 }),
            "probability",
        ),
        (
            "clock/forward",
            json!({ "seconds": -1 }),
            "seconds in the body",
        ),
        (
            "devices/send",
            json!({ "user": "lin", "to": "mei" }),
            "`text` or `body`",
        ),
        (
            "webhooks/fire",
            json!({ "command": "Nothing", "body": {} }),
            "there is no webhook Nothing",
        ),
        (
            "webhooks/fire",
            json!({ "command": "State.StateChange", "body": {} }),
            "no address is set",
        ),
        (
            "usersig/inspect",
            json!({ "user_sig": "nonsense" }),
            "signature",
        ),
        (
            "usersig/sign",
            json!({ "identifier": "" }),
            "the user id is empty",
        ),
    ] {
        let (_, error) = server.problem(post.clone(), path, body.clone()).await;
        assert!(
            error["message"].as_str().unwrap().contains(said),
            "{path} {body}: {error}"
        );
    }
    for (path, said) in [
        ("requests?comand=x", "comand"),
        ("requests?after=x", "after"),
        ("requests/0", "there is no request 0"),
        ("requests/x", "there is no request x"),
        ("messages?user=lin", "whose messages"),
        ("messages?user=lin&peer=mei&before=x", "not a message key"),
        ("users/nobody", "there is no user nobody"),
        ("groups/none", "there is no group none"),
    ] {
        let (status, body) = Server::send(server.request(Method::GET, path)).await;
        assert!(status.is_client_error(), "{path}");
        let message = body["error"]["message"].as_str().unwrap().to_owned();
        assert!(message.contains(said), "{path}: {message}");
    }
    // Other kinds of body, which a website can send, are not taken.
    let form = server.request(post.clone(), "reset").body("a=b");
    assert_eq!(Server::send(form).await.0, 415);
    let large = server
        .request(post, "call")
        .header("content-type", "application/json");
    let large = large.body(vec![b' '; 3 << 20]);
    assert_eq!(Server::send(large).await.0, 413);
}

#[tokio::test]
async fn other_hosts_origins_and_those_without_the_token_are_refused() {
    let server = Server::of(
        Simulator::builder(APP, "any key")
            .control_token("a secret")
            .allow_hosts(["Tencent-Chat"]),
    )
    .await;
    let info = || server.request(Method::GET, "info");
    let host = server.simulator.base_url().replace("http://", "");
    let own = format!("http://{host}");
    let bearer = "Bearer a secret";
    for (headers, expected) in [
        (vec![], 401),
        (vec![("authorization", "Bearer another")], 401),
        (vec![("authorization", "Basic a secret")], 401),
        (vec![("authorization", bearer)], 200),
        (
            vec![("authorization", bearer), ("host", "example.com")],
            421,
        ),
        (
            vec![("authorization", bearer), ("host", "tencent-chat:8600")],
            200,
        ),
        (
            vec![("authorization", bearer), ("origin", "http://example.com")],
            403,
        ),
        (vec![("authorization", bearer), ("origin", "null")], 403),
        (
            vec![("authorization", bearer), ("origin", own.as_str())],
            200,
        ),
    ] {
        let mut request = info();
        for (name, value) in &headers {
            request = request.header(*name, *value);
        }
        let (status, body) = Server::send(request).await;
        assert_eq!(status, expected, "{headers:?}: {body}");
        assert!(!body.to_string().contains("a secret"));
    }
    // Whatever watches over the server needs no token; a website gets nothing all the same.
    for path in ["health", "ready"] {
        assert_eq!(Server::send(server.request(Method::GET, path)).await.0, 200);
        let other = server
            .request(Method::GET, path)
            .header("host", "example.com");
        assert_eq!(Server::send(other).await.0, 421);
    }
    let open = Simulator::builder(APP, "any key").listen_on([0, 0, 0, 0]);
    let refused = open.start().await.unwrap_err().to_string();
    assert!(refused.contains("control token"), "{refused}");
}

#[test]
fn a_simulator_starts_without_a_runtime() {
    let simulator = Simulator::builder(APP, "any key").start_blocking().unwrap();
    simulator.set_online("lin", "Web", "Online").unwrap();
    simulator.block_on(simulator.webhooks_idle());
    let address = simulator.base_url().replace("http://", "");
    assert!(std::net::TcpStream::connect(&address).is_ok());
    simulator.stop();
    assert!(std::net::TcpStream::connect(&address).is_err());
}

#[tokio::test]
async fn a_simulator_is_not_started_blocking_within_asynchronous_code() {
    let refused = Simulator::builder(APP, "any key").start_blocking();
    assert!(refused.unwrap_err().to_string().contains("start"));
}

#[tokio::test]
async fn a_seed_is_planted_without_anybody_hearing_of_it() {
    let server = Server::new().await;
    let app = App::start().await;
    server
        .with_body(Method::PUT, "webhooks/target", json!({ "url": app.url }))
        .await;
    let seed = json!({
        "users": [
            { "id": "lin", "nick": "Lin", "online": "Web", "profile": { "Tag_Profile_IM_SelfSignature": "hm" } },
            { "id": "mei" },
        ],
        "groups": [
            { "id": "chess", "name": "Chess", "owner": "lin", "members": ["mei"] },
            { "id": "live", "name": "Live", "type": "AVChatRoom", "owner": "lin", "members": ["mei"] },
        ],
        "friends": [["lin", "mei"]],
        "messages": [
            { "from": "lin", "to": "mei", "text": "one" },
            { "from": "mei", "group": "chess", "body": [{ "MsgType": "TIMTextElem", "MsgContent": { "Text": "two" } }] },
        ],
        "calls": [{ "command": "v4/openim/admin_set_msg_read", "body": { "Report_Account": "mei", "Peer_Account": "lin" } }],
    });
    server.post("seed", seed).await;
    let lin = server.get("users/lin").await;
    assert_eq!(lin["profile"]["Tag_Profile_IM_SelfSignature"], "hm");
    assert_eq!(lin["friends"], json!(["mei"]));
    assert_eq!(server.get("groups/live").await["members_total"], 2);
    let chat = server.get("messages?user=mei&peer=lin").await;
    assert_eq!(chat["messages"][0]["read"], true);
    assert_eq!(
        server.get("messages?group=chess").await["messages"][0]["from"],
        "mei"
    );
    assert_eq!(server.get("requests").await["requests"], json!([]));
    server.simulator.webhooks_idle().await;
    assert!(app.received().is_empty());
    for (seed, said) in [
        (
            json!({ "messages": [{ "from": "lin", "to": "mei" }] }),
            "messages[0]: a message has either `text` or `body`",
        ),
        (
            json!({ "messages": [{ "from": "bob", "to": "mei", "text": "x" }] }),
            "messages[0] is refused with code",
        ),
        (
            json!({ "groups": [{ "id": "chess", "name": "x" }] }),
            "groups[0] is refused with code",
        ),
        (
            json!({ "calls": [{ "command": "nonsense", "body": {} }] }),
            "calls[0]: there is no command",
        ),
        (json!({ "people": [] }), "people"),
    ] {
        let (_, error) = server.problem(Method::POST, "seed", seed.clone()).await;
        assert!(
            error["message"].as_str().unwrap().contains(said),
            "{seed}: {error}"
        );
    }
}

/// An app that answers each webhook with the next of its answers, and then lets everything happen.
struct App {
    url: String,
    /// Locked while it does not answer.
    holding: Arc<tokio::sync::Mutex<()>>,
    answers: Arc<Mutex<VecDeque<Value>>>,
    received: Arc<Mutex<Vec<Value>>>,
    queries: Arc<Mutex<Vec<String>>>,
}

impl App {
    async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let app = Self {
            url,
            holding: Arc::default(),
            answers: Arc::default(),
            received: Arc::default(),
            queries: Arc::default(),
        };
        let (answers, received) = (Arc::clone(&app.answers), Arc::clone(&app.received));
        let (holding, queries) = (Arc::clone(&app.holding), Arc::clone(&app.queries));
        let hook = move |RawQuery(query): RawQuery, axum::Json(event): axum::Json<Value>| async move {
            received.lock().unwrap().push(event);
            queries.lock().unwrap().push(query.unwrap_or_default());
            drop(holding.lock().await);
            let ok = || json!({ "ActionStatus": "OK", "ErrorCode": 0, "ErrorInfo": "" });
            axum::Json(answers.lock().unwrap().pop_front().unwrap_or_else(ok))
        };
        let router = axum::Router::new().route("/hook", axum::routing::post(hook));
        tokio::spawn(async move { axum::serve(listener, router).await });
        app
    }

    fn answer(&self, answer: Value) {
        self.answers.lock().unwrap().push_back(answer);
    }

    /// Lets it answer nothing as long as this is held.
    fn hold(&self) -> tokio::sync::OwnedMutexGuard<()> {
        Arc::clone(&self.holding).try_lock_owned().unwrap()
    }

    /// Waits until it was asked so many times.
    async fn asked(&self, times: usize) {
        while self.received().len() < times {
            tokio::task::yield_now().await;
        }
    }

    fn queries(&self) -> Vec<String> {
        self.queries.lock().unwrap().clone()
    }

    fn received(&self) -> Vec<Value> {
        self.received.lock().unwrap().clone()
    }
}

#[tokio::test]
async fn webhooks_are_seen_with_what_they_did() {
    let server = Server::new().await;
    server.import(&["lin", "mei"]).await;
    let app = App::start().await;
    let only = ["C2C.CallbackBeforeSendMsg", "C2C.CallbackAfterSendMsg"];
    let target =
        json!({ "url": format!("{}?secret=1", app.url), "token": "a token", "only": only });
    let set = server
        .with_body(Method::PUT, "webhooks/target", target)
        .await;
    assert_eq!(set["url"], app.url);
    assert_eq!(set["signed"], true);
    assert_eq!(set["timeout_ms"], 2000);
    assert_eq!(server.get("info").await["webhook_target"], app.url);
    let head = |code: i64| json!({ "ActionStatus": "OK", "ErrorCode": code, "ErrorInfo": "no" });
    let changed = json!({
        "ActionStatus": "OK", "ErrorCode": 0, "ErrorInfo": "",
        "MsgBody": [{ "MsgType": "TIMTextElem", "MsgContent": { "Text": "other" } }],
    });
    for (answer, meaning, sent) in [
        (head(0), "The app allowed it", true),
        (changed, "The app changed it", true),
        (head(1), "The app refused it with code 1", false),
        (head(2), "The app dropped it", true),
        (
            json!([]),
            "The app gave no usable answer: it happened",
            true,
        ),
    ] {
        app.answer(answer);
        let random = app.received().len() + 1;
        let called = server
            .call(
                "v4/openim/sendmsg",
                text("lin", "mei", u32::try_from(random).unwrap()),
            )
            .await;
        assert_eq!(called["code"] == 0, sent, "{meaning}: {called}");
        let seen = server.get(&format!("requests/{}", called["request"])).await;
        let asked = server
            .get(&format!("webhooks/{}", seen["webhooks"][0]))
            .await;
        assert!(
            asked["meaning"].as_str().unwrap().starts_with(meaning),
            "{asked}"
        );
        assert_eq!(asked["request"], called["request"]);
        assert_eq!(asked["platform"], "RESTAPI");
        server.simulator.webhooks_idle().await;
    }
    let told = server
        .get("webhooks?command=C2C.CallbackAfterSendMsg")
        .await;
    let told = told["webhooks"].as_array().unwrap();
    assert!(
        told.iter()
            .all(|told| told["meaning"] == "The app was told, and acknowledged it.")
    );
    assert_eq!(
        server.get("webhooks?failed=true").await["webhooks"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    // By hand, whatever is switched on.
    let event = json!({ "command": "State.StateChange", "body": {
        "CallbackCommand": "State.StateChange", "EventTime": 1,
        "Info": { "Action": "Login", "To_Account": "lin", "Reason": "Register" },
    } });
    let fired = server.post("webhooks/fire", event).await;
    assert_eq!(fired["status"], 200);
    assert!(fired["meaning"].as_str().unwrap().contains("by hand"));
    assert_eq!(app.received().last().unwrap()["Info"]["To_Account"], "lin");
    // Nobody there.
    let gone = json!({ "url": "http://127.0.0.1:1/", "unanswered": "refuse" });
    server.with_body(Method::PUT, "webhooks/target", gone).await;
    let called = server
        .call("v4/openim/sendmsg", text("lin", "mei", 99))
        .await;
    assert_ne!(called["code"], 0);
    let failed = server.get("webhooks?failed=true").await;
    let failed = failed["webhooks"]
        .as_array()
        .unwrap()
        .last()
        .unwrap()
        .clone();
    assert_eq!(failed["failure"], "the app could not be reached");
    assert_eq!(
        failed["meaning"],
        "The app gave no usable answer: it was refused."
    );
    // Other machines only when the server was started for them.
    let elsewhere = json!({ "url": "http://example.com/hook" });
    let (_, error) = server
        .problem(Method::PUT, "webhooks/target", elsewhere.clone())
        .await;
    assert!(
        error["message"]
            .as_str()
            .unwrap()
            .contains("on this machine only"),
        "{error}"
    );
    let open = Server::of(Simulator::builder(APP, "any key").any_webhook_host()).await;
    let set = open
        .with_body(Method::PUT, "webhooks/target", elsewhere)
        .await;
    assert_eq!(set["url"], "http://example.com/hook");
}

#[tokio::test]
async fn a_target_keeps_what_is_never_shown_until_it_is_told_otherwise() {
    let app = App::start().await;
    let url = format!("{}?secret=1", app.url);
    let target = WebhookTarget::new(&url).token("a token").repeats(1);
    let server = Server::of(Simulator::builder(APP, "any key").webhooks(target)).await;
    let set = async |body: Value| server.with_body(Method::PUT, "webhooks/target", body).await;
    let fired = async || {
        let body = json!({ "CallbackCommand": "State.StateChange", "Info": { "Action": "Login", "To_Account": "lin" } });
        let event = json!({ "command": "State.StateChange", "body": body });
        assert_eq!(server.post("webhooks/fire", event).await["status"], 200);
        app.queries().pop().unwrap()
    };
    // What the page sends when only the time for an answer is changed.
    let now = set(json!({ "timeout_ms": 700, "unanswered": "proceed" })).await;
    assert_eq!(
        (&now["signed"], &now["timeout_ms"]),
        (&json!(true), &json!(700))
    );
    let query = fired().await;
    assert!(
        query.contains("secret=1") && query.contains("Sign="),
        "{query}"
    );
    // Another address of the same app.
    assert_eq!(set(json!({ "url": app.url })).await["signed"], true);
    let query = fired().await;
    assert!(
        !query.contains("secret=1") && query.contains("Sign="),
        "{query}"
    );
    assert_eq!(set(json!({ "token": null })).await["signed"], false);
    assert!(!fired().await.contains("Sign="));
    assert_eq!(set(json!({ "token": "another" })).await["signed"], true);
    // Without an address before there is none to keep.
    let cleared = Server::send(server.request(Method::DELETE, "webhooks/target")).await;
    assert_eq!(cleared.0, 200);
    let (_, error) = server
        .problem(Method::PUT, "webhooks/target", json!({}))
        .await;
    assert!(
        error["message"]
            .as_str()
            .unwrap()
            .contains("address is missing"),
        "{error}"
    );
}

#[tokio::test]
async fn a_page_is_shown_to_those_who_read() {
    let page = axum::Router::new().route("/", axum::routing::get(|| async { "the page" }));
    let server = Server::of(
        Simulator::builder(APP, "any key")
            .control_token("a secret")
            .page(page),
    )
    .await;
    let url = server.simulator.base_url();
    let read = server.client.get(&url).send().await.unwrap();
    assert_eq!(read.text().await.unwrap(), "the page");
    let other = server.client.get(&url).header("host", "example.com");
    assert_eq!(Server::send(other).await.0, 421);
    let missing = server
        .client
        .get(format!("{url}/missing"))
        .send()
        .await
        .unwrap();
    assert_eq!(missing.status(), 404);
    // What is written is the service's, and the control API stays where it is.
    let (status, reply) = Server::send(server.client.post(&url)).await;
    assert_eq!(
        (status, &reply["ActionStatus"]),
        (StatusCode::OK, &json!("FAIL"))
    );
    assert_eq!(
        Server::send(server.request(Method::GET, "info")).await.0,
        401
    );
}

#[tokio::test]
async fn a_request_says_what_it_changed() {
    let server = Server::new().await;
    let changes = async |command: &str, body: Value| {
        let called = server.call(command, body).await;
        assert_eq!(called["code"], 0, "{called}");
        let seen = server.get(&format!("requests/{}", called["request"])).await;
        let changes = seen["changes"].as_array().unwrap().iter();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let words = changes.map(|change| {
            ["kind", "id", "action"]
                .map(|name| text(&change[name]))
                .join(" ")
        });
        words.collect::<Vec<String>>()
    };
    let import = json!({ "AccountList": [{ "UserID": "lin" }, { "UserID": "mei" }] });
    let changed = changes("v4/im_open_login_svc/multiaccount_import", import).await;
    assert_eq!(changed, ["user lin created", "user mei created"]);
    let group = json!({
        "Type": "Public", "Name": "Chess", "GroupId": "chess", "Owner_Account": "lin",
        "MemberList": [{ "Member_Account": "mei" }],
    });
    let changed = changes("v4/group_open_http_svc/create_group", group).await;
    for part in [
        "group chess created",
        "member chess/lin created",
        "member chess/mei created",
    ] {
        assert!(changed.iter().any(|change| change == part), "{changed:?}");
    }
    let changed = changes("v4/openim/sendmsg", text("lin", "mei", 1)).await;
    for part in [
        "message lin/mei/",
        "conversation lin/mei created",
        "conversation mei/lin ",
    ] {
        assert!(
            changed.iter().any(|change| change.starts_with(part)),
            "{changed:?}"
        );
    }
    let delete = json!({ "GroupId": "chess", "MemberToDel_Account": ["mei"] });
    let changed = changes("v4/group_open_http_svc/delete_group_member", delete).await;
    assert!(
        changed.contains(&"member chess/mei deleted".to_owned()),
        "{changed:?}"
    );
    let check = json!({ "CheckItem": [{ "UserID": "lin" }] });
    let changed = changes("v4/im_open_login_svc/account_check", check).await;
    assert!(changed.is_empty(), "{changed:?}");
}

#[tokio::test]
async fn what_was_there_before_a_restart_is_not_new() {
    let folder = tempfile::tempdir().unwrap();
    let builder = || Simulator::builder(APP, "any key").data_dir(folder.path());
    let server = Server::of(builder()).await;
    server.import(&["lin", "mei"]).await;
    server.create_group("chess", "lin").await;
    server
        .call("v4/openim/sendmsg", text("lin", "mei", 1))
        .await;
    server.simulator.stop().await;
    let server = Server::of(builder()).await;
    assert!(server.simulator.is_restored());
    for (command, body, changed) in [
        (
            "v4/profile/portrait_set",
            json!({ "From_Account": "lin", "ProfileItem": [{ "Tag": "Tag_Profile_IM_Nick", "Value": "Lin" }] }),
            json!([{ "kind": "user", "id": "lin", "action": "changed" }]),
        ),
        (
            "v4/group_open_http_svc/modify_group_base_info",
            json!({ "GroupId": "chess", "Introduction": "Every Tuesday" }),
            json!([{ "kind": "group", "id": "chess", "action": "changed" }]),
        ),
        // The same again changes nothing.
        (
            "v4/profile/portrait_set",
            json!({ "From_Account": "lin", "ProfileItem": [{ "Tag": "Tag_Profile_IM_Nick", "Value": "Lin" }] }),
            json!([]),
        ),
    ] {
        let called = server.call(command, body).await;
        assert_eq!(called["code"], 0, "{called}");
        let seen = server.get(&format!("requests/{}", called["request"])).await;
        assert_eq!(seen["changes"], changed, "{command}");
    }
}

#[tokio::test]
async fn messages_that_go_for_want_of_room_are_not_what_a_call_changed() {
    let builder = Simulator::builder(APP, "any key").message_memory(4_000);
    let server = Server::of(builder).await;
    server.import(&["lin", "mei"]).await;
    for random in 1..30 {
        let called = server
            .call("v4/openim/sendmsg", text("lin", "mei", random))
            .await;
        let seen = server.get(&format!("requests/{}", called["request"])).await;
        let deleted = |change: &Value| change["action"] == "deleted";
        let changes = seen["changes"].as_array().unwrap();
        assert!(
            !changes.is_empty() && !changes.iter().any(deleted),
            "{seen}"
        );
    }
    let chat = server.get("messages?user=lin&peer=mei").await;
    assert!(chat["messages"].as_array().unwrap().len() < 29, "{chat}");
}

#[tokio::test]
async fn what_began_is_finished_when_nobody_waits_any_longer() {
    let server = Server::new().await;
    server.import(&["lin", "mei"]).await;
    let app = App::start().await;
    let target =
        json!({ "url": app.url, "timeout_ms": 60_000, "only": ["C2C.CallbackBeforeSendMsg"] });
    server
        .with_body(Method::PUT, "webhooks/target", target)
        .await;
    for (number, path, body) in [
        (
            1,
            "call",
            json!({ "command": "v4/openim/sendmsg", "body": text("lin", "mei", 1) }),
        ),
        (
            2,
            "devices/send",
            json!({ "user": "lin", "to": "mei", "text": "two" }),
        ),
    ] {
        let held = app.hold();
        let request = server.request(Method::POST, path).json(&body).send();
        tokio::select! {
            _ = request => panic!("the app has not answered"),
            () = app.asked(number) => {}
        }
        drop(held);
        // The client has hung up.
        let chat = async || server.get("messages?user=mei&peer=lin").await;
        while chat().await["messages"].as_array().unwrap().len() < number {
            tokio::task::yield_now().await;
        }
    }
    let calls = server
        .get("requests?command=v4/openim/sendmsg&wait_ms=60000")
        .await;
    assert_eq!(calls["requests"][0]["code"], 0, "{calls}");
}

#[tokio::test]
async fn a_seed_is_in_a_folder_as_a_whole_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let builder = |seed: Value| {
        Simulator::builder(APP, "any key")
            .data_dir(folder.path())
            .seed(serde_json::from_value(seed).unwrap())
    };
    let users = json!([{ "id": "lin" }, { "id": "mei" }]);
    let wrong =
        json!({ "users": users, "messages": [{ "from": "bob", "to": "mei", "text": "x" }] });
    let error = builder(wrong).start().await.unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("messages[0] is refused with code"),
        "{error}"
    );
    let right =
        json!({ "users": users, "messages": [{ "from": "lin", "to": "mei", "text": "x" }] });
    for is_restored in [false, true] {
        let server = Server::of(builder(right.clone())).await;
        assert_eq!(server.simulator.is_restored(), is_restored);
        let chat = server.get("messages?user=lin&peer=mei").await;
        assert_eq!(chat["messages"].as_array().unwrap().len(), 1, "{chat}");
        server.simulator.stop().await;
    }
}

#[tokio::test]
async fn a_request_that_is_waited_for_is_looked_at_once() {
    let server = Server::new().await;
    server.import(&["lin", "mei"]).await;
    let looks = std::cell::Cell::new(0);
    let last = |request: &SendMsg| {
        looks.set(looks.get() + 1);
        request.msg_random == 20
    };
    let wait = server.simulator.wait_for(Duration::from_secs(60), last);
    let send = async {
        for random in 1..=20 {
            server
                .call("v4/openim/sendmsg", text("lin", "mei", random))
                .await;
        }
    };
    let (seen, ()) = tokio::join!(wait, send);
    assert_eq!(seen.unwrap().request.msg_random, 20);
    assert_eq!(looks.get(), 20);
}

#[test]
fn a_target_does_not_show_the_query_of_its_address() {
    let target = WebhookTarget::new("http://127.0.0.1:1/hook?secret=swordfish").token("a token");
    for shown in [
        format!("{target:?}"),
        format!(
            "{:?}",
            Simulator::builder(APP, "any key").webhooks(target.clone())
        ),
    ] {
        assert!(shown.contains("127.0.0.1:1/hook"), "{shown}");
        assert!(!shown.contains("swordfish"), "{shown}");
    }
}

#[tokio::test]
async fn a_snapshot_brings_the_state_back() {
    let server = Server::new().await;
    server.import(&["lin", "mei"]).await;
    server
        .call("v4/openim/sendmsg", text("lin", "mei", 1))
        .await;
    let snapshot = server.get("snapshot").await;
    server.post("reset", json!({})).await;
    let (status, _) = Server::send(server.request(Method::GET, "users/lin")).await;
    assert_eq!(status, 404);
    server
        .with_body(Method::PUT, "snapshot", snapshot.clone())
        .await;
    let chat = server.get("messages?user=lin&peer=mei").await;
    assert_eq!(chat["messages"][0]["body"][0]["MsgContent"]["Text"], "hi");
    for wrong in [json!({}), json!({ "format": 0, "rows": [] })] {
        server.problem(Method::PUT, "snapshot", wrong).await;
    }
    // Nothing of what is not taken changes anything.
    assert_eq!(server.get("snapshot").await, snapshot);
}
