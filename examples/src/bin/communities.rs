//! A community with topics, and a group for a live stream.
//!
//! ```console
//! cargo run -p tencent-chat-examples --bin communities
//! ```

use std::error::Error;
use tencent_chat_client::Client;
use tencent_chat_types::{
    account::ImportAccounts,
    group::{
        AddGroupMembers, CreateGroup, CreateTopic, CreateTopicRequired, GetGroupMembers,
        GetOnlineMemberCount, GetTopics, GetTopicsRequired, UpdateGroupCounters,
    },
    message::{SendBroadcastMsg, SendGroupMsg},
    model::GroupType,
};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let client = Client::from_env()?;
    client
        .batch(ImportAccounts::new(["lin", "mei", "ada"]))
        .await
        .all_done()?;

    let community = CreateGroup::new(GroupType::COMMUNITY, "Chess club")
        .with_owner_account("lin")
        .with_support_topic(true);
    let community = client.send(&community).await?.group_id;
    client
        .batch(AddGroupMembers::new(&community, ["mei", "ada"]))
        .await
        .all_done()?;

    let topic = CreateTopic::new(CreateTopicRequired {
        group_id: community.clone(),
        topic_name: "Openings".into(),
    });
    let topic = client.send(&topic).await?.topic_id;
    let hello = SendGroupMsg::new(&community, ["1. e4, what else?"])
        .with_topic_id(&topic)
        .with_from_account("lin");
    client.send(&hello).await?;

    let topics = GetTopics::new(GetTopicsRequired {
        group_id: community.clone(),
        from_account: "mei".into(),
    });
    let topics = client.send(&topics).await?;
    for topic in topics.topic_and_self_info {
        let name = topic.topic_info.and_then(|topic| topic.topic_name);
        println!("topic {}", name.as_deref().unwrap_or("without a name"));
    }
    // Members of a community come by cursor, which begins empty; those of other groups by offset.
    let mut members = client.items(GetGroupMembers::new(&community).with_next(""));
    while let Some(member) = members.next_item().await {
        println!("member {}", member?.member_account);
    }

    // Users join a live group on their devices; what the app does is count and broadcast.
    let live = CreateGroup::new(GroupType::AV_CHAT_ROOM, "Final").with_owner_account("lin");
    let live = client.send(&live).await?.group_id;
    let likes = UpdateGroupCounters::new(&live, [("likes", 1)]);
    client.send(&likes).await?;
    let online = client.send(GetOnlineMemberCount::new(&live)).await?;
    println!("{} online", online.online_member_num);
    client
        .send(SendBroadcastMsg::new(["The final begins."]))
        .await?;
    Ok(())
}
