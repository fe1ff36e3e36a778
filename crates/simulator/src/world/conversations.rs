//! Conversations of users: their lists, pins, marks and groups.

use super::state::{Account, Peer, Recent, State};
use crate::refusal::{Because, Refusal};
use std::collections::{BTreeMap, BTreeSet};
use tencent_chat_types::{
    ErrorCode,
    conversation::{CreateContactGroup, PinConversations},
    model::Contact,
};

/// Most conversation groups of a user.
const MAX_GROUPS: usize = CreateContactGroup::MAX_GROUPS as usize;
/// Most conversations of a user that are marked or in a group.
const MAX_CONVERSATIONS: usize = CreateContactGroup::MAX_CONVERSATIONS as usize;
/// Most pinned conversations of a user.
const MAX_PINNED: usize = PinConversations::MAX_PINNED as usize;

/// The user whose conversations are meant.
pub(crate) fn account<'a>(state: &'a mut State, user: &str) -> Result<&'a mut Account, Refusal> {
    state.accounts.get_mut(user).ok_or_else(|| {
        ErrorCode::CONVERSATION_ACCOUNT_NOT_FOUND.because("From_Account is not imported")
    })
}

/// The conversation that a request names, or the code that says why there is none.
pub(crate) fn peer(state: &State, contact: &Contact) -> Result<Peer, ErrorCode> {
    match Peer::of(contact) {
        Some(Peer::User(user)) if !state.accounts.contains_key(&user) => {
            Err(ErrorCode::CONVERSATION_ACCOUNT_NOT_FOUND)
        }
        Some(Peer::Group(id)) if !state.groups.contains_key(&id) => {
            Err(ErrorCode::CONVERSATION_GROUP_ID_UNRESOLVED)
        }
        Some(peer) => Ok(peer),
        None => Err(ErrorCode::CONVERSATION_PARAMETER_INVALID),
    }
}

/// Takes a conversation off a user's list, and what was said out of the user's history where wanted.
pub(crate) fn delete(
    state: &mut State,
    user: &str,
    peer: &Peer,
    with_history: bool,
) -> Result<(), Refusal> {
    account(state, user)?.conversations.remove(peer);
    match peer {
        Peer::User(other) if with_history => state.clear_history(user, other),
        Peer::User(_) => {}
        Peer::Group(id) => {
            if let Some(group) = state.groups.get_mut(id) {
                group.unlist(user);
            }
        }
    }
    Ok(())
}

/// A user's conversations, in no order that means anything.
pub(crate) fn list(state: &State, user: &str) -> Vec<(Peer, Recent)> {
    let account = state.accounts.get(user);
    let own = account.iter().flat_map(|account| &account.conversations);
    let mut list: BTreeMap<Peer, Recent> =
        own.map(|(peer, recent)| (peer.clone(), *recent)).collect();
    // A group's messages are not noted with every member.
    for (id, group) in &state.groups {
        if let Some(time) = group.moved_up_for(user) {
            let recent = list.entry(Peer::Group(id.clone())).or_default();
            recent.last_time = recent.last_time.max(time);
        }
    }
    list.into_iter().collect()
}

/// Pins a conversation to the top, or takes it off.
pub(crate) fn pin(account: &mut Account, peer: Peer, pinned: bool) {
    account.conversations.or_default(peer).pinned = pinned;
}

/// Pins conversations to the top, or takes those off that are there.
pub(crate) fn pin_all(
    account: &mut Account,
    peers: Vec<Peer>,
    pinned: bool,
) -> Result<(), Refusal> {
    if pinned {
        let held = account.conversations.iter();
        let held = held.filter(|(_, recent)| recent.pinned);
        let all: BTreeSet<&Peer> = held.map(|(peer, _)| peer).chain(&peers).collect();
        if all.len() > MAX_PINNED {
            return Err(ErrorCode::CONVERSATION_PIN_QUOTA.because("50 conversations are pinned"));
        }
    }
    for peer in peers {
        if pinned || account.conversations.contains_key(&peer) {
            pin(account, peer, pinned);
        }
    }
    Ok(())
}

/// That a conversation group can have this name; how long one may be is checked with the request.
pub(crate) fn check_name(name: &str) -> Result<(), Refusal> {
    match name.is_empty() {
        true => Err(ErrorCode::CONVERSATION_PARAMETER_INVALID.because("the name is empty")),
        false => Ok(()),
    }
}

/// The conversation group with a name, which is made where there is none.
pub(crate) fn group_of(account: &mut Account, name: &str) -> Result<u64, Refusal> {
    if let Some(id) = account.contact_groups.get(name) {
        return Ok(*id);
    }
    if account.contact_groups.len() >= MAX_GROUPS {
        return Err(ErrorCode::CONTACT_GROUP_QUOTA.because("there are 20 groups already"));
    }
    account.contact_groups_created += 1;
    let id = account.contact_groups_created;
    account.contact_groups.insert(name.to_owned(), id);
    Ok(id)
}

/// Gives a conversation group another name.
pub(crate) fn rename(account: &mut Account, old: &str, new: &str) -> Result<(), Refusal> {
    check_name(new)?;
    if new != old && account.contact_groups.contains_key(new) {
        let text = "another group has this name";
        return Err(ErrorCode::CONVERSATION_PARAMETER_INVALID.because(text));
    }
    if let Some(id) = account.contact_groups.remove(old) {
        account.contact_groups.insert(new.to_owned(), id);
    }
    Ok(())
}

/// Ends a conversation group; answers its id.
pub(crate) fn delete_group(account: &mut Account, name: &str) -> Result<u64, Refusal> {
    let Some(id) = account.contact_groups.remove(name) else {
        return Err(ErrorCode::CONTACT_GROUP_NOT_FOUND.because("no group has this name"));
    };
    account.marks.update(|_, marks| marks.groups.remove(&id));
    account.marks.retain(|_, marks| !marks.is_empty());
    Ok(id)
}

/// Puts a conversation into a group or takes it out.
pub(crate) fn put(
    account: &mut Account,
    peer: Peer,
    group: u64,
    into: bool,
    now: u64,
) -> ErrorCode {
    if into && !account.marks.contains_key(&peer) && account.marks.len() >= MAX_CONVERSATIONS {
        return ErrorCode::CONVERSATION_QUOTA;
    }
    let marks = account.marks.or_default(peer.clone());
    let changed = if into {
        marks.groups.insert(group)
    } else {
        marks.groups.remove(&group)
    };
    if changed {
        marks.changed = now;
    }
    if marks.is_empty() {
        account.marks.remove(&peer);
    }
    ErrorCode::OK
}

/// What is to become of the marks on a conversation.
pub(crate) struct NewMarks {
    /// Standard marks to set and to clear, bit by bit.
    pub(crate) standard: Option<(u64, u64)>,
    /// The app's own mark; an empty one takes it off.
    pub(crate) custom: Option<String>,
}

/// Marks a conversation; none means that what is wanted makes no sense.
pub(crate) fn mark(
    account: &mut Account,
    peer: Peer,
    new: &Option<NewMarks>,
    now: u64,
) -> ErrorCode {
    let Some(new) = new else {
        return ErrorCode::CONVERSATION_PARAMETER_INVALID;
    };
    if !account.marks.contains_key(&peer) && account.marks.len() >= MAX_CONVERSATIONS {
        return ErrorCode::CONVERSATION_QUOTA;
    }
    let marks = account.marks.or_default(peer.clone());
    if let Some((set, clear)) = new.standard {
        marks.standard = marks.standard & !clear | set;
    }
    if let Some(text) = &new.custom {
        marks.custom = (!text.is_empty()).then(|| text.clone());
    }
    marks.changed = now;
    if marks.is_empty() {
        account.marks.remove(&peer);
    }
    ErrorCode::OK
}
