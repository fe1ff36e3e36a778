//! Files of failed and uncertain lines, which can be run again.

use super::{
    columns::{CODE, REASON},
    hash,
    journal::{Mark, Marks},
    rows::{Row, header_with_reason},
};
use crate::{failure::Failure, output::Output};
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};
use std::{
    fs::{File, OpenOptions},
    io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

/// Maximum bytes of the first line that are read to find out who wrote the file.
const MAX_LINE: u64 = 2 << 20;

/// Maximum number of lines that are reported when no file receives them.
const SHOWN: u64 = 20;

/// Why a line was rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Why {
    /// It failed.
    Failed,
    /// It may or may not have been sent.
    Uncertain,
}

/// The two files.
pub(super) struct Rejects<'a> {
    header: Option<csv::StringRecord>,
    failed: Target,
    uncertain: Target,
    is_durable: bool,
    output: &'a Output,
    told: u64,
}

struct Target {
    path: Option<PathBuf>,
    file: Option<File>,
    length: u64,
    /// Of everything written.
    hash: Sha256,
}

impl Target {
    /// Reopens a file and truncates it to the bytes of calls that have ended; the bytes after those belong to calls
    /// that will be sent again.
    ///
    /// # Errors
    ///
    /// The file has changed since the run wrote it, or is a different file.
    fn resume(
        path: Option<PathBuf>,
        mark: &Mark,
        header: Option<&csv::StringRecord>,
    ) -> Result<Self, Failure> {
        let mut target = Self {
            path,
            file: None,
            length: 0,
            hash: Sha256::new(),
        };
        let Some(path) = &target.path else {
            return Ok(target);
        };
        let mut file = match OpenOptions::new().read(true).write(true).open(path) {
            Ok(file) => file,
            // It was empty, or someone moved it away to deal with its lines.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(target),
            Err(error) => return Err(Failure::path(path, &error)),
        };
        let is_ours = match mark.bytes {
            0 => begins_as_ours(&mut file, header),
            bytes => hash::of((&mut file).take(bytes)).map(|hash| {
                let is_same = hash::hex(hash.clone()) == mark.sha256;
                target.hash = hash;
                is_same
            }),
        };
        if !is_ours.map_err(|error| Failure::path(path, &error))? {
            let text = format!("{} was changed since this run wrote it", path.display());
            return Err(Failure::usage(text).help(
                "move it away to have further failures in a new file, or choose a different --failed",
            ));
        }
        file.set_len(mark.bytes)
            .map_err(|error| Failure::path(path, &error))?;
        target.length = mark.bytes;
        target.file = Some(file);
        Ok(target)
    }

    fn mark(&self) -> Mark {
        Mark {
            bytes: self.length,
            sha256: match self.length {
                0 => String::new(),
                _ => hash::hex(self.hash.clone()),
            },
        }
    }

    fn write(&mut self, header: Option<&csv::StringRecord>, line: &[u8]) -> Result<(), Failure> {
        let Some(path) = &self.path else {
            return Ok(());
        };
        let file = match &mut self.file {
            Some(file) => file,
            none => {
                let file = OpenOptions::new().write(true).create_new(true).open(path);
                none.insert(file.map_err(|error| Failure::path(path, &error))?)
            }
        };
        let mut text = Vec::new();
        if self.length == 0
            && let Some(header) = header
        {
            text = header_with_reason(header);
        }
        text.extend_from_slice(line);
        file.seek(SeekFrom::Start(self.length))
            .and_then(|_| file.write_all(&text))
            .map_err(|error| Failure::path(path, &error))?;
        self.length += text.len() as u64;
        self.hash.update(&text);
        Ok(())
    }

    fn sync(&self) -> Result<(), Failure> {
        match (&self.file, &self.path) {
            (Some(file), Some(path)) => file
                .sync_data()
                .map_err(|error| Failure::path(path, &error)),
            _ => Ok(()),
        }
    }
}

/// Whether a file that may hold only lines of unfinished calls holds nothing else: it is empty, or begins with the
/// header or a line that a run writes.
fn begins_as_ours(file: &mut File, header: Option<&csv::StringRecord>) -> io::Result<bool> {
    let mut read = BufReader::new(file);
    if read.fill_buf()?.is_empty() {
        return Ok(true);
    }
    match header.map(header_with_reason) {
        Some(expected) => {
            let mut found = Vec::new();
            read.take(expected.len() as u64).read_to_end(&mut found)?;
            Ok(expected.starts_with(&found))
        }
        None => {
            let mut line = Vec::new();
            read.take(MAX_LINE).read_until(b'\n', &mut line)?;
            let object = serde_json::from_slice::<Map<String, Value>>(&line);
            Ok(object.is_ok_and(|object| object.contains_key(CODE) && object.contains_key(REASON)))
        }
    }
}

impl<'a> Rejects<'a> {
    /// Reopens the files in this state; a new run requires that they don't exist.
    pub(super) fn open(
        paths: [Option<PathBuf>; 2],
        header: Option<csv::StringRecord>,
        past: Option<Marks>,
        is_durable: bool,
        output: &'a Output,
    ) -> Result<Self, Failure> {
        if past.is_none()
            && let Some(path) = paths.iter().flatten().find(|path| path.exists())
        {
            return Err(Failure::usage(format!(
                "{} already exists, with lines of another run",
                path.display()
            ))
            .help("run it, move it away or remove it"));
        }
        let [failed, uncertain] = paths;
        let past = past.unwrap_or_default();
        Ok(Self {
            failed: Target::resume(failed, &past.failed, header.as_ref())?,
            uncertain: Target::resume(uncertain, &past.uncertain, header.as_ref())?,
            header,
            is_durable,
            output,
            told: 0,
        })
    }

    /// Writes a line to the file for this reason.
    pub(super) fn add(
        &mut self,
        why: Why,
        row: &Row,
        code: Option<i64>,
        reason: &str,
    ) -> Result<(), Failure> {
        let target = match why {
            Why::Failed => &mut self.failed,
            Why::Uncertain => &mut self.uncertain,
        };
        if target.path.is_none() {
            match self.told {
                ..SHOWN => self
                    .output
                    .note(&format!("line {}: {reason}", row.place.line)),
                SHOWN => self
                    .output
                    .note("… and more; --failed FILE takes all of them"),
                _ => {}
            }
            self.told += 1;
        }
        let header = self.header.as_ref();
        target.write(header, &row.source.with_reason(header, code, reason))
    }

    /// Waits, if that matters for this job, until all lines would survive a crash of the machine. Returns the state of
    /// both files.
    pub(super) fn settle(&mut self) -> Result<Marks, Failure> {
        if self.is_durable {
            self.failed.sync()?;
            self.uncertain.sync()?;
        }
        Ok(Marks {
            failed: self.failed.mark(),
            uncertain: self.uncertain.mark(),
        })
    }

    /// The file for this kind of line, if it has any.
    pub(super) fn file(&self, why: Why) -> Option<&Path> {
        let target = match why {
            Why::Failed => &self.failed,
            Why::Uncertain => &self.uncertain,
        };
        target.path.as_deref().filter(|_| target.length > 0)
    }
}
