//! The world that a demonstration begins with.

use crate::failure::Failure;
use tencent_chat_client::{Client, SecretKey};
use tencent_chat_simulator::{Refused, Simulator};
use tencent_chat_types::{
    account::{ImportAccount, ImportAccounts},
    group::{AddGroupMembers, CreateGroup},
    model::{GroupType, MemberAccount, TextElem},
};

const USERS: [(&str, &str); 5] = [
    ("lin", "Lin"),
    ("mei", "Mei"),
    ("ada", "Ada"),
    ("bob", "Bob"),
    ("eve", "Eve"),
];

/// Users who are friends, a group, and what they have said.
pub(crate) async fn seed(
    simulator: &Simulator,
    app: u64,
    admin: &str,
    key: SecretKey,
) -> Result<(), Failure> {
    let client = Client::builder(app, admin, key)
        .base_url(simulator.base_url())
        .unlimited()
        .build()?;
    client
        .send(&ImportAccounts::new(USERS.map(|(user, _)| user)))
        .await?;
    for (user, nick) in USERS {
        client
            .send(&ImportAccount::new(user).with_nick(nick))
            .await?;
    }
    let group = CreateGroup::new(GroupType::PUBLIC, "Dinner club")
        .with_owner_account("lin")
        .with_group_id("dinner-club");
    client.send(&group).await?;
    let members = ["mei", "ada", "bob"].map(MemberAccount::new);
    client
        .send(&AddGroupMembers::new("dinner-club", members))
        .await?;
    let refused = |refused: Refused| Failure::refused(refused.to_string());
    for (user, to) in [("lin", "mei"), ("ada", "bob")] {
        simulator.add_friend_as(user, to).await.map_err(refused)?;
    }
    for (from, to, text) in [
        ("lin", "mei", "Dinner at seven?"),
        ("mei", "lin", "Make it eight."),
        ("lin", "mei", "Eight it is."),
        ("ada", "bob", "Are you coming tonight?"),
    ] {
        simulator
            .send_as(from, to, [TextElem::new(text)])
            .await
            .map_err(refused)?;
    }
    for (from, text) in [
        ("lin", "Welcome!"),
        ("ada", "Thanks for having me."),
        ("bob", "What is for dinner?"),
    ] {
        simulator
            .send_group_msg_as(from, "dinner-club", [TextElem::new(text)])
            .await
            .map_err(refused)?;
    }
    for user in ["lin", "mei"] {
        simulator.set_online(user, "Web", "Online");
    }
    Ok(())
}
