//! Bulk jobs as people run them: invalid lines, runs that are stopped and killed, refusals by the
//! service, and unknown outcomes.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use common::{APP, KEY, Running, against, folder, run, sibling, until};
use serde_json::{Value, json};
use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};
use tencent_chat_client::Client;
use tencent_chat_simulator::{Fault, Simulator};
use tencent_chat_types::{
    Edition, Endpoint, ErrorCode,
    account::{CheckAccounts, DeleteAccounts, ImportAccounts, check_accounts::AccountStatus},
    group::{AddGroupMembers, CreateGroup, GetGroupMembers},
    message::{GetC2cHistory, GetC2cHistoryRequired, SendMsg},
    model::{AccountId, GroupType},
};

async fn simulator() -> Simulator {
    let builder = Simulator::builder(APP, KEY).quotas(Edition::Paid);
    builder.start().await.unwrap()
}

fn client(simulator: &Simulator) -> Client {
    common::client(&simulator.base_url()).build().unwrap()
}

fn bulk(simulator: &Simulator, arguments: &[&str]) -> Command {
    against(simulator, &[&["bulk"], arguments].concat())
}

/// An empty folder with a file.
fn file(test: &str, name: &str, text: &str) -> PathBuf {
    let folder = folder(test);
    fs::remove_dir_all(&folder).unwrap();
    fs::create_dir_all(&folder).unwrap();
    let path = folder.join(name);
    fs::write(&path, text).unwrap();
    path
}

fn shown(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Calls of a command, by how often each took effect.
fn calls<E: Endpoint>(simulator: &Simulator) -> Vec<u32> {
    let calls = common::calls::<E>(simulator).into_iter();
    calls.map(|entry| entry.applied).collect()
}

/// Entries of a journal with this key.
fn entries(path: &Path, key: &str) -> Vec<Value> {
    let text = fs::read_to_string(sibling(path, "journal")).unwrap_or_default();
    let entries = text
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok());
    entries
        .filter_map(|entry| entry.get(key).cloned())
        .collect()
}

fn accounts(count: usize) -> String {
    let mut text = "UserID,Nick\n".to_owned();
    for number in 0..count {
        text.push_str(&format!("u{number},\"Nick {number}, of many\"\n"));
    }
    text
}

async fn are_imported(client: &Client, users: &[&str]) -> bool {
    let request = CheckAccounts::new(users.iter().map(|user| AccountId::new(*user)));
    let outcome = client.batch(request).await.into_result().unwrap();
    let status = outcome
        .succeeded()
        .map(|(_, entry)| entry.unwrap().account_status.clone());
    status
        .into_iter()
        .all(|status| status == Some(AccountStatus::IMPORTED))
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_sent_while_a_line_is_wrong() {
    let simulator = simulator().await;
    let long = "n".repeat(501);
    let cases = [
        (
            "import-accounts",
            "a.csv",
            "UserID,Nik\nlin,Lin\n".to_owned(),
            "line 1: there is no column \\\"Nik\\\"; did you mean Nick?",
        ),
        (
            "import-accounts",
            "b.csv",
            format!("UserID,Nick\nlin,Lin\nmei,{long}\n"),
            "line 3: Nick has 501 bytes, but at most 500 are allowed",
        ),
        (
            "import-accounts",
            "c.csv",
            "UserID,Nick\n,Lin\n".to_owned(),
            "line 2: UserID is required",
        ),
        (
            "delete-accounts",
            "d.jsonl",
            "{\"UserID\":\"lin\"}\n{\"UserID\":7\n".to_owned(),
            "line 2: it isn't a JSON object",
        ),
        (
            "send",
            "e.csv",
            "To_Account,Text\nlin,Hello\nmei,\n".to_owned(),
            "line 3: it has neither Text nor MsgBody",
        ),
        (
            "send",
            "f.jsonl",
            "{\"To_Account\":\"lin\",\"MsgRandom\":7}\n".to_owned(),
            "leave it out",
        ),
        (
            "send",
            "g.csv",
            "To_Account,MsgLifeTime,Text\nlin,soon,Hi\n".to_owned(),
            "line 2: MsgLifeTime expects integer",
        ),
        (
            "send",
            "h.jsonl",
            "{\"To_Account\":\"lin\",\"Text\":\"Hi\",\"OfflinePushInfo\":{\"Titel\":\"x\"}}\n"
                .to_owned(),
            "did you mean Title?",
        ),
        (
            "add-members",
            "i.csv",
            "Member_Account\nlin\n".to_owned(),
            "line 2: GroupId is required",
        ),
    ];
    for (job, name, text, expected) in cases {
        let path = file(&format!("wrong-{name}"), name, &text);
        let (code, _, error) = run(&mut bulk(&simulator, &[job, shown(&path)]));
        assert_eq!(code, 2, "{name}: {error}");
        assert!(error.contains(expected), "{name}: {error}");
        assert!(!sibling(&path, "journal").exists());
    }
    // Their number, and the first of them.
    let path = file(
        "wrong-many",
        "many.csv",
        &format!("UserID,Nick\n{}", "x\n".repeat(50)),
    );
    let (_, _, error) = run(&mut bulk(&simulator, &["import-accounts", shown(&path)]));
    let error: Value = serde_json::from_str(&error).unwrap();
    assert_eq!(error["lines"].as_array().unwrap().len(), 20);
    assert!(
        error["error"].as_str().unwrap().contains("50 lines"),
        "{error}"
    );
    assert!(simulator.journal().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn failed_lines_are_written_to_a_file_that_can_be_run() {
    let simulator = simulator().await;
    let client = client(&simulator);
    let known: Vec<String> = (0..250).map(|number| format!("u{number}")).collect();
    let imported = client.batch(ImportAccounts::new(&known)).await;
    drop(imported.into_result().unwrap());
    let mut lines: Vec<String> = (0..300)
        .map(|number| format!("{{\"UserID\":\"u{number}\"}}"))
        .collect();
    lines.swap(7, 277);
    let path = file("failed", "gone.jsonl", &lines.join("\n"));
    let (code, report, error) = run(&mut bulk(&simulator, &["delete-accounts", shown(&path)]));
    assert_eq!(code, 1, "{error}");
    assert_eq!(
        (&report["lines"], &report["done"], &report["failed"]),
        (&json!(300), &json!(250), &json!(50))
    );
    assert_eq!(calls::<DeleteAccounts>(&simulator).len(), 3);
    let failed = sibling(&path, "failed.jsonl");
    let text = fs::read_to_string(&failed).unwrap();
    let reasons: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(reasons.len(), 50);
    assert!(
        reasons.iter().all(|line| line["code"] == 70107
            && line["reason"].as_str().unwrap().contains("does not exist")),
        "{text}"
    );
    assert!(reasons.iter().any(|line| line["UserID"] == "u277"));
    // Nothing is done twice.
    let (code, again, _) = run(&mut bulk(&simulator, &["delete-accounts", shown(&path)]));
    assert_eq!(
        (code, &again["before"], &again["calls"]),
        (1, &json!(300), &json!(0))
    );
    assert_eq!(calls::<DeleteAccounts>(&simulator).len(), 3);
    // Once they exist, the same file succeeds.
    let (code, report, error) = run(&mut bulk(&simulator, &["import-accounts", shown(&failed)]));
    assert_eq!((code, &report["done"]), (0, &json!(50)), "{error}");
    let (code, _, error) = run(&mut bulk(&simulator, &["delete-accounts", shown(&failed)]));
    assert_eq!(code, 2);
    assert!(
        error.contains("by a different command") && error.contains("--journal"),
        "{error}"
    );
    let other = sibling(&failed, "other");
    let (code, report, error) = run(bulk(
        &simulator,
        &["delete-accounts", shown(&failed), "--journal"],
    )
    .arg(&other));
    assert_eq!((code, &report["done"]), (0, &json!(50)), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_run_resumes_and_every_account_is_acknowledged_once() {
    let simulator = simulator().await;
    let path = file("killed", "users.csv", &accounts(6_000));
    let mut kills = 0;
    for acknowledged in [1, 9, 17, 30, 44] {
        let mut command = bulk(&simulator, &["import-accounts", shown(&path)]);
        let running = Running::silent(&mut command);
        until(|| entries(&path, "end").len() >= acknowledged);
        running.kill();
        kills += 1;
    }
    let (code, report, error) = run(&mut bulk(&simulator, &["import-accounts", shown(&path)]));
    assert_eq!(
        (code, kills, &report["done"], &report["left"]),
        (0, 5, &json!(6_000), &json!(0)),
        "{error}"
    );
    assert!(report["before"].as_u64().unwrap() >= 4_400, "{report}");
    let mut ended: Vec<u64> = (entries(&path, "end").iter())
        .map(|end| end["call"].as_u64().unwrap())
        .collect();
    ended.sort_unstable();
    assert_eq!(
        ended,
        (0..60).collect::<Vec<u64>>(),
        "each call has one outcome"
    );
    let users: Vec<String> = (0..6_000).map(|number| format!("u{number}")).collect();
    let users: Vec<&str> = users.iter().map(String::as_str).collect();
    assert!(are_imported(&client(&simulator), &users).await);
    // Only calls in progress at the kill were sent twice.
    assert!(calls::<ImportAccounts>(&simulator).len() <= 60 + kills * 16);
}

/// Recipients of a test, and lines for them.
async fn recipients(client: &Client, count: usize) -> String {
    let users: Vec<String> = (0..count).map(|number| format!("u{number}")).collect();
    let imported = client.batch(ImportAccounts::new(&users)).await;
    drop(imported.into_result().unwrap());
    let lines = users
        .iter()
        .map(|user| format!("{user},\"Hello, {user}\"\n"));
    format!("To_Account,Text\n{}", lines.collect::<String>())
}

async fn messages(client: &Client, user: &str) -> usize {
    let history = GetC2cHistory::new(GetC2cHistoryRequired {
        operator_account: user.into(),
        peer_account: "administrator".into(),
        max_cnt: 100,
        min_time: 0,
        max_time: u32::MAX.into(),
    });
    client.send(&history).await.unwrap().msg_list.len()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_in_progress_at_the_kill_is_not_duplicated() {
    let simulator = simulator().await;
    let client = client(&simulator);
    let path = file("messages", "messages.csv", &recipients(&client, 40).await);
    // Two messages arrive and are never answered.
    let faults = (0..40).map(|number| {
        if number % 16 == 5 {
            Fault::Silence
        } else {
            Fault::None
        }
    });
    simulator.inject::<SendMsg>(faults).unwrap();
    let mut command = bulk(&simulator, &["send", shown(&path), "--concurrency", "4"]);
    let running = Running::silent(&mut command);
    until(|| {
        calls::<SendMsg>(&simulator)
            .iter()
            .filter(|applied| **applied == 1)
            .count()
            >= 38
    });
    running.kill();
    simulator.clear_faults();
    let (code, report, error) = run(&mut bulk(&simulator, &["send", shown(&path)]));
    assert_eq!((code, &report["done"]), (0, &json!(40)), "{error}");
    assert!(
        calls::<SendMsg>(&simulator).contains(&0),
        "a duplicate was dropped"
    );
    for number in 0..40 {
        assert_eq!(
            messages(&client, &format!("u{number}")).await,
            1,
            "u{number}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_uncertain_message_is_reported_and_not_repeated_after_too_long() {
    let simulator = simulator().await;
    let client = client(&simulator);
    let path = file("uncertain", "messages.csv", &recipients(&client, 10).await);
    let faults = [Fault::None, Fault::None, Fault::Silence];
    simulator.inject::<SendMsg>(faults).unwrap();
    let mut command = bulk(&simulator, &["send", shown(&path), "--concurrency", "1"]);
    let running = Running::silent(&mut command);
    until(|| calls::<SendMsg>(&simulator).len() >= 3);
    running.kill();
    // As if it were an hour ago.
    let journal = sibling(&path, "journal");
    let text = fs::read_to_string(&journal).unwrap();
    let begun = entries(&path, "begin")[2]["at"].as_u64().unwrap();
    fs::write(
        &journal,
        text.replace(&begun.to_string(), &(begun - 3_600_000).to_string()),
    )
    .unwrap();
    let (code, report, error) = run(&mut bulk(&simulator, &["send", shown(&path)]));
    assert_eq!(
        (code, &report["done"], &report["uncertain"]),
        (1, &json!(9), &json!(1)),
        "{error}"
    );
    assert!(error.contains("may or may not have been sent"), "{error}");
    let uncertain = fs::read_to_string(sibling(&path, "uncertain.csv")).unwrap();
    assert!(
        uncertain.starts_with("To_Account,Text,code,reason\nu2,\"Hello, u2\",,"),
        "{uncertain}"
    );
    for number in 0..10 {
        assert_eq!(
            messages(&client, &format!("u{number}")).await,
            1,
            "u{number}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_on_which_the_service_failed_is_uncertain() {
    let simulator = simulator().await;
    let client = client(&simulator);
    let path = file("internal", "messages.csv", &recipients(&client, 3).await);
    let failing = Fault::Refuse(ErrorCode(91000)).always();
    simulator.inject::<SendMsg>([failing]).unwrap();
    let (code, report, error) = run(&mut bulk(&simulator, &["send", shown(&path)]));
    assert_eq!(
        (code, &report["failed"], &report["uncertain"]),
        (1, &json!(0), &json!(3)),
        "{error}"
    );
    let uncertain = fs::read_to_string(sibling(&path, "uncertain.csv")).unwrap();
    assert!(uncertain.contains("\"Hello, u1\",91000,"), "{uncertain}");
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_run_ends_without_open_calls_and_says_how_to_resume() {
    let simulator = simulator().await;
    let path = file("stopped", "users.csv", &accounts(6_000));
    for signal in ["-INT", "-TERM"] {
        let mut command = bulk(&simulator, &["import-accounts", shown(&path)]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let before = entries(&path, "end").len();
        let mut running = Running(command.spawn().unwrap());
        until(|| entries(&path, "end").len() > before + 3);
        running.signal(signal);
        let mut text = String::new();
        std::io::Read::read_to_string(&mut running.0.stderr.take().unwrap(), &mut text).unwrap();
        assert_eq!(running.0.wait().unwrap().code(), Some(6), "{text}");
        assert!(text.contains("run the same command again"), "{text}");
        let (begun, ended) = (entries(&path, "begin").len(), entries(&path, "end").len());
        let undone = entries(&path, "undo").len();
        assert_eq!(begun, ended + undone);
    }
    let (code, report, error) = run(&mut bulk(&simulator, &["import-accounts", shown(&path)]));
    assert_eq!((code, &report["done"]), (0, &json!(6_000)), "{error}");
    assert_eq!(
        calls::<ImportAccounts>(&simulator).len(),
        60,
        "no call was wasted"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_key_and_an_outage_end_the_run_and_lines_remain() {
    let simulator = simulator().await;
    let path = file("outage", "users.csv", &accounts(250));
    let mut wrong = bulk(&simulator, &["import-accounts", shown(&path)]);
    let (code, report, error) = run(wrong.env("TENCENT_CHAT_SECRET_KEY", "another key"));
    assert_eq!((code, &report["left"]), (1, &json!(250)), "{error}");
    assert!(error.contains("run the same command again"), "{error}");
    let mut nobody = bulk(&simulator, &["import-accounts", shown(&path)]);
    let (code, _, error) = run(nobody.env("TENCENT_CHAT_BASE_URL", "http://127.0.0.1:1"));
    assert_eq!(code, 2);
    assert!(error.contains("for a different address"), "{error}");
    let (code, report, error) = run(&mut bulk(&simulator, &["import-accounts", shown(&path)]));
    assert_eq!((code, &report["done"]), (0, &json!(250)), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_ends_the_run_before_all_lines_have_failed() {
    let simulator = simulator().await;
    let path = file("failing", "users.csv", &accounts(6_000));
    let failing = Fault::Refuse(ErrorCode(70500)).always();
    simulator.inject::<ImportAccounts>([failing]).unwrap();
    let (code, report, error) = run(&mut bulk(
        &simulator,
        &["import-accounts", shown(&path), "--concurrency", "4"],
    ));
    assert_eq!(code, 4, "{error}");
    assert!(
        error.contains("10 calls in a row") && error.contains("same command again"),
        "{error}"
    );
    let failed = report["failed"].as_u64().unwrap();
    assert!((1_000..=1_400).contains(&failed), "{report}");
    simulator.clear_faults();
    let (code, report, error) = run(&mut bulk(&simulator, &["import-accounts", shown(&path)]));
    assert_eq!(
        (code, &report["failed"], &report["left"]),
        (1, &json!(failed), &json!(0)),
        "{error}"
    );
    let failed_file = sibling(&path, "failed.csv");
    let (code, report, error) = run(&mut bulk(
        &simulator,
        &["import-accounts", shown(&failed_file)],
    ));
    assert_eq!((code, &report["done"]), (0, &json!(failed)), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_group_does_not_affect_other_groups() {
    let simulator = simulator().await;
    let client = client(&simulator);
    recipients(&client, 9).await;
    for group in ["full", "open"] {
        let group = CreateGroup::new(GroupType::PUBLIC, "Club").with_group_id(group);
        client.send(&group).await.unwrap();
    }
    let path = file(
        "full",
        "members.csv",
        "GroupId,Member_Account\nfull,u1\nopen,u2\nopen,u3\n",
    );
    let full = [Fault::Refuse(ErrorCode(10014))];
    simulator.inject::<AddGroupMembers>(full).unwrap();
    let (code, report, error) = run(&mut bulk(
        &simulator,
        &["add-members", shown(&path), "--concurrency", "1"],
    ));
    assert_eq!(
        (code, &report["done"], &report["failed"]),
        (1, &json!(2), &json!(1)),
        "{error}"
    );
    let failed = fs::read_to_string(sibling(&path, "failed.csv")).unwrap();
    assert!(failed.contains("full,u1,10014,"), "{failed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn members_are_added_group_by_group() {
    let simulator = simulator().await;
    let client = client(&simulator);
    recipients(&client, 700).await;
    for group in ["a", "b"] {
        let group = CreateGroup::new(GroupType::PUBLIC, "Club").with_group_id(group);
        client.send(&group).await.unwrap();
    }
    let mut text = "GroupId,Member_Account\n".to_owned();
    for number in 0..650 {
        text.push_str(&format!(",u{number}\n"));
    }
    text.push_str("b,u1\nb,u2\nb,nobody-knows-me\na,u699\n");
    let path = file("members", "members.csv", &text);
    let (code, plan, _) = run(&mut bulk(
        &simulator,
        &["add-members", shown(&path), "GroupId=a", "--dry-run"],
    ));
    assert_eq!(
        (code, &plan["calls"], &plan["lines"]),
        (0, &json!(5), &json!(654))
    );
    assert!(calls::<AddGroupMembers>(&simulator).is_empty());
    let (code, report, error) = run(&mut bulk(
        &simulator,
        &["add-members", shown(&path), "GroupId=a"],
    ));
    assert_eq!(
        (code, &report["done"], &report["failed"]),
        (1, &json!(653), &json!(1)),
        "{error}"
    );
    let failed = fs::read_to_string(sibling(&path, "failed.csv")).unwrap();
    assert!(failed.contains("b,nobody-knows-me,"), "{failed}");
    for (group, members) in [("a", 651), ("b", 2)] {
        let found = client.send(GetGroupMembers::new(group)).await.unwrap();
        assert_eq!(found.member_num, members, "{group}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn standard_input_is_checked_whole_and_cannot_be_resumed() {
    let simulator = simulator().await;
    let give = |text: &str| {
        let mut command = bulk(&simulator, &["delete-accounts", "-", "--format", "jsonl"]);
        common::give(&mut command, text.as_bytes())
    };
    let (code, error) = give("{\"UserID\":\"lin\"}\n{\"User\":\"mei\"}\n");
    assert_eq!(code, 2, "{error}");
    assert!(
        error.contains("standard input: 1 line can't be sent") && error.contains("line 2"),
        "{error}"
    );
    assert!(simulator.journal().is_empty());
    let (code, error) = give("{\"UserID\":\"lin\"}\n{\"UserID\":\"mei\"}\n");
    assert_eq!(code, 1, "{error}");
    assert!(error.contains("can't be resumed"), "{error}");
    assert!(error.contains("line 2: failed with 70107"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn files_of_others_stay_unchanged() {
    let simulator = simulator().await;
    let client = client(&simulator);
    let path = file("foreign", "gone.csv", "UserID\nu0\nu1\n");
    let notes = path.with_file_name("notes.txt");
    let delete = |more: [&Path; 2]| {
        let mut command = bulk(&simulator, &["delete-accounts", shown(&path)]);
        run(command
            .arg("--journal")
            .arg(more[0])
            .arg("--failed")
            .arg(more[1]))
    };
    let journal = path.with_file_name("its.journal");
    let failed = path.with_file_name("failed.csv");
    for text in [
        "a line without an end",
        "a line\n",
        "UserID,code,reason\nu7,1,of another run\n",
    ] {
        fs::write(&notes, text).unwrap();
        let (code, _, error) = delete([&notes, &failed]);
        assert_eq!(code, 2, "{text}: {error}");
        assert!(error.contains("was not written by this program"), "{error}");
        let (code, _, error) = delete([&journal, &notes]);
        assert_eq!(code, 2, "{text}: {error}");
        // The journal exists by now: the run resumes, and the file must be its own.
        assert!(journal.exists());
        assert_eq!(fs::read_to_string(&notes).unwrap(), text);
        if !text.starts_with("UserID") {
            let (code, _, error) = delete([&journal, &notes]);
            assert_eq!(code, 2, "{text}: {error}");
            assert!(
                error.contains("was changed since this run wrote it"),
                "{error}"
            );
            assert_eq!(fs::read_to_string(&notes).unwrap(), text);
        }
        fs::remove_file(&journal).unwrap();
    }
    assert!(simulator.journal().is_empty());

    // What someone has corrected in the file of a run isn't cut off.
    let (code, report, error) = delete([&journal, &failed]);
    assert_eq!((code, &report["failed"]), (1, &json!(2)), "{error}");
    let text = fs::read_to_string(&failed).unwrap();
    assert!(text.contains("u0,70107,"), "{text}");
    fs::write(&failed, text.replace("u0,", "v0,")).unwrap();
    let (code, _, error) = delete([&journal, &failed]);
    assert_eq!(code, 2);
    assert!(
        error.contains("was changed since this run wrote it"),
        "{error}"
    );
    assert!(fs::read_to_string(&failed).unwrap().contains("v0,"));
    drop(client);
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_are_numbered_in_the_order_of_their_lines() {
    let simulator = simulator().await;
    let client = client(&simulator);
    recipients(&client, 1).await;
    let lines: String = (0..30)
        .map(|number| format!("message {number}\n"))
        .collect();
    let path = file("order", "messages.csv", &format!("Text\n{lines}"));
    // The argument parser accepts JSON, too.
    let (code, report, error) = run(&mut bulk(
        &simulator,
        &[
            "send",
            shown(&path),
            "To_Account=u0",
            "SendMsgControl:=[\"NoUnread\"]",
            "--concurrency",
            "1",
        ],
    ));
    assert_eq!((code, &report["done"]), (0, &json!(30)), "{error}");
    let bodies = common::calls::<SendMsg>(&simulator);
    let sent: Vec<SendMsg> = (bodies.iter())
        .map(|entry| serde_json::from_slice(&entry.body).unwrap())
        .collect();
    let seqs: Vec<Option<u32>> = sent.iter().map(|message| message.msg_seq).collect();
    assert_eq!(seqs, (1..=30).map(Some).collect::<Vec<_>>());
    let randoms: std::collections::BTreeSet<u32> =
        sent.iter().map(|message| message.msg_random).collect();
    assert_eq!(randoms.len(), 30);
    assert!(
        sent.iter()
            .all(|message| message.send_msg_control.is_some())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_edition_determines_duration_and_daily_limit() {
    let simulator = simulator().await;
    // On a busy machine, calls arrive closer together than they were sent, and a refusal would use up a second call
    // of the day.
    simulator.set_quotas(None);
    let lines: String = (0..2_001)
        .map(|number| format!("u{number},Hello\n"))
        .collect();
    let path = file(
        "edition",
        "messages.csv",
        &format!("To_Account,Text\n{lines}"),
    );
    let seconds = |edition: &str| {
        let arguments = ["send", shown(&path), "--dry-run", "--edition", edition];
        let (code, plan, error) = run(&mut bulk(&simulator, &arguments));
        assert_eq!(code, 0, "{error}");
        plan["shortest_seconds"].as_f64().unwrap()
    };
    // 200 a second, and 1,000 a day where the edition costs nothing.
    assert_eq!(seconds("paid"), 10.0);
    assert_eq!(seconds("free"), 2.0 * 86_400.0);
    let arguments = [
        "send",
        shown(&path),
        "--edition",
        "free",
        "--concurrency",
        "64",
    ];
    let (code, report, error) = run(&mut bulk(&simulator, &arguments));
    assert_eq!((code, &report["left"]), (4, &json!(1_001)), "{error}");
    assert!(error.contains("same command again"), "{error}");
    assert_eq!(calls::<SendMsg>(&simulator).len(), 1_000);
}
