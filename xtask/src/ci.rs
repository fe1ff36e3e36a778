//! `cargo xtask ci`: everything that must pass before a change lands.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command line tool prints"
)]

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Command, Stdio},
    time::Instant,
};

/// One step: what it is for, what runs, an environment variable.
struct Step {
    name: &'static str,
    program: Program,
    arguments: &'static [&'static str],
    environment: Option<(&'static str, &'static str)>,
}

/// What runs a step.
#[derive(Clone, Copy)]
enum Program {
    Cargo,
    /// A script of this repository.
    Script(&'static str),
}

impl Program {
    fn name(self) -> &'static str {
        match self {
            Self::Cargo => "cargo",
            Self::Script(path) => path,
        }
    }
}

const STEPS: &[Step] = &[
    Step {
        name: "Formatting",
        program: Program::Cargo,
        arguments: &["fmt", "--all", "--check"],
        environment: None,
    },
    Step {
        name: "Generated files are what the spec says",
        program: Program::Cargo,
        arguments: &[
            "run",
            "--quiet",
            "--package",
            "xtask",
            "--",
            "codegen",
            "--check",
        ],
        environment: None,
    },
    Step {
        name: "Lints",
        program: Program::Cargo,
        arguments: &[
            "clippy",
            "--workspace",
            "--all-targets",
            "--quiet",
            "--",
            "--deny",
            "warnings",
        ],
        environment: None,
    },
    Step {
        name: "Documentation",
        program: Program::Cargo,
        arguments: &["doc", "--workspace", "--no-deps", "--quiet"],
        environment: Some(("RUSTDOCFLAGS", "--deny warnings")),
    },
    Step {
        name: "Every command that the vendor lists is here",
        program: Program::Cargo,
        arguments: &["run", "--quiet", "--package", "xtask", "--", "coverage"],
        environment: None,
    },
    Step {
        name: "Tests",
        program: Program::Cargo,
        arguments: &["test", "--workspace"],
        environment: None,
    },
    Step {
        name: "Tools and clients of other languages (need Node and Python)",
        program: Program::Script("tests/openapi/run"),
        arguments: &[],
        environment: None,
    },
    Step {
        name: "The page in a browser (needs Node and Chromium)",
        program: Program::Script("tests/browser/run"),
        arguments: &[],
        environment: None,
    },
    Step {
        name: "The program of the image runs alone",
        program: Program::Script("deploy/check"),
        arguments: &[],
        environment: None,
    },
    Step {
        name: "Lints of the optional features",
        program: Program::Cargo,
        arguments: &[
            "clippy",
            "--package",
            "tencent-chat-client",
            "--package",
            "tencent-chat-tests",
            "--features",
            "tencent-chat-client/blocking,tencent-chat-client/redis,tencent-chat-tests/redis",
            "--all-targets",
            "--quiet",
            "--",
            "--deny",
            "warnings",
        ],
        environment: None,
    },
    Step {
        name: "The client without TLS and the bare webhook crate",
        program: Program::Cargo,
        arguments: &[
            "check",
            "--package",
            "tencent-chat-client",
            "--package",
            "tencent-chat-webhook",
            "--no-default-features",
            "--quiet",
        ],
        environment: None,
    },
    Step {
        name: "One quota in Redis (needs redis-server)",
        program: Program::Cargo,
        arguments: &[
            "test",
            "--package",
            "tencent-chat-client",
            "--features",
            "redis",
            "--test",
            "redis",
        ],
        environment: None,
    },
];

/// Tests that were counted.
#[derive(Default)]
struct Counts {
    passed: usize,
    failed: usize,
}

/// Runs all steps, and stops at the first that fails.
pub fn run(root: &Path) -> bool {
    let start = Instant::now();
    let mut counts = Counts::default();
    for step in STEPS {
        let command = [&[step.program.name()], step.arguments].concat().join(" ");
        println!("\n== {} ({command})", step.name);
        let began = Instant::now();
        match run_step(root, step, &mut counts) {
            Ok(true) => println!("== {}: ok, {} s", step.name, began.elapsed().as_secs()),
            Ok(false) => {
                eprintln!(
                    "error: {} failed; run `{command}` to see it alone",
                    step.name
                );
                println!("{} passed, {} failed", counts.passed, counts.failed.max(1));
                return false;
            }
            Err(error) => {
                eprintln!("error: {} cannot be run: {error}", step.program.name());
                return false;
            }
        }
    }
    println!("\nAll steps ok, {} s", start.elapsed().as_secs());
    println!("{} passed, {} failed", counts.passed, counts.failed);
    counts.passed > 0 && counts.failed == 0
}

fn run_step(root: &Path, step: &Step, counts: &mut Counts) -> std::io::Result<bool> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = match step.program {
        Program::Cargo => Command::new(cargo),
        Program::Script(path) => Command::new(root.join(path)),
    };
    command
        .args(step.arguments)
        .current_dir(root)
        .stdout(Stdio::piped());
    command.envs(step.environment);
    let mut child = command.spawn()?;
    if let Some(stdout) = child.stdout.take() {
        for line in BufReader::new(stdout).lines() {
            let line = line?;
            println!("{line}");
            counts.read(&line);
        }
    }
    Ok(child.wait()?.success())
}

impl Counts {
    /// `test result: ok. 12 passed; 0 failed; …`
    fn read(&mut self, line: &str) {
        let Some(rest) = line.strip_prefix("test result: ") else {
            return;
        };
        let words: Vec<&str> = rest.split([' ', ';']).collect();
        for pair in words.windows(2) {
            let count = pair[0].parse::<usize>();
            match (count, pair[1]) {
                (Ok(count), "passed") => self.passed += count,
                (Ok(count), "failed") => self.failed += count,
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Counts;

    #[test]
    fn results_are_counted() {
        let mut counts = Counts::default();
        counts.read("test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out");
        counts.read("test result: FAILED. 3 passed; 2 failed; 0 ignored");
        counts.read("running 7 tests");
        assert_eq!((counts.passed, counts.failed), (15, 2));
    }
}
