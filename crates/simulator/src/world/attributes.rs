//! Custom attributes and counters of groups.

use super::{
    context::Context,
    group::Group,
    groups::{allow, group, kind},
    state::State,
};
use crate::{
    limits::has_too_many,
    refusal::{Because, Refusal},
};
use std::collections::{BTreeMap, BTreeSet};
use tencent_chat_types::{
    ErrorCode,
    group::{
        ModifyGroupAttributes, ResetGroupAttributes, UpdateGroupCounters,
        update_group_counters::CounterMode,
    },
    model::{GroupAttribute, GroupCounter},
    webhook::{
        GroupAfterGroupAttrChanged, GroupAfterGroupAttrChangedRequired,
        group::group_after_group_attr_changed::{ChangedGroupAttr, GroupAttrChange},
    },
};

/// Most bytes of all values together.
const MAX_BYTES: usize = ModifyGroupAttributes::MAX_BYTES as usize;
/// Most writes of attributes in a second.
const MAX_WRITES: u32 = ModifyGroupAttributes::MAX_WRITES_PER_SECOND;

/// How often attributes will have been written in this second, with the write that is to come.
fn writes(group: &Group, now: u64) -> Result<(u64, u32), Refusal> {
    let (second, writes) = group.attributes.writes;
    let writes = if second == now { writes } else { 0 };
    match writes >= MAX_WRITES {
        true => Err(ErrorCode::GROUP_ATTRIBUTE_RATE_LIMITED.because("more than five in a second")),
        false => Ok((now, writes + 1)),
    }
}

/// That a group can have these attributes.
fn check(pairs: &BTreeMap<String, String>) -> Result<(), Refusal> {
    let all = pairs.keys().map(|_| GroupAttribute::default());
    if has_too_many(&ResetGroupAttributes::new("", all)) {
        return Err(ErrorCode::GROUP_ATTRIBUTE_TOO_MANY.because("a group has at most 16"));
    }
    if pairs.values().map(String::len).sum::<usize>() > MAX_BYTES {
        return Err(ErrorCode::GROUP_ATTRIBUTES_TOO_LARGE.because("more than 16,000 bytes"));
    }
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

/// Sets attributes, besides those that are there or in place of them. The app is told.
pub(crate) fn set(
    context: &mut Context<'_>,
    id: &str,
    new: Vec<GroupAttribute>,
    in_place_of_all: bool,
) -> Result<(), Refusal> {
    let group = group(context.state, id)?;
    let writes = writes(group, context.now)?;
    let held = &mut group.attributes;
    let (mut pairs, change) = match in_place_of_all {
        true => (BTreeMap::new(), GroupAttrChange::SET),
        false => (held.pairs.clone(), GroupAttrChange::MODIFY),
    };
    let all = new.iter();
    pairs.extend(all.map(|attribute| (attribute.key.clone(), attribute.value.clone())));
    check(&pairs)?;
    (held.pairs, held.writes) = (pairs, writes);
    let new = new.into_iter();
    let told = new.map(|attribute| (attribute.key, Some(attribute.value)));
    tell(context, id, change, told);
    Ok(())
}

/// Takes all attributes off. The app is told.
pub(crate) fn clear(context: &mut Context<'_>, id: &str) -> Result<(), Refusal> {
    let group = group(context.state, id)?;
    allow(!group.is_community(), "not for a community")?;
    group.attributes.writes = writes(group, context.now)?;
    group.attributes.pairs.clear();
    tell(context, id, GroupAttrChange::CLEAR, []);
    Ok(())
}

/// Takes attributes off, all of them or none. The app is told.
pub(crate) fn delete(
    context: &mut Context<'_>,
    id: &str,
    keys: Vec<String>,
) -> Result<(), Refusal> {
    let group = group(context.state, id)?;
    let writes = writes(group, context.now)?;
    let held = &mut group.attributes;
    if let Some(unknown) = keys.iter().find(|key| !held.pairs.contains_key(*key)) {
        let text = format!("there is no attribute {unknown}");
        return Err(ErrorCode::GROUP_ATTRIBUTE_NOT_FOUND.because(text));
    }
    held.pairs.retain(|key, _| !keys.contains(key));
    held.writes = writes;
    let told = keys.into_iter().map(|key| (key, None));
    tell(context, id, GroupAttrChange::DELETE, told);
    Ok(())
}

/// A group's counters.
pub(crate) fn counters<'a>(
    state: &'a mut State,
    id: &str,
) -> Result<&'a mut BTreeMap<String, i64>, Refusal> {
    let group = group(state, id)?;
    allow(!group.is_community(), "a community has no counters")?;
    Ok(&mut group.counters)
}

/// Sets counters or adds to them; answers those that were named.
pub(crate) fn count(
    context: &mut Context<'_>,
    id: &str,
    mode: Option<CounterMode>,
    new: Vec<GroupCounter>,
) -> Result<Vec<GroupCounter>, Refusal> {
    let counters = counters(context.state, id)?;
    let named = new.iter().map(|counter| &counter.key);
    let all: BTreeSet<&String> = counters.keys().chain(named).collect();
    let all = all
        .into_iter()
        .map(|key| GroupCounter::new(key.as_str(), 0));
    if has_too_many(&UpdateGroupCounters::new("", all)) {
        return Err(ErrorCode::GROUP_COUNTER_TOO_MANY.because("a group has at most 20"));
    }
    let change: fn(i64, i64) -> i64 = match mode {
        Some(CounterMode::INCREASE) => i64::saturating_add,
        Some(CounterMode::DECREASE) => i64::saturating_sub,
        None | Some(CounterMode::SET) => |_, new| new,
        Some(_) => return Err(ErrorCode::GROUP_PARAMETER_INVALID.because("Mode is unknown")),
    };
    let counted = new.into_iter().map(|counter| {
        let value = counters.entry(counter.key.clone()).or_default();
        *value = change(*value, counter.value);
        GroupCounter::new(counter.key, *value)
    });
    Ok(counted.collect())
}
