//! Two apps in one process: a client for each, with its own key, quotas and connections.
//!
//! ```console
//! cargo run -p tencent-chat-examples --bin several_apps
//! ```

use std::{collections::BTreeMap, error::Error};
use tencent_chat_client::{Client, SecretKey};
use tencent_chat_types::{account::ImportAccount, message::SendMsg};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let base = std::env::var("TENCENT_CHAT_BASE_URL")?;
    let mut clients = BTreeMap::new();
    for (name, app) in [("shop", 1400000000), ("game", 1400000001)] {
        let key = SecretKey::from_env("TENCENT_CHAT_SECRET_KEY")?;
        let client = Client::builder(app, "administrator", key)
            .base_url(&base)
            .build()?;
        clients.insert(name, client);
    }
    for (name, client) in &clients {
        let result = async {
            client.send(ImportAccount::new("mei")).await?;
            client.send(SendMsg::new("mei", ["Welcome!"])).await
        };
        match result.await {
            Ok(_) => println!("{name}: sent"),
            // One app that is set up wrong does not stop the other.
            Err(error) => println!("{name}: {}", error.meaning().unwrap_or("failed")),
        }
    }
    Ok(())
}
