//! Custom attributes and counters of groups.

use super::{group::BAD_BODY, registry::Commands};
use crate::{
    refusal::Refusal,
    world::{Context, attributes, group},
};
use tencent_chat_types::{
    group::{
        ClearGroupAttributes, ClearGroupAttributesReply, DeleteGroupAttributes,
        DeleteGroupAttributesReply, DeleteGroupCounters, DeleteGroupCountersReply,
        GetGroupAttributes, GetGroupAttributesReply, GetGroupCounters, GetGroupCountersReply,
        ModifyGroupAttributes, ModifyGroupAttributesReply, ResetGroupAttributes,
        ResetGroupAttributesReply, UpdateGroupCounters, UpdateGroupCountersReply,
    },
    model::{GroupAttribute, GroupAttributeRequired, GroupCounter},
};

pub(super) fn register(commands: &mut Commands) {
    commands.add(BAD_BODY, get_group_attributes);
    commands.add(BAD_BODY, modify_group_attributes);
    commands.add(BAD_BODY, reset_group_attributes);
    commands.add(BAD_BODY, clear_group_attributes);
    commands.add(BAD_BODY, delete_group_attributes);
    commands.add(BAD_BODY, get_group_counters);
    commands.add(BAD_BODY, update_group_counters);
    commands.add(BAD_BODY, delete_group_counters);
}

fn get_group_attributes(
    context: &mut Context<'_>,
    request: GetGroupAttributes,
) -> Result<GetGroupAttributesReply, Refusal> {
    let group = group(context.state, &request.group_id)?;
    let mut reply = GetGroupAttributesReply::default();
    reply.group_attr_ary = (group.attributes.pairs.iter())
        .map(|(key, value)| {
            GroupAttribute::new(GroupAttributeRequired {
                key: key.as_str().into(),
                value: value.as_str().into(),
            })
        })
        .collect();
    Ok(reply)
}

fn modify_group_attributes(
    context: &mut Context<'_>,
    request: ModifyGroupAttributes,
) -> Result<ModifyGroupAttributesReply, Refusal> {
    attributes::set(context, &request.group_id, request.group_attr, false)?;
    Ok(ModifyGroupAttributesReply::default())
}

fn reset_group_attributes(
    context: &mut Context<'_>,
    request: ResetGroupAttributes,
) -> Result<ResetGroupAttributesReply, Refusal> {
    attributes::set(context, &request.group_id, request.group_attr, true)?;
    Ok(ResetGroupAttributesReply::default())
}

fn clear_group_attributes(
    context: &mut Context<'_>,
    request: ClearGroupAttributes,
) -> Result<ClearGroupAttributesReply, Refusal> {
    attributes::clear(context, &request.group_id)?;
    Ok(ClearGroupAttributesReply::default())
}

fn delete_group_attributes(
    context: &mut Context<'_>,
    request: DeleteGroupAttributes,
) -> Result<DeleteGroupAttributesReply, Refusal> {
    let named = request.group_attr.into_iter();
    let keys = named.map(|attribute| attribute.key).collect();
    attributes::delete(context, &request.group_id, keys)?;
    Ok(DeleteGroupAttributesReply::default())
}

fn get_group_counters(
    context: &mut Context<'_>,
    request: GetGroupCounters,
) -> Result<GetGroupCountersReply, Refusal> {
    let counters = attributes::counters(context.state, &request.group_id)?;
    let keys = request.group_counter_keys.filter(|keys| !keys.is_empty());
    let mut reply = GetGroupCountersReply::default();
    reply.group_counter = (counters.iter())
        .filter(|(key, _)| keys.as_ref().is_none_or(|keys| keys.contains(key)))
        .map(|(key, value)| GroupCounter::new(key.as_str(), *value))
        .collect();
    Ok(reply)
}

fn update_group_counters(
    context: &mut Context<'_>,
    request: UpdateGroupCounters,
) -> Result<UpdateGroupCountersReply, Refusal> {
    let (id, new) = (&request.group_id, request.group_counter);
    let mut reply = UpdateGroupCountersReply::default();
    reply.group_counter = attributes::count(context, id, request.mode, new)?;
    Ok(reply)
}

fn delete_group_counters(
    context: &mut Context<'_>,
    request: DeleteGroupCounters,
) -> Result<DeleteGroupCountersReply, Refusal> {
    let counters = attributes::counters(context.state, &request.group_id)?;
    match request.group_counter_keys.filter(|keys| !keys.is_empty()) {
        Some(keys) => counters.retain(|key, _| !keys.contains(key)),
        None => counters.clear(),
    }
    Ok(DeleteGroupCountersReply::default())
}
