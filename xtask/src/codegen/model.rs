//! The API as the emitters see it: all names are resolved, and every type knows its kind.
//!
//! Plain data: nothing here depends on TOML, and nothing here is a token yet.

use super::spec::{
    Capacity, Date, Erratum, ErrorCode, ErrorRange, ItemOrder, QueryRole, Quota, Unlisted, usersig,
};
use serde_json::Value;

/// Everything that code is generated from.
#[derive(Debug)]
pub struct Model {
    /// Groups of commands, in the order of the documentation; groups without commands are left out.
    pub families: Vec<Family>,
    /// Types that several commands use, one module each.
    pub shared: Vec<Module>,
    /// What all commands share.
    pub protocol: Protocol,
    /// The addresses of the service.
    pub regions: Regions,
    /// The table of error codes.
    pub errors: Errors,
    /// The webhooks, if the spec has any.
    pub webhooks: Option<Webhooks>,
    /// The format of a UserSig.
    pub usersig: UserSig,
}

impl Model {
    /// Every module of types.
    pub fn modules(&self) -> impl Iterator<Item = &Module> {
        let events = self.webhooks.iter().flat_map(|webhooks| &webhooks.families);
        let families = self.families.iter().chain(events);
        (self.shared.iter()).chain(families.flat_map(|family| &family.modules))
    }

    /// Every module of types, mutable so that later passes can complete it.
    pub fn modules_mut(&mut self) -> impl Iterator<Item = &mut Module> {
        let webhooks = self.webhooks.iter_mut();
        let events = webhooks.flat_map(|webhooks| &mut webhooks.families);
        let families = self.families.iter_mut().chain(events);
        (self.shared.iter_mut()).chain(families.flat_map(|family| &mut family.modules))
    }
}

/// All webhooks.
#[derive(Debug)]
pub struct Webhooks {
    /// Spec file of what they share.
    pub source: String,
    /// Seconds after which the service stops waiting.
    pub timeout_seconds: u32,
    /// Key of the body that names the webhook.
    pub tag: String,
    /// Parameters of the query.
    pub query: Vec<QueryParameter>,
    /// Enums that they share; the one of all webhooks comes first.
    pub enums: Vec<Enum>,
    /// Traits that several of them share; those that none of them has are left out.
    pub traits: Vec<EventTrait>,
    /// The groups of webhooks; those without webhooks are left out.
    pub families: Vec<Family>,
}

impl Webhooks {
    /// Every webhook with its module, in the order of the documentation.
    pub fn events(&self) -> impl Iterator<Item = (&Module, &Webhook)> {
        let modules = self.families.iter().flat_map(|family| &family.modules);
        modules.filter_map(|module| Some((module, module.webhook.as_ref()?)))
    }
}

/// A trait that several webhooks share.
#[derive(Debug)]
pub struct EventTrait {
    /// Rust name.
    pub name: String,
    /// What they have in common.
    pub doc: String,
    /// Fields of the event, as in the first of the events.
    pub fields: Vec<Field>,
    /// Whether the app may refuse.
    pub refuse: bool,
    /// Whether the app may drop.
    pub drop: bool,
    /// Fields that the answer can change, as in the first of the events.
    pub change: Vec<Field>,
    /// Their types: the event's own, and its source file.
    pub events: Vec<(String, String)>,
}

/// Facts about a webhook.
#[derive(Debug)]
pub struct Webhook {
    /// Family.
    pub family: String,
    /// Name on the wire.
    pub command: String,
    /// Its constant in the enum of all webhooks.
    pub constant: String,
    /// Title of the vendor's page.
    pub title: String,
    /// One sentence.
    pub summary: String,
    /// Event type.
    pub event: String,
    /// Number of the vendor's page.
    pub page: Option<u32>,
    /// When the vendor last changed the text that was compared.
    pub updated: Option<Date>,
    /// Fields that together identify one occurrence.
    pub identity: Vec<Field>,
    /// The possible answers, if the service waits for one.
    pub answer: Option<Answer>,
}

/// The possible answers of an app.
#[derive(Debug)]
pub struct Answer {
    /// Type of the answer's body.
    pub reply: String,
    /// The effect of allowing.
    pub allow: String,
    /// Refusing all of it.
    pub refuse: Option<Refuse>,
    /// Its code and its effect.
    pub drop: Option<(i64, String)>,
    /// The effect, and the fields of the reply that change something.
    pub change: Option<(String, Vec<Field>)>,
    /// Deciding item by item.
    pub each: Option<Each>,
}

/// Refusing.
#[derive(Debug)]
pub struct Refuse {
    /// The code that refuses without an app-defined reason.
    pub code: i64,
    /// First and last of the codes that reach the user.
    pub codes: Option<(i64, i64)>,
    /// The effect.
    pub doc: String,
}

/// Deciding item by item.
#[derive(Debug)]
pub struct Each {
    /// List of the event, and the type of its items.
    pub items: (Field, String),
    /// Field of the items that identifies the item.
    pub key: Field,
    /// List of the reply, and the type of its results.
    pub results: (Field, String),
    /// Field of the results that identifies the item.
    pub result_key: Field,
    /// Field of the results that holds the code.
    pub code: Field,
    /// Field of the results that holds the app's message.
    pub info: Field,
    /// Codes that refuse an item.
    pub codes: (i64, i64),
    /// The effect of refusing an item.
    pub doc: String,
}

/// A group of commands.
#[derive(Debug)]
pub struct Family {
    /// Module and accessor.
    pub name: String,
    /// What it covers.
    pub doc: String,
    /// Its commands or webhooks by name.
    pub modules: Vec<Module>,
}

/// One generated file of types.
#[derive(Debug)]
pub struct Module {
    /// Module name.
    pub name: String,
    /// Spec file, relative to the workspace.
    pub source: String,
    /// Summary of the module, for its documentation.
    pub doc: String,
    /// The command, if the module is one.
    pub endpoint: Option<Endpoint>,
    /// The webhook, if the module is one.
    pub webhook: Option<Webhook>,
    /// Object types: request and reply, or event and reply first, then the others in the order of
    /// the spec.
    pub objects: Vec<Object>,
    /// Open enums.
    pub enums: Vec<Enum>,
    /// Unions.
    pub unions: Vec<Union>,
    /// Contradictions in the sources.
    pub errata: Vec<Erratum>,
    /// Calls or events with their answers.
    pub samples: Vec<Sample>,
}

/// A call or an event, and the answer to it.
#[derive(Debug)]
pub struct Sample {
    /// Name, unique in its module.
    pub name: String,
    /// What it shows.
    pub note: Option<String>,
    /// Body of the request or the event.
    pub request: Option<Value>,
    /// Body of the reply or the answer.
    pub reply: Option<Value>,
}

/// Facts about a command.
#[derive(Debug)]
pub struct Endpoint {
    /// Family.
    pub family: String,
    /// Path below the host.
    pub path: String,
    /// Title of the vendor's page.
    pub title: String,
    /// One sentence.
    pub summary: String,
    /// Request type.
    pub request: String,
    /// Reply type.
    pub reply: String,
    /// Number of the vendor's page.
    pub page: Option<u32>,
    /// When the vendor last changed the text that was compared.
    pub updated: Option<Date>,
    /// Quotas, all of which apply.
    pub quotas: Vec<Quota>,
    /// Limits on what the service stores, by the constant's name.
    pub capacity: Vec<(String, Capacity)>,
    /// Field of the request whose entries quotas of items count.
    pub counted: Option<Field>,
    /// Fields of the request exactly one of which is sent.
    pub one_of: Vec<Field>,
    /// Regions that serve it: ID and name; empty if all do.
    pub regions: Vec<(String, String)>,
    /// Whether it is safe to send the same request twice.
    pub repeat: Repeat,
    /// For how many seconds the service drops duplicates.
    pub duplicate_seconds: Option<u32>,
    /// How it pages.
    pub paging: Option<Paging>,
    /// How it is split.
    pub batch: Option<Batch>,
    /// Whether its replies have neither status nor code.
    pub bare_reply: bool,
    /// Documented codes with the command's own note.
    pub errors: Vec<(i64, Option<String>)>,
    /// Codes with the seconds after which retrying this command can help.
    pub retry_after: Vec<(i64, u32)>,
}

/// Whether it is safe to send the same request twice.
#[derive(Debug)]
pub enum Repeat {
    /// It changes nothing.
    Read,
    /// A second run leaves the same state as the first.
    Idempotent,
    /// The server drops a second request with the same values in these fields.
    DeduplicatedBy(Vec<String>),
    /// A second run leaves the same state as the first if these fields are set.
    IdempotentWith(Vec<String>),
    /// A second run does the work again.
    Unsafe,
}

/// How a command pages.
#[derive(Debug)]
pub struct Paging {
    /// Reply fields with the items: more than one if the meaning of an item depends on its list.
    pub items: Vec<Field>,
    /// The order of the items of all pages, where it is known.
    pub order: Option<ItemOrder>,
    /// Whether each page lists its items in reverse.
    pub reversed_pages: bool,
    /// A value that ends the paging early.
    pub early_end: Option<PagingEnd>,
    /// How the next page is requested.
    pub style: PagingStyle,
}

/// How the next page is requested.
#[derive(Debug)]
pub enum PagingStyle {
    /// From values in the reply; if a reply has none of them, from an offset if there is one.
    Cursor(Vec<Cursor>, PagingEnd, Option<Offset>),
    /// With the number of items so far.
    Offset(Offset),
    /// With the smallest number among the items, less one: request field, field of the items.
    Downwards(Box<Field>, Box<Field>),
}

/// Paging by the number of items so far.
#[derive(Debug)]
pub struct Offset {
    /// Request field: how many items to skip.
    pub request: Field,
    /// Reply field: how many items there are.
    pub total: Field,
}

/// One part of a cursor.
#[derive(Debug)]
pub struct Cursor {
    /// Request field.
    pub request: Field,
    /// Reply field.
    pub reply: Field,
    /// Value of the request field for the first page, if it is fixed.
    pub first: Option<i64>,
}

/// When a page is the last one.
#[derive(Debug)]
pub enum PagingEnd {
    /// A reply field has this value.
    FieldEquals(Box<Field>, i64),
    /// A reply field has any value other than zero.
    FieldNonzero(Box<Field>),
    /// Every cursor field of the reply is zero, empty or absent.
    CursorZero,
    /// The page has no items.
    NoItems,
}

/// How a request is split into calls.
#[derive(Debug)]
pub struct Batch {
    /// Request field whose list is split.
    pub items: Field,
    /// Request field that lists only the names of items, instead of the items.
    pub names: Option<Field>,
    /// Maximum number of items per call.
    pub max: u32,
    /// The key of an item.
    pub key: Vec<KeyPart>,
    /// The list of the reply with an entry for each item.
    pub results: Option<BatchResults>,
    /// The list of the reply with the items that failed.
    pub failed: Option<BatchFailures>,
    /// What it means if the reply does not list an item.
    pub unlisted: Unlisted,
    /// Whether concurrent calls interfere with each other.
    pub one_by_one: bool,
    /// The client's method for one item.
    pub single: Option<SingleCall>,
}

/// A method of the client for one item.
#[derive(Debug)]
pub struct SingleCall {
    /// Its name.
    pub name: String,
    /// One sentence.
    pub summary: String,
    /// What it returns.
    pub gives: Gives,
    /// Whether an item without an entry is an answer: the reply lists what was found.
    pub may_lack: bool,
    /// Constants of the codes that mean that there is no such item.
    pub absent: Vec<String>,
}

/// What a call for one item returns.
#[derive(Debug)]
pub enum Gives {
    /// Nothing, or with codes for absence whether there was such an item.
    Nothing,
    /// The entry of the reply.
    Entry,
    /// A field of the entry.
    Field(Field),
    /// Whether a field of the entry has one of the values with these constants.
    Is(Field, Vec<String>),
}

/// A list with an entry for each item.
#[derive(Debug)]
pub struct BatchResults {
    /// The list.
    pub list: Field,
    /// The fields that identify the item of an entry.
    pub key: Vec<KeyPart>,
    /// How an entry says that its item failed.
    pub verdict: Option<Verdict>,
    /// The service's message.
    pub info: Option<Field>,
}

/// How an entry says that its item failed.
#[derive(Debug)]
pub enum Verdict {
    /// With a code other than zero.
    Code(Field),
    /// With this value.
    Value(Field, i64),
}

/// A list of items that failed.
#[derive(Debug)]
pub struct BatchFailures {
    /// The list.
    pub list: Field,
    /// The fields that identify the item of an entry.
    pub key: Vec<KeyPart>,
    /// Code of an entry.
    pub code: Option<Field>,
}

/// A part of an item's key.
#[derive(Debug)]
pub struct KeyPart {
    /// Rust names of the fields on the path to it, outermost first; empty for the item itself.
    pub path: Vec<String>,
    /// Type at the end of the path.
    pub ty: Type,
}

/// An object type.
#[derive(Debug)]
pub struct Object {
    /// Rust name.
    pub name: String,
    /// What it is.
    pub doc: String,
    /// Its purpose.
    pub role: Role,
    /// Whether a request can contain it, so that its limits are checked.
    pub sent: bool,
    /// Whether it can contain a floating-point number, which need not equal itself.
    pub has_fractions: bool,
    /// Fields in the order of the spec.
    pub fields: Vec<Field>,
}

/// The purpose of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Body of a request.
    Request,
    /// Body of a reply.
    Reply,
    /// Body of a webhook.
    Event,
    /// Part of either.
    Part,
}

/// A field of an object.
#[derive(Clone, Debug)]
pub struct Field {
    /// Name on the wire.
    pub wire: String,
    /// Rust identifier.
    pub rust: String,
    /// Type without the `Option` of an optional field.
    pub ty: Type,
    /// Whether it is required, or always present.
    pub required: bool,
    /// Meaning.
    pub doc: String,
    /// The default that the service assumes.
    pub default: Option<String>,
    /// Whether the service writes the integer as a string.
    pub quoted: bool,
    /// Whether constructors fill it at random.
    pub random: bool,
    /// Whether its value gives access to whoever has it.
    pub secret: bool,
    /// Documented limits.
    pub limits: Vec<Limit>,
    /// What to use instead.
    pub deprecated: Option<String>,
    /// What the sources leave open.
    pub unconfirmed: Option<String>,
}

/// A documented limit.
#[derive(Clone, Copy, Debug)]
pub enum Limit {
    /// Maximum number of UTF-8 bytes.
    MaxBytes(u32),
    /// Maximum number of characters.
    MaxChars(u32),
    /// Minimum number of list elements.
    MinItems(u32),
    /// Maximum number of list elements.
    MaxItems(u32),
    /// Minimum value.
    Min(i64),
    /// Maximum value.
    Max(i64),
}

/// A type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Type {
    /// String.
    String,
    /// true or false.
    Bool,
    /// 32 bits, unsigned.
    U32,
    /// 64 bits, unsigned.
    U64,
    /// 32 bits.
    I32,
    /// 64 bits.
    I64,
    /// Floating-point number.
    F64,
    /// 0 or 1.
    Flag,
    /// String, integer or list.
    TagValue,
    /// Error code of the service.
    ErrorCode,
    /// Anything.
    Json,
    /// List.
    List(Box<Type>),
    /// Object with free keys.
    Map(Box<Type>),
    /// A type of the spec.
    Named(String, Kind),
}

impl Type {
    /// Whether its Rust type is `Copy`.
    pub fn is_copy(&self) -> bool {
        matches!(
            self,
            Self::Bool
                | Self::U32
                | Self::U64
                | Self::I32
                | Self::I64
                | Self::F64
                | Self::Flag
                | Self::ErrorCode
                | Self::Named(_, Kind::IntegerEnum)
        )
    }
}

/// The kind of a named type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Object.
    Object,
    /// Open enum over integers.
    IntegerEnum,
    /// Open enum over strings.
    StringEnum,
    /// Union.
    Union,
}

/// An open enum.
#[derive(Debug)]
pub struct Enum {
    /// Rust name.
    pub name: String,
    /// The choice that the values express.
    pub doc: String,
    /// The named values.
    pub values: Values,
    /// The values next to them, if they are tags of items.
    pub tags: Option<Tags>,
}

/// The values next to tags.
#[derive(Debug)]
pub struct Tags {
    /// Trait that reads them.
    pub reader: String,
    /// Prefix of app-defined tags, and the method that takes the rest.
    pub custom: Option<(String, String)>,
    /// Enum of other tags that occur among these.
    pub includes: Option<String>,
    /// Tags whose values have a known type: constant, value on the wire, type, meaning.
    pub holds: Vec<(String, String, Holds, String)>,
}

/// The type of a tag's value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Holds {
    /// String.
    Text,
    /// Integer.
    Integer,
    /// List of strings.
    Texts,
    /// Date, as a number.
    Date,
    /// Value of an open string enum.
    Enum(String),
}

impl Holds {
    /// Its name in spec files; every other name is that of an enum.
    pub fn of(name: &str) -> Self {
        match name {
            "string" => Self::Text,
            "i64" => Self::Integer,
            "[string]" => Self::Texts,
            "date" => Self::Date,
            name => Self::Enum(name.to_owned()),
        }
    }
}

/// The named values of an enum: constant, value, meaning.
#[derive(Debug)]
pub enum Values {
    /// Over integers.
    Integer(Vec<(String, i64, String)>),
    /// Over strings.
    String(Vec<(String, String, String)>),
}

/// A union.
#[derive(Debug)]
pub struct Union {
    /// Rust name.
    pub name: String,
    /// What the variants are.
    pub doc: String,
    /// Key of the tag.
    pub tag: String,
    /// Key of the content.
    pub content: String,
    /// Name of the builder for a list of its elements, if there is one.
    pub list: Option<String>,
    /// Whether a request can contain it.
    pub sent: bool,
    /// Whether it can contain a floating-point number, which need not equal itself.
    pub has_fractions: bool,
    /// Tag, Rust name, content type, meaning.
    pub variants: Vec<Variant>,
}

/// A variant of a union.
#[derive(Debug)]
pub struct Variant {
    /// Tag on the wire.
    pub wire: String,
    /// Rust name.
    pub rust: String,
    /// Object type of the content.
    pub ty: String,
    /// What it is.
    pub doc: String,
}

/// What all commands share.
#[derive(Debug)]
pub struct Protocol {
    /// Spec file.
    pub source: String,
    /// Seconds after which the service gives up.
    pub server_timeout_seconds: u32,
    /// Maximum size of a request body.
    pub max_request_bytes: Option<u64>,
    /// Family and request of the command that checks credentials.
    pub credentials_check: Option<(String, String)>,
    /// Constant, name on the wire, fixed value, meaning.
    pub query: Vec<QueryParameter>,
    /// The common fields of replies.
    pub envelope: Object,
    /// Enums that they use.
    pub enums: Vec<Enum>,
}

/// A parameter of the query string.
#[derive(Debug)]
pub struct QueryParameter {
    /// Constant.
    pub constant: String,
    /// Name on the wire.
    pub wire: String,
    /// The value, if it is always the same.
    pub value: Option<String>,
    /// What a client does with it.
    pub role: Option<QueryRole>,
    /// Meaning.
    pub doc: String,
}

/// The addresses of the service.
#[derive(Debug)]
pub struct Regions {
    /// Spec file.
    pub source: String,
    /// The regions.
    pub regions: Vec<Region>,
}

/// One region.
#[derive(Debug)]
pub struct Region {
    /// Identifier.
    pub id: String,
    /// Constant.
    pub constant: String,
    /// Name in the console.
    pub name: String,
    /// Host.
    pub host: String,
    /// Hosts to fall back to.
    pub standby_hosts: Vec<String>,
    /// Whether only older pages list it.
    pub retired: bool,
    /// Additional information.
    pub note: Option<String>,
}

/// The table of error codes.
#[derive(Debug)]
pub struct Errors {
    /// Spec file.
    pub source: String,
    /// Codes in ascending order.
    pub codes: Vec<ErrorCode>,
    /// Ranges in ascending order.
    pub ranges: Vec<ErrorRange>,
}

impl Errors {
    /// The entry for a code sent by a service.
    pub fn of_service(&self, code: i64, service: &str) -> Option<&ErrorCode> {
        ErrorCode::of_service(&self.codes, code, service)
    }
}

/// The format of a UserSig.
#[derive(Debug)]
pub struct UserSig {
    /// Spec file.
    pub source: String,
    /// Value of the document's version field.
    pub version: String,
    /// Maximum size of a signature that is read, in bytes.
    pub max_encoded_bytes: u32,
    /// Maximum size that a signature may inflate to, in bytes.
    pub max_document_bytes: u32,
    /// Names in the document.
    pub fields: usersig::Fields,
    /// Characters of base64 and their replacements.
    pub alphabet: Vec<(char, char)>,
    /// The binary block that a document may contain.
    pub userbuf: usersig::Userbuf,
    /// Constant, its bit as a number, the privilege that it grants.
    pub privileges: Vec<(String, u32, String)>,
}
