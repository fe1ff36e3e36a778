//! What devices do: users come online, send, join, read. The server API cannot do these, but its app is
//! asked and notified.

use crate::{
    refusal::Refusal,
    settings::lock,
    shared::Actor,
    simulator::Simulator,
    world::{
        C2cDraft, Context, GroupDraft, NewFriend, Peer, c2c, conversations, friends, group_chat,
        membership, users,
    },
};
use std::fmt;
use tencent_chat_types::{
    ErrorCode, account::set_do_not_disturb::DoNotDisturbLevel, model::MsgElement,
    webhook::OptPlatform,
};

/// What a device is told when something is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Refused {
    /// The code: the service's, or the one that the app chose.
    pub code: ErrorCode,
    /// The words with it.
    pub text: String,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { code, text } = self;
        write!(f, "refused with code {code}: {text}")
    }
}

impl std::error::Error for Refused {}

impl From<Refusal> for Refused {
    fn from(Refusal { code, text }: Refusal) -> Self {
        Self { code, text }
    }
}

/// Where the kind of device does not matter, it is a browser.
fn browser(user: &str) -> Actor {
    Actor {
        user: user.to_owned(),
        platform: OptPlatform::WEB,
        bytes: 0,
        cause: None,
    }
}

/// How webhooks call a platform.
fn platform(seen: &str) -> OptPlatform {
    match seen {
        "iPhone" => OptPlatform::IOS,
        "PC" => OptPlatform::WINDOWS,
        "Mac" => OptPlatform::MAC_OS,
        other => {
            let platform = OptPlatform::from(other);
            match platform.is_known() {
                true => platform,
                false => OptPlatform::UNKNOWN,
            }
        }
    }
}

/// What devices do.
impl Simulator {
    /// Sets a user's status on a platform: `Online` is a login, `PushOnline` a lost connection, anything
    /// else a logout.
    ///
    /// # Errors
    ///
    /// The data folder cannot be written.
    pub fn set_online(&self, user: &str, platform: &str, status: &str) -> Result<(), Refused> {
        let actor = Actor {
            platform: self::platform(platform),
            ..browser(user)
        };
        let seen = |context: &mut Context<'_>| {
            users::set_online(context, platform, status);
            Ok(())
        };
        Ok(self.shared.act(&actor, seen)?)
    }

    /// Pins a user's conversation with another user to the top, or unpins it.
    ///
    /// # Errors
    ///
    /// The data folder cannot be written.
    pub fn pin(&self, user: &str, with: &str, pinned: bool) -> Result<(), Refused> {
        let pin = |context: &mut Context<'_>| {
            let account = context.state.accounts.or_default(user.to_owned());
            conversations::pin(account, Peer::User(with.to_owned()), pinned);
            Ok(())
        };
        Ok(self.shared.act(&browser(user), pin)?)
    }

    /// The do-not-disturb level of a user at this time, if one applies.
    pub fn do_not_disturb(&self, user: &str) -> Option<DoNotDisturbLevel> {
        let now = self.shared.settings.signer.now();
        let held = (lock(&self.shared.state).accounts.get(user)?).do_not_disturb?;
        held.holds(now).then_some(held.level)
    }

    /// Sends a one-to-one message as a user, and returns its key. The app is asked and notified.
    ///
    /// # Errors
    ///
    /// What the device is told: one of the users does not exist, the body is empty, or the app
    /// refuses.
    pub async fn send_as(
        &self,
        user: &str,
        to: &str,
        body: impl IntoIterator<Item = impl Into<MsgElement>>,
    ) -> Result<String, Refused> {
        let (random, actor) = (self.device_random()?, browser(user));
        let body: Vec<MsgElement> = body.into_iter().map(Into::into).collect();
        let begin = |context: &mut Context<'_>| {
            let (from, to, body) = (user.to_owned(), to.to_owned(), body.clone());
            c2c::send(context, C2cDraft::new(from, to, random, body, context.now))
        };
        let key = self.shared.act_asking(&actor, begin).await?;
        Ok(key.to_string())
    }

    /// Sends a group message as a user, and returns its number. The app is asked and notified.
    ///
    /// # Errors
    ///
    /// What the device is told: no such group or user, not a member, muted, or the app refuses.
    pub async fn send_group_msg_as(
        &self,
        user: &str,
        group: &str,
        body: impl IntoIterator<Item = impl Into<MsgElement>>,
    ) -> Result<u64, Refused> {
        let (random, actor) = (self.device_random()?, browser(user));
        let body: Vec<MsgElement> = body.into_iter().map(Into::into).collect();
        let begin = |context: &mut Context<'_>| {
            let (from, group, body) = (user.to_owned(), group.to_owned(), body.clone());
            group_chat::send(context, GroupDraft::new(group, from, random, body))
        };
        let sent = self.shared.act_asking(&actor, begin).await?;
        Ok(sent.seq)
    }

    /// Joins a group as a user. The server API cannot do this for an `AVChatRoom`, which users join
    /// themselves. The app is notified but not asked; see [`apply_to_join`](Self::apply_to_join).
    ///
    /// # Errors
    ///
    /// What the device is told: no such group or user, banned, or the group is full.
    pub fn join_group(&self, user: &str, group: &str) -> Result<(), Refused> {
        let join = |context: &mut Context<'_>| membership::join(context, group);
        Ok(self.shared.act(&browser(user), join)?)
    }

    /// Applies to join a group as a user, who joins unless the app refuses; nobody else decides. The app is
    /// asked and notified.
    ///
    /// # Errors
    ///
    /// What the device is told: as for [`join_group`](Self::join_group), or the app refuses.
    pub async fn apply_to_join(&self, user: &str, group: &str) -> Result<(), Refused> {
        let begin = |context: &mut Context<'_>| membership::apply(context, group.to_owned());
        Ok(self.shared.act_asking(&browser(user), begin).await?)
    }

    /// Leaves a group as a user. The app is notified.
    ///
    /// # Errors
    ///
    /// What the device is told: no such group, or not a member of it.
    pub fn leave_group(&self, user: &str, group: &str) -> Result<(), Refused> {
        let leave = |context: &mut Context<'_>| membership::leave(context, group);
        Ok(self.shared.act(&browser(user), leave)?)
    }

    /// Marks group messages as read by a user, up to this number. The app is notified.
    ///
    /// # Errors
    ///
    /// The data folder cannot be written.
    pub fn read_group_msgs(&self, user: &str, group: &str, up_to: u64) -> Result<(), Refused> {
        let read = |context: &mut Context<'_>| {
            group_chat::mark_read(context, group, up_to);
            Ok(())
        };
        Ok(self.shared.act(&browser(user), read)?)
    }

    /// Marks all messages from another user as read by a user. The app is notified.
    ///
    /// # Errors
    ///
    /// What the device is told: there is no such user.
    pub fn read_msgs(&self, user: &str, from: &str) -> Result<(), Refused> {
        let read = |context: &mut Context<'_>| c2c::mark_read(context, user, from, None);
        Ok(self.shared.act(&browser(user), read)?)
    }

    /// Sends a friend request as a user; the two become friends at once unless the other's profile forbids
    /// it. The app is asked and notified.
    ///
    /// # Errors
    ///
    /// What the device is told: there is no such user, one of the two blocks the other, the other one
    /// must confirm or takes no friends, or the app refuses.
    pub async fn add_friend_as(&self, user: &str, friend: &str) -> Result<(), Refused> {
        let new = NewFriend::new(friend, "AddSource_Type_Web");
        let begin = |context: &mut Context<'_>| friends::request(context, new.clone());
        Ok(self.shared.act_asking(&browser(user), begin).await?)
    }

    /// A random number for a device's message; counted down, so that it is not one of a test's.
    fn device_random(&self) -> Result<u32, Refusal> {
        let next = |context: &mut Context<'_>| Ok(context.state.next_device_random());
        self.shared.act(&browser(""), next)
    }
}
