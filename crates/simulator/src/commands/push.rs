//! Pushing to all users, and the attributes and tags that choose among them.

use super::registry::{BadBody, Commands};
use crate::{
    refusal::{Because, Refusal},
    world::{
        Account, Context, State,
        push::{self, Conditions, check_attribute, check_more_tags, check_tags},
    },
};
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
        conditions(condition).check(context.state)?;
    }
    let now = context.now;
    push::count(&mut context.state.push.times, now)?;
    let mut reply = PushToUsersReply::default();
    reply.task_id = format!(
        "{}_{now}_{}",
        context.settings.sdk_app_id, request.msg_random
    );
    Ok(reply)
}

fn conditions(condition: &PushCondition) -> Conditions<'_> {
    Conditions {
        attributes: [&condition.attrs_or, &condition.attrs_and],
        tags: vec![&condition.tags_or, &condition.tags_and],
    }
}

fn set_attribute_names(
    context: &mut Context<'_>,
    request: SetAttributeNames,
) -> Result<SetAttributeNamesReply, Refusal> {
    push::check_numbers(request.attr_names.keys())?;
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
        check_more_tags(held, &user.tags)?;
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
