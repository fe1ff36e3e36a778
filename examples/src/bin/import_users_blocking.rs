//! Imports the users of a file like `import_users`, without async.
//!
//! ```console
//! cargo run -p tencent-chat-examples --bin import_users_blocking -- users.txt
//! ```

use std::{error::Error, fs, path::Path};
use tencent_chat_client::blocking::Client;
use tencent_chat_examples::Done;
use tencent_chat_types::account::ImportAccounts;

fn main() -> Result<(), Box<dyn Error>> {
    let file = std::env::args().nth(1).ok_or("expected: FILE")?;
    let client = Client::from_env()?;
    let users = fs::read_to_string(&file)?;
    let mut done = Done::open(Path::new(&file))?;
    // Importing a user twice does no harm, so the last parts of a killed run may come again.
    let left = ImportAccounts::new(users.lines().filter(|user| !done.has(user)));
    let mut parts = client.batch(left).concurrency(8).parts();
    while let Some(part) = parts.next() {
        for (user, why) in part.failed() {
            eprintln!("{}: {why}", user.user_id);
        }
        done.note(part.succeeded().map(|(user, _)| user.user_id.as_str()))?;
        eprintln!("{}", parts.progress());
    }
    let end = parts.progress();
    println!("{} imported, {} refused", end.done, end.failed);
    Ok(())
}
