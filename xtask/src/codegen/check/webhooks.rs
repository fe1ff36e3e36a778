//! Rules for webhooks.

use super::{
    errata::Scope,
    names::{is_camel, reserved_for},
    names_of_types::{Local, Names, What},
    rules::Rules,
};
use crate::codegen::{
    diagnostic::Diagnostic,
    load::{LoadedWebhook, LoadedWebhooks, Source},
    names,
    spec::{Answer, At, CodeRange, Each, Field, ObjectType, Ordered, WebhookFile, When},
    type_expr::{self, TypeExpr},
};
use std::collections::BTreeMap;

/// More names that the files of webhooks use, in addition to those of [`reserved_for`] and of the runtime.
const RESERVED_EVENTS: [&str; 4] = ["Event", "UnknownEvent", "WebhookMeta", "WebhookVisitor"];

fn is_reserved(name: &str) -> bool {
    RESERVED_EVENTS.contains(&name) || names::WEBHOOK_RUNTIME.contains(&name)
}

/// Modules other than those of the families.
const RESERVED_FAMILIES: &[&str] = &["common", "events", "prelude", "query", "traits"];

impl Rules<'_> {
    pub(super) fn webhooks(&mut self, shared: &Names) {
        let Some(loaded) = &self.spec.webhooks else {
            return;
        };
        self.what_webhooks_share(loaded, shared);
        self.event_traits(loaded);
        // No other type may have the name of an enum that webhooks share.
        let common = &loaded.common.file;
        let mut visible = shared.clone();
        let enums = common.enums.iter().map(|(name, _)| name);
        visible.add(What::Enum, enums.chain([&common.tag]));
        visible.take(common.traits.iter().map(|(name, _)| name));
        let (mut types, mut commands) = (BTreeMap::new(), BTreeMap::new());
        for event in &loaded.events {
            let (source, file) = (&*event.source, &event.file);
            self.folder_and_name(loaded, event);
            let own = type_names(event);
            for name in &own {
                let taken =
                    visible.is_taken(name) || reserved_for(name).is_some() || is_reserved(name);
                if taken {
                    let message = format!("the webhook needs the type `{name}`, which is taken");
                    self.push(
                        Diagnostic::of_file(&source.path, message).expected("another file name"),
                    );
                }
                let what = "a type that this webhook needs";
                self.unique(&mut types, name.clone(), source, &file.command, what);
            }
            let command = file.command.value.clone();
            self.unique(&mut commands, command, source, &file.command, "this name");
            self.command_name(source, &file.command);
            self.page(source, &file.page);
            self.prose(source, &file.summary, file.details.as_deref());
            let local = Local::from(file);
            let own: Vec<&str> = own.iter().map(String::as_str).collect();
            self.local_names(source, local, &visible, &own);
            self.not_reserved(source, local.iter().chain(local.others()));
            self.definitions(source, local, &visible);
            let names = local.names();
            self.fields(source, &file.event, &names, &visible);
            self.fields(source, &file.reply, &names, &visible);
            self.common_fields(source, &file.reply);
            for (wire, _) in file
                .event
                .iter()
                .filter(|(wire, _)| wire.value == common.tag.value)
            {
                let expected = "only the fields next to it";
                self.at(source, wire, "every event has the tag", expected);
            }
            for field in &file.identity {
                self.known_field(source, field, &file.event, "event");
            }
            self.answer(source, file);
            self.errata(source, &file.errata, &Scope::webhook(self.spec, file));
            self.sample_names(source, file.samples.iter().map(|sample| &sample.name));
            let has = |side: fn(&crate::codegen::spec::WebhookSample) -> bool| {
                file.samples.iter().any(side)
            };
            if !has(|sample| sample.event.is_some()) || !has(|sample| sample.reply.is_some()) {
                let message = "no sample has an event, or none has a reply";
                let expected = "at least one [[sample]] with each";
                self.at(source, &file.command, message, expected);
            }
            self.unused_local(source, local, &[&file.event, &file.reply]);
        }
    }

    fn what_webhooks_share(&mut self, loaded: &LoadedWebhooks, shared: &Names) {
        let (source, file) = (&*loaded.common.source, &loaded.common.file);
        self.page(source, &file.page);
        self.errata(source, &file.errata, &Scope::webhooks(file));
        if !is_camel(&file.tag) {
            let message = format!("`{}` gives no type for the names", file.tag.value);
            self.at(source, &file.tag, message, "UpperCamelCase");
        }
        let enums = || file.enums.iter().map(|(name, _)| name);
        let traits = || file.traits.iter().map(|(name, _)| name);
        let all = || enums().chain([&file.tag]).chain(traits());
        self.not_reserved(source, all());
        for name in all() {
            if shared.is_taken(name) {
                let message = format!("`{}` is taken by a shared type", name.value);
                self.at(source, name, message, "a name of its own");
            }
        }
        if file.timeout_seconds == 0 {
            let message = "nobody can answer in 0 seconds";
            self.at(source, &file.page, message, "`timeout_seconds` from 1");
        }
        self.enums(source, &file.enums);
        let mut constants = BTreeMap::new();
        for (_, parameter) in file.query.iter() {
            self.constant(source, &parameter.rust);
            let key = parameter.rust.value.clone();
            self.unique(
                &mut constants,
                key,
                source,
                &parameter.rust,
                "this constant",
            );
        }
        let mut seen = BTreeMap::new();
        for family in &file.families {
            self.snake(source, &family.name, "family");
            if RESERVED_FAMILIES.contains(&family.name.as_str()) {
                let message = format!("`{}` is taken by the crate itself", family.name.value);
                self.at(source, &family.name, message, "another name");
            }
            let key = family.name.value.clone();
            self.unique(&mut seen, key, source, &family.name, "this family's name");
        }
    }

    fn not_reserved<'n>(&mut self, source: &Source, names: impl Iterator<Item = &'n At<String>>) {
        for name in names.filter(|name| is_reserved(name)) {
            let message = format!("`{}` is taken by the runtime", name.value);
            self.at(source, name, message, "another name");
        }
    }

    fn folder_and_name(&mut self, loaded: &LoadedWebhooks, event: &LoadedWebhook) {
        let families = &loaded.common.file.families;
        let families: Vec<&str> = families.iter().map(|f| f.name.as_str()).collect();
        if !families.contains(&event.family.as_str()) {
            let message = format!("no family of webhooks is called `{}`", event.family);
            self.push(
                Diagnostic::of_file(&event.source.path, message)
                    .expected("a folder named like a family of spec/webhooks.toml")
                    .suggest(&event.family, families.iter().copied()),
            );
        }
        if names::field_name(&event.name) != event.name {
            let message = format!("`{}` is not a webhook's name", event.name);
            self.push(
                Diagnostic::of_file(&event.source.path, message)
                    .expected("snake_case, and no Rust keyword"),
            );
        }
    }

    fn command_name(&mut self, source: &Source, command: &At<String>) {
        let word = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric());
        let fits = command
            .split_once('.')
            .is_some_and(|(service, event)| word(service) && word(event));
        if !fits {
            let message = format!("`{}` is not a webhook", command.value);
            self.at(source, command, message, "<Service>.<Event>");
        }
    }

    fn answer(&mut self, source: &Source, file: &WebhookFile) {
        match (file.when.value, &file.answer) {
            (When::Before, Some(answer)) => self.before(source, file, answer),
            (When::Before, None) => {
                let message = "nothing says what the app may answer";
                self.at(source, &file.when, message, "an [answer], or `after`");
            }
            (When::After, Some(answer)) => {
                let message = "the answer is ignored";
                self.at(source, &answer.allow, message, "no [answer], or `before`");
            }
            (When::After, None) => {
                for (wire, _) in file.reply.iter() {
                    let message = "nobody reads the fields of an ignored answer";
                    self.at(source, wire, message, "no [reply], or `before`");
                }
            }
        }
    }

    fn before(&mut self, source: &Source, file: &WebhookFile, answer: &Answer) {
        self.doc(source, &answer.allow);
        if let Some(refuse) = &answer.refuse {
            self.doc(source, &refuse.doc);
            self.code(source, &refuse.code);
            if let Some(codes) = &refuse.codes {
                self.range(source, codes);
                // The service reads these codes, so each must have one meaning.
                for code in [
                    Some(&refuse.code),
                    answer.drop.as_ref().map(|drop| &drop.code),
                ] {
                    if let Some(code) = code
                        && (codes.from.value..=codes.to).contains(&code.value)
                    {
                        let message = "this code is among those that the app chooses";
                        self.at(source, code, message, "a code outside of `codes`");
                    }
                }
            }
        }
        if let Some(drop) = &answer.drop {
            self.doc(source, &drop.doc);
            self.code(source, &drop.code);
            let refuse = answer.refuse.as_ref().map(|refuse| refuse.code.value);
            if refuse == Some(drop.code.value) {
                let message = "this code refuses";
                self.at(source, &drop.code, message, "a code of its own");
            }
        }
        if let Some(each) = &answer.each {
            self.each(source, file, each);
            if let Some(refuse) = &answer.refuse {
                let message = "`refuse` next to `each`";
                self.at(source, &refuse.code, message, "one of the two");
            }
        }
        let results = answer.each.as_ref().map(|each| each.results.as_str());
        let mut changes = (file.reply.iter()).filter(|(wire, _)| Some(wire.as_str()) != results);
        match (&answer.change, changes.next()) {
            (None, Some((wire, _))) => {
                let message = format!("nothing says what `{}` changes", wire.value);
                self.at(source, wire, message, "`change` under [answer]");
            }
            (Some(change), None) => {
                let message = "there is nothing to change with";
                self.at(source, change, message, "fields under [reply]");
            }
            (Some(change), Some(_)) => self.doc(source, change),
            (None, None) => {}
        }
        for (wire, field) in file.reply.iter() {
            if field.required != (Some(wire.as_str()) == results) {
                let message = format!("`{}` has the wrong `required`", wire.value);
                let expected = "the results of `each` required, everything else optional";
                self.at(source, &field.ty, message, expected);
            }
        }
    }

    fn code(&mut self, source: &Source, code: &At<i64>) {
        if code.value == 0 {
            self.at(source, code, "zero allows", "another code");
        }
    }

    fn range(&mut self, source: &Source, codes: &CodeRange) {
        if codes.from.value > codes.to || (codes.from.value..=codes.to).contains(&0) {
            let message = "this range is empty, or allows";
            let expected = "`from` not above `to`, and not around 0";
            self.at(source, &codes.from, message, expected);
        }
    }

    fn each(&mut self, source: &Source, file: &WebhookFile, each: &Each) {
        self.doc(source, &each.doc);
        self.range(source, &each.codes);
        let item = self.entries(source, file, &each.items, &file.event, "event");
        if let Some(item) = item {
            self.entry_field(source, &each.key, item, "item", &TypeExpr::String);
        }
        let result = self.entries(source, file, &each.results, &file.reply, "reply");
        if let Some(result) = result {
            self.entry_field(
                source,
                &each.result_key,
                result,
                "result",
                &TypeExpr::String,
            );
            self.entry_field(source, &each.code, result, "result", &TypeExpr::ErrorCode);
            self.entry_field(source, &each.info, result, "result", &TypeExpr::String);
            for (wire, field) in result.fields.iter() {
                let known = [&each.result_key, &each.code, &each.info];
                if field.required && !known.iter().any(|name| name.value == wire.value) {
                    let message = format!("nothing says what to write into `{}`", wire.value);
                    self.at(source, &field.ty, message, "an optional field");
                }
            }
        }
    }

    /// The type of a required list's entries.
    fn entries<'f>(
        &mut self,
        source: &Source,
        file: &'f WebhookFile,
        list: &At<String>,
        fields: &Ordered<Field>,
        side: &str,
    ) -> Option<&'f ObjectType> {
        let ty = self.known_field(source, list, fields, side)?;
        let entries = match &ty {
            TypeExpr::List(entry) => match &**entry {
                TypeExpr::Named(name) => file.types.get(name),
                _ => None,
            },
            _ => None,
        };
        let required = fields.get(list).is_some_and(|field| field.required);
        if entries.is_none() || !required {
            let message = format!("`{}` cannot be answered entry by entry", list.value);
            self.at(
                source,
                list,
                message,
                "a required list of a type of this file",
            );
        }
        entries
    }

    fn entry_field(
        &mut self,
        source: &Source,
        name: &At<String>,
        entry: &ObjectType,
        side: &str,
        ty: &TypeExpr,
    ) {
        self.known_field(source, name, &entry.fields, side);
        let wrong = entry.fields.get(name).is_some_and(|field| {
            !field.required || type_expr::parse(&field.ty).is_ok_and(|found| found != *ty)
        });
        if wrong {
            let message = format!("`{}` does not fit here", name.value);
            let expected = match ty {
                TypeExpr::ErrorCode => "a required `error_code`",
                _ => "a required `string`",
            };
            self.at(source, name, message, expected);
        }
    }
}

/// The types that a webhook's file derives from its own name.
fn type_names(event: &LoadedWebhook) -> Vec<String> {
    let name = names::camel_case(&event.name);
    let mut all = vec![name.clone()];
    if let Some(answer) = &event.file.answer {
        all.push(format!("{name}Reply"));
        all.push(format!("{name}Answer"));
        if answer.change.is_some() {
            all.push(format!("{name}Changes"));
        }
    }
    all
}
