//! When the process has too many files open.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use common::{KEY, Running, start};
use std::{
    fs,
    io::{Read, Write},
    net::TcpStream,
    process::{Child, Command},
    thread,
    time::Duration,
};

/// A simulator process with this limit on open files.
fn simulator(files: usize) -> (Running, String) {
    let mut command = Command::new("sh");
    command
        .arg("-c")
        .arg(format!(
            "ulimit -n {files}; exec \"$0\" serve --port 0 --output json"
        ))
        .arg(env!("CARGO_BIN_EXE_tencent-chat"))
        .env("TENCENT_CHAT_SECRET_KEY", KEY);
    let (server, started) = start(&mut command);
    let host = started["url"].as_str().unwrap().replace("http://", "");
    (server, host)
}

/// Processor time that a process has used, in hundredths of a second.
fn ticks(child: &Child) -> u64 {
    let stat = fs::read_to_string(format!("/proc/{}/stat", child.id())).unwrap();
    let fields = stat.rsplit(')').next().unwrap().split_whitespace();
    let times = fields.skip(11).take(2);
    times.map(|time| time.parse::<u64>().unwrap()).sum()
}

fn open_files(child: &Child) -> usize {
    let files = fs::read_dir(format!("/proc/{}/fd", child.id()));
    files.unwrap().count()
}

#[test]
fn no_processor_time_is_spent_while_no_connection_can_be_accepted() {
    let limit = 40;
    let (server, host) = simulator(limit);
    let child = &server.0;
    let connect = || TcpStream::connect(&host).unwrap();
    let held: Vec<TcpStream> = (0..2 * limit).map(|_| connect()).collect();
    // As many as it can accept; the rest waits in the system's queue.
    while open_files(child) < limit {
        thread::sleep(Duration::from_millis(10));
    }
    let before = ticks(child);
    thread::sleep(Duration::from_millis(1_500));
    let spent = ticks(child) - before;

    drop(held);
    let mut stream = connect();
    let request = "POST /x HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 2\r\n\r\n{}";
    stream.write_all(request.as_bytes()).unwrap();
    let mut reply = String::new();
    stream.read_to_string(&mut reply).unwrap();
    // A busy loop would use most of 150.
    assert!(spent <= 15, "{spent} hundredths of a second");
    assert!(reply.starts_with("HTTP/1.1 200"), "{reply}");
}
