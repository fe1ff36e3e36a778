//! Error codes, and the codes of a command.

use super::{errata::Scope, rules::Rules};
use crate::codegen::{
    diagnostic::Diagnostic,
    load::Source,
    spec::{At, EndpointFile, ErrorCode, ErrorRepeat},
};
use std::collections::{BTreeMap, BTreeSet};

impl Rules<'_> {
    pub(super) fn errors(&mut self) {
        let loaded = &self.spec.errors;
        let (source, file) = (&loaded.source, &loaded.file);
        let (mut codes, mut constants) = (BTreeMap::new(), BTreeMap::new());
        self.page(source, &file.page);
        self.errata(source, &file.errata, &Scope::errors(file));
        let mut last = i64::MIN;
        for code in &file.codes {
            self.constant(source, &code.name);
            let services = code.services.iter().map(|service| Some(&service.value));
            for service in services.chain(code.services.is_empty().then_some(None)) {
                let key = (code.code.value, service.cloned());
                self.unique(&mut codes, key, source, &code.code, "this code");
            }
            self.services(source, &code.services);
            self.unique(
                &mut constants,
                code.name.value.clone(),
                source,
                &code.name,
                "this name",
            );
            self.doc(
                source,
                &At {
                    value: code.meaning.clone(),
                    span: code.code.span.clone(),
                },
            );
            if code.code.value < last {
                let message = format!("{} comes after {last}", code.code.value);
                self.at(source, &code.code, message, "codes in ascending order");
            }
            last = last.max(code.code.value);
            if let Some(after) = &code.retry_after {
                self.retry_after(source, after, after.value, code.repeat);
            }
            if code.code.value == 0 || code.name.value == "OK" {
                self.at(
                    source,
                    &code.code,
                    "success is built in",
                    "codes other than 0, and names other than OK",
                );
            }
        }
        let mut end = i64::MIN;
        for range in &file.ranges {
            self.constant(source, &range.name);
            self.unique(
                &mut constants,
                range.name.value.clone(),
                source,
                &range.name,
                "this name",
            );
            self.services(source, &range.services);
            if range.from.value > range.to || range.from.value <= end {
                let message = "this range is empty or overlaps the one before";
                self.at(
                    source,
                    &range.from,
                    message,
                    "ranges in ascending order, `from` not above `to`",
                );
            }
            end = end.max(range.to);
        }
    }

    pub(super) fn retry_after<T>(
        &mut self,
        source: &Source,
        place: &At<T>,
        seconds: u32,
        repeat: ErrorRepeat,
    ) {
        if repeat != ErrorRepeat::Later {
            let message = "time alone does not make a repeat of this code succeed";
            self.at(source, place, message, "`repeat = \"later\"` with it");
        }
        if seconds == 0 {
            let message = "0 seconds mean nothing";
            self.at(source, place, message, "at least 1 second");
        }
    }

    /// Checks the services for which a code has its meaning.
    pub(super) fn services(&mut self, source: &Source, services: &[At<String>]) {
        let known: BTreeSet<&str> = (self.spec.endpoints.iter())
            .filter_map(|endpoint| endpoint.file.path.split('/').nth(1))
            .collect();
        for service in services {
            if !known.contains(service.as_str()) {
                let message = format!("no command belongs to the service `{}`", service.value);
                let diagnostic = Diagnostic::new(source, service.span.clone(), message)
                    .expected("the middle of a command's path")
                    .suggest(service, known.iter().copied());
                self.push(diagnostic);
            }
        }
    }

    /// Checks that a code has a meaning for a command.
    pub(super) fn known_code(&mut self, source: &Source, file: &EndpointFile, code: &At<i64>) {
        let known = &self.spec.errors.file.codes;
        let service = file.path.split('/').nth(1).unwrap_or_default();
        if ErrorCode::of_service(known, code.value, service).is_none() {
            let message = if known.iter().any(|entry| entry.code.value == code.value) {
                format!(
                    "spec/errors.toml knows {}, but not from `{service}`",
                    code.value
                )
            } else {
                format!("spec/errors.toml does not know {}", code.value)
            };
            self.at(source, code, message, "a code with a meaning there");
        }
    }

    pub(super) fn codes(&mut self, source: &Source, file: &EndpointFile) {
        let known = &self.spec.errors.file.codes;
        let service = file.path.split('/').nth(1).unwrap_or_default();
        let mut seen = BTreeMap::new();
        for code in &file.errors {
            self.unique(&mut seen, code.value, source, code, "this code");
            self.known_code(source, file, code);
        }
        for (code, note) in file.error_notes.iter() {
            self.doc(
                source,
                &At {
                    value: note.clone(),
                    span: code.span.clone(),
                },
            );
            if !file
                .errors
                .iter()
                .any(|listed| listed.value.to_string() == code.value)
            {
                let message = format!("{} is not among this command's `errors`", code.value);
                self.at(source, code, message, "notes only on listed codes");
            }
        }
        for (code, seconds) in file.retry_after.iter() {
            let listed = file.errors.iter().map(|listed| listed.value);
            let Some(number) = listed.clone().find(|l| l.to_string() == code.value) else {
                let message = format!("{} is not among this command's `errors`", code.value);
                self.at(source, code, message, "times only for listed codes");
                continue;
            };
            if let Some(known) = ErrorCode::of_service(known, number, service) {
                self.retry_after(source, code, *seconds, known.repeat);
            }
        }
    }
}
