//! Commands that do not exist.

use std::fmt;
use tencent_chat_types::text::quoted;

/// There is no such command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownCommand {
    command: String,
    meant: Option<&'static str>,
}

impl UnknownCommand {
    pub(super) fn new(command: &str, known: &[&'static str]) -> Self {
        let last = |path: &str| path.rsplit('/').next().map(str::to_owned);
        let trimmed = command.trim().trim_start_matches('/');
        let meant = (known.iter().find(|path| **path == trimmed))
            .or_else(|| known.iter().find(|path| last(path) == last(trimmed)));
        Self {
            command: quoted(command).into_owned(),
            meant: meant.copied(),
        }
    }
}

impl fmt::Display for UnknownCommand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "there is no command \"{}\"", self.command)?;
        match self.meant {
            Some(meant) => write!(f, "; did you mean {meant:?}?"),
            None => {
                f.write_str("; expected a path such as \"v4/openim/sendmsg\", or \"*\" for all")
            }
        }
    }
}

impl std::error::Error for UnknownCommand {}
