//! Drafts a spec file from pages. Its sentences are empty, and the generator refuses empty sentences, so nobody
//! forgets to write them.

use super::{
    facts::{Body, Facts, Row, Side, Subject},
    resolve::service,
    sample::Sample,
    vocabulary::{Class, Vocabulary, fits},
};
use crate::codegen::{
    load::Spec,
    spec::ObjectType,
    type_expr::{self, TypeExpr},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
};

/// A drafted file.
#[derive(Clone, Debug)]
pub struct Draft {
    /// Command or webhook.
    pub command: String,
    /// Where the file belongs, below `spec/`.
    pub file: String,
    /// The file.
    pub toml: String,
    /// Points for a person to check, besides the sentences.
    pub notes: Vec<String>,
}

/// A field as the pages show it.
#[derive(Clone, Debug, Default)]
struct Shape {
    classes: BTreeSet<Class>,
    /// What a list holds.
    item: Option<Class>,
    values: Vec<String>,
    rows: Vec<Row>,
    /// The number of objects that had it, and of all objects.
    shown: usize,
    inside: Fields,
}

/// Fields in the order of the page.
#[derive(Clone, Debug, Default)]
struct Fields {
    fields: Vec<(String, Shape)>,
    /// How many objects had them.
    objects: usize,
}

impl Fields {
    fn entry(&mut self, name: &str) -> &mut Shape {
        let at = match self.fields.iter().position(|(have, _)| have == name) {
            Some(at) => at,
            None => {
                self.fields.push((name.to_owned(), Shape::default()));
                self.fields.len() - 1
            }
        };
        &mut self.fields[at].1
    }

    fn get(&self, name: &str) -> Option<&Shape> {
        self.fields
            .iter()
            .find(|(have, _)| have == name)
            .map(|(_, shape)| shape)
    }

    /// The fields at a path.
    fn at(&mut self, path: &[String]) -> &mut Self {
        match path.split_first() {
            None => self,
            Some((name, rest)) => self.entry(name.trim_end_matches("[]")).inside.at(rest),
        }
    }

    fn add_sample(&mut self, sample: &Sample) {
        for key in &sample.keys {
            let Some((name, path)) = key.path.split_last() else {
                continue;
            };
            if !super::page::is_name(name) {
                continue;
            }
            let shape = self.at(path).entry(name);
            shape.classes.extend(key.class);
            shape.item = shape.item.or(key.item);
            if shape.values.len() < 16 {
                shape.values.push(key.value.clone());
            }
        }
        for object in sample
            .objects
            .iter()
            .filter(|object| !object.open && !object.keys.is_empty())
        {
            let fields = self.at(&object.path);
            fields.objects += 1;
            for name in &object.keys {
                if let Some((_, shape)) = fields.fields.iter_mut().find(|(have, _)| have == name) {
                    shape.shown += 1;
                }
            }
        }
    }

    /// The position of a name, outermost first.
    fn find(&mut self, name: &str) -> Option<&mut Shape> {
        if self.get(name).is_some() {
            return Some(self.entry(name));
        }
        self.fields
            .iter_mut()
            .find_map(|(_, shape)| shape.inside.find(name))
    }

    fn add_rows(&mut self, rows: &[Row]) {
        let mut container: Option<String> = None;
        for row in rows {
            let Some((name, path)) = row.names.split_last() else {
                continue;
            };
            if !path.is_empty() {
                self.at(path).entry(name).rows.push(row.clone());
                continue;
            }
            let holds = |class: &Class| matches!(class, Class::Array | Class::Object);
            if let Some(shape) = self.find(name) {
                shape.rows.push(row.clone());
            } else {
                // Only tables have this field. It belongs in the container that a heading or the row above
                // names, unless a sample shows what that contains.
                let inside = row.hint.clone().or_else(|| container.clone());
                let outer = inside
                    .and_then(|name| self.find(&name))
                    .filter(|shape| shape.values.is_empty());
                match outer {
                    Some(outer) => outer.inside.entry(name).rows.push(row.clone()),
                    None => self.entry(name).rows.push(row.clone()),
                }
            }
            if row.classes.iter().any(holds) {
                container = Some(name.clone());
            }
        }
    }
}

/// Drafts a file for each command that the pages are about and `wanted` accepts.
pub fn drafts(
    spec: &Spec,
    vocabulary: &Vocabulary,
    pages: &[&Facts],
    wanted: impl Fn(&str) -> bool,
) -> Vec<Draft> {
    let mut commands: BTreeMap<&str, Vec<&Facts>> = BTreeMap::new();
    for facts in pages {
        if let Subject::Command(name) | Subject::Either(name, _) | Subject::Webhook(name) =
            &facts.subject
            && wanted(name)
        {
            commands.entry(name).or_default().push(facts);
        }
    }
    let drafts = commands.into_iter().map(|(command, pages)| {
        let mut drafter = Drafter {
            spec,
            vocabulary,
            command,
            types: Vec::new(),
            notes: Vec::new(),
        };
        drafter.draft(&pages)
    });
    drafts.collect()
}

struct Drafter<'a> {
    spec: &'a Spec,
    vocabulary: &'a Vocabulary,
    command: &'a str,
    /// Types that the file needs: name and fields.
    types: Vec<(String, String)>,
    notes: Vec<String>,
}

impl<'a> Drafter<'a> {
    fn draft(&mut self, pages: &[&Facts]) -> Draft {
        let webhook = !self.command.contains('/');
        let mut bodies: BTreeMap<Side, Fields> = BTreeMap::new();
        for facts in pages {
            for (side, Body { samples, .. }) in &facts.bodies {
                let fields = bodies.entry(*side).or_default();
                samples
                    .iter()
                    .filter(|sample| !failed(sample))
                    .for_each(|sample| fields.add_sample(sample));
            }
        }
        for facts in pages {
            for (side, body) in &facts.bodies {
                bodies.entry(*side).or_default().add_rows(&body.rows);
            }
        }
        let common = &self.spec.protocol.file.reply;
        let tag = &self.vocabulary.file.commands.webhook;
        for (side, fields) in &mut bodies {
            fields.fields.retain(|(name, _)| match side {
                Side::Reply => common.get(name).is_none(),
                Side::Event => name != tag,
                Side::Request => true,
            });
        }
        let mut toml = String::new();
        let kind = if webhook { "webhook" } else { "endpoint" };
        let _ = writeln!(toml, "#:schema ../../schema/{kind}.schema.json");
        let key = if webhook { "command" } else { "path" };
        let _ = writeln!(toml, "{key} = {}", quoted(self.command));
        let title = pages
            .iter()
            .find_map(|facts| facts.title.clone())
            .unwrap_or_default();
        let _ = writeln!(toml, "title = {}\nsummary = \"\"", quoted(&title));
        self.page(pages, &mut toml);
        if webhook {
            let when = if self.command.contains("Before") || self.command.contains("Prev") {
                "before"
            } else {
                "after"
            };
            let _ = writeln!(toml, "when = \"{when}\"");
            if when == "before" {
                self.notes.push(
                    "[answer] is to be written: what the app may answer, and what follows"
                        .to_owned(),
                );
            }
        } else {
            self.endpoint_facts(pages, &bodies, &mut toml);
        }
        let empty = Fields::default();
        let (first, word) = if webhook {
            (Side::Event, "event")
        } else {
            (Side::Request, "request")
        };
        for (side, word) in [(first, word), (Side::Reply, "reply")] {
            let fields = bodies.get(&side).unwrap_or(&empty);
            let text = self.fields(fields, side);
            if !text.is_empty() {
                let _ = write!(toml, "\n[{word}]\n{text}");
            }
        }
        for (name, fields) in std::mem::take(&mut self.types) {
            let _ = write!(
                toml,
                "\n[types.{name}]\ndoc = \"\"\n[types.{name}.fields]\n{fields}"
            );
        }
        let _ = write!(toml, "\n[[sample]]\nname = \"drafted\"\nnote = \"\"\n");
        for (side, word) in [(first, word), (Side::Reply, "reply")] {
            let mut body = bodies.get(&side).map(example).unwrap_or_default();
            if side == Side::Event {
                body.insert(0, format!("\"{tag}\": {}", quoted(self.command)));
            }
            if side == Side::Reply {
                body.extend([
                    "\"ActionStatus\": \"OK\", \"ErrorCode\": 0, \"ErrorInfo\": \"\"".to_owned(),
                ]);
            }
            let _ = writeln!(toml, "{word} = '''\n{{ {} }}\n'''", body.join(", "));
        }
        Draft {
            command: self.command.to_owned(),
            file: self.file(webhook),
            toml,
            notes: std::mem::take(&mut self.notes),
        }
    }

    fn page(&self, pages: &[&Facts], toml: &mut String) {
        let newest = pages.iter().max_by_key(|facts| facts.updated.clone());
        let mut parts = Vec::new();
        let address = pages.iter().find_map(|facts| facts.address.as_deref());
        let id = address.and_then(|address| address.rsplit('/').next()?.parse::<u32>().ok());
        parts.extend(id.map(|id| format!("id = {id}")));
        if let Some(newest) = newest {
            parts.extend(
                newest
                    .updated
                    .as_ref()
                    .map(|updated| format!("updated = {updated}")),
            );
            parts.push(format!("digest = \"{}\"", newest.digest));
            if newest.updated.is_none() {
                parts.push("source = \"a saved page without a date\"".to_owned());
            }
        }
        let _ = writeln!(toml, "page = {{ {} }}", parts.join(", "));
    }

    fn endpoint_facts(
        &mut self,
        pages: &[&Facts],
        bodies: &BTreeMap<Side, Fields>,
        toml: &mut String,
    ) {
        let quotas: BTreeSet<_> = pages
            .iter()
            .flat_map(|facts| &facts.quotas)
            .map(|(quota, _)| *quota)
            .collect();
        // Pages that contradict each other give two quotas for one window; a person decides.
        let mut windows = BTreeMap::new();
        for quota in quotas {
            if let Some(held) = windows.insert(quota.seconds, quota) {
                self.notes.push(format!("the pages also state {held}"));
            }
        }
        let entries: Vec<String> = (windows.values())
            .map(|quota| match quota.seconds {
                1 => format!("{{ calls = {} }}", quota.calls),
                seconds => format!("{{ calls = {}, seconds = {seconds} }}", quota.calls),
            })
            .collect();
        match entries.as_slice() {
            [] => {}
            [one] => {
                let _ = writeln!(toml, "quota = {one}");
            }
            several => {
                let _ = writeln!(toml, "quota = [{}]", several.join(", "));
            }
        }
        let last = self.command.rsplit('/').next().unwrap_or_default();
        let reads = self
            .vocabulary
            .file
            .draft
            .reads
            .iter()
            .any(|pattern| fits(pattern, last));
        if reads {
            toml.push_str("repeat = \"read\"\n");
        } else {
            toml.push_str("repeat = \"unsafe\"\n");
            self.notes
                .push("repeat is a guess: what if something happened in between?".to_owned());
        }
        let codes: BTreeSet<i64> = pages
            .iter()
            .flat_map(|facts| &facts.codes)
            .filter(|code| code.range.0 == code.range.1)
            .map(|code| code.range.0)
            .collect();
        if !codes.is_empty() {
            let list: Vec<String> = codes.iter().map(i64::to_string).collect();
            let _ = writeln!(toml, "errors = [{}]", list.join(", "));
        }
        let known = &self.spec.errors.file.codes;
        let new: Vec<String> = (codes.iter())
            .filter(|code| !known.iter().any(|entry| entry.code.value == **code))
            .map(i64::to_string)
            .collect();
        if !new.is_empty() {
            self.notes
                .push(format!("errors.toml does not know {}", new.join(", ")));
        }
        let known = &self.spec.regions.file.regions;
        for (host, _) in pages.iter().flat_map(|facts| &facts.hosts) {
            let has = known.iter().any(|region| {
                region.host.value == *host
                    || region
                        .standby_hosts
                        .iter()
                        .any(|standby| standby.value == *host)
            });
            let note = format!("regions.toml does not know {host}");
            if !has && !self.notes.contains(&note) {
                self.notes.push(note);
            }
        }
        if let (Some(request), Some(reply)) = (bodies.get(&Side::Request), bodies.get(&Side::Reply))
        {
            self.paging(request, reply, toml);
        }
    }

    fn paging(&self, request: &Fields, reply: &Fields, toml: &mut String) {
        let words = &self.vocabulary.file.draft;
        let items = reply
            .fields
            .iter()
            .find(|(_, shape)| shape.class() == Class::Array && !shape.inside.fields.is_empty());
        let Some((items, _)) = items else { return };
        let end = (reply.fields.iter())
            .find(|(name, _)| words.end_flags.contains(name))
            .map(|(name, _)| name);
        let mut cursor = Vec::new();
        for (name, shape) in &request.fields {
            let next = words
                .cursor_next
                .iter()
                .map(|pattern| pattern.replace("{}", name))
                .find(|next| reply.get(next).is_some());
            let scalar = matches!(shape.class(), Class::Integer | Class::String);
            let same = end.is_some()
                && reply
                    .get(name)
                    .is_some_and(|other| other.class() == shape.class());
            let reply = match next {
                Some(next) => next,
                None if same && scalar && !name.ends_with("Account") => name.clone(),
                None => continue,
            };
            let first = if self.is_required(shape, request, Side::Request)
                && shape.class() == Class::Integer
            {
                ", first = 0"
            } else {
                ""
            };
            cursor.push(format!(
                "{{ request = \"{name}\", reply = \"{reply}\"{first} }}"
            ));
        }
        if cursor.is_empty() {
            return;
        }
        let end = match end {
            Some(end) => format!("{{ field_equals = {{ field = \"{end}\", value = 1 }} }}"),
            None => "\"cursor_zero\"".to_owned(),
        };
        let _ = write!(
            toml,
            "\n[paging]\nitems = \"{items}\"\ncursor = [{}]\nend = {end}\n",
            cursor.join(", ")
        );
    }

    fn is_required(&self, shape: &Shape, around: &Fields, side: Side) -> bool {
        let always = around.objects > 0 && shape.shown == around.objects;
        let column: Vec<Option<bool>> = shape.rows.iter().filter_map(|row| row.required).collect();
        let conditional = shape
            .rows
            .iter()
            .any(|row| self.vocabulary.is_conditional(&row.text));
        match side {
            Side::Reply | Side::Event => always,
            Side::Request if column.is_empty() => false,
            Side::Request => {
                column.contains(&Some(true)) && !conditional && (always || around.objects == 0)
            }
        }
    }

    fn fields(&mut self, fields: &Fields, side: Side) -> String {
        let mut text = String::new();
        for (name, shape) in &fields.fields {
            let ty = self.ty(name, shape, side);
            let row = self.row(name, &ty);
            let mut parts = vec![match row {
                Some(row) => format!("row = \"{row}\""),
                None => format!("type = \"{ty}\""),
            }];
            if self.is_required(shape, fields, side) {
                parts.push("required = true".to_owned());
            }
            if side == Side::Request {
                let said = |read: &dyn Fn(&str) -> Vec<u64>| {
                    let found: BTreeSet<u64> =
                        shape.rows.iter().flat_map(|row| read(&row.text)).collect();
                    (found.len() == 1)
                        .then(|| found.into_iter().next())
                        .flatten()
                };
                if ty == "string"
                    && let Some(bytes) = said(&|text| self.vocabulary.bytes(text))
                {
                    parts.push(format!("max_bytes = {bytes}"));
                }
                if ty.starts_with('[')
                    && let Some(items) = said(&|text| self.vocabulary.items(text))
                {
                    parts.push(format!("max_items = {items}"));
                }
            }
            if row.is_none() {
                parts.push("doc = \"\"".to_owned());
            }
            let _ = writeln!(text, "{name} = {{ {} }}", parts.join(", "));
        }
        text
    }

    /// The row to which all fields of this name and type refer. If there are several, a person chooses.
    fn row(&mut self, name: &str, ty: &str) -> Option<&'a str> {
        let tables = self.spec.tables().into_iter();
        let fields = tables.flat_map(|(_, fields)| fields.iter());
        let alike = fields.filter(|(wire, field)| wire.value == name && field.ty.value == ty);
        let rows: BTreeSet<Option<&'a str>> = alike
            .map(|(_, field)| field.row.as_ref().map(|row| row.as_str()))
            .collect();
        if rows.len() < 2 {
            return rows.into_iter().next().flatten();
        }
        let named: Vec<&str> = rows.into_iter().flatten().collect();
        let note = format!("{name} may be one of the rows {}", named.join(", "));
        if !named.is_empty() && !self.notes.contains(&note) {
            self.notes.push(note);
        }
        None
    }

    fn ty(&mut self, name: &str, shape: &Shape, side: Side) -> String {
        let words = &self.vocabulary.file.draft;
        match shape.class() {
            Class::String => "string".to_owned(),
            Class::Bool => "bool".to_owned(),
            Class::Number if shape.values.iter().any(|value| value.contains('.')) => {
                "f64".to_owned()
            }
            Class::Integer | Class::Number => {
                let flag = words.flags.iter().any(|pattern| fits(pattern, name))
                    && shape
                        .values
                        .iter()
                        .all(|value| value == "0" || value == "1");
                let code = name == "ErrorCode" || name == "ResultCode";
                let negative = shape.values.iter().any(|value| value.starts_with('-'));
                match () {
                    () if flag => "flag",
                    () if code => "error_code",
                    () if negative => "i64",
                    () => "u64",
                }
                .to_owned()
            }
            Class::Array if !shape.inside.fields.is_empty() => {
                format!("[{}]", self.object(name, &shape.inside, side))
            }
            Class::Array => match shape.item {
                Some(Class::String) => "[string]",
                Some(Class::Integer) => "[u64]",
                _ => "[json]",
            }
            .to_owned(),
            Class::Object if !shape.inside.fields.is_empty() => {
                self.object(name, &shape.inside, side)
            }
            Class::Object | Class::Other => "json".to_owned(),
        }
    }

    /// The type of an object: a shared type with exactly these fields, a shared union, or a new type.
    fn object(&mut self, name: &str, fields: &Fields, side: Side) -> String {
        for shared in &self.spec.shared {
            for (union, def) in shared.file.unions.iter() {
                if fields.fields.len() == 2
                    && fields.get(&def.tag).is_some()
                    && fields.get(&def.content).is_some()
                {
                    return union.value.clone();
                }
            }
        }
        let mut best: Option<(usize, &str)> = None;
        for shared in &self.spec.shared {
            for (known, def) in shared.file.types.iter() {
                if fits_shared(fields, def) {
                    let size = def.fields.0.len();
                    if best.is_none_or(|(have, _)| size < have) {
                        best = Some((size, known.as_str()));
                    }
                }
            }
        }
        if let Some((_, known)) = best {
            return known.to_owned();
        }
        let base = name.trim_end_matches("List").replace('_', "");
        let mut chosen = base[..1].to_uppercase() + &base[1..];
        let text = self.fields(fields, side);
        while let Some((_, have)) = self.types.iter().find(|(have, _)| *have == chosen) {
            if *have == text {
                return chosen;
            }
            chosen.push_str("Entry");
        }
        self.types.push((chosen.clone(), text));
        chosen
    }

    fn file(&self, webhook: bool) -> String {
        let mut families: BTreeMap<&str, usize> = BTreeMap::new();
        let part = service(self.command);
        if webhook {
            for webhook in self
                .spec
                .webhooks
                .iter()
                .flat_map(|webhooks| &webhooks.events)
            {
                if service(&webhook.file.command) == part {
                    *families.entry(&webhook.family).or_default() += 1;
                }
            }
        } else {
            for endpoint in &self.spec.endpoints {
                if service(&endpoint.file.path) == part {
                    *families.entry(&endpoint.family).or_default() += 1;
                }
            }
        }
        let family = families
            .into_iter()
            .max_by_key(|(_, count)| *count)
            .map_or("FAMILY", |(family, _)| family);
        let mut stem = String::new();
        for c in self
            .command
            .rsplit('/')
            .next()
            .unwrap_or_default()
            .replace("Callback", "")
            .replace('.', "_")
            .chars()
        {
            if c.is_uppercase() && !stem.is_empty() && !stem.ends_with('_') {
                stem.push('_');
            }
            stem.extend(c.to_lowercase());
        }
        let folder = if webhook { "webhooks" } else { "endpoints" };
        format!("{folder}/{family}/{stem}.toml")
    }
}

impl Shape {
    /// Sample before table.
    fn class(&self) -> Class {
        let table = || {
            self.rows
                .iter()
                .find_map(|row| row.classes.first().copied())
        };
        let sample = self.classes.iter().next().copied();
        let inside = (!self.inside.fields.is_empty()).then_some(Class::Object);
        sample.or_else(table).or(inside).unwrap_or(Class::Other)
    }
}

/// Whether an object has only fields of a shared type, all required ones, and of the same kinds.
fn fits_shared(fields: &Fields, def: &ObjectType) -> bool {
    let same = fields.fields.iter().all(|(name, shape)| {
        def.fields.get(name).is_some_and(|field| {
            let ty = type_expr::parse(&field.ty).unwrap_or(TypeExpr::Json);
            match shape.class() {
                Class::Array => matches!(ty, TypeExpr::List(_) | TypeExpr::TagValue),
                Class::Object => {
                    matches!(ty, TypeExpr::Named(_) | TypeExpr::Map(_) | TypeExpr::Json)
                }
                Class::String => !matches!(
                    ty,
                    TypeExpr::List(_)
                        | TypeExpr::U64
                        | TypeExpr::U32
                        | TypeExpr::Flag
                        | TypeExpr::ErrorCode
                ),
                _ => !matches!(ty, TypeExpr::List(_) | TypeExpr::String | TypeExpr::Map(_)),
            }
        })
    });
    let all = def
        .fields
        .iter()
        .all(|(name, field)| !field.required || fields.get(name).is_some());
    same && all && !fields.fields.is_empty()
}

fn failed(sample: &Sample) -> bool {
    sample
        .root_value("ErrorCode")
        .is_some_and(|code| code.parse::<i64>().is_ok_and(|code| code != 0))
}

/// A body composed anew: nothing of the page's sample is kept.
fn example(fields: &Fields) -> Vec<String> {
    let entries = fields.fields.iter().map(|(name, shape)| {
        let inside = || format!("{{ {} }}", example(&shape.inside).join(", "));
        let value = match shape.class() {
            Class::String => "\"text\"".to_owned(),
            Class::Integer => "1".to_owned(),
            Class::Number => "1".to_owned(),
            Class::Bool => "true".to_owned(),
            Class::Array if !shape.inside.fields.is_empty() => format!("[{}]", inside()),
            Class::Array => match shape.item {
                Some(Class::String) => "[\"text\"]".to_owned(),
                Some(Class::Integer) => "[1]".to_owned(),
                _ => "[]".to_owned(),
            },
            Class::Object if !shape.inside.fields.is_empty() => inside(),
            Class::Object | Class::Other => "{}".to_owned(),
        };
        format!("\"{name}\": {value}")
    });
    entries.collect()
}

fn quoted(text: &str) -> String {
    format!("{text:?}")
}
