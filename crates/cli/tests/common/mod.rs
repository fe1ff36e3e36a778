//! Runs the program for the tests.
#![allow(dead_code, reason = "each test uses its part")]

use serde_json::Value;
use std::{
    io::{BufRead, BufReader, Read, Write},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    thread::sleep,
    time::Duration,
};
use tencent_chat_client::{Client, ClientBuilder};
use tencent_chat_simulator::{JournalEntry, Simulator};
use tencent_chat_types::Endpoint;

pub(crate) const APP: u64 = 1400000000;
pub(crate) const KEY: &str = "a-key-that-must-not-be-shown";
pub(crate) const TOKEN: &str = "a-token-that-must-not-be-shown";

/// The program with an environment of its own.
pub(crate) fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tencent-chat"));
    command
        .env_clear()
        .env("TENCENT_CHAT_SDK_APP_ID", APP.to_string())
        .env("TENCENT_CHAT_ADMIN", "administrator")
        .env("TENCENT_CHAT_SECRET_KEY", KEY)
        .stdin(Stdio::null());
    command
}

pub(crate) fn run(command: &mut Command) -> (i32, Value, String) {
    let Output {
        status,
        stdout,
        stderr,
    } = command.output().unwrap();
    let stderr = String::from_utf8(stderr).unwrap();
    let shown = String::from_utf8_lossy(&stdout).into_owned() + &stderr;
    assert!(!shown.contains(KEY) && !shown.contains(TOKEN), "{shown}");
    assert!(!shown.contains("panicked"), "{shown}");
    (
        status.code().unwrap(),
        serde_json::from_slice(&stdout).unwrap_or_default(),
        stderr,
    )
}

/// A simulator of the app.
pub(crate) async fn simulator() -> Simulator {
    Simulator::builder(APP, KEY).start().await.unwrap()
}

/// A client builder for the app, whose server is there.
pub(crate) fn client(url: &str) -> ClientBuilder {
    Client::builder(APP, "administrator", KEY).base_url(url)
}

/// The program with the app of a simulator.
pub(crate) fn against(simulator: &Simulator, arguments: &[&str]) -> Command {
    let mut command = program();
    command
        .env("TENCENT_CHAT_BASE_URL", simulator.base_url())
        .args(arguments);
    command
}

/// A configuration file with the app of a simulator as profile `mine`, which is not the default.
pub(crate) fn profile(test: &str, simulator: &Simulator) -> PathBuf {
    let folder = folder(test);
    let (config, key) = (folder.join("config.toml"), folder.join("key"));
    std::fs::write(&key, KEY).unwrap();
    let text = format!(
        "[profiles.mine]\nsdk_app_id = {APP}\nadmin = \"administrator\"\nbase_url = {:?}\nsecret_key_file = {key:?}\n",
        simulator.base_url()
    );
    std::fs::write(&config, text).unwrap();
    config
}

/// Runs the program with this input, and returns its exit code and output.
pub(crate) fn give(command: &mut Command, bytes: &[u8]) -> (i32, String) {
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(bytes).unwrap();
    let ended = child.wait_with_output().unwrap();
    let said = String::from_utf8(ended.stderr).unwrap();
    (ended.status.code().unwrap(), said)
}

/// The requests that a simulator received for this command.
pub(crate) fn calls<E: Endpoint>(simulator: &Simulator) -> Vec<JournalEntry> {
    let mut calls = simulator.journal();
    calls.retain(|entry| entry.path == E::META.path);
    calls
}

/// The program as a server on a free port.
pub(crate) fn server() -> Command {
    let mut command = program();
    command.args(["--output", "json", "serve", "--port", "0"]);
    command
}

/// Starts a server, and returns its startup message.
pub(crate) fn start(command: &mut Command) -> (Running, Value) {
    let child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut server = Running(child.unwrap());
    let mut line = String::new();
    let mut out = BufReader::new(server.0.stdout.take().unwrap());
    out.read_line(&mut line).unwrap();
    let started = serde_json::from_str(&line).unwrap_or_else(|_| {
        let mut said = String::new();
        let mut err = server.0.stderr.take().unwrap();
        err.read_to_string(&mut said).unwrap();
        panic!("it did not start: {said}")
    });
    (server, started)
}

/// Waits until a condition holds, up to the time limit of a test.
pub(crate) fn until(what: impl Fn() -> bool) {
    for _ in 0..6_000 {
        if what() {
            return;
        }
        sleep(Duration::from_millis(5));
    }
    panic!("the condition never became true");
}

/// The same name with an extension.
pub(crate) fn sibling(path: &Path, end: &str) -> PathBuf {
    PathBuf::from(format!("{}.{end}", path.display()))
}

pub(crate) fn folder(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// A process that is killed at the end of the test.
pub(crate) struct Running(pub(crate) Child);

impl Running {
    /// Starts the program and discards its output.
    pub(crate) fn silent(command: &mut Command) -> Self {
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        Self(child.unwrap())
    }

    /// Kills it with a signal that can't be caught.
    pub(crate) fn kill(mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }

    /// Sends a signal, such as `-INT`.
    pub(crate) fn signal(&self, signal: &str) {
        let id = self.0.id().to_string();
        let sent = Command::new("kill").args([signal, &id]).status().unwrap();
        assert!(sent.success());
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
