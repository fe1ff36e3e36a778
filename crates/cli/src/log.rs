//! Files of JSON lines that are only ever added to, so that what a program has done survives any end of it.
//!
//! The last line can be torn; it's as if it had never been written, since nothing follows from a line before it is
//! whole. A file that doesn't begin as one of ours is somebody else's, and stays as it is.

use crate::failure::Failure;
use serde::{Serialize, de::DeserializeOwned};
use std::{
    fs::{self, File, OpenOptions},
    io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

/// How each of these files begins: with its head, whose first field is this.
const BEGINNING: &[u8] = br#"{"head":{"version":"#;

/// Largest line; only heads hold what people write.
const MAX_LINE: u64 = 1 << 20;

/// A file of lines that is written, by one program at a time.
pub(crate) struct Log {
    path: PathBuf,
    file: File,
    /// Whether lines must survive the machine, too, before what they announce is done.
    is_durable: bool,
}

/// Why an entry isn't taken.
pub(crate) enum Bad {
    /// Entries can't follow each other so.
    Damaged(&'static str),
    /// It's of something else.
    Refused(Failure),
}

impl Log {
    /// Reads a file entry by entry and goes on with it; none where there is no file, or no whole line in it.
    ///
    /// # Errors
    ///
    /// Another program writes it, it's damaged or somebody else's, or an entry is refused.
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

    /// Begins a file, which must not be there, with its first entry.
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
            // Its name must survive, too.
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

    /// Waits until all entries would survive the machine, where that matters.
    pub(crate) fn sync(&mut self) -> Result<(), Failure> {
        match self.is_durable {
            true => (self.file.sync_data()).map_err(|error| Failure::path(&self.path, &error)),
            false => Ok(()),
        }
    }
}

/// That the file begins as ours do, as far as it goes. Whoever opened it removes what holds no whole line.
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
            "{} is there already, and nothing that this program wrote",
            path.display()
        ))
        .help("move it away, or name another file")),
    }
}

/// Two programs that write one file would each do everything.
fn lock(path: &Path, file: &File) -> Result<(), Failure> {
    fs4::FileExt::try_lock(file).map_err(|error| match error {
        fs4::TryLockError::WouldBlock => {
            Failure::usage(format!("{}: another run writes it", path.display()))
                .help("wait for its end, or stop it")
        }
        fs4::TryLockError::Error(error) => Failure::path(path, &error),
    })
}

/// Reads entries up to the end or a torn line. Answers how many bytes are whole lines.
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
            .help("what was done can't be told from it any more: see to that before you remove it")
        };
        if line.pop() != Some(b'\n') {
            return match read >= MAX_LINE {
                true => Err(damaged("a line is too long")),
                false => Ok(whole),
            };
        }
        let entry = match serde_json::from_slice(&line) {
            Ok(entry) => entry,
            // What a crash of the machine leaves at the end of a file can be anything.
            Err(_) if lines.fill_buf().is_ok_and(<[u8]>::is_empty) => return Ok(whole),
            Err(_) => return Err(damaged("it isn't an entry")),
        };
        take(entry).map_err(|bad| match bad {
            Bad::Damaged(how) => damaged(how),
            Bad::Refused(failure) => failure,
        })?;
        whole += read;
    }
}
