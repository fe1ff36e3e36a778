//! Lines of a file: CSV with a header, or one JSON object per line. One line is in memory at a time.

use super::columns::{CODE, Column, Columns, REASON};
use crate::{
    failure::Failure,
    fields::value,
    lines::{Format, record},
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::{
    cell::Cell,
    fmt,
    fs::File,
    io::{self, BufRead, BufReader, Read, Seek, SeekFrom},
    path::Path,
    rc::Rc,
};
use tencent_chat_types::text::without_value;

/// Maximum length of a line. The service accepts less for everything that one line can hold.
const MAX_BYTES: u64 = 1 << 20;

/// Where a line begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Place {
    /// In bytes.
    pub(super) offset: u64,
    /// Line number as editors count.
    pub(super) line: u64,
    /// Number of rows before it.
    pub(super) row: u64,
}

/// A line that could be read.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) place: Place,
    /// Its values by column name. Empty cells are absent.
    pub(super) fields: Map<String, Value>,
    /// The original text, to write it again.
    pub(super) source: Source,
}

/// The original text of a line.
#[derive(Debug)]
pub(super) enum Source {
    Record(csv::StringRecord),
    Object(Map<String, Value>),
}

/// A line that can't be read, and its number.
#[derive(Debug)]
pub(super) struct BadLine {
    pub(super) line: u64,
    pub(super) problem: Failure,
}

impl fmt::Display for BadLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.problem.in_line())
    }
}

/// The lines of a file, in order.
pub(super) struct Rows {
    name: String,
    columns: Columns,
    /// Fields for lines that don't set them.
    common: Map<String, Value>,
    text: Text,
    /// Number of rows read.
    row: u64,
}

enum Text {
    Csv(CsvText),
    Jsonl(JsonText),
}

impl Rows {
    /// Opens a file and reads its header.
    pub(super) fn open(
        path: &Path,
        format: Format,
        columns: Columns,
        common: Map<String, Value>,
    ) -> Result<Self, Failure> {
        let name = path.display().to_string();
        let failed = |error: io::Error| Failure::file(&name, &error);
        let file = File::open(path).map_err(failed)?;
        let text = match format {
            Format::Csv => {
                let text = CsvText::new(file, &columns).map_err(|error| match error {
                    Unread::File(error) => failed(error),
                    Unread::Line(bad) => Failure::usage(format!("{name}, {bad}")),
                })?;
                Text::Csv(text)
            }
            Format::Jsonl => Text::Jsonl(JsonText {
                reader: BufReader::new(file),
                offset: 0,
                line: 1,
            }),
        };
        Ok(Self {
            name,
            columns,
            common,
            text,
            row: 0,
        })
    }

    /// The header, if there is one.
    pub(super) fn header(&self) -> Option<&csv::StringRecord> {
        match &self.text {
            Text::Csv(text) => Some(&text.header),
            Text::Jsonl(_) => None,
        }
    }

    /// Continues with the line that begins there.
    pub(super) fn seek(&mut self, place: Place) -> Result<(), Failure> {
        self.row = place.row;
        let sought = match &mut self.text {
            Text::Csv(text) => text.seek(place),
            Text::Jsonl(text) => text.seek(place),
        };
        sought.map_err(|error| Failure::file(&self.name, &error))
    }

    /// The next line, or what is wrong with it; `None` at the end.
    ///
    /// # Errors
    ///
    /// The file can't be read.
    pub(super) fn next(&mut self) -> Result<Option<Result<Row, BadLine>>, Failure> {
        let read = match &mut self.text {
            Text::Csv(text) => text.next(),
            Text::Jsonl(text) => text.next(&self.columns),
        };
        let row = self.row;
        self.row += 1;
        match read {
            Ok(None) => Ok(None),
            Ok(Some((place, mut fields, source))) => {
                for (name, value) in &self.common {
                    if !fields.contains_key(name) {
                        fields.insert(name.clone(), value.clone());
                    }
                }
                let place = Place { row, ..place };
                Ok(Some(Ok(Row {
                    place,
                    fields,
                    source,
                })))
            }
            Err(Unread::Line(bad)) => Ok(Some(Err(bad))),
            Err(Unread::File(error)) => Err(Failure::file(&self.name, &error)),
        }
    }
}

enum Unread {
    File(io::Error),
    Line(BadLine),
}

impl Unread {
    fn line(line: u64, problem: Failure) -> Self {
        Self::Line(BadLine { line, problem })
    }
}

type Read3 = Result<Option<(Place, Map<String, Value>, Source)>, Unread>;

struct CsvText {
    reader: csv::Reader<Bounded<File>>,
    budget: Rc<Cell<u64>>,
    /// Number of bytes in the file, and whether the last of them ends a line.
    length: u64,
    is_terminated: bool,
    /// Whether lines end in carriage return and line feed.
    is_crlf: bool,
    header: csv::StringRecord,
    columns: Vec<Column>,
}

impl CsvText {
    fn new(mut file: File, columns: &Columns) -> Result<Self, Unread> {
        let (length, is_terminated) = end_of(&mut file).map_err(Unread::File)?;
        let budget = Rc::new(Cell::new(MAX_BYTES));
        let bounded = Bounded {
            inner: file,
            budget: Rc::clone(&budget),
        };
        // We handle the header ourselves because we seek; we report lines with too few cells in our own words; and with
        // carriage returns as line ends, the reader would miscount lines.
        let reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .terminator(csv::Terminator::Any(b'\n'))
            .from_reader(bounded);
        let mut text = Self {
            reader,
            budget,
            length,
            is_terminated,
            is_crlf: false,
            header: csv::StringRecord::new(),
            columns: Vec::new(),
        };
        let Some((place, mut header)) = text.record()? else {
            return Err(Unread::line(1, Failure::usage("there is no header")));
        };
        if header
            .iter()
            .next_back()
            .is_some_and(|name| name.ends_with('\r'))
        {
            text.is_crlf = true;
            header = without_return(&header);
        }
        let bad = |problem: Failure| Unread::line(place.line, problem);
        for (at, name) in header.iter().enumerate() {
            let name = name.trim();
            if header.iter().take(at).any(|other| other.trim() == name) {
                let problem = format!("duplicate column {name}");
                return Err(bad(Failure::usage(problem)));
            }
            text.columns.push(columns.find(name).map_err(bad)?);
        }
        text.header = header;
        Ok(text)
    }

    /// The next record that isn't an empty line.
    fn record(&mut self) -> Result<Option<(Place, csv::StringRecord)>, Unread> {
        loop {
            self.budget.set(MAX_BYTES);
            let line = self.reader.position().line();
            let mut record = csv::StringRecord::new();
            match self.reader.read_record(&mut record) {
                Ok(true) => {}
                Ok(false) => return Ok(None),
                Err(error) => return Err(unread(error, line)),
            }
            let place = self.place(&record);
            if self.is_crlf {
                record = without_return(&record);
            }
            match record.iter().next() {
                Some("" | "\r") if record.len() == 1 => {}
                _ => return Ok(Some((place, record))),
            }
        }
    }

    /// Where the last record begins. The reader reports the position of empty lines before it.
    fn place(&self, record: &csv::StringRecord) -> Place {
        let after = self.reader.position();
        let is_unterminated = after.byte() >= self.length && !self.is_terminated;
        let inside = record
            .as_slice()
            .bytes()
            .filter(|byte| *byte == b'\n')
            .count() as u64;
        let line = after.line() + u64::from(is_unterminated) - 1 - inside;
        let (offset, empty) = record
            .position()
            .map_or((0, 0), |at| (at.byte(), line.saturating_sub(at.line())));
        Place {
            offset: offset + empty,
            line,
            row: 0,
        }
    }

    fn seek(&mut self, place: Place) -> io::Result<()> {
        self.budget.set(MAX_BYTES);
        let mut position = csv::Position::new();
        position
            .set_byte(place.offset)
            .set_line(place.line)
            .set_record(place.row + 1);
        self.reader.seek(position).map_err(io::Error::other)
    }

    fn next(&mut self) -> Read3 {
        let Some((place, record)) = self.record()? else {
            return Ok(None);
        };
        let bad = |problem: Failure| Unread::line(place.line, problem);
        let (cells, columns) = (record.len(), self.columns.len());
        if cells != columns {
            let problem = format!("it has {cells} cells, but the header has {columns}");
            return Err(bad(Failure::usage(problem)));
        }
        let mut fields = Map::new();
        for (cell, column) in record.iter().zip(&self.columns) {
            if let Column::Field(name, schema) = column
                && !cell.is_empty()
            {
                let value = value(name, *schema, cell).map_err(bad)?;
                fields.insert((*name).to_owned(), value);
            }
        }
        Ok(Some((place, fields, Source::Record(record))))
    }
}

/// A file's length, and whether its last byte ends a line.
fn end_of(file: &mut File) -> io::Result<(u64, bool)> {
    let length = file.metadata()?.len();
    let mut last = [b'\n'];
    if length > 0 {
        file.seek(SeekFrom::End(-1))?;
        file.read_exact(&mut last)?;
        file.rewind()?;
    }
    Ok((length, last == [b'\n']))
}

/// A record without its line terminator, apart from the line feed.
fn without_return(record: &csv::StringRecord) -> csv::StringRecord {
    let last = record.len().saturating_sub(1);
    let cells = record.iter().enumerate();
    let cells = cells.map(|(place, cell)| match place == last {
        true => cell.strip_suffix('\r').unwrap_or(cell),
        false => cell,
    });
    cells.collect()
}

/// Why a record can't be read.
fn unread(error: csv::Error, line: u64) -> Unread {
    match error.into_kind() {
        csv::ErrorKind::Utf8 { pos, .. } => {
            let line = pos.map_or(line, |pos| pos.line());
            Unread::line(line, Failure::usage("it isn't UTF-8 text"))
        }
        csv::ErrorKind::Io(error) if error.kind() == io::ErrorKind::FileTooLarge => {
            Unread::File(io::Error::other(format!(
                "from line {line} on, {MAX_BYTES} bytes form one line; is a closing quote missing?"
            )))
        }
        csv::ErrorKind::Io(error) => Unread::File(error),
        other => Unread::File(io::Error::other(format!("{other:?}"))),
    }
}

struct JsonText {
    reader: BufReader<File>,
    offset: u64,
    line: u64,
}

impl JsonText {
    fn seek(&mut self, place: Place) -> io::Result<()> {
        self.reader.seek(SeekFrom::Start(place.offset))?;
        (self.offset, self.line) = (place.offset, place.line);
        Ok(())
    }

    fn next(&mut self, columns: &Columns) -> Read3 {
        let mut text = Vec::new();
        loop {
            text.clear();
            let mut bounded = (&mut self.reader).take(MAX_BYTES + 1);
            let read = bounded.read_until(b'\n', &mut text).map_err(Unread::File)? as u64;
            if read == 0 {
                return Ok(None);
            }
            let place = Place {
                offset: self.offset,
                line: self.line,
                row: 0,
            };
            if read > MAX_BYTES {
                let error = format!("line {}: it has more than {MAX_BYTES} bytes", self.line);
                return Err(Unread::File(io::Error::other(error)));
            }
            self.offset += read;
            self.line += 1;
            let text = text.strip_prefix("\u{feff}".as_bytes()).unwrap_or(&text);
            if text.trim_ascii().is_empty() {
                continue;
            }
            let bad = |problem: Failure| Unread::line(place.line, problem);
            let object: Map<String, Value> = serde_json::from_slice(text).map_err(|error| {
                let error = error.to_string();
                bad(Failure::usage(format!(
                    "it isn't a JSON object: {}",
                    without_value(&error)
                )))
            })?;
            let fields = columns.of_object(&object).map_err(bad)?;
            return Ok(Some((place, fields, Source::Object(object))));
        }
    }
}

/// Fails if a line is too long.
struct Bounded<R> {
    inner: R,
    budget: Rc<Cell<u64>>,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.budget.get();
        if left == 0 {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        let read = self.inner.read(buffer)?;
        self.budget.set(left.saturating_sub(read as u64));
        Ok(read)
    }
}

impl<R: Seek> Seek for Bounded<R> {
    fn seek(&mut self, position: SeekFrom) -> io::Result<u64> {
        self.inner.seek(position)
    }
}

impl Source {
    /// The line again, with the reason why it failed.
    pub(super) fn with_reason(
        &self,
        header: Option<&csv::StringRecord>,
        code: Option<i64>,
        reason: &str,
    ) -> Vec<u8> {
        match self {
            Self::Record(cells) => {
                let code = code.map(|code| code.to_string()).unwrap_or_default();
                let mut line = own_cells(header, cells);
                line.extend([code.as_str(), reason]);
                record(line)
            }
            Self::Object(object) => {
                let mut object = object.clone();
                object.insert(CODE.to_owned(), code.map_or(Value::Null, Value::from));
                object.insert(REASON.to_owned(), Value::from(reason));
                let mut line = serde_json::to_vec(&object).unwrap_or_default();
                line.push(b'\n');
                line
            }
        }
    }
}

/// The header of a file with reasons.
pub(super) fn header_with_reason(header: &csv::StringRecord) -> Vec<u8> {
    let mut line = own_cells(Some(header), header);
    line.extend([CODE, REASON]);
    record(line)
}

/// The cells of a line, without those that a run added.
fn own_cells<'a>(
    header: Option<&csv::StringRecord>,
    record: &'a csv::StringRecord,
) -> Vec<&'a str> {
    let is_added = |place: usize| {
        let name = header.and_then(|header| header.get(place)).map(str::trim);
        name == Some(CODE) || name == Some(REASON)
    };
    (record.iter().enumerate())
        .filter(|(place, _)| !is_added(*place))
        .map(|(_, cell)| cell)
        .collect()
}

#[cfg(test)]
mod tests;
