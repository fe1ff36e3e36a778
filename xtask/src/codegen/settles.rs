//! What an erratum settles: the key that marks a finding on a vendor's page as explained.
//!
//! A key is `<path>:<kind>`, or the kind alone if it is about the file as a whole:
//! `reply.ContactItem[].Type:type`, `90003:code-meaning`, `quota`.

use super::{
    load::Spec,
    spec::{
        EndpointFile, EnumType, Field, ObjectType, Ordered, SharedFile, UnionType, WebhookFile,
        WebhooksFile,
    },
    type_expr::{self, TypeExpr},
};
use std::fmt;

/// The respect in which a page and the spec differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SettledKind {
    /// Type of a field.
    Type,
    /// Whether a field is required.
    Required,
    /// Largest or smallest value, length or number of entries.
    Limit,
    /// Values of an enum, variants of a union.
    EnumValue,
    /// A field that the spec has and the page lacks.
    Field,
    /// A field that the page has and the spec lacks.
    FieldLacking,
    /// What a field means, its unit or its default.
    Meaning,
    /// A code that the spec has and the page lacks or lists oddly.
    Code,
    /// A code that the page has and the spec lacks.
    CodeLacking,
    /// What a code means or what to do about it.
    CodeMeaning,
    /// How often a command may be called.
    Quota,
    /// A host of a region that the spec has.
    Host,
    /// A host that the page has and the spec lacks.
    HostLacking,
    /// Which regions serve it.
    Region,
    /// The path of a command or the name of a webhook.
    Command,
    /// A sample that contradicts its own page.
    Sample,
    /// The form of a page: shifted columns, rows of another page.
    Page,
    /// Behavior that prose describes and no table holds.
    Behaviour,
}

/// What the path of a key names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PathOf {
    /// A field.
    Field,
    /// A field, or there is no path.
    FieldOrNothing,
    /// An error code.
    Code,
    /// A region, or a host that no region has.
    Host,
    /// There is no path: the file as a whole is meant.
    Nothing,
}

impl SettledKind {
    /// Every kind.
    pub const ALL: &[Self] = &[
        Self::Type,
        Self::Required,
        Self::Limit,
        Self::EnumValue,
        Self::Field,
        Self::FieldLacking,
        Self::Meaning,
        Self::Code,
        Self::CodeLacking,
        Self::CodeMeaning,
        Self::Quota,
        Self::Host,
        Self::HostLacking,
        Self::Region,
        Self::Command,
        Self::Sample,
        Self::Page,
        Self::Behaviour,
    ];

    /// The word that stands for it in a key.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Type => "type",
            Self::Required => "required",
            Self::Limit => "limit",
            Self::EnumValue => "enum-value",
            Self::Field => "field",
            Self::FieldLacking => "field-lacking",
            Self::Meaning => "meaning",
            Self::Code => "code",
            Self::CodeLacking => "code-lacking",
            Self::CodeMeaning => "code-meaning",
            Self::Quota => "quota",
            Self::Host => "host",
            Self::HostLacking => "host-lacking",
            Self::Region => "region",
            Self::Command => "command",
            Self::Sample => "sample",
            Self::Page => "page",
            Self::Behaviour => "behaviour",
        }
    }

    /// What its path names.
    pub const fn path_of(self) -> PathOf {
        match self {
            Self::Type
            | Self::Required
            | Self::Limit
            | Self::EnumValue
            | Self::Field
            | Self::FieldLacking
            | Self::Meaning => PathOf::Field,
            Self::Sample => PathOf::FieldOrNothing,
            Self::Code | Self::CodeLacking | Self::CodeMeaning => PathOf::Code,
            Self::Host | Self::HostLacking => PathOf::Host,
            Self::Quota | Self::Region | Self::Command | Self::Page | Self::Behaviour => {
                PathOf::Nothing
            }
        }
    }

    /// Whether the path names something that the spec lacks.
    pub const fn is_lacking(self) -> bool {
        matches!(
            self,
            Self::FieldLacking | Self::CodeLacking | Self::HostLacking
        )
    }
}

impl fmt::Display for SettledKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// A key, taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settled<'t> {
    /// What it is about; `None` for the file as a whole.
    pub path: Option<&'t str>,
    /// In which respect.
    pub kind: SettledKind,
}

/// Why a text names nothing, and what would be valid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    /// What is wrong.
    pub message: String,
    /// What would be right.
    pub expected: String,
    /// The wrong word, and the valid ones.
    pub instead: Option<(String, Vec<String>)>,
}

impl Wrong {
    pub(super) fn new(message: impl Into<String>, expected: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            expected: expected.into(),
            instead: None,
        }
    }
}

impl<'t> Settled<'t> {
    /// Reads a key.
    ///
    /// # Errors
    ///
    /// A word that is not a kind, a path where the kind has none, no path where it needs one.
    pub fn parse(text: &'t str) -> Result<Self, Wrong> {
        let (path, word) = match text.rsplit_once(':') {
            Some((path, word)) => (Some(path), word),
            None => (None, text),
        };
        let words = || SettledKind::ALL.iter().map(|kind| kind.word());
        let Some(kind) = (SettledKind::ALL.iter().copied()).find(|kind| kind.word() == word) else {
            let list: Vec<&str> = words().collect();
            return Err(Wrong {
                instead: Some((word.to_owned(), words().map(str::to_owned).collect())),
                ..Wrong::new(
                    format!("`{word}` is not a kind of difference"),
                    format!("`<path>:<kind>` with one of {}", list.join(", ")),
                )
            });
        };
        match (kind.path_of(), path) {
            (PathOf::Nothing, Some(_)) => Err(Wrong::new(
                format!("`{kind}` is about the file as a whole"),
                format!("`{kind}` without a path"),
            )),
            (PathOf::Field, None) => Err(Wrong::new(
                format!("`{kind}` does not name its field"),
                format!("a path in front of it: `reply.List[].Field:{kind}`"),
            )),
            (PathOf::Code, None) => Err(Wrong::new(
                format!("`{kind}` does not name its code"),
                format!("a code in front of it: `10002:{kind}`"),
            )),
            (PathOf::Host, None) => Err(Wrong::new(
                format!("`{kind}` does not name its region"),
                format!("a region's ID or a host in front of it: `singapore:{kind}`"),
            )),
            _ => Ok(Self { path, kind }),
        }
    }
}

/// The names that paths of a file can contain.
#[derive(Clone, Debug, Default)]
pub struct Outline<'s> {
    roots: Vec<(String, Step<'s>)>,
    objects: Vec<&'s Ordered<ObjectType>>,
    unions: Vec<&'s Ordered<UnionType>>,
    enums: Vec<&'s Ordered<EnumType>>,
}

/// A place along a path.
#[derive(Clone, Debug)]
enum Step<'s> {
    /// A body.
    Body(Vec<&'s Ordered<Field>>),
    /// The content of a union: an object of any of these types.
    Content(Vec<&'s str>),
    /// Names without types: parameters of a query.
    Names(Vec<&'s str>),
    /// A value of this type.
    Value(TypeExpr),
    /// The tag of a union, a parameter.
    Leaf,
}

impl<'s> Outline<'s> {
    /// Adds a body: `request`, `reply`, `event`, `answer`.
    #[must_use]
    pub fn body(mut self, name: &str, fields: &[&'s Ordered<Field>]) -> Self {
        let step = Step::Body(fields.to_vec());
        self.roots.push((name.to_owned(), step));
        self
    }

    /// Adds names without types.
    #[must_use]
    pub fn names(mut self, name: &str, names: impl IntoIterator<Item = &'s str>) -> Self {
        let step = Step::Names(names.into_iter().collect());
        self.roots.push((name.to_owned(), step));
        self
    }

    /// Adds a type at which a path can begin; for files of shared types.
    #[must_use]
    pub fn root_type(mut self, name: &str) -> Self {
        let step = Step::Value(TypeExpr::Named(name.to_owned()));
        self.roots.push((name.to_owned(), step));
        self
    }

    /// Adds types that fields can have. Those added first shadow others of the same name.
    #[must_use]
    pub fn types(
        mut self,
        objects: &'s Ordered<ObjectType>,
        enums: &'s Ordered<EnumType>,
        unions: &'s Ordered<UnionType>,
    ) -> Self {
        self.objects.push(objects);
        self.unions.push(unions);
        self.enums.push(enums);
        self
    }

    /// The type that a path names, if any, and whether it is an enum or a union.
    ///
    /// # Errors
    ///
    /// The first step that leads nowhere.
    pub fn resolve(&self, path: &str) -> Result<(Option<TypeExpr>, bool), Wrong> {
        Ok(match self.walk(path)? {
            Step::Value(ty) => {
                let has_values = ty.named().is_some_and(|name| {
                    self.enums.iter().any(|enums| enums.get(name).is_some())
                        || self.unions.iter().any(|unions| unions.get(name).is_some())
                });
                (Some(ty), has_values)
            }
            _ => (None, false),
        })
    }

    /// Verifies that a path names nothing although all but its last step does.
    ///
    /// # Errors
    ///
    /// A step before the last that leads nowhere, or a last one that leads somewhere.
    pub fn resolve_lacking(&self, path: &str) -> Result<(), Wrong> {
        let Some((parent, name)) = path.rsplit_once('.') else {
            return Err(Wrong::new(
                format!("`{path}` is not the path of a field"),
                "a path such as `reply.List[].Field`",
            ));
        };
        let (name, _) = split_brackets(name);
        let step = self.walk(parent)?;
        if (self.inside(&step, parent)?.iter()).any(|(known, _)| *known == name) {
            return Err(Wrong::new(
                format!("`{parent}` has the field `{name}`"),
                "a field that the page has and this file does not",
            ));
        }
        Ok(())
    }

    fn walk(&self, path: &str) -> Result<Step<'s>, Wrong> {
        let mut segments = path.split('.');
        let root = segments.next().unwrap_or_default();
        let Some((_, step)) = self.roots.iter().find(|(known, _)| known == root) else {
            let names = self.roots.iter().map(|(name, _)| name.as_str());
            let message = format!("no path of this file begins with `{root}`");
            return Err(unknown(message, root, names));
        };
        let (mut step, mut shown) = (step.clone(), root.to_owned());
        for segment in segments {
            let (name, brackets) = split_brackets(segment);
            let inside = self.inside(&step, &shown)?;
            let Some((_, next)) = inside.iter().find(|(known, _)| *known == name) else {
                let names = inside.iter().map(|(name, _)| *name);
                let message = format!("`{shown}` has no field `{name}`");
                return Err(unknown(message, name, names));
            };
            shown = format!("{shown}.{segment}");
            step = unwrapped(next.clone(), brackets, &shown)?;
        }
        Ok(step)
    }

    /// What the next step can be.
    fn inside(&self, step: &Step<'s>, shown: &str) -> Result<Vec<(&'s str, Step<'s>)>, Wrong> {
        let object = |name: &str| self.objects.iter().find_map(|objects| objects.get(name));
        let fields = |fields: &'s Ordered<Field>| {
            fields.iter().map(|(name, field)| {
                // A type that does not parse is reported where it is written.
                let ty = type_expr::parse(&field.ty).unwrap_or(TypeExpr::Json);
                (name.value.as_str(), Step::Value(ty))
            })
        };
        match step {
            Step::Body(parts) => return Ok(parts.iter().flat_map(|part| fields(part)).collect()),
            Step::Names(names) => {
                return Ok(names.iter().map(|name| (*name, Step::Leaf)).collect());
            }
            Step::Content(types) => {
                let objects = types.iter().filter_map(|name| object(name));
                return Ok(objects.flat_map(|def| fields(&def.fields)).collect());
            }
            Step::Value(TypeExpr::Named(name)) => {
                if let Some(def) = object(name) {
                    return Ok(fields(&def.fields).collect());
                }
                if let Some(def) = self.unions.iter().find_map(|unions| unions.get(name)) {
                    let types = def.variants.iter().map(|(_, variant)| variant.ty.as_str());
                    return Ok(vec![
                        (def.tag.as_str(), Step::Leaf),
                        (def.content.as_str(), Step::Content(types.collect())),
                    ]);
                }
            }
            Step::Value(TypeExpr::List(_)) => {
                let message = format!("`{shown}` is a list");
                return Err(Wrong::new(message, format!("`{shown}[]` for its items")));
            }
            Step::Value(TypeExpr::Map(_)) => {
                let message = format!("`{shown}` is an object with free keys");
                return Err(Wrong::new(message, format!("`{shown}{{}}` for its values")));
            }
            Step::Value(_) | Step::Leaf => {}
        }
        let message = format!("`{shown}` has no fields");
        Err(Wrong::new(message, "a path that ends there"))
    }
}

/// A name and the brackets after it.
fn split_brackets(segment: &str) -> (&str, &str) {
    match segment.find(['[', '{']) {
        Some(at) => segment.split_at(at),
        None => (segment, ""),
    }
}

/// What is in the brackets.
fn unwrapped<'s>(mut step: Step<'s>, brackets: &str, shown: &str) -> Result<Step<'s>, Wrong> {
    let mut rest = brackets;
    while !rest.is_empty() {
        step = match step {
            Step::Value(TypeExpr::List(item)) if rest.starts_with("[]") => Step::Value(*item),
            Step::Value(TypeExpr::Map(item)) if rest.starts_with("{}") => Step::Value(*item),
            _ => {
                return Err(Wrong::new(
                    format!("`{shown}` does not fit the field's type"),
                    "`[]` for each list and `{}` for each object with free keys",
                ));
            }
        };
        rest = &rest[2..];
    }
    Ok(step)
}

fn unknown<'n>(message: String, word: &str, names: impl Iterator<Item = &'n str>) -> Wrong {
    let names: Vec<String> = names.map(str::to_owned).collect();
    let expected = if names.is_empty() {
        "nothing: there is nothing to name".to_owned()
    } else {
        format!("one of {}", names.join(", "))
    };
    Wrong {
        message,
        expected,
        instead: Some((word.to_owned(), names)),
    }
}

/// The paths of one command: `request` and `reply`, with the common fields of all replies.
pub fn of_endpoint<'s>(spec: &'s Spec, file: &'s EndpointFile) -> Outline<'s> {
    let common = &spec.protocol.file;
    let mut outline = Outline::default()
        .body("request", &[&file.request])
        .body("reply", &[&file.reply, &common.reply])
        .types(&file.types, &file.enums, &file.unions);
    outline.enums.push(&common.enums);
    with_shared(spec, outline)
}

/// The paths of one webhook: `event` with the tag, and `answer` with the common fields of all
/// replies.
pub fn of_webhook<'s>(spec: &'s Spec, file: &'s WebhookFile) -> Outline<'s> {
    let common = &spec.protocol.file;
    let mut outline = Outline::default()
        .body("event", &[&file.event])
        .body("answer", &[&file.reply, &common.reply])
        .types(&file.types, &file.enums, &file.unions);
    outline.enums.push(&common.enums);
    if let Some(webhooks) = &spec.webhooks {
        outline.enums.push(&webhooks.common.file.enums);
    }
    with_shared(spec, outline)
}

/// The paths of a file of shared types: each begins with the name of a type.
pub fn of_shared<'s>(spec: &'s Spec, file: &'s SharedFile) -> Outline<'s> {
    let types = file.types.iter().map(|(name, _)| name);
    let enums = file.enums.iter().map(|(name, _)| name);
    let unions = file.unions.iter().map(|(name, _)| name);
    let outline = (types.chain(enums).chain(unions))
        .fold(Outline::default(), |outline, name| outline.root_type(name));
    with_shared(spec, outline)
}

/// The paths of what all commands share: `query` and `reply`.
pub fn of_protocol(spec: &Spec) -> Outline<'_> {
    let file = &spec.protocol.file;
    let query = file.query.iter().map(|(name, _)| name.value.as_str());
    let mut outline = Outline::default()
        .names("query", query)
        .body("reply", &[&file.reply]);
    outline.enums.push(&file.enums);
    outline
}

/// The paths of what all webhooks share: `query`, and the types of its parameters.
pub fn of_webhooks(file: &WebhooksFile) -> Outline<'_> {
    let query = file.query.iter().map(|(name, _)| name.value.as_str());
    let mut outline = Outline::default().names("query", query);
    outline.enums.push(&file.enums);
    (file.enums.iter()).fold(outline, |outline, (name, _)| outline.root_type(name))
}

fn with_shared<'s>(spec: &'s Spec, outline: Outline<'s>) -> Outline<'s> {
    (spec.shared.iter()).fold(outline, |outline, shared| {
        let file = &shared.file;
        outline.types(&file.types, &file.enums, &file.unions)
    })
}
