//! One client on several runtimes, and panics of the app's code within a call.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};
use support::{Server, builder};
use tencent_chat_client::{
    Client, Clock, ErrorKind, LimitFuture, Limiter, Observer, Sent, SystemClock, Tried, Turn,
    reqwest, types::account::ImportAccounts,
};
use tokio::runtime::{Builder, Runtime};

const REPLY: &str = r#"{"ActionStatus":"OK","ErrorCode":0,"ErrorInfo":"","ResultItem":[]}"#;

fn current_thread() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

/// A server with its own threads, so that it responds whatever is blocked elsewhere.
fn server() -> (Runtime, Server) {
    let runtime = Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build();
    let runtime = runtime.unwrap();
    let server = runtime.block_on(Server::replying(REPLY));
    (runtime, server)
}

async fn call(client: &Client) {
    let request = ImportAccounts::new(["lin"]);
    client.send(&request).await.unwrap();
}

/// A runtime drives its connections only within `block_on`: the other one must not wait for them.
#[test]
fn a_client_works_on_several_live_runtimes() {
    let (_runtime, server) = server();
    let agent = "an app of the tests".to_owned();
    let client = server
        .builder()
        .http(|http| http.user_agent(agent))
        .build()
        .unwrap();
    let runtimes = [current_thread(), current_thread(), Runtime::new().unwrap()];
    for _ in 0..3 {
        for runtime in &runtimes {
            runtime.block_on(call(&client));
        }
    }
    drop(runtimes);
    current_thread().block_on(call(&client));
    let seen = server.seen();
    assert_eq!(seen.len(), 10);
    assert!(
        seen.iter()
            .all(|seen| seen.headers["user-agent"] == "an app of the tests")
    );
}

/// An HTTP client that can't be created again returns an error instead of blocking.
#[test]
fn a_client_that_belongs_to_one_live_runtime_says_so_to_another() {
    let (_runtime, server) = server();
    let own = reqwest::Client::builder().no_proxy().build().unwrap();
    let client = server.builder().http_client(own).build().unwrap();
    let (one, other) = (current_thread(), current_thread());
    one.block_on(call(&client));
    let request = ImportAccounts::new(["lin"]);
    let error = other.block_on(client.send(&request)).unwrap_err();
    assert_eq!((error.kind(), error.sent()), (ErrorKind::Runtime, Sent::No));
    assert!(error.to_string().contains("another runtime"), "{error}");
    one.block_on(call(&client));
    drop(one);
    other.block_on(call(&client));
}

/// Clients of clones have the same settings, and HTTP clients of their own.
#[test]
fn a_builder_can_be_cloned() {
    let (runtime, server) = server();
    let agent = "an app of the tests".to_owned();
    let builder = server.builder().http(|http| http.user_agent(agent));
    let (one, other) = (builder.clone().build().unwrap(), builder.build().unwrap());
    runtime.block_on(call(&one));
    runtime.block_on(call(&other));
    let seen = server.seen();
    let agents = seen.iter().map(|seen| &seen.headers["user-agent"]);
    assert_eq!(agents.collect::<Vec<_>>(), ["an app of the tests"; 2]);
}

/// Works correctly, but panics once on demand.
#[derive(Clone, Debug, Default)]
struct Fuse(Arc<AtomicBool>, Arc<AtomicUsize>);

impl Fuse {
    fn set(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    fn pass(&self) {
        if self.0.swap(false, Ordering::SeqCst) {
            self.1.fetch_add(1, Ordering::SeqCst);
            panic!("on purpose");
        }
    }
}

impl Clock for Fuse {
    fn unix_seconds(&self) -> u64 {
        self.pass();
        SystemClock.unix_seconds()
    }
}

impl Observer for Fuse {
    fn tried(&self, _: &Tried<'_>) {
        self.pass();
    }
}

impl Limiter for Fuse {
    fn acquire<'a>(&'a self, _: Turn<'a>) -> LimitFuture<'a> {
        self.pass();
        Box::pin(async {
            tokio::task::yield_now().await;
            self.pass();
            Ok(())
        })
    }

    fn back_off(&self, _: &str, _: Duration) {}
}

/// The call that hits the panic panics; concurrent and later ones continue, and so do timers.
#[test]
fn a_panic_of_the_apps_code_harms_no_other_call() {
    let (_runtime, server) = server();
    let fuse = Fuse::default();
    let base = || builder(&server.base);
    for (name, client) in [
        ("clock", base().clock(fuse.clone())),
        ("observer", base().observer(Arc::new(fuse.clone()))),
        ("limiter", base().limiter(Arc::new(fuse.clone()))),
    ] {
        let client = client.build().unwrap();
        let before = fuse.1.load(Ordering::SeqCst);
        current_thread().block_on(async {
            fuse.set();
            let calls: Vec<_> = (0..4)
                .map(|_| {
                    let client = client.clone();
                    tokio::spawn(async move { call(&client).await })
                })
                .collect();
            let mut panics = 0;
            for call in calls {
                let call = tokio::time::timeout(Duration::from_secs(30), call).await;
                panics += usize::from(call.unwrap().is_err());
            }
            assert_eq!(panics, 1, "{name}");
            call(&client).await;
        });
        assert_eq!(fuse.1.load(Ordering::SeqCst) - before, 1, "{name}");
    }
}
