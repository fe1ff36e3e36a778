//! The corpus of the fuzzer, and what it once found, on the toolchain of everybody.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::{fs, path::Path};
use tencent_chat_fuzz_targets::TARGETS;

/// Runs a target on every file of its corpus.
fn replay(name: &str) {
    let (_, target) = TARGETS.iter().find(|target| target.0 == name).unwrap();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../fuzz/corpus")
        .join(name);
    let mut files = 0;
    for entry in fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        let data = fs::read(&path).unwrap();
        let run = std::panic::catch_unwind(|| target(&data));
        assert!(run.is_ok(), "{} fails", path.display());
        files += 1;
    }
    assert!(files >= 10, "{} has {files} files", folder.display());
    target(&[]);
}

#[test]
fn codec() {
    replay("codec");
}

#[test]
fn usersig() {
    replay("usersig");
}

#[test]
fn webhook() {
    replay("webhook");
}

#[test]
fn page() {
    replay("page");
}
