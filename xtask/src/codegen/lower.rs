//! Stage 3: the checked spec becomes the [`Model`].
//!
//! Runs only on a spec without errors. A name that cannot be resolved here is a bug of the check stage, and is
//! still reported with its place.

mod batch;

use super::{
    diagnostic::Diagnostics,
    load::{LoadedEndpoint, LoadedShared, LoadedWebhook, LoadedWebhooks, Source, Spec},
    model::{
        Answer, Cursor, Each, Endpoint, Enum, Errors, EventTrait, Family, Field, Holds, Kind,
        Limit, Model, Module, Object, Offset, Paging, PagingEnd, PagingStyle, Protocol,
        QueryParameter, Refuse, Region, Regions, Repeat, Role, Sample, Tags, Type, Union, UserSig,
        Values, Variant, Webhook, Webhooks,
    },
    names,
    spec::{self, At, EnumLiteral, EnumType, ObjectType, Ordered, RegionStatus, UnionType},
    type_expr::{self, TypeExpr},
};
use std::collections::{BTreeMap, BTreeSet};

/// Resolves every name of the spec.
///
/// # Errors
///
/// Names that cannot be resolved.
pub fn lower(spec: &Spec) -> Result<Model, Diagnostics> {
    let mut lowering = Lowering {
        shared: kinds_of_shared(&spec.shared),
        regions: (spec.regions.file.regions.iter())
            .map(|region| (region.id.value.clone(), region.name.clone()))
            .collect(),
        errors: Diagnostics::default(),
    };
    let shared: Vec<Module> = spec
        .shared
        .iter()
        .map(|file| lowering.shared_module(file))
        .collect();
    let families = families(&spec.families.file.families, |family| {
        (spec.endpoints.iter())
            .filter(|endpoint| endpoint.family == family)
            .map(|endpoint| lowering.endpoint_module(endpoint))
            .collect()
    });
    let webhooks = spec.webhooks.as_ref().map(|all| lowering.webhooks(all));
    let protocol = lowering.protocol(spec);
    let mut model = Model {
        families,
        shared,
        protocol,
        regions: regions(spec),
        errors: errors(spec),
        webhooks,
        usersig: usersig(spec),
    };
    let path = spec.protocol.file.credentials_check.as_ref();
    model.protocol.credentials_check = path.and_then(|path| request_of(&model.families, path));
    mark_sent(&mut model);
    mark_fractions(&mut model);
    batch::lower(spec, &mut model, &mut lowering.errors);
    if lowering.errors.is_empty() {
        Ok(model)
    } else {
        Err(lowering.errors)
    }
}

/// The families that have modules.
fn families(
    families: &[spec::Family],
    mut modules: impl FnMut(&str) -> Vec<Module>,
) -> Vec<Family> {
    let lower = |family: &spec::Family| Family {
        name: family.name.value.clone(),
        doc: family.doc.clone(),
        modules: modules(&family.name),
    };
    let families = families.iter().map(lower);
    families
        .filter(|family| !family.modules.is_empty())
        .collect()
}

/// Family and request of a command.
fn request_of(families: &[Family], path: &str) -> Option<(String, String)> {
    let modules = families.iter().flat_map(|family| &family.modules);
    let mut endpoints = modules.filter_map(|module| module.endpoint.as_ref());
    let endpoint = endpoints.find(|endpoint| endpoint.path == path)?;
    Some((endpoint.family.clone(), endpoint.request.clone()))
}

fn query(parameters: &Ordered<spec::QueryParameter>) -> Vec<QueryParameter> {
    (parameters.iter())
        .map(|(wire, parameter)| QueryParameter {
            constant: parameter.rust.value.clone(),
            wire: wire.value.clone(),
            value: parameter.value.clone(),
            role: parameter.role,
            doc: parameter.doc.clone(),
        })
        .collect()
}

/// The meaning of each name of one scope.
type Kinds = BTreeMap<String, Kind>;

fn kinds(
    types: &Ordered<ObjectType>,
    enums: &Ordered<EnumType>,
    unions: &Ordered<UnionType>,
) -> impl Iterator<Item = (String, Kind)> {
    let objects = types
        .iter()
        .map(|(name, _)| (name.value.clone(), Kind::Object));
    let enums = enums.iter().map(|(name, def)| {
        let kind = match def.wire {
            spec::EnumWire::Integer => Kind::IntegerEnum,
            spec::EnumWire::String => Kind::StringEnum,
        };
        (name.value.clone(), kind)
    });
    let unions = unions
        .iter()
        .map(|(name, _)| (name.value.clone(), Kind::Union));
    objects
        .chain(enums)
        .chain(unions)
        .collect::<Vec<_>>()
        .into_iter()
}

fn kinds_of_shared(shared: &[LoadedShared]) -> Kinds {
    shared
        .iter()
        .flat_map(|s| kinds(&s.file.types, &s.file.enums, &s.file.unions))
        .collect()
}

struct Lowering {
    shared: Kinds,
    /// Ids and names of the regions.
    regions: Vec<(String, String)>,
    errors: Diagnostics,
}

/// The scopes in which names of one file are looked up.
struct Scope<'a> {
    source: &'a Source,
    local: Kinds,
}

impl Lowering {
    fn shared_module(&mut self, loaded: &LoadedShared) -> Module {
        let file = &loaded.file;
        let scope = Scope {
            source: &loaded.source,
            local: Kinds::new(),
        };
        let objects = file
            .types
            .iter()
            .map(|(name, def)| self.object(&scope, name, def))
            .collect();
        Module {
            name: loaded.name.clone(),
            source: loaded.source.path.clone(),
            doc: file.doc.clone(),
            endpoint: None,
            webhook: None,
            objects,
            enums: enums(&file.enums),
            unions: unions(&file.unions),
            errata: file.errata.clone(),
            samples: Vec::new(),
        }
    }

    fn endpoint_module(&mut self, loaded: &LoadedEndpoint) -> Module {
        let file = &loaded.file;
        let local = kinds(&file.types, &file.enums, &file.unions).collect();
        let scope = Scope {
            source: &loaded.source,
            local,
        };
        let request = names::camel_case(&loaded.name);
        let reply = format!("{request}Reply");
        let request_fields = self.fields(&scope, &file.request);
        let reply_fields = self.fields(&scope, &file.reply);
        let paging = file
            .paging
            .as_ref()
            .and_then(|p| self.paging(&scope, file, p, &request_fields, &reply_fields));
        let one_of = (file.one_of.iter())
            .filter_map(|name| self.find(&scope, &request_fields, name))
            .collect();
        let counted = (file.quota.all().iter())
            .find_map(|quota| quota.of.as_ref())
            .and_then(|of| request_fields.iter().find(|field| field.wire == *of))
            .cloned();
        let mut objects = vec![
            Object {
                name: request.clone(),
                doc: String::new(),
                role: Role::Request,
                sent: true,
                has_fractions: false,
                fields: request_fields,
            },
            Object {
                name: reply.clone(),
                doc: String::new(),
                role: Role::Reply,
                sent: false,
                has_fractions: false,
                fields: reply_fields,
            },
        ];
        objects.extend(
            file.types
                .iter()
                .map(|(name, def)| self.object(&scope, name, def)),
        );
        let note = |code: &At<i64>| {
            (
                code.value,
                file.error_notes.get(&code.value.to_string()).cloned(),
            )
        };
        let endpoint = Endpoint {
            family: loaded.family.clone(),
            path: file.path.value.clone(),
            title: file.title.clone(),
            summary: file.summary.value.clone(),
            request,
            reply,
            page: file.page.id,
            updated: file.page.updated.as_ref().map(|day| day.value.clone()),
            quotas: file.quota.all().to_vec(),
            capacity: (file.capacity.iter())
                .map(|(name, bound)| (name.value.clone(), bound.clone()))
                .collect(),
            counted,
            one_of,
            regions: (file.regions.iter())
                .filter_map(|id| self.regions.iter().find(|(known, _)| *known == id.value))
                .cloned()
                .collect(),
            repeat: match &file.repeat.value {
                spec::Repeat::Read => Repeat::Read,
                spec::Repeat::Idempotent => Repeat::Idempotent,
                spec::Repeat::Unsafe => Repeat::Unsafe,
                spec::Repeat::IdempotentWith(fields) => {
                    Repeat::IdempotentWith(fields.iter().map(|f| f.value.clone()).collect())
                }
                spec::Repeat::DeduplicatedBy(fields) => {
                    Repeat::DeduplicatedBy(fields.iter().map(|f| f.value.clone()).collect())
                }
            },
            duplicate_seconds: file.duplicate_seconds.as_ref().map(|seconds| seconds.value),
            paging,
            // Its names can be from any file, so it is filled in when all files are there.
            batch: None,
            bare_reply: file.bare_reply.is_some(),
            retry_after: (file.errors.iter())
                .filter_map(|code| {
                    let seconds = file.retry_after.get(&code.value.to_string())?;
                    Some((code.value, *seconds))
                })
                .collect(),
            errors: file.errors.iter().map(note).collect(),
        };
        Module {
            name: loaded.name.clone(),
            source: loaded.source.path.clone(),
            doc: file.details.clone().unwrap_or_default(),
            endpoint: Some(endpoint),
            webhook: None,
            objects,
            enums: enums(&file.enums),
            unions: unions(&file.unions),
            errata: file.errata.clone(),
            samples: (file.samples.iter())
                .map(|s| {
                    sample(
                        &s.name,
                        s.note.as_ref(),
                        s.request.as_ref(),
                        s.reply.as_ref(),
                    )
                })
                .collect(),
        }
    }

    fn webhooks(&mut self, loaded: &LoadedWebhooks) -> Webhooks {
        let common = &loaded.common.file;
        let all = (loaded.events.iter())
            .map(|event| {
                let meaning = event.file.summary.value.clone();
                (constant(event), event.file.command.value.clone(), meaning)
            })
            .collect();
        let mut all_enums = vec![Enum {
            name: common.tag.value.clone(),
            doc: "Names of all webhooks.".to_owned(),
            values: Values::String(all),
            tags: None,
        }];
        all_enums.extend(enums(&common.enums));
        let families = families(&common.families, |family| {
            (loaded.events.iter())
                .filter(|event| event.family == family)
                .filter_map(|event| self.webhook_module(loaded, event))
                .collect()
        });
        let modules: Vec<&Module> = families.iter().flat_map(|family| &family.modules).collect();
        let traits = (common.traits.iter())
            .filter_map(|(name, def)| event_trait(name, def, loaded, &modules))
            .collect();
        Webhooks {
            traits,
            source: loaded.common.source.path.clone(),
            timeout_seconds: common.timeout_seconds,
            tag: common.tag.value.clone(),
            query: query(&common.query),
            enums: all_enums,
            families,
        }
    }

    fn webhook_module(&mut self, all: &LoadedWebhooks, loaded: &LoadedWebhook) -> Option<Module> {
        let (file, common) = (&loaded.file, &all.common.file);
        let mut local: Kinds = kinds(&file.types, &file.enums, &file.unions).collect();
        local.extend(kinds(
            &Ordered::default(),
            &common.enums,
            &Ordered::default(),
        ));
        local.insert(common.tag.value.clone(), Kind::StringEnum);
        let scope = Scope {
            source: &loaded.source,
            local,
        };
        let event = names::camel_case(&loaded.name);
        let event_fields = self.fields(&scope, &common.event_fields(file));
        let reply_fields = self.fields(&scope, &file.reply);
        let identity: Option<Vec<Field>> = (file.identity.iter())
            .map(|name| self.find(&scope, &event_fields, name))
            .collect();
        let answer = match &file.answer {
            Some(answer) => {
                let reply = format!("{event}Reply");
                Some(self.answer(&scope, file, answer, reply, &event_fields, &reply_fields)?)
            }
            None => None,
        };
        let mut objects = vec![Object {
            name: event.clone(),
            doc: String::new(),
            role: Role::Event,
            sent: false,
            has_fractions: false,
            fields: event_fields,
        }];
        if let Some(answer) = &answer {
            objects.push(Object {
                name: answer.reply.clone(),
                doc: String::new(),
                role: Role::Reply,
                sent: false,
                has_fractions: false,
                fields: reply_fields,
            });
        }
        let types = file.types.iter();
        objects.extend(types.map(|(name, def)| self.object(&scope, name, def)));
        let webhook = Webhook {
            family: loaded.family.clone(),
            command: file.command.value.clone(),
            constant: constant(loaded),
            title: file.title.clone(),
            summary: file.summary.value.clone(),
            event,
            page: file.page.id,
            updated: file.page.updated.as_ref().map(|day| day.value.clone()),
            identity: identity?,
            answer,
        };
        Some(Module {
            name: loaded.name.clone(),
            source: loaded.source.path.clone(),
            doc: file.details.clone().unwrap_or_default(),
            endpoint: None,
            webhook: Some(webhook),
            objects,
            enums: enums(&file.enums),
            unions: unions(&file.unions),
            errata: file.errata.clone(),
            samples: (file.samples.iter())
                .map(|s| sample(&s.name, s.note.as_ref(), s.event.as_ref(), s.reply.as_ref()))
                .collect(),
        })
    }

    fn answer(
        &mut self,
        scope: &Scope<'_>,
        file: &spec::WebhookFile,
        answer: &spec::Answer,
        reply: String,
        event_fields: &[Field],
        reply_fields: &[Field],
    ) -> Option<Answer> {
        let range = |range: &spec::CodeRange| (range.from.value, range.to);
        let each = match &answer.each {
            Some(each) => Some(self.each(scope, file, each, event_fields, reply_fields)?),
            None => None,
        };
        let changes: Vec<Field> = (reply_fields.iter())
            .filter(|field| (each.as_ref()).is_none_or(|each| each.results.0.wire != field.wire))
            .cloned()
            .collect();
        Some(Answer {
            reply,
            allow: answer.allow.value.clone(),
            refuse: (answer.refuse.as_ref()).map(|refuse| Refuse {
                code: refuse.code.value,
                codes: refuse.codes.as_ref().map(range),
                doc: refuse.doc.value.clone(),
            }),
            drop: (answer.drop.as_ref()).map(|drop| (drop.code.value, drop.doc.value.clone())),
            change: (answer.change.as_ref()).map(|doc| (doc.value.clone(), changes)),
            each,
        })
    }

    fn each(
        &mut self,
        scope: &Scope<'_>,
        file: &spec::WebhookFile,
        each: &spec::Each,
        event_fields: &[Field],
        reply_fields: &[Field],
    ) -> Option<Each> {
        let items = self.find(scope, event_fields, &each.items)?;
        let results = self.find(scope, reply_fields, &each.results)?;
        let mut entries = |list: &Field, at: &At<String>| {
            let entry = match &list.ty {
                Type::List(entry) => match &**entry {
                    Type::Named(name, Kind::Object) => file.types.get(name).map(|def| (name, def)),
                    _ => None,
                },
                _ => None,
            };
            match entry {
                Some((name, def)) => Some((name.clone(), self.fields(scope, &def.fields))),
                None => {
                    let message = format!("`{}` lists no type of this file", at.value);
                    (self.errors).report(scope.source, at.span.clone(), message);
                    None
                }
            }
        };
        let (item, item_fields) = entries(&items, &each.items)?;
        let (result, result_fields) = entries(&results, &each.results)?;
        Some(Each {
            items: (items, item),
            key: self.find(scope, &item_fields, &each.key)?,
            results: (results, result),
            result_key: self.find(scope, &result_fields, &each.result_key)?,
            code: self.find(scope, &result_fields, &each.code)?,
            info: self.find(scope, &result_fields, &each.info)?,
            codes: (each.codes.from.value, each.codes.to),
            doc: each.doc.value.clone(),
        })
    }

    /// A field by its wire name.
    fn find(&mut self, scope: &Scope<'_>, fields: &[Field], name: &At<String>) -> Option<Field> {
        let found = fields.iter().find(|field| field.wire == name.value);
        if found.is_none() {
            let message = format!("no field is called `{}`", name.value);
            self.errors.report(scope.source, name.span.clone(), message);
        }
        found.cloned()
    }

    fn protocol(&mut self, spec: &Spec) -> Protocol {
        let file = &spec.protocol.file;
        let none = (Ordered::default(), Ordered::default());
        let scope = Scope {
            source: &spec.protocol.source,
            local: kinds(&none.0, &file.enums, &none.1).collect(),
        };
        Protocol {
            source: spec.protocol.source.path.clone(),
            server_timeout_seconds: file.server_timeout_seconds,
            max_request_bytes: file.max_request_bytes,
            credentials_check: None,
            query: query(&file.query),
            envelope: Object {
                name: "Envelope".to_owned(),
                doc: "The common fields of replies: the result of the call itself.".to_owned(),
                role: Role::Part,
                sent: false,
                has_fractions: false,
                fields: self.fields(&scope, &file.reply),
            },
            enums: enums(&file.enums),
        }
    }

    fn object(&mut self, scope: &Scope<'_>, name: &At<String>, def: &ObjectType) -> Object {
        Object {
            name: name.value.clone(),
            doc: def.doc.value.clone(),
            role: Role::Part,
            sent: false,
            has_fractions: false,
            fields: self.fields(scope, &def.fields),
        }
    }

    fn fields(&mut self, scope: &Scope<'_>, fields: &Ordered<spec::Field>) -> Vec<Field> {
        fields
            .iter()
            .filter_map(|(wire, def)| self.field(scope, wire, def))
            .collect()
    }

    fn field(&mut self, scope: &Scope<'_>, wire: &At<String>, def: &spec::Field) -> Option<Field> {
        let ty = match type_expr::parse(&def.ty.value) {
            Ok(expr) => self.resolve(scope, &def.ty, expr)?,
            Err(error) => {
                self.errors
                    .report(scope.source, def.ty.span.clone(), error.to_string());
                return None;
            }
        };
        let limits = [
            def.max_bytes.map(Limit::MaxBytes),
            def.max_chars.map(Limit::MaxChars),
            def.min_items.map(Limit::MinItems),
            def.max_items.map(Limit::MaxItems),
            def.min.map(Limit::Min),
            def.max.map(Limit::Max),
        ];
        Some(Field {
            wire: wire.value.clone(),
            rust: def
                .rust
                .as_ref()
                .map_or_else(|| names::field_name(wire), |rust| rust.value.clone()),
            ty,
            required: def.required,
            doc: def.doc.value.clone(),
            default: def.default.clone(),
            quoted: def.quoted,
            random: def.random,
            secret: def.secret,
            limits: limits.into_iter().flatten().collect(),
            deprecated: def.deprecated.clone(),
            unconfirmed: def.unconfirmed.clone(),
        })
    }

    fn resolve(&mut self, scope: &Scope<'_>, at: &At<String>, expr: TypeExpr) -> Option<Type> {
        Some(match expr {
            TypeExpr::String => Type::String,
            TypeExpr::Bool => Type::Bool,
            TypeExpr::U32 => Type::U32,
            TypeExpr::U64 => Type::U64,
            TypeExpr::I32 => Type::I32,
            TypeExpr::I64 => Type::I64,
            TypeExpr::F64 => Type::F64,
            TypeExpr::Flag => Type::Flag,
            TypeExpr::TagValue => Type::TagValue,
            TypeExpr::ErrorCode => Type::ErrorCode,
            TypeExpr::Json => Type::Json,
            TypeExpr::List(item) => Type::List(Box::new(self.resolve(scope, at, *item)?)),
            TypeExpr::Map(item) => Type::Map(Box::new(self.resolve(scope, at, *item)?)),
            TypeExpr::Named(name) => {
                match scope.local.get(&name).or_else(|| self.shared.get(&name)) {
                    Some(kind) => Type::Named(name, *kind),
                    None => {
                        self.errors.report(
                            scope.source,
                            at.span.clone(),
                            format!("no type is called `{name}`"),
                        );
                        return None;
                    }
                }
            }
        })
    }

    fn paging(
        &mut self,
        scope: &Scope<'_>,
        file: &spec::EndpointFile,
        paging: &spec::Paging,
        request: &[Field],
        reply: &[Field],
    ) -> Option<Paging> {
        let item_type = (reply.iter())
            .find(|field| field.wire == paging.items.value)
            .and_then(|field| match &field.ty {
                Type::List(item) => match &**item {
                    Type::Named(name, _) => file.types.get(name),
                    _ => None,
                },
                _ => None,
            });
        let item_fields = match (&paging.downwards, item_type) {
            (Some(_), Some(item)) => self.fields(scope, &item.fields),
            _ => Vec::new(),
        };
        let mut find = |fields: &[Field], name: &At<String>| self.find(scope, fields, name);
        let lists = std::iter::once(&paging.items).chain(&paging.or_in);
        let items: Option<Vec<_>> = lists.map(|list| find(reply, list)).collect();
        let offset = paging.offset.as_ref().and_then(|offset| {
            Some(Offset {
                request: find(request, &offset.request)?,
                total: find(reply, &offset.total)?,
            })
        });
        let cursor: Option<Vec<_>> = (paging.cursor.iter())
            .map(|pair| {
                let (to, from) = (find(request, &pair.request), find(reply, &pair.reply));
                Some(Cursor {
                    request: to?,
                    reply: from?,
                    first: pair.first,
                })
            })
            .collect();
        let mut lower_end = |end: &At<spec::PagingEnd>| match &end.value {
            spec::PagingEnd::FieldEquals { field, value } => {
                find(reply, field).map(|field| PagingEnd::FieldEquals(Box::new(field), *value))
            }
            spec::PagingEnd::FieldNonzero(field) => {
                find(reply, field).map(|field| PagingEnd::FieldNonzero(Box::new(field)))
            }
            spec::PagingEnd::CursorZero => Some(PagingEnd::CursorZero),
            spec::PagingEnd::NoItems => Some(PagingEnd::NoItems),
        };
        let end = paging.end.as_ref().and_then(&mut lower_end);
        let early_end = paging.early_end.as_ref().and_then(&mut lower_end);
        let items = items?;
        let style = match (end, &paging.downwards) {
            (Some(end), _) => PagingStyle::Cursor(cursor?, end, offset),
            (None, Some(downwards)) => {
                let from = find(request, &downwards.request)?;
                let number = find(&item_fields, &downwards.item)?;
                PagingStyle::Downwards(Box::new(from), Box::new(number))
            }
            (None, None) => PagingStyle::Offset(offset?),
        };
        Some(Paging {
            items,
            order: paging.order,
            reversed_pages: paging.reversed_pages,
            early_end,
            style,
        })
    }
}

fn enums(defs: &Ordered<EnumType>) -> Vec<Enum> {
    let lower = |(name, def): (&At<String>, &EnumType)| {
        let mut integers = Vec::new();
        let mut texts = Vec::new();
        for value in &def.values {
            let constant = value.name.as_ref().map(|name| name.value.clone());
            match &value.value.value {
                EnumLiteral::Integer(number) => {
                    integers.push((
                        constant.unwrap_or_else(|| format!("V{number}")),
                        *number,
                        value.doc.clone(),
                    ));
                }
                EnumLiteral::Text(text) => {
                    let constant = constant.unwrap_or_else(|| names::const_case(text));
                    texts.push((constant, text.clone(), value.doc.clone()));
                }
            }
        }
        let values = match def.wire {
            spec::EnumWire::Integer => Values::Integer(integers),
            spec::EnumWire::String => Values::String(texts),
        };
        Enum {
            name: name.value.clone(),
            doc: enum_doc(def),
            tags: tags(def, &values),
            values,
        }
    };
    defs.iter().map(lower).collect()
}

/// The values next to tags.
fn tags(def: &EnumType, values: &Values) -> Option<Tags> {
    let reader = def.fields.as_ref()?.value.clone();
    let Values::String(values) = values else {
        return None;
    };
    let holds = (def.values.iter().zip(values)).filter_map(|(value, (constant, wire, doc))| {
        let holds = Holds::of(value.holds.as_ref()?);
        Some((constant.clone(), wire.clone(), holds, doc.clone()))
    });
    Some(Tags {
        reader,
        custom: (def.custom.as_ref())
            .map(|custom| (custom.prefix.value.clone(), custom.name.value.clone())),
        includes: def.includes.as_ref().map(|name| name.value.clone()),
        holds: holds.collect(),
    })
}

/// A trait that several webhooks share. None if no webhook has it.
fn event_trait(
    name: &At<String>,
    def: &spec::EventTrait,
    all: &LoadedWebhooks,
    modules: &[&Module],
) -> Option<EventTrait> {
    let has = |file: &spec::WebhookFile| file.traits.iter().any(|own| own.value == name.value);
    let members = all.events.iter().filter(|event| has(&event.file));
    let members: Vec<&Module> = members
        .filter_map(|event| {
            modules
                .iter()
                .find(|module| module.source == event.source.path)
        })
        .copied()
        .collect();
    let of_role = |role: Role, wires: &[At<String>]| -> Option<Vec<Field>> {
        let objects = &members.first()?.objects;
        let Some(object) = objects.iter().find(|object| object.role == role) else {
            return Some(Vec::new());
        };
        let field = |wire: &At<String>| {
            object
                .fields
                .iter()
                .find(|field| field.wire == wire.value)
                .cloned()
        };
        Some(wires.iter().filter_map(field).collect())
    };
    let events = members.iter().filter_map(|module| {
        Some((
            module.webhook.as_ref()?.event.clone(),
            module.source.clone(),
        ))
    });
    Some(EventTrait {
        name: name.value.clone(),
        doc: def.doc.value.clone(),
        fields: of_role(Role::Event, &def.event)?,
        refuse: def.refuse,
        drop: def.drop,
        change: of_role(Role::Reply, &def.change)?,
        events: events.collect(),
    })
}

/// The documentation of an enum, including the values that apps choose themselves.
fn enum_doc(def: &EnumType) -> String {
    let prefixes: Vec<String> = def
        .prefixes
        .iter()
        .map(|prefix| format!("`{}`", prefix.value))
        .collect();
    match prefixes.is_empty() {
        true => def.doc.value.clone(),
        false => format!(
            "{} Apps define their own values that begin with {}.",
            def.doc.trim(),
            prefixes.join(" or ")
        ),
    }
}

fn unions(defs: &Ordered<UnionType>) -> Vec<Union> {
    let variant = |(wire, def): (&At<String>, &spec::Variant)| Variant {
        wire: wire.value.clone(),
        rust: def.rust.value.clone(),
        ty: def.ty.value.clone(),
        doc: def.doc.clone(),
    };
    let lower = |(name, def): (&At<String>, &UnionType)| Union {
        name: name.value.clone(),
        doc: def.doc.value.clone(),
        tag: def.tag.value.clone(),
        content: def.content.value.clone(),
        list: def.list.as_ref().map(|name| name.value.clone()),
        sent: false,
        has_fractions: false,
        variants: def.variants.iter().map(variant).collect(),
    };
    defs.iter().map(lower).collect()
}

/// A sample. Its strings are JSON, as the check of samples has verified.
fn sample(
    name: &At<String>,
    note: Option<&String>,
    request: Option<&At<String>>,
    reply: Option<&At<String>>,
) -> Sample {
    let json = |text: Option<&At<String>>| serde_json::from_str(&text?.value).ok();
    Sample {
        name: name.value.clone(),
        note: note.cloned(),
        request: json(request),
        reply: json(reply),
    }
}

fn regions(spec: &Spec) -> Regions {
    let region = |region: &spec::Region| Region {
        id: region.id.value.clone(),
        constant: names::const_case(&region.id),
        name: region.name.clone(),
        host: region.host.value.clone(),
        standby_hosts: region
            .standby_hosts
            .iter()
            .map(|host| host.value.clone())
            .collect(),
        retired: region.status == RegionStatus::Retired,
        note: region.note.clone(),
    };
    Regions {
        source: spec.regions.source.path.clone(),
        regions: spec.regions.file.regions.iter().map(region).collect(),
    }
}

fn errors(spec: &Spec) -> Errors {
    Errors {
        source: spec.errors.source.path.clone(),
        codes: spec.errors.file.codes.clone(),
        ranges: spec.errors.file.ranges.clone(),
    }
}

/// The constant of a webhook's name.
fn constant(event: &LoadedWebhook) -> String {
    event.name.to_ascii_uppercase()
}

/// Marks every type that a request can contain: only those have limits to check.
fn mark_sent(model: &mut Model) {
    let mut held: BTreeMap<(&str, &str), Vec<&str>> = BTreeMap::new();
    let mut open: Vec<(&str, &str)> = Vec::new();
    for module in model.modules() {
        for object in &module.objects {
            let names = object
                .fields
                .iter()
                .filter_map(|field| named(&field.ty))
                .collect();
            held.insert((&module.source, &object.name), names);
            if object.role == Role::Request {
                open.push((&module.source, &object.name));
            }
        }
        for union in &module.unions {
            let names = union
                .variants
                .iter()
                .map(|variant| variant.ty.as_str())
                .collect();
            held.insert((&module.source, &union.name), names);
        }
    }
    let mut sent: BTreeSet<(String, String)> = BTreeSet::new();
    while let Some((source, name)) = open.pop() {
        if !sent.insert((source.to_owned(), name.to_owned())) {
            continue;
        }
        for inner in held.get(&(source, name)).into_iter().flatten() {
            // A name is local to its file or, if the file does not define it, that of a shared type.
            let place = held
                .keys()
                .find(|key| **key == (source, *inner))
                .or_else(|| {
                    held.keys().find(|(s, n)| {
                        n == inner && model.shared.iter().any(|module| module.source == *s)
                    })
                });
            open.extend(place);
        }
    }
    for module in model.modules_mut() {
        for object in &mut module.objects {
            object.sent = sent.contains(&(module.source.clone(), object.name.clone()));
        }
        for union in &mut module.unions {
            union.sent = sent.contains(&(module.source.clone(), union.name.clone()));
        }
    }
}

/// Marks every object and union that can contain a floating-point number.
fn mark_fractions(model: &mut Model) {
    // By spec file and name, until nothing is added. Shared types are also known by their name alone.
    let mut found: BTreeSet<(String, String)> = BTreeSet::new();
    loop {
        let before = found.len();
        let holds = |source: &str, ty: &Type| {
            is_fraction(ty)
                || named(ty).is_some_and(|name| {
                    let known =
                        |source: &str| found.contains(&(source.to_owned(), name.to_owned()));
                    known(source) || model.shared.iter().any(|module| known(&module.source))
                })
        };
        let mut more = Vec::new();
        for module in model.modules() {
            let source = &module.source;
            for object in &module.objects {
                if object.fields.iter().any(|field| holds(source, &field.ty)) {
                    more.push((source.clone(), object.name.clone()));
                }
            }
            for union in &module.unions {
                let content = |ty: &str| Type::Named(ty.to_owned(), Kind::Object);
                if union
                    .variants
                    .iter()
                    .any(|variant| holds(source, &content(&variant.ty)))
                {
                    more.push((source.clone(), union.name.clone()));
                }
            }
        }
        found.extend(more);
        if found.len() == before {
            break;
        }
    }
    for module in model.modules_mut() {
        let holds = |name: &String| found.contains(&(module.source.clone(), name.clone()));
        for object in &mut module.objects {
            object.has_fractions = holds(&object.name);
        }
        for union in &mut module.unions {
            union.has_fractions = holds(&union.name);
        }
    }
}

fn is_fraction(ty: &Type) -> bool {
    match ty {
        Type::F64 => true,
        Type::List(item) | Type::Map(item) => is_fraction(item),
        _ => false,
    }
}

/// The object or union inside a type, at any depth.
fn named(ty: &Type) -> Option<&str> {
    match ty {
        Type::Named(name, Kind::Object | Kind::Union) => Some(name),
        Type::List(item) | Type::Map(item) => named(item),
        _ => None,
    }
}

fn usersig(spec: &Spec) -> UserSig {
    let file = &spec.usersig.file;
    UserSig {
        source: spec.usersig.source.path.clone(),
        version: file.version.clone(),
        max_encoded_bytes: file.max_encoded_bytes,
        max_document_bytes: file.max_document_bytes,
        fields: file.fields.clone(),
        alphabet: (file.alphabet.iter())
            .map(|pair| (pair.base64.value, pair.wire))
            .collect(),
        userbuf: file.userbuf.clone(),
        privileges: (file.privileges.iter())
            .map(|right| {
                let bit = 1_u32.checked_shl(u32::from(right.bit));
                (
                    right.name.value.clone(),
                    bit.unwrap_or_default(),
                    right.doc.clone(),
                )
            })
            .collect(),
    }
}
