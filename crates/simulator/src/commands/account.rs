//! Accounts: importing, and whether they are online.

use super::{BadBody, Commands, Context, Refusal};
use crate::{gate::Because, state::State};
use tencent_chat_types::{
    ErrorCode,
    account::{
        ImportAccount, ImportAccountReply, ImportAccounts, ImportAccountsReply, QueryOnlineStatus,
        QueryOnlineStatusReply,
        query_online_status::{OnlineState, OnlineStatus, OnlineStatusFailure, PlatformStatus},
    },
    model::ProfileTag,
    validate::Limit,
};

const BAD_BODY: BadBody = BadBody {
    unparsable: |_| ErrorCode::ACCOUNT_PARAMETER_INVALID,
    invalid: |_| ErrorCode::ACCOUNT_PARAMETER_INVALID,
};

const BAD_STATUS_BODY: BadBody = BadBody {
    unparsable: |path| match path {
        "." => ErrorCode::MESSAGE_JSON_UNPARSABLE,
        _ => ErrorCode::MESSAGE_RECIPIENT_INVALID,
    },
    invalid: |violation| match violation.limit {
        Limit::MaxItems(_) => ErrorCode::MESSAGE_TOO_MANY_RECIPIENTS,
        _ => ErrorCode::MESSAGE_JSON_UNPARSABLE,
    },
};

/// Longest user id in bytes.
const MAX_USER_ID_BYTES: usize = 32;

pub(super) fn register(commands: &mut Commands) {
    commands.add(BAD_BODY, import_account);
    commands.add(BAD_BODY, import_accounts);
    commands.add(BAD_STATUS_BODY, query_online_status);
}

fn is_user_id(id: &str) -> bool {
    !id.is_empty() && id.len() <= MAX_USER_ID_BYTES && !id.contains(char::is_control)
}

fn import_account(
    context: &mut Context<'_>,
    request: ImportAccount,
) -> Result<ImportAccountReply, Refusal> {
    if !is_user_id(&request.user_id) {
        return Err(ErrorCode::ACCOUNT_PARAMETER_INVALID.because("UserID must have 1 to 32 bytes"));
    }
    let account = context.state.accounts.entry(request.user_id).or_default();
    for (tag, value) in [
        (ProfileTag::NICK, request.nick),
        (ProfileTag::IMAGE, request.face_url),
    ] {
        if let Some(value) = value {
            account
                .profile
                .insert(tag.as_str().to_owned(), value.into());
        }
    }
    Ok(ImportAccountReply::default())
}

fn import_accounts(
    context: &mut Context<'_>,
    request: ImportAccounts,
) -> Result<ImportAccountsReply, Refusal> {
    let mut reply = ImportAccountsReply::default();
    for user in request.accounts {
        if is_user_id(&user) {
            context.state.accounts.entry(user).or_default();
        } else {
            reply.fail_accounts.push(user);
        }
    }
    Ok(reply)
}

fn query_online_status(
    context: &mut Context<'_>,
    request: QueryOnlineStatus,
) -> Result<QueryOnlineStatusReply, Refusal> {
    let detailed = request.is_need_detail.is_some_and(|flag| flag.is_on());
    let mut reply = QueryOnlineStatusReply::default();
    let mut failures = Vec::new();
    for user in request.to_account {
        match status_of(context.state, &user, detailed) {
            Some(status) => reply.query_result.push(status),
            None => failures.push(OnlineStatusFailure::new(user, ErrorCode::ACCOUNT_NOT_FOUND)),
        }
    }
    if reply.query_result.is_empty() {
        return Err(ErrorCode::ACCOUNT_NOT_FOUND.because("none of the users exists"));
    }
    reply.error_list = Some(failures);
    Ok(reply)
}

fn status_of(state: &State, user: &str, detailed: bool) -> Option<OnlineStatus> {
    let platforms = &state.accounts.get(user)?.platforms;
    let has = |status: &OnlineState| platforms.values().any(|seen| seen == status.as_str());
    let overall = [OnlineState::ONLINE, OnlineState::PUSH_ONLINE]
        .into_iter()
        .find(has);
    let mut status = OnlineStatus::new(user).with_status(overall.unwrap_or(OnlineState::OFFLINE));
    if detailed && !platforms.is_empty() {
        let detail = platforms
            .iter()
            .map(|(platform, seen)| PlatformStatus::new(platform.as_str(), seen.as_str()));
        status.detail = Some(detail.collect());
    }
    Some(status)
}
