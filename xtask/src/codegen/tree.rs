//! Last stage: what was generated meets what is on disk.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::{Path, PathBuf},
};

/// Generated files by path relative to the workspace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tree {
    files: BTreeMap<String, String>,
    folders: BTreeSet<String>,
}

/// What writing changed.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Report {
    /// Files that are new or different.
    pub written: Vec<String>,
    /// Files that were right already.
    pub unchanged: usize,
    /// Files that nothing generates any more.
    pub removed: Vec<String>,
}

/// A file that is not what the spec says.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Drift {
    /// The file.
    pub path: String,
    /// Unified diff from the file to what the spec says.
    pub diff: String,
}

impl Tree {
    /// Adds a file.
    pub fn insert(&mut self, path: String, text: String) {
        self.files.insert(path, text);
    }

    /// Declares a folder in which every file is generated.
    pub fn own(&mut self, folder: &str) {
        self.folders.insert(folder.to_owned());
    }

    /// Path and text of each file.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files
            .iter()
            .map(|(path, text)| (path.as_str(), text.as_str()))
    }

    /// Text of one file.
    pub fn get(&self, path: &str) -> Option<&str> {
        self.files.get(path).map(String::as_str)
    }

    /// Writes what differs and removes what nothing generates any more.
    ///
    /// # Errors
    ///
    /// The first file that cannot be read, written or removed.
    pub fn write(&self, root: &Path) -> io::Result<Report> {
        let mut report = Report::default();
        for (path, text) in &self.files {
            let full = root.join(path);
            if fs::read(&full).is_ok_and(|old| old == text.as_bytes()) {
                report.unchanged += 1;
                continue;
            }
            if let Some(folder) = full.parent() {
                fs::create_dir_all(folder)?;
            }
            fs::write(&full, text)?;
            report.written.push(path.clone());
        }
        for path in self.strays(root)? {
            fs::remove_file(root.join(&path))?;
            report.removed.push(path);
        }
        Ok(report)
    }

    /// Every file that differs from what the spec says.
    ///
    /// # Errors
    ///
    /// A folder that cannot be listed.
    pub fn drift(&self, root: &Path) -> io::Result<Vec<Drift>> {
        let mut found = Vec::new();
        let mut compare = |path: &str, text: &str| {
            let old =
                fs::read(root.join(path)).map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
            let old = old.unwrap_or_default();
            if old != text {
                let diff = similar::TextDiff::from_lines(old.as_str(), text);
                let diff = diff
                    .unified_diff()
                    .header(path, "what the spec says")
                    .to_string();
                found.push(Drift {
                    path: path.to_owned(),
                    diff,
                });
            }
        };
        for (path, text) in &self.files {
            compare(path, text);
        }
        for path in self.strays(root)? {
            compare(&path, "");
        }
        Ok(found)
    }

    /// Files in owned folders that nothing generates.
    fn strays(&self, root: &Path) -> io::Result<Vec<String>> {
        let mut strays = Vec::new();
        let mut open: Vec<PathBuf> = self.folders.iter().map(PathBuf::from).collect();
        while let Some(folder) = open.pop() {
            let entries = match fs::read_dir(root.join(&folder)) {
                Ok(entries) => entries,
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(error),
            };
            for entry in entries {
                let entry = entry?;
                let path = folder.join(entry.file_name());
                if entry.file_type()?.is_dir() {
                    open.push(path);
                    continue;
                }
                let path = path.to_string_lossy().replace('\\', "/");
                if !self.files.contains_key(&path) {
                    strays.push(path);
                }
            }
        }
        strays.sort();
        Ok(strays)
    }
}
