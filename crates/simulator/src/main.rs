//! A simulator of its own, to point programs in any language at.
//!
//! ```text
//! TENCENT_CHAT_SECRET_KEY=… cargo run -p tencent-chat-simulator [port]
//! cargo run -p tencent-chat-simulator -- --commands    # what it knows, as JSON lines
//! ```
#![allow(clippy::print_stdout, reason = "a command line tool prints")]

use std::{env, error::Error};
use tencent_chat_simulator::Simulator;
use tencent_chat_usersig::SecretKey;

const APP: &str = "TENCENT_CHAT_SDK_APP_ID";
const KEY: &str = "TENCENT_CHAT_SECRET_KEY";
const ADMIN: &str = "TENCENT_CHAT_ADMIN";

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    if env::args().nth(1).as_deref() == Some("--commands") {
        for (command, behaviour) in Simulator::behaviours() {
            println!(r#"{{"command":"{command}","behaviour":"{behaviour}"}}"#);
        }
        return Ok(());
    }
    let app = match env::var(APP) {
        Ok(app) => app.parse().map_err(|_| format!("{APP} is no number"))?,
        Err(_) => 1_400_000_000,
    };
    let port = match env::args().nth(1) {
        Some(port) => port.parse().map_err(|_| format!("{port:?} is no port"))?,
        None => 8600,
    };
    let admin = env::var(ADMIN).unwrap_or_else(|_| "administrator".to_owned());
    let simulator = Simulator::builder(app, SecretKey::from_env(KEY)?)
        .admins([admin.as_str()])
        .port(port)
        .start()
        .await?;
    println!(
        "simulating app {app} for {admin} at {}",
        simulator.base_url()
    );
    println!("{} commands; stop with Ctrl-C", simulator.commands().len());
    tokio::signal::ctrl_c().await?;
    simulator.stop().await;
    Ok(())
}
