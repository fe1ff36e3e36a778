//! Rules for errata: whatever an erratum settles must exist.

use super::rules::Rules;
use crate::codegen::{
    diagnostic::Diagnostic,
    load::{Source, Spec},
    settles::{self, Outline, PathOf, Settled, SettledKind, Wrong},
    spec::{
        At, EndpointFile, Erratum, ErrorsFile, RegionsFile, SharedFile, WebhookFile, WebhooksFile,
    },
};
use std::collections::BTreeMap;

/// The names that the errata of one file can refer to.
#[derive(Default)]
pub(super) struct Scope<'s> {
    outline: Outline<'s>,
    codes: Vec<i64>,
    regions: Vec<&'s str>,
    hosts: Vec<&'s str>,
}

impl<'s> Scope<'s> {
    pub(super) fn endpoint(spec: &'s Spec, file: &'s EndpointFile) -> Self {
        Self {
            outline: settles::of_endpoint(spec, file),
            codes: file.errors.iter().map(|code| code.value).collect(),
            ..Self::default()
        }
    }

    pub(super) fn webhook(spec: &'s Spec, file: &'s WebhookFile) -> Self {
        Self {
            outline: settles::of_webhook(spec, file),
            ..Self::default()
        }
    }

    pub(super) fn shared(spec: &'s Spec, file: &'s SharedFile) -> Self {
        Self {
            outline: settles::of_shared(spec, file),
            ..Self::default()
        }
    }

    pub(super) fn protocol(spec: &'s Spec) -> Self {
        Self {
            outline: settles::of_protocol(spec),
            ..Self::default()
        }
    }

    pub(super) fn webhooks(file: &'s WebhooksFile) -> Self {
        Self {
            outline: settles::of_webhooks(file),
            ..Self::default()
        }
    }

    pub(super) fn errors(file: &'s ErrorsFile) -> Self {
        Self {
            codes: file.codes.iter().map(|code| code.code.value).collect(),
            ..Self::default()
        }
    }

    pub(super) fn regions(file: &'s RegionsFile) -> Self {
        let hosts = (file.regions.iter())
            .flat_map(|region| std::iter::once(&region.host).chain(&region.standby_hosts));
        Self {
            regions: file.regions.iter().map(|r| r.id.value.as_str()).collect(),
            hosts: hosts.map(|host| host.value.as_str()).collect(),
            ..Self::default()
        }
    }

    fn find(&self, settled: Settled<'_>) -> Result<(), Wrong> {
        let kind = settled.kind;
        match (kind.path_of(), settled.path) {
            (PathOf::Field | PathOf::FieldOrNothing, Some(path)) if kind.is_lacking() => {
                self.outline.resolve_lacking(path)
            }
            (PathOf::Field | PathOf::FieldOrNothing, Some(path)) => {
                let (_, has_values) = self.outline.resolve(path)?;
                if kind == SettledKind::EnumValue && !has_values {
                    return Err(Wrong::new(
                        format!("`{path}` is neither an enum nor a union"),
                        "the path of a field whose type is one",
                    ));
                }
                Ok(())
            }
            (PathOf::Code, Some(code)) => {
                let codes: Vec<String> = self.codes.iter().map(i64::to_string).collect();
                among(code, codes, kind.is_lacking(), "code")
            }
            (PathOf::Host, Some(host)) => {
                let known = self.regions.iter().chain(&self.hosts);
                let known = known.map(|name| (*name).to_owned()).collect();
                among(host, known, kind.is_lacking(), "region or host")
            }
            (_, None) | (PathOf::Nothing, Some(_)) => Ok(()),
        }
    }
}

/// Whether a name is, or is not, among those of the file.
fn among(name: &str, known: Vec<String>, lacking: bool, what: &str) -> Result<(), Wrong> {
    if known.iter().any(|known| known == name) != lacking {
        return Ok(());
    }
    if lacking {
        let message = format!("this file has the {what} `{name}`");
        return Err(Wrong::new(
            message,
            "a name that the page has and this file does not",
        ));
    }
    Err(Wrong {
        instead: Some((name.to_owned(), known)),
        ..Wrong::new(
            format!("this file has no {what} `{name}`"),
            format!("a {what} of this file"),
        )
    })
}

impl Rules<'_> {
    pub(super) fn errata(&mut self, source: &Source, errata: &[Erratum], scope: &Scope<'_>) {
        for erratum in errata {
            let mut seen = BTreeMap::new();
            if erratum.settles.is_empty() {
                let message = "this erratum settles nothing";
                let expected = "a key, `behaviour` where no table of the page is meant";
                self.at(source, &erratum.settles, message, expected);
            }
            for key in &erratum.settles.value {
                self.unique(&mut seen, key.value.clone(), source, key, "this key");
                if let Err(wrong) = Settled::parse(key).and_then(|settled| scope.find(settled)) {
                    self.wrong_key(source, key, &wrong);
                }
            }
        }
    }

    fn wrong_key(&mut self, source: &Source, key: &At<String>, wrong: &Wrong) {
        let mut diagnostic =
            Diagnostic::new(source, key.span.clone(), &wrong.message).expected(&wrong.expected);
        if let Some((word, names)) = &wrong.instead {
            diagnostic = diagnostic.suggest(word, names.iter().map(String::as_str));
        }
        self.push(diagnostic);
    }
}
