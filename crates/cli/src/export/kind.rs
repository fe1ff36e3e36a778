//! What can be exported.

use crate::{
    failure::Failure,
    reference::{Operation, Schema},
};
use serde::Serialize;
use tencent_chat_types::{
    Meta, Paged,
    group::GetGroupMembers,
    message::{GetC2cHistory, GetGroupHistory},
    to_vec,
};

/// Maximum number of items per page, where the documentation allows more or is silent: replies have a size limit, too.
const PAGE: u64 = 100;

/// A listing that can be exported.
pub(super) trait Kind: Paged<Item: Serialize> {
    /// Name of its items.
    const ITEMS: &'static str;
    /// Wire name of the list that holds them.
    const LIST: &'static str;
    /// Whether items arrive newest first.
    const NEWEST_FIRST: bool;

    /// The items of a page as lines of JSON, in the order of the listing.
    fn lines(reply: Self::Reply) -> Vec<Vec<u8>> {
        let items = Self::items(reply).into_iter();
        items
            .map(|item| {
                // What was decoded can be encoded.
                let mut line = to_vec(&item).unwrap_or_default();
                line.push(b'\n');
                line
            })
            .collect()
    }
}

impl Kind for GetC2cHistory {
    const ITEMS: &'static str = "messages";
    const LIST: &'static str = "MsgList";
    const NEWEST_FIRST: bool = true;
}

impl Kind for GetGroupHistory {
    const ITEMS: &'static str = "messages";
    const LIST: &'static str = "RspMsgList";
    const NEWEST_FIRST: bool = true;
}

impl Kind for GetGroupMembers {
    const ITEMS: &'static str = "members";
    const LIST: &'static str = "MemberList";
    const NEWEST_FIRST: bool = false;
}

/// How many items to request per page in this field.
pub(super) fn page_size(meta: &Meta, field: &str) -> Result<u64, Failure> {
    let request = Operation::of_command(meta.path)?.request();
    let most = request
        .and_then(|request| request.field(field))
        .and_then(Schema::maximum);
    Ok(most.unwrap_or(PAGE).min(PAGE))
}

/// The documented fields of an item, which are the columns of CSV.
pub(super) fn columns<E: Kind>() -> Result<Vec<&'static str>, Failure> {
    let reply = Operation::of_command(E::META.path)?.reply();
    let items = reply
        .and_then(|reply| reply.field(E::LIST))
        .and_then(Schema::items);
    let items = items.ok_or_else(|| Failure::usage("the published description lacks the list"))?;
    Ok(items.names().collect())
}
