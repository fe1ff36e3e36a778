//! The blocking client, against the simulator.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::{
    sync::{Arc, Mutex, mpsc},
    thread,
    time::Duration,
};
use tencent_chat_client::{
    Checkpoint, ClientBuilder, Error, ErrorKind, Observer, RetryPolicy, Sent, Tried,
    blocking::Client,
};
use tencent_chat_simulator::{Fault, Simulator};
use tencent_chat_types::{
    Endpoint as _, ErrorCode,
    account::{ImportAccount, ImportAccounts},
    conversation::GetContactGroup,
    group::{CreateGroup, DestroyGroup, GroupType, ListGroups},
    message::{GetGroupHistory, SendMsg},
    model::TextElem,
    relationship::{
        GetFriends, ImportFriends,
        import_friends::{ImportedFriend, ImportedFriendRequired},
    },
};
use tokio::runtime::Runtime;

const APP: u64 = 1_400_000_000;

/// A simulator on its own runtime.
struct World {
    simulator: Option<Simulator>,
    runtime: Runtime,
}

impl World {
    fn new() -> Self {
        let runtime = Runtime::new().unwrap();
        let simulator = Simulator::builder(APP, "key").page_size(3).start();
        let simulator = Some(runtime.block_on(simulator).unwrap());
        let world = Self { simulator, runtime };
        let users = ImportAccounts::new(["lin", "mei", "ada", "bob", "kim", "tom", "eve", "pat"]);
        world.client().send(&users).unwrap();
        world
    }

    fn simulator(&self) -> &Simulator {
        self.simulator.as_ref().unwrap()
    }

    fn builder(&self) -> ClientBuilder {
        Client::builder(APP, "administrator", "key")
            .base_url(self.simulator().base_url())
            .unlimited()
    }

    fn client(&self) -> Client {
        self.builder().build_blocking().unwrap()
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let _within = self.runtime.enter();
        self.simulator = None;
    }
}

fn message(number: u32) -> SendMsg {
    SendMsg::new("mei", [TextElem::new("hi")])
        .with_msg_random(number)
        .with_from_account("lin")
}

#[test]
fn it_calls() {
    let world = World::new();
    let client = world.client();
    let kept = message(1);
    assert!(client.send(&kept).unwrap().msg_key.is_some());
    assert!(client.send(message(2)).unwrap().msg_key.is_some());
    let answer = client.call(&kept).answer().unwrap();
    assert!(!answer.body.is_empty());
    let raw = serde_json::json!({ "From_Account": "lin", "StartIndex": 0 });
    client.send_raw(GetContactGroup::META.path, &raw).unwrap();
    let error = client.send_raw("nonsense", &raw).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BadPath);
    let error = client.send(GetGroupHistory::new("group", 21)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    let unchecked = client.call(GetGroupHistory::new("group", 21)).unchecked();
    assert_eq!(unchecked.send().unwrap_err().kind(), ErrorKind::Api);
    assert_eq!(
        (client.sdk_app_id(), client.identifier()),
        (APP, "administrator")
    );
    assert!(!format!("{client:?}").contains("key\""));
}

#[test]
fn calls_have_options() {
    let world = World::new();
    let client = world.client();
    world
        .simulator()
        .inject_at("*", [Fault::Delay(Duration::from_secs(60))])
        .unwrap();
    let call = client.call(message(1)).deadline(Duration::from_millis(50));
    let error = call.retry(RetryPolicy::none()).send().unwrap_err();
    assert_eq!((error.kind(), error.tries().len()), (ErrorKind::Timeout, 1));
}

#[test]
fn pages_are_iterators() {
    let world = World::new();
    let client = world.client();
    let names = ["mei", "ada", "bob", "kim", "tom", "eve", "pat"];
    let friends = names.map(|name| {
        ImportedFriend::new(ImportedFriendRequired {
            to_account: name.into(),
            add_source: "AddSource_Type_Test".into(),
        })
    });
    client.send(ImportFriends::new("lin", friends)).unwrap();
    let pages: Result<Vec<_>, Error> = client.pages(GetFriends::new("lin")).collect();
    let sizes: Vec<_> = pages
        .unwrap()
        .iter()
        .map(|page| page.user_data_item.len())
        .collect();
    assert_eq!(sizes, [3, 3, 1]);

    // A page that failed is requested again.
    let mut items = client.items(GetFriends::new("lin"));
    let mut seen = Vec::new();
    seen.extend(items.by_ref().take(3).map(|item| item.unwrap().to_account));
    let gateway = || Fault::Gateway {
        status: 404,
        applied: false,
    };
    world.simulator().inject_at("*", [gateway()]).unwrap();
    assert_eq!(items.next().unwrap().unwrap_err().kind(), ErrorKind::Http);
    seen.extend(items.by_ref().map(|item| item.unwrap().to_account));
    assert!(items.next().is_none());
    seen.sort();
    let mut names = names.map(str::to_owned);
    names.sort();
    assert_eq!(seen, names);

    // A listing is continued in the middle of a page.
    let request = GetFriends::new("lin");
    let mut kept = Some(Checkpoint { request, taken: 0 });
    let mut seen = Vec::new();
    while let Some(checkpoint) = kept {
        let mut items = client.items_from(checkpoint);
        seen.extend(items.by_ref().take(2).map(|item| item.unwrap().to_account));
        kept = items.checkpoint();
    }
    seen.sort();
    assert_eq!(seen, names);
}

#[test]
fn many_threads_call_at_once() {
    let world = World::new();
    let client = world.client();
    thread::scope(|scope| {
        for thread in 0..8 {
            let client = client.clone();
            scope.spawn(move || {
                for number in 0..50 {
                    client.send(message(thread * 1_000 + number)).unwrap();
                }
            });
        }
    });
    let journal = world.simulator().journal();
    let sent = journal
        .iter()
        .filter(|entry| entry.path == SendMsg::META.path);
    assert_eq!(sent.map(|entry| entry.applied).sum::<u32>(), 400);
}

/// Within async code it is an error, and the rest of the program continues; on a thread for blocking
/// work it is allowed.
#[test]
fn async_code_gets_an_error_and_is_not_blocked() {
    for runtime in [
        Runtime::new().unwrap(),
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap(),
    ] {
        let world = World::new();
        let client = world.client();
        let refused = |error: Error| {
            assert_eq!((error.kind(), error.sent()), (ErrorKind::Runtime, Sent::No));
            assert!(error.to_string().contains("async"), "{error}");
        };
        runtime.block_on(async {
            refused(client.send(message(1)).unwrap_err());
            refused(client.send_raw(GetContactGroup::META.path, ()).unwrap_err());
            let mut pages = client.pages(GetContactGroup::new("lin"));
            refused(pages.next().unwrap().unwrap_err());
            // It continues where it is allowed.
            let there = client.clone();
            let work = tokio::task::spawn_blocking(move || {
                there.send(message(2)).unwrap();
                pages.next().unwrap().unwrap();
            });
            work.await.unwrap();
            let task_client = client.clone();
            let task = tokio::spawn(async move { task_client.send(message(3)).unwrap_err() });
            refused(task.await.unwrap());
            // The budget that distinguishes the two is complete.
            assert!(tokio::task::coop::has_budget_remaining());
        });
        // Having a runtime handle is not the same as running on it.
        let _within = runtime.enter();
        client.send(message(4)).unwrap();
        // Dropped in async code.
        runtime.block_on(async move { drop(client) });
    }
}

#[test]
fn block_in_place_is_blocking_too() {
    let world = World::new();
    let client = world.client();
    let runtime = Runtime::new().unwrap();
    runtime.block_on(async {
        let task = async move { tokio::task::block_in_place(|| client.send(message(1))) };
        tokio::spawn(task).await.unwrap().unwrap();
    });
}

/// Reports attempts, and its own end when it is dropped.
#[derive(Debug)]
struct Alive(Mutex<mpsc::Sender<()>>);

impl Observer for Alive {
    fn tried(&self, _: &Tried<'_>) {
        self.0.lock().unwrap().send(()).unwrap();
    }
}

/// With the last clone the thread, its connections and everything that the client holds are gone.
#[test]
fn the_last_clone_ends_everything() {
    let world = World::new();
    let (alive, gone) = mpsc::channel();
    let observer = Arc::new(Alive(Mutex::new(alive)));
    let client = world.builder().observer(observer).build_blocking().unwrap();
    let (clone, items) = (client.clone(), client.items(GetContactGroup::new("lin")));
    client.send(message(1)).unwrap();
    drop(client);
    clone.send(message(2)).unwrap();
    drop(clone);
    // Iterators hold it, too.
    assert_eq!(items.count(), 0);
    for _ in 0..3 {
        gone.try_recv().unwrap();
    }
    assert_eq!(gone.try_recv(), Err(mpsc::TryRecvError::Disconnected));
}

/// Drops the client that calls it, on the client's own thread.
#[derive(Debug, Default)]
struct Own(Mutex<Option<Client>>, Mutex<Option<ErrorKind>>);

impl Observer for Own {
    fn tried(&self, _: &Tried<'_>) {
        let Some(client) = self.0.lock().unwrap().take() else {
            return;
        };
        // It would wait for itself.
        *self.1.lock().unwrap() = client.send(message(9)).err().map(|error| error.kind());
        drop(client);
    }
}

#[test]
fn it_cannot_wait_for_itself() {
    let world = World::new();
    let own = Arc::new(Own::default());
    let client = world
        .builder()
        .observer(own.clone())
        .build_blocking()
        .unwrap();
    *own.0.lock().unwrap() = Some(client.clone());
    client.send(message(1)).unwrap();
    assert_eq!(*own.1.lock().unwrap(), Some(ErrorKind::Runtime));
}

/// Panics when it is called.
#[derive(Debug)]
struct Panics;

impl Observer for Panics {
    fn tried(&self, _: &Tried<'_>) {
        panic!("an observer's own fault");
    }
}

#[test]
fn a_panic_in_the_background_is_an_error_and_not_the_end() {
    let world = World::new();
    let client = world
        .builder()
        .observer(Arc::new(Panics))
        .build_blocking()
        .unwrap();
    for number in 1..3 {
        let error = client.send(message(number)).unwrap_err();
        assert_eq!(
            (error.kind(), error.sent()),
            (ErrorKind::Runtime, Sent::Maybe)
        );
    }
    let mut pages = client.pages(GetFriends::new("lin"));
    for _ in 0..2 {
        let error = pages.next().unwrap().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Runtime);
        assert_eq!(pages.request(), Some(&GetFriends::new("lin")));
    }
}

#[test]
fn batches_and_many_calls_block() {
    let world = World::new();
    let client = world.client();
    let names: Vec<String> = (0..250).map(|number| format!("u{number}")).collect();
    let mut seen = Vec::new();
    let batch = client.batch(ImportAccounts::new(&names)).concurrency(2);
    // The report may use the client itself.
    let outcome = batch
        .on_progress(|progress| {
            assert!(client.account().exists("lin").send().unwrap());
            seen.push(progress.to_string());
        })
        .send();
    assert!(outcome.is_complete() && !outcome.was_stopped());
    assert_eq!(outcome.len(), 250);
    assert_eq!(seen.len(), 3);
    assert_eq!(seen[2], "250 of 250 done, 0 failed");

    let mut parts = client
        .batch(ImportAccounts::new(&names))
        .concurrency(1)
        .parts();
    assert_eq!(parts.next().unwrap().succeeded().count(), 100);
    parts.stop();
    assert_eq!(parts.progress().left(), Some(150));
    let rest = parts.next().unwrap();
    assert!(rest.was_stopped() && parts.next().is_none());
    assert_eq!(rest.items()[0].user_id, "u100");

    let requests = names.iter().map(ImportAccount::new);
    let outcome = client.each(requests).concurrency(8).send();
    outcome.all_done().unwrap();
    let mut results = client
        .each(names.iter().take(3).map(ImportAccount::new))
        .results();
    assert!(results.next().is_some_and(|result| result.is_complete()));
    assert_eq!(results.by_ref().count(), 2);
    assert_eq!(results.progress().done, 3);
}

/// An iterator of requests runs on the thread that calls, so it may list with the same client.
#[test]
fn requests_can_come_from_pages() {
    let world = World::new();
    let client = world.client();
    let names = ["mei", "ada", "bob", "kim", "tom", "eve", "pat"];
    for name in names {
        let club = CreateGroup::new(GroupType::PUBLIC, name).with_group_id(name);
        client.send(&club).unwrap();
    }
    let groups = client.items(ListGroups::new()).map(|group| group.unwrap());
    let requests = groups.map(|group| DestroyGroup::new(group.group_id));
    let outcome = client.each(requests).send();
    assert_eq!(outcome.into_result().unwrap().len(), 7);
    assert_eq!(client.items(ListGroups::new()).count(), 0);
}

#[test]
fn families_and_single_items_block() {
    let world = World::new();
    let client = world.client();
    let reply = client
        .account()
        .import_accounts(ImportAccounts::new(["zoe"]));
    assert!(reply.send().unwrap().fail_accounts.is_empty());
    assert!(client.account().exists("zoe").send().unwrap());
    assert!(client.account().delete("zoe").send().unwrap());
    assert!(!client.account().exists("zoe").send().unwrap());
    assert!(client.group().get("chess").send().unwrap().is_none());
    let error = client
        .relationship()
        .block("lin", ["nobody"])
        .send()
        .unwrap_err();
    assert_eq!(error.code(), Some(ErrorCode::RELATION_ACCOUNT_NOT_FOUND));
}

#[test]
fn async_code_gets_no_batch() {
    let world = World::new();
    let client = world.client();
    let names = ["u1", "u2"];
    Runtime::new().unwrap().block_on(async {
        let outcome = client.batch(ImportAccounts::new(names)).send();
        assert_eq!((outcome.len(), outcome.failed().count()), (2, 2));
        let kinds: Vec<_> = outcome.errors().map(Error::kind).collect();
        assert_eq!(kinds, [ErrorKind::Runtime]);
        let mut parts = client.batch(ImportAccounts::new(names)).parts();
        assert!(parts.next().is_some_and(|part| !part.is_complete()));
        assert!(parts.next().is_none());
        let requests = names.map(ImportAccount::new);
        let outcome = client.each(requests).send();
        assert_eq!((outcome.len(), outcome.was_stopped()), (1, true));
        let error = client.account().exists("lin").send().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Runtime);
    });
    // Blocking in place is fine.
    let runtime = Runtime::new().unwrap();
    let in_place = client.clone();
    let outcome = runtime.block_on(async move {
        let call = move || in_place.batch(ImportAccounts::new(names)).send();
        tokio::task::spawn_blocking(call).await.unwrap()
    });
    assert!(outcome.is_complete());
}

/// An observer that panics ends its call, and the other calls go on.
#[test]
fn a_panic_is_an_error_of_its_part() {
    #[derive(Debug, Default)]
    struct Panics(Mutex<bool>);
    impl Observer for Panics {
        fn tried(&self, _: &Tried<'_>) {
            let first = !std::mem::replace(&mut *self.0.lock().unwrap(), true);
            assert!(!first, "the first call panics");
        }
    }
    let world = World::new();
    let builder = world.builder().observer(Arc::new(Panics::default()));
    let client = builder.build_blocking().unwrap();
    let names = ["u1", "u2", "u3"];
    let batch = client
        .batch(ImportAccounts::new(names))
        .part_size(1)
        .concurrency(1);
    let outcome = batch.send();
    let kinds: Vec<_> = outcome.errors().map(Error::kind).collect();
    assert_eq!(kinds, [ErrorKind::Runtime]);
    assert_eq!(outcome.succeeded().count(), 2);
}
