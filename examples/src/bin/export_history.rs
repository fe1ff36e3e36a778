//! Writes a conversation to a file, newest first, one message per line. A run that was stopped resumes at its
//! checkpoint.
//!
//! ```console
//! cargo run -p tencent-chat-examples --bin export_history -- lin mei history.jsonl
//! ```

use std::{
    error::Error,
    fs::{self, OpenOptions},
    io::Write,
    path::Path,
};
use tencent_chat_client::Client;
use tencent_chat_types::message::{GetC2cHistory, GetC2cHistoryRequired};

/// Messages between two checkpoints.
const STEP: usize = 100;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [user, peer, file] = arguments.as_slice() else {
        return Err("expected: USER PEER FILE".into());
    };
    let client = Client::from_env()?;
    let saved = Path::new(file).with_extension("checkpoint");
    let mut messages = match fs::read(&saved) {
        Ok(checkpoint) => client.items_from(serde_json::from_slice(&checkpoint)?),
        Err(_) => client.items(GetC2cHistory::new(GetC2cHistoryRequired {
            operator_account: user.clone(),
            peer_account: peer.clone(),
            max_cnt: 100,
            min_time: 0,
            max_time: u64::from(u32::MAX),
        })),
    };
    let mut out = OpenOptions::new().create(true).append(true).open(file)?;
    let mut written = 0;
    loop {
        let mut lines = Vec::new();
        let mut over = true;
        while let Some(message) = messages.next_item().await {
            // Every field survives, also those that this version does not know.
            lines.extend(tencent_chat_types::to_vec(&message?)?);
            lines.push(b'\n');
            written += 1;
            if written % STEP == 0 {
                over = false;
                break;
            }
        }
        out.write_all(&lines)?;
        out.sync_data()?;
        if over {
            break;
        }
        fs::write(&saved, serde_json::to_vec(&messages.checkpoint())?)?;
    }
    // Gone when the export is whole.
    let _ = fs::remove_file(saved);
    println!("{written} messages");
    Ok(())
}
