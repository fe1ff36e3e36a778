//! Names of the types in the published document. In many languages, names that differ only in case are the
//! same.

use super::{endpoint::reply_name, names_of_types::Local, rules::Rules};
use crate::codegen::{
    diagnostic::Diagnostic,
    load::{LoadedEndpoint, LoadedWebhook, Source, Spec},
    names,
    spec::{At, EnumType, Ordered},
};
use std::{collections::BTreeMap, ops::Range};

/// A definition and the source of its name.
struct Definition<'s> {
    name: String,
    source: &'s Source,
    span: Range<usize>,
}

impl Rules<'_> {
    /// Names that are themselves mistakes come first; otherwise this check would report them again.
    pub(super) fn definitions_of_the_document(&mut self) {
        if !self.errors.is_empty() {
            return;
        }
        // Case-insensitive.
        let mut seen: BTreeMap<String, String> = [
            (names::FAILURE, "every failed reply"),
            (names::ACKNOWLEDGEMENT, "every answer to what only tells"),
        ]
        .map(|(name, what)| (name.to_lowercase(), format!("{what} `{name}`")))
        .into();
        for Definition { name, source, span } in definitions(self.spec) {
            if let Some(other) = seen.get(&name.to_lowercase()) {
                let message = format!("the published document calls this `{name}`, and {other}");
                let expected = "another name; upper and lower case are the same";
                self.push(Diagnostic::new(source, span, message).expected(expected));
            } else {
                let other = format!("{} `{name}`", source.place(span.start));
                seen.insert(name.to_lowercase(), other);
            }
        }
    }
}

fn definitions(spec: &Spec) -> Vec<Definition<'_>> {
    let mut all = Vec::new();
    enums(&mut all, &spec.protocol.source, &spec.protocol.file.enums);
    if let Some(webhooks) = &spec.webhooks {
        let (source, file) = (&webhooks.common.source, &webhooks.common.file);
        add(&mut all, source, &file.tag, file.tag.value.clone());
        enums(&mut all, source, &file.enums);
    }
    for loaded in &spec.shared {
        types_of(
            &mut all,
            &loaded.source,
            (&loaded.file).into(),
            str::to_owned,
        );
    }
    for loaded in &spec.endpoints {
        of_command(&mut all, loaded);
    }
    for loaded in spec.webhooks.iter().flat_map(|webhooks| &webhooks.events) {
        of_webhook(&mut all, loaded);
    }
    all
}

fn add<'s, T>(all: &mut Vec<Definition<'s>>, source: &'s Source, at: &At<T>, name: String) {
    let span = at.span.clone();
    all.push(Definition { name, source, span });
}

fn enums<'s>(all: &mut Vec<Definition<'s>>, source: &'s Source, enums: &Ordered<EnumType>) {
    for (name, _) in enums.iter() {
        add(all, source, name, name.value.clone());
    }
}

fn of_command<'s>(all: &mut Vec<Definition<'s>>, loaded: &'s LoadedEndpoint) {
    let (source, file) = (&*loaded.source, &loaded.file);
    let request = names::camel_case(&loaded.name);
    let call = |name: &str| names::definition_of_command(&loaded.family, &request, name);
    for name in [&request, &reply_name(loaded)] {
        add(all, source, &file.path, call(name));
    }
    types_of(all, source, file.into(), call);
}

fn of_webhook<'s>(all: &mut Vec<Definition<'s>>, loaded: &'s LoadedWebhook) {
    let (source, file) = (&*loaded.source, &loaded.file);
    let event = names::camel_case(&loaded.name);
    let call = |name: &str| names::definition_of_webhook(&event, name);
    add(all, source, &file.command, call(&event));
    if let Some(answer) = &file.answer {
        let any = names::definition_of_answer(&event);
        let refuse = answer.refuse.as_ref().map(|_| names::REFUSE);
        let drop = answer.drop.as_ref().map(|_| names::DROP);
        for way in [Some(names::ALLOW), refuse, drop].into_iter().flatten() {
            add(all, source, &file.command, format!("{any}{way}"));
        }
        add(all, source, &file.command, any);
    }
    types_of(all, source, file.into(), call);
}

/// The types of a file and the variants of its unions, each by the name that the document gives to it.
fn types_of<'s>(
    all: &mut Vec<Definition<'s>>,
    source: &'s Source,
    local: Local<'_>,
    call: impl Fn(&str) -> String,
) {
    for name in local.iter() {
        add(all, source, name, call(name));
    }
    for (union, def) in local.unions.iter() {
        for (_, variant) in def.variants.iter() {
            let name = format!("{}{}", call(union), variant.rust.value);
            add(all, source, &variant.rust, name);
        }
        let unknown = format!("{}{}", call(union), names::UNKNOWN_VARIANT);
        add(all, source, union, unknown);
    }
}
