//! `cargo quick-start`: the story against the embedded simulator, or against the real service when
//! the environment names an app.
#![allow(clippy::print_stdout, reason = "a command line tool prints")]

use std::{env, error::Error, time::SystemTime};
use tencent_chat_client::{Client, ClientBuilder};
use tencent_chat_simulator::Simulator;
use tencent_chat_tests::story;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    // A number marks a message; the time makes it different in every run.
    let random = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .map_or(0, |since| since.subsec_nanos());
    let mut told = String::new();
    if env::var_os("TENCENT_CHAT_SDK_APP_ID").is_some() {
        let client: Client = ClientBuilder::from_env()?.build()?;
        println!("App {} as {}", client.sdk_app_id(), client.identifier());
        let played = story::play(&client, random, &mut told).await;
        println!("{told}");
        return played;
    }
    let key = "the simulator takes any key";
    let simulator = Simulator::builder(1_400_000_000, key)
        .page_size(2)
        .start()
        .await?;
    let client = Client::builder(1_400_000_000, "administrator", key)
        .base_url(simulator.base_url())
        .build()?;
    println!("Simulator at {}", simulator.base_url());
    let played = story::play(&client, random, &mut told).await;
    println!("{told}");
    println!("\n== What the server saw");
    for request in simulator.journal() {
        println!(
            "POST {:<42} random {:>10}  code {}",
            request.path,
            request.random.unwrap_or_default(),
            request.code
        );
    }
    played
}
