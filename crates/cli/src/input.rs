//! Reads files and standard input, up to a limit.

use crate::failure::Failure;
use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};

/// Reads a whole file, or standard input if the file is `-` or not given.
pub(crate) fn read(path: Option<&Path>, most: u64) -> Result<Vec<u8>, Failure> {
    let path = path.filter(|path| path.as_os_str() != "-");
    let name = name(path);
    let mut bytes = Vec::new();
    let read = match path {
        Some(path) => File::open(path).and_then(|file| file.take(most + 1).read_to_end(&mut bytes)),
        None => io::stdin().lock().take(most + 1).read_to_end(&mut bytes),
    };
    read.map_err(|error| Failure::file(&name, &error))?;
    match bytes.len() as u64 > most {
        true => Err(Failure::usage(format!("{name} has more than {most} bytes"))),
        false => Ok(bytes),
    }
}

/// The same, as text.
pub(crate) fn read_text(path: Option<&Path>, most: u64) -> Result<String, Failure> {
    String::from_utf8(read(path, most)?).map_err(|_| {
        let error = io::Error::new(io::ErrorKind::InvalidData, "not UTF-8 text");
        Failure::file(&name(path), &error)
    })
}

/// The name of a file in errors.
pub(crate) fn name(path: Option<&Path>) -> String {
    match path {
        Some(path) if path.as_os_str() != "-" => path.display().to_string(),
        _ => "standard input".to_owned(),
    }
}
