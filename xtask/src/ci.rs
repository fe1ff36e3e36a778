//! `cargo xtask ci`: everything that must pass before a change lands, and additional steps before a release.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command line tool prints"
)]

mod archives;
mod guards;
mod instructions;
mod prose;
mod runner;

use self::runner::{End, Runner};
use std::{path::Path, process::Command, time::Instant};

/// One step: its purpose, its command, and an environment variable.
struct Step {
    /// Its name on the command line.
    id: &'static str,
    name: &'static str,
    work: Work,
    environment: Option<(&'static str, &'static str)>,
    when: When,
}

/// What a step runs.
#[derive(Clone, Copy)]
enum Work {
    Cargo(&'static [&'static str]),
    /// A script in this repository.
    Script(&'static str),
    Guard(fn(&mut Runner<'_>) -> runner::Result),
}

/// When a step runs unless it is named.
#[derive(Clone, Copy, PartialEq, Eq)]
enum When {
    Always,
    /// Only as part of `release`: it takes minutes and its own build folder.
    Release,
}

/// Stands for all steps that only a release needs.
const RELEASE: &str = "release";

const STEPS: &[Step] = &[
    Step {
        id: "format",
        name: "Formatting",
        work: Work::Cargo(&["fmt", "--all", "--check"]),
        environment: None,
        when: When::Always,
    },
    Step {
        id: "prose",
        name: "Spelling, and phrases that must not return (needs Python)",
        work: Work::Guard(prose::check),
        environment: None,
        when: When::Always,
    },
    Step {
        id: "codegen",
        name: "Generated files match the spec",
        work: Work::Cargo(&[
            "run",
            "--quiet",
            "--package",
            "xtask",
            "--",
            "codegen",
            "--check",
        ]),
        environment: None,
        when: When::Always,
    },
    Step {
        id: "lints",
        name: "Lints",
        work: Work::Cargo(&[
            "clippy",
            "--workspace",
            "--all-targets",
            "--quiet",
            "--",
            "--deny",
            "warnings",
        ]),
        environment: None,
        when: When::Always,
    },
    Step {
        id: "docs",
        name: "Documentation",
        work: Work::Cargo(&["doc", "--workspace", "--no-deps", "--quiet"]),
        environment: Some(("RUSTDOCFLAGS", "--deny warnings")),
        when: When::Always,
    },
    Step {
        id: "coverage",
        name: "Every command in the vendor's list exists",
        work: Work::Cargo(&["run", "--quiet", "--package", "xtask", "--", "coverage"]),
        environment: None,
        when: When::Always,
    },
    Step {
        id: "tests",
        name: "Tests",
        work: Work::Cargo(&["test", "--workspace"]),
        environment: None,
        when: When::Always,
    },
    Step {
        id: "openapi",
        name: "Tools and clients of other languages (need Node and Python)",
        work: Work::Script("tests/openapi/run"),
        environment: None,
        when: When::Always,
    },
    Step {
        id: "browser",
        name: "The page in a browser (needs Node and Chromium)",
        work: Work::Script("tests/browser/run"),
        environment: None,
        when: When::Always,
    },
    Step {
        id: "image",
        name: "The image's program runs on its own",
        work: Work::Script("deploy/check"),
        environment: None,
        when: When::Always,
    },
    Step {
        id: "features",
        name: "Lints of the optional features",
        work: Work::Cargo(&[
            "clippy",
            "--package",
            "tencent-chat-client",
            "--package",
            "tencent-chat-tests",
            "--package",
            "tencent-chat-webhook-queue",
            "--features",
            "tencent-chat-client/blocking,tencent-chat-client/redis,tencent-chat-tests/redis,tencent-chat-webhook-queue/redis,tencent-chat-webhook-queue/sqlite",
            "--all-targets",
            "--quiet",
            "--",
            "--deny",
            "warnings",
        ]),
        environment: None,
        when: When::Always,
    },
    Step {
        id: "redis",
        name: "A shared quota in Redis (needs redis-server)",
        work: Work::Cargo(&[
            "test",
            "--package",
            "tencent-chat-client",
            "--features",
            "redis",
            "--test",
            "redis",
        ]),
        environment: None,
        when: When::Always,
    },
    Step {
        id: "queue",
        name: "Webhook queues in SQLite and Redis (needs redis-server)",
        work: Work::Cargo(&[
            "test",
            "--package",
            "tencent-chat-webhook-queue",
            "--all-features",
        ]),
        environment: None,
        when: When::Always,
    },
    Step {
        id: "instructions",
        name: "No operation takes more instructions than before (needs valgrind)",
        work: Work::Guard(instructions::check),
        environment: None,
        when: When::Always,
    },
    Step {
        id: "alone",
        name: "Every published crate builds on its own",
        work: Work::Guard(archives::alone),
        environment: None,
        when: When::Release,
    },
    Step {
        id: "tls",
        name: "The client with each TLS back end and without any",
        work: Work::Guard(guards::tls),
        environment: None,
        when: When::Release,
    },
    Step {
        id: "peers",
        name: "The benchmark against another crate builds (needs OpenSSL)",
        work: Work::Guard(guards::peers),
        environment: None,
        when: When::Release,
    },
    Step {
        id: "packages",
        name: "Every published crate builds from its archive",
        work: Work::Guard(archives::packages),
        environment: None,
        when: When::Release,
    },
    Step {
        id: "wasm",
        name: "Types, UserSig and webhooks for wasm32-unknown-unknown",
        work: Work::Guard(guards::wasm),
        environment: None,
        when: When::Release,
    },
    Step {
        id: "deny",
        name: "Licenses, duplicates, sources and advisories of dependencies",
        work: Work::Guard(guards::deny),
        environment: None,
        when: When::Release,
    },
    Step {
        id: "package-tests",
        name: "Tests from the archives",
        work: Work::Guard(archives::package_tests),
        environment: None,
        when: When::Release,
    },
    Step {
        id: "oldest-toolchain",
        name: "The oldest toolchain",
        work: Work::Guard(archives::oldest_toolchain),
        environment: None,
        when: When::Release,
    },
    Step {
        id: "minimal-versions",
        name: "The oldest dependencies",
        work: Work::Guard(archives::minimal_versions),
        environment: None,
        when: When::Release,
    },
    Step {
        id: "docs-rs",
        name: "Documentation as docs.rs builds it",
        work: Work::Guard(guards::docs_rs),
        environment: None,
        when: When::Release,
    },
    Step {
        id: "api",
        name: "Public API against the last release",
        work: Work::Guard(guards::api),
        environment: None,
        when: When::Release,
    },
];

/// Prints the steps.
pub fn list() {
    for step in STEPS {
        let when = match step.when {
            When::Always => "",
            When::Release => " (release)",
        };
        println!("{:17} {}{when}", step.id, step.name);
    }
}

/// Runs the steps with these names, or all that every change needs, and stops at the first failure.
pub fn run(root: &Path, names: &[String]) -> bool {
    let steps = match chosen(names) {
        Ok(steps) => steps,
        Err(problem) => {
            eprintln!("error: {problem}");
            return false;
        }
    };
    let start = Instant::now();
    let mut runner = Runner::new(root);
    let mut skipped = Vec::new();
    for step in &steps {
        println!("\n== {} ({})", step.name, step.id);
        let began = Instant::now();
        match run_step(&mut runner, step) {
            Ok(End::Passed) => println!("== {}: ok, {} s", step.id, began.elapsed().as_secs()),
            Ok(End::Skipped(why)) => {
                println!("== {}: skipped: {why}", step.id);
                skipped.push(step.id);
            }
            Err(problem) => {
                eprintln!(
                    "error: {problem}; run `cargo xtask ci {}` to repeat only this step",
                    step.id
                );
                let failed = runner.counts.failed.max(1);
                println!("{} passed, {failed} failed", runner.counts.passed);
                return false;
            }
        }
    }
    let seconds = start.elapsed().as_secs();
    if skipped.is_empty() {
        println!("\nAll steps ok, {seconds} s");
    } else {
        println!(
            "\nOk, {seconds} s; skipped, or only partly done: {}",
            skipped.join(", ")
        );
    }
    let counts = &runner.counts;
    println!("{} passed, {} failed", counts.passed, counts.failed);
    let must_count = steps.iter().any(|step| step.id == "tests");
    (counts.passed > 0 || !must_count) && counts.failed == 0
}

/// Counts instructions: compares them with the stored figures, or stores them.
pub fn instructions(root: &Path, renew: bool) -> bool {
    let mut runner = Runner::new(root);
    let end = match renew {
        true => instructions::renew(&mut runner),
        false => instructions::check(&mut runner),
    };
    match end {
        Ok(End::Passed) => true,
        Ok(End::Skipped(problem)) | Err(problem) => {
            eprintln!("error: {problem}");
            false
        }
    }
}

/// The steps with these names, in the order in which they run.
fn chosen(names: &[String]) -> Result<Vec<&'static Step>, String> {
    let is_known = |name: &&String| *name == RELEASE || STEPS.iter().any(|step| step.id == **name);
    if let Some(name) = names.iter().find(|name| !is_known(name)) {
        let near = STEPS
            .iter()
            .map(|step| step.id)
            .max_by(|one, other| {
                strsim::jaro_winkler(one, name).total_cmp(&strsim::jaro_winkler(other, name))
            })
            .unwrap_or_default();
        return Err(format!(
            "there is no step `{name}`; did you mean `{near}`? `cargo xtask ci --list` lists them"
        ));
    }
    let wanted = |step: &&Step| match step.when {
        When::Always if names.is_empty() => true,
        When::Release if names.iter().any(|name| name == RELEASE) => true,
        _ => names.iter().any(|name| name == step.id),
    };
    Ok(STEPS.iter().filter(wanted).collect())
}

fn run_step(runner: &mut Runner<'_>, step: &Step) -> runner::Result {
    let mut command = match step.work {
        Work::Cargo(arguments) => runner.cargo(arguments),
        Work::Script(path) => Command::new(runner.root.join(path)),
        Work::Guard(guard) => return guard(runner),
    };
    command.current_dir(runner.root).envs(step.environment);
    runner.run(&mut command)?;
    Ok(End::Passed)
}

#[cfg(test)]
mod tests {
    use super::{STEPS, When, chosen};

    fn ids(names: &[&str]) -> Vec<&'static str> {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        chosen(&names).unwrap().iter().map(|step| step.id).collect()
    }

    #[test]
    fn steps_are_chosen_by_name_and_run_in_their_order() {
        assert_eq!(ids(&["tests", "format"]), ["format", "tests"]);
        let always = STEPS.iter().filter(|step| step.when == When::Always);
        assert_eq!(ids(&[]).len(), always.count());
        let of_release = ids(&["release"]);
        assert_eq!(of_release.len() + ids(&[]).len(), STEPS.len());
        assert!(of_release.contains(&"minimal-versions"));
        assert_eq!(ids(&["api"]), ["api"]);
    }

    #[test]
    fn a_wrong_name_is_answered_with_the_nearest() {
        let problem = chosen(&["lint".to_owned()]).err().unwrap();
        assert!(problem.contains("`lints`"), "{problem}");
    }
}
