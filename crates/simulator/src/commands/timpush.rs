//! The push service. It has its own commands for the attributes and tags that pushing to all users has.

use super::{push::BAD_BODY, registry::Commands};
use crate::{
    refusal::{Because, Refusal},
    world::{
        Context, State,
        push::{self, Conditions, MAX_TAGS, check_attribute, check_more_tags, check_tags},
    },
};
use jiff::{Timestamp, civil::DateTime, tz::TimeZone};
use std::collections::BTreeSet;
use tencent_chat_types::{
    ErrorCode,
    model::{
        PushAccountType, PushFailure, ScheduledPush, ScheduledPushContent, ScheduledPushStatus,
        ScheduledPushType, TagCondition, UserAttributes, UserTags,
    },
    timpush::{
        AddUserTags, AddUserTagsReply, DeleteScheduledPush, DeleteScheduledPushReply,
        GetAttributeNames, GetAttributeNamesReply, GetScheduledPush, GetScheduledPushReply,
        GetUserAttributes, GetUserAttributesReply, GetUserTags, GetUserTagsReply,
        ListScheduledPushes, ListScheduledPushesReply, ModifyScheduledPush,
        ModifyScheduledPushReply, PushToAccounts, PushToAccountsReply, PushToAll, PushToAllReply,
        RecallPush, RecallPushReply, RemoveAllUserTags, RemoveAllUserTagsReply,
        RemoveUserAttributes, RemoveUserAttributesReply, RemoveUserTags, RemoveUserTagsReply,
        SchedulePush, SchedulePushReply, SetAttributeNames, SetAttributeNamesReply,
        SetUserAttributes, SetUserAttributesReply, list_scheduled_pushes::ScheduleOrder,
    },
};

/// Most tags that a user gets besides others in a call.
const MAX_NEW_TAGS: usize = AddUserTags::MAX_NEW_TAGS as usize;
/// Where the ids of scheduled pushes begin. Beyond 32 bits, so that a client that cuts them off fails
/// here and not in production.
const FIRST_TASK: u64 = 1 << 33;
/// How times are written, in UTC.
const TIME_FORMAT: &str = "%Y-%m-%d %H:%M:%S";

pub(super) fn register(commands: &mut Commands) {
    commands.add(BAD_BODY, push_to_all);
    commands.add(BAD_BODY, push_to_accounts);
    commands.add(BAD_BODY, recall_push);
    commands.add(BAD_BODY, set_attribute_names);
    commands.add(BAD_BODY, get_attribute_names);
    commands.add(BAD_BODY, set_user_attributes);
    commands.add(BAD_BODY, get_user_attributes);
    commands.add(BAD_BODY, remove_user_attributes);
    commands.add(BAD_BODY, add_user_tags);
    commands.add(BAD_BODY, get_user_tags);
    commands.add(BAD_BODY, remove_user_tags);
    commands.add(BAD_BODY, remove_all_user_tags);
    commands.add(BAD_BODY, schedule_push);
    commands.add(BAD_BODY, modify_scheduled_push);
    commands.add(BAD_BODY, delete_scheduled_push);
    commands.add(BAD_BODY, get_scheduled_push);
    commands.add(BAD_BODY, list_scheduled_pushes);
}

fn invalid(text: impl Into<String>) -> Refusal {
    ErrorCode::MESSAGE_JSON_UNPARSABLE.because(text.into())
}

fn conditions(condition: &TagCondition) -> Conditions<'_> {
    Conditions {
        attributes: [&condition.attrs_or, &condition.attrs_and],
        tags: vec![&condition.tags_or, &condition.tags_and, &condition.tags_not],
    }
}

fn check_sender(state: &State, from: Option<&String>) -> Result<(), Refusal> {
    match from.is_some_and(|from| !state.accounts.contains_key(from)) {
        true => Err(invalid("From_Account is not imported")),
        false => Ok(()),
    }
}

fn push_to_all(context: &mut Context<'_>, request: PushToAll) -> Result<PushToAllReply, Refusal> {
    if request.msg_body.iter().flatten().next().is_none() && request.offline_push_info.is_none() {
        return Err(invalid("there is neither MsgBody nor OfflinePushInfo"));
    }
    check_sender(context.state, request.from_account.as_ref())?;
    if let Some(condition) = &request.condition {
        conditions(condition).check(context.state)?;
    }
    let now = context.now;
    push::count(&mut context.state.push.service_times, now)?;
    let mut reply = PushToAllReply::default();
    let (app, random) = (context.settings.sdk_app_id, request.msg_random);
    reply.task_id = format!("{app}_{now}_{random}");
    push::remember(context, &reply.task_id);
    Ok(reply)
}

fn push_to_accounts(
    context: &mut Context<'_>,
    request: PushToAccounts,
) -> Result<PushToAccountsReply, Refusal> {
    check_sender(context.state, Some(&request.from_account))?;
    let (_, failures) = known(context.state, request.to_account);
    context.state.push.batches_made += 1;
    let number = context.state.push.batches_made;
    let mut reply = PushToAccountsReply::default();
    reply.task_id = format!("batch_{}_{number}", context.settings.sdk_app_id);
    reply.error_list = failures;
    push::remember(context, &reply.task_id);
    Ok(reply)
}

fn recall_push(context: &mut Context<'_>, request: RecallPush) -> Result<RecallPushReply, Refusal> {
    push::recall(context, &request.task_id)?;
    Ok(RecallPushReply::default())
}

fn set_attribute_names(
    context: &mut Context<'_>,
    request: SetAttributeNames,
) -> Result<SetAttributeNamesReply, Refusal> {
    let push = &mut context.state.push;
    let types = request.attr_types.unwrap_or_default();
    let mut names = push.attribute_names.clone();
    names.extend(request.attr_names.clone());
    push::check_numbers(names.keys())?;
    let different: BTreeSet<&String> = names.values().collect();
    if different.len() < names.len() {
        return Err(ErrorCode::PUSH_ATTRIBUTE_INVALID.because("two attributes have one name"));
    }
    for (number, kind) in &types {
        if !request.attr_names.contains_key(number) {
            return Err(invalid("AttrTypes has a number that AttrNames lacks"));
        }
        let named = push.attribute_names.contains_key(number);
        let held = push.attribute_types.get(number);
        if named && held.copied().unwrap_or(PushAccountType::USER) != *kind {
            let text = "what an attribute belongs to cannot be changed";
            return Err(ErrorCode::PUSH_ATTRIBUTE_INVALID.because(text));
        }
    }
    push.attribute_names = names;
    push.attribute_types.extend(types);
    Ok(SetAttributeNamesReply::default())
}

fn get_attribute_names(
    context: &mut Context<'_>,
    _: GetAttributeNames,
) -> Result<GetAttributeNamesReply, Refusal> {
    let push = &context.state.push;
    let mut reply = GetAttributeNamesReply::default();
    let kind = |number: &String| (push.attribute_types.get(number)).copied();
    let types = push.attribute_names.keys().map(|number| {
        let kind = kind(number).unwrap_or(PushAccountType::USER);
        (number.clone(), kind)
    });
    reply.attr_types = Some(types.collect());
    reply.attr_names = push.attribute_names.clone();
    Ok(reply)
}

/// The users that exist, and why it does not work for the others.
fn known(state: &State, users: Vec<String>) -> (Vec<String>, Option<Vec<PushFailure>>) {
    let (known, unknown): (Vec<_>, Vec<_>) =
        (users.into_iter()).partition(|user| state.accounts.contains_key(user));
    let failures =
        (unknown.into_iter()).map(|user| PushFailure::new(user, ErrorCode::ACCOUNT_NOT_FOUND));
    (known, listed(failures.collect()))
}

/// Replies list failures only where there are some.
fn listed(failures: Vec<PushFailure>) -> Option<Vec<PushFailure>> {
    (!failures.is_empty()).then_some(failures)
}

fn set_user_attributes(
    context: &mut Context<'_>,
    request: SetUserAttributes,
) -> Result<SetUserAttributesReply, Refusal> {
    for name in request.user_attrs.iter().flat_map(|user| user.attrs.keys()) {
        check_attribute(context.state, name)?;
    }
    let mut failures = Vec::new();
    for user in request.user_attrs {
        let fits = (user.attrs.keys()).all(|name| push::is_for_users(&context.state.push, name));
        let account = context.state.accounts.get_mut(&user.to_account);
        match (account, fits) {
            (Some(account), true) => account.push_attributes.extend(user.attrs),
            (Some(_), false) => {
                let code = ErrorCode::PUSH_ACCOUNT_KIND_MIXED;
                failures.push(PushFailure::new(user.to_account, code));
            }
            (None, _) => {
                let code = ErrorCode::ACCOUNT_NOT_FOUND;
                failures.push(PushFailure::new(user.to_account, code));
            }
        }
    }
    let mut reply = SetUserAttributesReply::default();
    reply.error_list = listed(failures);
    Ok(reply)
}

fn get_user_attributes(
    context: &mut Context<'_>,
    request: GetUserAttributes,
) -> Result<GetUserAttributesReply, Refusal> {
    let (known, failures) = known(context.state, request.to_account);
    let mut reply = GetUserAttributesReply::default();
    for user in known {
        if let Some(account) = context.state.accounts.get(&user) {
            let attributes = account.push_attributes.clone();
            reply.user_attrs.push(UserAttributes::new(user, attributes));
        }
    }
    reply.error_list = failures;
    Ok(reply)
}

fn remove_user_attributes(
    context: &mut Context<'_>,
    request: RemoveUserAttributes,
) -> Result<RemoveUserAttributesReply, Refusal> {
    for name in request.user_attrs.iter().flat_map(|user| &user.attrs) {
        check_attribute(context.state, name)?;
    }
    let users = (request.user_attrs.iter()).map(|user| user.to_account.clone());
    let (_, failures) = known(context.state, users.collect());
    for user in request.user_attrs {
        if let Some(account) = context.state.accounts.get_mut(&user.to_account) {
            let held = &mut account.push_attributes;
            held.retain(|name, _| !user.attrs.contains(name));
        }
    }
    let mut reply = RemoveUserAttributesReply::default();
    reply.error_list = failures;
    Ok(reply)
}

fn add_user_tags(
    context: &mut Context<'_>,
    request: AddUserTags,
) -> Result<AddUserTagsReply, Refusal> {
    let replace = request.replace.is_some_and(|flag| flag.is_on());
    let most = if replace { MAX_TAGS } else { MAX_NEW_TAGS };
    for user in &request.user_tags {
        check_tags(&user.tags)?;
        if user.tags.len() > most {
            let text = format!("a user gets at most {most} tags in a call");
            return Err(ErrorCode::PUSH_TOO_MANY_TAGS.because(text));
        }
        let Some(account) = context.state.accounts.get(&user.to_account) else {
            continue;
        };
        if !replace {
            check_more_tags(&account.push_tags, &user.tags)?;
        }
    }
    let users = (request.user_tags.iter()).map(|user| user.to_account.clone());
    let (_, failures) = known(context.state, users.collect());
    for user in request.user_tags {
        if let Some(account) = context.state.accounts.get_mut(&user.to_account) {
            if replace {
                account.push_tags.clear();
            }
            account.push_tags.extend(user.tags);
        }
    }
    let mut reply = AddUserTagsReply::default();
    reply.error_list = failures;
    Ok(reply)
}

fn get_user_tags(
    context: &mut Context<'_>,
    request: GetUserTags,
) -> Result<GetUserTagsReply, Refusal> {
    let (known, failures) = known(context.state, request.to_account);
    let mut reply = GetUserTagsReply::default();
    for user in known {
        if let Some(account) = context.state.accounts.get(&user) {
            let tags: Vec<String> = account.push_tags.iter().cloned().collect();
            reply.user_tags.push(UserTags::new(user, tags));
        }
    }
    reply.error_list = failures;
    Ok(reply)
}

fn remove_user_tags(
    context: &mut Context<'_>,
    request: RemoveUserTags,
) -> Result<RemoveUserTagsReply, Refusal> {
    let users = (request.user_tags.iter()).map(|user| user.to_account.clone());
    let (_, failures) = known(context.state, users.collect());
    for user in request.user_tags {
        if let Some(account) = context.state.accounts.get_mut(&user.to_account) {
            account.push_tags.retain(|tag| !user.tags.contains(tag));
        }
    }
    let mut reply = RemoveUserTagsReply::default();
    reply.error_list = failures;
    Ok(reply)
}

fn remove_all_user_tags(
    context: &mut Context<'_>,
    request: RemoveAllUserTags,
) -> Result<RemoveAllUserTagsReply, Refusal> {
    let (known, failures) = known(context.state, request.to_account);
    for user in known {
        if let Some(account) = context.state.accounts.get_mut(&user) {
            account.push_tags.clear();
        }
    }
    let mut reply = RemoveAllUserTagsReply::default();
    reply.error_list = failures;
    Ok(reply)
}

/// A time as the service writes it, in seconds since 1970.
fn seconds(text: &str) -> Result<u64, Refusal> {
    let time = DateTime::strptime(TIME_FORMAT, text)
        .and_then(|time| TimeZone::UTC.to_timestamp(time))
        .ok()
        .and_then(|time| u64::try_from(time.as_second()).ok());
    time.ok_or_else(|| invalid(format!("{text} is not a time such as 2026-06-01 10:00:00")))
}

/// Seconds since 1970 as the service writes them.
fn written(seconds: u64) -> String {
    let time = i64::try_from(seconds)
        .ok()
        .and_then(|seconds| Timestamp::from_second(seconds).ok());
    time.unwrap_or_default().strftime(TIME_FORMAT).to_string()
}

fn check_app(context: &Context<'_>, app: u64) -> Result<(), Refusal> {
    match app == context.settings.sdk_app_id {
        true => Ok(()),
        false => Err(invalid("Sdkappid is not the app of the address")),
    }
}

/// What speaks against the contents of a scheduled push.
fn check_content(
    state: &State,
    kind: &ScheduledPushType,
    content: &ScheduledPushContent,
) -> Result<(), Refusal> {
    check_sender(state, content.from_account.as_ref())?;
    if let Some(condition) = &content.condition {
        conditions(condition).check(state)?;
    }
    let fits = match *kind {
        ScheduledPushType::ALL => content.condition.is_none() && content.to_account.is_none(),
        ScheduledPushType::TAG => content.condition.is_some() && content.to_account.is_none(),
        ScheduledPushType::USER => content.to_account.iter().flatten().next().is_some(),
        _ => return Err(invalid(format!("{kind} is not a kind of scheduled push"))),
    };
    match fits {
        true => Ok(()),
        false => Err(invalid("Content does not go with Type")),
    }
}

/// Title and text of a scheduled push are those of its notification.
fn set_content(task: &mut ScheduledPush, content: ScheduledPushContent) {
    let shown = content.offline_push_info.as_ref();
    task.title = Some(
        shown
            .and_then(|info| info.title.clone())
            .unwrap_or_default(),
    );
    task.desc = Some(shown.and_then(|info| info.desc.clone()).unwrap_or_default());
    task.content = Some(content);
}

fn schedule_push(
    context: &mut Context<'_>,
    request: SchedulePush,
) -> Result<SchedulePushReply, Refusal> {
    check_app(context, request.sdkappid)?;
    check_content(context.state, &request.r#type, &request.content)?;
    if seconds(&request.sched_at)? <= context.now {
        return Err(invalid("SchedAt has passed"));
    }
    let push = &mut context.state.push;
    let id = FIRST_TASK + push.scheduled_created;
    push.scheduled_created += 1;
    let mut task = ScheduledPush::new(id, request.r#type, request.sched_at)
        .with_sdkappid(request.sdkappid)
        .with_create_at(written(context.now))
        .with_dispatch_success(0)
        .with_dispatch_err("")
        .with_push_task_id("");
    set_content(&mut task, request.content);
    push.scheduled.insert(id, task);
    let mut reply = SchedulePushReply::default();
    reply.task_id = id;
    Ok(reply)
}

/// Whether a scheduled push still waits.
fn waits(task: &ScheduledPush, now: u64) -> bool {
    seconds(&task.sched_at).is_ok_and(|time| time > now)
}

/// A scheduled push that can still be changed.
fn waiting<'a>(
    context: &'a mut Context<'_>,
    id: u64,
    kind: &ScheduledPushType,
) -> Result<&'a mut ScheduledPush, Refusal> {
    let now = context.now;
    let Some(task) = context.state.push.scheduled.get_mut(&id) else {
        return Err(invalid("there is no such scheduled push"));
    };
    if task.r#type != *kind {
        return Err(invalid(
            "Type is another than the one of the scheduled push",
        ));
    }
    if !waits(task, now) {
        let text = "the scheduled push is being made or has been made";
        return Err(ErrorCode::SCHEDULED_PUSH_NOT_PENDING.because(text));
    }
    Ok(task)
}

fn modify_scheduled_push(
    context: &mut Context<'_>,
    request: ModifyScheduledPush,
) -> Result<ModifyScheduledPushReply, Refusal> {
    check_app(context, request.sdkappid)?;
    let now = context.now;
    if let Some(content) = &request.content {
        check_content(context.state, &request.r#type, content)?;
    }
    if let Some(time) = &request.sched_at
        && seconds(time)? <= now
    {
        return Err(invalid("SchedAt has passed"));
    }
    let task = waiting(context, request.task_id, &request.r#type)?;
    if let Some(time) = request.sched_at {
        task.sched_at = time;
    }
    if let Some(content) = request.content {
        set_content(task, content);
    }
    let mut reply = ModifyScheduledPushReply::default();
    reply.task_id = Some(request.task_id);
    Ok(reply)
}

fn delete_scheduled_push(
    context: &mut Context<'_>,
    request: DeleteScheduledPush,
) -> Result<DeleteScheduledPushReply, Refusal> {
    check_app(context, request.sdkappid)?;
    waiting(context, request.task_id, &request.r#type)?;
    context.state.push.scheduled.remove(&request.task_id);
    let mut reply = DeleteScheduledPushReply::default();
    reply.task_id = request.task_id;
    Ok(reply)
}

/// A scheduled push as it stands. What the service calls one whose time has come is not documented;
/// then nothing is said.
fn shown(task: &ScheduledPush, now: u64) -> ScheduledPush {
    let mut task = task.clone();
    task.status = waits(&task, now).then_some(ScheduledPushStatus::PENDING);
    task
}

fn get_scheduled_push(
    context: &mut Context<'_>,
    request: GetScheduledPush,
) -> Result<GetScheduledPushReply, Refusal> {
    check_app(context, request.sdkappid)?;
    let task = context.state.push.scheduled.get(&request.task_id);
    let task = task.ok_or_else(|| invalid("there is no such scheduled push"))?;
    let mut reply = GetScheduledPushReply::default();
    reply.task_info = shown(task, context.now);
    Ok(reply)
}

fn list_scheduled_pushes(
    context: &mut Context<'_>,
    request: ListScheduledPushes,
) -> Result<ListScheduledPushesReply, Refusal> {
    check_app(context, request.sdkappid)?;
    let (from, to) = (seconds(&request.begin_time)?, seconds(&request.end_time)?);
    if from > to {
        return Err(invalid("BeginTime is after EndTime"));
    }
    let created = match request.order_by.as_str() {
        order if order.eq_ignore_ascii_case(ScheduleOrder::CREATED.as_str()) => true,
        order if order.eq_ignore_ascii_case(ScheduleOrder::SCHEDULED.as_str()) => false,
        _ => return Err(invalid("OrderBy is neither createAt nor schedAt")),
    };
    let time = |task: &ScheduledPush| {
        let text = match created {
            true => task.create_at.as_deref().unwrap_or_default(),
            false => task.sched_at.as_str(),
        };
        seconds(text).unwrap_or(0)
    };
    let word = request.keyword.unwrap_or_default();
    let has_word =
        |text: &Option<String>| (text.as_deref()).is_some_and(|text| text.contains(word.as_str()));
    let mut tasks: Vec<&ScheduledPush> = (context.state.push.scheduled.values())
        .filter(|task| (from..=to).contains(&time(task)))
        .filter(|task| has_word(&task.title) || has_word(&task.desc))
        .collect();
    tasks.sort_by_key(|task| (time(task), task.task_id));
    if !request.asc {
        tasks.reverse();
    }
    let most = request.want.min(context.settings.page_size as u64);
    let skip = usize::try_from(request.offset).unwrap_or(usize::MAX);
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    let mut reply = ListScheduledPushesReply::default();
    reply.total = tasks.len() as u64;
    reply.tasks = (tasks.into_iter().skip(skip).take(most))
        .map(|task| shown(task, context.now))
        .collect();
    Ok(reply)
}
