//! Messages that are pinned in groups and topics.

use super::{group::BAD_BODY, registry::Commands};
use crate::{
    refusal::Refusal,
    world::{Context, pins},
};
use tencent_chat_types::message::{
    GetPinnedGroupMsgs, GetPinnedGroupMsgsReply, PinGroupMsg, PinGroupMsgReply, UnpinGroupMsg,
    UnpinGroupMsgReply, get_pinned_group_msgs::PinnedGroupMsg,
};

pub(super) fn register(commands: &mut Commands) {
    commands.add(BAD_BODY, pin_group_msg);
    commands.add(BAD_BODY, unpin_group_msg);
    commands.add(BAD_BODY, get_pinned_group_msgs);
}

fn pin_group_msg(
    context: &mut Context<'_>,
    request: PinGroupMsg,
) -> Result<PinGroupMsgReply, Refusal> {
    let by = (request.pinner_account).unwrap_or_else(|| context.operator.to_owned());
    let (group, topic) = (&request.group_id, request.topic_id.as_ref());
    pins::pin(context, group, topic, request.msg_seq, by)?;
    Ok(PinGroupMsgReply::default())
}

fn unpin_group_msg(
    context: &mut Context<'_>,
    request: UnpinGroupMsg,
) -> Result<UnpinGroupMsgReply, Refusal> {
    let (group, topic) = (&request.group_id, request.topic_id.as_ref());
    pins::unpin(context, group, topic, request.msg_seq)?;
    Ok(UnpinGroupMsgReply::default())
}

fn get_pinned_group_msgs(
    context: &mut Context<'_>,
    request: GetPinnedGroupMsgs,
) -> Result<GetPinnedGroupMsgsReply, Refusal> {
    let (group, topic) = (&request.group_id, request.topic_id.as_ref());
    let pins = pins::pinned(context.state, group, topic)?;
    let mut reply = GetPinnedGroupMsgsReply::default();
    // The one that was pinned last comes first.
    reply.pinned_msg_list = (pins.iter().rev())
        .map(|pin| PinnedGroupMsg::new(pin.seq, pin.by.as_str()))
        .collect();
    Ok(reply)
}
