//! `tencent-chat bulk`: jobs of any size, by the lines of a file.

mod columns;
mod hash;
mod job;
mod journal;
mod rejects;
mod rows;
mod run;
mod units;

use self::{
    columns::Columns,
    job::Job,
    journal::{Head, Journal, Past, Tally},
    rejects::{Rejects, Why},
    rows::{BadLine, Rows},
    run::{Early, Ended, Parts, Run, is_harmful},
    units::Units,
};
use crate::{
    edition::EditionName,
    failure::Failure,
    lines::{Format, beside},
    output::{self, Output},
    profile::{Connection, Settings},
    progress::Progress,
    signals::Signals,
};
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::{
    fs::File,
    io,
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};
use tempfile::NamedTempFile;
use tencent_chat_client::LocalLimiter;
use tencent_chat_types::{Edition, Meta, QuotaUnit};

/// Of the journal's form.
const VERSION: u32 = 2;

/// Most wrong lines that are listed.
const SHOWN: usize = 20;

#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub(crate) struct Args {
    #[command(subcommand)]
    job: JobArgs,
}

#[derive(Debug, clap::Subcommand)]
enum JobArgs {
    /// Creates accounts, or updates those that are there: UserID, Nick, FaceUrl
    ImportAccounts(FileArgs),
    /// Sends a message for each line: To_Account, Text or MsgBody, From_Account and other fields
    Send(FileArgs),
    /// Adds users to groups: GroupId, Member_Account, Silence
    AddMembers(FileArgs),
    /// Deletes accounts for good: UserID
    DeleteAccounts(FileArgs),
}

const HELP: &str = "\
Columns are called like the fields of the command. CSV needs a header; lists and objects are JSON in \
their cell.

Before anything is sent, all lines are checked. FILE.journal then says what was sent and answered: the \
same command goes on where it was stopped or killed, and sends nothing twice. Lines that failed are in \
FILE.failed.csv (or .jsonl) with code and reason, ready to be run again. Lines of which nobody knows \
whether they were sent, and that can't be sent again without harm, are in FILE.uncertain.csv.";

#[derive(Debug, clap::Args)]
struct FileArgs {
    /// The file: CSV with a header (.csv), or a JSON object on each line (.jsonl, .ndjson); `-` reads standard
    /// input, which can't go on after it was stopped
    file: PathBuf,
    /// The same for all lines that don't say otherwise, such as GroupId=dinner-club or Text=Hello
    #[arg(value_name = "FIELD=VALUE")]
    fields: Vec<String>,
    /// How lines are written, where the file's name doesn't say it
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// What was sent and answered; FILE.journal unless set
    #[arg(long, value_name = "FILE")]
    journal: Option<PathBuf>,
    /// Where lines that failed go; FILE.failed.csv or .jsonl unless set
    #[arg(long, value_name = "FILE")]
    failed: Option<PathBuf>,
    /// Calls at once. They can arrive in any order; with 1 each is answered before the next is sent
    #[arg(long, default_value_t = 16, value_name = "CALLS")]
    concurrency: usize,
    /// The edition of the app, which its daily quota of messages depends on; paid unless set
    #[arg(long, value_enum, conflicts_with = "rate")]
    edition: Option<EditionName>,
    /// Calls a second, where the app's plan has another quota than the documentation
    #[arg(long, value_name = "CALLS", value_parser = clap::value_parser!(u32).range(1..))]
    rate: Option<u32>,
    /// Checks the lines, says how long it would take, and sends nothing
    #[arg(long)]
    dry_run: bool,
}

pub(crate) async fn run(
    args: Args,
    connection: &Connection,
    output: &Output,
) -> Result<(), Failure> {
    match args.job {
        JobArgs::ImportAccounts(args) => {
            start(&job::import_accounts(), args, connection, output).await
        }
        JobArgs::Send(args) => start(&job::send(), args, connection, output).await,
        JobArgs::AddMembers(args) => start(&job::add_members(), args, connection, output).await,
        JobArgs::DeleteAccounts(args) => {
            start(&job::delete_accounts(), args, connection, output).await
        }
    }
}

impl FileArgs {
    fn edition(&self) -> Edition {
        self.edition.map(Edition::from).unwrap_or_default()
    }
}

/// The file of a run.
struct Input {
    /// As people call it.
    name: String,
    path: PathBuf,
    format: Format,
    fields: Map<String, Value>,
    /// Copy of standard input.
    spool: Option<NamedTempFile>,
}

impl Input {
    fn new(job: &dyn Job, args: &FileArgs) -> Result<Self, Failure> {
        let is_stdin = args.file.as_os_str() == "-";
        let format = args.format.or_else(|| Format::of(&args.file));
        let format = format.ok_or_else(|| {
            Failure::usage("how the lines are written is not known")
                .help("set --format csv or jsonl")
        })?;
        let fields = job.columns()?.of_arguments(&args.fields)?;
        let spool = is_stdin.then(spool).transpose()?;
        let path = spool
            .as_ref()
            .map_or(args.file.as_path(), NamedTempFile::path);
        Ok(Self {
            name: crate::input::name(Some(&args.file)),
            path: path.to_owned(),
            format,
            fields,
            spool,
        })
    }

    fn rows(&self, columns: Columns) -> Result<Rows, Failure> {
        Rows::open(&self.path, self.format, columns, self.fields.clone())
    }

    fn failed(&self, error: &io::Error) -> Failure {
        Failure::file(&self.name, error)
    }

    /// SHA-256 of all of it.
    fn hash(&self) -> Result<String, Failure> {
        let failed = |error: io::Error| self.failed(&error);
        let file = File::open(&self.path).map_err(failed)?;
        hash::of(file).map(hash::hex).map_err(failed)
    }

    /// Checks all lines, and counts them.
    fn check(&self, job: &dyn Job) -> Result<u64, Failure> {
        let mut rows = self.rows(job.columns()?)?;
        let (mut count, mut wrong, mut listed) = (0, 0_u64, Vec::new());
        while let Some(row) = rows.next()? {
            count += 1;
            let bad = match row {
                Ok(row) => match job.check(&row.fields) {
                    Ok(()) => continue,
                    Err(problem) => BadLine {
                        line: row.place.line,
                        problem,
                    },
                },
                Err(bad) => bad,
            };
            wrong += 1;
            if listed.len() < SHOWN {
                listed.push(bad);
            }
        }
        match wrong {
            0 => Ok(count),
            _ => Err(self.wrong_lines(wrong, &listed)),
        }
    }

    fn wrong_lines(&self, wrong: u64, listed: &[BadLine]) -> Failure {
        let lines: Vec<Value> = (listed.iter())
            .map(|bad| json!({ "line": bad.line, "problem": bad.problem.in_line() }))
            .collect();
        let mut text: Vec<String> = listed.iter().map(BadLine::to_string).collect();
        if wrong > listed.len() as u64 {
            text.push(format!("and {} more", wrong - listed.len() as u64));
        }
        let counted = match wrong {
            1 => "a line".to_owned(),
            wrong => format!("{wrong} lines"),
        };
        Failure::usage(format!(
            "{}: {counted} can't be sent; nothing was sent",
            self.name
        ))
        .help(text.join("\n  "))
        .fact("lines", json!(lines))
    }
}

/// Copies standard input to a file, since all of it is checked before any of it is sent.
fn spool() -> Result<NamedTempFile, Failure> {
    let copy = || {
        let mut file = NamedTempFile::new()?;
        io::copy(&mut io::stdin().lock(), &mut file)?;
        Ok(file)
    };
    copy().map_err(|error| Failure::file("standard input", &error))
}

async fn start(
    job: &dyn Job,
    args: FileArgs,
    connection: &Connection,
    output: &Output,
) -> Result<(), Failure> {
    let input = Input::new(job, &args)?;
    if args.dry_run {
        return dry_run(job, &input, &args, output);
    }
    let settings = connection.settings()?;
    let mut builder = settings.builder()?.edition(args.edition());
    if let Some(rate) = args.rate {
        let limiter = LocalLimiter::new().command(job.meta().path, rate, 1);
        builder = builder.limiter(Arc::new(limiter));
    }
    let client = builder.build()?;
    // From here on a signal ends the run where nothing is lost.
    let signals = Signals::listen()?;
    let hash = input.hash()?;
    let Begun {
        journal,
        past,
        rows: count,
    } = begin(job, &args, &input, &settings, &hash)?;
    if input.spool.is_some() {
        output.note("standard input can't go on after it was stopped: nothing is written down");
    }
    let rows = input.rows(job.columns()?)?;
    let end = input.format.extension();
    let beside = |end: String| input.spool.is_none().then(|| beside(&args.file, &end));
    let files = [
        args.failed
            .clone()
            .or_else(|| beside(format!("failed.{end}"))),
        beside(format!("uncertain.{end}")),
    ];
    let marks = past.is_some.then(|| past.past.files.clone());
    let header = rows.header().cloned();
    let rejects = Rejects::open(files, header, marks, is_harmful(job.meta()), output)?;
    let before = past.past.tally;
    let begun = Instant::now();
    let parts = Parts {
        job,
        client: &client,
        hash: &hash,
        units: Units::new(job, rows),
        journal,
        rejects,
        progress: Progress::new("lines", Some(count), before.all(), output),
        concurrency: args.concurrency,
    };
    let ended = Run::new(parts, &past.past)?.run(signals).await;
    let report = Report::new(job, &input, count, before, &ended, begun.elapsed());
    output.result(&report, || report.text())?;
    outcome(&input, &report, ended)
}

/// What a run begins with.
struct Begun {
    journal: Option<Journal>,
    past: Before,
    /// Lines of the file.
    rows: u64,
}

/// What there was before.
#[derive(Default)]
struct Before {
    is_some: bool,
    past: Past,
}

/// Goes on with the journal that is there, or checks all lines and begins one.
fn begin(
    job: &dyn Job,
    args: &FileArgs,
    input: &Input,
    settings: &Settings,
    hash: &str,
) -> Result<Begun, Failure> {
    if input.spool.is_some() {
        return Ok(Begun {
            journal: None,
            past: Before::default(),
            rows: input.check(job)?,
        });
    }
    let (app, address) = (settings.app()?, settings.address()?.to_string());
    let head = |rows| Head {
        version: VERSION,
        job: job.name().to_owned(),
        command: job.meta().path.to_owned(),
        app,
        address: address.clone(),
        sha256: hash.to_owned(),
        fields: input.fields.clone(),
        format: input.format.extension().to_owned(),
        per_call: job.per_call(),
        rows,
    };
    let path = args.journal.clone();
    let path = path.unwrap_or_else(|| beside(&args.file, "journal"));
    // What the journal announces must not be done again, whatever happens to the machine.
    let is_durable = is_harmful(job.meta());
    if let Some((journal, head, past)) = Journal::resume(&path, &head, is_durable)? {
        return Ok(Begun {
            journal: Some(journal),
            past: Before {
                is_some: true,
                past,
            },
            rows: head.rows,
        });
    }
    let rows = input.check(job)?;
    Ok(Begun {
        journal: Some(Journal::create(&path, head(rows), is_durable)?),
        past: Before::default(),
        rows,
    })
}

/// Says what a run would do.
fn dry_run(job: &dyn Job, input: &Input, args: &FileArgs, output: &Output) -> Result<(), Failure> {
    let rows = input.check(job)?;
    let mut units = Units::new(job, input.rows(job.columns()?)?);
    let mut calls = 0;
    while units.next()?.is_some() {
        calls += 1;
    }
    let shortest = shortest(job.meta(), args.rate, args.edition(), calls);
    let json = json!({
        "job": job.name(),
        "command": job.meta().path,
        "file": input.name,
        "lines": rows,
        "calls": calls,
        "shortest_seconds": shortest.as_secs_f64(),
    });
    output.result(&json, || {
        let seconds = Duration::from_secs(shortest.as_secs_f64().ceil() as u64);
        format!(
            "{rows} lines in {calls} calls; the quota makes that {} at least",
            humantime::format_duration(seconds)
        )
    })
}

/// The time that the quotas of a command make so many calls take at least: those of a second are spread evenly, and
/// longer windows may be used up at once.
fn shortest(meta: &Meta, rate: Option<u32>, edition: Edition, calls: u32) -> Duration {
    let gaps = calls.saturating_sub(1);
    let time = |calls: u32, seconds: u32| match (calls, seconds) {
        (0, _) => Duration::ZERO,
        (calls, 1) => Duration::from_secs(1) * gaps / calls,
        (calls, seconds) => Duration::from_secs(seconds.into()) * (gaps / calls),
    };
    if let Some(rate) = rate {
        return time(rate, 1);
    }
    let quotas = meta.quotas.iter();
    quotas
        .filter(|quota| quota.unit == QuotaUnit::Calls && quota.holds_in(edition))
        .map(|quota| time(quota.amount, quota.seconds))
        .max()
        .unwrap_or_default()
}

/// What a run has come to.
#[derive(Serialize)]
struct Report {
    job: &'static str,
    command: &'static str,
    file: String,
    lines: u64,
    /// Lines of runs before.
    before: u64,
    #[serde(flatten)]
    tally: Tally,
    /// Lines without an answer yet.
    left: u64,
    /// Calls of this run.
    calls: u64,
    took_ms: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    failed_file: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    uncertain_file: Option<String>,
}

impl Report {
    fn new(
        job: &dyn Job,
        input: &Input,
        lines: u64,
        before: Tally,
        ended: &Ended<'_>,
        took: Duration,
    ) -> Self {
        let file = |why| {
            let file = ended.rejects.file(why);
            file.map(|file| file.display().to_string())
        };
        Self {
            job: job.name(),
            command: job.meta().path,
            file: input.name.clone(),
            lines,
            before: before.all(),
            tally: ended.tally,
            left: lines.saturating_sub(ended.tally.all()),
            calls: ended.calls,
            took_ms: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
            failed_file: file(Why::Failed),
            uncertain_file: file(Why::Uncertain),
        }
    }

    fn text(&self) -> String {
        let mut facts = vec![["lines".to_owned(), self.lines.to_string()]];
        let mut add = |name: &str, lines: u64, file: Option<&String>| {
            if lines > 0 {
                let file = file.map_or(String::new(), |file| format!(", in {file}"));
                facts.push([name.to_owned(), format!("{lines}{file}")]);
            }
        };
        add("runs before", self.before, None);
        add("done", self.tally.done, None);
        add("failed", self.tally.failed, self.failed_file.as_ref());
        add(
            "uncertain",
            self.tally.uncertain,
            self.uncertain_file.as_ref(),
        );
        add("left", self.left, None);
        let took = humantime::format_duration(Duration::from_millis(self.took_ms));
        facts.push(["calls".to_owned(), format!("{} in {took}", self.calls)]);
        output::table(None, facts)
    }
}

/// With what the program ends.
fn outcome(input: &Input, report: &Report, ended: Ended<'_>) -> Result<(), Failure> {
    let goes_on = match input.spool.is_some() {
        false => "the same command goes on with the lines that are left",
        true => "the lines that are left were not sent",
    };
    match ended.early {
        Some(Early::Told) => {
            let left = format!(
                "stopped; {} of {} lines are left",
                report.left, report.lines
            );
            Err(Failure::stopped(left).help(goes_on))
        }
        Some(Early::Failed(failure)) => Err(failure.and_help(goes_on)),
        None if report.tally.failed + report.tally.uncertain > 0 => {
            let Tally {
                failed, uncertain, ..
            } = report.tally;
            let mut text = format!("{failed} of {} lines failed", report.lines);
            if uncertain > 0 {
                text.push_str(&format!(", and {uncertain} may have been sent or not"));
            }
            let failure = Failure::refused(text);
            Err(match &report.failed_file {
                Some(file) => failure.help(format!(
                    "{file} says why, and can be run once it's put right"
                )),
                None => failure,
            })
        }
        None => Ok(()),
    }
}
