//! Which files are pages.

use crate::codegen::diagnostic::{Diagnostic, Diagnostics};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// The files under all paths; folders are walked, hidden entries are skipped.
pub(super) fn files(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Diagnostics> {
    let mut errors = Diagnostics::default();
    let mut files = Vec::new();
    for path in paths {
        if path.is_dir() {
            let before = files.len();
            walk(path, &mut files, 0, &mut errors);
            if files.len() == before {
                let message = "the folder holds no page";
                errors.push(Diagnostic::of_file(path.display().to_string(), message));
            }
        } else if path.exists() {
            files.push(path.clone());
        } else {
            let message = "there is no such file or folder";
            errors.push(Diagnostic::of_file(path.display().to_string(), message));
        }
    }
    errors.into_result(files)
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>, depth: usize, errors: &mut Diagnostics) {
    /// Files that browsers and people keep next to pages.
    const OTHER: &[&str] = &[
        "css", "js", "png", "jpg", "jpeg", "gif", "svg", "ico", "woff", "woff2", "ttf", "json",
        "jsonl", "toml", "map", "webp",
    ];
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) => {
            let message = format!("the folder cannot be read: {error}");
            errors.push(Diagnostic::of_file(folder.display().to_string(), message));
            return;
        }
    };
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let ending = path
            .extension()
            .unwrap_or_default()
            .to_string_lossy()
            .to_lowercase();
        if name.starts_with('.') || name.ends_with("_files") {
            continue;
        }
        if path.is_dir() {
            if depth < 32 {
                walk(&path, files, depth + 1, errors);
            }
        } else if !OTHER.contains(&ending.as_str()) {
            files.push(path);
        }
    }
}
