//! Pushing to all users, and the attributes and tags that choose among them.

use super::registry::{BadBody, Commands};
use crate::{
    refusal::{Because, Refusal},
    world::{Account, Context, State},
};
use std::collections::{BTreeMap, BTreeSet};
use tencent_chat_types::{
    ErrorCode,
    model::{UserAttributes, UserTags},
    push::{
        AddUserTags, AddUserTagsReply, GetAttributeNames, GetAttributeNamesReply,
        GetUserAttributes, GetUserAttributesReply, GetUserTags, GetUserTagsReply, PushToUsers,
        PushToUsersReply, RemoveAllUserTags, RemoveAllUserTagsReply, RemoveUserAttributes,
        RemoveUserAttributesReply, RemoveUserTags, RemoveUserTagsReply, SetAttributeNames,
        SetAttributeNamesReply, SetUserAttributes, SetUserAttributesReply,
        push_to_users::PushCondition,
    },
    validate::Limit,
};

pub(super) const BAD_BODY: BadBody = BadBody {
    unparsable: |path| match path {
        "MsgBody" => ErrorCode::MESSAGE_BODY_NO_LIST,
        "MsgRandom" => ErrorCode::MESSAGE_RANDOM_INVALID,
        "From_Account" => ErrorCode::MESSAGE_SENDER_INVALID,
        path if path.starts_with("MsgBody") => ErrorCode::MESSAGE_FORMAT_INVALID,
        _ => ErrorCode::MESSAGE_JSON_UNPARSABLE,
    },
    invalid: |violation| match (violation.path.as_str(), violation.limit) {
        ("MsgLifeTime", _) => ErrorCode::MESSAGE_LIFE_TIME_TOO_LONG,
        (path, Limit::MaxItems(_)) if path.starts_with("Condition") => {
            ErrorCode::PUSH_TOO_MANY_TAGS
        }
        (_, Limit::MaxItems(_)) => ErrorCode::PUSH_TOO_MANY_ACCOUNTS,
        _ => ErrorCode::MESSAGE_JSON_UNPARSABLE,
    },
};

/// Longest tag in bytes.
const MAX_TAG_BYTES: usize = 50;
/// Most tags of a user.
pub(super) const MAX_TAGS: usize = 100;
/// Most pushes of a day.
const MAX_PUSHES: usize = 100;
/// Seconds of a day.
pub(super) const DAY: u64 = 86_400;

pub(super) fn register(commands: &mut Commands) {
    commands.add(BAD_BODY, push_to_users);
    commands.add(BAD_BODY, set_attribute_names);
    commands.add(BAD_BODY, get_attribute_names);
    commands.add(BAD_BODY, set_user_attributes);
    commands.add(BAD_BODY, get_user_attributes);
    commands.add(BAD_BODY, remove_user_attributes);
    commands.add(BAD_BODY, add_user_tags);
    commands.add(BAD_BODY, get_user_tags);
    commands.add(BAD_BODY, remove_user_tags);
    commands.add(BAD_BODY, remove_all_user_tags);
}

fn account<'a>(state: &'a mut State, user: &str) -> Result<&'a mut Account, Refusal> {
    (state.accounts.get_mut(user)).ok_or_else(|| {
        ErrorCode::MESSAGE_JSON_UNPARSABLE.because(format!("{user} is not imported"))
    })
}

fn push_to_users(
    context: &mut Context<'_>,
    request: PushToUsers,
) -> Result<PushToUsersReply, Refusal> {
    if request.msg_body.is_empty() {
        return Err(ErrorCode::MESSAGE_BODY_INVALID.because("MsgBody has no element"));
    }
    let from = request.from_account.as_ref();
    if from.is_some_and(|from| !context.state.accounts.contains_key(from)) {
        return Err(ErrorCode::MESSAGE_SENDER_INVALID.because("From_Account is not imported"));
    }
    if let Some(condition) = &request.condition {
        check(context.state, &conditions(condition))?;
    }
    let now = context.now;
    count(&mut context.state.push.times, now)?;
    let mut reply = PushToUsersReply::default();
    reply.task_id = format!(
        "{}_{now}_{}",
        context.settings.sdk_app_id, request.msg_random
    );
    Ok(reply)
}

/// Counts a push where there may be one more.
pub(super) fn count(times: &mut Vec<u64>, now: u64) -> Result<(), Refusal> {
    if times
        .last()
        .is_some_and(|last| now.saturating_sub(*last) < 1)
    {
        return Err(ErrorCode::PUSH_RATE_LIMITED.because("the last push is less than a second ago"));
    }
    times.retain(|time| now.saturating_sub(*time) < DAY);
    if times.len() >= MAX_PUSHES {
        return Err(ErrorCode::PUSH_DAILY_QUOTA.because("100 pushes were made today"));
    }
    times.push(now);
    Ok(())
}

/// Who gets a push.
pub(super) struct Conditions<'a> {
    pub(super) attributes: [&'a Option<BTreeMap<String, String>>; 2],
    pub(super) tags: Vec<&'a Option<Vec<String>>>,
}

fn conditions(condition: &PushCondition) -> Conditions<'_> {
    Conditions {
        attributes: [&condition.attrs_or, &condition.attrs_and],
        tags: vec![&condition.tags_or, &condition.tags_and],
    }
}

pub(super) fn check(state: &State, condition: &Conditions<'_>) -> Result<(), Refusal> {
    let attributes = condition.attributes.into_iter().flatten();
    let tags = || condition.tags.iter().copied().flatten();
    if attributes.clone().count() > 0 && tags().count() > 0 {
        return Err(ErrorCode::PUSH_CONDITIONS_MIXED.because("tags and attributes"));
    }
    for name in attributes.flat_map(|attributes| attributes.keys()) {
        check_attribute(state, name)?;
    }
    for list in tags() {
        let different: BTreeSet<&String> = list.iter().collect();
        if different.len() < list.len() {
            return Err(ErrorCode::PUSH_TAGS_REPEATED.because("a tag stands twice"));
        }
        check_tags(list)?;
    }
    Ok(())
}

pub(super) fn check_tags(tags: &[String]) -> Result<(), Refusal> {
    for tag in tags {
        if tag.is_empty() {
            return Err(ErrorCode::PUSH_TAG_EMPTY.because("a tag is empty"));
        }
        if tag.len() > MAX_TAG_BYTES {
            return Err(ErrorCode::PUSH_TAG_TOO_LONG.because("a tag is longer than 50 bytes"));
        }
    }
    Ok(())
}

fn set_attribute_names(
    context: &mut Context<'_>,
    request: SetAttributeNames,
) -> Result<SetAttributeNamesReply, Refusal> {
    let numbered = |number: &String| number.len() == 1 && number.as_str() <= "9";
    if !request.attr_names.keys().all(numbered) {
        return Err(ErrorCode::MESSAGE_JSON_UNPARSABLE.because("attributes are numbered 0 to 9"));
    }
    context
        .state
        .push
        .attribute_names
        .extend(request.attr_names);
    Ok(SetAttributeNamesReply::default())
}

fn get_attribute_names(
    context: &mut Context<'_>,
    _: GetAttributeNames,
) -> Result<GetAttributeNamesReply, Refusal> {
    let mut reply = GetAttributeNamesReply::default();
    reply.attr_names = context.state.push.attribute_names.clone();
    Ok(reply)
}

/// That the app has named an attribute.
pub(super) fn check_attribute(state: &State, name: &str) -> Result<(), Refusal> {
    match state
        .push
        .attribute_names
        .values()
        .any(|known| known == name)
    {
        true => Ok(()),
        false => Err(ErrorCode::PUSH_ATTRIBUTE_INVALID.because(format!("{name} is not named"))),
    }
}

fn set_user_attributes(
    context: &mut Context<'_>,
    request: SetUserAttributes,
) -> Result<SetUserAttributesReply, Refusal> {
    for user in &request.user_attrs {
        account(context.state, &user.to_account)?;
        for name in user.attrs.keys() {
            check_attribute(context.state, name)?;
        }
    }
    for user in request.user_attrs {
        account(context.state, &user.to_account)?
            .push_attributes
            .extend(user.attrs);
    }
    Ok(SetUserAttributesReply::default())
}

fn get_user_attributes(
    context: &mut Context<'_>,
    request: GetUserAttributes,
) -> Result<GetUserAttributesReply, Refusal> {
    let mut reply = GetUserAttributesReply::default();
    for user in request.to_account {
        let attributes = account(context.state, &user)?.push_attributes.clone();
        reply.user_attrs.push(UserAttributes::new(user, attributes));
    }
    Ok(reply)
}

fn remove_user_attributes(
    context: &mut Context<'_>,
    request: RemoveUserAttributes,
) -> Result<RemoveUserAttributesReply, Refusal> {
    for user in &request.user_attrs {
        account(context.state, &user.to_account)?;
        for name in &user.attrs {
            check_attribute(context.state, name)?;
        }
    }
    for user in request.user_attrs {
        let held = &mut account(context.state, &user.to_account)?.push_attributes;
        held.retain(|name, _| !user.attrs.contains(name));
    }
    Ok(RemoveUserAttributesReply::default())
}

fn add_user_tags(
    context: &mut Context<'_>,
    request: AddUserTags,
) -> Result<AddUserTagsReply, Refusal> {
    for user in &request.user_tags {
        check_tags(&user.tags)?;
        let held = &account(context.state, &user.to_account)?.push_tags;
        let new = user.tags.iter().filter(|tag| !held.contains(*tag)).count();
        if held.len() + new > MAX_TAGS {
            return Err(ErrorCode::PUSH_TOO_MANY_TAGS.because("a user has at most 100 tags"));
        }
    }
    for user in request.user_tags {
        account(context.state, &user.to_account)?
            .push_tags
            .extend(user.tags);
    }
    Ok(AddUserTagsReply::default())
}

fn get_user_tags(
    context: &mut Context<'_>,
    request: GetUserTags,
) -> Result<GetUserTagsReply, Refusal> {
    let mut reply = GetUserTagsReply::default();
    for user in request.to_account {
        let tags: Vec<String> = account(context.state, &user)?
            .push_tags
            .iter()
            .cloned()
            .collect();
        reply.user_tags.push(UserTags::new(user, tags));
    }
    Ok(reply)
}

fn remove_user_tags(
    context: &mut Context<'_>,
    request: RemoveUserTags,
) -> Result<RemoveUserTagsReply, Refusal> {
    for user in &request.user_tags {
        account(context.state, &user.to_account)?;
    }
    for user in request.user_tags {
        let held = &mut account(context.state, &user.to_account)?.push_tags;
        held.retain(|tag| !user.tags.contains(tag));
    }
    Ok(RemoveUserTagsReply::default())
}

fn remove_all_user_tags(
    context: &mut Context<'_>,
    request: RemoveAllUserTags,
) -> Result<RemoveAllUserTagsReply, Refusal> {
    for user in &request.to_account {
        account(context.state, user)?;
    }
    for user in request.to_account {
        account(context.state, &user)?.push_tags.clear();
    }
    Ok(RemoveAllUserTagsReply::default())
}
