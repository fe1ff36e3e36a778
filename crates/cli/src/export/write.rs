//! Items in the form that was asked for.

use super::backwards::Backwards;
use crate::output::{plain, shown_json, shown_text};
use serde_json::{Map, Value};
use std::{
    fs::File,
    io::{self, BufRead, BufReader, BufWriter, Write},
    path::Path,
};

/// The form of an export.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Form {
    /// A JSON object on each line, with all that the service sent
    Jsonl,
    /// Comma-separated values of the documented fields; lists and objects are JSON in their cell
    Csv,
}

impl Form {
    /// By the end of a file's name.
    pub(super) fn of(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "csv" => Some(Self::Csv),
            "jsonl" | "ndjson" => Some(Self::Jsonl),
            _ => None,
        }
    }
}

/// How items are written.
pub(super) struct Writing {
    pub(super) form: Form,
    /// Whether they are here the other way round.
    pub(super) is_newest_first: bool,
    /// Of CSV.
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
    if writing.form == Form::Csv {
        put(&mut out, &record(&writing.columns)?, is_terminal)?;
    }
    let mut item = |line: &[u8]| match writing.form {
        Form::Csv => put(&mut out, &row(line, &writing.columns)?, is_terminal),
        Form::Jsonl => {
            let line = String::from_utf8_lossy(line);
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
fn row(line: &[u8], columns: &[&str]) -> io::Result<Vec<u8>> {
    let item: Map<String, Value> = serde_json::from_slice(line).map_err(io::Error::other)?;
    let cells = columns.iter().map(|column| match item.get(*column) {
        None | Some(Value::Null) => String::new(),
        Some(value) => plain(value),
    });
    record(&cells.collect::<Vec<_>>())
}

fn record(cells: &[impl AsRef<[u8]>]) -> io::Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(cells).map_err(io::Error::other)?;
    writer
        .into_inner()
        .map_err(|error| io::Error::other(error.to_string()))
}
