//! An export's pages as they arrive, in one file, and how far they go, in another.

use super::write::{Writing, write};
use crate::{
    failure::Failure,
    lines::sibling,
    log::{Bad, Log},
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;
use std::{
    fs::{self, File, OpenOptions},
    io::{self, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};
use tencent_chat_types::{decode, to_vec, wire::Raw};

/// Identifies an export.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Head {
    /// Version of the format of these files.
    pub(super) version: u32,
    pub(super) command: String,
    pub(super) app: u64,
    /// The address that is called.
    pub(super) address: String,
    /// What the arguments ask for.
    pub(super) asked: Value,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Entry {
    Head(Head),
    /// A page was written.
    Page {
        /// Total bytes of all pages so far.
        bytes: u64,
        items: u64,
        /// The request for the next page; none after the last.
        next: Option<Raw>,
    },
    /// All pages were written, and a new file next to them is ours.
    Writing,
}

/// The files of an export.
pub(super) struct Files {
    /// The final file.
    whole: PathBuf,
    /// The pages so far.
    part: PathBuf,
    /// How far they go.
    pages: PathBuf,
    /// The final file while it is being written.
    new: PathBuf,
}

impl Files {
    /// Those for an output file.
    pub(super) fn of(file: &Path) -> Self {
        Self {
            whole: file.to_owned(),
            part: sibling(file, "part"),
            pages: sibling(file, "pages"),
            new: sibling(file, "new"),
        }
    }
}

/// The pages so far.
pub(super) struct Spool {
    part: File,
    /// `None` if the export can't be resumed.
    kept: Option<Kept>,
    past: Past,
}

struct Kept {
    log: Log,
    files: Files,
}

#[derive(Debug, Default)]
struct Past {
    bytes: u64,
    items: u64,
    pages: u64,
    next: Option<Raw>,
    /// Whether the final file was being written.
    is_writing: bool,
}

impl Spool {
    /// For an export that can't be resumed.
    pub(super) fn temporary() -> Result<Self, Failure> {
        let part = tempfile::tempfile();
        let part = part.map_err(|error| Failure::file("temporary file", &error))?;
        Ok(Self {
            part,
            kept: None,
            past: Past::default(),
        })
    }

    /// Starts an export, or resumes it after the last complete page.
    ///
    /// # Errors
    ///
    /// There are files that may not belong to this export.
    pub(super) fn open(files: Files, head: &Head, goes_on: bool) -> Result<Self, Failure> {
        must_not_exist(&files.whole)?;
        let resumed = match goes_on {
            true => resume(&files.pages, head)?,
            false if files.pages.exists() => {
                let there = format!(
                    "{} shows that this export was started before",
                    files.pages.display()
                );
                let help = "use --resume to continue it, or remove the file";
                return Err(Failure::usage(there).help(help));
            }
            false => None,
        };
        let is_begun = resumed.is_some();
        if !is_begun {
            must_not_exist(&files.part)?;
        }
        if !resumed.as_ref().is_some_and(|(_, past)| past.is_writing) {
            must_not_exist(&files.new)?;
        }
        let (log, past) = match resumed {
            Some(resumed) => resumed,
            None => {
                let log = Log::create(&files.pages, false, &Entry::Head(head.clone()))?;
                (log, Past::default())
            }
        };
        let failed = |error: io::Error| Failure::path(&files.part, &error);
        let options = &mut OpenOptions::new();
        let options = options.read(true).write(true).create(true).truncate(false);
        let mut part = options.open(&files.part).map_err(failed)?;
        if part.metadata().map_err(failed)?.len() < past.bytes {
            let (part, pages) = (files.part.display(), files.pages.display());
            let short = format!("{part} is shorter than {pages} says");
            return Err(Failure::usage(short).help("remove both and start again"));
        }
        part.set_len(past.bytes)
            .and_then(|()| part.seek(SeekFrom::Start(past.bytes)))
            .map_err(failed)?;
        Ok(Self {
            part,
            kept: Some(Kept { log, files }),
            past,
        })
    }

    /// Number of items so far.
    pub(super) fn items(&self) -> u64 {
        self.past.items
    }

    /// Number of pages so far.
    pub(super) fn pages(&self) -> u64 {
        self.past.pages
    }

    /// Whether the last page has arrived.
    pub(super) fn is_whole(&self) -> bool {
        self.past.pages > 0 && self.past.next.is_none()
    }

    /// The request for the next page, if it is known.
    pub(super) fn next<E: DeserializeOwned>(&self) -> Result<Option<E>, Failure> {
        let next = self.past.next.as_ref();
        let next = next.map(|next| decode(next.as_bytes()).map(|decoded| decoded.value));
        next.transpose()
            .map_err(|_| Failure::usage("the request of the next page can't be read"))
    }

    /// Adds a page, which counts once it is complete.
    pub(super) fn add(
        &mut self,
        lines: &[Vec<u8>],
        next: Option<&impl Serialize>,
    ) -> Result<(), Failure> {
        let bytes = lines.concat();
        let written = self.part.write_all(&bytes);
        // A page that lacks some of its lines must not count after a crash of the machine either.
        let written = written.and_then(|()| match self.kept {
            Some(_) => self.part.sync_data(),
            None => Ok(()),
        });
        written.map_err(|error| Failure::file("the pages so far", &error))?;
        self.past.bytes += bytes.len() as u64;
        self.past.items += lines.len() as u64;
        self.past.pages += 1;
        self.past.next = next.map(as_raw).transpose()?;
        if let Some(kept) = &mut self.kept {
            kept.log.add(&Entry::Page {
                bytes: self.past.bytes,
                items: self.past.items,
                next: self.past.next.clone(),
            })?;
        }
        Ok(())
    }

    /// Writes all items, in their order.
    pub(super) fn write_to(
        &mut self,
        writing: &Writing,
        out: &mut dyn Write,
        is_terminal: bool,
    ) -> io::Result<()> {
        self.part.rewind()?;
        write(&self.part, writing, out, is_terminal)
    }

    /// Writes the final file, which appears complete or not at all, and removes the files that are no longer needed.
    pub(super) fn finish(mut self, writing: &Writing) -> Result<(), Failure> {
        let Some(mut kept) = self.kept.take() else {
            return Ok(());
        };
        kept.log.add(&Entry::Writing)?;
        let Files {
            whole,
            part,
            pages,
            new,
        } = &kept.files;
        let failed = |error: io::Error| Failure::path(new, &error);
        let mut file = File::create(new).map_err(failed)?;
        self.write_to(writing, &mut file, false).map_err(failed)?;
        file.sync_all().map_err(failed)?;
        must_not_exist(whole)?;
        fs::rename(new, whole).map_err(|error| Failure::path(whole, &error))?;
        for path in [part, pages] {
            fs::remove_file(path).map_err(|error| Failure::path(path, &error))?;
        }
        Ok(())
    }
}

/// What the files record about this export; `None` if nothing.
fn resume(pages: &Path, head: &Head) -> Result<Option<(Log, Past)>, Failure> {
    let (mut past, mut has_head) = (Past::default(), false);
    let log = Log::resume(pages, false, |entry| match entry {
        Entry::Head(found) if found == *head => {
            has_head = true;
            Ok(())
        }
        Entry::Head(_) => Err(Bad::Refused(
            Failure::usage(format!("{} belongs to a different export", pages.display()))
                .help("use the same arguments as before, or choose a different file"),
        )),
        _ if !has_head => Err(Bad::Damaged("it has no head")),
        Entry::Page { bytes, items, next } => {
            past = Past {
                bytes,
                items,
                pages: past.pages + 1,
                next,
                is_writing: false,
            };
            Ok(())
        }
        Entry::Writing => {
            past.is_writing = true;
            Ok(())
        }
    })?;
    Ok(log.map(|log| (log, past)))
}

/// An existing file may be anyone's.
fn must_not_exist(path: &Path) -> Result<(), Failure> {
    match path.try_exists() {
        Ok(false) => Ok(()),
        Ok(true) => {
            let there = format!("{} already exists", path.display());
            Err(Failure::usage(there).help("move it away, or choose a different file"))
        }
        Err(error) => Err(Failure::path(path, &error)),
    }
}

/// A request as JSON.
fn as_raw(request: &impl Serialize) -> Result<Raw, Failure> {
    let raw = to_vec(request).and_then(|json| Ok(decode(&json)?.value));
    raw.map_err(|_| Failure::usage("the request of the next page can't be written"))
}
