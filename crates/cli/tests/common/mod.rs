//! The program, as tests run it.
#![allow(dead_code, reason = "each test uses its part")]

use serde_json::Value;
use std::{
    path::PathBuf,
    process::{Child, Command, Output, Stdio},
};

pub(crate) const APP: u64 = 1400000000;
pub(crate) const KEY: &str = "a-key-that-must-not-be-shown";
pub(crate) const TOKEN: &str = "a-token-that-must-not-be-shown";

/// The program in an environment of its own.
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

pub(crate) fn folder(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// A program that is stopped with the test.
pub(crate) struct Running(pub(crate) Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
