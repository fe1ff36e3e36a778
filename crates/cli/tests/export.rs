//! Exports as people run them: in order, complete or absent, and resumed after a kill.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use common::{Running, against, calls, folder, run, simulator, until};
use serde_json::{Value, json};
use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};
use tencent_chat_simulator::{Fault, Odd, Simulator};
use tencent_chat_types::{
    account::ImportAccounts,
    group::{AddGroupMembers, CreateGroup},
    message::{GetC2cHistory, GetGroupHistory, SendGroupMsg, SendMsg},
    model::{GroupType, MemberAccount, TextElem},
};

/// A conversation of 300 messages, and a group of 250 members with 90 messages.
async fn world() -> Simulator {
    let simulator = simulator().await;
    let client = common::client(&simulator.base_url());
    let client = client.unlimited().build().unwrap();
    let users: Vec<String> = (0..250).map(|number| format!("u{number}")).collect();
    drop(
        client
            .batch(ImportAccounts::new(&users))
            .await
            .into_result()
            .unwrap(),
    );
    for number in 0..300 {
        let (from, to) = if number % 3 == 0 {
            ("u0", "u1")
        } else {
            ("u1", "u0")
        };
        let text = [TextElem::new(format!("message {number}, \"李\"\nof many"))];
        client
            .send(SendMsg::new(to, text).with_from_account(from))
            .await
            .unwrap();
    }
    let group = CreateGroup::new(GroupType::PUBLIC, "Club").with_group_id("club");
    client.send(&group).await.unwrap();
    let members = AddGroupMembers::new("club", users.iter().map(MemberAccount::new));
    drop(client.batch(members).await.into_result().unwrap());
    for number in 0..90 {
        let text = [TextElem::new(format!("group message {number}"))];
        client.send(SendGroupMsg::new("club", text)).await.unwrap();
    }
    simulator
}

fn export(simulator: &Simulator, arguments: &[&str]) -> Command {
    against(simulator, &[&["export"], arguments].concat())
}

fn target(name: &str) -> PathBuf {
    let folder = folder("exports");
    let path = folder.join(name);
    for end in ["", ".part", ".pages", ".new"] {
        let _ = fs::remove_file(format!("{}{end}", path.display()));
    }
    path
}

fn lines(text: &str) -> Vec<Value> {
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn texts(items: &[Value]) -> Vec<&str> {
    let texts = items
        .iter()
        .filter_map(|item| item["MsgBody"][0]["MsgContent"]["Text"].as_str());
    texts.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn histories_come_oldest_first_and_members_all() {
    let simulator = world().await;
    let printed = export(&simulator, &["history", "u0", "u1"])
        .output()
        .unwrap();
    let note = String::from_utf8(printed.stderr).unwrap();
    assert!(
        printed.status.success() && note.contains("300 messages on"),
        "{note}"
    );
    let found = lines(&String::from_utf8(printed.stdout).unwrap());
    let expected: Vec<String> = (0..300)
        .map(|number| format!("message {number}, \"李\"\nof many"))
        .collect();
    assert_eq!(texts(&found), expected);
    assert!(calls::<GetC2cHistory>(&simulator).len() > 3);

    let file = target("group.jsonl");
    let (code, report, error) =
        run(export(&simulator, &["group-history", "club", "--to"]).arg(&file));
    assert_eq!(code, 0, "{error}");
    assert_eq!(
        report["items"],
        json!(fs::read_to_string(&file).unwrap().lines().count())
    );
    let found = lines(&fs::read_to_string(&file).unwrap());
    let expected: Vec<String> = (0..90)
        .map(|number| format!("group message {number}"))
        .collect();
    assert_eq!(texts(&found), expected);
    assert!(calls::<GetGroupHistory>(&simulator).len() >= 5);
    let (code, _, error) = run(export(&simulator, &["group-history", "club", "--to"]).arg(&file));
    assert_eq!(code, 2);
    assert!(error.contains("already exists"), "{error}");

    let file = target("members.csv");
    let (code, report, error) = run(export(&simulator, &["members", "club", "--to"]).arg(&file));
    assert_eq!((code, &report["items"]), (0, &json!(250)), "{error}");
    let text = fs::read_to_string(&file).unwrap();
    let (header, members) = text.split_once('\n').unwrap();
    assert!(
        header.starts_with("Member_Account,") || header.contains(",Member_Account,"),
        "{header}"
    );
    let place = header
        .split(',')
        .position(|name| name == "Member_Account")
        .unwrap();
    let mut members: Vec<&str> = members
        .lines()
        .map(|line| line.split(',').nth(place).unwrap())
        .collect();
    members.sort_unstable();
    members.dedup();
    assert_eq!(members.len(), 250);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_export_resumes_and_has_everything_once() {
    let simulator = world().await;
    let file = target("killed.csv");
    let delayed = std::iter::repeat_n(Fault::Delay(Duration::from_millis(50)), 100);
    simulator.inject::<GetC2cHistory>(delayed).unwrap();
    let start = |more: &[&str]| {
        let mut command = export(&simulator, &["history", "u1", "u0", "--to"]);
        command.arg(&file).args(more);
        command
    };
    let pages = PathBuf::from(format!("{}.pages", file.display()));
    let known = || {
        fs::read_to_string(&pages)
            .unwrap_or_default()
            .lines()
            .count()
    };
    for (begun, more) in [(2, &[][..]), (4, &["--resume"])] {
        let mut command = start(more);
        let running = Running::silent(&mut command);
        until(|| known() > begun);
        running.kill();
        assert!(known() > begun && !file.exists());
    }
    simulator.clear_faults();
    let (code, _, error) = run(&mut start(&[]));
    assert_eq!(code, 2);
    assert!(error.contains("use --resume"), "{error}");
    let (code, _, error) = run(&mut start(&["--resume", "--from", "7"]));
    assert_eq!(code, 2);
    assert!(error.contains("a different export"), "{error}");
    // A partially written page counts as none.
    let part = format!("{}.part", file.display());
    let mut text = fs::read(&part).unwrap();
    text.extend_from_slice(b"{\"MsgBody\":[{");
    fs::write(&part, text).unwrap();
    let (code, report, error) = run(&mut start(&["--resume"]));
    assert_eq!((code, &report["items"]), (0, &json!(300)), "{error}");
    assert!(report["before"].as_u64().unwrap() > 0);
    let mut read = csv::Reader::from_path(&file).unwrap();
    let place = read
        .headers()
        .unwrap()
        .iter()
        .position(|name| name == "MsgBody")
        .unwrap();
    let bodies: Vec<Value> = (read.records())
        .map(|record| json!({ "MsgBody": serde_json::from_str::<Value>(&record.unwrap()[place]).unwrap() }))
        .collect();
    let expected: Vec<String> = (0..300)
        .map(|number| format!("message {number}, \"李\"\nof many"))
        .collect();
    assert_eq!(texts(&bodies), expected);
    assert!(!pages.exists() && !Path::new(&part).exists());
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn when_stopped_or_refused_it_says_how_to_resume() {
    let simulator = world().await;
    let file = target("stopped.jsonl");
    let delayed = std::iter::repeat_n(Fault::Delay(Duration::from_millis(100)), 100);
    simulator.inject::<GetC2cHistory>(delayed).unwrap();
    let mut command = export(&simulator, &["history", "u1", "u0", "--to"]);
    command
        .arg(&file)
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    let mut running = Running(command.spawn().unwrap());
    let pages = PathBuf::from(format!("{}.pages", file.display()));
    until(|| {
        let pages = fs::read_to_string(&pages).unwrap_or_default();
        pages.lines().count() >= 2
    });
    running.signal("-INT");
    let mut text = String::new();
    std::io::Read::read_to_string(&mut running.0.stderr.take().unwrap(), &mut text).unwrap();
    assert_eq!(running.0.wait().unwrap().code(), Some(6), "{text}");
    assert!(
        text.contains("with --resume to continue") && !file.exists(),
        "{text}"
    );
    let (code, _, error) = run(&mut export(&simulator, &["group-history", "no-such-group"]));
    assert_eq!(code, 1);
    assert!(
        error.contains("10010") || error.contains("10015"),
        "{error}"
    );
    let (code, _, error) = run(&mut export(
        &simulator,
        &["history", "u0", "u1", "--from", "yesterday"],
    ));
    assert_eq!(code, 2);
    assert!(error.contains("2026-01-31T08:00:00Z"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn odd_values_do_not_fail_an_export() {
    let simulator = world().await;
    for odd in Odd::ALL {
        for end in ["jsonl", "csv"] {
            let file = target(&format!("odd.{end}"));
            simulator
                .inject::<GetGroupHistory>([Fault::Odd(odd).always()])
                .unwrap();
            let (code, report, error) =
                run(export(&simulator, &["group-history", "club", "--to"]).arg(&file));
            simulator.clear_faults();
            // Some of them hide the list, or where to continue.
            if code != 0 {
                assert!(matches!(code, 1 | 4), "{odd:?}: {error}");
                continue;
            }
            let items = report["items"].as_u64().unwrap();
            let text = fs::read_to_string(&file).unwrap();
            let found = match end {
                "csv" => csv::Reader::from_reader(text.as_bytes())
                    .records()
                    .map(Result::unwrap)
                    .count(),
                _ => lines(&text).len(),
            };
            assert_eq!(found as u64, items, "{odd:?} {end}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn files_that_do_not_belong_to_the_export_stay_unchanged() {
    let simulator = world().await;
    let file = target("foreign.jsonl");
    for end in ["part", "new", "pages"] {
        let foreign = common::sibling(&file, end);
        fs::write(&foreign, "a download").unwrap();
        for more in [&[][..], &["--resume"]] {
            let mut command = export(&simulator, &["members", "club", "--to"]);
            let (code, _, error) = run(command.arg(&file).args(more));
            assert_eq!(code, 2, "{error}");
            assert!(error.contains(foreign.to_str().unwrap()), "{error}");
            assert_eq!(fs::read_to_string(&foreign).unwrap(), "a download");
        }
        fs::remove_file(&foreign).unwrap();
    }
    let (code, _, error) = run(export(&simulator, &["members", "club", "--to"]).arg(&file));
    assert_eq!(code, 0, "{error}");
}
