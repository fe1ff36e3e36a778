//! The spec language: one struct per kind of file under `spec/`.
//!
//! These structs read the files, and `spec/schema/*.json` is derived from them for editors and
//! for the first check of every file. A key that is not named here is an error.

pub mod usersig;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer, Serialize, de};
use std::{borrow::Cow, fmt, marker::PhantomData, ops::Range};

/// `spec/endpoints/<family>/<command>.toml`: one REST command.
///
/// The file's name is the command's Rust name (`get_contact_group` gives `GetContactGroup` and
/// `GetContactGroupReply`); its folder is a family of `spec/families.toml`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EndpointFile {
    /// Path below the host, without a leading slash: `v4/<service>/<command>`.
    pub path: At<String>,
    /// Title of the vendor's page.
    pub title: String,
    /// What the command does, in one sentence of our own.
    pub summary: At<String>,
    /// More that a caller must know: side effects, editions, prerequisites. Markdown.
    pub details: Option<String>,
    /// The vendor's page that this file was written from.
    pub page: At<Page>,
    /// How often the command may be called: one quota, or a list of those that all hold at once.
    /// Left out when no source says so.
    #[serde(default)]
    pub quota: Quotas,
    /// Ids of the regions that serve the command, where not all do. The client refuses a call in
    /// another region before sending it.
    #[serde(default)]
    pub regions: Vec<At<String>>,
    /// Whether the same request may be sent twice.
    pub repeat: At<Repeat>,
    /// For how many seconds the service drops a second request that is the same, where a source says so;
    /// only with `deduplicated_by`. Later it acts again.
    pub duplicate_seconds: Option<At<u32>>,
    /// Only for a command whose successful replies have neither `ActionStatus` nor `ErrorCode`: the source that
    /// shows this. Without it, such a reply does not count as the service's.
    pub bare_reply: Option<At<String>>,
    /// How much the service keeps, or puts into one reply, beyond the limits of single fields: constants of
    /// the request type, by name.
    #[serde(default)]
    pub capacity: Ordered<Capacity>,
    /// How the command pages. Left out for commands that answer everything at once.
    pub paging: Option<Paging>,
    /// How a request with more items than one call takes is split. Left out if the list is one unit, or if it
    /// matters in which order or together with which others the items are sent.
    pub batch: Option<Batch>,
    /// Fields of the request body, by wire name, in the order of the page.
    #[serde(default)]
    pub request: Ordered<Field>,
    /// Optional fields of the request exactly one of which is sent: forms of the same thing, first the one for
    /// which constructors are called `new`.
    #[serde(default)]
    pub one_of: Vec<At<String>>,
    /// Fields of the reply body besides the common ones of `spec/protocol.toml`.
    #[serde(default)]
    pub reply: Ordered<Field>,
    /// Object types that only this command uses.
    #[serde(default)]
    pub types: Ordered<ObjectType>,
    /// Enums that only this command uses.
    #[serde(default)]
    pub enums: Ordered<EnumType>,
    /// Unions that only this command uses.
    #[serde(default)]
    pub unions: Ordered<UnionType>,
    /// Error codes that the page lists; each has its meaning in `spec/errors.toml`.
    #[serde(default)]
    pub errors: Vec<At<i64>>,
    /// What a code means for this command where that is narrower than `spec/errors.toml` says.
    #[serde(default)]
    pub error_notes: Ordered<String>,
    /// Seconds after which a repeat can help at the earliest, by code, where that is so for this
    /// command alone.
    #[serde(default)]
    pub retry_after: Ordered<u32>,
    /// Requests and replies that we composed.
    #[serde(default, rename = "sample")]
    pub samples: Vec<Sample>,
    /// Where the sources contradict themselves or each other.
    #[serde(default, rename = "erratum")]
    pub errata: Vec<Erratum>,
}

/// `spec/shared/<name>.toml`: types that two or more commands or webhooks use.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SharedFile {
    /// What the types of this file have in common.
    pub doc: String,
    /// The vendor's page that this file was written from.
    pub page: At<Page>,
    /// Object types.
    #[serde(default)]
    pub types: Ordered<ObjectType>,
    /// Enums.
    #[serde(default)]
    pub enums: Ordered<EnumType>,
    /// Unions.
    #[serde(default)]
    pub unions: Ordered<UnionType>,
    /// Where the sources contradict themselves or each other.
    #[serde(default, rename = "erratum")]
    pub errata: Vec<Erratum>,
}

/// `spec/families.toml`: the groups of commands, in the order of the documentation.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FamiliesFile {
    /// The families.
    #[serde(default, rename = "family")]
    pub families: Vec<Family>,
}

/// One family of commands.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Family {
    /// Folder below `spec/endpoints` and module name: snake_case.
    pub name: At<String>,
    /// What the family covers, in one sentence.
    pub doc: String,
}

/// `spec/webhooks.toml`: what all webhooks share.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WebhooksFile {
    /// The vendor's page that this file was written from.
    pub page: At<Page>,
    /// Seconds after which the service stops waiting for the app's answer.
    pub timeout_seconds: u32,
    /// Key of the body that names the webhook; the query has a parameter of the same name.
    pub tag: At<String>,
    /// Parameters of the query string, in the order of the page.
    #[serde(default)]
    pub query: Ordered<QueryParameter>,
    /// Enums that the query uses.
    #[serde(default)]
    pub enums: Ordered<EnumType>,
    /// What several webhooks have in common, so that one function handles them all; each names those that it has.
    #[serde(default)]
    pub traits: Ordered<EventTrait>,
    /// The groups of webhooks, in the order of the documentation.
    #[serde(default, rename = "family")]
    pub families: Vec<Family>,
    /// Where the sources contradict themselves or each other.
    #[serde(default, rename = "erratum")]
    pub errata: Vec<Erratum>,
}

impl WebhooksFile {
    /// The fields of an event's body: the tag where it has one, whose type is the enum of all
    /// webhooks and is called like the tag, and the event's own.
    pub fn event_fields(&self, event: &WebhookFile) -> Ordered<Field> {
        if !event.tagged {
            return event.event.clone();
        }
        let here = |value: &str| At {
            value: value.to_owned(),
            span: self.tag.span.clone(),
        };
        let tag = Field {
            row: None,
            ty: here(&self.tag),
            required: true,
            doc: here("Name of the webhook."),
            default: None,
            rust: None,
            max_bytes: None,
            max_chars: None,
            min_items: None,
            max_items: None,
            quoted: false,
            random: false,
            secret: false,
            min: None,
            max: None,
            deprecated: None,
            unconfirmed: None,
        };
        let mut fields = vec![(self.tag.clone(), tag)];
        fields.extend(event.event.0.iter().cloned());
        Ordered(fields)
    }
}

/// What several webhooks have in common: a Rust trait of that name.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EventTrait {
    /// What they have in common.
    pub doc: At<String>,
    /// Fields that all of them have, with one type, and required in all of them or in none.
    pub event: Vec<At<String>>,
    /// Whether the app may refuse, with codes of its own too.
    #[serde(default)]
    pub refuse: bool,
    /// Whether the app may drop.
    #[serde(default)]
    pub drop: bool,
    /// Fields that all answers can change.
    #[serde(default)]
    pub change: Vec<At<String>>,
}

/// `spec/webhooks/<family>/<event>.toml`: one webhook.
///
/// The file's name is the event's Rust name (`state_change` gives `StateChange`), unique among all
/// webhooks; its folder is a family of `spec/webhooks.toml`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WebhookFile {
    /// Name of the webhook on the wire: `<Service>.<Event>`.
    pub command: At<String>,
    /// Title of the vendor's page.
    pub title: String,
    /// What has happened or is about to happen, in one sentence of our own.
    pub summary: At<String>,
    /// More that an app must know: what triggers it and what does not, editions. Markdown.
    pub details: Option<String>,
    /// The vendor's page that this file was written from.
    pub page: At<Page>,
    /// Whether the app is asked or told.
    pub when: At<When>,
    /// Whether the body names the webhook too; the query always does.
    #[serde(default = "yes")]
    pub tagged: bool,
    /// What it has in common with others: names under `[traits]` of `spec/webhooks.toml`.
    #[serde(default)]
    pub traits: Vec<At<String>>,
    /// Fields of the event, by wire name, whose values together tell one occurrence from every
    /// other. Left out when the sources name none; then the whole body does.
    #[serde(default)]
    pub identity: Vec<At<String>>,
    /// Fields of the body besides the tag, by wire name, in the order of the page.
    #[serde(default)]
    pub event: Ordered<Field>,
    /// What the app may answer; for webhooks that ask.
    pub answer: Option<Answer>,
    /// Fields of the answer's body besides the common ones of `spec/protocol.toml`.
    #[serde(default)]
    pub reply: Ordered<Field>,
    /// Object types that only this webhook uses.
    #[serde(default)]
    pub types: Ordered<ObjectType>,
    /// Enums that only this webhook uses.
    #[serde(default)]
    pub enums: Ordered<EnumType>,
    /// Unions that only this webhook uses.
    #[serde(default)]
    pub unions: Ordered<UnionType>,
    /// Events and answers that we composed.
    #[serde(default, rename = "sample")]
    pub samples: Vec<WebhookSample>,
    /// Where the sources contradict themselves or each other.
    #[serde(default, rename = "erratum")]
    pub errata: Vec<Erratum>,
}

const fn yes() -> bool {
    true
}

/// Whether a webhook asks the app or tells it.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum When {
    /// Before it happens: the answer decides.
    Before,
    /// After it happened: the answer is ignored.
    After,
}

/// What an app may answer to a webhook that asks.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// What follows from allowing it.
    pub allow: At<String>,
    /// Refusing all of it.
    pub refuse: Option<Refuse>,
    /// Dropping it while the user is told that it worked.
    pub drop: Option<CodedAnswer>,
    /// What follows from the fields under `[reply]`, which change what happens. Named when there
    /// are any besides the results of `each`.
    pub change: Option<At<String>>,
    /// Judging item by item.
    pub each: Option<Each>,
}

/// An answer that is one error code.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CodedAnswer {
    /// The code.
    pub code: At<i64>,
    /// What follows from it.
    pub doc: At<String>,
}

/// Refusing.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Refuse {
    /// The code that refuses without a reason of the app's own.
    pub code: At<i64>,
    /// Codes that reach the user together with the app's text.
    pub codes: Option<CodeRange>,
    /// What follows from refusing.
    pub doc: At<String>,
}

/// Codes that an app chooses from.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CodeRange {
    /// The first.
    pub from: At<i64>,
    /// The last.
    pub to: i64,
}

/// Judging item by item: the reply has a result for each item of the event.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Each {
    /// List of the event.
    pub items: At<String>,
    /// Field of its items that names the item.
    pub key: At<String>,
    /// List of the reply.
    pub results: At<String>,
    /// Field of the results that names the item.
    pub result_key: At<String>,
    /// Field of the results that holds the code; zero allows.
    pub code: At<String>,
    /// Field of the results that holds the app's text.
    pub info: At<String>,
    /// Codes that refuse an item.
    pub codes: CodeRange,
    /// What follows from refusing an item.
    pub doc: At<String>,
}

/// An event and answers to it, composed by us.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WebhookSample {
    /// snake_case, unique in the file.
    pub name: At<String>,
    /// What the sample shows.
    pub note: Option<String>,
    /// The event's body as JSON, with the tag.
    pub event: Option<At<String>>,
    /// The answer's body as JSON.
    pub reply: Option<At<String>>,
}

/// `spec/regions.toml`: where the service can be reached.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RegionsFile {
    /// The vendor's page that this file was written from.
    pub page: At<Page>,
    /// The regions.
    #[serde(default, rename = "region")]
    pub regions: Vec<Region>,
    /// Where the sources contradict themselves or each other.
    #[serde(default, rename = "erratum")]
    pub errata: Vec<Erratum>,
}

/// One region of the service.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Region {
    /// Identifier for configuration files: snake_case.
    pub id: At<String>,
    /// Name as the console shows it.
    pub name: String,
    /// Host of the REST API.
    pub host: At<String>,
    /// Hosts to use when the first does not answer.
    #[serde(default)]
    pub standby_hosts: Vec<At<String>>,
    /// Whether the newest page still lists the region.
    #[serde(default)]
    pub status: RegionStatus,
    /// What else is known.
    pub note: Option<String>,
}

/// Whether a region is still documented.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum RegionStatus {
    /// Listed on the newest page.
    #[default]
    Current,
    /// Only listed on older pages.
    Retired,
}

/// `spec/protocol.toml`: what all commands share.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProtocolFile {
    /// The vendor's page that this file was written from.
    pub page: At<Page>,
    /// Seconds after which the service itself gives up on a request.
    pub server_timeout_seconds: u32,
    /// Longest request body that the service accepts, in bytes.
    pub max_request_bytes: Option<u64>,
    /// Parameters of the query string, in the order of the page.
    #[serde(default)]
    pub query: Ordered<QueryParameter>,
    /// Fields that every reply may carry.
    #[serde(default)]
    pub reply: Ordered<Field>,
    /// Enums that the common fields use.
    #[serde(default)]
    pub enums: Ordered<EnumType>,
    /// Where the sources contradict themselves or each other.
    #[serde(default, rename = "erratum")]
    pub errata: Vec<Erratum>,
}

/// One parameter of the query string.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct QueryParameter {
    /// Name of the constant that holds the parameter's name: UPPER_SNAKE_CASE.
    pub rust: At<String>,
    /// The value, when it is always the same.
    pub value: Option<String>,
    /// What a client does about it besides sending it, where that is something.
    pub role: Option<QueryRole>,
    /// What the parameter is for.
    pub doc: String,
}

/// What a client does about a parameter of the query.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum QueryRole {
    /// It proves who calls, and must stay secret.
    Credential,
    /// It has another value for each call, made by the client.
    PerCall,
}

/// `spec/errors.toml`: every public error code.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ErrorsFile {
    /// The vendor's page that this file was written from.
    pub page: At<Page>,
    /// The codes, in ascending order.
    #[serde(default, rename = "code")]
    pub codes: Vec<ErrorCode>,
    /// Ranges of codes that the app itself chooses from.
    #[serde(default, rename = "range")]
    pub ranges: Vec<ErrorRange>,
    /// Where the sources contradict themselves or each other.
    #[serde(default, rename = "erratum")]
    pub errata: Vec<Erratum>,
}

/// One error code.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ErrorCode {
    /// The number on the wire.
    pub code: At<i64>,
    /// Services, the middle of a command's path, for which the code has this meaning. Left out where
    /// it means the same everywhere, or everywhere that another entry does not name.
    #[serde(default)]
    pub services: Vec<At<String>>,
    /// Rust constant: UPPER_SNAKE_CASE.
    pub name: At<String>,
    /// What the code says, in one sentence.
    pub meaning: String,
    /// What to do about it.
    pub advice: Option<String>,
    /// Who must act.
    pub class: ErrorClass,
    /// Whether the same request can succeed when it is sent again.
    pub repeat: ErrorRepeat,
    /// Seconds after which that can be so at the earliest, where a source names a time.
    pub retry_after: Option<At<u32>>,
}

impl ErrorCode {
    /// The entry that holds for a service: its own, else the one for all others.
    pub fn of_service<'c>(codes: &'c [Self], code: i64, service: &str) -> Option<&'c Self> {
        let entries = || codes.iter().filter(|entry| entry.code.value == code);
        let own = |entry: &&Self| entry.services.iter().any(|s| s.value == service);
        (entries().find(own)).or_else(|| entries().find(|entry| entry.services.is_empty()))
    }
}

/// A range of codes.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ErrorRange {
    /// First code of the range.
    pub from: At<i64>,
    /// Last code of the range.
    pub to: i64,
    /// Services for which the codes have this meaning; as for a single code.
    #[serde(default)]
    pub services: Vec<At<String>>,
    /// Name of the range: UPPER_SNAKE_CASE.
    pub name: At<String>,
    /// What a code of the range says, in one sentence.
    pub meaning: String,
    /// What to do about it.
    pub advice: Option<String>,
    /// Who must act.
    pub class: ErrorClass,
    /// Whether the same request can succeed when it is sent again.
    pub repeat: ErrorRepeat,
}

/// Who must act on an error.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum ErrorClass {
    /// The request is wrong; fix the code that made it.
    Caller,
    /// What the request names does not exist.
    NotFound,
    /// The console, the edition, the rights or the key are not set up for this.
    Configuration,
    /// A rate or an amount is used up.
    Quota,
    /// Transient; passes with time.
    Transient,
    /// The service failed internally.
    Server,
    /// A rule of the app refused it: webhook, block list, mute.
    Refused,
    /// The UserSig or the identifier is wrong or stale.
    Credential,
}

/// Whether the same request can succeed when it is sent again.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum ErrorRepeat {
    /// No: it fails again until somebody changes something.
    Never,
    /// Yes, after a pause.
    Later,
    /// Once, with a fresh UserSig.
    RenewUsersig,
}

/// A page of the vendor's documentation.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Page {
    /// Number at the end of the page's address. Left out when no source names it.
    pub id: Option<u32>,
    /// Title, where it is not the file's own.
    pub title: Option<String>,
    /// Day on which the vendor last changed the text that this file was compared with: YYYY-MM-DD.
    /// Neither the day of the comparison nor the date of a whole repository. Left out when it is
    /// not known; then `source` says what is.
    pub updated: Option<At<Date>>,
    /// Digest of the facts of that text, as `cargo xtask audit` prints it.
    pub digest: Option<At<String>>,
    /// Which text was read, where that was not the page at its address.
    pub source: Option<String>,
}

/// How often a command may be called.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Quotas {
    /// By one quota.
    One(Quota),
    /// By all of these at once.
    Several(Vec<Quota>),
}

impl Default for Quotas {
    fn default() -> Self {
        Self::Several(Vec::new())
    }
}

impl Quotas {
    /// All of them, in the order of the file.
    pub fn all(&self) -> &[Quota] {
        match self {
            Self::One(quota) => std::slice::from_ref(quota),
            Self::Several(quotas) => quotas,
        }
    }
}

/// So many calls, or items of calls, in any window of so many seconds.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Quota {
    /// Number of calls; either this or `items`.
    pub calls: Option<u32>,
    /// Number of items, where a call counts as many as a list of its request has.
    pub items: Option<u32>,
    /// With `items`: the list of the request whose entries are counted.
    pub of: Option<String>,
    /// Length of the window in seconds: 1 for "per second", 86400 for "per day".
    #[serde(default = "one")]
    pub seconds: u32,
    /// The edition that it holds for, where it does not hold for all.
    pub edition: Option<Edition>,
    /// What the service answers when this quota is used up, where a source names the code.
    pub code: Option<i64>,
}

impl Quota {
    /// Calls or items.
    pub fn amount(&self) -> u32 {
        self.calls.or(self.items).unwrap_or_default()
    }
}

/// A bound that no field of one request shows, such as how many friends a user has at most.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Capacity {
    /// The largest number that is allowed.
    pub value: At<u32>,
    /// What is counted, so that "at most 20 …" is a sentence: `conversation groups per user`.
    pub of: At<String>,
    /// What the service answers beyond it, where a source names the code.
    pub code: Option<At<i64>>,
    /// The vendor's page that says so, where it is another than the command's.
    pub page: Option<u32>,
}

/// Editions, as far as quotas depend on them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Edition {
    /// Trial, developer and other editions that cost nothing.
    Free,
    /// Every edition that is paid for.
    Paid,
}

fn one() -> u32 {
    1
}

/// Whether the same request may be sent twice.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Repeat {
    /// It changes nothing.
    Read,
    /// A second run leaves the state of the first.
    Idempotent,
    /// The server drops a second request whose named fields have the same values.
    DeduplicatedBy(Vec<At<String>>),
    /// A second run leaves the state of the first if these fields are set; without them it also
    /// takes hold of what has come in between.
    IdempotentWith(Vec<At<String>>),
    /// A second run does the work again.
    Unsafe,
}

/// How a command pages: by a cursor with an end, by an offset, or downwards.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Paging {
    /// Reply field that lists the items of a page.
    pub items: At<String>,
    /// Other reply fields that list items, in place of that one or besides it.
    #[serde(default)]
    pub or_in: Vec<At<String>>,
    /// In which order the items of all pages come, where the source says so.
    pub order: Option<ItemOrder>,
    /// Whether each page lists its items the other way round than that.
    #[serde(default)]
    pub reversed_pages: bool,
    /// What ends the paging early, besides its usual end: a value of a reply field.
    pub early_end: Option<At<PagingEnd>>,
    /// Which reply field goes into which request field for the next page.
    #[serde(default)]
    pub cursor: Vec<CursorPair>,
    /// When a page is the last one; for a cursor.
    pub end: Option<At<PagingEnd>>,
    /// The number of items so far goes into a request field. With a cursor as well: used when a
    /// reply brings no cursor.
    pub offset: Option<OffsetPaging>,
    /// The smallest number among the items, less one, goes into a request field.
    pub downwards: Option<Downwards>,
}

/// Paging by the number of items so far; ends with the total or with an empty page.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OffsetPaging {
    /// Request field of type `u64`: how many items to skip. Constructors do not ask for it.
    pub request: At<String>,
    /// Required reply field of type `u64`: how many items there are.
    pub total: At<String>,
}

/// Paging from the newest item down; ends at zero or with an empty page.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Downwards {
    /// Optional request field of type `u64`: the largest number to answer.
    pub request: At<String>,
    /// Required field of type `u64` of the items: their number.
    pub item: At<String>,
}

/// One part of a cursor.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CursorPair {
    /// Request field to set.
    pub request: At<String>,
    /// Reply field to take the value from.
    pub reply: At<String>,
    /// Value of a required request field for the first page; constructors then do not ask for it.
    pub first: Option<i64>,
}

/// In which order items come, all pages together.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum ItemOrder {
    /// The newest first.
    NewestFirst,
    /// The oldest first.
    OldestFirst,
}

/// When a page is the last one.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub enum PagingEnd {
    /// A reply field has this value.
    FieldEquals {
        /// The reply field.
        field: At<String>,
        /// The value.
        value: i64,
    },
    /// A reply field has any value but zero.
    FieldNonzero(At<String>),
    /// Every cursor field of the reply is zero, empty or absent.
    CursorZero,
    /// The page has no items.
    NoItems,
}

/// How a request is split into calls, and how the replies report each item.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Batch {
    /// Request field whose list is split; its `max_items` is the most that one call takes.
    pub items: At<String>,
    /// Most items of one call where the list has no `max_items`: a recommendation, which the service
    /// does not check.
    pub at_most: Option<At<u32>>,
    /// Request field that lists nothing but the names of items, in place of `items`; see `one_of`. The
    /// calls carry `items` in either case.
    pub names: Option<At<String>>,
    /// Fields of an item that name it, for finding it in the reply; `Outer.Inner` is a field of an
    /// object. Left out where the item is its own name, and where replies list nothing.
    #[serde(default)]
    pub key: Vec<At<String>>,
    /// The list of the reply that has an entry for each item.
    pub results: Option<BatchResults>,
    /// The list of the reply that names the items that failed.
    pub failed: Option<BatchFailures>,
    /// What it means when `results` lacks an item: `unknown` unless set.
    pub unlisted: Option<At<Unlisted>>,
    /// Whether calls side by side run into each other, so that one must end before the next begins.
    #[serde(default)]
    pub one_by_one: bool,
    /// A method of the client that takes one item and turns its failure into an error.
    pub single: Option<SingleCall>,
}

/// A call for one item. Returns nothing unless `entry`, `field` or `is` says otherwise.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SingleCall {
    /// Name of the method; unique within the family.
    pub name: At<String>,
    /// One sentence, third person, ends with a full stop.
    pub summary: At<String>,
    /// Whether it returns the entry of `results`.
    #[serde(default)]
    pub entry: At<bool>,
    /// In place of `entry`: the field of the entry that it returns.
    pub field: Option<At<String>>,
    /// In place of `entry`: what the entry must say for the call to return true.
    pub is: Option<SingleIs>,
    /// Codes that mean that there is no such item. They are not errors: the call returns nothing, or false.
    #[serde(default)]
    pub absent: Vec<At<i64>>,
}

/// What the entry of an item says if the answer is yes.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SingleIs {
    /// Field of the entry, an enum over strings.
    pub field: At<String>,
    /// Its values (wire values) that mean yes.
    pub values: Vec<At<String>>,
}

/// A list with an entry for each item.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BatchResults {
    /// The list.
    pub list: At<String>,
    /// Fields of an entry that name its item, in the order of the item's own. Left out where the
    /// entry is the name.
    #[serde(default)]
    pub key: Vec<At<String>>,
    /// Field of an entry that holds a code; zero is good.
    pub code: Option<At<String>>,
    /// In place of `code`: the field that says whether the item failed.
    pub failed_if: Option<FailedIf>,
    /// Field of an entry that holds the server's own words.
    pub info: Option<At<String>>,
}

/// The value of a field that says that an item failed.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FailedIf {
    /// Field of an entry.
    pub field: At<String>,
    /// The value; 0 for false.
    pub value: i64,
}

/// A list of items that failed.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BatchFailures {
    /// The list.
    pub list: At<String>,
    /// Fields of an entry that name its item, in the order of the item's own. Left out where the
    /// entry is the name.
    #[serde(default)]
    pub key: Vec<At<String>>,
    /// Field of an entry that holds a code.
    pub code: Option<At<String>>,
}

/// What it means when the results lack an item.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum Unlisted {
    /// It went well; there is nothing to report.
    Done,
    /// It failed.
    Failed,
    /// The sources do not say.
    Unknown,
}

/// A field of an object: with a type and a sentence of its own, or with those of a row.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend(
    "if" = { "required": ["row"] },
    "then" = { "properties": { "type": false, "doc": false } },
    "else" = { "required": ["type", "doc"] },
))]
pub struct Field {
    /// In place of `type` and `doc`: the row of `spec/fields.toml` that has them.
    pub row: Option<At<String>>,
    /// `string`, `bool`, `u32`, `u64`, `i32`, `i64`, `f64`, `flag` (0 or 1), `tag_value` (string,
    /// integer or list), `error_code`, `json` (anything), the name of a type, enum or union, `[T]`
    /// for a list, `{T}` for an object with free keys.
    // Loading fills in what a row says, at the place where the row is named.
    #[serde(rename = "type", default)]
    pub ty: At<String>,
    /// Request: must be sent. Reply: always present as far as the sources say; when it is missing
    /// all the same it reads as zero or empty.
    #[serde(default)]
    pub required: bool,
    /// Meaning and unit, in our own words. Markdown.
    #[serde(default)]
    pub doc: At<String>,
    /// What the server assumes when the field is left out, as text.
    pub default: Option<String>,
    /// Rust name, where the one made from the wire name will not do.
    pub rust: Option<At<String>>,
    /// Longest text in bytes of UTF-8.
    pub max_bytes: Option<u32>,
    /// Longest text in characters.
    pub max_chars: Option<u32>,
    /// Fewest list elements.
    pub min_items: Option<u32>,
    /// Most list elements.
    pub max_items: Option<u32>,
    /// The service writes this integer as a string; it is read as a number and written back as a string.
    #[serde(default)]
    pub quoted: bool,
    /// Constructors fill this number of a request at random, so that nobody has to; it is one of those by
    /// which the service drops duplicates (`deduplicated_by`).
    #[serde(default)]
    pub random: bool,
    /// Whoever has this text can use it: a key, or an address that opens something for anybody. A command that answers
    /// one hands something out, even where it changes nothing.
    #[serde(default)]
    pub secret: bool,
    /// Smallest number.
    pub min: Option<i64>,
    /// Largest number.
    pub max: Option<i64>,
    /// What to use instead of this field.
    pub deprecated: Option<String>,
    /// What the sources leave open about this field.
    pub unconfirmed: Option<String>,
}

/// `spec/fields.toml`: what several fields have in common.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FieldsFile {
    /// The rows by name. The name is what a reader sees in place of type and sentence, so it says what the field is.
    #[serde(default)]
    pub rows: Ordered<Row>,
}

/// The type and the sentence of several fields, which name it by `row = "…"`. Limits and whatever else holds at one place
/// stand there.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// As of a field; of named types only those that all files know, in `spec/shared`.
    #[serde(rename = "type")]
    pub ty: At<String>,
    /// Meaning and unit, in our own words. Markdown.
    pub doc: At<String>,
}

/// An object type.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ObjectType {
    /// What the object is.
    pub doc: At<String>,
    /// Its fields by wire name, in the order of the page.
    #[serde(default)]
    pub fields: Ordered<Field>,
}

/// An open enum: named values, and every other value stays what it is.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EnumType {
    /// What the values choose between.
    pub doc: At<String>,
    /// How a value travels.
    pub wire: EnumWire,
    /// The named values.
    pub values: Vec<EnumValue>,
    /// Beginnings of values that apps choose themselves; only for strings.
    #[serde(default)]
    pub prefixes: Vec<At<String>>,
    /// Only for tags of items, beside which there is a `tag_value`: the Rust trait that reads the values of each tag as
    /// what they are. Its methods are called like the constants of those that say what they hold.
    pub fields: Option<At<String>>,
    /// With `fields`: how the tags that apps choose themselves are read and written.
    pub custom: Option<CustomTags>,
    /// With `fields`: another enum of tags that stand among these, and are read by its own trait.
    pub includes: Option<At<String>>,
}

/// Tags that apps choose themselves.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CustomTags {
    /// What they begin with: one of the `prefixes`.
    pub prefix: At<String>,
    /// Method that takes what follows: snake_case.
    pub name: At<String>,
}

/// How the values of an enum travel.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum EnumWire {
    /// As a number.
    Integer,
    /// As a string.
    String,
}

/// A named value of an enum.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EnumValue {
    /// The value on the wire.
    pub value: At<EnumLiteral>,
    /// Rust constant, UPPER_SNAKE_CASE. Made from the value when that is a string.
    pub name: Option<At<String>>,
    /// Only for a tag: what the value beside it is. `string`, `i64`, `[string]`, `date` (a number such as 20240131) or the
    /// name of an enum over texts. Left out where no source says so.
    pub holds: Option<At<String>>,
    /// What the value means.
    pub doc: String,
}

/// A value on the wire.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(untagged)]
pub enum EnumLiteral {
    /// A number.
    Integer(i64),
    /// A string.
    Text(String),
}

/// A union: one key names the variant, another holds it. An unknown variant is kept as it is.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UnionType {
    /// What the variants are.
    pub doc: At<String>,
    /// Key whose text names the variant.
    pub tag: At<String>,
    /// Key that holds the variant's object.
    pub content: At<String>,
    /// Rust type for a list of its elements, made kind by kind: UpperCamelCase. Left out where nobody writes such lists.
    pub list: Option<At<String>>,
    /// Variants by tag.
    pub variants: Ordered<Variant>,
}

/// One variant of a union.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Variant {
    /// Rust name: UpperCamelCase.
    pub rust: At<String>,
    /// Object type of the content.
    #[serde(rename = "type")]
    pub ty: At<String>,
    /// What the variant is.
    pub doc: String,
}

/// A request and replies to it, composed by us.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Sample {
    /// snake_case, unique in the file.
    pub name: At<String>,
    /// What the sample shows.
    pub note: Option<String>,
    /// The request body as JSON.
    pub request: Option<At<String>>,
    /// The reply body as JSON.
    pub reply: Option<At<String>>,
}

/// A contradiction in the sources and what this spec holds.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Erratum {
    /// Which differences between a page and this spec it explains: `<path>:<kind>`, or the kind
    /// alone where it is about the file as a whole. At least one.
    pub settles: At<Vec<At<String>>>,
    /// Which source and which place in it.
    #[serde(rename = "where")]
    pub place: String,
    /// What it says.
    pub says: String,
    /// What this spec holds.
    pub hold: String,
    /// Why.
    pub because: String,
}

/// A value and where it stands in its file, in bytes. The default stands nowhere.
#[derive(Clone, Default)]
pub struct At<T> {
    /// The value.
    pub value: T,
    /// Bytes of the file that hold it.
    pub span: Range<usize>,
}

impl<T: fmt::Debug> fmt::Debug for At<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value.fmt(f)
    }
}

impl<T> std::ops::Deref for At<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.value
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for At<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spanned = toml::Spanned::<T>::deserialize(deserializer)?;
        let span = spanned.span();
        Ok(Self {
            value: spanned.into_inner(),
            span,
        })
    }
}

impl<T: JsonSchema> JsonSchema for At<T> {
    fn inline_schema() -> bool {
        T::inline_schema()
    }
    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }
    fn schema_id() -> Cow<'static, str> {
        T::schema_id()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}

/// A day: YYYY-MM-DD, as a TOML date.
#[derive(Clone, Debug)]
pub struct Date(pub String);

impl Date {
    /// Whether it is a day and nothing else: TOML also knows times and days with times.
    pub fn is_day(&self) -> bool {
        self.0.len() == "YYYY-MM-DD".len() && self.0.split('-').count() == 3
    }
}

impl<'de> Deserialize<'de> for Date {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(
            toml::value::Datetime::deserialize(deserializer)?.to_string(),
        ))
    }
}

impl JsonSchema for Date {
    fn schema_name() -> Cow<'static, str> {
        "Date".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        schemars::json_schema!({ "type": "string", "format": "date", "description": "A day: YYYY-MM-DD." })
    }
}

/// A table whose order counts.
#[derive(Clone)]
pub struct Ordered<T>(pub Vec<(At<String>, T)>);

impl<T> Default for Ordered<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Ordered<T> {
    /// Entries in the order of the file.
    pub fn iter(&self) -> impl Iterator<Item = (&At<String>, &T)> + Clone {
        self.0.iter().map(|(key, value)| (key, value))
    }
    /// The entry with this key.
    pub fn get(&self, key: &str) -> Option<&T> {
        self.iter()
            .find(|(k, _)| k.value == key)
            .map(|(_, value)| value)
    }
    /// Whether there is no entry.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<T: fmt::Debug> fmt::Debug for Ordered<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map()
            .entries(self.0.iter().map(|(k, v)| (k, v)))
            .finish()
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Ordered<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> de::Visitor<'de> for Entries<T> {
            type Value = Ordered<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a table")
            }
            fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Ordered(entries))
            }
        }
        deserializer.deserialize_map(Entries(PhantomData))
    }
}

impl<T: JsonSchema> JsonSchema for Ordered<T> {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        format!("Ordered_{}", T::schema_name()).into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let item = generator.subschema_for::<T>();
        schemars::json_schema!({ "type": "object", "additionalProperties": item })
    }
}
