//! Steps that need more than one command, or something that not every machine has.

use super::{
    archives::{has_toolchain, published},
    runner::{End, Result, Runner},
};

/// The client with each TLS back end and without any, each on its own.
pub(super) fn tls(runner: &mut Runner<'_>) -> Result {
    let check = ["check", "--quiet", "--package", "tencent-chat-client"];
    for features in ["", "redis", "rustls-ring,redis"] {
        let arguments = [
            &check[..],
            &["--no-default-features", "--features", features],
        ]
        .concat();
        runner.run_cargo(&arguments)?;
    }
    // The error without TLS, and that ring is used.
    for features in ["", "rustls-ring"] {
        let arguments = [
            &["test", "--quiet", "--package", "tencent-chat-client"][..],
            &["--no-default-features", "--features", features],
            &["--test", "tls"],
        ]
        .concat();
        runner.run_cargo(&arguments)?;
    }
    if !has_openssl(runner) {
        return Ok(End::Skipped(format!(
            "native-tls was not checked: it needs {OPENSSL}"
        )));
    }
    let arguments = [
        &check[..],
        &["--no-default-features", "--features", "native-tls,redis"],
    ]
    .concat();
    runner.run_cargo(&arguments)?;
    Ok(End::Passed)
}

/// The benchmark against another crate, which has a lock file of its own and needs older dependencies.
pub(super) fn peers(runner: &mut Runner<'_>) -> Result {
    if !has_openssl(runner) {
        return Ok(End::Skipped(format!("the other crate needs {OPENSSL}")));
    }
    let arguments = [
        "check",
        "--quiet",
        "--locked",
        "--manifest-path",
        "benches/peers/Cargo.toml",
        "--workspace",
        "--all-targets",
    ];
    runner.run_cargo(&arguments)?;
    Ok(End::Passed)
}

const OPENSSL: &str = "pkg-config and the headers of OpenSSL (on Debian libssl-dev)";

fn has_openssl(runner: &mut Runner<'_>) -> bool {
    let mut openssl = runner.command("pkg-config".as_ref(), &["--exists", "openssl"]);
    !cfg!(target_os = "linux") || runner.output(&mut openssl).is_ok()
}

/// The crates that need neither files nor sockets, for browsers and edge workers.
pub(super) fn wasm(runner: &mut Runner<'_>) -> Result {
    const TARGET: &str = "wasm32-unknown-unknown";
    let arguments = ["--print", "target-libdir", "--target", TARGET];
    let library = runner.output(&mut runner.command("rustc".as_ref(), &arguments))?;
    if !std::path::Path::new(library.trim()).is_dir() {
        return Ok(End::Skipped(format!(
            "the target is not installed; run `rustup target add {TARGET}`"
        )));
    }
    let arguments = [
        "check",
        "--quiet",
        "--target",
        TARGET,
        "--package",
        "tencent-chat-types",
        "--package",
        "tencent-chat-usersig",
        "--package",
        "tencent-chat-webhook",
    ];
    runner.run_cargo(&arguments)?;
    Ok(End::Passed)
}

/// Licenses, duplicates, sources and advisories of all dependencies.
pub(super) fn deny(runner: &mut Runner<'_>) -> Result {
    if (runner.output(&mut runner.cargo(&["deny", "--version"]))).is_err() {
        return Ok(End::Skipped(
            "cargo-deny is not installed; run `cargo install --locked cargo-deny`".into(),
        ));
    }
    let arguments = [
        "deny",
        "--all-features",
        "check",
        "licenses",
        "bans",
        "sources",
    ];
    runner.run_cargo(&arguments)?;
    // The advisory database is a repository, which not every machine can reach.
    let fetched = runner.output(&mut runner.cargo(&["deny", "fetch", "db"]));
    if fetched.is_err() {
        return Ok(End::Skipped(
            "advisories were not checked, because their database cannot be fetched; everything else passed".into(),
        ));
    }
    let arguments = ["deny", "--all-features", "check", "advisories"];
    runner.run_cargo(&arguments)?;
    Ok(End::Passed)
}

/// The public API compared with the last release.
pub(super) fn api(runner: &mut Runner<'_>) -> Result {
    let arguments = ["describe", "--tags", "--abbrev=0", "--match", "v*"];
    let Ok(tag) = runner.output(&mut runner.command("git".as_ref(), &arguments)) else {
        return Ok(End::Skipped(
            "there is no release to compare with: no tag begins with v".into(),
        ));
    };
    if (runner.output(&mut runner.cargo(&["semver-checks", "--version"]))).is_err() {
        return Ok(End::Skipped(
            "cargo-semver-checks is not installed; run `cargo install --locked cargo-semver-checks`".into(),
        ));
    }
    let crates = published(runner)?;
    let mut arguments = vec!["semver-checks", "--baseline-rev", tag.trim()];
    for one in crates.iter().filter(|one| one.has_library) {
        arguments.extend(["--package", &one.name]);
    }
    runner.run_cargo(&arguments)?;
    Ok(End::Passed)
}

/// The documentation as docs.rs builds it: with all features, and each item marked with the feature that it needs.
pub(super) fn docs_rs(runner: &mut Runner<'_>) -> Result {
    if !has_toolchain(runner, "nightly") {
        return Ok(End::Skipped(
            "docs.rs uses a nightly toolchain; run `rustup toolchain install nightly --profile minimal`".into(),
        ));
    }
    let crates = published(runner)?;
    // Links to other crates lead to docs.rs, as they do there.
    let mut arguments = vec!["doc", "--no-deps", "--all-features", "--quiet"];
    arguments.extend(["-Z", "rustdoc-map"]);
    for one in crates.iter().filter(|one| one.has_library) {
        arguments.extend(["--package", &one.name]);
    }
    let folder = runner.target().join("docs-rs");
    let mut cargo = runner.cargo_of("nightly", &arguments);
    cargo
        .env("RUSTDOCFLAGS", "--cfg docsrs --deny warnings")
        .env("CARGO_TARGET_DIR", &folder);
    let end = runner.run(&mut cargo);
    let _ = std::fs::remove_dir_all(&folder);
    end?;
    Ok(End::Passed)
}
