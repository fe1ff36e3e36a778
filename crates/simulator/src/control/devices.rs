//! What users do on their devices.

use super::{input::Input, problem::Problem, room::Room};
use crate::{device::Refused, seed, simulator::Simulator};
use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;
use tencent_chat_types::model::MsgElement;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub(super) fn routes() -> OpenApiRouter<Room> {
    OpenApiRouter::new()
        .routes(routes!(send))
        .routes(routes!(send_group))
        .routes(routes!(join))
        .routes(routes!(apply))
        .routes(routes!(leave))
        .routes(routes!(read))
        .routes(routes!(read_group))
        .routes(routes!(add_friend))
        .routes(routes!(online))
}

/// What came of it.
#[derive(Debug, Default, Serialize, ToSchema)]
struct DeviceResult {
    /// What the device is told when it is refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    refused: Option<RefusedReport>,
    /// Key of the one-to-one message that was sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    msg_key: Option<String>,
    /// Number of the group message that was sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    msg_seq: Option<u64>,
}

/// Why a device is refused.
#[derive(Debug, Serialize, ToSchema)]
struct RefusedReport {
    /// The code: the service's, or the one that the app chose.
    code: i64,
    /// The words with it.
    text: String,
}

impl From<Refused> for DeviceResult {
    fn from(refused: Refused) -> Self {
        Self {
            refused: Some(RefusedReport {
                code: refused.code.0,
                text: refused.text,
            }),
            ..Self::default()
        }
    }
}

fn told(result: Result<(), Refused>) -> Json<DeviceResult> {
    Json(result.map_or_else(DeviceResult::from, |()| DeviceResult::default()))
}

/// Does something that the app is asked about, to its end: also when whoever waits for it gives up.
async fn finish<T, F>(room: Room, act: impl FnOnce(Arc<Simulator>) -> F) -> Result<T, Problem>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let acting = tokio::spawn(act(room.simulator));
    acting.await.map_err(|_| Problem::broken())
}

/// Words, or the elements of a message.
fn elements(text: Option<String>, body: Option<Value>) -> Result<Vec<MsgElement>, Problem> {
    seed::elements(text.as_ref(), body.as_ref()).map_err(|wrong| {
        Problem::bad(wrong)
            .expected("text: the words, or body: a list of elements, as MsgBody has them")
    })
}

/// A one-to-one message.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ToUser {
    /// Who sends.
    user: String,
    /// To whom.
    to: String,
    /// The words.
    text: Option<String>,
    /// Elements in place of words, as `MsgBody` has them.
    #[schema(value_type = Option<Vec<Object>>)]
    body: Option<Value>,
}

/// Sends a one-to-one message
#[utoipa::path(
    post, path = "/devices/send", tag = "devices", request_body = ToUser,
    responses((status = 200, body = DeviceResult), (status = "4XX", body = Problem))
)]
async fn send(
    State(room): State<Room>,
    Input(input): Input<ToUser>,
) -> Result<Json<DeviceResult>, Problem> {
    let body = elements(input.text, input.body)?;
    let send = async move |simulator: Arc<Simulator>| {
        simulator.send_as(&input.user, &input.to, body).await
    };
    let sent = finish(room, send).await?;
    Ok(Json(sent.map_or_else(DeviceResult::from, |key| {
        DeviceResult {
            msg_key: Some(key),
            ..DeviceResult::default()
        }
    })))
}

/// A group message.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ToGroup {
    /// Who sends.
    user: String,
    /// To which group.
    group: String,
    /// The words.
    text: Option<String>,
    /// Elements in place of words, as `MsgBody` has them.
    #[schema(value_type = Option<Vec<Object>>)]
    body: Option<Value>,
}

/// Sends a group message
#[utoipa::path(
    post, path = "/devices/send-group", tag = "devices", request_body = ToGroup,
    responses((status = 200, body = DeviceResult), (status = "4XX", body = Problem))
)]
async fn send_group(
    State(room): State<Room>,
    Input(input): Input<ToGroup>,
) -> Result<Json<DeviceResult>, Problem> {
    let body = elements(input.text, input.body)?;
    let send = async move |simulator: Arc<Simulator>| {
        let (user, group) = (&input.user, &input.group);
        simulator.send_group_msg_as(user, group, body).await
    };
    let sent = finish(room, send).await?;
    Ok(Json(sent.map_or_else(DeviceResult::from, |seq| {
        DeviceResult {
            msg_seq: Some(seq),
            ..DeviceResult::default()
        }
    })))
}

/// A user and a group.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct UserAndGroup {
    /// The user.
    user: String,
    /// The group.
    group: String,
}

/// Joins a group
///
/// The app is told, and not asked.
#[utoipa::path(
    post, path = "/devices/join", tag = "devices", request_body = UserAndGroup,
    responses((status = 200, body = DeviceResult), (status = "4XX", body = Problem))
)]
async fn join(State(room): State<Room>, Input(input): Input<UserAndGroup>) -> Json<DeviceResult> {
    told(room.simulator.join_group(&input.user, &input.group))
}

/// Applies to join a group
///
/// The app is asked, and then told.
#[utoipa::path(
    post, path = "/devices/apply", tag = "devices", request_body = UserAndGroup,
    responses((status = 200, body = DeviceResult), (status = "4XX", body = Problem))
)]
async fn apply(
    State(room): State<Room>,
    Input(input): Input<UserAndGroup>,
) -> Result<Json<DeviceResult>, Problem> {
    let apply = async move |simulator: Arc<Simulator>| {
        simulator.apply_to_join(&input.user, &input.group).await
    };
    Ok(told(finish(room, apply).await?))
}

/// Leaves a group
#[utoipa::path(
    post, path = "/devices/leave", tag = "devices", request_body = UserAndGroup,
    responses((status = 200, body = DeviceResult), (status = "4XX", body = Problem))
)]
async fn leave(State(room): State<Room>, Input(input): Input<UserAndGroup>) -> Json<DeviceResult> {
    told(room.simulator.leave_group(&input.user, &input.group))
}

/// Who reads whose messages.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct FromUser {
    /// Who reads.
    user: String,
    /// Whose messages.
    from: String,
}

/// Reads all messages of another user
#[utoipa::path(
    post, path = "/devices/read", tag = "devices", request_body = FromUser,
    responses((status = 200, body = DeviceResult), (status = "4XX", body = Problem))
)]
async fn read(State(room): State<Room>, Input(input): Input<FromUser>) -> Json<DeviceResult> {
    told(room.simulator.read_msgs(&input.user, &input.from))
}

/// Who reads a group's messages.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct UpTo {
    /// Who reads.
    user: String,
    /// The group.
    group: String,
    /// Up to the message with this number; all unless set.
    up_to: Option<u64>,
}

/// Reads messages of a group
#[utoipa::path(
    post, path = "/devices/read-group", tag = "devices", request_body = UpTo,
    responses((status = 200, body = DeviceResult), (status = "4XX", body = Problem))
)]
async fn read_group(State(room): State<Room>, Input(input): Input<UpTo>) -> Json<DeviceResult> {
    let up_to = input.up_to.unwrap_or(u64::MAX);
    told((room.simulator).read_group_msgs(&input.user, &input.group, up_to))
}

/// Who asks whom to become a friend.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct UserAndFriend {
    /// Who asks.
    user: String,
    /// Who is asked.
    friend: String,
}

/// Asks another user to become a friend
#[utoipa::path(
    post, path = "/devices/add-friend", tag = "devices", request_body = UserAndFriend,
    responses((status = 200, body = DeviceResult), (status = "4XX", body = Problem))
)]
async fn add_friend(
    State(room): State<Room>,
    Input(input): Input<UserAndFriend>,
) -> Result<Json<DeviceResult>, Problem> {
    let ask = async move |simulator: Arc<Simulator>| {
        simulator.add_friend_as(&input.user, &input.friend).await
    };
    Ok(told(finish(room, ask).await?))
}

/// Where a user is seen.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Presence {
    /// The user.
    user: String,
    /// The platform; `Web` unless set.
    platform: Option<String>,
    /// `Online`, `PushOnline`, or `Offline`; `Online` unless set.
    status: Option<String>,
}

/// Comes online, loses the connection, or logs out
#[utoipa::path(
    post, path = "/devices/online", tag = "devices", request_body = Presence,
    responses((status = 200, body = DeviceResult), (status = "4XX", body = Problem))
)]
async fn online(State(room): State<Room>, Input(input): Input<Presence>) -> Json<DeviceResult> {
    let platform = input.platform.as_deref().unwrap_or("Web");
    let status = input.status.as_deref().unwrap_or("Online");
    told((room.simulator).set_online(&input.user, platform, status))
}
