//! Shows what the simulator's data folder costs.
//!
//! ```text
//! cargo run --release -p tencent-chat-tests --bin data_folder -- rates [CALLS]
//! cargo run --release -p tencent-chat-tests --bin data_folder -- messages [COUNT]
//! ```
//!
//! `rates`: calls of `sendmsg` and `send_group_msg` a second over HTTP, 16 at a time, without and with a
//! data folder in turns; CALLS of them a turn, 20,000 unless given.
//!
//! `messages`: memory and start-up time with COUNT messages, 1,000,000 unless given, of up to 1 KB each
//! between 1,000 users and in 100 groups. A process of its own stores them and is killed, others start.
#![allow(clippy::print_stdout, reason = "a command line tool prints")]

use std::{
    env,
    error::Error,
    fs,
    io::{BufRead, BufReader},
    path::Path,
    process::{Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use tencent_chat_client::Client;
use tencent_chat_simulator::{Simulator, SimulatorBuilder};
use tencent_chat_types::{
    account::ImportAccounts,
    group::CreateGroup,
    message::{SendGroupMsg, SendMsg},
    model::{GroupType, TextElem},
};

const APP: u64 = 1_400_000_000;
const ROUNDS: usize = 5;
const AT_ONCE: u64 = 16;

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

#[tokio::main]
async fn main() -> Outcome<()> {
    let mut arguments = env::args().skip(1);
    let what = arguments.next().unwrap_or_default();
    let count = arguments.next().map(|count| count.parse()).transpose()?;
    let folder = arguments.next().unwrap_or_default();
    match what.as_str() {
        "rates" => rates(count.unwrap_or(20_000)).await,
        "messages" => messages(count.unwrap_or(1_000_000)),
        // The argument with which `messages` starts itself.
        "fill" => fill(count.unwrap_or_default(), Path::new(&folder)).await,
        "start" => start(Path::new(&folder)).await,
        _ => Err("say rates or messages".into()),
    }
}

fn builder() -> SimulatorBuilder {
    Simulator::builder(APP, "key").message_memory(usize::MAX)
}

fn client(simulator: &Simulator) -> Outcome<Client> {
    let client = Client::builder(APP, "administrator", "key")
        .base_url(simulator.base_url())
        .unlimited();
    Ok(client.build()?)
}

fn user(number: u64) -> String {
    format!("user-{number}")
}

fn group(number: u64) -> String {
    format!("group-{number}")
}

/// Users and groups, each owned by a user and with nobody else.
async fn settle(simulator: &Simulator, users: u64, groups: u64) -> Outcome<()> {
    let client = client(simulator)?;
    let names: Vec<String> = (0..users).map(user).collect();
    drop(
        client
            .batch(ImportAccounts::new(names))
            .await
            .into_result()?,
    );
    for number in 0..groups {
        let new = CreateGroup::new(GroupType::PUBLIC, "a group");
        let new = new.with_group_id(group(number));
        client.send(&new.with_owner_account(user(number))).await?;
    }
    Ok(())
}

async fn rates(calls: u64) -> Outcome<()> {
    let mut taken = [Vec::new(), Vec::new()];
    for round in 0..ROUNDS {
        // Neither is always the first.
        let turns = match round % 2 {
            0 => [0, 1],
            _ => [1, 0],
        };
        for with_folder in turns {
            let folder = tempfile::tempdir()?;
            let mut simulator = builder();
            if with_folder == 1 {
                simulator = simulator.data_dir(folder.path());
            }
            let simulator = simulator.start().await?;
            settle(&simulator, 100, 10).await?;
            let rate = turn(&simulator, calls).await?;
            let name = ["in memory", "with a folder"][with_folder];
            println!("round {}, {name}: {rate:.0} calls/s", round + 1);
            taken[with_folder].push(rate);
            simulator.stop().await;
        }
    }
    let mut medians = taken.map(|mut rates| {
        rates.sort_by(f64::total_cmp);
        rates[rates.len() / 2]
    });
    let [memory, folder] = &mut medians;
    println!("medians: {memory:.0} calls/s in memory, {folder:.0} with a folder");
    Ok(())
}

/// Calls a second.
async fn turn(simulator: &Simulator, calls: u64) -> Outcome<f64> {
    let next = Arc::new(AtomicU64::new(0));
    let begin = Instant::now();
    let mut callers = Vec::new();
    for _ in 0..AT_ONCE {
        let (client, next) = (client(simulator)?, Arc::clone(&next));
        callers.push(tokio::spawn(async move {
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= calls {
                    return Outcome::Ok(());
                }
                let words = [TextElem::new(format!("{number} {}", "x".repeat(200)))];
                if number % 4 == 0 {
                    let message = SendGroupMsg::new(group(number % 10), words);
                    let from = user(number % 10);
                    client.send(&message.with_from_account(from)).await?;
                } else {
                    let message = SendMsg::new(user(number % 97), words);
                    let from = user((number + 1) % 97);
                    client.send(&message.with_from_account(from)).await?;
                }
            }
        }));
    }
    for caller in callers {
        caller.await??;
    }
    Ok(calls as f64 / begin.elapsed().as_secs_f64())
}

/// Memory of this process, in MiB.
fn resident() -> Outcome<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let kib = line.and_then(|line| line.split_whitespace().nth(1));
    Ok(kib.ok_or("the system does not say")?.parse::<u64>()? / 1024)
}

/// What a folder takes, in MiB.
fn on_disk(folder: &Path) -> Outcome<u64> {
    let mut bytes = 0;
    let mut rest = vec![folder.to_owned()];
    while let Some(folder) = rest.pop() {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            match entry.file_type()?.is_dir() {
                true => rest.push(entry.path()),
                false => bytes += entry.metadata()?.len(),
            }
        }
    }
    Ok(bytes >> 20)
}

fn messages(count: u64) -> Outcome<()> {
    let folder = tempfile::tempdir()?;
    let mut filling = again("fill", count, folder.path())?
        .stdout(Stdio::piped())
        .spawn()?;
    let said = filling.stdout.take().ok_or("it has no output")?;
    for line in BufReader::new(said).lines() {
        let line = line?;
        if line == FILLED {
            break;
        }
        println!("{line}");
    }
    filling.kill()?;
    filling.wait()?;
    println!("on disk: {} MiB", on_disk(folder.path())?);
    for after in ["a kill", "an orderly end"] {
        println!("after {after}:");
        let status = again("start", 0, folder.path())?.status()?;
        if !status.success() {
            return Err("the folder did not open".into());
        }
    }
    Ok(())
}

/// The line that reports that everything is stored.
const FILLED: &str = "filled";

/// This program in another process, so that only its memory counts.
fn again(what: &str, count: u64, folder: &Path) -> Outcome<Command> {
    let mut command = Command::new(env::current_exe()?);
    command.arg(what).arg(count.to_string()).arg(folder);
    Ok(command)
}

/// Stores messages, prints the cost, and waits to be killed.
async fn fill(count: u64, folder: &Path) -> Outcome<()> {
    let before = resident()?;
    let simulator = builder().data_dir(folder).start().await?;
    settle(&simulator, 1_000, 100).await?;
    let begin = Instant::now();
    let mut bytes = 0;
    for number in 0..count {
        // Between 100 and 1,000 bytes, including what surrounds the text.
        let length = 50 + (number.wrapping_mul(2_654_435_761) % 850) as usize;
        let words = format!("{number:>12} {}", "lorem ipsum ".repeat(length / 12));
        bytes += words.len() as u64;
        let from = user(number % 1_000);
        if number % 4 == 0 {
            let (owner, group) = (user(number / 4 % 100), group(number / 4 % 100));
            let words = [TextElem::new(words)];
            simulator.send_group_msg_as(&owner, &group, words).await?;
        } else {
            let to = user((number * 7 + 1) % 1_000);
            simulator
                .send_as(&from, &to, [TextElem::new(words)])
                .await?;
        }
    }
    println!(
        "{count} messages, {} bytes of text on the average, sent by devices in {:.0} s",
        bytes / count.max(1),
        begin.elapsed().as_secs_f64(),
    );
    println!(
        "memory: {} MiB more than before",
        resident()?.saturating_sub(before)
    );
    println!("{FILLED}");
    loop {
        tokio::time::sleep(Duration::MAX).await;
    }
}

async fn start(folder: &Path) -> Outcome<()> {
    let begin = Instant::now();
    let simulator = builder().data_dir(folder).start().await?;
    let took = begin.elapsed();
    println!("  started in {took:.1?}, {} MiB of memory", resident()?);
    simulator.stop().await;
    Ok(())
}
