//! Friends, friend lists and blocked users.

use super::registry::{BadBody, Commands, text};
use crate::{
    refusal::Refusal,
    world::{
        Context, NewFriend,
        friends::{self, account},
    },
};
use tencent_chat_types::{
    ErrorCode,
    model::{FriendAddType, FriendDeleteType, RelationItem, RelationResult},
    relationship::{
        AddFriendLists, AddFriendListsReply, AddFriends, AddFriendsReply, BlockUsers,
        BlockUsersReply, CheckBlockList, CheckBlockListReply, CheckFriends, CheckFriendsReply,
        DeleteAllFriends, DeleteAllFriendsReply, DeleteFriendLists, DeleteFriendListsReply,
        DeleteFriends, DeleteFriendsReply, GetBlockList, GetBlockListReply, GetFriendLists,
        GetFriendListsReply, GetFriends, GetFriendsById, GetFriendsByIdReply, GetFriendsReply,
        ImportFriends, ImportFriendsReply, UnblockUsers, UnblockUsersReply, UpdateFriends,
        UpdateFriendsReply,
        check_block_list::{BlockCheck, BlockCheckType, BlockRelation},
        check_friends::{FriendCheck, FriendCheckType, FriendRelation},
        get_block_list::BlockedUser,
        get_friend_lists::{FriendList, NeedFriend},
        get_friends_by_id::FriendInfo,
    },
};

const BAD_BODY: BadBody = BadBody {
    unparsable: |_| ErrorCode::RELATION_PARAMETER_INVALID,
    invalid: |_| ErrorCode::RELATION_PARAMETER_INVALID,
};

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

/// Results, and the users whose results are failures.
fn results(
    each: impl IntoIterator<Item = (String, ErrorCode)>,
) -> (Vec<RelationResult>, Option<Vec<String>>) {
    let results: Vec<RelationResult> = (each.into_iter())
        .map(|(user, code)| RelationResult::new(user, code).with_result_info(text(code)))
        .collect();
    let failed: Vec<String> = (results.iter())
        .filter(|result| result.result_code != ErrorCode::OK)
        .map(|result| result.to_account.clone())
        .collect();
    (results, (!failed.is_empty()).then_some(failed))
}

fn add_friends(context: &mut Context<'_>, request: AddFriends) -> Result<AddFriendsReply, Refusal> {
    let both = request.add_type != Some(FriendAddType::SINGLE);
    let force = request.force_add_flags.is_some_and(|flag| flag.is_on());
    let new = request.add_friend_item.into_iter().map(|item| NewFriend {
        remark: item.remark,
        wording: item.add_wording,
        lists: item.group_name.into_iter().collect(),
        ..NewFriend::new(item.to_account, item.add_source)
    });
    let new: Vec<NewFriend> = new.collect();
    let outcomes = friends::add(context, &request.from_account, &new, both, force)?;
    let (results, failed) = results(outcomes);
    let mut reply = AddFriendsReply::default();
    reply.result_item = results;
    reply.fail_account = failed;
    Ok(reply)
}

fn import_friends(
    context: &mut Context<'_>,
    request: ImportFriends,
) -> Result<ImportFriendsReply, Refusal> {
    let new = request.add_friend_item.into_iter().map(|item| NewFriend {
        remark: item.remark,
        wording: item.add_wording,
        lists: item.group_name.unwrap_or_default(),
        items: item.custom_item.unwrap_or_default(),
        since: item.add_time,
        ..NewFriend::new(item.to_account, item.add_source)
    });
    let new: Vec<NewFriend> = new.collect();
    let outcomes = friends::import(context, &request.from_account, &new)?;
    let (results, failed) = results(outcomes);
    let mut reply = ImportFriendsReply::default();
    reply.result_item = results;
    reply.fail_account = failed;
    Ok(reply)
}

fn update_friends(
    context: &mut Context<'_>,
    request: UpdateFriends,
) -> Result<UpdateFriendsReply, Refusal> {
    let account = account(context.state, &request.from_account)?;
    let each = request.update_item.into_iter().map(|item| {
        let code = friends::update(account, &item.to_account, &item.sns_item);
        (item.to_account, code)
    });
    let (results, failed) = results(each);
    let mut reply = UpdateFriendsReply::default();
    reply.result_item = results;
    reply.fail_account = failed;
    Ok(reply)
}

fn delete_friends(
    context: &mut Context<'_>,
    request: DeleteFriends,
) -> Result<DeleteFriendsReply, Refusal> {
    let both = request.delete_type == Some(FriendDeleteType::BOTH);
    let outcomes = friends::remove(context, &request.from_account, request.to_account, both)?;
    let (results, failed) = results(outcomes);
    let mut reply = DeleteFriendsReply::default();
    reply.result_item = results;
    reply.fail_account = failed;
    Ok(reply)
}

fn delete_all_friends(
    context: &mut Context<'_>,
    request: DeleteAllFriends,
) -> Result<DeleteAllFriendsReply, Refusal> {
    let both = request.delete_type == Some(FriendDeleteType::BOTH);
    friends::remove_all(context, &request.from_account, both)?;
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
    let (from, lists) = (&request.from_account, &request.group_name);
    let named = request.to_account.is_some();
    let users = request.to_account.unwrap_or_default();
    let (outcomes, sequence) = friends::add_lists(context.state, from, lists, users)?;
    let mut reply = AddFriendListsReply::default();
    reply.current_sequence = sequence;
    if named {
        let (results, failed) = results(outcomes);
        reply.result_item = Some(results);
        reply.fail_account = failed;
    }
    Ok(reply)
}

fn delete_friend_lists(
    context: &mut Context<'_>,
    request: DeleteFriendLists,
) -> Result<DeleteFriendListsReply, Refusal> {
    let (from, lists) = (&request.from_account, &request.group_name);
    let mut reply = DeleteFriendListsReply::default();
    reply.current_sequence = friends::delete_lists(context.state, from, lists)?;
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
    let outcomes = friends::block(context, &request.from_account, request.to_account)?;
    let (results, failed) = results(outcomes);
    let mut reply = BlockUsersReply::default();
    reply.result_item = results;
    reply.fail_account = failed;
    Ok(reply)
}

fn unblock_users(
    context: &mut Context<'_>,
    request: UnblockUsers,
) -> Result<UnblockUsersReply, Refusal> {
    friends::unblock(context, &request.from_account, &request.to_account)?;
    let users = request.to_account.into_iter();
    let (results, failed) = results(users.map(|user| (user, ErrorCode::OK)));
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
    let page = relations.block_list().into_iter().skip(start).take(most);
    let list: Vec<BlockedUser> = page
        .map(|(user, time)| BlockedUser::new(user.as_str(), time))
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
