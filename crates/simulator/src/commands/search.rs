//! Searching users and groups.

use super::registry::{BadBody, Commands};
use crate::{
    refusal::Refusal,
    world::{Account, Context, Group, users},
};
use tencent_chat_types::{
    ErrorCode,
    model::{GroupType, KeywordMatchType, ProfileTag},
    search::{
        SearchGroups, SearchGroupsReply, SearchUsers, SearchUsersReply,
        search_groups::FoundGroup,
        search_users::{FoundProfileItem, FoundUser},
    },
    wire::TagValue,
};

const BAD_BODY: BadBody = BadBody {
    unparsable: |_| ErrorCode::JSON_UNPARSABLE,
    invalid: |_| ErrorCode::JSON_UNPARSABLE,
};

/// Most results of a page; who asks for more gets this many.
const MAX_COUNT: u64 = 100;

pub(super) fn register(commands: &mut Commands) {
    commands.add(BAD_BODY, search_users);
    commands.add(BAD_BODY, search_groups);
}

/// Whether a name contains the keywords or an id is one of them.
fn matches(how: Option<KeywordMatchType>, keywords: &[String], id: &str, name: &str) -> bool {
    let mut hits = keywords
        .iter()
        .map(|keyword| id == keyword || name.contains(keyword.as_str()));
    match how {
        Some(KeywordMatchType::ALL) => hits.all(|hit| hit),
        _ => hits.any(|hit| hit),
    }
}

/// A page of all results, and the cursor after it; that is empty after the last page.
struct Page<T> {
    items: Vec<T>,
    total: u64,
    cursor: String,
}

/// The cursor is the id of the last result, so that results that come and go do not shift others.
fn page<T>(
    context: &Context<'_>,
    found: impl Iterator<Item = (String, T)>,
    cursor: Option<String>,
    count: u64,
) -> Page<T> {
    let most = count.min(MAX_COUNT).min(context.settings.page_size as u64);
    let mut page = Page {
        items: Vec::new(),
        total: 0,
        cursor: String::new(),
    };
    let after = cursor.unwrap_or_default();
    let (mut last, mut more) = (String::new(), false);
    for (id, item) in found {
        page.total += 1;
        if !after.is_empty() && id <= after {
            continue;
        }
        if page.items.len() as u64 >= most {
            more = true;
            continue;
        }
        page.items.push(item);
        last = id;
    }
    if more {
        page.cursor = last;
    }
    page
}

fn search_users(
    context: &mut Context<'_>,
    request: SearchUsers,
) -> Result<SearchUsersReply, Refusal> {
    let fits = |account: &Account| {
        let gender = request.user_gender_type.as_ref().is_none_or(|gender| {
            gender.as_str().is_empty()
                || users::text_of(account, &ProfileTag::GENDER) == Some(gender.as_str())
        });
        let birthday = match account.profile.get(ProfileTag::BIRTHDAY.as_str()) {
            Some(TagValue::Integer(number)) => u64::try_from(*number).ok(),
            _ => None,
        };
        let from = request.user_birth_start.unwrap_or(0);
        let to = request.user_birth_end.unwrap_or(u64::MAX);
        let born = request.user_birth_start.is_none() && request.user_birth_end.is_none()
            || birthday.is_some_and(|day| (from..=to).contains(&day));
        gender && born
    };
    let how = request.keyword_match_type;
    let found = (context.state.accounts.iter())
        .filter(|(id, account)| {
            let nick = users::nick(account).unwrap_or_default();
            matches(how, &request.keywords, id, nick)
        })
        .filter(|(_, account)| fits(account))
        .map(|(id, account)| {
            let texts = (account.profile.iter()).filter_map(|(tag, value)| match value {
                TagValue::Text(text) => {
                    let tag = ProfileTag::from(tag.clone());
                    Some(FoundProfileItem::new(tag).with_str_value(text.as_str()))
                }
                _ => None,
            });
            let user = FoundUser::new(id.as_str()).with_profile_items(texts);
            (id.clone(), user)
        });
    let page = page(context, found, request.cursor, request.count);
    let mut reply = SearchUsersReply::default();
    reply.is_finish = page.cursor.is_empty();
    reply.total_count = page.total;
    reply.users = page.items;
    reply.cursor = Some(page.cursor);
    Ok(reply)
}

/// The kind by the name that searching has for it.
fn kind(group: &Group) -> GroupType {
    match group.info.r#type.clone().unwrap_or_default() {
        GroupType::WORK => GroupType::PRIVATE,
        GroupType::MEETING => GroupType::CHAT_ROOM,
        kind => kind,
    }
}

fn search_groups(
    context: &mut Context<'_>,
    request: SearchGroups,
) -> Result<SearchGroupsReply, Refusal> {
    let kinds = request.group_type.unwrap_or_default();
    let how = request.keyword_match_type;
    let found = (context.state.groups.iter())
        .filter(|(id, group)| {
            let name = group.info.name.as_deref().unwrap_or_default();
            matches(how, &request.keywords, id, name)
        })
        .filter(|(_, group)| !group.is_live())
        .filter(|(_, group)| kinds.is_empty() || kinds.contains(&kind(group)))
        .map(|(id, group)| {
            let info = &group.info;
            let owner = info.owner_account.clone().unwrap_or_default();
            let name = context.state.accounts.get(&owner).and_then(users::nick);
            let shown = FoundGroup::new(id.as_str())
                .with_group_type(kind(group))
                .with_group_name(info.name.clone().unwrap_or_default())
                .with_group_member_num(group.members.len() as u64)
                .with_group_face_url(info.face_url.clone().unwrap_or_default())
                .with_group_introduction(info.introduction.clone().unwrap_or_default())
                .with_group_owner_user_id(owner.as_str())
                .with_group_owner_user_name(name.unwrap_or_default());
            (id.clone(), shown)
        });
    let page = page(context, found, request.cursor, request.count);
    let mut reply = SearchGroupsReply::default();
    reply.is_finish = page.cursor.is_empty();
    reply.total_count = page.total;
    reply.groups = page.items;
    reply.cursor = Some(page.cursor);
    Ok(reply)
}
