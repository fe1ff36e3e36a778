//! `cargo circle`: send through the client, moderate in the webhook, read the changed message back.
#![allow(clippy::print_stdout, reason = "a command line tool prints")]

use std::error::Error;
use tencent_chat_tests::circle::Circle;
use tencent_chat_usersig::SystemClock;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let circle = Circle::start(SystemClock).await?;
    println!("Service at {}", circle.simulator.base_url());
    println!("App at     {}", circle.app);
    let mut told = String::new();
    let played = circle.play(&mut told).await;
    println!("{told}");
    println!("\n== What the service sent to the app, signed");
    for sent in circle.simulator.deliveries() {
        let answer = sent.answer.unwrap_or_default();
        let code = answer.get("ErrorCode").cloned().unwrap_or_default();
        let change = match answer.get("MsgBody") {
            Some(body) => format!(" with {body}"),
            None => String::new(),
        };
        println!(
            "{:<28} {:<8} answered {code}{change}",
            sent.command,
            sent.platform.as_str()
        );
    }
    played
}
