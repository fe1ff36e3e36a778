//! What stored messages take.
#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test may panic, and shows what it measures"
)]

use std::{collections::BTreeMap, fs, ops::Range, time::Duration};
use tencent_chat_simulator::Simulator;
use tencent_chat_types::model::TextElem;
use tencent_chat_usersig::Signer;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

const APP: u64 = 1_400_000_000;
const MESSAGES: u64 = 8_000;

/// Memory of this process, in bytes.
fn resident() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let kib = line.unwrap().split_whitespace().nth(1).unwrap();
    kib.parse::<u64>().unwrap() * 1024
}

/// Sends texts of 100 bytes, to a user or to a group.
async fn send(simulator: &Simulator, group: &str, numbers: Range<u64>) {
    for number in numbers {
        let words = [TextElem::new(format!("{number:0>100}"))];
        if group.is_empty() {
            simulator.send_as("lin", "mei", words).await.unwrap();
        } else {
            let sent = simulator.send_group_msg_as("lin", group, words);
            sent.await.unwrap();
        }
    }
}

async fn with_group(message_memory: usize) -> Simulator {
    let simulator = Simulator::builder(APP, "key")
        .message_memory(message_memory)
        .admins(["lin", "mei"])
        .start()
        .await
        .unwrap();
    let sig = Signer::new(APP, "key").sign("lin", Duration::from_secs(60));
    let body = r#"{"Type":"Public","Name":"chess","GroupId":"chess","Owner_Account":"lin"}"#;
    let host = simulator.base_url().replace("http://", "");
    let request = format!(
        "POST /v4/group_open_http_svc/create_group?sdkappid={APP}&identifier=lin&usersig={}&random=1&contenttype=json HTTP/1.1\r\n\
         host: {host}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
        sig.unwrap().expose(),
        body.len(),
    );
    let mut stream = TcpStream::connect(host).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut reply = String::new();
    stream.read_to_string(&mut reply).await.unwrap();
    assert!(reply.contains("\"ErrorCode\":0"), "{reply}");
    simulator
}

/// One test, so that nothing else in the process takes memory meanwhile.
#[tokio::test]
async fn a_stored_message_takes_at_most_a_kilobyte_and_all_of_them_no_more_than_the_bound() {
    let mut taken = BTreeMap::new();
    for group in ["", "chess"] {
        let simulator = with_group(usize::MAX).await;
        send(&simulator, group, 0..1_000).await;
        let before = resident();
        send(&simulator, group, 1_000..1_000 + MESSAGES).await;
        let each = resident().saturating_sub(before) / MESSAGES;
        assert!(each <= 1024, "{group:?}: {each} bytes for a message of 100");
        taken.insert(group, each);
    }
    println!("bytes for a message of 100: {taken:?}");
    for group in ["", "chess"] {
        // Room for some 3,000 messages.
        let bound: u32 = 1 << 20;
        let simulator = with_group(bound as usize).await;
        send(&simulator, group, 0..4_000).await;
        let before = resident();
        send(&simulator, group, 4_000..4_000 + MESSAGES).await;
        let more = resident().saturating_sub(before);
        // What marks duplicates is remembered for a while longer, in less than 200 bytes each.
        let most = u64::from(bound) / 4 + MESSAGES * 200;
        assert!(more <= most, "{group:?}: {more} bytes more");
    }
}
