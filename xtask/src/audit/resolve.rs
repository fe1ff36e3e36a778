//! The spec as facts of the same kind as a page's: types are followed, so that every field has a path.

use super::{facts::Side, quota::Quota, vocabulary::Class};
use crate::codegen::{
    load::Spec,
    spec::{EnumLiteral, EnumType, Erratum, Field, ObjectType, Ordered, Page, UnionType},
    type_expr::{self, TypeExpr},
};
use std::collections::BTreeMap;

/// Deepest nesting that is followed.
const MAX_DEPTH: usize = 12;

/// A field with its place.
#[derive(Debug)]
pub struct Node<'s> {
    /// Name on the wire.
    pub name: &'s str,
    /// Names from the body to it, without `[]`.
    pub names: Vec<&'s str>,
    /// The same, as errata and findings write it.
    pub path: String,
    /// What its value may be.
    pub classes: Vec<Class>,
    /// Whether it may have a fraction.
    pub fraction: bool,
    /// Its type as written in the spec.
    pub ty: String,
    /// The field, unless it is part of a union.
    pub field: Option<&'s Field>,
    /// Whether it must be there.
    pub required: bool,
    /// Whether the spec says nothing about its content.
    pub free: bool,
    /// Whether it belongs to one variant of a union.
    pub variant: bool,
    /// Whether it is one of the fields that every reply may have.
    pub common: bool,
    /// Type that has the field, for errata of shared types.
    pub owner: Option<&'s str>,
    /// Types of its own fields.
    pub types: Vec<&'s str>,
    /// Its named values.
    pub values: Option<Values<'s>>,
    /// Fields inside.
    pub children: Vec<Node<'s>>,
}

/// Named values of a field.
#[derive(Clone, Copy, Debug)]
pub enum Values<'s> {
    /// Of an enum.
    Enum(&'s EnumType),
    /// Tags of a union.
    Tags(&'s UnionType),
}

impl Values<'_> {
    /// Whether a value is named.
    pub fn knows(self, value: &str) -> bool {
        match self {
            Self::Enum(def) => {
                def.prefixes
                    .iter()
                    .any(|prefix| value.starts_with(prefix.as_str()))
                    || def.values.iter().any(|known| match &known.value.value {
                        EnumLiteral::Integer(number) => number.to_string() == value,
                        EnumLiteral::Text(text) => text == value,
                    })
            }
            Self::Tags(def) => def.variants.get(value).is_some(),
        }
    }

    /// The values for people.
    pub fn list(self) -> String {
        let all: Vec<String> = match self {
            Self::Enum(def) => (def.values.iter())
                .map(|known| match &known.value.value {
                    EnumLiteral::Integer(number) => number.to_string(),
                    EnumLiteral::Text(text) => text.clone(),
                })
                .collect(),
            Self::Tags(def) => def
                .variants
                .iter()
                .map(|(name, _)| name.value.clone())
                .collect(),
        };
        all.join(", ")
    }
}

/// An erratum and the file that has it.
#[derive(Clone, Copy, Debug)]
pub struct Held<'s> {
    /// The file.
    pub file: &'s str,
    /// The erratum.
    pub erratum: &'s Erratum,
}

/// Everything that the spec says about one command or webhook.
#[derive(Debug)]
pub struct Expected<'s> {
    /// Path or name.
    pub command: &'s str,
    /// Spec file.
    pub file: &'s str,
    /// Whether it is a webhook.
    pub webhook: bool,
    /// The beginning of paths for everything else.
    pub word: Option<&'s str>,
    /// The page it was written from.
    pub page: &'s Page,
    /// Fields of each body.
    pub bodies: BTreeMap<Side, Vec<Node<'s>>>,
    /// How often it may be called.
    pub quotas: Vec<Quota>,
    /// Codes that its page lists.
    pub codes: Vec<i64>,
    /// Fields of the request exactly one of which is sent.
    pub one_of: Vec<&'s str>,
    /// What is settled.
    pub errata: Vec<Held<'s>>,
    /// Our own sample bodies.
    pub samples: Vec<(Side, &'s str)>,
}

/// Everything with which pages are compared.
#[derive(Debug)]
pub struct Resolved<'s> {
    /// The spec.
    pub spec: &'s Spec,
    /// Commands and webhooks by name.
    pub commands: BTreeMap<&'s str, Expected<'s>>,
    /// Shared unions, whose variants have their own page.
    pub unions: Vec<Expected<'s>>,
    /// Hosts of all regions.
    pub hosts: Vec<&'s str>,
}

impl<'s> Resolved<'s> {
    /// Follows everything.
    pub fn of(spec: &'s Spec) -> Self {
        let mut commands = BTreeMap::new();
        let common = &spec.protocol.file;
        let shared_errata: Vec<Held<'_>> = (spec.shared.iter())
            .flat_map(|shared| {
                let file = shared.source.path.as_str();
                shared
                    .file
                    .errata
                    .iter()
                    .map(move |erratum| Held { file, erratum })
            })
            .chain(common.errata.iter().map(|erratum| Held {
                file: &spec.protocol.source.path,
                erratum,
            }))
            .collect();
        for endpoint in &spec.endpoints {
            let file = &endpoint.file;
            let follow = Follow {
                spec,
                types: &file.types,
                enums: &file.enums,
                unions: &file.unions,
                more: None,
            };
            let mut reply = follow.body("reply", &file.reply, false);
            reply.extend(follow.body("reply", &common.reply, true));
            let own = file.errata.iter().map(|erratum| Held {
                file: &endpoint.source.path,
                erratum,
            });
            let expected = Expected {
                command: &file.path,
                file: &endpoint.source.path,
                webhook: false,
                word: None,
                page: &file.page,
                bodies: [
                    (Side::Request, follow.body("request", &file.request, false)),
                    (Side::Reply, reply),
                ]
                .into(),
                quotas: (file.quota.all().iter())
                    .map(|quota| Quota {
                        calls: u64::from(quota.amount()),
                        seconds: u64::from(quota.seconds),
                    })
                    .collect(),
                codes: file.errors.iter().map(|code| code.value).collect(),
                one_of: file.one_of.iter().map(|name| name.value.as_str()).collect(),
                errata: own.chain(shared_errata.iter().copied()).collect(),
                samples: (file.samples.iter())
                    .flat_map(|sample| {
                        let request = sample
                            .request
                            .as_ref()
                            .map(|text| (Side::Request, text.as_str()));
                        let reply = sample
                            .reply
                            .as_ref()
                            .map(|text| (Side::Reply, text.as_str()));
                        request.into_iter().chain(reply)
                    })
                    .collect(),
            };
            commands.insert(file.path.as_str(), expected);
        }
        for webhook in spec.webhooks.iter().flat_map(|webhooks| &webhooks.events) {
            let file = &webhook.file;
            let shared = spec.webhooks.as_ref().map(|webhooks| &webhooks.common);
            let follow = Follow {
                spec,
                types: &file.types,
                enums: &file.enums,
                unions: &file.unions,
                more: shared.map(|common| &common.file.enums),
            };
            let mut event = follow.body("event", &file.event, false);
            if let Some(common) = shared {
                event.push(tag(&common.file.tag));
            }
            let mut answer = follow.body("answer", &file.reply, false);
            answer.extend(follow.body("answer", &common.reply, true));
            let own = file.errata.iter().map(|erratum| Held {
                file: &webhook.source.path,
                erratum,
            });
            let of_all = shared.into_iter().flat_map(|common| {
                let file = common.source.path.as_str();
                common
                    .file
                    .errata
                    .iter()
                    .map(move |erratum| Held { file, erratum })
            });
            let expected = Expected {
                command: &file.command,
                file: &webhook.source.path,
                webhook: true,
                word: None,
                page: &file.page,
                bodies: [(Side::Event, event), (Side::Reply, answer)].into(),
                quotas: Vec::new(),
                codes: Vec::new(),
                one_of: Vec::new(),
                errata: own
                    .chain(of_all)
                    .chain(shared_errata.iter().copied())
                    .collect(),
                samples: Vec::new(),
            };
            commands.insert(file.command.as_str(), expected);
        }
        let unions = unions(spec, &shared_errata);
        let hosts = (spec.regions.file.regions.iter())
            .flat_map(|region| std::iter::once(&region.host).chain(&region.standby_hosts))
            .map(|host| host.value.as_str())
            .collect();
        Self {
            spec,
            commands,
            unions,
            hosts,
        }
    }

    /// Errata of the files that no command owns.
    pub fn general_errata(&self) -> Vec<Held<'s>> {
        let spec = self.spec;
        let files = [
            (&spec.errors.source, &spec.errors.file.errata),
            (&spec.regions.source, &spec.regions.file.errata),
            (&spec.protocol.source, &spec.protocol.file.errata),
        ];
        let general = files.into_iter().flat_map(|(source, errata)| {
            errata.iter().map(|erratum| Held {
                file: &source.path,
                erratum,
            })
        });
        let shared = spec.shared.iter().flat_map(|shared| {
            shared.file.errata.iter().map(|erratum| Held {
                file: &shared.source.path,
                erratum,
            })
        });
        // A page of an old name is settled by today's command.
        let commands = self.commands.values().flat_map(|expected| {
            let command = |held: &&Held<'s>| {
                let keys = &held.erratum.settles.value;
                held.file == expected.file && keys.iter().any(|key| key.value == "command")
            };
            expected.errata.iter().filter(command).copied()
        });
        general.chain(shared).chain(commands).collect()
    }

    /// Whether any shared type has a field of this name, or any command a field whose type is shared.
    pub fn is_shared_field(&self, name: &str) -> bool {
        let types = self
            .spec
            .shared
            .iter()
            .flat_map(|shared| shared.file.types.iter());
        let mut fields = types.flat_map(|(_, def)| def.fields.iter());
        fields.any(|(field, _)| field.value == name)
    }

    /// Whether a service, or the first part of a webhook's name, is one of the spec's.
    pub fn knows_service(&self, name: &str) -> bool {
        let service = service(name);
        self.commands
            .keys()
            .any(|known| self::service(known) == service)
    }
}

fn unions<'s>(spec: &'s Spec, errata: &[Held<'s>]) -> Vec<Expected<'s>> {
    let mut found = Vec::new();
    for shared in &spec.shared {
        let file = &shared.file;
        let follow = Follow {
            spec,
            types: &file.types,
            enums: &file.enums,
            unions: &file.unions,
            more: None,
        };
        for (name, def) in file.unions.iter() {
            let mut root = tag(name);
            let place = Place {
                path: name.value.clone(),
                through: vec![name.as_str()],
                ..Place::default()
            };
            follow.union(name, def, &mut root, &place);
            found.push(Expected {
                command: name,
                file: &shared.source.path,
                webhook: false,
                word: Some(name),
                page: &file.page,
                bodies: [(Side::Request, root.children)].into(),
                quotas: Vec::new(),
                codes: Vec::new(),
                one_of: Vec::new(),
                errata: errata.to_vec(),
                samples: Vec::new(),
            });
        }
    }
    found
}

/// The middle of a path, or the first part of a webhook's name.
pub fn service(name: &str) -> &str {
    match name.strip_prefix("v4/") {
        Some(rest) => rest.split('/').next().unwrap_or_default(),
        None => name.split('.').next().unwrap_or_default(),
    }
}

fn tag(name: &str) -> Node<'_> {
    Node {
        name,
        names: vec![name],
        path: format!("event.{name}"),
        classes: vec![Class::String],
        fraction: false,
        ty: "string".to_owned(),
        field: None,
        required: false,
        free: false,
        variant: false,
        common: true,
        owner: None,
        types: Vec::new(),
        values: None,
        children: Vec::new(),
    }
}

struct Follow<'s> {
    spec: &'s Spec,
    types: &'s Ordered<ObjectType>,
    enums: &'s Ordered<EnumType>,
    unions: &'s Ordered<UnionType>,
    more: Option<&'s Ordered<EnumType>>,
}

/// Where the walk is.
#[derive(Clone, Default)]
struct Place<'s> {
    names: Vec<&'s str>,
    path: String,
    /// Types on the way, to stop at recursive ones.
    through: Vec<&'s str>,
    owner: Option<&'s str>,
    variant: bool,
    common: bool,
}

impl<'s> Follow<'s> {
    fn body(&self, word: &str, fields: &'s Ordered<Field>, common: bool) -> Vec<Node<'s>> {
        let place = Place {
            path: word.to_owned(),
            common,
            ..Place::default()
        };
        self.fields(fields, &place)
    }

    fn fields(&self, fields: &'s Ordered<Field>, place: &Place<'s>) -> Vec<Node<'s>> {
        fields
            .iter()
            .map(|(name, field)| self.field(name, field, place))
            .collect()
    }

    fn field(&self, name: &'s str, field: &'s Field, place: &Place<'s>) -> Node<'s> {
        let mut names = place.names.clone();
        names.push(name);
        let ty = type_expr::parse(&field.ty).unwrap_or(TypeExpr::Json);
        let mut node = Node {
            name,
            path: format!("{}.{name}", place.path),
            names,
            classes: Vec::new(),
            fraction: false,
            ty: field.ty.value.clone(),
            field: Some(field),
            required: field.required,
            free: false,
            variant: place.variant,
            common: place.common,
            owner: place.owner,
            types: Vec::new(),
            values: None,
            children: Vec::new(),
        };
        let mut inner = Place {
            names: node.names.clone(),
            path: node.path.clone(),
            through: place.through.clone(),
            owner: None,
            variant: place.variant,
            common: place.common,
        };
        node.classes = self.classes(&ty);
        if field.quoted {
            node.classes = vec![Class::String, Class::Integer, Class::Number];
        }
        node.fraction = ty == TypeExpr::F64;
        self.inside(&ty, &mut node, &mut inner);
        node
    }

    fn inside(&self, ty: &TypeExpr, node: &mut Node<'s>, place: &mut Place<'s>) {
        match ty {
            TypeExpr::List(item) => {
                place.path.push_str("[]");
                self.inside(item, node, place);
            }
            TypeExpr::Map(_) | TypeExpr::Json | TypeExpr::TagValue => node.free = true,
            TypeExpr::Named(name) => self.named(name, node, place),
            _ => {}
        }
    }

    fn named(&self, name: &str, node: &mut Node<'s>, place: &mut Place<'s>) {
        if let Some(def) = self.find_enum(name) {
            node.values = Some(Values::Enum(def));
        } else if let Some((key, def)) = self.find(name, self.types, |file| &file.types) {
            if place.through.contains(&key) || place.names.len() > MAX_DEPTH {
                node.free = true;
                return;
            }
            place.through.push(key);
            place.owner = Some(key);
            node.types.push(key);
            node.children.extend(self.fields(&def.fields, place));
        } else if let Some((key, def)) = self.find(name, self.unions, |file| &file.unions) {
            if place.through.contains(&key) || place.names.len() > MAX_DEPTH {
                node.free = true;
                return;
            }
            place.through.push(key);
            node.types.push(key);
            self.union(key, def, node, place);
        } else {
            node.free = true;
        }
    }

    fn union(&self, key: &'s str, def: &'s UnionType, node: &mut Node<'s>, place: &Place<'s>) {
        let part = |name: &'s str, class: Class, values: Option<Values<'s>>| {
            let mut names = place.names.clone();
            names.push(name);
            Node {
                name,
                path: format!("{}.{name}", place.path),
                names,
                classes: vec![class],
                fraction: false,
                ty: class.word().to_owned(),
                field: None,
                required: true,
                free: false,
                variant: place.variant,
                common: place.common,
                owner: Some(key),
                types: Vec::new(),
                values,
                children: Vec::new(),
            }
        };
        node.children
            .push(part(&def.tag, Class::String, Some(Values::Tags(def))));
        let mut content = part(&def.content, Class::Object, None);
        for (_, variant) in def.variants.iter() {
            let Some((key, object)) = self.find(&variant.ty, self.types, |file| &file.types) else {
                continue;
            };
            if place.through.contains(&key) {
                content.free = true;
                continue;
            }
            let mut inner = Place {
                names: content.names.clone(),
                path: content.path.clone(),
                through: place.through.clone(),
                owner: Some(key),
                variant: true,
                common: place.common,
            };
            inner.through.push(key);
            content.types.push(key);
            for field in self.fields(&object.fields, &inner) {
                match content
                    .children
                    .iter_mut()
                    .find(|have| have.name == field.name)
                {
                    Some(have) => merge(have, field),
                    None => content.children.push(field),
                }
            }
        }
        node.children.push(content);
    }

    fn find<T>(
        &self,
        name: &str,
        own: &'s Ordered<T>,
        shared: impl Fn(&'s crate::codegen::spec::SharedFile) -> &'s Ordered<T>,
    ) -> Option<(&'s str, &'s T)> {
        let get = |list: &'s Ordered<T>| {
            (list.iter().find(|(key, _)| key.value == name))
                .map(|(key, def)| (key.value.as_str(), def))
        };
        get(own).or_else(|| {
            self.spec
                .shared
                .iter()
                .find_map(|loaded| get(shared(&loaded.file)))
        })
    }

    fn find_enum(&self, name: &str) -> Option<&'s EnumType> {
        let found = self
            .find(name, self.enums, |file| &file.enums)
            .map(|(_, def)| def);
        let found = found.or_else(|| self.more.and_then(|more| more.get(name)));
        found.or_else(|| self.spec.protocol.file.enums.get(name))
    }

    fn classes(&self, ty: &TypeExpr) -> Vec<Class> {
        use crate::codegen::spec::EnumWire;
        match ty {
            TypeExpr::String => vec![Class::String],
            TypeExpr::Bool => vec![Class::Bool],
            TypeExpr::U32
            | TypeExpr::U64
            | TypeExpr::I32
            | TypeExpr::I64
            | TypeExpr::F64
            | TypeExpr::Flag
            | TypeExpr::ErrorCode => vec![Class::Integer, Class::Number],
            TypeExpr::TagValue => vec![
                Class::String,
                Class::Integer,
                Class::Number,
                Class::Array,
                Class::Other,
            ],
            TypeExpr::Json => vec![Class::Other],
            TypeExpr::List(_) => vec![Class::Array],
            TypeExpr::Map(_) => vec![Class::Object],
            TypeExpr::Named(name) => match self.find_enum(name) {
                Some(def) if def.wire == EnumWire::Integer => vec![Class::Integer, Class::Number],
                Some(_) => vec![Class::String],
                None => vec![Class::Object],
            },
        }
    }
}

/// A field that two variants of a union have.
fn merge<'s>(have: &mut Node<'s>, more: Node<'s>) {
    for class in more.classes {
        if !have.classes.contains(&class) {
            have.classes.push(class);
        }
    }
    have.free |= more.free;
    have.fraction |= more.fraction;
    have.required &= more.required;
    if have.values.is_some() != more.values.is_some() {
        have.values = None;
    }
    for child in more.children {
        match have
            .children
            .iter_mut()
            .find(|known| known.name == child.name)
        {
            Some(known) => merge(known, child),
            None => have.children.push(child),
        }
    }
}
