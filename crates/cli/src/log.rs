//! Append-only files of JSON lines, so that a record of what a program has done survives any interruption.
//!
//! The last line may be torn. It is treated as never written, since nothing acts on a line before it is complete.
//! A file that doesn't begin like ours belongs to someone else and is left unchanged.

use crate::failure::Failure;
use serde::{Serialize, de::DeserializeOwned};
use std::{
    fs::{self, File, OpenOptions},
    io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

/// How each of these files begins: with its head, whose first field is this.
const BEGINNING: &[u8] = br#"{"head":{"version":"#;

/// Maximum line length; only heads hold what people write.
const MAX_LINE: u64 = 1 << 20;

/// A file of lines open for writing, by one process at a time.
pub(crate) struct Log {
    path: PathBuf,
    file: File,
    /// Whether lines must survive a crash of the machine before what they announce is done.
    is_durable: bool,
}

/// Why an entry is rejected.
pub(crate) enum Bad {
    /// The entry is not valid at this point.
    Damaged(&'static str),
    /// It belongs to something else.
    Refused(Failure),
}

impl Log {
    /// Reads a file entry by entry and continues it; `None` if there is no file, or no complete line in it.
    ///
    /// # Errors
    ///
    /// Another process is writing it, it's damaged or someone else's, or an entry is rejected.
    pub(crate) fn resume<E: DeserializeOwned>(
        path: &Path,
        is_durable: bool,
        take: impl FnMut(E) -> Result<(), Bad>,
    ) -> Result<Option<Self>, Failure> {
        let mut file = match OpenOptions::new().read(true).write(true).open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(Failure::path(path, &error)),
        };
        lock(path, &file)?;
        must_be_ours(path, &mut file)?;
        let whole = read(path, &file, take)?;
        if whole == 0 {
            drop(file);
            fs::remove_file(path).map_err(|error| Failure::path(path, &error))?;
            return Ok(None);
        }
        file.set_len(whole)
            .and_then(|()| file.seek(SeekFrom::Start(whole)))
            .map_err(|error| Failure::path(path, &error))?;
        Ok(Some(Self {
            path: path.to_owned(),
            file,
            is_durable,
        }))
    }

    /// Creates a file, which must not exist, with its first entry.
    pub(crate) fn create(
        path: &Path,
        is_durable: bool,
        first: &impl Serialize,
    ) -> Result<Self, Failure> {
        let file = OpenOptions::new().write(true).create_new(true).open(path);
        let file = file.map_err(|error| Failure::path(path, &error))?;
        lock(path, &file)?;
        let mut log = Self {
            path: path.to_owned(),
            file,
            is_durable,
        };
        log.add(first)?;
        log.sync()?;
        #[cfg(unix)]
        if is_durable {
            // Its directory entry must survive, too.
            let folder = path
                .parent()
                .filter(|folder| !folder.as_os_str().is_empty());
            let folder = File::open(folder.unwrap_or(Path::new(".")));
            folder
                .and_then(|folder| folder.sync_all())
                .map_err(|error| Failure::path(path, &error))?;
        }
        Ok(log)
    }

    /// Adds an entry.
    pub(crate) fn add(&mut self, entry: &impl Serialize) -> Result<(), Failure> {
        let mut line = serde_json::to_vec(entry).unwrap_or_default();
        line.push(b'\n');
        let written = self.file.write_all(&line);
        written.map_err(|error| Failure::path(&self.path, &error))
    }

    /// Waits, if that matters, until all entries would survive a crash of the machine.
    pub(crate) fn sync(&mut self) -> Result<(), Failure> {
        match self.is_durable {
            true => (self.file.sync_data()).map_err(|error| Failure::path(&self.path, &error)),
            false => Ok(()),
        }
    }
}

/// Checks that the file, as far as it goes, begins like ours. The caller removes a file without a complete line.
fn must_be_ours(path: &Path, file: &mut File) -> Result<(), Failure> {
    let mut found = Vec::new();
    let read = (&mut *file)
        .take(BEGINNING.len() as u64)
        .read_to_end(&mut found)
        .and_then(|_| file.rewind());
    read.map_err(|error| Failure::path(path, &error))?;
    match BEGINNING.starts_with(&found) {
        true => Ok(()),
        false => Err(Failure::usage(format!(
            "{} already exists and was not written by this program",
            path.display()
        ))
        .help("move it away, or choose a different file")),
    }
}

/// Two processes that write one file would each do everything.
fn lock(path: &Path, file: &File) -> Result<(), Failure> {
    fs4::FileExt::try_lock(file).map_err(|error| match error {
        fs4::TryLockError::WouldBlock => {
            Failure::usage(format!("{}: another run is writing it", path.display()))
                .help("wait for it to end, or stop it")
        }
        fs4::TryLockError::Error(error) => Failure::path(path, &error),
    })
}

/// Reads entries up to the end or a torn line. Returns the number of bytes in complete lines.
fn read<E: DeserializeOwned>(
    path: &Path,
    file: &File,
    mut take: impl FnMut(E) -> Result<(), Bad>,
) -> Result<u64, Failure> {
    let mut lines = BufReader::new(file);
    let (mut number, mut whole) = (0, 0);
    loop {
        let mut line = Vec::new();
        let read = (&mut lines).take(MAX_LINE).read_until(b'\n', &mut line);
        let read = read.map_err(|error| Failure::path(path, &error))? as u64;
        number += 1;
        let damaged = |how: &str| {
            Failure::usage(format!(
                "{}, line {number}: {how}; the file is damaged",
                path.display()
            ))
            .help("it no longer shows what was done; find that out before you remove it")
        };
        if line.pop() != Some(b'\n') {
            return match read >= MAX_LINE {
                true => Err(damaged("a line is too long")),
                false => Ok(whole),
            };
        }
        let entry = match serde_json::from_slice(&line) {
            Ok(entry) => entry,
            // A crash of the machine can leave anything at the end of a file.
            Err(_) if lines.fill_buf().is_ok_and(<[u8]>::is_empty) => return Ok(whole),
            Err(_) => return Err(damaged("not a valid entry")),
        };
        take(entry).map_err(|bad| match bad {
            Bad::Damaged(how) => damaged(how),
            Bad::Refused(failure) => failure,
        })?;
        whole += read;
    }
}
