//! Makes a group for each order of a file like `order_groups`, without async.
//!
//! ```console
//! cargo run -p tencent-chat-examples --bin order_groups_blocking -- orders.jsonl
//! ```

use std::{error::Error, fs};
use tencent_chat_client::blocking::Client;
use tencent_chat_examples::orders::Order;
use tencent_chat_types::{ErrorCode, group::AddGroupMembers};

fn main() -> Result<(), Box<dyn Error>> {
    let file = std::env::args().nth(1).ok_or("expected: FILE")?;
    let client = Client::from_env()?;
    for line in fs::read_to_string(file)?.lines() {
        let order: Order = serde_json::from_str(line)?;
        let group = order.group();
        let id = match client.send(&group) {
            Ok(created) => created.group_id,
            // An earlier run has made it.
            Err(error) if error.code() == Some(ErrorCode::GROUP_ID_OWN) => {
                format!("order-{}", order.id)
            }
            Err(error) => return Err(error.into()),
        };
        let added = client.batch(AddGroupMembers::new(&id, &order.staff)).send();
        for (member, why) in added.failed() {
            eprintln!("{id}: {} was not added: {why}", member.member_account);
        }
        client.send(order.greeting(&id))?;
        println!("{id}: {} added", added.succeeded().count());
    }
    Ok(())
}
