//! Spelling, by typos, and phrases that were corrected once and must not return. CONTRIBUTING.md has a table of them,
//! for people and for this check.

use super::runner::{End, Result, Runner};
use std::{fmt::Write as _, fs, path::Path};

/// Where to look for phrases.
const READ: &[&str] = &[
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "README.md",
    "SECURITY.md",
    "benches",
    "crates",
    "deploy",
    "examples",
    "guide",
    "spec",
    "tests",
    "xtask",
];

/// Quotes the phrases, to test that they are found.
const THIS_FILE: &str = "xtask/src/ci/prose.rs";

/// Where the table of phrases is.
const TABLE: &str = "CONTRIBUTING.md";

/// The heading under which it is.
const HEADING: &str = "## English";

/// File name extensions of files with prose.
const ENDINGS: [&str; 6] = ["md", "mjs", "rs", "toml", "ts", "tsx"];

/// Checks spelling, and the phrases in the table.
pub(super) fn check(runner: &mut Runner<'_>) -> Result {
    let table = fs::read_to_string(runner.root.join(TABLE)).map_err(|error| error.to_string())?;
    let phrases = phrases(&table);
    if phrases.is_empty() {
        return Err(format!("{TABLE} has no table of phrases under `{HEADING}`"));
    }
    let mut files = Vec::new();
    let arguments = [
        &[
            "ls-files",
            "-z",
            "--cached",
            "--others",
            "--exclude-standard",
            "--",
        ],
        READ,
    ]
    .concat();
    let listed = runner.output(&mut runner.command("git".as_ref(), &arguments))?;
    let is_read = |file: &&str| {
        let ending = Path::new(file)
            .extension()
            .and_then(|ending| ending.to_str());
        ENDINGS.iter().any(|known| Some(*known) == ending)
            && !file.contains("/generated/")
            && *file != THIS_FILE
    };
    files.extend(listed.split('\0').filter(is_read));
    let (mut report, mut count) = (String::new(), 0);
    for file in &files {
        // A file that was removed and is not committed yet is still listed.
        let Ok(text) = fs::read_to_string(runner.root.join(file)) else {
            continue;
        };
        let is_table = *file == TABLE;
        let lines = (text.lines().enumerate()).filter(|(_, line)| !(is_table && is_row(line)));
        for (number, line) in lines {
            for phrase in found(&phrases, line) {
                count += 1;
                let (at, not, but) = (number + 1, &phrase.not, &phrase.but);
                let _ = writeln!(report, "{file}:{at}: \"{not}\"; write {but}");
            }
        }
    }
    print!("{report}");
    if count > 0 {
        return Err(format!(
            "{count} phrases are listed in the table of {TABLE}"
        ));
    }
    println!("{} files, {} phrases", files.len(), phrases.len());
    spelling(runner)
}

/// Runs typos, installed in a folder below `target`, on everything except what `_typos.toml` excludes.
fn spelling(runner: &mut Runner<'_>) -> Result {
    let folder = runner.target().join("prose");
    let python = folder.join("bin/python");
    if !python.is_file() {
        let mut venv = runner.command("python3".as_ref(), &["-m", "venv"]);
        runner.run(venv.arg(&folder))?;
    }
    let arguments = [
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--requirement",
    ];
    let mut pip = runner.command(python.as_ref(), &arguments);
    runner.run(pip.arg("xtask/requirements.txt"))?;
    let mut typos = runner.command(folder.join("bin/typos").as_ref(), &["--force-exclude"]);
    runner.run(&mut typos)?;
    Ok(End::Passed)
}

/// A row of the table: a phrase to avoid, its replacement, and longer phrases that are fine.
struct Phrase {
    not: String,
    but: String,
    except: Vec<String>,
}

/// ``| `is no` | `is not a` | `is no longer` |``
fn phrases(document: &str) -> Vec<Phrase> {
    let (_, section) = document.split_once(HEADING).unwrap_or_default();
    let section = section.split("\n## ").next().unwrap_or_default();
    let rows = section.lines().filter(|line| is_row(line));
    rows.filter_map(|row| {
        let mut cells = row.trim_matches('|').split('|').map(str::trim);
        let not = quoted(cells.next()?).next()?;
        let but = cells.next()?.to_owned();
        let except = quoted(cells.next()?).collect();
        Some(Phrase { not, but, except })
    })
    .collect()
}

/// Rows quote the phrases themselves.
fn is_row(line: &str) -> bool {
    line.starts_with("| `")
}

/// The parts between backticks.
fn quoted(cell: &str) -> impl Iterator<Item = String> {
    cell.split('`').skip(1).step_by(2).map(str::to_lowercase)
}

/// The phrases that occur in a line.
fn found<'a>(phrases: &'a [Phrase], line: &str) -> Vec<&'a Phrase> {
    let line = line.to_lowercase();
    let stands = |phrase: &&Phrase| {
        let excepted = |at: usize| {
            phrase.except.iter().any(|longer| {
                whole(&line, longer).any(|from| (from..from + longer.len()).contains(&at))
            })
        };
        whole(&line, &phrase.not).any(|at| !excepted(at))
    };
    phrases.iter().filter(stands).collect()
}

/// Where a phrase occurs without beginning or ending within a word.
fn whole<'a>(line: &'a str, phrase: &'a str) -> impl Iterator<Item = usize> {
    line.match_indices(phrase).filter_map(move |(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + phrase.len()..].chars().next();
        let in_word = |next: Option<char>| next.is_some_and(|c| c.is_alphanumeric() || c == '_');
        (!in_word(before) && !in_word(after)).then_some(at)
    })
}

#[cfg(test)]
mod tests {
    use super::{found, phrases};

    const DOCUMENT: &str = "\
# Title

## English

Rows:

| not | but | fine |
|---|---|---|
| `is no` | `is not a` | `there is no`, `is no longer` |
| `tells of` | `reports` | |

## Next

| `other` | `tables` | |
";

    #[test]
    fn phrases_are_those_of_the_table() {
        let phrases = phrases(DOCUMENT);
        let rows: Vec<_> = phrases
            .iter()
            .map(|row| (&*row.not, &*row.but, row.except.len()))
            .collect();
        assert_eq!(
            rows,
            [("is no", "`is not a`", 2), ("tells of", "`reports`", 0)]
        );
    }

    #[test]
    fn a_phrase_is_found_whole_and_outside_of_what_is_fine() {
        let phrases = phrases(DOCUMENT);
        let count = |line| found(&phrases, line).len();
        assert_eq!(count("The body is no JSON, and It TELLS OF that"), 2);
        assert_eq!(count("There is no body, and it is no longer told"), 0);
        assert_eq!(count("There is no body, and it is no JSON"), 1);
        assert_eq!(count("this is nothing, hotels of"), 0);
    }
}
