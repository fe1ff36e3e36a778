//! Where secrets are stored, and errors without secrets.

use crate::{failure::Failure, input};
use std::{
    env,
    path::{Path, PathBuf},
};
use tencent_chat_client::SecretKey;

/// Maximum size of a secret read from a file or standard input.
const MAX_BYTES: u64 = 4096;

/// Maximum length of a key in a file that an error quotes. Secrets of apps are longer.
const LONGEST_NAME: usize = 32;

/// Where a secret is stored.
#[derive(Clone, Debug)]
pub(crate) enum Secret {
    /// In a file; `-` is standard input.
    File(PathBuf),
    /// In a variable, which must be set.
    Variable(String),
    /// In a variable, if that is set.
    IfSet(&'static str),
}

impl Secret {
    /// In the given file, otherwise in the given variable.
    pub(crate) fn of(file: Option<PathBuf>, variable: Option<String>) -> Option<Self> {
        file.map(Self::File)
            .or_else(|| variable.map(Self::Variable))
    }

    /// The first of several that is set.
    ///
    /// # Errors
    ///
    /// It can't be read, or is empty. The next one isn't used instead.
    pub(crate) fn first<'a>(
        secrets: impl IntoIterator<Item = &'a Self>,
    ) -> Result<Option<SecretKey>, Failure> {
        for secret in secrets {
            if let Some(found) = secret.read()? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    fn read(&self) -> Result<Option<SecretKey>, Failure> {
        match self {
            Self::File(path) => in_file(path).map(Some),
            Self::IfSet(variable) => in_variable(variable),
            Self::Variable(variable) => match in_variable(variable)? {
                Some(secret) => Ok(Some(secret)),
                None => Err(Failure::setup(format!("{variable} is not set"))),
            },
        }
    }
}

/// The secret in a variable; `None` if it is not set.
fn in_variable(variable: &str) -> Result<Option<SecretKey>, Failure> {
    match env::var(variable) {
        Ok(secret) if !secret.trim().is_empty() => Ok(Some(SecretKey::new(secret))),
        Ok(_) => Err(Failure::setup(format!("{variable} is empty"))),
        Err(env::VarError::NotPresent) => Ok(None),
        Err(env::VarError::NotUnicode(_)) => {
            Err(Failure::setup(format!("{variable} is not valid Unicode")))
        }
    }
}

/// The secret in a file, without the line break.
fn in_file(path: &Path) -> Result<SecretKey, Failure> {
    let text = input::read_text(Some(path), MAX_BYTES).map_err(Failure::of_setup)?;
    match text.trim_end_matches(['\r', '\n']) {
        "" => Err(Failure::setup(format!(
            "{} is empty",
            input::name(Some(path))
        ))),
        secret => Ok(SecretKey::new(secret)),
    }
}

/// A parser's error, with what it expected but without what it found, which may be a misplaced
/// secret.
pub(crate) fn without_values(problem: &str) -> String {
    // The name is one of ours.
    if problem.starts_with("missing field") {
        return problem.to_owned();
    }
    if let Some(rest) = problem.strip_prefix("unknown field `") {
        // The parser lists the known names after it.
        let (name, place) = rest.split_once('`').unwrap_or_default();
        let place = place.rfind(" at line ").and_then(|at| place.get(at..));
        let is_name = |c: char| c.is_ascii_lowercase() || c == '_';
        let place = place.unwrap_or_default();
        return match name.len() <= LONGEST_NAME && name.chars().all(is_name) {
            true => format!("unknown field `{name}`{place}"),
            false => format!("unknown field{place}"),
        };
    }
    let end = problem.find([':', '`', '"', '\'']).unwrap_or(problem.len());
    let (what, rest) = problem.split_at(end);
    let what = what.trim_end_matches([' ', ',']);
    match rest.rfind("expected ").and_then(|at| rest.get(at..)) {
        Some(expected) => format!("{what}, {expected}"),
        None => match rest.rfind(" at line ").and_then(|at| rest.get(at..)) {
            Some(place) => format!("{what}{place}"),
            None => what.to_owned(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code, reason = "only read")]
    struct Some {
        number: u64,
        list: Vec<String>,
        kind: Kind,
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Kind {
        One,
        Other,
    }

    #[test]
    fn parser_errors_name_what_was_expected_and_never_what_was_found() {
        let secret = "7a3f0c55d1e94b6fa8217c6e5d4b3a29887766554433221100ffeeddccbbaa99";
        for (text, says) in [
            (format!("number = \"{secret}\""), "expected u64"),
            (
                format!("number = 1\nlist = \"{secret}\""),
                "expected a sequence",
            ),
            (
                format!("number = 1\nlist = []\nkind = \"{secret}\""),
                "expected `one` or `other`",
            ),
            (format!("{secret} = 1"), "unknown field"),
            (secret.to_owned(), ""),
            (format!("number = {secret}"), ""),
            (format!("number = \"{secret}"), ""),
            (format!("[{secret}"), ""),
            (format!("a.{secret} = 1\na.{secret} = 2"), ""),
        ] {
            let error = toml::from_str::<Some>(&text).unwrap_err();
            let shown = without_values(error.message());
            assert!(
                !shown.contains(secret) && shown.contains(says),
                "{text}: {shown}"
            );
            assert!(!shown.is_empty());
        }
        for (text, says) in [
            (
                format!(r#"{{ "number": "{secret}" }}"#),
                "expected u64 at line 1",
            ),
            (format!(r#"{{ "{secret}": 1 }}"#), "unknown field at line 1"),
            (
                r#"{ "numbre": 1 }"#.to_owned(),
                "unknown field `numbre` at line 1",
            ),
            (
                r#"{ "number": 1 }"#.to_owned(),
                "missing field `list` at line 1",
            ),
            (secret.to_owned(), "at line 1"),
        ] {
            let error = serde_json::from_str::<Some>(&text).unwrap_err().to_string();
            let shown = without_values(&error);
            assert!(
                !shown.contains(secret) && shown.contains(says),
                "{text}: {shown}"
            );
        }
    }
}
