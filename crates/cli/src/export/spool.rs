//! The pages of an export as they come, in a file, and how far they go, in another.

use super::write::{Writing, write};
use crate::{
    failure::Failure,
    log::{Bad, Log},
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;
use std::{
    fs::{self, File, OpenOptions},
    io::{self, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

/// Which export it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Head {
    /// Of the form of these files.
    pub(super) version: u32,
    pub(super) command: String,
    pub(super) app: u64,
    /// Where the app is called.
    pub(super) address: String,
    /// By the arguments.
    pub(super) asked: Value,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Entry {
    Head(Head),
    /// A page is there.
    Page {
        /// Of all pages so far.
        bytes: u64,
        items: u64,
        /// Asks for the next one; none after the last.
        next: Option<Value>,
    },
}

/// The pages so far.
pub(super) struct Spool {
    part: File,
    /// None where it can't go on.
    kept: Option<Kept>,
    past: Past,
}

struct Kept {
    log: Log,
    part: PathBuf,
    pages: PathBuf,
}

#[derive(Debug, Default)]
struct Past {
    bytes: u64,
    items: u64,
    pages: u64,
    next: Option<Value>,
}

impl Spool {
    /// For an export that can't go on.
    pub(super) fn temporary() -> Result<Self, Failure> {
        let part = tempfile::tempfile();
        let part = part.map_err(|error| Failure::file("temporary file", &error))?;
        Ok(Self {
            part,
            kept: None,
            past: Past::default(),
        })
    }

    /// Begins.
    pub(super) fn begin(part: &Path, pages: &Path, head: &Head) -> Result<Self, Failure> {
        if pages.exists() {
            let there = format!("{} says that this export was begun", pages.display());
            return Err(Failure::usage(there).help("--resume goes on with it; or remove the file"));
        }
        let log = Log::create(pages, false, &Entry::Head(head.clone()))?;
        Self::new(part, pages, log, Past::default())
    }

    /// Goes on after the last page that is whole, if anything was begun.
    pub(super) fn resume(part: &Path, pages: &Path, head: &Head) -> Result<Self, Failure> {
        let (mut past, mut has_head) = (Past::default(), false);
        let log = Log::resume(pages, false, |entry| match entry {
            Entry::Head(found) if found == *head => {
                has_head = true;
                Ok(())
            }
            Entry::Head(_) => Err(Bad::Refused(
                Failure::usage(format!("{} is of another export", pages.display()))
                    .help("repeat the arguments that it was begun with, or name another file"),
            )),
            Entry::Page { .. } if !has_head => Err(Bad::Damaged("it has no head")),
            Entry::Page { bytes, items, next } => {
                let pages = past.pages + 1;
                past = Past {
                    bytes,
                    items,
                    pages,
                    next,
                };
                Ok(())
            }
        })?;
        match log {
            Some(log) => Self::new(part, pages, log, past),
            None => Self::begin(part, pages, head),
        }
    }

    fn new(part: &Path, pages: &Path, log: Log, past: Past) -> Result<Self, Failure> {
        let failed = |error: io::Error| Failure::file(&part.display().to_string(), &error);
        let options = &mut OpenOptions::new();
        let options = options.read(true).write(true).create(true).truncate(false);
        let mut file = options.open(part).map_err(failed)?;
        if file.metadata().map_err(failed)?.len() < past.bytes {
            let short = format!(
                "{} is shorter than {} says",
                part.display(),
                pages.display()
            );
            return Err(Failure::usage(short).help("remove both, and begin anew"));
        }
        file.set_len(past.bytes)
            .and_then(|()| file.seek(SeekFrom::Start(past.bytes)))
            .map_err(failed)?;
        Ok(Self {
            part: file,
            kept: Some(Kept {
                log,
                part: part.to_owned(),
                pages: pages.to_owned(),
            }),
            past,
        })
    }

    /// How many items are here.
    pub(super) fn items(&self) -> u64 {
        self.past.items
    }

    /// How many pages are here.
    pub(super) fn pages(&self) -> u64 {
        self.past.pages
    }

    /// Whether the last page is here.
    pub(super) fn is_whole(&self) -> bool {
        self.past.pages > 0 && self.past.next.is_none()
    }

    /// The request of the next page, where one is known.
    pub(super) fn next<E: DeserializeOwned>(&self) -> Result<Option<E>, Failure> {
        let next = self.past.next.clone().map(serde_json::from_value);
        next.transpose()
            .map_err(|_| Failure::usage("the request of the next page can't be read"))
    }

    /// Adds a page. It counts once all of it is there.
    pub(super) fn add(
        &mut self,
        lines: &[Vec<u8>],
        next: Option<&impl Serialize>,
    ) -> Result<(), Failure> {
        let bytes = lines.concat();
        let written = self.part.write_all(&bytes);
        // Without the rest of its lines a page must not count after a crash of the machine either.
        let written = written.and_then(|()| match self.kept {
            Some(_) => self.part.sync_data(),
            None => Ok(()),
        });
        written.map_err(|error| Failure::file("the pages so far", &error))?;
        self.past.bytes += bytes.len() as u64;
        self.past.items += lines.len() as u64;
        self.past.pages += 1;
        // A request can be written.
        self.past.next = next.and_then(|next| serde_json::to_value(next).ok());
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

    /// Removes what is needed no more.
    pub(super) fn remove(self) -> Result<(), Failure> {
        let Some(kept) = self.kept else {
            return Ok(());
        };
        for path in [&kept.part, &kept.pages] {
            fs::remove_file(path)
                .map_err(|error| Failure::file(&path.display().to_string(), &error))?;
        }
        Ok(())
    }
}
