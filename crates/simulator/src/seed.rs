//! What a simulator begins with: users, groups, friends and messages, in few words.

use crate::{
    refusal::Refusal,
    shared::{Actor, Shared},
    simulator::Simulator,
    world::{Context, Step, membership, users},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::{collections::BTreeMap, fmt};
use tencent_chat_types::{
    Endpoint, ErrorCode, RawReply, Reply,
    account::ImportAccount,
    group::{AddGroupMembers, CreateGroup},
    message::{SendGroupMsg, SendMsg},
    model::{GroupType, MemberAccount, MsgElement, TextElem},
    profile::SetProfile,
    relationship::{
        AddFriends,
        add_friends::{NewFriend, NewFriendRequired},
    },
    text::quoted,
    webhook::OptPlatform,
    wire::{Flag, TagValue},
};
use utoipa::ToSchema;

/// The source of friends that a seed makes.
const ADD_SOURCE: &str = "AddSource_Type_Web";

/// Users, groups, friends and messages to begin with; see [`Simulator::seed`].
///
/// ```
/// # #[tokio::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use tencent_chat_simulator::{Seed, Simulator};
///
/// let seed: Seed = serde_json::from_str(
///     r#"{
///         "users": [{ "id": "lin", "nick": "Lin" }, { "id": "mei" }],
///         "groups": [{ "id": "chess", "name": "Chess", "owner": "lin", "members": ["mei"] }],
///         "friends": [["lin", "mei"]],
///         "messages": [{ "from": "lin", "to": "mei", "text": "Dinner at seven?" }]
///     }"#,
/// )?;
/// let simulator = Simulator::builder(1400000000, "any key will do").start().await?;
/// simulator.seed(&seed)?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Seed {
    /// Users to import.
    pub users: Vec<SeedUser>,
    /// Groups to create.
    pub groups: Vec<SeedGroup>,
    /// Pairs of users who become friends.
    #[schema(value_type = Vec<Vec<String>>)]
    pub friends: Vec<[String; 2]>,
    /// Messages to send, the oldest first.
    pub messages: Vec<SeedMessage>,
    /// Any other commands, which run last.
    pub calls: Vec<SeedCall>,
}

/// A user of a [`Seed`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct SeedUser {
    /// User id.
    pub id: String,
    /// Nickname.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nick: Option<String>,
    /// Address of a picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub face_url: Option<String>,
    /// Further fields of the profile by tag, such as `Tag_Profile_IM_Gender`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(value_type = std::collections::HashMap<String, Object>)]
    pub profile: BTreeMap<String, Value>,
    /// The platform on which the user is online, such as `Web`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub online: Option<String>,
}

/// A group of a [`Seed`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct SeedGroup {
    /// Group id.
    pub id: String,
    /// Name.
    pub name: String,
    /// `Public` unless set; all that groups can be created as.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub r#type: Option<String>,
    /// Owner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// Members besides the owner. Those of an `AVChatRoom` join it themselves.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub members: Vec<String>,
}

/// A message of a [`Seed`]: to a user or to a group, of words or of elements.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct SeedMessage {
    /// Sender.
    pub from: String,
    /// Recipient, or none for a group message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// Group, or none for a one-to-one message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// Words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Elements in place of words, as `MsgBody` has them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<Object>>)]
    pub body: Option<Value>,
}

/// Any command, of a [`Seed`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct SeedCall {
    /// Path, such as `v4/openim/sendmsg`.
    pub command: String,
    /// Body.
    #[schema(value_type = Object)]
    pub body: Value,
}

/// A part of a [`Seed`] cannot be. What came before it is there.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SeedError {
    /// The part, such as `users[3]`.
    pub part: String,
    /// The code with which the service refuses it; none where it never gets that far.
    pub code: Option<ErrorCode>,
    /// Why.
    pub reason: String,
}

impl fmt::Display for SeedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { part, code, reason } = self;
        match code {
            Some(code) => write!(f, "{part} is refused with code {code}: {reason}"),
            None => write!(f, "{part}: {reason}"),
        }
    }
}

impl std::error::Error for SeedError {}

impl From<Refusal> for SeedError {
    fn from(Refusal { code, text }: Refusal) -> Self {
        Self {
            part: String::new(),
            code: Some(code),
            reason: text,
        }
    }
}

fn wrong(reason: impl Into<String>) -> SeedError {
    SeedError {
        part: String::new(),
        code: None,
        reason: reason.into(),
    }
}

impl Simulator {
    /// Adds users, groups, friends and messages to what is there. The app is neither asked nor told,
    /// the journal does not have it, and faults and quotas do not count.
    ///
    /// # Errors
    ///
    /// The first part that cannot be: a sender who is not a member, a group that already exists. What came
    /// before it stays.
    pub fn seed(&self, seed: &Seed) -> Result<(), SeedError> {
        plant(&self.shared, seed)
    }
}

/// Adds a seed to what is there; see [`Simulator::seed`].
pub(crate) fn plant(shared: &Shared, seed: &Seed) -> Result<(), SeedError> {
    each("users", &seed.users, |user| add_user(shared, user))?;
    each("groups", &seed.groups, |group| add_group(shared, group))?;
    each("friends", &seed.friends, |pair| add_friends(shared, pair))?;
    each("messages", &seed.messages, |message| {
        add_message(shared, message)
    })?;
    each("calls", &seed.calls, |call| {
        run_body(shared, &call.command, call.body.to_string().as_bytes()).map(drop)
    })
}

fn add_user(shared: &Shared, user: &SeedUser) -> Result<(), SeedError> {
    let mut import = ImportAccount::new(&user.id);
    import.nick.clone_from(&user.nick);
    import.face_url.clone_from(&user.face_url);
    run(shared, &import)?;
    if !user.profile.is_empty() {
        let fields = user.profile.iter().map(|(tag, value)| {
            tencent_chat_types::model::ProfileItem::new(
                tag.as_str().into(),
                TagValue::from(value.clone()),
            )
        });
        run(shared, &SetProfile::new(&user.id, fields))?;
    }
    if let Some(platform) = &user.online {
        let actor = actor(&user.id, 0);
        shared.act_silently(&actor, |context| {
            users::set_online(context, platform, users::ONLINE);
            Ok(())
        })?;
    }
    Ok(())
}

fn add_group(shared: &Shared, group: &SeedGroup) -> Result<(), SeedError> {
    let kind = group.r#type.as_deref();
    let kind = kind.map_or(GroupType::PUBLIC, GroupType::from);
    let is_live = kind == GroupType::AV_CHAT_ROOM;
    let mut create = CreateGroup::new(kind, &group.name).with_group_id(&group.id);
    create.owner_account.clone_from(&group.owner);
    run(shared, &create)?;
    if is_live {
        for user in &group.members {
            let join = |context: &mut Context<'_>| membership::join(context, &group.id);
            let joined = shared.act_silently(&actor(user, 0), join);
            joined.map_err(|refusal| SeedError {
                reason: format!("{}: {}", quoted(user), refusal.text),
                ..wrong("")
            })?;
        }
    } else if !group.members.is_empty() {
        let members = group.members.iter().map(MemberAccount::new);
        run(shared, &AddGroupMembers::new(&group.id, members))?;
    }
    Ok(())
}

fn add_friends(shared: &Shared, [user, friend]: &[String; 2]) -> Result<(), SeedError> {
    let friend = NewFriend::new(NewFriendRequired {
        to_account: friend.into(),
        add_source: ADD_SOURCE.into(),
    });
    let request = AddFriends::new(user, [friend]).with_force_add_flags(Flag::ON);
    let reply = run(shared, &request)?;
    let mut failed = (reply.result_item.iter()).filter(|item| item.result_code != ErrorCode::OK);
    match failed.next() {
        Some(item) => Err(wrong(item.result_info.clone().unwrap_or_default())),
        None => Ok(()),
    }
}

fn add_message(shared: &Shared, message: &SeedMessage) -> Result<(), SeedError> {
    let body = elements(message.text.as_ref(), message.body.as_ref()).map_err(wrong)?;
    match (&message.to, &message.group) {
        (Some(to), None) => {
            let request = SendMsg::new(to, body).with_from_account(&message.from);
            run(shared, &request).map(drop)
        }
        (None, Some(group)) => {
            let request = SendGroupMsg::new(group, body).with_from_account(&message.from);
            run(shared, &request).map(drop)
        }
        _ => Err(wrong("a message has either `to` or `group`")),
    }
}

/// What a message says: words, or elements as `MsgBody` has them.
pub(crate) fn elements(
    text: Option<&String>,
    body: Option<&Value>,
) -> Result<Vec<MsgElement>, String> {
    match (text, body) {
        (Some(text), None) => Ok(vec![TextElem::new(text).into()]),
        (None, Some(body)) => Vec::deserialize(body).map_err(|error| {
            format!("body is not a list of elements, as MsgBody has them: {error}")
        }),
        _ => Err("a message has either `text` or `body`".to_owned()),
    }
}

fn actor(user: &str, bytes: usize) -> Actor {
    Actor {
        user: user.to_owned(),
        platform: OptPlatform::RESTAPI,
        bytes,
        cause: None,
    }
}

/// Does something with each part of a list, and says which one it was that cannot be.
fn each<T>(
    list: &str,
    parts: &[T],
    add: impl Fn(&T) -> Result<(), SeedError>,
) -> Result<(), SeedError> {
    for (at, part) in parts.iter().enumerate() {
        add(part).map_err(|error| SeedError {
            part: format!("{list}[{at}]"),
            ..error
        })?;
    }
    Ok(())
}

fn run<E: Endpoint>(shared: &Shared, request: &E) -> Result<E::Reply, SeedError> {
    let body = serde_json::to_vec(request).map_err(|error| wrong(error.to_string()))?;
    let reply = run_body(shared, E::META.path, &body)?;
    let reply = tencent_chat_types::decode(&reply).map_err(|error| wrong(error.to_string()))?;
    Ok(reply.value)
}

/// Runs a command as an administrator, whom nobody asks.
fn run_body(shared: &Shared, command: &str, body: &[u8]) -> Result<Vec<u8>, SeedError> {
    let found = shared.commands.find(command);
    let (_, found) = found.map_err(|unknown| wrong(unknown.to_string()))?;
    let admin = shared.settings.admins.first().map_or("", String::as_str);
    let admin = actor(admin, body.len());
    let step = shared.act_silently(&admin, |context| found.begin(context, body))?;
    let Step::Done(reply) = step else {
        return Err(wrong("the app would have to be asked"));
    };
    let head = tencent_chat_types::decode::<RawReply>(&reply);
    let code = head.map_or(ErrorCode::OK, |head| head.value.envelope().code());
    match code {
        ErrorCode::OK => Ok(reply),
        code => Err(SeedError {
            code: Some(code),
            ..wrong(code.meaning().unwrap_or_default())
        }),
    }
}
