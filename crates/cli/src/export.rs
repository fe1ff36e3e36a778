//! `tencent-chat export`: writes histories and member lists, complete and in order, to a file or standard output.

mod backwards;
mod kind;
mod spool;
mod write;

use self::{
    kind::Kind,
    spool::{Files, Head, Spool},
    write::Writing,
};
use crate::{
    failure::Failure,
    lines::Format,
    output::{self, Output},
    profile::Connection,
    progress::Progress,
    signals::Signals,
};
use serde::Serialize;
use serde_json::{Value, json};
use std::{
    io::{self, IsTerminal},
    path::PathBuf,
};
use tencent_chat_types::{
    Endpoint as _,
    group::GetGroupMembers,
    message::{GetC2cHistory, GetC2cHistoryRequired, GetGroupHistory},
    wire::Flag,
};
use tencent_chat_usersig::{Clock, SystemClock};

/// Version of the format of the files for resuming.
const VERSION: u32 = 1;

#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

const HELP: &str = "\
The service lists histories newest first. FILE.part collects the pages as they arrive, and FILE.pages records \
how far they go: --resume continues from there after any interruption. FILE appears only once it's complete and in \
the right order.";

#[derive(Debug, clap::Subcommand)]
enum What {
    /// A one-to-one conversation, oldest message first, as seen by one side
    History {
        /// The user whose view is exported
        user: String,
        /// The other user
        peer: String,
        /// Messages from this time on: seconds since 1970, or a time such as 2026-01-31T08:00:00Z
        #[arg(long, value_parser = time, value_name = "TIME")]
        from: Option<u64>,
        /// Messages up to this time; now by default
        #[arg(long, value_parser = time, value_name = "TIME")]
        until: Option<u64>,
        #[command(flatten)]
        target: Target,
    },
    /// The messages of a group, oldest first
    GroupHistory {
        /// The group
        group: String,
        /// A topic of it, if it's a community
        #[arg(long)]
        topic: Option<String>,
        /// Includes recalled messages
        #[arg(long)]
        with_recalled: bool,
        #[command(flatten)]
        target: Target,
    },
    /// The members of a group, in the service's order
    Members {
        /// The group
        group: String,
        /// The group is a community, which is paged differently
        #[arg(long)]
        community: bool,
        #[command(flatten)]
        target: Target,
    },
}

#[derive(Debug, clap::Args)]
struct Target {
    /// Output file; by default standard output, and such an export can't be resumed
    #[arg(long, value_name = "FILE")]
    to: Option<PathBuf>,
    /// JSON lines with everything that the service sent, or CSV of the documented fields; by default determined by the
    /// file name's extension, otherwise JSON lines
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// Resumes an export that was stopped
    #[arg(long, requires = "to")]
    resume: bool,
}

fn time(text: &str) -> Result<u64, String> {
    if let Ok(seconds) = text.parse() {
        return Ok(seconds);
    }
    let time: jiff::Timestamp = text.parse().map_err(|_| {
        "neither seconds since 1970 nor a time such as 2026-01-31T08:00:00Z".to_owned()
    })?;
    u64::try_from(time.as_second()).map_err(|_| "before 1970".to_owned())
}

pub(crate) async fn run(
    args: Args,
    connection: &Connection,
    output: &Output,
) -> Result<(), Failure> {
    match args.what {
        What::History {
            user,
            peer,
            from,
            until,
            target,
        } => {
            let asked = json!({ "user": user, "peer": peer, "from": from, "until": until });
            // A resumed export keeps its original end time.
            let until = until.unwrap_or_else(|| SystemClock.unix_seconds());
            let page = kind::page_size(GetC2cHistory::META, "MaxCnt")?;
            let request = GetC2cHistory::new(GetC2cHistoryRequired {
                operator_account: user,
                peer_account: peer,
                max_cnt: page,
                min_time: from.unwrap_or(0),
                max_time: until,
            });
            start(request, asked, target, connection, output).await
        }
        What::GroupHistory {
            group,
            topic,
            with_recalled,
            target,
        } => {
            let asked = json!({ "group": group, "topic": topic, "with_recalled": with_recalled });
            let page = kind::page_size(GetGroupHistory::META, "ReqMsgNumber")?;
            let mut request = GetGroupHistory::new(group, page);
            request.topic_id = topic;
            if with_recalled {
                request = request.with_with_recalled_msg(Flag::ON);
            }
            start(request, asked, target, connection, output).await
        }
        What::Members {
            group,
            community,
            target,
        } => {
            let asked = json!({ "group": group, "community": community });
            let page = kind::page_size(GetGroupMembers::META, "Limit")?;
            let mut request = GetGroupMembers::new(group).with_limit(page);
            if community {
                request = request.with_next("");
            }
            start(request, asked, target, connection, output).await
        }
    }
}

async fn start<E: Kind>(
    request: E,
    asked: Value,
    target: Target,
    connection: &Connection,
    output: &Output,
) -> Result<(), Failure> {
    let settings = connection.settings()?;
    let client = settings.builder()?.build()?;
    let head = Head {
        version: VERSION,
        command: E::META.path.to_owned(),
        app: settings.app()?,
        address: settings.address()?.to_string(),
        asked,
    };
    let mut spool = open(&head, &target)?;
    let before = spool.items();
    // From here on, a signal ends it at a point from which it can be resumed.
    let mut signals = Signals::listen()?;
    let request = match spool.next()? {
        Some(next) => next,
        None => request,
    };
    let mut progress = Progress::new(E::ITEMS, None, before, output);
    if !spool.is_whole() {
        let mut pages = client.pages(request);
        loop {
            let page = tokio::select! {
                page = pages.next_page() => page,
                () = signals.next() => return Err(stopped(E::ITEMS, &spool, &target)),
            };
            let Some(page) = page else { break };
            let page = page.map_err(|error| Failure::from(error).and_help(goes_on(&target)))?;
            spool.add(&E::lines(page), pages.request())?;
            progress.show(spool.items(), "");
        }
    }
    progress.end();
    let writing = Writing {
        format: format(&target),
        is_newest_first: E::NEWEST_FIRST,
        columns: kind::columns::<E>()?,
    };
    finish::<E>(spool, &writing, before, &target, output)
}

/// Determined by the flag, or by the file name.
fn format(target: &Target) -> Format {
    let named = || target.to.as_deref().and_then(Format::of);
    target.format.or_else(named).unwrap_or(Format::Jsonl)
}

fn open(head: &Head, target: &Target) -> Result<Spool, Failure> {
    match &target.to {
        None => Spool::temporary(),
        Some(file) => Spool::open(Files::of(file), head, target.resume),
    }
}

fn goes_on(target: &Target) -> &'static str {
    match target.to {
        Some(_) => "run the same command with --resume to continue",
        None => "nothing was written; with --to FILE it could be resumed",
    }
}

fn stopped(items: &str, spool: &Spool, target: &Target) -> Failure {
    Failure::stopped(format!("stopped after {} {items}", spool.items())).help(goes_on(target))
}

/// The result of an export.
#[derive(Serialize)]
struct Report {
    command: &'static str,
    file: String,
    /// Number of messages or members.
    items: u64,
    /// Number of them from earlier runs.
    before: u64,
    pages: u64,
}

/// Writes everything in its order to its destination.
fn finish<E: Kind>(
    mut spool: Spool,
    writing: &Writing,
    before: u64,
    target: &Target,
    output: &Output,
) -> Result<(), Failure> {
    let (items, pages) = (spool.items(), spool.pages());
    let Some(file) = &target.to else {
        spool
            .write_to(
                writing,
                &mut io::stdout().lock(),
                io::stdout().is_terminal(),
            )
            .map_err(|error| Failure::output(&error))?;
        output.note(&format!("{items} {} on {pages} pages", E::ITEMS));
        return Ok(());
    };
    spool.finish(writing)?;
    let report = Report {
        command: E::META.path,
        file: file.display().to_string(),
        items,
        before,
        pages,
    };
    output.result(&report, || {
        let facts = [
            ["file".to_owned(), report.file.clone()],
            [E::ITEMS.to_owned(), items.to_string()],
            ["pages".to_owned(), pages.to_string()],
        ];
        output::table(None, facts)
    })
}
