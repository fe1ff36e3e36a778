//! Accounts: importing, and whether they are online.

use super::registry::{BadBody, Commands, text};
use crate::{
    refusal::{Because, Refusal},
    world::{Context, DoNotDisturb, State, users},
};
use tencent_chat_types::{
    ErrorCode,
    account::{
        CheckAccounts, CheckAccountsReply, DeleteAccounts, DeleteAccountsReply, ImportAccount,
        ImportAccountReply, ImportAccounts, ImportAccountsReply, InvalidateLogin,
        InvalidateLoginReply, QueryOnlineStatus, QueryOnlineStatusReply, SetDoNotDisturb,
        SetDoNotDisturbReply,
        check_accounts::{AccountCheck, AccountStatus},
        delete_accounts::AccountResult,
        import_accounts::AccountImport,
        query_online_status::{OnlineState, OnlineStatus, PlatformStatus},
    },
    model::UserFailure,
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

pub(super) fn register(commands: &mut Commands) {
    commands.add(BAD_BODY, import_account);
    commands.add(BAD_BODY, import_accounts);
    commands.add(BAD_BODY, check_accounts);
    commands.add(BAD_BODY, delete_accounts);
    commands.add(BAD_BODY, invalidate_login);
    commands.add(BAD_STATUS_BODY, query_online_status);
    commands.add(BAD_STATUS_BODY, set_do_not_disturb);
}

fn import_account(
    context: &mut Context<'_>,
    request: ImportAccount,
) -> Result<ImportAccountReply, Refusal> {
    if !users::is_user_id(&request.user_id) {
        return Err(ErrorCode::ACCOUNT_PARAMETER_INVALID.because("UserID must have 1 to 32 bytes"));
    }
    users::import(
        context.state,
        request.user_id,
        request.nick,
        request.face_url,
    );
    Ok(ImportAccountReply::default())
}

fn import_accounts(
    context: &mut Context<'_>,
    request: ImportAccounts,
) -> Result<ImportAccountsReply, Refusal> {
    let mut reply = ImportAccountsReply::default();
    let names = request.accounts.unwrap_or_default().into_iter();
    let list = request.account_list.unwrap_or_default();
    for user in list.into_iter().chain(names.map(AccountImport::new)) {
        if !users::is_user_id(&user.user_id) {
            reply.fail_accounts.push(user.user_id);
            continue;
        }
        users::import(context.state, user.user_id, user.nick, user.face_url);
    }
    Ok(reply)
}

fn check_accounts(
    context: &mut Context<'_>,
    request: CheckAccounts,
) -> Result<CheckAccountsReply, Refusal> {
    let mut reply = CheckAccountsReply::default();
    for item in request.check_item {
        let status = match context.state.accounts.contains_key(&item.user_id) {
            true => AccountStatus::IMPORTED,
            false => AccountStatus::NOT_IMPORTED,
        };
        let check = AccountCheck::new(item.user_id, ErrorCode::OK).with_result_info("");
        reply.result_item.push(check.with_account_status(status));
    }
    Ok(reply)
}

fn delete_accounts(
    context: &mut Context<'_>,
    request: DeleteAccounts,
) -> Result<DeleteAccountsReply, Refusal> {
    let mut reply = DeleteAccountsReply::default();
    for item in request.delete_item {
        let code = match users::delete(context, &item.user_id) {
            true => ErrorCode::OK,
            false => ErrorCode::ACCOUNT_NOT_FOUND,
        };
        let result = AccountResult::new(item.user_id, code);
        let text = text(code);
        reply.result_item.push(result.with_result_info(text));
    }
    Ok(reply)
}

fn invalidate_login(
    context: &mut Context<'_>,
    request: InvalidateLogin,
) -> Result<InvalidateLoginReply, Refusal> {
    users::log_out(context, &request.user_id)?;
    Ok(InvalidateLoginReply::default())
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
            None => failures.push(UserFailure::new(user, ErrorCode::ACCOUNT_NOT_FOUND)),
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
        let detail = platforms.iter().map(|(platform, seen)| {
            PlatformStatus::new(platform.as_str().into(), seen.as_str().into())
        });
        status.detail = Some(detail.collect());
    }
    Some(status)
}

fn set_do_not_disturb(
    context: &mut Context<'_>,
    request: SetDoNotDisturb,
) -> Result<SetDoNotDisturbReply, Refusal> {
    let Some(account) = context.state.accounts.get_mut(&request.to_account) else {
        return Err(ErrorCode::MESSAGE_ACCOUNT_NOT_FOUND.because("To_Account is not imported"));
    };
    if request.end_time < request.start_time {
        let text = "EndTime is before StartTime";
        return Err(ErrorCode::MESSAGE_JSON_UNPARSABLE.because(text));
    }
    account.do_not_disturb = Some(DoNotDisturb {
        from: request.start_time,
        to: request.end_time,
        daily: request.is_repeated.is_on(),
        level: request.level,
    });
    Ok(SetDoNotDisturbReply::default())
}
