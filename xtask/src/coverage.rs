//! `cargo xtask coverage`: the vendor's list of commands, row by row, against what is here.

use crate::codegen::load;
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    fmt::{self, Write as _},
    fs,
    path::Path,
    process::Command,
};

/// `spec/catalogue.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Catalogue {
    /// The rows, in the order of the vendor's navigation.
    pub rows: Vec<Row>,
}

/// A command that the vendor lists.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// Where the vendor lists it.
    pub part: Part,
    /// Section of the navigation.
    pub section: String,
    /// Title of the page.
    pub title: String,
    /// Path of the command.
    pub command: String,
}

/// Where the vendor lists a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Part {
    /// In the navigation that this project began with.
    Navigation,
    /// Elsewhere, mostly since.
    Beyond,
}

/// What is here of one row.
#[derive(Debug, Serialize)]
pub struct Line {
    /// Where the vendor lists it.
    pub part: Part,
    /// Section of the navigation.
    pub section: String,
    /// Path of the command.
    pub command: String,
    /// Its file, below `spec/endpoints` and without the ending.
    pub spec: Option<String>,
    /// Whether the types crate has its file.
    pub types: bool,
    /// Samples with a reply.
    pub samples: usize,
    /// How the simulator answers.
    pub simulator: Option<String>,
}

impl Line {
    /// Whether something is missing.
    pub fn is_missing(&self) -> bool {
        self.spec.is_none() || !self.types || self.samples == 0 || self.simulator.is_none()
    }
}

/// The whole comparison.
#[derive(Debug, Serialize)]
pub struct Coverage {
    /// A line for each row of the catalogue.
    pub rows: Vec<Line>,
    /// Commands of the spec that no row names, with the row that looks most like it.
    pub strangers: Vec<(String, Option<String>)>,
}

/// A line of `tencent-chat-simulator --commands`.
#[derive(Debug, Deserialize)]
struct Behaviour {
    command: String,
    behaviour: String,
}

/// Reads the catalogue.
///
/// # Errors
///
/// A file that cannot be read or is malformed, with the place.
pub fn catalogue(spec: &Path) -> Result<Catalogue, String> {
    let path = spec.join("catalogue.toml");
    let shown = path.display();
    let text = fs::read_to_string(&path).map_err(|error| format!("{shown}: {error}"))?;
    toml::from_str(&text).map_err(|error| format!("{shown}: {error}"))
}

/// Compares the catalogue with spec, types and simulator.
///
/// # Errors
///
/// What cannot be read, and a simulator that does not build.
pub fn coverage(root: &Path) -> Result<Coverage, String> {
    let catalogue = catalogue(&root.join("spec"))?;
    let spec = load::load(&root.join("spec")).map_err(|mistakes| mistakes.render())?;
    let behaviours = behaviours(root)?;
    let mut files: BTreeMap<&str, (String, usize)> = BTreeMap::new();
    for endpoint in &spec.endpoints {
        let samples = (endpoint.file.samples.iter())
            .filter(|sample| sample.reply.is_some())
            .count();
        let file = format!("{}/{}", endpoint.family, endpoint.name);
        files.insert(&endpoint.file.path, (file, samples));
    }
    let rows: Vec<Line> = (catalogue.rows.iter())
        .map(|row| {
            let file = files.get(row.command.as_str());
            let types = file.is_some_and(|(file, _)| {
                root.join(format!("crates/types/src/generated/{file}.rs"))
                    .is_file()
            });
            Line {
                part: row.part,
                section: row.section.clone(),
                command: row.command.clone(),
                spec: file.map(|(file, _)| file.clone()),
                types,
                samples: file.map_or(0, |(_, samples)| *samples),
                simulator: behaviours.get(&row.command).cloned(),
            }
        })
        .collect();
    let strangers = files
        .keys()
        .filter(|path| !rows.iter().any(|row| row.command == **path))
        .map(|path| {
            let nearest = (rows.iter().filter(|row| row.spec.is_none()))
                .map(|row| (strsim::levenshtein(path, &row.command), &row.command))
                .min();
            let near = nearest.filter(|(distance, _)| *distance <= path.len() / 3);
            ((*path).to_owned(), near.map(|(_, command)| command.clone()))
        })
        .collect();
    Ok(Coverage { rows, strangers })
}

/// What the simulator says of itself. Asked as a program, since it is built from generated code,
/// without which this tool must build.
fn behaviours(root: &Path) -> Result<BTreeMap<String, String>, String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["run", "--quiet", "--package", "tencent-chat-simulator"])
        .args(["--", "--commands"])
        .current_dir(root)
        .stderr(std::process::Stdio::inherit())
        .output()
        .map_err(|error| format!("cargo cannot be run: {error}"))?;
    if !output.status.success() {
        return Err("the simulator does not build or run".to_owned());
    }
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .map(|line| {
            let line: Behaviour =
                serde_json::from_str(line).map_err(|error| format!("{line}: {error}"))?;
            Ok((line.command, line.behaviour))
        })
        .collect()
}

impl Coverage {
    /// Whether a row has something missing, or the spec has a command that no row names.
    pub fn has_gaps(&self) -> bool {
        !self.strangers.is_empty() || self.rows.iter().any(Line::is_missing)
    }

    fn count(&self, part: Part) -> (usize, usize) {
        let rows = || self.rows.iter().filter(|row| row.part == part);
        (
            rows().filter(|row| !row.is_missing()).count(),
            rows().count(),
        )
    }
}

impl fmt::Display for Coverage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = |text: fn(&Line) -> usize| self.rows.iter().map(text).max().unwrap_or(0);
        let commands = width(|row| row.command.len());
        let files = width(|row| row.spec.as_ref().map_or(0, String::len));
        let mut section = None;
        for row in &self.rows {
            if section != Some((row.part, &row.section)) {
                section = Some((row.part, &row.section));
                let title = match row.part {
                    Part::Navigation => row.section.as_str(),
                    Part::Beyond => "Beyond the navigation",
                };
                writeln!(f, "\n{title}")?;
            }
            let mut line = String::new();
            let spec = row.spec.as_deref().unwrap_or("MISSING");
            write!(line, "  {:commands$}  {spec:files$}", row.command)?;
            write!(line, "  types {:3}", if row.types { "yes" } else { "NO" })?;
            write!(line, "  samples {:2}", row.samples)?;
            write!(
                line,
                "  {}",
                row.simulator.as_deref().unwrap_or("not simulated")
            )?;
            writeln!(f, "{line}")?;
        }
        writeln!(f)?;
        for (command, near) in &self.strangers {
            write!(
                f,
                "{command} is in the spec, but no row of the catalogue names it"
            )?;
            match near {
                Some(near) => writeln!(f, "; did you mean {near}?")?,
                None => writeln!(f)?,
            }
        }
        for (part, name) in [(Part::Navigation, "navigation"), (Part::Beyond, "beyond")] {
            let (done, all) = self.count(part);
            writeln!(f, "{name}: {done}/{all}")?;
        }
        let stateful = (self.rows.iter())
            .filter(|row| row.simulator.as_deref() == Some("stateful"))
            .count();
        write!(f, "simulated with state: {stateful}")
    }
}
