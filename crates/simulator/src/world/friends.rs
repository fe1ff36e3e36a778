//! Friends, friend lists and blocked users.

use super::{
    context::Context,
    relations::Friend,
    state::{Account, State},
    step::{Step, ask},
    users::text_of,
};
use crate::{
    limits::has_too_many,
    refusal::{Because, Refusal},
};
use std::collections::BTreeSet;
use tencent_chat_types::{
    ErrorCode,
    model::{FriendAddType, ProfileTag, RelationItem, RelationTag},
    relationship::{AddFriendLists, AddFriends, BlockUsers},
    webhook::{
        SnsBlackListAdd, SnsBlackListDelete, SnsFriendAdd, SnsFriendDelete, SnsPrevFriendAdd,
        SnsPrevFriendAddAnswer, SnsPrevFriendAddRequired,
        relationship::{
            sns_black_list_add::{BlockedPair, BlockedPairRequired},
            sns_black_list_delete::{UnblockedPair, UnblockedPairRequired},
            sns_friend_add::{AddedFriendPair, AddedFriendPairRequired, FriendAddCommand},
            sns_friend_delete::{DeletedFriendPair, DeletedFriendPairRequired},
            sns_prev_friend_add::FriendRequest,
        },
    },
};

/// Most friends of a user.
const MAX_FRIENDS: usize = AddFriends::MAX_FRIENDS as usize;
/// Most users that a user blocks.
const MAX_BLOCKED: usize = BlockUsers::MAX_BLOCKED as usize;

/// What became of each user who was named, in that order.
pub(crate) type Outcomes = Vec<(String, ErrorCode)>;

/// Who has whom.
type Pairs = Vec<(String, String)>;

/// The user whose relations are meant.
pub(crate) fn account<'a>(state: &'a mut State, user: &str) -> Result<&'a mut Account, Refusal> {
    state.accounts.get_mut(user).ok_or_else(|| {
        ErrorCode::RELATION_ACCOUNT_NOT_FOUND.because("From_Account is not imported")
    })
}

/// A friend that a user means to have.
#[derive(Clone)]
pub(crate) struct NewFriend {
    pub(crate) user: String,
    pub(crate) remark: Option<String>,
    /// Where the wish came from.
    pub(crate) source: String,
    /// Words of the request.
    pub(crate) wording: Option<String>,
    /// Friend lists to be in.
    pub(crate) lists: Vec<String>,
    /// Custom fields.
    pub(crate) items: Vec<RelationItem>,
    /// Since when, in seconds since 1970; since now unless set.
    pub(crate) since: Option<u64>,
}

impl NewFriend {
    /// With nothing but who it is, and where the wish came from.
    pub(crate) fn new(user: impl Into<String>, source: impl Into<String>) -> Self {
        Self {
            user: user.into(),
            remark: None,
            source: source.into(),
            wording: None,
            lists: Vec::new(),
            items: Vec::new(),
            since: None,
        }
    }

    fn friend(&self, now: u64) -> Friend {
        let mut friend = Friend::default();
        let texts = [
            (RelationTag::REMARK, self.remark.as_deref()),
            (RelationTag::ADD_SOURCE, Some(self.source.as_str())),
            (RelationTag::ADD_WORDING, self.wording.as_deref()),
        ];
        for (tag, text) in texts {
            if let Some(text) = text {
                friend.set(tag, text);
            }
        }
        let since = i64::try_from(self.since.unwrap_or(now)).unwrap_or(i64::MAX);
        friend.set(RelationTag::ADD_TIME, since);
        friend.lists.extend(self.lists.iter().cloned());
        for item in &self.items {
            friend.set(item.tag.clone(), item.value.clone());
        }
        friend
    }

    /// What the friend gets in turn.
    fn in_return(&self, now: u64) -> Friend {
        let back = Self {
            wording: self.wording.clone(),
            ..Self::new("", self.source.as_str())
        };
        back.friend(now)
    }
}

/// Whether a user would have more friend lists with these than a user can have.
fn has_too_many_lists<'a>(
    held: &'a BTreeSet<String>,
    new: impl IntoIterator<Item = &'a String>,
) -> bool {
    let all: BTreeSet<&String> = held.iter().chain(new).collect();
    let all: Vec<&str> = all.into_iter().map(String::as_str).collect();
    has_too_many(&AddFriendLists::new("", all))
}

/// Puts a friend into an account, or keeps what is known of one who is there.
fn befriend(account: &mut Account, user: &str, friend: Friend) -> ErrorCode {
    let relations = &mut account.relations;
    if !relations.friends.contains_key(user) && relations.friends.len() >= MAX_FRIENDS {
        return ErrorCode::FRIEND_QUOTA;
    }
    if has_too_many_lists(&relations.lists, &friend.lists) {
        return ErrorCode::FRIEND_LIST_QUOTA;
    }
    relations.lists.extend(friend.lists.iter().cloned());
    let entry = relations.friends.or_default(user.to_owned());
    entry.items.extend(friend.items);
    entry.lists.extend(friend.lists);
    relations.sequence += 1;
    ErrorCode::OK
}

/// Adds friends to a user: to both sides or one, whatever the other's profile says if forced. The app
/// is told.
pub(crate) fn add(
    context: &mut Context<'_>,
    from: &str,
    new: &[NewFriend],
    both: bool,
    force: bool,
) -> Result<Outcomes, Refusal> {
    let account = account(context.state, from)?;
    if text_of(account, &ProfileTag::ADMIN_FORBID_TYPE) == Some("AdminForbid_Type_SendOut") {
        return Err(ErrorCode::FRIEND_ADD_FORBIDDEN.because("the user may add nobody"));
    }
    let (state, now, mut pairs) = (&mut *context.state, context.now, Vec::new());
    let outcomes = new.iter().map(|new| {
        let code = add_one(state, from, new, both, force, now, &mut pairs);
        (new.user.clone(), code)
    });
    let outcomes = outcomes.collect();
    tell_added(context, from, pairs, force);
    Ok(outcomes)
}

/// Lets the acting user ask another to become a friend, who becomes one at once unless the profile
/// says otherwise. The app is asked and told.
pub(crate) fn request(context: &mut Context<'_>, new: NewFriend) -> Result<Step<()>, Refusal> {
    account(context.state, context.operator)?;
    let event = |context: &Context<'_>, new: &NewFriend, time| {
        let (user, source) = (new.user.as_str(), new.source.as_str());
        let mut request = FriendRequest::new(user).with_add_source(source);
        request.remark.clone_from(&new.remark);
        request.add_wording.clone_from(&new.wording);
        SnsPrevFriendAdd::new(SnsPrevFriendAddRequired {
            requester_account: context.operator.into(),
            from_account: context.operator.into(),
            friend_item: vec![request],
            event_time: time,
        })
        .with_add_type(FriendAddType::BOTH)
        .with_force_add_flags(false)
    };
    ask(context, None, new, event, |context, new, answer| {
        match answer {
            Some(SnsPrevFriendAddAnswer::Allow) => {}
            Some(SnsPrevFriendAddAnswer::RefuseSome(mut refused)) => {
                if let Some(refusal) = refused.remove(&new.user) {
                    return Err(refusal.into());
                }
            }
            _ => return Err(ErrorCode::FRIEND_ADD_DENIED.because("the app did not answer")),
        }
        let (from, mut pairs) = (context.operator, Vec::new());
        let (state, now) = (&mut *context.state, context.now);
        let code = add_one(state, from, &new, true, false, now, &mut pairs);
        tell_added(context, from, pairs, false);
        match code {
            ErrorCode::OK => Ok(Step::Done(())),
            code => Err(code.because(code.meaning().unwrap_or_default())),
        }
    })
}

/// Tells the app who has new friends.
fn tell_added(context: &mut Context<'_>, from: &str, pairs: Pairs, force: bool) {
    if pairs.is_empty() {
        return;
    }
    let admin = match context.events.is_rest() {
        true => context.operator,
        false => "",
    };
    context.events.tell(|_| {
        let pairs = pairs.into_iter();
        let pairs = pairs.map(|(of, new)| {
            AddedFriendPair::new(AddedFriendPairRequired {
                from_account: of,
                to_account: new,
                initiator_account: from.into(),
            })
        });
        SnsFriendAdd::new(pairs)
            .with_client_cmd(FriendAddCommand::FRIEND_ADD)
            .with_admin_account(admin)
            .with_force_flag(force)
    });
}

/// What speaks against a friendship, on the side of who is to be the friend.
fn check_other(other: &Account, from: &str, both: bool) -> ErrorCode {
    let relations = &other.relations;
    if relations.has_blocked(from) {
        return ErrorCode::FRIEND_ADD_BLOCKED_BY_OTHER;
    }
    let is_full = relations.friends.len() >= MAX_FRIENDS;
    match both && is_full && !relations.friends.contains_key(from) {
        true => ErrorCode::FRIEND_QUOTA_OF_OTHER,
        false => ErrorCode::OK,
    }
}

fn add_one(
    state: &mut State,
    from: &str,
    new: &NewFriend,
    both: bool,
    force: bool,
    now: u64,
    pairs: &mut Pairs,
) -> ErrorCode {
    let to = new.user.as_str();
    let Some(other) = state.accounts.get(to) else {
        return ErrorCode::RELATION_ACCOUNT_NOT_FOUND;
    };
    if to == from {
        return ErrorCode::RELATION_PARAMETER_INVALID;
    }
    let code = check_other(other, from, both);
    if code != ErrorCode::OK {
        return code;
    }
    let wish = text_of(other, &ProfileTag::ALLOW_TYPE).map(str::to_owned);
    let known = other.relations.friends.contains_key(from);
    let Some(account) = state.accounts.get_mut(from) else {
        return ErrorCode::RELATION_ACCOUNT_NOT_FOUND;
    };
    if account.relations.has_blocked(to) {
        return ErrorCode::FRIEND_ADD_OTHER_IS_BLOCKED;
    }
    let are_friends = account.relations.friends.contains_key(to);
    match wish.as_deref() {
        _ if force || are_friends => {}
        Some("AllowType_Type_DenyAny") => return ErrorCode::FRIEND_ADD_DENIED,
        Some("AllowType_Type_NeedConfirm") => return ErrorCode::FRIEND_ADD_PENDING,
        _ => {}
    }
    let code = befriend(account, to, new.friend(now));
    if code != ErrorCode::OK {
        return code;
    }
    if !are_friends {
        pairs.push((from.to_owned(), to.to_owned()));
    }
    let Some(other) = state.accounts.get_mut(to).filter(|_| both) else {
        return code;
    };
    let code = befriend(other, from, new.in_return(now));
    if code == ErrorCode::OK && !known {
        pairs.push((to.to_owned(), from.to_owned()));
    }
    code
}

/// Brings friends of another system's in, on one side and without asking anybody.
pub(crate) fn import(
    context: &mut Context<'_>,
    from: &str,
    new: &[NewFriend],
) -> Result<Outcomes, Refusal> {
    account(context.state, from)?;
    let (state, now) = (&mut *context.state, context.now);
    let outcomes = new.iter().map(|new| {
        let known = state.accounts.contains_key(&new.user);
        let code = match state.accounts.get_mut(from).filter(|_| known) {
            Some(account) => befriend(account, &new.user, new.friend(now)),
            None => ErrorCode::RELATION_ACCOUNT_NOT_FOUND,
        };
        (new.user.clone(), code)
    });
    Ok(outcomes.collect())
}

/// Changes what is known of a friend.
pub(crate) fn update(account: &mut Account, user: &str, items: &[RelationItem]) -> ErrorCode {
    let relations = &mut account.relations;
    let Some(friend) = relations.friends.get_mut(user) else {
        return ErrorCode::RELATION_ACCOUNT_NOT_FOUND;
    };
    for item in items {
        if item.tag != RelationTag::GROUP {
            friend.set(item.tag.clone(), item.value.clone());
            continue;
        }
        let lists = item.value.as_list().unwrap_or_default();
        if has_too_many_lists(&relations.lists, lists) {
            return ErrorCode::FRIEND_LIST_QUOTA;
        }
        relations.lists.extend(lists.iter().cloned());
        friend.lists = lists.iter().cloned().collect();
    }
    relations.sequence += 1;
    ErrorCode::OK
}

/// Ends a friendship; says whether there was one.
fn part(state: &mut State, from: &str, to: &str, both: bool, pairs: &mut Pairs) -> bool {
    let mut end = |of: &str, with: &str| {
        let relations = state
            .accounts
            .get_mut(of)
            .map(|account| &mut account.relations);
        relations.is_some_and(|relations| {
            let was = relations.friends.remove(with).is_some();
            relations.sequence += u64::from(was);
            if was {
                pairs.push((of.to_owned(), with.to_owned()));
            }
            was
        })
    };
    let was = end(from, to);
    if both {
        end(to, from);
    }
    was
}

/// Ends friendships, on both sides or one. The app is told.
pub(crate) fn remove(
    context: &mut Context<'_>,
    from: &str,
    users: Vec<String>,
    both: bool,
) -> Result<Outcomes, Refusal> {
    account(context.state, from)?;
    let (state, mut pairs) = (&mut *context.state, Vec::new());
    let outcomes = users.into_iter().map(|user| {
        let code = match part(state, from, &user, both, &mut pairs) {
            true => ErrorCode::OK,
            false => ErrorCode::FRIEND_DELETE_NOT_A_FRIEND,
        };
        (user, code)
    });
    let outcomes = outcomes.collect();
    tell_parted(context, pairs);
    Ok(outcomes)
}

/// Ends all friendships of a user, on both sides or one. The app is told.
pub(crate) fn remove_all(context: &mut Context<'_>, from: &str, both: bool) -> Result<(), Refusal> {
    let friends = &account(context.state, from)?.relations.friends;
    let users: Vec<String> = friends.keys().cloned().collect();
    remove(context, from, users, both).map(drop)
}

/// Tells the app who has lost friends.
fn tell_parted(context: &mut Context<'_>, pairs: Pairs) {
    if !pairs.is_empty() {
        context.events.tell(|_| {
            let pairs = pairs.into_iter();
            SnsFriendDelete::new(pairs.map(|(of, lost)| {
                DeletedFriendPair::new(DeletedFriendPairRequired {
                    from_account: of,
                    to_account: lost,
                })
            }))
        });
    }
}

/// Adds friend lists, and puts friends into them where some are named; answers what became of each,
/// and the number of the change.
pub(crate) fn add_lists(
    state: &mut State,
    from: &str,
    lists: &[String],
    users: Vec<String>,
) -> Result<(Outcomes, u64), Refusal> {
    let relations = &mut account(state, from)?.relations;
    if has_too_many_lists(&relations.lists, lists) {
        return Err(ErrorCode::FRIEND_LIST_QUOTA.because("a user has at most 32 lists"));
    }
    relations.lists.extend(lists.iter().cloned());
    relations.sequence += 1;
    let outcomes = users.into_iter().map(|user| {
        let code = match relations.friends.get_mut(&user) {
            Some(friend) => {
                friend.lists.extend(lists.iter().cloned());
                ErrorCode::OK
            }
            None => ErrorCode::FRIEND_LIST_NOT_A_FRIEND,
        };
        (user, code)
    });
    Ok((outcomes.collect(), relations.sequence))
}

/// Ends friend lists; answers the number of the change.
pub(crate) fn delete_lists(
    state: &mut State,
    from: &str,
    lists: &[String],
) -> Result<u64, Refusal> {
    let relations = &mut account(state, from)?.relations;
    let gone: BTreeSet<&String> = lists.iter().collect();
    relations.lists.retain(|list| !gone.contains(list));
    relations.friends.update(|_, friend| {
        let before = friend.lists.len();
        friend.lists.retain(|list| !gone.contains(list));
        friend.lists.len() < before
    });
    relations.sequence += 1;
    Ok(relations.sequence)
}

/// Lets a user block others, which ends friendships on both sides. The app is told.
pub(crate) fn block(
    context: &mut Context<'_>,
    from: &str,
    users: Vec<String>,
) -> Result<Outcomes, Refusal> {
    account(context.state, from)?;
    let (state, now) = (&mut *context.state, context.now);
    let (mut blocked, mut parted) = (Vec::new(), Vec::new());
    let outcomes = users.into_iter().map(|user| {
        let code = block_one(state, from, &user, now, &mut blocked, &mut parted);
        (user, code)
    });
    let outcomes = outcomes.collect();
    if !blocked.is_empty() {
        context.events.tell(|_| {
            let blocked = blocked.into_iter();
            SnsBlackListAdd::new(blocked.map(|(by, user)| {
                BlockedPair::new(BlockedPairRequired {
                    from_account: by,
                    to_account: user,
                })
            }))
        });
    }
    tell_parted(context, parted);
    Ok(outcomes)
}

fn block_one(
    state: &mut State,
    from: &str,
    user: &str,
    now: u64,
    blocked: &mut Pairs,
    parted: &mut Pairs,
) -> ErrorCode {
    if user == from || !state.accounts.contains_key(user) {
        return ErrorCode::RELATION_ACCOUNT_NOT_FOUND;
    }
    let Some(account) = state.accounts.get_mut(from) else {
        return ErrorCode::RELATION_ACCOUNT_NOT_FOUND;
    };
    let relations = &mut account.relations;
    if !relations.has_blocked(user) {
        if relations.blocked.len() >= MAX_BLOCKED {
            return ErrorCode::BLOCK_LIST_QUOTA;
        }
        relations.block(user, now);
        blocked.push((from.to_owned(), user.to_owned()));
    }
    part(state, from, user, true, parted);
    ErrorCode::OK
}

/// Lets a user block others no longer. The app is told.
pub(crate) fn unblock(
    context: &mut Context<'_>,
    from: &str,
    users: &[String],
) -> Result<(), Refusal> {
    let relations = &mut account(context.state, from)?.relations;
    let freed = users.iter().filter(|user| relations.unblock(user));
    let freed: Vec<UnblockedPair> = freed
        .map(|user| {
            UnblockedPair::new(UnblockedPairRequired {
                from_account: from.into(),
                to_account: user.as_str().into(),
            })
        })
        .collect();
    relations.sequence += 1;
    if !freed.is_empty() {
        context.events.tell(|_| SnsBlackListDelete::new(freed));
    }
    Ok(())
}
