//! Writes items in the requested format.

use super::backwards::Backwards;
use crate::{
    lines::{Format, record},
    output::{as_it_came, shown_json, shown_text},
};
use std::{
    fs::File,
    io::{self, BufRead, BufReader, BufWriter, Write},
};
use tencent_chat_types::wire::Raw;

/// How items are written.
pub(super) struct Writing {
    pub(super) format: Format,
    /// Whether the lines are stored in reverse order.
    pub(super) is_newest_first: bool,
    /// Columns of CSV.
    pub(super) columns: Vec<&'static str>,
}

/// Writes the items of a file of JSON lines.
pub(super) fn write(
    part: &File,
    writing: &Writing,
    out: &mut dyn Write,
    is_terminal: bool,
) -> io::Result<()> {
    let mut out = BufWriter::new(out);
    if writing.format == Format::Csv {
        put(&mut out, &record(&writing.columns), is_terminal)?;
    }
    let mut item = |line: &[u8]| match writing.format {
        Format::Csv => put(&mut out, &row(line, &writing.columns), is_terminal),
        Format::Jsonl => {
            let item = as_it_came(line).unwrap_or_default();
            let line = item.text();
            match is_terminal {
                true => writeln!(out, "{}", shown_json(&line)),
                false => writeln!(out, "{line}"),
            }
        }
    };
    match writing.is_newest_first {
        true => {
            let mut lines = Backwards::new(part)?;
            while let Some(line) = lines.next_line()? {
                item(&line)?;
            }
        }
        false => {
            for line in BufReader::new(part).split(b'\n') {
                item(&line?)?;
            }
        }
    }
    out.flush()
}

fn put(out: &mut dyn Write, record: &[u8], is_terminal: bool) -> io::Result<()> {
    match is_terminal {
        true => out.write_all(shown_text(&String::from_utf8_lossy(record)).as_bytes()),
        false => out.write_all(record),
    }
}

/// An item as a line of CSV.
fn row(line: &[u8], columns: &[&str]) -> Vec<u8> {
    let item = as_it_came(line).unwrap_or_default();
    record(columns.iter().map(|column| cell(item.get_raw(column))))
}

/// A string as it is, everything else as its original JSON.
fn cell(value: Option<Raw>) -> String {
    match value {
        None => String::new(),
        Some(value) => match value.as_bytes() {
            b"null" => String::new(),
            [b'"', ..] => (value.parse()).unwrap_or_else(|_| value.text().into_owned()),
            _ => value.text().into_owned(),
        },
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[test]
    fn odd_values_are_in_their_cells_as_they_came() {
        let deep = format!("{}{}", "[".repeat(1_000), "]".repeat(1_000));
        let item = format!(
            r#"{{"Text":"a \"b\"","Number":"007","Large":123456789012345678901234567890,"Huge":1e999,"Half":"x\ud83d","Deep":{deep},"None":null,"List":[1, 2],"Unknown":1}}"#
        );
        let columns = [
            "Text", "Number", "Large", "Huge", "Half", "Deep", "None", "List", "Missing",
        ];
        let row = row(item.as_bytes(), &columns);
        let mut read = csv::ReaderBuilder::new()
            .has_headers(false)
            .from_reader(&*row);
        let cells = read.records().next().unwrap().unwrap();
        let cells: Vec<&str> = cells.iter().collect();
        assert_eq!(
            cells,
            [
                "a \"b\"",
                "007",
                "123456789012345678901234567890",
                "1e999",
                "x\u{fffd}",
                &deep,
                "",
                "[1, 2]",
                ""
            ]
        );
    }
}
