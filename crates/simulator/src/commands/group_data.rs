//! Custom attributes and counters of groups.

use super::{group::BAD_BODY, registry::Commands};
use crate::{
    limits::has_too_many,
    refusal::{Because, Refusal},
    world::{Context, Group, allow, group, kind},
};
use std::collections::{BTreeMap, BTreeSet};
use tencent_chat_types::{
    ErrorCode,
    group::{
        ClearGroupAttributes, ClearGroupAttributesReply, DeleteGroupAttributes,
        DeleteGroupAttributesReply, DeleteGroupCounters, DeleteGroupCountersReply,
        GetGroupAttributes, GetGroupAttributesReply, GetGroupCounters, GetGroupCountersReply,
        ModifyGroupAttributes, ModifyGroupAttributesReply, ResetGroupAttributes,
        ResetGroupAttributesReply, UpdateGroupCounters, UpdateGroupCountersReply,
        update_group_counters::CounterMode,
    },
    model::{GroupAttribute, GroupAttributeRequired, GroupCounter},
    webhook::{
        GroupAfterGroupAttrChanged, GroupAfterGroupAttrChangedRequired,
        group::group_after_group_attr_changed::{ChangedGroupAttr, GroupAttrChange},
    },
};

/// Most bytes of all values together.
const MAX_ATTRIBUTE_BYTES: usize = 16_000;
/// Most writes of attributes in a second.
const MAX_ATTRIBUTE_WRITES: u32 = 5;

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

/// Counts a write of attributes.
fn count_write(group: &mut Group, now: u64) -> Result<(), Refusal> {
    let (second, writes) = &mut group.attributes.writes;
    if *second != now {
        (*second, *writes) = (now, 0);
    }
    if *writes >= MAX_ATTRIBUTE_WRITES {
        return Err(ErrorCode::GROUP_ATTRIBUTE_RATE_LIMITED.because("more than five in a second"));
    }
    *writes += 1;
    Ok(())
}

/// Writes attributes over those that are kept.
fn write(
    group: &mut Group,
    mut kept: BTreeMap<String, String>,
    new: Vec<GroupAttribute>,
) -> Result<(), Refusal> {
    kept.extend(
        new.into_iter()
            .map(|attribute| (attribute.key, attribute.value)),
    );
    let all = kept.keys().map(|_| GroupAttribute::default());
    let all = ResetGroupAttributes::new("", all);
    if has_too_many(&all) {
        return Err(ErrorCode::GROUP_ATTRIBUTE_TOO_MANY.because("a group has at most 16"));
    }
    if kept.values().map(String::len).sum::<usize>() > MAX_ATTRIBUTE_BYTES {
        return Err(ErrorCode::GROUP_ATTRIBUTES_TOO_LARGE.because("more than 16,000 bytes"));
    }
    group.attributes.pairs = kept;
    Ok(())
}

/// Tells the app what was done to the attributes of a group.
fn tell(
    context: &mut Context<'_>,
    id: &str,
    change: GroupAttrChange,
    attributes: impl IntoIterator<Item = (String, Option<String>)>,
) {
    let kind = context.state.groups.get(id).map(kind).unwrap_or_default();
    let operator = context.operator;
    context.events.tell(|time| {
        let event = GroupAfterGroupAttrChanged::new(GroupAfterGroupAttrChangedRequired {
            group_id: id.into(),
            r#type: kind,
            operator_account: operator.into(),
            option_type: change,
            event_time: time,
        });
        let attributes = attributes.into_iter().map(|(key, value)| {
            let mut attribute = ChangedGroupAttr::new(key);
            attribute.value = value;
            attribute
        });
        event.with_group_attr(attributes)
    });
}

fn with_values(attributes: Vec<GroupAttribute>) -> impl Iterator<Item = (String, Option<String>)> {
    let attributes = attributes.into_iter();
    attributes.map(|attribute| (attribute.key, Some(attribute.value)))
}

fn modify_group_attributes(
    context: &mut Context<'_>,
    request: ModifyGroupAttributes,
) -> Result<ModifyGroupAttributesReply, Refusal> {
    let now = context.now;
    let group = group(context.state, &request.group_id)?;
    count_write(group, now)?;
    let kept = group.attributes.pairs.clone();
    write(group, kept, request.group_attr.clone())?;
    let change = GroupAttrChange::MODIFY;
    tell(
        context,
        &request.group_id,
        change,
        with_values(request.group_attr),
    );
    Ok(ModifyGroupAttributesReply::default())
}

fn reset_group_attributes(
    context: &mut Context<'_>,
    request: ResetGroupAttributes,
) -> Result<ResetGroupAttributesReply, Refusal> {
    let now = context.now;
    let group = group(context.state, &request.group_id)?;
    count_write(group, now)?;
    write(group, BTreeMap::new(), request.group_attr.clone())?;
    let change = GroupAttrChange::SET;
    tell(
        context,
        &request.group_id,
        change,
        with_values(request.group_attr),
    );
    Ok(ResetGroupAttributesReply::default())
}

fn clear_group_attributes(
    context: &mut Context<'_>,
    request: ClearGroupAttributes,
) -> Result<ClearGroupAttributesReply, Refusal> {
    let now = context.now;
    let group = group(context.state, &request.group_id)?;
    allow(!group.is_community(), "not for a community")?;
    count_write(group, now)?;
    group.attributes.pairs.clear();
    tell(context, &request.group_id, GroupAttrChange::CLEAR, []);
    Ok(ClearGroupAttributesReply::default())
}

fn delete_group_attributes(
    context: &mut Context<'_>,
    request: DeleteGroupAttributes,
) -> Result<DeleteGroupAttributesReply, Refusal> {
    let now = context.now;
    let group = group(context.state, &request.group_id)?;
    count_write(group, now)?;
    for attribute in &request.group_attr {
        if !group.attributes.pairs.contains_key(&attribute.key) {
            let text = format!("there is no attribute {}", attribute.key);
            return Err(ErrorCode::GROUP_ATTRIBUTE_NOT_FOUND.because(text));
        }
    }
    for attribute in &request.group_attr {
        group.attributes.pairs.remove(&attribute.key);
    }
    let deleted = request
        .group_attr
        .into_iter()
        .map(|deleted| (deleted.key, None));
    tell(context, &request.group_id, GroupAttrChange::DELETE, deleted);
    Ok(DeleteGroupAttributesReply::default())
}

fn get_group_counters(
    context: &mut Context<'_>,
    request: GetGroupCounters,
) -> Result<GetGroupCountersReply, Refusal> {
    let group = group(context.state, &request.group_id)?;
    allow(!group.is_community(), "a community has no counters")?;
    let keys = request.group_counter_keys.filter(|keys| !keys.is_empty());
    let mut reply = GetGroupCountersReply::default();
    reply.group_counter = (group.counters.iter())
        .filter(|(key, _)| keys.as_ref().is_none_or(|keys| keys.contains(key)))
        .map(|(key, value)| GroupCounter::new(key.as_str(), *value))
        .collect();
    Ok(reply)
}

fn update_group_counters(
    context: &mut Context<'_>,
    request: UpdateGroupCounters,
) -> Result<UpdateGroupCountersReply, Refusal> {
    let group = group(context.state, &request.group_id)?;
    allow(!group.is_community(), "a community has no counters")?;
    let new = request.group_counter.iter().map(|counter| &counter.key);
    let all: BTreeSet<&String> = group.counters.keys().chain(new).collect();
    let all = all
        .into_iter()
        .map(|key| GroupCounter::new(key.as_str(), 0));
    if has_too_many(&UpdateGroupCounters::new(request.group_id.as_str(), all)) {
        return Err(ErrorCode::GROUP_COUNTER_TOO_MANY.because("a group has at most 20"));
    }
    let mut reply = UpdateGroupCountersReply::default();
    for counter in request.group_counter {
        let value = group.counters.entry(counter.key.clone()).or_default();
        *value = match &request.mode {
            Some(CounterMode::INCREASE) => value.saturating_add(counter.value),
            Some(CounterMode::DECREASE) => value.saturating_sub(counter.value),
            None | Some(CounterMode::SET) => counter.value,
            Some(_) => return Err(ErrorCode::GROUP_PARAMETER_INVALID.because("Mode is unknown")),
        };
        reply
            .group_counter
            .push(GroupCounter::new(counter.key, *value));
    }
    Ok(reply)
}

fn delete_group_counters(
    context: &mut Context<'_>,
    request: DeleteGroupCounters,
) -> Result<DeleteGroupCountersReply, Refusal> {
    let group = group(context.state, &request.group_id)?;
    allow(!group.is_community(), "a community has no counters")?;
    match request.group_counter_keys.filter(|keys| !keys.is_empty()) {
        Some(keys) => group.counters.retain(|key, _| !keys.contains(key)),
        None => group.counters.clear(),
    }
    Ok(DeleteGroupCountersReply::default())
}
