//! The pages of the guide, compiled and run, and the small world in which they run.

use std::error::Error;
use tencent_chat_client::{Client, SecretKey};
use tencent_chat_simulator::{Seed, Simulator};

/// Users, a group and a message.
const WORLD: &str = r#"{
    "users": [{ "id": "lin", "nick": "Lin" }, { "id": "mei" }, { "id": "ada" }, { "id": "bob" }],
    "groups": [{ "id": "chess", "name": "Chess", "owner": "lin", "members": ["mei", "ada"] }],
    "messages": [{ "from": "lin", "to": "mei", "text": "Dinner at seven?" }]
}"#;

/// A simulator with a few users and a group, and a client for it.
///
/// # Errors
///
/// The simulator or the client cannot start.
pub async fn start() -> Result<(Simulator, Client), Box<dyn Error>> {
    let simulator = Simulator::builder(1_400_000_000, "any key").start().await?;
    let seed: Seed = serde_json::from_str(WORLD)?;
    simulator.seed(&seed)?;
    let key = SecretKey::new("any key");
    let client = Client::builder(1_400_000_000, "administrator", key)
        .base_url(simulator.base_url())
        .build()?;
    Ok((simulator, client))
}

macro_rules! pages {
    ($($name:ident = $file:literal,)*) => {$(
        #[cfg(doctest)]
        #[doc = include_str!(concat!("../../guide/src/", $file))]
        pub struct $name;
    )*};
}

pages! {
    Introduction = "introduction.md",
    Sending = "sending.md",
    Groups = "groups.md",
    ImportingUsers = "importing-users.md",
    Reading = "reading.md",
    Errors = "errors.md",
    Quotas = "quotas.md",
    Receiving = "receiving.md",
    UserSig = "usersig.md",
    Testing = "testing.md",
    Operating = "operating.md",
    Migrating = "migrating.md",
}
