//! The program as people and scripts use it: against a simulator, by arguments, streams and exit codes.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use common::{
    APP, KEY, Running, TOKEN, folder, give, profile, program, run, server, simulator, start,
};
use serde_json::{Value, json};
use std::{
    io::{BufRead, BufReader},
    process::{Command, Stdio},
    time::Duration,
};
use tencent_chat_simulator::{Fault, Simulator};
use tencent_chat_types::{
    account::CheckAccounts,
    webhook::{C2cBeforeSendMsg, C2cBeforeSendMsgAnswer},
};
use tencent_chat_webhook::{Received, Receiver, Token, Webhooks};

#[tokio::test(flavor = "multi_thread")]
async fn a_call_is_checked_sent_and_answered() {
    let simulator = simulator().await;
    let url = simulator.base_url();
    let call = |arguments: &[&str]| {
        run(program()
            .env("TENCENT_CHAT_BASE_URL", &url)
            .arg("call")
            .args(arguments))
    };
    let (code, reply, error) = call(&["account_import", "UserID=lin", "Nick=Lin"]);
    assert_eq!((code, &reply["ErrorCode"]), (0, &json!(0)), "{error}");
    // Nothing invalid leaves the machine.
    let sent = simulator.journal().len();
    for (arguments, expected) in [
        (
            &["account_import", "UserId=lin"][..],
            "did you mean UserID?",
        ),
        (&["account_imports"], "did you mean account_import?"),
        (&["account_import"], "UserID"),
        (
            &["account_import", "--body", "[1]"],
            "must be a JSON object",
        ),
        (
            &["account_import", "--body", "{\"UserID\":"],
            "is not valid JSON",
        ),
        (
            &["get_contact_group", "From_Account=lin", "StartIndex=x"],
            "StartIndex=7",
        ),
    ] {
        let (code, _, error) = call(arguments);
        assert_eq!(code, 2, "{arguments:?}: {error}");
        assert!(error.contains(expected), "{arguments:?}: {error}");
    }
    assert_eq!(simulator.journal().len(), sent);
    let (code, shown, _) = call(&["account_import", "UserID=mei", "--dry-run"]);
    assert_eq!((code, &shown["body"]), (0, &json!({ "UserID": "mei" })));
    assert!(shown["url"].as_str().unwrap().contains("usersig=…"));
    assert_eq!(simulator.journal().len(), sent);
    // A refusal by the service has its code, its meaning, and a different exit code.
    let refused = &[
        "sendmsg",
        "To_Account=nobody",
        "MsgRandom=1",
        "MsgBody:=[]",
        "--no-check",
    ];
    let (code, _, error) = call(refused);
    let error: Value = serde_json::from_str(&error).unwrap();
    assert_eq!(code, 1, "{error}");
    assert!(error["code"].as_i64().unwrap() > 0);
    assert_eq!(error["sent"], "yes");
}

#[tokio::test(flavor = "multi_thread")]
async fn all_pages_come_as_lines() {
    let simulator = Simulator::builder(APP, KEY)
        .page_size(2)
        .start()
        .await
        .unwrap();
    let url = simulator.base_url();
    let call = |arguments: &[&str]| {
        let mut command = program();
        command
            .env("TENCENT_CHAT_BASE_URL", &url)
            .arg("call")
            .args(arguments);
        command.output().unwrap()
    };
    let users: Vec<Value> = (0..5)
        .map(|n| json!({ "UserID": format!("u{n}") }))
        .collect();
    let list = format!("AccountList={}", json!(users));
    assert!(call(&["multiaccount_import", &list]).status.success());
    let friends: Vec<Value> = (1..5)
        .map(|n| json!({ "To_Account": format!("u{n}"), "AddSource": "AddSource_Type_Web" }))
        .collect();
    let list = format!("AddFriendItem={}", json!(friends));
    assert!(
        call(&["friend_add", "From_Account=u0", &list])
            .status
            .success()
    );
    let pages = call(&[
        "friend_get",
        "From_Account=u0",
        "StartIndex=0",
        "StandardSequence=0",
        "CustomSequence=0",
        "--all",
    ]);
    assert!(
        pages.status.success(),
        "{}",
        String::from_utf8_lossy(&pages.stderr)
    );
    let text = String::from_utf8(pages.stdout).unwrap();
    let pages: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let items: usize = (pages.iter())
        .map(|page| page["UserDataItem"].as_array().unwrap().len())
        .sum();
    assert_eq!(items, 4);
    assert!(pages.len() > 1);
    let (code, _, error) = run(program().env("TENCENT_CHAT_BASE_URL", &url).args([
        "call",
        "account_import",
        "UserID=lin",
        "--all",
    ]));
    assert_eq!(code, 2);
    assert!(error.contains("is not paged"));
}

#[test]
fn signatures_are_made_verified_and_inspected() {
    let made = program()
        .args(["sig", "sign", "lin", "--valid-for", "1d", "-o", "table"])
        .output()
        .unwrap();
    let sig = String::from_utf8(made.stdout).unwrap();
    let file = folder("sig").join("sig.txt");
    std::fs::write(&file, &sig).unwrap();
    let check = |command: &mut Command| run(command.arg("--file").arg(&file));
    let (code, claims, _) = check(program().args(["sig", "verify", "--user", "lin"]));
    assert_eq!(
        (code, &claims["user"], &claims["is_over"]),
        (0, &json!("lin"), &json!(false))
    );
    let (code, _, error) = check(program().args(["sig", "verify", "--user", "mei"]));
    assert_eq!(code, 1);
    assert!(error.contains("another user"), "{error}");
    let (code, _, error) = check(
        program()
            .env("TENCENT_CHAT_SECRET_KEY", "another key")
            .args(["sig", "verify"]),
    );
    assert_eq!(code, 1);
    assert!(error.contains("was not made with this key"), "{error}");
    // Without any configuration.
    let mut bare = Command::new(env!("CARGO_BIN_EXE_tencent-chat"));
    let (code, claims, _) = check(bare.env_clear().args(["sig", "inspect"]));
    assert_eq!((code, &claims["sdk_app_id"]), (0, &json!(APP)));
    std::fs::write(&file, "not a signature").unwrap();
    assert_eq!(check(program().args(["sig", "inspect"])).0, 1);
}

#[test]
fn codes_and_commands_explain_themselves() {
    let (code, found, _) = run(program().args(["code", "60010"]));
    assert_eq!((code, &found[0]["name"]), (0, &json!("ADMIN_REQUIRED")));
    let (code, found, _) = run(program().args(["code", "90057"]));
    assert_eq!(
        (code, found.as_array().unwrap().len()),
        (0, 2),
        "it means two things"
    );
    assert_eq!(run(program().args(["code", "1"])).0, 1);
    assert_eq!(run(program().args(["code", "-10114"])).0, 0);
    let (code, found, _) = run(program().args(["commands", "contact", "group"]));
    assert_eq!(code, 0);
    assert!(
        found
            .as_array()
            .unwrap()
            .iter()
            .any(|row| row["name"] == "get_contact_group")
    );
    let (code, found, _) = run(program().args(["describe", "sendmsg"]));
    assert_eq!((code, &found["command"]), (0, &json!("v4/openim/sendmsg")));
    assert!(
        found["request"]
            .as_array()
            .unwrap()
            .iter()
            .any(|row| row["field"] == "MsgBody")
    );
    assert!(!found["samples"]["request"].as_array().unwrap().is_empty());
}

#[test]
fn a_profile_names_secrets_and_a_mistake_in_it_quotes_none() {
    let folder = folder("profiles");
    let (config, key) = (folder.join("config.toml"), folder.join("key"));
    std::fs::write(&key, format!("{KEY}\n")).unwrap();
    let good = format!(
        "default = \"test\"\n[profiles.test]\nsdk_app_id = {APP}\nadmin = \"boss\"\nregion = \"singapore\"\nsecret_key_file = {key:?}\n"
    );
    let doctor = |text: &str| {
        std::fs::write(&config, text).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_tencent-chat"));
        run(command
            .env_clear()
            .arg("--config")
            .arg(&config)
            .args(["doctor", "--offline"]))
    };
    let (code, found, error) = doctor(&good);
    assert_eq!(code, 0, "{error}");
    assert!(
        found
            .as_array()
            .unwrap()
            .iter()
            .all(|finding| finding["ok"] != json!(false))
    );
    let bad = good
        .replace("secret_key_file = ", "secret_key = ")
        .replace(&format!("{key:?}"), &format!("{KEY:?}"));
    let (code, _, error) = doctor(&bad);
    assert_eq!(code, 3);
    assert!(
        error.contains("line 6") && error.contains("secret_key_file"),
        "{error}"
    );
    let (code, _, error) = doctor(&good.replace("default = \"test\"", "default = \"tset\""));
    assert_eq!(code, 3);
    assert!(error.contains("it has test"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_named_profile_overrides_variables_and_flags_override_it() {
    let (mine, other) = (simulator().await, simulator().await);
    let config = profile("named-profile", &mine);
    let text = std::fs::read_to_string(&config).unwrap();
    std::fs::write(&config, format!("default = \"mine\"\n{text}")).unwrap();
    let call = |arguments: &[&str], variables: &[(&str, &str)]| {
        let mut command = program();
        command
            .arg("--config")
            .arg(&config)
            .args(arguments)
            .envs(variables.iter().copied())
            .args(["call", "account_check", "CheckItem=[{\"UserID\":\"lin\"}]"]);
        let (code, _, error) = run(&mut command);
        let called = (mine.journal().len(), other.journal().len());
        assert_eq!(code, 0, "{error}");
        called
    };
    let other_url = other.base_url();
    let variables = [("TENCENT_CHAT_BASE_URL", other_url.as_str())];
    let foreign = [
        ("TENCENT_CHAT_BASE_URL", other_url.as_str()),
        ("TENCENT_CHAT_SDK_APP_ID", "1400000001"),
        ("TENCENT_CHAT_SECRET_KEY", "the key of another app"),
    ];
    assert_eq!(call(&["--profile", "mine"], &foreign), (1, 0));
    // The file's default isn't named explicitly.
    assert_eq!(call(&[], &variables), (1, 1));
    assert_eq!(
        call(&["--profile", "mine", "--base-url", &other_url], &[]),
        (1, 2)
    );
}

#[test]
fn invalid_values_in_files_and_variables_are_never_quoted() {
    let folder = folder("values");
    let file = folder.join("config.toml");
    let config = |text: &str| {
        std::fs::write(&file, text).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_tencent-chat"));
        run(command
            .env_clear()
            .arg("--config")
            .arg(&file)
            .args(["doctor", "--offline"]))
    };
    for (text, line, says) in [
        (
            format!("default = \"a\"\n[profiles.a]\nsdk_app_id = \"{KEY}\"\n"),
            "line 3",
            "expected u64",
        ),
        (
            format!("default = \"a\"\n[profiles.a]\nregion = \"{KEY}\"\n"),
            "",
            "singapore",
        ),
        (
            format!("[serve]\nport = \"{KEY}\"\n"),
            "line 2",
            "expected u16",
        ),
        (
            format!("[profiles.a]\n{KEY} = true\n"),
            "line 2",
            "unknown field",
        ),
        (format!("default = \"{KEY}\n"), "line 1", "string"),
    ] {
        // Every run also checks that the key isn't shown.
        let (code, found, error) = config(&text);
        assert!(code == 3 || code == 1, "{text}: {code} {error}");
        let said = format!("{found}{error}");
        assert!(said.contains(line) && said.contains(says), "{text}: {said}");
    }
    let seed = folder.join("seed.json");
    std::fs::write(
        &seed,
        format!("{{\"users\": [{{\"id\": \"lin\", \"profile\": \"{KEY}\"}}]}}"),
    )
    .unwrap();
    let (code, _, error) = run(server().arg("--seed").arg(&seed));
    assert_eq!(code, 3);
    assert!(
        error.contains("seed.json") && error.contains("at line 1"),
        "{error}"
    );
    let (code, _, error) = run(program()
        .env("TENCENT_CHAT_SDK_APP_ID", KEY)
        .args(["doctor", "--offline"]));
    assert_eq!(code, 2);
    assert!(error.contains("--app"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_doctor_finds_a_wrong_key_and_a_missing_server() {
    let simulator = simulator().await;
    let doctor = |url: &str, key: &str| {
        run(program()
            .env("TENCENT_CHAT_BASE_URL", url)
            .env("TENCENT_CHAT_SECRET_KEY", key)
            .arg("doctor"))
    };
    let wrong = |found: &Value| -> Vec<String> {
        let all = found.as_array().unwrap().iter();
        let wrong = all.filter(|finding| finding["ok"] == json!(false));
        wrong
            .map(|finding| finding["what"].as_str().unwrap().to_owned())
            .collect()
    };
    let (code, found, _) = doctor(&simulator.base_url(), KEY);
    assert_eq!((code, wrong(&found)), (0, vec![]));
    let (code, found, _) = doctor(&simulator.base_url(), "another key");
    assert_eq!(
        (code, wrong(&found)),
        (1, vec!["key and administrator".to_owned()])
    );
    let (code, found, _) = doctor("http://127.0.0.1:1", KEY);
    assert_eq!((code, wrong(&found)), (1, vec!["connection".to_owned()]));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_is_triggered_and_the_answer_explained() {
    let webhooks = Webhooks::new(Receiver::new(APP, TOKEN)).on(
        |event: Received<C2cBeforeSendMsg>| async move {
            match event.from_account.as_str() {
                "mallory" => C2cBeforeSendMsgAnswer::Refuse,
                _ => C2cBeforeSendMsgAnswer::Allow,
            }
        },
    );
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let app = axum::Router::new().route_service("/hook", webhooks.into_service());
    tokio::spawn(async move { axum::serve(listener, app).await });
    let trigger = |token: &str, fields: &[&str]| {
        let mut command = program();
        command.env("TENCENT_CHAT_WEBHOOK_TOKEN", token);
        command
            .args(["webhook", "trigger", "c2c_before_send_msg", "--url", &url])
            .args(fields);
        run(&mut command)
    };
    let (code, answer, error) = trigger(TOKEN, &["From_Account=mallory"]);
    assert_eq!((code, &answer["meaning"]), (0, &json!("Refuse")), "{error}");
    let (_, answer, _) = trigger(TOKEN, &["From_Account=lin"]);
    assert_eq!(
        (&answer["meaning"], &answer["signed"]),
        (&json!("Allow"), &json!(true))
    );
    let (code, answer, _) = trigger("another token", &[]);
    assert_eq!(code, 1);
    assert_ne!(answer["status"], json!(200));
}

#[test]
fn triggered_events_are_received() {
    let (mut listener, url) = listen(&["--count", "1"]);
    let (code, answer, error) = run(program().env("TENCENT_CHAT_WEBHOOK_TOKEN", TOKEN).args([
        "webhook",
        "trigger",
        "State.StateChange",
        "--url",
        &url,
    ]));
    assert_eq!((code, &answer["status"]), (0, &json!(200)), "{error}");
    let lines = BufReader::new(listener.0.stdout.take().unwrap()).lines();
    let events: Vec<Value> = lines
        .map(|line| serde_json::from_str(&line.unwrap()).unwrap())
        .collect();
    assert_eq!(events.len(), 1);
    assert_eq!(events[0]["webhook"], "State.StateChange");
    assert!(listener.0.wait().unwrap().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn odd_values_are_printed_unchanged() {
    let simulator = simulator().await;
    let url = simulator.base_url();
    let odd = r#"{"ResultItem":[{"UserID":"lin","ResultCode":"70107","AccountStatus":"x\ud83d"}],"Large":123456789012345678901234567890,"Huge":1e999,"ActionStatus":"OK","ErrorCode":0,"Another":{"z":1,"a":"007"}}"#;
    let call = |arguments: &[&str]| {
        let faults = [Fault::Instead(odd.to_owned())];
        simulator.inject::<CheckAccounts>(faults).unwrap();
        let mut command = program();
        command
            .env("TENCENT_CHAT_BASE_URL", &url)
            .args(["call", "account_check", "CheckItem=[{\"UserID\":\"lin\"}]"])
            .args(arguments);
        let ended = command.output().unwrap();
        assert!(
            ended.status.success(),
            "{}",
            String::from_utf8_lossy(&ended.stderr)
        );
        String::from_utf8(ended.stdout).unwrap()
    };
    let without_space = |text: &str| text.replace([' ', '\n'], "");
    assert_eq!(without_space(&call(&[])), odd);
    // Replies without a type have the common fields first.
    let raw = without_space(&call(&["--no-check"]));
    for part in [
        "123456789012345678901234567890",
        "1e999",
        r#""x\ud83d""#,
        r#"{"z":1,"a":"007"}"#,
    ] {
        assert!(raw.contains(part), "{raw}");
    }
    // A code that arrived as a string is explained.
    let table = call(&["-o", "table"]);
    assert!(table.contains("70107:"), "{table}");
}

#[tokio::test(flavor = "multi_thread")]
async fn odd_events_and_answers_are_printed_unchanged() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let app = format!("http://{}/", listener.local_addr().unwrap());
    let odd = r#"{"ActionStatus":"OK","ErrorCode":0,"Large":123456789012345678901234567890,"z":"\ud83d","a":1e999}"#;
    let router = axum::Router::new().fallback(move || async move { odd });
    tokio::spawn(async move { axum::serve(listener, router).await });
    let (code, text, error) = {
        let ended = program()
            .args(["webhook", "trigger", "State.StateChange", "--url", &app])
            .output()
            .unwrap();
        let text = String::from_utf8(ended.stdout).unwrap();
        (
            ended.status.code(),
            text,
            String::from_utf8(ended.stderr).unwrap(),
        )
    };
    assert_eq!(code, Some(0), "{error}");
    assert!(text.replace([' ', '\n'], "").contains(odd), "{text}");

    let folder = folder("odd-event");
    let (query, body) = (folder.join("query"), folder.join("body"));
    let event = r#"{"CallbackCommand":"State.StateChange","EventTime":1700000000000,"Info":{"Action":"Login","To_Account":"lin","Reason":"x\ud83d"},"Large":123456789012345678901234567890}"#;
    let (now, token) = ("1700000000", Token::new(TOKEN));
    let asked = format!(
        "SdkAppid={APP}&CallbackCommand=State.StateChange&contenttype=json&Sign={}&RequestTime={now}",
        token.sign(now)
    );
    std::fs::write(&query, &asked).unwrap();
    std::fs::write(&body, event).unwrap();
    let ended = program()
        .env("TENCENT_CHAT_WEBHOOK_TOKEN", TOKEN)
        .args(["webhook", "verify", "--query-file"])
        .arg(&query)
        .arg("--body")
        .arg(&body)
        .output()
        .unwrap();
    let text = String::from_utf8(ended.stdout).unwrap();
    assert!(
        text.replace([' ', '\n'], "").contains(event),
        "{text}{}",
        String::from_utf8_lossy(&ended.stderr)
    );

    let (mut listening, url) = listen(&["--unsigned", "--answer", odd]);
    let client = reqwest::Client::new();
    let sent = client
        .post(format!("{url}?{asked}"))
        .body(event)
        .send()
        .await
        .unwrap();
    assert_eq!(sent.text().await.unwrap(), odd);
    let mut lines = BufReader::new(listening.0.stdout.take().unwrap()).lines();
    let line = lines.next().unwrap().unwrap();
    assert!(line.contains(event) && line.contains(odd), "{line}");
}

/// A listener, and its address.
fn listen(arguments: &[&str]) -> (Running, String) {
    let mut listener = program();
    listener
        .env("TENCENT_CHAT_WEBHOOK_TOKEN", TOKEN)
        .args(["webhook", "listen", "-o", "json"])
        .args(arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut listener = Running(listener.spawn().unwrap());
    let mut notes = BufReader::new(listener.0.stderr.take().unwrap()).lines();
    let note = notes.next().unwrap().unwrap();
    let url = note
        .split_whitespace()
        .find(|word| word.starts_with("http"));
    let url = url.unwrap().trim_end_matches(';').to_owned();
    (listener, url)
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_listener_answers_received_events_and_exits_cleanly() {
    // An app that takes its time.
    let app = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let forward = format!("http://{}/", app.local_addr().unwrap());
    let (came, mut coming) = tokio::sync::mpsc::channel(1);
    let router = axum::Router::new().fallback(move || {
        let came = came.clone();
        async move {
            came.send(()).await.unwrap();
            tokio::time::sleep(Duration::from_millis(300)).await;
            r#"{"ActionStatus":"OK","ErrorCode":0,"ErrorInfo":""}"#
        }
    });
    tokio::spawn(async move { axum::serve(app, router).await });
    for signal in ["-TERM", "-INT"] {
        let (mut listening, url) = listen(&["--unsigned", "--forward-to", &forward]);
        let address =
            format!("{url}?SdkAppid={APP}&CallbackCommand=State.StateChange&contenttype=json");
        let client = reqwest::Client::new();
        let sent = client
            .post(address)
            .body(r#"{"CallbackCommand":"State.StateChange"}"#)
            .send();
        let sent = tokio::spawn(sent);
        coming.recv().await.unwrap();
        listening.signal(signal);
        assert_eq!(sent.await.unwrap().unwrap().status(), 200, "{signal}");
        let mut printed = String::new();
        let mut out = listening.0.stdout.take().unwrap();
        std::io::Read::read_to_string(&mut out, &mut printed).unwrap();
        assert!(listening.0.wait().unwrap().success(), "{signal}");
        assert!(printed.contains("State.StateChange"), "{signal}: {printed}");
    }
}

#[cfg(unix)]
#[test]
fn the_server_answers_and_stops_on_a_signal() {
    let (mut server, started) = start(server().env_clear().arg("--demo"));
    let text = |name: &str| started[name].as_str().unwrap().to_owned();
    let call = |arguments: &[&str]| {
        run(program()
            .env("TENCENT_CHAT_SDK_APP_ID", started["sdk_app_id"].to_string())
            .env("TENCENT_CHAT_ADMIN", text("admin"))
            .env("TENCENT_CHAT_SECRET_KEY", text("key"))
            .env("TENCENT_CHAT_BASE_URL", text("url"))
            .arg("call")
            .args(arguments))
    };
    let (code, reply, error) = call(&["get_group_msg", "--help"]);
    assert_eq!((code, reply.is_null()), (0, true), "{error}");
    let (code, reply, error) = call(&["get_joined_group_list", "Member_Account=lin"]);
    assert_eq!((code, &reply["TotalCount"]), (0, &json!(1)), "{error}");
    server.signal("-TERM");
    assert!(server.0.wait().unwrap().success());
}

#[test]
fn a_closed_pipe_is_not_an_error() {
    let mut command = program();
    command
        .args(["describe", "sendmsg"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    drop(child.stdout.take());
    let ended = child.wait_with_output().unwrap();
    assert!(ended.status.success());
    assert!(ended.stderr.is_empty());
}

#[test]
fn odd_arguments_and_bodies_end_with_an_error_and_never_a_panic() {
    for arguments in [
        &["call", ""][..],
        &["call", "sendmsg", "="],
        &["call", "sendmsg", ":="],
        &["call", "sendmsg", "\u{202e}=\u{1b}[2J"],
        &["describe", "\0x"],
        &["code", "99999999999999999999"],
        &["sig", "sign", ""],
        &["sig", "sign", "lin", "--valid-for", "0s"],
        &["webhook", "trigger", "nothing", "--url", "x"],
        &[
            "webhook",
            "trigger",
            "State.StateChange",
            "--url",
            "not an address",
        ],
        &["serve", "--port", "99999"],
        &["--config", "/does/not/exist", "doctor"],
    ] {
        if arguments.iter().any(|argument| argument.contains('\0')) {
            continue;
        }
        let (code, _, error) = run(program().args(arguments));
        assert_ne!(code, 0, "{arguments:?}");
        assert!(
            !error.is_empty() && !error.contains('\u{1b}'),
            "{arguments:?}: {error}"
        );
    }
    // A body from standard input that is not text.
    let (code, _) = give(
        program().args(["call", "sendmsg", "--body", "-"]),
        &[0xff, 0xfe],
    );
    assert_eq!(code, 5);
}

#[test]
fn the_server_is_configured_by_flags_variables_and_a_file() {
    let folder = folder("server-file");
    std::fs::write(folder.join("token"), "a control token\n").unwrap();
    let seed = json!({ "users": [{ "id": "lin" }], "groups": [{ "id": "chess", "name": "Chess", "owner": "lin" }] });
    std::fs::write(folder.join("seed.json"), seed.to_string()).unwrap();
    let config = format!(
        "[serve]\nseed = {:?}\nquotas = \"free\"\npage_size = 7\nclock_ahead = \"2d\"\nlog = \"json\"\n\
         webhook_url = \"http://127.0.0.1:9/?secret\"\ncontrol_token_file = {:?}\n",
        folder.join("seed.json"),
        folder.join("token"),
    );
    let file = folder.join("config.toml");
    std::fs::write(&file, config).unwrap();
    let mut command = server();
    command
        .arg("--config")
        .arg(&file)
        // A variable overrides the file.
        .env("TENCENT_CHAT_SERVE_QUOTAS", "paid");
    let (mut server, started) = start(&mut command);
    let url = started["url"].as_str().unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let client = reqwest::Client::new();
    let get = |path: &str| {
        let request = client.get(format!("{url}/_control/{path}"));
        let request = request.bearer_auth("a control token");
        runtime.block_on(async {
            let text = request.send().await.unwrap().text().await.unwrap();
            serde_json::from_str::<Value>(&text).unwrap()
        })
    };
    let info = get("info");
    assert_eq!(info["edition"], "paid");
    assert_eq!(info["webhook_target"], "http://127.0.0.1:9/");
    assert_eq!(get("clock")["ahead_seconds"], 172_800);
    assert_eq!(get("groups/chess")["info"]["Name"], "Chess");
    let port = url.rsplit(':').next().unwrap();
    let (code, ready, error) = run(program().args(["health", "--port", port]));
    assert_eq!((code, &ready["status"]), (0, &json!("ready")), "{error}");
    // A line of JSON for each request.
    let mut err = BufReader::new(server.0.stderr.take().unwrap()).lines();
    let call = program()
        .env("TENCENT_CHAT_BASE_URL", url)
        .args([
            "call",
            "sendmsg",
            "To_Account=mei",
            "MsgRandom=1",
            "MsgBody:=[]",
            "--no-check",
        ])
        .output()
        .unwrap();
    assert_eq!(call.status.code(), Some(1));
    let line = err.next().unwrap().unwrap();
    let line: Value = serde_json::from_str(&line).unwrap_or_else(|_| panic!("{line}"));
    assert_eq!(line["target"], "tencent_chat_simulator::request");
    assert_eq!(line["command"], "v4/openim/sendmsg");
    assert_eq!(line["identifier"], "administrator");
    assert!(
        line["code"].as_i64().unwrap() > 0 && line["micros"].is_u64(),
        "{line}"
    );
}

#[test]
fn wrong_settings_of_the_server_are_explained() {
    let folder = folder("wrong-server-file");
    let file = folder.join("config.toml");
    for (config, arguments, said) in [
        (
            "",
            &["--address", "0.0.0.0"][..],
            "TENCENT_CHAT_CONTROL_TOKEN",
        ),
        ("", &["--seed", "/does/not/exist"], "/does/not/exist"),
        (
            "",
            &["--webhook-url", "http://example.com/"],
            "on this machine only",
        ),
        ("", &["--clock-ahead", "soon"], "--clock-ahead"),
        ("[serve]\nprot = 1\n", &[], "prot"),
        ("[serve]\nquotas = \"some\"\n", &[], "free, paid"),
        ("[serve]\nlog = \"loud\"\n", &[], "text, json, off"),
        ("[serve]\nclock_ahead = \"soon\"\n", &[], "clock_ahead"),
    ] {
        std::fs::write(&file, config).unwrap();
        let mut command = server();
        command.arg("--config").arg(&file).args(arguments);
        let (code, _, error) = run(&mut command);
        assert!((2..=5).contains(&code), "{arguments:?}: {code}");
        assert!(error.contains(said), "{config}{arguments:?}: {error}");
    }
    let (code, _, error) = run(program().args(["health", "--port", "1"]));
    assert_eq!(code, 4, "{error}");
}

#[test]
fn health_works_with_ipv6_addresses() {
    // Not every machine has IPv6.
    if std::net::TcpListener::bind("[::1]:0").is_err() {
        return;
    }
    let (_server, started) = start(server().args(["--address", "::1"]));
    let url = started["url"].as_str().unwrap();
    let port = url.rsplit(':').next().unwrap();
    for host in ["::1", "[::1]"] {
        let (code, ready, error) = run(program().args(["health", "--host", host, "--port", port]));
        assert_eq!(
            (code, &ready["status"]),
            (0, &json!("ready")),
            "{host}: {error}"
        );
    }
}
