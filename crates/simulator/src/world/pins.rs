//! Messages that are pinned in groups and topics.

use super::{
    context::Context,
    group::Group,
    group_chat::messages,
    groups::{allow, group},
    messages::{Fate, Messages, Pin},
    state::State,
};
use crate::refusal::{Because, Refusal};
use tencent_chat_types::{ErrorCode, message::PinGroupMsg};

/// Most pinned messages of a group or a topic.
const MAX_PINS: usize = PinGroupMsg::MAX_PINNED as usize;

/// The messages among which some are pinned: of a topic in a community that has topics.
fn place<'a>(group: &'a mut Group, topic: Option<&String>) -> Result<&'a mut Messages, Refusal> {
    allow(!group.is_live(), "an AVChatRoom stores no messages")?;
    if group.is_community() && topic.is_none() {
        return Err(ErrorCode::GROUP_PARAMETER_INVALID.because("TopicId is missing"));
    }
    messages(group, topic)
}

/// Pins a message.
pub(crate) fn pin(
    context: &mut Context<'_>,
    id: &str,
    topic: Option<&String>,
    seq: u64,
    by: String,
) -> Result<(), Refusal> {
    let list = place(group(context.state, id)?, topic)?;
    let message = list.get(seq);
    if message.is_none_or(|message| message.fate != Fate::Present) {
        return Err(ErrorCode::GROUP_PARAMETER_INVALID.because("there is no such message"));
    }
    if list.pins.iter().any(|pin| pin.seq == seq) {
        return Err(ErrorCode::GROUP_MESSAGE_PINNED.because("the message is pinned already"));
    }
    if list.pins.len() >= MAX_PINS {
        return Err(ErrorCode::GROUP_PIN_QUOTA.because("ten messages are pinned"));
    }
    list.pins.push(Pin { seq, by });
    Ok(())
}

/// Takes a pin off, if there is one.
pub(crate) fn unpin(
    context: &mut Context<'_>,
    id: &str,
    topic: Option<&String>,
    seq: u64,
) -> Result<(), Refusal> {
    let list = place(group(context.state, id)?, topic)?;
    list.pins.retain(|pin| pin.seq != seq);
    Ok(())
}

/// What is pinned, the latest pin last.
pub(crate) fn pinned<'a>(
    state: &'a mut State,
    id: &str,
    topic: Option<&String>,
) -> Result<&'a [Pin], Refusal> {
    Ok(&place(group(state, id)?, topic)?.pins)
}
