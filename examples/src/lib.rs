//! What the programs share: a list of what is done, which survives the end of a process.

pub mod orders;

use std::{
    collections::HashSet,
    fs::{File, OpenOptions},
    io::{self, BufRead, BufReader, Write},
    path::Path,
};

/// Names of what is done, one per line in a file next to the input.
#[derive(Debug)]
pub struct Done {
    names: HashSet<String>,
    file: File,
}

impl Done {
    /// Reads what earlier runs have done.
    ///
    /// # Errors
    ///
    /// The file cannot be read or written.
    pub fn open(input: &Path) -> io::Result<Self> {
        let path = input.with_extension("done");
        let file = OpenOptions::new()
            .create(true)
            .read(true)
            .append(true)
            .open(path)?;
        let names = BufReader::new(&file).lines().collect::<Result<_, _>>()?;
        Ok(Self { names, file })
    }

    /// Whether an earlier run has done this.
    pub fn has(&self, name: &str) -> bool {
        self.names.contains(name)
    }

    /// Notes what is done.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn note<'n>(&mut self, names: impl IntoIterator<Item = &'n str>) -> io::Result<()> {
        let lines: String = names.into_iter().map(|name| format!("{name}\n")).collect();
        self.file.write_all(lines.as_bytes())
    }
}
