//! Messages that are pinned in groups and topics.

use super::{group::BAD_BODY, registry::Commands};
use crate::{
    refusal::{Because, Refusal},
    world::{Context, Fate, Group, Messages, Pin, allow, group, messages},
};
use tencent_chat_types::{
    ErrorCode,
    message::{
        GetPinnedGroupMsgs, GetPinnedGroupMsgsReply, PinGroupMsg, PinGroupMsgReply, UnpinGroupMsg,
        UnpinGroupMsgReply, get_pinned_group_msgs::PinnedGroupMsg,
    },
};

/// Most pinned messages of a group or a topic.
const MAX_PINS: usize = 10;

pub(super) fn register(commands: &mut Commands) {
    commands.add(BAD_BODY, pin_group_msg);
    commands.add(BAD_BODY, unpin_group_msg);
    commands.add(BAD_BODY, get_pinned_group_msgs);
}

/// The messages among which some are pinned: of a topic in a community that has topics.
fn place<'a>(group: &'a mut Group, topic: Option<&String>) -> Result<&'a mut Messages, Refusal> {
    allow(!group.is_live(), "an AVChatRoom stores no messages")?;
    if group.is_community() && topic.is_none() {
        return Err(ErrorCode::GROUP_PARAMETER_INVALID.because("TopicId is missing"));
    }
    messages(group, topic)
}

fn pin_group_msg(
    context: &mut Context<'_>,
    request: PinGroupMsg,
) -> Result<PinGroupMsgReply, Refusal> {
    let by = (request.pinner_account).unwrap_or_else(|| context.operator.to_owned());
    let group = group(context.state, &request.group_id)?;
    let list = place(group, request.topic_id.as_ref())?;
    let message = list.get_mut(request.msg_seq);
    if message.is_none_or(|message| message.fate != Fate::Present) {
        return Err(ErrorCode::GROUP_PARAMETER_INVALID.because("there is no such message"));
    }
    if list.pins.iter().any(|pin| pin.seq == request.msg_seq) {
        return Err(ErrorCode::GROUP_MESSAGE_PINNED.because("the message is pinned already"));
    }
    if list.pins.len() >= MAX_PINS {
        return Err(ErrorCode::GROUP_PIN_QUOTA.because("ten messages are pinned"));
    }
    let seq = request.msg_seq;
    list.pins.push(Pin { seq, by });
    Ok(PinGroupMsgReply::default())
}

fn unpin_group_msg(
    context: &mut Context<'_>,
    request: UnpinGroupMsg,
) -> Result<UnpinGroupMsgReply, Refusal> {
    let group = group(context.state, &request.group_id)?;
    let list = place(group, request.topic_id.as_ref())?;
    list.pins.retain(|pin| pin.seq != request.msg_seq);
    Ok(UnpinGroupMsgReply::default())
}

fn get_pinned_group_msgs(
    context: &mut Context<'_>,
    request: GetPinnedGroupMsgs,
) -> Result<GetPinnedGroupMsgsReply, Refusal> {
    let group = group(context.state, &request.group_id)?;
    let list = place(group, request.topic_id.as_ref())?;
    let mut reply = GetPinnedGroupMsgsReply::default();
    // The one that was pinned last comes first.
    let pins = list.pins.iter().rev();
    reply.pinned_msg_list = pins
        .map(|pin| PinnedGroupMsg::new(pin.seq, pin.by.as_str()))
        .collect();
    Ok(reply)
}
