//! Runs the commands of a step, shows what they print, and counts the tests that they run.

use std::{
    ffi::OsStr,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// How a step without a failure ended.
pub(super) enum End {
    Passed,
    /// It needs something that is not on this machine.
    Skipped(String),
}

/// The result of a step, or why it failed.
pub(super) type Result = std::result::Result<End, String>;

/// Counts of tests.
#[derive(Default)]
pub(super) struct Counts {
    pub(super) passed: usize,
    pub(super) failed: usize,
}

pub(super) struct Runner<'a> {
    /// Root of the workspace.
    pub(super) root: &'a Path,
    pub(super) counts: Counts,
}

impl<'a> Runner<'a> {
    pub(super) fn new(root: &'a Path) -> Self {
        Self {
            root,
            counts: Counts::default(),
        }
    }

    /// The cargo that started this program.
    pub(super) fn cargo(&self, arguments: &[&str]) -> Command {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        self.command(&cargo, arguments)
    }

    /// The cargo of a rustup toolchain.
    pub(super) fn cargo_of(&self, toolchain: &str, arguments: &[&str]) -> Command {
        self.command(
            "rustup".as_ref(),
            &[&["run", toolchain, "cargo"], arguments].concat(),
        )
    }

    /// Any program, in the root of the workspace.
    pub(super) fn command(&self, program: &OsStr, arguments: &[&str]) -> Command {
        let mut command = Command::new(program);
        command.args(arguments).current_dir(self.root);
        command
    }

    /// Runs cargo to completion.
    pub(super) fn run_cargo(&mut self, arguments: &[&str]) -> std::result::Result<(), String> {
        let mut cargo = self.cargo(arguments);
        self.run(&mut cargo)
    }

    /// The folder that cargo builds in.
    pub(super) fn target(&self) -> PathBuf {
        std::env::var_os("CARGO_TARGET_DIR")
            .map_or_else(|| self.root.join("target"), |folder| self.root.join(folder))
    }

    /// Runs a command to completion.
    pub(super) fn run(&mut self, command: &mut Command) -> std::result::Result<(), String> {
        let shown = shown(command);
        let spawned = command.stdout(Stdio::piped()).spawn();
        let mut child = spawned.map_err(|error| format!("{shown} cannot be run: {error}"))?;
        for line in child.stdout.take().into_iter().flat_map(lines) {
            let line = line.map_err(|error| error.to_string())?;
            println!("{line}");
            self.counts.read(&line);
        }
        let status = child.wait().map_err(|error| error.to_string())?;
        if status.success() {
            Ok(())
        } else {
            Err(format!("{shown} failed"))
        }
    }

    /// Runs a command and returns its output.
    pub(super) fn output(&self, command: &mut Command) -> std::result::Result<String, String> {
        let shown = shown(command);
        let output = command.output();
        let output = output.map_err(|error| format!("{shown} cannot be run: {error}"))?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        if output.status.success() {
            Ok(text)
        } else {
            let problem = String::from_utf8_lossy(&output.stderr);
            Err(format!("{shown} failed: {}", problem.trim()))
        }
    }
}

fn lines(output: impl std::io::Read) -> impl Iterator<Item = std::io::Result<String>> {
    BufReader::new(output).lines()
}

/// A command as typed in a shell.
fn shown(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let name = program.file_name().unwrap_or(command.get_program());
    let words = std::iter::once(name).chain(command.get_args());
    let words: Vec<_> = words.map(OsStr::to_string_lossy).collect();
    format!("`{}`", words.join(" "))
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
