//! What the simulator refuses before a command looks at a request, with the documented codes.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use serde_json::Value;
use std::{sync::Arc, time::Duration};
use tencent_chat_simulator::Simulator;
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
    // Refusals say nothing that could be a signature or the key.
    for entry in simulator.journal() {
        assert!(!format!("{entry:?}").contains("usersig"), "{entry:?}");
    }
}
