//! `tencent-chat bulk`: jobs of any size, driven by the lines of a file.

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
    lines::{Format, sibling},
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

/// Version of the journal format.
const VERSION: u32 = 2;

/// Maximum number of invalid lines that are listed.
const SHOWN: usize = 20;

#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub(crate) struct Args {
    #[command(subcommand)]
    job: JobArgs,
}

#[derive(Debug, clap::Subcommand)]
enum JobArgs {
    /// Creates accounts, or updates existing ones: UserID, Nick, FaceUrl
    ImportAccounts(FileArgs),
    /// Sends one message per line: To_Account, Text or MsgBody, From_Account and other fields
    Send(FileArgs),
    /// Adds users to groups: GroupId, Member_Account, Silence
    AddMembers(FileArgs),
    /// Deletes accounts permanently: UserID
    DeleteAccounts(FileArgs),
}

const HELP: &str = "\
Columns are named like the command's fields. CSV needs a header; lists and objects are JSON in \
their cells.

All lines are checked before anything is sent. FILE.journal records what was sent and answered, so if the \
run is stopped or killed, the same command resumes it and sends nothing twice. Lines that failed are in \
FILE.failed.csv (or .jsonl) with code and reason, ready to run again. Lines that may or may not have \
been sent, and that can't safely be sent again, are in FILE.uncertain.csv.";

#[derive(Debug, clap::Args)]
struct FileArgs {
    /// The file: CSV with a header (.csv), or one JSON object per line (.jsonl, .ndjson); `-` reads standard
    /// input, and such a run can't be resumed
    file: PathBuf,
    /// Fields for all lines that don't set them, such as GroupId=dinner-club or Text=Hello
    #[arg(value_name = "FIELD=VALUE")]
    fields: Vec<String>,
    /// Format of the lines; by default determined by the file name's extension
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// Journal of what was sent and answered; FILE.journal by default
    #[arg(long, value_name = "FILE")]
    journal: Option<PathBuf>,
    /// Output file for lines that failed; FILE.failed.csv or .jsonl by default
    #[arg(long, value_name = "FILE")]
    failed: Option<PathBuf>,
    /// Number of concurrent calls. They can arrive in any order; with 1, each is answered before the next is sent
    #[arg(long, default_value_t = 16, value_name = "CALLS")]
    concurrency: usize,
    /// Edition of the app, which determines its daily message quota; paid by default
    #[arg(long, value_enum, conflicts_with = "rate")]
    edition: Option<EditionName>,
    /// Calls per second, if the app's plan has a different quota than documented
    #[arg(long, value_name = "CALLS", value_parser = clap::value_parser!(u32).range(1..))]
    rate: Option<u32>,
    /// Checks the lines, estimates how long it would take, and sends nothing
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

/// The input file of a run.
struct Input {
    /// Name for display.
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
            Failure::usage("the file's format is unknown").help("set --format csv or jsonl")
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

    /// SHA-256 of the whole input.
    fn hash(&self) -> Result<String, Failure> {
        let failed = |error: io::Error| self.failed(&error);
        let file = File::open(&self.path).map_err(failed)?;
        hash::of(file).map(hash::hex).map_err(failed)
    }

    /// Checks and counts all lines.
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
            1 => "1 line".to_owned(),
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
    // From here on, a signal ends the run at a point where nothing is lost.
    let signals = Signals::listen()?;
    let hash = input.hash()?;
    let Begun {
        journal,
        past,
        rows: count,
    } = begin(job, &args, &input, &settings, &hash)?;
    if input.spool.is_some() {
        output.note("a run from standard input can't be resumed: there is no journal");
    }
    let rows = input.rows(job.columns()?)?;
    let end = input.format.extension();
    let sibling = |end: String| input.spool.is_none().then(|| sibling(&args.file, &end));
    let files = [
        args.failed
            .clone()
            .or_else(|| sibling(format!("failed.{end}"))),
        sibling(format!("uncertain.{end}")),
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

/// The state from which a run starts.
struct Begun {
    journal: Option<Journal>,
    past: Before,
    /// Number of lines in the file.
    rows: u64,
}

/// State left by earlier runs.
#[derive(Default)]
struct Before {
    is_some: bool,
    past: Past,
}

/// Resumes from the journal if there is one; otherwise checks all lines and starts a new journal.
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
    let path = path.unwrap_or_else(|| sibling(&args.file, "journal"));
    // What the journal announces must not be done again, even if the machine crashes.
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

/// Prints what a run would do.
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
            "{rows} lines in {calls} calls; with the quota, that takes at least {}",
            humantime::format_duration(seconds)
        )
    })
}

/// The minimum time that a command's quotas allow for that many calls. Per-second quotas spread the calls evenly,
/// while longer windows may be used up at once.
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

/// The result of a run.
#[derive(Serialize)]
struct Report {
    job: &'static str,
    command: &'static str,
    file: String,
    lines: u64,
    /// Lines handled by earlier runs.
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
        add("earlier runs", self.before, None);
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

/// The failure with which the program exits, if any.
fn outcome(input: &Input, report: &Report, ended: Ended<'_>) -> Result<(), Failure> {
    let goes_on = match input.spool.is_some() {
        false => "run the same command again for the remaining lines",
        true => "the remaining lines were not sent",
    };
    match ended.early {
        Some(Early::Told) => {
            let left = format!("stopped; {} of {} lines remain", report.left, report.lines);
            Err(Failure::stopped(left).help(goes_on))
        }
        Some(Early::Failed(failure)) => Err(failure.and_help(goes_on)),
        None if report.tally.failed + report.tally.uncertain > 0 => {
            let Tally {
                failed, uncertain, ..
            } = report.tally;
            let mut text = format!("{failed} of {} lines failed", report.lines);
            if uncertain > 0 {
                text.push_str(&format!(", and {uncertain} may or may not have been sent"));
            }
            let failure = Failure::refused(text);
            Err(match &report.failed_file {
                Some(file) => {
                    failure.help(format!("{file} has the reasons; fix it and run it again"))
                }
                None => failure,
            })
        }
        None => Ok(()),
    }
}
