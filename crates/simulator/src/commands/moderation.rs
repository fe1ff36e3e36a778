//! Muting users everywhere.

use super::registry::{BadBody, Commands};
use crate::{
    refusal::{Because, Refusal},
    world::{Context, users},
};
use tencent_chat_types::{
    Envelope, ErrorCode,
    moderation::{GetGlobalMute, GetGlobalMuteReply, SetGlobalMute, SetGlobalMuteReply},
};

const BAD_GET_BODY: BadBody = BadBody {
    unparsable: |path| match path {
        "." => ErrorCode::CONFIG_JSON_UNPARSABLE,
        _ => ErrorCode::MUTE_GET_ACCOUNT_MISSING,
    },
    invalid: |_| ErrorCode::MUTE_GET_ACCOUNT_INVALID,
};

const BAD_SET_BODY: BadBody = BadBody {
    unparsable: |path| match path {
        "." => ErrorCode::CONFIG_JSON_UNPARSABLE,
        path if path.ends_with("NospeakingTime") => ErrorCode::MUTE_TIME_MISSING,
        _ => ErrorCode::MUTE_SET_ACCOUNT_MISSING,
    },
    invalid: |_| ErrorCode::MUTE_SET_ACCOUNT_INVALID,
};

pub(super) fn register(commands: &mut Commands) {
    commands.add(BAD_SET_BODY, set_global_mute);
    commands.add(BAD_GET_BODY, get_global_mute);
}

fn set_global_mute(
    context: &mut Context<'_>,
    request: SetGlobalMute,
) -> Result<SetGlobalMuteReply, Refusal> {
    if request.c2c_mute_seconds.is_none() && request.group_mute_seconds.is_none() {
        return Err(ErrorCode::MUTE_TIME_MISSING.because("neither time is set"));
    }
    if request.set_account.is_empty() {
        return Err(ErrorCode::MUTE_SET_ACCOUNT_MISSING.because("Set_Account is empty"));
    }
    let (in_chats, in_groups) = (request.c2c_mute_seconds, request.group_mute_seconds);
    users::mute(context, &request.set_account, in_chats, in_groups)?;
    let mut reply = SetGlobalMuteReply::default();
    reply.envelope = without_status();
    Ok(reply)
}

fn get_global_mute(
    context: &mut Context<'_>,
    request: GetGlobalMute,
) -> Result<GetGlobalMuteReply, Refusal> {
    if request.get_account.is_empty() {
        return Err(ErrorCode::MUTE_GET_ACCOUNT_MISSING.because("Get_Account is empty"));
    }
    let account = context
        .state
        .accounts
        .get(&request.get_account)
        .ok_or_else(|| {
            ErrorCode::MUTE_GET_ACCOUNT_INVALID.because("Get_Account is not imported")
        })?;
    let left = |until: u64| match until {
        u64::MAX => users::FOR_GOOD,
        until => until.saturating_sub(context.now),
    };
    let mut reply = GetGlobalMuteReply::default();
    reply.c2c_mute_seconds = left(account.muted.0);
    reply.group_mute_seconds = left(account.muted.1);
    reply.envelope = without_status();
    Ok(reply)
}

/// These commands answer without ActionStatus.
fn without_status() -> Envelope {
    let mut envelope = Envelope::ok();
    envelope.action_status = None;
    envelope
}
