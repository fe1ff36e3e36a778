//! Why something failed, and with which exit code the program ends.

use serde_json::{Map, Value, json};
use std::{fmt, io, path::Path, process::ExitCode};
use tencent_chat_client::{ConfigError, Error, ErrorKind};

/// Exit codes. `--help` lists them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// The reader of the output closed it.
    ClosedPipe = 0,
    Refused = 1,
    Usage = 2,
    Setup = 3,
    Unanswered = 4,
    File = 5,
    Stopped = 6,
}

/// Why something failed.
#[derive(Debug)]
pub(crate) struct Failure {
    exit: Exit,
    message: String,
    /// What to do about it.
    help: Option<String>,
    /// Facts for machines.
    facts: Map<String, Value>,
}

impl Failure {
    fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self {
            exit,
            message: message.into(),
            help: None,
            facts: Map::new(),
        }
    }

    /// The service or the app refused, or a check failed.
    pub(crate) fn refused(message: impl Into<String>) -> Self {
        Self::new(Exit::Refused, message)
    }

    /// The command line, or something that it names, is invalid.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, message)
    }

    /// Configuration is missing or invalid.
    pub(crate) fn setup(message: impl Into<String>) -> Self {
        Self::new(Exit::Setup, message)
    }

    /// There was no valid reply.
    pub(crate) fn unanswered(message: impl Into<String>) -> Self {
        Self::new(Exit::Unanswered, message)
    }

    /// A file could not be read or written.
    pub(crate) fn file(name: &str, error: &io::Error) -> Self {
        Self::new(Exit::File, format!("{name}: {error}"))
    }

    /// The file at a path could not be read or written.
    pub(crate) fn path(path: &Path, error: &io::Error) -> Self {
        Self::file(&path.display().to_string(), error)
    }

    /// Standard output could not be written.
    pub(crate) fn output(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::new(Exit::ClosedPipe, ""),
            _ => Self::file("standard output", error),
        }
    }

    /// It was stopped early; the same command resumes.
    pub(crate) fn stopped(message: impl Into<String>) -> Self {
        Self::new(Exit::Stopped, message)
    }

    /// The same failure as a configuration error.
    pub(crate) fn of_setup(self) -> Self {
        Self {
            exit: Exit::Setup,
            ..self
        }
    }

    /// Adds what to do about it.
    #[must_use]
    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Adds an alternative.
    #[must_use]
    pub(crate) fn and_help(self, more: &str) -> Self {
        let before = self.help.as_ref().map(|help| format!("{help}\n  "));
        let help = format!("{}{more}", before.unwrap_or_default());
        self.help(help)
    }

    /// Adds "did you mean", if there is a similar name.
    #[must_use]
    pub(crate) fn meant(self, meant: Option<impl fmt::Display>) -> Self {
        match meant {
            Some(meant) => self.help(format!("did you mean {meant}?")),
            None => self,
        }
    }

    /// Adds a fact for machines.
    #[must_use]
    pub(crate) fn fact(mut self, name: &str, fact: Value) -> Self {
        self.facts.insert(name.to_owned(), fact);
        self
    }

    /// The failure and what to do about it, on one line.
    pub(crate) fn in_line(&self) -> String {
        let help = self.help.as_ref().map(|help| format!("; {help}"));
        format!("{}{}", self.message, help.unwrap_or_default())
    }

    pub(crate) fn exit_code(&self) -> ExitCode {
        ExitCode::from(self.exit as u8)
    }

    /// Whether the reader is gone, so that there is nothing to report.
    pub(crate) fn is_silent(&self) -> bool {
        self.exit == Exit::ClosedPipe
    }

    pub(crate) fn as_json(&self) -> Value {
        let mut all = json!({ "error": self.message });
        if let Value::Object(all) = &mut all {
            if let Some(help) = &self.help {
                all.insert("help".into(), json!(help));
            }
            all.extend(self.facts.clone());
        }
        all
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error: {}", self.message)?;
        match &self.help {
            Some(help) => write!(f, "\n  help: {help}"),
            None => Ok(()),
        }
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self::setup(error.to_string())
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::from(&error)
    }
}

impl From<&Error> for Failure {
    fn from(error: &Error) -> Self {
        let exit = match error.kind() {
            ErrorKind::Api => Exit::Refused,
            ErrorKind::BadPath | ErrorKind::Invalid | ErrorKind::Region | ErrorKind::Encode => {
                Exit::Usage
            }
            ErrorKind::Sign => Exit::Setup,
            _ => Exit::Unanswered,
        };
        let mut failure = Self::new(exit, error.to_string());
        let facts = [
            ("command", json!(error.endpoint())),
            ("code", json!(error.code().map(|code| code.0))),
            (
                "who_must_act",
                json!(error.class().map(|class| class.to_string())),
            ),
            (
                "repeat_helps",
                json!(error.repeat().map(|repeat| repeat.to_string())),
            ),
            ("repeat_is_safe", json!(error.is_repeat_safe())),
            ("sent", json!(format!("{:?}", error.sent()).to_lowercase())),
        ];
        failure.facts = (facts.into_iter())
            .filter(|(_, value)| !value.is_null())
            .map(|(name, value)| (name.to_owned(), value))
            .collect();
        if let Some(class) = error.class() {
            let repeat = error.repeat();
            let repeat =
                repeat.map_or(String::new(), |repeat| format!("; a retry helps: {repeat}"));
            failure.help = Some(format!("who must act: {class}{repeat}"));
        }
        failure
    }
}
