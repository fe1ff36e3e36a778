//! Live broadcast groups: who is online, marks, bans.

use super::{group::BAD_BODY, registry::Commands};
use crate::{
    refusal::{Because, Refusal},
    world::{Context, State, allow, group, users},
};
use std::collections::BTreeSet;
use tencent_chat_types::{
    ErrorCode,
    group::{
        BanGroupMembers, BanGroupMembersReply, GetBannedGroupMembers, GetBannedGroupMembersReply,
        GetLiveGroupMembers, GetLiveGroupMembersReply, GetOnlineMemberCount,
        GetOnlineMemberCountReply, MarkLiveGroupMembers, MarkLiveGroupMembersReply,
        UnbanGroupMembers, UnbanGroupMembersReply,
        get_banned_group_members::BannedMember,
        get_live_group_members::LiveGroupMember,
        mark_live_group_members::{MarkCommand, MarkedMember},
    },
    model::ProfileTag,
};

/// Most different marks of a group.
const MAX_MARKS: usize = MarkLiveGroupMembers::MAX_MARKS as usize;
/// Marks that apps choose begin here.
const FIRST_OWN_MARK: u64 = 1_000;
/// Always online, and hidden.
const SPECIAL_MARKS: [u64; 2] = [ALWAYS_ONLINE, HIDDEN];
const ALWAYS_ONLINE: u64 = 500;
const HIDDEN: u64 = 600;
/// Most banned users of a page.
const MAX_BANNED_PAGE: u64 = 100;

pub(super) fn register(commands: &mut Commands) {
    commands.add(BAD_BODY, get_online_member_count);
    commands.add(BAD_BODY, get_live_group_members);
    commands.add(BAD_BODY, mark_live_group_members);
    commands.add(BAD_BODY, ban_group_members);
    commands.add(BAD_BODY, unban_group_members);
    commands.add(BAD_BODY, get_banned_group_members);
}

/// Members who are online, in the order of their ids.
fn online(state: &mut State, id: &str) -> Result<Vec<String>, Refusal> {
    let members: Vec<(String, bool)> = {
        let group = group(state, id)?;
        let marks = &group.marks;
        let always = |user: &String| marks.get(user).is_some_and(|m| m.contains(&ALWAYS_ONLINE));
        let users = group.members.keys();
        users.map(|user| (user.clone(), always(user))).collect()
    };
    let is_online = |user: &String| {
        let account = state.accounts.get(user);
        account.is_some_and(users::is_online)
    };
    let there = members
        .into_iter()
        .filter(|(user, always)| *always || is_online(user));
    Ok(there.map(|(user, _)| user).collect())
}

fn get_online_member_count(
    context: &mut Context<'_>,
    request: GetOnlineMemberCount,
) -> Result<GetOnlineMemberCountReply, Refusal> {
    let mut reply = GetOnlineMemberCountReply::default();
    reply.online_member_num = online(context.state, &request.group_id)?.len() as u64;
    Ok(reply)
}

fn get_live_group_members(
    context: &mut Context<'_>,
    request: GetLiveGroupMembers,
) -> Result<GetLiveGroupMembersReply, Refusal> {
    let page_size = context.settings.page_size;
    let there = online(context.state, &request.group_id)?;
    let group = group(context.state, &request.group_id)?;
    allow(group.is_live(), "only for an AVChatRoom")?;
    let has = |user: &String, mark| group.marks.get(user).is_some_and(|m| m.contains(&mark));
    let wanted = |user: &String| match request.mark {
        Some(mark) => has(user, mark),
        None => !has(user, HIDDEN),
    };
    let there: Vec<String> = there.into_iter().filter(wanted).collect();
    let start = usize::try_from(request.timestamp).unwrap_or(usize::MAX);
    let page: Vec<(String, Option<u64>)> = (there.iter().skip(start).take(page_size))
        .map(|user| {
            (
                user.clone(),
                group.members.get(user).and_then(|m| m.join_time),
            )
        })
        .collect();
    let end = start.saturating_add(page.len());
    let mut reply = GetLiveGroupMembersReply::default();
    reply.next_timestamp = if end < there.len() { end as u64 } else { 0 };
    for (user, joined) in page {
        let account = context.state.accounts.get(&user);
        let field = |tag: ProfileTag| users::text_of(account?, &tag).map(str::to_owned);
        let mut member = LiveGroupMember::new(user.as_str());
        member.join_time = joined;
        member.nick_name = field(ProfileTag::NICK);
        member.avatar = field(ProfileTag::IMAGE);
        reply.member_list.push(member);
    }
    Ok(reply)
}

fn mark_live_group_members(
    context: &mut Context<'_>,
    request: MarkLiveGroupMembers,
) -> Result<MarkLiveGroupMembersReply, Refusal> {
    let there = online(context.state, &request.group_id)?;
    let group = group(context.state, &request.group_id)?;
    allow(group.is_live(), "only for an AVChatRoom")?;
    let set = match request.command_type {
        MarkCommand::SET => true,
        MarkCommand::DELETE => false,
        _ => return Err(ErrorCode::GROUP_PARAMETER_INVALID.because("CommandType is 1 or 2")),
    };
    let marks = request.member_list.iter().flat_map(|member| &member.marks);
    if marks
        .clone()
        .any(|mark| *mark < FIRST_OWN_MARK && !SPECIAL_MARKS.contains(mark))
    {
        return Err(ErrorCode::GROUP_PARAMETER_INVALID.because("a mark is 1000 or more"));
    }
    let held = group.marks.values().flatten();
    let different: BTreeSet<u64> = if set {
        held.chain(marks).copied().collect()
    } else {
        BTreeSet::new()
    };
    if different.len() > MAX_MARKS {
        return Err(ErrorCode::GROUP_PARAMETER_INVALID.because("a group has at most 10 marks"));
    }
    let mut done: Vec<MarkedMember> = Vec::new();
    for member in request.member_list {
        // Being always online can be set for those who are not.
        let reachable = there.contains(&member.member_account)
            || (member.marks.contains(&ALWAYS_ONLINE)
                && group.members.contains_key(&member.member_account));
        if !reachable {
            continue;
        }
        let held = group.marks.or_default(member.member_account.clone());
        for mark in &member.marks {
            if set {
                held.insert(*mark);
            } else {
                held.remove(mark);
            }
        }
        done.push(member);
    }
    if done.is_empty() {
        return Err(ErrorCode::GROUP_PARAMETER_INVALID.because("none of the users is online"));
    }
    let mut reply = MarkLiveGroupMembersReply::default();
    reply.command_type = Some(request.command_type);
    reply.member_list = done;
    Ok(reply)
}

fn ban_group_members(
    context: &mut Context<'_>,
    request: BanGroupMembers,
) -> Result<BanGroupMembersReply, Refusal> {
    let until = users::mute_end(context.now, request.duration);
    let group = group(context.state, &request.group_id)?;
    allow(group.is_live(), "only for an AVChatRoom")?;
    for user in request.members_account {
        group.leave(&user);
        group.banned.insert(user, until);
    }
    Ok(BanGroupMembersReply::default())
}

fn unban_group_members(
    context: &mut Context<'_>,
    request: UnbanGroupMembers,
) -> Result<UnbanGroupMembersReply, Refusal> {
    let group = group(context.state, &request.group_id)?;
    allow(group.is_live(), "only for an AVChatRoom")?;
    for user in &request.members_account {
        group.banned.remove(user);
    }
    Ok(UnbanGroupMembersReply::default())
}

fn get_banned_group_members(
    context: &mut Context<'_>,
    request: GetBannedGroupMembers,
) -> Result<GetBannedGroupMembersReply, Refusal> {
    let now = context.now;
    let group = group(context.state, &request.group_id)?;
    allow(group.is_live(), "only for an AVChatRoom")?;
    group.banned.retain(|_, until| *until > now);
    let at = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
    let most = request.limit.unwrap_or(MAX_BANNED_PAGE).max(1);
    let page = group.banned.iter().skip(at(request.offset)).take(at(most));
    let mut reply = GetBannedGroupMembersReply::default();
    reply.banned_account_list = page
        .map(|(user, until)| BannedMember::new(user.as_str(), *until))
        .collect();
    let end = request
        .offset
        .saturating_add(reply.banned_account_list.len() as u64);
    reply.next_offset = if at(end) < group.banned.len() { end } else { 0 };
    Ok(reply)
}
