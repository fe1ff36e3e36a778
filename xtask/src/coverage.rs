//! `cargo xtask coverage`: compares the vendor's list of commands, row by row, with the repository.

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
    /// The webhooks.
    pub webhooks: Vec<Row>,
}

/// A command or a webhook that the vendor lists.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// Where the vendor lists it.
    pub part: Part,
    /// Section of the navigation.
    pub section: String,
    /// Title of the page.
    pub title: String,
    /// Path of the command, or name of the webhook.
    pub command: String,
}

/// Where the vendor lists a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Part {
    /// In the navigation with which this project began.
    Navigation,
    /// Elsewhere, mostly since.
    Beyond,
}

/// What exists for one row.
#[derive(Debug, Serialize)]
pub struct Line {
    /// Where the vendor lists it.
    pub part: Part,
    /// Section of the navigation.
    pub section: String,
    /// Path of the command.
    pub command: String,
    /// Its file, below `spec/endpoints` and without the extension.
    pub spec: Option<String>,
    /// Whether the types crate has its file.
    pub types: bool,
    /// Samples with a reply.
    pub samples: usize,
    /// How the simulator answers.
    pub simulator: Option<String>,
    /// The vendor's date of the text with which the file was compared.
    pub updated: Option<String>,
    /// Days since then.
    pub age_days: Option<i64>,
}

impl Line {
    /// Whether something is missing.
    pub fn is_missing(&self) -> bool {
        self.spec.is_none() || !self.types || self.samples == 0 || self.simulator.is_none()
    }
}

/// What exists for one webhook.
#[derive(Debug, Serialize)]
pub struct WebhookLine {
    /// Where the vendor lists it.
    pub part: Part,
    /// Section of the navigation.
    pub section: String,
    /// Name of the webhook.
    pub command: String,
    /// Its file, below `spec/webhooks` and without the extension.
    pub spec: Option<String>,
    /// Whether the types crate has its file.
    pub types: bool,
    /// Sample events.
    pub events: usize,
    /// Sample answers.
    pub answers: usize,
    /// The vendor's date of the text with which the file was compared.
    pub updated: Option<String>,
    /// Days since then.
    pub age_days: Option<i64>,
}

impl WebhookLine {
    /// Whether something is missing.
    pub fn is_missing(&self) -> bool {
        self.spec.is_none() || !self.types || self.events == 0 || self.answers == 0
    }
}

/// The whole comparison.
#[derive(Debug, Serialize)]
pub struct Coverage {
    /// One line per command of the catalogue.
    pub rows: Vec<Line>,
    /// One line per webhook of the catalogue.
    pub webhooks: Vec<WebhookLine>,
    /// Commands and webhooks of the spec that no row names, each with the most similar row.
    pub strangers: Vec<(String, Option<String>)>,
}

/// A line of `tencent-chat serve --commands`.
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
/// Files that cannot be read, and a simulator that does not build.
pub fn coverage(root: &Path) -> Result<Coverage, String> {
    let catalogue = catalogue(&root.join("spec"))?;
    let spec = load::load(&root.join("spec")).map_err(|mistakes| mistakes.render())?;
    let behaviours = behaviours(root)?;
    let today = today();
    let mut files: BTreeMap<&str, (String, usize, Option<String>)> = BTreeMap::new();
    for endpoint in &spec.endpoints {
        let samples = (endpoint.file.samples.iter())
            .filter(|sample| sample.reply.is_some())
            .count();
        let file = format!("{}/{}", endpoint.family, endpoint.name);
        let updated = endpoint.file.page.updated.as_ref();
        let updated = updated.map(|date| date.value.0.clone());
        files.insert(&endpoint.file.path, (file, samples, updated));
    }
    let rows: Vec<Line> = (catalogue.rows.iter())
        .map(|row| {
            let file = files.get(row.command.as_str());
            let types = file.is_some_and(|(file, ..)| {
                root.join(format!("crates/types/src/generated/{file}.rs"))
                    .is_file()
            });
            Line {
                part: row.part,
                section: row.section.clone(),
                command: row.command.clone(),
                spec: file.map(|(file, ..)| file.clone()),
                types,
                samples: file.map_or(0, |(_, samples, _)| *samples),
                simulator: behaviours.get(&row.command).cloned(),
                age_days: file.and_then(|(.., updated)| age(updated.as_deref()?, today)),
                updated: file.and_then(|(.., updated)| updated.clone()),
            }
        })
        .collect();
    let webhooks = webhooks(root, &catalogue, &spec, today);
    let mut strangers = strangers(files.keys().copied(), &catalogue.rows);
    let events = spec.webhooks.iter().flat_map(|webhooks| &webhooks.events);
    let events = events.map(|webhook| webhook.file.command.as_str());
    strangers.extend(self::strangers(events, &catalogue.webhooks));
    Ok(Coverage {
        rows,
        webhooks,
        strangers,
    })
}

fn webhooks(root: &Path, catalogue: &Catalogue, spec: &load::Spec, today: i64) -> Vec<WebhookLine> {
    let events = || spec.webhooks.iter().flat_map(|webhooks| &webhooks.events);
    (catalogue.webhooks.iter())
        .map(|row| {
            let webhook = events().find(|webhook| *webhook.file.command == row.command);
            let samples = webhook.map_or(&[][..], |webhook| &webhook.file.samples);
            let updated = webhook.and_then(|webhook| webhook.file.page.updated.as_ref());
            let updated = updated.map(|date| date.value.0.clone());
            let file = webhook.map(|webhook| format!("{}/{}", webhook.family, webhook.name));
            WebhookLine {
                part: row.part,
                section: row.section.clone(),
                command: row.command.clone(),
                types: file.as_ref().is_some_and(|file| {
                    root.join(format!("crates/types/src/generated/webhook/{file}.rs"))
                        .is_file()
                }),
                spec: file,
                events: samples.iter().filter(|s| s.event.is_some()).count(),
                answers: samples.iter().filter(|s| s.reply.is_some()).count(),
                age_days: updated.as_deref().and_then(|updated| age(updated, today)),
                updated,
            }
        })
        .collect()
}

/// Entries that no row names, each with the most similar of the rows without an entry.
fn strangers<'a>(
    here: impl Iterator<Item = &'a str> + Clone,
    rows: &[Row],
) -> Vec<(String, Option<String>)> {
    let missing = (rows.iter()).filter(|row| !here.clone().any(|name| name == row.command));
    let missing: Vec<&String> = missing.map(|row| &row.command).collect();
    here.filter(|name| !rows.iter().any(|row| row.command == *name))
        .map(|name| {
            let nearest = (missing.iter())
                .map(|command| (strsim::levenshtein(name, command), *command))
                .min();
            let near = nearest.filter(|(distance, _)| *distance <= name.len() / 3);
            (name.to_owned(), near.map(|(_, command)| command.clone()))
        })
        .collect()
}

/// Days from 1970 to today.
fn today() -> i64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    now.map_or(0, |now| i64::try_from(now.as_secs() / 86400).unwrap_or(0))
}

/// Days between a date, YYYY-MM-DD, and a day.
pub fn age(date: &str, today: i64) -> Option<i64> {
    let mut parts = date.split('-').map(|part| part.parse::<i64>().ok());
    let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
    // Years begin in March, so that the leap day is their last day.
    let (year, month) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let days = 365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    let since_1970 = days + (153 * month + 2) / 5 + day - 719_469;
    Some(today - since_1970)
}

/// A date and an age for people.
fn shown_age(updated: Option<&str>, days: Option<i64>) -> String {
    match (updated, days) {
        (Some(updated), Some(days)) => format!("{updated} {days:5} days"),
        _ => "age unknown".to_owned(),
    }
}

/// The simulator's own report. It comes from running the program, because the simulator is built from generated
/// code, and this tool must build without that.
fn behaviours(root: &Path) -> Result<BTreeMap<String, String>, String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["run", "--quiet", "--package", "tencent-chat-cli"])
        .args(["--", "serve", "--commands"])
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
    /// Every file with its age, the oldest first; files of unknown age come before all others.
    pub fn by_age(&self) -> String {
        let rows = self
            .rows
            .iter()
            .map(|row| (row.age_days, row.updated.as_deref(), &row.command));
        let webhooks = self
            .webhooks
            .iter()
            .map(|row| (row.age_days, row.updated.as_deref(), &row.command));
        let mut all: Vec<_> = rows.chain(webhooks).collect();
        all.sort_by_key(|(days, _, command)| (days.is_some(), -days.unwrap_or(0), *command));
        let mut text = String::new();
        for (days, updated, command) in all {
            let _ = writeln!(text, "{:21}  {command}", shown_age(updated, days));
        }
        text
    }

    /// Whether a row has gaps, or the spec has a command that no row names.
    pub fn has_gaps(&self) -> bool {
        !self.strangers.is_empty()
            || self.rows.iter().any(Line::is_missing)
            || self.webhooks.iter().any(WebhookLine::is_missing)
    }

    /// How many of the commands and webhooks in that list of the vendor exist here.
    fn count(&self, part: Part) -> [(usize, usize); 2] {
        fn count(missing: impl Iterator<Item = bool> + Clone) -> (usize, usize) {
            (
                missing.clone().filter(|missing| !missing).count(),
                missing.count(),
            )
        }
        let rows = self.rows.iter().filter(|row| row.part == part);
        let webhooks = self.webhooks.iter().filter(|row| row.part == part);
        [
            count(rows.map(Line::is_missing)),
            count(webhooks.map(WebhookLine::is_missing)),
        ]
    }
}

impl fmt::Display for Coverage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = |text: fn(&Line) -> usize| self.rows.iter().map(text).max().unwrap_or(0);
        let commands = width(|row| row.command.len());
        let files = width(|row| row.spec.as_ref().map_or(0, String::len));
        let mut sections = Sections::default();
        for row in &self.rows {
            sections.enter(f, row.part, &row.section)?;
            let mut line = String::new();
            let spec = row.spec.as_deref().unwrap_or("MISSING");
            write!(line, "  {:commands$}  {spec:files$}", row.command)?;
            write!(line, "  types {:3}", if row.types { "yes" } else { "NO" })?;
            write!(line, "  samples {:2}", row.samples)?;
            let age = shown_age(row.updated.as_deref(), row.age_days);
            write!(line, "  {age:21}")?;
            write!(
                line,
                "  {}",
                row.simulator.as_deref().unwrap_or("not simulated")
            )?;
            writeln!(f, "{line}")?;
        }
        let mut sections = Sections::default();
        let width = |text: fn(&WebhookLine) -> usize| self.webhooks.iter().map(text).max();
        let commands = width(|row| row.command.len()).unwrap_or(0);
        let files = width(|row| row.spec.as_ref().map_or(0, String::len)).unwrap_or(0);
        for row in &self.webhooks {
            sections.enter(f, row.part, &row.section)?;
            let spec = row.spec.as_deref().unwrap_or("MISSING");
            writeln!(
                f,
                "  {:commands$}  {spec:files$}  types {:3}  events {:2}  answers {:2}  {}",
                row.command,
                if row.types { "yes" } else { "NO" },
                row.events,
                row.answers,
                shown_age(row.updated.as_deref(), row.age_days)
            )?;
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
            let [(commands, all_commands), (webhooks, all_webhooks)] = self.count(part);
            writeln!(
                f,
                "{name}: {commands}/{all_commands} commands, {webhooks}/{all_webhooks} webhooks"
            )?;
        }
        let stateful = (self.rows.iter())
            .filter(|row| row.simulator.as_deref() == Some("stateful"))
            .count();
        write!(f, "simulated with state: {stateful}")
    }
}

/// Headings of the table.
#[derive(Default)]
struct Sections<'a>(Option<(Part, &'a str)>);

impl<'a> Sections<'a> {
    /// Writes the heading if a row is the first of its section.
    fn enter(&mut self, f: &mut fmt::Formatter<'_>, part: Part, section: &'a str) -> fmt::Result {
        let section = match part {
            Part::Navigation => section,
            Part::Beyond => "Beyond the navigation",
        };
        if self.0.replace((part, section)) != Some((part, section)) {
            writeln!(f, "\n{section}")?;
        }
        Ok(())
    }
}
