//! What happens once the data folder cannot be written.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may panic"
)]

use super::*;
use crate::{Seed, Simulator, WebhookTarget, builder};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use tencent_chat_types::model::TextElem;

const APP: u64 = 1_400_000_000;

/// A simulator with a folder, and with users, a group and an app that hears of everything.
struct Broken {
    simulator: Simulator,
    heard: Arc<Mutex<Vec<Value>>>,
    _folder: tempfile::TempDir,
}

impl Broken {
    /// One whose folder cannot be written from now on.
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let seed = json!({
            "users": [{ "id": "lin" }, { "id": "mei" }, { "id": "bob" }],
            "groups": [
                { "id": "chess", "name": "Chess", "owner": "lin", "members": ["mei"] },
                { "id": "live", "name": "Live", "type": "AVChatRoom", "owner": "lin" },
            ],
            "messages": [{ "from": "lin", "to": "mei", "text": "one" }],
        });
        let heard = Arc::new(Mutex::new(Vec::new()));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let hears = Arc::clone(&heard);
        let hook = move |axum::Json(event): axum::Json<Value>| async move {
            hears.lock().unwrap().push(event);
            axum::Json(json!({ "ErrorCode": 0 }))
        };
        let router = axum::Router::new().route("/", axum::routing::post(hook));
        tokio::spawn(async move { axum::serve(listener, router).await });
        let simulator = Simulator::builder(APP, "key")
            .data_dir(folder.path())
            .seed(serde_json::from_value(seed).unwrap())
            .webhooks(
                WebhookTarget::new(url).only(["C2C.CallbackAfterSendMsg", "State.StateChange"]),
            )
            .start()
            .await
            .unwrap();
        let store = simulator.shared.store.as_ref().unwrap();
        store.broken.store(true, Ordering::Relaxed);
        Self {
            simulator,
            heard,
            _folder: folder,
        }
    }

    async fn control(&self, method: &str, path: &str, body: Value) -> (u16, Value) {
        let url = format!("{}/_control/{path}", self.simulator.base_url());
        let method = method.parse().unwrap();
        let request = reqwest::Client::new().request(method, url).json(&body);
        let response = request.send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    }
}

#[tokio::test]
async fn nothing_is_done_as_far_as_anybody_is_told() {
    // Each is the first that finds out.
    for number in 0..11 {
        let broken = Broken::new().await;
        let simulator = &broken.simulator;
        let words = || [TextElem::new("two")];
        let told = match number {
            0 => simulator.join_group("bob", "live").map_err(drop),
            1 => simulator.leave_group("mei", "chess").map_err(drop),
            2 => simulator.read_msgs("mei", "lin").map_err(drop),
            3 => simulator.read_group_msgs("mei", "chess", 1).map_err(drop),
            4 => simulator.pin("mei", "lin", true).map_err(drop),
            5 => simulator.set_online("mei", "Web", "Online").map_err(drop),
            6 => (simulator.send_as("lin", "mei", words()).await).map_or(Err(()), |_| Ok(())),
            7 => simulator.reset().map_err(drop),
            8 => {
                let snapshot = simulator.snapshot().unwrap();
                simulator.load(snapshot).map_err(drop)
            }
            9 => {
                let seed: Seed =
                    serde_json::from_value(json!({ "users": [{ "id": "ada" }] })).unwrap();
                simulator.seed(&seed).map_err(drop)
            }
            _ => {
                let body = json!({ "command": "v4/im_open_login_svc/account_import", "body": { "UserID": "ada" } });
                let (_, called) = broken.control("POST", "call", body).await;
                assert_eq!(called["reply"]["ActionStatus"], "FAIL", "{called}");
                let seen = &simulator.journal()[0];
                assert_eq!((seen.applied, seen.changes()), (0, Vec::new()));
                Err(())
            }
        };
        assert_eq!(told, Err(()), "{number}");
        // And from now on everybody does.
        let refused = simulator.leave_group("lin", "chess").unwrap_err();
        assert!(
            refused.text.contains("cannot be written"),
            "{number}: {refused}"
        );
        simulator.webhooks_idle().await;
        assert_eq!(broken.heard.lock().unwrap().as_slice(), [] as [Value; 0]);
    }
}

#[tokio::test]
async fn who_watches_over_the_server_learns_of_it() {
    let broken = Broken::new().await;
    let nothing = || json!({});
    assert_eq!(broken.control("GET", "ready", nothing()).await.0, 200);
    let read = json!({ "user": "mei", "from": "lin" });
    let (_, told) = broken.control("POST", "devices/read", read).await;
    assert!(told["refused"]["code"].is_i64(), "{told}");
    let (status, problem) = broken.control("GET", "ready", nothing()).await;
    assert_eq!(status, 503, "{problem}");
    let (status, _) = broken.control("POST", "reset", nothing()).await;
    assert_eq!(status, 503);
    let snapshot = broken.control("GET", "snapshot", nothing()).await.1;
    let (status, _) = broken.control("PUT", "snapshot", snapshot).await;
    assert_eq!(status, 503);
    // It is there all the same, and what it holds can be saved.
    assert_eq!(broken.control("GET", "health", nothing()).await.0, 200);
}

#[test]
fn a_folder_that_takes_nothing_from_the_beginning_is_not_started_with() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path(), APP).unwrap();
    store.broken.store(true, Ordering::Relaxed);
    let mut state = State::default();
    state.welcome(&["administrator".to_owned()]);
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt().with_writer(move || writer.clone());
    tracing::subscriber::with_default(subscriber.finish(), || {
        assert!(builder::store_first(&mut state, Some(&store), false).is_err());
    });
    assert!(store.check().is_err());
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(
        log.contains("ERROR") && log.contains("StorageFull"),
        "{log}"
    );
}

/// What was logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
