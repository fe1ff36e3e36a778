//! The crates as crates.io would serve them: packed, unpacked, and built on their own.

use super::runner::{End, Result, Runner};
use serde_json::Value;
use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

/// Files that every archive must contain besides its sources.
const FILES: [&str; 4] = ["Cargo.toml", "LICENSE-APACHE", "LICENSE-MIT", "README.md"];

/// Maximum size of an archive on crates.io.
const MAX_BYTES: u64 = 10 << 20;

/// A crate to be published.
pub(super) struct Published {
    pub(super) name: String,
    pub(super) version: String,
    /// The oldest toolchain that it supports.
    pub(super) rust_version: String,
    pub(super) has_library: bool,
}

/// All crates of the workspace that are to be published.
pub(super) fn published(runner: &Runner<'_>) -> std::result::Result<Vec<Published>, String> {
    let arguments = ["metadata", "--no-deps", "--format-version", "1"];
    let metadata = runner.output(&mut runner.cargo(&arguments))?;
    let metadata: Value = serde_json::from_str(&metadata).map_err(|error| error.to_string())?;
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let packages = metadata["packages"].as_array().into_iter().flatten();
    // `publish = false` is an empty list of registries.
    let crates: Vec<Published> = packages
        .filter(|package| package["publish"].is_null())
        .map(|package| Published {
            name: text(&package["name"]),
            version: text(&package["version"]),
            rust_version: text(&package["rust_version"]),
            has_library: package["targets"]
                .as_array()
                .is_some_and(|all| all.iter().any(|target| target["kind"][0] == "lib")),
        })
        .collect();
    if crates.is_empty() {
        return Err("no crate of the workspace is to be published".into());
    }
    Ok(crates)
}

/// A folder that is removed when this is dropped.
struct Scratch(PathBuf);

impl Scratch {
    fn new(folder: PathBuf) -> std::result::Result<Self, String> {
        if folder.exists() {
            fs::remove_dir_all(&folder).map_err(|error| error.to_string())?;
        }
        fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
        Ok(Self(folder))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // It's below `target`, where leftovers do no harm.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Packs every crate to be published, and creates a workspace of the archives, which depend on each other instead of
/// on crates.io.
fn unpack(runner: &mut Runner<'_>, name: &str) -> std::result::Result<Scratch, String> {
    let io = |error: std::io::Error| error.to_string();
    let crates = published(runner)?;
    let mut arguments = vec!["package", "--no-verify", "--allow-dirty", "--quiet"];
    for one in &crates {
        arguments.extend(["--package", &one.name]);
    }
    runner.run_cargo(&arguments)?;

    let scratch = Scratch::new(runner.target().join(name))?;
    let (mut members, mut patches) = (String::new(), String::new());
    for Published { name, version, .. } in &crates {
        let folder = format!("{name}-{version}");
        let archive = runner
            .target()
            .join("package")
            .join(format!("{folder}.crate"));
        let bytes = fs::metadata(&archive).map_err(io)?.len();
        if bytes > MAX_BYTES {
            return Err(format!(
                "the archive of {name} has {bytes} bytes, but crates.io accepts at most {MAX_BYTES}"
            ));
        }
        // Files of archives all have the same old time, by which cargo would take an earlier build of this folder for
        // one of theirs.
        let mut tar = runner.command("tar".as_ref(), &["--touch", "-xzf"]);
        tar.arg(&archive).arg("-C").arg(&scratch.0);
        runner.run(&mut tar)?;
        for file in FILES {
            if !scratch.0.join(&folder).join(file).is_file() {
                return Err(format!("the archive of {name} has no {file}"));
            }
        }
        println!("{name} {version}: {} kB", bytes.div_ceil(1000));
        let _ = writeln!(members, "  \"{folder}\",");
        let _ = writeln!(patches, "{name} = {{ path = \"{folder}\" }}");
    }
    let manifest = format!(
        "[workspace]\nresolver = \"3\"\nmembers = [\n{members}]\n\n[patch.crates-io]\n{patches}"
    );
    fs::write(scratch.0.join("Cargo.toml"), manifest).map_err(io)?;
    fs::copy(runner.root.join("Cargo.lock"), scratch.0.join("Cargo.lock")).map_err(io)?;
    Ok(scratch)
}

/// Builds every crate with its tests and examples, only from the archives.
pub(super) fn packages(runner: &mut Runner<'_>) -> Result {
    from_archives(runner, &["check", "--all-targets"])
}

/// Runs the tests in the archives.
pub(super) fn package_tests(runner: &mut Runner<'_>) -> Result {
    from_archives(runner, &["test"])
}

fn from_archives(runner: &mut Runner<'_>, what: &[&str]) -> Result {
    let archives = unpack(runner, "archives")?;
    let arguments = [what, &["--workspace", "--all-features", "--quiet"]].concat();
    let mut cargo = runner.cargo(&arguments);
    // Dependencies are the same as those of the workspace, so they need not be rebuilt.
    cargo
        .current_dir(&archives.0)
        .env("CARGO_TARGET_DIR", runner.target());
    runner.run(&mut cargo)?;
    Ok(End::Passed)
}

/// Builds every crate on its own, with its own features: features that another crate enables in a build of the whole
/// workspace are absent.
pub(super) fn alone(runner: &mut Runner<'_>) -> Result {
    for Published { name, .. } in published(runner)? {
        let arguments = ["check", "--all-targets", "--quiet", "--package", &name];
        runner.run_cargo(&arguments)?;
    }
    Ok(End::Passed)
}

/// Builds the libraries with the oldest toolchain that they support.
pub(super) fn oldest_toolchain(runner: &mut Runner<'_>) -> Result {
    let crates = published(runner)?;
    let Some(oldest) = crates.first().map(|one| one.rust_version.clone()) else {
        return Ok(End::Passed);
    };
    if !has_toolchain(runner, &oldest) {
        return Ok(End::Skipped(format!(
            "Rust {oldest} is not installed; run `rustup toolchain install {oldest} --profile minimal`"
        )));
    }
    let archives = unpack(runner, "oldest-toolchain")?;
    let arguments = ["check", "--workspace", "--all-features", "--quiet"];
    let mut cargo = runner.cargo_of(&oldest, &arguments);
    build_in(&mut cargo, &archives.0);
    runner.run(&mut cargo)?;
    Ok(End::Passed)
}

/// Builds with the oldest versions of direct dependencies that the manifests allow.
pub(super) fn minimal_versions(runner: &mut Runner<'_>) -> Result {
    if !has_toolchain(runner, "nightly") {
        return Ok(End::Skipped(
            "`-Z direct-minimal-versions` needs a nightly toolchain; run \
             `rustup toolchain install nightly --profile minimal`"
                .into(),
        ));
    }
    let archives = unpack(runner, "minimal-versions")?;
    fs::remove_file(archives.0.join("Cargo.lock")).map_err(|error| error.to_string())?;
    let arguments = ["update", "--quiet", "-Z", "direct-minimal-versions"];
    let mut update = runner.cargo_of("nightly", &arguments);
    runner.run(update.current_dir(&archives.0))?;
    let arguments = [
        "check",
        "--workspace",
        "--all-features",
        "--locked",
        "--quiet",
    ];
    let mut cargo = runner.cargo(&arguments);
    build_in(&mut cargo, &archives.0);
    runner.run(&mut cargo)?;
    Ok(End::Passed)
}

/// Builds in a folder that is removed with its sources.
fn build_in(cargo: &mut std::process::Command, folder: &Path) {
    cargo
        .current_dir(folder)
        .env("CARGO_TARGET_DIR", folder.join("target"))
        .env("CARGO_PROFILE_DEV_DEBUG", "0")
        .env("CARGO_INCREMENTAL", "0");
}

/// Whether rustup has a toolchain.
pub(super) fn has_toolchain(runner: &Runner<'_>, toolchain: &str) -> bool {
    (runner.output(&mut runner.cargo_of(toolchain, &["--version"]))).is_ok()
}
