//! Users, groups and messages, read only.

use super::{
    input::Params,
    problem::Problem,
    room::{Room, limit},
};
use crate::{
    settings::lock,
    world::{
        Account, C2cMessage, Fate, Group, GroupMessage, MsgKey, Peer, State as World,
        conversations, users,
    },
};
use axum::{
    Json,
    extract::{Path, State},
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::{collections::BTreeMap, ops::Bound};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

pub(super) fn routes() -> OpenApiRouter<Room> {
    OpenApiRouter::new()
        .routes(routes!(users))
        .routes(routes!(user))
        .routes(routes!(groups))
        .routes(routes!(group))
        .routes(routes!(messages))
}

/// Looks at the state.
fn look<R>(room: &Room, look: impl FnOnce(&World) -> R) -> R {
    look(&lock(&room.shared.state))
}

/// What is to be listed.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Listing {
    /// Only those whose id or name has this in it, in any letters.
    search: Option<String>,
    /// Only those behind this id, in the order of ids.
    after: Option<String>,
    /// Most of them; 100 unless set, 1000 at most.
    limit: Option<usize>,
}

impl Listing {
    /// The entries of a map that are wanted, and whether there are more.
    fn page<'a, T, R>(
        &self,
        map: &'a BTreeMap<String, T>,
        name: impl Fn(&'a T) -> Option<&'a str>,
        shown: impl Fn(&'a String, &'a T) -> R,
    ) -> (Vec<R>, bool) {
        let most = limit(self.limit);
        let search = self.search.as_ref().map(|search| search.to_lowercase());
        let fits = |text: &str| {
            search
                .as_ref()
                .is_none_or(|search| text.to_lowercase().contains(search))
        };
        let start = match &self.after {
            Some(after) => Bound::Excluded(after.as_str()),
            None => Bound::Unbounded,
        };
        let mut all = map
            .range::<str, _>((start, Bound::Unbounded))
            .filter(|(id, item)| fits(id) || name(item).is_some_and(fits));
        let page = all.by_ref().take(most);
        let page = page.map(|(id, item)| shown(id, item)).collect();
        (page, all.next().is_some())
    }
}

fn group_name(group: &Group) -> Option<&str> {
    group.info.name.as_deref()
}

/// A user, in a list.
#[derive(Debug, Serialize, ToSchema)]
struct UserSummary {
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    nick: Option<String>,
    /// Whether the user is online on some platform.
    online: bool,
    /// How many friends the user has.
    friends: usize,
}

/// A page of users.
#[derive(Debug, Serialize, ToSchema)]
struct Users {
    users: Vec<UserSummary>,
    /// Whether there are more behind the last one.
    more: bool,
}

/// Users
#[utoipa::path(
    get, path = "/users", tag = "state", params(Listing),
    responses((status = 200, body = Users), (status = "4XX", body = Problem))
)]
async fn users(State(room): State<Room>, Params(listing): Params<Listing>) -> Json<Users> {
    let (users, more) = look(&room, |world| {
        listing.page(&world.accounts, users::nick, |id, account| UserSummary {
            id: id.clone(),
            nick: users::nick(account).map(str::to_owned),
            online: users::is_online(account),
            friends: account.relations.friends.len(),
        })
    });
    Json(Users { users, more })
}

/// A user.
#[derive(Debug, Serialize, ToSchema)]
struct User {
    id: String,
    /// Fields of the profile by tag.
    #[schema(value_type = Object)]
    profile: Map<String, Value>,
    /// User ids of the friends.
    friends: Vec<String>,
    /// User ids of those whom the user blocks.
    blocked: Vec<String>,
    /// The user's groups.
    groups: Vec<Membership>,
    /// Recent conversations, the latest first.
    conversations: Vec<Conversation>,
    /// Status by platform.
    online: BTreeMap<String, String>,
    /// Until when the user is muted.
    muted: Muted,
}

/// A group that a user is in.
#[derive(Debug, Serialize, ToSchema)]
struct Membership {
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<String>,
}

/// A recent conversation: with a user or in a group.
#[derive(Debug, Serialize, ToSchema)]
struct Conversation {
    #[serde(skip_serializing_if = "Option::is_none")]
    peer: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    group: Option<String>,
    /// Messages not read yet.
    unread: u64,
    pinned: bool,
    /// When something was last said, in milliseconds since 1970.
    time_ms: u64,
}

/// Until when a user is muted everywhere, in seconds since 1970; 0 where the user is not.
#[derive(Debug, Serialize, ToSchema)]
struct Muted {
    /// In one-to-one chats.
    c2c_until: u64,
    /// In groups.
    group_until: u64,
}

fn listed(world: &World, id: &str, account: &Account) -> Vec<Conversation> {
    let list = conversations::list(world, id).into_iter();
    let mut all: Vec<Conversation> = list
        .map(|(peer, recent)| {
            let (peer, group, unread) = match peer {
                Peer::User(other) => {
                    let unread = account.unread.get(&other).copied().unwrap_or_default();
                    (Some(other), None, unread)
                }
                Peer::Group(group) => {
                    let unread = (world.groups.get(&group)).map_or(0, |group| unread(group, id));
                    (None, Some(group), unread)
                }
            };
            Conversation {
                peer,
                group,
                unread,
                pinned: recent.pinned,
                time_ms: recent.last_time.saturating_mul(1_000),
            }
        })
        .collect();
    all.sort_by_key(|conversation| std::cmp::Reverse(conversation.time_ms));
    all
}

/// Messages of a group that a member has not read.
fn unread(group: &Group, user: &str) -> u64 {
    let member = group.members.get(user);
    let read = member.and_then(|member| member.msg_seq).unwrap_or_default();
    group.messages.last_seq().saturating_sub(read)
}

/// One user
#[utoipa::path(
    get, path = "/users/{id}", tag = "state",
    params(("id" = String, Path, description = "User id")),
    responses((status = 200, body = User), (status = "4XX", body = Problem))
)]
async fn user(State(room): State<Room>, Path(id): Path<String>) -> Result<Json<User>, Problem> {
    let user = look(&room, |world| {
        let account = world.accounts.get(&id)?;
        let profile = account.profile.iter();
        let members = world.groups.iter().filter_map(|(group_id, group)| {
            let member = group.members.get(&id)?;
            Some(Membership {
                id: group_id.clone(),
                name: group.info.name.clone(),
                role: member.role.as_ref().map(|role| role.as_str().to_owned()),
            })
        });
        let (c2c_until, group_until) = account.muted;
        Some(User {
            id: id.clone(),
            profile: profile
                .map(|(tag, value)| (tag.clone(), json(value)))
                .collect(),
            friends: account.relations.friends.keys().cloned().collect(),
            blocked: (account.relations.block_list().into_iter())
                .map(|(user, _)| user.clone())
                .collect(),
            groups: members.collect(),
            conversations: listed(world, &id, account),
            online: account.platforms.clone(),
            muted: Muted {
                c2c_until,
                group_until,
            },
        })
    });
    user.map(Json)
        .ok_or_else(|| Problem::missing(format!("there is no user {id}")))
}

/// A group, in a list.
#[derive(Debug, Serialize, ToSchema)]
struct GroupSummary {
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// Such as `Public`.
    #[serde(skip_serializing_if = "Option::is_none")]
    r#type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    owner: Option<String>,
    members: usize,
    /// Number of the last message.
    last_seq: u64,
}

/// A page of groups.
#[derive(Debug, Serialize, ToSchema)]
struct Groups {
    groups: Vec<GroupSummary>,
    /// Whether there are more behind the last one.
    more: bool,
}

/// Groups
#[utoipa::path(
    get, path = "/groups", tag = "state", params(Listing),
    responses((status = 200, body = Groups), (status = "4XX", body = Problem))
)]
async fn groups(State(room): State<Room>, Params(listing): Params<Listing>) -> Json<Groups> {
    let (groups, more) = look(&room, |world| {
        listing.page(&world.groups, group_name, |id, group| GroupSummary {
            id: id.clone(),
            name: group.info.name.clone(),
            r#type: group
                .info
                .r#type
                .as_ref()
                .map(|kind| kind.as_str().to_owned()),
            owner: group.info.owner_account.clone(),
            members: group.members.len(),
            last_seq: group.messages.last_seq(),
        })
    });
    Json(Groups { groups, more })
}

/// Most members that are shown of a group.
const MAX_MEMBERS: usize = 1_000;

/// A group.
#[derive(Debug, Serialize, ToSchema)]
struct GroupReport {
    id: String,
    /// As the command for group profiles answers it.
    #[schema(value_type = Object)]
    info: Value,
    /// As the command for group members answers them; the first 1000.
    #[schema(value_type = Vec<Object>)]
    members: Vec<Value>,
    /// How many there are.
    members_total: usize,
    /// Attributes by key.
    attributes: BTreeMap<String, String>,
    /// Topics of a community by id.
    #[schema(value_type = Object)]
    topics: Map<String, Value>,
}

fn json(value: &impl Serialize) -> Value {
    // What the state holds is texts, numbers and lists.
    serde_json::to_value(value).unwrap_or_default()
}

/// One group
#[utoipa::path(
    get, path = "/groups/{id}", tag = "state",
    params(("id" = String, Path, description = "Group id")),
    responses((status = 200, body = GroupReport), (status = "4XX", body = Problem))
)]
async fn group(
    State(room): State<Room>,
    Path(id): Path<String>,
) -> Result<Json<GroupReport>, Problem> {
    let group = look(&room, |world| {
        let group = world.groups.get(&id)?;
        let topics = group.topics.iter();
        Some(GroupReport {
            id: id.clone(),
            info: json(&group.info),
            members: group.members.values().take(MAX_MEMBERS).map(json).collect(),
            members_total: group.members.len(),
            attributes: group.attributes.pairs.clone(),
            topics: topics
                .map(|(id, topic)| (id.clone(), json(&topic.info)))
                .collect(),
        })
    });
    group
        .map(Json)
        .ok_or_else(|| Problem::missing(format!("there is no group {id}")))
}

/// Whose messages.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Chat {
    /// One user of a one-to-one chat.
    user: Option<String>,
    /// The other one.
    peer: Option<String>,
    /// A group, in place of two users.
    group: Option<String>,
    /// Only those before the message with this id.
    before: Option<String>,
    /// Most of them; 100 unless set, 1000 at most.
    limit: Option<usize>,
}

/// A message.
#[derive(Debug, Serialize, ToSchema)]
struct Message {
    /// Key of a one-to-one message, number of a group message.
    id: String,
    seq: u64,
    from: String,
    /// In milliseconds since 1970.
    time_ms: u64,
    /// Elements, as `MsgBody` has them.
    #[schema(value_type = Vec<Object>)]
    body: Value,
    recalled: bool,
    /// Whether the other user has read it, or some member who did not send it.
    read: bool,
}

/// Messages, the oldest first.
#[derive(Debug, Serialize, ToSchema)]
struct Messages {
    messages: Vec<Message>,
    /// Whether there are older ones.
    more: bool,
}

fn c2c_message(message: &C2cMessage, users: &(String, String)) -> Message {
    let from = match message.from_first {
        true => &users.0,
        false => &users.1,
    };
    Message {
        id: message.numbers.to_string(),
        seq: message.numbers.seq.into(),
        from: from.clone(),
        time_ms: message.numbers.time.saturating_mul(1_000),
        body: json(&message.content.body()),
        recalled: message.recalled,
        read: message.read,
    }
}

fn group_message(message: &GroupMessage, group: &Group) -> Message {
    let mut members = group.members.keys().filter(|user| ***user != *message.from);
    Message {
        id: message.seq.to_string(),
        seq: message.seq,
        from: message.from.to_string(),
        time_ms: message.time.saturating_mul(1_000),
        body: json(&message.content.body()),
        recalled: message.fate == Fate::Recalled,
        read: members.any(|user| (group.messages).is_read(message.seq, &message.from, user)),
    }
}

/// The first of them, turned round, and whether there are more.
fn page(mut newest_first: impl Iterator<Item = Message>, most: usize) -> Json<Messages> {
    let mut messages: Vec<Message> = newest_first.by_ref().take(most).collect();
    messages.reverse();
    Json(Messages {
        messages,
        more: newest_first.next().is_some(),
    })
}

/// Messages of a chat
#[utoipa::path(
    get, path = "/messages", tag = "state", params(Chat),
    responses((status = 200, body = Messages), (status = "4XX", body = Problem))
)]
async fn messages(
    State(room): State<Room>,
    Params(chat): Params<Chat>,
) -> Result<Json<Messages>, Problem> {
    let most = limit(chat.limit);
    match (&chat.user, &chat.peer, &chat.group) {
        (Some(user), Some(peer), None) => {
            let before = chat.before.as_deref().map(|before| {
                MsgKey::parse(before).ok_or_else(|| {
                    Problem::bad(format!("before: {before} is not a message key"))
                        .expected("the id of a message")
                })
            });
            let before = before.transpose()?;
            Ok(look(&room, |world| {
                let (pair, side) = World::pair(user, peer);
                let held = world.chats.get(&pair).into_iter();
                let all = held.flat_map(|chat| chat.page(side, 0, u64::MAX, before));
                page(all.map(|message| c2c_message(message, &pair)), most)
            }))
        }
        (None, None, Some(id)) => {
            let before = chat.before.as_deref().map(|before| {
                before.parse::<u64>().map_err(|_| {
                    Problem::bad(format!("before: {before} is not the number of a message"))
                        .expected("the id of a message")
                })
            });
            let last = before
                .transpose()?
                .map_or(u64::MAX, |seq| seq.saturating_sub(1));
            look(&room, |world| {
                let group = world.groups.get(id);
                let group =
                    group.ok_or_else(|| Problem::missing(format!("there is no group {id}")))?;
                let all = group.messages.up_to(last);
                let all = all.filter(|message| message.fate != Fate::Deleted);
                Ok(page(all.map(|message| group_message(message, group)), most))
            })
        }
        _ => Err(Problem::bad("it is not said whose messages").expected("user and peer, or group")),
    }
}
