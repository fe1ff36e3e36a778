//! Stage 1: files become [`Spec`].

pub use super::source::Source;
use super::{
    diagnostic::{Diagnostic, Diagnostics},
    editor_schema, rows,
    spec::{
        EndpointFile, ErrorsFile, FamiliesFile, Field, FieldsFile, ObjectType, Ordered,
        ProtocolFile, RegionsFile, SharedFile, WebhookFile, WebhooksFile, usersig::UserSigFile,
    },
    structure,
};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

/// Longest spec file. The largest real one has a tenth of that.
const MAX_FILE_BYTES: u64 = 1 << 20;

/// Deepest nesting of brackets in a spec file, samples included.
const MAX_NESTING: usize = 64;

/// The content of a kind of file: read by serde, described for [`structure`].
pub trait SpecFile: DeserializeOwned + JsonSchema {}

impl<T: DeserializeOwned + JsonSchema> SpecFile for T {}

/// A file and its content.
#[derive(Clone, Debug)]
pub struct Loaded<T> {
    /// The file.
    pub source: Arc<Source>,
    /// What it says.
    pub file: T,
}

/// One command's file.
#[derive(Clone, Debug)]
pub struct LoadedEndpoint {
    /// File name without ending: the command's Rust name.
    pub name: String,
    /// Folder: the family.
    pub family: String,
    /// The file.
    pub source: Arc<Source>,
    /// What it says.
    pub file: EndpointFile,
}

/// One webhook's file.
#[derive(Clone, Debug)]
pub struct LoadedWebhook {
    /// File name without ending: the event's Rust name.
    pub name: String,
    /// Folder: the family.
    pub family: String,
    /// The file.
    pub source: Arc<Source>,
    /// What it says.
    pub file: WebhookFile,
}

/// The webhooks of a spec, if it has any.
#[derive(Clone, Debug)]
pub struct LoadedWebhooks {
    /// `webhooks.toml`
    pub common: Loaded<WebhooksFile>,
    /// `webhooks/*/*.toml`
    pub events: Vec<LoadedWebhook>,
}

/// One file of shared types.
#[derive(Clone, Debug)]
pub struct LoadedShared {
    /// File name without ending: the module's name.
    pub name: String,
    /// The file.
    pub source: Arc<Source>,
    /// What it says.
    pub file: SharedFile,
}

/// Everything under `spec/`.
#[derive(Clone, Debug)]
pub struct Spec {
    /// `families.toml`
    pub families: Loaded<FamiliesFile>,
    /// `protocol.toml`
    pub protocol: Loaded<ProtocolFile>,
    /// `regions.toml`
    pub regions: Loaded<RegionsFile>,
    /// `errors.toml`
    pub errors: Loaded<ErrorsFile>,
    /// `usersig.toml`
    pub usersig: Loaded<UserSigFile>,
    /// `fields.toml`, absent from a spec without shared rows.
    pub fields: Option<Loaded<FieldsFile>>,
    /// `shared/*.toml`
    pub shared: Vec<LoadedShared>,
    /// `endpoints/*/*.toml`
    pub endpoints: Vec<LoadedEndpoint>,
    /// `webhooks.toml` and `webhooks/*/*.toml`
    pub webhooks: Option<LoadedWebhooks>,
}

impl Spec {
    /// Every hand-written table of fields, with its file.
    pub fn tables(&self) -> Vec<(&Source, &Ordered<Field>)> {
        fn add<'s>(
            all: &mut Vec<(&'s Source, &'s Ordered<Field>)>,
            source: &'s Source,
            bodies: &[&'s Ordered<Field>],
            types: &'s Ordered<ObjectType>,
        ) {
            let inner = types.iter().map(|(_, def)| &def.fields);
            let tables = bodies.iter().copied().chain(inner);
            all.extend(tables.map(|fields| (source, fields)));
        }
        let mut all = vec![(&*self.protocol.source, &self.protocol.file.reply)];
        for LoadedShared { source, file, .. } in &self.shared {
            add(&mut all, source, &[], &file.types);
        }
        for LoadedEndpoint { source, file, .. } in &self.endpoints {
            add(&mut all, source, &[&file.request, &file.reply], &file.types);
        }
        for LoadedWebhook { source, file, .. } in self.webhooks.iter().flat_map(|all| &all.events) {
            add(&mut all, source, &[&file.event, &file.reply], &file.types);
        }
        all
    }

    fn tables_mut(&mut self) -> Vec<(&Source, &mut Ordered<Field>)> {
        fn add<'s, const N: usize>(
            all: &mut Vec<(&'s Source, &'s mut Ordered<Field>)>,
            source: &'s Source,
            bodies: [&'s mut Ordered<Field>; N],
            types: &'s mut Ordered<ObjectType>,
        ) {
            let inner = types.0.iter_mut().map(|(_, def)| &mut def.fields);
            let tables = bodies.into_iter().chain(inner);
            all.extend(tables.map(|fields| (source, fields)));
        }
        let mut all = vec![(&*self.protocol.source, &mut self.protocol.file.reply)];
        for LoadedShared { source, file, .. } in &mut self.shared {
            add(&mut all, source, [], &mut file.types);
        }
        for LoadedEndpoint { source, file, .. } in &mut self.endpoints {
            let bodies = [&mut file.request, &mut file.reply];
            add(&mut all, source, bodies, &mut file.types);
        }
        let webhooks = self.webhooks.iter_mut();
        for LoadedWebhook { source, file, .. } in webhooks.flat_map(|all| &mut all.events) {
            let bodies = [&mut file.event, &mut file.reply];
            add(&mut all, source, bodies, &mut file.types);
        }
        all
    }

    /// Gives fields that name a row its type and its sentence. Loading has already done this; call it after
    /// replacing a loaded file.
    ///
    /// # Errors
    ///
    /// Names without a row, and fields that repeat what their row holds.
    pub fn fill_in_rows(&mut self) -> Result<(), Diagnostics> {
        let rows = self.fields.clone();
        let rows = rows.map(|loaded| loaded.file.rows).unwrap_or_default();
        let mut errors = Diagnostics::default();
        for (source, fields) in self.tables_mut() {
            rows::fill_in(source, fields, &rows, &mut errors);
        }
        errors.into_result(())
    }
}

/// Reads a spec folder.
///
/// # Errors
///
/// Every mistake of form in every file.
pub fn load(dir: &Path) -> Result<Spec, Diagnostics> {
    let mut loader = Loader {
        dir: dir.to_owned(),
        errors: Diagnostics::default(),
    };
    loader.refuse_strangers();
    let families = loader.file("families.toml");
    let protocol = loader.file("protocol.toml");
    let regions = loader.file("regions.toml");
    let errors = loader.file("errors.toml");
    let usersig = loader.file("usersig.toml");
    let fields = loader.optional("fields.toml");
    let mut shared = Vec::new();
    let schema = editor_schema::schema_of::<SharedFile>();
    for path in loader.list("shared", "toml") {
        let name = stem(&path);
        if let Some(Loaded { source, file }) = loader.file_as(&path, &schema) {
            shared.push(LoadedShared { name, source, file });
        }
    }
    let mut endpoints = Vec::new();
    loader.families("endpoints", |name, family, loaded| {
        let Loaded { source, file } = loaded;
        endpoints.push(LoadedEndpoint {
            name,
            family,
            source,
            file,
        });
    });
    let webhooks = loader.webhooks();
    match (families, protocol, regions, errors, usersig) {
        (Some(families), Some(protocol), Some(regions), Some(errors), Some(usersig)) => {
            let spec = Spec {
                families,
                protocol,
                regions,
                errors,
                usersig,
                fields,
                shared,
                endpoints,
                webhooks,
            };
            // An unreadable vocabulary has an error of its own, which explains why its rows are unknown.
            let mut spec = loader.errors.into_result(spec)?;
            spec.fill_in_rows()?;
            Ok(spec)
        }
        _ => Err(loader.errors),
    }
}

/// File name without folder and extension.
fn stem(path: &str) -> String {
    Path::new(path)
        .file_stem()
        .map(|stem| stem.to_string_lossy().into_owned())
        .unwrap_or_default()
}

struct Loader {
    dir: PathBuf,
    errors: Diagnostics,
}

impl Loader {
    fn shown(path: &str) -> String {
        format!("spec/{path}")
    }

    /// Every file in every subfolder of a folder, with its name and its family.
    fn families<T: SpecFile>(
        &mut self,
        folder: &str,
        mut add: impl FnMut(String, String, Loaded<T>),
    ) {
        let schema = editor_schema::schema_of::<T>();
        for folder in self.list(folder, "") {
            for path in self.list(&folder, "toml") {
                if let Some(loaded) = self.file_as(&path, &schema) {
                    add(stem(&path), stem(&folder), loaded);
                }
            }
        }
    }

    /// A spec without webhooks has neither the file nor the folder.
    fn webhooks(&mut self) -> Option<LoadedWebhooks> {
        let exists = |path: &str| self.dir.join(path).exists();
        if !exists("webhooks.toml") && !exists("webhooks") {
            return None;
        }
        let common = self.file("webhooks.toml");
        let mut events = Vec::new();
        self.families("webhooks", |name, family, loaded| {
            let Loaded { source, file } = loaded;
            events.push(LoadedWebhook {
                name,
                family,
                source,
                file,
            });
        });
        common.map(|common| LoadedWebhooks { common, events })
    }

    /// Entries of a folder with this extension ("" for folders), sorted.
    fn list(&mut self, folder: &str, ending: &str) -> Vec<String> {
        let entries = match fs::read_dir(self.dir.join(folder)) {
            Ok(entries) => entries,
            Err(error) => {
                let message = format!("the folder cannot be read: {error}");
                self.errors
                    .push(Diagnostic::of_file(Self::shown(folder), message));
                return Vec::new();
            }
        };
        let mut found = Vec::new();
        for entry in entries.flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
            let fits = if ending.is_empty() {
                is_folder
            } else {
                name.ends_with(&format!(".{ending}")) && !is_folder
            };
            let path = format!("{folder}/{name}");
            if fits {
                found.push(path);
            } else if !name.starts_with('.') {
                let expected = if ending.is_empty() {
                    "one folder per family".to_owned()
                } else {
                    format!("a file ending in .{ending}")
                };
                self.errors.push(
                    Diagnostic::of_file(Self::shown(&path), "this does not belong in the spec")
                        .expected(expected),
                );
            }
        }
        found.sort();
        found
    }

    /// Without this check, a misspelled top-level file would silently be ignored.
    fn refuse_strangers(&mut self) {
        const KNOWN: &[&str] = &[
            "README.md",
            "audit",
            "catalogue.toml",
            "endpoints",
            "errors.toml",
            "families.toml",
            "fields.toml",
            "protocol.toml",
            "regions.toml",
            "schema",
            "shared",
            "usersig.toml",
            "webhooks",
            "webhooks.toml",
        ];
        let Ok(entries) = fs::read_dir(&self.dir) else {
            return;
        };
        for entry in entries.flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            if !KNOWN.contains(&name.as_str()) && !name.starts_with('.') {
                self.errors.push(
                    Diagnostic::of_file(Self::shown(&name), "this does not belong in the spec")
                        .expected(format!("one of {}", KNOWN.join(", ")))
                        .suggest(&name, KNOWN.iter().copied()),
                );
            }
        }
    }

    fn read(&mut self, path: &str) -> Option<Source> {
        let shown = Self::shown(path);
        let full = self.dir.join(path);
        let mut fail = |message: String| -> Option<Source> {
            self.errors
                .push(Diagnostic::of_file(shown.clone(), message));
            None
        };
        match fs::metadata(&full) {
            Ok(meta) if meta.len() > MAX_FILE_BYTES => {
                return fail(format!(
                    "the file has {} bytes; at most {MAX_FILE_BYTES} are read",
                    meta.len()
                ));
            }
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return fail("the file is missing".to_owned());
            }
            Err(error) => return fail(format!("the file cannot be read: {error}")),
        }
        match fs::read(&full).map(String::from_utf8) {
            Ok(Ok(text)) => Some(Source { path: shown, text }),
            Ok(Err(error)) => {
                let at = error.utf8_error().valid_up_to();
                let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
                let source = Source { path: shown, text };
                self.errors.push(
                    Diagnostic::new(&source, at..at + 1, "this is not valid UTF-8")
                        .expected("a file saved as UTF-8"),
                );
                None
            }
            Err(error) => fail(format!("the file cannot be read: {error}")),
        }
    }

    /// Reads a file that a spec may omit.
    fn optional<T: SpecFile>(&mut self, path: &str) -> Option<Loaded<T>> {
        let there = self.dir.join(path).exists();
        there.then(|| self.file(path)).flatten()
    }

    fn file<T: SpecFile>(&mut self, path: &str) -> Option<Loaded<T>> {
        self.file_as(path, &editor_schema::schema_of::<T>())
    }

    fn file_as<T: SpecFile>(&mut self, path: &str, schema: &Value) -> Option<Loaded<T>> {
        let source = self.read(path)?;
        match parse_as(&source, schema) {
            Ok(file) => Some(Loaded {
                source: Arc::new(source),
                file,
            }),
            Err(errors) => {
                self.errors.extend(errors);
                None
            }
        }
    }
}

/// Reads one file: syntax, then structure, then values. Reports all mistakes of the first step that finds any.
///
/// # Errors
///
/// The mistakes.
pub fn parse<T: SpecFile>(source: &Source) -> Result<T, Diagnostics> {
    parse_as(source, &editor_schema::schema_of::<T>())
}

/// [`parse`] with the schema of this kind of file, which takes longer to build than a file takes to read.
fn parse_as<T: SpecFile>(source: &Source, schema: &Value) -> Result<T, Diagnostics> {
    let mut errors = Diagnostics::default();
    if let Some(at) = too_deep(&source.text) {
        errors.push(
            Diagnostic::new(
                source,
                at..at + 1,
                format!("brackets nest more than {MAX_NESTING} deep"),
            )
            .expected("a flatter file; every opening bracket counts, including those in strings"),
        );
        return Err(errors);
    }
    let (table, syntax) = toml::de::DeTable::parse_recoverable(&source.text);
    for error in syntax {
        errors.push(from_toml(source, &error));
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    structure::check(source, &table, schema, &mut errors);
    if !errors.is_empty() {
        return Err(errors);
    }
    T::deserialize(toml::de::Deserializer::from(table)).map_err(|error| {
        errors.push(from_toml(source, &error));
        errors
    })
}

fn from_toml(source: &Source, error: &toml::de::Error) -> Diagnostic {
    let span = error.span().unwrap_or(0..0);
    let message = error.message().lines().collect::<Vec<_>>().join("; ");
    Diagnostic::new(source, span, message)
}

/// Where brackets nest too deeply. Counts them in strings too, because samples are JSON in a string.
fn too_deep(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > MAX_NESTING {
            return Some(at);
        }
    }
    None
}
