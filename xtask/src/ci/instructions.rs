//! Counts the instructions of the SDK's operations with valgrind, and compares them with stored figures. Unlike
//! time, they are the same on a busy machine: two counts of one build differ by less than 0.1 %.

use super::{
    archives::has_toolchain,
    runner::{End, Result, Runner},
};
use serde::Deserialize;
use std::{collections::BTreeMap, fmt::Write as _, fs, path::Path, process::Command};

/// Figures that a reviewer sees change.
const FILE: &str = "benches/instructions.toml";
const RENEW: &str = "cargo xtask instructions --renew";
const PACKAGE: &str = "tencent-chat-instructions";
const PROFILE: &str = "instructions";
const BUILD: &[&str] = &[
    "build",
    "--quiet",
    "--locked",
    "--package",
    PACKAGE,
    "--profile",
    PROFILE,
];
/// Operations of a short and of a long run. The difference of the two has neither start nor preparation in it.
const RUNS: [u64; 2] = [50, 250];

#[derive(Deserialize, Debug, Clone, PartialEq)]
#[serde(deny_unknown_fields)]
struct Figures {
    /// The compiler that they hold for.
    toolchain: String,
    /// How far a count may be from its figure.
    margin_percent: f64,
    /// Instructions of one operation.
    instructions: BTreeMap<String, u64>,
}

/// The step: fails when an operation takes more instructions than its figure allows.
pub(super) fn check(runner: &mut Runner<'_>) -> Result {
    let figures = read(runner.root)?;
    if let Some(why) = unfit(runner) {
        return Ok(End::Skipped(why));
    }
    let wanted = figures.toolchain.as_str();
    let cargo = if rustc(runner)? == wanted {
        runner.cargo(BUILD)
    } else if has_toolchain(runner, wanted) {
        runner.cargo_of(wanted, BUILD)
    } else {
        return Ok(End::Skipped(format!(
            "the figures hold for Rust {wanted}; `rustup toolchain install {wanted} --profile minimal` brings it"
        )));
    };
    let counted = count(runner, cargo)?;
    let verdict = figures.judge(&counted);
    print!("{}", verdict.table);
    if verdict.problems.is_empty() {
        Ok(End::Passed)
    } else {
        Err(format!(
            "{}; where that is intended, `{RENEW}` writes new figures to {FILE}",
            verdict.problems.join("; ")
        ))
    }
}

/// Writes the figures of this build, with the compiler in use.
pub(super) fn renew(runner: &mut Runner<'_>) -> Result {
    let old = read(runner.root)?;
    if let Some(why) = unfit(runner) {
        return Err(why);
    }
    let counted = count(runner, runner.cargo(BUILD))?;
    print!("{}", old.judge(&counted).table);
    let new = Figures {
        toolchain: rustc(runner)?,
        instructions: counted,
        ..old
    };
    let written = fs::write(runner.root.join(FILE), new.text());
    written.map_err(|error| format!("{FILE} cannot be written: {error}"))?;
    Ok(End::Passed)
}

fn read(root: &Path) -> std::result::Result<Figures, String> {
    let text = fs::read_to_string(root.join(FILE));
    let text = text.map_err(|error| format!("{FILE} cannot be read: {error}"))?;
    toml::from_str(&text).map_err(|error| format!("{FILE}: {error}"))
}

/// Version of the compiler in use.
fn rustc(runner: &Runner<'_>) -> std::result::Result<String, String> {
    let said = runner.output(&mut runner.command("rustc".as_ref(), &["--version"]))?;
    Ok(said.split(' ').nth(1).unwrap_or_default().to_owned())
}

/// Why nothing can be counted on this machine that could be compared with the figures.
fn unfit(runner: &Runner<'_>) -> Option<String> {
    #[cfg(all(target_arch = "x86_64", target_os = "linux"))]
    {
        // Libraries choose code by what the processor offers, and valgrind shows the program that of this one.
        if !std::arch::is_x86_feature_detected!("avx2") {
            return Some("the figures hold for processors with AVX2".into());
        }
        let mut valgrind = runner.command("valgrind".as_ref(), &["--version"]);
        let missing = runner.output(&mut valgrind).is_err();
        missing.then(|| "valgrind is not here; `apt-get install valgrind` brings it".into())
    }
    #[cfg(not(all(target_arch = "x86_64", target_os = "linux")))]
    {
        let _ = runner;
        Some("the figures hold for Linux on x86-64".into())
    }
}

/// Builds the operations, and counts the instructions of one of each.
fn count(
    runner: &mut Runner<'_>,
    mut cargo: Command,
) -> std::result::Result<BTreeMap<String, u64>, String> {
    // Flags of the caller would change what is counted.
    runner.run(cargo.env_remove("RUSTFLAGS"))?;
    let bench = runner.target().join(PROFILE).join(PACKAGE);
    let list = runner.output(&mut runner.command(bench.as_os_str(), &["--list"]))?;
    let mut counted = BTreeMap::new();
    for case in list.lines() {
        let short = run(runner, &bench, case, RUNS[0])?;
        let long = run(runner, &bench, case, RUNS[1])?;
        let one = long.saturating_sub(short) / (RUNS[1] - RUNS[0]);
        counted.insert(case.to_owned(), one);
    }
    Ok(counted)
}

/// Instructions of a whole run. The profile stays next to the program, for `callgrind_annotate`.
fn run(
    runner: &Runner<'_>,
    bench: &Path,
    case: &str,
    operations: u64,
) -> std::result::Result<u64, String> {
    let folder = bench.with_file_name("callgrind");
    fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
    let log = folder.join(format!("{case}.log"));
    let profile = folder.join(format!("{case}.out"));
    let mut valgrind = runner.command("valgrind".as_ref(), &["--tool=callgrind"]);
    valgrind
        .arg(format!("--log-file={}", log.display()))
        .arg(format!("--callgrind-out-file={}", profile.display()))
        .arg(bench)
        .args([case, &operations.to_string()]);
    runner.output(&mut valgrind)?;
    let text = fs::read_to_string(&log).map_err(|error| error.to_string())?;
    collected(&text).ok_or_else(|| format!("valgrind reports no count for {case}:\n{text}"))
}

/// `==4711== Collected : 53433223`
fn collected(log: &str) -> Option<u64> {
    let line = log.lines().find(|line| line.contains("Collected : "))?;
    line.rsplit(' ').next()?.parse().ok()
}

/// What is to be said about counts.
struct Verdict {
    table: String,
    problems: Vec<String>,
}

impl Figures {
    fn judge(&self, counted: &BTreeMap<String, u64>) -> Verdict {
        let mut table = format!(
            "{:26} {:>12} {:>12} {:>9}\n",
            "operation", "figure", "counted", "change"
        );
        let mut problems = Vec::new();
        for (case, count) in counted {
            let Some(figure) = self.instructions.get(case) else {
                let _ = writeln!(table, "{case:26} {:>12} {count:>12}", "none");
                problems.push(format!("{case} has no figure"));
                continue;
            };
            let change = (*count as f64 / *figure as f64 - 1.0) * 100.0;
            let note = if change < -self.margin_percent {
                format!("  fewer than the figure: `{RENEW}` keeps it so")
            } else {
                String::new()
            };
            let _ = writeln!(
                table,
                "{case:26} {figure:>12} {count:>12} {change:>+8.1}%{note}"
            );
            let most = *figure as f64 * (1.0 + self.margin_percent / 100.0);
            if *count as f64 > most {
                problems.push(format!(
                    "{case} takes {count} instructions, {change:.1} % more than its figure {figure}, and {} % are allowed",
                    self.margin_percent
                ));
            }
        }
        for case in self.instructions.keys() {
            if !counted.contains_key(case) {
                problems.push(format!("{case} has a figure, but is not an operation"));
            }
        }
        Verdict { table, problems }
    }

    fn text(&self) -> String {
        let mut text = format!(
            "# Instructions of one operation, counted by valgrind with this compiler. `cargo xtask ci instructions` fails\n\
             # when one takes more than the margin allows; `{RENEW}` writes this file.\n\
             toolchain = \"{}\"\n\
             margin_percent = {:?}\n\
             \n\
             [instructions]\n",
            self.toolchain, self.margin_percent
        );
        for (case, count) in &self.instructions {
            let _ = writeln!(text, "{case} = {count}");
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures(instructions: &[(&str, u64)]) -> Figures {
        Figures {
            toolchain: "1.95.0".into(),
            margin_percent: 3.0,
            instructions: counts(instructions),
        }
    }

    fn counts(counts: &[(&str, u64)]) -> BTreeMap<String, u64> {
        let counts = counts.iter();
        counts
            .map(|(case, count)| ((*case).to_owned(), *count))
            .collect()
    }

    #[test]
    fn more_instructions_than_the_margin_allows_are_a_problem() {
        let figures = figures(&[("read", 1_000), ("write", 1_000)]);
        let verdict = figures.judge(&counts(&[("read", 1_030), ("write", 1_031)]));
        assert_eq!(
            verdict.problems,
            ["write takes 1031 instructions, 3.1 % more than its figure 1000, and 3 % are allowed"]
        );
    }

    #[test]
    fn far_fewer_are_reported() {
        let figures = figures(&[("read", 1_000), ("write", 1_000)]);
        let verdict = figures.judge(&counts(&[("read", 969), ("write", 971)]));
        assert!(verdict.problems.is_empty());
        let renewals = verdict.table.lines().filter(|line| line.contains(RENEW));
        assert_eq!(renewals.count(), 1, "{}", verdict.table);
    }

    #[test]
    fn every_operation_has_a_figure_and_every_figure_an_operation() {
        let figures = figures(&[("read", 1_000), ("gone", 1_000)]);
        let verdict = figures.judge(&counts(&[("read", 1_000), ("new", 5)]));
        assert_eq!(
            verdict.problems,
            [
                "new has no figure",
                "gone has a figure, but is not an operation"
            ]
        );
    }

    #[test]
    fn the_file_reads_as_it_was_written() {
        let figures = figures(&[("read", 1_000)]);
        let again: Figures = toml::from_str(&figures.text()).unwrap();
        assert_eq!(again, figures);
    }

    #[test]
    fn the_count_is_found_in_the_log() {
        let log = "==7== Events    : Ir\n==7== Collected : 53433223\n==7== \n==7== I   refs:      53,433,223\n";
        assert_eq!(collected(log), Some(53_433_223));
        assert_eq!(collected("==7== Killed"), None);
    }
}
