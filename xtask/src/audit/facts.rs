//! The content of a page as facts, independent of the spec.

use super::{digest::Digest, quota::Quota, sample::Sample, vocabulary::Class};
use std::collections::BTreeMap;

/// The body to which a field belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Side {
    /// Body of a request.
    Request,
    /// Body of a webhook.
    Event,
    /// Body of a reply, or of an answer.
    Reply,
}

impl Side {
    /// As paths begin.
    pub fn word(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::Event => "event",
            Self::Reply => "reply",
        }
    }
}

/// What a page is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// A command, by its path.
    Command(String),
    /// A command by the address of its request, and another that its parameter table names.
    Either(String, String),
    /// A webhook, by its name.
    Webhook(String),
    /// All error codes.
    ErrorCodes,
    /// A list of commands and webhooks.
    Index(Vec<(String, usize)>),
    /// A document without a command, which the vocabulary names.
    Document(String),
    /// Nothing to compare, and the reason.
    Nothing(String),
}

/// A row of a table of fields.
#[derive(Clone, Debug)]
pub struct Row {
    /// Name, in parts where it is dotted; without `[]`.
    pub names: Vec<String>,
    /// The meaning of its type, if the vocabulary knows it.
    pub classes: Vec<Class>,
    /// Its type as written on the page.
    pub ty: String,
    /// Its word for "must be sent"; `Some(None)` where it depends.
    pub required: Option<Option<bool>>,
    /// Its sentences.
    pub text: String,
    /// Line of the page.
    pub line: usize,
    /// Number of the table.
    pub table: usize,
    /// The container that the table's heading names.
    pub hint: Option<String>,
}

/// What a page says about one body.
#[derive(Clone, Debug, Default)]
pub struct Body {
    /// Rows of tables.
    pub rows: Vec<Row>,
    /// Samples.
    pub samples: Vec<Sample>,
}

/// A code that a page lists.
#[derive(Clone, Debug)]
pub struct Code {
    /// The first, and the last of a range.
    pub range: (i64, i64),
    /// What the page says of it.
    pub text: String,
    /// Line of the page.
    pub line: usize,
    /// Heading that it stands under.
    pub heading: String,
}

/// A page's contradiction of itself.
#[derive(Clone, Debug)]
pub struct Contradiction {
    /// What says so.
    pub place: String,
    /// What it says.
    pub says: String,
    /// What the page says elsewhere.
    pub against: String,
    /// Line of the page.
    pub line: usize,
}

/// Everything that a page says.
#[derive(Clone, Debug)]
pub struct Facts {
    /// What it is about.
    pub subject: Subject,
    /// Its address, where the file names it.
    pub address: Option<String>,
    /// The vendor's date of its text.
    pub updated: Option<String>,
    /// Whether the page is complete, so that missing content says something.
    pub whole: bool,
    /// Bodies.
    pub bodies: BTreeMap<Side, Body>,
    /// Samples outside the parts of a command's page.
    pub loose: Vec<Sample>,
    /// How often the command may be called, with the line.
    pub quotas: Vec<(Quota, usize)>,
    /// Hosts, with the line.
    pub hosts: Vec<(String, usize)>,
    /// Error codes.
    pub codes: Vec<Code>,
    /// Contradictions of the page about its own subject.
    pub contradictions: Vec<Contradiction>,
    /// Tables that lost cells, with the line of their first row.
    pub dropped: Vec<usize>,
    /// Title, where it has one.
    pub title: Option<String>,
    /// What tells a changed page.
    pub digest: Digest,
}
