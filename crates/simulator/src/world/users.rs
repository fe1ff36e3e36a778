//! Users: importing, deleting, being online, being muted, chatbots.

use super::{
    context::Context,
    state::{Account, State},
};
use crate::refusal::{Because, Refusal};
use tencent_chat_types::{
    ErrorCode,
    account::ImportAccount,
    chatbot::CreateChatbot,
    model::{MemberAccount, ProfileTag},
    validate::Validate,
    webhook::{
        GroupOnMemberStateChange, StateChange,
        group::group_on_member_state_change::{LiveMemberCause, LiveMemberState},
        state::state_change::{StateAction, StateReason, UserState},
    },
};

/// Beginning of every chatbot's user id.
const CHATBOT: &str = "@RBT#";
/// Most chatbots of an app.
const MAX_CHATBOTS: usize = CreateChatbot::MAX_CHATBOTS as usize;

/// As a duration of a mute: for good.
pub(crate) const FOR_GOOD: u64 = u32::MAX as u64;

/// Status of a platform on which a user is there.
pub(crate) const ONLINE: &str = "Online";
/// Status of a platform that pushes reach only.
const PUSH_ONLINE: &str = "PushOnline";

/// Whether a user can have this id.
pub(crate) fn is_user_id(id: &str) -> bool {
    let fits = ImportAccount::new(id).validate().is_ok();
    fits && !id.is_empty() && !id.contains(char::is_control)
}

/// Brings a user in, or changes what is set of one who is there. The id must be one.
pub(crate) fn import(
    state: &mut State,
    user: String,
    nick: Option<String>,
    face_url: Option<String>,
) {
    let account = state.accounts.or_default(user);
    set_texts(
        account,
        [(ProfileTag::NICK, nick), (ProfileTag::IMAGE, face_url)],
    );
}

fn set_texts<const N: usize>(account: &mut Account, texts: [(ProfileTag, Option<String>); N]) {
    for (tag, value) in texts {
        if let Some(value) = value {
            let tag = tag.as_str().to_owned();
            account.profile.insert(tag, value.into());
        }
    }
}

/// Takes a user out of everything; says whether there was one. Administrators stay.
pub(crate) fn delete(context: &mut Context<'_>, user: &str) -> bool {
    let state = &mut *context.state;
    let is_admin = context.settings.admins.iter().any(|admin| admin == user);
    if is_admin || state.accounts.remove(user).is_none() {
        return false;
    }
    state.accounts.update(|_, account| {
        let was_friend = account.relations.friends.remove(user).is_some();
        account.relations.unblock(user) || was_friend
    });
    state.groups.update(|_, group| {
        let involved = group.involves(user);
        group.leave(user);
        involved
    });
    state.app.chatbots.remove(user);
    state.clear_all_history(user);
    true
}

/// Whether a user is online anywhere.
pub(crate) fn is_online(account: &Account) -> bool {
    account.platforms.values().any(|seen| seen == ONLINE)
}

/// A text of a user's profile.
pub(crate) fn text_of<'a>(account: &'a Account, tag: &ProfileTag) -> Option<&'a str> {
    account.profile.get(tag.as_str())?.as_text()
}

/// The nickname of a user who has one.
pub(crate) fn nick(account: &Account) -> Option<&str> {
    text_of(account, &ProfileTag::NICK)
}

/// Logs a user out everywhere. The app is told, if the user was logged in.
pub(crate) fn log_out(context: &mut Context<'_>, user: &str) -> Result<(), Refusal> {
    let account = context.state.accounts.get_mut(user);
    let account =
        account.ok_or_else(|| ErrorCode::ACCOUNT_NOT_FOUND.because("UserID is not imported"))?;
    let was_online = !account.platforms.is_empty();
    account.platforms.clear();
    if was_online {
        let info = UserState::new(StateAction::LOGOUT, user, StateReason::UNREGISTER);
        context.events.tell(|time| StateChange::new(info, time));
    }
    Ok(())
}

/// Lets the acting user be seen on a platform: a login, a broken connection, or with any other status
/// a logout. The app is told.
pub(crate) fn set_online(context: &mut Context<'_>, platform: &str, status: &str) {
    let user = context.operator;
    let account = context.state.accounts.or_default(user.to_owned());
    let was = is_online(account);
    let before = (account.platforms).insert(platform.to_owned(), status.to_owned());
    let is = is_online(account);
    if before.as_deref() != Some(status) {
        let (action, reason) = match status {
            ONLINE => (StateAction::LOGIN, StateReason::REGISTER),
            PUSH_ONLINE => (StateAction::DISCONNECT, StateReason::LINK_CLOSE),
            _ => (StateAction::LOGOUT, StateReason::UNREGISTER),
        };
        let info = UserState::new(action, user, reason);
        context.events.tell(|time| StateChange::new(info, time));
    }
    if was == is {
        return;
    }
    let (now, cause) = match is {
        true => (LiveMemberState::ONLINE, LiveMemberCause::HEARTBEAT_RECOVER),
        false => (
            LiveMemberState::OFFLINE,
            LiveMemberCause::HEARTBEAT_INTERRUPT,
        ),
    };
    let groups = context.state.groups.iter();
    let live = groups.filter(|(_, group)| group.is_live() && group.members.contains_key(user));
    for (id, _) in live {
        let (now, cause) = (now.clone(), cause.clone());
        context.events.tell(|_| {
            GroupOnMemberStateChange::new(id.as_str(), now, [MemberAccount::new(user)])
                .with_event_cause(cause)
        });
    }
}

/// The end of a mute that begins now.
pub(crate) fn mute_end(now: u64, seconds: u32) -> u64 {
    match u64::from(seconds) {
        0 => 0,
        FOR_GOOD => u64::MAX,
        seconds => now.saturating_add(seconds),
    }
}

/// Mutes a user everywhere, for seconds from now: in one-to-one chats, in groups.
pub(crate) fn mute(
    context: &mut Context<'_>,
    user: &str,
    in_chats: Option<u32>,
    in_groups: Option<u32>,
) -> Result<(), Refusal> {
    let account = context.state.accounts.get_mut(user);
    let account = account.ok_or_else(|| {
        ErrorCode::MUTE_SET_ACCOUNT_INVALID.because("Set_Account is not imported")
    })?;
    if let Some(seconds) = in_chats {
        account.muted.0 = mute_end(context.now, seconds);
    }
    if let Some(seconds) = in_groups {
        account.muted.1 = mute_end(context.now, seconds);
    }
    Ok(())
}

/// Makes a chatbot, or changes what is set of one.
pub(crate) fn create_chatbot(
    state: &mut State,
    user: String,
    nick: Option<String>,
    face_url: Option<String>,
    signature: Option<String>,
) -> Result<(), Refusal> {
    if !user.starts_with(CHATBOT) || user.len() == CHATBOT.len() {
        return Err(ErrorCode::GROUP_PARAMETER_INVALID.because("UserID must begin with @RBT#"));
    }
    let is_new = !state.app.chatbots.contains(&user);
    if is_new && state.app.chatbots.len() >= MAX_CHATBOTS {
        return Err(ErrorCode::GROUP_REQUEST_UNVERIFIED.because("the app has 20 chatbots"));
    }
    state.app.chatbots.insert(user.clone());
    let account = state.accounts.or_default(user);
    let texts = [
        (ProfileTag::NICK, nick),
        (ProfileTag::IMAGE, face_url),
        (ProfileTag::SELF_SIGNATURE, signature),
    ];
    set_texts(account, texts);
    Ok(())
}

/// Ends a chatbot, if there is one.
pub(crate) fn delete_chatbot(state: &mut State, user: &str) {
    if state.app.chatbots.remove(user) {
        state.accounts.remove(user);
    }
}
