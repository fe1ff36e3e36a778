//! Friends, friend lists and blocked users.

use super::registry::{BadBody, Commands, text};
use crate::{
    refusal::{Because, Refusal},
    world::{Account, Context, Friend, State, Step, ask},
};
use tencent_chat_types::{
    ErrorCode,
    model::{FriendDeleteType, ProfileTag, RelationItem, RelationResult, RelationTag},
    relationship::{
        AddFriendLists, AddFriendListsReply, AddFriends, AddFriendsReply, BlockUsers,
        BlockUsersReply, CheckBlockList, CheckBlockListReply, CheckFriends, CheckFriendsReply,
        DeleteAllFriends, DeleteAllFriendsReply, DeleteFriendLists, DeleteFriendListsReply,
        DeleteFriends, DeleteFriendsReply, GetBlockList, GetBlockListReply, GetFriendLists,
        GetFriendListsReply, GetFriends, GetFriendsById, GetFriendsByIdReply, GetFriendsReply,
        ImportFriends, ImportFriendsReply, UnblockUsers, UnblockUsersReply, UpdateFriends,
        UpdateFriendsReply,
        add_friends::{AddType, NewFriend},
        check_block_list::{BlockCheck, BlockCheckType, BlockRelation},
        check_friends::{FriendCheck, FriendCheckType, FriendRelation},
        get_block_list::BlockedUser,
        get_friend_lists::{FriendList, NeedFriend},
        get_friends_by_id::FriendInfo,
        import_friends::ImportedFriend,
        update_friends::FriendUpdate,
    },
    webhook::{
        SnsBlackListAdd, SnsBlackListDelete, SnsFriendAdd, SnsFriendDelete, SnsPrevFriendAdd,
        SnsPrevFriendAddAnswer,
        relationship::{
            sns_black_list_add::BlockedPair,
            sns_black_list_delete::UnblockedPair,
            sns_friend_add::{AddedFriendPair, FriendAddCommand},
            sns_friend_delete::DeletedFriendPair,
            sns_prev_friend_add::{FriendAddType, FriendRequest},
        },
    },
};

const BAD_BODY: BadBody = BadBody {
    unparsable: |_| ErrorCode::RELATION_PARAMETER_INVALID,
    invalid: |_| ErrorCode::RELATION_PARAMETER_INVALID,
};

/// Most friends of a user.
const MAX_FRIENDS: usize = 3_000;
/// Most friend lists of a user.
const MAX_LISTS: usize = 32;
/// Most users that a user blocks.
const MAX_BLOCKED: usize = 1_000;

pub(super) fn register(commands: &mut Commands) {
    commands.add(BAD_BODY, add_friends);
    commands.add(BAD_BODY, import_friends);
    commands.add(BAD_BODY, update_friends);
    commands.add(BAD_BODY, delete_friends);
    commands.add(BAD_BODY, delete_all_friends);
    commands.add(BAD_BODY, check_friends);
    commands.add(BAD_BODY, get_friends);
    commands.add(BAD_BODY, get_friends_by_id);
    commands.add(BAD_BODY, add_friend_lists);
    commands.add(BAD_BODY, delete_friend_lists);
    commands.add(BAD_BODY, get_friend_lists);
    commands.add(BAD_BODY, block_users);
    commands.add(BAD_BODY, unblock_users);
    commands.add(BAD_BODY, get_block_list);
    commands.add(BAD_BODY, check_block_list);
}

fn account<'a>(state: &'a mut State, user: &str) -> Result<&'a mut Account, Refusal> {
    state.accounts.get_mut(user).ok_or_else(|| {
        ErrorCode::RELATION_ACCOUNT_NOT_FOUND.because("From_Account is not imported")
    })
}

/// Results, and the users whose results are no success.
fn results(
    each: impl Iterator<Item = (String, ErrorCode)>,
) -> (Vec<RelationResult>, Option<Vec<String>>) {
    let results: Vec<RelationResult> = each
        .map(|(user, code)| RelationResult::new(user, code).with_result_info(text(code)))
        .collect();
    let failed: Vec<String> = (results.iter())
        .filter(|result| result.result_code != ErrorCode::OK)
        .map(|result| result.to_account.clone())
        .collect();
    (results, (!failed.is_empty()).then_some(failed))
}

fn profile_text<'a>(account: &'a Account, tag: &ProfileTag) -> &'a str {
    let value = account.profile.get(tag.as_str());
    value.and_then(|value| value.as_text()).unwrap_or_default()
}

fn new_friend(remark: Option<&String>, source: &str, wording: Option<&String>, now: u64) -> Friend {
    let mut friend = Friend::default();
    let texts = [
        (RelationTag::REMARK, remark.map(String::as_str)),
        (RelationTag::ADD_SOURCE, Some(source)),
        (RelationTag::ADD_WORDING, wording.map(String::as_str)),
    ];
    for (tag, text) in texts {
        if let Some(text) = text {
            friend.set(tag, text);
        }
    }
    friend.set(
        RelationTag::ADD_TIME,
        i64::try_from(now).unwrap_or(i64::MAX),
    );
    friend
}

/// Puts a friend into an account, or keeps what is known of one who is there.
fn befriend(account: &mut Account, user: &str, friend: Friend) -> ErrorCode {
    let relations = &mut account.relations;
    if !relations.friends.contains_key(user) && relations.friends.len() >= MAX_FRIENDS {
        return ErrorCode::FRIEND_QUOTA;
    }
    let new_lists = friend.lists.difference(&relations.lists).count();
    if relations.lists.len() + new_lists > MAX_LISTS {
        return ErrorCode::FRIEND_LIST_QUOTA;
    }
    relations.lists.extend(friend.lists.iter().cloned());
    let entry = relations.friends.entry(user.to_owned()).or_default();
    entry.items.extend(friend.items);
    entry.lists.extend(friend.lists);
    relations.sequence += 1;
    ErrorCode::OK
}

fn add_friends(context: &mut Context<'_>, request: AddFriends) -> Result<AddFriendsReply, Refusal> {
    let from = account(context.state, &request.from_account)?;
    if profile_text(from, &ProfileTag::ADMIN_FORBID_TYPE) == "AdminForbid_Type_SendOut" {
        return Err(ErrorCode::FRIEND_ADD_FORBIDDEN.because("the user may add nobody"));
    }
    let both = request.add_type != Some(AddType::SINGLE);
    let force = request.force_add_flags.is_some_and(|flag| flag.is_on());
    let mut pairs = Vec::new();
    let each = request.add_friend_item.into_iter().map(|item| {
        let code = add_friend(
            context.state,
            &request.from_account,
            &item,
            both,
            force,
            context.now,
            &mut pairs,
        );
        (item.to_account, code)
    });
    let (results, failed) = results(each);
    tell_added(context, &request.from_account, pairs, force);
    let mut reply = AddFriendsReply::default();
    reply.result_item = results;
    reply.fail_account = failed;
    Ok(reply)
}

/// Who has whom.
type Pairs = Vec<(String, String)>;

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
        let pairs = pairs.map(|(of, new)| AddedFriendPair::new(of, new, from));
        SnsFriendAdd::new(pairs)
            .with_client_cmd(FriendAddCommand::FRIEND_ADD)
            .with_admin_account(admin)
            .with_force_flag(force)
    });
}

/// Tells the app who has lost friends.
fn tell_parted(context: &mut Context<'_>, pairs: Pairs) {
    if !pairs.is_empty() {
        context.events.tell(|_| {
            let pairs = pairs.into_iter();
            SnsFriendDelete::new(pairs.map(|(of, lost)| DeletedFriendPair::new(of, lost)))
        });
    }
}

/// What a device does that asks a user to become a friend.
pub(crate) fn request_friend(
    context: &mut Context<'_>,
    item: NewFriend,
) -> Result<Step<()>, Refusal> {
    let user = context.operator.to_owned();
    account(context.state, &user)?;
    let wanted = item.to_account.clone();
    let asked = item.clone();
    let event = move |time| {
        let mut request = FriendRequest::new(asked.to_account).with_add_source(asked.add_source);
        request.remark = asked.remark;
        request.add_wording = asked.add_wording;
        SnsPrevFriendAdd::new(user.as_str(), user.as_str(), [request], time)
            .with_add_type(FriendAddType::BOTH)
            .with_force_add_flags(false)
    };
    ask(context, None, event, move |context, answer| {
        match answer {
            Some(SnsPrevFriendAddAnswer::Allow) => {}
            Some(SnsPrevFriendAddAnswer::RefuseSome(refused)) => {
                if let Some(refusal) = refused.get(&wanted) {
                    return Err(ErrorCode(refusal.code()).because(refusal.text()));
                }
            }
            _ => return Err(ErrorCode::FRIEND_ADD_DENIED.because("the app did not answer")),
        }
        let (from, mut pairs) = (context.operator, Vec::new());
        let (state, now) = (&mut *context.state, context.now);
        let code = add_friend(state, from, &item, true, false, now, &mut pairs);
        tell_added(context, from, pairs, false);
        match code {
            ErrorCode::OK => Ok(Step::Done(())),
            code => Err(code.because(text(code))),
        }
    })
}

fn add_friend(
    state: &mut State,
    from: &str,
    item: &NewFriend,
    both: bool,
    force: bool,
    now: u64,
    pairs: &mut Pairs,
) -> ErrorCode {
    let to = item.to_account.as_str();
    let Some(other) = state.accounts.get(to) else {
        return ErrorCode::RELATION_ACCOUNT_NOT_FOUND;
    };
    if to == from {
        return ErrorCode::RELATION_PARAMETER_INVALID;
    }
    if other.relations.has_blocked(from) {
        return ErrorCode::FRIEND_ADD_BLOCKED_BY_OTHER;
    }
    let other_is_full = other.relations.friends.len() >= MAX_FRIENDS;
    let known = other.relations.friends.contains_key(from);
    if both && other_is_full && !known {
        return ErrorCode::FRIEND_QUOTA_OF_OTHER;
    }
    let wish = profile_text(other, &ProfileTag::ALLOW_TYPE).to_owned();
    let Some(account) = state.accounts.get_mut(from) else {
        return ErrorCode::RELATION_ACCOUNT_NOT_FOUND;
    };
    if account.relations.has_blocked(to) {
        return ErrorCode::FRIEND_ADD_OTHER_IS_BLOCKED;
    }
    let are_friends = account.relations.friends.contains_key(to);
    match wish.as_str() {
        _ if force || are_friends => {}
        "AllowType_Type_DenyAny" => return ErrorCode::FRIEND_ADD_DENIED,
        "AllowType_Type_NeedConfirm" => return ErrorCode::FRIEND_ADD_PENDING,
        _ => {}
    }
    let mut friend = new_friend(
        item.remark.as_ref(),
        &item.add_source,
        item.add_wording.as_ref(),
        now,
    );
    friend.lists.extend(item.group_name.clone());
    let code = befriend(account, to, friend);
    if code == ErrorCode::OK && !are_friends {
        pairs.push((from.to_owned(), to.to_owned()));
    }
    if code == ErrorCode::OK
        && both
        && let Some(other) = state.accounts.get_mut(to)
    {
        let friend = new_friend(None, &item.add_source, item.add_wording.as_ref(), now);
        let code = befriend(other, from, friend);
        if code == ErrorCode::OK && !known {
            pairs.push((to.to_owned(), from.to_owned()));
        }
        return code;
    }
    code
}

fn import_friends(
    context: &mut Context<'_>,
    request: ImportFriends,
) -> Result<ImportFriendsReply, Refusal> {
    account(context.state, &request.from_account)?;
    let each = request.add_friend_item.into_iter().map(|item| {
        let code = import_friend(context.state, &request.from_account, &item, context.now);
        (item.to_account, code)
    });
    let (results, failed) = results(each);
    let mut reply = ImportFriendsReply::default();
    reply.result_item = results;
    reply.fail_account = failed;
    Ok(reply)
}

fn import_friend(state: &mut State, from: &str, item: &ImportedFriend, now: u64) -> ErrorCode {
    if !state.accounts.contains_key(&item.to_account) {
        return ErrorCode::RELATION_ACCOUNT_NOT_FOUND;
    }
    let mut friend = new_friend(
        item.remark.as_ref(),
        &item.add_source,
        item.add_wording.as_ref(),
        item.add_time.unwrap_or(now),
    );
    friend
        .lists
        .extend(item.group_name.iter().flatten().cloned());
    for custom in item.custom_item.iter().flatten() {
        friend.set(custom.tag.clone(), custom.value.clone());
    }
    match state.accounts.get_mut(from) {
        Some(account) => befriend(account, &item.to_account, friend),
        None => ErrorCode::RELATION_ACCOUNT_NOT_FOUND,
    }
}

fn update_friends(
    context: &mut Context<'_>,
    request: UpdateFriends,
) -> Result<UpdateFriendsReply, Refusal> {
    let account = account(context.state, &request.from_account)?;
    let each = request.update_item.into_iter().map(|item| {
        let code = update_friend(account, &item);
        (item.to_account, code)
    });
    let (results, failed) = results(each);
    let mut reply = UpdateFriendsReply::default();
    reply.result_item = results;
    reply.fail_account = failed;
    Ok(reply)
}

fn update_friend(account: &mut Account, update: &FriendUpdate) -> ErrorCode {
    let relations = &mut account.relations;
    let Some(friend) = relations.friends.get_mut(&update.to_account) else {
        return ErrorCode::RELATION_ACCOUNT_NOT_FOUND;
    };
    for item in &update.sns_item {
        if item.tag != RelationTag::GROUP {
            friend.set(item.tag.clone(), item.value.clone());
            continue;
        }
        let lists = item.value.as_list().unwrap_or_default();
        let new = lists.iter().filter(|list| !relations.lists.contains(*list));
        if relations.lists.len() + new.count() > MAX_LISTS {
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

fn delete_friends(
    context: &mut Context<'_>,
    request: DeleteFriends,
) -> Result<DeleteFriendsReply, Refusal> {
    account(context.state, &request.from_account)?;
    let both = request.delete_type == Some(FriendDeleteType::BOTH);
    let (from, mut pairs) = (&request.from_account, Vec::new());
    let each = request.to_account.into_iter().map(|user| {
        let code = match part(context.state, from, &user, both, &mut pairs) {
            true => ErrorCode::OK,
            false => ErrorCode::FRIEND_DELETE_NOT_A_FRIEND,
        };
        (user, code)
    });
    let (results, failed) = results(each);
    tell_parted(context, pairs);
    let mut reply = DeleteFriendsReply::default();
    reply.result_item = results;
    reply.fail_account = failed;
    Ok(reply)
}

fn delete_all_friends(
    context: &mut Context<'_>,
    request: DeleteAllFriends,
) -> Result<DeleteAllFriendsReply, Refusal> {
    let friends = &account(context.state, &request.from_account)?
        .relations
        .friends;
    let users: Vec<String> = friends.keys().cloned().collect();
    let both = request.delete_type == Some(FriendDeleteType::BOTH);
    let mut pairs = Vec::new();
    for user in users {
        part(
            context.state,
            &request.from_account,
            &user,
            both,
            &mut pairs,
        );
    }
    tell_parted(context, pairs);
    Ok(DeleteAllFriendsReply::default())
}

fn check_friends(
    context: &mut Context<'_>,
    request: CheckFriends,
) -> Result<CheckFriendsReply, Refusal> {
    account(context.state, &request.from_account)?;
    let both = request.check_type == FriendCheckType::BOTH;
    let mut reply = CheckFriendsReply::default();
    let mut failed = Vec::new();
    for user in request.to_account {
        let friends = |of: &str, with: &str| {
            let account = context.state.accounts.get(of)?;
            Some(account.relations.friends.contains_key(with))
        };
        let Some(back) = friends(&user, &request.from_account) else {
            let code = ErrorCode::RELATION_ACCOUNT_NOT_FOUND;
            let check = FriendCheck::new(user.as_str(), code).with_result_info(text(code));
            reply
                .info_item
                .push(check.with_relation(FriendRelation::NO_RELATION));
            failed.push(user);
            continue;
        };
        let relation = match (friends(&request.from_account, &user), both && back) {
            (Some(true), true) => FriendRelation::BOTH_WAY,
            (Some(true), false) => FriendRelation::A_WITH_B,
            (_, true) => FriendRelation::B_WITH_A,
            (_, false) => FriendRelation::NO_RELATION,
        };
        let check = FriendCheck::new(user, ErrorCode::OK).with_result_info("");
        reply.info_item.push(check.with_relation(relation));
    }
    reply.fail_account = (!failed.is_empty()).then_some(failed);
    Ok(reply)
}

fn get_friends(context: &mut Context<'_>, request: GetFriends) -> Result<GetFriendsReply, Refusal> {
    let page_size = context.settings.page_size;
    let relations = &account(context.state, &request.from_account)?.relations;
    let current = relations.sequence;
    let mut reply = GetFriendsReply::default();
    reply.friend_num = relations.friends.len() as u64;
    reply.standard_sequence = current;
    reply.custom_sequence = current;
    let seen = |sequence: Option<u64>| sequence.is_some_and(|seen| seen != 0 && seen == current);
    let start = usize::try_from(request.start_index).unwrap_or(usize::MAX);
    if !(start == 0 && seen(request.standard_sequence) && seen(request.custom_sequence)) {
        let page = relations.friends.iter().skip(start).take(page_size);
        reply.user_data_item = page
            .map(|(user, friend)| {
                tencent_chat_types::relationship::get_friends::Friend::new(user.as_str())
                    .with_value_item(friend.shown())
            })
            .collect();
    }
    let end = start.saturating_add(reply.user_data_item.len());
    let complete = reply.user_data_item.is_empty() || end >= relations.friends.len();
    reply.complete_flag = complete.into();
    reply.next_start_index = if complete { 0 } else { end as u64 };
    Ok(reply)
}

fn get_friends_by_id(
    context: &mut Context<'_>,
    request: GetFriendsById,
) -> Result<GetFriendsByIdReply, Refusal> {
    let relations = &account(context.state, &request.from_account)?.relations;
    let mut reply = GetFriendsByIdReply::default();
    let mut failed = Vec::new();
    for user in request.to_account {
        let Some(friend) = relations.friends.get(&user) else {
            let info = FriendInfo::new(user.as_str(), ErrorCode::RELATION_ACCOUNT_NOT_FOUND);
            reply.info_item.push(info.with_result_info("no friend"));
            failed.push(user);
            continue;
        };
        let items = (request.tag_list.iter())
            .filter_map(|tag| Some(RelationItem::new(tag.clone(), friend.get(tag)?)));
        let info = FriendInfo::new(user, ErrorCode::OK).with_result_info("");
        let items: Vec<RelationItem> = items.collect();
        reply.info_item.push(info.with_sns_profile_item(items));
    }
    reply.fail_account = (!failed.is_empty()).then_some(failed);
    Ok(reply)
}

fn add_friend_lists(
    context: &mut Context<'_>,
    request: AddFriendLists,
) -> Result<AddFriendListsReply, Refusal> {
    let relations = &mut account(context.state, &request.from_account)?.relations;
    let new = request
        .group_name
        .iter()
        .filter(|list| !relations.lists.contains(*list));
    if relations.lists.len() + new.count() > MAX_LISTS {
        return Err(ErrorCode::FRIEND_LIST_QUOTA.because("a user has at most 32 lists"));
    }
    relations.lists.extend(request.group_name.iter().cloned());
    relations.sequence += 1;
    let mut reply = AddFriendListsReply::default();
    reply.current_sequence = relations.sequence;
    if let Some(users) = request.to_account {
        let each = users.into_iter().map(|user| {
            let code = match relations.friends.get_mut(&user) {
                Some(friend) => {
                    friend.lists.extend(request.group_name.iter().cloned());
                    ErrorCode::OK
                }
                None => ErrorCode::FRIEND_LIST_NOT_A_FRIEND,
            };
            (user, code)
        });
        let (results, failed) = results(each);
        reply.result_item = Some(results);
        reply.fail_account = failed;
    }
    Ok(reply)
}

fn delete_friend_lists(
    context: &mut Context<'_>,
    request: DeleteFriendLists,
) -> Result<DeleteFriendListsReply, Refusal> {
    let relations = &mut account(context.state, &request.from_account)?.relations;
    for list in &request.group_name {
        relations.lists.remove(list);
        for friend in relations.friends.values_mut() {
            friend.lists.remove(list);
        }
    }
    relations.sequence += 1;
    let mut reply = DeleteFriendListsReply::default();
    reply.current_sequence = relations.sequence;
    Ok(reply)
}

fn get_friend_lists(
    context: &mut Context<'_>,
    request: GetFriendLists,
) -> Result<GetFriendListsReply, Refusal> {
    let relations = &account(context.state, &request.from_account)?.relations;
    let mut reply = GetFriendListsReply::default();
    reply.current_sequence = relations.sequence;
    let wanted = request.group_name.filter(|names| !names.is_empty());
    for name in &relations.lists {
        if wanted.as_ref().is_some_and(|wanted| !wanted.contains(name)) {
            continue;
        }
        let members: Vec<&String> = (relations.friends.iter())
            .filter(|(_, friend)| friend.lists.contains(name))
            .map(|(user, _)| user)
            .collect();
        let mut list = FriendList::new(name.as_str(), members.len() as u64);
        if request.need_friend == Some(NeedFriend::YES) {
            list.to_account = Some(members.into_iter().cloned().collect());
        }
        reply.result_item.push(list);
    }
    Ok(reply)
}

fn block_users(context: &mut Context<'_>, request: BlockUsers) -> Result<BlockUsersReply, Refusal> {
    account(context.state, &request.from_account)?;
    let (from, now) = (request.from_account.as_str(), context.now);
    let (mut blocked, mut parted) = (Vec::new(), Vec::new());
    let each = request.to_account.into_iter().map(|user| {
        let code = block(context.state, from, &user, now, &mut blocked, &mut parted);
        (user, code)
    });
    let (results, failed) = results(each);
    if !blocked.is_empty() {
        context.events.tell(|_| {
            let blocked = blocked.into_iter();
            SnsBlackListAdd::new(blocked.map(|(by, user)| BlockedPair::new(by, user)))
        });
    }
    tell_parted(context, parted);
    let mut reply = BlockUsersReply::default();
    reply.result_item = results;
    reply.fail_account = failed;
    Ok(reply)
}

/// Blocks a user, which also ends a friendship on both sides.
fn block(
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
        relations.blocked.push((user.to_owned(), now));
        relations.sequence += 1;
        blocked.push((from.to_owned(), user.to_owned()));
    }
    part(state, from, user, true, parted);
    ErrorCode::OK
}

fn unblock_users(
    context: &mut Context<'_>,
    request: UnblockUsers,
) -> Result<UnblockUsersReply, Refusal> {
    let from = request.from_account.as_str();
    let relations = &mut account(context.state, from)?.relations;
    let mut freed = Vec::new();
    let each = request.to_account.into_iter().map(|user| {
        if relations.has_blocked(&user) {
            freed.push(UnblockedPair::new(from, user.as_str()));
        }
        relations.blocked.retain(|(blocked, _)| *blocked != user);
        (user, ErrorCode::OK)
    });
    let (results, failed) = results(each);
    relations.sequence += 1;
    if !freed.is_empty() {
        context.events.tell(|_| SnsBlackListDelete::new(freed));
    }
    let mut reply = UnblockUsersReply::default();
    reply.result_item = results;
    reply.fail_account = failed;
    Ok(reply)
}

fn get_block_list(
    context: &mut Context<'_>,
    request: GetBlockList,
) -> Result<GetBlockListReply, Refusal> {
    let relations = &account(context.state, &request.from_account)?.relations;
    let start = usize::try_from(request.start_index).unwrap_or(usize::MAX);
    let most = usize::try_from(request.max_limited)
        .unwrap_or(usize::MAX)
        .max(1);
    let page = relations.blocked.iter().skip(start).take(most);
    let list: Vec<BlockedUser> = page
        .map(|(user, time)| BlockedUser::new(user.as_str(), *time))
        .collect();
    let end = start.saturating_add(list.len());
    let mut reply = GetBlockListReply::default();
    reply.start_index = if end < relations.blocked.len() {
        end as u64
    } else {
        0
    };
    reply.current_sequence = relations.sequence;
    reply.black_list_item = Some(list);
    Ok(reply)
}

fn check_block_list(
    context: &mut Context<'_>,
    request: CheckBlockList,
) -> Result<CheckBlockListReply, Refusal> {
    account(context.state, &request.from_account)?;
    let both = request.check_type == BlockCheckType::BOTH;
    let mut reply = CheckBlockListReply::default();
    let mut failed = Vec::new();
    for user in request.to_account {
        let blocks = |of: &str, whom: &str| {
            let account = context.state.accounts.get(of)?;
            Some(account.relations.has_blocked(whom))
        };
        let Some(back) = blocks(&user, &request.from_account) else {
            let code = ErrorCode::RELATION_ACCOUNT_NOT_FOUND;
            let check = BlockCheck::new(user.as_str(), code).with_result_info(text(code));
            reply
                .black_list_check_item
                .push(check.with_relation(BlockRelation::NO));
            failed.push(user);
            continue;
        };
        let relation = match (blocks(&request.from_account, &user), both && back) {
            (Some(true), true) => BlockRelation::BOTH_WAY,
            (Some(true), false) => BlockRelation::A_WITH_B,
            (_, true) => BlockRelation::B_WITH_A,
            (_, false) => BlockRelation::NO,
        };
        let check = BlockCheck::new(user, ErrorCode::OK).with_result_info("");
        reply
            .black_list_check_item
            .push(check.with_relation(relation));
    }
    reply.fail_account = (!failed.is_empty()).then_some(failed);
    Ok(reply)
}
