//! Fields and answers that several webhooks share.

use super::rules::Rules;
use crate::codegen::{
    diagnostic::Diagnostic,
    load::{LoadedWebhook, LoadedWebhooks},
    spec::{At, EventTrait, Field, Ordered},
};

impl Rules<'_> {
    pub(super) fn event_traits(&mut self, loaded: &LoadedWebhooks) {
        let (source, file) = (&*loaded.common.source, &loaded.common.file);
        for (name, def) in file.traits.iter() {
            self.type_name(source, name);
            self.doc(source, &def.doc);
            let members = (loaded.events.iter())
                .filter(|event| event.file.traits.iter().any(|own| own.value == name.value));
            let members: Vec<&LoadedWebhook> = members.collect();
            let Some(first) = members.first() else {
                self.at(
                    source,
                    name,
                    format!("no webhook has `{}`", name.value),
                    "`traits` in files of webhooks",
                );
                continue;
            };
            for event in &members {
                let Some(own) = event.file.traits.iter().find(|own| own.value == name.value) else {
                    continue;
                };
                self.same(
                    event,
                    own,
                    &def.event,
                    (&event.file.event, &first.file.event),
                    "event",
                );
                self.same(
                    event,
                    own,
                    &def.change,
                    (&event.file.reply, &first.file.reply),
                    "reply",
                );
                self.same_answers(event, own, def);
            }
        }
        let known: Vec<&str> = file
            .traits
            .iter()
            .map(|(name, _)| name.value.as_str())
            .collect();
        for event in &loaded.events {
            for own in event
                .file
                .traits
                .iter()
                .filter(|own| !known.contains(&own.as_str()))
            {
                let message = format!("no trait is called `{}`", own.value);
                self.push(
                    Diagnostic::new(&event.source, own.span.clone(), message)
                        .expected("one of [traits] in spec/webhooks.toml")
                        .suggest(own, known.iter().copied()),
                );
            }
        }
    }

    /// The fields of a webhook are those of the first that has the trait.
    fn same(
        &mut self,
        event: &LoadedWebhook,
        own: &At<String>,
        wires: &[At<String>],
        (fields, first): (&Ordered<Field>, &Ordered<Field>),
        side: &str,
    ) {
        let said = |field: &Field| {
            let rust = field.rust.as_ref().map(|rust| rust.value.clone());
            (field.ty.value.clone(), field.required, rust)
        };
        for wire in wires {
            let (found, expected) = (fields.get(wire), first.get(wire));
            if found.is_none() || found.map(said) != expected.map(said) {
                let message = format!(
                    "`{}` of the {side} differs from that of other webhooks with `{}`",
                    wire.value, own.value
                );
                let expected = format!(
                    "a field `{}` of the same type, required as there, with the same name in Rust",
                    wire.value
                );
                self.at(&event.source, own, message, &expected);
            }
        }
    }

    fn same_answers(&mut self, event: &LoadedWebhook, own: &At<String>, def: &EventTrait) {
        let answer = event.file.answer.as_ref();
        let refuses = answer.is_some_and(|a| a.refuse.as_ref().is_some_and(|r| r.codes.is_some()));
        let drops = answer.is_some_and(|answer| answer.drop.is_some());
        for (needed, found, what) in [
            (def.refuse, refuses, "refused with codes"),
            (def.drop, drops, "dropped"),
        ] {
            if needed && !found {
                let message = format!("`{}` can be {what}, but this webhook cannot", own.value);
                self.at(&event.source, own, message, "an [answer] that allows it");
            }
        }
    }
}
