//! Every mistake that a spec can have is found, with place and advice.
//!
//! `fixtures/bad_spec/<name>` is laid over `fixtures/mini_spec`: its files replace those of the same name, and
//! `.remove` lists files to leave out. Each folder makes one mistake, and its snapshot is what the author of
//! the spec reads.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};
use xtask::codegen::{
    check,
    diagnostic::{Diagnostic, Diagnostics},
    generate, load, samples,
    source::Source,
};

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures")
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// The small spec with an overlay, in its own folder, because tests run concurrently.
fn overlaid(test: &str, name: &str) -> PathBuf {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("spec_diagnostics")
        .join(test)
        .join(name);
    let _ = fs::remove_dir_all(&dir);
    copy(&fixtures().join("mini_spec"), &dir);
    copy(&fixtures().join("bad_spec").join(name), &dir);
    let list = dir.join(".remove");
    if let Ok(paths) = fs::read_to_string(&list) {
        for path in paths.lines() {
            fs::remove_file(dir.join(path)).unwrap();
        }
        fs::remove_file(list).unwrap();
    }
    dir
}

fn mistakes(dir: &Path) -> Diagnostics {
    match load::load(dir) {
        Ok(spec) => {
            let mut found = check::check(&spec);
            found.extend(samples::check(&spec));
            found
        }
        Err(found) => found,
    }
}

fn overlays() -> BTreeSet<String> {
    fs::read_dir(fixtures().join("bad_spec"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}

#[test]
fn every_mistake_is_told() {
    let overlays = overlays();
    assert!(overlays.len() >= 100, "{}", overlays.len());
    let mut silent = Vec::new();
    for name in overlays {
        let found = mistakes(&overlaid("told", &name));
        if found.is_empty() {
            silent.push(name);
            continue;
        }
        insta::assert_snapshot!(name, found.render());
    }
    assert_eq!(
        silent,
        Vec::<String>::new(),
        "no mistake was found in these"
    );
}

#[test]
fn places_are_inside_the_files() {
    for name in overlays() {
        let dir = overlaid("places", &name);
        for mistake in mistakes(&dir).sorted() {
            let path = mistake.file.strip_prefix("spec/");
            let path = path.unwrap_or_else(|| panic!("{name}: {}", mistake.file));
            if mistake.line == 0 {
                continue;
            }
            let bytes = fs::read(dir.join(path)).unwrap();
            let text = String::from_utf8_lossy(&bytes);
            let lines: Vec<&str> = text.split('\n').collect();
            let line = lines.get(mistake.line - 1);
            let line = line.unwrap_or_else(|| panic!("{name}: no line {}", mistake.line));
            assert!(
                mistake.column <= line.chars().count() + 1,
                "{name}: {mistake:?}"
            );
            assert_eq!(
                mistake.excerpt.as_ref().map(|(text, _)| text.as_str()),
                Some(line.trim_end()),
                "{name}"
            );
        }
    }
}

/// One JSON object per line, with the same places as the text.
#[test]
fn machines_can_read_them() {
    let found = mistakes(&overlaid("machines", "many_of_sense"));
    let lines: Vec<serde_json::Value> = found
        .render_json()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let text = found.render();
    assert_eq!(lines.len(), found.sorted().len());
    for line in lines {
        let place = format!(
            "--> {}:{}:{}\n",
            line["file"].as_str().unwrap(),
            line["line"],
            line["column"]
        );
        assert!(text.contains(&place), "{place}");
        assert!(text.contains(line["message"].as_str().unwrap()));
    }
}

fn one(source: &Source, span: std::ops::Range<usize>, message: &str) -> Diagnostics {
    let mut found = Diagnostics::default();
    found.push(Diagnostic::new(source, span, message).expected("one of `\u{9b}2J`"));
    found
}

/// A file cannot write to the terminal of a person who reads its mistakes.
#[test]
fn control_characters_of_files_are_not_printed() {
    let odd = "\u{1b}[31m\u{9b}2J\u{202e}\u{7f}";
    let source = Source {
        path: format!("spec/{odd}.toml"),
        text: format!("a = 1\nb = \"{odd}\t\"\n"),
    };
    let found = one(&source, 10..12, &format!("`{odd}\n` is not a word"));
    let text = found.render();
    assert!(
        !text.contains(|c: char| c.is_control() && c != '\n' || c == '\u{202e}'),
        "{text:?}"
    );
    assert!(
        text.contains(r"error: `\u{1b}[31m\u{9b}2J\u{202e}\u{7f}\n` is not a word"),
        "{text}"
    );
    assert!(text.contains("= expected: one of `\\u{9b}2J`"), "{text}");
    assert!(text.contains("2 | b = \"␛[31m\u{fffd}2J"), "{text}");
    assert!(
        found.render_styled().contains("\u{1b}["),
        "a terminal gets colors"
    );
}

/// A sample can be one line of a megabyte: the surroundings of the mark are shown, and the length of the line
/// makes no difference.
#[test]
fn long_lines_are_cut_around_the_mark() {
    let text = format!(
        "event = '{}WRONG{}'",
        "a".repeat(500_000),
        "z".repeat(500_000)
    );
    let path = "spec/long.toml".to_owned();
    let source = Source { path, text };
    let at = 9 + 500_000;
    let mark = one(&source, at..at + 5, "wrong").render();
    let line = mark.lines().find(|line| line.starts_with("1 |")).unwrap();
    assert!(line.contains("aaaaaWRONGzzzzz"), "{line}");
    assert!(line.chars().count() < 140, "{line}");
    let marks = mark.lines().find(|line| line.contains('^')).unwrap();
    assert_eq!(line.find("WRONG"), marks.find("^^^^^"));
    // The mark covers the whole value; its beginning is shown.
    let whole = one(&source, 8..source.text.len(), "wrong").render();
    let line = whole.lines().find(|line| line.starts_with("1 |")).unwrap();
    assert!(
        line.contains("'aaaaa") && line.chars().count() < 140,
        "{line}"
    );
}

#[test]
fn the_small_spec_has_no_mistake() {
    let dir = fixtures().join("mini_spec");
    let found = mistakes(&dir);
    assert!(found.is_empty(), "{}", found.render());
    assert!(generate(&load::load(&dir).unwrap()).is_ok());
}
