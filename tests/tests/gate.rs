//! Requests that the simulator refuses before a command looks at them, with the documented codes.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use serde_json::Value;
use std::{sync::Arc, time::Duration};
use tencent_chat_client::{Client, RetryPolicy};
use tencent_chat_simulator::Simulator;
use tencent_chat_tests::{still::Still, world::text};
use tencent_chat_types::{
    Edition, Endpoint, ErrorCode, account::ImportAccounts, group::ListGroups,
    message::SendMsgToMany, moderation::GetGlobalMute, timpush::PushToAll,
};
use tencent_chat_usersig::{FixedClock, Signer};

const APP: u64 = 1_400_000_000;
const NOW: u64 = 1_700_000_000;
const DAY: Duration = Duration::from_secs(86_400);

fn signer(app: u64, key: &str, now: u64) -> Signer {
    Signer::new(app, key).with_clock(FixedClock::new(now))
}

async fn code(http: &reqwest::Client, url: String, body: &str) -> i64 {
    let reply = http.post(&url).body(body.to_owned()).send().await.unwrap();
    assert_eq!(reply.status(), 200, "{url}");
    let reply: Value = serde_json::from_slice(&reply.bytes().await.unwrap()).unwrap();
    let code = reply["ErrorCode"].as_i64().unwrap();
    assert_eq!(reply["ActionStatus"] == "FAIL", code != 0, "{reply}");
    code
}

#[tokio::test]
async fn each_wrong_query_has_its_code() {
    let simulator = Simulator::builder(APP, "key")
        .clock(Arc::new(FixedClock::new(NOW)))
        .admins(["admin"])
        .start()
        .await
        .unwrap();
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let good = signer(APP, "key", NOW).sign("admin", DAY).unwrap();
    let sign = |app, key, now, user: &str| {
        signer(app, key, now)
            .sign(user, DAY)
            .unwrap()
            .expose()
            .to_owned()
    };
    let query = |app: &str, user: &str, sig: &str, rest: &str| {
        format!("sdkappid={app}&identifier={user}&usersig={sig}{rest}")
    };
    let app = "1400000000";
    let rest = "&random=4294967295&contenttype=json";
    for (query, expected) in [
        (query(app, "admin", good.expose(), rest), 0),
        (query("", "admin", good.expose(), rest), 60012),
        (query("1400000001", "admin", good.expose(), rest), 60006),
        (query("x", "admin", good.expose(), rest), 60006),
        (query(app, "", good.expose(), rest), 60004),
        (query(app, "admin", "", rest), 70002),
        (query(app, "admin", "cut-off", rest), 70003),
        (query(app, "admin", &good.expose()[..40], rest), 70003),
        (
            query(app, "admin", &sign(APP, "another key", NOW, "admin"), rest),
            70009,
        ),
        (
            query(app, "admin", &sign(APP + 1, "key", NOW, "admin"), rest),
            70014,
        ),
        (
            query(app, "admin", &sign(APP, "key", NOW, "lin"), rest),
            70013,
        ),
        (
            query(app, "admin", &sign(APP, "key", NOW - 86_400, "admin"), rest),
            70001,
        ),
        (
            query(app, "admin", &sign(APP, "key", NOW + 61, "admin"), rest),
            70005,
        ),
        (
            query(app, "lin", &sign(APP, "key", NOW, "lin"), rest),
            60010,
        ),
        (
            query(
                app,
                "admin",
                good.expose(),
                "&random=4294967296&contenttype=json",
            ),
            60002,
        ),
        (
            query(app, "admin", good.expose(), "&random=-1&contenttype=json"),
            60002,
        ),
        (
            query(app, "admin", good.expose(), "&contenttype=json"),
            60002,
        ),
        (query(app, "admin", good.expose(), "&random=1"), 60002),
    ] {
        let url = format!("{}/v4/ConfigSvc/GetIPList?{query}", simulator.base_url());
        assert_eq!(code(&http, url, "{}").await, expected, "{query}");
    }
    let good = query(app, "admin", good.expose(), rest);
    for (path, body, expected) in [
        ("v4/openim/no_such_command", "{}", 60009),
        ("", "{}", 60009),
        ("v4/ConfigSvc/GetIPList", "", 60003),
        ("v4/ConfigSvc/GetIPList", "{", 60003),
        ("v4/ConfigSvc/GetIPList", "[]", 60003),
        ("v4/openim/sendmsg", "[]", 90001),
        ("v4/openim/sendmsg", "{\"MsgBody\": 7}", 90007),
        (
            "v4/recentcontact/get_contact_group",
            "{\"From_Account\": {}}",
            50002,
        ),
        ("v4/recentcontact/get_contact_group", "{}", 50002),
        ("v4/group_open_http_svc/create_group", "{}", 10004),
        ("v4/profile/portrait_get", "{}", 40002),
        ("v4/im_open_login_svc/account_import", "{}", 70402),
    ] {
        let url = format!("{}/{path}?{good}", simulator.base_url());
        assert_eq!(code(&http, url, body).await, expected, "{path} {body}");
    }
    let get = http
        .get(format!(
            "{}/v4/ConfigSvc/GetIPList?{good}",
            simulator.base_url()
        ))
        .send()
        .await
        .unwrap();
    let reply: Value = serde_json::from_slice(&get.bytes().await.unwrap()).unwrap();
    assert_eq!(reply["ErrorCode"], 60002);
    // Refusals contain nothing that could be a signature or the key.
    for entry in simulator.journal() {
        assert!(!format!("{entry:?}").contains("usersig"), "{entry:?}");
    }
}

/// A simulator that enforces the quotas of an edition, with windows stretched by a factor, and a client without
/// quotas. Both use the clock.
async fn with_quotas(edition: Edition, scale: f64, clock: &Arc<FixedClock>) -> (Simulator, Client) {
    let simulator = Simulator::builder(APP, "key")
        .clock(Arc::clone(clock))
        .quotas(edition)
        .quota_time_scale(scale)
        .start()
        .await
        .unwrap();
    let client = Client::builder(APP, "administrator", "key")
        .clock(Arc::clone(clock))
        .base_url(simulator.base_url())
        .retry(RetryPolicy::none())
        .unlimited()
        // Unused connections are closed as time passes.
        .http(|http| http.pool_max_idle_per_host(0))
        .build()
        .unwrap();
    (simulator, client)
}

fn clock() -> Arc<FixedClock> {
    Arc::new(FixedClock::new(NOW))
}

/// The code of a call's reply, 0 for success.
async fn sent<E: Endpoint>(client: &Client, request: &E) -> i64 {
    match client.send(request).await {
        Ok(_) => 0,
        Err(error) => match error.code() {
            Some(code) => code.0,
            None => panic!("{error}"),
        },
    }
}

async fn goes_by(millis: u64) {
    tokio::time::advance(Duration::from_millis(millis)).await;
}

const CALL_RATE: i64 = ErrorCode::CALL_RATE_LIMITED.0;
const BATCH_RATE: i64 = ErrorCode::MESSAGE_BATCH_RATE_LIMITED.0;
const PUSH_RATE: i64 = ErrorCode::PUSH_RATE_LIMITED.0;
const DAILY: i64 = ErrorCode::PUSH_DAILY_QUOTA.0;

#[tokio::test(start_paused = true)]
async fn the_call_after_the_last_of_a_window_is_refused_until_the_first_has_left_it() {
    let _still = Still::new();
    let (simulator, client) = with_quotas(Edition::Paid, 1.0, &clock()).await;
    let request = GetGlobalMute::new("administrator");
    assert_eq!(sent(&client, &request).await, 0);
    goes_by(400).await;
    for _ in 1..200 {
        assert_eq!(sent(&client, &request).await, 0);
    }
    for _ in 0..3 {
        assert_eq!(sent(&client, &request).await, CALL_RATE);
    }
    goes_by(599).await;
    assert_eq!(sent(&client, &request).await, CALL_RATE);
    // The first call has left the window: one may go, and the refused one has not counted.
    goes_by(1).await;
    assert_eq!(sent(&client, &request).await, 0);
    assert_eq!(sent(&client, &request).await, CALL_RATE);
    goes_by(400).await;
    for _ in 0..199 {
        assert_eq!(sent(&client, &request).await, 0);
    }
    assert_eq!(sent(&client, &request).await, CALL_RATE);
    let journal = simulator.journal();
    let refused = journal.iter().filter(|entry| entry.code.0 == CALL_RATE);
    assert!(refused.clone().all(|entry| entry.applied == 0));
    assert_eq!(refused.count(), 6);
}

/// A call to 500 users counts 500 of 12,000 a minute, whether it is typed or not.
#[tokio::test(start_paused = true)]
async fn items_count_to_the_last_one() {
    let _still = Still::new();
    let (_simulator, client) = with_quotas(Edition::Paid, 1.0, &clock()).await;
    let users: Vec<String> = (0..500).map(|number| format!("u{number}")).collect();
    for users in users.chunks(100) {
        let users = users.iter().cloned();
        client.send(ImportAccounts::new(users)).await.unwrap();
    }
    let to = |count: usize, random| {
        SendMsgToMany::new(&users[..count], text("Doors open")).with_msg_random(random)
    };
    for random in 0..23 {
        assert_eq!(sent(&client, &to(500, random)).await, 0);
        goes_by(10).await;
    }
    assert_eq!(sent(&client, &to(498, 23)).await, 0);
    assert_eq!(sent(&client, &to(3, 24)).await, BATCH_RATE);
    assert_eq!(sent(&client, &to(2, 25)).await, 0);
    assert_eq!(sent(&client, &to(1, 26)).await, BATCH_RATE);
    let raw = serde_json::to_value(to(1, 27)).unwrap();
    let path = SendMsgToMany::META.path;
    let refused = client.send_raw(path, &raw).await.unwrap_err();
    assert_eq!(refused.code(), Some(ErrorCode::MESSAGE_BATCH_RATE_LIMITED));
    goes_by(60_000 - 230 - 1).await;
    assert_eq!(sent(&client, &to(1, 28)).await, BATCH_RATE);
    goes_by(1).await;
    assert_eq!(sent(&client, &to(500, 29)).await, 0);
    assert_eq!(sent(&client, &to(1, 30)).await, BATCH_RATE);
}

#[tokio::test(start_paused = true)]
async fn the_quotas_of_the_edition_hold_all_at_once() {
    let _still = Still::new();
    for (edition, daily) in [(Edition::Free, 10), (Edition::Paid, 100)] {
        let clock = clock();
        let (_simulator, client) = with_quotas(edition, 1.0, &clock).await;
        let push = |random| {
            PushToAll::new()
                .with_msg_random(random)
                .with_msg_body(text("Doors open"))
        };
        for random in 0..daily {
            assert_eq!(sent(&client, &push(random)).await, 0, "{edition:?}");
            // That of a second.
            assert_eq!(sent(&client, &push(random)).await, PUSH_RATE, "{edition:?}");
            goes_by(1_000).await;
            // The simulator counts pushes by the app's clock.
            clock.advance(1);
        }
        assert_eq!(sent(&client, &push(daily)).await, DAILY, "{edition:?}");
        goes_by(86_400_000 - 1_000 * u64::from(daily) - 1).await;
        clock.advance(86_400);
        assert_eq!(sent(&client, &push(daily)).await, DAILY, "{edition:?}");
        goes_by(1).await;
        assert_eq!(sent(&client, &push(daily)).await, 0, "{edition:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn windows_are_as_long_as_the_scale_says() {
    let _still = Still::new();
    for (scale, millis) in [(0.5, 500), (3.0, 3_000), (0.0, 1_000), (f64::NAN, 1_000)] {
        let (_simulator, client) = with_quotas(Edition::Paid, scale, &clock()).await;
        let list = ListGroups::new();
        assert_eq!(sent(&client, &list).await, 0, "{scale}");
        goes_by(millis - 1).await;
        assert_eq!(sent(&client, &list).await, CALL_RATE, "{scale}");
        goes_by(1).await;
        assert_eq!(sent(&client, &list).await, 0, "{scale}");
    }
}

/// Without quotas, nothing is refused.
#[tokio::test]
async fn without_being_asked_to_the_simulator_keeps_no_quota() {
    let simulator = Simulator::builder(APP, "key").start().await.unwrap();
    let client = Client::builder(APP, "administrator", "key")
        .base_url(simulator.base_url())
        .unlimited()
        .build()
        .unwrap();
    for _ in 0..12 {
        assert_eq!(sent(&client, &ListGroups::new()).await, 0);
    }
}
