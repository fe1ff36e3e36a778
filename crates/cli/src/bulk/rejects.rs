//! Lines that did not go well, in files that can be run again.

use super::{
    journal::Lengths,
    rows::{Row, header_with_reason},
};
use crate::{failure::Failure, output::Output};
use std::{
    fs::{File, OpenOptions},
    io::{self, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

/// Most lines that are told of, where no file takes them.
const SHOWN: u64 = 20;

/// Why a line is written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Why {
    /// It failed.
    Failed,
    /// Nobody knows whether it was sent.
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
}

impl Target {
    /// Goes on with a file whose first bytes are those of calls that have ended: what is behind them is of
    /// calls that go out again.
    fn resume(path: Option<PathBuf>, length: u64) -> Result<Self, Failure> {
        let mut target = Self {
            path,
            file: None,
            length,
        };
        let Some(path) = &target.path else {
            return Ok(target);
        };
        match OpenOptions::new().write(true).open(path) {
            Ok(file) => {
                let kept = file.metadata().map(|found| found.len().min(length));
                let kept = kept.and_then(|kept| file.set_len(kept).map(|()| kept));
                target.length = kept.map_err(|error| failed(path, &error))?;
                target.file = Some(file);
            }
            // Nothing was in it, or somebody took it away to see to its lines.
            Err(error) if error.kind() == io::ErrorKind::NotFound => target.length = 0,
            Err(error) => return Err(failed(path, &error)),
        }
        Ok(target)
    }

    fn write(&mut self, header: Option<&csv::StringRecord>, line: &[u8]) -> Result<(), Failure> {
        let Some(path) = &self.path else {
            return Ok(());
        };
        let file = match &mut self.file {
            Some(file) => file,
            none => {
                let options = &mut OpenOptions::new();
                let file = options.write(true).create(true).truncate(true).open(path);
                none.insert(file.map_err(|error| failed(path, &error))?)
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
            .map_err(|error| failed(path, &error))?;
        self.length += text.len() as u64;
        Ok(())
    }

    fn sync(&self) -> Result<(), Failure> {
        match (&self.file, &self.path) {
            (Some(file), Some(path)) => file.sync_data().map_err(|error| failed(path, &error)),
            _ => Ok(()),
        }
    }
}

fn failed(path: &Path, error: &io::Error) -> Failure {
    Failure::file(&path.display().to_string(), error)
}

impl<'a> Rejects<'a> {
    /// Goes on with files that are so long; for a new run they must not be there.
    pub(super) fn open(
        paths: [Option<PathBuf>; 2],
        header: Option<csv::StringRecord>,
        past: Option<Lengths>,
        is_durable: bool,
        output: &'a Output,
    ) -> Result<Self, Failure> {
        if past.is_none()
            && let Some(path) = paths.iter().flatten().find(|path| path.exists())
        {
            return Err(Failure::usage(format!(
                "{} is there already, with lines of another run",
                path.display()
            ))
            .help("run it, move it away or remove it"));
        }
        let [failed, uncertain] = paths;
        let past = past.unwrap_or_default();
        Ok(Self {
            header,
            failed: Target::resume(failed, past.failed)?,
            uncertain: Target::resume(uncertain, past.uncertain)?,
            is_durable,
            output,
            told: 0,
        })
    }

    /// Writes a line down.
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

    /// Waits until they would survive the machine, where that matters, and says how long the files are.
    pub(super) fn settle(&mut self) -> Result<Lengths, Failure> {
        if self.is_durable {
            self.failed.sync()?;
            self.uncertain.sync()?;
        }
        Ok(Lengths {
            failed: self.failed.length,
            uncertain: self.uncertain.length,
        })
    }

    /// The file for lines of this kind, if it has any.
    pub(super) fn file(&self, why: Why) -> Option<&Path> {
        let target = match why {
            Why::Failed => &self.failed,
            Why::Uncertain => &self.uncertain,
        };
        target.path.as_deref().filter(|_| target.length > 0)
    }
}
