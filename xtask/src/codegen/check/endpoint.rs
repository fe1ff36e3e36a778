//! A command's file.

use super::{
    errata::Scope,
    names::{RESERVED_COMMANDS, reserved_for},
    names_of_types::{Local, Names},
    rules::Rules,
};
use crate::codegen::{
    diagnostic::Diagnostic,
    load::{LoadedEndpoint, Source},
    names,
    spec::{At, EndpointFile, Repeat},
};
use std::collections::BTreeMap;

/// Commands by family and name of the request.
type Requests<'s> = BTreeMap<(&'s str, String), &'s LoadedEndpoint>;

impl Rules<'_> {
    pub(super) fn endpoints(&mut self, shared: &Names) {
        let (mut paths, mut commands) = (BTreeMap::new(), BTreeMap::new());
        let all = self.spec.endpoints.iter();
        let requests: Requests<'_> = all.map(|loaded| (request_key(loaded), loaded)).collect();
        for loaded in &self.spec.endpoints {
            let path = &loaded.file.path;
            self.place(loaded);
            let key = request_key(loaded);
            let what = "this command's Rust name";
            self.unique(&mut commands, key, &loaded.source, path, what);
            self.command_path(&loaded.source, path);
            let key = path.value.clone();
            self.unique(&mut paths, key, &loaded.source, path, "this path");
            self.endpoint(loaded, &requests, shared);
        }
        self.single_names();
    }

    fn endpoint(&mut self, loaded: &LoadedEndpoint, requests: &Requests<'_>, shared: &Names) {
        let (source, file) = (&*loaded.source, &loaded.file);
        let needed = type_names(loaded);
        let needed: Vec<&str> = needed.iter().map(String::as_str).collect();
        self.needed_types(loaded, &needed, shared);
        self.reply_is_no_request(loaded, requests);
        self.page(source, &file.page);
        self.errata(source, &file.errata, &Scope::endpoint(self.spec, file));
        self.regions_of(source, file);
        self.one_of(source, file);
        self.quotas(source, file);
        self.capacity(source, file);
        self.prose(source, &file.summary, file.details.as_deref());
        let local = Local::from(file);
        self.local_names(source, local, shared, &needed);
        self.definitions(source, local, shared);
        let own = local.names();
        self.request_fields(source, file, &own, shared);
        self.fields(source, &file.reply, &own, shared);
        self.common_fields(source, &file.reply);
        self.repeat(source, file);
        if let Some(paging) = &file.paging {
            self.paging(source, file, paging);
        }
        if let Some(batch) = &file.batch {
            self.batch(source, file, batch);
        }
        self.codes(source, file);
        self.sample_names(source, file.samples.iter().map(|sample| &sample.name));
        if !file.samples.iter().any(|sample| sample.reply.is_some()) {
            let expected = "at least one [[sample]] with a reply";
            self.at(source, &file.path, "no sample has a reply", expected);
        }
        self.unused_local(source, local, &[&file.request, &file.reply]);
    }

    /// Folder and file name.
    fn place(&mut self, loaded: &LoadedEndpoint) {
        let families = &self.spec.families.file.families;
        let families: Vec<&str> = families.iter().map(|family| family.name.as_str()).collect();
        let path = &loaded.source.path;
        if !families.contains(&loaded.family.as_str()) {
            let message = format!("no family is called `{}`", loaded.family);
            self.push(
                Diagnostic::of_file(path, message)
                    .expected("a folder named like a family of spec/families.toml")
                    .suggest(&loaded.family, families.iter().copied()),
            );
        }
        if names::field_name(&loaded.name) != loaded.name {
            let message = format!("`{}` is not a command name", loaded.name);
            self.push(
                Diagnostic::of_file(path, message).expected("snake_case, and no Rust keyword"),
            );
        }
    }

    fn command_path(&mut self, source: &Source, path: &At<String>) {
        let parts: Vec<&str> = path.split('/').collect();
        let word = |part: &&str| {
            !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        };
        if parts.len() != 3 || parts[0] != "v4" || !parts.iter().all(word) {
            let message = format!("`{}` is not a command", path.value);
            self.at(source, path, message, "v4/<service>/<command>");
        }
    }

    /// The types that a command needs must not be taken.
    fn needed_types(&mut self, loaded: &LoadedEndpoint, needed: &[&str], shared: &Names) {
        let path = &loaded.source.path;
        for name in needed {
            let by_client = || RESERVED_COMMANDS.contains(name).then_some("the runtime");
            let message = if let Some(owner) = reserved_for(name).or_else(by_client) {
                format!("the command needs the type `{name}`, which is taken by {owner}")
            } else if shared.is_taken(name) {
                format!("the command needs the type `{name}`, which spec/shared has")
            } else {
                continue;
            };
            self.push(Diagnostic::of_file(path, message).expected("another file name"));
        }
    }

    fn reply_is_no_request(&mut self, loaded: &LoadedEndpoint, requests: &Requests<'_>) {
        let reply = (loaded.family.as_str(), reply_name(loaded));
        if let Some(rival) = requests.get(&reply) {
            let (reply, path) = (&reply.1, &loaded.source.path);
            let message =
                format!("this command's request is called `{reply}`, like the reply of {path}");
            self.push(
                Diagnostic::of_file(&rival.source.path, message).expected("another file name"),
            );
        }
    }

    /// Checks the fields of which exactly one is sent.
    pub(super) fn one_of(&mut self, source: &Source, file: &EndpointFile) {
        let mut seen = BTreeMap::new();
        for name in &file.one_of {
            self.unique(&mut seen, name.value.clone(), source, name, "this field");
            self.known_field(source, name, &file.request, "request");
            if file.request.get(name).is_some_and(|field| field.required) {
                let message = format!("`{}` is required and one of several", name.value);
                self.at(source, name, message, "fields without `required`");
            }
        }
        if let [only] = file.one_of.as_slice() {
            let message = "there is nothing to choose from";
            self.at(
                source,
                only,
                message,
                "two fields or more; or `required = true`",
            );
        }
    }

    pub(super) fn repeat(&mut self, source: &Source, file: &EndpointFile) {
        if let Repeat::DeduplicatedBy(fields) | Repeat::IdempotentWith(fields) = &file.repeat.value
        {
            if fields.is_empty() {
                self.at(
                    source,
                    &file.repeat,
                    "no field is named",
                    "the fields that make a repeat harmless",
                );
            }
            for field in fields {
                self.known_field(source, field, &file.request, "request");
            }
        }
        if let Some(seconds) = &file.duplicate_seconds
            && (seconds.value == 0 || !matches!(file.repeat.value, Repeat::DeduplicatedBy(_)))
        {
            let message = "the service drops no duplicates for that long";
            self.at(
                source,
                seconds,
                message,
                "at least one second, with `deduplicated_by`",
            );
        }
    }
}

fn request_key(loaded: &LoadedEndpoint) -> (&str, String) {
    (&loaded.family, names::camel_case(&loaded.name))
}

pub(super) fn reply_name(loaded: &LoadedEndpoint) -> String {
    format!("{}Reply", names::camel_case(&loaded.name))
}

/// The types that a command's file derives from its own name.
fn type_names(loaded: &LoadedEndpoint) -> Vec<String> {
    let request = names::camel_case(&loaded.name);
    let paging = loaded.file.paging.as_ref();
    let item = paging.is_some_and(|paging| !paging.or_in.is_empty());
    let item = item.then(|| format!("{request}Item"));
    [request, reply_name(loaded)]
        .into_iter()
        .chain(item)
        .collect()
}
