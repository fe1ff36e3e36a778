//! Key-value pairs that are attached to messages.

use super::{group::BAD_BODY, registry::Commands};
use crate::{
    refusal::{Because, Refusal},
    world::{Context, Extensions, Fate, allow, c2c, group},
};
use tencent_chat_types::{
    ErrorCode,
    message::{
        GetC2cMsgExtensions, GetC2cMsgExtensionsReply, GetGroupMsgExtensions,
        GetGroupMsgExtensionsReply, SetC2cMsgExtensions, SetC2cMsgExtensionsReply,
        SetGroupMsgExtensions, SetGroupMsgExtensionsReply,
    },
};

/// Most pairs of one reply.
const PAGE: usize = GetC2cMsgExtensions::MAX_PAIRS_PER_REPLY as usize;

pub(super) fn register(commands: &mut Commands) {
    commands.add(BAD_BODY, set_c2c_msg_extensions);
    commands.add(BAD_BODY, get_c2c_msg_extensions);
    commands.add(BAD_BODY, set_group_msg_extensions);
    commands.add(BAD_BODY, get_group_msg_extensions);
}

fn c2c<'a>(
    context: &'a mut Context<'_>,
    from: Option<String>,
    to: &str,
    key: &str,
) -> Result<&'a mut Extensions, Refusal> {
    let from = from.unwrap_or_else(|| context.operator.to_owned());
    let Some(message) = c2c::held(context.state, &from, to, key) else {
        return Err(ErrorCode::EXTENSION_MESSAGE_NOT_FOUND.because("there is no such message"));
    };
    (message.content.extensions_mut())
        .ok_or_else(|| ErrorCode::EXTENSION_UNSUPPORTED.because("sent without extensions"))
}

fn of_group<'a>(
    context: &'a mut Context<'_>,
    id: &str,
    seq: u64,
) -> Result<&'a mut Extensions, Refusal> {
    let group = group(context.state, id)?;
    allow(!group.is_live(), "an AVChatRoom stores no messages")?;
    let message = group.messages.get_mut(seq);
    let Some(message) = message.filter(|message| message.fate == Fate::Present) else {
        return Err(ErrorCode::EXTENSION_MESSAGE_NOT_FOUND.because("there is no such message"));
    };
    (message.content.extensions_mut())
        .ok_or_else(|| ErrorCode::EXTENSION_UNSUPPORTED.because("sent without extensions"))
}

fn unknown_operation() -> Refusal {
    ErrorCode::GROUP_PARAMETER_INVALID.because("OperateType is 1, 2 or 3")
}

fn set_c2c_msg_extensions(
    context: &mut Context<'_>,
    request: SetC2cMsgExtensions,
) -> Result<SetC2cMsgExtensionsReply, Refusal> {
    context.stored += context.body_bytes;
    let held = c2c(
        context,
        request.from_account,
        &request.to_account,
        &request.msg_key,
    )?;
    let pairs = request.extension_list.unwrap_or_default();
    let results = held.change(request.operate_type, pairs);
    let mut reply = SetC2cMsgExtensionsReply::default();
    reply.extension_list = Some(results.ok_or_else(unknown_operation)?);
    Ok(reply)
}

fn get_c2c_msg_extensions(
    context: &mut Context<'_>,
    request: GetC2cMsgExtensions,
) -> Result<GetC2cMsgExtensionsReply, Refusal> {
    let held = c2c(
        context,
        request.from_account,
        &request.to_account,
        &request.msg_key,
    )?;
    let page = held.page(request.start_seq.unwrap_or(0), PAGE);
    let mut reply = GetC2cMsgExtensionsReply::default();
    reply.extension_list = page.pairs;
    reply.complete_flag = page.complete.into();
    reply.latest_seq = page.latest;
    reply.clear_seq = page.cleared;
    Ok(reply)
}

fn set_group_msg_extensions(
    context: &mut Context<'_>,
    request: SetGroupMsgExtensions,
) -> Result<SetGroupMsgExtensionsReply, Refusal> {
    context.stored += context.body_bytes;
    let held = of_group(context, &request.group_id, request.msg_seq)?;
    let pairs = request.extension_list.unwrap_or_default();
    let results = held.change(request.operate_type, pairs);
    let mut reply = SetGroupMsgExtensionsReply::default();
    reply.extension_list = Some(results.ok_or_else(unknown_operation)?);
    Ok(reply)
}

fn get_group_msg_extensions(
    context: &mut Context<'_>,
    request: GetGroupMsgExtensions,
) -> Result<GetGroupMsgExtensionsReply, Refusal> {
    let held = of_group(context, &request.group_id, request.msg_seq)?;
    let page = held.page(request.start_seq.unwrap_or(0), PAGE);
    let mut reply = GetGroupMsgExtensionsReply::default();
    reply.extension_list = page.pairs;
    reply.complete_flag = page.complete.into();
    reply.latest_seq = page.latest;
    reply.clear_seq = page.cleared;
    Ok(reply)
}
