//! The spec language: one struct per kind of file under `spec/`.
//!
//! These structs define the files, and `spec/schema/*.json` is derived from them for editors and
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
    /// More that callers must know: side effects, editions, prerequisites. Markdown.
    pub details: Option<String>,
    /// The vendor's page that this file was written from.
    pub page: At<Page>,
    /// How often the command may be called: one quota, or a list of quotas that all apply.
    /// Omitted if no source documents it.
    #[serde(default)]
    pub quota: Quotas,
    /// IDs of the regions that serve the command, if not all of them do. The client refuses a call in
    /// another region before sending it.
    #[serde(default)]
    pub regions: Vec<At<String>>,
    /// Whether it is safe to send the same request twice.
    pub repeat: At<Repeat>,
    /// For how many seconds the service drops a duplicate of a request, if a source documents it;
    /// only with `deduplicated_by`. After that the service acts on it again.
    pub duplicate_seconds: Option<At<u32>>,
    /// Only for a command whose successful replies have neither `ActionStatus` nor `ErrorCode`: the source that
    /// shows this. Without it, such a reply doesn't count as the service's.
    pub bare_reply: Option<At<String>>,
    /// Limits on what the service stores, or returns in one reply, beyond the limits of single fields: constants of
    /// the request type, by name.
    #[serde(default)]
    pub capacity: Ordered<Capacity>,
    /// How the command pages. Omitted for commands that return everything at once.
    pub paging: Option<Paging>,
    /// How a request with more items than one call accepts is split. Omitted if the list is one unit, or if
    /// the order or the grouping of the items matters.
    pub batch: Option<Batch>,
    /// Fields of the request body, by wire name, in the order of the page.
    #[serde(default)]
    pub request: Ordered<Field>,
    /// Optional fields of the request exactly one of which is sent: alternatives for the same thing, beginning with the
    /// one whose constructors are called `new`.
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
    /// What a code means for this command, if that is narrower than `spec/errors.toml`.
    #[serde(default)]
    pub error_notes: Ordered<String>,
    /// Seconds after which retrying this command can help at the earliest, by code, if that differs from other
    /// commands.
    #[serde(default)]
    pub retry_after: Ordered<u32>,
    /// Requests and replies that we composed.
    #[serde(default, rename = "sample")]
    pub samples: Vec<Sample>,
    /// Contradictions in or between the sources.
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
    /// Contradictions in or between the sources.
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
    /// Traits that several webhooks share, so that one function can handle them all; each webhook names those that it
    /// has.
    #[serde(default)]
    pub traits: Ordered<EventTrait>,
    /// The groups of webhooks, in the order of the documentation.
    #[serde(default, rename = "family")]
    pub families: Vec<Family>,
    /// Contradictions in or between the sources.
    #[serde(default, rename = "erratum")]
    pub errata: Vec<Erratum>,
}

impl WebhooksFile {
    /// The fields of an event's body: the tag, if it has one, whose type is the enum of all
    /// webhooks and has the tag's name, and the event's own.
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

/// What several webhooks have in common: a Rust trait with that name.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EventTrait {
    /// What they have in common.
    pub doc: At<String>,
    /// Fields that all of them have, with the same type, and required in all of them or in none.
    pub event: Vec<At<String>>,
    /// Whether the app may refuse, including with its own codes.
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
    /// Whether the service waits for the app's decision.
    pub when: At<When>,
    /// Whether the body also names the webhook; the query always does.
    #[serde(default = "yes")]
    pub tagged: bool,
    /// Traits that it shares with others: names under `[traits]` of `spec/webhooks.toml`.
    #[serde(default)]
    pub traits: Vec<At<String>>,
    /// Fields of the event, by wire name, whose values together identify an
    /// occurrence. Omitted if the sources name none; then the whole body does.
    #[serde(default)]
    pub identity: Vec<At<String>>,
    /// Fields of the body besides the tag, by wire name, in the order of the page.
    #[serde(default)]
    pub event: Ordered<Field>,
    /// The possible answers, for webhooks that wait for one.
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
    /// Contradictions in or between the sources.
    #[serde(default, rename = "erratum")]
    pub errata: Vec<Erratum>,
}

const fn yes() -> bool {
    true
}

/// Whether a webhook waits for the app's decision or only notifies it.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum When {
    /// Before it happens: the answer decides.
    Before,
    /// After it happened: the answer is ignored.
    After,
}

/// The possible answers to a webhook that waits for one.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// The effect of allowing it.
    pub allow: At<String>,
    /// Refusing all of it.
    pub refuse: Option<Refuse>,
    /// Dropping it while the user is told that it worked.
    pub drop: Option<CodedAnswer>,
    /// The effect of the fields under `[reply]`, which change what happens. Required if there
    /// are any besides the results of `each`.
    pub change: Option<At<String>>,
    /// Deciding item by item.
    pub each: Option<Each>,
}

/// An answer that is one error code.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CodedAnswer {
    /// The code.
    pub code: At<i64>,
    /// The effect.
    pub doc: At<String>,
}

/// Refusing.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Refuse {
    /// The code that refuses without an app-defined reason.
    pub code: At<i64>,
    /// Codes that reach the user together with the app's message.
    pub codes: Option<CodeRange>,
    /// The effect of refusing.
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

/// Deciding item by item: the reply has a result for each item of the event.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Each {
    /// List of the event.
    pub items: At<String>,
    /// Field of its items that identifies the item.
    pub key: At<String>,
    /// List of the reply.
    pub results: At<String>,
    /// Field of the results that identifies the item.
    pub result_key: At<String>,
    /// Field of the results that holds the code; zero allows.
    pub code: At<String>,
    /// Field of the results that holds the app's message.
    pub info: At<String>,
    /// Codes that refuse an item.
    pub codes: CodeRange,
    /// The effect of refusing an item.
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

/// `spec/regions.toml`: the addresses of the service.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RegionsFile {
    /// The vendor's page that this file was written from.
    pub page: At<Page>,
    /// The regions.
    #[serde(default, rename = "region")]
    pub regions: Vec<Region>,
    /// Contradictions in or between the sources.
    #[serde(default, rename = "erratum")]
    pub errata: Vec<Erratum>,
}

/// One region of the service.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Region {
    /// Identifier for configuration files: snake_case.
    pub id: At<String>,
    /// Name in the console.
    pub name: String,
    /// Host of the REST API.
    pub host: At<String>,
    /// Hosts to use if the first does not respond.
    #[serde(default)]
    pub standby_hosts: Vec<At<String>>,
    /// Whether the newest page still lists the region.
    #[serde(default)]
    pub status: RegionStatus,
    /// Additional information.
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
    /// Maximum size of a request body that the service accepts, in bytes.
    pub max_request_bytes: Option<u64>,
    /// Path of the command by which a client finds out whether its credentials are right. It changes nothing, and
    /// its request is a list of users.
    pub credentials_check: Option<At<String>>,
    /// Parameters of the query string, in the order of the page.
    #[serde(default)]
    pub query: Ordered<QueryParameter>,
    /// Fields that every reply may carry.
    #[serde(default)]
    pub reply: Ordered<Field>,
    /// Enums that the common fields use.
    #[serde(default)]
    pub enums: Ordered<EnumType>,
    /// Contradictions in or between the sources.
    #[serde(default, rename = "erratum")]
    pub errata: Vec<Erratum>,
}

/// One parameter of the query string.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct QueryParameter {
    /// Name of the constant that holds the parameter's name: UPPER_SNAKE_CASE.
    pub rust: At<String>,
    /// The value, if it is always the same.
    pub value: Option<String>,
    /// What a client does with it besides sending it, if anything.
    pub role: Option<QueryRole>,
    /// What the parameter is for.
    pub doc: String,
}

/// What a client does with a parameter of the query.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum QueryRole {
    /// It authenticates the caller, and must stay secret.
    Credential,
    /// It has a different value for each call, chosen by the client.
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
    /// Ranges of codes from which the app itself chooses.
    #[serde(default, rename = "range")]
    pub ranges: Vec<ErrorRange>,
    /// Contradictions in or between the sources.
    #[serde(default, rename = "erratum")]
    pub errata: Vec<Erratum>,
}

/// One error code.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ErrorCode {
    /// The number on the wire.
    pub code: At<i64>,
    /// Services, the middle of a command's path, for which the code has this meaning. Omitted if
    /// it means the same everywhere, or everywhere that no other entry names.
    #[serde(default)]
    pub services: Vec<At<String>>,
    /// Rust constant: UPPER_SNAKE_CASE.
    pub name: At<String>,
    /// What the code means, in one sentence.
    pub meaning: String,
    /// What to do about it.
    pub advice: Option<String>,
    /// Who must act.
    pub class: ErrorClass,
    /// Whether the same request can succeed when it is sent again.
    pub repeat: ErrorRepeat,
    /// Minimum number of seconds until it can succeed, if a source documents it.
    pub retry_after: Option<At<u32>>,
    /// Settings of the client, one of which is wrong.
    #[serde(default)]
    pub settings: Vec<Setting>,
}

impl ErrorCode {
    /// The entry that applies to a service: its own, otherwise the one for all others.
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
    /// What a code of the range means, in one sentence.
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
    /// The request is invalid; fix the code that created it.
    Caller,
    /// Something that the request names does not exist.
    NotFound,
    /// The console, the edition, the permissions or the key are not set up for this.
    Configuration,
    /// A rate limit or quota is used up.
    Quota,
    /// A temporary fault.
    Transient,
    /// The service failed internally.
    Server,
    /// A rule of the app refused it: a webhook, a block list, a mute.
    Refused,
    /// The UserSig or the identifier is invalid or expired.
    Credential,
}

/// A setting of a client.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum Setting {
    /// The app's number.
    SdkAppId,
    /// The administrator's user ID.
    Identifier,
    /// The app's key.
    Key,
    /// The region, and so the host.
    Region,
    /// The clock of the machine.
    Clock,
}

/// Whether the same request can succeed when it is sent again.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum ErrorRepeat {
    /// No: it fails until somebody changes something.
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
    /// Number at the end of the page's address. Omitted if no source names it.
    pub id: Option<u32>,
    /// Title, if it differs from the file's own.
    pub title: Option<String>,
    /// Day on which the vendor last changed the text that this file was compared with: YYYY-MM-DD.
    /// Neither the day of the comparison nor the date of a whole repository. Omitted if it is
    /// not known; `source` then says what is.
    pub updated: Option<At<Date>>,
    /// Digest of the facts in that text, as printed by `cargo xtask audit`.
    pub digest: Option<At<String>>,
    /// Which text was read, if that was not the page at its address.
    pub source: Option<String>,
}

/// How often a command may be called.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Quotas {
    /// By one quota.
    One(Quota),
    /// By all of these.
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

/// A limit on calls, or items of calls, within any window of some seconds.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Quota {
    /// Number of calls; either this or `items`.
    pub calls: Option<u32>,
    /// Number of items, if a call counts once for every entry of a list in its request.
    pub items: Option<u32>,
    /// With `items`: the list of the request whose entries are counted.
    pub of: Option<String>,
    /// Length of the window in seconds: 1 for "per second", 86400 for "per day".
    #[serde(default = "one")]
    pub seconds: u32,
    /// The edition to which it applies, if it doesn't apply to all.
    pub edition: Option<Edition>,
    /// The error code of the service when this quota is exceeded, if a source documents it.
    pub code: Option<i64>,
}

impl Quota {
    /// Calls or items.
    pub fn amount(&self) -> u32 {
        self.calls.or(self.items).unwrap_or_default()
    }
}

/// A limit that no field of a single request shows, such as the maximum number of friends of a user.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Capacity {
    /// The maximum.
    pub value: At<u32>,
    /// What is counted, so that "at most 20 …" is a sentence: `conversation groups per user`.
    pub of: At<String>,
    /// The error code of the service when it is exceeded, if a source documents it.
    pub code: Option<At<i64>>,
    /// The vendor's page that documents it, if that is not the command's.
    pub page: Option<u32>,
}

/// Editions, to the extent that quotas depend on them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Edition {
    /// Trial, developer and other free editions.
    Free,
    /// Any paid edition.
    Paid,
}

fn one() -> u32 {
    1
}

/// Whether it is safe to send the same request twice.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Repeat {
    /// It changes nothing.
    Read,
    /// It is idempotent: a second run has no further effect.
    Idempotent,
    /// The service drops a second request with the same values in these fields.
    DeduplicatedBy(Vec<At<String>>),
    /// It is idempotent if these fields are set; without them, a second run also
    /// affects what has happened in between.
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
    /// Other reply fields that list items, instead of that one or besides it.
    #[serde(default)]
    pub or_in: Vec<At<String>>,
    /// The order of the items of all pages, if the source documents it.
    pub order: Option<ItemOrder>,
    /// Whether each page lists its items in the reverse of that order.
    #[serde(default)]
    pub reversed_pages: bool,
    /// A value of a reply field that ends the paging early, besides its usual end.
    pub early_end: Option<At<PagingEnd>>,
    /// Which reply field is copied into which request field for the next page.
    #[serde(default)]
    pub cursor: Vec<CursorPair>,
    /// When a page is the last one; for a cursor.
    pub end: Option<At<PagingEnd>>,
    /// The number of items so far is copied into a request field. With a cursor as well: used if a
    /// reply has no cursor.
    pub offset: Option<OffsetPaging>,
    /// The smallest number among the items, minus one, is copied into a request field.
    pub downwards: Option<Downwards>,
}

/// Paging by the number of items so far; ends with the total or with an empty page.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OffsetPaging {
    /// Request field of type `u64`: how many items to skip. It is not an argument of constructors.
    pub request: At<String>,
    /// Required reply field of type `u64`: the total number of items.
    pub total: At<String>,
}

/// Paging from the newest item down; ends at zero or with an empty page.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Downwards {
    /// Optional request field of type `u64`: the largest number to return.
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
    /// Value of a required request field for the first page; it is then not an argument of constructors.
    pub first: Option<i64>,
}

/// The order of items, all pages together.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum ItemOrder {
    /// Newest first.
    NewestFirst,
    /// Oldest first.
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
    /// A reply field has any value other than zero.
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
    /// Request field whose list is split; its `max_items` is the maximum per call.
    pub items: At<String>,
    /// Maximum number of items per call if the list has no `max_items`: a recommendation, which the service
    /// does not enforce.
    pub at_most: Option<At<u32>>,
    /// Request field that lists only the names of items, instead of `items`; see `one_of`. The
    /// calls always send `items`.
    pub names: Option<At<String>>,
    /// Fields of an item that identify it, for finding it in the reply; `Outer.Inner` is a field of an
    /// object. Omitted if the item is its own name, or if replies list nothing.
    #[serde(default)]
    pub key: Vec<At<String>>,
    /// The list of the reply that has an entry for each item.
    pub results: Option<BatchResults>,
    /// The list of the reply that names the items that failed.
    pub failed: Option<BatchFailures>,
    /// What it means if `results` lacks an item; `unknown` by default.
    pub unlisted: Option<At<Unlisted>>,
    /// Whether concurrent calls can interfere with each other, so that each one must finish before the next starts.
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
    /// Fields of an entry that identify its item, in the order of the item's own. Omitted if the
    /// entry is the name.
    #[serde(default)]
    pub key: Vec<At<String>>,
    /// Field of an entry that holds a code; zero means success.
    pub code: Option<At<String>>,
    /// Instead of `code`: the field that says whether the item failed.
    pub failed_if: Option<FailedIf>,
    /// Field of an entry that holds the service's message.
    pub info: Option<At<String>>,
}

/// The value of a field that means that an item failed.
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
    /// Fields of an entry that identify its item, in the order of the item's own. Omitted if the
    /// entry is the name.
    #[serde(default)]
    pub key: Vec<At<String>>,
    /// Field of an entry that holds a code.
    pub code: Option<At<String>>,
}

/// What it means if the results lack an item.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum Unlisted {
    /// It succeeded; there is nothing to report.
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
    /// Instead of `type` and `doc`: the row of `spec/fields.toml` that has them.
    pub row: Option<At<String>>,
    /// `string`, `bool`, `u32`, `u64`, `i32`, `i64`, `f64`, `flag` (0 or 1), `tag_value` (string,
    /// integer or list), `error_code`, `json` (anything), the name of a type, enum or union, `[T]`
    /// for a list, `{T}` for an object with free keys.
    // Loading fills in the content of a row where the row is named.
    #[serde(rename = "type", default)]
    pub ty: At<String>,
    /// Request: required. Reply: always present according to the sources; if it is missing
    /// anyway, it reads as zero or empty.
    #[serde(default)]
    pub required: bool,
    /// Meaning and unit, in our own words. Markdown.
    #[serde(default)]
    pub doc: At<String>,
    /// The default that the service assumes, as text.
    pub default: Option<String>,
    /// Rust name, if the one derived from the wire name is not suitable.
    pub rust: Option<At<String>>,
    /// Maximum length of a string in UTF-8 bytes.
    pub max_bytes: Option<u32>,
    /// Maximum length of a string in characters.
    pub max_chars: Option<u32>,
    /// Minimum number of list elements.
    pub min_items: Option<u32>,
    /// Maximum number of list elements.
    pub max_items: Option<u32>,
    /// The service writes this integer as a string; it is read as a number and written back as a string.
    #[serde(default)]
    pub quoted: bool,
    /// Constructors fill this number of a request at random, so that callers don't have to; it is one of those by
    /// which the service recognizes duplicates (`deduplicated_by`).
    #[serde(default)]
    pub random: bool,
    /// This string gives access to whoever has it: a key, or an address that opens something for anyone. A command that
    /// returns one reveals a secret, even if it changes nothing.
    #[serde(default)]
    pub secret: bool,
    /// Minimum value.
    pub min: Option<i64>,
    /// Maximum value.
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
    /// The rows by name. Readers see the name instead of type and sentence, so it should say what the field is.
    #[serde(default)]
    pub rows: Ordered<Row>,
}

/// The type and the sentence of several fields, which refer to it with `row = "…"`. Limits and anything else that
/// applies to a single place are set there.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// As for a field; of named types only those that all files know, in `spec/shared`.
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

/// An open enum: named values, and every other value is kept unchanged.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EnumType {
    /// The meaning of the choice.
    pub doc: At<String>,
    /// The type of the values on the wire.
    pub wire: EnumWire,
    /// The named values.
    pub values: Vec<EnumValue>,
    /// Prefixes of app-defined values; only for strings.
    #[serde(default)]
    pub prefixes: Vec<At<String>>,
    /// Only for tags of items, next to which there is a `tag_value`: the Rust trait with typed accessors for the values
    /// of the tags. Its methods have the names of the constants whose types are known.
    pub fields: Option<At<String>>,
    /// With `fields`: how app-defined tags are read and written.
    pub custom: Option<CustomTags>,
    /// With `fields`: another enum of tags that occur among these, and are read by its own trait.
    pub includes: Option<At<String>>,
}

/// App-defined tags.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CustomTags {
    /// Their prefix: one of the `prefixes`.
    pub prefix: At<String>,
    /// Method that takes the rest: snake_case.
    pub name: At<String>,
}

/// The type of an enum's values on the wire.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum EnumWire {
    /// A number.
    Integer,
    /// A string.
    String,
}

/// A named value of an enum.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EnumValue {
    /// The value on the wire.
    pub value: At<EnumLiteral>,
    /// Rust constant, UPPER_SNAKE_CASE. Derived from the value if that is a string.
    pub name: Option<At<String>>,
    /// Only for a tag: the type of the value next to it. `string`, `i64`, `[string]`, `date` (a number such as
    /// 20240131) or the name of a string enum. Omitted if no source documents it.
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

/// A union: one key names the variant, another holds its content. An unknown variant is kept unchanged.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UnionType {
    /// What the variants are.
    pub doc: At<String>,
    /// Key whose string names the variant.
    pub tag: At<String>,
    /// Key that holds the variant's object.
    pub content: At<String>,
    /// Rust type that builds a list of its elements: UpperCamelCase. Omitted if nobody writes such lists.
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

/// A contradiction in the sources, and how this spec resolves it.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Erratum {
    /// Which differences between a page and this spec it explains: `<path>:<kind>`, or only the kind
    /// if it is about the whole file. At least one.
    pub settles: At<Vec<At<String>>>,
    /// Which source, and where in it.
    #[serde(rename = "where")]
    pub place: String,
    /// What it says.
    pub says: String,
    /// What this spec says instead.
    pub hold: String,
    /// Why.
    pub because: String,
}

/// A value and its position in its file, in bytes. The default has no position.
#[derive(Clone, Default)]
pub struct At<T> {
    /// The value.
    pub value: T,
    /// The bytes of the file that contain it.
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

/// A date: YYYY-MM-DD, as a TOML date.
#[derive(Clone, Debug)]
pub struct Date(pub String);

impl Date {
    /// Whether it is a date and nothing else: TOML also has times and dates with times.
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

/// A table whose order matters.
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
