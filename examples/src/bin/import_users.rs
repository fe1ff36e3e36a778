//! Imports the users of a file, one name per line, and resumes where a killed run stopped.
//!
//! ```console
//! cargo run -p tencent-chat-examples --bin import_users -- users.txt
//! ```

use std::{error::Error, fs, path::Path};
use tencent_chat_client::Client;
use tencent_chat_examples::Done;
use tencent_chat_types::account::ImportAccounts;

/// Users between two notes of what is done. Importing a user twice does no harm.
const STEP: usize = 1_000;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let file = std::env::args().nth(1).ok_or("expected: FILE")?;
    let client = Client::from_env()?;
    let users = fs::read_to_string(&file)?;
    let mut done = Done::open(Path::new(&file))?;
    let left: Vec<&str> = users.lines().filter(|user| !done.has(user)).collect();
    let (mut imported, mut refused) = (0, 0);
    for step in left.chunks(STEP) {
        let outcome = client
            .batch(ImportAccounts::new(step.iter().copied()))
            .concurrency(8)
            .await;
        for (user, why) in outcome.failed() {
            eprintln!("{}: {why}", user.user_id);
            refused += 1;
        }
        let names: Vec<&str> = outcome
            .succeeded()
            .map(|(user, _)| user.user_id.as_str())
            .collect();
        imported += names.len();
        done.note(names)?;
        eprintln!("{} of {}", imported + refused, left.len());
    }
    println!("{imported} imported, {refused} refused");
    Ok(())
}
