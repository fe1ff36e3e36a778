//! Every program runs against the simulator.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::{
    fs,
    io::{BufRead, BufReader},
    process::{Child, Command, Output, Stdio},
};
use tencent_chat_simulator::{Seed, Simulator, WebhookTarget};

const APP: u64 = 1_400_000_000;

/// Lin and Mei, who have written to each other.
async fn world() -> Simulator {
    let simulator = Simulator::builder(APP, "any key").start().await.unwrap();
    let messages: Vec<_> = (0..5)
        .map(|n| serde_json::json!({ "from": "lin", "to": "mei", "text": format!("number {n}") }))
        .collect();
    let seed = serde_json::json!({
        "users": [{ "id": "lin" }, { "id": "mei" }, { "id": "ada" }],
        "messages": messages,
    });
    let seed: Seed = serde_json::from_value(seed).unwrap();
    simulator.seed(&seed).unwrap();
    simulator
}

fn command(program: &str, simulator: &Simulator) -> Command {
    let mut command = Command::new(program);
    command
        .env("TENCENT_CHAT_SDK_APP_ID", APP.to_string())
        .env("TENCENT_CHAT_ADMIN", "administrator")
        .env("TENCENT_CHAT_SECRET_KEY", "any key")
        .env("TENCENT_CHAT_BASE_URL", simulator.base_url())
        .env_remove("TENCENT_CHAT_REGION");
    command
}

/// What a program printed, which must have ended well.
async fn output(mut command: Command) -> String {
    let run = tokio::task::spawn_blocking(move || command.output());
    let Output {
        status,
        stdout,
        stderr,
    } = run.await.unwrap().unwrap();
    let stderr = String::from_utf8_lossy(&stderr);
    assert!(status.success(), "{stderr}");
    String::from_utf8(stdout).unwrap()
}

/// A program that listens, and the address that it printed.
struct Server {
    child: Child,
    address: String,
}

impl Server {
    async fn start(mut command: Command) -> Self {
        let started = tokio::task::spawn_blocking(move || {
            let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
            let mut line = String::new();
            let stdout = child.stdout.take().unwrap();
            BufReader::new(stdout).read_line(&mut line).unwrap();
            let address = line.trim().strip_prefix("listening on ").unwrap();
            let address = format!("http://{address}");
            Self { child, address }
        });
        started.await.unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test]
async fn send() {
    let simulator = world().await;
    let mut known = command(env!("CARGO_BIN_EXE_send"), &simulator);
    known.args(["lin", "mei", "Dinner at seven?"]);
    assert!(output(known).await.starts_with("sent, key "));
    let mut unknown = command(env!("CARGO_BIN_EXE_send"), &simulator);
    unknown.args(["lin", "nobody", "Dinner at seven?"]);
    assert!(output(unknown).await.contains("not an account yet"));
}

/// Importing resumes where it stopped, with and without async.
#[tokio::test]
async fn import_users() {
    for program in [
        env!("CARGO_BIN_EXE_import_users"),
        env!("CARGO_BIN_EXE_import_users_blocking"),
    ] {
        let simulator = world().await;
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("users.txt");
        let users: Vec<String> = (0..1_500).map(|n| format!("user-{n}")).collect();
        fs::write(&file, users.join("\n")).unwrap();
        fs::write(folder.path().join("users.done"), "user-0\nuser-1\n").unwrap();
        let run = || {
            let mut run = command(program, &simulator);
            run.arg(&file);
            output(run)
        };
        assert_eq!(run().await, "1498 imported, 0 refused\n");
        assert_eq!(run().await, "0 imported, 0 refused\n");
    }
}

#[tokio::test]
async fn order_groups() {
    for program in [
        env!("CARGO_BIN_EXE_order_groups"),
        env!("CARGO_BIN_EXE_order_groups_blocking"),
    ] {
        let simulator = world().await;
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("orders.jsonl");
        let order =
            r#"{"id": 7, "buyer": "mei", "staff": ["lin", "nobody"], "goods": "a chess set"}"#;
        fs::write(&file, order).unwrap();
        let run = || {
            let mut run = command(program, &simulator);
            run.arg(&file);
            output(run)
        };
        assert_eq!(run().await, "order-7: 1 added\n");
        // The group is there, Lin is in it, and the message is the same.
        assert_eq!(run().await, "order-7: 1 added\n");
    }
}

#[tokio::test]
async fn export_history() {
    let simulator = world().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("history.jsonl");
    let mut run = command(env!("CARGO_BIN_EXE_export_history"), &simulator);
    run.args(["lin", "mei"]).arg(&file);
    assert_eq!(output(run).await, "5 messages\n");
    let lines = fs::read_to_string(file).unwrap();
    assert_eq!(lines.lines().count(), 5);
    assert!(
        lines.lines().next().unwrap().contains("number 4"),
        "{lines}"
    );
}

#[tokio::test]
async fn communities_and_several_apps() {
    let simulator = world().await;
    let shown = output(command(env!("CARGO_BIN_EXE_communities"), &simulator)).await;
    assert!(shown.contains("topic Openings"), "{shown}");
    assert!(shown.contains("member ada"), "{shown}");
    let shown = output(command(env!("CARGO_BIN_EXE_several_apps"), &simulator)).await;
    assert!(shown.contains("shop: sent"), "{shown}");
    assert!(shown.contains("game: "), "{shown}");
    assert!(!shown.contains("game: sent"), "{shown}");
}

#[tokio::test]
async fn moderation() {
    let simulator = world().await;
    let folder = tempfile::tempdir().unwrap();
    let mut run = command(env!("CARGO_BIN_EXE_moderation"), &simulator);
    run.arg("127.0.0.1:0")
        .arg(folder.path().join("moderation.sqlite"))
        .env("WEBHOOK_TOKEN", "any token");
    let app = Server::start(run).await;
    let target = WebhookTarget::new(format!("{}/webhook", app.address)).token("any token");
    simulator.set_webhooks(target).unwrap();

    simulator.send_as("lin", "mei", ["hello"]).await.unwrap();
    let refused = simulator.send_as("lin", "mei", ["buy gold"]).await;
    assert!(refused.is_err());
    simulator.webhooks_idle().await;
    let deliveries = simulator.deliveries();
    assert!(
        deliveries.iter().all(|delivery| delivery.failure.is_none()),
        "{deliveries:?}"
    );
    assert_eq!(deliveries.len(), 3, "asked, reported, asked");
}

#[tokio::test]
async fn usersig_endpoint() {
    let simulator = world().await;
    let mut run = command(env!("CARGO_BIN_EXE_usersig_endpoint"), &simulator);
    run.arg("127.0.0.1:0");
    let app = Server::start(run).await;
    let http = reqwest::Client::new();
    let url = format!("{}/usersig", app.address);
    let stranger = http.get(&url).send().await.unwrap();
    assert_eq!(stranger.status(), 401);
    let login = http
        .get(&url)
        .header("authorization", "Bearer session-of-lin");
    let login = login.send().await.unwrap().text().await.unwrap();
    let login: serde_json::Value = serde_json::from_str(&login).unwrap();
    assert_eq!(login["userId"], "lin");
    let signer = tencent_chat_usersig::Signer::new(APP, "any key");
    let claims = signer.verify(login["userSig"].as_str().unwrap()).unwrap();
    assert_eq!(claims.user_id, "lin");
}
