//! `tencent-chat serve --data`: what it has acknowledged survives, however it ends.
//!
//! `TENCENT_CHAT_TEST_KILLS=100 cargo test -p tencent-chat-cli --test data -- --nocapture` kills it more
//! often than the suite does, and prints what was checked.
#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test may panic, and shows what it did"
)]

mod common;

use common::Running;
use std::{
    collections::BTreeMap,
    env,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};
use tencent_chat_client::Client;
use tencent_chat_types::{
    account::{CheckAccounts, ImportAccount, check_accounts::AccountStatus},
    conversation::GetC2cUnreadCount,
    group::CreateGroup,
    message::{GetC2cHistory, GetC2cHistoryRequired, GetGroupHistory, SendGroupMsg, SendMsg},
    model::{AccountId, GroupType, MsgElement, TextElem},
    relationship::{
        AddFriends, CheckFriends,
        add_friends::{NewFriend, NewFriendRequired},
        check_friends::{FriendCheckType, FriendRelation},
    },
};

const WORKERS: usize = 6;

fn serve(folder: &Path) -> Command {
    let mut command = common::server();
    command
        .args(["--message-memory", "4096", "--data"])
        .arg(folder)
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command
}

/// A running server and its address.
fn start(folder: &Path) -> (Running, String) {
    let (server, said) = common::start(&mut serve(folder));
    (server, said["url"].as_str().unwrap().to_owned())
}

/// A folder that doesn't exist.
fn folder(name: &str) -> PathBuf {
    let folder = common::folder(name);
    std::fs::remove_dir_all(&folder).unwrap();
    folder
}

fn client(url: &str) -> Client {
    common::client(url).unlimited().build().unwrap()
}

/// What was acknowledged to a worker.
#[derive(Debug, Default)]
struct Acknowledged {
    /// Whether its two users and its group exist, and whether they are friends.
    users: bool,
    group: bool,
    friends: bool,
    /// Keys of messages, by their text.
    messages: BTreeMap<String, String>,
    /// The last message as it was sent.
    last: Option<SendMsg>,
    /// Numbers of group messages, by their text.
    group_messages: BTreeMap<u64, String>,
}

/// The users and the group of a worker in a round.
struct Names {
    from: String,
    to: String,
    group: String,
}

impl Names {
    fn of(round: usize, worker: usize) -> Self {
        Self {
            from: format!("from-{round}-{worker}"),
            to: format!("to-{round}-{worker}"),
            group: format!("group-{round}-{worker}"),
        }
    }
}

fn text(text: &str) -> [MsgElement; 1] {
    [TextElem::new(text).into()]
}

/// Sends until the server is gone. Every step is recorded once it is acknowledged.
async fn work(client: Client, names: Names, stop: Arc<AtomicBool>) -> Acknowledged {
    let mut done = Acknowledged::default();
    let Names { from, to, group } = &names;
    macro_rules! go {
        ($request:expr) => {
            match client.call($request).unchecked().await {
                Ok(reply) => reply,
                Err(error) => {
                    assert!(
                        stop.load(Ordering::SeqCst),
                        "refused before the kill: {error}"
                    );
                    return done;
                }
            }
        };
    }
    go!(ImportAccount::new(from.as_str()));
    go!(ImportAccount::new(to.as_str()));
    done.users = true;
    go!(CreateGroup::new(GroupType::PUBLIC, "a group")
        .with_group_id(group.as_str())
        .with_owner_account(from.as_str()));
    done.group = true;
    go!(AddFriends::new(
        from.as_str(),
        [NewFriend::new(NewFriendRequired {
            to_account: to.as_str().into(),
            add_source: "AddSource_Type_Web".into(),
        })]
    ));
    done.friends = true;
    for number in 0_u64.. {
        let words = format!("{number} {}", "x".repeat(number as usize % 700));
        let message = SendMsg::new(to.as_str(), text(&words)).with_from_account(from.as_str());
        let reply = go!(message.clone());
        done.messages.insert(words.clone(), reply.msg_key.unwrap());
        done.last = Some(message);
        let message = SendGroupMsg::new(group.as_str(), text(&words));
        let reply = go!(message.with_from_account(from.as_str()));
        done.group_messages.insert(reply.msg_seq.unwrap(), words);
    }
    done
}

fn said(body: &[MsgElement]) -> String {
    match body {
        [MsgElement::Text(text)] => text.text.clone(),
        other => panic!("{other:?}"),
    }
}

/// Checks that everything acknowledged is there; returns how many things that are.
async fn check(client: &Client, names: &Names, done: &Acknowledged) -> usize {
    let Names { from, to, group } = names;
    if !done.users {
        return 0;
    }
    let users = [from, to].map(|user| AccountId::new(user.as_str()));
    let users = client.send(CheckAccounts::new(users)).await.unwrap();
    let imported = Some(AccountStatus::IMPORTED);
    assert!(
        users
            .result_item
            .iter()
            .all(|user| user.account_status == imported)
    );
    if done.friends {
        let checked = CheckFriends::new(from.as_str(), [to.as_str()], FriendCheckType::BOTH);
        let checked = client.send(&checked).await.unwrap();
        let relation = checked.info_item[0].relation.clone();
        assert_eq!(relation, Some(FriendRelation::BOTH_WAY));
    }
    let mut held = BTreeMap::new();
    let mut page = GetC2cHistory::new(GetC2cHistoryRequired {
        operator_account: from.as_str().into(),
        peer_account: to.as_str().into(),
        max_cnt: 100,
        min_time: 0,
        max_time: u32::MAX.into(),
    });
    loop {
        let reply = client.send(&page).await.unwrap();
        for message in reply.msg_list {
            let before = held.insert(said(&message.msg_body), message.msg_key.unwrap());
            assert_eq!(before, None, "duplicate message");
        }
        if reply.complete.is_on() {
            break;
        }
        page.last_msg_key = reply.last_msg_key;
        page.max_time = reply.last_msg_time;
    }
    for (words, key) in &done.messages {
        assert_eq!(held.get(words), Some(key), "{from}: message {words:.10}");
    }
    // One more may have been processed than was acknowledged.
    assert!(held.len() <= done.messages.len() + 1);
    let unread = client
        .send(GetC2cUnreadCount::new(to.as_str()))
        .await
        .unwrap();
    assert_eq!(unread.all_c2c_unread_msg_num, Some(held.len() as u64));
    if done.group {
        check_group(client, group, &done.group_messages).await;
    }
    4 + done.messages.len() + done.group_messages.len()
}

async fn check_group(client: &Client, group: &str, sent: &BTreeMap<u64, String>) {
    let mut held = BTreeMap::new();
    let mut page = GetGroupHistory::new(group, 20);
    loop {
        let reply = client.send(&page).await.unwrap();
        let Some(oldest) = reply.rsp_msg_list.last().map(|message| message.msg_seq) else {
            break;
        };
        for message in reply.rsp_msg_list {
            held.insert(message.msg_seq, said(&message.msg_body.unwrap()));
        }
        if oldest <= 1 {
            break;
        }
        page.req_msg_seq = Some(oldest - 1);
    }
    for (seq, words) in sent {
        assert_eq!(held.get(seq), Some(words), "{group}: message {seq}");
    }
    let numbers: Vec<u64> = held.keys().copied().collect();
    let expected: Vec<u64> = (1..=held.len() as u64).collect();
    assert_eq!(numbers, expected, "{group}: numbers have no gaps");
}

/// A number that differs from call to call.
fn random(below: u64) -> u64 {
    use std::hash::{BuildHasher, Hasher, RandomState};
    RandomState::new().build_hasher().finish() % below
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_acknowledged_is_lost_by_kills() {
    let kills = env::var("TENCENT_CHAT_TEST_KILLS").map_or(5, |kills| kills.parse().unwrap());
    let folder = folder("kills");
    let mut rounds: Vec<Vec<(Names, Acknowledged)>> = Vec::new();
    let (mut checked, mut startups, mut slowest) = (0, 0, Duration::ZERO);
    for round in 0..kills {
        if random(4) == 0 {
            // While it is opening the folder.
            let child = Running(serve(&folder).spawn().unwrap());
            tokio::time::sleep(Duration::from_millis(random(300))).await;
            drop(child);
            startups += 1;
        }
        let began = Instant::now();
        let (server, url) = start(&folder);
        slowest = slowest.max(began.elapsed());
        if let Some(last) = rounds.last() {
            for (names, done) in last {
                checked += check(&client(&url), names, done).await;
            }
        }
        let stop = Arc::new(AtomicBool::new(false));
        let workers: Vec<_> = (0..WORKERS)
            .map(|worker| {
                let names = Names::of(round, worker);
                tokio::spawn(work(client(&url), names, Arc::clone(&stop)))
            })
            .collect();
        tokio::time::sleep(Duration::from_millis(20 + random(1_200))).await;
        stop.store(true, Ordering::SeqCst);
        // SIGKILL
        drop(server);
        let mut round_done = Vec::new();
        for (worker, task) in workers.into_iter().enumerate() {
            round_done.push((Names::of(round, worker), task.await.unwrap()));
        }
        rounds.push(round_done);
    }
    let (server, url) = start(&folder);
    let client = client(&url);
    let mut all = 0;
    for (names, done) in rounds.iter().flatten() {
        all += check(&client, names, done).await;
    }
    // A message from before the kill is a duplicate after it, with the key of the first.
    for (names, done) in rounds.iter().rev().take(1).flatten() {
        if let Some(last) = &done.last {
            let again = client.call(last.clone()).unchecked().await.unwrap();
            let key = again.msg_key.unwrap();
            assert!(done.messages.values().any(|known| *known == key));
            check(&client, names, done).await;
        }
    }
    drop(server);
    eprintln!(
        "{kills} kills under load, {startups} while opening; {all} acknowledged things were found, \
         {checked} were checked right after the kill before; the slowest start took {slowest:?}"
    );
    assert!(all > 0);
}

#[test]
fn a_folder_belongs_to_one_server_of_one_app() {
    let folder = folder("one-server");
    let (server, _) = start(&folder);
    let refused = |command: &mut Command| {
        let (code, _, error) = common::run(command.stderr(Stdio::piped()));
        assert_eq!(code, 3);
        error
    };
    let error = refused(&mut serve(&folder));
    assert!(error.contains("is in use by another simulator"), "{error}");
    drop(server);
    let error = refused(serve(&folder).env("TENCENT_CHAT_SDK_APP_ID", "1400000001"));
    assert!(
        error.contains("holds the state of app 1400000000"),
        "{error}"
    );
    let foreign = folder.join("rows");
    let error = refused(&mut serve(&foreign));
    assert!(error.contains("holds something other"), "{error}");
    let marker = folder.join("simulator.json");
    let newer = std::fs::read_to_string(&marker).unwrap();
    std::fs::write(&marker, newer.replace("\"format\":1", "\"format\":2")).unwrap();
    let error = refused(&mut serve(&folder));
    assert!(
        error.contains("has format 2, and this version knows format 1"),
        "{error}"
    );
}
