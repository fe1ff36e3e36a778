//! `tencent-chat sig`: signs, verifies and inspects UserSigs.

use crate::{
    failure::Failure,
    input,
    output::{self, Output},
    profile::Connection,
};
use clap::Subcommand;
use serde_json::{Value, json};
use std::{path::PathBuf, time::Duration};
use tencent_chat_usersig::{
    Claims, Clock, Compression, Privileges, Room, SystemClock, Userbuf, parse,
};

/// Maximum size of a signature's text.
const MAX_SIG_BYTES: u64 = 1 << 20;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Signs for a user and prints the signature
    Sign(Sign),
    /// Checks whether a signature is valid, and explains why not
    Verify(Verify),
    /// Shows what a signature contains, without a key and without verifying it
    Inspect(Inspect),
}

#[derive(Debug, clap::Args)]
struct Sign {
    /// The user
    user: String,
    /// How long it is valid, such as `180d` or `12h`
    #[arg(long, default_value = "180d", value_parser = humantime::parse_duration)]
    valid_for: Duration,
    /// Gives access to a room by number: a private map key
    #[arg(long)]
    room: Option<u32>,
    /// Gives access to a room by name: a private map key
    #[arg(long, conflicts_with = "room")]
    room_name: Option<String>,
    /// Privileges in the room as a bit mask; all by default
    #[arg(long, default_value_t = 255)]
    privileges: u32,
    /// Signs without compression, which is faster, but the signature is longer
    #[arg(long)]
    stored: bool,
}

#[derive(Debug, clap::Args)]
struct Verify {
    /// File with the signature; standard input by default, since arguments are visible to others
    #[arg(long)]
    file: Option<PathBuf>,
    /// The user that it must be for; any by default
    #[arg(long)]
    user: Option<String>,
}

#[derive(Debug, clap::Args)]
struct Inspect {
    /// File with the signature; standard input by default, since arguments are visible to others
    #[arg(long)]
    file: Option<PathBuf>,
}

pub(crate) fn run(args: Args, connection: &Connection, output: &Output) -> Result<(), Failure> {
    match args.command {
        Command::Sign(args) => sign(args, connection, output),
        Command::Verify(args) => verify(&args, connection, output),
        Command::Inspect(args) => inspect(&args, output),
    }
}

fn sign(args: Sign, connection: &Connection, output: &Output) -> Result<(), Failure> {
    let compression = match args.stored {
        true => Compression::Stored,
        false => Compression::Deflated,
    };
    let signer = connection
        .settings()?
        .signer()?
        .with_compression(compression);
    let privileges = Privileges(args.privileges);
    let sig = match (args.room, &args.room_name) {
        (Some(room), _) => signer.private_map_key(&args.user, args.valid_for, room, privileges),
        (None, Some(room)) => {
            signer.private_map_key_with_string_room(&args.user, args.valid_for, room, privileges)
        }
        (None, None) => signer.sign(&args.user, args.valid_for),
    };
    let sig = sig.map_err(|error| Failure::usage(error.to_string()))?;
    let json = json!({ "user": args.user, "valid_for": args.valid_for.as_secs(), "usersig": sig.expose() });
    output.result(&json, || sig.expose().to_owned())
}

fn verify(args: &Verify, connection: &Connection, output: &Output) -> Result<(), Failure> {
    let signer = connection.settings()?.signer()?;
    let sig = read(args.file.as_ref())?;
    let claims = match &args.user {
        Some(user) => signer.verify_for(&sig, user),
        None => signer.verify(&sig),
    };
    let claims = claims.map_err(|error| {
        Failure::refused(error.to_string())
            .help("`tencent-chat sig inspect` shows what it contains")
    })?;
    shown(&claims, output)
}

fn inspect(args: &Inspect, output: &Output) -> Result<(), Failure> {
    let sig = read(args.file.as_ref())?;
    let claims = parse(&sig).map_err(|error| Failure::refused(error.to_string()))?;
    shown(claims.peek(), output)
}

fn read(file: Option<&PathBuf>) -> Result<String, Failure> {
    let text = input::read_text(file.map(PathBuf::as_path), MAX_SIG_BYTES)?;
    Ok(text.trim().to_owned())
}

fn shown(claims: &Claims, output: &Output) -> Result<(), Failure> {
    let now = SystemClock.unix_seconds();
    let ends = claims.expires_at();
    let left = match ends.checked_sub(now) {
        Some(left) => format!(
            "in {}",
            humantime::format_duration(Duration::from_secs(left))
        ),
        None => format!(
            "{} ago",
            humantime::format_duration(Duration::from_secs(now - ends))
        ),
    };
    let room = claims.userbuf.as_deref().map(|bytes| match Userbuf::decode(bytes) {
        Ok(userbuf) => {
            let room = match &userbuf.room {
                Room::Number(number) => json!(number),
                Room::Name(name) => json!(name),
                _ => json!(null),
            };
            json!({ "room": room, "privileges": userbuf.privileges.0, "ends": userbuf.expires_at })
        }
        Err(_) => json!({ "bytes": bytes.len() }),
    });
    let json = json!({
        "user": claims.user_id,
        "sdk_app_id": claims.sdk_app_id,
        "signed": time(claims.issued_at),
        "ends": time(ends),
        "is_over": ends <= now,
        "fingerprint": claims.fingerprint().to_string(),
        "carries": room,
    });
    output.result(&json, || {
        let mut rows = vec![
            ["user".to_owned(), claims.user_id.clone()],
            ["app".to_owned(), claims.sdk_app_id.to_string()],
            ["signed".to_owned(), time(claims.issued_at)],
            ["ends".to_owned(), format!("{} ({left})", time(ends))],
            ["fingerprint".to_owned(), claims.fingerprint().to_string()],
        ];
        rows.extend(
            room.as_ref()
                .map(|room: &Value| ["carries".to_owned(), room.to_string()]),
        );
        output::table(None, rows)
    })
}

/// A time for display.
pub(crate) fn time(seconds: u64) -> String {
    let timestamp = i64::try_from(seconds)
        .ok()
        .and_then(|s| jiff::Timestamp::from_second(s).ok());
    timestamp.map_or_else(
        || format!("{seconds} s since 1970"),
        |time| time.to_string(),
    )
}
