//! The MCP server as an assistant uses it: a client of the protocol starts the program and talks to it.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use common::{APP, KEY, profile, simulator};
use rmcp::{
    RoleClient, ServiceExt as _,
    model::{CallToolRequestParams, CallToolResult},
    service::RunningService,
    transport::TokioChildProcess,
};
use serde_json::{Value, json};
use tokio::process::Command;

type Assistant = RunningService<RoleClient, ()>;

async fn assistant(arguments: &[&str], variables: &[(&str, &str)]) -> Assistant {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tencent-chat"));
    command.env_clear().args(arguments);
    for (name, value) in variables {
        command.env(name, value);
    }
    ().serve(TokioChildProcess::new(command).unwrap())
        .await
        .unwrap()
}

/// A tool's answer, and whether it's an error.
async fn ask(assistant: &Assistant, tool: &str, arguments: Value) -> (bool, Value) {
    let Value::Object(arguments) = arguments else {
        panic!("{arguments}");
    };
    let asked = CallToolRequestParams::new(tool.to_owned()).with_arguments(arguments);
    let CallToolResult {
        structured_content,
        is_error,
        content,
        ..
    } = assistant.call_tool(asked).await.unwrap();
    assert!(
        !content.is_empty(),
        "the text content is the same as the structured content"
    );
    let answer = structured_content.unwrap();
    assert!(!answer.to_string().contains(KEY), "{answer}");
    (is_error == Some(true), answer)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_assistant_finds_understands_checks_and_calls() {
    // Variables that name an app, but no profile, are ignored.
    let variables = [
        ("TENCENT_CHAT_BASE_URL", "http://127.0.0.1:1"),
        ("TENCENT_CHAT_SECRET_KEY", KEY),
    ];
    let assistant = assistant(&["mcp"], &variables).await;
    let info = assistant.peer_info().unwrap();
    assert!(
        info.instructions
            .as_ref()
            .unwrap()
            .contains("a simulator of its own")
    );
    let mut tools = assistant.list_all_tools().await.unwrap();
    tools.sort_by(|a, b| a.name.cmp(&b.name));
    let names: Vec<&str> = tools.iter().map(|tool| &*tool.name).collect();
    let expected = [
        "call_command",
        "command_samples",
        "describe_command",
        "describe_webhook",
        "explain_code",
        "search_commands",
        "search_webhooks",
        "validate_body",
    ];
    assert_eq!(names, expected);
    for tool in &tools {
        assert!(
            tool.description
                .as_ref()
                .is_some_and(|text| !text.is_empty()),
            "{}",
            tool.name
        );
        let reads = tool
            .annotations
            .as_ref()
            .and_then(|hints| hints.read_only_hint);
        assert_eq!(reads, Some(&*tool.name != "call_command"), "{}", tool.name);
    }

    let (_, found) = ask(
        &assistant,
        "search_commands",
        json!({ "words": "group member", "limit": 3 }),
    )
    .await;
    assert_eq!(found["commands"].as_array().unwrap().len(), 3);
    assert!(found["found"].as_u64().unwrap() > 3);
    let (_, described) = ask(
        &assistant,
        "describe_command",
        json!({ "command": "sendmsg" }),
    )
    .await;
    assert_eq!(
        (&described["command"], &described["changes_nothing"]),
        (&json!("v4/openim/sendmsg"), &json!(false))
    );
    assert!(
        described["request"]
            .as_array()
            .unwrap()
            .iter()
            .any(|field| field["field"] == "MsgBody")
    );
    let (_, samples) = ask(
        &assistant,
        "command_samples",
        json!({ "command": "sendmsg" }),
    )
    .await;
    let body = samples["request"][0]["value"].clone();
    assert!(body.is_object());
    let (_, codes) = ask(&assistant, "explain_code", json!({ "code": "60010" })).await;
    assert_eq!(codes["codes"][0]["name"], "ADMIN_REQUIRED");
    let (_, webhooks) = ask(
        &assistant,
        "search_webhooks",
        json!({ "words": "before c2c" }),
    )
    .await;
    let webhook = webhooks["webhooks"][0]["webhook"].clone();
    let (_, described) = ask(
        &assistant,
        "describe_webhook",
        json!({ "webhook": webhook }),
    )
    .await;
    assert!(!described["event"].as_array().unwrap().is_empty() && described["asks"] == true);

    let wrong = json!({ "command": "sendmsg", "body": { "To_Acount": "mei" } });
    let (is_error, said) = ask(&assistant, "validate_body", wrong).await;
    assert!(
        is_error && said["help"].as_str().unwrap().contains("To_Account"),
        "{said}"
    );
    let message = json!({
        "command": "sendmsg",
        "body": {
            "From_Account": "lin", "To_Account": "mei", "MsgRandom": 7,
            "MsgBody": [{ "MsgType": "TIMTextElem", "MsgContent": { "Text": "From an assistant" } }],
        },
    });
    assert_eq!(
        ask(&assistant, "validate_body", message.clone()).await.1["valid"],
        true
    );
    let (is_error, sent) = ask(&assistant, "call_command", message).await;
    assert!(
        !is_error && sent["is_simulator"] == true && sent["reply"]["ErrorCode"] == 0,
        "{sent}"
    );
    let history = json!({
        "command": "get_c2c_history",
        "body": { "Operator_Account": "lin", "Peer_Account": "mei", "MaxCnt": 100, "MinTime": 0, "MaxTime": u32::MAX },
    });
    let (_, history) = ask(&assistant, "call_command", history).await;
    assert!(
        history.to_string().contains("From an assistant"),
        "{history}"
    );
    let (is_error, refused) = ask(
        &assistant,
        "call_command",
        json!({ "command": "get_group_info", "body": { "GroupIdList": [] } }),
    )
    .await;
    assert!(is_error, "{refused}");
    assistant.cancel().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_of_a_profile_is_changed_only_with_permission() {
    let simulator = simulator().await;
    let config = profile("assistant", &simulator);
    let config = config.to_str().unwrap();
    let import = json!({ "command": "account_import", "body": { "UserID": "lin" } });
    let check =
        json!({ "command": "account_check", "body": { "CheckItem": [{ "UserID": "lin" }] } });
    let status = |answer: &Value| answer["reply"]["ResultItem"][0]["AccountStatus"].clone();

    let careful = assistant(&["mcp", "--config", config, "--profile", "mine"], &[]).await;
    let (is_error, refused) = ask(&careful, "call_command", import.clone()).await;
    assert!(
        is_error
            && refused["help"]
                .as_str()
                .unwrap()
                .contains("--allow-changes"),
        "{refused}"
    );
    // Addresses that open a file for anyone are not handed out, although creating them changes nothing.
    let file = json!({ "ResourceID": 1, "RawURL": "https://example.com/a.png" });
    let sign = json!({ "command": "get_cos_sig", "body": { "RawURLs": [file] } });
    let (is_error, refused) = ask(&careful, "call_command", sign).await;
    assert!(
        is_error
            && refused["error"]
                .as_str()
                .unwrap()
                .contains("returns a secret"),
        "{refused}"
    );
    let described = json!({ "command": "get_cos_sig" });
    let (_, described) = ask(&careful, "describe_command", described).await;
    assert_eq!(
        (&described["changes_nothing"], &described["needs_leave"]),
        (&json!(true), &json!(true))
    );
    let (is_error, checked) = ask(&careful, "call_command", check.clone()).await;
    assert!(!is_error && checked["is_simulator"] == false, "{checked}");
    assert_eq!(status(&checked), "NotImported");
    careful.cancel().await.unwrap();

    let arguments = [
        "mcp",
        "--config",
        config,
        "--profile",
        "mine",
        "--allow-changes",
    ];
    let trusted = assistant(&arguments, &[]).await;
    let (is_error, imported) = ask(&trusted, "call_command", import).await;
    assert!(!is_error, "{imported}");
    assert_eq!(
        status(&ask(&trusted, "call_command", check).await.1),
        "Imported"
    );
    trusted.cancel().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_named_profile_selects_the_app_regardless_of_variables() {
    let (mine, other) = (simulator().await, simulator().await);
    let config = profile("assistant-of-mine", &mine);
    let config = config.to_str().unwrap();
    let other_url = other.base_url();
    let variables = [
        ("TENCENT_CHAT_SDK_APP_ID", "1400000001"),
        ("TENCENT_CHAT_ADMIN", "somebody"),
        ("TENCENT_CHAT_BASE_URL", other_url.as_str()),
        ("TENCENT_CHAT_SECRET_KEY", "the key of another app"),
    ];
    let check =
        json!({ "command": "account_check", "body": { "CheckItem": [{ "UserID": "lin" }] } });
    let by_variable = [&variables[..], &[("TENCENT_CHAT_PROFILE", "mine")]].concat();
    for (arguments, variables) in [
        (
            &["mcp", "--config", config, "--profile", "mine"][..],
            &variables[..],
        ),
        (&["mcp", "--config", config], &by_variable),
    ] {
        let assistant = assistant(arguments, variables).await;
        let (is_error, checked) = ask(&assistant, "call_command", check.clone()).await;
        assert!(!is_error, "{checked}");
        let called = checked["called"].as_str().unwrap();
        assert!(
            called.contains(&APP.to_string()) && called.contains(&mine.base_url()),
            "{called}"
        );
        assistant.cancel().await.unwrap();
    }
    assert_eq!(mine.journal().len(), 2);
    assert!(other.journal().is_empty());

    // On the command line both were given explicitly, so it's ambiguous.
    for flag in [
        "--app=1400000001",
        "--base-url=http://127.0.0.1:1",
        "--key-env=OTHER",
    ] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tencent-chat"));
        command
            .env_clear()
            .args(["mcp", "--config", config, "--profile", "mine", flag])
            .stdin(std::process::Stdio::null());
        let ended = command.output().await.unwrap();
        let said = String::from_utf8(ended.stderr).unwrap();
        assert_eq!(ended.status.code(), Some(2), "{said}");
        assert!(said.contains("both select an app"), "{said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_client_it_exits_and_explains_itself() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tencent-chat"));
    command
        .env_clear()
        .arg("mcp")
        .stdin(std::process::Stdio::null());
    let ended = command.output().await.unwrap();
    assert_eq!(ended.status.code(), Some(2));
    assert!(ended.stdout.is_empty());
    assert!(
        String::from_utf8(ended.stderr)
            .unwrap()
            .contains("assistants start this program")
    );
}
