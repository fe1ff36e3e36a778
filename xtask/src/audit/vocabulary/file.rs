//! The form of `spec/audit/vocabulary.toml`.

use crate::codegen::spec::At;
use schemars::JsonSchema;
use serde::Deserialize;

/// `spec/audit/vocabulary.toml`: the vocabulary for reading the vendor's pages.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VocabularyFile {
    /// Headings that begin a part of a page; the first match counts.
    #[serde(rename = "part")]
    pub parts: Vec<PartWords>,
    /// Names of the columns of tables.
    pub headers: Headers,
    /// What a column of types says.
    pub types: Types,
    /// Content of a "must be sent" column.
    pub required: RequiredWords,
    /// How a quota is said.
    pub quotas: QuotaWords,
    /// How a page dates the last change of its text.
    pub dates: DateWords,
    /// What the hosts of the service look like.
    pub hosts: HostWords,
    /// How commands are named.
    pub commands: CommandWords,
    /// Fields with a meaning of their own.
    pub fields: FieldWords,
    /// How lengths are said.
    pub limits: LimitWords,
    /// Ranges of codes that only client SDKs report.
    #[serde(default)]
    pub client_codes: Vec<CodeWords>,
    /// The page of all error codes.
    pub errors: ErrorWords,
    /// Parts of a saved HTML page outside the document.
    pub html: HtmlWords,
    /// Pages that document no command.
    #[serde(default, rename = "document")]
    pub documents: Vec<Document>,
    /// Signs of a page that was not delivered.
    pub unusable: Unusable,
    /// How a new command is drafted.
    pub draft: DraftWords,
}

/// A part of a page.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// The address of a request.
    RequestUrl,
    /// Parameters of the query.
    Parameters,
    /// How often the command may be called.
    Quota,
    /// Bodies of requests.
    RequestSample,
    /// Fields of requests.
    RequestFields,
    /// Bodies of replies.
    ReplySample,
    /// Fields of replies.
    ReplyFields,
    /// The codes of the command.
    Errors,
    /// What stands at the end of a page.
    End,
    /// Anything else.
    Prose,
}

/// How a part is headed.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PartWords {
    /// The part.
    pub kind: Part,
    /// What its heading contains.
    pub words: Vec<At<String>>,
}

/// Names of the columns of tables.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Headers {
    /// Names of fields.
    pub field: Vec<At<String>>,
    /// Types of fields.
    #[serde(rename = "type")]
    pub ty: Vec<At<String>>,
    /// Whether a field must be sent.
    pub required: Vec<At<String>>,
    /// Sentences.
    pub text: Vec<At<String>>,
    /// Error codes.
    pub code: Vec<At<String>>,
}

/// Content of a type column, by its meaning on the wire.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Types {
    /// A string.
    pub string: Vec<At<String>>,
    /// A whole number.
    pub integer: Vec<At<String>>,
    /// Any number.
    pub number: Vec<At<String>>,
    /// true or false.
    pub bool: Vec<At<String>>,
    /// A list.
    pub array: Vec<At<String>>,
    /// An object.
    pub object: Vec<At<String>>,
    /// A type that says nothing comparable.
    pub other: Vec<At<String>>,
}

/// Content of a "must be sent" column.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RequiredWords {
    /// It must be sent.
    pub yes: Vec<At<String>>,
    /// It may be left out.
    pub no: Vec<At<String>>,
    /// Words in the text of a row that mean it may be left out, whatever the column says.
    pub conditional: Vec<String>,
}

/// How a quota is said.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct QuotaWords {
    /// Phrases of `{calls}` `{count}` `{per}` `{seconds}` `{unit}` and `{fill}`.
    pub phrases: Vec<At<String>>,
    /// What is counted.
    pub count: Vec<String>,
    /// Words for the number one.
    pub once: Vec<String>,
    /// What stands before the unit.
    pub per: Vec<String>,
    /// A second.
    pub second: Vec<String>,
    /// A minute.
    pub minute: Vec<String>,
    /// An hour.
    pub hour: Vec<String>,
    /// A day.
    pub day: Vec<String>,
}

/// How a page dates the last change of its text.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DateWords {
    /// What stands before the date.
    pub updated: Vec<String>,
}

/// What the hosts of the service look like.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HostWords {
    /// Ends of hosts, with the leading dot.
    pub suffixes: Vec<At<String>>,
    /// Beginnings of hosts, for those that are glued to the word before.
    pub prefixes: Vec<String>,
    /// Hosts with such an end that do not serve the API.
    pub foreign: Vec<String>,
}

/// How commands are named.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CommandWords {
    /// What the query of a request URL has.
    pub query: Vec<String>,
    /// What the row of a parameter table says of a path.
    pub parameter: Vec<String>,
    /// The parameter that names a webhook.
    pub webhook: String,
    /// Services of other products; `*` stands for anything.
    pub neighbour_services: Vec<At<String>>,
    /// First parts of the webhooks of other products.
    pub neighbour_webhooks: Vec<At<String>>,
}

/// Fields with a meaning of their own.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FieldWords {
    /// Integers that are a sum of bits.
    pub bit_sets: Vec<String>,
    /// Fields of replies that say how a request went.
    pub results: Vec<String>,
}

/// How lengths are said.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LimitWords {
    /// Words after a number of bytes.
    pub bytes: Vec<String>,
    /// Words after a number of units of 1,024 bytes.
    pub kilobytes: Vec<String>,
    /// Words before the largest number of list entries.
    pub most_before: Vec<String>,
    /// Words after the largest number of list entries.
    pub most_behind: Vec<String>,
}

/// A range of codes.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CodeWords {
    /// The first.
    pub from: i64,
    /// The last.
    pub to: i64,
}

/// The page of all error codes.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ErrorWords {
    /// Headings of parts about client SDKs.
    pub client_parts: Vec<String>,
    /// Headings of parts about the server.
    pub server_parts: Vec<String>,
}

/// Parts of a saved HTML page outside the document.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HtmlWords {
    /// Elements.
    pub frame_elements: Vec<String>,
    /// Words in class, id and role.
    pub frame_words: Vec<String>,
}

/// A page that documents no command.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Document {
    /// What it is about.
    pub name: At<String>,
    /// Any of these marks it.
    pub signs: Vec<String>,
}

/// Signs of a page that was not delivered.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Unusable {
    /// Any of these, on a page without a command.
    pub signs: Vec<String>,
}

/// How a new command is drafted. `*` stands for anything.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DraftWords {
    /// Integers that are 0 or 1.
    pub flags: Vec<String>,
    /// Name of the reply field that goes into the request field `{}` for the next page.
    pub cursor_next: Vec<At<String>>,
    /// Reply flags that are 1 on the last page.
    pub end_flags: Vec<String>,
    /// Last path segments of commands that change nothing.
    pub reads: Vec<String>,
}
