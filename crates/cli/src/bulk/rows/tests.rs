#![allow(clippy::unwrap_used, reason = "a test may panic")]

use super::*;
use crate::reference::Operation;
use proptest::prelude::*;
use serde_json::json;
use std::io::Write as _;
use tempfile::NamedTempFile;
use tencent_chat_types::{Endpoint as _, account::ImportAccounts};

/// The columns of an account.
fn columns() -> Columns {
    let request = Operation::of_command(ImportAccounts::META.path)
        .unwrap()
        .request();
    Columns::of(
        request
            .unwrap()
            .field("AccountList")
            .unwrap()
            .items()
            .unwrap(),
    )
}

fn file(text: &[u8]) -> NamedTempFile {
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(text).unwrap();
    file
}

fn open(text: &[u8], format: Format) -> Result<(NamedTempFile, Rows), Failure> {
    let file = file(text);
    let rows = Rows::open(file.path(), format, columns(), Map::new())?;
    Ok((file, rows))
}

/// All remaining lines with their numbers, or what is wrong with them.
fn rest(rows: &mut Rows) -> Vec<Result<(u64, Value), String>> {
    let mut all = Vec::new();
    loop {
        match rows.next() {
            Ok(None) => return all,
            Ok(Some(Ok(row))) => all.push(Ok((row.place.line, Value::Object(row.fields)))),
            Ok(Some(Err(bad))) => all.push(Err(bad.to_string())),
            Err(failure) => {
                all.push(Err(failure.to_string()));
                return all;
            }
        }
    }
}

fn read(text: &str, format: Format) -> Vec<Result<(u64, Value), String>> {
    match open(text.as_bytes(), format) {
        Ok((_file, mut rows)) => rest(&mut rows),
        Err(failure) => vec![Err(failure.to_string())],
    }
}

#[test]
fn lines_have_the_numbers_that_editors_show() {
    let text = "\u{feff}UserID,Nick\r\nlin,\"Lin,\r\nthe first\"\r\n\r\nmei,\r\n";
    assert_eq!(
        read(text, Format::Csv),
        [
            Ok((2, json!({ "UserID": "lin", "Nick": "Lin,\r\nthe first" }))),
            Ok((5, json!({ "UserID": "mei" }))),
        ]
    );
    let text = "\u{feff}{\"UserID\":\"lin\"}\n\n  \n{\"UserID\":\"mei\",\"Nick\":\"Mei\",\"code\":7,\"reason\":null}";
    assert_eq!(
        read(text, Format::Jsonl),
        [
            Ok((1, json!({ "UserID": "lin" }))),
            Ok((4, json!({ "UserID": "mei", "Nick": "Mei" }))),
        ]
    );
}

#[test]
fn errors_name_the_line_and_suggest_a_fix() {
    let said = |text: &str, format, expected: &str| {
        let said = read(text, format);
        let found = said.iter().filter_map(|line| line.as_ref().err());
        assert!(
            found.clone().any(|bad| bad.contains(expected)),
            "{expected}: {:?}",
            found.collect::<Vec<_>>()
        );
    };
    said(
        "UserId\nlin\n",
        Format::Csv,
        "line 1: there is no column \"UserId\"; did you mean UserID?",
    );
    said(
        "UserID;Nick\nlin;Lin\n",
        Format::Csv,
        "did you mean UserID?",
    );
    said("zzz\tqqq\n", Format::Csv, "separated by commas");
    said("UserID,UserID\n", Format::Csv, "duplicate column UserID");
    said("", Format::Csv, "there is no header");
    said(
        "UserID,Nick\nlin\n",
        Format::Csv,
        "line 2: it has 1 cells, but the header has 2",
    );
    said(
        "{\"UserID\":\"lin\"}\n[1]\n",
        Format::Jsonl,
        "line 2: it isn't a JSON object",
    );
    said(
        "{\"Nik\":\"Lin\"}\n",
        Format::Jsonl,
        "line 1: there is no column \"Nik\"; did you mean Nick?",
    );
    let (_file, mut rows) = open(b"UserID\nlin\n\xff\xfe\nmei\n", Format::Csv).unwrap();
    let lines = rest(&mut rows);
    assert_eq!(lines.len(), 3);
    assert!(
        lines[1]
            .as_ref()
            .is_err_and(|bad| bad.contains("line 3: it isn't UTF-8"))
    );
}

#[test]
fn a_line_without_end_is_not_read_to_its_end() {
    let endless = "x".repeat(3 << 20);
    for (text, format) in [
        (format!("UserID\nlin\n\"{endless}"), Format::Csv),
        (format!("{{\"UserID\":\"lin\"}}\n{endless}"), Format::Jsonl),
    ] {
        let lines = read(&text, format);
        let [Ok(_), Err(bad)] = lines.as_slice() else {
            panic!("{lines:?}");
        };
        assert!(
            bad.contains("line ") && bad.contains("1048576 bytes"),
            "{bad}"
        );
    }
}

/// Text with everything that CSV and JSON have to escape.
fn text() -> impl Strategy<Value = String> {
    proptest::string::string_regex("[a-z\",\r\n\t 李\u{1f600}\\\\]{0,12}").unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// For any content: lines are read as they were written, each is found again at its position, and a file
    /// of failed lines reads back unchanged.
    #[test]
    fn lines_are_found_again_at_their_places(
        lines in proptest::collection::vec((text(), text()), 1..20),
        is_csv in proptest::bool::ANY,
    ) {
        let format = if is_csv { Format::Csv } else { Format::Jsonl };
        let mut written = Vec::new();
        if is_csv {
            let mut writer = csv::Writer::from_writer(&mut written);
            writer.write_record(["Nick", "code", "FaceUrl"]).unwrap();
            for (nick, face) in &lines {
                writer.write_record([nick, "9", face]).unwrap();
            }
            writer.flush().unwrap();
            drop(writer);
        } else {
            for (nick, face) in &lines {
                serde_json::to_writer(&mut written, &json!({ "Nick": nick, "FaceUrl": face })).unwrap();
                written.push(b'\n');
            }
        }
        let (_file, mut rows) = open(&written, format).unwrap();
        let mut found = Vec::new();
        while let Some(row) = rows.next().unwrap() {
            found.push(row.unwrap());
        }
        let expected: Vec<Map<String, Value>> = lines.iter().map(|(nick, face)| {
            let cells = [("Nick", nick), ("FaceUrl", face)].into_iter();
            // An empty cell means absent; an empty string in JSON is a value.
            let cells = cells.filter(|(_, text)| !is_csv || !text.is_empty());
            cells.map(|(name, text)| (name.to_owned(), json!(text))).collect()
        }).collect();
        let fields: Vec<_> = found.iter().map(|row| row.fields.clone()).collect();
        prop_assert_eq!(&fields, &expected);
        for (at, row) in found.iter().enumerate() {
            rows.seek(row.place).unwrap();
            let again = rows.next().unwrap().unwrap().unwrap();
            prop_assert_eq!(again.place, row.place);
            let left: Vec<Value> = rest(&mut rows).into_iter().map(|row| row.unwrap().1).collect();
            let after: Vec<Value> = expected[at + 1..].iter().cloned().map(Value::Object).collect();
            prop_assert_eq!(left, after);
        }
        let header = rows.header().cloned();
        let mut failed = header.as_ref().map(header_with_reason).unwrap_or_default();
        for row in &found {
            failed.extend(row.source.with_reason(header.as_ref(), Some(7), "a, \"reason\"\nof two lines"));
        }
        let (_file, mut rows) = open(&failed, format).unwrap();
        let again: Vec<Value> = rest(&mut rows).into_iter().map(|row| row.unwrap().1).collect();
        let expected: Vec<Value> = expected.into_iter().map(Value::Object).collect();
        prop_assert_eq!(again, expected);
    }
}
