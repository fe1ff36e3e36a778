//! Orders of a shop, as a file has them.

use serde::Deserialize;
use tencent_chat_types::{
    group::CreateGroup,
    message::SendGroupMsg,
    model::{CustomElem, FaceElem, GroupType, MsgBody, OfflinePushInfo},
};

/// One order: a line of JSON.
#[derive(Debug, Deserialize)]
pub struct Order {
    /// Number of the order.
    pub id: u64,
    /// Who bought.
    pub buyer: String,
    /// Who helps.
    pub staff: Vec<String>,
    /// What was bought.
    pub goods: String,
}

impl Order {
    /// The group of this order. Its id is ours, so that creating it twice is recognized.
    pub fn group(&self) -> CreateGroup {
        CreateGroup::new(GroupType::PUBLIC, format!("Order {}", self.id))
            .with_group_id(format!("order-{}", self.id))
            .with_owner_account(&self.buyer)
    }

    /// The first message in it: text, an emoji and data for the app, with a push for whoever is offline.
    pub fn greeting(&self, group: &str) -> SendGroupMsg {
        let body = MsgBody::new()
            .text(format!("Thank you for buying {}.", self.goods))
            .face(FaceElem::new(6))
            .custom(CustomElem::new().with_data(format!(r#"{{"order": {}}}"#, self.id)));
        let push = OfflinePushInfo::new()
            .with_title("Shop")
            .with_desc("We have your order.");
        SendGroupMsg::new(group, body)
            .with_offline_push_info(push)
            .with_idempotency_key(format!("greeting of order {}", self.id))
    }
}
