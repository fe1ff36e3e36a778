//! A simulator of its own, to point programs in any language at.
//!
//! ```text
//! TENCENT_CHAT_SECRET_KEY=… cargo run -p tencent-chat-simulator [port]
//! cargo run -p tencent-chat-simulator -- --commands    # what it knows, as JSON lines
//! ```
//!
//! With `TENCENT_CHAT_WEBHOOK_URL` it fires webhooks at an app on this machine, signed with
//! `TENCENT_CHAT_WEBHOOK_TOKEN` if that is set.
#![allow(clippy::print_stdout, reason = "a command line tool prints")]

use std::{env, error::Error};
use tencent_chat_simulator::{Simulator, WebhookTarget};
use tencent_chat_usersig::SecretKey;

const APP: &str = "TENCENT_CHAT_SDK_APP_ID";
const KEY: &str = "TENCENT_CHAT_SECRET_KEY";
const ADMIN: &str = "TENCENT_CHAT_ADMIN";
const WEBHOOK_URL: &str = "TENCENT_CHAT_WEBHOOK_URL";
const WEBHOOK_TOKEN: &str = "TENCENT_CHAT_WEBHOOK_TOKEN";

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
    let mut builder = Simulator::builder(app, SecretKey::from_env(KEY)?)
        .admins([admin.as_str()])
        .port(port);
    if let Ok(url) = env::var(WEBHOOK_URL) {
        let mut target = WebhookTarget::new(url);
        if let Ok(token) = env::var(WEBHOOK_TOKEN) {
            target = target.token(token);
        }
        builder = builder.webhooks(target);
    }
    let simulator = builder.start().await?;
    println!(
        "simulating app {app} for {admin} at {}",
        simulator.base_url()
    );
    println!("{} commands; stop with Ctrl-C", simulator.commands().len());
    tokio::signal::ctrl_c().await?;
    simulator.stop().await;
    Ok(())
}
