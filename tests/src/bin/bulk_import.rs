//! Shows that a bulk import survives being killed, and what it takes: as many accounts as asked for go to a
//! simulator that refuses what is above the quotas, while the workbench is killed (`kill -9`) at random points and
//! started again.
//!
//! ```text
//! cargo build --release -p tencent-chat-cli
//! cargo run --release -p tencent-chat-tests --bin bulk_import -- [ACCOUNTS] [KILLS] [SEED]
//! ```
//!
//! 200,000 accounts and five kills unless given. Ends with status 1 when an account isn't acknowledged exactly
//! once, or it took more than 5 % above the shortest time that the quota allows, all starts included.
#![allow(clippy::print_stdout, reason = "a command line tool prints")]

use serde_json::Value;
use std::{
    env,
    error::Error,
    fs::{self, File},
    io::{BufWriter, Read, Write},
    path::{Path, PathBuf},
    process::{Child, Command, ExitCode, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};
use tencent_chat_client::{Client, LocalLimiter};
use tencent_chat_simulator::Simulator;
use tencent_chat_types::{
    Batched, Edition, Endpoint, QuotaUnit,
    account::{CheckAccounts, ImportAccounts, check_accounts::AccountStatus},
    model::AccountId,
};

const APP: u64 = 1_400_000_000;
const KEY: &str = "the-key-of-a-local-demonstration";

#[tokio::main]
async fn main() -> Result<ExitCode, Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let mut number = |usual: u64| arguments.next().map_or(Ok(usual), |text| text.parse());
    let (accounts, kills, seed) = (number(200_000)?, number(5)?, number(fastrand::u64(..))?);
    println!("{accounts} accounts, {kills} kills, seed {seed}");
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("users.csv");
    write_accounts(&file, accounts)?;
    let simulator = Simulator::builder(APP, KEY)
        .quotas(Edition::Paid)
        .start()
        .await?;

    let calls = accounts.div_ceil(ImportAccounts::MAX as u64);
    let mut random = fastrand::Rng::with_seed(seed);
    let mut points: Vec<u64> = (0..kills).map(|_| random.u64(1..calls)).collect();
    points.sort_unstable();
    let begin = Instant::now();
    let mut memory = 0;
    for point in points {
        let mut child = start(&simulator, &file)?;
        let killed = watch(&mut child, &file, point, &mut memory)?;
        child.kill()?;
        child.wait()?;
        println!(
            "killed at {:.3?}, after {killed} of {calls} calls",
            begin.elapsed()
        );
    }
    let mut child = start(&simulator, &file)?;
    watch(&mut child, &file, u64::MAX, &mut memory)?;
    let is_success = child.wait()?.success();
    let took = begin.elapsed();

    let shortest = shortest(calls)?;
    let above = took.as_secs_f64() / shortest.as_secs_f64() - 1.0;
    println!(
        "took {took:.3?}; the quota makes it {shortest:.3?}: {:.2} % above",
        above * 100.0
    );
    println!("largest memory of the workbench: {memory} KiB");
    let is_once = acknowledged_once(&file, calls, accounts)?;
    count_requests(&simulator, calls);
    let imported = imported(&simulator, accounts).await?;
    println!("{imported} of {accounts} accounts exist");
    let is_good = is_success && is_once && imported == accounts && above <= 0.05;
    Ok(match is_good {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}

fn write_accounts(file: &Path, accounts: u64) -> std::io::Result<()> {
    let mut out = BufWriter::new(File::create(file)?);
    writeln!(out, "UserID,Nick,FaceUrl")?;
    for number in 0..accounts {
        writeln!(
            out,
            "user-{number},Nick {number},https://example.com/faces/{number}.png"
        )?;
    }
    out.flush()
}

/// Starts the workbench next to this program.
fn start(simulator: &Simulator, file: &Path) -> Result<Child, Box<dyn Error>> {
    let mut program = env::current_exe()?;
    program.set_file_name(format!("tencent-chat{}", env::consts::EXE_SUFFIX));
    let mut command = Command::new(&program);
    command
        .args(["bulk", "import-accounts"])
        .arg(file)
        .env("TENCENT_CHAT_SDK_APP_ID", APP.to_string())
        .env("TENCENT_CHAT_ADMIN", "administrator")
        .env("TENCENT_CHAT_SECRET_KEY", KEY)
        .env("TENCENT_CHAT_BASE_URL", simulator.base_url())
        .stdin(Stdio::null())
        .stdout(Stdio::null());
    let started = command.spawn();
    started.map_err(|error| format!("{}: {error}; build it first", program.display()).into())
}

fn journal(file: &Path) -> PathBuf {
    PathBuf::from(format!("{}.journal", file.display()))
}

/// Waits until this many calls have ended, or the program has. Returns how many have.
fn watch(
    child: &mut Child,
    file: &Path,
    point: u64,
    memory: &mut u64,
) -> Result<u64, Box<dyn Error>> {
    let (mut ended, mut read) = (0, 0);
    let (mut journal_file, mut text) = (None, Vec::new());
    loop {
        *memory = largest_memory(child).unwrap_or(0).max(*memory);
        if journal_file.is_none() {
            journal_file = File::open(journal(file)).ok();
        }
        if let Some(journal) = &mut journal_file {
            journal.read_to_end(&mut text)?;
            while let Some(length) = text
                .get(read..)
                .and_then(|rest| rest.iter().position(|byte| *byte == b'\n'))
            {
                let line = text.get(read..read + length).unwrap_or_default();
                ended += u64::from(line.starts_with(b"{\"end\""));
                read += length + 1;
            }
        }
        if ended >= point || child.try_wait()?.is_some() {
            return Ok(ended);
        }
        sleep(Duration::from_millis(5));
    }
}

/// In KiB, if the system reports it.
fn largest_memory(child: &Child) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().trim_end_matches(" kB").parse().ok()
}

/// The time that the quota imposes on this many calls.
fn shortest(calls: u64) -> Result<Duration, Box<dyn Error>> {
    let quota = (ImportAccounts::META.quotas.iter()).find(|quota| quota.unit == QuotaUnit::Calls);
    let quota = quota.ok_or("the import has no quota of calls")?;
    let gaps = u32::try_from(calls.saturating_sub(1))?;
    Ok(Duration::from_secs(quota.seconds.into()) * gaps / quota.amount)
}

/// Whether the journal has one end for each call, and all accounts are done.
fn acknowledged_once(file: &Path, calls: u64, accounts: u64) -> Result<bool, Box<dyn Error>> {
    let (mut ends, mut done) = (Vec::new(), 0);
    for line in fs::read_to_string(journal(file))?.lines() {
        let entry: Value = serde_json::from_str(line)?;
        if let Some(end) = entry.get("end") {
            ends.extend(end["call"].as_u64());
            done += end["lines"]["done"].as_u64().unwrap_or(0);
        }
    }
    ends.sort_unstable();
    let is_once = ends.iter().copied().eq(0..calls);
    println!(
        "{} ends of {calls} calls, each once: {is_once}; {done} accounts acknowledged",
        ends.len()
    );
    Ok(is_once && done == accounts)
}

fn count_requests(simulator: &Simulator, calls: u64) {
    let journal = simulator.journal();
    let requests = journal
        .iter()
        .filter(|entry| entry.path == ImportAccounts::META.path);
    let (all, refused) = (
        requests.clone().count(),
        requests.filter(|entry| !entry.code.is_ok()).count(),
    );
    println!("{all} requests for {calls} calls, {refused} of them refused");
}

/// How many of the accounts exist.
async fn imported(simulator: &Simulator, accounts: u64) -> Result<u64, Box<dyn Error>> {
    let client = Client::builder(APP, "administrator", KEY)
        .base_url(simulator.base_url())
        .limiter(std::sync::Arc::new(LocalLimiter::new()))
        .build()?;
    let users = (0..accounts).map(|number| AccountId::new(format!("user-{number}")));
    let outcome = client
        .batch(CheckAccounts::new(users))
        .await
        .into_result()?;
    let status = outcome
        .succeeded()
        .filter_map(|(_, entry)| entry?.account_status.clone());
    Ok(status
        .filter(|status| *status == AccountStatus::IMPORTED)
        .count() as u64)
}
