//! Signs and verifies on the command line; the key is in the environment, where `ps` does not
//! show it.
//!
//! ```text
//! USERSIG_KEY=… cargo run -p tencent-chat-usersig --example sig -- sign 1400000000 lin 86400
//! USERSIG_KEY=… cargo run -p tencent-chat-usersig --example sig -- verify 1400000000 < sig.txt
//! ```
#![allow(clippy::print_stdout, reason = "a command line tool prints")]

use std::{env, error::Error, io::Read, time::Duration};
use tencent_chat_usersig::{Compression, SecretKey, Signer};

const USAGE: &str = "usage: sig sign <SDKAppID> <user> <seconds> [userbuf] [--stored] | sig verify <SDKAppID> < signature";

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments: Vec<String> = env::args().skip(1).collect();
    let stored = arguments
        .iter()
        .position(|argument| argument == "--stored")
        .map(|at| arguments.remove(at));
    let key = SecretKey::from_env("USERSIG_KEY")?;
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["sign", app, user, seconds, userbuf @ ..] if userbuf.len() < 2 => {
            let compression = if stored.is_some() {
                Compression::Stored
            } else {
                Compression::Deflated
            };
            let signer = Signer::new(app.parse()?, key).with_compression(compression);
            let valid_for = Duration::from_secs(seconds.parse()?);
            let sig = match userbuf.first() {
                Some(userbuf) => signer.sign_with_userbuf(user, valid_for, userbuf.as_bytes())?,
                None => signer.sign(user, valid_for)?,
            };
            println!("{}", sig.expose());
        }
        ["verify", app] => {
            let mut sig = String::new();
            std::io::stdin()
                .lock()
                .take(1 << 20)
                .read_to_string(&mut sig)?;
            println!("{:?}", Signer::new(app.parse()?, key).verify(sig.trim())?);
        }
        _ => return Err(USAGE.into()),
    }
    Ok(())
}
